"""How far the sliders go that have no range: to where there are values, and where a system rests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from jacmagic.engine.graph import ancestry, slot
from jacmagic.panel import pictures
from jacmagic.show import remarks

if TYPE_CHECKING:
    from jacmagic.panel import _Spec

MAX_SLIDERS = 4
"""Entries of a vector that have a slider each; a longer one is a grid of fields. Instead: a field each."""

MAX_RESTS = 4
"""Places where one or two equations rest that their sliders reach. Instead: `x = 1 in [-9, 9]`."""


class Ranges:
    """The ranges of a block's sliders."""

    def __init__(self, spec: _Spec) -> None:
        self.spec, self.rests = spec, rests(spec)

    def of(self, key: str, value: np.ndarray) -> tuple[float, float, float]:
        """Its lower end, upper end and step: those that are stated, or such that what happens is seen."""
        stated = self.spec.p.inputs[key].range
        if stated is not None:
            low, high, step = stated
            return low, high, step if step is not None else nice_step(high - low)
        low, high = span_of(value, self.spec.p.inputs[key].role)
        for rest in self.rests.get(key, ()):
            low, high = min(low, float(f"{min(rest, 1.2 * rest):.2g}")), max(high, float(f"{max(rest, 1.2 * rest):.2g}"))
        bound = self.positive.get(key)
        if bound is not None and (not value.size or value.min() >= bound):
            low = max(low, bound)
        if value.size <= MAX_SLIDERS and key in self.guarded:
            low, high = self.defined(key, value, low, high)
        return low, high, nice_step(high - low)

    @cached_property
    def guarded(self) -> frozenset[str]:
        """The names of a block that roots, logarithms and the like are of, which have no value everywhere."""
        if self.spec.p.net or self.spec.p.conditions:
            return frozenset()
        found = [
            arg for node in ancestry(self.spec.forward.values()) if node.op == "map"
            for guarded, when, _ in remarks.wrong_where(node.data[0]) if when != "==0"
            for k, arg in enumerate(node.args) if guarded.has(slot(k))
        ]
        return frozenset(node.data for node in ancestry(found) if node.op == "input")

    def defined(self, key: str, value: np.ndarray, low: float, high: float) -> tuple[float, float]:
        """The part of a slider's way that has values, up to its steps: arcsin x from -1 to 1, sqrt(1 - x^2 - y^2) likewise."""
        step, ends = nice_step(high - low), []
        for k, here in enumerate(value.ravel().tolist()):
            way = np.unique(np.append(np.linspace(low, high, 601).round(10), here))
            points = np.tile(value.ravel(), (len(way), 1))
            points[:, k] = way
            with np.errstate(all="ignore"):
                found = self.spec.result.forward(**{key: points.reshape(len(way), *value.shape)})
            known = [np.isfinite(one).reshape(len(way), -1).all(axis=1) for one in found.values() if one.shape[:1] == way.shape]
            whole = np.all(known, axis=0)
            if not whole[np.searchsorted(way, here)]:
                return low, high
            first, last = way[whole][[0, -1]]
            ends += [_round(np.floor, first, step), _round(np.ceil, last, step)]
        narrow = max(low, min(ends)), min(high, max(ends))
        return narrow if narrow[0] < narrow[1] else (low, high)

    @cached_property
    def positive(self) -> dict[str, float]:
        """Lower ends for names that stand under a root or a logarithm."""
        out: dict[str, float] = {}
        for node in ancestry(self.spec.forward.values()):
            if node.op != "map":
                continue
            for guarded, when, _ in remarks.wrong_where(node.data[0]):
                for k, arg in enumerate(node.args):
                    if guarded == slot(k) and arg.op == "input" and when in ("<=0", "<0"):
                        out[arg.data] = max(out.get(arg.data, 0.0), 0.1 if when == "<=0" else 0.0)
        return out


def span_of(value: np.ndarray, role: str) -> tuple[float, float]:
    """Where a slider without a range goes: a positive parameter from 0 to three times it, all else from -3 to 3,
    or its value and 3 steps of its size to both sides.
    """
    reach = float(np.max(np.abs(value))) if value.size else 1.0
    if value.shape == () and value > 0 and role in ("parameter", "fixed"):
        return 0.0, float(f"{3 * reach:.12g}")
    if reach <= 3:
        return -3.0, 3.0
    step = 10.0 ** np.floor(np.log10(reach))
    return float(f"{float(value.min()) - 3 * step:.12g}"), float(f"{float(value.max()) + 3 * step:.12g}")


def _round(to: Callable[[float], float], value: float, step: float) -> float:
    """A whole number of steps; what is one but for rounding stays."""
    return float(f"{step * (to(value / step) if abs(value / step - round(value / step)) > 1e-6 else round(value / step)):.12g}")


def nice_step(width: float) -> float:
    """0.1 for a range of a few units; else a hundredth or so of the range, rounded to 1, 2 or 5."""
    if 1.5 <= width <= 25:
        return 0.1
    size = 10.0 ** np.floor(np.log10(width / 50))
    return float(f"{next(s * size for s in (1, 2, 5, 10) if s * size >= width / 100):.6g}")


def rests(spec: _Spec) -> dict[str, list[float]]:
    """{name: where it rests} of x′ = f(x) in one or two numbers that rest at few places."""
    keys = spec.p.variables
    found = pictures.system(spec)
    if spec.p.conditions or not found or found["map"] or len(found["axes"]) != len(keys) or len(keys) > 2 or any(map(spec.p.shape, keys)):
        return {}
    size = max((float(np.max(np.abs(value))) for value in spec.result.values._data.values() if np.size(value)), default=0.0) or 1.0
    with np.errstate(all="ignore"):
        places = _on_a_line(spec, size) if len(keys) == 1 else _in_a_plane(spec, size)
    return dict(zip(keys, places.T.tolist())) if len(places) <= MAX_RESTS else {}


def _on_a_line(spec: _Spec, size: float) -> np.ndarray:
    """Where f turns its sign, and does not leap: within twice the size of the values, or else ten times."""
    (key,), (of,) = spec.p.variables, spec.p.outputs
    for reach in (2 * size, 10 * size):
        x = np.linspace(-reach, reach, 1201) + reach / 3001  # a rest at 0 is between two of them
        f = np.broadcast_to(spec.result.forward(**{key: x})[of], x.shape)
        steps = f[1:] - f[:-1]
        flat = np.abs(steps) <= 0.2 * (np.nanmax(f) - np.nanmin(f)) if np.isfinite(f).any() else False
        here = np.flatnonzero((f[:-1] * f[1:] < 0) & flat)
        if len(here):
            return (x[here] - f[here] * (x[1] - x[0]) / steps[here])[:, None]
    return np.empty((0, 1))


def _in_a_plane(spec: _Spec, size: float) -> np.ndarray:
    """Where Newton's method ends from 100 places near and far; not on a line of rests."""
    starts = size * np.array([-50.0, -20.0, -8.0, -3.0, -1.0, 1.0, 3.0, 8.0, 20.0, 50.0])
    at, wide = np.stack(np.meshgrid(starts + 0.1 * size, starts + 0.2 * size), -1).reshape(-1, 2), 100 * size
    for _ in range(16):
        given = dict(zip(spec.p.variables, at.T))
        f = spec.result.forward(**given)
        u, v = (np.broadcast_to(f[of], len(at)) for of in spec.p.outputs)
        (a, b), (c_, d) = np.moveaxis(np.broadcast_to(spec.result.at(**given), (len(at), 2, 2)), 0, -1)
        det = a * d - b * c_
        step = np.stack([d * u - b * v, a * v - c_ * u], -1) / det[:, None]
        at = at - step
    alone = np.abs(det) > 1e-9 * np.max(np.square([a, b, c_, d]), axis=0)
    ended = alone & np.all(np.abs(step) <= 1e-9 * (size + np.abs(at)), axis=1) & np.all(np.abs(at) <= wide, axis=1)
    return np.unique(np.where(np.abs(at) < 1e-9 * size, 0.0, at)[ended].round(9), axis=0)
