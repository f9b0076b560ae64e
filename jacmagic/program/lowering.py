"""Meaning trees to the graph, and every check of sizes on the way.

Scalar and entrywise arithmetic is collected into one SymPy expression, a template
over the arrays it reads, so that SymPy differentiates a whole definition at once;
products of matrices, reductions and stacking become nodes of their own. A family
is lowered once, over the vector of its index, where its body allows that; else it
is written out entry by entry.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, log, prod

import sympy as sp

from jacmagic.engine.expand import MAX_DIGITS
from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.errors import JacmagicError, LimitError, ShapeError, Span, SyntaxMistake, ValueMistake
from jacmagic.functions import FUNCTIONS, by_cases, calculus, put_in, symbolic
from jacmagic.language import tree as t

MAX_FAMILY = 10_000
"""Members of one family. Instead: vectors, `sum(x .* x)`."""

MAX_ENTRIES = 100_000
"""Entries of one array. Instead: its sum or norm, or a part of it."""

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

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """A lowered expression: a SymPy expression whose symbols stand for nodes, entry by entry.

    row      a transposed column: shape (n,), lying down
    literal  numbers and constants alone; such a number may be added to a vector
    """

    expr: sp.Expr
    shape: Shape = ()
    row: bool = False
    literal: bool = False


class _Unroll(Exception):
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
    ) -> None:
        self.text, self.graph, self.env, self.functions, self.where = text, graph, env, functions, where
        self.nodes: dict[sp.Symbol, Node] = {}
        self.indices: dict[str, int] = {}  # written out: one value each
        self.lasts: dict[str, int] = {}  # where their families end
        self.vector_index: tuple[str, tuple[int, ...]] | None = None  # lowered at once: all values
        self.unrolled = 0
        self.calls: list[str] = []
        self.called = 0
        self.used = 0
        self.whole_names: set[str] = set()
        self.arrays: set[Span] = set()  # where abs( ) is of a vector or matrix
        self.as_row: dict[str, Span] = {}  # where a capital letter was given a list of numbers: W = [1, -1]
        self.spread: set[Span] = set()  # numbers that are added to each entry of an array
        self.divisors: set[Span] = set()  # vectors that a number is divided by, entry by entry

    # -------------------------------------------------------------- values and nodes
    def symbol(self, node: Node) -> sp.Symbol:
        found = sp.Symbol(f"n{node.number}", real=True)
        self.nodes[found] = node
        return found

    def of_node(self, node: Node, row: bool = False) -> Value:
        if node.value is not None:
            return Value(node.value)
        return Value(self.symbol(node), node.shape, row)

    def node(self, value: Value) -> Node:
        """The node of a value: a map over the nodes that its expression reads."""
        if value.expr in self.nodes and self.nodes[value.expr].shape == value.shape:
            return self.nodes[value.expr]
        symbols = sorted((s for s in value.expr.free_symbols if s in self.nodes), key=lambda s: self.nodes[s].number)
        every = tuple(range(len(value.shape)))
        operands = []
        for symbol in symbols:
            node = self.nodes[symbol]
            operands.append((node, every if node.shape else ()))
        swap = {symbol: slot(k) for k, symbol in enumerate(symbols)}
        return self.graph.map(put_in(value.expr, swap), operands, value.shape)

    def step(self, expr: t.Expr) -> Value:
        """A whole right side, lowered and checked."""
        value = self.lower(expr)
        self.check(value.expr, expr.span)
        if len(value.expr.free_symbols) > MAX_NAMES:
            raise LimitError(f"One expression has at most {MAX_NAMES:,} different names; use a vector.", expr.span)
        return value

    def source(self, span: Span) -> str:
        return self.text[span.start : span.stop]

    # -------------------------------------------------------------- numbers
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
        elif expr.has(sp.zoo, sp.nan, sp.oo, -sp.oo):
            raise ValueMistake(f"{self.source(span)} has no value: it divides by 0 or is not finite.", span)
        elif expr.has(sp.I):
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
        if isinstance(expr, t.Name):
            if expr.key in self.indices:
                return self.indices[expr.key]
            found = self.env.get(expr.key)
            if found is not None and found.shape == () and found.expr.is_Integer and expr.key in self.whole_names:
                return int(found.expr)
        if isinstance(expr, t.Negative):
            value = self.whole(expr.inner)
            return None if value is None else -value
        if isinstance(expr, t.Sum):
            terms = [(sign, self.whole(term)) for sign, term in expr.terms]
            return sum(sign * term for sign, term in terms if term is not None)
        if isinstance(expr, (t.Product, t.Fraction)):
            factors = expr.factors if isinstance(expr, t.Product) else (("", expr.above), ("/", expr.below))
            total = Fraction(1)
            for operator, factor in factors:
                value = self.whole(factor)
                if operator == "/":
                    if not value:
                        break
                    total /= value
                else:
                    total *= value or 0
                if total.numerator.bit_length() > 1000:
                    raise LimitError("This is too large for a bound, a size or an index.", expr.span)
            else:
                if total.denominator == 1:
                    return int(total)
        if isinstance(expr, t.Power):
            base, exponent = self.whole(expr.base), self.whole(expr.exponent)
            if base is not None and exponent is not None and exponent >= 0:
                if exponent * base.bit_length() > 1000:
                    raise LimitError("This is too large for a bound, a size or an index.", expr.span)
                return int(base**exponent)
        shown = self.source(expr.span)
        raise ValueMistake(f"{shown} should be a whole number here.", expr.span)

    # -------------------------------------------------------------- shapes
    def describe(self, expr: t.Expr, value: Value) -> str:
        """`W is 2×3 (line 2)`: how an error speaks of an operand."""
        inner = t.inside(expr)
        shown = self.source(expr.span)
        if isinstance(inner, t.Name) and re.search(r"^[0-9]|[(\s]", shown):
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
        """` (line 2)` for a name, also transposed, else nothing."""
        inner = t.inside(expr)
        if isinstance(inner, t.Transpose):
            inner = t.inside(inner.base)
        return self.where(inner.key) if isinstance(inner, t.Name) else ""

    def clash(self, a: t.Expr, va: Value, b: t.Expr, vb: Value, hints: Sequence[str] = ()) -> ShapeError:
        return ShapeError(f"{self.describe(a, va)}, but {self.describe(b, vb)}.", a.span.to(b.span), hints)

    def entries(self, count: int, span: Span) -> None:
        if count > MAX_ENTRIES:
            raise LimitError(f"An array has at most {MAX_ENTRIES:,} entries; this one would have {count:,}.", span)

    # -------------------------------------------------------------- lowering
    def lower(self, expr: t.Expr) -> Value:
        method = getattr(self, f"lower_{type(expr).__name__.lower()}", None)
        if method is None:
            raise SyntaxMistake("A comparison stands in a condition: a if x > 0 else b.", expr.span)
        try:
            value: Value = method(expr)
        except _Unroll:
            if self.vector_index is None or self.depends_on_index(expr):
                raise
            with self.outside_family():
                value = method(expr)
            if value.shape != ():
                raise
        return value

    def depends_on_index(self, expr: t.Expr) -> bool:
        """True where an expression in a family differs from member to member."""
        assert self.vector_index is not None
        return mentions(expr, {self.vector_index[0], *self.family_arguments})

    @contextmanager
    def outside_family(self) -> Iterator[None]:
        held = self.vector_index, self.family_arguments
        self.vector_index, self.family_arguments = None, frozenset()
        try:
            yield
        finally:
            self.vector_index, self.family_arguments = held

    def lower_number(self, expr: t.Number) -> Value:
        return Value(self.number(expr), literal=True)

    def lower_constant(self, expr: t.Constant) -> Value:
        return Value(sp.E if expr.name == "e" else sp.pi, literal=True)

    def lower_name(self, expr: t.Name) -> Value:
        if expr.key in self.indices:
            return Value(sp.Integer(self.indices[expr.key]), literal=True)
        if self.vector_index is not None and expr.key == self.vector_index[0]:
            values = self.vector_index[1]
            return self.of_node(self.graph.const([sp.Integer(v) for v in values], (len(values),)))
        value = self.env[expr.key]
        if self.vector_index is not None and value.shape != () and not self.in_family_env(expr.key):
            raise _Unroll
        return value

    @property
    def in_family(self) -> bool:
        """True in the body of a family that is lowered at once: every array there is a number for each member."""
        return self.vector_index is not None

    def in_family_env(self, key: str) -> bool:
        """True for an argument of a call inside a family: a vector over the index, read entry by entry."""
        return key in self.family_arguments

    family_arguments: frozenset[str] = frozenset()

    def lower_paren(self, expr: t.Paren) -> Value:
        return self.lower(expr.inner)

    def lower_negative(self, expr: t.Negative) -> Value:
        inner = self.lower(expr.inner)
        return replace(inner, expr=-inner.expr)

    def lower_sum(self, expr: t.Sum) -> Value:
        values = [self.lower(term) for _, term in expr.terms]
        shape: Shape = ()
        row, solid = False, None
        for (_, term), value in zip(expr.terms, values):
            if value.shape == ():
                continue
            if solid is None:
                solid, shape, row = (term, value), value.shape, value.row
            elif (value.shape, value.row) != (shape, row) and not self.in_family:
                self.sum_clash(*solid, term, value)
        if shape != () and not self.in_family:  # a number is added to each entry
            self.spread |= {term.span for (_, term), value in zip(expr.terms, values)
                            if value.shape == () and not value.literal}
        total = sp.Add(*(value.expr if sign > 0 else -value.expr for (sign, _), value in zip(expr.terms, values)))
        return Value(self.check_small(total, expr.span), shape, row, all(v.literal for v in values))

    def sum_clash(self, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> None:
        span = a.span.to(b.span)
        if va.row != vb.row and va.shape == vb.shape:
            raise ShapeError(f"{self.source(a.span)} and {self.source(b.span)}: one is a column, one a row.", span)
        raise self.clash(a, va, b, vb)

    def check_small(self, expr: sp.Expr, span: Span) -> sp.Expr:
        return self.check(expr, span) if expr.is_Rational or not expr.free_symbols else expr

    def lower_product(self, expr: t.Product) -> Value:
        total, seen = self.lower(expr.factors[0][1]), expr.factors[0][1]
        scalars: list[sp.Expr] = []
        for operator, factor in expr.factors[1:]:
            value = self.lower(factor)
            scalar = 1 / value.expr if operator in ("/", "./") else value.expr
            if total.shape == () and value.shape == () and not scalar.has(sp.zoo):
                total = replace(total, literal=total.literal and value.literal)
                scalars.append(scalar)  # collected, so that a long product is not built again and again
            else:
                if scalars:
                    total, scalars = replace(total, expr=sp.Mul(total.expr, *scalars)), []
                total = self.multiply(operator, seen, total, factor, value)
            span = seen.span.to(factor.span)
            seen = t.Paren(factor, span=span)
        if scalars:
            total = replace(total, expr=sp.Mul(total.expr, *scalars))
        return replace(total, expr=self.check_small(total.expr, expr.span))

    def lower_fraction(self, expr: t.Fraction) -> Value:
        above, below = self.lower(expr.above), self.lower(expr.below)
        if below.shape != () and above.shape == below.shape and not self.in_family:
            parts = [self.source(one.span) for one in (expr.above, expr.below)]
            raise ShapeError(f"Division is by numbers: {self.describe(expr.below, below)}.", expr.span,
                             (f"({parts[0]}) ./ ({parts[1]})",))
        return self.multiply("/", expr.above, above, expr.below, below)

    def divisor(self, value: Value) -> Value:
        """What is divided by, as a node of its own where SymPy would divide case by case, and one case is 0."""
        return value if value.expr.is_zero or not (1 / value.expr).has(sp.zoo) else self.apart(value)

    def multiply(self, operator: str, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> Value:
        literal = va.literal and vb.literal
        if operator in ("/", "./"):
            vb = self.divisor(vb)
        if operator == "/":
            if vb.shape != () and not self.in_family:
                if va.shape != () or len(vb.shape) != 1 or vb.row:
                    hint = (f"{self.source(a.span)} ./ {self.source(b.span)}",) if va.shape in ((), vb.shape) else ()
                    raise ShapeError(f"Division is by numbers: {self.describe(b, vb)}.", a.span.to(b.span), hint)
                self.divisors.add(b.span)
            if vb.expr.is_zero:
                raise ValueMistake("This divides by 0.", a.span.to(b.span))
            return Value(va.expr / vb.expr, va.shape or vb.shape, va.row, literal)
        if operator in (".*", "./"):
            if () not in (va.shape, vb.shape) and (va.shape, va.row) != (vb.shape, vb.row):
                raise self.clash(a, va, b, vb)
            if operator == "./" and vb.expr.is_zero:
                raise ValueMistake("This divides by 0.", a.span.to(b.span))
            expr = va.expr * vb.expr if operator == ".*" else va.expr / vb.expr
            return Value(expr, va.shape or vb.shape, va.row or vb.row, literal)
        if () in (va.shape, vb.shape) or self.in_family:
            return Value(va.expr * vb.expr, va.shape or vb.shape, va.row or vb.row, literal)
        return self.contract(operator, a, va, b, vb)

    def contract(self, operator: str, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> Value:
        """A product of two arrays that are not numbers."""
        g = self.graph
        ra, rb = len(va.shape), len(vb.shape)
        na, nb = self.node(va), self.node(vb)
        if ra == rb == 1 and not va.row and not vb.row:
            if operator == "dot" or (operator == "cross" and va.shape != (3,)):
                if va.shape != vb.shape:
                    raise self.clash(a, va, b, vb)
                if operator == "dot":
                    return self.of_node(g.dot(na, nb, (0,), (0,), ()))
            if operator == "cross":
                return self.cross(a, va, b, vb)
            first = t.inside(a)
            if isinstance(first, t.Name) and (given := self.as_row.get(first.key)):
                text = self.source(given)
                raise ShapeError(
                    f"{self.source(a.span)} is a column, and a column times a column is none; a row is [{text}].",
                    given, (f"[{text}]",),
                )
            u, v = self.source(a.span), self.source(b.span)
            if a.span == b.span:
                raise ShapeError(f"{self.describe(a, va)}, but {self.describe(b, vb)}.", a.span)
            raise ShapeError(
                f"Two columns side by side: {u} and {v}. Is it the inner product or entry by entry? "
                f"(cross({u}, {v}) and {u} {v}^T are the others.)", a.span.to(b.span),
                (f"dot({u}, {v})", f"{u} .* {v}"),
            )
        if ra == 1 and va.row:
            if rb == 1 and vb.row:
                raise ShapeError("Two rows side by side have no product.", a.span.to(b.span))
            if va.shape[0] != vb.shape[0]:
                raise self.clash(a, va, b, vb)
            if rb == 1:
                return self.of_node(g.dot(na, nb, (0,), (0,), ()))
            return self.of_node(g.dot(na, nb, (0,), (0, 1), (1,)), row=True)
        if ra == 1:  # a column
            if rb == 1:
                self.entries(va.shape[0] * vb.shape[0], a.span.to(b.span))
                return self.of_node(g.dot(na, nb, (0,), (1,), (0, 1)))
            if vb.shape[0] != 1:
                raise self.clash(a, va, b, vb)
            return self.of_node(g.dot(na, nb, (0,), (2, 1), (0, 1)))
        if rb == 1 and vb.row:
            if va.shape[1] != 1:
                raise self.clash(a, va, b, vb)
            return self.of_node(g.dot(na, nb, (0, 2), (1,), (0, 1)))
        if va.shape[1] != vb.shape[0]:
            m = va.shape[1]
            left = f"{self.source(a.span)} has {m} {'column' if m == 1 else 'columns'}"
            place = self.place(a)
            right = self.describe(b, vb) if rb == 1 else f"{self.source(b.span)} has {vb.shape[0]} rows{self.place(b)}"
            hints = []
            if isinstance(t.inside(a), t.Name) and isinstance(t.inside(b), t.Name):
                hints = [f"{self.source(t.inside(a).span)} in R^({va.shape[0]}x{vb.shape[0]})"]
                if rb == 1:
                    hints.append(f"{self.source(t.inside(b).span)} in R^{va.shape[1]}")
            error = ShapeError(f"{left}{place}, but {right}.", a.span.to(b.span), hints)
            raise error
        if rb == 1:
            return self.of_node(g.dot(na, nb, (0, 1), (1,), (0,)))
        product = g.dot(na, nb, (0, 1), (1, 2), (0, 2))
        if product.shape == (1, 1):
            return self.of_node(g.take(product, (0,), ()))
        return self.of_node(product)

    def cross(self, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> Value:
        if va.shape != (3,) or vb.shape != (3,):
            raise ShapeError(
                f"A cross product is of two vectors of 3 entries: {self.describe(a, va)}, {self.describe(b, vb)}.",
                a.span.to(b.span),
            )
        g, (na, nb) = self.graph, (self.node(va), self.node(vb))
        left = [self.of_node(g.take(n, k, (3,))).expr for n, k in
                ((na, (1, 2, 0)), (nb, (2, 0, 1)), (na, (2, 0, 1)), (nb, (1, 2, 0)))]
        return Value(left[0] * left[1] - left[2] * left[3], (3,))

    def lower_power(self, expr: t.Power) -> Value:
        base, exponent = self.lower(expr.base), self.lower(expr.exponent)
        if len(base.shape) == 2 and not expr.entrywise:
            text = self.source(expr.span)
            if re.sub(r"[\s{}()^*]", "", text[expr.base.span.stop - expr.span.start :]) in ("-1", "−1", "⁻¹"):
                raise ShapeError(
                    "The inverse of a matrix is not found here; write it out, or declare it as a matrix of its own.",
                    expr.span,
                )
            fix = re.sub(r"\s*(\^|\*\*)\s*", " .^", text, count=1)
            call = t.inside(expr.base)
            if expr.on_name and isinstance(call, t.Call) and len(call.arguments) == 1:  # sin² A
                argument = self.source(t.inside(call.arguments[0]).span)
                power = unicodedata.normalize("NFKC", self.source(expr.exponent.span))
                fix = f"{call.function}({argument}) .^" + (power if power.isalnum() else f"({power})")
            raise ShapeError(
                "A power of a matrix could be a product or entry by entry.", expr.span,
                (fix,) if fix != text else (f"{self.source(expr.base.span)} .^2",),
            )
        if exponent.shape not in ((), base.shape) and base.shape != ():
            raise self.clash(expr.base, base, expr.exponent, exponent)
        literal = base.literal and exponent.literal
        shape = base.shape or exponent.shape
        length = self.nodes.get(base.expr)
        if length is not None and length.op == "norm" and exponent.expr.is_Integer and exponent.expr.is_even:
            (x,) = length.args  # ||x||^2 is x·x, which has a slope at 0
            base, exponent = self.of_node(self.graph.dot(x, x, (0,), (0,), ())), Value(exponent.expr / 2)
        self.check_power(base.expr, exponent.expr, expr.span)
        value = base.expr**exponent.expr
        if value.has(sp.zoo) and base.expr.has(sp.Piecewise):
            base = self.apart(base)
            value = base.expr**exponent.expr
        if value.has(sp.I, sp.zoo, sp.nan) or (literal and not value.is_extended_real):
            self.check(value, expr.span)
            raise ValueMistake(f"{self.source(expr.span)} is not a real number.", expr.span)
        return Value(self.check_small(value, expr.span), shape, base.row or exponent.row, literal)

    def check_power(self, base: sp.Expr, exponent: sp.Expr, span: Span) -> None:
        """Refuse powers that would be written out at impossible length."""
        too_long = LimitError("This power is too large to be written out.", span)
        highest, largest = self.extreme(exponent), self.extreme(base)
        if highest is not None and largest is not None and not (base.is_Rational and exponent.is_Rational):
            if abs(highest) * abs(log(largest or 1)) > 2.31 * MAX_DIGITS:
                raise too_long
        if not exponent.is_Rational:
            return
        size = abs(exponent)
        coefficient = base.as_coeff_Mul()[0]
        bits = max(coefficient.p.bit_length(), coefficient.q.bit_length()) if coefficient.is_Rational else 1
        if coefficient in (1, -1, 0):
            bits = 0 if size.q == 1 else 1
        if size > 10**9 or bits * size > 3.33 * MAX_DIGITS:
            raise too_long
        if exponent < 0 and base.is_zero:
            raise ValueMistake("This divides by 0.", span)

    def extreme(self, expr: sp.Expr) -> float | None:
        """The largest magnitude among a constant's entries: infinity beyond all floats, None where it has names."""
        node = self.nodes.get(expr)
        entries = node.data if node is not None and node.op == "const" else (expr,)
        if any(entry.free_symbols for entry in entries):
            return None
        try:
            return max(abs(float(entry)) for entry in entries)
        except (OverflowError, TypeError, ValueError):
            return inf

    def lower_transpose(self, expr: t.Transpose) -> Value:
        base = self.lower(expr.base)
        if base.shape == () and not self.in_family:
            self.number_alone(expr.base, expr.span)
        if base.shape == () or self.in_family:
            return base
        if len(base.shape) == 1:
            return replace(base, row=not base.row)
        return self.of_node(self.graph.permute(self.node(base), (1, 0)))

    def number_alone(self, expr: t.Expr, whole: Span) -> None:
        """x^T and sum(x) where no line declares x are of a vector to whoever writes them."""
        name = t.inside(expr)
        if isinstance(name, t.Name) and not self.where(name.key) and not self.in_family and name.key in self.env:
            shown = self.source(name.span)
            raise ShapeError(
                f"{shown} is a number here, and {self.source(whole)} is of a vector; declare it.", whole,
                (f"{shown} in R^3", f"{shown} in R"),
            )

    def lower_absolute(self, expr: t.Absolute) -> Value:
        inner = self.lower(expr.inner)
        if inner.shape != () and not self.in_family:
            shown = self.source(expr.inner.span)
            norm = f"||{shown}||" if len(inner.shape) == 1 else f"||{shown}||_F"
            raise ShapeError(
                f"{self.describe(expr.inner, inner)}: its norm, or the absolute value of each entry?", expr.span,
                (norm, f"abs({shown})"),
            )
        return Value(symbolic("abs")(inner.expr), inner.shape, literal=inner.literal)

    def lower_norm(self, expr: t.Norm) -> Value:
        inner = self.lower(expr.inner)
        return self.norm(expr, expr.inner, inner, expr.order)

    def norm(self, expr: t.Expr, argument: t.Expr, inner: Value, order: str) -> Value:
        g = self.graph
        if inner.shape == () or self.in_family:
            return Value(symbolic("abs")(inner.expr), inner.shape, literal=inner.literal)
        if len(inner.shape) == 2 and order != "F":
            shown = self.source(argument.span)
            told = f"{self.describe(argument, inner)}; the norm of a matrix is ||{shown}||_F here"
            if order == "1":
                raise ShapeError(f"{told}, and the sum of its absolute values is sum(abs({shown})).", expr.span,
                                 (f"sum(abs({shown}))",))
            plain = order == "2" and not re.search(r"_\s*\{?\s*2\s*\}?$", self.source(expr.span))
            raise ShapeError(f"{told}.", expr.span, (f"||{shown}||_F",) if plain else ())
        flat = self.flat(inner)
        if order in ("2", "F"):
            return self.of_node(g.along("norm", flat))
        magnitude = self.node(Value(symbolic("abs")(self.symbol(flat)), flat.shape))
        return self.of_node(g.sum(magnitude, (0,)) if order == "1" else g.along("amax", magnitude))

    def flat(self, value: Value) -> Node:
        node = self.node(value)
        if len(node.shape) == 1:
            return node
        return self.graph.take(node, range(node.size), (node.size,))

    # -------------------------------------------------------------- components
    def lower_component(self, expr: t.Component) -> Value:
        base = self.base_of(expr)
        inner, shown = self.check_components(expr, base)
        columns = [self.index_values(index) for index in expr.indices]
        length = max((len(c) for c in columns if isinstance(c, tuple)), default=0)
        places = [c if isinstance(c, tuple) else (c,) * (length or 1) for c in columns]
        flat = []
        for k in range(length or 1):
            at = 0
            for size, place in zip(base.shape, places):
                if not 1 <= place[k] <= size:
                    what = f"{shown} has {base.shape[0]} entries" if len(base.shape) == 1 else (
                        f"{shown} is {base.shape[0]}×{base.shape[1]}")
                    place_text = self.where(inner.key) if isinstance(inner, t.Name) else ""
                    zero = "; the first entry has the number 1" if place[k] == 0 else ""
                    raise ShapeError(
                        f"{what}{place_text}; {place[k]} is out of range (from 1 to {size}){zero}.", expr.span
                    )
                at = at * size + place[k] - 1
            flat.append(at)
        node = self.node(base)
        if not length:
            return self.of_node(self.graph.take(node, flat, ()))
        return self.of_node(self.graph.take(node, flat, (length,)))

    def check_components(self, expr: t.Component, base: Value) -> tuple[t.Expr, str]:
        """The base and its name, which has components with as many indices."""
        inner = t.inside(expr.base)
        shown = inner.key if isinstance(inner, t.Name) else self.source(expr.base.span)
        if base.shape == ():
            name = isinstance(inner, t.Name)
            raise ShapeError(
                f"{shown} has no components here: declare its size.", expr.span,
                (f"{shown} in {self.size_for(expr.indices)}",) if name and shown.isalnum() else (),
            )
        if len(expr.indices) != len(base.shape):
            kind = "one index" if len(base.shape) == 1 else "two indices, W[1,2]"
            raise ShapeError(f"{self.describe(expr.base, base)}; a component of it has {kind}.", expr.span)
        return inner, shown

    def size_for(self, indices: Sequence[t.Expr]) -> str:
        """The least size that has these components, as it is declared."""
        sizes, held = [], dict(self.indices)
        self.indices |= {key: last for key, last in self.lasts.items() if key in held}
        for index in indices:
            try:
                found = self.index_values(index)
            except JacmagicError:
                found = 2
            sizes.append(max(2, *(found if isinstance(found, tuple) else (found,))))
        self.indices = held
        return f"R^{sizes[0]}" if len(sizes) == 1 else f"R^({'x'.join(map(str, sizes))})"

    def base_of(self, expr: t.Component) -> Value:
        """The array that components are taken of; it may be read inside a family, too."""
        if self.in_family and self.depends_on_index(expr.base):
            raise _Unroll
        with self.outside_family():
            return self.lower(expr.base)

    def index_values(self, expr: t.Expr) -> int | tuple[int, ...]:
        """A component's index: one number, or one for each member of the family."""
        if self.vector_index is None:
            return self.whole_of(expr)
        key, values = self.vector_index
        if not mentions(expr, {key}):
            return self.whole_of(expr)
        out = []
        held, self.vector_index = self.vector_index, None
        try:
            for value in values:
                with self.member(key, value):
                    out.append(self.whole_of(expr))
        finally:
            self.vector_index = held
        return tuple(out)

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

    # -------------------------------------------------------------- vectors
    def lower_vector(self, expr: t.Vector) -> Value:
        if self.in_family:
            raise _Unroll
        values = [self.lower(entry) for entry in expr.entries]
        for entry, value in zip(expr.entries, values):
            if len(value.shape) == 2:
                raise ShapeError(f"{self.describe(entry, value)}; a vector has numbers and columns in it.", entry.span)
        size = sum(v.shape[0] if v.shape else 1 for v in values)
        self.entries(size, expr.span)
        node = self.graph.stack([self.node(v) for v in values], (size,))
        literal = all(v.literal for v in values)
        return replace(self.of_node(node), literal=literal) if node.shape else self.of_node(node)

    def lower_matrix(self, expr: t.Matrix) -> Value:
        if self.in_family:
            raise _Unroll
        if any(t.is_list(entry) for row in expr.rows for entry in row):
            parts = [self.lower(row[0]) for row in expr.rows]
            widths = {p.shape for p in parts}
            if len(widths) > 1:
                raise ShapeError("The rows of this matrix differ in length.", expr.span)
            shape = (len(parts), parts[0].shape[0])
            return self.of_node(self.graph.stack([self.node(p) for p in parts], shape))
        shape = (len(expr.rows), len(expr.rows[0]))
        self.entries(shape[0] * shape[1], expr.span)
        values = [self.lower(entry) for row in expr.rows for entry in row]
        for entry, value in zip((e for row in expr.rows for e in row), values):
            if value.shape != ():
                raise ShapeError(f"{self.describe(entry, value)}; the entries of a matrix are numbers.", entry.span)
        node = self.graph.stack([self.node(v) for v in values], shape)
        return replace(self.of_node(node), literal=all(v.literal for v in values))

    # -------------------------------------------------------------- families
    def lower_family(self, expr: t.Family) -> Value:
        if self.in_family:
            raise _Unroll
        first, last = self.whole_of(expr.first), self.whole_of(expr.last)
        count = max(0, last - first + 1)
        if count > MAX_FAMILY:
            raise LimitError(f"A family has at most {MAX_FAMILY:,} members; this one has {count:,}.", expr.span)
        if self.indices:
            self.unroll(count, expr.span)
        if count == 0:
            if expr.kind == "vector":
                raise ValueMistake(f"This family is empty: from {first} to {last}.", expr.span)
            for one in t.walk(expr.body):  # no member is lowered, but x[i] must have a meaning
                name = t.inside(one.base) if isinstance(one, t.Component) else None
                if isinstance(one, t.Component) and isinstance(name, t.Name) and name.key in self.env:
                    self.check_components(one, self.env[name.key])
            return Value(sp.Integer(0 if expr.kind == "sum" else 1), literal=True)
        values = tuple(range(first, last + 1))
        try:
            with self.family(expr.index, values):
                body = self.lower(expr.body)
                node = self.node(body)
        except (_Unroll, ShapeError):  # written out, a clash of sizes speaks of the members
            return self.written_out(expr, values)
        if body.shape == ():
            node = self.graph.broadcast(node, (), (count,))
        if expr.kind != "vector" and node.op == "const" and all(v.is_Rational for v in node.data):
            return Value(self.total(expr.kind, node.data, expr.span), literal=True)
        if expr.kind == "sum":
            return self.of_node(self.graph.sum(node, (0,)))
        if expr.kind == "prod":
            return self.of_node(self.graph.along("prod", node))
        return self.of_node(node)

    def total(self, kind: str, numbers: Sequence[sp.Rational], span: Span) -> sp.Rational:
        """The sum or product of numbers, as long as it can be written out."""
        found = sp.Integer(0 if kind == "sum" else 1)
        for number in numbers:
            found = self.check(found + number if kind == "sum" else found * number, span)
        return found

    @contextmanager
    def family(self, index: str, values: tuple[int, ...]) -> Iterator[None]:
        held = self.vector_index, self.family_arguments
        self.vector_index, self.family_arguments = (index, values), frozenset()
        try:
            yield
        finally:
            self.vector_index, self.family_arguments = held

    def unroll(self, count: int, span: Span) -> None:
        self.unrolled += count
        if self.unrolled > MAX_UNROLLED:
            raise LimitError(f"Families of families may have {MAX_UNROLLED:,} members in all; this is more.", span)

    def written_out(self, expr: t.Family, values: tuple[int, ...]) -> Value:
        """A family member by member; where all members are as large, the first tells how many there will be."""
        self.unroll(len(values), expr.span)
        below = list(t.walk(expr.body))
        alike = not any(isinstance(one, t.UserCall) for one in below) and not any(
            isinstance(one, t.Family) and (mentions(one.first, {expr.index}) or mentions(one.last, {expr.index}))
            for one in below
        )
        members: list[Value] = []
        self.lasts[expr.index] = max(values)
        for value in values:
            before = self.unrolled
            with self.member(expr.index, value):
                members.append(self.lower(expr.body))
            if alike and len(members) == 1:
                ahead = (self.unrolled - before) * (len(values) - 1)
                self.unroll(ahead, expr.span)
                self.unrolled -= ahead
        literal = t.inside(expr.body)
        shapes = {m.shape for m in members}
        if len(shapes) > 1 and (expr.kind != "vector" or isinstance(literal, t.Vector) or t.is_list(literal)):
            raise ShapeError("The members of this family differ in size.", expr.span)
        if expr.kind == "sum":
            return Value(sp.Add(*(m.expr for m in members)), members[0].shape, members[0].row)
        if expr.kind == "prod":
            if members[0].shape != ():
                raise ShapeError("A product over a family is of numbers.", expr.span)
            stacked = self.graph.stack([self.node(m) for m in members], (len(members),))
            return self.of_node(self.graph.along("prod", stacked))
        nodes = [self.node(m) for m in members]
        size = sum(n.size for n in nodes)
        self.entries(size, expr.span)
        if isinstance(literal, t.Vector) or t.is_list(literal):
            return self.of_node(self.graph.stack(nodes, (len(nodes), members[0].shape[0])))
        if any(len(m.shape) == 2 for m in members):
            raise ShapeError("The members of a family are numbers or columns.", expr.span)
        return self.of_node(self.graph.stack(nodes, (size,)))

    # -------------------------------------------------------------- conditions
    def chosen(self, expr: t.Case) -> t.Expr:
        """The cases left for one member of a family, or one call: those that are ruled out are not looked at."""
        if not (self.indices or self.calls) or self.vector_index is not None:
            return expr
        branches: list[tuple[t.Expr, t.Expr]] = []
        for value, condition in expr.branches:
            logic = self.condition(condition)[0] if self.calls or mentions(condition, self.indices) else None
            if logic == sp.true:
                return replace(expr, branches=tuple(branches), otherwise=value) if branches else value
            if logic != sp.false:
                branches.append((value, condition))
        return replace(expr, branches=tuple(branches)) if branches else expr.otherwise

    def lower_case(self, expr: t.Case) -> Value:
        case = self.chosen(expr)
        if not isinstance(case, t.Case):
            return self.lower(case)
        expr = case
        parts = [value for value, _ in expr.branches] + [expr.otherwise]
        values = [self.lower(part) for part in parts]
        shape: Shape = ()
        solid: tuple[t.Expr, Value] | None = None
        for part, value in zip(parts, values):
            if value.shape == () and value.literal:
                continue
            if solid is None or (self.in_family and solid[1].shape == ()):
                solid = (part, value)
            elif value.shape != solid[1].shape and not self.in_family:
                raise self.clash(*solid, part, value)
        shape = solid[1].shape if solid else ()
        conditions = []
        for _, condition in expr.branches:
            logic, inner = self.condition(condition)
            if inner not in ((), shape):
                if shape != ():
                    raise ShapeError("The condition and the values differ in size.", condition.span)
                shape = inner
            conditions.append(logic)
        pieces = [(value.expr, c) for value, c in zip(values, conditions)] + [(values[-1].expr, True)]
        return Value(by_cases(*pieces), shape)

    def condition(self, expr: t.Expr) -> tuple[sp.Basic, Shape]:
        if isinstance(expr, t.Paren):
            return self.condition(expr.inner)
        if isinstance(expr, t.Logic):
            parts = [self.condition(operand) for operand in expr.operands]
            shape = next((s for _, s in parts if s), ())
            if any(s not in ((), shape) for _, s in parts):
                raise ShapeError("What and, or and not join differs in size.", expr.span)
            combine = {"and": sp.And, "or": sp.Or, "not": sp.Not}[expr.operator]
            return combine(*(p for p, _ in parts)), shape
        assert isinstance(expr, t.Compare)
        values = [self.apart(self.lower(operand)) for operand in expr.operands]
        solid = next((k for k, v in enumerate(values) if v.shape), 0)
        shape = values[solid].shape
        for operand, value in zip(expr.operands, values):
            if value.shape not in ((), shape):
                raise self.clash(expr.operands[solid], values[solid], operand, value)
        make = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq}
        links = [make[rel](a.expr, b.expr) for rel, a, b in zip(expr.relations, values, values[1:])]
        return sp.And(*links), shape

    def apart(self, value: Value) -> Value:
        """What is given by cases as a node of its own: SymPy tries to solve a condition with cases inside."""
        if not value.expr.has(sp.Piecewise):
            return value
        if self.in_family:
            raise _Unroll
        return self.of_node(self.node(value), value.row)

    def lower_indicator(self, expr: t.Indicator) -> Value:
        logic, shape = self.condition(expr.condition)
        return Value(by_cases((sp.Integer(1), logic), (sp.Integer(0), True)), shape)

    # -------------------------------------------------------------- calls
    def lower_usercall(self, expr: t.UserCall) -> Value:
        params, body = self.functions[expr.key]
        arguments = [self.lower(argument) for argument in expr.arguments]
        if len(arguments) == 1 and len(params) > 1 and len(arguments[0].shape) == 1:
            vector = arguments[0]
            if self.in_family:
                raise _Unroll
            if vector.shape[0] != len(params):
                raise ShapeError(
                    f"{expr.key} takes {len(params)} arguments, but {self.describe(expr.arguments[0], vector)}.",
                    expr.span,
                )
            node = self.node(vector)
            arguments = [self.of_node(self.graph.take(node, (k,), ())) for k in range(len(params))]
        if len(arguments) != len(params):
            form = f"{expr.key}({', '.join(params)})"
            raise SyntaxMistake(
                f"{expr.key} takes {len(params)} argument{'s' if len(params) > 1 else ''}, {form}; "
                f"here it gets {len(arguments)}.", expr.span,
            )
        own = [self.env.get(param) for param in params]
        same = all(a == b for a, b in zip(arguments, own)) and not self.calls  # in a call, s is not the block's s
        if same and expr.key in self.env and self.vector_index is None:
            return self.env[expr.key]
        if expr.key in self.calls:
            raise SyntaxMistake(f"{expr.key} calls itself.", expr.span)
        self.called += 1
        if len(self.calls) > 30 or self.called > MAX_CALLS:
            raise LimitError(
                f"Functions call one another more than 30 deep, or {MAX_CALLS:,} times in all; name a value on a line "
                "of its own.", expr.span,
            )
        held = {param: self.env.get(param) for param in params}
        family = self.family_arguments
        self.calls.append(expr.key)
        try:
            for param, argument in zip(params, arguments):
                node = self.node(argument)
                self.env[param] = argument if argument.row or not argument.expr.free_symbols else self.of_node(node)
            if self.vector_index is not None:
                self.family_arguments = frozenset(p for p in params if self.env[p].shape)
            return self.lower(body)
        except JacmagicError as error:
            if isinstance(error, ShapeError):
                raise ShapeError(
                    f"{self.source(expr.span)} does not fit: {error.message}", expr.span) from None
            raise
        finally:
            self.calls.pop()
            self.family_arguments = family
            for param, before in held.items():
                if before is None:
                    self.env.pop(param, None)
                else:
                    self.env[param] = before

    def lower_call(self, expr: t.Call) -> Value:
        row = FUNCTIONS[expr.function]
        count = len(expr.arguments)
        shown = self.source(expr.span).split("(")[0].strip() or row.name
        low, high = row.arity
        if count != 2 and (mistake := self.no_inner_product(expr)):
            raise mistake
        if count < low or (high is not None and count > high):
            takes = f"{low} argument{'s' if low != 1 else ''}" + ("" if high == low else " or more")
            raise SyntaxMistake(f"{shown} takes {takes}; here it gets {count}.", expr.span)
        if row.kind == "entrywise":
            return self.entrywise(expr)
        if row.kind == "loss":
            return self.loss(expr)
        if self.vector_index is not None and not (count == 1 and isinstance(t.inside(expr.arguments[0]), t.Family)):
            raise _Unroll
        return getattr(self, f"call_{row.name}")(expr, [self.argument(a) for a in expr.arguments])

    def argument(self, expr: t.Expr) -> Value:
        """An argument of sum, prod, mean and the like: a family stands for the vector of its members."""
        return self.lower(expr)

    def entrywise(self, expr: t.Call) -> Value:
        values = [self.apart(self.lower(argument)) for argument in expr.arguments]
        row = FUNCTIONS[expr.function]
        self.used += 1
        if self.used > MAX_FUNCTIONS:
            raise LimitError(
                f"A block has at most {MAX_FUNCTIONS:,} functions such as {row.name}; use a family over a vector.",
                expr.span,
            )
        if row.arity[1] is None and len(values) == 1:
            if values[0].shape == ():
                self.number_alone(expr.arguments[0], expr.span)
                return values[0]
            if self.in_family:
                raise _Unroll
            return self.of_node(self.graph.along("amax" if row.name == "max" else "amin", self.flat(values[0])))
        shape: Shape = ()
        solid = None
        for argument, value in zip(expr.arguments, values):
            if value.shape == ():
                continue
            if solid is not None and value.shape != shape:
                raise self.clash(*solid, argument, value)
            solid, shape = (argument, value), value.shape
        if row.name == "abs" and shape != () and not self.in_family:
            self.arrays.add(expr.span)
        literal = all(v.literal for v in values)
        function = symbolic(row.name)
        if row.name in ("exp", "sinh", "cosh"):
            self.check_power(sp.E, values[0].expr, expr.span)
        if row.arity[1] is None and len(values) > 3 and shape == () and not self.in_family:
            stacked = self.graph.stack([self.node(v) for v in values], (len(values),))
            return self.of_node(self.graph.along("amax" if row.name == "max" else "amin", stacked))
        value = function(*(v.expr for v in values))
        if not isinstance(value, sp.Expr):
            value = sp.sympify(value)
        if not value.free_symbols:
            self.check(value, expr.span)
            if value.is_extended_real is False:
                raise ValueMistake(f"{self.source(expr.span)} is not a real number.", expr.span)
        elif value.has(sp.I):
            raise ValueMistake(f"{self.source(expr.span)} is nowhere a real number.", expr.span)
        return Value(value, shape, any(v.row for v in values), literal)

    def loss(self, expr: t.Call) -> Value:
        (a, b), (va, vb) = expr.arguments, [self.apart(self.lower(argument)) for argument in expr.arguments]
        row = FUNCTIONS[expr.function]
        spread = vb.shape == () and vb.literal and row.name != "cross_entropy"  # bce(p, 1): every target is 1
        if va.shape != vb.shape and not spread and not self.in_family:
            raise self.clash(a, va, b, vb)
        assert row.define is not None
        each = Value(row.define(calculus, va.expr, vb.expr), va.shape or vb.shape)
        if va.shape == () or self.in_family:
            return replace(each, expr=self.check_small(each.expr, expr.span))
        node = self.flat(each)
        total = self.of_node(self.graph.sum(node, (0,)))
        if row.name == "cross_entropy":
            return total
        return replace(total, expr=total.expr / node.size)

    def vector_argument(self, expr: t.Call, value: Value) -> Node:
        if len(value.shape) != 1:
            found = self.describe(expr.arguments[0], value)
            raise ShapeError(f"{expr.function} is of a vector, but {found}.", expr.span)
        return self.node(value)

    def call_softmax(self, expr: t.Call, values: list[Value]) -> Value:
        return self.of_node(self.graph.along(expr.function, self.several(expr, values[0])))

    call_log_softmax = call_softmax

    def several(self, expr: t.Call, value: Value) -> Node:
        """A vector of more than one entry: softmax of one is 1, whatever it is."""
        node = self.vector_argument(expr, value)
        if node.size > 1:
            return node
        shown, soft = self.source(expr.span), expr.function == "softmax"
        said = "1; one chance is a sigmoid." if soft else "0."
        fix = (shown.replace("softmax", "sigmoid", 1),) if soft and "softmax" in shown else ()
        raise ShapeError(f"{expr.function} of one entry is always {said}", expr.span, fix)

    def call_layer_norm(self, expr: t.Call, values: list[Value]) -> Value:
        centred = self.centred(self.vector_argument(expr, values[0]))
        deviation = self.node(Value(sp.sqrt(self.mean_square(centred) + sp.Rational(1, 100000))))
        return self.of_node(self.node(Value(self.symbol(centred) / self.symbol(deviation), centred.shape)))

    def call_rms_norm(self, expr: t.Call, values: list[Value]) -> Value:
        x = self.vector_argument(expr, values[0])
        size = self.node(Value(sp.sqrt(self.mean_square(x) + sp.Rational(1, 2**52))))
        return self.of_node(self.node(Value(self.symbol(x) / self.symbol(size), x.shape)))

    def centred(self, x: Node) -> Node:
        """A vector minus its mean."""
        mean = self.of_node(self.graph.sum(x, (0,))).expr / x.size
        return self.node(Value(self.symbol(x) - self.symbol(self.node(Value(mean))), x.shape))

    def mean_square(self, x: Node) -> sp.Expr:
        squares = self.node(Value(self.symbol(x) ** 2, x.shape))
        return self.of_node(self.graph.sum(squares, (0,))).expr / x.size

    def call_var(self, expr: t.Call, values: list[Value]) -> Value:
        return Value(self.mean_square(self.centred(self.all_entries(expr, values[0]))))

    def call_logsumexp(self, expr: t.Call, values: list[Value]) -> Value:
        return self.of_node(self.graph.along("logsumexp", self.vector_argument(expr, values[0])))

    def all_entries(self, expr: t.Call, value: Value) -> Node:
        """The entries of a vector or matrix, of which a number has none."""
        if value.shape == ():
            self.number_alone(expr.arguments[0], expr.span)
            self.vector_argument(expr, value)
        return self.flat(value)

    def call_norm(self, expr: t.Call, values: list[Value]) -> Value:
        return self.norm(expr, expr.arguments[0], values[0], "2")

    call_norm2 = call_norm

    def call_norm1(self, expr: t.Call, values: list[Value]) -> Value:
        return self.norm(expr, expr.arguments[0], values[0], "1")

    def no_inner_product(self, expr: t.Call) -> SyntaxMistake | None:
        """For ⟨cos t, sin t⟩, a column as some books write it."""
        if not re.match(r"⟨|\\langle|\\left\s*\\langle", self.source(expr.span)):
            return None
        listed = ", ".join(self.source(argument.span) for argument in expr.arguments)
        return SyntaxMistake(
            "⟨u, v⟩ is the inner product of two vectors; a column stands in round brackets.", expr.span,
            (f"({listed})",),
        )

    def call_dot(self, expr: t.Call, values: list[Value]) -> Value:
        (a, b), (va, vb) = expr.arguments, values
        if va.shape == vb.shape == ():
            raise self.no_inner_product(expr) or ShapeError(
                f"dot is of two vectors; {self.source(a.span)} and {self.source(b.span)} are numbers.", expr.span,
                (f"({self.source(a.span)})*({self.source(b.span)})",),
            )
        if va.shape != vb.shape or len(va.shape) != 1:
            raise self.clash(a, va, b, vb)
        return self.of_node(self.graph.dot(self.node(va), self.node(vb), (0,), (0,), ()))

    def call_cross(self, expr: t.Call, values: list[Value]) -> Value:
        return self.cross(expr.arguments[0], values[0], expr.arguments[1], values[1])

    def call_diag(self, expr: t.Call, values: list[Value]) -> Value:
        node = self.vector_argument(expr, values[0])
        n = node.size
        self.entries(n * n, expr.span)
        return self.of_node(self.graph.put(node, [k * (n + 1) for k in range(n)], (n, n)))

    def reduction(self, expr: t.Call, values: list[Value]) -> Node | None:
        """The one vector that is summed up, or None where numbers are given one by one."""
        if len(values) == 1:
            if values[0].shape == ():
                self.number_alone(expr.arguments[0], expr.span)
            return self.flat(values[0]) if values[0].shape else None
        for argument, value in zip(expr.arguments, values):
            if value.shape != ():
                raise ShapeError(f"{expr.function} takes one vector, or numbers.", argument.span)
        return None

    def call_sum(self, expr: t.Call, values: list[Value]) -> Value:
        node = self.reduction(expr, values)
        if node is None:
            return Value(sp.Add(*(v.expr for v in values)), literal=all(v.literal for v in values))
        return self.of_node(self.graph.sum(node, (0,)))

    def call_prod(self, expr: t.Call, values: list[Value]) -> Value:
        node = self.reduction(expr, values)
        if node is None:
            return Value(sp.Mul(*(v.expr for v in values)), literal=all(v.literal for v in values))
        return self.of_node(self.graph.along("prod", node))

    def call_mean(self, expr: t.Call, values: list[Value]) -> Value:
        node = self.reduction(expr, values)
        if node is None:
            return Value(sp.Add(*(v.expr for v in values)) / len(values), literal=all(v.literal for v in values))
        total = self.of_node(self.graph.sum(node, (0,)))
        return replace(total, expr=total.expr / prod(node.shape))


def mentions(expr: t.Expr, keys: Collection[str]) -> bool:
    """True where one of these names occurs in an expression."""
    return any(isinstance(one, (t.Name, t.UserCall)) and one.key in keys for one in t.walk(expr))
