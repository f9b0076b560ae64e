"""Learning: gradient descent on arrays."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from jacmagic import code
from jacmagic.code import Compiled
from jacmagic.engine import chain as c
from jacmagic.reals import reals
from jacmagic.values import fitted

if TYPE_CHECKING:
    from jacmagic.result import Result


def train(
    result: Result, data: Mapping[str, Any], lr: float = 0.1, steps: int = 1000, progress: bool = True,
    fixed: str | Iterable[str] = (),
) -> list[float]:
    """`Result.train`: the loss at every step."""
    last = result.program.outputs[-1]
    arrays = examples(result, data)
    lr = float(reals("lr", lr))
    if steps < 1:
        raise ValueError("steps is at least 1")
    held = {result.values._known(key) for key in ([fixed] if isinstance(fixed, str) else fixed)}
    keys = [key for key in result.trainable() if key not in arrays and key not in held]
    if not keys:
        raise ValueError("there is no weight to train" + (": all are fixed" if held else ""))
    sweep = training(result, tuple(keys))
    weights = {key: result.values._data[key].copy() for key in keys}
    losses: list[float] = []
    shown = _Progress(steps) if progress else None
    try:
        for k in range(steps):
            point = result.point({**arrays, **weights})
            out = sweep(**point)
            losses.append(float(np.mean(out[last])))
            if not np.isfinite(losses[-1]):
                raise ValueError(f"the loss is no longer finite at step {k}; try a smaller lr than {lr:g}")
            for key in keys:
                gradient = np.asarray(out["grad:" + key])
                lead = gradient.ndim - weights[key].ndim
                weights[key] = weights[key] - lr * (gradient.mean(axis=tuple(range(lead))) if lead else gradient)
            if shown:
                shown.tell(k + 1, losses[-1])
    except KeyboardInterrupt:
        pass
    finally:
        if shown:
            shown.close()
        result.values.update_all({k: w for k, w in weights.items() if np.isfinite(w).all()})
    return losses


def examples(result: Result, data: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays to learn from: one example a row in each input and target, the same number in all."""
    if not isinstance(data, Mapping):
        raise TypeError("the data are {name: array with one example a row}, such as {'x': X, 'y': Y}")
    arrays, leads = {}, {}
    for key, value in data.items():
        shape = result.program.shape(result.values._known(key))
        array = reals(key, value)
        array = fitted(array, shape) if array.ndim <= len(shape) else array
        at = array.ndim - len(shape)
        if at < 0 or array.shape[at:] != shape:
            raise ValueError(f"{key} has shape {array.shape}; an example of it has {shape or '()'}, one a row")
        if not np.isfinite(array).all():
            raise ValueError(f"{key} has entries that are not finite")
        if not array.size:
            raise ValueError(f"{key} has no examples")
        arrays[key] = array
        if at or result.program.inputs[key].role in ("input", "target", "variable"):
            leads[key] = array.shape[:at]
    if len(set(leads.values())) > 1:
        found = ", ".join(f"{key} {' × '.join(map(str, lead)) or 'one'}" for key, lead in leads.items())
        raise ValueError(f"the examples do not match: {found}; each array has one example a row")
    for key, one in result.program.inputs.items():
        if arrays and one.role in ("input", "target") and not one.given and key not in arrays:
            raise ValueError(f"there are no data for {key}, the {one.role} of the net")
    return arrays


def training(result: Result, keys: tuple[str, ...]) -> Compiled:
    """One function for the loss and all gradients, so that they share the forward pass."""

    def make() -> Compiled:
        last = result.program.outputs[-1]
        if prod(result.program.shape(last)) != 1:
            raise ValueError(f"{last} is not a number; training needs a loss")
        g = result.program.graph
        roots, labels = c.rebuild(g, [result.program.node(last)], (), True)
        loss = c.arranged(g, roots[0], ())
        nodes = {last: loss}
        for key in keys:
            nodes["grad:" + key] = c.jacobian(g, loss, g.input(key, result.program.shape(key)))
        return code.compiled("numpy", *result._of_inputs(nodes, labels), result._defaults())

    return result.once(("train", keys), make)


class _Progress:
    """A line that says how far training is, after the first second."""

    def __init__(self, steps: int) -> None:
        import time

        self.steps, self.clock = steps, time.monotonic
        self.begin = self.last = self.clock()
        self.shown = False

    def tell(self, done: int, loss: float) -> None:
        now = self.clock()
        if now - self.begin > 1 and now - self.last > 0.2:
            self.last, self.shown = now, True
            bar = "█" * (24 * done // self.steps)
            sys.stdout.write(f"\r{bar:░<24} step {done} of {self.steps}, loss {loss:.4g}; interrupt to stop  ")
            sys.stdout.flush()

    def close(self) -> None:
        if self.shown:
            sys.stdout.write("\n")
