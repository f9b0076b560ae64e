/** Two by two: the grid, its image, and the local linear map over it. */

import { equalUnits, extent, steady } from "../geometry.js";
import { stretches, svd, volume } from "../numeric.js";
import { format } from "../print.js";
import { arrow, canvasFor, handle, plane, rangeIn, readIn } from "./plane.js";

const { abs, max, min, PI } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
export function map2(engine, place) {
  const { picture, background, sampler, lettered, term, dom } = place;
  const { page, draw, put, write } = dom;
  const [xa, ya] = [place.axis(picture.x), place.axis(picture.y)];
  const f = [picture.f].flat();
  const svg = canvasFor(place, 520, 286, "grid and its image");
  const [from, to] = [plane(place, svg, 28, 18, 206, 226), plane(place, svg, 302, 18, 212, 226)];
  const [net, image] = [draw("path", { class: "jm-net" }), draw("path", { class: "jm-net" })];
  const pieces = [from, to].map((space) => {
    /** @type {Record<string, any>} */
    const piece = { square: draw("path", { class: "jm-square" }), round: draw("path", { class: "jm-round" }), one: draw("path", { class: "jm-gradient" }), two: draw("path", { class: "jm-gradient jm-second" }) };
    space.inside.append(space === from ? net : image, piece.square, piece.round, piece.two, piece.one);
    return piece;
  });
  const shadow = draw("circle", { r: 5, class: "jm-dot" });
  to.over.append(shadow);
  svg.append(draw("path", { class: "jm-arrow", d: arrow(244, 131, 30, 0) }), ...(picture.name ? [dom.lettered(picture.name, { x: 258, y: 120, "text-anchor": "middle" })] : []));
  svg.append(lettered(xa.label, { x: 234, y: 280, "text-anchor": "end" }), lettered(ya.label, { x: 4, y: 13 }));
  place.rows.slice(0, 2).forEach((one, k) => svg.append(lettered(one.key, k ? { x: 276, y: 13 } : { x: 514, y: 280, "text-anchor": "end" })));
  const move = handle(place, svg, from, xa, ya);
  const J = picture.J ?? place.main;
  const area = page.createTextNode("");
  /** @type {Pair | null} */
  let wide = null;
  /** @type {Pair | null} */
  let tall = null;
  /** @type {Pair[]} */
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
      const here = /** @type {Pair[]} */ ([]);
      there = [];
      for (const flip of [false, true]) {
        for (let k = 0; k <= 16; k++) {
          for (let t = 0; t <= 32; t++) {
            const [p, q] = flip ? [t / 32, k / 16] : [k / 16, t / 32];
            const at = /** @type {Pair} */ ([xr[0] + p * (xr[1] - xr[0]), yr[0] + q * (yr[1] - yr[0])]);
            here.push(at);
            const list = sample(...at);
            there.push([list[0], list[1]]);
          }
          here.push([NaN, NaN]);
          there.push([NaN, NaN]);
        }
      }
      put(net, "d", from.path(here));
      bulk = [0, 1].map((k) => extent(there.map((p) => p[k]), 0.12, 1));
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
        put(image, "d", to.path(there));
      }
    }
    put(pieces[0].square, "d", from.path(corners.map(([p, q]) => [x + p, y + q])) + "Z");
    put(pieces[1].square, "d", good ? to.path(corners.map(forth)) + "Z" : "");
    put(pieces[0].round, "d", from.path(circle.map(([p, q]) => [x + p, y + q])));
    put(pieces[1].round, "d", good ? to.path(circle.map(forth)) : "");
    ["one", "two"].forEach((key, k) => {
      const [vx, vy] = v[k];
      put(pieces[0][key], "d", arrow(from.x(x), from.y(y), from.x(x + vx) - from.x(x), from.y(y + vy) - from.y(y)));
      const [wx, wy] = [s[k] * u[k][0], s[k] * u[k][1]];
      put(pieces[1][key], "d", good ? arrow(to.x(at[0]), to.y(at[1]), to.x(at[0] + wx) - to.x(at[0]), to.y(at[1] + wy) - to.y(at[1])) : "");
    });
    put(shadow, "cx", good ? to.x(at[0]) : -99);
    put(shadow, "cy", good ? to.y(at[1]) : -99);
    move(y);
    write(area, format(abs(volume(engine.get(J), 2, stretches(engine.get(J), 2, 2)))));
  }
  return { node: svg, caption: ["unit square \u2192 parallelogram of area |", term("det", "det"), " J| = ", area, "; arrows: ", term("singular directions", "\u03c3")], update, end() {} };
}
