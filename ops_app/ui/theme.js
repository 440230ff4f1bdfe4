// Runs before the first paint, so that a dark page never flashes white.
(() => {
  const wanted = localStorage.getItem("theme");
  const dark = wanted ? wanted === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  if (localStorage.getItem("nav") === "closed") document.documentElement.classList.add("nav-closed");
})();
