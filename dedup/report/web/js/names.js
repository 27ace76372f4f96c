// How an article, a relation and a verdict are written, everywhere alike.

/** The site and date of an article, as far as they are known. */
function originOf(table, row) {
  const site = overview.sites[table.get("site", row)];
  return [site, (table.get("date", row) || "").slice(0, 10)].filter(Boolean);
}

const WHOLE_HEAD = 118; // characters; a longer one is the cut beginning of a text

/** What an article is called: its first words, or its id where those are not here. */
function headOf(table, row) {
  const head = table.has(row) ? table.get("head", row) || table.get("id", row) : `article ${row}`;
  return head.length >= WHOLE_HEAD ? `${head.replace(/\s+\S*$/, "")} …` : head;
}

/** The id of an article in an address. */
const idOf = (table, row) => (table.has(row) ? table.get("id", row) : String(row));

const articleLink = (table, row, query) => link("article", [idOf(table, row)], query);
const clusterLink = (table, row) => link("cluster", [idOf(table, row)]);
const pairLink = (table, a, b, query) => link("pair", [idOf(table, Math.min(a, b)), idOf(table, Math.max(a, b))], query);

/** An article in a list: first words as a link, below them id, site and date. */
function articleName(table, row, href, { plain = false } = {}) {
  if (!table.has(row)) return h("span", { class: "name" }, `article ${row}, not in this page`);
  const head = own(headOf(table, row), { class: "head" });
  const title = plain ? head : h("a", { href: href || articleLink(table, row), "data-entry": "" }, head);
  const facts = [own(table.get("id", row), { class: "id" }), ...originOf(table, row).map((each) => own(each))];
  return h("span", { class: "name" }, title, h("span", { class: "facts" }, dotted(facts)));
}

/** Whether the run looked for something: duplicates, passages or repeats. */
const sought = (what) => overview.find.includes(what);

/** Why there is no pair. */
const nothingShared = () => (sought("passages") ? "No two articles share anything."
  : sought("duplicates") ? "No two articles are copies; passages were not looked for." : "No two articles are equal; passages were not looked for.");

/** A coverage, where there is one: copies alone are found without passages. */
const covered = (value) => (sought("passages") ? score(value) : "–");

/** Put middle dots between facts. */
function dotted(facts) {
  return facts.filter(Boolean).flatMap((each, place) => (place ? [" · ", each] : [each]));
}

/** A relation as a coloured label. */
function relationTag(code) {
  if (code === -1 || code === null || code === undefined) return "";
  return h("span", { class: `tag ${relationClass(code)}` }, words("relations", code));
}

/** Whether an article stays. */
function verdict(table, row) {
  const kept = table.get("kept", row);
  return h("span", { class: kept ? "verdict stays" : "verdict goes" }, kept ? "kept" : "removed");
}

/** What a lookup is done in: id, first words and site of an article. Made once for all articles. */
let lookups = null;
function lookupOf(table, row) {
  if (!lookups) lookups = new Array(table.length);
  const place = row - table.first;
  if (lookups[place] === undefined) {
    const parts = [table.get("id", row), table.get("head", row), ...originOf(table, row)];
    lookups[place] = searchable(parts.join(" "));
  }
  return lookups[place];
}

/** A row of facts: [label, value], those without a value are left out. */
function factList(facts, attributes) {
  return h("dl", { class: "facts-list", ...attributes },
    facts.filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
}

/** What is not in this page, in one sentence each. */
function leftOut(...kinds) {
  const found = (overview.left_out || []).filter((each) => !kinds.length || kinds.includes(each.what));
  if (!found.length) return null;
  return h("ul", { class: "notes" }, found.map((each) =>
    h("li", {}, `${capital(each.what)}: ${count(each.shown)} of ${count(each.total)} in this page (${each.why}).`)));
}
