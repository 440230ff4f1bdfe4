// Signatures drawn on the screen.
import { show } from "./checking.js";
import { all, name, one } from "./page.js";

export function pad(sheet, field) {
  const svg = one("[data-pad-field]", field), path = one("[data-pad-path]", field), kept = one("[data-strokes]", field);
  const draw = () => { path.setAttribute("d", kept.value ? kept.value.split(";").map((stroke) => "M" + stroke.replace(/ /g, "L")).join("") : ""); };
  const place = (event) => {
    const box = svg.getBoundingClientRect();
    const inside = (share, size) => Math.max(0, Math.min(size, Math.round(share * size)));
    return `${inside((event.clientX - box.left) / box.width, 600)},${inside((event.clientY - box.top) / box.height, 200)}`;
  };
  one("[data-pad]", field).hidden = false;
  // one pointer draws: a palm or a second finger on the glass adds nothing
  let drawing = null;
  svg.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    if (drawing !== null || event.button !== 0) return;
    svg.setPointerCapture(event.pointerId);
    drawing = event.pointerId;
    const told = one("[data-signed-at]", field);
    if (told) { told.remove(); kept.value = ""; }
    kept.value = (kept.value ? kept.value + ";" : "") + place(event);
    draw();
  });
  svg.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    const next = place(event);
    if (!kept.value.endsWith(next)) { kept.value += " " + next; draw(); }
  });
  const stop = (event) => {
    if (event.pointerId !== drawing) return;
    drawing = null;
    show(sheet, name(field.dataset.signature), null);
    sheet.changed();
  };
  svg.addEventListener("pointerup", stop);
  svg.addEventListener("pointercancel", stop);
  one("[data-pad-clear]", field).addEventListener("click", () => {
    const strokes = kept.value, told = one("[data-signed-at]", field), place = told && told.parentElement;
    clearPad(field);
    sheet.changed();
    if (!strokes) return;
    offerUndo(sheet.model.messages.signature_cleared, () => {
      kept.value = strokes;
      if (told) place.append(told);
      draw();
      sheet.changed();
    });
  });
}

function clearPad(field) {
  one("[data-strokes]", field).value = "";
  one("[data-pad-path]", field).setAttribute("d", "");
  const told = one("[data-signed-at]", field);
  if (told) told.remove();
}

// Whoever signed has signed these answers, not others.
export function unsign(sheet, target) {
  if (!target.name || !target.name.startsWith("q-") || target.closest("[data-signature]")) return;
  for (const field of all("[data-signature]", sheet.form)) {
    if (!one("[data-strokes]", field).value) continue;
    clearPad(field);
    show(sheet, name(field.dataset.signature), sheet.model.messages.sign_again);
  }
}
