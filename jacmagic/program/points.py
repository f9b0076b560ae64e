"""The points of lines `at x = γ/β, y = α/β`: read, lowered, and where they are numbers the place to start."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from jacmagic import names
from jacmagic.code import compile_numpy
from jacmagic.engine.graph import Node, ancestry
from jacmagic.errors import NameMistake, ShapeError, nearest
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import key_of
from jacmagic.program.block import Sized
from jacmagic.program.lowerer import Lowerer
from jacmagic.program.model import Point, Shape, Step
from jacmagic.program.uses import names_in


def points(block: Sized, low: Lowerer, steps: Mapping[str, Step], shapes: Mapping[str, Shape]) -> tuple[Point, ...]:
    """The points of a block, in order.

    Raises:
        NameMistake: of what a line defines, or what is nowhere in the block.
        ShapeError: a value of another size.
    """
    found = []
    for line in block.said.points:
        check_implicit(block, line)
        values: dict[str, tuple[t.Expr, Node]] = {}
        for place in line.places:
            assert place.name is not None
            key = key_of(place.name)
            if key in values:
                said = f"{place.name.typed} is given twice; another point has a line of its own."
                raise NameMistake(said, place.span)
            tree = block.reader.value(place.value)
            check(block, line, place, tree, key, steps, shapes, low)
            value = low.lower(tree)
            if value.shape != shapes[key]:
                said = f"{low.describe(tree, value)}; {place.name.typed} has another size."
                raise ShapeError(said, place.value.span)
            values[key] = tree, low.node(value)
        found.append(Point(values))
    return tuple(found)


def check_implicit(block: Sized, line: s.Statement) -> None:
    """What an equation defines has no point, but a value, from which the equation is solved."""
    names = [(place.name, block.source(place.value.span)) for place in line.places if place.name is not None]
    for name, _ in names:
        if key_of(name) in block.scope.depends:
            raise NameMistake(
                f"{name.typed} is what an equation gives{block.where(key_of(name))}; its value says from where the "
                "equation is solved.", line.span,
                (", ".join(f"{block.source(one.span)} = {value}" for one, value in names),),
            )


def check(
    block: Sized, line: s.Statement, place: s.Place, tree: t.Expr, key: str, steps: Collection[str],
    shapes: Mapping[str, Shape], low: Lowerer,
) -> None:
    """A point is of names that no line defines, in terms of others."""
    word = place.name
    assert word is not None
    if key in steps or key in block.wholes:
        said = f"{word.typed} is defined{block.where(key)}; a point is of names that no line defines."
        raise NameMistake(said, word.span)
    for name, span in ((key, word.span), *((one.key, one.span) for one in t.walk(tree) if isinstance(one, t.Name))):
        if name not in shapes and name not in steps and name not in block.wholes:
            said = f"{block.source(span)} is no name of this block; a point is of numbers and of its names."
            raise NameMistake(said, span, nearest(name, shapes) or missing(block, line, key, shapes, steps))
        if name not in low.env and name not in block.wholes:
            if name == key:
                said = f"{block.source(span)} stands in no formula, so that no point depends on it."
                raise NameMistake(said, span)
            low.env[name] = low.of_node(low.graph.input(name, shapes[name]))
    if key in names_in(tree):
        raise NameMistake(f"{word.typed} stands on both sides.", place.value.span)


def missing(
    block: Sized, line: s.Statement, key: str, shapes: Collection[str], steps: Collection[str]
) -> tuple[str, ...]:
    """The line that declares what a point is in terms of; of x where x_n changes, that name."""
    if key not in shapes:
        kin = [one for one in map(names.name, shapes) if one.key not in steps and one.index and one.unindexed == key]
        return (kin[0].text,) if len(kin) == 1 else ()
    trees = [block.reader.value(place.value) for place in line.places]
    words = [one for tree in trees for one in t.walk(tree) if isinstance(one, t.Name)]
    unknown = [one.span for one in words if one.key not in {*shapes, *steps, *block.wholes}]
    return (", ".join(dict.fromkeys(map(block.source, unknown))) + " in R",)


def numbers(found: tuple[Point, ...]) -> dict[str, np.ndarray]:
    """The values of the first point that is made of numbers alone."""
    for point in found:
        nodes = {key: node for key, (_, node) in point.values.items()}
        if not any(one.op in ("input", "unknown") for one in ancestry(nodes.values())):
            return {key: np.asarray(compile_numpy((), node)(), dtype=float) for key, node in nodes.items()}
    return {}
