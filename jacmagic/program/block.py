"""A block between two passes: frozen records, each of which holds what the one before it held.

`Declared` knows what the lines say of each name, `Settled` has read their right sides,
`Counted` knows the whole numbers among the names, `Sized` the size of every name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from jacmagic.engine.graph import Node
from jacmagic.errors import ShapeError, Span
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.reading import Reader
from jacmagic.language.words import Scope
from jacmagic.program.equations import Said
from jacmagic.program.model import Shape
from jacmagic.program.uses import names_in, use_of


@dataclass(frozen=True)
class Draft:
    """What the lines of a block say of a name."""

    define: s.Statement | None = None
    size: s.Statement | None = None
    range: tuple[s.Statement, s.Range] | None = None
    role: tuple[s.Word, str] | None = None
    batch: int | None = None
    words: tuple[Span, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Every name that a line declares.

    columns    the names on the magic's line, which is `wrt`
    drafts     what the lines say of each name
    scope      that, as far as reading an expression needs it
    evaluated  the values of Python expressions in braces
    said       what the lines say that define nothing
    """

    text: str
    net: bool
    wrt: str
    columns: tuple[s.Word, ...]
    statements: tuple[s.Statement, ...]
    drafts: Mapping[str, Draft]
    scope: Scope
    evaluated: Mapping[str, np.ndarray]
    said: Said = field(default_factory=Said)

    @property
    def batches(self) -> dict[str, int]:
        """The names that are batches, with the axis of the examples."""
        return {key: draft.batch for key, draft in self.drafts.items() if draft.batch is not None}

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.text, self.scope)

    def source(self, span: Span) -> str:
        return self.text[span.start : span.stop]

    def where(self, key: str) -> str:
        """` (line 2)` for a name whose size a line states."""
        draft = self.drafts.get(key)
        statement = draft and (draft.size or draft.define)
        return f" ({line(statement.span)})" if statement else ""


@dataclass(frozen=True, kw_only=True)
class Settled(Declared):
    """The right sides as trees.

    trees     of functions, definitions, equations and values
    sequence  the functions, definitions and equations with their lines, in order
    values    the lines of the names that have a value
    asked     the lines that ask for a function's value, u = f(3)
    """

    trees: Mapping[str, t.Expr]
    sequence: tuple[tuple[str, s.Statement], ...]
    values: Mapping[str, s.Statement]
    asked: tuple[tuple[str, s.Statement, t.UserCall], ...] = ()

    @cached_property
    def used(self) -> frozenset[str]:
        """The names that stand in a right side."""
        return frozenset(name for tree in self.trees.values() for name in names_in(tree))

    def first_place(self, key: str) -> int:
        """Where a name first stands in the block."""
        draft = self.drafts.get(key)
        spans = [word.start for word in draft.words] if draft else []
        spans += [use.start for tree in self.trees.values() if (use := use_of(tree, key)) is not None]
        return min(spans, default=len(self.text))


@dataclass(frozen=True, kw_only=True)
class Counted(Settled):
    """The whole numbers among the names.

    wholes  names used as sizes, bounds or indices, with their values
    sizes   the stated sizes, with their lines
    """

    wholes: Mapping[str, int]
    sizes: Mapping[str, tuple[tuple[t.Expr, ...], s.Statement]]


@dataclass(frozen=True, kw_only=True)
class Sized(Counted):
    """The sizes of all names, as far as they fit.

    shapes     of the free names, the values and the definitions
    free       the names that no line defines
    constants  the stated values, each in a graph of its own
    fixed      the right sides by which sizes that no line states were found
    mistake    why the sizes do not fit, where they do not
    """

    shapes: Mapping[str, Shape]
    free: frozenset[str]
    constants: Mapping[str, Node]
    fixed: Mapping[str, Span]
    mistake: ShapeError | None = None


Kind = TypeVar("Kind", bound=Declared)


def grown(kind: type[Kind], block: Declared, **found: Any) -> Kind:
    """The next record: what a block held, and what a pass found."""
    held = {one.name: getattr(block, one.name) for one in fields(block)}
    return kind(**{**held, **found})


def line(span: Span) -> str:
    """`line 2`, once the error is bound to its text."""
    return f"line @line{span.start}@"

