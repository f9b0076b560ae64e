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

/** f at every place of a shape: axes are [length, stride of operand 0, stride of operand 1, ...]. */
function _each(axes, f, ...operands) {
  const out = [];
  const walk = (k, at) => {
    if (k === axes.length) out.push(f(...operands.map((x, i) => x[at[i]])));
    else for (let j = 0; j < axes[k][0]; j++) walk(k + 1, at.map((p, i) => p + j * axes[k][i + 1]));
  };
  walk(0, operands.map(() => 0));
  return out;
}

/** Products summed over some axes, each [length, stride in a, stride in b]. */
function _dot(a, b, kept, summed) {
  const out = [];
  const total = (k, i, j) => {
    if (k === summed.length) return a[i] * b[j];
    const [n, p, q] = summed[k];
    let sum = 0;
    for (let m = 0; m < n; m++) sum += total(k + 1, i + m * p, j + m * q);
    return sum;
  };
  const walk = (k, i, j) => {
    if (k === kept.length) out.push(total(0, i, j));
    else for (let m = 0; m < kept[k][0]; m++) walk(k + 1, i + m * kept[k][1], j + m * kept[k][2]);
  };
  walk(0, 0, 0);
  return out;
}

/** Entries at places within every row of a given length. */
function _take(x, length, at) {
  const out = [];
  for (let row = 0; row < x.length; row += length) for (const k of at) out.push(x[row + k]);
  return out;
}

/** Entries added to rows of zeros at places. */
function _put(x, length, at) {
  const rows = x.length / at.length, out = new Array(rows * length).fill(0);
  for (let r = 0; r < rows; r++) at.forEach((k, i) => { out[r * length + k] += x[r * at.length + i]; });
  return out;
}

/** The rows of several arrays side by side. */
function _join(rows, ...parts) {
  const out = [];
  for (let r = 0; r < rows; r++)
    for (const x of parts) for (let k = x.length / rows * r; k < x.length / rows * (r + 1); k++) out.push(x[k]);
  return out;
}

/** The identity. */
function _eye(n) {
  return Array.from({length: n * n}, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
}

/** f of every row of a given length. */
function _rows(x, length, f) {
  const out = [];
  for (let row = 0; row < x.length; row += length) out.push(...[f(x.slice(row, row + length))].flat());
  return out;
}

/** Safe for any argument. */
function _softmax(z) {
  const top = Math.max(...z), e = z.map((v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

/** Safe for any argument. */
function _log_softmax(z) {
  const top = Math.max(...z), sum = z.reduce((a, v) => a + Math.exp(v - top), 0);
  return z.map((v) => v - top - Math.log(sum));
}

/** Safe for any argument. */
function _logsumexp(z) {
  const top = Math.max(...z);
  return top + Math.log(z.reduce((a, v) => a + Math.exp(v - top), 0));
}

/** The product of all other entries. */
function _others(z) {
  const out = z.map(() => 1);
  for (let k = 0, p = 1; k < z.length; p *= z[k++]) out[k] *= p;
  for (let k = z.length - 1, p = 1; k >= 0; p *= z[k--]) out[k] *= p;
  return out;
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
