"""What is shown for a block, as formulas."""

from __future__ import annotations

import html as markup
import re
import unicodedata

import numpy as np
import pytest
import sympy as sp
from evaluate import backward_is_right, evaluate
from optional import optional
from share import some

import jacmagic
from jacmagic import names, panel
from jacmagic.language import printers
from jacmagic.language import tree as t
from jacmagic.show import backward, determinants, factors, remarks, tables, views


def shown(result, *kinds):
    return [one.latex for one in views.formulas(result) if not kinds or one.kind in kinds]


def test_a_function_of_one_variable_shows_its_derivative():
    assert shown(jacmagic.jacobian("f(x) = x^2"), "result") == [r"f'\left(x\right) = 2 x"]
    assert shown(jacmagic.jacobian("y = x^3"), "result") == [r"\frac{d y}{d x} = 3 x^{2}"]


def test_a_function_of_several_variables_shows_partials_row_and_gradient():
    r = jacmagic.jacobian("f(x1, x2) = 2x1 x2^2 + 3x1 + 2x2")
    assert shown(r, "partial") == [
        r"\frac{\partial f}{\partial x_{1}} = 2 x_{2}^{2} + 3",
        r"\frac{\partial f}{\partial x_{2}} = 4 x_{1} x_{2} + 2",
    ]
    assert shown(r, "result") == [r"J_{f} = \begin{bmatrix} 2 x_{2}^{2} + 3 & 4 x_{1} x_{2} + 2 \end{bmatrix}"]
    assert shown(r, "gradient")[0].startswith(r"\nabla f = ")


def test_several_functions_show_labelled_rows_and_columns():
    (latex,) = shown(jacmagic.jacobian("f(x, y) = x y\ng(x, y) = x + y"), "result")
    assert latex.startswith(r"J = \begin{array}")
    assert all(label in latex for label in (r"{\color{gray}{f}}", r"{\color{gray}{g}}", r"{\color{gray}{x}}"))


def test_the_echo_keeps_what_sympy_would_rearrange():
    assert shown(jacmagic.jacobian("f(x) = 2(x + 1) + 0"), "echo") == [r"f\left(x\right) = 2 (x + 1) + 0"]


def test_bars_are_of_numbers_and_abs_of_vectors():
    r = jacmagic.jacobian("v in R^2\ng(t) = abs(t)\nf = [abs(v), g(v)]\nh = abs(v1)\nk = [abs(v[i]) for i = 1..2]")
    assert [one.text for one in views.formulas(r) if one.kind == "echo"][:4] == [
        "g(t) = abs(t)", "f = [abs(v); g(v)]", "h = |v₁|", "k = [|v[i]| for i = 1..2]",
    ]
    assert r"\operatorname{abs}\left(v\right)" in shown(r, "echo")[1]


def test_an_output_that_the_inputs_do_not_reach_has_the_derivative_0():
    r = jacmagic.nnchain("x in R^3\ny in R^4\nz = W1 x + c1 in R^4\np = softmax(z)\nM = -sum(y)")
    assert shown(r, "chain") == [r"\frac{d M}{d x} = 0"]
    assert not r.at().any()
    assert "J = [0, 0, 0]" in r._repr_mimebundle_()["text/plain"]


def test_cross_entropy_of_softmax_is_p_minus_y_without_a_name_for_p():
    r = jacmagic.nnchain("x in R^3\nz = W x + b in R^2\nL = cross_entropy(softmax(z), y)")
    assert shown(r, "local")[1] == r"\frac{\partial L}{\partial z} = (\operatorname{softmax}\left(z\right) - y)^{\top}"
    assert shown(r, "gradients")[0] == r"\delta_{z} = \operatorname{softmax}\left(z\right) - y"
    assert [one.note for one in views.formulas(r) if one.kind == "local"][1] == "as Σy = 1"
    r.set(y=[1, 1])
    r.__dict__.pop("_formulas")
    assert "(Σy) softmax(z) - y" in r._repr_mimebundle_()["text/plain"]
    whole = jacmagic.nnchain("x in R^3\nL = cross_entropy(softmax(W x + b), y)\ny in R^2")
    assert "∂L/∂x = (softmax(W x + b) - y)ᵀ W" in whole._repr_mimebundle_()["text/plain"]
    assert [one.text for one in views.gradients(whole)] == [
        "∂L/∂W = (softmax(W x + b) - y) xᵀ, ∂L/∂b = softmax(W x + b) - y"]
    p, w, y = (whole.values[key] for key in ("x", "W", "y"))
    z = w @ p + whole.values["b"]
    soft = np.exp(z) / np.exp(z).sum()
    np.testing.assert_allclose(whole.at("L", "x"), (soft - y) @ w, rtol=1e-12)


def test_a_small_local_jacobian_of_scattered_entries_is_written_out():
    r = jacmagic.jacobian("g(u, v) = (u^2 - v^2, 2 u v)\nf(x, y) = (x cos y, x sin y)\nh = g(f(x, y))")
    text = r._repr_mimebundle_()["text/plain"]
    assert "∂h/∂f = [2f₁, -2f₂; 2f₂, 2f₁]" in text
    assert text.endswith("at x = 1, y = 1")  # u and v only stand for what the call puts in
    assert "<mtable" in panel.spec(r)["chain"]["cards"][0]["jacobian"]


def test_one_factor_stands_without_brackets():
    r = jacmagic.nnchain("z in R^2 input\np = softmax(z)")
    assert r"= \operatorname{diag}\left(p\right) - p p^{\top} =" in shown(r, "local")[0]


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("f(x) = relu(x) + |x|\nx = 0", "|·| at 0: slope 0, as in PyTorch; ReLU at 0: slope 0, as in PyTorch"),
        ("f(x, y) = max(x, y, 0)\nx = 2\ny = 2", "a tie of max: each of the k largest has slope 1/k"),
        ("x in R^2\nf = ||x||\nx = [0, 0]", "‖·‖ at 0: slope 0, as in PyTorch"),
        ("x in R^2\nf = relu(x)\nx = [1, 0]", "ReLU at 0: slope 0, as in PyTorch"),
    ],
)
def test_a_point_on_a_kink_is_said(block, says):
    r = jacmagic.jacobian(block)
    assert r._repr_mimebundle_()["text/plain"].splitlines()[-1] == says
    r.set(**{key: r.values[key] + 0.5 + np.arange(np.size(r.values[key])) * (np.ndim(r.values[key]) > 0) for key in r.values})
    if "tie" not in says:
        assert "slope" not in r._repr_mimebundle_()["text/plain"].splitlines()[-1]


def test_accents_and_differences_read_back_as_they_are_printed():
    r = jacmagic.jacobian("\\hat{y} = a x\nΔx = x - b\n\\hat{\\beta}_0 = Δx^2\nL = (y - \\hat{y})^2 + \\hat{\\beta}_0")
    text = r._repr_mimebundle_()["text/plain"]
    echo = [line for line in text.splitlines() if " = " in line and line[0] != " "][:4]
    assert echo == ["ŷ = a x", "Δx = x - b", "β̂₀ = Δx²", "L = (y - ŷ)² + β̂₀"]
    assert "∂L/∂ŷ = -2 (y - ŷ)" in text
    again = jacmagic.jacobian("\n".join(echo))
    assert again.matrix == r.matrix
    assert again.program.outputs == ("L",)
    typeset = jacmagic.jacobian("\n".join(one.latex for one in views.formulas(r) if one.kind == "echo"))
    assert typeset.matrix == r.matrix


def test_what_a_slope_has_above_and_below_is_cancelled():
    r = jacmagic.jacobian("p(x) = 1/(σ √(2π)) e^(-(x - μ)^2/(2σ^2))\nμ = 0\nσ = 1")
    assert "p'(x) = -(x - μ) e^(-(x - μ)²/(2σ²))/(√(2π) σ³)" in r._repr_mimebundle_()["text/plain"]
    n = jacmagic.nnchain("x in R^2\no = W x + b in R^2\nL = mse(o, y)")
    assert "∂L/∂o = (o - y)ᵀ" in n._repr_mimebundle_()["text/plain"]
    n = jacmagic.nnchain("x in R^2\no = W x + b in R^3\nL = mse(o, y)")
    assert "∂L/∂o = 2/3 (o - y)ᵀ" in n._repr_mimebundle_()["text/plain"]


def test_zero_has_no_sign():
    assert "J = [0]" in jacmagic.jacobian("f(x) = -x^2\nx = 0")._repr_mimebundle_()["text/plain"]


def test_what_is_left_out_is_said():
    r = jacmagic.jacobian("x in R^12\nf = sum(x[i]^2 for i = 1..12)")
    assert [one.text for one in views.formulas(r) if one.kind == "partial"][5:] == [
        "∂f/∂x₆ = 2x₆", "⋮ 5 more", "∂f/∂x₁₂ = 2x₁₂",
    ]
    assert r"2 x_{6} \\ \vdots \\ 2 x_{12}" in shown(r, "gradient")[0]
    deep = jacmagic.nnchain("x(2) -> " + "2 tanh -> " * 20 + "1\nL = mse(o, y)")
    for kind, more in (("echo", 6), ("local", 6), ("gradients", 5)):
        marks = [one.text for one in views.formulas(deep) if one.kind == kind and "more" in one.text]
        assert marks == [f"⋮ {more} more"], kind
    assert deep._repr_mimebundle_()["text/plain"].count("⋮") == 3


CHAINS = [
    ("x = cos t\ny = sin t\nz = x^2 y", ["dz/dt = ∂z/∂x dx/dt + ∂z/∂y dy/dt = -2x y · sin(t) + x² · cos(t)"]),
    ("u = x y\nv = x + y\nf = u^2 + sin v", [
        "∂f/∂x = ∂f/∂u ∂u/∂x + ∂f/∂v ∂v/∂x = 2u · y + cos(v)", "∂f/∂y = ∂f/∂u ∂u/∂y + ∂f/∂v ∂v/∂y = 2u · x + cos(v)"]),
    ("r = √(x^2 + y^2)\nf = sin(r)/r", [
        "∂f/∂x = df/dr ∂r/∂x = ((r cos(r) - sin(r))/r²) · (x/r)", "∂f/∂y = df/dr ∂r/∂y = ((r cos(r) - sin(r))/r²) · (y/r)"]),
    ("u = sin x\nf = x u", ["df/dx = ∂f/∂x + ∂f/∂u du/dx = u + x · cos(x)"]),
    ("u = x^2\nv = sin u\nw = e^v", ["dw/dx = dw/dv dv/du du/dx = w · cos(u) · 2x"]),
    ("x in R^2\nA in R^(2x2)\nu = A x\nL = ||u||^2", [
        "dL/dA = ∂L/∂u [1×2] · ∂u/∂A [2×4]", "dL/dx = ∂L/∂u [1×2] · ∂u/∂x [2×2]"]),
    ("x in R^3\nu = exp(x)\nL = sum(u) + u^T u\nA = 1", None),
]


@pytest.mark.parametrize(("block", "rules"), CHAINS)
def test_the_chain_rule_is_a_sum_over_paths_with_its_factors_named_alike(block, rules):
    r = jacmagic.jacobian(block)
    told = [one for one in views.formulas(r) if one.kind == "chain"]
    if rules is not None:
        assert [one.text for one in told] == rules
    factors = {one.tree.sides[0] for one in views.formulas(r) if one.kind == "local"}
    named = [part for one in told for part in t.walk(one.tree.sides[1]) if isinstance(part, (t.Partial, t.Total))]
    assert named
    assert all(part in factors for part in named), "a factor has another name on its own line"
    rng = np.random.default_rng(3)
    r.set(**{key: rng.uniform(0.5, 1.5, np.shape(v)) for key, v in r.values.items()})
    known = {**r.values, **r.forward()}
    for one in told:
        left, right = one.tree.sides[0], one.tree.sides[-1]
        if rules is None or "·" not in rules[0] or "[" in rules[0]:
            continue
        (by,) = left.by
        assert abs(evaluate(right, known)[0, 0] - r.at(left.of.key, by.key)) < 1e-12
    head = panel.spec(r)["chain"]
    assert [*head["formulas"], head["title"]].count(printers.mathml(told[0].tree).replace("</math>", "<mo>=</mo></math>" * (len(told) == 1) or "</math>")) == 1


@pytest.mark.parametrize(
    ("block", "determinant"),
    [
        ("x(r, theta) = r cos theta\ny(r, theta) = r sin theta", "r"),
        ("F(r, θ, φ) = [r sin θ cos φ, r sin θ sin φ, r cos θ]", r"r^{2} \sin \theta"),
        ("x(θ1, θ2) = l1 cos θ1 + l2 cos(θ1 + θ2)\ny(θ1, θ2) = l1 sin θ1 + l2 sin(θ1 + θ2)",
         r"l_{1} l_{2} \sin \theta_{2}"),
    ],
)
def test_determinants_of_coordinates_are_the_textbooks(block, determinant):
    assert shown(jacmagic.jacobian(block), "determinant") == [rf"\det J = {determinant}"]


@pytest.mark.parametrize(
    ("block", "determinant"),
    [
        ("x in R^2\nu = x/||x||", "0"),
        ("x in R^3\nF = x/||x||^3", "-2/(x₁² + x₂² + x₃²)^(9/2)"),
        ("x in R^4\nF = x/||x||^3", "-2/(x₁² + x₂² + x₃² + x₄²)⁶"),
        ("x in R^4\np = softmax(x)", "0"),
        ("f(x, y) = [ln(x^2 + y^2)/2, atan(y/x)]", "1/(x² + y²)"),
        ("f(x, y) = [x/(x + y), y/(x - y)]", "0"),
        ("f(x, y) = [x/(1 + x^2 + y^2), y/(1 + x^2 + y^2)]", "(1 - x² - y²)/(1 + x² + y²)³"),
        ("f(x, y) = [sqrt(1 + x^2) y, x (1 + y^2)^(1/3)]", "-(x² y² + 3x² + 3y² + 3)/(3 √(1 + x²) (1 + y²)^(2/3))"),
    ],
)
def test_a_determinant_puts_the_powers_of_a_norm_together(block, determinant):
    r = jacmagic.jacobian(block)
    (said,) = (one.text for one in views.formulas(r) if one.kind == "determinant")
    assert said == f"det J = {determinant}"
    point = {s: sp.Rational(k + 2, 7) for k, s in enumerate(r.variables)}
    value = determinants.determinant_of(sp.Matrix(r.matrix)).xreplace(point)
    assert abs(sp.N(r.matrix.xreplace(point), 30).det() - sp.N(value, 30)) < 1e-20


@pytest.mark.parametrize("block", [
    "x in R^3\nu = x/||x||", "x, y in R^2\nf = (x · y)/(||x|| ||y||)", "x in R^3\nF = e^(-||x||)/||x||",
    "x, y in R^2\nu = (x - y)/||x - y||^2",
])
def test_what_divides_by_a_norm_has_no_case_for_a_norm_of_0(block):
    r = jacmagic.jacobian(block)
    assert not r.matrix.has(sp.Piecewise)
    point = np.random.default_rng(0).normal(size=len(r.variables))
    exact = r.matrix.xreplace({s: sp.Float(float(v), 30) for s, v in zip(r.variables, point)})
    sizes = [np.size(r.values[key]) for key in r.program.variables]
    parts = np.split(point, np.cumsum(sizes)[:-1])
    np.testing.assert_allclose(np.array(exact.tolist(), float), r.at(**dict(zip(r.program.variables, parts))), rtol=1e-12)


def test_a_norm_alone_keeps_its_case():
    assert jacmagic.jacobian("x in R^2\nf = ||x||").matrix.has(sp.Piecewise)


def known_of(r):
    """What a formula's names stand for at the point, z_a too."""
    found = {**r.values, **r.forward()}
    for key in r.program.steps:
        if (parts := backward.pre_activation(r, key)) is not None:
            shape = (*r.program.shape(key), 1, 1)[:2]
            found[t.PreActivation(t.Name(key))] = evaluate(parts[0], found, shape)
    return found


def check_form(r, of, wrt):
    """The matrix form as text; its numbers are those of the Jacobian."""
    form, _ = factors.matrix_form(r, of, wrt)
    shape = r.program.shape(of)
    size = (int(np.prod(shape)), int(np.prod(r.program.shape(wrt))))
    rng = np.random.default_rng(7)
    r.set(**{key: rng.normal(size=np.shape(v)) for key, v in r.values.items() if r.program.inputs[key].role != "target"})
    wanted = r.at(of, wrt).reshape(size if shape or len(r.program.shape(wrt)) < 2 else r.program.shape(wrt))
    np.testing.assert_allclose(evaluate(form, known_of(r), wanted.shape), wanted, rtol=1e-9, atol=1e-12)
    return printers.text(form)


@pytest.mark.parametrize(("block", "by", "form"), [
    ("x in R^2\nW in R^(3x2)\nV in R^(3x2)\nf = W^T diag(tanh(V x)) W x", "x", "Wᵀ (diag(tanh(V x)) W + diag((W x) .* (1 - tanh²(V x))) V)"),
    ("x in R^2\nA in R^(2x2)\nf = x x^T A x", "x", None),
    ("x in R^3\nA in R^(3x3)\nf = (x x^T + diag(x) + 2 A) x", "x", None),
    ("x in R^3\nA in R^(3x3)\nf = (A x x^T A^T - x x^T) A x", "x", None),
    ("x in R^3\nA in R^(2x3)\nf = A diag(sin(x)) A^T A diag(x) x", "x", None),
    ("x in R^3\nu in R^3\nf = (x u^T)^T x", "x", None),
    ("x in R^2\nW in R^(2x2)\nf = W^T W x", "W", "(xᵀ Wᵀ) ⊗ I + Wᵀ ⊗ xᵀ"),
    ("x in R^2\nW in R^(3x2)\nf = x^T W^T diag(exp(0.1 W x)) W x", "x", None),
    ("x in R^2\nW in R^(3x2)\nf = x^T W^T diag(exp(0.1 W x)) W x", "W", None),
])
def test_a_matrix_on_the_way_that_depends_on_the_variable_leaves_a_form(block, by, form):
    found = check_form(jacmagic.jacobian(block, wrt=by), "f", by)
    assert form is None or found == form


def random_product(rng):
    """A product of matrices, some made of x, that ends in a vector."""
    kinds = ["A", "B^T", "diag(x)", "diag(tanh(A x))", "(x u^T)", "(u x^T)", "(A + x u^T)", "(B - diag(x) A)", "(2 A)", "(sum(x) B)"]
    factors = [rng.choice(kinds) for _ in range(rng.integers(1, 4))]
    return " ".join([*factors, rng.choice(["x", "u", "sin(x)", "(A x)"])])


@pytest.mark.parametrize("seed", range(60))
def test_random_products_with_a_vector_at_their_end_have_a_form(seed):
    rng = np.random.default_rng(seed)
    right = random_product(rng) + (f" + {random_product(rng)}" if seed % 3 == 0 else "")
    r = jacmagic.jacobian(f"x in R^3\nu in R^3\nA in R^(3x3)\nB in R^(3x3)\nf = {right} + x", wrt="x")
    check_form(r, "f", "x")


@pytest.mark.parametrize(
    ("block", "form"),
    [
        ("x in R^2\na = tanh(W x + c) in R^3", "diag(1 - a²) W"),
        ("x in R^2\na = sigmoid(W x + c) in R^3", "diag(a .* (1 - a)) W"),
        ("x in R^2\na = relu(W x + c) in R^3", "diag(1[z_a > 0]) W"),
        ("x in R^2\na = W^T x + c in R^3", "Wᵀ"),
        ("x in R^2\na = softmax(W x + c) in R^3", "(diag(a) - a aᵀ) W"),
        ("x in R^2\na = x + tanh(W x + c)", "diag(1 - tanh²(z_a)) W + I"),
        ("x in R^2\na = x^T x", "2 xᵀ"),
        ("x in R^2\na = sum(x)", "𝟏ᵀ"),
        ("x in R^2\na = 2 W x in R^3", "2W"),
        ("x in R^2\nK in R^(3x2)\na = K x/√2", "K/√(2)"),
        ("x in R^3\nγ in R\nW in R^(3x3)\na = γ layer_norm(W x)",
         "(γ/√(var(W x) + 1e-5)) (I - 1/3 𝟏 𝟏ᵀ - 1/3 layer_norm(W x) layer_norm(W x)ᵀ) W"),
    ],
)
def test_a_layers_jacobian_is_a_product_in_its_own_names(block, form):
    assert check_form(jacmagic.nnchain(block, wrt="x"), "a", "x") == form


@pytest.mark.parametrize(("block", "lines"), [
    ("x in R^2\na = tanh(W x + c) in R^3\no = V a + b in R^1", ["∂o/∂V = aᵀ, ∂o/∂b = 1", "δ_a = Vᵀ .* (1 - a²)", "∂o/∂W = δ_a xᵀ"]),
    ("x in R^2\no = W x + b in R^1", ["∂o/∂W = xᵀ, ∂o/∂b = 1"]),
])
def test_a_number_starts_the_backward_pass_with_1(block, lines):
    text = jacmagic.nnchain(block)._repr_mimebundle_()["text/plain"]
    assert "𝟏" not in text
    for line in lines:
        assert line in text


def test_a_slope_by_entries_is_shown_by_its_entries():
    text = jacmagic.jacobian("x in R^2\nu = [x1 x2, x1 + x2]\nL = u1^2 + 3u2 + x1", "x")._repr_mimebundle_()["text/plain"]
    assert "∂L/∂u = [2u₁, 3]" in text
    assert "∂L/∂x = [1, 0]" in text


def test_softmax_with_cross_entropy_shows_p_minus_y_as_long_as_the_target_adds_up_to_one():
    block = "x in R^3\ny in R^2\np = softmax(W x + c) in R^2\nL = cross_entropy(p, y)"
    assert r"\delta_{p} = p - y" in shown(jacmagic.nnchain(block), "gradients")
    assert r"\delta_{p} = \left(\sum y\right) p - y" in shown(jacmagic.nnchain(block + "\ny = [1, 1]"), "gradients")


def test_the_backward_pass_that_is_shown_is_the_gradient():
    r = jacmagic.nnchain("x(3) -> 4 tanh -> 2 softmax\ny in R^2\nL = cross_entropy(o, y)")
    value = {**r.forward(), **{k: np.asarray(v) for k, v in r.values.items()}}
    delta_o = value["o"] - value["y"]
    delta_h = np.diag(1 - value["h1"] ** 2) @ value["W2"].T @ delta_o
    gradients = r.gradients()
    np.testing.assert_allclose(np.outer(delta_o, value["h1"]), gradients["W2"], rtol=1e-12)
    np.testing.assert_allclose(np.outer(delta_h, value["x"]), gradients["W1"], rtol=1e-12)
    assert r"\delta_{h_{1}} = \operatorname{diag}\left(1 - h_{1}^{2}\right) \, W_{2}^{\top} \delta_{o}" in shown(r, "gradients")


def test_wide_results_are_elided_and_all_of_them_is_there_on_request():
    block = "n = 20\nx in R^n\nF = [x[i]^2 for i = 1..n]"
    r = jacmagic.jacobian(block)
    (latex,) = shown(r, "result")
    assert r"\cdots" in latex
    assert len(latex) < 4_000
    (whole,) = [one.latex for one in views.formulas(r, whole=True) if one.kind == "result"]
    assert r"\cdots" not in whole
    assert r.latex().count("&") == 20 * 19


def test_a_formula_that_would_flood_the_screen_is_left_to_numbers():
    layers = "\n".join(f"x{k + 1} = sin(x{k}) x{k}^2" for k in range(60))
    r = jacmagic.jacobian("x0 = t\n" + layers)
    html = panel.html(r)
    assert len(html) < 200_000
    assert len(views.plain_text(r)) < 20_000
    with pytest.raises(jacmagic.LimitError):
        _ = r.matrix


@pytest.mark.parametrize(
    "block",
    ["f(x, y) = [x^2 y, 5x + sin y, e^(x y)/(1 + y^2)]", "f(x) = 0.1x^3 - 2.5e-7 x", "f(a, b) = sqrt(a^2 + b^2) ln(a b)",
     "f(x) = x^2 if x > 0 else -x", "f(x) = relu(x) + sigmoid(x)", "x in R^3\nf = ||x||^2 + x[1] x[3]",
     "f(x, y) = |x - y| + max(x, y)", "f(θ, λ) = sin^2 θ cos(λ)/(1 + λ)", "f(x, y) = [x/y, atan2(y, x), cbrt(x y)]"],
)
def test_the_latex_of_a_jacobian_reads_back_as_the_same_functions(block):
    r = jacmagic.jacobian(block)
    lines = [line for line in block.splitlines() if " in " in line]
    again = jacmagic.jacobian("\n".join([*lines, f"J = {r.latex()}"]), wrt=[str(v) for v in r.program.variables])
    flat = list(r.matrix)
    assert [str(s) for s in again.variables] == [str(s) for s in r.variables]
    rng = np.random.default_rng(1)
    for _ in range(3):
        point = {s: sp.Float(rng.uniform(0.3, 2.0)) for s in r.variables}
        for mine, theirs in zip(flat, again.outputs):
            assert abs(complex(sp.N(mine.subs(point))) - complex(sp.N(theirs.subs(point)))) < 1e-9


def test_every_formula_that_is_shown_becomes_mathml():
    for block in ("f(x, y) = [x^2 y, 5x + sin y]", "f(x) = x^2 if x > 0 else -x"):
        for one in views.formulas(jacmagic.jacobian(block)):
            assert printers.mathml(one.tree, one.arrays).startswith("<math")


FORMS = [
    ("a = layer_norm(W x + c)", "(1/√(var(z_a) + 1e-5)) (I - 1/3 𝟏 𝟏ᵀ - 1/3 a aᵀ) W"),
    ("a = rms_norm(W x + c)", "(1/√(1/3 ‖z_a‖² + 2⁻⁵²)) (I - 1/3 a aᵀ) W"),
    ("a = logsumexp(W x + c)", "softmax(W x + c)ᵀ W"),
    ("a = [tanh(W x + c); x]", "[[I, 0]]ᵀ diag(1 - tanh²(W x + c)) W + [[0, I]]ᵀ"),
    ("a = [x[1]; x[2] x[3]]", "e₂ (x₂ e₃ᵀ + x₃ e₂ᵀ) + e₁ e₁ᵀ"),
    ("a = max(x)", "e_argmax(x)ᵀ"),
    ("a = prod(x)", "[x₂ x₃; x₁ x₃; x₁ x₂]ᵀ"),
    ("a = (1 + ||x||^2) x", "(xᵀ x + 1) I + 2x xᵀ"),
    ("a = W V x", "W V"),
    ("a = 2 x", "2 I"),
    ("a = x/||x||", "(1/‖x‖) I - x xᵀ/‖x‖³"),
    ("a = x[2] V x", "V x e₂ᵀ + x₂ V"),
    ("a = relu(x) if x[1] > 0 else x", "diag(1[x > 0] if x₁ > 0 else 1)"),
    ("a = elu(x)", "diag(1 if x > 0 else e^x)"),
    ("a = ||x||^2", "2 xᵀ"),
    ("a = [x[i+1] x[i] for i = 1..2]", None),
    ("a = cross(x, c)", None),
    ("a = softmax(V x) .* x", None),
    ("a = log_softmax(V x)", "(I - 𝟏 softmax(z_a)ᵀ) V"),
    ("a = V x/(1 + ||W x - c||)", None),
    ("a = [x, 2x, c]", None),
    ("a = diag(x) V x", None),
    ("a = x^T W x x", None),
    ("a = mean(x) x - min(x) V x", None),
]


@pytest.mark.parametrize(("line", "wanted"), FORMS)
def test_a_layer_has_a_matrix_form(line: str, wanted: str | None) -> None:
    n = jacmagic.nnchain(f"x in R^3\nW in R^(3x3)\nV in R^(3x3)\nc in R^3\n{line}", wrt="x")
    found = check_form(n, "a", "x")
    assert wanted is None or found == wanted


@pytest.mark.parametrize(("block", "says"), [
    ("L = 1/2 ||W^T W x - x||^2", "∂L/∂W = W (z xᵀ + x zᵀ), z = Wᵀ W x - x"),
    ("L = ||W x - b||^2\nb in R^2", "∂L/∂W = 2 (W x - b) xᵀ"),
    ("L = x^T W^T W x", "∂L/∂W = 2W x xᵀ"),
    ("L = ||W||_F^2", "∂L/∂W = 2W"),
    ("L = sum(abs(W))", "∂L/∂W = sign(W)"),
    ("L = sum(tanh(W x))", "∂L/∂W = (1 - tanh²(W x)) xᵀ"),
])
def test_the_derivative_of_a_number_by_a_matrix_is_a_matrix(block: str, says: str) -> None:
    r = jacmagic.jacobian(f"x in R^3\nW in R^(2x3)\n{block}", wrt="W")
    assert [one.text for one in views.formulas(r) if one.kind == "local"] == [says]
    check_form(r, "L", "W")


def test_a_layer_shows_its_pre_activation() -> None:
    n = jacmagic.nnchain("x in R^2\na = tanh(W1 x + c1) in R^3\nb = a + relu(W2 a + c2)\nL = mse(b, y)")
    text = views.plain_text(n)
    assert "z_a = W₁ x + c₁, a = tanh(z_a)" in text
    assert "z_b = W₂ a + c₂, b = a + relu(z_b)" in text
    assert "z_L" not in text


@pytest.mark.parametrize("text", [
    "x(784) -> 128 tanh -> 64 tanh -> 10 softmax",
    "x in R^2\na = tanh(W1 x + c1) in R^3\nb = a + relu(W2 a + c2)\nL = mse(b, y)",
])
def test_the_product_of_the_factors_is_checked_without_a_panel_too(text: str) -> None:
    n = jacmagic.nnchain(text)
    (line,) = [line for line in remarks.numbers(n) if line.startswith("✓")]
    assert line.endswith("are the same, to rounding")
    assert line in n._repr_mimebundle_()["text/plain"]
    assert line in n._repr_mimebundle_()["text/html"]
    wrong = {pair: 2 * matrix for pair, matrix in remarks.local_numbers(n).items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remarks, "local_numbers", lambda _: wrong)
        assert not remarks.checked(n).startswith("✓")


@pytest.mark.parametrize(("lines", "of", "wanted"), [
    ("μ = mean(x)\nσ = sqrt(mean((x - μ)^2))\ny = (x - μ)/σ", "sigma", "(1/(√(3) √(Σ(x - μ 𝟏)²))) (μ 𝟏 - x)ᵀ 𝟏"),
    ("μ = mean(x)\ns = sum(tanh(x μ))\ny = s x", "s", "(x .* (1 - tanh²(μ x)))ᵀ 𝟏"),
])
def test_a_number_by_a_number_that_is_spread_has_a_matrix_form(lines: str, of: str, wanted: str) -> None:
    assert check_form(jacmagic.nnchain(f"x in R^3\n{lines}"), of, "mu") == wanted


def test_a_definition_in_which_nothing_varies_is_said() -> None:
    said = views.plain_text(jacmagic.jacobian("f(x) = x^2\ng(x) = x\nu = f'(3)\nv = f(2) + 1"))
    assert said.endswith("u, v: no variable in them, so that all derivatives are 0")
    assert "no variable" not in views.plain_text(jacmagic.jacobian("f(x) = x^2\ng(x) = f(3) x"))


@pytest.mark.parametrize(("block", "wanted"), [
    ("F(x, y) = [m g x, k y x]", "det J = m g k x"), ("F(u, v) = [b v u, a u]", "det J = -b a u"),
    ("x' = a x - b y x\ny' = c x - d y", "det J = b c x + b d y - a d"), ("F(x, y, z) = [z y, x z, y x]", "det J = 2x y z"),
    ("F(x, y) = [y x^2, x y^3]", "det J = 5y³ x²"), ("x' = σ (y - x)\ny' = ρ x - y", "det J = σ - σ ρ"),
])
def test_a_determinant_has_its_factors_in_the_order_of_the_block(block: str, wanted: str) -> None:
    assert wanted in views.plain_text(jacmagic.jacobian(block)).splitlines()


@pytest.mark.parametrize(("magic", "block", "wanted"), [
    # cos(π/2) is 6e-17 in doubles; what is small without a larger one beside it stays.
    ("jacobian", "x = r cos φ\ny = r sin φ\nr = 2\nφ = π/2", "J = [0, −2; 1, 0] at r = 2, φ = 1.5708"),
    ("jacobian", "f(x, y) = 10^-11 x + y", "J = [1e−11, 1] at x = 1, y = 1"),
    ("jacobian", "f(x, y) = 10^-20 x y", "J = [1e−20, 1e−20] at x = 1, y = 1"),
    # Alone, too: no digit of cos(π/2) or of the slope of x/|x| is sure; 1e-20 and 2·10⁻¹⁰ are what the block says.
    ("jacobian", "f(x) = cos x\nx = π", "J = [0] at x = 3.14159"), ("jacobian", "f(x) = x/|x|\nx = 1.89", "J = [0] at x = 1.89"),
    ("jacobian", "f(x) = 1e-20 x", "J = [1e−20] at x = 1"), ("jacobian", "f(x) = x^2\nx = 1e-10", "J = [2e−10] at x = 1e−10"),
    ("nnchain", "x in R^3\na = W x in R^3\nb = a - W x\nc = 2b",
     "✓ the product of the local Jacobians and the direct derivative are 0, to rounding"),
])
def test_what_is_nothing_but_rounding_is_shown_as_0(magic: str, block: str, wanted: str) -> None:
    r = getattr(jacmagic, magic)(block)
    assert wanted in views.plain_text(r).splitlines()
    assert wanted in panel.fallback(r)


@pytest.mark.parametrize(("lines", "wanted"), [
    ("a = tanh(W x + c)\nL = mse(a, y)", ["∂L/∂W = δ_a xᵀ, ∂L/∂c = δ_a"]),
    ("a = tanh(W x + c)\nb = tanh(W a + c)\nL = mse(b, y)", ["∂L/∂W = δ_b aᵀ + δ_a xᵀ, ∂L/∂c = δ_a + δ_b"]),
    ("a = x + relu(W x + c)\nL = mse(a, y)", ["δ_a = 2/3 ((a - y) .* 1[z_a > 0])", "∂L/∂W = δ_a xᵀ, ∂L/∂c = δ_a"]),
    ("a = W^T x\nL = mse(a, y) + ||W||_F^2", ["∂L/∂W = x δ_aᵀ + 2W"]),
    ("a = W^T x\nL = mse(a, y) + 0.1 sum(abs(W))", ["∂L/∂W = x δ_aᵀ + 0.1 sign(W)"]),
    ("a = W^T x\nE = mse(a, y)\nR = 0.1 sum(abs(W))\nL = E + R", ["∂L/∂W = x δ_aᵀ + 0.1 sign(W)"]),
    ("W in R^(3x3)\na = (W x) .* tanh(c)\nL = mse(a, y)", [
        "∂L/∂W = diag(tanh(c)) δ_a xᵀ", "∂L/∂c = diag((W x) .* (1 - tanh²(c))) δ_a"]),
    ("a = W x + relu(W x + c)\nL = mse(a, y)", ["∂L/∂W = (δ_a + 2/3 (a - y)) xᵀ"]),
    ("a = 2 W x\nL = mse(a, y)", ["∂L/∂W = 2 δ_a xᵀ"]),
    ("a = x + 0.1 tanh(W x + b)\nL = mse(a, y)", [
        "δ_a = 2/3 (a - y)", "∂L/∂W = 0.1 diag(1 - tanh²(W x + b)) δ_a xᵀ, ∂L/∂b = 0.1 diag(1 - tanh²(W x + b)) δ_a"]),
    ("K in R^(3x3)\ns = K x/√2\np = softmax(s)\nL = cross_entropy(p, y)", ["∂L/∂K = δ_s xᵀ/√(2)", "δ_s = p - y"]),
    ("γ in R\na = γ layer_norm(W x) in R^3\nL = mse(a, y)", [
        "∂L/∂W = (γ/√(var(W x) + 1e-5)) (I - 1/3 𝟏 𝟏ᵀ - 1/3 layer_norm(W x) layer_norm(W x)ᵀ) δ_a xᵀ"]),
])
def test_the_gradient_of_a_weight_is_added_up_over_all_that_read_it(lines: str, wanted: list[str]) -> None:
    n = jacmagic.nnchain(f"x in R^3\ny in R^3\n{lines}", wrt="x")
    told = "; ".join(one.text for one in views.gradients(n))
    for part in wanted:
        assert part in told, told


ATTENTION = (
    "X in R^(4x2)\nQ in R^(4x2)\nK in R^(4x2)\nV in R^(4x2)\nu in R^4\nx in R^4\nS = Q K^T/√2\nr = exp(S)\n"
    "A = diag(1 ./ (r u)) r\nO = A V\nL = sum(O .* O) + x^T x\nu = [1, 1, 1, 1]"
)


@pytest.mark.parametrize("block", [
    ATTENTION,
    "x in R^4\nW in R^(3x2)\nX in R^(4x3)\nu in R^4\nc in R^2\nH = tanh(X W + u c^T)\nL = sum(H .* H) + x^T x",
    "x in R^2\na = W x in R^5\nb = [a[1] a[2], a[5]]\nL = ||b||^2",
    "x in R^3\nW in R^(3x3)\na = [x[i] W[i,i] + W[1,2] for i = 1..3]\nL = prod(a) + max(a)",
    "x in R^2\nW in R^(2x2)\ny in R^2\na = W x\ns = dot(a, x)\np = s a\nq = p/(1 + ||a||)\nL = (1/2) ||q - y||^2",
])
def test_every_gradient_of_a_block_is_a_formula_with_its_numbers(block: str) -> None:
    n = jacmagic.nnchain(block, wrt="x")
    assert backward_is_right(n)


@pytest.mark.long
def test_of_a_million_names_only_those_shown_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    r = jacmagic.jacobian("X in R^(1000x1000)\nf = sum(X^T X)")
    made: list[str] = []
    entry = names.entry
    monkeypatch.setattr(names, "entry", lambda *of: made.append(entry(*of)) or made[-1])
    assert "1000000" in r._repr_mimebundle_()["text/plain"].replace(" ", "")
    assert len(made) < 1000


def test_what_does_not_fit_on_a_page_is_not_written_out_to_find_that() -> None:
    r = jacmagic.jacobian("x in R^300\nf = [prod(x[j] for j = 1..i) for i = 1..300]")
    assert tables.table(r).entries is None
    assert tables.table(jacmagic.jacobian("x in R^300\nf = [x[i]^i for i = 1..300]")).entries is not None


@pytest.mark.parametrize(
    ("block", "cell"),
    [
        ("x in R^3\np = softmax(x)", "p₁ ⎡ p₁ - p₁²  -p₁ p₂    -p₁ p₃   ⎤"),
        ("x in R^2\nτ in R\np = softmax(x/τ)", "p₁ ⎡ (p₁ - p₁²)/τ  -p₁ p₂/τ "),
    ],
)
def test_the_entries_of_a_softmax_stand_in_its_own_name(block, cell):
    text = views.plain_text(jacmagic.jacobian(block))
    assert cell in text
    assert "e^" not in text


def test_a_number_of_a_thousand_digits_is_not_typeset():
    r = jacmagic.jacobian("f(x) = sum(x/i for i = 1..3000)")
    assert len(views.plain_text(r)) < 400
    assert r.matrix[0].q > 10**1000


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("f(x) = x^2 if x > 1 else 2x\nx = 1", "a boundary of the cases"),
        ("f(x) = x 1[x > 1]\nx = 1", "a boundary of the cases"),
        ("x in R\nx = 1\nf = min([x, 1, 2])", "a tie of min"),
        ("p(V, T) = n R T/(V - n b)\nV = 1, n = 1, b = 1", "not finite here: a division by 0"),
        ("r, s in R^3\nr = [1, 1, 1], s = [1, 1, 1]\nV = k/||r - s||", "not finite here: a division by 0"),
        ("x in R\nf = ln(x) sqrt(x)\nx = -1", "not finite here: ln of a number that is not positive"),
        ("f(x) = ln x\nx = -1", "f is not finite here: ln of a number that is not positive"),
        ("f(x) = floor(√x)\nx = -1", "f is not finite here: the root of a negative number"),
        ("f(x) = exp(exp(x))\nx = 10", "not finite here: a pole, or a number beyond"),
        ("f(x) = asech(x/4)\nx = -3", "not finite here: asech of a number that is not between 0 and 1"),
        ("f(x) = acoth(x)\nx = 0.5", "f is not finite here: acoth of a number between -1 and 1"),
        ("f(x) = max(0, x - 1)\nx = 1", "max(0, ·) at 0: slope 0"),
    ],
)
def test_what_is_the_matter_with_the_point_is_said_in_text(block, said):
    r = jacmagic.jacobian(block)
    assert said in remarks.numbers(r)[-1]
    r.set(**{key: np.linspace(1.6, 2.2, max(1, np.size(v))).reshape(np.shape(v)) + k / 8 for k, (key, v) in enumerate(r.values.items())})
    assert not any(word in line for line in remarks.numbers(r) for word in ("boundary", "tie", "not finite"))


@pytest.mark.parametrize(("block", "keys", "latex"), [
    ("θ' = ω\nω' = -sin θ", ["theta_dot", "omega_dot"], [r"\dot{\theta}", r"\dot{\omega}"]),
    ("x in R^2\nx' = A x", ["x_dot_1", "x_dot_2"], [r"\dot{x}_{1}", r"\dot{x}_{2}"]),
    ("x1' = x2\nx2' = -x1", ["x_dot_1", "x_dot_2"], [r"\dot{x}_{1}", r"\dot{x}_{2}"]),
])
def test_the_rows_of_a_system_have_their_dots_everywhere(block, keys, latex):
    r = jacmagic.jacobian(block)
    rows = tables.table(r).rows
    assert [one.key for one in rows] == keys
    assert [one.latex for one in rows] == latex
    assert all("\u0307" in unicodedata.normalize("NFD", one.text) for one in rows)


@pytest.mark.parametrize(("block", "slope"), [
    ("g(z) = max(0, 2z)", "2 * 1[2z > 0]"), ("g(z) = max(z, 0)^2", "2 max(z, 0) * 1[z > 0]"), ("s = 1/(1 + e^-z)", "s (1 - s)"),
    ("s(z) = (1 + exp(-z))^-1", "s (1 - s)"), ("s = \\frac{1}{1 + e^{-k z}}\nk = 2", "k s (1 - s)"), ("f(x) = 1/(1 + x)", "-1/(1 + x)²"),
])
def test_a_slope_in_the_form_that_textbooks_have(block, slope):
    assert f" = {slope}\n" in views.plain_text(jacmagic.jacobian(block))


def test_the_largest_of_a_number_and_0_has_the_slope_of_relu_at_0():
    torch = optional("torch")
    z = torch.zeros((), dtype=torch.float64, requires_grad=True)
    torch.relu(3 * z).backward()
    for block in ("f(z) = max(0, 3z)", "f(z) = max(3z, 0)"):
        assert jacmagic.jacobian(block).at(z=0.0)[0, 0] == z.grad
    assert jacmagic.jacobian("f(z) = max(1, z)").at(z=1.0)[0, 0] == 0.5


# a block, what is shown of the lines that ask for a function's value, and the columns, which they do not change
ASKED = [
    ("g(t) = t^4 - 3t\nu = g(3)", ["u = g(3) = 72", "g'(3) = 105"], "t"), ("f(x) = x^2\nf(3)\nf(-1/2)", ["f(3) = 9", "f'(3) = 6", "f'(-1/2) = -1"], "x"),
    ("f(x, y) = (x^2 y, k sin y)\nf(1, 2)", ["f(1, 2) = [2; k sin(2)]", "J_f(1, 2) = [4, 1; 0, k cos(2)]"], "x y"),
    ("f(x, y) = x^2 y\nf([3, 2])", ["f([3; 2]) = 18", "J_f([3; 2]) = [12, 9]"], "x y"), ("x in R^2\nf(x) = x^T x\nf([1, 2])", ["= 5", "[2, 4]"], "x1 x2"),
    ("f(x) = 0.1x^2\nf(3)", ["f(3) = 0.9", "f'(3) = 0.6"], "x"), ("f(x) = e^x\nf(1)", ["f(1) = e ≈ 2.71828"], "x"), ("f(x) = relu(x)\nf(0)", ["f'(0) = 0"], "x"),
    ("f(x) = k x^2\nk = 2\nf(3)", ["f(3) = 9k", "f'(3) = 6k"], "x"), ("r = x^2\nf(r) = r^2\nf(2)", ["f(2) = 4", "f'(2) = 4"], "x"),
    ("f(x) = 1/x\ng(x) = f(x) + 1\nf(2)", ["f(2) = 1/2", "f'(2) = -1/4"], "x"),
]


@pytest.mark.parametrize(("block", "lines", "columns"), ASKED, ids=[repr(row[0])[:50] for row in ASKED])
def test_a_value_of_a_function_is_shown_with_the_derivative_there(block, lines, columns):
    result = jacmagic.jacobian(block)
    text = views.plain_text(result)
    assert all(line in text for line in lines)
    assert " ".join(v.name for v in result.variables) == columns
    without = jacmagic.jacobian("\n".join(line for line in block.split("\n") if not re.match(r"f\(-?[0-9[/]|u = ", line)))
    assert result.matrix == without.matrix
    page = panel.html(result, static=True)
    assert all(f"$${one.latex}$$" in markup.unescape(page) for one in views.formulas(result) if one.kind == "asked")


def test_a_value_that_another_line_uses_is_a_definition():
    result = jacmagic.jacobian("f(x) = x^2\nu = f(3)\ng(x) = u x")
    assert result.matrix.tolist() == [[9]]
    assert not [one for one in views.formulas(result) if one.kind == "asked"]


def test_the_derivative_of_a_system_has_its_dot_where_a_line_reads_it_and_the_point_its_columns_order():
    text = views.plain_text(jacmagic.jacobian("k = 2\nv' = k y\ny' = x - v'\nx' = -v"))
    assert "∂ẏ/∂v̇ = -1" in text
    assert "at v = 1, y = 1, x = 1, k = 2" in text
    assert "dv" not in text.split("det J")[0]


def test_of_a_wide_net_nothing_is_computed_that_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    n = jacmagic.nnchain("x(600) -> 500 tanh -> 400 softmax")
    asked: list[object] = []
    with monkeypatch.context() as patch:
        patch.setattr(type(n), "at", lambda self, *names, **values: asked.append(names))
        patch.setattr(remarks, "local_numbers", asked.append)
        text = n._repr_mimebundle_()["text/plain"]
    assert not asked
    assert "J is 400×600; .at() has its numbers" in text
    assert "singular" not in text
    narrow = jacmagic.nnchain("x(60) -> 50 tanh -> 40 softmax")._repr_mimebundle_()["text/plain"]
    assert "largest singular values" in narrow
    assert "✓ the product of the local Jacobians" in narrow


@pytest.mark.parametrize("wrt", [None, "h"])
def test_a_wide_jacobian_that_is_not_finite_is_told_by_its_rows(wrt: str | None) -> None:
    r = jacmagic.jacobian("x in R^600\nA in R^(600x600)\nh = A x\nf = [1/h[i] for i = 1..600]", wrt=wrt or "x")
    assert "not finite" not in str(r._repr_mimebundle_())
    r.values["x"] = np.zeros(600)
    assert "not finite here: a division by 0" in str(r._repr_mimebundle_())


@pytest.mark.parametrize("seed", some(range(12)))
def test_a_determinant_multiplied_out_has_the_value_that_numpy_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, t = sp.symbols("x y t", real=True)
    parts = [x, y, sp.sin(t), sp.cos(t), sp.sin(x), sp.cos(x), sp.exp(y), 1 / x, x**2, sp.Rational(2, 3), sp.Integer(0),
             sp.sqrt(x**2 + y**2), sp.pi, sp.Float(0.5), x + y]
    # the first half are polynomials in names and functions, the others are not
    some = [parts[k] for k in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10)] if seed < 6 else parts
    n = 2 + seed % 3
    matrix = sp.Matrix(n, n, lambda i, j: some[rng.integers(len(some))] * some[rng.integers(len(some))] - some[rng.integers(len(some))])
    point = {one: sp.Float(value) for one, value in zip((x, y, t), rng.uniform(0.5, 2, 3), strict=True)}
    numbers = np.array(matrix.subs(point).evalf(), dtype=float)
    assert float(determinants.determinant_of(matrix).subs(point)) == pytest.approx(np.linalg.det(numbers), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("block", "formula", "number"), [
    ("x(r, φ) = r cos φ\ny(r, φ) = r sin φ\nr = 2", "dx dy = |det J| dr dφ = |r| dr dφ", "dx dy = 2 dr dφ at this point"),
    ("x(r, θ, φ) = r sin θ cos φ\ny(r, θ, φ) = r sin θ sin φ\nz(r, θ, φ) = r cos θ", "dx dy dz = |det J| dr dθ dφ = r² |sin(θ)| dr dθ dφ",
     "dx dy dz = 0.8415 dr dθ dφ at this point"),
    ("f(x) = x^3", "df = |f'(x)| dx = 3x² dx", "df = 3 dx at this point"), ("F(x, y) = [x + 2y, 3x - y]", "dF₁ dF₂ = |det J| dx dy = 7 dx dy", "dF₁ dF₂ = 7 dx dy at this point"),
    ("F(x, y) = [x^3/3 + x y^2 + x, y]", "dF₁ dF₂ = |det J| dx dy = (x² + y² + 1) dx dy", "dF₁ dF₂ = 3 dx dy at this point"),
])
def test_an_integral_changes_by_the_determinant_s_amount(block, formula, number):
    r = jacmagic.jacobian(block).show(integral=True)
    lines = r._repr_mimebundle_()["text/plain"].splitlines()
    assert formula in lines
    assert number in lines
    assert [one.text for one in views.formulas(jacmagic.jacobian(block)) if one.kind == "integral"] == []
    # A number nobody here wrote: how the area of a small square changes, by central differences.
    at, h, flat = {s.name: float(r.values[s.name]) for s in r.variables}, 1e-5, []
    for name in at:
        ends = [np.concatenate([np.ravel(r.forward(**{**at, name: at[name] + way})[key]) for key in r.program.outputs]) for way in (h, -h)]
        flat.append((ends[0] - ends[1]) / (2 * h))
    assert abs(np.linalg.det(np.array(flat))) == pytest.approx(float(number.split(" = ")[1].split()[0]), rel=1e-3)


def test_an_integral_needs_as_many_functions_as_variables():
    assert "it is 1×2" in views.plain_text(jacmagic.jacobian("f(x, y) = x y").show(integral=True))
    unknown = views.plain_text(jacmagic.jacobian("u = u(x)").show(integral=True))
    assert "du = |" in unknown
