"""Where an exponent without brackets ends: x^2y, x^ab, x^Ty, e^f(y)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from jacmagic.errors import AmbiguousMath, Span, SyntaxMistake
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import key_of
from jacmagic.language.readings import between, product, said

if TYPE_CHECKING:
    from jacmagic.language.reading import Reader


def taken(reader: Reader, items: Sequence[s.Item], at: int) -> t.Expr | None:
    """The call f(y) that is the exponent of items[at] with the bracket behind it; None of one that stands alone.

    Raises:
        AmbiguousMath: something touches the exponent, and may be part of it or a factor.
    """
    if not items[at].open:
        return None
    value = s.bare(items[at].posts[-1].value[0])
    here = _Exponent(reader, items, at, value, s.juxtaposed(items, at + 1))
    if isinstance(value, s.Word):
        if (call := here.call()) is not None:
            return call
        here.check_function()
        if not value.command:
            here.check_transpose(value)
            here.check_names(value)
    here.check_touching()
    return None


class Glued(AmbiguousMath):
    """Says to who looks how far factors touch one another that it is asked already; nobody reads it."""


@dataclass(frozen=True)
class _Exponent:
    """The exponent of items[at]: `value` is the word or number that it begins with, `follow` what it may go on with."""

    reader: Reader
    items: Sequence[s.Item]
    at: int
    value: s.Raw
    follow: s.Item | None

    @property
    def item(self) -> s.Item:
        return self.items[self.at]

    @property
    def typed(self) -> s.Raw:
        """All of it as it was typed, with its sign."""
        return self.item.posts[-1].value[0]

    @property
    def base(self) -> t.Expr:
        return between(self.item.span.start, self.item.posts[-1].span.start)

    @property
    def sign(self) -> str:
        return self.reader.text[self.typed.span.start : self.value.span.start]

    @property
    def touching(self) -> bool:
        """True where what follows stands right behind it, and is no command."""
        follow = self.follow
        return follow is not None and not follow.gap and not isinstance(follow.atom, (s.Frac, s.Applied)) and not (
            isinstance(follow.atom, s.Word) and follow.atom.command
        )

    def bracket(self) -> s.Group | None:
        """The bracket of a call, where the value is a function's name."""
        named = self.reader.function(self.value) or self.reader.user_function(self.value)
        group = self.follow.atom if named and self.follow is not None else None
        return group if isinstance(group, s.Group) and group.bracket == "(" else None

    def call(self) -> t.Expr | None:
        """f(y) of e^f(y), where nothing touches it."""
        behind = s.juxtaposed(self.items, self.at + 2)
        if self.follow is None or self.bracket() is None or self.follow.posts or behind is not None and not behind.gap:
            return None
        name = s.Item(self.value.span, "", False, False, self.value)
        expr = self.reader.read(s.Run(self.value.span.to(self.follow.span), (name, self.follow)))
        whole = self.typed.span.to(self.follow.span)
        return t.Negative(expr, span=whole) if isinstance(self.typed, s.Terms) else expr

    def check_function(self) -> None:
        """e^sin x, e^f(y)^2 and e^sin."""
        follow, group, function = self.follow, self.bracket(), self.reader.function(self.value)
        if follow is not None and (function or group is not None):
            span = self.item.span.to(follow.span)
            readings: list[t.Expr] = [t.Power(self.base, said(self.typed.span, follow.span))]
            if group is not None and follow.posts:
                power = t.Paren(said(self.item.span, group.span))
                readings.append(t.Phrase((power, between(group.span.stop, span.stop))))
            raise self.reader.ambiguous(span, *readings, says="{}: this exponent needs brackets.")
        if function:
            raise no_argument(self.reader.source(self.value.span), self.value.span)

    def check_transpose(self, value: s.Word) -> None:
        """x^Ty and x^T2: the transpose times y, or a power."""
        knows = self.reader.scope.knows
        if value.text.startswith("T") and len(value.text) > 1 and not (knows(key_of(value)) or knows("T") or self.sign):
            at = value.span.start + 1
            if not value.text[1].isdigit():
                raise self.cut(at)
            transposed, number = between(self.item.span.start, at), between(at, value.span.stop)
            power = t.Power(self.base, t.Paren(said(value.span)))
            raise self.reader.ambiguous(self.item.span, product(transposed, number, sign="*"), power)

    def check_names(self, value: s.Word) -> None:
        """x^ab, where a and b are names."""
        names = self.reader.names(value)
        if len(names) > 1 and not self.touching:
            raise self.cut(names[0].span.stop)

    def cut(self, at: int) -> AmbiguousMath:
        """An exponent of several letters, of which it may be the first alone."""
        first, rest = between(self.value.span.start, at), between(at, self.value.span.stop)
        whole: t.Expr = product(first, rest)
        whole = t.Negative(whole) if self.sign in ("-", "−") else whole
        return self.reader.ambiguous(
            self.item.span, product(between(self.item.span.start, at), rest), t.Power(self.base, whole)
        )

    def check_touching(self) -> None:
        """x^2y: a product, or all of it the exponent."""
        if self.follow is None or not self.touching:
            return
        if self.reader.looking:  # how far what touches goes on is asked already, once is enough
            raise Glued("", self.item.span)
        stop = self.reader.touching_stop(self.items, self.at + 1)
        cuts = [self.follow.span.start]  # y^2z behind it has two readings of its own
        cuts += [
            behind.span.start for one, behind in pairwise(self.items[self.at + 1 :])
            if behind.span.start < stop and one.open
        ]
        pieces = [between(*ends) for ends in pairwise([*cuts, stop])]
        first, pieces[0] = self.reader.glued_word(self.typed.span, self.follow.atom, pieces[0].span)
        raise self.reader.ambiguous(
            Span(self.item.span.start, stop), product(said(self.item.span), *pieces),
            t.Power(self.base, product(first, *pieces[1:])),
        )


def no_argument(shown: str, span: Span) -> SyntaxMistake:
    """What to say of a function's name alone."""
    return SyntaxMistake(f"{shown} is a function and needs its argument: {shown}(…).", span)
