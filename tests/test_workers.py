"""Beyond one machine: functions on Dask's workers, and under the transformations of JAX and PyTorch."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from optional import optional

import jacmagic

BLOCK = "f(x, y) = (k x^2 y + sin(x y), tanh(x) / (1 + y^2))\nk = 2"
NET = "x in R^3\na = tanh(W1 x + c1) in R^4\no = softmax(W2 a + c2) in R^2\nL = cross_entropy(o, y)"


# ------------------------------------------------------------------ Dask
def jacobians(part: np.ndarray, function: Any) -> np.ndarray:
    """The Jacobians at points, (n, 2) to (n, 2, 2)."""
    return np.asarray(function(x=part[:, 0], y=part[:, 1]))


def outputs(part: np.ndarray, function: Any) -> np.ndarray:
    return np.asarray(function(x=part))


def points(block: int, rows: int) -> np.ndarray:
    return np.random.default_rng(block).uniform(-2, 2, (rows, 2))


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_functions_map_over_the_blocks_of_a_dask_array(scheduler: str) -> None:
    optional("dask")
    import dask.array as da

    r, n = jacmagic.jacobian(BLOCK), jacmagic.nnchain(NET)
    data = points(0, 3_000)
    lazy = da.from_array(data, chunks=(700, 2))
    found = lazy.map_blocks(jacobians, r.function("numpy"), new_axis=2, chunks=(lazy.chunks[0], 2, 2), dtype=float)
    np.testing.assert_array_equal(found.compute(scheduler=scheduler), r.at(x=data[:, 0], y=data[:, 1]))
    data = np.random.default_rng(1).normal(size=(1_000, 3))
    lazy = da.from_array(data, chunks=(300, 3))
    found = lazy.map_blocks(outputs, n.function("numpy", "o", "x"), new_axis=2, chunks=(lazy.chunks[0], 2, 3), dtype=float)
    np.testing.assert_allclose(found.compute(scheduler=scheduler), n.at("o", "x", x=data), rtol=1e-14)


@pytest.mark.scale
def test_two_worker_processes_give_ten_million_points_what_one_process_gives() -> None:
    optional("distributed")
    import dask.array as da
    from distributed import Client, LocalCluster

    rows, blocks = 500_000, 20
    function = jacmagic.jacobian(BLOCK).function("numpy")

    def work(where: np.ndarray, function: Any = function) -> np.ndarray:
        import numpy

        data = numpy.random.default_rng(int(where[0])).uniform(-2, 2, (500_000, 2))
        found = numpy.asarray(function(x=data[:, 0], y=data[:, 1]))
        return numpy.concatenate([found.sum(axis=0).ravel(), numpy.abs(found).max(axis=0).ravel()])[None]

    def peak() -> float:
        """The worker's own peak in MB; getrusage would count that of the process which started it."""
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1", "dashboard_address": None, "memory_limit": "1GB"}
    with LocalCluster(**settings) as cluster, Client(cluster) as client:
        lazy = da.arange(blocks, chunks=1).map_blocks(work, new_axis=1, chunks=((1,) * blocks, 8), dtype=float)
        found = lazy.compute()
        megabytes = client.run(peak)
    assert len(megabytes) == 2
    assert max(megabytes.values()) < 700
    right = np.concatenate([work(np.array([k])) for k in range(blocks)])
    np.testing.assert_array_equal(found, right)
    assert rows * blocks == 10_000_000
    np.testing.assert_array_equal(points(3, 5), np.random.default_rng(3).uniform(-2, 2, (5, 2)))


# ------------------------------------------------------------------ JAX and PyTorch
POINTS = np.array([[0.3, -1.2], [1.5, 0.4], [-0.7, 2.0]])


def test_a_jax_function_runs_under_jit_vmap_and_grad() -> None:
    optional("jax")
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        r = jacmagic.jacobian(BLOCK)
        function = r.function("jax")
        right = r.at(x=POINTS[:, 0], y=POINTS[:, 1])
        where = jnp.asarray(POINTS)
        np.testing.assert_allclose(jax.jit(lambda p: function(x=p[:, 0], y=p[:, 1]))(where), right, rtol=1e-13)
        np.testing.assert_allclose(jax.vmap(lambda p: function(x=p[0], y=p[1]))(where), right, rtol=1e-13)
        slope = jax.vmap(jax.grad(lambda p: function(x=p[0], y=p[1])[0, 0]))(where)
        np.testing.assert_allclose(slope, second(r), rtol=1e-5, atol=1e-6)
        n = jacmagic.nnchain(NET)
        data = np.random.default_rng(2).normal(size=(5, 3))
        found = jax.jit(jax.vmap(lambda x: n.function("jax", "L", "W1")(x=x)))(jnp.asarray(data))
        np.testing.assert_allclose(found, n.at("L", "W1", x=data), rtol=1e-12)


def test_a_torch_function_runs_under_vmap_jacrev_and_grad() -> None:
    optional("torch")
    import torch

    r = jacmagic.jacobian(BLOCK)
    function = r.function("torch")
    where = torch.tensor(POINTS)
    right = r.at(x=POINTS[:, 0], y=POINTS[:, 1])
    np.testing.assert_allclose(torch.func.vmap(lambda p: function(x=p[0], y=p[1]))(where).numpy(), right, rtol=1e-13)
    slope = torch.func.vmap(torch.func.grad(lambda p: function(x=p[0], y=p[1])[0, 0]))(where)
    np.testing.assert_allclose(slope.numpy(), second(r), rtol=1e-5, atol=1e-6)
    hessian = torch.func.vmap(torch.func.jacrev(lambda p: function(x=p[0], y=p[1])))(where)
    np.testing.assert_allclose(hessian.numpy()[:, 0, 0], second(r), rtol=1e-5, atol=1e-6)


def second(r: Any, h: float = 1e-6) -> np.ndarray:
    """The gradient of ∂f₁/∂x at the points, by central differences."""
    def entry(p: np.ndarray) -> np.ndarray:
        return np.asarray(r.at(x=p[:, 0], y=p[:, 1])[:, 0, 0])

    return np.stack([(entry(POINTS + h * e) - entry(POINTS - h * e)) / (2 * h) for e in np.eye(2)], axis=1)


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
def test_a_function_of_any_backend_pickles(backend: str) -> None:
    optional(backend)
    function = jacmagic.jacobian(BLOCK).function(backend)
    again = pickle.loads(pickle.dumps(function))
    np.testing.assert_array_equal(np.asarray(again(x=1.0, y=2.0)), np.asarray(function(x=1.0, y=2.0)))
