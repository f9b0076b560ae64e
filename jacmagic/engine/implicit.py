"""What follows of conditions F(x, y) = 0 that define y: dy/dx = −F_y⁻¹ F_x, and Newton's step F_y⁻¹ F.

Source: the implicit function theorem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from jacmagic.engine import chain as c
from jacmagic.engine.graph import Graph, Node, ancestry, slot
from jacmagic.engine.ops import again
from jacmagic.engine.ops.unknown import Conditions, Defined


def settle(g: Graph, conditions: Conditions, residuals: Sequence[Node]) -> None:
    """Give the conditions their equations, and the names that they define their slopes."""
    names, others = conditions.names, conditions.others
    conditions.residuals = residuals
    square = side_by_side([_matrix(g, residuals, one) for one in names])
    whole = {one.data: conditions.unknown(g, k) for k, one in enumerate(names)}
    conditions.slopes = [[] for _ in names]
    for by in others:
        entries, at = solution(g, square, _matrix(g, residuals, by)), 0
        for k, one in enumerate(names):
            flat = [g.scale(-1, entry) for row in entries[at : at + one.size] for entry in row]
            shape, at = one.shape + by.shape, at + one.size
            node = g.stack(flat, shape) if shape else flat[0]
            conditions.slopes[k].append(put_in(g, node, whole))


def newton(g: Graph, conditions: Conditions) -> list[Node]:
    """What Newton's method takes off each name, of the inputs as they are."""
    square = side_by_side([_matrix(g, conditions.residuals, one) for one in conditions.names])
    rows = [[g.take(root, (i,), ())] for root in conditions.residuals for i in range(root.size)]
    flat, out, at = [row[0] for row in solution(g, square, rows)], [], 0
    for one in conditions.names:
        part, at = flat[at : at + one.size], at + one.size
        out.append(g.stack(part, one.shape) if one.shape else part[0])
    return out


def solved(g: Graph, roots: Sequence[Node]) -> list[Node]:
    """The roots with the inputs that have their values in the place of names that conditions define."""
    order = ancestry(roots)
    if not any(isinstance(node.data, Defined) for node in order):
        return list(roots)
    new: dict[int, Node] = {}
    for node in order:
        if isinstance(node.data, Defined):
            new[node.number] = node.data.value
        else:
            new[node.number] = again(g, node, [new[a.number] for a in node.args], False)
    return [new[root.number] for root in roots]


def put_in(g: Graph, root: Node, swap: Mapping[str, Node]) -> Node:
    """The root with nodes in the place of inputs of these names."""
    new: dict[int, Node] = {}
    for node in ancestry([root]):
        new[node.number] = swap[node.data] if node.op == "input" and node.data in swap else again(
            g, node, [new[a.number] for a in node.args], False)
    return new[root.number]


def _matrix(g: Graph, roots: Sequence[Node], by: Node) -> list[list[Node]]:
    """The entries of dF/d by, a row for each equation."""
    found = []
    for part in (g.take(root, (i,), ()) for root in roots for i in range(root.size)):
        row = c.derivative(g, part, by)
        found.append([g.take(row, (j,), ()) if row.shape else row for j in range(by.size)])
    return found


def side_by_side(blocks: Sequence[list[list[Node]]]) -> list[list[Node]]:
    return [[entry for block in blocks for entry in block[i]] for i in range(len(blocks[0]))]


def solution(g: Graph, matrix: list[list[Node]], columns: list[list[Node]]) -> list[list[Node]]:
    """A⁻¹ B, entry by entry: Cramer's rule, which divides by the determinant alone."""
    n, below = len(matrix), determinant(g, matrix)
    out = []
    for k in range(n):
        row = []
        for j in range(len(columns[0])):
            swapped = [[columns[i][j] if at == k else matrix[i][at] for at in range(n)] for i in range(n)]
            row.append(g.map(slot(0) / slot(1), [(determinant(g, swapped), ()), (below, ())], ()))
        out.append(row)
    return out


def determinant(g: Graph, matrix: list[list[Node]]) -> Node:
    """The determinant of a small matrix, from the minors of its last rows."""
    n = len(matrix)
    minors: dict[tuple[int, ...], Node] = {(): g.const(1)}
    for size in range(1, n + 1):
        row, larger = matrix[n - size], {}
        for columns in combinations(range(n), size):
            terms = [
                g.map((-1) ** place * slot(0) * slot(1), [
                    (row[column], ()), (minors[columns[:place] + columns[place + 1 :]], ())], ())
                for place, column in enumerate(columns)
            ]
            larger[columns] = g.add(terms)
        minors = larger
    return minors[tuple(range(n))]
