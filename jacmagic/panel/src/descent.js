/** From a point downhill: gradient descent with a rate and momentum, and Newton's method; no DOM. */

import { curved } from "./bend.js";
import { largest } from "./colours.js";
import { equilibria, lattice, solve } from "./systems.js";

/**
 * The points of a descent, the start first; it ends where a number is not finite.
 * @param {(at: number[]) => ArrayLike<number>} gradient @param {number[]} start @param {number} steps
 * @param {{rate: number, momentum?: number, newton?: boolean}} how
 */
export function descent(gradient, start, steps, { rate, momentum = 0, newton = false }) {
  const path = [start];
  let speed = start.map(() => 0);
  for (let k = 0; k < steps; k++) {
    const at = path[k];
    const g = Array.from(gradient(at));
    const step = newton ? solve(curvature(gradient, at), g) : g.map((v) => rate * v);
    if (!step) break;
    speed = speed.map((v, i) => (newton ? 0 : momentum * v) - step[i]);
    const next = at.map((v, i) => v + speed[i]);
    if (!next.every((v) => Math.abs(v) < 1e9)) break;
    path.push(next);
  }
  return path;
}

/** The Hessian from central differences of the gradient, row by row. @param {(at: number[]) => ArrayLike<number>} gradient @param {number[]} at */
export function curvature(gradient, at) {
  const n = at.length;
  const h = new Float64Array(n * n);
  at.forEach((v, j) => {
    const d = 1e-5 * Math.max(1, Math.abs(v));
    const [up, down] = [d, -d].map((s) => Array.from(gradient(at.map((w, k) => (k === j ? w + s : w)))));
    for (let i = 0; i < n; i++) h[i * n + j] = (up[i] - down[i]) / (2 * d);
  });
  return h;
}

/**
 * Where a gradient is 0 in a box, with the word of each point; where a whole line of it is 0, none.
 * @param {(at: number[]) => number[]} gradient @param {import("./types.js").Pair[]} box @param {number[]} unit pixels a unit @returns {{at: number[], word: string}[]}
 */
export function critical(gradient, box, unit) {
  const read = (/** @type {number[]} */ at) => ({ f: gradient(at), J: Array.from(curvature(gradient, at)) });
  const size = Math.max(...lattice(box, 2).map((at) => largest(read(at).J)).filter(isFinite));
  // Second derivatives that are all but 0 decide nothing.
  const word = (/** @type {number[]} */ J) => (largest(J) > 1e-4 * size ? curved(J.slice(0, box.length).map(() => 0), J, 1).kind.replace(/ by .*/, "") : "not decided");
  const found = equilibria(read, lattice(box, 6), box, unit).map(({ at, J }) => ({ at, word: word(J) }));
  return found.filter((one) => one.word !== "not decided" || found.length < 3);
}
