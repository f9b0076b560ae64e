"""The cell that somebody would write in SymPy without jacmagic: the definitions, one line each, and `.jacobian`."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from jacmagic import code
from jacmagic.engine.graph import ancestry
from jacmagic.errors import LimitError

if TYPE_CHECKING:
    from jacmagic.result import Result

MAX_LINES = 60
"""Lines of definitions, an entry each. Instead: `r.code("sympy")`, or `r.code("torch")` of a net."""


def source(result: Result, of: str | None, wrt: str | None) -> str:
    """Runnable source, commented: symbols, definitions, the Jacobian, and its numbers at the current point.

    Raises:
        LimitError: too many lines.
        ValueError: equations define a name, or nothing is known of a function.
    """
    p = result.program
    if p.conditions is not None or result.undetermined:
        raise ValueError('there is no such cell where equations define names; r.code("sympy") has the formulas')
    outputs = p.outputs if of is None else (result.place(of)[0],)
    columns = p.variables if wrt is None else (result.place(wrt)[0],)
    steps = needed(result, outputs, columns)
    if sum(prod(p.shape(key)) for key in steps) > MAX_LINES:
        raise LimitError("An entry a line this is long; r.code('sympy') has it whole, r.code('torch') by layers.")
    definitions = [
        (symbol, entry) for key in steps
        for symbol, entry in zip(result.entry_symbols(key), result.entries(result.inner(key)))
    ]
    free = set().union(*(entry.free_symbols for _, entry in definitions)) - {one for one, _ in definitions}
    by = [symbol for key in columns for symbol in result.entry_symbols(key)]
    values = {key: result.values[key] for key in result.values} | result.forward()
    point = {
        symbol: float(v) for key in result.known for symbol, v in zip(result.entry_symbols(key), np.ravel(values[key]))
        if symbol in {*free, *by}
    }
    shown = [symbol for key in outputs for symbol in result.entry_symbols(key)]
    parameters = [symbol for symbol in point if symbol not in by]
    return code.lecture(by, parameters, definitions, shown, point)


def needed(result: Result, outputs: tuple[str, ...], columns: tuple[str, ...]) -> list[str]:
    """The definitions that these are made of, in order; a column is held for its own."""
    steps, wanted, todo = result.program.steps, set(), list(outputs)
    while todo:
        key = todo.pop()
        if key in steps and key not in columns and key not in wanted:
            wanted.add(key)
            todo += [node.data for node in ancestry([result.inner(key)]) if node.op == "input"]
    return [key for key in steps if key in wanted]
