/** Two variables, one function, in space: the surface with its tangent plane and gradient, its contours on the floor. */

import { critical } from "../descent.js";
import { contours, extent, heights, steady } from "../geometry.js";
import { settled } from "../numeric.js";
import { PICTURES } from "../parts.js";
import { format } from "../print.js";
import { downhill } from "./downhill.js";
import { amount, labels, mark } from "./marks.js";
import { arrow, handle, rangeIn, readIn } from "./plane.js";
import { shade, solid } from "./solid.js";

const { abs, hypot, max, min, round } = Math;

/** @typedef {import("../types.js").Pair} Pair */

const N = 27;

/** @type {import("../types.js").Picture} */
function surface(engine, place) {
  const { background, dom, lettered, main, picture, sampler, state } = place;
  const { draw, page, put, write } = dom;
  const axes = [picture.x, picture.y].map(place.axis);
  const space = solid(place, "the surface, its tangent plane and gradient");
  const [tangent, drop, floor, slope, step, part, path, below] = ["jm-tangent-plane", "jm-drop", "jm-arrow", "jm-gradient", "jm-step-x", "jm-arrow-f", "jm-descent-path", "jm-descent-path jm-floor-path"].map((name) => draw("path", { class: name }));
  const [dots, words] = [draw("g", { class: "jm-descent-dots" }), page.createTextNode("")];
  const [marks, amounts] = [draw("g", { class: "jm-marks" }), draw("g")];
  const free = labels({ left: 0, top: 0, width: place.width, height: place.height });
  space.over.append(marks, floor, below, tangent, drop, step, part, path, dots, slope, amounts);
  const down = downhill(place, axes);
  let at = [0, 0];
  const held = { over: space.over, left: 0, top: 0, width: 0, height: 0, x: () => at[0], y: () => at[1], at: (/** @type {MouseEvent} */ event) => follow(event) };
  let [fromX, fromY] = [NaN, NaN];
  /** @type {Pair} */
  let grabbed = [0, 0];
  /** Where the point goes when it is dragged along the floor. @param {any} event @returns {Pair} */
  function follow(event) {
    const here = /** @type {Pair} */ (axes.map((one) => readIn(state, one)));
    if (event.type === "pointerdown") { [fromX, fromY, grabbed] = [event.clientX, event.clientY, here]; return here; }
    const box = space.svg.getBoundingClientRect();
    const by = space.along(((event.clientX - fromX) * place.width) / box.width, ((event.clientY - fromY) * place.width) / box.width);
    return [grabbed[0] + by[0], grabbed[1] + by[1]];
  }
  const move = handle(place, space.svg, /** @type {any} */ (held), axes[0], axes[1]);
  let [data, painted, along] = ["", "", -1];
  const field = new Float64Array(N * N);
  /** @type {Pair[]} */
  let box = [[0, 1], [0, 1], [0, 1]];
  /** @type {Pair | null} */
  let zr = null;
  /** @type {{level: number, line: number[][]}[]} */
  let levels = [];
  /** Where the gradient is 0, on the surface. @type {{at: number[], word: string}[]} */
  let peaks = [];
  const node3 = (/** @type {number} */ i, /** @type {number} */ j) => [0, 1].map((k) => box[k][0] + ((k ? j : i) / (N - 1)) * (box[k][1] - box[k][0]));
  function sample() {
    const [xr, yr] = axes.map((one) => rangeIn(state, one));
    box = [xr, yr, box[2]];
    const read = sampler([picture.f], axes);
    for (let j = 0; j < N; j++) for (let i = 0; i < N; i++) field[j * N + i] = read(...node3(i, j))[0];
    zr = steady(zr, extent(field));
    box[2] = zr;
    levels = heights(field, zr, 14).flatMap((level) => contours(field, N, N, level).map((line) => ({ level, line: line.map(([i, j]) => node3(i, j)) })));
    const slope = sampler([picture.J ?? main], axes);
    peaks = critical((p) => Array.from(slope(...p)), box.slice(0, 2), [xr, yr].map(([lo, hi]) => 400 / (hi - lo))).map(({ at, word }) => ({ at: [...at, read(...at)[0]], word }));
    peaks = peaks.filter(({ at: [, , f] }) => f >= box[2][0] && f <= box[2][1]);
  }
  function paint() {
    const dark = space.dark();
    const hue = axes.map((one) => space.colour(place.hue(one.label)));
    const grey = space.colour([]);
    const [lo, hi] = box[2];
    const shapes = levels.map(({ line }) => ({ at: line.map((p) => [...p, lo]), stroke: grey, wide: 0.8, near: -9 }));
    /** @type {any[]} */
    const faces = [];
    for (let j = 0; j + 1 < N; j++) {
      for (let i = 0; i + 1 < N; i++) {
        const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]].map(([p, q]) => [...node3(p, q), field[q * N + p]]);
        if (!corners.every((p) => isFinite(p[2]))) continue;
        // What leaves the box is cut at its top and floor.
        if (corners.every((p) => p[2] > hi) || corners.every((p) => p[2] < lo)) continue;
        for (const p of corners) p[2] = max(lo, min(hi, p[2]));
        const slopes = [corners[1][2] - corners[0][2] + corners[2][2] - corners[3][2], corners[3][2] - corners[0][2] + corners[2][2] - corners[1][2]].map((v) => (v * (N - 1)) / (hi - lo) / 2);
        const light = shade([-slopes[0], -slopes[1], 1.4]);
        const level = round(dark ? 24 + 42 * light : 150 + 98 * light);
        faces.push({ at: corners, fill: "rgb(" + level + " " + (level + (dark ? 5 : 1)) + " " + (level + (dark ? 11 : 4)) + ")", lines: [[0, 1, hue[0]], [3, 2, hue[0]], [0, 3, hue[1]], [1, 2, hue[1]]] });
      }
    }
    space.paint([...shapes, ...faces]);
    free.clear();
    marks.replaceChildren();
    for (const { at: p, word } of peaks) { const [a, b] = space.spot(p); mark(dom, marks, free, a, b, word, word === "minimum"); }
  }
  function update() {
    const now = background(axes[0].key, axes[1].key);
    if (now !== data) { data = now; sample(); painted = ""; }
    space.frame(box, [(how) => lettered(axes[0].label, how), (how) => lettered(axes[1].label, how), (how) => dom.lettered(picture.name ?? "", how)]);
    const sight = space.sighted();
    if (painted !== sight) { painted = sight; paint(); }
    const [x, y] = axes.map((one) => readIn(state, one));
    const f = engine.get(picture.f)[0];
    const [gx, gy] = settled(engine.get(picture.J ?? main));
    const good = [f, gx, gy].every(isFinite);
    const size = box.map(([lo, hi]) => hi - lo);
    // As large as it may be without leaving the box.
    const shrink = good ? min(1, (0.42 * size[2]) / (0.22 * (abs(gx) * size[0] + abs(gy) * size[1]) || 1e-300)) : 0;
    const [rx, ry] = [0.22 * size[0] * shrink, 0.22 * size[1] * shrink];
    const on3 = (/** @type {number} */ dx, /** @type {number} */ dy) => [x + dx, y + dy, f + gx * dx + gy * dy];
    const line = (/** @type {ArrayLike<number>[]} */ list) => "M" + list.map(space.dot).join("L");
    const between = (/** @type {ArrayLike<number>} */ p, /** @type {ArrayLike<number>} */ q, head = 13) => { const [a, b] = [space.spot(p), space.spot(q)]; return arrow(a[0], a[1], b[0] - a[0], b[1] - a[1], head); };
    const low = box[2][0];
    const plane = [on3(-rx, -ry), on3(rx, -ry), on3(rx, ry), on3(-rx, ry)];
    put(tangent, "d", good ? line(plane) + "Z" : "");
    // No word stands under the plane and its arrows.
    const [[left, right], [top, foot]] = [0, 1].map((k) => { const at = plane.map((p) => space.spot(p)[k]); return [min(...at), max(...at)]; });
    for (const one of marks.querySelectorAll("text")) {
      const [at, up, half] = [+one.getAttribute("x"), +one.getAttribute("y"), 4 * one.textContent.length];
      one.style.visibility = good && at + half > left && at - half < right && up > top && up - 12 < foot ? "hidden" : "";
    }
    put(drop, "d", good ? line([[x, y, f], [x, y, low]]) : "");
    const long = hypot(gx / (rx || 1), gy / (ry || 1)) || 1;
    const [ux, uy] = [gx, gy].map((v) => (good && (gx || gy) ? v / (max(abs(gx) / rx, abs(gy) / ry) || long) : 0));
    put(slope, "d", good ? between([x, y, f], on3(ux, uy)) : "");
    put(floor, "d", good ? between([x, y, low], [x + ux, y + uy, low], 9) : "");
    const [dx, dy] = [along === 0 ? rx : 0, along === 1 ? ry : 0];
    const lit = good && along >= 0;
    put(step, "class", ["jm-step-x", ...(lit ? place.hue(axes[along].label) : [])].join(" "));
    put(step, "d", lit ? between([x, y, f], [x + dx, y + dy, f]) : "");
    put(part, "d", lit ? between([x + dx, y + dy, f], on3(dx, dy)) : "");
    put(part, "class", "jm-arrow-f " + ([gx, gy][along] < 0 ? "jm-neg" : "jm-pos"));
    free.moved([space.spot([x, y, f])]);
    if (lit) {
      const spots = [[x, y, f], [x + dx, y + dy, f], on3(dx, dy)].map(space.spot);
      const [across, up] = [0, 1].map((k) => [spots[k][0], spots[k][1], spots[k + 1][0] - spots[k][0], spots[k + 1][1] - spots[k][1]]);
      amounts.replaceChildren(
        ...amount(place, free, axes[along].label, dx + dy, across, place.hue(axes[along].label), [0, up[3]]),
        ...(place.rows[0] ? amount(place, free, place.rows[0].key, gx * dx + gy * dy, up, [[gx, gy][along] < 0 ? "jm-neg" : "jm-pos"], [-across[2], 0]) : []),
      );
    } else amounts.replaceChildren();
    const read = sampler([picture.f], axes);
    const value = (/** @type {number[]} */ p) => read(...p)[0];
    const points = down.path(value);
    const raised = points.map((p) => [...p, value(p)]).filter((p) => p.every(isFinite));
    put(path, "d", raised.length > 1 ? line(raised) : "");
    put(below, "d", raised.length > 1 ? line(raised.map((p) => [p[0], p[1], low])) : "");
    dots.replaceChildren(...raised.slice(1).map((p) => { const [a, b] = space.spot(p); return draw("circle", { cx: a.toFixed(1), cy: b.toFixed(1), r: 3.2 }); }));
    at = good ? space.spot([x, y, f]) : [0, 0];
    write(words, "gradient (" + format(gx) + ", " + format(gy) + ") in the tangent plane, and contours on the floor");
    move(good ? 1 : NaN);
  }
  return { node: space.node, svg: space.svg, canvas: space.canvas, caption: [words], below: down.controls, update, end: down.end, light(_, j) { along = j; } };
}

PICTURES.surface = surface;
