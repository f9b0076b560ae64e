/** A curve in the plane, t ↦ (x, y), with its velocity. */

import { equalUnits, extent, steady } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { format } from "../print.js";
import { canvasFor } from "./canvas.js";
import { arrow, handle, plane, rangeIn, readIn } from "./plane.js";

const { abs, hypot, min } = Math;

/** @typedef {import("../types.js").Pair} Pair */

const LONG = 500;

/** @type {import("../types.js").Picture} */
function path(engine, place) {
  const { background, dom, lettered, main, picture, sampler, state } = place;
  const { draw, page, put, write } = dom;
  const { height, width } = place;
  const ta = place.axis(picture.axes[0]);
  const svg = canvasFor(place, width, height, "the curve and its velocity");
  const space = plane(place, svg, 48, 30, width - 64, height - 62);
  const [line, velocity] = [draw("path", { class: "jm-curve" }), draw("path", { class: ["jm-step-x", ...place.hue(ta.label)].join(" ") })];
  const parts = [0, 1].map(() => draw("path", { class: "jm-arrow-f" }));
  space.inside.append(line);
  space.over.append(...parts, velocity);
  svg.append(lettered(place.rows[0].key, { x: width - 2, y: height - 8, "text-anchor": "end" }), lettered(place.rows[1].key, { x: 48, y: 20, "text-anchor": "middle" }));
  const f = [picture.f].flat();
  const values = () => f.flatMap((one) => [...engine.get(one)]);
  let [at, rate] = [[0, 0], [1, 0]];
  const scale = [1, 1];
  let [fromX, fromY, from] = [0, 0, 0];
  /** Along the velocity, as far as the pointer goes. @param {any} event @returns {Pair} */
  function follow(event) {
    const [x, y] = space.at(event);
    if (event.type === "pointerdown") [fromX, fromY, from] = [x, y, readIn(state, ta)];
    return [from + ((x - fromX) * rate[0] + (y - fromY) * rate[1]) / (rate[0] ** 2 + rate[1] ** 2 || 1), 0];
  }
  const move = handle(place, svg, { ...space, x: () => space.x(at[0]), y: () => space.y(at[1]), at: follow }, ta);
  const words = page.createTextNode("");
  /** @type {(Pair | null)[]} */
  let old = [null, null];
  let [seen, along] = ["", -1];
  function update() {
    const now = background(ta.key);
    if (now !== seen) {
      seen = now;
      const [lo, hi] = rangeIn(state, ta);
      const read = sampler(f, [ta]);
      const points = Array.from({ length: LONG + 1 }, (_, k) => Array.from(read(lo + (k / LONG) * (hi - lo))));
      old = [0, 1].map((k) => steady(old[k], extent(points.map((p) => p[k]))));
      const shown = space.range(...equalUnits(/** @type {Pair} */ (old[0]), /** @type {Pair} */ (old[1]), space.width, space.height, 4));
      [scale[0], scale[1]] = [space.width / (shown[0][1] - shown[0][0]), space.height / (shown[1][1] - shown[1][0])];
      // A jump over the whole picture is no line.
      put(line, "d", space.path(points.flatMap((p, k) => (k && hypot((p[0] - points[k - 1][0]) * scale[0], (p[1] - points[k - 1][1]) * scale[1]) > height ? [[NaN, NaN], p] : [p]))));
    }
    at = values();
    rate = Array.from(engine.get(picture.J ?? main));
    const good = [...at, ...rate].every(isFinite);
    const [px, py] = [space.x(at[0]), space.y(at[1])];
    const [dx, dy] = [rate[0] * scale[0], -rate[1] * scale[1]];
    // One unit of the variable, or as much of it as the picture holds.
    const part = min(1, (0.4 * height) / (hypot(dx, dy) || 1));
    put(velocity, "d", good ? arrow(px, py, dx * part, dy * part) : "");
    parts.forEach((one, k) => {
      put(one, "d", good && along === k ? (k ? arrow(px + dx * part, py, 0, dy * part) : arrow(px, py, dx * part, 0)) : "");
      put(one, "class", "jm-arrow-f " + (rate[k] < 0 ? "jm-neg" : "jm-pos"));
    });
    write(words, "velocity (" + format(rate[0]) + ", " + format(rate[1]) + "), speed " + format(hypot(...rate)) + (abs(part - 1) < 1e-9 ? "" : "; its arrow is shortened"));
    move(good ? 1 : NaN);
  }
  return { node: svg, caption: [words], update, end() {}, light(i) { along = i; } };
}

PICTURES.path = path;
