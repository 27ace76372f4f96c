// A text with stretches of it marked, in layers: what lies in an outer layer is cut by its borders.

/**
 * Put text[from:to] into an element. Each layer is { spans, wrap(span, piece) }: spans in order
 * that do not overlap, and what stands around one; `piece` tells whether it begins or ends here.
 */
function paint(parent, text, from, to, layers) {
  if (!layers.length) {
    if (to > from) parent.append(text.slice(from, to));
    return parent;
  }
  const [{ spans, wrap }, ...inner] = layers;
  let done = from;
  for (const span of spans) {
    if (span.end < from || span.start >= to || (span.end === from && span.start < from)) continue;
    const [start, end] = [Math.max(span.start, from), Math.min(span.end, to)];
    paint(parent, text, done, start, inner);
    const element = wrap(span, { first: start === span.start, last: end === span.end });
    parent.append(element);
    paint(element, text, start, end, inner);
    done = end;
  }
  return paint(parent, text, done, to, inner);
}

/** A stretch without the blanks around it, so that marks do not begin on the line before. */
function trimmed(text, { start, end }) {
  const part = text.slice(start, end);
  const blanks = part.length - part.trimStart().length;
  if (blanks === part.length) return { start: afterBreaks(part, start), end, blank: true };
  return { start: start + blanks, end: end - (part.length - part.trimEnd().length), blank: false };
}

/** Where a stretch of blanks begins to show: behind the line breaks it begins with. */
function afterBreaks(part, start) {
  const breaks = part.match(/^[\r\n]*/)[0].length;
  return breaks < part.length ? start + breaks : start;
}

/** Cut spans at line breaks, so that no mark stands on an empty line. */
function byLine(text, spans) {
  return spans.flatMap((span) => [...text.slice(span.start, span.end).matchAll(/[^\r\n]+/g)]
    .filter((line) => line[0].trim())
    .map((line) => ({ ...span, start: span.start + line.index, end: span.start + line.index + line[0].length })));
}

/** A box for the text of an article: its direction is that of its own first letters. */
const textBox = (attributes) => h("div", { ...attributes, class: `text ${attributes?.class || ""}`, dir: "auto" });

/** A label inside a text that is no part of it, and does not decide on its direction. */
const label = (attributes, ...children) => h("span", { dir: "ltr", ...attributes, class: `label ${attributes.class || ""}` }, children);

/** The places of some words in a text, as spans. */
function placesOf(text, wanted) {
  const parts = wanted.trim().split(/\s+/).map((each) => each.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!parts[0]) return [];
  return [...text.matchAll(new RegExp(parts.join("\\s+"), "giu"))].slice(0, 200)
    .map((found) => ({ start: found.index, end: found.index + found[0].length }));
}

/** The number of the colour of something; there are eight. */
const colour = (number) => `c${((number % 8) + 8) % 8}`;
