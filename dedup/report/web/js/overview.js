// The first view: what was read, what would go, what to know before one trusts it, and charts.

views.set("", showOverview);

function showOverview() {
  const node = h("div", { class: "overview" },
    viewTitle(own(overview.title)),
    lede(), noticesOf(), statistics(), shareBar(),
    chartsOf(),
    h("section", { "aria-labelledby": "found" }, h("h2", { id: "found" }, "What was found"), h("div", { class: "tallies" }, tallies())),
    settings());
  return { title: overview.title, section: "", node };
}

function lede() {
  const { kept, removed } = overview.totals;
  const all = kept + removed;
  if (!all) return h("p", { class: "lede" }, overview.totals.read ? "No article could be read: all were skipped." : "There were no articles.");
  const passages = Object.values(overview.summary.passages || {}).reduce((sum, each) => sum + each, 0);
  const repeats = Object.values(overview.summary.repeats || {}).reduce((sum, each) => sum + each, 0);
  const found = [
    sought("duplicates") ? copiesSaid(removed, all) : "copies were not looked for",
    sought("passages") ? (passages ? (passages === 1 ? "two articles share a passage" : `pairs of articles share ${counted(passages, "passage")}`) : "no two articles share a passage") : null,
    sought("repeats") ? (repeats ? `${counted(repeats, "stretch", "stretches")} ${repeats === 1 ? "repeats" : "repeat"} inside an article` : "nothing repeats inside an article") : null,
  ].filter(Boolean);
  const whole = found.length > 2 ? `${found.slice(0, -1).join(", ")}, and ${found.at(-1)}` : found.join(", and ");
  return h("p", { class: "lede" }, `${capital(whole)}. ${counted(kept, "article")} ${kept === 1 ? "stays" : "stay"}.`);
}

function copiesSaid(removed, all) {
  if (removed) return `${counted(removed, "article")} of ${count(all)} ${removed === 1 ? "is a copy" : "are copies"} of one that stays`;
  return all === 1 ? "there is one article, so there is no copy" : `none of ${count(all)} articles is a copy that goes`;
}

/** What one must know: notes, what is left out, warnings. */
function noticesOf() {
  const warnings = overview.look?.warnings || overview.summary.warnings || [];
  const parts = [];
  if (warnings.length) {
    parts.push(h("section", { class: "notice warn", "aria-labelledby": "suspicious" },
      h("h2", { id: "suspicious" }, "Look at these before you remove anything"), warningList(warnings)));
  }
  if ((overview.notes || []).length) {
    parts.push(h("section", { class: "notice", "aria-labelledby": "notes" }, h("h2", { id: "notes" }, "Notes"),
      h("ul", { class: "notes" }, overview.notes.map((each) => h("li", {}, own(each))))));
  }
  if ((overview.left_out || []).length) {
    parts.push(h("section", { class: "notice", "aria-labelledby": "left-out" }, h("h2", { id: "left-out" }, "Not in this page"), leftOut()));
  }
  return parts;
}

function warningList(warnings) {
  return h("ul", { class: "notes" }, warnings.map((each) => h("li", {},
    h("strong", {}, own(capital(each.text || spaced(each.kind)))), each.share ? ` (${percent(each.share)})` : "",
    each.examples?.length ? h("span", { class: "examples" }, "For example ", each.examples.flatMap((example, place) => [
      place ? ", " : "", h("a", { href: link("article", [example.doc_id]) }, own(example.doc_id, { class: "id" }))])) : null)));
}

function statistics() {
  const { read, kept, removed, skipped, characters } = overview.totals;
  const gone = overview.totals.removed_characters;
  const clusters = overview.summary.clusters || {};
  const stat = (value, label, href) => h("div", { class: "stat" },
    h("dt", {}, label), h("dd", {}, href ? h("a", { href }, value) : value));
  return h("dl", { class: "stats" },
    stat(count(read), read === 1 ? "article read" : "articles read", "#/articles"), stat(count(kept), "kept"), stat(count(removed), "removed", removed ? link("articles", [], { show: "removed" }) : null),
    stat(count(skipped), "skipped"), stat(count(clusters.count || 0), clusters.count === 1 ? "cluster" : "clusters", "#/clusters"),
    stat(count(overview.summary.review || 0), "held back for review", "#/look"),
    typeof characters !== "number" ? null : stat(short(characters), "characters"), typeof gone !== "number" ? null : stat(short(gone), "of them would go"));
}

/** 1.2 million rather than 1,234,567. */
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const short = (value) => SHORT.format(value);

function shareBar() {
  const share = overview.totals.repeated_share;
  if (typeof share !== "number") return null;
  const bar = h("div", { class: "share", role: "img", "aria-label": `${percent(share)} of all text would go` }, h("span", { class: "share-gone" }));
  bar.firstChild.style.width = `${Math.max(share * 100, share ? 0.4 : 0)}%`;
  return h("section", { class: "share-block", "aria-labelledby": "share" },
    h("h2", { id: "share", class: "minor" }, h("strong", {}, percent(share)), " of all text would go"), bar,
    h("p", { class: "quiet" }, "Share of characters in removed articles and in what is removed inside those that stay."));
}

function chartsOf() {
  const figures = overview.figures || {};
  const some = (list) => list && list.some((each) => each > 0);
  const histogram = figures.histogram;
  const made = [
    histogram && Object.values(histogram.counts).some(some) ? histogramChart(histogram) : null,
    figures.cluster_sizes && some(figures.cluster_sizes.counts) ? clusterChart(figures.cluster_sizes) : null,
    figures.timeline && figures.timeline.starts.length ? timelineChart(figures.timeline) : null,
    figures.s_curve ? curveChart(figures.s_curve) : null,
    figures.site_matrix && figures.site_matrix.sites.length ? matrixChart(figures.site_matrix) : null,
  ].filter(Boolean);
  if (made.length % 2 === (figures.site_matrix?.sites.length ? 0 : 1) && figures.what_if) {
    const chart = whatIfChart(figures.what_if, overview.config.threshold, "");
    const at = figures.what_if.thresholds.indexOf(overview.config.threshold);
    if (at >= 0) chart.move(at);
    made.splice(made.length - (figures.site_matrix?.sites.length ? 1 : 0), 0, chart.node);
  }
  const missing = [
    figures.cluster_sizes && some(figures.cluster_sizes.counts) ? null : `cluster sizes: ${sought("duplicates") ? "there is no cluster of two or more articles" : "copies were not looked for"}`,
    figures.timeline && figures.timeline.starts.length ? null : "a timeline: no article has a date",
    figures.site_matrix && figures.site_matrix.sites.length ? null : "who copies whom: no copy has a site",
  ].filter(Boolean);
  return h("section", { "aria-labelledby": "charts" }, h("h2", { id: "charts" }, "In figures"), h("div", { class: "figures" }, made),
    missing.length ? h("p", { class: "quiet" }, `Not drawn: ${missing.join("; ")}.`) : null);
}

function tallies() {
  const { summary } = overview;
  const pairsOf = (name) => link("pairs", [], { relation: name });
  return [
    tally("Pairs of articles", "relations", summary.relations, pairsOf, "rel-"),
    tally("Passages, by how sure", "levels", summary.passages), tally("Passages, by kind", "kinds", summary.kinds),
    tally("Removed inside articles", "reasons", summary.removals),
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
