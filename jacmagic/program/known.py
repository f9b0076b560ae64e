"""What is known of a shape: () of numbers, (n,) of columns, (m, n) of matrices, Row(n), None where it is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from jacmagic.language import tree as t


class Row(NamedTuple):
    """The shape of a transposed column of n entries."""

    n: int


Known = tuple[int, ...] | Row | None


def transposed(shape: Known, up: bool = False) -> Known:
    """The shape of a transpose; going down, what is wanted of the base."""
    if shape is None or shape == ():
        return shape
    if isinstance(shape, Row):
        return (shape.n,)
    if len(shape) == 1:
        return Row(shape[0]) if up else None
    return (shape[1], shape[0])


def rows_of(shape: Known) -> int | None:
    return None if not shape else 1 if isinstance(shape, Row) else shape[0]


def columns_of(shape: Known) -> int | None:
    if not shape:
        return None
    if isinstance(shape, Row):
        return shape.n
    return shape[1] if len(shape) == 2 else 1


def joined(shapes: list[Known]) -> Known:
    """The shape of what is known of a chain; None where that is only numbers."""
    return join([s for s in shapes if s]) if any(shapes) else None


def join(shapes: list[Known]) -> Known:
    """The shape of a chain of matrix products, sizes inside taken as fitting."""
    if not shapes:
        return ()
    first, last = shapes[0], shapes[-1]
    if len(shapes) == 1:
        return first
    if isinstance(first, Row):
        if isinstance(last, Row):
            return last
        assert last is not None
        return () if len(last) == 1 else Row(last[1])
    assert first is not None
    assert last is not None
    if isinstance(last, Row):
        return (first[0], last.n)
    return (first[0],) if len(last) == 1 else (first[0], last[1])


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
        return (self.rows, self.columns) if self.rows is not None and self.columns is not None else None

    @property
    def a_number_fits(self) -> bool:
        if self.form is not None:
            return self.form[0] == self.form[1]
        return self.rest is not None and (self.want is None or self.rest == self.want)
