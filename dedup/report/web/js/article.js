// One article: its text with what is removed struck through, tags, and what it shares with others.

views.set("article", showArticle);

const MOST_NOTED = 30; // pairs whose passages are marked in the text
const MOST_REFS = 3; // of them that are named at one place of the text

async function showArticle([id], query) {
  const table = await documents();
  const row = table.rowOf.get(id);
  if (row === undefined) return unknownArticle(id);
  const [text, found] = [await textOf(row), await pairs()];
  const partners = partnersOf(found, row);
  const notes = text ? await sharedSpans(found, row, partners, text) : [];
  const title = headOf(table, row);
  const body = text ? articleBody(table, found, row, text, notes, query) : null;
  const node = h("article", { class: "article" }, viewTitle(own(title)),
    h("p", { class: "facts" }, dotted([own(id, { class: "id" }), ...originOf(table, row).map((each) => own(each)), fileOf(table, row, id)])),
    await standing(table, row),
    h("div", { class: "columns" },
      h("div", { class: "reading" }, body ? body.node : withoutText()),
      h("aside", { class: "side", "aria-label": "About this article" },
        body ? body.legend : null, text ? lostList(text) : null, text ? tagLegend(text) : null, await placesFound(table, row), sharedList(table, found, row, partners))));
  return { title, section: "articles", node, keys: body ? body.keys : {}, shown: () => body && body.shown() };
}

function fileOf(table, row, id) {
  const path = table.get("path", row);
  return path && path !== id && !path.endsWith(`/${id}`) ? own(path) : null;
}

/** Whether the article stays, and why. */
async function standing(table, row) {
  const leader = table.get("cluster", row);
  const cluster = (await clusters()).get(leader);
  const other = table.get("duplicate_of", row) >= 0 ? table.get("duplicate_of", row) : leader;
  const parts = [verdict(table, row), " "];
  if (row === leader) {
    parts.push(cluster ? ["It stands for ", h("a", { href: clusterLink(table, row) }, `a cluster of ${counted(cluster.members.length, "article")}`), "."] : sought("duplicates") ? "It has no copies." : "Copies were not looked for.");
  } else {
    parts.push(relationTag(table.get("relation", row)), ` ${toward(table.get("relation", row))} `, h("a", { href: articleLink(table, other) }, own(headOf(table, other))),
      ` (Jaccard ${score(table.get("jaccard", row))}, contained ${score(table.get("containment", row))}${sought("passages") ? `, coverage ${score(table.get("coverage", row))}` : ""}). `,
      h("a", { href: pairLink(table, row, other) }, "Side by side"), " · ", h("a", { href: clusterLink(table, leader) }, "Its cluster"));
  }
  return [h("p", { class: "standing" }, parts), lossSaid(table, row)];
}

/** The word between a relation and the article it leads to. */
const toward = (code) => pick({ derived: "from", compilation: "with", shares_passage: "with", own_text: "beside", same_form: "as", same_url: "as", none: "with" }, overview.relations[code], "of");

/** What the removal of an article loses, where it loses something. */
function lossSaid(table, row) {
  const lost = table.get("lost_tokens", row) || 0;
  if (!lost) return null;
  const facts = table.get("lost_facts", row);
  return h("p", { class: "quiet loss" }, `Removing it loses ${counted(lost, "word")} (${percent(table.get("lost_share", row))} of its running text)${facts ? `, among them ${counted(facts, "fact")}` : ""}: nothing like them stands in the one that is kept.`);
}

/** The longer stretches that are lost with an article; shorter ones are only counted. */
function lostList(text) {
  if (!text.lost.length) return null;
  return h("section", {}, h("h2", {}, "Lost with it"),
    h("p", { class: "quiet" }, "What stands nowhere in the article that is kept, underlined in the text. Less than eight words in a row are only counted."),
    h("ul", { class: "only-here-list" }, text.lost.map((each) => h("li", {}, own(excerptOf(text.text.slice(each.start, each.end), 160)), " ", h("span", { class: "facts" }, counted(each.tokens, "word"))))));
}

/** How many texts are in this page, and why not all. */
function textsLeftOut() {
  const found = (overview.left_out || []).find((each) => each.what === "texts");
  return found ? `${count(found.shown)} of ${counted(found.total, "text")} are in it (${found.why}).` : "";
}

const withoutText = () => h("p", { class: "notice" }, "The text of this article is not in this page. ", textsLeftOut());

function articleBody(table, found, row, text, notes, query) {
  const original = originalText(table, found, row, text, notes, query.find || "");
  const cleaned = textBox({ class: "cleaned", id: "cleaned", tabindex: "-1" });
  const modes = h("div", { class: "switch", role: "group", "aria-label": "Which text" });
  const removals = text.ops.length;
  let place = -1;
  const step = (by) => {
    const marks = original.querySelectorAll("del[data-op]");
    if (!marks.length || original.hidden) return;
    place = (place + by + marks.length) % marks.length;
    marks[place].scrollIntoView({ block: "center" });
    flash(marks[place]);
    announce(`Removed stretch ${place + 1} of ${marks.length}: ${words("reasons", text.ops[Number(marks[place].dataset.op)].reason)}`);
  };
  const show = (mode) => {
    if (mode === "clean" && !cleaned.firstChild) cleaned.append(text.clean);
    original.hidden = mode === "clean";
    cleaned.hidden = mode !== "clean";
    for (const each of modes.children) each.setAttribute("aria-pressed", String(each.dataset.mode === mode));
    next.hidden = mode === "clean" || !removals;
    remember({ text: mode === "clean" ? "clean" : "" });
  };
  fill(modes, button("Original", () => show("original"), { "data-mode": "original" }), button("Cleaned", () => show("clean"), { "data-mode": "clean", "aria-keyshortcuts": "c" }));
  const next = h("span", { class: "steps" }, button("Previous removed", () => step(-1), { "aria-keyshortcuts": "p" }), button("Next removed", () => step(1), { "aria-keyshortcuts": "n" }));
  const shown = () => {
    show(query.text === "clean" ? "clean" : "original");
    const hit = original.querySelector("mark.hit");
    if (hit) hit.scrollIntoView({ block: "center" });
  };
  const node = h("div", {}, h("div", { class: "controls stick" }, modes, next), original, cleaned);
  const keys = { n: () => step(1), p: () => step(-1), c: () => show(original.hidden ? "original" : "clean") };
  return { node, legend: reasonLegend(text), keys, shown };
}

function originalText(table, found, row, text, notes, wanted) {
  const box = textBox({ class: "original", id: "original" });
  const ops = text.ops.map((op, number) => ({ ...op, ...trimmed(text.text, op), number }));
  const copies = flattened(text.ops.map((op, number) => ({ start: op.keptStart, end: op.keptEnd, number })).filter((each) => each.start >= 0));
  const wrapTag = (span, { first }) => h("span", { class: "tagged" }, first ? label({ class: "tag-label" }, words("tags", span.tag)) : null);
  paint(box, text.text, 0, text.text.length, [
    { spans: ops, wrap: (op, { first }) => removedMark(op, first) },
    { spans: copies, wrap: (piece) => h("span", { class: "stays-here", "data-kept": piece.spans.map((each) => each.number).join(" "), title: "This copy stays" }) },
    { spans: flattened(text.tags).map((each) => ({ ...each, tag: each.spans[0].tag })), wrap: wrapTag },
    { spans: byLine(text.text, flattened(notes)), wrap: (piece, { first }) => sharedMark(table, row, piece, first) },
    { spans: byLine(text.text, merged(text.lost)), wrap: () => h("span", { class: "only-here" }) },
    { spans: wanted ? placesOf(text.text, wanted) : [], wrap: () => h("mark", { class: "hit" }) },
  ]);
  box.addEventListener("click", (event) => toCopy(box, event.target.closest("del[data-kept-at]")));
  return box;
}

function removedMark(op, first) {
  const name = words("reasons", op.reason);
  const how = `${capital(name)}: found by ${words("rules", op.rule)}, ${op.confidence}`;
  const copy = op.keptStart >= 0;
  const mark = h("del", { class: `removed ${colour(op.reason)} ${op.blank ? "blank" : ""}`, "data-op": op.number, "data-reason": overview.reasons[op.reason], "data-kept-at": copy ? "" : null, title: how });
  if (!first) return mark;
  mark.append(label({ class: "op-label" }, unseen("Removed: "), name,
    copy ? h("button", { type: "button", class: "to-copy", title: "Go to the copy that stays" }, "→ copy that stays") : null), op.blank ? "" : " ");
  return mark;
}

/** Go to the copy that stays in place of a removed stretch. */
function toCopy(box, mark) {
  if (!mark || String(getSelection()).length) return;
  const wanted = [...box.querySelectorAll("[data-kept]")].filter((each) => each.dataset.kept.split(" ").includes(mark.dataset.op));
  if (!wanted.length) return;
  wanted[0].scrollIntoView({ block: "center" });
  wanted.forEach(flash);
  announce("The copy that stays");
}

/** The pairs an article is in, those that share most first. */
const partnersOf = (found, row) => [...found.of(row)].sort((a, b) => found.tokens[b] - found.tokens[a] || found.coverage[b] - found.coverage[a] || a - b);

/** Where the passages stand that an article shares, each with the number of its pair in the list. */
async function sharedSpans(found, row, partners, text) {
  const spans = [];
  for (const [number, place] of partners.slice(0, MOST_NOTED).entries()) {
    const side = found.a[place] === row ? "a" : "b";
    for (const [order, each] of (await passagesOf(place)).entries()) {
      const span = trimmed(text.text, { start: text.unit(each[`start_${side}`]), end: text.unit(each[`end_${side}`]) });
      if (!span.blank) spans.push({ start: span.start, end: span.end, number, order, other: found.other(place, row) });
    }
  }
  return spans;
}

function sharedMark(table, row, piece, first) {
  const mark = h("span", { class: "shared" });
  if (!first) return mark;
  const begun = piece.spans.filter((span) => span.start === piece.start).sort((a, b) => a.number - b.number);
  for (const each of begun.slice(0, begun.length > MOST_REFS + 1 ? MOST_REFS : begun.length)) {
    const name = headOf(table, each.other);
    mark.append(h("a", {
      class: "label ref", dir: "ltr", href: pairLink(table, row, each.other, { passage: each.order + 1 }), title: `Also in: ${name}`,
    }, unseen("Shared passage, also in article "), String(each.number + 1)));
  }
  if (begun.length > MOST_REFS + 1) mark.append(label({ class: "ref more", title: "These are in the list “Shared with others”" }, `+ ${begun.length - MOST_REFS}`));
  return mark;
}

function reasonLegend(text) {
  const sums = new Map();
  for (const { reason, characters } of text.ops) {
    const sum = sums.get(reason) || { pieces: 0, characters: 0 };
    sums.set(reason, { pieces: sum.pieces + 1, characters: sum.characters + characters });
  }
  const gone = [...sums.values()].reduce((sum, each) => sum + each.characters, 0);
  return h("section", {}, h("h2", {}, "Removed inside"),
    h("p", { class: "quiet" }, gone ? `${counted(gone, "character")} of ${count(text.length)} (${percent(gone / text.length)})` : "Nothing is removed inside this article."),
    h("ul", { class: "reasons" }, [...sums].sort((a, b) => b[1].characters - a[1].characters).map(([reason, sum]) =>
      h("li", {}, h("span", { class: `swatch struck ${colour(reason)}`, "aria-hidden": "true" }), h("span", {}, words("reasons", reason)), h("span", { class: "number" }, `${count(sum.pieces)} ×`)))));
}

function tagLegend(text) {
  const names = [...new Set(text.tags.map((each) => words("tags", each.tag)))];
  if (!names.length) return null;
  return h("section", {}, h("h2", {}, "Tagged, and left in place"), h("p", { class: "quiet" }, names.join(", ")));
}

const MOST_PLACED = 6; // families of an article that are listed

/** The story of an article, and the families that stand in it. */
async function placesFound(table, row) {
  const [told, passed] = await Promise.all([stories(), families()]);
  const [story] = told.of(row);
  const held = [...passed.of(row)].sort((a, b) => a.place - b.place);
  return [
    story ? h("section", {}, h("h2", {}, "Its story"), h("p", {}, h("a", { href: storyLink(table, story) }, `${counted(story.articles, "article")} on one event`)), h("p", { class: "quiet" }, storyWords(story, 6))) : null,
    held.length ? h("section", {}, h("h2", {}, "Stands elsewhere too"), h("ul", { class: "wordings" }, held.slice(0, MOST_PLACED).map((each) => h("li", {},
      h("a", { href: familyLink(each) }, own(excerptOf(each.wording, 90), { class: "wording" })), h("span", { class: "facts" }, kindTag(each), ` ${standsIn(each)}`)))),
    held.length > MOST_PLACED ? h("p", { class: "quiet" }, `and ${counted(held.length - MOST_PLACED, "more family", "more families")}`) : null) : null,
  ];
}

function sharedList(table, found, row, partners) {
  if (!partners.length) return h("section", {}, h("h2", {}, "Shared with others"), h("p", { class: "quiet" }, sought("passages") ? "No other article shares a passage with this one." : "Passages were not looked for."));
  const list = new PagedTable([
    { label: "", note: "number in the text", class: "number", cell: (place, at) => (at < MOST_NOTED && found.passages[place] ? h("span", { class: "ref" }, at + 1) : "") },
    { label: "", note: "article", header: true, cell: (place) => sharedWith(table, found, row, place) },
  ], { caption: "Shared with others", quiet: true, size: 10, class: "shared-list" }).set(partners);
  return h("section", {}, h("h2", {}, "Shared with others"), list.node);
}

function sharedWith(table, found, row, place) {
  const other = found.other(place, row);
  const facts = [relationTag(found.relation[place]), found.tokens[place] ? ` ${counted(found.tokens[place], "word")}` : ""];
  return h("span", { class: "name" }, h("a", { href: pairLink(table, row, other), "data-entry": "" }, own(headOf(table, other), { class: "head" })), h("span", { class: "facts" }, facts));
}
