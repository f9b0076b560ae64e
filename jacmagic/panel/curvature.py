"""What the page draws of second order: each Hessian as a formula and in numbers that move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jacmagic import second
from jacmagic.show import curvature, pieces

if TYPE_CHECKING:
    from jacmagic.panel import _Spec


def of_panel(spec: _Spec) -> list[dict[str, Any]]:
    """Of each function its formulas, and where the page has the numbers of its gradient and Hessian."""
    result = spec.result
    if "hessian" not in result.besides:
        return []
    labels = [spec.label(one) for one in pieces.Labels(result, result.program.variables)] if curvature.evaluated(result) else []
    out = []
    for at, (key, k, label) in enumerate(curvature.shown(result)):
        found = curvature.table(result, key, k)
        lines = list(curvature.hessian(result, label.tree, found))
        one: dict[str, Any] = {"formulas": [spec.says(line) for line in lines]}
        if labels:
            if found.trees is not None and len(lines) == 1:  # hess f = its formulas = its numbers
                one = {"formulas": [], "title": spec.before(lines[0].tree)}
            else:
                one["title"] = spec.before(curvature.name_of_second(result, label.tree, found))
            one["says"] = f"second derivatives of {label.text}"
            for kind, node in zip(("gradient", "hessian"), second.bent(result, key, k)):
                spec.outputs[f"{kind}:{at}"] = spec.close(node)
                one[kind] = f"{kind}:{at}"
            one["labels"] = labels
        out.append(one)
    return out
