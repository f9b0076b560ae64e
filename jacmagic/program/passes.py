"""From letters to the graph: a table of contents; each pass is a function from one frozen record to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jacmagic.errors import AmbiguousMath, JacmagicError, LimitError, ShapeError, Span
from jacmagic.language.statements import parse
from jacmagic.program.block import Counted, Declared, Sized
from jacmagic.program.build import build
from jacmagic.program.columns import columns
from jacmagic.program.declare import declare
from jacmagic.program.definitions import check_entries, check_kin, check_names, in_order, read, set_aside
from jacmagic.program.domains import Domains
from jacmagic.program.echo import has_decimals, lines
from jacmagic.program.model import Program
from jacmagic.program.offers import offered
from jacmagic.program.points import numbers
from jacmagic.program.python import evaluate
from jacmagic.program.sizes import components, count, size, values, with_a_guess, with_lines
from jacmagic.program.statements import unfold
from jacmagic.program.used import Whole, whole
from jacmagic.program.uses import families_in

LONGEST = 5_000
"""Characters of a block whose error's fixes are tried before they are offered."""


def understand(
    text: str, wrt: str | None = None, namespace: Mapping[str, Any] | None = None, net: bool = False, seed: int = 0
) -> Program:
    """The Program of a block.

    Raises:
        JacmagicError: with the span of the offence.
        TypeError: the block is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f'a block is text, such as "f(x) = x^2"; this is of type {type(text).__name__}')
    block = Whole(text)
    try:
        block = whole(text, namespace, net)
        lines_ = unfold(block.text, parse(block.text, net), wrt, net)
        declared = evaluate(declare(block.text, net, lines_, wrt), namespace)
        return program(sized(declared), seed)
    except RecursionError:
        raise LimitError("This block is nested too deep; name an inner part on a line of its own.").bind(text) from None
    except JacmagicError as error:
        from jacmagic.language.advice import better  # its patterns take 60 ms, for an error that may never come

        raise pasted(block.told(better(block.text, error, net)).bind(text), wrt, net) from None


def pasted(error: JacmagicError, wrt: str | None, net: bool) -> JacmagicError:
    """The error without the fixes that would be refused where they are put; lines above and `use` stay.

    Of a text with two readings both stay: where one of them is refused, that is for what the names are.
    """
    span, text = error.span, error.source or ""
    if span is None or len(text) > LONGEST or isinstance(error, AmbiguousMath):
        return error
    front = text[text.rfind("\n", 0, span.start) + 1 : span.start].rpartition(";")[2].strip()

    def stands(fix: str) -> bool:
        defines = front and "=" in fix.replace("<=", "").replace(">=", "").replace("!=", "").replace("==", "")
        alone = " in R" in fix or "\n" in fix or fix.startswith("use ") or defines
        return bool(alone) or not refused(
            text[: span.start] + fix + text[span.stop :], Span(span.start, span.start + len(fix)), wrt, net
        )

    error.hints = tuple(fix for fix in error.hints if stands(fix))
    return error


def refused(text: str, place: Span, wrt: str | None, net: bool) -> bool:
    """Whether what stands at a place of a block cannot be read; sizes are not looked at."""
    try:
        statements = parse(text, net)
        if not any(one.python for one in statements):
            declared = declare(text, net, unfold(text, statements, wrt, net), wrt)
            in_order(set_aside(check_names(with_lines(read(declared)))))
    except JacmagicError as error:
        return error.span is not None and error.span.start < place.stop and place.start < error.span.stop
    return False


def sized(declared: Declared) -> Sized:
    """The names, right sides and sizes of a block; read again where p2 turns out to be a component of p."""
    while True:
        settled = in_order(set_aside(check_names(with_lines(read(declared)))))
        counted = check_domains(with_lines(count(settled)))
        found = size(counted)
        vectors = components(found)
        if not vectors:
            break
        declared = replace(declared, scope=replace(declared.scope, vectors=declared.scope.vectors | vectors))
    if found.mistake is not None:
        raise told(found, found.mistake)
    check_kin(found)
    check_entries(found)
    return found


def program(block: Sized, seed: int) -> Program:
    """A block whose sizes are known, lowered to its graph."""
    known = values(block)
    try:
        built = build(block)
    except ShapeError as error:
        raise told(block, error) from None
    what = columns(block, built, known | numbers(built.points), seed)
    return Program(
        block.text, built.graph, what.inputs, dict(built.steps), built.outputs, what.variables, what.parameters,
        dict(block.wholes), lines(block, built.steps, built.shapes), block.net, has_decimals(block), built.arrays,
        built.asked, seed, zeros(block), built.found, built.points,
    )


def zeros(block: Sized) -> tuple[str, ...]:
    """The keys of what equations say is 0."""
    return tuple(key for key, one in block.sequence if one.kind == "residual" or key in block.said.zeros)


def check_domains(block: Counted) -> Counted:
    """The block, where nothing is nowhere a real number, and no loss is of what is no probability."""
    indices = {family.index for tree in block.trees.values() for family in families_in(tree)}
    defined = {key: block.trees[key] for key, one in block.sequence if one.kind != "equation"}
    arrays = block.scope.vectors | block.scope.matrices
    domains = Domains(defined, arrays, indices | block.wholes.keys(), block.net)
    for key, _ in block.sequence:
        domains.check(block.trees[key], lambda expr: block.source(expr.span))
        domains.name(key)  # one after the other: a long chain of definitions is no deep one then
    return block


def told(block: Sized, mistake: ShapeError) -> ShapeError:
    """The mistake and a guess at what led to it, without the fix W in R^(2x2) where W has a value of another size."""
    error = offered(block, with_a_guess(block, mistake))
    error.hints = tuple(
        hint for hint in error.hints if " in R" not in hint or hint.partition(" in R")[0] not in block.values
    )
    return error
