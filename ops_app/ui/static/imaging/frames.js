/* Stored pixels of a frame and how they become grey: the window of DICOM PS3.3 C.11.2.1.2, by a table. */

const KINDS = { u1: Uint8Array, u2: Uint16Array, i2: Int16Array };

/* The samples of an answer; `about` is what the server said of them. */
export function samplesOf(buffer, about) {
  return new KINDS[about.kind](buffer);
}

/* Where a stored value stands in the table. */
const OFFSET = { u1: 0, u2: 0, i2: 32768 };
const SIZE = { u1: 256, u2: 65536, i2: 65536 };

/* For every stored value its grey as one opaque pixel (ABGR, as little-endian canvases want it). */
export function greyTable(about, center, width, inverted) {
  const size = SIZE[about.kind];
  const offset = OFFSET[about.kind];
  const table = new Uint32Array(size);
  const safe = Math.max(width, 1);
  const low = center - 0.5 - (safe - 1) / 2;
  const high = center - 0.5 + (safe - 1) / 2;
  const dark = Boolean(about.inverted) !== Boolean(inverted);
  for (let at = 0; at < size; at += 1) {
    const value = (at - offset) * about.slope + about.intercept;
    let grey;
    if (value <= low) grey = 0;
    else if (value > high) grey = 255;
    else grey = Math.round(((value - (center - 0.5)) / (safe - 1) + 0.5) * 255);
    if (dark) grey = 255 - grey;
    table[at] = (0xff000000 | (grey << 16) | (grey << 8) | grey) >>> 0;
  }
  return table;
}

export function paint(samples, about, table, pixels) {
  const offset = OFFSET[about.kind];
  for (let at = 0; at < samples.length; at += 1) pixels[at] = table[samples[at] + offset];
}

/* The window that shows nearly everything: from the 1st to the 99th hundredth of the values. */
export function wholeWindow(samples, about) {
  const step = Math.max(1, Math.floor(samples.length / 20000));
  const some = [];
  for (let at = 0; at < samples.length; at += step) some.push(samples[at]);
  some.sort((one, other) => one - other);
  const value = (part) => some[Math.min(some.length - 1, Math.floor(part * some.length))] * about.slope + about.intercept;
  const low = value(0.01);
  const high = value(0.99);
  return { center: (low + high) / 2 + 0.5, width: Math.max(high - low + 1, 2) };
}

/* What a place of the picture holds, in the unit of the device. */
export function valueAt(samples, about, x, y) {
  if (x < 0 || y < 0 || x >= about.columns || y >= about.rows) return null;
  return samples[Math.floor(y) * about.columns + Math.floor(x)] * about.slope + about.intercept;
}
