"""Which names an expression uses, and in which order names stand."""

from __future__ import annotations

from collections.abc import Mapping

from jacmagic.errors import Span
from jacmagic.language import tree as t
from jacmagic.program.model import Step


def names_in(expr: t.Expr) -> list[str]:
    """The names an expression uses, in order of appearance; not the indices of its families."""
    out: dict[str, None] = {}

    def visit(one: t.Expr, bound: frozenset[str]) -> None:
        if isinstance(one, t.Name):
            if one.key not in bound:
                out[one.key] = None
        elif isinstance(one, t.Family):
            visit(one.body, bound | {one.index})
            visit(one.first, bound)
            visit(one.last, bound)
        else:
            if isinstance(one, t.UserCall):
                out[one.key] = None
            for child in t.children(one):
                visit(child, bound)

    visit(expr, frozenset())
    return list(out)


def use_of(expr: t.Expr, key: str) -> Span | None:
    """Where an expression first uses a name."""
    found = [one.span for one in t.walk(expr) if isinstance(one, (t.Name, t.UserCall)) and one.key == key]
    return min(found, default=None)


def bounds_in(expr: t.Expr) -> list[t.Expr]:
    """The expressions that must be whole numbers: bounds of families and indices of components."""
    out: list[t.Expr] = []
    for one in t.walk(expr):
        if isinstance(one, t.Family):
            out += [one.first, one.last]
        if isinstance(one, t.Component):
            out += one.indices
    return out


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
