"""Second derivatives of a result and products with its Jacobian, against PyTorch and the Jacobian itself."""

from __future__ import annotations

import html
import pickle
import re
from typing import Any

import numpy as np
import pytest
import sympy as sp
from evaluate import evaluate
from optional import optional

import jacmagic
from jacmagic import panel, second
from jacmagic.language import printers
from jacmagic.show import curvature, taylor, views

torch = optional("torch")
NET = "x in R^2\na = tanh(W1 x + c1) in R^3\np = softmax(W2 a + c2) in R^2\ny = [0, 1]\nL = cross_entropy(p, y)"


def test_the_hessian_of_one_function_is_a_matrix_and_of_several_one_each() -> None:
    x, y = sp.symbols("x y", real=True)
    r = jacmagic.jacobian("f(x, y) = x^3 + x y^2")
    assert r.hessian() == sp.ImmutableMatrix([[6 * x, 2 * y], [2 * y, 2 * x]])
    found = jacmagic.jacobian("f(x, y) = x^3 y\ng(x, y) = [x y, y^2]").hessian()
    assert list(found) == ["f", "g1", "g2"]
    assert found["g1"] == sp.ImmutableMatrix([[0, 1], [1, 0]])


def loss(W1, c1, W2, c2, x):
    return -torch.log_softmax(W2 @ torch.tanh(W1 @ x + c1) + c2, 0)[1]


@pytest.mark.parametrize(("a", "b"), [("W1", "W1"), ("W1", "c2"), ("c1", "x"), ("x", "x"), ("W2", "c1")])
def test_a_second_derivative_by_two_names_is_that_of_pytorch(a: str, b: str) -> None:
    n = jacmagic.nnchain(NET)
    keys = ["W1", "c1", "W2", "c2", "x"]
    point = [torch.tensor(np.asarray(n.values[key]), dtype=torch.float64) for key in keys]
    whole = torch.autograd.functional.hessian(loss, tuple(point))
    expected = whole[keys.index(a)][keys.index(b)].numpy()
    assert n.hessian("L", a, b) == pytest.approx(expected, rel=1e-10, abs=1e-12)


BLOCKS = [
    "f(x, y) = x^2 sin y", "F(x, y) = [x y, x^2, e^y]\ng(x, y) = x - y", "x in R^3\nA in R^(2x3)\ny = tanh(A x)\nz = ||x||", "x' = a x - b x y\ny' = x y - y",
    "x in R^2\nX in R^(2x2)\nf(x, X) = X x", "x in R^4\nf = [x[i]^2 - x[i-1] for i = 2..4]",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_products_with_the_jacobian_are_those_of_its_matrix(block: str) -> None:
    r = jacmagic.jacobian(block)
    J, rng = r.at(), np.random.default_rng(5)
    for _ in range(3):
        v, u = rng.normal(size=J.shape[1]), rng.normal(size=J.shape[0])
        assert r.jvp(v) == pytest.approx(J @ v, rel=1e-12, abs=1e-12)
        assert r.vjp(u) == pytest.approx(J.T @ u, rel=1e-12, abs=1e-12)
    with pytest.raises(ValueError, match=f"a vector of {J.shape[1]} entries"):
        r.jvp(np.ones(J.shape[1] + 1))


@pytest.mark.parametrize("block", ["f(x, y) = x^2 sin y + e^(x y)", "x in R^3\nA in R^(3x3)\nf = x^T A x + ||x||", "x in R^2\ny in R^2\nf = softmax(x)[1] y^T x"])
def test_a_product_with_the_hessian_is_that_of_its_matrix(block: str) -> None:
    r = jacmagic.jacobian(block, "x" if "A" in block else None)
    (one,) = second.bends(r)
    for v in np.random.default_rng(5).normal(size=(3, len(one.hessian))):
        assert r.hvp(v) == pytest.approx(one.hessian @ v, rel=1e-11, abs=1e-12)


def test_products_are_by_name_where_names_are_given() -> None:
    n, rng = jacmagic.nnchain(NET), np.random.default_rng(3)
    V, d = rng.normal(size=(3, 2)), rng.normal(size=2)
    found = n.hvp({"W1": V, "c2": d})
    for a, result in found.items():
        expected = np.tensordot(n.hessian("L", a, "W1"), V, 2) + np.tensordot(n.hessian("L", a, "c2"), d, 1)
        assert result == pytest.approx(expected, rel=1e-10, abs=1e-13)
    keys = ["W1", "c1", "W2", "c2", "x"]
    point = tuple(torch.tensor(np.asarray(n.values[key]), dtype=torch.float64) for key in keys)
    still = tuple(torch.tensor(V) if key == "W1" else torch.tensor(d) if key == "c2" else torch.zeros_like(one) for key, one in zip(keys, point))
    _, wanted = torch.autograd.functional.hvp(loss, point, still)
    assert found["W1"] == pytest.approx(wanted[0].numpy(), rel=1e-10, abs=1e-13)
    assert n.jvp({"W1": V, "c2": d}) == pytest.approx(np.sum(n.at("L", "W1") * V) + np.sum(n.at("L", "c2") * d))
    assert n.vjp({"L": 3.0}) == pytest.approx(3 * n.at("L", "x"))
    with pytest.raises(KeyError, match="no name without a definition"):
        n.hvp({"a": [1, 2, 3]})
    with pytest.raises(KeyError, match="no function"):
        n.vjp({"W1": V})
    with pytest.raises(ValueError, match="of one function"):
        jacmagic.jacobian("f(x, y) = [x, y]").hvp([1, 2])


def test_a_product_with_a_large_hessian_does_not_form_it() -> None:
    n = jacmagic.nnchain("x(300) -> 400 tanh -> 1\nL = o^2")
    key = n.program.parameters[0]
    found = n.hvp({key: np.ones(n.program.shape(key))})  # 120,000 weights: the Hessian has 1.4e10 entries
    assert found[key].shape == n.program.shape(key)
    gradients = [n.gradients(**{key: n.values[key] + s * 1e-5})[key] for s in (1, -1)]
    assert found[key] == pytest.approx((gradients[0] - gradients[1]) / 2e-5, rel=1e-4, abs=1e-7)


def test_a_product_is_taken_where_the_values_say() -> None:
    r = jacmagic.jacobian("f(x, y) = k x^2 y")
    assert r.jvp([1, 2], x=3.0, y=0.5, k=2.0) == pytest.approx([2 * 2 * 3 * 0.5 + 2 * 9 * 2])


# ------------------------------------------------------------------ --hessian
FUNCTIONS = {
    "x^3 + x y^2": lambda x, y: x**3 + x * y**2,
    "x^2 sin(x y)": lambda x, y: x**2 * torch.sin(x * y),
    "e^(-x^2 - y^2)": lambda x, y: torch.exp(-(x**2) - y**2),
    "ln(1 + x^2 + e^y)": lambda x, y: torch.log(1 + x**2 + torch.exp(y)),
    "sqrt(x^2 + y^2)": lambda x, y: torch.sqrt(x**2 + y**2),
    "x^4/(1 + y^2)": lambda x, y: x**4 / (1 + y**2),
    "tanh(x - 2y) x": lambda x, y: torch.tanh(x - 2 * y) * x,
    "atan(y/x)": lambda x, y: torch.atan(y / x),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("point", [(0.7, -1.3), (1.9, 0.4)])
def test_a_hessian_is_pytorch_s_as_symbols_and_as_the_numbers_that_are_shown(function: str, point: tuple[float, float]) -> None:
    r = jacmagic.jacobian(f"f(x, y) = {function}\nx = {point[0]}\ny = {point[1]}")
    at = tuple(torch.tensor(one, dtype=torch.float64) for one in point)
    expected = np.array([[float(one) for one in row] for row in torch.autograd.functional.hessian(FUNCTIONS[function], at)])
    symbols = dict(zip(r.variables, point))
    assert np.array(r.hessian().subs(symbols).evalf(), dtype=float) == pytest.approx(expected, rel=1e-10, abs=1e-12)
    (one,) = second.bends(r)
    assert one.hessian == pytest.approx(expected, rel=1e-10, abs=1e-12)
    assert one.eigenvalues == pytest.approx(np.linalg.eigvalsh(expected)[::-1])
    assert r.hessian() == sp.ImmutableMatrix(r.hessian().T)  # f_xy is written as f_yx is


@pytest.mark.parametrize("text", [NET, "x in R^3\nA in R^(3x3)\nf = x^T A x + ||x||", "u = x y\nv = x - y\nf = u^2 sin v", "x' = x y\ny' = x - y^2"])
def test_the_numbers_of_each_hessian_are_differences_of_the_gradient(text: str) -> None:
    r = (jacmagic.nnchain if text == NET else jacmagic.jacobian)(text, None if text == NET or "x in" not in text else "x")
    fun = {key: np.ravel(r.values[key]) for key in r.program.variables}
    for i, one in enumerate(second.bends(r)):
        columns = []
        for key, value in fun.items():
            for k in range(value.size):
                moved = [value + s * 1e-6 * np.eye(value.size)[k] for s in (1, -1)]
                rows = [r.at(**{key: m if r.program.shape(key) else m[0]})[i] for m in moved]
                columns.append((rows[0] - rows[1]) / 2e-6)
        assert one.hessian == pytest.approx(np.array(columns).T, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("block", "word"), [
    ("f(x, y) = x^2 + 3y^2\nx = 1\ny = 2", "positive definite"), ("f(x, y) = x^2 + 3y^2\nx = 0\ny = 0", "positive definite, minimum"),
    ("f(x, y) = -x^2 - 3y^2\nx = 0\ny = 1", "negative definite"), ("f(x, y) = 2 - x^2 - 3y^2\nx = 0\ny = 0", "negative definite, maximum"),
    ("f(x, y) = x y\nx = 1\ny = 0", "indefinite"), ("f(x, y) = x y\nx = 0\ny = 0", "indefinite, saddle"),
    ("f(x, y) = (x + y)^2\nx = 1\ny = 0", "positive semidefinite"),
    ("f(x, y) = x^4 - y^2\nx = 0\ny = 0", "negative semidefinite, not decided by second derivatives"),
    ("f(x, y) = x^3 + y^3\nx = 0\ny = 0", "zero, not decided by second derivatives"), ("f(x, y) = 2x - y", "zero"),
    ("f(x) = x^2\nx = 3", "convex here"), ("f(x) = -x^2\nx = 0", "concave here, maximum"), ("f(x) = cos x\nx = 2π", "concave here, maximum"),
    ("f(x, y) = 1e-20 x^2 + 1e-20 y^2\nx = 0\ny = 0", "positive definite, minimum"), ("f(x, y) = 1e9 x^2 + y\nx = 0\ny = 0", "positive semidefinite"),
    ("f(x, y) = (x^2 - 2)^2 + y^2\nx = sqrt(2)\ny = 0", "positive definite, minimum"), ("f(x) = 1/x\nx = 0", ""),
])
def test_a_hessian_has_the_word_of_its_point(block: str, word: str) -> None:
    assert [one.word for one in second.bends(jacmagic.jacobian(block))] == [word]


def of_point(page: dict[str, Any]) -> list[str]:
    return [one for part in page["hessians"] for one in (*part["formulas"], part.get("title", ""))]


@pytest.mark.parametrize("net", [False, True])
def test_an_option_of_both_magics_shows_the_hessian_everywhere(net: bool) -> None:
    block = "x in R^2\nW in R^(2x2)\nL = ||W x||^2" if net else "f(x, y) = x^3 y\ng(x, y) = x - y^2"
    made = jacmagic.nnchain if net else jacmagic.jacobian
    plain, r = made(block), made(block).show(hessian=True)
    assert not any(one.kind == "hessian" for one in views.formulas(plain))
    assert "hess" not in "".join(plain._repr_mimebundle_().values())
    lines = [one for one in views.formulas(r) if one.kind == "hessian"]
    assert len(lines) == (1 if net else 2)
    bundle = r._repr_mimebundle_()
    for line in lines:
        assert line.text in bundle["text/plain"]
        assert line.latex in bundle["text/latex"]
        assert line.latex in html.unescape(bundle["text/html"])
        assert any(printers.mathml(line.tree).removesuffix("</math>")[-40:] in one for one in of_point(panel.spec(r)))
    for said in curvature.bending(r):
        assert re.match(r"hess . = \[.*\], eigenvalues .*: (in|positive |negative )(semi)?definite$", said)
        assert said in bundle["text/plain"]
        assert said in html.unescape(bundle["text/html"])
    copy = pickle.loads(pickle.dumps(r))
    assert copy._repr_mimebundle_()["text/plain"] == bundle["text/plain"]


def test_a_hessian_that_is_too_large_for_the_page_says_where_it_is() -> None:
    r = jacmagic.jacobian("x in R^12\nf = sum(x[i]^3 for i = 1..12)").show(hessian=True)
    assert "6x₁" in r._repr_mimebundle_()["text/plain"]
    assert "12×12; r.hessian() has all entries" in r._repr_mimebundle_()["text/html"]
    large = jacmagic.jacobian("x in R^60\nA in R^(60x60)\nf = x^T A x", "x").show(hessian=True)
    assert "hess f ∈ ℝ^(60×60)" in large._repr_mimebundle_()["text/plain"]
    assert not curvature.bending(large)
    many = jacmagic.jacobian("x in R^10\nf = x .* x").show(hessian=True)
    assert "2 more" in many._repr_mimebundle_()["text/plain"]
    unknown = jacmagic.jacobian("u = u(x, t)\nz = x u").show(hessian=True)
    assert "x ∂²u/∂t²" in unknown._repr_mimebundle_()["text/plain"]


def test_by_a_name_that_a_line_defines_it_is_held_for_its_own() -> None:
    r = jacmagic.jacobian("u = x^2 + y\nf = u^3 v", "u, v").show(hessian=True)
    u, v = r.variables
    assert r.hessian() == sp.ImmutableMatrix([[6 * u * v, 3 * u**2], [3 * u**2, 0]])
    assert second.bends(r)[0].hessian == pytest.approx(np.array([[12, 12], [12, 0]]))


# ------------------------------------------------------------------ the linear function
def test_the_linear_function_touches_the_function() -> None:
    r = jacmagic.jacobian("F(x, y) = [x^2 y, sin x]")
    line = pickle.loads(pickle.dumps(r.linear(x=0.5, y=2.0)))
    fun, _ = r.vector()
    p, d = np.array([0.5, 2.0]), np.array([0.3, -0.7])
    assert line(p) == pytest.approx(fun(p))
    assert [line.error(h) for h in (1e-2, 1e-3)] == pytest.approx([100 * line.error(1e-3), line.error(1e-3)], rel=0.05)
    assert "distance  largest error" in repr(line)
    assert np.abs(line(p + 0.1 * np.array([0, 1])) - fun(p + 0.1 * np.array([0, 1]))).max() <= line.error(0.1)
    errors = [np.abs(line(p + h * d) - fun(p + h * d)).max() for h in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.1)  # it is left quadratically
    assert line([p, p + d]).shape == (2, 2)


# ------------------------------------------------------------------ --taylor
SERIES = {
    "f(x) = sin x": 5, "f(x) = e^x/(1 + x^2)": 4, "f(x, y) = x^3 y + sin(x y)": 3, "f(x, y) = sqrt(x^2 + 2y^2)": 2,
    "u = x^2 + y\nf = u^3 y": 4, "F(x, y) = [x^2 y, tanh(x - y)]": 2, "x in R^3\nf = x[1] x[2] e^x[3]": 3,
    "x' = x y\ny' = x - y^2": 1, "f(x, y, z) = x y z": 8,
}


@pytest.mark.parametrize("block", SERIES)
def test_a_taylor_polynomial_is_sympys_and_leaves_the_function_by_its_order(block: str) -> None:
    order, r = SERIES[block], jacmagic.jacobian(block).show(taylor=SERIES[block])
    d = np.random.default_rng(1).normal(size=len(r.variables))
    fun, _ = r.vector()
    place = np.array(taylor.point(r))
    h = sp.Symbol("h")
    moving = {s: p + h * v for s, p, v in zip(r.variables, map(sp.nsimplify, place), map(sp.nsimplify, d))}
    found = taylor.polynomials(r)
    if not found:  # three names to the order 8
        assert "165 terms, too many to show" in r._repr_mimebundle_()["text/plain"]
        return
    run = r.compile_nodes({str(i): r.program.graph.stack(one.safe, (len(one.safe),)) for i, one in enumerate(found)})
    numbers = run(**r.point({}))
    for i, one in enumerate(found):
        steps = [np.prod(d ** np.array(powers)) for powers in one.powers]
        by_degree = [sum(c * s for c, s, powers in zip(numbers[str(i)], steps, one.powers) if sum(powers) == k) for k in range(order + 1)]
        along = r.outputs[i].subs(moving, simultaneous=True)
        wanted = [float((along.diff(h, k) / sp.factorial(k)).subs(h, 0)) for k in range(order + 1)]
        assert by_degree == pytest.approx(wanted, rel=1e-9, abs=1e-11)
        written = taylor.written(r, one)
        values = dict(zip((s.name for s in r.variables), place)) | {"Delta" + s.name: 0.01 * v for s, v in zip(r.variables, d)}
        shown = float(evaluate(written, values | r.forward()).item())
        assert shown == pytest.approx(sum(c * 0.01**k for k, c in enumerate(by_degree)), rel=1e-9, abs=1e-12)
        assert abs(shown - fun(place + 0.01 * d).ravel()[i]) < 100 * 0.01 ** (order + 1)


def test_a_taylor_polynomial_is_shown_everywhere() -> None:
    r = jacmagic.jacobian("f(x, y) = x^2 y\nx = 1\ny = -2").show(taylor=2)
    bundle = r._repr_mimebundle_()
    assert "f(x + Δx, y + Δy) ≈ x² y + 2x y Δx + x² Δy + y Δx² + 2x Δx Δy" in bundle["text/plain"]
    assert "f ≈ −2 − 4Δx + Δy − 2Δx² + 2Δx Δy" in bundle["text/plain"]
    assert "where Δx = x − 1, Δy = y + 2" in bundle["text/html"]
    assert r"\approx x^{2} y + 2 x y \, \mathrm{Δx}" in bundle["text/latex"]
    page = panel.spec(r)["taylor"]
    assert len(page["terms"]) == 6
    assert len(page["series"]) == 1
    net = jacmagic.nnchain(NET).show(taylor=2)._repr_mimebundle_()["text/plain"]
    assert re.search(r"L ≈ [\d.]+ [+−] .*Δx₁ [+−] .*Δx₂²", net)
    assert "is not finite here" in jacmagic.jacobian("f(x) = ln x\nx = 0").show(taylor=2)._repr_mimebundle_()["text/plain"]
