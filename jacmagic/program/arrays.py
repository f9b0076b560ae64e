"""Components, vectors, matrices, families and cases, lowered to the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from jacmagic.errors import LimitError, ShapeError, Span, ValueMistake
from jacmagic.functions import by_cases
from jacmagic.language import tree as t
from jacmagic.program.components import bounds, check_components, component
from jacmagic.program.fits import alike, same
from jacmagic.program.known import Shape
from jacmagic.program.lowerer import MAX_ENTRIES, MAX_FAMILY, Lowerer, Unroll, Value, bounds_of, mentions


def vector(low: Lowerer, expr: t.Vector) -> Value:
    if low.in_family:
        raise Unroll
    values = low.columns([low.lower(entry) for entry in expr.entries], True)
    for entry, value in zip(expr.entries, values):
        if len(value.shape) == 2:
            raise ShapeError(f"{low.describe(entry, value)}; a vector has numbers and columns in it.", entry.span)
    size = sum(v.shape[0] if v.shape else 1 for v in values)
    low.entries(size, expr.span)
    node = low.graph.stack([low.node(v) for v in values], (size,))
    literal = all(v.literal for v in values)
    return replace(low.of_node(node), literal=literal) if node.shape else low.of_node(node)


def matrix(low: Lowerer, expr: t.Matrix) -> Value:
    if low.in_family:
        raise Unroll
    if any(t.is_list(entry) for row in expr.rows for entry in row):
        parts = [low.lower(row[0]) for row in expr.rows]
        widths = {p.shape for p in parts}
        if len(widths) > 1:
            raise ShapeError("The rows of this matrix differ in length.", expr.span)
        shape = (len(parts), parts[0].shape[0])
        return low.of_node(low.graph.stack([low.node(p) for p in parts], shape))
    shape = (len(expr.rows), len(expr.rows[0]))
    low.entries(shape[0] * shape[1], expr.span)
    values = [low.lower(entry) for row in expr.rows for entry in row]
    for entry, value in zip((e for row in expr.rows for e in row), values):
        if value.shape != ():
            raise ShapeError(f"{low.describe(entry, value)}; the entries of a matrix are numbers.", entry.span)
    node = low.graph.stack([low.node(v) for v in values], shape)
    return replace(low.of_node(node), literal=all(v.literal for v in values))


def family(low: Lowerer, expr: t.Family) -> Value:
    if low.in_family:
        raise Unroll
    first, last = bounds(low, expr)
    left_out = None if expr.but is None else low.whole_of(expr.but)
    count = max(0, last - first + 1)
    if count > MAX_ENTRIES:
        raise LimitError(f"A family has at most {MAX_ENTRIES:,} members; this one has {count:,}.", expr.span)
    if low.indices:
        low.unroll(count, expr.span)
    if count == 0 and expr.kind == "vector":
        raise ValueMistake(f"This family is empty: from {first} to {last}.", expr.span)
    if count == 0:
        check_body(low, expr.body)
    values = tuple(k for k in range(first, last + 1) if k != left_out)
    if not values:  # none, or all but the only one
        return Value(sp.Integer(0 if expr.kind == "sum" else 1), literal=True)
    count = len(values)
    try:
        with low.family((expr.index, values)):
            body = low.lower(expr.body)
            node = low.node(body)
    except (Unroll, ShapeError):  # written out, a clash of sizes speaks of the members
        return written_out(low, expr, values)
    if body.shape == ():
        node = low.graph.broadcast(node, (), (count,))
    if expr.kind != "vector" and node.op == "const" and all(v.is_Rational for v in node.data):
        return Value(total(low, expr.kind, node.data, expr.span), literal=True)
    if expr.kind == "sum":
        return low.of_node(low.graph.sum(node, (0,)))
    if expr.kind == "prod":
        return low.of_node(low.graph.along("prod", node))
    return low.of_node(node)


def check_body(low: Lowerer, body: t.Expr) -> None:
    """Where no member of a family is lowered, its x[i] must have a meaning all the same."""
    for one in t.walk(body):
        name = t.inside(one.base) if isinstance(one, t.Component) else None
        if isinstance(one, t.Component) and isinstance(name, t.Name) and name.key in low.env:
            check_components(low, one, low.env[name.key])


def total(low: Lowerer, kind: str, numbers: Sequence[sp.Rational], span: Span) -> sp.Rational:
    """The sum or product of numbers, as long as it can be written out."""
    found = sp.Integer(0 if kind == "sum" else 1)
    for number in numbers:
        found = low.check(found + number if kind == "sum" else found * number, span)
    return found


def written_out(low: Lowerer, expr: t.Family, values: tuple[int, ...]) -> Value:
    """A family member by member; where all members are as large, the first tells how many there will be."""
    if len(values) > MAX_FAMILY:
        raise LimitError(
            f"A family that has to be written out member by member has at most {MAX_FAMILY:,} of them; this one has "
            f"{len(values):,}.", expr.span
        )
    low.unroll(len(values), expr.span)
    below = list(t.walk(expr.body))
    alike = not any(isinstance(one, t.UserCall) for one in below) and not any(
        isinstance(one, t.Family) and any(mentions(end, {expr.index}) for end in bounds_of(one)) for one in below
    )
    members: list[Value] = []
    low.lasts[expr.index] = max(values)
    for value in values:
        before = low.unrolled
        with low.member(expr.index, value):
            members.append(low.lower(expr.body))
        if alike and len(members) == 1:
            ahead = (low.unrolled - before) * (len(values) - 1)
            low.unroll(ahead, expr.span)
            low.unrolled -= ahead
    literal = t.inside(expr.body)
    shapes = {m.shape for m in members}
    if len(shapes) > 1 and (expr.kind != "vector" or isinstance(literal, t.Vector) or t.is_list(literal)):
        raise ShapeError("The members of this family differ in size.", expr.span)
    if expr.kind == "sum":
        return Value(sp.Add(*(m.expr for m in members)), members[0].shape)
    if expr.kind == "prod":
        if members[0].shape != ():
            raise ShapeError("A product over a family is of numbers.", expr.span)
        stacked = low.graph.stack([low.node(m) for m in members], (len(members),))
        return low.of_node(low.graph.along("prod", stacked))
    nodes = [low.node(m) for m in members]
    size = sum(n.size for n in nodes)
    low.entries(size, expr.span)
    if isinstance(literal, t.Vector) or t.is_list(literal):
        return low.of_node(low.graph.stack(nodes, (len(nodes), members[0].shape[0])))
    if any(len(m.shape) == 2 for m in members):
        raise ShapeError("The members of a family are numbers or columns.", expr.span)
    return low.of_node(low.graph.stack(nodes, (size,)))


def chosen(low: Lowerer, expr: t.Case) -> t.Expr:
    """The cases left for one member of a family, or one call: those that are ruled out are not looked at."""
    if not (low.indices or low.calls) or low.vector_index is not None:
        return expr
    branches: list[tuple[t.Expr, t.Expr]] = []
    for value, when in expr.branches:
        logic = condition(low, when)[0] if low.calls or mentions(when, low.indices) else None
        if logic == sp.true:
            return replace(expr, branches=tuple(branches), otherwise=value) if branches else value
        if logic != sp.false:
            branches.append((value, when))
    return replace(expr, branches=tuple(branches)) if branches else expr.otherwise


def case(low: Lowerer, expr: t.Case) -> Value:
    left = chosen(low, expr)
    if not isinstance(left, t.Case):
        return low.lower(left)
    expr = left
    parts = [value for value, _ in expr.branches] + [expr.otherwise]
    values = [low.lower(part) for part in parts]
    arrays = [k for k, value in enumerate(values) if value.shape or not value.literal]
    shape = low.fit(same, [parts[k] for k in arrays], [values[k] for k in arrays])
    conditions = []
    for _, when in expr.branches:
        logic, inner = condition(low, when)
        if inner and shape not in ((), inner):
            raise ShapeError("The condition and the values differ in size.", when.span)
        shape = shape or inner
        conditions.append(logic)
    pieces = [(value.expr, c) for value, c in zip(values, conditions)] + [(values[-1].expr, True)]
    return Value(by_cases(*pieces), shape)


def condition(low: Lowerer, expr: t.Expr) -> tuple[sp.Basic, Shape]:
    if isinstance(expr, t.Paren):
        return condition(low, expr.inner)
    if isinstance(expr, t.Logic):
        parts = [condition(low, operand) for operand in expr.operands]
        shape = next((s for _, s in parts if s), ())
        if any(s not in ((), shape) for _, s in parts):
            raise ShapeError("What and, or and not join differs in size.", expr.span)
        combine = {"and": sp.And, "or": sp.Or, "not": sp.Not}[expr.operator]
        return combine(*(p for p, _ in parts)), shape
    assert isinstance(expr, t.Compare)
    values = [low.apart(low.lower(operand)) for operand in expr.operands]
    shape = low.fit(alike, expr.operands, values)
    make = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq}
    links = [make[rel](a.expr, b.expr) for rel, a, b in zip(expr.relations, values, values[1:])]
    return sp.And(*links), shape


def indicator(low: Lowerer, expr: t.Indicator) -> Value:
    logic, shape = condition(low, expr.condition)
    return Value(by_cases((sp.Integer(1), logic), (sp.Integer(0), True)), shape)


RULES: dict[type[t.Expr], Callable[[Lowerer, Any], Value]] = {
    t.Component: component, t.Vector: vector, t.Matrix: matrix, t.Family: family, t.Case: case, t.Indicator: indicator,
}
