"""The Result of a block: symbols, numbers, source code, what is shown.

`derive(text)` is the way through the house: text, Program, derivatives. A Result
computes on demand and remembers what it computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cached_property, partial
from math import prod
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import sympy as sp

from jacmagic import code, composing, conditions, draws, lecture, names, second, solving, sparse
from jacmagic import train as learning
from jacmagic.code import Compiled
from jacmagic.engine import chain as c
from jacmagic.engine import expand, implicit
from jacmagic.engine.graph import Graph, Node, ancestry, is_mostly_zero
from jacmagic.engine.ops.unknown import undetermined
from jacmagic.engine.textbook import in_textbook_form, of_equations
from jacmagic.errors import JacmagicError, LimitError, Span, ValueMistake, nearest
from jacmagic.language.keys import key_of
from jacmagic.language.statements import parse_names
from jacmagic.layers import LargeJacobian, Layer
from jacmagic.program.model import Program, Shape
from jacmagic.reals import reals
from jacmagic.values import Flat, Single, Values, fitted, identifier, wholes_first

T = TypeVar("T")

MAX_EXPLICIT = 2_500
"""Entries of a local Jacobian that is written out at once; a larger one is a matrix expression.
Instead: its numbers, `r.at(of, wrt)`."""


def symbols_of(key: str, shape: Shape) -> tuple[sp.Symbol, ...]:
    """The SymPy symbols of a name's entries, row by row."""
    return tuple(sp.Symbol(names.entry(key, shape, at), real=True) for at in range(prod(shape)))

MAX_KINKS = 40
"""Places that are watched for a kink. Instead: `r.forward(…)`."""


def _beside(g: Graph, blocks: list[Node], height: int, widths: list[int]) -> list[Node]:
    """The derivatives of one function by each variable beside each other: its rows, or their entries one by one."""
    if len(blocks) == 1:
        return blocks
    if any(block.op not in ("stack", "const") and block.shape for block in blocks):
        parts = [c.arranged(g, block, (height, width)) for block, width in zip(blocks, widths)]
        return [g.stack(parts, (sum(widths),), 1)]
    entries = [[g.take(block, (i,), ()) for i in range(block.size)] if block.shape else [block] for block in blocks]
    return [entry for i in range(height) for column, n in zip(entries, widths) for entry in column[i * n : (i + 1) * n]]


def _put_together(g: Graph, parts: list[Node], shape: Shape) -> Node:
    """A matrix of its parts, one after the other; of those alone that are not 0, where these are few."""
    zero = g.const(0)
    held = [k for k, one in enumerate(parts) if one is not zero]
    if len(parts) == prod(shape) and is_mostly_zero(len(held), len(parts)):
        return g.put(g.stack([parts[k] for k in held], (len(held),)), held, shape)
    return parts[0] if len(parts) == 1 else g.stack(parts, shape)


class Result(learning.Learns):
    """Functions and their Jacobian. Made by `jacmagic.jacobian` and `jacmagic.nnchain`.

    Layout: numerator layout; d of / d wrt has one row for each entry of `of` and one
    column for each entry of `wrt`, whatever is shown.

    Symbols are real, `Symbol("x", real=True)`: SymPy's own `Symbol("x")` is another one, and so is the text "x".
    `r.matrix.subs(r.symbols["x"], 3)` puts 3 in; `r.matrix.subs("x", 3)` changes nothing.

    Attributes:
        text     the block
        program  the block as it was understood
        values   {name: value}, the current point; settable
        uid      what its panels know each other by; without one each is alone
    """

    uid = ""
    answer: tuple[str, Span] | None = None  # what stands behind answer:, and where in that text

    layout = "numerator"  # how derivatives are shown
    OFFERED = (
        "at check code critical_points equilibria forward function hessian html hvp jacobian jvp latex layers linear "
        "matrix observe outputs parameters save set show sliders solve sparse steps subs symbols values variables "
        "vector vjp widget"
    ).split()
    """What Tab offers: the names that .github/PYTHON.md gives; no more, since the rest is the house's own."""

    OFFERED_BY_NETS = "data gradients module_names roles step train".split()

    def __init__(self, program: Program) -> None:
        self.program = program
        self.text = program.text
        self.besides: dict[str, Any] = {}  # what is shown besides, by option: {"steps": True}
        self.known = list(dict.fromkeys([*program.inputs, *program.steps]))
        self._observers: list[Callable[[dict[str, Any]], None]] = []
        self._links: list[Callable[[Mapping[str, np.ndarray], object], None]] = []
        self._kept: dict[Any, Any] = {}

    unseen = ""
    """What is said where no draw of the start point shows anything."""

    @cached_property
    def values(self) -> Values:
        """{name: value}: the current point; at first one that shows something."""
        inputs = self.program.inputs
        found = self.__dict__["values"] = Values(self, {key: one.value for key, one in inputs.items()})
        self.unseen = draws.draw(self, found)
        found.settle()
        return found

    def blank(self) -> int:
        """What keeps the current point from showing anything, the worse the more."""
        return draws.blank(self)

    def kinks_here(self) -> list[str]:
        """The functions whose kink the current point sits on, of the first 40 places."""
        return self.watched()[0]

    def watched(self, at: Mapping[str, Any] = MappingProxyType({})) -> tuple[list[str], list[np.ndarray]]:
        """The functions on whose kink the current point sits, and the values of the outputs there."""

        def make() -> tuple[list[str], Compiled]:
            roots, _ = self.rebuilt(safe=True)
            found = c.kinks(self.program.graph, roots)[:MAX_KINKS]
            nodes = {f"k{k}": node for k, (_, node) in enumerate(found)}
            nodes |= {f"o{k}": one for k, one in enumerate(roots)}
            return [name for name, _ in found], self.compile_nodes(nodes)

        names, run = self.once("kinks", make)
        values = run(**self.point(at))
        met = [name for k, name in enumerate(names) if not np.all(values[f"k{k}"])]
        return met, [values[f"o{k}"] for k in range(len(self.program.outputs))]

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, and what is pickled, has the block and the current point; none of who listens to this one."""
        return composing.copied, (type(self), self.program, self.values._data)

    def __deepcopy__(self, memo: Any) -> Any:
        return copy(self)  # what is shared of the block never changes

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What `make` gives, kept under the key: whole or not at all, as the reader may interrupt."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept

    def __dir__(self) -> list[str]:
        return sorted(self.OFFERED + (self.OFFERED_BY_NETS if self.program.net else []))

    @cached_property
    def undetermined(self) -> list[str]:
        """The functions of which nothing is known, u of u = u(x, t): with them there are formulas and no numbers."""
        return undetermined([self.program.node(key) for key in self.program.outputs])

    @property
    def unsolved(self) -> bool:
        """True where Newton's method finds no point on the equations that define names."""
        found, point = self.program.conditions, self.point({})
        return found is not None and any(np.isnan(point[identifier(one.data)]).any() for one in found.names)

    # -------------------------------------------------------------- names
    def entry_symbols(self, key: str) -> tuple[sp.Symbol, ...]:
        """The SymPy symbols of a name's entries."""
        return symbols_of(key, self.program.shape(key))

    @cached_property
    def symbols(self) -> Mapping[str, sp.Symbol]:
        """{name: SymPy symbol} of all names, the entries of vectors and matrices one by one: x1, W_{1,2}.

        They are real, so that √(x²) is |x|; SymPy's own `Symbol("x")` is another symbol than `r.symbols["x"]`.
        """
        return {symbol.name: symbol for key in self.known for symbol in self.entry_symbols(key)}

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        """The columns: one SymPy symbol for each entry of each variable."""
        return tuple(s for key in self.program.variables for s in self.entry_symbols(key))

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """The other symbols that the outputs depend on."""
        return tuple(s for key in self.program.parameters for s in self.entry_symbols(key))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """One for each definition, in order."""
        return tuple(Layer(self, step) for step in self.program.steps.values())

    def place(self, name: str) -> tuple[str, int | None]:
        """The key of a name of the block, and which entry of it is meant."""
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is no name; names are text, r.at('f', 'x'), and values keywords, r.at(x=1)")
        if name in self.program.steps or name in self.program.inputs:
            return name, None
        typed = name.replace(" ", "")
        for key in self.known:
            if name.startswith(key) and (shape := self.program.shape(key)) != ():
                for k, symbol in enumerate(self.entry_symbols(key)):
                    if name == symbol.name or typed == names.place(key, shape, k):
                        return key, k
        try:
            keys = [key_of(word) for word in parse_names(name)]  # x_1 is x1 and φ is phi, as in the block
        except JacmagicError:
            keys = []
        if len(keys) == 1 and keys[0] != name:
            return self.place(keys[0])
        close = nearest(name, self.known)
        hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(self.known)}"
        raise KeyError(f"no name {name!r} in this block{hint}")

    # -------------------------------------------------------------- nodes
    def inner(self, key: str) -> Node:
        """The node of a definition with every other definition as a name of its own."""
        others = [k for k in self.program.steps if k != key]
        return c.rebuild(self.program.graph, [self.program.steps[key].node.args[0]], others)[0][0]

    def rebuilt(self, safe: bool) -> tuple[list[Node], dict[int, str]]:
        """The nodes of the outputs in the inputs, and the names of the definitions on the way."""
        p = self.program
        return self.once(("rebuilt", safe), lambda: c.rebuild(p.graph, [p.node(key) for key in p.outputs], (), safe))

    def derivative(self, of: str, wrt: str, safe: bool) -> tuple[Node, dict[int, str]]:
        """The node of d of / d wrt in the inputs, and the names of the definitions on the way."""
        g = self.program.graph
        (key, k), (by, j) = self.place(of), self.place(wrt)
        self._check_size(of, () if k is not None else self.program.shape(key), wrt, self.program.shape(by))
        cut = [by] if by in self.program.steps and by != key else []
        roots, labels = c.rebuild(g, [self.program.node(key)], cut, safe)
        target = g.input(by, self.program.shape(by))
        if by == key and by in self.program.steps:
            node = c.jacobian(g, target, target)
        else:
            root = roots[0] if k is None else g.take(roots[0], (k,), ())
            node = c.jacobian(g, root, target, safe)
        shape, own = self.program.shape(key) if k is None else (), self.program.shape(by)
        if by == key and by in self.program.steps and k is not None:
            node = g.take(node, [k * prod(own) + i for i in range(prod(own))], own)
        if j is not None:
            node = g.take(node, [i * prod(own) + j for i in range(prod(shape))], shape)
        return node, labels

    @staticmethod
    def _check_size(of: str, shape: Shape, wrt: str, own: Shape) -> None:
        count = prod(shape) * prod(own)
        if count > c.MAX_JACOBIAN:
            raise LimitError(
                f"d{of}/d{wrt} would have {count:,} entries; a Jacobian has at most {c.MAX_JACOBIAN:,}. "
                "r.at(sparse=True) has those that are not 0; else ask for one entry, such as that of a component."
            )

    def total(self, safe: bool) -> tuple[Node, dict[int, str]]:
        """The node of the whole Jacobian, (rows, columns), and the names of the definitions on the way."""
        return self.once(("total", safe), lambda: self._total(safe))

    def _total(self, safe: bool) -> tuple[Node, dict[int, str]]:
        p, g = self.program, self.program.graph
        shapes = {key: p.shape(key) for key in (*p.outputs, *p.variables)}
        sizes = [prod(shapes[key]) for key in p.variables]
        width, height = sum(sizes), sum(prod(shapes[key]) for key in p.outputs)
        largest = [sorted(keys, key=lambda key: prod(shapes[key]))[-1:] for keys in (p.outputs, p.variables)]
        for of, wrt in zip(*largest):
            self._check_size(of, shapes[of], wrt, shapes[wrt])
        plain = [key for key in p.variables if key not in p.steps]
        targets = [g.input(key, shapes[key]) for key in plain]
        rows: list[Node] = []
        roots, labels = self.rebuilt(safe)
        labels = dict(labels)
        for of, root in zip(p.outputs, roots):
            swept = dict(zip(plain, c.jacobians(g, root, targets, safe)))
            for wrt in p.variables:
                if wrt not in swept:  # a definition, which is cut out of the graph
                    swept[wrt], found = self.derivative(of, wrt, safe)
                    labels |= found
            rows += _beside(g, [swept[wrt] for wrt in p.variables], prod(shapes[of]), sizes)
        return c.arranged(g, _put_together(g, rows, (height, width)), (height, width)), labels

    # -------------------------------------------------------------- symbols
    def entries(self, node: Node, most: int = expand.MAX_WRITTEN) -> list[sp.Expr]:
        """A node's entries with everything substituted, in the symbols of the inputs of its graph."""
        expand.check_length([node], most=most)
        found = self._expanded(node)
        return [found.get(at, sp.S.Zero) for at in range(node.size)]

    def slopes(self, node: Node, most: int = expand.MAX_WRITTEN, of: str | None = None) -> list[sp.Expr]:
        """The entries of a Jacobian, or of a local one, in the textbook's form."""

        def functions() -> list[sp.Expr]:
            try:
                return list(self.outputs) if of is None else self.entries(self.inner(of))
            except LimitError:
                return []  # too long to be read

        found = in_textbook_form(self.entries(node, most), functions)
        return found if self.program.conditions is None else list(map(of_equations, found))

    def _expanded(self, node: Node) -> dict[int, sp.Expr]:
        """Everything substituted: what is shown as a table is `matrix`, too, and source code."""

        def make() -> dict[int, sp.Expr]:
            (root,) = implicit.solved(self.program.graph, [node])
            names = {n.data: n.shape for n in ancestry([root]) if n.op == "input"}
            return expand.expand([root], {key: symbols_of(key, shape) for key, shape in names.items()})[0]

        return self.once(("expanded", node), make)

    @cached_property
    def outputs(self) -> sp.ImmutableMatrix:
        """The functions, (m, 1), everything substituted."""
        roots, _ = self.rebuilt(safe=False)
        return sp.ImmutableMatrix([entry for root in roots for entry in self.entries(root)])

    @cached_property
    def matrix(self) -> sp.ImmutableMatrix:
        """The Jacobian, (m, n), numerator layout, everything substituted.

        Its symbols are real ones, `r.symbols`: `r.matrix.subs(r.symbols["x"], 3)`, not `.subs("x", 3)`.

        Raises:
            LimitError: written out it is too long; use `at` or `layers`.
        """
        return sparse.with_zeros(self)

    def sparse(self) -> sp.SparseMatrix:
        """The Jacobian as `matrix`, its zeros left out: as large as the entries that are not 0 allow.

        A new matrix that can be changed: SymPy's immutable one takes longer than all that is in it.

        Raises:
            LimitError: written out these are too long, too; use `at(sparse=True)` or `layers`.
        """
        return sparse.symbolic(self)

    def jacobian(self, of: str, wrt: str, /) -> sp.ImmutableMatrix:
        """d of / d wrt for any two names of the block, everything substituted, entries of matrices row by row."""
        node = self.derivative(of, wrt, safe=False)[0]
        rows = prod(self.program.shape(self.place(of)[0])) if self.place(of)[1] is None else 1
        return sp.ImmutableMatrix(rows, node.size // max(rows, 1), self.entries(node))

    def local_node(self, of: str, wrt: str) -> Node:
        """The local Jacobian of a definition by a name it reads, in its own names, shape(of) + shape(wrt)."""
        g = self.program.graph
        return c.jacobian(g, self.inner(of), g.input(wrt, self.program.shape(wrt)), reuse=False)

    def local_jacobian(self, of: str, wrt: str) -> Any:
        """The local Jacobian as a SymPy matrix, (entries of of, entries of wrt)."""
        rows, columns = prod(self.program.shape(of)), prod(self.program.shape(wrt))
        if rows * columns > MAX_EXPLICIT:
            return LargeJacobian(f"d{of}/d{wrt}", rows, columns, lambda: self.entries(self.local_node(of, wrt)))
        return sp.ImmutableMatrix(rows, columns, self.entries(self.local_node(of, wrt)))

    # -------------------------------------------------------------- numbers
    def arguments(self, spelt: Callable[[str], str] = identifier) -> list[tuple[str, Shape]]:
        return [(spelt(key), one.shape) for key, one in self.program.inputs.items()]

    def point(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The current point with these values put in; components (`x1=2` of a vector x) may be given, too."""
        places = {name: self.place(name) for name in values}
        whole = {key for key, entry in places.values() if entry is None}
        rest = self.values._data if self.program.inputs.keys() - whole else {}  # no start is looked for in vain
        out: dict[str, Any] = {identifier(key): value for key, value in rest.items()}
        for name in wholes_first(places):
            key, k = places[name]
            if key in self.program.steps and key not in self.program.inputs:
                raise KeyError(f"{key!r} is defined by the block and has no value of its own")
            array, shape = reals(name, values[name]), self.program.shape(key)
            if k is None:
                out[identifier(key)] = fitted(array, shape) if array.ndim <= len(shape) else array
            else:
                before = np.asarray(out[identifier(key)], dtype=float)
                lead = np.broadcast_shapes(before.shape[: before.ndim - len(shape)], array.shape)
                changed = np.array(np.broadcast_to(before, lead + shape))
                changed.reshape((*lead, -1))[..., k] = array
                out[identifier(key)] = changed
        return conditions.moved(self, out)

    def compiled(self, of: str | None, wrt: str | None, backend: str = "numpy") -> Compiled:
        """The generated function for d of / d wrt; for the whole Jacobian where both are None."""

        for name in (of, wrt):
            if name is not None:
                self.place(name)

        def make() -> Compiled:
            node, labels = self._asked(of, wrt)
            return code.compiled(backend, *self._of_inputs(node, labels), name="jacobian")

        return self.once((of, wrt, backend), make)

    def compile_nodes(self, nodes: Mapping[str, Node]) -> Compiled:
        """A function for several nodes at once: {name: array}."""
        return code.compiled("numpy", *self._of_inputs(nodes, {}))

    def _asked(self, of: str | None, wrt: str | None) -> tuple[Node, dict[int, str]]:
        """The node that two names ask for, the whole Jacobian where there are none."""
        if of is None and wrt is None:
            return self.total(safe=True)
        if of is None or wrt is None:
            raise TypeError("it takes two names, ('f', 'x'), or none")
        return self.derivative(of, wrt, safe=True)

    def _defaults(self) -> dict[str, Any]:
        return {identifier(key): v.copy() if v.ndim else v.item() for key, v in self.values._data.items()}

    def _of_inputs(
        self, node: Any, labels: Mapping[int, str], spelt: Callable[[str], str] = identifier
    ) -> tuple[Any, Any, dict[int, str]]:
        """Code names its inputs as the block does; definitions cut out of the graph are computed first."""
        nodes = node if isinstance(node, Mapping) else {"": node}
        roots = implicit.solved(self.program.graph, list(nodes.values()))
        if unknown := undetermined(roots):
            raise ValueMistake(f"Nothing is known of {', '.join(unknown)}: there are formulas and no numbers.", None)
        cut = {n.data for n in ancestry(roots) if n.op == "input"} & set(self.program.steps) - set(self.program.inputs)
        labels = dict(labels)
        if cut:
            found, more = c.rebuild(self.program.graph, [self.program.node(k) for k in cut], (), safe=True)
            labels |= more
            roots = c.replace_inputs(self.program.graph, roots, dict(zip(cut, found)))
        names = {key: spelt(key) for key in self.program.inputs}
        swap = {key: self.program.graph.input(new, self.program.shape(key)) for key, new in names.items() if key != new}
        if swap:
            roots = c.replace_inputs(self.program.graph, roots, swap)
        final: Any = dict(zip(nodes, roots)) if isinstance(node, Mapping) else roots[0]
        return self.arguments(spelt), final, {number: spelt(key) for number, key in labels.items()}

    def at(self, of: str | None = None, wrt: str | None = None, /, **values: Any) -> Any:
        """The Jacobian at a point: the current values with those given here put in.

        `at("F", "x")` is the derivative of one name by another, `at(of="F", wrt="x")` the same: text is no value.

        Shapes:
            at()            (rows, columns) of the whole Jacobian; where that is 1×1, float() takes it
            at(of, wrt)     shape(of) + shape(wrt), a number's shape being ()
            A batch of values (axes in front of a name's own) gives the same axes in front.
            at(sparse=True) (rows, columns) without its zeros: SciPy's csr_array; where there is no SciPy, three arrays,
                            (rows, columns, values). `at("F", "x", sparse=True)` likewise, entries row by row.

        Raises:
            KeyError: a name that the block does not have.
            ValueError: a value of another shape, or a batch of matrices without zeros.
            LimitError: more entries, or with `sparse` more that are not 0, than there is room for.
        """
        without_zeros = isinstance(values.get("sparse"), bool) and values.pop("sparse")
        for word in ("of", "wrt"):
            if isinstance(values.get(word), str):
                if (of if word == "of" else wrt) is not None:
                    raise TypeError(f"{word} is given twice, by place and by name")
                name = values.pop(word)
                of, wrt = (name, wrt) if word == "of" else (of, name)
        if without_zeros:
            return sparse.at(self, of, wrt, values)
        point = self.point(values)  # first: a point is looked for by the function that is made here
        found = np.asarray(self.compiled(of, wrt)(**point))
        return found.view(Single) if of is None and found.shape == (1, 1) else found

    @cached_property
    def _forward(self) -> Compiled:
        keys = list(self.program.steps)
        roots, labels = c.rebuild(self.program.graph, [self.program.node(key) for key in keys], (), safe=True)
        return code.compiled("numpy", *self._of_inputs(dict(zip(keys, roots)), labels))

    def forward(self, /, **values: Any) -> dict[str, np.ndarray]:
        """{name: value} of every definition at a point; batches as in `at`."""
        return {key: np.asarray(value) for key, value in self._forward(**self.point(values)).items()}

    def function(self, backend: str = "numpy", of: str | None = None, wrt: str | None = None) -> Compiled:
        """A picklable callable: the block's names as keywords -> the Jacobian, broadcasting over leading axes.

        Names that are left out have the values of the moment when the function was made.

        Raises:
            ValueError: an unknown backend; there are "numpy", "torch", "jax" and "math".
        """
        made = self.compiled(of, wrt, backend)
        return Compiled(made.backend, made.source, made.inputs, self._defaults(), made.name, made.twin)

    def vector(self, /, **values: Any) -> tuple[Flat, Flat]:
        """`fun, jac = r.vector()`: the functions and their Jacobian, of one flat array in the order of `r.variables`.

        As SciPy takes them:

            scipy.optimize.root(fun, [1, 1], jac=jac)
            scipy.optimize.least_squares(fun, [1, 1], jac=jac)
            scipy.integrate.solve_ivp(lambda t, v: fun(v), (0, 10), [1, 1], method="Radau", jac=lambda t, v: jac(v))

        All other names have the values given here, or those of the moment when the functions were made.

        Shapes:
            fun  (n,) to (m,)
            jac  (n,) to (m, n)

        Raises:
            ValueError: a variable that the block defines, as by wrt="u"; names that equations define.
        """
        p, g = self.program, self.program.graph
        if p.conditions is not None:
            raise ValueError("equations define names here, which r.at(…) and r.forward(…) solve at every point")
        if defined := [key for key in p.variables if key in p.steps]:
            raise ValueError(f"{defined[0]} is defined by the block; a vector is one of names that have no definition")

        def make() -> Compiled:
            roots, labels = self.rebuilt(safe=True)
            whole = g.stack(roots, (sum(root.size for root in roots),))
            return code.compiled("numpy", *self._of_inputs(whole, labels), name="functions")

        point = self.point(values)
        shapes = {key: p.shape(key) for key in p.variables}
        made = [self.once("vector", make), self.compiled(None, None)]
        fun, jac = (Flat(Compiled(m.backend, m.source, m.inputs, point, m.name), shapes) for m in made)
        return fun, jac

    def hessian(self, of: str | None = None, a: str | None = None, b: str | None = None, /, **values: Any) -> Any:
        """The matrix of second derivatives of the one function, symbolic; of several {name: matrix}.

        `hessian("L", "W", "W")` is that of one name by two others, in numbers at a point as in `at`:
        of.shape + a.shape + b.shape.
        """
        if of is None and not values:
            return second.hessians(self)
        if of is None or a is None or b is None:
            raise TypeError("it takes three names, ('L', 'W', 'W'), or nothing")
        return second.hessian_at(self, of, a, b, values)

    def jvp(self, v: Any, /, **values: Any) -> np.ndarray:
        """J v in numbers, v having an entry for each of `variables`, or {name: array}; J is not formed."""
        return second.jvp(self, v, values)

    def vjp(self, u: Any, /, **values: Any) -> np.ndarray:
        """Jᵀ u in numbers, u having an entry for each of `outputs`, or {function: array}; J is not formed."""
        return second.vjp(self, u, values)

    def hvp(self, v: Any, /, **values: Any) -> Any:
        """The Hessian of the one function times v, likewise; of v = {name: array} an array for each of these names."""
        return second.hvp(self, v, values)

    def linear(self, /, **values: Any) -> second.Linear:
        """The function a ↦ f(p) + J(p) (a - p) at a point p, of one flat array as `vector` has it."""
        fun, jac = self.vector(**values)
        point = self.point(values)
        flat = np.concatenate([np.ravel(np.asarray(point[identifier(key)], float)) for key in self.program.variables])
        return second.Linear(flat, np.ravel(fun(flat)), np.asarray(jac(flat)), fun)

    def subs(self, /, **values: Any) -> Result:
        """The result with values in the place of names that no line defines: k is no symbol there, without a slider."""
        return composing.subs(self, values)

    def __matmul__(self, other: Any) -> Result:
        """`r @ s` is r after s: r's variables are what s gives, and by the chain rule J = J_r(s(x)) J_s(x)."""
        return composing.after(self, other) if isinstance(other, Result) else NotImplemented

    def solve(self) -> solving.Solutions:
        """Where the block's equations hold: [{name: SymPy or float}], by SymPy, else by Newton's method from a grid."""
        return solving.solve(self)

    def equilibria(self) -> solving.Solutions:
        """Where a system or a map rests, found likewise; each has its `.kind`: "stable node", "saddle", …"""
        return solving.equilibria(self)

    def critical_points(self) -> solving.Solutions:
        """Where the gradient of the one function is 0, found likewise; each has its `.kind`: "minimum", "saddle", …"""
        return solving.critical_points(self)

    def code(
        self, backend: str = "numpy", of: str | None = None, wrt: str | None = None, style: str = ""
    ) -> str:
        """Runnable source of the Jacobian in any of its dialects: "sympy", "numpy", "c", "julia", "octave", …

        Julia's is the one that no test runs; it is read by Julia's grammar. `code("sympy", style="lecture")` is the
        short cell that somebody would write by hand.

        Raises:
            ValueError: an unknown dialect or style; the names that there are.
        """
        if style:
            if backend != "sympy" or style != "lecture":
                raise ValueError('the one style that there is is "lecture", of "sympy"')
            return lecture.source(self, of, wrt)
        if backend == "sympy":
            return self._sympy_code(of, wrt)
        name = code.dialect(backend).name
        if (made := self._kept.get((of, wrt, name))) is not None:
            return made.source
        inputs, root, labels = self._of_inputs(*self._asked(of, wrt), partial(identifier, backend=name))
        return code.source(name, inputs, root, labels=labels, name="jacobian")

    def _sympy_code(self, of: str | None, wrt: str | None) -> str:
        if (of is None) != (wrt is None):
            raise TypeError("it takes two names, ('f', 'x'), or none")
        matrix = self.matrix if of is None or wrt is None else self.jacobian(of, wrt)
        outputs = list(self.outputs) if of is None else self.entries(c.rebuild(
            self.program.graph, [self.program.node(self.place(of)[0])])[0][0])
        return code.sympy_source(outputs, matrix)

    def gradients(self, /, **values: Any) -> dict[str, np.ndarray]:
        """The gradient of the last number by every parameter: {name: array of the name's shape}.

        Raises:
            ValueError: the last definition is not a number.
        """
        last, shape = self.program.outputs[-1], self.program.shape
        if prod(shape(last)) != 1:
            raise ValueError(f"{last} has {prod(shape(last))} entries; a gradient is of one number, a loss")
        point = self.point(values)
        return {
            key: _one_row(np.asarray(self.compiled(last, key)(**point)), shape(last), shape(key))
            for key in self.trainable()
        }

    @property
    def roles(self) -> dict[str, str]:
        """What each undefined name of a net is: {name: "input" | "weight" | "target" | "fixed"}.

        Raises:
            AttributeError: this is no net.
        """
        if not self.program.net:
            raise AttributeError("names have roles in a net, %%nnchain; here there are r.variables and r.parameters")
        return {identifier(key): role for key, role in self.program.roles.items()}

    def trainable(self) -> list[str]:
        """The parameters that learning changes: in a net its weights, else all parameters."""
        wanted = "weight" if self.program.net else "parameter"
        return [key for key in self.program.parameters if self.program.inputs[key].role == wanted]

    def step(self, lr: float, /, **values: Any) -> dict[str, Any]:
        """The values of the parameters after one step of gradient descent, p - lr ∂L/∂p; the mean over a batch."""
        point, found = self.point(values), {}
        for key, gradient in self.gradients(**values).items():
            own = np.asarray(point[identifier(key)], dtype=float)
            extra = gradient.ndim - own.ndim
            mean = gradient.mean(axis=tuple(range(extra))) if extra else gradient
            found[key] = own - lr * mean
        return found

    def train(
        self, data: Mapping[str, Any] | None = None, lr: float = 0.1, steps: int = 100, optimizer: str = "sgd",
        batch: int | None = None, fixed: str | Iterable[str] = (), seed: int = 0, progress: bool = True,
    ) -> learning.Losses:
        """Learning from {name: array with one example a row}, else from `n.data`. Returns the loss at every step.

        Its `.history` has {"loss": …, "gradients": {weight: 2-norm of ∂L/∂weight at every step}}. The loss is the mean
        over the step's examples, all or a `batch` drawn with the seed. The optimizer is "sgd", "momentum" (0.9) or
        "adam", as PyTorch has them. Weights that are not `fixed` move, and are current afterwards, after Ctrl-C too.

        Raises:
            ValueError: no loss, no weight or no such optimizer, data of other shapes, or a loss that is not finite.
        """
        return learning.train(self, data, lr, steps, optimizer, batch, fixed, seed, progress)

    # -------------------------------------------------------------- the point
    def set(self, /, **values: Any) -> None:
        """Set several values at once; the sliders follow."""
        self.values.update_all(values)

    def observe(self, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call back with {name: value} whenever values change; returns a function that ends it."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback) if callback in self._observers else None

    def changed(self, values: Mapping[str, np.ndarray], source: object) -> None:
        for link in list(self._links):
            link(values, source)
        for callback in list(self._observers):
            callback({key: self.values[key] for key in values})

    def __repr__(self) -> str:
        kind = "nnchain" if self.program.net else "jacobian"
        by = ", ".join(self.program.variables)
        return f"<{kind} of {', '.join(self.program.outputs)} by {by}>"


def _one_row(array: np.ndarray, of: Shape, wrt: Shape) -> np.ndarray:
    """A Jacobian of one entry as the gradient, of the parameter's own shape."""
    lead = array.shape[: array.ndim - len(of) - len(wrt)]
    return array.reshape(lead + wrt)
