"""Characters and LaTeX to tokens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jacmagic.errors import LimitError, Span, SyntaxMistake
from jacmagic.functions import SPELLINGS
from jacmagic.language import tree as t
from jacmagic.language.commands import command, single_letters
from jacmagic.language.letters import (
    ACCENTS,
    BY_LENGTH,
    COMBINING,
    DELIMITED,
    DIFFERENTIAL,
    FONTS,
    KEYWORDS,
    LOOK_ALIKES,
    MARKS,
    MATHEMATICAL,
    ONES,
    SIGNS,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    TRANSPOSES,
    VARIANTS,
    greek_word,
    names_something,
    shift_of,
)
from jacmagic.language.limits import MAX_NAME, MAX_NESTING, MAX_TOKENS
from jacmagic.language.readings import ambiguous, product
from jacmagic.names import GREEK

_PRIMES = re.compile(r"″|\^\s*(?:\{(?:\s*(?:\\prime(?![A-Za-z])|['′]))+\s*\}|\\prime(?![A-Za-z]))")

_FONT_IN_INDEX = re.compile(
    rf"\\(?:{'|'.join(sorted(FONTS))}|it)(?![A-Za-z])\s*(?:\{{([^{{}}]*)\}})?"
)

_SHIFT_IN_BRACKETS = re.compile(r"\s*\(([A-Za-z]\s*[-+−]\s*[0-9]+)\)\s*")

_BRACES = re.compile(r"\\.|[{}]", re.S)
"""The braces that group, \\{ and the like apart."""

_CASE_WORDS = re.compile(
    r"\{\s*\\(?:text|mbox|textrm|mathrm|rm)\s*\{\s*(?:if|for|when|otherwise|else|and|or)\b[^{}]*\}\s*\}"
)

_INDEX_COMMAND = re.compile(rf"\\(?:(?:{'|'.join(sorted(FONTS))})\s*\{{\s*([A-Za-z0-9]+)\s*\}}|([A-Za-z]+))")

_LAYER = re.compile(
    r"\s*\^\s*\{\s*\[\s*((?:[A-Za-z0-9]+|\\ell)(?:\s*[-+−]\s*[0-9]+)?)\s*\](\s*(?:T|\\top))?\s*\}"
)
_OPEN_SUM = re.compile(r"_(?:\\?[A-Za-z](?![A-Za-z0-9_])|\{\s*\\?[A-Za-z]+\s*(?:[=},≠]|!=|\\neq?(?![a-z])))")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?![A-Za-z0-9]|[^\x00-\x7f])")
"""A word without accents, as nearly all are."""
_VARIANT = re.compile(f"(?:{'|'.join(VARIANTS)})(?![A-Za-z])")
_WORD_SIGNS = {ONES: ONES, **dict.fromkeys(TRANSPOSES, "T")}
_SIGN = re.compile("|".join(map(re.escape, BY_LENGTH)))
_CAPITAL_E = re.compile(r"E[+-]?[0-9]+")
_NUMBER = re.compile(r"(?:[0-9]+\.[0-9]+|[0-9]+\.(?![.0-9*/^])|[0-9]+|\.[0-9]+)(?:e[+-]?[0-9]+)?")


@dataclass(frozen=True)
class Token:
    kind: str  # "num", "word", "op", "sup", "cmd", "python", "nl", "end"
    text: str
    span: Span
    gap: bool = False
    index: str | None = None
    parts: tuple[Token, ...] = ()
    whole: bool = False
    command: bool = False
    layer: bool = False


class Lexer:
    """Characters to tokens; newlines inside brackets and LaTeX matrices do not count."""

    def __init__(self, text: str, start: int = 0, stop: int | None = None, depth: int = 0) -> None:
        self.text, self.pos, self.stop, self.depth = text, start, len(text) if stop is None else stop, depth
        self.tokens: list[Token] = []
        self.gap = False
        self.open: list[tuple[str, int]] = []
        self.wrapping: set[int] = set()  # the braces that close round a whole statement
        self.barred: set[int] = set()  # where \right| closes what \left. opened
        self.environments: list[str] = []  # "matrix", "cases", or "" for one that only arranges

    def run(self) -> list[Token]:
        while self.pos < self.stop:
            self.step()
        self.emit("end", "", self.stop, self.stop)
        return self.tokens

    def emit(self, kind: str, text: str, start: int, stop: int, **more: Any) -> None:
        if len(self.tokens) >= MAX_TOKENS:
            raise LimitError(
                f"A block has at most {MAX_TOKENS:,} names, numbers and signs; take large values from Python, as in "
                "W = {weights}.", Span(start, stop),
            )
        self.tokens.append(Token(kind, text, Span(start, stop), self.gap, **more))
        self.gap = False

    def inner(self, start: int, stop: int) -> list[Token]:
        """The tokens of a part that stands in braces."""
        if self.depth == MAX_NESTING:
            raise LimitError(f"This is nested more than {MAX_NESTING} deep.", Span(start, start + 1))
        return Lexer(self.text, start, stop, self.depth + 1).run()

    def peek(self, offset: int = 0) -> str:
        at = self.pos + offset
        return self.text[at] if at < self.stop else ""

    def all_of(self, kind: Container[str]) -> str:
        """The characters of a kind that stand here, one after the other."""
        start = self.pos
        while self.pos < self.stop and self.text[self.pos] in kind:
            self.pos += 1
        return self.text[start : self.pos]

    def step(self) -> None:
        ch, start = self.text[self.pos], self.pos
        if usual := _PLAIN.match(self.text, start, self.stop):
            self.pos = usual.end()
            self.word(usual[0], start)
        elif ch == "\n":
            self.pos += 1
            if self.open or (self.tokens and self.tokens[-1].kind == "nl"):
                self.gap = True
            else:
                self.emit("nl", "\n", start, start + 1)
        elif ch in " \t$~" or self.text.startswith("\r\n", start) or unicodedata.category(ch) == "Zs":
            self.pos += 1
            self.gap = True
        elif ch == "#":
            end = self.text.find("\n", self.pos)
            self.pos = self.stop if end < 0 else min(end, self.stop)
        elif ch == "\\":
            command(self)
        elif number := _NUMBER.match(self.text, start, self.stop):
            self.number(number)
        elif ch in DELIMITED:
            self.pos += 1
            self.delimiter(ch, start)
        elif ch in DIFFERENTIAL.values():
            self.pos += 1
            self.word(ch, start, whole=True, command=True)
        elif word := _WORD_SIGNS.get(ch):
            self.pos += 1
            self.emit("word", word, start, self.pos, whole=True, command=True)
        elif ch in SUPERSCRIPTS:
            raised = "".join(SUPERSCRIPTS[c] for c in self.all_of(SUPERSCRIPTS))
            self.emit("sup", raised, start, self.pos)
        elif ch.isalpha() and ch not in SUBSCRIPTS:
            self.letters()
        else:
            self.operator()

    def delimiter(self, name: str, start: int) -> None:
        """⌊x⌋, ⌈x⌉ and ⟨x, y⟩ are calls of floor, ceil and dot."""
        function, bracket = DELIMITED[name]
        if function:
            self.emit("word", function, start, self.pos, whole=True, command=True)
            self.open.append(("(", start))
        elif self.open and self.open[-1][0] != "env":
            self.open.pop()
        self.emit("op", bracket, start, self.pos)

    def number(self, match: re.Match[str]) -> None:
        self.pos, start, text = match.end(), match.start(), match[0]
        scientific = _CAPITAL_E.match(self.text, self.pos, self.stop)
        if scientific:
            self.pos = scientific.end()
            whole, tail = self.text[start : self.pos], scientific[0][1:]
            signed = tail[0] in "+-"
            apart = product(t.Words(text), t.Words("E" if signed else f"E_{tail}"))
            if signed:
                apart = t.Sum(((1, apart), (int(tail[0] + "1"), t.Words(tail[1:]))))
            raise ambiguous(
                self.text, Span(start, self.pos), t.Words(whole.lower()), apart,
                says="{} can be a number or a product with E.",
            )
        self.emit("num", text.removesuffix("."), start, self.pos)

    def letters(self) -> None:
        start, ch = self.pos, self.text[self.pos]
        if ch == "ℓ":
            self.pos += 1
            self.word("ell" + self.digits(), start, whole=True, command=True)
            return
        if ch == "ℝ":
            self.pos += 1
            self.emit("word", "R", start, self.pos, whole=True)
            return
        if greek := greek_word(ch):
            self.pos += 1
            mark = self.peek()
            if mark in MARKS:  # θ̇, β̂
                self.pos += 1
                self.accented(greek, mark, start)
            else:
                self.word(greek + self.digits(), start, whole=True)
            return
        if self.marked():
            return
        if not self.latin(ch):
            self.strange(ch, start)
        while (here := self.peek()) and (self.latin(here) or here in "0123456789"):
            if self.pos > start and self.peek(1) in COMBINING:  # the letter of an accent
                break
            self.pos += 1
        self.word(self.text[start : self.pos], start)

    def marked(self) -> bool:
        """Read a letter with its accents, ẋ; False, and nothing read, where a word of plain letters or ökonomie is."""
        start, ch = self.pos, self.text[self.pos]
        base, *marks = list(unicodedata.normalize("NFD", ch))
        if not marks and base == ch and self.peek(1) not in MARKS:
            return False
        self.pos += 1
        marks = [*filter(MARKS.__contains__, marks), *self.all_of(MARKS)]
        in_word = marks[:1] == ["\u0308"] and self.latin(self.peek())
        plain = base.isascii() and base.isalpha()
        if plain and len(marks) == 1 and not in_word:
            self.accented(base, marks[0], start)
            return True
        if plain and len(marks) > 1:
            raise SyntaxMistake("A letter has one accent at most.", Span(start, self.pos), (base,))
        if len(marks) > 1 or not unicodedata.name(ch, "").startswith("LATIN"):
            self.strange(ch, start)
        self.pos = start
        return False

    def accented(self, letter: str, mark: str, start: int) -> None:
        """A letter with an accent, and the digits behind it."""
        text = f"{letter}_{MARKS[mark]}"
        if digits := self.digits():
            self.emit("word", text, start, self.pos, index=digits, whole=True)
        else:
            self.word(text, start, whole=True)

    @staticmethod
    def latin(ch: str) -> bool:
        if ch.isascii():
            return ch.isalpha()
        return ch.isalpha() and unicodedata.name(ch, "").startswith("LATIN ") and (
            unicodedata.normalize("NFKC", ch) == ch and unicodedata.category(ch) in ("Ll", "Lu")
            and not any(c in COMBINING for c in unicodedata.normalize("NFD", ch))
        )

    def strange(self, ch: str, start: int) -> None:
        if MATHEMATICAL.match(ch):
            self.mathematical(start)
        twin = LOOK_ALIKES.get(ch, "")
        if not twin:
            compatible = unicodedata.normalize("NFKC", ch)
            twin = compatible if len(compatible) == 1 and (compatible.isascii() or greek_word(compatible)) else ""
        label = unicodedata.name(ch, f"U+{ord(ch):04X}").lower()
        if twin:
            raise SyntaxMistake(
                f"This letter looks like {twin} but is another ({label}).", Span(start, start + 1), (twin,)
            )
        raise SyntaxMistake(f"Names have Latin and Greek letters; this is {label}.", Span(start, start + 1))

    def mathematical(self, start: int) -> None:
        """Letters of the mathematical alphabets, 𝑓(𝑥) = 𝑥²: all of them at once."""
        lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", self.text) if MATHEMATICAL.search(m[0])]
        begin, stop = lines[0][0], lines[-1][1]
        typed = self.text[begin:stop]
        plain = re.sub(f"(?:{MATHEMATICAL.pattern})+", _plain_letters, typed)
        lead = len(typed) - len(typed.lstrip())
        raise SyntaxMistake(
            f"Names and signs are plain ones; {self.text[start]} is one of the wide forms."
            if "\uff01" <= self.text[start] <= "\uff5e"
            else f"Names have plain letters; {self.text[start]} is one of the mathematical alphabets.",
            Span(begin + lead, begin + len(typed.rstrip())), (plain.strip(),),
        )

    def digits(self) -> str:
        return self.all_of("0123456789")

    def word(self, text: str, start: int, whole: bool = False, command: bool = False) -> None:
        """A word whose letters end here; reads the index behind it."""
        if text in ("sum", "prod") and _OPEN_SUM.match(self.text, self.pos, self.stop):
            self.emit("cmd", "Σ" if text == "sum" else "Π", start, self.pos)
            return
        if match := _VARIANT.match(text):
            text = VARIANTS[match[0]] + text[match.end() :]
        text, layer = self.layer(text)
        index, parts = self.index()
        if index and index in ACCENTS.values() and not parts:
            text, index = f"{text}_{index}", None
            if self.peek() == "_" or self.peek() in SUBSCRIPTS and self.peek():
                self.word(text, start, True, command)
                return
        if index is not None and layer is None:  # a_i^{[1]}
            text, layer = self.layer(text)
        if self.pos - start > MAX_NAME:
            raise LimitError(f"A name has at most {MAX_NAME} characters.", Span(start, self.pos))
        whole = whole or layer is not None
        self.emit(
            "word", text, start, self.pos, index=index, parts=parts, whole=whole, command=command,
            layer=layer is not None and index is None,
        )
        if layer is not None and layer[2]:  # W^{[2]T}
            self.emit("sup", "T", start, self.pos)

    def index(self) -> tuple[str | None, tuple[Token, ...]]:
        """The index that stands here, and its tokens where it may be more than a number or a name."""
        if self.peek() in SUBSCRIPTS and self.peek():
            return self.small_index()
        if self.peek() != "_" or not ((self.peek(1) or " ") in "{\\" or self.peek(1).isalnum()):
            return None, ()
        begin = self.pos
        self.pos += 1
        if self.peek() == "{":
            return self.index_in_braces(begin)
        if self.peek() == "\\":
            match = _INDEX_COMMAND.match(self.text, self.pos, self.stop)
            if not match or not (match[1] or match[2] in GREEK):
                stop = match.end() if match else self.pos + 1
                raise SyntaxMistake("An index is a number or a name.", Span(begin, stop))
            self.pos = match.end()
            return match[1] or match[2], ()
        return self.bare_index(), ()

    def small_index(self) -> tuple[str, tuple[Token, ...]]:
        begin = self.pos
        index = "".join(SUBSCRIPTS[c] for c in self.all_of(SUBSCRIPTS))
        return index, () if index.isalnum() else tuple(self.shift(Lexer(index).run(), begin))

    def index_in_braces(self, begin: int) -> tuple[str, tuple[Token, ...]]:
        close = self.closing_brace()
        first, last = self.pos + 1, close
        if shift := _SHIFT_IN_BRACKETS.fullmatch(self.text, first, last):  # h_{(t-1)}
            first, last = shift.span(1)
        inside = self.text[first:last]
        plain = _FONT_IN_INDEX.sub(lambda found: found[1] or "", inside)
        index = re.sub(r"\s+", "", plain.replace("\\", ""))
        if not index:
            raise SyntaxMistake("This index is empty.", Span(begin, close + 1))
        parts: tuple[Token, ...] = ()
        if plain == inside and not (index.isascii() and index.isdigit()):
            parts = tuple(self.inner(first, last))
        if not parts and not names_something(index):
            letters = "".join(ch for ch in index if names_something(ch))
            raise SyntaxMistake(
                "An index is a number or a name.", Span(self.pos, close + 1),
                (rf"{{\text{{{letters}}}}}",) if letters else (),
            )
        self.pos = close + 1
        return greek_word(index) or index if len(index) == 1 else index, parts

    def bare_index(self) -> str:
        """The index of x_12, x_ab or x_α."""
        if self.peek().isascii() and self.peek().isdigit():
            return self.digits()
        if greek := greek_word(self.peek()):
            self.pos += 1
            return greek
        first = self.pos
        while self.peek() and self.peek().isascii() and self.peek().isalnum():
            self.pos += 1
        if self.pos == first:
            self.strange(self.peek(), self.pos)
        return self.text[first : self.pos]

    def layer(self, text: str) -> tuple[str, re.Match[str] | None]:
        """The word with the layer that stands above it as its index: W1 for W^{[1]}, a_lm1 for a^{[l-1]}."""
        match = None if text in SPELLINGS else _LAYER.match(self.text, self.pos, self.stop)
        if match is None:
            return text, None
        self.pos = match.end()
        index = shift_of("".join(match[1].split()).lstrip("\\"))
        return text + ("" if text[-1].isalpha() and index.isdigit() and "_" not in text else "_") + index, match

    @staticmethod
    def shift(tokens: Sequence[Token], offset: int) -> Iterator[Token]:
        for token in tokens:
            yield replace(token, span=Span(token.span.start + offset, token.span.stop + offset))

    def closing_brace(self) -> int:
        """The offset of the brace that closes the one here."""
        depth = 0
        for found in _BRACES.finditer(self.text, self.pos, self.stop):
            at, ch = found.start(), found[0]
            if ch == "{":
                depth += 1
            elif ch == "}":
                depth -= 1
                if depth == 0:
                    return at
        raise SyntaxMistake("This bracket is never closed.", Span(self.pos, self.pos + 1))

    def operator(self) -> None:
        start = self.pos
        if primes := _PRIMES.match(self.text, self.pos, self.stop):  # S^{\prime}
            for _ in re.findall(r"\\prime|['′]", primes[0].replace("″", "′′")):
                self.emit("op", "'", start, primes.end())
            self.pos = primes.end()
            return
        sign = _SIGN.match(self.text, start, self.stop)
        text = sign[0] if sign else self.text[start]
        if text not in SIGNS:
            self.unknown(text, start)
        if text == "{" and self.after_name_and_equals() and self.python(start):
            return
        if text == "_" and self.index_apart():
            return
        if text == "{" and (self.wraps(start) or self.words(start)) or start in self.wrapping:
            self.pos += 1
            self.gap = True
            return
        self.pos += len(text)
        op = SIGNS[text]
        if op in "([{":
            self.open.append((op, start))
        elif op in ")]}" and self.open and self.open[-1][0] != "env":
            self.open.pop()
        self.emit("cmd" if op in ("Σ", "Π") else "word" if op in KEYWORDS else "op", op, start, self.pos)
        if op == "_" and len(self.tokens) > 1 and self.tokens[-2].text in ("Σ", "Π"):
            single_letters(self, 1)  # \sum_ix_i

    def index_apart(self) -> bool:
        r"""Take the index of \mathbf {w} _{1} and {\hat {y}}_{1}, which LaTeX sets as it sets that of w_1."""
        shape = [(t.kind, t.text) for t in self.tokens[-3:]]
        braces = len(shape) == 3 and shape[0] == ("op", "{") and shape[2] == ("op", "}")
        last = self.tokens[-2 if braces else -1] if self.tokens else None
        fit = last is not None and last.kind == "word" and last.index is None and last.text not in SPELLINGS
        front = self.tokens[: -3 if braces else -1]
        raised = bool(front) and front[-1].text == "^"  # x^n _1 is x_1^n, and \sum^n _{i=1} has bounds
        if last is None or not fit or raised or "\\" not in self.text or not re.match(r"[{\\]|[^\W_]", self.peek(1)):
            return False
        self.tokens = front
        self.gap = last.gap
        self.word(last.text, last.span.start, last.whole, last.command)
        return True

    def wraps(self, start: int) -> bool:
        r"""True for the brace of {\displaystyle y = x^2}, round a whole statement."""
        if self.tokens and self.tokens[-1].kind != "nl" and self.tokens[-1].text != ";":
            return False
        close = self.closing_brace()
        if not re.compile(r"[\s$.,;}]*(?:\n|$|\\\\)").match(self.text, close + 1, self.stop):
            return False
        inside = self.text[start + 1 : close]
        if not re.match(r"\s*\\(?:display|text)style(?![A-Za-z])", inside) and "=" not in inside:
            return False
        self.wrapping.add(close)
        return True

    def words(self, start: int) -> bool:
        r"""True for the brace of {\text{if }}, round the words of a case."""
        match = _CASE_WORDS.match(self.text, start, self.stop)
        if match is not None:
            self.wrapping.add(match.end() - 1)
        return match is not None

    def after_name_and_equals(self) -> bool:
        """True behind `NAME =` at the start of a statement, where braces hold Python."""
        shape = [(t.kind, t.text) for t in self.tokens[-3:]]
        if len(shape) < 2 or shape[-1] != ("op", "=") or shape[-2][0] != "word":
            return False
        return len(shape) == 2 or shape[0][0] == "nl" or shape[0] in (("op", ";"), ("op", ","), ("op", "&"))

    def unknown(self, ch: str, start: int) -> None:
        category = unicodedata.category(ch)
        span = Span(start, start + 1)
        label = unicodedata.name(ch, f"U+{ord(ch):04X}").lower()
        if category in ("Cf", "Cc", "Cs", "Zl", "Zp", "Cn", "Co"):
            raise SyntaxMistake(f"An invisible character (U+{ord(ch):04X}) stands here; delete it.", span)
        if ch in "–—‐‑‒―":
            raise SyntaxMistake("This is a dash, not a minus sign.", span, ("-",))
        if ch == "%":
            raise SyntaxMistake("% has no meaning in a block; a comment starts with #.", span)
        if ch == "?":
            raise SyntaxMistake("? has no meaning in a block; cases are written a if x > 0 else b.", span)
        if MATHEMATICAL.match(ch):
            self.mathematical(start)
        if category.startswith("N"):
            plain = unicodedata.normalize("NFKC", ch).replace("\u2044", "/")
            fix = (f"({plain})",) if re.fullmatch(r"[0-9]/[0-9]", plain) else ()
            before = self.tokens[-1] if self.tokens else None
            if fix and before is not None and before.kind == "num":  # 1½
                raise SyntaxMistake(
                    "A whole and a part are added, with a sign between them.", Span(before.span.start, span.stop),
                    (f"({before.text} + {plain})",),
                )
            raise SyntaxMistake(f"Numbers are written with 0 to 9; this is {label}.", span, fix)
        if ch in LOOK_ALIKES:
            self.strange(ch, start)
        raise SyntaxMistake(f"{ch} has no meaning in a block ({label}).", span)

    def python(self, start: int) -> bool:
        """A Python expression in braces, the whole right side; False where the braces only group."""
        depth, at, quote = 0, start, ""
        while at < self.stop:
            ch = self.text[at]
            if quote:
                if ch == "\\":
                    at += 1
                elif ch == quote:
                    quote = ""
            elif ch in "'\"":
                quote = ch
            elif ch == "\\":  # LaTeX
                return False
            elif ch in "{[(":
                depth += 1
            elif ch in "}])":
                depth -= 1
                if depth == 0:
                    break
            at += 1
        else:
            raise SyntaxMistake("This bracket is never closed.", Span(start, start + 1))
        rest = re.compile(r"[ \t\r]*(?:$|[\n;,#]|in\b|∈|\\in\b)").match(self.text, at + 1, self.stop)
        if not rest:
            return False
        self.pos = at + 1
        self.emit("python", self.text[start + 1 : at].strip(), start, self.pos)
        return True


def _plain_letters(found: re.Match[str]) -> str:
    """𝑎𝑥 as a x, since each such letter is a name, but a function's word as that word; wide ones as they stand."""
    plain = unicodedata.normalize("NFKC", found[0])
    if "\uff01" <= found[0][0] <= "\uff5e":
        return plain
    return re.sub("[A-Za-z]{2,}", lambda m: m[0] if m[0] in SPELLINGS | KEYWORDS else " ".join(m[0]), plain)
