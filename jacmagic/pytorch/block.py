"""The block that a module becomes: its lines, and its names with their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from jacmagic.functions import CONSTANTS, SPELLINGS
from jacmagic.pytorch.lay import lay
from jacmagic.pytorch.terms import (
    ATOM,
    NAME,
    PART,
    Array,
    Given,
    Shape,
    Term,
    Unreadable,
    arange,
    number,
    size,
    torch,
)


@dataclass
class Block:
    """The lines of a net as they are written, with the values of its names.

    lines   definitions: name, expression, shape
    values  {key: value} of every name
    heads   declarations, and what is said of names
    names   {path in the module: name, or names in nested lists}
    said    remarks
    learnt  paths of the parameters
    given_tokens  {input: tokens}, inputs  the keys of all inputs
    here    where in the module it is at
    """

    heads: list[str] = field(default_factory=list)
    lines: list[tuple[str, str, Shape]] = field(default_factory=list)
    values: dict[str, np.ndarray] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    learnt: frozenset[str] = frozenset()
    given_tokens: dict[str, Any] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    here: str = ""
    _numbers: dict[str, str] = field(default_factory=dict)
    _known: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    _constants: dict[Any, Term] = field(default_factory=dict)

    # -------------------------------------------------------------- names
    def index(self, path: str) -> str:
        """The index of a layer's names: its path in the module, or its number where that has no letters."""
        joined = "".join(re.findall(r"[A-Za-z0-9]+", path))
        if not joined:
            return ""
        if joined.isdigit():
            return self._numbers.setdefault(path, str(len(self._numbers) + 1))
        return joined

    def fresh(self, letter: str, index: str = "", new: bool = False) -> tuple[str, str]:
        """A key that nothing has, and how it is written: the letter with that index, or with the next free number."""
        found, count = index, 0
        while (new and not count) or self._taken(letter, found):
            count += 1
            found = str(count)
        key = _key(letter, found)
        self.spelled[key] = _spelled(letter, found)
        return key, self.spelled[key]

    def _taken(self, letter: str, index: str) -> bool:
        return _key(letter, index) in self.spelled or _spelled(letter, index) in SPELLINGS

    def word(self, path: str) -> tuple[str, str]:
        """A name for a parameter of the reader's own: its word where the language can have that."""
        word = path.rsplit(".", 1)[-1]
        fits = re.fullmatch(r"[A-Za-z]\d*|[A-Za-z]{2,}(_[A-Za-z0-9]+)?", word)
        if fits and word not in self.spelled and word not in SPELLINGS and word not in (*CONSTANTS, "lambda"):
            self.spelled[word] = word
            return word, word
        return self.fresh("w", self.index(path))

    # -------------------------------------------------------------- what is given
    def given(self, one: Given, letter: str = "", index: str | None = None) -> Array:
        """A parameter as terms with names: one, or of more than two axes a matrix each of the last two."""
        kept = self._known.get(id(one.tensor))
        if kept is None:
            kept = self._known[id(one.tensor)] = (one.tensor, self._name(one, letter, index))
        self.names.setdefault(one.path, kept[1][0])
        array: Array = kept[1][1]
        return array

    def _name(self, one: Given, letter: str, index: str | None) -> tuple[Any, Array]:
        data = one.tensor.detach().cpu().double().numpy()
        slim = _slim(data.shape) if data.ndim > 2 else data.shape
        count = prod(slim[:-2])
        if count > MAX_PARTS:
            raise Unreadable(f"{one.path} has {count} kernels; at most {MAX_PARTS} are written one by one")
        if count == 1:
            key, text = self.word(one.path) if not letter else self.fresh(letter, self.of(one, index))
            return key, Array((self.keep(key, text, data.reshape(slim), one),), arange(*data.shape))
        base = self.of(one, index)
        keys, terms = [], []
        for at, part in zip(np.ndindex(*slim[:-2]), data.reshape(-1, *slim[-2:])):
            ending = "".join(f"{axis}{k + 1}" for axis, k in zip("oijk", at))
            key, text = self.fresh(letter or "w", base + ending)
            keys.append(key)
            terms.append(self.keep(key, text, part, one))
        nested = np.array(keys, dtype=object).reshape(slim[:-2]).tolist()
        return nested, Array(tuple(terms), arange(*data.shape))

    def of(self, one: Given, index: str | None = None) -> str:
        return self.index(one.path.rpartition(".")[0]) if index is None else index

    def keep(self, key: str, text: str, value: Any, one: Given | None = None) -> Term:
        """A name with its value; what is no parameter of the module is fixed."""
        self.values[key] = np.asarray(value, dtype=float)
        if one is None or one.path not in self.learnt:
            self.fixed.append(text)
        return Term(text, self.values[key].shape)

    def chunks(self, one: Given, letters: Sequence[str]) -> list[Term]:
        """A parameter that is several, one above the other: W_ii, W_if, W_ig, W_io of weight_ih."""
        kept = self._known.get(id(one.tensor))
        if kept is None:
            data = np.split(one.tensor.detach().cpu().double().numpy(), len(letters))
            base = self.of(one)
            found = []
            for spelling, part in zip(letters, data):
                letter, _, ending = spelling.partition("_")
                key, text = self.fresh(letter, base + ending)
                found.append((key, self.keep(key, text, part, one)))
            kept = self._known[id(one.tensor)] = (one.tensor, ([key for key, _ in found], [term for _, term in found]))
        self.names.setdefault(one.path, kept[1][0])
        terms: list[Term] = kept[1][1]
        return terms

    def constant(self, value: Any, letter: str = "P") -> Term:
        """A fixed vector or matrix of numbers, named once."""
        value = np.asarray(value, dtype=float)
        kept = (value.shape, value.tobytes())
        if kept not in self._constants:
            self._constants[kept] = self.keep(*self.fresh(letter, str(1 + len(self._constants))), value)
        return self._constants[kept]

    def ones(self, n: int) -> Term:
        return self.constant(np.ones(n), "u")

    def array(self, value: Any) -> Array:
        """Whatever an operation is given, as an array: parameters, numbers, tensors of numbers."""
        if isinstance(value, Array):
            return value
        if isinstance(value, Given):
            return self.given(value)
        if isinstance(value, (int, float)) or not value.ndim:
            return Array((Term(number(float(value)), ()),), arange())
        tensor = torch().as_tensor(value)
        slim = _slim(tensor.shape)
        data = np.where(np.isneginf(tensor.double().numpy()), -1e9, tensor.double().numpy())  # exp(-1e9) is 0, too
        parts = data.reshape(-1, *slim[-2:]) if len(slim) > 2 else [data.reshape(slim)]
        return Array(tuple(self.constant(part) for part in parts), arange(*tensor.shape))

    def tokens(self, tokens: Any, count: int) -> Term:
        """Tokens as rows of 0 and a 1: the input x where they are what the module is given."""
        flat = tokens.reshape(-1).numpy()
        rows = np.eye(count)[flat[0] if len(flat) == 1 else flat]
        for name, given in self.given_tokens.items():
            if given.shape == tokens.shape and bool((given == tokens).all()):
                if name not in self.spelled:
                    self.spelled[name] = name
                    self.heads.append(f"{name} in {size(rows.shape)} input")
                    self.values[name] = rows
                if self.values[name].shape == rows.shape:
                    return Term(name, rows.shape)
        return self.constant(rows, "T")

    def say(self, what: str) -> None:
        """A remark that stands below the block."""
        if self.here + what not in self.said:
            self.said.append(self.here + what)

    # -------------------------------------------------------------- lines
    def define(self, term: Term, letter: str = "h", index: str | None = None) -> Term:
        """A line of its own for a term."""
        index = term.origin if index is None else index
        _, text = self.fresh(letter, index, new=not index or index.isdigit())
        self.lines.append((text, term.text, term.shape))
        return Term(text, term.shape, ATOM, term.origin)

    def atom(self, term: Term, letter: str = "h") -> Term:
        """A term that is a name, or what binds as tightly; the same name each time."""
        if NAME.fullmatch(term.text):
            return term
        if id(term) not in self._known:
            self._known[id(term)] = (term, self.define(term, letter))
        found: Term = self._known[id(term)][1]
        return found

    def tight(self, term: Term) -> Term:
        """A term that is a factor as it stands: a name, a part of one, or its transpose; else its name."""
        return term if PART.fullmatch(term.text) else self.atom(term)

    def named(self, x: Array, letter: str = "h") -> Array:
        return Array(tuple(self.atom(term, letter) for term in x.terms), x.places)

    def resolved(self, term: Term) -> Term:
        found: Term = self._known.get(id(term), (term, term))[1]
        return found

    # -------------------------------------------------------------- arrays
    def regular(self, x: Any) -> Array:
        """An array each of whose entries stands once in its terms."""
        x = self.array(x)
        if x.whole:
            return Array(tuple(self.resolved(term) for term in x.terms), x.places)
        slim = _slim(x.shape)
        parts = x.places.reshape(-1, *slim[-2:]) if len(slim) > 2 else x.places.reshape(1, *slim)
        terms = tuple(self.lay(x, part) for part in parts)
        return Array(terms, arange(*x.shape))

    def each(self, x: Any, write: Callable[[Term], Term]) -> Array:
        """An operation entry by entry."""
        x = self.regular(x)
        return Array(tuple(write(term) for term in x.terms), x.places)

    def rows(self, x: Any, write: Callable[[Term], Term]) -> Array:
        """An operation on what lies along the last axis: of a column, or of a matrix row by row."""
        x = self.array(x)
        slim = (*(n for n in x.shape[:-1] if n > 1), x.shape[-1])
        parts = [x.places.reshape(slim)] if len(slim) < 3 else list(x.places.reshape(-1, *slim[-2:]))
        terms = tuple(write(self.lay(x, part)) for part in parts)
        last = terms[0].size // (slim[-2] if len(slim) > 1 else 1)
        return Array(terms, arange(*x.shape[:-1], last))

    def lay(self, x: Array, places: Any, spread: bool = False) -> Term:
        """Entries of an array as one term, of the shape of `places`; with `spread` a number stands for equal ones."""
        return lay(self, x, places.numpy() if hasattr(places, "numpy") else places, spread)

    def text(self, last: Sequence[str] = ()) -> str:
        """The whole block."""
        lines = [f"{name} = {text}" + (f" in {size(shape)}" if shape else "") for name, text, shape in self.lines]
        fixed = [f"{', '.join(self.fixed)} fixed"] if self.fixed else []
        values = [f"{self.spelled[key]} = {{{key}}}" for key in self.values]
        return "\n".join([*self.heads, *lines, *last, *fixed, *values, *(f"# {one}" for one in self.said)])

    def finish(self, outputs: Sequence[Term]) -> list[str]:
        """The names of what the module gives, o, or o1, o2, …; a line that only defines one is renamed."""
        outputs = [self.resolved(term) for term in outputs]
        letter = "y" if len(outputs) > 1 and "o1" in self.spelled else "o"  # o1 is a gate
        found = []
        for k, term in enumerate(outputs):
            key, text = self.fresh(letter, str(k + 1) if len(outputs) > 1 else "")
            at = [n for n, line in enumerate(self.lines) if line[0] == term.text]
            if at and not self._used(term.text) and outputs.count(term) == 1:
                _, expression, shape = self.lines.pop(at[0])
                self.lines.append((text, expression, shape))
            else:
                self.lines.append((text, term.text, term.shape))
            found.append(key)
        return found

    def _used(self, name: str) -> bool:
        here = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        return any(here.search(expression) for _, expression, _ in self.lines)


MAX_PARTS = 300
"""Kernels of one parameter, or matrices of an input, that `from_torch` names. Instead: a part of the module."""


def _slim(shape: Sequence[int]) -> Shape:
    """A shape without its axes of 1, but a last one."""
    slim = tuple(n for n in shape if n != 1)
    return slim or tuple(shape[-1:])


def _key(letter: str, index: str) -> str:
    return letter + (index if index.isdigit() or not index else f"_{index}")


def _spelled(letter: str, index: str) -> str:
    if not index or index.isdigit():
        return letter + index
    return f"{letter}_{{{index}}}" if index[0].isdigit() else f"{letter}_{index}"
