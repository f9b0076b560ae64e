"""Graphs of each operation, with axes turned, batches in front, places that meet: what every backend is tested on."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from jacmagic.engine.graph import Graph, Node, Shape, slot
from jacmagic.functions import symbolic

Inputs = list[tuple[str, Shape]]
_0, _1, _2 = slot(0), slot(1), slot(2)

CASES: dict[str, tuple[Inputs, Callable[..., Node]]] = {}


def graph_of(*inputs: tuple[str, Shape]) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    def keep(make: Callable[..., Node]) -> Callable[..., Node]:
        CASES[make.__name__] = list(inputs), make
        return make

    return keep


def built(name: str, g: Graph | None = None) -> tuple[Inputs, Node]:
    g = g or Graph()
    inputs, make = CASES[name]
    return inputs, make(g, *(g.input(n, shape) for n, shape in inputs))


S, U, X, Y = ("s", ()), ("u", ()), ("x", (3,)), ("y", (3,))
W, V, M, K, T = ("W", (2, 3)), ("V", (3, 4)), ("M", (2, 3)), ("K", (5, 3)), ("T", (4, 2, 3))


@graph_of(S, U)
def scalars(g: Graph, s: Node, u: Node) -> Node:
    return g.map(sp.sin(_0 * _1) + _0**3 / 3 - 2 / (1 + _1**2) ** 2, [(s, ()), (u, ())], ())


@graph_of(S, U)
def one_input_of_two(g: Graph, s: Node, u: Node) -> Node:
    return g.map(sp.exp(_0), [(s, ())], ())


@graph_of(S, X, W)
def map_of_three_ranks(g: Graph, s: Node, x: Node, w: Node) -> Node:
    return g.map(_0 * _1 + sp.tanh(_2) * _1, [(s, ()), (x, (1,)), (w, (0, 1))], (2, 3))


@graph_of(W, V)
def map_with_turned_axes(g: Graph, w: Node, v: Node) -> Node:
    return g.map(_0 * _1, [(w, (2, 1)), (v, (1, 0))], (4, 3, 2))


@graph_of(X, Y)
def outer(g: Graph, x: Node, y: Node) -> Node:
    return g.dot(x, y, (0,), (1,), (1, 0))


@graph_of(S)
def scalar_spread(g: Graph, s: Node) -> Node:
    return g.broadcast(s, (), (2, 3))


@graph_of(X)
def row_spread(g: Graph, x: Node) -> Node:
    return g.sum(g.broadcast(x, (1,), (4, 3)), (0,))


@graph_of(X, V)
def spread_then_multiplied(g: Graph, x: Node, v: Node) -> Node:
    return g.dot(g.map(_0**2, [(x, (1,))], (2, 3)), v, (0, 1), (1, 2), (0, 2))


@graph_of(X)
def spread_then_permuted(g: Graph, x: Node) -> Node:
    return g.permute(g.broadcast(x, (1,), (4, 3)), (1, 0))


@graph_of(X)
def choice(g: Graph, x: Node) -> Node:
    low = sp.And(_0 < 0, sp.Ne(_0, -1))
    expr = sp.Piecewise((1, _0 > sp.Rational(1, 2)), (sp.Rational(1, 100), low), (sp.log(_0), True))
    return g.map(expr, [(x, (0,))], (3,))


@graph_of(X, Y)
def indicator(g: Graph, x: Node, y: Node) -> Node:
    return g.map(sp.Piecewise((1, sp.Not(sp.Or(_0 > _1, _0 < -1))), (0, True)), [(x, (0,)), (y, (0,))], (3,))


@graph_of(X)
def powers(g: Graph, x: Node) -> Node:
    return g.map(sp.Add(*(_0**n for n in range(2, 12))) + (1 + _0**2) ** sp.Rational(-3, 2), [(x, (0,))], (3,))


@graph_of(X, Y)
def extremes(g: Graph, x: Node, y: Node) -> Node:
    return g.map(symbolic("max")(_0, _1, 0) * symbolic("min")(_0, 1) + sp.Abs(_1) * sp.floor(_0) + sp.sign(_1) * sp.ceiling(_1),
                 [(x, (0,)), (y, (0,))], (3,))


@graph_of(X)
def one_expression_in_two_nodes(g: Graph, x: Node) -> Node:
    a = g.map(sp.sin(_0) * 2, [(x, (0,))], (3,))
    b = g.map(sp.cos(_0) + sp.sin(_0), [(x, (0,))], (3,))
    return g.map(_0 * _1 + _0, [(a, (0,)), (b, (0,))], (3,))


PRODUCTS: dict[str, tuple[Inputs, Shape, Shape, Shape]] = {
    "matrix_vector": ([W, X], (0, 1), (1,), (0,)),
    "vector_matrix": ([X, V], (0,), (0, 1), (1,)),
    "vector_first": ([X, W], (1,), (0, 1), (0,)),
    "matrix_matrix": ([W, V], (0, 1), (1, 2), (0, 2)),
    "matrix_matrix_turned": ([W, V], (0, 1), (1, 2), (2, 0)),
    "matrix_other_turned": ([W, K], (0, 1), (2, 1), (0, 2)),
    "matrix_first_turned": ([W, ("A", (2, 4))], (1, 0), (1, 2), (0, 2)),
    "both_turned": ([V, W], (1, 0), (2, 1), (0, 2)),
    "inner": ([X, Y], (0,), (0,), ()),
    "frobenius": ([W, M], (0, 1), (0, 1), ()),
    "rows_inner": ([W, M], (0, 1), (0, 1), (0,)),
    "trace_of_product": ([W, ("A", (3, 2))], (0, 1), (1, 0), ()),
    "seed_times_matrix": ([T, V], (0, 1, 2), (2, 3), (0, 1, 3)),
    "seed_times_turned": ([T, K], (0, 1, 2), (3, 2), (0, 1, 3)),
    "matrix_into_seed": ([("A", (2, 5)), T], (1, 3), (0, 1, 2), (0, 3, 2)),
    "seed_times_vector": ([T, X], (0, 1, 2), (2,), (0, 1)),
    "seed_both_summed": ([T, W], (0, 1, 2), (1, 2), (0,)),
    "summed_alone": ([W, X], (0, 1), (1,), ()),
    "diagonal": ([("Q", (3, 3)), X], (0, 0), (0,), ()),
}


def _product(la: Shape, lb: Shape, lo: Shape) -> Callable[..., Node]:
    return lambda g, a, b: g.dot(a, b, la, lb, lo)


for _name, (_inputs, *_labels) in PRODUCTS.items():
    CASES[_name] = _inputs, _product(*_labels)


@graph_of(X)
def identity(g: Graph, x: Node) -> Node:
    return g.map(_0 * _1, [(g.eye((3,)), (0, 1)), (x, (1,))], (3, 3))


@graph_of(W)
def identity_of_a_matrix(g: Graph, w: Node) -> Node:
    return g.sum(g.map(_0 * _1, [(g.eye((2, 3)), (0, 1, 2)), (w, (1, 2))], (6, 2, 3)), (1, 2))


@graph_of(S)
def constant(g: Graph, s: Node) -> Node:
    return g.const([sp.Rational(k, 3) for k in range(6)], (2, 3))


@graph_of(S)
def number(g: Graph, s: Node) -> Node:
    return g.const(sp.sqrt(2) * sp.pi)


@graph_of(X)
def constant_among_operands(g: Graph, x: Node) -> Node:
    return g.dot(g.const([1, 2, sp.E, 0, -1, 3], (2, 3)), x, (0, 1), (1,), (0,))


@graph_of(T)
def sum_inside(g: Graph, t: Node) -> Node:
    return g.sum(t, (0, 2))


@graph_of(T)
def sum_of_all(g: Graph, t: Node) -> Node:
    return g.sum(t, (0, 1, 2))


@graph_of(T)
def permuted(g: Graph, t: Node) -> Node:
    return g.permute(t, (2, 0, 1))


TAKES: dict[str, tuple[tuple[str, Shape], tuple[int, ...], Shape, int]] = {
    "one_entry": (X, (1,), (), 0),
    "one_entry_of_a_matrix": (W, (4,), (), 0),
    "a_row": (W, (3, 4, 5), (3,), 0),
    "a_column": (W, (1, 4), (2,), 0),
    "a_block": (V, (1, 2, 5, 6), (2, 2), 0),
    "every_other": (X, (0, 2), (2,), 0),
    "backwards": (X, (2, 1, 0), (3,), 0),
    "repeated": (X, (0, 0, 2, 1), (2, 2), 0),
    "scattered": (V, (11, 0, 5), (3,), 0),
    "rearranged": (W, (0, 1, 2, 3, 4, 5), (3, 2), 0),
    "from_a_scalar": (S, (0,), (1,), 0),
    "behind_a_seed": (T, (0, 4), (2,), 1),
    "behind_two": (T, (2, 0), (2,), 2),
    "none": (X, (), (0,), 0),
    "a_row_as_matrix": (W, (3, 4, 5), (1, 3), 0),
}

PUTS: dict[str, tuple[tuple[str, Shape], tuple[int, ...], Shape, int]] = {
    "one": (S, (2,), (4,), 0),
    "run": (X, (1, 2, 3), (6,), 0),
    "into_a_matrix": (X, (0, 4, 2), (2, 3), 0),
    "meeting": (X, (1, 1, 0), (2,), 0),
    "behind_a_seed": (T, (0, 1, 2, 3, 3, 5), (7,), 1),
    "whole": (W, (0, 1, 2, 3, 4, 5), (6,), 0),
    "scalar_seed": (X, (1,), (2, 2), 1),
    "backwards": (X, (2, 1, 0), (3,), 0),
}


def _selection(op: str, indices: tuple[int, ...], shape: Shape, lead: int) -> Callable[..., Node]:
    return lambda g, x: getattr(g, op)(x, indices, shape, lead)


for _op, _table in (("take", TAKES), ("put", PUTS)):
    for _name, (_input, _indices, _shape, _lead) in _table.items():
        CASES[f"{_op}_{_name}"] = [_input], _selection(_op, _indices, _shape, _lead)


@graph_of(S)
def numbers_among_many_zeros(g: Graph, s: Node) -> Node:
    many = (70,)
    parts = [g.put(g.const(3), (5,), many), g.put(s, (69,), many), g.put(g.const([1, -2], (2,)), (0, 7), many)]
    return g.map(_0 + _1 * _2 + _1, [(part, (0,)) for part in parts], many)


@graph_of(X)
def nothing_put_into_zeros(g: Graph, x: Node) -> Node:
    nothing = g.node("put", (g.const((), (0,)),), (2, 3), (0, ()))
    return g.map(sp.cos(_0) + _1, [(nothing, (0, 1)), (x, (1,))], (2, 3))


@graph_of(S, U)
def stack_of_scalars(g: Graph, s: Node, u: Node) -> Node:
    return g.stack([s, g.const(0), g.map(_0 * _1, [(s, ()), (u, ())], ()), g.const(sp.Rational(1, 7))], (2, 2))


@graph_of(S, X, W)
def stack_of_all_ranks(g: Graph, s: Node, x: Node, w: Node) -> Node:
    return g.stack([s, x, w], (10,))


@graph_of(W, M)
def stack_behind_a_seed(g: Graph, w: Node, m: Node) -> Node:
    return g.stack([w, g.zeros((2, 2)), m], (4, 2), 1)


@graph_of(X, Y)
def stack_of_columns(g: Graph, x: Node, y: Node) -> Node:
    return g.stack([x, y], (2,), 1)


@graph_of(X)
def stack_with_a_spread_part(g: Graph, x: Node) -> Node:
    return g.stack([x, g.broadcast(g.take(x, (0,), ()), (), (2,))], (5,))


def _along(op: str) -> Callable[..., Node]:
    return lambda g, w: g.along(op, w)


for _op in ("softmax", "log_softmax", "logsumexp", "amax", "amin", "norm", "prod", "others"):
    CASES[f"{_op}_of_a_vector"] = [X], _along(_op)
    CASES[f"{_op}_of_rows"] = [W], _along(_op)


for _op, _n in (("inv", 2), ("inv", 4), ("cof", 1), ("cof", 2), ("cof", 3), ("cof", 4), ("det", 1), ("det", 3), ("det", 4)):
    CASES[f"{_op}_of_{_n}_rows"] = [("A", (_n, _n))], _along(_op)


@graph_of(("A", (3, 3)))
def logdet_of_3_rows(g: Graph, a: Node) -> Node:
    return g.along("logdet", g.add([g.dot(a, a, (0, 1), (2, 1), (0, 2)), g.eye((3,))]))


@graph_of(("A", (3, 3)), X)
def solved(g: Graph, a: Node, x: Node) -> Node:
    return g.dot(g.along("inv", g.map(_0**2 - 2, [(a, (1, 0))], (3, 3))), x, (0, 1), (1,), (0,))
