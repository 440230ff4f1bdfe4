// The palette (Ctrl-K): pages, what the open page offers, people and places. Uses $ and $$ of app.js.
"use strict";

// What is asked while one types: by the search of its own page, so with the same rights and the same trace in the
// audit journal. Places stand after people; neither is filtered by what the browser knows.
const FOUND = [
  { mark: "person", url: "searchUrl", after: "[data-search]", from: 3, most: 6, about: 1 },
  { mark: "place", url: "placesUrl", after: "[data-find-place]", from: 2, most: 6, about: 2 },
];

function openPalette() {
  const palette = $("#palette");
  if (!palette || palette.open) return;
  palette.showModal();
  $("#palette-input").value = "";
  offerPageActions(palette);
  filterPalette();
}

function paletteOption(url, title, about, mark) {
  const made = document.createElement("li");
  made.setAttribute("role", "option");
  made.dataset.url = url;
  made.dataset[mark] = "";
  for (const [text, name] of [[title, ""], [about, "muted"]]) {
    made.append(Object.assign(document.createElement("span"), { textContent: text.trim().replace(/\s+/g, " "), className: name }));
  }
  return made;
}

// What the open page offers stands first: its buttons, the parts of a card.
function offerPageActions(palette) {
  $$("[data-action], [data-person], [data-place]", palette).forEach((option) => option.remove());
  const known = new Set($$("[data-url]", palette).map((option) => option.dataset.url));
  const links = [...$$(".actions a[href]"), ...$$(".day-tiles a[href]"), ...$$(".tabs a[href]:not([aria-current])")].filter((link) => {
    const url = link.getAttribute("href");
    return !url.startsWith("#") && !known.has(url) && known.add(url);
  });
  $("#palette-list").prepend(...links.map((link) => paletteOption(link.href, link.textContent, palette.dataset.here, "action")));
}

async function findMore(text, { mark, url, after, from, most, about }) {
  const palette = $("#palette"), last = $(after, palette);
  $$(`[data-${mark}]`, palette).forEach((option) => option.remove());
  if (!last || text.length < from) return;
  const answer = await fetch(palette.dataset[url] + "?q=" + encodeURIComponent(text), { headers: { "HX-Request": "true" } });
  if (!answer.ok || $("#palette-input").value.trim() !== text) return;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const row of $$("tr[data-href]", found).slice(0, most)) {
    last.before(paletteOption(row.dataset.href, $("a", row).textContent, row.cells[about].textContent, mark));
  }
  // A person or a place that was found goes before "find it on its page"; a page that is chosen stays.
  const chosen = $("[aria-selected=true]", palette), asks = "[data-search], [data-find-place]";
  if (!chosen || chosen.matches(asks)) choose(shownOptions().find((option) => !option.matches(asks)) || shownOptions()[0]);
}

function shownOptions() { return $$("#palette-list [role=option]:not([hidden])"); }

function choose(option) {
  $$("#palette-list [role=option]").forEach((item, number) => {
    item.id = `palette-option-${number}`;
    item.setAttribute("aria-selected", item === option);
  });
  const input = $("#palette-input");
  if (!option) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function filterPalette() {
  const typed = $("#palette-input").value.trim(), text = typed.toLowerCase();
  for (const option of $$("#palette-list [role=option]")) {
    if (option.matches("[data-search], [data-find-place]")) {
      option.hidden = text.length < 2;
      $("b", option).textContent = typed;
    } else if (!option.matches("[data-person], [data-place]")) {
      option.hidden = !option.textContent.toLowerCase().includes(text);
    }
  }
  choose(shownOptions()[0]);
}

function followPalette(option) {
  if (!option) return;
  const asked = "?q=" + encodeURIComponent($("#palette-input").value.trim());
  if (option.matches("[data-search]")) location.href = $("#palette").dataset.searchUrl + asked;
  else if (option.matches("[data-find-place]")) location.href = $("#palette").dataset.placesUrl + asked;
  else location.href = option.dataset.url;
  // an address on the open page only scrolls
  $("#palette").close();
}

function movePalette(step) {
  const options = shownOptions();
  const at = options.findIndex((item) => item.getAttribute("aria-selected") === "true");
  choose(options[(at + step + options.length) % options.length]);
}

let findTimer = 0;
document.addEventListener("input", (event) => {
  if (event.target.id !== "palette-input") return;
  filterPalette();
  clearTimeout(findTimer);
  findTimer = setTimeout(() => FOUND.forEach((kind) => findMore(event.target.value.trim(), kind)), 300);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open-palette]")) return openPalette();
  const option = event.target.closest("#palette-list [role=option]");
  if (option) followPalette(option);
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") { event.preventDefault(); return openPalette(); }
  if (!$("#palette")?.open) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); movePalette(event.key === "ArrowDown" ? 1 : -1); }
  if (event.key === "Enter") { event.preventDefault(); followPalette($("#palette-list [aria-selected=true]")); }
});
