/** A system of two equations: its direction field, nullclines, equilibria, and the trajectory through the point. */

import { contours, equalUnits, nice } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { format, short } from "../print.js";
import { equilibria, kindOf, lattice, onto, rests as resting, together, trajectory } from "../systems.js";
import { canvasFor } from "./canvas.js";
import { apart, eigenlines } from "./eigenlines.js";
import { amount, labels, mark } from "./marks.js";
import { arrow, handle, plane, rangeIn, readIn } from "./plane.js";
import { ratesOf } from "./system.js";

const { hypot, max, min, round } = Math;

/** @typedef {import("../types.js").Pair} Pair */

// Nodes of the grid; every third has an arrow.
const [NX, NY, EACH] = [52, 40, 3];

/** @type {import("../types.js").Picture} */
function flow(engine, place) {
  const { background, dom, lettered, picture, state } = place;
  const { draw, page, put, write } = dom;
  const { width, height } = place;
  const axes = picture.axes.map((/** @type {string} */ key) => place.axis(key));
  const [xa, ya] = axes;
  const svg = canvasFor(place, width, height, "direction field, nullclines, equilibria and trajectory");
  const space = plane(place, svg, 48, 30, width - 64, height - 62);
  const arrows = [0.35, 0.6, 0.85].map((opacity) => draw("path", { class: "jm-field-arrow", "stroke-opacity": opacity, "fill-opacity": opacity }));
  const clines = axes.map((/** @type {any} */ one) => draw("path", { class: ["jm-nullcline", ...place.hue(one.label)].join(" ") }));
  const [back, forth, heads] = [draw("path", { class: "jm-orbit jm-past" }), draw("path", { class: "jm-orbit" }), draw("path", { class: "jm-heads" })];
  const [marks, signs, amounts] = [draw("g", { class: "jm-marks" }), draw("g"), draw("g")];
  const ways = draw("g", { class: "jm-ways" });
  const rests = ["", "jm-goes"].map((one) => draw("path", { class: "jm-rests " + one }));
  space.inside.append(...arrows, ...clines, ...rests, ways, back, forth, heads);
  const [band, step, part, velocity] = [draw("path", { class: "jm-band-lit" }), draw("path"), draw("path", { class: "jm-arrow-f" }), draw("path", { class: "jm-gradient" })];
  space.over.append(signs, band, step, part, velocity, marks, amounts);
  svg.append(lettered(xa.label, { x: width - 2, y: height - 8, "text-anchor": "end" }), lettered(ya.label, { x: 48, y: 20, "text-anchor": "middle" }));
  const move = handle(place, svg, space, xa, ya);
  const text = page.createTextNode("");
  let [seen, row, column, slow] = ["", -1, -1, 1];
  /** @type {Pair[]} */
  let box = [[0, 1], [0, 1]];
  let [unit, lined] = [[1, 1], false];
  /** @type {ReturnType<typeof equilibria>} */
  let found = [];
  const free = labels(space);
  // A product is zero on the lines of its factors: where they cross, a contour of the product would leave a gap.
  const parts = place.factored?.(picture.f, axes);

  /** What is zero on the nullclines of each axis, on the grid. @param {(i: number, j: number) => Pair} at @param {Float64Array[]} fields @returns {Float64Array[][]} */
  function zeros(at, fields) {
    if (!parts) return fields.map((one) => [one]);
    const keys = picture.order.map((/** @type {number} */ i) => parts.rows[i]);
    const made = keys.map((/** @type {string[]} */ list) => list.map(() => new Float64Array(NX * NY)));
    const all = made.flat();
    const sample = parts.sampler(keys.flat());
    for (let j = 0; j < NY; j++) for (let i = 0; i < NX; i++) { const list = sample(...at(i, j)); all.forEach((/** @type {Float64Array} */ one, /** @type {number} */ k) => { one[j * NX + i] = list[k]; }); }
    return made;
  }

  /** All that stays while the point moves. */
  function sheet() {
    box = space.range(...equalUnits(rangeIn(state, xa), rangeIn(state, ya), space.width, space.height, 3));
    unit = [space.width, space.height].map((size, k) => size / (box[k][1] - box[k][0]));
    const { rate, read } = ratesOf(place, picture);
    const fields = [0, 1].map(() => new Float64Array(NX * NY));
    const at = (/** @type {number} */ i, /** @type {number} */ j) => /** @type {Pair} */ ([box[0][0] + (i / (NX - 1)) * (box[0][1] - box[0][0]), box[1][0] + (j / (NY - 1)) * (box[1][1] - box[1][0])]);
    for (let j = 0; j < NY; j++) for (let i = 0; i < NX; i++) { const f = rate(at(i, j)); for (const k of [0, 1]) fields[k][j * NX + i] = f[k]; }
    needles(fields, at);
    free.clear();
    signs.replaceChildren();
    const nulls = zeros(at, fields);
    const lines = nulls.map((list) => list.flatMap((field) => contours(field, NX, NY, 0)).map((line) => line.map(([i, j]) => at(i, j))));
    clines.forEach((/** @type {any} */ one, /** @type {number} */ k) => put(one, "d", lines[k].map((line) => space.path(line)).join("")));
    const still = stillness(lines, read);
    lined = !!still.length;
    const starts = [];
    for (let j = 0; j + 1 < NY; j++) {
      for (let i = 0; i + 1 < NX; i++) {
        const corners = [j * NX + i, j * NX + i + 1, (j + 1) * NX + i, (j + 1) * NX + i + 1];
        if (nulls.every((all) => all.some((one) => { const list = corners.map((c) => one[c]); return min(...list) <= 0 && max(...list) >= 0; }))) starts.push(at(i + 0.5, j + 0.5));
      }
    }
    found = equilibria(read, [...starts.slice(0, 60), ...lattice(box, 4)], box, unit, { but: still.map((one) => one.at) });
    for (const group of [marks, ways]) group.replaceChildren();
    const spot = (/** @type {number[]} */ [x, y]) => [space.x(x), space.y(y)];
    free.keep(found.map((one) => spot(one.at)));
    for (const one of found) {
      const { word, stable } = kindOf(one.J, 2);
      mark(dom, marks, free, space.x(one.at[0]), space.y(one.at[1]), word.replace(/ by linearisation|not decided by J: /, ""), stable);
    }
    if (found.length <= 6) free.keep(found.flatMap((one) => eigenlines(dom, { ways, signs }, free, one, spot, { reach: () => apart(found, one, spot) })));
    lines.forEach(label);
  }
  /** Curves all of whose points rest: where both nullclines are one; drawn through where what is beside comes to them, dotted where it goes away. @param {Pair[][][]} lines of each nullcline @param {import("../systems.js").Read} read */
  function stillness(lines, read) {
    const pieces = lines.map((list, k) => list.flatMap((line) => together(line.map((at) => onto(read, at, k, unit))))).find((list) => list.length) ?? [];
    rests.forEach((one, k) => put(one, "d", pieces.flatMap((piece) => together(piece.map((one) => (one.stable === !k ? one : null)))).map((piece) => space.path(piece.map((one) => one.at))).join("")));
    return pieces.flat();
  }
  /** Arrows of one length, stronger where it is faster. @param {Float64Array[]} fields @param {(i: number, j: number) => Pair} at */
  function needles(fields, at) {
    const paths = ["", "", ""];
    const speeds = [];
    for (let j = 1; j < NY; j += EACH) {
      for (let i = 1; i < NX; i += EACH) {
        const v = [fields[0][j * NX + i] * unit[0], -fields[1][j * NX + i] * unit[1]];
        const speed = hypot(...v);
        if (speed && isFinite(speed)) speeds.push({ speed, v, at: at(i, j) });
      }
    }
    const order = speeds.map((one) => one.speed).sort((p, q) => p - q);
    // The arrow Δf of a unit step is drawn for this time, so that it stays in the picture.
    slow = order.length ? nice(45 / order[round(0.6 * (order.length - 1))]) : 1;
    for (const { speed, v, at: [p, q] } of speeds) {
      const [dx, dy] = v.map((one) => (one / speed) * 15);
      paths[speed < order[round(order.length / 3)] ? 0 : speed < order[round(order.length / 1.5)] ? 1 : 2] += arrow(space.x(p) - dx / 2, space.y(q) - dy / 2, dx, dy, 6);
    }
    arrows.forEach((one, k) => put(one, "d", paths[k]));
  }
  /** ẋ = 0 beside its line. @param {Pair[][]} lines @param {number} k */
  function label(lines, k) {
    const points = lines.sort((p, q) => q.length - p.length).flatMap((line) => [0.8, 0.2, 0.65, 0.35, 0.5].map((part) => line[round(part * (line.length - 1))]));
    for (const [p, q] of points) {
      const at = free.near(space.x(p), space.y(q), 34, [[32, -8], [-32, -8], [32, 22], [-32, 22]]);
      if (!at) continue;
      const node = lettered(place.rows[picture.order[k]]?.key ?? "", { x: at[0], y: at[1], "text-anchor": "middle", behind: " = 0" });
      node.classList.add("jm-haloed", ...place.hue(axes[k].label));
      signs.append(node);
      return;
    }
  }
  function update() {
    const { rate, read } = ratesOf(place, picture);
    const now = background(xa.key, ya.key);
    if (now !== seen) { seen = now; sheet(); }
    const start = [readIn(state, xa), readIn(state, ya)];
    const rates = read(start);
    const still = resting(rates, unit);
    const wide = box.map(([lo, hi]) => /** @type {Pair} */ ([lo - 0.2 * (hi - lo), hi + 0.2 * (hi - lo)]));
    const ahead = still ? null : trajectory(rate, start, 1, wide, unit);
    const behind = still || ahead?.closed ? null : trajectory(rate, start, -1, wide, unit);
    put(forth, "d", ahead ? orbit(ahead.nodes) : "");
    put(back, "d", behind ? orbit(behind.nodes) : "");
    put(heads, "d", [ahead, behind].map((one) => (one ? tips(one.nodes) : "")).join(""));
    const [x, y] = start.map((v, k) => (k ? space.y(v) : space.x(v)));
    const lit = row >= 0 && column >= 0;
    // A step of the variable, then what it changes in the velocity.
    const size = nice((box[column]?.[1] - box[column]?.[0]) / 10);
    const along = column ? [0, -size * unit[1]] : [size * unit[0], 0];
    const k = picture.order.indexOf(row);
    const J1 = rates.J[2 * k + column] * size * slow;
    const by = k ? [0, -J1 * unit[1]] : [J1 * unit[0], 0];
    put(step, "class", ["jm-step-x", ...(lit ? place.hue(axes[column].label) : [])].join(" "));
    put(step, "d", lit ? arrow(x, y, along[0], along[1]) : "");
    put(part, "d", lit ? arrow(x + along[0], y + along[1], by[0], by[1]) : "");
    put(band, "d", lit && isFinite(J1) ? "M" + (x + along[0]).toFixed(1) + " " + (y + along[1]).toFixed(1) + "l" + by.map((v) => v.toFixed(1)).join(" ") : "");
    put(part, "class", "jm-arrow-f " + (J1 < 0 ? "jm-neg" : "jm-pos"));
    free.moved([[x, y]]);
    free.aside(x, y);
    // Away from each other: the step before its arrow's side, the change beyond its end.
    amounts.replaceChildren(...(lit && place.rows[row] ? [
      ...amount(place, free, axes[column].label, size, [x, y, ...along], place.hue(axes[column].label), by),
      ...amount(place, free, place.rows[row].key, rates.J[2 * k + column] * size, [x + along[0], y + along[1], ...by], [J1 < 0 ? "jm-neg" : "jm-pos"], along.map((v) => -v)),
    ] : []));
    put(velocity, "d", still ? "" : arrow(x, y, rates.f[0] * slow * unit[0], -rates.f[1] * slow * unit[1]));
    svg.classList.toggle("jm-at-rest", still);
    write(text, (still ? "The point rests: an equilibrium. " : "Velocity (" + rates.f.map((v) => format(v)).join(", ") + "). ") + "Arrows of the velocity show " + short(slow) + " of the time." + (lined ? " Each point of the heavy line rests; where it is dotted, what is beside it goes away." : ""));
    move(start[1]);
  }
  /** A trajectory as the cubics through its steps. @param {ReturnType<typeof trajectory>["nodes"]} nodes */
  function orbit(nodes) {
    const dot = (/** @type {number[]} */ p) => max(-1e4, min(1e4, space.x(p[0]))).toFixed(2) + " " + max(-1e4, min(1e4, space.y(p[1]))).toFixed(2);
    return nodes.map((one, k) => {
      if (!k) return "M" + dot(one.at);
      const before = nodes[k - 1];
      const third = (one.t - before.t) / 3;
      return "C" + [before.at.map((v, i) => v + third * before.rate[i]), one.at.map((v, i) => v - third * one.rate[i]), one.at].map(dot).join(" ");
    }).join("");
  }
  /** Heads along a trajectory, in the way of time. @param {ReturnType<typeof trajectory>["nodes"]} nodes */
  function tips(nodes) {
    let [text, walked, next] = ["", 0, 70];
    for (let k = 1; k < nodes.length && text.length < 400; k++) {
      const { at, rate } = nodes[k];
      walked += hypot((at[0] - nodes[k - 1].at[0]) * unit[0], (at[1] - nodes[k - 1].at[1]) * unit[1]);
      const v = [rate[0] * unit[0], -rate[1] * unit[1]];
      const long = hypot(...v);
      if (walked < next || !long) continue;
      next = walked + 170;
      const [ux, uy] = v.map((one) => one / long);
      const [x, y] = [space.x(at[0]), space.y(at[1])];
      text += arrow(x - ux * 7, y - uy * 7, ux * 14, uy * 14, 12).replace(/^M[^M]*/, "");
    }
    return text;
  }
  return { node: svg, caption: [text], update, end() {}, light(i, j) { [row, column] = [i, j]; } };
}

PICTURES.flow = flow;
