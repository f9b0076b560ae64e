/** Functions of numbers, as the graph names them. */

const { abs, exp, log, sqrt, max, min, floor, ceil, PI } = Math;

export const ROOT_HALF = Math.SQRT1_2;

/** The error function. Source: Abramowitz & Stegun 7.1.6, all terms positive; 7.1.14 from 2.5 on. */
export const erf = (/** @type {number} */ z) => (abs(z) < 2.5 ? erfSeries(z) : z > 0 ? 1 - erfTail(z) : z < 0 ? erfTail(-z) - 1 : z);
/** 1 - erf(z) without cancellation where it is small. */
export const erfc = (/** @type {number} */ z) => (z < 2.5 ? 1 - erf(z) : erfTail(z));

/** @param {number} z */
export function erfSeries(z) {
  let term = z;
  let sum = z;
  for (let n = 1; abs(term) > 1e-17 * abs(sum); n++) sum += term *= (2 * z * z) / (2 * n + 1);
  return (2 / sqrt(PI)) * exp(-z * z) * sum;
}

/** @param {number} z at least 2.5 */
export function erfTail(z) {
  if (!(z < 28)) return z > 0 ? 0 : z;
  let below = z;
  for (let k = 80; k; k--) below = z + k / 2 / below;
  return exp(-z * z) / sqrt(PI) / below;
}

/** @param {number} z */
export function sigmoid(z) {
  if (z >= 0) return 1 / (1 + exp(-z));
  const t = exp(z);
  return t / (1 + t);
}

export const softplus = (/** @type {number} */ z) => max(z, 0) + Math.log1p(exp(-abs(z)));

/** Powers as NumPy has them: 1^anything is 1, where JavaScript says NaN. @param {number} a @param {number} b */
export const power = (a, b) => (a === 1 || (a === -1 && abs(b) === Infinity) ? 1 : a ** b);

export const SELU = 1.0507009873554805;
export const SELU_ALPHA = 1.6732632423543772;

/** Every entrywise function of jacmagic's table, by name. @type {Record<string, (...z: number[]) => number>} */
export const FUNCTIONS = {
  sqrt, exp, abs, max, min, floor, ceil, erf, erfc, sigmoid, softplus,
  ln: log, log, log2: Math.log2, log10: Math.log10, cbrt: Math.cbrt, sign: Math.sign,
  log1p: Math.log1p, expm1: Math.expm1,
  sin: Math.sin, cos: Math.cos, tan: Math.tan,
  cot: (z) => 1 / Math.tan(z), sec: (z) => 1 / Math.cos(z), csc: (z) => 1 / Math.sin(z),
  asin: Math.asin, acos: Math.acos, atan: Math.atan, atan2: Math.atan2,
  sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh, asinh: Math.asinh, acosh: Math.acosh, atanh: Math.atanh,
  coth: (z) => 1 / Math.tanh(z), sech: (z) => 1 / Math.cosh(z), csch: (z) => 1 / Math.sinh(z),
  acoth: (z) => Math.atanh(1 / z), asech: (z) => Math.acosh(1 / z), acsch: (z) => Math.asinh(1 / z),
  relu: (z) => max(z, 0),
  leaky_relu: (z) => (z > 0 ? z : z / 100),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
  selu: (z) => SELU * (z > 0 ? z : SELU_ALPHA * Math.expm1(z)),
  gelu: (z) => (z * erfc(-z * ROOT_HALF)) / 2,
  silu: (z) => z * sigmoid(z),
  softsign: (z) => z / (1 + abs(z)),
  mish: (z) => z * Math.tanh(softplus(z)),
  hardtanh: (z) => min(max(z, -1), 1),
  step: (z) => (z > 0 ? 1 : 0),
  logit: (p) => log(p) - Math.log1p(-p),
  logsigmoid: (z) => -softplus(-z),
  relu6: (z) => min(max(z, 0), 6),
  hardswish: (z) => (z * min(max(z + 3, 0), 6)) / 6,
  clip: (z, low, high) => min(max(z, low), high),
  gelu_tanh: (z) => z * sigmoid(2 * sqrt(2 / PI) * (z + 0.044715 * z ** 3)),
};

/** @type {Record<string, (a: any, b: any) => boolean>} */
export const RELATIONS = {
  "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
  "==": (a, b) => a === b, "!=": (a, b) => a !== b,
};

/** A number of the spec; JSON has no infinities. @param {any} value */
export const numeral = (value) => (typeof value === "number" ? value : value === "inf" ? Infinity : value === "-inf" ? -Infinity : NaN);
