/** A page that asks for derivatives: it has the functions alone, and compares an answer with their derivative by dual numbers. */

import { POINTS, Unread, draws, read } from "./answer.js";
import { tools } from "./dom.js";
import { FUNCTIONS, power as raise } from "./functions.js";

/** @typedef {import("./answer.js").Tree} Tree */
/** A number and its derivative. @typedef {[number, number]} Dual */
/** @typedef {{key: string, spellings: string[], range: [number, number] | null, total: string, tree?: Tree}} Named */
/** @typedef {{names: Named[], functions: Tree[], entries: {mathml: string, row: number, by: string}[]}} Spec */

const { abs, exp, log, sqrt } = Math;

// ------------------------------------------------------------------ dual numbers
/** @type {(a: Dual, b: Dual) => Dual} */
const plus = (a, b) => [a[0] + b[0], a[1] + b[1]];
/** @type {(a: Dual, b: Dual) => Dual} */
const times = (a, b) => [a[0] * b[0], a[1] * b[0] + a[0] * b[1]];

/** @type {(a: Dual, b: Dual) => Dual} */
function power(a, b) {
  const value = raise(a[0], b[0]);
  const base = a[1] && b[0] ? b[0] * a[0] ** (b[0] - 1) * a[1] : 0;
  return [value, base + (b[1] ? value * log(a[0]) * b[1] : 0)];
}

/** How a function of one number changes. @type {Record<string, (z: number, f: number) => number>} */
const SLOPES = {
  exp: (z, f) => f, ln: (z) => 1 / z, log: (z) => 1 / z, log2: (z) => 1 / z / Math.LN2, log10: (z) => 1 / z / Math.LN10,
  sqrt: (z, f) => 1 / (2 * f), cbrt: (z, f) => 1 / (3 * f * f),
  sin: (z) => Math.cos(z), cos: (z) => -Math.sin(z), tan: (z, f) => 1 + f * f, cot: (z, f) => -1 - f * f,
  sec: (z, f) => f * Math.tan(z), csc: (z, f) => -f / Math.tan(z),
  asin: (z) => 1 / sqrt(1 - z * z), acos: (z) => -1 / sqrt(1 - z * z), atan: (z) => 1 / (1 + z * z),
  sinh: (z) => Math.cosh(z), cosh: (z) => Math.sinh(z), tanh: (z, f) => 1 - f * f, coth: (z, f) => 1 - f * f,
  sech: (z, f) => -f * Math.tanh(z), csch: (z, f) => -f / Math.tanh(z),
  asinh: (z) => 1 / sqrt(1 + z * z), acosh: (z) => 1 / sqrt(z * z - 1), atanh: (z) => 1 / (1 - z * z),
  abs: (z) => Math.sign(z), sign: () => 0, step: () => 0, floor: () => 0, ceil: () => 0,
  erf: (z) => 2 / sqrt(Math.PI) * exp(-z * z), erfc: (z) => -2 / sqrt(Math.PI) * exp(-z * z),
  sigmoid: (z, f) => f * (1 - f), softplus: (z) => FUNCTIONS.sigmoid(z), relu: (z) => (z > 0 ? 1 : 0),
  leaky_relu: (z) => (z > 0 ? 1 : 0.01), elu: (z) => (z > 0 ? 1 : exp(z)),
  silu: (z, f) => { const s = FUNCTIONS.sigmoid(z); return s + f * (1 - s); },
  gelu: (z) => FUNCTIONS.erfc(-z * Math.SQRT1_2) / 2 + (z * exp(-z * z / 2)) / sqrt(2 * Math.PI),
};

/** A formula's value and derivative. @param {Tree} tree @param {Record<string, Dual>} at @returns {Dual} */
function dual(tree, at) {
  if (typeof tree === "number") return [tree, 0];
  if (typeof tree === "string") return at[tree];
  const [kind, ...rest] = tree;
  if (kind === "if") {
    for (const [when, value] of rest) if (holds(when, at)) return dual(value, at);
    return [NaN, NaN];
  }
  const parts = rest.map((/** @type {Tree} */ one) => dual(one, at));
  if (kind === "+") return parts.reduce(plus, [0, 0]);
  if (kind === "*") return parts.reduce(times, [1, 0]);
  if (kind === "^") return power(parts[0], parts[1]);
  if (kind === "max" || kind === "min") return parts.reduce((a, b) => ((a[0] < b[0]) === (kind === "max") ? b : a));
  const value = FUNCTIONS[kind](parts[0][0]);
  return [value, parts[0][1] ? SLOPES[kind](parts[0][0], value) * parts[0][1] : 0];
}

/** @param {any} when @param {Record<string, Dual>} at @returns {boolean} */
function holds(when, at) {
  if (typeof when === "boolean") return when;
  const [kind, ...parts] = when;
  if (kind === "and") return parts.every((/** @type {any} */ one) => holds(one, at));
  if (kind === "or") return parts.some((/** @type {any} */ one) => holds(one, at));
  if (kind === "not") return !holds(parts[0], at);
  const [a, b] = parts.map((/** @type {Tree} */ one) => dual(one, at)[0]);
  return kind === "<" ? a < b : kind === "<=" ? a <= b : kind === ">" ? a > b : kind === ">=" ? a >= b : kind === "==" ? a === b : a !== b;
}

// ------------------------------------------------------------------ marking
/** Whether an answer is the derivative of a function, at points of its domain. @param {Spec} spec @param {number} k @param {Tree} answer @returns {boolean} */
export function right(spec, k, answer) {
  const { row, by } = spec.entries[k], random = draws(20);
  let met = 0;
  for (let n = 0; n < 40 * POINTS && met < POINTS; n++) {
    /** @type {Record<string, Dual>} */
    const at = {}, sums = /** @type {Record<string, number>} */ ({});
    for (const { key, range, total, tree } of spec.names) {
      if (tree !== undefined) continue;
      const u = random();
      const value = range ? range[0] + u * (range[1] - range[0]) : n % 2 && !total ? 4 * u - 2 : 0.3 + 1.7 * u;
      at[key] = [value, key === by ? 1 : 0];
      if (total) sums[total] = (sums[total] ?? 0) + value;
    }
    for (const { key, total } of spec.names) if (total) at[key][0] /= sums[total];
    const [value, slope] = dual(spec.functions[row], at);
    if (!Number.isFinite(value) || !Number.isFinite(slope)) continue;
    // Its own derivative is not asked for.
    const [mine] = dual(answer, Object.fromEntries(Object.entries(at).map(([key, [v]]) => [key, [v, 0]])));
    if (Number.isNaN(mine) && n < 20 * POINTS) continue;
    met++;
    if (!(abs(mine - slope) <= 1e-9 * Math.max(abs(mine), abs(slope)) + 1e-12)) return false;
  }
  return met >= 4;
}

// ------------------------------------------------------------------ the page
/** @param {HTMLElement} root @param {Spec} spec */
export function ask(root, spec) {
  const { typeset } = tools(document, new AbortController().signal);
  const score = document.createElement("p"), marks = spec.entries.map(() => false);
  score.setAttribute("role", "status");
  const told = () => { score.textContent = `${marks.filter(Boolean).length} of ${marks.length} right`; };
  const list = document.createElement("div");
  list.className = "jq-entries";
  spec.entries.forEach((entry, k) => {
    const line = document.createElement("label"), field = document.createElement("input"), said = document.createElement("output");
    const name = document.createElement("span");
    name.append(typeset(entry.mathml));
    Object.assign(field, { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: false });
    field.addEventListener("change", () => {
      marks[k] = false;
      said.className = "";
      said.textContent = "";
      if (field.value.trim()) {
        try {
          marks[k] = right(spec, k, read(field.value, spec.names));
          said.textContent = marks[k] ? "✓ right" : "✗ not right";
          said.className = marks[k] ? "jq-right" : "jq-wrong";
        } catch (error) {
          if (!(error instanceof Unread)) throw error;
          said.textContent = error.message;
        }
      }
      told();
    });
    line.append(name, field, said);
    list.append(line);
  });
  told();
  root.append(list, score);
}
