/** One equation: x′ over x, and the phase line with its equilibria. */

import { extent, steady } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { format } from "../print.js";
import { equilibria, kindOf, lattice } from "../systems.js";
import { canvasFor } from "./canvas.js";
import { arrow, handle, plane, rangeIn, readIn, sampled, unbroken } from "./plane.js";
import { ratesOf } from "./system.js";

const { max, min, sign } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
function phase(engine, place) {
  const { background, dom, lettered, picture, state } = place;
  const { draw, page, put, write } = dom;
  const { width, height } = place;
  const xa = place.axis(picture.axes[0]);
  const svg = canvasFor(place, width, height, "phase line: the rate over the variable, and where it goes");
  const space = plane(place, svg, 50, 30, width - 66, height - 62);
  const hue = ["jm-curve", ...place.hue(xa.label)].join(" ");
  const [line, tangent, ways, marks, fall] = [draw("path", { class: hue }), draw("path", { class: "jm-tangent jm-through" }), draw("path", { class: "jm-heads" }), draw("g", { class: "jm-marks" }), draw("path", { class: "jm-arrow-f" })];
  space.inside.append(line, tangent);
  space.over.append(ways, marks, fall);
  svg.append(lettered(xa.label, { x: width - 2, y: height - 8, "text-anchor": "end" }), lettered(place.rows[0].key, { x: 50, y: 20, "text-anchor": "middle" }));
  const move = handle(place, svg, space, xa);
  const text = page.createTextNode("");
  /** @type {Pair | null} */
  let yr = null;
  let seen = "";
  /** @type {Pair} */
  let xr = [0, 1];
  function sheet() {
    const { rate, read } = ratesOf(place, picture);
    const [lo, hi] = extent(sampled((x) => rate([x])[0], rangeIn(state, xa)).map((p) => p[1]));
    // The line itself is always in sight.
    yr = steady(yr, [min(lo, -0.1 * (hi - lo)), max(hi, 0.1 * (hi - lo))]);
    [xr] = space.range(rangeIn(state, xa), yr);
    const points = sampled((x) => rate([x])[0], xr);
    put(line, "d", space.path(unbroken(points, yr)));
    const starts = points.filter((p, k) => k && sign(p[1]) !== sign(points[k - 1][1])).map((p) => [p[0]]);
    const unit = [space.width / (xr[1] - xr[0])];
    const found = equilibria(read, [...starts, ...lattice([xr], 12)], [xr], unit);
    marks.replaceChildren();
    const zero = space.y(0);
    let last = -99;
    for (const { at, J } of found) {
      const { word, stable } = kindOf(J, 1);
      const beside = [-1e-3, 1e-3].map((d) => sign(rate([at[0] + d * (xr[1] - xr[0])])[0]));
      // Where the slope is 0 the signs on both sides say it.
      const shown = /decided/.test(word) ? (beside[0] > beside[1] ? "stable" : beside[0] < beside[1] ? "unstable" : "half-stable") : word.replace(" equilibrium", "");
      const x = space.x(at[0]);
      marks.append(draw("circle", { cx: x.toFixed(2), cy: zero.toFixed(2), r: 7, class: stable || shown === "stable" ? "jm-stays" : "jm-leaves" }));
      if (x - last < 62) continue;
      last = x;
      marks.append(draw("text", { x, y: zero + 26, "text-anchor": "middle", class: "jm-haloed" }, shown));
    }
    let d = "";
    const ends = [xr[0], ...found.map((one) => one.at[0]), xr[1]];
    for (let k = 1; k < ends.length; k++) {
      const [a, b] = [space.x(ends[k - 1]), space.x(ends[k])];
      const way = sign(rate([(ends[k - 1] + ends[k]) / 2])[0]);
      const many = max(1, Math.floor((b - a) / 90));
      for (let i = 0; way && b - a > 26 && i < many; i++) d += arrow(a + ((i + 0.5) / many) * (b - a) - 9 * way, zero, 18 * way, 0, 14);
    }
    put(ways, "d", d);
  }
  function update() {
    const now = background(xa.key);
    if (now !== seen) { seen = now; sheet(); }
    const x = readIn(state, xa);
    const { f: [f], J: [slope] } = ratesOf(place, picture).read([x]);
    const reach = 0.2 * (xr[1] - xr[0]);
    const drawn = isFinite(f) && isFinite(slope);
    put(tangent, "d", drawn ? space.path([[x - reach, f - reach * slope], [x + reach, f + reach * slope]]) : "");
    put(fall, "d", drawn ? arrow(space.x(x), space.y(0), 0, space.y(f) - space.y(0)) : "");
    put(fall, "class", "jm-arrow-f " + (f < 0 ? "jm-neg" : "jm-pos"));
    write(text, f > 0 ? "it grows at the rate " + format(f) : f < 0 ? "it falls at the rate " + format(-f) : f === 0 ? "it stays" : "no rate here");
    move(f);
  }
  return { node: svg, caption: [text], update, end() {} };
}

PICTURES.phase = phase;
