/** A net of two inputs with its examples: the value of its output over the plane, and where it changes sides. */

import { NEGATIVE, POSITIVE, strength } from "../colours.js";
import { contours } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { short } from "../print.js";
import { canvasFor } from "./canvas.js";
import { examples } from "./examples.js";
import { handle, plane, readIn } from "./plane.js";

const { min } = Math;

/** Numbers along each side of the map. */
const N = 41;

/** @type {import("../types.js").Picture} */
function decision(engine, place) {
  const { picture, background, sampler, lettered, dom: { draw, el, page, put, typeset, write }, width, height } = place;
  const [xa, ya] = picture.axes.map(place.axis);
  const svg = canvasFor(place, width, height, "decision map");
  const high = height - 62;
  const space = plane(place, svg, 48, 30, min(width - 64, 1.25 * high), high);
  const map = draw("image", { x: space.left, y: space.top, width: space.width, height: space.height, preserveAspectRatio: "none" });
  const [border, dots] = [draw("path", { class: "jm-border" }), draw("g", { class: "jm-examples" })];
  space.inside.append(map, border, dots);
  svg.append(lettered(xa.label, { x: space.left + space.width + 14, y: height - 8, "text-anchor": "end" }), lettered(ya.label, { x: 48, y: 20, "text-anchor": "middle" }));
  const move = handle(place, svg, space, xa, ya);
  const data = examples(place);
  data.heard(svg, space, (r) => data.across.map((/** @type {Float64Array} */ list) => list[r]));
  const sheet = el("canvas", { width: N, height: N });
  const ink = sheet.getContext("2d");
  const pixels = ink.createImageData(N, N);
  const field = new Float64Array(N * N);
  const text = page.createTextNode("");
  let [seen, known] = ["", ""];
  /** @param {import("../types.js").Pair[]} wanted */
  function paint([across, up]) {
    const [xr, yr] = space.range(across, up);
    const { list, middle, half } = data.targets();
    const sample = sampler([picture.f], [xa, ya]);
    const which = data.which();
    const spot = (/** @type {number} */ i, /** @type {number} */ j) => [xr[0] + (i / (N - 1)) * (xr[1] - xr[0]), yr[0] + (j / (N - 1)) * (yr[1] - yr[0])];
    for (let j = 0; j < N; j++) for (let i = 0; i < N; i++) {
      const v = (field[j * N + i] = sample(...spot(i, j))[which]) - middle;
      pixels.data.set([...(v > 0 ? POSITIVE : NEGATIVE), 150 * strength(v, half)], 4 * ((N - 1 - j) * N + i));
    }
    ink.putImageData(pixels, 0, 0);
    put(map, "href", sheet.toDataURL());
    put(border, "d", contours(field, N, N, middle).map((one) => space.path(one.map(([i, j]) => spot(i, j)))).join(""));
    const state = [xr, yr, which].join();
    if (state === known) return;
    known = state;
    dots.replaceChildren(...Array.from(list, (v, r) => draw("circle", { cx: space.x(data.across[0][r]).toFixed(1), cy: space.y(data.across[1][r]).toFixed(1), r: list.length > 250 ? 3.5 : 5, class: v > middle ? "jm-pos" : "jm-neg" })));
    write(text, "is orange above " + short(middle) + ", blue below; dots: the examples, a click puts one in");
  }
  function update() {
    const ranges = data.ranges([xa, ya].map((one) => readIn(place.state, one)));
    const state = [background(...picture.inputs, picture.target), data.which(), ...ranges].join();
    if (state !== seen) { seen = state; paint(ranges); }
    move(readIn(place.state, ya));
  }
  return { node: svg, caption: [...(data.words.length ? data.words : [typeset(picture.name), " "]), text], update, end() {} };
}

PICTURES.decision = decision;
