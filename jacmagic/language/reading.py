"""What runs of factors mean: products, calls, bare application.

The one place that decides, once the declared names are known, where `sin 2x cos x`
ends, whether `g(x+1)` calls or multiplies, and which texts have two readings. Takes
syntax nodes, gives `tree` nodes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from jacmagic.errors import JacmagicError, NameMistake, Span, SyntaxMistake
from jacmagic.functions import CONSTANTS
from jacmagic.language import derivatives, exponents
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.application import Application, check_inverse
from jacmagic.language.keys import Rate, is_letter, key_of
from jacmagic.language.letters import ONES
from jacmagic.language.readings import between, call, product, run, said
from jacmagic.language.values import Values

_OPERATORS = {"·": "dot", "×": "cross"}


@dataclass(frozen=True)
class Settled:
    """One factor of a run after reading: the tree and how it looks from behind."""

    operator: str
    expr: t.Expr
    gap: bool
    span: Span
    bracket: bool = False  # it ends in a bracket, so that a gap behind it is clear
    number: bool = False


def is_ones(expr: t.Expr) -> bool:
    """True for 𝟏 and 𝟏ᵀ."""
    return isinstance(t.inside(expr.base) if isinstance(expr, t.Transpose) else expr, t.Ones)


def one_n(span: Span) -> NameMistake:
    """What to say of 1n x, with a digit for the l."""
    return NameMistake("1n is 1 times n, and no line declares n: is it ln, with a small L?", span, ("ln",))


class Reader(Values):
    """Reads the expressions of one block."""

    def run(self, raw: s.Run) -> t.Expr:
        factors = self.factors(self.in_time(derivatives.settled(self, raw.items)))
        while len(factors) > 1 and is_ones(factors[-1].expr) and factors[-1].operator == "":
            factors.pop()  # μ 𝟏 is μ, added to each entry; b 𝟏ᵀ is b, added to each column
        if len(factors) == 2 and isinstance(factors[0].expr, t.Ones) and isinstance(factors[1].expr, t.Transpose):
            return factors[1].expr.base  # 𝟏 bᵀ is b, added to each row
        for one, after in pairwise(factors):
            self.check_row_of_ones(one, after, raw.span.stop, after is factors[-1])
        if lost := next((one for one in factors if isinstance(one.expr, t.Ones)), None):
            said = f"{ONES} stands behind a number that is added to each entry: x - μ {ONES}."
            raise SyntaxMistake(said, lost.span)
        if len(factors) == 1:
            return factors[0].expr
        return t.Product(tuple((_OPERATORS.get(f.operator, f.operator), f.expr) for f in factors), span=raw.span)

    def check_row_of_ones(self, one: Settled, after: Settled, stop: int, last: bool) -> None:
        """𝟏ᵀ v, and 1^T v, are sums, by what v is: they have a word of their own."""
        base = t.inside(one.expr.base) if isinstance(one.expr, t.Transpose) else None
        if isinstance(base, t.Ones) or base == t.Number("1"):
            inside = Span(after.span.start, stop)
            shown = self.source(inside)
            word = "sum_cols" if shown[0].isupper() else "sum"
            shown = shown[1:-1] if last and shown[0] == "(" else shown
            raise SyntaxMistake(
                f"{ONES}ᵀ v of a column is sum(v), of a matrix the sums of its columns, sum_cols(A).",
                one.span.to(inside), (f"{word}({shown})",),
            )

    def factors(self, items: Sequence[s.Item]) -> list[Settled]:
        out: list[Settled] = []
        at = 0
        while at < len(items):
            item = items[at]
            if out and item.operator == "":
                self.check_juxtaposed(out, item)
            if out and item.operator == ".*":
                self.check_composition(items[at - 1], item)
            found, used = self.factor(items, at)
            if item.negative:
                last = found[0]
                found[0] = Settled(last.operator, t.Negative(last.expr, span=last.span), last.gap, last.span)
            out += found
            at += used
        self.check_division(out)
        return out

    def check_composition(self, left: s.Item, right: s.Item) -> None:
        """f∘g of two functions of the block."""
        names = self.user_function(left.atom), self.user_function(right.atom)
        between = self.text[left.span.stop : right.span.start].strip()
        if None in names or between not in ("∘", "\\circ"):
            return
        f, g = self.source(left.span), self.source(right.span)
        inner = [t.Name(key) for key in self.scope.functions[names[1] or ""]]
        raise self.ambiguous(
            left.span.to(right.span), call(f, [call(g, inner)]), product(said(left.span), said(right.span), sign=".*"),
            says="{} can be the composition or the product.",
        )

    def spaced(self, span: Span, row: str) -> SyntaxMistake:
        """[1 2; 3 4], as MATLAB has it: all of it with commas, where it is plain."""
        start, stop = self.text.rfind("[", 0, span.start), self.text.find("]", span.stop) + 1
        whole = self.text[start:stop]
        if re.fullmatch(r"\[[\w.;,\s-]+\]", whole) and "\n" not in whole:
            row = re.sub(r"(?<=[\w.])[ \t]+(?=[-\w.])(?!-\s)", ", ", whole)
            span = Span(start, stop)
        return SyntaxMistake("The entries of a row are separated by commas.", span, (row,))

    def check_juxtaposed(self, out: Sequence[Settled], item: s.Item) -> None:
        """A number comes first in a product."""
        if isinstance(item.atom, s.Num):
            before = out[-1]
            raise self.two_numbers(before.span, item.span) if before.number else (
                self.number_behind(before.span, item.span, alone=len(out) == 1))

    def number_behind(self, before: Span, number: Span, *, alone: bool) -> JacmagicError:
        """What to say of x 2; alone, it may as well be 2 x."""
        name, shown = self.source(before), self.source(number)
        if shown == "1" and re.match(r"n(\s+[^\W\d]|\()", self.text[number.stop :]) and not self.scope.knows("n"):
            return one_n(Span(number.start, number.stop + 1))  # 3x 1n x
        part = re.match(r"\s*/\s*([0-9]+)(?![\w.])", self.text[number.stop :])
        if part is not None:  # (1 - y) 1/2
            number, shown = Span(number.start, number.stop + part.end()), f"{shown}/{part[1]}"
        swapped = [f"{shown} {name}"] if alone and name[0] not in "0123456789." else []
        return SyntaxMistake("A number comes first in a product.", before.to(number), [*swapped, f"{name}*{shown}"])

    def two_numbers(self, first: Span, second: Span) -> SyntaxMistake:
        """What to say of 2 3, 10 000, [1 2] and 2 1/2."""
        span, one, two = first.to(second), self.source(first), self.source(second)
        front = self.text[: span.start]
        if front.rfind("[") > front.rfind("]"):
            return self.spaced(span, f"{one}, {two}")
        quarter = re.match(r"\s*/\s*([0-9]+)(?![\w.])", self.text[span.stop :])
        if quarter is not None and one.isdigit() and two.isdigit():  # 2 1/2
            return SyntaxMistake(
                "Two numbers side by side: a whole and a part are added, with a sign between them.",
                Span(span.start, span.stop + quarter.end()), (f"({one} + {two}/{quarter[1]})",),
            )
        grouped = re.fullmatch(r"[0-9]{1,3} [0-9]{3}", self.source(span))  # 10 000
        return SyntaxMistake(
            f"Two numbers side by side: {self.source(span)}; an operator is missing.", span,
            (one + two if grouped else f"{one}*{two}",),
        )

    def check_division(self, factors: list[Settled]) -> None:
        """After / comes exactly one factor; what is juxtaposed behind it must be clear."""
        for k, factor in enumerate(factors[:-1]):
            follow = factors[k + 1]
            if follow.operator in ("/", "./"):
                self.check_root(factors, k)
            if factor.operator not in ("/", "./") or follow.operator != "" or self.settled_by_gap(factors, k):
                continue
            stop = k + 1
            while stop + 1 < len(factors) and factors[stop + 1].operator == "":
                stop += 1
            start = k - 1
            while start > 0 and factors[start].operator in ("", "*", "/"):
                start -= 1
            begin, end = factors[start].span.start, factors[stop].span.stop
            above = between(begin, factors[k - 1].span.stop)
            quotient = t.Paren(product(above, said(factor.span), sign=factor.operator))
            raise self.ambiguous(
                Span(begin, end), product(quotient, between(follow.span.start, end)),
                product(above, run(factor.span.start, end), sign=factor.operator),
            )

    def settled_by_gap(self, factors: Sequence[Settled], at: int) -> bool:
        """Whether the gap behind a denominator, itself glued to its slash, makes the rest a factor of the quotient."""
        divisor, follow = factors[at], factors[at + 1]
        before = self.text[factors[at - 1].span.stop : divisor.span.start].rstrip("+-−")
        if not follow.gap or before[-1:].isspace():
            return False
        if divisor.bracket or (divisor.number and factors[at - 1].number):
            return True
        powers = False
        expr = follow.expr
        while isinstance(expr, (t.Power, t.Transpose, t.Component)):
            powers = powers or isinstance(expr, t.Power)
            expr = expr.base
        if isinstance(expr, t.Constant):
            return powers and expr.name == "e"
        lists = (t.Paren, t.Vector, t.Matrix, t.Family)
        return isinstance(expr, (t.Call, t.UserCall, t.Norm, *lists))

    def check_root(self, factors: Sequence[Settled], at: int) -> None:
        """e^-x/2 and x^1/2: where an exponent without brackets ends, in front of a slash."""
        power = factors[at]
        expr = power.expr.inner if isinstance(power.expr, t.Negative) else power.expr
        if not isinstance(expr, t.Power) or expr.on_name:
            return
        typed = re.match(r"\s*(?:\.\^|\^|\*\*)\s*(?=[+\-−1])", self.text[expr.base.span.stop : expr.span.stop])
        if typed is None:
            return
        start = expr.base.span.stop + typed.end()
        exponent = self.text[start : expr.span.stop].rstrip()
        signed = exponent[0] in "+-−"
        if not signed and exponent != "1":
            return
        whole = re.fullmatch(r"[+\-−]\s*[0-9]+", exponent)
        if isinstance(expr.base, t.Number) and whole and whole[0].lstrip("+-− ") != "1":
            return  # 6.6*10^-34/T
        stop = at + 1
        while stop + 1 < len(factors) and factors[stop + 1].operator in ("/", "./"):
            stop += 1
        behind = stop + 1 < len(factors) and factors[stop + 1].operator == ""
        begin, end = expr.span.start, factors[stop].span.stop
        base = said(expr.base.span)
        front = t.Power(base, between(start, expr.span.stop)) if signed else base
        below = [(one.operator, said(one.span)) for one in factors[at + 1 : stop + 1]]
        apart: t.Expr = t.Product((("", front), *below))
        readings: list[t.Expr] = [t.Power(base, run(start, end))]
        if not behind or power.operator != "/":
            readings.append(t.Paren(apart) if behind else apart)
        raise self.ambiguous(Span(begin, end), *readings)

    def factor(self, items: Sequence[s.Item], at: int) -> tuple[list[Settled], int]:
        """The factors that begin with items[at], and how many items they take."""
        self.check_logarithm(items, at)
        item = items[at]
        atom = item.atom
        follow = s.juxtaposed(items, at + 1)
        called = follow is not None and isinstance(follow.atom, s.Group) and follow.atom.bracket == "("
        row = self.function(atom)
        row = self.sigma(atom) if row is None and called else row
        if row is not None:
            applied, used, closed = Application(self, items, at, row).read()
            if closed:
                return self.finish(items, at + 1, applied, item, True)
            return [Settled(item.operator, applied, item.gap, applied.span)], used
        user = self.user_function(atom)
        if user is not None and called and not any(p.kind != "^" for p in item.posts):
            assert follow is not None
            assert isinstance(follow.atom, s.Group)
            check_inverse(self, items, at, None)
            derivatives.check_order(self, item, follow.atom, user)
            arguments = self.arguments(follow.atom)
            span = item.span.to(follow.atom.span)
            expr: t.Expr = t.UserCall(user, arguments, span=span)
            expr = self.powers_of_function(expr, item, span)
            return self.finish(items, at + 1, expr, item, True)
        if user is not None and follow is not None and isinstance(follow.atom, (s.Word, s.Num)) and not item.posts:
            if self.function(follow.atom) is None and self.user_function(follow.atom) is None:
                f, x = said(item.span), said(follow.span)
                span = item.span.to(follow.span)
                raise self.ambiguous(span, call(self.source(item.span), [x]), product(f, x, sign="*"))
        if isinstance(atom, s.Word):
            return self.name_factor(items, at)
        if isinstance(atom, s.Num):
            return self.finish(items, at, t.Number(atom.text, span=atom.span), item, False)
        self.check_square(items, at)
        return self.finish(items, at, self.atom(atom), item, True)

    def check_logarithm(self, items: Sequence[s.Item], at: int) -> None:
        """In x and 1n x, where ln x is meant: the name that it would be, I n or n, is one that no line declares."""
        item = items[at]
        follow = s.juxtaposed(items, at + 1)
        if follow is None or item.posts:
            return
        if isinstance(item.atom, s.Word):
            if item.atom.typed == "In" and not {"In", "I"} & self.scope.names:
                raise NameMistake("In is not declared: is it ln, with a small L?", item.span, ("ln", "I n"))
            return
        one = isinstance(item.atom, s.Num) and item.atom.text == "1" and not follow.gap and not follow.posts
        behind = s.juxtaposed(items, at + 2)
        if one and behind is not None and isinstance(follow.atom, s.Word) and follow.atom.typed == "n" and (
            not self.scope.knows("n") and (behind.gap or isinstance(behind.atom, s.Group))
        ):
            raise one_n(item.span.to(follow.span))

    def check_square(self, items: Sequence[s.Item], at: int) -> None:
        """`4 [x - 1]`: square brackets round one entry, in a product, may be meant as round ones."""
        item = items[at]
        group = item.atom
        if not (isinstance(group, s.Group) and group.bracket == "[" and len(group.rows) == len(group.rows[0]) == 1):
            return
        follow = s.juxtaposed(items, at + 1)
        glued = at > 0 and item.operator == ""
        if isinstance(group.rows[0][0], s.For) or not (glued or follow or any(post.kind == "[" for post in item.posts)):
            return
        span, inner = group.span, self.source(group.rows[0][0].span)
        if inner[0] == "[" or glued and self.is_matrix(items[at - 1].atom):
            return  # [[2]] is a matrix, and behind a matrix stands a vector
        index = next((post for post in item.posts if post.kind == "["), None)
        readings: list[t.Expr] = [t.Paren(said(group.rows[0][0].span))]
        says = f"{self.source(span)} can be a bracket or a vector with one entry."
        if index is not None and len(index.value) == 1:
            span = span.to(index.span)
            readings = [product(*readings, t.Paren(said(index.value[0].span)))]
        elif glued:
            readings.append(t.Phrase((t.Words("* " if item.gap else "*"), said(span))))
        raise self.ambiguous(span, *readings, says=says)

    def is_matrix(self, atom: s.Raw) -> bool:
        """True for a matrix by its brackets or its declaration."""
        if isinstance(atom, s.Group):
            return len(atom.rows) > 1 or atom.bracket == "env" or self.source(atom.span).startswith("[[")
        return isinstance(atom, s.Word) and key_of(atom) in self.scope.matrices

    def check_number(self, atom: t.Number, names: Collection[str]) -> None:
        """2e3 where the block has a name e3, wherever that stands."""
        match = re.fullmatch(r"([0-9.]+)e([0-9]+)", atom.text)
        if match and (self.scope.knows("e" + match[2]) or "e" + match[2] in names):
            mantissa, ten = t.Words(match[1]), t.Power(t.Number("10"), t.Number(match[2]))
            raise self.ambiguous(
                atom.span, product(mantissa, ten, sign="*"), product(mantissa, t.Words("e" + match[2])),
                says=f"{{}} can be a number or {match[1]} times e{match[2]}.",
            )

    def name_factor(self, items: Sequence[s.Item], at: int) -> tuple[list[Settled], int]:
        """A word as one or several names; the power behind it belongs to the last."""
        item = items[at]
        word = item.atom
        assert isinstance(word, s.Word)
        follow = s.juxtaposed(items, at + 1)
        if follow is not None and isinstance(follow.atom, s.Group) and follow.atom.bracket == "(" and not item.posts:
            if not follow.gap or self.typeset_call(word):
                self.check_call(word, item, follow)
            if not follow.gap or self.text.startswith("[", follow.atom.span.start):
                self.check_index(word, item, follow)
        names = self.names(word)
        gap = item.gap
        out: list[Settled] = []
        for name in names[:-1]:
            out.append(Settled(item.operator if not out else "", name, gap, name.span))
            gap = False
        last, used = self.finish(items, at, names[-1], item, False)
        if out:
            first = last[0]
            last[0] = Settled("", first.expr, False, Span(names[-1].span.start, first.span.stop), first.bracket)
        return out + last, used

    def check_call(self, word: s.Word, item: s.Item, group: s.Item) -> None:
        """`g(…)` with g undeclared is neither a call nor a product."""
        key = key_of(word)
        if self.scope.knows(key) or isinstance(word, Rate) or (word.index is None and word.text in CONSTANTS):
            return
        if self.component(word) is not None:
            return
        span = item.span.to(group.span)
        shown, inside = self.source(item.span), self.source(group.span)
        if self.scope.rates and is_letter(word) and re.sub(r"\s|\\left|\\right", "", inside) == "(t)":
            raise NameMistake(f"{shown} is not defined as a function, and the time is not written.", span, (shown,))
        if key == "sigma":
            assert isinstance(group.atom, s.Group)
            arguments = [said(entry.span) for entry in group.atom.rows[0]]
            raise self.ambiguous(
                span, call("sigmoid", arguments), product(said(item.span), said(group.span), sign="*"),
                says=f"{shown}(…) can be the sigmoid function or a product with {shown}.",
            )
        if is_letter(word):
            raise self.no_function(word, item.span, group.span)
        if not self.ways(word):
            assert isinstance(group.atom, s.Group)
            given = [self.source(one.span) for one in group.atom.rows[0]]
            self.check_known_elsewhere(word, item.span.to(group.atom.span), given)
            raise self.not_a_function(word, item.span)

    def check_index(self, word: s.Word, item: s.Item, group: s.Item) -> None:
        """x(2), A(1,2): an entry to some languages, a product with 2 here."""
        assert isinstance(group.atom, s.Group)
        key, name, says = key_of(word), said(item.span), "{} can be an entry or a product."
        span = item.span.to(group.atom.span)
        entries = [s.bare(entry) for row in group.atom.rows for entry in row]
        inside = re.sub(r"\\right\s*$", "", self.text[group.atom.span.start + 1 : group.atom.span.stop - 1])
        index = said(group.atom.rows[0][0].span, group.atom.rows[-1][-1].span)
        entry = t.Component(name, (index,))
        array = key in self.scope.vectors or key in self.scope.matrices
        running = array and re.fullmatch(r"[\w\s,+\-]+", inside) and any(
            re.search(rf"\b{re.escape(index)}\b", inside) for index in self.scope.indices
        )
        if running:
            raise self.ambiguous(span, entry, says=says)
        if word.text in CONSTANTS or not all(isinstance(entry, s.Num) and entry.text.isdigit() for entry in entries):
            return
        readings: list[t.Expr] = [entry] if array else []
        if not array and len(entries) == 1 and not any(key in params for params in self.scope.functions.values()):
            readings.append(t.Phrase((name, t.Words("_"), index)))  # of an argument x, x_1 is another name
        readings += [product(index, name)] if len(entries) == 1 else []
        raise self.ambiguous(span, *readings, says=says)

    def arguments(self, group: s.Group) -> tuple[t.Expr, ...]:
        return tuple(self.value(entry) for entry in group.rows[0])

    def finish(
        self, items: Sequence[s.Item], at: int, expr: t.Expr, first: s.Item, bracket: bool
    ) -> tuple[list[Settled], int]:
        """Put the powers and indices of items[at] on the expression; settle what is glued to an exponent."""
        item = items[at]
        used = at + 1 - next(k for k in range(at, -1, -1) if items[k] is first)
        start = expr.span.start
        span = Span(start, item.span.stop)
        posts = item.posts
        if (exponent := exponents.taken(self, items, at)) is not None:
            span = Span(start, exponent.span.stop)
            power = t.Power(self.posts(expr, posts[:-1], item), exponent, posts[-1].kind == ".^", span=span)
            return [Settled(first.operator, power, first.gap, Span(first.span.start, span.stop))], used + 1
        number = isinstance(expr, t.Number) and not posts
        expr = self.posts(expr, posts, item)
        ends = (bracket and not posts) or bool(posts and posts[-1].kind == "[")
        whole = Span(min(first.span.start, start), span.stop)
        return [Settled(first.operator, expr, first.gap, whole, ends, number)], used

    def touching_stop(self, items: Sequence[s.Item], at: int) -> int:
        """Where the factors end that begin at items[at] and follow one another without a gap."""
        while True:
            self.looking = True
            try:
                used = self.factor(items, at)[1]
            except JacmagicError:
                used = 1
            finally:
                self.looking = False
            at += used
            if at == len(items) or items[at].operator != "" or items[at].gap:
                return items[at - 1].span.stop

    def powers_of_function(self, expr: t.Expr, item: s.Item, span: Span) -> t.Expr:
        for post in item.posts:
            expr = t.Power(expr, self.value(post.value[0]), on_name=True, span=span)
        return expr
