// The front page: what would go and why, what stays, the largest clusters, families, stories, what
// looks wrong, and what was read. The same questions in the same order as in the terminal.

views.set("", showOverview);

const LISTED = 3; // of each list of the front page

async function showOverview() {
  const [table, found, passed, told] = await Promise.all([documents(), clusters(), families(), stories()]);
  const blocks = [
    ["going", "What would go, and why", goingAway(table)],
    ["staying", "What stays", staying()],
    ["clusters", "Largest clusters", topClusters(table, found)],
    ["families", "Passages that stand most widely", topFamilies(table, passed)],
    ["stories", "Largest stories", topStories(table, told)],
    ["warnings", "What looks wrong", lookedAt()],
    ["input", "What was read", inputSaid()],
  ].filter(([, , content]) => content);
  const node = h("div", { class: "overview" },
    h("div", { class: "masthead" }, viewTitle(own(overview.title)), lede(), shareBar()),
    noticesOf(),
    h("div", { class: "front" }, blocks.map(([id, title, content]) => h("section", { class: "front-block", "aria-labelledby": `front-${id}` }, h("h2", { id: `front-${id}` }, title), h("div", {}, content)))),
    timelineOf(),
    h("p", { class: "quiet" }, h("a", { href: "#/method" }, "How it was compared"), ": similarity of pairs, sizes of clusters, the S-curve, and the settings of the run."));
  return { title: overview.title, section: "", node };
}

const line = (...children) => h("p", { class: "front-line" }, children);
const morePlace = (left, word, view, more) => (left > 0 ? line(h("a", { href: link(view) }, `All ${counted(left, word, more)}`)) : null);

/** Copies by relation, what they lose, and what goes inside articles. */
function goingAway(table) {
  const { removed, kept } = overview.totals;
  const parts = [];
  if (!sought("duplicates")) parts.push(line("Copies of whole articles were not looked for."));
  else if (!removed) parts.push(line(`No article: none of ${count(kept)} is a copy that goes.`));
  else {
    const why = tallied(table.rows().filter((row) => !table.get("kept", row)).map((row) => table.get("relation", row)));
    parts.push(line(h("a", { href: link("removals", [], { reason: "article:" }) }, counted(removed, "article")), removed === 1 ? ", as a copy of one that stays: " : ", as copies of others that stay: ",
      why.flatMap(([code, value], place) => [place ? ", " : "", removed > 1 ? `${count(value)} × ` : "", relationTag(code) || "copy"])));
    const losses = overview.summary.losses || {};
    if (losses.tokens) parts.push(line(removed === 1 ? "With it go " : "With them go ", h("a", { href: link("removals", [], { loss: "words" }) }, counted(losses.tokens, "word")), ` and ${counted(losses.facts || 0, "fact")} that occur nowhere else.`));
  }
  const reasons = Object.entries(overview.summary.removals || {}).filter(([, value]) => value).sort((a, b) => b[1] - a[1]);
  const whole = reasons.reduce((sum, [, value]) => sum + value, 0);
  if (whole) {
    const named = reasons.slice(0, LISTED).flatMap(([name, value], place) => [place ? ", " : "", `${count(value)} × `, h("a", { href: link("removals", [], { reason: `inside:${name}` }) }, words("reasons", name))]);
    parts.push(line(h("a", { href: link("removals", [], { reason: "inside:" }) }, counted(whole, "stretch", "stretches")), " inside articles that stay: ", named, reasons.length > LISTED ? `, and ${counted(reasons.length - LISTED, "other kind")}` : "", "."));
  } else parts.push(line("Nothing inside the articles that stay."));
  const review = overview.summary.review || 0;
  if (review) parts.push(line(h("a", { href: "#/look" }, counted(review, "article")), ` ${review === 1 ? "was" : "were"} held back, as so much would go: look at ${review === 1 ? "it" : "them"} first.`));
  return parts;
}

function tallied(values) {
  const sums = new Map();
  for (const each of values) sums.set(each, (sums.get(each) || 0) + 1);
  return [...sums].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

/** How many stay, and the pairs that look like copies and are none. */
function staying() {
  const pairsOf = overview.summary.relations || {};
  const parts = [line(h("a", { href: link("articles", [], { show: "kept" }) }, counted(overview.totals.kept, "article")), ".")];
  const names = ["same_form", "own_text", "compilation"].filter((name) => pairsOf[name]);
  if (names.length) parts.push(line("Alike, but not copies: ", names.flatMap((name, place) => [place ? ", " : "", h("a", { href: link("pairs", [], { relation: name }) }, counted(pairsOf[name], "pair")), " ", relationTag(overview.relations.indexOf(name))]), "."));
  if (pairsOf.revision) parts.push(line(h("a", { href: link("pairs", [], { relation: "revision" }) }, counted(pairsOf.revision, "pair")), " of versions of one article; the settings (revisions) say which of them stays."));
  return parts;
}

function topClusters(table, found) {
  if (!found.size) return null;
  const largest = [...found.values()].sort((a, b) => b.members.length - a.members.length || a.row - b.row);
  return [h("ul", { class: "front-list" }, largest.slice(0, LISTED).map((each) => h("li", {},
    h("span", { class: "front-count" }, counted(each.members.length - 1, "copy", "copies")), articleName(table, each.row, clusterLink(table, each.row))))),
  morePlace(found.size > LISTED ? found.size : 0, "cluster", "clusters")];
}

function topFamilies(table, { list }) {
  if (!overview.sought.families) return sought("passages") ? [line(h("a", { href: "#/pairs" }, counted(Object.values(overview.summary.passages || {}).reduce((sum, each) => sum + each, 0), "passage")), " in pairs of articles.")] : null;
  if (!list.length) return [line("No passage stands in two articles.")];
  const saying = list.filter((each) => !isRepetitive(each));
  const shown = (saying.length ? saying : list).slice(0, LISTED);
  return [h("ul", { class: "front-list" }, shown.map((each) => h("li", {},
    h("span", { class: "front-count" }, counted(each.articles, "article"), each.owners > 1 ? h("span", { class: "facts" }, counted(each.owners, "outlet")) : null),
    familyName(table, each, 170), each.first_date ? timeStrip(timesOf(table, inWording(each).map((one) => one.row)), "occurrence") : null))),
  line(h("a", { href: "#/families" }, list.length > LISTED ? `All ${counted(list.length, "family", "families")}` : counted(list.length, "family", "families")), familiesByKind(list))];
}

function topStories(table, { list }) {
  if (!overview.sought.stories) return null;
  if (!list.length) return [line("No two articles report one event.")];
  const events = list.filter((each) => !each.series);
  const series = list.length - events.length;
  return [h("ul", { class: "front-list" }, (events.length ? events : list).slice(0, LISTED).map((each) => h("li", {},
    h("span", { class: "front-count" }, counted(each.articles, "article"), copiesIn(each) ? h("span", { class: "facts" }, `and ${copiesIn(each)}`) : null, each.sites > 1 ? h("span", { class: "facts" }, counted(each.sites, "outlet")) : null),
    storyName(table, each), each.first_date ? timeStrip(storyTimes(table, each), "article") : null))),
  line(h("a", { href: "#/stories" }, list.length > LISTED ? `All ${counted(list.length, "story", "stories")}` : counted(list.length, "story", "stories")), series ? `, ${count(series)} of them a series` : "")];
}

/** Warnings that are more than a note, and where to look before one trusts the removals. */
function lookedAt() {
  const warnings = (overview.look?.warnings || overview.summary.warnings || []).filter((each) => !each.note);
  const where = line(h("a", { href: "#/look" }, "Look here"), " before you remove anything: pairs close to the threshold, greatest losses, and what was held back.");
  return warnings.length ? [h("div", { class: "notice warn" }, warningList(warnings.slice(0, LISTED))),
    warnings.length > LISTED ? line(h("a", { href: "#/look" }, counted(warnings.length - LISTED, "more warning"))) : null, where] : [line("Nothing."), where];
}

/** The sum of what was read, and what was wrong with it. */
function inputSaid() {
  const { read, kept, removed, skipped } = overview.totals;
  const report = overview.summary.read_report || {};
  const sum = (counts) => Object.values(counts || {}).reduce((whole, each) => whole + each, 0);
  const wrong = [
    sum(report.damaged) ? `${counted(sum(report.damaged), "record")} damaged but used` : "",
    sum(report.files_failed) ? `${counted(sum(report.files_failed), "file")} not read to the end` : "",
  ].filter(Boolean);
  const limits = Object.values(overview.summary.limits || {}).filter(Boolean).length;
  return [line(`${count(read)} read = ${count(kept)} kept + ${count(removed)} removed + ${count(skipped)} skipped`),
    wrong.length ? line(`${capital(wrong.join(", "))}.`) : null,
    limits ? line(`${capital(counted(limits, "limit"))} on very frequent text left something out: `, h("a", { href: "#/method" }, "which"), ".") : null];
}

function timelineOf() {
  const { timeline } = overview.figures || {};
  return timeline && timeline.starts.length ? h("div", { class: "figures" }, timelineChart(timeline)) : null;
}

/** The whole result in two sentences. */
function lede() {
  const { read, kept, removed, repeated_share: share } = overview.totals;
  const all = kept + removed;
  if (!all) return h("p", { class: "lede" }, read ? "No article could be read: all were skipped." : "There were no articles.");
  const copies = !sought("duplicates") ? `Copies were not looked for, so ${counted(kept, "article")} ${kept === 1 ? "stays" : "stay"}`
    : removed ? `${counted(removed, "article")} of ${count(all)} ${removed === 1 ? "is a copy" : "are copies"} of one that stays`
      : all === 1 ? "There is one article, so there is no copy" : `None of ${count(all)} articles is a copy that goes`;
  const text = typeof share === "number" && share ? `; ${percent(share)} of all text would go` : "";
  return h("p", { class: "lede" }, `${copies}${text}. ${foundSaid()}`);
}

/** What stands in several articles, and how many stories there are. */
function foundSaid() {
  const { families: held, stories: told } = overview.summary;
  const passages = Object.values(overview.summary.passages || {}).reduce((sum, each) => sum + each, 0);
  const families = overview.sought.families ? `${held?.count ? counted(held.count, "passage") : "No passage"} ${held?.count === 1 || !held?.count ? "stands" : "stand"} in several articles`
    : sought("passages") ? `${passages ? counted(passages, "passage") : "No passage"} ${passages === 1 || !passages ? "is" : "are"} shared by two articles` : "";
  const stories = overview.sought.stories && told?.count ? `${counted(told.articles, "article")} ${told.articles === 1 ? "tells" : "tell"} ${counted(told.count, "story", "stories")}` : "";
  const parts = [families, stories].filter(Boolean).join(", and ");
  return parts ? `${capital(parts)}.` : "";
}

/** What one must know: notes, and what is left out. */
function noticesOf() {
  const parts = [];
  if ((overview.notes || []).length) {
    parts.push(h("section", { class: "notice", "aria-labelledby": "notes" }, h("h2", { id: "notes" }, "Notes"),
      h("ul", { class: "notes" }, overview.notes.map((each) => h("li", {}, own(each))))));
  }
  if ((overview.left_out || []).length) {
    parts.push(h("section", { class: "notice", "aria-labelledby": "left-out" }, h("h2", { id: "left-out" }, "Not in this page"), leftOut()));
  }
  return parts;
}

/** Warnings about what removed articles lose, which the list of removals shows. */
const LOSING = ["lost_text", "site_losses"];

function warningList(warnings) {
  return h("ul", { class: "notes" }, warnings.map((each) => h("li", {},
    h("strong", {}, own(capital(each.text || spaced(each.kind)))), each.share ? ` (${percent(each.share)})` : "",
    LOSING.includes(each.kind) ? [" ", h("a", { href: link("removals", [], { loss: "words" }) }, "Which")] : null,
    each.examples?.length ? h("span", { class: "examples" }, "For example ", each.examples.flatMap((example, place) => [
      place ? ", " : "", h("a", { href: link("article", [example.doc_id]) }, own(example.doc_id, { class: "id" }))])) : null)));
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
    h("h2", { id: "share", class: "unseen" }, "Share of the text that would go"), bar,
    h("p", { class: "quiet" }, h("strong", {}, percent(share)), " of all characters would go: those of removed articles, and what is removed inside the others."));
}
