/** A net of one input with its examples: its output as a curve among them. */

import { extent, steady } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { format } from "../print.js";
import { canvasFor } from "./canvas.js";
import { examples } from "./examples.js";
import { handle, plane, readIn, sampled } from "./plane.js";

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
function fit(engine, place) {
  const { picture, background, sampler, lettered, dom: { draw, page, put, typeset, write }, width, height } = place;
  const xa = place.axis(picture.axes[0]);
  const svg = canvasFor(place, width, height, "fitted curve");
  const space = plane(place, svg, 50, 30, width - 66, height - 62);
  const [curve, dots, dot] = [draw("path", { class: "jm-curve" }), draw("g", { class: "jm-examples jm-plain" }), draw("circle", { r: 4, class: "jm-dot" })];
  space.inside.append(dots, curve, dot);
  svg.append(lettered(xa.label, { x: width - 2, y: height - 8, "text-anchor": "end" }));
  const move = handle(place, svg, space, xa);
  const data = examples(place);
  data.heard(svg, space, (r) => [data.across[0][r], data.targets().list[r]]);
  const text = page.createTextNode("");
  /** @type {Pair | null} */
  let yr = null;
  let [seen, known] = ["", ""];
  /** @param {Pair} wanted */
  function paint(wanted) {
    const { list } = data.targets();
    const which = data.which();
    const sample = sampler([picture.f], [xa]);
    const read = (/** @type {number} */ x) => sample(x)[which];
    const all = sampled(read, wanted, 120);
    yr = steady(yr, extent([...list, ...all.map(([, v]) => v)], 0));
    const [xr] = space.range(wanted, yr);
    put(curve, "d", space.path(sampled(read, xr)));
    const state = [xr, yr, which].join();
    if (state === known) return;
    known = state;
    dots.replaceChildren(...Array.from(list, (v, r) => draw("circle", { cx: space.x(data.across[0][r]).toFixed(1), cy: space.y(v).toFixed(1), r: 4 })));
  }
  function update() {
    const [range] = data.ranges([readIn(place.state, xa)]);
    const state = [background(...picture.inputs, picture.target), data.which(), ...range].join();
    if (state !== seen) { seen = state; paint(range); }
    const [x, y] = [readIn(place.state, xa), engine.get(picture.f)[data.which()]];
    put(dot, "cx", space.x(x).toFixed(1));
    put(dot, "cy", space.y(y).toFixed(1));
    write(text, "= " + format(y) + " at the point, among the examples; a click on one puts it in");
    move(y);
  }
  return { node: svg, caption: [...(data.words.length ? data.words : [typeset(picture.name), " "]), text], update, end() {} };
}

PICTURES.fit = fit;
