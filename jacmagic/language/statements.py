"""Lines to statements: `parse(text)` reads a block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from jacmagic.errors import LimitError, Span, SyntaxMistake
from jacmagic.functions import CONSTANTS, OF_LOGITS, SPELLINGS
from jacmagic.language import libraries
from jacmagic.language import tree as t
from jacmagic.language.elsewhere import ELSEWHERE, FOREIGN, RECIPES
from jacmagic.language.equations import Equations, begins_point, point
from jacmagic.language.keys import key_of
from jacmagic.language.letters import MODULES, ROLES, VARIANTS
from jacmagic.language.lexer import Lexer, Token
from jacmagic.language.limits import MAX_BLOCK, MAX_LAYERS, MAX_STATEMENTS
from jacmagic.language.nodes import For, Group, Layer, Num, Range, Raw, Size, Statement, Word, nodes, unwrapped
from jacmagic.language.parser import Parser
from jacmagic.language.rates import ANOTHER, LEIBNIZ, LONGEST_RATE, letter_of, undotted, unsolved
from jacmagic.language.readings import ambiguous, between, product, said

_NO_RANGE = re.compile(
    r"[(\]]([^\[\](),]+,[^\[\](),∞]+)[)\[]|([\w.]+?\.\.[\w.]+)|(?:[A-Zℂℕℚℤ]|\\mathbb\s*\{?\w\}?)(?:\^\S+)?"
)
"""What stands behind `in` and is neither R^3 nor [0, 5]: another bracket, 0..5, numbers that are not all real."""


class Line(Equations):
    """The tokens of one statement to that statement."""

    def statement(self) -> Statement:
        if (role := role_of(self.tokens)) is not None and role.text not in self.not_roles:
            return self.with_role(role)
        start, stop = self.now.span.start, self.tokens[-2].span.stop
        if begins_point(self.tokens):
            return self.ended(point(self))
        if any(t.kind == "op" and t.text == "->" for t in self.tokens):
            return self.net(start)
        equals = self.top_level("=")
        if equals is None:
            inside = next(
                (k for k, t in self.outside() if (t.kind, t.text) in (("op", "∈"), ("word", "in"))), None,
            )
            if inside == 0:
                raise SyntaxMistake("A name is expected here.", self.here)
            if inside is not None:
                names = self.name_list(self.join_differences(inside))
                self.next()
                size, range_ = self.belonging()
                self.finish()
                return Statement(Span(start, stop), "declare", names, size=size, range=range_)
            alone = self.expression()
            self.finish()
            return Statement(Span(start, stop), "expression", expr=alone)
        return self.definition(equals, Span(start, stop))

    def definition(self, equals: int, span: Span) -> Statement:
        """A line with =: a name and its right side, or an equation."""
        found = self.left_side(equals)
        if isinstance(found, Statement):
            return found
        kind, name, params = found
        dotted = self.dotted
        python: str | None = None
        expr: Raw | None = None
        if self.now.kind == "python":
            token = self.next()
            python = token.text
            if not python:
                raise SyntaxMistake("A Python expression is expected in these braces.", token.span)
        else:
            expr = self.expression()
        indexed = expr is not None and kind == "define" and self.is_word("for") and name.index is not None
        if indexed and expr is not None:
            name, expr = self.by_index(name, expr)
        size, range_ = None, None
        if self.is_op("∈") or self.is_word("in"):
            self.next()
            size, range_ = self.belonging()
        self.finish()
        if kind == "define" and expr is not None:
            self.check_range(name, expr)
        if kind == "define" and expr is not None and (by := self.depends_on(name, expr)):
            kind, params = "time" if [word.typed for word in by] == ["t"] else "depends", by
        return Statement(span, kind, (name,), params, expr, python, size, range_, dotted=dotted, indexed=indexed)

    def by_index(self, name: Word, body: Raw) -> tuple[Word, Raw]:
        """y and [body for i = 1..n] of y_i = body for i = 1..n; S_ij has its rows by the first of its indices."""
        self.next()
        tails = [self.bounds()]
        while self.is_op(","):
            self.next()
            tails.append(self.bounds())
        found = {index.typed: (index, first, last) for index, first, last in tails}
        left = [word.typed for part in name.parts for word in nodes(part) if isinstance(word, Word)]
        left = left or [name.index or ""]
        if len(left) == 1 and left[0] not in found:
            left = list(left[0])
        if sorted(left) != sorted(found) or len(left) > 2:
            head = self.text[name.span.start : name.span.stop]
            base = re.sub(r"\s*_.*", "", head, flags=re.S)
            fix = (f"{base}_{''.join(found)}",) if len(found) < 3 and all(len(one) == 1 for one in found) else ()
            raise SyntaxMistake("The index on the left and the one behind for are the same.", name.span, fix)
        for _, first, last in tails:
            if not (isinstance(one := unwrapped(first), Num) and one.text == "1"):
                ends = self.text[last.span.start : last.span.stop]
                raise SyntaxMistake(
                    "A definition by index gives all entries, from 1 on; a family stands in square brackets.",
                    first.span.to(last.span), (f"1..{ends}",),
                )
        span = body.span.to(self.tokens[self.at - 1].span)
        for key in reversed(left):
            body = Group(span, "[", ((For(span, body, *found[key]),),))
        return replace(name, index=None, parts=()), body

    def check_range(self, name: Word, expr: Raw) -> None:
        """`k = 3 [0, 5]`, where a range may be meant."""
        shown = self.text[expr.span.start : expr.span.stop]
        number = r"[-−+]?\s*(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
        match = re.fullmatch(rf"({number})\s*(\[\s*({number})\s*,\s*({number})\s*\])(\s*step\s*{number})?", shown)
        if match is None:
            return
        value, low, high = (float(re.sub(r"\s", "", match[k]).replace("−", "-")) for k in (1, 3, 4))
        if not min(low, high) <= value <= max(low, high) or low == high:
            return
        at = expr.span.start
        start, span = between(at, at + match.end(1)), between(at + match.start(2), expr.span.stop)
        meant = t.Equation((said(name.span), start, span), ("=", "∈"))
        times = () if match[5] else (t.Equation((said(name.span), product(start, span, sign="*"))),)
        raise ambiguous(
            self.text, name.span.to(expr.span), meant, *times,
            says=f"{shown} can be a value with the range of its slider, or a product.",
        )

    def with_role(self, role: Token) -> Statement:
        """`x in R^2 input`, `λ = 0.1 fixed`, or `m, β fixed`, whose names have a role alone."""
        start = self.now.span.start
        del self.tokens[-2]
        word, span = Word(role.span, role.text), Span(start, role.span.stop)
        if states_more(self.tokens):
            words = batch_of(self.tokens)
            return replace(self.with_batch(words) if words else self.statement(), span=span, role=word)
        names = self.name_list(self.join_differences(len(self.tokens) - 1))
        return Statement(span, "declare", names, role=word)

    def with_batch(self, words: Sequence[Token]) -> Statement:
        """`X in R^(32x2) batch`, `X in R^(2x32) batch columns`."""
        span = words[0].span.to(words[-1].span)
        del self.tokens[-1 - len(words) : -1]
        statement = self.statement()
        batch = Word(span, " ".join(word.text for word in words))
        if statement.size is None or len(statement.size.dims) != 2:
            raise SyntaxMistake("A batch is a matrix, an example a row: X in R^(32x2) batch.", span)
        return replace(statement, span=statement.span.to(span), batch=batch)

    def without_braces(self, stop: int) -> int:
        r"""Take away the braces before = that only group: {f(x)}, f{\left(x \right)}, {x}."""
        opened: list[int] = []
        for k, token in enumerate(self.tokens[:stop]):
            if token.kind == "op" and token.text == "{":
                opened.append(k)
            elif token.kind == "op" and token.text == "}" and opened:
                begin = opened.pop()
                before = self.tokens[begin - 1] if begin else None
                inside = self.tokens[begin + 1 : k]
                taken = before is not None and (before.kind == "cmd" or before.text in ("^", "_", "}"))
                if inside and not taken:
                    del self.tokens[k], self.tokens[begin]
                    return self.without_braces(stop - 2)
        return stop

    def join_differences(self, stop: int) -> int:
        """Make one name of Δx, δx and dθ among the first tokens; where the token at `stop` is then."""
        joined = with_differences(self.tokens[:stop])
        self.tokens[:stop] = joined
        return len(joined)

    def name_list(self, stop: int) -> tuple[Word, ...]:
        names: list[Word] = []
        while True:
            if self.now.kind != "word":
                raise self.fail("a name")
            names.append(self.word_atom())
            if self.at == stop:
                return tuple(names)
            if not self.is_op(","):
                raise SyntaxMistake("Names are separated by commas here.", self.here)
            self.next()

    def left_side(self, equals: int) -> tuple[str, Word, tuple[Word, ...]] | Statement:
        """What stands before =: a name, a function with its arguments, or a derivative x'; else the whole equation."""
        equals = self.join_differences(self.without_braces(equals))
        tokens = self.tokens[:equals]
        if not tokens:
            raise SyntaxMistake("A name is expected before =.", self.here)
        whole = tokens[0].span.to(tokens[-1].span)
        shape = "".join(t.text if t.kind == "op" else {"word": "w", "cmd": "c"}.get(t.kind, "?") for t in tokens)
        if (rate := self.rate(tokens)) is not None:
            kind, name, self.dotted = rate
            if self.known(name):
                raise self.is_derivative(tokens)
            self.at = equals + 1
            return kind, name, ()
        if shape == "w":
            word = self.word_atom()
            self.next()
            return "define", word, ()
        if re.fullmatch(r"w''+", shape):
            raise SyntaxMistake(
                "A system has first and second derivatives; of a higher one the lower is a name of its own.", whole
            )
        if re.fullmatch(r"w'+\(w\)", shape) and self.has_known(tokens[:1]):
            raise self.is_derivative(tokens)
        if re.fullmatch(r"w'+\(w\)", shape):
            prime = self.text[whole.start : tokens[-4].span.stop]
            fix = f"{prime.rstrip(chr(39) + '′’')}({self.text[tokens[-2].span.start : tokens[-2].span.stop]})"
            raise SyntaxMistake("Derivatives are what jacmagic finds; write the function itself.", whole, (fix,))
        if re.fullmatch(r"w\(w\)'+", shape):
            fix = self.text[whole.start : whole.stop].rstrip("'′’ ")
            raise SyntaxMistake("Derivatives are what jacmagic finds; write the function itself.", whole, (fix,))
        if re.fullmatch(r"w\(w(,w)*\)", shape):
            word = self.word_atom()
            self.next()
            params = [self.word_atom()]
            while self.is_op(","):
                self.next()
                params.append(self.word_atom())
            self.next()
            self.next()
            return "function", word, tuple(params)
        mistake = None if self.has_known(tokens) else unsolved(self.text, tokens, self.tokens[equals + 1 : -1])
        if mistake is not None:
            raise mistake
        return self.equation(equals, shape)

    def rate(self, tokens: Sequence[Token]) -> tuple[str, Word, Word | None] | None:
        """The kind and name of a derivative in time before =: x', x''(t), ẋ, x_dot, dx/dt, d/dt x, d²x/dt².

        The third is x_dot itself, where the block may have a name of that spelling.
        """
        shape = "".join(map(letter_of, tokens))
        whole = tokens[0].span.to(tokens[-1].span)
        for kind, form in LEIBNIZ:
            if match := form.fullmatch(shape):
                glued = match.groupdict().get("glued") is not None
                token, by = tokens[match.start("glued" if glued else "apart")], tokens[match.start("by")]
                text = token.text[1:] if glued else token.text
                word = Word(whole, VARIANTS.get(text, text), token.index, (), token.whole)
                if match["by"] not in ("τ", "dt"):
                    raise self.no_rate(tokens, word, self.text[by.span.start : tokens[match.end("by") - 1].span.stop])
                return kind, word, None
        first, time = tokens[0], r"(\(t\)|\{\(t\)\})?"
        word = Word(first.span, first.text, first.index, (), first.whole, first.command)
        if primed := re.fullmatch(rf"[wDdtτ]('{{1,2}}){time}", shape):
            return "equation" if len(primed[1]) == 1 else "second", word, None
        if (dots := re.fullmatch(rf"w([oO]){time}", shape)) and not tokens[1].gap and first.index is None:  # θdot
            return "equation" if dots[1] == "o" else "second", word, replace(word, text=f"{word.text}_dot")
        if re.fullmatch(rf"[wDo]{time}", shape) and (bare := undotted(word)) is not None:
            return "equation" if bare[1] == 1 else "second", bare[0], word
        return None

    def no_rate(self, tokens: Sequence[Token], name: Word, below: str) -> SyntaxMistake:
        """df/dx = …, which is no equation in time."""
        if self.known(name):
            return self.is_derivative(tokens)
        span = Span(tokens[0].span.start, self.tokens[-2].span.stop)
        right = self.text[self.tokens[len(tokens)].span.stop : span.stop].strip()
        shown = self.text[tokens[0].span.start : tokens[-1].span.stop]
        function, by = name.typed, re.sub(r"^d\s*", "", below)
        typed = (name.text, name.index)
        itself = any(t.kind == "word" and (t.text, t.index) == typed for t in self.tokens[len(tokens) :])
        return SyntaxMistake(
            f"{shown} is a derivative, and those are what jacmagic finds: write the function itself, "
            f"{function}({by}) = …, or, for a system in time, {function}' = {right if len(right) < 60 else '…'}.",
            span, (f"{function}' = {right}",) if itself else (),
        )

    def no_range(self, start: int) -> SyntaxMistake:
        """What to say of k in (0, 5), k in 0..5 and x in C^3."""
        found = _NO_RANGE.match(self.text, start)
        ends = next((one for one in found.groups() if one), "") if found else ""
        return SyntaxMistake(
            "in is followed by R, R^3, R^(2x3) or a range [0, 5].", Span(*found.span()) if found else self.here,
            (f"[{ends.replace('..', ', ')}]",) if ends else (),
        )

    def belonging(self) -> tuple[Size | None, Range | None]:
        """What follows `in`: R^n, R^(m x n), or [low, high] with an optional step."""
        start = self.now.span.start
        if self.is_word("R"):
            self.next()
            return self.size(start), None
        if not self.is_op("["):
            raise self.no_range(start)
        group = self.bracketed()
        if len(group.rows) != 1 or len(group.rows[0]) != 2:
            raise SyntaxMistake("A range has two ends: [0, 5].", group.span, ())
        step = None
        if self.is_word("step"):
            self.next()
            step = self.sum()
        return None, Range(self.span_from(start), group.rows[0][0], group.rows[0][1], step)

    def size(self, start: int) -> Size:
        dims: list[Raw] = []
        if self.now.kind == "sup":
            token = self.next()
            for part in token.text.split("x"):
                if not part.isalnum():
                    raise SyntaxMistake("A size is written R^3 or R^(2x3).", token.span)
                dims.append(self.sub(part, token.span))
        elif self.is_op("^"):
            self.next()
            if self.is_op("(", "{"):
                dims = self.size_group()
            elif self.now.kind == "num":
                token = self.next()
                dims.append(Num(token.span, token.text))
            elif self.now.kind == "word":
                dims.append(self.word_atom())
            else:
                raise self.fail("a size")
        return Size(self.span_from(start), tuple(dims))

    def sub(self, text: str, span: Span) -> Raw:
        tokens = [Token(t.kind, t.text, span, t.gap, t.index) for t in Lexer(text).run()]
        return Parser(self.text, tokens).sum()

    def size_group(self) -> list[Raw]:
        """`(3)`, `(n+1)`, `(2x3)`, `(m x n)`, `{2 \\times 3}`; the x stands between two sizes."""
        opener = self.next()
        depth, close = 1, self.at
        while depth:
            token = self.tokens[close]
            if token.kind == "end":
                raise SyntaxMistake("This bracket is never closed.", opener.span)
            if token.kind == "op" and token.text in ("(", "{"):
                depth += 1
            elif token.kind == "op" and token.text in (")", "}"):
                depth -= 1
            close += 1
        stop = self.tokens[close - 1].span.start
        inner = self.tokens[self.at : close - 1]
        self.at = close
        cuts = [t.span for t in inner if t.kind == "op" and t.text in ("×", ",")]
        if not cuts:
            text = self.text[opener.span.stop : stop]
            cuts = [Span(opener.span.stop + m.start(), opener.span.stop + m.end()) for m in re.finditer("x", text)]
        if len(cuts) > 1:
            raise SyntaxMistake("A size is written R^3 or R^(2x3).", Span(opener.span.start, stop + 1))
        ends = [(opener.span.stop, cuts[0].start), (cuts[0].stop, stop)] if cuts else [(opener.span.stop, stop)]
        dims = []
        for begin, end in ends:
            part = Line(self.text, Lexer(self.text, begin, end).run())
            dims.append(part.sum())
            part.finish()
        return dims

    def net(self, start: int) -> Statement:
        """`x(3) -> 4 tanh -> o(2) softmax`."""
        if self.top_level("=") is not None:
            arrow = next(t for t in self.tokens if t.kind == "op" and t.text == "->")
            raise SyntaxMistake("-> joins the layers of a net; a function is written f(x) = x^2.", arrow.span)
        if self.now.kind != "word":
            raise self.fail("the name of the input")
        name = self.word_atom()
        layers: list[Layer] = []
        size = None
        if self.is_op("("):
            size = self.layer_size()
        layers.append(Layer(self.span_from(start), name, size, None))
        while self.is_op("->"):
            self.next()
            begin = self.now.span.start
            layer_name = None
            if self.now.kind == "word":
                layer_name = self.word_atom()
                if not self.is_op("("):
                    raise SyntaxMistake("A layer has a size: -> 4 tanh, or -> a(4) tanh.", self.span_from(begin))
                width = self.layer_size()
            elif self.now.kind == "num":
                token = self.next()
                width = Num(token.span, token.text)
            else:
                raise self.fail("the size of a layer")
            activation = None
            if self.now.kind == "word":
                activation = self.word_atom()
            layers.append(Layer(self.span_from(begin), layer_name, width, activation))
            if len(layers) > MAX_LAYERS:
                raise LimitError(f"A net in one line has at most {MAX_LAYERS} layers.", self.span_from(start))
        self.finish()
        stop = self.tokens[self.at - 1].span.stop
        return Statement(Span(start, stop), "net", (name,), layers=tuple(layers))

    def layer_size(self) -> Raw:
        group = self.bracketed()
        if len(group.rows) != 1 or len(group.rows[0]) != 1:
            raise SyntaxMistake("A layer has one size.", group.span)
        return group.rows[0][0]

    def right_side(self) -> Span:
        """What stands behind the last =, or the whole statement."""
        equals = [t.span.stop for k, t in self.outside() if t.text == "=" and k < self.at]
        begin = equals[-1] if equals else self.tokens[0].span.start
        begin += len(self.text[begin:]) - len(self.text[begin:].lstrip())
        return Span(begin, self.tokens[-2].span.stop)

    def finish(self) -> None:
        """Nothing may stand behind a statement."""
        token = self.now
        told = {("op", ","): self.comma, ("op", "."): self.dot, ("word", "for"): self.bare_family}
        if (tell := told.get((token.kind, token.text))) is not None:
            raise tell(token)
        if token.kind == "op" and token.text in ("<", "<=", ">", ">=", "=="):
            raise SyntaxMistake("A comparison stands in a condition: a if x > 0 else b.", token.span)
        if token.kind == "word" and token.text.removesuffix("s") in ROLES and token.text not in self.not_roles:
            raise SyntaxMistake("The role of a name in a net is one word: input, weight, target or fixed.", token.span)
        if token.kind != "end":
            raise self.fail("the end of the line or an operator")

    def comma(self, token: Token) -> SyntaxMistake:
        """0,5; f = x, y; what else may be meant by a comma that ends no statement."""
        before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
        if before.kind == after.kind == "num" and not (token.gap or after.gap):
            fixes = [f"{before.text}.{after.text}"]
            if len(before.text) < 4 and len(after.text) == 3:
                fixes.append(before.text + after.text)
            return SyntaxMistake("Decimals are written with a point.", before.span.to(after.span), fixes)
        if after.kind == "end":
            return SyntaxMistake("The comma at the end of this line stands before nothing; delete it.", token.span)
        if colon := next((t for t in self.tokens[self.at :] if (t.kind, t.text) == ("op", ":")), None):
            return SyntaxMistake("A function is written f(x, y) = x y, without a colon.", colon.span)
        listed = self.right_side()
        inside = self.text[listed.start : listed.stop]
        ranged = r",\s*[^\W\d]\w*\s*(?:∈|in)\s*(?:\[[^\[\]]*\]|[Rℝ]\S*)"
        if re.fullmatch(ranged, self.text[token.span.start : listed.stop]):
            return SyntaxMistake("A range or a size has a statement of its own.", token.span, (";",))
        if not re.search(r"[=\n∈\\]|\bin\b", inside):
            return SyntaxMistake("Several entries stand in brackets.", listed, (f"[{inside}]",))
        return SyntaxMistake("A comma separates statements only before a new name = …", token.span)

    def bare_family(self, token: Token) -> SyntaxMistake:
        """i^2 for i = 1..3, without its brackets."""
        span = self.right_side()
        shown = self.text[span.start : span.stop]
        balanced = shown.count("[") == shown.count("]") and shown.count("(") == shown.count(")")
        if balanced and re.fullmatch(r"for\s+(\w+)\s*=.+\.\..+", self.text[token.span.start : span.stop]):
            return SyntaxMistake("A family stands in square brackets.", span, (f"[{shown}]",))
        return SyntaxMistake("A family stands in square brackets: [i^2 for i = 1..3].", span)

    def dot(self, token: Token) -> SyntaxMistake:
        """2 . x, u . v"""
        before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
        joins = {before.kind, after.kind} <= {"word", "num"}
        says = "A dot joins nothing; the inner product is u · v, a product is u v."
        return SyntaxMistake(says, token.span, ("·",) if joins else ())


def with_differences(tokens: Sequence[Token]) -> list[Token]:
    """Names that a line declares, with one name for each Δx, δx and dθ."""
    found: list[Token] = []
    for token in tokens:
        one = found[-1] if found else token
        words = one is not token and one.kind == token.kind == "word" and one.index is None
        if words and (not token.gap or (one.text == "Delta" and one.command)) and (
            one.text in ("Delta", "delta") or (one.text == "d" and token.whole and not token.command)
        ):
            found[-1] = replace(token, text=one.text + token.text, span=one.span.to(token.span), gap=one.gap)
        else:
            found.append(token)
    return found


def statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens statement by statement: at newlines, `;`, and commas before `NAME =`, outside brackets."""
    depth = 0
    current: list[Token] = []
    for k, token in enumerate(tokens):
        depth = max(0, depth + deeper(token))
        outside = token.text if token.kind == "op" and depth == 0 else ""
        if outside == "&" and aligns(current, tokens[k + 1]):
            continue
        broken = bool(current) and (current[-1].kind, current[-1].text) == ("op", "=")
        if token.kind == "nl" and (broken or continues(tokens, k)):
            continue
        comma = outside == "," and k + 2 < len(tokens) and another(current, tokens[k + 1 : k + LONGEST_RATE])
        if not (comma or outside == ";" or token.kind in ("nl", "end")):
            current.append(token)
        elif current:
            yield [*current, Token("end", "", Span(current[-1].span.stop, current[-1].span.stop))]
            current = []


def deeper(token: Token) -> int:
    """1 where a bracket or an environment opens, -1 where one closes, else 0."""
    if token.kind == "cmd":
        return token.text.startswith("begin") - token.text.startswith("end ")
    return (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}")) if token.kind == "op" else 0


def states_more(tokens: Sequence[Token]) -> bool:
    """True where a line says more of its names than their role: it has an = or an `in`."""
    return any((t.kind, t.text) in (("op", "="), ("op", "∈"), ("word", "in")) for t in tokens)


def role_of(tokens: Sequence[Token]) -> Token | None:
    """The role word that ends a declaration, a value or a list of names; behind a definition it is a factor."""
    role = tokens[-2] if len(tokens) > 2 else None
    if role is None or role.kind != "word" or role.text not in ROLES or role.index is not None or role.command:
        return None
    before = tokens[-3]
    if before.kind == "op" and before.text not in (")", "]", "}") or any(t.text == "->" for t in tokens):
        return None
    if not states_more(tokens):
        return role if all(t.kind == "word" or t.text == "," for t in tokens[:-1]) else None
    if any((t.kind, t.text) in (("op", "∈"), ("word", "in")) for t in tokens):
        return role
    at = next(k for k, t in enumerate(tokens) if t.text == "=")
    known = all(t.kind != "word" or t.text in CONSTANTS or t.text in SPELLINGS for t in tokens[at + 1 : -2])
    return role if known else None


def batch_of(tokens: Sequence[Token]) -> Sequence[Token]:
    """The words behind a size that say that it is a batch: batch, batch rows, batch columns."""
    for count in (2, 1):
        words = tokens[-1 - count : -1]
        texts = [word.text for word in words]
        if len(words) == count and all(word.kind == "word" for word in words) and texts in _BATCH and any(
            (t.kind, t.text) in (("op", "∈"), ("word", "in")) for t in tokens[: -1 - count]
        ):
            return words
    return ()


_BATCH = (["batch"], ["batch", "rows"], ["batch", "columns"])


def declared_roles(lines: Sequence[Sequence[Token]]) -> set[str]:
    """The role words that a block declares as names of its own: `input in R^2`, `f(target) = …`, `weight = 3`."""
    found = set()
    for tokens in lines:
        ends = (k for k, t in enumerate(tokens) if (t.kind, t.text) in (("op", "="), ("op", "∈"), ("word", "in")))
        stop = next(ends, len(tokens) - 2 if role_of(tokens) is not None else 0)
        found |= {t.text for t in tokens[:stop] if t.kind == "word" and t.text in ROLES}
    return found


def another(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """True where a comma separates statements: x = 1, y = 2; x' = y, dy/dt = -x; x in R^2, y in R^3."""
    if after[0].kind not in ("word", "cmd") or begins_point(before):
        return False
    if ANOTHER.match("".join(map(letter_of, after))):
        return any(t.kind == "op" and t.text == "=" for t in before) and not bounds_next(before, after)
    sign = after[1]
    if not (sign.kind == "op" and sign.text == "∈" or sign.kind == "word" and sign.text == "in"):
        return False
    return not any(t.kind == "op" and t.text == "=" for t in before) and any(t.text in ("in", "∈") for t in before)


def bounds_next(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """True for the second index of S_ij = … for i = 1..m, j = 1..n."""
    ends = (k for k, t in enumerate(after) if t.kind in ("nl", "end") or t.kind == "op" and t.text in (",", ";"))
    behind = after[: next(ends, len(after))]
    family, own = (any(t.kind == "word" and t.text == "for" for t in part) for part in (before, behind))
    return family and not own and any(t.kind == "op" and t.text == ".." for t in behind)


def aligns(before: Sequence[Token], after: Token) -> bool:
    """True for an & that only lines up what stands below one another: at the start of a row, or beside an operator."""
    return not before or before[-1].kind == "op" or after.kind in ("op", "nl", "end")


def continues(tokens: Sequence[Token], at: int) -> bool:
    r"""True at the end of a row of aligned LaTeX whose next row goes on with `& + …`."""
    while tokens[at].kind == "nl":
        at += 1
    if not (tokens[at].kind == "op" and tokens[at].text == "&"):
        return False
    while tokens[at].kind == "op" and tokens[at].text == "&":
        at += 1
    return tokens[at].kind == "op" and tokens[at].text in ("+", "-", "*", "·", "×", "/")


def parse(text: str, net: bool = False) -> tuple[Statement, ...]:
    """The statements of a block, in order; in %%jacobian a role word that is a name of the block is only that.

    Raises:
        SyntaxMistake, AmbiguousMath, LimitError: with the span of the offence in `text`.
    """
    if len(text) > MAX_BLOCK:
        raise LimitError(
            f"A block has at most {MAX_BLOCK:,} characters; this one has {len(text):,}.", Span(MAX_BLOCK, len(text))
        )
    found: list[Statement] = []
    typeset = "\\" in text or "$" in text
    lines = list(statements(Lexer(text).run()))
    names = declared_roles(lines)
    functions: set[str] = set()
    changing: set[str] = set()
    for tokens in lines:
        if typeset and len(tokens) > 2 and tokens[-2].kind == "op" and tokens[-2].text in (",", "."):
            del tokens[-2]  # what ends a display
        check_modules(text, tokens)
        if len(found) == MAX_STATEMENTS:
            raise LimitError(f"A block has at most {MAX_STATEMENTS:,} statements; use a family.", tokens[0].span)
        line = Line(text, tokens, set() if net else names)
        line.functions, line.changing = functions, changing
        words = batch_of(tokens)
        statement = line.with_batch(words) if words else line.statement()
        if statement.kind == "function":
            functions.add(key_of(statement.names[0]))
        if statement.kind == "depends":
            changing.add(key_of(statement.names[0]))
        if statement.role is not None and not net:
            raise SyntaxMistake(
                f"Names have a role, such as {statement.role.text}, in a net, %%nnchain; here there are only variables "
                "and parameters.", statement.role.span,
            )
        if statement.role is not None and statement.role.text in names:
            raise SyntaxMistake(
                f"{statement.role.text} is a name of this block, so that it cannot say the role of another; give the "
                "name another word.", statement.role.span,
            )
        found.append(statement)
    return tuple(found)


def check_modules(text: str, tokens: Sequence[Token]) -> None:
    """np.sin(x) and x.sum(), as Python has them."""
    for at, (before, dot, after) in enumerate(zip(tokens, tokens[1:], tokens[2:])):
        joined = dot.text == "." and before.kind == after.kind == "word" and not (dot.gap or after.gap)
        if joined and after.text != "T" and not (at and tokens[at - 1].text == "{"):  # {np.pi} has words of its own
            while before.text in MODULES and tokens[at + 3].text == "." and tokens[at + 4].kind == "word":
                at += 2  # np.linalg.norm
                after = tokens[at + 2]
            raise in_words_of_its_own(text, tokens, dotted(text, before, after))


def in_words_of_its_own(text: str, tokens: Sequence[Token], error: SyntaxMistake) -> SyntaxMistake:
    """The error with the whole right side in the block's words, where there is more to change than what it says."""
    equals = next((k for k, token in enumerate(tokens) if token.kind == "op" and token.text == "="), -1)
    stated = next((k for k, token in enumerate(tokens) if k > equals and token.text in ("in", "∈")), len(tokens) - 1)
    if error.span is None or stated <= equals + 1:
        return error
    whole = tokens[equals + 1].span.to(tokens[stated - 1].span)
    shown, span = text[whole.start : whole.stop], error.span
    new = libraries.in_own_words(shown)
    offered = [text[whole.start : span.start] + fix + text[span.stop : whole.stop] for fix in error.hints]
    if new is None and re.compile(r"\([^()]+\)\(").match(text, span.stop):  # nn.LeakyReLU(0.2)(x)
        return SyntaxMistake(error.message, span)
    if new is None or new in (shown, *offered):
        return error
    return SyntaxMistake(error.message, whole, (new,))


def dotted(text: str, before: Token, after: Token) -> SyntaxMistake:
    """What to say of np.sin and x.sum, and what to write for them."""
    span, behind = before.span.to(after.span), text[after.span.stop :]
    name = text[after.span.start : after.span.stop]
    word = FOREIGN.get(name, name)
    fix: tuple[str, ...] = (word,) if word in SPELLINGS else ()
    if before.text in MODULES and name in {*OF_LOGITS, "cross_entropy"}:  # PyTorch's own is of logits, too
        return of_logits(text, span, name)
    if before.text in MODULES:
        told = f"; {name}: {ELSEWHERE[name]}" if name in ELSEWHERE else ""
        recipe = (name,) if name in RECIPES else ()
        return SyntaxMistake(f"Functions stand without a module before them{told}.", span, fix or recipe)
    if behind.startswith("()"):
        span, fix = Span(span.start, span.stop + 2), tuple(f"{one}({before.text})" for one in fix)
        return SyntaxMistake("A function stands before its argument.", span, fix)
    letters = len(before.text) == len(after.text) == 1 and not behind.startswith("(")
    return SyntaxMistake("A name has no dot in it.", span, (f"{before.text}·{after.text}",) if letters else ())


def of_logits(text: str, span: Span, name: str) -> SyntaxMistake:
    """What to say of nn.CrossEntropyLoss()(z, y) and F.cross_entropy(z, y)."""
    loss, maker = OF_LOGITS.get(name, OF_LOGITS["CrossEntropyLoss"])
    called = re.compile(r"(?:\(\))?\(\s*([^(),]+?)\s*,\s*([^(),]+?)\s*\)").match(text, span.stop)
    fix = (f"{loss}({maker}({called[1]}), {called[2]})",) if called else ()
    return SyntaxMistake(
        f"{name} there is {loss} of what {maker} gives; functions stand without a module before them.",
        Span(span.start, called.end()) if called else span, fix,
    )


def parse_names(text: str) -> tuple[Word, ...]:
    """The names on a magic's line, `x1, x2`, separated by commas or spaces."""
    names = []
    for token in with_differences(Lexer(text).run()):
        if token.kind == "word":
            names.append(Word(token.span, token.text, token.index, (), token.whole, token.command, token.layer))
        elif not (token.kind in ("end", "nl") or token.kind == "op" and token.text == ","):
            raise SyntaxMistake("Names of variables are expected here, separated by commas.", token.span)
    if not names and text.strip(" ,") != text.strip():
        raise SyntaxMistake("Names of variables are expected here, separated by commas.", Span(0, len(text)))
    return tuple(names)
