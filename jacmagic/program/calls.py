"""Calls of the table's functions and of the block's own, lowered to the graph.

A function that is no map of each entry, no loss, and no operation of the graph, has a line in CALLS, one of matrices in
MATRICES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from typing import Any

import sympy as sp

from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.ops.unknown import Undetermined
from jacmagic.errors import LimitError, ShapeError, SyntaxMistake, ValueMistake
from jacmagic.functions import FUNCTIONS, calculus, leaves, symbolic, varies
from jacmagic.functions.forms import applied
from jacmagic.language import slips
from jacmagic.language import tree as t
from jacmagic.program.arithmetic import check_power, crossed, no_cross, norm
from jacmagic.program.batches import COLUMNS
from jacmagic.program.fits import alike, same
from jacmagic.program.lowerer import MAX_CALLS, MAX_FUNCTIONS, Lowerer, Unroll, Value
from jacmagic.program.matrices import MATRICES, Lowering
from jacmagic.program.uses import names_in


def user_call(low: Lowerer, expr: t.UserCall) -> Value:
    params, body = low.functions[expr.key]
    arguments = arguments_of(low, expr, params)
    unchanged = all(a == low.env.get(param) for a, param in zip(arguments, params))
    same = unchanged and not low.calls  # in a call, s is not the block's s
    if same and expr.key in low.env and low.vector_index is None:
        return low.env[expr.key]
    low.called += 1
    if len(low.calls) > 30 or low.called > MAX_CALLS:
        raise LimitError(
            f"Functions call one another more than 30 deep, or {MAX_CALLS:,} times in all; name a value on a line "
            "of its own.", expr.span,
        )
    with inside(low, expr.key, dict(zip(params, arguments)), [] if unchanged else carried(low, expr.key)):
        try:
            return low.lower(body)
        except ShapeError as error:
            raise ShapeError(f"{low.source(expr.span)} does not fit: {error.message}", expr.span) from None


def arguments_of(low: Lowerer, expr: t.UserCall, params: tuple[str, ...]) -> list[Value]:
    """What a call puts in for each argument; one vector fills them all."""
    arguments = [low.lower(argument) for argument in expr.arguments]
    if len(arguments) == 1 and len(params) > 1 and len(arguments[0].shape) == 1:
        vector = arguments[0]
        if low.in_family:
            raise Unroll
        if vector.shape[0] != len(params):
            raise ShapeError(
                f"{expr.key} takes {len(params)} arguments, but {low.describe(expr.arguments[0], vector)}.",
                expr.span,
            )
        node = low.node(vector)
        arguments = [low.of_node(low.graph.take(node, (k,), ())) for k in range(len(params))]
    if len(arguments) != len(params):
        form = f"{expr.key}({', '.join(params)})"
        raise SyntaxMistake(
            f"{expr.key} takes {len(params)} argument{'s' if len(params) > 1 else ''}, {form}; "
            f"here it gets {len(arguments)}.", expr.span,
        )
    return arguments


@contextmanager
def inside(low: Lowerer, function: str, arguments: Mapping[str, Value], moved: Sequence[str]) -> Iterator[None]:
    """In a function's body its arguments are what the call says, and so are the definitions that depend on them."""
    held = {key: low.env.get(key) for key in (*arguments, *moved)}
    family = low.family_arguments
    low.calls.append(function)
    try:
        for param, argument in arguments.items():
            node = low.node(argument)
            low.env[param] = argument if argument.row or not varies(argument.expr) else low.of_node(node)
        for key in moved:
            low.env[key] = low.of_node(low.node(low.lower(low.plain[key])))
        if low.vector_index is not None:
            low.family_arguments = frozenset(param for param in arguments if low.env[param].shape)
        yield
    finally:
        low.calls.pop()
        low.family_arguments = family
        low.env.update({key: value for key, value in held.items() if value is not None})
        for key in [key for key, value in held.items() if value is None]:
            low.env.pop(key, None)


def carried(low: Lowerer, function: str) -> list[str]:
    """The definitions that a function uses and that depend on its arguments: r = x² of f(x) = r x, in their order."""
    params, body = low.functions[function]
    used, moved, found = reached(low, body, params), set(params), []
    for key, tree in low.plain.items():
        if key in used and key not in params and moved & reached(low, tree, ()):
            moved.add(key)
            found.append(key)
    return found


def reached(low: Lowerer, expr: t.Expr, bound: Iterable[str]) -> set[str]:
    """The names that an expression uses, in definitions and functions of the block too."""
    found: set[str] = set()
    todo = [(expr, frozenset(bound))]
    while todo:
        tree, own = todo.pop()
        for name in set(names_in(tree)) - own - found:
            found.add(name)
            if name in low.functions:
                params, body = low.functions[name]
                todo.append((body, frozenset(params)))
            elif name in low.plain:
                todo.append((low.plain[name], frozenset()))
    return found


def call(low: Lowerer, expr: t.Call) -> Value:
    row = FUNCTIONS[expr.function]
    count = len(expr.arguments)
    shown = low.source(expr.span).split("(")[0].strip() or row.name
    least, most = row.arity
    if count != 2 and (mistake := no_inner_product(low, expr)):
        raise mistake
    if count < least or (most is not None and count > most):
        takes = f"{least} argument{'s' if least != 1 else ''}" + ("" if most == least else " or more")
        raise SyntaxMistake(f"{shown} takes {takes}; here it gets {count}.", expr.span)
    if row.kind == "entrywise":
        return entrywise(low, expr)
    if row.kind == "loss":
        return loss(low, expr)
    if low.vector_index is not None and not (count == 1 and isinstance(t.inside(expr.arguments[0]), t.Family)):
        raise Unroll
    return CALLS.get(row.name, of_the_graph)(low, expr, [low.lower(argument) for argument in expr.arguments])


def entrywise(low: Lowerer, expr: t.Call) -> Value:
    values = low.columns([low.apart(low.lower(argument)) for argument in expr.arguments])
    row = FUNCTIONS[expr.function]
    low.used += 1
    if low.used > MAX_FUNCTIONS:
        raise LimitError(
            f"A block has at most {MAX_FUNCTIONS:,} functions such as {row.name}; use a family over a vector.",
            expr.span,
        )
    if row.arity[1] is None and len(values) == 1:
        low.number_alone(expr.arguments[0], values[0], expr.span)
        if values[0].shape == ():
            return values[0]
        if low.in_family:
            raise Unroll
        return low.of_node(low.graph.along("amax" if row.name == "max" else "amin", low.flat(values[0])))
    shape = low.fit(alike, expr.arguments, values)
    if row.name == "abs" and shape != () and not low.in_family:
        low.arrays.add(expr.span)
    literal = all(v.literal for v in values)
    function = symbolic(row.name)
    if row.name in ("exp", "sinh", "cosh"):
        check_power(low, sp.E, values[0].expr, expr.span)
    if row.arity[1] is None and len(values) > 3 and shape == () and not low.in_family:
        stacked = low.graph.stack([low.node(v) for v in values], (len(values),))
        return low.of_node(low.graph.along("amax" if row.name == "max" else "amin", stacked))
    value = applied(function, *(v.expr for v in values))
    if not isinstance(value, sp.Expr):
        value = sp.sympify(value)
    if not varies(value):
        low.check(value, expr.span)
        if value.is_extended_real is False:
            raise ValueMistake(f"{low.source(expr.span)} is not a real number.", expr.span)
    elif sp.I in leaves(value):
        raise ValueMistake(f"{low.source(expr.span)} is nowhere a real number.", expr.span)
    return Value(value, shape, literal)


def loss(low: Lowerer, expr: t.Call) -> Value:
    a, b = expr.arguments
    va, vb = low.columns([low.apart(low.lower(argument)) for argument in expr.arguments])
    row = FUNCTIONS[expr.function]
    spread = vb.shape == () and vb.literal and row.name != "cross_entropy"  # bce(p, 1): every target is 1
    shape = low.fit(alike if spread else same, (a, b), (va, vb))
    assert row.define is not None
    each = Value(row.define(calculus, va.expr, vb.expr), shape)
    if va.shape == () or low.in_family:
        return replace(each, expr=low.check_small(each.expr, expr.span))
    node = low.flat(each)
    total = low.of_node(low.graph.sum(node, (0,)))
    axis = low.batches.of(a)
    if row.name == "cross_entropy" and (axis is None or len(va.shape) < 2):
        return total
    if axis is not None and len(va.shape) == 2:
        count = va.shape[axis]
        low.unsaid.told[f"{row.name}: the mean over {count} examples"] = None
        if row.name == "cross_entropy":
            low.unsaid.means[expr.span] = count
            return replace(total, expr=total.expr / count)
    return replace(total, expr=total.expr / node.size)


def vector_argument(low: Lowerer, expr: t.Call, value: Value) -> Node:
    (value,) = low.columns([value], True)
    if len(value.shape) != 1:
        low.number_alone(expr.arguments[0], value, expr.span)
        found = low.describe(expr.arguments[0], value)
        raise ShapeError(f"{expr.function} is of a vector, but {found}.", expr.span)
    return low.node(value)


def softmax(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    x, back = examples(low, expr, values[0])
    return back(low.graph.along(expr.function, several(low, expr, x)))


def several(low: Lowerer, expr: t.Call, node: Node) -> Node:
    """Vectors of more than one entry: softmax of one is 1, whatever it is."""
    if node.shape[-1] > 1:
        return node
    shown, soft = low.source(expr.span), expr.function == "softmax"
    said = "1; one chance is a sigmoid." if soft else "0."
    fix = (shown.replace("softmax", "sigmoid", 1),) if soft and "softmax" in shown else ()
    raise ShapeError(f"{expr.function} of one entry is always {said}", expr.span, fix)


def examples(low: Lowerer, expr: t.Call, value: Value) -> tuple[Node, Callable[[Node], Value]]:
    """A vector, or a matrix whose rows are taken one by one, of a batch of columns these; and the way back."""
    node = low.node(value)
    if len(value.shape) != 2 or value.shape[1] == 1:
        return vector_argument(low, expr, value), lambda found: low.of_node(found, value.shape if value.row else None)
    if low.batches.of(expr.arguments[0]) == COLUMNS:
        low.unsaid.told[f"{expr.function} column by column"] = None
        return low.graph.permute(node, (1, 0)), lambda found: low.of_node(low.graph.permute(found, (1, 0)))
    low.unsaid.told[f"{expr.function} row by row"] = None
    return node, low.of_node


def layer_norm(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    x, back = examples(low, expr, values[0])
    middle = centred(low.graph, x)
    return back(divided(low.graph, middle, mean_square(low.graph, middle, sp.Rational(1, 100000))))


def rms_norm(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    x, back = examples(low, expr, values[0])
    return back(divided(low.graph, x, mean_square(low.graph, x, sp.Rational(1, 2**52))))


def centred(g: Graph, x: Node) -> Node:
    """Vectors, along the last axis, minus their means."""
    axes = tuple(range(len(x.shape)))
    total = g.sum(x, axes[-1:])
    mean = g.map(slot(0) / x.shape[-1], [(total, axes[:-1])], total.shape)
    return g.map(slot(0) - slot(1), [(x, axes), (mean, axes[:-1])], x.shape)


def mean_square(g: Graph, x: Node, epsilon: sp.Expr) -> Node:
    """The root of the mean of the squares along the last axis, and an ε."""
    axes = tuple(range(len(x.shape)))
    total = g.sum(g.map(slot(0) ** 2, [(x, axes)], x.shape), axes[-1:])
    return g.map(sp.sqrt(slot(0) / x.shape[-1] + epsilon), [(total, axes[:-1])], total.shape)


def divided(g: Graph, x: Node, by: Node) -> Node:
    axes = tuple(range(len(x.shape)))
    return g.map(slot(0) / slot(1), [(x, axes), (by, axes[:-1])], x.shape)


def var(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    x = centred(low.graph, all_entries(low, expr, values[0]))
    total = low.graph.sum(low.graph.map(slot(0) ** 2, [(x, (0,))], x.shape), (0,))
    return Value(low.of_node(total).expr / x.size)


def of_the_graph(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    """A function of a vector that is an operation of the graph, of a matrix row by row."""
    x, back = examples(low, expr, values[0])
    made = low.graph.along(expr.function, x)
    return back(made) if made.shape == x.shape else low.of_node(made)


def all_entries(low: Lowerer, expr: t.Call, value: Value) -> Node:
    """The entries of a vector or matrix, of which a number has none."""
    return vector_argument(low, expr, value) if value.shape == () else low.flat(value)


def norm_of(order: str) -> Lowering:
    return lambda low, expr, values: norm(low, expr, expr.arguments[0], values[0], order)


def no_inner_product(low: Lowerer, expr: t.Call) -> SyntaxMistake | None:
    """For ⟨cos t, sin t⟩, a column as some books write it."""
    if not slips.in_angles(low.source(expr.span)):
        return None
    listed = ", ".join(low.source(argument.span) for argument in expr.arguments)
    return SyntaxMistake(
        "⟨u, v⟩ is the inner product of two vectors; a column stands in round brackets.", expr.span,
        (f"({listed})",),
    )


def dot(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    (a, b), (va, vb) = expr.arguments, low.columns(values, True)
    if va.shape == vb.shape == ():
        raise no_inner_product(low, expr) or ShapeError(
            f"dot is of two vectors; {low.source(a.span)} and {low.source(b.span)} are numbers.", expr.span,
            (f"{low.as_factor(a)}*{low.as_factor(b)}",),
        )
    if len(low.fit(same, (a, b), (va, vb))) != 1:
        u, v = low.source(a.span), low.source(b.span)
        raise ShapeError(
            f"dot is of two vectors, and {u} and {v} are matrices; theirs is the sum of all products of entries.",
            expr.span, (f"sum({low.as_factor(a)} .* {low.as_factor(b)})",),
        )
    return low.of_node(low.graph.dot(low.node(va), low.node(vb), (0,), (0,), ()))


def cross(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    (a, b), (va, vb) = expr.arguments, low.columns(values, True)
    if va.shape != (3,) or vb.shape != (3,):
        raise no_cross(low, a, va, b, vb)
    return crossed(low, low.node(va), low.node(vb))


def diag(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    node = vector_argument(low, expr, values[0])
    n = node.size
    low.entries(n * n, expr.span)
    return low.of_node(low.graph.put(node, [k * (n + 1) for k in range(n)], (n, n)))


def reduction(low: Lowerer, expr: t.Call, values: list[Value]) -> Node | None:
    """The one vector that is summed up, or None where numbers are given one by one."""
    if len(values) == 1:
        low.number_alone(expr.arguments[0], values[0], expr.span)
        return low.flat(values[0]) if values[0].shape else None
    for argument, value in zip(expr.arguments, values):
        if value.shape != ():
            raise ShapeError(f"{expr.function} takes one vector, or numbers.", argument.span)
    return None


def combined(make: Callable[..., sp.Expr], of: Callable[[Graph, Node], Node]) -> Lowering:
    """A sum or a product of the entries of one vector, or of numbers given one by one."""

    def lower(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
        if (node := reduction(low, expr, values)) is not None:
            return low.of_node(of(low.graph, node))
        return Value(make(*(v.expr for v in values)), literal=all(v.literal for v in values))

    return lower


add_up = combined(sp.Add, lambda g, node: g.sum(node, (0,)))


def mean(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    total = add_up(low, expr, values)
    return replace(total, expr=total.expr / (prod(values[0].shape) * len(values)))


CALLS: dict[str, Lowering] = {
    "softmax": softmax, "log_softmax": softmax, "layer_norm": layer_norm, "rms_norm": rms_norm, "var": var,
    "norm": norm_of("2"), "norm2": norm_of("2"), "norm1": norm_of("1"), "dot": dot, "cross": cross,
    "diag": diag, "sum": add_up, "mean": mean, "prod": combined(sp.Mul, lambda g, node: g.along("prod", node)),
    **{name: row.lower for name, row in MATRICES.items()},
}

def unknown(low: Lowerer, expr: t.Unknown) -> Value:
    """u of u = u(x, t), or what a call puts in."""
    nodes = []
    for argument in expr.arguments:
        value = low.lower(argument)
        if value.shape != ():
            raise ShapeError(f"{low.describe(argument, value)}; {expr.key} is a function of numbers here.", expr.span)
        nodes.append(low.node(value))
    params = tuple(argument.key for argument in expr.arguments if isinstance(argument, t.Name))
    return low.of_node(low.graph.node("unknown", nodes, (), Undetermined(expr.key, params, (0,) * len(params))))


RULES: dict[type[t.Expr], Callable[[Lowerer, Any], Value]] = {
    t.Call: call, t.UserCall: user_call, t.Unknown: unknown,
}
