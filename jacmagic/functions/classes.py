"""The rows of the table as classes of SymPy, each with its slope in the textbook's form.

SymPy is imported only when one of them is asked for.
"""

from __future__ import annotations

from functools import cache, lru_cache, partial
from typing import Any

from jacmagic.functions.rows import FUNCTIONS, Function, Rule


class _Calculus:
    """What definitions see as `f`: every function of the table, and SymPy's names beside them."""

    def __getattr__(self, name: str) -> Any:
        import sympy

        if name in FUNCTIONS:
            return symbolic(name)
        if name == "Piecewise":
            return by_cases
        if name == "sympy_floor":
            return sympy.floor
        if name == "sympy_ceiling":
            return sympy.ceiling
        return getattr(sympy, name)


calculus = _Calculus()


def by_cases(*pairs: tuple[Any, Any]) -> Any:
    """SymPy's Piecewise of (value, condition), for any condition.

    SymPy writes a condition in a canonical form, and x - a < b - x has two of them, each
    the other's: it would turn one into the other without end. As a difference it has one.
    """
    import sympy

    joined: list[tuple[Any, Any]] = []
    for value, condition in pairs:
        if joined and joined[-1][0] == value:  # SymPy would multiply the two conditions out
            joined[-1] = (value, sympy.Or(joined[-1][1], _steady(condition)))
        else:
            joined.append((value, _steady(condition)))
    try:
        return sympy.Piecewise(*joined)
    except RecursionError:  # a form that cannot be told beforehand
        return sympy.Piecewise(*((value, _steady(condition, always=True)) for value, condition in joined))


def _steady(condition: Any, always: bool = False) -> Any:
    """A condition whose comparisons are differences where they have to be, or wherever a side is a sum."""
    import sympy
    from sympy.core.relational import Relational

    turning = {}
    for one in condition.atoms(Relational) if isinstance(condition, sympy.Basic) else ():
        sums = [side.is_Add for side in (one.lhs, one.rhs)]
        if all(sums) or (any(sums) and (always or one.lhs.free_symbols & one.rhs.free_symbols)):
            turning[one] = one.func(one.lhs - one.rhs, 0)
    return condition.xreplace(turning) if turning else condition


def leaves(expr: Any) -> set[Any]:
    """The symbols and numbers that an expression is made of."""
    found, todo = set(), [expr]
    while todo:
        one = todo.pop()
        if one.args:
            todo.extend(one.args)
        else:
            found.add(one)
    return found


def varies(expr: Any) -> bool:
    """True where a symbol stands in an expression, which most show at once."""
    return expr.is_Symbol or any(map(varies, expr.args))


@lru_cache(maxsize=4096)
def has_cases(expr: Any) -> bool:
    """True where a distinction stands in an expression."""
    return expr.is_Piecewise or any(map(has_cases, expr.args))


def _required(rule: Rule | None) -> Rule:
    """A rule that the rows of this kind all have."""
    assert rule is not None
    return rule


def _numeric(e: Any, bits: int) -> Any:
    """`e` to `bits` bits. SymPy asks for two bits to learn a sign, and in 2 bits ln(1 + e^-15) is 0."""
    import sympy

    for spare in (64, 512, 4096):
        value = sympy.sympify(e)._eval_evalf(bits + spare)
        if value is None or not value.is_zero:
            break
    return value if value is None or not value.is_Float else sympy.Float(value, precision=bits)


def _value(row: Function, args: tuple[Any, ...]) -> Any:
    """What a function of numbers is at once, exact or as a float; None where the call stands as it is."""
    if len(args) == 1 and row.arity[1] is None:
        return args[0]
    if row.define is None:
        return None
    if row.exact and all(a.is_Rational for a in args):
        return row.define(calculus, *args)
    bits = [a._prec for a in args if a.is_Float]
    if bits and all(a.is_Float or a.is_Rational for a in args):
        return _numeric(row.define(calculus, *args), max(bits))  # as SymPy's own functions do: sin(1.0) is a number
    return None


def _tex(row: Function, inside: str) -> str:
    """A call in LaTeX."""
    return {
        "abs": rf"\left|{inside}\right|",
        "step": rf"\mathbf{{1}}\left[{inside} > 0\right]",
        "cbrt": rf"\sqrt[3]{{{inside}}}",
    }.get(row.name, rf"{row.tex}\left({inside}\right)")


@cache
def symbolic(name: str) -> Any:
    """The SymPy function for a row: SymPy's own class, or one made here with the row's derivative.

    A made class pickles, because the `__getattr__` of `functions` finds it by name, and
    prints, evaluates, rewrites and lambdifies by its definition.
    """
    row = FUNCTIONS[name]
    import sympy

    if row.sympy:
        return getattr(sympy, row.sympy)
    define, slopes = row.define, row.derivative
    if row.expands:
        return partial(_required(define), calculus)

    def eval_exact(cls: Any, *args: Any) -> Any:
        return _value(row, args)

    def fdiff(self: Any, argindex: int = 1) -> Any:
        return sympy.sympify(_required(slopes)(calculus, *self.args)[argindex - 1])

    def definition(self: Any, **_: Any) -> Any:
        return _required(define)(calculus, *self.args)

    def evaluate(self: Any, prec: int) -> Any:
        if not self.is_number:
            return None
        try:
            return _numeric(definition(self), prec)
        except TypeError:  # a definition compares what is no number: |bce(0, 1)|
            return sympy.nan

    def is_real(self: Any) -> bool | None:
        return True if all(a.is_extended_real for a in self.args) else None

    def is_finite(self: Any) -> bool | None:
        return True if all(a.is_real for a in self.args) and name not in ("bce", "cross_entropy") else None

    def is_nonnegative(self: Any) -> bool | None:
        return True if name in ("abs", "relu", "step", "sigmoid", "softplus") and is_real(self) else None

    def code(self: Any, printer: Any, **_: Any) -> Any:
        return f"({printer._print(definition(self))})"  # printers take a function for an atom, as in f(x)**2

    def tex(self: Any, printer: Any, exp: str | None = None) -> str:
        body = _tex(row, ", ".join(printer._print(a) for a in self.args))
        return body if exp is None else rf"{body}^{{{exp}}}"

    members = {
        "eval": classmethod(eval_exact), "fdiff": fdiff, "expand_definition": definition,
        "_eval_evalf": evaluate, "_eval_is_extended_real": is_real, "_eval_is_finite": is_finite,
        "_eval_is_extended_nonnegative": is_nonnegative,
        "_eval_rewrite_as_Piecewise": lambda self, *args, **kw: definition(self),
        "_latex": tex, "_numpycode": code, "_scipycode": code, "_mpmathcode": code, "_pythoncode": code,
        "_torchcode": code, "_lambdacode": code, "_jscode": code, "_ccode": code,
        "__module__": "jacmagic.functions", "__doc__": f"{name}, as the block language has it.",
    }
    return type(name, (sympy.Function,), members)


def partials(name: str, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The partial derivatives of a table function in the textbook's form, None where SymPy's own will do."""
    row = FUNCTIONS[name]
    return None if row.derivative is None else row.derivative(calculus, *args)


_SHOWN_SLOPES = {row.sympy: row.name for row in FUNCTIONS.values() if row.sympy and row.derivative}
"""SymPy's classes whose slope is written as the row has it."""


def slope(call: Any, argument: int) -> Any:
    """The partial derivative of a SymPy function by one of its arguments, counted from 1, in the textbook's form."""
    name = _SHOWN_SLOPES.get(type(call).__name__)
    if name is None:
        return call.fdiff(argument)
    import sympy

    return sympy.sympify(_required(FUNCTIONS[name].derivative)(calculus, *call.args)[argument - 1])
