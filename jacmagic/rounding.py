"""What of a derivative's numbers is nothing but rounding, and shown as 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jacmagic.result import Result

NOISE = 1e-12
"""Below this part of the largest one beside it, a number is rounding, and shown as 0; panel/src/numeric.js too."""


def without_noise(numbers: np.ndarray) -> np.ndarray:
    """Numbers as they are shown: 0 for what is nothing but the rounding of the others, and no −0."""
    sizes = np.abs(numbers)
    return np.where(sizes < NOISE * np.max(sizes, where=np.isfinite(sizes), initial=0), 0.0, numbers) + 0.0


SMALL = 1e-6
"""A number below this may be the rounding of larger ones that have cancelled; then its inputs are nudged."""

MAX_NUDGED = 400
"""Entries of a derivative whose smallest are looked at for rounding by nudged inputs.
Instead: `r.at(…)`, which has them as they were computed."""


def steady(result: Result, *names: str) -> np.ndarray:
    """A derivative as it is shown: 0 for what is nothing but rounding, also where nothing larger stands beside it.

    An entry is rounding where it is below NOISE of the largest; and where a change of the inputs by up to eight units
    in their last place changes it by half of itself, so that no digit of it is sure: −sin x at the double nearest to π.
    A small number that the inputs settle, 1e-20 of 1e-20 x, stays; panel/src/evaluator.js does the same.

    Args:
        names: what by what; the whole Jacobian without them.
    """
    found = without_noise(result.at(*names))
    small = (found != 0) & (np.abs(found) < SMALL)
    if not small.any() or found.size > MAX_NUDGED:
        return found
    for turn in range(1, 5):
        values, count = {}, 0
        for key, value in result.values._data.items():
            units = (3 * np.arange(count, count + value.size) + 5 * turn) % 17 - 8
            values[key], count = value * (1 + np.reshape(units, value.shape) * 2.0**-52), count + value.size
        with np.errstate(all="ignore"):
            changed = np.abs(result.at(*names, **values) - found) >= np.abs(found) / 2
        found = np.where(small & changed, 0.0, found)
    return found
