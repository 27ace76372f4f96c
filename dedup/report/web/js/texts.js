// A text and its stretches. Offsets of the data are code points; a string here has UTF-16 units,
// in which an emoji counts twice.

const ASTRAL = /[\ud800-\udbff][\udc00-\udfff]/g;

class Text {
  constructor(text, ops, tags, lost) {
    this.text = text;
    // Where pairs of units begin, counted in code points.
    this.astral = [];
    for (const found of text.matchAll(ASTRAL)) {
      this.astral.push(found.index - this.astral.length);
    }
    this.ops = (ops || []).map((each) => this.op(each));
    this.tags = (tags || []).map(([start, end, tag]) => ({
      start: this.unit(start),
      end: this.unit(end),
      tag,
    }));
    this.lost = (lost || []).map(([start, end, tokens]) => ({ start: this.unit(start), end: this.unit(end), tokens }));
  }

  op([start, end, reason, rule, confidence, keptStart, keptEnd]) {
    const known = keptStart !== null && keptStart >= 0;
    return {
      start: this.unit(start),
      end: this.unit(end),
      characters: end - start,
      reason,
      rule,
      confidence,
      keptStart: known ? this.unit(keptStart) : -1,
      keptEnd: known ? this.unit(keptEnd) : -1,
    };
  }

  /** Return the place in this string of a code point of the original. */
  unit(point) {
    let low = 0;
    let high = this.astral.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.astral[middle] < point) low = middle + 1;
      else high = middle;
    }
    return point + low;
  }

  get length() {
    return this.text.length - this.astral.length;
  }

  /** Return the text without what is removed. */
  get clean() {
    const parts = [];
    let done = 0;
    for (const { start, end } of merged(this.ops)) {
      parts.push(this.text.slice(done, start));
      done = end;
    }
    parts.push(this.text.slice(done));
    return parts.join("");
  }
}

/** Return spans in order, those that touch or overlap as one. */
function merged(spans) {
  const found = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else found.push({ start, end });
  }
  return found;
}

/** Cut overlapping spans into pieces that do not overlap, each with the spans that cover it. */
function flattened(spans) {
  const bounds = [...new Set(spans.flatMap(({ start, end }) => [start, end]))];
  bounds.sort((a, b) => a - b);
  const sorted = [...spans].sort((a, b) => a.start - b.start);
  const found = [];
  let active = [];
  let next = 0;
  for (let place = 0; place + 1 < bounds.length; place++) {
    const [start, end] = [bounds[place], bounds[place + 1]];
    while (next < sorted.length && sorted[next].start <= start) active.push(sorted[next++]);
    active = active.filter((each) => each.end > start);
    if (active.length) found.push({ start, end, spans: [...active] });
  }
  return found;
}

/** Return the beginning of a stretch of text on one line, cut after a word. */
function excerptOf(text, most) {
  const line = text.slice(0, most * 4).replace(/\s+/g, " ").trim();
  if (line.length <= most) return line;
  const cut = line.slice(0, most).replace(/\s+\S*$/, "").replace(/[\ud800-\udbff]$/, "");
  return `${cut} …`;
}
