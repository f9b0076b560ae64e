/** Three variables, one function: the surface of all points with its value, and the gradient at right angles to it. */

import { settled } from "../numeric.js";
import { PICTURES } from "../parts.js";
import { format, short } from "../print.js";
import { arrow, handle, rangeIn, readIn } from "./plane.js";
import { dragged, patch, solid } from "./solid.js";

const { floor, hypot, max, min, round } = Math;

/** @typedef {import("../types.js").Pair} Pair */

// A cell more on each side, so that the surface goes on to the walls.
const N = 19;

/**
 * The surface where a field on a cube of nodes has a level, as quadrilaterals: a corner in each cell that it crosses.
 * Source: Gibson, Constrained elastic surface nets (1998). The first index runs fastest.
 * @param {ArrayLike<number>} f @param {number} n nodes along a side @param {number} level @returns {number[][][]} corners in units of cells
 */
export function surfaceNet(f, n, level) {
  const over = (/** @type {number} */ at) => f[at] > level;
  const stride = [1, n, n * n];
  const place = (/** @type {number} */ at) => [at % n, floor(at / n) % n, floor(at / n / n)];
  /** @type {Map<number, number[] | null>} */
  const corners = new Map();
  /** The mean of where the edges of a cell are crossed. @param {number} cell its lowest node @returns {number[] | null} */
  function corner(cell) {
    if (corners.has(cell)) return corners.get(cell) ?? null;
    const sum = [0, 0, 0];
    let [many, real] = [0, true];
    for (let a = 0; a < 3; a++) {
      const [b, c] = [(a + 1) % 3, (a + 2) % 3];
      for (const [p, q] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
        const from = cell + p * stride[b] + q * stride[c];
        const to = from + stride[a];
        real &&= isFinite(f[from]) && isFinite(f[to]);
        if (over(from) === over(to)) continue;
        const cut = place(from);
        cut[a] += (level - f[from]) / (f[to] - f[from]);
        for (let k = 0; k < 3; k++) sum[k] += cut[k];
        many++;
      }
    }
    const found = real && many ? sum.map((v) => v / many) : null;
    corners.set(cell, found);
    return found;
  }
  const faces = [];
  for (let at = 0; at < n * n * n; at++) {
    const node = place(at);
    for (let a = 0; a < 3; a++) {
      const [b, c] = [(a + 1) % 3, (a + 2) % 3];
      if (node[a] + 1 >= n || !node[b] || !node[c] || node[b] + 1 >= n || node[c] + 1 >= n || over(at) === over(at + stride[a])) continue;
      const found = [0, stride[b], stride[b] + stride[c], stride[c]].map((by) => corner(at - by));
      if (found.every((p) => p)) faces.push(/** @type {number[][]} */ (found));
    }
  }
  return faces;
}

/** What lies in the outermost cells ends at their inner walls. @param {number[][][]} faces @param {number} n */
export function walled(faces, n) {
  const walls = [1, n - 2];
  return faces.map((face) => face.map((p) => p.map((v) => min(walls[1], max(walls[0], v))))).filter((face) => [0, 1, 2].every((a) => walls.every((wall) => face.some((p) => p[a] !== wall))));
}

/** @type {import("../types.js").Picture} */
function level(engine, place) {
  const { background, dom, lettered, main, picture, sampler, state } = place;
  const { draw, page, put, write } = dom;
  const axes = picture.axes.map(place.axis);
  const room = solid(place, "the surface of one value, and the gradient at right angles to it", { tall: 1 });
  const [gradient, step, drop, words] = [draw("path", { class: "jm-gradient" }), draw("path"), draw("path", { class: "jm-drop" }), page.createTextNode("")];
  room.over.append(drop, step, gradient);
  let at = [0, 0];
  const move = handle(place, room.svg, dragged(place, room, axes, () => at), axes[0], axes[1]);
  const field = new Float64Array(N ** 3);
  let [data, painted, along] = ["", "", -1];
  /** @type {Pair[]} */
  let box = [[0, 1], [0, 1], [0, 1]];
  const inside = (/** @type {number} */ v, /** @type {number} */ a) => box[a][0] + ((v - 1) / (N - 3)) * (box[a][1] - box[a][0]);
  function update() {
    const now = background(...axes.map((/** @type {any} */ one) => one.key));
    const point = axes.map((/** @type {any} */ one) => readIn(state, one));
    const value = engine.get(picture.f)[0];
    if (now !== data) {
      data = now;
      painted = "";
      box = axes.map((/** @type {any} */ one) => rangeIn(state, one));
      const read = sampler([picture.f], axes);
      for (let k = 0; k < field.length; k++) field[k] = read(...[k % N, floor(k / N) % N, floor(k / N / N)].map((i, a) => inside(i, a)))[0];
    }
    room.frame(box, axes.map((/** @type {any} */ one) => (/** @type {Record<string, any>} */ how) => lettered(one.label, how)));
    const sight = room.sighted() + value;
    if (sight !== painted) {
      painted = sight;
      const dark = room.dark();
      room.paint(isFinite(value) ? walled(surfaceNet(field, N, value), N).map((face) => patch(face.map((p) => p.map(inside)), box, dark)) : []);
    }
    const g = settled(Array.from(engine.get(picture.J ?? main)));
    const good = [...point, value, ...g].every(isFinite);
    const size = box.map(([lo, hi]) => hi - lo);
    // At right angles to the surface as it is drawn, whatever the units of the axes.
    const up = g.map((v, k) => v * size[k] ** 2);
    const part = 0.28 / (hypot(...up.map((v, k) => v / size[k])) || 1);
    const pointer = (/** @type {number[]} */ by) => { const [p, q] = [room.spot(point), room.spot(point.map((/** @type {number} */ v, /** @type {number} */ k) => v + by[k]))]; return arrow(p[0], p[1], q[0] - p[0], q[1] - p[1]); };
    put(gradient, "d", good ? pointer(up.map((v) => part * v)) : "");
    put(step, "class", ["jm-step-x", ...(along < 0 ? [] : place.hue(axes[along].label))].join(" "));
    put(step, "d", along < 0 ? "" : pointer(size.map((v, k) => (k === along ? 0.2 * v : 0))));
    put(drop, "d", "M" + room.dot(point) + "L" + room.dot([point[0], point[1], box[2][0]]));
    write(words, "all points where it is " + short(value) + "; gradient (" + g.map((v) => format(v)).join(", ") + "), at right angles to them");
    at = room.spot(point);
    move(1);
  }
  return { node: room.node, svg: room.svg, canvas: room.canvas, caption: [words], update, end() {}, light(_, j) { along = j; } };
}

PICTURES.level = level;
