r"""LaTeX and text of trees and of SymPy expressions, as strings that are put together further on.

For what still works on strings; a formula that is a tree goes to `printers` directly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from jacmagic import names, printers
from jacmagic import tree as t
from jacmagic.errors import Span
from jacmagic.layout import Layout, Order, tree

MOST_ROWS = 12
"""Rows of a matrix that are shown before the middle ones are elided."""

MOST_COLUMNS = 12
"""Columns, likewise."""

_NEXT_ROW = r" \\ "


def name(key: str, dotted: bool = False) -> str:
    return names.name(key, dotted).latex


def unicode_name(key: str, dotted: bool = False) -> str:
    return names.name(key, dotted).text


def expression(expr: t.Expr, arrays: Collection[Span] = ()) -> str:
    return printers.latex(expr, arrays)


def text(expr: t.Expr, arrays: Collection[Span] = ()) -> str:
    return printers.text(expr, arrays)


def symbolic(expr: Any, decimals: bool = False, order: Order | None = None) -> str:
    """LaTeX of a SymPy expression, laid out as a tree."""
    return printers.latex(tree(expr, decimals, order))


def symbolic_entries(
    rows: Iterable[Iterable[Any]], decimals: bool = False, order: Order | None = None
) -> list[list[str]]:
    """LaTeX of each entry, as `symbolic` writes it; what the entries share is put in order once."""
    layout = Layout(decimals, order)
    return [[printers.latex(layout(entry)) for entry in row] for row in rows]


def text_symbolic(expr: Any, decimals: bool = False, order: Order | None = None) -> str:
    """A SymPy expression in one line of the block language: `x₁² cos(x₂)`."""
    return printers.text(tree(expr, decimals, order))


# ------------------------------------------------------------------ matrices
def _shown(count: int, most: int) -> list[int | None]:
    """Which of so many rows are shown; None stands for those left out."""
    most = max(most, 3)
    return list(range(count)) if count <= most else [*range(most - 2), None, count - 1]


def _cells(
    entries: Sequence[Sequence[str]], most_rows: int, most_columns: int, dots: tuple[str, str, str]
) -> tuple[list[list[str]], list[int | None], list[int | None]]:
    """The entries that are shown, with dots for those left out, and which they are."""
    rows = _shown(len(entries), most_rows)
    columns = _shown(len(entries[0]) if entries else 0, most_columns)
    across, down, both = dots

    def cell(i: int | None, j: int | None) -> str:
        if i is None:
            return both if j is None else down
        return across if j is None else entries[i][j]

    return [[cell(i, j) for j in columns] for i in rows], rows, columns


_DOTS = (r"\cdots", r"\vdots", r"\ddots")


def matrix(entries: Sequence[Sequence[str]], most_rows: int = MOST_ROWS, most_columns: int = MOST_COLUMNS) -> str:
    """A bmatrix of entries that are LaTeX, the middle left out beyond so many rows and columns."""
    cells, _, _ = _cells(entries, most_rows, most_columns, _DOTS)
    return rf"\begin{{bmatrix}} {_NEXT_ROW.join(map(' & '.join, cells))} \end{{bmatrix}}"


def labelled_matrix(
    entries: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    most_rows: int = MOST_ROWS,
    most_columns: int = MOST_COLUMNS,
) -> str:
    """An array of entries with grey labels on the left and above; everything is LaTeX."""
    cells, which, across = _cells(entries, most_rows, most_columns, _DOTS)
    head = ["", *(_grey(r"\cdots" if j is None else columns[j]) for j in across)]
    lines = [" & ".join([_grey(r"\vdots" if i is None else rows[i]), *row]) for i, row in zip(which, cells)]
    body = _NEXT_ROW.join(lines)
    return rf"\begin{{array}}{{r|{'c' * len(across)}}} {' & '.join(head)} \\ \hline {body} \end{{array}}"


def _grey(tex: str) -> str:
    # MathJax gives \color two arguments and KaTeX one that lasts to the end of the group; this suits both
    return rf"{{\color{{gray}}{{{tex}}}}}" if tex else ""


def text_matrix(
    rows: Sequence[Sequence[str]],
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    most_rows: int = MOST_ROWS,
    most_columns: int = MOST_COLUMNS,
) -> str:
    """A table for a terminal, the middle left out likewise."""
    cells, which, across = _cells(rows, most_rows, most_columns, ("⋯", "⋮", "⋱"))
    left = ["⋮" if i is None else row_labels[i] for i in which] if row_labels else []
    above = ["⋯" if j is None else column_labels[j] for j in across] if column_labels else []
    return printers.table(cells, left, above)
