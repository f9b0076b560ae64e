"""What to say of a name that could be a number or a matrix, or whose size nothing fixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from jacmagic.errors import ShapeError, Span
from jacmagic.language import tree as t
from jacmagic.names import name
from jacmagic.program.known import Known

if TYPE_CHECKING:
    from jacmagic.program.shapes import Inference


MAX_IDENTITY = 6
"""Rows of an identity matrix that an error offers. Instead: diag([1, 1, 1]), or `I in R^(9x9)`."""


def left_open(
    found: Inference, definitions: Sequence[tuple[str, t.Expr]], open_: Mapping[str, tuple[t.Expr, Known, Known]],
) -> ShapeError | None:
    """What to say of the first name without a size, and of an I that no line declares and that is a square matrix."""
    for key, what in open_.items():
        return undecided(found, key, *what)
    shape = found.shapes.get("I", ())
    if "I" in found.free - found.said and len(shape) == 2 and shape[0] == shape[1] > 1:
        names = (one for _, expr in definitions for one in t.walk(expr) if isinstance(one, t.Name))
        place = next(one for one in names if one.key == "I")
        hints, message = _sizes("I", *shape, False, shape)
        return ShapeError(message, place.span, hints)
    return None


def undecided(found: Inference, key: str, expr: t.Expr, scalar: Known, matrix: Known) -> ShapeError:
    """What to say of a name that could be a number or a matrix, or whose size nothing fixes."""
    if (beside := found.beside.get(key)) is not None:
        return beside
    if key in found.late and (error := of_a_step(found, key)) is not None:
        return error
    whole = t.inside(expr)
    flipped = isinstance(whole, t.Transpose)
    shown = found.source(t.inside(whole.base).span if isinstance(whole, t.Transpose) else whole.span)
    if (error := number_of_identity(found, key, shown, expr, scalar, matrix)) is not None:
        return error
    key = shown if len(shown) == 1 else key  # λ, where the key is lam
    factors = [other for other in found.together.get(key, (key,)) if other in found.stuck or other == key]
    number = [f"{', '.join(factors)} in R"] if scalar is not None and key not in found.layers else []
    like = (*kin(found, key), None, None)[:2]
    if isinstance(matrix, tuple) and len(matrix) == 1:
        return _behind_a_matrix(key, (matrix[0], like[1] or matrix[0]), number, expr.span)
    rows, columns = matrix if isinstance(matrix, tuple) and len(matrix) == 2 else (None, None)
    if flipped:
        rows, columns = columns, rows
    sizes, message = _sizes(key, rows, columns, flipped, like)
    sizes = sizes if len(factors) == 1 or not number else []
    if flipped and len(sizes) > 1:
        number = []
    number = [] if key == "I" and len(sizes) > 1 else number
    hints = [*sizes, *number] if found.net and key[0].isupper() else [*number, *sizes]
    return ShapeError(message, expr.span, hints)


def number_of_identity(
    found: Inference, key: str, shown: str, expr: t.Expr, scalar: Known, matrix: Known,
) -> ShapeError | None:
    """What to say of the λ of λ I, where no line declares either."""
    rows = matrix[0] if isinstance(matrix, tuple) and len(matrix) == 2 else None
    if key == "I" or "I" not in found.together.get(key, ()) or scalar is None or not rows:
        return None
    sizes, message = _sizes("I", rows, rows, False, (rows, rows))
    return ShapeError(message, expr.span, [f"{shown} in R; {sizes[0]}"])


def of_a_step(found: Inference, key: str) -> ShapeError | None:
    """All sizes at once of W_f [h_{t-1}, x_t] in a block with a line for h_t; None where there is none."""
    steps = [one for one in sorted(found.free) if any(name(one).counts_as(name(line)) for line in found.defined)]
    entries = lengths(found.late[key], steps)
    given = next((found.shapes.get(one, ()) for one in entries if one in steps), None)
    if given is None or len(given) > 1 or "" in entries:
        return None
    rows = given[0] if given else 3
    undeclared = found.free - found.said
    open_ = [one for one in entries if one in undeclared]
    size = {**{one: prod(shape) for one, shape in found.shapes.items()},
            **dict.fromkeys(open_, 2), **dict.fromkeys(steps, rows)}
    wide = sum(size.get(one, 1) for one in entries)
    weights = [one for one, other in found.late.items() if one in undeclared and lengths(other, steps) == entries]
    inputs, states = [one for one in open_ if one not in steps], [one for one in steps if one in undeclared]
    lines = [(inputs, "R^2"), (states if open_ else [], f"R^{rows}"), (weights, f"R^({rows}x{wide})")]
    hint = "; ".join(f"{', '.join(name(one).text for one in keys)} in {size}" for keys, size in lines if keys)
    return ShapeError(
        "The sizes of a step cannot be inferred; all of them stand on one line.", found.late[weights[0]].span, (hint,)
    )


def lengths(bracket: t.Vector, steps: Sequence[str]) -> list[str]:
    """The names as long as the entries are: the state that stands in one, r_t * h_{t-1}, or itself; "" of others."""
    below = [[one.key for one in t.walk(entry) if isinstance(one, t.Name)] for entry in bracket.entries]
    return [next((one for one in keys if one in steps), keys[0] if len(keys) == 1 else "") for keys in below]


def kin(found: Inference, key: str) -> tuple[int, ...]:
    """The size of H_{t-1}, for a name that is stuck in the line of H_t: most often H_t has it, too."""
    line = name(found.holder.get(key, key))
    alike = (
        shape for one, shape in found.shapes.items()
        if name(one).counts_as(line)
    )
    return next(alike, ())


def _sizes(
    key: str, rows: int | None, columns: int | None, flipped: bool, like: Sequence[int | None]
) -> tuple[list[str], str]:
    """The declarations that would fit, and the sentence; `like` is the size of what is most often as large."""
    known, told = rows or columns, bool(rows and columns)
    if known:
        rows, columns = rows or like[0], columns or like[1]
    if key == "I" and rows and rows == columns:
        lines = "; ".join(", ".join(str(int(i == j)) for j in range(rows)) for i in range(rows))
        sizes = [*([f"I = [{lines}]"] if rows <= MAX_IDENTITY else []), f"I in R^({rows}x{rows})"]
        message = "I is a name here; a line says that it is the identity."
    elif told:
        sizes = [f"{key} in R^({rows}x{columns})"]
        message = f"{key} could be a number or a matrix here; declare which."
    elif known:
        sizes = [f"{key} in R^({rows or known}x{columns or known})"]
        if flipped and not columns:  # w^T x with x a column: most often w is a column, too
            sizes.insert(1 if key[0].isupper() else 0, f"{key} in R^{rows}")
        message = f"The size of {key} cannot be inferred; declare it, such as {sizes[0]}."
    else:
        sizes, message = [], f"The size of {key} cannot be inferred; declare it, such as {key} in R^(2x3)."
    return sizes, message


def _behind_a_matrix(key: str, size: Sequence[int | None], number: Sequence[str], span: Span) -> ShapeError:
    """What to declare a name as that stands behind a matrix: a column, but a capital, the W of X W, as a matrix."""
    stated = f"{key} in R^({size[0]}x{size[1]})" if key[0].isupper() else f"{key} in R^{size[0]}"
    return ShapeError(
        f"The size of {key} cannot be inferred; declare it, such as {stated}.", span,
        (stated, *(number if key[0].islower() else ())),
    )


def row_by_matrix(found: Inference, parts: Sequence[t.Expr], left: Known, want: Known) -> ShapeError:
    """What to say of x W of a column x, which is a row in many papers; W may still be a number."""
    row, matrix = (found.source(part.span) for part in parts)
    span = parts[0].span.to(parts[1].span)
    if want is not None:
        hints = [f"{matrix} {row}", *([f"{matrix} in R"] if want == left else [])]
    elif span == found.here and found.defining == found.defined[-1]:
        hints = [f"{name(found.defining).text} = {matrix} {row} in R^2"]
    else:
        hints = [f"{matrix} in R"] * (not found.net or matrix[0].islower())
    return ShapeError(f"Vectors are columns, and stand behind a matrix: {row} is one.", span, hints)
