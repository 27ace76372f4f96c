// The list of articles, and looking something up in it: by id, first words and site, or in the texts.

views.set("articles", showArticles);

const SHOWN = [["", "all"], ["kept", "kept"], ["removed", "removed"], ["changed", "with something removed inside"], ["copies", "in a cluster"], ["alone", "without a copy"]];
const ARTICLE_ORDERS = [["id", "by id"], ["length", "longest first"], ["removed", "most removed inside first"], ["date", "newest first"]];
const MOST_FOUND = 1000;

async function showArticles(parts, query) {
  const [table, found] = await Promise.all([documents(), clusters()]);
  const asked = { q: query.q || "", show: query.show || "", sort: query.sort || "id" };
  byId("search").value = asked.q;
  const list = new PagedTable(articleColumns(table), {
    caption: "Articles", quiet: true, empty: "No article is called like that.", onpage: (page) => remember({ page: page > 1 ? page : "" }),
  });
  const said = h("p", { class: "quiet", role: "status" });
  const texts = textSearch(table, () => asked.q, () => update());
  const update = (page = 1) => {
    let chosen = filtered(table.rows(), asked.q, (row) => lookupOf(table, row)).filter(chosenBy(table, found, asked.show));
    chosen = sortedArticles(table, chosen, asked.sort);
    const told = asked.q ? ` with “${asked.q}” in id, first words, site or date` : "";
    fill(said, `${counted(chosen.length, "article")}${told}`);
    list.set(chosen, page);
    texts.reset();
    remember({ ...asked, sort: asked.sort === "id" ? "" : asked.sort, page: page > 1 ? page : "" });
  };
  const box = filterBox("Search by id, first words, site", asked.q, (value) => { asked.q = value; byId("search").value = value; update(); });
  box.querySelector("input").id = "article-filter";
  const node = h("div", {}, viewTitle("Articles"),
    h("div", { class: "controls" }, box,
      chooser("Show", SHOWN, asked.show, (value) => { asked.show = value; update(); }),
      chooser("Order", ARTICLE_ORDERS, asked.sort, (value) => { asked.sort = value; update(); })),
    said, list.node, texts.node, leftOut("documents", "texts"));
  const shown = () => {
    update(query.page);
    if (query.in === "texts" && asked.q) texts.start();
  };
  return { title: "Articles", section: "articles", node, shown, gone: () => texts.reset() };
}

function articleColumns(table) {
  return [
    { label: "article", header: true, cell: (row) => articleName(table, row) },
    { label: "", note: "kept or removed", cell: (row) => verdict(table, row) },
    { label: "relation", class: "middle", cell: (row) => relationTag(table.get("relation", row)) },
    { label: "characters", class: "number wide", cell: (row) => count(table.get("characters", row) || 0) },
    { label: "removed inside", class: "number middle", note: "characters", cell: (row) => (table.get("removed", row) ? count(table.get("removed", row)) : "") },
  ];
}

function chosenBy(table, found, show) {
  const tests = {
    kept: (row) => table.get("kept", row),
    removed: (row) => !table.get("kept", row),
    changed: (row) => table.get("ops", row) > 0,
    copies: (row) => found.has(table.get("cluster", row)),
    alone: (row) => !found.has(table.get("cluster", row)),
  };
  return pick(tests, show, () => true);
}

function sortedArticles(table, rows, order) {
  const by = (name) => (a, b) => table.get(name, b) - table.get(name, a) || a - b;
  const compare = {
    length: by("characters"),
    removed: by("removed"),
    date: (a, b) => (table.get("date", b) || "").localeCompare(table.get("date", a) || "") || a - b,
  };
  const chosen = pick(compare, order, null);
  return chosen ? [...rows].sort(chosen) : rows;
}

/** Looking something up in all texts: chunk by chunk, so that it can be watched and stopped. */
function textSearch(table, asked) {
  const node = h("section", { class: "text-search", "aria-label": "Search in the texts" });
  let turn = 0;
  const chunks = overview.chunks.texts || 0;
  const reset = () => {
    turn++;
    const able = chunks && asked().trim().length > 1;
    fill(node, able ? [h("h2", {}, "In the texts"), button(`Search for “${asked().trim()}” in all texts`, start, { id: "in-texts" })] : null);
  };
  async function start() {
    const mine = ++turn;
    remember({ in: "texts" });
    const progress = h("progress", { max: chunks, value: 0, "aria-label": "Texts searched" });
    const said = h("p", { role: "status" }, "Searching …");
    const list = new PagedTable([{ label: "article", header: true, cell: (hit) => hitName(table, hit, asked()) }],
      { caption: "Articles with this in the text", quiet: true, size: 20, empty: "No text has that." });
    const stop = button("Stop", () => { turn++; controls.remove(); });
    const controls = h("div", { class: "controls" }, progress, stop);
    fill(node, h("h2", {}, "In the texts"), controls, said, list.node);
    list.node.hidden = true;
    const hits = [];
    for (let number = 0; number < chunks && hits.length < MOST_FOUND; number++) {
      searchChunk(await textChunk(number), searchable(asked().trim()), hits);
      if (mine !== turn) return;
      progress.value = number + 1;
      fill(said, `${counted(hits.length, "article")} found in ${percent((number + 1) / chunks)} of the texts`);
      await pause();
    }
    controls.remove();
    const most = hits.length >= MOST_FOUND ? " The first ones are shown; a longer search finds fewer." : "";
    fill(said, `${counted(hits.length, "article")} with “${asked().trim()}” in the text.${most}`);
    list.node.hidden = false;
    list.set(hits);
  }
  return { node, reset, start };
}

function searchChunk(chunk, wanted, hits) {
  chunk.text.forEach((text, place) => {
    if (hits.length >= MOST_FOUND) return;
    const line = searchable(text).replace(/\s+/g, " ");
    const at = line.indexOf(wanted);
    if (at < 0) return;
    const shown = text.replace(/\s+/g, " ");
    const found = shown.length === line.length ? shown : line; // lengths differ where folding changed them
    const [from, to] = [wordBefore(found, at, 60), wordBehind(found, at + wanted.length, 90)];
    hits.push({ row: chunk.row[place], excerpt: found.slice(from, to), at: at - from, length: wanted.length });
  });
}

/** Where to begin an excerpt: at a word, about so many characters before a place. */
function wordBefore(text, at, most) {
  const blank = text.indexOf(" ", Math.max(0, at - most));
  return at <= most ? 0 : blank >= 0 && blank < at ? blank + 1 : at - most;
}

/** Where to end one. */
function wordBehind(text, at, most) {
  const blank = text.lastIndexOf(" ", at + most);
  return at + most >= text.length ? text.length : blank > at ? blank : at + most;
}

function hitName(table, hit, wanted) {
  const { row, excerpt, at, length } = hit;
  const found = own("", { class: "excerpt" });
  append(found, ["… ", excerpt.slice(0, at), h("mark", {}, excerpt.slice(at, at + length)), excerpt.slice(at + length), " …"]);
  return [articleName(table, row, articleLink(table, row, { find: wanted.trim() })), found];
}
