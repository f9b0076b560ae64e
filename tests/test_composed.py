"""Results made of results: `use J1`, r.subs(k=3), r @ s."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import sympy as sp

import jacmagic
from jacmagic.show import views

# ------------------------------------------------------------------ use J1
USED = {
    "J1": "k = 2 in [0, 5]\nf(x, y) = k x^2 y\nf(3, 4)\nat x = 1, y = 2", "J2": "x^2 y + sin y",
    "J3": "x in R^2\nW = {weights}\ny = W x", "L": r"g(t) = \frac{t^2}{2}, \quad",
}


def namespace() -> dict[str, Any]:
    there = {"weights": [[1.0, 2.0], [3.0, 4.0]], "three": 3}
    return there | {key: jacmagic.jacobian(text, namespace=there) for key, text in USED.items()} | {
        "n": jacmagic.nnchain("x in R^2\na = tanh(W x + c) in R^3")}


@pytest.mark.parametrize(("block", "same"), [
    ("use J1\ng = f^2 + z", "k = 2 in [0, 5]\nf(x, y) = k x^2 y\ng = f^2 + z"), ("use J2; h = 3f", "f = x^2 y + sin y; h = 3f"),
    ("z = 2\nuse J2  # of before\nh(x, y) = z f", "z = 2\nf = x^2 y + sin y\nh(x, y) = z f"),
    ("use L\nh(t) = g(t) + t", "g(t) = t^2/2\nh(t) = g(t) + t"), ("use J3\nL = y^T y", "x in R^2\nW = [1, 2; 3, 4]\ny = W x\nL = y^T y"),
    ("use J1", "k = 2 in [0, 5]\nf(x, y) = k x^2 y"), ("  use J2\n use L\nm = f g", "f = x^2 y + sin y\ng(t) = t^2/2\nm = f g"),
])
def test_the_lines_of_another_block_stand_where_it_is_used(block: str, same: str) -> None:
    r, wanted = jacmagic.jacobian(block, namespace=namespace()), jacmagic.jacobian(same)
    assert (r.program.outputs, r.program.variables, r.program.parameters) == (
        wanted.program.outputs, wanted.program.variables, wanted.program.parameters)
    assert r.matrix == wanted.matrix
    assert dict(r.values).keys() == dict(wanted.values).keys()
    assert [one.text for one in views.formulas(r)] == [one.text for one in views.formulas(wanted)]
    assert pickle.loads(pickle.dumps(r)).matrix == wanted.matrix
    again = jacmagic.jacobian("use r", namespace={"r": r})
    assert again.matrix == wanted.matrix


def test_a_net_is_used_in_a_net() -> None:
    n = jacmagic.nnchain("use n\nL = ||a||^2", namespace=namespace())
    assert [one.name for one in n.layers] == ["a", "L"]
    assert jacmagic.nnchain("use J2\nL = f^2 x", namespace=namespace(), wrt="x, y").program.outputs == ("L",)


@pytest.mark.parametrize(("block", "text", "words"), [
    ("use J1\nf = z^2", "f", "f is defined on line 1 and again on line 2"),
    ("g = 2\nuse J1\nk = 3", "k", "k is defined on line 2 and again on line 3"), ("use J1\nuse J2", "use J2", "f is defined on line 1"),
    ("z = 1\nuse J1\nu = sinq", "sinq", "sinq is not known"), ("use J1\nu = f +", "+", ""), ("f(x) = x\nuse J1", "use J1", "on line 1 and again on line 2"),
    ("use J4\nf = x", "use J4", "no J4"), ("use three", "use three", "no result"), ("use n", "use n", "is a net"),
    ("u = f(2, 1)\nuse J1", "f", "f"),
])
def test_what_cannot_be_used_is_underlined_in_what_was_typed(block: str, text: str, words: str) -> None:
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.jacobian(block, namespace=namespace())
    error = caught.value
    assert error.span is not None
    assert error.source == block
    assert text in block[error.span.start : error.span.stop]
    assert words in str(error)


def test_without_a_namespace_nothing_is_used() -> None:
    with pytest.raises(jacmagic.ValueMistake, match="where namespace= is given"):
        jacmagic.jacobian("use J1\ng = f^2")
    assert jacmagic.jacobian("use = 3\nf(x) = use x").matrix[0].name == "use"  # a name as any other
    there = {"polar": jacmagic.jacobian("f(x) = x^2")}
    with pytest.raises(jacmagic.NameMistake) as caught:
        jacmagic.jacobian("use polr\ng = f", namespace=there)
    assert caught.value.hints == ("use polar",)
    assert jacmagic.jacobian("use polar\ng = f", namespace=there)


def test_into_and_use_in_a_notebook(shell: Any) -> None:
    shell.run("%%jacobian --into J1\nf(x, y) = x^2 y")
    assert shell.run("%%jacobian\nuse J1\ng = sin f").value.matrix == jacmagic.jacobian("f(x, y) = x^2 y\ng = sin f").matrix
    with pytest.raises(jacmagic.SyntaxMistake, match="A line uses one result") as caught:
        jacmagic.jacobian("use J1, J2\ng = f", namespace={})
    assert (caught.value.span, caught.value.hints) == ((0, 10), ("use J1; use J2",))
    assert "2 | use J2" in str(shell.run("%%jacobian\nuse J2\ng = sin f", fails=True).error)
    assert "line 2 and again on line 3" in str(shell.run("%%jacobian\nuse J1\nf = z", fails=True).error)


# ------------------------------------------------------------------ r.subs
PUT = [
    ("f(x, y) = k x^2 y + |k|\nu = k + 1\ng = f*u\nk = 2", {"k": -3}), ("f(x, k) = k x^2 + k^x", {"k": 3}), ("f(x) = a x^b + c", {"a": 0.1, "c": 2}),
    ("x in R^2\nW in R^(2x2)\ny = tanh(W x)", {"W": [[1, 2], [3, -4]]}), ("x in R^3\nA in R^(2x3)\nb in R^2\ny = A x + b", {"A": np.arange(6).reshape(2, 3), "b": [0, 1]}),
    ("x' = a x - b x y\ny' = d x y - c y", {"a": 2, "d": 0.5}), ("u = k x\nv = u^2 + k\ny = sin v", {"k": 0}), ("f(x) = x/k", {"k": 7}),
]


@pytest.mark.parametrize(("block", "values"), PUT)
def test_a_result_with_values_put_in_is_that_of_these_values(block: str, values: dict[str, Any]) -> None:
    r = jacmagic.jacobian(block)
    q = r.subs(**values)
    assert not {s.name for s in (*q.variables, *q.parameters)} & {s.name for key in values for s in r.entry_symbols(key)}
    point = {key: value for key, value in r.values.items() if key not in values}
    columns = [k for k, s in enumerate(r.variables) if s in q.variables]
    assert q.at(**point) == pytest.approx(r.at(**values)[:, columns], rel=1e-12)
    places = {s: sp.Rational(str(v)) for key, value in values.items() for s, v in zip(r.entry_symbols(key), np.ravel(value).tolist())}
    assert sp.simplify(sp.Matrix(q.matrix) - sp.Matrix(r.matrix)[:, columns].subs(places)) == sp.zeros(*q.matrix.shape)
    assert not q.matrix.atoms(sp.Float)
    assert r.parameters == jacmagic.jacobian(block).parameters  # the first one is as it was
    text = q._repr_mimebundle_()["text/plain"]
    assert text == pickle.loads(pickle.dumps(q))._repr_mimebundle_()["text/plain"]
    with pytest.raises(KeyError):
        q.subs(**values)
    used = jacmagic.jacobian("use q", namespace={"q": q}, wrt=", ".join(q.program.variables))
    assert used.at(**point) == pytest.approx(q.at(**point), rel=1e-12)


@pytest.mark.parametrize(("values", "error", "words"), [
    ({"q": 1}, KeyError, "no name 'q'"), ({"u": 1}, KeyError, "without a definition"), ({"k": [1, 2]}, ValueError, "k has the shape"), ({"x": 1}, ValueError, "no variable stays"),
])
def test_what_cannot_be_put_in_is_said(values: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        jacmagic.jacobian("u = k x\ny = u^2", "x").subs(**values)


# ------------------------------------------------------------------ r @ s
PAIRS = [
    ("F(x, y) = [x^2 + y, x y]", "G(x, y) = [x + y, x - y]"), ("y = sin u", "x^2 t"), ("f(x, y) = x^2 y", "(x, y) = (r cos t, r sin t)"),
    ("x in R^3\nf = ||x||^2", "g1(s, t) = s t\ng2(s, t) = s\ng3(s, t) = t^2"), ("x in R^3\nf(x) = ||x||^2", "x in R^2\nA in R^(3x2)\nA = [1, 2; 3, 4; 5, 6]\ny = A x"),
    ("f(x) = x^2 + k\ng(x) = k x\nk = 3\nx = 2", "h(x, y) = x e^y"), ("u = a + b\nv = a b\nz = u sin v", "p = s^2\nq = s t"),
    ("r = sqrt(x^2 + y^2)\nf(x, y) = sin(r)/r", "G(s) = [cos s, 2sin s]"), ("W in R^(2x2)\nd = det(W)", "x in R^2\nV = x x^T + [1, 0; 0, 2]"),
]


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_one_result_after_another_has_the_product_of_their_jacobians(outer: str, inner: str) -> None:
    r, q = jacmagic.jacobian(outer), jacmagic.jacobian(inner, "x" if "A x" in inner else None)
    both = r @ q
    assert both.variables == q.variables
    between = np.concatenate([np.ravel(q.forward()[key]) for key in q.program.outputs])
    fun, jac = r.vector()
    assert both.at() == pytest.approx(jac(between) @ q.at(), rel=1e-11, abs=1e-12)
    assert np.concatenate([np.ravel(both.forward()[key]) for key in both.program.outputs]) == pytest.approx(fun(between), rel=1e-12)
    assert pickle.loads(pickle.dumps(both)).at() == pytest.approx(both.at())


def test_three_in_a_row() -> None:
    a, b, c = (jacmagic.jacobian(text) for text in ("f(u) = u^2", "g(v) = sin v", "h(w) = e^w"))
    w = sp.Symbol("w", real=True)
    assert sp.simplify((a @ (b @ c)).matrix[0] - sp.diff(sp.sin(sp.exp(w)) ** 2, w)) == 0


@pytest.mark.parametrize(("outer", "inner", "words"), [
    ("F(x, y) = [x, y]", "f(x) = x^2", "takes 2 numbers, x, y, and the right one gives 1 number, f: J of 2×2 after J of 1×1"),
    ("f(x) = x^2", "f(x) = x^3", "f stands in both blocks"), ("y = u + k", "k = x^2", "takes 2"), ("z = u^2 + k\nk = 1", "k = x y", "k stands in both"),
    ("x' = x", "f(x) = x^2", "not of equations"), ("y = x^2", "f = 2x", "x stands in both"),
])
def test_what_does_not_compose_says_why(outer: str, inner: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        jacmagic.jacobian(outer, "u" if "u^2" in outer else None) @ jacmagic.jacobian(inner)
    with pytest.raises(TypeError):
        jacmagic.jacobian("f(x) = x") @ 3


POLAR = "x(r, t) = k r cos t\ny(r, t) = r sin t"


@pytest.mark.parametrize(("ours", "theirs", "value", "ends"), [
    ("k = 2", "", 2, None), ("", "k = 3", 3, None), ("k = 2", "k = 2", 2, None), ("k = 2", "k = 2 in [0, 5]", 2, (0, 5, None)),
    ("k = 2 in [0, 4] step 0.5", "k = 2", 2, (0, 4, 0.5)), ("k in [0, 4]", "k = 3", 3, (0, 4, None)), ("k in R", "k in R", 1, None),
    ("k in [0, 4]", "k in [0, 4]", 1, (0, 4, None)), ("k = 2", "k in [0, 4]", 2, (0, 4, None)),
])
def test_a_parameter_of_both_is_one(ours: str, theirs: str, value: float, ends: tuple[float, ...] | None) -> None:
    both = jacmagic.jacobian(f"f(x, y) = k x^2 y\n{ours}") @ jacmagic.jacobian(f"{POLAR}\n{theirs}")
    assert both.values["k"] == value
    assert both.program.inputs["k"].range == ends
    k, r, t = (both.symbols[one] for one in "krt")
    assert sp.simplify(both.matrix[0] - sp.diff(k * (k * r * sp.cos(t)) ** 2 * r * sp.sin(t), r)) == 0


@pytest.mark.parametrize(("ours", "theirs", "words"), [
    ("k = 2", "k = 3", "k is 2 in the left block and 3 in the right one"),
    ("k = 2 in [0, 4]", "k = 2 in [0, 5]", r"2 in \[0, 4\] in the left block and 2 in \[0, 5\]"),
])
def test_a_parameter_of_both_that_differs_is_told(ours: str, theirs: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        jacmagic.jacobian(f"f(x, y) = k x^2 y\n{ours}") @ jacmagic.jacobian(f"{POLAR}\n{theirs}")
    with pytest.raises(ValueError, match="A is of the size 3×2 in the left block and of the size 2×2 in the right one"):
        jacmagic.jacobian("x in R^2\nf(x) = A x\nA in R^(3x2)") @ jacmagic.jacobian("A in R^(2x2)\nx in R^2\ng(x) = A x")
