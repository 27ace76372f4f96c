// Which view is shown: the part of the address behind the #, so that a reload and a bookmark work.

const views = new Map(); // name → (parts, query) → { title, section, node, keys, shown } or a promise
let currentView = null;
let routing = 0;
let shownAt = ""; // the address of the view that is shown
const left = new Map(); // address → where one was in that view when one went on

/** Return the link to a view: link("pair", [a, b], { p: 2 }). */
function link(view, parts = [], query = {}) {
  const path = ["#", view, ...parts.map(encodeURIComponent)].filter((each) => each !== "");
  const asked = Object.entries(query).filter(([, value]) => value !== "" && value !== null);
  const search = new URLSearchParams(asked).toString();
  return `${path.length > 1 ? path.join("/") : "#/"}${search ? `?${search}` : ""}`;
}

/** Return { view, parts, query } of the address. */
function place() {
  const address = location.hash.startsWith("#/") ? location.hash.slice(2) : "";
  const [path, search] = splitOnce(address, "?");
  const [view, ...parts] = path.split("/").map(decoded);
  return { view: view || "", parts, query: Object.fromEntries(new URLSearchParams(search)) };
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Change the query of the address without another view: a filter or a page of a list. */
function remember(query) {
  const now = place();
  history.replaceState(history.state, "", link(now.view, now.parts, { ...now.query, ...query }));
  shownAt = location.hash;
}

/** Something to show where a view is not: what was asked for and what can be done. */
function lost(title, ...children) {
  return {
    title,
    node: h("section", { class: "lost" }, viewTitle(title), ...children.map((each) => h("p", {}, each)),
      h("p", {}, h("a", { href: "#/" }, "Go to the overview"))),
  };
}

const unknownArticle = (id) =>
  lost("No such article in this report", h("span", {}, "There is no article ", own(id, { class: "id" }), " here."),
    documentsLeftOut());

function documentsLeftOut() {
  const found = (overview.left_out || []).find((each) => each.what === "documents");
  return found ? `${count(found.shown)} of ${counted(found.total, "article")} are in this page (${found.why}).` : "";
}

/** Show the view of the address. */
async function route({ first = false } = {}) {
  if (!first && location.hash && !location.hash.startsWith("#/")) return; // a place in this view
  if (!first) left.set(shownAt, { top: scrollY, link: document.activeElement?.getAttribute("href") });
  const turn = ++routing;
  const { view, parts, query } = place();
  const main = byId("main");
  main.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => turn === routing && main.classList.add("waiting"), 250);
  let shown;
  try {
    const make = views.get(view);
    shown = make
      ? await make(parts, query)
      : lost("No such page", h("span", {}, "The address names ", own(`“${view}”`), ", which is no part of this report."));
  } catch (error) {
    console.error(error);
    shown = lost("This part of the report could not be shown", String(error && error.message));
  }
  clearTimeout(slow);
  if (turn !== routing) return;
  main.classList.remove("waiting");
  try {
    present(main, shown, view, first);
  } catch (error) {
    console.error(error);
    present(main, lost("This part of the report could not be shown", String(error && error.message)), view, first);
  }
}

function present(main, shown, view, first) {
  if (currentView && currentView.gone) currentView.gone();
  currentView = shown;
  fill(main, shown.node);
  main.removeAttribute("aria-busy");
  document.title = shown.title === overview.title ? overview.title : `${shown.title} · ${overview.title}`;
  document.documentElement.dataset.view = view || "overview";
  for (const each of byId("sections").children) {
    if (each.getAttribute("href") === link(shown.section ?? view)) {
      each.setAttribute("aria-current", "page");
      each.parentElement.scrollLeft = each.offsetLeft - each.parentElement.clientWidth / 2;
    } else each.removeAttribute("aria-current");
  }
  window.scrollTo(0, 0);
  shownAt = location.hash;
  const before = left.get(shownAt);
  left.delete(shownAt);
  if (!first) (main.querySelector("h1") || main).focus({ preventScroll: true });
  if (shown.shown) shown.shown();
  if (before) comeBack(main, before);
}

/** Be again where one was in a list when one left it. */
function comeBack(main, { top, link: chosen }) {
  const entry = [...main.querySelectorAll("a[data-entry]")].find((each) => each.getAttribute("href") === chosen);
  if (!entry) return;
  entry.focus({ preventScroll: true });
  window.scrollTo(0, top);
}
