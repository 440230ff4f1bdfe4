// What was done last, with the way back. The server's toasts come with the page; scripts make theirs with offerUndo.
"use strict";

// Shows `text` with a button that calls `takeBack` once; used where nothing was sent yet.
function offerUndo(text, takeBack) {
  const line = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  line.querySelector("[data-toast-text]").textContent = text;
  line.querySelector("[data-undo]").addEventListener("click", () => { line.remove(); takeBack(); });
  document.getElementById("toasts").replaceChildren(line);
}

document.addEventListener("click", (event) => {
  const closed = event.target.closest("[data-close-toast]");
  if (closed) closed.closest(".toast-line").remove();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select, [contenteditable]");
  // By place on the keyboard, with or without Ctrl; in a field the browser's own undo stays.
  if (event.code !== "KeyZ" || typing || event.altKey || event.shiftKey || document.querySelector("dialog[open]")) return;
  const button = [...document.querySelectorAll("#toasts [data-undo]")].pop();
  if (button) { event.preventDefault(); button.click(); }
});

// A live region speaks only of what changes in it: what came with the page is put in once more.
document.addEventListener("DOMContentLoaded", () => {
  const region = document.getElementById("toasts");
  const lines = region ? [...region.children] : [];
  if (lines.length) setTimeout(() => region.replaceChildren(...lines.filter((line) => line.isConnected)), 400);
});
