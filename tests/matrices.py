"""Blocks beside the same in PyTorch: values, every derivative and second derivatives at seeded points.

A row is a block, the sizes of its free names, and for each of its definitions that is
looked at a function of PyTorch tensors. Nothing of PyTorch's goes through our graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from optional import optional

import jacmagic

torch = optional("torch")
Shape = tuple[int, ...]
Run = Callable[..., Any]


@dataclass(frozen=True)
class Row:
    """One block.

    sizes   of the free names, as NumPy has them
    run     {definition: function of the free names, as keywords}
    net     True for nnchain
    wrt     the names on the magic's line
    draw    turns a normal draw of a name into what may stand there
    """

    block: str
    sizes: Mapping[str, Shape]
    run: Mapping[str, Run]
    net: bool = False
    wrt: str | None = None
    draw: Mapping[str, Callable[[np.ndarray], np.ndarray]] | None = None
    second: bool = True

    def read(self) -> Any:
        return (jacmagic.nnchain if self.net else jacmagic.jacobian)(self.block, self.wrt)

    def point(self, seed: int) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        found = {}
        for name, shape in self.sizes.items():
            drawn = rng.normal(size=shape)
            made = (self.draw or {}).get(name)
            found[name] = made(drawn) if made else drawn
        return found


def tensors(point: Mapping[str, Any]) -> dict[str, Any]:
    return {name: torch.tensor(np.asarray(value), dtype=torch.float64) for name, value in point.items()}


def derivative(run: Run, point: Mapping[str, Any], by: str) -> np.ndarray:
    """d run / d by as PyTorch has it, in the shape of the value and then of the name."""
    given = tensors(point)
    return np.asarray(torch.autograd.functional.jacobian(lambda x: run(**{**given, by: x}), given[by]))


def hessian(run: Run, point: Mapping[str, Any], by: str) -> np.ndarray:
    given = tensors(point)
    return np.asarray(torch.autograd.functional.hessian(lambda x: run(**{**given, by: x}), given[by]))


def close(found: Any, wanted: Any, rtol: float = 1e-9) -> None:
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol * max(1.0, float(np.abs(wanted).max(initial=0))))


def check(row: Row, seed: int = 1) -> Any:
    """The result of the block, once all its values and derivatives are PyTorch's."""
    result = row.read()
    point = row.point(seed)
    values = result.forward(**point)
    for name, run in row.run.items():
        close(values[name], run(**tensors(point)))
        for by in row.sizes:
            close(result.at(name, by, **point), derivative(run, point, by))
    return result
