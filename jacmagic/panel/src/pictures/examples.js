/** The examples of a net in a picture: which entry is meant, where its middle is, and a click on one that puts its numbers in. */

import { numbers } from "../arrays.js";

const { abs, hypot, max, min } = Math;

/** Pixels from an example within which it is meant. */
const NEAR = 9;

/** @typedef {import("../types.js").Place} Place */
/** @typedef {import("../types.js").Pair} Pair */

/** @param {Place} place */
export function examples(place) {
  const { panel: { spec: { learn } }, picture, state, dom: { el, on, typeset } } = place;
  const { inputs, target, entries } = picture;
  const data = Object.fromEntries([...inputs, target].map((/** @type {string} */ key) => [key, numbers(learn.data[key])]));
  const size = (/** @type {string} */ key) => data[key].length / learn.count;
  const wide = size(target);
  /** The numbers of one input, or of the target, of all examples. @param {string} key @param {number} k */
  const column = (key, k) => Float64Array.from({ length: learn.count }, (_, r) => data[key][r * size(key) + k]);
  const across = inputs.flatMap((/** @type {string} */ key) => Array.from({ length: size(key) }, (_, k) => column(key, k)));
  const held = /** @type {{which?: number}} */ (place);
  held.which = min(held.which ?? (wide === 2 ? 1 : 0), wide - 1);
  const words = (entries ?? []).map((/** @type {string} */ one, /** @type {number} */ k) => {
    const name = typeset(one);
    const word = el("button", { type: "button", class: "jm-word", "aria-pressed": String(k === held.which), "aria-label": name.textContent }, name);
    on(word, "click", () => {
      held.which = k;
      words.forEach((/** @type {any} */ each, /** @type {number} */ i) => each.setAttribute("aria-pressed", String(i === k)));
      place.redraw();
    });
    return word;
  });
  const ends = (/** @type {Float64Array} */ list) => /** @type {Pair} */ ([min(...list), max(...list)]);
  return {
    across, words: words.length ? [el("span", { class: "jm-switch", role: "group", "aria-label": "which output" }, ...words), " \u00a0 "] : [],
    which: () => held.which ?? 0,
    /** Targets of the entry that is shown, their middle, and half of how far they reach. */
    targets() {
      const list = column(target, held.which ?? 0);
      const [lo, hi] = ends(list);
      return { list, middle: (lo + hi) / 2, half: (hi - lo) / 2 || max(1, abs(hi)) };
    },
    /** Along each axis the examples with some air, and the point. @param {number[]} point @returns {Pair[]} */
    ranges: (point) => point.map((v, k) => {
      const [lo, hi] = ends(across[k]);
      const air = 0.15 * (hi - lo) || 1;
      return [min(lo - air, v), max(hi + air, v)];
    }),
    /** A click on an example makes its numbers the panel's. @param {any} svg @param {ReturnType<typeof import("./plane.js").plane>} space @param {(r: number) => number[]} spot where it is drawn */
    heard(svg, space, spot) {
      on(svg, "click", (event) => {
        const [x, y] = space.at(event);
        const away = (/** @type {number} */ r) => { const [p, q] = spot(r); return hypot(space.x(p) - space.x(x), space.y(q) - space.y(y)); };
        const r = Array.from({ length: learn.count }, (_, k) => k).reduce((p, q) => (away(q) < away(p) ? q : p));
        if (!(away(r) < NEAR)) return;
        const news = [...inputs, target].flatMap((/** @type {string} */ key) => Array.from({ length: size(key) }, (_, k) => /** @type {[any, number, number]} */ ([state.byKey.get(key), k, data[key][r * size(key) + k]])));
        state.assignAll(news.filter(([name]) => name));
      });
    },
  };
}
