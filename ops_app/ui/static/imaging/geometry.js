/* Places on the picture and on the screen, lengths and angles; no document is touched here. */

export function freshView() {
  return { zoom: 1, dx: 0, dy: 0, turn: 0, flip: false };
}

/* Rows and columns of a picture need not lie equally far apart. */
export function aspect(about) {
  return about.spacing && about.spacing[1] > 0 ? about.spacing[0] / about.spacing[1] : 1;
}

/* The matrix [a, b, c, d, e, f] from the picture to the stage, for a stage of this size. */
export function matrixOf(view, about, width, height) {
  const tall = about.rows * aspect(about);
  const turned = view.turn % 180 !== 0;
  const fit = Math.min(width / (turned ? tall : about.columns), height / (turned ? about.columns : tall));
  const scale = fit * view.zoom;
  const sx = view.flip ? -scale : scale;
  const sy = scale * aspect(about);
  const angle = (view.turn * Math.PI) / 180;
  const cos = Math.round(Math.cos(angle));
  const sin = Math.round(Math.sin(angle));
  const [a, b, c, d] = [cos * sx, sin * sx, -sin * sy, cos * sy];
  const e = width / 2 + view.dx - (a * about.columns) / 2 - (c * about.rows) / 2;
  const f = height / 2 + view.dy - (b * about.columns) / 2 - (d * about.rows) / 2;
  return [a, b, c, d, e, f];
}

export function toStage([a, b, c, d, e, f], point) {
  return { x: a * point.x + c * point.y + e, y: b * point.x + d * point.y + f };
}

export function toPicture([a, b, c, d, e, f], point) {
  const whole = a * d - b * c;
  const x = point.x - e;
  const y = point.y - f;
  return { x: (d * x - c * y) / whole, y: (a * y - b * x) / whole };
}

/* Zoom about a place of the stage, which stays under the finger. */
export function zoomed(view, about, width, height, at, factor) {
  const zoom = Math.min(40, Math.max(0.2, view.zoom * factor));
  const held = toPicture(matrixOf(view, about, width, height), at);
  const next = { ...view, zoom };
  const moved = toStage(matrixOf(next, about, width, height), held);
  return { ...next, dx: next.dx + at.x - moved.x, dy: next.dy + at.y - moved.y };
}

function between(from, to, spacing) {
  return [(to.x - from.x) * spacing[1], (to.y - from.y) * spacing[0]];
}

/* A length in millimetres, or in pixels where the picture has no scale. */
export function lengthOf(from, to, spacing) {
  const [x, y] = between(from, to, spacing || [1, 1]);
  return { value: Math.hypot(x, y), unit: spacing ? "mm" : "px" };
}

/* The angle at `corner` in degrees, 0 to 180. */
export function angleOf(from, corner, to, spacing) {
  const one = between(corner, from, spacing || [1, 1]);
  const other = between(corner, to, spacing || [1, 1]);
  const sizes = Math.hypot(...one) * Math.hypot(...other);
  if (!sizes) return 0;
  const cos = (one[0] * other[0] + one[1] * other[1]) / sizes;
  return (Math.acos(Math.min(1, Math.max(-1, cos))) * 180) / Math.PI;
}
