"""What LaTeX and MathML share: fractions, roots, indices below and powers above, function names in front."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Sequence

from jacmagic.errors import Span
from jacmagic.language import tree as t
from jacmagic.language.precedence import Level
from jacmagic.language.printers.writer import (
    Factors,
    Piece,
    Writer,
    digits,
    is_word,
    name_of,
    scientific,
    stands_alone,
)

LOOSE = (t.Partial, t.Total, t.Evaluated, t.Underbrace, t.Jacobian, t.Diag, t.Dots, t.Ones)
"""Factors with a thin gap beside them."""


class Typeset(Writer):
    """Rules for two dimensions; a notation says how each shape is spelt.

    With `bracketed` every function has its brackets: sin(x), never sin x. One formula
    has one style, so `mixed` tells that it must be written again like that.
    """

    def __init__(self, arrays: Collection[Span] = (), bracketed: bool = False) -> None:
        super().__init__(arrays)
        self.bracketed = bracketed
        self.styles: set[str] = set()
        self.in_cases = False

    @property
    def mixed(self) -> bool:
        return len(self.styles) > 1

    # -------------------------------------------------------------- shapes
    @abstractmethod
    def frac(self, above: str, below: str) -> str: ...

    @abstractmethod
    def raised(self, base: str, exponent: str) -> str: ...

    @abstractmethod
    def lowered(self, base: str, below: str) -> str: ...

    @abstractmethod
    def root(self, inner: str, order: str = "") -> str: ...

    @abstractmethod
    def fence(self, left: str, inner: str, right: str) -> str:
        """Brackets or bars as tall as what is inside."""

    @abstractmethod
    def grid(self, rows: Sequence[Sequence[str]]) -> str:
        """A matrix in square brackets."""

    @abstractmethod
    def brace(self, rows: Sequence[tuple[str, str]]) -> str:
        """Cases: values and their conditions."""

    @abstractmethod
    def big(self, kind: str, below: str, above: str) -> str:
        """Σ or ∏ with its bounds, empty where it has none."""

    @abstractmethod
    def digits(self, text: str) -> str: ...

    @abstractmethod
    def text(self, words: str) -> str:
        """Upright words."""

    @abstractmethod
    def head(self, function: str) -> str:
        """A function's name."""

    @abstractmethod
    def called(self, head: str, arguments: str) -> str:
        """A name with its arguments in brackets."""

    @abstractmethod
    def bare_call(self, head: str, argument: str) -> str:
        """A function's name before an argument without brackets."""

    @abstractmethod
    def leaf(self, expr: t.Name) -> str: ...

    @abstractmethod
    def gap(self, wide: bool = False) -> str:
        """A thin or a wide gap."""

    # -------------------------------------------------------------- leaves
    def number(self, expr: t.Number) -> Piece:
        found = scientific(expr.text)
        if found is None:
            return self.digits(digits(expr.text)), Level.ATOM
        mantissa, exponent = found
        shown = self.digits(str(exponent)) if exponent >= 0 else self.minus(self.digits(str(-exponent)))
        power = self.raised(self.digits("10"), shown)
        if mantissa == "1":
            return power, Level.POWER
        return self.digits(mantissa) + self.sign("*") + power, Level.PRODUCT

    def name(self, expr: t.Name) -> Piece:
        return self.leaf(expr), Level.POWER if name_of(expr).layer else Level.ATOM

    def words(self, expr: t.Words) -> Piece:
        return self.text(expr.text), Level.ATOM

    # -------------------------------------------------------------- products, powers, fractions
    def divides_first(self, factors: Factors) -> bool:
        return factors[1][0] == "/"

    def divide(self, above: str, below: t.Expr) -> str:
        return self.frac(above, self.free(below))

    def touches(self, above: t.Expr, below: t.Expr) -> bool:
        return True

    def fraction(self, expr: t.Fraction) -> Piece:
        return self.frac(self.free(expr.above), self.free(expr.below)), Level.POWER

    def power(self, expr: t.Power) -> Piece:
        exponent = self.free(expr.exponent)
        if expr.entrywise:
            exponent = self.sign(".*").lstrip() + exponent
        if expr.on_name and isinstance(expr.base, t.Call):
            return self.application(expr.base, exponent)
        base = expr.base if expr.on_name else self.with_bracket(expr.base)
        return self.raised(self.at(base, Level.ATOM), exponent), Level.POWER

    def transpose(self, expr: t.Transpose) -> Piece:
        if (base := t.inverted(expr.base)) is not None:
            return self.raised(self.at(base, Level.ATOM), self.minus(self.symbol("top"))), Level.POWER
        return self.raised(self.at(expr.base, Level.ATOM), self.symbol("top")), Level.POWER

    # -------------------------------------------------------------- functions
    def call(self, expr: t.Call) -> Piece:
        if len(expr.arguments) == 1:
            inner = expr.arguments[0]
            if expr.function in ("sqrt", "cbrt"):
                return self.root(self.free(inner), "3" if expr.function == "cbrt" else ""), Level.ATOM
            if expr.function == "abs" and expr.span not in self.arrays:
                return self.bars_of(inner, None), Level.ATOM
            if expr.function == "norm":
                return self.bars_of(inner, "2"), Level.ATOM
        return self.application(expr, "")

    def application(self, expr: t.Call, power: str) -> Piece:
        """A function before its argument, its power on the name."""
        head, arguments = self.head(expr.function), expr.arguments
        if expr.function == "log_base" and len(arguments) == 2:
            head, arguments = self.lowered(head, self.free(arguments[1])), arguments[:1]
        if power:
            head = self.raised(head, power)
        simple = len(expr.arguments) == 1 and self.stands_bare(expr.function, expr.arguments[0])
        if expr.bare and simple and not self.bracketed:
            self.styles.add("bare")
            return self.bare_call(head, self.free(expr.arguments[0])), Level.BARE
        if simple and stands_alone(expr.function):
            self.styles.add("bracketed")
        return self.called(head, self.listed(arguments)), Level.ATOM

    def stands_bare(self, function: str, argument: t.Expr) -> bool:
        """True for an optional number and one name with its power, where the name prints without a bracket."""
        if isinstance(argument, t.Product) and function.startswith(("ln", "log")):
            return False  # ln 2 x can be read in two ways
        if isinstance(argument, t.Product):
            (_, number), (_, argument) = argument.factors if len(argument.factors) == 2 else (argument.factors[0],) * 2
            if not isinstance(number, t.Number) or isinstance(argument, t.Number) or "e" in number.text:
                return False
        if isinstance(argument, t.Number):
            return "e" not in argument.text
        if isinstance(argument, t.Power):
            argument = argument.base
        if isinstance(argument, t.Component):
            argument = argument.base
            return isinstance(argument, t.Name) and not name_of(argument).indexed
        if isinstance(argument, t.Name):
            parts = name_of(argument)
            return not (parts.index and parts.component)
        return isinstance(argument, (t.Constant, t.Jacobian))

    def user_call(self, expr: t.UserCall) -> Piece:
        return self.called(self.leaf(t.Name(expr.key)), self.listed(expr.arguments)), Level.ATOM

    def slope(self, expr: t.Slope) -> Piece:
        call = expr.call
        assert isinstance(call, (t.Call, t.UserCall))
        head = self.head(call.function) if isinstance(call, t.Call) else self.leaf(t.Name(call.key))
        if expr.order < 4:
            primed = self.primed(head, expr.order)
        else:
            primed = self.raised(head, self.brackets(self.digits(str(expr.order))))
        return self.called(primed, self.listed(call.arguments)), Level.ATOM

    @abstractmethod
    def primed(self, head: str, order: int) -> str: ...

    def diag(self, expr: t.Diag) -> Piece:
        return self.called(self.head("diag"), self.free(expr.inner)), Level.ATOM

    def bars_of(self, inner: t.Expr, order: str | None) -> str:
        nested = self.bars > 0  # the language has no bars inside bars
        self.bars += 1
        shown = self.free(inner)
        self.bars -= 1
        if order in (None, "2") and (nested or self.has_double_bars(shown)):
            return self.called(self.head("norm" if order else "abs"), shown)
        if order is None:
            return self.fence("|", shown, "|")
        bars = self.fence("‖", shown, "‖")
        if order == "2":
            return bars
        below = self.symbol("infinity") if order == "oo" else order if order == "F" else self.digits(order)
        return self.lowered(bars, below if order != "F" else self.symbol("frobenius"))

    @abstractmethod
    def has_double_bars(self, shown: str) -> bool: ...

    # -------------------------------------------------------------- vectors, families, cases
    def vector(self, expr: t.Vector) -> Piece:
        return self.grid([[self.free(entry)] for entry in expr.entries]), Level.ATOM

    def matrix(self, expr: t.Matrix) -> Piece:
        return self.grid([list(map(self.free, row)) for row in expr.rows]), Level.ATOM

    def family(self, expr: t.Family) -> Piece:
        first, last = ("" if one is None else self.free(one) for one in (expr.first, expr.last))
        index = self.leaf(t.Name(expr.index))
        self.indices.append(expr.index)
        body = self.free(expr.body) if expr.kind == "vector" else self.at(expr.body, Level.PRODUCT)
        self.indices.pop()
        if expr.kind == "vector":
            return self.list_of(body, index, first, last), Level.ATOM
        below = index + (self.tight("=") + first if first else "")
        if expr.but is not None:
            below = index + self.sign("!=") + self.free(expr.but)
        return self.behind(self.big(expr.kind, below, last), body), Level.BARE

    def slice(self, expr: t.Slice) -> Piece:
        if expr.first is None or expr.last is None:
            return self.colon(), Level.CASES
        return self.free(expr.first) + self.through() + self.free(expr.last), Level.CASES

    @abstractmethod
    def through(self) -> str:
        """The dots between the ends of a part, 2 … 4."""

    @abstractmethod
    def colon(self) -> str:
        """All of an axis."""

    @abstractmethod
    def list_of(self, body: str, index: str, first: str, last: str) -> str:
        """[body for i = first…last]."""

    @abstractmethod
    def tight(self, relation: str) -> str:
        """A sign without gaps, as under a sum."""

    def behind(self, operator: str, body: str) -> str:
        return f"{operator} {body}"

    def reduced(self, expr: t.Reduced) -> Piece:
        shown = "" if expr.below is None else self.free(expr.below)
        return self.behind(self.big(expr.kind, shown, ""), self.at(expr.inner, Level.BARE)), Level.BARE

    def case(self, expr: t.Case) -> Piece:
        rows = []
        for value, condition in expr.branches:
            shown = self.free(value)
            rows.append((shown, self.behind(self.text("if "), self.compared(condition))))
        rows.append((self.free(expr.otherwise), self.text("otherwise")))
        return self.brace(rows), Level.CASES

    def compared(self, condition: t.Expr) -> str:
        """A condition of cases, where a single = compares; not so in the indicator 1[x == 0]."""
        denied = t.inside(condition.operands[0]) if (
            isinstance(condition, t.Logic) and condition.operator == "not"
        ) else None
        before, self.in_cases = self.in_cases, True
        if isinstance(denied, t.Compare) and denied.relations == ("==",):
            shown = self.sign("!=").join(self.at(operand, Level.SUM) for operand in denied.operands)
        else:
            self.in_cases = not any(isinstance(one, t.Indicator) for one in t.walk(condition))
            shown = self.free(condition)
        self.in_cases = before
        return shown

    # -------------------------------------------------------------- derivatives
    def quotient(self, sign: str, of: t.Expr, by: Sequence[t.Expr]) -> str:
        """∂f/∂x, ∂²f/∂x∂y, ∂²f/∂x²."""
        d = self.symbol(sign)
        order = len(by)
        above = self.raised(d, self.digits(str(order))) if order > 1 else d
        counts: dict[t.Expr, int] = {}
        for one in by:
            counts[one] = counts.get(one, 0) + 1
        below = []
        for one, count in counts.items():
            shown = self.at(one, Level.ATOM)
            below.append(self.behind(d, self.raised(shown, self.digits(str(count))) if count > 1 else shown))
        return self.frac(self.behind(above, self.at(of, Level.ATOM)), self.gap().join(below))

    def gradient(self, expr: t.Gradient) -> Piece:
        return self.behind(self.marked("nabla", expr.by), self.at(expr.of, Level.ATOM)), Level.BARE

    def divergence(self, expr: t.Divergence) -> Piece:
        return self.symbol("nabla") + self.sign("dot") + self.at(expr.of, Level.ATOM), Level.PRODUCT

    def curl(self, expr: t.Curl) -> Piece:
        return self.symbol("nabla") + self.sign("cross") + self.at(expr.of, Level.ATOM), Level.PRODUCT

    def hessian(self, expr: t.Hessian) -> Piece:
        return self.bare_call(self.head("hess"), self.at(expr.of, Level.ATOM)), Level.BARE

    def laplacian(self, expr: t.Laplacian) -> Piece:
        return self.bare_call(self.head("laplace"), self.at(expr.of, Level.ATOM)), Level.BARE

    def directional(self, expr: t.Directional) -> Piece:
        return self.behind(self.marked("D", expr.along), self.at(expr.of, Level.ATOM)), Level.BARE

    def at_point(self, expr: t.AtPoint) -> Piece:
        of = self.at(expr.of, Level.POWER)
        return self.called(of, self.listed(expr.arguments)), Level.ATOM

    def jacobian(self, expr: t.Jacobian) -> Piece:
        shown = self.marked("J", expr.of)
        return self.called(shown, self.listed(expr.at)) if expr.at else shown, Level.ATOM

    def marked(self, symbol: str, below: t.Expr | None) -> str:
        shown = self.symbol(symbol)
        return shown if below is None else self.lowered(shown, self.free(below))

    # -------------------------------------------------------------- what stands between formulas
    def interval(self, expr: t.Interval) -> Piece:
        return self.fence("[", self.listed((expr.low, expr.high)), "]"), Level.ATOM

    def size(self, n: int | t.Expr) -> str:
        return self.at(n, Level.PRODUCT) if isinstance(n, t.Expr) else self.digits(str(n))

    def space(self, expr: t.Space) -> Piece:
        field = self.symbol("reals")
        if not expr.shape:
            return field, Level.ATOM
        return self.raised(field, self.sign("cross").join(map(self.size, expr.shape))), Level.ATOM

    def listing(self, expr: t.Listing) -> Piece:
        return (self.comma().rstrip() + self.gap(wide=True)).join(map(self.free, expr.items)), Level.CASES

    @staticmethod
    def runs_together(before: t.Expr, factor: t.Expr) -> bool:
        """True where two factors need a gap, as words do."""
        return any(is_word(one) or isinstance(one, LOOSE) for one in (before, factor))
