"""What a block comes to: its variables, parameters, outputs, sizes, values and ranges."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

import jacmagic
from jacmagic.program.model import Program
from jacmagic.program.passes import understand


def program(block: str, wrt: str | None = None, **more: Any) -> Program:
    return understand(block, wrt, **more)


# block, columns, parameters, outputs
ROLES = [
    ("f(x, y) = x^2 y", "x y", "", "f"),
    ("f(x, y) = x^2 y\ng(y, z) = y z", "x y z", "", "f g"),
    ("x^2 y + sin y", "x y", "", "f"),
    ("f^2 x", "f x", "", "g"), ("f", "f", "", "g"),
    ("k = 2\nx^2 k", "x", "k", "f"),
    ("u = z y\nf = u + x", "x y z", "", "f"),
    ("x = 3, y = 4\nf = x y", "x y", "", "f"),
    ("k in [0, 5]\nf = k x", "k x", "", "f"),
    ("k = 2 in [0, 5]\nf = k x", "x", "k", "f"),
    ("f(x) = k x\nk = 2", "x", "k", "f"),
    ("m = 3k\nk = 2\nf(x) = m x", "x", "k", "f"),
    ("n = 3\nx in R^n\nf = sum(x[i]^2 for i = 1..n)", "x", "", "f"),
    ("x in R^3\nf = a x[1]", "a x", "", "f"),
    ("g(u, v) = u v\nf(x, y) = [x, y]\nh = g(f(x, y))", "x y", "", "h"),
    ("x = r cos t\ny = r sin t\nf(x, y) = x y", "r t", "", "f"),
    ("x' = y\ny' = -x + mu y", "x y", "mu", "dx dy"),
    ("dS/dt = -β S I\ndI/dt = β S I - γ I", "S I", "beta gamma", "dS dI"),
    ("f(x) = x^2\ng(y) = f(y)", "y", "", "g"),
    ("f(E, I, N, O, S, Q, beta, zeta, i) = E I N O S Q beta zeta i", "E I N O S Q beta zeta i", "", "f"),
    ("rate = 0.5\nloss = rate w^2\nf = loss + w", "w", "rate", "f"),
]


# a block of bare definitions, its columns
COLUMNS = [
    ("y = x2 + x10 + x1 + x", "x x1 x2 x10"), ("F = (-y, x)", "x y"), ("f = A + a + B b", "a A b B"), ("f = w v\ng = u + v", "u v w"),
    ("F = (φ r^2, θ r)", "r phi theta"), ("f = ω Φ φ a", "a omega phi Phi"), ("f = α_2 λ α t", "t alpha alpha2 lam"),
    ("u = x_max + x_a + x3 + x_3 + ŷ + y + y_1", "x3 x_a x_max y y1 y_hat"), ("z in R\ny in R\nf = z y^2", "y z"),
    ("rate in [0, 1]\nf = s rate r q", "q r rate s"), ("y = 2\nf = x y", "x"), ("y = 2\nx = 3\nf = y x^2", "x y"),
    ("n = 3\nf = sum(y x^i for i = 1..n)", "x y"), ("y in R^2\nf = W y + x\nx in R^2", "W x y"), ("f = Δt v + b\nΔt in R", "b v Deltat"),
]


@pytest.mark.parametrize(("block", "variables"), COLUMNS, ids=[repr(r[0])[:50] for r in COLUMNS])
def test_columns_of_bare_definitions_stand_in_the_order_of_the_alphabet(block: str, variables: str) -> None:
    assert " ".join(program(block).variables) == variables


def test_a_declared_variable_that_does_not_occur_has_a_column_of_zeros() -> None:
    result = jacmagic.jacobian("x in R\ny in R^2\nu = x^3", wrt="y, x")
    assert result.at(x=2.0).tolist() == [[0, 0, 12]]
    assert result.matrix.tolist() == [[0, 0, 3 * result.variables[2] ** 2]]


@pytest.mark.parametrize(("block", "wrt", "words"), [
    ("u = x", "x, t", "not a name of this block"), ("u = π x", "x, π", "π is a constant"), ("u = sin(x)", "x, sin", "is a function"),
    ("z = x + y\nw = z^2", "x, z", "z is defined by means of x"), ("v = x\nz = v^2\nw = z^2", "x, z", "by means of x"),
    ("n = 3\nx in R^n\nu = sum(x[i] for i = 1..n)", "x, n", "n is a size"),
])
def test_a_magics_line_names_variables_of_the_block_that_can_change_alone(block: str, wrt: str, words: str) -> None:
    with pytest.raises(jacmagic.NameMistake, match=words) as caught:
        program(block, wrt)
    assert caught.value.source == wrt


@pytest.mark.parametrize(("block", "variables", "parameters", "outputs"), ROLES, ids=[repr(r[0])[:50] for r in ROLES])
def test_which_names_are_variables_parameters_and_outputs(block: str, variables: str, parameters: str, outputs: str) -> None:
    found = program(block)
    assert " ".join(found.variables) == variables
    assert " ".join(found.parameters) == parameters
    assert " ".join(found.outputs) == outputs


def test_the_magics_line_names_the_variables() -> None:
    assert program("f = a x^2 + b x", "b, a").variables == ("b", "a")
    assert program("f = a x^2 + b x", "b, a").parameters == ("x",)
    assert program("u = x^2\nf = u y", "u").variables == ("u",)
    assert program("f(rate) = rate^2", "rate").variables == ("rate",)


# a net, the shapes of its names, its output
NETS = [
    ("x in R^1\na = W1 x + c1 in R^2\no = W2 a + c2 in R^1", {"W1": (2, 1), "c1": (2,), "W2": (1, 2), "c2": (1,), "x": (1,)}, "o"),
    ("x(3) -> 4 tanh -> 2 softmax", {"x": (3,), "W1": (4, 3), "c1": (4,), "W2": (2, 4), "c2": (2,)}, "o"),
    ("x(3) -> a(4) σ -> y(2)", {"x": (3,), "W1": (4, 3), "c1": (4,), "W2": (2, 4), "c2": (2,)}, "y"),
    ("x in R^3\nx -> 2 relu", {"x": (3,), "W1": (2, 3), "c1": (2,)}, "o"),
    ("x in R^2\na = σ(W x + b) in R^3", {"x": (2,), "W": (3, 2), "b": (3,)}, "a"),
    ("x in R^3\nL = x^T A x", {"x": (3,), "A": (3, 3)}, "L"),
    ("x in R^3\nL = w^T x in R", {"x": (3,), "w": (3,)}, "L"),
    ("x in R^3\na = A^T x in R^2", {"x": (3,), "A": (3, 2)}, "a"),
    ("x in R^3\na = (A + B) x in R^2", {"x": (3,), "A": (2, 3), "B": (2, 3)}, "a"),
    ("x in R^3\na = Wx + b in R^2", {"x": (3,), "W": (2, 3), "b": (2,)}, "a"),
    ("x in R^3\na = s .* x + t", {"x": (3,), "s": (3,), "t": (3,)}, "a"),
    ("x in R^3\na = diag(s) x", {"x": (3,), "s": (3,)}, "a"),
    ("x in R^3\na = softmax(x/T)", {"x": (3,), "T": ()}, "a"),
    ("x in R^3\ny in R^2\no = W x + b\nL = mse(o, y)", {"x": (3,), "y": (2,), "W": (2, 3), "b": (2,)}, "L"),
    ("x in R^3\ny = [0, 1]\np = softmax(W x)\nL = cross_entropy(p, y)", {"x": (3,), "y": (2,), "W": (2, 3)}, "L"),
    ("x in R\na = tanh(w x + b)", {"x": (), "w": (), "b": ()}, "a"),
]


@pytest.mark.parametrize(("block", "shapes", "output"), NETS, ids=[repr(n[0])[:50] for n in NETS])
def test_the_sizes_of_a_net_are_inferred(block: str, shapes: dict[str, tuple[int, ...]], output: str) -> None:
    found = program(block, net=True)
    assert {key: one.shape for key, one in found.inputs.items()} == shapes
    assert found.outputs == (output,)
    assert found.variables == ("x",)


def test_values_ranges_and_what_a_name_has_without_them() -> None:
    found = program("k = 2 in [5, 0] step 0.5\nc = sqrt(2)/2\nW = [1, 2; 3, 4]\nm in [3, 4]\nf(x, y) = k c m W [x, y]").inputs
    assert found["k"].value == 2
    assert found["k"].range == (0.0, 5.0, 0.5)
    assert found["c"].value == pytest.approx(2**0.5 / 2)
    assert found["W"].value.tolist() == [[1, 2], [3, 4]]
    assert found["m"].value == 3
    assert found["x"].value == 1
    assert [found[key].given for key in ("k", "c", "m", "x")] == [True, True, False, False]


def test_values_and_sizes_may_stand_below() -> None:
    found = program("f = x^T x + k\nk = 2\nx in R^n\nn = 3")
    assert found.shape("x") == (3,)
    assert found.wholes == {"n": 3}
    assert "n" not in found.inputs


def test_weights_are_seeded_and_targets_are_one_hot() -> None:
    block = "x(3) -> 4 tanh -> 2 softmax\nL = cross_entropy(o, y)"
    one, same, other = (program(block, net=True, seed=seed).inputs for seed in (0, 0, 1))
    assert np.array_equal(one["W1"].value, same["W1"].value)
    assert not np.array_equal(one["W1"].value, other["W1"].value)
    assert np.all(one["W1"].value != 0)
    assert one["y"].value.tolist() == [1, 0]
    assert [one[key].role for key in ("x", "W1", "c2", "y")] == ["input", "weight", "weight", "target"]


@pytest.mark.parametrize(("value", "shape"), [
    (3, ()), (Fraction(1, 2), ()), ([1, 2], (2,)), ([[1, 2, 3]], (1, 3)), (np.eye(2, dtype=np.float32), (2, 2)),
    (sp.Rational(1, 3), ()), (sp.Matrix([[1, 2], [3, 4]]), (2, 2)),
], ids=str)
def test_values_from_python(value: object, shape: tuple[int, ...]) -> None:
    found = program("W = {box['W']}\nf = sum(W)", namespace={"box": {"W": value}})
    assert found.inputs["W"].value.shape == shape
    assert found.inputs["W"].value.dtype == np.float64


@pytest.mark.parametrize("value", ["text", [1, [2, 3]], np.zeros((2, 2, 2)), float("nan"), [], object()],
                         ids=["text", "ragged", "a cube", "nan", "empty", "an object"])
def test_python_values_that_are_no_numbers_are_errors(value: object) -> None:
    with pytest.raises(jacmagic.ValueMistake) as caught:
        program("W = {v}\nf = sum(W)", namespace={"v": value})
    assert caught.value.line == 1


def test_an_exception_in_a_python_value_becomes_our_error() -> None:
    namespace = {"v": 1}
    for code in ("1/0", "unknown", "v.", "(", "exec('v = 2')"):
        with pytest.raises(jacmagic.JacmagicError):
            program(f"W = {{{code}}}\nf(x) = W x", namespace=namespace)
    assert namespace == {"v": 1}


def test_a_block_is_never_evaluated_as_python() -> None:
    for block in ("f = __import__('os').getcwd()", "f(x) = x.__class__", "f = lambda: 0", "f = open('x')"):
        with pytest.raises(jacmagic.JacmagicError):
            program(block)


def test_decimals_are_exact() -> None:
    result = jacmagic.jacobian("f(x) = 0.1x^3 + 1e-3 x")
    x = result.variables[0]
    assert result.matrix[0] == 3 * x**2 / 10 + sp.Rational(1, 1000)
    assert result.program.decimals
    assert not jacmagic.jacobian("f(x) = x^3/10").program.decimals


def test_white_space_never_changes_a_meaning() -> None:
    dense = jacmagic.jacobian("k=2 in[0,5]\nf(x,y)=[k*x^2*y-(x+1)/(y-2),sin(x)]")
    loose = jacmagic.jacobian("k  =  2   in  [ 0 , 5 ]\nf ( x , y )  =  [ k * x ^ 2 * y - ( x + 1 ) / ( y - 2 ) ,\n\n sin ( x ) ]")
    assert dense.matrix == loose.matrix
    assert dense.program.inputs["k"].range == loose.program.inputs["k"].range


# a value that is more than a literal, and what it is
COMPUTED = [
    ("sum([1, 2, 4])", 7), ("sum(sqrt(i) for i = 1..4)", 3 + np.sqrt(2) + np.sqrt(3)), ("prod(i for i = 1..5)", 120), ("norm([3, 4])", 5),
    ("dot([1, 2], [3, 4])", 11), ("max([1, 2])", 2), ("max(1, 2, 3, 5)", 5), ("||[3, -4]||_1", 7), ("mse([1, 2], [3, 4])", 4),
    ("prod(min(-i, i - i, i) for i = 2..3)^-2", 1 / 36), ("softmax([0, 0])", [0.5, 0.5]), ("[1, 2; 3, 4] [1, 2]", [5, 11]),
    ("[i^2 for i = 1..3]", [1, 4, 9]), ("cross([1, 0, 0], [0, 1, 0])", [0, 0, 1]), ("mean([1, 2])", 1.5), ("diag([1, 2])", [[1, 0], [0, 2]]),
]


@pytest.mark.parametrize(("text", "value"), COMPUTED, ids=[text for text, _ in COMPUTED])
def test_a_value_may_be_computed(text: str, value: object) -> None:
    np.testing.assert_allclose(program(f"q = {text}\nf(x) = x sum(q)").inputs["q"].value, value, rtol=1e-15)


@pytest.mark.parametrize("block", ["k = 1e308\nf(x) = k x", "k in [-1e308, 1e308]\nf(x) = k x", "k = prod(10^i for i = 1..50)\nf(x) = k x"])
def test_a_value_that_no_slider_reaches_is_refused(block: str) -> None:
    with pytest.raises(jacmagic.JacmagicError, match=r"too large|not a number to calculate with"):
        program(block)


def test_a_name_that_is_declared_and_not_used_has_a_value() -> None:
    found = jacmagic.jacobian("x in R^2\nk = 3 in [0, 5]\nf(y) = y^2")
    assert found.program.variables == ("y",)
    assert found.program.parameters == ()
    assert found.values["k"] == 3
    np.testing.assert_array_equal(found.at(y=3, x=[1, 2], k=4), [[6]])
    np.testing.assert_array_equal(found.at("f", "x"), [0, 0])


# A neighbour that is not there is not looked at where the condition rules it out.
NEIGHBOURS = [
    ("[x[i-1] if i > 1 else 0 for i = 1..3]", [0, 1, 2]), ("[x[i+1] if i < 3 else x[1] for i = 1..3]", [2, 3, 1]),
    ("[x[i-1] + x[i+1] if 1 < i < 3 else x[i] for i = 1..3]", [1, 4, 3]), ("sum(x[i+1] x[i] if not i == 3 else 0 for i = 1..3)", 8),
    ("[x[i-1] if i > 1 and x[i] > 2 else -x[i] for i = 1..3]", [-1, -2, 2]), ("[x[i] if i > 1 else x[i+1] if x[i] > 5 else 7 for i = 1..3]", [7, 2, 3]),
    ("[sum(x[j] if j > i else 0 for j = 1..3) for i = 1..3]", [5, 3, 0]),
]


@pytest.mark.parametrize(("family", "value"), NEIGHBOURS, ids=[family for family, _ in NEIGHBOURS])
def test_a_case_that_the_index_rules_out_is_not_looked_at(family: str, value: object) -> None:
    found = jacmagic.jacobian(f"x in R^3\nf = {family}")
    np.testing.assert_allclose(found.forward(x=[1, 2, 3])["f"], value)


def test_a_neighbour_that_is_looked_at_must_be_there() -> None:
    with pytest.raises(jacmagic.ShapeError, match="out of range"):
        program("x in R^3\nf = [x[i-1] if i > 0 else 0 for i = 1..3]")
