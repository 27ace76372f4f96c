// The list of families, and one family: where it stands, when, and how its occurrences differ.

views.set("families", showFamilies);
views.set("family", showFamily);

const FAMILY_ORDERS = [["", "most outlets first"], ["articles", "most articles first"], ["length", "longest first"], ["newest", "newest first"], ["oldest", "oldest first"]];
const REPETITIVE = ["phrase", "own_text", "template"]; // true repeats that say little: always last
const SAYING = "says"; // all other kinds
const MOST_OWNERS = 3; // that are named in a list

const kindOf = (family) => overview.family_kinds[family.kind];
const isRepetitive = (family) => REPETITIVE.includes(kindOf(family));
const familyLink = (family) => link("family", [String(family.family)]);
const ownerOf = (each) => overview.owners[each.owner] || "";
const inWording = (family) => family.members.filter((each) => !each.variant);

/** The kind of a family as a coloured label. */
const kindTag = (family) => h("span", { class: `tag kind-${kindOf(family)}` }, words("family_kinds", family.kind));

/** Where a family stands, in words: in 14 articles of 6 outlets. */
function standsIn(family) {
  const outlets = family.owners > 1 ? ` of ${counted(family.owners, "outlet")}` : "";
  return `in ${counted(family.articles, "article")}${outlets}`;
}

/** Who said a family, which agency it is of, and where it was first. */
function familyFacts(table, family) {
  const first = table.has(family.first_row) ? originOf(table, family.first_row)[0] : null;
  return [
    family.speaker ? ["said by ", own(family.speaker)] : null,
    family.agency ? [own(family.agency), `, credited by ${count(family.credits)} of ${count(family.articles)}`] : null,
    first ? ["first seen in ", own(first)] : null,
    family.copies ? `${count(family.copies)} of the articles ${family.copies === 1 ? "is a copy" : "are copies"}` : null,
  ].filter(Boolean);
}

/** The outlets of a family, those of most occurrences first. */
function ownersOf(family) {
  const sums = new Map();
  for (const each of inWording(family)) {
    const name = ownerOf(each);
    if (name) sums.set(name, (sums.get(name) || 0) + 1);
  }
  return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
}

function ownersSaid(family) {
  const owners = ownersOf(family);
  if (!owners.length) return null;
  const shown = owners.slice(0, MOST_OWNERS).flatMap((each, place) => [place ? ", " : "", own(each)]);
  return h("span", {}, shown, owners.length > MOST_OWNERS ? ` and ${count(owners.length - MOST_OWNERS)} more` : "");
}

/** A family in a list: its wording as a link, and what is known of it. */
function familyName(table, family, most = 220) {
  return h("span", { class: "name" },
    h("a", { href: familyLink(family), "data-entry": "" }, own(excerptOf(family.wording, most), { class: "wording" })),
    h("span", { class: "facts" }, dotted([kindTag(family), ...familyFacts(table, family), ownersSaid(family)])));
}

async function showFamilies(parts, query) {
  if (!overview.sought.families) return lost("Families are not in this result", "They come with the search for passages (--find passages) of this version.");
  const [table, { list: all }] = await Promise.all([documents(), families()]);
  const asked = { q: query.q || "", kind: query.kind || "", sort: query.sort || "" };
  const times = new Map();
  const timesOfFamily = (family) => {
    if (!times.has(family)) times.set(family, timesOf(table, inWording(family).map((each) => each.row)));
    return times.get(family);
  };
  const dated = all.some((each) => each.first_date);
  const list = new PagedTable([
    { label: "wording", header: true, cell: (each) => familyName(table, each) },
    dated ? { label: "when", class: "when", cell: (each) => timeStrip(timesOfFamily(each), "occurrence") } : null,
    { label: "articles", class: "number", cell: (each) => count(each.articles) },
    overview.owners.length ? { label: "outlets", class: "number", cell: (each) => count(each.owners) } : null,
    { label: "words", class: "number", cell: (each) => count(each.tokens) },
  ].filter(Boolean), { caption: "Families", quiet: true, class: "families", size: 25, onpage: (page) => remember({ page: page > 1 ? page : "" }), empty: all.length ? "No such family." : "No passage stands in two articles." });
  const said = h("p", { class: "quiet", role: "status" });
  const update = (page = 1) => {
    const ofKind = all.filter((each) => !asked.kind || (asked.kind === SAYING ? !isRepetitive(each) : kindOf(each) === asked.kind));
    const chosen = sortedFamilies(filtered(ofKind, asked.q, (each) => familyLookup(each)), asked.sort, timesOfFamily);
    fill(said, `${counted(chosen.length, "family", "families")}${asked.kind ? "" : familiesByKind(chosen)}`);
    list.set(chosen, page);
    remember({ ...asked, page: page > 1 ? page : "" });
  };
  const present = overview.family_kinds.filter((name, code) => all.some((each) => each.kind === code));
  const kinds = [["", "all"], [SAYING, "without phrases and templates"], ...present.map((name) => [name, words("family_kinds", name)])];
  const node = h("div", {}, viewTitle("Families"),
    h("p", { class: "lede" }, "A family is one wording with every place it stands: a quote, agency text, a press release. What repeats without saying much (phrases, templates) comes last in any order."),
    h("div", { class: "controls" }, filterBox("Filter by words, speaker, agency or outlet", asked.q, (value) => { asked.q = value; update(); }),
      chooser("Kind", kinds, asked.kind, (value) => { asked.kind = value; update(); }),
      chooser("Order", FAMILY_ORDERS.filter(([name]) => dated || !["newest", "oldest"].includes(name)), asked.sort, (value) => { asked.sort = value; update(); })),
    said, list.node, leftOut("families", "occurrences"));
  return { title: "Families", section: "families", node, shown: () => update(query.page) };
}

/** What a family is looked up by. */
function familyLookup(family) {
  family.lookup ??= searchable([family.wording, family.speaker, family.agency, ...ownersOf(family)].filter(Boolean).join(" "));
  return family.lookup;
}

function familiesByKind(list) {
  const sums = new Map();
  for (const each of list) sums.set(each.kind, (sums.get(each.kind) || 0) + 1);
  const told = [...sums].sort((a, b) => a[0] - b[0]).map(([kind, value]) => `${count(value)} × ${words("family_kinds", kind)}`);
  return told.length ? `: ${told.join(", ")}` : "";
}

function sortedFamilies(list, order, timesOfFamily) {
  const time = (each, end) => timesOfFamily(each).at(end) ?? null;
  const late = (a, b) => (b ?? -Infinity) - (a ?? -Infinity) || 0;
  const compare = {
    "": (a, b) => b.owners - a.owners || b.articles - a.articles,
    articles: (a, b) => b.articles - a.articles,
    length: (a, b) => b.tokens - a.tokens,
    newest: (a, b) => late(time(a, -1), time(b, -1)),
    oldest: (a, b) => (time(a, 0) ?? Infinity) - (time(b, 0) ?? Infinity) || 0,
  };
  const chosen = pick(compare, order, compare[""]);
  return [...list].sort((a, b) => isRepetitive(a) - isRepetitive(b) || chosen(a, b) || a.place - b.place);
}

async function showFamily([number], query) {
  const [table, { list: all }] = await Promise.all([documents(), families()]);
  const family = all.find((each) => String(each.family) === number);
  if (!family) return lost("No such family in this report", leftOut("families"));
  const center = family.members.find((each) => each.representative) || family.members[0];
  const text = center ? await textOf(center.row) : null;
  const wording = text ? { text: text.text, start: text.unit(center.start), end: text.unit(center.end) } : null;
  const chosen = family.members.filter((each) => !each.variant).sort(byTime(table, center));
  const others = family.members.filter((each) => each.variant).sort((a, b) => a.variant - b.variant || a.row - b.row);
  const whole = wording ? wording.text.slice(wording.start, wording.end) : family.wording;
  const entries = chosen.map((each) => ({
    row: each.row, id: idOf(table, each.row), name: ownerOf(each), class: each.row === family.first_row ? "begins" : "",
    told: dotted([ownerOf(each), timeOf(table, each.row) ? dayName(timeOf(table, each.row)) : "", headOf(table, each.row)]).join(""),
  }));
  const list = new PagedTable(occurrenceColumns(table, family, center, wording), {
    caption: "Occurrences", quiet: true, class: "occurrences", size: 25, onpage: (page) => remember({ page: page > 1 ? page : "" }),
  });
  const node = h("article", { class: "family" },
    viewTitle(unseen("Family: "), own(excerptOf(family.wording, 90))),
    h("p", { class: "lede" }, kindTag(family), ` ${standsIn(family)}`, familyFacts(table, family).map((each) => [" · ", each])),
    h("blockquote", { class: "wording whole", dir: "auto" }, excerptOf(whole, 4000)),
    familyNumbers(family),
    outletTimeline(table, entries, "When it appeared, by outlet", family.first_row >= 0 ? [["when-dot", "an article"], ["when-dot begins", "the first"]] : null)
      || h("p", { class: "quiet" }, "No article with it has a date, so nothing tells where it was first."),
    h("section", { "aria-labelledby": "occurrences" }, h("h2", { id: "occurrences" }, "Every occurrence"),
      h("p", { class: "quiet" }, "Compared with the representative wording: ", h("mark", { class: "more" }, "words added"), " and ", h("del", { class: "less" }, "words left out"), ". Equal words are folded."), list.node),
    others.length ? variantsOf(table, family, center, wording, others) : null, leftOut("occurrences"));
  return { title: excerptOf(family.wording, 60), section: "families", node, shown: () => list.set(chosen, query.page) };
}

/** The representative first, then in order of time, undated ones last. */
function byTime(table, center) {
  const time = (each) => timeOf(table, each.row) ?? Infinity;
  return (a, b) => (b === center) - (a === center) || (time(a) === time(b) ? a.row - b.row : time(a) - time(b));
}

function familyNumbers(family) {
  return factList([
    ["articles", count(family.articles)], ["of them copies", family.copies ? count(family.copies) : null],
    ["outlets", family.owners ? count(family.owners) : null], ["words", count(family.tokens)],
    ["found by their wording alone", family.completed ? count(family.completed) : null],
    ["other forms", family.variants ? count(family.variants) : null],
    ["first", family.first_date ? family.first_date.slice(0, 10) : null], ["last", family.last_date ? family.last_date.slice(0, 10) : null],
  ]);
}

function occurrenceColumns(table, family, center, wording) {
  return [
    { label: "article", header: true, cell: (each) => articleName(table, each.row, articleLink(table, each.row, { family: family.family })) },
    { label: "how it stands there", cell: (each) => occurrenceText(each, center, wording) },
    { label: "", note: "side by side", cell: (each) => (each.row === center.row || !table.has(each.row) ? "" : h("a", { href: pairLink(table, each.row, center.row) }, "compare", unseen(` ${idOf(table, each.row)} with ${idOf(table, center.row)}`))) },
  ];
}

/** What an occurrence says, with what differs from the representative; filled in when the text is open. */
function occurrenceText(each, center, wording) {
  if (each === center) return h("span", { class: "quiet" }, "the representative wording, as above");
  const box = h("span", { class: "wording", dir: "auto" }, "…");
  textOf(each.row).then((text) => {
    if (!text) return fill(box, h("span", { class: "quiet" }, "its text is not in this page"));
    const span = { start: text.unit(each.start), end: text.unit(each.end) };
    if (!wording) return fill(box, excerptOf(text.text.slice(span.start, span.end), 300));
    return fill(box, inlineDifferences(wording.text, wording, text.text, span));
  }).catch((error) => fill(box, String(error.message)));
  return box;
}

function variantsOf(table, family, center, wording, others) {
  const list = new PagedTable([
    { label: "form", class: "number", cell: (each) => count(each.variant) },
    ...occurrenceColumns(table, family, center, wording),
  ], { caption: "Other forms", quiet: true, class: "occurrences", size: 10 }).set(others);
  return h("section", { "aria-labelledby": "variants" }, h("h2", { id: "variants" }, "Other forms of it"),
    h("p", { class: "quiet" }, "Wordings that stand in the same places, longer or shorter. They are not counted again."), list.node);
}
