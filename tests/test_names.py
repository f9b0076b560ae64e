"""Names as values: their parts, every spelling, and the keys that are made of keys."""

from __future__ import annotations

import random

import pytest
import sympy as sp

import jacmagic
from jacmagic import names
from jacmagic.language import tree as t
from jacmagic.language.reading import Reader
from jacmagic.language.statements import parse
from jacmagic.language.words import Scope
from jacmagic.values import identifier


def read(text: str) -> str:
    """The key of a name as it is read."""
    (statement,) = parse(text)
    found = Reader(text, Scope(names={"rate", "W1_hat"})).value(statement.expr)
    assert isinstance(found, t.Name)
    return found.key


@pytest.mark.parametrize(("key", "tex", "plain"), [
    ("x", "x", "x"),
    ("x1", "x_{1}", "x₁"),
    ("x12", "x_{12}", "x₁₂"),
    ("x_i", "x_{i}", "x_i"),
    ("x_max", r"x_{\text{max}}", "x_max"),
    ("x_alpha", r"x_{\alpha}", "x_α"),
    ("theta2", r"\theta_{2}", "θ₂"),
    ("lam", r"\lambda", "λ"),
    ("sigma", r"\sigma", "σ"),
    ("omega", r"\omega", "ω"),
    ("Gamma", r"\Gamma", "Γ"),
    ("Alpha", r"\mathrm{Α}", "Α"),
    ("y_hat", r"\hat{y}", "ŷ"),
    ("y_hat_1", r"\hat{y}_{1}", "ŷ₁"),
    ("x_bar", r"\bar{x}", "x̄"),
    ("theta_tilde", r"\tilde{\theta}", "θ̃"),
    ("rate", r"\mathrm{rate}", "rate"),
    ("c1_1", "(c_{1})_{1}", "c1[1]"),
    ("W_{1,2}", "W_{1,2}", "W[1,2]"),
    ("W1_{1,2}", "(W_{1})_{1,2}", "W1[1,2]"),
    ("x_max_1", r"(x_{\text{max}})_{1}", "x_max[1]"),
    ("W1_hat", r"\mathrm{W1\_hat}", "W1_hat"),
])
def test_a_name_prints_by_its_key(key: str, tex: str, plain: str) -> None:
    assert names.name(key).latex == tex
    assert names.name(key).text == plain


def test_a_dotted_name_is_the_derivative_by_time() -> None:
    assert names.name("dx", dotted=True).latex == r"\dot{x}"
    assert names.name("dx1", dotted=True).latex == r"\dot{x}_{1}"
    assert names.name("dtheta", dotted=True).latex == r"\dot{\theta}"


@pytest.mark.parametrize("key", ["x1", "x_i", "x_max", "x_alpha", "theta2", "lam", "Alpha", "y_hat", "y_hat_1",
                                 "x_bar", "theta_tilde", "rate", "W1_hat", "omicron", "Sigma3"])
def test_a_name_reads_back_to_its_key(key: str) -> None:
    assert read(names.name(key).latex) == key
    assert read(names.name(key).text) == key


PARTS = [  # base, accents, index, component
    ("x", (), "", ""), ("x", (), "12", ""), ("x", (), "max", ""), ("lam", (), "2", ""), ("y", ("hat",), "", ""),
    ("y", ("hat",), "1", ""), ("c", (), "1", "1"), ("W", (), "", "1,2"), ("W", (), "1", "1,2"), ("rate", (), "", ""),
    ("h", (), "tm1", ""), ("x", (), "max", "1"),
]


@pytest.mark.parametrize("parts", PARTS, ids=str)
def test_a_key_is_its_parts_and_the_parts_are_its_key(parts: tuple) -> None:
    base, accents, index, component = parts
    one = names.Name(base, accents, index, component)
    assert names.name(one.key) == one


@pytest.mark.parametrize("block", ["x in R^3\nc1 in R^2\nx_max in R^2\ny_hat in R^2\nf = sum(x) + sum(c1) + sum(x_max) + sum(y_hat)",
                                   "W in R^(2x3)\nW1 in R^(3x2)\nf = sum(W W1)", "k in R\nf = k^2"])
def test_the_entry_of_a_name_is_known_again_by_what_it_is_an_entry_of(block: str) -> None:
    r = jacmagic.jacobian(block)
    symbols = [symbol.name for key in r.program.variables for symbol in r.entry_symbols(key)]
    assert list(map(str, r.variables)) == symbols
    for key in r.program.variables:
        shape = r.program.shape(key)
        for at, symbol in enumerate(r.entry_symbols(key)):
            assert symbol == sp.Symbol(names.entry(key, shape, at), real=True)
            assert r.place(names.entry(key, shape, at))[0] == key
            typed = jacmagic.jacobian(block + f"\ng = 2 {names.place(key, shape, at)}")
            assert typed.jacobian("g", symbol.name)[0] == 2


def test_a_rate_is_the_rate_of_its_name() -> None:
    for key in ("x", "x1", "theta", "y_hat", "c1"):
        assert names.of_rate(names.rate(key)) == key
        assert names.name(names.rate(key), dotted=True).accents[-1] == "dot"
    assert jacmagic.jacobian("x1' = x2\nx2' = -x1").program.outputs == tuple(map(names.rate, ("x1", "x2")))


@pytest.mark.parametrize(("key", "is_called"), [("W_{1,2}", "W__1_2"), ("x1", "x1"), ("lam", "lam"), ("c1_1", "c1_1")])
def test_programs_have_a_word_for_each_name(key: str, is_called: str) -> None:
    assert names.name(key).identifier == is_called
    assert is_called.isidentifier()


def test_a_word_of_the_language_is_put_aside() -> None:
    assert identifier("is") == names.aside("is") == "is_"
    assert identifier("x") == "x"


@pytest.mark.parametrize(("one", "other", "same"), [
    ("h0", "h1", True), ("h_tm1", "h_t", True), ("h0", "h_t", True), ("y_t", "y_p", False), ("h1", "h1", False),
    ("h", "h1", False), ("h0", "g1", False), ("x_max", "x1", False),
])
def test_indices_that_count_are_told_from_those_that_name(one: str, other: str, same: bool) -> None:
    assert names.name(one).counts_as(names.name(other)) is same


def test_columns_stand_in_the_order_of_a_textbook() -> None:
    order = ["a", "A", "b", "l", "rate", "x", "x1", "x2", "x10", "x_a", "x_max", "x_hat", "x_hat_1", "y", "theta1", "theta2", "Theta", "alpha"]
    for seed in range(50):
        mixed = random.Random(seed).sample(order, len(order))
        greek = [key for key in mixed if names.name(key).is_greek]
        found = list(names.in_column_order(mixed))
        assert [key for key in found if key not in greek] == [key for key in order if key not in greek]
        assert found[-len(greek):] == sorted(greek, key=lambda key: ([names.name(one).base.lower() for one in greek].index(names.name(key).base.lower()), names.name(key).base.swapcase(), names.natural(key)))


@pytest.mark.parametrize(("key", "letter"), [
    ("Deltat", '<mrow><mi mathvariant="normal">Δ</mi><mi>t</mi></mrow>'), ("deltax", '<mrow><mi mathvariant="normal">δ</mi><mi>x</mi></mrow>'),
    ("Deltatheta", '<mrow><mi mathvariant="normal">Δ</mi><mi>θ</mi></mrow>'), ("delta", "<mi>δ</mi>"), ("rate", "<mi>rate</mi>"),
])
def test_the_letter_behind_a_delta_leans_as_by_itself(key: str, letter: str) -> None:
    assert names.name(key).mathml[0] == letter
