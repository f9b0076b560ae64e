"""Jacobians without their zeros: as large as the entries that are not 0, whatever the size of the array."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from graphs import CASES, built
from optional import optional
from test_ops import ways

import jacmagic
from jacmagic import code, sparse
from jacmagic.engine.graph import Graph, ancestry
from jacmagic.engine.nonzeros import nonzeros
from jacmagic.errors import LimitError


def broyden(n: int) -> str:
    return (
        f"n = {n}\nx in R^n\nF = [(3 - 2x[1]) x[1] - 2x[2] + 1,\n"
        "  [(3 - 2x[i]) x[i] - x[i-1] - 2x[i+1] + 1 for i = 2..n-1],\n  (3 - 2x[n]) x[n] - x[n-1] + 1]"
    )


def broyden_by_hand(x: np.ndarray) -> np.ndarray:
    before, after = np.concatenate([[0], x[:-1]]), np.concatenate([x[1:], [0]])
    return (3 - 2 * x) * x - before - 2 * after + 1


BLOCKS = [
    broyden(12),
    "x in R^5\nf = [x[i] x[i+1] - 2x[i]/x[i+1] + k for i = 1..4]",
    "x in R^3\ny in R^3\nf = [cross(x, y); dot(x, y); prod(x); softmax(y)]",
    "x in R^3\nA = [1, 0, 2; 0, x[1], 0]\nf = [A x; softmax(x); ||x||^2]",
    "X in R^(2x3)\nv in R^2\nY = X X^T\nf = [Y v; tr(Y)]",
    "x in R^6\nf = [x[i] if i == 1 else x[i-1] x[i]^2 for i = 1..6]",
    "x in R^80\nf = [x[1]^2; [x[i] x[i-1] if i > 1 else x[i] for i = 1..80]; sin(x)]",
    "x in R^4\nf = [max(x[i], x[i+1]) + |x[i]| for i = 1..3]",
    "u = x y\nv = sin(u) + z\nw = u^2",
    "x in R^3\nu = x .* x\nf = [u[1] u[2]; sum(u)]",
]


def dense(found) -> np.ndarray:
    assert found.has_canonical_format
    return found.toarray()


@pytest.mark.parametrize("case", CASES)
def test_what_may_differ_from_0_has_the_values_of_the_operation_and_its_slopes(case: str) -> None:
    g = Graph()
    inputs, node = built(case, g)
    rng = np.random.default_rng(11)
    values = {name: rng.normal(size=shape) for name, shape in inputs}
    roots = [node, *(one for by in ancestry([node]) if by.op == "input" for one in ways(g, node, by).values())]
    for root in roots:
        some = nonzeros(g, root)
        assert some.values.shape == some.places.shape == np.unique(some.places).shape
        out = np.zeros(root.size)
        out[some.places] = code.compile_numpy(inputs, some.values)(**values)
        wanted = np.asarray(code.compile_numpy(inputs, root)(**values))
        np.testing.assert_allclose(out.reshape(root.shape), wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_entries_are_those_of_pytorch_carried_back(block: str) -> None:
    torch, _ = optional("torch"), optional("scipy")
    r = jacmagic.jacobian(block)
    rng = np.random.default_rng(5)
    point = {key: rng.normal(size=one.shape) for key, one in r.program.inputs.items()}
    tensors = {key: torch.tensor(value, requires_grad=True) for key, value in point.items()}
    inputs = [(key, one.shape) for key, one in r.program.inputs.items()]
    g = r.program.graph
    from jacmagic.engine import chain

    roots, _ = chain.rebuild(g, [r.program.node(key) for key in r.program.outputs])
    total, carried = 0, []
    for root in roots:
        u = rng.normal(size=root.shape)
        carried.append(np.ravel(u))
        total = total + (code.compiled("torch", inputs, root)(**tensors) * torch.tensor(u)).sum()
    variables = [tensors[key] for key in r.program.variables]
    slopes = torch.autograd.grad(total, variables, allow_unused=True)
    wanted = [np.ravel((torch.zeros_like(v) if s is None else s).numpy()) for s, v in zip(slopes, variables, strict=True)]
    found = r.at(sparse=True, **point)
    np.testing.assert_allclose(found.T @ np.concatenate(carried), np.concatenate(wanted), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dense(found), r.at(**point), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("block", BLOCKS)
def test_two_names_and_their_entries_have_the_rows_and_columns_of_the_array(block: str) -> None:
    optional("scipy")
    r = jacmagic.jacobian(block)
    names = [*r.program.steps, *r.program.inputs]
    entries = {key: [key, *([s.name for s in r.entry_symbols(key)][:2] if r.program.shape(key) else [])] for key in names}
    for of in r.program.steps:
        for wrt in names:
            for one in entries[of]:
                for by in entries[wrt]:
                    found, wanted = r.at(one, by, sparse=True), r.at(one, by)
                    rows = math.prod(r.program.shape(of)) if one == of else 1
                    np.testing.assert_allclose(dense(found), np.reshape(wanted, (rows, -1)), rtol=1e-13, atol=1e-14)


def test_columns_that_a_line_defines() -> None:
    optional("scipy")
    r = jacmagic.jacobian("u = x y\nv = sin(u) + x\nw = u v", wrt="u")
    assert dense(r.at(sparse=True, x=2.0, y=0.5)) == pytest.approx(r.at(x=2.0, y=0.5), rel=1e-14)


def test_a_hundred_thousand_members_have_the_slopes_of_the_formula_and_of_scipys_differences() -> None:
    optional("scipy")
    from scipy.optimize._numdiff import approx_derivative
    from scipy.sparse import csc_matrix, diags_array

    n = 100_000
    r = jacmagic.jacobian(broyden(n))
    x = np.random.default_rng(2).normal(size=n)
    found = r.at(x=x, sparse=True)
    assert found.shape == (n, n)
    assert found.nnz == 3 * n - 2
    exact = diags_array([-np.ones(n - 1), 3 - 4 * x, -2 * np.ones(n - 1)], offsets=[-1, 0, 1], shape=(n, n))
    assert abs(found - exact).max() == 0
    structure = (csc_matrix(exact != 0), np.arange(n) % 3)  # columns three apart meet in no row
    by_differences = approx_derivative(broyden_by_hand, x, method="3-point", sparsity=structure)
    assert abs(found - by_differences).max() < 1e-8
    u = np.random.default_rng(3).normal(size=n)
    np.testing.assert_allclose(found.T @ u, r.vjp(u, x=x), rtol=1e-12, atol=1e-12)


def test_symbols_of_ten_thousand_members() -> None:
    n = 10_000
    r = jacmagic.jacobian(broyden(n))
    found = r.sparse()
    x = r.entry_symbols("x")
    assert found.shape == (n, n)
    assert len(found.todok()) == 3 * n - 2
    assert [found[4999, k] for k in (4998, 4999, 5000)] == [-1, 3 - 4 * x[4999], -2]


def test_what_a_layer_does_to_its_own_weights_is_sparse() -> None:
    optional("scipy")
    n = jacmagic.nnchain("x in R^300\na = tanh(W x + b) in R^300\nL = sum(a)")
    rng = np.random.default_rng(4)
    x, w, b = rng.normal(size=300), rng.normal(size=(300, 300)) / 20, rng.normal(size=300)
    found = n.at("a", "W", sparse=True, x=x, W=w, b=b)
    assert found.shape == (300, 90_000)
    assert found.nnz == 90_000
    u = rng.normal(size=300)
    slope = 1 - np.tanh(w @ x + b) ** 2
    np.testing.assert_allclose(found.T @ u, np.outer(u * slope, x).ravel(), rtol=1e-12, atol=1e-14)


def test_without_scipy_there_are_three_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse, "find_spec", lambda name: None)
    r = jacmagic.jacobian(BLOCKS[1])
    rows, columns, values = r.at(sparse=True)
    out = np.zeros((4, 6))
    out[rows, columns] = values
    np.testing.assert_allclose(out, r.at(), rtol=1e-14)
    assert (np.lexsort((columns, rows)) == np.arange(rows.size)).all()
    rows[:] = 7
    assert r.at(sparse=True)[0].tolist() != rows.tolist(), "what is given away may be written into"


def test_what_is_asked_for_by_name_and_a_name_that_is_called_sparse() -> None:
    optional("scipy")
    r = jacmagic.jacobian("f(sparse, y) = sparse^2 y")
    assert dense(r.at(of="f", wrt="sparse", y=2.0, sparse=True)).tolist() == [[4.0]]
    assert r.at(sparse=3.0, y=2.0).tolist() == [[12.0, 9.0]]
    assert r.at(sparse=False).shape == (1, 2)
    with pytest.raises(TypeError, match="two names"):
        r.at("f", sparse=True)


def test_what_has_no_room_says_what_has() -> None:
    r = jacmagic.jacobian(broyden(5_000))
    with pytest.raises(LimitError, match=r"at\(sparse=True\)"):
        r.at()
    with pytest.raises(LimitError, match=r"at\(sparse=True\)"):
        _ = r.matrix
    with pytest.raises(ValueError, match="one point after the other"):
        r.at(x=np.zeros((2, 5_000)), sparse=True)
    full = jacmagic.jacobian("x in R^100000\nf = dot(x, x) x")
    with pytest.raises(LimitError, match=r"jvp"):
        full.at(sparse=True)
    with pytest.raises(LimitError):
        full.sparse()
    with pytest.raises(LimitError, match="members"):
        jacmagic.jacobian("x in R^1000000\nf = [x[i]^2 for i = 1..1000000]")
    with pytest.raises(LimitError, match="member by member"):
        jacmagic.jacobian("x in R^20000\nf = [x[i] if i == 1 else x[i-1] for i = 1..20000]")


def test_a_large_family_is_shown_by_what_there_is_of_it() -> None:
    r = jacmagic.jacobian(broyden(100_000))
    assert "at(sparse=True)" in str(r._repr_mimebundle_())
    hot = jacmagic.jacobian("x in R^6000\nf = [1/x[i] for i = 1..6000]")
    hot.values["x"] = np.zeros(6000)
    assert "not finite here" in str(hot._repr_mimebundle_())


def test_zeros_that_are_too_many_to_be_written_are_an_array_in_which_nothing_is_put() -> None:
    optional("scipy")
    r = jacmagic.jacobian("x in R^1200\ny in R^1200\nf = sin(x)\ng = x .* y", wrt="x, y")
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(2, 1200))
    found = r.at(x=x, y=y)
    zeros = np.zeros((1200, 1200))
    np.testing.assert_allclose(found, np.block([[np.diag(np.cos(x)), zeros], [np.diag(y), np.diag(x)]]), rtol=1e-15)
    assert (dense(r.at(x=x, y=y, sparse=True)) == found).all()
    g = Graph()
    for backend in ("numpy", "torch", "math"):
        if backend == "torch":
            optional("torch")
        assert not np.any(np.asarray(code.compiled(backend, [], g.zeros((1001, 1000)))()))


# ------------------------------------------------------------------ growth
def time_of(n: int) -> float:
    """Processor seconds from text to the numbers of a family."""
    begin = time.process_time()
    jacmagic.jacobian(broyden(n)).at(x=np.linspace(0, 1, n), sparse=True)
    return time.process_time() - begin


def memory_of(n: int) -> float:
    tracemalloc.start()
    time_of(n)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("measure", [time_of, memory_of])
@pytest.mark.parametrize("largest", [10_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_time_and_memory_grow_as_the_family_does(measure: Callable[[int], float], largest: int) -> None:
    optional("scipy")
    measure(100)
    small, large = (min(measure(n) for _ in range(2)) for n in (largest // 100, largest))
    assert math.log(large / small) / math.log(100) <= 1.15
