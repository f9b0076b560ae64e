"""What a view is made of: formulas, labels, names, and how much of them is shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import Any

from jacmagic import names
from jacmagic.errors import Span
from jacmagic.language import tree as t
from jacmagic.language.printers import latex, text
from jacmagic.result import Result

MAX_SHOWN = 8
"""Rows and columns of a matrix that are typeset; the middle of a larger one is left out.
Instead: `--all`, or `r.matrix`."""

MAX_WHOLE = 100
"""The same with `--all`. Instead: `r.matrix`."""

MAX_FORMULA = 4_000
"""Characters of LaTeX in one formula; a longer one is left to the numbers.
Instead: `r.latex()`, or names for its parts."""

MAX_OPERATIONS = 20_000
"""Operations in the entries of a matrix that are typeset, and half those on the way to them.
Instead: `r.matrix`, or names for parts."""

MAX_WIDTH = 120
"""Characters of a matrix's widest row, as text; the entries of a wider one stand one below the other.
Instead: `r.matrix`."""

MAX_STEPS = 16
"""Definitions that are written out; of more, the first and the last. Instead: `r.layers`."""

LAST_STEPS = 4
"""How many of the last definitions are among them."""

MAX_BESIDE = 16
"""Entries of a local Jacobian that are written out beside its matrix form. Instead: likewise."""

MAX_ENTRIES_TEX = 900
"""Characters of LaTeX in the entries of a local Jacobian that has a matrix form besides.
Instead: `jacobians` of one of `r.layers`."""


@dataclass(frozen=True)
class Formula:
    """One displayed formula.

    kind    "echo", "values", "result", "partial", "gradient", "determinant", "point", "hessian", "local",
            "chain", "gradients", "steps"
    tree    the formula; its LaTeX, its line of text and the panel's MathML are printed from it
    note    small grey words beside it
    depth   how far it is set in: a step below another
    arrays  where abs( ) is of a vector or matrix, and stays a function
    moving  makes what a page has in the place of the numbers at its end, `numbered.Moving`
    """

    kind: str
    tree: t.Expr
    note: str = ""
    arrays: frozenset[Span] = frozenset()
    depth: int = 0
    moving: Callable[[], Any] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def latex(self) -> str:
        return r"\quad " * self.depth + latex(self.tree, self.arrays)

    @cached_property
    def text(self) -> str:
        """The same for a terminal; where formulas are left out, how many."""
        shown = "  " * self.depth + text(self.tree, self.arrays)
        return f"{shown} {self.note}" if isinstance(self.tree, t.Dots) else shown


def parted(one: Formula) -> tuple[Formula, str]:
    """A formula, and the words at its end, which may stand on a line of their own."""
    if isinstance(one.tree, t.Phrase) and isinstance(last := one.tree.parts[-1], t.Words):
        return replace(one, tree=t.Phrase(one.tree.parts[:-1])), last.text.strip()
    return one, ""


@dataclass(frozen=True)
class Label:
    """A row, column or name: its key and its formula."""

    key: str
    tree: t.Expr

    @property
    def latex(self) -> str:
        return latex(self.tree)

    @property
    def text(self) -> str:
        return text(self.tree)


# ------------------------------------------------------------------ names
class Labels:
    """Labels of the entries of names, row by row; each is made when it is asked for, for there may be a million."""

    def __init__(self, result: Result, keys: Sequence[str]) -> None:
        self.result = result
        self.entries = [(key, result.program.shape(key)) for key in keys]
        self.ends = list(accumulate(prod(shape) for _, shape in self.entries))

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __getitem__(self, at: int) -> Label:
        k = bisect_right(self.ends, at)
        key, shape = self.entries[k]
        step = self.result.program.steps.get(key)
        dotted = step is not None and step.kind == "equation"
        entry = names.entry(key, shape, at - (self.ends[k - 1] if k else 0))
        return Label(names.name(entry, dotted).key, t.Name(entry, dotted))

    def __iter__(self) -> Iterator[Label]:
        return map(self.__getitem__, range(len(self)))


def name_of(result: Result, key: str) -> t.Name:
    step = result.program.steps.get(key)
    return t.Name(key, step is not None and step.kind == "equation")


def entry_names(result: Result, name: str) -> list[str]:
    """The names of a name's entries, as their symbols have them; of an entry itself, however it was typed."""
    key, at = result.place(name)
    found = [symbol.name for symbol in result.entry_symbols(key)]
    return found if at is None else [found[at]]


def equal(*sides: t.Expr) -> t.Expr:
    """a = b = c; what stands alone is not equal to anything."""
    return t.Equation(sides, ("=",) * (len(sides) - 1)) if len(sides) > 1 else sides[0]


def fitting(tree: t.Expr, most: int = MAX_FORMULA) -> t.Expr:
    """The formula, dots in the place of one that nobody reads."""
    return tree if len(latex(tree)) < most else t.Dots()


def left_out(kind: str, more: int) -> Formula:
    """The mark where formulas are left out."""
    return Formula(kind, t.Dots("down"), f"{more:,} more")


def ends(kind: str, lines: list[Any]) -> list[Any]:
    """The first and last of many lines, between them a formula that says how many are left out."""
    if len(lines) <= MAX_STEPS:
        return lines
    return [*lines[: MAX_STEPS - LAST_STEPS], left_out(kind, len(lines) - MAX_STEPS), *lines[-LAST_STEPS:]]


class Told:
    """What prints as its `text`, and is typeset in a notebook by its `latex`."""

    @property
    def text(self) -> str:
        raise NotImplementedError

    @property
    def latex(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


def aligned(lines: Sequence[str]) -> str:
    """LaTeX, one line below the other."""
    return "\\begin{aligned}\n" + " \\\\\n".join(f"& {one}" for one in lines) + "\n\\end{aligned}"
