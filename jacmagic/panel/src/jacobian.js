/** J = formulas = numbers, on one line where there is room, else the numbers below in the same columns. */

import { largest, tint } from "./colours.js";
import { fits, matrix } from "./matrices.js";
import { format } from "./print.js";

const { max, min } = Math;

/** @typedef {import("./types.js").Label} Label */
/** @typedef {import("./types.js").Pair} Pair */
/** @typedef {import("./types.js").Panel} Panel */

/** Beyond this width of the output formulas and numbers may share a line. */
const ROOMY = 1040;
/** As many entries may stand below each other where they are too long beside; how small a formula may be set. */
const LISTED = 6;
const SMALLEST = 0.86;
const ARROWS = /** @type {Record<string, Pair>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] });

/** The part of a result that says J. @param {Panel} panel @param {ReturnType<typeof import("./formulas.js").entryLine>} entry */
export function jacobian(panel, entry) {
  const { spec, dom: { el, typeset }, state: { has, matrixShape, table } } = panel;
  const { title, entries, formulas = [], extra = [] } = spec.result;
  const [m, n] = matrixShape(table.output, table.rows.length);
  const over = (/** @type {number} */ i, /** @type {number} */ j) => (spec.turned ? entry.over(j, i) : entry.over(i, j));
  const box = el("div", { class: "jm-result jm-formula" });
  if (entries) box.append(grid(panel, entry));
  else if (has() && fits(m, n)) box.append(el("div", { class: "jm-values" }, el("span", { class: "jm-title" }, typeset(title)), matrix(panel, table.output, table.rows, table.columns, { m, n, says: "values of the Jacobian", over })));
  if (!entries) box.prepend(...formulas.map((/** @type {string} */ one) => el("div", {}, typeset(one))));
  else box.append(...formulas.map((/** @type {string} */ one) => el("div", {}, typeset(one))));
  for (const one of extra) box.append(el("div", { class: "jm-extra" }, typeset(one.mathml)));
  return box;
}

/** Both matrices in one grid; where a cell stands is in its --i and --j, in denominator layout the other way round. @param {Panel} panel @param {ReturnType<typeof import("./formulas.js").entryLine>} entry */
function grid(panel, entry) {
  const { spec, root, dom: { page, el, on, typeset, unseen, write }, label, state: { engine, lit, main, now, resized } } = panel;
  const { title, rows, columns, entries } = spec.result;
  const [m, n] = [rows.length, columns.length];
  const alone = m * n === 1;
  const turned = !!spec.turned;
  const [high, wide] = turned ? [n, m] : [m, n];
  const box = el("div", { class: "jm-matrix" + (alone ? " jm-alone" : ""), role: "group", "aria-label": "Jacobian, " + high + " by " + wide, style: "--m:" + high + ";--n:" + wide });
  const put = (/** @type {any} */ node, i = 0, j = 0) => {
    node.style.cssText = turned ? "--i:" + j + ";--j:" + i : "--i:" + i + ";--j:" + j;
    box.append(node);
    return node;
  };
  const say = (/** @type {string} */ which) => el("span", { class: "jm-label " + which });
  /** @type {any[][]} what belongs to a row, to a column */
  const [ofRow, ofColumn] = [rows.map(() => []), columns.map(() => [])];
  put(el("span", { class: "jm-title", title: alone ? null : turned ? "rows = variables, columns = functions" : "rows = functions, columns = variables" }, typeset(title)));
  const equals = () => typeset("<math><mo>=</mo></math>");
  put(el("span", { class: "jm-equals" }, equals()));
  if (!alone) {
    for (const which of ["jm-first", "jm-last", "jm-first jm-below-first", "jm-last jm-below-last"]) put(el("span", { class: "jm-bracket " + which }));
    const [above, beside] = [["jm-over", "jm-over jm-over-numbers"], ["jm-beside"]];
    columns.forEach((/** @type {Label} */ one, /** @type {number} */ j) => {
      for (const which of turned ? beside : above) { const node = put(say(which), 0, j); node.append(label(one.key)); ofColumn[j].push(node); }
    });
    rows.forEach((/** @type {Label} */ one, /** @type {number} */ i) => {
      for (const which of turned ? above : beside) { const node = put(say(which), i); node.append(label(one.key)); ofRow[i].push(node); }
    });
  }
  /** @type {{cell: any, button: any, text: Text, colour: string, wide: boolean}[]} */
  const cells = [];
  rows.forEach((/** @type {Label} */ one, /** @type {number} */ i) => columns.forEach((/** @type {Label} */ other, /** @type {number} */ j) => {
    const what = "d " + one.key + " by d " + other.key + ": ";
    const button = put(el("button", { type: "button", class: "jm-cell", "aria-pressed": "false", tabindex: i || j ? -1 : 0, "data-at": i + "," + j }, unseen(what), typeset(entries[i][j].mathml)), i, j);
    const text = page.createTextNode("");
    const cell = put(el("span", { class: "jm-num" }, unseen(what), el("span", { class: "jm-number" }, text)), i, j);
    on(button, "pointerenter focus", () => entry.over(i, j));
    on(cell, "pointerenter", () => entry.over(i, j));
    for (const target of [button, cell]) { on(target, "pointerleave blur", entry.leave); on(target, "click", () => entry.pin(i, j)); }
    on(button, "focus", () => { for (const one of cells) one.button.tabIndex = one.button === button ? 0 : -1; });
    on(button, "keydown", (event) => {
      const along = ARROWS[event.key];
      if (!along) return;
      event.preventDefault();
      const way = turned ? [along[1], along[0]] : along;
      cells[min(m - 1, max(0, i + way[0])) * n + min(n - 1, max(0, j + way[1]))].button.focus();
    });
    cells.push({ cell, button, text, colour: "", wide: false });
  }));
  lit.push((/** @type {number} */ i, /** @type {number} */ j) => {
    cells.forEach(({ cell, button }, k) => { for (const node of [cell, button]) node.classList.toggle("jm-on", k === i * n + j); });
    ofRow.forEach((list, k) => { for (const node of list) node.classList.toggle("jm-on", k === i); });
    ofColumn.forEach((list, k) => { for (const node of list) node.classList.toggle("jm-on", k === j); });
  });
  now.push(() => {
    const list = engine.shown(main);
    const top = largest(list);
    cells.forEach((one, k) => {
      const shown = (list[k] > 0 ? "+" : "") + format(list[k]);
      write(one.text, shown);
      if (one.wide !== shown.length > 8) one.cell.classList.toggle("jm-wide", (one.wide = !one.wide));
      const colour = tint(list[k], top);
      if (colour !== one.colour) one.cell.style.backgroundColor = one.colour = colour;
    });
  });
  /** Entry below entry: the name of each before it, an = before its number. */
  const list = () => {
    if (!box.querySelector(".jm-which")) rows.forEach((/** @type {Label} */ _, /** @type {number} */ i) => columns.forEach((/** @type {Label} */ _one, /** @type {number} */ j) => {
      put(el("span", { class: "jm-which" }, typeset(entries[i][j].name), equals()), i, j);
      put(el("span", { class: "jm-which jm-number-of" }, equals()), i, j);
    }));
    box.classList.add("jm-listed");
  };
  const over = (/** @type {any} */ node) => node.scrollWidth > node.clientWidth;
  const scrolls = (/** @type {any} */ node) => node.classList.toggle("jm-more", node.scrollLeft + node.clientWidth < node.scrollWidth - (node.scrollLeft ? 24 : 1));
  /** Smaller where that makes it fit. @param {any[]} parts */
  const shrink = (parts) => {
    for (let k = 0; k < 3 && parts.some(over); k++) {
      const fit = Number(box.style.getPropertyValue("--fit") || 1) * min(...parts.map((one) => one.clientWidth / one.scrollWidth));
      box.style.setProperty("--fit", String(max(SMALLEST, 0.99 * fit)));
    }
    return !parts.some(over);
  };
  resized.push(() => {
    box.classList.remove("jm-stacked", "jm-listed", "jm-abreast", "jm-more");
    box.style.removeProperty("--fit");
    const buttons = cells.map((one) => one.button);
    for (const button of buttons) button.classList.remove("jm-more");
    if ((alone || root.clientWidth >= ROOMY) && shrink([box])) return;
    box.style.removeProperty("--fit");
    box.classList.add("jm-stacked");
    if (shrink([box])) return;
    if (m * n > LISTED) return void scrolls(box);
    box.style.removeProperty("--fit");
    list();
    // Beside their formulas where there is room for both.
    box.classList.add("jm-abreast");
    if (buttons.some(over)) box.classList.remove("jm-abreast");
    shrink(buttons);
    buttons.forEach(scrolls);
  });
  for (const node of [box, ...cells.map((one) => one.button)]) on(node, "scroll", () => scrolls(node));
  return box;
}
