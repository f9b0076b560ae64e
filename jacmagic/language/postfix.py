"""What stands behind a factor: x^2, x', W[1,2], Aᵀ, 30°, |_(x = 3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from jacmagic.errors import SyntaxMistake
from jacmagic.language.cursor import CLOSERS
from jacmagic.language.letters import KEYWORDS
from jacmagic.language.lexer import Lexer, Token
from jacmagic.language.nodes import For, Group, Item, Num, Place, Post, Raw, Root, Run, Terms, Word, raised

if TYPE_CHECKING:
    from jacmagic.language.parser import Parser


def post(p: Parser, atom: Raw, before: list[Post]) -> Post | None:
    """What stands here behind the atom and what is behind it already, if it belongs to it."""
    token = p.now
    if token.kind == "sup":
        p.next()
        turned = token.text in ("T", "-T")
        return Post(token.span, token.text) if turned else Post(token.span, "^", (superscript(p, token),))
    rule = _RULES.get(token.text) if token.kind == "op" else None
    return rule(p, atom, before) if rule else None


def _sign(p: Parser, atom: Raw, before: list[Post]) -> Post:
    token = p.next()
    return Post(token.span, token.text)


def _power(p: Parser, atom: Raw, before: list[Post]) -> Post:
    token = p.next()
    start = token.span.start
    if _degree_sign(p):
        return Post(p.span_from(start), "°")
    if p.is_op("{") and p.tokens[p.at + 1].text == ".*" and p.tokens[p.at + 1].kind == "op":
        p.brackets.append(p.next())  # x^{\odot 2}: entry by entry
        p.next()
        value = p.sum()
        if not p.is_op("}"):
            raise p.fail("}")
        p.next()
        p.brackets.pop()
        return Post(p.span_from(start), ".^", (value,))
    if isinstance(atom, Word) and atom.command and p.now.kind == "word" and p.now.index is not None:
        raise p.fail("an exponent")  # \beta^t_1: both stand beside β
    value, clear = exponent(p)
    return raised(p.span_from(start), token.text, value, clear)


def _degree_sign(p: Parser) -> bool:
    r"""Take the rest of 30^\circ or 30^{\circ}, where it stands here."""
    signs = p.tokens[p.at : p.at + 3]
    for count, shape in ((1, [".*"]), (3, ["{", ".*", "}"])):
        here = signs[:count]
        typed = p.text[here[0].span.start : here[-1].span.stop]
        if [token.text for token in here] == shape and "\\circ" in typed:
            p.at += count
            return True
    return False


def _index(p: Parser, atom: Raw, before: list[Post]) -> Post | None:
    after_power = before and before[-1].kind in ("^", ".^") and not before[-1].clear
    if p.now.gap or isinstance(atom, (Num, Root)) or after_power:
        return None
    group = p.bracketed(places=True)
    if len(group.rows) != 1:
        raise SyntaxMistake("An index has commas, no semicolons: W[1,2].", group.span)
    return Post(group.span, "[", group.rows[0])


def _lower_index(p: Parser, atom: Raw, before: list[Post]) -> Post | None:
    """(A x)_{1}, (A x)_1"""
    if not isinstance(atom, Group) or before:
        return None
    start = p.next().span.start
    if p.is_op("{"):
        return Post(p.span_from(start), "[", p.bracketed(places=True).rows[0])
    if p.now.kind == "num":
        digits = p.next()
        return Post(p.span_from(start), "[", (Num(digits.span, digits.text),))
    raise p.fail("an index")


def _dot_t(p: Parser, atom: Raw, before: list[Post]) -> Post | None:
    after = p.tokens[p.at + 1]
    if (after.kind, after.text) != ("word", "T"):
        return None
    start = p.next().span.start
    p.next()
    return Post(p.span_from(start), "T")


def _bar(p: Parser, atom: Raw, before: list[Post]) -> Post | None:
    return _evaluation(p) if not p.bars and p.tokens[p.at + 1].text == "_" else None


def _evaluation(p: Parser) -> Post:
    """The place behind a bar: |_(x = a, y = b), |_{(a, b)}."""
    bar = p.next()
    p.next()
    if not p.is_op("{", "("):
        raise p.fail("a place such as (x = 3)")
    opener = p.next()
    p.brackets.append(opener)
    places: list[Raw] = []
    while True:
        start, name = p.now.span.start, None
        after = p.tokens[p.at + 1]
        if p.now.kind == "word" and (after.kind, after.text) == ("op", "="):
            name = p.word_atom()
            p.next()
        value = p.expression()
        places.append(Place(p.span_from(start), name, value))
        if not p.is_op(","):
            break
        p.next()
    if not p.is_op(CLOSERS[opener.text]):
        raise p.unfinished(opener)
    p.next()
    p.brackets.pop()
    return Post(p.span_from(bar.span.start), "at", tuple(places))


_RULES: dict[str, Callable[[Parser, Raw, list[Post]], Post | None]] = {
    "°": _sign, "'": _sign, "^": _power, ".^": _power, "[": _index, "_": _lower_index, ".": _dot_t,
    "|": _bar,
}


# ------------------------------------------------------------------ exponents
def superscript(p: Parser, token: Token) -> Raw:
    text = token.text
    if not re.fullmatch(r"[+-]?(?:[0-9]+|[a-z]|[0-9]+[a-z])|\([^()]*\)", text):
        squared = re.fullmatch(r"([+-]?(?:[0-9]+)?[a-z])([0-9])", text)  # e⁻ˣ²
        fix = (f"^({squared[1]}^{squared[2]})",) if squared else ()
        raise SyntaxMistake("This superscript does not read as an exponent.", token.span, fix)
    tokens = [Token(t.kind, t.text, token.span, t.gap, t.index) for t in Lexer(text).run()]
    return type(p)(p.text, tokens).expression()


def exponent(p: Parser) -> tuple[Raw, bool]:
    """One signed factor behind ^, and whether it is clear where it ends."""
    start = p.now.span.start
    sign = 1
    if p.is_op("+", "-"):
        after, plus = p.tokens[p.at + 1], p.is_op("+")
        if (after.kind, after.text) in (("op", "+"), ("op", "-")) or plus and after.gap:  # m^+ - v, A^+ b
            raise p.fail("an exponent")
        sign = 1 if plus else -1
        p.next()
    bracketed = p.is_op("(", "[", "{")  # which counts itself
    if not bracketed:
        p.deeper()
    value, clear = _base(p)
    if p.is_op("^") or p.now.kind == "sup":
        value, clear = _with_posts(p, value, start, lambda: False)
    if sign < 0:
        value = Terms(p.span_from(start), ((-1, value),))
    if not bracketed:
        p.depth -= 1
    return value, clear


def _base(p: Parser) -> tuple[Raw, bool]:
    token = p.now
    if token.kind == "num":
        p.next()
        return Num(token.span, token.text), False
    if token.kind == "word" and token.text not in KEYWORDS:
        begin, clear = token.span.start, token.command and token.text == "T"
        value: Raw = p.word_atom()
        if p.is_op("[") and not p.now.gap and token.text != "T":
            value, clear = _with_posts(p, value, begin, lambda: False)[0], True
        if p.is_op("'"):
            value = _with_posts(p, value, begin, lambda: p.is_op("'"))[0]
        return value, clear
    if p.is_op("(", "{", "[", "|", "||") or token.kind == "cmd":
        value = p.atom()
        if isinstance(value, Group) and value.bracket == "[" and len(value.rows) == len(value.rows[0]) == 1 and (
            not isinstance(value.rows[0][0], For)
        ):
            inside = p.text[value.span.start + 1 : value.span.stop - 1].strip()
            raise SyntaxMistake(
                "A power stands in round brackets; the number of a layer in both kinds, W^{[2]}.", value.span,
                (f"({inside})",),
            )
        return value, True
    raise p.fail("an exponent")


def _with_posts(p: Parser, value: Raw, start: int, more: Callable[[], bool]) -> tuple[Raw, bool]:
    """The value with what stands behind it, once and while there is more; and whether it is clear where this ends."""
    posts: list[Post] = []
    while not posts or more():
        one = post(p, value, [])
        assert one is not None
        posts.append(one)
    span = p.span_from(start)
    return Run(span, (Item(span, "", False, False, value, tuple(posts)),)), posts[-1].clear
