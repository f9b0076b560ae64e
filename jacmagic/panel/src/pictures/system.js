/** What pictures of a system, and the words beside its Jacobian, read of it. */

/** @typedef {import("../types.js").Place} Place */

/**
 * The rates at a point of the axes, and with their Jacobian, rows in the order of the axes.
 * @param {Place} place @param {any} system @returns {{rate(at: number[]): number[], read: import("../systems.js").Read}}
 */
export function ratesOf({ axis, main, picture, sampler }, { axes, f, order }) {
  const n = axes.length;
  const along = axes.map(axis);
  const [alone, both] = [sampler([f], along), sampler([f, picture.J ?? main], along)];
  const row = (/** @type {ArrayLike<number>} */ list, /** @type {number} */ from) => Array.from({ length: n }, (_, k) => list[from + k]);
  return {
    rate(at) { const list = alone(...at); return order.map((/** @type {number} */ i) => list[i]); },
    read(at) { const list = both(...at); return { f: order.map((/** @type {number} */ i) => list[i]), J: order.flatMap((/** @type {number} */ i) => row(list, n + i * n)) }; },
  };
}
