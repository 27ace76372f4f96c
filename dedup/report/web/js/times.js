// When something appeared: as a day in words, as a small strip, and as rows of outlets over time.

const DAY_NAME = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const DAY_SECONDS = 86400;
const STRIP_BINS = 30;

/** 5 Dec 2024, of seconds since 1970. */
const dayName = (time) => DAY_NAME.format(time * 1000);

/** When an article appeared, in seconds, or null. */
const timeOf = (table, row) => (table.has(row) ? table.get("time", row) : null);

/** The times of some rows that have one, in order. */
const timesOf = (table, rows) => rows.map((row) => timeOf(table, row)).filter((each) => each !== null && each !== undefined).sort((a, b) => a - b);

/** One day, or the first and the last. */
function periodOf(times) {
  if (!times.length) return "";
  const [first, last] = [dayName(times[0]), dayName(times.at(-1))];
  return first === last ? first : `${first} – ${last}`;
}

/** A strip of bars from the first to the last time, each as high as many appeared then. */
function timeStrip(times, label) {
  if (!times.length) return h("span", { class: "quiet" }, "no date");
  const [first, last] = [times[0], times.at(-1)];
  const span = Math.max(last - first, DAY_SECONDS);
  const bins = new Array(STRIP_BINS).fill(0);
  for (const each of times) bins[Math.min(STRIP_BINS - 1, Math.floor(((each - first) / span) * STRIP_BINS))]++;
  const most = Math.max(...bins);
  const height = (value) => 4 + 14 * (most > 1 ? Math.log(value) / Math.log(most) : 1);
  const bars = bins.map((value, place) => (value ? s("rect", { x: place * 5, width: 4, y: 18 - height(value), height: height(value) }) : null));
  return h("span", { class: "strip" },
    s("svg", { width: 150, height: 20, viewBox: "0 0 150 20", role: "img", focusable: "false", "aria-label": `${counted(times.length, label)}: ${periodOf(times)}` },
      s("line", { class: "ground", x1: 0, x2: 150, y1: 18.5, y2: 18.5 }), s("g", {}, bars)),
    h("span", { class: "facts" }, periodOf(times)));
}

const MOST_ROWS = 40; // outlets of a timeline
const LANES = 3; // dots that stand above each other before they overlap

/**
 * Rows of outlets over time. `entries` are { row, name, class, told }; those without a date are not
 * drawn. Every dot leads to its article.
 */
function outletTimeline(table, entries, title, legend) {
  const dated = entries.map((each) => ({ ...each, time: timeOf(table, each.row) })).filter((each) => each.time !== null && each.time !== undefined);
  if (!dated.length) return null;
  dated.sort((a, b) => a.time - b.time || a.row - b.row);
  const rows = new Map();
  for (const each of dated) {
    if (!rows.has(each.name)) rows.set(each.name, []);
    rows.get(each.name).push(each);
  }
  const kept = new Set([...rows].sort((a, b) => b[1].length - a[1].length).slice(0, MOST_ROWS).map(([name]) => name));
  const shown = [...rows].filter(([name]) => kept.has(name));
  const [first, last] = [dated[0].time, dated.at(-1).time];
  const undated = entries.length - dated.length;
  const missing = [undated ? `${counted(undated, "article")} without a date ${undated === 1 ? "is" : "are"} in the list below` : "",
    rows.size > shown.length ? `${counted(rows.size - shown.length, "outlet")} of fewest articles ${rows.size - shown.length === 1 ? "is" : "are"} in the list only` : ""].filter(Boolean);
  return figureOf({
    title, className: "timeline", legend, heading: "h2", links: true,
    text: `${periodOf(dated.map((each) => each.time))}. Each dot is an article and leads to it; outlets stand in the order in which they began.${missing.length ? ` ${capital(missing.join("; "))}.` : ""}`,
    draw: (width) => drawnTimeline(shown, width, first, last),
    table: { columns: ["outlet", "articles", "first", "last"], rows: [...rows].map(([name, each]) => [name || "not known", count(each.length), dayName(each[0].time), dayName(each.at(-1).time)]) },
  });
}

function drawnTimeline(rows, width, first, last) {
  const left = Math.min(180, Math.floor(width * 0.36));
  const tall = rows.length > 12 ? 26 : 34;
  const area = drawing(width, rows.length * tall + 42, { top: 6, right: 16, bottom: 36, left });
  const middle = (first + last) / 2;
  const half = Math.max(last - first, DAY_SECONDS) / 2;
  const x = lib.scaleLinear([middle - half, middle + half], [8, area.width - 8]);
  dayAxis(area, x, first, last);
  rows.forEach(([name, entries], place) => {
    const y = place * tall + tall / 2;
    const text = name || "outlet not known";
    const most = Math.floor((left - 14) / 6.6);
    area.inner.append(s("line", { class: "row-line", x1: 0, x2: area.width, y1: y, y2: y }),
      s("text", { class: "row-name", x: -10, y: y + 4, "text-anchor": "end" }, text.length > most ? `${text.slice(0, most - 1)}…` : text, s("title", {}, text)));
    placedDots(entries, x, y, area.inner);
  });
  return area.svg;
}

/** Dots of one row; those that would cover each other stand above and below. */
function placedDots(entries, x, y, parent) {
  const ends = new Array(LANES).fill(-Infinity);
  for (const each of entries) {
    const at = x(each.time);
    const lane = Math.max(0, ends.findIndex((end) => at - end >= 9));
    ends[lane] = at;
    const away = [0, -8, 8][lane];
    parent.append(s("a", { href: link("article", [each.id]), "aria-label": each.told },
      s("circle", { class: `when ${each.class || ""}`, cx: at, cy: y + away, r: 5 }, s("title", {}, each.told))));
  }
}

/** Days below a timeline: the first and the last, and some between where there is room. */
function dayAxis(area, x, first, last) {
  const group = s("g", { class: "axis", transform: `translate(0,${area.height})` }, s("line", { class: "ground", x1: 0, x2: area.width }));
  const days = Math.floor(last / DAY_SECONDS) - Math.floor(first / DAY_SECONDS);
  const room = Math.max(1, Math.floor(area.width / 130));
  const steps = Math.min(days, room);
  const ticks = steps ? Array.from({ length: steps + 1 }, (_, place) => first + ((last - first) * place) / steps) : [first];
  ticks.forEach((time, place) => {
    const anchor = steps === 0 ? "middle" : place === 0 ? "start" : place === steps ? "end" : "middle";
    const at = x(time);
    group.append(s("line", { x1: at, x2: at, y2: 5 }), s("text", { x: anchor === "start" ? Math.max(0, at - 8) : anchor === "end" ? Math.min(area.width, at + 8) : at, y: 20, "text-anchor": anchor }, dayName(time)));
  });
  area.inner.append(group);
}
