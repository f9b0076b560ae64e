"""Denominator layout: what is shown has a row for each variable, against PyTorch's derivatives transposed.

What Python gives, numbers and SymPy matrices, has numerator layout whatever is shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from evaluate import evaluate
from matrices import close, derivative
from optional import optional
from test_matrix_calculus import CASES, SIZES, declared, made, point, size_of

import jacmagic
from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.magics import OptionMistake, read_options
from jacmagic.panel import spec
from jacmagic.show import convention, factors, views
from jacmagic.show.pieces import name_of

torch = optional("torch")
NET = "x in R^2\na = tanh(W1 x + c1) in R^3\no = W2 a + c2 in R^2\nL = mse(o, y)"


def shown_form(block: str, by: str, numbers: dict[str, Any]) -> tuple[str, np.ndarray, np.ndarray] | None:
    """The form that denominator layout shows, its numbers, and the result's in that layout."""
    result = jacmagic.jacobian(block, by, layout="denominator")
    found = factors.matrix_form(result, "f", by)
    if found is None:
        return None
    rows, own = result.program.shape("f"), result.program.shape(by)
    left = t.Partial(name_of(result, "f"), (t.Name(by),))
    shown = convention.laid_tree(result, t.Equation((left, found[0]))).sides[1]
    value = np.asarray(result.at("f", by, **numbers))
    value = value.reshape(size_of(value, rows, own))
    value = value if {len(rows), len(own)} == {0, 2} else value.T
    return text(shown), evaluate(shown, {**numbers, **result.forward(**numbers)}, value.shape), value


@pytest.mark.parametrize(("formula", "by", "run"), [(one[0], one[1], one[3]) for one in CASES],
                         ids=[f"{one[0]} by {one[1]}" for one in CASES])
def test_a_textbook_s_derivative_is_pytorch_s_transposed(formula: str, by: str, run: Callable[..., Any]) -> None:
    names = [name for name in SIZES if name in run.__code__.co_varnames]
    numbers = point(names, 2)
    found = shown_form("\n".join([*map(declared, names), f"f = {formula}"]), by, numbers)
    assert found is not None
    _, shown, _ = found
    value = derivative(run, numbers, by)
    of, own = value.shape[: value.ndim - len(SIZES[by])], SIZES[by]
    value = value.reshape(size_of(value, of, own))
    close(shown, value if {len(of), len(own)} == {0, 2} else value.T, 1e-8)


@pytest.mark.parametrize("part", [0, *(pytest.param(k, marks=pytest.mark.scale) for k in range(1, 40))])
def test_random_expressions_transposed_have_their_numbers(part: int) -> None:
    compared = 0
    for seed in range(25 * part, 25 * part + 25):
        found = shown_form(*made(seed))
        if found is not None and found[0] != "0" and np.isfinite(found[2]).all():
            close(found[1], found[2], 1e-7)
            compared += 1
    assert compared >= 12


@pytest.mark.parametrize(("block", "form"), [
    ("f = x^T A x", "∂f/∂x = (Aᵀ + A) x"), ("f = A x", "∂f/∂x = Aᵀ"), ("f = tanh(A x + b)", "∂f/∂x = Aᵀ diag(1 - f²)"),
    ("f = A X B", "∂f/∂X = Aᵀ ⊗ B"), ("f = tr(A X)", "∂f/∂X = Aᵀ"), ("f = (x^T x) A x", "∂f/∂x = (xᵀ x I + 2x xᵀ) Aᵀ"),
    ("f = softmax(x)", "∂f/∂x = diag(f) - f fᵀ"), ("f = ||A x - b||", "∂f/∂x = (1/f) Aᵀ (A x - b)"),
])
def test_the_forms_read_as_in_a_book_of_that_layout(block: str, form: str) -> None:
    by = form.split("∂")[2].split()[0]
    names = [name for name in ("A", "B", "X", "x", "b") if name in "".join(one if one.isalpha() else " " for one in block).split()]
    result = jacmagic.jacobian("\n".join([*map(declared, names), block]), by, layout="denominator")
    assert form in views.plain_text(result).splitlines()


def test_the_chain_rule_reads_from_the_right() -> None:
    rules = {layout: next(one.text for one in views.formulas(jacmagic.nnchain(NET, layout=layout)) if one.kind == "chain")
             for layout in convention.LAYOUTS}
    assert rules == {"numerator": "dL/dx = ∂L/∂o [1×2] · ∂o/∂a [2×3] · ∂a/∂x [3×2]",
                     "denominator": "dL/dx = ∂a/∂x [2×3] · ∂o/∂a [3×2] · ∂L/∂o [2×1]"}


def test_gradients_of_weights_are_the_same_in_both() -> None:
    both = [[one.text for one in views.formulas(jacmagic.nnchain(NET, layout=layout)) if one.kind == "gradients"]
            for layout in convention.LAYOUTS]
    assert both[0] == both[1]
    assert len(both[0]) == 4


@pytest.mark.parametrize("layout", convention.LAYOUTS)
def test_every_place_says_its_layout(layout: str) -> None:
    result = jacmagic.jacobian("f(x, y) = [x^2 y, x + y^3, x]", layout=layout)
    bundle = result._bundle()
    for one in ("text/plain", "text/html", "text/latex"):
        assert f"{layout} layout" in bundle[one], one
    assert f"{layout} layout" in json.dumps(spec(result)["echo"])
    assert f"{layout} layout" in result.html()


def test_a_number_by_a_number_has_no_layout() -> None:
    assert "layout" not in json.dumps(spec(jacmagic.jacobian("f(x) = x^2"))["echo"])


def test_terminal_latex_and_numbers_are_transposed_and_python_s_are_not() -> None:
    result = jacmagic.jacobian("f(x, y) = [x^2 y, x + y^3, x]", layout="denominator")
    lines = views.plain_text(result).splitlines()
    assert lines[-1].startswith("J = [2, 1, 1; 1, 3, 0]")
    assert result.latex() == r"\begin{bmatrix} 2 x y & 1 & 1 \\ x^{2} & 3 y^{2} & 0 \end{bmatrix}"
    assert result.matrix.shape == result.at().shape == (3, 2)


def test_the_panel_has_the_transposed_matrices_and_the_product_turned() -> None:
    made = spec(jacmagic.nnchain(NET, layout="denominator"))
    cards = {one["matrix"]: one for one in made["chain"]["cards"]}
    assert made["turned"]
    assert {one["shape"] for one in cards.values()} == {"2×1", "3×2", "2×3"}
    (way,) = made["chain"]["sums"][0]["ways"]
    assert [made["chain"]["cards"][k]["matrix"] for k in way] == ["local:a:x", "local:o:a", "local:L:o"]
    graph = made["graph"]
    shapes = [graph["nodes"][graph["outputs"][cards[key]["shown"]]][2] for key in ("local:a:x", "local:L:o")]
    assert shapes == [[2, 3], [2, 1]]
    assert "turned" not in spec(jacmagic.nnchain(NET))


def test_an_answer_is_read_in_the_layout_that_is_shown() -> None:
    result = jacmagic.jacobian("f(x, y) = [x^2 y, x + y^3, x]", layout="denominator")
    assert bool(result.check("[2x y, 1, 1; x^2, 3y^2, 0]"))
    other = result.check("[2x y, x^2; 1, 3y^2; 1, 0]")
    assert set(other.slips.ravel()) == {"transposed: rows are variables, columns functions"}
    assert other.right.shape == (2, 3)
    square = jacmagic.jacobian("f(x, y) = [x^2 y, x + y^3]", layout="denominator")
    assert bool(square.check("[2x y, 1; x^2, 3y^2]"))
    assert not square.check("[2x y, x^2; 1, 3y^2]")
    assert bool(jacmagic.nnchain(NET, layout="denominator").check("∂L/∂o = o - y"))


def test_steps_are_in_the_layout_that_is_shown() -> None:
    told = jacmagic.nnchain(NET, layout="denominator").steps("o", "x").text
    assert told.splitlines()[0].startswith("do/dx = da/dx ∂o/∂a = ∂a/∂x ∂o/∂a")
    assert "∂a/∂x = ∂z_a/∂x ∂a/∂z_a = W₁ᵀ diag(1 - a²)" in told


def test_a_layout_stays_until_another_is_asked_for() -> None:
    result = jacmagic.jacobian("f(x, y) = [x^2 y, x]").show(layout="denominator")
    assert result.show(static=True).layout == "denominator"
    assert result.show(layout="numerator").layout == "numerator"


def test_another_word_is_an_error_that_offers_these() -> None:
    with pytest.raises(ValueError, match="'numerator', 'denominator'"):
        jacmagic.jacobian("f(x) = x^2", layout="rows")
    with pytest.raises(OptionMistake, match="numerator or denominator"):
        read_options("--layout rows")
    assert read_options("x --layout denominator")[0]["layout"] == "denominator"
