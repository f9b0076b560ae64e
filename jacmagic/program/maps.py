"""Which expressions are of numbers alone, and so may go entry by entry; which names are numbers only at last."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any

from jacmagic import names
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t


def is_literal(expr: t.Expr) -> bool:
    """True for an expression of numbers and constants alone."""
    if isinstance(expr, (t.Number, t.Constant)):
        return True
    below = () if isinstance(expr, (t.Name, t.UserCall)) else t.children(expr)
    return bool(below) and all(map(is_literal, below))


def is_of_numbers(expr: t.Expr) -> bool:
    """True where nothing in an expression is an array, if none of its names is."""
    return all(
        type(one) in OF_NUMBERS or isinstance(one, t.Call) and FUNCTIONS[one.function].kind == "entrywise"
        for one in t.walk(expr)
    )


OF_NUMBERS = {
    t.Number, t.Constant, t.Name, t.Paren, t.Negative, t.Absolute, t.Degrees, t.Sum, t.Product, t.Fraction, t.Power,
    t.UserCall, t.Compare, t.Logic, t.Case, t.Indicator,
}


def is_map(expr: t.Expr, params: Sequence[str], maps: Collection[str], shape: Callable[[str], Any]) -> bool:
    """True for g(z) = tanh(z), 1/(1 + e^-z), of which an array has its entries' values: no other name is an array."""
    return len(params) == 1 and is_of_numbers(expr) and all(
        one.key in maps if isinstance(one, t.UserCall) else one.key == params[0] or shape(one.key) == ()
        for one in t.walk(expr) if isinstance(one, (t.Name, t.UserCall))
    )


def in_front_of_brackets(trees: Iterable[t.Expr]) -> dict[str, t.Vector]:
    """The capitals in front of [h, x], with it: of two numbers they are numbers, of two vectors matrices."""
    pairs = [
        (t.inside(one), t.inside(other)) for tree in trees for product in t.walk(tree) if isinstance(product, t.Product)
        for (_, one), (_, other) in pairwise(product.factors)
    ]
    return {
        one.key: other for one, other in pairs
        if isinstance(one, t.Name) and isinstance(other, t.Vector) and names.name(one.key).is_capital
    }


def small(call: t.Call) -> list[t.Name]:
    """The ε of sqrt(v + ε), which is a number."""
    whole = t.inside(call.arguments[0]) if call.function == "sqrt" else None
    terms = [t.inside(term) for _, term in whole.terms] if isinstance(whole, t.Sum) else []
    return [one for one in terms if isinstance(one, t.Name) and one.key in ("epsilon", "eps")]


def share(product: t.Product) -> list[t.Name]:
    """The Greek letter of (1 - α) y, which is a number."""
    whole = t.inside(product.factors[0][1])
    if not isinstance(whole, t.Sum) or product.factors[1][0] != "":
        return []
    others = [t.inside(term) for _, term in whole.terms if not is_literal(term)]
    return [one for one in others if isinstance(one, t.Name) and names.name(one.key).is_greek and len(others) == 1]


def convolves(terms: Iterable[t.Expr]) -> bool:
    """True for conv(x, w) + b, of which a size stated behind it says that of w, and nothing of b."""
    return any(isinstance(one, t.Call) and one.function == "conv" for one in map(t.inside, terms))
