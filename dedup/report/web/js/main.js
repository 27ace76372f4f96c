// Start: what the browser must be able to do, the search box, and the first view.

/** Say why nothing can be shown; without it a page of an old browser would just stay empty. */
function unable(what) {
  fill(byId("main"), viewTitle("This browser is too old for the report"),
    h("p", {}, `It lacks ${what}. Any Chrome, Edge, Firefox or Safari from mid 2023 on can show it.`));
  byId("main").removeAttribute("aria-busy");
}

/** Look up what stands in the search box, in the list of articles. */
function onSearch(event) {
  event.preventDefault();
  hideSuggestions();
  const query = byId("search").value.trim();
  const wanted = link("articles", [], { q: query });
  if (location.hash === wanted) route();
  else location.hash = wanted;
}

/** Leave out of the bar what this result does not have. */
function fitSections() {
  for (const [view, there] of [["families", overview.sought.families], ["outlets", overview.sought.families || overview.figures?.site_matrix], ["stories", overview.sought.stories]]) {
    if (!there) byId("sections").querySelector(`[href="#/${view}"]`)?.remove();
  }
}

function start() {
  fitSections();
  startKeyboard();
  startSuggesting();
  if (typeof DecompressionStream === "undefined") {
    unable("DecompressionStream, by which the data of the page are opened");
    return;
  }
  byId("search-form").addEventListener("submit", onSearch);
  window.addEventListener("hashchange", () => {
    steps++;
    route();
  });
  route({ first: true }).then(() => document.documentElement.setAttribute("data-ready", ""));
}

start();
