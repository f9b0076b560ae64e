"""A built-in function in a run of factors, and where its argument ends: sin(x), sin 2x cos x, ln^2 x."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jacmagic.errors import AmbiguousMath, JacmagicError, NameMistake, Span, SyntaxMistake
from jacmagic.functions import Function
from jacmagic.language import exponents
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.extent import factors
from jacmagic.language.readings import between, call, product, said

if TYPE_CHECKING:
    from jacmagic.language.reading import Reader

_OF_NUMBERS = frozenset({"ln", "log2", "log10", "exp"})
"""Functions that are as often taken of a number, ln 2 x, as of what follows it."""


@dataclass(frozen=True)
class Application:
    """The function `row` at items[at] with what follows it."""

    reader: Reader
    items: Sequence[s.Item]
    at: int
    row: Function

    @property
    def item(self) -> s.Item:
        return self.items[self.at]

    @property
    def shown(self) -> str:
        """The function as typed, without its power."""
        return self.reader.source(self.item.atom.span)

    @property
    def sums(self) -> bool:
        return self.row.name in ("sum", "prod")

    def read(self) -> tuple[t.Expr, int, bool]:
        """The call, how many items it takes, and whether its argument stands in brackets, behind which posts may be."""
        self.check_posts()
        follow = s.juxtaposed(self.items, self.at + 1)
        if follow is None or follow.negative:
            raise self.no_argument()
        check_inverse(self.reader, self.items, self.at, self.row.inverse)
        self.check_space(follow)
        self.check_power()
        self.check_degree(follow.atom)
        if isinstance(follow.atom, (s.Group, s.Bars)):
            return self.bracketed(follow.atom), 2, True
        argument, used = self.bare(follow)
        span = self.item.span.to(self.items[self.at + used].span)
        whole = self.powers(self.reader.called(self.row, self.item, (argument,), span, True))
        self.check_behind(used)
        return whole, used + 1, False

    def powers(self, expr: t.Expr) -> t.Expr:
        return self.reader.powers_of_function(expr, self.item, expr.span)

    # ------------------------------------------------------------------ with a bracket
    def bracketed(self, atom: s.Group | s.Bars) -> t.Expr:
        """sin(x), max(x, y), sum(x_i for i = 1..3), sum[1, 2], sin|x|."""
        span = self.item.span.to(atom.span)
        if isinstance(atom, s.Bars) or atom.bracket not in ("(", "{"):
            return self.powers(self.reader.called(self.row, self.item, (self.reader.atom(atom),), span))
        only = atom.rows[0][0]
        if self.sums and isinstance(only, s.For) and len(atom.rows[0]) == 1:
            return self.powers(self.reader.family(replace(only, span=span), self.row.name))
        return self.powers(self.reader.called(self.row, self.item, self.arguments(atom), span))

    def arguments(self, group: s.Group) -> tuple[t.Expr, ...]:
        if not self.sums:
            return self.reader.arguments(group)
        self.check_family(group)
        try:
            return self.reader.arguments(group)
        except NameMistake as error:
            raise self.without_family(group, error) from None

    def check_family(self, group: s.Group) -> None:
        """sum(x^i, i, 0, 3), as other systems write it."""
        shown = [self.reader.source(entry.span) for entry in group.rows[0]]
        inner = Span(group.span.start + 1, group.span.stop - 1)
        if len(shown) == 4 and re.fullmatch(r"[A-Za-z]", shown[1]) and re.search(rf"\b{shown[1]}\b", shown[0]):
            fix = f"{shown[0]} for {shown[1]} = {shown[2]}..{shown[3]}"
            raise SyntaxMistake("The index of a family stands behind for.", inner, (fix,))

    def without_family(self, group: s.Group, error: NameMistake) -> NameMistake:
        """sum(x_i^2): the family that the error misses belongs into this bracket."""
        told = re.search(r"^(\w+) is a vector, and nothing runs over the (\w) ", error.message)
        if not told or len(group.rows[0]) > 1:
            return error
        last = self.reader.scope.lengths.get(told[1], "n")
        inner = Span(group.span.start + 1, group.span.stop - 1)
        return NameMistake(error.message, inner, (f"{self.reader.source(inner)} for {told[2]} = 1..{last}",))

    # ------------------------------------------------------------------ without
    def bare(self, item: s.Item) -> tuple[t.Expr, int]:
        """The argument of a function without a bracket, and how many items it takes."""
        if isinstance(item.atom, s.Num):
            return self.of_number(item, item.atom)
        if isinstance(item.atom, s.Word):
            self.check_of_function(item)
            return self.of_name(item.atom, 1), 1
        if isinstance(item.atom, (s.Frac, s.Applied)):
            return self.reader.posts(self.reader.atom(item.atom), item.posts, item), 1
        raise self.brackets(item, self.reader.touching_stop(self.items, self.at + 1))

    def brackets(self, item: s.Item, stop: int) -> SyntaxMistake:
        """What to say of an argument from an item on that does not read without brackets."""
        return SyntaxMistake(
            f"{self.shown} needs brackets round its argument here.", Span(self.item.span.start, stop),
            (f"{self.reader.source(self.item.span)}({self.reader.text[item.span.start : stop]})",),
        )

    def of_number(self, item: s.Item, atom: s.Num) -> tuple[t.Expr, int]:
        """sin 2, and 2x of sin 2x; but ln 2 x is x ln 2, and √2 x is x √2."""
        number = self.reader.posts(t.Number(atom.text, span=atom.span), item.posts, item)
        follow = s.juxtaposed(self.items, self.at + 2)
        if follow is None or item.posts or not isinstance(follow.atom, s.Word) or self.is_function(follow.atom):
            return number, 1
        if self.row.name in ("sqrt", "cbrt") or follow.gap and self.row.name in _OF_NUMBERS:
            return number, 1
        name = self.of_name(follow.atom, 2)
        return t.Product((("", number), ("", name)), span=item.span.to(follow.span)), 2

    def of_name(self, word: s.Word, away: int) -> t.Expr:
        """x of sin x; a word that is a product has two readings, and so has what goes on behind an exponent."""
        item, names = self.items[self.at + away], self.reader.names(word)
        if len(names) > 1:
            raise self.ends(names[0].span.stop, between(names[1].span.start, item.span.stop))
        if exponents.taken(self.reader, self.items, self.at + away) is not None:
            raise self.brackets(item, self.items[self.at + away + 1].span.stop)
        return self.reader.posts(names[0], item.posts, item)

    def is_function(self, atom: s.Raw) -> bool:
        return bool(self.reader.function(atom) or self.reader.user_function(atom))

    def check_of_function(self, item: s.Item) -> None:
        """sin cos x and sin f(x) need brackets."""
        behind = s.juxtaposed(self.items, self.at + 2)
        group = behind is not None and isinstance(behind.atom, s.Group)
        named = self.reader.user_function(item.atom) or self.reader.sigma(item.atom)
        if self.reader.function(item.atom) or named and group:
            used = self.reader.factor(self.items, self.at + 1)[1]
            stop = self.items[self.at + used].span.stop
            meant = call(self.reader.source(self.item.span), [between(item.span.start, stop)])
            says = f"{{}}: the argument of {self.shown} needs brackets."
            raise self.reader.ambiguous(Span(self.item.span.start, stop), meant, says=says)

    def check_behind(self, used: int) -> None:
        """What may stand behind a bare argument: another function, an operator other than /."""
        after = self.at + used + 1
        if after >= len(self.items):
            return
        item, end = self.items[after], self.items[self.at + used].span.stop
        if item.operator == "/":
            raise self.ends(end, said(item.span), "/")
        if item.operator != "" or self.is_function(item.atom) or isinstance(item.atom, s.For):
            return
        if isinstance(item.atom, s.Word):
            self.reader.names(item.atom)  # sin x cosx has words of its own
        if isinstance(item.atom, s.Num):
            raise self.reader.number_behind(Span(self.item.span.start, end), item.span, alone=True)
        stop = after
        while (one := s.juxtaposed(self.items, stop + 1)) is not None and not self.is_function(one.atom):
            stop += 1
        raise self.ends(end, between(item.span.start, self.items[stop].span.stop))

    def ends(self, end: int, rest: t.Expr, sign: str = "") -> AmbiguousMath:
        """Whether the argument ends there, or takes the rest as well."""
        head, begin = self.reader.source(self.item.span), self.items[self.at + 1].span.start
        short, long = (call(head, [between(begin, stop)]) for stop in (end, rest.span.stop))
        return self.reader.ambiguous(
            Span(self.item.span.start, rest.span.stop), product(short, rest, sign=sign), long
        )

    # ------------------------------------------------------------------ what no function has
    def check_posts(self) -> None:
        """sum[x] and sin_i: only a power stands behind a function's name."""
        wrong = next((post for post in self.item.posts if post.kind != "^"), None)
        if wrong is not None:
            typed, front = self.reader.source(wrong.span), Span(self.item.span.start, wrong.span.start)
            last = wrong is self.item.posts[-1] and typed[0] + typed[-1] == "[]"
            offer = (f"{self.reader.source(front)}({typed[1:-1]})",) if last else ()
            says = f"{self.shown} is a function; its argument stands in round brackets."
            raise SyntaxMistake(says, self.item.span, offer)

    def check_space(self, follow: s.Item) -> None:
        """sin2 and sinx, where the function is a word that ends before them."""
        word = self.item.atom
        if follow.gap or self.item.posts or not isinstance(follow.atom, (s.Word, s.Num)):
            return
        if isinstance(word, s.Word) and not word.command:
            span = self.item.span.to(follow.span)
            says = f"{self.reader.source(span)} is not known; is a space missing?"
            fix = self.reader.applied(self.shown, self.reader.source(follow.span), span.stop)
            raise NameMistake(says, span, (fix,))

    def check_power(self) -> None:
        """sin^ab: where the power of a function without brackets ends."""
        for post in self.item.posts:
            value = s.bare(post.value[0])
            if not post.clear and isinstance(value, s.Word) and len(names := self.reader.names(value)) > 1:
                cut, source = names[0].span.stop, self.reader.source
                raise SyntaxMistake(
                    "The power of a function is one letter or number; the rest needs a space.", post.span,
                    (f"^({source(value.span)})", f"^{source(names[0].span)} {source(Span(cut, post.span.stop))}"),
                )

    def check_degree(self, atom: s.Raw) -> None:
        """√[3](x): a root of another degree."""
        below = s.juxtaposed(self.items, self.at + 2)
        if self.row.name != "sqrt" or below is None or not isinstance(atom, s.Group) or atom.bracket != "[":
            return
        degree = s.bare(atom.rows[0][0])
        if isinstance(degree, s.Num):
            shown = self.reader.source(below.atom.span)
            shown = shown[1:-1] if isinstance(below.atom, s.Group) else shown
            fix = f"cbrt({shown})" if degree.text == "3" else f"({shown})^(1/{degree.text})"
            raise SyntaxMistake("A root of another degree is a power.", self.item.span.to(below.span), (fix,))

    def no_argument(self) -> JacmagicError:
        """sin -x, exp -(x - 1)^2/2, and sin−1(x), from which a superscript was lost."""
        text, item = self.reader.text, self.item
        head, function = self.reader.source(item.span), self.reader.function
        sign = re.compile(r"\s*[-−+]\s*").match(text, item.span.stop)
        meant = factors(text, sign.end(), function) if sign else ()
        if sign is None or not meant:
            return exponents.no_argument(self.shown, item.span)
        start, end = sign.end() - len(sign[0].lstrip()), meant[-1].span.stop
        if self.row.inverse and start == item.span.stop and self.reader.source(meant[0].span) == "1" and len(meant) > 1:
            inside = s.unwrapped(meant[1].atom)
            argument = between(inside.span.start, end - (inside is not meant[1].atom))
            one_over = product(t.Number("1"), call(self.shown, [argument]), sign="/")
            return self.reader.ambiguous(Span(item.span.start, end), call(self.row.inverse, [argument]), one_over)
        readings = [] if any(one.open for one in meant[:-1]) else [call(head, [between(start, end)])]
        below = re.compile(r"\s*[/÷]\s*").match(text, end)
        under = factors(text, below.end(), function) if below else ()
        if under and readings:  # exp -x^2/2
            end = under[0].span.stop
            apart = product(*readings, between(under[0].span.start, end), sign="/")
            behind = re.match(r"\s*[\w(|√]", text[end:])
            readings = [t.Paren(apart) if behind else apart, call(head, [between(start, end)])]
        says = "{}: a signed argument needs brackets."
        return self.reader.ambiguous(Span(item.span.start, end), *readings, says=says)


def check_inverse(reader: Reader, items: Sequence[s.Item], at: int, inverse: str | None) -> None:
    """sin^-1 x is arcsin x to some and 1/sin x to others; so is f^-1(x), of which no inverse is known here (None)."""
    item, follow = items[at], items[at + 1]
    minus_one = (
        re.sub(r"[\s{}()^\\]", "", reader.source(post.value[0].span)).replace("−", "-") in ("-1", "⁻¹")
        for post in item.posts
    )
    if not any(minus_one):
        return
    shown = reader.source(item.atom.span)
    if isinstance(follow.atom, s.Group):
        inside, stop = [said(entry.span) for entry in follow.atom.rows[0]], follow.atom.span.stop
    else:
        behind = s.juxtaposed(items, at + 2) if isinstance(follow.atom, s.Num) else None
        stop = (behind or follow).span.stop
        inside = [between(follow.span.start, stop)]
    reciprocal: t.Expr = product(t.Number("1"), call(shown, inside), sign="/")
    if at and item.operator == "":
        reciprocal = t.Paren(reciprocal)
    span = Span(item.span.start, stop)
    if inverse is None:
        says = f"{{}} can be the inverse function, which is not found here, or 1/{shown}."
        raise reader.ambiguous(span, reciprocal, says=says)
    raise reader.ambiguous(span, *([call(inverse, inside)] if inverse else []), reciprocal)
