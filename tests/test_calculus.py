"""The chain rule on graphs: both directions agree, zeros cost nothing, and formulas stay as a textbook has them."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import jacmagic
from jacmagic import calculus, code
from jacmagic.graph import Graph, ancestry, slot

_0, _1 = slot(0), slot(1)

BLOCKS = [
    "x in R^3\nf = [x[i]/x[i+1] for i = 1..2]\nx = [1, 2, -3]",
    "x in R^4\nu = softmax(x)\nf = [norm(u), dot(u, x), max(x), prod(x)]",
    "x in R^2\nW = [1, 2; 3, 4; 5, 6]\nf = tanh(W x) .* (W x)",
    "x in R^3\nu = layer_norm(x)\nf = cross(u, x) + u",
    "x in R^3\nA = diag(x)\nf = A x + A^T x",
]


@pytest.mark.parametrize("text", BLOCKS)
def test_forward_and_reverse_give_the_same_jacobian(text: str) -> None:
    r = jacmagic.jacobian(text, wrt="x")
    g = r.program.graph
    (of,), _ = calculus.rebuild(g, [r.program.node("f")])
    wrt = g.input("x", r.program.shape("x"))
    names = [(n.data, n.shape) for n in ancestry([of]) if n.op == "input"]
    rng = np.random.default_rng(0)
    values = {name: rng.standard_normal(shape) for name, shape in names}
    for reuse in (True, False):
        back, front = calculus._reverse(g, of, wrt, reuse), calculus._forward(g, of, wrt, reuse)
        found = [code.compile_numpy(names, node)(**values) for node in (back, front)]
        assert np.allclose(*found, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("expr", "wanted"), [
    (_0**_1, {_0: _1 * _0 ** (_1 - 1), _1: _0**_1 * sp.log(_0)}),
    (_0**3, {_0: 3 * _0**2}),
    (_0 * _1 + _1, {_0: _1, _1: _0 + 1}),
    (sp.tanh(_0), {_0: 1 - sp.tanh(_0) ** 2}),
])
def test_a_template_is_differentiated_as_in_a_textbook(expr: sp.Expr, wanted: dict[sp.Symbol, sp.Expr]) -> None:
    assert calculus.gradient(expr) == wanted


def test_the_matrix_of_a_large_sparse_system_is_that_of_sympy() -> None:
    n = 60
    r = jacmagic.jacobian(
        f"x in R^{n}\nf = [(3 - 2x[1])*x[1] - 2x[2] + 1, [(3 - 2x[i])*x[i] - x[i-1] - 2x[i+1] + 1 for i = 2..{n - 1}],"
        f" (3 - 2x[{n}])*x[{n}] - x[{n - 1}] + 1]"
    )
    assert r.matrix == r.outputs.jacobian(list(r.variables))
    assert sum(entry != 0 for entry in r.matrix) == 3 * n - 2


def test_a_long_family_is_a_few_operations_and_not_one_for_each_member() -> None:
    r = jacmagic.jacobian("x in R^500\nf = [(3 - 2x[i])*x[i]/x[i+1] + k x[1] for i = 1..499]", wrt="x")
    assert len(ancestry([r.total(True)[0]])) < 30


def test_zeros_do_not_count_towards_what_is_too_long_to_write() -> None:
    g = Graph()
    x = g.input("x", (300,))
    node = calculus.jacobian(g, g.map(sp.sin(_0) ** 2 * sp.exp(_0), [(x, (0,))], (300,)), x)
    entries = calculus.expand([node], {"x": sp.symbols("x:300", real=True)})[0]
    assert sum(entry != 0 for entry in entries) == 300


def test_a_chain_of_two_hundred_compositions_is_no_longer_than_its_steps() -> None:
    def size(depth: int) -> int:
        lines = "\n".join(f"x{k + 1} = sin(x{k}) x{k}^2" for k in range(depth))
        return len(ancestry([jacmagic.jacobian("x0 in R\n" + lines, wrt="x0").total(True)[0]]))

    assert size(200) - size(100) == 2 * (size(100) - size(50))
    r = jacmagic.jacobian("x0 in R\n" + "\n".join(f"x{k + 1} = sin(x{k}) x{k}^2" for k in range(200)), wrt="x0")
    x, d = 0.9, 1.0
    for _ in range(200):
        x, d = np.sin(x) * x**2, d * (np.cos(x) * x**2 + 2 * x * np.sin(x))
    assert np.allclose(r.at(x0=0.9), d)


def test_an_imaginary_branch_of_a_condition_is_an_error_in_words_and_numbers_still_come() -> None:
    r = jacmagic.jacobian(
        "g(s) = (0.5 - s)^(3/2)\nq = g(k if 1 >= x else 1.5)\nf = k if y <= q else x^2", wrt="x, y, k"
    )
    with pytest.raises(jacmagic.ValueMistake, match="not real"):
        _ = r.matrix
    assert r.at("f", "x", x=0.5, y=9, k=0.1) == 1
