"""Which entries are asked for: all of the Jacobian, or those of it and of ∂L/∂W that are named behind `--quiz`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from math import prod

from jacmagic.errors import LimitError, Span, SyntaxMistake
from jacmagic.language.answers import LABELS, outside
from jacmagic.result import Result
from jacmagic.show.answers import known
from jacmagic.show.pieces import entry_names

MAX_ASKED = 64
"""Entries that a quiz asks for. Instead: fewer variables, or those that are named, `--quiz="df1/dx2"`."""


@dataclass(frozen=True)
class Asked:
    """One entry that is asked for.

    of, wrt  the names of what is differentiated and by what, entries of the block's names
    row      which entry of the functions `of` is
    column   which entry of the variables `wrt` is; None where it is a weight's
    """

    of: str
    wrt: str
    row: int
    column: int | None


def asked(result: Result) -> list[Asked]:
    """The entries that a quiz asks for, in order; `--quiz="dx/dr, dy/dφ"` names them, `--quiz="dL/dW"` a weight's.

    Raises:
        LimitError: too many.
        JacmagicError: what is named is none of these; it points at the text.
    """
    p = result.program
    text = result.besides.get("quiz")
    if not isinstance(text, str):
        m, n = (sum(prod(p.shape(key)) for key in keys) for keys in (p.outputs, p.variables))
        if m * n > MAX_ASKED:
            raise LimitError(f"A quiz asks for at most {MAX_ASKED} entries; this Jacobian has more.")
        rows, columns = symbols(result, p.outputs), symbols(result, p.variables)
        return [Asked(rows[i], columns[j], i, j) for i, j in product(range(m), range(n))]
    ends = [-1, *(k for k, one in outside(text) if one == ","), len(text)]
    found = [one for before, end in pairwise(ends) for one in named(result, text, stripped(text, before + 1, end))]
    if len(found) > MAX_ASKED:
        raise LimitError(f"A quiz asks for at most {MAX_ASKED} entries; these are more.")
    return list(dict.fromkeys(found))


def stripped(text: str, start: int, stop: int) -> Span:
    """A part of a text without the blanks around it."""
    part = text[start:stop]
    begin = start + len(part) - len(part.lstrip())
    return Span(begin, max(begin, start + len(part.rstrip())))


def symbols(result: Result, keys: tuple[str, ...]) -> list[str]:
    """The names of all entries of some names."""
    return [one for key in keys for one in entry_names(result, key)]


def named(result: Result, text: str, span: Span) -> list[Asked]:
    """What df1/dx2 asks for, entry by entry.

    Raises:
        JacmagicError: it is no derivative, has a name that the block does not have, or is none that is asked for.
    """
    p = result.program
    found = next(filter(None, (one.fullmatch(text[span.start : span.stop]) for one in LABELS)), None)
    if found is None:
        raise SyntaxMistake("Here stand entries of the Jacobian.", span, (example(result),)).bind(text)
    of, wrt = (known(result, text, found[name], span.start) for name in ("of", "wrt"))
    weight = p.net and len(symbols(result, p.outputs)) == 1 and result.place(wrt)[0] in result.trainable()
    if result.place(of)[0] not in p.outputs or result.place(wrt)[0] not in p.variables and not weight:
        raise SyntaxMistake("This is no entry of the Jacobian.", span, (example(result),)).bind(text)
    rows, columns = symbols(result, p.outputs), symbols(result, p.variables)
    return [
        Asked(one, by, rows.index(one), columns.index(by) if by in columns else None)
        for one, by in product(entry_names(result, of), entry_names(result, wrt))
    ]


def example(result: Result) -> str:
    """The name of the first entry of this Jacobian."""
    p = result.program
    return f"d{symbols(result, p.outputs)[0]}/d{symbols(result, p.variables)[0]}"
