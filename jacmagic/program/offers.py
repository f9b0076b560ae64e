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

Stated = dict[str, s.Statement]


def offered(block: Sized, error: ShapeError) -> ShapeError:
    """The error, with those of its sizes of undeclared names that fit, or another that does."""
    stated = {hint: lines for hint in error.hints if " in R" in hint and (lines := stated_by(hint))}
    undeclared = block.free - block.drafts.keys()
    if not stated or len(block.sequence) > MAX_LINES or not all(one.keys() <= undeclared for one in stated.values()):
        return error
    left = [hint for hint in error.hints if hint not in stated or fits(block, stated[hint])]
    first = next(iter(stated))
    if not left and len(stated[first]) == 1:
        left = [one for one in sizes(block, first.partition(" in R")[0]) if fits(block, stated_by(one))][:1]
    if left:
        error.message = error.message.replace(f"such as {error.hints[0]}", f"such as {left[0]}")
        error.hints = tuple(left)
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


def fits(block: Counted, stated: Stated) -> bool:
    """True where the block with these lines is read, or asks for the size of another name next."""
    said = {key: (tuple(map(block.reader.value, line.size.dims)), line) for key, line in stated.items() if line.size}
    drafts = {key: Draft(size=line) for key, line in stated.items()}
    found = size(replace(block, sizes={**block.sizes, **said}, drafts={**block.drafts, **drafts}))
    try:
        if found.mistake is not None:
            raise found.mistake
        build(found)
    except ShapeError as error:
        others = [key for hint in error.hints for key in stated_by(hint)]
        return bool(others) and not any(key in stated or found.shapes.get(key) for key in others)
    except JacmagicError:
        return True
    return True
