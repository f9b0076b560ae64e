"""Expressions as SymPy source."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sympy as sp

from jacmagic import names
from jacmagic.errors import LimitError

MAX_SOURCE = 500
"""Functions in one entry as SymPy source, each as often as its definition says it. Instead: NumPy source, or names."""


def plain_name(symbol: sp.Symbol, taken: Collection[str] = ("sp", "f", "J")) -> str:
    """A symbol's name as Python can write it, W1_{1,2} as W1__1_2; not one of those that the source needs itself."""
    name = names.name(symbol.name).identifier
    return name + "_" if keyword.iskeyword(name) or name in taken else name


def _apart(places: Iterable[str]) -> list[str]:
    """Places as source, no two the same: SymPy takes slots at one place for one slot, f_x(t, t) for f_y(t, t)."""
    found: list[str] = []
    for place in places:
        while place in found:
            place = f"sp.Add({place}, 0, evaluate=False)"
        found.append(place)
    return found


@lru_cache(maxsize=1)
def _spelling() -> Any:
    """A printer of SymPy source with every name of the library behind sp."""
    from sympy.printing.str import StrPrinter

    class Spelling(StrPrinter):
        """SymPy's own spelling, every name behind sp."""

        written = 0

        def _print_Symbol(self, expr: sp.Symbol) -> str:
            return plain_name(expr) if expr.is_real else f'sp.Symbol("{expr.name}")'  # a slot of Subs

        def _print_Rational(self, expr: sp.Rational) -> str:
            return f"sp.Rational({expr.p}, {expr.q})" if expr.q != 1 else str(expr.p)

        def _print_Function(self, expr: Any) -> str:
            self.written += 1
            if self.written > MAX_SOURCE:
                raise LimitError("Written as SymPy source this is too long. Use the numbers, r.at(…), or r.layers.")
            if hasattr(expr, "expand_definition"):
                return str(self._print(expr.expand_definition()))
            return f"sp.{type(expr).__name__}({', '.join(self._print(a) for a in expr.args)})"

        def _print_AppliedUndef(self, expr: Any) -> str:
            return f'sp.Function("{type(expr).__name__}", real=True)({", ".join(self._print(a) for a in expr.args)})'

        def _print_Derivative(self, expr: Any) -> str:
            by = ", ".join(f"({self._print(symbol)}, {count})" for symbol, count in expr.variable_count)
            return f"sp.Derivative({self._print(expr.expr)}, {by})"

        def _print_Subs(self, expr: Any) -> str:
            slots, places = ", ".join(map(self._print, expr.variables)), ", ".join(_apart(map(self._print, expr.point)))
            return f"sp.Subs({self._print(expr.expr)}, ({slots},), ({places},))"

        def _print_Exp1(self, expr: Any) -> str:
            return "sp.E"

        def _print_Pi(self, expr: Any) -> str:
            return "sp.pi"

        def _print_Pow(self, expr: Any, rational: bool = False) -> str:
            if expr.exp == sp.Rational(1, 2):
                return f"sp.sqrt({self._print(expr.base)})"
            if expr.base == sp.E:
                return f"sp.exp({self._print(expr.exp)})"
            return f"({self._print(expr.base)})**({self._print(expr.exp)})"

        def _print_ExprCondPair(self, expr: Any) -> str:
            return f"({self._print(expr.expr)}, {self._print(expr.cond)})"

        def _print_Piecewise(self, expr: Any) -> str:
            return f"sp.Piecewise({', '.join(self._print(a) for a in expr.args)})"

        def _print_Relational(self, expr: Any) -> str:
            return f"sp.{ {'==': 'Eq', '!=': 'Ne', '<': 'Lt', '<=': 'Le', '>': 'Gt', '>=': 'Ge'}[expr.rel_op]}" + (
                f"({self._print(expr.lhs)}, {self._print(expr.rhs)})"
            )

        def _print_logic(self, expr: Any) -> str:
            return f"sp.{type(expr).__name__}({', '.join(self._print(a) for a in expr.args)})"

    for kind in ("And", "Or", "Not", "ITE"):
        setattr(Spelling, f"_print_{kind}", Spelling._print_logic)
    return Spelling()


@lru_cache(maxsize=1)
def _by_hand() -> Any:
    """The same as a hand writes it: x**2, 1/x."""

    class ByHand(type(_spelling())):  # type: ignore[misc]
        def _print_Symbol(self, expr: sp.Symbol) -> str:
            return plain_name(expr, ("sp", "J"))

        def _print_Function(self, expr: Any) -> str:
            own = {"abs": "sp.Abs", "sign": "sp.sign"}.get(type(expr).__name__)
            return f"{own}({self._print(expr.args[0])})" if own else str(super()._print_Function(expr))

        def _print_Pow(self, expr: Any, rational: bool = False) -> str:
            if abs(expr.exp) == sp.Rational(1, 2):
                root = f"sp.sqrt({self._print(expr.base)})"
                return root if expr.exp > 0 else f"1/{root}"
            if expr.base == sp.E:
                return f"sp.exp({self._print(expr.exp)})"
            return str(super(type(_spelling()), self)._print_Pow(expr))

    return ByHand()


def lecture(
    variables: Sequence[sp.Symbol], parameters: Sequence[sp.Symbol], definitions: Sequence[tuple[sp.Symbol, sp.Expr]],
    outputs: Sequence[sp.Symbol], point: Mapping[sp.Symbol, float],
    conditions: tuple[Sequence[sp.Symbol], Sequence[sp.Expr]] = ((), ()),
    places: Sequence[Mapping[sp.Symbol, sp.Expr]] = (), system: bool = False,
) -> str:
    """The short cell somebody would write: symbols, definitions in order, the Jacobian, its numbers at a point.

    conditions  names that equations define, and what is 0 there
    places      points in symbols
    system      of differential equations, of which J says whether they are stable
    """
    printer = _by_hand()

    def text(expr: sp.Expr) -> str:
        printer.written = 0
        return str(printer.doprint(expr))

    def declared(symbols: Sequence[sp.Symbol], comment: str) -> list[str]:
        if not symbols:
            return []
        written, ending = list(map(text, symbols)), "s" if len(symbols) > 1 else ""
        made = f'sp.symbols("{" ".join(written)}", real=True)'
        return [f"{', '.join(written)} = {made}  # {comment}{ending if comment.startswith('the ') else ''}"]

    numbers = ", ".join(f"{text(one)}: {int(v) if v.is_integer() else v}" for one, v in point.items())
    shown, columns, implicit = (", ".join(map(text, some)) for some in (outputs, variables, conditions[0]))
    square = len(outputs) == len(variables) > 1
    lefts = [symbol for symbol, _ in definitions]
    taken = set(map(text, (*variables, *point, *outputs, *lefts, *conditions[0])))
    F, D, f = (letter if letter not in taken else f"{letter}_" for letter in "FDf")
    functions = {type(one) for _, entry in definitions for one in entry.atoms(sp.Function)}
    flat = ".replace(lambda one: isinstance(one, (sp.Derivative, sp.Subs)), lambda one: 0)  # a step is flat"
    steps = flat if {"floor", "ceil"} & {one.__name__ for one in functions} else ""
    made = [f"J = sp.Matrix([{shown}]).jacobian([{columns}]){steps}"]
    if implicit:
        zeros = ", ".join(map(text, conditions[1]))
        made = [
            f"{F} = sp.Matrix([{zeros}])  # is 0, which defines {implicit}",
            f"{D} = -{F}.jacobian([{implicit}]).inv() * {F}.jacobian([{columns}])", f"{f} = sp.Matrix([{shown}])",
            f"J = {f}.jacobian([{columns}]) + {f}.jacobian([{implicit}]) * {D}",
        ]
    tidied = ".simplify()" if functions <= {sp.sin, sp.cos} else ""  # of others it takes minutes
    after = []
    if square and system and len(outputs) == 2:
        after = [f"J.trace(){tidied}, J.det(){tidied}  # at rest it is stable where the first is < 0, the second > 0"]
    elif square and not system and len(outputs) <= 3:
        after = [f"J.det(){tidied}  # how {'areas' if len(outputs) == 2 else 'volumes'} change"]
    for place in places:
        put = ", ".join(f"{text(one)}: {text(value)}" for one, value in place.items())
        after.append(f"J.subs({{{put}}}, simultaneous=True).applyfunc(sp.simplify)  # at a point")
    return "\n".join([
        "import sympy as sp", "", *declared(variables, "the variable"),
        *declared(conditions[0], "what the equations define"), *declared(parameters, "the parameter"), "",
        *(f"{text(symbol)} = {text(entry)}" for symbol, entry in definitions), *([""] if definitions else []),
        "# a row for each function, a column for each variable", *made, *after,
        "", f"J.subs({{{numbers}}}).evalf()  # its numbers at a point" if point else "J", "",
    ])


@lru_cache(maxsize=1024)
def sympy_text(expr: sp.Expr) -> str:
    """An expression as SymPy source; a panel has its entries one by one, and all of them in a cell."""
    printer = _spelling()
    printer.written = 0
    try:
        return str(printer.doprint(expr))
    except (TypeError, RecursionError):  # a function's definition compares what is not real, as asin(2)
        raise LimitError("This cannot be written as SymPy source; NumPy source says it.") from None


def sympy_source(outputs: Sequence[sp.Expr], matrix: sp.Matrix) -> str:
    """Runnable SymPy source of functions `f` and their Jacobian `J`, library functions only."""
    named = set().union(*(e.atoms(sp.Symbol) for e in [*outputs, *matrix]))
    free = sorted((one for one in named if one.is_real), key=lambda one: one.name)
    declare = [f'{plain_name(s)} = sp.Symbol("{s.name}", real=True)' for s in free]
    functions = ", ".join(map(sympy_text, outputs))
    rows = ",\n".join("    [" + ", ".join(map(sympy_text, row)) + "]" for row in matrix.tolist())
    head = "\n".join(["import sympy as sp", "", *declare])
    return f"{head}\n\nf = sp.Matrix([{functions}])\nJ = sp.Matrix([\n{rows},\n])\n"
