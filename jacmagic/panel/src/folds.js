/** How the entries of a large matrix stand on the screen: square, and folded where it is much longer than high or higher than long. */

import { plain } from "./matrices.js";

const { ceil, floor, min, round, sqrt } = Math;

/** @typedef {import("./types.js").Pair} Pair */
/** @typedef {import("./matrices.js").Fold} Fold */

/** The least side of a cell, in pixels, that is told from its neighbours; and one that is enough. */
const [LEAST, ENOUGH] = [4, 6];

/**
 * The matrix on w × h cells: rows of 784 as pictures of 28 × 28, others cut into bands below each other, or beside each other where it is high.
 * @param {number} m @param {number} n @param {number} wide pixels there are @param {number} high @returns {Fold}
 */
export function fold(m, n, wide, high) {
  const cell = (/** @type {number} */ w, /** @type {number} */ h) => min(26, wide / w, high / h);
  const tall = m > n;
  const [long, short] = tall ? [m, n] : [n, m];
  if (cell(n, m) >= LEAST || long < 4 * short) return plain(m, n, wide, high);
  const entry = (/** @type {number} */ k, /** @type {number} */ q) => /** @type {Pair | null} */ (k >= short || q >= long ? null : tall ? [q, k] : [k, q]);
  const of = (/** @type {number} */ i, /** @type {number} */ j) => (tall ? [j, i] : [i, j]);
  const side = round(sqrt(long));
  if (side * side === long) {
    const pitch = side + 1;
    const size = (/** @type {number} */ across) => /** @type {Pair} */ ([across * pitch - 1, ceil(short / across) * pitch - 1]);
    let across = 1;
    for (let k = 2; k <= short; k++) if (cell(...size(k)) > cell(...size(across))) across = k;
    const [w, h] = size(across);
    return {
      w, h, cell: cell(w, h), says: "each " + (tall ? "column" : "row") + " as " + side + "\u00d7" + side,
      marks: Array.from({ length: ceil(short / across) }, (_, r) => [short > 1 ? "top" : "", (r * pitch + side / 2) / h, r * across + 1]),
      spot(i, j) { const [k, q] = of(i, j); return [(k % across) * pitch + (q % side), floor(k / across) * pitch + floor(q / side)]; },
      at: (x, y) => (x % pitch < side && y % pitch < side ? entry(floor(y / pitch) * across + floor(x / pitch), (y % pitch) * side + (x % pitch)) : null),
    };
  }
  const pitch = short + 1;
  const size = (/** @type {number} */ bands) => { const [a, b] = [ceil(long / bands), bands * pitch - 1]; return /** @type {Pair} */ (tall ? [b, a] : [a, b]); };
  let bands = 1;
  for (let k = 2; k <= long && cell(...size(bands)) < ENOUGH; k++) if (cell(...size(k)) > cell(...size(bands))) bands = k;
  const [w, h] = size(bands);
  const each = tall ? h : w;
  return {
    w, h, cell: cell(w, h), says: bands > 1 ? "folded after " + each + (tall ? " rows" : " columns") : "",
    marks: Array.from({ length: bands }, (_, b) => [tall ? "left" : "top", (b * pitch + short / 2) / (tall ? w : h), b * each + 1]),
    spot(i, j) { const [k, q] = of(i, j), p = floor(q / each) * pitch + k; return tall ? [p, q % each] : [q % each, p]; },
    at(x, y) { const [q, p] = tall ? [y, x] : [x, y]; return p % pitch < short ? entry(p % pitch, floor(p / pitch) * each + q) : null; },
  };
}
