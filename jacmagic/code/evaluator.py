"""A graph as data for the browser's evaluator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jacmagic.code.trees import Tree, nearest_number, tree
from jacmagic.engine.graph import Node, ancestry
from jacmagic.engine.ops import by_others

_JSON_FUNCTIONS = frozenset(
    "sqrt cbrt exp ln log2 log10 sin cos tan cot sec csc asin acos atan atan2 sinh cosh tanh asinh acosh atanh "
    "coth sech csch acoth asech acsch abs sign floor ceil erf erfc sigmoid relu leaky_relu elu selu gelu silu "
    "softplus softsign mish hardtanh logit logsigmoid relu6 hardswish clip gelu_tanh "
    "step max min".split()
)
"""What the browser's evaluator has, by the names of the table."""

_JSON_OPERATIONS = frozenset(
    "input const eye map dot sum permute take put stack "
    "softmax log_softmax logsumexp amax amin norm prod others inv cof det logdet".split()
)
"""Likewise of the graph's operations; others are written by these."""


def as_json(outputs: Mapping[str, Node]) -> dict[str, Any]:
    """The graph as data for the browser's evaluator: {"nodes": [[op, operands, shape, data], …], "outputs": …}.

    A node's operands are places in the list of nodes, before its own. Numbers
    that JSON lacks are the strings "inf", "-inf" and "nan".
    """
    roots, _ = by_others(list(outputs.values()), _JSON_OPERATIONS.__contains__)
    nodes = ancestry(roots)
    place = {node.number: k for k, node in enumerate(nodes)}
    rows = [[n.op, [place[a.number] for a in n.args], list(n.shape), _json_data(n)] for n in nodes]
    return {"nodes": rows, "outputs": {key: place[node.number] for key, node in zip(outputs, roots)}}


def _json_data(node: Node) -> Any:
    op, data = node.op, node.data
    if op == "const":
        numbers = [_plain(nearest_number(v)) for v in data]
        return numbers[0] if numbers and len(set(numbers)) == 1 else numbers
    if op == "map":
        return {"e": _plain(tree(data[0], _JSON_FUNCTIONS)), "a": [list(axes) for axes in data[1]]}
    if op in ("take", "put"):
        return {"l": data[0], "i": list(data[1])}
    if op == "dot":
        return [list(labels) for labels in data]
    return list(data) if isinstance(data, tuple) else data


def _plain(t: Tree) -> Any:
    """A tree in what JSON has."""
    if isinstance(t, tuple):
        return [t[0], *map(_plain, t[1:])]
    if isinstance(t, float) and not math.isfinite(t):
        return "nan" if math.isnan(t) else "inf" if t > 0 else "-inf"
    return t
