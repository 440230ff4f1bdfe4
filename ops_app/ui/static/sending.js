// A form on its way: never twice, never into a session that has ended, never without a sign that it is under way.
"use strict";

// So long an answer of the server counts; then it is asked whether the session lives before typed words are risked.
const SURE_MS = 60_000;
const words = document.getElementById("sending-words");
let sureUntil = Date.now() + SURE_MS;
let toldReason = "";

function takeToken(csrf) {
  document.querySelector("meta[name=csrf-token]").content = csrf;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": csrf }));
  document.querySelectorAll("input[name=csrf_token]").forEach((input) => { input.value = csrf; });
}

// Why nothing may be sent now: no line, no session, somebody else's session; empty when all is well.
async function whyNot() {
  let answer;
  try {
    answer = await fetch(words.dataset.session, { headers: { Accept: "application/json" }, cache: "no-store" });
  } catch { return "offline"; }
  if (answer.status === 401) return "ended";
  if (!answer.ok) return "offline";
  const { account, csrf } = await answer.json();
  if (String(account) !== words.dataset.account) return "another";
  takeToken(csrf);
  sureUntil = Date.now() + SURE_MS;
  return "";
}

function tell(reason) {
  toldReason = reason;
  document.querySelectorAll("[data-not-sent]").forEach((line) => line.remove());
  if (!reason) return;
  const line = words.content.querySelector(`[data-not-sent=${reason}]`).cloneNode(true);
  document.getElementById("toasts").append(line);
}

const isSending = (yes) => document.documentElement.classList.toggle("is-sending", yes);

async function ask() {
  const reason = await whyNot();
  tell(reason);
  return reason;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.hasAttribute("hx-post")) return;
  // A second press of "Save" on a slow line must not send the form twice.
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  isSending(true);
  if (!words || Date.now() < sureUntil) return;
  event.preventDefault();
  const button = event.submitter;
  const reason = await ask();
  delete form.dataset.sent;
  isSending(false);
  if (reason) return;
  // What was asked on the first press is not asked again.
  form.dataset.asked = "1";
  form.requestSubmit(button);
  delete form.dataset.asked;
});

// Words typed and not sent are not left by a slip of the hand; forms that keep drafts need no question.
let typedIn = null;
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (words && event.isTrusted && form && form.matches("form[data-form][method=post]:not([data-questionnaire])")) typedIn = form;
});
addEventListener("beforeunload", (event) => {
  if (typedIn && typedIn.isConnected && !typedIn.dataset.sent) event.preventDefault();
});

// A form that came back with what to correct stands at an address that only takes forms: going back to it, reading it
// again and changing the language need the address where the form was opened.
if ("posted" in document.body.dataset && document.referrer.startsWith(`${location.origin}/`)) {
  history.replaceState(null, "", document.referrer);
  const next = document.querySelector(".languages [name=next]");
  if (next) next.value = location.pathname + location.search;
}

// A button in a row of a long list leads back to that row.
const PLACE = "place-in-list";
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.matches("main .inline[method=post]")) {
    sessionStorage.setItem(PLACE, JSON.stringify([location.pathname, scrollY]));
  }
});
addEventListener("DOMContentLoaded", () => {
  const [path, at] = JSON.parse(sessionStorage.getItem(PLACE) || "[]");
  sessionStorage.removeItem(PLACE);
  if (path === location.pathname) scrollTo(0, at);
});

addEventListener("pageshow", () => {
  isSending(false);
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

if (words) {
  // Back from signing in elsewhere: the token of the new session is taken and the message goes.
  addEventListener("focus", () => { if (toldReason) ask(); });
  addEventListener("online", () => { if (toldReason) ask(); });
  // A script could not send something: drafts of forms.
  document.addEventListener("not-sent", ask);
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) ask(); });
  document.addEventListener("htmx:sendError", ask);
}
document.addEventListener("htmx:beforeRequest", () => isSending(true));
document.addEventListener("htmx:afterRequest", () => isSending(false));
