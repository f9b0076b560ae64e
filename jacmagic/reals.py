"""Values that come from Python, as arrays of doubles: one way in for all of them."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from jacmagic.errors import ValueMistake

_OTHERS = (str, bytes, bytearray, complex, np.complexfloating, np.datetime64, np.timedelta64, type(None))
"""What float() would take, in part or wholly, though it is no real number, and None."""


def reals(name: str, value: Any) -> np.ndarray:
    """A value as a float64 array: of Python, NumPy, SymPy, decimals, fractions, and tensors.

    Raises:
        ValueMistake: text, bytes, dates, None, masked entries, complex numbers, numbers beyond a double;
            never a part of them, or NaN or infinity in their place.
    """
    if type(value) is float:
        return np.asarray(value)
    if type(value) is np.ndarray and value.dtype == np.float64:
        return value
    try:
        found = np.asarray(_plain(value))
        objects = found.dtype.kind == "O" and not any(isinstance(one, _OTHERS) for one in found.flat)
        if found.dtype.kind not in "biuf" and not objects:
            raise TypeError
        with np.errstate(over="ignore"):  # some versions of NumPy warn where others raise
            out = found.astype(float, copy=False)  # also SymPy's numbers, fractions, decimals
    except OverflowError:
        raise ValueMistake(f"{name} takes numbers up to 1.8e308, not {reprlib.repr(value)}.", None) from None
    except (TypeError, ValueError, RuntimeError):
        raise ValueMistake(f"{name} takes real numbers, not {reprlib.repr(value)}.", None) from None
    if found.dtype != float and (np.isinf(out) & (found != out)).any():  # a decimal or a long double, 1e400
        raise ValueMistake(f"{name} takes numbers up to 1.8e308, not {reprlib.repr(value)}.", None)
    return out


def _plain(value: Any) -> Any:
    """The value without what NumPy would read as numbers; tensors, also in lists, as NumPy's arrays."""
    if type(value) in (float, int):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, _OTHERS) or np.ma.is_masked(value):
        raise TypeError
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return (value.double() if value.is_floating_point() else value).numpy()
    return value
