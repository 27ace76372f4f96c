// What differs between two texts, with what is equal folded to a few words.

const CONTEXT = 9; // equal words that stay on each side of a difference

/**
 * Return the stretches of two texts in order: { equal, a: span, b: span, words }, or null where they
 * are too long or too different to be laid out.
 */
function stretchesOf(textA, spanA, textB, spanB) {
  const [ours, theirs] = [wordsOf(textA, spanA.start, spanA.end), wordsOf(textB, spanB.start, spanB.end)];
  if (Math.max(ours.length, theirs.length) > MOST_WORDS) return null;
  const changes = lib.diffArrays(ours.map((each) => each.key), theirs.map((each) => each.key), { timeout: MOST_TIME });
  if (!changes) return null;
  const found = [];
  let [a, b] = [0, 0];
  for (const { added, removed, count: size } of changes) {
    const [first, second] = [added ? 0 : size, removed ? 0 : size];
    const last = found.at(-1);
    const made = { equal: !added && !removed, a: [a, a + first], b: [b, b + second] };
    if (last && !last.equal && !made.equal) [last.a[1], last.b[1]] = [made.a[1], made.b[1]];
    else found.push(made);
    [a, b] = [a + first, b + second];
  }
  const span = (list, [from, to]) => (to > from ? { start: list[from].start, end: list[to - 1].end } : null);
  return found.map((each) => ({
    equal: each.equal, a: span(ours, each.a), b: span(theirs, each.b), words: each.a[1] - each.a[0],
    ours: ours.slice(...each.a), theirs: theirs.slice(...each.b),
  }));
}

/** The second text with what the first lacks marked, and what only the first has struck through. */
function inlineDifferences(textA, spanA, textB, spanB) {
  const stretches = stretchesOf(textA, spanA, textB, spanB);
  if (!stretches) return excerptOf(textB.slice(spanB.start, spanB.end), 300);
  if (stretches.every((each) => each.equal)) return h("span", { class: "quiet" }, "word for word");
  return stretches.flatMap((each, place) => {
    if (!each.equal) {
      return [each.a ? h("del", { class: "less" }, excerptOf(textA.slice(each.a.start, each.a.end), 300)) : null, " ",
        each.b ? h("mark", { class: "more" }, excerptOf(textB.slice(each.b.start, each.b.end), 600)) : null, " "];
    }
    return [foldedWords(textB, each.theirs, place > 0, place < stretches.length - 1), " "];
  });
}

/** Equal words: some beside what differs, and how many are left out between them. */
function foldedWords(text, list, before, behind) {
  const most = (before ? CONTEXT : 0) + (behind ? CONTEXT : 0);
  const piece = (some) => text.slice(some[0].start, some.at(-1).end).replace(/\s+/g, " ");
  if (list.length <= most + 4) return piece(list);
  return [before ? [piece(list.slice(0, CONTEXT)), " "] : null,
    h("span", { class: "fold-note" }, `… ${counted(list.length - most, "equal word")} …`),
    behind ? [" ", piece(list.slice(-CONTEXT))] : null];
}

/**
 * Two texts as rows of what differs, side by side; equal stretches between them are folded and
 * opened by a button. Null where they cannot be compared.
 */
function onlyDifferences(texts) {
  const whole = (text) => ({ start: 0, end: text.text.length });
  const stretches = stretchesOf(texts.a.text, whole(texts.a), texts.b.text, whole(texts.b));
  if (!stretches) return null;
  const rows = rowsOf(stretches);
  const changed = rows.filter((each) => !each.fold);
  if (!changed.length) return h("p", { class: "notice" }, "Word by word these texts are equal. Case, accents and punctuation do not count.");
  return h("div", { class: "hunks" }, rows.map((row) => (row.fold ? foldRow(texts, row) : hunkRow(texts, row))));
}

/** Put differences that are close to each other into one row, and fold what lies between rows. */
function rowsOf(stretches) {
  const rows = [];
  stretches.forEach((each, place) => {
    const last = rows.at(-1);
    if (!each.equal) {
      if (last && !last.fold) last.parts.push(each);
      else rows.push({ parts: [each] });
      return;
    }
    const [before, behind] = [place > 0, place < stretches.length - 1];
    if (before && behind && each.words <= 2 * CONTEXT + 4) {
      last.parts.push(each);
      return;
    }
    const cut = (from, to) => partOf(each, from, to);
    if (before) last.parts.push(cut(0, Math.min(CONTEXT, each.words)));
    const [from, to] = [before ? Math.min(CONTEXT, each.words) : 0, behind ? Math.max(each.words - CONTEXT, 0) : each.words];
    if (to > from) rows.push({ fold: cut(from, to) });
    if (behind) rows.push({ parts: [cut(Math.max(to, from), each.words)].filter(Boolean) });
  });
  return rows.filter((each) => each.fold || each.parts.length);
}

function partOf(each, from, to) {
  if (to <= from) return null;
  const [ours, theirs] = [each.ours.slice(from, to), each.theirs.slice(from, to)];
  return { equal: true, words: to - from, ours, theirs, a: { start: ours[0].start, end: ours.at(-1).end }, b: { start: theirs[0].start, end: theirs.at(-1).end } };
}

function hunkRow(texts, { parts }) {
  const side = (name) => {
    const some = parts.filter((each) => each && each[name]);
    const box = textBox({ class: "hunk" });
    if (!some.length) return h("div", { class: "hunk-side nothing" }, h("span", { class: "quiet" }, "nothing here"));
    paint(box, texts[name].text, some[0][name].start, some.at(-1)[name].end, [
      { spans: byLine(texts[name].text, some.filter((each) => !each.equal).map((each) => each[name])), wrap: () => h("span", { class: "diff" }) }]);
    return h("div", { class: "hunk-side" }, box);
  };
  return h("div", { class: "hunk-row" }, side("a"), side("b"));
}

function foldRow(texts, { fold }) {
  const row = h("div", { class: "fold-row" });
  const open = () => {
    const side = (name) => h("div", { class: "hunk-side" }, paint(textBox({ class: "hunk" }), texts[name].text, fold[name].start, fold[name].end, []));
    const opened = h("div", { class: "hunk-row equal", tabindex: "-1" }, side("a"), side("b"));
    row.replaceWith(opened);
    opened.focus();
  };
  return fill(row, h("button", { type: "button", class: "fold", onclick: open }, `${counted(fold.words, "equal word")} folded`, unseen(": show them")));
}
