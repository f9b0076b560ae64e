"""What the page learns from: the examples of a net, its loss and the slopes by the weights as nodes of the page's graph.

They are of one example; the page takes their mean. It knows no calculus.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from jacmagic.engine import chain as c
from jacmagic.panel.arrays import carried
from jacmagic.show import pieces
from jacmagic.show.chain import depends

if TYPE_CHECKING:
    from jacmagic.panel import _Spec

MAX_DATA = 900
"""Numbers of examples that an output carries. Instead: `n.train(…)` in the kernel."""

TOO_MANY = f"to train in the page: at most {MAX_DATA:,} numbers of data"

LOSS = "learn:"
"""The page's output that is the loss of one example; `learn:W` is its slope by W."""


def of_panel(spec: _Spec) -> dict[str, Any] | None:
    """Examples, weights and options of `n.data` and `n.train`; None where there is nothing to learn from in the page."""
    result, p, lesson = spec.result, spec.p, spec.result.lesson
    if lesson is None or p.conditions or prod(p.shape(p.outputs[-1])) != 1:
        return None
    if sum(np.size(array) for array in lesson.data.values()) > MAX_DATA:
        return {"said": TOO_MANY}
    arrays, count, keys = lesson.of(result)
    many = [key for key, array in arrays.items() if array.ndim > len(p.shape(key))]
    if not many:
        return None
    loss = c.arranged(spec.g, spec.close(spec.forward[p.outputs[-1]]), ())
    slopes = c.jacobians(spec.g, loss, [spec.g.input(key, p.shape(key)) for key in keys])
    spec.outputs[LOSS] = loss
    spec.outputs |= {LOSS + key: spec.close(slope) for key, slope in zip(keys, slopes)}
    return {
        "count": count, "keys": keys, "lr": lesson.lr, "optimizer": lesson.optimizer, "batch": lesson.batch or count,
        "seed": lesson.seed & 0xFFFFFFFF, "many": many, "name": spec.mathml(pieces.name_of(result, p.outputs[-1])),
        "data": {key: carried(array) for key, array in arrays.items()},
    }


def picture(spec: _Spec) -> dict[str, Any] | None:
    """What the net makes of its input beside the examples: over two numbers a decision map, over one a fitted curve."""
    learn, p = spec.learn, spec.p
    if not learn or "count" not in learn:
        return None
    inputs = [key for key in learn["many"] if p.inputs[key].role in ("input", "variable")]
    targets = [key for key in learn["many"] if p.inputs[key].role == "target"]
    shown = _prediction(spec, inputs, targets)
    axes = [f"{key}[{k + 1}]" if p.shape(key) else key for key in inputs for k in range(prod(p.shape(key)))]
    if shown is None or len(axes) not in (1, 2) or any(len(p.shape(key)) > 1 for key in inputs) or len(targets) != 1:
        return None
    step, (target,) = p.steps[shown], targets
    return {
        "kind": "fit" if len(axes) == 1 else "decision", "axes": axes, "inputs": inputs, "target": target, "f": "forward:" + shown,
        "name": spec.mathml(pieces.name_of(spec.result, shown)),
        "entries": [spec.mathml(one.tree) for one in pieces.Labels(spec.result, [shown])] if prod(step.shape) > 1 else [],
    }


def _prediction(spec: _Spec, inputs: list[str], targets: list[str]) -> str | None:
    """The last definition of the input and not of the target, as many numbers as this has."""
    p, links = spec.p, depends(spec.result)
    reads: dict[str, set[str]] = {}
    for key, step in p.steps.items():
        direct = {*step.params, *step.reads}
        reads[key] = direct.union(*(reads.get(one, set()) for one in direct))
    sizes = {prod(p.shape(key)) for key in targets}
    found = [
        key for key in p.steps if reads[key].intersection(inputs) and not reads[key].intersection(targets)
        and prod(p.shape(key)) in sizes and key in {*links, *reads[p.outputs[-1]]}
    ]
    return found[-1] if found else None
