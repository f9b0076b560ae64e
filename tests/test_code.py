"""Generated code computes what the graph says: in every backend, with and without batches, far out and at kinks.

The oracle for operations is `evaluate` below, entry by entry with SymPy; for
functions it is mpmath on their definitions.
"""

from __future__ import annotations

import itertools
import json
import math
import pickle
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from graphs import CASES, Inputs, built
from optional import has, optional
from share import some

import jacmagic
from jacmagic import code
from jacmagic.engine.graph import Graph, Node, Shape, ancestry, slot
from jacmagic.engine.templates import gradient
from jacmagic.functions import FUNCTIONS, calculus, partials, symbolic

_0, _1, _2 = slot(0), slot(1), slot(2)


# ------------------------------------------------------------------ an independent evaluation


def evaluate(node: Node, values: Mapping[str, Any], memo: dict[int, Any] | None = None) -> Any:
    """The node's value at inputs without a batch, one entry at a time."""
    memo = {} if memo is None else memo
    for n in ancestry([node]):
        if n.number not in memo:
            memo[n.number] = np.asarray(_entrywise(n, [memo[a.number] for a in n.args], values)).reshape(n.shape)
    return memo[node.number]


def _entrywise(n: Node, args: list[Any], values: Mapping[str, Any]) -> Any:
    out = np.zeros(n.shape)
    places = list(itertools.product(*map(range, n.shape)))
    match n.op:
        case "input":
            return np.asarray(values[n.data], dtype=float)
        case "const":
            return [float(v) for v in n.data]
        case "eye":
            return np.identity(n.shape[0])
        case "map":
            expr, axes = n.data
            for at in places:
                entries = [float(a[tuple(at[i] for i in x)]) for a, x in zip(args, axes)]
                out[at] = float(expr.xreplace({slot(k): sp.Float(v) for k, v in enumerate(entries)}).evalf())
            return out
        case "dot":
            la, lb, lo = n.data
            sizes = dict(zip(la, args[0].shape)) | dict(zip(lb, args[1].shape))
            for where in itertools.product(*(range(sizes[i]) for i in sizes)):
                place = dict(zip(sizes, where))
                a = args[0][tuple(place[i] for i in la)]
                out[tuple(place[i] for i in lo)] += a * args[1][tuple(place[i] for i in lb)]
            return out
        case "sum":
            for at in itertools.product(*map(range, args[0].shape)):
                out[tuple(i for k, i in enumerate(at) if k not in n.data)] += args[0][at]
            return out
        case "permute":
            for at in places:
                back = [0] * len(at)
                for k, i in zip(n.data, at):
                    back[k] = i
                out[at] = args[0][tuple(back)]
            return out
        case "take" | "put":
            lead, indices = n.data
            rows = math.prod(n.shape[:lead])
            old, new = np.reshape(args[0], (rows, -1)), out.reshape((rows, -1))
            for row in range(rows):
                for k, i in enumerate(indices):
                    if n.op == "take":
                        new[row, k] = old[row, i]
                    else:
                        new[row, i] += old[row, k]
            return new
        case "stack":
            rows = math.prod(n.shape[: n.data])
            return [v for r in range(rows) for a in args for v in np.reshape(a, (rows, -1))[r]]
    if n.op in SQUARE:
        return np.array(SQUARE[n.op](mpmath.matrix(args[0].tolist())).tolist(), dtype=float).reshape(n.shape)
    lists = [list(map(mpmath.mpf, map(float, row))) for row in np.reshape(args[0], (-1, args[0].shape[-1]))]
    along: dict[str, Callable[[list[Any]], Any]] = {
        "softmax": lambda z: [mpmath.exp(v) / sum(map(mpmath.exp, z)) for v in z],
        "log_softmax": lambda z: [v - mpmath.log(sum(map(mpmath.exp, z))) for v in z],
        "logsumexp": lambda z: mpmath.log(sum(map(mpmath.exp, z))),
        "amax": max,
        "amin": min,
        "norm": lambda z: mpmath.sqrt(sum(v**2 for v in z)),
        "prod": mpmath.fprod,
        "others": lambda z: [mpmath.fprod(z[:k] + z[k + 1 :]) for k in range(len(z))],
    }
    return np.array([along[n.op](row) for row in lists], dtype=float)


def _cofactors(a: Any) -> Any:
    n = a.rows
    rest = [[q for q in range(n) if q != k] for k in range(n)]
    minors = [[mpmath.matrix([[a[p, q] for q in rest[j]] for p in rest[i]]) if n > 1 else mpmath.eye(1) for j in range(n)] for i in range(n)]
    return mpmath.matrix([[(-1) ** (i + j) * mpmath.det(minors[i][j]) for j in range(n)] for i in range(n)])


SQUARE: dict[str, Callable[[Any], Any]] = {
    "inv": lambda a: a**-1, "cof": _cofactors, "det": lambda a: mpmath.matrix([[mpmath.det(a)]]),
    "logdet": lambda a: mpmath.matrix([[mpmath.log(mpmath.det(a))]]),
}

BATCHES: dict[str, Callable[[int], Shape]] = {
    "alone": lambda k: (),
    "all in a batch": lambda k: (4,),
    "first in a batch": lambda k: (4,) if k == 0 else (),
    "last in a batch": lambda k: () if k == 0 else (4,),
    "batches of two axes": lambda k: ((2, 3), (3,), (2, 1))[k % 3],
    "empty batch": lambda k: (0,),
}


def sample(inputs: Inputs, batch: Callable[[int], Shape]) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {n: rng.normal(size=batch(k) + shape) for k, (n, shape) in enumerate(inputs)}


def expected(inputs: Inputs, node: Node, values: Mapping[str, Any]) -> Any:
    """The oracle, carried to every member of the batch."""
    leads = {n: values[n].shape[: values[n].ndim - len(shape)] for n, shape in inputs}
    lead = np.broadcast_shapes(*leads.values())
    full = {n: np.broadcast_to(values[n], lead + shape) for n, shape in inputs}
    out = np.empty(lead + node.shape)
    for at in np.ndindex(*lead):
        out[at] = evaluate(node, {n: v[at] for n, v in full.items()})
    return out


def array(value: Any) -> Any:
    return value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)


def backend(name: str) -> str:
    made = optional(name)
    if name == "jax":
        made.config.update("jax_enable_x64", True)
    return name


# ------------------------------------------------------------------ the operations


@pytest.mark.parametrize("case", some(CASES, 3))
@pytest.mark.parametrize(("where", "batch"), [
    # JAX compiles each anew.
    pytest.param(where, batch, marks=[pytest.mark.long] if where == "jax" and batch != "batches of two axes" else [])
    for where in ("numpy", "torch", "jax") for batch in BATCHES
])
def test_every_operation_computes_what_the_graph_says(where: str, case: str, batch: str) -> None:
    inputs, node = built(case)
    values = sample(inputs, BATCHES[batch])
    f = code.compiled(backend(where), inputs, {"it": node})
    got = array(f(**values)["it"])
    want = expected(inputs, node, values)
    assert got.shape == want.shape
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12, err_msg=f.source)


@pytest.mark.parametrize("case", CASES)
def test_the_json_of_every_operation_can_be_evaluated(case: str) -> None:
    inputs, node = built(case)
    values = sample(inputs, BATCHES["alone"])
    data = json.loads(json.dumps(code.as_json({"it": node}), allow_nan=False))
    np.testing.assert_allclose(read_json(data, values)["it"], evaluate(node, values), rtol=1e-10, atol=1e-12)


def test_the_javascript_of_every_operation_runs(tmp_path: Any) -> None:
    optional("node")
    text, want, calls = [], [], []
    for k, case in enumerate(CASES):
        inputs, node = built(case)
        values = sample(inputs, BATCHES["alone"])
        want.append(evaluate(node, values))
        (tmp_path / f"m{k}.mjs").write_text(code.source("javascript", inputs, {"it": node}), encoding="utf-8")
        text.append(f'import {{f as f{k}}} from "./m{k}.mjs";')
        calls.append(f"f{k}({json.dumps({n: v.tolist() for n, v in values.items()})}).it")
    (tmp_path / "all.mjs").write_text("\n".join(text) + f"\nconsole.log(JSON.stringify([{','.join(calls)}]));")
    run = subprocess.run(["node", "all.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    for case, got, right in zip(CASES, json.loads(run.stdout), want, strict=True):
        assert np.shape(got) == right.shape, case
        np.testing.assert_allclose(got, right, rtol=1e-10, atol=1e-12, err_msg=case)


@pytest.mark.parametrize("case", CASES)
def test_plain_python_takes_lists_and_gives_rows(case: str) -> None:
    inputs, node = built(case)
    values = sample(inputs, BATCHES["alone"])
    f = code.compiled("math", inputs, node)
    space: dict[str, Any] = {}
    exec(f.source, space)
    for got in (f(**values), space["f"](**{name: value.tolist() for name, value in values.items()})):
        assert isinstance(got, tuple if node.shape else (int, float))
        np.testing.assert_allclose(np.reshape(got, node.shape), evaluate(node, values), rtol=1e-10, atol=1e-12)
    assert "numpy" not in f.source


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 710.3, -710.3, 800.0, -800.0, 1e308, -1e308, math.inf, -math.inf, math.nan]


def at_the_edges() -> list[sp.Expr]:
    one = [symbolic(row.name)(_0) for row in FUNCTIONS.values() if row.kind == "entrywise" and row.arity == (1, 1)]
    two = [symbolic(name)(_0, _1) for name in ("max", "min", "atan2")]
    forms = [1 / _0, _0 / _1, _0**_1, _1 * _0 ** (_1 - 1), _0**-2, _0**5, 2**_0, (-sp.S.Half) * _0 * _1, _0 - _1, 1 / sp.sqrt(_0),
             1 / (1 + sp.exp(-_0)), _0 / (1 + _0**2), 1 / (1 + _0), sp.sin(1 / _0), sp.exp(-1 / _0**2), sp.log(_0) / _0]
    return [*one, *two, *forms]


@pytest.mark.parametrize("expr", at_the_edges(), ids=str)
def test_plain_python_is_infinite_and_nan_where_numpy_is(expr: sp.Expr) -> None:
    for form in (expr, *gradient(expr).values()):
        g = Graph()
        inputs: Inputs = [("x", ()), ("y", ())]
        node = g.map(form, [(g.input(name, ()), ()) for name, _ in inputs], ())
        plain, numpy = (code.compiled(where, inputs, node) for where in ("math", "numpy"))
        for x, y in itertools.product(EDGES, EDGES if _1 in form.free_symbols else [1.0]):
            if x == -math.inf and any(not power.exp.is_integer for power in form.atoms(sp.Pow)):
                continue  # (-∞)^0.5 is ∞ by C's pow and nan by its sqrt
            got, want = plain(x, y), float(numpy(x, y))
            assert isinstance(got, (int, float))
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-300, err_msg=f"{form} at {x}, {y}")


def read_json(data: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A reader of the JSON form that knows nothing of the module that writes it."""
    done: list[Any] = []
    for op, args, shape, more in data["nodes"]:
        a = [done[k] for k in args]
        if op == "input":
            out = values[more]
        elif op == "const":
            out = np.full(shape, float(more)) if not isinstance(more, list) else [float(v) for v in more]
        elif op == "eye":
            out = np.identity(shape[0])
        elif op == "map":
            out = np.empty(shape)
            for at in np.ndindex(*shape):
                out[at] = read_tree(more["e"], [x[tuple(at[i] for i in axes)] for x, axes in zip(a, more["a"])])
        elif op == "dot":
            out = np.einsum(a[0], more[0], a[1], more[1], more[2])
        elif op == "sum":
            out = a[0].sum(axis=tuple(more))
        elif op == "permute":
            out = a[0].transpose(more)
        elif op in ("take", "put"):
            rows = a[0].reshape((math.prod(shape[: more["l"]]), -1))
            out = rows[:, more["i"]] if op == "take" else np.zeros((len(rows), math.prod(shape[more["l"] :])))
            if op == "put":
                for k, i in enumerate(more["i"]):
                    out[:, i] += rows[:, k]
        elif op == "stack":
            rows = math.prod(shape[:more])
            out = np.concatenate([x.reshape((rows, -1)) for x in a], axis=1)
        else:
            rules: dict[str, Callable[[Any], Any]] = {
                "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
                "log_softmax": lambda z: z - np.log(np.exp(z).sum(axis=-1, keepdims=True)),
                "logsumexp": lambda z: np.log(np.exp(z).sum(axis=-1)),
                "amax": lambda z: z.max(axis=-1),
                "amin": lambda z: z.min(axis=-1),
                "norm": lambda z: np.sqrt((z**2).sum(axis=-1)),
                "prod": lambda z: z.prod(axis=-1),
                "others": lambda z: z.prod(axis=-1, keepdims=True) / z,
                "inv": np.linalg.inv, "det": np.linalg.det, "logdet": lambda z: np.log(np.linalg.det(z)),
                "cof": lambda z: np.linalg.det(z) * np.linalg.inv(z).T,
            }
            out = rules[op](a[0])
        done.append(np.asarray(out, dtype=float).reshape(shape))
    return {key: done[k] for key, k in data["outputs"].items()}


def read_tree(t: Any, slots: list[float]) -> Any:
    if not isinstance(t, list):
        return mpmath.mpf(t)
    op, *rest = t
    if op == "_":
        return mpmath.mpf(float(slots[rest[0]]))
    if op == "case":
        *parts, other = rest
        for value, condition in zip(parts[::2], parts[1::2]):
            if read_tree(condition, slots):
                return read_tree(value, slots)
        return read_tree(other, slots)
    a = [read_tree(x, slots) for x in rest]
    plain: dict[str, Callable[..., Any]] = {
        "+": lambda *v: sum(v), "*": lambda *v: math.prod(v), "^": lambda p, q: p**q, "/": lambda p, q: p / q,
        "neg": lambda p: -p, "<": lambda p, q: p < q, "<=": lambda p, q: p <= q, ">": lambda p, q: p > q,
        ">=": lambda p, q: p >= q, "==": lambda p, q: p == q, "!=": lambda p, q: p != q,
        "and": lambda *v: all(v), "or": lambda *v: any(v), "not": lambda p: not p,
        "max": max, "min": min, "abs": abs,
    }
    f: Callable[..., Any] = plain.get(op) or getattr(mpmath, op)
    return f(*a)


@pytest.mark.parametrize(
    "name", [row.name for row in FUNCTIONS.values() if row.kind == "entrywise" and not (row.expands and row.arity[0] > 1)]
)
def test_the_browser_gets_functions_by_the_names_of_the_table(name: str) -> None:
    g = Graph()
    args = (_0, _1)[: 2 if name in ("max", "min") else FUNCTIONS[name].arity[0]]
    node = g.map(sp.sympify(symbolic(name)(*args)), [(g.input(f"x{k}", ()), ()) for k in range(len(args))], ())
    assert code.as_json({"it": node})["nodes"][-1][3]["e"] == [name, *(["_", k] for k in range(len(args)))]


# ------------------------------------------------------------------ the functions

ENTRYWISE = [row.name for row in FUNCTIONS.values() if row.kind in ("entrywise", "loss")]
POINTS = [-1000.0, -37.3, -3.0, -0.7, -1e-9, 0.0, 1e-9, 0.4, 0.99, 2.5, 41.5, 1000.0]


def exact(expr: Any, at: dict[Any, float]) -> float | None:
    """The value by mpmath; None where it is not a real number, or too large for one."""
    with mpmath.workdps(1500):
        try:
            value = sp.lambdify(list(at), expr, "mpmath")(*(mpmath.mpf(v) for v in at.values()))
            value = mpmath.mpmathify(value)
        except (ZeroDivisionError, ValueError, TypeError, mpmath.libmp.ComplexResult):
            return None
        if not isinstance(value, mpmath.mpf) or not mpmath.isfinite(value) or abs(value) > 1e300:
            return None
        return float(value)


def unfolded(expr: Any) -> Any:
    """Functions of the table by their definitions, for a judge that does not know them."""
    while True:
        made = [e for e in sp.preorder_traversal(expr) if hasattr(e, "expand_definition")]
        if not made:
            return expr
        expr = expr.xreplace({made[0]: made[0].expand_definition()})


@pytest.mark.parametrize("name", some(ENTRYWISE, 6))
@pytest.mark.parametrize("what", ["value", "derivative"])
def test_functions_and_their_derivatives_are_right_far_out_and_at_zero(name: str, what: str) -> None:
    arity = FUNCTIONS[name].arity[0] if name not in ("max", "min") else 2
    slots = [slot(k) for k in range(arity)]
    if FUNCTIONS[name].kind == "loss" or what == "value":
        define = FUNCTIONS[name].define
        made = symbolic(name)(*slots) if FUNCTIONS[name].kind != "loss" else define(calculus, *slots)
        exprs = [made] if what == "value" else [sp.diff(made, v) for v in slots]
    else:
        exprs = list(partials(name, tuple(slots)) or [sp.diff(symbolic(name)(*slots), v) for v in slots])
    g = Graph()
    names = [f"x{k}" for k in range(arity)]
    points = list(itertools.product(POINTS, *[(-2.5, 0.0, 0.3, 1000.0)] * (arity - 1)))
    for expr in map(sp.sympify, exprs):
        node = g.map(expr, [(g.input(n, ()), ()) for n in names], ())
        judge = unfolded(expr)
        right = [exact(judge, dict(zip(slots, p))) for p in points]
        inputs: Inputs = [(n, ()) for n in names]
        for where in filter(has, ("numpy", "torch", "jax", "math")):
            f = code.compiled(backend(where), inputs, node)
            for p, want in zip(points, right):
                if want is None:
                    continue
                got = float(array(f(*p)))
                scale = max(1.0, *map(abs, p))
                assert got == pytest.approx(want, rel=2e-11, abs=4e-16 * scale), (where, p, f.source)


def test_functions_are_right_in_javascript(tmp_path: Any) -> None:
    optional("node")
    lines, want = [], []
    for name in ENTRYWISE:
        if FUNCTIONS[name].arity[0] != 1 or FUNCTIONS[name].kind == "loss":
            continue
        g = Graph()
        node = g.map(sp.sympify(symbolic(name)(_0)), [(g.input("x", ()), ())], ())
        (tmp_path / f"{name}.mjs").write_text(code.source("javascript", [("x", ())], node, name="g"), encoding="utf-8")
        lines.append(f'import {{g as {name}_}} from "./{name}.mjs"; out.push(...{POINTS}.map((x) => {name}_({{x}})));')
        want += [(name, p, exact(unfolded(sp.sympify(symbolic(name)(_0))), {_0: p})) for p in POINTS]
    (tmp_path / "all.mjs").write_text("const out = [];\n" + "\n".join(lines) + "\nconsole.log(JSON.stringify(out));")
    run = subprocess.run(["node", "all.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    for (name, p, right), got in zip(want, json.loads(run.stdout), strict=True):
        if right is not None:
            assert got == pytest.approx(right, rel=2e-11, abs=4e-16 * max(1, abs(p))), (name, p)


@pytest.mark.parametrize("where", ["numpy", "torch", "jax"])
def test_a_softplus_written_out_does_not_overflow(where: str) -> None:
    g = Graph()
    node = g.map(sp.log(1 + sp.exp(_0)), [(g.input("x", (2,)), (0,))], (2,))
    f = code.compiled(backend(where), [("x", (2,))], node)
    assert array(f([1000.0, -1000.0])).tolist() == [1000.0, 0.0]


def test_numbers_that_no_float_holds_are_infinite_and_do_not_hang() -> None:
    nine = sp.Integer(9)
    tower = sp.Pow(nine, sp.Pow(nine, sp.Pow(nine, nine, evaluate=False), evaluate=False), evaluate=False)
    g = Graph()
    numbers = {"tower": g.const(tower), "big": g.const(sp.Integer(10) ** 400), "nan": g.const(sp.nan)}
    out = code.compile_numpy([], numbers)()
    assert (out["tower"], out["big"]) == (math.inf, math.inf)
    assert math.isnan(out["nan"])
    data = code.as_json({"t": g.const([1, tower, -tower, sp.nan], (4,))})
    assert data["nodes"][0][3] == [1, "inf", "-inf", "nan"]


# ------------------------------------------------------------------ the source


def test_labels_name_the_variables_and_shared_parts_are_computed_once() -> None:
    g = Graph()
    w, x, c = g.input("W1", (2, 3)), g.input("x", (3,)), g.input("c1", (2,))
    a = g.map(sp.tanh(_0 + _1), [(g.dot(w, x, (0, 1), (1,), (0,)), (0,)), (c, (0,))], (2,))
    y = g.map(_0**2 + _0, [(a, (0,))], (2,))
    text = code.source("numpy", [("W1", (2, 3)), ("x", (3,)), ("c1", (2,))], y, labels={a.number: "a"})
    assert "a = np.tanh(_matvec(W1, x) + c1)" in text
    assert text.count("np.tanh") == 1


def test_an_input_is_found_by_its_label_and_names_never_collide() -> None:
    g = Graph()
    x, y = g.input("x'", ()), g.input("v0", ())
    shared = g.map(sp.sin(_0 * _1), [(x, ()), (y, ())], ())
    out = g.map(_0 + 1 / _0, [(shared, ())], ())
    f = code.compile_numpy([("x_prime", ()), ("v0", ())], out, labels={x.number: "x_prime", shared.number: "v0"})
    assert f(0.5, 2.0) == pytest.approx(math.sin(1) + 1 / math.sin(1))


@pytest.mark.parametrize(("where", "name"), [("numpy", "np"), ("torch", "kind"), ("javascript", "Math")])
def test_an_input_cannot_take_the_name_of_a_module(where: str, name: str) -> None:
    g = Graph()
    with pytest.raises(ValueError, match="rename it"):
        code.source(where, [(name, ())], g.map(sp.sin(_0), [(g.input(name, ()), ())], ()))
    assert name in code.reserved(where)


def test_a_deep_chain_of_scalars_compiles() -> None:
    g = Graph()
    x = node = g.input("x", ())
    for _ in range(3000):
        node = g.map(sp.sin(_0) + _1, [(node, ()), (x, ())], ())
    want = 0.3
    for _ in range(3000):
        want = math.sin(want) + 0.3
    for where in ("numpy", "math"):
        assert float(code.compiled(where, [("x", ())], node)(0.3)) == pytest.approx(want)


def test_scalar_source_takes_plain_numbers() -> None:
    inputs, node = built("stack_of_scalars")
    space: dict[str, Any] = {}
    exec(code.source("numpy", inputs, node), space)
    assert space["f"](2, 3).tolist() == [[2.0, 0.0], [6.0, 1 / 7]]


def test_scalar_source_of_a_matrix_that_is_mostly_zero_takes_plain_numbers_and_batches() -> None:
    g, n = Graph(), 12
    inputs = [(f"x{k}", ()) for k in range(n)]
    cubes = [g.map(_0**3, [(g.input(name, ()), ())], ()) for name, _ in inputs]
    node = g.put(g.stack(cubes, (n,)), tuple(k * n + k for k in range(n)), (n, n))
    source = code.source("numpy", inputs, node)
    assert "asarray" not in source
    space: dict[str, Any] = {}
    exec(source, space)
    assert space["f"](*range(n)).tolist() == np.diag(np.arange(n) ** 3).tolist()
    found = code.compiled("numpy", inputs, node)(**{name: [float(k), 2.0] for k, (name, _) in enumerate(inputs)})
    np.testing.assert_array_equal(found, [np.diag(np.arange(n) ** 3), 8 * np.eye(n)])


def test_only_helpers_that_are_called_are_in_the_source() -> None:
    assert "def _" not in code.source("numpy", *built("scalars"))
    assert code.source("numpy", *built("matrix_vector")).count("def _") == 1


# ------------------------------------------------------------------ compiled functions


def net() -> tuple[Inputs, dict[str, Node]]:
    g = Graph()
    w, x = g.input("W", (2, 3)), g.input("x", (3,))
    a = g.map(symbolic("sigmoid")(_0), [(g.dot(w, x, (0, 1), (1,), (0,)), (0,))], (2,))
    return [("W", (2, 3)), ("x", (3,))], {"a": a, "J": g.map(_0 * (1 - _0) * _1, [(a, (0,)), (w, (0, 1))], (2, 3))}


def test_pickling_keeps_source_defaults_and_values() -> None:
    inputs, outputs = net()
    f = code.compile_numpy(inputs, outputs, defaults={"W": [[1, 2, 3], [4, 5, 6]]})
    again = pickle.loads(pickle.dumps(f))
    assert again.source == f.source
    assert again.backend == "numpy"
    np.testing.assert_array_equal(again(x=[1, 0, -1])["J"], f(x=[1, 0, -1])["J"])


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "text"),
    [
        ((), {"xx": 1, "W": 1}, TypeError, "no argument is called 'xx'; there are W, x"),
        ((), {"x": [1, 2, 3]}, TypeError, "no value for W"),
        ((1, 2, 3), {}, TypeError, "takes 2 arguments"),
        ((np.ones((2, 3)),), {"W": 1}, TypeError, "given twice"),
        ((np.ones((2, 3)), [1, 2]), {}, ValueError, r"x has shape \(2,\), expected \(3,\)"),
        ((np.ones((2, 3)), 1), {}, ValueError, r"x has shape \(\)"),
        ((np.ones((4, 2, 3)), np.ones((5, 3))), {}, ValueError, "batch"),
        ((np.ones((2, 3)), "abc"), {}, ValueError, "x takes real numbers"),
    ],
)
def test_wrong_arguments_are_named(args: Any, kwargs: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        code.compile_numpy(*net())(*args, **kwargs)


def test_tensors_keep_their_type_and_gradient_and_go_through_functional_transforms() -> None:
    torch = optional("torch")
    inputs, outputs = net()
    f = code.compiled("torch", inputs, outputs)
    w, x = torch.randn(2, 3), torch.randn(5, 3, requires_grad=True)
    out = f(w, x)
    assert out["J"].dtype == torch.float32
    out["a"].sum().backward()
    assert x.grad is not None
    jac = torch.func.jacrev(lambda v: f(w, v)["a"])
    many = torch.func.vmap(jac)(x.detach())
    torch.testing.assert_close(many, f(w, x)["J"])
    assert f([[1, 2, 3], [4, 5, 6]], [0, 0, 0])["a"].dtype == torch.float64


@pytest.mark.parametrize("case", CASES)
def test_every_operation_goes_through_vmap(case: str) -> None:
    torch = optional("torch")
    inputs, node = built(case)
    values = sample(inputs, BATCHES["all in a batch"])
    f = code.compiled("torch", inputs, node)
    got = torch.func.vmap(f)(*(torch.tensor(v) for v in values.values()))
    np.testing.assert_allclose(got.numpy(), expected(inputs, node, values), rtol=1e-10, atol=1e-12)


def test_jax_compiles_maps_and_differentiates_it() -> None:
    jax = optional("jax")
    backend("jax")
    inputs, outputs = net()
    f = code.compiled("jax", inputs, outputs)
    rng = np.random.default_rng(0)
    w, x = jax.numpy.asarray(rng.normal(size=(2, 3))), jax.numpy.asarray(rng.normal(size=(5, 3)))
    many = jax.jit(jax.vmap(jax.jacrev(lambda v: f(w, v)["a"])))(x)
    np.testing.assert_allclose(many, f(w, x)["J"], rtol=1e-10)


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(ValueError, match="there are sympy, numpy"):
        code.source("fortran", *built("scalars"))


@pytest.mark.parametrize(("written", "value"), [
    ("sin(e^(-(e^-2)))", math.sin(math.exp(-math.exp(-2)))), ("sqrt(e^(-(sin(3))^2))", math.sqrt(math.exp(-math.sin(3) ** 2))),
    ("sigmoid(e^(-(sin(3))^2))", 1 / (1 + math.exp(-math.exp(-math.sin(3) ** 2)))), ("tanh(2^(3^(1/2)))", math.tanh(2 ** 3**0.5)),
])
def test_a_constant_with_a_power_in_its_exponent_is_a_number(written, value):
    r = jacmagic.jacobian(f"f(x) = {written} x")
    assert float(r.at()) == pytest.approx(value, rel=1e-14)
    assert float(r.forward(x=2)["f"]) == pytest.approx(2 * value, rel=1e-14)
