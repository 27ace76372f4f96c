// Elements out of plain values. Text becomes text nodes and nothing is ever parsed as markup, so
// what stands in an article cannot become part of the page.

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element: h("a", { class: "x", href: "#/", onclick: f }, "text", node, …). */
function h(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an SVG element in the same way. */
function s(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "href") element.setAttribute("href", ownLink(value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** Links lead to places in this page and nowhere else. */
function ownLink(link) {
  if (!link.startsWith("#")) throw new Error("a link out of the page");
  return link;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** Put new children into an element in place of the old ones. */
function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const byId = (id) => document.getElementById(id);

const WHOLE = new Intl.NumberFormat("en");

/** 12,345 */
const count = (value) => WHOLE.format(value);

/** 1 article, 2 articles */
const counted = (value, word, more) => `${count(value)} ${value === 1 ? word : more || `${word}s`}`;

/** A score as the terminal writes it: only a true 0 or 1 reads as one. */
function score(value) {
  if (value === null || value === undefined) return "–";
  if (value > 0 && value < 0.005) return "<0.01";
  return value >= 0.995 && value < 1 ? ">0.99" : value.toFixed(2);
}

/** A share in per cent, with one place where that says something. */
function percent(share) {
  const value = share * 100;
  if (value > 0 && value < 0.05) return "< 0.1%";
  return `${value.toFixed(value < 10 && value > 0 ? 1 : 0)}%`;
}

/** A name of the data in words, where the report has none for it. */
const spaced = (name) => String(name).replaceAll("_", " ");

/** What an object holds under a name that came from outside, or something else. */
const pick = (object, name, other) => (object && Object.hasOwn(object, name) ? object[name] : other);

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Text that may run from right to left, set apart from what stands around it. */
const own = (text, attributes) => h("bdi", { dir: "auto", ...attributes }, text);

/** Text for screen readers only. */
const unseen = (text) => h("span", { class: "unseen" }, text);

/** Say something to screen readers, without moving to it. */
function announce(text) {
  const live = byId("live");
  live.textContent = live.textContent === text ? `${text} ` : text;
}

/** Let the browser draw before a long computation goes on. */
const pause = () => new Promise((done) => setTimeout(done));

const CALM = matchMedia("(prefers-reduced-motion: reduce)");

/** Mark an element for a moment, so that the eye finds it. */
function flash(element) {
  element.classList.remove("flash");
  void element.getBoundingClientRect();
  element.classList.add("flash");
  setTimeout(() => element.classList.remove("flash"), 2400);
}

/** A button that does something in this page. */
function button(label, onclick, attributes) {
  return h("button", { type: "button", class: "button", onclick, ...attributes }, label);
}

/** A heading that names a view. It can take the focus when one comes to that view. */
const viewTitle = (...children) => h("h1", { tabindex: "-1" }, ...children);
