/** A map of two variables: the points of its orbit, and its fixed points with their word. */

import { equalUnits, nice } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { iterated, plus } from "../systems.js";
import { canvasFor } from "./canvas.js";
import { apart, eigenlines } from "./eigenlines.js";
import { labels, mark } from "./marks.js";
import { arrow, handle, plane, rangeIn, readIn } from "./plane.js";
import { stepper } from "./stepper.js";
import { destiny, fixedPoints, ratesOf, sight } from "./system.js";

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
function orbit(engine, place) {
  const { background, dom, height, lettered, picture, state, width } = place;
  const { draw, el, page, put, write } = dom;
  const axes = picture.axes.map(place.axis);
  const [xa, ya] = axes;
  const svg = canvasFor(place, width, height, "the points of the orbit, and fixed points");
  const space = plane(place, svg, 48, 30, width - 64, height - 62);
  const [dots, jumps] = ["jm-dots", "jm-orbit jm-web"].map((one) => draw("path", { class: one }));
  const [band, step, part, marks] = [draw("path", { class: "jm-band-lit" }), draw("path"), draw("path", { class: "jm-arrow-f" }), draw("g", { class: "jm-marks" })];
  const [ways, signs] = [draw("g", { class: "jm-ways" }), draw("g")];
  space.inside.append(ways, dots, jumps);
  space.over.append(signs, band, step, part, marks);
  svg.append(lettered(xa.label, { x: width - 2, y: height - 8, "text-anchor": "end" }), lettered(ya.label, { x: 48, y: 20, "text-anchor": "middle" }));
  const move = handle(place, svg, space, xa, ya);
  const free = labels(space);
  const [text, count] = [page.createTextNode(""), page.createTextNode("")];
  const how = (place.walk ??= { steps: 6 });
  const { stop, words } = stepper(place, how, "orbit");
  /** @type {(Pair | null)[]} */
  let box = [null, null];
  /** @type {ReturnType<typeof fixedPoints>} */
  let found = [];
  let [seen, drawn, row, column] = ["", "", -1, -1];
  /** @type {Pair[]} */
  let shown = [[0, 1], [0, 1]];
  function update() {
    const rates = ratesOf(place, picture);
    const now = background(xa.key, ya.key);
    const ranges = axes.map((/** @type {any} */ one) => rangeIn(state, one));
    if (now !== seen) { seen = now; found = fixedPoints(rates, ranges); }
    const start = axes.map((/** @type {any} */ one) => readIn(state, one));
    const gone = iterated(rates.next, start, 1500);
    const points = gone.path;
    box = box.map((old, k) => sight(old, [...found.map((one) => one.at[k]), start[k], ...(gone.gone ? [] : points.map((p) => p[k]))], ranges[k]));
    shown = space.range(...equalUnits(/** @type {Pair} */ (box[0]), /** @type {Pair} */ (box[1]), space.width, space.height, 3));
    if (drawn !== now + shown) {
      drawn = now + shown;
      for (const group of [marks, ways, signs]) group.replaceChildren();
      free.clear();
      const spot = (/** @type {number[]} */ [x, y]) => [space.x(x), space.y(y)];
      free.keep(found.map((one) => spot(one.at)));
      for (const { at, J } of found) {
        const { word, stable } = rates.kind(J);
        mark(dom, marks, free, space.x(at[0]), space.y(at[1]), word.replace("not decided by J: ", ""), stable);
      }
      if (found.length <= 6) for (const one of found) eigenlines(dom, { ways, signs }, free, { at: one.at, J: plus(one.J, 2, 1) }, spot, { map: true, reach: () => apart(found, one, spot) });
    }
    put(dots, "d", points.map((p) => space.path([p, p])).join(""));
    put(jumps, "d", space.path(points.slice(0, how.steps + 1)));
    const unit = [space.width, -space.height].map((size, k) => size / (shown[k][1] - shown[k][0]));
    const lit = row >= 0 && column >= 0;
    const size = nice((shown[column]?.[1] - shown[column]?.[0]) / 10);
    const k = picture.order.indexOf(row);
    const { f, J } = rates.read(start);
    const by = (J[2 * k + column] + +(k === column)) * size * unit[k];
    const [x, y] = [space.x(start[0] + f[0]), space.y(start[1] + f[1])];
    const [dx, dy] = k ? [0, by] : [by, 0];
    const [ax, ay] = column ? [0, size * unit[1]] : [size * unit[0], 0];
    put(step, "class", ["jm-step-x", ...(lit ? place.hue(axes[column].label) : [])].join(" "));
    put(step, "d", lit ? arrow(space.x(start[0]), space.y(start[1]), ax, ay) : "");
    put(part, "d", lit && isFinite(x + y) ? arrow(x, y, dx, dy) : "");
    put(part, "class", "jm-arrow-f " + (by * unit[k] < 0 ? "jm-neg" : "jm-pos"));
    put(band, "d", lit && isFinite(x + y + dx + dy) ? "M" + x.toFixed(1) + " " + y.toFixed(1) + "l" + dx.toFixed(1) + " " + dy.toFixed(1) : "");
    write(text, destiny(gone) + " The line joins its first " + how.steps + " steps.");
    write(count, "steps: " + how.steps);
    move(start[1]);
  }
  return { node: svg, caption: [text], below: el("span", { class: "jm-descent" }, ...words, el("span", { class: "jm-count" }, count)), update, end: stop, light(i, j) { [row, column] = [i, j]; } };
}

PICTURES.orbit = orbit;
