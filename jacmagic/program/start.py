"""Where the sliders start: a point that shows something.

The first draw is what the language says of a name: 1 for a number, 1, 2, 3, … for a
short vector, small seeded weights. Where nothing can be seen there (the Jacobian is
not finite, or all 0, or the point sits on a kink that another avoids, or a system or
map rests there) the next draw is taken. All are seeded: a block starts at the same point every time.
"""

from __future__ import annotations

import zlib

import numpy as np

Shape = tuple[int, ...]
Ends = tuple[float, float, float | None] | None

MAX_DRAWS = 20
"""Points that are tried for one that shows something. Instead: a value, `x = 2`."""
FEW = 9  # entries that count 1, 2, 3, …
MANY = 20_000  # values of a block beyond which weights are singles, of half the bytes in a page
REACH = 1.5


def first(key: str, shape: Shape, role: str, ends: Ends, label: bool, net: bool, seed: int, many: bool) -> np.ndarray:
    """What a name without a value starts with: a `label` is the target of a cross-entropy, `many` are above MANY."""
    size = int(np.prod(shape, dtype=int))
    if label and shape:
        value = np.zeros(shape)
        value[..., 0] = 1.0
    elif role == "weight" and ends is None:
        value = weight(key, shape, seed)
        value = value.astype(np.float32).astype(float) if many else value
    elif not shape:
        value = np.ones(())
    elif not net and size <= FEW:
        value = np.arange(1.0, size + 1).reshape(shape)
    else:
        value = two_digits(key, shape, seed, REACH)
    return value if ends is None else np.clip(value, ends[0], ends[1])


def weight(key: str, shape: Shape, seed: int) -> np.ndarray:
    """Small weights that are the same every time, none of them 0."""
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    fan = shape[-1] if len(shape) == 2 else 4
    value = rng.uniform(-1.0, 1.0, shape) * (3.0 / max(fan, 1)) ** 0.5
    if value.size <= 400:
        value = np.round(value, 2)
        value = np.where(value == 0, 0.1, value)
    return np.asarray(value)


def two_digits(key: str, shape: Shape, seed: int, reach: float, draw: int = 0) -> np.ndarray:
    """Numbers in (-reach, reach) with two digits behind the point, none of them 0."""
    rng = np.random.default_rng([seed, zlib.crc32(key.encode()), draw, 62])  # 62 sets x, y, z apart, and off 1
    value = np.round(rng.uniform(-reach, reach, shape), 2)
    return np.asarray(np.where(value == 0, 0.1, value))


def aside(shape: Shape, ends: Ends) -> np.ndarray:
    """Where a system or a map is put whose first point rests: off 0 and 1, where textbooks' models rest."""
    low, high, _ = ends or (0.0, 1.0, None)
    return np.round(np.full(shape, low + 0.3 * (high - low)), 2)


def again(key: str, shape: Shape, role: str, ends: Ends, seed: int, draw: int) -> np.ndarray:
    """What a name has in a further draw: every other one positive, the last ones wider; parameters positive."""
    if ends is not None:
        rng = np.random.default_rng([seed, zlib.crc32(key.encode()), draw])
        low, high, _ = ends
        return np.clip(np.round(rng.uniform(low, high, shape), 2), low, high)
    if role == "weight":
        return weight(key, shape, seed + 1000 * draw)
    reach = REACH if draw < 10 else 2 * REACH if draw < 15 else 6 * REACH
    value = two_digits(key, shape, seed, reach, draw)
    positive = draw % 2 == 1 or role in ("parameter", "fixed") and draw < 15
    return np.abs(value) if positive else value
