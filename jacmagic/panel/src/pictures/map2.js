/** Two by two: the grid, its image, and the local linear map over it. */

import { equalUnits, extent, steady } from "../geometry.js";
import { stretches, svd, volume } from "../numeric.js";
import { format } from "../print.js";
import { arrow, canvasFor, handle, plane, rangeIn, readIn } from "./plane.js";

const { abs, floor, max, min, PI } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
export function map2(engine, place) {
  const { picture, background, sampler, lettered, term, dom } = place;
  const { page, draw, put, write } = dom;
  const [xa, ya] = [place.axis(picture.x), place.axis(picture.y)];
  const f = [picture.f].flat();
  const { width, height } = place;
  const svg = canvasFor(place, width, height, "grid and its image");
  const beside = shape() < 1.6;
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
      steps: hue.map((one) => draw("path", { class: "jm-step-x" + one })), singular: [0, 1].map(() => draw("path", { class: "jm-singular" })),
    };
    space.inside.append(...sheets[k], piece.square, piece.round, piece.band, ...piece.singular, ...piece.steps);
    return piece;
  });
  const part = draw("path", { class: "jm-arrow-f" });
  to.inside.append(part);
  let [row, column, more] = [-1, -1, false];
  const shadow = draw("circle", { r: 5, class: "jm-dot" });
  to.over.append(shadow);
  const name = (/** @type {Record<string, any>} */ at) => (picture.name ? [dom.lettered(picture.name, at)] : []);
  if (beside) svg.append(draw("path", { class: "jm-arrow", d: arrow(half + 52, height / 2, 46, 0, 9) }), ...name({ x: half + 74, y: height / 2 - 12, "text-anchor": "middle" }));
  else svg.append(draw("path", { class: "jm-arrow jm-bow", d: "M" + (0.42 * width + 80) + " " + 0.24 * height + "q60 0 60 70" }), draw("path", { class: "jm-arrow", d: arrow(0.42 * width + 140, 0.24 * height + 70, 0, 14, 9) }), ...name({ x: 0.42 * width + 152, y: 0.24 * height + 44 }));
  const names = (/** @type {ReturnType<typeof plane>} */ space, /** @type {string} */ across, /** @type {string} */ up) => svg.append(lettered(across, { x: space.left + space.width, y: space.top + space.height + 34, "text-anchor": "end" }), lettered(up, { x: space.left, y: space.top - 12, "text-anchor": "middle" }));
  names(from, xa.label, ya.label);
  if (place.rows.length === 2) names(to, place.rows[0].key, place.rows[1].key);
  const move = handle(place, svg, from, xa, ya);
  const J = picture.J ?? place.main;
  const area = page.createTextNode("");
  /** @type {Pair | null} */
  let wide = null;
  /** @type {Pair | null} */
  let tall = null;
  /** @type {Pair[][]} */
  let there = [];
  /** @type {Pair[]} */
  let bulk = [];
  let [seen, drawn] = ["", ""];
  function update() {
    const [xr, yr] = [rangeIn(place.state, xa), rangeIn(place.state, ya)];
    const state = background(picture.x, picture.y);
    const [x, y] = [readIn(place.state, xa), readIn(place.state, ya)];
    if (state !== seen) {
      seen = state;
      from.range(...equalUnits(xr, yr, from.width, from.height), true);
      const sample = sampler(f, [xa, ya]);
      const here = /** @type {Pair[][]} */ ([[], []]);
      there = [[], []];
      for (const flip of [false, true]) {
        const way = flip ? 0 : 1;
        for (let k = 0; k <= 16; k++) {
          for (let t = 0; t <= 32; t++) {
            const [p, q] = flip ? [t / 32, k / 16] : [k / 16, t / 32];
            const at = /** @type {Pair} */ ([xr[0] + p * (xr[1] - xr[0]), yr[0] + q * (yr[1] - yr[0])]);
            here[way].push(at);
            const list = sample(...at);
            there[way].push([list[0], list[1]]);
          }
          here[way].push([NaN, NaN]);
          there[way].push([NaN, NaN]);
        }
      }
      sheets[0].forEach((one, k) => put(one, "d", from.path(here[k])));
      bulk = [0, 1].map((k) => extent(there.flat().map((p) => p[k]), 0.12, 1));
    }
    const [a, b, c, d] = engine.get(J);
    const at = f.flatMap((output) => [...engine.get(output)]);
    const good = [a, b, c, d, at[0], at[1]].every(isFinite);
    const { s, u, v } = good ? svd([a, b, c, d], 2, 2) : { s: [0, 0], u: [[0, 0], [0, 0]], v: [[0, 0], [0, 0]] };
    const corners = [[0, 0], [1, 0], [1, 1], [0, 1]];
    const circle = Array.from({ length: 49 }, (_, k) => [Math.cos((k * PI) / 24), Math.sin((k * PI) / 24)]);
    const forth = (/** @type {number[]} */ [p, q]) => [at[0] + a * p + b * q, at[1] + c * p + d * q];
    // Most of the grid's image, and always the whole parallelogram.
    if (good) {
      const around = [...corners, ...corners.map(([p, q]) => [-p, -q])].map(forth);
      const [w, t] = [0, 1].map((k) => {
        const [lo, hi] = [min(...around.map((p) => p[k])), max(...around.map((p) => p[k]))];
        // A grid that is thrown far is cut, so that the parallelogram is seen.
        const air = 0.6 * (hi - lo);
        return steady(k ? tall : wide, [min(lo, max(bulk[k][0], lo - air)), max(hi, min(bulk[k][1], hi + air))]);
      });
      if (w !== wide || t !== tall || drawn !== state) {
        [wide, tall, drawn] = [w, t, state];
        to.range(...equalUnits(wide, tall, to.width, to.height), true);
        sheets[1].forEach((one, k) => put(one, "d", to.path(there[k])));
      }
    }
    put(pieces[0].square, "d", from.path(corners.map(([p, q]) => [x + p, y + q])) + "Z");
    put(pieces[1].square, "d", good ? to.path(corners.map(forth)) + "Z" : "");
    put(pieces[0].round, "d", more ? from.path(circle.map(([p, q]) => [x + p, y + q])) : "");
    put(pieces[1].round, "d", more && good ? to.path(circle.map(forth)) : "");
    /** An arrow of a plane in its own units. @param {ReturnType<typeof plane>} space @param {number[]} at @param {number[]} by */
    const step = (space, [p, q], [dp, dq], head = 13) => arrow(space.x(p), space.y(q), space.x(p + dp) - space.x(p), space.y(q + dq) - space.y(q), head);
    [0, 1].forEach((k) => {
      put(pieces[0].steps[k], "d", step(from, [x, y], k ? [0, 1] : [1, 0]));
      put(pieces[1].steps[k], "d", good ? step(to, at, k ? [b, d] : [a, c]) : "");
      put(pieces[0].singular[k], "d", more ? step(from, [x, y], [...v[k]], 9) : "");
      put(pieces[1].singular[k], "d", more && good ? step(to, at, [s[k] * u[k][0], s[k] * u[k][1]], 9) : "");
    });
    const J1 = [a, b, c, d][2 * row + column] ?? 0;
    const by = row ? [0, J1] : [J1, 0];
    const line = (/** @type {ReturnType<typeof plane>} */ space, /** @type {number[]} */ [p, q], /** @type {number[]} */ [dp, dq]) => space.path([[p, q], [p + dp, q + dq]]);
    put(pieces[0].band, "d", column < 0 ? "" : line(from, [x, y], column ? [0, 1] : [1, 0]));
    put(pieces[1].band, "d", column < 0 || !good ? "" : line(to, at, by));
    put(part, "d", column < 0 || !good ? "" : step(to, at, by));
    put(part, "class", "jm-arrow-f " + (J1 < 0 ? "jm-neg" : "jm-pos"));
    put(shadow, "cx", good ? to.x(at[0]) : -99);
    put(shadow, "cy", good ? to.y(at[1]) : -99);
    move(y);
    write(area, format(abs(volume(engine.get(J), 2, stretches(engine.get(J), 2, 2)))));
  }
  const toggle = dom.el("button", { type: "button", class: "jm-word", "aria-pressed": "false" }, "circle and singular directions");
  dom.on(toggle, "click", () => { more = !more; toggle.setAttribute("aria-pressed", String(more)); place.redraw(); });
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
  return { node: svg, caption: ["unit square \u2192 parallelogram of area |", term("det", "det"), " J| = ", area, " \u00a0 ", toggle], update, end() {}, light(i, j) { [row, column] = [i, j]; } };
}
