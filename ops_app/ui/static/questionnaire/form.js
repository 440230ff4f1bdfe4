// A form made from a definition: shows and hides, computes, checks as the server does, keeps drafts.
"use strict";

(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const name = (...parts) => "q-" + parts.join("--");
  const AUTOSAVE_MS = 1500, RETRY_MS = 5000, SETTLE_MS = 300;

  function typedNumber(text) {
    const number = text.replace(/\s/g, "").replace(",", ".").replace("−", "-");
    return /^-?\d{1,12}(\.\d{1,10})?$/.test(number) ? Number(number) : text;
  }

  function typedDay(text, input) {
    const day = understoodDate(text, input.dataset.today);
    if (!day) return text;
    const two = (number) => String(number).padStart(2, "0");
    return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
  }

  function shownNumber(value, decimals) {
    if (value === null || value === undefined) return "";
    return typeof value === "number" ? value.toFixed(decimals).replace(".", ",") : String(value);
  }

  class Sheet {
    constructor(form) {
      this.form = form;
      this.model = JSON.parse(one("[data-questionnaire-model]", form).textContent);
      this.items = this.model.sections.flatMap((section) => section.items);
      form.addEventListener("input", (event) => { this.unsign(event.target); this.changed(); });
      form.addEventListener("change", () => this.changed());
      form.addEventListener("code-chosen", (event) => { this.show(one("input[type=hidden]", event.target).name, null); this.unsign(one("[role=combobox]", event.target)); this.changed(); });
      form.addEventListener("click", (event) => this.clicked(event));
      // Later: a message that goes away moves the page under a click that is just being made.
      form.addEventListener("focusout", (event) => setTimeout(() => this.left(event.target), SETTLE_MS));
      form.addEventListener("submit", (event) => this.submitted(event));
      all("[data-add-row], [data-add-point]", form).forEach((button) => { button.hidden = false; });
      this.draftUrl = form.dataset.draftUrl;
      this.update();
      this.drawMaps();
      all("[data-signature]", form).forEach((field) => this.pad(field));
    }

    // ---- reading the page
    value(item, field) {
      const inputs = all(`[name="${field}"]`, this.form);
      if (!inputs.length) return undefined;
      if (item.type === "choice" && item.multiple) return inputs.filter((input) => input.checked).map((input) => input.value);
      if (inputs[0].type === "radio") { const chosen = inputs.find((input) => input.checked); return chosen ? chosen.value : undefined; }
      if (item.type === "boolean") return inputs[0].checked ? true : undefined;
      const text = inputs[0].value.trim();
      if (!text) return undefined;
      if (item.type === "number") return typedNumber(text);
      if (item.type === "date") return typedDay(text, inputs[0]);
      return text;
    }

    table(item) {
      const keys = item.rows ? item.rows.map((row) => row.id) : [...Array(item.max_rows).keys()].map(String);
      const rows = {};
      for (const key of keys) {
        const cells = {};
        for (const column of item.columns) {
          const value = column.type === "calculated" ? undefined : this.value(column, name(item.id, key, column.id));
          if (value !== undefined) cells[column.id] = value;
        }
        if (Object.keys(cells).length) rows[key] = cells;
      }
      return rows;
    }

    answers() {
      const found = {};
      for (const item of this.items) {
        if (item.type === "table") {
          const rows = this.table(item);
          found[item.id] = item.rows ? rows : Object.values(rows);
          this.keys = { ...this.keys, [item.id]: Object.keys(rows) };
        } else if (!["note", "calculated", "body_map", "attachment", "signature"].includes(item.type)) {
          const value = this.value(item, name(item.id));
          if (value !== undefined) found[item.id] = value;
        }
      }
      return found;
    }

    // ---- what follows
    update() {
      this.result = SaulyqForm.outcome(this.model, this.answers(), this.model.person || {});
      for (const section of this.model.sections) {
        const part = one(`[data-section="${section.id}"]`, this.form);
        part.hidden = !this.result.visible.includes(section.id);
        for (const item of section.items) {
          one(`[data-item="${item.id}"]`, this.form).hidden = !part.hidden && !this.result.visible.includes(item.id);
          if (item.type === "calculated") {
            one(`[data-calculated="${name(item.id)}"]`, this.form).textContent = shownNumber(this.result.values[item.id], item.decimals);
          }
          if (item.type === "table") this.showCells(item);
        }
      }
      this.showScore();
    }

    showCells(item) {
      const cells = this.result.cells[item.id] || {};
      for (const column of item.columns.filter((each) => each.type === "calculated")) {
        all(`[data-calculated^="${name(item.id)}--"]`, this.form).filter((output) => output.dataset.calculated.endsWith("--" + column.id)).forEach((output) => {
          const typed = output.dataset.calculated.split("--")[1];
          const key = item.rows ? typed : String((this.keys[item.id] || []).indexOf(typed));
          output.textContent = shownNumber(cells[`${key}--${column.id}`], column.decimals);
        });
      }
    }

    showScore() {
      const value = one("[data-score-value]", this.form);
      if (value) {
        value.textContent = this.result.score === null ? "—" : shownNumber(this.result.score, this.model.score.decimals);
        one("[data-score-text]", this.form).textContent = this.result.score === null
          ? this.model.messages.incomplete
          : this.result.bands.map((number) => this.model.bands[number].text).join(" · ");
      }
      const alerts = one("[data-alerts]", this.form);
      if (!alerts) return;
      const told = this.result.alerts.map((number) => this.model.alerts[number].text);
      if (told.join("\n") === all("p", alerts).map((line) => line.textContent).join("\n")) return;
      alerts.replaceChildren(...told.map((text) => Object.assign(document.createElement("p"), { className: "flash flash-danger", textContent: text })));
    }

    // ---- errors, in the server's words
    problem(item, value, field) {
      if (item.type === "code" && !value && this.isUnchosen(field)) return this.model.messages.code;
      const empty = value === undefined || value === "" || (Array.isArray(value) && !value.length);
      if (empty) return item.required && item.type !== "boolean" ? this.model.messages.required : null;
      if (item.type === "number") {
        if (typeof value !== "number") return this.model.messages.number;
        const low = item.min !== null && value < item.min, high = item.max !== null && value > item.max;
        return low || high ? item.range : null;
      }
      if (item.type === "date" && !/^\d{4}-\d{2}-\d{2}$/.test(value)) return this.model.messages.date;
      return null;
    }

    // Letters were typed, but no code was chosen.
    isUnchosen(field) {
      const typed = one(`[name="${field}--typed"]`, this.form);
      return Boolean(typed && typed.value.trim());
    }

    show(field, message) {
      const place = one(`[data-error-of="${field}"]`, this.form);
      if (!place) return;
      place.textContent = message || "";
      place.hidden = !message;
      const holder = place.closest(".q-item");
      if (holder) holder.classList.toggle("has-error", all(".field-error:not([hidden])", holder).length > 0);
      const control = one(`#f-${field}`, this.form);
      if (control) { if (message) control.setAttribute("aria-invalid", "true"); else control.removeAttribute("aria-invalid"); }
    }

    problems() {
      const found = [];
      for (const item of this.items) {
        if (item.type === "signature" && this.result.visible.includes(item.id)) { found.push(...this.signatureProblems(item)); continue; }
        if (!this.result.visible.includes(item.id) || ["note", "calculated", "body_map", "attachment", "signature"].includes(item.type)) continue;
        if (item.type !== "table") { found.push([name(item.id), this.problem(item, this.value(item, name(item.id)), name(item.id))]); continue; }
        const rows = this.table(item);
        const codes = item.columns.filter((each) => each.type === "code");
        const begun = (key) => rows[key] || codes.some((each) => this.isUnchosen(name(item.id, key, each.id)));
        for (const key of item.rows ? item.rows.map((row) => row.id) : [...Array(item.max_rows).keys()].map(String).filter(begun)) {
          for (const column of item.columns.filter((each) => each.type !== "calculated")) {
            const field = name(item.id, key, column.id);
            const asked = item.required || rows[key] || (column.type === "code" && this.isUnchosen(field));
            const value = (rows[key] || {})[column.id];
            found.push([field, asked || value !== undefined ? this.problem(column, value, field) : null]);
          }
        }
      }
      return found;
    }

    left(input) {
      if (!input.name || !input.name.startsWith("q-") || !input.value) return;
      const left = input.name.replace(/--typed$/, "");
      const found = this.problems().find(([field]) => field === left);
      if (found) this.show(found[0], found[1]);
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
      this.update();
      const wrong = this.problems();
      wrong.forEach(([field, message]) => this.show(field, message));
      const told = wrong.filter(([, message]) => message);
      const broken = told.length ? [] : this.result.broken.map((number) => this.model.rules[number].text);
      if (!told.length && !broken.length) return;
      event.preventDefault();
      // The frame would take the form for sent and refuse the next press.
      event.stopPropagation();
      this.summary(told, broken);
    }

    summary(told, broken) {
      const box = Object.assign(document.createElement("div"), { className: "error-summary", tabIndex: -1 });
      box.setAttribute("role", "alert");
      const list = document.createElement("ul");
      for (const [field, message] of told) {
        const link = Object.assign(document.createElement("a"), { href: "#f-" + field });
        const holder = one(`[data-error-of="${field}"]`, this.form).closest(".q-item");
        const title = one("label, legend, h3", holder);
        link.textContent = (title ? title.textContent.trim() + ": " : "") + message;
        list.append(document.createElement("li"));
        list.lastChild.append(link);
      }
      for (const text of broken) list.append(Object.assign(document.createElement("li"), { textContent: text }));
      box.append(Object.assign(document.createElement("h2"), { textContent: this.model.messages.correct }), list);
      one("[data-summary]", this.form).replaceChildren(box);
      box.focus();
    }

    // ---- rows and places
    clicked(event) {
      const row = event.target.closest("[data-add-row]");
      if (row) this.addRow(row.dataset.addRow);
      const map = event.target.closest("[data-body-map]");
      if (!map) return;
      if (event.target.closest("[data-add-point]")) this.addPoint(map);
      const removed = event.target.closest("[data-remove-point]");
      if (removed) { removed.closest("[data-point]").remove(); this.drawMaps(); this.changed(); }
      const figure = event.target.closest("svg[data-view]");
      if (figure) {
        const box = figure.getBoundingClientRect();
        const place = (at, start, size) => Math.round(((at - start) / size) * 1000) / 10;
        this.addPoint(map, figure.dataset.view, place(event.clientX, box.left, box.width), place(event.clientY, box.top, box.height));
      }
    }

    fresh(template, key) {
      const made = template.content.firstElementChild.cloneNode(true);
      for (const element of [made, ...all("*", made)]) {
        for (const attribute of [...element.attributes]) {
          if (attribute.value.includes("ROW")) element.setAttribute(attribute.name, attribute.value.replace("ROW", key));
        }
      }
      return made;
    }

    addRow(table) {
      const body = one(`[data-table="${table}"] tbody`, this.form);
      const item = this.items.find((each) => each.id === table);
      if (body.children.length >= item.max_rows) return;
      body.append(this.fresh(one(`template[data-row-of="${table}"]`, this.form), String(body.children.length)));
      const first = one("input, select, textarea", body.lastElementChild);
      if (first) first.focus();
    }

    addPoint(map, view, x, y) {
      const list = one("[data-points]", map);
      const item = this.items.find((each) => each.id === map.dataset.bodyMap);
      const taken = all("[data-point] select[name]", list).map((select) => select.name.split("--")[1]);
      const free = [...Array(item.max_points).keys()].map(String).find((key) => !taken.includes(key));
      if (free === undefined) return;
      const made = this.fresh(one("template[data-point-template]", map), free);
      list.append(made);
      if (view) {
        for (const [part, value] of [["view", view], ["x", x], ["y", y]]) one(`[data-part="${part}"]`, made).value = value;
        this.nameRegion(made);
        one("select[name]", made).focus();
      } else one("[data-region]", made).focus();
      this.drawMaps();
      this.changed();
    }

    nameRegion(point) {
      const [view, x, y] = ["view", "x", "y"].map((part) => one(`[data-part="${part}"]`, point).value);
      let best = null;
      for (const option of one("[data-region]", point).options) {
        const [side, left, top] = option.value.split(" ");
        if (side !== view) continue;
        const distance = (left - x) ** 2 + ((top - y) * 130 / 60) ** 2;
        if (!best || distance < best.distance) best = { distance, option };
      }
      if (best) best.option.selected = true;
    }

    takeRegion(select) {
      const point = select.closest("[data-point]");
      const [view, x, y] = select.value ? select.value.split(" ") : ["", "", ""];
      for (const [part, value] of [["view", view], ["x", x], ["y", y]]) one(`[data-part="${part}"]`, point).value = value;
      this.drawMaps();
    }

    drawMaps() {
      for (const map of all("[data-body-map]", this.form)) {
        all("[data-marks]", map).forEach((marks) => marks.replaceChildren());
        all("[data-points] > [data-point]", map).forEach((point, number) => {
          const [view, x, y] = ["view", "x", "y"].map((part) => one(`[data-part="${part}"]`, point).value);
          const marks = view && one(`svg[data-view="${view}"] [data-marks]`, map);
          if (!marks || x === "" || y === "") return;
          const svg = (tag, about) => {
            const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
            Object.entries(about).forEach(([key, value]) => made.setAttribute(key, value));
            return made;
          };
          marks.append(svg("circle", { cx: x * 0.6, cy: y * 1.3, r: 3 }));
          const label = svg("text", { x: x * 0.6, y: y * 1.3 + 1.4 });
          label.textContent = String(number + 1);
          marks.append(label);
        });
      }
    }

    // ---- signatures
    pad(field) {
      const svg = one("[data-pad-field]", field), path = one("[data-pad-path]", field), kept = one("[data-strokes]", field);
      const draw = () => { path.setAttribute("d", kept.value ? kept.value.split(";").map((stroke) => "M" + stroke.replace(/ /g, "L")).join("") : ""); };
      const place = (event) => {
        const box = svg.getBoundingClientRect();
        const inside = (share, size) => Math.max(0, Math.min(size, Math.round(share * size)));
        return `${inside((event.clientX - box.left) / box.width, 600)},${inside((event.clientY - box.top) / box.height, 200)}`;
      };
      one("[data-pad]", field).hidden = false;
      // one pointer draws: a palm or a second finger on the glass adds nothing
      let drawing = null;
      svg.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        if (drawing !== null || event.button !== 0) return;
        svg.setPointerCapture(event.pointerId);
        drawing = event.pointerId;
        const told = one("[data-signed-at]", field);
        if (told) { told.remove(); kept.value = ""; }
        kept.value = (kept.value ? kept.value + ";" : "") + place(event);
        draw();
      });
      svg.addEventListener("pointermove", (event) => {
        if (event.pointerId !== drawing) return;
        const next = place(event);
        if (!kept.value.endsWith(next)) { kept.value += " " + next; draw(); }
      });
      const stop = (event) => {
        if (event.pointerId !== drawing) return;
        drawing = null;
        this.show(name(field.dataset.signature), null);
        this.changed();
      };
      svg.addEventListener("pointerup", stop);
      svg.addEventListener("pointercancel", stop);
      one("[data-pad-clear]", field).addEventListener("click", () => { this.clearPad(field); this.changed(); });
    }

    clearPad(field) {
      one("[data-strokes]", field).value = "";
      one("[data-pad-path]", field).setAttribute("d", "");
      const told = one("[data-signed-at]", field);
      if (told) told.remove();
    }

    // Whoever signed has signed these answers, not others.
    unsign(target) {
      if (!target.name || !target.name.startsWith("q-") || target.closest("[data-signature]")) return;
      for (const field of all("[data-signature]", this.form)) {
        if (!one("[data-strokes]", field).value) continue;
        this.clearPad(field);
        this.show(name(field.dataset.signature), this.model.messages.sign_again);
      }
    }

    signatureProblems(item) {
      const field = one(`[data-signature="${item.id}"]`, this.form);
      const given = one("[data-strokes]", field).value || one("input[type=checkbox]", field).checked;
      const who = one(`[name="${name(item.id, "name")}"]`, field).value.trim();
      const asked = given || item.required;
      return [[name(item.id), asked && !given ? this.model.messages.sign : null], [name(item.id, "name"), asked && !who ? this.model.messages.signer : null]];
    }

    // ---- drafts
    changed() {
      const active = document.activeElement;
      if (active && active.matches("[data-region]")) this.takeRegion(active);
      this.update();
      if (!this.draftUrl) return;
      this.dirty = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), AUTOSAVE_MS);
    }

    async save() {
      if (this.saving || this.stopped) return;
      this.saving = true;
      this.dirty = false;
      const told = one("[data-saved]");
      const body = new FormData(this.form);
      all("input[type=file]", this.form).forEach((input) => body.delete(input.name));
      let wait = 0;
      try {
        const answer = await fetch(this.draftUrl, { method: "POST", body, headers: { accept: "application/json", "X-CSRF-Token": one("meta[name=csrf-token]").content } });
        if (answer.ok) {
          const saved = await answer.json();
          one("[name=version]", this.form).value = saved.version;
          told.textContent = `${this.model.messages.saved} ${saved.at}`;
        } else if (answer.status === 409) {
          this.stopped = true;
          told.textContent = this.model.messages.changed;
        } else throw new Error(String(answer.status));
      } catch {
        told.textContent = this.model.messages.unsaved;
        this.dirty = true;
        wait = RETRY_MS;
      }
      this.saving = false;
      if (this.sendAfterwards) { const button = this.sendAfterwards; this.sendAfterwards = null; this.form.requestSubmit(button); return; }
      if (this.dirty && !this.stopped) { clearTimeout(this.timer); this.timer = setTimeout(() => this.save(), wait || AUTOSAVE_MS); }
    }
  }

  all("form[data-questionnaire]").forEach((form) => new Sheet(form));
  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });
})();
