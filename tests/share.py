"""A part of many cases for every run, the rest for long ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def some(values: Iterable[Any], every: int = 4) -> list[Any]:
    """Each so many-th of the cases as it is, the others marked `long`."""
    return [
        value if hasattr(value, "marks") else pytest.param(value, marks=pytest.mark.long if k % every else ())
        for k, value in enumerate(values)
    ]
