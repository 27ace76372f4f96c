// How articles were compared: which pairs were looked at, how alike they are, limits, settings.

views.set("method", showMethod);

function showMethod() {
  const node = h("div", { class: "overview" }, viewTitle("How it was compared"),
    h("p", { class: "lede" }, "Which pairs of articles were looked at, how alike they are, what was found in sum, and the settings it depends on."),
    chartsOf(),
    h("section", { "aria-labelledby": "found" }, h("h2", { id: "found" }, "What was found"), h("div", { class: "tallies" }, tallies())),
    settings());
  return { title: "How it was compared", section: "method", node };
}

function chartsOf() {
  const figures = overview.figures || {};
  const some = (list) => list && list.some((each) => each > 0);
  const { histogram, what_if: effect } = figures;
  const made = [
    histogram && Object.values(histogram.counts).some(some) ? histogramChart(histogram) : null,
    figures.s_curve ? curveChart(figures.s_curve) : null,
    figures.cluster_sizes && some(figures.cluster_sizes.counts) ? clusterChart(figures.cluster_sizes) : null,
    effect ? thresholdChart(effect) : null,
  ].filter(Boolean);
  return h("section", { "aria-labelledby": "charts" }, h("h2", { id: "charts" }, "In figures"), h("div", { class: "figures" }, made));
}

function thresholdChart(effect) {
  const chart = whatIfChart(effect, overview.config.threshold, "");
  const at = effect.thresholds.indexOf(overview.config.threshold);
  if (at >= 0) chart.move(at);
  return chart.node;
}

function tallies() {
  const { summary } = overview;
  const pairsOf = (name) => link("pairs", [], { relation: name });
  return [
    tally("Pairs of articles", "relations", summary.relations, pairsOf, "rel-"),
    tally("Passages, by how sure", "levels", summary.passages), tally("Passages, by kind", "kinds", summary.kinds),
    tally("Families, by kind", "family_kinds", summary.families?.kinds), tally("Removed inside articles", "reasons", summary.removals),
    tally("Tagged, and left in place", "tags", summary.tags),
    tally("Skipped", "skipped", summary.read_report?.skipped), tally("Damaged, but used", "damaged", summary.read_report?.damaged),
    tally("Files not read, or not to the end", "failed", summary.read_report?.files_failed),
    tally("Left out by limits on very frequent text", "limits", summary.limits),
  ];
}

function tally(title, kind, counts, href, colour) {
  const found = Object.entries(counts || {}).filter(([, value]) => value).sort((a, b) => b[1] - a[1]);
  if (!found.length) return null;
  const most = found[0][1];
  const bar = (value) => {
    const element = h("span", { class: "tally-bar", "aria-hidden": "true" });
    element.style.width = `${(value / most) * 100}%`;
    return element;
  };
  return h("table", { class: "tally" }, h("caption", {}, title),
    h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, "what"), h("th", { scope: "col" }, "how many"))),
    h("tbody", {}, found.map(([name, value]) => h("tr", {},
      h("th", { scope: "row" }, colour ? h("span", { class: `swatch ${colour}${name}`, "aria-hidden": "true" }) : null,
        href ? h("a", { href: href(name) }, words(kind, name)) : words(kind, name)),
      h("td", {}, bar(value), h("span", {}, count(value)))))));
}

/** The settings of the run, for whoever must tell how it was made. */
function settings() {
  const shown = (value) => (Array.isArray(value) ? value.join(", ") || "none" : String(value));
  return h("details", { class: "settings" }, h("summary", {}, `Settings of this run (dedup ${overview.version})`),
    h("table", { class: "plain" }, h("caption", { class: "unseen" }, "Settings"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "setting"), h("th", { scope: "col" }, "value"))),
      h("tbody", {}, Object.entries(overview.config).map(([name, value]) =>
        h("tr", {}, h("th", { scope: "row" }, h("code", {}, name)), h("td", {}, own(shown(value))))))));
}
