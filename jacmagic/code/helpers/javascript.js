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

/** A square matrix with the identity beside it, by rows, made triangular; the determinant's sign. */
function _eliminated(a, n) {
  const rows = Array.from({length: n}, (_, k) => [...a.slice(k * n, k * n + n), ...Array.from({length: n}, (_, j) => +(j === k))]);
  let sign = 1;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    if (best !== k) [rows[k], rows[best], sign] = [rows[best], rows[k], -sign];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] ? rows[i][k] / rows[k][k] : 0;
      for (let j = 0; j < 2 * n; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return {pivots: rows.map((row, k) => row[k]), rows, sign};
}

/** The determinant, by elimination. */
function _det(a, n) {
  const {pivots, sign} = _eliminated(a, n);
  return pivots.reduce((p, q) => p * q, sign);
}

/** The logarithm of a determinant above 0, NaN of one below. */
function _logdet(a, n) {
  const {pivots, sign} = _eliminated(a, n);
  if (pivots.includes(0)) return -Infinity;
  return pivots.reduce((p, q) => p * Math.sign(q), sign) > 0 ? pivots.reduce((p, q) => p + Math.log(Math.abs(q)), 0) : NaN;
}

/** The inverse into out, NaN where there is none. */
function _inv(a, n, out) {
  const {pivots, rows} = _eliminated(a, n);
  if (pivots.includes(0)) return out.fill(NaN);
  for (let k = n - 1; k >= 0; k--) {
    rows[k] = rows[k].map((p) => p / pivots[k]);
    for (let i = 0; i < k; i++) {
      const factor = rows[i][k];
      rows[i] = rows[i].map((p, j) => p - factor * rows[k][j]);
    }
    for (let j = 0; j < n; j++) out[k * n + j] = rows[k][n + j];
  }
}

/** The cofactors into out: the determinants without a row and a column, with their signs. */
function _cof(a, n, out) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const minor = [...a].filter((_, k) => Math.floor(k / n) !== i && k % n !== j);
      out[i * n + j] = ((i + j) % 2 ? -1 : 1) * _det(minor, n - 1);
    }
  }
}
