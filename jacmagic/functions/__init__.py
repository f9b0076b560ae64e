"""The table of functions, `rows`, and its rows as functions of SymPy, `classes`; `forms` has SymPy imported."""

from __future__ import annotations

from typing import Any

from jacmagic.functions.classes import (
    by_cases,
    calculus,
    has_cases,
    leaves,
    partials,
    slope,
    symbolic,
    varies,
)
from jacmagic.functions.rows import (
    ALIASES,
    CONSTANTS,
    FUNCTIONS,
    OF_LOGITS,
    REALS,
    SPELLINGS,
    Function,
    Interval,
    find,
)

__all__ = [
    "ALIASES", "CONSTANTS", "FUNCTIONS", "OF_LOGITS", "REALS", "SPELLINGS", "Function", "Interval", "by_cases",
    "calculus", "find", "has_cases", "leaves", "partials", "slope", "symbolic", "varies",
]


def __getattr__(name: str) -> Any:
    """A class that was made for a row, so that it pickles."""
    if name in FUNCTIONS and FUNCTIONS[name].define is not None:
        return symbolic(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
