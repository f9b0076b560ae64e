"""Values of Python expressions in braces: the one place where text is evaluated, in a notebook's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from jacmagic.errors import LimitError, Span, SyntaxMistake, ValueMistake
from jacmagic.language import nodes as s
from jacmagic.language.keys import key_of
from jacmagic.program.block import Declared
from jacmagic.program.lowerer import MAX_OF_A_NAME, MAX_VALUE
from jacmagic.reals import reals


def evaluate(block: Declared, namespace: Mapping[str, Any] | None) -> Declared:
    """The block with its Python values, each of them evaluated once.

    Raises:
        SyntaxMistake, ValueMistake, LimitError: where that is no array of real numbers.
    """
    found = {}
    for statement in block.statements:
        if statement.python is not None:
            if statement.kind != "define":  # x_{n+1} = {v}
                raise SyntaxMistake("A value from Python stands behind a name and =.", statement.span)
            found[key_of(statement.names[0])] = value_of(block, statement, namespace)
    vectors = {key for key, value in found.items() if value.ndim == 1}
    matrices = {key for key, value in found.items() if value.ndim == 2}
    scope = replace(block.scope, vectors=block.scope.vectors | vectors, matrices=block.scope.matrices | matrices)
    return replace(block, evaluated=found, scope=scope)


def value_of(block: Declared, statement: s.Statement, namespace: Mapping[str, Any] | None) -> np.ndarray:
    """The value of a Python expression in braces, as a float64 array."""
    assert statement.python is not None
    start = block.text.find("{", statement.names[0].span.stop)
    span = Span(start, statement.span.stop if statement.range is None and statement.size is None else start + 2
                + len(statement.python))
    if namespace is None:
        raise ValueMistake(
            "A Python value in braces is read only in a notebook cell, or where namespace= is given.", span
        )
    try:
        value = eval(statement.python, {**namespace, "__builtins__": __builtins__})  # the one exception
    except Exception as error:
        raise ValueMistake(f"Python says of {statement.python}: {type(error).__name__}: {error}", span) from None
    try:
        array = np.array(reals(statement.python, value))
    except ValueMistake as error:
        raise ValueMistake(error.message, span) from None
    if array.ndim > 2 or array.size == 0:
        raise ValueMistake(
            f"{statement.python} has the shape {array.shape}; a value is a number, a vector or a matrix.", span
        )
    if array.size > MAX_OF_A_NAME:
        raise LimitError(f"A value has at most {MAX_OF_A_NAME:,} entries.", span)
    if not np.isfinite(array).all() or np.max(np.abs(array)) > MAX_VALUE:
        raise ValueMistake(f"{statement.python} has entries that are not finite, or too large.", span)
    return array
