"""What is known of a shape: () of numbers, (n,) of columns, (m, n) of matrices, Row(n), None where it is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacmagic.language import tree as t

Shape = tuple[int, ...]


class Row(Shape):
    """The shape (n,) of a transposed column, which is not that of the column."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__


Known = Shape | None


def is_column(shape: Known) -> bool:
    return shape is not None and len(shape) == 1 and not isinstance(shape, Row)


def transposed(shape: Known, up: bool = False) -> Known:
    """The shape of a transpose; going down, what is wanted of the base."""
    if shape is None or shape == ():
        return shape
    if is_column(shape):
        return Row(shape) if up else None
    return tuple(reversed(shape))


def rows_of(shape: Known) -> int | None:
    return None if not shape else 1 if isinstance(shape, Row) else shape[0]


def columns_of(shape: Known) -> int | None:
    if not shape:
        return None
    return 1 if is_column(shape) else shape[-1]


def joined(shapes: Sequence[Known]) -> Known:
    """The shape of what is known of a chain; None where that is only numbers."""
    return join(arrays) if (arrays := [shape for shape in shapes if shape]) else None


def join(shapes: Sequence[Shape]) -> Shape:
    """The shape of a chain of matrix products by its ends, sizes inside taken as fitting."""
    if len(shapes) == 1:
        return shapes[0]
    rows = () if isinstance(shapes[0], Row) else shapes[0][:1]
    across = () if is_column(shapes[-1]) else shapes[-1][-1:]
    return rows + across if rows else Row(across) or ()


@dataclass(frozen=True)
class Gap:
    """The one factor of a product whose shape is not known: the shapes before, behind and without it, and wanted."""

    part: t.Expr
    left: Known
    right: Known
    rest: Known
    want: Known

    @property
    def name(self) -> t.Expr:
        return t.inside(self.part)

    @property
    def flipped(self) -> bool:
        return isinstance(self.name, t.Transpose)

    @property
    def rows(self) -> int | None:
        return columns_of(self.left) if self.left else rows_of(self.want) if self.want else None

    @property
    def columns(self) -> int | None:
        return rows_of(self.right) if self.right else columns_of(self.want) if self.want else None

    @property
    def form(self) -> tuple[int, int] | None:
        """Rows and columns of what stands between a row and a column."""
        left, right = self.left, self.right
        between = isinstance(left, Row) and right is not None and not isinstance(right, Row) and len(right) == 1
        return (left[0], right[0]) if between and left and right else None

    @property
    def matrix(self) -> Known:
        if self.form is not None:
            return self.form
        if isinstance(self.right, Row) and self.rows:  # v of v uᵀ
            return (self.rows,)
        return (self.rows, self.columns) if self.rows is not None and self.columns is not None else None

    @property
    def a_number_fits(self) -> bool:
        if self.form is not None:
            return self.form[0] == self.form[1]
        return self.rest is not None and (self.want is None or self.rest == self.want)
