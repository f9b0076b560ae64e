"""What to say of a name that could be a number or a matrix, or whose size nothing fixes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jacmagic.errors import ShapeError, Span
from jacmagic.language import tree as t
from jacmagic.program.known import Known

if TYPE_CHECKING:
    from jacmagic.program.shapes import Inference


def undecided(found: Inference, key: str, expr: t.Expr, scalar: Known, matrix: Known) -> ShapeError:
    """What to say of a name that could be a number or a matrix, or whose size nothing fixes."""
    if (beside := found.beside.get(key)) is not None:
        return beside
    whole = t.inside(expr)
    flipped = isinstance(whole, t.Transpose)
    shown = found.source(t.inside(whole.base).span if isinstance(whole, t.Transpose) else whole.span)
    key = shown if len(shown) == 1 else key  # λ, where the key is lam
    factors = [other for other in found.together.get(key, (key,)) if other in found.stuck or other == key]
    number = [f"{', '.join(factors)} in R"] if scalar is not None and key not in found.layers else []
    kin = found.kin(key)
    like = (*kin, None, None)[:2]
    if isinstance(matrix, tuple) and len(matrix) == 1:
        return _behind_a_matrix(key, (matrix[0], like[1] or matrix[0]), number, expr.span)
    rows, columns = matrix if isinstance(matrix, tuple) and len(matrix) == 2 else (None, None)
    if flipped:
        rows, columns = columns, rows
    sizes, message = _sizes(key, rows, columns, flipped, like)
    sizes = sizes if len(factors) == 1 or not number else []
    if flipped and len(sizes) > 1:
        number = []
    hints = [*sizes, *number] if found.net and key[0].isupper() else [*number, *sizes]
    return ShapeError(message, expr.span, hints)


def _sizes(
    key: str, rows: int | None, columns: int | None, flipped: bool, like: Sequence[int | None]
) -> tuple[list[str], str]:
    """The declarations that would fit, and the sentence; `like` is the size of what is most often as large."""
    known, told = rows or columns, bool(rows and columns)
    if known:
        rows, columns = rows or like[0], columns or like[1]
    if told:
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
