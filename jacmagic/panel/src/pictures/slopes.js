/** One variable: f above f′, and the secant whose slope goes to the tangent's as h → 0. */

import { extent, steady } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { format, short } from "../print.js";
import { canvasFor } from "./canvas.js";
import { handle, plane, rangeIn, readIn, sampled, unbroken } from "./plane.js";

const { min } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** The least h: below it the secant is nothing but the tangent and rounding. */
const LEAST = 1e-3;

/** @type {import("../types.js").Picture} */
function slopes(engine, place) {
  const { background, dom, lettered, main, picture, sampler, state, still } = place;
  const { draw, el, on, page, put, view, write } = dom;
  const { height, width } = place;
  const xa = place.axis(picture.x);
  const svg = canvasFor(place, width, height, "the function, and below it its derivative");
  const half = (height - 92) / 2;
  const spaces = [plane(place, svg, 50, 28, width - 66, half), plane(place, svg, 50, half + 62, width - 66, half)];
  const hue = place.hue(xa.label);
  const [line, below, tangent, secant, gap, dots, rate] = ["jm-curve", "jm-curve", "jm-tangent", "jm-secant", "jm-drop", "", ""].map((name, k) => (k < 5 ? draw("path", { class: [name, ...(k === 2 ? hue : [])].join(" ") }) : draw("g", { class: "jm-secant-ends" })));
  spaces[0].inside.append(line, tangent, secant, dots);
  spaces[1].inside.append(below, gap, rate);
  const name = (/** @type {any} */ node, /** @type {string} */ behind) => { if (behind) node.append(draw("tspan", {}, behind)); return node; };
  svg.append(lettered(xa.label, { x: width - 2, y: height - 4, "text-anchor": "end" }), ...["", "\u2032"].map((behind, k) => name(dom.lettered(picture.name, { x: k ? 26 : 50, y: spaces[k].top - 8, "text-anchor": "middle" }), behind)));
  const move = handle(place, svg, spaces[0], xa);
  const words = page.createTextNode("");
  const shown = page.createTextNode("");
  let h = 1;
  let timer = 0;
  const stop = () => { view.clearInterval(timer); timer = 0; };
  const range = el("input", { type: "range", min: -3, max: 0.5, step: 0.05, "aria-label": "h of the secant" });
  const fill = () => { range.value = String(Math.log10(h)); range.style.setProperty("--at", ((Math.log10(h) + 3) / 3.5).toFixed(3)); write(shown, short(h, 3)); };
  const set = (/** @type {number} */ v) => { h = v; fill(); place.redraw(); };
  on(range, "input", () => { stop(); set(10 ** +range.value); });
  const run = el("button", { type: "button", class: "jm-word" }, "\u25b6 h \u2192 0");
  on(run, "click", () => {
    if (timer) return stop();
    if (h <= LEAST * 1.01) set(1);
    if (still.matches) return set(Math.max(LEAST, h / 2));
    timer = view.setInterval(() => { if (h <= LEAST * 1.01) return stop(); set(Math.max(LEAST, h * 0.8)); }, 90);
  });
  fill();
  /** @type {(Pair | null)[]} */
  let yr = [null, null];
  let seen = "";
  /** @type {Pair} */
  let xr = [0, 1];
  const J = picture.J ?? main;
  const f = [picture.f].flat();
  function update() {
    const now = background(xa.key);
    const range = rangeIn(state, xa);
    if (now !== seen) {
      seen = now;
      [f, [J]].forEach((outputs, k) => {
        const read = sampler(outputs, [xa]);
        const own = yr[k] = steady(yr[k], extent(sampled((x) => read(x)[0], range).map((p) => p[1])));
        [xr] = spaces[k].range(range, own, !k);
        put(k ? below : line, "d", spaces[k].path(unbroken(sampled((x) => read(x)[0], xr), own)));
      });
    }
    const x = readIn(state, xa);
    const [at, slope] = [engine.get(f[0])[0], engine.get(J)[0]];
    const there = sampler(f, [xa])(x + h)[0];
    const mean = (there - at) / h;
    const reach = xr[1] - xr[0];
    const through = (/** @type {number} */ by) => (isFinite(at) && isFinite(by) ? spaces[0].path([[x - reach, at - reach * by], [x + reach, at + reach * by]]) : "");
    put(tangent, "d", through(slope));
    put(secant, "d", through(mean));
    const ends = [[dots, spaces[0], x + h, there], [rate, spaces[1], x, slope], [rate, spaces[1], x, mean]];
    for (const one of [dots, rate]) one.replaceChildren();
    ends.forEach(([group, space, p, q], k) => { if (isFinite(q)) group.append(draw("circle", { cx: space.x(p).toFixed(2), cy: min(9999, space.y(q)).toFixed(2), r: 5, class: k === 1 ? "jm-stays" : "jm-leaves" })); });
    put(gap, "d", isFinite(mean) && isFinite(slope) ? spaces[1].path([[x, slope], [x, mean]]) : "");
    write(words, "secant " + format(mean) + ", tangent " + format(slope));
    move(at);
  }
  return { node: svg, caption: [words, " \u00a0 ", el("label", { class: "jm-rate" }, "h ", range, el("span", {}, shown)), " ", run], update, end: stop };
}

PICTURES.slopes = slopes;
