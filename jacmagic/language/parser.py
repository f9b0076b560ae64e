"""Tokens to expressions.

The parser is written by hand, one method a level of precedence: bars, gaps and
bare application need more than one token of context, and an error can then say
what was expected in the reader's words. `grammar.lark` is the same language as
one readable page; a test holds the two together. No function names are known
here, no shapes and no SymPy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from jacmagic.errors import LimitError, Span, SyntaxMistake
from jacmagic.functions import SPELLINGS
from jacmagic.language.coverage import exhaustive
from jacmagic.language.cursor import CLOSERS, Cursor
from jacmagic.language.letters import INDEX_LETTERS, KEYWORDS, names_something
from jacmagic.language.lexer import Token
from jacmagic.language.limits import MAX_BRANCHES
from jacmagic.language.nodes import (
    Applied,
    Bars,
    Boolean,
    Cases,
    For,
    Frac,
    Group,
    Indicator,
    Item,
    Num,
    Post,
    Raw,
    Relation,
    Root,
    Run,
    Slice,
    Terms,
    Word,
    alone,
    unwrapped,
)
from jacmagic.language.postfix import exponent, post, superscript
from jacmagic.language.precedence import Level, signs

_RELATIONS, _SUMS, _PRODUCTS = (signs(level) for level in (Level.RELATION, Level.SUM, Level.PRODUCT))


def letters_of(index: Word) -> list[Word]:
    """i and j of Σ_{ij}; else the word itself."""
    if index.index is not None or index.command or len(index.text) < 2 or not INDEX_LETTERS.issuperset(index.text):
        return [index]
    start = index.span.start
    return [replace(index, span=Span(start + k, start + k + 1), text=one) for k, one in enumerate(index.text)]


class Parser(Cursor):
    """Tokens to expressions, one method a level of precedence."""

    def expression(self) -> Raw:
        """A value with its conditions: `a if p else b if q else c`."""
        start = self.now.span.start
        value = self.disjunction()
        branches: list[tuple[Raw, Raw]] = []
        while self.is_word("if"):
            self.next()
            condition = self.disjunction()
            if not self.is_word("else"):
                if self.now.kind == "end" or self.is_op(",", ")", "]", ";"):
                    raise SyntaxMistake("An if has its else: say what holds otherwise.", self.span_from(start))
                raise self.fail("else")
            self.next()
            branches.append((value, condition))
            if len(branches) > MAX_BRANCHES:
                raise LimitError(f"A distinction has at most {MAX_BRANCHES} cases.", self.span_from(start))
            value = self.disjunction()
        return Cases(self.span_from(start), tuple(branches), value) if branches else value

    def disjunction(self) -> Raw:
        return self.boolean("or", self.conjunction)

    def conjunction(self) -> Raw:
        return self.boolean("and", self.negation)

    def boolean(self, word: str, operand: Callable[[], Raw]) -> Raw:
        start = self.now.span.start
        operands = [operand()]
        while self.is_word(word):
            self.next()
            operands.append(operand())
            if len(operands) > MAX_BRANCHES:
                raise LimitError(f"A condition has at most {MAX_BRANCHES} parts.", self.span_from(start))
        return operands[0] if len(operands) == 1 else Boolean(self.span_from(start), word, tuple(operands))

    def negation(self) -> Raw:
        if self.is_word("not"):
            start = self.next().span.start
            self.deeper()
            inner = self.negation()
            self.depth -= 1
            return Boolean(self.span_from(start), "not", (inner,))
        return self.comparison()

    def comparison(self) -> Raw:
        start = self.now.span.start
        operands = [self.sum()]
        relations: list[str] = []
        while self.now.kind == "op" and self.now.text in _RELATIONS:
            if self.now.text == "=" and not self.in_condition():
                break
            following = self.tokens[self.at + 1]
            double = following.kind == "op" and following.text in _RELATIONS and not following.gap
            if double or self.now.text in ("=", "!=") and not self.typeset:
                raise self.compared(operands[-1], double)
            relation = self.next().text
            relations.append("==" if relation == "=" else relation)
            operands.append(self.sum())
            if len(operands) > MAX_BRANCHES:
                raise LimitError(f"A condition has at most {MAX_BRANCHES} parts.", self.span_from(start))
        if not relations:
            return operands[0]
        span = self.span_from(start)
        return _unequal(span, operands, relations) if "!=" in relations else Relation(
            span, tuple(operands), tuple(relations))

    def compared(self, left: Raw, double: bool) -> SyntaxMistake:
        """`=`, `=>`, `===`, `<>` and `!=` in a condition, and what to write."""
        token = self.next()
        sign, span = token.text, token.span
        while double and self.now.kind == "op" and self.now.text in _RELATIONS and not self.now.gap:
            sign, span = sign + self.now.text, span.to(self.next().span)
        if sign not in ("!=", "<>", "!=="):
            wanted = {"=>": ">=", "=<": "<=", "=": "=="}.get(sign, token.text.replace("!=", "=="))
            return SyntaxMistake(f"A condition compares with {wanted}.", span, (wanted,))
        right = self.sum()
        shown = [self.text[one.span.start : one.span.stop] for one in (left, right)]
        return SyntaxMistake(
            "A condition says unequal with not and ==.", left.span.to(right.span), (f"not {shown[0]} == {shown[1]}",)
        )

    def sum(self) -> Raw:
        start = self.now.span.start
        terms: list[tuple[int, Raw]] = []
        sign = 1
        if self.is_op(*_SUMS):
            sign = -1 if self.next().text == "-" else 1
        terms.append((sign, self.signed()))
        while self.is_op(*_SUMS):
            sign = -1 if self.next().text == "-" else 1
            terms.append((sign, self.signed()))
        if len(terms) == 1 and terms[0][0] == 1:
            return terms[0][1]
        return Terms(self.span_from(start), tuple(terms))

    def signed(self) -> Raw:
        """A product, perhaps with further signs in front: - -x."""
        start = self.now.span.start
        sign, any_sign = 1, False
        while self.is_op(*_SUMS):
            any_sign = True
            sign = -sign if self.next().text == "-" else sign
        run = self.run()
        return Terms(self.span_from(start), ((sign, run),)) if any_sign and sign < 0 else run

    def run(self) -> Raw:
        start = self.now.span.start
        items = [self.item("", False)]
        while True:
            token = self.now
            if token.kind == "op" and token.text in _PRODUCTS:
                self.next()
                negative = False
                while self.is_op(*_SUMS):
                    negative ^= self.next().text == "-"
                items.append(self.item(token.text, negative))
            elif self.starts_factor():
                items.append(self.item("", False))
            else:
                break
            indicator = self.indicator(items[-2], items[-1])
            if indicator is not None:
                items[-2:] = [indicator]
        return Run(self.span_from(start), tuple(items))

    @staticmethod
    def indicator(one: Item, group: Item) -> Item | None:
        """`1[x > 0]` as one factor."""
        inside = group.atom
        if not (isinstance(one.atom, Num) and one.atom.text == "1" and not one.posts and group.operator == ""):
            return None
        if not isinstance(inside, Group) or inside.bracket not in ("[", "1") or len(inside.rows[0]) > 1:
            return None
        condition = inside.rows[0][0]
        if not isinstance(condition, (Relation, Boolean)) and inside.bracket == "[":
            return None
        span = one.span.to(inside.span)
        return replace(one, span=one.span.to(group.span), atom=Indicator(span, condition), posts=group.posts)

    def starts_factor(self) -> bool:
        token = self.now
        if token.kind == "word":
            return token.text not in KEYWORDS and not (token.text in ("otherwise", "when") and token.command)
        if token.kind == "num":
            return True
        if token.kind == "cmd":
            return not token.text.startswith("end")
        if token.kind == "op":
            if token.text in ("|", "||"):
                return not self.bars
            if token.text == "_":  # the condition of an indicator as its index: 1_{x > 0}
                before, after = self.tokens[max(self.at - 1, 0)], self.tokens[self.at + 1]
                return before.text == "1" and after.text in ("{", "(")
            return token.text in ("(", "[", "{", "√", "∛")
        return False

    def item(self, operator: str, negative: bool) -> Item:
        start, gap = self.now.span.start, self.now.gap
        if self.is_op("{"):
            self.check_braces()
        atom = self.atom()
        posts: list[Post] = []
        while one := post(self, atom, posts):
            posts.append(one)
        if isinstance(atom, Bars) and atom.double and not atom.order and posts and self.is_op("_"):
            atom = replace(atom, order=self.norm_order())  # ||x||^2_2
        return Item(self.span_from(start), operator, negative, gap, atom, tuple(posts))

    def check_braces(self) -> None:
        """Braces as a factor of plain text, {k} x; they group where the line has a command or {{, and in {x}^2."""
        start, stop = self.now.span.start, self.tokens[-1].span.stop
        inside = re.match(r"\{([^{}]*)\}(?!\s*[_^])", self.text[start:stop])
        rooted = self.at > 3 and self.tokens[self.at - 4].text == "√"  # √[3]{x} has words of its own
        line = self.text[self.line_start(start) : stop]
        typeset = re.search(r"\\|\{\{|^\s*\{[^=]*\}\s*=", line) or "$" in self.text
        if inside is None or rooted or typeset:
            return
        shown, span = inside[1].strip(), Span(start, start + inside.end())
        before = self.tokens[self.at - 1] if self.at else self.now
        called = before.text in SPELLINGS or before.text == "√"
        known = any(token.kind == "word" and token.text == shown for token in self.tokens[: self.top_level("=") or 0])
        if shown.isidentifier() and shown.isascii() and shown not in KEYWORDS and not (called or known):
            raise SyntaxMistake(
                f"Braces take a value from Python, on a line of its own; here stands {shown} then.", span,
                (f"{shown} = {{{shown}}}",),
            )
        grouped = bool(shown) and re.search(r"[\[\].'\"=:]", shown) is None
        fix = f"[{shown}]" if "," in shown else f"({shown})"
        raise SyntaxMistake(
            "Braces take a value from Python, on a line of its own, as in W = {weights[0]}; what is grouped stands in "
            "round or square brackets.", span, (fix,) if grouped else (),
        )

    def atom(self) -> Raw:
        token = self.now
        if token.kind == "num":
            self.next()
            return Num(token.span, token.text)
        if token.kind == "word" and token.text not in KEYWORDS:
            return self.word_atom()
        if token.kind == "cmd":
            return self.command_atom()
        if token.kind == "op":
            if token.text in ("(", "[", "{"):
                group = self.bracketed()
                within = alone(group)
                return within if isinstance(within, Group) else group
            if token.text == "_" and self.at and self.tokens[self.at - 1].text == "1":
                self.next()  # the condition of an indicator as its index: 1_{x > 0}
                group = self.bracketed()
                inner = unwrapped(group)
                return Group(group.span, "1", ((inner,),))
            if token.text in ("|", "||"):
                return self.bar_atom()
            if token.text in ("√", "∛"):
                self.next()
                return Root(token.span, "sqrt" if token.text == "√" else "cbrt")
            if token.text in (".*", "./", "*", "/", "·", "×", ".^", "^"):
                raise SyntaxMistake(
                    f"Something to multiply, divide or raise is expected before "
                    f"{self.text[token.span.start : token.span.stop]}.", token.span,
                )
        raise self.fail("a number, a name or a bracket")

    def word_atom(self) -> Word:
        token = self.next()
        parts: tuple[Raw, ...] = ()
        if token.parts:
            inner = Parser(self.text, token.parts)
            try:
                found = [inner.place()]
                while inner.is_op(","):
                    inner.next()
                    found.append(inner.place())
                if inner.now.kind == "end":
                    parts = tuple(found)
            except SyntaxMistake:
                parts = ()
            if not parts and not names_something(token.index or ""):
                raise SyntaxMistake("This index does not read as numbers or names.", token.span)
        return Word(token.span, token.text, token.index, parts, token.whole, token.command, token.layer)

    def place(self) -> Raw:
        """One index of a component: an expression, a part `2..4`, or `:`, all of the axis."""
        start = self.now.span.start
        if self.is_op(":"):
            return Slice(self.next().span)
        first = self.entry()
        if self.is_op(":"):
            token = self.next()
            raise SyntaxMistake("A part is written with two points.", token.span, ("..",))
        if not self.is_op(".."):
            return first
        self.next()
        last = self.sum()
        return Slice(self.span_from(start), first, last)

    def bracketed(self, places: bool = False) -> Group:
        self.deeper()
        opener = self.next()
        self.brackets.append(opener)
        bars, self.bars = self.bars, []
        closer = CLOSERS[opener.text]
        rows: list[tuple[Raw, ...]] = []
        row: list[Raw] = []
        if self.is_op(closer):
            raise SyntaxMistake("These brackets are empty.", Span(opener.span.start, self.now.span.stop))
        if bars:
            self.bars = bars[:1]  # bars inside brackets inside bars are nested bars
        while True:
            row.append(self.place() if places else self.entry())
            if self.is_op(","):
                self.next()
            elif self.is_op(";", "\\\\") and opener.text == "[":
                self.next()
                rows.append(tuple(row))
                row = []
            elif self.is_op(closer):
                break
            elif self.is_op(";"):
                raise SyntaxMistake("Rows are separated by ; in square brackets.", self.here)
            else:
                raise self.unfinished(opener)
        self.next()
        rows.append(tuple(row))
        self.brackets.pop()
        self.bars = bars
        self.depth -= 1
        bracket = opener.text
        single = len(rows) == len(rows[0]) == 1 and not isinstance(rows[0][0], (For, Relation, Boolean))
        if bracket == "[" and single:  # LaTeX sizes a bracket: \left[1 - x\right]^2
            before = self.text[max(0, opener.span.start - 12) : opener.span.start]
            bracket = "(" if re.search(r"\\(?:left|[bB]igg?l?)\s*$", before) else "["
        return Group(self.span_from(opener.span.start), bracket, tuple(rows))

    def entry(self) -> Raw:
        """One entry of a bracket: an expression, perhaps with `for i = 1..n` behind it."""
        start = self.now.span.start
        body = self.expression()
        if self.is_word("for"):
            self.next()
            index, first, last = self.bounds()
            body = For(self.span_from(start), body, index, first, last)
            if self.is_word("for"):
                raise SyntaxMistake("One for a bracket; nest brackets for a second index.", self.here)
        return body

    def bounds(self) -> tuple[Word, Raw, Raw]:
        """`i = 1..n` behind `for`."""
        if self.now.kind != "word":
            raise self.fail("the name of an index")
        index = self.word_atom()
        if self.is_op("=", "∈") or self.is_word("in"):
            self.next()
        else:
            raise self.fail("a range, as in i = 1..3,")
        first = self.sum()
        listed = self.is_op(",") and self.tokens[self.at + 1].text == ".."  # 1, …, n
        if listed:
            self.next()
        if not self.is_op("..", ":"):
            raise self.fail("the last index, as in 1..3,")
        colon = self.next().text == ":"
        if listed and self.is_op(","):
            self.next()
        last = self.sum()
        if colon:
            ends = [self.text[one.span.start : one.span.stop] for one in (first, last)]
            raise SyntaxMistake(
                "The bounds of a family are written with two points.", first.span.to(last.span), ("..".join(ends),)
            )
        return index, first, last

    def bar_atom(self) -> Raw:
        opener, at = self.next(), self.at - 1
        if self.bars or self.now.kind == "end" or self.is_op(")", "]", "}", ","):
            raise self.mismatched_bars(at)
        self.deeper()
        self.bars.append(at)
        inner = self.expression()
        self.bars.pop()
        closer = self.now
        if not self.is_op("|", "||"):
            if self.now.kind == "end":
                raise SyntaxMistake("This bar is never closed.", opener.span)
            if opener.text == "||" and self.is_word("else"):
                raise SyntaxMistake("A condition joins with and, or, not.", opener.span, (" or ",))
            raise self.fail("a closing bar")
        if closer.text != opener.text:
            raise self.mismatched_bars(at)
        self.next()
        self.depth -= 1
        order = self.norm_order() if opener.text == "||" and self.is_op("_") else ""
        return Bars(self.span_from(opener.span.start), inner, opener.text == "||", order)

    def norm_order(self) -> str:
        """The index of a norm, behind its bars."""
        self.next()
        token, closed = self.next(), True
        if token.text == "{":
            token, closed = self.next(), self.is_op("}")
            self.next()
        order = {"∞": "oo", "infty": "oo", "inf": "oo"}.get(token.text, token.text)
        if not closed or order not in ("1", "2", "oo", "F"):
            raise SyntaxMistake("The norms are ||x||_1, ||x||_2, ||x||_∞ and ||W||_F.", token.span)
        return order

    def argument(self) -> Raw:
        r"""The argument of a LaTeX command: a group, or one token."""
        if self.is_op("{"):
            group = self.bracketed()
            if len(group.rows) != 1 or len(group.rows[0]) != 1:
                raise SyntaxMistake("One expression is expected in these braces.", group.span)
            return group.rows[0][0]
        if self.now.kind in ("num", "word") and self.now.text not in KEYWORDS:
            return self.atom()
        raise self.fail("an argument in braces")

    def command_atom(self) -> Raw:
        token = self.next()
        start = token.span.start
        if token.text == "frac":
            above = self.argument()
            below = self.argument()
            return Frac(self.span_from(start), above, below)
        if token.text == "sqrt":
            name = "sqrt"
            if self.is_op("["):
                group = self.bracketed()
                order = group.rows[0][0]
                text = self.text[order.span.start : order.span.stop].strip()
                name = {"2": "sqrt", "3": "cbrt"}.get(text, "")
                if not name:  # the n-th root of x is x^(1/n)
                    argument = self.argument()
                    span = self.span_from(start)
                    power = Frac(order.span, Num(order.span, "1"), order)
                    base = Group(argument.span, "(", ((argument,),))
                    return Run(span, (Item(span, "", False, False, base, (Post(order.span, "^", (power,)),)),))
            argument = self.argument()
            return Applied(self.span_from(start), name, argument)
        if token.text in ("Σ", "Π"):
            return self.big_operator(token)
        if token.text == "begin matrix":
            return self.latex_matrix(token)
        if token.text == "begin cases":
            return self.latex_cases(token)
        raise SyntaxMistake("No environment is open here.", token.span)

    def big_operator(self, token: Token) -> Raw:
        below: list[Word] = []
        first = last = but = None
        for _ in range(2):
            if self.is_op("_") and not below:
                self.next()
                below, first, but = self.below_sum()
            elif self.now.kind == "op" and self.now.text == "^" and last is None:
                self.next()
                last, _clear = exponent(self)
            elif self.now.kind == "sup" and last is None:
                last = superscript(self, self.next())
        if not below or (first is None) != (last is None):
            raise SyntaxMistake("A sum needs its bounds: \\sum_{i=1}^{n}.", token.span, ())
        self.deeper()
        body = self.run()
        self.depth -= 1
        kind = "sum" if token.text == "Σ" else "prod"
        span = self.span_from(token.span.start)
        for index in below[:0:-1]:  # Σ_{i,j}
            body = For(span, body, index, None, None, kind)
        return For(span, body, below[0], first, last, kind, but)

    def below_sum(self) -> tuple[list[Word], Raw | None, Raw | None]:
        """What stands below a sum: its indices, the first value of one, and the value that it leaves out."""
        if not self.is_op("{"):
            if self.now.kind != "word":
                raise self.fail("the name of an index")
            return [self.word_atom()], None, None
        self.brackets.append(self.next())
        indices: list[Word] = []
        first = but = None
        while not self.is_op("}"):
            if self.now.kind != "word":
                raise self.fail("the name of an index")
            index = self.word_atom()
            again = bool(indices) and index.typed == indices[-1].typed  # j=1, j≠i
            if self.is_op("<"):
                raise SyntaxMistake("A sum over i < j has another in it: j runs from i + 1.", self.now.span)
            if not again:
                indices += letters_of(index) if not self.is_op("=", "!=") else [index]
            if self.is_op("=") and not first and len(indices) == 1:
                self.next()
                first = self.sum()
            elif self.is_op("!=") and not but and len(indices) == 1:
                self.next()
                but = self.sum()
            elif again:
                raise self.fail("≠")
            if self.is_op(",") and self.tokens[self.at + 1].kind == "word":
                self.next()
            elif not self.is_op("}"):
                raise self.fail("}")
        self.next()
        self.brackets.pop()
        if not indices:
            raise self.fail("the name of an index")
        return indices, first, but

    def latex_matrix(self, opener: Token) -> Group:
        self.deeper()
        rows: list[tuple[Raw, ...]] = []
        row: list[Raw] = []
        while not (self.now.kind == "cmd" and self.now.text == "end matrix"):
            row.append(self.entry())
            if self.is_op("&"):
                self.next()
            elif self.is_op("\\\\"):
                self.next()
                rows.append(tuple(row))
                row = []
            elif not (self.now.kind == "cmd" and self.now.text == "end matrix"):
                if self.now.kind == "end":
                    raise SyntaxMistake("This environment is never closed.", opener.span)
                raise self.fail("& or \\\\ or the end of the matrix")
        self.next()
        if row:
            rows.append(tuple(row))
        if not rows:
            raise SyntaxMistake("This matrix is empty.", opener.span)
        self.depth -= 1
        return Group(self.span_from(opener.span.start), "env", tuple(rows))

    def latex_cases(self, opener: Token) -> Cases:
        self.deeper()
        branches: list[tuple[Raw, Raw]] = []
        otherwise: Raw | None = None
        while not (self.now.kind == "cmd" and self.now.text == "end cases"):
            value = self.sum()
            if self.is_op(","):
                self.next()
            if self.is_op("&"):
                self.next()
            if self.is_word("if", "for", "when"):
                self.next()
            if self.is_word("otherwise", "else"):
                self.next()
                otherwise = value
            else:
                before, self.typeset = self.typeset, True
                branches.append((value, self.disjunction()))
                self.typeset = before
            if self.is_op(",", "."):
                self.next()
            if self.is_op("\\\\"):
                self.next()
            elif not (self.now.kind == "cmd" and self.now.text == "end cases"):
                raise self.fail("\\\\ or the end of the cases")
        self.next()
        self.depth -= 1
        span = self.span_from(opener.span.start)
        if otherwise is None and len(branches) > 1 and exhaustive(self.text, [condition for _, condition in branches]):
            otherwise = branches.pop()[0]
        if otherwise is None or not branches:
            last = branches[-1][1].span if branches else span
            raise SyntaxMistake(
                "The last case says what holds otherwise.", last, ("\\text{otherwise}",) if len(branches) > 1 else ()
            )
        return Cases(span, tuple(branches), otherwise)


def _unequal(whole: Span, operands: list[Raw], relations: list[str]) -> Raw:
    """a ≠ b, as LaTeX typesets it: not a = b."""
    parts: list[Raw] = []
    for a, sign, b in zip(operands, relations, operands[1:]):
        span = a.span.to(b.span)
        one = Relation(span, (a, b), ("==" if sign == "!=" else sign,))
        parts.append(Boolean(span, "not", (one,)) if sign == "!=" else one)
    return parts[0] if len(parts) == 1 else Boolean(whole, "and", tuple(parts))
