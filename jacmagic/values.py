"""Points of a block: the current one, and arrays as they are given and handed out."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterator, Mapping, MutableMapping
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from jacmagic import code, names
from jacmagic.code import Compiled
from jacmagic.errors import nearest
from jacmagic.program.lowerer import MAX_VALUE
from jacmagic.program.model import Shape
from jacmagic.reals import reals

if TYPE_CHECKING:
    from jacmagic.result import Result


class Values(MutableMapping[str, Any]):
    """The current point, {name: value}; setting one moves its slider and tells the observers.

    Each carries a serial number, higher than that of every value before it, so that outputs of
    one result on a page know which is newer. A whole one is the kernel's, the hand's end in .5: no two are equal.
    """

    def __init__(self, result: Result, start: Mapping[str, np.ndarray]) -> None:
        self._result = result
        self._data = {key: np.array(value, dtype=float) for key, value in start.items()}
        self.serials: dict[str, float] = dict.fromkeys(self._data, 0)

    def __getitem__(self, key: str) -> Any:
        value = self._data[self._known(key)]
        return float(value) if value.shape == () else value.copy()

    def __setitem__(self, key: str, value: Any) -> None:
        self.update_all({key: value})

    def __delitem__(self, key: str) -> None:
        raise TypeError("the names of a block stay as they are; only their values change")

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return repr({key: self[key] if self._data[key].ndim == 0 else self._data[key].tolist() for key in self._data})

    def __str__(self) -> str:
        """The values as a line of a block, to paste: x = 1; w = [1, 2]; W = [[1, 2], [3, 4]]."""
        return "; ".join(f"{names.name(key).text} = {_typed(self._data[key].tolist())}" for key in self._data)

    def _known(self, key: str) -> str:
        if key in self._data:
            return key
        close = nearest(key, self._data)
        hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(self._data)}"
        raise KeyError(f"no name {key!r} in this block{hint}")

    def update_all(
        self, values: Mapping[str, Any], source: object = None, serials: Mapping[str, float] | None = None
    ) -> None:
        """Set several values at once; all of them or, at an error, none. From a page they come with their serials."""
        new: dict[str, np.ndarray] = {}
        places = {key: (key, None) if key in self._data else self._result.place(key) for key in values}
        for key in wholes_first(places):
            array, (whole, k) = reals(key, values[key]), places[key]
            want = self._data[self._known(whole)].shape
            array = accepted(key, array, want if k is None else ())
            if k is not None:
                kept = new.get(whole, self._data[whole]).copy()
                kept.flat[k] = array
                array = kept
            new[whole] = array.copy()  # what was given may change later
        old = dict(self._data)
        self._data.update(new)
        self.settle()
        changed = {key: v for key, v in self._data.items() if not np.array_equal(old[key], v)}
        following = 1 + math.floor(max(self.serials.values(), default=0))
        self.serials |= dict.fromkeys(changed, following) if serials is None else {
            key: max(self.serials[key], serials[key]) for key in new if key in serials
        }
        if changed:
            self._result.changed(changed, source)

    def settle(self) -> None:
        """Move what equations define onto them, where that can be done."""
        if self._result.program.conditions is not None:
            point = self._result.point({})
            for key in (one.data for one in self._result.program.conditions.names):
                found = np.asarray(point[identifier(key)], dtype=float)
                self._data[key] = found if np.isfinite(found).all() else self._data[key]


class Single(np.ndarray):
    """A 1×1 array that is a number, too: `float(r.at(x=3))`, `f"{r.at(x=3):.3f}"`.

    A Jacobian has two axes, whatever its size; of NumPy's own arrays float() takes those without axes alone.
    """

    def __float__(self) -> float:
        return float(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))


def _typed(value: Any) -> str:
    """A number, vector or matrix as a block has it: 2 for 2.0."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_typed, value)) + "]"
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


class Flat:
    """A function of one flat array, as SciPy's solvers take it; it pickles.

    Shapes:
        (n,) to (m,) or (m, n), as `at`; a batch (…, n) has its axes in front
    """

    def __init__(self, made: Compiled, shapes: Mapping[str, Shape]) -> None:
        self._made, self._shapes = made, dict(shapes)
        self._size = sum(map(prod, self._shapes.values()))

    def __call__(self, flat: Any) -> np.ndarray:
        array = reals("the point", flat)
        if array.shape[-1:] != (self._size,):
            order = ", ".join(self._shapes)
            raise ValueError(f"the point has shape {array.shape}, expected ({self._size},), the entries of {order}")
        ends = np.cumsum([prod(shape) for shape in self._shapes.values()])[:-1]
        parts = np.split(array, ends, axis=-1)
        point = {
            identifier(key): part.reshape(array.shape[:-1] + shape)
            for (key, shape), part in zip(self._shapes.items(), parts)
        }
        return np.asarray(self._made(**point))


@lru_cache(maxsize=10_000)
def identifier(key: str, backend: str = "") -> str:
    """The name as Python can write it, and every backend that runs here; or as one that is asked for can."""
    taken = any(key in code.reserved(one) for one in ([backend] if backend else code.RUNNING))
    return names.aside(key) if taken or keyword.iskeyword(key) or not key.isidentifier() else key


def wholes_first(places: Mapping[str, tuple[str, int | None]]) -> list[str]:
    """The names with their components, such as x1 of x, behind all others, in whatever order they were given."""
    return sorted(places, key=lambda name: places[name][1] is not None)


def accepted(key: str, array: np.ndarray, shape: Shape) -> np.ndarray:
    """The array in the shape that a name has; an error where it has another, or is not finite."""
    array = fitted(array, shape)
    if array.shape != shape:
        raise ValueError(f"{key} has shape {array.shape}, expected {shape or 'a number'}")
    if not np.isfinite(array).all() or np.max(np.abs(array)) > MAX_VALUE:
        raise ValueError(f"{key} is not a finite number, or too large")
    return array


def fitted(array: np.ndarray, shape: Shape) -> np.ndarray:
    """The array with axes of length 1 added or left out where that makes it the shape; never its numbers rearranged."""
    alike = [n for n in array.shape if n != 1] == [n for n in shape if n != 1]
    return array.reshape(shape) if alike else array
