/** Systems x′ = f(x) and maps: eigenvalues and their word, equilibria, trajectories; no DOM. */

import { norm, svd } from "./numeric.js";

const { abs, max, min, sqrt } = Math;

/** @typedef {import("./types.js").Pair} Pair */
/** @typedef {{f: number[], J: number[]}} Rates what moves a point, and its Jacobian row by row */
/** @typedef {(at: number[]) => Rates} Read */
/** @typedef {{at: number[], J: number[]}} Rest */

/** One complex number over another. @param {Pair} n @param {Pair} d @returns {Pair} */
const over = ([a, b], [p, q]) => [(a * p + b * q) / (p * p + q * q), (b * p - a * q) / (p * p + q * q)];

/** The factors of x − a − b i, one by one, from the coefficients of a polynomial that begins with 1. Source: Aberth (1973). @param {number[]} c @returns {Pair[]} */
function roots(c) {
  const n = c.length - 1;
  const radius = 1 + max(...c.map(abs));
  /** @type {Pair[]} */
  const z = Array.from({ length: n }, (_, k) => [radius * 0.6 * Math.cos((2 * Math.PI * k) / n + 0.7), radius * 0.6 * Math.sin((2 * Math.PI * k) / n + 0.7)]);
  for (let turn = 0, moved = 1; turn < 200 && moved > 1e-15 * radius; turn++) {
    moved = 0;
    for (let k = 0; k < n; k++) {
      let [value, slope] = /** @type {Pair[]} */ ([[1, 0], [0, 0]]);
      for (const one of c.slice(1)) {
        slope = [slope[0] * z[k][0] - slope[1] * z[k][1] + value[0], slope[0] * z[k][1] + slope[1] * z[k][0] + value[1]];
        value = [value[0] * z[k][0] - value[1] * z[k][1] + one, value[0] * z[k][1] + value[1] * z[k][0]];
      }
      if (!value[0] && !value[1]) continue;
      const newton = over(value, slope);
      let others = /** @type {Pair} */ ([0, 0]);
      for (let j = 0; j < n; j++) {
        if (j === k) continue;
        const one = over([1, 0], [z[k][0] - z[j][0], z[k][1] - z[j][1]]);
        others = [others[0] + one[0], others[1] + one[1]];
      }
      const step = over(newton, [1 - newton[0] * others[0] + newton[1] * others[1], -newton[0] * others[1] - newton[1] * others[0]]);
      if (!step.every(isFinite)) continue;
      z[k] = [z[k][0] - step[0], z[k][1] - step[1]];
      moved = max(moved, Math.hypot(...step));
    }
  }
  return merged(c, z);
}

/** A polynomial's value. @param {number[]} c @param {Pair} at @returns {Pair} */
const valueOf = (c, [x, y]) => c.reduce((/** @type {Pair} */ [p, q], v) => [p * x - q * y + v, p * y + q * x], [0, 0]);

/** Roots that rounding alone sets apart as one: m of them are a simple root of the (m − 1)th derivative, which has all digits. @param {number[]} c @param {Pair[]} z @returns {Pair[]} */
function merged(c, z) {
  return z.map((one) => {
    const near = z.filter(([x, y]) => Math.hypot(x - one[0], y - one[1]) < 1e-4);
    if (near.length === 1) return one;
    const slope = (/** @type {number[]} */ list) => list.slice(0, -1).map((v, k) => v * (list.length - 1 - k));
    let d = c;
    for (let k = 1; k < near.length; k++) d = slope(d);
    let at = /** @type {Pair} */ ([0, 1].map((k) => near.reduce((sum, other) => sum + other[k], 0) / near.length));
    for (let turn = 0; turn < 3; turn++) { const [p, q] = over(valueOf(d, at), valueOf(slope(d), at)); at = [at[0] - p, at[1] - q]; }
    return Math.hypot(...valueOf(c, at)) < 1e-13 ? at : one;
  });
}

/**
 * The eigenvalues of a small matrix as [real part, imaginary part], the largest real part first.
 * Source of the characteristic polynomial: Faddeev and Le Verrier.
 * @param {ArrayLike<number>} a @param {number} n @returns {Pair[]}
 */
export function eigenvalues(a, n) {
  const size = norm(a) || 1;
  if (!isFinite(size)) return Array(n).fill([NaN, NaN]);
  if (n === 1) return [[a[0], 0]];
  if (n === 2) {
    const [half, gap] = [(a[0] + a[3]) / 2, (a[0] - a[3]) / 2];
    const inside = gap * gap + a[1] * a[2];
    if (inside < 0) return [[half, sqrt(-inside)], [half, -sqrt(-inside)]];
    // The smaller of the two from the product, where a difference would lose its digits.
    const far = half + (half < 0 ? -1 : 1) * sqrt(inside);
    const near = far ? (a[0] * a[3] - a[1] * a[2]) / far : 0;
    return far > near ? [[far, 0], [near, 0]] : [[near, 0], [far, 0]];
  }
  const c = [1];
  let m = new Float64Array(n * n);
  for (let k = 1; k <= n; k++) {
    const next = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < n; l++) sum += (a[i * n + l] / size) * (m[l * n + j] + (l === j ? c[k - 1] : 0));
        next[i * n + j] = sum;
      }
    }
    m = next;
    let trace = 0;
    for (let i = 0; i < n; i++) trace += m[i * n + i];
    c.push(-trace / k);
  }
  const found = roots(c).map(([x, y]) => /** @type {Pair} */ ([x * size, abs(y) < 1e-7 ? 0 : y * size]));
  return found.sort((p, q) => q[0] - p[0] || q[1] - p[1]);
}

/** The direction that a matrix of two rows only stretches, by a real eigenvalue, of length 1. @param {number[]} a @param {number} value @returns {Pair} */
export function direction([a, b, c, d], value) {
  // Rows of A − λ are at right angles to it; the longer one says it better.
  const [p, q] = Math.hypot(a - value, b) >= Math.hypot(c, d - value) ? [-b, a - value] : [d - value, -c];
  const long = Math.hypot(p, q);
  return long > 1e-9 * (abs(value) || 1) ? [p / long, q / long] : [1, 0];
}

/**
 * The directions that a small matrix only stretches, with what by, the largest first: a real eigenvalue each, without
 * a direction where it has a plane of them; null where every direction is one.
 * @param {number[]} a @param {number} [n] @returns {{value: number, way?: number[]}[] | null}
 */
export function stretched(a, n = 2) {
  const size = norm(a);
  // Of several that rounding alone sets apart there is one.
  const near = (n === 2 ? 1e-7 : 1e-5) * size;
  if (norm(plus(a, n, -trace(a, n) / n)) <= 1e-9 * size) return null;
  const values = eigenvalues(a, n).filter(([, y]) => abs(y) < near).map(([x]) => x);
  return values.filter((x, k) => !k || values[k - 1] - x >= near).map((value) => {
    const { s, v } = svd(plus(a, n, -value), n, n);
    const shown = abs(value) < 1e-9 * size ? 0 : value;
    return s[n - 2] <= near ? { value: shown } : { value: shown, way: n === 2 ? direction(a, value) : Array.from(v[n - 1]) };
  });
}

/**
 * What J says of a point that stays: the word, and whether J alone decides it.
 * @param {ArrayLike<number>} J @param {number} n @param {boolean} [map] judged by |λ| beside 1, not by the real part beside 0
 * @returns {{word: string, stable: boolean}}
 */
export function kindOf(J, n, map = false) {
  const found = eigenvalues(J, n);
  const size = norm(J) || 1;
  const side = (/** @type {Pair} */ [x, y]) => { const v = map ? Math.hypot(x, y) - 1 : x / size; return abs(v) < 1e-7 ? 0 : Math.sign(v); };
  const sides = found.map(side);
  const turning = found.some(([, y]) => abs(y) > 1e-7 * size);
  const [some, all] = [(/** @type {number} */ s) => sides.includes(s), (/** @type {number} */ s) => sides.every((one) => one === s)];
  const stable = all(-1);
  if (some(1) && some(-1)) return { word: n > 2 && turning ? "saddle-focus" : "saddle", stable };
  if (stable || all(1)) return { word: (stable ? "stable " : "unstable ") + (map && n === 1 ? "fixed point" : turning ? "focus" : n === 1 ? "equilibrium" : "node"), stable };
  if (n === 2 && turning && !map) return { word: "centre by linearisation", stable };
  const edge = map ? "|\u03bb| = 1" : "Re \u03bb = 0";
  return { word: (some(1) ? "unstable, with " + edge : "not decided by J: " + edge), stable };
}

/** The solution of a small linear system by elimination, or null. @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
export function solve(a, b) {
  const n = b.length;
  const m = Array.from({ length: n }, (_, i) => [...Array.from(a).slice(i * n, i * n + n), b[i]]);
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (abs(m[i][k]) > abs(m[best][k])) best = i;
    [m[k], m[best]] = [m[best], m[k]];
    if (!(abs(m[k][k]) > 1e-300)) return null;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = m[i][k] / m[k][k];
      for (let j = k; j <= n; j++) m[i][j] -= factor * m[k][j];
    }
  }
  const x = m.map((row, k) => row[n] / row[k]);
  return x.every(isFinite) ? x : null;
}

/**
 * Newton's method to a point where f = 0; lengths are measured in units of each axis, as pixels are.
 * @param {Read} read @param {number[]} start @param {number[]} unit @returns {Rest | null}
 */
export function newton(read, start, unit) {
  let at = start;
  const long = (/** @type {number[]} */ step) => Math.hypot(...step.map((v, k) => v * unit[k]));
  for (let turn = 0; turn < 60; turn++) {
    const { f, J } = read(at);
    if (f.every((v) => v === 0)) return { at, J };
    const step = solve(J, f);
    if (!step) return null;
    const size = long(step);
    // Not farther than across a picture at once.
    const part = min(1, 400 / size);
    at = at.map((v, k) => v - part * step[k]);
    if (size < 1e-7) { const last = read(at); return last.f.every(isFinite) ? { at, J: last.J } : null; }
  }
  return null;
}

/** Points even in a box, `per` along each axis. @param {Pair[]} box @param {number} per @returns {number[][]} */
export function lattice(box, per) {
  return box.reduce((/** @type {number[][]} */ list, [lo, hi]) => list.flatMap((one) => Array.from({ length: per }, (_, k) => [...one, lo + ((k + 0.41) / per) * (hi - lo)])), [[]]);
}

/**
 * Points of a box where f = 0, each once, from Newton's method at many starts.
 * @param {Read} read @param {number[][]} starts @param {Pair[]} box @param {number[]} unit pixels a unit
 * @param {{most?: number, but?: number[][]}} [limits] none within some pixels of the points `but`
 */
export function equilibria(read, starts, box, unit, { most = 16, but = [] } = {}) {
  /** @type {Rest[]} */
  const found = [];
  for (const start of starts) {
    const one = newton(read, start, unit);
    if (!one || one.at.some((v, k) => v < box[k][0] - 1 / unit[k] || v > box[k][1] + 1 / unit[k])) continue;
    one.at = one.at.map((v, k) => (abs(v * unit[k]) < 1e-6 ? 0 : v));
    const near = (/** @type {number[]} */ other, /** @type {number} */ far) => Math.hypot(...other.map((v, k) => (v - one.at[k]) * unit[k])) < far;
    if (found.some((other) => near(other.at, 0.5)) || but.some((other) => near(other, 12))) continue;
    found.push(one);
    if (found.length === most) break;
  }
  return found.sort((p, q) => { const k = p.at.findIndex((v, i) => v !== q.at[i]); return k < 0 ? 0 : p.at[k] - q.at[k]; });
}

/** Whether a point stays where it is: Newton's step from it is nothing. @param {Rates} rates @param {number[]} unit */
export function rests({ f, J }, unit) {
  if (f.every((v) => v === 0)) return true;
  const step = solve(J, f);
  return !!step && Math.hypot(...step.map((v, k) => v * unit[k])) < 1e-6;
}

const STAGES = [[1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9], [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729], [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656], [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]];
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

/**
 * The trajectory through a point, in the steps of Dormand and Prince's 5(4) pair, as they are long where it is smooth.
 * Ends outside of the box, where it comes to rest or closes, or after `long` pixels.
 * @param {(at: number[]) => number[]} f @param {number[]} start @param {1 | -1} way forward or back in time @param {Pair[]} box @param {number[]} unit pixels a unit
 * @param {{long?: number, steps?: number, error?: number}} [limits] `error` in pixels a step
 * @returns {{nodes: {t: number, at: number[], rate: number[]}[], closed: boolean}}
 */
export function trajectory(f, start, way, box, unit, { long = 6000, steps = 400, error = 1e-3 } = {}) {
  const rate = (/** @type {number[]} */ at) => Array.from(f(at));
  const pixels = (/** @type {number[]} */ v) => Math.hypot(...v.map((one, k) => one * unit[k]));
  let [t, at, r] = [0, start, rate(start)];
  const nodes = [{ t, at, rate: r }];
  let [far, walked] = [0, 0];
  if (!r.every(isFinite) || !pixels(r)) return { nodes, closed: false };
  let h = (way * 2) / pixels(r);
  for (let tries = 0; tries < steps && walked < long; tries++) {
    const slopes = [r];
    let next = at;
    for (const stage of STAGES) {
      next = at.map((v, k) => v + h * stage.reduce((sum, a, i) => sum + a * slopes[i][k], 0));
      slopes.push(rate(next));
    }
    const moved = pixels(next.map((v, k) => v - at[k]));
    const wrong = pixels(at.map((_, k) => h * ERROR.reduce((sum, e, i) => sum + e * slopes[i][k], 0)));
    if (!(wrong <= error) || !(moved <= 60)) {
      h *= !isFinite(wrong + moved) ? 0.1 : max(0.2, min(0.9 * (error / wrong) ** 0.2, (0.8 * 60) / moved));
      if (abs(h) < 1e-14 * (1 + abs(t))) break;
      continue;
    }
    const before = at;
    [t, at, r] = [t + h, next, slopes[6]];
    walked += moved;
    // Back at the start: the nearest point of this step's chord.
    const [a, b] = [before, at].map((one) => one.map((v, k) => (start[k] - v) * unit[k]));
    const chord = a.map((v, k) => v - b[k]);
    const part = max(0, min(1, a.reduce((sum, v, k) => sum + v * chord[k], 0) / (moved * moved || 1)));
    const miss = Math.hypot(...a.map((v, k) => v - part * chord[k]));
    far = max(far, Math.hypot(...b));
    if (far > 4 && walked > 3 * far * 0.6 && miss < 0.15 + 0.02 * moved && part > 0 && part < 1) {
      const gap = closing(before, nodes[nodes.length - 1].rate, at, r, h, start, unit);
      if (gap < 0.12) { nodes.push({ t: t - h * (1 - part), at: start, rate: nodes[0].rate }); return { nodes, closed: true }; }
    }
    nodes.push({ t, at, rate: r });
    if (at.some((v, k) => v < box[k][0] || v > box[k][1])) break;
    if (pixels(r) * abs(h) < 0.005 && moved < 0.005) break;
    h *= min(5, 0.9 * (error / (wrong || 1e-12)) ** 0.2, 60 / (moved || 1e-9));
  }
  return { nodes, closed: false };
}

/** How near a step comes to a point, along its cubic. @param {number[]} p @param {number[]} u @param {number[]} q @param {number[]} v @param {number} h @param {number[]} to @param {number[]} unit */
function closing(p, u, q, v, h, to, unit) {
  let best = Infinity;
  for (let k = 0; k <= 400; k++) {
    const s = k / 400;
    const [a, b, c, d] = [(1 + 2 * s) * (1 - s) ** 2, s * (1 - s) ** 2 * h, s * s * (3 - 2 * s), s * s * (s - 1) * h];
    best = min(best, Math.hypot(...p.map((_, i) => (a * p[i] + b * u[i] + c * q[i] + d * v[i] - to[i]) * unit[i])));
  }
  return best;
}

/**
 * The point of a nullcline by Newton's method, if both rates are 0 there; and whether what is beside it comes to it.
 * @param {Read} read @param {number[]} at near it @param {number} k of which rate it is the nullcline @param {number[]} unit
 * @returns {{at: number[], stable: boolean} | null}
 */
export function onto(read, at, k, unit) {
  for (let turn = 0; turn < 4; turn++) {
    const { f, J } = read(at);
    const slope = at.map((_, i) => J[k * at.length + i] / unit[i]);
    const long = norm(slope);
    if (long) at = at.map((v, i) => v - (f[k] * slope[i]) / (long * long * unit[i]));
  }
  const { f, J } = read(at);
  const n = at.length;
  // In pixels, how far the other nullclines are.
  const off = f.map((v, i) => (v ? abs(v) / norm(at.map((_, j) => J[i * n + j] / unit[j])) : 0));
  return max(...off) < 0.01 ? { at, stable: trace(J, n) < 0 } : null;
}

/** Runs of three or more that are no gap. @template T @param {(T | null)[]} list @returns {T[][]} */
export function together(list) {
  /** @type {T[][]} */
  const runs = [[]];
  for (const one of list) { if (one) runs[runs.length - 1].push(one); else if (runs[runs.length - 1].length) runs.push([]); }
  return runs.filter((one) => one.length > 2);
}

/** The sum along the diagonal. @param {ArrayLike<number>} a @param {number} n */
export const trace = (a, n) => Array.from({ length: n }, (_, k) => a[k * (n + 1)]).reduce((sum, v) => sum + v, 0);

/** A matrix with a number added along its diagonal. @param {ArrayLike<number>} J @param {number} n @param {number} by */
export const plus = (J, n, by) => Array.from(J, (v, k) => (k % (n + 1) ? v : v + by));

/**
 * The orbit of a map until it is on a short cycle, beyond all bounds, or after `most` steps; and that cycle.
 * Source of the search: Brent (1980).
 * @param {(at: number[]) => number[]} next @param {number[]} start @returns {{path: number[][], cycle: number[][] | null, gone: boolean}}
 */
export function iterated(next, start, most = 1000) {
  const path = [start];
  const apart = (/** @type {number[]} */ p, /** @type {number[]} */ q) => max(...p.map((v, k) => abs(v - q[k]) / (1 + abs(v))));
  for (let [k, held, since, turn] = [0, start, 0, 1]; k < most; k++) {
    const at = next(path[k]);
    if (!at.every((v) => abs(v) < 1e9)) return { path, cycle: null, gone: true };
    path.push(at);
    since++;
    if (apart(at, held) < 1e-9) {
      const cycle = path.slice(-since);
      // What creeps to a point from both sides is no cycle of two.
      return { path, cycle: cycle.every((one) => apart(one, at) < 1e-4) ? [at] : cycle, gone: false };
    }
    if (since === turn) [held, since, turn] = [at, 0, min(32, 2 * turn)];
  }
  return { path, cycle: null, gone: false };
}

/** Points between the steps of a trajectory, on its cubics. @param {{t: number, at: number[], rate: number[]}[]} nodes @param {number} per points a step @returns {number[][]} */
export const smooth = (nodes, per) => nodes.flatMap((one, k) => {
  if (!k) return [one.at];
  const before = nodes[k - 1];
  const h = one.t - before.t;
  return Array.from({ length: per }, (_, i) => {
    const s = (i + 1) / per;
    const [a, b, c, d] = [(1 + 2 * s) * (1 - s) ** 2, s * (1 - s) ** 2 * h, s * s * (3 - 2 * s), s * s * (s - 1) * h];
    return one.at.map((v, j) => a * before.at[j] + b * before.rate[j] + c * v + d * one.rate[j]);
  });
});
