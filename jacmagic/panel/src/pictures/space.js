/** What lives in space: a curve with its velocity, a surface with its tangents and normal, a box and its image, the trajectory of three equations. */

import { extent, nice, steady } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { format, short } from "../print.js";
import { stretches, volume } from "../numeric.js";
import { equilibria, kindOf, lattice, rests, smooth, trajectory } from "../systems.js";
import { eigenlines } from "./eigenlines.js";
import { labels, mark } from "./marks.js";
import { arrow, handle, rangeIn, readIn } from "./plane.js";
import { cross, dragged, patch, solid } from "./solid.js";
import { stepper } from "./stepper.js";
import { ratesOf } from "./system.js";

const { abs, floor, hypot, max, min } = Math;

/** @typedef {import("../types.js").Pair} Pair */

const [N, LONG, TALL, WAY] = [25, 400, 0.9, 60];
/** How many times as long as another a side may be for one unit on all; and is at most. */
const [SLIVER, FLAT] = [8, 4];

/**
 * Ranges of the three axes around points: of one unit, where none of them is then a sliver; what is flat has some height.
 * @param {ArrayLike<number>[]} points @param {(Pair | null)[]} old @param {number} [far] how far outliers still count @returns {Pair[]}
 */
export function around(points, old, far) {
  const found = [0, 1, 2].map((k) => steady(old[k], extent(points.map((p) => p[k]), 0.06, far)));
  const whole = max(...found.map(long));
  if (whole > SLIVER * min(...found.map(long))) return found;
  return found.map(([lo, hi]) => { const more = max(0, whole / FLAT - hi + lo) / 2; return [lo - more, hi + more]; });
}
const long = (/** @type {Pair} */ [lo, hi]) => hi - lo;
/** The sides of the box of these ranges, as long as they are to each other where that can be seen. @param {Pair[]} ranges */
export function sides(ranges) {
  const whole = max(...ranges.map(long));
  return own(ranges) ? [1, 1, TALL] : ranges.map((one) => long(one) / whole);
}
/** Whether each axis has a unit of its own. @param {Pair[]} ranges */
const own = (ranges) => max(...ranges.map(long)) > 1.01 * FLAT * min(...ranges.map(long));

/** @type {import("../types.js").Picture} */
function space(engine, place) {
  const { background, dom, lettered, main, picture, sampler, state } = place;
  const { draw, el, page, put, write } = dom;
  const axes = picture.axes.map(place.axis);
  const system = !!picture.order;
  const n = axes.length;
  const says = n === 3 && !system ? "a box and its image, the cube at the point and its parallelepiped" : system ? "the trajectory through the point" : n === 1 ? "the curve and its velocity" : "the surface, its tangents and normal";
  const room = solid(place, says, { tall: TALL, yaw: system ? -0.7 : 0.5 });
  const hue = axes.map((/** @type {any} */ one) => place.hue(one.label));
  const arrows = (system ? [[]] : hue).map((/** @type {string[]} */ one) => draw("path", { class: ["jm-step-x", ...one].join(" ") }));
  const [normal, marks, words] = [draw("path", { class: "jm-gradient" }), draw("g", { class: "jm-marks" }), page.createTextNode("")];
  const solid3 = n === 3 && !system;
  const cube = draw("path", { class: "jm-square" });
  const how = (place.morph ??= { steps: WAY });
  const { stop, words: steps } = stepper(place, how, "way from x to f", { most: WAY, burst: WAY, pace: 30, stride: 6 });
  const blend = (/** @type {number[]} */ p, /** @type {number[]} */ q, /** @type {number} */ t) => p.map((v, k) => v + t * (q[k] - v));
  const eigen = { ways: draw("g", { class: "jm-ways" }), signs: draw("g") };
  const free = labels({ left: 0, top: 0, width: place.width, height: place.height });
  room.over.append(eigen.ways, eigen.signs, marks, cube, ...arrows, normal);
  let at = [0, 0];
  /** What a step of each axis is on the picture, in pixels. @type {number[][]} */
  let ways = [];
  const move = handle(place, room.svg, dragged(place, room, axes, () => at, () => (system ? [] : ways)), axes[0], axes[1]);
  let [data, painted] = ["", ""];
  /** @type {any[]} */
  let shapes = [];
  /** @type {Pair[]} */
  let box = [[-1, 1], [-1, 1], [-1, 1]];
  /** @type {ReturnType<typeof equilibria>} */
  let found = [];
  let ending = "";
  const f = [picture.f].flat();
  const good = (/** @type {ArrayLike<number>} */ p) => [0, 1, 2].every((k) => isFinite(p[k]));
  const inBox = (/** @type {ArrayLike<number>} */ p) => box.every(([lo, hi], k) => p[k] >= lo - 0.01 * (hi - lo) && p[k] <= hi + 0.01 * (hi - lo));

  function curve() {
    const [lo, hi] = rangeIn(state, axes[0]);
    const read = sampler(f, axes);
    const points = Array.from({ length: LONG + 1 }, (_, k) => Array.from(read(lo + (k / LONG) * (hi - lo))));
    box = around(points, painted ? box : [null, null, null]);
    shapes = strokes(points, ["jm-ink"], 2);
  }
  /** @param {number[][]} points @param {string[]} classes @param {number} wide @param {boolean} [floor] with their shadows on it */
  function strokes(points, classes, wide, floor = true) {
    const [own, grey] = [room.colour(classes), room.colour([])];
    const pairs = points.slice(1).map((p, k) => [points[k], p]).filter((pair) => pair.every((p) => good(p) && inBox(p)));
    return [...(floor ? pairs : []).map((pair) => ({ at: pair.map((p) => [p[0], p[1], box[2][0]]), stroke: grey, wide: 0.7, near: -9 })), ...pairs.map((pair) => ({ at: pair, stroke: own, wide }))];
  }
  function sheet() {
    const ranges = axes.map((/** @type {any} */ one) => rangeIn(state, one));
    const read = sampler(f, axes);
    const grid = Array.from({ length: N * N }, (_, k) => Array.from(read(...[k % N, floor(k / N)].map((i, a) => ranges[a][0] + (i / (N - 1)) * (ranges[a][1] - ranges[a][0])))));
    box = around(grid.filter(good), painted ? box : [null, null, null]);
    const colours = hue.map(room.colour);
    const dark = room.dark();
    shapes = [];
    for (let j = 0; j + 1 < N; j++) {
      for (let i = 0; i + 1 < N; i++) {
        const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]].map(([p, q]) => grid[q * N + p]);
        if (!corners.every((p) => good(p) && inBox(p))) continue;
        shapes.push({ ...patch(corners, box, dark), lines: [[0, 1, colours[0]], [3, 2, colours[0]], [0, 3, colours[1]], [1, 2, colours[1]]] });
      }
    }
  }
  /** Lines of the box along each axis, part of the way to their images. @param {number} t */
  function lattice3(t) {
    const ranges = axes.map((/** @type {any} */ one) => rangeIn(state, one));
    const read = sampler(f, axes);
    const image = (/** @type {number[]} */ p) => {
      const from = p.map((v, a) => ranges[a][0] + v * (ranges[a][1] - ranges[a][0]));
      return blend(from, Array.from(read(...from)), t);
    };
    const lines = [0, 1, 2].flatMap((way) => Array.from({ length: 16 }, (_, m) => ({ way, points: Array.from({ length: 17 }, (_, k) => {
      const p = [0, 0, 0];
      p[way] = k / 16;
      p[(way + 1) % 3] = (m % 4) / 3;
      p[(way + 2) % 3] = floor(m / 4) / 3;
      return image(p);
    }) })));
    const all = Array.from({ length: 343 }, (_, k) => image([k % 7, floor(k / 7) % 7, floor(k / 49)].map((v) => v / 6)));
    // While it is on its way both ends of it are in sight.
    const ends = t < 1 ? [0, 7].map((k) => ranges.map((/** @type {Pair} */ one) => one[k && 1])) : [];
    box = around([...all.filter(good), ...ends], painted ? box : [null, null, null]);
    shapes = lines.flatMap(({ way, points }) => strokes(points, hue[way], 1.3, false));
  }
  /** Forward in ink, the past in grey. @param {number[]} start */
  function orbit(start) {
    const { rate, read } = ratesOf(place, picture);
    /** @type {Pair[]} */
    const ranges = axes.map((/** @type {any} */ one) => rangeIn(state, one));
    const scale = (/** @type {Pair[]} */ sight) => sight.map(([lo, hi]) => 300 / (hi - lo));
    const grown = (/** @type {number} */ by) => ranges.map(([lo, hi]) => /** @type {Pair} */ ([lo - by * (hi - lo), hi + by * (hi - lo)]));
    const walked = (/** @type {Pair[]} */ sight) => trajectory(rate, start, 1, grown(20), scale(sight), { long: 9000, steps: 700, error: 5e-3 }).nodes;
    const still = rests(read(start), scale(ranges));
    let [sight, ahead] = [ranges, still ? [] : walked(ranges)];
    // Where it goes may be much larger than its sliders: then it is followed as far in that sight.
    const reached = ranges.map(([lo, hi], k) => /** @type {Pair} */ ([min(lo, ...ahead.map((one) => one.at[k])), max(hi, ...ahead.map((one) => one.at[k]))]));
    if (reached.some(([lo, hi], k) => hi - lo > 2 * (ranges[k][1] - ranges[k][0]))) [sight, ahead] = [reached, walked(reached)];
    const unit = scale(sight);
    const paths = still ? [] : [ahead, trajectory(rate, start, -1, grown(1), scale(ranges), { long: 2000, steps: 150, error: 5e-3 }).nodes];
    const lines = paths.map((nodes) => smooth(nodes, 6));
    // All of the sliders is in sight, and most of the way: where it comes to rest it has most of its points.
    const most = [0, 1, 2].map((k) => extent((lines[0] ?? [start]).map((p) => p[k])));
    box = around([start, ...[0, 1].flatMap((end) => [most, ranges].map((of) => of.map((one) => one[end])))], painted ? box : [null, null, null], Infinity);
    shapes = [...strokes(lines[1] ?? [], [], 1.2), ...strokes(lines[0] ?? [], ["jm-ink"], 1.4)];
    found = equilibria(read, [start, ...lattice(box, 4)], box, unit);
    const last = ahead[ahead.length - 1]?.at;
    const rest = last && found.find((one) => one.at.every((v, k) => abs(v - last[k]) < 0.04 * long(box[k])) && !/saddle|unstable/.test(kindOf(one.J, 3).word));
    ending = rest ? "; it goes to (" + rest.at.map((v) => short(v, 3)).join(", ") + ")" : "";
  }
  /** Equilibria with their words, and the directions that J only stretches there, a fifth of the box long. */
  function signed() {
    for (const group of [marks, eigen.ways, eigen.signs]) group.replaceChildren();
    free.clear();
    free.keep(found.map((one) => room.spot(one.at)));
    for (const one of found) {
      const [[x, y], { stable, word }] = [room.spot(one.at), kindOf(one.J, 3)];
      mark(dom, marks, free, x, y, word.replace("not decided by J: ", ""), stable);
    }
    const reach = (/** @type {number[]} */ way, /** @type {number} */ long) => (0.2 * long) / max(...box.map(([lo, hi], k) => abs(way[k]) / (hi - lo)));
    if (found.length <= 6) for (const one of found) eigenlines(dom, eigen, free, one, room.spot, { reach });
  }
  function update() {
    const start = axes.map((/** @type {any} */ one) => readIn(state, one));
    const t = solid3 ? how.steps / WAY : 1;
    const now = background(...axes.map((/** @type {any} */ one) => one.key)) + (system ? start.join() : t);
    const names = (system ? axes.map((/** @type {any} */ one) => one.label) : [0, 1, 2].map((k) => place.rows[k]?.key ?? ""));
    const sight = room.sighted();
    if (now !== data) { data = now; if (system) orbit(start); else if (n === 1) curve(); else if (n === 2) sheet(); else lattice3(t); painted = ""; }
    room.frame(box, names.map((/** @type {string} */ key) => (/** @type {Record<string, any>} */ how) => lettered(key, how)), sides(box));
    if (sight !== painted) {
      // Another ground asks for other colours.
      if (painted && sight.endsWith("true") !== painted.endsWith("true")) { data = ""; return update(); }
      painted = sight;
      room.paint(shapes);
      signed();
    }
    const whole = Array.from(engine.get(picture.J ?? main));
    const J = solid3 ? whole.map((v, k) => +(k % 4 === 0) + t * (v - +(k % 4 === 0))) : whole;
    const values = solid3 ? blend(start, f.flatMap((one) => [...engine.get(one)]), t) : f.flatMap((one) => [...engine.get(one)]);
    const here = system ? start : values.slice(0, 3);
    const drawn = good(here) && J.every(isFinite);
    const size = box.map(([lo, hi]) => hi - lo);
    /** An arrow in space, as long as a third of the box at most. @param {ArrayLike<number>} by @param {number} part */
    const pointer = (by, part) => {
      const tip = [0, 1, 2].map((k) => here[k] + part * by[k]);
      const [p, q] = [room.spot(here), room.spot(tip)];
      return { d: drawn ? arrow(p[0], p[1], q[0] - p[0], q[1] - p[1]) : "", way: [q[0] - p[0], q[1] - p[1]].map((v) => v / part) };
    };
    const reach = (/** @type {ArrayLike<number>} */ by) => min(1, 0.3 / (max(...size.map((one, k) => abs(by[k]) / one)) || 1));
    const columns = system ? [picture.order.map((/** @type {number} */ i) => values[i])] : axes.map((/** @type {any} */ _, /** @type {number} */ j) => [0, 1, 2].map((i) => J[i * n + j]));
    // Sides of one cube are as long as each other, on the whole way.
    const side = solid3 ? nice(0.13 / max(...axes.flatMap((/** @type {any} */ _, /** @type {number} */ j) => size.map((one, i) => max(+(i === j), abs(whole[3 * i + j])) / one)))) : 1;
    ways = columns.map((/** @type {number[]} */ by, /** @type {number} */ k) => { const one = pointer(by, solid3 ? side : reach(by)); put(arrows[k], "d", one.d); return one.way; });
    if (n === 2) {
      const up = cross(columns[0], columns[1]);
      put(normal, "d", pointer(up, (0.3 * [...size].sort((a, b) => a - b)[1]) / (hypot(...up) || 1)).d);
    }
    const speed = hypot(...columns[0]);
    const units = own(box) ? "; each axis has a unit of its own" : "";
    if (solid3) {
      const corner = (/** @type {number} */ k) => room.dot([0, 1, 2].map((i) => here[i] + side * columns.reduce((/** @type {number} */ sum, /** @type {number[]} */ by, /** @type {number} */ a) => sum + ((k >> a) & 1 ? by[i] : 0), 0)));
      put(cube, "d", drawn ? [[0, 1, 3, 2], [4, 5, 7, 6], [0, 1, 5, 4], [2, 3, 7, 6], [0, 2, 6, 4], [1, 3, 7, 5]].map((face) => "M" + face.map(corner).join("L") + "Z").join("") : "");
      const scaled = abs(volume(whole, 3, stretches(whole, 3, 3)));
      write(words, "cube of side " + short(side, 3) + " \u2192 parallelepiped of volume " + format(scaled * side ** 3) + " = " + short(side, 3) + "\u00b3 \u00b7 |det J|" + (t < 1 ? "; x + t (f(x) \u2212 x), t = " + short(t, 2) : units));
    }
    if (!solid3) write(words, (n === 2 ? "tangents \u2202/\u2202" + axes[0].label + ", \u2202/\u2202" + axes[1].label + " in their colours, the normal in black" : (system && !speed ? "The point rests." : "velocity of length " + format(speed) + ending)) + units);
    at = drawn ? room.spot(here) : [0, 0];
    move(drawn ? 1 : NaN);
  }
  return { node: room.node, svg: room.svg, canvas: room.canvas, caption: [words], below: solid3 && el("span", { class: "jm-descent" }, "x \u2192 f(x) ", ...steps), update, end: stop };
}

PICTURES.space = space;
