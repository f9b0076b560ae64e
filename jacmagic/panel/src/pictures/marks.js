/** Points that are marked in a plane, and their words. */

const { abs } = Math;

/** @typedef {import("../types.js").Pair} Pair */
/** @typedef {import("../types.js").Place} Place */

/** Where texts stand in a plane, so that none covers another. @param {{left: number, top: number, width: number, height: number}} space */
export function labels({ left, top, width, height }) {
  /** @type {number[][]} x, y and half the width of each */
  let written = [];
  /** @type {number[][]} points that no text covers */
  let discs = [];
  const clear = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ half) => x > left + half && x < left + width - half && y > top + 16 && y < top + height - 8 && !written.some(([a, b, other]) => abs(a - x) < half + other && abs(b - y) < 22) && !discs.some(([a, b]) => abs(a - x) < half + 7 && y > b - 9 && y < b + 17);
  return {
    clear: () => { written = []; discs = []; },
    /** No text stands over these. @param {number[][]} points */
    keep: (points) => { discs = points; },
    /** The first place beside a point that is free, or none. @param {number} x @param {number} y @param {number} half @param {number[][]} offsets @returns {Pair | undefined} */
    near(x, y, half, offsets) {
      const found = offsets.map(([dx, dy]) => /** @type {Pair} */ ([x + dx, y + dy])).find(([p, q]) => clear(p, q, half));
      if (found) written.push([...found, half]);
      return found;
    },
  };
}

/**
 * A point that stays, filled where it is stable, with its word where there is room.
 * @param {Place["dom"]} dom @param {any} group @param {ReturnType<typeof labels>} free @param {number} x @param {number} y @param {string} said @param {boolean} stable
 */
export function mark({ draw }, group, free, x, y, said, stable) {
  group.append(draw("circle", { cx: x.toFixed(2), cy: y.toFixed(2), r: 6, class: stable ? "jm-stays" : "jm-leaves" }));
  const half = 4 * said.length;
  const at = free.near(x, y, half, [[0, 24], [0, -14], [half + 12, 5], [-half - 12, 5], [half + 8, -12], [-half - 8, -12]]);
  if (at) group.append(draw("text", { x: at[0], y: at[1], "text-anchor": "middle", class: "jm-haloed" }, said));
}
