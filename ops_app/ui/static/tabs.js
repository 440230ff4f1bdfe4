// Tabs stay on one row: those that do not fit wait under "More". On a phone the row scrolls instead.
"use strict";

function fitTabs(tabs) {
  const more = tabs.querySelector(".tabs-more"), body = more.querySelector(".menu-body");
  more.before(...body.children);
  more.hidden = true;
  tabs.classList.remove("is-fitted");
  const current = tabs.querySelector("[aria-current]");
  if (matchMedia("(max-width: 760px)").matches) {
    // the one that is open must be in sight
    if (current && tabs.scrollWidth > tabs.clientWidth) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - 16;
    return;
  }
  const links = [...tabs.querySelectorAll(":scope > a")];
  if (tabs.scrollWidth > tabs.clientWidth) {
    more.hidden = false;
    for (const link of links.reverse()) {
      if (tabs.scrollWidth <= tabs.clientWidth) break;
      if (link !== current) body.prepend(link);
    }
  }
  tabs.classList.add("is-fitted");
}

addEventListener("DOMContentLoaded", () => {
  const seen = new ResizeObserver((changes) => changes.forEach((change) => fitTabs(change.target)));
  document.querySelectorAll(".tabs").forEach((tabs) => seen.observe(tabs));
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest && event.target.closest("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
