/** The lines of eigenvectors through a point of a system or a map that stays. */

import { short } from "../print.js";
import { stretched } from "../systems.js";
import { arrow } from "./plane.js";

const { abs, hypot, min, sign } = Math;

/** @typedef {import("../types.js").Place} Place */

/** Pixels from a point that stays to the end of the line of an eigenvector. */
const REACH = 52;

/**
 * How far the lines of one of several points go without meeting those of another.
 * @param {{at: number[]}[]} found @param {{at: number[]}} one @param {(at: number[]) => number[]} spot
 */
export function apart(found, one, spot) {
  const [x, y] = spot(one.at);
  const others = found.filter((other) => other !== one).map((other) => spot(other.at));
  return min(REACH, ...others.map(([a, b]) => 0.35 * hypot(a - x, b - y)));
}

/**
 * What J only stretches at a point that stays, with arrows in the way of time, and λ; nothing where it turns, nor where every direction is one.
 * @param {Place["dom"]} dom @param {{ways: any, signs: any}} groups of lines and of words @param {ReturnType<typeof import("./marks.js").labels>} free
 * @param {{at: number[], J: number[]}} rest @param {(at: number[]) => number[]} spot on the picture, which keeps lines straight
 * @param {{map?: boolean, reach?: (way: number[], long: number) => number}} [how] a map is judged by |λ|
 * @returns {number[][]} points on the lines
 */
export function eigenlines({ draw }, { ways, signs }, free, { at, J }, spot, { map = false, reach = () => REACH } = {}) {
  const [x, y] = spot(at);
  const points = [];
  for (const { value, way } of stretched(J, at.length) ?? []) {
    if (!way) continue;
    const tip = spot(at.map((v, k) => v + way[k]));
    const long = hypot(tip[0] - x, tip[1] - y);
    const [ux, uy] = [(tip[0] - x) / long, (tip[1] - y) / long];
    const far = reach(way, long);
    if (!(far > 20)) continue; // seen end on, or too near to another point
    const rate = map ? abs(value) - 1 : value;
    const still = abs(rate) < 1e-9;
    const [from, by] = rate < 0 && !still ? [far, 9 - far] : [9, far - 9];
    ways.append(draw("path", { class: "jm-eigen", d: [1, -1].map((side) => arrow(x + side * ux * from, y + side * uy * from, side * ux * by, side * uy * by, still ? 0 : 9)).join("") }));
    points.push(...[-1, -0.6, 0.6, 1].map((part) => [x + part * ux * far, y + part * uy * far]));
    if (far < 30) continue; // no room for λ beside others
    const word = "\u03bb = " + short(value, 3);
    const place = free.near(x, y, 4 * word.length, [1, -1].flatMap((side) => [1.2, 0.75].map((part) => [side * ux * far * part + 6 * uy * (part < 1 ? 5 : 0), side * uy * far * part + (part < 1 ? 4 : 9 * sign(side * uy || 1)) + 4])));
    if (place) signs.append(draw("text", { x: place[0].toFixed(1), y: place[1].toFixed(1), "text-anchor": "middle", class: "jm-haloed" }, word));
  }
  return points;
}
