/** How a function bends at a point: the eigenvalues of its Hessian, and their word. */

import { norm } from "./numeric.js";

const { abs, hypot, max, sqrt } = Math;

/** Below this part of the largest one an eigenvalue is 0; solving.FLAT says the same. */
const FLAT = 1e-9;

/**
 * The eigenvalues of a symmetric matrix, the largest first, each with its vector. Source: Golub & Van Loan, 8.5.2, cyclic Jacobi.
 * @param {ArrayLike<number>} matrix @param {number} n @returns {{value: number, vector: Float64Array}[]}
 */
export function symmetric(matrix, n) {
  const a = Float64Array.from({ length: n * n }, (_, k) => (matrix[k] + matrix[(k % n) * n + Math.floor(k / n)]) / 2);
  const v = Array.from({ length: n }, (_, j) => Float64Array.from({ length: n }, (_, i) => +(i === j)));
  const tiny = 1e-15 * norm(a);
  for (let sweep = 0, turned = true; turned && sweep < 40; sweep++) {
    turned = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const off = a[p * n + q];
        if (!(abs(off) > tiny / n)) continue;
        turned = true;
        const zeta = (a[q * n + q] - a[p * n + p]) / (2 * off);
        const t = (zeta < 0 ? -1 : 1) / (abs(zeta) + hypot(1, zeta));
        const c = 1 / sqrt(1 + t * t);
        const turn = (/** @type {Float64Array} */ w, /** @type {number} */ i, /** @type {number} */ j) => {
          const [x, y] = [w[i], w[j]];
          w[i] = c * (x - t * y);
          w[j] = c * (t * x + y);
        };
        for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q);
        for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k);
        for (let k = 0; k < n; k++) [v[p][k], v[q][k]] = [c * (v[p][k] - t * v[q][k]), c * (t * v[p][k] + v[q][k])];
      }
    }
  }
  return v.map((vector, k) => ({ value: a[k * n + k], vector })).sort((p, q) => q.value - p.value);
}

/**
 * How a function bends at a point of this size: eigenvalues, the matrix's word, the point's where the gradient is 0; second.bend says the same.
 * @param {ArrayLike<number>} gradient @param {ArrayLike<number>} hessian @param {number} reach
 */
export function curved(gradient, hessian, reach) {
  const n = gradient.length;
  const found = symmetric(hessian, n);
  const values = found.map((one) => one.value);
  const size = max(...values.map(abs));
  const [low, high, flat] = [values.some((v) => v < -FLAT * size), values.some((v) => v > FLAT * size), values.some((v) => abs(v) <= FLAT * size)];
  const still = found.every(({ value, vector }) => abs(vector.reduce((sum, v, k) => sum + v * gradient[k], 0)) <= reach * max(1e-9 * abs(value), 1e-14 * size));
  const word = !low && !high ? "zero" : low && high ? "indefinite" : n === 1 ? (low ? "concave here" : "convex here") : (low ? "negative " : "positive ") + (flat ? "semidefinite" : "definite");
  const kind = low && high ? "saddle" : flat ? "not decided by second derivatives" : low ? "maximum" : "minimum";
  return { values, word, kind: still ? kind : "" };
}
