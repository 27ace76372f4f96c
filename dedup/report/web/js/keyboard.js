// Keys for everything, and the choice of light or dark.

const LETTERS = { o: "", l: "look", f: "families", s: "stories", w: "outlets", r: "removals", c: "clusters", p: "pairs", a: "articles", g: "graph", m: "method" };
let going = 0; // when g was pressed
let steps = 0; // from view to view, so that there is something to go back to

const typing = (element) => element.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=range], [type=button])");

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape") return onEscape(event);
  if (byId("help").open || typing(event.target)) return;
  if (act(event)) event.preventDefault();
}

/** Do what a key stands for; tell whether it stands for something. */
function act(event) {
  const key = event.key;
  const led = Date.now() - going < 1500;
  going = 0;
  if (led && key in LETTERS) return go(LETTERS[key]);
  if (key === "g") return Boolean((going = Date.now()));
  if (/^[0-9]$/.test(key) && event.target.type !== "range") return go(sectionOf(key));
  if (key === "/") return focusOn(byId("search"));
  if (key === "?") return openHelp();
  if (key === "d") return turnTheme();
  if (key === "[" || key === "]") return turnPage(key === "[" ? -1 : 1);
  const own = currentView?.keys?.[key];
  if (own) {
    own();
    return true;
  }
  return key.startsWith("Arrow") && event.target.type !== "range" && moveInList(event);
}

/** The section behind a digit, in the order of the bar; 0 is the tenth. */
const sectionOf = (key) => byId("sections").children[(Number(key) + 9) % 10]?.getAttribute("href").slice(2);

function go(view) {
  if (view === undefined) return false;
  const wanted = link(view);
  if (location.hash === wanted || (!view && !location.hash)) route();
  else location.hash = wanted;
  return true;
}

function focusOn(element) {
  element.focus();
  if (element.select) element.select();
  return true;
}

function onEscape(event) {
  const { target } = event;
  if (byId("help").open) return;
  if (target.id === "search" || typing(target)) {
    target.blur();
    byId("main").focus({ preventScroll: true });
  } else if (["article", "pair", "cluster", "family", "story"].includes(place().view)) {
    if (steps > 0) history.back();
    else go(currentView?.section || "");
  }
}

function openHelp() {
  byId("help").showModal();
  return true;
}

/** Turn a page of the list that has the focus, else of the first one that has pages. */
function turnPage(by) {
  const lists = [...document.querySelectorAll("main .paged")].filter((each) => each.paged.pages > 1);
  const list = lists.find((each) => each.contains(document.activeElement)) || lists[0];
  if (!list) return false;
  const { paged } = list;
  const page = Math.min(Math.max(1, paged.page + by), paged.pages);
  if (page !== paged.page) paged.show(page);
  return true;
}

/** Go up and down the entries of a list. In a box that scrolls the arrow keys scroll it. */
function moveInList(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || event.target.closest(".pane, .scrolls")) return false;
  const entries = [...document.querySelectorAll("main a[data-entry]")];
  const at = entries.indexOf(document.activeElement);
  if (at < 0 && by < 0) return false;
  const inView = (each) => each.getBoundingClientRect().top >= byId("top").offsetHeight;
  const next = at < 0 ? entries.find(inView) || entries[0] : entries[at + by];
  if (!next) return false;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

const DARK = matchMedia("(prefers-color-scheme: dark)");
const THEME = "dedup-report-theme";

function storedTheme() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null; // a page opened from a file may not be allowed to
  }
}

const isDark = () => (document.documentElement.dataset.theme || (DARK.matches ? "dark" : "light")) === "dark";

function showTheme() {
  byId("theme").setAttribute("aria-pressed", String(isDark()));
}

function turnTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // then it holds for this page only
  }
  showTheme();
  announce(`${capital(theme)} colours`);
  return true;
}

function startKeyboard() {
  const stored = storedTheme();
  if (stored === "dark" || stored === "light") document.documentElement.dataset.theme = stored;
  showTheme();
  DARK.addEventListener("change", showTheme);
  document.addEventListener("keydown", onKey);
  byId("theme").addEventListener("click", turnTheme);
  byId("help-open").addEventListener("click", openHelp);
  byId("help-close").addEventListener("click", (event) => {
    event.preventDefault();
    byId("help").close();
  });
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
}
