/* The viewer: series, stack, window, zoom, measures, cine, key images. Pictures stay where they are: on the server. */

const root = document.querySelector("[data-viewer]");
const { samplesOf, greyTable, paint, wholeWindow, valueAt } = await import(root.dataset.frames);
const geometry = await import(root.dataset.geometry);
const { loader } = await import(root.dataset.loading);
const { marksBy, rounded } = await import(root.dataset.marks);
const { keyButton, seriesButton } = await import(root.dataset.strip);
const texts = JSON.parse(root.querySelector("[data-texts]").textContent);
const measures = marksBy(geometry, texts);

const stage = root.querySelector("[data-stage]");
const canvas = stage.querySelector("canvas");
const marksLayer = stage.querySelector("svg");
const part = (name) => root.querySelector(`[data-${name}]`);
const LARGEST = window.matchMedia("(max-width: 760px)").matches ? 1536 : 4096;

const state = {
  manifest: null, series: null, index: 0, frame: null, view: geometry.freshView(), window: null, inverted: false,
  tool: "window", marks: new Map(), drawing: null, cine: null,
};
const frames = loader(samplesOf, LARGEST, texts.broken);
const surface = document.createElement("canvas");

/* ---- frames */

async function show(index) {
  const stack = state.series.frames;
  state.index = (index + stack.length) % stack.length;
  const entry = stack[state.index];
  try {
    const frame = await frames.load(entry);
    if (entry !== state.series.frames[state.index]) return;
    state.frame = frame;
    if (!state.window && frame.samples) state.window = firstWindow(frame);
    part("problem").hidden = true;
    stage.dataset.shown = entry.url;
  } catch (error) {
    if (entry !== state.series.frames[state.index]) return;
    state.frame = null;
    stopCine();
    part("problem").hidden = false;
    part("problem-text").textContent = error.message;
    part("problem-file").href = entry.file;
  }
  state.drawing = null;
  draw();
  const next = stack[state.index + 1];
  if (next && !frames.has(next)) frames.load(next).catch(() => {});
}

function firstWindow(frame) {
  const sent = frame.about.windows[0];
  return sent ? { center: sent.center, width: sent.width } : wholeWindow(frame.samples, frame.about);
}

function openSeries(series, index = 0) {
  stopCine();
  if (series.ecg) {
    window.location.href = series.ecg;
    return;
  }
  state.series = series;
  state.window = null;
  state.view = geometry.freshView();
  for (const button of root.querySelectorAll("[data-series-id]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.seriesId) === series.id));
  }
  part("presets").replaceChildren(...presetsOf(series).map(([name]) => new Option(texts.presets[name], name)));
  show(index);
}

/* ---- drawing */

const matrix = () => geometry.matrixOf(state.view, state.frame.about, stage.clientWidth, stage.clientHeight);
let wanted = false;
function draw() {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame(() => { wanted = false; drawNow(); });
}

function drawNow() {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = stage.clientWidth * ratio;
  canvas.height = stage.clientHeight * ratio;
  const paper = canvas.getContext("2d");
  if (!state.frame) {
    marksLayer.replaceChildren();
    tell();
    return;
  }
  paper.setTransform(...matrix().map((value) => value * ratio));
  paper.imageSmoothingEnabled = state.view.zoom < 4;
  paper.drawImage(painted(), 0, 0);
  drawMarks();
  tell();
}

function painted() {
  const { frame } = state;
  if (frame.bitmap) return frame.bitmap;
  const { rows, columns } = frame.about;
  const asked = `${state.window.center} ${state.window.width} ${state.inverted} ${stage.dataset.shown}`;
  if (surface.dataset.painted !== asked) {
    surface.width = columns;
    surface.height = rows;
    const picture = new ImageData(columns, rows);
    const table = greyTable(frame.about, state.window.center, state.window.width, state.inverted);
    paint(frame.samples, frame.about, table, new Uint32Array(picture.data.buffer));
    surface.getContext("2d").putImageData(picture, 0, 0);
    surface.dataset.painted = asked;
  }
  return surface;
}

function marksHere() {
  const key = stage.dataset.shown;
  if (!state.marks.has(key)) state.marks.set(key, []);
  return state.marks.get(key);
}

function drawMarks() {
  const all = state.drawing ? [...marksHere(), state.drawing] : marksHere();
  marksLayer.replaceChildren(...measures.drawn(all, matrix(), state.frame.about, stage.clientWidth));
}

function tell() {
  const { series, manifest } = state;
  const entry = series.frames[state.index];
  const about = state.frame && state.frame.about;
  part("told-series").textContent = [series.title, `${state.index + 1} / ${series.frames.length}`, entry.projection].filter(Boolean).join("  ");
  const grey = state.window && state.frame && state.frame.samples;
  part("told-window").textContent = grey
    ? `${texts.window} ${Math.round(state.window.center)} / ${Math.round(state.window.width)}` : "";
  part("told-scale").textContent = about ? `${Math.round(state.view.zoom * 100)} %${about.spacing ? "" : `  ${texts.uncalibrated}`}${about.lossy ? `  ${texts.lossy}` : ""}` : "";
  const key = manifest.keys.some((one) => one.instance === entry.instance && one.frame === entry.frame);
  root.querySelector("[data-act=key]")?.setAttribute("aria-pressed", String(key));
  root.querySelector("[data-act=invert]").setAttribute("aria-pressed", String(state.inverted));
  root.querySelector("[data-act=cine]").setAttribute("aria-pressed", String(Boolean(state.cine)));
  root.querySelector("[data-act=cine]").disabled = series.frames.length < 2;
  const slider = part("slider");
  slider.hidden = series.frames.length < 2;
  slider.max = series.frames.length;
  slider.value = state.index + 1;
  if (about) part("file").href = entry.file;
}

/* ---- what the buttons and keys do */

const CT = [["lung", -600, 1500], ["mediastinum", 40, 400], ["bone", 400, 1800], ["brain", 40, 80], ["abdomen", 60, 400]];
const presetsOf = (series) => [["sent"], ["whole"], ...(series.modality === "CT" ? CT : [])];

function preset(name) {
  if (!state.frame || !state.frame.samples) return;
  if (name === "sent") state.window = firstWindow(state.frame);
  else if (name === "whole") state.window = wholeWindow(state.frame.samples, state.frame.about);
  else {
    const [, center, width] = CT.find(([one]) => one === name);
    state.window = { center, width };
  }
  draw();
}

function stopCine() {
  clearInterval(state.cine);
  state.cine = null;
}

function toggleCine() {
  if (state.cine) stopCine();
  else if (state.series.frames.length > 1) {
    const pause = Math.max(30, state.frame?.about.frame_ms || 100);
    state.cine = setInterval(() => show(state.index + 1), pause);
  }
  tell();
}

async function toggleKey() {
  const entry = state.series.frames[state.index];
  const body = new FormData();
  body.set("frame", entry.frame);
  const answer = await fetch(entry.key_url, {
    method: "POST",
    body,
    headers: { "X-CSRF-Token": document.querySelector("meta[name=csrf-token]").content, Accept: "application/json" },
  });
  if (!answer.ok) return;
  state.manifest.keys = (await answer.json()).keys;
  showKeys();
  tell();
}

const ACTS = {
  invert: () => { state.inverted = !state.inverted; draw(); },
  turn: () => { state.view.turn = (state.view.turn + 90) % 360; draw(); },
  flip: () => { state.view.flip = !state.view.flip; draw(); },
  reset: () => {
    state.view = geometry.freshView();
    state.inverted = false;
    state.marks.delete(stage.dataset.shown);
    if (state.frame?.samples) state.window = firstWindow(state.frame);
    draw();
  },
  cine: toggleCine,
  key: () => root.querySelector("[data-act=key]") && toggleKey(),
  full: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen?.()),
};

function choose(tool) {
  state.tool = tool;
  state.drawing = null;
  for (const button of root.querySelectorAll("[data-tool]")) {
    button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  }
}

const KEYS = {
  w: () => choose("window"), s: () => choose("scroll"), p: () => choose("pan"), z: () => choose("zoom"),
  l: () => choose("length"), a: () => choose("angle"), i: ACTS.invert, r: ACTS.turn, h: ACTS.flip, 0: ACTS.reset,
  f: ACTS.full, k: ACTS.key, " ": ACTS.cine,
  ArrowDown: () => step(1), ArrowRight: () => step(1), ArrowUp: () => step(-1), ArrowLeft: () => step(-1),
  PageDown: () => step(10), PageUp: () => step(-10), Home: () => show(0), End: () => show(state.series.frames.length - 1),
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8),
  Escape: () => { state.drawing = null; draw(); },
};

function step(by) {
  show(Math.min(state.series.frames.length - 1, Math.max(0, state.index + by)));
}

function zoom(factor, at = { x: stage.clientWidth / 2, y: stage.clientHeight / 2 }) {
  if (!state.frame) return;
  state.view = geometry.zoomed(state.view, state.frame.about, stage.clientWidth, stage.clientHeight, at, factor);
  draw();
}

/* ---- pointer: mouse, pen, one finger and two */

const fingers = new Map();
let travelled = 0;
const place = (event) => {
  const box = stage.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};

function pressed(event) {
  if (event.target.closest("a, button")) return;
  stage.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, place(event));
  travelled = 0;
  if (fingers.size > 1 || !state.frame || !["length", "angle"].includes(state.tool)) return;
  const at = geometry.toPicture(matrix(), place(event));
  if (!state.drawing) state.drawing = { kind: state.tool, needs: state.tool === "angle" ? 3 : 2, points: [at, at] };
  else state.drawing.points.push(at);
  draw();
}

function moved(event) {
  const now = place(event);
  const before = fingers.get(event.pointerId);
  if (!before || !state.frame) {
    if (state.frame) tellValue(now);
    return;
  }
  const by = { x: now.x - before.x, y: now.y - before.y };
  if (fingers.size === 2) pinched(event.pointerId, before, now);
  else dragged(by, now, event);
  fingers.set(event.pointerId, now);
}

function pinched(id, before, now) {
  const [other] = [...fingers].filter(([one]) => one !== id).map(([, at]) => at);
  const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
  state.view = { ...state.view, dx: state.view.dx + (now.x - before.x) / 2, dy: state.view.dy + (now.y - before.y) / 2 };
  state.drawing = null;
  zoom(factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
}

function dragged(by, now, event) {
  if (state.drawing) {
    state.drawing.points[state.drawing.points.length - 1] = geometry.toPicture(matrix(), now);
  } else if (state.tool === "pan" || event.buttons === 4) {
    state.view = { ...state.view, dx: state.view.dx + by.x, dy: state.view.dy + by.y };
  } else if (state.tool === "zoom" || event.buttons === 2) {
    zoom(Math.exp(-by.y / 150), { x: stage.clientWidth / 2, y: stage.clientHeight / 2 });
  } else if (state.tool === "scroll") {
    travelled += by.y;
    const high = Math.max(6, stage.clientHeight / 2 / state.series.frames.length);
    const steps = Math.trunc(travelled / high);
    if (steps) { travelled -= steps * high; step(steps); }
  } else if (state.tool === "window" && state.frame.samples) {
    const speed = Math.max(1, state.window.width) / 300;
    state.window = { center: state.window.center + by.y * speed, width: Math.max(1, state.window.width + by.x * speed) };
  }
  draw();
}

function released(event) {
  fingers.delete(event.pointerId);
  const mark = state.drawing;
  if (!mark || fingers.size) return;
  const [from, to] = mark.points;
  if (mark.points.length >= mark.needs) {
    if (mark.kind === "angle" || Math.hypot(to.x - from.x, to.y - from.y) > 0.5) marksHere().push(mark);
    state.drawing = null;
  }
  draw();
}

function tellValue(at) {
  const { frame } = state;
  if (!frame.samples) return;
  const spot = geometry.toPicture(matrix(), at);
  const value = valueAt(frame.samples, frame.about, spot.x, spot.y);
  part("told-value").textContent = value === null ? "" : `${rounded(value, 0)} ${frame.about.unit || ""}`;
}

/* ---- the page around the picture */

function showKeys() {
  part("keys").replaceChildren(...state.manifest.keys.map((one) => keyButton(one, () => {
    for (const series of state.manifest.series) {
      const at = series.frames.findIndex((frame) => frame.instance === one.instance && frame.frame === one.frame);
      if (at >= 0) openSeries(series, at);
    }
  })));
  part("no-keys").hidden = state.manifest.keys.length > 0;
}

function listen() {
  stage.addEventListener("pointerdown", pressed);
  stage.addEventListener("pointermove", moved);
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, released);
  stage.addEventListener("contextmenu", (event) => event.preventDefault());
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey || state.series.frames.length < 2) zoom(event.deltaY < 0 ? 1.15 : 0.87, place(event));
    else step(Math.sign(event.deltaY));
  }, { passive: false });
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]), textarea, select")) return;
    if (event.key === " " && event.target.closest("button, a")) return;
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
  for (const button of root.querySelectorAll("[data-tool]")) button.addEventListener("click", () => choose(button.dataset.tool));
  for (const button of root.querySelectorAll("[data-act]")) button.addEventListener("click", () => ACTS[button.dataset.act]());
  part("presets").addEventListener("change", (event) => preset(event.target.value));
  part("slider").addEventListener("input", (event) => show(Number(event.target.value) - 1));
  new ResizeObserver(draw).observe(stage);
}

const answer = await fetch(root.dataset.manifest, { headers: { Accept: "application/json" } });
state.manifest = await answer.json();
part("series").replaceChildren(
  ...state.manifest.series.map((series) => seriesButton(series, () => openSeries(series))),
);
const first = state.manifest.series.find((series) => series.frames.length);
if (first) {
  listen();
  showKeys();
  choose(LARGEST < 4096 && first.frames.length > 1 ? "scroll" : "window");
  openSeries(first);
  stage.focus({ preventScroll: true });
} else {
  for (const tools of root.querySelectorAll(".viewer-tools > *")) tools.hidden = true;
  part("problem").hidden = false;
  part("problem-text").textContent = texts.nothing;
  part("problem-file").hidden = true;
}
root.dataset.ready = "1";
