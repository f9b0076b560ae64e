"""Where a result starts: of the draws in `program/start` the first whose point shows something."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from jacmagic.errors import JacmagicError
from jacmagic.program import start
from jacmagic.rounding import steady
from jacmagic.values import Values

if TYPE_CHECKING:
    from jacmagic.result import Result


def draw(result: Result, found: Values) -> str:
    """Put in a point that shows something; what is said where there is none."""
    p = result.program
    loose = {key: one for key, one in p.inputs.items() if not (one.given or one.label or one.role == "target")}
    if not loose or not is_small(result):
        return ""
    tried: list[tuple[int, dict[str, np.ndarray]]] = []
    for turn in range(start.MAX_DRAWS):
        if turn == 1 and (still := loose.keys() & p.moving) and tried[0][0] == 1:
            found._data.update({key: start.aside(loose[key].shape, loose[key].range) for key in still})
        elif turn:
            found._data.update({
                key: start.again(key, one.shape, one.role, one.range, p.seed, turn) for key, one in loose.items()
            })
        tried.append((blank(result), dict(found._data)))
        if not tried[-1][0]:
            return ""
    worst, point = min(tried, key=lambda one: one[0])
    found._data.update(point)
    return {3: "no number at any of the", 2: "J is 0 at each of the"}.get(worst, "")


def is_small(result: Result) -> bool:
    """True where the whole Jacobian is soon evaluated a few times."""
    p = result.program
    entries = sum(prod(p.shape(key)) for key in p.outputs) * sum(prod(p.shape(key)) for key in p.variables)
    return entries <= 400 and len(p.steps) <= 50 and sum(prod(one.shape) for one in p.inputs.values()) <= 2000


def blank(result: Result) -> int:
    """What keeps the current point from showing anything, the worse the more: NaN 3, all 0 2, kink or rest 1."""
    try:
        with np.errstate(all="ignore"):
            matrix, (met, values), still = result.at(), result.watched(), rests(result)
    except (JacmagicError, ArithmeticError):
        return 0
    if not all(np.isfinite(one).all() for one in (matrix, *values)):
        return 3
    return 2 if not np.any(steady(result)) else int(bool(met) or still)


def rests(result: Result) -> bool:
    """True where a system stands still at the current point, or a map after two steps; not where a line says so."""
    p = result.program
    if all(p.inputs[key].given for key in p.moving):
        return False
    at: dict[str, Any] = {}
    for _ in range(3):
        values = dict(zip(p.moving, result.watched(at)[1]))
        if p.steps[p.outputs[0]].kind == "equation":
            return not any(map(np.any, values.values()))
        if all(np.array_equal(value, at.get(key, result.values._data[key])) for key, value in values.items()):
            return True
        at = values
    return False
