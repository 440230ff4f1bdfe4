// Places marked on the figures of a body.
import { all, one } from "./page.js";
import { fresh } from "./rows.js";

export function addPoint(sheet, map, view, x, y) {
  const list = one("[data-points]", map);
  const item = sheet.items.find((each) => each.id === map.dataset.bodyMap);
  const taken = all("[data-point] select[name]", list).map((select) => select.name.split("--")[1]);
  const free = [...Array(item.max_points).keys()].map(String).find((key) => !taken.includes(key));
  if (free === undefined) return;
  const made = fresh(one("template[data-point-template]", map), free);
  list.append(made);
  if (view) {
    for (const [part, value] of [["view", view], ["x", x], ["y", y]]) one(`[data-part="${part}"]`, made).value = value;
    nameRegion(made);
    one("select[name]", made).focus();
  } else one("[data-region]", made).focus();
  drawMaps(sheet);
  sheet.changed();
}

export function removePoint(sheet, point) {
  const list = point.parentElement, next = point.nextElementSibling;
  point.remove();
  // the button that was pressed has gone: the hand stands at the next place, or where one is added
  const left = next || list.lastElementChild;
  (left ? one("[data-remove-point]", left) : one("[data-add-point]", list.parentElement)).focus();
  drawMaps(sheet);
  sheet.changed();
  offerUndo(sheet.model.messages.point_removed, () => {
    list.insertBefore(point, next && next.isConnected ? next : null);
    drawMaps(sheet);
    sheet.changed();
  });
}

function nameRegion(point) {
  const [view, x, y] = ["view", "x", "y"].map((part) => one(`[data-part="${part}"]`, point).value);
  let best = null;
  for (const option of one("[data-region]", point).options) {
    const [side, left, top] = option.value.split(" ");
    if (side !== view) continue;
    const distance = (left - x) ** 2 + ((top - y) * 130 / 60) ** 2;
    if (!best || distance < best.distance) best = { distance, option };
  }
  if (best) best.option.selected = true;
}

export function takeRegion(sheet, select) {
  const point = select.closest("[data-point]");
  const [view, x, y] = select.value ? select.value.split(" ") : ["", "", ""];
  for (const [part, value] of [["view", view], ["x", x], ["y", y]]) one(`[data-part="${part}"]`, point).value = value;
  drawMaps(sheet);
}

export function drawMaps(sheet) {
  for (const map of all("[data-body-map]", sheet.form)) {
    all("[data-marks]", map).forEach((marks) => marks.replaceChildren());
    all("[data-points] > [data-point]", map).forEach((point, number) => {
      const [view, x, y] = ["view", "x", "y"].map((part) => one(`[data-part="${part}"]`, point).value);
      const marks = view && one(`svg[data-view="${view}"] [data-marks]`, map);
      if (!marks || x === "" || y === "") return;
      const svg = (tag, about) => {
        const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
        Object.entries(about).forEach(([key, value]) => made.setAttribute(key, value));
        return made;
      };
      marks.append(svg("circle", { cx: x * 0.6, cy: y * 1.3, r: 3 }));
      const label = svg("text", { x: x * 0.6, y: y * 1.3 + 1.4 });
      label.textContent = String(number + 1);
      marks.append(label);
    });
  }
}
