"""Which names an expression uses, and in which order names stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jacmagic.errors import Span
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.program.model import Step


def names_in(expr: t.Expr) -> Sequence[str]:
    """The names an expression uses, in order of appearance; not the indices of its families."""
    kept: list[str] | None = expr.__dict__.get("_names")
    if kept is not None:
        return kept
    out: dict[str, None] = {}

    def visit(one: t.Expr, bound: frozenset[str]) -> None:
        if isinstance(one, t.Name):
            if one.key not in bound:
                out[one.key] = None
        elif isinstance(one, t.Family):
            visit(one.body, bound | {one.index})
            for end in (one.first, one.last, one.but):
                if end is not None:
                    visit(end, bound)
        else:
            if isinstance(one, t.UserCall):
                out[one.key] = None
            for child in t.children(one):
                visit(child, bound)

    visit(expr, frozenset())
    expr.__dict__["_names"] = kept = list(out)
    return kept


def use_of(expr: t.Expr, key: str) -> Span | None:
    """Where an expression first uses a name."""
    found = [one.span for one in t.walk(expr) if isinstance(one, (t.Name, t.UserCall)) and one.key == key]
    return min(found, default=None)


def bounds_in(expr: t.Expr) -> list[t.Expr]:
    """The expressions that must be whole numbers: bounds of families, indices of components, how much is pooled."""
    out: list[t.Expr] = []
    for one in t.walk(expr):
        if isinstance(one, t.Family):
            out += [end for end in (one.first, one.last, one.but) if end is not None]
        if isinstance(one, t.Call) and FUNCTIONS[one.function].whole:
            out += one.arguments[1:]
        if isinstance(one, t.Component):
            for index in one.indices:
                out += t.children(index) if isinstance(index, t.Slice) else [index]
    return out


def sizes_by_index(expr: t.Expr) -> dict[str, list[t.Expr]]:
    """The sizes of what [[body for j = 1..n] for i = 1..m] indexes by i and j: of x_i m, of W_ij m and n."""
    ends: dict[str, t.Expr] = {}
    while isinstance(expr, t.Family) and expr.kind == "vector" and expr.last is not None:
        ends[expr.index] = expr.last
        expr = t.inside(expr.body)
    found: dict[str, list[t.Expr]] = {}
    for one in t.walk(expr):
        name = t.inside(one.base) if isinstance(one, t.Component) else None
        if isinstance(one, t.Component) and isinstance(name, t.Name):
            indices = [index.key for index in one.indices if isinstance(index, t.Name) and index.key in ends]
            if len(indices) == len(one.indices):
                found.setdefault(name.key, [ends[index] for index in indices])
    return found


def families_in(expr: t.Expr) -> list[t.Family]:
    return [one for one in t.walk(expr) if isinstance(one, t.Family)]


def parts_of(key: str, steps: Mapping[str, Step]) -> set[str]:
    """All that a definition is made of, through the definitions in it."""
    found: set[str] = set()
    todo = [key]
    while todo:
        step = steps.get(todo.pop())
        new = set(step.reads) - found if step is not None else set()
        found |= new
        todo += new
    return found
