"""Derivatives inside a block: how they are written, what they are, and where they are used; SymPy and PyTorch are the oracles."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from optional import optional

import jacmagic
from jacmagic.errors import JacmagicError
from jacmagic.language import tree as t
from jacmagic.language.printers import latex, mathml, text
from jacmagic.language.reading import Reader
from jacmagic.language.statements import parse
from jacmagic.language.words import Scope
from jacmagic.panel import spec
from jacmagic.show.views import plain_text

torch = optional("torch")

# What is written, below f(x) = x^3 y, g(x, y) = x^2 y^3, F(x, y) = [x^2 y, x - y^2], L = x^2 y; and the value in x and y.
WRITTEN: list[tuple[str, str]] = [
    ("f'(x)", "3*x**2"), ("f'(2)", "12"), ("f''(x)", "6*x"), ("f'''(x)", "6"), ("f'", "3*x**2"), ("f′(x)", "3*x**2"), ("f''(y) x", "6*y*x"),
    ("f^{\\prime}(x)", "3*x**2"), ("f'^2(x)", "9*x**4"), ("f'(x)^2", "9*x**4"), ("f'(x) (x - y)", "3*x**2*(x-y)"), ("sin(f')", "sin(3*x**2)"),
    ("e^(-f'(x))", "exp(-3*x**2)"), ("x - f(x)/f'(x)", "2*x/3"), ("tanh'(x)", "1-tanh(x)**2"), ("sin''(x y)", "-sin(x*y)"),
    ("∂g/∂x", "2*x*y**3"), ("\\frac{\\partial g}{\\partial x}", "2*x*y**3"), ("\\frac{\\partial}{\\partial x} g", "2*x*y**3"), ("∂_x g", "2*x*y**3"), ("∂_{xx} g", "2*y**3"), ("∂_xy g", "6*x*y**2"),
    ("\\partial_{yy} g", "6*x**2*y"), ("\\partial_{x y} g", "6*x*y**2"),
    ("∂²g/∂x²", "2*y**3"), ("∂^2g/∂x^2", "2*y**3"), ("∂²g/∂x∂y", "6*x*y**2"), ("\\frac{\\partial^2 g}{\\partial x \\partial y}", "6*x*y**2"),
    ("\\frac{\\partial^{2} g}{\\partial y^{2}}", "6*x**2*y"), ("∂³g/∂x²∂y", "6*y**2"), ("g_x", "2*x*y**3"), ("g_xy", "6*x*y**2"), ("g_{yy}", "6*x**2*y"), ("g_{x y}", "6*x*y**2"),
    ("df/dx", "3*x**2"), ("d/dx f", "3*x**2"), ("d/dx (x^2 y)", "2*x*y"), ("d/dx x^4", "4*x**3"), ("d/dx sin x", "cos(x)"), ("d/dx f(2x)", "24*x**2"), ("d²f/dx²", "6*x"),
    ("\\frac{d}{dx} (x y)", "y"), ("\\frac{\\mathrm{d} f}{\\mathrm{d} x}", "3*x**2"), ("\\frac{d^2 f}{dx^2}", "6*x"), ("d/dx f + y", "3*x**2 + y"), ("∂(x^2 y)/∂x", "2*x*y"),
    ("g_x(y, x)", "2*y*x**3"), ("∂g/∂x(y, 2)", "16*y"), ("(∇g)(1, y)[1]", "2*y**3"), ("∇g(1, y)[2]", "3*y**2"), ("g_xy(x + 1, 2)", "24*(x+1)"), ("g_x([y, x])", "2*y*x**3"),
    ("\\left. g_x \\right|_{x=y, y=2}", "16*y"), ("\\left.\\frac{df}{dx}\\right|_{x=2}", "12"), ("f'|_(x = 2) + x", "12 + x"), ("x^2|_(x = y)", "y**2"), ("(x^2 + y)|_{x=3}", "9 + y"),
    ("(grad g)[1]", "2*x*y**3"), ("∇g · (y, x)", "2*x*y**4 + 3*x**3*y**2"), ("||∇g||^2", "4*x**2*y**6 + 9*x**4*y**4"), ("(hess g)[1,2]", "6*x*y**2"), ("(hess(g))[2,2]", "6*x**2*y"),
    ("(jac F)[1,1]", "2*x*y"), ("(J_F)[2,2]", "-2*y"), ("J_F(y, 1)[1,2]", "y**2"), ("dot(J_F [1, 2], [1, 0])", "2*x*y + 2*x**2"),
    ("∂L/∂x", "2*x*y"), ("dL/dx", "2*x*y"), ("(∇L)[1]", "2*x*y"), ("∇_x L", "2*x*y"), ("\\nabla_{y} L", "x**2"), ("laplace L", "2*y"),
    ("div F", "2*x*y - 2*y"), ("∇·F", "2*x*y - 2*y"), ("\\nabla \\cdot F", "2*x*y - 2*y"), ("curl F", "1 - x**2"), ("∇×F", "1 - x**2"), ("\\nabla \\times F", "1 - x**2"),
    ("laplace g", "2*y**3 + 6*x**2*y"), ("∇·∇g", "2*y**3 + 6*x**2*y"), ("div grad g", "2*y**3 + 6*x**2*y"), ("div (grad g)", "2*y**3 + 6*x**2*y"), ("curl grad g", "0*x"),
    ("D_v g", "2*x*y**3*3 + 3*x**2*y**2*4"), ("D_v g(1, y)", "6*y**3 + 12*y**2"), ("D_{v} g", "2*x*y**3*3 + 3*x**2*y**2*4"), ("∂(g_x)/∂y", "6*x*y**2"), ("∂(∂g/∂x)/∂x", "2*y**3"),
    ("sum(f'(i x) for i = 1..2)", "15*x**2"), ("[f'(x), f'(y)][2]", "3*y**2"), ("f'([x, y])[2]", "3*y**2"), ("g_y if x > 0 else f'(y)", "3*x**2*y**2"),
]
ABOVE = "v = [3, 4]\nf(x) = x^3\ng(x, y) = x^2 y^3\nF(x, y) = [x^2 y, x - y^2]\nL = x^2 y\n"
POINT = {"x": 0.7, "y": -1.3}


def numbers(shown: str, **point: float) -> tuple[float, list[float]]:
    """The value of an expression in x and y, and its gradient, by SymPy."""
    expr = sp.sympify(shown)
    x, y = sp.symbols("x y")
    return float(expr.subs(point)), [float(expr.diff(one).subs(point)) for one in (x, y)]


@pytest.mark.parametrize(("written", "value"), WRITTEN)
def test_a_derivative_is_what_it_says_and_is_differentiated_again(written: str, value: str) -> None:
    r = jacmagic.jacobian(f"{ABOVE}h(x, y) = {written}", wrt="x, y")
    expected, slopes = numbers(value, **POINT)
    point = POINT | {"v": [3.0, 4.0]}
    assert r.forward(**point)["h"] == pytest.approx(expected, rel=1e-12)
    assert r.at("h", "x", **point) == pytest.approx(slopes[0], rel=1e-11, abs=1e-11)
    assert r.at("h", "y", **point) == pytest.approx(slopes[1], rel=1e-11, abs=1e-11)
    at = {r.symbols[key]: one for key, one in POINT.items()} | {r.symbols["v1"]: 3, r.symbols["v2"]: 4}
    for key, slope in zip("xy", slopes):
        assert float(r.jacobian("h", key)[0].subs(at)) == pytest.approx(slope, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize(("written", "_"), WRITTEN)
def test_a_derivative_is_printed_and_reads_back(written: str, _: str) -> None:
    scope = Scope(
        names=set("fgFLxyv"), functions={"f": ("x",), "g": ("x", "y"), "F": ("x", "y")}, vectors={"v"},
    )

    def read(shown: str):
        block = f"h = {shown}"
        (line,) = parse(block)
        return Reader(block, scope).value(line.expr)

    def bare(tree):
        return bare(tree.inner) if isinstance(tree, t.Paren) else t.rebuilt(tree, bare)

    tree = read(written)
    for printer in (text, latex):
        assert text(bare(read(printer(tree)))) == text(bare(tree))
    assert "data-name" in mathml(tree)


EXAMPLES: dict[str, str] = {
    "Newton's step": "f(x) = x^3 - 2x - 5\ng(x) = x - f(x)/f'(x)",
    "error propagation": "f(x, y) = x^2 sin y\nS in R^(2x2)\nv = jac f S (jac f)^T",
    "the delta method": "g(m) = ln(1 + m^2)\nv = g'(m)^2 s^2",
    "a tangent line": "f(x) = sin x\nt(x) = f(a) + f'(a) (x - a)",
    "a tangent plane": "f(x, y) = x^2 y\nz(x, y) = f(a, b) + f_x(a, b) (x - a) + f_y(a, b) (y - b)",
    "a gradient penalty": "u(x, y) = x^2 y\nq in R^2\nP = 1/2 ||grad u + q||^2",
    "Lagrange's conditions": "f(x, y) = x^2 y\ng(x, y) = x^2 + y^2 - 1\nC = [grad f - λ grad g, g]",
    "Euler and Lagrange": "L(q, w) = 1/2 m w^2 - k cos q\na(q, w) = (∂L/∂q - w ∂²L/∂q∂w)/(∂²L/∂w²)",
    "the Laplacian of a field": "u(x, y) = e^x sin(2y) + x^4\nd = laplace u",
}


def by_torch(name: str, p: dict[str, float]):
    """The example's outputs as one column of PyTorch, and the variables, by its own derivatives."""
    grad = lambda of, *by: torch.autograd.grad(of, by, create_graph=True)
    v = {key: torch.tensor(one, dtype=torch.float64, requires_grad=True) for key, one in p.items()}
    x, y = v.get("x"), v.get("y")

    def at(f, *where):
        inner = [torch.as_tensor(one).clone().requires_grad_() if not one.requires_grad else one * 1 for one in where]
        return grad(f(*inner), *inner)

    if name == "Newton's step":
        f = x**3 - 2 * x - 5
        return (x - f / grad(f, x)[0]).reshape(1), [x]
    if name == "error propagation":
        J = torch.stack(grad(x**2 * torch.sin(y), x, y))
        return (J @ v["S"] @ J).reshape(1), [x, y]
    if name == "the delta method":
        m = v["m"]
        return (grad(torch.log(1 + m**2), m)[0] ** 2 * v["s"] ** 2).reshape(1), [m, v["s"]]
    if name == "a tangent line":
        return (torch.sin(v["a"]) + at(torch.sin, v["a"])[0] * (x - v["a"])).reshape(1), [x]
    if name == "a tangent plane":
        f = lambda x, y: x**2 * y
        a, b = v["a"], v["b"]
        fx, fy = at(f, a, b)
        return (f(a, b) + fx * (x - a) + fy * (y - b)).reshape(1), [x, y]
    if name == "a gradient penalty":
        return (0.5 * ((torch.stack(grad(x**2 * y, x, y)) + v["q"]) ** 2).sum()).reshape(1), [x, y]
    if name == "Lagrange's conditions":
        g = x**2 + y**2 - 1
        return torch.cat([torch.stack(grad(x**2 * y, x, y)) - v["lam"] * torch.stack(grad(g, x, y)), g.reshape(1)]), [x, y]
    if name == "Euler and Lagrange":
        q, w = v["q"], v["w"]
        L = 0.5 * v["m"] * w**2 - v["k"] * torch.cos(q)
        Lq, Lw = grad(L, q, w)
        Lqw = grad(Lw, q)[0] if Lw.requires_grad and torch.autograd.grad(Lw, q, allow_unused=True, retain_graph=True)[0] is not None else 0
        return ((Lq - w * Lqw) / grad(Lw, w)[0]).reshape(1), [q, w]
    assert name == "the Laplacian of a field"
    ux, uy = grad(torch.exp(x) * torch.sin(2 * y) + x**4, x, y)
    return (grad(ux, x)[0] + grad(uy, y)[0]).reshape(1), [x, y]


NUMBERS = {
    "x": 1.4, "y": 0.6, "a": 0.3, "b": -0.8, "m": 1.7, "s": 0.4, "lam": 0.9, "q": 0.5, "w": -0.6, "k": 2.2, "S": [[0.5, 0.1], [0.2, 0.3]],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_have_the_numbers_of_pytorch_in_every_backend(name: str) -> None:
    r = jacmagic.jacobian(EXAMPLES[name])
    point = {key: NUMBERS[key] for key in r.program.inputs}
    if name == "a gradient penalty":
        point["q"] = [0.5, -0.25]
    value, variables = by_torch(name, point)
    rows = [[0.0 if one is None else float(one) for one in torch.autograd.grad(row, variables, retain_graph=True, allow_unused=True)]
            for row in value]
    found = np.concatenate([np.ravel(r.forward(**point)[key]) for key in r.program.outputs])
    assert found == pytest.approx(value.detach().numpy(), rel=1e-12)
    names = [str(one) for one in variables]
    assert len(names) == len(r.variables) or name == "the delta method"
    columns = slice(0, len(r.variables))
    assert r.at(**point) == pytest.approx(np.array(rows)[:, columns], rel=1e-11, abs=1e-12)
    for backend in ("numpy", "torch", "jax"):
        if backend == "jax":
            optional("jax").config.update("jax_enable_x64", True)
        made = r.function(backend)
        args = {key: torch.tensor(one, dtype=torch.float64) for key, one in point.items()} if backend == "torch" else point
        assert np.asarray(made(**args), dtype=float) == pytest.approx(np.array(rows)[:, columns], rel=1e-9, abs=1e-9), backend
    assert spec(r)["graph"]


REFUSED: list[tuple[str, str, int, str, tuple[str, ...]]] = [
    ("u(x, y) = x^2 y\ns = ∇²u", "AmbiguousMath", 2, "∇²u", ("hess u", "laplace u")),
    ("u(x, y) = x^2 y\ns = \\nabla^2 u", "AmbiguousMath", 2, "\\nabla^2 u", ("hess u", "laplace u")),
    ("u(x, y) = x^2 y\ns = Δu", "AmbiguousMath", 2, "Δu", ("laplace u", "Δu in R")),
    ("f(x, y) = x y\nz(x, y) = f_y(y - b)", "SyntaxMistake", 2, "f_y(y - b)", ("f_y*(y - b)",)),
    ("f(x, y) = x y\nz(x, y) = (∇f)(x, y, 1)", "SyntaxMistake", 2, "(∇f)(x, y, 1)", ()),
    ("f(x, y) = x y\nf_x = 3\ng = f_x f", "AmbiguousMath", 2, "f_x = 3", ("f_x - 3 = 0", "p_x = 3")),
    ("F(x, y) = [x, y]\nJ_F in R\ng = J_F x", "AmbiguousMath", 2, "J_F", ("p_F",)),
    ("f(x, y) = x y\nv = [1, 2]\nD_v = 3\ng = D_v f", "AmbiguousMath", 4, "D_v f", ("grad f · v", "D_v*f")),
    ("f(x, y) = x y\ng = f'", "AmbiguousMath", 2, "f'", ("∂f/∂x", "∂f/∂y")),
    ("f(x, y) = x y\ng = ∂f/∂x²", "AmbiguousMath", 2, "∂f/∂x²", ("∂²f/∂x²", "(∂f/∂x)²")),
    ("f(x, y) = x y\ng = ∂f/∂x∂y", "SyntaxMistake", 2, "∂f/∂x∂y", ("∂²f/∂x∂y",)),
    ("f(x, y) = x y\ng = 1/∂f/∂x", "SyntaxMistake", 2, "∂f/∂x", ("(∂f/∂x)",)),
    ("f(x) = x^2\ng(x) = df/dx (x - 1)", "AmbiguousMath", 2, "df/dx (x - 1)", ("f'(x - 1)", "df/dx*(x - 1)")),
    ("f(x, y) = d/dx x^2 y", "AmbiguousMath", 1, "d/dx x^2 y", ("d/dx (x^2 y)", "(d/dx x^2) y")),
    ("f(x, y) = q x y\ng = ∂f/∂q(1)", "SyntaxMistake", 2, "∂f/∂q(1)", ("∂f/∂q*(1)",)),
    ("g(x) = x + ∂f/∂x", "NameMistake", 1, "f", ()), ("g(x) = 2∂", "SyntaxMistake", 1, "∂", ()), ("g(x) = ∇ + x", "SyntaxMistake", 1, "∇", ()),
    ("F(x, y) = [x, y, x]\ng = div F", "ShapeError", 2, "div F", ()), ("F(x, y, z, w) = [x, y, z, w]\ng = curl F", "ShapeError", 2, "curl F", ()),
    ("F(x, y) = [x, y]\ng = grad F", "ShapeError", 2, "grad F", ("jac F",)), ("f(x, y) = x y\nv = [1, 2, 3]\ng = D_v f", "ShapeError", 3, "D_v f", ()),
    ("f(x, y) = x y\ng = hessian(f)", "NameMistake", 2, "hessian", ("hess",)), ("f(x, y) = x y\nH = Hessian f", "NameMistake", 2, "Hessian", ("hess",)),
    ("f(x, y) = x y\nH = hessian f", "NameMistake", 2, "hessian", ("hess",)), ("f(x, y) = x y\nH = \\operatorname{Hess} f", "NameMistake", 2, "\\operatorname{Hess}", ("hess",)),
    ("f = f(x)\ng = g(x)\nh = (f g)''", "SyntaxMistake", 3, "(f g)''", ("d²/dx² (f g)",)), ("f(x) = x^2\nh(x) = (f(x) sin x)'", "SyntaxMistake", 2, "(f(x) sin x)'", ("d/dx (f(x) sin x)",)),
    ("F(x, y) = [x y, x]\nA = Jacobian(F)", "NameMistake", 2, "Jacobian", ("jac",)), ("f(x, y) = x y\ng = Gradient f", "NameMistake", 2, "Gradient", ("grad",)),
    ("f(x, y) = x y\ng = grad (x^2 y)", "SyntaxMistake", 2, "(x^2 y)", ()),
    ("∂f/∂x = 2x", "SyntaxMistake", 1, "∂f/∂x", ()),
    ("f(x) = x^2\ng = grad", "SyntaxMistake", 2, "grad", ()), ("f(x) = x^2|_(3)", "SyntaxMistake", 1, "3", ()),
    ("A in R^(2x2)\nx in R^2\ny = A x\nB = A x x^T\ng = ∂B/∂x", "ShapeError", 5, "∂B/∂x", ()),
]


@pytest.mark.parametrize(("block", "kind", "line", "offence", "fixes"), REFUSED)
def test_a_derivative_with_two_readings_or_none_is_refused(block, kind, line, offence, fixes) -> None:
    with pytest.raises(JacmagicError) as caught:
        jacmagic.jacobian(block)
    error = caught.value
    assert type(error).__name__ == kind, str(error)
    assert error.line == line
    assert offence is None or block[error.span.start : error.span.stop] == offence
    assert error.hints == fixes, str(error)


@pytest.mark.parametrize(("block", "_", "__", "offence", "fixes"), [one for one in REFUSED if one[4]])
def test_a_fix_parses_where_it_is_pasted(block, _, __, offence, fixes) -> None:
    with pytest.raises(JacmagicError) as caught:
        jacmagic.jacobian(block)
    span = caught.value.span
    for fix in fixes:
        pasted = f"{fix}\n{block}" if fix.endswith("in R") else block[: span.start] + fix + block[span.stop :]
        if offence in ("f_x", "J_F"):
            pasted = block.replace(offence, fix)
        jacmagic.jacobian(pasted)


def test_a_derivative_may_be_called_d() -> None:
    r = jacmagic.jacobian("z = x^2 y\nd = dz/dx\nf = d^2 + 3d x", wrt="x, y")
    x, y = r.variables
    assert sp.simplify(r.outputs[0] - (4 * x**2 * y**2 + 6 * x**2 * y)) == 0



def test_others_are_held_and_definitions_are_gone_through() -> None:
    r = jacmagic.jacobian("y = x^2\nf(x, y) = x y\nr = x^3\ng(x) = sin(r)\nh = [∂f/∂x, df/dx, g_x, dg/dx]")
    x = r.symbols["x"]
    assert list(r.outputs) == [x**2, 3 * x**2, 3 * x**2 * sp.cos(x**3), 3 * x**2 * sp.cos(x**3)]


def test_a_derivative_inside_a_function_is_taken_where_that_is_called() -> None:
    r = jacmagic.jacobian("f(x) = x^3\ng(x) = f'(x) + f' + d/dx (x^2) + ∂f/∂x\nh = g(2) + t")
    assert r.forward(t=1.0)["h"] == 12 + 12 + 4 + 12 + 1


def test_a_definition_as_argument_is_an_argument() -> None:
    r = jacmagic.jacobian("x = t^2\nf(x) = x^3\ng = f'(x) + f''(x + 1)")
    t = r.symbols["t"]
    assert sp.expand(r.outputs[0] - (3 * t**4 + 6 * t**2 + 6)) == 0


def test_by_a_weight_it_has_the_shape_of_the_weight() -> None:
    n = jacmagic.nnchain("x in R^2\na = tanh(W1 x + c1) in R^3\no = W2 a + c2 in R^1\nL = ||o - y||^2\nG = ∂L/∂W1\nP = ||G||_F^2 + L")
    W = n.at("L", "W1")
    assert n.forward()["G"] == pytest.approx(W)
    assert n.forward()["P"] == pytest.approx((W**2).sum() + n.forward()["L"])


OF_VECTORS = [
    "softmax(x)", "log_softmax(x)", "layer_norm(x)", "A x", "tanh(A x)", "softmax(A x)", "x .* x", "x x^T x", "sigmoid(A x) .* x", "diag(x) A x",
    "rms_norm(x)", "[x[i]^2 x[i+1] for i = 1..2]", "A A x",
]
OF_NUMBERS = [
    "logsumexp(x)", "||x||", "prod(x)", "max(x)", "mean(x .* x)", "||A x||^2", "sum(x_i^3 for i = 1..3)", "var(x)", "cross_entropy(softmax(A x), w)",
    "x^T A x", "||A||_F x[1]", "prod(A x)", "log_softmax(A x)[2]",
]


@pytest.mark.parametrize("shown", OF_VECTORS + OF_NUMBERS)
def test_what_is_of_vectors_is_differentiated_three_times(shown: str) -> None:
    """Each derivative against central differences of the one before; the first are held by the oracle of random programs."""
    f = f"sum({shown})^2 + sum(sin({shown}))" if shown in OF_VECTORS else f"({shown})^2 + sin({shown})"
    block = f"x, w in R^3\nA in R^(3x3)\nf(x) = {f}\nG = grad f\nH = hess f\nq = ||G||^2 + H[1,2]"
    r = jacmagic.jacobian(block)
    rng = np.random.default_rng(3)
    point = {"x": np.array([0.4, -0.7, 1.1]), "A": rng.normal(size=(3, 3)), "w": np.array([0.2, 0.5, 0.3])}
    point = {key: one for key, one in point.items() if key in r.program.inputs}
    step = 1e-5

    def moved(of: str, k: int) -> np.ndarray:
        ends = []
        for sign in (1, -1):
            x = point["x"].copy()
            x[k] += sign * step
            ends.append(np.asarray(r.forward(**point | {"x": x})[of]))
        return (ends[0] - ends[1]) / (2 * step)

    found = r.forward(**point)
    assert found["G"] == pytest.approx(np.array([moved("f", k) for k in range(3)]), rel=1e-6, abs=1e-7)
    assert found["H"] == pytest.approx(np.array([moved("G", k) for k in range(3)]), rel=1e-6, abs=1e-7)
    assert np.ravel(r.at("q", "x", **point)) == pytest.approx(np.array([moved("q", k) for k in range(3)]), rel=1e-5, abs=1e-6)


def test_no_line_of_the_chain_rule_says_nothing() -> None:
    shown = plain_text(jacmagic.jacobian("r = sqrt(x^2 + y^2)\nf(x, y) = sin(r)/r\ng(x, y) = ∂f/∂x"))
    assert not {"∂g/∂x", "∂g/∂y"} & set(shown.splitlines())
    assert "∂g/∂y = " in shown


def test_a_net_learns_a_differential_equation() -> None:
    """u' = -u with u(0) = 1: the residual has u' by the input of the net."""
    n = jacmagic.nnchain("t in R input\nu(t) = v^T tanh(w t + b) + c\nw, b, v in R^6\nL = (u'(t) + u(t))^2 + (u(0) - 1)^2")
    p = {key: torch.tensor(np.asarray(n.values[key]), dtype=torch.float64, requires_grad=True) for key in "wbvc"}
    u = lambda t: (p["v"] * torch.tanh(p["w"] * t + p["b"])).sum() + p["c"]
    t0 = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    slope = torch.autograd.grad(u(t0), t0, create_graph=True)[0]
    loss = (slope + u(t0)) ** 2 + (u(torch.zeros(1, dtype=torch.float64)) - 1) ** 2
    for key, one in zip("wbvc", torch.autograd.grad(loss, [p[key] for key in "wbvc"])):
        assert n.gradients(t=0.7)[key] == pytest.approx(one.numpy(), rel=1e-10, abs=1e-12)
    losses = n.train({"t": np.linspace(0, 1, 11)}, lr=0.1, steps=1500, progress=False)
    assert losses[-1] < 1e-3 < losses[0]
    where = [float(n.forward(t=one)["u"]) for one in (0.0, 0.5, 1.0)]
    assert where == pytest.approx(np.exp([0.0, -0.5, -1.0]), abs=0.05)
