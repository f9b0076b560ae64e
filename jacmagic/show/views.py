r"""What is shown for a Result, as formulas: the table VIEWS.

A view is a function from a Result to Formulas, each with its LaTeX and its text
for a terminal; the bundle, the panel and the saved page all show these. A new view
is a function and a line in VIEWS.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from jacmagic import names
from jacmagic.engine import calculus as c
from jacmagic.engine.graph import Graph, Node, ancestry
from jacmagic.errors import JacmagicError, LimitError, Span
from jacmagic.functions import FUNCTIONS, put_in, symbolic
from jacmagic.language import tree as t
from jacmagic.language.layout import Layout
from jacmagic.language.printers import latex, text
from jacmagic.language.syntax import ROLES
from jacmagic.program.passes import Line, Program
from jacmagic.program.start import MAX_DRAWS
from jacmagic.result import Result, entry_name, symbols_of
from jacmagic.show.backward import Names, Passed, adding_up, backward, layout_of, pre_activation
from jacmagic.show.formula import NoForm, pull

MAX_SHOWN = 8
"""Rows and columns of a matrix that are typeset; the middle of a larger one is left out.
Instead: `--all`, or `r.matrix`."""

MAX_WHOLE = 100
"""The same with `--all`. Instead: `r.matrix`."""

MAX_FORMULA = 4_000
"""Characters of LaTeX in one formula; a longer one is left to the numbers.
Instead: `r.latex()`, or names for its parts."""

MAX_OPERATIONS = 20_000
"""Operations in the entries of a matrix that are typeset, and half those on the way to them.
Instead: `r.matrix`, or names for parts."""

MAX_WIDTH = 120
"""Characters of a matrix's widest row, as text; the entries of a wider one stand one below the other.
Instead: `r.matrix`."""

MAX_PATHS = 6
"""Paths of a chain rule that are written as a sum. Instead: the local Jacobians in `r.layers`."""

MAX_RULES = 4
"""Variables that have a chain rule of their own each. Instead: likewise."""

MAX_STEPS = 16
"""Definitions that are written out; of more, the first and the last. Instead: `r.layers`."""

LAST_STEPS = 4
"""How many of the last definitions are among them."""

MAX_CHECKED = 1_000_000
"""Entries of a derivative by the inputs up to which a net's product of local Jacobians is compared with it.
Instead: `n.at(of, wrt)` of a part."""

MAX_GUARDS = 40
"""Places that are watched for a number that is not finite. Instead: `r.forward(…)`."""

MAX_BESIDE = 16
"""Entries of a local Jacobian that are written out beside its matrix form. Instead: likewise."""

MAX_ENTRIES_TEX = 900
"""Characters of LaTeX in the entries of a local Jacobian that has a matrix form besides.
Instead: `jacobians` of one of `r.layers`."""


NOISE = 1e-12
"""Below this part of the largest one beside it, a number is rounding, and shown as 0; panel/src/numeric.js too."""


def without_noise(numbers: np.ndarray) -> np.ndarray:
    """Numbers as they are shown: 0 for what is nothing but the rounding of the others, and no −0."""
    sizes = np.abs(numbers)
    return np.where(sizes < NOISE * np.max(sizes, where=np.isfinite(sizes), initial=0), 0.0, numbers) + 0.0


@dataclass(frozen=True)
class Formula:
    """One displayed formula.

    kind    "echo", "values", "result", "partial", "gradient", "determinant", "local", "chain", "gradients"
    tree    the formula; its LaTeX, its line of text and the panel's MathML are printed from it
    note    small grey words beside it
    arrays  where abs( ) is of a vector or matrix, and stays a function
    """

    kind: str
    tree: t.Expr
    note: str = ""
    arrays: frozenset[Span] = frozenset()

    @cached_property
    def latex(self) -> str:
        return latex(self.tree, self.arrays)

    @cached_property
    def text(self) -> str:
        """The same for a terminal; where formulas are left out, how many."""
        shown = text(self.tree, self.arrays)
        return f"{shown} {self.note}" if isinstance(self.tree, t.Dots) else shown


@dataclass(frozen=True)
class Label:
    """A row, column or name: its key and its formula."""

    key: str
    tree: t.Expr

    @property
    def latex(self) -> str:
        return latex(self.tree)

    @property
    def text(self) -> str:
        return text(self.tree)


# ------------------------------------------------------------------ names
class Labels:
    """Labels of the entries of names, row by row; each is made when it is asked for, for there may be a million."""

    def __init__(self, result: Result, keys: Sequence[str]) -> None:
        self.result = result
        self.entries = [(key, result.program.shape(key)) for key in keys]
        self.ends = list(accumulate(prod(shape) for _, shape in self.entries))

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __getitem__(self, at: int) -> Label:
        k = bisect_right(self.ends, at)
        key, shape = self.entries[k]
        step = self.result.program.steps.get(key)
        dotted = step is not None and step.kind == "equation"
        name = entry_name(key, shape, at - (self.ends[k - 1] if k else 0))
        return Label(with_dot(name) if dotted else name, t.Name(name, dotted))

    def __iter__(self) -> Iterator[Label]:
        return map(self.__getitem__, range(len(self)))


def with_dot(name: str) -> str:
    """x_dot1 for dx1, the output of a system: its letter, its dot, its index."""
    return re.sub(r"^d([^\W\d_]+)", r"\1_dot", name)


def name_of(result: Result, key: str) -> t.Name:
    step = result.program.steps.get(key)
    return t.Name(key, step is not None and step.kind == "equation")


def equal(*sides: t.Expr) -> t.Expr:
    """a = b = c; what stands alone is not equal to anything."""
    return t.Equation(sides, ("=",) * (len(sides) - 1)) if len(sides) > 1 else sides[0]


def fitting(tree: t.Expr, most: int = MAX_FORMULA) -> t.Expr:
    """The formula, dots in the place of one that nobody reads."""
    return tree if len(latex(tree)) < most else t.Dots()


# ------------------------------------------------------------------ the echo
def echo(result: Result) -> Iterator[Formula]:
    """The block as it was understood."""
    lines = [line for line in result.program.echo if line.kind == "step"]
    rest = [line for line in result.program.echo if line.kind != "step"]
    for line in ends("echo", lines):
        if isinstance(line, Formula):
            yield line
        else:
            yield echoed(result, line, summary(result) if line is lines[0] else "")
    if rest:
        yield Formula("values", t.Listing(tuple(echoed(result, line).tree for line in rest)),
                      arrays=result.program.arrays)


def left_out(kind: str, more: int) -> Formula:
    """The mark where formulas are left out."""
    return Formula(kind, t.Dots("down"), f"{more:,} more")


def ends(kind: str, lines: list[Any]) -> list[Any]:
    """The first and last of many lines, between them a formula that says how many are left out."""
    if len(lines) <= MAX_STEPS:
        return lines
    return [*lines[: MAX_STEPS - LAST_STEPS], left_out(kind, len(lines) - MAX_STEPS), *lines[-LAST_STEPS:]]


def echoed(result: Result, line: Line, note: str = "") -> Formula:
    """One line as it was understood: name = expression ∈ ℝ^n."""
    left: t.Expr = t.Name(line.key, line.equation)
    if line.params:
        left = t.UserCall(line.key, tuple(map(t.Name, line.params)))
    sides: list[t.Expr] = [left]
    signs: list[str] = []
    if line.expr is not None:
        sides, signs = [*sides, fitting(line.expr)], [*signs, "="]
    elif line.python:
        sides, signs = [*sides, t.Words("from Python")], [*signs, "="]
    if line.shape is not None:
        sides, signs = [*sides, t.Space(line.shape)], [*signs, "∈"]
    if line.range is not None:
        sides, signs = [*sides, t.Interval(*line.range)], [*signs, "∈"]
    tree = t.Equation(tuple(sides), tuple(signs)) if signs else left
    return Formula("echo", tree, note, result.program.arrays)


def by_role(p: Program) -> dict[str, list[str]]:
    """What the undefined names are, in words: variables and parameters; of a net each role, its column first."""
    if not p.net:
        found = {"variable": list(p.variables), "parameter": list(p.parameters)}
    else:
        keys = [*p.variables, *(key for key in p.roles if key not in p.variables)]
        found = {"derivatives by": [key for key in p.variables if key not in p.roles]}
        found |= {role: [key for key in keys if p.roles.get(key) == role] for role in ROLES}
    one = ("fixed", "derivatives by")
    return {f"{word}s" if len(keys) > 1 and word not in one else word: keys for word, keys in found.items() if keys}


def summary(result: Result) -> str:
    """What the undefined names are, and the layout."""
    p = result.program

    def listed(keys: Sequence[str], word: str) -> str:
        shown = []
        for key in keys[:12]:
            shape = p.shape(key)
            size = f" ({'×'.join(map(str, shape))})" if shape else ""
            shown.append(names.name(key).text + size)
        more = f" and {len(keys) - 12} more" if len(keys) > 12 else ""
        return f"{word} {', '.join(shown)}{more}"

    parts = [listed(keys, word) for word, keys in by_role(p).items()] + ["rows = functions, columns = variables"]
    return " · ".join(part for part in parts if part)


# ------------------------------------------------------------------ the whole Jacobian
_LONG = re.compile(r"\d{100}")  # digits that nobody reads


def _operations(expr: sp.Basic) -> int:
    """About `count_ops`, which takes longer than all else that is done to a short formula."""
    return sum(len(part.args) for part in sp.preorder_traversal(expr))


@dataclass(frozen=True)
class Table:
    """The Jacobian as it is shown: labels, and the entries of the rows and columns that fit; None where they don't."""

    rows: Labels
    columns: Labels
    shown_rows: list[int]
    shown_columns: list[int]
    entries: list[list[sp.Expr]] | None
    layout: Layout

    @cached_property
    def trees(self) -> list[list[t.Expr]] | None:
        """The shown entries as formulas, or None where they are too long to read."""
        if self.entries is None or sum(_operations(e) for row in self.entries for e in row) > MAX_FORMULA // 4:
            return None
        trees = [[self.layout(e) for e in row] for row in self.entries]
        flat = [text(e) for row in trees for e in row]
        return None if sum(map(len, flat)) > MAX_FORMULA or any(map(_LONG.search, flat)) else trees

    @property
    def wide(self) -> bool:
        """True where a matrix of these entries would not fit on a line."""
        plain = [[text(e) for e in row] for row in self.trees or []]
        return bool(plain) and sum(max(len(row[j]) for row in plain) + 2 for j in range(len(plain[0]))) > MAX_WIDTH

    def elided(self) -> list[list[t.Expr]]:
        """The shown entries, dots between them and the last row and column where something is left out."""
        cells = [list(row) for row in self.trees or []]
        if len(self.shown_columns) < len(self.columns):
            cells = [[*row[:-1], t.Dots(), row[-1]] for row in cells]
        if len(self.shown_rows) < len(self.rows):
            dotted: list[t.Expr] = [t.Dots("down")] * len(cells[0])
            if len(self.shown_columns) < len(self.columns):
                dotted[-2] = t.Dots("both")
            cells = [*cells[:-1], dotted, cells[-1]]
        return cells

    def labels(self, columns: bool) -> tuple[t.Expr, ...]:
        """The labels of the shown rows or columns, with dots likewise."""
        every, shown = (self.columns, self.shown_columns) if columns else (self.rows, self.shown_rows)
        out: list[t.Expr] = [every[k].tree for k in shown]
        return tuple([*out[:-1], t.Dots("across" if columns else "down"), out[-1]] if len(shown) < len(every) else out)

    @property
    def whole(self) -> bool:
        return len(self.shown_rows) == len(self.rows) and len(self.shown_columns) == len(self.columns)


def _fit(count: int, most: int) -> list[int]:
    return list(range(count)) if count <= most else [*range(most - 2), count - 1]


def table(result: Result, most: int = MAX_SHOWN) -> Table:
    """The entries of the Jacobian that are typeset; only those are written out."""

    def make() -> Table:
        rows, columns = Labels(result, result.program.outputs), Labels(result, result.program.variables)
        some, others = _fit(len(rows), most), _fit(len(columns), most)
        entries: list[list[sp.Expr]] | None
        try:
            if result.program.net and most <= MAX_SHOWN:
                raise LimitError("a net is shown layer by layer")
            node = result.total(safe=False)[0]
            if len(some) < len(rows) or len(others) < len(columns):
                places = [i * len(columns) + j for i in some for j in others]
                node = result.program.graph.take(node, places, (len(some), len(others)))
            flat = result.slopes(node, MAX_OPERATIONS)
            entries = [flat[k : k + len(others)] for k in range(0, len(flat), len(others))]
        except LimitError:
            entries = None
        return Table(rows, columns, some, others, entries, layout_of(result))

    return result.once(("table", most), make)


def in_own_names(result: Result, found: Table) -> Table:
    """The table with the entries of a softmax or a norm in its own name, p₁ - p₁², x₁/n; else as it was."""
    p = result.program
    if not found.whole or found.entries is None:
        return found
    if any(_reciprocal(p.steps[of].expr) for of in p.outputs):
        own_names = [symbol for of in p.outputs for symbol in symbols_of(of, p.shape(of))]
        sigmoids = [_by_sigmoid(*row) for row in zip(result.outputs, own_names, found.entries)]
        if any(row is not None for row in sigmoids):
            return replace(found, entries=[own or row for own, row in zip(sigmoids, found.entries)])
    entries = []
    for of in p.outputs:
        below = list(ancestry([result.inner(of)]))
        if not any(node.op in ("softmax", "norm") for node in below) or any(
            node.op == "input" and node.data in p.steps for node in below
        ):
            return found
        parts = [local_entries(result, of, wrt, MAX_SHOWN) for wrt in p.variables]
        if any(part is None for part in parts):
            return found
        entries += [[e for part in parts if part is not None for e in part[i]] for i in range(prod(p.shape(of)))]
    own, full = (sum(e.count_ops() for row in rows for e in row) for rows in (entries, found.entries))
    return replace(found, entries=entries) if 2 * own < full else found


def _reciprocal(expr: t.Expr) -> bool:
    """True for 1/(…), as a sigmoid is written out."""
    expr = t.inside(expr)
    above = expr.above if isinstance(expr, t.Fraction) else expr.factors[0][1] if isinstance(expr, t.Product) else None
    return isinstance(above, t.Number) and above.text == "1" or isinstance(expr, t.Power)


def _by_sigmoid(value: sp.Expr, own: sp.Symbol, slopes: list[sp.Expr]) -> list[sp.Expr] | None:
    """s (1 - s) for the slopes of an s that is written out as 1/(1 + e^-z); None where it is none."""
    below = 1 / value if value.is_Pow and value.exp == -1 else sp.S.One
    power = below - 1
    if not isinstance(power, sp.exp) or not any(slopes):
        return None
    inner = [sp.Mul(slope, below**2, 1 / power) for slope in slopes]
    if any(one.has(power) or one.has(1 / power) for one in inner):
        return None
    return [sp.Mul(one, own, 1 - own) for one in inner]


def jacobian_name(result: Result) -> t.Jacobian:
    """J_f for one function, J for several."""
    outputs = result.program.outputs
    return t.Jacobian(name_of(result, outputs[0]) if len(outputs) == 1 else None)


def total(result: Result, most: int = MAX_SHOWN) -> Iterator[Formula]:
    """The derivative, the partial derivatives with their row and gradient, or the labelled Jacobian."""
    if result.program.net and most <= MAX_SHOWN:
        return  # a layer's Jacobian is written in that layer's own names: the chain says it
    found = in_own_names(result, table(result, most))
    m, n = len(found.rows), len(found.columns)
    if (found.trees is None or found.wide) and told_by_factors(result):
        return
    if found.trees is None or found.wide and m * n > MAX_BESIDE and most <= MAX_SHOWN and any(whole_forms(result)):
        yield from in_parts(result, found)
        return
    step = result.program.steps[result.program.outputs[0]]
    single = len(result.program.outputs) == 1 and step.shape == ()
    if single and n == 1:
        yield Formula("result", equal(derivative_name(result, found.columns[0].tree), found.trees[0][0]))
    elif single:
        yield from row(result, found)
    elif found.wide:
        for i, one in zip(found.shown_rows, found.trees):
            for j, entry in zip(found.shown_columns, one):
                yield Formula("result", equal(t.Partial(found.rows[i].tree, (found.columns[j].tree,)), entry))
    else:
        cells = tuple(map(tuple, found.elided()))
        yield Formula("result", equal(
            jacobian_name(result), t.LabelledMatrix(cells, found.labels(False), found.labels(True))
        ), "" if found.whole else f"{m}×{n}; .matrix has all entries")


def told_by_factors(result: Result) -> bool:
    """True where a chain rule says what the whole Jacobian is."""
    p, links = result.program, depends(result)
    worked = any(n in p.steps for reads in links.values() for n in reads)
    return worked and len(p.outputs) <= 3 and all(paths(result, of) is not None for of in p.outputs)


def in_parts(result: Result, found: Table) -> Iterator[Formula]:
    """A Jacobian that is too long for one formula: as a product of matrices, or entry by entry."""
    if any(whole_forms(result)):
        return  # they say it
    m, n = len(found.rows), len(found.columns)
    name, size = jacobian_name(result), t.Space((m, n))
    note = "too long for one formula: the numbers are in .at(), everything in .matrix"
    if found.entries is None or m * n > MAX_SHOWN:
        yield Formula("result", t.Equation((name, size), ("∈",)), note)
        return
    layout = layout_of(result)
    for i, entries in zip(found.shown_rows, found.entries):
        for j, entry in zip(found.shown_columns, entries):
            short = fitting(layout(entry), MAX_ENTRIES_TEX) if _operations(entry) < MAX_FORMULA // 4 else t.Dots()
            yield Formula("result", equal(t.Partial(found.rows[i].tree, (found.columns[j].tree,)), short),
                          note if isinstance(short, t.Dots) else "")


def derivative_name(result: Result, x: t.Expr) -> t.Expr:
    """f'(x) of a function, dy/dx of a definition, ∂y/∂x where there are parameters beside."""
    of = result.program.outputs[0]
    step, f = result.program.steps[of], name_of(result, of)
    if result.program.parameters and not step.params:
        return t.Partial(f, (x,))
    if step.kind == "equation" or step.kind != "function" and not step.params:
        return t.Total(f, (x,))
    return t.Slope(t.UserCall(of, (x,)))


def row(result: Result, found: Table) -> Iterator[Formula]:
    """The partial derivatives of one function, their row, and the gradient."""
    f = found.rows[0].tree
    for k, j in enumerate(found.shown_columns):
        if k and (more := j - found.shown_columns[k - 1] - 1):
            yield left_out("partial", more)
        yield Formula("partial", equal(t.Partial(f, (found.columns[j].tree,)), (found.trees or [])[0][k]))
    if found.wide:
        return
    (cells,) = found.elided()
    yield Formula("result", equal(jacobian_name(result), t.Matrix((tuple(cells),))), "the row of partial derivatives")
    column = tuple(t.Dots("down") if isinstance(one, t.Dots) else one for one in cells)
    yield Formula("gradient", equal(t.Gradient(f), t.Vector(column)), "the gradient, its transpose")


def determinant(result: Result) -> Iterator[Formula]:
    """The determinant of a square Jacobian, with sin² + cos² put together."""
    p = result.program
    n = sum(prod(p.shape(key)) for key in p.outputs)
    if p.net or not 2 <= n <= 4 or n != sum(prod(p.shape(key)) for key in p.variables):
        return
    found = table(result)
    if found.entries is None or found.trees is None:
        return
    shown = layout_of(result)(determinant_of(sp.Matrix(result.matrix)))
    if len(latex(shown)) < MAX_FORMULA // 8:
        yield Formula("determinant", equal(t.Call("det", (t.Jacobian(),), bare=True), shown))


def determinant_of(matrix: sp.Matrix) -> sp.Expr:
    """The determinant, reduced where a cheap identity does it; never `simplify`."""
    powers = [e for e in matrix.atoms(sp.Pow) if e.base.is_Add and e.exp.is_Rational and e.exp not in (1, 2, 3)]
    roots = {base: sp.Dummy(positive=True) for base in {e.base for e in powers}}
    order = {base: sp.ilcm(1, *[e.exp.q for e in powers if e.base == base]) for base in roots}
    plain = matrix.xreplace({e: roots[e.base] ** (e.exp * order[e.base]) for e in powers})
    value = sp.expand(plain.det(method="berkowitz"))
    if value.has(sp.sin, sp.cos):
        value = _pythagoras(value)
    forms = [value]
    if roots:  # a norm's square in a numerator is the one in the denominator
        above, below = sp.fraction(sp.together(value))
        identities = [base - root ** order[base] for base, root in roots.items()]
        with suppress(sp.PolynomialError):
            gens = sp.parallel_poly_from_expr([above, *identities])[1].gens
            ordered = sorted(gens, key=lambda one: (one in roots.values(), str(one)))
            forms.append(sp.reduced(above, identities, *ordered)[1] / below)
    back = {root: base ** sp.Rational(1, order[base]) for base, root in roots.items()}
    forms = [one.xreplace(back) for one in forms]
    if roots and forms[-1].count_ops() < 100:
        forms.append(sp.factor(forms[-1]))
    return min([*forms, *map(sp.factor_terms, forms)], key=sp.count_ops)


def _pythagoras(expr: sp.Expr) -> sp.Expr:
    """sin² + cos² = 1 wherever it shortens a polynomial in sines and cosines."""
    best = expr
    for angle in {e.args[0] for e in expr.atoms(sp.sin, sp.cos)}:
        for one, other in ((sp.sin, sp.cos), (sp.cos, sp.sin)):
            rest = best.replace(
                lambda e, one=one, angle=angle: e.is_Pow and e.base == one(angle) and e.exp.is_Integer and e.exp >= 2,
                lambda e, one=one, other=other, angle=angle: (1 - other(angle) ** 2) ** (e.exp // 2)
                * one(angle) ** (e.exp % 2),
            )
            rest = sp.expand(rest)
            if rest.count_ops() < best.count_ops():
                best = rest
    angles = {e.args[0] for e in best.atoms(sp.sin, sp.cos)}
    if len(angles) > 1 and best.is_Add and len(best.args) == 2:
        combined = sp.expand(sp.trigsimp(best, method="matching")) if best.count_ops() < 30 else best
        shorter = sp.powsimp(combined)
        if shorter.count_ops() < best.count_ops():
            return shorter
    return best


# ------------------------------------------------------------------ local Jacobians in matrix form
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
    if len(root.shape) > 1:
        return None
    if root.shape == target.shape == ():
        entries = local_entries(result, of, wrt)
        return (layout_of(result)(entries[0][0]), "") if entries is not None else None
    own = result.once("names", lambda: Names(result))
    start = g.eye(root.shape) if root.shape else g.const(1)
    parts = own.splits[of]
    if parts is None or not root.shape:
        (node,) = c.sweep(g, root, start, [target], True, pull)
    else:
        direct, by = c.sweep(g, parts.outer, start, [target, parts.z], True, pull)
        node = g.add([direct, *c.sweep(g, parts.inner, by, [target], True, pull)])
    reader = own.reader([node])
    form = reader.form(node)
    if not root.shape and len(target.shape) < 2:
        form = form.transposed
    shown = reader.shown(form)
    if len(latex(shown)) > MAX_FORMULA // 4:
        return None
    return shown, ", ".join(f"as Σ{names.name(key).text} = 1" for key in sorted(reader.told))


# ------------------------------------------------------------------ the chain rule
def depends(result: Result) -> dict[str, list[str]]:
    """For each definition on the way: the names it reads through which it depends on the variables."""

    def make() -> dict[str, list[str]]:
        p = result.program
        moving = set(p.variables)
        links: dict[str, list[str]] = {}
        for key, step in p.steps.items():
            inner = {node.data for node in ancestry([result.inner(key)]) if node.op == "input"}
            reads = [n for n in dict.fromkeys([*step.reads, *step.params]) if n in moving and n in inner]
            if key not in moving and reads:
                links[key] = reads
                moving.add(key)
        return links

    return result.once("depends", make)


def paths(result: Result, of: str, most: int = MAX_PATHS) -> list[list[str]] | None:
    """The paths from the variables to an output, as lists of definitions, output first; None where too many."""
    links = depends(result)
    variables = set(result.program.variables)
    found: list[list[str]] = []
    todo = [[of]]
    while todo:
        path = todo.pop()
        below = links.get(path[-1], [])
        if any(n in variables for n in below):
            found.append(path)
        todo += [[*path, n] for n in below if n not in variables]
        if len(found) > most or len(todo) > 10 * most:
            return None
    place = {key: k for k, key in enumerate(result.program.steps)}
    return sorted(found, key=lambda way: [place[key] for key in way])


def whole_forms(result: Result) -> Iterator[Formula]:
    """A, diag(s) - s sᵀ, xᵀ/‖x‖: the derivative by a vector as a textbook has it, beside its entries."""
    p = result.program
    for key, reads in list(depends(result).items())[:3]:
        for wrt in reads[:3]:
            found = matrix_form(result, key, wrt) if p.shape(wrt) and prod(p.shape(wrt)) > 1 else None
            if found is not None and not any(isinstance(one, t.Unit) for one in t.walk(found[0])):
                short, where = abbreviated(result, found[0])
                whole = equal(factor_name(result, key, [wrt]), short)
                yield Formula("local", t.Listing((whole, *where)) if where else whole, found[1])


def abbreviated(result: Result, tree: t.Expr) -> tuple[t.Expr, list[t.Expr]]:
    """W (z xᵀ + x zᵀ) and z = Wᵀ W x - x: a sum that a formula has twice gets a free letter."""
    found = Counter(one for one in t.walk(tree) if isinstance(one, t.Sum) and sum(1 for _ in t.walk(one)) > 6)
    lines: list[t.Expr] = []
    for one, count in found.items():
        free = [k for k in "zruvsq" if k not in result.known]
        if count > 1 and len(free) > len(lines):
            letter = t.Name(free[len(lines)])
            tree, lines = replaced(tree, one, letter), [*lines, equal(letter, one)]
    return tree, lines


def replaced(tree: t.Expr, old: t.Expr, new: t.Expr) -> t.Expr:
    return new if tree == old else t.rebuilt(tree, lambda part: replaced(part, old, new))


def chain(result: Result) -> Iterator[Formula]:
    """Named intermediates: the local Jacobians, and their product with the shapes under it."""
    p = result.program
    links = depends(result)
    worked = any(n in p.steps for reads in links.values() for n in reads)
    if not worked and not p.net:
        yield from whole_forms(result)
        return
    for one in ends("local", list(links.items())):
        if isinstance(one, Formula):
            yield one
            continue
        key, reads = one
        if (parts := pre_activated(result, key)) is not None:
            yield parts
        for group in groups(result, reads):
            yield from local(result, key, group)
    if worked and len(p.outputs) <= 3:
        for of in p.outputs:
            yield from chain_rule(result, of)


def chain_rule(result: Result, of: str) -> Iterator[Formula]:
    """The derivative of an output as the sum over all paths of the products of local Jacobians."""
    ways = paths(result, of)
    if ways is None:
        return
    p = result.program
    if scalar_chain(result, ways):
        for variable in p.variables:
            yield numbers_rule(result, of, variable, ways)
        return
    for group in groups(result, p.variables)[:MAX_RULES]:
        terms: list[tuple[int, t.Expr]] = []
        for way in ways:
            factors: list[t.Expr] = [braced(result, one, keys) for one, keys in way_factors(result, way, group)]
            if not factors:
                continue
            if len(factors) > 12:
                factors = [*factors[:5], t.Dots(), *factors[-4:]]
            terms.append((1, t.product(*factors)))
        yield Formula("chain", equal(factor_name(result, of, group, t.Total), added(terms)), cost(result, ways, group))


def scalar_chain(result: Result, ways: list[list[str]]) -> bool:
    """True where everything on the way is a number, so that each variable has a formula of its own."""
    p = result.program
    keys = {key for way in ways for key in way} | set(p.variables)
    return not p.net and len(p.variables) <= MAX_RULES and all(p.shape(key) == () for key in keys)


def numbers_rule(result: Result, of: str, variable: str, ways: list[list[str]]) -> Formula:
    """dz/dt = ∂z/∂x dx/dt + ∂z/∂y dy/dt, and the same with what the factors are."""
    links = depends(result)
    mine = [[*way, variable] for way in ways if variable in links.get(way[-1], [])]
    factors = [t.product(*(factor_name(result, one, [by]) for one, by in pairwise(way))) for way in mine]
    direct = len(mine) > 1 and [of, variable] in mine  # ∂f/∂x is the slope of f in x alone there
    kind = t.Total if direct or len(result.program.variables) == 1 else t.Partial
    sides = [factor_name(result, of, [variable], kind), added([(1, one) for one in factors])]
    if not mine or mine == [[of, variable]]:
        sides = factors[:1] or sides  # f reads x itself, or nothing leads there
    values = [multiplied(result, list(pairwise(way))) for way in mine]
    if mine and all(one is not None for one in values):
        total = added([one for one in values if one is not None and one[1] != t.Number("0")])
        sides += [total] if len(text(total)) < MAX_WIDTH else []
    return Formula("chain", equal(*sides))


def added(terms: list[tuple[int, t.Expr]]) -> t.Expr:
    """A sum of signed terms; 0 of none."""
    if len(terms) == 1 and terms[0][0] > 0:
        return terms[0][1]
    return t.Sum(tuple(terms)) if terms else t.Number("0")


def multiplied(result: Result, pairs: list[tuple[str, str]]) -> tuple[int, t.Expr] | None:
    """The sign and the product of local derivatives, as they are; None where one is too long."""
    layout, sign, parts = layout_of(result), 1, []
    for of, by in pairs:
        entries = local_entries(result, of, by)
        if entries is None:
            return None
        shown = layout(entries[0][0])
        if isinstance(shown, t.Negative):
            sign, shown = -sign, shown.inner
        parts.append(shown)
    kept = [one for one in parts if one != t.Number("1")] or parts[:1]
    if t.Number("0") in kept:
        return 1, t.Number("0")
    if len(kept) == 1:
        return sign, kept[0]
    factors: list[tuple[str, t.Expr]] = []
    for one in kept:  # 2u · y
        inner = list(one.factors) if isinstance(one, t.Product) else [("", one)]
        factors += [("dot" if factors else "", inner[0][1]), *inner[1:]]
    return sign, t.Product(tuple(factors))


def way_factors(result: Result, way: list[str], group: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Each definition on a path, with the names by which it is differentiated there; none where it leads elsewhere."""
    last = [v for v in group if v in depends(result).get(way[-1], [])]
    return [*((one, [below]) for one, below in pairwise(way)), (way[-1], last)] if last else []


def braced(result: Result, of: str, keys: Sequence[str]) -> t.Expr:
    """A factor of the chain rule with its size under it."""
    p = result.program
    rows, columns = prod(p.shape(of)), sum(prod(p.shape(k)) for k in keys)
    return t.Underbrace(factor_name(result, of, keys), rows, columns)


def pre_activated(result: Result, key: str) -> Formula | None:
    """z_a = W_1 x + c_1 and a = tanh(z_a)."""
    found = pre_activation(result, key)
    if found is None:
        return None
    own, z = name_of(result, key), t.PreActivation(t.Name(key))
    return Formula("local", t.Listing((equal(z, found[0]), equal(own, found[1]))),
                   f"{text(z)}: the pre-activation", result.program.arrays)


def groups(result: Result, reads: Sequence[str]) -> list[list[str]]:
    """The names a definition reads, its scalar variables together: they are columns of one row."""
    variables = result.program.variables
    together = [n for n in variables if n in reads and result.program.shape(n) == ()]
    if len(result.program.outputs) == 1 and scalar_chain(result, paths(result, result.program.outputs[0]) or []):
        return [[n] for n in reads]
    rest = [[n] for n in reads if n not in together]
    return ([together] if together else []) + rest


def cost(result: Result, ways: list[list[str]], group: Sequence[str]) -> str:
    """Multiplications of the chain, in reverse and forward accumulation, for one path of three factors or more."""
    p = result.program
    if len(ways) != 1 or len(ways[0]) < 2:
        return ""
    sizes = [prod(p.shape(key)) for key in ways[0]] + [sum(prod(p.shape(v)) for v in group)]
    reverse = sum(sizes[0] * sizes[k] * sizes[k + 1] for k in range(1, len(sizes) - 1))
    forward = sum(sizes[-1] * sizes[k] * sizes[k - 1] for k in range(1, len(sizes) - 1))
    return f"multiplications: {reverse:,} in reverse (from the left), {forward:,} forward (from the right)"


def factor_name(
    result: Result, of: str, keys: Sequence[str], kind: type[t.Partial] | type[t.Total] | None = None
) -> t.Expr:
    """∂f/∂u, ∂f/∂(x, y) by several; dx/dt of a number that moves with one number alone."""
    p = result.program
    by: list[t.Expr] = [name_of(result, key) for key in keys]
    if kind is None:
        alone = not p.net and depends(result).get(of) == list(keys) and p.shape(of) == p.shape(keys[0]) == ()
        alone = alone and p.steps[of].kind != "equation"
        kind = t.Total if alone else t.Partial
    return kind(name_of(result, of), (by[0] if len(by) == 1 else t.Tuple(tuple(by)),))


def scattered(form: t.Expr) -> bool:
    """True for unit vectors' products added up, and for columns of numbers, which the entries say better."""
    parts = list(t.walk(form))
    return sum(isinstance(one, t.Unit) for one in parts) > 1 or any(isinstance(one, t.Vector) for one in parts)


def local(result: Result, of: str, keys: Sequence[str]) -> Iterator[Formula]:
    """One local Jacobian: its matrix form, and its entries where they fit."""
    p = result.program
    sides: list[t.Expr] = [factor_name(result, of, keys)]
    rows, columns = prod(p.shape(of)), sum(prod(p.shape(k)) for k in keys)
    form, note = (matrix_form(result, of, keys[0]) if len(keys) == 1 else None) or (None, "")
    if form is not None and scattered(form) and local_entries(result, of, keys[0]) is not None:
        form = None
    if form is not None:
        sides.append(form)
    if form is None or not (told_better(result, form, note) or (rows, columns) == (1, 1)):
        parts = [local_entries(result, of, key) for key in keys]
        if all(part is not None for part in parts):
            layout = layout_of(result)
            entries = tuple(
                tuple(layout(e) for part in parts if part is not None for e in part[i]) for i in range(rows))
            shown = entries[0][0] if (rows, columns) == (1, 1) else t.Matrix(entries)
            if form is None or len(latex(shown)) < MAX_ENTRIES_TEX and rows * columns <= MAX_BESIDE:
                sides.append(shown)
    tree = equal(*sides) if len(sides) > 1 else t.Equation((sides[0], t.Space((rows, columns))), ("∈",))
    yield Formula("local", tree, note)


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
    root = result.inner(of)
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
    shown = [flat[k : k + columns] for k in range(0, len(flat), columns)]
    if not _reciprocal(p.steps[of].expr):
        return shown
    own_names = symbols_of(of, p.shape(of))
    return [_by_sigmoid(*row) or row[2] for row in zip(result.entries(root), own_names, shown)]


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


def passes(result: Result) -> list[list[Passed]]:
    return result.once(("backward", *adding_up(result)), lambda: backward(result))


def gradients(result: Result) -> Iterator[Formula]:
    """For a scalar loss: the backward pass δ, and ∂L/∂W = δ aᵀ, added up over all places that read the weight."""
    for one in ends("gradients", passes(result)):
        if isinstance(one, Formula):
            yield one
            continue
        weights = [line for line in one if line.weight]
        for line in one:
            if not line.weight:
                yield Formula("gradients", equal(line.left, line.right), line.note)
        if weights:
            yield Formula("gradients", t.Listing(tuple(equal(line.left, line.right) for line in weights)),
                          ", ".join(dict.fromkeys(line.note for line in weights if line.note)))


def asked(result: Result) -> Iterator[Formula]:
    """The value of f(3) where a line asks for it, and the derivative there."""
    p = result.program
    for one in p.asked:
        step = p.steps[one.call.key]
        place = {
            symbol: value
            for param, node in zip(step.params, one.arguments)
            for symbol, value in zip(result.entry_symbols(param), result.entries(node))
        }
        with suppress(LimitError):
            yield stated(result, [*([t.Name(one.key)] if one.key else []), one.call], result.entries(one.value), 1)
        with suppress(LimitError):
            parts = [  # by an argument that a line defines: of the function itself
                result.local_jacobian(step.key, param) if param in p.steps else result.jacobian(step.key, param)
                for param in step.params
            ]
            rows = [[e.subs(place) for part in parts for e in part[i, :]] for i in range(parts[0].shape[0])]
            flat, width = [e for row in rows for e in row], len(rows[0])
            left = t.Slope(one.call) if len(flat) == 1 else t.Jacobian(name_of(result, step.key), one.call.arguments)
            yield stated(result, [left], flat, width)


def stated(result: Result, left: list[t.Expr], entries: list[sp.Expr], columns: int) -> Formula:
    """What stands left of =, and a number or a matrix, also in decimals where it is no short fraction."""
    if any(e.has(sp.zoo, sp.oo, -sp.oo, sp.nan) for e in entries):
        words = t.Phrase((equal(*left), t.Words(" is not a finite number")))
        return Formula("asked", words, arrays=result.program.arrays)
    flat = [layout_of(result)(e) for e in entries]
    rows = tuple(tuple(flat[k : k + columns]) for k in range(0, len(flat), columns))
    right = flat[0] if len(flat) == 1 else t.Vector(tuple(flat)) if columns == 1 else t.Matrix(rows)
    sides, signs = [*left, right], ["="] * len(left)
    if len(entries) == 1 and entries[0].is_number and not entries[0].is_Rational:
        number = f"{float(entries[0]):.6g}"
        if "e" not in number:
            sides, signs = [*sides, t.Number(number.lstrip("-"))], [*signs, "≈"]
            sides[-1] = t.Negative(sides[-1]) if number.startswith("-") else sides[-1]
    return Formula("asked", t.Equation(tuple(sides), tuple(signs)), arrays=result.program.arrays)


def gradient_lines(result: Result) -> dict[str, list[t.Expr]]:
    """For each weight the δ of what reads it, and ∂L/∂W."""
    out: dict[str, list[t.Expr]] = {}
    for step in passes(result):
        deltas = [equal(line.left, line.right) for line in step if not line.weight]
        for line in step:
            if line.weight:
                out[line.key] = [*deltas, equal(line.left, line.right)]
                deltas = []
    return out


View = Callable[[Result], Iterator[Formula]]

VIEWS: dict[str, View] = {
    "echo": echo,
    "asked": asked,
    "total": total,
    "determinant": determinant,
    "chain": chain,
    "gradients": gradients,
}
"""What is shown for a block, from top to bottom."""


def formulas(result: Result, whole: bool = False) -> list[Formula]:
    """Everything that is shown for a Result."""
    made: dict[bool, list[Formula]] = result.__dict__.setdefault("_formulas", {})
    if whole not in made:
        shown: list[Formula] = []
        for name, view in VIEWS.items():
            shown += total(result, MAX_WHOLE) if whole and name == "total" else view(result)
        made[whole] = shown  # whole or not at all: the reader may interrupt
    return made[whole]


def plain_text(result: Result, whole: bool = False) -> str:
    """What a terminal shows."""
    lines = []
    kinds = {one.kind for one in formulas(result, whole)}
    for one in formulas(result, whole):
        if one.kind == "gradient" or (one.kind == "partial" and "result" in kinds):
            continue
        lines.append(one.text)
        if one.note and one.kind == "echo" and not one.text.endswith(one.note):
            lines += [f"    {one.note}"]
    return "\n".join([*lines, *numbers(result)])


KINKS = {name: row.kink_words for name, row in FUNCTIONS.items() if row.kink_words} | {
    "max(0, z)": "max(0, ·) at 0: slope 0, as ReLU has it",
    "norm": "‖·‖ at 0: slope 0, as in PyTorch",
    "cases": "a boundary of the cases: the slope of the case that holds here",
}
"""What is said where the current point sits on a kink of a function."""


def wrong_where(expr: sp.Expr) -> list[tuple[sp.Expr, str, str]]:
    """The parts of a template that must keep a sign: (part, when it is wrong, why)."""
    logs = sorted(expr.atoms(sp.log), key=str)
    out = [(e.args[0], "<=0", "ln of a number that is not positive") for e in logs]
    for e in sorted(expr.atoms(sp.Pow), key=str):
        if e.base.is_number or e.base == sp.E:
            continue
        if e.exp.is_Rational and e.exp.q % 2 == 0:
            out.append((e.base, "<0", "the root of a negative number"))
        if e.exp.is_Rational and e.exp.q % 2 == 1 and e.exp.q > 1:
            out.append((e.base, "<0", "a broken power of a negative number"))
        if e.exp.is_negative:
            out.append((e.base, "==0", "a division by 0"))
        if not e.exp.is_number:
            out.append((e.base, "<0", "a power of a negative number"))
    for name, when, why in (
        ("asin", ">1", "arcsin of a number beyond ±1"), ("acos", ">1", "arccos of a number beyond ±1"),
        ("atanh", ">=1", "atanh of a number beyond ±1"),
    ):
        out += [(e.args[0] ** 2, when, why) for e in sorted(expr.atoms(getattr(sp, name)), key=str)]
    for e in sorted(expr.atoms(symbolic("logit")), key=str):
        out += [(e.args[0], when, "logit of a number that is not between 0 and 1") for when in ("<=0", ">=1")]
    poles = (sp.cot, sp.csc, sp.coth, sp.csch, sp.acsch)
    out += [(e.args[0], "==0", "a pole at 0") for e in sorted(expr.atoms(*poles), key=str)]
    for e in sorted(expr.atoms(sp.asech), key=str):
        out += [(e.args[0], when, "asech of a number that is not between 0 and 1") for when in ("<=0", ">1")]
    for e in sorted(expr.atoms(sp.acoth), key=str):
        out.append((e.args[0] ** 2, "<=1", "acoth of a number between -1 and 1"))
    out += [(e.args[0], "<1", "acosh of a number below 1") for e in sorted(expr.atoms(sp.acosh), key=str)]
    return out


def guards(g: Graph, roots: Sequence[Node]) -> list[tuple[Node, str, str]]:
    """What must keep a sign, as nodes: (node, when it is wrong, why a number is not finite then)."""
    out: list[tuple[Node, str, str]] = []
    seen = set()
    # The functions first: the slope of √x at 0 is a division by 0, √x at −1 a root.
    for node in (one for root in roots for one in ancestry([root])):
        if node.op != "map":
            continue
        expr, axes = node.data
        for guarded, when, why in wrong_where(expr):
            watched = g.map(guarded, list(zip(node.args, axes)), node.shape)
            if (watched, when) not in seen and len(out) < MAX_GUARDS:
                seen.add((watched, when))
                out.append((watched, when, why))
    return out


def not_finite(result: Result) -> str:
    """What is not finite at the current point, a slope or the last number itself, and why."""
    slopes = result.at()
    finite = bool(np.isfinite(slopes).all())

    def make() -> tuple[list[tuple[str, str]], Any]:
        g = result.program.graph
        roots, _ = c.rebuild(g, [result.program.node(key) for key in result.program.outputs], (), True)
        found = guards(g, roots if finite else [*roots, result.total(safe=True)[0]])
        nodes = {f"g{k}": node for k, (node, _, _) in enumerate(found)}
        return [(when, text) for _, when, text in found], result.compile_nodes(nodes) if found else None

    told, run = result.once(("guards", finite), make)
    # Where nothing but an overflow can fail, the slope overflows, too; then no function is compiled for this.
    last = result.forward() if told else {}
    broken = [key for key in result.program.outputs if key in last and not np.isfinite(last[key]).all()]
    if finite and not broken:
        return ""
    values = run(**result.point({})) if told else {}
    met = [text for k, (when, text) in enumerate(told) if np.any(_WRONG[when](np.asarray(values[f"g{k}"])))]
    numbers = [slopes, *(last[key] for key in broken)]
    endless = any(np.isinf(one).any() for one in numbers)
    why = met[0] if met else "a pole, or a number beyond 1.8·10³⁰⁸" if endless else ""
    what = f"{', '.join(names.name(key).text for key in broken)} is not finite here" if finite else "not finite here"
    return f"{what}: {why}" if why else what


_WRONG: dict[str, Callable[[np.ndarray], Any]] = {
    "<=0": lambda v: v <= 0, "<0": lambda v: v < 0, "==0": lambda v: v == 0,
    ">1": lambda v: v > 1, ">=1": lambda v: v >= 1, "<1": lambda v: v < 1, "<=1": lambda v: v <= 1,
}


def numbers(result: Result) -> list[str]:
    """What the numbers at the current point say, in lines of text: sizes of the factors, the check, J."""
    at = b"".join(value.tobytes() for value in result.values._data.values())
    held: dict[bytes, list[str]] = result.once("numbers", dict)
    if at not in held:  # text and page say the same of one point
        matter = "; ".join(filter(None, [not_finite(result) or on_kinks(result), nothing_seen(result)]))
        lines = [factor_sizes(result), checked(result), numbers_text(result), matter]
        held.clear()
        held[at] = [line for line in lines if line]
    return held[at]


def factor_sizes(result: Result) -> str:
    """The largest singular value of every local Jacobian, so that vanishing and exploding gradients are seen."""
    links = depends(result)
    if not result.program.net or len(links) < 2:
        return ""
    parts = {pair: matrix for pair, matrix in local_numbers(result).items() if np.isfinite(matrix).all()}
    sizes = without_noise(np.array([np.linalg.norm(matrix, 2) for matrix in parts.values()]))
    shown = [
        f"∂{names.name(key).text}/∂{names.name(wrt).text} {size:.3g}" for (key, wrt), size in zip(parts, sizes)
    ]
    if len(shown) > 12:
        shown = [*shown[:6], "…", *shown[-5:]]
    return "largest singular values: " + ", ".join(shown) if shown else ""


def checked(result: Result) -> str:
    """The product of a net's local Jacobians against its derivative from the whole graph, in numbers."""
    p, links = result.program, depends(result)
    if not p.net or len(links) < 2 or len(p.outputs) > 3:
        return ""
    widths = [prod(p.shape(key)) for key in p.variables]
    width = sum(widths)
    if any(prod(p.shape(key)) * width > MAX_CHECKED for key in links):
        return ""
    product, bound = _swept(result, local_numbers(result), widths)
    direct = np.asarray(result.at())
    if product.shape != direct.shape or not (np.isfinite(product).all() and np.isfinite(direct).all()):
        return ""
    error, largest, summed = (float(np.abs(part).max(initial=0)) for part in (product - direct, direct, bound))
    both = "the product of the local Jacobians and the direct derivative"
    if error + largest <= NOISE * summed:
        return f"✓ {both} are 0, to rounding"
    if error <= 1e-9 * largest:
        return f"✓ {both} are the same, to rounding"
    return f"{both} differ by {error / max(largest, 1e-300):.1g} of the largest entry"


def _swept(
    result: Result, parts: Mapping[tuple[str, str], np.ndarray], widths: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The product of local Jacobians along the net, and the sum of the sizes of all that is added up in it."""
    p, width = result.program, sum(widths)
    own = dict(zip(p.variables, np.split(np.eye(width), np.cumsum(widths)[:-1])))
    totals = {key: (part, part) for key, part in own.items()}
    with np.errstate(all="ignore"):
        for key, reads in depends(result).items():
            totals[key] = (
                np.sum([parts[key, wrt] @ totals[wrt][0] for wrt in reads], axis=0),
                np.sum([np.abs(parts[key, wrt]) @ totals[wrt][1] for wrt in reads], axis=0),
            )
    found = [totals.get(key, (np.zeros((prod(p.shape(key)), width)),) * 2) for key in p.outputs]
    return np.concatenate([one for one, _ in found]), np.concatenate([sizes for _, sizes in found])


def local_numbers(result: Result) -> dict[tuple[str, str], np.ndarray]:
    """The local Jacobians at the current point, (entries of of, entries of wrt), from one sweep over the net."""
    p = result.program
    pairs = [(key, wrt) for key, reads in depends(result).items() for wrt in reads]
    run = result.once("local numbers", lambda: result.compile_nodes({
        f"{key} {wrt}": c.jacobian(p.graph, result.inner(key), p.graph.input(wrt, p.shape(wrt))) for key, wrt in pairs
    }))
    out = run(**result.point({}))
    return {
        (key, wrt): np.reshape(out[f"{key} {wrt}"], (prod(p.shape(key)), prod(p.shape(wrt)))) for key, wrt in pairs
    }


def _value(value: Any) -> str:
    if np.ndim(value) == 0:
        return f"{value:g}"
    return f"[{'; '.join(', '.join(f'{v:g}' for v in row) for row in np.atleast_2d(value))}]"


def numbers_text(result: Result) -> str:
    """The Jacobian's numbers at the current point, for a terminal."""
    p = result.program
    point = ", ".join(
        f"{names.name(key).text} = {_value(value)}"
        for key, value in ((key, result.values[key]) for key in (*p.variables, *p.parameters) if key in result.values)
        if np.ndim(value) == 0 or (np.shape(value) < (5,) and not p.net)
    )
    height, width = (sum(prod(p.shape(key)) for key in keys) for keys in (p.outputs, p.variables))
    if height * width > MAX_SHOWN**2:
        return f"J is {height}×{width}; .at() has its numbers"
    try:
        matrix = result.at()
    except JacmagicError:
        return ""
    rows = "; ".join(", ".join(f"{v:.4g}" for v in row) for row in without_noise(matrix))
    where = f" at {point}" if point else ""
    return f"J = [{rows}]{where}".replace("-", "−")


def nothing_seen(result: Result) -> str:
    """What is said where no point shows anything: the Jacobian is 0, or no number, at all that were tried."""
    return f"{result.unseen} {MAX_DRAWS} points that were tried" if result.blank() > 1 and result.unseen else ""


def on_kinks(result: Result) -> str:
    """The kinks that the current point sits on."""
    return "; ".join(dict.fromkeys(KINKS.get(name, f"{name} has a kink here") for name in result.kinks_here()))


def full_latex(result: Result) -> str:
    """LaTeX of the Jacobian, whole; it reads back in a block."""
    node = result.total(safe=False)[0]
    _, columns = node.shape
    layout = layout_of(result)
    flat = [layout(entry) for entry in result.slopes(node)]
    rows = tuple(tuple(flat[k : k + columns]) for k in range(0, len(flat), columns))
    return latex(flat[0] if len(flat) == 1 else t.Matrix(rows))
