/** Gradient descent on a graph's nodes, as train.py does it: no DOM. */

import { numbers } from "./arrays.js";
import { kernel, product } from "./evaluator.js";

const { PI, cos, floor, hypot, imul, log, sqrt } = Math;

/** The output that is the loss of one example; that by W is LOSS + "W". */
const LOSS = "learn:";

/** Numbers in [0, 1): mulberry32. @param {number} seed */
export function uniform(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = imul(state ^ (state >>> 15), state | 1);
    t ^= t + imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The rows of one batch after another, as train.batches says. @param {number} count @param {number} size @param {number} seed @returns {() => ArrayLike<number>} */
export function batches(count, size, seed) {
  const order = Int32Array.from({ length: count }, (_, k) => k);
  if (size >= count) return () => order;
  const next = uniform(seed);
  let at = count;
  return () => {
    if (at >= count) {
      for (let i = count - 1; i > 0; i--) {
        const j = floor(next() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      at = 0;
    }
    return order.subarray(at, (at += size));
  };
}

/**
 * Two directions in the space of the weights: normal draws (Box and Muller's, of mulberry32's numbers), those of each name as long as its
 * weights are, so that a step of 1 is as much to every layer (Li et al., Visualizing the Loss Landscape of Neural Nets, 2018).
 * @param {Float64Array[]} weights @param {number} seed
 */
export function directions(weights, seed) {
  const next = uniform(seed);
  const normal = () => sqrt(-2 * log(1 - next())) * cos(2 * PI * next());
  return [0, 1].map(() => weights.map((list) => {
    const one = list.map(normal);
    const scale = (hypot(...list) || 1) / hypot(...one);
    return one.map((v) => scale * v);
  }));
}

/**
 * What is subtracted from a weight, rate times: from two arrays of its own, its slope and the step from 1; train.OPTIMIZERS says the same.
 * @type {Record<string, (m: Float64Array, v: Float64Array, slope: Float64Array, step: number) => ArrayLike<number>>}
 */
export const OPTIMIZERS = {
  sgd: (m, v, slope) => slope,
  momentum(m, v, slope) {
    for (let k = 0; k < m.length; k++) m[k] = 0.9 * m[k] + slope[k];
    return m;
  },
  adam(m, v, slope, step) {
    const [a, b] = [1 - 0.9 ** step, 1 - 0.999 ** step];
    return slope.map((g, k) => {
      m[k] = 0.9 * m[k] + 0.1 * g;
      v[k] = 0.999 * v[k] + 0.001 * g * g;
      return m[k] / a / (sqrt(v[k] / b) + 1e-8);
    });
  },
};

/**
 * Who learns: `weights` are moved in place by `step`, which answers the mean loss over its batch; where that is not finite
 * nothing moves. `start` forgets all but the weights.
 * @param {import("./types.js").GraphSpec} graph @param {{count: number, keys: string[], many: string[], data: Record<string, any>, seed: number}} learn
 */
export function learner(graph, { count, keys, many, data, seed }) {
  /** @type {any[]} */
  const nodes = graph.nodes.map(([op, args, shape, data]) => ({ op, args, shape, data, out: null }));
  const needed = new Set([LOSS, ...keys.map((key) => LOSS + key)].map((one) => graph.outputs[one]));
  for (const k of needed) for (const arg of nodes[k].args) needed.add(arg);
  /** What is computed once a step, and what for each example: those that one of its numbers reaches. @type {(() => void)[][]} */
  const runs = [[], []];
  /** Those of them that the loss alone needs. @type {(() => void)[][]} */
  const few = [[], []];
  const below = new Set([graph.outputs[LOSS]]);
  for (const k of below) for (const arg of nodes[k].args) below.add(arg);
  const reached = new Set();
  const inputs = new Map();
  for (const k of [...needed].sort((p, q) => p - q)) {
    const node = nodes[k];
    node.out = new Float64Array(product(node.shape));
    const run = kernel(node, node.args.map((/** @type {number} */ arg) => nodes[arg]));
    if (node.op === "input") inputs.set(node.data, node.out);
    if (node.op === "input" ? many.includes(node.data) : node.args.some((/** @type {number} */ arg) => reached.has(arg))) reached.add(k);
    if (!node.args.length) continue;
    runs[+reached.has(k)].push(run);
    if (below.has(k)) few[+reached.has(k)].push(run);
  }
  const out = (/** @type {string} */ output) => nodes[graph.outputs[output]].out;
  const put = (/** @type {string} */ key, /** @type {ArrayLike<number>} */ list) => inputs.get(key)?.set(list);
  const rows = many.filter((key) => inputs.has(key)).map((key) => ({ to: inputs.get(key), from: numbers(data[key]), size: inputs.get(key).length }));
  for (const key of Object.keys(data)) if (!many.includes(key)) put(key, numbers(data[key]));
  const loss = out(LOSS);
  const take = (/** @type {number} */ row) => {
    for (const { from, to, size } of rows) for (let k = 0, at = row * size; k < size; k++) to[k] = from[at + k];
  };
  const moved = keys.map((key) => {
    const slope = out(LOSS + key);
    return { weight: /** @type {Float64Array} */ (inputs.get(key) ?? new Float64Array(slope.length)), slope, mean: new Float64Array(slope.length), m: new Float64Array(slope.length), v: new Float64Array(slope.length) };
  });
  let [steps, size, draw] = [0, 0, batches(count, count, seed)];
  const history = { loss: /** @type {number[]} */ ([]), norms: keys.map(() => /** @type {number[]} */ ([])) };
  return {
    put, history, weights: new Map(keys.map((key, k) => [key, moved[k].weight])),
    /** @param {{rate: number, optimizer: string, batch: number}} how */
    step({ rate, optimizer, batch }) {
      if (batch !== size) { size = batch; draw = batches(count, size, seed); }
      for (const run of runs[0]) run();
      let sum = 0;
      for (const { mean } of moved) mean.fill(0);
      const part = draw();
      for (let r = 0; r < part.length; r++) {
        take(part[r]);
        for (const run of runs[1]) run();
        sum += loss[0];
        for (const { mean, slope } of moved) for (let k = 0; k < mean.length; k++) mean[k] += slope[k];
      }
      const found = sum / part.length;
      if (!isFinite(found)) return found;
      steps++;
      history.loss.push(found);
      moved.forEach(({ weight, mean, m, v }, i) => {
        let square = 0;
        for (let k = 0; k < mean.length; k++) { mean[k] /= part.length; square += mean[k] * mean[k]; }
        history.norms[i].push(sqrt(square));
        const by = OPTIMIZERS[optimizer](m, v, mean, steps);
        for (let k = 0; k < weight.length; k++) weight[k] -= rate * by[k];
      });
      return found;
    },
    /** The mean loss over all examples so far along directions; the weights stay. @param {Float64Array[][]} ways @param {number[]} along */
    at(ways, along) {
      const kept = moved.map(({ weight }) => weight.slice());
      moved.forEach(({ weight }, i) => ways.forEach((way, j) => { for (let k = 0; k < weight.length; k++) weight[k] += along[j] * way[i][k]; }));
      for (const run of few[0]) run();
      let sum = 0;
      for (let r = 0; r < count; r++) {
        take(r);
        for (const run of few[1]) run();
        sum += loss[0];
      }
      moved.forEach(({ weight }, i) => weight.set(kept[i]));
      return sum / count;
    },
    /** Forget moments, batches and, unless `on`, what was seen. */
    start(on = false) {
      [steps, size] = [0, 0];
      for (const { m, v } of moved) { m.fill(0); v.fill(0); }
      if (!on) for (const list of [history.loss, ...history.norms]) list.length = 0;
    },
  };
}
