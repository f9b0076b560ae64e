"""Points to try where a block's start values give no finite number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

EVERYWHERE = (1.0, 2.0, 0.5, 1.5)
"""What all entries are first."""

REACHES = (3,) * 56 + (12,) * 40 + (60,) * 40
"""How far from 0 the random points lie after that; in the nearest their entries have one digit behind the point."""

Stated = tuple[float, float, float | None]
"""Low end, high end and step of a range that a block states."""


def trials(names: Mapping[str, tuple[tuple[int, ...], Stated | None]]) -> Iterator[dict[str, np.ndarray]]:
    """Values for names by shapes and stated ranges, the same at each call: the simple ones first, then wider."""
    rng = np.random.default_rng(0)
    for number in EVERYWHERE:
        yield {key: _within(np.full(shape, number), stated) for key, (shape, stated) in names.items()}
    for reach in REACHES:
        yield {
            key: _within(np.round(rng.uniform(-reach, reach, shape), int(reach == 3)), stated)
            for key, (shape, stated) in names.items()
        }


def _within(value: np.ndarray, stated: Stated | None) -> np.ndarray:
    return value if stated is None else np.clip(value, stated[0], stated[1])
