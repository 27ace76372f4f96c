// What all charts share: a figure with title, description and a table of its numbers; axes; bars.

let figureNumber = 0;

/**
 * A figure. `draw(width)` returns an SVG element or another node; it is called again when the
 * width changes. `heading` is the element of its title, `links` says that the drawing holds links.
 * `table` is { columns: [label], rows: [[value]] } for those who read numbers.
 */
function figureOf({ title, text, draw, table, legend, className, heading = "h3", links = false }) {
  const id = `figure-${++figureNumber}`;
  const canvas = h("div", { class: "canvas" });
  const node = h("figure", { class: `figure ${className || ""}`, "aria-labelledby": id },
    h("figcaption", {}, h(heading, { id }, title), h("p", {}, text)),
    legend ? legendOf(legend) : null, canvas, table ? numbersOf(title, table) : null);
  let drawn = 0;
  const redraw = () => {
    const width = Math.floor(canvas.clientWidth);
    if (!width || width === drawn) return;
    drawn = width;
    const made = draw(width);
    if (made.tagName === "svg") {
      made.setAttribute("role", links ? "group" : "img");
      made.setAttribute("aria-label", `${title}. ${typeof text === "string" ? text : ""}`);
    }
    fill(canvas, made);
  };
  new ResizeObserver(redraw).observe(canvas);
  return node;
}

/** The colours of a chart in words; entries are [class, label]. */
function legendOf(entries) {
  return h("ul", { class: "legend" }, entries.map(([name, label]) =>
    h("li", {}, h("span", { class: `swatch ${name}`, "aria-hidden": "true" }), label)));
}

const MOST_NUMBERS = 400;

function numbersOf(title, { columns, rows }) {
  const body = h("tbody");
  const details = h("details", { class: "numbers" }, h("summary", {}, "Numbers"),
    h("div", { class: "scrolls", tabindex: "0", role: "group", "aria-label": `Numbers of: ${title}` },
      h("table", { class: "plain" }, h("caption", { class: "unseen" }, title),
        h("thead", {}, h("tr", {}, columns.map((each) => h("th", { scope: "col" }, each)))), body)));
  details.addEventListener("toggle", () => {
    if (!details.open || body.children.length) return;
    fill(body, rows.slice(0, MOST_NUMBERS).map(([first, ...rest]) =>
      h("tr", {}, h("th", { scope: "row" }, first), rest.map((each) => h("td", { class: "number" }, each)))));
  });
  return details;
}

/** An empty drawing with margins: { svg, inner, width, height } of what is left inside. */
function drawing(width, height, margin) {
  const inner = s("g", { transform: `translate(${margin.left},${margin.top})` });
  const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, class: "chart", focusable: "false" }, inner);
  return { svg, inner, width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
}

/** Horizontal lines with their values at the left, and the name of what they measure above. */
function valueAxis(area, scale, label, format) {
  const ticks = Math.max(2, Math.min(5, Math.floor(area.height / 28)));
  const values = scale.ticks(ticks).filter((value) => format || Number.isInteger(value));
  const axis = lib.axisLeft(scale).tickValues(values).tickSize(-area.width).tickPadding(6);
  axis.tickFormat(format || count);
  const group = s("g", { class: "axis values" });
  area.inner.append(group);
  lib.select(group).call(axis);
  area.inner.append(s("text", { class: "axis-label", x: -4, y: -10, "text-anchor": "start" }, label));
}

/** The axis below a chart over numbers from 0 to 1. */
function shareAxis(area, scale, label) {
  const axis = lib.axisBottom(scale).ticks(Math.min(10, Math.floor(area.width / 60))).tickSizeOuter(0);
  axis.tickFormat((value) => (value === 0 || value === 1 ? String(value) : value.toFixed(1)));
  const group = s("g", { class: "axis", transform: `translate(0,${area.height})` });
  area.inner.append(group);
  lib.select(group).call(axis);
  below(area, label);
}

function below(area, label) {
  area.inner.append(s("text", { class: "axis-label", x: area.width, y: area.height + 36, "text-anchor": "end" }, label));
}

/** Labels below bars; as many as have room. */
function barLabels(area, scale, labels, label) {
  const widest = Math.max(...labels.map((each) => each.length)) * 7.2 + 12;
  const every = Math.max(1, Math.ceil((widest * labels.length) / area.width));
  const group = s("g", { class: "axis", transform: `translate(0,${area.height})` },
    s("line", { class: "ground", x1: 0, x2: area.width }));
  labels.forEach((each, place) => {
    if (place % every) return;
    const x = scale(place) + scale.bandwidth() / 2;
    group.append(s("text", { x, y: 18, "text-anchor": "middle" }, each));
  });
  area.inner.append(group);
  below(area, label);
}

/** Stacked bars. `spans` are [left, right] of each bar, `series` are { class, label, values }. */
function stackedBars(area, spans, series, scale, title) {
  const group = s("g", { class: "bars" });
  spans.forEach(([left, right], place) => {
    let done = 0;
    for (const { class: name, label, values } of series) {
      const value = values[place] || 0;
      if (!value) continue;
      const [low, high] = [scale(done), scale(done + value)];
      const height = Math.max(low - high, done ? 0.5 : 1);
      group.append(s("rect", { class: name, x: left, width: Math.max(right - left, 1), y: low - height, height },
        s("title", {}, `${title(place)}: ${count(value)} ${label}`)));
      done += value;
    }
  });
  area.inner.append(group);
}

const totals = (series, length) =>
  Array.from({ length }, (_, place) => series.reduce((sum, each) => sum + (each.values[place] || 0), 0));

/** A vertical line with a name: where the threshold is. */
function threshold(area, x, label, y = 8) {
  const anchor = x > area.width * 0.6 ? "end" : "start";
  area.inner.append(s("g", { class: "threshold", transform: `translate(${x},0)` },
    s("line", { y1: -14, y2: area.height }),
    s("text", { x: anchor === "end" ? -6 : 6, y, "text-anchor": anchor }, label)));
}
