"""Second order: the Hessian of each function with its eigenvalues and its word."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from jacmagic import second
from jacmagic.errors import LimitError
from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.result import Result
from jacmagic.rounding import without_noise
from jacmagic.show.backward import layout_of
from jacmagic.show.pieces import MAX_OPERATIONS, MAX_SHOWN, Formula, Label, Labels, equal, left_out
from jacmagic.show.tables import Table, derivative_name, fit

MAX_HESSIANS = 8
"""Functions whose Hessians are shown; of more, the first. Instead: `r.hessian()`."""


def shown(result: Result) -> list[tuple[str, int, Label]]:
    """The functions whose Hessians are shown: a name, which entry of it, and its label."""
    labels = Labels(result, result.program.outputs)
    return [(*one, labels[at]) for at, one in enumerate(second.functions(result)[:MAX_HESSIANS])]


def hessians(result: Result, most: int = MAX_SHOWN) -> Iterator[Formula]:
    """The matrix of second derivatives of each function, where it is asked for."""
    if "hessian" not in result.besides:
        return
    for key, k, label in shown(result):
        yield from hessian(result, label.tree, table(result, key, k, most))
    if (more := len(second.functions(result)) - MAX_HESSIANS) > 0:
        yield left_out("hessian", more)


def table(result: Result, key: str, k: int, most: int = MAX_SHOWN) -> Table:
    """The entries of a Hessian that are typeset, with their labels."""

    def make() -> Table:
        columns = Labels(result, result.program.variables)
        some = fit(len(columns), most)
        try:
            found = second.entries(result, key, k, some, MAX_OPERATIONS)
        except LimitError:
            found = None
        return Table(columns, columns, some, some, found, layout_of(result))

    return result.once(("hessian of", key, k, most), make)


def name_of_second(result: Result, of: t.Expr, found: Table) -> t.Expr:
    """hess f; f''(x), d²y/dx² of one variable."""
    if len(found.columns) > 1:
        return t.Hessian(of)
    x = found.columns[0].tree
    name = derivative_name(result, x) if len(second.functions(result)) == 1 else t.Partial(of, (x,))
    if isinstance(name, t.Slope):
        return t.Slope(name.call, 2)
    return t.Total(of, (x, x)) if isinstance(name, t.Total) else t.Partial(of, (x, x))


def hessian(result: Result, of: t.Expr, found: Table) -> Iterator[Formula]:
    """hess f = its labelled matrix, or its entries one below the other, or its size."""
    name, n, arrays = name_of_second(result, of, found), len(found.columns), result.program.arrays
    labels = [found.columns[k].tree for k in found.shown_columns]
    if found.trees is None:
        size = t.Equation((name, t.Space((n, n))), ("∈",))
        yield Formula("hessian", size, f'too long for one formula; r.hessian("{text(of)}", …) has numbers')
    elif n == 1:
        yield Formula("hessian", equal(name, found.trees[0][0]), arrays=arrays)
    elif found.wide:
        for i, row in enumerate(found.trees):
            for j in range(i, len(row)):
                yield Formula("hessian", equal(t.Partial(of, (labels[i], labels[j])), row[j]), arrays=arrays)
    else:
        cells = tuple(map(tuple, found.elided()))
        matrix = t.LabelledMatrix(cells, found.labels(False), found.labels(True))
        note = "" if found.whole else f"{n}×{n}; r.hessian() has all entries"
        yield Formula("hessian", equal(name, matrix), note, arrays)


def evaluated(result: Result) -> bool:
    """True where all Hessians that are shown have numbers: few enough, and nothing in them is unknown."""
    n = sum(prod(result.program.shape(key)) for key in result.program.variables)
    count = len(second.functions(result))
    return not result.undetermined and count <= MAX_HESSIANS and count * n * n <= second.MAX_BENT


def bending(result: Result) -> list[str]:
    """The numbers of each Hessian at the current point, its eigenvalues and its word, in lines of text."""
    if "hessian" not in result.besides or not evaluated(result):
        return []
    lines = []
    for (key, k, label), one in zip(shown(result), second.bends(result)):
        name = text(name_of_second(result, label.tree, table(result, key, k)))
        n = len(one.hessian)
        if not one.word:
            lines.append(f"{name} is not finite here")
            continue
        matrix = "; ".join(", ".join(f"{v:.4g}" for v in row) for row in without_noise(one.hessian))
        numbers = f"[{matrix}]" if n > 1 else matrix
        listed = ", ".join(f"{v:.4g}" for v in without_noise(one.eigenvalues))
        parts = [f"{name} = {numbers}"] if n <= MAX_SHOWN else []
        parts += [f"eigenvalues of {name}: {listed}"] if n > MAX_SHOWN else [f"eigenvalues {listed}"] if n > 1 else []
        lines.append(f"{', '.join(parts)}: {one.word}".replace("-", "−"))
    return lines
