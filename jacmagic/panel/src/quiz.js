/** A page that asks for derivatives: it has the functions alone, and compares an answer with their derivative by dual numbers. */

import { tools } from "./dom.js";
import { FUNCTIONS, power as raise } from "./functions.js";

/** A formula: a number, a name, or an operation with its operands. @typedef {number | string | any[]} Tree */
/** A number and its derivative. @typedef {[number, number]} Dual */
/** @typedef {{key: string, spellings: string[], range: [number, number] | null, total: string, tree?: Tree}} Named */
/** @typedef {{names: Named[], functions: Tree[], entries: {mathml: string, row: number, by: string}[]}} Spec */

const POINTS = 20;
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

// ------------------------------------------------------------------ reading an answer
/** What an answer cannot be read for. */
export class Unread extends Error {}

const WORDS = { arcsin: "asin", arccos: "acos", arctan: "atan", log: "ln", "√": "sqrt" };
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const TOKEN = /(\d+\.?\d*|\.\d+)|(\\?[A-Za-z\u0370-\u03ff]+(?:_?\{[^{}]*\}|_\w+|[0-9₀-₉]+)?)|([⁰¹²³⁴-⁹]+)|(\*\*|[-−+*·×⋅/÷^()|√])|(\S)/gu;

/** The tree of an answer, written as in a block. @param {string} text @param {Named[]} names @returns {Tree} */
export function read(text, names) {
  const known = new Map(names.flatMap((one) => one.spellings.map((spelt) => /** @type {[string, Tree]} */ ([spelt, one.tree ?? one.key]))));
  const tokens = [...text.matchAll(TOKEN)].map((m) => ({ number: m[1], word: m[2], raised: m[3], sign: m[4], odd: m[5], text: m[0], start: m.index, stop: m.index + m[0].length }));
  const odd = tokens.find((one) => one.odd);
  if (odd) throw new Unread(`${odd.text} cannot stand here`);
  let at = 0, bars = 0;
  const sign = (/** @type {string} */ ones) => at < tokens.length && tokens[at].sign !== undefined && ones.includes(tokens[at].sign) && tokens[at].sign.length < 3;
  const glued = () => at > 0 && at < tokens.length && tokens[at].start === tokens[at - 1].stop;
  const starts = () => at < tokens.length && (tokens[at].number !== undefined || tokens[at].word !== undefined || sign("(√") || (sign("|") && !bars));
  const close = (/** @type {string} */ what) => {
    if (!sign(what)) throw new Unread(`${what} is missing`);
    at++;
  };

  /** @returns {Tree} */
  function sum() {
    const terms = [product()];
    while (sign("+-−")) {
      const minus = tokens[at++].sign !== "+", one = product();
      terms.push(minus ? ["*", -1, one] : one);
    }
    return terms.length > 1 ? ["+", ...terms] : terms[0];
  }

  /** @returns {Tree} */
  function product() {
    /** @type {Tree} */
    let whole = signed();
    for (;;) {
      if (at < tokens.length && ["*", "·", "×", "⋅"].includes(tokens[at].sign)) { at++; whole = ["*", whole, signed()]; }
      else if (sign("/÷")) {
        at++;
        whole = ["*", whole, ["^", signed(), -1]];
        if (starts()) throw new Unread("what stands below the / needs brackets");
      } else if (starts()) {
        if (tokens[at].number !== undefined) throw new Unread("a number comes first in a product");
        whole = ["*", whole, raised()];
      } else return whole;
    }
  }

  /** @returns {Tree} */
  function signed() {
    if (sign("-−")) { at++; return ["*", -1, signed()]; }
    if (sign("+")) { at++; return signed(); }
    return raised();
  }

  /** @returns {Tree} */
  function raised() { return behind(atom()); }

  /** A power behind its base. @param {Tree} base @returns {Tree} */
  function behind(base) {
    if (at < tokens.length && tokens[at].raised) {
      const n = [...tokens[at++].raised].map((one) => RAISED.indexOf(one)).join("");
      return ["^", base, Number(n)];
    }
    if (at >= tokens.length || !["^", "**"].includes(tokens[at].sign)) return base;
    at++;
    const minus = sign("-−");
    if (minus) at++;
    const open = sign("("), exponent = raised();
    if (!open && glued() && starts()) throw new Unread("an exponent of more than one factor needs brackets");
    return ["^", base, minus ? ["*", -1, exponent] : exponent];
  }

  /** @returns {Tree} */
  function atom() {
    const one = tokens[at++];
    if (!one) throw new Unread("something is missing at the end");
    if (one.number !== undefined) return Number(one.number);
    if (one.sign === "(") { const held = bars; bars = 0; const inner = sum(); close(")"); bars = held; return inner; }
    if (one.sign === "|") { bars++; const inner = sum(); close("|"); bars--; return ["abs", inner]; }
    if (one.word === undefined && one.sign !== "√") throw new Unread(`${one.text} cannot stand here`);
    return named(one.sign ?? one.word.replace(/^\\/, ""));
  }

  /** @param {string} word @returns {Tree} */
  function named(word) {
    const spelt = word.replace(/[{}_]/g, "").replace(/[₀-₉]/g, (one) => String(one.charCodeAt(0) - 0x2080));
    const name = known.get(word) ?? known.get(spelt);
    if (name !== undefined) return name;
    const call = /** @type {Record<string, string>} */ (WORDS)[word] ?? word;
    if (call in SLOPES) return applied(call);
    if (word === "e") return Math.E;
    if (word === "pi" || word === "π") return Math.PI;
    if (word.length > 1 && [...word].every((one) => known.has(one) || one === "e")) {
      // xy is x times y, and a power behind it belongs to the last.
      const { start } = tokens[at - 1];
      const split = [...word].map((one, k) => ({ ...tokens[at - 1], word: one, text: one, start: start + k, stop: start + k + 1 }));
      tokens.splice(at - 1, 1, ...split);
      return named(split[0].word);
    }
    throw new Unread(`${word} is no name here`);
  }

  /** A function and its argument, in brackets or bare: sin 2x, sin² x. @param {string} call @returns {Tree} */
  function applied(call) {
    /** @type {Tree} */
    let over = 1;
    if (at < tokens.length && (tokens[at].raised || tokens[at].sign === "^")) {
      const held = behind("");
      over = /** @type {any[]} */ (held)[2];
      if (Array.isArray(over)) throw new Unread(`${call} to a power needs brackets`);
    }
    /** @type {Tree} */
    let argument;
    if (sign("(|")) argument = atom();
    else {
      const factors = [];
      if (tokens[at]?.number !== undefined) factors.push(Number(tokens[at++].number));
      if (tokens[at]?.word !== undefined && !(tokens[at].word in SLOPES)) factors.push(raised());
      if (!factors.length) throw new Unread(`${call} needs its argument`);
      argument = ["*", ...factors];
      if (sign("/÷") || (tokens[at]?.word !== undefined && !(tokens[at].word in SLOPES))) throw new Unread(`the argument of ${call} needs brackets`);
    }
    return over === 1 ? [call, argument] : ["^", [call, argument], over];
  }

  const tree = sum();
  if (at < tokens.length) throw new Unread(`${tokens[at].text} cannot stand here`);
  return tree;
}

// ------------------------------------------------------------------ marking
/** Numbers from 0 to 1, the same every time. @param {number} seed */
function draws(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

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
    const [mine] = dual(answer, at);
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
