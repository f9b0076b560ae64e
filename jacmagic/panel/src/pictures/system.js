/** What pictures of a system or a map, and the words beside its Jacobian, read of it. */

import { steady } from "../geometry.js";
import { short } from "../print.js";
import { equilibria, kindOf, lattice, plus } from "../systems.js";

const { max, min } = Math;

/** @typedef {import("../types.js").Pair} Pair */
/** @typedef {import("../types.js").Place} Place */

/**
 * The rates at a point of the axes, and with their Jacobian, rows in the order of the axes; of a map, what moves the
 * point a step, J − I. `next` is what a map makes of a point, `kind` the word of a point that stays.
 * @param {Place} place @param {any} system
 */
export function ratesOf({ axis, main, picture, sampler }, { axes, f, order, map = false }) {
  const n = axes.length;
  const along = axes.map(axis);
  const [alone, both] = [sampler([f], along), sampler([f, picture.J ?? main], along)];
  const pick = (/** @type {ArrayLike<number>} */ list) => order.map((/** @type {number} */ i) => list[i]);
  const moved = (/** @type {number[]} */ list, /** @type {number[]} */ at) => (map ? list.map((v, k) => v - at[k]) : list);
  const next = (/** @type {number[]} */ at) => /** @type {number[]} */ (pick(alone(...at)));
  const row = (/** @type {ArrayLike<number>} */ list, /** @type {number} */ from) => Array.from({ length: n }, (_, k) => list[from + k]);
  return {
    next,
    rate: (/** @type {number[]} */ at) => moved(next(at), at),
    /** @type {import("../systems.js").Read} */
    read(at) {
      const list = both(...at);
      return { f: moved(pick(list), at), J: plus(order.flatMap((/** @type {number} */ i) => row(list, n + i * n)), n, map ? -1 : 0) };
    },
    kind: (/** @type {number[]} */ J) => kindOf(plus(J, n, map ? 1 : 0), n, map),
  };
}

/** The fixed points of a map between the ends of its sliders. @param {ReturnType<typeof ratesOf>} rates @param {Pair[]} box */
export function fixedPoints({ read }, box) {
  return equilibria(read, lattice(box, [0, 60, 13][box.length]), box, box.map(([lo, hi]) => 400 / (hi - lo)));
}

/** What an axis shows of these numbers: those between the ends of its slider. @param {Pair | null} old @param {number[]} numbers @param {Pair} range @returns {Pair} */
export function sight(old, numbers, [lo, hi]) {
  const inside = numbers.filter((v) => v >= lo && v <= hi);
  const [p, q, least] = [min(...inside), max(...inside), 0.05 * (hi - lo)];
  if (!(q >= p)) return [lo, hi];
  return steady(old, q - p < 2 * least ? [(p + q) / 2 - least, (p + q) / 2 + least] : [p, q]);
}

/** Where an orbit ends, in words. @param {ReturnType<typeof import("../systems.js").iterated>} orbit */
export function destiny({ path, cycle, gone }) {
  const said = (/** @type {number[]} */ p) => (p.length > 1 ? "(" + p.map((v) => short(v)).join(", ") + ")" : short(p[0]));
  if (gone) return "The orbit leaves all bounds.";
  if (!cycle) return "No cycle of up to 32 points within " + (path.length - 1) + " steps.";
  if (path.length === 2) return "The point stays: a fixed point.";
  if (cycle.length === 1) return "The orbit goes to " + said(cycle[0]) + ".";
  return "The orbit goes to a cycle of " + cycle.length + (cycle.length * path[0].length <= 4 ? ": " + cycle.map(said).join(", ") : "") + ".";
}
