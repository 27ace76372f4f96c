// The list of pairs of articles that share something.

views.set("pairs", showPairs);

const PAIR_ORDERS = [["coverage", "most covered first"], ["jaccard", "most alike first"], ["tokens", "most shared words first"], ["ids", "by id"]];

async function showPairs(parts, query) {
  const [table, found] = await Promise.all([documents(), pairs()]);
  const usual = sought("passages") ? "coverage" : "jaccard";
  const asked = { q: query.q || "", relation: query.relation || "", sort: query.sort || usual };
  const orders = PAIR_ORDERS.filter(([name]) => name !== "coverage" || sought("passages"));
  const all = Array.from({ length: found.length }, (_, place) => place);
  const list = new PagedTable(pairColumns(table, found), {
    caption: "Pairs of articles", quiet: true, onpage: (page) => remember({ page: page > 1 ? page : "" }),
    empty: all.length ? "No such pair." : nothingShared(),
  });
  const said = h("p", { class: "quiet", role: "status" });
  const update = (page = 1) => {
    const code = overview.relations.indexOf(asked.relation);
    let chosen = code < 0 ? all : all.filter((place) => found.relation[place] === code);
    chosen = filtered(chosen, asked.q, (place) => [found.a[place], found.b[place]].filter(table.has).map((row) => lookupOf(table, row)).join(" "));
    if (asked.sort !== "ids") {
      const values = found[["jaccard", "tokens"].includes(asked.sort) ? asked.sort : usual];
      chosen = [...chosen].sort((a, b) => values[b] - values[a] || a - b);
    }
    fill(said, counted(chosen.length, "pair"));
    list.set(chosen, page);
    remember({ ...asked, sort: asked.sort === usual ? "" : asked.sort, page: page > 1 ? page : "" });
  };
  const present = overview.relations.filter((name) => (overview.summary.relations || {})[name]);
  const node = h("div", {}, viewTitle("Pairs"),
    h("p", { class: "lede" }, "Two articles that have something in common: all of it, a part, or a quote."),
    h("div", { class: "controls" }, filterBox("Filter by id, first words or site", asked.q, (value) => { asked.q = value; update(); }),
      chooser("Relation", [["", "all"], ...present.map((name) => [name, words("relations", name)])], asked.relation, (value) => { asked.relation = value; update(); }),
      chooser("Order", orders, asked.sort, (value) => { asked.sort = value; update(); })),
    said, list.node, leftOut("pairs", "passages"));
  return { title: "Pairs", section: "pairs", node, shown: () => update(query.page) };
}

function pairColumns(table, found) {
  const contained = (place) => `${score(found.containment_a[place])} · ${score(found.containment_b[place])}`;
  return [
    { label: "articles", header: true, cell: (place) => pairName(table, found.a[place], found.b[place]) },
    { label: "relation", class: "middle", cell: (place) => relationTag(found.relation[place]) },
    { label: "Jaccard", class: "number", note: "word runs in both over word runs in either", cell: (place) => score(found.jaccard[place]) },
    { label: "contained", class: "number wide", note: "share of the first that stands in the second, and the other way round", cell: contained },
    { label: "coverage", class: "number middle", note: "share of the shorter one that stands in passages", cell: (place) => covered(found.coverage[place]) },
    { label: "words", class: "number wide", note: "words of all their passages", cell: (place) => count(found.tokens[place]) },
    { label: "passages", class: "number wide", cell: (place) => count(found.passages[place]) },
  ];
}
