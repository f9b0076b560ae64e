"""Random blocks with derivatives in them, f_xy, h''(x y), ||grad f||²: their numbers and their Jacobians.

Against PyTorch's double and triple backward, SymPy, every backend that runs here, and the page's evaluator. The
functions are made up as text, as PyTorch and as SymPy at once; the second and third never see our graph.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sympy as sp
from optional import has, optional, panel_source

import jacmagic
from jacmagic import panel

torch = optional("torch")
PROGRAMS, CHUNK = 5000, 25
X, Y = sp.symbols("x y", real=True)
Run = Callable[[Any, Any], Any]


pytestmark = pytest.mark.usefixtures("double_precision")


@dataclass(frozen=True)
class Made:
    """A number as the block has it, as PyTorch and as SymPy have it, both of x and y."""

    text: str
    run: Run
    expr: sp.Expr


OUTER: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sin({})": (torch.sin, sp.sin), "cos({})": (torch.cos, sp.cos), "tanh({})": (torch.tanh, sp.tanh),
    "({})^2": (lambda z: z**2, lambda z: z**2), "({})^3": (lambda z: z**3, lambda z: z**3),
    "e^(-({})^2)": (lambda z: torch.exp(-(z**2)), lambda z: sp.exp(-(z**2))), "ln(1 + ({})^2)": (lambda z: torch.log(1 + z**2), lambda z: sp.log(1 + z**2)),
    "sqrt(1 + ({})^2)": (lambda z: torch.sqrt(1 + z**2), lambda z: sp.sqrt(1 + z**2)), "1/(1 + ({})^2)": (lambda z: 1 / (1 + z**2), lambda z: 1 / (1 + z**2)),
    "atan({})": (torch.atan, sp.atan), "sigmoid({})": (torch.sigmoid, lambda z: 1 / (1 + sp.exp(-z))),
}


def function(rng: np.random.Generator, depth: int, *, both: bool = True) -> Made:
    """A smooth function of x and y, or of x alone."""
    kind = rng.integers(4) if depth else 3
    if kind == 0:
        text = str(rng.choice(list(OUTER)))
        f, g = OUTER[text]
        inner = function(rng, depth - 1, both=both)
        return Made(text.format(inner.text), lambda x, y: f(inner.run(x, y)), g(inner.expr))
    if kind in (1, 2):
        one, other = (function(rng, depth - 1, both=both) for _ in range(2))
        if kind == 1:
            return Made(f"{one.text} + {other.text}", lambda x, y: one.run(x, y) + other.run(x, y), one.expr + other.expr)
        return Made(f"({one.text}) * ({other.text})", lambda x, y: one.run(x, y) * other.run(x, y), one.expr * other.expr)
    n = int(rng.integers(1, 4))
    if both and rng.random() < 0.5:
        return Made(f"{n}y", lambda x, y: n * y, n * Y)
    return Made(f"{n}x", lambda x, y: n * x, n * X)


def slope(run: Run, by: str) -> Run:
    """The function's slopes along x and y, in order, by PyTorch's backward, which is differentiated again."""

    def one(x: Any, y: Any) -> Any:
        at = [v.clone() if v.requires_grad else v.clone().requires_grad_() for v in (x, y)]
        value = (run if len(by) == 1 else slope(run, by[:-1]))(*at)
        if not value.requires_grad:
            return torch.zeros(())
        found = torch.autograd.grad(value, at["xy".index(by[-1])], create_graph=True, allow_unused=True)[0]
        return torch.zeros(()) if found is None else found

    return one


def number(value: float) -> Any:
    return torch.tensor(float(value))


def forms(f: Made, h: Made, a: int) -> list[Made]:
    """Numbers made of derivatives of f(x, y) and h(x), as a block may write them."""
    d = {by: slope(f.run, by) for by in ("x", "y", "xx", "xy", "yy", "xxy")}
    e = {by: sp.diff(f.expr, *({"x": X, "y": Y}[one] for one in by)) for by in d}
    h1, h2 = slope(h.run, "x"), slope(h.run, "xx")
    return [
        Made("f_x", d["x"], e["x"]), Made("∂f/∂y", d["y"], e["y"]), Made("f_xy", d["xy"], e["xy"]),
        Made(r"\frac{\partial^2 f}{\partial x^2}", d["xx"], e["xx"]), Made("f_xxy", d["xxy"], e["xxy"]),
        Made("laplace f", lambda x, y: d["xx"](x, y) + d["yy"](x, y), e["xx"] + e["yy"]),
        Made("||grad f||^2", lambda x, y: d["x"](x, y) ** 2 + d["y"](x, y) ** 2, e["x"] ** 2 + e["y"] ** 2),
        Made("det(hess f)", lambda x, y: d["xx"](x, y) * d["yy"](x, y) - d["xy"](x, y) ** 2, e["xx"] * e["yy"] - e["xy"] ** 2),
        Made("D_v f", lambda x, y: d["x"](x, y) + 2 * d["y"](x, y), e["x"] + 2 * e["y"]),
        Made(f"f_x({a}, y)", lambda x, y: d["x"](number(a), y), e["x"].subs(X, a)),
        Made("f_y(y, x)", lambda x, y: d["y"](y, x), e["y"].subs({X: Y, Y: X}, simultaneous=True)),
        Made("h'(x)", h1, sp.diff(h.expr, X)), Made("h''(x)", h2, sp.diff(h.expr, X, 2)),
        Made("h'(x y)", lambda x, y: h1(x * y, y), sp.diff(h.expr, X).subs(X, X * Y)),
        Made("f", f.run, f.expr),
    ]


def program(seed: int) -> tuple[str, Made, dict[str, float]]:
    """A block, its last line for the oracles, and where."""
    rng = np.random.default_rng((1507, seed))
    f, h = function(rng, int(rng.integers(1, 4))), function(rng, int(rng.integers(1, 3)), both=False)
    one, other = (forms(f, h, 1)[k] for k in rng.integers(0, 15, 2))
    if rng.random() < 0.5:
        g = Made(f"{one.text} + ({other.text}) * x", lambda x, y: one.run(x, y) + other.run(x, y) * x, one.expr + other.expr * X)
    else:
        g = Made(f"tanh({one.text}) * ({other.text})", lambda x, y: torch.tanh(one.run(x, y)) * other.run(x, y), sp.tanh(one.expr) * other.expr)
    block = f"v = [1, 2]\nf(x, y) = {f.text} + 0x + 0y\nh(x) = {h.text}\ng(x, y) = {g.text} + 0y"
    return block, g, {"x": float(rng.uniform(-1.2, 1.2)), "y": float(rng.uniform(-1.2, 1.2))}


def wanted(g: Made, at: dict[str, float]) -> tuple[float, np.ndarray]:
    """The number and its two slopes by PyTorch."""
    x, y = (number(at[key]).requires_grad_() for key in "xy")
    value = g.run(x, y)
    slopes = torch.autograd.grad(value, (x, y), allow_unused=True) if value.requires_grad else (None, None)
    return float(value.detach()), np.array([0.0 if one is None else float(one) for one in slopes])


def near(found: Any, expected: Any, says: str) -> None:
    assert np.asarray(found, float).ravel() == pytest.approx(np.ravel(expected), rel=1e-7, abs=1e-8), says


SEEDS = [
    pytest.param(k, marks=() if k == 0 else pytest.mark.long if k % 20 == 0 else pytest.mark.scale) for k in range(PROGRAMS // CHUNK)
]


@pytest.mark.parametrize("chunk", SEEDS)
def test_derivatives_in_a_block_are_pytorchs_and_sympys_in_every_backend(chunk: int, tmp_path: Any) -> None:
    pages = []
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        block, g, at = program(seed)
        r = jacmagic.jacobian(block, "x, y")
        row = r.program.outputs.index("g")
        value, slopes = wanted(g, at)
        near(r.forward(**at)["g"], value, block)
        near(r.at("g", "x", **at), slopes[0], block)
        near(r.at("g", "y", **at), slopes[1], block)
        places = {symbol: ({"v1": 1, "v2": 2} | at)[symbol.name] for symbol in (*r.variables, *r.parameters)}
        near(g.expr.diff(X).subs({X: at["x"], Y: at["y"]}).evalf(), slopes[0], block)
        near(r.matrix[row, :].subs(places).evalf(), slopes, block)
        backends = ["numpy", "math", *(["torch"] if seed % 5 == 0 else []), *(["jax"] if seed % CHUNK == 0 and has("jax") else [])]
        for backend in backends:
            given = {key: number(v) if backend == "torch" else v for key, v in at.items()}
            found = np.asarray(r.function(backend)(**given), dtype=float)
            assert found[row] == pytest.approx(slopes, rel=1e-4 if backend == "jax" else 1e-7, abs=1e-4 if backend == "jax" else 1e-8), (backend, block)
        pages.append({"graph": panel.spec(r)["graph"], "at": {"v": [1, 2]} | at, "row": row, "slopes": slopes.tolist(), "block": block})
    in_the_page(pages, tmp_path)


def in_the_page(pages: list[dict[str, Any]], folder: Any) -> None:
    """The same slopes by the page's evaluator, in Node."""
    if not has("node"):
        return
    file = folder / "pages.json"
    file.write_text(json.dumps(pages), encoding="utf-8")
    code = """
        import { readFileSync } from "node:fs";
        const { compile } = await import(process.argv[1]);
        for (const { graph, at, row, slopes, block } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
            const engine = compile(graph);
            for (const [key, v] of Object.entries(at)) engine.set(key, [v].flat());
            const found = Array.from(engine.get("J")).slice(2 * row, 2 * row + 2);
            found.forEach((v, k) => { if (!(Math.abs(v - slopes[k]) <= 1e-8 + 1e-7 * Math.abs(slopes[k]))) throw new Error(block + ": " + found + " not " + slopes); });
        }"""
    source = panel_source("evaluator.js").as_uri()
    done = subprocess.run(["node", "--input-type=module", "-e", code, source, file], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
