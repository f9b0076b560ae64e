/** The loss round the weights of now, along two random directions: what a press asks for, a part of a frame at a time. */

import { contours } from "./geometry.js";
import { directions } from "./learner.js";
import { short } from "./print.js";

const { log, max, min } = Math;

/** Numbers along each side, how far they go in lengths of the weights, milliseconds of a frame, levels that are drawn. */
const [N, FAR, BUSY, LEVELS] = [31, 1, 8, 9];

/** Where a number of the grid stands along a direction. @param {number} i */
export const along = (i) => FAR * ((2 * i) / (N - 1) - 1);

/**
 * Levels that are closer where the loss is small, as its logarithm has them.
 * @param {ArrayLike<number>} field
 */
export function levels(field) {
  const found = Array.from(field).filter(isFinite);
  const [low, high] = [min(...found), max(...found)];
  const lift = max(1e-3 * (high - low), 1e-12);
  return Array.from({ length: LEVELS }, (_, k) => low - lift + lift * ((high - low) / lift + 1) ** ((k + 1) / (LEVELS + 1)));
}

/**
 * `start` computes anew and calls `done` at the end; `paint` draws what there is and answers the sentence of it.
 * @param {import("./types.js").Panel} panel @param {any} who @param {number} seed @param {() => void} done
 */
export function landscape({ dom: { draw, view } }, who, seed, done) {
  const field = new Float64Array(N * N);
  let [frame, at, step] = [0, 0, 0];
  /** @type {Float64Array[][]} */
  let ways = [];
  /** Weights that moved meanwhile end it. */
  let from = "";
  const now = () => [...who.weights.values()].map((list) => list.join()).join(";");
  function onward() {
    const end = view.performance.now() + BUSY;
    if (from !== now()) { at = 0; ways = []; frame = 0; return; }
    for (; at < N * N && view.performance.now() < end; at++) field[at] = who.at(ways, [along(at % N), along((at / N) | 0)]);
    frame = at < N * N ? view.requestAnimationFrame(onward) : 0;
    if (!frame) done();
  }
  return {
    start() {
      view.cancelAnimationFrame(frame);
      [at, step, from] = [0, who.history.loss.length, now()];
      ways = directions([...who.weights.values()], seed);
      frame = view.requestAnimationFrame(onward);
    },
    /** @param {any} sheet @param {any} space @returns {string} */
    paint(sheet, space) {
      space.range([-FAR, FAR], [-FAR, FAR], true);
      if (!ways.length) return "landscape: the loss round the weights of now, once more";
      if (at < N * N) return "the loss round these weights is computed";
      const spot = (/** @type {number[]} */ [i, j]) => /** @type {import("./types.js").Pair} */ ([along(i), along(j)]);
      levels(field).forEach((level, k) => sheet.append(draw("path", {
        d: contours(field, N, N, level).map((one) => space.path(one.map(spot))).join(""), class: "jm-curve", "stroke-width": 1.2, "stroke-opacity": (1 - (0.75 * k) / LEVELS).toFixed(2),
      })));
      sheet.append(draw("circle", { cx: space.x(0).toFixed(1), cy: space.y(0).toFixed(1), r: 5, class: "jm-leaves" }));
      const least = field.reduce((best, v, k) => (v < field[best] ? k : best), 0);
      const [x, y] = [along(least % N), along((least / N) | 0)].map((v) => short(v, 2));
      return "loss round the weights of step " + step + " along two random directions: " + short(field[(N * N - 1) / 2], 3) + " here, least " + short(field[least], 3) + " at (" + x + ", " + y + "), up to " + short(max(...Array.from(field).filter(isFinite)), 3);
    },
  };
}
