/** Second derivatives: each Hessian as formula and numbers, its eigenvalues and what they say of the point. */

import { fits, matrix } from "./matrices.js";
import { norm, settled } from "./numeric.js";
import { format, short } from "./print.js";

const { abs, hypot, max, sqrt } = Math;

/** @typedef {import("./types.js").Panel} Panel */

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

/** Taylor polynomials: in symbols, and with coefficients that move. @param {Panel} panel */
export function taylor({ spec, label, dom: { el, page, typeset, write }, state: { engine, now, places } }) {
  const { formulas = [], terms = [], series = [], steps = [] } = spec.taylor ?? {};
  if (!formulas.length) return [];
  const box = el("div", { class: "jm-taylor" }, ...formulas.map((/** @type {string} */ line) => el("div", { class: "jm-formula" }, typeset(line))));
  const number = () => page.createTextNode("");
  for (const one of series) {
    const texts = terms.map(number);
    box.append(el("div", { class: "jm-formula jm-series" }, typeset(one.title), ...terms.map((/** @type {string} */ term, /** @type {number} */ k) => el("span", { class: "jm-stat" }, el("span", { class: "jm-number" }, texts[k]), term && typeset(term)))));
    now.push(() => settled(Array.from(engine.get(one.value))).forEach((v, k) => write(texts[k], (v < 0 ? (k ? " \u2212 " : "\u2212") : k ? " + " : "") + format(abs(v)))));
  }
  if (series.length) box.append(el("div", { class: "jm-stats" }, ...steps.map((/** @type {any} */ one) => {
    const text = number();
    const read = places.get(one.key);
    now.push(() => { const v = read?.() ?? NaN; write(text, (v < 0 ? " + " : " \u2212 ") + short(abs(v))); });
    return el("span", { class: "jm-stat" }, typeset(one.step), label(one.key), text);
  })));
  return [box];
}

/** @param {Panel} panel */
export function curvature(panel) {
  const { spec, term, dom: { el, page, typeset, write }, state: { axes, columns, engine, now, later, valueAt } } = panel;
  return (spec.hessians ?? []).map((/** @type {any} */ one) => {
    const box = el("div", { class: "jm-hessian" }, ...one.formulas.map((/** @type {string} */ line) => el("div", { class: "jm-formula" }, typeset(line))));
    if (!one.hessian) return box;
    const n = one.labels.length;
    const [values, word, kind] = Array.from({ length: 3 }, () => page.createTextNode(""));
    const along = columns.map((one) => axes.get(one.key)).filter((one) => one !== undefined);
    box.append(
      el("div", { class: "jm-values jm-formula" }, el("span", { class: "jm-title" }, typeset(one.title)), matrix(panel, one.hessian, one.labels, one.labels, { m: n, n, says: one.says, heads: n > 1 })),
      el("div", { class: "jm-stats" }, n > 1 && el("span", { class: "jm-stat", style: "min-width:16em" }, term("\u03bb", "bend"), " ", values)),
      el("div", { class: "jm-verdict", role: "status" }, el("span", {}, word), el("span", { class: "jm-known" }, kind)));
    (fits(n, n) ? now : later).push(() => {
      const [g, h] = [engine.get(one.gradient), engine.get(one.hessian)];
      const real = g.every(isFinite) && h.every(isFinite);
      const found = real ? curved(g, h, 1 + max(0, ...along.map((one) => abs(valueAt(one.key, one.k))))) : null;
      const listed = found ? settled(found.values).map((v) => format(v)) : [];
      write(values, found ? (n > 6 ? [...listed.slice(0, 4), "\u2026", listed[n - 1]] : listed).join(", ") : "undefined");
      write(word, found?.word ?? "\u00a0");
      write(kind, found?.kind || "\u00a0");
    });
    return box;
  });
}
