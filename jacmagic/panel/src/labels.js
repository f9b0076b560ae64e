/** The typeset names of rows, columns, sliders and their entries, as Python sent them. */

import { entryKey } from "./state.js";

/** @typedef {import("./types.js").Label} Label */

/** @param {any} spec @param {import("./types.js").Dom} dom */
export function labels(spec, { math, typeset }) {
  /** @type {Map<string, string | undefined>} */
  const known = new Map();
  const cards = (spec.chain?.cards ?? []).flatMap((/** @type {any} */ card) => [...(card.rows ?? []), ...(card.columns ?? [])]);
  for (const one of [...(spec.functions ?? []), ...(spec.result?.rows ?? []), ...(spec.result?.columns ?? []), ...cards]) known.set(one.key, one.mathml);
  for (const name of spec.names) {
    known.set(name.key, name.mathml);
    (name.entries ?? []).forEach((/** @type {string} */ mathml, /** @type {number} */ k) => known.set(entryKey(name.key, name.shape, k), mathml));
  }
  return {
    markup: (/** @type {string} */ key) => known.get(key) ?? "<math><mi>" + key.replace(/[&<]/g, "") + "</mi></math>",
    /** @param {string} key @returns {any} */
    label(key) {
      const mathml = known.get(key);
      return mathml ? typeset(mathml) : math("math", math("mi", key));
    },
  };
}
