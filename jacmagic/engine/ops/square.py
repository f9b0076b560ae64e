"""Inverse, determinant, its logarithm and the cofactors of a square matrix.

d A⁻¹ = −A⁻¹ dA A⁻¹, d det A = ⟨cof A, dA⟩ and d ln det A = ⟨A⁻ᵀ, dA⟩. The cofactors det(A) A⁻ᵀ are an
operation of their own, since they have values where A has no inverse.

Source: Petersen & Pedersen, The Matrix Cookbook (2012), 2.1 and 2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import factorial
from typing import Any

import sympy as sp

from jacmagic.engine.entries import Entries, listed, short, without_zeros
from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.operation import Operation, Shape
from jacmagic.engine.ops.axes import LEAD, Carried, behind, of_one
from jacmagic.functions import by_cases, symbolic
from jacmagic.functions.forms import ONE, ZERO

SINGULAR = sp.Rational(1, 10**13)
"""Below this part of what it is for orthogonal rows of their lengths, a determinant is nothing but rounding."""

_MINORS = (((1, 1), (2, 2)), ((1, 2), (2, 1)))
"""A cofactor of a 3×3 matrix is the first product less the second: steps to the entries, round the edge."""


# ------------------------------------------------------------------ slopes
def _between(left: Shape, right: Shape) -> Carried:
    """−A⁻¹ c A⁻¹, or the same with both transposed, by the labels of the factors."""

    def carried(g: Graph, node: Node, c: Node, lead: int) -> Node:
        front = (LEAD,) * lead
        half = g.dot(node, c, left, (*front, 2, 1), (*front, 0, 1))
        return g.scale(sp.S.NegativeOne, g.dot(half, node, (*front, 0, 1), right, (*front, 0, 3)))

    return carried


def _of_cofactors(g: Graph, node: Node, c: Node, lead: int) -> Node:
    """The Hessian of det, which is symmetric, applied: for up to three rows without a division."""
    (x,) = node.args
    n, front = x.shape[0], (LEAD,) * lead
    if n == 1:
        return g.zeros(c.shape)
    if n == 2:
        signs = g.const((1, -1, -1, 1), (2, 2))
        turned = g.take(c, (3, 2, 1, 0), (2, 2), lead)
        return g.map(slot(0) * slot(1), [(turned, behind((0, 1), lead)), (signs, (lead, lead + 1))], c.shape)
    if n == 3:
        return _of_minors(g, x, c, lead)
    inverse, cofactors = g.along("inv", x), node
    trace = g.dot(c, inverse, (*front, 0, 1), (1, 0), front)
    half = g.dot(inverse, c, (2, 0), (*front, 3, 2), (*front, 0, 3))
    back = g.dot(half, cofactors, (*front, 0, 3), (3, 1), (*front, 0, 1))
    operands = [(trace, behind((), lead)), (cofactors, (lead, lead + 1)), (back, behind((0, 1), lead))]
    return g.map(slot(0) * slot(1) - slot(2), operands, c.shape)


def _of_minors(g: Graph, x: Node, c: Node, lead: int) -> Node:
    """The bilinear form that a 3×3 matrix's cofactors are: each product with one factor of x and one of c."""
    operands, expr = [], slot(0) * 0
    for sign, pair in zip((1, -1), _MINORS):
        for own, other in (pair, pair[::-1]):
            for node, steps, front in ((x, own, 0), (c, other, lead)):
                places = [(i + steps[0]) % 3 * 3 + (j + steps[1]) % 3 for i in range(3) for j in range(3)]
                axes = tuple(range(lead - front, lead + 2))
                operands.append((g.take(node, places, (3, 3), front), axes))
            expr += sign * slot(len(operands) - 2) * slot(len(operands) - 1)
    return g.map(expr, operands, c.shape)


def regular(g: Graph, x: Node) -> Node:
    """A number that is 0 where a square matrix has no inverse, to rounding, and 1 elsewhere.

    Source: Hadamard's inequality, |det A| ≤ the product of the rows' lengths.
    """
    lengths = g.along("prod", g.along("norm", x))
    near = symbolic("abs")(slot(0)) <= SINGULAR * slot(1)
    return g.map(by_cases((0, near), (1, True)), [(g.along("det", x), ()), (lengths, ())], ())


def _singular(g: Graph, node: Node) -> list[tuple[str, Node]]:
    return [("inv", regular(g, node.args[0]))]


# ------------------------------------------------------------------ entries
class _Minors:
    """Determinants of some rows and columns of a square matrix, by the first row, each made once."""

    def __init__(self, entries: Sequence[Any], n: int) -> None:
        self.entries, self.n = entries, n
        self.every = tuple(range(n))
        self.made: dict[tuple[Shape, Shape], Any] = {}

    def of(self, rows: Shape, columns: Shape) -> Any:
        if not rows:
            return ONE
        if (rows, columns) not in self.made:
            terms = [
                (-1) ** k * entry * self.of(rows[1:], columns[:k] + columns[k + 1 :])
                for k, j in enumerate(columns) if (entry := self.entries[rows[0] * self.n + j]) is not ZERO
            ]
            self.made[rows, columns] = short(sp.Add(*terms))
        return self.made[rows, columns]

    @property
    def det(self) -> Any:
        return self.of(self.every, self.every)

    @property
    def cofactors(self) -> list[Any]:
        rest = [tuple(k for k in self.every if k != left_out) for left_out in self.every]
        return [(-1) ** (i + j) * self.of(rest[i], rest[j]) for i in self.every for j in self.every]

    @property
    def inverse(self) -> list[Any]:
        found, det = self.cofactors, self.det
        return [found[j * self.n + i] / det for i in self.every for j in self.every]


# ------------------------------------------------------------------ rows
def _row(
    name: str, shape: Callable[[Sequence[Shape], Any, Shape], Shape], back: Carried, ahead: Carried,
    made: Callable[[_Minors], list[Any]], spell: dict[str, str], **others: Any,
) -> Operation:
    """The record of an operation on a square matrix: Jᵀ and J applied, and the entries made of its minors."""

    def entries(node: Node, args: list[Entries], _: Mapping[str, Sequence[Any]]) -> Entries:
        (x,) = node.args
        return without_zeros(made(_Minors(listed(args[0], x.size), x.shape[0])))

    def cost(node: Node, inner: Sequence[float]) -> tuple[float, float]:
        products = factorial(min(node.args[0].shape[0], 20))
        return products, inner[0] * 2 * products

    return Operation(name, shape, lambda g, node, args, _: g.along(name, args[0]), *of_one(back, ahead), entries,
                     cost=cost, spell=spell, **others)


def _number(
    name: str, slopes: Callable[[Graph, Node], Node], made: Callable[[_Minors], Any], spell: dict[str, str],
    **others: Any,
) -> Operation:
    """The record of a number that a square matrix gives, by its gradient."""

    def back(g: Graph, node: Node, c: Node, lead: int) -> Node:
        operands = [(c, behind((), lead)), (slopes(g, node), (lead, lead + 1))]
        return g.map(slot(0) * slot(1), operands, c.shape + node.args[0].shape)

    def ahead(g: Graph, node: Node, d: Node, lead: int) -> Node:
        front = (LEAD,) * lead
        return g.dot(d, slopes(g, node), (*front, 0, 1), (0, 1), front)

    return _row(name, lambda shapes, data, shape: (), back, ahead, lambda minors: [made(minors)], spell, **others)


def _spelt(numpy: str, torch: str, jax: str, inside: str, number: bool = False) -> dict[str, str]:
    """The lines of an operation: of array modules, and a helper of flat arrays by its two names."""
    short, long = inside.split()
    forms = {
        "javascript": (short, "{1}[0] = {f}({0}, {2});", "{f}({0}, {2}, {1});"),
        "math": (short, "{1}[0] = {f}({0}, {2})", "{f}({0}, {2}, {1})"),
        "c": (long, "{1}[0] = {f}({0}, {2});", "{f}({0}, {2}, {1});"),
        "julia": (long, "{1}[1] = {f}({0}, {2})", "{f}({0}, {2}, {1})"),
        "octave": (long, "{1}(1) = {f}({0}, {2});", "{1} = {f}({0}, {2});"),
    }
    lines = {key: (one if number else many).replace("{f}", name) for key, (name, one, many) in forms.items()}
    return {"numpy": numpy, "torch": torch, "jax": jax} | lines


def _same(shapes: Sequence[Shape], data: object, shape: Shape) -> Shape:
    return shapes[0]


ROWS = (
    _row(
        "inv", _same, _between((2, 0), (3, 1)), _between((0, 2), (1, 3)), lambda minors: minors.inverse,
        _spelt("_inv({0})", "_inv({0})", "jnp.linalg.inv({0})", "_inv inverse_of"), kinks=_singular,
    ),
    _row(
        "cof", _same, _of_cofactors, _of_cofactors, lambda minors: minors.cofactors,
        _spelt("_cof({0})", "_cof({0})", "_cof({0})", "_cof cofactors_of"),
    ),
    _number(
        "det", lambda g, node: g.along("cof", node.args[0]), lambda minors: minors.det,
        _spelt("np.linalg.det({0})", "torch.linalg.det({0})", "jnp.linalg.det({0})", "_det det_of", number=True),
    ),
    _number(
        "logdet", lambda g, node: g.permute(g.along("inv", node.args[0]), (1, 0)), lambda minors: sp.log(minors.det),
        _spelt("_logdet({0})", "torch.logdet({0})", "_logdet({0})", "_logdet logdet_of", number=True), kinks=_singular,
    ),
)
