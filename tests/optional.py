"""What some environments of the tests are without: PyTorch, JAX, Dask, SciPy and Julia's grammar beside
Colab's versions, the panel's source beside an installed jacmagic, Node, gcc and Octave on some desks.

`.ci/run tests` installs them all and fails where a test was skipped.
"""

from __future__ import annotations

import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

MODULES = frozenset({"torch", "jax", "dask", "distributed", "scipy", "tree_sitter_julia"})
PROGRAMS = frozenset({"node", "gcc", "octave-cli"})


def has(name: str) -> bool:
    """True for an optional module or program that is here, and for whatever is not optional."""
    if name in PROGRAMS:
        return shutil.which(name) is not None
    return name not in MODULES or find_spec(name) is not None


def optional(name: str) -> Any:
    """The module, None for a program; the test is skipped where it is missing."""
    if not has(name):
        pytest.skip(f"{name} is not in this environment", allow_module_level=True)
    return import_module(name) if name in MODULES else None


def panel_source(name: str) -> Path:
    """A module that the panel is built of, which the wheel is without; the test is skipped there."""
    import jacmagic

    path = Path(jacmagic.__file__).parent / "panel/src" / name
    if not path.exists():
        pytest.skip("an installed jacmagic has no source of the panel")
    return path
