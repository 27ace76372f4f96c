// The search box of the header answers while one types: articles, stories and families.

const MOST_SUGGESTED = 4; // of each kind
let suggesting = 0;
let suggestedAt = -1; // the entry that is chosen with the arrow keys

/** What matches a query: { kind, text, facts, href } of each kind, and how many articles do. */
async function suggestions(query) {
  const [table, told, passed] = await Promise.all([documents(), stories(), families()]);
  const rows = filtered(table.rows(), query, (row) => lookupOf(table, row));
  const inStories = filtered(told.list, query, (each) => storyLookup(table, each));
  const inFamilies = filtered(passed.list, query, familyLookup).sort((a, b) => isRepetitive(a) - isRepetitive(b) || a.place - b.place);
  const made = [
    ...inStories.slice(0, MOST_SUGGESTED).map((each) => ({ kind: "story", text: storyHead(table, each), facts: `${counted(each.articles, "article")} · ${each.words.slice(0, 4).join(", ")}`, href: storyLink(table, each) })),
    ...inFamilies.slice(0, MOST_SUGGESTED).map((each) => ({ kind: words("family_kinds", each.kind), text: excerptOf(each.wording, 90), facts: standsIn(each), href: familyLink(each) })),
    ...rows.slice(0, MOST_SUGGESTED).map((row) => ({ kind: "article", text: headOf(table, row), facts: dotted([idOf(table, row), ...originOf(table, row)]).join(""), href: articleLink(table, row) })),
  ];
  const all = { kind: "all", text: rows.length ? `All ${counted(rows.length, "article")} with “${query}”` : `Search for “${query}” in the texts`, facts: "Enter", href: link("articles", [], { q: query, in: rows.length ? "" : "texts" }) };
  return [...made, all];
}

async function suggest() {
  const [box, list] = [byId("search"), byId("suggestions")];
  const query = box.value.trim();
  const turn = ++suggesting;
  suggestedAt = -1;
  box.removeAttribute("aria-activedescendant");
  if (query.length < 2) return hideSuggestions();
  const found = await suggestions(query);
  if (turn !== suggesting || document.activeElement !== box) return undefined;
  fill(list, found.map((each, place) => h("li", { role: "option", id: `suggestion-${place}`, "aria-selected": "false", "data-href": each.href, onpointerdown: (event) => { event.preventDefault(); follow(each.href); } },
    h("span", { class: "suggested-kind" }, each.kind === "all" ? "" : each.kind), own(each.text, { class: "suggested" }), h("span", { class: "facts" }, own(each.facts)))));
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
  announce(`${counted(found.length - 1, "suggestion")}`);
  return undefined;
}

function hideSuggestions() {
  suggesting++;
  suggestedAt = -1;
  byId("suggestions").hidden = true;
  byId("search").setAttribute("aria-expanded", "false");
  byId("search").removeAttribute("aria-activedescendant");
}

function follow(href) {
  hideSuggestions();
  byId("search").blur();
  if (location.hash === href) route();
  else location.hash = ownLink(href);
}

/** Arrow keys choose a suggestion, Enter opens it; Escape closes the list before it leaves the box. */
function onSuggestKey(event) {
  const list = byId("suggestions");
  if (list.hidden) return;
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) {
    const entries = [...list.children];
    suggestedAt = (suggestedAt + by + entries.length + (suggestedAt < 0 && by < 0 ? 1 : 0)) % entries.length;
    entries.forEach((each, place) => each.setAttribute("aria-selected", String(place === suggestedAt)));
    byId("search").setAttribute("aria-activedescendant", `suggestion-${suggestedAt}`);
    entries[suggestedAt].scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" && suggestedAt >= 0) follow(list.children[suggestedAt].dataset.href);
  else if (event.key === "Escape") hideSuggestions();
  else return;
  event.preventDefault();
}

function startSuggesting() {
  const box = byId("search");
  box.addEventListener("input", settled(suggest, 120));
  box.addEventListener("keydown", onSuggestKey);
  box.addEventListener("blur", hideSuggestions);
}
