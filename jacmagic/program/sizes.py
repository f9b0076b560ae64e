"""Whole numbers, sizes and values of a block's names."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TypeVar

import numpy as np
import sympy as sp

from jacmagic import names
from jacmagic.code import compile_numpy
from jacmagic.engine.graph import Graph
from jacmagic.errors import JacmagicError, LimitError, ShapeError, Span, SyntaxMistake, ValueMistake
from jacmagic.language import tree as t
from jacmagic.language.nodes import Statement
from jacmagic.program.batches import Batches
from jacmagic.program.block import Counted, Settled, Sized, grown, line
from jacmagic.program.lowerer import MAX_OF_A_NAME, MAX_VALUE, Lowerer, Value
from jacmagic.program.lowering import RULES
from jacmagic.program.model import Shape, describe
from jacmagic.program.shapes import Inference
from jacmagic.program.statements import nothing_to_do
from jacmagic.program.uses import bounds_in, families_in, names_in, sizes_by_index, use_of

Kind = TypeVar("Kind", bound=Settled)

Sizes = Mapping[str, tuple[int, ...]]
"""{name of a size without a value: numbers that stand for it}."""



# ------------------------------------------------------------------ whole numbers
def count(block: Settled) -> Counted:
    """The block with the values of the names used as sizes, bounds and indices.

    Raises:
        ValueMistake: such a name has no value.
    """
    sizes = sizes_in(block)
    wanted = [one for tree in block.trees.values() for one in bounds_in(tree)]
    wanted += [dim for dims, _ in sizes.values() for dim in dims]
    wholes: dict[str, int] = {}
    low = lowerer(block, wholes)
    of_sizes = {name for dims, _ in sizes.values() for dim in dims for name in names_in(dim)}
    pending = whole_names(block, wanted, of_sizes)
    low.whole_names = set(pending)
    while pending:
        later = []
        for name in pending:
            value = block.evaluated.get(name)
            if value is None and any(one not in low.env for one in names_in(block.trees[name])):
                later.append(name)
                continue
            wholes[name] = low.whole_of(block.trees[name]) if value is None else int(value)
            low.env[name] = Value(sp.Integer(wholes[name]), literal=True)
        pending = later if len(later) < len(pending) else []
    sequence = tuple((key, one) for key, one in block.sequence if key not in wholes)
    return grown(Counted, block, sequence=sequence, wholes=wholes, sizes=sizes)


def sizes_in(block: Settled) -> dict[str, tuple[tuple[t.Expr, ...], Statement]]:
    """The sizes that lines state, and those of what y_i = … for i = 1..n indexes by i and no line declares."""
    sizes = {
        key: (tuple(block.reader.value(dim) for dim in draft.size.size.dims), draft.size)
        for key, draft in block.drafts.items() if draft.size is not None and draft.size.size is not None
    }
    known = block.drafts.keys() | {param for params in block.scope.functions.values() for param in params}
    for key, statement in block.sequence:
        for name, dims in sizes_by_index(block.trees[key]).items() if statement.indexed else ():
            if name not in known:
                sizes.setdefault(name, (tuple(dims), statement))
    return sizes


def whole_names(block: Settled, wanted: list[t.Expr], sizes: set[str]) -> list[str]:
    """The names in these expressions, which must be whole numbers, and those that they are made of."""
    indices = {family.index for tree in block.trees.values() for family in families_in(tree)}
    todo = [name for expr in wanted for name in names_in(expr) if name not in indices]
    spans = {n: use_of(e, n) or e.span for e in reversed(wanted) for n in names_in(e)}
    found: dict[str, None] = {}
    while todo:
        name = todo.pop()
        if name in found:
            continue
        value, stated = block.evaluated.get(name), block.trees.get(name)
        if value is not None and not value.ndim and float(value).is_integer():
            found[name] = None
            continue
        if stated is None or name in block.scope.functions:
            span = spans.get(name, Span(0, 0))
            raise bracketed(block, name) or without_value(name, span, name in block.drafts, name in sizes)
        inner = [n for n in names_in(stated) if n not in found]
        spans |= {n: use_of(stated, n) or stated.span for n in inner}
        todo += inner
        found[name] = None
    return list(found)


def bracketed(block: Settled, name: str) -> SyntaxMistake | None:
    """What is said of a[1 - x], where nothing says that a has entries: square brackets for round ones."""
    arguments = {param for params in block.scope.functions.values() for param in params}
    for one in (node for tree in block.trees.values() for node in t.walk(tree)):
        if not isinstance(one, t.Component) or len(one.indices) > 1 or name not in names_in(one.indices[0]):
            continue
        index, base = one.indices[0], t.inside(one.base)
        if isinstance(index, t.Name) or isinstance(index, t.Sum) and name not in arguments:
            continue
        if not isinstance(base, t.Name) or base.key not in block.drafts.keys() | block.trees.keys():
            left, inner = block.source(one.base.span), block.source(index.span)
            return SyntaxMistake(
                f"[{inner}] behind {left} is an entry, counted by whole numbers; a bracket that multiplies is round.",
                one.span, (f"{left}*({inner})",),
            )
    return None


def without_value(name: str, span: Span, declared: bool, is_size: bool) -> ValueMistake:
    """What is said of n in R^n or i = 1..n where no line gives it a value."""
    hints = () if declared else (f"{name} = 3",)
    error = ValueMistake(f"{name} stands where a whole number is needed; give it a value.", span, hints)
    error.size = name if is_size and not declared else ""
    return error


def lowerer(block: Settled, wholes: Mapping[str, int], graph: Graph | None = None) -> Lowerer:
    """What lowers expressions in which no names are known but whole numbers."""
    env = {name: Value(sp.Integer(value), literal=True) for name, value in wholes.items()}
    low = Lowerer(block.text, graph or Graph(), env, {}, block.where, RULES)
    low.whole_names = set(wholes)
    return low


# ------------------------------------------------------------------ sizes
def size(block: Counted) -> Sized:
    """The block with the size of every name: stated, of its value, or inferred.

    What does not fit is handed on as `mistake`: a name may yet turn out to be a component.
    """
    low = lowerer(block, block.wholes)
    shapes: dict[str, Shape] = dict.fromkeys(block.wholes, ())
    shapes |= {key: stated_size(key, block, low) for key in block.sizes}
    constants = {
        key: low.lower(block.trees[key])
        for key in block.drafts if key in block.values and key in block.trees and key not in block.wholes
    }
    defined = {key for key, _ in block.sequence}
    for key, draft in block.drafts.items():
        if key in block.evaluated:
            shapes.setdefault(key, block.evaluated[key].shape)
        elif key in constants:
            shapes.setdefault(key, constants[key].shape)
        elif draft.range is not None and key not in defined:
            shapes.setdefault(key, ())
    free = used_names(block) - defined - block.wholes.keys()
    rates = {key: names.of_rate(key) for key, statement in block.sequence if statement.kind == "equation"}
    stated = {
        key: one.size.span for key, (dims, one) in block.sizes.items()
        if not dims and one.size and one.kind == "define"
    }

    def whole(expr: t.Expr) -> int | None:
        try:
            return low.whole(expr)
        except (JacmagicError, AssertionError, TypeError):
            return None

    inference = Inference(shapes, whole, block.scope.functions, free, rates, stated, block.source, block.net)
    inference.batches = Batches(block.batches, block.trees, shapes.get)
    mistake = None
    try:
        inference.run([(key, block.trees[key]) for key, _ in block.sequence])
    except ShapeError as error:
        mistake = error
    if mistake is None:
        check_free(block, {key: shapes[key] for key in sorted(free & set(shapes))})
    return grown(
        Sized, block, shapes=shapes, free=frozenset(free), mistake=mistake, fixed=inference.fixed,
        constants={key: low.node(value) for key, value in constants.items()},
    )


def used_names(block: Settled) -> set[str]:
    """What lines use, take as arguments or define by an equation."""
    used = {n for key, _ in block.sequence for n in names_in(block.trees[key])}
    used |= {p for params in block.scope.functions.values() for p in params}
    return used | set(block.said.implicit)


def stated_size(key: str, block: Counted, low: Lowerer) -> Shape:
    dims, statement = block.sizes[key]
    sizes = []
    for dim in dims:
        n = low.whole_of(dim)
        if n < 1:
            raise ValueMistake(f"A size is at least 1, not {n}.", dim.span)
        sizes.append(n)
    check_total(key, tuple(sizes), statement.span)
    return tuple(sizes)


def check_free(block: Counted, shapes: Mapping[str, Shape]) -> None:
    """The inferred sizes of free names within the limit."""
    for key, shape in shapes.items():
        if prod(shape) > MAX_OF_A_NAME:  # looking for where it is used is a walk each
            first = next((span for one, _ in block.sequence if (span := use_of(block.trees[one], key))), None)
            check_total(key, shape, first)


def check_total(key: str, shape: Shape, span: Span | None) -> None:
    if prod(shape) > MAX_OF_A_NAME:
        raise LimitError(
            f"A name has at most {MAX_OF_A_NAME:,} entries; {key} would have {prod(shape):,}.", span
        )


def components(block: Sized) -> set[str]:
    """The vectors of an inferred size whose component p2 was read as a name of its own."""
    found, shapes = set(), block.shapes
    for name in block.free - block.scope.names:
        one, whole = names.name(name), names.name(name).unindexed
        if one.index.isdigit() and shapes.get(name, ()) == () and len(shapes.get(whole, ())) == 1:
            found.add(whole)
    return found - block.scope.functions.keys()


def with_a_guess(block: Sized, mistake: ShapeError) -> ShapeError:
    """The mistake, and in a net what may have led to it: a layer that nothing reads."""
    span = mistake.span
    if not block.net or span is None:
        return mistake
    unread = [
        f"{key}{block.where(key)}" for key, statement in block.sequence[:-1]
        if statement.kind == "define" and key not in block.used and statement.span.stop <= span.start
    ]
    if not unread:
        return mistake
    return ShapeError(f"{mistake.message} Nothing reads {unread[-1]}: is it meant here?", span, mistake.hints)


# ------------------------------------------------------------------ values
def values(block: Sized) -> dict[str, np.ndarray]:
    """The stated values as float64 arrays of the names' sizes."""
    out = {key: np.asarray(array, dtype=float) for key, array in block.evaluated.items() if key not in block.wholes}
    for key, node in block.constants.items():
        try:  # what is not plainly a constant, as norm([3, 4]), is computed
            numbers = [float(v) for v in node.data] if node.op == "const" else np.ravel(compile_numpy((), node)())
        except (TypeError, OverflowError, ValueError):
            numbers = [float("nan")]
        if not np.isfinite(numbers).all():
            raise ValueMistake(f"The value of {key} is not a number to calculate with.", block.trees[key].span)
        if np.max(np.abs(numbers)) > MAX_VALUE:
            raise LimitError(f"The value of {key} is too large to calculate with.", block.trees[key].span)
        out[key] = np.array(numbers).reshape(node.shape)
    for key, array in out.items():
        shape = block.shapes[key]
        if array.size == prod(shape):
            out[key] = array.reshape(shape)
            continue
        stated = block.drafts[key].size
        place = f" on {line(stated.span)}" if stated else ""
        raise ShapeError(
            f"{key} is {describe(shape)}{place}, but its value is {describe(array.shape)}.",
            block.trees[key].span if key in block.trees else block.values[key].span,
        )
    return out


def range_of(block: Settled, numbers: Lowerer, key: str) -> tuple[float, float, float | None] | None:
    draft = block.drafts.get(key)
    if draft is None or draft.range is None:
        return None
    raw = draft.range[1]
    ends: list[float | None] = []
    for end in (raw.low, raw.high, raw.step):
        if end is None:
            ends.append(None)
            continue
        expr = block.reader.value(end)
        if any(n not in numbers.whole_names for n in names_in(expr)):
            raise ValueMistake("The ends of a range are numbers.", expr.span)
        value = numbers.lower(expr)
        try:
            number = float(value.expr)
        except (TypeError, OverflowError):
            raise ValueMistake("The ends of a range are numbers.", expr.span) from None
        if not np.isfinite(number) or abs(number) > MAX_VALUE:
            raise ValueMistake("The ends of a range are finite numbers, not too large.", expr.span)
        ends.append(number)
    low, high, step = ends
    assert low is not None
    assert high is not None
    if low == high:
        raise ValueMistake("This range is empty: both ends are the same.", raw.span)
    if step is not None and step <= 0:
        assert raw.step is not None
        raise ValueMistake("A step is above 0.", raw.step.span)
    return min(low, high), max(low, high), step


def check_inside(block: Settled, key: str, value: np.ndarray, range_: tuple[float, float, float | None]) -> None:
    low, high, _ = range_
    if (value < low).any() or (value > high).any():
        statement = block.values[key]
        shown = ", ".join(f"{v:g}" for v in np.ravel(value)[:3])
        tree = block.trees.get(key)
        raise ValueMistake(
            f"{key} = {shown} lies outside its range [{low:g}, {high:g}].", tree.span if tree else statement.span
        )


def with_lines(block: Kind) -> Kind:
    """The block, if it defines anything; else its values are looked at all the same."""
    if block.sequence:
        return block
    low = lowerer(block, {})
    for key in block.drafts:
        if key in block.values and key in block.trees:
            value, ends = low.lower(block.trees[key]), range_of(block, low, key)
            if ends is not None and value.shape == ():
                check_inside(block, key, np.array(float(value.expr)), ends)
    defined = [draft.define for draft in block.drafts.values() if draft.define is not None]
    bare = [one.span for one in defined if one.names[0].span.start == one.names[0].span.stop]  # 2-3-1
    raise nothing_to_do(block.net, *bare[:1])
