"""`use J1`: the lines of another result's block, put in where the line stands.

They are put in as text before anything is read: all rules hold for them, and a name that both blocks
define is the error that it is within one. Where an error lies in what was put in, it is said of the line `use J1`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jacmagic import names
from jacmagic.errors import JacmagicError, NameMistake, Span, SyntaxMistake, ValueMistake, nearest
from jacmagic.language import nodes as s
from jacmagic.language.keys import key_of
from jacmagic.language.statements import parse
from jacmagic.program.model import Program

_USE = re.compile(r"(?:^|(?<=[\n;]))[^\S\n]*(use[^\S\n]+([^\W\d]\w*))[^\S\n]*(?=[\n;#]|\Z)")
_NAMES = r"[^\W\d]\w*(?:[^\S\n]*,[^\S\n]*[^\W\d]\w*)+"
_SEVERAL = re.compile(rf"(?:^|[\n;])[^\S\n]*(use[^\S\n]+({_NAMES}))[^\S\n]*(?=[\n;#]|\Z)")
_A_NAME = re.compile(r"(?:^|[\n;])[^\S\n]*use[^\S\n]*(=|∈|in\b)")


@dataclass(frozen=True)
class Whole:
    """A block with what it uses.

    text    all of it
    places  where something was put in: in `text`, and the line `use J1` in what was typed
    """

    text: str
    places: tuple[tuple[Span, Span], ...] = ()

    def typed(self, at: int) -> tuple[int, Span | None]:
        """An offset in what was typed; of what was put in the line that did so, and its span."""
        shift = 0
        for inside, line in self.places:
            if at < inside.start:
                break
            if at < inside.stop:
                return line.start, line
            shift = line.stop - inside.stop
        return at + shift, None

    def told(self, error: JacmagicError) -> JacmagicError:
        """The error as one of what was typed."""
        if not self.places:
            return error
        if error.span is not None:
            first, stop = error.span
            (start, put), (last, end) = self.typed(first), self.typed(max(stop - 1, first))
            error.span = put or end or Span(start, last + (stop > first))
            if put or end:
                error.hints = ()
        error.message = error.template = re.sub(
            r"@line([0-9]+)@", lambda m: f"@line{self.typed(int(m[1]))[0]}@", error.message
        )
        error.source = None
        return error


def whole(text: str, namespace: Mapping[str, Any] | None, net: bool) -> Whole:
    """The block with the lines that it uses.

    Raises:
        NameMistake, ValueMistake: what is used is no result, or there is nowhere to look for it.
    """
    if "use" not in text or _A_NAME.search(text):
        return Whole(text)
    if several := _SEVERAL.search(text):
        each = "; ".join(f"use {one}" for one in re.split(r"\s*,\s*", several[2]))
        raise SyntaxMistake("A line uses one result.", Span(*several.span(1)), (each,)).bind(text)
    parts, places, last, size = [], [], 0, 0
    for found in _USE.finditer(text):
        if "#" in text[text.rfind("\n", 0, found.start()) + 1 : found.start()]:
            continue
        span = Span(*found.span(1))
        put = "\n" + "\n".join(text for _, text in lines(program_of(found[2], namespace, net, span))) + "\n"
        before = text[last : span.start]
        parts += [before, put]
        places.append((Span(size + len(before), size + len(before) + len(put)), span))
        size, last = size + len(before) + len(put), span.stop
    return Whole("".join([*parts, text[last:]]), tuple(places))


def program_of(name: str, namespace: Mapping[str, Any] | None, net: bool, span: Span) -> Program:
    """The program of a result in the notebook."""
    if namespace is None:
        raise ValueMistake("A result is used in a notebook cell, or where namespace= is given.", span)
    if name not in namespace:
        results = [key for key, one in namespace.items() if isinstance(getattr(one, "program", None), Program)]
        raise NameMistake(
            f"There is no {name} here; --into {name} on a magic's line binds a result to that name.", span,
            [f"use {one}" for one in nearest(name, results)],
        )
    found = getattr(namespace[name], "program", None)
    if not isinstance(found, Program):
        raise ValueMistake(f"{name} is no result of %%jacobian or %%nnchain, whose functions could be used.", span)
    if found.net and not net:
        raise ValueMistake(f"{name} is a net; its layers are used in another one, in %%nnchain.", span)
    return found


def lines(program: Program) -> list[tuple[s.Statement, str]]:
    """The lines of a block that say what its names are; without points and the values that it asks for."""
    out = []
    for one in parse(program.text, program.net):
        shown, keys = program.text[one.span.start : one.span.stop], [key_of(name) for name in one.names]
        if one.kind == "at" or one.kind in ("declare", "define") and keys and set(keys) <= program.put.keys():
            continue
        if one.kind == "expression":
            alone = [key for key, step in program.steps.items() if step.span == one.span]
            if not alone:
                continue  # f(3)
            shown = f"{alone[0]} = {shown}"
        if one.python is not None and (given := program.inputs.get(keys[0])) is not None:
            shown = f"{names.name(keys[0]).text} = {literal(given.value)}"  # as it was
        out.append((one, shown))
    blank = s.Statement(Span(0, 0), "put")
    return [*out, *((blank, f"{names.name(key).text} = {literal(value)}") for key, value in program.put.items())]


def literal(value: np.ndarray) -> str:
    """A value as a block has it: 3, [1, 2], [[1, 2], [3, 4]]."""
    if value.ndim:
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
