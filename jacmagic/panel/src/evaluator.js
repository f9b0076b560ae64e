/** A graph made into closures: nodes are made when first asked for, and computed again only when an operand changed. */

import { FUNCTIONS, RELATIONS, numeral, power } from "./functions.js";
import { norm, settled } from "./numeric.js";
import { cofactors, determinant, inverse, logDeterminant } from "./squares.js";

const { abs, exp, log, max, min } = Math;

/** A number below SMALL may be rounding; with at most NUDGED of them beside one another the inputs are nudged. */
const SMALL = 1e-6;
const NUDGED = 400;

/** @typedef {import("./types.js").Evaluator} Evaluator */
/** @typedef {import("./types.js").GraphSpec} GraphSpec */
/** @typedef {import("./types.js").Tree} Tree */

/**
 * The expression of a map as a closure over its slots.
 * @param {Tree} tree
 * @param {Float64Array} slots
 * @returns {() => any}
 */
export function closure(tree, slots) {
  if (!Array.isArray(tree)) {
    const value = typeof tree === "boolean" ? tree : numeral(tree);
    return () => value;
  }
  const [head, ...rest] = tree;
  if (head === "_") {
    const k = rest[0];
    return () => slots[k];
  }
  const parts = rest.map((part) => closure(part, slots));
  const [f, g] = parts;
  switch (head) {
    case "+":
      if (parts.length === 2) return () => f() + g();
      return () => { let sum = 0; for (const part of parts) sum += part(); return sum; };
    case "*":
      if (parts.length === 2) return () => f() * g();
      return () => { let product = 1; for (const part of parts) product *= part(); return product; };
    case "/": return () => f() / g();
    case "neg": return () => -f();
    case "^":
      if (rest[1] === 2) return () => { const z = f(); return z * z; };
      if (rest[1] === -1) return () => 1 / f();
      return () => power(f(), g());
    case "case":
      return () => {
        for (let k = 0; k + 1 < parts.length; k += 2) if (parts[k + 1]()) return parts[k]();
        return parts[parts.length - 1]();
      };
    case "and": return () => parts.every((part) => part());
    case "or": return () => parts.some((part) => part());
    case "not": return () => !f();
  }
  const relation = Object.hasOwn(RELATIONS, head) ? RELATIONS[head] : null;
  if (relation) return () => relation(f(), g());
  const rule = Object.hasOwn(FUNCTIONS, head) ? FUNCTIONS[head] : null;
  if (!rule) throw new Error("The panel has no function " + head + ".");
  if (parts.length === 1) return () => rule(f());
  if (parts.length === 2) return () => rule(f(), g());
  return () => rule(...parts.map((part) => part()));
}


export const product = (/** @type {number[]} */ sizes) => sizes.reduce((a, b) => a * b, 1);

/** Steps between neighbours along each axis, last axis fastest. @param {number[]} shape */
export function strides(shape) {
  const steps = shape.map(() => 1);
  for (let k = shape.length - 2; k >= 0; k--) steps[k] = steps[k + 1] * shape[k + 1];
  return steps;
}

/** Flat offsets of all entries of an array of these sizes, in order. @param {number[]} sizes @param {number[]} steps */
export function offsets(sizes, steps) {
  let list = [0];
  sizes.forEach((size, k) => {
    const next = [];
    for (const start of list) for (let i = 0; i < size; i++) next.push(start + i * steps[k]);
    list = next;
  });
  return Int32Array.from(list);
}

/**
 * What one node of the graph does: fills `out` from the operands' arrays.
 * @param {any} node @param {any[]} operands @returns {() => void}
 */
export function kernel(node, operands) {
  const { out, data, shape } = node;
  const [a, b] = operands.map((operand) => operand.out);
  const from = operands[0]?.shape ?? [];
  const last = from[from.length - 1] ?? 1;
  /** @param {(row: Float64Array, to: Float64Array) => void} rule */
  const rows = (rule) => {
    const width = out.length / (a.length / last);
    const cuts = Array.from({ length: a.length / last }, (_, r) => [a.subarray(r * last, (r + 1) * last), out.subarray(r * width, (r + 1) * width)]);
    return () => { for (const [row, to] of cuts) rule(row, to); };
  };
  switch (node.op) {
    case "input":
      return () => {};
    case "const": {
      const list = Array.isArray(data) ? data : [data];
      for (let i = 0; i < out.length; i++) out[i] = numeral(list[list.length === 1 ? 0 : i]);
      return () => {};
    }
    case "eye":
      for (let i = 0; i < shape[0]; i++) out[i * shape[0] + i] = 1;
      return () => {};
    case "map": {
      const slots = new Float64Array(operands.length);
      const rule = closure(data.e, slots);
      const arrays = operands.map((operand) => operand.out);
      const places = operands.map((operand, k) => {
        const steps = shape.map(() => 0);
        strides(operand.shape).forEach((step, axis) => { steps[data.a[k][axis]] = step; });
        return offsets(shape, steps);
      });
      if (JSON.stringify(data.e) === '["*",["_",0],["_",1]]') {
        const [p, q] = places;
        return () => { for (let i = 0; i < out.length; i++) out[i] = a[p[i]] * b[q[i]]; };
      }
      return () => {
        for (let i = 0; i < out.length; i++) {
          for (let k = 0; k < arrays.length; k++) slots[k] = arrays[k][places[k][i]];
          out[i] = rule();
        }
      };
    }
    case "dot": {
      const [la, lb, lo] = data;
      const size = new Map();
      la.forEach((/** @type {number} */ label, /** @type {number} */ k) => size.set(label, operands[0].shape[k]));
      lb.forEach((/** @type {number} */ label, /** @type {number} */ k) => size.set(label, operands[1].shape[k]));
      const summed = [...size.keys()].filter((label) => !lo.includes(label));
      /** @param {number[]} labels @param {any} operand @param {number[]} wanted */
      const places = (labels, operand, wanted) => {
        const steps = strides(operand.shape);
        const along = wanted.map((label) => steps.reduce((sum, step, k) => sum + (labels[k] === label ? step : 0), 0));
        return offsets(wanted.map((label) => size.get(label)), along);
      };
      const [ia, ib] = [places(la, operands[0], lo), places(lb, operands[1], lo)];
      const [sa, sb] = [places(la, operands[0], summed), places(lb, operands[1], summed)];
      // Along one summed label the steps are even: no look-up for each product.
      const even = summed.length === 1 && sa.length > 1;
      const [da, db] = [sa[1], sb[1]];
      // Rows of b times the entries of a row of a, in the order in which b lies; a zero takes none, where all of b is finite.
      const across = lo[lo.length - 1];
      if (even && JSON.stringify([la, lb]) === JSON.stringify([[...lo.slice(0, -1), ...summed], [...summed, across]])) {
        const wide = size.get(across);
        return () => {
          const finite = b.every(isFinite);
          out.fill(0);
          for (let p = 0, i = 0; i < out.length; i += wide) {
            for (let q = 0; q < b.length; p++) {
              const v = a[p];
              if (v === 0 && finite) q += wide;
              else for (let j = i; j < i + wide; j++, q++) out[j] += v * b[q];
            }
          }
        };
      }
      return () => {
        for (let i = 0; i < out.length; i++) {
          let sum = 0;
          if (even) for (let k = 0, p = ia[i], q = ib[i]; k < sa.length; k++, p += da, q += db) sum += a[p] * b[q];
          else for (let k = 0; k < sa.length; k++) sum += a[ia[i] + sa[k]] * b[ib[i] + sb[k]];
          out[i] = sum;
        }
      };
    }
    case "sum": {
      const steps = strides(from);
      const axes = from.map((/** @type {number} */ _, /** @type {number} */ k) => k);
      const pick = (/** @type {boolean} */ gone) => {
        const chosen = axes.filter((/** @type {number} */ k) => data.includes(k) === gone);
        return offsets(chosen.map((/** @type {number} */ k) => from[k]), chosen.map((/** @type {number} */ k) => steps[k]));
      };
      const [kept, gone] = [pick(false), pick(true)];
      return () => {
        for (let i = 0; i < out.length; i++) {
          let sum = 0;
          for (let k = 0; k < gone.length; k++) sum += a[kept[i] + gone[k]];
          out[i] = sum;
        }
      };
    }
    case "permute": {
      const steps = strides(from);
      const places = offsets(shape, data.map((/** @type {number} */ k) => steps[k]));
      return () => { for (let i = 0; i < out.length; i++) out[i] = a[places[i]]; };
    }
    case "take":
    case "put": {
      const taking = node.op === "take";
      const lead = product(shape.slice(0, data.l));
      const wide = (taking ? a.length : out.length) / lead;
      const indices = Int32Array.from(data.i);
      return () => {
        if (!taking) out.fill(0);
        for (let r = 0, at = 0; r < lead; r++) {
          for (let k = 0; k < indices.length; k++, at++) {
            if (taking) out[at] = a[r * wide + indices[k]];
            else out[r * wide + indices[k]] += a[at];
          }
        }
      };
    }
    case "stack": {
      const lead = product(shape.slice(0, data));
      return () => {
        let at = 0;
        for (let r = 0; r < lead; r++) {
          for (const operand of operands) {
            const width = operand.out.length / lead;
            for (let k = 0; k < width; k++) out[at++] = operand.out[r * width + k];
          }
        }
      };
    }
    case "softmax":
    case "log_softmax":
      return rows((row, to) => {
        const top = row.reduce((p, q) => max(p, q), -Infinity);
        let sum = 0;
        for (let k = 0; k < row.length; k++) sum += to[k] = exp(row[k] - top);
        const total = log(sum);
        for (let k = 0; k < row.length; k++) to[k] = node.op === "softmax" ? to[k] / sum : row[k] - top - total;
      });
    case "logsumexp":
      return rows((row, to) => {
        const top = row.reduce((p, q) => max(p, q), -Infinity);
        to[0] = top + log(row.reduce((sum, v) => sum + exp(v - top), 0));
      });
    case "amax": return rows((row, to) => { to[0] = row.reduce((p, q) => max(p, q)); });
    case "amin": return rows((row, to) => { to[0] = row.reduce((p, q) => min(p, q)); });
    case "norm": return rows((row, to) => { to[0] = norm(row); });
    case "prod": return rows((row, to) => { to[0] = row.reduce((p, q) => p * q, 1); });
    case "inv": return () => { inverse(a, last, out); };
    case "cof": return () => cofactors(a, last, out);
    case "det": return () => { out[0] = determinant(a, last); };
    case "logdet": return () => { out[0] = logDeterminant(a, last); };
    case "others":
      return rows((row, to) => {
        for (let k = 0, before = 1; k < row.length; before *= row[k++]) to[k] = before;
        for (let k = row.length - 1, after = 1; k >= 0; after *= row[k--]) to[k] *= after;
      });
  }
  throw new Error("The panel has no operation " + node.op + ".");
}

/**
 * An evaluator of a graph. Nodes are made when first asked for and computed again only when an operand changed.
 * @param {GraphSpec} graph
 * @returns {Evaluator}
 */
export function compile(graph) {
  const nodes = graph.nodes.map(([op, args, shape, data]) => ({
    op, args, shape, data, out: /** @type {any} */ (null), run: () => {}, stamp: -1,
  }));
  const inputs = new Map();
  const plans = new Map();
  let clock = 0;
  const ready = (/** @type {any} */ node) => {
    node.out ??= new Float64Array(product(node.shape));
    return node;
  };
  for (const node of nodes) if (node.op === "input") inputs.set(node.data, ready(node));
  /** @param {string} output */
  const plan = (output) => {
    if (plans.has(output)) return plans.get(output);
    if (!Object.hasOwn(graph.outputs, output)) throw new Error("The graph has no output " + output + ".");
    const needed = new Set([graph.outputs[output]]);
    for (const k of needed) for (const arg of nodes[k].args) needed.add(arg);
    const steps = [...needed].sort((p, q) => p - q).map((k) => nodes[k]);
    for (const node of steps) {
      if (node.out && node.op !== "input") continue;
      ready(node).run = kernel(node, node.args.map((k) => nodes[k]));
    }
    plans.set(output, steps);
    return steps;
  };
  /** @param {string} output */
  const evaluated = (output) => {
    const steps = plan(output);
    for (const node of steps) {
      let newest = 0;
      for (const k of node.args) newest = max(newest, nodes[k].stamp);
      if (newest > node.stamp) {
        node.run();
        node.stamp = newest;
      }
    }
    return steps[steps.length - 1].out;
  };
  /** @param {string} name @param {ArrayLike<number>} values */
  const put = (name, values) => {
    const node = inputs.get(name);
    if (!node) return;
    node.out.set(values);
    node.stamp = ++clock;
  };
  const equations = (graph.equations ?? []).map((one) => ({ ...one, at: Float64Array.from(one.value) }));
  let [open, held] = [equations.length > 0, true];
  /** Move the names that equations define onto them by Newton's method, as conditions.py does; NaN where it does not end. */
  const solve = () => {
    open = held = false;
    const at = equations.map((one) => one.at.slice());
    let [before, last, met] = [0, 0, false];
    for (let round = 0; round < 30; round++) {
      equations.forEach((one, i) => put(one.key, at[i]));
      const taken = equations.map((one) => evaluated(one.step).slice());
      let size = 0;
      taken.forEach((list, i) => list.forEach((/** @type {number} */ step, /** @type {number} */ k) => {
        at[i][k] -= step;
        size = max(size, abs(step) / (1 + abs(at[i][k])));
      }));
      if (size > 1e-10) [before, last] = [last, size];
      met = size <= 1e-10 && !(before > 0 && last > before / 4);
      if (!(size > 1e-10)) break;
    }
    // As conditions._zeros: what is nearly 0 is 0, where Newton's step from there is nothing, either.
    const near = at.map((list) => list.map((v) => (abs(v) < 1e-12 ? 0 : v)));
    if (met && near.some((list, i) => list.some((v, k) => v !== at[i][k]))) {
      equations.forEach((one, i) => put(one.key, near[i]));
      equations.forEach((one, i) => evaluated(one.step).forEach((/** @type {number} */ v, /** @type {number} */ k) => {
        if (abs(v) < Number.EPSILON) at[i][k] = near[i][k];
      }));
    }
    held = met;
    equations.forEach((one, i) => {
      if (met) one.at = at[i];
      put(one.key, met ? at[i] : at[i].map(() => NaN));
    });
  };
  /** @param {string} output */
  const get = (output) => {
    if (open) solve();
    return evaluated(output);
  };
  /** Evaluates beside this one, for nudged inputs. @type {Evaluator | null} */
  let twin = null;
  return {
    set(name, values) {
      const defined = equations.find((one) => one.key === name);
      if (defined) defined.at = Float64Array.from(values);
      else put(name, values);
      open = equations.length > 0;
      return !!defined;
    },
    get,
    // The names that equations define, none where they are not met, and where Newton's method begins with them.
    roots() {
      if (open) solve();
      return held ? equations.map((one) => one.at) : null;
    },
    begin(at) {
      equations.forEach((one, i) => { one.at = Float64Array.from(at[i]); });
      open = equations.length > 0;
    },
    unsolved(output, at) {
      equations.forEach((one, i) => put(one.key, at[i]));
      open = true;
      return evaluated(output);
    },
    // As show/remarks.steady: what a few units in the last place of the inputs change by half of itself is rounding.
    shown(output) {
      const found = Float64Array.from(settled(get(output)));
      const small = (/** @type {number} */ v) => v !== 0 && abs(v) < SMALL;
      if (found.length > NUDGED || !found.some(small)) return found;
      const other = (twin ??= compile(graph));
      for (let turn = 1; turn < 5; turn++) {
        let count = 0;
        for (const [name, node] of inputs) {
          other.set(name, node.out.map((/** @type {number} */ v) => v * (1 + (((3 * count++ + 5 * turn) % 17) - 8) * 2 ** -52)));
        }
        const near = other.get(output);
        for (let k = 0; k < found.length; k++) if (small(found[k]) && abs(near[k] - found[k]) >= abs(found[k]) / 2) found[k] = 0;
      }
      return found;
    },
    has: (output) => Object.hasOwn(graph.outputs, output),
    shape: (output) => nodes[graph.outputs[output]].shape,
    stamp: (output) => nodes[graph.outputs[output]].stamp,
  };
}
