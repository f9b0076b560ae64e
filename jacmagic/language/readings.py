"""Two readings of one text are two trees: the message and both fixes are printed from them.

The leaves of such a tree are what was typed, `said(span)`; what joins them is new,
so that brackets stand where the printer's one table of precedence puts them.
"""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.errors import AmbiguousMath, Span
from jacmagic.language import tree as t
from jacmagic.language.printers.quoted import quoted

TWO_WAYS = "{} can be read in two ways."


def ambiguous(text: str, span: Span, *readings: t.Expr, says: str = TWO_WAYS) -> AmbiguousMath:
    """What to say of a text with two readings; {} in `says` is that text."""
    says = says.replace("{}", text[span.start : span.stop], 1)
    return AmbiguousMath(says, span, [quoted(text, reading) for reading in readings])


def said(first: Span, last: Span | None = None) -> t.Expr:
    """What stands at a place, or from one place to another, as one piece."""
    return t.Words("", span=first if last is None else first.to(last))


def between(start: int, stop: int) -> t.Expr:
    return said(Span(start, stop))


def product(*factors: t.Expr, sign: str = "") -> t.Expr:
    """Factors side by side, or with a sign between them: * / ./ .*."""
    return t.Product(tuple((sign if k else "", factor) for k, factor in enumerate(factors)))


def run(start: int, stop: int) -> t.Expr:
    """What stands there, as a product that takes brackets where it is an operand."""
    here = Span(start, stop)
    return t.Product((("", said(here)), ("", said(here))), span=here)


def call(head: str, arguments: Sequence[t.Expr]) -> t.Expr:
    """A call of a function as it was typed."""
    return t.Call(head, tuple(arguments))
