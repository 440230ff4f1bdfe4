/* Frames as the server gives them, the last ones kept in memory: nothing of a patient is left in the browser's cache. */

const KEPT = 160 * 1024 * 1024;

export function loader(samplesOf, largest, broken) {
  const kept = new Map();
  let bytes = 0;

  function forget(besides) {
    for (const [url, old] of kept) {
      if (bytes <= KEPT || url === besides) return;
      kept.delete(url);
      bytes -= old.size;
    }
  }

  async function load(entry) {
    if (kept.has(entry.url)) {
      const found = kept.get(entry.url);
      kept.delete(entry.url);
      kept.set(entry.url, found);
      return found;
    }
    const answer = await fetch(`${entry.url}&most=${largest}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) {
      const told = await answer.json().catch(() => ({}));
      throw new Error(told.error || broken);
    }
    const about = JSON.parse(answer.headers.get("X-Frame"));
    const frame = about.kind === "colour"
      ? { about, bitmap: await createImageBitmap(await answer.blob()) }
      : { about, samples: samplesOf(await answer.arrayBuffer(), about) };
    frame.size = about.rows * about.columns * (frame.bitmap ? 4 : frame.samples.BYTES_PER_ELEMENT);
    if (!kept.has(entry.url)) bytes += frame.size;
    kept.set(entry.url, frame);
    forget(entry.url);
    return frame;
  }

  return { load, has: (entry) => kept.has(entry.url) };
}
