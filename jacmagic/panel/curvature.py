"""What the page draws of second order: each Hessian as a formula and in numbers that move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jacmagic import second
from jacmagic.language import tree as t
from jacmagic.show import curvature, pieces, taylor

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


def polynomials(spec: _Spec) -> dict[str, Any] | None:
    """The Taylor polynomials: in symbols, and term by term for numbers; with where each step Δx is taken from. None without any."""
    result = spec.result
    found = taylor.polynomials(result)
    formulas = [spec.says(one) for one in spec.formulas if one.kind == "taylor"]
    if not found or result.undetermined:
        return {"formulas": formulas} if formulas else None
    terms = [steps and spec.mathml(t.Product(tuple(("", one) for one in steps)) if len(steps) > 1 else steps[0])
             for steps in (taylor.steps_of(result, powers) for powers in found[0].powers)]
    series = []
    for at, one in enumerate(found):
        spec.outputs[f"taylor:{at}"] = spec.close(spec.g.stack(one.safe, (len(one.safe),)))
        title = t.Equation((one.of.tree, t.Words("")), ("≈",))
        series.append({"title": spec.mathml(title), "value": f"taylor:{at}"})
    steps = [
        {"step": spec.before(taylor.step_of(one.key)), **spec.label(one)}
        for one in pieces.Labels(result, result.program.variables)
    ]
    return {"formulas": formulas, "terms": [one or "" for one in terms], "series": series, "steps": steps}
