/** Square matrices, row by row: determinant, its logarithm, cofactors and inverse. */

const { abs, floor, log, sign } = Math;

/**
 * The matrix with the identity beside it made triangular by row exchanges; its pivots and the determinant's sign.
 * @param {ArrayLike<number>} a @param {number} n
 */
function eliminated(a, n) {
  const rows = Array.from({ length: n }, (_, i) => Float64Array.from({ length: 2 * n }, (_, j) => (j < n ? a[i * n + j] : +(j - n === i))));
  let turned = 1;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (abs(rows[i][k]) > abs(rows[best][k])) best = i;
    if (best !== k) [rows[k], rows[best], turned] = [rows[best], rows[k], -turned];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] ? rows[i][k] / rows[k][k] : 0;
      for (let j = k; j < 2 * n; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return { rows, pivots: rows.map((row, k) => row[k]), turned };
}

/** @param {ArrayLike<number>} a @param {number} n */
export function determinant(a, n) {
  const { pivots, turned } = eliminated(a, n);
  return pivots.reduce((p, q) => p * q, turned);
}

/** ln det, NaN of a determinant below 0. @param {ArrayLike<number>} a @param {number} n */
export function logDeterminant(a, n) {
  const { pivots, turned } = eliminated(a, n);
  if (pivots.includes(0)) return -Infinity;
  return pivots.reduce((p, q) => p * sign(q), turned) > 0 ? pivots.reduce((sum, q) => sum + log(abs(q)), 0) : NaN;
}

/** The inverse into `out`, NaN where there is none. @param {ArrayLike<number>} a @param {number} n @param {Float64Array} out */
export function inverse(a, n, out) {
  const { rows, pivots } = eliminated(a, n);
  if (pivots.includes(0)) return out.fill(NaN);
  for (let k = n - 1; k >= 0; k--) {
    for (let j = 0; j < n; j++) {
      let left = rows[k][n + j];
      for (let i = k + 1; i < n; i++) left -= rows[k][i] * out[i * n + j];
      out[k * n + j] = left / pivots[k];
    }
  }
  return out;
}

/** The determinants without a row and a column, with their signs. @param {ArrayLike<number>} a @param {number} n @param {Float64Array} out */
export function cofactors(a, n, out) {
  const all = Array.from(a);
  for (let at = 0; at < n * n; at++) {
    const [row, column] = [floor(at / n), at % n];
    const minor = all.filter((_, k) => floor(k / n) !== row && k % n !== column);
    out[at] = ((row + column) % 2 ? -1 : 1) * determinant(minor, n - 1);
  }
}
