"""What a block was understood as: frozen records, read by all that stands behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from jacmagic import names
from jacmagic.engine.graph import Graph, Node
from jacmagic.engine.ops.unknown import Conditions
from jacmagic.errors import Span
from jacmagic.language import tree as t

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Input:
    """A free name: a variable or a parameter.

    value  float64 array of the shape
    given  True where the block states the value
    range  (low, high, step or None) where the block states one
    role   "variable", "parameter", "implicit" of what equations define; in a net "input", "weight", "target", "fixed"
    label  True for the target of a cross-entropy
    """

    key: str
    shape: Shape
    value: np.ndarray
    given: bool
    range: tuple[float, float, float | None] | None
    role: str
    node: Node
    label: bool = False


@dataclass(frozen=True)
class Step:
    """A function or definition: its expression, its node in the graph, its size."""

    key: str
    kind: str  # "function", "define", "equation", "map", "residual", "unknown", "implicit"
    params: tuple[str, ...]
    expr: t.Expr
    node: Node
    span: Span
    reads: tuple[str, ...]  # the names it uses, in order of appearance
    note: str = ""  # what the echo says beside it

    @property
    def shape(self) -> Shape:
        return self.node.shape


@dataclass(frozen=True)
class Line:
    """A line of the echo: what stands left of the sign, and what right."""

    kind: str  # "step", "value", "declare"
    key: str
    params: tuple[str, ...] = ()
    expr: t.Expr | None = None
    shape: Shape | None = None
    range: tuple[t.Expr, t.Expr] | None = None
    equation: bool = False
    python: bool = False
    zero: bool = False  # what it says is 0
    note: str = ""


@dataclass(frozen=True)
class Asked:
    """A line such as `u = f(3)` below a function: its value and its derivative there are shown, and no more.

    key        u, empty where the line is f(3) alone
    value      the node of f(3)
    arguments  those of the function's arguments, in order
    """

    key: str
    call: t.UserCall
    value: Node
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Point:
    """A line `at x = γ/β, y = α/β`: of each name what stands right of =, and its node."""

    values: Mapping[str, tuple[t.Expr, Node]]


@dataclass(frozen=True)
class Program:
    """A block as it was understood.

    variables   the keys of the columns, in order
    parameters  the other free names that the outputs depend on
    outputs     the keys of the rows
    wholes      names used as sizes, bounds or indices, with their values
    arrays      where abs( ) is of a vector or matrix
    asked       the functions' values that lines ask for
    zeros       the keys of the equations, which are 0
    conditions  what these define, where they define names
    points      those of lines `at x = a`
    put         values in the place of names, as r.subs(k=3) puts them in
    """

    text: str
    graph: Graph
    inputs: dict[str, Input]
    steps: dict[str, Step]
    outputs: tuple[str, ...]
    variables: tuple[str, ...]
    parameters: tuple[str, ...]
    wholes: dict[str, int]
    echo: tuple[Line, ...]
    net: bool
    decimals: bool
    arrays: frozenset[Span]
    asked: tuple[Asked, ...] = ()
    seed: int = 0
    zeros: tuple[str, ...] = ()
    conditions: Conditions | None = None
    points: tuple[Point, ...] = ()
    put: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def roles(self) -> dict[str, str]:
        """{name: "input" | "weight" | "target" | "fixed"} of a net, in the order of the block."""
        return {key: one.role for key, one in self.inputs.items()} if self.net else {}

    @property
    def moving(self) -> tuple[str, ...]:
        """What a system or a map moves, x of x' and x_n of x_{n+1}, in the order of the outputs."""
        kinds = {self.steps[key].kind for key in self.outputs}
        if kinds not in ({"equation"}, {"map"}):
            return ()
        keys = tuple(names.of_next(key) if kinds == {"map"} else names.of_rate(key) for key in self.outputs)
        return keys if all(key in self.inputs for key in keys) else ()

    def node(self, key: str) -> Node:
        return self.steps[key].node if key in self.steps else self.inputs[key].node

    def shape(self, key: str) -> Shape:
        return self.node(key).shape


def describe(shape: Shape) -> str:
    """A size in words."""
    if shape == ():
        return "a number"
    if len(shape) == 1:
        return f"a vector of {shape[0]} {'entry' if shape[0] == 1 else 'entries'}"
    return f"a {shape[0]}×{shape[1]} matrix"
