"""What is done along the last axis: softmax, log_softmax, others; one axis less: logsumexp, amax, amin, norm, prod."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp

from jacmagic.engine.entries import Entries, listed, short, without_zeros
from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.operation import OPERATIONS, Operation, Shape
from jacmagic.engine.ops.axes import LEAD, Carried, behind, every, of_one, shifted, times
from jacmagic.engine.ops.maps import IS_BEST
from jacmagic.errors import LimitError
from jacmagic.functions import by_cases, symbolic

_0, _1, _2 = slot(0), slot(1), slot(2)


def _outer(x: Node) -> Shape:
    """All axes but the last."""
    return tuple(range(len(x.shape) - 1))


def _same(shapes: Sequence[Shape], data: object, shape: Shape) -> Shape:
    return shapes[0]


def _one_less(shapes: Sequence[Shape], data: object, shape: Shape) -> Shape:
    return shapes[0][:-1]


def _row(
    name: str,
    shape: Callable[[Sequence[Shape], Any, Shape], Shape],
    back: Carried,
    ahead: Carried,
    row: Callable[[list[Any]], list[Any]],
    **others: Any,
) -> Operation:
    """The record of an operation along the last axis: Jᵀ and J applied, and the entries made of one row."""

    def entries(node: Node, args: list[Entries], _: Mapping[str, Sequence[Any]]) -> Entries:
        (x,) = node.args
        whole, n = listed(args[0], x.size), x.shape[-1]
        return without_zeros(one for start in range(0, x.size, n) for one in row(whole[start : start + n]))

    return Operation(
        name, shape, lambda g, node, args, _: g.along(name, args[0]), *of_one(back, ahead), entries,
        many=lambda g, node, args, _: g.along(name, args[0]),
        cost=lambda node, inner: (node.args[0].shape[-1], inner[0] * 2 * node.args[0].shape[-1]), **others,
    )


# ------------------------------------------------------------------ one axis less
def reduction(
    name: str, share: Callable[[Graph, Node], Node], row: Callable[[list[Any]], Any], **others: Any
) -> Operation:
    """The record of what makes one number of a row, by its gradient: `share`, as large as the operand."""

    def back(g: Graph, node: Node, c: Node, lead: int) -> Node:
        (x,) = node.args
        own = (share(g, node), shifted(every(x), lead))
        return g.map(_0 * _1, [(c, behind(_outer(x), lead)), own], c.shape[:lead] + x.shape)

    def ahead(g: Graph, node: Node, d: Node, lead: int) -> Node:
        return g.sum(times(g, d, share(g, node), lead), (len(d.shape) - 1,))

    return _row(name, _one_less, back, ahead, lambda entries: [row(entries)], **others)


def share_of(g: Graph, node: Node) -> Node:
    """The gradient of logsumexp, amax, amin, norm and prod by the vector they reduce."""
    ((_, share),) = OPERATIONS[node.op].pull(g, node, g.const(1, node.shape), 0, False)
    return share


def _of_the_best(g: Graph, node: Node) -> Node:
    """A tie among k entries gives each 1/k, as torch.amax has it."""
    (x,) = node.args
    mask = g.map(IS_BEST, [(x, every(x)), (node, _outer(x))], x.shape)
    count = g.sum(mask, (len(x.shape) - 1,))
    return g.map(_0 / _1, [(mask, every(mask)), (count, _outer(x))], x.shape)


def _ties(g: Graph, node: Node) -> list[tuple[str, Node]]:
    """The share is between 0 and 1 where it is a tie."""
    share = _of_the_best(g, node)
    tied = by_cases((0, sp.And(_0 > 0, _0 < 1)), (1, True))
    return [(node.op[1:], g.map(tied, [(share, every(share))], share.shape))]


def _of_the_norm(g: Graph, node: Node) -> Node:
    """x/‖x‖, and 0 at 0, as PyTorch has it."""
    (x,) = node.args
    return g.map(by_cases((_0 / _1, _1 > 0), (0, True)), [(x, every(x)), (node, _outer(x))], x.shape)


def _norm_by_squares(g: Graph, args: list[Node], data: object, shape: Shape) -> Node:
    (x,) = args
    total = g.sum(g.map(_0**2, [(x, every(x))], x.shape), (len(x.shape) - 1,))
    return g.map(sp.sqrt(_0), [(total, every(total))], total.shape)


# ------------------------------------------------------------------ others
def _other_products(row: list[Any]) -> list[Any]:
    return [short(sp.Mul(*row[:k], *row[k + 1 :])) for k in range(len(row))]


def _others(g: Graph, node: Node, c: Node, lead: int) -> Node:
    """Of the products of all entries but one, the symmetric Jacobian applied.

    others(x)_i is the product over row i of a square of x's, with a 1 on its diagonal; so the products of all
    entries but two are its `others`, and no entry is divided by, which may be 0.
    """
    (x,) = node.args
    n, last, outer = x.shape[-1], len(x.shape) - 1, _outer(x)
    square = x.shape + (n,)
    one = (g.eye((n,)), (last, last + 1))
    rows = g.map(_0 * (1 - _1) + _1, [(x, (*outer, last + 1)), one], square)
    slopes = g.map(_0 * (1 - _1), [(g.along("others", rows), (*outer, last, last + 1)), one], square)
    front = (LEAD,) * lead
    return g.dot(c, slopes, (*front, *outer, last), (*outer, last, last + 1), (*front, *outer, last + 1))


# ------------------------------------------------------------------ softmax and its logarithm
def _small(row: list[Any]) -> list[Any]:
    """The row, if e to it can be written."""
    if any(v.is_Rational and abs(v) > 1000 for v in row):
        raise LimitError("Written out, a power of e is too large. Use the numbers, r.at(…).")
    return row


def _total(row: list[Any]) -> Any:
    return sp.Add(*(sp.exp(v) for v in _small(row)))


def _shares(row: list[Any]) -> list[Any]:
    total = _total(row)
    return [sp.exp(v) / total for v in row]


def _log_shares(row: list[Any]) -> list[Any]:
    total = sp.log(_total(row))
    return [v - total for v in row]


def _less_total(g: Graph, c: Node, s: Node, total: Node, lead: int) -> Node:
    """c - s (its total), row by row."""
    operands = [(c, every(c)), (s, shifted(every(s), lead)), (total, behind(_outer(s), lead))]
    return g.map(_0 - _1 * _2, operands, c.shape)


def _softmax(g: Graph, node: Node, c: Node, lead: int) -> Node:
    """J = diag(s) - s sᵀ, symmetric."""
    weighted = times(g, c, node, lead)
    return _less_total(g, weighted, node, g.sum(weighted, (len(c.shape) - 1,)), lead)


def _log_softmax_back(g: Graph, node: Node, c: Node, lead: int) -> Node:
    """J = I - 1 sᵀ."""
    return _less_total(g, c, g.along("softmax", node.args[0]), g.sum(c, (len(c.shape) - 1,)), lead)


def _log_softmax_ahead(g: Graph, node: Node, d: Node, lead: int) -> Node:
    s = g.along("softmax", node.args[0])
    total = g.sum(times(g, d, s, lead), (len(d.shape) - 1,))
    return g.map(_0 - _1, [(d, every(d)), (total, behind(_outer(s), lead))], d.shape)


def _exponentials(g: Graph, x: Node) -> tuple[Node, Node, Node]:
    """e to the z less the largest of its row, that largest one, and the sum of the row: safe for any z."""
    top = g.along("amax", x)
    e = g.map(sp.exp(_0 - _1), [(x, every(x)), (top, _outer(x))], x.shape)
    return e, top, g.sum(e, (len(x.shape) - 1,))


def _softmax_by_exponentials(g: Graph, args: list[Node], data: object, shape: Shape) -> Node:
    e, _, total = _exponentials(g, args[0])
    return g.map(_0 / _1, [(e, every(e)), (total, _outer(e))], e.shape)


def _log_softmax_by_exponentials(g: Graph, args: list[Node], data: object, shape: Shape) -> Node:
    (x,) = args
    _, top, total = _exponentials(g, x)
    return g.map(_0 - _1 - sp.log(_2), [(x, every(x)), (top, _outer(x)), (total, _outer(x))], x.shape)


def _logsumexp_by_exponentials(g: Graph, args: list[Node], data: object, shape: Shape) -> Node:
    _, top, total = _exponentials(g, args[0])
    return g.map(_0 + sp.log(_1), [(top, every(top)), (total, every(top))], top.shape)


def _spelt(numpy: str, torch: str, jax: str = "") -> dict[str, str]:
    return {"numpy": numpy, "torch": torch, "jax": jax or numpy.replace("np.", "jnp.")}


ROWS = (
    _row(
        "softmax", _same, _softmax, _softmax, _shares, by=_softmax_by_exponentials,
        spell=_spelt("_softmax({0})", "torch.softmax({0}, dim=-1)", "jax.nn.softmax({0}, axis=-1)"),
    ),
    _row(
        "log_softmax", _same, _log_softmax_back, _log_softmax_ahead, _log_shares, by=_log_softmax_by_exponentials,
        spell=_spelt("_log_softmax({0})", "torch.log_softmax({0}, dim=-1)", "jax.nn.log_softmax({0}, axis=-1)"),
    ),
    _row("others", _same, _others, _others, _other_products, spell=_spelt("_others({0})", "_others({0})")),
    reduction(
        "logsumexp", lambda g, node: g.along("softmax", node.args[0]), lambda row: sp.log(_total(row)),
        by=_logsumexp_by_exponentials,
        spell=_spelt("_logsumexp({0})", "torch.logsumexp({0}, dim=-1)", "jax.nn.logsumexp({0}, axis=-1)"),
    ),
    reduction(
        "amax", _of_the_best, lambda row: symbolic("max")(*row), kinks=_ties,
        spell=_spelt("np.max({0}, axis=-1)", "torch.amax({0}, dim=-1)"),
    ),
    reduction(
        "amin", _of_the_best, lambda row: symbolic("min")(*row), kinks=_ties,
        spell=_spelt("np.min({0}, axis=-1)", "torch.amin({0}, dim=-1)"),
    ),
    reduction(
        "norm", _of_the_norm, lambda row: sp.sqrt(sp.Add(*(v**2 for v in row))),
        kinks=lambda g, node: [("norm", node)], by=_norm_by_squares,
        spell=_spelt("np.linalg.norm({0}, axis=-1)", "torch.linalg.vector_norm({0}, dim=-1)"),
    ),
    reduction(
        "prod", lambda g, node: g.along("others", node.args[0]), lambda row: short(sp.Mul(*row)),
        spell=_spelt("np.prod({0}, axis=-1)", "torch.prod({0}, dim=-1)"),
    ),
)
