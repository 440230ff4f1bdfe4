// The draft is kept while one writes; a lost connection is tried again, a newer version of somebody else stops it.
import { all, one } from "./page.js";

const AUTOSAVE_MS = 1500, RETRY_MS = 5000;

export function keepLater(sheet, wait = AUTOSAVE_MS) {
  clearTimeout(sheet.timer);
  sheet.timer = setTimeout(() => save(sheet), wait);
}

async function save(sheet) {
  if (sheet.saving || sheet.stopped) return;
  sheet.saving = true;
  sheet.dirty = false;
  const told = one("[data-saved]");
  const body = new FormData(sheet.form);
  all("input[type=file]", sheet.form).forEach((input) => body.delete(input.name));
  let wait = AUTOSAVE_MS;
  try {
    const answer = await fetch(sheet.draftUrl, { method: "POST", body, headers: { accept: "application/json", "X-CSRF-Token": one("meta[name=csrf-token]").content } });
    if (answer.ok) {
      const saved = await answer.json();
      one("[name=version]", sheet.form).value = saved.version;
      told.textContent = `${sheet.model.messages.saved} ${saved.at}`;
    } else if (answer.status === 409) {
      sheet.stopped = true;
      told.textContent = sheet.model.messages.changed;
    } else throw new Error(String(answer.status));
  } catch {
    told.textContent = sheet.model.messages.unsaved;
    document.dispatchEvent(new CustomEvent("not-sent"));
    sheet.dirty = true;
    wait = RETRY_MS;
  }
  sheet.saving = false;
  if (sheet.sendAfterwards) { const button = sheet.sendAfterwards; sheet.sendAfterwards = null; sheet.form.requestSubmit(button); return; }
  if (sheet.dirty && !sheet.stopped) keepLater(sheet, wait);
}
