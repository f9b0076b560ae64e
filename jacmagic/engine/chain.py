"""The chain rule over a graph. The only file that differentiates.

SymPy differentiates each map node, a template in its own slots; everything else is
linear in each operand, so that its derivative is a product with the other. The
local derivatives are nodes of the same graph, multiplied along its paths, in
reverse where the output is smaller than the input and forward otherwise. Nothing
is ever substituted; `expand` does that on request, under a budget.

Layout: numerator layout. d of / d wrt has the shape of(shape) + wrt(shape).

Source: Griewank & Walther, Evaluating Derivatives (2008), ch. 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jacmagic.engine.graph import Graph, Node, ancestry, is_mostly_zero, is_zero
from jacmagic.engine.operation import OPERATIONS, Shape
from jacmagic.engine.ops import again, pull, push

MAX_JACOBIAN = 20_000_000
"""Entries of one Jacobian. Instead: those that are not 0, `r.at(sparse=True)`, or that of one component."""


def derivative(g: Graph, of: Node, *by: Node) -> Node:
    """d of / d by as a node of the same graph, one to be differentiated again; `by` several, one after the other.

    `by` is whatever node `of` is made of, an input or a definition's label, which is held for its own then;
    labels on the way are gone through and stand in the derivative. All formulas are kept as they are written,
    so that what is numbers later is made of `rebuild(…, safe=True)`.

    Shapes: of.shape + by[0].shape + by[1].shape + …: a gradient is that of a column, a Hessian a square.
    """
    for one in by:
        of = jacobian(g, of, one, reuse=False)
    return of


def jacobian(g: Graph, of: Node, wrt: Node, reuse: bool = True) -> Node:
    """d of / d wrt, shape of.shape + wrt.shape, for an input or cut definition `wrt`."""
    return jacobians(g, of, [wrt], reuse)[0]


def jacobians(g: Graph, of: Node, wrts: Sequence[Node], reuse: bool = True) -> list[Node]:
    """d of / d wrt for each of several inputs.

    Rows of a stack are differentiated one by one, so that each costs only what it
    depends on; else one sweep in reverse, for all that are not smaller than `of`, and
    one forward for each that is.
    """
    if is_by_rows(of):
        rows = [jacobians(g, part, wrts, reuse) for part in of.args]
        return [g.stack(parts, of.shape + wrt.shape) for parts, wrt in zip(zip(*rows), wrts)]
    below = {node.number for node in ancestry([of])}
    swept = [wrt for wrt in wrts if wrt is not of and wrt.number in below and of.size <= wrt.size]
    found = dict(zip(swept, _reverse(g, of, swept, reuse))) if swept else {}
    out = []
    for wrt in wrts:
        if wrt.number not in below:
            out.append(g.zeros(of.shape + wrt.shape))
        elif wrt in found:
            out.append(found[wrt])
        elif wrt is of:
            out.append(arranged(g, g.eye(of.shape), of.shape + wrt.shape) if of.shape else g.const(1))
        else:
            out.append(_forward(g, of, wrt, reuse))
    return out


def is_by_rows(of: Node) -> bool:
    """True for a stack whose parts are better differentiated one by one."""
    return of.op == "stack" and of.data == 0 and (of.size <= 64 or any(part.shape == () for part in of.args))


def arranged(g: Graph, node: Node, shape: Shape) -> Node:
    """The same entries in another arrangement."""
    return node if node.shape == shape else g.take(node, range(node.size), shape)


def _depending(order: Sequence[Node], wrts: Iterable[Node]) -> set[int]:
    found = {wrt.number for wrt in wrts}
    for node in order:
        if any(a.number in found for a in node.args):
            found.add(node.number)
    return found


def _reverse(g: Graph, of: Node, wrts: Sequence[Node], reuse: bool) -> list[Node]:
    start = g.eye(of.shape) if of.shape else g.const(1)
    return [arranged(g, node, of.shape + wrt.shape) for node, wrt in zip(sweep(g, of, start, wrts, reuse), wrts)]


Pull = Callable[[Graph, Node, Node, int, bool], list[tuple[Node, Node]]]


def sweep(
    g: Graph, of: Node, start: Node, wrts: Sequence[Node], reuse: bool = True, through: Pull = pull
) -> list[Node]:
    """The cotangents of inputs from that of `of`: (lead?) + wrt.shape each. `through` says how one passes a node."""
    order = ancestry([of])
    depending = _depending(order, wrts)
    ends = {wrt.number for wrt in wrts}
    lead = len(start.shape) - len(of.shape)
    cotangents: dict[int, list[Node]] = {of.number: [start]}
    for node in reversed(order):
        if node.number in ends or node.number not in cotangents or node.number not in depending:
            continue
        total = collect(g, cotangents.pop(node.number))
        for arg, part in through(g, node, total, lead, reuse):
            if arg.number in depending:
                cotangents.setdefault(arg.number, []).append(part)
    return [
        collect(g, cotangents[wrt.number]) if wrt.number in cotangents
        else g.zeros(start.shape[:lead] + wrt.shape)
        for wrt in wrts
    ]


def _forward(g: Graph, of: Node, wrt: Node, reuse: bool) -> Node:
    lead = 1 if wrt.shape else 0
    tangents: dict[int, Node] = {wrt.number: g.eye(wrt.shape) if lead else g.const(1)}
    for node in ancestry([of]):
        if node is wrt or not any(a.number in tangents for a in node.args):
            continue
        d = push(g, node, [tangents.get(a.number) for a in node.args], lead, reuse)
        if d is not None:
            tangents[node.number] = d
    if of.number not in tangents:
        return g.zeros(of.shape + wrt.shape)
    d = tangents[of.number]
    if lead:
        d = g.permute(d, (*range(1, len(d.shape)), 0))
    return arranged(g, d, of.shape + wrt.shape)


def pushed(g: Graph, roots: Sequence[Node], tangents: Mapping[Node, Node]) -> list[Node]:
    """The tangents of some nodes from those of inputs: J v, as large as the nodes themselves."""
    known = {node.number: tangent for node, tangent in tangents.items()}
    for node in ancestry(roots):
        if node.number in known or not any(a.number in known for a in node.args):
            continue
        d = push(g, node, [known.get(a.number) for a in node.args], 0, True)
        if d is not None:
            known[node.number] = d
    return [known.get(root.number) or g.zeros(root.shape) for root in roots]


def collect(g: Graph, parts: list[Node]) -> Node:
    """The sum of cotangents; single entries put into zeros are stacked instead of added."""
    parts = [part for part in parts if not is_zero(part)] or parts[:1]
    if len(parts) > 1 and all(p.op == "put" and p.args[0].shape == () for p in parts):
        entries: dict[int, list[Node]] = {}
        for part in parts:
            entries.setdefault(part.data[1][0], []).append(part.args[0])
        size, zero = parts[0].size, g.const(0)
        if is_mostly_zero(len(entries), size):
            some = g.stack([g.add(same) for same in entries.values()], (len(entries),))
            return g.put(some, tuple(entries), parts[0].shape)
        return g.stack([g.add(entries[k]) if k in entries else zero for k in range(size)], parts[0].shape)
    return g.add(parts)


# ------------------------------------------------------------------ rebuilding


def rebuild(
    g: Graph, roots: Sequence[Node], cut: Iterable[str] = (), safe: bool = False
) -> tuple[list[Node], dict[int, str]]:
    """The graph below some roots without labels; definitions in `cut` become inputs.

    With `safe`, what a block writes by hand is computed without overflow: ln softmax(z) as
    log_softmax(z), ln σ(z) as -softplus(-z), ln(1 + e^z) as softplus(z), 1/(1 + e^-z) as σ(z).

    Returns the new roots and the names of the nodes that are definitions.
    """
    new: dict[int, Node] = {}
    labels: dict[int, str] = {}
    cut = set(cut)
    # Definitions that are cut need nothing below them.
    for node in ancestry(roots, lambda one: one.op == "label" and one.data in cut):
        args = [new[a.number] for a in node.args if a.number in new]
        if node.op == "label":
            if node.data in cut:
                new[node.number] = g.input(node.data, node.shape)
            else:
                new[node.number] = args[0]
                if args[0].op != "input":  # u = x gives x no other name
                    labels.setdefault(args[0].number, node.data)
        else:
            new[node.number] = again(g, node, args, safe)
    return [new[root.number] for root in roots], labels


# ------------------------------------------------------------------ kinks


def kinks(g: Graph, roots: Sequence[Node]) -> list[tuple[str, Node]]:
    """The places where a derivative jumps: (function, node that is 0 there), of all nodes below the roots."""
    return [kink for node in ancestry(roots) for kink in OPERATIONS[node.op].kinks(g, node)]


def replace_inputs(g: Graph, roots: Sequence[Node], swap: Mapping[str, Node]) -> list[Node]:
    """The same roots with other nodes in the place of inputs."""
    new: dict[int, Node] = {}
    for node in ancestry(roots):
        if node.op == "input" and node.data in swap:
            new[node.number] = swap[node.data]
        else:
            new[node.number] = again(g, node, [new[a.number] for a in node.args], False)
    return [new[root.number] for root in roots]


def replace_root(g: Graph, root: Node, old: Node, new_node: Node) -> Node:
    """The same root with one node in the place of another: 1 - tanh(z)² as 1 - a², a being tanh(z)."""
    new: dict[int, Node] = {old.number: new_node}
    for node in ancestry([root]):
        if node.number not in new:
            new[node.number] = again(g, node, [new[a.number] for a in node.args], False)
    return new[root.number]
