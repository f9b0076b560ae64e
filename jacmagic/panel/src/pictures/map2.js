/** Two by two: the grid, its image, and the local linear map over it; the way from x to f(x), and nearer about both until the map is linear. */

import { equalUnits, extent, steady } from "../geometry.js";
import { stretches, svd, volume } from "../numeric.js";
import { PICTURES } from "../parts.js";
import { format, short } from "../print.js";
import { direction, eigenvalues } from "../systems.js";
import { canvasFor } from "./canvas.js";
import { NARROW, about, whole } from "./lens.js";
import { amount, labels } from "./marks.js";
import { arrow, handle, plane, rangeIn, readIn } from "./plane.js";
import { stepper } from "./stepper.js";

const { abs, floor, hypot, max, min, PI } = Math;

/** Steps of the way from x to f(x), lines of the grid, points of a line. */
const [WAY, LINES, FINE] = [60, 16, 32];
const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
function map2(engine, place) {
  const { picture, background, sampler, lens, lettered, term, dom } = place;
  const { el, on, page, draw, put, write } = dom;
  const [xa, ya] = [place.axis(picture.x), place.axis(picture.y)];
  const f = [picture.f].flat();
  const { width, height } = place;
  const svg = canvasFor(place, width, height, "grid and its image");
  const beside = width >= NARROW && shape() < 1.6;
  const half = (width - 150) / 2;
  const [from, to] = beside
    ? [plane(place, svg, 36, 40, half, height - 80), plane(place, svg, width - half - 12, 40, half, height - 80)]
    : [plane(place, svg, 44, 28, 0.42 * width, 0.42 * height), plane(place, svg, 44, 0.42 * height + 86, width - 72, 0.58 * height - 122)];
  const hue = [place.hue(xa.label), place.hue(ya.label)].map((one) => " " + one.join(" "));
  // Lines of a grid carry the colour of the variable that runs along them.
  const sheets = [from, to].map(() => hue.map((one) => draw("path", { class: "jm-net" + one })));
  const pieces = [from, to].map((space, k) => {
    const piece = {
      square: draw("path", { class: "jm-square" }), round: draw("path", { class: "jm-round" }), band: draw("path", { class: "jm-band-lit" }),
      steps: hue.map((one) => draw("path", { class: "jm-step-x" + one })), singular: [0, 1].map(() => draw("path", { class: "jm-singular" })), eigen: [0, 1].map(() => draw("path", { class: "jm-eigen" })),
    };
    space.inside.append(...sheets[k], piece.square, piece.round, piece.band, ...piece.singular, ...piece.eigen, ...piece.steps);
    return piece;
  });
  const part = draw("path", { class: "jm-arrow-f" });
  to.inside.append(part);
  let [row, column] = [-1, -1];
  const shows = { round: false, eigen: false };
  const [shadow, amounts] = [draw("circle", { r: 5, class: "jm-dot" }), draw("g")];
  to.over.append(shadow, amounts);
  const free = [from, to].map(labels);
  const name = (/** @type {Record<string, any>} */ at) => (picture.name ? [dom.lettered(picture.name, at)] : []);
  if (beside) svg.append(draw("path", { class: "jm-arrow", d: arrow(half + 44, height / 2, 46, 0, 9) }), ...name({ x: half + 66, y: height / 2 - 12, "text-anchor": "middle" }));
  else svg.append(draw("path", { class: "jm-arrow jm-bow", d: "M" + (0.42 * width + 80) + " " + 0.24 * height + "q60 0 60 70" }), draw("path", { class: "jm-arrow", d: arrow(0.42 * width + 140, 0.24 * height + 70, 0, 14, 9) }), ...name({ x: 0.42 * width + 152, y: 0.24 * height + 44 }));
  const names = (/** @type {ReturnType<typeof plane>} */ space, /** @type {string} */ across, /** @type {string} */ up) => svg.append(lettered(across, { x: space.left + space.width, y: space.top + space.height + 34, "text-anchor": "end" }), lettered(up, { x: space.left, y: space.top - 15, "text-anchor": "middle" }));
  names(from, xa.label, ya.label);
  if (place.rows.length === 2) names(to, place.rows[0].key, place.rows[1].key);
  const move = handle(place, svg, from, xa, ya);
  const J = picture.J ?? place.main;
  const [area, side, linear, near] = Array.from({ length: 4 }, () => page.createTextNode(""));
  const how = (place.morph ??= { steps: WAY });
  const { stop, words } = stepper(place, how, "way from x to f", { most: WAY, burst: WAY, pace: 30, stride: 6 });
  const range = el("input", { type: "range", min: -3, max: 0, step: 0.05, value: 0, "aria-label": "\u03b5 of the zoom" });
  on(range, "input", () => {
    const k = 10 ** -range.value;
    // About the point itself, so that it stays where it is on the screen.
    const [u, v] = seenRanges.map(([lo, hi], i) => (readIn(place.state, i ? ya : xa) - lo) / (hi - lo));
    Object.assign(lens, { k, x: u * (1 - 1 / k), y: v * (1 - 1 / k) });
    place.redraw();
  });
  /** @type {(Pair | null)[]} */
  let old = [null, null];
  /** What `from` shows without a lens. @type {Pair[]} */
  let seenRanges = [[0, 1], [0, 1]];
  /** @type {Pair[][]} the grid and its image, by the variable that runs along a line */
  let here = [[], []];
  /** @type {Pair[][]} */
  let there = [[], []];
  /** @type {Pair[]} */
  let bulk = [[0, 1], [0, 1]];
  let [seen, drawn] = ["", ""];
  /** Where the picture is magnified about. */
  const centre = () => seenRanges.map(([lo, hi], i) => lo + (hi - lo) * (lens.k === 1 ? 0 : (i ? lens.y : lens.x) / (1 - 1 / lens.k)));
  /** The grid between the ends of the sliders, nearer with the lens, and the part of its image that counts. */
  function sheet() {
    const ranges = [rangeIn(place.state, xa), rangeIn(place.state, ya)];
    seenRanges = equalUnits(ranges[0], ranges[1], from.width, from.height);
    from.range(seenRanges[0], seenRanges[1], true);
    const sample = sampler(f, [xa, ya]);
    const grid = (/** @type {Pair[]} */ [xr, yr], /** @type {number} */ fine) => {
      const found = [0, 1].map((way) => Array.from({ length: LINES + 1 }, (_, k) => [...Array.from({ length: fine + 1 }, (_, t) => {
        const [p, q] = way ? [k / LINES, t / fine] : [t / fine, k / LINES];
        return /** @type {Pair} */ ([xr[0] + p * (xr[1] - xr[0]), yr[0] + q * (yr[1] - yr[0])]);
      }), /** @type {Pair} */ ([NaN, NaN])]).flat());
      return { found, image: found.map((line) => line.map((p) => (isFinite(p[0]) ? /** @type {Pair} */ (Array.from(sample(...p)).slice(0, 2)) : p))) };
    };
    bulk = [0, 1].map((k) => extent(grid(ranges, FINE / 2).image.flat().map((p) => p[k]), 0.12, 1));
    const at = centre();
    const { found, image } = grid(/** @type {Pair[]} */ (ranges.map((one, k) => about(one, lens.k, at[k]))), FINE);
    [here, there] = [found, image];
    sheets[0].forEach((one, k) => put(one, "d", from.path(here[k])));
  }
  /** What the second plane shows: most of the grid's image, and always the whole parallelogram. @param {(p: number[]) => number[]} forth @param {number[]} at @param {number} t */
  function ranges(forth, at, t) {
    const around = [...CORNERS, ...CORNERS.map(([p, q]) => [-p, -q])].map(forth);
    old = old.map((before, k) => {
      const [lo, hi] = [min(...around.map((p) => p[k])), max(...around.map((p) => p[k]))];
      // A grid that is thrown far is cut, so that the parallelogram is seen.
      const air = 0.6 * (hi - lo);
      const [a, b] = [min(lo, max(bulk[k][0], lo - air)), max(hi, min(bulk[k][1], hi + air))];
      return steady(before, t < 1 ? [min(a, seenRanges[k][0]), max(b, seenRanges[k][1])] : [a, b]);
    });
    const wide = equalUnits(/** @type {Pair} */ (old[0]), /** @type {Pair} */ (old[1]), to.width, to.height);
    // As much nearer as the first plane, about the image of what that is magnified about.
    const middle = lens.k === 1 ? at : Array.from(sampler(f, [xa, ya])(...centre())).map((v, k) => centre()[k] + t * (v - centre()[k]));
    return wide.map((one, k) => about(one, lens.k, isFinite(middle[k]) ? middle[k] : at[k]));
  }
  function update() {
    const state = background(picture.x, picture.y);
    const [x, y] = [readIn(place.state, xa), readIn(place.state, ya)];
    if (state !== seen) { seen = state; sheet(); }
    const t = how.steps / WAY;
    const [J0, f0] = [engine.get(J), f.flatMap((output) => [...engine.get(output)])];
    // Part of the way from x to f(x), with the Jacobian of that.
    const [a, b, c, d] = Array.from(J0, (v, k) => +(k % 3 === 0) + t * (v - +(k % 3 === 0)));
    const at = [x + t * (f0[0] - x), y + t * (f0[1] - y)];
    const good = [a, b, c, d, at[0], at[1]].every(isFinite);
    const e = 1 / lens.k;
    const forth = (/** @type {number[]} */ [p, q]) => [at[0] + a * p + b * q, at[1] + c * p + d * q];
    const small = (/** @type {number[][]} */ list) => list.map((p) => p.map((v) => e * v));
    if (good) {
      const shown = ranges(forth, at, t);
      const now = state + shown + t;
      if (now !== drawn) {
        drawn = now;
        to.range(shown[0], shown[1], true, whole());
        sheets[1].forEach((one, k) => put(one, "d", to.path(t === 1 ? there[k] : there[k].map((p, i) => p.map((v, j) => here[k][i][j] + t * (v - here[k][i][j]))))));
      }
    }
    put(pieces[0].square, "d", from.path(small(CORNERS).map(([p, q]) => [x + p, y + q])) + "Z");
    put(pieces[1].square, "d", good ? to.path(small(CORNERS).map(forth)) + "Z" : "");
    const { s, u, v } = good && shows.round ? svd([a, b, c, d], 2, 2) : { s: [0, 0], u: [[0, 0], [0, 0]], v: [[0, 0], [0, 0]] };
    const circle = shows.round ? small(Array.from({ length: 49 }, (_, k) => [Math.cos((k * PI) / 24), Math.sin((k * PI) / 24)])) : [];
    put(pieces[0].round, "d", from.path(circle.map(([p, q]) => [x + p, y + q])));
    put(pieces[1].round, "d", good ? to.path(circle.map(forth)) : "");
    /** An arrow of a plane in its own units, times ε. @param {ReturnType<typeof plane>} space @param {number[]} at @param {ArrayLike<number>} by */
    const step = (space, [p, q], by, head = 13) => arrow(space.x(p), space.y(q), space.x(p + e * by[0]) - space.x(p), space.y(q + e * by[1]) - space.y(q), head);
    const values = good && shows.eigen ? eigenvalues([a, b, c, d], 2).filter(([, turning]) => !turning) : [];
    [0, 1].forEach((k) => {
      put(pieces[0].steps[k], "d", step(from, [x, y], k ? [0, 1] : [1, 0]));
      put(pieces[1].steps[k], "d", good ? step(to, at, k ? [b, d] : [a, c]) : "");
      put(pieces[0].singular[k], "d", step(from, [x, y], v[k], 9));
      put(pieces[1].singular[k], "d", good ? step(to, at, [s[k] * u[k][0], s[k] * u[k][1]], 9) : "");
      const along = values[k] ? direction([a, b, c, d], values[k][0]) : [0, 0];
      put(pieces[0].eigen[k], "d", step(from, [x, y], along, 9));
      put(pieces[1].eigen[k], "d", good && values[k] ? step(to, at, along.map((w) => w * values[k][0]), 9) : "");
    });
    const J1 = [a, b, c, d][2 * row + column] ?? 0;
    const by = row ? [0, e * J1] : [e * J1, 0];
    const line = (/** @type {ReturnType<typeof plane>} */ space, /** @type {number[]} */ [p, q], /** @type {number[]} */ [dp, dq]) => space.path([[p, q], [p + dp, q + dq]]);
    put(pieces[0].band, "d", column < 0 ? "" : line(from, [x, y], column ? [0, e] : [e, 0]));
    put(pieces[1].band, "d", column < 0 || !good ? "" : line(to, at, by));
    put(part, "d", column < 0 || !good ? "" : step(to, at, row ? [0, J1] : [J1, 0]));
    put(part, "class", "jm-arrow-f " + (J1 < 0 ? "jm-neg" : "jm-pos"));
    const away = (/** @type {ReturnType<typeof plane>} */ { x, y }, /** @type {number[]} */ [p, q], /** @type {number[]} */ by) => [x(p), y(q), x(p + by[0]) - x(p), y(q + by[1]) - y(q)];
    free[0].moved([[from.x(x), from.y(y)]]);
    free[1].moved([[to.x(at[0]), to.y(at[1])]]);
    amounts.replaceChildren(...(column < 0 || !good || place.rows.length !== 2 ? [] : [
      ...amount(place, free[0], [xa, ya][column].label, e, away(from, [x, y], column ? [0, e] : [e, 0]), place.hue([xa, ya][column].label), [1, -1]),
      ...amount(place, free[1], place.rows[row].key, e * J1, away(to, at, by), [J1 < 0 ? "jm-neg" : "jm-pos"], [a + b, -c - d]),
    ]));
    put(shadow, "cx", good ? to.x(at[0]) : -99);
    put(shadow, "cy", good ? to.y(at[1]) : -99);
    move(y);
    say({ x, y, e, t, good, f0, J0, values });
  }
  /** @param {{x: number, y: number, e: number, t: number, good: boolean, f0: number[], J0: ArrayLike<number>, values: Pair[]}} now */
  function say({ x, y, e, t, good, f0, J0, values }) {
    write(area, format(e * e * abs(volume(J0, 2, stretches(J0, 2, 2)))));
    write(side, e === 1 ? "unit square \u2192 area |" : "square of side \u03b5 \u2192 area \u03b5\u00b2 |");
    write(near, short(e, 2));
    range.style.setProperty("--at", max(0, min(1, 1 + Math.log10(e) / 3)).toFixed(3));
    if (abs(+range.value - Math.log10(e)) > 0.03) range.value = String(Math.log10(e));
    // How far the image of the circle of radius ε is from that of the linear map, beside its size.
    const sample = sampler(f, [xa, ya]);
    let [off, size] = [0, 0];
    for (let k = 0; good && k < 16; k++) {
      const [p, q] = [e * Math.cos((k * PI) / 8), e * Math.sin((k * PI) / 8)];
      const real = sample(x + p, y + q);
      const flat = [J0[0] * p + J0[1] * q, J0[2] * p + J0[3] * q];
      off = max(off, hypot(real[0] - f0[0] - flat[0], real[1] - f0[1] - flat[1]));
      size = max(size, hypot(...flat));
    }
    // One line has room for one of these.
    const last = t < 1 ? "at t = " + short(t, 2) + " of the way" : shows.eigen ? (values.length ? "\u03bb = " + values.map(([v]) => short(v, 3)).join(", ") : "no real eigenvectors") : size && isFinite(off) ? short((100 * off) / size, 2) + " % off linear" : "";
    write(linear, good && last ? ", " + last : "");
  }
  const toggle = (/** @type {"round" | "eigen"} */ key, /** @type {string} */ says) => {
    const button = el("button", { type: "button", class: "jm-word", "aria-pressed": "false" }, says);
    on(button, "click", () => { shows[key] = !shows[key]; button.setAttribute("aria-pressed", String(shows[key])); place.redraw(); });
    return button;
  };
  const controls = el("span", { class: "jm-descent" }, "x \u2192 f(x) ", ...words, el("label", { class: "jm-rate" }, "\u03b5 ", range, el("span", {}, near)), toggle("round", "circle"), toggle("eigen", "eigenvectors"));
  /** How much wider than high the image of the grid is. */
  function shape() {
    const sample = sampler([picture.f].flat(), [xa, ya]);
    const [xr, yr] = [rangeIn(place.state, xa), rangeIn(place.state, ya)];
    const far = Array.from({ length: 121 }, (_, k) => {
      const p = sample(xr[0] + ((k % 11) / 10) * (xr[1] - xr[0]), yr[0] + (floor(k / 11) / 10) * (yr[1] - yr[0]));
      return [p[0], p[1]];
    });
    const [w, t] = [0, 1].map((k) => { const [lo, hi] = extent(far.map((p) => p[k]), 0.12, 1); return hi - lo; });
    return w / t;
  }
  return { node: svg, caption: [side, term("det", "det"), " J| = ", area, linear], below: controls, update, end: stop, light(i, j) { [row, column] = [i, j]; } };
}

PICTURES.map2 = map2;
