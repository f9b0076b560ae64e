"""Programs made of programs: one with values put in, and the block of two, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import prod

import numpy as np
import sympy as sp

from jacmagic import names
from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node
from jacmagic.errors import Span
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import key_of
from jacmagic.program.model import Asked, Input, Line, Point, Program, Step
from jacmagic.program.used import lines, literal


# ------------------------------------------------------------------ values put in
def tree_of(value: np.ndarray) -> t.Expr:
    """A value as a formula."""
    if value.ndim == 2:
        return t.Matrix(tuple(tuple(map(tree_of, row)) for row in value))
    if value.ndim:
        return t.Vector(tuple(map(tree_of, value)))
    size = t.Number(literal(np.abs(value)))
    return t.Negative(size) if value < 0 else size


class _Put:
    """Values in the place of names, in nodes and in formulas."""

    def __init__(self, program: Program, values: Mapping[str, np.ndarray]) -> None:
        self.p, self.g, self.values = program, program.graph, values
        swap = {key: self.g.const([sp.Rational(literal(v)) for v in value.ravel()], value.shape)
                for key, value in values.items()}
        roots = [one.node for one in program.steps.values()]
        roots += [node for one in program.asked for node in (one.value, *one.arguments)]
        roots += [node for one in program.points for _, node in one.values.values()]
        made = c.replace_inputs(self.g, roots, swap)
        self.nodes: dict[int, Node] = {old.number: new for old, new in zip(roots, made)}

    def tree(self, expr: t.Expr) -> t.Expr:
        """The formula, brackets round a negative number; a function without the arguments that are put in."""
        if isinstance(expr, t.Name) and expr.key in self.values:
            found = tree_of(self.values[expr.key])
            return t.Paren(found) if isinstance(found, t.Negative) else found
        if isinstance(expr, t.UserCall) and expr.key in self.p.steps:
            params = self.p.steps[expr.key].params
            if len(params) == len(expr.arguments):
                kept = tuple(one for key, one in zip(params, expr.arguments) if key not in self.values)
                expr = replace(expr, arguments=kept) if kept else t.Name(expr.key)
        return t.rebuilt(expr, self.tree)

    def step(self, one: Step) -> Step:
        return replace(
            one, expr=self.tree(one.expr), node=self.nodes[one.node.number], params=self.kept(one.params),
            reads=self.kept(one.reads),
        )

    def kept(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(key for key in keys if key not in self.values)

    def line(self, one: Line) -> Line:
        return replace(one, params=self.kept(one.params), expr=one.expr and self.tree(one.expr))

    def asked(self, one: Asked) -> Asked:
        call = self.tree(one.call)
        assert isinstance(call, t.UserCall)
        return replace(one, call=call, value=self.nodes[one.value.number],
                       arguments=tuple(self.nodes[node.number] for node in one.arguments))

    def point(self, one: Point) -> Point:
        return Point({key: (self.tree(expr), self.nodes[node.number]) for key, (expr, node) in one.values.items()
                      if key not in self.values})


def substituted(program: Program, values: Mapping[str, np.ndarray]) -> Program:
    """The program with numbers in the place of some names that no line defines.

    Raises:
        ValueError: no variable stays, or equations define names of these.
    """
    variables = tuple(key for key in program.variables if key not in values)
    if not variables:
        raise ValueError("no variable stays; r.at(…) and r.forward(…) take values for all of them")
    if program.conditions is not None:
        raise ValueError("equations define names here; give the values in the block")
    put = _Put(program, values)
    called = {key for one in program.asked for key in program.steps[one.call.key].params}
    steps = {key: put.step(one) for key, one in program.steps.items()}
    inputs: dict[str, Input] = {key: one for key, one in program.inputs.items() if key not in values}
    return replace(
        program, inputs=inputs, steps=steps, variables=variables, parameters=put.kept(program.parameters),
        echo=tuple(put.line(one) for one in program.echo if one.kind == "step" or one.key not in values),
        asked=() if called & values.keys() else tuple(map(put.asked, program.asked)),
        points=tuple(one for one in map(put.point, program.points) if one.values),
        put={**program.put, **values},
    )


# ------------------------------------------------------------------ one after the other
def composition(outer: Program, inner: Program) -> str:
    """The block of `outer` after `inner`: its variables are what `inner` gives, entry by entry, in order.

    A function is called, h = f(g(x, y)), so that both may have the same arguments; where `outer` is of definitions
    its variables become definitions themselves.

    Raises:
        ValueError: the sizes do not fit, or a name means one thing here and another there.
    """
    given = [entry for key in inner.outputs for entry in entries(key, inner.shape(key))]
    check_fit(outer, inner, len(given))
    values, rest = {}, given
    for key in outer.variables:
        n = prod(outer.shape(key))
        values[key], rest = put_together(rest[:n], outer.shape(key)), rest[n:]
    called = all(outer.steps[key].kind == "function" and {*outer.steps[key].params} <= values.keys()
                 for key in outer.outputs)
    bound = {key: value for key, value in values.items() if value != typed(key)}
    check_apart(outer, inner, values, bound, called)
    own = [text for _, text in lines(inner)]
    theirs = alone(outer, inner, values)
    if not called:
        rest = [text for one, text in theirs if not is_about(one, bound)]
        return "\n".join([*own, *(f"{typed(key)} = {value}" for key, value in bound.items()), *rest])
    rest = [text for one, text in theirs if not is_about(one, values, inner)]
    taken = {*outer.steps, *outer.inputs, *inner.steps, *inner.inputs}
    free = (one for one in (*"hpquvwz", *(f"h{k}" for k in range(1, 999))) if one not in taken)
    calls = [
        f"{new} = {typed(key)}({', '.join(values[one] for one in outer.steps[key].params)})"
        for new, key in zip(free, outer.outputs)
    ]
    return "\n".join([*own, *rest, *calls])


def check_fit(outer: Program, inner: Program, given: int) -> None:
    """Raise where one block does not give what the other takes."""
    wanted, ours, theirs = (
        sum(prod(p.shape(key)) for key in keys)
        for p, keys in ((outer, outer.variables), (outer, outer.outputs), (inner, inner.variables))
    )
    if given != wanted:
        raise ValueError(
            f"the left one takes {counted(wanted)}, {listed(outer.variables)}, and the right one gives "
            f"{counted(given)}, {listed(inner.outputs)}: J of {ours}×{wanted} after J of {given}×{theirs}"
        )
    if {one.kind for p in (outer, inner) for one in p.steps.values()} - {"function", "define"}:
        raise ValueError("r @ s is of functions and definitions, not of equations")


def check_apart(
    outer: Program, inner: Program, values: Mapping[str, str], bound: Mapping[str, str], called: bool
) -> None:
    """Raise where a name would mean two things; a function's own arguments may be names of the other block."""
    clash = outer.steps.keys() & {*inner.steps, *inner.inputs}
    clash |= inner.steps.keys() & {*bound, *(outer.inputs.keys() - values.keys())}
    if not called:
        clash |= bound.keys() & inner.inputs.keys()
    if clash:
        found = sorted(clash, key=[*outer.inputs, *outer.steps].index)
        verb = "stands" if len(found) == 1 else "stand"
        raise ValueError(f"{listed(found)} {verb} in both blocks for different things; rename it in one of them")


def alone(outer: Program, inner: Program, values: Mapping[str, str]) -> list[tuple[s.Statement, str]]:
    """The lines of `outer` without what `inner` says likewise of a parameter of both.

    Raises:
        ValueError: they give it another value, range or size.
    """
    shared = (outer.inputs.keys() & inner.inputs.keys()) - values.keys()
    said = {key for one, _ in lines(inner) for key in map(key_of, one.names)} & shared
    more: list[str] = []
    for key in sorted(said & {key for one, _ in lines(outer) for key in map(key_of, one.names)}):
        mine, other = outer.inputs[key], inner.inputs[key]
        apart = mine.given and other.given and not np.array_equal(mine.value, other.value)
        if mine.shape != other.shape or apart or None is not mine.range != other.range is not None:
            raise ValueError(
                f"{typed(key)} is {_stated(mine)} in the left block and {_stated(other)} in the right one; "
                "rename it in one of them, or put a value in with r.subs"
            )
        more += [f"{typed(key)} = {literal(mine.value)}"] if mine.given and not other.given else []
        more += [f"{typed(key)} {_ends(mine)}"] if mine.range is not None and other.range is None else []
    kept = [(one, text) for one, text in lines(outer) if not is_about(one, dict.fromkeys(said))]
    return [*kept, *((s.Statement(Span(0, 0), "put"), text) for text in more)]


def _ends(one: Input) -> str:
    if one.range is None:
        return ""
    low, high, step = (None if end is None else literal(np.asarray(end)) for end in one.range)
    return f"in [{low}, {high}]" + ("" if step is None else f" step {step}")


def _stated(one: Input) -> str:
    """What a block says of a parameter: 2 in [0, 4], of the size 2×3."""
    if one.shape and not one.given:
        return f"of the size {'×'.join(map(str, one.shape))}"
    return f"{literal(one.value) if one.given else ''} {_ends(one)}".strip()


def is_about(one: s.Statement, keys: Mapping[str, object], inner: Program | None = None) -> bool:
    """True of a line that gives nothing but a value, a range or a size, and of such names; sizes the other block
    does not have stay where the names are only arguments.
    """
    if one.kind not in ("declare", "define") or not {key_of(name) for name in one.names} <= keys.keys():
        return False
    return inner is None or one.size is None or any(key_of(name) in inner.inputs for name in one.names)


def typed(key: str) -> str:
    return names.name(key).text


def entries(key: str, shape: tuple[int, ...]) -> list[str]:
    """F[1], F[2] of a vector."""
    name = typed(key)
    if not shape:
        return [name]
    return [f"{name}[{', '.join(str(k + 1) for k in at)}]" for at in np.ndindex(*shape)]


def put_together(given: list[str], shape: tuple[int, ...]) -> str:
    """A number, a column or a matrix of these."""
    if not shape:
        return given[0]
    if len(shape) == 1:
        return f"[{', '.join(given)}]"
    n = shape[1]
    return "[" + "; ".join(", ".join(given[k : k + n]) for k in range(0, len(given), n)) + "]"


def listed(keys: Iterable[str]) -> str:
    return ", ".join(map(typed, keys))


def counted(count: int) -> str:
    return f"{count} number{'s' if count != 1 else ''}"
