"""Texts with two readings: what is offered is read, and says two things."""

from __future__ import annotations

import pytest

from jacmagic.errors import AmbiguousMath
from jacmagic.language import readings as r
from jacmagic.language import tree as t
from jacmagic.language.printers.quoted import quoted
from jacmagic.language.reading import Reader
from jacmagic.language.statements import parse
from jacmagic.language.words import Scope


def read(text: str) -> t.Expr:
    """The tree of an expression in a block with a function g and the names x, y and z."""
    scope = Scope(names={"x", "y", "z", "g", "a", "b", "ab", "bc", "c"}, functions={"g": ("x",), "h": ("x",)})
    expr = parse(text)[0].expr
    assert expr is not None
    return Reader(text, scope).read(expr)


TWO = [
    "1/2x", "1 / 2 x y", "x/y z", "x/ y (x + 1)", "x^2y", "x^2y^2z", "e^-2x", "e^-xy", "x^2sin x", "x^-1/2", "e^-x/2/y", "3x^1/3",
    "sin x y", "sin xy", "sin x/2", "sin^2 x y", "√2x", "log 2 x", "exp -x^2/2", "g x", "sin^-1 x", "2 sin^{-1}(x + y)",
    r"\frac{1}{2}/x y", r"\sin x y", r"x^{2}/ y \sqrt{x}", "abc",
]


@pytest.mark.parametrize("text", TWO)
def test_the_two_readings_of_a_text_are_two_trees(text: str) -> None:
    with pytest.raises(AmbiguousMath) as caught:
        read(text)
    span, hints = caught.value.span, caught.value.hints
    assert span is not None
    first, second = (read(text[: span.start] + hint + text[span.stop :]) for hint in hints)
    assert first != second


PIECES = ["x", "2", "x + y", "x y", "-x", "x^2", "sin x", "g(x)", "(x + y)", "|x|", "x/y", "√x", "x ab", r"\frac{x}{y}", r"\sin x"]


@pytest.mark.parametrize("left", PIECES)
@pytest.mark.parametrize("right", PIECES)
def test_pieces_of_a_block_keep_together_in_a_new_tree(left: str, right: str) -> None:
    """Brackets stand by the printer's table: what is printed reads as the tree that was made."""
    block = f"[{left}, {right}]"
    vector = read(block)
    assert isinstance(vector, t.Vector)
    a, b = vector.entries
    for made in (r.product(a, b, sign="*"), r.product(a, b, sign="/"), t.Power(a, b), t.Sum(((1, a), (-1, b))), r.call("sin", [b])):
        assert plain(read(quoted(block, made))) == plain(made)


def plain(expr: t.Expr) -> object:
    """A tree without the brackets that only group, without `*`, and with products and signs flat."""
    expr = t.inside(expr)
    if isinstance(expr, t.Product):
        out: list[tuple[str, object]] = []
        for sign, factor in expr.factors:
            inner = plain(factor)
            flat = isinstance(inner, tuple) and inner[0] == "product" and sign in ("", "*")
            out += [*inner[1:]] if flat else [("" if sign == "*" else sign, inner)]
        return ("product", *out)
    if isinstance(expr, t.Sum):
        return ("sum", *((sign, plain(term)) for sign, term in expr.terms))
    if isinstance(expr, t.Call):
        return ("call", expr.function, *map(plain, expr.arguments))
    return (type(expr).__name__, *map(plain, t.children(expr)), *(v for v in vars(expr).values() if isinstance(v, (str, bool))))
