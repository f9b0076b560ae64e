"""The chain rule on graphs: both directions agree, zeros cost nothing, and formulas stay as a textbook has them."""

from __future__ import annotations

import random

import numpy as np
import pytest
import sympy as sp
from share import some

import jacmagic
from jacmagic import code
from jacmagic.engine import chain, expand, templates
from jacmagic.engine.graph import Graph, ancestry, slot
from jacmagic.functions import FUNCTIONS, by_cases, symbolic
from jacmagic.functions.forms import put_in
from jacmagic.language import layout, printers

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
    (of,), _ = chain.rebuild(g, [r.program.node("f")])
    wrt = g.input("x", r.program.shape("x"))
    names = [(n.data, n.shape) for n in ancestry([of]) if n.op == "input"]
    rng = np.random.default_rng(0)
    values = {name: rng.standard_normal(shape) for name, shape in names}
    for reuse in (True, False):
        (back,), front = chain._reverse(g, of, [wrt], reuse), chain._forward(g, of, wrt, reuse)
        found = [code.compile_numpy(names, node)(**values) for node in (back, front)]
        assert np.allclose(*found, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("expr", "wanted"), [
    (_0**_1, {_0: _1 * _0 ** (_1 - 1), _1: _0**_1 * sp.log(_0)}),
    (_0**3, {_0: 3 * _0**2}),
    (_0 * _1 + _1, {_0: _1, _1: _0 + 1}),
    (sp.tanh(_0), {_0: 1 - sp.tanh(_0) ** 2}),
])
def test_a_template_is_differentiated_as_in_a_textbook(expr: sp.Expr, wanted: dict[sp.Symbol, sp.Expr]) -> None:
    assert templates.gradient(expr) == wanted


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
    node = chain.jacobian(g, g.map(sp.sin(_0) ** 2 * sp.exp(_0), [(x, (0,))], (300,)), x)
    entries = expand.expand([node], {"x": sp.symbols("x:300", real=True)})[0]
    assert len(entries) == 300


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
    with pytest.raises(jacmagic.LimitError, match="not real"):
        _ = r.matrix
    assert r.at("f", "x", x=0.5, y=9, k=0.1) == 1


CASES_IN_CONDITIONS = [
    "u = (1/x if t x >= x and x > 0.3 else 1/x)\nq = min(u, m, 10) m x\np = min((m + x)/(m q), atan2(u + m, 7 if t > q else t))",
    "q = x if m > t else t\nf = (q if q > 0.3 else 4) x\np = f if (q if q < 2 else x) < m or f > q else t q",
    "g(s) = s (3 if 10 > s else s)\nf = t if g(g(x)) + max(g(m), x) < 5 and m > 0.3 else g(t)",
    "f = sum(x^i if (i if x > 0 else t) > 1 else m for i = 1..3) + |x if x > m else t| + huber(x if t > 0 else m, 0.2)",
]


@pytest.mark.parametrize("text", some(CASES_IN_CONDITIONS))
@pytest.mark.parametrize("point", some([(0.7, 1.3, -0.4), (-0.8, 0.6, 2.1), (1.7, -0.2, 0.5)]))
def test_a_condition_on_what_is_given_by_cases_is_written_out_and_never_solved(
    text: str, point: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def solved(*_: object, **__: object) -> None:
        raise AssertionError("SymPy solves a condition")

    monkeypatch.setattr(sp.Piecewise, "_eval_rewrite_as_ITE", solved)
    r = jacmagic.jacobian(f"x in R\nm in R\nt in R\n{text}")
    at = dict(zip("xmt", point))
    put = {symbol: sp.Float(at[symbol.name], 20) for symbol in r.variables}
    written = np.array(r.matrix.xreplace(put).evalf().tolist(), dtype=float)
    assert np.allclose(written, r.at(**at), rtol=1e-12)
    again = jacmagic.jacobian(f"x in R\nm in R\nt in R\nJac = {r.latex()}")
    assert np.allclose(np.reshape(again.forward(**at)["Jac"], written.shape), written, rtol=1e-12)


def test_the_written_slope_of_a_maximum_compares_and_does_not_round() -> None:
    r = jacmagic.jacobian("v in R^2\nf = max(10 - v) + min(0.1 v)")
    at = {"v": [0.125, -1.07]}
    again = jacmagic.jacobian(f"v in R^2\nJac = {r.latex()}")
    assert r.at(**at).tolist() == [[0, -0.9]]
    assert np.ravel(again.forward(**at)["Jac"]).tolist() == [0, -0.9]
    assert np.allclose(r.at(v=[1, 1]), [[-0.45, -0.45]])
    assert np.allclose(np.ravel(again.forward(v=[1, 1])["Jac"]), [-0.45, -0.45])


def test_a_condition_that_falls_into_too_many_cases_is_refused() -> None:
    lines = ["x in R", "f1 = x if x > 1 else 2 - x"]
    lines += [f"f{k} = f{k - 1} if f{k - 1} > 1.{k} else {k} - f{k - 1}" for k in range(2, 12)]
    r = jacmagic.jacobian("\n".join(lines))
    with pytest.raises(jacmagic.LimitError, match=r"too many cases"):
        _ = r.matrix
    assert r.at("f11", "x", x=0.3) in (1, -1)


@pytest.mark.parametrize("text", ["x/(1 if x > 0 else 0)", "x (1 if x > 0 else 0)^-1", "x 1[x > 0]^-1", "x/step(x)^0.5"])
def test_what_divides_by_0_in_one_case_only_has_its_value_in_the_others(text: str) -> None:
    r = jacmagic.jacobian(f"f(x) = {text}")
    assert r.at(x=3.0) == [[1]]


def random_expression(rng: random.Random, depth: int) -> sp.Expr:
    if depth == 0:
        return rng.choice([*map(slot, range(3)), sp.Integer(rng.randint(-3, 3)), sp.Rational(1, 2)])
    inner = random_expression(rng, depth - 1)
    kind = rng.randrange(5)
    if kind < 2:
        other = random_expression(rng, depth - 1)
        return inner + other if kind else inner * other
    if kind == 2:
        return inner ** sp.Rational(*rng.choice([(2, 1), (3, 1), (-1, 1), (-2, 1), (1, 2), (-1, 2), (1, 3)]))
    if kind == 3:
        return inner ** random_expression(rng, max(depth - 2, 0))
    return symbolic(rng.choice([name for name, row in FUNCTIONS.items() if row.arity == (1, 1) and row.kind == "entrywise"]))(inner)


# those whose textbook slope SymPy writes otherwise: -csch² z for -1/sinh² z
OWN = [sp.coth, sp.acsch]


def agree(one: sp.Expr, other: sp.Expr) -> bool:
    """Equality wherever both are real numbers, of a few points."""
    rng = random.Random(2)
    for _ in range(5):
        at = {slot(k): sp.Rational(rng.randint(-40, 60) or 1, 21) for k in range(3)}
        a, b = (sp.N(e.xreplace(at), 20) for e in (one, other))
        if a.is_Float and b.is_Float and abs(a - b) > 1e-12 * max(1, abs(b)):
            return False
    return True


@pytest.mark.parametrize("function", OWN)
def test_a_textbook_slope_is_sympys_in_other_words(function: type[sp.Expr]) -> None:
    z = slot(0)
    found = templates._slope(function(z), z)
    assert found != function(z).diff(z)
    for at in (-2, sp.Rational(-1, 3), sp.Rational(1, 5), 3):
        assert sp.N(found.subs(z, at) - function(z).diff(z).subs(z, at), 20) == pytest.approx(0, abs=1e-15)


def test_a_slope_is_built_as_sympy_builds_it() -> None:
    rng = random.Random(1)
    seen = 0
    while seen < 300:
        try:
            expr = random_expression(rng, rng.randint(1, 4))
            wanted = expr.diff(slot(0))
        except (TypeError, ValueError):  # a comparison of what is not real
            continue
        if not expr.has(sp.nan, sp.zoo, sp.oo, sp.I):
            seen += 1
            found = templates._slope(expr, slot(0))
            if found != wanted:  # y x^(y-1) where SymPy has y x^y/x, csch² where it has 1/sinh²
                at = {slot(k): sp.Float(value, 40) for k, value in enumerate((0.7, 1.3, 0.4))}
                first, second = (sp.N(one.xreplace(at), 30) for one in (found, wanted))
                assert second is sp.nan or abs(first - second) <= 1e-20 * (1 + abs(second)), expr


def test_a_label_that_stands_twice_in_one_operand_takes_the_diagonal() -> None:
    g = Graph()
    w, x = g.input("W", (3, 3)), g.input("x", (3,))
    values = {"W": np.arange(9.0).reshape(3, 3), "x": np.array([1.0, -2.0, 0.5])}
    for la, lb, lo, einsum in [((0, 0), (0,), (0,), "ii,i->i"), ((0, 0), (0,), (), "ii,i->"), ((0, 0), (1,), (1, 0), "ii,j->ji")]:
        node = g.dot(w, x, la, lb, lo)
        found = code.compile_numpy([("W", (3, 3)), ("x", (3,))], node)(**values)
        np.testing.assert_allclose(found, np.einsum(einsum, values["W"], values["x"]))


def test_a_case_that_divides_by_0_is_shown_in_numbers() -> None:
    r = jacmagic.jacobian("f(x, y) = y/(x if x > 0 else x - x)\nx = 2\ny = 3")
    assert r.at().tolist() == [[-0.75, 0.5]]
    with pytest.raises(jacmagic.LimitError, match="divides by 0"):
        _ = r.matrix
    assert "−0.75, 0.5" in r._repr_mimebundle_()["text/plain"]


def test_a_call_with_a_number_looks_only_at_the_case_that_holds() -> None:
    r = jacmagic.jacobian("g(s) = s^(-0.5) if max(s, 4) >= s and s > 0.3 else atanh^2 s\nu = -g(4)\nf(x) = u x + g(x)")
    assert r.at(x=0.25) == pytest.approx(np.array([[-0.5 + 2 * np.arctanh(0.25) / (1 - 0.25**2)]]))


def test_sums_and_products_over_a_family_are_entries_of_a_matrix() -> None:
    r = jacmagic.jacobian("f(x, y) = [sum(x y^i for i = 1..3), x; y, prod(x i for i = 1..2)] [x, y]")
    x, y = sp.symbols("x y", real=True)
    right = sp.Matrix([[x * (y + y**2 + y**3), x], [y, 2 * x**2]]) * sp.Matrix([x, y])
    assert sp.simplify(r.matrix - right.jacobian([x, y])) == sp.zeros(2, 2)
    r = jacmagic.jacobian("v in R^2\nf = [sum(v i for i = 1..2) for j = 1..2]")
    assert r.matrix == sp.Matrix([[3, 0], [0, 3], [3, 0], [0, 3]])


def test_a_condition_compares_with_the_infinity_of_a_division_by_a_hidden_0():
    r = jacmagic.jacobian("h(s, t) = (t - s) if s/t >= t else s t\nu = 0 w\nq = h(tanh(w), h(u, u))\nw = 0.7", wrt="w")
    assert r.forward()["q"] == pytest.approx(-np.tanh(0.7))  # as in floating point: 0.6/0 is infinity
    assert r.at("q", "w") == pytest.approx(np.tanh(0.7) ** 2 - 1)


TENT = "f(x, a, b) = {} + 0.3x b\nx = 0.4\na = 0.1\nb = 1.2"


@pytest.mark.parametrize(
    "case",
    ["min(x - a, b - x)", "max(x - a, b - x, 1/3)", "(x^2 if x - a < b - x else a x)", "1[x - a < b - x] x",
     "max(min((x - a)/(b - a), (2 - x)/(2 - b)), 0)", "sum(min(x - i a, b - i x) for i = 1..3)"],
)
def test_a_condition_that_sympy_turns_to_and_fro_is_answered(case):
    r = jacmagic.jacobian(TENT.format(case))
    point = {"x": 0.4, "a": 0.1, "b": 1.2}
    wanted = []
    for key in point:
        ends = [r.forward(**{**point, key: point[key] + step})["f"] for step in (1e-6, -1e-6)]
        wanted.append((ends[0] - ends[1]) / 2e-6)
    np.testing.assert_allclose(r.at()[0], wanted, rtol=1e-8, atol=1e-9)
    exact = r.matrix.xreplace({s: sp.Rational(point[s.name]) for s in r.variables})
    np.testing.assert_allclose(np.array(exact.evalf().tolist(), float)[0], wanted, rtol=1e-8, atol=1e-9)
    assert r._repr_mimebundle_()["text/latex"]
    slope = jacmagic.jacobian(f"g(x, a, b) = {printers.latex(layout.tree(r.matrix[0]))}")
    assert slope.forward(**point)["g"] == pytest.approx(wanted[0])


def test_cases_under_any_names_of_what_they_compare():
    """Relations between sums of the same symbols: their canonical form in SymPy may have no end."""
    rng, symbols = random.Random(3), sp.symbols("x:4", real=True)
    for _ in range(500):
        sides = [sum(rng.choice([-2, -1, 0, 1, 2]) * s for s in symbols) + rng.randint(-1, 1) for _ in "lr"]
        relation = rng.choice([sp.Lt, sp.Le, sp.Gt, sp.Ge, sp.Eq])(*sides)
        made = by_cases((1, relation), (0, True))
        point = {s: sp.Rational(rng.randint(-9, 9), 7) for s in symbols}
        holds = int(bool(relation.xreplace(point)))
        assert made.xreplace(point) == holds
        turned = put_in(made, dict(zip(symbols, symbols[::-1])))
        assert turned.xreplace(dict(zip(symbols[::-1], point.values()))) == holds
