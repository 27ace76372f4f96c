// Who shares text with whom, drawn: articles (or clusters) as dots, families as squares that are
// joined to all that hold them, and other relations as lines.

views.set("graph", showGraph);

const ALL_NAMED = 45; // up to so many nodes there is room for names at the right
const MOST_NAMES = 40; // at a time
const MANY = 300; // lines from which on the weaker relations are drawn faintly

async function showGraph() {
  const [table, found, passed] = await Promise.all([documents(), pairs(), families()]);
  const { nodes, edges } = graphData(table, passed.list);
  const empty = !edges.length;
  let going = true;
  const said = h("div", { class: "graph-said", role: "status" }, resting());
  const drawn = empty ? null : graphDrawing(table, found, nodes, edges, said, () => going);
  const list = empty ? null : edgeList(table, found, edges, drawn);
  const data = overview.graph || {};
  const missingNodes = [data.left_out_nodes ? counted(data.left_out_nodes, "node") : "", data.left_out_edges ? counted(data.left_out_edges, "line") : ""].filter(Boolean);
  const hubs = nodes.filter((each) => each.family).length;
  const articles = nodes.length - hubs;
  const clustersDrawn = nodes.some((each) => !each.family && each.documents > 1);
  const node = h("div", { class: "graph-view" }, viewTitle("Graph"),
    h("p", { class: "lede" }, empty ? `${nothingShared()} So there is nothing to draw.`
      : `${counted(articles, clustersDrawn ? "node" : "article")}${hubs ? `, ${counted(hubs, "family", "families")}` : ""} and ${counted(edges.length, "line")}. ${clustersDrawn ? "A large dot is a whole cluster. " : ""}${hubs ? "A square is a passage that stands in all articles it is joined to. " : ""}Point at a line to read what both sides share; click it to open it.`),
    empty ? null : missingNodes.length ? h("p", { class: "quiet" }, `Not drawn: ${missingNodes.join(" and ")}, those that share least. Articles that share nothing are not drawn either.`) : h("p", { class: "quiet" }, "Articles that share nothing are not drawn."),
    drawn ? h("div", { class: "graph-frame" }, drawn.node, said) : null, list);
  return { title: "Graph", section: "graph", node, shown: () => drawn && drawn.start(), gone: () => { going = false; } };
}

const resting = () => h("p", { class: "quiet" }, "What a line or a node stands for is told here.");

function graphData(table, list) {
  const nodes = (overview.graph?.nodes || []).map((each) => ({ ...each, degree: 0, family: list[each.family] }));
  const byId = new Map(nodes.map((each) => [each.id, each]));
  const edges = (overview.graph?.edges || []).filter((each) => byId.has(each.a) && byId.has(each.b))
    .map((each, number) => ({ ...each, number, source: byId.get(each.a), target: byId.get(each.b) }));
  for (const { source, target } of edges) {
    source.degree++;
    target.degree++;
  }
  for (const each of nodes) each.kept = each.family || !table.has(each.row) || table.get("kept", each.row);
  return { nodes, edges };
}

function graphDrawing(table, found, nodes, edges, said, going) {
  const inner = s("g");
  const svg = s("svg", { class: "graph", tabindex: "0", role: "application", "aria-roledescription": "graph", "aria-label": `Graph of ${counted(edges.length, "line")}. The arrow keys go from line to line, Enter opens a pair or a family. The same lines are in the list below.` }, inner);
  const progress = h("progress", { max: 1, value: 0, "aria-label": "Laying out the graph" });
  const box = h("div", { class: "graph-box" }, progress, svg, h("div", { class: "graph-tools" },
    button("+", () => zoomBy(1.4), { "aria-label": "Closer" }), button("−", () => zoomBy(1 / 1.4), { "aria-label": "Farther" }), button("Fit", () => fit())));
  const zoom = lib.zoom().scaleExtent([0.05, 8]).filter((event) => (event.type === "wheel" ? event.ctrlKey || event.metaKey : event.type.startsWith("touch") ? event.touches.length > 1 : !event.button))
    .on("zoom", ({ transform }) => {
      inner.setAttribute("transform", transform);
      inner.style.setProperty("--closer", transform.k);
      cancelAnimationFrame(naming);
      naming = requestAnimationFrame(() => nameNodes(parts.dots, transform, svg));
    });
  const selection = lib.select(svg);
  let naming = 0;
  const zoomBy = (factor) => zoom.scaleBy(selection, factor);
  const fit = () => zoom.transform(selection, fitting(nodes, svg.clientWidth, svg.clientHeight, nodes.length > ALL_NAMED ? 32 : 56, nodes.length > ALL_NAMED ? 0 : Math.min(200, svg.clientWidth * 0.4)));
  const tell = telling(table, found, said);
  const parts = { lines: [], dots: [] };
  const select = (edge) => {
    parts.lines.forEach((each) => each.classList.toggle("chosen", edge && Number(each.dataset.number) === edge.number));
    inner.classList.toggle("choosing", Boolean(edge));
    if (edge) tell.edge(edge);
  };
  svg.addEventListener("keydown", edgeKeys(table, edges, select));
  svg.addEventListener("blur", () => select(null));
  const start = async () => {
    if (!(await laidOut(nodes, edges, Math.min(1.6, Math.max(0.5, svg.clientWidth / svg.clientHeight)), (share) => { progress.value = share; }, going))) return;
    progress.remove();
    drawGraph(table, inner, nodes, edges, parts, select, tell);
    selection.call(zoom).on("dblclick.zoom", null);
    fit();
    svg.dataset.ready = "";
  };
  const legend = legendOf([...new Set(edges.map((each) => each.relation))].filter((code) => code >= 0).sort((a, b) => a - b).map((code) => [`line ${relationClass(code)}`, words("relations", code)])
    .concat(nodes.some((each) => each.family) ? [["hub", "a family"]] : [], [["dot stays", "kept"], ...(nodes.every((each) => each.kept) ? [] : [["dot goes", "removed"]])]));
  const hint = h("p", { class: "quiet" }, "Drag to move, Ctrl and wheel or two fingers to come closer.");
  return { node: h("div", { class: "graph-main" }, legend, box, hint), start, select };
}

function drawGraph(table, inner, nodes, edges, parts, select, tell) {
  const lines = s("g", { class: "edges" });
  for (const edge of edges) {
    const place = { x1: edge.source.x, y1: edge.source.y, x2: edge.target.x, y2: edge.target.y };
    const group = s("g", { class: `edge ${edge.target.family ? "in-family" : relationClass(edge.relation)}`, "data-number": edge.number, onpointerenter: () => select(edge), onpointerleave: () => select(null), onclick: () => openEdge(table, edge) },
      s("line", { class: "reach", ...place }), s("line", { class: "seen", ...place }));
    group.ends = [edge.source, edge.target];
    parts.lines.push(group);
    lines.append(group);
  }
  const dots = s("g", { class: "nodes" });
  inner.classList.toggle("many", edges.length > MANY);
  for (const node of [...nodes].sort((a, b) => b.documents - a.documents || b.degree - a.degree)) {
    const mark = nodeMark(table, node, inner, parts.lines, tell);
    parts.dots.push({ node, mark });
    dots.prepend(mark);
  }
  fill(inner, lines, dots);
}

/** Show the names of nodes as far as they have room, those of the most important ones first. */
function nameNodes(dots, transform, svg) {
  const taken = [];
  for (const { node, mark } of dots) {
    const [x, y] = transform.apply([node.x, node.y]);
    const [away, length] = [radius(node) * transform.k + 4, 7 * mark.lastChild.textContent.length];
    const leftward = x + away + length > svg.clientWidth && x - away - length > 0;
    const box = leftward ? [x - away - length, y - 9, x - away, y + 9] : [x + away, y - 9, x + away + length, y + 9];
    const seen = x > 0 && y > 0 && x < svg.clientWidth && y < svg.clientHeight;
    const free = seen && taken.length < MOST_NAMES && taken.every((each) => box[2] < each[0] || each[2] < box[0] || box[3] < each[1] || each[3] < box[1]);
    mark.classList.toggle("sized", radius(node) * transform.k >= 8);
    mark.classList.toggle("named", free);
    mark.classList.toggle("leftward", leftward);
    mark.lastChild.setAttribute("dx", leftward ? -radius(node) : radius(node));
    if (free) taken.push(box);
  }
}

function nodeMark(table, node, inner, lines, tell) {
  const name = node.family ? `“${excerptOf(node.family.wording, 34)}”` : excerptOf(headOf(table, node.row), 30);
  const open = () => { location.hash = node.family ? familyLink(node.family) : node.documents > 1 ? clusterLink(table, node.row) : articleLink(table, node.row); };
  const near = (on) => {
    inner.classList.toggle("choosing", on);
    for (const each of lines) if (each.ends.includes(node)) each.classList.toggle("chosen", on);
    if (on) tell.node(node);
  };
  return s("g", { class: `node ${node.family ? `hub kind-${kindOf(node.family)}` : node.kept ? "stays" : "goes"}`, transform: `translate(${node.x},${node.y})`, onclick: open, onpointerenter: () => near(true), onpointerleave: () => near(false) },
    node.family ? s("rect", { x: -radius(node), y: -radius(node), width: 2 * radius(node), height: 2 * radius(node), rx: 2 }) : s("circle", { r: radius(node) }), node.documents > 1 ? s("text", { class: "size", "text-anchor": "middle" }, String(node.documents)) : null,
    s("text", { class: "node-name", dx: radius(node), y: 0 }, name));
}

const edgePair = (table, found, edge) => {
  const place = edge.pair ?? -1;
  if (place >= 0 && place < found.length) return [found.a[place], found.b[place], place];
  return [edge.a, edge.b, found.find(edge.a, edge.b)];
};

async function openEdge(table, edge) {
  if (edge.target.family) {
    location.hash = familyLink(edge.target.family);
    return;
  }
  const [a, b] = edgePair(table, await pairs(), edge);
  location.hash = pairLink(table, a, b);
}

/** What the panel beside the graph says of a line or a node; texts are opened when needed. */
function telling(table, found, said) {
  let turn = 0;
  const edge = async (each) => {
    const mine = ++turn;
    if (each.target.family) return fill(said, familyTold(table, each.target.family), h("p", {}, "stands in"), h("p", {}, articleName(table, each.a)));
    const [a, b, place] = edgePair(table, found, each);
    const facts = dotted([relationTag(each.relation), counted(each.tokens, "shared word"), each.count > 1 ? counted(each.count, "pair") : null]);
    const base = [h("p", { class: "facts" }, facts), h("p", {}, own(headOf(table, a))), h("p", {}, own(headOf(table, b)))];
    fill(said, base);
    const excerpt = await sharedExcerpt(place, a);
    if (mine === turn) return fill(said, base, excerpt ? h("blockquote", { dir: "auto" }, excerpt) : h("p", { class: "quiet" }, "No passage to show here."));
    return undefined;
  };
  const node = (each) => {
    turn++;
    if (each.family) return fill(said, familyTold(table, each.family));
    return fill(said, each.documents > 1 ? h("p", { class: "facts" }, `A cluster of ${counted(each.documents, "article")}`) : h("p", { class: "facts" }, each.kept ? "Kept" : "Removed"),
      h("p", {}, articleName(table, each.row)), h("p", { class: "quiet" }, `${counted(each.degree, "line")} here`));
  };
  return { edge, node };
}

/** What is told of a family beside the graph. */
const familyTold = (table, family) => [h("p", { class: "facts" }, kindTag(family), ` ${standsIn(family)}`), h("blockquote", { dir: "auto" }, excerptOf(family.wording, 320)),
  h("p", {}, h("a", { href: familyLink(family) }, "Every occurrence"))];

/** The beginning of the passage that weighs most of a pair, in the words of one side. */
async function sharedExcerpt(place, row) {
  if (place === undefined) return null;
  const list = await passagesOf(place);
  const text = await textOf(row);
  if (!list.length || !text) return null;
  const best = list.reduce((most, each) => (each.score > most.score ? each : most));
  return excerptOf(text.text.slice(text.unit(best.start_a), text.unit(best.end_a)), 320);
}

function edgeKeys(table, edges, select) {
  let at = -1;
  return (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by) {
      at = at < 0 ? (by > 0 ? 0 : edges.length - 1) : (at + by + edges.length) % edges.length;
      select(edges[at]);
    } else if (event.key === "Enter" && at >= 0) openEdge(table, edges[at]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function inFamily(table, edge, drawn) {
  const element = h("span", { class: "pair-name" }, h("a", { href: familyLink(edge.target.family), "data-entry": "" }, own(excerptOf(edge.target.family.wording, 80), { class: "head" }), unseen(" in "), own(headOf(table, edge.a), { class: "head" })));
  element.addEventListener("focusin", () => drawn.select(edge));
  element.addEventListener("focusout", () => drawn.select(null));
  return element;
}

/** The same relations as a list, for the keyboard and for whoever prefers to read. */
function edgeList(table, found, edges, drawn) {
  const sorted = [...edges].sort((a, b) => b.tokens - a.tokens || a.number - b.number);
  const name = (edge) => {
    if (edge.target.family) return inFamily(table, edge, drawn);
    const [a, b] = edgePair(table, found, edge);
    const element = pairName(table, a, b);
    element.addEventListener("focusin", () => drawn.select(edge));
    element.addEventListener("focusout", () => drawn.select(null));
    return element;
  };
  const list = new PagedTable([
    { label: "articles", header: true, cell: name }, { label: "relation", cell: (edge) => (edge.target.family ? kindTag(edge.target.family) : relationTag(edge.relation)) },
    { label: "pairs", class: "number middle", cell: (edge) => count(edge.count) }, { label: "words", class: "number", cell: (edge) => count(edge.tokens) },
  ], { caption: "Relations of the graph", quiet: true, size: 20 }).set(sorted);
  return h("section", { "aria-labelledby": "graph-list" }, h("h2", { id: "graph-list" }, "The same as a list"), list.node);
}
