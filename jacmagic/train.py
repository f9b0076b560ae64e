"""Learning: gradient descent on arrays.

The mean over the examples is part of the graph (`engine.batch`): a step costs the products of matrices that it needs,
and as much memory as the batch and the weights.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from jacmagic import code
from jacmagic.code import Compiled
from jacmagic.engine import batch as over
from jacmagic.engine import chain as c
from jacmagic.reals import reals
from jacmagic.values import fitted, identifier

if TYPE_CHECKING:
    from jacmagic.result import Result


MAX_COPIED = 10_000
"""Numbers of an array of data that is copied; a larger one is held as it is. Instead: `array.copy()`."""


class Losses(np.ndarray):
    """The loss at every step, an array; `history` has what else was seen on the way.

    history = {"loss": the losses, "gradients": {weight: the 2-norm of ∂L/∂weight at every step}}, each one number a
    step; of several batches those of the step's own.
    """

    history: dict[str, Any]

    def __array_finalize__(self, other: Any) -> None:
        self.history = getattr(other, "history", {})


@dataclass(frozen=True)
class Lesson:
    """What a net learns from, and how: the examples and the options of `n.train`, which the page's ▶ train has, too."""

    data: Mapping[str, Any]
    lr: float = 0.1
    optimizer: str = "sgd"
    batch: int | None = None
    fixed: tuple[str, ...] = ()
    seed: int = 0

    def of(self, result: Result) -> tuple[dict[str, np.ndarray], int, list[str]]:
        """The arrays, how many examples they are, and the weights that are moved."""
        arrays, count = examples(result, self.data)
        return arrays, count, _moved(result, arrays, self.fixed)


class Data:
    """`n.data`: {name: array with one example a row}, what `n.train()` and the page learn from; at first None.

    Setting it leaves the weights as they are. Copies are handed out, and taken in of all but large arrays.

    Raises:
        ValueError: a name or a shape that the net has not, as `n.train` says.
    """

    def __get__(self, result: Result | None, owner: object = None) -> Any:
        if result is None:
            return self
        return None if result.lesson is None else {key: array.copy() for key, array in result.lesson.data.items()}

    def __set__(self, result: Result, data: Mapping[str, Any] | None) -> None:
        if data is None:
            result.lesson = None
            return
        lesson = replace(result.lesson or Lesson({}), data=data)
        _, count, _ = lesson.of(result)
        batch = None if lesson.batch is None else min(lesson.batch, count)
        result.lesson = replace(lesson, data=_own(data), batch=batch)


class Learns:
    """What a Result has to learn from; `lesson` is the data, and the options that `train` had last."""

    data = Data()
    lesson: Lesson | None = None


def _own(data: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The data as they are from now on, whatever is done with the arrays that were given; large ones are not copied."""
    arrays = {key: reals(key, value) for key, value in data.items()}
    return {key: array if array.size > MAX_COPIED else array.copy() for key, array in arrays.items()}


def train(
    result: Result, data: Mapping[str, Any] | None, lr: float = 0.1, steps: int = 100, optimizer: str = "sgd",
    batch: int | None = None, fixed: str | Iterable[str] = (), seed: int = 0, progress: bool = True,
) -> Losses:
    """`Result.train`."""
    if data is None:
        if result.lesson is None:
            raise ValueError("there are no data yet; n.train({'x': X, 'y': Y}), or n.data = {'x': X, 'y': Y} before")
        data = result.lesson.data
    lr = float(reals("lr", lr))
    held = tuple(result.values._known(key) for key in ([fixed] if isinstance(fixed, str) else fixed))
    lesson = Lesson(data, lr, optimizer, batch, held, seed)
    arrays, count, keys = lesson.of(result)
    _possible(lr, steps, optimizer, batch, count, seed)
    result.lesson = replace(lesson, data=_own(data))
    keep = {identifier(key): key for key in keys}
    point = result.point({}) | {identifier(key): array for key, array in arrays.items()}
    weights = {name: np.array(point.pop(name), dtype=float) for name in keep}
    found: dict[str, list[float]] = {name: [] for name in ("loss", *keep)}
    step = OPTIMIZERS[optimizer]
    state: dict[str, list[Any]] = {name: [0.0, 0.0] for name in keep}
    shown = _Progress(steps) if progress else None
    try:
        with np.errstate(all="ignore"):
            for k, (sweep, part) in zip(range(steps), _sweeps(result, tuple(keys), arrays, count, batch, seed)):
                loss, *slopes = sweep(**point | part, **weights).values()
                found["loss"].append(float(loss))
                if not math.isfinite(loss):
                    raise ValueError(f"the loss is no longer finite at step {k}; try a smaller lr than {lr:g}")
                after = {}
                for (name, weight), slope in zip(weights.items(), slopes):
                    found[name].append(math.sqrt(np.vdot(slope, slope)))
                    after[name] = weight - lr * step(state[name], slope, k + 1)
                weights = after
                if shown:
                    shown.tell(k + 1, found["loss"][-1])
    except KeyboardInterrupt:
        pass
    finally:
        if shown:
            shown.close()
        result.values.update_all({keep[name]: w for name, w in weights.items() if np.isfinite(w).all()})
    losses = np.array(found.pop("loss")).view(Losses)
    losses.history = {"loss": np.asarray(losses), "gradients": {name: np.array(norms) for name, norms in found.items()}}
    return losses


def _possible(lr: float, steps: int, optimizer: str, batch: int | None, count: int, seed: int) -> None:
    if lr < 0:
        raise ValueError("lr is 0 or more: a negative rate makes the loss grow")
    if not isinstance(seed, (int, np.integer)):
        raise ValueError("seed is a whole number")
    if steps < 1:
        raise ValueError("steps is at least 1")
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"there is no optimizer {optimizer!r}; there are {', '.join(OPTIMIZERS)}")
    if batch is not None and not 1 <= batch <= count:
        raise ValueError(f"batch is from 1 to {count}, the number of examples")


def _moved(result: Result, arrays: Mapping[str, np.ndarray], fixed: tuple[str, ...]) -> list[str]:
    """The weights that are moved."""
    keys = [key for key in result.trainable() if key not in arrays and key not in fixed]
    if not keys:
        raise ValueError("there is no weight to train" + (": all are fixed" if fixed else ""))
    return keys


# ------------------------------------------------------------------ how a weight moves

def _sgd(state: list[Any], slope: np.ndarray, step: int) -> np.ndarray:
    return slope


def _momentum(state: list[Any], slope: np.ndarray, step: int) -> np.ndarray:
    """v ← 0.9 v + slope."""
    state[0] = 0.9 * state[0] + slope
    moved: np.ndarray = state[0]
    return moved


def _adam(state: list[Any], slope: np.ndarray, step: int) -> np.ndarray:
    """Kingma & Ba, Adam (2015), algorithm 1: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸."""
    state[0] = 0.9 * state[0] + 0.1 * slope
    state[1] = 0.999 * state[1] + 0.001 * slope**2
    moved: np.ndarray = state[0] / (1 - 0.9**step) / (np.sqrt(state[1] / (1 - 0.999**step)) + 1e-8)
    return moved


OPTIMIZERS: dict[str, Callable[[list[Any], np.ndarray, int], np.ndarray]] = {
    "sgd": _sgd, "momentum": _momentum, "adam": _adam,
}
"""What is subtracted from a weight, lr times: from two numbers or arrays of its own, its slope and the step from 1."""


# ------------------------------------------------------------------ batches

def _sweeps(
    result: Result, keys: tuple[str, ...], arrays: Mapping[str, np.ndarray], count: int, batch: int | None, seed: int
) -> Iterator[tuple[Callable[..., dict[str, Any]], dict[str, np.ndarray]]]:
    """For each step the function of the loss and the slopes, and the examples of its batch."""
    many = {key: a for key, a in arrays.items() if a.ndim > len(result.program.shape(key))}
    if batch is None or batch == count:
        whole = training(result, keys, {identifier(key): count for key in many}).unchecked
        while True:
            yield whole, {}
    for rows in batches(count, batch, seed):
        sweep = training(result, keys, {identifier(key): len(rows) for key in many}).unchecked
        yield sweep, {identifier(key): a[rows] for key, a in many.items()}


def batches(count: int, size: int, seed: int = 0) -> Iterator[np.ndarray]:
    """The rows of one batch after another: all in a new order, cut into parts of `size`, and so on for ever.

    The last part of each has what is left. The order is Fisher and Yates's: for i = count − 1 … 1 the rows i and
    ⌊u (i + 1)⌋ change places, u the next number of mulberry32 from the seed, in [0, 1): the same in every language.
    """
    order = np.arange(count)
    uniform = _mulberry32(seed)
    while True:
        for i in range(count - 1, 0, -1):
            j = int(next(uniform) * (i + 1))
            order[i], order[j] = order[j], order[i]
        for start in range(0, count, size):
            yield order[start : start + size].copy()


def _mulberry32(seed: int) -> Iterator[float]:
    """Numbers in [0, 1) by Tommy Ettinger's generator of 32 bits."""
    mask = 0xFFFFFFFF
    state = seed & mask
    while True:
        state = (state + 0x6D2B79F5) & mask
        t = ((state ^ state >> 15) * (state | 1)) & mask
        t ^= (t + (((t ^ t >> 7) * (t | 61)) & mask)) & mask
        yield (t ^ t >> 14) / 2**32


def examples(result: Result, data: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], int]:
    """The arrays to learn from, one example a row in each input and target, and how many examples there are."""
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
        if not array.size:
            raise ValueError(f"{key} has no examples")
        if not (math.isfinite(array.min()) and math.isfinite(array.max())):
            raise ValueError(f"{key} has entries that are not finite")
        arrays[key] = array
        if at or result.program.inputs[key].role in ("input", "target", "variable"):
            leads[key] = array.shape[:at]
    if len(set(leads.values())) > 1:
        found = ", ".join(f"{key} {' × '.join(map(str, lead)) or 'one'}" for key, lead in leads.items())
        raise ValueError(f"the examples do not match: {found}; each array has one example a row")
    for key, one in result.program.inputs.items():
        if arrays and one.role in ("input", "target") and not one.given and key not in arrays:
            raise ValueError(f"there are no data for {key}, the {one.role} of the net")
    lead = next(iter(leads.values()), ())
    own = result.program.shape
    flat = {key: array.reshape(-1, *own(key)) if leads.get(key) else array for key, array in arrays.items()}
    return flat, math.prod(lead)


def training(result: Result, keys: tuple[str, ...], count: Mapping[str, int]) -> Compiled:
    """One function for the mean loss over so many examples and its gradients, which share the forward pass."""

    def make() -> Compiled:
        program, g = result.program, result.program.graph
        last = program.outputs[-1]
        if math.prod(program.shape(last)) != 1:
            raise ValueError(f"{last} is not a number; training needs a loss")
        (root,), labels = c.rebuild(g, [program.node(last)], (), True)
        inputs, loss, labels = result._of_inputs(c.arranged(g, root, ()), labels)
        inputs = [(name, (count[name], *shape) if name in count else shape) for name, shape in inputs]
        shapes = dict(inputs)
        loss = over.mean(g, loss, count)
        wanted = [identifier(key) for key in keys]
        slopes = c.jacobians(g, loss, [g.input(name, shapes[name]) for name in wanted])
        nodes = {"": loss} | dict(zip(wanted, slopes))
        return code.compiled("numpy", inputs, nodes, labels, batch=False)

    return result.once(("train", keys, tuple(count.items())), make)


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
