"""SymPy expressions as trees of what a backend can write."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import sympy as sp

from jacmagic.functions import FUNCTIONS, calculus

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


def tree(expr: Any, known: frozenset[str]) -> Tree:
    """An expression as a tree of the operations + * / ^ neg case, relations and the functions in `known`.

    Quotients, roots and differences are found again in SymPy's powers and
    products, and e^z - 1 and ln(1 + e^z) where a backend computes them without
    loss; other functions are written by their definitions.

    Raises:
        TypeError: a function that is neither known nor defined.
    """
    memo: dict[Any, Tree] = {}

    def go(e: Any) -> Tree:
        found = memo.get(e)
        if found is None:
            found = memo[e] = make(e)
        return found

    def make(e: Any) -> Tree:
        if e.is_Symbol:
            return ("_", int(e.name[1:]))
        if isinstance(e, sp.ITE):  # SymPy makes it of a case inside a condition
            test, yes, no = map(go, e.args)
            return ("or", ("and", test, yes), ("and", ("not", test), no))
        if e is sp.true or e is sp.false:
            return ("==" if e is sp.true else "!=", 0, 0)
        name = type(e).__name__
        if name in _RELATIONS:
            return (_RELATIONS[name], *(go(a) for a in e.args))
        if not e.free_symbols:
            return nearest_number(e)
        if e.is_Add:
            return add(e)
        if e.is_Mul:
            return product(*e.as_coeff_Mul())
        if e.is_Pow:
            return power(e)
        if e.is_Piecewise:
            return case(e)
        return call(e, _NAMES.get(name, name))

    def add(e: Any) -> Tree:
        if "expm1" in known and len(e.args) == 2 and e.args[0] == -1 and e.args[1].func is sp.exp:
            return ("expm1", go(e.args[1].args[0]))
        terms = [go(a) for a in e.args]
        return ("+", *sorted(terms, key=_is_minus))

    def power(e: Any) -> Tree:
        base, exponent = e.args
        if exponent.is_Rational and exponent < 0:
            return ("/", 1, go(sp.Pow(base, -exponent)))
        if exponent == sp.S.Half:
            return ("sqrt", go(base))
        return ("^", go(base), go(exponent))

    def product(factor: Any, rest: Any) -> Tree:
        over: list[Tree] = []
        under: list[Tree] = []
        factors = list(sp.Mul.make_args(rest))
        for base in (2, 10):  # SymPy has no log2: it is a quotient of logarithms
            logs = [f for f in factors if f.func is sp.log and f.free_symbols]
            bottom = 1 / sp.log(base) if logs else None
            if f"log{base}" in known and logs and bottom in factors:
                factors.remove(bottom)
                factors.remove(logs[0])
                over.append((f"log{base}", go(logs[0].args[0])))
        for f in factors:
            if f.is_Pow and f.exp.is_Rational and f.exp < 0 and f.free_symbols:
                under.append(go(sp.Pow(f.base, -f.exp)))
            else:
                over.append(go(f))
        minus = bool(factor.is_number and factor.is_negative)
        factor = -factor if minus else factor
        if factor.is_Rational and not factor.is_Integer and factor.q < 10**6 and (factor.p == 1 or under):
            under.insert(0, factor.q)
            factor = sp.Integer(factor.p)
        if factor != 1:
            over.insert(0, nearest_number(factor))
        top: Tree = 1 if not over else over[0] if len(over) == 1 else ("*", *over)
        if under:
            top = ("/", top, under[0] if len(under) == 1 else ("*", *under))
        return ("neg", top) if minus else top

    def case(e: Any) -> Tree:
        parts: list[Tree] = []
        for value, condition in e.args:
            if condition is sp.true:
                return ("case", *parts, go(value)) if parts else go(value)
            parts += [go(value), go(condition)]
        return ("case", *parts, math.nan)

    def call(e: Any, name: str) -> Tree:
        if name == "ln" and "softplus" in known and e.args[0].is_Add and len(e.args[0].args) == 2:
            one, other = e.args[0].args
            if one == 1 and other.func is sp.exp:
                return ("softplus", go(other.args[0]))
        if name in known:
            return (name, *(go(a) for a in e.args))
        if name in _BY_OTHERS:
            return _BY_OTHERS[name](*(go(a) for a in e.args))
        row = FUNCTIONS.get(name)
        if row is not None and row.define is not None:
            return go(sp.sympify(row.define(calculus, *e.args)))
        raise TypeError(f"no code for the function {name}: it has neither a spelling nor a definition")

    return go(sp.sympify(expr))


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
