/** Matrices, row by row, and what is nothing but rounding. */

import { largest } from "./colours.js";
import { determinant } from "./squares.js";

const { abs, sqrt } = Math;

/** @param {ArrayLike<number>} v */
export function norm(v) {
  let sum = 0;
  for (let k = 0; k < v.length; k++) sum += v[k] * v[k];
  return sqrt(sum);
}

/**
 * Singular values, largest first, with left and right vectors. Source: Golub & Van Loan, 8.6.3, one-sided Jacobi.
 * @param {ArrayLike<number>} a @param {number} m @param {number} n
 */
export function svd(a, m, n) {
  const wide = m < n;
  const [rows, cols] = wide ? [n, m] : [m, n];
  const u = Array.from({ length: cols }, (_, j) => Float64Array.from({ length: rows }, (_, i) => (wide ? a[j * n + i] : a[i * n + j])));
  const v = u.map((_, j) => Float64Array.from({ length: cols }, (_, i) => +(i === j)));
  for (let sweep = 0, turned = true; turned && sweep < 40; sweep++) {
    turned = false;
    for (let p = 0; p < cols; p++) {
      for (let q = p + 1; q < cols; q++) {
        let [pp, qq, pq] = [0, 0, 0];
        for (let i = 0; i < rows; i++) {
          pp += u[p][i] * u[p][i];
          qq += u[q][i] * u[q][i];
          pq += u[p][i] * u[q][i];
        }
        if (!(abs(pq) > 1e-15 * sqrt(pp * qq))) continue;
        turned = true;
        const zeta = (qq - pp) / (2 * pq);
        const t = (zeta < 0 ? -1 : 1) / (abs(zeta) + Math.hypot(1, zeta));
        const c = 1 / Math.hypot(1, t);
        for (const w of [u, v]) {
          for (let i = 0; i < w[p].length; i++) {
            const [x, y] = [w[p][i], w[q][i]];
            w[p][i] = c * (x - t * y);
            w[q][i] = c * (t * x + y);
          }
        }
      }
    }
  }
  const order = u.map((column, k) => ({ k, s: norm(column) })).sort((p, q) => q.s - p.s);
  const left = order.map(({ k, s }) => u[k].map((x) => (s ? x / s : 0)));
  const right = order.map(({ k }) => v[k]);
  return { s: order.map((one) => one.s), u: wide ? right : left, v: wide ? left : right };
}

/** Below this part of the largest entry a number is rounding, and is shown as 0; views.without_noise says the same. */
export const NOISE = 1e-12;
/** Numbers as they are shown: without those that are nothing but rounding. @template {number[] | Float64Array} T @param {T} list @returns {T} */
export function settled(list) {
  const least = NOISE * largest(list);
  const noise = (/** @type {number} */ v) => v !== 0 && abs(v) < least;
  return list.some(noise) ? /** @type {T} */ (list.map((v) => (noise(v) ? 0 : v))) : list;
}
/** Singular values as they are shown. @param {ArrayLike<number>} a @param {number} m @param {number} n */
export const stretches = (a, m, n) => settled(svd(a, m, n).s);
/** The determinant as it is shown: 0 where a singular value is. @param {ArrayLike<number>} a @param {number} n @param {number[]} s */
export const volume = (a, n, s) => (s[n - 1] === 0 ? 0 : determinant(a, n));

/**
 * The largest singular value alone, by power iteration; `start` is a guess that is made better in place.
 * @param {ArrayLike<number>} a @param {number} m @param {number} n @param {Float64Array} start
 */
export function stretch(a, m, n, start) {
  let [s, before] = [0, -1];
  for (let turn = 0; turn < 60 && abs(s - before) > 1e-6 * s; turn++) {
    before = s;
    const long = norm(start) || 1;
    const y = new Float64Array(m);
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) y[i] += (a[i * n + j] * start[j]) / long;
    s = norm(y);
    start.fill(0);
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) start[j] += a[i * n + j] * y[i];
  }
  return s;
}
