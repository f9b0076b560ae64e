"""Points on the equations that define names: Newton's method moves these onto them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from jacmagic.engine.implicit import newton
from jacmagic.values import identifier

if TYPE_CHECKING:
    from jacmagic.result import Result

MAX_STEPS = 30
"""Newton's steps towards a point on the equations. Instead: a value to start from, `y = -1`."""

ENOUGH = 1e-10
"""A step of this part of a number is the last: Newton's steps double the digits."""

NOTHING = 1e-12
"""Where a step ends below this, 0 is tried: rounding does not hit it."""


def moved(result: Result, point: Mapping[str, Any]) -> dict[str, Any]:
    """The point with the names that equations define moved onto them; NaN where none is found."""
    found = result.program.conditions
    if found is None:
        return dict(point)
    g = result.program.graph
    keys = [identifier(one.data) for one in found.names]
    run = result.once("newton", lambda: result.compile_nodes({str(k): one for k, one in enumerate(newton(g, found))}))

    def step(at: Sequence[np.ndarray]) -> list[np.ndarray]:
        taken = run(**{**point, **dict(zip(keys, at))})
        return [np.asarray(taken[str(k)], dtype=float) for k in range(len(keys))]

    with np.errstate(all="ignore"):
        values, met = newtons(step, [point[key] for key in keys], [len(one.shape) for one in found.names])
    return {**point, **{key: np.where(behind(met, len(one.shape)), value, np.nan)
                        for key, value, one in zip(keys, values, found.names)}}


def newtons(
    step: Callable[[Sequence[np.ndarray]], list[np.ndarray]], start: Sequence[Any], axes: Sequence[int]
) -> tuple[list[np.ndarray], np.ndarray]:
    """Where Newton's steps lead, and whether they end; `axes` of each array are its own, those in front a batch.

    At a double root the steps get shorter by halves, and what they end at is no regular point.
    """
    at = [np.asarray(value, dtype=float) for value in start]
    before = last = np.zeros(())
    met = np.asarray(False)
    for _ in range(MAX_STEPS):
        taken = step(at)
        at = [one - delta for one, delta in zip(at, taken)]
        parts = [np.abs(delta) / (1 + np.abs(one)) for one, delta in zip(at, taken)]
        size = reduce(np.maximum, [part.max(axis=tuple(range(-n, 0))) for part, n in zip(parts, axes)])
        large = size > ENOUGH
        before, last = np.where(large, last, before), np.where(large, size, last)
        met = ~large & ~((before > 0) & (last > before / 4))
        if not large.any():
            break
    return _zeros(step, at), met


def _zeros(step: Callable[[Sequence[np.ndarray]], list[np.ndarray]], at: list[np.ndarray]) -> list[np.ndarray]:
    """The numbers with 0 for what is nearly 0, where Newton's step from there is nothing, either."""
    near = [(np.abs(one) < NOTHING) & (one != 0) for one in at]
    if not any(one.any() for one in near):
        return at
    zeros = [np.where(small, 0.0, one) for small, one in zip(near, at)]
    return [np.where(small & (np.abs(taken) < np.finfo(float).eps), 0.0, one)
            for small, one, taken in zip(near, at, step(zeros))]


def behind(mask: np.ndarray, axes: int) -> np.ndarray:
    """The mask with as many axes of length 1 behind its own."""
    return mask.reshape(mask.shape + (1,) * axes)
