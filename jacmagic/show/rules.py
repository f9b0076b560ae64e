"""The rules of differentiation on a formula, one line each: sum, product, quotient, power, chain, a function's own row.

A line says what is differentiated, what its rule makes of that, with the derivatives of the parts in it, and what
the engine has for it: `rules` chooses, the engine differentiates, so that no line can disagree with the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import sympy as sp

from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node
from jacmagic.errors import JacmagicError, LimitError
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.names import entry, name
from jacmagic.program import lowering
from jacmagic.program.components import bounds
from jacmagic.program.lowerer import Lowerer, Value
from jacmagic.result import Result
from jacmagic.show.algebra import times
from jacmagic.show.backward import layout_of
from jacmagic.show.pieces import equal

MAX_WRITTEN = 300
"""Operations of an expression of vectors that is written out by its entries. Instead: its matrix form."""

MAX_TERMS = 6
"""Terms of a sum that each have their steps; of more it is the general one. Instead: `r.steps` of a shorter sum."""

MAX_SUM = 1_000
"""Terms of a sum among which those with x are looked for. Instead: likewise."""

LETTERS = "uvwpqrsz"
"""What inner functions are called, those of them that the block does not use."""

ZERO, ONE = t.Number("0"), t.Number("1")


@dataclass(frozen=True)
class Step:
    """One rule, and below it those that its parts need.

    rule    its name
    left    what is differentiated, ∂e/∂x
    right   what the rule makes of it
    value   that worked out, as the engine has it; None where that is too long
    held    names in it that are held constant
    where   what the letters of inner functions stand for: u = x y
    parts   the derivatives that stand on the right, in order
    expr    what is differentiated, e alone
    """

    rule: str
    left: t.Expr
    right: t.Expr
    value: t.Expr | None
    held: tuple[str, ...] = ()
    where: tuple[t.Expr, ...] = ()
    parts: tuple[Step, ...] = ()
    expr: t.Expr | None = None

    @property
    def line(self) -> t.Expr:
        """The formula: left = right = value, and what u is."""
        sides = [self.left, self.right, *([] if self.value is None else [self.value])]
        whole = equal(*(one for k, one in enumerate(sides) if not k or one != sides[k - 1]))
        return t.Listing((whole, *self.where)) if self.where else whole

    @property
    def words(self) -> str:
        """The rule's name, and what is held constant."""
        held = ", ".join(name(key).text for key in self.held)
        return f"{self.rule}; {held} held constant" if held else self.rule

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Step]]:
        """This step and all below it, each with how deep it stands."""
        yield depth, self
        for part in self.parts:
            yield from part.walk(depth + 1)


class Rules:
    """Chooses the rule for each part of a right side, by one number `x` of the block."""

    def __init__(self, result: Result, x: str) -> None:
        self.result, self.x = result, t.Name(x)
        self.by, self.at = result.place(x)
        p = result.program
        self.g, self.layout = p.graph, layout_of(result)
        self.low = Lowerer("", p.graph, {}, {key: (one.params, one.expr) for key, one in p.steps.items()
                                             if one.kind == "function"}, lambda _: "", lowering.RULES)
        self.low.env |= {key: Value(sp.Integer(value), literal=True) for key, value in p.wholes.items()}
        self.low.whole_names = set(p.wholes)
        for key in result.known:
            self.low.env[key] = self.low.of_node(p.graph.input(key, p.shape(key)))
        self.inner: dict[str, t.Expr] = {}
        self.shapes = {key: p.shape(key) for key in result.known}

    # -------------------------------------------------------------- the engine's side
    def node(self, tree: t.Expr) -> Node:
        for key in t.names_below(tree):
            if key not in self.low.env and key not in self.low.functions:
                whole, at = self.result.place(key)
                node = self.g.input(whole, self.shapes[whole])
                self.low.env[key] = self.low.of_node(self.g.take(node, [at or 0], ()))
        self.low.used = 0  # the limit is of a block, and each of these formulas is one by itself
        return self.low.node(self.low.lower(tree))

    def slope(self, tree: t.Expr, letter: str = "") -> t.Expr | None:
        """The derivative of a number by x, or by a letter, in the textbook's form; None where it is too long."""
        try:
            node = self.node(tree)
            shape = self.shapes[letter or self.by]
            node = c.jacobian(self.g, node, self.g.input(letter or self.by, shape), reuse=False)
            if shape:
                node = self.g.take(node, [self.at or 0], ())
            (found,) = self.result.slopes(node, 2_000, None)
        except LimitError:
            return None
        return self.layout(found)

    def moves(self, tree: t.Expr) -> bool:
        """True where x stands in the expression; in an entry of a vector, that entry."""
        return bool(t.names_below(tree) & {self.by, self.x.key})

    # -------------------------------------------------------------- rules
    def step(self, expr: t.Expr, left: t.Expr | None = None) -> Step:
        """The rule for an expression, and the steps below it."""
        expr = t.inside(self.plain(expr))
        left = t.Partial(expr, (self.x,)) if left is None else left
        if not self.moves(expr):
            return Step("a constant", left, ZERO, ZERO, self.held(expr))
        if expr == self.x:
            return Step("the variable itself", left, ONE, ONE)
        made = getattr(self, "of_" + type(expr).__name__.lower(), None)
        found = made(expr, left) if made is not None else None
        return replace(found if found is not None else self.entries(expr, left), expr=expr)

    def plain(self, expr: t.Expr) -> t.Expr:
        """x₂ for x[2], by the name that its symbol has."""
        if isinstance(expr, t.Component) and isinstance(t.inside(expr.base), t.Name) and all(
            isinstance(one, t.Number) and one.text.isdigit() for one in expr.indices
        ):
            key = t.inside(expr.base).key  # type: ignore[attr-defined]
            shape = self.shapes.get(key, ())
            places = [int(one.text) for one in expr.indices if isinstance(one, t.Number)]
            if len(shape) == len(places):
                at = places[0] - 1 if len(shape) == 1 else (places[0] - 1) * shape[1] + places[1] - 1
                return t.Name(entry(key, shape, at))
        return t.rebuilt(expr, self.plain)

    def held(self, *parts: t.Expr) -> tuple[str, ...]:
        """The names that stand still in an expression."""
        free = {key for part in parts for key in t.names_below(part)} - {self.by, self.x.key, *self.low.functions}
        found = (one.key for part in parts for one in t.walk(part) if isinstance(one, t.Name))
        return tuple(key for key in dict.fromkeys(found) if key in free)

    def made(self, rule: str, left: t.Expr, expr: t.Expr, right: t.Expr, *parts: Step,
             held: tuple[str, ...] = (), where: tuple[t.Expr, ...] = ()) -> Step:
        return Step(rule, left, right, self.slope(expr), held, where, parts)

    def of(self, expr: t.Expr) -> t.Expr:
        """∂e/∂x, as it stands on a right side; 1 of x itself."""
        return ONE if t.inside(expr) == self.x else t.Partial(t.inside(expr), (self.x,))

    def below(self, *parts: t.Expr) -> tuple[Step, ...]:
        """The steps of the parts, but for x itself."""
        return tuple(self.step(one) for one in parts if t.inside(one) != self.x)

    def of_negative(self, expr: t.Negative, left: t.Expr) -> Step:
        return self.made("constant factor −1", left, expr, t.Negative(self.of(expr.inner)), *self.below(expr.inner))

    def of_sum(self, expr: t.Sum, left: t.Expr) -> Step | None:
        moving = [(sign, one) for sign, one in expr.terms if self.moves(one)]
        still = [one for _, one in expr.terms if not self.moves(one)]
        right: t.Expr = t.Sum(tuple((sign, self.of(one)) for sign, one in moving))
        if len(moving) == 1:
            right = self.of(moving[0][1]) if moving[0][0] > 0 else t.Negative(self.of(moving[0][1]))
        rule = "sum rule, term by term" if len(moving) > 1 else "sum rule: a constant term falls away"
        return self.made(rule, left, expr, right, *self.below(*(one for _, one in moving)), held=self.held(*still))

    def of_product(self, expr: t.Product, left: t.Expr) -> Step | None:
        if any(op not in ("", "*", "dot", "cross", "/") for op, _ in expr.factors) or not self.scalar(expr):
            return None
        above = [one for op, one in expr.factors if op != "/"]
        below = [one for op, one in expr.factors if op == "/"]
        if any(map(self.moves, below)):
            return self.quotient(expr, left, above, below)
        still = [one for one in above if not self.moves(one)]
        moving = [one for one in above if self.moves(one)]
        if still or below:
            factor = times(still) if still else ONE
            front = t.Fraction(factor, times(below)) if below else factor
            rest = times(moving)
            return self.made("constant factor", left, expr, joined(front, self.of(rest)), *self.below(rest),
                             held=self.held(*still, *below))
        right = t.Sum(tuple((1, joined(*moving[:k], *moving[k + 1 :], self.of(one))) for k, one in enumerate(moving)))
        return self.made("product rule", left, expr, right, *self.below(*moving))

    def of_degrees(self, expr: t.Degrees, left: t.Expr) -> Step | None:
        return self.of_product(expr.radians, left)

    def of_fraction(self, expr: t.Fraction, left: t.Expr) -> Step:
        if self.moves(expr.below):
            return self.quotient(expr, left, [expr.above], [expr.below])
        right = t.Fraction(self.of(expr.above), expr.below)
        return self.made("constant factor", left, expr, right, *self.below(expr.above), held=self.held(expr.below))

    def quotient(self, expr: t.Expr, left: t.Expr, above: list[t.Expr], below: list[t.Expr]) -> Step:
        u, v = times(above) if above else ONE, times(below)
        square = t.Power(t.inside(v), t.Number("2"))
        if not self.moves(u):
            right: t.Expr = t.Negative(t.Fraction(joined(u, self.of(v)), square))
            rule = "quotient rule, the numerator a constant"
            return self.made(rule, left, expr, right, *self.below(v), held=self.held(u))
        top = t.Sum(((1, joined(v, self.of(u))), (-1, joined(u, self.of(v)))))
        return self.made("quotient rule", left, expr, t.Fraction(top, square), *self.below(u, v))

    def of_power(self, expr: t.Power, left: t.Expr) -> Step | None:
        base, exponent = t.inside(expr.base), t.inside(expr.exponent)
        if expr.entrywise or t.Transpose in (type(expr.base), type(expr.exponent)):
            return None
        still = (base if self.moves(exponent) else exponent) if not (self.moves(base) and self.moves(exponent)) else ONE
        whole, held = t.Power(base, exponent), self.held(still)
        if not self.moves(exponent):
            return self.row(whole, left, "power rule", held) if base == self.x else self.chain(
                expr, left, whole, (base,), "chain rule, a power", held)
        if not self.moves(base):
            word = "e^u" if base == t.Constant("e") else "a^u = e^(u ln a)"
            return self.row(whole, left, f"exponential rule, {word}", held) if exponent == self.x else self.chain(
                expr, left, whole, (exponent,), f"chain rule, {word}", held)
        return self.chain(expr, left, whole, (base, exponent), "chain rule, u^v = e^(v ln u)", held)

    def row(self, expr: t.Expr, left: t.Expr, rule: str, held: tuple[str, ...] = ()) -> Step | None:
        """A rule that says the derivative itself: x^n, e^x, sin x."""
        found = self.slope(expr)
        return None if found is None else Step(rule, left, found, found, held)

    def of_call(self, expr: t.Call, left: t.Expr) -> Step | None:
        row = FUNCTIONS.get(expr.function)
        if row is None or row.define is None and not row.sympy:
            return None
        if any(self.node(one).shape for one in expr.arguments):
            return None
        if all(t.inside(one) == self.x or not self.moves(one) for one in expr.arguments):
            return self.row(expr, left, f"derivative of {row.name}", self.held(*expr.arguments))
        return self.chain(expr, left, expr, expr.arguments, f"chain rule with the derivative of {row.name}",
                          self.held(*(one for one in expr.arguments if not self.moves(one))))

    def of_absolute(self, expr: t.Absolute, left: t.Expr) -> Step | None:
        return self.of_call(t.Call("abs", (expr.inner,)), left)

    def of_usercall(self, expr: t.UserCall, left: t.Expr) -> Step | None:
        params, body = self.low.functions[expr.key]
        if len(params) != len(expr.arguments) or any(self.node(one).shape for one in expr.arguments):
            return None
        if all(t.inside(one) == t.Name(key) for key, one in zip(params, expr.arguments)):
            whole = body
        else:
            whole = t.put_in(body, {key: t.Paren(one) for key, one in zip(params, expr.arguments)})
        return self.made(f"{name(expr.key).text} is put in", left, expr, self.of(whole), *self.below(whole))

    def of_case(self, expr: t.Case, left: t.Expr) -> Step:
        values = [value for value, _ in expr.branches] + [expr.otherwise]
        right = t.Case(tuple((self.of(value), when) for value, when in expr.branches), self.of(expr.otherwise))
        return self.made("case by case", left, expr, right, *self.below(*values))

    def of_indicator(self, expr: t.Indicator, left: t.Expr) -> Step:
        return Step("constant on either side of its jump", left, ZERO, ZERO, self.held(expr))

    def of_family(self, expr: t.Family, left: t.Expr) -> Step | None:
        """Σ: its terms in which x stands; where these are many, the general one, its index a name."""
        if expr.kind != "sum" or self.node(expr).shape:
            return None
        first, last = bounds(self.low, expr)
        with suppress(LimitError):
            terms = list(self.terms(expr, range(first, min(last + 1, first + MAX_SUM))))
            if terms and len(terms) <= MAX_TERMS and last - first < MAX_SUM:
                others = ": the other terms are constants" if len(terms) <= last - first else ", term by term"
                return self.made(f"sum rule{others}", left, expr, added(list(map(self.of, terms))), *self.below(*terms))
        if expr.index in self.low.env or any(isinstance(one, t.Component) for one in t.walk(expr.body)):
            return None
        self.low.env[expr.index] = self.low.of_node(self.g.input(expr.index, ()))
        self.shapes[expr.index] = ()
        parts = self.below(expr.body)
        del self.low.env[expr.index], self.shapes[expr.index]
        return self.made("sum rule, the general term", left, expr, replace(expr, body=self.of(expr.body)), *parts)

    def terms(self, expr: t.Family, values: Iterable[int]) -> Iterator[t.Expr]:
        """The terms of a sum in which x stands, worked out."""
        left_out = None if expr.but is None else self.low.whole_of(expr.but)
        for k in values:
            if k != left_out:
                number = t.Number(str(k)) if k >= 0 else t.Negative(t.Number(str(-k)))
                node = self.node(t.put_in(expr.body, {expr.index: number}))
                term = self.layout(self.result.entries(node, MAX_WRITTEN)[0])
                if self.moves(term):
                    yield term

    def chain(self, expr: t.Expr, left: t.Expr, outer: t.Expr, parts: tuple[t.Expr, ...], rule: str,
              held: tuple[str, ...] = ()) -> Step | None:
        """f(u) with an inner function of x that has a letter; of several, a term for each that moves."""
        moving = [one for one in dict.fromkeys(map(t.inside, parts)) if self.moves(one)]
        inner = [one for one in moving if one != self.x]
        letters = {one: t.Name(self.letter(self.node(one).shape)) for one in inner}
        swapped = self.with_letters(outer, letters)
        terms = []
        for one in moving:
            slope = self.slope(swapped, letters[one].key if one in letters else "")
            if slope is None:
                return None
            terms.append(self.joined(slope, t.Partial(letters[one], (self.x,))) if one in letters else slope)
        named = " and ".join(one.key for one in letters.values())
        words = f"{rule}, inner function{'s' * (len(inner) > 1)} {named}" if inner else rule
        where = tuple(equal(letter, one) for one, letter in letters.items())
        return self.made(words, left, expr, added(terms), *self.below(*inner), held=held, where=where)

    def with_letters(self, outer: t.Expr, known: Mapping[t.Expr, t.Expr]) -> t.Expr:
        def change(one: t.Expr) -> t.Expr:
            return known[t.inside(one)] if t.inside(one) in known else t.rebuilt(one, change)

        return t.rebuilt(outer, change)

    def joined(self, *factors: t.Expr) -> t.Expr:
        return joined(*factors)

    def letter(self, shape: tuple[int, ...] = ()) -> str:
        """A free letter for an inner function, known to the engine."""
        free = [one + index for index in ("", *map(str, range(1, 100))) for one in LETTERS
                if one + index not in self.low.env and one + index not in self.low.functions]
        self.low.env[free[0]] = self.low.of_node(self.g.input(free[0], shape))
        self.shapes[free[0]] = shape
        return free[0]

    def entries(self, expr: t.Expr, left: t.Expr) -> Step:
        """What is of vectors, written out by their entries; what cannot be, as the engine has it."""
        with suppress(LimitError, JacmagicError):
            (whole,) = self.result.entries(self.node(expr), MAX_WRITTEN)
            shown = self.layout(whole)
            if self.of_vectors(expr) and not self.of_vectors(shown):
                return self.made("written out by entries", left, expr, self.of(shown), *self.below(shown))
        value = self.slope(expr)
        return Step("the engine's derivative", left, left if value is None else value, value, self.held(expr))

    def of_vectors(self, expr: t.Expr) -> bool:
        return any(self.shapes.get(key) for key in t.names_below(expr)) or any(
            isinstance(one, (t.Family, t.Vector, t.Matrix)) for one in t.walk(expr))

    def scalar(self, expr: t.Product) -> bool:
        return not any(self.node(one).shape for _, one in expr.factors)


def joined(*factors: t.Expr) -> t.Expr:
    """A product without the ones in it."""
    kept = [one for one in factors if one != ONE]
    return times(kept) if kept else ONE


def added(terms: Sequence[t.Expr]) -> t.Expr:
    return terms[0] if len(terms) == 1 else t.Sum(tuple((1, one) for one in terms))
