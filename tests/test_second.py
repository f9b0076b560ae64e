"""Second derivatives of a result and products with its Jacobian, against PyTorch and the Jacobian itself."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sympy as sp
from optional import optional

import jacmagic

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


def test_a_product_is_taken_where_the_values_say() -> None:
    r = jacmagic.jacobian("f(x, y) = k x^2 y")
    assert r.jvp([1, 2], x=3.0, y=0.5, k=2.0) == pytest.approx([2 * 2 * 3 * 0.5 + 2 * 9 * 2])


def test_the_linear_function_touches_the_function() -> None:
    r = jacmagic.jacobian("F(x, y) = [x^2 y, sin x]")
    line = pickle.loads(pickle.dumps(r.linear(x=0.5, y=2.0)))
    fun, _ = r.vector()
    p, d = np.array([0.5, 2.0]), np.array([0.3, -0.7])
    assert line(p) == pytest.approx(fun(p))
    errors = [np.abs(line(p + h * d) - fun(p + h * d)).max() for h in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.1)  # it is left quadratically
    assert line([p, p + d]).shape == (2, 2)
