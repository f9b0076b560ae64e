"""Derivatives in a block as nodes of the graph: what is differentiated is itself a part of the program.

A derivative is taken in the names of the block, definitions gone through, and only then
are the arguments of a call, or the values of a place, put in. It is a node like any other: it is
differentiated again, evaluated by every backend, and by the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod

from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node, ancestry
from jacmagic.errors import NameMistake, ShapeError, Span, SyntaxMistake, ValueMistake
from jacmagic.functions import symbolic
from jacmagic.language import tree as t
from jacmagic.program.components import check_components
from jacmagic.program.lowerer import Lowerer, Unroll, Value

Shape = tuple[int, ...]


def lower(low: Lowerer, expr: t.Expr) -> Value:
    """The value of a derivative, with what the calls round it put in."""
    if low.in_family:
        raise Unroll
    try:
        return low.of_node(_Derivative(low).value(expr))
    except ValueMistake as error:
        error.span = error.span or expr.span
        raise


def read_below(node: Node) -> list[str]:
    """The names that a node reads, definitions not gone through: those that a derivative brings with it."""
    found: set[str] = set()
    seen: set[int] = set()
    todo = [node]
    while todo:
        one = todo.pop()
        if one.number in seen:
            continue
        seen.add(one.number)
        if one.op in ("input", "label"):
            found.add(one.data)
        else:
            todo += one.args
    return sorted(found)


def needed_names(
    expr: t.Expr, memo: Mapping[str, set[str]], arguments: Callable[[str], Sequence[str]]
) -> set[str]:
    """The free names that an expression needs, calls and places followed with what they put in.

    memo       those that the definitions above need
    arguments  a function's own, which a call puts in
    """
    found: set[str] = set()
    todo = [expr]
    while todo:
        one = todo.pop()
        if isinstance(one, t.AtPoint):
            of = getattr(one.of, "of", None)
            if isinstance(of, t.Name):
                found |= memo.get(of.key, set()) - set(arguments(of.key))
            todo += [*one.arguments, *((one.of.along,) if isinstance(one.of, t.Directional) else ())]
            continue
        if isinstance(one, t.Evaluated):
            sides = [side.sides for side in t.children(one.place) if isinstance(side, t.Equation)]
            placed = {name.key for name, _ in sides if isinstance(name, t.Name)}
            found |= needed_names(one.inner, memo, arguments) - placed
            todo += [value for _, value in sides]
            continue
        if isinstance(one, t.UserCall):
            found |= memo.get(one.key, set()) - set(arguments(one.key))
        if isinstance(one, t.Name):
            found |= memo.get(one.key, {one.key})
        todo += t.children(one)
    return found


def by_shape(of: Shape, wrt: Shape) -> Shape | None:
    """The shape of a derivative: that of what is differentiated, then that of what it is by; None beyond a matrix.

    Axes of one entry are dropped where there are more than two, and a 1×1 product of both is a number.
    """
    whole = of + wrt
    if of and wrt and prod(whole) == 1:
        return ()
    whole = whole if len(whole) < 3 else tuple(n for n in whole if n > 1)
    return whole if len(whole) < 3 else None


class _Derivative:
    def __init__(self, low: Lowerer) -> None:
        self.low, self.g = low, low.graph

    # -------------------------------------------------------------- values
    def value(self, expr: t.Expr) -> Node:
        """The node of a derivative at the point that calls and places say."""
        if isinstance(expr, t.Slope):
            return self.slope(expr)
        if isinstance(expr, t.AtPoint):
            return self.at_point(expr)
        if isinstance(expr, t.Evaluated):
            return self.evaluated(expr)
        node, _ = self.open(expr)
        return self.close(node, {})

    def close(self, node: Node, swap: Mapping[str, Node]) -> Node:
        """The node with what its names stand for here put in: definitions that were cut, arguments of calls."""
        found = {one.data: one for one in ancestry([node]) if one.op == "input"}
        known = dict(swap)
        for key in found.keys() - known.keys():
            if key in self.low.env:
                known[key] = self.low.node(self.low.env[key])
        changed = {key: new for key, new in known.items() if key in found and new is not found[key]}
        return c.replace_inputs(self.g, [node], changed)[0] if changed else node

    def at_point(self, expr: t.AtPoint) -> Node:
        of = getattr(expr.of, "of", None)
        assert isinstance(of, t.Name)
        params = self.low.arguments_of(of.key)
        node, _ = self.open(expr.of)
        return self.close(node, self.arguments(expr, of.key, params, expr.arguments))

    def arguments(self, expr: t.AtPoint, key: str, params: Sequence[str], given: Sequence[t.Expr]) -> dict[str, Node]:
        """The nodes of a call's arguments by their names; a vector fills as many as it has entries."""
        low = self.low
        values = [low.lower(one) for one in given]
        if len(values) == 1 < len(params) and values[0].shape == (len(params),):
            vector = low.node(values[0])
            return {param: self.g.take(vector, (k,), ()) for k, param in enumerate(params)}
        if len(values) != len(params):
            shown, inside = low.source(expr.of.span), low.source(given[0].span)
            raise SyntaxMistake(
                f"{shown} takes {len(params)} arguments, as {key}({', '.join(params)}) does; here it gets 1.",
                expr.span, (f"{shown}*({inside})",),
            )
        swap = {}
        for param, one, value in zip(params, given, values):
            own = low.home[param].shape
            if value.shape != own:
                told = f"{low.describe(one, value)}; the argument {param} of {key} has another size."
                raise ShapeError(told, one.span)
            swap[param] = low.node(value)
        return swap

    def slope(self, expr: t.Slope) -> Node:
        """f'(x), entry by entry where x is a vector and f of a number."""
        low, call = self.low, expr.call
        if isinstance(call, t.Call):
            return self.table_slope(call, expr.order)
        assert isinstance(call, t.UserCall)
        (param,) = low.arguments_of(call.key)
        (argument,) = call.arguments
        value = low.lower(argument)
        own = low.home[param].shape
        node = self.root(t.Name(call.key, span=call.span), [param])
        for _ in range(expr.order):
            node = self.partial(node, self.target(param), expr.span)
        if value.shape == own:
            return self.close(node, {param: low.node(value)})
        if own != ():
            raise ShapeError(f"{low.describe(argument, value)}; the argument {param} of {call.key} has another size.",
                             argument.span)
        whole = low.node(value)
        entries = [self.close(node, {param: self.g.take(whole, (k,), ())}) for k in range(whole.size)]
        return self.g.stack(entries, whole.shape)

    def table_slope(self, call: t.Call, order: int) -> Node:
        """tanh'(z): of a function of the table, entry by entry."""
        value = self.low.node(self.low.lower(call.arguments[0]))
        name = self.g.input("derivative's argument", value.shape)
        node = self.low.node(Value(symbolic(call.function)(self.low.symbol(name)), name.shape))
        for _ in range(order):
            node = c.sweep(self.g, node, self.g.const(1, node.shape), [name], False)[0]
        return c.replace_inputs(self.g, [node], {name.data: value})[0]

    def evaluated(self, expr: t.Evaluated) -> Node:
        """A formula at a place: x = a put in, where x is reached through definitions too."""
        low = self.low
        assert isinstance(expr.place, t.Listing)
        swap: dict[str, Node] = {}
        with low.at_home():
            inner = low.node(low.lower(expr.inner))
        for one in expr.place.items:
            assert isinstance(one, t.Equation)
            name, given = one.sides
            assert isinstance(name, t.Name)
            value = low.lower(given)
            if name.key not in low.home:
                said = f"{low.source(name.span)} is a size, a bound or an index here; a place is of names that change."
                raise NameMistake(said, name.span)
            if value.shape != low.home[name.key].shape:
                raise ShapeError(f"{low.describe(given, value)}; {name.key} has another size.", one.span)
            swap[name.key] = low.node(value)
        return self.close(self.opened(inner, swap), swap)

    # -------------------------------------------------------------- in the names of the block
    def open(self, expr: t.Expr) -> tuple[Node, Sequence[str]]:
        """A derivative in the inputs of the graph, before anything is put in; and the names that it is by."""
        if isinstance(expr, t.Partial):
            return self.quotient(expr.of, expr.by, expr.span, held=True), ()
        if isinstance(expr, t.Total):
            return self.quotient(expr.of, expr.by, expr.span, held=False), ()
        if isinstance(expr, t.Gradient) and expr.by is not None:
            return self.named_gradient(expr, expr.by), ()
        if isinstance(expr, t.Gradient):
            root, by = self.field(expr.of, expr)
            return self.gradient(expr, root, by), by
        if isinstance(expr, t.Hessian):
            root, by = self.field(expr.of, expr)
            return self.flat_jacobian(self.gradient(expr, root, by), by, expr.span), by
        if isinstance(expr, t.Jacobian) and expr.of is not None:
            root, by = self.field(expr.of, expr)
            return self.flat_jacobian(root, by, expr.span), by
        if isinstance(expr, t.Laplacian):
            root, by = self.field(expr.of, expr)
            gradient = self.gradient(expr, root, by)
            return self.trace(self.flat_jacobian(gradient, by, expr.span)), by
        if isinstance(expr, t.Divergence):
            return self.divergence(expr)
        if isinstance(expr, t.Curl):
            return self.curl(expr)
        assert isinstance(expr, t.Directional)
        return self.directional(expr)

    def target(self, key: str) -> Node:
        """The input that a name is where it is differentiated by."""
        return self.g.input(key, self.low.home[key].shape)

    def opened(self, node: Node, cut: Iterable[str]) -> Node:
        """The node with all definitions gone through, but for those of these names, which become inputs."""
        return c.rebuild(self.g, [node], [key for key in cut if key in self.low.home], safe=True)[0][0]

    def root(self, of: t.Expr, cut: Iterable[str]) -> Node:
        with self.low.at_home():
            return self.opened(self.low.node(self.low.lower(of)), cut)

    def partial(self, node: Node, wrt: Node, span: Span) -> Node:
        """The derivative of one node by an input, in the shape that the language gives it."""
        shape = by_shape(node.shape, wrt.shape)
        if shape is None:
            sizes = " and ".join("×".join(map(str, one.shape)) for one in (node, wrt))
            raise ShapeError(
                f"{self.low.source(span)} would have more than two axes: {sizes}. Take one component, or a sum.", span
            )
        whole = c.derivative(self.g, node, wrt)
        return whole if whole.shape == shape else self.g.take(whole, range(whole.size), shape)

    def quotient(self, of: t.Expr, by: Sequence[t.Expr], span: Span, held: bool) -> Node:
        """∂f/∂x of a function, its other arguments held; df/dx and ∂L/∂W through all definitions."""
        low = self.low
        names = [(one.base if isinstance(one, t.Component) else one) for one in by]
        for name, typed in zip(names, by):
            if not isinstance(name, t.Name) or name.key not in low.home:
                raise NameMistake(f"{low.source(typed.span)} is no name that a derivative can be by.", typed.span)
        keys = [name.key for name in names if isinstance(name, t.Name)]
        held_names = low.arguments_of(of.key) if held and isinstance(of, t.Name) else ()
        node = self.root(of, {*keys, *held_names})
        for key, one in zip(keys, by):
            if isinstance(one, t.Component):
                node = self.by_component(node, key, one)
            else:
                node = self.partial(node, self.target(key), span)
        return node

    def by_component(self, node: Node, key: str, one: t.Component) -> Node:
        """∂f/∂x[1]: the column of the derivative by x."""
        low, target = self.low, self.target(key)
        check_components(low, one, low.of_node(target))
        if len(one.indices) < len(target.shape) or any(isinstance(index, t.Slice) for index in one.indices):
            raise ShapeError("A derivative is by a whole name, or by one entry of it: x[2], W[1,2].", one.span)
        at = 0
        for size, index in zip(target.shape, one.indices):
            place = low.whole_of(index)
            if not 1 <= place <= size:
                raise ShapeError(f"{place} is out of range (from 1 to {size}).", one.span)
            at = at * size + place - 1
        whole = c.derivative(self.g, node, target)
        return self.g.take(whole, [k * target.size + at for k in range(node.size)], node.shape)

    # -------------------------------------------------------------- fields
    def field(self, of: t.Expr, whole: t.Expr) -> tuple[Node, Sequence[str]]:
        """What is differentiated by all its arguments, and these; of a definition, by the variables it depends on."""
        inner = t.inside(of)
        if isinstance(inner, t.Name) and (params := self.low.arguments_of(inner.key)):
            return self.root(inner, params), params
        if isinstance(inner, t.DERIVATIVES) and not isinstance(inner, (t.Slope, t.AtPoint, t.Evaluated)):
            node, by = self.open(inner)
            if by:
                return node, by
        root = self.root(of, ())
        by = self.low.columns_of([one.data for one in ancestry([root]) if one.op == "input"])
        if not by:
            raise NameMistake(
                f"{self.low.source(of.span)} depends on no variable: give it arguments, or say by which name it is.",
                whole.span,
            )
        return self.root(of, by), by

    def number(self, expr: t.Expr, root: Node) -> Node:
        """What has a gradient: a number."""
        if root.size != 1:
            of = getattr(expr, "of", expr)
            found = self.low.describe(of, self.low.of_node(root))
            shown = self.low.source(expr.span)
            plain = isinstance(expr, t.Gradient) and expr.by is None and isinstance(of, t.Name)
            fix = (f"jac {self.low.source(of.span)}",) if plain else ()
            raise ShapeError(f"{shown} is of a function whose value is a number: {found}.", expr.span, fix)
        return self.g.take(root, (0,), ())

    def gradient(self, expr: t.Expr, root: Node, by: Sequence[str]) -> Node:
        """The column of all partial derivatives of a number."""
        root = self.number(expr, root)
        targets = [self.target(key) for key in by]
        parts = c.jacobians(self.g, root, targets, reuse=False)
        return self.g.stack(parts, (sum(one.size for one in targets),))

    def named_gradient(self, expr: t.Gradient, by: t.Expr) -> Node:
        """∇_W L, in the shape of W."""
        low = self.low
        if isinstance(by, t.Component) or not isinstance(by, t.Name) or by.key not in low.home:
            raise NameMistake(f"{low.source(by.span)} is no name that a gradient can be by.", by.span)
        params = low.arguments_of(expr.of.key) if isinstance(expr.of, t.Name) else ()
        root = self.number(expr, self.root(expr.of, {by.key, *params}))
        return c.derivative(self.g, root, self.target(by.key))

    def flat_jacobian(self, root: Node, by: Sequence[str], span: Span) -> Node:
        """The matrix of all partial derivatives, a row for each entry and a column for each argument."""
        targets = [self.target(key) for key in by]
        columns, rows = sum(one.size for one in targets), max(root.size, 1)
        self.low.entries(rows * columns, span)
        entries: list[Node] = []
        for k in range(rows):
            part = self.g.take(root, (k,), ())
            entries += c.jacobians(self.g, part, targets, reuse=False)
        return self.g.stack(entries, (rows, columns))

    def trace(self, matrix: Node) -> Node:
        n = matrix.shape[0]
        return self.g.sum(self.g.take(matrix, [k * (n + 1) for k in range(n)], (n,)), (0,))

    def square(self, expr: t.Divergence | t.Curl) -> tuple[Node, Sequence[str]]:
        """The Jacobian of a field with as many components as variables."""
        root, by = self.field(expr.of, expr)
        count = sum(self.target(key).size for key in by)
        if root.size != count or len(root.shape) > 1:
            found = self.low.describe(expr.of, self.low.of_node(root))
            raise ShapeError(
                f"{self.low.source(expr.span)} is of a field with as many components as variables: {found}, and there "
                f"{'is 1 variable' if count == 1 else f'are {count} variables'}, {', '.join(by)}.", expr.span,
            )
        return self.flat_jacobian(root, by, expr.span), by

    def divergence(self, expr: t.Divergence) -> tuple[Node, Sequence[str]]:
        matrix, by = self.square(expr)
        return self.trace(matrix), by

    def curl(self, expr: t.Curl) -> tuple[Node, Sequence[str]]:
        matrix, by = self.square(expr)
        n = matrix.shape[0]
        if n not in (2, 3):
            raise ShapeError(f"A curl is of a field of 3 components, or of 2 in the plane; here are {n}.", expr.span)
        pairs = [(2, 1), (0, 2), (1, 0)] if n == 3 else [(1, 0)]
        low, g = self.low, self.g
        entries = [
            low.node(Value(low.symbol(g.take(matrix, (i * n + j,), ())) - low.symbol(g.take(matrix, (j * n + i,), ()))))
            for i, j in pairs
        ]
        return (g.stack(entries, (3,)) if n == 3 else entries[0]), by

    def directional(self, expr: t.Directional) -> tuple[Node, Sequence[str]]:
        """∇f · v, J v for a field."""
        root, by = self.field(expr.of, expr)
        low, g = self.low, self.g
        with low.at_home():
            along = low.node(low.lower(expr.along))
        along = self.opened(along, by)
        matrix = self.flat_jacobian(root, by, expr.span)
        if along.size != matrix.shape[1] or len(along.shape) > 1:
            found = low.describe(expr.along, low.of_node(along))
            raise ShapeError(
                f"A direction has an entry for each variable, {', '.join(by)}: {found}.", expr.span,
                self.sized(expr.along, matrix),
            )
        flat = g.take(along, range(along.size), (along.size,))
        return g.take(g.dot(matrix, flat, (0, 1), (1,), (0,)), range(root.size), root.shape), by


    def sized(self, along: t.Expr, matrix: Node) -> tuple[str, ...]:
        """The line that declares a direction which no line does."""
        node, n = self.low.node(self.low.lower(along)), matrix.shape[1]
        plain = isinstance(along, t.Name) and node.op == "input" and not node.shape and n > 1
        return (f"{self.low.source(along.span)} in R^{n}",) if plain else ()


RULES = dict.fromkeys(t.DERIVATIVES, lower)
