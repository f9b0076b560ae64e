"""Local Jacobians: of one definition by a name that it reads, as a product of matrices and by entries."""

from __future__ import annotations

from math import prod

import sympy as sp

from jacmagic import names
from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node, ancestry
from jacmagic.errors import LimitError
from jacmagic.functions.forms import put_in
from jacmagic.language import tree as t
from jacmagic.language.printers import latex
from jacmagic.result import Result
from jacmagic.show.backward import Names, Split, adding_up, as_activation, layout_of
from jacmagic.show.formula import NoForm
from jacmagic.show.grouped import vectors_first
from jacmagic.show.kronecker import of_matrix
from jacmagic.show.norms import pull
from jacmagic.show.pieces import MAX_FORMULA, MAX_OPERATIONS


def matrix_form(result: Result, of: str, wrt: str) -> tuple[t.Expr, str] | None:
    """The local Jacobian as a product of matrices in the layer's own names, diag(1 - a²) W, and a note.

    The derivative of a number by a matrix is a matrix of that shape. None where there is no form that reads well
    (the entries say it then).
    """

    def make() -> tuple[t.Expr, str] | None:
        try:
            return read_form(result, of, wrt)
        except NoForm:
            return None

    return result.once(("form", of, wrt, *adding_up(result)), make)


def read_form(result: Result, of: str, wrt: str) -> tuple[t.Expr, str] | None:
    p, g = result.program, result.program.graph
    root, target = result.inner(of), g.input(wrt, p.shape(wrt))
    if len(root.shape) > 2:
        return None
    if len(target.shape) == 2:
        root = unrolled(root)
    root = as_activation(g, root)
    if len(root.shape) == 2:
        shown, told = of_matrix(result, root, target)
        return (shown, told) if len(latex(shown)) <= MAX_FORMULA // 4 else None
    if root.shape == target.shape == () and not any(p.shape(key) for key in depends_on(root)):
        entries = local_entries(result, of, wrt)
        return (layout_of(result)(entries[0][0]), "") if entries is not None else None
    shown, told = form_of(result, root, target, result.once("names", lambda: Names(result)).splits[of])
    return (shown, told) if len(latex(shown)) <= MAX_FORMULA // 4 else None


def unrolled(root: Node) -> Node:
    """The matrix whose entries, row by row, a vector is: the same derivative by another matrix; else the vector."""
    inner = root.args[0] if root.op == "take" and len(root.shape) == 1 else root
    return inner if len(inner.shape) == 2 and root.data == (0, tuple(range(inner.size))) else root


def depends_on(root: Node) -> set[str]:
    """The names that a node is made of."""
    return {node.data for node in ancestry([root]) if node.op == "input"}


def form_of(result: Result, root: Node, target: Node, parts: Split | None = None) -> tuple[t.Expr, str]:
    """The derivative of a node of up to one axis by an input, a row of a number by a vector, and a note.

    Raises:
        NoForm: none that reads well.
    """
    try:
        return _swept(result, root, target, parts)
    except NoForm:  # x xᵀ A x by x: a matrix on the way depends on x
        whole = vectors_first(result.program.graph, root)
        if whole is root:
            raise
        return _swept(result, whole, target, None)


def _swept(result: Result, root: Node, target: Node, parts: Split | None) -> tuple[t.Expr, str]:
    g, own = result.program.graph, result.once("names", lambda: Names(result))
    start = g.eye(root.shape) if root.shape else g.const(1)
    if parts is None or not root.shape:
        (node,) = c.sweep(g, root, start, [target], True, pull)
    else:
        direct, by = c.sweep(g, parts.outer, start, [target, parts.z], True, pull)
        node = g.add([direct, *c.sweep(g, parts.inner, by, [target], True, pull)])
    reader = own.reader([node])
    form = reader.form(node)
    if not root.shape and len(target.shape) < 2:
        form = form.transposed
    return reader.shown(form), ", ".join(f"as Σ{names.name(key).text} = 1" for key in sorted(reader.told))


def scattered(form: t.Expr) -> bool:
    """True for unit vectors' products added up, and for columns of numbers, which the entries say better."""
    parts = list(t.walk(form))
    return sum(isinstance(one, t.Unit) for one in parts) > 1 or any(isinstance(one, t.Vector) for one in parts)


def told_better(result: Result, form: t.Expr, note: str) -> bool:
    """True where a form says more than its entries: a product with a matrix, z_a, p - y."""
    parts = list(t.walk(form))
    kinds = set(map(type, parts))
    named = [one.key for one in parts if isinstance(one, t.Name) and one.key in result.known]
    matrices = any(len(result.program.shape(key)) == 2 for key in named)
    return bool(note) or matrices or t.Diag not in kinds or t.PreActivation in kinds


def local_entries(result: Result, of: str, wrt: str, most: int = 4) -> list[list[sp.Expr]] | None:
    """The entries of a local Jacobian where they fit on a screen, by means of the layer's own name."""
    p = result.program
    rows, columns = prod(p.shape(of)), prod(p.shape(wrt))
    if rows > most or columns > most:
        return None
    g = p.graph
    root = as_activation(g, result.inner(of))
    target = g.input(wrt, p.shape(wrt))
    label = g.input(of, p.shape(of))
    node = c.replace_root(g, c.jacobian(g, root, target, reuse=True), root, label)
    try:
        flat = result.slopes(node, MAX_OPERATIONS, of)
    except LimitError:
        return None
    flat = [by_own_name(result, of, entry) for entry in flat]
    if sum(e.count_ops() for e in flat) > max(200, 8 * len(flat)):
        return None
    return [flat[k : k + columns] for k in range(0, len(flat), columns)]


def by_own_name(result: Result, of: str, entry: sp.Expr) -> sp.Expr:
    """x/r where r is √(x² + y²): the powers of what a number is a power of, by its own name."""
    if result.program.shape(of) != () or not entry.has(sp.Pow):
        return entry
    try:
        (whole,) = result.entries(result.inner(of), MAX_FORMULA)
    except LimitError:
        return entry
    base, exponent = whole.as_base_exp()
    if not (base.is_Add and exponent.is_Rational and exponent.q > 1):
        return entry
    own = sp.Symbol(of, real=True)
    swap = {one: own ** (one.exp / exponent) for one in entry.atoms(sp.Pow)
            if one.base == base and (one.exp / exponent).is_Integer}
    return put_in(entry, swap)


def reciprocal(expr: t.Expr) -> bool:
    """True for 1/(…), as a sigmoid is written out."""
    expr = t.inside(expr)
    above = expr.above if isinstance(expr, t.Fraction) else expr.factors[0][1] if isinstance(expr, t.Product) else None
    return isinstance(above, t.Number) and above.text == "1" or isinstance(expr, t.Power)


def by_sigmoid(value: sp.Expr, own: sp.Symbol, slopes: list[sp.Expr]) -> list[sp.Expr] | None:
    """s (1 - s) for the slopes of an s that is written out as 1/(1 + e^-z); None where it is none."""
    below = 1 / value if value.is_Pow and value.exp == -1 else sp.S.One
    power = below - 1
    if not isinstance(power, sp.exp) or not any(slopes):
        return None
    held = sp.Dummy(positive=True)
    spelt = {power: held, sp.exp(sp.expand(power.args[0])): held, 1 / power: 1 / held}  # SymPy leaves e^-u e^u
    inner = [sp.Mul(slope.xreplace(spelt), (1 + held) ** 2, 1 / held) for slope in slopes]
    if any(one.has(held) for one in inner):
        return None
    return [sp.Mul(one, own, 1 - own) for one in inner]
