// What follows from the answers: which questions are asked, computed values, the score, warnings.
import { all, name, one, shownNumber } from "./page.js";
import { answers } from "./reading.js";

export function update(sheet) {
  sheet.result = SaulyqForm.outcome(sheet.model, answers(sheet), sheet.model.person || {});
  for (const section of sheet.model.sections) {
    const part = one(`[data-section="${section.id}"]`, sheet.form);
    part.hidden = !sheet.result.visible.includes(section.id);
    for (const item of section.items) {
      one(`[data-item="${item.id}"]`, sheet.form).hidden = !part.hidden && !sheet.result.visible.includes(item.id);
      if (item.type === "calculated") {
        one(`[data-calculated="${name(item.id)}"]`, sheet.form).textContent = shownNumber(sheet.result.values[item.id], item.decimals);
      }
      if (item.type === "table") showCells(sheet, item);
    }
  }
  showScore(sheet);
}

export function showCells(sheet, item) {
  const cells = sheet.result.cells[item.id] || {};
  for (const column of item.columns.filter((each) => each.type === "calculated")) {
    all(`[data-calculated^="${name(item.id)}--"]`, sheet.form).filter((output) => output.dataset.calculated.endsWith("--" + column.id)).forEach((output) => {
      const typed = output.dataset.calculated.split("--")[1];
      const key = item.rows ? typed : String((sheet.keys[item.id] || []).indexOf(typed));
      output.textContent = shownNumber(cells[`${key}--${column.id}`], column.decimals);
    });
  }
}

export function showScore(sheet) {
  const value = one("[data-score-value]", sheet.form);
  if (value) {
    value.textContent = sheet.result.score === null ? "—" : shownNumber(sheet.result.score, sheet.model.score.decimals);
    one("[data-score-text]", sheet.form).textContent = sheet.result.score === null
      ? sheet.model.messages.incomplete
      : sheet.result.bands.map((number) => sheet.model.bands[number].text).join(" · ");
  }
  const alerts = one("[data-alerts]", sheet.form);
  if (!alerts) return;
  const told = sheet.result.alerts.map((number) => sheet.model.alerts[number].text);
  if (told.join("\n") === all("p", alerts).map((line) => line.textContent).join("\n")) return;
  alerts.replaceChildren(...told.map((text) => Object.assign(document.createElement("p"), { className: "flash flash-danger", textContent: text })));
}
