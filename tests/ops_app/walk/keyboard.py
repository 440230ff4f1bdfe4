"""A page walked with the keys alone: what a hand without a mouse cannot reach, see or leave.

Keys are really pressed, so what is found is what the browser does, and not what the markup says.
"""

from __future__ import annotations

from playwright.sync_api import Page

PREPARE = """() => {
  document.activeElement.blur();
  const natural = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable]";
  const shown = (each) => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length > 0;
  const told = (each) => (each.id ? "#" + each.id : each.name ? `[name=${each.name}]` : each.tagName.toLowerCase()
    + "." + each.className) + " " + (each.textContent || each.value || "").trim().replace(/\\s+/g, " ").slice(0, 40);
  const style = (each) => { const is = getComputedStyle(each);
    return [is.boxShadow, is.borderColor, is.backgroundColor, is.textDecorationLine].join(); };
  for (const folded of document.querySelectorAll("main details:not(.menu)")) folded.open = true;
  const within = (each) => each.closest("main") && !each.closest("dialog");
  const reached = [...document.querySelectorAll(natural)].filter((each) => shown(each) && !each.disabled
    && each.tabIndex >= 0 && within(each) && !each.closest("[inert]"));
  const groups = new Map();
  const wanted = reached.filter((each) => {
    // one of the radio buttons of a question takes the focus, the arrows do the rest
    if (each.type !== "radio") return true;
    const key = [each.form && each.form.id, each.name].join();
    const chosen = reached.some((other) => other.type === "radio" && other.name === each.name && other.checked);
    if (chosen && !each.checked || groups.has(key)) return false;
    return groups.set(key, true);
  });
  const pointed = [...document.querySelectorAll("main *")].filter((each) => shown(each)
    && getComputedStyle(each).cursor === "pointer"
    && getComputedStyle(each.parentElement).cursor !== "pointer"
    && !each.closest("a, button, summary, label, dialog, " + natural) && !each.querySelector(natural));
  window.keyboardWalk = { told, style, within, wanted, plain: new Map(wanted.map((each) => [each, style(each)])),
    seen: [], found: pointed.map((each) => "only by mouse: " + told(each)) };
  for (const each of document.querySelectorAll("main [tabindex]"))
    if (each.tabIndex > 0) window.keyboardWalk.found.push("an order of its own: " + told(each));
  return wanted.length;
}"""
"""Notes what the keys should reach, and what reacts to a mouse alone."""

STEP = """() => {
  const walk = window.keyboardWalk, now = document.activeElement, last = walk.seen.at(-1);
  if (!now || now === document.body) return "left";
  if (walk.seen.includes(now)) return now === last ? "stays" : "again";
  if (!walk.within(now)) { walk.seen.push(now); return "outside"; }
  const is = getComputedStyle(now), box = now.getBoundingClientRect();
  const ring = is.outlineStyle !== "none" && parseFloat(is.outlineWidth) > 0;
  if (!ring && walk.plain.has(now) && walk.plain.get(now) === walk.style(now))
    walk.found.push("the focus is not seen: " + walk.told(now));
  if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth)
    walk.found.push("the focus is out of sight: " + walk.told(now));
  else {
    const across = [.5, .08, .92].map((part) => box.left + box.width * part);
    const down = [.5, .15, .85].map((part) => box.top + box.height * part);
    const under = across.flatMap((x) => down.map((y) => document.elementFromPoint(x, y)));
    if (!under.some((each) => each && (now.contains(each) || each.contains(now) && !each.matches("main, body, html")
      || (now.labels && [...now.labels].some((label) => label.contains(each))))))
      walk.found.push("the focus is covered: " + walk.told(now));
  }
  if (last && walk.within(last)) {
    if (!(last.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING))
      walk.found.push("a step back: " + walk.told(last) + " → " + walk.told(now));
    const before = last.getBoundingClientRect();
    // up and to the left of the one before: the eye goes back
    if (box.bottom < before.top - 8 && box.left < before.left - 8 && getComputedStyle(last).position !== "fixed"
      && !last.closest(".patient-header, .q-bar, .sign-bar, .toasts"))
      walk.found.push("the eye goes back: " + walk.told(last) + " → " + walk.told(now));
  }
  walk.seen.push(now);
  return "on";
}"""
"""Looks at what has the focus after a press of Tab."""

CLOSE = """() => {
  const walk = window.keyboardWalk;
  const missed = walk.wanted.filter((each) => !walk.seen.includes(each) && each.isConnected && each.checkVisibility()
    && !(each.type === "radio" && walk.seen.some((other) => other.type === "radio" && other.name === each.name)));
  return [...new Set([...walk.found, ...missed.map((each) => "never reached: " + walk.told(each))])];
}"""


def findings(page: Page, longest: int = 400) -> list[str]:
    """What is wrong for somebody who only has the Tab key; at most ``longest`` controls are visited."""
    wanted = page.evaluate(PREPARE)
    page.evaluate("() => { const main = document.getElementById('main'); main.focus(); }")
    stays = 0
    for _press in range(min(wanted + 12, longest)):
        page.keyboard.press("Tab")
        state = page.evaluate(STEP)
        if state == "again" or state == "left":
            break
        stays = stays + 1 if state == "stays" else 0
        if stays > 1:
            return [*page.evaluate(CLOSE), "a trap: " + page.evaluate("keyboardWalk.told(document.activeElement)")]
    if wanted > longest:
        return list(page.evaluate("keyboardWalk.found"))
    return list(page.evaluate(CLOSE))
