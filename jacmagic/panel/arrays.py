"""Arrays as a spec carries them: short ones as lists, long ones as the bytes of singles or doubles; arrays.js reads them."""

from __future__ import annotations

import base64

import numpy as np

LONG = 100
"""Entries up to which an array is a list: its numbers have few digits, and deflate well."""


def carried(array: np.ndarray) -> list[float] | dict[str, str]:
    """The entries in order: a list, or where that is shorter {"f4" or "f8": their bytes as base64}; exact in each case."""
    flat = np.asarray(array, dtype=float).ravel()
    kind = _kind(flat)
    # A byte is 4/3 letters; the first entries tell how many digits all have.
    if flat.size <= LONG or len(repr([short(v) for v in flat[:LONG]])) <= LONG * int(kind[1]) * 4 / 3:
        return [short(v) for v in flat]
    return {kind: base64.b64encode(flat.astype(f"<{kind}").tobytes()).decode()}


def weight(array: np.ndarray) -> int:
    """How many bytes the entries have."""
    return array.size * int(_kind(array)[1])


def short(value: float) -> float:
    """A number as JSON keeps it exactly, whole ones without a point."""
    value = float(value)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _kind(array: np.ndarray) -> str:
    """f4 where every entry is a single exactly."""
    with np.errstate(over="ignore"):
        return "f4" if np.array_equal(array.astype(np.float32), array) else "f8"
