// Behaviour of the frame: menus, keys, lists, forms. Pages work without it, only slower.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const isPhone = () => matchMedia("(max-width: 760px)").matches;

// ---- frame
function toggleNav() {
  const root = document.documentElement;
  if (isPhone()) { root.classList.toggle("nav-open"); return; }
  const closed = root.classList.toggle("nav-closed");
  localStorage.setItem("nav", closed ? "closed" : "open");
}

function toggleTheme() {
  const root = document.documentElement;
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.bsTheme);
}

// Who opened a menu with the keyboard closes it with Esc and stands where he was.
function closeMenu() {
  const menu = $("details.menu[open]");
  if (menu) { menu.open = false; $("summary", menu).focus(); }
}

// ---- forms by keys: Enter goes on to the next field and saves at the last one, Ctrl-Enter saves everywhere
const PASSED_BY = "[type=hidden], [type=submit], [type=button], button, fieldset, output, object";

const fieldsOf = (form) => [...form.elements].filter((each) => !each.matches(PASSED_BY) && !each.disabled && each.checkVisibility());

function nextField(field) {
  const all = fieldsOf(field.form);
  const after = all.slice(all.indexOf(field) + 1).filter((each) => !(each.type === "radio" && each.name === field.name));
  // of a question with radio buttons the chosen one takes the focus, as with Tab
  const group = after[0] && after[0].type === "radio" ? after.filter((each) => each.name === after[0].name) : [];
  return group.find((each) => each.checked) || after[0];
}

// Pressed as if by the button that stands for saving, so that its own name and value go along.
function save(form) {
  const buttons = [...form.elements].filter((each) => each.type === "submit" && !each.disabled && each.checkVisibility());
  form.requestSubmit(buttons.find((each) => "submit" in each.dataset) || buttons.find((each) => !each.hasAttribute("formaction")));
}

function goOn(event) {
  event.preventDefault();
  const next = nextField(event.target);
  if (!next) return save(event.target.form);
  next.focus();
  if (next.select) next.select();
}

const goesOn = (field) => field.form && field.form.method === "post" && !field.form.matches(".inline")
  && field.matches("select, input:not([type=file], [type=submit], [type=button], [role=combobox])");

// ---- lists: arrows move, Enter opens
function moveRow(step) {
  const rows = $$("table[data-list] tbody tr[data-href], [data-list-rows] [data-href]");
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.classList.contains("is-active"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  rows.forEach((row) => row.classList.toggle("is-active", row === next));
  next.scrollIntoView({ block: "nearest" });
  return true;
}

// ---- dates: show the day that was understood
function understoodDate(text, today) {
  const written = text.trim().toLowerCase();
  const base = new Date(today + "T12:00:00");
  const shifted = (days) => { const day = new Date(base); day.setDate(day.getDate() + days); return day; };
  if (["today", "бүгін", "сегодня", "t", "т", "б"].includes(written)) return base;
  if (["tomorrow", "ертең", "завтра"].includes(written)) return shifted(1);
  if (["yesterday", "кеше", "вчера"].includes(written)) return shifted(-1);
  let match = written.match(/^([+-])\s*(\d{1,4})$/);
  if (match) return shifted(Number(match[1] + match[2]));
  match = written.match(/^(\d{2})(\d{2})(\d{4})$/) || written.match(/^(\d{1,2})[.\s/\-,](\d{1,2})(?:[.\s/\-,](\d{4}|\d{2}))?\.?$/);
  if (!match) return null;
  let year = match[3] === undefined ? base.getFullYear() : Number(match[3]);
  if (match[3] && match[3].length === 2) {
    year += base.getFullYear() - base.getFullYear() % 100;
    if (year > base.getFullYear() + 19) year -= 100;
  }
  const day = new Date(year, Number(match[2]) - 1, Number(match[1]), 12);
  return day.getMonth() === Number(match[2]) - 1 && day.getDate() === Number(match[1]) ? day : null;
}

function echoDate(input) {
  const echo = input.parentElement.querySelector("[data-date-echo]");
  if (!echo) return;
  const day = input.value.trim() ? understoodDate(input.value, input.dataset.today) : null;
  const two = (number) => String(number).padStart(2, "0");
  const shown = day ? `${two(day.getDate())}.${two(day.getMonth() + 1)}.${day.getFullYear()}` : "";
  echo.textContent = shown && shown !== input.value.trim() ? "= " + shown : "";
}

// ---- codes found by typing
function openCodes(field, open) {
  $("[role=listbox]", field).hidden = !open;
  $("[role=combobox]", field).setAttribute("aria-expanded", open);
  if (!open) $("[role=combobox]", field).removeAttribute("aria-activedescendant");
}

async function searchCodes(field) {
  const input = $("[role=combobox]", field);
  const text = input.value.trim();
  $("input[type=hidden]", field).value = "";
  if (text.length < 2) { openCodes(field, false); return; }
  const url = new URL(field.dataset.searchUrl, location);
  url.searchParams.set("q", text);
  const day = input.form && field.dataset.dayFrom && input.form.elements[field.dataset.dayFrom];
  if (day) url.searchParams.set("day", day.value);
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok || input.value.trim() !== text) return;
  const list = $("[role=listbox]", field);
  list.innerHTML = await answer.text();
  $$("[role=option]", list).forEach((option, number) => { option.id = `${list.id}-${number}`; });
  openCodes(field, list.children.length > 0);
  if ($("[data-value]", list)) markCode(field, list.firstElementChild);
}

function markCode(field, option) {
  $$("[role=option]", field).forEach((each) => each.setAttribute("aria-selected", each === option));
  $("[role=combobox]", field).setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function takeCode(field, option) {
  if (!option || !option.dataset.value) return;
  $("input[type=hidden]", field).value = option.dataset.value;
  $("[role=combobox]", field).value = option.dataset.text || option.textContent.trim();
  $("[role=combobox]", field).setCustomValidity("");
  openCodes(field, false);
  field.dispatchEvent(new CustomEvent("code-chosen", { bubbles: true, detail: option.dataset }));
}

// A code known from the card goes into the first empty field of its group; without one a row is added.
function fillCode(button, again = true) {
  const form = button.closest("form");
  const fields = $$("[data-code-field]", form).filter((field) => $("input[type=hidden]", field).name.startsWith(button.dataset.fillCode + "-"));
  const empty = fields.find((field) => !$("input[type=hidden]", field).value && !$("[role=combobox]", field).value);
  if (empty) return takeCode(empty, { dataset: { value: button.dataset.value, text: button.textContent.trim() } });
  const add = fields.length && $(".add-row", fields[fields.length - 1].closest("fieldset"));
  if (!add || !again) return;
  document.addEventListener("htmx:afterSettle", () => fillCode(button, false), { once: true });
  add.click();
}

function codeKeys(field, event) {
  const options = $$("[role=option][data-value]", field);
  const at = options.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = options[(at + step + options.length) % options.length];
    if (next) markCode(field, next);
    event.preventDefault();
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    // Enter chooses, then goes on: a form is not sent by a key that was meant for the list.
    event.preventDefault();
    if (!$("[role=listbox]", field).hidden) return takeCode(field, options[at]);
    goOn(event);
  } else if (event.key === "Escape" && !$("[role=listbox]", field).hidden) {
    // the list closes; what was typed stays, which the browser would empty
    event.preventDefault();
    openCodes(field, false);
  }
}

// ---- events
document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.closest("[data-toggle-nav]")) return toggleNav();
  if (target.closest("[data-toggle-theme]")) return toggleTheme();
  if (target.closest("[data-open-keys]")) return $("#keys").showModal();
  if (target.closest("[data-back]")) return history.back();
  if (target.closest("[data-print]")) return print();
  const code = target.closest("[data-code-field] [role=option]");
  if (code) return takeCode(code.closest("[data-code-field]"), code);
  const known = target.closest("[data-fill-code]");
  if (known) return fillCode(known);
  if (target.nodeName === "DIALOG") target.close();
  $$("details.menu[open]").forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
  $$("[data-code-field]").forEach((field) => { if (!field.contains(target)) openCodes(field, false); });
  const row = target.closest("[data-href]");
  if (row && !target.closest("a, button, input, select, label, summary") && !String(getSelection())) location.href = row.dataset.href;
});

let codeTimer = 0;
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-date]")) echoDate(event.target);
  const field = event.target.closest("[data-code-field]");
  if (field) { event.target.setCustomValidity(""); clearTimeout(codeTimer); codeTimer = setTimeout(() => searchCodes(field), 150); }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !form.dataset.asked && !confirm(form.dataset.confirm)) { event.preventDefault(); return; }
  // Words typed into a code field and not chosen would be dropped without a word.
  const unchosen = $$("[data-code-field][data-not-chosen]", form).find((field) => $("[role=combobox]", field).value.trim() && !$("input[type=hidden]", field).value);
  if (unchosen && form.method === "post") {
    event.preventDefault();
    const input = $("[role=combobox]", unchosen);
    input.setCustomValidity(unchosen.dataset.notChosen);
    input.reportValidity();
  }
});

document.addEventListener("keydown", (event) => {
  const palette = $("#palette");
  if (palette && palette.open) return;
  const field = event.target.closest && event.target.closest("[data-code-field]");
  if (field) codeKeys(field, event);
  const form = event.target.form || (event.target.closest && event.target.closest("form"));
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) { event.preventDefault(); return save(form); }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && $("[data-sign]")) return $("[data-sign]").click();
  if (event.key === "Enter" && !event.defaultPrevented && event.target.matches && goesOn(event.target)) return goOn(event);
  if (event.key === "Escape") return closeMenu();
  // from the field that searches a list the arrow goes on into the list
  const searches = event.target.matches("[data-search-field], main input[type=search]");
  if (event.key === "ArrowDown" && searches && moveRow(1)) { event.preventDefault(); return event.target.blur(); }
  const typing = event.target.matches("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  if (event.key === "?") { const keys = $("#keys"); if (keys) keys.showModal(); return; }
  // By place on the keyboard: the Kazakh and Russian layouts have other letters there.
  if (event.key === "/" || event.code === "Slash") {
    const search = $("[data-search-field], main input[type=search]");
    event.preventDefault();
    return search ? search.focus() : openPalette();
  }
  if (event.code === "KeyN" && $("[data-new]")) return $("[data-new]").click();
  if (event.code === "KeyE" && $("[data-edit]")) return $("[data-edit]").click();
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (moveRow(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
  }
  if (event.key === "Enter" && $("[data-href].is-active") && !event.target.closest("a, button")) {
    location.href = $("[data-href].is-active").dataset.href;
  }
});

// A row that was asked for takes the hand of who asked: its button has gone from under the focus.
document.addEventListener("htmx:load", (event) => {
  const row = event.target;
  const first = row.matches && row.matches(".repeat-row") && $("input:not([type=hidden]), select, textarea", row);
  if (first) first.focus();
});

// A refused request of HTMX says why in the place for messages instead of vanishing.
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; return; }
  if (status < 400) return;
  const flash = $("#flash");
  flash.innerHTML = event.detail.xhr.responseText;
  flash.scrollIntoView({ block: "nearest" });
});

// ---- counts of what waits, after the page is there
async function showWaiting() {
  const places = $$("[data-count]");
  if (!places.length) return;
  const answer = await fetch($("#nav").dataset.waiting, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const counts = await answer.json();
  for (const place of places) place.textContent = counts[place.dataset.count] || "";
}

async function showUnread() {
  const bell = $("[data-bell]");
  if (!bell) return;
  const answer = await fetch(bell.dataset.bell, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { unread } = await answer.json();
  $(".bell-count", bell).textContent = unread > 99 ? "99+" : unread || "";
}

// ---- the list of errors says which field each is about: "Fill in this field" alone names none
function nameErrors() {
  for (const link of $$(".error-summary a[href^='#f-']")) {
    const field = document.getElementById(link.hash.slice(1));
    const label = field && (field.labels && field.labels[0] || $("legend", field));
    const words = label && label.firstChild ? label.firstChild.textContent.trim() : "";
    if (words) link.textContent = words + ": " + link.textContent;
  }
  for (const list of $$(".error-summary ul")) {
    // in the order of the page, whichever rule found them
    const place = (item) => document.getElementById(($("a", item) || { hash: "" }).hash.slice(1));
    const items = [...list.children].sort((one, two) => {
      const [here, there] = [place(one), place(two)];
      if (!here || !there || here === there) return 0;
      return here.compareDocumentPosition(there) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
    });
    list.append(...items);
  }
}

// A page that is a form begins in its first field; a page to read, with forms below it, does not.
function startForm() {
  const forms = $$("main form[data-form][method=post]").filter((form) => form.checkVisibility());
  if (forms.length !== 1 || location.hash || isPhone() || $("[autofocus]") || document.activeElement !== document.body) return;
  // where one key makes something new, opens for a change or takes back, a field must not swallow it
  if ($("[data-new], [data-edit], [data-undo]")) return;
  if ($$("main table.list, main [data-list-rows]").some((list) => list.compareDocumentPosition(forms[0]) & Node.DOCUMENT_POSITION_FOLLOWING)) return;
  const fields = fieldsOf(forms[0]);
  const first = fields.find((each) => each.checked && each.name === fields[0].name) || fields[0];
  if (first && first.getBoundingClientRect().bottom < innerHeight) first.focus({ preventScroll: true });
}

document.addEventListener("DOMContentLoaded", () => {
  nameErrors();
  showWaiting();
  showUnread();
  $$("[data-date]").forEach(echoDate);
  const focus = $("[data-focus]");
  if (focus) focus.focus(); else startForm();
});
