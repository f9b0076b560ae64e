/** One variable: the curve and its tangent. */

import { product } from "../evaluator.js";
import { extent, nice, steady, telling } from "../geometry.js";
import { PICTURES, VIEWS } from "../parts.js";
import { format, short } from "../print.js";
import { asymptotes } from "./asymptotes.js";
import { canvasFor } from "./canvas.js";
import { amount, labels, mark } from "./marks.js";
import { arrow, handle, plane, rangeIn, readIn, sampled, unbroken } from "./plane.js";

const { abs } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
function curve(engine, place) {
  const { picture, background, sampler, lettered, dom } = place;
  const { page, draw, put, write } = dom;
  const { width, height } = place;
  const xa = place.axis(picture.x);
  const svg = canvasFor(place, width, height, "curve and tangent");
  const space = plane(place, svg, 50, 30, width - 66, height - 62);
  const f = [picture.f].flat();
  const many = f.reduce((sum, output) => sum + product(engine.shape(output)), 0);
  const J = picture.J ?? place.main;
  const lines = Array.from({ length: many }, (_, k) => ({
    curve: draw("path", { class: "jm-curve", "stroke-dasharray": k ? 3 * k + 2 + " 3" : "none" }),
    tangent: draw("path", { class: "jm-tangent" }),
    step: draw("path", { class: "jm-step-x" }),
    rise: draw("path", { class: "jm-arrow-f" }),
    dot: draw("circle", { r: 4, class: "jm-dot" }),
  }));
  const near = draw("path", { class: "jm-asymptote" });
  space.inside.append(near);
  for (const one of lines) space.inside.append(one.curve, one.tangent, one.step, one.rise, one.dot);
  svg.append(lettered(xa.label, { x: width - 2, y: height - 8, "text-anchor": "end" }), dom.lettered(picture.name, { x: 50, y: 20, "text-anchor": "middle" }));
  for (const one of lines) one.step.classList.add(...place.hue(xa.label));
  for (const one of lines) one.tangent.classList.add(...place.hue(xa.label));
  const [marks, amounts] = [draw("g", { class: "jm-marks" }), draw("g")];
  const free = labels(space);
  space.inside.append(marks, amounts);
  const move = handle(place, svg, space, xa);
  const slope = page.createTextNode("");
  const [step, moved] = [lettered(xa.label, { before: "\u0394" }).textContent, place.rows[0] ? lettered(place.rows[0].key, {}).textContent + " " : ""];
  /** @type {Pair | null} */
  let yr = null;
  let seen = "";
  /** @type {Pair} */
  let xr = [0, 1];
  const relation = picture.relation ? VIEWS.equation?.relationOf(place, xa, picture.relation) : null;
  /** Where one curve turns: its lowest and highest points. */
  function turns() {
    marks.replaceChildren();
    if (many > 1) return;
    free.clear();
    const [value, slope] = [sampler(f, [xa]), sampler([J], [xa])];
    const list = sampled((x) => slope(x)[0], xr);
    list.forEach(([x, v], k) => {
      if (!k || !(v * list[k - 1][1] < 0 || (!v && list[k - 1][1] * (list[k + 1]?.[1] ?? 0) < 0))) return;
      let [lo, hi] = [list[k - 1][0], x];
      for (let turn = 0; v && turn < 40; turn++) { const half = (lo + hi) / 2; if (slope(half)[0] * v > 0) hi = half; else lo = half; }
      const y = value(hi)[0];
      // A pole or a kink turns the sign as well.
      if (!(abs(slope(hi)[0]) < 1e-3 * abs(list[k - 1][1])) || !isFinite(y)) return;
      const word = list[k - 1][1] < 0 ? "minimum" : "maximum";
      mark(dom, marks, free, space.x(hi), space.y(y), word, word === "minimum");
    });
  }
  function update() {
    const state = background(picture.x);
    if (state !== seen) {
      seen = state;
      if (relation) {
        [xr, yr] = space.range(...relation.ranges(engine.get(f[0])[0], space.width, space.height));
        put(lines[0].curve, "d", relation.lines([xr, yr]).map((one) => space.path(one)).join(""));
      } else functions();
    }
    point();
  }
  /** The curves as values over their variable. */
  function functions() {
    const sample = sampler(f, [xa]);
    const read = (/** @type {number} */ x) => Array.from(sample(x));
    const all = sampled(read, rangeIn(place.state, xa));
    const values = all.flatMap(([, list]) => list);
    yr = steady(yr, (many > 1 ? extent : telling)(values));
    [xr] = space.range(rangeIn(place.state, xa), yr);
    const points = sampled(read, xr);
    const { poles, lines: far } = many > 1 ? { poles: [], lines: [] } : asymptotes((x) => sample(x)[0], points.map(([x, list]) => [x, list[0]]), yr);
    put(near, "d", poles.map((x) => space.path(yr ? yr.map((y) => [x, y]) : [])).join("") + far.map(([slope, y]) => space.path(xr.map((x) => [x, slope * x + y]))).join(""));
    turns();
    lines.forEach((one, i) => put(one.curve, "d", space.path(unbroken(points.map(([x, list]) => [x, list[i]]), /** @type {Pair} */ (yr)))));
  }
  function point() {
    const at = f.flatMap((output) => [...engine.get(output)]);
    const slopes = engine.get(J);
    const x = readIn(place.state, xa);
    // A step of 1, or of a round number where that is not to be seen.
    const wide = nice((xr[1] - xr[0]) / 8);
    // Back where it would leave the picture.
    const unit = x + 1.2 * wide > xr[1] && x - wide >= xr[0] ? -wide : wide;
    const reach = 0.3 * (xr[1] - xr[0]);
    lines.forEach((one, i) => {
      put(one.tangent, "d", space.path([[x - reach, at[i] - reach * slopes[i]], [x + reach, at[i] + reach * slopes[i]]]));
      const [px, py] = [space.x(x), space.y(at[i])];
      const drawn = isFinite(at[i]) && isFinite(slopes[i]);
      const [dx, dy] = [space.x(x + unit) - px, space.y(at[i] + unit * slopes[i]) - py];
      put(one.step, "d", drawn ? arrow(px, py, dx, 0) : "");
      put(one.rise, "d", drawn ? arrow(px + dx, py, 0, dy) : "");
      put(one.rise, "class", "jm-arrow-f " + (unit * slopes[i] < 0 ? "jm-neg" : "jm-pos"));
      if (many === 1) {
        const row = place.rows[0]?.key;
        free.moved([[px, py]]);
        free.aside(px, py);
        amounts.replaceChildren(...(drawn && row ? [
          ...amount(place, free, xa.label, unit, [px, py, dx, 0], place.hue(xa.label), [0, dy]),
          ...amount(place, free, row, unit * slopes[i], [px + dx, py, 0, dy], [unit * slopes[i] < 0 ? "jm-neg" : "jm-pos"], [-unit, 0]),
        ] : []));
      }
      put(one.dot, "cx", space.x(x));
      put(one.dot, "cy", isFinite(at[i]) ? space.y(at[i]) : -99);
    });
    move(at[0]);
    write(slope, many === 1 ? "a step " + step + " = " + short(unit) + " along the tangent moves " + moved + "by " + short(unit * slopes[0]) + ": slope " + format(slopes[0]) : "one curve a row, its tangent beside it");
  }
  return { node: svg, caption: [slope], update, end() {} };
}

PICTURES.curve = curve;
