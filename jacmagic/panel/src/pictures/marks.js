/** Points and arrows that are marked in a plane, and their words. */

import { short } from "../print.js";

const { abs, hypot, sign } = Math;

/** @typedef {import("../types.js").Pair} Pair */
/** @typedef {import("../types.js").Place} Place */

/** Where the word of a point may stand beside it. @param {number} half of its width */
const around = (half) => [[0, 24], [0, -14], [half + 12, 5], [-half - 12, 5], [half + 8, -12], [-half - 8, -12]];

/** Where texts stand in a plane, so that none covers another. @param {{left: number, top: number, width: number, height: number}} space */
export function labels({ left, top, width, height }) {
  /** @type {number[][]} x, y and half the width of each */
  let written = [];
  /** @type {number[][]} points that no text covers */
  let discs = [];
  /** Texts and points that go with the point. @type {number[][][]} */
  let moving = [[], []];
  /** @type {{node: any, from: Pair, at: Pair, half: number}[]} words of points, and where they stand while nothing is over them */
  let words = [];
  const clear = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ half) => x > left + half && x < left + width - half && y > top + 16 && y < top + height - 8 && ![...written, ...moving[0]].some(([a, b, other]) => abs(a - x) < half + other && abs(b - y) < 22) && ![...discs, ...moving[1]].some(([a, b]) => abs(a - x) < half + 7 && y > b - 9 && y < b + 17);
  /** @param {number} x @param {number} y @param {number} half @param {number[][]} offsets */
  const first = (x, y, half, offsets) => offsets.map(([dx, dy]) => /** @type {Pair} */ ([x + dx, y + dy])).find(([p, q]) => clear(p, q, half));
  return {
    clear: () => { written = []; discs = []; words = []; },
    /** The word of a point. @param {any} node @param {Pair} from @param {Pair} at @param {number} half */
    word: (node, from, at, half) => { words.push({ node, from, at, half }); },
    /** Words that lie under the point stand elsewhere beside theirs as long as it is there, or not at all. @param {number} px @param {number} py */
    aside(px, py) {
      for (const { node, from, at, half } of words) {
        const all = written;
        written = all.filter(([x, y]) => x !== at[0] || y !== at[1]);
        const under = (/** @type {number[]} */ [x, y]) => abs(x - px) < half + 9 && y > py - 9 && y < py + 18;
        const to = under(at) ? first(...from, half, around(half).filter(([dx, dy]) => !under([from[0] + dx, from[1] + dy]))) : at;
        written = all;
        if (to && to !== at) moving[0].push([...to, half]);
        node.style.visibility = to ? "" : "hidden";
        if (to) ["x", "y"].forEach((side, k) => node.setAttribute(side, to[k]));
      }
    },
    /** No text stands over these. @param {number[][]} points */
    keep: (points) => { discs.push(...points); },
    /** What went with the point is gone, and no text stands over these. @param {number[][]} points */
    moved: (points) => { moving = [[], points]; },
    /** The first place beside a point that is free, or none. @param {number} x @param {number} y @param {number} half @param {number[][]} offsets @param {boolean} [stays] others keep off it when the point moves, too @returns {Pair | undefined} */
    near(x, y, half, offsets, stays = true) {
      const found = first(x, y, half, offsets);
      if (found) (stays ? written : moving[0]).push([...found, half]);
      return found;
    },
  };
}

/**
 * A point that stays, filled where it is stable, with its word where there is room.
 * @param {Place["dom"]} dom @param {any} group @param {ReturnType<typeof labels>} free @param {number} x @param {number} y @param {string} said @param {boolean} stable
 */
export function mark({ draw }, group, free, x, y, said, stable) {
  group.append(draw("circle", { cx: x.toFixed(2), cy: y.toFixed(2), r: 6, class: stable ? "jm-stays" : "jm-leaves" }));
  const half = 4 * said.length;
  const at = free.near(x, y, half, around(half));
  if (!at) return;
  const node = draw("text", { x: at[0], y: at[1], "text-anchor": "middle", class: "jm-haloed" }, said);
  group.append(node);
  free.word(node, [x, y], at, half);
}

/**
 * Δx = 1 beside an arrow, where there is room, on the side away from what stands there.
 * @param {Place} place @param {ReturnType<typeof labels>} free @param {string} key @param {number} value @param {number[]} arrow where it begins, and how far it goes @param {string[]} classes @param {number[]} [from] what it keeps away from, beside the arrow's middle
 * @returns {any[]} the text, if any
 */
export function amount({ lettered }, free, key, value, [x, y, dx, dy], classes, [fromX, fromY] = [0, 0]) {
  if (![x, y, dx, dy, value].every(isFinite)) return [];
  const text = lettered(key, { before: "\u0394", behind: " = " + (classes.some((one) => /pos|neg/.test(one)) && value > 0 ? "+" : "") + short(value, 3), "text-anchor": "middle" });
  text.classList.add("jm-haloed", "jm-amount", ...classes);
  const half = 4.3 * text.textContent.length;
  const [across, up] = [sign(-fromX || 1) * (half + 12), sign(-fromY || 1)];
  const flat = [[0, up > 0 ? 24 : -13], [0, up > 0 ? -13 : 24]];
  const beside = [[across, 5], [-across, 5]];
  const ends = abs(dx) > abs(dy) ? [1, -1].map((side) => [side * sign(dx) * (abs(dx) / 2 + half + 10), 5]) : [1, -1].map((side) => [0, side * (dy / 2 + sign(dy) * 14) + 6]);
  const at = free.near(x + dx / 2, y + dy / 2, half, [...(abs(dx) > abs(dy) ? flat : beside), ...ends, ...[...flat, ...beside].map((by) => by.map((v) => 1.8 * v))], false);
  if (!at || !hypot(dx, dy)) return [];
  for (const [k, v] of ["x", "y"].map((k, i) => /** @type {const} */ ([k, at[i]]))) text.setAttribute(k, v.toFixed(1));
  return [text];
}
