"""A function of numbers at one point: it goes its own quick way, and nobody can tell but by the clock."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import jacmagic

BLOCKS = {
    "two by two": "f1(x, y) = 2x y^2 + 3x + 2y\nf2(x, y) = k x^2 sin y\nk = 3 in [0, 7]",
    "one number": "f(x) = e^(-x^2) cos(3x)",
    "by cases": "f(x, y) = x^2 if x > y else x y",
    "powers": "f(x, y) = x^y + ∛x + 1/x",
    "of a vector that the block makes": "u = [x, y, x y]\nf(x, y) = u·u + max(u)",
    "logarithms": "f(x) = ln(x) + ln(1 + e^x)",
}


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS)
def test_one_point_of_floats_is_the_same_point_of_arrays(text: str) -> None:
    r = jacmagic.jacobian(text)
    function = r.function("numpy")
    rng = np.random.default_rng(7)
    for scale in (1, 1e3, 1e-3, 1e200):
        for _ in range(5):
            point = dict(zip("xy"[: len(r.variables)], (scale * rng.standard_normal(len(r.variables))).tolist()))
            found = function(**point)
            wanted = function(**{key: np.array([value]) for key, value in point.items()})[0]
            assert isinstance(found, np.ndarray)
            assert found.dtype == float
            assert found.shape == wanted.shape
            np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("x", [0.0, -1.0, float("inf"), float("nan"), 1e308])
def test_where_plain_numbers_know_no_value_arrays_answer(x: float) -> None:
    function = jacmagic.jacobian("f(x) = ln(x)^2/x + e^(x^2) + sin x").function()
    np.testing.assert_allclose(function(x=x), function(x=np.array([x]))[0])


def test_a_long_row_is_a_row() -> None:
    r = jacmagic.jacobian("f(x, y) = x^y sin(x y)^2 e^(x + y) + cos(x y)/(1 + x^2 + y^2)")
    assert np.shape(r.function("math")(x=1.0, y=2.0)) == (1, 2)


def test_it_pickles_before_and_after_its_first_point() -> None:
    function = jacmagic.jacobian(BLOCKS["two by two"]).function()
    before = pickle.loads(pickle.dumps(function))
    wanted = function(x=1.0, y=2.0)
    after = pickle.loads(pickle.dumps(function))
    assert after.twin
    for one in (before, after):
        np.testing.assert_allclose(one(x=1.0, y=2.0), wanted, rtol=1e-15)
        np.testing.assert_allclose(one(x=1.0, y=2.0, k=6.0)[1], 2 * wanted[1], rtol=1e-15)


def test_its_arguments_are_checked_as_ever() -> None:
    function = jacmagic.jacobian(BLOCKS["two by two"]).function()
    with pytest.raises(TypeError, match="no argument is called 'z'"):
        function(x=1.0, z=2.0)
    with pytest.raises(TypeError, match="by place and by name"):
        function(1.0, x=1.0)
    np.testing.assert_allclose(function(x=1, y=2), function(x=1.0, y=2.0))


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "math"])
def test_an_array_that_is_mostly_zeros_is_made_of_the_others(backend: str) -> None:
    if backend in ("torch", "jax"):
        pytest.importorskip(backend)
    lines = [f"f_{k} = x_{k}^2 x_{k + 1} - 2x_{k} + e^(-x_{k}^2)" for k in range(1, 12)]
    r = jacmagic.jacobian("\n".join(lines))
    function = r.function(backend)
    assert function.source.count("\n") < 75
    x = dict(zip(r.symbols, np.random.default_rng(3).standard_normal(12).tolist()))
    wanted = np.array(r.matrix.subs({r.symbols[key]: value for key, value in x.items()}), dtype=float)
    digits = 1e-5 if backend == "jax" else 1e-12  # single precision, unless it is told
    np.testing.assert_allclose(np.asarray(function(**x)), wanted, rtol=digits)
    if backend != "math":
        many = np.asarray(function(**{**x, "x3": np.array([x["x3"], 2.0])}))
        assert many.shape == (2, 11, 12)
        np.testing.assert_allclose(many[0], wanted, rtol=digits)
