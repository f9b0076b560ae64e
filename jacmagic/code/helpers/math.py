"""Helpers of generated plain Python: Python raises an error where floating-point numbers, and NumPy, have
an infinity or nan."""

import math


def _flat(x):
    """Nested lists as one flat one."""
    rows = x.tolist() if hasattr(x, "tolist") else list(x)
    return [v for row in rows for v in _flat(row)] if rows and not isinstance(rows[0], (int, float)) else rows


def _nest(x, shape):
    """A flat list as nested tuples."""
    if len(shape) == 1:
        return tuple(x)
    step = len(x) // shape[0]
    return tuple(_nest(x[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0]))


def _ratio(a, b):
    """a / b, infinite or nan where b is 0."""
    try:
        return a / b
    except ZeroDivisionError:
        return a * math.copysign(math.inf, b)


def _power(z, p):
    """z to the p, infinite where it is too large and nan where it is not real."""
    try:
        return math.pow(z, p)
    except (OverflowError, ValueError):
        if z < 0 and p % 1:
            return math.nan
        return math.copysign(math.inf, z) if p % 2 == 1 else math.inf


def _exp(z):
    """e to the z, infinite where it is too large."""
    try:
        return math.exp(z)
    except OverflowError:
        return math.inf


def _expm1(z):
    """e to the z less 1, infinite where it is too large."""
    try:
        return math.expm1(z)
    except OverflowError:
        return math.inf


def _cosh(z):
    """Infinite where it is too large."""
    try:
        return math.cosh(z)
    except OverflowError:
        return math.inf


def _sinh(z):
    """Infinite where it is too large."""
    try:
        return math.sinh(z)
    except OverflowError:
        return math.copysign(math.inf, z)


def _atanh(z):
    """Infinite at 1 and -1, nan where it is not real."""
    try:
        return math.atanh(z)
    except ValueError:
        return math.copysign(math.inf, z) if abs(z) == 1 else math.nan


def _log(z, f=math.log):
    """The logarithm, -infinite at 0, nan where it is not real."""
    try:
        return f(z)
    except ValueError:
        return -math.inf if z == 0 else math.nan


def _real(f, z):
    """A function where it is real, else nan."""
    try:
        return f(z)
    except ValueError:
        return math.nan


def _whole(f, z):
    """z rounded by f, as it is where it is infinite or nan."""
    return float(f(z)) if math.isfinite(z) else z


def _sign(z):
    """1, -1 or 0, nan of nan."""
    return float((z > 0) - (z < 0)) if z == z else z


def _max(a, b):
    """The larger one, nan where one is nan."""
    return a if a >= b or a != a else b


def _min(a, b):
    """The smaller one, nan where one is nan."""
    return a if a <= b or a != a else b


def _eliminated(a, n):
    """A square matrix, flat, and the identity beside it by rows, made triangular; the determinant's sign."""
    rows = [[*a[k * n : k * n + n], *(float(j == k) for j in range(n))] for k in range(n)]
    sign = 1.0
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if best != k:
            rows[k], rows[best], sign = rows[best], rows[k], -sign
        for i in range(k + 1, n):
            factor = _ratio(rows[i][k], rows[k][k]) if rows[i][k] else 0.0
            rows[i] = [p - factor * q for p, q in zip(rows[i], rows[k])]
    return rows, sign


def _det(a, n):
    """The determinant, by elimination."""
    rows, sign = _eliminated(a, n)
    return sign * math.prod(rows[k][k] for k in range(n))


def _logdet(a, n):
    """The logarithm of a determinant above 0, nan of one below."""
    rows, sign = _eliminated(a, n)
    pivots = [rows[k][k] for k in range(n)]
    if 0 in pivots:
        return -math.inf
    return sum(_log(abs(p)) for p in pivots) if sign * math.prod(math.copysign(1, p) for p in pivots) > 0 else math.nan


def _inv(a, n, out):
    """The inverse into out, nan where there is none."""
    rows, _ = _eliminated(a, n)
    if any(rows[k][k] == 0 for k in range(n)):
        out[:] = [math.nan] * (n * n)
        return
    for k in reversed(range(n)):
        rows[k] = [p / rows[k][k] for p in rows[k]]
        for i in range(k):
            factor = rows[i][k]
            rows[i] = [p - factor * q for p, q in zip(rows[i], rows[k])]
        out[k * n : k * n + n] = rows[k][n:]


def _cof(a, n, out):
    """The cofactors into out: the determinants without a row and a column, with their signs."""
    for i in range(n):
        for j in range(n):
            minor = [a[p * n + q] for p in range(n) for q in range(n) if p != i and q != j]
            out[i * n + j] = (-1) ** (i + j) * _det(minor, n - 1)
