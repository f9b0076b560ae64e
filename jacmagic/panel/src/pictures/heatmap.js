/** A large Jacobian as a canvas, a pixel an entry. */

import { fold } from "../folds.js";
import { heat } from "../matrices.js";
import { PICTURES } from "../parts.js";

const { max } = Math;

/** @type {import("../types.js").Picture} */
function heatmap(engine, place) {
  const { panel, picture, lettered, dom: { draw } } = place;
  const { table } = panel.state;
  const { rows, columns } = table;
  const output = picture.value ?? table.output;
  const [m, n] = panel.state.matrixShape(output, rows.length);
  const map = heat(panel, () => engine.shown(output), m, n, { says: "Jacobian as a heat-map", rows, columns, max: 400, fold });
  const ends = (/** @type {any[]} */ list, /** @type {string} */ word, /** @type {string} */ behind) => (list.length > 1 ? [word + " ", panel.label(list[0].key), " to ", panel.label(list[list.length - 1].key), behind] : []);
  return {
    node: map.node,
    caption: [...ends(rows, "rows", ", "), ...ends(columns, "columns", "; "), "orange positive, blue negative"],
    update() {},
    end() {},
    save() {
      const { width, height } = map.canvas;
      const scale = max(1, 720 / width);
      return draw("svg", { viewBox: "0 0 " + width + " " + height, width: scale * width, height: scale * height }, draw("image", { href: map.canvas.toDataURL(), width, height, style: "image-rendering:pixelated" }));
    },
  };
}

PICTURES.heatmap = heatmap;
