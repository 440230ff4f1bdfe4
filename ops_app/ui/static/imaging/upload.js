/* Files one after another, so that each has its own answer and a broken line loses one file, not all. */
(() => {
  const form = document.querySelector("[data-upload]");
  const texts = JSON.parse(form.querySelector("[data-texts]").textContent);
  const part = (name) => document.querySelector(`[data-${name}]`);
  const counts = { good: 0, known: 0, bad: 0 };
  const waiting = [];
  let all = 0;
  let done = 0;
  let busy = false;

  part("without-script").hidden = true;
  if ("webkitdirectory" in HTMLInputElement.prototype) part("folder").hidden = false;

  function fill(text, values) {
    return Object.entries(values).reduce((told, [name, value]) => told.replace(`%(${name})s`, value), text);
  }

  function row(result) {
    const line = document.createElement("tr");
    line.className = `upload-${result.outcome}`;
    const cells = [result.name, result.told + (result.needs_person ? `; ${texts.nobody}` : ""), ""].map((text) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      line.append(cell);
      return cell;
    });
    document.querySelectorAll("[data-table] th").forEach((head, at) => { cells[at].dataset.title = head.textContent; });
    cells[0].className = "wrap";
    if (result.study_url) {
      const link = Object.assign(document.createElement("a"), { href: result.study_url, textContent: texts.open });
      cells[2].append(link);
    }
    part("results").append(line);
    part("table").hidden = false;
    counts[{ stored: "good", duplicate: "known", conflict: "good", skipped: "known" }[result.outcome] || "bad"] += 1;
  }

  async function send(file) {
    const body = new FormData();
    body.append("files", file, file.webkitRelativePath || file.path_shown || file.name);
    const headers = { "X-CSRF-Token": document.querySelector("meta[name=csrf-token]").content, Accept: "application/json" };
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers });
      const told = await answer.json();
      if (!answer.ok) row({ name: file.name, outcome: "refused", told: told.error });
      else told.results.forEach(row);
    } catch {
      row({ name: file.name, outcome: "refused", told: texts.unreachable });
    }
  }

  async function work() {
    if (busy) return;
    busy = true;
    part("bar").hidden = false;
    while (waiting.length) {
      part("progress").textContent = fill(texts.sending, { done: done + 1, all });
      part("bar").value = done / all;
      await send(waiting.shift());
      done += 1;
    }
    part("bar").value = 1;
    part("progress").textContent = fill(texts.finished, counts);
    form.dataset.finished = String(done);
    busy = false;
  }

  function take(files) {
    waiting.push(...files);
    all += files.length;
    work();
  }

  async function walk(entry, found) {
    if (entry.isFile) {
      const file = await new Promise((yes, no) => { entry.file(yes, no); });
      file.path_shown = entry.fullPath.replace(/^\//, "");
      found.push(file);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((yes, no) => { reader.readEntries(yes, no); });
      if (!some.length) return;
      for (const each of some) await walk(each, found);
    }
  }

  for (const name of ["files", "folder"]) {
    document.getElementById(`f-${name}`).addEventListener("change", (event) => {
      take([...event.target.files]);
      event.target.value = "";
    });
  }
  const zone = part("drop");
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("is-over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    const found = [];
    for (const entry of entries) await walk(entry, found);
    take(found);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
})();
