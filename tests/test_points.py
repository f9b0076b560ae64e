"""Points: of lines `at x = a`, solutions of equations, equilibria, critical points."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

import numpy as np
import pytest
import sympy as sp

import jacmagic
from jacmagic import solving
from jacmagic.show.views import plain_text


# ------------------------------------------------------------------ at x = a
def test_the_jacobian_at_a_point_in_symbols() -> None:
    text = plain_text(jacmagic.jacobian("x' = α x - β x y\ny' = δ x y - γ y\nat x = γ/δ, y = α/β\nat x = 0, y = 0"))
    assert "J|_(x = γ/δ, y = α/β) = [0, -β γ/δ; α δ/β, 0]" in text
    assert "tr J = 0, det J = α γ, λ₁ = √(-α γ), λ₂ = -√(-α γ)" in text
    assert "tr J = α - γ, det J = -α γ, λ₁ = α, λ₂ = -γ" in text


@pytest.mark.parametrize("seed", range(8))
def test_eigenvalues_at_a_point_are_those_of_the_numbers(seed: int) -> None:
    from jacmagic.show.points import eigenvalues, together

    a = np.random.default_rng(seed).integers(-4, 5, (2, 2))
    matrix = sp.Matrix(a.tolist())
    found = [complex(one) for one in eigenvalues(matrix, together(matrix.trace()), together(matrix.det()))]
    assert np.sort_complex(found) == pytest.approx(np.sort_complex(np.linalg.eigvals(a)))


def test_the_sliders_start_at_the_first_point_of_numbers() -> None:
    r = jacmagic.jacobian("f(x, y) = a x y\nat x = a, y = 1\nat x = 2, y = 1/2\nat x = 5, y = 6\nx = 3")
    assert (r.values["x"], r.values["y"]) == (2, 0.5)
    assert "√(11) i" in plain_text(jacmagic.jacobian("x' = y + x\ny' = 2y - 3x\nat x = 0, y = 0"))
    assert "is not finite" in plain_text(jacmagic.jacobian("f(x) = 1/x\nat x = 0"))


@pytest.mark.parametrize(("block", "line", "text", "words"), [
    ("f(x) = x^2\nat z = 3", 2, "z", "no name"), ("u = x\nf = u^2\nat u = 1", 3, "u", "is defined"),
    ("f(x) = x^2\nat x = [1, 2]", 2, "[1, 2]", "another size"), ("f(x) = x^2\nat x = x + 1", 2, "x + 1", "both sides"),
    ("f(x) = x^2\na in R\nat a = 3", 3, "a", "stands in no formula"), ("f(x) = x^2\nat(x) = 3 x", 2, "at", "names no function"),
    ("f(x) = x^2\nat x = q", 2, "q", "no name"), ("f(x) = x^2\nat x = 1, x = 2", 2, "x = 2", "given twice"),
])
def test_a_point_is_of_names_that_no_line_defines(block: str, line: int, text: str, words: str) -> None:
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.jacobian(block)
    assert (caught.value.line, block[caught.value.span.start : caught.value.span.stop]) == (line, text)
    assert words in str(caught.value)


def test_a_point_is_of_any_name_that_a_line_declares() -> None:
    r = jacmagic.jacobian("f(x, y) = x^2 y\na, b in R\nat x = a, y = b")
    assert "[2a b, a²]" in plain_text(r)
    assert (r.variables, r.matrix) == (jacmagic.jacobian("f(x, y) = x^2 y").variables, jacmagic.jacobian("f(x, y) = x^2 y").matrix)
    text = plain_text(jacmagic.jacobian("S' = -β S I\nI' = β S I - γ I\nN = 100\nat S = N, I = 0"))
    assert "β N - γ" in text
    assert [str(one) for one in jacmagic.jacobian("u = x^2\na in R\nat x = a").variables] == ["x"]


# ------------------------------------------------------------------ solutions
FUNCTIONS = {  # minima, maxima, saddles and points that second derivatives do not decide, within 5 of 0
    "x^2 + y^2": (1, 0, 0, 0), "-x^2 - y^2 + 3": (0, 1, 0, 0), "x^2 - y^2": (0, 0, 1, 0), "x y": (0, 0, 1, 0),
    "x^3 - 3x + y^2": (1, 0, 1, 0), "x^3 + y^3 - 3x y": (1, 0, 1, 0), "x^4 + y^4 - 4x y + 1": (2, 0, 1, 0),
    "(1 - x)^2 + 100 (y - x^2)^2": (1, 0, 0, 0), "x^2 + x y + y^2 - 3x": (1, 0, 0, 0), "x^3 - 3x y^2": (0, 0, 0, 1),
    "x^4 + y^4": (0, 0, 0, 1), "x^2 y - x^2 - 2y^2": (0, 1, 2, 0), "3x - x^3 - 2y^2 + y^4": (2, 1, 3, 0),
    "x y e^(-x^2 - y^2)": (2, 2, 1, 0), "x^2 + y^2 + x^2 y + 4": (1, 0, 2, 0), "2x^3 + x y^2 + 5x^2 + y^2": (1, 1, 2, 0),
    "y^3 + 3x^2 y - 6x^2 - 6y^2 + 2": (1, 1, 2, 0), "x^3 - 12x y + 8y^3": (1, 0, 1, 0), "e^x cos y": (0, 0, 0, 0),
    "(x^2 + y^2) e^(y^2 - x^2)": (1, 0, 2, 0), "x^2 + 4y^2 - 2x + 8y": (1, 0, 0, 0), "x sin y": (0, 0, 3, 0),
    "6x^2 - 2x^3 + 3y^2 + 6x y": (1, 0, 1, 0), "x^2 - 4x y + y^3 + 4y": (1, 0, 1, 0), "x y (1 - x - y)": (0, 1, 3, 0),
    "x^4 - 2x^2 + y^3 - 3y": (2, 1, 3, 0), "1/x + x y + 1/y": (1, 0, 0, 0), "ln(1 + x^2 + y^2)": (1, 0, 0, 0),
    "4 + x^3 + y^3 - 3x y": (1, 0, 1, 0), "x^2 y + y^2 - y": (1, 0, 2, 0), "e^(-x^2 - y^2)": (0, 1, 0, 0),
    "2 - x^4 + 2x^2 - y^2": (0, 2, 1, 0), "x^3 y + 12x^2 - 8y": (0, 0, 1, 0), "(x - y) (x y - 1)": (0, 0, 2, 0),
    "x e^x - y^2": (0, 0, 1, 0), "x^2/(1 + x^2) + y^2": (1, 0, 0, 0), "(x^2 + y - 11)^2 + (x + y^2 - 7)^2": (4, 1, 4, 0),
    "(4 - 2.1x^2 + x^4/3) x^2 + x y + (4y^2 - 4) y^2": (6, 2, 7, 0),  # of which SymPy says one, and no word of the others
    "x^2 + y^4 - y^2": (2, 0, 1, 0), "cosh x + y^2": (1, 0, 0, 0), "sqrt(1 + x^2 + y^2)": (1, 0, 0, 0),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_critical_points_of_forty_functions_of_the_textbooks(function: str) -> None:
    r = jacmagic.jacobian(f"f(x, y) = {function}")
    found = r.critical_points()
    kinds = [one.kind for one in found]
    counted = tuple(kinds.count(word) for word in ("minimum", "maximum", "saddle", "not decided by second derivatives"))
    assert counted == FUNCTIONS[function], found
    for one in found:
        at = {key: float(value) for key, value in one.items()}
        assert np.abs(r.at(**at)).max() < 1e-7
        h = 1e-3  # the kind by looking round, not by second derivatives
        ring = [r.forward(x=at["x"] + h * np.cos(a), y=at["y"] + h * np.sin(a))["f"] for a in np.linspace(0, 6.28, 40)]
        up, down = max(ring) - r.forward(**at)["f"], min(ring) - r.forward(**at)["f"]
        if one.kind == "minimum":
            assert down > 0
        elif one.kind == "maximum":
            assert up < 0
        elif one.kind == "saddle":
            assert up > 0 > down


@pytest.mark.parametrize(("block", "expected", "kinds"), [
    ("x' = α x - β x y\ny' = δ x y - γ y", [{"x": 0, "y": 0}, {"x": "gamma/delta", "y": "alpha/beta"}], ["saddle", "centre by linearisation"]),
    ("x_{n+1} = a x_n (1 - x_n)\na = 2.5", [{"x_n": 0}, {"x_n": "(a - 1)/a"}], ["unstable fixed point", "stable fixed point"]),
    ("x' = x (1 - x)", [{"x": 0}, {"x": 1}], ["unstable equilibrium", "stable equilibrium"]),
    ("x' = -x\ny' = -3y", [{"x": 0, "y": 0}], ["stable node"]), ("x' = x - y\ny' = x + y", [{"x": 0, "y": 0}], ["unstable focus"]),
])
def test_where_a_system_rests_and_how(block: str, expected: list[dict[str, object]], kinds: list[str]) -> None:
    r = jacmagic.jacobian(block)
    found = r.equilibria()
    assert found.exact
    assert [one.kind for one in found] == kinds
    for one, want in zip(found, expected):
        for key, value in want.items():
            assert sp.simplify(one[key] - sp.sympify(value, locals=dict(r.symbols))) == 0


def test_what_sympy_does_not_find_newton_s_method_does_and_says_so() -> None:
    r = jacmagic.jacobian("x' = y\ny' = -sin x - c y\nx in [-4, 4]")
    found = r.equilibria()
    assert not found.exact
    assert "there may be more" in repr(found)
    assert [round(one["x"], 6) for one in found] == [-3.141593, 0, 3.141593]
    assert [one.kind for one in found] == ["saddle", "stable focus", "saddle"]
    assert [one["x"] for one in jacmagic.jacobian("tan x = x").solve()] == pytest.approx([-4.493409457909064, 0, 4.493409457909064], abs=1e-12)
    (one,) = jacmagic.jacobian("x^5 - x - 1 = 0").solve()
    assert one["x"] == pytest.approx(1.1673039782614187)


def test_where_a_map_rests_for_other_values_only_there_is_no_word() -> None:
    found = jacmagic.jacobian("x_{n+1} = x_n^2 + c").equilibria()
    assert [one.kind for one in found] == ["no real number at the current values"] * 2
    assert [one.kind for one in jacmagic.jacobian("x_{n+1} = x_n^2 + c\nc = 0.1").equilibria()] == ["stable fixed point", "unstable fixed point"]


@pytest.mark.parametrize(("block", "method", "shown"), [
    ("S' = -β S I\nI' = β S I - γ I", "equilibria",
     "{I: 0} differs along it: not decided by J: Re λ = 0; unstable, with Re λ = 0"),  # above S = γ/β it spreads
    ("x' = x y\ny' = 0", "equilibria",
     "{x: 0} differs along it: unstable, with Re λ = 0; not decided by J: Re λ = 0\n{y: 0} not decided by J: Re λ = 0"),
    ("f(x, y) = x^2", "critical_points", "{x: 0} not decided by second derivatives"),
    ("f(x, y) = 3", "critical_points", "everywhere not decided by second derivatives"),
    ("x' = 0", "equilibria", "everywhere not decided by J: Re λ = 0"),
    ("x_{n+1} = x_n", "equilibria", "everywhere not decided by J: |λ| = 1"),
])
def test_on_a_line_of_points_the_word_is_true_of_all_of_them(block: str, method: str, shown: str) -> None:
    assert repr(getattr(jacmagic.jacobian(block), method)()) == shown


def test_equations_are_solved() -> None:
    found = jacmagic.jacobian("x^2 + y^2 = 4\nx y = 1").solve()
    assert len(found) == 4
    for one in found:
        x, y = float(one["x"]), float(one["y"])
        assert (x * x + y * y, x * y) == pytest.approx((4, 1))
    assert {sp.simplify(one["y"] ** 2) for one in jacmagic.jacobian("x^2 + y^2 = 1\ny = y(x)").solve()} == {
        1 - sp.Symbol("x", real=True) ** 2}
    assert jacmagic.jacobian("x^2 = -1").solve() == []


def test_sympy_has_two_seconds() -> None:
    def slow() -> None:
        while True:
            time.sleep(0.01)

    began = time.perf_counter()
    assert solving.in_time(slow, 0.2) is None
    assert time.perf_counter() - began < 1.5


def test_sympy_is_stopped_in_its_own_code() -> None:
    """What is raised in a callback of the garbage collector is lost, with a warning."""
    where: list[str] = []
    ended = threading.Event()

    def callback() -> None:
        end = time.monotonic() + 0.02
        try:
            while time.monotonic() < end:
                pass
        except SystemExit:
            where.append("callback")
            raise

    space = {"__name__": "sympy.solvers", "callback": callback, "where": where, "ended": ended}
    exec("""def look():
        try:
            while True:
                callback()
                for _ in range(200000):
                    pass
        except SystemExit:
            where.append("SymPy")
            ended.set()
            raise
    """, space)
    assert solving.in_time(space["look"], 0.1) is None
    assert ended.wait(10)
    assert where == ["SymPy"]


def test_nothing_is_collected_while_sympy_looks() -> None:
    """A callback of the collector would be where SymPy hears that it is to stop, and it would be lost there."""
    begun: list[str] = []

    def collected(phase: str, info: dict[str, int]) -> None:
        begun.append(threading.current_thread().name)

    space: dict[str, Any] = {"__name__": "sympy.solvers"}
    exec("""def look():
        while True:
            ring = []
            ring.append(ring)
    """, space)
    gc.callbacks.append(collected)
    try:
        assert solving.in_time(space["look"], 0.05) is None
        assert gc.isenabled()
    finally:
        gc.callbacks.remove(collected)
    assert set(begun) <= {threading.current_thread().name}


@pytest.mark.parametrize(("block", "method", "words"), [
    ("f(x) = x^2", "solve", "no equation"), ("f(x) = x^2", "equilibria", "of a system"), ("f(x) = x\ng(x) = x", "critical_points", "one function"),
])
def test_what_cannot_be_solved_says_why(block: str, method: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(jacmagic.jacobian(block), method)()


# ------------------------------------------------------------------ identities
@pytest.mark.parametrize("seed", range(6))
def test_the_curl_of_a_gradient_and_the_divergence_of_a_curl_are_0(seed: int) -> None:
    rng = np.random.default_rng(seed)
    terms = ["x^2 y", "y z^2", "sin(x y)", "e^(x - z)", "x y z", "cos(y + 2z)", "x^3", "tanh(x + y z)", "y^2 z"]

    def random() -> str:
        return " + ".join(f"{rng.integers(1, 5)} {term}" for term in rng.choice(terms, 3, replace=False))

    names = f"f(x, y, z) = {random()}\nF(x, y, z) = [{random()}, {random()}, {random()}]\n"
    point = {key: rng.uniform(-1, 1) for key in "xyz"}
    curl = jacmagic.jacobian(names + "u = curl (grad f)", "x, y, z").forward(**point)["u"]
    div = jacmagic.jacobian(names + "v = div (curl F)", "x, y, z").forward(**point)["v"]
    assert np.abs(curl).max() < 1e-12
    assert abs(div) < 1e-12
