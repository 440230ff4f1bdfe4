/* The buttons beside the picture: series and key images. */

function button(chosen) {
  const made = document.createElement("button");
  made.type = "button";
  made.addEventListener("click", chosen);
  return made;
}

export function seriesButton(series, chosen) {
  const made = button(chosen);
  made.dataset.seriesId = series.id;
  const picture = document.createElement(series.thumbnail ? "img" : "span");
  if (series.thumbnail) Object.assign(picture, { src: series.thumbnail, alt: "", loading: "lazy" });
  else picture.textContent = series.modality || "—";
  const title = document.createElement("span");
  title.textContent = `${series.title} · ${series.frames.length || ""}`.replace(/ · $/, "");
  made.append(picture, title);
  return made;
}

export function keyButton(one, chosen) {
  const made = button(chosen);
  made.append(Object.assign(document.createElement("img"), { src: one.picture, alt: one.title, title: one.title }));
  return made;
}
