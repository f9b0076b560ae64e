"""Sizes without a value, x in R^n: one formula for any n, against PyTorch at three values of n."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from evaluate import evaluate
from matrices import close, derivative
from optional import optional
from test_matrix_calculus import size_of

import jacmagic
from jacmagic.errors import JacmagicError, ShapeError, ValueMistake
from jacmagic.language import tree as t
from jacmagic.show import views

torch = optional("torch")
AT = ({"n": 2, "m": 4, "p": 3, "q": 5}, {"n": 5, "m": 3, "p": 2, "q": 4}, {"n": 7, "m": 8, "p": 6, "q": 2})

# the block, the names' sizes, by what, the form, the same in PyTorch
CASES: list[tuple[str, dict[str, str], str, str, Callable[..., Any]]] = [
    ("f = x^T A x", {"x": "n", "A": "nn"}, "x", "xᵀ (A + Aᵀ)", lambda x, A: x @ A @ x),
    ("f = x^T A x", {"x": "n", "A": "nn"}, "A", "x xᵀ", lambda x, A: x @ A @ x),
    ("f = ||A x - b||^2", {"x": "n", "A": "mn", "b": "m"}, "x", "2 (A x - b)ᵀ A", lambda x, A, b: ((A @ x - b) ** 2).sum()),
    ("f = 1/(2m) ||A x - b||^2", {"x": "n", "A": "mn", "b": "m"}, "x", "(1/m) (A x - b)ᵀ A",
     lambda x, A, b: ((A @ x - b) ** 2).sum() / 2 / len(b)),
    ("f = A X B", {"A": "mn", "X": "np", "B": "pq"}, "X", "A ⊗ Bᵀ", lambda A, X, B: A @ X @ B),
    ("f = mean(x)", {"x": "n"}, "x", "(1/n) 𝟏ᵀ", lambda x: x.mean()),
    ("f = sum(x)/sqrt(n)", {"x": "n"}, "x", "𝟏ᵀ/√(n)", lambda x: x.sum() / len(x) ** 0.5),
    ("f = (n - 1) x", {"x": "n"}, "x", "(n - 1) I", lambda x: (len(x) - 1) * x),
    ("f = var(x)", {"x": "n"}, "x", "(2/n²) (n x - (Σx) 𝟏)ᵀ", lambda x: x.var(unbiased=False)),
    ("f = sum(x[i]^2 for i = 1..n)", {"x": "n"}, "x", "2 xᵀ", lambda x: (x**2).sum()),
    ("f = softmax(x)", {"x": "n"}, "x", "diag(f) - f fᵀ", lambda x: torch.softmax(x, 0)),
    ("f = tanh(A x + b)", {"x": "n", "A": "mn", "b": "m"}, "x", "diag(1 - f²) A", lambda x, A, b: torch.tanh(A @ x + b)),
    ("f = ln(det(A A^T))", {"A": "pq"}, "A", "2 (A Aᵀ)⁻¹ A", lambda A: torch.logdet(A @ A.T)),
    ("f = tr(A^T B A)", {"A": "nm", "B": "nn"}, "A", "(Bᵀ + B) A", lambda A, B: torch.trace(A.T @ B @ A)),
    ("f = mse(A x, b)", {"x": "n", "A": "mn", "b": "m"}, "x", "(2/m) (A x - b)ᵀ A", lambda x, A, b: ((A @ x - b) ** 2).mean()),
    ("f = k x", {"x": "n", "k": ""}, "x", "k I", lambda x, k: k * x),
]


def declared(name: str, dims: str) -> str:
    return f"{name} in R" + (f"^({'×'.join(dims)})" if dims else "")


@pytest.mark.parametrize(("block", "sizes", "by", "form", "run"), CASES, ids=[f"{one[0]} by {one[2]}" for one in CASES])
def test_a_formula_holds_at_every_size(block: str, sizes: dict[str, str], by: str, form: str, run: Callable[..., Any]) -> None:
    if "det(A" in block:
        pytest.importorskip("torch")
    result = jacmagic.jacobian("\n".join([*(declared(*one) for one in sizes.items()), block]))
    left = t.Partial(t.Name("f"), (t.Name(by),))
    (tree,) = [one.tree.sides[1] for one in views.formulas(result) if isinstance(one.tree, t.Equation) and one.tree.sides[0] == left]
    assert f"∂f/∂{by} = {form}" in views.plain_text(result).splitlines()
    for seed, at in enumerate(AT):
        if at["p"] > at["q"] and "det(A" in block:
            continue
        rng = np.random.default_rng(seed)
        numbers = {name: rng.normal(size=tuple(at[one] for one in dims)) for name, dims in sizes.items()}
        wanted = derivative(run, numbers, by)
        own = numbers[by].shape
        shape = size_of(wanted, wanted.shape[: wanted.ndim - len(own)], own)
        value = np.asarray(run(**{name: torch.tensor(one) for name, one in numbers.items()}))
        close(evaluate(tree, {**numbers, **at, "f": value}, shape), wanted.reshape(shape), 1e-9)
        of_size = result.subs(**{name: size for name, size in at.items() if name in set("".join(sizes.values()))})
        close(of_size.at("f", by, **numbers), wanted, 1e-9)


NET = "x in R^d\na = tanh(W1 x + c1) in R^h\no = softmax(W2 a + c2) in R^k\nL = cross_entropy(o, y)"


def test_a_net_has_its_chain_rule_and_gradients_for_any_size() -> None:
    shown = views.plain_text(jacmagic.nnchain(NET)).splitlines()
    for one in ("dL/dx = ∂L/∂o [1×k] · ∂o/∂a [k×h] · ∂a/∂x [h×d]", "∂a/∂x = diag(1 - a²) W₁", "δ_a = diag(1 - a²) W₂ᵀ δ_o",
                "∂L/∂W₁ = δ_a xᵀ, ∂L/∂c₁ = δ_a", "δ_o = o - y"):
        assert one in shown
    assert "weights W₁ (h×d), c₁ (h), W₂ (k×h), c₂ (k)" in shown[1]
    turned = views.plain_text(jacmagic.nnchain(NET, layout="denominator")).splitlines()
    assert "dL/dx = ∂a/∂x [d×h] · ∂o/∂a [h×k] · ∂L/∂o [k×1]" in turned


@pytest.mark.parametrize("net", [False, True])
def test_no_stand_in_is_seen(net: bool) -> None:
    blocks = [NET] if net else ["\n".join([*(declared(*one) for one in sizes.items()), block]) for block, sizes, *_ in CASES]
    for block in blocks:
        result = (jacmagic.nnchain if net else jacmagic.jacobian)(block)
        bundle = result._bundle()
        formulas = [one.text + one.note for one in views.formulas(result)]
        assert not any(str(prime) in "".join(formulas) for numbers in result.sizes.values() for prime in numbers)
        assert "data-jacmagic" not in bundle["text/html"]
        assert "numbers and sliders: a line such as" in bundle["text/html"]


def test_a_value_gives_the_panel_back(tmp_path: Any) -> None:
    result = jacmagic.jacobian("x in R^n\nA in R^(n×n)\nf = x^T A x", "x")
    assert "data-jacmagic" not in result.save(tmp_path / "any.html").read_text(encoding="utf-8")
    for made in (result.subs(n=3), jacmagic.jacobian("x in R^n\nA in R^(n×n)\nf = x^T A x\nn = 3", "x")):
        assert "data-jacmagic" in made._bundle()["text/html"]
        assert made.at().shape == (1, 3)
    assert result.subs(n=2, A=[[1, 2], [3, 4]]).at(x=[1, 1]).tolist() == [[7, 13]]


@pytest.mark.parametrize("ask", ["at", "matrix", "values", "variables", "function", "hessian", "code", "steps", "check"])
def test_what_needs_numbers_says_how_to_get_them(ask: str) -> None:
    with pytest.raises(ValueMistake, match=r"n has no value.*r\.subs\(n=3\)"):
        getattr(jacmagic.jacobian("x in R^n\nf = x^T x"), ask)


@pytest.mark.parametrize(("block", "says"), [
    ("x in R^n\nA in R^(m×n)\nf = A^T x", "has m columns"),
    ("x in R^n\ny in R^m\nf = x + y", "m"),
    ("x in R^n\nA in R^(m×n)\nf = det(A)", "m"),
])
def test_a_mistake_is_told_by_the_names_of_the_sizes(block: str, says: str) -> None:
    with pytest.raises(ShapeError, match=says) as caught:
        jacmagic.jacobian(block)
    assert not any(one.isdigit() for one in caught.value.message.replace("line 1", "").replace("line 2", "").replace("line 3", ""))
    assert caught.value.source == block


@pytest.mark.parametrize("block", [
    "f(x) = sum(x^k for k = 1..n)",  # n is more than a size
    "x in R^n\nf = x[n]",
    "x in R^n\nn in [1, 5]\nf = x^T x",
    "a in R^b\nc in R^d\ng in R^h\nk in R^m\np in R^q\nf = sum(a) + sum(c) + sum(g) + sum(k) + sum(p)",
])
def test_what_depends_on_a_size_asks_for_its_value(block: str) -> None:
    with pytest.raises(JacmagicError, match="whole number is needed; give it a value"):
        jacmagic.jacobian(block)


@pytest.mark.parametrize("option", ["hessian", "steps"])
def test_an_option_that_needs_numbers_asks_for_the_size(option: str) -> None:
    with pytest.raises(ValueMistake, match="n stands where a whole number is needed"):
        jacmagic.jacobian("x in R^n\nf = x^T x").show(**{option: True})


def test_numbers_of_the_block_are_no_sizes() -> None:
    result = jacmagic.jacobian("x in R^n\nf = 11 x^T x + 13")
    assert set(result.sizes["n"]).isdisjoint({11, 13})
    assert "22 xᵀ" in views.plain_text(result)
    assert json.dumps(result._bundle()["text/latex"])
