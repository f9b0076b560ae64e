"""What costs how much more where there is more of it: exponents of growth, never seconds."""

from __future__ import annotations

import gc
import math
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jacmagic

MOST = 1.15
"""The exponent by which time and memory may grow: 1 is linear."""


def lines(n: int) -> Callable[[], Any]:
    text = "\n".join(f"f{i} = x{i}^2 x{i % n + 1}" for i in range(1, n + 1))
    return lambda: jacmagic.jacobian(text).at(sparse=True)


def family(n: int) -> Callable[[], Any]:
    text = f"n = {n}\nx in R^n\nF = [(3 - 2x[1]) x[1], [(3 - 2x[i]) x[i] - x[i-1] for i = 2..n]]"
    return lambda: jacmagic.jacobian(text).at(sparse=True)


def layers(n: int) -> Callable[[], Any]:
    return lambda: jacmagic.nnchain("x(10)" + " -> 10 tanh" * n).at()


def batch(n: int) -> Callable[[], Any]:
    run = jacmagic.nnchain("x(8) -> 16 tanh -> 4 softmax").function("numpy")
    x = np.random.default_rng(1).normal(size=(n, 8))
    return lambda: run(x=x)


def seconds(work: Callable[[], Any]) -> float:
    """Of the processor, the least of three runs."""
    found = []
    for _ in range(3):
        gc.collect()
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return min(found)


def memory(work: Callable[[], Any]) -> float:
    """The most bytes that were held at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.scale
@pytest.mark.parametrize("cost", [seconds, memory])
@pytest.mark.parametrize(("make", "few", "many"), [
    (lines, 10, 1_000), (family, 100, 100_000), (layers, 10, 299), (batch, 1, 100_000),
])
def test_ten_times_as_much_costs_ten_times_as_much(
    make: Callable[[int], Callable[[], Any]], few: int, many: int, cost: Callable[[Callable[[], Any]], float]
) -> None:
    make(few)()  # imports
    least, most = (cost(make(n)) for n in (few, many))
    assert math.log(most / least) / math.log(many / few) <= MOST
