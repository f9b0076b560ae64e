/** Matrices of numbers: tinted cells while they are few, a canvas beyond. */

import { NEGATIVE, POSITIVE, largest, strength, tint } from "./colours.js";
import { counted } from "./geometry.js";
import { stretch, svd } from "./numeric.js";
import { compact, format } from "./print.js";

const { floor, max, min } = Math;

/**
 * Where entries stand: `spot` is the place of one, `at` the entry of a place, `marks` the numbers at an edge: its side, how far along, the first row or column there.
 * @typedef {{w: number, h: number, cell: number, says: string, marks: [string, number, number][], spot: (i: number, j: number) => Pair, at: (x: number, y: number) => Pair | null}} Fold
 */
/** @typedef {import("./types.js").Label} Label */
/** @typedef {import("./types.js").Pair} Pair */
/** @typedef {import("./types.js").Panel} Panel */

/** What is written out as numbers; anything larger is a heat-map with the value under the pointer. */
export const CELLS = { size: 96, columns: 8 };

/** A small matrix as tinted cells; numbers change in place. @param {Panel} panel @param {string} output @param {Label[]} rows @param {Label[]} columns @param {{m: number, n: number, says: string, heads?: boolean, card?: boolean, over?: (i: number, j: number) => void}} how */
export function numbers({ dom: { page, el, on, write, unseen }, state: { engine, now }, label }, output, rows, columns, { m, n, says, heads = true, card = false, over }) {
  const fine = card || n > 4;
  const table = el("table", { class: "jm-numbers" + (fine ? " jm-fine" : ""), "aria-label": says });
  const head = (/** @type {string} */ scope, /** @type {Label | undefined} */ one) => {
    if (!one) return el("td");
    const seen = label(one.key);
    seen.setAttribute("aria-hidden", "true");
    return el("th", { scope }, unseen(one.key), seen);
  };
  const body = el("tbody");
  if (heads) table.append(el("thead", {}, el("tr", {}, el("td"), ...Array.from({ length: n }, (_, j) => head("col", columns[j])))));
  /** @type {{cell: any, text: Text, colour: string, wide: boolean}[]} */
  const cells = [];
  for (let i = 0; i < m; i++) {
    const row = el("tr", {}, heads && head("row", rows[i]));
    for (let j = 0; j < n; j++) {
      const text = page.createTextNode("");
      const cell = el("td", {}, el("span", { class: "jm-number" }, text));
      if (over) on(cell, "pointerenter", () => over(i, j));
      cells.push({ cell, text, colour: "", wide: false });
      row.append(cell);
    }
    body.append(row);
  }
  table.append(body);
  now.push(() => {
    const list = engine.shown(output);
    const top = largest(list);
    for (let k = 0; k < cells.length; k++) {
      const one = cells[k];
      const shown = fine ? compact(list[k]) : format(list[k]);
      write(one.text, shown);
      const wide = shown.length > (fine ? 6 : 10);
      if (wide !== one.wide) one.cell.classList.toggle("jm-wide", (one.wide = wide));
      const colour = tint(list[k], top);
      if (colour !== one.colour) one.cell.style.backgroundColor = one.colour = colour;
    }
  });
  return table;
}

/** A matrix as it is, of square cells: on how many, and how many pixels each. @param {number} m @param {number} n @param {number} wide pixels there are @param {number} high @returns {Fold} */
export const plain = (m, n, wide, high) => ({ w: n, h: m, cell: min(26, wide / n, high / m), says: "", marks: [], spot: (i, j) => [j, i], at: (x, y) => [y, x] });

/**
 * A large matrix as a canvas, one pixel an entry, with the value under the pointer or the cursor keys.
 * @param {Panel} panel @param {() => Float64Array} read @param {number} m @param {number} n
 * @param {{says: string, max?: number, rows?: Label[], columns?: Label[], folded?: boolean, fold?: typeof plain, pick?: (k: number) => void, place?: (k: number) => string}} how
 */
export function heat({ dom: { page, el, on, write }, state: { later, resting }, label }, read, m, n, { says, max: limit = 360, rows = [], columns = [], folded = false, fold = plain, pick, place }) {
  const { w, h, cell, says: folds, marks, spot, at } = fold(m, n, 560, limit);
  const canvas = el("canvas", { width: w, height: h });
  const mark = el("div", { class: "jm-mark", hidden: true });
  const [wide, high] = [w * cell, h * cell];
  const frameBox = el("div", { class: "jm-heat", tabindex: "0", role: "group", "aria-label": says + ", " + m + " by " + n + "; arrow keys read its entries", style: "aspect-ratio:" + w + "/" + h + ";max-width:" + wide + "px" }, canvas, mark);
  const tick = (/** @type {string} */ side, /** @type {number} */ part, /** @type {number} */ k) => frameBox.append(el("span", { class: "jm-tick", "aria-hidden": "true", style: side + ":" + 100 * part + "%" }, String(k)));
  const ticked = !folded && [m, n].some((count) => count > 1);
  if (ticked) for (const [side, part, k] of marks) if (side) tick(side, part, k);
  if (ticked && !marks.length && m > 1) for (const k of counted(m, high, 18)) tick("top", (k - 0.5) / m, k);
  if (ticked && !marks.length && n > 1) for (const k of counted(n, min(wide, 420), 10 + 8 * String(n).length)) tick("left", (k - 0.5) / n, k);
  const readout = page.createTextNode("\u00a0");
  const scale = page.createTextNode("");
  const wanted = el("div", { class: "jm-readout", "aria-live": "polite" }, readout);
  const ink = canvas.getContext("2d");
  const image = ink?.createImageData(w, h);
  // Between what is folded is grey.
  if (folds) image?.data.fill(40);
  let chosen = -1;
  let top = 0;
  let version = -1;
  const named = (/** @type {Label[]} */ list, /** @type {number} */ k) => (list[k] && label(list[k].key).textContent) || String(k + 1);
  const tell = () => {
    if (chosen < 0) return;
    const [i, j] = [floor(chosen / n), chosen % n];
    const where = place ? place(chosen) : rows.length ? "\u2202" + named(rows, i) + "/\u2202" + named(columns, j) : "row " + (i + 1) + ", column " + (j + 1);
    write(readout, where + " = " + format(read()[chosen]));
  };
  const choose = (/** @type {number} */ i, /** @type {number} */ j) => {
    chosen = min(min(m - 1, max(0, i)) * n + min(n - 1, max(0, j)), read().length - 1);
    mark.hidden = false;
    const [x, y] = spot(floor(chosen / n), chosen % n);
    mark.style.cssText = "left:" + (100 * x) / w + "%;top:" + (100 * y) / h + "%;width:" + 100 / w + "%;height:" + 100 / h + "%";
    tell();
  };
  const under = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    const found = at(floor(((event.clientX - box.left) / box.width) * w), floor(((event.clientY - box.top) / box.height) * h));
    if (found) choose(...found);
  };
  on(canvas, "pointermove", under);
  on(canvas, "click", (event) => { under(event); pick?.(chosen); });
  on(frameBox, "keydown", (event) => {
    const way = /** @type {Record<string, Pair>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[event.key];
    if (!way) return;
    event.preventDefault();
    const k = max(chosen, 0);
    choose(floor(k / n) + (chosen < 0 ? 0 : way[0]), (k % n) + (chosen < 0 ? 0 : way[1]));
    pick?.(chosen);
  });
  const seen = new Float64Array(m * n).fill(NaN);
  (m * n > 20000 ? resting : later).push(() => {
    const list = read();
    let same = version >= 0;
    for (let k = 0; same && k < list.length; k++) same = Object.is(list[k], seen[k]);
    if (same || !image) return;
    seen.set(list);
    version++;
    top = largest(list);
    for (let k = 0; k < list.length; k++) {
      const v = list[k];
      const hue = isFinite(v) ? (v > 0 ? POSITIVE : NEGATIVE) : [128, 128, 128];
      const [x, y] = spot(floor(k / n), k % n);
      const p = 4 * (y * w + x);
      image.data[p] = hue[0];
      image.data[p + 1] = hue[1];
      image.data[p + 2] = hue[2];
      image.data[p + 3] = isFinite(v) ? 255 * (v === 0 ? 0 : 0.06 + 0.9 * strength(v, top)) : 120;
    }
    ink.putImageData(image, 0, 0);
    write(scale, "largest " + format(top) + (folds && "; " + folds));
    tell();
  });
  return {
    node: el("div", { class: "jm-heatbox" + (ticked ? " jm-ticked" : ""), style: "max-width:" + max(wide + (ticked ? 37 : 0), 190) + "px" }, frameBox, el("div", { class: "jm-under" }, wanted, el("span", { class: "jm-scale" }, scale))),
    canvas,
  };
}

export const fits = (/** @type {number} */ m, /** @type {number} */ n, card = false) => m * n <= (card ? 24 : CELLS.size) && n <= (card ? 4 : CELLS.columns);

/** A matrix of numbers in the form its size asks for. @param {Panel} panel @param {string} output @param {Label[]} rows @param {Label[]} columns @param {{m: number, n: number, says: string, max?: number, card?: boolean, heads?: boolean, over?: (i: number, j: number) => void, fold?: typeof plain}} how */
export const matrix = (panel, output, rows, columns, how) =>
  fits(how.m, how.n, how.card)
    ? numbers(panel, output, rows, columns, how)
    : heat(panel, () => panel.state.engine.shown(output), how.m, how.n, { says: how.says, rows, columns, max: how.max, fold: how.fold }).node;

/** The largest singular value of a matrix, as it moves. @param {Panel} panel @param {string} output @param {number} m @param {number} n */
export function stretchText({ dom: { page, write }, state: { engine, now, later, resting } }, output, m, n) {
  const text = page.createTextNode("");
  const small = m * n * min(m, n) <= 2000;
  const guess = new Float64Array(n).fill(1).map((_, k) => 1 + k / n / 7);
  let stamp = -2;
  (small ? now : m * n < 5000 ? later : resting).push(() => {
    const list = engine.get(output);
    if (engine.stamp(output) === stamp) return;
    stamp = engine.stamp(output);
    write(text, " " + format(small ? svd(list, m, n).s[0] : stretch(list, m, n, guess)));
  });
  return text;
}
