/** A map of one variable: its cobweb, where its orbit goes, and its fixed points judged by the slope there. */

import { equalUnits } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { short } from "../print.js";
import { iterated } from "../systems.js";
import { canvasFor } from "./canvas.js";
import { labels, mark } from "./marks.js";
import { handle, plane, rangeIn, readIn, sampled, unbroken } from "./plane.js";
import { stepper } from "./stepper.js";
import { destiny, fixedPoints, ratesOf, sight } from "./system.js";

const { max, min } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
function cobweb(engine, place) {
  const { background, dom, height, lettered, picture, state, width } = place;
  const { draw, el, page, put, write } = dom;
  const xa = place.axis(picture.axes[0]);
  const svg = canvasFor(place, width, height, "cobweb: the map, the diagonal, the orbit between them, and fixed points");
  const space = plane(place, svg, 50, 30, width - 66, height - 62);
  const [line, diagonal, tangent, web] = [["jm-curve", ...place.hue(xa.label)], ["jm-diagonal"], ["jm-tangent jm-through"], ["jm-orbit jm-web"]].map((one) => draw("path", { class: one.join(" ") }));
  const marks = draw("g", { class: "jm-marks" });
  space.inside.append(diagonal, line, tangent, web);
  space.over.append(marks);
  svg.append(lettered(xa.label, { x: width - 2, y: height - 8, "text-anchor": "end" }), lettered(place.rows[0].key, { x: 50, y: 20, "text-anchor": "middle" }));
  const move = handle(place, svg, space, xa);
  const free = labels(space);
  const [text, count] = [page.createTextNode(""), page.createTextNode("")];
  const how = (place.walk ??= { steps: 50 });
  const { stop, words } = stepper(place, how, "orbit");
  /** @type {Pair | null} */
  let range = null;
  /** @type {ReturnType<typeof fixedPoints>} */
  let found = [];
  let [seen, drawn] = ["", ""];
  /** The map, its diagonal and fixed points, where the picture stands. @param {ReturnType<typeof ratesOf>} rates @param {Pair} seenRange */
  function sheet({ next, kind }, seenRange) {
    const [xr, yr] = space.range(...equalUnits(seenRange, seenRange, space.width, space.height));
    put(line, "d", space.path(unbroken(sampled((x) => next([x])[0], xr), yr)));
    const [lo, hi] = [min(xr[0], yr[0]), max(xr[1], yr[1])];
    put(diagonal, "d", space.path([[lo, lo], [hi, hi]]));
    marks.replaceChildren();
    free.clear();
    for (const { at: [x], J } of found) {
      const { word, stable } = kind(J);
      const said = (/decided/.test(word) ? "not decided" : word.split(" ")[0]) + ", \u03bb = " + short(J[0] + 1, 3);
      if (x > xr[0] && x < xr[1]) mark(dom, marks, free, space.x(x), space.y(x), said, stable);
    }
  }
  function update() {
    const rates = ratesOf(place, picture);
    const x = readIn(state, xa);
    const now = background(xa.key);
    if (now !== seen) { seen = now; found = fixedPoints(rates, [rangeIn(state, xa)]); }
    const orbit = iterated(rates.next, [x]);
    // An orbit that leaves would take the picture with it.
    range = sight(range, [...found.map((one) => one.at[0]), x, ...(orbit.gone ? [] : orbit.path.map((p) => p[0]))], rangeIn(state, xa));
    const sheeted = now + range;
    if (sheeted !== drawn) { drawn = sheeted; sheet(rates, range); }
    const { f: [step], J: [slope] } = rates.read([x]);
    const [y, by, reach] = [x + step, slope + 1, 0.2 * (range[1] - range[0])];
    put(tangent, "d", space.path([[x - reach, y - reach * by], [x + reach, y + reach * by]]));
    const walked = Array.from({ length: how.steps }, (_, k) => {
      const end = orbit.path.length - 1;
      // On its cycle it goes on for ever.
      const on = (/** @type {number} */ i) => (i <= end ? orbit.path[i] : orbit.cycle ? orbit.path[end - orbit.cycle.length + 1 + ((i - end - 1) % orbit.cycle.length)] : [NaN])[0];
      return [[on(k), on(k + 1)], [on(k + 1), on(k + 1)]];
    }).flat();
    put(web, "d", space.path([[x, max(range[0], min(range[1], 0))], ...walked]));
    write(text, destiny(orbit) + " Where the curve meets the diagonal the point stays, stable where |\u03bb| < 1.");
    write(count, "steps: " + how.steps);
    move(y);
  }
  return { node: svg, caption: [text], below: el("span", { class: "jm-descent" }, ...words, el("span", { class: "jm-count" }, count)), update, end: stop };
}

PICTURES.cobweb = cobweb;
