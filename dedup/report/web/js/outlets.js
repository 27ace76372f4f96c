// Which outlet has text of whom: sources at the left, outlets at the right, and all links as a list.

views.set("outlets", showOutlets);

const MOST_ENDS = 14; // of a side that are drawn by name, the rest as one
const LINK_ORDERS = [["", "most articles first"], ["outlet", "by outlet"], ["source", "by source"]];
const WIDEST = 18; // height of a band of one article
const SURE = { credit: 0, shared_credit: 1, named: 2, first: 3 }; // the surer evidence first

async function showOutlets(parts, query) {
  const [table, held] = await Promise.all([documents(), families()]);
  const { links } = overview.copying;
  const asked = { outlet: query.outlet || "", evidence: query.evidence || "", sort: query.sort || "" };
  const names = [...new Set(links.flatMap((each) => [each.outlet, each.source]))].sort((a, b) => a.localeCompare(b));
  const drawn = h("div", { class: "flow-place" });
  const list = new PagedTable(linkColumns(table, held.list), {
    caption: "Who has text of whom", quiet: true, size: 25, onpage: (page) => remember({ page: page > 1 ? page : "" }), empty: "No such link.",
  });
  const said = h("p", { class: "quiet", role: "status" });
  const choose = (name) => { asked.outlet = name; select.querySelector("select").value = name; update(); };
  const update = (page = 1) => {
    const chosen = links.filter((each) => (!asked.outlet || each.outlet === asked.outlet || each.source === asked.outlet) && (!asked.evidence || each.evidence === asked.evidence));
    fill(drawn, chosen.length ? flowFigure(chosen, asked.outlet, choose) : null);
    fill(said, `${counted(chosen.length, "link")}${asked.outlet ? ` from or to ${asked.outlet}` : ""}`);
    list.set(sortedLinks(chosen, asked.sort), page);
    remember({ ...asked, page: page > 1 ? page : "" });
  };
  const select = chooser("Outlet or agency", [["", "all"], ...names.map((each) => [each, each])], asked.outlet, choose);
  const evidence = overview.words.evidence || {};
  const present = Object.keys(evidence).filter((name) => links.some((each) => each.evidence === name));
  const matrix = overview.figures?.site_matrix;
  const node = h("div", {}, viewTitle("Outlets"),
    h("p", { class: "lede" }, links.length ? "Who has text of whom, as far as the articles themselves are evidence of it. “First seen” says only where a text stood first in this collection: it may come from elsewhere." : noLinks()),
    links.length ? [h("div", { class: "controls" }, select, chooser("Evidence", [["", "all"], ...present.map((name) => [name, evidence[name]])], asked.evidence, (value) => { asked.evidence = value; update(); }),
      chooser("Order of the list", LINK_ORDERS, asked.sort, (value) => { asked.sort = value; update(); })), drawn, said, list.node] : null,
    overview.copying.left_out ? h("p", { class: "quiet" }, `${counted(overview.copying.left_out, "link")} of fewest articles ${overview.copying.left_out === 1 ? "is" : "are"} not in this page.`) : null,
    matrix && matrix.sites.length ? h("section", { class: "matrix-part", "aria-labelledby": "copies-by-site" }, h("h2", { id: "copies-by-site" }, "Copies of whole articles"), h("div", { class: "figures" }, matrixChart(matrix))) : null);
  return { title: "Outlets", section: "outlets", node, shown: () => (links.length ? update(query.page) : null) };
}

function noLinks() {
  if (!overview.sought.families) return "Who has text of whom is told by passages, and those are not in this result.";
  return overview.sites.length ? "No article credits an agency, names another outlet beside a shared text, or has text that stood elsewhere shortly before."
    : "The articles have no site or outlet, so nothing can be said of who has text of whom.";
}

function linkColumns(table, list) {
  const tag = (each) => h("span", { class: `tag ev-${each.evidence}` }, pick(overview.words.evidence, each.evidence, spaced(each.evidence)));
  return [
    { label: "outlet", header: true, cell: (each) => own(each.outlet) },
    { label: "has text of", cell: (each) => h("span", {}, own(each.source), each.source_kind === "agency" ? h("span", { class: "facts" }, " agency") : "") },
    { label: "evidence", cell: tag },
    { label: "articles", class: "number", cell: (each) => count(each.articles) },
    { label: "families", class: "number", cell: (each) => count(each.families) },
    { label: "for example", cell: (each) => [
      list[each.family] ? h("a", { href: familyLink(list[each.family]) }, own(excerptOf(list[each.family].wording, 60))) : "",
      table.has(each.row) ? [" ", h("a", { class: "facts", href: articleLink(table, each.row) }, "in an article", unseen(` ${idOf(table, each.row)}`))] : ""] },
  ];
}

function sortedLinks(list, order) {
  const by = (name) => (a, b) => a[name].localeCompare(b[name]) || b.articles - a.articles;
  const compare = { outlet: by("outlet"), source: by("source") };
  return [...list].sort(pick(compare, order, (a, b) => b.articles - a.articles || a.outlet.localeCompare(b.outlet)));
}

/** The ends of one side with how many articles each has; the smaller ones are one entry. */
function endsOf(links, side, chosen) {
  const sums = new Map();
  for (const each of links) {
    const known = sums.get(each[side]) || { name: each[side], articles: 0, agency: side === "source" && each.source_kind === "agency" };
    known.articles += each.articles;
    sums.set(each[side], known);
  }
  const all = [...sums.values()].sort((a, b) => b.agency - a.agency || b.articles - a.articles || a.name.localeCompare(b.name));
  const ranked = [...all].sort((a, b) => (b.name === chosen) - (a.name === chosen) || b.articles - a.articles);
  const shown = new Set(ranked.slice(0, ranked.length > MOST_ENDS + 1 ? MOST_ENDS : MOST_ENDS + 1));
  const rest = all.filter((each) => !shown.has(each));
  const ends = all.filter((each) => shown.has(each));
  if (rest.length) ends.push({ name: null, label: counted(rest.length, side === "source" ? "other source" : "other outlet"), articles: rest.reduce((sum, each) => sum + each.articles, 0) });
  return { ends, of: new Map([...ends.filter((each) => each.name !== null).map((each) => [each.name, each]), ...rest.map((each) => [each.name, ends.at(-1)])]) };
}

/** Sources left, outlets right, a band between them as wide as many articles; both are buttons in the list below. */
function flowFigure(links, chosen, choose) {
  const [sources, outlets] = [endsOf(links, "source", chosen), endsOf(links, "outlet", chosen)];
  const bands = new Map();
  for (const each of links) {
    const [from, to] = [sources.of.get(each.source), outlets.of.get(each.outlet)];
    const key = `${sources.ends.indexOf(from)} ${outlets.ends.indexOf(to)} ${each.evidence}`;
    const band = bands.get(key) || { from, to, evidence: each.evidence, articles: 0 };
    band.articles += each.articles;
    bands.set(key, band);
  }
  const list = [...bands.values()].sort((a, b) => SURE[a.evidence] - SURE[b.evidence]);
  const names = [...new Set(list.map((each) => each.evidence))];
  const evidence = (name) => pick(overview.words.evidence, name, spaced(name));
  return figureOf({
    title: "From whom, to whom", className: "flow", heading: "h2",
    text: "Read from left to right: the outlet at the right has text of the source at the left. A band is as wide as the number of articles. Point at a name to see its bands alone, click it to see its links alone.",
    legend: names.map((name) => [`ev-${name}`, evidence(name)]),
    draw: (width) => drawnFlow(sources.ends, outlets.ends, list, width, choose),
    table: { columns: ["source", "outlet", "evidence", "articles"], rows: list.map((each) => [each.from.name ?? each.from.label, each.to.name ?? each.to.label, evidence(each.evidence), count(each.articles)]) },
  });
}

function drawnFlow(sources, outlets, bands, width, choose) {
  const side = Math.min(190, Math.floor(width * 0.36));
  const whole = bands.reduce((sum, each) => sum + each.articles, 0);
  const height = Math.max(160, Math.max(sources.length, outlets.length) * 34);
  const svg = s("svg", { width, height: height + 28, viewBox: `0 0 ${width} ${height + 28}`, class: "chart flow-chart", focusable: "false" });
  const room = height - Math.max(sources.length, outlets.length) * 16;
  const unit = Math.min(room / Math.max(whole, 1), WIDEST);
  const place = (ends) => {
    const used = ends.reduce((sum, each) => sum + Math.max(each.articles * unit, 2), 0);
    const gap = (height - used) / ends.length;
    let y = 24 + gap / 2;
    for (const each of ends) {
      Object.assign(each, { y, tall: Math.max(each.articles * unit, 2) });
      y += each.tall + gap;
    }
  };
  place(sources);
  place(outlets);
  const [from, to] = [new Map(sources.map((each) => [each, each.y])), new Map(outlets.map((each) => [each, each.y]))];
  const group = s("g", { class: "flow-bands" });
  const ordered = [...bands].sort((a, b) => a.from.y - b.from.y || a.to.y - b.to.y);
  for (const band of ordered) band.y0 = claimed(from, band.from, band.articles * unit);
  for (const band of [...bands].sort((a, b) => a.to.y - b.to.y || a.from.y - b.from.y)) band.y1 = claimed(to, band.to, band.articles * unit);
  for (const band of ordered) group.append(bandMark(band, side, width, Math.max(band.articles * unit, 1)));
  svg.append(s("text", { class: "axis-label", x: side - 10, y: 12, "text-anchor": "end" }, "text of"), s("text", { class: "axis-label", x: width - side + 10, y: 12 }, "stands at"), group,
    ...sources.map((each) => endMark(each, side, -1, group, choose, side)), ...outlets.map((each) => endMark(each, width - side, 1, group, choose, side)));
  return svg;
}

function claimed(map, end, size) {
  const at = map.get(end);
  map.set(end, at + size);
  return at + size / 2;
}

function bandMark(band, side, width, wide) {
  const [x0, x1] = [side + 5, width - side - 11];
  const middle = (x0 + x1) / 2;
  const evidence = pick(overview.words.evidence, band.evidence, spaced(band.evidence));
  const told = `${band.to.name ?? band.to.label} has text of ${band.from.name ?? band.from.label} in ${counted(band.articles, "article")}: ${evidence}`;
  const path = s("path", { class: `band ev-${band.evidence}`, d: `M${x0},${band.y0} C${middle},${band.y0} ${middle},${band.y1} ${x1},${band.y1}`, "stroke-width": wide }, s("title", {}, told));
  const head = s("path", { class: `band-head ev-${band.evidence}`, d: `M${x1},${band.y1 - Math.max(wide / 2, 3)} l6,${Math.max(wide / 2, 3)} l-6,${Math.max(wide / 2, 3)} z` });
  const group = s("g", { class: "flow-band" }, path, head);
  group.ends = [band.from, band.to];
  return group;
}

function endMark(end, x, way, bands, choose, room) {
  const most = Math.floor((room - 44) / 6.8);
  const name = end.name ?? end.label;
  const near = (on) => {
    bands.classList.toggle("choosing", on);
    for (const each of bands.children) each.classList.toggle("chosen", on && each.ends.includes(end));
  };
  return s("g", { class: `flow-end ${end.agency ? "agency" : ""} ${end.name === null ? "rest" : ""}`, onpointerenter: () => near(true), onpointerleave: () => near(false), onclick: () => (end.name === null ? null : choose(end.name)) },
    s("rect", { x: way < 0 ? x : x - 5, y: end.y, width: 5, height: end.tall }),
    s("text", { x: x + way * (way < 0 ? 8 : 10), y: end.y + end.tall / 2, dy: "0.35em", "text-anchor": way < 0 ? "end" : "start" },
      name.length > most ? `${name.slice(0, most - 1)}…` : name, s("tspan", { class: "count" }, `  ${count(end.articles)}`), s("title", {}, `${name}: ${counted(end.articles, "article")}`)));
}
