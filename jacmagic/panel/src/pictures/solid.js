/** Space: a box of three axes, seen from where hand and keys turn it; what is solid is painted on a canvas, the farthest first. */

import { ticks } from "../geometry.js";
import { short } from "../print.js";
import { canvasFor } from "./canvas.js";
import { gestures } from "./lens.js";
import { readIn } from "./plane.js";

const { abs, cos, hypot, max, min, sin, PI } = Math;

/** @typedef {import("../types.js").Pair} Pair */
/** @typedef {import("../types.js").Place} Place */
/** @typedef {[number, number, number]} Point */

/**
 * Where a point of the box [−1, 1]³ is seen: to the right, up, and how far behind; from `pitch` above the floor.
 * @param {Point} p @param {number} yaw @param {number} pitch @returns {Point}
 */
export function seen([x, y, z], yaw, pitch) {
  const [across, along] = [x * cos(yaw) - y * sin(yaw), x * sin(yaw) + y * cos(yaw)];
  return [across, z * cos(pitch) + along * sin(pitch), along * cos(pitch) - z * sin(pitch)];
}

/** How light a face is, from its normal: 0 to 1. @param {Point} n */
export function shade([a, b, c]) {
  const long = hypot(a, b, c) || 1;
  return 0.5 + 0.5 * abs(0.35 * a - 0.45 * b + 0.82 * c) / long;
}

/** A face of a surface, as light as it lies to the light. @param {number[][]} corners @param {Pair[]} box @param {boolean} dark */
export function patch(corners, box, dark) {
  const [u, v] = [[2, 0], [3, 1]].map(([a, b]) => corners[a].map((one, k) => (one - corners[b][k]) / (box[k][1] - box[k][0])));
  const level = Math.round(dark ? 22 + 66 * shade(cross(u, v)) : 140 + 106 * shade(cross(u, v)));
  const fill = "rgb(" + level + " " + (level + (dark ? 5 : 1)) + " " + (level + (dark ? 11 : 4)) + ")";
  // Its own colour around it closes the seams between faces.
  return { at: corners, fill, stroke: fill, wide: 0.7 };
}

/** a × b. @param {ArrayLike<number>} a @param {ArrayLike<number>} b @returns {[number, number, number]} */
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** @param {Place} place @param {string} says @param {{tall?: number, yaw?: number}} [how] how tall the box is beside its width, from where it is seen first */
export function solid(place, says, { tall = 0.62, yaw = 0.5 } = {}) {
  const { dom: { draw, el, on, put, view }, height, lens, width } = place;
  const camera = (place.camera ??= { yaw, pitch: 0.46 });
  const dense = min(3, view.devicePixelRatio || 1);
  const canvas = el("canvas", { width: width * dense, height: height * dense, "aria-hidden": "true" });
  const ink = canvas.getContext("2d");
  const svg = canvasFor(place, width, height, says);
  const area = draw("rect", { class: "jm-turn", width, height, tabindex: 0, role: "group", "data-lm-suppress-shortcuts": "true", "aria-label": "space; arrow keys turn it, plus and minus magnify it, 0 shows all" });
  const [axes, over] = [draw("g", { class: "jm-axes" }), draw("g")];
  svg.append(area, axes, over);
  const node = el("div", { class: "jm-solid", style: "aspect-ratio:" + width + "/" + height }, canvas, svg);
  let sides = [1, 1, tall];
  // As large as the picture holds from this height, the names at the floor too.
  const size = () => { const wide = hypot(sides[0], sides[1]); return min(width / 2.16 / wide, (height - 48) / 2 / (sides[2] * cos(camera.pitch) + wide * sin(camera.pitch))); };
  /** @type {Pair[]} */
  let box = [[-1, 1], [-1, 1], [-1, 1]];
  const turn = (/** @type {number} */ by, /** @type {number} */ up) => {
    camera.yaw = (camera.yaw + by) % (2 * PI);
    camera.pitch = max(0.02, min(PI / 2 - 0.02, camera.pitch + up));
    place.redraw();
  };
  let [fromX, fromY] = [0, 0];
  const sight = gestures(place, svg, [area], (event) => {
    const box = svg.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
  });
  on(area, "pointerdown", (event) => {
    if (event.button || sight.busy()) return;
    area.setPointerCapture(event.pointerId);
    [fromX, fromY] = [event.clientX, event.clientY];
  });
  on(area, "pointermove", (event) => {
    if (!area.hasPointerCapture(event.pointerId) || sight.busy()) return;
    turn((event.clientX - fromX) * 0.009, (event.clientY - fromY) * 0.007);
    [fromX, fromY] = [event.clientX, event.clientY];
  });
  on(area, "keydown", (event) => {
    if (sight.key(event, [0.5, 0.5])) return;
    const way = /** @type {Record<string, Pair>} */ ({ ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.08], ArrowDown: [0, -0.08] })[event.key];
    if (!way) return;
    event.preventDefault();
    turn(...way);
  });
  const unit = (/** @type {ArrayLike<number>} */ p) => /** @type {Point} */ ([0, 1, 2].map((k) => { const [lo, hi] = box[k]; return sides[k] * ((2 * (p[k] - lo)) / (hi - lo) - 1); }));
  /** On the picture, in pixels, and how far behind. @param {ArrayLike<number>} p @returns {Point} */
  const spot = (p) => {
    const [a, b, far] = seen(unit(p), camera.yaw, camera.pitch);
    const scale = size();
    const { k, x, y } = lens;
    return [(width / 2 + 8 + scale * a - x * width) * k, (height / 2 - 18 - scale * b - (1 - y - 1 / k) * height) * k, far];
  };
  const dot = (/** @type {ArrayLike<number>} */ p) => { const [x, y] = spot(p); return x.toFixed(2) + " " + y.toFixed(2); };
  /** From where the box is seen, and on which ground. */
  const sighted = () => [camera.yaw, camera.pitch, lens.k, lens.x, lens.y, !!svg.closest(".jm-dark")].join();
  const floor = () => [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]].map(([i, j]) => [box[0][i], box[1][j], box[2][0]]);
  /** A colour of the style sheet. @param {string[]} names classes */
  const colour = (names) => {
    const probe = draw("path", { class: ["jm-net", ...names].join(" ") });
    svg.append(probe);
    const found = view.getComputedStyle(probe).stroke;
    probe.remove();
    return found;
  };
  let framed = "";
  /** The upright axis, ticks and names of all, on the sides that are in front. @param {Pair[]} ranges @param {((at: Record<string, any>) => any)[]} names @param {number[]} [form] how long the sides are to each other */
  function frame(ranges, names, form = sides) {
    [box, sides] = [ranges, form];
    const state = [sighted(), ...box.flat()].join();
    if (state === framed) return;
    framed = state;
    axes.replaceChildren();
    const low = box[2][0];
    const [nearX, nearY] = [box[0][sin(camera.yaw) > 0 ? 0 : 1], box[1][cos(camera.yaw) > 0 ? 0 : 1]];
    const corners = floor();
    const middle = spot([(box[0][0] + box[0][1]) / 2, (box[1][0] + box[1][1]) / 2, low]);
    const left = corners.map((p) => ({ p, x: spot(p)[0] })).sort((a, b) => a.x - b.x)[0].p;
    axes.append(draw("path", { class: "jm-floor", d: "M" + dot(left) + "L" + dot([left[0], left[1], box[2][1]]) }));
    /** What stands there already, the middle of each and half its width. @type {number[][]} */
    const taken = [];
    /** @type {(() => void)[]} */
    const numbers = [];
    for (let k = 0; k < 3; k++) {
      const at = (/** @type {number} */ v) => (k === 0 ? [v, nearY, low] : k === 1 ? [nearX, v, low] : [left[0], left[1], v]);
      const half = spot(at((box[k][0] + box[k][1]) / 2));
      const out = k === 2 ? [-1, 0] : [half[0] - middle[0], half[1] - middle[1]];
      const long = hypot(out[0], out[1]) || 1;
      const place2 = (/** @type {Point} */ [x, y], /** @type {number} */ by) => ({ x: (x + (by * out[0]) / long).toFixed(1), y: (y + (by * out[1]) / long + 5).toFixed(1), "text-anchor": k === 2 ? "end" : "middle" });
      const [p, q] = [spot(at(box[k][0])), spot(at(box[k][1]))];
      // Seen end on an axis has no room for its numbers.
      const room = hypot(p[0] - q[0], p[1] - q[1]);
      const name = k === 2 ? { ...place2(q, 6), dy: -16 } : place2(half, 44);
      axes.append(names[k](name));
      taken.push([+name.x - (k === 2 ? 10 : 0), +name.y - (k === 2 ? 16 : 0), 14]);
      if (room > 60) numbers.push(() => ticks(...box[k], max(2, room / 44)).forEach((v) => {
        const [how, word] = [place2(spot(at(v)), k === 2 ? 6 : 15), short(v)];
        const wide = 4 * word.length;
        const own = [+how.x - (k === 2 ? wide : 0), +how.y, wide];
        if (taken.some(([x, y, half]) => abs(own[0] - x) < wide + half && abs(own[1] - y) < 18)) return;
        taken.push(own);
        axes.append(draw("text", how, word));
      }));
    }
    for (const one of numbers) one();
  }
  /**
   * The floor's edges, faces and lines on the canvas, the farthest first. @param {{at: ArrayLike<number>[], fill?: string, stroke?: string, wide?: number, lines?: [number, number, string][], near?: number}[]} shapes
   * `lines` are edges of a face with colours of their own; `near` brings a line before the face that it lies on
   */
  function paint(shapes) {
    if (!ink) return;
    ink.setTransform(dense, 0, 0, dense, 0, 0);
    ink.clearRect(0, 0, width, height);
    ink.lineJoin = ink.lineCap = "round";
    const placed = [{ at: floor(), stroke: colour([]), near: -99 }, ...shapes].map((/** @type {typeof shapes[0]} */ one) => {
      const points = one.at.map(spot);
      return { one, points, far: points.reduce((sum, p) => sum + p[2], 0) / points.length - (one.near ?? 0) };
    }).sort((a, b) => b.far - a.far);
    for (const { one, points } of placed) {
      ink.beginPath();
      points.forEach(([x, y], k) => (k ? ink.lineTo(x, y) : ink.moveTo(x, y)));
      if (one.fill) {
        ink.closePath();
        ink.fillStyle = one.fill;
        ink.fill();
      }
      if (one.stroke) { ink.strokeStyle = one.stroke; ink.lineWidth = one.wide ?? 1; ink.stroke(); }
      ink.globalAlpha = one.lines ? 0.5 : 1;
      for (const [i, j, colour] of one.lines ?? []) {
        ink.beginPath();
        ink.moveTo(points[i][0], points[i][1]);
        ink.lineTo(points[j][0], points[j][1]);
        ink.strokeStyle = colour;
        ink.lineWidth = 1;
        ink.stroke();
      }
    }
  }
  return {
    node, svg, canvas, over, camera, spot, dot, frame, paint, put, colour,
    sighted, dark: () => !!svg.closest(".jm-dark"),
    /** How far in x and y the pointer's way on the picture leads along the floor. @param {number} dx @param {number} dy @returns {Pair} */
    along(dx, dy) {
      const scale = size() * lens.k;
      const [a, b] = [dx / scale, -dy / scale / max(0.15, sin(camera.pitch))];
      const [x, y] = [a * cos(camera.yaw) + b * sin(camera.yaw), b * cos(camera.yaw) - a * sin(camera.yaw)];
      return [(x * (box[0][1] - box[0][0])) / 2 / sides[0], (y * (box[1][1] - box[1][0])) / 2 / sides[1]];
    },
  };
}

/**
 * What hears a drag in space: by the pictures of the tangents where there are some, else along the floor.
 * @param {Place} place @param {ReturnType<typeof solid>} room @param {any[]} axes @param {() => number[]} at the point on the picture @param {() => number[][]} [tangents] a step of each axis, in pixels
 * @returns {any}
 */
export function dragged({ state, width }, room, axes, at, tangents = () => []) {
  let [fromX, fromY] = [0, 0];
  /** @type {number[]} */
  let grabbed = [];
  /** @param {any} event @returns {Pair} */
  function follow(event) {
    if (event.type === "pointerdown") [fromX, fromY, grabbed] = [event.clientX, event.clientY, axes.map((one) => readIn(state, one))];
    const scale = width / (room.svg.getBoundingClientRect().width || 1);
    const [dx, dy] = [(event.clientX - fromX) * scale, (event.clientY - fromY) * scale];
    const [a, b] = tangents();
    if (!a) { const by = room.along(dx, dy); return [grabbed[0] + by[0], grabbed[1] + by[1]]; }
    if (!b) return [grabbed[0] + (dx * a[0] + dy * a[1]) / (a[0] * a[0] + a[1] * a[1] || 1), 0];
    const det = a[0] * b[1] - a[1] * b[0];
    if (abs(det) < 1e-3 * hypot(...a) * hypot(...b)) return [grabbed[0], grabbed[1]];
    return [grabbed[0] + (dx * b[1] - dy * b[0]) / det, grabbed[1] + (dy * a[0] - dx * a[1]) / det];
  }
  return { over: room.over, left: 0, top: 0, width: 0, height: 0, x: () => at()[0], y: () => at()[1], at: follow };
}
