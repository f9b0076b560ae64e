"""What a derivative becomes when a rule is applied wrongly: the steps' tree, with one wrong rule in it.

Each row of MISTAKES takes a step and says what somebody gets who slips there; `wrong` puts that into the tree, once at
each place and once at all of them. Nothing is guessed: an answer is compared with what the wrong rule leads to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node
from jacmagic.errors import JacmagicError
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.result import Result
from jacmagic.show.pieces import entry_names, name_of
from jacmagic.show.rules import ONE, ZERO, Rules, Step, joined
from jacmagic.show.steps import _Numbers

MAX_WRONG = 400
"""Wrong derivatives that an entry is compared with. Instead: names for parts."""

MAX_HELD = 8
"""Names in a formula, of which each is taken for a variable that was not held constant. Instead: likewise."""

MEANS = frozenset({"mean", "mse", "mae", "bce", "huber", "var", "mean_rows", "mean_cols"})

Slip = tuple[str, t.Expr]


@dataclass(frozen=True)
class Place:
    """One step, with what a wrong rule asks for.

    right  its right side, letters put in, a mark for the derivative of each part
    marks  these, in order
    rules  what reads formulas; its own name is not that of every step
    x      by what the step differentiates
    means  whether the block has a mean
    first  whether it is the whole derivative
    """

    step: Step
    right: t.Expr
    marks: tuple[t.Name, ...]
    rules: Rules
    x: t.Name
    letters: Mapping[t.Expr, t.Expr]
    means: bool
    first: bool

    def kind(self, *words: str) -> bool:
        return self.step.rule.startswith(words)

    @property
    def terms(self) -> tuple[tuple[int, t.Expr], ...]:
        """The terms of a sum, also above a fraction bar."""
        right = self.right.above if isinstance(self.right, t.Fraction) else self.right
        right = t.inside(right)
        return right.terms if isinstance(right, t.Sum) else ()

    def moves(self, tree: t.Expr) -> bool:
        return bool(t.names_below(tree) & {self.x.key, self.rules.result.place(self.x.key)[0]})

    def slope(self, key: str) -> t.Name:
        """A name for the derivative of what is differentiated by another name."""
        rules, g = self.rules, self.rules.g
        assert self.step.expr is not None
        whole, k = rules.result.place(key)
        node = c.jacobian(g, rules.node(self.step.expr), g.input(whole, rules.shapes[whole]))
        if rules.shapes[whole]:
            node = g.take(node, [k or 0], ())
        mark = t.Name(f"\0{self.x.key}.{len(rules.low.env)}")
        rules.low.env[mark.key] = rules.low.of_node(node)
        return mark

    def with_terms(self, terms: Sequence[tuple[int, t.Expr]]) -> t.Expr:
        whole = added(terms)
        return t.Fraction(whole, self.right.below) if isinstance(self.right, t.Fraction) else whole


def added(terms: Sequence[tuple[int, t.Expr]]) -> t.Expr:
    return t.Sum(tuple((sign, bracketed(one)) for sign, one in terms)) if terms else ZERO


def bracketed(tree: t.Expr) -> t.Expr:
    return t.Paren(tree) if isinstance(tree, (t.Sum, t.Negative, t.Product, t.Fraction)) else tree


def times(*factors: t.Expr) -> t.Expr:
    return joined(*(t.Paren(one) if isinstance(one, (t.Sum, t.Negative, t.Fraction, t.Product)) else one
                    for one in factors))


def over(above: t.Expr, below: t.Expr) -> t.Expr:
    return t.Fraction(above, below)


# ------------------------------------------------------------------ the wrong rules
def inner(at: Place) -> Iterator[Slip]:
    """f′(u) for f′(u) u′."""
    if at.kind("chain rule"):
        found = at.marks if at.letters else at.marks[1::2]  # ∂f/∂u du/dx over the definitions
        for mark in found:
            yield "the inner derivative missing", put(at.right, {mark: ONE})
        if len(found) > 1:
            yield "the inner derivative missing", put(at.right, dict.fromkeys(found, ONE))


def outer(at: Place) -> Iterator[Slip]:
    """u′ for f′(u) u′, and f′(x) u′."""
    if not at.kind("chain rule") or at.terms:
        return
    call = None if at.step.expr is None else t.inside(at.step.expr)
    layer = at.rules.result.program.net and isinstance(call, t.Call) and FUNCTIONS[call.function].kind == "entrywise"
    words = "δ without the activation's slope" if layer else "the outer derivative missing"
    if not at.letters and len(at.marks) == 2:
        yield words, at.marks[1]
    if not at.letters or len(at.marks) != 1:
        return
    yield words, at.marks[0]
    swapped: dict[t.Expr, t.Expr] = {mark: mark for mark in at.marks} | dict.fromkeys(at.letters.values(), at.x)
    yield "the outer derivative taken at the variable, not at the inner function", put(at.right, swapped)


def product(at: Place) -> Iterator[Slip]:
    """u′ v′ for u′ v + u v′, or one of its terms alone."""
    if not at.kind("product rule"):
        return
    yield "product rule forgotten", times(*at.marks) if at.marks else ONE
    for k in range(len(at.terms)):
        yield "product rule forgotten, a term of it missing", added([*at.terms[:k], *at.terms[k + 1 :]])


def quotient(at: Place) -> Iterator[Slip]:
    """u′ / v′ for (u′ v − u v′) / v²."""
    if not at.kind("quotient rule"):
        return
    right = t.inside(at.right.inner) if isinstance(at.right, t.Negative) else at.right
    if not isinstance(right, t.Fraction) or not isinstance(right.below, t.Power):
        return
    v, words = bracketed(right.below.base), "quotient rule forgotten"
    if isinstance(at.right, t.Negative):
        (u, dv) = split_off(right.above, at.marks)
        yield words, over(u, dv)
        yield f"{words}, the denominator not squared", t.Negative(over(right.above, v))
        yield f"{words}, its numerator alone", t.Negative(bracketed(right.above))
        yield "a sign", right
        return
    (_, first), (_, second) = at.terms
    (_, du), (_, dv) = split_off(first, at.marks), split_off(second, at.marks)
    yield words, over(du, dv)
    yield f"{words}, its numerator the wrong way round", t.Negative(right)
    yield f"{words}, the denominator not squared", over(right.above, v)
    yield f"{words}, a term of it missing", over(first, right.below)
    yield f"{words}, a term of it missing", t.Negative(over(second, right.below))
    yield f"{words}, its numerator alone", right.above
    yield f"{words}, the denominator differentiated as a factor", added([(1, over(du, v)), (1, over(second, v))])


def split_off(term: t.Expr, marks: Sequence[t.Name]) -> tuple[t.Expr, t.Expr]:
    """A term v u′ as v and u′; u′ is 1 where it does not stand there."""
    found = [one for one in marks if one in t.walk(term)]
    return put(term, dict.fromkeys(found, ONE)), times(*found) if found else ONE


def power(at: Place) -> Iterator[Slip]:
    """n xⁿ for n xⁿ⁻¹, xⁿ⁻¹ for the same, x eˣ⁻¹ for eˣ."""
    if at.kind("power rule", "chain rule, a power"):
        base = next(iter(at.letters.values()), at.x) if at.letters else at.x
        yield "a power not lowered", times(at.right, base)
        expr = t.inside(at.step.expr) if at.step.expr is not None else None
        if isinstance(expr, t.Power):
            yield "the exponent missing as a factor", over(at.right, expr.exponent)
            yield "a power raised, not lowered", times(at.right, base, base)
    if at.kind("exponential rule", "chain rule, e^u", "chain rule, a^u"):
        expr = t.inside(at.step.expr) if at.step.expr is not None else None
        if isinstance(expr, t.Power):
            one_less = t.Power(expr.base, t.Paren(t.Sum(((1, bracketed(expr.exponent)), (-1, ONE)))))
            yield "the power rule taken for an exponential", times(expr.exponent, one_less, *at.marks)
            yield "the power rule taken for an exponential", times(expr.exponent, one_less)
            if expr.base != t.Constant("e"):
                yield "ln of the base missing", over(at.right, t.Call("ln", (expr.base,)))


def sign(at: Place) -> Iterator[Slip]:
    """A sign that is not there, of the whole or of a term; of a factor it is that of its term."""
    if at.first:
        yield "a sign", t.Negative(bracketed(at.right))
    if len(at.terms) > 1 and not at.kind("constant factor"):  # what stands still is no step's term
        for k, (plus, one) in enumerate(at.terms):
            yield "a sign", at.with_terms([*at.terms[:k], (-plus, one), *at.terms[k + 1 :]])


def term(at: Place) -> Iterator[Slip]:
    """A term that is not there."""
    if at.kind("sum rule", "chain rule") and len(at.terms) > 1:
        words = "a term missing" if at.kind("sum rule") else "a term of the chain rule missing"
        for k in range(len(at.terms)):
            yield words, added([*at.terms[:k], *at.terms[k + 1 :]])


def of_a_mean(at: Place) -> bool:
    """Whether a constant factor may be 1/n, or what it has been put together with."""
    return at.means and not t.names_below(at.right) - {one.key for one in at.marks}


def mean(at: Place) -> Iterator[Slip]:
    """1/n that is not there, of all terms; a weight is a constant factor, too, and stays."""
    if at.kind("constant factor") and at.step.rule != "constant factor −1" and of_a_mean(at):
        yield "a factor of a mean", at.marks[0] if at.marks else ONE


def constant(at: Place) -> Iterator[Slip]:
    """A constant factor or term, taken for something else."""
    if at.kind("constant factor") and at.step.rule != "constant factor −1" and not of_a_mean(at):
        yield "a constant factor missing", at.marks[0] if at.marks else ONE
    if at.kind("sum rule") and isinstance(expr := at.step.expr, t.Sum):
        still = [(plus, one) for plus, one in expr.terms if not at.moves(one)]
        for plus, one in still:
            words = f"a variable not held constant: the term {text(one)} is a constant and falls away"
            if not t.names_below(one):
                words = f"a constant kept: the derivative of {text(one)} is 0"
            yield words, added([(1, at.right), (plus, one)])


def held(at: Place) -> Iterator[Slip]:
    """What is held constant, differentiated too, as if it were the variable."""
    expr, rules = at.step.expr, at.rules
    if expr is None or at.step.rule == "the variable itself":
        return
    names = sorted(t.names_below(expr) - {at.x.key, *rules.result.program.steps})
    for key in names if len(names) <= MAX_HELD else ():
        with suppress(KeyError, JacmagicError):
            said = f"a variable not held constant: {text(name_of(rules.result, key))}"
            yield said, added([(1, at.right), (1, at.slope(key))])


def kept(at: Place) -> Iterator[Slip]:
    """f(u) u′ for f′(u) u′."""
    if at.kind("derivative of", "chain rule with the derivative of") and len(at.marks) < 2 and at.step.expr is not None:
        yield "the function itself, not its derivative", times(at.step.expr, *at.marks)


def integral(at: Place) -> Iterator[Slip]:
    """xⁿ⁺¹/(n + 1) for n xⁿ⁻¹, of all or of one power or function; ∫ f(u) du u′."""
    if (expr := at.step.expr) is None:
        return
    if at.first and (found := integrated(expr, at)) is not None:
        yield INTEGRAL, found
    if at.kind("power rule", "derivative of", "exponential rule", "chain rule") and len(at.marks) < 2:
        inside = t.inside(next(iter(t.children(expr)), expr))
        if (found := of_row(t.inside(expr), inside)) is not None:
            yield INTEGRAL, times(found, *at.marks)


INTEGRAL = "the integral, not the derivative"

_INTEGRALS: dict[str, Callable[[t.Expr], t.Expr]] = {
    "sin": lambda u: t.Negative(t.Call("cos", (u,))), "cos": lambda u: t.Call("sin", (u,)),
    "exp": lambda u: t.Call("exp", (u,)), "sinh": lambda u: t.Call("cosh", (u,)),
    "ln": lambda u: added([(1, times(u, t.Call("ln", (u,)))), (-1, u)]),
}


def of_row(expr: t.Expr, u: t.Expr) -> t.Expr | None:
    """∫ uⁿ du, ∫ aᵘ du, ∫ sin u du; None of what is not in the table."""
    if isinstance(expr, t.Call):
        row = _INTEGRALS.get(expr.function)
        return None if row is None else row(expr.arguments[0])
    if not isinstance(expr, t.Power) or expr.entrywise or expr.on_name:
        return None
    if t.inside(expr.base) == u and not t.names_below(expr.exponent):
        raised = added([(1, expr.exponent), (1, ONE)])
        return t.Fraction(t.Power(bracketed(expr.base), t.Paren(raised)), raised)
    return t.Fraction(expr, t.Call("ln", (expr.base,))) if not t.names_below(expr.base) else None


def with_factor(expr: t.Product | t.Fraction, at: Place) -> t.Expr | None:
    """∫ c f(x) dx, one factor above the fraction bar that moves."""
    moving = [one for one in t.children(expr) if at.moves(one)]
    below = [expr.below] if isinstance(expr, t.Fraction) else [one for op, one in expr.factors if op == "/"]
    found = integrated(moving[0], at) if len(moving) == 1 and not any(map(at.moves, below)) else None
    return None if found is None else put(expr, {moving[0]: t.Paren(found)})


def integrated(expr: t.Expr, at: Place) -> t.Expr | None:
    """∫ expr dx of sums, constant factors, powers and functions of x."""
    expr = t.inside(expr)
    if not at.moves(expr):
        return times(expr, at.x)
    if expr == at.x:
        return t.Fraction(t.Power(at.x, t.Number("2")), t.Number("2"))
    if isinstance(expr, t.Sum):
        terms = [(sign, integrated(one, at)) for sign, one in expr.terms]
        return added([(sign, one) for sign, one in terms if one is not None]) if all(one for _, one in terms) else None
    if isinstance(expr, t.Negative):
        found = integrated(expr.inner, at)
        return None if found is None else t.Negative(bracketed(found))
    if isinstance(expr, (t.Product, t.Fraction)):
        return with_factor(expr, at)
    return of_row(expr, at.x) if at.x in map(t.inside, t.children(expr)) else None


Mistake = Callable[[Place], Iterator[Slip]]

MISTAKES: tuple[Mistake, ...] = (
    power, inner, product, quotient, sign, held, mean, constant, outer, term, kept, integral,
)
"""The wrong rules, those that are met most often first."""


# ------------------------------------------------------------------ put into the tree
def put(tree: t.Expr, known: Mapping[t.Expr, t.Expr]) -> t.Expr:
    """The formula with some of its parts replaced, in brackets where these need them."""
    def change(one: t.Expr) -> t.Expr:
        return bracketed(known[one]) if one in known else t.rebuilt(one, change)

    return known[tree] if tree in known else t.rebuilt(tree, change)


class _Wrong:
    """The wrong derivatives of one entry. Each formula is read once, its parts' derivatives being names in it."""

    def __init__(self, result: Result, wrt: str, whole: Step) -> None:
        self.rules, self.whole = Rules(result, wrt), whole
        trees = [one.expr for one in result.program.steps.values()]
        self.means = any(isinstance(one, t.Call) and one.function in MEANS for tree in trees for one in t.walk(tree))
        self.places: dict[int, Place | None] = {}
        self.rights: dict[int, Node] = {}
        self.count = 0

    def mark(self) -> t.Name:
        """A name that no block has."""
        self.count += 1
        return t.Name(f"\0{self.count}")

    def place(self, step: Step) -> Place | None:
        """A step with marks for its parts' derivatives; None where these do not stand in it one by one."""
        if id(step) not in self.places:
            self.places[id(step)] = self.marked(step)
        return self.places[id(step)]

    def marked(self, step: Step) -> Place | None:
        marks: list[t.Name] = []

        def change(one: t.Expr) -> t.Expr:
            if isinstance(one, (t.Partial, t.Total)) and len(marks) < len(step.parts):
                marks.append(self.mark())
                return marks[-1]
            return t.rebuilt(one, change)

        right = change(step.right)
        if marks and len(marks) < len(step.parts):
            return None
        letters: dict[t.Expr, t.Expr] = {}
        for one in step.where:
            if isinstance(one, t.Equation):
                letters[one.sides[0]] = mark = self.mark()
                self.say(mark, self.rules.node(one.sides[1]))
        by = self.rules.x
        if isinstance(step.left, (t.Partial, t.Total)) and isinstance(step.left.by[0], t.Name):
            by = step.left.by[0]
        for mark, part in zip(marks, step.parts):
            self.say(mark, self.right(part))
        return Place(step, put(right, letters), tuple(marks), self.rules, by, letters, self.means, step is self.whole)

    def say(self, mark: t.Name, node: Node) -> None:
        """What a mark stands for."""
        self.rules.low.env[mark.key] = self.rules.low.of_node(node)

    def right(self, step: Step) -> Node:
        """The derivative itself, by the rules; by the engine where a step has none."""
        if id(step) not in self.rights:
            at = self.place(step)
            own = step.right if step.value is None else step.value
            self.rights[id(step)] = self.rules.node(own if at is None else at.right)
        return self.rights[id(step)]

    def slips(self, step: Step) -> Iterator[tuple[str, Node]]:
        """All derivatives with one wrong rule in them."""
        at = self.place(step)
        if at is None:
            return
        for words, tree in self.at_place(at, MISTAKES):
            with suppress(*_UNREAD):
                yield words, self.rules.node(tree)
        for mark, part in zip(at.marks, step.parts):
            for words, node in self.slips(part):
                self.say(mark, node)
                with suppress(*_UNREAD):
                    yield words, self.rules.node(at.right)
            self.say(mark, self.right(part))

    def everywhere(self, step: Step, chosen: Mapping[int, Slip]) -> Node:
        """The derivative with the wrong rules that are chosen, each at its step."""
        at = self.place(step)
        if at is None:
            return self.right(step)
        for mark, part in zip(at.marks, step.parts):
            self.say(mark, self.everywhere(part, chosen))
        node = self.rules.node(chosen[id(step)][1] if id(step) in chosen else at.right)
        for mark, part in zip(at.marks, step.parts):
            self.say(mark, self.right(part))
        return node

    def repeated(self) -> Iterator[tuple[str, Node]]:
        """The same mistake wherever it can be made, or where a rule is used; what is not held is so in a whole step."""
        found: dict[tuple[str, ...], dict[int, Slip]] = {}
        for _, step in self.whole.walk():
            at, met = self.place(step), Counter[str]()
            for words, tree in [] if at is None else self.at_place(at, [one for one in MISTAKES if one is not held]):
                kind = words.partition(":")[0]
                for key in ((kind, str(met[kind])), (kind, str(met[kind]), kind_of(step))):
                    found.setdefault(key, {})[id(step)] = words, tree
                met[kind] += 1
        done = []
        for chosen in found.values():
            if len(chosen) > 1 and chosen not in done:
                done.append(chosen)
                with suppress(*_UNREAD):
                    yield next(iter(chosen.values()))[0], self.everywhere(self.whole, chosen)

    def at_place(self, at: Place, mistakes: Iterable[Mistake]) -> Iterator[Slip]:
        for mistake in mistakes:
            with suppress(*_UNREAD):
                yield from mistake(at)


_UNREAD = (JacmagicError, ValueError, KeyError, TypeError)
"""What a wrong formula may fail with: it has no value, or is of no size."""


def kind_of(step: Step) -> str:
    """The rule without the letters of its inner functions."""
    return step.rule.partition(", inner function")[0]


def wrong(result: Result, of: str, wrt: str) -> Iterator[tuple[str, Node]]:
    """What the derivative of a number by a number becomes by each wrong rule: its words, and its node."""
    step = _Numbers(result).step(of, wrt)
    made = _Wrong(result, wrt, step)

    def all_of() -> Iterator[tuple[str, Node]]:
        for key in [one for by in result.program.variables for one in entry_names(result, by) if one != wrt][:MAX_HELD]:
            with suppress(*_UNREAD):
                said = f"the derivative by {text(t.Name(key))}, not by {text(t.Name(wrt))}"
                yield said, result.derivative(of, key, safe=False)[0]
        yield from made.repeated()
        yield from made.slips(step)

    yield from islice(all_of(), MAX_WRONG)
