"""Derivatives in time as they are typed: x', ẋ, xdot, dx/dt, d²x/dt²."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jacmagic.language.lexer import Token
from jacmagic.language.nodes import Word
from jacmagic.names import GREEK

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") | frozenset(GREEK)

_DOTTED = re.compile(r"([^_]+?)(_?)(d?)dot(?:_([A-Za-z0-9]+)|([0-9]+))?")  # xdot, x1_dot, x_ddot, x_dot_1, xdot1


def _leibniz_forms() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The derivatives in time as Leibniz writes them, one letter a token, as `letter_of` gives it."""
    time, by = r"(?:\(t\)|\{\(t\)\})?", r"(?P<by>τ|D|d[wDt])"
    for kind, two in (("equation", ""), ("second", r"(?:s|\^2|\^\{2\})")):
        name = r"(?:(?P<glued>D)|d(?P<apart>[wD]))" if kind == "equation" else rf"d{two}(?P<apart>[wD])"
        operand = r"(?P<apart>[wD])"
        for form in (
            rf"F\{{{name}{time}\}}\{{{by}{two}\}}", rf"{name}{time}/{by}{two}",
            rf"F\{{d{two}\}}\{{{by}{two}\}}{operand}{time}", rf"d{two}/{by}{two}{operand}{time}",
        ):
            yield kind, re.compile(form)


LEIBNIZ = tuple(_leibniz_forms())


def letter_of(token: Token) -> str:
    """One letter a token: d, τ for dt, t, D for dx, w for any other word, o and O for dot and ddot, F for \\frac."""
    if token.kind == "word":
        if token.index is None and token.text in _LEIBNIZ_WORDS:
            return _LEIBNIZ_WORDS[token.text]
        return "D" if re.match(r"d[^\W\d_]", token.text) else "w"
    if token.kind in ("cmd", "sup", "num"):
        return {"frac": "F", "2": "s" if token.kind == "sup" else "2"}.get(token.text, "?")
    return token.text if token.kind == "op" and len(token.text) == 1 else "?"


LONGEST_RATE = 24
"""Tokens that are looked at behind a comma for `dx/dt =` in any spelling."""

ANOTHER = re.compile(
    rf"(?:[wDdτtoO](?:'*(?:\(t\))?|[oO])|{'|'.join(re.sub(r'[?]P<.*?>', '?:', f.pattern) for _, f in LEIBNIZ)})="
)
"""What stands behind the comma of `x' = y, y' = -x`."""

_LEIBNIZ_WORDS = {"d": "d", "dt": "τ", "t": "t", "dot": "o", "ddot": "O"}


def undotted(word: Word) -> tuple[Word, int] | None:
    """x and 1 of x_dot, ẋ and xdot, x and 2 of x_ddot; None for any other word."""
    match = _DOTTED.fullmatch(word.typed)
    if match is None or not (match[2] or match[1].rstrip("0123456789") in _LETTERS):
        return None
    return Word(word.span, match[1], match[4] or match[5], (), True, word.command), 1 + len(match[3])
