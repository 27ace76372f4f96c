// Words as dedup compares them, and what differs between two texts: case, accents, width and
// punctuation do not count; where a script has no blanks, a character is a word.

const UNSPACED =
  "\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Bopomofo}\\p{sc=Thai}\\p{sc=Lao}" +
  "\\p{sc=Khmer}\\p{sc=Myanmar}\\p{sc=Tibetan}";
const WORD = new RegExp(
  `[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}\\u00ad\\u200b-\\u200d]` +
    "|(?<=[\\p{L}\\p{N}])['\\u2018\\u2019\\u02bc`\\u00b4](?=\\p{L}))+",
  "gu",
);
const ACCENTS = /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u00ad\u200b-\u200f\ufe00-\ufe0f]/g;
const APOSTROPHES = /['\u2018\u2019\u02bc`\u00b4]/g;
const POSSESSIVE = /['\u2018\u2019\u02bc`\u00b4]s$/i;

const MOST_WORDS = 12000; // of each side, that are compared with each other
const MOST_TIME = 1200; // milliseconds after which two texts are too different to be laid out

/** Return a word as it is compared. */
function folded(word) {
  const plain = word.replace(POSSESSIVE, "").normalize("NFKD").toLowerCase();
  return plain.replace(ACCENTS, "").replace(APOSTROPHES, "").replaceAll("ß", "ss");
}

/** Return a text in the form in which one looks something up in it. */
const searchable = (text) => text.normalize("NFKD").toLowerCase().replace(ACCENTS, "");

/** Return the words of a stretch: where each stands, and how it is compared. */
function wordsOf(text, from, to) {
  const found = [];
  for (const match of text.slice(from, to).matchAll(WORD)) {
    const start = from + match.index;
    found.push({ start, end: start + match[0].length, key: folded(match[0]) });
  }
  return found;
}

/**
 * Compare a stretch of each of two texts word by word. Return the spans of what stands on one side
 * only ({ a: [span, …], b: […] }), how many words these are, and whether they could be compared.
 */
function differences(textA, spanA, textB, spanB) {
  const ours = wordsOf(textA, spanA.start, spanA.end);
  const theirs = wordsOf(textB, spanB.start, spanB.end);
  const result = { a: [], b: [], count: 0, words: ours.length + theirs.length, compared: true };
  if (Math.max(ours.length, theirs.length) > MOST_WORDS) return { ...result, compared: false };
  const changes = lib.diffArrays(
    ours.map((each) => each.key),
    theirs.map((each) => each.key),
    { timeout: MOST_TIME },
  );
  if (!changes) return { ...result, compared: false };
  let placeA = 0;
  let placeB = 0;
  for (const { added, removed, count: size } of changes) {
    if (removed) result.a.push(spanOf(ours, placeA, size));
    if (added) result.b.push(spanOf(theirs, placeB, size));
    if (added || removed) result.count += size;
    if (!added) placeA += size;
    if (!removed) placeB += size;
  }
  return result;
}

const spanOf = (list, place, size) => ({ start: list[place].start, end: list[place + size - 1].end });
