/** A piece of a picture with coordinates of its own, and the point in it. */

import { ticks } from "../geometry.js";
import { short } from "../print.js";
import { gestures, through } from "./lens.js";

const { abs, max, min } = Math;

/** @typedef {import("../types.js").Pair} Pair */
/** @typedef {import("../types.js").Place} Place */

let clips = 0;
/** Pixels that a figure is wide. */
const LETTER = 7.5;

/** @param {Place} place @param {any} svg @param {number} left @param {number} top @param {number} width @param {number} height */
export function plane({ dom: { draw, put, view }, lens }, svg, left, top, width, height) {
  const clip = "jm-clip" + ++clips + "-" + Math.random().toString(36).slice(2, 8);
  const axes = draw("g", { class: "jm-axes" });
  const inside = draw("g", { "clip-path": "url(#" + clip + ")" });
  const over = draw("g");
  svg.append(draw("clipPath", { id: clip }, draw("rect", { x: left, y: top, width, height })), axes, inside, over);
  let [x0, x1, y0, y1] = [0, 1, 0, 1];
  let drawn = "";
  const x = (/** @type {number} */ v) => left + ((v - x0) / (x1 - x0)) * width;
  const y = (/** @type {number} */ v) => top + height - ((v - y0) / (y1 - y0)) * height;
  const dot = (/** @type {Pair} */ [p, q]) => max(-1e4, min(1e4, x(p))).toFixed(2) + " " + max(-1e4, min(1e4, y(q))).toFixed(2);
  /** Where in the plane, as parts from the left and from below. @param {MouseEvent} event @returns {Pair} */
  const part = (event) => {
    const p = new view.DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [(p.x - left) / width, (top + height - p.y) / height];
  };
  return {
    inside, over, x, y, left, top, width, height,
    /** @param {ArrayLike<number>[]} points */
    path(points) {
      let [text, pen] = ["", "M"];
      for (const point of points) {
        if (isFinite(point[0]) && isFinite(point[1])) { text += pen + dot(/** @type {Pair} */ (point)); pen = "L"; } else pen = "M";
      }
      return text;
    },
    /** @param {MouseEvent} event @returns {Pair} */
    at(event) {
      const [u, v] = part(event);
      return [x0 + u * (x1 - x0), y0 + v * (y1 - y0)];
    },
    part,
    /** What the axes show of these ranges, by the picture's lens. @param {Pair} xr @param {Pair} yr @param {boolean} [bare] @param {Pick<typeof lens, "k" | "x" | "y">} [by] */
    range(xr, yr, bare = false, by = lens) {
      const shown = () => /** @type {[Pair, Pair]} */ ([[x0, x1], [y0, y1]]);
      // Where J is singular its image may be flat.
      [[x0, x1], [y0, y1]] = [xr, yr].map(([lo, hi], k) => through(hi - lo > 1e-12 * (1 + abs(hi)) ? [lo, hi] : [lo - 1, hi + 1], by.k, k ? by.y : by.x));
      put(over, "clip-path", by.k === 1 && !by.x && !by.y ? "none" : "url(#" + clip + ")");
      const state = [x0, x1, y0, y1].join();
      if (state === drawn) return shown();
      drawn = state;
      axes.replaceChildren();
      const many = digits(x0, x1);
      for (const v of apart(x0, x1, width, max(5, width / (bare ? 56 : 70)), (found) => max(...found.map((v) => short(v, many).length)) * LETTER + 8)) {
        axes.append(draw("line", { x1: x(v), x2: x(v), y1: top, y2: top + height, class: v ? "" : "jm-zero" }));
        // At the end stands the name of the axis.
        if (bare || x(v) < left + width - 22) axes.append(draw("text", { x: x(v), y: top + height + 15, "text-anchor": "middle" }, short(v, many)));
      }
      for (const v of apart(y0, y1, height, max(5, height / 48), () => 17)) {
        axes.append(draw("line", { x1: left, x2: left + width, y1: y(v), y2: y(v), class: v ? "" : "jm-zero" }));
        // At the foot it keeps off the first number below.
        axes.append(draw("text", { x: left - 6, y: y(v) + 4, dy: min(0, top + height - 4 - y(v)), "text-anchor": "end" }, short(v, digits(y0, y1))));
      }
      return shown();
    },
  };
}

/** Round numbers in a range, fewer where one would stand over its neighbour. @param {number} lo @param {number} hi @param {number} size pixels of the range @param {number} count @param {(found: number[]) => number} room pixels that each needs @returns {number[]} */
function apart(lo, hi, size, count, room) {
  const found = ticks(lo, hi, count);
  return found.length > 1 && ((found[1] - found[0]) / (hi - lo)) * size < room(found) ? apart(lo, hi, size, count * 0.6, room) : found;
}

/** How many digits tell the ticks of a range apart. @param {number} lo @param {number} hi */
const digits = (lo, hi) => max(4, 2 + Math.ceil(Math.log10(max(abs(lo), abs(hi)) / (hi - lo))));

/** The point of a picture, for hand and keyboard. @param {Place} place @param {any} svg @param {ReturnType<typeof plane>} space @param {any} xa @param {any} [ya] */
export function handle(place, svg, space, xa, ya) {
  const { dom: { draw, on, put }, state } = place;
  const { assignAll, snap, stepOf } = state;
  const rangeOf = (/** @type {any} */ one) => rangeIn(state, one);
  const readAxis = (/** @type {any} */ one) => readIn(state, one);
  const ring = draw("circle", { r: 16, class: "jm-reach" });
  const knob = draw("g", { class: "jm-handle", tabindex: 0, role: "slider", "data-lm-suppress-shortcuts": "true", "aria-label": "point in the picture; arrow keys move it, plus and minus magnify about it, 0 shows all" }, ring, draw("circle", { r: 8, class: "jm-knob" }));
  const area = draw("rect", { x: space.left, y: space.top, width: space.width, height: space.height, class: "jm-area" });
  /** All at once: one change to undo, and the numbers reckoned once. @param {[any, number][]} to */
  const move = (...to) => assignAll(to.map(([one, v]) => { const [lo, hi] = rangeOf(one); return [one.name, one.k, min(hi, max(lo, snap(one.name, v)))]; }));
  const follow = (/** @type {PointerEvent} */ event) => {
    const [x, y] = space.at(event);
    if (ya) move([xa, x], [ya, y]);
    else move([xa, x]);
  };
  // In space all of the picture turns, and is magnified there.
  const sight = space.width ? gestures(place, svg, [area, knob], space.part) : null;
  let tapped = false;
  for (const target of [area, knob]) {
    on(target, "pointerdown", (event) => {
      if (event.button || sight?.busy()) { tapped = false; return; }
      target.setPointerCapture(event.pointerId);
      event.preventDefault();
      knob.focus({ preventScroll: true });
      // A second finger may follow the first.
      tapped = event.pointerType === "touch" && target === area;
      if (!tapped) follow(event);
    });
    on(target, "pointermove", (event) => { if (target.hasPointerCapture(event.pointerId) && !sight?.busy()) { tapped = false; follow(event); } });
    on(target, "pointerup", (event) => { if (tapped) follow(event); tapped = false; });
  }
  on(knob, "keydown", (event) => {
    if (sight?.key(event, [(space.x(readAxis(xa)) - space.left) / space.width, 1 - (knobY - space.top) / space.height])) return;
    const way = /** @type {Record<string, Pair>} */ ({ ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: ya ? [0, 1] : [1, 0], ArrowDown: ya ? [0, -1] : [-1, 0] })[event.key];
    if (!way) return;
    event.preventDefault();
    const many = event.shiftKey ? 10 : 1;
    if (way[0]) move([xa, readAxis(xa) + way[0] * many * stepOf(xa.name)]);
    if (ya && way[1]) move([ya, readAxis(ya) + way[1] * many * stepOf(ya.name)]);
  });
  space.over.append(area, knob);
  let knobY = 0;
  return (/** @type {number} */ y) => {
    knobY = isFinite(y) ? max(-99, min(9999, space.y(y))) : 0;
    put(knob, "transform", "translate(" + space.x(readAxis(xa)).toFixed(2) + " " + knobY.toFixed(2) + ")");
    knob.style.display = isFinite(y) ? "" : "none";
    put(knob, "aria-valuenow", readAxis(xa));
    put(knob, "aria-valuemin", rangeOf(xa)[0]);
    put(knob, "aria-valuemax", rangeOf(xa)[1]);
    put(knob, "aria-valuetext", xa.label + " = " + short(readAxis(xa)) + (ya ? ", " + ya.label + " = " + short(readAxis(ya)) : ""));
  };
}

/** @param {Place["state"]} state @param {import("../state.js").Axis} one */
export const readIn = (state, one) => state.valueAt(one.key, one.k);
/** @param {Place["state"]} state @param {import("../state.js").Axis} one */
export const rangeIn = (state, one) => /** @type {Pair} */ (state.ranges.get(one.key));

/** Values at many places of a range, the ends among them. @template T @param {(x: number) => T} read @param {Pair} range @returns {[number, T][]} */
export const sampled = (read, [lo, hi], many = 300) => Array.from({ length: many + 1 }, (_, k) => { const x = lo + (k / many) * (hi - lo); return [x, read(x)]; });
/** A line without what jumps over the whole picture between neighbours: a pole or a step. @param {number[][]} points @param {Pair} range what is shown upwards @returns {number[][]} */
export const unbroken = (points, [lo, hi]) => points.flatMap((p, k) => (k && abs(p[1] - points[k - 1][1]) > hi - lo ? [[NaN, NaN], p] : [p]));

/** An arrow as one path whose head is filled. @param {number} x @param {number} y @param {number} dx @param {number} dy @param {number} [head] */
export const arrow = (x, y, dx, dy, head = 13) => {
  const long = Math.hypot(dx, dy);
  if (!(long > 1)) return "";
  const [ux, uy, tip] = [dx / long, dy / long, min(head, long / 2)];
  const [ex, ey] = [x + dx, y + dy];
  const side = (/** @type {number} */ s) => (ex - tip * ux + s * tip * 0.42 * uy).toFixed(1) + " " + (ey - tip * uy - s * tip * 0.42 * ux).toFixed(1);
  const end = ex.toFixed(1) + " " + ey.toFixed(1);
  return "M" + x.toFixed(1) + " " + y.toFixed(1) + "L" + end + "M" + side(1) + "L" + end + "L" + side(-1) + "Z";
};
