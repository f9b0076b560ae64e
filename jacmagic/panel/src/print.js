/** Numbers in print, and what a person types for one. */

const { abs } = Math;

/** @param {string} digits as JavaScript prints a number */
export const typeset10 = (digits) => {
  const [front, back] = digits.replace("-", "\u2212").split("e");
  if (!back) return front;
  const raised = back.replace(/[-\u2212]/, "\u207b").replace("+", "").replace(/\d/g, (d) => "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[+d]);
  return front + "\u00b7" + "10" + raised;
};
export const strange = (/** @type {number} */ v) => (v > 0 ? "\u221e" : v < 0 ? "\u2212\u221e" : "undefined");

/** A number for a cell: four significant digits, none dropped. @param {number} v */
export const format = (v, digits = 4) => {
  if (!isFinite(v)) return strange(v);
  if (v === 0) return "0";
  return typeset10(abs(v) < 1e-3 ? v.toExponential(digits - 1) : v.toPrecision(digits));
};

/** A number inside a formula or a field: no more digits than it needs. @param {number} v */
export const short = (v, digits = 4) => {
  if (!isFinite(v)) return strange(v);
  const rounded = +v.toPrecision(digits);
  return typeset10(abs(rounded) >= 1e7 || (rounded && abs(rounded) < 1e-4) ? rounded.toExponential() : String(rounded));
};

/** A number that goes by steps: as many decimals as these have, where that is all of it. @param {number} v @param {number} step */
export const stepped = (v, step) => {
  const whole = v.toFixed((/\.(\d+)$/.exec(String(step)) ?? ["", ""])[1].length);
  return +whole === v && abs(v) < 1e7 ? whole.replace("-", "\u2212") : short(v, 6);
};

/** A number for a narrow cell: three decimals, never more than seven characters. @param {number} v */
export const compact = (v) => {
  const size = abs(v);
  if (!isFinite(v)) return v > 0 ? "\u221e" : v < 0 ? "\u2212\u221e" : "?";
  if (!v) return "0";
  return typeset10(size < 5e-4 || size >= 1e5 ? v.toExponential(0) : v.toFixed(size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0));
};

/** A number on a node or an edge: its sign and three digits, however small it is. @param {number} v */
export const signed = (v) => {
  if (!isFinite(v)) return v > 0 ? "+\u221e" : v < 0 ? "\u2212\u221e" : "?";
  if (!v) return "0";
  const rounded = +abs(v).toPrecision(3);
  const digits = rounded < 1e-3 || rounded >= 1e5 ? typeset10(rounded.toExponential(2)) : rounded < 1e3 ? rounded.toPrecision(3) : String(rounded);
  return (v < 0 ? "\u2212" : "+") + digits;
};

/** What a person typed, or NaN: `0.5`, `−2`, `1e-3`, `0,5`, `1/3`. @param {string} text */
export function typed(text) {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const parts = text.trim().replace(/\u2212/g, "-").replace(",", ".").split("/").map((part) => part.trim());
  if (parts.length > 2 || !parts.every((part) => number.test(part))) return NaN;
  return parts.length === 2 ? +parts[0] / +parts[1] : +parts[0];
}
