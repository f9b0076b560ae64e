"""What the parser gives: syntax nodes with their spans.

What depends on declarations — is `g(x+1)` a call, is `xy` a product, where does
the argument of `sin 2x cos x` end — stays a `Run`, a flat sequence of juxtaposed
factors with their gaps, and `reading` settles it, once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from jacmagic.errors import Span


@dataclass(frozen=True)
class Raw:
    """A piece of syntax with the span of its text."""

    span: Span


@dataclass(frozen=True)
class Num(Raw):
    text: str


@dataclass(frozen=True)
class Word(Raw):
    """Letters as typed, not yet split into names.

    text     the letters and digits; a Greek letter as its word; "y_hat" for an accented y
    index    what stands behind `_`, None where nothing does
    parts    the index as expressions, where it was written in braces or is more than one letter
    whole    True where the letters cannot be split (Greek, accents, commands)
    layer    True where its index, the last part of `text`, was written above in brackets: W^{[1]}
    """

    text: str
    index: str | None = None
    parts: tuple[Raw, ...] = ()
    whole: bool = False
    command: bool = False
    layer: bool = False

    @property
    def typed(self) -> str:
        return self.text if self.index is None else f"{self.text}_{self.index}"


@dataclass(frozen=True)
class Group(Raw):
    """Something in brackets: "(", "[", "{" or "env" (a LaTeX matrix), by rows."""

    bracket: str
    rows: tuple[tuple[Raw, ...], ...]


@dataclass(frozen=True)
class For(Raw):
    """`body for index = first..last`; kind "sum" or "prod" for LaTeX's big operators.

    `first` and `last` are None in a sum without bounds; `but` is the value that Σ_{j ≠ i} leaves out.
    """

    body: Raw
    index: Word
    first: Raw | None
    last: Raw | None
    kind: str = ""
    but: Raw | None = None


@dataclass(frozen=True)
class Slice(Raw):
    """`2..4` as an index; `:`, all of an axis, where both ends are None."""

    first: Raw | None = None
    last: Raw | None = None


@dataclass(frozen=True)
class Bars(Raw):
    """`|x|` or `||x||_order`."""

    inner: Raw
    double: bool
    order: str


@dataclass(frozen=True)
class Root(Raw):
    """`√` or `∛` before an argument that `program` finds."""

    name: str


@dataclass(frozen=True)
class Frac(Raw):
    above: Raw
    below: Raw


@dataclass(frozen=True)
class Applied(Raw):
    """A LaTeX command with its argument in braces: \\sqrt{x}."""

    name: str
    argument: Raw


@dataclass(frozen=True)
class Indicator(Raw):
    """`1[x > 0]`."""

    condition: Raw


@dataclass(frozen=True)
class Cases(Raw):
    """Values with their conditions, the last value for what is left."""

    branches: tuple[tuple[Raw, Raw], ...]
    otherwise: Raw


@dataclass(frozen=True)
class Post(Raw):
    """Something behind a factor: "^", ".^", "T", "-T", "[", "°" or "at"; `clear` where nothing can be glued to it."""

    kind: str
    value: tuple[Raw, ...] = ()
    clear: bool = True


@dataclass(frozen=True)
class Place(Raw):
    """`x = a` behind the bar of an evaluation; without a name the arguments in their order."""

    name: Word | None
    value: Raw


@dataclass(frozen=True)
class Item(Raw):
    """One factor of a run: the operator before it ("" juxtaposed), signs after that, a gap before it or not."""

    operator: str
    negative: bool
    gap: bool
    atom: Raw
    posts: tuple[Post, ...] = ()

    @property
    def open(self) -> bool:
        """True where it ends in an exponent without brackets, to which what touches it may belong: x^2y."""
        return bool(self.posts) and self.posts[-1].kind in ("^", ".^") and not self.posts[-1].clear


def juxtaposed(items: Sequence[Item], at: int) -> Item | None:
    """The factor there, where one stands side by side with that before it."""
    return items[at] if at < len(items) and items[at].operator == "" else None


@dataclass(frozen=True)
class Run(Raw):
    """Factors in a row, not yet settled."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Terms(Raw):
    terms: tuple[tuple[int, Raw], ...]


@dataclass(frozen=True)
class Relation(Raw):
    operands: tuple[Raw, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Boolean(Raw):
    operator: str
    operands: tuple[Raw, ...]


_PARTS: dict[type[Raw], tuple[str, ...]] = {}


def _parts(kind: type[Raw]) -> tuple[str, ...]:
    """The fields of a node's class that hold nodes."""
    if kind not in _PARTS:
        own = [one.name for one in fields(kind) if not re.fullmatch(r"Span|bool|(tuple\[)?str\b.*", str(one.type))]
        _PARTS[kind] = tuple(own)
    return _PARTS[kind]


def nodes(raw: Any) -> Sequence[Raw]:
    """All syntax nodes of one, it and those below it, or of several; looked for once, as nodes never change."""
    if not isinstance(raw, Raw):
        return [one for part in reversed(raw) for one in nodes(part)] if isinstance(raw, (tuple, list)) else []
    kept: list[Raw] | None = raw.__dict__.get("_nodes")
    if kept is None:
        kept = raw.__dict__["_nodes"] = []
        todo: list[Any] = [raw]
        while todo:
            one = todo.pop()
            if isinstance(one, Raw):
                kept.append(one)
                todo.extend([getattr(one, name) for name in _parts(type(one))])
            elif isinstance(one, tuple):
                todo.extend(one)
    return kept


@dataclass(frozen=True)
class Size(Raw):
    """`R`, `R^3`, `R^(2x3)`: no, one or two whole-number expressions."""

    dims: tuple[Raw, ...]


@dataclass(frozen=True)
class Range(Raw):
    low: Raw
    high: Raw
    step: Raw | None


@dataclass(frozen=True)
class Layer(Raw):
    """One arrow of a net in one line: its name, size and activation, each None where it is not given."""

    name: Word | None
    size: Raw | None
    activation: Word | None


@dataclass(frozen=True)
class Statement(Raw):
    """One line of a block.

    kind     "define" (`name = expr`), "function", "equation" (`x' = expr`), "second" (`x'' = expr`), "time"
             (`x = x(t)`), "depends" (`u = u(x, t)`), "residual" (`x^2 + y^2 = 1`, expr the left minus the right side),
             "several" (`(x, y) = expr`), "start" (`x(0) = expr`), "at", "declare", "expression", "net", and
             "nameless" for an expression beside other lines
    names    the name defined, or the names declared
    params   a function's arguments
    expr     the right side; None for a declaration
    python   the text in `{…}` where the right side is one
    size, range     what `in` says
    layers   of a net
    dotted   the name that `x_dot = expr` may define instead
    role     the word of ROLES that ends it
    batch    behind the size: an example a row, or (`batch columns`) a column
    indexed  True for y_i = … for i = 1..n
    places   of `at x = a, y = b`
    """

    kind: str
    names: tuple[Word, ...] = ()
    params: tuple[Word, ...] = ()
    expr: Raw | None = None
    python: str | None = None
    size: Size | None = None
    range: Range | None = None
    layers: tuple[Layer, ...] = ()
    dotted: Word | None = None
    role: Word | None = None
    batch: Word | None = None
    indexed: bool = False
    places: tuple[Place, ...] = ()


def alone(raw: Raw) -> Word | Group | None:
    r"""The word that is all of {\rm sin} or {t}, the bracket that is all of {\left(x, y \right)}."""
    if not isinstance(raw, Group) or raw.bracket != "{" or not len(raw.rows) == len(raw.rows[0]) == 1:
        return None
    inner = raw.rows[0][0]
    if isinstance(inner, Run) and len(inner.items) == 1 and not (inner.items[0].posts or inner.items[0].negative):
        inner = inner.items[0].atom
    return inner if isinstance(inner, Word) or (isinstance(inner, Group) and inner.bracket == "(") else None


def unwrapped(raw: Raw) -> Raw:
    """What stands in brackets, without them."""
    while True:
        if isinstance(raw, Run) and len(raw.items) == 1 and not raw.items[0].posts and not raw.items[0].negative:
            raw = raw.items[0].atom
        elif isinstance(raw, Group) and raw.bracket in "({" and len(raw.rows) == len(raw.rows[0]) == 1:
            raw = raw.rows[0][0]
        else:
            return raw


def bare(raw: Raw) -> Raw:
    """A word or number without its sign; anything else as it is."""
    inner = raw.terms[0][1] if isinstance(raw, Terms) and len(raw.terms) == 1 else raw
    if isinstance(inner, Run) and len(inner.items) == 1 and not inner.items[0].posts:
        inner = inner.items[0].atom
    return inner if isinstance(inner, (Word, Num)) else raw


def raised(span: Span, sign: str, value: Raw, clear: bool) -> Post:
    """What stands behind a factor as its exponent: a transpose for ^T, that of the inverse for ^{-T}, else a power."""
    inner = unwrapped(value) if isinstance(value, Group) and value.bracket == "{" else value
    letter = bare(inner)
    if sign == "^" and isinstance(inner, (Word, Terms)) and isinstance(letter, Word) and (
        (letter.text, letter.index) == ("T", None)
    ):
        minus = isinstance(inner, Terms) and inner.terms[0][0] < 0
        return Post(span, "-T" if minus else "T", () if letter.command else (letter,), clear)
    return Post(span, sign, (value,), clear)
