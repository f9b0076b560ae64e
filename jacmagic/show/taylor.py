"""The Taylor polynomial of each function: in symbols, and in numbers at the current point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb, factorial, prod

import numpy as np
import sympy as sp

from jacmagic import names, second
from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node
from jacmagic.errors import LimitError
from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.result import Result
from jacmagic.rounding import without_noise
from jacmagic.show.backward import layout_of
from jacmagic.show.pieces import MAX_OPERATIONS, Formula, Label, Labels, fitting, left_out

MAX_TERMS = 45
"""Terms of a polynomial that is shown. Instead: `r.hessian()`, `r.linear()`."""

MAX_POLYNOMIALS = 8
"""Functions whose polynomials are shown; of more, the first. Instead: fewer functions."""


@dataclass(frozen=True)
class Polynomial:
    """A function's Taylor polynomial.

    Attributes:
        of      the function's label
        left    f(x + Δx, y + Δy), or y where there is no list of arguments
        powers  of Δx, Δy, … in each term
        nodes   the derivative over the factorials of each term, for formulas and for numbers
    """

    of: Label
    left: t.Expr
    powers: list[tuple[int, ...]]
    nodes: list[Node]
    safe: list[Node]


def width(result: Result) -> int:
    """How many variables there are, the entries of vectors each; no symbol is made for that."""
    return sum(prod(result.program.shape(key)) for key in result.program.variables)


def polynomials(result: Result) -> list[Polynomial]:
    """Those that are shown, to the order that is asked for; none where one has too many terms."""
    order, n = result.besides.get("taylor", 0), width(result)
    if not order or comb(n + order, order) > MAX_TERMS:
        return []

    def make() -> list[Polynomial]:
        labels = Labels(result, result.program.outputs)
        return [
            Polynomial(labels[at], moved(result, key, labels[at]), *terms(result, key, k, order))
            for at, (key, k) in enumerate(second.functions(result)[:MAX_POLYNOMIALS])
        ]

    return result.once(("taylor", order), make)


def moved(result: Result, key: str, of: Label) -> t.Expr:
    """f(x + Δx, y + Δy) of a function of numbers, else its name."""
    p, step = result.program, result.program.steps[key]
    if p.shape(key) or sorted(step.params) != sorted(p.variables) or any(p.shape(one) for one in step.params):
        return of.tree
    return t.UserCall(key, tuple(t.Sum(((1, t.Name(one)), (1, step_of(one)))) for one in step.params))


def step_of(entry: str) -> t.Expr:
    """Δx."""
    return t.Name("Delta" + names.name(entry).key)


def terms(result: Result, key: str, k: int, order: int) -> tuple[list[tuple[int, ...]], list[Node], list[Node]]:
    """The powers in order of their degree, and ∂^α f/α! as nodes: as they are written, and safe."""
    g, n = result.program.graph, width(result)
    powers = [one for degree in range(order + 1) for one in of_degree(n, degree)]
    found: list[list[Node]] = []
    for safe in (False, True):
        root, targets = second.rooted(result, key, k, safe)
        made, slopes = {(0,) * n: root}, {}
        for one in powers[1:]:
            last = max(j for j in range(n) if one[j])
            below = (*one[:last], one[last] - 1, *one[last + 1 :])
            if below not in slopes:
                slopes[below] = g.stack(c.jacobians(g, made[below], targets, reuse=safe), (n,))
            made[one] = g.take(slopes[below], (last,), ())
        found.append([g.scale(sp.Rational(1, prod(map(factorial, one))), made[one]) for one in powers])
    return powers, found[0], found[1]


def of_degree(n: int, degree: int) -> list[tuple[int, ...]]:
    """The powers of n names that add up to a degree: x², x y, y²."""
    if n == 1:
        return [(degree,)]
    return [(first, *rest) for first in range(degree, -1, -1) for rest in of_degree(n - 1, degree - first)]


def steps_of(result: Result, powers: tuple[int, ...]) -> list[t.Expr]:
    """Δx² Δy, factor by factor."""
    steps = [(step_of(entry.key), power) for entry, power in zip(Labels(result, result.program.variables), powers)]
    return [name if power == 1 else t.Power(name, t.Number(str(power))) for name, power in steps if power]


def taylor(result: Result) -> Iterator[Formula]:
    """f(x + Δx) ≈ f + f' Δx + …, in the names of the block."""
    order, n = result.besides.get("taylor", 0), width(result)
    if not order:
        return
    if comb(n + order, order) > MAX_TERMS:
        many = f"a polynomial of order {order} in {n} variables has {comb(n + order, order):,} terms"
        yield Formula("taylor", t.Words(f"{many}, too many to show"))
        return
    for one in polynomials(result):
        shown = written(result, one)
        note = "too long for one formula: its numbers are below" if isinstance(shown, t.Dots) else ""
        yield Formula("taylor", t.Equation((one.left, shown), ("≈",)), note, result.program.arrays)
    if (more := len(second.functions(result)) - MAX_POLYNOMIALS) > 0:
        yield left_out("taylor", more)


def written(result: Result, one: Polynomial) -> t.Expr:
    """The polynomial in symbols, dots where it is too long to read."""
    g, layout = result.program.graph, layout_of(result)
    try:
        stacked = g.stack(one.nodes[1:], (len(one.nodes) - 1,))
        flat = [*result.entries(one.nodes[0]), *result.slopes(stacked, MAX_OPERATIONS)]
    except LimitError:
        return t.Dots()
    return fitting(added([(layout(e), steps_of(result, powers)) for e, powers in zip(flat, one.powers) if e != 0]))


def added(parts: list[tuple[t.Expr, list[t.Expr]]]) -> t.Expr:
    """The sum of coefficients times steps."""
    signed: list[tuple[int, t.Expr]] = []
    for number, steps in parts:
        sign, size = (-1, number.inner) if isinstance(number, t.Negative) else (1, number)
        if isinstance(size, t.Sum) and not steps and sign == 1:
            signed += size.terms
            continue
        if isinstance(size, t.Product) and all(before == "" for before, _ in size.factors):
            factors = [one for _, one in size.factors] + steps
        else:
            factors = steps if steps and size == t.Number("1") else [size, *steps]
        signed.append((sign, factors[0] if len(factors) == 1 else t.Product(tuple(("", one) for one in factors))))
    if not signed:
        return t.Number("0")
    return signed[0][1] if len(signed) == 1 and signed[0][0] == 1 else t.Sum(tuple(signed))


def near(result: Result) -> list[str]:
    """The polynomials in numbers at the current point, in lines of text."""
    if result.undetermined or not (found := polynomials(result)):
        return []
    run = result.once(("taylor numbers", result.besides["taylor"]), lambda: result.compile_nodes({
        f"{i}": result.program.graph.stack(one.safe, (len(one.safe),)) for i, one in enumerate(found)
    }))
    with np.errstate(all="ignore"):
        out = run(**result.point({}))
    lines = []
    for i, one in enumerate(found):
        numbers = without_noise(np.asarray(out[str(i)], float))
        if not np.isfinite(numbers).all():
            lines.append(f"the polynomial of {one.of.text} is not finite here")
            continue
        parts = [(decimal(v), steps_of(result, powers)) for v, powers in zip(numbers, one.powers) if v]
        lines.append(text(t.Equation((one.of.tree, added(parts)), ("≈",))).replace("-", "−"))
    places = zip(Labels(result, result.program.variables), point(result))
    away = {one.text: f" {'+' if v < 0 else '-'} {abs(v):.6g}" if v else "" for one, v in places}
    where = ", ".join(f"Δ{one} = {one}{less}" for one, less in away.items())
    return [*lines, f"where {where}".replace("-", "−")]


def point(result: Result) -> list[float]:
    """The values of the variables, entry by entry."""
    values = {**result.forward(), **{key: result.values[key] for key in result.values}}
    return [float(v) for key in result.program.variables for v in np.ravel(values[key])]


def decimal(value: float) -> t.Expr:
    """A number with four digits, its sign outside."""
    shown = t.Number(f"{abs(value):.4g}")
    return t.Negative(shown) if value < 0 else shown
