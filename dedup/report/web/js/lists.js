// Long lists as tables, a page at a time.

const PAGE = 50;

/**
 * A table that shows a page of some items. `columns` are { label, cell(item), class?, note? };
 * `options` are caption, empty, page, size, onpage(page), word.
 */
class PagedTable {
  constructor(columns, options) {
    this.columns = columns;
    this.options = { size: PAGE, word: "entry", words: "entries", ...options };
    this.items = [];
    this.page = 1;
    this.body = h("tbody");
    this.table = h("table", { class: `list ${options.class || ""}` },
      h("caption", { class: options.quiet ? "unseen" : "" }, options.caption),
      h("thead", {}, h("tr", {}, columns.map((each) => this.head(each)))), this.body);
    this.empty = h("p", { class: "empty", hidden: true }, options.empty || "Nothing here.");
    this.pager = h("nav", { class: "pager", "aria-label": `Pages of: ${options.caption}` });
    this.node = h("div", { class: "paged" }, this.table, this.empty, this.pager);
    this.node.paged = this;
  }

  head({ label, class: name, note }) {
    const content = label || unseen(note || "");
    return h("th", { scope: "col", class: name, title: note && label ? note : null }, content);
  }

  get pages() {
    return Math.max(1, Math.ceil(this.items.length / this.options.size));
  }

  /** Show other items, from a page on. */
  set(items, page = 1) {
    this.items = items;
    this.show(page, false);
    return this;
  }

  show(page, told = true) {
    this.page = Math.min(Math.max(1, Number(page) || 1), this.pages);
    const from = (this.page - 1) * this.options.size;
    const rows = this.items.slice(from, from + this.options.size);
    fill(this.body, rows.map((item, place) => this.row(item, from + place)));
    this.table.hidden = !rows.length;
    this.empty.hidden = rows.length > 0;
    this.turn(from, rows.length);
    if (!told) return;
    announce(`Page ${this.page} of ${this.pages}`);
    if (this.options.onpage) this.options.onpage(this.page);
    if (this.node.getBoundingClientRect().top < 0) this.node.scrollIntoView();
  }

  row(item, place) {
    const cells = this.columns.map(({ label, cell, class: name, header }) =>
      h(header ? "th" : "td", { class: name, scope: header ? "row" : null, "data-label": header ? null : label }, cell(item, place)));
    return h("tr", {}, cells);
  }

  turn(from, shown) {
    this.pager.hidden = this.pages < 2;
    if (this.pager.hidden) return;
    const step = (label, by, key) =>
      button(label, () => this.show(this.page + by), {
        disabled: this.page + by < 1 || this.page + by > this.pages, "aria-keyshortcuts": key,
      });
    const jump = h("input", {
      type: "number", min: 1, max: this.pages, value: this.page, "aria-label": "Page",
      onchange: (event) => this.show(event.target.value),
    });
    const range = `${count(from + 1)}–${count(from + shown)} of ${count(this.items.length)}`;
    fill(this.pager, step("Previous", -1, "["), h("span", { class: "pages" }, "Page ", jump, ` of ${count(this.pages)}`),
      step("Next", 1, "]"), h("span", { class: "quiet" }, range));
  }
}

/** Keep the entries whose text has all words of a query; `textOf` gives the searchable text. */
function filtered(items, query, textOf) {
  const wanted = searchable(query).split(/\s+/).filter(Boolean);
  if (!wanted.length) return items;
  return items.filter((item) => {
    const text = textOf(item);
    return wanted.every((word) => text.includes(word));
  });
}

/** Call a function when it was not asked for again for a moment. */
function settled(call, wait = 150) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), wait);
  };
}

/** A labelled <select>; options are [value, label]. */
function chooser(label, options, value, onchange) {
  const select = h("select", { onchange: (event) => onchange(event.target.value) },
    options.map(([each, name]) => h("option", { value: each, selected: each === value }, name)));
  return h("label", { class: "field" }, h("span", {}, label), select);
}

/** A labelled box that filters while one types. */
function filterBox(label, value, oninput) {
  const changed = settled(oninput);
  const input = h("input", { type: "search", value, spellcheck: "false", oninput: (event) => changed(event.target.value) });
  return h("label", { class: "field grow" }, h("span", {}, label), input);
}
