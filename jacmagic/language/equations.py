"""Lines whose left side is not one name: equations, several names at once, points, where a trajectory starts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from jacmagic.errors import AmbiguousMath, Span, SyntaxMistake
from jacmagic.functions import CONSTANTS, find
from jacmagic.language import nodes as s
from jacmagic.language.keys import key_of
from jacmagic.language.lexer import Token
from jacmagic.language.parser import Parser


class Equations(Parser):
    """What stands left of = and is no name, function or derivative in time."""

    functions: AbstractSet[str] = frozenset()  # those of the lines above
    changing: AbstractSet[str] = frozenset()  # the y of y = y(x), likewise

    def depends_on(self, name: s.Word, raw: s.Raw) -> tuple[s.Word, ...]:
        """The arguments of y(x) in y = y(x), which says nothing but that y changes with x."""
        items = raw.items if isinstance(raw, s.Run) and len(raw.items) == 2 else ()
        if not items or any(one.posts or one.operator or one.negative for one in items):
            return ()
        word, group = s.alone(items[0].atom) or items[0].atom, items[1].atom
        if not isinstance(word, s.Word) or key_of(word) != key_of(name) or not isinstance(group, s.Group):
            return ()
        inside = [s.bare(entry) for entry in group.rows[0]] if group.bracket == "(" and len(group.rows) == 1 else []
        words = tuple(one for one in inside if isinstance(one, s.Word))
        return words if len(words) == len(inside) else ()

    def equation(self, equals: int, shape: str) -> s.Statement:
        """`x^2 + y^2 = 1`, `(x, y) = (…)` or `x(0) = 1`; `shape` has a letter for each token before =.

        Raises:
            SyntaxMistake: a component, or the value of a function that no line above has, before =.
        """
        tokens = self.tokens[:equals]
        span = Span(tokens[0].span.start, self.tokens[-2].span.stop)
        if re.fullmatch(r"w\(\?\)", shape) and tokens[2].text == "0" and not tokens[1].gap and not self.calls(tokens):
            word = replace(self.word_atom(), span=tokens[0].span.to(tokens[-1].span))
            self.at = equals + 1
            return self.ended(s.Statement(span, "start", (word,), expr=self.expression()))
        self.check_form(tokens, shape)
        end = Token("end", "", Span(tokens[-1].span.stop, tokens[-1].span.stop))
        before = type(self)(self.text, [*tokens, end])
        left = before.expression()
        before.finish()
        self.at = equals + 1
        right = self.expression()
        if (names := several(left)) is not None:
            return self.ended(s.Statement(span, "several", names, expr=right))
        self.check_sides(left, right, span)
        return self.ended(s.Statement(span, "residual", (s.Word(left.span, ""),), expr=difference(left, right, span)))

    def calls(self, tokens: Sequence[Token]) -> bool:
        """True where the first token names a function, a built-in one or one of a line above."""
        one = tokens[0]
        return find(one.text) is not None or key_of(s.Word(one.span, one.text, one.index)) in self.functions

    def known(self, word: s.Word) -> bool:
        """True of a name that a line above makes a function."""
        return key_of(word) in self.functions or key_of(word) in self.changing

    def has_known(self, tokens: Sequence[Token]) -> bool:
        """True where one of these is such a name, or its differential, dy."""
        words = [s.Word(one.span, text, one.index) for one in tokens if one.kind == "word"
                 for text in (one.text, one.text[1:] if one.text[:1] == "d" else "") if text]
        return any(map(self.known, words))

    def is_derivative(self, tokens: Sequence[Token]) -> SyntaxMistake:
        """A derivative alone on the left: it is found, so that this line is an equation."""
        span = Span(tokens[0].span.start, self.tokens[-2].span.stop)
        shown = self.text[span.start : tokens[-1].span.stop]
        right = self.text[self.tokens[len(tokens)].span.stop : span.stop]
        fix = () if "\n" in right else (on_one_side(shown, right),)
        return SyntaxMistake(f"{shown} is a derivative, and {FOUND}.", span, fix)

    def check_form(self, tokens: Sequence[Token], shape: str) -> None:
        """No component has a value of its own, and no function that nobody knows has one at a point."""
        whole = tokens[0].span.to(tokens[-1].span)
        if re.fullmatch(r"w\[[^\[\]]*\]", shape):
            raise SyntaxMistake("Values are given to whole vectors and matrices: x = [1, 2, 3].", whole)
        nearly = re.fullmatch(r"([^\W\d_])_\{?([nkt])\}?\+1", self.text[whole.start : whole.stop])
        if nearly:  # x_n+1, glued
            raise AmbiguousMath(
                f"{nearly[0]} can be one name, of the next step of a map, or a sum.", whole,
                (f"{nearly[1]}_{{{nearly[2]}+1}}", f"{nearly[1]}_{nearly[2]} + 1"),
            )
        if not re.fullmatch(r"w\([^()]*\)", shape) or tokens[1].gap or self.calls(tokens):
            return
        if any(one.kind == "num" for one in tokens[1:]):
            raise SyntaxMistake("The arguments of a function are names; a point is given as x = 3.", whole)
        raise SyntaxMistake("The arguments of a function are names with commas between them.", whole)

    def check_sides(self, left: s.Raw, right: s.Raw, span: Span) -> None:
        """An equation has a name on one of its sides, and `2 = x` says that x is 2."""
        if not has_names(left) and not has_names(right):
            raise SyntaxMistake("Both sides of this equation are constants.", span)
        name = s.unwrapped(right)
        if isinstance(name, s.Word) and not has_names(left):
            shown, value = (self.text[one.span.start : one.span.stop] for one in (name, left))
            raise SyntaxMistake("The name stands left of =.", span, (f"{shown} = {value}",))

    def ended(self, statement: s.Statement) -> s.Statement:
        """The statement, behind which nothing may stand."""
        self.finish()
        return statement

    def finish(self) -> None:
        """Nothing may stand behind a statement."""
        raise NotImplementedError


FOUND = "those are what jacmagic finds: an equation has it on the right, or among other terms"


def on_one_side(left: str, right: str) -> str:
    """The equation of a derivative alone on the left with all terms on one side."""
    right, depth = right.strip(), 0
    if right == "0":
        return f"0 = {left}"
    for k, one in enumerate(right):
        depth += (one in "([{") - (one in ")]}")
        if depth == 0 and one in "+-−" and (k == 0 or right[k - 1] not in "^_e*/"):
            return f"{left} - ({right}) = 0"
    return f"{left} - {right} = 0"


def has_names(raw: s.Raw | None) -> bool:
    """True where an expression has names in it, besides functions and constants."""
    words = [one for one in s.nodes(raw) if isinstance(one, s.Word)]
    return any(find(one.typed) is None and one.text not in CONSTANTS for one in words)


def difference(left: s.Raw, right: s.Raw, span: Span) -> s.Raw:
    """Left minus right side, term by term, without a 0."""
    behind = [(-sign, term) for sign, term in terms(right) if not is_zero(term)]
    front = [(sign, term) for sign, term in terms(left) if not behind or not is_zero(term)]
    return s.Terms(span, (*front, *behind))


def terms(raw: s.Raw) -> tuple[tuple[int, s.Raw], ...]:
    """What one side of an equation adds up; cases stand in brackets."""
    if isinstance(raw, s.Terms):
        return raw.terms
    if isinstance(raw, s.Run):
        return ((1, raw),)
    group = s.Group(raw.span, "(", ((raw,),))
    return ((1, s.Run(raw.span, (s.Item(raw.span, "", False, False, group),))),)


def is_zero(term: s.Raw) -> bool:
    number = s.bare(term)
    return isinstance(number, s.Num) and float(number.text) == 0


def several(left: s.Raw) -> tuple[s.Word, ...] | None:
    """The names of (x, y), [u; v] or a column in LaTeX; None of any other left side."""
    item = left.items[0] if isinstance(left, s.Run) and len(left.items) == 1 else None
    group = item.atom if item is not None and not item.posts and not item.negative else None
    if not isinstance(group, s.Group) or group.bracket == "{":
        return None
    entries = [entry for row in group.rows for entry in row]
    column = len(group.rows) == 1 or all(len(row) == 1 for row in group.rows)
    names = [s.bare(entry) for entry in entries]
    if len(names) < 2 or not column or not all(isinstance(one, s.Word) for one in names):
        return None
    return tuple(one for one in names if isinstance(one, s.Word))


def begins_point(tokens: Sequence[Token]) -> bool:
    """True of `at x = …`, in front of a name and =."""
    kinds = [(one.kind, one.text if one.kind == "op" else "") for one in tokens[:3]]
    return kinds == [("word", ""), ("word", ""), ("op", "=")] and tokens[0].text == "at" and tokens[0].index is None


def point(line: Parser) -> s.Statement:
    """`at x = γ/β, y = α/β`, one statement to the end of its line."""
    places, start = [], line.next().span.start
    while True:
        if line.now.kind != "word":
            raise line.fail("a name")
        name = line.word_atom()
        if not line.is_op("="):
            raise line.fail("=")
        line.next()
        value = line.expression()
        places.append(s.Place(name.span.to(value.span), name, value))
        if not line.is_op(","):
            return s.Statement(Span(start, line.tokens[-2].span.stop), "at", places=tuple(places))
        line.next()
