"""Entries, rows, columns and other parts of vectors and matrices, and how far an index goes that has no bounds."""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.engine.graph import Node
from jacmagic.errors import JacmagicError, ShapeError, SyntaxMistake, ValueMistake
from jacmagic.language import tree as t
from jacmagic.program.known import Shape
from jacmagic.program.lowerer import Lowerer, Unroll, Value, mentions


def component(low: Lowerer, expr: t.Component) -> Value:
    base = base_of(low, expr)
    check_components(low, expr, base)
    indices = expr.indices
    if len(indices) < len(base.shape):
        one_column = base.shape[1] == 1
        indices = (*indices, t.Number("1") if one_column else t.Slice())
        low.unsaid.rows |= set() if one_column else {expr.span}
    node = low.node(base)
    if any(isinstance(index, t.Slice) for index in indices):
        if low.in_family:  # a part has entries of its own
            raise Unroll
        return low.of_node(part(low, expr, node, indices))
    columns = [index_values(low, index) for index in indices]
    length = max((len(c) for c in columns if isinstance(c, tuple)), default=0)
    places = [c if isinstance(c, tuple) else (c,) * (length or 1) for c in columns]
    flat = []
    for k in range(length or 1):
        at = 0
        for axis, (size, place) in enumerate(zip(base.shape, places)):
            check_place(low, expr, base.shape, axis, place[k])
            at = at * size + place[k] - 1
        flat.append(at)
    return low.of_node(low.graph.take(node, flat, (length,) if length else ()))


def part(low: Lowerer, expr: t.Component, node: Node, indices: Sequence[t.Expr]) -> Node:
    """A row, a column, or any other part of an array."""
    flat, shape = [0], []
    for axis, (size, index) in enumerate(zip(node.shape, indices)):
        places = places_of(low, index, size)
        if not places:
            raise ValueMistake("This part is empty: its first index is above its last.", expr.span)
        for place in (places[0], places[-1]):
            check_place(low, expr, node.shape, axis, place)
        flat = [at * size + place - 1 for at in flat for place in places]
        if isinstance(index, t.Slice):
            shape.append(len(places))
    return low.graph.take(node, flat, tuple(shape))


def places_of(low: Lowerer, index: t.Expr, size: int) -> Sequence[int]:
    """The numbers that an index of a part stands for."""
    if not isinstance(index, t.Slice):
        found = index_values(low, index)
        if isinstance(found, tuple):
            raise Unroll
        return [found]
    if index.first is None or index.last is None:
        return range(1, size + 1)
    return range(low.whole_of(index.first), low.whole_of(index.last) + 1)


def check_place(low: Lowerer, expr: t.Component, shape: Shape, axis: int, place: int) -> None:
    size = shape[axis]
    if 1 <= place <= size:
        return
    inner = t.inside(expr.base)
    shown = inner.key if isinstance(inner, t.Name) else low.source(expr.base.span)
    what = f"{shown} has {size} entries" if len(shape) == 1 else f"{shown} is {shape[0]}×{shape[1]}"
    where = low.where(inner.key) if isinstance(inner, t.Name) else ""
    last = (f"{low.source(expr.base.span)}[{size}]",) if place == -1 and len(shape) == 1 else ()
    zero = "; the first entry has the number 1" if place == 0 else ""
    if place == 0 and isinstance(inner, t.Name) and len(shape) == 1 and counted(low, expr.indices[0], size):
        index = t.inside(expr.indices[0])
        last = (f"{low.source(expr.base.span).partition('_')[0]}[{index.key}+1]",) if isinstance(index, t.Name) else ()
    raise ShapeError(f"{what}{where}; {place} is out of range (from 1 to {size}){zero}.", expr.span, last)


def counted(low: Lowerer, index: t.Expr, size: int) -> bool:
    """True for a family's own letter, which counts from 0 to below a size."""
    inner = t.inside(index)
    values = low.vector_index[1] if low.vector_index and mentions(index, {low.vector_index[0]}) else ()
    return isinstance(inner, t.Name) and max(values, default=low.lasts.get(inner.key, size)) < size


def check_components(low: Lowerer, expr: t.Component, base: Value) -> None:
    """The base has components with as many indices; of a matrix one is a row."""
    inner = t.inside(expr.base)
    shown = inner.key if isinstance(inner, t.Name) else low.source(expr.base.span)
    if base.shape == ():
        name = isinstance(inner, t.Name)
        if any(0 in taken(low, index) for index in expr.indices):
            raise ShapeError(
                f"{shown} has no components here, and they count from 1: declare its size, or write the terms out.",
                expr.span,
            )
        raise ShapeError(
            f"{shown} has no components here: declare its size.", expr.span,
            (f"{shown} in {size_for(low, expr.indices)}",) if name and shown.isalnum() else (),
        )
    if len(expr.indices) > len(base.shape):
        kind = "one index" if len(base.shape) == 1 else "two indices, W[1,2]"
        raise ShapeError(f"{low.describe(expr.base, base)}; a component of it has {kind}.", expr.span)


def size_for(low: Lowerer, indices: Sequence[t.Expr]) -> str:
    """The least size that has these components, as it is declared."""
    held = dict(low.indices)
    low.indices |= {key: last for key, last in low.lasts.items() if key in held}
    sizes = [max(2, *taken(low, index)) for index in indices]
    low.indices = held
    return f"R^{sizes[0]}" if len(sizes) == 1 else f"R^({'x'.join(map(str, sizes))})"


def taken(low: Lowerer, index: t.Expr) -> tuple[int, ...]:
    """The places that an index takes, where they can be told."""
    try:
        found = 2 if isinstance(index, t.Slice) else index_values(low, index)
    except JacmagicError:
        found = 2
    return found if isinstance(found, tuple) else (found,)


def base_of(low: Lowerer, expr: t.Component) -> Value:
    """The array that components are taken of; it may be read inside a family, too."""
    if low.in_family and low.depends_on_index(expr.base):
        raise Unroll
    with low.family(None):
        return low.lower(expr.base)


def index_values(low: Lowerer, expr: t.Expr) -> int | tuple[int, ...]:
    """A component's index: one number, or one for each member of the family."""
    if low.vector_index is None:
        return low.whole_of(expr)
    key, values = low.vector_index
    if not mentions(expr, {key}):
        return low.whole_of(expr)
    held, low.vector_index = low.vector_index, None
    try:
        inner = t.inside(expr)
        terms = inner.terms if isinstance(inner, t.Sum) else ((1, inner),)
        others = [(sign, term) for sign, term in terms if not (isinstance(term, t.Name) and term.key == key)]
        if len(others) < 2 and not any(mentions(term, {key}) for _, term in others):  # i + 1, once for all
            times = sum(sign for sign, _ in terms) - sum(sign for sign, _ in others)
            shift = sum(sign * low.whole_of(term) for sign, term in others)
            return tuple([times * value + shift for value in values])
        out = []
        for value in values:
            with low.member(key, value):
                out.append(low.whole_of(expr))
        return tuple(out)
    finally:
        low.vector_index = held


def bounds(low: Lowerer, expr: t.Family) -> tuple[int, int]:
    """The first and the last value of a family's index; without bounds, all of what it indexes."""
    if expr.first is not None and expr.last is not None:
        return low.whole_of(expr.first), low.whole_of(expr.last)
    found: dict[int, t.Component] = {}
    todo = [expr.body]
    while todo:
        one = todo.pop()
        if isinstance(one, t.Family) and one.index == expr.index:
            continue
        todo += t.children(one)
        indices = one.indices if isinstance(one, t.Component) else ()
        axes = [k for k, index in enumerate(indices) if index == t.Name(expr.index)]
        if isinstance(one, t.Component) and axes:
            base = low.lower(one.base)
            if base.shape == ():
                raise size_unknown(low, one)
            check_components(low, one, base)
            found.update({base.shape[k]: one for k in axes})
    if not found:
        raise SyntaxMistake(
            f"This goes over all that {expr.index} indexes, and nothing has that index; its bounds are written "
            f"\\sum_{{{expr.index}=1}}^{{n}}.", expr.span,
        )
    if len(found) > 1:
        (m, one), (n, other) = sorted(found.items(), key=lambda pair: pair[1].span.start)[:2]
        raise ShapeError(f"{low.source(one.span)} goes to {m}, but {low.source(other.span)} goes to {n}.", expr.span)
    return 1, next(iter(found))


def size_unknown(low: Lowerer, one: t.Component) -> ShapeError:
    """What to say of the a_i of a sum over all i where nothing says how many there are."""
    name = t.inside(one.base)
    shown = name.key if isinstance(name, t.Name) and len(name.key) == 1 else ""
    return ShapeError(
        f"The size of {low.source(one.span)} is not known: declare it.", one.span, (f"{shown} in R^3",) if shown else ()
    )
