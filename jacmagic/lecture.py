"""The cell that somebody would write in SymPy without jacmagic: the definitions, one line each, and `.jacobian`."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from jacmagic import code
from jacmagic.engine.graph import ancestry
from jacmagic.errors import LimitError

if TYPE_CHECKING:
    from jacmagic.result import Result

MAX_LINES = 60
"""Lines of definitions, an entry each. Instead: `r.code('sympy')`, or `r.code('torch')` of a net."""


def source(result: Result, of: str | None, wrt: str | None) -> str:
    """Runnable source, commented: symbols, definitions, the Jacobian, and its numbers at the current point.

    Raises:
        LimitError: too many lines.
        ValueError: nothing is known of a function, or a derivative by what a line defines.
    """
    p = result.program
    if result.undetermined:
        raise ValueError('there is no such cell where nothing is known of a function; r.code("sympy") has the formulas')
    outputs = p.outputs if of is None else (result.place(of)[0],)
    columns = p.variables if wrt is None else (result.place(wrt)[0],)
    defined = [] if p.conditions is None else [one.data for one in p.conditions.names]
    if any(key in defined for key in columns):
        raise ValueError(f"{columns[0]} is defined by an equation; the cell is by other names")
    zeros = [] if p.conditions is None else [entry for one in p.conditions.residuals for entry in result.entries(one)]
    steps = needed(result, outputs, (*columns, *defined))
    if sum(prod(p.shape(key)) for key in steps) > MAX_LINES:
        raise LimitError("An entry a line this is long; r.code('sympy') has it whole, r.code('torch') by layers.")
    definitions = [
        (symbol, entry) for key in steps
        for symbol, entry in zip(result.entry_symbols(key), result.entries(result.inner(key)))
    ]
    by, implicit, shown = (
        [symbol for key in keys for symbol in result.entry_symbols(key)] for keys in (columns, defined, outputs)
    )
    places = points(result) if of is None and wrt is None and not defined else []
    written = [*(entry for _, entry in definitions), *zeros]
    free = set().union(*(entry.free_symbols for entry in written)) - {one for one, _ in definitions}
    point = numbers(result, {*free, *by, *implicit})
    elsewhere = set().union(*(value.free_symbols for one in places for value in one.values())) - {*by, *point}
    parameters = [*(one for one in point if one not in {*by, *implicit}), *sorted(elsewhere, key=str)]
    system = any(p.steps[key].kind == "equation" for key in outputs)
    return code.lecture(by, parameters, definitions, shown, point, (implicit, zeros), places, system)


def numbers(result: Result, wanted: set[sp.Symbol]) -> dict[sp.Symbol, float]:
    """The current values of some symbols."""
    values = {key: result.values[key] for key in result.values} | result.forward()
    return {
        symbol: float(v) for key in result.known for symbol, v in zip(result.entry_symbols(key), np.ravel(values[key]))
        if symbol in wanted
    }


def points(result: Result) -> list[dict[sp.Symbol, sp.Expr]]:
    """The points of the block that are in symbols."""
    found = [
        {symbol: value for key, (_, node) in one.values.items()
         for symbol, value in zip(result.entry_symbols(key), result.entries(node))}
        for one in result.program.points
    ]
    return [one for one in found if any(value.free_symbols for value in one.values())]


def needed(result: Result, outputs: tuple[str, ...], columns: tuple[str, ...]) -> list[str]:
    """The definitions that these are made of, in order; a column is held for its own."""
    steps, wanted, todo = result.program.steps, set(), list(outputs)
    while todo:
        key = todo.pop()
        if key in steps and key not in columns and key not in wanted:
            wanted.add(key)
            todo += [node.data for node in ancestry([result.inner(key)]) if node.op == "input"]
    return [key for key in steps if key in wanted]
