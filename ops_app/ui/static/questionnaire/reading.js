// What stands in the form now, as the answers the formulas know.
import { all, name, typedDay, typedNumber } from "./page.js";

export function typedValue(sheet, item, field) {
  const inputs = all(`[name="${field}"]`, sheet.form);
  if (!inputs.length) return undefined;
  if (item.type === "choice" && item.multiple) return inputs.filter((input) => input.checked).map((input) => input.value);
  if (inputs[0].type === "radio") { const chosen = inputs.find((input) => input.checked); return chosen ? chosen.value : undefined; }
  if (item.type === "boolean") return inputs[0].checked ? true : undefined;
  const text = inputs[0].value.trim();
  if (!text) return undefined;
  if (item.type === "number") return typedNumber(text);
  if (item.type === "date") return typedDay(text, inputs[0]);
  return text;
}

export function table(sheet, item) {
  const keys = item.rows ? item.rows.map((row) => row.id) : [...Array(item.max_rows).keys()].map(String);
  const rows = {};
  for (const key of keys) {
    const cells = {};
    for (const column of item.columns) {
      const value = column.type === "calculated" ? undefined : typedValue(sheet, column, name(item.id, key, column.id));
      if (value !== undefined) cells[column.id] = value;
    }
    if (Object.keys(cells).length) rows[key] = cells;
  }
  return rows;
}

export function answers(sheet) {
  const found = {};
  for (const item of sheet.items) {
    if (item.type === "table") {
      const rows = table(sheet, item);
      found[item.id] = item.rows ? rows : Object.values(rows);
      sheet.keys = { ...sheet.keys, [item.id]: Object.keys(rows) };
    } else if (!["note", "calculated", "body_map", "attachment", "signature"].includes(item.type)) {
      const value = typedValue(sheet, item, name(item.id));
      if (value !== undefined) found[item.id] = value;
    }
  }
  return found;
}
