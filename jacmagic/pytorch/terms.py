"""Tensors as terms of the language.

A tensor of any shape is an Array: terms of the language (numbers, columns, matrices), and for each of
its entries the place where that stands in them. So view, transpose, cat and indexing are what PyTorch
makes of the places, and only what computes has to know the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from math import prod
from typing import Any, Protocol

import numpy as np

Shape = tuple[int, ...]
ATOM, PRODUCT, SUM, CASE = range(4)  # how loosely the text of a term is bound


class Unreadable(ValueError):
    """What the language has no words for; who walks through the module adds the place."""


@dataclass(frozen=True, eq=False)
class Term:
    """An expression of the language, whose value is a number, a column or a matrix.

    origin  the index of the layer that it comes from, for its name
    row     the name of the column that each row of it is, where it is 𝟏 rowᵀ
    """

    text: str
    shape: Shape
    level: int = ATOM
    origin: str = ""
    row: str = ""

    def within(self, level: int) -> str:
        """The text, in brackets where it is bound more loosely."""
        return f"({self.text})" if self.level > level else self.text

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class Array:
    """A tensor: its terms, and for each entry its place in all their entries, row by row, one term after the other."""

    terms: tuple[Term, ...]
    places: Any

    @property
    def shape(self) -> Shape:
        return tuple(self.places.shape)

    @property
    def whole(self) -> bool:
        """True where each entry of each term stands once."""
        flat = self.places.reshape(-1).sort().values
        return len(flat) == sum(term.size for term in self.terms) and bool((flat == arange(len(flat))).all())


@dataclass(frozen=True, eq=False)
class Given:
    """A parameter or buffer of the module, which gets its name from who uses it first."""

    path: str
    tensor: Any
    layer: Any = None

    @property
    def shape(self) -> Shape:
        return tuple(self.tensor.shape)


def torch() -> Any:
    """PyTorch, of which there is a module already."""
    return import_module("torch")


def arange(*shape: int) -> Any:
    return torch().arange(prod(shape)).reshape(shape)


def number(value: float) -> str:
    """A number as the language has it, in brackets below 0."""
    value = float(value)
    if not np.isfinite(value):
        raise Unreadable(f"{value} is no number of the language")
    text = str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return f"({text})" if value < 0 else text


def size(shape: Shape) -> str:
    return f"R^{shape[0]}" if len(shape) == 1 else f"R^({'x'.join(map(str, shape))})" if shape else "R"


def transposed(term: Term) -> str:
    """The text of a transpose."""
    return term.text[:-2] if term.text.endswith("^T") else f"{term.within(ATOM)}^T"


def walk(value: Any) -> Iterator[Any]:
    """Everything in nested tuples, lists, dictionaries and slices."""
    if isinstance(value, (tuple, list)):
        for one in value:
            yield from walk(one)
    elif isinstance(value, dict):
        yield from walk(list(value.values()))
    elif isinstance(value, slice):
        yield from walk([value.start, value.stop, value.step])
    else:
        yield value


class Writer(Protocol):
    """What a block offers to those who put terms together: see `Block`."""

    lines: list[tuple[str, str, Shape]]

    def resolved(self, term: Term) -> Term: ...
    def atom(self, term: Term, letter: str = "h") -> Term: ...
    def tight(self, term: Term) -> Term: ...
    def ones(self, n: int) -> Term: ...
    def constant(self, value: Any, letter: str = "P") -> Term: ...
    def define(self, term: Term, letter: str = "h", index: str | None = None) -> Term: ...
    def fresh(self, letter: str, index: str = "", new: bool = False) -> tuple[str, str]: ...


NAME = re.compile(r"[A-Za-z]+\d*(_\w+|_\{\w+\})?|[\d.]+")
PART = re.compile(rf"({NAME.pattern})(\[[\d.,:]+\])?(\^T)?|flatten\(({NAME.pattern})\)")
