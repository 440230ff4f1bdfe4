/* Lengths and angles over the picture: what they say, and their lines. */

const SVG = "http://www.w3.org/2000/svg";

export const rounded = (value, digits = 1) => value.toFixed(digits).replace(".", ",");

/** Marks by this arithmetic (geometry.js) in the words of the page. */
export function marksBy({ angleOf, lengthOf, toStage }, texts) {
  /** What stands beside a mark; empty while points are missing. */
  function told(mark, about) {
    const points = mark.points;
    if (points.length < mark.needs) return "";
    if (mark.kind === "angle") return `${rounded(angleOf(points[0], points[1], points[2], about.spacing), 0)}°`;
    const { value, unit } = lengthOf(points[0], points[1], about.spacing);
    const scale = unit === "px" ? ` (${texts.uncalibrated})` : about.at_detector ? ` (${texts.detector})` : "";
    return `${rounded(value)} ${texts.units[unit]}${scale}`;
  }

  /** One SVG group a mark; `width` of the stage keeps the words inside. */
  function drawn(marks, matrix, about, width) {
    return marks.map((mark) => {
      const group = document.createElementNS(SVG, "g");
      const line = document.createElementNS(SVG, "polyline");
      const places = mark.points.map((point) => toStage(matrix, point));
      line.setAttribute("points", places.map(({ x, y }) => `${x},${y}`).join(" "));
      const text = document.createElementNS(SVG, "text");
      const last = places[places.length - 1];
      text.setAttribute("x", Math.min(last.x + 6, width - 150));
      text.setAttribute("y", last.y - 6);
      text.textContent = told(mark, about);
      group.append(line, text);
      return group;
    });
  }

  return { told, drawn };
}
