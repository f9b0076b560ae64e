"""Where the parser stands among the tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from jacmagic.errors import JacmagicError, LimitError, Span, SyntaxMistake
from jacmagic.language import tree as t
from jacmagic.language.lexer import Token
from jacmagic.language.limits import MAX_NESTING
from jacmagic.language.nodes import Word
from jacmagic.language.readings import ambiguous, between, product

CLOSERS = {"(": ")", "[": "]", "{": "}"}


class Cursor:
    """A place among the tokens of a statement, and what is said where another token is due."""

    def __init__(self, text: str, tokens: Sequence[Token], not_roles: frozenset[str] | set[str] = frozenset()) -> None:
        self.text = text
        self.tokens = list(tokens)
        self.not_roles = not_roles  # role words that are names of the block
        self.at = 0
        self.bars: list[int] = []  # where the open bars stand; inside a bracket, those around it
        self.depth = 0
        self.typeset = False  # in a condition of LaTeX's cases, where = and ≠ compare
        self.brackets: list[Token] = []
        self.dotted: Word | None = None  # x_dot, where that stands before =

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    @property
    def here(self) -> Span:
        """Where an error points: the token that is due, or the last one where the line ends."""
        return self.tokens[max(self.at - 1, 0)].span if self.now.kind == "end" else self.now.span

    def next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def is_op(self, *texts: str) -> bool:
        return self.now.kind == "op" and self.now.text in texts

    def is_word(self, *texts: str) -> bool:
        return self.now.kind == "word" and self.now.text in texts and self.now.index is None

    def span_from(self, start: int) -> Span:
        stop = self.tokens[self.at - 1].span.stop if self.at else start
        return Span(start, max(stop, start))

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise LimitError(
                f"This is nested more than {MAX_NESTING} deep; name an inner part on a line of its own.", self.here
            )

    def fail(self, expected: str) -> SyntaxMistake:
        """What to say where an operand or a word is due and something else stands."""
        token = self.now
        if self.brackets and (token.kind == "end" or (token.kind == "op" and token.text == "=")):
            return self.equals_inside() or SyntaxMistake("This bracket is never closed.", self.brackets[-1].span)
        if token.kind == "end":
            last = self.tokens[self.at - 1].span if self.at else token.span
            return SyntaxMistake(f"The line ends where {expected} is expected.", last)
        shown = self.text[token.span.start : token.span.stop]
        if token.text in (")", "]", "}"):
            if self.brackets and CLOSERS.get(self.brackets[-1].text) != token.text:
                return SyntaxMistake(
                    f"{shown} closes nothing: the bracket {self.brackets[-1].text} is still open.",
                    self.brackets[-1].span,
                )
            if not self.brackets:
                return SyntaxMistake("No bracket is open here.", token.span)
        if token.text == "=":
            return SyntaxMistake("A second = on one line; one line says one thing.", *self.apart(token.span))
        if token.text == "&" and self.in_condition():
            begin = len(self.text[: token.span.start].rstrip("&"))  # the first of && lines up rows
            return SyntaxMistake("A condition joins with and, or, not.", Span(begin, token.span.stop), (" and ",))
        if token.text == "!" and self.in_condition():
            return SyntaxMistake("A condition joins with and, or, not.", token.span, ("not ",))
        if token.text == "_":
            return SyntaxMistake("An index has no place here: one index a name, with no gap before it.", token.span)
        return SyntaxMistake(f"{expected[0].upper()}{expected[1:]} is expected here, not {shown}.", token.span)

    def apart(self, second: Span) -> tuple[Span, tuple[str, ...]]:
        """Where a line with two equals signs is parted: in front of the name before the second."""
        name = self.tokens[self.at - 1].span if self.at else second
        before = self.text[: name.start].rstrip()
        if len(before) == name.start or before.endswith("="):
            return second, ()
        rest = re.split(r"[\n;]", self.text[name.start :])[0].rstrip()
        return Span(len(before), name.start + len(rest)), ("; " + rest,)

    def in_condition(self) -> bool:
        before = self.tokens[: self.at]
        return self.typeset or any(t.kind == "word" and t.text in ("if", "and", "or", "not") for t in before)

    def line_start(self, at: int) -> int:
        """Where the line of an offset begins, or the statement, where that goes over several lines."""
        return min(self.text.rfind("\n", 0, at) + 1, self.tokens[0].span.start)

    def unfinished(self, opener: Token) -> SyntaxMistake:
        if self.is_op("|", "||"):
            return SyntaxMistake("This bar has no partner inside the bracket.", self.here)
        if self.now.kind == "end":
            return self.equals_inside() or SyntaxMistake("This bracket is never closed.", opener.span)
        return self.fail("a comma or a closing bracket")

    def equals_inside(self) -> SyntaxMistake | None:
        """What to say of = inside a bracket that is closed: g(x, y = 2)."""
        start = self.brackets[-1].span.start
        depth = 0
        for at in range(start, len(self.text)):
            depth += (self.text[at] in "([{") - (self.text[at] in ")]}")
            if depth == 0:
                break
        else:
            return None
        inside = self.text[start + 1 : at]
        equals = re.search(r"(?<![<>=!])=(?!=)", inside)
        if equals is None or "\n" in inside:
            return None
        where = start + 1 + equals.start()
        return SyntaxMistake(
            "= has no place inside a bracket; a value has a line of its own, as in y = 2, and a comparison is ==.",
            Span(where, where + 1),
        )

    def mismatched_bars(self, at: int) -> JacmagicError:
        """Bars that do not pair up one way only, from the first to the fourth of them, and what to write."""
        def is_bar(token: Token) -> bool:
            return token.kind == "op" and token.text in ("|", "||")

        first = self.bars[0] if self.bars else next(k for k, t in enumerate(self.tokens) if is_bar(t))
        places: list[Span] = []
        for token in self.tokens[first:]:
            if is_bar(token):
                start, stop = token.span
                half = (start + stop) // 2 if stop - start == 2 else stop
                places += [Span(start, half), Span(half, stop)] if token.text == "||" else [token.span]
        if len(places) < 4 or len(places) % 2:
            return SyntaxMistake("This bar has no partner.", self.tokens[at].span)
        return self.nested(places) or self.beside(places)

    def beside(self, places: Sequence[Span]) -> JacmagicError:
        """|x||y|, and bars of which nothing can be said."""
        span = places[0].to(places[3])
        a, b, c = (self.text[p.stop : q.start] for p, q in pairwise(places[:4]))
        balanced = all(part.count(o) == part.count(k) for part in (a, b, c) for o, k in ("()", "[]", "{}"))
        if balanced and b.isspace():  # |a| |c| reads well where an operand ends a
            return SyntaxMistake("A number, a name or a bracket is expected here, not |.", places[1])
        if balanced and not b and a.strip() and c.strip():
            pair = [between(p.stop, q.start) for p, q in (places[:2], places[2:4])]
            return ambiguous(
                self.text, span, product(*map(t.Absolute, pair)),
                product(*(t.UserCall("abs", (one,)) for one in pair), sign="*"),
            )
        return SyntaxMistake("Bars inside bars: write abs( ) or norm( ) for one pair.", span)

    def nested(self, places: Sequence[Span]) -> SyntaxMistake | None:
        """| |x| - |y| |: a bar opens behind an operator and closes behind an operand; all of it, the inner by abs."""
        shown, last, norm = "", places[0].start, False
        open_: list[int] = []
        for place in places:
            gap = self.text[last : place.start]
            opener = not open_ or not gap.strip() and shown.endswith(("|", "abs("))
            if opener or self.text[: place.start].rstrip()[-1:] in "+-−*/^·,;=([":
                open_.append(len(shown + gap))
                shown += gap + ("|" if len(open_) == 1 else "abs(")
            else:
                begun = open_.pop()
                shown += gap + (")" if open_ else "|")
                norm = begun == 1 if open_ else norm  # ||x - |x|||
            last = place.stop
            if not open_:
                whole = Span(places[0].start, last)
                says = "Bars inside bars: write abs( ) or norm( ) for one pair."
                if norm and shown.endswith(")|"):
                    shown = f"||{shown[5:-2]}||"
                balanced = "abs(" in shown and shown.count("(") == shown.count(")")
                return SyntaxMistake(says, whole, (shown,)) if balanced else None
        return None

    def outside(self) -> Iterator[tuple[int, Token]]:
        """The tokens that stand outside all brackets, with their places."""
        depth = 0
        for k, token in enumerate(self.tokens):
            if token.kind == "op" and token.text in ("(", "[", "{"):
                depth += 1
            elif token.kind == "op" and token.text in (")", "]", "}"):
                depth -= 1
            elif depth == 0:
                yield k, token

    def top_level(self, text: str) -> int | None:
        return next((k for k, t in self.outside() if (t.kind, t.text) == ("op", text)), None)
