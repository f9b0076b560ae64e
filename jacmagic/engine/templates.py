"""The slopes of one template: what SymPy differentiates."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import sympy as sp

from jacmagic.functions import by_cases, symbolic, varies
from jacmagic.functions import slope as slope_of
from jacmagic.functions.forms import ONE, ZERO, has, is_name, power, product, put_in, total

NAME = sp.Symbol("_0", real=True)
"""Any name: the slope of a function there is that at every other, put in."""


@lru_cache(maxsize=4096)
def gradient(expr: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The partial derivatives of a template by each of its slots; slots that do not occur are left out."""
    parts: dict[sp.Symbol, list[sp.Expr]] = {}
    for term in expr.args if expr.is_Add else (expr,):
        for symbol in term.free_symbols:
            parts.setdefault(symbol, []).append(_differentiate(term, symbol))
    return {symbol: total(*terms) for symbol, terms in parts.items()}


def _slope(expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    """The derivative as `expr.diff(symbol)` builds it, that of x^y as y x^(y-1).

    It is built without asking whether each part of it is positive or zero.
    These questions take SymPy up to ten times as long as the derivative itself.
    """
    if expr.is_Symbol or expr.is_Number:
        return ONE if expr == symbol else ZERO
    if isinstance(expr, (sp.floor, sp.ceiling)):  # SymPy leaves their slope unsaid
        return ZERO
    if expr.is_Add:
        return total(*[_slope(term, symbol) for term in expr.args])
    if expr.is_Mul:
        args = expr.args
        slopes = [(k, slope) for k, arg in enumerate(args) if (slope := _slope(arg, symbol)) is not ZERO]
        return total(*[product(*args[:k], slope, *args[k + 1 :]) for k, slope in slopes])
    if expr.is_Pow:
        return _slope_of_power(expr, symbol)
    if isinstance(expr, sp.Piecewise):
        slopes = [_slope(value, symbol) for value, _ in expr.args]
        return by_cases(*zip(slopes, (condition for _, condition in expr.args)))
    if isinstance(expr, sp.Function) and type(expr)._eval_derivative is sp.Function._eval_derivative:
        slopes = [(k, slope) for k, arg in enumerate(expr.args, 1) if (slope := _slope(arg, symbol)) is not ZERO]
        return total(*[product(_slope_of_call(expr, k), slope) for k, slope in slopes])
    return expr.diff(symbol)


def _slope_of_call(call: sp.Expr, argument: int) -> sp.Expr:
    """The partial derivative of a call by one of its arguments, counted from 1."""
    if len(call.args) == 1 and is_name(call.args[0]):
        return put_in(_slope_at_name(call.func), {NAME: call.args[0]})
    return slope_of(call, argument)


@cache
def _slope_at_name(kind: Any) -> sp.Expr:
    """The slope of a function, at a name."""
    return slope_of(kind(NAME), 1)


def _has_varying_power(expr: sp.Expr) -> bool:
    return expr.is_Pow and varies(expr.exp) or any(map(_has_varying_power, expr.args))


def _slope_of_power(expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    if expr.exp.is_Number:
        if expr.base == symbol:
            return product(expr.exp, power(symbol, expr.exp - 1))
        slope = _slope(expr.base, symbol)
        if slope is ZERO:
            return ZERO
        times = product(slope, expr.exp)
        return product(times, power(expr.base, expr.exp - 1)) if expr.base.is_Add else expr * (times / expr.base)
    if expr.base is ZERO:
        return ZERO  # 0^x is 0 wherever it has a slope
    if expr.base == symbol and symbol in expr.exp.free_symbols:  # x^x: x^x (ln x + 1)
        return expr.diff(symbol)
    base, exponent = (_slope(part, symbol) for part in expr.args)
    lower = power(expr.base, expr.exp - 1)  # and not expr/base, which is 0/0 where the base is 0
    return sp.Add(sp.Mul(expr.exp, lower, base), sp.Mul(expr, sp.log(expr.base), exponent))


def _differentiate(expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    result = _slope(expr, symbol)
    if has(result, (sp.sign, sp.DiracDelta)):
        result = result.replace(sp.DiracDelta, lambda *_: sp.S.Zero).replace(sp.sign, symbolic("sign"))
    if _has_varying_power(expr):
        result = join_powers(result)
    return result


def join_powers(expr: sp.Expr) -> sp.Expr:
    """x^y/x becomes x^(y-1), so that the derivative of x^y is y x^(y-1), also at x = 0."""

    def join(product: sp.Expr) -> sp.Expr:
        symbolic_powers = {p.base: p.exp for p in product.args if p.is_Pow and p.exp.free_symbols}
        other: list[sp.Expr] = []
        extra: dict[sp.Expr, sp.Expr] = {}
        for factor in product.args:
            base, exponent = factor.as_base_exp()
            if base in symbolic_powers and not exponent.free_symbols and base != sp.E:
                extra[base] = extra.get(base, sp.S.Zero) + exponent
            else:
                other.append(factor)
        if not extra:
            return product
        joined = [
            sp.Pow(f.base, f.exp + extra.pop(f.base)) if f.is_Pow and f.exp.free_symbols and f.base in extra else f
            for f in other
        ]
        return sp.Mul(*joined)

    return expr.replace(lambda e: e.is_Mul, join)


@lru_cache(maxsize=4096)
def computed_gradient(expr: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The partial derivatives as they are computed: that of x^y by y, x^y ln x, is 0 at x = 0 for y > 0, not 0 · ∞."""
    found = gradient(expr)
    swap = {
        sp.log(one.base): sp.log(by_cases((1, sp.And(sp.Eq(one.base, 0), one.exp > 0)), (one.base, True)))
        for one in expr.atoms(sp.Pow) if varies(one.exp) and varies(one.base)
    }
    return {symbol: put_in(derivative, swap) for symbol, derivative in found.items()} if swap else found
