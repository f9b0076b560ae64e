"""The Jacobian of a Result without its zeros: in numbers as SciPy or three arrays have it, in symbols as SymPy does.

Its graph is made of the entries that may differ from 0 alone, so that limits count these: a family of 100,000 members
has a Jacobian of 10^10 entries, and of 300,000 that are not 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from jacmagic import code
from jacmagic.code import Compiled
from jacmagic.engine import chain as c
from jacmagic.engine import expand, implicit
from jacmagic.engine.graph import Graph, Node, ancestry
from jacmagic.engine.nonzeros import Nonzeros, joined, nonzeros, picked
from jacmagic.errors import LimitError

if TYPE_CHECKING:
    from jacmagic.result import Result


@dataclass(frozen=True)
class Sparse:
    """A Jacobian without its zeros.

    Shapes:
        shape          (rows, columns)
        rows, columns  (k,) each, row by row
        values         a node (k,)
    """

    shape: tuple[int, int]
    rows: np.ndarray
    columns: np.ndarray
    values: Node


def fits(result: Result) -> bool:
    """True where an array has room for the whole Jacobian, zeros too."""
    p = result.program
    rows, columns = (max((prod(p.shape(key)) for key in keys), default=0) for keys in (p.outputs, p.variables))
    return rows * columns <= c.MAX_JACOBIAN


def whole(result: Result) -> list[Node]:
    """The node of the whole Jacobian, where there is room for it."""
    return [result.total(safe=True)[0]] if fits(result) else []


def entries(result: Result) -> np.ndarray:
    """The numbers of the Jacobian at the current point: all of them, or those for which there is room."""
    if fits(result):
        return np.asarray(result.at())
    try:
        found = at(result, None, None, {})
    except LimitError:
        return np.zeros(0)
    return np.asarray(found[2] if isinstance(found, tuple) else found.data)


def symbolic(result: Result) -> sp.SparseMatrix:
    """Everything substituted; a SymPy matrix."""
    found = made(result, None, None, safe=False)[0]
    expand.check_length([found.values], True, expand.MAX_SPARSE)
    entries = result._expanded(found.values)
    rows, columns = found.rows.tolist(), found.columns.tolist()
    return sp.SparseMatrix(*found.shape, {(rows[k], columns[k]): value for k, value in entries.items()})


def with_zeros(result: Result) -> sp.ImmutableMatrix:
    """Everything substituted, whole. Over a list of entries SymPy takes longer than over zeros and what is not 0."""
    node = result.total(safe=False)[0]
    expand.check_length([node])
    entries, (rows, columns) = result._expanded(node), node.shape
    if 2 * len(entries) > rows * columns:
        return sp.ImmutableMatrix(rows, columns, [entries.get(k, sp.S.Zero) for k in range(rows * columns)])
    some = sp.SparseMatrix(rows, columns, {divmod(place, columns): value for place, value in entries.items()})
    return sp.ImmutableMatrix._fromrep(some._rep)  # entry by entry into zeros takes twice as long


def at(result: Result, of: str | None, wrt: str | None, values: Mapping[str, Any]) -> Any:
    """At a point; SciPy's csr_array, or (rows, columns, values)."""

    def make() -> tuple[Sparse, Compiled, Any]:
        found, labels = made(result, of, wrt, safe=True)
        run = code.compiled("numpy", *result._of_inputs(found.values, labels), name="nonzeros")
        return found, run, np.searchsorted(found.rows, np.arange(found.shape[0] + 1)) if find_spec("scipy") else None

    found, run, starts = result.once(("sparse", of, wrt), make)
    entries = np.asarray(run(**result.point(values)), float)
    if entries.ndim > 1:
        raise ValueError("a batch has no matrix without zeros; ask at one point after the other")
    if starts is None:
        return found.rows.copy(), found.columns.copy(), entries
    from scipy.sparse import csr_array

    return csr_array((entries, found.columns.copy(), starts.copy()), shape=found.shape)


def made(result: Result, of: str | None, wrt: str | None, safe: bool) -> tuple[Sparse, dict[int, str]]:
    """Its nodes, and the names of the definitions on the way; d of / d wrt, or all where there are none.

    Raises:
        LimitError: too many entries may differ from 0.
    """
    p, g = result.program, result.program.graph
    if (of is None) != (wrt is None):
        raise TypeError("it takes two names, ('f', 'x'), or none")
    rows = dict.fromkeys(p.outputs) if of is None else dict([result.place(of)])
    columns = dict.fromkeys(p.variables) if wrt is None else dict([result.place(wrt)])
    begin, width = _begins(result, columns)
    begin_of_row, height = _begins(result, rows)
    parts: list[Nonzeros] = []
    labels: dict[int, str] = {}
    cuts = {key: (key,) if key in p.steps else () for key in columns}
    for cut in dict.fromkeys(cuts.values()):
        roots, named = c.rebuild(g, [p.node(key) for key in rows], cut, safe)
        labels |= named
        targets = [g.input(key, p.shape(key)) for key, own in cuts.items() if own == cut]
        for key, root in zip(rows, roots):
            entry = rows[key]
            one = root if entry is None else g.take(root, (entry,), ())
            for first, by, slopes in _swept(g, one, targets, safe, begin_of_row[key]):
                found, size = _of_block(g, slopes, by, columns[by.data])
                row, column = np.divmod(found.places, size)
                parts.append(Nonzeros((first + row) * width + begin[by.data] + column, found.values))
    return _in_order(g, (height, width), parts), labels


def _begins(result: Result, keys: Mapping[str, int | None]) -> tuple[dict[str, int], int]:
    """Where the entries of each name begin, and how many there are; of some one entry alone is meant."""
    begin, at = {}, 0
    for key, entry in keys.items():
        begin[key], at = at, at + (prod(result.program.shape(key)) if entry is None else 1)
    return begin, at


def _swept(g: Graph, of: Node, wrts: Sequence[Node], reuse: bool, first: int) -> Iterator[tuple[int, Node, Node]]:
    """(first row, variable, slopes) of the parts of a function, for what each depends on."""
    if c.is_by_rows(of):
        for part in of.args:
            yield from _swept(g, part, wrts, reuse, first)
            first += part.size
        return
    below = {node.number for node in ancestry([of])}
    reached = [wrt for wrt in wrts if wrt.number in below]
    flat = c.arranged(g, of, (of.size,)) if of.shape else of
    start = g.eye(flat.shape) if flat.shape else g.const(1)
    for wrt, slopes in zip(reached, c.sweep(g, flat, start, reached, reuse)):
        yield first, wrt, slopes


def _of_block(g: Graph, slopes: Node, wrt: Node, entry: int | None) -> tuple[Nonzeros, int]:
    """The entries of one block of rows, and how many columns it has."""
    (node,) = implicit.solved(g, [slopes])
    if entry is None:
        return nonzeros(g, node), wrt.size
    return nonzeros(g, g.take(node, (entry,), (), len(node.shape) - len(wrt.shape)) if wrt.shape else node), 1


def _in_order(g: Graph, shape: tuple[int, int], parts: Sequence[Nonzeros]) -> Sparse:
    """The blocks together, row by row."""
    if not parts:
        return Sparse(shape, np.zeros(0, np.int64), np.zeros(0, np.int64), g.zeros((0,)))
    found = joined(g, parts)
    values = found.values if (found.sorted == found.places).all() else picked(g, found.values, found.order)
    return Sparse(shape, *np.divmod(found.sorted, shape[1]), values)
