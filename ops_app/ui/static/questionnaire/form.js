// A form made from a definition: shows and hides, computes, checks as the server does, keeps drafts.
// expression.js has the formulas; each other file beside this one does one of these things.
import { addPoint, drawMaps, removePoint, takeRegion } from "./body_map.js";
import { problems, show, summary } from "./checking.js";
import { keepLater } from "./drafts.js";
import { all, one } from "./page.js";
import { addRow, emptyRow } from "./rows.js";
import { update } from "./showing.js";
import { pad, unsign } from "./signature_pad.js";

const SETTLE_MS = 300;

class Sheet {
  constructor(form) {
    this.form = form;
    this.model = JSON.parse(one("[data-questionnaire-model]", form).textContent);
    this.items = this.model.sections.flatMap((section) => section.items);
    form.addEventListener("input", (event) => { unsign(this, event.target); this.changed(); });
    form.addEventListener("change", () => this.changed());
    form.addEventListener("code-chosen", (event) => {
      show(this, one("input[type=hidden]", event.target).name, null);
      unsign(this, one("[role=combobox]", event.target));
      this.changed();
    });
    form.addEventListener("click", (event) => this.clicked(event));
    // Later: a message that goes away moves the page under a click that is just being made.
    form.addEventListener("focusout", (event) => setTimeout(() => this.left(event.target), SETTLE_MS));
    form.addEventListener("submit", (event) => this.submitted(event));
    all("[data-add-row], [data-add-point], [data-empty-row]", form).forEach((button) => { button.hidden = false; });
    this.draftUrl = form.dataset.draftUrl;
    update(this);
    drawMaps(this);
    all("[data-signature]", form).forEach((field) => pad(this, field));
  }

  changed() {
    const active = document.activeElement;
    if (active && active.matches("[data-region]")) takeRegion(this, active);
    update(this);
    if (!this.draftUrl) return;
    this.dirty = true;
    keepLater(this);
  }

  left(input) {
    // what was passed by without an answer is told when the form is completed, not on the way
    const isChoice = ["radio", "checkbox"].includes(input.type);
    if (!input.name || !input.name.startsWith("q-") || (isChoice ? !input.checked : !input.value)) return;
    const left = input.name.replace(/--typed$/, "");
    const found = problems(this).find(([field]) => field === left);
    if (found) show(this, found[0], found[1]);
  }

  submitted(event) {
    if (this.form.hasAttribute("data-preview")) { event.preventDefault(); return; }
    clearTimeout(this.timer);
    if (this.saving) {
      // The draft on its way makes a new state of the form; what is sent must name that one.
      event.preventDefault();
      event.stopPropagation();
      this.sendAfterwards = event.submitter;
      return;
    }
    const other = event.submitter && event.submitter.hasAttribute("formaction");
    if (this.form.hasAttribute("data-template-form") || other) return;
    update(this);
    const wrong = problems(this);
    wrong.forEach(([field, message]) => show(this, field, message));
    const told = wrong.filter(([, message]) => message);
    const broken = told.length ? [] : this.result.broken.map((number) => this.model.rules[number].text);
    if (!told.length && !broken.length) return;
    event.preventDefault();
    // The frame would take the form for sent and refuse the next press.
    event.stopPropagation();
    summary(this, told, broken);
  }

  clicked(event) {
    const added = event.target.closest("[data-add-row]");
    if (added) addRow(this, added.dataset.addRow);
    const emptied = event.target.closest("[data-empty-row]");
    if (emptied) emptyRow(this, emptied.closest("tr"));
    const map = event.target.closest("[data-body-map]");
    if (!map) return;
    if (event.target.closest("[data-add-point]")) addPoint(this, map);
    const removed = event.target.closest("[data-remove-point]");
    if (removed) removePoint(this, removed.closest("[data-point]"));
    const figure = event.target.closest("svg[data-view]");
    if (figure) {
      const box = figure.getBoundingClientRect();
      const place = (at, start, size) => Math.round(((at - start) / size) * 1000) / 10;
      addPoint(this, map, figure.dataset.view, place(event.clientX, box.left, box.width), place(event.clientY, box.top, box.height));
    }
  }
}

all("form[data-questionnaire]").forEach((form) => new Sheet(form));
