// Rows of a table and everything else that is made from a <template> with a number in its names.
import { all, one } from "./page.js";

export function fresh(template, key) {
  const made = template.content.firstElementChild.cloneNode(true);
  for (const element of [made, ...all("*", made)]) {
    for (const attribute of [...element.attributes]) {
      if (attribute.value.includes("ROW")) element.setAttribute(attribute.name, attribute.value.replace("ROW", key));
    }
  }
  return made;
}

export function addRow(sheet, table) {
  const body = one(`[data-table="${table}"] tbody`, sheet.form);
  const item = sheet.items.find((each) => each.id === table);
  if (body.children.length >= item.max_rows) return;
  body.append(fresh(one(`template[data-row-of="${table}"]`, sheet.form), String(body.children.length)));
  const first = one("input, select, textarea", body.lastElementChild);
  if (first) first.focus();
}

// An emptied row is no row for the server; nothing moves, so what was there comes back exactly.
export function emptyRow(sheet, row) {
  const controls = all("input, select, textarea", row);
  const held = controls.map((each) => [each.value, each.checked]);
  if (!controls.some((each) => (["radio", "checkbox"].includes(each.type) ? each.checked : each.value))) return;
  for (const each of controls) {
    if (["radio", "checkbox"].includes(each.type)) each.checked = false; else each.value = "";
  }
  sheet.changed();
  offerUndo(sheet.model.messages.row_emptied, () => {
    controls.forEach((each, number) => { [each.value, each.checked] = held[number]; });
    sheet.changed();
    controls[0].focus();
  });
}
