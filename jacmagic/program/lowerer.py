"""What all rules of lowering share: values and nodes, numbers, indices, and how an error speaks of an operand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from jacmagic.engine.entries import MAX_DIGITS
from jacmagic.engine.graph import Graph, Node, free_slots, slot
from jacmagic.errors import LimitError, ShapeError, Span, SyntaxMistake, ValueMistake
from jacmagic.functions import leaves, varies
from jacmagic.functions.forms import put_in
from jacmagic.language import tree as t
from jacmagic.program.batches import Batches
from jacmagic.program.block import line
from jacmagic.program.fits import Misfit, Rule, columns
from jacmagic.program.known import Row, Shape

MAX_FAMILY = 10_000
"""Members of a family that is written out one by one. Instead: vectors, `sum(x .* x)`."""

MAX_ENTRIES = 100_000
"""Entries of one array that is computed. Instead: its sum or norm, or a part of it."""

MAX_OF_A_NAME = 1_000_000
"""Entries of one name, and of a value from Python. Instead: a part of it."""

MAX_UNROLLED = 50_000
"""Members that are written out one by one, in all families of a block together. Instead: products of matrices."""

MAX_CALLS = 1_000
"""Calls of the block's own functions, those inside one another included. Instead: a name for a value."""

MAX_FUNCTIONS = 500
"""Functions such as sin in a block. Instead: one of a vector, `sin(x)`, or a family."""

MAX_NAMES = 1_000
"""Different names in one expression, the components of a vector not counted. Instead: a vector."""

MAX_VALUE = 10**300
"""The magnitude of a value, and of the end of a range. Instead: other units."""

MAX_WHOLE = 10**18
"""A bound, a size or an index. Instead: a smaller one."""

UNBOUNDED = frozenset((sp.zoo, sp.nan, sp.oo, -sp.oo))
"""What has no value."""


@dataclass(frozen=True)
class Value:
    """A lowered expression: a SymPy expression whose symbols stand for nodes, entry by entry.

    shape    that of its entries, Row(n) of a transposed column
    literal  numbers and constants alone; such a number may be added to a vector
    """

    expr: sp.Expr
    shape: Shape = ()
    literal: bool = False

    @property
    def row(self) -> bool:
        return isinstance(self.shape, Row)


@dataclass
class Unsaid:
    """What blackboards leave out and the echo says, by the spans of the parts.

    spread    numbers that are added to each entry of an array
    divisors  vectors that a number is divided by, entry by entry
    rows      rows of matrices, X[2]
    sums      ||W||_1 of a matrix
    biases    columns that are added to each example of a batch, with the axis of the examples
    means     cross_entropy of a batch, with the number of examples
    told      what is said beside the line: softmax row by row
    """

    spread: set[Span] = field(default_factory=set)
    divisors: set[Span] = field(default_factory=set)
    rows: set[Span] = field(default_factory=set)
    sums: set[Span] = field(default_factory=set)
    biases: dict[Span, int] = field(default_factory=dict)
    means: dict[Span, int] = field(default_factory=dict)
    told: dict[str, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.spread or self.divisors or self.rows or self.sums or self.biases or self.means)


Says = Callable[["Lowerer", t.Expr, Value, t.Expr, Value], ShapeError]
"""What to say of two parts and their values that do not fit."""


class Unroll(Exception):
    """A family's body cannot be lowered over the whole index at once."""


class Lowerer:
    """Lowers the expressions of one block into one graph."""

    def __init__(
        self,
        text: str,
        graph: Graph,
        env: dict[str, Value],
        functions: dict[str, tuple[tuple[str, ...], t.Expr]],
        where: Callable[[str], str],
        rules: Mapping[type[t.Expr], Callable[[Lowerer, Any], Value]],
    ) -> None:
        self.text, self.graph, self.env, self.functions, self.where = text, graph, env, functions, where
        self.plain: dict[str, t.Expr] = {}  # definitions without arguments, which may depend on those of a function
        self.rules = rules
        self.nodes: dict[sp.Symbol, Node] = {}
        self.indices: dict[str, int] = {}  # written out: one value each
        self.lasts: dict[str, int] = {}  # where their families end
        self.vector_index: tuple[str, tuple[int, ...]] | None = None  # lowered at once: all values
        self.family_arguments: frozenset[str] = frozenset()
        self.unrolled = 0
        self.calls: list[str] = []
        self.called = 0
        self.used = 0
        self.whole_names: set[str] = set()
        self.arrays: set[Span] = set()  # where abs( ) is of a vector or matrix
        self.as_row: dict[str, Span] = {}  # where a capital letter was given a list of numbers: W = [1, -1]
        self.fixed: Mapping[str, Span] = {}  # by which right sides sizes were found that no line states
        self.here: Span | None = None  # the right side that is lowered
        self.unsaid = Unsaid()
        self.batches = Batches({}, {}, lambda key: None)
        self.home: dict[str, Node] = {}  # what each name of the block is outside of all calls
        self.columns_of: Callable[[Collection[str]], Sequence[str]] = tuple  # the variables among these names

    def symbol(self, node: Node) -> sp.Symbol:
        found = sp.Symbol(f"n{node.number}", real=True)
        self.nodes[found] = node
        return found

    def of_node(self, node: Node, shape: Shape | None = None) -> Value:
        """The value of a node, of another shape where that is said: a row, or the number that a 1×1 matrix is."""
        if shape == () and node.shape:
            node = self.graph.take(node, (0,), ())
        if node.value is not None:
            return Value(node.value)
        return Value(self.symbol(node), node.shape if shape is None else shape)

    def node(self, value: Value) -> Node:
        """The node of a value: a map over the nodes that its expression reads."""
        shape = tuple(value.shape)
        if value.expr in self.nodes and self.nodes[value.expr].shape == shape:
            return self.nodes[value.expr]
        symbols = sorted((s for s in free_slots(value.expr) if s in self.nodes), key=lambda s: self.nodes[s].number)
        every = tuple(range(len(shape)))
        operands = []
        for symbol in symbols:
            node = self.nodes[symbol]
            operands.append((node, every if node.shape else ()))
        swap = {symbol: slot(k) for k, symbol in enumerate(symbols)}
        return self.graph.map(put_in(value.expr, swap), operands, shape)

    def step(self, expr: t.Expr) -> Value:
        """A whole right side, lowered and checked."""
        self.here = expr.span
        value = self.lower(expr)
        self.check(value.expr, expr.span)
        if len(free_slots(value.expr)) > MAX_NAMES:
            raise LimitError(f"One expression has at most {MAX_NAMES:,} different names; use a vector.", expr.span)
        return value

    def source(self, span: Span) -> str:
        return self.text[span.start : span.stop]

    def number(self, expr: t.Number) -> sp.Rational:
        mantissa, _, exponent = expr.text.partition("e")
        if mantissa.isdigit() and not exponent and len(mantissa) <= MAX_DIGITS:
            return sp.Integer(int(mantissa))
        if len(mantissa) > MAX_DIGITS or (exponent and (len(exponent) > 6 or abs(int(exponent)) > MAX_DIGITS)):
            raise LimitError("This number is too long to be written out.", expr.span)
        return sp.Rational(Fraction(mantissa.rstrip(".")) * Fraction(10) ** int(exponent or 0))

    def check(self, expr: sp.Expr, span: Span) -> sp.Expr:
        """The expression, if it is real and finite where it is a number, and not too long to write."""
        if expr.is_Rational:
            if max(expr.p.bit_length(), expr.q.bit_length()) > 3.33 * MAX_DIGITS:
                raise LimitError("This number is too long to be written out.", span)
        elif (of := leaves(expr)) & UNBOUNDED:
            raise ValueMistake(f"{self.source(span)} has no value: it divides by 0 or is not finite.", span)
        elif sp.I in of:
            raise ValueMistake(f"{self.source(span)} is not a real number.", span)
        return expr

    def whole(self, expr: t.Expr) -> int | None:
        """A whole-number expression: bounds, sizes and indices. None where it depends on the vector index."""
        value = self.whole_number(expr)
        if value is not None and abs(value) > MAX_WHOLE:
            raise LimitError("This is too large for a bound, a size or an index.", expr.span)
        return value

    def whole_number(self, expr: t.Expr) -> int | None:
        if isinstance(expr, t.Paren):
            return self.whole(expr.inner)
        if isinstance(expr, t.Number):
            value = self.number(expr)
            if value.q == 1:
                return int(value)
        if isinstance(expr, t.Negative):
            value = self.whole(expr.inner)
            return None if value is None else -value
        if isinstance(expr, t.Sum):
            terms = [(sign, self.whole(term)) for sign, term in expr.terms]
            return sum(sign * term for sign, term in terms if term is not None)
        if isinstance(expr, t.Name) and expr.key in self.indices:
            return self.indices[expr.key]
        exact = self.exact(expr)
        if exact is None or exact.denominator != 1:
            raise ValueMistake(f"{self.source(expr.span)} should be a whole number here.", expr.span)
        return int(exact)

    def exact(self, expr: t.Expr) -> Fraction | None:
        """The number that a name, a product, a quotient or a power of whole numbers is, if it is one."""
        if isinstance(expr, t.Number):
            value = self.number(expr)
            return Fraction(int(value.p), int(value.q))
        if isinstance(expr, t.Name):
            found = self.env.get(expr.key)
            known = found is not None and found.shape == () and found.expr.is_Integer and expr.key in self.whole_names
            return Fraction(int(found.expr)) if found is not None and known else None
        if isinstance(expr, t.Product):
            return self.quotient(expr.factors)
        if isinstance(expr, t.Fraction):
            return self.quotient((("", expr.above), ("/", expr.below)))
        if isinstance(expr, t.Power):
            base, exponent = self.whole(expr.base), self.whole(expr.exponent)
            if base is None or exponent is None or exponent < 0:
                return None
            if exponent * base.bit_length() > 1000:
                raise LimitError("This is too large for a bound, a size or an index.", expr.span)
            return Fraction(base**exponent)
        return None

    def quotient(self, factors: Sequence[tuple[str, t.Expr]]) -> Fraction | None:
        """Whole numbers multiplied and divided, left to right; None where one divides by 0."""
        total = Fraction(1)
        for operator, factor in factors:
            value = self.whole(factor) or 0
            if operator == "/" and value == 0:
                return None
            total = total / value if operator == "/" else total * value
        return total

    def as_factor(self, expr: t.Expr) -> str:
        """What was typed, in brackets where it is no name."""
        return self.source(expr.span) if isinstance(expr, (t.Name, t.Number)) else f"({self.source(expr.span)})"

    def describe(self, expr: t.Expr, value: Value) -> str:
        """`W is 2×3 (line 2)`: how an error speaks of an operand."""
        inner = t.inside(expr)
        shown = self.source(expr.span)
        if isinstance(inner, t.Name) and (shown[:1].isdigit() or "(" in shown or len(shown.split()) > 1):
            shown = inner.key  # a name that a net in one line brings with it
        shown = shown if len(shown) <= 30 else shown[:28] + "…"
        place = self.place(expr)
        if value.shape == ():
            return f"{shown} is a number{place}"
        if len(value.shape) == 1:
            n = value.shape[0]
            return f"{shown} has {n} {'entry' if n == 1 else 'entries'}{place}"
        return f"{shown} is {value.shape[0]}×{value.shape[1]}{place}"

    def place(self, expr: t.Expr) -> str:
        """` (line 2)` for a name, also transposed, ` (by line 2)` where another line tells its size, else nothing."""
        inner = t.inside(expr)
        inner = t.inside(inner.base) if isinstance(inner, t.Transpose) else inner
        key = inner.key if isinstance(inner, t.Name) else ""
        found = self.fixed.get(key, self.here)
        return self.where(key) or ("" if found is None or found == self.here else f" (by {line(found)})")

    def clash(self, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> ShapeError:
        if va.row != vb.row and tuple(va.shape) == tuple(vb.shape):
            shown = f"{self.source(a.span)} and {self.source(b.span)}: one is a column, one a row."
        else:
            shown = f"{self.describe(a, va)}, but {self.describe(b, vb)}."
        return ShapeError(shown, a.span.to(b.span))

    def fit(self, rule: Rule, parts: Sequence[t.Expr], values: Sequence[Value], says: Says = clash) -> Shape:
        """The shape that a rule gives for these parts; in a family, where all are numbers for each member, that of it.

        Raises:
            ShapeError: two of them do not fit.
        """
        shapes = [value.shape for value in values]
        if self.in_family:
            return next(filter(None, shapes), ())
        try:
            return rule(shapes) or ()
        except Misfit as found:
            one, other = found.places
            raise says(self, parts[one], values[one], parts[other], values[other]) from None

    def entries(self, count: int, span: Span) -> None:
        if count > MAX_ENTRIES:
            raise LimitError(f"An array has at most {MAX_ENTRIES:,} entries; this one would have {count:,}.", span)

    def lower(self, expr: t.Expr) -> Value:
        rule = self.rules.get(type(expr))
        if rule is None:
            raise SyntaxMistake("A comparison stands in a condition: a if x > 0 else b.", expr.span)
        try:
            value = rule(self, expr)
        except Unroll:
            if self.vector_index is None or self.depends_on_index(expr):
                raise
            with self.family(None):
                value = rule(self, expr)
            if value.shape != ():
                raise
        return value

    def depends_on_index(self, expr: t.Expr) -> bool:
        """True where an expression in a family differs from member to member."""
        assert self.vector_index is not None
        return mentions(expr, {self.vector_index[0], *self.family_arguments})

    @contextmanager
    def at_home(self) -> Iterator[None]:
        """Outside of all calls: every name of the block stands for itself."""
        held, calls = dict(self.env), self.calls
        if calls:
            self.env.update({key: self.of_node(node) for key, node in self.home.items()})
            self.calls = []
        try:
            yield
        finally:
            if calls:
                self.env.clear()
                self.env.update(held)
                self.calls = calls

    def arguments_of(self, key: str) -> tuple[str, ...]:
        """The arguments of a function of the block; none of any other name."""
        return self.functions[key][0] if key in self.functions else ()

    @property
    def in_family(self) -> bool:
        """True in the body of a family that is lowered at once: every array there is a number for each member."""
        return self.vector_index is not None


    def check_small(self, expr: sp.Expr, span: Span) -> sp.Expr:
        return self.check(expr, span) if expr.is_Rational or not varies(expr) else expr

    def number_alone(self, expr: t.Expr, value: Value, whole: Span) -> None:
        """x^T and sum(x) where no line declares x are of a vector to whoever writes them."""
        name = t.inside(expr)
        if value.shape or self.in_family or not isinstance(name, t.Name) or self.where(name.key):
            return
        if name.key in self.env:
            shown = self.source(name.span)
            raise ShapeError(
                f"{shown} is a number here, and {self.source(whole)} is of a vector; declare it.", whole,
                (f"{shown} in R^3", f"{shown} in R"),
            )

    def flat(self, value: Value) -> Node:
        node = self.node(value)
        if len(node.shape) == 1:
            return node
        return self.graph.take(node, range(node.size), (node.size,))

    @contextmanager
    def member(self, index: str, value: int) -> Iterator[None]:
        """One value of an index; a family inside another may have the same one."""
        held = self.indices.get(index)
        self.indices[index] = value
        try:
            yield
        finally:
            self.indices.pop(index, None)
            if held is not None:
                self.indices[index] = held

    def whole_of(self, expr: t.Expr) -> int:
        value = self.whole(expr)
        assert value is not None
        return value

    @contextmanager
    def family(self, index: tuple[str, tuple[int, ...]] | None) -> Iterator[None]:
        """In the body of a family, by its index and the values of that; with None outside of all."""
        held = self.vector_index, self.family_arguments
        self.vector_index, self.family_arguments = index, frozenset()
        try:
            yield
        finally:
            self.vector_index, self.family_arguments = held

    def unroll(self, count: int, span: Span) -> None:
        self.unrolled += count
        if self.unrolled > MAX_UNROLLED:
            raise LimitError(f"Families of families may have {MAX_UNROLLED:,} members in all; this is more.", span)

    def columns(self, values: Sequence[Value], always: bool = False) -> list[Value]:
        """The values, those of n×1 as columns where another one is a column; with `always` in any case."""
        shapes = [value.shape for value in values]
        return [
            value if self.in_family or shape == value.shape else self.of_node(self.flat(value))
            for value, shape in zip(values, columns(shapes, always))
        ]

    def apart(self, value: Value) -> Value:
        """What is given by cases as a node of its own: SymPy tries to solve a condition with cases inside."""
        if not value.expr.has(sp.Piecewise):
            return value
        if self.in_family:
            raise Unroll
        return self.of_node(self.node(value), value.shape)


def bounds_of(family: t.Family) -> list[t.Expr]:
    """The whole numbers that a family is given by."""
    return [end for end in (family.first, family.last, family.but) if end is not None]


def mentions(expr: t.Expr, keys: Collection[str]) -> bool:
    """True where one of these names occurs in an expression."""
    return any(isinstance(one, (t.Name, t.UserCall)) and one.key in keys for one in t.walk(expr))
