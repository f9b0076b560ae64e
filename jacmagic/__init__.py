"""Functions and their Jacobians, typeset in a notebook as in a textbook.

    %load_ext jacmagic

and then a cell of mathematics under `%%jacobian` or `%%nnchain`. The same from
Python: `jacmagic.jacobian(text)` and `jacmagic.nnchain(text)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import jacmagic
from jacmagic.errors import (
    AmbiguousMath,
    JacmagicError,
    LimitError,
    NameMistake,
    ShapeError,
    SyntaxMistake,
    ValueMistake,
)

__version__ = "0.2.0"
__all__ = [
    "AmbiguousMath", "JacmagicError", "LimitError", "NameMistake", "ShapeError", "SyntaxMistake", "ValueMistake",
    "from_torch", "jacobian", "nnchain",
]


def __getattr__(name: str) -> Any:
    """`jacmagic.notebook`, which annotations name: it brings SymPy, and is imported when it is asked for."""
    if name == "notebook":
        return import_module("jacmagic.notebook")
    raise AttributeError(f"module 'jacmagic' has no attribute {name!r}")


def jacobian(
    text: str, wrt: str | Sequence[str] | None = None, namespace: Mapping[str, Any] | None = None,
    layout: str = "numerator",
) -> jacmagic.notebook.Result:
    """Read a block of mathematics and differentiate it.

    Args:
        text       the block, as in a %%jacobian cell
        wrt        the variables, "x1, x2"; else those that the block's functions name
        namespace  where `{python}` values are looked up; without it they are an error
        layout     "numerator" or "denominator": what the rows of a derivative are where it is shown, functions or
                   variables; numbers and SymPy matrices have numerator layout

    Raises:
        JacmagicError: the block cannot be taken as it stands; it points at the text.
    """
    from jacmagic.notebook import derive

    return derive(text, wrt, namespace, layout=layout)


def nnchain(
    text: str, wrt: str | Sequence[str] | None = None, namespace: Mapping[str, Any] | None = None, seed: int = 0,
    layout: str = "numerator",
) -> jacmagic.notebook.Result:
    """Read a neural network written as mathematics and differentiate it.

    Args:
        text       the block, as in a %%nnchain cell
        wrt        the input; else the first vector that nothing defines
        namespace  where `{python}` values are looked up; without it they are an error
        seed       of the small values that weights without one get
        layout     "numerator" or "denominator", as of `jacobian`

    Raises:
        JacmagicError: the block cannot be taken as it stands; it points at the text.
    """
    from jacmagic.notebook import derive

    return derive(text, wrt, namespace, net=True, seed=seed, layout=layout)


def from_torch(module: Any, input_size: Any = None, batch: bool | None = None) -> jacmagic.notebook.Result:
    """Write a torch.nn.Module as a block, with its weights as values, and differentiate it.

    Args:
        input_size  the shape of one input, 4 or (1, 28, 28), a tensor of tokens, or a list or {name: …} of these for
                    several inputs; None where the layers have it
        batch       whether an axis for a batch stands in front of that; else what runs

    Raises:
        ValueError: what the language has no words for, with its place, and what to pass instead.
    """
    from jacmagic.pytorch import from_torch as convert

    return convert(module, input_size, batch)


def load_ipython_extension(shell: Any) -> None:
    """Register %%jacobian, %jacobian and %%nnchain."""
    from jacmagic.magics import register

    register(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics and their completion away again."""
    from jacmagic.magics import unregister

    unregister(shell)
