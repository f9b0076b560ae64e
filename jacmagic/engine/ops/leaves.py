"""What a graph begins with, and the names in it: input, const, eye, label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from jacmagic.engine.entries import Entries, without_zeros
from jacmagic.engine.graph import Graph, Node
from jacmagic.engine.nonzeros import Nonzeros, at_places
from jacmagic.engine.operation import Operation
from jacmagic.engine.ops.axes import asked
from jacmagic.functions.forms import ONE, ZERO


def _itself(g: Graph, node: Node, args: list[Node], safe: bool) -> Node:
    return node


def _to_none(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    return []


def _from_none(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    return None


def _diagonal(node: Node, args: list[Entries], inputs: Mapping[str, Sequence[Any]]) -> Entries:
    n = node.shape[0]
    return {k * n + k: ONE for k in range(n)}


def _numbers(g: Graph, node: Node, args: list[Nonzeros | None]) -> Nonzeros | None:
    places = [at for at, value in enumerate(node.data) if value is not ZERO]
    if len(places) == node.size:
        return None
    return at_places(g, places, g.const([node.data[at] for at in places], (len(places),)))


def _ones(g: Graph, node: Node, args: list[Nonzeros | None]) -> Nonzeros:
    n = node.shape[0]
    return at_places(g, range(0, n * n, n + 1), g.const(ONE, (n,)))


ROWS = (
    Operation(
        "input", asked, _itself, _to_none, _from_none,
        entries=lambda node, _, inputs: without_zeros(map(sp.sympify, inputs[node.data])),
    ),
    Operation(
        "const", asked, _itself, _to_none, _from_none,
        entries=lambda node, _, __: without_zeros(map(sp.sympify, node.data)),
        zeros=lambda node, _: sum(v is not ZERO for v in node.data) / max(node.size, 1), nonzeros=_numbers,
    ),
    Operation(
        "eye", asked, _itself, _to_none, _from_none,
        entries=_diagonal,
        zeros=lambda node, _: 1 / max(node.shape[0], 1), nonzeros=_ones,
    ),
    Operation(  # a definition's name, which changes nothing
        "label",
        shape=lambda shapes, _, __: shapes[0],
        again=lambda g, node, args, _: g.node("label", args, node.shape, node.data),
        pull=lambda g, node, c, lead, _: [(node.args[0], c)],
        push=lambda g, node, tangents, lead, _: tangents[0],
        entries=lambda node, args, _: args[0],
        nonzeros=lambda g, node, args: args[0], by=lambda g, args, data, shape: args[0],
    ),
)
