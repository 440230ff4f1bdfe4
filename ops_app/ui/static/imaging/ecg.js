/* A recording on millimetre paper: 25 or 50 mm a second, 5, 10 or 20 mm a millivolt; scrolled, measured. */

const root = document.querySelector("[data-ecg]");
const about = JSON.parse(root.querySelector("[data-about]").textContent);
const canvas = root.querySelector("canvas");
const told = root.querySelector("[data-told]");
const slider = root.querySelector("[data-slider]");
const MM = 4;
const CHUNK = 20;
const ROW = 24;
const LEFT = 14;
const GAP = -32768;
const MILLIVOLTS = { mV: 1, uV: 0.001, "µV": 0.001, V: 1000 };

const state = { start: 0, speed: 25, gain: 10, from: null, to: null };
const chunks = new Map();

export function unpack(buffer) {
  const view = new DataView(buffer);
  const leads = [];
  let at = 4;
  for (let lead = 0; lead < view.getUint32(0, true); lead += 1) {
    const count = view.getUint32(at, true);
    leads.push({ step: view.getFloat32(at + 4, true), samples: new Int16Array(buffer, at + 8, count) });
    at += 8 + 2 * (count + (count % 2));
  }
  return leads;
}

function chunk(number) {
  if (!chunks.has(number)) {
    const loading = { leads: null };
    chunks.set(number, loading);
    fetch(`${about.samples_url}?start=${number * CHUNK}&seconds=${CHUNK + 0.1}`, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(about.broken))))
      .then((buffer) => { loading.leads = unpack(buffer); draw(); })
      .catch((error) => { told.textContent = error.message || about.broken; });
  }
  return chunks.get(number).leads;
}

const shownSeconds = () => (canvas.clientWidth / MM - LEFT) / state.speed;
const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

let wanted = false;
function draw() {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame(() => { wanted = false; drawNow(); });
}

function drawNow() {
  const ratio = window.devicePixelRatio || 1;
  const high = about.leads.length * ROW * MM + 2 * MM;
  canvas.height = high * ratio;
  canvas.width = canvas.clientWidth * ratio;
  const paper = canvas.getContext("2d");
  paper.setTransform(ratio, 0, 0, ratio, 0, 0);
  grid(paper, canvas.clientWidth, high);
  about.leads.forEach((lead, row) => drawLead(paper, lead, row));
  mark(paper, high);
  slider.max = Math.max(0, about.seconds - shownSeconds());
  slider.value = state.start;
  slider.disabled = Number(slider.max) === 0;
  told.textContent = tellMarked() || `${seconds(state.start)} – ${seconds(Math.min(about.seconds, state.start + shownSeconds()))} ${about.texts.second}`;
  root.dataset.drawn = [...chunks.values()].every((one) => one.leads) ? "1" : "";
}

const seconds = (value) => value.toFixed(1).replace(".", ",");

function grid(paper, width, high) {
  for (const [every, name] of [[1, "--ecg-fine"], [5, "--ecg-bold"]]) {
    paper.strokeStyle = colour(name);
    paper.lineWidth = every === 1 ? 0.5 : 1;
    paper.beginPath();
    for (let x = 0.5; x < width; x += every * MM) { paper.moveTo(x, 0); paper.lineTo(x, high); }
    for (let y = 0.5; y < high; y += every * MM) { paper.moveTo(0, y); paper.lineTo(width, y); }
    paper.stroke();
  }
}

/* Millimetres a unit of the lead: electrical leads by the gain, anything else fills its row. */
function height(lead) {
  const millivolts = MILLIVOLTS[lead.unit];
  return millivolts ? millivolts * state.gain : (ROW - 6) / Math.max(lead.highest - lead.lowest, 1e-9);
}

function drawLead(paper, lead, row) {
  const middle = (row * ROW + ROW / 2 + 1) * MM;
  const scale = height(lead) * MM;
  const zero = MILLIVOLTS[lead.unit] ? 0 : (lead.highest + lead.lowest) / 2;
  paper.fillStyle = colour("--ink");
  paper.font = "600 13px system-ui, sans-serif";
  paper.fillText(lead.name, 4, middle - 6 * MM);
  paper.strokeStyle = colour("--ink");
  paper.lineWidth = 1.2;
  paper.beginPath();
  if (MILLIVOLTS[lead.unit]) {
    const up = state.gain * MM;
    paper.moveTo(4 * MM, middle);
    paper.lineTo(5 * MM, middle);
    paper.lineTo(5 * MM, middle - up);
    paper.lineTo(10 * MM, middle - up);
    paper.lineTo(10 * MM, middle);
    paper.lineTo(11 * MM, middle);
  } else {
    paper.font = "11px system-ui, sans-serif";
    paper.fillText(lead.unit, 4, middle + 4 * MM);
  }
  paper.stroke();
  const end = Math.min(about.seconds, state.start + shownSeconds());
  for (let number = Math.floor(state.start / CHUNK); number * CHUNK < end; number += 1) {
    const leads = chunk(number);
    if (leads) curve(paper, leads[row], lead, number * CHUNK, { middle, scale, zero, end });
  }
}

function curve(paper, { samples, step }, lead, begins, { middle, scale, zero, end }) {
  const first = Math.max(0, Math.floor((state.start - begins) * lead.rate));
  const last = Math.min(samples.length, Math.ceil((end - begins) * lead.rate) + 1);
  let pen = false;
  paper.beginPath();
  for (let at = first; at < last; at += 1) {
    if (samples[at] === GAP) { pen = false; continue; }
    const x = (LEFT + (begins + at / lead.rate - state.start) * state.speed) * MM;
    const y = middle - (samples[at] * step - zero) * scale;
    if (pen) paper.lineTo(x, y);
    else paper.moveTo(x, y);
    pen = true;
  }
  paper.stroke();
}

/* ---- measuring between two vertical lines */

const timeAt = (x) => state.start + (x / MM - LEFT) / state.speed;

function mark(paper, high) {
  if (state.from === null) return;
  paper.strokeStyle = colour("--accent");
  paper.lineWidth = 1.5;
  paper.beginPath();
  for (const time of [state.from, state.to]) {
    const x = (LEFT + (time - state.start) * state.speed) * MM;
    paper.moveTo(x, 0);
    paper.lineTo(x, high);
  }
  paper.stroke();
}

function tellMarked() {
  if (state.from === null) return "";
  const long = Math.abs(state.to - state.from);
  if (long < 0.01) return "";
  return `${Math.round(long * 1000)} ${about.texts.ms} · ${Math.round(60 / long)} ${about.texts.beats}`;
}

let held = null;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  held = { x: event.offsetX, start: state.start, measures: event.shiftKey || root.querySelector("[data-measure]").getAttribute("aria-pressed") === "true" };
  if (held.measures) state.from = state.to = timeAt(event.offsetX);
  draw();
});
canvas.addEventListener("pointermove", (event) => {
  if (!held) return;
  if (held.measures) state.to = timeAt(event.offsetX);
  else go(held.start - (event.offsetX - held.x) / MM / state.speed);
  draw();
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = null; });

function go(start) {
  state.start = Math.min(Math.max(0, about.seconds - shownSeconds()), Math.max(0, start));
  draw();
}

slider.addEventListener("input", () => go(Number(slider.value)));
root.addEventListener("keydown", (event) => {
  const page = shownSeconds() * 0.8;
  const moves = { ArrowRight: 1, ArrowLeft: -1, PageDown: page, PageUp: -page };
  if (event.target.closest("select, input")) return;
  if (event.key in moves) go(state.start + moves[event.key]);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(about.seconds);
  else return;
  event.preventDefault();
});
for (const name of ["speed", "gain"]) {
  root.querySelector(`[data-${name}]`).addEventListener("change", (event) => {
    state[name] = Number(event.target.value);
    go(state.start);
  });
}
root.querySelector("[data-measure]").addEventListener("click", (event) => {
  const pressed = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", String(pressed));
  if (!pressed) state.from = state.to = null;
  draw();
});
new ResizeObserver(draw).observe(root);
