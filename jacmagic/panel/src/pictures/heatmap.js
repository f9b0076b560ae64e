/** A large Jacobian as a canvas, a pixel an entry. */

import { heat } from "../matrices.js";
import { PICTURES } from "../parts.js";

const { max, round } = Math;

/** @type {import("../types.js").Picture} */
function heatmap(engine, place) {
  const { panel, picture, lettered, dom: { draw } } = place;
  const { table } = panel.state;
  const { rows, columns } = table;
  const output = picture.value ?? table.output;
  const [m, n] = panel.state.matrixShape(output, rows.length);
  const map = heat(panel, () => engine.shown(output), m, n, { says: "Jacobian as a heat-map", rows, columns });
  const ends = (/** @type {any[]} */ list, /** @type {string} */ word, /** @type {string} */ behind) => (list.length > 1 ? [word + " ", panel.label(list[0].key), " to ", panel.label(list[list.length - 1].key), behind] : []);
  return {
    node: map.node,
    caption: [...ends(rows, "rows", ", "), ...ends(columns, "columns", "; "), "orange positive, blue negative"],
    update() {},
    end() {},
    save() {
      const [width, height] = [max(n, 240), max(m, round((240 * m) / n), 60)];
      return draw("svg", { viewBox: "0 0 " + width + " " + height, width: 3 * width, height: 3 * height }, draw("image", { href: map.canvas.toDataURL(), width, height, preserveAspectRatio: "none", style: "image-rendering:pixelated" }));
    },
  };
}

PICTURES.heatmap = heatmap;
