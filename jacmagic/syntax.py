"""Letters to statements: `parse(text)` reads a block.

What depends on declarations — is `g(x+1)` a call, is `xy` a product, where does
the argument of `sin 2x cos x` end — is not decided here: it stays a `Run`, a flat
sequence of juxtaposed factors with their gaps, and `program` settles it, once.
This module knows no function names and no shapes, and does not import SymPy.

The parser is written by hand, one method a level of precedence: bars, gaps and
bare application need more than one token of context, and an error can then say
what was expected in the reader's words. `language.lark` is the same language as
one readable page; a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jacmagic.errors import AmbiguousMath, LimitError, Span, SyntaxMistake

MAX_BLOCK = 200_000
"""Characters in a block."""

MAX_NESTING = 40
"""Brackets, exponents and conditions inside one another."""

MAX_STATEMENTS = 2_000
"""Statements in a block."""

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi "
    "chi psi omega"
).split()
GREEK += [word.capitalize() for word in GREEK]
_VARIANTS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma",
             "varpi": "pi", "varkappa": "kappa", "lam": "lambda"}
_ACCENTS = {"hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde",
            "dot": "dot"}
_COMBINING = {"\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde", "\u0307": "dot"}
KEYWORDS = frozenset({"if", "else", "for", "in", "and", "or", "not"})

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱᵀᵃᵇᶜᵈᵉᵏᵐᵖᵗˣʸᶻ⁽⁾", "0123456789+-niTabcdekmptxyz()"))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehijklmnoprstuvx"))
_OPERATORS = {
    "**": "^", "^": "^", ".^": ".^", "+": "+", "＋": "+", "-": "-", "−": "-", "*": "*", "∗": "*", "·": "·", "⋅": "·",
    "∙": "·", "•": "·", "×": "×", "⨯": "×", "@": "*", "/": "/", "÷": "/", "∕": "/", "⁄": "/", ".*": ".*", "./": "./",
    "⊙": ".*", "∘": ".*", "=": "=", "==": "==", "!=": "!=", "≠": "!=", "<": "<", "<=": "<=", "≤": "<=", "⩽": "<=",
    ">": ">", ">=": ">=", "≥": ">=", "⩾": ">=", "(": "(", ")": ")", "[": "[", "]": "]", "{": "{", "}": "}", ",": ",",
    ";": ";", "|": "|", "||": "||", "‖": "||", "∥": "||", "'": "'", "′": "'", "’": "'", "..": "..", "…": "..",
    "...": "..", ".": ".", "->": "->", "→": "->", "⟶": "->", "⟼": "->", "√": "√", "∛": "∛", "∞": "∞", "!": "!",
    ":": ":", "&": "&", "_": "_", "∑": "Σ", "∏": "Π", "∈": "∈",
}
_BY_LENGTH = ("...", "**", ".^", ".*", "./", "==", "!=", "<=", ">=", "||", "..", "->")
_COMMAND_OPERATORS = {
    "cdot": "·", "times": "×", "div": "/", "odot": ".*", "circ": ".*", "le": "<=", "leq": "<=", "leqslant": "<=",
    "lt": "<", "ge": ">=", "geq": ">=", "geqslant": ">=", "gt": ">", "ne": "!=", "neq": "!=", "in": "∈", "to": "->",
    "rightarrow": "->", "longrightarrow": "->", "mapsto": "->", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
    "lVert": "||", "rVert": "||", "Vert": "||", "|": "||", "infty": "∞", "lbrack": "[", "rbrack": "]", "prime": "'",
    "ldots": "..", "dots": "..", "cdots": "..", "sum": "Σ", "prod": "Π", "ast": "*", "land": "and", "wedge": "and",
    "lor": "or", "vee": "or", "lnot": "not", "neg": "not",
}
_SKIPPED = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle limits nolimits "
    "quad qquad , ; : ! thinspace medspace nonumber notag ( ) [ ] middle".split()
) | {" "}
_FONTS = frozenset(
    "mathbf mathrm mathit mathsf mathtt mathcal mathscr mathfrak boldsymbol bm bf rm vec text textbf textit textrm "
    "operatorname mathop pmb symbf underline mathbb mathnormal".split()
)
_MATRICES = frozenset("matrix bmatrix pmatrix Bmatrix smallmatrix array".split())
_LAYOUTS = frozenset("aligned align align* gathered gather gather* equation equation* split alignedat".split())

_NUMBER = re.compile(r"(?:[0-9]+\.[0-9]+|[0-9]+\.(?![.0-9*/^])|[0-9]+|\.[0-9]+)(?:e[+-]?[0-9]+)?")
_LOOK_ALIKES = dict(zip("аеорсхуіјѕԁһкмтвнАВЕКМНОРСТХУІЈЅ", "aeopcxyijsdhkmtbhABEKMHOPCTXYIJS"))


# ------------------------------------------------------------------ what comes out
@dataclass(frozen=True)
class Raw:
    """A piece of syntax with the span of its text."""

    span: Span


@dataclass(frozen=True)
class Num(Raw):
    text: str


@dataclass(frozen=True)
class Word(Raw):
    """Letters as typed, not yet split into names.

    text     the letters and digits; a Greek letter as its word; "y_hat" for an accented y
    index    what stands behind `_`, None where nothing does
    parts    the index as expressions, where it was written in braces or is more than one letter
    whole    True where the letters cannot be split (Greek, accents, commands)
    """

    text: str
    index: str | None = None
    parts: tuple[Raw, ...] = ()
    whole: bool = False
    command: bool = False

    @property
    def typed(self) -> str:
        return self.text if self.index is None else f"{self.text}_{self.index}"


@dataclass(frozen=True)
class Group(Raw):
    """Something in brackets: "(", "[", "{" or "env" (a LaTeX matrix), by rows."""

    bracket: str
    rows: tuple[tuple[Raw, ...], ...]


@dataclass(frozen=True)
class For(Raw):
    """`body for index = first..last`; kind "sum" or "prod" for LaTeX's big operators."""

    body: Raw
    index: Word
    first: Raw
    last: Raw
    kind: str = ""

    def parts(self) -> tuple[Raw, Word, Raw, Raw]:
        return self.body, self.index, self.first, self.last


@dataclass(frozen=True)
class Bars(Raw):
    """`|x|` or `||x||_order`."""

    inner: Raw
    double: bool
    order: str


@dataclass(frozen=True)
class Root(Raw):
    """`√` or `∛` before an argument that `program` finds."""

    name: str


@dataclass(frozen=True)
class Frac(Raw):
    above: Raw
    below: Raw


@dataclass(frozen=True)
class Applied(Raw):
    """A LaTeX command with its argument in braces: \\sqrt{x}."""

    name: str
    argument: Raw


@dataclass(frozen=True)
class Cases(Raw):
    """Values with their conditions, the last value for what is left."""

    branches: tuple[tuple[Raw, Raw], ...]
    otherwise: Raw


@dataclass(frozen=True)
class Post(Raw):
    """Something behind a factor: "^", ".^", "T" or "["; `clear` where nothing can be glued to it unclearly."""

    kind: str
    value: tuple[Raw, ...] = ()
    clear: bool = True


@dataclass(frozen=True)
class Item(Raw):
    """One factor of a run: the operator before it ("" juxtaposed), signs after that, a gap before it or not."""

    operator: str
    negative: bool
    gap: bool
    atom: Raw
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True)
class Run(Raw):
    """Factors in a row, not yet settled."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Terms(Raw):
    terms: tuple[tuple[int, Raw], ...]


@dataclass(frozen=True)
class Relation(Raw):
    operands: tuple[Raw, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Boolean(Raw):
    operator: str
    operands: tuple[Raw, ...]


@dataclass(frozen=True)
class Size(Raw):
    """`R`, `R^3`, `R^(2x3)`: no, one or two whole-number expressions."""

    dims: tuple[Raw, ...]


@dataclass(frozen=True)
class Range(Raw):
    low: Raw
    high: Raw
    step: Raw | None


@dataclass(frozen=True)
class Layer(Raw):
    """One arrow of a net in one line: its name (or None), size and activation (or None)."""

    name: Word | None
    size: Raw
    activation: Word | None


@dataclass(frozen=True)
class Statement(Raw):
    """One line of a block.

    kind     "define" (`name = expr`), "function", "equation" (`x' = expr`), "declare", "expression", "net"
    names    the name defined, or the names declared
    params   a function's arguments
    expr     the right side; None for a declaration
    python   the text in `{…}` where the right side is one
    size, range     what `in` says
    layers   of a net
    """

    kind: str
    names: tuple[Word, ...] = ()
    params: tuple[Word, ...] = ()
    expr: Raw | None = None
    python: str | None = None
    size: Size | None = None
    range: Range | None = None
    layers: tuple[Layer, ...] = ()


# ------------------------------------------------------------------ tokens
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


def _greek(ch: str) -> str | None:
    """The word for a Greek letter."""
    ch = unicodedata.normalize("NFKC", ch) if ch in "µϵϑϕϱϖΩϰς" else ch
    full = unicodedata.name(ch, "")
    match = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?([A-Z]+)", full)
    if not match:
        return None
    word = {"lamda": "lambda"}.get(match[2].lower(), match[2].lower())
    return word.capitalize() if match[1] == "CAPITAL" else word


class Lexer:
    """Characters to tokens; newlines inside brackets and LaTeX matrices do not count."""

    def __init__(self, text: str, start: int = 0, stop: int | None = None) -> None:
        self.text, self.pos, self.stop = text, start, len(text) if stop is None else stop
        self.tokens: list[Token] = []
        self.gap = False
        self.open: list[tuple[str, int]] = []

    def run(self) -> list[Token]:
        while self.pos < self.stop:
            self.step()
        self.emit("end", "", self.stop, self.stop)
        return self.tokens

    def emit(self, kind: str, text: str, start: int, stop: int, **more: object) -> None:
        self.tokens.append(Token(kind, text, Span(start, stop), self.gap, **more))  # type: ignore[arg-type]
        self.gap = False

    def peek(self, offset: int = 0) -> str:
        at = self.pos + offset
        return self.text[at] if at < self.stop else ""

    def step(self) -> None:
        ch, start = self.text[self.pos], self.pos
        if ch == "\n":
            self.pos += 1
            if self.open:
                self.gap = True
            else:
                self.emit("nl", "\n", start, start + 1)
        elif ch in " \t\r" or unicodedata.category(ch) == "Zs":
            self.pos += 1
            self.gap = True
        elif ch == "#":
            end = self.text.find("\n", self.pos)
            self.pos = self.stop if end < 0 else min(end, self.stop)
        elif ch == "$" or ch == "~":
            self.pos += 1
            self.gap = True
        elif ch == "\\":
            self.command()
        elif ch.isascii() and (ch.isdigit() or (ch == "." and self.peek(1).isascii() and self.peek(1).isdigit())):
            self.number()
        elif ch.isalpha() and ch not in _SUPERSCRIPTS and ch not in _SUBSCRIPTS:
            self.letters()
        elif ch in _SUPERSCRIPTS:
            while self.peek() in _SUPERSCRIPTS and self.peek():
                self.pos += 1
            self.emit("sup", "".join(_SUPERSCRIPTS[c] for c in self.text[start : self.pos]), start, self.pos)
        else:
            self.operator()

    def number(self) -> None:
        start = self.pos
        match = _NUMBER.match(self.text, self.pos, self.stop)
        assert match is not None
        self.pos = match.end()
        text = match[0]
        scientific = re.compile(r"E[+-]?[0-9]+").match(self.text, self.pos, self.stop)
        if scientific:
            self.pos = scientific.end()
            whole, tail = self.text[start : self.pos], scientific[0][1:]
            apart = f"{text} E {tail}" if tail[0] in "+-" else f"{text} E_{tail}"
            raise AmbiguousMath(
                f"{whole} can be a number or a product with E.", Span(start, self.pos),
                (whole.lower(), apart.replace("+", "+ ").replace("-", "- ")),
            )
        self.emit("num", text, start, self.pos)

    def letters(self) -> None:
        start, ch = self.pos, self.text[self.pos]
        if ch == "ℝ":
            self.pos += 1
            self.emit("word", "R", start, self.pos, whole=True)
            return
        if greek := _greek(ch):
            self.pos += 1
            digits = self.digits()
            self.word(greek + digits, start, whole=True)
            return
        if (plain := unicodedata.normalize("NFD", ch)) != ch or self.peek(1) in _COMBINING:
            base = plain[0]
            marks = [c for c in plain[1:] if c in _COMBINING]
            self.pos += 1
            while self.peek() in _COMBINING and self.peek():
                marks.append(self.peek())
                self.pos += 1
            if base.isascii() and base.isalpha() and len(marks) == 1:
                self.word(f"{base}_{_COMBINING[marks[0]]}", start, whole=True)
                return
            if len(marks) > 1 or not unicodedata.name(ch, "").startswith("LATIN"):
                self.strange(ch, start)
            self.pos = start
        if not self.latin(ch):
            self.strange(ch, start)
        while self.peek() and (self.latin(self.peek()) or (self.peek().isascii() and self.peek().isdigit())):
            if self.pos > start and self.peek(1) in _COMBINING and self.peek(1):
                break
            self.pos += 1
        self.word(self.text[start : self.pos], start)

    @staticmethod
    def latin(ch: str) -> bool:
        if ch.isascii():
            return ch.isalpha()
        return ch.isalpha() and unicodedata.name(ch, "").startswith("LATIN ") and (
            unicodedata.normalize("NFKC", ch) == ch and unicodedata.category(ch) in ("Ll", "Lu")
            and not any(c in _COMBINING for c in unicodedata.normalize("NFD", ch))
        )

    def strange(self, ch: str, start: int) -> None:
        twin = _LOOK_ALIKES.get(ch, "")
        if not twin:
            compatible = unicodedata.normalize("NFKC", ch)
            twin = compatible if len(compatible) == 1 and (compatible.isascii() or _greek(compatible)) else ""
        label = unicodedata.name(ch, f"U+{ord(ch):04X}").lower()
        if twin:
            raise SyntaxMistake(
                f"This letter looks like {twin} but is another ({label}).", Span(start, start + 1), (twin,)
            )
        raise SyntaxMistake(f"Names have Latin and Greek letters; this is {label}.", Span(start, start + 1))

    def digits(self) -> str:
        start = self.pos
        while self.peek().isascii() and self.peek().isdigit():
            self.pos += 1
        return self.text[start : self.pos]

    def word(self, text: str, start: int, whole: bool = False, command: bool = False) -> None:
        """A word whose letters end here; reads the index behind it."""
        match = re.match(r"[A-Za-z]+", text)
        if match and match[0] in GREEK + list(_VARIANTS):
            text = _VARIANTS.get(match[0], match[0]) + text[match.end() :]
        index: str | None = None
        parts: tuple[Token, ...] = ()
        if self.peek() in _SUBSCRIPTS and self.peek():
            begin = self.pos
            while self.peek() in _SUBSCRIPTS and self.peek():
                self.pos += 1
            index = "".join(_SUBSCRIPTS[c] for c in self.text[begin : self.pos])
            if not index.isalnum():
                parts = tuple(self.shift(Lexer(index).run(), begin))
        elif self.peek() == "_" and (self.peek(1) or " ") in "{\\" or (
            self.peek() == "_" and (self.peek(1).isalnum())
        ):
            begin = self.pos
            self.pos += 1
            if self.peek() == "{":
                close = self.closing_brace()
                inside = self.text[self.pos + 1 : close]
                plain = re.sub(r"\\(?:text|mathrm|mathit|operatorname|rm)\s*\{([^{}]*)\}", r"\1", inside)
                index = re.sub(r"\s+", "", plain.replace("\\", ""))
                if not index:
                    raise SyntaxMistake("This index is empty.", Span(begin, close + 1))
                if plain == inside and not index.isdigit():
                    parts = tuple(Lexer(self.text, self.pos + 1, close).run())
                greek = {g: g for g in GREEK}
                index = greek.get(index) or _greek(index) or index if len(index) == 1 else index
                self.pos = close + 1
            elif self.peek() == "\\":
                match = re.compile(r"\\([A-Za-z]+)").match(self.text, self.pos, self.stop)
                name = match[1] if match else ""
                if not match or name not in GREEK:
                    raise SyntaxMistake("An index is a number or a name.", Span(begin, self.pos + 1))
                index, self.pos = name, match.end()
            elif self.peek().isascii() and self.peek().isdigit():
                index = self.digits()
            else:
                first = self.pos
                if greek_index := _greek(self.peek()):
                    self.pos += 1
                    index = greek_index
                else:
                    while self.peek() and self.peek().isascii() and self.peek().isalnum():
                        self.pos += 1
                    index = self.text[first : self.pos]
                    if not index:
                        self.strange(self.peek(), self.pos)
        if index and index in ("hat", "bar", "tilde", "dot") and not parts:
            text, index = f"{text}_{index}", None
            if self.peek() == "_" or self.peek() in _SUBSCRIPTS and self.peek():
                self.word(text, start, True, command)
                return
        self.emit("word", text, start, self.pos, index=index, parts=parts, whole=whole, command=command)

    @staticmethod
    def shift(tokens: Sequence[Token], offset: int) -> Iterator[Token]:
        for t in tokens:
            span = Span(t.span.start + offset, t.span.stop + offset)
            yield Token(t.kind, t.text, span, t.gap, t.index, t.parts, t.whole, t.command)

    def closing_brace(self) -> int:
        """The offset of the brace that closes the one here."""
        depth = 0
        for at in range(self.pos, self.stop):
            ch = self.text[at]
            if ch == "{":
                depth += 1
            elif ch == "}":
                depth -= 1
                if depth == 0:
                    return at
            elif ch == "\n" and depth == 0:
                break
        raise SyntaxMistake("This bracket is never closed.", Span(self.pos, self.pos + 1))

    def operator(self) -> None:
        start = self.pos
        text = next((op for op in _BY_LENGTH if self.text.startswith(op, start, self.stop)), self.text[start])
        if text not in _OPERATORS:
            self.unknown(text, start)
        if text == "{" and self.tokens and self.tokens[-1].kind == "op" and self.tokens[-1].text == "=":
            if self.python(start):
                return
        self.pos += len(text)
        op = _OPERATORS[text]
        if op in "([{":
            self.open.append((op, start))
        elif op in ")]}" and self.open and self.open[-1][0] != "env":
            self.open.pop()
        if op == "Σ" or op == "Π":
            self.emit("cmd", op, start, self.pos)
        else:
            self.emit("op", op, start, self.pos)

    def unknown(self, ch: str, start: int) -> None:
        category = unicodedata.category(ch)
        span = Span(start, start + 1)
        label = unicodedata.name(ch, f"U+{ord(ch):04X}").lower()
        if category in ("Cf", "Cc", "Cs", "Zl", "Zp", "Cn", "Co"):
            raise SyntaxMistake(f"An invisible character (U+{ord(ch):04X}) stands here; delete it.", span)
        if ch in "–—":
            raise SyntaxMistake("This is a dash, not a minus sign.", span, ("-",))
        if ch == "∂":
            raise SyntaxMistake("Derivatives are what jacmagic finds; write only the function.", span)
        if category.startswith("N"):
            raise SyntaxMistake(f"Numbers are written with 0 to 9; this is {label}.", span)
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

    def command(self) -> None:
        r"""A LaTeX command: what it typesets."""
        start = self.pos
        match = re.compile(r"\\([A-Za-z]+\*?|.|\n)", re.S).match(self.text, self.pos, self.stop)
        if match is None:
            raise SyntaxMistake("A LaTeX command is expected after \\.", Span(start, start + 1))
        name = match[1]
        self.pos = match.end()
        if name in _COMMAND_OPERATORS:
            op = _COMMAND_OPERATORS[name]
            kind = "cmd" if op in "ΣΠ" else "word" if op in ("and", "or", "not") else "op"
            if op in "[":
                self.open.append(("[", start))
            elif op == "]" and self.open:
                self.open.pop()
            self.emit(kind, op, start, self.pos)
            if kind == "cmd" and re.compile(r"\s*\\(no)?limits").match(self.text, self.pos, self.stop):
                self.pos = re.compile(r"\s*\\(no)?limits").match(self.text, self.pos, self.stop).end()  # type: ignore[union-attr]
        elif name in _SKIPPED:
            self.gap = True
            if name in ("left", "right") and self.peek() == ".":
                self.pos += 1
        elif name == "\\":
            row = re.compile(r"[ \t]*\[[0-9.]+ *[a-z]+\]").match(self.text, self.pos, self.stop)
            if row:
                self.pos = row.end()
            if self.open:
                self.emit("op", "\\\\", start, self.pos)
            else:
                self.emit("nl", "\\\\", start, self.pos)
        elif name in ("{", "}"):
            op = "(" if name == "{" else ")"
            if op == "(":
                self.open.append(("(", start))
            elif self.open:
                self.open.pop()
            self.emit("op", op, start, self.pos)
        elif name in ("begin", "end"):
            self.environment(name, start)
        elif name in ("frac", "dfrac", "tfrac", "cfrac"):
            self.emit("cmd", "frac", start, self.pos, command=True)
            self.single_digits(2)
        elif name == "sqrt":
            self.emit("cmd", "sqrt", start, self.pos, command=True)
            self.single_digits(1)
        elif name in _FONTS:
            self.font(name, start)
        elif name in _ACCENTS:
            self.accent(name, start)
        elif name in ("top", "intercal"):
            self.emit("word", "T", start, self.pos, whole=True, command=True)
        elif name in ("partial", "nabla"):
            raise SyntaxMistake("Derivatives are what jacmagic finds; write only the function.", Span(start, self.pos))
        elif re.fullmatch(r"[A-Za-z]+", name):
            self.word(name, start, whole=True, command=True)
        else:
            raise SyntaxMistake(f"The LaTeX command \\{name} has no meaning in a block.", Span(start, self.pos))

    def single_digits(self, count: int) -> None:
        r"""After \frac and \sqrt, LaTeX takes one digit a time: \frac12."""
        for _ in range(count):
            space = re.compile(r"\s*").match(self.text, self.pos, self.stop)
            at = space.end() if space else self.pos
            if at < self.stop and self.text[at].isascii() and self.text[at].isdigit():
                self.pos = at + 1
                self.emit("num", self.text[at], at, at + 1)
            else:
                return

    def font(self, name: str, start: int) -> None:
        space = re.compile(r"\s*").match(self.text, self.pos, self.stop)
        self.pos = space.end() if space else self.pos
        if self.peek() != "{":
            return
        close = self.closing_brace()
        inside = self.text[self.pos + 1 : close].replace("\\_", "_").strip()
        if name == "mathbb" and inside == "R":
            self.pos = close + 1
            self.emit("word", "R", start, self.pos, whole=True)
        elif inside in ("if", "else", "otherwise", "for", "when", "and", "or", "not", "in", "where"):
            self.pos = close + 1
            self.gap = True
            self.emit("word", inside, start, self.pos, command=True)
            self.gap = True
        elif name == "operatorname" and inside == "\\sigma":
            self.pos = close + 1
            self.word("sigmoid", start, whole=True, command=True)
        elif inside.strip("\\").isalpha() and inside.startswith("\\") and inside[1:] not in _COMMAND_OPERATORS:
            self.pos = close + 1
            self.word(inside[1:], start, whole=True, command=True)
        elif re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", inside):
            self.pos = close + 1
            self.word(inside, start, whole=True, command=True)
        else:
            inner = Lexer(self.text, self.pos + 1, close).run()[:-1]
            self.pos = close + 1
            self.tokens.extend(inner)

    def accent(self, name: str, start: int) -> None:
        match = re.compile(r"\s*(?:\{\s*(\\?[A-Za-zα-ωΑ-Ω]+)\s*\}|\s([A-Za-z])|(\\[A-Za-z]+))").match(
            self.text, self.pos, self.stop
        )
        if not match:
            raise SyntaxMistake("One letter is expected under this accent.", Span(start, self.pos))
        letter = (match[1] or match[2] or match[3]).lstrip("\\")
        letter = _greek(letter) or letter if len(letter) == 1 else letter
        self.pos = match.end()
        self.word(f"{letter}_{_ACCENTS[name]}", start, whole=True, command=True)

    def environment(self, which: str, start: int) -> None:
        match = re.compile(r"\s*\{([A-Za-z]+\*?)\}").match(self.text, self.pos, self.stop)
        if not match:
            raise SyntaxMistake(f"\\{which} needs the name of an environment.", Span(start, self.pos))
        name, self.pos = match[1], match.end()
        if name in _LAYOUTS:
            self.gap = True
            return
        if name not in _MATRICES and name != "cases":
            raise SyntaxMistake(f"The LaTeX environment {name} has no meaning in a block.", Span(start, self.pos))
        if which == "begin":
            columns = re.compile(r"\s*\{[clr| ]*\}").match(self.text, self.pos, self.stop) if name == "array" else None
            self.pos = columns.end() if columns else self.pos
            self.open.append(("env", start))
        elif self.open and self.open[-1][0] == "env":
            self.open.pop()
        self.emit("cmd", f"{which} {'cases' if name == 'cases' else 'matrix'}", start, self.pos)


# ------------------------------------------------------------------ the parser
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "="})
_PRODUCTS = frozenset({"*", "·", "×", "/", ".*", "./"})


class Parser:
    """Tokens of one statement to syntax, one method a level of precedence."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text = text
        self.tokens = list(tokens)
        self.at = 0
        self.bars: list[str] = []
        self.depth = 0
        self.brackets: list[Token] = []

    # -------------------------------------------------------------- tools
    @property
    def now(self) -> Token:
        return self.tokens[self.at]

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
                f"This is nested more than {MAX_NESTING} deep; name an inner part on a line of its own.", self.now.span
            )

    def fail(self, expected: str) -> SyntaxMistake:
        """What to say where an operand or a word is due and something else stands."""
        token = self.now
        if self.brackets and (token.kind == "end" or (token.kind == "op" and token.text in ("=", ":"))):
            opener = self.brackets[-1]
            return SyntaxMistake("This bracket is never closed.", opener.span)
        if token.kind == "end":
            last = self.tokens[self.at - 1].span if self.at else token.span
            return SyntaxMistake(f"The line ends where {expected} is expected.", last)
        shown = self.text[token.span.start : token.span.stop]
        if token.text in (")", "]", "}"):
            if self.brackets and _CLOSERS.get(self.brackets[-1].text) != token.text:
                return SyntaxMistake(
                    f"{shown} closes nothing: the bracket {self.brackets[-1].text} is still open.",
                    self.brackets[-1].span,
                )
            if not self.brackets:
                return SyntaxMistake("No bracket is open here.", token.span)
        if token.text == "=":
            return SyntaxMistake("A second = on one line; one line says one thing.", token.span)
        return SyntaxMistake(f"{expected[0].upper()}{expected[1:]} is expected here, not {shown}.", token.span)

    # -------------------------------------------------------------- expressions
    def expression(self) -> Raw:
        """A value with its conditions: `a if p else b if q else c`."""
        self.deeper()
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
            value = self.disjunction()
        self.depth -= 1
        return Cases(self.span_from(start), tuple(branches), value) if branches else value

    def disjunction(self) -> Raw:
        return self.boolean("or", self.conjunction)

    def conjunction(self) -> Raw:
        return self.boolean("and", self.negation)

    def boolean(self, word: str, operand: object) -> Raw:
        start = self.now.span.start
        operands = [operand()]  # type: ignore[operator]
        while self.is_word(word):
            self.next()
            operands.append(operand())  # type: ignore[operator]
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
            if self.now.text in ("=", "!="):
                if not self.in_condition():
                    break
                wanted = "==" if self.now.text == "=" else "not … == …"
                raise SyntaxMistake(f"A condition compares with {wanted}.", self.now.span)
            relations.append(self.next().text)
            operands.append(self.sum())
        if not relations:
            return operands[0]
        return Relation(self.span_from(start), tuple(operands), tuple(relations))

    def in_condition(self) -> bool:
        return any(t.kind == "word" and t.text in ("if", "and", "or", "not") for t in self.tokens[: self.at])

    def sum(self) -> Raw:
        start = self.now.span.start
        terms: list[tuple[int, Raw]] = []
        sign = 1
        if self.is_op("+", "-"):
            sign = -1 if self.next().text == "-" else 1
        terms.append((sign, self.signed()))
        while self.is_op("+", "-"):
            sign = -1 if self.next().text == "-" else 1
            terms.append((sign, self.signed()))
        if len(terms) == 1 and terms[0][0] == 1:
            return terms[0][1]
        return Terms(self.span_from(start), tuple(terms))

    def signed(self) -> Raw:
        """A product, perhaps with further signs in front: - -x."""
        start = self.now.span.start
        sign, any_sign = 1, False
        while self.is_op("+", "-"):
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
                while self.is_op("+", "-"):
                    negative ^= self.next().text == "-"
                items.append(self.item(token.text, negative))
            elif self.starts_factor():
                items.append(self.item("", False))
            else:
                break
        return Run(self.span_from(start), tuple(items))

    def starts_factor(self) -> bool:
        token = self.now
        if token.kind == "word":
            return token.text not in KEYWORDS and not (token.text in ("otherwise", "when") and token.command)
        if token.kind == "num" or token.kind == "python":
            return True
        if token.kind == "cmd":
            return not token.text.startswith("end")
        if token.kind == "op":
            if token.text in ("|", "||"):
                return not self.bars
            return token.text in ("(", "[", "{", "√", "∛")
        return False

    def item(self, operator: str, negative: bool) -> Item:
        start, gap = self.now.span.start, self.now.gap
        atom = self.atom()
        posts: list[Post] = []
        while post := self.post(atom, posts):
            posts.append(post)
        return Item(self.span_from(start), operator, negative, gap, atom, tuple(posts))

    def post(self, atom: Raw, before: list[Post]) -> Post | None:
        token = self.now
        start = token.span.start
        if token.kind == "sup":
            self.next()
            return Post(token.span, "T") if token.text == "T" else Post(token.span, "^", (self.superscript(token),))
        if token.kind != "op":
            return None
        if token.text in ("^", ".^"):
            self.next()
            value, clear = self.exponent()
            if isinstance(value, Word) and value.text == "T" and value.index is None and token.text == "^":
                return Post(self.span_from(start), "T", (value,), clear)
            return Post(self.span_from(start), token.text, (value,), clear)
        if token.text == "[" and not token.gap and not isinstance(atom, (Num, Root)):
            if before and before[-1].kind in ("^", ".^") and not before[-1].clear:
                return None
            group = self.bracketed()
            if len(group.rows) != 1:
                raise SyntaxMistake("An index has commas, no semicolons: W[1,2].", group.span)
            return Post(group.span, "[", group.rows[0])
        if token.text == "_" and isinstance(atom, Group) and not before:
            self.next()
            if self.is_op("{"):
                return Post(self.span_from(start), "[", self.bracketed().rows[0])
            if self.now.kind == "num":
                inner = self.next()
                return Post(self.span_from(start), "[", (Num(inner.span, inner.text),))
            raise self.fail("an index")
        if token.text == "." and self.tokens[self.at + 1].kind == "word" and self.tokens[self.at + 1].text == "T":
            self.next()
            self.next()
            return Post(self.span_from(start), "T")
        if token.text == "'":
            raise SyntaxMistake("A prime stands only on the left of =, for x' = …", token.span)
        if token.text == "!":
            raise SyntaxMistake("Factorials are not part of the language.", token.span)
        return None

    def superscript(self, token: Token) -> Raw:
        text = token.text
        if not re.fullmatch(r"[+-]?(?:[0-9]+|[a-z]|[0-9]+[a-z])|\([^()]*\)", text):
            raise SyntaxMistake("This superscript does not read as an exponent.", token.span, ())
        tokens = [Token(t.kind, t.text, token.span, t.gap, t.index) for t in Lexer(text).run()]
        return Parser(self.text, tokens).expression()

    def exponent(self) -> tuple[Raw, bool]:
        """One signed factor behind ^, and whether it is clear where it ends."""
        self.deeper()
        start = self.now.span.start
        sign = 1
        while self.is_op("+", "-"):
            sign = -sign if self.next().text == "-" else sign
        token = self.now
        if token.kind == "num":
            self.next()
            value: Raw = Num(token.span, token.text)
            clear = False
        elif token.kind == "word" and token.text not in KEYWORDS:
            value = self.word_atom()
            clear = token.command and token.text == "T"
        elif self.is_op("(", "{", "|", "||") or token.kind == "cmd":
            value = self.atom()
            clear = True
        elif self.is_op("√", "∛"):
            raise SyntaxMistake("A root in an exponent needs brackets.", token.span, ())
        else:
            raise self.fail("an exponent")
        if self.is_op("^") or self.now.kind == "sup":
            post = self.post(value, [])
            assert post is not None
            clear = post.clear
            value = Run(self.span_from(start), (Item(self.span_from(start), "", False, False, value, (post,)),))
        if sign < 0:
            value = Terms(self.span_from(start), ((-1, value),))
        self.depth -= 1
        return value, clear

    # -------------------------------------------------------------- atoms
    def atom(self) -> Raw:
        token = self.now
        if token.kind == "num":
            self.next()
            return Num(token.span, token.text)
        if token.kind == "word" and token.text not in KEYWORDS:
            return self.word_atom()
        if token.kind == "cmd":
            return self.command_atom()
        if token.kind == "python":
            raise SyntaxMistake("A Python value stands alone behind =, as in W = {weights[0]}.", token.span)
        if token.kind == "op":
            if token.text in ("(", "[", "{"):
                return self.bracketed()
            if token.text in ("|", "||"):
                return self.bar_atom()
            if token.text in ("√", "∛"):
                self.next()
                return Root(token.span, "sqrt" if token.text == "√" else "cbrt")
            if token.text == "∞":
                raise SyntaxMistake("∞ is not a number to calculate with.", token.span)
            if token.text in (".*", "./", "*", "/", "·", "×", ".^", "^"):
                raise SyntaxMistake(
                    f"Something to multiply, divide or raise is expected before {token.text}.", token.span
                )
        raise self.fail("a number, a name or a bracket")

    def word_atom(self) -> Word:
        token = self.next()
        parts: tuple[Raw, ...] = ()
        if token.parts:
            inner = Parser(self.text, token.parts)
            try:
                found = [inner.sum()]
                while inner.is_op(","):
                    inner.next()
                    found.append(inner.sum())
                if inner.now.kind == "end":
                    parts = tuple(found)
            except SyntaxMistake:
                parts = ()
            if not parts and not (token.index or "").isalnum():
                raise SyntaxMistake("This index does not read as numbers or names.", token.span)
        return Word(token.span, token.text, token.index, parts, token.whole, token.command)

    def bracketed(self) -> Group:
        self.deeper()
        opener = self.next()
        self.brackets.append(opener)
        bars, self.bars = self.bars, []
        closer = _CLOSERS[opener.text]
        rows: list[tuple[Raw, ...]] = []
        row: list[Raw] = []
        if self.is_op(closer):
            raise SyntaxMistake("These brackets are empty.", Span(opener.span.start, self.now.span.stop))
        if bars:
            self.bars = ["("]  # bars inside brackets inside bars are nested bars
        while True:
            row.append(self.entry())
            if self.is_op(","):
                self.next()
            elif self.is_op(";", "\\\\") and opener.text == "[":
                self.next()
                rows.append(tuple(row))
                row = []
            elif self.is_op(closer):
                break
            elif self.is_op(";"):
                raise SyntaxMistake("Rows are separated by ; in square brackets.", self.now.span)
            else:
                raise self.unfinished(opener)
        self.next()
        rows.append(tuple(row))
        self.brackets.pop()
        self.bars = bars
        self.depth -= 1
        return Group(self.span_from(opener.span.start), opener.text, tuple(rows))

    def unfinished(self, opener: Token) -> SyntaxMistake:
        if self.is_op("|", "||"):
            return SyntaxMistake("This bar has no partner inside the bracket.", self.now.span)
        if self.now.kind == "end":
            return SyntaxMistake("This bracket is never closed.", opener.span)
        return self.fail("a comma or a closing bracket")

    def entry(self) -> Raw:
        """One entry of a bracket: an expression, perhaps with `for i = 1..n` behind it."""
        start = self.now.span.start
        body = self.expression()
        if self.is_word("for"):
            self.next()
            if self.now.kind != "word":
                raise self.fail("the name of an index")
            index = self.word_atom()
            if self.is_op("=", "∈") or self.is_word("in"):
                self.next()
            else:
                raise self.fail("= and the first index")
            first = self.sum()
            if not self.is_op(".."):
                raise self.fail(".. and the last index")
            self.next()
            last = self.sum()
            body = For(self.span_from(start), body, index, first, last)
            if self.is_word("for"):
                raise SyntaxMistake("One for a bracket; nest brackets for a second index.", self.now.span)
        return body

    def bar_atom(self) -> Raw:
        opener = self.next()
        if self.bars:
            raise SyntaxMistake(
                "Bars inside bars: write abs( ) or norm( ) for one of them.", opener.span, ("abs(", "norm(")[:0]
            )
        self.deeper()
        self.bars.append(opener.text)
        inner = self.expression()
        self.bars.pop()
        closer = self.now
        if not self.is_op("|", "||"):
            if self.now.kind == "end":
                raise SyntaxMistake("This bar is never closed.", opener.span)
            raise self.fail("a closing bar")
        if closer.text != opener.text:
            whole = Span(opener.span.start, closer.span.stop)
            if opener.text == "|":
                rest = self.text[closer.span.stop :].split("\n")[0]
                end = rest.find("|")
                shown = self.text[opener.span.start + 1 : closer.span.start]
                if end >= 0:
                    whole = Span(opener.span.start, closer.span.stop + end + 1)
                    raise AmbiguousMath(
                        f"{self.text[whole.start : whole.stop]} can be read in two ways.", whole,
                        (f"|{shown}| |{rest[:end]}|", f"abs({shown})*abs({rest[:end]})"),
                    )
            raise SyntaxMistake("A single bar and a double one do not go together; use abs( ) or norm( ).", whole)
        self.next()
        self.depth -= 1
        order = ""
        if opener.text == "||" and self.is_op("_"):
            self.next()
            token = self.next()
            if token.text == "{":
                token = self.next()
                if not self.is_op("}"):
                    raise self.fail("}")
                self.next()
            order = {"∞": "oo", "infty": "oo"}.get(token.text, token.text)
            if order not in ("1", "2", "oo", "F"):
                raise SyntaxMistake("The norms are ||x||_1, ||x||_2, ||x||_∞ and ||W||_F.", token.span)
        return Bars(self.span_from(opener.span.start), inner, opener.text == "||", order)

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
                if text not in ("2", "3"):
                    raise SyntaxMistake("Square and cube roots only; write x^(1/n).", group.span)
                name = "cbrt" if text == "3" else "sqrt"
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
        first = last = index = None
        for _ in range(2):
            if self.is_op("_") and first is None:
                self.next()
                if not self.is_op("{"):
                    raise self.fail("{i=1}")
                self.brackets.append(self.next())
                if self.now.kind != "word":
                    raise self.fail("the name of an index")
                index = self.word_atom()
                if not self.is_op("="):
                    raise self.fail("= and the first index")
                self.next()
                first = self.sum()
                if not self.is_op("}"):
                    raise self.fail("}")
                self.next()
                self.brackets.pop()
            elif self.now.kind == "op" and self.now.text == "^" and last is None:
                self.next()
                last, _clear = self.exponent()
            elif self.now.kind == "sup" and last is None:
                last = self.superscript(self.next())
        if index is None or first is None or last is None:
            raise SyntaxMistake("A sum needs its bounds: \\sum_{i=1}^{n}.", token.span, ())
        self.deeper()
        body = self.run()
        self.depth -= 1
        kind = "sum" if token.text == "Σ" else "prod"
        return For(self.span_from(token.span.start), body, index, first, last, kind)

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
            if self.is_word("otherwise", "else"):
                self.next()
                otherwise = value
            else:
                if self.is_word("if", "for", "when"):
                    self.next()
                branches.append((value, self.disjunction()))
            if self.is_op(",", "."):
                self.next()
            if self.is_op("\\\\"):
                self.next()
            elif not (self.now.kind == "cmd" and self.now.text == "end cases"):
                raise self.fail("\\\\ or the end of the cases")
        self.next()
        self.depth -= 1
        span = self.span_from(opener.span.start)
        if otherwise is None or not branches:
            raise SyntaxMistake("The last case says what holds otherwise.", span)
        return Cases(span, tuple(branches), otherwise)

    # -------------------------------------------------------------- statements
    def statement(self) -> Statement:
        start, stop = self.now.span.start, self.tokens[-2].span.stop
        if any(t.kind == "op" and t.text == "->" for t in self.tokens):
            return self.net(start)
        equals = self.top_level("=")
        if equals is None:
            inside = next(
                (k for k, t in self.outside() if (t.kind == "op" and t.text == "∈") or (t.kind == "word" and t.text == "in")),
                None,
            )
            if inside is not None:
                names = self.name_list(inside)
                self.next()
                size, range_ = self.belonging()
                self.finish()
                return Statement(Span(start, stop), "declare", names, size=size, range=range_)
            expr = self.expression()
            self.finish()
            return Statement(Span(start, stop), "expression", expr=expr)
        kind, name, params = self.left_side(equals)
        python, expr = None, None
        if self.now.kind == "python":
            token = self.next()
            python = token.text
            if not python:
                raise SyntaxMistake("A Python expression is expected in these braces.", token.span)
        else:
            expr = self.expression()
        size, range_ = None, None
        if self.is_op("∈") or self.is_word("in"):
            self.next()
            size, range_ = self.belonging()
        self.finish()
        return Statement(Span(start, stop), kind, (name,), params, expr, python, size, range_)

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
        return next((k for k, t in self.outside() if t.kind == "op" and t.text == text), None)

    def name_list(self, stop: int) -> tuple[Word, ...]:
        names: list[Word] = []
        while True:
            if self.now.kind != "word":
                raise self.fail("a name")
            names.append(self.word_atom())
            if self.at == stop:
                return tuple(names)
            if not self.is_op(","):
                raise SyntaxMistake("Names are separated by commas here.", self.now.span)
            self.next()

    def left_side(self, equals: int) -> tuple[str, Word, tuple[Word, ...]]:
        """What stands before =: a name, a function with its arguments, or a derivative x'."""
        tokens = self.tokens[:equals]
        if not tokens:
            raise SyntaxMistake("A name is expected before =.", self.now.span)
        whole = tokens[0].span.to(tokens[-1].span)
        shape = "".join(t.text if t.kind == "op" else {"word": "w", "cmd": "c"}.get(t.kind, "?") for t in tokens)
        if shape == "w":
            word = self.word_atom()
            self.next()
            if word.text.endswith("_dot") and word.index is None and (word.command or not word.typed.isascii() or
                    "_" not in self.text[word.span.start : word.span.stop]):
                return "equation", Word(word.span, word.text[:-4], None, (), True), ()
            return "define", word, ()
        if shape == "w'":
            word = self.word_atom()
            self.next()
            self.next()
            return "equation", word, ()
        if shape in ("w/w", "c{w}{w}"):
            words = [t for t in tokens if t.kind == "word"]
            top, bottom = (t.text for t in words)
            if top.startswith("d") and len(top) > 1 and bottom.startswith("d") and len(bottom) > 1:
                self.at = equals + 1
                t = words[0]
                name = Word(whole, _VARIANTS.get(top[1:], top[1:]), t.index)
                return "equation", name, ()
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
        if shape.startswith("w["):
            raise SyntaxMistake("Values are given to whole vectors and matrices: x = [1, 2, 3].", whole)
        if shape.startswith("w("):
            for t in tokens[1:]:
                if t.kind == "num":
                    raise SyntaxMistake(
                        "The arguments of a function are names; a point is given as x = 3.", whole,
                    )
            closing = tokens[-1]
            if closing.kind == "op" and closing.text == ")":
                raise SyntaxMistake("The arguments of a function are names with commas between them.", whole)
        if shape.startswith("ww"):
            raise SyntaxMistake("One name is expected before =.", whole)
        raise SyntaxMistake("One name, or a function such as f(x, y), is expected before =.", whole)

    def belonging(self) -> tuple[Size | None, Range | None]:
        """What follows `in`: R^n, R^(m x n), or [low, high] with an optional step."""
        start = self.now.span.start
        if self.is_word("R"):
            self.next()
            return self.size(start), None
        if not self.is_op("["):
            raise SyntaxMistake("in is followed by R, R^3, R^(2x3) or a range [0, 5].", self.now.span)
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
                if self.now.kind == "word" and not self.now.gap and re.fullmatch(r"x[0-9]+", self.now.text):
                    wrong = Span(start, self.now.span.stop)
                    raise SyntaxMistake(
                        "The size of a matrix stands in brackets.", wrong, (f"R^({token.text}{self.now.text})",)
                    )
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
            part = Parser(self.text, Lexer(self.text, begin, end).run())
            dims.append(part.sum())
            part.finish()
        return dims

    def net(self, start: int) -> Statement:
        """`x(3) -> 4 tanh -> o(2) softmax`."""
        if self.now.kind != "word":
            raise self.fail("the name of the input")
        name = self.word_atom()
        layers: list[Layer] = []
        size = None
        if self.is_op("("):
            size = self.layer_size()
        layers.append(Layer(self.span_from(start), name, size, None))  # type: ignore[arg-type]
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
        self.finish()
        stop = self.tokens[self.at - 1].span.stop
        return Statement(Span(start, stop), "net", (name,), layers=tuple(layers))

    def layer_size(self) -> Raw:
        group = self.bracketed()
        if len(group.rows) != 1 or len(group.rows[0]) != 1:
            raise SyntaxMistake("A layer has one size.", group.span)
        return group.rows[0][0]

    def finish(self) -> None:
        """Nothing may stand behind a statement."""
        if self.now.kind == "end":
            return
        token = self.now
        if token.text == "," and token.kind == "op":
            before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
            if before.kind == "num" and after.kind == "num" and not token.gap and not after.gap:
                span = before.span.to(after.span)
                fix = f"{before.text}.{after.text}"
                raise SyntaxMistake("Decimals are written with a point.", span, (fix,))
            raise SyntaxMistake("A comma separates statements only before a new name = …", token.span)
        if token.text == "python" or token.kind == "python":
            raise SyntaxMistake("A Python value stands alone behind =.", token.span)
        if token.text == ":":
            raise SyntaxMistake("A colon has no meaning here.", token.span)
        if token.kind == "op" and token.text in ("<", "<=", ">", ">=", "=="):
            raise SyntaxMistake("A comparison stands in a condition: a if x > 0 else b.", token.span)
        raise self.fail("the end of the line or an operator")


def statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens statement by statement: at newlines, `;`, and commas before `NAME =`, outside brackets."""
    depth, current = 0, []
    for k, token in enumerate(tokens):
        opens = token.kind == "op" and token.text in ("(", "[", "{") or token.kind == "cmd" and token.text[:5] == "begin"
        closes = token.kind == "op" and token.text in (")", "]", "}") or token.kind == "cmd" and token.text[:4] == "end "
        depth = depth + 1 if opens else max(0, depth - 1) if closes else depth
        ends = token.kind in ("nl", "end") or (depth == 0 and token.kind == "op" and token.text == ";")
        if not ends and depth == 0 and token.kind == "op" and token.text == "," and k + 2 < len(tokens):
            follow = tokens[k + 1 : k + 3]
            ends = follow[0].kind == "word" and follow[1].kind == "op" and follow[1].text == "=" and any(
                t.kind == "op" and t.text == "=" for t in current
            )
        if token.kind == "op" and token.text == "&" and depth == 0:
            continue
        if ends:
            if current:
                yield [*current, Token("end", "", Span(current[-1].span.stop, current[-1].span.stop))]
            current = []
        else:
            current.append(token)


def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a block, in order.

    Raises:
        SyntaxMistake, AmbiguousMath, LimitError: with the span of the offence in `text`.
    """
    if len(text) > MAX_BLOCK:
        raise LimitError(
            f"A block has at most {MAX_BLOCK:,} characters; this one has {len(text):,}.", Span(MAX_BLOCK, len(text))
        )
    found = []
    for tokens in statements(Lexer(text).run()):
        if len(found) == MAX_STATEMENTS:
            raise LimitError(f"A block has at most {MAX_STATEMENTS:,} statements; use a family.", tokens[0].span)
        found.append(Parser(text, tokens).statement())
    return tuple(found)


def parse_names(text: str) -> tuple[Word, ...]:
    """The names on a magic's line, `x1, x2`, separated by commas or spaces."""
    names = []
    for token in Lexer(text).run():
        if token.kind == "word":
            names.append(Word(token.span, token.text, token.index, (), token.whole, token.command))
        elif not (token.kind in ("end", "nl") or token.kind == "op" and token.text == ","):
            raise SyntaxMistake("Names of variables are expected here, separated by commas.", token.span)
    return tuple(names)
