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
