"""Which entries of the Jacobian are asked for: all, or those that are named behind `--quiz`."""

from __future__ import annotations

from itertools import product
from math import prod

from jacmagic.errors import LimitError, Span, SyntaxMistake
from jacmagic.language.answers import LABELS
from jacmagic.result import Result
from jacmagic.show.answers import known

MAX_ASKED = 64
"""Entries that a quiz asks for. Instead: fewer variables, or those that are named, `--quiz="df1/dx2"`."""


def asked(result: Result) -> list[tuple[int, int]]:
    """Rows and columns of the entries that a quiz asks for, in order; `--quiz="dx/dr, dy/dφ"` names them.

    Raises:
        LimitError: too many.
        JacmagicError: what is named is no entry; it points at the text.
    """
    p = result.program
    text = result.besides.get("quiz")
    if not isinstance(text, str):
        m, n = (sum(prod(p.shape(key)) for key in keys) for keys in (p.outputs, p.variables))
        if m * n > MAX_ASKED:
            raise LimitError(f"A quiz asks for at most {MAX_ASKED} entries; this Jacobian has more.")
        return list(product(range(m), range(n)))
    rows, columns = symbols(result, p.outputs), symbols(result, p.variables)
    found: list[tuple[int, int]] = []
    start = 0
    for one in text.split(","):
        span = Span(start + len(one) - len(one.lstrip()), start + len(one.rstrip()))
        pair = named(result, text, span)
        if not (set(pair[0]) <= set(rows) and set(pair[1]) <= set(columns)):
            raise SyntaxMistake("This is no entry of the Jacobian.", span).bind(text)
        found += [(rows.index(of), columns.index(by)) for of in pair[0] for by in pair[1]]
        start += len(one) + 1
    if len(found) > MAX_ASKED:
        raise LimitError(f"A quiz asks for at most {MAX_ASKED} entries; these are more.")
    return list(dict.fromkeys(found))


def symbols(result: Result, keys: tuple[str, ...]) -> list[str]:
    """The names of all entries of some names."""
    return [symbol.name for key in keys for symbol in result.entry_symbols(key)]


def named(result: Result, text: str, span: Span) -> tuple[list[str], list[str]]:
    """What df1/dx2 differentiates, and by what, entry by entry.

    Raises:
        JacmagicError: it is no derivative, or has a name that the block does not have.
    """
    for pattern in LABELS:
        if found := pattern.fullmatch(text[span.start : span.stop]):
            pair = [known(result, text, found[name], span.start) for name in ("of", "wrt")]
            return of_name(result, pair[0]), of_name(result, pair[1])
    raise SyntaxMistake("Here stand entries of the Jacobian.", span, ("df1/dx2",)).bind(text)


def of_name(result: Result, name: str) -> list[str]:
    """The entries of a name, or it alone where it is one."""
    key, at = result.place(name)
    found = symbols(result, (key,))
    return found if at is None else found[at : at + 1]
