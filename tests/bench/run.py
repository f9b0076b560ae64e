"""Benchmarks side by side with what people use now, in one run.

    python tests/bench/run.py [--only TEXT] [--rounds N] [--json FILE]

Prints a Markdown table: for each row the peer, the ratio of medians over interleaved
rounds (with the spread of the rounds' own ratios), what was to be reached, and the
check that both gave the same result. Times on a shared machine are noisy; ratios of
interleaved runs are what counts. Peers that are not installed are left out, by name.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp
from sympy.parsing.sympy_parser import (
    implicit_multiplication_application,
    parse_expr,
    standard_transformations,
)

sys.path.insert(0, str(Path(__file__).parents[2]))
import jacmagic

HERE = Path(__file__).parent


@dataclass
class Row:
    """One comparison.

    ours, theirs   functions that do the work and return what is compared
    goal           the ratio to reach, theirs over ours
    same           True where the results agree
    """

    name: str
    peer: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    goal: str
    reached: Callable[[float], bool]
    same: Callable[[Any, Any], bool] = lambda a, b: bool(np.allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-8))
    rounds: int | None = None
    repeat: int = 1
    results: dict[str, Any] = field(default_factory=dict)


def clock(work: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    begin = time.perf_counter()
    for _ in range(repeat):
        value = work()
    return (time.perf_counter() - begin) / repeat, value


def measure(row: Row, rounds: int) -> dict[str, Any]:
    """Medians over interleaved rounds, the ratio, and whether both agree."""
    ours, theirs, ratios = [], [], []
    mine = other = None
    for k in range(row.rounds or rounds):
        first, second = (row.ours, row.theirs) if k % 2 == 0 else (row.theirs, row.ours)
        a, va = clock(first, row.repeat)
        b, vb = clock(second, row.repeat)
        if k % 2:
            a, b, va, vb = b, a, vb, va
        ours.append(a)
        theirs.append(b)
        ratios.append(b / a)
        mine, other = va, vb
    ratio = statistics.median(theirs) / statistics.median(ours)
    return {
        "row": row.name, "peer": row.peer, "ours_ms": 1e3 * statistics.median(ours),
        "peer_ms": 1e3 * statistics.median(theirs), "ratio": ratio, "low": min(ratios), "high": max(ratios),
        "goal": row.goal, "reached": row.reached(ratio), "same": bool(row.same(mine, other)),
    }


# ------------------------------------------------------------------ the tutorial's way
RULES = (*standard_transformations, implicit_multiplication_application)


def tutorial(functions: list[str], names: str, point: dict[str, float], simplify: bool = False) -> np.ndarray:
    """Parse, differentiate, print, lambdify, call: twenty lines of a tutorial in one."""
    symbols = sp.symbols(names, real=True)
    local = {s.name: s for s in symbols}
    f = sp.Matrix([parse_expr(text, local_dict=dict(local), transformations=RULES) for text in functions])
    matrix = f.jacobian(symbols[: len(point)])
    if simplify:
        matrix = sp.simplify(matrix)
    sp.latex(matrix)
    return sp.lambdify(symbols, matrix, "numpy")(*point.values())


LECTURE = {
    "x²": ("f(x) = x^2", ["x**2"], "x,", {"x": 1.5}),
    "2x₁x₂² + 3x₁ + 2x₂": ("f(x1, x2) = 2x1 x2^2 + 3x1 + 2x2", ["2*x1*x2**2 + 3*x1 + 2*x2"], "x1 x2", {"x1": 1.0, "x2": 2.0}),
    "polar": ("x(r, t) = r cos t\ny(r, t) = r sin t", ["r*cos(t)", "r*sin(t)"], "r t", {"r": 2.0, "t": 0.7}),
    "spherical": ("F(r, s, t) = [r sin s cos t, r sin s sin t, r cos s]",
                  ["r*sin(s)*cos(t)", "r*sin(s)*sin(t)", "r*cos(s)"], "r s t", {"r": 1.5, "s": 0.8, "t": 0.3}),
    "Rosenbrock": ("f(x, y) = 100 (y - x^2)^2 + (1 - x)^2", ["100*(y - x**2)**2 + (1 - x)**2"], "x y", {"x": 0.5, "y": 0.2}),
}


def fresh() -> None:
    """Forget what SymPy and we remember, so that a warm cell is typed, not looked up."""
    sp.core.cache.clear_cache()
    from jacmagic import calculus

    calculus.gradient.cache_clear()


def lecture_rows() -> list[Row]:
    rows = []
    for name, (block, functions, names, point) in LECTURE.items():
        def ours(block: str = block, point: dict[str, float] = point) -> np.ndarray:
            fresh()
            r = jacmagic.jacobian(block)
            r.latex()
            return r.at(**point)

        def theirs(functions: list[str] = functions, names: str = names, point: dict[str, float] = point,
                   simplify: bool = False) -> np.ndarray:
            fresh()
            return tutorial(functions, names, point, simplify)

        def slow(theirs: Callable[..., np.ndarray] = theirs) -> np.ndarray:
            return theirs(simplify=True)

        rows.append(Row(f"lecture cell, {name}", "SymPy, the tutorial's way", ours, theirs, "no slower", lambda r: r >= 1))
        rows.append(Row(f"lecture cell, {name}", "the same with simplify", ours, slow, "3 times", lambda r: r >= 3))
    return rows


# ------------------------------------------------------------------ larger systems
def broyden_block(n: int) -> str:
    return (
        f"n = {n}\nx in R^n\nF = [(3 - 2x[1]) x[1] - 2x[2] + 1,\n"
        "  [(3 - 2x[i]) x[i] - x[i-1] - 2x[i+1] + 1 for i = 2..n-1],\n  (3 - 2x[n]) x[n] - x[n-1] + 1]"
    )


def broyden_sympy(n: int) -> sp.Matrix:
    x = sp.symbols(f"x1:{n + 1}", real=True)
    f = [(3 - 2 * x[i]) * x[i] - (x[i - 1] if i else 0) - (2 * x[i + 1] if i < n - 1 else 0) + 1 for i in range(n)]
    return sp.Matrix(f).jacobian(x)


def broyden_lines(n: int) -> str:
    lines = []
    for i in range(1, n + 1):
        before = f" - x{i - 1}" if i > 1 else ""
        after = f" - 2x{i + 1}" if i < n else ""
        lines.append(f"f{i} = (3 - 2x{i}) x{i}{before}{after} + 1")
    return "\n".join(lines)


def broyden_parsed(n: int) -> sp.Matrix:
    x = sp.symbols(f"x1:{n + 1}", real=True)
    local = {s.name: s for s in x}
    texts = [line.split(" = ")[1] for line in broyden_lines(n).splitlines()]
    f = [parse_expr(text, local_dict=dict(local), transformations=(*RULES,)) for text in
         (t.replace("2x", "2*x").replace(") x", ")*x") for t in texts)]
    return sp.Matrix(f).jacobian(x)


def composition(depth: int) -> np.ndarray:
    lines = ["x0 = t", *(f"x{k + 1} = sin(x{k}) x{k}^2" for k in range(depth))]
    return jacmagic.jacobian("\n".join(lines)).at(t=1.114157)


def composition_sympy(depth: int) -> float:
    t = sp.Symbol("t", real=True)
    x = t
    for _ in range(depth):
        x = sp.sin(x) * x**2
    return float(sp.lambdify(t, sp.diff(x, t), "math")(1.114157))


def tanh_net(width: int, depth: int, rng: np.random.Generator) -> tuple[str, dict[str, np.ndarray]]:
    text = f"x({width})" + f" -> {width} tanh" * depth
    values: dict[str, np.ndarray] = {"x": rng.normal(size=width)}
    for k in range(1, depth + 1):
        values[f"W{k}"], values[f"c{k}"] = rng.normal(size=(width, width)) / 2, rng.normal(size=width)
    return text, values


def tanh_net_sympy(width: int, depth: int, values: dict[str, np.ndarray]) -> np.ndarray:
    x = sp.Matrix(sp.symbols(f"x1:{width + 1}", real=True))
    h, symbols = x, list(x)
    for k in range(1, depth + 1):
        w = sp.Matrix(width, width, lambda i, j, k=k: sp.Symbol(f"W{k}_{i}_{j}", real=True))
        c = sp.Matrix(width, 1, lambda i, j, k=k: sp.Symbol(f"c{k}_{i}", real=True))
        symbols += [*w, *c]
        h = (w * h + c).applyfunc(sp.tanh)
    matrix = h.jacobian(x)
    numbers = np.concatenate([values["x"], *(np.concatenate([values[f"W{k}"].ravel(), values[f"c{k}"]]) for k in range(1, depth + 1))])
    return np.array(sp.lambdify(symbols, matrix, "numpy")(*numbers))


# ------------------------------------------------------------------ processes
def process(code: str) -> float:
    """Seconds that code reports for itself in a fresh interpreter."""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parents[1])
    return float(out.stdout.strip().splitlines()[-1])


LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begin = time.perf_counter()
shell.run_line_magic("load_ext", "jacmagic")
print(time.perf_counter() - begin)
"""
IMPORTS = "import time; b = time.perf_counter(); import sympy, numpy, ipywidgets; print(time.perf_counter() - b)"
PAIR = "import time; b = time.perf_counter(); import sympy, numpy; print(time.perf_counter() - b)"
FIRST = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begin = time.perf_counter()
import jacmagic
jacmagic.jacobian("f(x1, x2) = [2x1 x2^2 + 3x1, x1^2 sin x2]")._repr_mimebundle_()
print(time.perf_counter() - begin)
"""


def process_row(name: str, peer: str, ours: str, theirs: str, goal: str, reached: Callable[[float], bool], rounds: int) -> dict[str, Any]:
    a, b = [], []
    for _ in range(rounds):
        a.append(process(ours))
        b.append(process(theirs))
    ratio = statistics.median(b) / statistics.median(a)
    ratios = [y / x for x, y in zip(a, b)]
    return {"row": name, "peer": peer, "ours_ms": 1e3 * statistics.median(a), "peer_ms": 1e3 * statistics.median(b),
            "ratio": ratio, "low": min(ratios), "high": max(ratios), "goal": goal, "reached": reached(ratio), "same": None}


# ------------------------------------------------------------------ the table
def rows() -> list[Row]:
    rng = np.random.default_rng(7)
    found = lecture_rows()
    found.append(Row(
        "Broyden tridiagonal, n = 100, a family: the SymPy matrix", "Matrix.jacobian",
        lambda: (fresh(), jacmagic.jacobian(broyden_block(100)).matrix)[1], lambda: (fresh(), broyden_sympy(100))[1],
        "20 times", lambda r: r >= 20, same=lambda a, b: sp.Matrix(a) == b, rounds=5,
    ))
    found.append(Row(
        "the same as 100 written lines, from text", "parse_expr and Matrix.jacobian",
        lambda: (fresh(), jacmagic.jacobian(broyden_lines(100)).matrix)[1], lambda: (fresh(), broyden_parsed(100))[1],
        "3 times", lambda r: r >= 3, same=lambda a, b: (sp.Matrix(a) - b).expand().is_zero_matrix is True, rounds=5,
    ))
    found.append(Row(
        "xₖ₊₁ = sin(xₖ) xₖ², depth 12, first number", "diff of the substituted expression",
        lambda: (fresh(), composition(12))[1], lambda: (fresh(), composition_sympy(12))[1], "100 times", lambda r: r >= 100,
        rounds=3,
    ))
    text, values = tanh_net(5, 4, rng)
    found.append(Row(
        "5-wide 4-deep tanh net, first Jacobian", "one substituted SymPy expression",
        lambda: jacmagic.nnchain(text).at(**values), lambda: tanh_net_sympy(5, 4, values), "500 times", lambda r: r >= 500,
        rounds=1,
    ))
    found.append(Row(
        "100-layer net of width 10, first Jacobian: growth with depth", "50 layers of it, ours",
        lambda: jacmagic.nnchain("x(10)" + " -> 10 tanh" * 100).at(),
        lambda: jacmagic.nnchain("x(10)" + " -> 10 tanh" * 50).at(), "at most 2.5 times its time", lambda r: r >= 1 / 2.5,
        same=lambda a, b: a.shape == b.shape,
    ))
    found += net_rows(rng)
    found += code_rows(rng)
    return found


def net_rows(rng: np.random.Generator) -> list[Row]:
    net = jacmagic.nnchain("x(784) -> 128 tanh -> 64 tanh -> 10 softmax")
    batch = rng.normal(size=(1000, 784))
    w1, w2, w3 = (np.asarray(net.values[k]) for k in ("W1", "W2", "W3"))
    hidden, deep, out = rng.normal(size=(1000, 128)), rng.normal(size=(1000, 64)), rng.normal(size=(1000, 10, 10))

    def products() -> float:
        batch @ w1.T
        hidden @ w2.T
        deep @ w3.T
        a = out.reshape(-1, 10) @ w3
        b = a @ w2
        (b @ w1)
        return 0.0

    function = net.function("numpy")
    found = [Row("784-128-64-10, 1,000 inputs, all Jacobians", "the bare matrix products in NumPy",
                 lambda: function(x=batch), products, "at most 1.3 times their time", lambda r: r >= 1 / 1.3,
                 same=lambda a, b: a.shape == (1000, 10, 784))]
    if find_spec("torch"):
        import torch

        x = torch.tensor(batch)
        t = {k: torch.tensor(np.asarray(v)) for k, v in net.values.items()}

        def forward(x: Any) -> Any:
            h = torch.tanh(t["W1"] @ x + t["c1"])
            h = torch.tanh(t["W2"] @ h + t["c2"])
            return torch.softmax(t["W3"] @ h + t["c3"], -1)

        func = torch.func.vmap(torch.func.jacrev(forward))
        found.append(Row("784-128-64-10, 1,000 inputs, all Jacobians", "torch.func.vmap(jacrev)",
                         lambda: function(x=batch), lambda: func(x).numpy(), "3.5 times", lambda r: r >= 3.5))
    return found


def code_rows(rng: np.random.Generator) -> list[Row]:
    r = jacmagic.jacobian("x(s, t) = l cos s + m cos(s + t)\ny(s, t) = l sin s + m sin(s + t)\nl = 1.0\nm = 0.8")
    point = {"s": 0.4, "t": 0.9, "l": 1.0, "m": 0.8}
    many = {k: rng.uniform(0, 2, 1_000_000) for k in point}
    space: dict[str, Any] = {}
    exec(r.code("math"), space)
    generated = space["jacobian"]
    import math

    def by_hand(s: float, t: float, l: float, m: float) -> tuple[tuple[float, float], tuple[float, float]]:  # noqa: E741
        a, b = m * math.sin(s + t), m * math.cos(s + t)
        return (-l * math.sin(s) - a, -a), (l * math.cos(s) + b, b)

    def arrays(s: Any, t: Any, l: Any, m: Any) -> Any:  # noqa: E741
        a, b = m * np.sin(s + t), m * np.cos(s + t)
        out = np.empty((*np.shape(a), 2, 2))
        out[..., 0, 0], out[..., 0, 1] = -l * np.sin(s) - a, -a
        out[..., 1, 0], out[..., 1, 1] = l * np.cos(s) + b, b
        return out

    symbols = sp.symbols("s t l m", real=True)
    s, t, a, b = symbols
    f = sp.Matrix([a * sp.cos(s) + b * sp.cos(s + t), a * sp.sin(s) + b * sp.sin(s + t)])
    lambdified = sp.lambdify(symbols, f.jacobian([s, t]), "numpy")
    function = r.function("numpy")
    return [
        Row("generated Python (math), one point", "written by hand", lambda: generated(**point), lambda: by_hand(**point),
            "at most 1.1 times its time", lambda r: r >= 1 / 1.1, repeat=20_000),
        Row("generated Python (math), one point", "lambdify of the Matrix", lambda: generated(**point),
            lambda: lambdified(**point), "5 times", lambda r: r >= 5, repeat=5_000),
        Row("generated NumPy, 10⁶ points", "written by hand", lambda: function(**many), lambda: arrays(**many),
            "at most 1.1 times its time", lambda r: r >= 1 / 1.1),
    ]


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--only", default="")
    ask.add_argument("--rounds", type=int, default=7)
    ask.add_argument("--json", type=Path)
    args = ask.parse_args()
    done: list[dict[str, Any]] = []
    starts = [
        ("%load_ext jacmagic", "import SymPy, NumPy, ipywidgets", LOAD, IMPORTS, "200 times", lambda r: r >= 200),
        ("first cell in a fresh kernel, text to bundle", "import SymPy and NumPy alone", FIRST, PAIR,
         "at most 1.5 times its time", lambda r: r >= 1 / 1.5),
    ]
    for name, peer, ours, theirs, goal, reached in starts:
        if args.only in name:
            done.append(process_row(name, peer, ours, theirs, goal, reached, min(args.rounds, 5)))
            print("…", name, file=sys.stderr)
    for row in rows():
        if args.only in row.name:
            done.append(measure(row, args.rounds))
            print("…", row.name, file=sys.stderr)
    print("| what | against | ours | theirs | ratio (spread) | to reach | |")
    print("|---|---|---|---|---|---|---|")
    for one in done:
        mark = ("✓" if one["reached"] else "✗") + (" results differ" if one["same"] is False else "")
        print(f"| {one['row']} | {one['peer']} | {one['ours_ms']:.3g} ms | {one['peer_ms']:.3g} ms | "
              f"{one['ratio']:.3g} ({one['low']:.2g}–{one['high']:.2g}) | {one['goal']} | {mark} |")
    if args.json:
        args.json.write_text(json.dumps(done, indent=1))
    return 1 if any(one["same"] is False for one in done) else 0


if __name__ == "__main__":
    raise SystemExit(main())
