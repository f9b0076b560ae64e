/** An answer, written as in a block: its tree, and its number. */

import { FUNCTIONS, power } from "./functions.js";

/** A formula: a number, a name, or an operation with its operands. @typedef {number | string | any[]} Tree */
/** A name of the block, and how it may be typed. @typedef {{key: string, spellings: string[], tree?: Tree}} Spelt */

/** At so many points an answer is compared. */
export const POINTS = 20;

/** What an answer cannot be read for. */
export class Unread extends Error {}

const WORDS = { arcsin: "asin", arccos: "acos", arctan: "atan", log: "ln", "√": "sqrt" };
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const TOKEN = /((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(\\?[A-Za-z\u0370-\u03ff]+(?:_?\{[^{}]*\}|_\w+|[0-9₀-₉]+)?(?:\[[\d, ]+\])?)|([⁰¹²³⁴-⁹]+)|(\*\*|[-−+*·×⋅/÷^()|√])|(\S)/gu;

/** The function that a word names. @param {string | undefined} word @returns {string} */
function called(word = "") {
  const plain = word.replace(/^\\/, ""), name = /** @type {Record<string, string>} */ (WORDS)[plain] ?? plain;
  return Object.hasOwn(FUNCTIONS, name) && FUNCTIONS[name].length === 1 ? name : "";
}

/** LaTeX as it is typed: \frac{a}{b} is ((a)/(b)). @param {string} text */
function unfolded(text) {
  let before, now = text.replace(/\\(?:left|right|[,;! ])/g, " ").replace(/\\(?:cdot|times)\b/g, "*").replace(/\\var(?=[a-z])/g, "\\").replace(/_\{(\w+)\}/g, "_$1 ");
  do {
    before = now;
    now = now.replace(/\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, "(($1)/($2))").replace(/(\\[a-z]+|\^)\s*\{([^{}]*)\}/g, "$1($2)");
  } while (now !== before);
  return now;
}

/** The tree of an answer, written as in a block. @param {string} text @param {Spelt[]} names @returns {Tree} */
export function read(text, names) {
  const known = new Map(names.flatMap((one) => one.spellings.map((spelt) => /** @type {[string, Tree]} */ ([spelt, one.tree ?? one.key]))));
  const tokens = [...unfolded(text).matchAll(TOKEN)].map((m) => ({ number: m[1], word: m[2], raised: m[3], sign: m[4], odd: m[5], text: m[0], start: m.index, stop: m.index + m[0].length }));
  const odd = tokens.find((one) => one.odd);
  if (odd) throw new Unread(`${odd.text} cannot stand here`);
  let at = 0, bars = 0, unclear = -1;
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
    let from = at, whole = signed();
    for (;;) {
      if (at < tokens.length && ["*", "·", "×", "⋅"].includes(tokens[at].sign)) { from = ++at; whole = ["*", whole, signed()]; }
      else if (sign("/÷")) {
        if (unclear === at) throw new Unread("an exponent in front of a / needs brackets");
        const above = alone(from), slash = tokens[at];
        from = ++at;
        whole = ["*", whole, ["^", signed(), -1]];
        if (starts() && !apart(slash.stop === tokens[from].start, above && alone(from))) throw new Unread("what stands below the / needs brackets");
      } else if (starts()) {
        if (tokens[at].number !== undefined) throw new Unread("a number comes first in a product");
        from = at;
        whole = ["*", whole, raised()];
      } else return whole;
    }
  }

  /** Whether the last factor, from a token on, is a number. @param {number} from */
  const alone = (from) => tokens[at - 1].number !== undefined && (at - 1 === from || (at - 2 === from && "+-−".includes(tokens[from].sign)));

  /** Whether the gap behind a denominator, itself glued to its slash, makes the rest a factor: -g/l cos θ, 1/2 x. @param {boolean} tight @param {boolean} numbers */
  function apart(tight, numbers) {
    const next = tokens[at];
    if (!tight || glued()) return false;
    return numbers || tokens[at - 1].sign === ")" || "(√".includes(next.sign ?? "x") || called(next.word) !== "" || (next.word === "e" && tokens[at + 1]?.sign === "^");
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
    const from = ++at, minus = sign("-−");
    if (minus) at++;
    const open = sign("("), exponent = raised();
    // x^-1/2 and x^1/2 can be read in two ways, 6.6*10^-34/T in one.
    if ((minus && !open && !(typeof base === "number" && alone(from) && exponent !== 1)) || (alone(from) && exponent === 1)) unclear = at;
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
    const spelt = word.replace(/[{}_ ]/g, "").replace(/[₀-₉]/g, (one) => String(one.charCodeAt(0) - 0x2080));
    const name = known.get(word) ?? known.get(spelt);
    if (name !== undefined) return name;
    if (called(word)) return applied(called(word), word === "√");
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

  /** A function and its argument, in brackets or bare: sin 2x, sin² x. @param {string} call @param {boolean} root @returns {Tree} */
  function applied(call, root) {
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
      const bare = tokens[at]?.word !== undefined && !called(tokens[at].word);
      if (bare && factors.length && (root || !glued())) throw new Unread(`the argument of ${call} needs brackets`);
      if (bare) factors.push(raised());
      if (!factors.length) throw new Unread(`${call} needs its argument`);
      argument = ["*", ...factors];
      if (sign("/÷") || (sign("|") && !bars) || (tokens[at]?.word !== undefined && !called(tokens[at].word))) throw new Unread(`the argument of ${call} needs brackets`);
    }
    return over === 1 ? [call, argument] : ["^", [call, argument], over];
  }

  const tree = sum();
  if (at < tokens.length) throw new Unread(`${tokens[at].text} cannot stand here`);
  return tree;
}

/** The number of an answer. @param {Tree} tree @param {(name: string) => number} at @returns {number} */
export function number(tree, at) {
  if (typeof tree === "number") return tree;
  if (typeof tree === "string") return at(tree);
  const [kind, ...rest] = tree;
  const parts = rest.map((/** @type {Tree} */ one) => number(one, at));
  if (kind === "+") return parts.reduce((a, b) => a + b, 0);
  if (kind === "*") return parts.reduce((a, b) => a * b, 1);
  return kind === "^" ? power(parts[0], parts[1]) : FUNCTIONS[kind](parts[0]);
}

/** Numbers from 0 to 1, the same every time. @param {number} seed */
export function draws(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
