"""Derivatives in time as they are typed: x', ẋ, xdot, dx/dt, d²x/dt²."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jacmagic.errors import Span, SyntaxMistake
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


def _any_of(kind: str) -> str:
    return "|".join(re.sub(r"[?]P<.*?>", "?:", form.pattern) for one, form in LEIBNIZ if one == kind)


_ONE = re.compile(
    rf"(?P<second>w\'\'|wO(?![\w({{])|{_any_of('second')})|[wDdtτ]\'(?!\')|wo(?![\w({{])|{_any_of('equation')}"
)
"""A derivative among other factors, one letter a token."""


def _found(tokens: Sequence[Token]) -> list[tuple[int, int, int]]:
    """The derivatives in time among some tokens: first token, behind the last, order."""
    found = [(m.start(), m.end(), 2 if m["second"] else 1) for m in _ONE.finditer("".join(map(letter_of, tokens)))]
    taken = {k for start, stop, _ in found for k in range(start, stop)}
    for k, token in enumerate(tokens):  # ẋ, x_dot
        bare = undotted(Word(token.span, token.text, token.index, (), token.whole)) if token.kind == "word" else None
        if bare is not None and k not in taken:
            found.append((k, k + 1, bare[1]))
    return sorted(found)


def unsolved(text: str, left: Sequence[Token], right: Sequence[Token]) -> SyntaxMistake | None:
    """What to say of m x'' + c x' = F: the derivative of the highest order stands alone on the left.

    Args:
        left, right: the tokens before and behind =, each without an end.
    """
    found, terms = _found(left), _terms(left)
    if not found or not right:
        return None
    highest = [one for one in found if one[2] == max(order for *_, order in found)]
    says = "An equation in time has its derivative alone on the left: x' = …, or x'' = …."
    own = next((term for term in terms if term[2] == highest[0][1]), None)
    over = own is not None and any(left[k].text == "/" for k in range(own[1], highest[0][0]))
    fix = () if own is None or over or len(highest) > 1 else (_solved(text, left, right, terms, own, highest[0][0]),)
    return SyntaxMistake(says, _braced(text, left[0].span.to(right[-1].span)), fix)


def _braced(text: str, span: Span) -> Span:
    r"""The span with the braces round its first and its last part, as those of {\frac {dx}{dt}}."""
    inside = text[span.start : span.stop]
    while inside.count("}") > inside.count("{") and text[: span.start].endswith("{"):
        span = Span(span.start - 1, span.stop)
        inside = text[span.start : span.stop]
    while inside.count("{") > inside.count("}") and text[span.stop :].startswith("}"):
        span = Span(span.start, span.stop + 1)
        inside = text[span.start : span.stop]
    return span


_Term = tuple[int, int, int]  # sign, first token, behind the last


def _solved(
    text: str, left: Sequence[Token], right: Sequence[Token], terms: Sequence[_Term], own: _Term, begin: int
) -> str:
    """x'' = (F - c x')/m, where the derivative ends the term `own` and begins at a token of it."""

    def shown(part: Sequence[Token]) -> str:
        span = _braced(text, part[0].span.to(part[-1].span))
        return text[span.start : span.stop]

    sign, first, stop = own
    factor = shown(left[first:begin]).rstrip(" *·") if begin > first else ""
    rest = [("-" if one[0] == sign else "+", shown(left[one[1] : one[2]])) for one in terms if one != own]
    total, several = shown(right), any(token.text in ("+", "-") for token in right[1:])
    if sign < 0:
        total = f"-({total})" if several else total[1:].strip() if right[0].text == "-" else f"-{total}"
    if total in ("0", "-0") and rest:
        total = ""
    for operator, term in rest:
        total = f"{total} {operator} {term}" if total else term if operator == "+" else f"-{term}"
    if factor:
        plain = re.fullmatch(r"[\w.]+|\([^()]*\)", factor)
        alone = len(right) == 1 and not rest and sign > 0
        total = f"{total if alone else f'({total})'}/{factor if plain else f'({factor})'}"
    return f"{shown(left[begin:stop])} = {total}"


def _terms(tokens: Sequence[Token]) -> list[_Term]:
    """The terms of a sum; none where brackets do not match."""
    out: list[_Term] = []
    depth, sign, begin = 0, 1, 0
    for k, token in enumerate(tokens):
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}")) if token.kind == "op" else 0
        signed = k > 0 and tokens[k - 1].text in ("^", "*", "/")
        if depth == 0 and token.kind == "op" and token.text in ("+", "-") and not signed:
            if k > begin:
                out.append((sign, begin, k))
            sign, begin = (-1 if token.text == "-" else 1) * (1 if k > begin or not out and k == 0 else sign), k + 1
    if depth or begin >= len(tokens):
        return []
    return [*out, (sign, begin, len(tokens))]
