"""Results made of results: one with values put in, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jacmagic import names
from jacmagic.program import composed
from jacmagic.program.model import Program
from jacmagic.program.passes import understand
from jacmagic.reals import reals
from jacmagic.values import fitted

if TYPE_CHECKING:
    from jacmagic.result import Result


def copied(kind: type[Result], program: Program, values: Mapping[str, np.ndarray]) -> Result:
    """A result of a program, at these values."""
    made = kind(program)
    made.values.update_all(values)
    return made


def subs(result: Result, values: Mapping[str, Any]) -> Result:
    """The result with values in the place of names.

    Raises:
        KeyError: a name that the block does not have, one entry of a vector, or a definition.
        ValueError: no variable stays, or a value of another size or not finite.
    """
    found = {}
    for name, value in values.items():
        key, entry = result.place(name)
        if entry is not None or key not in result.program.inputs:
            raise KeyError(f"{name!r} is no whole name without a definition")
        found[key] = np.asarray(fitted(reals(name, value), result.program.shape(key)), dtype=float)
        if found[key].shape != result.program.shape(key):
            raise ValueError(f"{name} has the shape {result.program.shape(key)}, not {found[key].shape}")
        if not np.isfinite(found[key]).all():
            raise ValueError(f"{name} is put into formulas, which takes a finite number")
    kept = {key: value for key, value in result.values._data.items() if key not in found}
    return copied(type(result), composed.substituted(result.program, found), kept)


def after(outer: Result, inner: Result) -> Result:
    """`outer` of what `inner` gives, at the values of both; what was put into one of them is put in.

    Raises:
        ValueError: the sizes do not fit, or a name stands in both for different things.
    """
    one, other = outer.program, inner.program
    columns = ", ".join(names.name(key).text for key in other.variables)
    program = understand(composed.composition(one, other), columns, None, one.net or other.net)
    if put := {**one.put, **other.put}:
        program = composed.substituted(program, put)
    stated = {key: value for key, value in outer.values._data.items() if key in other.inputs and one.inputs[key].given
              and not other.inputs[key].given and key not in one.variables}
    points = {**outer.values._data, **inner.values._data, **stated}
    return copied(type(outer), program, {key: value for key, value in points.items() if key in program.inputs})
