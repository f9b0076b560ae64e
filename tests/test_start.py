"""The start point: one that shows something, the same every time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacmagic
from jacmagic import panel
from jacmagic.panel.ranges import span_of
from jacmagic.program import start


# block, and what its names start with
@pytest.mark.parametrize(("block", "values"), [
    ("f(x, y) = x y", {"x": 1, "y": 1}),
    ("f(x) = k x\nk in [2, 5]", {"x": 1, "k": 2}),
    ("f(x) = k x\nk in [-5, -2]", {"k": -2}),
    ("x in R^3\nf = sum(x^2)", {"x": [1, 2, 3]}),
    ("A in R^(2x3)\nf = sum(A .* A)", {"A": [[1, 2, 3], [4, 5, 6]]}),
    ("x in R^9\nf = sum(x^2)", {"x": list(range(1, 10))}),
    ("x in R^3\nx = [3, 0, 1]\nf = sum(x^2)", {"x": [3, 0, 1]}),
    ("p in R^2\nq in R^2\nf = cross_entropy(softmax(p), q)", {"p": [1, 2], "q": [1, 0]}),
])
def test_what_a_name_without_a_value_starts_with(block: str, values: dict[str, Any]) -> None:
    found = jacmagic.jacobian(block).values
    for key, value in values.items():
        assert np.array_equal(found[key], value)


def test_long_vectors_and_those_of_nets_are_seeded_with_two_digits() -> None:
    long = jacmagic.jacobian("x in R^10\nf = sum(x^2)").values["x"]
    net = jacmagic.nnchain("x in R^3\nt in R^2\no = W x + b\nL = ||o - t||^2")
    for value in (long, net.values["x"], net.values["t"]):
        assert (np.abs(value) < 1.5).all()
        assert (np.round(value, 2) == value).all()
        assert len(set(value)) == len(value)
    again = jacmagic.nnchain("x in R^3\nt in R^2\no = W x + b\nL = ||o - t||^2", seed=4)
    assert not np.array_equal(again.values["x"], net.values["x"])
    assert np.array_equal(jacmagic.jacobian("x in R^10\nf = sum(x^2)").values["x"], long)


@pytest.mark.parametrize("block", [
    "f(x, y) = ln(x - y)", "f(x) = 1/(x - 1)", "f(x) = 1/ln(x)", "f(x) = sqrt(x - 5)", "f(x, y) = 1/(x^2 - y^2)", "f(x) = acosh(x)^1.5",
    "f(x, y, z) = ln(x y z - 1)/(x - y)", "f(x) = (x - 1)^2", "f(x) = |x - 1|", "f(x, y) = max(x, y)", "x in R^3\ny in R^3\nf = ||x - y||",
    "f(x) = 1/k + x/(k - 1)", "f(x) = relu(x - 3)", "f(x, y) = min(x, y, 1)", "f(x) = x^2 if x > 1 else 1",
])
def test_the_next_draw_is_taken_where_nothing_can_be_seen(block: str) -> None:
    r = jacmagic.jacobian(block)
    matrix = r.at()
    assert np.isfinite(matrix).all()
    assert matrix.any()
    assert not r.kinks_here()
    assert {k: np.asarray(v).tolist() for k, v in jacmagic.jacobian(block).values.items()} == {
        k: np.asarray(v).tolist() for k, v in r.values.items()
    }


@pytest.mark.parametrize(("block", "start"), [
    ("x_{n+1} = a x_n (1 - x_n)\na = 3.2", {"x_n": 0.3, "a": 3.2}), ("x_{n+1} = r x_n (1 - x_n)\nx_n in [0, 2]", {"x_n": 0.6, "r": 1}), ("x_{n+1} = x_n^2", {"x_n": 0.3}),
    ("x' = a x - b x y\ny' = d x y - c y", {"x": 0.3, "y": 0.3, "a": 1}), ("x' = r x (1 - x)", {"x": 0.3}), ("x_{n+1} = cos x_n", {"x_n": 1}),
    ("x' = y\ny' = -x", {"x": 1, "y": 1}), ("x' = a x (1 - x)\nx = 1", {"x": 1, "a": 1}), ("x_{n+1} = x_n", {"x_n": 1}),
])
def test_a_system_or_map_starts_where_it_moves_unless_the_block_says_where(block: str, start: dict[str, float]) -> None:
    found = jacmagic.jacobian(block).values
    assert {key: found[key] for key in start} == start


@pytest.mark.parametrize("seed", range(12))
def test_a_net_does_not_start_with_a_dead_layer(seed: int) -> None:
    n = jacmagic.nnchain("x in R^2\nh = relu(W x + b) in R^2\no = V h in R^1\nL = (o - y)^2", wrt="x", seed=seed)
    assert n.at().any()


def test_values_that_the_block_gives_stay() -> None:
    r = jacmagic.jacobian("f(x, y) = ln(x - y)\nx = 2\ny = 2")
    assert (r.values["x"], r.values["y"]) == (2, 2)
    one = jacmagic.jacobian("f(x, y) = ln(x - y)\nx = 0.25")
    assert one.values["x"] == 0.25
    assert one.values["y"] < 0.25
    ranged = jacmagic.jacobian("f(x) = 1/(x - 2)\nx in [2, 3]")
    assert 2 < ranged.values["x"] <= 3


@pytest.mark.parametrize(("block", "says"), [
    ("f(x) = floor(x)", "J is 0 at each of the 20 points that were tried"),
    ("E = (x, y, z)/sqrt(x^2 + y^2 + z^2)^3\nd = ∇·E", "J is 0 at each of the 20 points that were tried"),  # to rounding
    ("f(x) = sqrt(x - 900)", "no number at any of the 20 points that were tried"),
    ("f(x) = 1/(x - k)\nx = 2\nk = 2\na in R", "not finite here: a division by 0"),
])
def test_the_note_says_why_a_point_shows_nothing(block: str, says: str) -> None:
    r = jacmagic.jacobian(block)
    assert says in r._repr_mimebundle_()["text/plain"]
    assert "20 points" not in says or says in str(panel.spec(r)["echo"])
    assert start.MAX_DRAWS == 20


@pytest.mark.parametrize(("value", "role", "low", "high"), [
    (0.1, "parameter", 0, 0.3), (9.81, "parameter", 0, 29.43), (2.0, "fixed", 0, 6), (-2.0, "parameter", -3, 3), (0.0, "parameter", -3, 3),
    (1.0, "variable", -3, 3), (3.0, "variable", -3, 3), (20.0, "variable", -10, 50), (-250.0, "variable", -550, 50), (5.0, "input", 2, 8),
    (0.5, "weight", -3, 3), ([1.0, 20.0], "variable", -29, 50),
])
def test_where_a_slider_without_a_range_goes(value: Any, role: str, low: float, high: float) -> None:
    assert span_of(np.asarray(value), role) == (low, high)
