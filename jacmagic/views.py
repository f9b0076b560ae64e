r"""What is shown for a Result, as formulas: the table VIEWS.

A view is a function from a Result to Formulas, each with its LaTeX and its text
for a terminal; the bundle, the panel and the saved page all show these. A new view
is a function and a line in VIEWS.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from jacmagic import calculus as c
from jacmagic import latex as tex
from jacmagic import tree as t
from jacmagic.errors import JacmagicError, LimitError
from jacmagic.functions import FUNCTIONS, calculus, put_in, symbolic
from jacmagic.graph import Graph, Node, ancestry, slot
from jacmagic.layout import Layout, Order
from jacmagic.lowering import mentions
from jacmagic.program import Line, Program, Shape, Step
from jacmagic.result import Result, entry_name, symbols_of
from jacmagic.syntax import GREEK, ROLES

MAX_SHOWN = 8
"""Rows and columns of a matrix that are typeset; the middle of a larger one is left out.
Instead: `--all`, or `r.matrix`."""

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

MAX_STEPS = 16
"""Definitions that are written out; of more, the first and the last. Instead: `r.layers`."""

LAST_STEPS = 4
"""How many of the last definitions are among them."""

MAX_CHECKED = 1_000_000
"""Entries of a derivative by the inputs up to which a net's product of local Jacobians is compared with it.
Instead: `n.at(of, wrt)` of a part."""

MAX_GUARDS = 40
"""Places that are watched for a number that is not finite. Instead: `r.forward(…)`."""

MAX_KINKS = 40
"""Places that are watched for a kink. Instead: `r.forward(…)`."""

MAX_ENTRIES_TEX = 900
"""Characters of LaTeX in the entries of a local Jacobian that has a matrix form besides.
Instead: `jacobians` of one of `r.layers`."""


NOISE = 1e-12
"""Below this part of the largest one beside it, a number is rounding, and shown as 0; panel.js has the same."""


def without_noise(numbers: np.ndarray) -> np.ndarray:
    """Numbers as they are shown: 0 for what is nothing but the rounding of the others, and no −0."""
    sizes = np.abs(numbers)
    return np.where(sizes < NOISE * np.max(sizes, where=np.isfinite(sizes), initial=0), 0.0, numbers) + 0.0


@dataclass(frozen=True)
class Formula:
    """One displayed formula.

    kind   "echo", "result", "local", "chain", "determinant", "note"
    latex  the formula; empty for a note
    text   the same for a terminal
    note   small grey words beside it
    """

    kind: str
    latex: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Label:
    """A row, column or name: its key, LaTeX, and text."""

    key: str
    latex: str
    text: str


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
        return Label(with_dot(name) if dotted else name, tex.name(name, dotted), tex.unicode_name(name, dotted))

    def __iter__(self) -> Iterator[Label]:
        return map(self.__getitem__, range(len(self)))


def with_dot(name: str) -> str:
    """x_dot1 for dx1, the output of a system: its letter, its dot, its index."""
    return re.sub(r"^d([^\W\d_]+)", r"\1_dot", name)


def step_name(step: Step) -> str:
    return tex.name(step.key, dotted=step.kind == "equation")


def text_of(result: Result, key: str) -> str:
    """A name as text, with its dot where it is the output of a system."""
    step = result.program.steps.get(key)
    return tex.unicode_name(key, dotted=step is not None and step.kind == "equation")


def name_of(result: Result, key: str) -> str:
    step = result.program.steps.get(key)
    return step_name(step) if step is not None else tex.name(key)


def layout(result: Result) -> Layout:
    """What lays SymPy expressions out in the order of the block."""
    p = result.program
    trees = [line.expr for line in p.echo if line.expr is not None]
    return result.once("layout", lambda: Layout(p.decimals, Order(trees)))


# ------------------------------------------------------------------ the echo
def echo(result: Result) -> Iterator[Formula]:
    """The block as it was understood."""
    lines = [line for line in result.program.echo if line.kind == "step"]
    rest = [line for line in result.program.echo if line.kind != "step"]
    for line in ends("echo", lines):
        if isinstance(line, Formula):
            yield line
        else:
            yield Formula("echo", *_echo_line(result, line), note=summary(result) if line is lines[0] else "")
    if rest:
        formulas = [_echo_line(result, line) for line in rest]
        yield Formula("values", r",\quad ".join(f[0] for f in formulas), "; ".join(f[1] for f in formulas))


def left_out(kind: str, more: int) -> Formula:
    """The mark where formulas are left out."""
    return Formula(kind, r"\vdots", f"⋮ {more:,} more", f"{more:,} more")


def ends(kind: str, lines: list[Any]) -> list[Any]:
    """The first and last of many lines, between them a formula that says how many are left out."""
    if len(lines) <= MAX_STEPS:
        return lines
    return [*lines[: MAX_STEPS - LAST_STEPS], left_out(kind, len(lines) - MAX_STEPS), *lines[-LAST_STEPS:]]


def _echo_line(result: Result, line: Line) -> tuple[str, str]:
    step = result.program.steps.get(line.key)
    left = step_name(step) if step is not None else tex.name(line.key)
    plain = tex.unicode_name(line.key, dotted=line.equation)
    if line.params:
        left += rf"\left({', '.join(map(tex.name, line.params))}\right)"
        plain += f"({', '.join(map(tex.unicode_name, line.params))})"
    latex, text = left, plain
    if line.expr is not None:
        right = tex.expression(line.expr, result.program.arrays)
        latex += " = " + (right if len(right) < MAX_FORMULA else r"\cdots")
        words = tex.text(line.expr, result.program.arrays)
        text += " = " + (words if len(words) < MAX_FORMULA else "…")
    elif line.python:
        latex += r" = \text{from Python}"
        text += " = from Python"
    if line.shape is not None:
        latex += r" \in \mathbb{R}" + _size(line.shape, r" \times ", "^{{{}}}")
        text += " ∈ ℝ" + _size(line.shape, "×", "^{}")
    if line.range is not None:
        low, high = line.range
        latex += rf" \in \left[{tex.expression(low)}, {tex.expression(high)}\right]"
        text += f" ∈ [{tex.text(low)}, {tex.text(high)}]"
    return latex, text


def _size(shape: Shape, cross: str, form: str) -> str:
    if not shape:
        return ""
    text = cross.join(map(str, shape))
    return form.format(f"({text})" if len(shape) == 2 and "×" in cross else text)


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
            shown.append(tex.unicode_name(key) + size)
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
    def strings(self) -> tuple[list[list[str]], list[list[str]]] | None:
        """The shown entries as LaTeX and as text, or None where they are too long to read."""
        if self.entries is None or sum(_operations(e) for row in self.entries for e in row) > MAX_FORMULA // 4:
            return None
        trees = [[self.layout(e) for e in row] for row in self.entries]
        latex = [list(map(tex.expression, row)) for row in trees]
        flat = [e for row in latex for e in row]
        if sum(map(len, flat)) > MAX_FORMULA or any(map(_LONG.search, flat)):
            return None
        return latex, [list(map(tex.text, row)) for row in trees]

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
        return Table(rows, columns, some, others, entries, layout(result))

    return result.once(("table", most), make)


def in_own_names(result: Result, found: Table) -> Table:
    """The table with the entries of a softmax in its own name, p₁ − p₁² and −p₁ p₂; else as it was."""
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
        if not any(node.op == "softmax" for node in below) or any(
            node.op == "input" and node.data in p.steps for node in below
        ):
            return found
        parts = [local_entries(result, of, wrt) for wrt in p.variables]
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


def too_wide(plain: list[list[str]]) -> bool:
    """True where a matrix of these entries would not fit on a line."""
    return sum(max(len(row[j]) for row in plain) + 2 for j in range(len(plain[0]))) > MAX_WIDTH


def _elided(cells: list[list[str]], found: Table, dots: tuple[str, str, str]) -> list[list[str]]:
    """Dots between what is shown and the last row and column, where something is left out."""
    across, down, both = dots
    cells = [list(row) for row in cells]
    if len(found.shown_columns) < len(found.columns):
        cells = [[*row[:-1], across, row[-1]] for row in cells]
    if len(found.shown_rows) < len(found.rows):
        dotted = [down] * len(cells[0])
        if len(found.shown_columns) < len(found.columns):
            dotted[-2] = both
        cells = [*cells[:-1], dotted, cells[-1]]
    return cells


def _elided_labels(all_labels: Labels, shown: list[int], dots: str, kind: str) -> list[str]:
    out = [getattr(all_labels[k], kind) for k in shown]
    return [*out[:-1], dots, out[-1]] if len(shown) < len(all_labels) else out


def jacobian_name(result: Result) -> str:
    """J_f for one function, J for several."""
    outputs = result.program.outputs
    return f"J_{{{name_of(result, outputs[0])}}}" if len(outputs) == 1 else "J"


def total(result: Result, most: int = MAX_SHOWN) -> Iterator[Formula]:
    """The derivative, the partial derivatives with their row and gradient, or the labelled Jacobian."""
    if result.program.net and most <= MAX_SHOWN:
        return  # a layer's Jacobian is written in that layer's own names: the chain says it
    found = table(result, most)
    strings = in_own_names(result, found).strings
    m, n = len(found.rows), len(found.columns)
    shape = f"{m}×{n}"
    worked = any(n in result.program.steps for reads in depends(result).values() for n in reads)
    if strings is None or (worked and too_wide(strings[1])):
        title = jacobian_name(result)
        yield Formula(
            "result", rf"{title} \in \mathbb{{R}}^{{{m} \times {n}}}", f"J is {shape}",
            "too long for one formula: the factors of the chain are below, the numbers in .at(), everything in .matrix"
            if worked else "too long for one formula: the numbers are in .at(), everything in .matrix",
        )
        return
    latex, plain = strings
    of = result.program.outputs[0]
    step = result.program.steps[of]
    single = len(result.program.outputs) == 1 and step.shape == ()
    if single and n == 1:
        f, x = name_of(result, of), found.columns[0]
        if not step.params and step.kind != "function" or step.kind == "equation":
            left, words = rf"\frac{{d {f}}}{{d {x.latex}}}", f"d{found.rows[0].text}/d{x.text}"
        else:
            left, words = rf"{f}'\left({x.latex}\right)", f"{found.rows[0].text}'({x.text})"
        if result.program.parameters and len(result.program.parameters) > 0 and not step.params:
            left, words = rf"\frac{{\partial {f}}}{{\partial {x.latex}}}", f"∂{found.rows[0].text}/∂{x.text}"
        yield Formula("result", f"{left} = {latex[0][0]}", f"{words} = {plain[0][0]}")
        return
    if single:
        f = name_of(result, of)
        for k, j in enumerate(found.shown_columns):
            x = found.columns[j]
            if k and (more := j - found.shown_columns[k - 1] - 1):
                yield left_out("partial", more)
            yield Formula(
                "partial", rf"\frac{{\partial {f}}}{{\partial {x.latex}}} = {latex[0][k]}",
                f"∂{found.rows[0].text}/∂{x.text} = {plain[0][k]}",
            )
        if too_wide(plain):
            return
        cells = _elided(latex, found, (r"\cdots", r"\vdots", r"\ddots"))
        texts = _elided(plain, found, ("⋯", "⋮", "⋱"))
        yield Formula(
            "result", rf"{jacobian_name(result)} = {tex.matrix(cells, most + 2, most + 2)}",
            f"J = [{', '.join(texts[0])}]", "the row of partial derivatives",
        )
        column = tex.matrix([[e if e != r"\cdots" else r"\vdots"] for e in cells[0]], most + 2, most + 2)
        words = f"∇{found.rows[0].text} = Jᵀ"
        yield Formula("gradient", rf"\nabla {f} = {column}", words, "the gradient, its transpose")
        return
    if too_wide(plain):
        for i, row in enumerate(found.shown_rows):
            for k, j in enumerate(found.shown_columns):
                one, x = found.rows[row], found.columns[j]
                yield Formula("result", rf"\frac{{\partial {one.latex}}}{{\partial {x.latex}}} = {latex[i][k]}",
                              f"∂{one.text}/∂{x.text} = {plain[i][k]}")
        return
    cells = _elided(latex, found, (r"\cdots", r"\vdots", r"\ddots"))
    texts = _elided(plain, found, ("⋯", "⋮", "⋱"))
    rows = _elided_labels(found.rows, found.shown_rows, r"\vdots", "latex")
    columns = _elided_labels(found.columns, found.shown_columns, r"\cdots", "latex")
    left = jacobian_name(result)
    table_text = tex.text_matrix(
        texts, _elided_labels(found.rows, found.shown_rows, "⋮", "text"),
        _elided_labels(found.columns, found.shown_columns, "⋯", "text"), most + 2, most + 2,
    )
    note = "" if found.whole else f"{shape}; .matrix has all entries"
    yield Formula("result", f"{left} = {tex.labelled_matrix(cells, rows, columns, most + 2, most + 2)}",
                  "J =\n" + table_text, note)


def determinant(result: Result) -> Iterator[Formula]:
    """The determinant of a square Jacobian, with sin² + cos² put together."""
    p = result.program
    n = sum(prod(p.shape(key)) for key in p.outputs)
    if p.net or not 2 <= n <= 4 or n != sum(prod(p.shape(key)) for key in p.variables):
        return
    found = table(result)
    if found.entries is None or found.strings is None:
        return
    value = determinant_of(sp.Matrix(result.matrix))
    shown = tex.symbolic(value, result.program.decimals)
    if len(shown) < MAX_FORMULA // 8:
        words = tex.text_symbolic(value, result.program.decimals)
        yield Formula("determinant", rf"\det J = {shown}", f"det J = {words}")


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
@dataclass(frozen=True)
class _Term:
    """A product of factors, left to right; what a sum over paths adds up."""

    sign: int
    factors: tuple[str, ...]


class _Scalar(str):
    """A number among the factors: it commutes with the matrices."""


_MINUS = _Scalar("-")


class _NoForm(Exception):
    """No matrix form that reads well."""


def matrix_form(result: Result, of: str, wrt: str) -> str | None:
    r"""The local Jacobian as a product of matrices in the layer's own names: diag(1 - a^2) W_1.

    None where there is no such form that reads well (the entries say it then).
    """
    if result.inner(of).shape == () and result.program.shape(wrt) == ():
        entries = local_entries(result, of, wrt)
        return tex.symbolic(entries[0][0], result.program.decimals) if entries is not None else None
    terms = matrix_terms(result, of, wrt)
    return _form(result, of, terms) if terms is not None else None


def matrix_terms(result: Result, of: str, wrt: str) -> list[_Term] | None:
    """The local Jacobian as a sum of products of matrices; None where there is no such form."""
    root = result.inner(of)
    if len(root.shape) > 1:
        return None
    forms = _Forms(result, of, root)
    try:
        terms = forms.reverse(result.program.graph.input(wrt, result.program.shape(wrt)))
    except _NoForm:
        return None
    return merged(terms)


def _form(result: Result, of: str, terms: Sequence[_Term]) -> str | None:
    if not terms:
        return "0"
    out = ""
    for term in terms:
        body = r" \, ".join(term.factors) if term.factors else ("I" if result.inner(of).shape else "1")
        out += (" - " if out else "-") if term.sign < 0 else (" + " if out else "")
        out += body
    if prod(result.inner(of).shape) == 1 and len(terms) == 1 == len(terms[0].factors):
        out = _of_one(out)
    if _outside_brackets(out) == r"\left":  # one factor, in brackets that nothing needs
        out = out.removeprefix(r"\left(").removesuffix(r"\right)")
    out = re.sub(r"(\d\.\d{4})\d{3,}", r"\1\\ldots", out)  # SELU's constants
    return out if len(out) < MAX_FORMULA // 4 else None


def _of_one(factor: str) -> str:
    """The entry of a diagonal matrix that has but one."""
    return re.sub(r"^(-?)\\operatorname\{diag\}(?=\\left\()", r"\1", factor)


_SYMMETRIC = re.compile(
    r"I|\\operatorname\{diag\}\\left\([^()]*(\([^()]*\)[^()]*)*\\right\)"  # diag(f'(z))
    r"|\\left\(\\operatorname\{diag\}\\left\((?P<p>.+)\\right\) - "  # diag(p) - p pᵀ
    r"(?P=p) \\, (?P=p)\^\{\\top\}\\right\)"
)


def transpose_of(result: Result, of: str, wrt: str) -> list[str] | None:
    """The factors of a local Jacobian's transpose, W^T D of D W, none of I; None where it has no short form."""
    if result.inner(of).shape == () and result.program.shape(wrt) == ():
        slope = matrix_form(result, of, wrt)
        return None if slope is None or len(slope) > 60 else [] if slope == "1" else [_Scalar(_bracketed(slope))]
    terms = matrix_terms(result, of, wrt)
    if terms is None or len(terms) != 1 or _form(result, of, terms) is None:
        return None
    front: list[str] = [_MINUS] if terms[0].sign < 0 else []
    back = []
    for factor in reversed(terms[0].factors):
        if isinstance(factor, _Scalar) or _NUMBER.fullmatch(factor):
            front.append(factor)
        elif _SYMMETRIC.fullmatch(factor):
            back.append(factor)
        elif factor.endswith(r"^{\top}"):
            back.append(factor.removesuffix(r"^{\top}"))
        elif re.fullmatch(r"[A-Za-z\\]+(_\{\w+\})?", factor):
            back.append(rf"{factor}^{{\top}}")
        else:
            return None
    if prod(result.inner(of).shape) == 1:
        back = [_of_one(factor) for factor in back]
    return [*reversed(front), *back]


def merged(terms: list[_Term]) -> list[_Term]:
    """Equal products added up, their numbers in front, and 1ᵀ diag(v) written as vᵀ."""
    totals: dict[tuple[str, ...], Fraction] = {}
    decimals = False
    for term in terms:
        number, factors = Fraction(term.sign), []
        for factor in term.factors:
            found = _NUMBER.fullmatch(factor)
            if found:
                number *= Fraction(found[3] or f"{found[1]}/{found[2]}")
                decimals |= "." in factor
            else:
                factors.append(factor)
        for k in range(len(factors) - 1):
            inner = re.fullmatch(r"\\operatorname\{diag\}\\left\((.*)\\right\)", factors[k + 1], re.S)
            if factors[k] == _ONES and inner:
                content = re.fullmatch(r"(\d+) (.+)", inner[1])
                if content and not re.search(r" [+-] ", _outside_brackets(inner[1])):
                    number *= int(content[1])
                    inner = content
                factors[k : k + 2] = ["", rf"{_bracketed(inner[inner.re.groups])}^{{\top}}"]
        numbers = [factor for factor in factors if isinstance(factor, _Scalar)]
        rest = [factor for factor in factors if factor not in ("", "I") and not isinstance(factor, _Scalar)]
        kept = (*numbers, *(rest or [factor for factor in factors if factor == "I"][:1]))
        totals[kept] = totals.get(kept, Fraction(0)) + number
    out = []
    for kept, n in _together(totals).items():
        if n:
            front = (tex.symbolic(sp.Rational(abs(n.numerator), n.denominator), decimals),) if abs(n) != 1 else ()
            out.append(_Term(1 if n > 0 else -1, _over(front + kept)))
    return out


def _together(totals: Mapping[tuple[str, ...], Fraction]) -> dict[tuple[str, ...], Fraction]:
    """x^T (A + A^T) for x^T A + x^T A^T: products that differ in their last factor."""
    found: dict[tuple[tuple[str, ...], Fraction], list[str]] = {}
    for kept, n in totals.items():
        found.setdefault((kept[:-1], n), []).append(kept[-1] if kept else "")
    out: dict[tuple[str, ...], Fraction] = {}
    for (front, n), last in found.items():
        if front and len(last) > 1:
            last = [rf"\left({' + '.join(last)}\right)"]
        out |= {(*front, one) if one else (): n for one in last}
    return out


def _over(factors: tuple[str, ...]) -> tuple[str, ...]:
    """A number and a fraction behind it in one: 2/T for 2 · 1/T, λ for 2 · λ/2."""
    out: list[str] = []
    for factor in factors:
        found = _SIMPLE_FRACTION.fullmatch(factor)
        if out and found and out[-1].isdigit():
            top, above, below = int(out.pop()), found[1], found[2]
            if divisor := re.match(r"\d+(?=$| )", below):
                common = math.gcd(top, int(divisor[0]))
                top, rest = top // common, int(divisor[0]) // common
                below = f"{rest}{below[divisor.end() :]}".removeprefix("1 ")
            if number := re.match(r"(\d+)(?:$| (?=[^+-]))", above):
                top, above = top * int(number[1]), above[number.end() :]
            if top != 1 and re.search(r" [+-] ", _outside_brackets(above)):
                above = rf"\left({above}\right)"
            above = above if top == 1 and above else f"{top} {above}".strip()
            factor = _Scalar(above if below == "1" else rf"\frac{{{above}}}{{{below}}}")
        elif out and found and found[1] == "1" and isinstance(out[-1], _Scalar):
            factor = _Scalar(rf"\frac{{{out.pop()}}}{{{found[2]}}}")
        out.append(factor)
    for k in range(len(out) - 1):  # x/n^2 xᵀ/n is x xᵀ/n^3
        column, row = _COLUMN_DIVIDED.fullmatch(out[k]), _ROW_DIVIDED.fullmatch(out[k + 1])
        if column and row and row[2] in (None, column[2]):
            power = int(column[3] or 1) + (int(row[3] or 1) if row[2] else 0)
            below = column[2] if power == 1 else rf"{column[2]}^{{{power}}}"
            out[k : k + 2] = [rf"\frac{{{column[1]} \, {row[1] or row[4]}}}{{{below}}}"]
            break
    return tuple(factor for factor in out if factor != "1") or tuple(out[:1])


def _bracketed(text: str) -> str:
    return text if re.fullmatch(r"\\?[A-Za-z]+(_\{\w+\})?", text) else rf"\left({text}\right)"


_ROW = r"(?:[a-zA-Z]\w*(?:_\{\w+\})?|\\left\([^(){}]+\\right\))\^\{\\top\}"
_BELOW = r"([a-zA-Z]\w*(?:_\{\w+\})?|\\left\\\|[^|{}]+\\right\\\||\\left\([^()]+\\right\))(?:\^\{(\d)\})?"
_COLUMN_DIVIDED = re.compile(rf"\\frac\{{((?:\d+ )?[a-zA-Z]\w*(?:_\{{\w+\}})?)\}}\{{{_BELOW}\}}")
_ROW_DIVIDED = re.compile(rf"\\frac\{{({_ROW})\}}\{{{_BELOW}\}}|({_ROW})")
_SIMPLE_FRACTION = re.compile(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_ONES = r"\mathbf{1}^{\top}"
_NUMBER = re.compile(r"\\frac\{(\d+)\}\{(\d+)\}|(\d+(?:\.\d+)?)")


def rows_at(above: int, size: int, whole: int) -> tuple[str, ...]:
    """The Jacobian of a column by one of the parts it is stacked from: e_k, or I between zeros."""
    if size == whole:
        return ()
    if size == 1:
        return (rf"\mathbf{{e}}_{{{above + 1}}}",)
    return (tex.matrix([["0"]] * (above > 0) + [["I"]] + [["0"]] * (above + size < whole)),)


def _closed(formula: str) -> bool:
    """True for a name, a norm and a function with its argument: they need no brackets as a factor."""
    if re.fullmatch(r"\\?\w+(_\{[\w,]+\})?|\\left\\\|[^|]*\\right\\\|", formula):
        return True
    head = re.match(r"\\operatorname\{[\w\\]+\}\\left\(", formula)
    return head is not None and formula.endswith(")") and _outside_brackets(formula[head.end() - 1 :]) == ""


def _outside_brackets(text: str) -> str:
    """What stands outside all brackets and braces of a formula."""
    depth, out = 0, ""
    for part in re.split(r"([{}()])", re.sub(r"\\left\\\|.*?\\right\\\|", "", text)):
        depth += part in ("{", "(")
        out += part if depth == 0 else ""
        depth -= part in ("}", ")")
    return out


def layer_normed(node: Node) -> Node | None:
    """The z of a node that is layer_norm(z): (z - mean)/√(var + 1e-5), as it is lowered."""
    if node.op != "map" or node.data[0] != slot(0) / slot(1) or len(node.args) != 2:
        return None
    centred, deviation = node.args
    if centred.op != "map" or centred.data[0] != slot(0) - slot(1) or deviation.op != "map":
        return None
    mean, (squares, *_) = centred.args[1], deviation.args
    root = sp.sqrt(slot(0) / node.size + sp.Rational(1, 100000))
    means = mean.op == "map" and mean.data[0] == slot(0) / node.size and mean.args[0].op == "sum"
    varies = deviation.data[0] == root and squares.op == "sum" and squares.args[0].op == "map"
    return centred.args[0] if means and varies and squares.args[0].data[0] == slot(0) ** 2 else None


class _Forms:
    """The cotangent sweep of `calculus`, with formulas for matrices in the place of nodes."""

    def __init__(self, result: Result, of: str, root: Node) -> None:
        self.result, self.of, self.root = result, of, root
        self.holders: dict[str, str] = {}
        self.names: dict[int, str] = {}  # of nodes that have one
        self.inner, self.z = self.pre_activated()
        if self.inner is not None and self.inner.is_Symbol:
            self.names[root.args[int(self.inner.name[1:])].number] = self.z.name

    def pre_activated(self) -> tuple[sp.Expr | None, sp.Symbol]:
        """What the activation is applied to, in the slots of the root, and the symbol that stands for it: z_a."""
        z = sp.Symbol(f"z_{self.of}", real=True)
        if self.root.op != "map" or pre_activation(self.result, self.of) is None:
            return None, z
        calls = self.root.data[0].atoms(sp.Function)
        outer = [one for one in calls if not any(one is not other and other.has(one) for other in calls)]
        return (outer[0].args[0] if len(outer) == 1 and len(outer[0].args) == 1 else None), z

    # -------------------------------------------------------------- expressions
    def show(self, node: Node) -> str:
        """A node as a formula in the names of the block."""
        return self.fill(tex.symbolic(self.symbol(node), self.result.program.decimals))

    def symbol(self, node: Node) -> sp.Expr:
        if node is self.root:
            return sp.Symbol(self.of, real=True)
        if node.number in self.names:
            return sp.Symbol(self.names[node.number], real=True)
        if node.op == "input":
            return sp.Symbol(node.data, real=True)
        if node.op == "const" and node.shape == ():
            return node.data[0]
        if node.op == "map" and layer_normed(node) is None:
            return self.filled(node.data[0], node.args)
        return self.hold(self.operation(node))

    def filled(self, expr: sp.Expr, args: Sequence[Node]) -> sp.Expr:
        return put_in(expr, {slot(k): self.symbol(a) for k, a in enumerate(args) if slot(k) in expr.free_symbols})

    def hold(self, formula: str) -> sp.Symbol:
        """A symbol that stands for a formula until it is printed."""
        key = f"Q{9000 + len(self.holders)}"
        self.holders[tex.name(key)] = formula
        return sp.Symbol(key, real=True)

    def fill(self, text: str) -> str:
        for key, formula in reversed(list(self.holders.items())):
            text = text.replace(rf"\left({key}\right)", rf"\left({formula}\right)")
            bare = formula if _closed(formula) else rf"\left({formula}\right)"
            while key in text:
                at = text.index(key)
                before, behind = text[:at].rstrip(), text[at + len(key) :].lstrip()
                free = (not before or before.endswith(("+", "-", "(", "[", "{"))) and (
                    not behind or behind.startswith(("+", "-", r"\right", ">", "<", "]", "}")))
                text = text[:at] + (formula if free else bare) + text[at + len(key) :]
        return text

    def operation(self, node: Node) -> str:
        if (normed := layer_normed(node)) is not None:
            return rf"{FUNCTIONS['layer_norm'].tex}\left({self.show(normed)}\right)"
        if node.op == "dot":
            a, b = node.args
            la, lb, lo = node.data
            if len(la) == 2 and len(lb) == 1 and lo == (la[0],):
                return f"{self.factor(a)} {self.factor(b)}"
            if len(la) == 1 and len(lb) == 1 and not lo:
                return f"{' '.join(self.row(a))} {self.factor(b)}"
            if len(la) == 1 and len(lb) == 2 and la[0] == lb[0]:
                return rf"{self.factor(b)}^{{\top}} {self.factor(a)}"
            if len(la) == len(lb) == 2 and la[1] == lb[0] and lo == (la[0], lb[1]):
                return f"{self.factor(a)} {self.factor(b)}"
        if node.op == "permute" and node.data == (1, 0):
            return rf"{self.factor(node.args[0])}^{{\top}}"
        if node.op == "sum" and len(node.args[0].shape) == 1:
            return rf"\mathbf{{1}}^{{\top}} {self.factor(node.args[0])}"
        if node.op in ("softmax", "log_softmax"):
            return rf"{FUNCTIONS[node.op].tex}\left({self.show(node.args[0])}\right)"
        if node.op == "norm":
            return rf"\left\|{self.show(node.args[0])}\right\|"
        if node.op in ("amax", "amin"):
            return rf"\{node.op[1:]} {self.factor(node.args[0])}"
        if node.op == "prod":
            return rf"\prod {self.factor(node.args[0])}"
        if node.op == "take" and node.shape == () and len(node.args[0].shape) == 1:
            (x,), (_, (k,)) = node.args, node.data
            own = entry_name(x.data, x.shape, k) if x.op == "input" else ""
            return tex.name(own) if own else self.indexed(x, str(k + 1))
        if node.op == "stack" and len(node.shape) == 1:
            return tex.matrix([[self.show(part)] for part in node.args])
        raise _NoForm

    def factor(self, node: Node) -> str:
        """A node as a factor of a product, in brackets where it is a sum."""
        text = self.show(node)
        simple = node.op in ("input", "permute") or node is self.root or node.number in self.names or _closed(text)
        return text if simple else rf"\left({text}\right)"

    def indexed(self, node: Node, index: str) -> str:
        """An entry of a vector, in brackets where it has an index already."""
        text = self.factor(node)
        return rf"\left({text}\right)_{{{index}}}" if "_" in _outside_brackets(text) else rf"{text}_{{{index}}}"

    def row(self, node: Node) -> tuple[str, ...]:
        """The transpose of a node as factors: a number in front, and x^T A for the column A^T x."""
        labels = node.data if node.op == "dot" else None
        if labels and len(labels[0]) == 1 and len(labels[1]) == 2 and labels[0][0] == labels[1][0]:
            return (*self.row(node.args[0]), self.factor(node.args[1]))
        number, plain = self.scaled(node)
        return (*number, *self.row(plain)) if number else (rf"{self.factor(node)}^{{\top}}",)

    def scaled(self, node: Node) -> tuple[tuple[str, ...], Node]:
        """The number in front of a node, if there is one, and the node without it."""
        if node.op == "map" and node is not self.root:
            expr, axes = node.data
            content, rest = expr.primitive() if expr.is_Add else expr.as_coeff_Mul()
            if content.is_Rational and content.is_positive and content != 1:
                plain = self.result.program.graph.map(rest, list(zip(node.args, axes)), node.shape)
                return (tex.symbolic(content),), plain
        return (), node

    # -------------------------------------------------------------- the sweep
    def reverse(self, target: Node) -> list[_Term]:
        order = ancestry([self.root])
        depending = c._depending(order, [target])
        carried = {self.root.number: [_Term(1, ())]}
        for node in reversed(order):
            if node is target or node.number not in carried or node.number not in depending:
                continue
            terms = carried.pop(node.number)
            for arg, sign, factors in self.pull(node, depending):
                for term in terms:
                    carried.setdefault(arg.number, []).append(_Term(term.sign * sign, term.factors + factors))
                    if len(carried[arg.number]) > MAX_PATHS:
                        raise _NoForm
        return carried.get(target.number, [])

    def pull(self, node: Node, depending: set[int]) -> Iterator[tuple[Node, int, tuple[str, ...]]]:
        """(operand, sign, factors on the right) of a node's local Jacobian."""
        if (normed := layer_normed(node)) is not None:
            own, z, n = self.show(node), self.show(normed), node.size
            centring = rf"I - \tfrac{{1}}{{{n}}} \left(\mathbf{{1}} \, {_ONES} + {own} \, {own}^{{\top}}\right)"
            deviation = rf"\sqrt{{\operatorname{{var}}\left({z}\right) + 10^{{-5}}}}"
            yield normed, 1, (rf"\frac{{1}}{{{deviation}}}", rf"\left({centring}\right)")
            return
        loss = likelihood(self.result.program.graph, node)
        if loss is not None and loss.z is not None and loss.y.number not in depending:
            numbers = [tex.symbolic(abs(loss.scale))] if abs(loss.scale) != 1 else []
            own = rf"{FUNCTIONS['sigmoid'].tex}\left({self.show(loss.z)}\right)" if loss.binary else self.show(loss.p)
            form = loss.form(self.result, own, self.factor(loss.y))
            row = rf"\left({form}\right)^{{\top}}" if loss.z.shape else rf"\left({form}\right)"
            yield loss.z, 1 if loss.scale > 0 else -1, (*numbers, row)
            return
        if node.op == "map":
            yield from self.pull_map(node, depending)
            return
        (x, *_) = node.args
        if node.op == "dot":
            a, b = node.args
            la, lb, lo = node.data
            if b.number in depending:
                if len(la) == 2 and len(lb) == 1 and lo == (la[0],):
                    number, plain = self.scaled(a)
                    yield b, 1, (*number, self.show(plain) if plain.op == "dot" else self.factor(plain))
                elif len(la) == 1 and len(lb) == 1 and not lo or len(la) == 2 and len(lb) == 1 and lo == (la[1],):
                    yield b, 1, self.row(a)
                else:
                    raise _NoForm
            if a.number in depending:
                if len(la) == 2 and len(lb) == 1 and lo == (la[0],):
                    yield a, 1, (rf"\left(I \otimes {self.factor(b)}^{{\top}}\right)",)
                elif len(la) == 1 and len(lb) == 1 and not lo:
                    yield a, 1, self.row(b)
                elif len(la) == 1 and len(lb) == 2 and la[0] == lb[0] and lo == (lb[1],):  # (x^T B)^T is B^T x
                    yield a, 1, (rf"{self.factor(b)}^{{\top}}",)
                else:
                    raise _NoForm
        elif node.op == "sum" and len(x.shape) == 1:
            yield x, 1, (_ONES,)
        elif node.op == "softmax":
            s = self.show(node)
            yield x, 1, (rf"\left(\operatorname{{diag}}\left({s}\right) - {s} \, {s}^{{\top}}\right)",)
        elif node.op == "log_softmax":
            inner = rf"\operatorname{{softmax}}\left({self.show(x)}\right)"
            yield x, 1, (rf"\left(I - \mathbf{{1}} \, {inner}^{{\top}}\right)",)
        elif node.op == "norm":
            yield x, 1, (rf"\frac{{{self.factor(x)}^{{\top}}}}{{{self.show(node)}}}",)
        elif node.op in ("amax", "amin") and len(x.shape) == 1:
            yield x, 1, (rf"\mathbf{{e}}_{{\operatorname{{arg{node.op[1:]}}} {self.factor(x)}}}^{{\top}}",)
        elif node.op == "prod" and len(x.shape) == 1:
            at = self.indexed(x, "i")
            yield x, 1, (rf"\left(\textstyle\prod_{{i \ne j}} {at}\right)_{{\! j}}^{{\top}}",)
        elif node.op == "take" and len(x.shape) == 1 and len(node.shape) < 2:
            rows = [[rf"\mathbf{{e}}_{{{k + 1}}}^{{\top}}"] for k in node.data[1]]
            yield x, 1, (rows[0][0] if node.shape == () else tex.matrix(rows),)
        elif node.op == "stack" and len(node.shape) == 1:
            above = 0
            for part in node.args:
                if part.number in depending:
                    yield part, 1, rows_at(above, part.size, node.size)
                above += part.size
        else:
            raise _NoForm

    def pull_map(self, node: Node, depending: set[int]) -> Iterator[tuple[Node, int, tuple[str, ...]]]:
        expr, axes = node.data
        whole = c.every(node)
        inner = self.inner if node is self.root else None
        if inner is not None:
            expr = put_in(expr, {inner: self.z})
        slopes = c.gradient(expr)
        for k, (arg, own) in enumerate(zip(node.args, axes)):
            if arg.number not in depending:
                continue
            derivative = slopes.get(slot(k), sp.S.Zero)
            if inner is not None:
                derivative += slopes.get(self.z, sp.S.Zero) * c.gradient(inner).get(slot(k), sp.S.Zero)
            if derivative.is_zero:
                continue
            if own == () and len(node.shape) == 2 and derivative.is_Symbol:
                yield arg, 1, (rf"\operatorname{{vec}}\left({self.show(node.args[int(derivative.name[1:])])}\right)",)
                continue
            if own != whole and not (own == () and len(node.shape) == 1):
                raise _NoForm
            sign = 1
            if derivative.as_coeff_Mul()[0].is_negative:
                sign, derivative = -1, -derivative
            if derivative == 1 and own == whole:
                yield arg, sign, ()
                continue
            if node is self.root:
                derivative = self.by_output(expr, derivative)
            content, derivative = derivative.primitive() if derivative.is_Add else (sp.S.One, derivative)
            front = (tex.symbolic(content),) if content != 1 else ()  # 2(o - y), not 2o - 2y
            text = self.fill(tex.symbolic(self.filled(derivative, node.args), self.result.program.decimals))
            column = node.shape != () and any(
                slot(j) in derivative.free_symbols for j, one in enumerate(axes) if one == whole
            ) or any(s.name in (self.of, self.z.name) and node is self.root for s in derivative.free_symbols)
            bracket = text.startswith("-") or bool(re.search(r" [+-] ", _outside_brackets(text)))
            factors = (*front, rf"\left({text}\right)" if bracket else text) if derivative != 1 else front
            if own != whole:  # a number that goes to every entry
                yield arg, sign, factors if column else (*factors, r"\mathbf{1}")
            elif node.shape == ():
                yield arg, sign, factors
            elif not column:
                yield arg, sign, (*map(_Scalar, factors), "I")
            else:
                yield arg, sign, (*front, rf"\operatorname{{diag}}\left({text}\right)")

    def by_output(self, expr: sp.Expr, derivative: sp.Expr) -> sp.Expr:
        """1 - tanh(z)² is 1 - a² where a is the layer's own name for tanh(z)."""
        own = sp.Symbol(self.of, real=True)
        row = FUNCTIONS.get({"log": "ln"}.get(type(expr).__name__, type(expr).__name__))
        if row is None or row.by_output is None or len(expr.args) != 1:
            return put_in(derivative, {expr: own}) if expr.is_Function and derivative.has(expr) else derivative
        inner = expr.args[0]
        unit = symbolic(row.name)(sp.Symbol("zz", real=True))
        outer = unit.diff(sp.Symbol("zz", real=True)).xreplace({sp.Symbol("zz", real=True): inner})
        ratio = derivative / outer
        if ratio.is_number or not ratio.has(expr):
            return ratio * row.by_output(calculus, own)
        return put_in(derivative, {expr: own})


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
            form = matrix_form(result, key, wrt) if len(p.shape(wrt)) == 1 < prod(p.shape(wrt)) else None
            if form is not None and r"\mathbf{e}" not in form and form != "0":
                latex, text = factor_name(result, key, [wrt])
                yield Formula("local", f"{latex} = {form}", f"{text} = {plain_form(form)}")


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
        if (parts := pre_activation(result, key)) is not None:
            yield parts
        for group in groups(result, reads):
            yield from local(result, key, group)
    if not worked:
        return
    for of in p.outputs:
        ways = paths(result, of)
        if ways is None or len(p.outputs) > 3:
            continue
        sums, texts = [], []
        for way in ways:
            product, words = [], []
            for one, below in zip(way, [*way[1:], None]):
                rows = prod(p.shape(one))
                keys = [below] if below else [v for v in p.variables if v in links.get(one, [])]
                columns = sum(prod(p.shape(k)) for k in keys)
                latex, text = factor_name(result, one, keys)
                product.append(rf"\underbrace{{{latex}}}_{{{rows} \times {columns}}}")
                words.append(f"{text} [{rows}×{columns}]")
            if len(product) > 12:
                product = [*product[:5], r"\cdots", *product[-4:]]
                words = [*words[:5], "⋯", *words[-4:]]
            sums.append(r" \, ".join(product))
            texts.append(" · ".join(words))
        latex, text = factor_name(result, of, p.variables, "d")
        yield Formula(
            "chain", f"{latex} = {' + '.join(sums) or 0}", f"{text} = {' + '.join(texts) or 0}", cost(result, ways)
        )


def pre_activation(result: Result, key: str) -> Formula | None:
    """z_a = W_1 x + c_1 and a = tanh(z_a), for a layer of a net that is a function of a formula, or a sum with one."""
    step = result.program.steps[key]
    whole = t.inside(step.expr)
    terms = whole.terms if isinstance(whole, t.Sum) else ((1, whole),)
    z = t.Name(f"z_{key}", span=step.expr.span)
    inner = None
    outer: list[tuple[int, t.Expr]] = []
    for sign, term in terms:
        call = t.inside(term)
        if inner is None and isinstance(call, t.Call) and len(call.arguments) == 1:
            argument = t.inside(call.arguments[0])
            if not isinstance(argument, (t.Name, t.Number)) and result.program.shape(key) != ():
                inner, call = argument, replace(call, arguments=(z,))
        outer.append((sign, call))
    if inner is None or not result.program.net or z.key in result.known:
        return None
    after = outer[0][1] if len(outer) == 1 and outer[0][0] > 0 else t.Sum(tuple(outer), span=step.expr.span)
    word, arrays = tex.unicode_name(z.key), result.program.arrays
    before, now = (tex.expression(part, arrays) for part in (inner, after))
    return Formula(
        "local", rf"{tex.name(z.key)} = {before}, \quad {step_name(step)} = {now}",
        f"{word} = {tex.text(inner, arrays)}, {tex.unicode_name(key)} = {tex.text(after, arrays)}",
        f"{word}: the pre-activation",
    )


def groups(result: Result, reads: Sequence[str]) -> list[list[str]]:
    """The names a definition reads, its scalar variables together: they are columns of one row."""
    variables = result.program.variables
    together = [n for n in variables if n in reads and result.program.shape(n) == ()]
    rest = [[n] for n in reads if n not in together]
    return ([together] if together else []) + rest


def cost(result: Result, ways: list[list[str]]) -> str:
    """Multiplications of the chain, in reverse and forward accumulation, for one path of three factors or more."""
    p = result.program
    if len(ways) != 1 or len(ways[0]) < 2:
        return ""
    sizes = [prod(p.shape(key)) for key in ways[0]] + [sum(prod(p.shape(v)) for v in p.variables)]
    reverse = sum(sizes[0] * sizes[k] * sizes[k + 1] for k in range(1, len(sizes) - 1))
    forward = sum(sizes[-1] * sizes[k] * sizes[k - 1] for k in range(1, len(sizes) - 1))
    return f"multiplications: {reverse:,} in reverse (from the left), {forward:,} forward (from the right)"


def factor_name(result: Result, of: str, keys: Sequence[str], d: str = "∂") -> tuple[str, str]:
    """∂f/∂u, or ∂f/∂(x, y) by several, as LaTeX and as text."""
    sign = r"\partial" if d == "∂" else "d"
    names = [name_of(result, key) for key in keys]
    words = [text_of(result, key) for key in keys]
    below = names[0] if len(keys) == 1 else rf"\left({', '.join(names)}\right)"
    under = words[0] if len(keys) == 1 else f"({', '.join(words)})"
    return rf"\frac{{{sign} {name_of(result, of)}}}{{{sign} {below}}}", f"{d}{text_of(result, of)}/{d}{under}"


def scattered(form: str) -> bool:
    """True for a sum of unit vectors' products, which its entries say better where they fit."""
    return form.count(r"\mathbf{e}") > 1


def local(result: Result, of: str, keys: Sequence[str]) -> Iterator[Formula]:
    """One local Jacobian: its matrix form, and its entries where they fit."""
    p = result.program
    latex, text = factor_name(result, of, keys)
    rows, columns = prod(p.shape(of)), sum(prod(p.shape(k)) for k in keys)
    start = latex
    form = matrix_form(result, of, keys[0]) if len(keys) == 1 else None
    if form is not None and scattered(form) and local_entries(result, of, keys[0]) is not None:
        form = None
    if form is not None:
        latex += " = " + form
        text += " = " + plain_form(form)
    found = [likelihood(p.graph, node) for node in ancestry([result.inner(of)])]
    losses = [one for one in found if one is not None and one.z is not None]
    fused = bool(losses) and form is not None and losses[0].y.data not in keys
    by_z = form is not None and f"z_{of}" not in result.known and tex.name(f"z_{of}") in form
    parts = [None if fused or by_z else local_entries(result, of, key) for key in keys]
    if all(part is not None for part in parts) and not (form is not None and (rows, columns) == (1, 1)):
        entries = [[e for part in parts if part is not None for e in part[i]] for i in range(rows)]
        cells = tex.symbolic_entries(entries, p.decimals)
        shown = cells[0][0] if (rows, columns) == (1, 1) else tex.matrix(cells)
        if len(shown) < MAX_ENTRIES_TEX:
            latex += " = " + shown
            if form is None:
                plain = [[tex.text_symbolic(e, p.decimals) for e in row] for row in entries]
                text += " = " + (plain[0][0] if (rows, columns) == (1, 1) else
                                 "[" + "; ".join(", ".join(row) for row in plain) + "]")
    if latex == start:
        latex += rf" \in \mathbb{{R}}^{{{rows} \times {columns}}}"
        text += f" is {rows}×{columns}"
    told = fused and not losses[0].binary and adds_up_to_one(result, losses[0].y)
    yield Formula("local", latex, text, f"as Σ{tex.unicode_name(losses[0].y.data)} = 1" if told else "")


def plain_form(form: str) -> str:
    """A matrix form in one line for a terminal."""
    text = form
    while found := re.search(r"\\begin\{cases\}((?:(?!\\begin\{cases\}).)*?)\\end\{cases\}", text, re.S):
        rows = found[1].replace(r"\text{otherwise}", "").split(r"\\")  # the innermost cases first
        cells = [[cell.strip() for cell in re.split(r"&|\\text\{if \}", row)] for row in rows]
        cases = " else ".join(" if ".join(filter(None, row)) for row in cells)
        text = f"{text[:found.start()]}({cases}){text[found.end():]}"
    text = re.sub(
        r"\\(hat|bar|tilde|dot)\{\\?([A-Za-z]+)\}(?:_\{(\w+)\})?",
        lambda m: tex.unicode_name("_".join(filter(None, (m[2], m[1], m[3])))), text,
    )
    text = re.sub(r"\\(?:operatorname|mathrm|text)\{([^{}]*)\}", lambda m: m[1].replace(r"\_", "_"), text)
    text = re.sub(r"(?:\\mathbf\{)?([A-Za-z])\}?_\{(\d+)\}", lambda m: tex.unicode_name(m[1] + m[2]), text)
    text = re.sub(r"\\mathbf\{(\w+)\}", r"\1", text)
    for old, new in (
        (r"^{\top}", "ᵀ"), (r"\left", ""), (r"\right", ""), (r"\, ", ""), (r"\|", "‖"),
        (r"\otimes", "⊗"), ("^{2}", "²"), ("^{3}", "³"), ("-", "−"), (r"\tfrac", r"\frac"), (r"\textstyle", ""),
        (r"\!", ""), (r"\prod", "∏"), (r"\sum ", "Σ"), (r"\ne ", "≠ "), (r"\le ", "≤ "), (r"\ge ", "≥ "),
        (r"\cdot", "·"), (r"\partial ", "∂"), (r"\ldots", "…"), (r"\begin{bmatrix}", "["),
        (r"\end{bmatrix}", "]"), (r"\\", ";"),
    ):
        text = text.replace(old, new)
    before = ""
    while before != text:  # from the inside out
        before = text
        text = re.sub(r"\\sqrt\{([^{}]*)\}", lambda m: f"√{_operand(m[1], sure=True)}", text)
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: f"{_operand(m[1])}/{_operand(m[2])}", text)
        text = re.sub(r"([_^])\{([^{}]*)\}", lambda m: m[1] + _operand(m[2]), text)
    text = re.sub(r"\\([a-zA-Z]+)", lambda m: tex.unicode_name(m[1]) if m[1] in GREEK else m[1], text)
    return re.sub(r"\(\(([^()]*)\)\)", r"(\1)", re.sub(r" {2,}", " ", re.sub(r"[{}]", "", text)))


def _operand(text: str, sure: bool = False) -> str:
    """In brackets, unless it is one name, number or norm."""
    text = text.strip()
    one = re.fullmatch(r"−?∂?[\w.]+[ᵀ²³]?|‖[^‖]*‖|\([^()]*\)", text)
    return text if one and not (sure and text.startswith("−")) else f"({text})"


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
    if sum(e.count_ops() for e in flat) > 200:
        return None
    shown = [flat[k : k + columns] for k in range(0, len(flat), columns)]
    if not _reciprocal(p.steps[of].expr):
        return shown
    own_names = symbols_of(of, p.shape(of))
    return [_by_sigmoid(*row) or row[2] for row in zip(result.entries(root), own_names, shown)]


@dataclass(frozen=True)
class Affine:
    """W x + U h + c inside a layer: (weight, input, whether the weight is transposed) of each product, and the bias."""

    products: tuple[tuple[str, t.Expr, bool], ...]
    bias: str | None

    @property
    def weights(self) -> list[str]:
        return [weight for weight, _, _ in self.products]


def gradients(result: Result) -> Iterator[Formula]:
    """For a scalar loss: the backward pass δ, and ∂L/∂W = δ aᵀ, added up over all places that read the weight."""
    p = result.program
    last = p.outputs[-1]
    weights = [key for key in p.parameters if p.inputs[key].role == "weight"]
    if not p.net or prod(p.shape(last)) != 1 or not weights:
        return
    readers = {key: [one.key for one in p.steps.values() if key in (*one.reads, *one.params)] for key in weights}
    for one in ends("gradients", list(reversed(p.steps.items()))):
        if isinstance(one, Formula):
            yield one
            continue
        key, step = one
        if layer_parts(result, step) is not None:
            yield delta(result, key, step)
        parts = []
        for weight in weights:
            if readers[weight][:1] == [key]:  # all that read it have been passed
                if key == last and layer_parts(result, step) is None and own_gradient(result, weight) is None:
                    continue  # inside the loss alone: ∂L/∂W has no shorter name
                parts.append(weight_gradient(result, weight))
        if parts:
            yield Formula("gradients", r",\quad ".join(parts), ", ".join(map(plain_form, parts)))


def weight_gradient(result: Result, weight: str) -> str:
    """∂L/∂W as the sum over the definitions that read W: δ aᵀ of a layer, the chain rule elsewhere."""
    p, own = result.program, tex.name(weight)
    last = p.outputs[-1]
    loss, terms = name_of(result, last), []
    for key, step in p.steps.items():
        if weight not in (*step.reads, *step.params):
            continue
        layer = layer_parts(result, step)
        back = rf"\delta_{{{name_of(result, key)}}}"
        if layer is not None and weight in (layer.bias, *layer.weights):
            terms += [back] * (weight == layer.bias)
            for name, inner, transposed in layer.products:
                if name == weight:
                    source = tex.expression(inner, p.arrays)
                    source = source if isinstance(inner, t.Name) else rf"\left({source}\right)"
                    if step.shape == ():
                        terms.append(rf"{back} \, {source}")
                    else:
                        terms.append(rf"{source} \, {back}^{{\top}}" if transposed else rf"{back} \, {source}^{{\top}}")
        elif key == last:
            place = rf"\text{{where }} {loss} \text{{ has it}}"
            phrase = rf"\left.\frac{{\partial {loss}}}{{\partial {own}}}\right|_{{{place}}}"
            terms.append(own_gradient(result, weight) or phrase)
        elif len(p.shape(weight)) < 2 and (local := transpose_of(result, key, weight)) is not None:
            terms.append(_product([*local, *arriving(result, key)]))
        else:
            name = name_of(result, key)
            chain = rf"\frac{{\partial {loss}}}{{\partial {name}}} \, \frac{{\partial {name}}}{{\partial {own}}}"
            terms.append(rf"\left({chain}\right)^{{\top}}" if len(p.shape(weight)) == 1 else chain)
    return rf"\frac{{\partial {loss}}}{{\partial {own}}} = {_sum(terms)}"


def own_gradient(result: Result, weight: str) -> str | None:
    """The gradient of the loss by a weight that stands in the loss itself, in the weight's shape: 2λ W of λ‖W‖²."""
    p = result.program
    last, shape = p.outputs[-1], p.shape(weight)
    root, held = result.inner(last), p.graph.input(weight, shape)
    readers = [node for node in ancestry([root]) if held in node.args]
    forms = _Forms(result, last, root)
    target = held
    if len(shape) == 2:  # its entries one after the other, as a norm reads them
        flat = (0, tuple(range(prod(shape))))
        if len(readers) != 1 or readers[0].op != "take" or readers[0].data != flat or len(readers[0].shape) != 1:
            return None
        (target,) = readers
        forms.names[target.number] = weight
    try:
        terms = merged(forms.reverse(target))
    except _NoForm:
        return None
    if not terms or not all(term.factors and term.factors[-1].endswith(r"^{\top}") for term in terms):
        return None
    minus = {1: [], -1: [_MINUS]}
    return _sum(
        _product([*minus[term.sign], *term.factors[:-1], term.factors[-1].removesuffix(r"^{\top}")]) for term in terms
    )


def layer_parts(result: Result, step: Step) -> Affine | None:
    """The affine part of a layer act(W x + c), also where it is one term of a sum: a + act(W a + c)."""
    if step.key == result.program.outputs[-1] and prod(step.shape) == 1 and isinstance(t.inside(step.expr), t.Call):
        return None  # a loss
    found = affine_parts(result, step)
    whole = t.inside(step.expr)
    others: tuple[t.Expr, ...] = ()
    if found is None and isinstance(whole, t.Sum):
        calls = [term for sign, term in whole.terms if sign > 0 and isinstance(t.inside(term), t.Call)]
        if len(calls) != 1:
            return None
        found = affine_parts(result, replace(step, expr=calls[0]))
        others = tuple(term for _, term in whole.terms if term is not calls[0])
    if found is None:
        return None
    names, rest = {*found.weights, found.bias or ""}, (*others, *(inner for _, inner, _ in found.products))
    return None if any(mentions(part, names) for part in rest) else found


def delta(result: Result, key: str, step: Step) -> Formula:
    """The backward pass at one layer: δ_a = diag(f'(z)) W_nextᵀ δ_next, or p - y at softmax with cross-entropy."""
    p = result.program
    last, own = p.outputs[-1], name_of(result, key)
    left = rf"\delta_{{{own}}}"
    readers = readers_of(result, key)
    if (short := probability_minus_target(result, key, step, readers)) is not None:
        form, note = short
        return Formula("gradients", f"{left} = {form}", plain_form(f"{left} = {form}"), note)
    act = activation_factors(result, key, step)
    if prod(step.shape) == 1:
        act = [_of_one(factor) for factor in act]
    z = tex.unicode_name(f"z_{key}" if act else key)
    if key == last:
        back = list(act)
    elif act and act[-1] == "":  # no formula for it
        back = [rf"\left(\frac{{d {name_of(result, last)}}}{{d {tex.name(f'z_{key}')}}}\right)^{{\top}}"]
    else:
        back = [*act, *arriving(result, key)]
    form = _product(back)
    text = plain_form(f"{left} = {form}")
    return Formula("gradients", f"{left} = {form}", text, f"δ = ∂{tex.unicode_name(last)}/∂{z}, as a column")


def _sum(terms: Iterable[str]) -> str:
    return " + ".join(terms).replace("+ -", "- ") or "0"


def _negative(form: str) -> str:
    """-(y - a) of y - a."""
    return rf"-\left({form}\right)" if re.search(r" [+-] ", _outside_brackets(form)) else f"-{form}"


def _product(factors: Sequence[str]) -> str:
    """Factors side by side, the numbers multiplied and in front, without brackets round a single one."""
    if factors.count(_MINUS):
        form = _product([factor for factor in factors if factor != _MINUS])
        return _negative(form) if factors.count(_MINUS) % 2 else form
    (term,) = merged([_Term(1, tuple(factors))])
    if not term.factors:
        return "1"
    form = r" \, ".join(term.factors)
    if len(term.factors) == 1 and _outside_brackets(form) == r"\left":
        form = form.removeprefix(r"\left(").removesuffix(r"\right)")
    return form


def arriving(result: Result, key: str) -> list[str]:
    """The factors of (dL/dkey)ᵀ: what all that read a definition send back to it."""
    backs = [cotangent(result, key, reader) for reader in readers_of(result, key)]
    return backs[0] if len(backs) == 1 else [rf"\left({_sum(map(_product, backs))}\right)"]


def readers_of(result: Result, key: str) -> list[Step]:
    return [other for other in result.program.steps.values() if key in other.reads and other.key in depends(result)]


def cotangent(result: Result, key: str, reader: Step) -> list[str]:
    """What one reader of a layer sends back: Wᵀ δ of an affine layer, the transposes of local Jacobians elsewhere."""
    p = result.program
    last, own, name = p.outputs[-1], name_of(result, key), name_of(result, reader.key)
    affine = affine_parts(result, reader)
    if affine is not None and layer_parts(result, reader) is not None and affine.bias != key:
        found = [one for one in affine.products if mentions(one[1], {key})]
        if all(isinstance(t.inside(inner), t.Name) for _, inner, _ in found):
            weights = [tex.name(weight) + ("" if flipped else r"^{\top}") for weight, _, flipped in found]
            front = weights[0] if len(weights) == 1 else rf"\left({' + '.join(weights)}\right)"
            return [front, rf"\delta_{{{name}}}"]
    short = transpose_of(result, reader.key, key)
    back = short if short is not None else [rf"\left(\frac{{\partial {name}}}{{\partial {own}}}\right)^{{\top}}"]
    if reader.key == last:
        return back
    if layer_parts(result, reader) is None and len(readers_of(result, reader.key)) == 1:
        return [*back, *arriving(result, reader.key)]
    d = r"\partial" if [one.key for one in readers_of(result, reader.key)] == [last] else "d"
    return [*back, rf"\left(\frac{{{d} {name_of(result, last)}}}{{{d} {name}}}\right)^{{\top}}"]


def probability_minus_target(
    result: Result, key: str, step: Step, readers: Sequence[Step]
) -> tuple[str, str] | None:
    """(formula, note) of p - y: softmax with cross-entropy, sigmoid with bce, on one line or on two."""
    p = result.program
    if len(readers) != 1:
        return None
    own, call = name_of(result, key), t.inside(step.expr)
    (reader,) = readers
    if affine_parts(result, step) is None:
        return None
    act = call.function if isinstance(call, t.Call) else None
    after = t.inside(reader.expr)
    if act is None and isinstance(after, t.Call) and after.function in ("softmax", "sigmoid"):
        (argument,) = after.arguments  # p = softmax(z) on a line of its own
        following = [other for other in p.steps.values() if reader.key in other.reads]
        if not (isinstance(t.inside(argument), t.Name) and len(following) == 1):
            return None
        act, own, key, (reader,) = after.function, name_of(result, reader.key), reader.key, following
    loss = likelihood_of(result, reader.key, key)
    if loss is None or act != ("sigmoid" if loss.binary else "softmax") or loss.scale < 0:
        return None
    forms = _Forms(result, reader.key, result.inner(reader.key))
    try:
        y = forms.factor(loss.y)
    except _NoForm:
        return None
    form = loss.form(result, own, y).replace(r"\textstyle", "")
    if loss.scale != 1:
        form = _product([tex.symbolic(loss.scale), rf"\left({form}\right)"])
    if loss.binary or "sum" in form:
        return form, ""
    theirs = plain_form(y)
    return form, f"as Σ{theirs} = 1; the numbers use (Σ{theirs}) {tex.unicode_name(key)} − {theirs}"


@dataclass(frozen=True)
class Likelihood:
    """scale times the cross-entropy of y and p, -Σ y ln p, or with `binary` -Σ (y ln p + (1 - y) ln(1 - p)).

    z is what p is the softmax or sigmoid of, where that is part of the same formula.
    """

    scale: sp.Rational
    y: Node
    p: Node
    z: Node | None
    binary: bool

    def form(self, result: Result, p: str, y: str) -> str:
        """p - y, with the sum of y in front of p where that is not 1."""
        if self.binary or adds_up_to_one(result, self.y):
            return f"{p} - {y}"
        return rf"\left(\textstyle\sum {y}\right) {p} - {y}"


def adds_up_to_one(result: Result, y: Node) -> bool:
    """True where the target is a name whose entries add up to 1 at the current point."""
    value = result.values._data.get(y.data) if y.op == "input" else None
    return value is not None and abs(float(np.sum(value)) - 1) < 1e-12


def likelihood(g: Graph, node: Node) -> Likelihood | None:
    """The cross-entropy that a node is, as a call or written out: -Σ y ln p, -yᵀ ln p, -y ln p - (1 - y) ln(1 - p)."""
    scale, node = _multiple(node)
    if node.op == "dot" and node.shape == () and len(node.args[0].shape) == 1:
        for y, logs in (node.args, node.args[::-1]):
            if logs.op == "map" and logs.data[0] == sp.log(slot(0)):
                number, y = _multiple(y)
                return _categorical(-scale * number, y, logs.args[0])
    if node.op == "sum" and node.shape == ():
        (node,) = node.args
    if node.op != "map" or len(node.args) < 2 or any(arg.shape != node.shape for arg in node.args):
        return None
    expr, axes = node.data
    for k, p in enumerate(node.args):
        _p, others = slot(k), [one for one in range(len(node.args)) if one != k]
        number, y = (expr / sp.log(_p)).as_coeff_Mul()
        if y.could_extract_minus_sign():
            number, y = -number, -y
        if node.shape and number.is_Rational and _p not in y.free_symbols:
            renamed = y.xreplace({slot(one): slot(j) for j, one in enumerate(others)})
            inputs = [(node.args[one], axes[one]) for one in others]
            target = inputs[0][0] if renamed == slot(0) else g.map(renamed, inputs, node.shape)
            return _categorical(-number * scale, target, p)
        for z in (None, p) if len(others) == 1 else ():
            _y, chance = slot(others[0]), _p if z is None else symbolic("sigmoid")(_p)
            for sign in (1, -1):
                if expr == sp.Mul(sign, _y, sp.log(chance)) + sp.Mul(sign, 1 - _y, sp.log(1 - chance)):
                    return Likelihood(-sign * scale, node.args[others[0]], p, z, True)
    return None


def _multiple(node: Node) -> tuple[sp.Rational, Node]:
    """A node as a number times another."""
    scale = sp.S.One
    while node.op == "map" and len(node.args) == 1 and node.shape == node.args[0].shape:
        number, rest = node.data[0].as_coeff_Mul()
        if rest != slot(0) or not number.is_Rational:
            break
        scale, (node,) = scale * number, node.args
    return scale, node


def _categorical(scale: sp.Rational, y: Node, p: Node) -> Likelihood:
    return Likelihood(scale, y, p, p.args[0] if p.op == "softmax" else None, False)


def likelihood_of(result: Result, of: str, wrt: str) -> Likelihood | None:
    """The cross-entropy that alone reads `wrt` in a definition, itself or beside other terms."""
    g, root = result.program.graph, result.inner(of)
    target = g.input(wrt, result.program.shape(wrt))
    if [target in node.args for node in ancestry([root])].count(True) != 1:
        return None
    terms = [(sp.S.One, root)]
    if root.op == "map" and root.shape == ():
        reading = [k for k, arg in enumerate(root.args) if target in ancestry([arg])]
        slope = root.data[0].diff(slot(reading[0])) if len(reading) == 1 else sp.nan
        terms += [(slope, root.args[k]) for k in reading if slope.is_Rational]
    for number, node in terms:
        loss = likelihood(g, node)
        if loss is not None and loss.p is target and number.is_Rational:
            return replace(loss, scale=loss.scale * number)
    return None


def activation_factors(result: Result, key: str, step: Step) -> list[str]:
    """The transpose of a layer's Jacobian by its pre-activation, as factors: diag(1 - a²); none of a linear layer."""
    whole = t.inside(step.expr)
    found = affine_parts(result, step)
    if found is not None and not isinstance(whole, t.Call):
        return []
    sources = [t.inside(inner) for _, inner, _ in found.products] if found is not None else []
    names = [one.key for one in sources if isinstance(one, t.Name)]
    single = [name for name in names if [mentions(one, {name}) for one in sources].count(True) == 1]
    if single:
        try:
            terms = _Forms(result, key, result.inner(key)).reverse(
                result.program.graph.input(single[0], result.program.shape(single[0]))
            )
        except _NoForm:
            terms = []
        if len(terms) == 1 and terms[0].factors and terms[0].sign > 0:
            return list(terms[0].factors[:-1])
    terms_of = [term for _, term in whole.terms] if isinstance(whole, t.Sum) else [whole]
    calls = [one for term in terms_of if isinstance(one := t.inside(term), t.Call)]
    if len(calls) == 1 and FUNCTIONS[calls[0].function].kind == "entrywise":
        slope = rf"{FUNCTIONS[calls[0].function].tex}'\left({tex.name(f'z_{key}')}\right)"
        return [rf"\operatorname{{diag}}\left({slope}\right)"]
    return [""]


def affine_parts(result: Result, step: Step) -> Affine | None:
    """The products and the bias of a layer act(W x + c), act(W^T x + c) or act(W x + U h + c)."""
    expr = t.inside(step.expr)
    if isinstance(expr, t.Call) and len(expr.arguments) == 1:
        expr = t.inside(expr.arguments[0])
    products: list[tuple[str, t.Expr, bool]] = []
    bias = None
    for sign, term in expr.terms if isinstance(expr, t.Sum) else ((1, expr),):
        part = t.inside(term)
        if sign > 0 and isinstance(part, t.Name) and bias is None:
            bias = part.key
        elif sign > 0 and isinstance(part, t.Product) and len(part.factors) == 2 and (
            all(op in ("", "*") for op, _ in part.factors)
        ):
            weight, inner = t.inside(part.factors[0][1]), part.factors[1][1]
            transposed = isinstance(weight, t.Transpose)
            weight = t.inside(weight.base) if isinstance(weight, t.Transpose) else weight
            rank = 1 if step.shape == () else 2  # wᵀ x of logistic regression
            if not isinstance(weight, t.Name) or len(result.program.shape(weight.key)) != rank:
                return None
            products.append((weight.key, inner, transposed))
        else:
            return None
    return Affine(tuple(products), bias) if products else None


View = Callable[[Result], Iterator[Formula]]

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
        latex, text = tex.expression(one.call, p.arrays), tex.text(one.call, p.arrays)
        named = (f"{tex.name(one.key)} = ", f"{tex.unicode_name(one.key)} = ") if one.key else ("", "")
        with suppress(LimitError):
            yield _stated("asked", named[0] + latex, named[1] + text, result.entries(one.value), 1, p.decimals)
        with suppress(LimitError):
            parts = [  # by an argument that a line defines: of the function itself
                result.local_jacobian(step.key, param) if param in p.steps else result.jacobian(step.key, param)
                for param in step.params
            ]
            rows = [[e.subs(place) for part in parts for e in part[i, :]] for i in range(parts[0].shape[0])]
            head, words = step_name(step), tex.unicode_name(step.key)
            flat, width = [e for row in rows for e in row], len(rows[0])
            single = len(flat) == 1
            inside = latex[len(tex.name(step.key)) :]
            left = f"{head}'{inside}" if single else f"J_{{{head}}}{inside}"
            plain = f"{words}'{text[len(words):]}" if single else f"J_{words}{text[len(words):]}"
            yield _stated("asked", left, plain, flat, width, p.decimals)


def _stated(kind: str, latex: str, text: str, entries: list[sp.Expr], columns: int, decimals: bool) -> Formula:
    """What stands left of =, and a number or a matrix, also in decimals where it is no short fraction."""
    entries = [sp.nan if e.has(sp.zoo, sp.oo, -sp.oo, sp.nan) else e for e in entries]
    if sp.nan in entries:
        return Formula(kind, rf"{latex}\ \text{{is not a finite number}}", f"{text} is not a finite number")
    shown = [[tex.symbolic(e, decimals), tex.text_symbolic(e, decimals)] for e in entries]
    if len(entries) == 1:
        formula, words = shown[0]
    else:
        rows = [shown[k : k + columns] for k in range(0, len(shown), columns)]
        formula = tex.matrix([[cell[0] for cell in row] for row in rows])
        words = "[" + "; ".join(", ".join(cell[1] for cell in row) for row in rows) + "]"
    latex, text = f"{latex} = {formula}", f"{text} = {words}"
    if len(entries) == 1 and entries[0].is_number and not entries[0].is_Rational:
        number = f"{float(entries[0]):.6g}"
        if "e" not in number:
            latex, text = rf"{latex} \approx {number}", f"{text} ≈ {number}"
    return Formula(kind, latex, text)


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
            shown += total(result, 100) if whole and name == "total" else view(result)
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


KINKS = {
    "relu": "ReLU at 0: slope 0, as in PyTorch",
    "abs": "|·| at 0: slope 0, as in PyTorch",
    "sign": "sign at 0: slope 0",
    "step": "the step at 0: slope 0",
    "leaky_relu": "leaky ReLU at 0: slope 0.01, as in PyTorch",
    "selu": "SELU at 0: the slope from the left, as in PyTorch",
    "hardtanh": "hardtanh at ±1: slope 0, as in PyTorch",
    "max": "a tie of max: each of the k largest has slope 1/k",
    "max(0, z)": "max(0, ·) at 0: slope 0, as ReLU has it",
    "min": "a tie of min: each of the k smallest has slope 1/k",
    "floor": "floor jumps here: slope 0",
    "ceil": "ceil jumps here: slope 0",
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
    for name, when, text in (
        ("asin", ">1", "arcsin of a number beyond ±1"), ("acos", ">1", "arccos of a number beyond ±1"),
        ("atanh", ">=1", "atanh of a number beyond ±1"),
    ):
        out += [(e.args[0] ** 2, when, text) for e in sorted(expr.atoms(getattr(sp, name)), key=str)]
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
        for guarded, when, text in wrong_where(expr):
            watched = g.map(guarded, list(zip(node.args, axes)), node.shape)
            if (watched, when) not in seen and len(out) < MAX_GUARDS:
                seen.add((watched, when))
                out.append((watched, when, text))
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
    what = f"{', '.join(map(tex.unicode_name, broken))} is not finite here" if finite else "not finite here"
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
        lines = [factor_sizes(result), checked(result), numbers_text(result), not_finite(result) or on_kinks(result)]
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
        f"∂{tex.unicode_name(key)}/∂{tex.unicode_name(wrt)} {size:.3g}" for (key, wrt), size in zip(parts, sizes)
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
        f"{tex.unicode_name(key)} = {_value(value)}"
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


def on_kinks(result: Result) -> str:
    """The kinks that the current point sits on."""

    def make() -> tuple[list[str], Any]:
        g = result.program.graph
        roots, _ = c.rebuild(g, [result.program.node(key) for key in result.program.outputs], (), True)
        found = c.kinks(g, roots)[:MAX_KINKS]
        nodes = {f"k{k}": node for k, (_, node) in enumerate(found)}
        return [name for name, _ in found], result.compile_nodes(nodes) if found else None

    names, run = result.once("kinks", make)
    if not names:
        return ""
    values = run(**result.point({}))
    met = [name for k, name in enumerate(names) if not np.all(values[f"k{k}"])]
    return "; ".join(dict.fromkeys(KINKS.get(name, f"{name} has a kink here") for name in met))


def full_latex(result: Result) -> str:
    """LaTeX of the Jacobian, whole; it reads back in a block."""
    node = result.total(safe=False)[0]
    rows, columns = node.shape
    flat = result.slopes(node)
    decimals = result.program.decimals
    if len(flat) == 1:
        return tex.symbolic(flat[0], decimals)
    entries = [flat[k : k + columns] for k in range(0, len(flat), columns)]
    return tex.matrix(tex.symbolic_entries(entries, decimals), rows + 3, columns + 3)
