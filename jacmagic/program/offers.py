"""The sizes that an error offers for a name without one: those by which the block can be read.

`W in R^(4x3)` is tried before it is said: inference and lowering judge the block with that line. Where nothing
that an error brings fits, sizes made of the whole numbers of the block are tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jacmagic.errors import JacmagicError, ShapeError
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import key_of
from jacmagic.language.statements import parse
from jacmagic.program.block import Counted, Draft, Sized
from jacmagic.program.build import build
from jacmagic.program.sizes import size

MAX_LINES = 60
"""Lines of a block that is read again for each size: 0.1 s where all are tried."""

MAX_SIZES = 6
"""Different whole numbers of a block that sizes are made of."""

MAX_NAMES = 4
"""Names whose sizes one fix states."""

Stated = dict[str, s.Statement]


def offered(block: Sized, error: ShapeError) -> ShapeError:
    """The error, with those of its sizes of undeclared names that fit, or another that does."""
    stated = {hint: lines for hint in error.hints if " in R" in hint and (lines := stated_by(hint))}
    undeclared = block.free - block.drafts.keys()
    if not stated or len(block.sequence) > MAX_LINES or not all(one.keys() <= undeclared for one in stated.values()):
        return error
    found = {hint: fits(block, stated[hint]) if hint in stated else () for hint in error.hints}
    first = next(iter(stated))
    if len(stated[first]) == 1 and all(more is None for more in found.values()):
        tried = ((one, fits(block, stated_by(one))) for one in sizes(block, first.partition(" in R")[0]))
        found = dict([next(((one, more) for one, more in tried if more is not None), (first, None))])
    left = {hint: more for hint, more in found.items() if more is not None}
    if left:
        error.message = error.message.replace(f"such as {error.hints[0]}", f"such as {next(iter(left))}")
        error.hints = tuple("; ".join([hint, *more]) for hint, more in left.items())
    return error


def stated_by(hint: str) -> Stated:
    """What the line W in R^(4x3) says of W; nothing of a line that is none."""
    try:
        (line,) = parse(hint)
    except (JacmagicError, ValueError):
        return {}
    return {} if line.kind != "declare" or line.size is None else dict.fromkeys(map(key_of, line.names), line)


def sizes(block: Counted, shown: str) -> Iterator[str]:
    """Lines with a size of a name, columns first of a small letter, matrices first of a capital."""
    trees = [*block.trees.values(), *(dim for dims, _ in block.sizes.values() for dim in dims)]
    numbers = {int(one.text) for tree in trees for one in t.walk(tree)
               if isinstance(one, t.Number) and one.text.isdigit() and len(one.text) < 3}
    found = sorted((numbers | {2, 3}) - {0, 1})[:MAX_SIZES]
    columns, matrices = [f"{n}" for n in found], [f"({m}x{n})" for m in found for n in found]
    for one in matrices + columns if shown[0].isupper() else columns + matrices:
        yield f"{shown} in R^{one}"


def fits(block: Counted, stated: Stated) -> tuple[str, ...] | None:
    """The sizes of other names that the block asks for where it is read with these lines; None where it is not."""
    said = {key: (tuple(map(block.reader.value, line.size.dims)), line) for key, line in stated.items() if line.size}
    drafts = {key: Draft(size=line) for key, line in stated.items()}
    found = size(replace(block, sizes={**block.sizes, **said}, drafts={**block.drafts, **drafts}))
    mistake = found.mistake
    try:
        if mistake is None:
            build(found)
    except ShapeError as error:
        mistake = error
    except JacmagicError:
        return ()
    if mistake is None:
        return ()
    asked = {hint: keys for hint in mistake.hints if (keys := stated_by(hint))}
    if not asked or any(key in stated or found.shapes.get(key) for keys in asked.values() for key in keys):
        return None
    matrix = any(line.size is not None and len(line.size.dims) == 2 for line in stated.values())
    first = next((hint for hint in asked if ("x" in hint.partition(" in ")[2]) == matrix), next(iter(asked)))
    more = fits(block, stated | asked[first]) if len(stated) < MAX_NAMES else None
    return () if more is None else (first, *more)
