/** Formulas: the echo, and the entry under the pointer with its numbers put in. */

import { grip } from "./grip.js";
import { short, stepped } from "./print.js";

const { max, min } = Math;
/** How much smaller a formula may be set beside its sentence, so that the number at its end is seen. */
const SMALLEST = 0.65;

/** @typedef {import("./types.js").Panel} Panel */

/** What is no function's name before its argument, no sign and no space. @param {Element | null} one */
function factor(one) {
  const head = one?.localName === "msup" || one?.localName === "msub" ? one.firstElementChild : one;
  return one && !/^mo$|^mspace$/.test(one.localName) && (head?.localName !== "mi" || head.hasAttribute("data-name") || (head.textContent ?? "").length < 2);
}

/** What stands in a row beside others; parts of a fraction, a power or a root with an index do not. @param {Element} one */
const inRow = (one) => /^(?:math|mrow|msqrt|mstyle|mtd|mpadded)$/.test(one.parentElement?.localName ?? "");

/** A formula with numbers that follow the values in the place of its names. @param {Panel} panel @param {string} mathml */
export function live(panel, mathml) {
  const { dom: { page, math, typeset, write }, state: { axes, places } } = panel;
  const node = typeset(mathml);
  /** @type {{text: Text, read: () => number, raised: boolean, first: boolean}[]} */
  const holes = [];
  /** Letters beside each other are a product, numbers need a dot. @type {Set<any>} */
  const tight = new Set();
  for (const one of node.querySelectorAll("[data-name]")) {
    const read = places.get(one.getAttribute("data-name"));
    if (!read) continue;
    const text = page.createTextNode("");
    const number = math("mn", text);
    const axis = axes.get(one.getAttribute("data-name"));
    if (axis) grip(panel, number, axis);
    // x_1^2 is one element; its third part is no part of the name.
    one.replaceWith(one.localName === "msubsup" ? math("msup", number, one.lastElementChild) : number);
    const before = number.previousElementSibling;
    const raised = !before && number.parentElement?.localName === "msup";
    holes.push({ text, read, raised, first: !before || /^[(=]$/.test(before.textContent ?? "") });
    if (one.hasAttribute("data-tight")) tight.add(raised ? number.parentElement : number);
  }
  const dot = () => math("mo", "\u00b7");
  for (const one of [...tight].filter(inRow)) {
    const [before, after] = [one.previousElementSibling, one.nextElementSibling].map((next, k) => (next?.localName === "mspace" ? (k ? next.nextElementSibling : next.previousElementSibling) : next));
    if (factor(before)) one.before(dot());
    if (factor(after) && !tight.has(after) && !/^[([]/.test(after.textContent)) one.after(dot());
  }
  const update = () => {
    for (const { text, read, raised, first } of holes) {
      const v = read();
      const digits = short(v);
      // Below an exponent a number of several parts needs its brackets, behind a sign a negative one.
      write(text, (raised ? /[^\d.]/.test(digits) : !first && v < 0) ? "(" + digits + ")" : digits);
    }
  };
  return { node, update, holes: holes.length };
}

/** symbol = formula = numbers put in = value, of the entry under the pointer or the focus; a click pins it. @param {Panel} panel */
export function entryLine(panel) {
  const { root, spec, label, dom: { page, el, typeset, write }, state: { engine, lit, now, main, matrixShape, resized } } = panel;
  const entries = spec.result?.entries;
  const box = el("div", { class: "jm-entry", role: "group", "aria-label": "entry with its numbers put in" });
  const made = new Map();
  const cells = () => /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".jm-cell"));
  let current = "";
  let pinned = "";
  /** @param {string} at */
  const make = (at) => {
    if (made.has(at)) return made.get(at);
    const [i, j] = at.split(",").map(Number);
    const entry = entries?.[i]?.[j];
    if (!entry) return null;
    const filled = live(panel, entry.mathml);
    const [text, moves] = [page.createTextNode(""), page.createTextNode("")];
    const equals = () => el("span", { class: "jm-value" }, " = ");
    const [row, column] = [label(spec.result.rows[i].key), label(spec.result.columns[j].key)];
    const node = el("div", {},
      // What is longer than its place scrolls under a fading edge; the number behind it stands.
      el("div", { class: "jm-entry-line" }, el("div", {}, ...(entry.name ? [typeset(entry.name), equals()] : []), el("span", { class: "jm-on" }, typeset(entry.mathml)), ...(filled.holes ? [equals(), filled.node] : [])), equals(), el("span", { class: "jm-value jm-on" }, text)),
      el("div", { class: "jm-meaning" }, el("span", {}, "a step \u0394", column, " moves ", row, " by about ", moves, " \u0394", column.cloneNode(true)), copies(panel, entry)));
    const one = { node, i, j, holes: filled.holes, update: () => {
      filled.update();
      const v = engine.shown(main)[i * matrixShape()[1] + j];
      write(text, short(v));
      write(moves, short(v));
    } };
    made.set(at, one);
    return one;
  };
  /** A long formula is set smaller, where it need not be too small for that, so that the number at its end is seen. */
  const fit = () => {
    const line = /** @type {HTMLElement | null} */ (box.querySelector(".jm-entry-line"));
    const part = /** @type {HTMLElement} */ (line?.firstElementChild);
    if (!line) return;
    line.style.removeProperty("--fit");
    const rest = line.clientWidth - part.clientWidth + part.scrollWidth;
    const fits = (0.95 * line.clientWidth) / rest;
    if (part.scrollWidth > part.clientWidth && fits > 0.65) line.style.setProperty("--fit", String(min(1, fits)));
    scrolls(part);
  };
  const show = (/** @type {string} */ at) => {
    const one = make(at);
    if (!one || at === current) return;
    current = at;
    one.update();
    box.replaceChildren(one.node);
    fit();
    for (const hear of lit) hear(one.i, one.j);
  };
  if (entries) now.push(() => made.get(current)?.update());
  // Where one would be too small beside its sentence all stand above theirs.
  resized.push(() => box.classList.toggle("jm-long", [...cells()].some((one) => 2.5 * one.scrollWidth + 150 > (0.95 * (box.clientWidth - 334)) / SMALLEST)));
  // As high as the highest formula needs, whichever is shown.
  resized.push(() => box.style.setProperty("--high", max(60, ...[...cells()].map((one) => one.offsetHeight)) + "px"), fit);
  return {
    box,
    over: (/** @type {number} */ i, /** @type {number} */ j) => show(i + "," + j),
    leave: () => { if (pinned) show(pinned); },
    /** @param {number} i @param {number} j */
    pin(i, j) {
      pinned = pinned === i + "," + j ? "" : i + "," + j;
      for (const button of cells()) button.setAttribute("aria-pressed", String(button.dataset.at === pinned));
      show(i + "," + j);
    },
    /** The first entry that has a number to put in, else the first. */
    first() {
      for (const [i, row] of entries.entries()) for (const j of row.keys()) if (make(i + "," + j)?.holes) return show(i + "," + j);
      return show("0,0");
    },
  };
}

/** A formula a little wider than its place is set smaller, so that its end is seen. @param {any} one */
export function shrinks(one) {
  one.style.fontSize = "";
  const part = one.clientWidth / one.scrollWidth;
  if (part < 1 && part > 0.75) one.style.fontSize = (97 * part).toFixed(1) + "%";
}

/** What is wider than its place fades at the edge, until it is scrolled to its end, and can be scrolled by keys. @param {any} box */
export function scrolls(box) {
  const fades = () => box.classList.toggle("jm-more", box.scrollWidth > box.clientWidth + box.scrollLeft + 1);
  fades();
  box.onscroll = fades;
  if (box.querySelector("[tabindex], button, input")) return;
  for (const [name, value] of [["tabindex", "0"], ["data-lm-suppress-shortcuts", "true"]]) {
    if (box.scrollWidth > box.clientWidth + 1) box.setAttribute(name, value);
    else box.removeAttribute(name);
  }
}

/** Buttons that copy a formula. @param {Panel} panel @param {any} of */
export const copies = (panel, of) => panel.dom.el("span", { class: "jm-copies" }, of.tex && copyButton(panel, "Copy LaTeX", of.tex), of.code && copyButton(panel, "Copy SymPy", of.code));

/** A button that copies. @param {Panel} panel @param {string} word @param {string} content */
export function copyButton({ root, say, dom: { page, view, el, on } }, word, content) {
  const text = page.createTextNode(word);
  const button = el("button", { type: "button", class: "jm-word" }, text);
  on(button, "click", async () => {
    try {
      await view.navigator.clipboard.writeText(content);
    } catch {
      const area = el("textarea", { class: "jm-hidden", "aria-hidden": "true" });
      area.value = content;
      root.append(area);
      area.select();
      page.execCommand("copy");
      area.remove();
      button.focus();
    }
    text.data = "Copied";
    say(word + ": done");
    view.setTimeout(() => { text.data = word; }, 1400);
  });
  return button;
}

const NUMBER = /^\u2212?[\d.]+$/;

/** The number behind the = of a = 3.2 becomes a handle, as wide as the ends of its slider; a comma stands behind it, not behind its room. @param {Panel} panel @param {any} formula @param {string} then what follows @returns {any[]} */
function held(panel, formula, then) {
  const { dom: { el, math, page, write }, state: { axes, now, ranges, stepOf, valueAt } } = panel;
  const [named, equals, number, next] = (formula.localName === "math" && formula.firstElementChild?.children) || [];
  const axis = axes.get(named?.getAttribute("data-name") ?? "");
  // A minus may stand as an operator of its own.
  const minus = number?.textContent === "\u2212";
  if (!axis || axis.label !== axis.key || equals?.textContent !== "=" || !NUMBER.test((minus ? next : number)?.textContent ?? "")) return [formula, then];
  const text = page.createTextNode("");
  // Digits are half an em wide.
  const wide = (/** @type {string} */ word) => [...word].reduce((sum, one) => sum + (one === "." ? 0.28 : one === "\u2212" ? 0.78 : 0.5), 0);
  const rest = [...formula.firstElementChild.children].slice(minus ? 4 : 3);
  const comma = !rest.length && then.startsWith(",") ? "," : "";
  const own = el("span", {}, text);
  const room = el("span", { class: "jm-held", style: "width:" + (comma.length * 0.3 + max(...[.../** @type {number[]} */ (ranges.get(axis.key)), valueAt(axis.key, 0)].map((v) => wide(stepped(v, stepOf(axis.name)))))).toFixed(2) + "em" }, own, comma);
  number.remove();
  if (minus) next.remove();
  grip(panel, own, axis, true);
  now.push(() => write(text, short(valueAt(axis.key, 0))));
  return [el("span", { class: "jm-hold" }, formula, room, rest.length > 0 && math("math", ...rest)), then.slice(comma.length)];
}

/** The block as understood. @param {Panel} panel @returns {any[]} */
export function echo(panel) {
  const { spec, dom: { el, line, typeset } } = panel;
  return (spec.echo ?? []).flatMap((/** @type {any} */ part) => [el("div", { class: "jm-echo" }, ...[part.mathml ?? []].flat().map((one) => el("div", { class: "jm-formula" }, typeset(one)))), part.note && el("div", { class: "jm-note" }, ...line(part.note).flatMap((one, k, all) => {
    const [before, then] = [all[k - 1] ?? "", all[k + 1] ?? ""];
    return typeof one !== "string" ? held(panel, one, typeof then === "string" ? then : "") : typeof before === "string" ? one : [];
  }))]).filter(Boolean);
}
