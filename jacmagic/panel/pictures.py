"""Which picture fits a result, and what the page's picture reads; `src/pictures` draws it."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from math import prod
from typing import TYPE_CHECKING, Any

from jacmagic import names
from jacmagic.engine import chain as c
from jacmagic.language import tree as t
from jacmagic.panel import learning
from jacmagic.show import chain as chain_of
from jacmagic.show import pieces
from jacmagic.show.chain import depends

if TYPE_CHECKING:
    from jacmagic.panel import _Spec

MAX_NODES = 16
"""Entries of a layer that a picture draws as nodes with a name each; a longer one is a bar. Instead: its numbers, `r.forward()`."""

MAX_BESIDE = 64
"""Entries of an input beside the variables that a picture shows. Instead: its sliders."""

MAX_EQUATIONS = 8
"""Equations of a system up to which eigenvalues stand beside its Jacobian. Instead: `numpy.linalg.eigvals(r.at())`."""


DEEP = 24
"""Definitions of a net that stand side by side. Of more: the first and the last, and between them how many."""
MAX_FACTORS = 40
"""Factors of a chain rule that is gone through one at a time. Instead: the cards of its factors."""


def chosen(spec: _Spec, chain: dict[str, Any] | None) -> dict[str, Any]:
    """The picture, by shape and by how the block was written, and in `also` those that one may change to."""
    if spec.p.net:
        first, learnt = net(spec, chain), learning.picture(spec)
        return {**learnt, "also": [first]} if learnt else first
    found = by_shape(spec)
    tree = net(spec, chain) if chain and chain["sums"] else found
    if tree["kind"] != "net" or any(layer["size"] > MAX_NODES for layer in tree["layers"]):
        return found
    # One variable through other names is the chain rule itself.
    first, second = (tree, found) if found["kind"] == "curve" else (found, tree)
    others = [*first.get("also", []), {**second, "also": []}, *second.get("also", [])]
    return tree if found["kind"] == "heatmap" else {**first, "also": others}


def sums(spec: _Spec, ways: list[list[str]] | None) -> list[dict[str, Any]]:
    """The chain rule a factor at a time: by each variable its paths, as the numbers of the cards along them."""
    p, links, of = spec.p, depends(spec.result), spec.p.outputs[0]
    pairs = [(key, wrt) for key in reversed(list(links)) for wrt in links[key]]
    out = []
    for variable in p.variables:
        found = [
            [pairs.index(pair) for pair in itertools.pairwise([*way, variable])] for way in ways or () if variable in links[way[-1]]
        ]
        if found:
            direct = len(found) > 1 and any(len(way) == 1 for way in found)  # ∂f/∂x is the slope of f in x alone there
            kind = t.Total if direct or len(p.variables) == 1 else t.Partial
            name = chain_of.factor_name(spec.result, of, [variable], kind)
            out.append({"key": variable, "mathml": spec.before(name), "ways": spec.ordered(found)})
    if all(len(one["ways"]) == len(one["ways"][0]) == 1 for one in out):
        return []  # one factor is no chain
    return out if sum(len(way) for one in out for way in one["ways"]) <= MAX_FACTORS else []


def by_shape(spec: _Spec) -> dict[str, Any]:
    """By the numbers of variables and functions, and by whether it is a system or a map."""
    p = spec.p
    axes, rows = axes_of(spec), sum(prod(p.shape(key)) for key in p.outputs)
    if (found := system(spec)) and len(axes) <= (2 if found["map"] else 3):
        kinds = ["cobweb", "orbit"] if found["map"] else ["phase", "flow", "space"]
        grid = _of_functions(spec, axes, rows) if found["map"] else {"also": []}
        return {"kind": kinds[len(axes) - 1], **found, "also": grid.get("also", [grid])}
    return _of_functions(spec, axes, rows)


def _of_functions(spec: _Spec, axes: list[str], rows: int) -> dict[str, Any]:
    """By the numbers of variables and functions alone."""
    p = spec.p
    f, label = "forward:" + p.outputs[0], pieces.name_of(spec.result, p.outputs[0])
    if "" in axes:
        return {"kind": "heatmap"}
    if len(axes) == rows == 1:
        shown = {"x": axes[0], "f": f, "name": spec.mathml(label)}
        return {"kind": "curve", **shown, **relation(spec), "also": [{"kind": "slopes", **shown}]}
    if len(axes) == 1 and rows == 2:
        return {"kind": "path", "axes": axes, "f": stacked(spec)}
    if len(axes) <= 3 and rows == 3:
        return {"kind": "space", "axes": axes, "f": stacked(spec)}
    if len(axes) == 3 and rows == 1:
        return {"kind": "level", "axes": axes, "f": f, "name": spec.mathml(label)}
    if len(axes) == 2 and rows == 1:
        shown = {"x": axes[0], "y": axes[1], "f": f, "name": spec.mathml(label)}
        return {"kind": "contour", **shown, "also": [{"kind": "surface", **shown}]}
    if len(axes) == rows == 2:
        joint = _joint(spec.shown())
        name = spec.mathml(label) if len(p.outputs) == 1 else spec.mathml(t.Name(joint)) if joint else ""
        return {"kind": "map2", "x": axes[0], "y": axes[1], "f": stacked(spec), "name": name}
    return {"kind": "heatmap"}


def relation(spec: _Spec) -> dict[str, str]:
    """F, where the one function is what F(x, y) = 0 defines: its curve is all of the equation's."""
    found = spec.p.conditions
    if found is None or [one.data for one in found.names] != [*spec.p.outputs] or len(found.residuals) > 1:
        return {}
    (spec.outputs["relation"],), _ = c.rebuild(spec.g, found.residuals, (), safe=True)
    return {"relation": "relation"}


def axes_of(spec: _Spec) -> list[str]:
    """The variables' numbers as the page's axes, entries of vectors too; "" for a matrix."""
    out: list[str] = []
    for key in spec.p.variables:
        shape = spec.p.shape(key)
        out += [key] if shape == () else [f"{key}[{k + 1}]" for k in range(shape[0])] if len(shape) == 1 else [""]
    return out


def stacked(spec: _Spec) -> str:
    """The page's output that holds the values of all functions, in the order of J's rows."""
    keys = spec.p.outputs
    if len(keys) == 1:
        return "forward:" + keys[0]
    if "forward:*" not in spec.outputs:
        size = sum(prod(spec.p.shape(key)) for key in keys)
        spec.outputs["forward:*"] = spec.g.stack([spec.forward[key] for key in keys], (size,))
    return "forward:*"


def system(spec: _Spec) -> dict[str, Any] | None:
    """x′ = f(x), or a map x_{n+1} = f(x_n), in as many equations as columns: axes, where f stands, and which row moves
    along each axis.
    """
    p = spec.p
    keys, axes = p.moving, axes_of(spec)
    if not keys or sorted(keys) != sorted(p.variables) or "" in axes or len(axes) > MAX_EQUATIONS:
        return None
    first, at = {}, 0
    for key in keys:
        first[key] = at
        at += prod(p.shape(key))
    order = [first[key] + k for key in p.variables for k in range(prod(p.shape(key)))]
    return {"axes": axes, "f": stacked(spec), "order": order, "map": p.steps[p.outputs[0]].kind == "map"}


def net(spec: _Spec, chain: dict[str, Any] | None) -> dict[str, Any]:
    """The layers of a net that fits in a picture, with their names, values, derivatives and edges."""
    p, links = spec.p, depends(spec.result)
    order = [key for key in spec.keys if key in links]
    if not order:
        return {"kind": "heatmap"}
    left_out = order[DEEP // 2 : -(DEEP // 2)] if len(order) > DEEP else []
    order = [key for key in order if key not in left_out]
    beside = others(spec, order) if chain else {}
    for key in beside:
        spec.outputs["forward:" + key] = p.inputs[key].node
    taken = {*p.variables, *order, *beside}
    layers = []
    for key in [*p.variables, *beside, *order]:
        size = prod(p.shape(key))
        layers.append({
            "key": key, "size": size, "forward": "forward:" + key, "delta": "grad:" + key,
            "mathml": spec.mathml(pieces.name_of(spec.result, key)),
            **({"entries": spec.entry_names(key)} if 1 < size <= MAX_NODES else {}),
            **({"gate": True} if key in order and gated(p.steps[key].expr, taken) else {}),
        })
    edges = [[wrt, key] for wrt, keys in beside.items() for key in keys] + ([] if chain else between(spec, order, taken))
    for wrt, key in edges:
        spec.local(key, wrt)
    found = {"kind": "net", "layers": layers, "edges": [*(chain["edges"] if chain else ()), *edges]}
    # Where layers are left out, the last before them leads on to those that read one.
    leap = [[order[DEEP // 2 - 1], key] for key in order if not set(left_out).isdisjoint(links[key])] if left_out else []
    return {**found, "leap": leap, "left": len(left_out)} if leap else found


def between(spec: _Spec, order: list[str], taken: Collection[str]) -> list[list[str]]:
    """Edges of a net that has no ladder of factors, between layers that are nodes."""
    p, links = spec.p, depends(spec.result)
    return [[wrt, key] for key in order for wrt in links[key] if wrt in taken and max(prod(p.shape(key)), prod(p.shape(wrt))) <= MAX_NODES]


def others(spec: _Spec, order: list[str]) -> dict[str, list[str]]:
    """Inputs of a net beside its variables, as h_{t-1} and c_{t-1}: each with the definitions that read it."""
    p = spec.p
    keys = [key for key, role in p.roles.items() if role == "input" and key not in p.variables
            and len(p.shape(key)) < 2 and prod(p.shape(key)) <= MAX_BESIDE]
    found = {key: [one for one in order if key in p.steps[one].reads] for key in keys}
    return {key: reading for key, reading in found.items() if reading}


def gated(expr: t.Expr | None, taken: Collection[str]) -> bool:
    """True where a definition multiplies what the picture shows, entry by entry."""
    def shown(one: t.Expr) -> bool:
        return any(isinstance(part, t.Name) and part.key in taken for part in t.walk(one))

    return expr is not None and any(
        isinstance(one, t.Product) and ".*" in (sign for sign, _ in one.factors)
        and sum(shown(factor) for _, factor in one.factors) > 1 for one in t.walk(expr)
    )


def _joint(keys: list[str]) -> str:
    """The letter that names share: f of f1 and f2; else nothing to write at an arrow."""
    letters = {names.name(key).unindexed for key in keys}
    return letters.pop() if len(letters) == 1 else ""
