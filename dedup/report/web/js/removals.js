// Everything that would be removed, in one list: whole articles, and stretches inside those that stay.

views.set("removals", showRemovals);

const REMOVAL_ORDERS = [["", "most lost first"], ["size", "longest first"], ["article", "by article"]];
const LOSSES = [
  ["", "anything or nothing"], ["nothing", "nothing: all of it stays elsewhere"], ["words", "words that occur nowhere else"], ["facts", "facts that occur nowhere else"],
  ["tenth", "a tenth of an article or more"], ["stretch", "a stretch that stays nowhere in its article"]];

/** Every removal: { row, what: "article" or "inside", code, size, lost, facts, share, … }. */
async function allRemovals() {
  const [table, inside] = await Promise.all([documents(), removals()]);
  const found = [];
  for (const row of table.rows()) {
    if (table.get("kept", row)) continue;
    const lostWords = table.get("lost_tokens", row) || 0;
    found.push({ row, whole: true, code: table.get("relation", row), size: table.get("characters", row) || 0, lost: lostWords, facts: table.get("lost_facts", row) || 0, share: table.get("lost_share", row) || 0 });
  }
  for (const each of inside) found.push({ ...each, whole: false, code: each.reason, size: each.end - each.start, lost: 0, facts: 0, share: 0 });
  return found;
}

const reasonKey = (each) => (each.whole ? `article:${overview.relations[each.code] || "none"}` : `inside:${overview.reasons[each.code]}`);
const reasonWords = (key) => {
  const [where, name] = splitOnce(key, ":");
  return where === "article" ? `whole article: ${words("relations", name)}` : words("reasons", name);
};
const LOSS_TESTS = {
  nothing: (each) => (each.whole ? !each.lost : Boolean(each.stays)),
  words: (each) => each.lost > 0, facts: (each) => each.facts > 0, tenth: (each) => each.share >= 0.1,
  stretch: (each) => !each.whole && !each.stays,
};

async function showRemovals(parts, query) {
  const [table, all] = await Promise.all([documents(), once("all-removals", allRemovals)]);
  const asked = { q: query.q || "", reason: query.reason || "", loss: query.loss || "", sort: query.sort || "" };
  const list = new PagedTable(removalColumns(table, all.some((each) => each.whole)), {
    caption: "Removals", quiet: true, class: "removals", size: 25, onpage: (page) => remember({ page: page > 1 ? page : "" }), empty: all.length ? "No such removal." : "Nothing would be removed.",
  });
  const said = h("p", { class: "quiet", role: "status" });
  const update = (page = 1) => {
    let chosen = all.filter((each) => !asked.reason || reasonKey(each) === asked.reason || asked.reason === (each.whole ? "article:" : "inside:"));
    if (asked.loss) chosen = chosen.filter(pick(LOSS_TESTS, asked.loss, () => true));
    chosen = filtered(chosen, asked.q, (each) => (table.has(each.row) ? lookupOf(table, each.row) : ""));
    const [whole, inside] = [chosen.filter((each) => each.whole), chosen.filter((each) => !each.whole)];
    const characters = chosen.reduce((sum, each) => sum + each.size, 0);
    const lost = whole.reduce((sum, each) => sum + each.lost, 0);
    fill(said, `${counted(whole.length, "whole article")} and ${counted(inside.length, "stretch", "stretches")} inside articles, ${counted(characters, "character")} in all.${lost ? ` ${counted(lost, "word")} of the articles ${lost === 1 ? "stands" : "stand"} nowhere else.` : ""}`);
    list.set(sortedRemovals(chosen, asked.sort), page);
    remember({ ...asked, page: page > 1 ? page : "" });
  };
  const node = h("div", {}, viewTitle("Removals"),
    h("p", { class: "lede" }, "Everything that would go, with the reason, and with what would be lost by it. A copy loses what stands nowhere in the article that is kept for it; a repeat loses nothing, as one of it stays."),
    h("div", { class: "controls" }, filterBox("Filter by id, first words or site", asked.q, (value) => { asked.q = value; update(); }),
      chooser("Reason", reasonOptions(all), asked.reason, (value) => { asked.reason = value; update(); }),
      chooser("What would be lost", LOSSES, asked.loss, (value) => { asked.loss = value; update(); }),
      chooser("Order", REMOVAL_ORDERS, asked.sort, (value) => { asked.sort = value; update(); })),
    said, list.node, leftOut("removals", "documents"));
  return { title: "Removals", section: "removals", node, shown: () => update(query.page) };
}

function reasonOptions(all) {
  const sums = new Map();
  for (const each of all) sums.set(reasonKey(each), (sums.get(reasonKey(each)) || 0) + 1);
  const some = (where) => [...sums].filter(([key]) => key.startsWith(where)).sort((a, b) => b[1] - a[1]);
  const named = (entries) => entries.map(([key, value]) => [key, `${reasonWords(key)} (${count(value)})`]);
  const [whole, inside] = [some("article:"), some("inside:")];
  return [["", "all"], ...(whole.length ? [["article:", "whole articles"], ...named(whole)] : []), ...(inside.length ? [["inside:", "inside articles"], ...named(inside)] : [])];
}

function sortedRemovals(list, order) {
  const orders = {
    size: (a, b) => b.size - a.size,
    article: (a, b) => a.row - b.row || (a.start || 0) - (b.start || 0),
  };
  const lost = (a, b) => b.share - a.share || b.lost - a.lost || Boolean(a.stays) - Boolean(b.stays) || b.size - a.size;
  return [...list].sort((a, b) => pick(orders, order, lost)(a, b) || a.row - b.row);
}

function removalColumns(table, some) {
  return [
    { label: "what goes", header: true, cell: (each) => (each.whole ? articleName(table, each.row) : stretchName(table, each)) },
    { label: "reason", cell: (each) => (each.whole ? relationTag(each.code) || "copy" : h("span", { class: `tag reason ${colour(each.code)}` }, words("reasons", each.code))) },
    { label: "characters", class: "number", cell: (each) => count(each.size) },
    { label: "what is lost", cell: (each) => lossOf(each) },
    some ? { label: "instead", cell: (each) => insteadOf(table, each) } : null,
  ].filter(Boolean);
}

/** What stands in a removed stretch, as soon as its text is open; the article below it. */
function stretchName(table, each) {
  const box = own("…", { class: "head" });
  textOf(each.row).then((text) => fill(box, text ? quotedStretch(text, each) : "text not in this page")).catch((error) => fill(box, String(error.message)));
  const name = table.has(each.row) ? h("a", { href: articleLink(table, each.row), "data-entry": "" }, own(headOf(table, each.row))) : `article ${each.row}`;
  return h("span", { class: "name" }, box, h("span", { class: "facts" }, "in ", name));
}

function quotedStretch(text, each) {
  const said = excerptOf(text.text.slice(text.unit(each.start), text.unit(each.end)), 160);
  return said.replace(/[\s\u200b-\u200f\u2060\ufeff]/g, "") ? `“${said}”` : h("span", { class: "quiet" }, "nothing that can be seen");
}

function lossOf(each) {
  if (!each.whole) return each.stays ? h("span", { class: "quiet" }, "nothing: one of it stays") : "all of it";
  if (!each.lost) return h("span", { class: "quiet" }, "nothing");
  return `${counted(each.lost, "word")} (${percent(each.share)})${each.facts ? `, ${counted(each.facts, "fact")}` : ""}`;
}

function insteadOf(table, each) {
  if (!each.whole) return "";
  const other = table.get("duplicate_of", each.row);
  if (other < 0 || !table.has(other)) return "";
  return h("span", { class: "name" }, h("a", { href: pairLink(table, each.row, other) }, "compare", unseen(` ${idOf(table, each.row)} with ${idOf(table, other)}`)),
    h("span", { class: "facts" }, "stays: ", own(excerptOf(headOf(table, other), 60))));
}
