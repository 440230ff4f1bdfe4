// Small things every part of the form needs: finding elements, names of fields, typed values.
export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const name = (...parts) => "q-" + parts.join("--");

export function typedNumber(text) {
  const number = text.replace(/\s/g, "").replace(",", ".").replace("−", "-");
  return /^-?\d{1,12}(\.\d{1,10})?$/.test(number) ? Number(number) : text;
}

export function typedDay(text, input) {
  const day = understoodDate(text, input.dataset.today);
  if (!day) return text;
  const two = (number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

export function shownNumber(value, decimals) {
  if (value === null || value === undefined) return "";
  return typeof value === "number" ? value.toFixed(decimals).replace(".", ",") : String(value);
}
