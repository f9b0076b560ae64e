/** Two variables, one function: contours and the gradient. */

import { largest, strength } from "../colours.js";
import { critical } from "../descent.js";
import { contours, equalUnits, extent, heights, steady, uphill } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { format, short } from "../print.js";
import { canvasFor } from "./canvas.js";
import { downhill } from "./downhill.js";
import { labels, mark } from "./marks.js";
import { arrow, handle, plane, rangeIn, readIn } from "./plane.js";

const { abs, hypot, max, min, round } = Math;

/** @typedef {import("../types.js").Pair} Pair */

/** @type {import("../types.js").Picture} */
function contour(engine, place) {
  const { picture, background, sampler, lettered, dom } = place;
  const { page, draw, put, write } = dom;
  const { width, height } = place;
  const [xa, ya] = [place.axis(picture.x), place.axis(picture.y)];
  const svg = canvasFor(place, width, height, "contours and gradient");
  // Where one range is much the longer, a narrower plane lets a unit be as long on both axes.
  const [across, up] = [xa, ya].map((one) => { const [lo, hi] = rangeIn(place.state, one); return hi - lo; });
  const high = height - 62;
  const space = plane(place, svg, 48, 30, min(width - 64, max(0.7 * high, (2.2 * high * across) / up)), high);
  const sheet = draw("g", { class: "jm-contours" });
  const through = draw("path", { class: "jm-through" });
  const gradient = draw("path", { class: "jm-gradient" });
  space.inside.append(sheet, through);
  const [band, part] = [draw("path", { class: "jm-band-lit" }), draw("path", { class: "jm-arrow-f" })];
  const marks = draw("g", { class: "jm-marks" });
  const free = labels(space);
  const named = draw("g");
  space.over.append(marks, band, part, gradient, named);
  let along = -1;
  svg.append(lettered(xa.label, { x: space.left + space.width + 14, y: height - 8, "text-anchor": "end" }), lettered(ya.label, { x: 48, y: 20, "text-anchor": "middle" }));
  const move = handle(place, svg, space, xa, ya);
  const size = 57;
  const field = new Float64Array(size * size);
  /** What the axes show: the sliders' ranges, and more of the shorter one. @type {[Pair, Pair]} */
  let shown = [[0, 1], [0, 1]];
  /** @type {Pair | null} */
  let zr = null;
  let seen = "";
  /** @param {Pair} point @returns {Pair} */
  const spot = ([i, j]) => {
    const [xr, yr] = shown;
    return [xr[0] + (i / (size - 1)) * (xr[1] - xr[0]), yr[0] + (j / (size - 1)) * (yr[1] - yr[0])];
  };
  /** The lines of a level; a scrap of one, as at the edge of where a function is defined, is none. @param {number} level */
  const trace = (level) => contours(field, size, size, level).filter((one) => one.length > 3).map((one) => one.map(spot));
  const J = picture.J ?? place.main;
  const text = page.createTextNode("");
  const down = downhill(place, [xa, ya]);
  const [path, dots] = [draw("path", { class: "jm-descent-path" }), draw("g", { class: "jm-descent-dots" })];
  space.inside.append(path, dots);
  function update() {
    const state = background(picture.x, picture.y);
    if (state !== seen) {
      seen = state;
      shown = space.range(...equalUnits(rangeIn(place.state, xa), rangeIn(place.state, ya), space.width, space.height, 4));
      const sample = sampler([picture.f], [xa, ya]);
      for (let j = 0; j < size; j++) for (let i = 0; i < size; i++) field[j * size + i] = sample(...spot([i, j]))[0];
      zr = steady(zr, extent(field));
      sheet.replaceChildren();
      const levels = heights(field, zr, 18);
      const top = largest(levels);
      free.clear();
      marks.replaceChildren();
      const slope = sampler([J], [xa, ya]);
      for (const { at: [x, y], word } of critical((at) => Array.from(slope(...at)), shown, [space.width, space.height].map((size, k) => size / (shown[k][1] - shown[k][0])))) mark(dom, marks, free, space.x(x), space.y(y), word, word === "minimum");
      for (const level of levels) {
        const lines = trace(level);
        const hue = level < 0 ? "jm-below-zero" : level ? "" : "jm-zero";
        sheet.append(draw("path", { d: lines.map((one) => space.path(one)).join(""), class: hue, "stroke-opacity": (0.45 + 0.55 * strength(level, top)).toFixed(2) }));
        const longest = lines.sort((p, q) => q.length - p.length)[0];
        if (!longest || longest.length < 14) continue;
        // The label goes where no other stands yet, well inside the frame.
        for (const part of [0.5, 0.3, 0.7, 0.2, 0.8]) {
          const [x, y] = longest[round(part * (longest.length - 1))];
          const at = free.near(space.x(x), space.y(y), 22, [[0, 4]]);
          if (!at) continue;
          sheet.append(draw("text", { x: at[0], y: at[1], "text-anchor": "middle" }, short(level)));
          break;
        }
      }
    }
    const [x, y, f] = [readIn(place.state, xa), readIn(place.state, ya), engine.get(picture.f)[0]];
    put(through, "d", isFinite(f) ? trace(f).map((one) => space.path(one)).join("") : "");
    const J0 = engine.shown(J);
    const [px, py] = [space.width / (shown[0][1] - shown[0][0]), space.height / (shown[1][1] - shown[1][0])];
    const equal = abs(px - py) < 1e-9 * px;
    put(gradient, "d", arrow(space.x(x), space.y(y), ...uphill(J0, px, py)));
    const whole = uphill(J0, px, py);
    const long = hypot(...whole);
    free.moved([[space.x(x), space.y(y)]]);
    free.aside(space.x(x), space.y(y));
    const at = long > 30 && place.rows[0] && free.near(space.x(x) + whole[0], space.y(y) + whole[1], 14, [20, 32].map((by) => [(by * whole[0]) / long, (by * whole[1]) / long + 6]), false);
    named.replaceChildren(...(at ? [lettered(place.rows[0].key, { before: "\u2207", x: at[0].toFixed(1), y: at[1].toFixed(1), "text-anchor": "middle", class: "jm-symbol jm-haloed" })] : []));
    const [dx, dy] = [along === 0 ? whole[0] : 0, along === 1 ? whole[1] : 0];
    const lit = along >= 0 && equal ? arrow(space.x(x), space.y(y), dx, dy) : "";
    put(part, "d", lit);
    put(part, "class", "jm-arrow-f " + (J0[along] < 0 ? "jm-neg" : "jm-pos"));
    put(band, "d", lit && "M" + space.x(x).toFixed(1) + " " + space.y(y).toFixed(1) + "l" + dx.toFixed(1) + " " + dy.toFixed(1));
    write(text, "gradient (" + format(J0[0]) + ", " + format(J0[1]) + "), " + (equal ? "the steepest way up" : "at right angles to the contour; the axes have different units") + "; dashed: same value");
    const value = sampler([picture.f], [xa, ya]);
    const points = down.path((at) => value(...at)[0]);
    put(path, "d", points.length > 1 ? space.path(points) : "");
    dots.replaceChildren(...points.slice(1).map(([p, q]) => draw("circle", { cx: space.x(p).toFixed(1), cy: space.y(q).toFixed(1), r: 3.2 })));
    move(y);
  }
  return { node: svg, caption: [text], below: down.controls, update, end: down.end, light(_, j) { along = j; } };
}

PICTURES.contour = contour;
