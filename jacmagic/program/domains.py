"""Which real numbers an expression can be, as far as its form says: for functions that take only some of them.

`ln(-x^2)` is nowhere real, whatever x is; `cross_entropy` takes probabilities, and an affine
map or tanh gives others. An interval always holds all values; `sure` says that they are
known to fill it, so that leaving [0, 1] is no guess: a free name may be a probability.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import inf

from jacmagic.errors import JacmagicError, ValueMistake
from jacmagic.functions import FUNCTIONS, REALS, Interval
from jacmagic.language import tree as t

_PROBABLE = {"cross_entropy": "softmax", "bce": "sigmoid"}
"""Losses of probabilities, and what makes probabilities of any numbers."""


@dataclass(frozen=True)
class Reach:
    """The interval of an expression, and whether its values are known to fill it."""

    low: float = -inf
    high: float = inf
    sure: bool = False

    @property
    def everywhere(self) -> bool:
        return self.sure and self.low == -inf and self.high == inf


_ANY = Reach()
_ALL = Reach(sure=True)


def _hull(parts: list[Reach]) -> Reach:
    return Reach(min(p.low for p in parts), max(p.high for p in parts), all(p.sure for p in parts))


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else inf


_INCREASING: dict[str, Callable[[float], float]] = {
    "exp": _exp, "sqrt": lambda v: math.sqrt(max(v, 0.0)),
    **dict.fromkeys(("mean", "mean_rows", "mean_cols", "vec", "flatten"), lambda v: v),
}
"""Functions whose values are those between the values at the ends; of a free name they are as free as it is."""


@dataclass
class Domains:
    """Intervals of the expressions of a block: `trees` by name, `arrays` and `wholes` among its names."""

    trees: Mapping[str, t.Expr]
    arrays: AbstractSet[str]
    wholes: AbstractSet[str]
    net: bool
    memo: dict[str, Reach] = field(default_factory=dict)

    def of(self, expr: t.Expr) -> Reach:
        if isinstance(expr, t.Number):
            value = float(expr.text)
            return Reach(value, value, True)
        if isinstance(expr, t.Constant):
            value = math.e if expr.name == "e" else math.pi
            return Reach(value, value, True)
        if isinstance(expr, t.Name):
            return self.name(expr.key)
        if isinstance(expr, (t.Paren, t.Negative)):
            inner = self.of(expr.inner)
            return inner if isinstance(expr, t.Paren) else Reach(-inner.high, -inner.low, inner.sure)
        if isinstance(expr, (t.Transpose, t.Component)):
            return self.of(expr.base)
        if isinstance(expr, t.Sum):
            return self.sum(expr)
        if isinstance(expr, (t.Product, t.Degrees)):
            return self.product(expr if isinstance(expr, t.Product) else expr.radians)
        if isinstance(expr, t.Fraction):
            return self.quotient(self.of(expr.above), expr.below)
        if isinstance(expr, t.Power):
            return self.power(expr)
        if isinstance(expr, t.Call):
            return self.call(expr)
        if isinstance(expr, t.Norm):
            return Reach(0, inf, True)
        if isinstance(expr, t.Absolute):
            return self.absolute(expr.inner)
        if isinstance(expr, t.Vector):
            return _hull([self.of(entry) for entry in expr.entries])
        if isinstance(expr, t.Case):
            return _hull([*(self.of(value) for value, _ in expr.branches), self.of(expr.otherwise)])
        return Reach(0, 1, True) if isinstance(expr, t.Indicator) else _ANY

    def name(self, key: str) -> Reach:
        if key not in self.trees:
            return _ANY
        if key not in self.memo:
            self.memo[key] = _ANY  # of a name that is defined by itself nothing is known
            self.memo[key] = self.of(self.trees[key])
        return self.memo[key]

    def sum(self, expr: t.Sum) -> Reach:
        parts = [(sign, self.of(term)) for sign, term in expr.terms]
        terms = [t.inside(term) for _, term in expr.terms]
        weighted = [term for term in terms if isinstance(term, t.Product) and all(map(self.is_free, _factors(term)))]
        if weighted and any(map(self.is_free, terms)) and all(one in weighted or self.is_free(one) for one in terms):
            return _ALL  # w x + b
        low = sum(part.low if sign > 0 else -part.high for sign, part in parts)
        high = sum(part.high if sign > 0 else -part.low for sign, part in parts)
        return Reach(low, high, all(p.sure for _, p in parts) or any(p.everywhere for _, p in parts))

    def product(self, expr: t.Product) -> Reach:
        above = [factor for operator, factor in expr.factors if operator not in ("/", "./")]
        reach = self.times(above)
        for operator, factor in expr.factors:
            if operator in ("/", "./"):
                reach = self.quotient(reach, factor)
        return reach

    def times(self, factors: list[t.Expr]) -> Reach:
        parts = [self.of(factor) for factor in factors]
        free = [one for one in factors if self.is_free(one)]
        weights = [one for one in free if isinstance(one, t.Transpose) or self.is_array(one)]
        if len(factors) > 1 and (weights or self.net and len(free) == len(factors)):
            return _ALL  # W a, wᵀ x
        if free and any(part.sure and part.low < 0 for part in parts):
            return _ALL  # w tanh(z)
        reach = parts[0]
        for part in parts[1:]:
            ends = [0.0 if 0 in (a, b) else a * b for a in (reach.low, reach.high) for b in (part.low, part.high)]
            reach = Reach(min(ends), max(ends), reach.sure and part.sure or reach.everywhere or part.everywhere)
        return reach

    def quotient(self, above: Reach, below: t.Expr) -> Reach:
        divisor = self.of(below)
        if divisor.low == divisor.high != 0:
            ends = (above.low / divisor.low, above.high / divisor.low)
            return Reach(min(ends), max(ends), above.sure)
        return _ALL if above.everywhere and self.is_free(t.inside(below)) else _ANY

    def power(self, expr: t.Power) -> Reach:
        base, exponent = self.of(expr.base), self.of(expr.exponent)
        if isinstance(t.inside(expr.base), t.Constant) and base.low == math.e:
            return Reach(_exp(exponent.low), _exp(exponent.high), exponent.sure)
        if base.low > 0:
            return Reach(0, inf)
        if exponent.low != exponent.high:
            return _ANY
        degree = exponent.low
        if degree == 2 or degree % 2 == 0 and base.low == -inf:
            return self.squared(base) if degree > 0 else Reach(0, inf)
        return Reach(0, inf) if degree % 1 else _ANY

    def squared(self, base: Reach) -> Reach:
        ends = sorted((base.low * base.low, base.high * base.high))
        return Reach(0.0 if base.low <= 0 <= base.high else ends[0], ends[1], base.sure)

    def absolute(self, inner: t.Expr) -> Reach:
        reach = self.of(inner)
        ends = sorted((abs(reach.low), abs(reach.high)))
        return Reach(0.0 if reach.low <= 0 <= reach.high else ends[0], ends[1], reach.sure)

    def call(self, expr: t.Call) -> Reach:
        row, arguments = FUNCTIONS[expr.function], [self.of(argument) for argument in expr.arguments]
        if row.name in _INCREASING:
            between, hull = _INCREASING[row.name], _hull(arguments)
            return Reach(between(hull.low), between(hull.high), hull.sure)
        if row.name == "abs":
            return self.absolute(expr.arguments[0])
        if row.name in ("min", "max"):
            best = min if row.name == "min" else max
            sure = all(one.sure for one in arguments)
            return Reach(best(one.low for one in arguments), best(one.high for one in arguments), sure)
        if row.name == "clip" and len(arguments) == 3:
            one, low, high = arguments
            least, most = min(max(one.low, low.low), high.low), min(max(one.high, low.high), high.high)
            return Reach(least, most, one.sure and low.sure and high.sure)
        if row.kind in ("loss", "matrix", "square") or row.name in ("cbrt", "sum", "prod", "diag", "log_base", "root"):
            return _ANY
        return Reach(row.values.low, row.values.high, True)

    def is_free(self, expr: t.Expr) -> bool:
        """True for a name that no line defines, and for its transpose."""
        expr = expr.base if isinstance(expr, t.Transpose) else expr
        return isinstance(expr, t.Name) and expr.key not in self.trees

    def is_array(self, expr: t.Expr) -> bool:
        return isinstance(expr, t.Name) and (expr.key in self.arrays or self.net and expr.key[0].isupper())

    # -------------------------------------------------------------- what is refused
    def check(self, expr: t.Expr, source: Callable[[t.Expr], str]) -> None:
        """Refuse what is nowhere real, and losses of what is no probability.

        Raises:
            ValueMistake: with the span of the call or the power.
        """
        for one in t.walk(expr):
            error = None
            if isinstance(one, t.Call):
                error = self.outside(one, source) or self.improbable(one, source)
            elif isinstance(one, t.Power):
                error = self.complex_power(one, source)
            if error is not None:
                raise error

    def outside(self, call: t.Call, source: Callable[[t.Expr], str]) -> JacmagicError | None:
        """ln(-x^2)."""
        row = FUNCTIONS["ln" if call.function == "log_base" else call.function]  # of a number, and to a base
        if row.domain == REALS or not _names(call):
            return None
        if any(_apart(self.of(argument), row.domain) for argument in call.arguments):
            return ValueMistake(f"{source(call)} is nowhere a real number.", call.span)
        return None

    def complex_power(self, power: t.Power, source: Callable[[t.Expr], str]) -> JacmagicError | None:
        """(-4)^x."""
        base = self.of(power.base)
        never = base.high < 0 or base.high == 0 and base.low < 0
        if not never or self.is_whole(power.exponent) or not _names(power):
            return None
        return ValueMistake(f"{source(power)} is no real number: a power of what is not positive.", power.span)

    def is_whole(self, expr: t.Expr) -> bool:
        """True where nothing but whole numbers are added and multiplied."""
        numbers = (t.Paren, t.Negative, t.Sum, t.Number, t.Name, t.Product)
        for one in t.walk(expr):
            if not isinstance(one, numbers):
                return False
            if isinstance(one, t.Number) and not one.text.isdigit():
                return False
            if isinstance(one, t.Name) and one.key not in self.wholes:
                return False
            if isinstance(one, t.Product) and any(operator in ("/", "./") for operator, _ in one.factors):
                return False
        return True

    def improbable(self, call: t.Call, source: Callable[[t.Expr], str]) -> JacmagicError | None:
        """cross_entropy(z, y) of logits z, and cross_entropy(y, p)."""
        maker = _PROBABLE.get(call.function)
        if maker is None or len(call.arguments) != 2:
            return None
        first, second = call.arguments
        one, other = self.of(first), self.of(second)
        head = source(call).partition("(")[0]
        label = self.is_free(t.inside(first)) or not _names(first)
        if label and other.sure and _names(second):
            made = source(second) if _within(other) else f"{maker}({source(second)})"
            return ValueMistake(
                f"{head} takes the prediction first and the target second.", call.span,
                (f"{head}({made}, {source(first)})",),
            )
        if one.sure and not _within(one):
            return ValueMistake(
                f"{head} takes probabilities, and nothing keeps {source(first)} between 0 and 1.", call.span,
                (f"{head}({maker}({source(first)}), {source(second)})",),
            )
        return None


def _within(reach: Reach) -> bool:
    return reach.low >= 0 and reach.high <= 1


def _apart(reach: Reach, domain: Interval) -> bool:
    """Whether no value lies in the domain."""
    if domain.open and (reach.high <= domain.low or reach.low >= domain.high):
        return True
    return reach.high < domain.low or reach.low > domain.high


def _factors(product: t.Product) -> list[t.Expr]:
    """The factors of a product without quotients; none where there is one."""
    return [t.inside(factor) for operator, factor in product.factors if operator not in ("/", "./")]


def _names(expr: t.Expr) -> bool:
    return any(isinstance(one, (t.Name, t.UserCall)) for one in t.walk(expr))
