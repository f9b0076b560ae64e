"""What is measured: for each row our work, that of each peer, and what is to be reached.

Every side prepares itself, so that the memory of one is not in the process of another.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from harness import HERE, ROOT, Peer, Row, Seconds, Work, clock_name

TUTORIAL = "SymPy, the tutorial's way"


# ------------------------------------------------------------------ processes
def process(code: str) -> Work:
    """Work in a fresh interpreter, which says itself how long it took; as installed, with bytecode."""
    import os

    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)

    def work() -> Seconds:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", f"from time import {clock_name()} as clock\n{code}"],
            capture_output=True, text=True, check=True, cwd=HERE, env=env,
        )
        return Seconds(float(done.stdout.strip().splitlines()[-1]))

    work()  # the first writes the bytecode
    return work


def importing(names: str) -> Work:
    return process(f"b = clock()\nimport {names}\nprint(clock() - b)")


LOAD = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
b = clock()
shell.run_line_magic("load_ext", "jacmagic")
print(clock() - b)
"""
FIRST = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "jacmagic")
b = clock()
r = shell.run_cell_magic("jacobian", "", "f1(x1, x2) = 2x1 x2^2 + 3x1 + 2x2\\nf2(x1, x2) = k x1^2 sin x2\\nk = 3 in [0, 7]")
r._repr_mimebundle_()
print(clock() - b)
"""
AFTER_A_SECOND = FIRST.replace("b = clock()", """
import time
from jacmagic import working
working.prepare("jacmagic.notebook", "jacmagic.panel.bridge")  # as `%load_ext` does in a kernel
time.sleep(1)
b = clock()""")
START = (
    Row(
        "`%load_ext jacmagic`", lambda: process(LOAD),
        (Peer("import SymPy, NumPy and ipywidgets", lambda: importing("sympy, numpy, ipywidgets"), 200, same=None),),
        limit=0.005, memory=False,
    ),
    Row(
        "the first cell of a kernel, text to displayed panel", lambda: process(FIRST),
        (Peer("import SymPy and NumPy, no more", lambda: importing("sympy, numpy"), 1 / 1.5, same=None),), memory=False,
    ),
    Row(
        "the same, a second after `%load_ext`", lambda: process(AFTER_A_SECOND),
        (Peer("import SymPy and NumPy, no more", lambda: importing("sympy, numpy"), 2, same=None),), memory=False,
    ),
)


# ------------------------------------------------------------------ lecture cells
def fresh() -> None:
    """Forget what SymPy and we know of earlier formulas, so that a cell is typed, not looked up."""
    if "sympy" in sys.modules:
        sys.modules["sympy"].core.cache.clear_cache()
    for remembered in memories(len(sys.modules)):
        remembered.cache_clear()


@lru_cache(maxsize=1)
def memories(_: int) -> list[Any]:
    """Our functions that remember what they made of a formula; looked for again when a module is imported."""
    found = [one for name in sys.modules if name.startswith("jacmagic.") for one in vars(sys.modules[name]).values()]
    return [one for one in found if hasattr(one, "cache_clear") and (one.cache_parameters()["maxsize"] or 0) > 100]


def after_fresh(work: Work) -> Work:
    def again() -> Any:
        fresh()
        return work()

    return again


LECTURE = {  # name: (the block, the functions for SymPy, all symbols, the point)
    "x²": ("f(x) = x^2", ["x**2"], "x,", {"x": 1.5}),
    "two variables": ("f(x1, x2) = 2x1 x2^2 + 3x1 + 2x2", ["2*x1*x2**2 + 3*x1 + 2*x2"], "x1 x2", {"x1": 1.0, "x2": 2.0}),
    "polar": ("x(r, t) = r cos t\ny(r, t) = r sin t", ["r*cos(t)", "r*sin(t)"], "r t", {"r": 2.0, "t": 0.7}),
    "spherical": ("F(r, s, t) = [r sin s cos t, r sin s sin t, r cos s]",
                  ["r*sin(s)*cos(t)", "r*sin(s)*sin(t)", "r*cos(s)"], "r s t", {"r": 1.5, "s": 0.8, "t": 0.3}),
    "Rosenbrock": ("f(x, y) = 100 (y - x^2)^2 + (1 - x)^2", ["100*(y - x**2)**2 + (1 - x)**2"], "x y", {"x": 0.5, "y": 0.2}),
}


def lecture_ours(name: str) -> Work:
    import jacmagic

    block, _, _, point = LECTURE[name]

    def work() -> Any:
        r = jacmagic.jacobian(block)
        r.latex()
        return r.at(**point)

    return after_fresh(work)


def lecture_shown(name: str) -> Work:
    import jacmagic

    return after_fresh(lambda: jacmagic.jacobian(LECTURE[name][0])._repr_mimebundle_())


def lecture_sympy(name: str, simplify: bool = False) -> Work:
    """Parse, differentiate, print, lambdify, call: the lines of a tutorial."""
    import sympy as sp
    from sympy.parsing.sympy_parser import parse_expr

    _, functions, names, point = LECTURE[name]

    def work() -> Any:
        symbols = sp.symbols(names, real=True)
        local = {s.name: s for s in symbols}
        matrix = sp.Matrix([parse_expr(text, local_dict=dict(local)) for text in functions]).jacobian(symbols)
        if simplify:
            matrix = sp.simplify(matrix)
        sp.latex(matrix)
        return sp.lambdify(symbols, matrix, "numpy")(*point.values())

    return after_fresh(work)


def lecture_symengine(name: str) -> Work:
    """The same with symengine, which has no LaTeX: SymPy's."""
    import symengine as se
    import sympy as sp

    _, functions, names, point = LECTURE[name]
    order = names.replace(",", " ").split()

    def work() -> Any:
        symbols = [se.Symbol(one) for one in order]
        f = se.Matrix(len(functions), 1, [se.sympify(text) for text in functions])
        matrix = f.jacobian(se.Matrix(len(symbols), 1, symbols))
        sp.latex(sp.sympify(matrix))
        return se.Lambdify(symbols, matrix)(list(point.values()))

    return after_fresh(work)


LECTURES = tuple(
    Row(
        f"lecture cell, {name}: text to result, LaTeX and first number", partial(lecture_ours, name),
        (
            Peer(TUTORIAL, partial(lecture_sympy, name), 1),
            Peer("the same with simplify", partial(lecture_sympy, name, True), 3),
            Peer("symengine, LaTeX by SymPy", partial(lecture_symengine, name), needs="symengine"),
        ),
        memory=name == "spherical",
    )
    for name in LECTURE
) + tuple(
    Row(
        f"lecture cell, {name}: text to displayed panel", partial(lecture_shown, name),
        (
            Peer("to result, LaTeX and first number, ours", partial(lecture_ours, name), 1 / 4, same=None),
            Peer("the same, SymPy, the tutorial's way", partial(lecture_sympy, name), same=None),
        ),
        memory=False,
    )
    for name in LECTURE
)


def determinant(name: str) -> Work:
    """What a cell spends on its determinant."""
    import jacmagic
    from jacmagic.show.determinants import determinant_of

    matrix = jacmagic.jacobian(LECTURE[name][0]).matrix
    return after_fresh(lambda: determinant_of(matrix))


LECTURES += (
    Row(
        "the determinant of spherical", partial(determinant, "spherical"),
        (Peer("its whole cell, text to displayed panel, ours", partial(lecture_shown, "spherical"), 10, same=None),),
        memory=False,
    ),
)


# ------------------------------------------------------------------ larger systems
def broyden_block(n: int) -> str:
    return (
        f"n = {n}\nx in R^n\nF = [(3 - 2x[1]) x[1] - 2x[2] + 1,\n"
        "  [(3 - 2x[i]) x[i] - x[i-1] - 2x[i+1] + 1 for i = 2..n-1],\n  (3 - 2x[n]) x[n] - x[n-1] + 1]"
    )


def broyden_lines(n: int) -> str:
    lines = []
    for i in range(1, n + 1):
        before = f" - x{i - 1}" if i > 1 else ""
        after = f" - 2x{i + 1}" if i < n else ""
        lines.append(f"f{i} = (3 - 2x{i}) x{i}{before}{after} + 1")
    return "\n".join(lines)


def broyden_texts(n: int) -> list[str]:
    """The right sides as SymPy and symengine read them."""
    lines = broyden_lines(n).replace("2x", "2*x").replace(") x", ")*x").splitlines()
    return [line.partition(" = ")[2] for line in lines]


def broyden(x: Sequence[Any]) -> list[Any]:
    n = len(x)
    return [(3 - 2 * x[i]) * x[i] - (x[i - 1] if i else 0) - (2 * x[i + 1] if i < n - 1 else 0) + 1 for i in range(n)]


def broyden_ours(text: str, form: str = "matrix") -> Work:
    import jacmagic

    if form == "sparse":
        return after_fresh(lambda: jacmagic.jacobian(text).sparse())
    return after_fresh(lambda: jacmagic.jacobian(text).matrix)


def broyden_numbers(n: int) -> Work:
    """From text to the numbers that are not 0."""
    import numpy as np

    import jacmagic

    x = np.linspace(0, 1, n)
    return after_fresh(lambda: jacmagic.jacobian(broyden_block(n)).at(x=x, sparse=True))


def broyden_numbers_casadi(n: int) -> Work:
    import casadi as ca
    import numpy as np

    point = np.linspace(0, 1, n)

    def work() -> Any:
        x = ca.SX.sym("x", n)
        f = ca.Function("f", [x], [ca.jacobian(ca.vertcat(*broyden([x[i] for i in range(n)])), x)])
        return f(point).sparse()

    return work


def without_zeros(a: Any, b: Any) -> bool:
    return bool(a.shape == b.shape and abs(a - b).max() <= 1e-12)


def broyden_sympy(n: int) -> Work:
    import sympy as sp

    def work() -> Any:
        x = sp.symbols(f"x1:{n + 1}", real=True)
        return sp.Matrix(broyden(x)).jacobian(x)

    return after_fresh(work)


def broyden_sympy_parsed(n: int) -> Work:
    import sympy as sp
    from sympy.parsing.sympy_parser import parse_expr

    def work() -> Any:
        x = sp.symbols(f"x1:{n + 1}", real=True)
        local = {s.name: s for s in x}
        return sp.Matrix([parse_expr(text, local_dict=dict(local)) for text in broyden_texts(n)]).jacobian(x)

    return after_fresh(work)


def broyden_symengine(n: int, parsed: bool = False) -> Work:
    import symengine as se

    def work() -> Any:
        x = se.symbols(f"x1:{n + 1}")
        f = [se.sympify(text) for text in broyden_texts(n)] if parsed else broyden(x)
        return se.Matrix(n, 1, f).jacobian(se.Matrix(n, 1, x))

    return work


def broyden_casadi(n: int) -> Work:
    import casadi as ca

    def work() -> Any:
        x = ca.SX.sym("x", n)
        return ca.jacobian(ca.vertcat(*broyden([x[i] for i in range(n)])), x)

    return work


def at_numbers(a: Any, b: Any) -> bool:
    """Two symbolic matrices at one random point; SymPy's, symengine's or CasADi's."""
    import numpy as np

    def evaluated(matrix: Any, n: int) -> Any:
        point = np.random.default_rng(3).normal(size=n)
        if type(matrix).__module__.startswith("casadi"):
            import casadi as ca

            f = ca.Function("f", ca.symvar(matrix), [matrix])  # its symbols are x_0 … in order
            order = [int(str(s).rpartition("_")[2]) for s in ca.symvar(matrix)]
            return np.array(f(*point[order]))
        if type(matrix).__module__.startswith("symengine"):
            import symengine as se

            return np.array(se.Lambdify(se.symbols(f"x1:{n + 1}"), matrix)(point))
        import sympy as sp

        out = np.zeros(matrix.shape)
        for at, entry in matrix.todok().items():
            out[at] = entry.xreplace({s: sp.Float(point[int(s.name[1:]) - 1], 17) for s in entry.free_symbols})
        return out

    return bool(np.allclose(evaluated(a, a.shape[1]), evaluated(b, a.shape[1]), rtol=1e-12))


def expanded(a: Any, b: Any) -> bool:
    return (a - b).expand().is_zero_matrix is True


def exactly(a: Any, b: Any) -> bool:
    return bool(a == b)


def many_lines(n: int) -> Work:
    import jacmagic

    return jacmagic.jacobian(broyden_lines(n)).at


def many_lines_called(n: int) -> Work:
    import jacmagic

    r = jacmagic.jacobian(broyden_lines(n))
    function, point = r.function(), r.point({})
    return lambda: function(**point)


def scattered(n: int) -> Work:
    """The numbers that are not 0, into an array of zeros: the least that such a matrix costs."""
    import numpy as np

    import jacmagic

    found = jacmagic.jacobian(broyden_lines(n)).at()
    places = found.nonzero()
    entries = found[places]

    def work() -> Any:
        out = np.zeros((n, n))
        out[places] = entries
        return out

    return work


SYSTEMS = (
    Row(
        "Broyden tridiagonal, n = 100, as a family: the SymPy matrix", partial(broyden_ours, broyden_block(100)),
        (
            Peer("Matrix.jacobian", partial(broyden_sympy, 100), 20, same=exactly),
            Peer("symengine", partial(broyden_symengine, 100), needs="symengine", same=at_numbers),
            Peer("CasADi", partial(broyden_casadi, 100), needs="casadi", same=at_numbers),
        ),
    ),
    Row(
        "the same, n = 1,000, without its zeros", partial(broyden_ours, broyden_block(1000), "sparse"),
        (
            Peer("Matrix.jacobian, n = 100", partial(broyden_sympy, 100), 1, same=None),
            Peer("CasADi, n = 1,000", partial(broyden_casadi, 1000), needs="casadi", same=at_numbers),
        ),
    ),
    Row(
        "the same, n = 100,000, from text to its numbers without zeros", partial(broyden_numbers, 100_000),
        (
            Peer("CasADi", partial(broyden_numbers_casadi, 100_000), 1 / 2, needs="casadi", same=without_zeros),
            Peer("n = 10,000, ours", partial(broyden_numbers, 10_000), 1 / 14, same=None),
        ),
    ),
    Row(
        "the same, n = 100, as 100 written lines, from text", partial(broyden_ours, broyden_lines(100)),
        (
            Peer("parse_expr and Matrix.jacobian", partial(broyden_sympy_parsed, 100), 3, same=expanded),
            Peer("symengine", partial(broyden_symengine, 100, True), needs="symengine", same=at_numbers),
        ),
    ),
    Row(
        "the same, n = 300, as 300 written lines: r.at()", partial(many_lines, 300),
        (
            Peer("the bare numbers scattered by NumPy", partial(scattered, 300), 1 / 30),
            Peer("ours, r.function()", partial(many_lines_called, 300)),
            Peer("100 written lines, ours", partial(many_lines, 100), 1 / 4, same=None),
        ),
    ),
)


# ------------------------------------------------------------------ depth
AT = 1.114157
"""Near where sin(x) x² is x, so that no depth over- or underflows."""


def composed(x: Any, depth: int, sin: Callable[[Any], Any]) -> Any:
    for _ in range(depth):
        x = sin(x) * x**2
    return x


def composition(depth: int) -> Work:
    import jacmagic

    text = "\n".join(["x0 = t", *(f"x{k + 1} = sin(x{k}) x{k}^2" for k in range(depth))])
    return after_fresh(lambda: jacmagic.jacobian(text).at(t=AT).item())


def composition_sympy(depth: int) -> Work:
    import sympy as sp

    def work() -> float:
        t = sp.Symbol("t", real=True)
        return float(sp.lambdify(t, sp.diff(composed(t, depth, sp.sin), t), "math")(AT))

    return after_fresh(work)


def composition_symengine(depth: int) -> Work:
    import symengine as se

    def work() -> float:
        t = se.Symbol("t")
        return float(se.Lambdify([t], [se.diff(composed(t, depth, se.sin), t)], cse=True)([AT])[0])

    return work


def composition_casadi(depth: int) -> Work:
    import casadi as ca

    def work() -> float:
        t = ca.SX.sym("t")
        return float(ca.Function("f", [t], [ca.jacobian(composed(t, depth, ca.sin), t)])(AT))

    return work


def composition_jax(depth: int) -> Work:
    jax = jax64()
    return lambda: float(jax.grad(lambda t: composed(t, depth, jax.numpy.sin))(AT))


def composition_torch(depth: int) -> Work:
    import torch

    def work() -> float:
        t = torch.tensor(AT, dtype=torch.float64, requires_grad=True)
        composed(t, depth, torch.sin).backward()
        return float(t.grad)

    return work


def jax64() -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


DEPTH = (
    Row(
        "xₖ₊₁ = sin(xₖ) xₖ², 12 deep: first number", partial(composition, 12),
        (
            Peer("SymPy, diff of the composed expression", partial(composition_sympy, 12), 100),
            Peer("symengine", partial(composition_symengine, 12), needs="symengine"),
            Peer("CasADi", partial(composition_casadi, 12), needs="casadi"),
            Peer("JAX, grad", partial(composition_jax, 12), needs="jax"),
            Peer("PyTorch, backward", partial(composition_torch, 12), needs="torch"),
        ),
    ),
    Row(
        "the same, 200 deep", partial(composition, 200),
        (Peer("100 deep, ours", partial(composition, 100), 1 / 2.5, same=lambda a, b: math.isfinite(a) and math.isfinite(b)),),
    ),
)


# ------------------------------------------------------------------ nets
def weights(sizes: Sequence[int]) -> dict[str, Any]:
    import numpy as np

    rng = np.random.default_rng(7)
    values: dict[str, Any] = {"x": rng.normal(size=sizes[0])}
    for k, (n, m) in enumerate(pairwise(sizes), 1):
        values[f"W{k}"], values[f"c{k}"] = rng.normal(size=(m, n)) / n**0.5, rng.normal(size=m)
    return values


TANH = [5] * 5


def tanh_ours() -> Work:
    import jacmagic

    values = weights(TANH)
    return after_fresh(lambda: jacmagic.nnchain("x(5)" + " -> 5 tanh" * 4).at(**values))


def tanh_sympy() -> Work:
    import numpy as np
    import sympy as sp

    values = weights(TANH)

    def work() -> Any:
        x = sp.Matrix(sp.symbols("x1:6", real=True))
        h, symbols = x, list(x)
        for k in range(1, 5):
            w = sp.Matrix(5, 5, lambda i, j, k=k: sp.Symbol(f"W{k}_{i}_{j}", real=True))
            c = sp.Matrix(5, 1, lambda i, _, k=k: sp.Symbol(f"c{k}_{i}", real=True))
            symbols += [*w, *c]
            h = (w * h + c).applyfunc(sp.tanh)
        f = sp.lambdify(symbols, h.jacobian(x), "numpy")
        return f(*np.concatenate([np.ravel(value) for value in values.values()]))

    return after_fresh(work)


def tanh_layers(lib: Any, values: dict[str, Any]) -> Callable[[Any], Any]:
    def forward(h: Any) -> Any:
        for k in range(1, 5):
            h = lib.tanh(values[f"W{k}"] @ h + values[f"c{k}"])
        return h

    return forward


def tanh_jax() -> Work:
    jax = jax64()
    values = weights(TANH)
    return lambda: jax.jacrev(tanh_layers(jax.numpy, values))(values["x"])


def tanh_torch() -> Work:
    import torch

    values = {key: torch.tensor(value) for key, value in weights(TANH).items()}
    return lambda: torch.func.jacrev(tanh_layers(torch, values))(values["x"]).numpy()


DIGITS = [784, 128, 64, 10]
MANY = 1000


def digits_values() -> tuple[dict[str, Any], Any]:
    import numpy as np

    return weights(DIGITS), np.random.default_rng(8).normal(size=(MANY, 784))


def digits_ours() -> Work:
    import jacmagic

    values, batch = digits_values()
    net = jacmagic.nnchain("x(784) -> 128 tanh -> 64 tanh -> 10 softmax")
    for key, value in values.items():
        net.values[key] = value
    function = net.function("numpy")
    return lambda: function(x=batch)


def digits_products() -> Work:
    """The matrix products that a Jacobian of each input needs, and nothing else."""
    import numpy as np

    values, batch = digits_values()
    w1, w2, w3 = values["W1"], values["W2"], values["W3"]
    rng = np.random.default_rng(9)
    hidden, deep, out = rng.normal(size=(MANY, 128)), rng.normal(size=(MANY, 64)), rng.normal(size=(MANY * 10, 10))

    def work() -> None:
        batch @ w1.T, hidden @ w2.T, deep @ w3.T
        a = out @ w3
        b = a @ w2
        b @ w1

    return work


def digits_layers(lib: Any, values: dict[str, Any], softmax: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def forward(x: Any) -> Any:
        h = lib.tanh(values["W1"] @ x + values["c1"])
        h = lib.tanh(values["W2"] @ h + values["c2"])
        return softmax(values["W3"] @ h + values["c3"])

    return forward


def digits_torch() -> Work:
    import torch

    values, batch = digits_values()
    values = {key: torch.tensor(value) for key, value in values.items()}
    x = torch.tensor(batch)
    function = torch.func.vmap(torch.func.jacrev(digits_layers(torch, values, lambda z: torch.softmax(z, -1))))
    return lambda: function(x).numpy()


def digits_jax() -> Work:
    jax = jax64()
    values, batch = digits_values()
    values = {key: jax.numpy.asarray(value) for key, value in values.items()}
    x = jax.numpy.asarray(batch)
    function = jax.jit(jax.vmap(jax.jacrev(digits_layers(jax.numpy, values, jax.nn.softmax))))
    function(x).block_until_ready()
    return lambda: function(x).block_until_ready()


WIDE = "x(1000) -> 1000 tanh -> 1000 softmax"


def wide_shown() -> Work:
    import jacmagic

    return after_fresh(lambda: jacmagic.nnchain(WIDE)._repr_mimebundle_())


def wide_product() -> Work:
    import numpy as np

    a, b = np.random.default_rng(1).normal(size=(2, 1000, 1000))
    return lambda: a @ b


TRAINED = {
    "digits": "x(784) -> 128 relu -> 64 relu -> 10 softmax\nL = cross_entropy(o, y)",
    "XOR": "x(2) -> 4 tanh -> o(1) sigmoid\nL = bce(o, y)",
}


def examples(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data of a net, and the weights that it starts with."""
    import numpy as np

    import jacmagic

    net = jacmagic.nnchain(TRAINED[name])
    data = {"x": np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), "y": np.array([[0.0], [1], [1], [0]])}
    if name == "digits":
        rng = np.random.default_rng(8)
        data = {"x": rng.normal(size=(MANY, 784)), "y": np.eye(10)[rng.integers(0, 10, MANY)]}
    return data, {key: np.array(net.values[key]) for key in net.trainable()}


def trained_ours(name: str, steps: int) -> Work:
    import jacmagic

    data, start = examples(name)
    net = jacmagic.nnchain(TRAINED[name])

    def work() -> Any:
        net.set(**start)
        return net.train(data, lr=0.1, steps=steps, progress=False)

    return work


EPOCH = 60_000
"""Examples of MNIST."""


def epoch() -> tuple[dict[str, Any], dict[str, Any]]:
    """As many examples as MNIST has, and the weights of a net for them."""
    import numpy as np

    _, start = examples("digits")
    rng = np.random.default_rng(8)
    return {"x": rng.random((EPOCH, 784)), "y": np.eye(10)[rng.integers(0, 10, EPOCH)]}, start


def trained_in_batches(steps: int) -> Work:
    import jacmagic

    data, start = epoch()
    net = jacmagic.nnchain(TRAINED["digits"])

    def work() -> Any:
        net.set(**start)
        return net.train(data, lr=0.1, steps=steps, batch=256, progress=False)

    return work


def trained_in_batches_by_hand(steps: int) -> Work:
    """With batches of its own drawing."""
    import numpy as np

    data, start = epoch()
    order = np.random.default_rng(1).permutation(EPOCH)

    def work() -> Any:
        w = {key: value.copy() for key, value in start.items()}
        for step in range(steps):
            some = order[256 * step : 256 * (step + 1)]
            one_step(data["x"][some], data["y"][some], w)
        return None

    return work


def one_step(x: Any, y: Any, w: dict[str, Any]) -> None:
    """Forward, backward and a step of the net of digits."""
    import numpy as np

    seen = [x]
    for k in (1, 2):
        seen.append(np.maximum(seen[-1] @ w[f"W{k}"].T + w[f"c{k}"], 0))
    z = seen[-1] @ w["W3"].T + w["c3"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    delta = (e / e.sum(axis=1, keepdims=True) - y) / len(x)
    for k in (3, 2, 1):
        back = (delta @ w[f"W{k}"]) * (seen[k - 1] > 0)
        w[f"W{k}"] -= 0.1 * delta.T @ seen[k - 1]
        w[f"c{k}"] -= 0.1 * delta.sum(axis=0)
        delta = back


def trained_by_hand(name: str, steps: int) -> Work:
    """What somebody writes in NumPy: forward, backward, a step."""
    import numpy as np

    data, start = examples(name)
    x, y = data["x"], data["y"]
    deep = len(start) // 2

    def work() -> Any:
        w = {key: value.copy() for key, value in start.items()}
        losses = np.empty(steps)
        for step in range(steps):
            seen, h = [x], x
            for k in range(1, deep):
                z = h @ w[f"W{k}"].T + w[f"c{k}"]
                h = np.maximum(z, 0) if name == "digits" else np.tanh(z)
                seen.append(h)
            z = h @ w[f"W{deep}"].T + w[f"c{deep}"]
            if name == "digits":
                z = z - z.max(axis=1, keepdims=True)
                e = np.exp(z)
                o = e / e.sum(axis=1, keepdims=True)
                losses[step] = -(y * np.log(o)).sum() / len(x)
            else:
                o = 1 / (1 + np.exp(-z))
                losses[step] = -(y * np.log(o) + (1 - y) * np.log(1 - o)).sum() / len(x)
            delta = (o - y) / len(x)
            for k in range(deep, 0, -1):
                h = seen[k - 1]
                back = delta @ w[f"W{k}"]
                w[f"W{k}"] -= 0.1 * delta.T @ h
                w[f"c{k}"] -= 0.1 * delta.sum(axis=0)
                delta = back * ((h > 0) if name == "digits" else 1 - h * h)
        return losses

    return work


def trained_torch(name: str, steps: int) -> Work:
    """PyTorch, eager, with its own optimizer."""
    import torch

    data, start = examples(name)
    x, y = (torch.tensor(data[key]) for key in ("x", "y"))
    hidden = torch.relu if name == "digits" else torch.tanh
    deep = len(start) // 2

    def work() -> Any:
        w = {key: torch.tensor(value, requires_grad=True) for key, value in start.items()}
        rule = torch.optim.SGD(list(w.values()), 0.1)
        losses = []
        for _ in range(steps):
            h = x
            for k in range(1, deep):
                h = hidden(torch.nn.functional.linear(h, w[f"W{k}"], w[f"c{k}"]))
            z = torch.nn.functional.linear(h, w[f"W{deep}"], w[f"c{deep}"])
            loss = (torch.nn.functional.cross_entropy(z, y) if name == "digits"
                    else torch.nn.functional.binary_cross_entropy_with_logits(z, y))
            rule.zero_grad()
            loss.backward()
            rule.step()
            losses.append(loss.item())
        return losses

    return work


def deep_net(depth: int) -> Work:
    import jacmagic

    return after_fresh(lambda: jacmagic.nnchain("x(10)" + " -> 10 tanh" * depth).at())


NETS = (
    Row(
        "a net 1,000 wide, from text to its output, which has no panel", wide_shown,
        (Peer("one product of two matrices as wide, NumPy", wide_product, 1 / 4, same=None),),
    ),
    Row(
        "n.train, 784-128-64-10, 1,000 examples: 10 steps", partial(trained_ours, "digits", 10),
        (
            Peer("NumPy by hand", partial(trained_by_hand, "digits", 10), 1 / 1.1),
            Peer("PyTorch, eager", partial(trained_torch, "digits", 10), 1, needs="torch"),
        ),
    ),
    Row(
        "n.train, the same of 60,000 examples in batches of 256: 200 steps", partial(trained_in_batches, 200),
        (Peer("NumPy by hand", partial(trained_in_batches_by_hand, 200), 1 / 1.1, same=None),),
    ),
    Row(
        "n.train, XOR: 500 steps", partial(trained_ours, "XOR", 500),
        (
            Peer("NumPy by hand", partial(trained_by_hand, "XOR", 500), 1 / 2),
            Peer("PyTorch, eager", partial(trained_torch, "XOR", 500), 1, needs="torch"),
        ),
    ),
    Row(
        "5-wide 4-deep tanh net: first Jacobian", tanh_ours,
        (
            Peer("SymPy, one substituted expression", tanh_sympy, 500),
            Peer("JAX, jacrev", tanh_jax, needs="jax"),
            Peer("torch.func.jacrev", tanh_torch, needs="torch"),
        ),
    ),
    Row(
        "10-wide net, 100 layers: first Jacobian", partial(deep_net, 100),
        (Peer("50 layers, ours", partial(deep_net, 50), 1 / 2.5, same=lambda a, b: a.shape == b.shape),),
    ),
    Row(
        "784-128-64-10, 1,000 inputs: all Jacobians", digits_ours,
        (
            Peer("the bare matrix products in NumPy", digits_products, 1 / 1.3, same=None),
            Peer("torch.func.vmap(jacrev)", digits_torch, 3.5, needs="torch"),
            Peer("JAX, jit(vmap(jacrev)), compiled before", digits_jax, 1, needs="jax"),
        ),
    ),
)


# ------------------------------------------------------------------ generated code
ARM = "x(s, t) = r cos s + m cos(s + t)\ny(s, t) = r sin s + m sin(s + t)\nr = 1.0\nm = 0.8"
POINT = {"s": 0.4, "t": 0.9, "r": 1.0, "m": 0.8}


def arm_generated() -> Work:
    import jacmagic

    space: dict[str, Any] = {}
    exec(jacmagic.jacobian(ARM).code("math"), space)
    return partial(space["jacobian"], **POINT)


def arm_function(backend: str) -> Work:
    import jacmagic

    return partial(jacmagic.jacobian(ARM).function(backend), **POINT)


def arm_by_hand() -> Work:
    def jacobian(s: float, t: float, r: float, m: float) -> list[list[float]]:
        a, b = m * math.sin(s + t), m * math.cos(s + t)
        return [[-r * math.sin(s) - a, -a], [r * math.cos(s) + b, b]]

    return partial(jacobian, **POINT)


def arm_lambdified() -> Work:
    import sympy as sp

    symbols = s, t, r, m = sp.symbols("s t r m", real=True)
    f = sp.Matrix([r * sp.cos(s) + m * sp.cos(s + t), r * sp.sin(s) + m * sp.sin(s + t)])
    return partial(sp.lambdify(symbols, f.jacobian([s, t]), "numpy"), **POINT)


def arm_symengine() -> Work:
    import symengine as se

    symbols = s, t, r, m = se.symbols("s t r m")
    f = se.Matrix(2, 1, [r * se.cos(s) + m * se.cos(s + t), r * se.sin(s) + m * se.sin(s + t)])
    return partial(se.Lambdify(symbols, f.jacobian(se.Matrix(2, 1, [s, t])), cse=True), list(POINT.values()))


def arm_casadi() -> Work:
    import casadi as ca

    s, t, r, m = (ca.SX.sym(name) for name in "strm")
    f = ca.vertcat(r * ca.cos(s) + m * ca.cos(s + t), r * ca.sin(s) + m * ca.sin(s + t))
    return partial(ca.Function("f", [s, t, r, m], [ca.jacobian(f, ca.vertcat(s, t))]), *POINT.values())


def arm_many() -> dict[str, Any]:
    import numpy as np

    return {key: np.random.default_rng(5).uniform(0, 2, 1_000_000) for key in POINT}


def arm_numpy() -> Work:
    import jacmagic

    return partial(jacmagic.jacobian(ARM).function("numpy"), **arm_many())


def arm_numpy_by_hand() -> Work:
    import numpy as np

    def jacobian(s: Any, t: Any, r: Any, m: Any) -> Any:
        a, b = m * np.sin(s + t), m * np.cos(s + t)
        out = np.empty((*np.shape(a), 2, 2))
        out[..., 0, 0], out[..., 0, 1] = -r * np.sin(s) - a, -a
        out[..., 1, 0], out[..., 1, 1] = r * np.cos(s) + b, b
        return out

    return partial(jacobian, **arm_many())


def arm_numpy_lambdified() -> Work:
    import numpy as np
    import sympy as sp

    symbols = s, t, r, m = sp.symbols("s t r m", real=True)
    f = sp.Matrix([r * sp.cos(s) + m * sp.cos(s + t), r * sp.sin(s) + m * sp.sin(s + t)])
    function = sp.lambdify(symbols, f.jacobian([s, t]), "numpy", cse=True)
    values = arm_many()
    return lambda: np.moveaxis(function(**values), -1, 0)


def arm_jax() -> Work:
    jax = jax64()
    sin, cos, stack = jax.numpy.sin, jax.numpy.cos, jax.numpy.stack
    values = {key: jax.numpy.asarray(value) for key, value in arm_many().items()}

    def arm(q: Any, r: Any, m: Any) -> Any:
        return stack([r * cos(q[0]) + m * cos(q[0] + q[1]), r * sin(q[0]) + m * sin(q[0] + q[1])])

    function = jax.jit(jax.vmap(jax.jacrev(arm)))
    q = stack([values["s"], values["t"]], -1)
    function(q, values["r"], values["m"]).block_until_ready()
    return lambda: function(q, values["r"], values["m"]).block_until_ready()


PANEL = "f1(x1, x2) = 2x1 x2^2 + 3x1 + 2x2\nf2(x1, x2) = k x1^2 sin x2\nk = 3 in [0, 7]"


def in_node() -> Work:
    import numpy as np

    import jacmagic
    from jacmagic import panel

    r = jacmagic.jacobian(PANEL)
    asked = json.dumps({
        "graph": panel.spec(r)["graph"], "values": {key: np.ravel(v).tolist() for key, v in r.values.items()}, "name": "x1"})

    def work() -> Seconds:
        done = subprocess.run(["node", HERE / "evaluator.mjs"], input=asked, capture_output=True, text=True, check=True)
        said = json.loads(done.stdout)
        assert np.allclose(said["numbers"], r.at(x1=2 - 1 / 200_000).ravel(), rtol=1e-12)
        return Seconds(said["seconds"])

    return work


MICROSECONDS = ("µs", lambda seconds: 1e6 * seconds)
CODE = (
    Row(
        "2×2 Jacobian at one point, generated Python", arm_generated,
        (
            Peer("written by hand", arm_by_hand, 1 / 1.1),
            Peer("SymPy, lambdify of the Matrix", arm_lambdified, 5),
            Peer("symengine, Lambdify", arm_symengine, needs="symengine"),
            Peer("CasADi, Function", arm_casadi, needs="casadi"),
            Peer('ours, r.function("math")', partial(arm_function, "math")),
        ),
        unit=MICROSECONDS, memory=False,
    ),
    Row(
        'the same by r.function("numpy"), of numbers', partial(arm_function, "numpy"),
        (Peer("written by hand", arm_by_hand, 1 / 6), Peer("SymPy, lambdify of the Matrix", arm_lambdified, 1 / 2)),
        unit=MICROSECONDS, memory=False,
    ),
    Row(
        "the same at 10⁶ points, generated NumPy", arm_numpy,
        (
            Peer("written by hand", arm_numpy_by_hand, 1 / 1.1),
            Peer("SymPy, lambdify with cse", arm_numpy_lambdified, same=None),
            Peer("JAX, jit(vmap(jacrev)), compiled before", arm_jax, needs="jax"),
        ),
    ),
    Row(
        "the panel's evaluator in Node, 2×2", in_node, (), limit=2e-6, unit=("evaluations/s", lambda seconds: 1 / seconds),
        memory=False,
    ),
)


def agree_turned(a: Any, b: Any) -> bool:
    """lambdify puts the points behind the matrix."""
    import numpy as np

    return bool(np.allclose(a, np.moveaxis(np.asarray(b), 0, -1), rtol=1e-8))


ROWS: tuple[Row, ...] = (*START, *LECTURES, *SYSTEMS, *DEPTH, *NETS, *CODE)
