/** Beside the Jacobian of a system: trace, determinant, eigenvalues and the word, and the way to its equilibria. */

import { settled } from "./numeric.js";
import { VIEWS } from "./parts.js";
import { ratesOf } from "./pictures/system.js";
import { format, short } from "./print.js";
import { eigenvalues, equilibria, kindOf, lattice, newton, plus, rests, stretched } from "./systems.js";

const { abs, hypot } = Math;

/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {import("./types.js").Pair} Pair */

/** What stays, of a system and of a map. */
const RESTS = ["equilibrium", "fixed point"];

/** Eigenvalues in one line, those of a pair together. @param {Pair[]} found */
export function spoken(found) {
  const parts = settled(found.flat());
  const said = [];
  for (let k = 0; k < found.length; k++) {
    const [x, y] = [parts[2 * k], parts[2 * k + 1]];
    if (y < 0) continue;
    said.push(y ? (x ? format(x) + " " : "") + "\u00b1 " + format(y) + " i" : format(x));
  }
  return said.join(", ");
}

/** The directions that J only stretches, the largest entry of each 1. @param {number[]} J @param {number} n @returns {string[]} */
function ways(J, n) {
  const found = stretched(J, n);
  if (!found?.length) return [found ? "not real" : "any"];
  return found.map(({ way }) => {
    if (!way) return "a plane";
    const most = way.reduce((far, v) => (abs(v) > abs(far) * (1 + 1e-9) ? v : far), 0);
    return "(" + settled(way.map((v) => v / most)).map((v) => short(v, 3)).join(", ") + ")";
  });
}

/** @param {Panel} panel @param {import("./types.js").Place} place */
export function stability({ spec: { system }, say, term, dom: { el, on, page, write }, state }, place) {
  const { axes, map, order } = system;
  const rest = RESTS[+map];
  const n = axes.length;
  const along = axes.map(place.axis);
  const [trace, det, values, sizes, word, ...across] = Array.from({ length: 8 }, () => page.createTextNode(""));
  // As wide as they get; a direction in space stands for itself, so that two lines hold them on a phone.
  const vectors = n === 2 ? ["13em"] : n === 3 ? ["10.5em", "9em", "9em"] : [];
  const stat = (/** @type {any} */ name, /** @type {Text} */ text, /** @type {string} */ wide) => el("span", { class: "jm-stat", style: "min-width:" + wide }, name, " ", text);
  const button = el("button", { type: "button", class: "jm-word" }, "nearest " + rest);
  const box = () => along.map((/** @type {any} */ one) => /** @type {Pair} */ (state.ranges.get(one.key)));
  const unit = () => box().map((/** @type {Pair} */ [lo, hi]) => 400 / (hi - lo));
  const away = (/** @type {number[]} */ p, /** @type {number[]} */ q) => Math.hypot(...p.map((v, k) => (v - q[k]) * unit()[k]));
  const point = () => along.map((/** @type {any} */ one) => state.valueAt(one.key, one.k));
  /** @type {ReturnType<typeof equilibria>} */
  let found = [];
  let known = "";
  /** All of them in the ranges, and the one that Newton's method finds from the point. */
  function all() {
    const now = place.background(...along.map((/** @type {any} */ one) => one.key));
    const { read } = ratesOf(place, system);
    if (now !== known) { known = now; found = equilibria(read, lattice(box(), [0, 60, 13, 5, 3][n] ?? 2), box(), unit()); }
    const own = newton(read, point(), unit());
    return own && !found.some((one) => away(one.at, own.at) < 0.5) ? [...found, own] : found;
  }
  on(button, "click", () => {
    const list = all();
    const from = point();
    const here = list.findIndex((one) => away(one.at, from) < 1e-3);
    const to = here >= 0 ? list[(here + 1) % list.length] : [...list].sort((p, q) => away(p.at, from) - away(q.at, from))[0];
    if (!to) return say("no " + rest + " found from here");
    state.assignAll(along.map((/** @type {any} */ one, /** @type {number} */ k) => [one.name, one.k, abs(to.at[k]) < 1e-12 ? 0 : to.at[k]]));
    say(rest + ": " + ratesOf(place, system).kind(to.J).word);
  });
  const directed = vectors.map((wide, k) => stat(k ? "" : term("v", "along"), across[k], wide));
  const verdict = el("span", {}, word);
  state.now.push(() => {
    const J = Array.from(state.engine.get(state.main));
    const rows = order.flatMap((/** @type {number} */ i) => J.slice(i * n, i * n + n));
    const real = rows.every(isFinite);
    const [sum, size] = [rows.reduce((/** @type {number} */ s, /** @type {number} */ v, /** @type {number} */ k) => s + (k % (n + 1) ? 0 : v), 0), Math.hypot(...rows)];
    write(trace, format(abs(sum) < 1e-12 * size ? 0 : sum));
    const eigen = eigenvalues(rows, n);
    const product = eigen.reduce(([a, b], [p, q]) => [a * p - b * q, a * q + b * p], [1, 0])[0];
    write(det, format(abs(product) < 1e-12 * size ** n ? 0 : product));
    write(values, real ? spoken(eigen) : "undefined");
    const directions = real && n < 4 ? ways(rows, n) : [];
    if (n === 2) write(across[0], directions.join(", "));
    else across.forEach((text, k) => write(text, directions[k] ?? ""));
    // Those of a pair are as long as each other.
    write(sizes, real ? eigen.filter(([, y]) => y >= 0).map((one) => format(hypot(...one))).join(", ") : "");
    const at = point();
    const f = order.map((/** @type {number} */ i, /** @type {number} */ k) => state.engine.get(system.f)[i] - (map ? at[k] : 0));
    const still = real && f.every(isFinite) && rests({ f, J: plus(rows, n, map ? -1 : 0) }, unit());
    verdict.classList.toggle("jm-known", still);
    write(word, still ? kindOf(rows, n, map).word : real ? "not " + (map ? "a " : "an ") + rest : "");
  });
  return el("div", { class: "jm-stability" },
    el("div", { class: "jm-stats" }, stat(term("\u03bb", map ? "factor" : "eigen"), values, n === 2 ? "10.5em" : "16em"), map && stat(term("|\u03bb|", "modulus"), sizes, "8em"), n > 1 && stat(term("tr", "trace"), trace, "5.5em"), n > 1 && stat(term("det", "det"), det, "5.5em"), n === 3 ? el("div", { class: "jm-stats jm-along" }, ...directed) : directed[0]),
    el("div", { class: "jm-verdict", role: "status" }, verdict, button));
}

VIEWS.stability = stability;
