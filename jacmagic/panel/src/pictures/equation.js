/** Where equations define names: the curve of F(x, y) = 0, and values elsewhere than at the point, followed on its branch. */

import { contours, equalUnits, extent, steady } from "../geometry.js";
import { VIEWS } from "../parts.js";
import { rangeIn } from "./plane.js";

const { abs, ceil, floor, max, min } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** Steps through a whole range, and from one solved place to another. */
const STEPS = 40;
/** Solved places that are kept. */
const KEPT = 4000;

/**
 * Brings an evaluator to a place step by step, from the nearest one where the equations were met.
 * @param {import("../types.js").Evaluator} engine of the point @param {import("../types.js").Evaluator} scratch
 * @param {number[]} here the point @param {number[]} sizes of the axes' ranges @param {(at: number[]) => void} set
 */
function follower(engine, scratch, here, sizes, set) {
  const start = engine.roots();
  const known = start ? [{ at: here, roots: start }] : [];
  const far = (/** @type {number[]} */ p, /** @type {number[]} */ q) => p.reduce((sum, v, k) => max(sum, abs(v - q[k]) / sizes[k]), 0);
  return (/** @type {number[]} */ to) => {
    let near = known[0];
    let away = Infinity;
    for (const one of known) {
      const by = far(one.at, to);
      if (by < away) [near, away] = [one, by];
    }
    if (!near) { set(to); return; }
    scratch.begin(near.roots);
    const [from, many] = [near.at, max(1, min(STEPS, ceil(away * STEPS)))];
    for (let k = 1; k <= many; k++) {
      const at = k === many ? to : from.map((v, axis) => v + (k / many) * (to[axis] - v));
      set(at);
      const roots = scratch.roots();
      if (roots && known.length < KEPT) known.push({ at: at.slice(), roots });
    }
  };
}

/** Nodes of the grid along a side. */
const SIDE = 141;

/** @param {import("../types.js").Place} place @param {import("../state.js").Axis} xa @param {string} output F of x and y */
function relationOf(place, xa, output) {
  const field = new Float64Array(SIDE * SIDE);
  /** @type {Pair | null} */
  let yr = null;
  /** @param {[Pair, Pair]} shown @returns {number[][][]} */
  const lines = ([[x0, x1], [y0, y1]]) => {
    const F = place.residual(output, xa);
    const [x, y] = [(/** @type {number} */ i) => x0 + (i / (SIDE - 1)) * (x1 - x0), (/** @type {number} */ j) => y0 + (j / (SIDE - 1)) * (y1 - y0)];
    for (let i = 0; i < SIDE; i++) for (let j = 0; j < SIDE; j++) field[j * SIDE + i] = F(x(i), y(j));
    /** Halved between two nodes: F shrinks towards a zero, and grows where it turns its sign at a pole. @param {Pair} at */
    const zero = ([i, j]) => {
      let [p, q] = [[floor(i), floor(j)], [ceil(i), ceil(j)]];
      const [first, last] = [p, q].map(([k, l]) => field[l * SIDE + k]);
      const most = max(abs(first), abs(last));
      let value = first;
      for (let turn = 0; turn < 8; turn++) {
        const half = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
        value = F(x(half[0]), y(half[1]));
        if (value > 0 === first > 0) p = half; else q = half;
      }
      return abs(value) <= most ? [x(p[0]), y(p[1])] : [NaN, NaN];
    };
    return contours(field, SIDE, SIDE, 0).map((line) => line.map(zero));
  };
  return {
    lines,
    /** What the axes show: the slider's range, and of y what the curve takes beside it. @param {number} at y at the point @param {number} width @param {number} height @returns {[Pair, Pair]} */
    ranges(at, width, height) {
      const xr = rangeIn(place.state, xa);
      const middle = isFinite(at) ? at : 0;
      const reach = 1.5 * max(xr[1] - xr[0], abs(middle));
      const found = lines([xr, [middle - reach, middle + reach]]).flat().map((p) => p[1]);
      yr = steady(yr, extent([...found, middle]));
      return equalUnits(xr, yr, width, height, 4);
    },
  };
}

export const equation = { follower, relationOf };
VIEWS.equation = equation;
