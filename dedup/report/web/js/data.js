// The data of the page: the overview, and tables in compressed chunks that are opened on demand.

const overview = JSON.parse(byId("overview").textContent);

const TEXT_CHUNKS_KEPT = 6;

/** Return the JSON of a compressed chunk; chunks are opened one time each by those who keep them. */
async function openChunk(name) {
  const element = byId(name);
  if (!element) throw new Error(`The part ${name} of this file is missing. Was it cut off?`);
  const bytes = fromBase64(element.textContent);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}

/** Return the table of some chunks: its columns as whole arrays, and how many rows it has. */
async function openTable(name) {
  const table = { length: 0, first: 0 };
  for (let number = 0; number < (overview.chunks[name] || 0); number++) {
    const { first, ...columns } = await openChunk(`${name}-${number}`);
    if (number === 0) table.first = first || 0;
    for (const [column, values] of Object.entries(columns)) {
      table[column] = number === 0 ? values : table[column].concat(values);
      table.length = table[column].length;
    }
    await pause();
  }
  return table;
}

const opened = new Map();

/** Open something once; who asks again gets the same promise. */
function once(name, open) {
  if (!opened.has(name)) opened.set(name, open());
  return opened.get(name);
}

const documents = () => once("documents", openDocuments);
const pairs = () => once("pairs", openPairs);
const passages = () => once("passages", () => openTable("passages"));
const clusters = () => once("clusters", openClusters);

async function openDocuments() {
  const table = await openTable("documents");
  const ids = table.id || [];
  table.has = (row) => row >= table.first && row < table.first + table.length;
  table.get = (column, row) => table[column][row - table.first];
  table.rowOf = new Map(ids.map((id, place) => [id, place + table.first]));
  table.rows = () => Array.from({ length: table.length }, (_, place) => place + table.first);
  return table;
}

/** The pairs, and of each article which pairs it is in. */
async function openPairs() {
  const table = await openTable("pairs");
  const lists = new Map();
  for (let place = 0; place < table.length; place++) {
    for (const row of [table.a[place], table.b[place]]) {
      const list = lists.get(row);
      if (list) list.push(place);
      else lists.set(row, [place]);
    }
  }
  table.of = (row) => lists.get(row) || [];
  table.other = (place, row) => (table.a[place] === row ? table.b[place] : table.a[place]);
  table.find = (a, b) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    const list = table.of(low).length < table.of(high).length ? table.of(low) : table.of(high);
    return list.find((place) => table.a[place] === low && table.b[place] === high);
  };
  return table;
}

/** Clusters of two or more: the row that stands for each, its members, how many are removed. */
async function openClusters() {
  const table = await documents();
  const found = new Map();
  for (const row of table.rows()) {
    const name = table.get("cluster", row);
    if (!found.has(name)) found.set(name, { row: name, members: [], removed: 0 });
    const cluster = found.get(name);
    if (row === name) cluster.members.unshift(row);
    else cluster.members.push(row);
    if (!table.get("kept", row)) cluster.removed++;
  }
  for (const [name, cluster] of found) if (cluster.members.length < 2) found.delete(name);
  return found;
}

/** The passages of one pair, as objects, in order of their place in the first text. */
async function passagesOf(place) {
  const pairTable = await pairs();
  const table = await passages();
  const first = pairTable.passage[place] - table.first;
  const found = [];
  for (let number = first; number < first + pairTable.passages[place]; number++) {
    if (number < 0 || number >= table.length) break;
    const row = {};
    for (const [name, values] of Object.entries(table)) {
      if (Array.isArray(values)) row[name] = values[number];
    }
    found.push(row);
  }
  return found;
}

const textChunks = new Map();

/** Open a chunk of texts; the last few stay open. */
function textChunk(number) {
  const known = textChunks.get(number) || openChunk(`texts-${number}`);
  textChunks.delete(number);
  textChunks.set(number, known);
  if (textChunks.size > TEXT_CHUNKS_KEPT) textChunks.delete(textChunks.keys().next().value);
  return known;
}

/** Return the text of an article with what is removed and tagged, or null where it is not here. */
async function textOf(row) {
  const table = await documents();
  const number = table.has(row) ? table.get("text", row) : -1;
  if (number < 0) return null;
  const chunk = await textChunk(number);
  const place = chunk.row.indexOf(row);
  if (place < 0) return null;
  return new Text(chunk.text[place], chunk.ops[place], chunk.tags[place], chunk.lost?.[place]);
}

/** Return a name of a code table in words; `kind` is relations, reasons, tags, levels or kinds. */
function words(kind, code) {
  const name = typeof code === "number" ? (overview[kind] || [])[code] : code;
  if (name === undefined || name === null) return "";
  return pick(overview.words[kind], name, "") || spaced(name);
}

/** The class that gives something the colour of its relation. */
const relationClass = (code) => `rel-${(overview.relations || [])[code] || "none"}`;

/** The rows of a table as objects, with their place in it. */
function objectsOf(table) {
  const columns = Object.entries(table).filter(([, values]) => Array.isArray(values));
  return Array.from({ length: table.length }, (_, place) => {
    const made = { place };
    for (const [name, values] of columns) made[name] = values[place];
    return made;
  });
}

const families = () => once("families", () => openGroups("families", "occurrences", "family"));
const stories = () => once("stories", () => openGroups("stories", "members", "story"));
const removals = () => once("removals", async () => objectsOf(await openTable("removals")));

/**
 * Families or stories, and what belongs to each: { list, of(row) }. An entry of the list has
 * `members`; of(row) are the entries that an article belongs to.
 */
async function openGroups(name, inside, key) {
  const [list, members] = [objectsOf(await openTable(name)), objectsOf(await openTable(inside))];
  const holding = new Map();
  for (const each of list) each.members = members.slice(each.held, each.held + each.listed);
  for (const each of members) {
    const entry = list[each[key]];
    if (!entry) continue;
    const known = holding.get(each.row);
    if (!known) holding.set(each.row, [entry]);
    else if (!known.includes(entry)) known.push(entry);
  }
  return { list, of: (row) => holding.get(row) || [] };
}
