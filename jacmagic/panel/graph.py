"""What the page evaluates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jacmagic import code
from jacmagic.engine import implicit
from jacmagic.engine.graph import Node
from jacmagic.result import Result


def graph(result: Result, outputs: Mapping[str, Node]) -> dict[str, Any]:
    """The graph of some outputs, and by which of them the page moves the names that equations define onto these."""
    g, found = result.program.graph, result.program.conditions
    every, equations = dict(outputs), []
    for k, (one, step) in enumerate(zip(found.names, implicit.newton(g, found)) if found is not None else ()):
        every[f"step:{k}"] = step
        value = result.values._data[one.data]
        equations.append({"key": one.data, "step": f"step:{k}", "value": value.ravel().tolist()})
    made = code.as_json(dict(zip(every, implicit.solved(g, list(every.values())))))
    return made | ({"equations": equations} if equations else {})
