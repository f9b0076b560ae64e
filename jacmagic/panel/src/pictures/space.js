/** What lives in space: a curve with its velocity, a surface with its tangents and normal, the trajectory of three equations. */

import { extent, steady } from "../geometry.js";
import { format } from "../print.js";
import { equilibria, kindOf, lattice, rests, smooth, trajectory } from "../systems.js";
import { arrow, handle, rangeIn, readIn } from "./plane.js";
import { shade, solid } from "./solid.js";
import { ratesOf } from "./system.js";

const { abs, hypot, max, min, round } = Math;

/** @typedef {import("../types.js").Pair} Pair */

const [N, LONG, TALL] = [25, 400, 0.9];

/** a × b. @param {ArrayLike<number>} a @param {ArrayLike<number>} b @returns {[number, number, number]} */
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/**
 * Ranges of the three axes around points: of one unit where none of them is then a sliver.
 * @param {ArrayLike<number>[]} points @param {(Pair | null)[]} old @returns {Pair[]}
 */
export function around(points, old) {
  const own = [0, 1, 2].map((k) => steady(old[k], extent(points.map((p) => p[k]))));
  const lengths = own.map(([lo, hi], k) => (hi - lo) / (k === 2 ? TALL : 1));
  const whole = max(...lengths);
  if (whole > 4 * min(...lengths)) return own;
  return own.map(([lo, hi], k) => { const half = (whole * (k === 2 ? TALL : 1)) / 2; return [(lo + hi) / 2 - half, (lo + hi) / 2 + half]; });
}

/** @type {import("../types.js").Picture} */
export function space(engine, place) {
  const { background, dom, lettered, main, picture, sampler, state } = place;
  const { draw, page, put, write } = dom;
  const axes = picture.axes.map(place.axis);
  const system = !!picture.order;
  const n = axes.length;
  const says = system ? "the trajectory through the point" : n === 1 ? "the curve and its velocity" : "the surface, its tangents and normal";
  const room = solid(place, says, { tall: TALL, yaw: system ? -0.7 : 0.5 });
  const hue = axes.map((/** @type {any} */ one) => place.hue(one.label));
  const arrows = (system ? [[]] : hue).map((/** @type {string[]} */ one) => draw("path", { class: ["jm-step-x", ...one].join(" ") }));
  const [normal, marks, words] = [draw("path", { class: "jm-gradient" }), draw("g", { class: "jm-marks" }), page.createTextNode("")];
  room.over.append(marks, ...arrows, normal);
  let at = [0, 0];
  /** What a step of each axis is on the picture, in pixels. @type {number[][]} */
  let ways = [];
  let [fromX, fromY] = [0, 0];
  /** @type {number[]} */
  let grabbed = [];
  /** Where a drag leads: by the pictures of the tangents, in a system along the floor. @param {any} event @returns {Pair} */
  function follow(event) {
    const here = axes.map((/** @type {any} */ one) => readIn(state, one));
    if (event.type === "pointerdown") [fromX, fromY, grabbed] = [event.clientX, event.clientY, here];
    const scale = place.width / (room.svg.getBoundingClientRect().width || 1);
    const [dx, dy] = [(event.clientX - fromX) * scale, (event.clientY - fromY) * scale];
    const [a, b] = ways;
    if (system) { const by = room.along(dx, dy); return [grabbed[0] + by[0], grabbed[1] + by[1]]; }
    if (n === 1) return [grabbed[0] + (dx * a[0] + dy * a[1]) / (a[0] * a[0] + a[1] * a[1] || 1), 0];
    const det = a[0] * b[1] - a[1] * b[0];
    if (abs(det) < 1e-3 * hypot(...a) * hypot(...b)) return [grabbed[0], grabbed[1]];
    return [grabbed[0] + (dx * b[1] - dy * b[0]) / det, grabbed[1] + (dy * a[0] - dx * a[1]) / det];
  }
  const held = { over: room.over, left: 0, top: 0, width: 0, height: 0, x: () => at[0], y: () => at[1], at: follow };
  const move = handle(place, room.svg, /** @type {any} */ (held), axes[0], axes[1]);
  let [data, painted] = ["", ""];
  /** @type {any[]} */
  let shapes = [];
  /** @type {Pair[]} */
  let box = [[-1, 1], [-1, 1], [-1, 1]];
  /** @type {ReturnType<typeof equilibria>} */
  let found = [];
  const f = [picture.f].flat();
  const good = (/** @type {ArrayLike<number>} */ p) => [0, 1, 2].every((k) => isFinite(p[k]));
  const inBox = (/** @type {ArrayLike<number>} */ p) => box.every(([lo, hi], k) => p[k] >= lo - 0.01 * (hi - lo) && p[k] <= hi + 0.01 * (hi - lo));

  function curve() {
    const [lo, hi] = rangeIn(state, axes[0]);
    const read = sampler(f, axes);
    const points = Array.from({ length: LONG + 1 }, (_, k) => Array.from(read(lo + (k / LONG) * (hi - lo))));
    box = around(points, painted ? box : [null, null, null]);
    shapes = strokes(points, hue[0], 2.4);
  }
  /** @param {number[][]} points @param {string[]} classes @param {number} wide */
  function strokes(points, classes, wide) {
    const [own, grey] = [room.colour(classes), room.colour([])];
    const pairs = points.slice(1).map((p, k) => [points[k], p]).filter((pair) => pair.every((p) => good(p) && inBox(p)));
    return [...pairs.map((pair) => ({ at: pair.map((p) => [p[0], p[1], box[2][0]]), stroke: grey, wide: 0.7, near: -9 })), ...pairs.map((pair) => ({ at: pair, stroke: own, wide }))];
  }
  function sheet() {
    const ranges = axes.map((/** @type {any} */ one) => rangeIn(state, one));
    const read = sampler(f, axes);
    const grid = Array.from({ length: N * N }, (_, k) => Array.from(read(...[k % N, Math.floor(k / N)].map((i, a) => ranges[a][0] + (i / (N - 1)) * (ranges[a][1] - ranges[a][0])))));
    box = around(grid.filter(good), painted ? box : [null, null, null]);
    const colours = hue.map(room.colour);
    const dark = room.dark();
    shapes = [];
    for (let j = 0; j + 1 < N; j++) {
      for (let i = 0; i + 1 < N; i++) {
        const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]].map(([p, q]) => grid[q * N + p]);
        if (!corners.every((p) => good(p) && inBox(p))) continue;
        const [u, v] = [[2, 0], [3, 1]].map(([a, b]) => corners[a].map((one, k) => (one - corners[b][k]) / (box[k][1] - box[k][0])));
        const level = round(dark ? 24 + 42 * shade(cross(u, v)) : 150 + 98 * shade(cross(u, v)));
        shapes.push({ at: corners, fill: "rgb(" + level + " " + (level + (dark ? 5 : 1)) + " " + (level + (dark ? 11 : 4)) + ")", lines: [[0, 1, colours[0]], [3, 2, colours[0]], [0, 3, colours[1]], [1, 2, colours[1]]] });
      }
    }
  }
  /** Forward in ink, the past in grey. @param {number[]} start */
  function orbit(start) {
    const { rate, read } = ratesOf(place, picture);
    /** @type {Pair[]} */
    const ranges = axes.map((/** @type {any} */ one) => rangeIn(state, one));
    const unit = ranges.map(([lo, hi]) => 300 / (hi - lo));
    const wide = ranges.map(([lo, hi]) => /** @type {Pair} */ ([lo - 20 * (hi - lo), hi + 20 * (hi - lo)]));
    const still = rests(read(start), unit);
    const paths = still ? [] : /** @type {(1 | -1)[]} */ ([1, -1]).map((way) => trajectory(rate, start, way, way > 0 ? wide : ranges.map(([lo, hi]) => /** @type {Pair} */ ([lo - (hi - lo), hi + (hi - lo)])), unit, { long: way > 0 ? 9000 : 2000, steps: way > 0 ? 700 : 150, error: 5e-3 }).nodes);
    const lines = paths.map((nodes) => smooth(nodes, 6));
    box = around([start, ...lines[0] ?? [], ...ranges[0].map((_, k) => ranges.map((one) => one[k]))], painted ? box : [null, null, null]);
    shapes = [...strokes(lines[1] ?? [], [], 1.2), ...strokes(lines[0] ?? [], ["jm-ink"], 1.4)];
    found = equilibria(read, [start, ...lattice(box, 4)], box, unit);
  }
  function mark() {
    marks.replaceChildren(...found.flatMap((one) => {
      const [x, y] = room.spot(one.at);
      const { stable, word } = kindOf(one.J, 3);
      return [draw("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 5, class: stable ? "jm-stays" : "jm-leaves" }), draw("text", { x: (x + 9).toFixed(1), y: (y + 5).toFixed(1), class: "jm-haloed" }, word)];
    }));
  }
  function update() {
    const start = axes.map((/** @type {any} */ one) => readIn(state, one));
    const now = background(...axes.map((/** @type {any} */ one) => one.key)) + (system ? start.join() : "");
    const names = (system ? axes.map((/** @type {any} */ one) => one.label) : [0, 1, 2].map((k) => place.rows[k]?.key ?? ""));
    const sight = room.sighted();
    if (now !== data) { data = now; if (system) orbit(start); else if (n === 1) curve(); else sheet(); painted = ""; }
    room.frame(box, names.map((/** @type {string} */ key) => (/** @type {Record<string, any>} */ how) => lettered(key, how)));
    if (sight !== painted) {
      // Another ground asks for other colours.
      if (painted && sight.endsWith("true") !== painted.endsWith("true")) { data = ""; return update(); }
      painted = sight;
      room.paint(shapes);
      mark();
    }
    const J = Array.from(engine.get(picture.J ?? main));
    const values = f.flatMap((one) => [...engine.get(one)]);
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
    ways = columns.map((/** @type {number[]} */ by, /** @type {number} */ k) => { const one = pointer(by, reach(by)); put(arrows[k], "d", one.d); return one.way; });
    if (n === 2) {
      const up = cross(columns[0], columns[1]);
      put(normal, "d", pointer(up, (0.3 * min(...size)) / (hypot(...up) || 1)).d);
    }
    const long = hypot(...columns[0]);
    write(words, n === 2 ? "tangents \u2202/\u2202" + axes[0].label + ", \u2202/\u2202" + axes[1].label + " in their colours, the normal in black" : (system && !long ? "The point rests." : "velocity of length " + format(long)));
    at = drawn ? room.spot(here) : [0, 0];
    move(drawn ? 1 : NaN);
  }
  return { node: room.node, svg: room.svg, canvas: room.canvas, caption: [words], update, end() {} };
}
