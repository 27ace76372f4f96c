// Where the nodes of the graph stand: forces, worked out in small steps and shown when at rest.

const STEPS = 260;
const STEP_TIME = 24; // milliseconds of work before the browser may draw

// How long a line is, against one between articles that share little.
const CLOSENESS = { exact: 0.4, near_duplicate: 0.5, excerpt: 0.65, derived: 0.9, shares_passage: 1.15, compilation: 1.15, revision: 0.55, own_text: 0.75, same_form: 1, same_url: 0.7 };

const radius = (node) => 5 + Math.min(16, Math.sqrt(node.documents - 1) * 3);

/** Give every node x and y; `shape` is the width of the box over its height; `progress(share)` is called in between. Resolves to false if stopped. */
async function laidOut(nodes, edges, shape, progress, going) {
  const many = nodes.length > 120;
  const near = (edge) => (edge.target.family ? 0.8 : 0) || CLOSENESS[overview.relations[edge.relation]] || 1;
  const simulation = lib.forceSimulation(nodes)
    .force("links", lib.forceLink(edges).distance((edge) => (many ? 40 : 110) * near(edge)).strength((edge) => Math.max(0.03, (1.3 - near(edge)) / Math.sqrt(Math.min(edge.source.degree, edge.target.degree)))))
    .force("apart", lib.forceManyBody().strength(many ? -110 : -380).distanceMax(600))
    .force("room", lib.forceCollide((node) => radius(node) + (many ? 3 : 16)))
    .force("x", lib.forceX().strength((many ? 0.12 : 0.07) / shape))
    .force("y", lib.forceY().strength((many ? 0.12 : 0.07) * shape))
    .stop();
  let done = 0;
  while (done < STEPS) {
    const until = performance.now() + STEP_TIME;
    while (done < STEPS && performance.now() < until) {
      simulation.tick();
      done++;
    }
    progress(done / STEPS);
    await pause();
    if (!going()) return false;
  }
  return true;
}

/** The rectangle around all nodes. */
function extent(nodes) {
  const xs = nodes.map((each) => each.x);
  const ys = nodes.map((each) => each.y);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/** The move and the scale that show all nodes in a box, with room for names at the right. */
function fitting(nodes, width, height, margin, names = 0) {
  const { left, right, top, bottom } = extent(nodes);
  const scale = Math.min(3, (width - 2 * margin - names) / Math.max(1, right - left), (height - 2 * margin) / Math.max(1, bottom - top));
  const good = Math.max(0.1, scale);
  return lib.zoomIdentity.translate((width - names) / 2, height / 2).scale(good).translate(-(left + right) / 2, -(top + bottom) / 2);
}
