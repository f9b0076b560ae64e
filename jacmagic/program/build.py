"""The graph of a block: one labelled node for every function and definition, in the order in which they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from jacmagic import names
from jacmagic.engine.graph import Graph, Node
from jacmagic.engine.ops.unknown import Conditions
from jacmagic.errors import JacmagicError, ShapeError, Span
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import key_of
from jacmagic.program.batches import Batches
from jacmagic.program.block import Sized, line
from jacmagic.program.derivatives import needed_names, read_below
from jacmagic.program.echo import spelt_out
from jacmagic.program.implicit import Implicit, implicit
from jacmagic.program.lowerer import Lowerer, Unsaid
from jacmagic.program.model import Asked, Point, Shape, Step, describe
from jacmagic.program.points import points
from jacmagic.program.sizes import lowerer
from jacmagic.program.uses import names_in


@dataclass(frozen=True)
class Built:
    """The graph and its steps.

    free     the names that no line defines, in order of appearance
    unused   names with a size that nothing uses
    shapes   the sizes of both
    outputs  the steps that are the rows
    needed   the names that the outputs depend on
    arrays   where abs( ) is of a vector or matrix
    found      what equations define, where they define names
    points     those of lines `at x = a`
    """

    graph: Graph
    steps: Mapping[str, Step]
    free: tuple[str, ...]
    unused: tuple[str, ...]
    shapes: Mapping[str, Shape]
    outputs: tuple[str, ...]
    needed: frozenset[str]
    asked: tuple[Asked, ...]
    arrays: frozenset[Span]
    found: Conditions | None = None
    points: tuple[Point, ...] = ()


def build(block: Sized) -> Built:
    """The graph of a block whose sizes are known.

    Raises:
        ShapeError: the sizes of a right side do not fit.
    """
    graph = Graph()
    low = lowerer(block, block.wholes, graph)
    low.as_row, low.fixed = lists_as_rows(block), block.fixed
    defined = [key for key, _ in block.sequence]
    bound = {*defined, *block.wholes}
    params = [p for key in defined for p in block.scope.functions.get(key, ())]
    appearance = [n for key in defined for n in names_in(block.trees[key])]
    changing = [changes(key, one.kind) for key, one in block.sequence if one.kind in ("equation", "map")]
    named = [key_of(word) for line in block.said.implicit.values() for word in (*line.names, *line.params)]
    free = tuple(dict.fromkeys(n for n in [*params, *appearance, *changing, *named] if n not in bound))
    shapes = dict.fromkeys(free, ()) | dict(block.shapes)
    for key in free:
        low.home[key] = graph.input(key, shapes[key])
        low.env[key] = low.of_node(low.home[key])
    low.batches = Batches(block.batches, block.trees, lambda key: low.env[key].shape if key in low.env else None)
    low.columns_of = lambda keys: variables_among(block, keys)
    equations = implicit(block, low, shapes)
    steps = equations.steps(low)
    for key, statement in block.sequence:
        steps[key] = step(block, low, key, statement)
        equations.met(low, steps)
    outputs = (defined[-1],) if block.net else rows_of(steps, equations)
    unused = tuple(key for key in block.drafts if key in shapes and key not in bound and key not in free)
    read = {name for key in equations.lines for name in steps[key].reads}
    asked = tuple(asked_for(block, low, key, call) for key, _, call in block.asked)
    return Built(
        graph, steps, free, unused, shapes, outputs, frozenset(needed(block, steps, outputs) | read), asked,
        frozenset(low.arrays), equations.found, points(block, low, steps, shapes),
    )


def rows_of(steps: Mapping[str, Step], equations: Implicit) -> tuple[str, ...]:
    """What no other line uses; of names that equations define, no other line but these and what they are made of."""
    uses = {key: {n for n in (*one.reads, *one.params) if n != key} for key, one in steps.items()}
    inside: set[str] = set()
    todo = list(equations.residuals)
    while todo:
        if (key := todo.pop()) in steps and key not in inside and steps[key].kind != "implicit":
            inside.add(key)
            todo.extend(uses[key])
    free = set(steps) - set(equations.residuals)
    used, shown = ({n for key in keys for n in uses[key]} for keys in (steps, free - inside))
    return tuple(
        key for key, one in steps.items()
        if key in free and (one.kind in ("equation", "map") or key not in (shown if one.kind == "implicit" else used))
    )


def changes(key: str, kind: str) -> str:
    """What a line says the change of: x of dx, x_n of x_{n+1}."""
    return names.of_rate(key) if kind == "equation" else names.of_next(key)


def step(block: Sized, low: Lowerer, key: str, statement: s.Statement) -> Step:
    """One function, definition or equation, lowered; from here on its name stands for its node."""
    expr, params = block.trees[key], block.scope.functions.get(key, ())
    low.unsaid = Unsaid()
    value = low.step(expr)
    shown = spelt_out(expr, low.unsaid)
    node = low.node(value)
    if value.row:
        node = low.graph.take(node, range(node.size), (1, node.size))
    check_size(block, low, key, statement, expr, node)
    label = low.graph.node("label", (node,), node.shape, key)
    low.home[key] = label
    low.env[key] = low.of_node(label)
    if statement.kind in ("function", "unknown"):
        low.functions[key] = (params, expr)
    if statement.kind == "define":
        low.plain[key] = expr
    if statement.kind == "unknown":
        shown = t.UserCall(key, tuple(map(t.Name, params)))
    hidden = read_below(node) if any(isinstance(one, t.DERIVATIVES) for one in t.walk(expr)) else []
    reads = tuple(dict.fromkeys(n for n in [*names_in(expr), *hidden] if n not in block.wholes))
    note = ", ".join(low.unsaid.told)
    return Step(key, statement.kind, params, shown, label, statement.span, reads, note)


def lists_as_rows(block: Sized) -> dict[str, Span]:
    """Where a capital letter was given a list of numbers: W = [1, -1]."""
    found = {}
    for key in block.constants:
        tree, text = block.trees[key], block.source(block.trees[key].span)
        if isinstance(tree, t.Vector) and key[0].isupper() and text[0] == "[" and not {";", "\n"} & set(text):
            found[key] = tree.span
    return found


def asked_for(block: Sized, low: Lowerer, key: str, call: t.UserCall) -> Asked:
    """The nodes of a function's value that a line asks for."""
    try:
        value = low.node(low.step(call))
    except JacmagicError as error:
        shown = block.source(call.span)
        raise type(error)(f"{shown}: {error.message}", call.span) from None
    arguments = [low.node(low.lower(one)) for one in call.arguments]
    if len(arguments) == 1 < len(block.scope.functions[call.key]):  # a vector fills the arguments
        arguments = [low.graph.take(arguments[0], (k,), ()) for k in range(arguments[0].size)]
    return Asked(key, call, value, tuple(arguments))


def check_size(block: Sized, low: Lowerer, key: str, statement: s.Statement, expr: t.Expr, node: Node) -> None:
    of = key_of(statement.names[0])
    if statement.kind == "equation" and node.shape != (want := block.shapes.get(of, ())):
        where = f" ({line(block.sizes[of][1].span)})" if of in block.sizes else ""
        name, found = statement.names[0].typed, describe(node.shape)
        raise ShapeError(f"{name} is {describe(want)}{where}, but its derivative in time is {found}.", expr.span)
    size = block.sizes.get(key)
    if size is None:
        return
    stated = tuple(low.whole_of(dim) for dim in size[0])
    if node.shape != stated:
        raise ShapeError(
            f"{key} is stated to be {describe(stated)} ({line(size[1].span)}), but its expression is "
            f"{describe(node.shape)} ({line(expr.span)}).",
            size[1].size.span if size[1].size is not None else expr.span,
        )


def needed(block: Sized, steps: Mapping[str, Step], outputs: Sequence[str]) -> set[str]:
    """The free names that the outputs depend on, calls followed with what they put in."""
    memo: dict[str, set[str]] = {}
    for key, step in steps.items():
        memo[key] = needed_names(step.expr, memo, lambda of: block.scope.functions.get(of, ()))
    return set().union(*(memo[key] for key in outputs), *(set(steps[key].params) for key in outputs))


def variables_among(block: Sized, keys: Collection[str]) -> Sequence[str]:
    """Which of some names a derivative by all variables is by: those that the block itself has as columns."""
    named = [key_of(word) for word in block.columns]
    arguments = list(dict.fromkeys(p for key, _ in block.sequence for p in block.scope.functions.get(key, ())))
    given = {*block.values, *block.evaluated}
    free = [key for key in keys if key not in given]
    for chosen in (named, arguments, names.in_column_order(free or keys)):
        if found := [key for key in chosen if key in keys]:
            return found
    return ()
