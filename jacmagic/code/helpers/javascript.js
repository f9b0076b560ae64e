/** Nested arrays as one flat one. */
function _flat(x) {
  return Array.isArray(x) ? x.flat(Infinity) : [...x];
}

/** A flat array as nested ones. */
function _nest(x, shape) {
  if (shape.length < 2) return x;
  const rest = shape.slice(1), step = rest.reduce((a, b) => a * b, 1);
  return Array.from({length: shape[0]}, (_, k) => _nest(x.slice(k * step, (k + 1) * step), rest));
}

/** The error function: Abramowitz & Stegun 7.1.6 up to 3. */
function _erf(z) {
  const x = Math.abs(z);
  if (x >= 3) return Math.sign(z) * (1 - _erfc(x));
  let sum = z, term = z;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) sum += term *= 2 * x * x / (2 * k + 1);
  return 2 * Math.exp(-x * x) / Math.sqrt(Math.PI) * sum;
}

/** 1 - erf(z) without loss: the continued fraction 7.1.14 from 3 on. */
function _erfc(z) {
  if (!(z >= 3)) return 1 - _erf(z);
  let fraction = z;
  for (let k = 60; k > 0; k--) fraction = z + k / 2 / fraction;
  return Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction;
}
