"""SymPy expressions as trees of what a backend can write."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, ClassVar

import sympy as sp

from jacmagic.functions import FUNCTIONS, calculus, varies
from jacmagic.functions.forms import power

Tree = Any
"""A number, or a tuple of an operation and its trees; slots are ("_", k). JSON when tuples are lists."""

_NAMES = {row.sympy or row.name: row.name for row in FUNCTIONS.values()} | {
    "Abs": "abs", "Max": "max", "Min": "min", "floor": "floor", "ceiling": "ceil",
}

_RELATIONS = {
    "StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">=",
    "Equality": "==", "Unequality": "!=", "And": "and", "Or": "or", "Not": "not",
}

_BY_OTHERS: dict[str, Callable[..., Tree]] = {
    "cot": lambda z: ("/", 1, ("tan", z)),
    "sec": lambda z: ("/", 1, ("cos", z)),
    "csc": lambda z: ("/", 1, ("sin", z)),
    "coth": lambda z: ("/", 1, ("tanh", z)),
    "sech": lambda z: ("/", 1, ("cosh", z)),
    "csch": lambda z: ("/", 1, ("sinh", z)),
    "acot": lambda z: ("atan", ("/", 1, z)),
    "asec": lambda z: ("acos", ("/", 1, z)),
    "acsc": lambda z: ("asin", ("/", 1, z)),
    "acoth": lambda z: ("atanh", ("/", 1, z)),
    "asech": lambda z: ("acosh", ("/", 1, z)),
    "acsch": lambda z: ("asinh", ("/", 1, z)),
    "log2": lambda z: ("/", ("ln", z), math.log(2)),
    "log10": lambda z: ("/", ("ln", z), math.log(10)),
}
"""Functions by means of others, for backends that have no name for them."""


@lru_cache(maxsize=4096)
def tree(expr: Any, known: frozenset[str]) -> Tree:
    """An expression as a tree of the operations + * / ^ neg case, relations and the functions in `known`.

    Quotients, roots and differences are found again in SymPy's powers and
    products, and e^z - 1 and ln(1 + e^z) where a backend computes them without
    loss; other functions are written by their definitions.

    Raises:
        TypeError: a function that is neither known nor defined.
    """
    return _Writer(known).of(sp.sympify(expr))


class _Writer:
    """Makes the trees of one expression, each part once."""

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.made: dict[Any, Tree] = {}

    def of(self, e: Any) -> Tree:
        found = self.made.get(e)
        if found is None:
            found = self.made[e] = self.make(e)
        return found

    def all(self, args: Iterable[Any]) -> list[Tree]:
        return [self.of(a) for a in args]

    def make(self, e: Any) -> Tree:
        if e.is_Symbol:
            return ("_", int(e.name[1:]))
        if isinstance(e, sp.ITE):  # SymPy makes it of a case inside a condition
            test, yes, no = self.all(e.args)
            return ("or", ("and", test, yes), ("and", ("not", test), no))
        if e is sp.true or e is sp.false:
            return ("==" if e is sp.true else "!=", 0, 0)
        name = type(e).__name__
        if name in _RELATIONS:
            return (_RELATIONS[name], *self.all(e.args))
        if not varies(e):
            return nearest_number(e)
        return self.kinds[name](self, e) if name in self.kinds else self.call(e, _NAMES.get(name, name))

    def added(self, e: Any) -> Tree:
        if "expm1" in self.known and len(e.args) == 2 and e.args[0] == -1 and e.args[1].func is sp.exp:
            return ("expm1", self.of(e.args[1].args[0]))
        return ("+", *sorted(self.all(e.args), key=_is_minus))

    def power(self, e: Any) -> Tree:
        base, exponent = e.args
        if exponent.is_Rational and exponent < 0:
            return ("/", 1, self.of(power(base, -exponent)))
        if exponent == sp.S.Half:
            return ("sqrt", self.of(base))
        return ("^", self.of(base), self.of(exponent))

    def product(self, e: Any) -> Tree:
        factor, rest = e.as_coeff_Mul()
        over, factors = self.logarithms(list(sp.Mul.make_args(rest)))
        under: list[Tree] = []
        for f in factors:
            if f.is_Pow and f.exp.is_Rational and f.exp < 0 and varies(f):
                under.append(self.of(power(f.base, -f.exp)))
            else:
                over.append(self.of(f))
        minus = bool(factor.is_number and factor.is_negative)
        factor = -factor if minus else factor
        if factor.is_Rational and not factor.is_Integer and factor.q < 10**6 and (factor.p == 1 or under):
            under.insert(0, factor.q)
            factor = sp.Integer(factor.p)
        if factor != 1:
            over.insert(0, nearest_number(factor))
        top: Tree = _times(over)
        if under:
            top = ("/", top, _times(under))
        return ("neg", top) if minus else top

    def logarithms(self, factors: list[Any]) -> tuple[list[Tree], list[Any]]:
        """Logarithms by 2 and 10, and the other factors: SymPy has quotients of logarithms in their place."""
        found: list[Tree] = []
        for base in (2, 10):
            logs = [f for f in factors if f.func is sp.log and varies(f)]
            bottom = 1 / sp.log(base) if logs else None
            if f"log{base}" in self.known and logs and bottom in factors:
                factors.remove(bottom)
                factors.remove(logs[0])
                found.append((f"log{base}", self.of(logs[0].args[0])))
        return found, factors

    def case(self, e: Any) -> Tree:
        parts: list[Tree] = []
        for value, condition in e.args:
            if condition is sp.true:
                return ("case", *parts, self.of(value)) if parts else self.of(value)
            parts += [self.of(value), self.of(condition)]
        return ("case", *parts, math.nan)

    def call(self, e: Any, name: str) -> Tree:
        if name == "ln" and "softplus" in self.known and e.args[0].is_Add and len(e.args[0].args) == 2:
            one, other = e.args[0].args
            if one == 1 and other.func is sp.exp:
                return ("softplus", self.of(other.args[0]))
        if name in self.known:
            return (name, *self.all(e.args))
        if name in _BY_OTHERS:
            return _BY_OTHERS[name](*self.all(e.args))
        row = FUNCTIONS.get(name)
        if row is not None and row.define is not None:
            return self.of(sp.sympify(row.define(calculus, *e.args)))
        raise TypeError(f"no code for the function {name}: it has neither a spelling nor a definition")

    kinds: ClassVar[dict[str, Callable[[_Writer, Any], Tree]]] = {
        "Add": added, "Mul": product, "Pow": power, "Piecewise": case,
    }


def _times(factors: list[Tree]) -> Tree:
    return 1 if not factors else factors[0] if len(factors) == 1 else ("*", *factors)


def _is_minus(t: Tree) -> bool:
    return bool(t[0] == "neg" if isinstance(t, tuple) else t < 0)


def nearest_number(e: Any) -> int | float:
    """The number nearest to a constant: an int where it is one and small, else a float, which may be inf or nan."""
    e = sp.sympify(e)
    if e.is_Integer and abs(e.p) <= 2**53:
        return int(e)
    if e.is_Rational:
        try:
            return int(e.p) / int(e.q)
        except OverflowError:
            return math.inf if e.p > 0 else -math.inf
    if e in (sp.zoo, sp.nan):
        return math.nan
    if not _is_tower(e):
        try:
            value = complex(e.evalf(17))
            return value.real if value.imag == 0 else math.nan
        except (TypeError, ValueError):
            return math.nan
        except OverflowError:
            pass
    return _roughly(e)


def _is_tower(e: Any) -> bool:
    """Whether a power or exponential has so large an exponent that SymPy might not come back from it."""
    for p in sp.preorder_traversal(e):
        if p.is_Pow or p.func is sp.exp:
            exponent = p.args[-1]
            if exponent.has(sp.Pow, sp.exp) and not exponent.is_Rational:
                return True
            if any(max(abs(r.p), r.q) > 10**4 for r in exponent.atoms(sp.Rational)):
                return True
    return False


def _roughly(e: Any) -> float:
    """A tower of powers in floating point, where what is too large is infinite."""
    try:
        parts = [float(nearest_number(a)) for a in e.args]
        if e.is_Add:
            return math.fsum(parts)
        if e.is_Mul:
            return math.prod(parts)
        if e.is_Pow:
            return math.pow(*parts)
        if e.func is sp.exp:
            return math.exp(*parts)
        if e.func is sp.log:
            return math.log(*parts)
        if isinstance(e, sp.Function) and all(map(math.isfinite, parts)):  # sin(e^(-e^-2))
            value = complex(e.func(*[sp.Float(part, 17) for part in parts]).evalf(17))
            return value.real if value.imag == 0 else math.nan
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        pass
    return math.nan
