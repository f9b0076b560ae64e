"""The columns and parameters of a block, the roles of a net's names, and where each of them starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from jacmagic import names
from jacmagic.errors import NameMistake, SyntaxMistake, nearest
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import key_of
from jacmagic.program import start
from jacmagic.program.block import Sized
from jacmagic.program.build import Built, changes
from jacmagic.program.model import Input
from jacmagic.program.roles import labels, roles
from jacmagic.program.sizes import check_inside, lowerer, range_of
from jacmagic.program.statements import nothing_to_do
from jacmagic.program.uses import parts_of


@dataclass(frozen=True)
class Columns:
    """What the free names are.

    variables   the keys of the columns, in order
    parameters  the other free names that the outputs depend on
    inputs      all free names
    """

    variables: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: dict[str, Input]


def columns(block: Sized, built: Built, values: Mapping[str, np.ndarray], seed: int) -> Columns:
    """The columns: named on the magic's line, the input of a net, the arguments, what changes, what has no value.

    Raises:
        NameMistake: of a name on the magic's line, or of a role.
    """
    check_roles(block, {*built.free, *built.unused}, {*built.steps, *block.wholes})
    known = net_roles(block, built) if block.net else {}
    if block.columns:
        chosen = named_variables(block, built)
    elif block.net:
        chosen = (min((key for key, role in known.items() if role == "input"), key=block.first_place),)
    else:
        chosen = variables(block, built, values)
    parameters = tuple(n for n in built.free if n in built.needed and n not in (*chosen, *block.said.implicit))
    numbers, one_hot = lowerer(block, block.wholes), labels(block.trees)
    many = sum(prod(built.shapes[key]) for key in (*built.free, *built.unused)) > start.MANY
    inputs = {}
    for key in (*built.free, *built.unused):
        shape, ends, label = built.shapes[key], range_of(block, numbers, key), key in one_hot
        role = known.get(key, "variable" if key in chosen else "implicit" if key in built.steps else "parameter")
        if key in values:
            value = values[key]
            if ends is not None:
                check_inside(block, key, value, ends)
        else:
            value = start.first(key, shape, role, ends, label, block.net, seed, many)
        node = built.graph.input(key, shape)
        inputs[key] = Input(key, shape, value, key in values, ends, role, node, label)
    return Columns(chosen, parameters, inputs)


def net_roles(block: Sized, built: Built) -> dict[str, str]:
    """{name: role} of the names that a net uses or a line declares."""
    read = {name for one in built.steps.values() for name in one.reads if name not in one.params}
    keys = [
        key for key in (*built.free, *built.unused) if key in built.needed or key in block.drafts or key in read
    ]
    trees = {key: block.trees[key] for key in built.steps}
    params = {key: one.params for key, one in built.steps.items()}
    sizes = {key: one.shape for key, one in built.steps.items()} | {key: built.shapes[key] for key in keys}
    stated = {key: draft.role[1] for key, draft in block.drafts.items() if draft.role is not None}
    named = [key_of(word) for word in block.columns]
    return roles(trees, params, sizes, sorted(keys, key=block.first_place), stated, named, block.batches)


def variables(block: Sized, built: Built, values: Collection[str]) -> tuple[str, ...]:
    """The columns where neither the magic's line nor a net says them."""
    if (by := independent(block, built)):
        return by
    last = frozenset(built.outputs)
    primed = [changes(key, step.kind) for key, step in built.steps.items() if step.kind in ("equation", "map")]
    arguments = [
        p for key, step in built.steps.items() for p in step.params
        if (key in last or p in built.needed and not primed and not stands_in(built, key, p)) and p not in block.wholes
    ]
    found = tuple(dict.fromkeys(key for key in (*primed, *arguments) if key not in built.steps))
    if primed or found:  # of a system what changes, also beside V(x) of x'' = -V'(x)
        return found
    appearing = [n for n in built.free if n in built.needed]
    loose = [n for n in appearing if n not in values]
    ordered = names.in_column_order(loose or appearing)
    if not ordered:
        raise only_a_number(block, built) or nothing_to_do(block.net)
    return ordered


def stands_in(built: Built, key: str, param: str) -> bool:
    """True for y of g(y) where all that uses g are calls g(x), which put something without y in its place."""
    position = built.steps[key].params.index(param)
    every = [one for step in built.steps.values() if step.expr is not None for one in t.walk(step.expr)]
    uses = [one for one in every if isinstance(one, (t.Name, t.UserCall)) and one.key == key]
    return bool(uses) and all(
        isinstance(one, t.UserCall) and len(one.arguments) > position
        and param not in t.names_below(one.arguments[position]) for one in uses
    )


def independent(block: Sized, built: Built) -> tuple[str, ...]:
    """What the names that equations define depend on: x of y = y(x)."""
    by = [key_of(word) for line in block.said.implicit.values() for word in line.params]
    return tuple(dict.fromkeys(key for key in by if key not in built.steps))


def alone(expr: t.Expr) -> t.UserCall | None:
    """The first call in an expression that can stand on a line of its own: without the index of a sum or vector."""
    running = {one.index for one in t.walk(expr) if isinstance(one, t.Family)}
    for one in t.walk(expr):
        if isinstance(one, t.UserCall) and not any(isinstance(a, t.Name) and a.key in running for a in t.walk(one)):
            return one
    return None


def only_a_number(block: Sized, built: Built) -> SyntaxMistake | None:
    """What to say of u = 2f(3) or u = f'(3) as the block's last line: it uses f, and nothing varies in it."""
    for key in built.outputs:
        step = built.steps[key]
        call = alone(step.expr) if step.expr else None
        asked, of = "", ""
        if call is not None:
            asked, of = block.source(call.span).replace("'", "").replace("′", ""), call.key
        elif step.expr and (place := at_place(block, step.expr)):
            asked, of = place
        if asked:
            whole = next(statement.span for name, statement in block.sequence if name == key)
            return SyntaxMistake(
                f"{key} is a number, in which nothing varies, and {of} is used in it alone; {asked} on a line of "
                "its own shows the value and the derivative there.", whole, (asked,),
            )
    return None


def at_place(block: Sized, expr: t.Expr) -> tuple[str, str] | None:
    """The call f(1, 2) of the first function whose derivative an expression takes at a place, and its name."""
    for one in t.walk(expr):
        inner = one.of if isinstance(one, t.AtPoint) else t.inside(one.inner) if isinstance(one, t.Evaluated) else None
        of = getattr(inner, "of", None)
        if not isinstance(of, t.Name) or of.key not in block.scope.functions:
            continue
        params = block.scope.functions[of.key]
        if isinstance(one, t.AtPoint):
            values = dict(zip(params, one.arguments))
        else:
            places = one.place.items if isinstance(one, t.Evaluated) and isinstance(one.place, t.Listing) else ()
            values = {side.sides[0].key: side.sides[1] for side in places
                      if isinstance(side, t.Equation) and isinstance(side.sides[0], t.Name)}
        if values.keys() == set(params):
            return f"{block.source(of.span)}({', '.join(block.source(values[key].span) for key in params)})", of.key
    return None


def named_variables(block: Sized, built: Built) -> tuple[str, ...]:
    """The columns that a magic's line names."""
    taken = {*block.wholes, *built.free, *built.steps}
    declared = [key for key in block.drafts if key in built.shapes and key not in taken]
    known = [*built.free, *built.steps, *declared]
    found: dict[str, s.Word] = {}
    for word in block.columns:
        key = key_of(word)
        if key in block.wholes:
            message = f"{word.typed} is a size, a bound or an index here, and no variable."
            raise NameMistake(message, word.span).bind(block.wrt)
        if key not in known:
            close = nearest(key, known)
            error = NameMistake(
                f"{word.typed} is not a name of this block"
                + (f"; did you mean {' or '.join(close)}?" if close else f" ({', '.join(known[:8])})."),
                word.span, close,
            )
            raise error.bind(block.wrt)
        found.setdefault(key, word)
    for key, word in found.items():
        inside = next((n for n in found if n != key and n in parts_of(key, built.steps)), None)
        if inside is not None:
            raise NameMistake(
                f"{word.typed} is defined by means of {found[inside].typed}: with both as variables neither could "
                "change while the other stays.", word.span,
            ).bind(block.wrt)
    return tuple(found)


def check_roles(block: Sized, names: Collection[str], bound: Collection[str]) -> None:
    """A role is said of what the block uses and does not define."""
    for key, draft in block.drafts.items():
        if draft.role is None or key in names:
            continue
        word, _ = draft.role
        if key in bound and key not in block.wholes:
            said = f"{word.typed} is defined{block.where(key)}; only what no line defines has a role."
            raise NameMistake(said, word.span)
        if key not in block.wholes:
            close = nearest(key, names)
            raise NameMistake(f"{word.typed} is not used in this block.", word.span, close)
