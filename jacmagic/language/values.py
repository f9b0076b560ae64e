"""What brackets, bars, exponents, indices and distinctions mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from jacmagic.errors import NameMistake, Span, SyntaxMistake
from jacmagic.functions import CONSTANTS, FUNCTIONS, Function
from jacmagic.language import derivatives
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import key_of
from jacmagic.language.readings import between
from jacmagic.language.times import Times


class Values(Times):
    """What stands between the runs: brackets, bars, exponents, indices, distinctions."""

    def read(self, raw: s.Raw) -> t.Expr:
        """The meaning of any syntax node."""
        if isinstance(raw, s.Run):
            return self.run(raw)
        if isinstance(raw, s.Terms):
            return self.terms(raw)
        if isinstance(raw, s.Cases):
            branches = tuple((self.read(value), self.read(condition)) for value, condition in raw.branches)
            for _, condition in branches:
                self.expect_condition(condition)
            return t.Case(branches, self.read(raw.otherwise), span=raw.span)
        if isinstance(raw, s.Relation):
            return t.Compare(tuple(map(self.read, raw.operands)), raw.relations, span=raw.span)
        if isinstance(raw, s.Boolean):
            return self.joined(raw)
        if isinstance(raw, s.For):
            return self.family(raw, raw.kind or "vector")
        if isinstance(raw, s.Slice):
            raise SyntaxMistake("A part stands in the brackets of an index: x[2..4].", raw.span)
        return self.run(s.Run(raw.span, (s.Item(raw.span, "", False, False, raw),)))

    def terms(self, raw: s.Terms) -> t.Expr:
        """A sum, or its only term with the sign of that."""
        terms = tuple((sign, self.read(term)) for sign, term in raw.terms)
        if len(terms) > 1:
            return t.Sum(terms, span=raw.span)
        sign, only = terms[0]
        return t.Negative(only, span=raw.span) if sign < 0 else only

    def joined(self, raw: s.Boolean) -> t.Logic:
        """Conditions with and, or, not."""
        operands = tuple(map(self.read, raw.operands))
        wedge = len(operands) == 2 and self.source(raw.span).count("∧") == 1
        for operand in operands:
            if wedge and not isinstance(operand, (t.Compare, t.Logic)):
                raise self.wedge(raw.span, operands)
            self.expect_condition(operand)
        return t.Logic(raw.operator, operands, span=raw.span)

    def wedge(self, span: Span, operands: Sequence[t.Expr]) -> SyntaxMistake:
        """What to say of u ∧ v, and of x ∧ 2."""
        a, b = (self.source(one.span) for one in operands)
        if isinstance(operands[1], t.Number):
            return SyntaxMistake("∧ is and, which joins conditions; a power has ^.", span, (f"{a}^{b}",))
        return SyntaxMistake(
            "∧ is and, which joins conditions; the product of vectors is cross.", span, (f"cross({a}, {b})",)
        )

    def value(self, raw: s.Raw) -> t.Expr:
        """An expression that must not be a condition."""
        expr = self.read(raw)
        if isinstance(expr, (t.Compare, t.Logic)):
            raise SyntaxMistake("A comparison stands in a condition: a if x > 0 else b.", expr.span)
        return expr

    def expect_condition(self, expr: t.Expr) -> None:
        if isinstance(expr, t.Paren):
            self.expect_condition(expr.inner)
        elif not isinstance(expr, (t.Compare, t.Logic)):
            raise SyntaxMistake("A condition compares: x > 0, or 0 < x < 1.", expr.span)

    def family(self, raw: s.For, kind: str) -> t.Family:
        index = key_of(raw.index)
        if index in self.scope.names:
            raise NameMistake(
                f"{raw.index.typed} is the index here and a name of the block; choose another index.", raw.index.span
            )
        first, last, but = (None if one is None else self.value(one) for one in (raw.first, raw.last, raw.but))
        self.scope.indices.append(index)
        body = self.value(raw.body)
        self.scope.indices.pop()
        plain = self.source(body.span)[:1] == "[" and not self.text[: body.span.start].rstrip().endswith("(")
        if plain and kind == "sum" and isinstance(body, t.Vector) and len(body.entries) == 1:  # \sum_i [y_i + …]
            body = t.Paren(body.entries[0], span=body.span)
        return t.Family(body, index, first, last, kind, but, span=raw.span)

    def primed_group(self, expr: t.Expr, posts: Sequence[s.Post]) -> SyntaxMistake:
        """What to say of (f g)′: with d/dx where all functions in it have that one argument."""
        primes = [post for post in posts if post.kind == "'"]
        params = {self.scope.functions[key] for key in t.names_below(expr) if key in self.scope.functions}
        if not isinstance(expr, t.Paren) or len(params) != 1 or len(primes) > 2 or len(one := params.pop()) != 1:
            said = "A prime is a derivative in time, of a name: x'; the transpose is x^T."
            return SyntaxMistake(said, primes[0].span)
        front = f"d/d{one[0]}" if len(primes) == 1 else f"d²/d{one[0]}²"
        span = Span(expr.span.start, primes[-1].span.stop)
        return SyntaxMistake("A prime is of a name; of an expression it is d/dx.", span, (
            f"{front} {self.source(expr.span)}",))

    def posts(self, expr: t.Expr, posts: Sequence[s.Post], item: s.Item) -> t.Expr:
        for post in posts:
            span = Span(expr.span.start, post.span.stop)
            if post.kind == "'":
                raise self.primed_group(expr, posts)
            if post.kind == "at":
                expr = derivatives.evaluated(self, expr, post)
            elif post.kind in ("T", "-T"):
                expr = self.transposed(expr, post, item)
            elif post.kind == "°":
                expr = t.Degrees(expr, span=span)
            elif post.kind == "[":
                if any(isinstance(i, (s.Relation, s.Boolean, s.For)) for i in post.value):
                    raise SyntaxMistake("An index is a whole number.", post.span)
                expr = t.Component(expr, tuple(map(self.place, post.value)), span=span)
            else:
                numbered = re.fullmatch(r"\^\{\s*\((\w)\)\s*\}|⁽[¹²³⁴-⁹ⁱⁿ]⁾", self.source(post.span))
                if numbered and isinstance(item.atom, s.Word) and item.atom.text not in CONSTANTS:
                    base = between(item.span.start, post.span.start)
                    digit = numbered[1] or unicodedata.normalize("NFKC", self.source(post.span))[1]
                    raise self.ambiguous(
                        Span(item.span.start, post.span.stop), t.Phrase((base, t.Words(f"^{{[{digit}]}}"))),
                        t.Power(base, t.Number(digit)), says="{} can number a layer or an example, or be a power.",
                    )
                expr = t.Power(expr, self.value(post.value[0]), post.kind == ".^", span=span)
        return expr

    def transposed(self, expr: t.Expr, post: s.Post, item: s.Item) -> t.Expr:
        """The transpose, or that of the inverse: A^T, A^-T."""
        minus, span = post.kind == "-T", Span(expr.span.start, post.span.stop)
        if post.value and self.scope.knows("T") and "T" in self.source(post.span):
            base, power = between(item.span.start, post.span.start), t.Name("T")
            matrix = isinstance(expr, t.Name) and expr.key in self.scope.matrices  # of which there is no such power
            raise self.ambiguous(
                item.span, t.Transpose(t.inverse(base) if minus else base),
                *(() if matrix else (t.Power(base, t.Negative(power) if minus else power),)),
                says="{} can be the transpose or a power.",
            )
        return t.Transpose(t.inverse(expr) if minus else expr, span=span)

    def atom(self, raw: s.Raw) -> t.Expr:
        if isinstance(raw, s.Group):
            return self.group(raw)
        if isinstance(raw, s.Bars):
            inner = self.value(raw.inner)
            if raw.double:
                return t.Norm(inner, raw.order or "2", span=raw.span)
            return t.Absolute(inner, span=raw.span)
        if isinstance(raw, s.Frac):
            return t.Fraction(self.value(raw.above), self.value(raw.below), span=raw.span)
        if isinstance(raw, s.Applied):
            return t.Call(raw.name, (self.value(raw.argument),), span=raw.span)
        if isinstance(raw, s.Indicator):
            condition = self.read(raw.condition)
            self.expect_condition(condition)
            return t.Indicator(condition, span=raw.span)
        return raw.expr if isinstance(raw, derivatives.Found) else self.read(raw)

    def group(self, group: s.Group) -> t.Expr:
        """What brackets hold: one value, a vector, or a matrix by its rows, whose brackets may stand inside."""
        rows, first = group.rows, group.rows[0]
        if group.bracket in ("(", "{"):
            return self.grouped(group) if len(rows) == len(first) == 1 else self.vector(group, first)
        if group.bracket == "env" or len(rows) > 1:
            column = all(len(row) == 1 for row in rows)
            return self.vector(group, [row[0] for row in rows]) if column else self.matrix(group, rows)
        inside = [self.literal(entry) for entry in first]
        if len(inside) == 1 and inside[0] is not None and inside[0].bracket == "env":
            return self.group(inside[0])
        nested = tuple(one.rows[0] for one in inside if one is not None and one.bracket == "[" and len(one.rows) == 1)
        if len(nested) == len(inside):
            return self.matrix(group, nested)
        vector = self.vector(group, first)
        only = vector.entries[0]
        if len(first) == 1 and isinstance(only, t.Family) and only.kind == "vector":
            return replace(only, span=group.span)
        return vector

    def grouped(self, group: s.Group) -> t.Expr:
        """The one thing in round brackets, which those of a list and braces only hold together."""
        inner = self.read(group.rows[0][0])
        return inner if t.is_list(inner) or group.bracket == "{" else t.Paren(inner, span=group.span)

    def vector(self, group: s.Group, entries: Sequence[s.Raw]) -> t.Vector:
        return t.Vector(tuple(map(self.value, entries)), span=group.span)

    @staticmethod
    def literal(raw: s.Raw) -> s.Group | None:
        """The bracket that an entry is, if it is nothing else."""
        if isinstance(raw, s.Run) and len(raw.items) == 1:
            item = raw.items[0]
            if isinstance(item.atom, s.Group) and not item.posts and not item.negative:
                return item.atom
        return None

    def matrix(self, group: s.Group, rows: tuple[tuple[s.Raw, ...], ...]) -> t.Expr:
        if any(isinstance(entry, s.For) for row in rows for entry in row):
            parts = tuple(self.value(entry) for row in rows for entry in row)
            if len(rows) > 1 and all(len(row) == 1 for row in rows):
                return t.Matrix(tuple((part,) for part in parts), span=group.span)
            return t.Vector(parts, span=group.span)
        widths = {len(row) for row in rows}
        if len(widths) > 1:
            first = len(rows[0])
            wrong = next(k for k, row in enumerate(rows) if len(row) != first)
            raise SyntaxMistake(
                f"The rows of this matrix differ in length: row 1 has {first} entries, row {wrong + 1} has "
                f"{len(rows[wrong])}.", group.span,
            )
        return t.Matrix(tuple(tuple(self.value(entry) for entry in row) for row in rows), span=group.span)

    def called(
        self, row: Function, item: s.Item, arguments: tuple[t.Expr, ...], span: Span, bare: bool = False
    ) -> t.Expr:
        """The call of a built-in function; a logarithm with its base, and a root as the power that it is."""
        word = item.atom
        if row.name == "log_base" and isinstance(word, s.Word) and word.index is not None and len(arguments) == 1:
            arguments = (*arguments, self.base_of(word))
        elif row.name == "ln" and isinstance(word, s.Word) and word.text == "log" and len(arguments) == 2:
            row = FUNCTIONS["log_base"]
        if row.name == "log_base" and len(arguments) == 2 and isinstance(arguments[1], t.Number):
            if arguments[1].text in ("2", "10"):
                row, arguments = FUNCTIONS["log" + arguments[1].text], arguments[:1]
        if row.name == "root" and len(arguments) == 2:
            radicand, degree = arguments
            if isinstance(degree, t.Number) and degree.text in ("2", "3"):
                return t.Call({"2": "sqrt", "3": "cbrt"}[degree.text], (radicand,), span=span)
            plain = (t.Name, t.Constant, t.Number)
            radicand, degree = (
                one if isinstance(one, plain) else t.Paren(one, span=one.span) for one in (radicand, degree)
            )
            one = t.Number("1", span=degree.span)
            return t.Power(radicand, t.Product((("", one), ("/", degree)), span=degree.span), span=span)
        return t.Call(row.name, arguments, bare, span=span)

    def base_of(self, word: s.Word) -> t.Expr:
        """The base of log_b, which stands as its index."""
        if word.parts:
            return self.value(word.parts[0])
        assert word.index is not None
        span = Span(word.span.stop - len(word.index), word.span.stop)
        if word.index.isdigit():
            return t.Number(word.index, span=span)
        names = self.names(s.Word(span, word.index))
        return names[0] if len(names) == 1 else t.Product(tuple(("", name) for name in names), span=span)

    def run(self, raw: s.Run) -> t.Expr:
        """What a run of factors means."""
        raise NotImplementedError
