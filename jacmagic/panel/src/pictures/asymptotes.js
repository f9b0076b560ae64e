/** Lines that a curve comes ever nearer to: where it goes away to infinity, and what it is like far out. */

const { abs, max, min } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** Steps towards a pole, in parts of what is shown; how far out is far. */
const [NEAR, FAR] = [[1e-3, 1e-5, 1e-7, 1e-9], 1e6];

/**
 * Where f has poles, and the lines a x + b that it comes to far out.
 * @param {(x: number) => number} f @param {[number, number][]} points of its curve @param {Pair} shown upwards
 * @returns {{poles: number[], lines: Pair[]}}
 */
export function asymptotes(f, points, [low, high]) {
  const [lo, hi] = [points[0][0], points[points.length - 1][0]];
  const size = (/** @type {number} */ x) => { const v = abs(f(x)); return Number.isNaN(v) ? -1 : v; };
  /** It grows from step to step by as much, or more. @param {number} x @param {number} side */
  const grows = (x, side) => {
    const values = NEAR.map((part) => f(x + side * part * (hi - lo)));
    const steps = values.slice(1).map((v, k) => v - values[k]);
    return values.every(isFinite) && steps.every((v, k) => v && (!k || (v * steps[k - 1] > 0 && abs(v) > 0.9 * abs(steps[k - 1]))));
  };
  /** @type {number[]} */
  const poles = [];
  for (let k = 1; k + 1 < points.length; k++) {
    const around = [-1, 0, 1].map((by) => size(points[k + by][0]));
    if (around[1] < max(around[0], around[2])) continue;
    let [p, q] = [points[k - 1][0], points[k + 1][0]];
    for (let turn = 0; turn < 90; turn++) { const [a, b] = [p + (q - p) / 3, q - (q - p) / 3]; if (size(a) < size(b)) p = a; else q = b; }
    const x = abs((p + q) / 2) < 1e-12 * (hi - lo) ? 0 : (p + q) / 2;
    if ((grows(x, 1) || grows(x, -1)) && !poles.some((other) => abs(other - x) < 1e-6 * (hi - lo))) poles.push(x);
  }
  /** @type {Pair[]} */
  const lines = [];
  const scale = max(abs(lo), abs(hi), 1) * FAR;
  for (const x of [scale, -scale]) {
    const slope = (f(2 * x) - f(x)) / x;
    const at = f(x) - slope * x;
    const tall = high - low;
    const line = /** @type {Pair} */ ([abs(slope) * (hi - lo) < 1e-6 * tall ? 0 : slope, abs(at) < 1e-6 * tall ? 0 : at]);
    const [a, b] = line;
    if (!(abs(f(4 * x) - 4 * x * slope - at) < 1e-4 * tall)) continue;
    // What the curve is already is no other line.
    const [p, v] = points[x > 0 ? points.length - 1 : 0];
    const ends = [a * lo + b, a * hi + b];
    if (!(abs(v - a * p - b) < 1e-6 * tall) && min(...ends) < high && max(...ends) > low && !lines.some(([c, d]) => abs(c - a) * (hi - lo) + abs(d - b) < 1e-4 * tall)) lines.push(line);
  }
  return { poles, lines };
}
