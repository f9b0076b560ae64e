/** Formulas: the echo, J in symbols, and the entry under the pointer with its numbers put in. */

import { settled } from "./numeric.js";
import { short } from "./print.js";

const { max, min } = Math;

/** @typedef {import("./types.js").Label} Label */
/** @typedef {import("./types.js").Pair} Pair */
/** @typedef {import("./types.js").Panel} Panel */

/** A formula with numbers that follow the values in the place of its names. @param {Panel} panel @param {string} mathml */
function live({ dom: { page, math, typeset, write }, state: { places } }, mathml) {
  const node = typeset(mathml);
  /** @type {{text: Text, read: () => number, tight: boolean, first: boolean}[]} */
  const holes = [];
  for (const one of node.querySelectorAll("[data-name]")) {
    const read = places.get(one.getAttribute("data-name"));
    if (!read) continue;
    const text = page.createTextNode("");
    const number = math("mn", text);
    const before = one.previousElementSibling;
    holes.push({ text, read, tight: one.hasAttribute("data-tight"), first: !before || before.textContent === "(" });
    // x_1^2 is one element; its third part is no part of the name.
    one.replaceWith(one.localName === "msubsup" ? math("msup", number, one.lastElementChild) : number);
  }
  const update = () => {
    for (const { text, read, tight, first } of holes) {
      const v = read();
      // Beside another factor or below an exponent a number needs its brackets, behind a sign a negative one.
      const digits = short(v);
      write(text, tight || (!first && v < 0) ? "(" + digits + ")" : digits);
    }
  };
  return { node, update, holes: holes.length };
}

/** symbol = numbers put in = value, of the entry under the pointer or the focus; a click pins it. @param {Panel} panel */
export function entryLine(panel) {
  const { root, spec, dom: { page, el, typeset, write }, state: { engine, now, main, matrixShape } } = panel;
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
    const text = page.createTextNode("");
    const node = el("div", {}, typeset(entry.mathml), ...(filled.holes ? [el("span", { class: "jm-value" }, " = "), filled.node] : []), el("span", { class: "jm-value" }, " = ", text));
    node.append(copies(panel, entry));
    const one = { node, i, j, update: () => { filled.update(); write(text, short(settled(engine.get(main))[i * matrixShape()[1] + j])); } };
    made.set(at, one);
    return one;
  };
  const show = (/** @type {string} */ at) => {
    const one = make(at);
    if (!one || at === current) return;
    current = at;
    one.update();
    box.replaceChildren(one.node);
    for (const button of cells()) button.classList.toggle("jm-on", button.dataset.at === at);
  };
  if (entries) now.push(() => made.get(current)?.update());
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
    /** The first entry that has a number to put in. */
    first() {
      for (const [i, row] of entries.entries()) for (const [j, entry] of row.entries()) if (live(panel, entry.mathml).holes) return show(i + "," + j);
    },
  };
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

/** The block as understood. @param {Panel} panel @returns {any[]} */
export function echo({ spec, dom: { el, line, typeset } }) {
  return (spec.echo ?? []).map((/** @type {any} */ part) => el("div", { class: "jm-echo" }, ...[part.mathml ?? []].flat().map((one) => el("div", { class: "jm-formula" }, typeset(one))), part.note && el("div", { class: "jm-note" }, ...line(part.note))));
}

/** J in symbols: rows labelled by function, columns by variable, each entry a button. @param {Panel} panel @param {ReturnType<typeof entryLine>} entry */
export function symbolic({ spec, dom: { el, on, typeset, unseen }, label }, entry) {
  const { title, rows = [], columns = [], entries, formulas = [], extra = [] } = spec.result;
  const box = el("div", { class: "jm-result jm-formula" });
  const beside = el("div", { class: "jm-extra" }, ...extra.map((/** @type {any} */ one) => el("div", {}, typeset(one.mathml))));
  if (entries) {
    const [m, n] = [rows.length, columns.length];
    const grid = el("div", { class: "jm-matrix", role: "group", "aria-label": "Jacobian, " + m + " by " + n, style: "grid-template-columns:auto auto 7px repeat(" + n + ",auto) 7px" });
    const at = (/** @type {any} */ node, /** @type {number} */ row, /** @type {number} */ column, tall = 1) => {
      node.style.gridArea = row + "/" + column + "/span " + tall;
      grid.append(node);
    };
    columns.forEach((/** @type {Label} */ one, /** @type {number} */ j) => at(el("span", { class: "jm-label" }, label(one.key)), 1, j + 4));
    at(el("span", { class: "jm-title" }, typeset(title)), 2, 1, m);
    at(el("span", { class: "jm-bracket" }), 2, 3, m);
    rows.forEach((/** @type {Label} */ one, /** @type {number} */ i) => {
      at(el("span", { class: "jm-label" }, label(one.key)), i + 2, 2);
      columns.forEach((/** @type {Label} */ other, /** @type {number} */ j) => {
        const button = el("button", { type: "button", class: "jm-cell", "aria-pressed": "false", "data-at": i + "," + j }, unseen("d " + one.key + " by d " + other.key + ": "), typeset(entries[i][j].mathml));
        on(button, "pointerenter focus", () => entry.over(i, j));
        on(button, "pointerleave blur", () => entry.leave());
        on(button, "click", () => entry.pin(i, j));
        on(button, "keydown", (event) => {
          const way = /** @type {Record<string, Pair>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[event.key];
          if (!way) return;
          event.preventDefault();
          grid.querySelector('[data-at="' + min(m - 1, max(0, i + way[0])) + "," + min(n - 1, max(0, j + way[1])) + '"]').focus();
        });
        at(button, i + 2, j + 4);
      });
    });
    at(el("span", { class: "jm-bracket jm-right" }), 2, n + 4, m);
    box.append(grid);
  }
  box.append(...formulas.map((/** @type {string} */ one) => el("div", {}, typeset(one))));
  if (extra.length) box.append(beside);
  return box;
}
