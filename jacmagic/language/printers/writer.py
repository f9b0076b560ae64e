"""What all printers share: where brackets stand, and what may stand side by side.

A printer writes a tree. How tightly a piece holds together is its Level, in the one
table of `precedence`; a piece looser than its place gets brackets. The rules are
those of the block language, so that LaTeX and text read back as the same tree.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache

from jacmagic.errors import Span
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.language.precedence import Level
from jacmagic.names import Name, name

_CALLED = (t.Partial, t.Total, t.Gradient, t.Hessian, t.Jacobian, t.Divergence, t.Curl, t.Laplacian, t.Directional)
"""Derivatives that may have a point behind them, as a function has its arguments."""

FENCED = frozenset({"sqrt", "cbrt", "abs", "norm"})
"""Functions that do not print as a name before an argument."""

Piece = tuple[str, Level]
"""What is printed, and how tightly it holds together."""

Factors = Sequence[tuple[str, t.Expr]]


@cache
def rule(kind: str) -> str:
    """The method that writes the nodes of a class: user_call for UserCall."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def digits(text: str) -> str:
    """A number as it is printed: .5 is 0.5, and 2. is 2."""
    whole = "0" + text if text.startswith(".") else text
    return re.sub(r"\.(?=e|$)", "", whole)


def scientific(text: str) -> tuple[str, int] | None:
    """The two parts of a number with a power of ten."""
    mantissa, e, exponent = digits(text).partition("e")
    return (mantissa, int(exponent)) if e else None


def name_of(expr: t.Name) -> Name:
    return name(expr.key, expr.dotted)


# ------------------------------------------------------------------ what a factor begins with
def _front(expr: t.Expr) -> t.Expr:
    """What stands at the very front of a power, a transpose or a component."""
    while isinstance(expr, (t.Power, t.Transpose, t.Component, t.Degrees)):
        expr = expr.inner if isinstance(expr, t.Degrees) else expr.base
    return expr


def starts_with_number(expr: t.Expr) -> bool:
    return isinstance(_front(expr), (t.Number, t.Indicator)) and not isinstance(expr, t.Component)


def named_call(expr: t.Expr) -> bool:
    """True for what prints with a function's name in front, so that it may follow `sin x`."""
    while isinstance(expr, t.Power):
        expr = expr.base
    return isinstance(expr, t.UserCall) or (isinstance(expr, t.Call) and expr.function not in FENCED)


def starts_with_bracket(expr: t.Expr) -> bool:
    return isinstance(_front(expr), (t.Paren, t.Negative, t.Sum, t.Product, t.Case, t.Family, t.Tuple))


def is_square(expr: t.Expr) -> bool:
    """True for a vector with one entry, whose brackets could be meant as round ones."""
    while isinstance(expr, (t.Power, t.Transpose)):
        expr = expr.base
    if isinstance(expr, t.Matrix):
        return len(expr.rows) == len(expr.rows[0]) == 1
    return isinstance(expr, t.Vector) and len(expr.entries) == 1


def is_word(expr: t.Expr) -> bool:
    """True for a name of several letters, which would run into its neighbour."""
    front = _front(expr)
    return isinstance(front, t.Name) and name_of(front).is_word


def takes_power(function: str) -> bool:
    """True for sin and csch, as in sin^2(x), and False for σ, as in σ(z)^2."""
    if function in FENCED or function not in FUNCTIONS:
        return False
    return bool(FUNCTIONS[function].sympy) or stands_alone(function)


def stands_alone(function: str) -> bool:
    r"""True for what LaTeX has a command for, \sin: such a name may stand before a bare argument."""
    return function in FUNCTIONS and FUNCTIONS[function].tex[1:].isalpha()


class Writer(ABC):
    """A printer: a method for every kind of node, those that two notations share here."""

    def __init__(self, arrays: Collection[Span] = ()) -> None:
        self.bars = 0
        self.indices: list[str] = []
        self.arrays = arrays  # where abs( ) is of a vector or matrix, for which the language has no bars

    def write(self, expr: t.Expr) -> Piece:
        """The expression, and how tightly it holds together."""
        found: Piece = getattr(self, rule(type(expr).__name__))(expr)
        return found

    def free(self, expr: t.Expr) -> str:
        """The expression where nothing can touch it; brackets right round it are redundant."""
        return self.write(t.inside(expr))[0]

    def at(self, expr: t.Expr, level: Level) -> str:
        """The expression, in brackets unless it holds together at this level."""
        shown, tightness = self.write(expr)
        return shown if tightness >= level else self.brackets(shown)

    def listed(self, items: Sequence[t.Expr]) -> str:
        return self.comma().join(map(self.free, items))

    # -------------------------------------------------------------- the spelling of a notation
    @abstractmethod
    def brackets(self, inside: str) -> str: ...

    @abstractmethod
    def comma(self) -> str: ...

    @abstractmethod
    def sign(self, node: str) -> str:
        """An operator between two expressions, with its gaps."""

    @abstractmethod
    def symbol(self, what: str) -> str:
        """A sign of its own: partial, d, nabla, top, infinity, one, identity, J, D, delta, z, e, prime."""

    @abstractmethod
    def minus(self, inner: str) -> str:
        """A sign in front."""

    @abstractmethod
    def beside(self, left: str, right: str, before: t.Expr, factor: t.Expr) -> str:
        """Two factors without an operator."""

    @abstractmethod
    def divide(self, above: str, below: t.Expr) -> str: ...

    @abstractmethod
    def touches(self, above: t.Expr, below: t.Expr) -> bool:
        """True where a factor may stand, after a gap, right behind the denominator."""

    @abstractmethod
    def bars_of(self, inner: t.Expr, order: str | None) -> str:
        """The norm of this order, or the absolute value."""

    # -------------------------------------------------------------- sums and products
    def paren(self, expr: t.Paren) -> Piece:
        return self.brackets(self.free(expr.inner)), Level.ATOM

    def negative(self, expr: t.Negative) -> Piece:
        return self.minus(self.at(expr.inner, Level.PRODUCT)), Level.SUM

    def sum(self, expr: t.Sum) -> Piece:
        out = ""
        for sign, term in expr.terms:
            shown = self.at(term, Level.PRODUCT)
            if out:
                out += self.sign("+" if sign > 0 else "-") + shown
            else:
                out = shown if sign > 0 else self.minus(shown)
        return out, Level.SUM

    def product(self, expr: t.Product) -> Piece:
        """Factors left to right; `*` shows only where two factors cannot stand side by side."""
        factors = expr.factors
        done = self.free(factors[0][1]) if self.divides_first(factors) else self.factor(factors, 0)
        for k in range(1, len(factors)):
            operator, factor = factors[k]
            before = factors[k - 1][1]
            if operator == "/":
                done = self.divide(done, factor)
                continue
            if operator == "" and factors[k - 1][0] == "/" and not self.touches(factors[k - 2][1], before):
                done = self.brackets(done)
            shown = self.factor(factors, k)
            if operator not in ("", "*"):
                done += self.sign(operator) + shown
            elif self.needs_operator(factors, k):
                done += self.sign("*") + shown
            else:
                done = self.beside(done, shown, before, factor)
        return done, Level.PRODUCT

    def divides_first(self, factors: Factors) -> bool:
        return False

    def factor(self, factors: Factors, k: int) -> str:
        """One factor of a product, in brackets where its neighbours would change it."""
        factor = factors[k][1]
        if isinstance(factor, t.Number) and (k == 0 or factors[k][0] in ("", "*")):
            return self.write(factor)[0]
        last = k + 1 == len(factors)
        if isinstance(factor, t.Family) and factor.kind != "vector" and not last:
            return self.at(factor, Level.ATOM)
        if isinstance(factor, t.Fraction):
            return self.fraction_factor(factor, k == 0)
        follow = None if last or factors[k + 1][0] not in ("", "*") else factors[k + 1]
        if follow is not None and follow[0] == "" and not named_call(follow[1]):
            return self.at(self.with_bracket(factor), Level.BARE)
        return self.at(factor, Level.BARE)

    def fraction_factor(self, factor: t.Fraction, first: bool) -> str:
        return self.at(factor, Level.BARE)

    def with_bracket(self, expr: t.Expr) -> t.Expr:
        """`sin x` as `sin(x)`."""
        if isinstance(expr, t.Power) and expr.on_name and isinstance(expr.base, t.Call):
            return replace(expr, base=self.with_bracket(expr.base))
        return replace(expr, bare=False) if isinstance(expr, t.Call) and expr.bare else expr

    def needs_operator(self, factors: Factors, k: int) -> bool:
        operator, factor = factors[k]
        before = factors[k - 1][1]
        if starts_with_number(factor) or is_square(before) or is_square(factor):
            return True
        if factors[k - 1][0] == "./":  # a ./ b c can be read in two ways
            return True
        if before == t.Name("Delta") and isinstance(_front(factor), t.Name):
            return True  # Δt is one name
        if isinstance(before, _CALLED) and starts_with_bracket(factor):
            return True  # f_x (a, b) is its value there
        if operator != "*":
            return False
        if factors[k - 1][0] == "/" and not self.touches(factors[k - 2][1], before):
            return True
        call = before.base if isinstance(before, t.Power) and before.on_name else before
        if isinstance(call, t.Call) and call.bare and not named_call(factor):
            return True
        if isinstance(before, t.Name) and starts_with_bracket(factor):
            return True  # f (x) would be a call where f is a function of the block
        return is_word(before) or is_word(factor)

    def degrees(self, expr: t.Degrees) -> Piece:
        return self.turned(self.at(expr.inner, Level.ATOM)), Level.POWER

    @abstractmethod
    def turned(self, angle: str) -> str:
        """An angle with the sign of degrees behind it."""

    def identity(self, expr: t.Identity) -> Piece:
        return self.symbol("identity"), Level.ATOM

    def commutation(self, expr: t.Commutation) -> Piece:
        return self.symbol("K"), Level.ATOM

    def ones(self, expr: t.Ones) -> Piece:
        return self.symbol("one"), Level.ATOM

    def outer(self, expr: t.Outer) -> Piece:
        return self.write(t.product(expr.left, t.Transpose(expr.right)))

    def kronecker(self, expr: t.Kronecker) -> Piece:
        return self.at(expr.left, Level.POWER) + self.sign("⊗") + self.at(expr.right, Level.POWER), Level.PRODUCT

    # -------------------------------------------------------------- derivatives
    def partial(self, expr: t.Partial) -> Piece:
        return self.quotient("partial", expr.of, expr.by), Level.POWER

    def total(self, expr: t.Total) -> Piece:
        return self.quotient("d", expr.of, expr.by), Level.POWER

    @abstractmethod
    def quotient(self, sign: str, of: t.Expr, by: Sequence[t.Expr]) -> str:
        """∂f/∂x, ∂²f/∂x∂y, ∂²f/∂x²."""

    def delta(self, expr: t.Delta) -> Piece:
        return self.marked("delta", expr.of), Level.ATOM

    def pre_activation(self, expr: t.PreActivation) -> Piece:
        return self.marked("z", expr.of), Level.ATOM

    def unit(self, expr: t.Unit) -> Piece:
        return self.marked("e", expr.index), Level.ATOM

    @abstractmethod
    def marked(self, symbol: str, below: t.Expr | None) -> str:
        """A symbol, with what it is of as its index."""

    # -------------------------------------------------------------- bars
    def norm(self, expr: t.Norm) -> Piece:
        return self.bars_of(expr.inner, expr.order), Level.ATOM

    def absolute(self, expr: t.Absolute) -> Piece:
        return self.bars_of(expr.inner, None), Level.ATOM

    # -------------------------------------------------------------- conditions and what stands between formulas
    def compare(self, expr: t.Compare) -> Piece:
        out = self.at(expr.operands[0], Level.SUM)
        for relation, operand in zip(expr.relations, expr.operands[1:]):
            out += self.sign(relation) + self.at(operand, Level.SUM)
        return out, Level.RELATION

    def logic(self, expr: t.Logic) -> Piece:
        parts = []
        for operand in expr.operands:
            loose = isinstance(operand, t.Logic) and operand.operator != "not" and operand.operator != expr.operator
            shown = self.write(operand)[0]
            parts.append(self.brackets(shown) if loose or isinstance(operand, t.Case) else shown)
        level = {"not": Level.NOT, "and": Level.AND, "or": Level.OR}[expr.operator]
        if expr.operator == "not":
            return self.sign("not") + parts[0], level
        return self.sign(expr.operator).join(parts), level

    def equation(self, expr: t.Equation) -> Piece:
        out = self.free(expr.sides[0])
        for k, side in enumerate(expr.sides[1:]):
            out += self.sign(expr.signs[min(k, len(expr.signs) - 1)]) + self.free(side)
        return out, Level.CASES

    def phrase(self, expr: t.Phrase) -> Piece:
        return "".join(map(self.free, expr.parts)), Level.CASES

    def tuple(self, expr: t.Tuple) -> Piece:
        return self.brackets(self.listed(expr.entries)), Level.ATOM
