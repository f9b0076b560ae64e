/** A value's hue and strength. */

const { abs, max, min } = Math;

export const POSITIVE = [213, 94, 0];
export const NEGATIVE = [0, 114, 178];

/** How strongly a value is tinted beside the largest of its kind: 0 to 1. @param {number} v @param {number} top */
export const strength = (v, top) => (top > 0 && isFinite(v) ? min(1, abs(v) / top) : 0);
export const largest = (/** @type {ArrayLike<number>} */ values) => {
  let top = 0;
  for (let k = 0; k < values.length; k++) if (isFinite(values[k])) top = max(top, abs(values[k]));
  return top;
};
export const tint = (/** @type {number} */ v, /** @type {number} */ top) => {
  if (!v || !isFinite(v)) return "rgb(128 128 128 / .1)";
  return "rgb(" + (v > 0 ? POSITIVE : NEGATIVE).join(" ") + " / " + (0.09 + 0.46 * strength(v, top)).toFixed(2) + ")";
};

/**
 * The class that colours each name: variables in the order of their columns, the fifth and all beyond ink with a dash;
 * parameters, weights and targets grey.
 * @param {any} spec @returns {Map<string, string>}
 */
export function hues(spec) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const name of spec.names) {
    if (!["variable", "input"].includes(name.role)) found.set(name.key, "jm-param");
  }
  (spec.result?.columns ?? []).forEach((/** @type {{key: string}} */ one, /** @type {number} */ k) => found.set(one.key, "jm-hue" + min(k, 4)));
  for (const name of spec.names) {
    // A vector of one entry is its entry; of a matrix or a longer vector each entry has its own.
    const only = found.get(name.key + "[1]");
    if (only && name.shape.length === 1 && name.shape[0] === 1) found.set(name.key, only);
  }
  return found;
}
