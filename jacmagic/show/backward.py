"""The backward pass as formulas: δ of each layer, and ∂L/∂W of each weight.

From the loss to the input, one definition after the other: what its readers send back
is swept through it by `calculus`, in the definition's own names, and read by
`formula`. The outcome has a name, δ_a, where the definition reads a weight: the
derivative by its pre-activation z_a, or by itself where it has none. So the formulas
stay short, and whoever puts them together has the whole gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import sympy as sp

from jacmagic import names
from jacmagic.engine import chain as c
from jacmagic.engine.graph import Graph, Node, ancestry, slot
from jacmagic.functions import FUNCTIONS, symbolic
from jacmagic.functions.forms import put_in
from jacmagic.language import tree as t
from jacmagic.language.layout import Layout, Order
from jacmagic.result import Result
from jacmagic.show.formula import NoForm, Reader
from jacmagic.show.norms import normed, pull
from jacmagic.show.pieces import name_of

MAX_PASSED = 30
"""Parts of the formula of what comes back to a definition without a weight; a longer one has a name of its own."""

MAX_TWICE = 8
"""Parts likewise, of what is needed twice."""


@dataclass(frozen=True)
class Passed:
    """One formula of the backward pass: its left and right side, and what δ is, at_z that of the pre-activation."""

    key: str
    left: t.Expr
    right: t.Expr
    note: str = ""
    weight: bool = False
    at_z: bool = False


@dataclass(frozen=True)
class Split:
    """A layer a = f(z_a) in two: f of the input z_a, and z_a of the layer's own names."""

    outer: Node
    z: Node
    inner: Node


def pre_activation(result: Result, key: str) -> tuple[t.Expr, t.Expr] | None:
    """W_1 x + c_1 and tanh(z_a), for a layer of a net that is a function of a formula, or a sum with one."""
    step = result.program.steps[key]
    z = t.PreActivation(t.Name(key))
    whole = t.inside(step.expr)
    terms = whole.terms if isinstance(whole, t.Sum) else ((1, whole),)
    inner = None
    outer: list[tuple[int, t.Expr]] = []
    for sign, term in terms:
        call = t.inside(term)
        layer = isinstance(call, t.Call) and FUNCTIONS[call.function].kind not in ("matrix", "square")
        if inner is None and isinstance(call, t.Call) and layer and len(call.arguments) == 1:
            argument = t.inside(call.arguments[0])
            if not isinstance(argument, (t.Name, t.Number)) and (
                result.program.shape(key) != () or key not in result.program.outputs
            ):
                inner, call = argument, replace(call, arguments=(z,))
        outer.append((sign, call))
    if inner is None or not result.program.net or names.pre_activation(key) in result.known:
        return None
    return inner, outer[0][1] if len(outer) == 1 and outer[0][0] > 0 else t.Sum(tuple(outer))


def split(result: Result, key: str) -> Split | None:
    """A layer at its pre-activation; None where it has none."""
    found = pre_activation(result, key)
    if found is None:
        return None
    g, root = result.program.graph, result.inner(key)
    call = next(one for one in t.walk(found[1]) if isinstance(one, t.Call) and any(
        isinstance(part, t.PreActivation) for part in one.arguments))
    kind = FUNCTIONS[call.function].kind
    z = g.input(f"z {key}", root.shape)
    if kind == "entrywise":
        if root.op != "map":
            return None
        expr, axes = root.data
        calls = expr.atoms(sp.Function)
        outermost = [one for one in calls if not any(one is not other and other.has(one) for other in calls)]
        if len(outermost) != 1 or len(outermost[0].args) != 1:
            return None
        argument = outermost[0].args[0]
        operands = list(zip(root.args, axes))
        inner = g.map(argument, operands, root.shape)
        rest = put_in(expr, {argument: slot(len(operands))})
        every = tuple(range(len(root.shape)))
        return Split(g.map(rest, [*operands, (z, every)], root.shape), z, inner)
    nodes = [(node, norm[1] if norm is not None else node.args[0])
             for node in ancestry([root]) if (norm := normed(node)) is not None or node.op == call.function]
    if len(nodes) == 1 and nodes[0][1] is not None and nodes[0][1].op == root.op == "permute":  # columns one by one
        nodes = [(nodes[0][0], nodes[0][1].args[0])]
    if len(nodes) != 1 or nodes[0][1] is None or nodes[0][1].shape != root.shape:
        return None
    return Split(c.replace_root(g, root, nodes[0][1], z), z, nodes[0][1])


def as_activation(g: Graph, node: Node) -> Node:
    """sigmoid(z) for 1/(1 + e^-z), tanh(z) for (e^2z - 1)/(e^2z + 1): the slopes are in the layer's own name."""
    expr, axes = node.data if node.op == "map" else (sp.S.One, ())
    above, below = sp.fraction(expr) if not (expr.is_Pow and expr.exp == -1) else (sp.S.One, 1 / expr)
    power = below - 1
    if not isinstance(power, sp.exp):
        return node
    z = power.args[0]
    made = {sp.S.One: symbolic("sigmoid")(-z), power: symbolic("sigmoid")(z), power - 1: sp.tanh(z / 2)}.get(above)
    return node if made is None else g.map(made, list(zip(node.args, axes)), node.shape)


def layout_of(result: Result) -> Layout:
    """What lays SymPy expressions out in the order of the block."""
    p = result.program
    trees = [line.expr for line in p.echo if line.expr is not None]
    return result.once("layout", lambda: Layout(p.decimals, Order(trees, p.variables)))


def adding_up(result: Result) -> list[str]:
    """Targets whose entries add up to 1 at the current point."""
    values = result.values._data
    return [key for key, one in result.program.inputs.items() if one.shape and one.shape[-1] > 1
            and one.role not in ("weight", "input", "variable")
            and bool(np.all(np.abs(np.sum(values[key], axis=-1) - 1) < 1e-12))]


class Names:
    """What stands for nodes and inputs in formulas: layers' names, z_a, δ_a."""

    def __init__(self, result: Result) -> None:
        self.result = result
        p, g = result.program, result.program.graph
        self.splits = {key: split(result, key) for key in p.steps}
        self.nodes: dict[int, t.Expr] = {}
        self.leaves: dict[str, t.Expr] = {}
        self.deltas: dict[str, t.Expr] = {}
        for key in p.steps:
            own = name_of(result, key)
            inner = result.inner(key)
            for node in (inner, as_activation(g, inner), *([found.outer] if (found := self.splits[key]) else [])):
                if node.op not in ("input", "const"):
                    self.nodes.setdefault(node.number, own)
                if node.op == "permute" and node.args[0].op in ("softmax", "log_softmax", "map"):
                    self.nodes.setdefault(node.args[0].number, t.Transpose(own))
            self.leaves[f"z {key}"] = t.PreActivation(own)
            self.leaves[key] = own
        self.graph: Graph = g

    def reader(self, roots: list[Node]) -> Reader:
        made = Reader(self.graph, self.nodes, {**self.leaves, **self.deltas}, self.deltas,
                      layout_of(self.result), adding_up(self.result))
        made.note(roots)
        definitions = [self.result.inner(key) for key in self.result.program.steps]
        made.sums = {one for node in definitions if node.op == "map" and not node.shape
                     for one in made.of_operands(node, node.data[0], ()).atoms(sp.Add)}
        return made


class Backward:
    """Sweeps from the loss to the weights, definition by definition."""

    def __init__(self, result: Result) -> None:
        self.result, self.p, self.g = result, result.program, result.program.graph
        self.names = Names(result)
        self.last = self.p.outputs[-1]
        self.loss = name_of(result, self.last)
        self.weights = [key for key in self.p.parameters if self.p.inputs[key].role == "weight"]
        self.reads = {
            key: [one.data for one in ancestry([result.inner(key)]) if one.op == "input"] for key in self.p.steps}
        self.moving = self.depending()
        self.coming: dict[str, list[Node]] = {}
        self.ways: dict[str, list[t.Expr]] = {}  # of each part that comes back to a name: ∂L/∂a · ∂a/∂x
        self.known: dict[tuple[int, int], tuple[t.Expr, str]] = {}

    def depending(self) -> set[str]:
        """The definitions that depend on a weight."""
        found = set(self.weights)
        for key in self.p.steps:
            if any(one in found for one in self.reads[key]):
                found.add(key)
        return found

    def lines(self) -> Iterator[list[Passed]]:
        """The formulas of each definition, from the last on."""
        order = [key for key in self.p.steps if key in self.moving]
        readers = {w: [key for key in order if w in self.reads[key]] for w in self.weights}
        shape = self.p.shape(self.last)
        self.coming[self.last] = [self.g.const(1, shape)]
        for key in reversed(order):
            found = list(self.through(key)) if key in self.coming else []
            for weight in self.weights:
                if readers[weight][:1] == [key] and weight in self.coming:
                    found.append(self.gradient(weight))
            if found:
                yield found

    def gradient(self, weight: str) -> Passed:
        node = self.total(weight)
        right, note = self.read(node)
        return Passed(weight, t.Partial(self.loss, (t.Name(weight),)), right, note, True)

    def total(self, key: str) -> Node:
        """All that comes back to a name; what has no formula that reads well as ∂L/∂a · ∂a/∂x."""
        parts = self.coming[key]
        if self.readable(whole := c.collect(self.g, parts)):
            return whole
        ways = self.ways.get(key, [])
        return c.collect(self.g, [
            part if self.readable(part) or k >= len(ways) else self.stand_in(f"{k} {key}", ways[k], part)
            for k, part in enumerate(parts)
        ])

    def readable(self, node: Node) -> bool:
        try:
            self.read(node)
        except NoForm:
            return False
        return True

    def stand_in(self, name: str, tree: t.Expr, node: Node) -> Node:
        """An input that has this formula."""
        found = self.g.input(f"way {name}", node.shape)
        self.names.leaves[found.data] = tree
        return found

    def read(self, node: Node) -> tuple[t.Expr, str]:
        at = node.number, len(self.names.deltas)
        if at not in self.known:
            self.known[at] = self.written(node)
        return self.known[at]

    def written(self, node: Node) -> tuple[t.Expr, str]:
        reader = self.names.reader([node])
        shown = reader.shown(reader.form(node))
        return shown, ", ".join(f"as Σ{names.name(key).text} = 1" for key in sorted(reader.told))

    def through(self, key: str) -> Iterator[Passed]:
        """What comes back to a definition, handed on to all that it reads."""
        whole, own = self.total(key), name_of(self.result, key)
        parts = self.names.splits[key] if key != self.last else None
        weighted = any(one in self.weights for one in self.reads[key])
        if parts is not None and weighted:
            if any(one.data in self.moving for one in ancestry([parts.outer]) if one.op == "input"):
                line, whole = self.shortened(key, whole, t.Transpose(t.Total(self.loss, (own,))), MAX_TWICE)
                yield from line
            (by,) = c.sweep(self.g, parts.outer, whole, [parts.z], True, pull)
            if not self.readable(by):
                by = self.stand_in(f"z {key}", self.way(own, self.names.leaves[parts.z.data]), by)
            line, back = self.shortened(key, by, t.Delta(own), 0, self.says(names.pre_activation(key)))
            yield from (replace(one, at_z=True) for one in line)
            self.send(own, parts.outer, whole, exclude=parts.z)
            self.send(t.PreActivation(own), parts.inner, back)
            return
        root = as_activation(self.g, self.result.inner(key))
        if whole.op != "const" and key != self.last:
            most = 0 if weighted else MAX_PASSED
            line, whole = self.shortened(key, whole, t.Delta(own), most, self.says(key))
            yield from line
        self.send(own, root, whole)

    def says(self, by: str) -> str:
        return f"δ = ∂{names.name(self.last).text}/∂{names.name(by).text}, as a column"

    def shortened(self, key: str, node: Node, name: t.Expr, most: int, note: str = "") -> tuple[list[Passed], Node]:
        """A formula of more than so many parts has a name from here on."""
        if node.op == "const":
            return [], node
        right, told = self.read(node)
        if sum(1 for _ in t.walk(right)) <= most:
            return [], node
        stands = self.g.input(f"δ {len(self.names.deltas)} {key}", node.shape)
        self.names.deltas[stands.data] = name
        return [Passed(key, name, right, " · ".join(filter(None, (note, told))))], stands

    def way(self, own: t.Expr, target: t.Expr) -> t.Expr:
        """∂L/∂a · ∂a/∂x."""
        return t.Product((("", t.Partial(self.loss, (own,))), ("dot", t.Partial(own, (target,)))))

    def send(self, own: t.Expr, root: Node, back: Node, exclude: Node | None = None) -> None:
        targets = [one for one in ancestry([root]) if one.op == "input" and one is not exclude
                   and one.data in self.moving]
        if not targets:
            return
        for target, node in zip(targets, c.sweep(self.g, root, back, targets, True, pull)):
            self.coming.setdefault(target.data, []).append(node)
            named = name_of(self.result, target.data)
            self.ways.setdefault(target.data, []).append(self.way(own, named))


def backward(result: Result) -> list[list[Passed]]:
    """The backward pass of a net with one number as its last output; else nothing."""
    p = result.program
    if not p.net or prod(p.shape(p.outputs[-1])) != 1:
        return []
    return list(Backward(result).lines())
