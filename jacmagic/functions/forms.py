"""Sums, products, powers and calls as SymPy makes them, without asking where the form is known beforehand.

Most expressions of a block are made of names, powers of names, calls of names and one number, no two of which SymPy
would put together. It finds that out by looking at each part in a dozen ways, which took a third of a lecture's cell.
Here they are built in the form that they have anyway; whatever else there is goes to SymPy's own constructors, so that
what comes back is always what these give. All names commute, and are real and nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from operator import is_
from typing import Any

import sympy as sp
from sympy.core.add import _addsort
from sympy.core.mul import _mulsort

from jacmagic.functions.classes import by_cases

ZERO, ONE = sp.S.Zero, sp.S.One  # SymPy's only 0 and 1: `is` finds them, and costs nothing


@cache
def _is_base(kind: Any) -> bool:
    """True for a function whose calls are factors of their own: for all but exp, which is a power of e."""
    return issubclass(kind, sp.Function) and kind.as_base_exp is sp.Expr.as_base_exp


@cache
def _of_a_name(kind: Any) -> Any:
    """How many arguments SymPy notes in a call of this function, if one of a real name stands as it is, else None."""
    name = sp.Symbol("x", real=True)
    call = kind(name)
    return call.nargs if type(call) is kind and call.args == (name,) else None


_REAL = {"real": True}


def is_name(expr: Any) -> bool:
    """True for the symbol of a real number of which nothing else is known."""
    return expr.is_Symbol and getattr(expr, "_assumptions_orig", None) == _REAL


def in_order(some: Collection[Any]) -> list[Any]:
    """Expressions in an order that is the same in every run; as text, which takes SymPy long."""
    return sorted(some, key=str) if len(some) > 1 else list(some)


def has(expr: Any, part: Any) -> bool:
    """True where a part stands in an expression, or for classes one that is of them."""
    found = isinstance(expr, part) if isinstance(part, tuple) else expr == part
    return found or any(has(arg, part) for arg in expr.args)


def applied(kind: Any, *args: Any) -> Any:
    """A function of its arguments."""
    if len(args) == 1 and is_name(args[0]) \
            and isinstance(kind, type) and _is_base(kind) and (count := _of_a_name(kind)) is not None:
        call = sp.Basic.__new__(kind, *args)
        call.nargs = count
        return call
    return kind(*args)


def power(base: Any, exponent: Any) -> Any:
    """A power; of a sum with names it is what it was, which SymPy learns by asking if it is infinite.

    The question takes as long as all else of a lecture's cell.
    """
    plain = exponent.is_Rational and exponent.p != 0 and exponent is not ONE and (
        base.is_Add and not base.is_number or base.is_Symbol and exponent.is_Integer)
    return sp.Pow(base, exponent, evaluate=False) if plain else sp.Pow(base, exponent)


def _base(factor: Any) -> Any:
    """What a factor is a power of; None where SymPy has to be asked."""
    if factor.is_Symbol:
        return factor
    if factor.is_Pow:
        base, exponent = factor.args
        known = exponent.is_Rational and (
            base.is_Symbol or base.is_Add and not base.is_number or exponent.is_Integer and _is_base(base.func))
        return base if known else None
    return factor if factor.is_Add or _is_base(factor.func) else None


def product(*factors: Any) -> Any:
    """A product, its factors multiplied out of inner products."""
    number, todo = ONE, list(factors)
    bases: set[Any] = set()
    plain: list[Any] = []
    for factor in todo:
        if factor.is_Mul:
            todo.extend(factor.args)
        elif factor is ONE:
            continue
        elif factor.is_Rational and factor is not ZERO and number is ONE:
            number = factor
        elif (base := _base(factor)) is not None and base not in bases:
            bases.add(base)
            plain.append(factor)
        else:
            return sp.Mul(*factors)
    if number is not ONE and len(plain) == 1 and plain[0].is_Add:  # 2 (x + 1) is 2x + 2
        return sp.Mul(*factors)
    _mulsort(plain)
    return sp.Mul._from_args([*([number] if number is not ONE else ()), *plain], True)


def _term(term: Any) -> Any:
    """What stands behind a term's number; None where SymPy has to be asked."""
    if not term.is_Mul:
        return None if term.is_Add else _base(term) and term
    first, *rest = term.args
    if not first.is_Number:
        return term.args
    return None if not first.is_Rational else rest[0] if len(rest) == 1 else tuple(rest)


def total(*terms: Any) -> Any:
    """A sum."""
    number = ZERO
    kinds: set[Any] = set()
    plain: list[Any] = []
    for term in terms:
        if term is ZERO:
            continue
        if term.is_Rational and number is ZERO:
            number = term
        elif (kind := _term(term)) is not None and kind not in kinds:
            kinds.add(kind)
            plain.append(term)
        else:
            return sp.Add(*terms)
    _addsort(plain)
    return sp.Add._from_args([*([number] if number is not ZERO else ()), *plain], True)


_MADE = {sp.Add: total, sp.Mul: product, sp.Pow: power}


def put_in(expr: Any, swap: Mapping[Any, Any]) -> Any:
    """The expression with parts replaced, as `xreplace` does it, and cases made by `by_cases`.

    A comparison with what is not a number is false, as in floating point; SymPy refuses to make one.
    """
    found = swap.get(expr)
    if found is not None or not expr.args:
        return expr if found is None else found
    if expr.is_Piecewise:
        return by_cases(*((put_in(value, swap), put_in(when, swap)) for value, when in expr.args))
    args = [put_in(arg, swap) for arg in expr.args]
    if all(map(is_, args, expr.args)):
        return expr
    if (made := _MADE.get(expr.func)) is not None:
        return made(*args)
    try:
        return applied(expr.func, *args)
    except TypeError as error:
        if "NaN" not in str(error):
            raise
        return sp.false if expr.is_Relational else sp.nan
