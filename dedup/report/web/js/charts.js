// The charts of the overview. Each takes its numbers as they stand in overview.figures.

const MARGIN = { top: 28, right: 12, bottom: 44, left: 48 };
const HEIGHT = 240;
const STRIP = 60; // height of one relation in the histogram

const upper = (values) => Math.max(1, ...values);

/** How alike pairs are, by relation, with the threshold. */
function histogramChart({ edges, counts }) {
  const names = Object.keys(counts).filter((name) => counts[name].some(Boolean));
  const series = names.map((name) => ({ class: `rel-${name}`, label: words("relations", name), values: counts[name] }));
  const bins = edges.length - 1;
  const limit = overview.config.threshold;
  const range = (place) => `${score(edges[place])} to ${score(edges[place + 1])}`;
  const draw = (width) => {
    const area = drawing(width, MARGIN.top + MARGIN.bottom + series.length * STRIP, { ...MARGIN, left: 8 });
    const x = lib.scaleLinear([0, 1], [0, area.width]);
    const spans = Array.from({ length: bins }, (_, place) => [x(edges[place]) + 1, x(edges[place + 1]) - 1]);
    series.forEach((each, place) => strip(area, place, spans, each, range));
    shareAxis(area, x, "Jaccard similarity");
    if (typeof limit === "number") threshold(area, x(limit), `threshold ${score(limit)}`, -8);
    return area.svg;
  };
  return figureOf({
    title: "How alike the pairs are",
    text: "Pairs of articles by the share of word runs that both have, and what they are to each other. Right of the line a pair counts as a near-duplicate. Left of it it does where most of the shorter article stands in the other; else it can be an excerpt, or share passages. Each row is as high as its most frequent value.",
    draw,
    table: {
      columns: ["similarity", ...series.map((each) => each.label)],
      rows: Array.from({ length: bins }, (_, place) => [range(place), ...series.map((each) => count(each.values[place]))]),
    },
  });
}

/** One relation of the histogram, in a row of its own, for the rare ones tell most. */
function strip(area, place, spans, each, range) {
  const sum = each.values.reduce((whole, value) => whole + value, 0);
  const group = s("g", { transform: `translate(0,${place * STRIP})` },
    s("line", { class: "ground", x1: 0, x2: area.width, y1: STRIP, y2: STRIP }));
  area.inner.append(group);
  const y = lib.scaleLinear([0, upper(each.values)], [STRIP, 22]);
  stackedBars({ inner: group }, spans, [each], y, range);
  group.append(s("text", { class: "strip-label", x: area.width * 0.12, y: 18 }, `${each.label}: ${counted(sum, "pair")}`));
}

/** How large the clusters are. */
function clusterChart({ sizes, counts, last: ends }) {
  const labels = sizes.map((size, place) => {
    const last = ends ? ends[place] : size;
    return last > size ? `${count(size)}–${count(last)}` : count(size);
  });
  const series = [{ class: "fill-main", label: "clusters", values: counts }];
  const draw = (width) => {
    const area = drawing(width, HEIGHT, MARGIN);
    const x = lib.scaleBand(labels.map((_, place) => place), [0, area.width]).padding(0.25);
    x.bandwidth() > 56 && x.padding(1 - 56 / x.step());
    const y = lib.scaleLinear([0, upper(counts) * 1.08], [area.height, 0]).nice();
    valueAxis(area, y, "clusters");
    const spans = labels.map((_, place) => [x(place), x(place) + x.bandwidth()]);
    stackedBars(area, spans, series, y, (place) => `${labels[place]} articles`);
    if (x.bandwidth() > 18) {
      counts.forEach((value, place) => area.inner.append(
        s("text", { class: "bar-value", x: x(place) + x.bandwidth() / 2, y: y(value) - 5, "text-anchor": "middle" }, count(value))));
    }
    barLabels(area, x, labels, "articles in a cluster");
    return area.svg;
  };
  return figureOf({
    title: "How large the clusters are", text: "A cluster is an article and its copies. One of them stands for the cluster and stays.",
    draw, table: { columns: ["articles in a cluster", "clusters"], rows: labels.map((each, place) => [each, count(counts[place])]) },
  });
}

/** When articles appeared, kept and removed. */
function timelineChart({ unit, starts, kept, removed, undated, before, after }) {
  const outside = (before || 0) + (after || 0);
  const series = [
    { class: "fill-kept", label: "kept", values: kept },
    { class: "fill-removed", label: "removed", values: removed },
  ];
  const draw = (width) => {
    const area = drawing(width, HEIGHT, MARGIN);
    const x = lib.scaleBand(starts.map((_, place) => place), [0, area.width]).padding(starts.length > area.width / 4 ? 0 : 0.15);
    const y = lib.scaleLinear([0, upper(totals(series, starts.length))], [area.height, 0]).nice();
    valueAxis(area, y, "articles");
    stackedBars(area, starts.map((_, place) => [x(place), x(place) + x.bandwidth()]), series, y, (place) => starts[place]);
    barLabels(area, x, starts, `by ${unit}`);
    return area.svg;
  };
  return figureOf({
    title: "When the articles appeared",
    text: `Articles by ${unit}, those that stay and those that are removed.${undated ? ` ${counted(undated, "article")} without a date ${undated === 1 ? "is" : "are"} not drawn.` : ""}${outside ? ` ${counted(outside, "article")} from before or after ${outside === 1 ? "is" : "are"} not drawn.` : ""}`,
    draw, legend: series.map((each) => [each.class, each.label]),
    table: { columns: [unit, "kept", "removed"], rows: starts.map((each, place) => [each, count(kept[place]), count(removed[place])]) },
  });
}

/** How likely LSH offers a pair for comparing. */
function curveChart(curve) {
  const { similarity, probability, bands, rows } = curve;
  const limit = curve.threshold;
  const recall = curve.recall_at_threshold;
  const draw = (width) => {
    const area = drawing(width, HEIGHT, MARGIN);
    const x = lib.scaleLinear([0, 1], [0, area.width]);
    const y = lib.scaleLinear([0, 1], [area.height, 0]);
    valueAxis(area, y, "chance to be compared", (value) => percent(value));
    const path = lib.line((_, place) => x(similarity[place]), (_, place) => y(probability[place]));
    area.inner.append(s("path", { class: "curve", d: path(similarity) }));
    shareAxis(area, x, "Jaccard similarity");
    threshold(area, x(limit), `threshold ${score(limit)}`, area.height - 10);
    area.inner.append(s("circle", { class: "point", cx: x(limit), cy: y(recall), r: 5 }),
      s("text", { class: "point-label", x: x(limit) + 10, y: Math.min(y(recall) + 24, area.height - 24) }, `recall ${fine(recall)}`));
    return area.svg;
  };
  return figureOf({
    title: "Which pairs are compared",
    text: `Signatures of ${counted(bands, "band")} of ${counted(rows, "row")} choose which pairs are compared at all. A pair right at the threshold is found with a chance of ${fine(recall)}, a closer one more surely; every pair found is then measured exactly.`,
    draw,
    table: { columns: ["similarity", "chance"], rows: similarity.map((each, place) => [each.toFixed(2), fine(probability[place])]).filter((_, place) => place % Math.ceil(similarity.length / 100) === 0) },
  });
}

/** A chance in per cent, with as many places as it takes to tell it from all or nothing. */
function fine(share) {
  const value = share * 100;
  if (value > 99.9 && value < 100) return "> 99.9%";
  return `${value.toFixed(1).replace(/\.0$/, "")}%`;
}

/** Who copies whom. A table is the chart here: names at both sides, shades for numbers. */
function matrixChart(data) {
  const { matrix } = data;
  const sites = matrix.map((_, place) => data.sites[place] || counted(data.other, "other site"));
  const highest = upper(matrix.flat());
  const shade = (value) => (value ? `heat heat-${Math.min(6, 1 + Math.floor((Math.log(value) / Math.log(highest + 1)) * 6))}` : "heat");
  const sum = (list) => list.reduce((whole, each) => whole + each, 0);
  const table = h("table", { class: "matrix" },
    h("caption", { class: "unseen" }, "Sites of copies by site that they copy"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "corner" }, "copy at ↓ of →"),
      sites.map((site) => h("th", { scope: "col" }, h("span", { class: "turned" }, own(site)))), h("th", { scope: "col", class: "sum" }, h("span", { class: "turned" }, "all")))),
    h("tbody", {}, sites.map((site, row) => h("tr", {}, h("th", { scope: "row" }, own(site)),
      matrix[row].map((value, column) => h("td", { class: `${shade(value)} ${row === column ? "same" : ""}` }, value ? count(value) : "")),
      h("td", { class: "sum" }, count(sum(matrix[row])))))));
  const more = data.left_out ? ` ${counted(data.left_out, "copy", "copies")} of which a site is not known ${data.left_out === 1 ? "is" : "are"} not counted.` : "";
  return figureOf({
    title: "Who copies whom", className: "wide",
    text: `Each row is the site of a copy, each column the site of the article that stands for it. Framed cells are copies inside one site.${more}`,
    draw: () => h("div", { class: "scrolls", tabindex: "0", role: "group", "aria-label": "Sites of copies by site that they copy" }, table),
  });
}
