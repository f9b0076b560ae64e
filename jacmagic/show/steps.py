"""The steps to a derivative: the rules in order, as a tree, its last line the result that is shown.

`steps` goes through the definitions of a block from the output back: the chain rule over them, then the rules of
each right side, by numbers as `rules` has them, of layers and vectors as products of matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, product
from math import prod

from jacmagic.engine import chain as c
from jacmagic.engine.graph import ancestry
from jacmagic.errors import JacmagicError, LimitError
from jacmagic.language import tree as t
from jacmagic.language.printers import latex, text
from jacmagic.result import Result
from jacmagic.show.backward import layout_of
from jacmagic.show.convention import in_denominator, laid_tree
from jacmagic.show.matrices import BY_ENTRIES, layer, weighed
from jacmagic.show.numbered import (
    Arrays,
    Moving,
    form,
    in_moving_numbers,
    in_numbers,
    matrix_of_numbers,
    moving_matrix,
)
from jacmagic.show.pieces import (
    MAX_BESIDE,
    MAX_ENTRIES_TEX,
    Formula,
    Told,
    aligned,
    entry_names,
    equal,
    fitting,
    name_of,
)
from jacmagic.show.rules import Rules, Step, added, joined
from jacmagic.show.tables import derivative_name, in_own_names, table

MAX_EACH = 2
"""Entries of a matrix that each have their steps; of more it is one. Instead: `r.steps` of an entry."""

MAX_TRIED = 64
"""Entries among which those are looked for that are no constants. Instead: likewise."""


@dataclass(frozen=True, repr=False)
class Steps(Told):
    """The steps to one derivative; prints as text, and typeset in a notebook.

    root    the first rule, with those below it
    result  the last line: the derivative as it is shown, with the current values put in, and what that is
    lines   all of it, one formula a line
    """

    root: Step
    result: t.Expr
    lines: tuple[Formula, ...]

    @cached_property
    def text(self) -> str:
        return "\n".join(f"{one.text}    {one.note}" for one in self.lines)

    @cached_property
    def latex(self) -> str:
        phrases = [(t.Phrase((one.tree, t.Words("   " + one.note))), one.arrays) for one in self.lines]
        return aligned([latex(*one) for one in phrases])


def steps(result: Result, of: str, wrt: str) -> Steps:
    """The steps to d of / d wrt, for any two names of the block, entries of vectors and matrices too.

    Raises:
        KeyError: a name that the block does not have.
        ValueError: a name that is given, not defined, has no derivative to explain.
    """
    (key, at), (by, k) = result.place(of), result.place(wrt)
    if key not in result.program.steps:
        raise ValueError(f"{of} has no definition in this block, so that there are no steps to its derivative")
    of = key if at is None else entry_names(result, of)[0]  # W_{1,2}, however it was typed
    wrt = by if k is None else entry_names(result, wrt)[0]
    shapes = result.program.shape(key) if at is None else (), result.program.shape(by) if k is None else ()
    over = _Numbers(result)
    part = part_of(result, of, wrt) if (at, k) != (None, None) and over.in_layers(key, by) else None
    numbers_of, moving_of = matrix_of_numbers, moving_matrix
    if part is not None:
        root, last = over.explained(part), part.right
    elif shapes == ((), ()):
        last = result_of(result, of, wrt)
        root = over.step(of, wrt) if key != by else Step(
            "a name by itself", t.Partial(over.name(of), (over.name(wrt),)), last, None)
        numbers_of, moving_of = in_numbers, in_moving_numbers
    else:
        jumps = key == by or over.derives(key) or over.calls_unknown(key) or (at, k) != (None, None)
        root = over.explained(worked(result, of, wrt) if jumps else layer(result, of, wrt))
        last = root.right if root.value is None else root.value
    numbers = numbers_of(result, last, of, wrt)
    left = name_of_result(result, key, wrt) or root.left
    final = laid_tree(result, equal(left, last, *numbers))

    def moving() -> Moving:
        found = moving_of(result, last, of, wrt, len(numbers))
        return replace(found, sides=t.children(laid_tree(result, equal(left, *found.sides)))[1:])

    arrays = result.program.arrays
    lines = [passed(result, depth, one) if isinstance(one.left, t.Delta) else Formula(
        "steps", laid_tree(result, one.line), one.words, arrays, depth) for depth, one in root.walk()]
    together = Formula("steps", final, "put together", arrays, moving=moving if numbers else None)
    return Steps(root, final, (*lines, together))


def passed(result: Result, depth: int, step: Step) -> Formula:
    """δ of a layer: its formula, with the numbers put in, and what it is."""
    numbers = Arrays(result).beside(step.left, step.right)

    def moving() -> Moving:
        found = Arrays(result, True)
        return Moving(found.beside(step.left, step.right), found.nodes)

    return Formula("steps", equal(step.left, step.right, *numbers), step.words, result.program.arrays, depth,
                   moving if numbers else None)


def part_of(result: Result, of: str, wrt: str) -> Step | None:
    """An entry, row or column of a derivative over the layers of a net, δ₁ x₂, below it the steps of the whole."""
    (key, at), (by, k) = result.place(of), result.place(wrt)
    shapes, line = (result.program.shape(key), result.program.shape(by)), weighed(result, key, by)
    if line is None and max(map(len, shapes)) > 1:
        return None  # no matrix: each entry has a formula of its own
    whole = layer(result, key, by)
    value = t.inside(whole.right if whole.value is None else whole.value)
    left, words = t.Partial(t.Name(of), (t.Name(wrt),)), f"of {text(whole.left)}"
    if line is None:
        places = (None if at is None and shapes[0] else at or 0, None if k is None and shapes[1] else k or 0)
        lines = ("a row", "a column") if in_denominator(result) else ("a column", "a row")
        kind = lines[places[1] is None] if None in places else "an entry"
        return Step(f"{kind} {words}", left, entry_at(value, *places), None, parts=(whole,))
    at_entry = divmod(k or 0, shapes[1][1]) if len(shapes[1]) > 1 else (k or 0,)
    return Step(f"an entry {words}", left, entry_of(value, *at_entry), None, parts=(whole,))


def entry_of(tree: t.Expr, *places: int) -> t.Expr:
    """An entry of a gradient; of u xᵀ it is a product of numbers."""
    factors = tree.factors if isinstance(tree, t.Product) else ()
    last = factors[-1][1] if len(places) > 1 and factors else None
    if not isinstance(last, t.Transpose) or not isinstance(last.base, t.Name):
        return entry_at(tree, *places)
    rest = factors[0][1] if len(factors) == 2 else t.Product(factors[:-1])
    return joined(entry_at(rest, places[0]), entry_at(last.base, places[1]))


def entry_at(tree: t.Expr, *places: int | None) -> t.Expr:
    """An entry of a formula, counting from 0; where a place is None, a row or column of it."""
    base = tree if isinstance(tree, (t.Name, t.Delta)) else t.Paren(tree)
    return t.Component(base, tuple(t.Slice() if one is None else t.Number(str(one + 1)) for one in places))


def worked(result: Result, of: str, wrt: str) -> Step:
    """A derivative of what is one itself, of vectors: its entries, where they are few."""
    node, left = result.derivative(of, wrt, safe=False)[0], t.Partial(name_of(result, of), (name_of(result, wrt),))
    width = form(result, of, wrt)[1]
    if node.size > MAX_BESIDE:
        return Step(BY_ENTRIES, left, t.Dots(), None)
    flat = [layout_of(result)(one) for one in result.slopes(node)]
    rows = tuple(tuple(flat[k : k + width]) for k in range(0, len(flat), width))
    return Step(BY_ENTRIES, left, fitting(t.Matrix(rows), MAX_ENTRIES_TEX), None)


def name_of_result(result: Result, key: str, wrt: str) -> t.Expr | None:
    """f'(x), as the derivative of one number by one is shown."""
    p = result.program
    alone = not p.net and p.outputs == (key,) and p.variables == (wrt,) and p.shape(key) == p.shape(wrt) == ()
    return derivative_name(result, t.Name(wrt)) if alone else None


class _Numbers:
    """The steps of one number by another: over the definitions, then within each."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.made: dict[tuple[str, str], Step] = {}

    def step(self, of: str, wrt: str) -> Step:
        p = self.result.program
        key, by = self.result.place(of)[0], self.result.place(wrt)[0]
        through = self.through(key, by)
        if not through or any(p.shape(one) for one in through):
            return self.direct(of, wrt, bool(through))
        expr = p.steps[key].expr  # of L(c, x) = h^2 the c stands in h alone
        direct = by in self.reads(key) and (expr is None or self.derives(key) or by in t.names_below(expr))
        terms = [joined(t.Partial(self.name(of), (self.name(one),)), t.Total(self.name(one), (self.name(wrt),)))
                 for one in through]
        parts = [step for one in through for step in (self.direct(of, one), self.step(one, wrt))]
        if direct:
            terms.append(t.Partial(self.name(of), (self.name(wrt),)))
            parts.append(self.direct(of, wrt))
        left = t.Total(self.name(of), (self.name(wrt),))
        rule = "chain rule" if len(terms) == 1 else "chain rule, a term for each way"
        return Step(rule, left, added(terms), result_of(self.result, of, wrt), parts=tuple(parts))

    def through(self, key: str, by: str) -> list[str]:
        """The definitions that one reads on the way to a name."""
        steps = self.result.program.steps
        return [one for one in self.reads(key) if one in steps and one != by and self.leads(one, by)]

    def in_layers(self, key: str, by: str) -> bool:
        """True where the way leads through layers of a net."""
        p = self.result.program
        return p.net and any(p.shape(one) for one in self.through(key, by))

    def explained(self, step: Step) -> Step:
        """What is said entry by entry, with the steps of entries below it: of a few all, of more the first."""
        if step.parts or step.rule.partition(":")[0] != BY_ENTRIES or not isinstance(step.left, (t.Partial, t.Total)):
            return replace(step, parts=tuple(map(self.explained, step.parts)))
        of, by = step.left.of, step.left.by[0]
        if not isinstance(of, t.Name) or not isinstance(by, t.Name):
            return step
        if self.result.place(of.key)[0] not in self.result.program.steps:
            return step
        found = self.entry_steps(of.key, by.key)
        few = list(islice(found, MAX_EACH + 1))
        more = len(few) > MAX_EACH
        words = step.rule + (", one of them below" if more else "")
        return replace(step, rule=words, parts=tuple(few[:1] if more else few))

    def entry_steps(self, of: str, by: str) -> Iterator[Step]:
        """The steps of each entry that is not a constant, among the first."""
        rows, columns = (entry_names(self.result, key) for key in (of, by))
        for row, column in islice(product(rows, columns), MAX_TRIED):
            with suppress(JacmagicError):
                step = self.direct(row, column)
                if step.rule != "a constant":
                    yield step

    def name(self, key: str) -> t.Name:
        whole, at = self.result.place(key)
        return name_of(self.result, whole) if at is None else t.Name(key)

    def reads(self, key: str) -> list[str]:
        step = self.result.program.steps[key]
        if self.derives(key) or self.calls_unknown(key):
            found = {node.data for node in ancestry([self.result.inner(key)]) if node.op == "input"}
            return [one for one in self.result.known if one in found]
        return list(dict.fromkeys([*step.reads, *step.params]))

    def derives(self, key: str) -> bool:
        """True where a derivative stands in the right side: what it reads is what that is, worked out."""
        expr = self.result.program.steps[key].expr
        return expr is not None and any(isinstance(one, t.DERIVATIVES) for one in t.walk(expr))

    def calls_unknown(self, key: str) -> bool:
        """True where a function of which nothing is known stands in it with arguments, f(x − c t)."""
        steps = self.result.program.steps
        unknown, expr = {one for one in steps if steps[one].kind == "unknown"}, steps[key].expr
        return key not in unknown and expr is not None and any(
            isinstance(one, t.UserCall) and one.key in unknown for one in t.walk(expr))

    def leads(self, key: str, by: str) -> bool:
        """True for a definition that depends on a name."""
        steps = self.result.program.steps
        return key == by or key in steps and any(self.leads(one, by) for one in self.reads(key) if one != key)

    def direct(self, of: str, wrt: str, substituted: bool = False) -> Step:
        """Of a definition's own right side, other definitions being names of their own."""
        key, at = self.result.place(of)
        step, left = self.result.program.steps[key], t.Partial(self.name(of), (self.name(wrt),))
        if step.kind == "unknown":
            return Step("a function of which nothing is known", left, left, None)
        if step.kind == "implicit":
            return self.by_equation(key, wrt, left)
        expr = step.expr
        if self.calls_unknown(key) or self.derives(key) and self.result.undetermined:
            called = "chain rule: f′ of what is put in, times its derivative"
            rule = called if self.calls_unknown(key) else "by the rules, derivatives of what nothing is known of kept"
            return Step(rule, left, self.partial(key, at, wrt), None)
        if at is not None or substituted or self.derives(key):
            expr = self.written(key, at, substituted) or expr
        return Rules(self.result, wrt).step(expr, left)

    def partial(self, key: str, at: int | None, wrt: str) -> t.Expr:
        """The derivative of a right side, other definitions being names of their own."""
        g, (by, k) = self.result.program.graph, self.result.place(wrt)
        node = self.result.inner(key) if at is None else g.take(self.result.inner(key), (at,), ())
        slope = c.jacobian(g, node, g.input(by, self.result.program.shape(by)))
        return layout_of(self.result)(self.result.slopes(slope if k is None else g.take(slope, (k,), ()))[0])

    def by_equation(self, key: str, wrt: str, left: t.Expr) -> Step:
        """−F_x/F_y of a number that one equation defines; of several what they come to."""
        p, value = self.result.program, result_of(self.result, key, wrt)
        if any(p.shape(one) for one in (*self.given, *p.zeros)):
            return Step("the equations, differentiated", left, value, None)
        if len(self.given) > 1:
            return Step("an entry of what the equations give", left, value, None, parts=(self.by_equations(wrt),))
        parts = [self.direct(p.zeros[0], one) for one in (wrt, key)]
        right = t.Negative(t.Fraction(parts[0].left, parts[1].left))
        return Step("the equation, differentiated: ∂F/∂x + ∂F/∂y dy/dx = 0", left, right, value, parts=tuple(parts))

    @property
    def given(self) -> list[str]:
        """The names that equations define."""
        return [key for key, one in self.result.program.steps.items() if one.kind == "implicit"]

    def by_equations(self, wrt: str) -> Step:
        """−F_y⁻¹ F_x of numbers that as many equations define."""
        p = self.result.program
        given = self.given
        parts = [[self.direct(one, by) for by in (*given, wrt)] for one in p.zeros]
        inner = t.Matrix(tuple(tuple(one.left for one in row[:-1]) for row in parts))
        column = t.Matrix(tuple((row[-1].left,) for row in parts))
        left = t.Matrix(tuple((t.Partial(self.name(one), (self.name(wrt),)),) for one in given))
        value = t.Matrix(tuple((result_of(self.result, one, wrt),) for one in given))
        right = t.Negative(t.Product((("", t.inverse(inner)), ("", column))))
        rule = "the equations, differentiated: ∂F/∂x + ∂F/∂y dy/dx = 0"
        return Step(rule, left, right, value, parts=tuple(one for row in parts for one in row))

    def written(self, key: str, at: int | None, substituted: bool) -> t.Expr | None:
        """One entry of a right side; with `substituted` all definitions put in."""
        expr = t.inside(self.result.program.steps[key].expr)
        if isinstance(expr, t.Vector) and at is not None and not substituted and len(expr.entries) == prod(
            self.result.program.shape(key)
        ):
            return expr.entries[at]
        with suppress(LimitError):
            p = self.result.program
            node = c.rebuild(p.graph, [p.node(key)])[0][0] if substituted else self.result.inner(key)
            return layout_of(self.result)(self.result.entries(node)[at or 0])
        return None


def result_of(result: Result, of: str, wrt: str) -> t.Expr:
    """The derivative of a number by a number as it is shown."""
    p = result.program
    (key, at), (by, k) = result.place(of), result.place(wrt)
    if not p.net and key in p.outputs and by in p.variables:
        found = in_own_names(result, table(result))
        if found.whole and found.trees is not None:
            rows = [(one, i) for one in p.outputs for i in range(prod(p.shape(one)))]
            columns = [(one, i) for one in p.variables for i in range(prod(p.shape(one)))]
            return found.trees[rows.index((key, at or 0))][columns.index((by, k or 0))]
    return layout_of(result)(result.slopes(result.derivative(of, wrt, safe=False)[0])[0])
