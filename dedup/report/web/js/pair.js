// Two texts side by side: passages coloured and numbered, what differs in them marked.

views.set("pair", showPair);

const MOST_PASSAGES = 400; // of a pair, that are coloured
const MOST_COMPARING = 2500; // milliseconds
const NOT_COMPARED = { a: [], b: [], count: 0, words: 0, compared: false };

async function showPair([idA, idB], query) {
  const [table, found] = [await documents(), await pairs()];
  const rows = [table.rowOf.get(idA), table.rowOf.get(idB)];
  for (const [place, id] of [idA, idB].entries()) if (rows[place] === undefined) return unknownArticle(id || "");
  const [a, b] = rows;
  if (a === b) return lost("One article cannot stand beside itself", h("a", { href: articleLink(table, a) }, own(headOf(table, a))));
  const place = found.find(a, b);
  const texts = { a: await textOf(a), b: await textOf(b) };
  const title = `${headOf(table, a)} / ${headOf(table, b)}`;
  const head = [viewTitle("Side by side"), pairFacts(table, found, place, rows)];
  if (!texts.a || !texts.b) return { title, section: "pairs", node: h("div", { class: "pair" }, head, missing(table, rows, texts)) };
  const list = place === undefined ? [] : await pairPassages(place, a > b, texts);
  const made = list.length ? comparedByPassage(texts, list, found.passages[place]) : comparedWhole(texts);
  const view = sideBySide(table, rows, texts, list, made);
  const whole = h("div", {}, view.node, list.length ? passageTable(list, texts, view.go) : null);
  const { node: body, folded } = foldable(table, rows, texts, place === undefined ? null : found.relation[place], whole, query);
  const node = h("div", { class: "pair" }, head, body);
  const shown = () => (list.length && !folded() ? view.go(Math.min(list.length, Math.max(1, Number(query.passage) || 1)) - 1, !query.passage) : null);
  return { title, section: "pairs", node, keys: view.keys, shown };
}

const FOLDED = ["exact", "near_duplicate", "revision", "same_form"]; // relations of texts that are mostly equal

/**
 * Whole texts, or what differs alone. Of near-duplicates and their like what differs comes first, as
 * the rest says nothing; `view=whole` and `view=differences` in the address choose.
 */
function foldable(table, rows, texts, relation, whole, query) {
  const mostly = FOLDED.includes(overview.relations[relation]);
  const first = query.passage || query.view === "whole" || !(mostly || query.view === "differences") ? "whole" : "differences";
  const box = h("div", { class: "differences" });
  const modes = h("div", { class: "switch", role: "group", "aria-label": "What is shown" });
  let now = "";
  const show = (mode) => {
    if (mode === "differences" && !box.firstChild) {
      const made = onlyDifferences(texts);
      fill(box, made ? [h("div", { class: "hunk-heads" }, rows.map((row) => h("h2", {}, articleName(table, row)))), made]
        : h("p", { class: "notice" }, "These texts are too long or too different to be compared word by word."));
    }
    now = mode;
    box.hidden = mode !== "differences";
    whole.hidden = mode === "differences";
    for (const each of modes.children) each.setAttribute("aria-pressed", String(each.dataset.mode === mode));
    const usual = mostly ? "differences" : "whole";
    remember({ view: mode === usual ? "" : mode, ...(mode === "differences" ? { passage: "" } : {}) });
  };
  fill(modes, button("Only differences", () => show("differences"), { "data-mode": "differences" }), button("Whole texts", () => show("whole"), { "data-mode": "whole" }));
  const node = h("div", {}, h("div", { class: "controls" }, modes), box, whole);
  Promise.resolve().then(() => show(first));
  return { node, folded: () => now === "differences" };
}

function missing(table, rows, texts) {
  const gone = rows.filter((_, place) => !texts["ab"[place]]).map((row) => idOf(table, row));
  const ids = gone.flatMap((each, place) => [place ? " and of " : "", own(each, { class: "id" })]);
  return h("p", { class: "notice" }, "Not in this page: the text of ", ids, ". ", textsLeftOut());
}

function pairFacts(table, found, place, [a, b]) {
  if (place === undefined) {
    const same = table.get("cluster", a) === table.get("cluster", b);
    return h("p", { class: "lede" }, same
      ? "Both are in one cluster, but they are not paired with each other: each is compared with the article that stands for it. Marked are words that stand on one side only."
      : "These two are not among the pairs of this report. Marked are words that stand on one side only.");
  }
  const swapped = a > b;
  const contained = swapped ? ["containment_b", "containment_a"] : ["containment_a", "containment_b"];
  return factList([
    ["relation", relationTag(found.relation[place])], ["Jaccard", score(found.jaccard[place])],
    ["left stands in right", score(found[contained[0]][place])], ["right stands in left", score(found[contained[1]][place])],
    ...(overview.find.includes("passages") ? [["coverage of the shorter", score(found.coverage[place])], ["shared words", count(found.tokens[place])]] : []),
    [`facts that differ, ${swapped ? "right → left" : "left → right"}`, found.changed?.[place] ? own(found.changed[place]) : null],
  ], { class: "facts-list wide-list" });
}

/** The passages of a pair in units of the strings here; sides change places where asked. */
async function pairPassages(place, swapped, texts) {
  const list = await passagesOf(place);
  const [first, second] = swapped ? ["b", "a"] : ["a", "b"];
  const turned = list.slice(0, MOST_PASSAGES).map((each) => ({
    ...each, marks: { a: [], b: [] },
    start_a: texts.a.unit(each[`start_${first}`]), end_a: texts.a.unit(each[`end_${first}`]),
    start_b: texts.b.unit(each[`start_${second}`]), end_b: texts.b.unit(each[`end_${second}`]),
  }));
  turned.sort((x, y) => x.start_a - y.start_a || x.start_b - y.start_b);
  turned.forEach((each, number) => { each.number = number; });
  return turned;
}

function comparedByPassage(texts, list, total) {
  const spans = { a: [], b: [] };
  let failed = 0;
  const end = performance.now() + MOST_COMPARING;
  for (const each of list) {
    const found = performance.now() > end ? NOT_COMPARED : differences(texts.a.text, { start: each.start_a, end: each.end_a }, texts.b.text, { start: each.start_b, end: each.end_b });
    each.differing = found.compared ? found.count : null;
    failed += found.compared ? 0 : 1;
    spans.a.push(...found.a);
    spans.b.push(...found.b);
  }
  const said = failed ? `${counted(failed, "passage")} too long or too different to be compared word by word, so differences are not marked there.` : "";
  return { spans: { a: merged(spans.a), b: merged(spans.b) }, said: `${bounded(list.length, total)}${said}` };
}

const bounded = (shown, total) => (shown < total ? `The first ${count(shown)} of ${count(total)} passages are shown. ` : "");

function comparedWhole(texts) {
  const whole = (text) => ({ start: 0, end: text.text.length });
  const found = differences(texts.a.text, whole(texts.a), texts.b.text, whole(texts.b));
  const said = !found.compared ? "These texts are too long or too different to be compared word by word, so nothing is marked."
    : found.count ? `There are no passages to show, so the whole texts are compared: ${counted(found.count, "word")} of ${count(found.words)} stand on one side only.`
      : "Word by word these texts are equal. Case, accents and punctuation do not count.";
  return { spans: { a: found.a, b: found.b }, said };
}

function sideBySide(table, rows, texts, list, made) {
  const boxes = {};
  const panes = ["a", "b"].map((side, at) => {
    const name = headOf(table, rows[at]);
    boxes[side] = h("div", { class: "pane", tabindex: "0", role: "region", "aria-label": `${at ? "Right" : "Left"} text: ${name}` }, paintSide(texts[side], side, list, made.spans[side]));
    return h("section", { class: "pane-frame" }, h("h2", {}, articleName(table, rows[at])), boxes[side]);
  });
  const together = new Together(boxes, list);
  collectMarks(boxes, list);
  const said = h("div", { class: "passage-said", role: "status" });
  let current = 0;
  const go = (number, quiet) => {
    current = (number + list.length) % list.length;
    for (const side of ["a", "b"]) for (const each of boxes[side].querySelectorAll("mark.current")) each.classList.remove("current");
    const passage = list[current];
    for (const side of ["a", "b"]) for (const mark of passage.marks[side]) mark.classList.add("current");
    fill(said, passageFacts(passage, list.length));
    if (quiet) return;
    together.goTo(passage);
    remember({ passage: current + 1 });
  };
  for (const side of ["a", "b"]) {
    boxes[side].addEventListener("click", (event) => {
      const mark = event.target.closest("[data-passage]");
      if (mark && !String(getSelection()).length) go(Number(mark.dataset.passage));
    });
  }
  return { node: h("div", {}, pairControls(list, together, said, made, () => go(current - 1), () => go(current + 1)), h("div", { class: "panes" }, panes)), go, keys: pairKeys(list, together, go, () => current) };
}

function pairControls(list, together, said, made, before, after) {
  const sync = h("input", { type: "checkbox", id: "together", checked: true, onchange: (event) => { together.on = event.target.checked; } });
  return h("div", { class: "controls stick pair-controls" },
    list.length ? h("span", { class: "steps" }, button("Previous", before, { "aria-keyshortcuts": "p", "aria-label": "Previous passage" }), button("Next", after, { "aria-keyshortcuts": "n", "aria-label": "Next passage" })) : null,
    said, made.said ? h("p", { class: "quiet" }, made.said) : null,
    h("label", { class: "check" }, sync, "scroll together"),
    h("span", { class: "key-to-marks" }, h("span", { class: "diff" }, "marked"), " stands on one side only"));
}

const pairKeys = (list, together, go, current) => ({
  ...(list.length ? { n: () => go(current() + 1), p: () => go(current() - 1) } : {}),
  s: () => {
    const box = byId("together");
    box.checked = together.on = !together.on;
    announce(together.on ? "Scrolling together" : "Scrolling apart");
  },
});

function passageFacts(passage, length) {
  const differing = passage.differing === null ? "" : passage.differing ? `${counted(passage.differing, "word")} on one side only` : "no word differs";
  return [h("span", { class: `chip ${colour(passage.number)}` }, String(passage.number + 1)), h("span", {}, `Passage ${passage.number + 1} of ${length}: `,
    h("strong", {}, words("kinds", passage.kind)), `, ${words("levels", passage.level)}, ${counted(passage.tokens, "shared word")}, density ${score(passage.density)}${differing ? `, ${differing}` : ""}`)];
}

function paintSide(text, side, list, spans) {
  const box = textBox({ class: "side-text" });
  const pieces = byLine(text.text, flattened(list.map((each) => ({ ...trimmed(text.text, { start: each[`start_${side}`], end: each[`end_${side}`] }), number: each.number }))));
  const wrap = (piece) => {
    const first = piece.spans[0].number;
    const mark = h("mark", { class: `passage ${colour(first)}`, "data-passage": first, "data-all": piece.spans.map((each) => each.number).join(" ") });
    for (const each of piece.spans.filter((span) => span.start === piece.start)) {
      mark.append(h("button", { type: "button", class: `label chip ${colour(each.number)}`, dir: "ltr", "data-passage": each.number, "aria-label": `Passage ${each.number + 1}, go to its counterpart` }, String(each.number + 1)));
    }
    return mark;
  };
  return paint(box, text.text, 0, text.text.length, [{ spans: pieces, wrap }, { spans: byLine(text.text, spans), wrap: () => h("span", { class: "diff" }) }]);
}

function collectMarks(boxes, list) {
  for (const side of ["a", "b"]) {
    for (const mark of boxes[side].querySelectorAll("mark.passage")) {
      for (const number of mark.dataset.all.split(" ")) list[Number(number)].marks[side].push(mark);
    }
  }
}

function passageTable(list, texts, go) {
  const rows = new PagedTable([
    { label: "", note: "passage", cell: (each) => h("button", { type: "button", class: `chip ${colour(each.number)}`, "aria-label": `Go to passage ${each.number + 1}`, onclick: () => { go(each.number); document.querySelector(".panes").scrollIntoView({ block: "nearest" }); } }, String(each.number + 1)) },
    { label: "begins", header: true, cell: (each) => own(excerptOf(texts.a.text.slice(each.start_a, each.end_a), 96), { class: "excerpt" }) },
    { label: "kind", cell: (each) => words("kinds", each.kind) }, { label: "level", class: "middle", cell: (each) => words("levels", each.level) },
    { label: "words", class: "number", note: "words of one side that are aligned with a like one of the other", cell: (each) => count(each.tokens) },
    { label: "density", class: "number middle", note: "those over the words of the longer side", cell: (each) => score(each.density) },
    { label: "differing", class: "number wide", note: "words on one side only", cell: (each) => (each.differing === null ? "?" : count(each.differing)) },
  ], { caption: "Passages", quiet: true, size: 25 }).set(list);
  return h("section", { "aria-labelledby": "passages" }, h("h2", { id: "passages" }, "Passages"), rows.node);
}
