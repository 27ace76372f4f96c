// What a careful person would check before removing anything.

views.set("look", showLook);

async function showLook() {
  const table = await documents();
  const look = overview.look || {};
  const warnings = look.warnings || [];
  const node = h("div", { class: "look" }, viewTitle("Look here"),
    h("p", { class: "lede" }, "What is worth a look before anything is removed: pairs that a slightly different threshold would have judged otherwise, what is largest, and what was held back."),
    warnings.length ? part("Suspicious removals", "More than one would expect.", warningList(warnings)) : null,
    part("Greatest losses", "Of these removed articles the greatest share stands nowhere in the one that is kept.", greatestLosses(table, look.losses || [])),
    whatIf(),
    h("div", { class: "two" },
      part("Nearest above the threshold", "Alike enough for near-duplicates, but only just. Pairs that are called otherwise differ in facts, or have text of their own. Would you call them copies?", borderline(table, look.above || [], "No pair above the threshold.")),
      part("Nearest below the threshold", "Not alike enough as a whole. Near-duplicates among them are so because most of the shorter one stands in the other. Would you call them copies?", borderline(table, look.below || [], "No pair below the threshold."))),
    h("div", { class: "two" },
      part("Largest clusters", "A very large one is often a template or an empty page.", largest(table, look.largest || [])),
      part("Sites that lose most", "Many copies from one site can also be a fault of the crawl.", sitesLosing(look.sites || []))),
    part("Held back for review", "Of these articles so much would go that removals inside them were held back.", reviewed(table, look.review || [])));
  return { title: "Look here", section: "look", node };
}

let partNumber = 0;

function part(title, text, ...children) {
  const id = `part-${++partNumber}`;
  return h("section", { class: "part", "aria-labelledby": id }, h("h2", { id }, title), h("p", { class: "quiet" }, text), children);
}

/** Two articles one above the other, as a link to their texts side by side. */
function pairName(table, a, b) {
  return h("span", { class: "pair-name" }, h("a", { href: pairLink(table, a, b), "data-entry": "" },
    own(headOf(table, a), { class: "head" }), unseen(" and "), own(headOf(table, b), { class: "head" })),
  h("span", { class: "facts" }, own(idOf(table, a), { class: "id" }), " · ", own(idOf(table, b), { class: "id" })));
}

function borderline(table, found, empty) {
  return new PagedTable([
    { label: "articles", cell: (each) => pairName(table, each.a, each.b), header: true },
    { label: "relation", class: "middle", cell: (each) => relationTag(each.relation) },
    { label: "Jaccard", class: "number", cell: (each) => each.jaccard.toFixed(3) },
    sought("passages") ? { label: "coverage", class: "number middle", cell: (each) => score(each.coverage) } : null,
  ].filter(Boolean), { caption: empty.replace(/^No pair/, "Pairs").replace(/\.$/, ""), quiet: true, size: 10, empty }).set(found).node;
}

function greatestLosses(table, found) {
  return new PagedTable([
    { label: "removed, and kept", header: true, cell: (each) => pairName(table, each.row, each.other) },
    { label: "words lost", class: "number", cell: (each) => count(each.tokens) },
    { label: "of its text", class: "number", cell: (each) => percent(each.share) },
    { label: "facts", class: "number middle", cell: (each) => count(each.facts) },
  ], { caption: "Greatest losses", quiet: true, size: 10, empty: "No removal loses running text." }).set(found).node;
}

function largest(table, found) {
  return new PagedTable([
    { label: "cluster", header: true, cell: (each) => articleName(table, each.row, clusterLink(table, each.row)) },
    { label: "articles", class: "number", cell: (each) => count(each.documents) },
    { label: "removed", class: "number", cell: (each) => count(each.removed) },
  ], { caption: "Largest clusters", quiet: true, size: 10, empty: sought("duplicates") ? "There is no cluster of two or more articles." : "Copies were not looked for, so there are no clusters." }).set(found).node;
}

function sitesLosing(found) {
  return new PagedTable([
    { label: "site", header: true, cell: (each) => h("a", { href: link("articles", [], { q: each.site, show: "removed" }), "data-entry": "" }, own(each.site)) },
    { label: "articles", class: "number", cell: (each) => count(each.documents) },
    { label: "removed", class: "number", cell: (each) => count(each.removed) },
    { label: "share", class: "number", cell: (each) => percent(each.share) },
  ], { caption: "Sites that lose most", quiet: true, size: 10, empty: "No article with a site is removed." }).set(found).node;
}

function reviewed(table, rows) {
  return new PagedTable([
    { label: "article", header: true, cell: (row) => articleName(table, row) },
    { label: "removed inside", class: "number", cell: (row) => (table.has(row) ? counted(table.get("removed", row), "character") : "") },
  ], { caption: "Held back for review", quiet: true, size: 10, empty: "Nothing was held back." }).set(rows).node;
}

/** The slider over the threshold: how many articles another one would remove. */
function whatIf() {
  const data = overview.figures?.what_if;
  if (!data || !data.thresholds.length) return null;
  const now = overview.config.threshold;
  const nearest = (value) => data.thresholds.reduce((best, each, place) =>
    (Math.abs(each - value) < Math.abs(data.thresholds[best] - value) ? place : best), 0);
  const start = nearest(now);
  const output = h("output", { for: "what-if", class: "what-if-said", id: "what-if-said" });
  const slider = h("input", {
    type: "range", id: "what-if", min: 0, max: data.thresholds.length - 1, step: 1, value: start, "aria-describedby": "what-if-said",
  });
  const chart = whatIfChart(data, now);
  const update = () => {
    const at = Number(slider.value);
    const told = consequence(data, at, start);
    slider.setAttribute("aria-valuetext", `threshold ${score(data.thresholds[at])}, ${told.short}`);
    fill(output, h("strong", {}, `Threshold ${score(data.thresholds[at])}: ${told.short}`), ` ${told.long}`);
    chart.move(at);
  };
  slider.addEventListener("input", update);
  const back = button("Back to the run", () => { slider.value = start; update(); });
  const text = "How many articles would be removed, without running again." + (byPassages(data)
    ? ` Hardly any other number, here: most copies count by the passages they share (coverage ${score(overview.config.coverage)}), whatever the threshold.` : "");
  const node = part("What if the threshold were another one?", text,
    h("div", { class: "what-if" }, h("label", { for: "what-if" }, "Threshold"), slider, back), output, chart.node);
  update();
  return node;
}

/** Tell whether passages decide on so many pairs that the threshold hardly matters. */
function byPassages(data) {
  const all = Math.max(...data.removed);
  return overview.find.includes("passages") && all > 0 && all - Math.min(...data.removed) < all / 20;
}

function consequence(data, at, start) {
  const removed = data.removed[at];
  const by = removed - data.removed[start];
  const value = data.thresholds[at];
  const exact = value >= data.exact_from - 1e-9 && value <= data.exact_to + 1e-9;
  const change = by === 0 ? (at === start ? "as in this run" : "as many as now") : `${count(Math.abs(by))} ${by > 0 ? "more" : "fewer"} than now`;
  return {
    short: `${exact ? "" : "about "}${counted(removed, "article")} removed, ${change}.`,
    long: exact ? "This is exact." : estimated(data, at),
  };
}

function estimated(data, at) {
  const [least, most] = [data.least?.[at], data.most?.[at]];
  if (data.thresholds[at] < data.exact_from) return "This is an estimate, and a least one: this run has not looked for pairs below its own threshold.";
  const range = least === most || least === undefined ? "" : ` It lies between ${count(least)} and ${count(most)}.`;
  return `This is an estimate: with such a threshold a run would compare fewer pairs.${range}`;
}

function whatIfChart(data, now, className = "bare") {
  let move = () => {};
  let at = 0;
  const draw = (width) => {
    const area = drawing(width, 180, { top: 24, right: 14, bottom: 44, left: 56 });
    const x = lib.scaleLinear([0, 1], [0, area.width]);
    const y = lib.scaleLinear([0, upper([...data.removed, ...(data.most || [])])], [area.height, 0]).nice();
    const [low, high] = [data.exact_from, data.exact_to];
    valueAxis(area, y, "articles removed");
    area.inner.prepend(s("rect", { class: "exact-range", x: x(low), width: Math.max(0, x(high) - x(low)), y: 0, height: area.height }));
    const path = lib.line((_, place) => x(data.thresholds[place]), (_, place) => y(data.removed[place]));
    const band = lib.area((_, place) => x(data.thresholds[place]), (_, place) => y(data.least[place]), (_, place) => y(data.most[place]));
    if (data.least) area.inner.append(s("path", { class: "curve-band", d: band(data.least) }));
    area.inner.append(s("path", { class: "curve", d: path(data.removed) }));
    shareAxis(area, x, "threshold");
    threshold(area, x(now), "this run", area.height - 10);
    const point = s("circle", { class: "point", r: 6 });
    area.inner.append(point);
    move = () => {
      point.setAttribute("cx", x(data.thresholds[at]));
      point.setAttribute("cy", y(data.removed[at]));
    };
    move();
    return area.svg;
  };
  const node = figureOf({
    title: "Articles removed by threshold", className,
    text: "In the shaded part the numbers are exact; around the line the least and the most.", draw,
    table: { columns: ["threshold", "removed"], rows: data.thresholds.map((each, place) => [score(each), count(data.removed[place])]) },
  });
  return { node, move: (place) => { at = place; move(); } };
}
