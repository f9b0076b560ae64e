"""Functions to call: generated source, run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jacmagic.code.dialects import BACKENDS
from jacmagic.code.source import source
from jacmagic.code.terms import Inputs
from jacmagic.engine.graph import Node
from jacmagic.engine.operation import Shape
from jacmagic.errors import ValueMistake, nearest


class Compiled:
    """A function made from generated source; it checks its arguments, takes defaults, and pickles.

    Attributes:
        backend   "numpy", "torch", "jax" or "math"
        source    the source it was made from
        inputs    the names and shapes of the arguments
        defaults  values for arguments that a call leaves out
        twin      the source of the same function of plain numbers, which at one point is ten times as fast, "" where
                  there is none; or what makes it
    """

    def __init__(
        self,
        backend: str,
        source: str,
        inputs: Inputs,
        defaults: Mapping[str, Any] | None = None,
        name: str = "f",
        twin: str | Callable[[], str] = "",
    ) -> None:
        self.backend, self.source, self.name = backend, source, name
        self.inputs = tuple((n, tuple(shape)) for n, shape in inputs)
        self.defaults = dict(defaults or {})
        space: dict[str, Any] = {}
        exec(compile(source, f"<jacmagic {backend}>", "exec"), space)
        self._function = space[name]
        self._convert, self._silent, numbers = _RUN[backend]
        self._names = frozenset(n for n, _ in self.inputs)
        scalars = not any(shape for _, shape in self.inputs)
        self._of_floats = numbers and scalars
        self.twin = twin if scalars else ""
        self._at_one: Callable[..., Any] | None = self._meet_twin if self.twin else None
        self._array: Callable[..., Any] = tuple  # NumPy's, once that is needed

    def __reduce__(self) -> tuple[Any, ...]:
        known = "" if callable(self.twin) else self.twin
        return Compiled, (self.backend, self.source, self.inputs, self.defaults, self.name, known)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(n for n, _ in self.inputs)}) in {BACKENDS[self.backend].title}"

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The outputs at these inputs, in order or by name; axes in front of an input's own are a batch.

        Raises:
            TypeError: an unknown, doubled or missing argument.
            ValueError: an argument of another shape, or batches that do not fit together.
        """
        if self._of_floats:
            return self._function(**_to_floats(self._bind(args, kwargs)))
        if self._at_one is not None and not args:
            for value in kwargs.values():
                if type(value) is not float:
                    break
            else:
                try:
                    found = self._at_one(**{**self.defaults, **kwargs})
                    return self._array(found)
                except (ArithmeticError, TypeError, ValueError):
                    pass  # plain numbers have no inf and nan here, or the names are others
        values = self._convert(self._bind(args, kwargs))
        leads = []
        for name, shape in self.inputs:
            have = values[name].shape
            if have == shape:
                continue
            split = len(have) - len(shape)
            if split < 0 or have[split:] != shape:
                raise ValueError(
                    f"{name} has shape {have}, expected {shape or 'a number'}"
                    + (f", or {shape} behind the axes of a batch" if shape else "")
                )
            if split:
                leads.append((name, have[:split]))
        _check_batches(leads)
        in_order = [values[name] for name, _ in self.inputs]  # Python looks for each name among all of them
        if not self._silent:
            return self._function(*in_order)
        import numpy as np

        with np.errstate(all="ignore"):
            return self._function(*in_order)

    def _meet_twin(self, **values: float) -> Any:
        """The function at one point, by its twin, which takes this one's place."""
        import numpy as np

        if callable(self.twin):
            self.twin = self.twin()
        if not self.twin:
            self._at_one = None
            raise ValueError
        space: dict[str, Any] = {}
        exec(compile(self.twin, "<jacmagic math>", "exec"), space)
        self._at_one, self._array = space[self.name], np.array
        return self._at_one(**values)

    @property
    def unchecked(self) -> Callable[..., Any]:
        """The function of arrays itself: every argument by name, of the right shape and type."""
        function: Callable[..., Any] = self._function
        return function

    def _bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if not args and (whole := {**self.defaults, **kwargs}).keys() == self._names:  # as most calls are
            return whole
        names = [n for n, _ in self.inputs]
        if len(args) > len(names):
            raise TypeError(f"{self.name} takes {len(names)} arguments ({', '.join(names)}), got {len(args)}")
        given = dict(zip(names, args))
        for word, value in kwargs.items():
            if word + "_" in names:  # a name of a block that code cannot write: is, self, np
                word += "_"
            if word not in names:
                hint = nearest(word, names)
                raise TypeError(
                    f"no argument is called {word!r}; "
                    + (f"did you mean {hint[0]!r}?" if hint else f"there are {', '.join(names) or 'none'}")
                )
            if word in given:
                raise TypeError(f"{word} is given twice, by place and by name")
            given[word] = value
        missing = [n for n in names if n not in given and n not in self.defaults]
        if missing:
            raise TypeError(f"no value for {', '.join(missing)}; give {missing[0]}=…")
        return {n: given[n] if n in given else self.defaults[n] for n in names}


_FEW = 256
"""Entries of a function that has a twin; of more, an array is made sooner than of numbers."""


def _check_batches(leads: Sequence[tuple[str, Shape]]) -> None:
    """Raise ValueError where the axes in front of two inputs do not broadcast."""
    sizes: dict[int, tuple[int, str]] = {}
    for name, lead in leads:
        for place, n in enumerate(reversed(lead)):
            if n == 1:
                continue
            have, first = sizes.setdefault(place, (n, name))
            if have != n:
                raise ValueError(f"{name} is a batch of {lead}, which does not go with the {have} of {first}")


def _to_numpy(values: dict[str, Any]) -> dict[str, Any]:
    from jacmagic.reals import reals

    return {name: reals(name, value) for name, value in values.items()}


def _to_torch(values: dict[str, Any]) -> dict[str, Any]:
    import torch

    from jacmagic.reals import reals

    real = [v for v in values.values() if isinstance(v, torch.Tensor) and v.is_floating_point()]
    kind: dict[str, Any] = {"dtype": real[0].dtype, "device": real[0].device} if real else {"dtype": torch.float64}
    return {
        n: v if isinstance(v, torch.Tensor) and v.is_floating_point() else torch.as_tensor(reals(n, v), **kind)
        for n, v in values.items()
    }


def _to_jax(values: dict[str, Any]) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from jacmagic.reals import reals

    def converted(name: str, value: Any) -> Any:
        if not isinstance(value, jax.Array) or jnp.issubdtype(value.dtype, jnp.complexfloating):
            return jnp.asarray(reals(name, value), dtype=float)
        return value if jnp.issubdtype(value.dtype, jnp.floating) else value.astype(float)

    return {name: converted(name, value) for name, value in values.items()}


def _to_floats(values: dict[str, Any]) -> dict[str, Any]:
    from jacmagic.reals import reals

    out: dict[str, Any] = {}
    for name, value in values.items():
        if type(value) is not float:
            array = reals(name, value)
            if array.size != 1:
                raise ValueMistake(f"{name} has shape {array.shape}, expected a number.", None)
            value = array.item()
        out[name] = value
    return out


_RUN: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], bool, bool]] = {
    "numpy": (_to_numpy, True, False),
    "torch": (_to_torch, False, False),
    "jax": (_to_jax, False, False),
    "math": (_to_numpy, True, True),
}
"""The dialects that run here: what makes arrays of arguments, whether NumPy's warnings are silenced, and whether
numbers alone are no arrays."""

RUNNING = tuple(_RUN)
"""The dialects that run here, by name."""


def compiled(
    backend: str,
    inputs: Inputs,
    outputs: Node | Mapping[str, Node],
    labels: Mapping[int, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
    name: str = "f",
    batch: bool = True,
) -> Compiled:
    """The function of a graph in a Python backend, ready to call; `batch` as for `source`."""
    if backend not in _RUN:
        raise ValueError(f"{backend!r} does not run here; there are {', '.join(_RUN)}")

    def twin() -> str:
        try:
            return source("math", inputs, outputs, name, labels)
        except (TypeError, ValueError):
            return ""  # an operation that plain Python lacks, or a name that it needs itself

    paired = backend == "numpy" and batch and isinstance(outputs, Node) and outputs.size <= _FEW
    text = source(backend, inputs, outputs, name, labels, batch)
    return Compiled(backend, text, inputs, defaults, name, twin if paired else "")


def compile_numpy(
    inputs: Inputs,
    outputs: Node | Mapping[str, Node],
    labels: Mapping[int, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Compiled:
    """The function of a graph in NumPy, in double precision and silent about overflow."""
    return compiled("numpy", inputs, outputs, labels, defaults)
