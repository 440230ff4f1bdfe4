// What is wrong with the answers, in the server's words, at the field and in the summary.
import { all, name, one } from "./page.js";
import { table, typedValue } from "./reading.js";

export function problem(sheet, item, value, field) {
  if (item.type === "code" && !value && isUnchosen(sheet, field)) return sheet.model.messages.code;
  const empty = value === undefined || value === "" || (Array.isArray(value) && !value.length);
  if (empty) return item.required && item.type !== "boolean" ? sheet.model.messages.required : null;
  if (item.type === "number") {
    if (typeof value !== "number") return sheet.model.messages.number;
    const low = item.min !== null && value < item.min, high = item.max !== null && value > item.max;
    return low || high ? item.range : null;
  }
  if (item.type === "date" && !/^\d{4}-\d{2}-\d{2}$/.test(value)) return sheet.model.messages.date;
  return null;
}

// Letters were typed, but no code was chosen.
export function isUnchosen(sheet, field) {
  const typed = one(`[name="${field}--typed"]`, sheet.form);
  return Boolean(typed && typed.value.trim());
}

export function show(sheet, field, message) {
  const place = one(`[data-error-of="${field}"]`, sheet.form);
  if (!place) return;
  place.textContent = message || "";
  place.hidden = !message;
  const holder = place.closest(".q-item");
  if (holder) holder.classList.toggle("has-error", all(".field-error:not([hidden])", holder).length > 0);
  const control = one(`#f-${field}`, sheet.form);
  if (control) { if (message) control.setAttribute("aria-invalid", "true"); else control.removeAttribute("aria-invalid"); }
}

export function problems(sheet) {
  const found = [];
  for (const item of sheet.items) {
    if (item.type === "signature" && sheet.result.visible.includes(item.id)) { found.push(...signatureProblems(sheet, item)); continue; }
    if (!sheet.result.visible.includes(item.id) || ["note", "calculated", "body_map", "attachment", "signature"].includes(item.type)) continue;
    if (item.type !== "table") { found.push([name(item.id), problem(sheet, item, typedValue(sheet, item, name(item.id)), name(item.id))]); continue; }
    const rows = table(sheet, item);
    const codes = item.columns.filter((each) => each.type === "code");
    const begun = (key) => rows[key] || codes.some((each) => isUnchosen(sheet, name(item.id, key, each.id)));
    for (const key of item.rows ? item.rows.map((row) => row.id) : [...Array(item.max_rows).keys()].map(String).filter(begun)) {
      for (const column of item.columns.filter((each) => each.type !== "calculated")) {
        const field = name(item.id, key, column.id);
        const asked = item.required || rows[key] || (column.type === "code" && isUnchosen(sheet, field));
        const value = (rows[key] || {})[column.id];
        found.push([field, asked || value !== undefined ? problem(sheet, column, value, field) : null]);
      }
    }
  }
  return found;
}

export function signatureProblems(sheet, item) {
  const field = one(`[data-signature="${item.id}"]`, sheet.form);
  const given = one("[data-strokes]", field).value || one("input[type=checkbox]", field).checked;
  const who = one(`[name="${name(item.id, "name")}"]`, field).value.trim();
  const asked = given || item.required;
  return [[name(item.id), asked && !given ? sheet.model.messages.sign : null], [name(item.id, "name"), asked && !who ? sheet.model.messages.signer : null]];
}

export function summary(sheet, told, broken) {
  const box = Object.assign(document.createElement("div"), { className: "error-summary", tabIndex: -1 });
  box.setAttribute("role", "alert");
  const list = document.createElement("ul");
  for (const [field, message] of told) {
    const link = Object.assign(document.createElement("a"), { href: "#f-" + field });
    const holder = one(`[data-error-of="${field}"]`, sheet.form).closest(".q-item");
    const title = one("label, legend, h3", holder);
    link.textContent = (title ? title.textContent.trim() + ": " : "") + message;
    list.append(document.createElement("li"));
    list.lastChild.append(link);
  }
  for (const text of broken) list.append(Object.assign(document.createElement("li"), { textContent: text }));
  box.append(Object.assign(document.createElement("h2"), { textContent: sheet.model.messages.correct }), list);
  one("[data-summary]", sheet.form).replaceChildren(box);
  box.focus();
}
