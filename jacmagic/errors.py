"""Errors that point at the text: what is wrong, where, what was expected, what to type.

An error carries data (message, span, hints); the picture with the caret is made
when somebody looks. `bind` hands it the block it speaks of.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

MAX_MESSAGE = 300
"""Characters of a message, and of a fix; a longer message is cut, a longer fix left out."""


class Span(NamedTuple):
    """A half-open range of offsets into the block as it was given."""

    start: int
    stop: int

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of the other."""
        return Span(min(self.start, other.start), max(self.stop, other.stop))


class JacmagicError(ValueError):
    """Something in a block cannot be taken as it stands.

    Attributes:
        message  one sentence in the reader's words
        span     Span of the offending text, None where the block as a whole is meant
        hints    up to two fixes; each is a text that can be typed
        line     the line in the block, from 1; None without a span
        column   the column in that line, from 1
        source   the block
    """

    what = "jacmagic cannot take this"

    def __init__(self, message: str, span: Span | None = None, hints: Iterable[str] = ()) -> None:
        message = message.replace("\n", " ")
        if len(message) > MAX_MESSAGE:
            message = f"{message[: MAX_MESSAGE // 2]}…{message[-MAX_MESSAGE // 2 :]}"
        super().__init__(message)
        self.message = self.template = message
        self.span = span
        self.hints: tuple[str, ...] = tuple(hint for hint in hints if len(hint) <= MAX_MESSAGE)[:2]
        self.source: str | None = None
        self.first_line = 1

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.span, self.hints), dict(self.__dict__)

    def bind(self, source: str, first_line: int = 1) -> JacmagicError:
        """Say which block this error speaks of, and the number that its reader gives its first line.

        `@line7@` in the message is the line of offset 7, as that reader counts.
        """
        bound = self.source
        if bound is None:
            self.source = bound = source
            self.template = self.message
            if self.span is not None:
                start = min(max(self.span.start, 0), len(source))
                self.span = Span(start, min(max(self.span.stop, start), len(source)))
        self.first_line = first_line
        self.message = re.sub(
            r"@line([0-9]+)@", lambda m: str(bound.count("\n", 0, int(m[1])) + first_line), self.template
        )
        return self

    @property
    def line(self) -> int | None:
        if self.span is None or self.source is None:
            return None
        return self.source.count("\n", 0, self.span.start) + 1

    @property
    def column(self) -> int | None:
        if self.span is None or self.source is None:
            return None
        return self.span.start - (self.source.rfind("\n", 0, self.span.start) + 1) + 1

    @property
    def advice(self) -> str:
        """The hints on one line: `write  A   or   B`; lines that state a size: `declare  A   or   B`."""
        if not self.hints:
            return ""
        verb = "declare" if all(re.fullmatch(r"[^()=]+ in R(\^.*)?", hint) for hint in self.hints) else "write"
        return f"{verb}  " + "   or   ".join(self.hints)

    def excerpt(self) -> tuple[str, str, str] | None:
        """The offending line as (before, offence, after); None without a span."""
        if self.span is None or self.source is None:
            return None
        start, stop = self.span
        begin = self.source.rfind("\n", 0, start) + 1
        end = self.source.find("\n", start)
        end = len(self.source) if end < 0 else end
        return self.source[begin:start], self.source[start : min(stop, end)], self.source[min(stop, end) : end]

    def picture(self) -> str:
        """The line with carets under the whole offence, in display columns."""
        parts = self.excerpt()
        if parts is None or self.line is None:
            return ""
        before, offence, after = visible(parts[0][-120:]), visible(parts[1][:120]), visible(parts[2][:120])
        if width(before) > 60:
            before = "…" + before[-40:]
        if len(offence) > 60:
            offence = offence[:58] + "…"
        head = f"  {self.line + self.first_line - 1} | "
        carets = "^" * max(1, width(offence))
        return f"{head}{before}{offence}{after[:40]}\n{' ' * (len(head) + width(before))}{carets}"

    def __str__(self) -> str:
        parts = [self.message]
        if picture := self.picture():
            parts += ["", picture]
        if self.hints:
            parts += [f"  {self.advice}"] if picture else ["", f"  {self.advice}"]
        return "\n".join(parts)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class SyntaxMistake(JacmagicError):
    """The text does not read as mathematics."""

    what = "This does not read as mathematics"


class AmbiguousMath(JacmagicError):
    """The text can be read in two ways that people really use."""

    what = "Two readings"


class NameMistake(JacmagicError):
    """A name is unknown, misspelt, defined twice or used too early."""

    what = "A name is not right"


class ShapeError(JacmagicError):
    """Sizes clash, or a size cannot be inferred."""

    what = "Sizes do not fit"


class ValueMistake(JacmagicError):
    """A value, a range or a size cannot be what it says.

    size  the size that has no value, n of x in R^n; else empty
    """

    what = "A value is not right"
    size = ""


class LimitError(JacmagicError):
    """More than jacmagic takes on; the message says what to do instead."""

    what = "Too large"


def visible(text: str) -> str:
    """The text with control and bidirectional characters made visible, so that nothing can hide."""
    return "".join(
        " " if ch == "\t" else ch if unicodedata.category(ch) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else "␣"
        for ch in text
    )


def width(text: str) -> int:
    """The columns a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(ch) else 2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text
    )


def nearest(word: str, known: Iterable[str], count: int = 2) -> list[str]:
    """The known words that a misspelt one most likely means, best first: a letter or two apart."""
    import difflib  # a fifth of what loading the extension takes, for an error that may never come

    near = difflib.get_close_matches(word, sorted(set(known)), n=4 * count, cutoff=0.7)
    alike = [
        one for one in near
        if sorted(one.lower()) == sorted(word.lower())
        or abs(len(one) - len(word)) <= 2 and difflib.SequenceMatcher(None, word, one).ratio() >= 0.8
    ]
    swapped = [one for one in alike if sorted(one.lower()) == sorted(word.lower())]
    begun = [one for one in alike if one[:1].lower() == word[:1].lower()]
    spelt = {one.lower(): one for one in reversed(swapped or begun or alike)}  # sigmoid, and not Sigmoid beside it
    return list(dict.fromkeys(spelt[one.lower()] for one in swapped or begun or alike))[:count]
