"""Every function of the table against PyTorch: values and slopes, at kinks and ties, and at ±1000."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from optional import has, optional, panel_source

import jacmagic
from jacmagic import guide, magics, panel
from jacmagic.errors import JacmagicError
from jacmagic.functions import FUNCTIONS, SPELLINGS, Function, Interval, symbolic

torch = optional("torch")
F = torch.nn.functional

SCALAR: dict[str, Callable[[Any], Any]] = {
    "relu": torch.relu, "leaky_relu": F.leaky_relu, "elu": F.elu, "selu": F.selu, "gelu": F.gelu, "silu": F.silu,
    "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)), "softsign": F.softsign, "mish": F.mish,
    "hardtanh": F.hardtanh, "relu6": F.relu6, "hardswish": F.hardswish, "logsigmoid": F.logsigmoid,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"), "sigmoid": torch.sigmoid, "tanh": torch.tanh, "abs": torch.abs, "sign": torch.sign,
    "floor": torch.floor, "ceil": torch.ceil, "erf": torch.erf, "erfc": torch.special.erfc, "atan": torch.atan, "asinh": torch.asinh,
    "step": lambda z: torch.heaviside(z.detach(), torch.zeros_like(z)) + 0 * z,
}
VECTOR: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda z: torch.softmax(z, 0),
    "log_softmax": lambda z: torch.log_softmax(z, 0),
    "layer_norm": lambda z: F.layer_norm(z, z.shape),
    "rms_norm": lambda z: F.rms_norm(z, z.shape),
    "norm": torch.linalg.vector_norm,
    "norm2": torch.linalg.vector_norm,
    "norm1": lambda z: z.abs().sum(),
    "logsumexp": lambda z: torch.logsumexp(z, 0),
    "var": lambda z: torch.var(z, correction=0),
    "max": torch.amax,
    "min": torch.amin,
    "prod": torch.prod,
    "mean": torch.mean,
}
LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss,
    "cross_entropy": lambda p, y: -(y * torch.log(p)).sum(), "bce": F.binary_cross_entropy,
}


def both(f: Callable[..., Any], *points: Any) -> tuple[np.ndarray, np.ndarray]:
    """PyTorch's value and derivative by the first argument."""
    first, *rest = (torch.tensor(p, dtype=torch.float64) for p in points)
    value = f(first, *rest)
    slope = torch.autograd.functional.jacobian(lambda z: f(z, *rest), first)
    return value.detach().numpy(), slope.numpy()


def same(found: Any, wanted: Any, rtol: float = 1e-9) -> bool:
    return bool(np.allclose(np.asarray(found), wanted, rtol=rtol, atol=1e-13, equal_nan=False))


@pytest.mark.parametrize("name", SCALAR)
@pytest.mark.parametrize("at", [-1000.0, -30.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 30.0, 1000.0])
def test_a_function_of_a_number_has_the_value_and_slope_of_pytorch(name: str, at: float) -> None:
    r = jacmagic.jacobian(f"f(z) = {name}(z)")
    value, slope = both(SCALAR[name], at)
    assert same(r.forward(z=at)["f"], value)
    assert same(r.at("f", "z", z=at), slope)


@pytest.mark.parametrize("name", SCALAR)
def test_the_formula_of_a_slope_has_the_same_value_in_sympy(name: str) -> None:
    r = jacmagic.jacobian(f"f(z) = {name}(z)")
    (z,) = r.variables
    for at in ("-2", "-0.5", "0", "0.5", "3"):
        exact = r.matrix.subs(z, sp.Rational(at)).evalf()[0]
        floating = r.matrix.subs(z, sp.Float(at)).evalf()[0]
        assert same(float(exact), both(SCALAR[name], float(at))[1]), at
        assert same(float(floating), both(SCALAR[name], float(at))[1]), at


@pytest.mark.parametrize("at", [1e-300, 1e-9, 0.2, 0.5, 0.75, 1 - 1e-9])
def test_logit_has_the_value_and_slope_of_pytorch_between_0_and_1(at: float) -> None:
    r = jacmagic.jacobian("f(p) = logit(p)")
    value, slope = both(torch.logit, at)
    assert same(r.forward(p=at)["f"], value)
    assert same(r.at("f", "p", p=at), slope)


@pytest.mark.parametrize("at", [
    (-2.0, -1.0, 0.5), (0.2, -1.0, 0.5), (3.0, -1.0, 0.5), (-1.0, -1.0, 0.5), (0.5, -1.0, 0.5), (0.0, 1.0, -1.0),
    (0.0, 1.0, 1.0), (1.0, 1.0, 1.0), (2.0, 1.0, 1.0),
])
def test_clip_has_the_value_and_slopes_of_torch_clamp_also_at_bounds_in_the_wrong_order(at: tuple[float, ...]) -> None:
    r = jacmagic.jacobian("f(x, a, b) = clip(x, a, b)")
    leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in at]
    value = torch.clamp(*leaves)
    slopes = torch.autograd.grad(value, leaves)
    point = dict(zip("xab", at))
    assert same(r.forward(**point)["f"], value.detach())
    assert same(r.at(**point), [[float(slope) for slope in slopes]])


def test_probabilities_that_are_clipped_are_probabilities() -> None:
    n = jacmagic.nnchain("z in R^2 input\ny in R^2\nL = bce(clip(z, 0.01, 0.99), y)")
    assert n.forward(z=[0.5, 2.0], y=[1.0, 1.0])["L"] == pytest.approx(-(math.log(0.5) + math.log(0.99)) / 2)
    with pytest.raises(ValueError, match="takes probabilities"):
        jacmagic.nnchain("x in R^2\ny in R^2\nL = bce(clip(W x + c, -1, 0.99), y)")


PLACES = [
    [0.0, 0.0, 0.0], [1.0, 1.0, -2.0], [1000.0, -1000.0, 3.0], [-1000.0, -1000.0, -1000.0], [0.3, -0.2, 0.9],
    [2.0, 0.0, 5.0],
]
FAR = [1e200, 1e200, 1.0]  # but for functions that square and multiply: they overflow in PyTorch, too


@pytest.mark.parametrize(
    ("name", "at"),
    [(name, at) for name in VECTOR for at in (PLACES if name in ("layer_norm", "rms_norm", "norm", "norm2", "var", "prod", "logsumexp") else [*PLACES, FAR])],
)
def test_a_function_of_a_vector_has_the_values_of_pytorch_at_ties_zeros_and_far_out(name: str, at: list[float]) -> None:
    r = jacmagic.jacobian(f"z in R^3\nf = {name}(z)")
    value, slope = both(VECTOR[name], at)
    assert same(r.forward(z=at)["f"], value)
    assert same(r.at("f", "z", z=at), slope)


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("name", ["max", "min"])
def test_a_tie_of_k_arguments_gives_each_one_kth(name: str, count: int) -> None:
    names = ["a", "b", "c", "d"][:count]
    r = jacmagic.jacobian(f"f({', '.join(names)}) = {name}({', '.join(names)})")
    assert same(r.at(**dict.fromkeys(names, 0.7)), [[1 / count] * count])
    best = {"max": 5.0, "min": -5.0}[name]
    assert same(r.at(**(dict.fromkeys(names, 0.7) | {"a": best, "b": best})), [[0.5, 0.5, 0, 0][:count]])


def test_the_largest_of_three_sums_has_a_slope_although_sums_round() -> None:
    # x + 7 = m is not x = m - 7 in floating point
    r = jacmagic.jacobian("f(x, y) = max(x + 7, y^2, 0.1y)")
    for x in (-0.073, 0.1, 1 / 3):
        assert same(r.at(x=x, y=0.5), [[1, 0]])


@pytest.mark.parametrize(("text", "point", "wanted"), [
    ("f(x, y) = sqrt(x) + |y|", {"x": 4, "y": 0}, [[0.25, 0]]),
    ("f(x) = relu(x)^2 + relu(-x)", {"x": 0}, [[0]]),
    ("x in R^2\nf = ||x||", {"x": [0, 0]}, [[0, 0]]),
    ("x in R^2\nf = ||x||_1", {"x": [0, -3]}, [[0, -1]]),
    ("x in R^2\nf = ||x||_\u221e", {"x": [2, -2]}, [[0.5, -0.5]]),
    ("W in R^(2x2)\nf = ||W||_F", {"W": np.zeros((2, 2))}, [[0, 0, 0, 0]]),
    ("f(x) = x^2 if x > 0 else -x", {"x": 0}, [[-1]]),
    ("f(x) = 1[x > 0] x", {"x": 0}, [[0]]),
    ("f(x) = huber(x, 0)", {"x": 1}, [[1]]),
    ("f(x, y) = x^y", {"x": 0, "y": 1}, [[1, 0]]),
    ("f(x) = x^0.5 x", {"x": 0}, [[0]]),
])
def test_a_slope_at_a_kink(text: str, point: dict[str, Any], wanted: Any) -> None:
    assert same(jacmagic.jacobian(text).at(**point), wanted)


@pytest.mark.parametrize(("x", "y"), [(0, 2), (0, 0.5), (0, 1), (0, -1), (-1, 2), (2, 0), (3, -0.5)])
@pytest.mark.parametrize("text", ["x^y", "(3x)^y", "x^(2y)", "(3x + x)^(y/2)", "(x cos(y))^(y + 2)", "x^y + y", "-5 x^y y"])
def test_a_power_with_a_variable_exponent_has_the_slopes_of_pytorch(text: str, x: float, y: float) -> None:
    u, v = (torch.tensor(float(z), dtype=torch.float64, requires_grad=True) for z in (x, y))
    spelt = text.replace("^", "**").replace("3x", "3*x").replace("2y", "2*y").replace("x cos", "x*cos")
    spelt = spelt.replace("5 x", "5*x").replace("y y", "y*y")
    value = eval(spelt, {"x": u, "y": v, "cos": torch.cos})
    want = torch.autograd.grad(value, (u, v))
    r = jacmagic.jacobian(f"f(x, y) = {text}")
    for backend in ("numpy", "torch", "jax", "math"):
        if has(backend):
            got = np.array(r.function(backend)(x=float(x), y=float(y)), dtype=float)
            precision = 1e-5 if backend == "jax" else 1e-12  # JAX computes in single precision
            np.testing.assert_allclose(got, [[float(z) for z in want]], rtol=precision, err_msg=backend)


@pytest.mark.parametrize("text", [
    r"\operatorname{atan}_{2}{\left(y,x \right)}", r"\operatorname{atan_{2}}{\left(y,x \right)}",
    r"\operatorname{atan2}{\left(y, x\right)}", r"\max{\left(x,y \right)}", r"\max\left(x, y\right)",
    r"\min{\left(x,y^{2} \right)}", r"2 \operatorname{atan}_{2}{\left(y,x \right)} + \min{\left(x,y \right)}",
])
def test_sympys_latex_of_a_function_of_two_arguments(text: str) -> None:
    ours = {"atan": "atan2(y, x)", "2 \\": "2 atan2(y, x) + min(x, y)", "\\max": "max(x, y)", "\\min": "min(x, y^2)"}
    plain = next(value for start, value in ours.items() if text.removeprefix("\\operatorname{").startswith(start))
    for point in ({"x": 2, "y": 0.5}, {"x": 0.5, "y": -2}):
        found, wanted = (jacmagic.jacobian(f"f(x, y) = {one}") for one in (text, plain))
        assert same(found.at(**point), wanted.at(**point))
        assert same(found.forward(**point)["f"], wanted.forward(**point)["f"])


def test_a_power_of_0_is_0_and_so_is_its_slope() -> None:
    r = jacmagic.jacobian("f(x) = 0^x")
    assert r.forward(x=2)["f"] == 0
    assert same(r.at(x=2), [[0]])
    assert r.matrix == sp.Matrix([[0]])
    assert same(jacmagic.jacobian("a = 0\nf = a^x + x").at(x=[2.0, 3.0]), [[[1]], [[1]]])


def test_second_slopes_of_a_power_with_a_variable_exponent() -> None:
    n = jacmagic.jacobian("f(x, y) = x^y ln x")
    assert same(n.at(x=2, y=3), [[12 * math.log(2) + 4, 8 * math.log(2) ** 2]])


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_the_value_and_gradient_of_pytorch(name: str) -> None:
    n = jacmagic.nnchain(f"p in R^4 input\ny in R^4\nL = {name}(p, y)")
    p, y = [0.2, 0.5, 0.1, 0.9], [0.0, 1.0, 0.4, 0.9]
    value, slope = both(LOSSES[name], p, y)
    assert same(n.forward(p=p, y=y)["L"], value)
    assert same(n.at("L", "p", p=p, y=y), slope)


FAR = [[1000.0, -1000.0, 0.0], [-1000.0, -1000.0, -1000.0], [0.0, 40.0, -40.0], [745.0, -745.0, 710.0]]


@pytest.mark.parametrize("z", FAR)
@pytest.mark.parametrize(("text", "oracle"), [
    ("L = cross_entropy(softmax(z), y)", lambda z, y: -(y * torch.log_softmax(z, 0)).sum()),
    ("p = softmax(z)\nL = cross_entropy(p, y)", lambda z, y: -(y * torch.log_softmax(z, 0)).sum()),
    ("p = softmax(z)\nL = -ln p[2]", lambda z, y: -torch.log_softmax(z, 0)[1]),
    ("p = softmax(z)\nq = p[2]\nL = -ln q", lambda z, y: -torch.log_softmax(z, 0)[1]),
    ("p = softmax(z)\nL = -sum(y[i] ln p[i] for i = 1..3)", lambda z, y: -(y * torch.log_softmax(z, 0)).sum()),
    ("p = softmax(z)\nL = -dot(y, ln(p))", lambda z, y: -(y * torch.log_softmax(z, 0)).sum()),
    ("p = softmax(z)\nL = -y^T ln(p)", lambda z, y: -(y * torch.log_softmax(z, 0)).sum()),
    ("L = -dot(y, log_softmax(z))", lambda z, y: -(y * torch.log_softmax(z, 0)).sum()),
    ("L = bce(sigmoid(z), y)", F.binary_cross_entropy_with_logits),
    ("p = sigmoid(z)\nL = bce(p, y)", F.binary_cross_entropy_with_logits),
    ("p = sigmoid(z)\nL = -mean(y .* ln(p) + (1 - y) .* ln(1 - p))", F.binary_cross_entropy_with_logits),
    ("L = sum(softplus(z))", lambda z, y: torch.logaddexp(z, 0 * z.detach()).sum()),
    ("L = sum(tanh(z) .* ln(1 ./ (1 + e^(-z))))", lambda z, y: (torch.tanh(z) * F.logsigmoid(z)).sum()),
    ("a = [1/(1 + e^(-z[i])) for i = 1..3]\nL = sum(a)", lambda z, y: torch.sigmoid(z).sum()),
    ("L = sum(ln(1 + exp(z)))", lambda z, y: torch.logaddexp(z, 0 * z.detach()).sum()),
])
def test_losses_of_large_logits_neither_overflow_nor_lose_their_gradient(
    text: str, oracle: Callable[[Any, Any], Any], z: list[float]
) -> None:
    for y in ([0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.2, 0.3, 0.5]):
        n = jacmagic.nnchain(f"z in R^3 input\ny in R^3\n{text}")
        value, slope = both(oracle, z, y)
        point = {"z": z, "y": y} if "y" in n.known else {"z": z}
        assert same(n.forward(**point)["L"], value)
        assert same(n.at("L", "z", **point), slope)


@pytest.mark.parametrize("name", [name for name, row in FUNCTIONS.items() if row.define and row.kind == "entrywise" and name[:3] != "log"])
def test_a_function_of_floating_numbers_is_a_number_as_sympys_own_are(name: str) -> None:
    arity = FUNCTIONS[name].arity[0] if FUNCTIONS[name].arity[1] else 3
    value = sp.sympify(symbolic(name)(*(sp.Float(v) for v in (0.3, 0.2, 0.7)[:arity])))
    assert value.is_Number


def test_the_angle_of_constants_that_have_no_short_form_is_a_real_one() -> None:
    r = jacmagic.jacobian("q(x) = x (atan2(2^0.5, mish(2)) + atan2(1, -gelu(3)) + atan2(-sigmoid(1), -softplus(2)))")
    right = math.atan2(2**0.5, 2 * math.tanh(math.log1p(math.exp(2))))
    right += math.atan2(1, -3 * 0.5 * (1 + math.erf(3 / 2**0.5)))
    right += math.atan2(-1 / (1 + math.exp(-1)), -math.log1p(math.exp(2)))
    assert r.at(x=1.0)[0, 0] == pytest.approx(right, rel=1e-14)
    assert not r.matrix.has(sp.I)


@pytest.mark.parametrize("at", [-15, -40, -300])
def test_a_small_number_is_not_taken_for_zero(at: int) -> None:
    z = at + symbolic("silu")(sp.Integer(5)) / 100
    small = sp.tanh(symbolic("softplus")(z))
    assert small != 0
    exact = math.exp(at + 5 / (1 + math.exp(-5)) / 100)
    assert float(small) == pytest.approx(exact, rel=1e-6)
    assert float(symbolic("softplus")(sp.Float(at))) == pytest.approx(math.exp(at), rel=1e-6)


# ------------------------------------------------------------------ a row that is added
BUMP = Function(
    "bump", aliases=("Bump",), latex=r"\operatorname{bump}", domain=Interval(-2), outside_words="bump of a number below −2",
    define=lambda f, z: f.sqrt(2 + z) * f.exp(-f.abs(z)),
    derivative=lambda f, z: (f.exp(-f.abs(z)) * (1 / (2 * f.sqrt(2 + z)) - f.sqrt(2 + z) * f.sign(z)),),
    kinks=lambda f, z: [z], kink_words="bump at 0: its slope there is a convention",
    spell={"torch": "(torch.sqrt(2 + {0})*torch.exp(-torch.abs({0})))"}, source="an example",
)


def bump_slope(z: float) -> float:
    return math.exp(-abs(z)) * (1 / (2 * math.sqrt(2 + z)) - math.sqrt(2 + z) * np.sign(z))


@pytest.fixture
def with_bump(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "bump", BUMP)


@pytest.mark.usefixtures("with_bump")
class TestARowThatIsAdded:
    """One row is all: no other table, list or page has to be told of a function."""

    def test_is_read_by_all_its_names(self) -> None:
        for typed in ("bump(x)", "bump x", r"\operatorname{bump}(x)", "Bump(x)"):
            r = jacmagic.jacobian(f"f(x) = {typed}\nx = 0.7")
            assert r.at()[0, 0] == pytest.approx(bump_slope(0.7))
            assert "bump" in r._repr_mimebundle_()["text/plain"]
        n = jacmagic.nnchain("x(2) -> 3 bump -> 1")
        assert "bump" in n._repr_mimebundle_()["text/plain"]
        assert {"bump", "Bump"} <= set(SPELLINGS)

    def test_is_printed_and_read_back(self) -> None:
        r = jacmagic.jacobian("f(x) = x bump(3x)^2")
        again = jacmagic.jacobian(f"f(x) = {r.latex()}")
        assert again.forward(x=0.4)["f"] == pytest.approx(float(r.at(x=0.4)))
        assert "bump" in panel.spec(r)["echo"][0]["mathml"]

    def test_is_completed_and_guessed(self) -> None:
        assert "bump" in magics.matches("bu", "%%jacobian\nf(x) = bu")
        with pytest.raises(JacmagicError) as caught:
            jacmagic.jacobian("f(x) = bmup(x)")
        assert "bump" in caught.value.hints

    @pytest.mark.parametrize("backend", ["numpy", "math", "torch", "jax"])
    def test_is_computed_by_every_backend(self, backend: str) -> None:
        if backend in ("torch", "jax"):
            optional(backend)
        r = jacmagic.jacobian("f(x) = bump(x) + x^2")
        x = torch.tensor(0.3, dtype=torch.float64) if backend == "torch" else 0.3
        assert float(np.asarray(r.function(backend)(x=x)).ravel()[0]) == pytest.approx(bump_slope(0.3) + 0.6, rel=1e-5)

    def test_is_computed_in_javascript_and_in_sympy(self) -> None:
        r = jacmagic.jacobian("f(x) = bump(x) + x^2")
        names: dict[str, Any] = {}
        exec(r.code("sympy"), names)
        assert float(names["J"].subs(names["x"], 0.3)[0]) == pytest.approx(bump_slope(0.3) + 0.6)
        optional("node")
        run = r.code("javascript") + "\nconsole.log(JSON.stringify(jacobian({x: 0.3})))"
        done = subprocess.run(["node", "--input-type=module", "-e", run], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)[0][0] == pytest.approx(bump_slope(0.3) + 0.6)

    def test_is_computed_in_c_and_octave_and_written_in_julia(self, tmp_path: Path) -> None:
        from test_dialects import RUNS

        r = jacmagic.jacobian("f(x) = bump(x) + x^2")
        for where, run in RUNS.items():
            (tmp_path / where).mkdir()
            (got,) = run(tmp_path / where, [(r.code(where), [("x", ())], (1, 1), {"x": 0.3})])
            assert got[0, 0] == pytest.approx(bump_slope(0.3) + 0.6)
        assert "bump" not in r.code("julia")
        assert "exp(-abs(x))" in r.code("julia")

    def test_is_found_by_the_guide(self) -> None:
        (entry,) = [one for one in guide.search("bump", {}).found if one.section == "functions"]
        assert (entry.name, entry.says, entry.also) == ("bump", "of a number; an example", "Bump")

    def test_is_computed_by_the_panel(self) -> None:
        optional("node")
        r = jacmagic.jacobian("f(x) = bump(x) + x^2")
        module = json.dumps(panel_source("evaluator.js").as_uri())
        run = f"import {{compile}} from {module}; const engine = compile({json.dumps(panel.spec(r)['graph'])});"
        run += "engine.set('x', [0.3]); console.log(JSON.stringify([...engine.get('J')]));"
        done = subprocess.run(["node", "--input-type=module", "-e", run], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)[0] == pytest.approx(bump_slope(0.3) + 0.6)

    def test_says_where_it_has_a_kink_and_where_it_has_no_value(self) -> None:
        told = jacmagic.jacobian("f(x) = bump(x)\nx = 0")
        assert BUMP.kink_words in told._repr_mimebundle_()["text/plain"]
        assert BUMP.kink_words in {one["text"] for one in panel.spec(told)["kinks"]}
        broken = jacmagic.jacobian("f(x) = bump(x)\nx = -3")
        assert BUMP.outside_words in broken._repr_mimebundle_()["text/plain"]
        assert BUMP.outside_words in {one["text"] for one in panel.spec(broken)["reasons"]}

    def test_has_its_steps_and_stands_in_the_table_of_the_readme(self) -> None:
        assert "derivative of bump" in jacmagic.jacobian("f(x) = bump(x)").steps("f", "x").text
        from test_readme import functions_table

        assert "| `bump` | `Bump` |" in functions_table()

    def test_pickles(self) -> None:
        matrix = jacmagic.jacobian("f(x) = bump(x)").outputs
        assert pickle.loads(pickle.dumps(matrix)) == matrix


def test_a_row_that_is_taken_away_is_no_function() -> None:
    assert "bump" not in SPELLINGS
    assert "Bump" not in SPELLINGS
    with pytest.raises(JacmagicError):
        jacmagic.jacobian("f(x) = bump(x) + 1")
