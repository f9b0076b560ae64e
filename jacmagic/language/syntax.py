"""Letters to statements: `parse(text)` reads a block.

What depends on declarations — is `g(x+1)` a call, is `xy` a product, where does
the argument of `sin 2x cos x` end — is not decided here: it stays a `Run`, a flat
sequence of juxtaposed factors with their gaps, and `program` settles it, once.
This module knows no function names and no shapes, and does not import SymPy.

The parser is written by hand, one method a level of precedence: bars, gaps and
bare application need more than one token of context, and an error can then say
what was expected in the reader's words. `grammar.lark` is the same language as
one readable page; a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from jacmagic.errors import AmbiguousMath, JacmagicError, LimitError, Span, SyntaxMistake
from jacmagic.functions import CONSTANTS, OF_LOGITS, SPELLINGS
from jacmagic.language.precedence import Level, signs
from jacmagic.names import GREEK

MAX_BLOCK = 100_000
"""Characters in a block. Instead: large values from Python, `W = {weights}`."""

MAX_TOKENS = 10_000
"""Names, numbers and signs in a block. Instead: a family, or values from Python, `W = {weights}`."""

MAX_NAME = 100
"""Characters of one name. Instead: a shorter one."""

MAX_BRANCHES = 100
"""Cases of one distinction, and parts of one condition. Instead: a name for a part, on a line of its own."""

MAX_LAYERS = 300
"""Layers of a net in one line. Instead: one line a layer."""

MAX_NESTING = 40
"""Brackets, exponents and conditions inside one another. Instead: a name for an inner part."""

MAX_STATEMENTS = 1_000
"""Statements in a block. Instead: vectors and families, `[x[i]^2 for i = 1..n]`."""

_VARIANTS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma",
             "varpi": "pi", "varkappa": "kappa", "lam": "lambda"}
_ACCENTS = {"hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde",
            "dot": "dot", "ddot": "ddot"}
_COMBINING = {"\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde", "\u0307": "dot"}
_MARKS = _COMBINING | {"\u0308": "ddot"}
"""The marks of one letter; in longer words ä, ö and ü are letters."""
MODULES = frozenset({"np", "numpy", "jnp", "math", "torch", "nn", "F", "sp", "sympy", "tf", "scipy"})
KEYWORDS = frozenset({"if", "else", "for", "in", "and", "or", "not"})
ROLES = ("input", "weight", "target", "fixed")  # what a name of a net is; words only where a declaration ends

ONES = "𝟏"
"""The vector of ones behind a number that is added to each entry, as it is typeset: x - μ 𝟏."""

_TRANSPOSES = "⊤⊺"
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱᵀᵃᵇᶜᵈᵉᵏᵐᵖᵗˣʸᶻ⁽⁾", "0123456789+-niTabcdekmptxyz()"))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehijklmnoprstuvx"))
_OPERATORS = {
    "**": "^", "^": "^", ".^": ".^", "+": "+", "＋": "+", "-": "-", "−": "-", "*": "*", "∗": "*", "·": "·", "⋅": "·",
    "∙": "·", "•": "·", "×": "×", "⨯": "×", "@": "*", "/": "/", "÷": "/", "∕": "/", "⁄": "/", ".*": ".*", "./": "./",
    "⊙": ".*", "∘": ".*", "=": "=", "==": "==", "!=": "!=", "≠": "!=", "<": "<", "<=": "<=", "≤": "<=", "⩽": "<=",
    ">": ">", ">=": ">=", "≥": ">=", "⩾": ">=", "(": "(", ")": ")", "[": "[", "]": "]", "{": "{", "}": "}", ",": ",",
    ";": ";", "|": "|", "||": "||", "‖": "||", "∥": "||", "'": "'", "′": "'", "’": "'", "..": "..", "…": "..",
    "...": "..", ".": ".", "->": "->", "→": "->", "⟶": "->", "⟼": "->", "√": "√", "∛": "∛", "∞": "∞", "!": "!",
    ":": ":", ":=": ":=", "≔": ":=", "&": "&", "_": "_", "∑": "Σ", "∏": "Π", "∈": "∈",
    "∧": "and", "∨": "or", "¬": "not", "°": "°",
}
_BY_LENGTH = ("...", ":=", "**", ".^", ".*", "./", "==", "!=", "<=", ">=", "||", "..", "->")
_COMMAND_OPERATORS = {
    "cdot": "·", "times": "×", "div": "/", "odot": ".*", "oslash": "./", "circ": ".*",
    "le": "<=", "leq": "<=", "leqslant": "<=",
    "lt": "<", "ge": ">=", "geq": ">=", "geqslant": ">=", "gt": ">", "ne": "!=", "neq": "!=", "in": "∈", "to": "->",
    "rightarrow": "->", "longrightarrow": "->", "mapsto": "->", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
    "lVert": "||", "rVert": "||", "Vert": "||", "|": "||", "infty": "∞", "lbrack": "[", "rbrack": "]", "prime": "'",
    "ldots": "..", "dots": "..", "cdots": "..", "colon": ":", "coloneqq": ":=", "sum": "Σ",
    "prod": "Π", "ast": "*", "land": "and", "wedge": "and",
    "lor": "or", "vee": "or", "lnot": "not", "neg": "not",
}
_SKIPPED = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle limits nolimits "
    "quad qquad , ; : ! thinspace medspace nonumber notag ( ) [ ] middle".split()
) | {" "}
_FONTS = frozenset(
    "mathbf mathrm mathit mathsf mathtt mathcal mathscr mathfrak boldsymbol bm bf rm vec text textbf textit textrm "
    "operatorname mathop pmb symbf underline mathbb mathnormal mbox mathds".split()
)
_DELIMITED = {
    "⌊": ("floor", "("), "⌋": ("", ")"), "⌈": ("ceil", "("), "⌉": ("", ")"), "⟨": ("dot", "("), "⟩": ("", ")"),
    "lfloor": ("floor", "("), "rfloor": ("", ")"), "lceil": ("ceil", "("), "rceil": ("", ")"),
    "langle": ("dot", "("), "rangle": ("", ")"),
}
_MATRICES = frozenset("matrix bmatrix pmatrix Bmatrix smallmatrix array".split())
_LAYOUTS = frozenset("aligned align align* gathered gather gather* equation equation* split alignedat".split())

_PRIMES = re.compile(r"″|\^\s*(?:\{(?:\s*(?:\\prime(?![A-Za-z])|['′]))+\s*\}|\\prime(?![A-Za-z]))")
_INDICATED = re.compile(r"\s*(?:\\left\s*)?[\[_(]")
_LIMITS = re.compile(r"\s*\\(no)?limits")
_ACCENTED = re.compile(
    r"(?:\\(?:mathbf|boldsymbol|bm|mathrm|vec)\s*)?\{?\s*(\\?[A-Za-zα-ωΑ-Ω]+)\s*\}?\s*(?:_\s*\{?\s*(?P<index>[A-Za-z0-9]+)\s*\}?)?"
)
_INDEX_COMMAND = re.compile(r"\\(?:(?:text|mathrm|mathit|operatorname)\s*\{\s*([A-Za-z0-9]+)\s*\}|([A-Za-z]+))")
_LEFT_BRACE = re.compile(r"\s*(?:\\displaystyle\s*)?\\begin\s*(\{(?:array|matrix|aligned|alignedat|split|gathered)\})")
_NUMBER = re.compile(r"(?:[0-9]+\.[0-9]+|[0-9]+\.(?![.0-9*/^])|[0-9]+|\.[0-9]+)(?:e[+-]?[0-9]+)?")
_MATHEMATICAL = re.compile(
    "[\U0001d400-\U0001d7ff\u210e\u2102\u210a-\u2112\u2115\u2119-\u211c\u2124\u2128\u212c\u212d\u212f-\u2134]"
)
_LOOK_ALIKES = dict(zip("аеорсхуіјѕԁһкмтвнАВЕКМНОРСТХУІЈЅ", "aeopcxyijsdhkmtbhABEKMHOPCTXYIJS")) | {"∆": "Δ"}


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
class Indicator(Raw):
    """`1[x > 0]`."""

    condition: Raw


@dataclass(frozen=True)
class Cases(Raw):
    """Values with their conditions, the last value for what is left."""

    branches: tuple[tuple[Raw, Raw], ...]
    otherwise: Raw


@dataclass(frozen=True)
class Post(Raw):
    """Something behind a factor: "^", ".^", "T", "[" or "°"; `clear` where nothing can be glued to it unclearly."""

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


def nodes(raw: Any) -> list[Raw]:
    """All syntax nodes below one."""
    out: list[Raw] = []
    todo: list[Any] = [raw]
    while todo:
        one = todo.pop()
        if isinstance(one, Raw):
            out.append(one)
            todo.extend(vars(one).values())
        elif isinstance(one, (tuple, list)):
            todo.extend(one)
    return out


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
    """One arrow of a net in one line: its name, size and activation, each None where it is not given."""

    name: Word | None
    size: Raw | None
    activation: Word | None


@dataclass(frozen=True)
class Statement(Raw):
    """One line of a block.

    kind     "define" (`name = expr`), "function", "equation" (`x' = expr`), "second" (`x'' = expr`), "time"
             (`x = x(t)`), "declare", "expression", "net"
    names    the name defined, or the names declared
    params   a function's arguments
    expr     the right side; None for a declaration
    python   the text in `{…}` where the right side is one
    size, range     what `in` says
    layers   of a net
    dotted   the name that `x_dot = expr` may define instead
    role     the word of ROLES that ends it
    """

    kind: str
    names: tuple[Word, ...] = ()
    params: tuple[Word, ...] = ()
    expr: Raw | None = None
    python: str | None = None
    size: Size | None = None
    range: Range | None = None
    layers: tuple[Layer, ...] = ()
    dotted: Word | None = None
    role: Word | None = None


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


def names_something(index: str) -> bool:
    """Whether an index has the characters of a name, Latin, Greek and 0 to 9: no a₁, no a,1."""
    return bool(index) and all(
        ch.isalnum() if ch.isascii() else _greek(ch) or ch.isalpha() and unicodedata.name(ch, "").startswith("LATIN ")
        for ch in index
    ) and unicodedata.normalize("NFKC", index) == index


class Lexer:
    """Characters to tokens; newlines inside brackets and LaTeX matrices do not count."""

    def __init__(self, text: str, start: int = 0, stop: int | None = None, depth: int = 0) -> None:
        self.text, self.pos, self.stop, self.depth = text, start, len(text) if stop is None else stop, depth
        self.tokens: list[Token] = []
        self.gap = False
        self.open: list[tuple[str, int]] = []
        self.wrapping: set[int] = set()  # the braces that close round a whole statement
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

    def step(self) -> None:
        ch, start = self.text[self.pos], self.pos
        if ch == "\n":
            self.pos += 1
            if self.open or (self.tokens and self.tokens[-1].kind == "nl"):
                self.gap = True
            else:
                self.emit("nl", "\n", start, start + 1)
        elif ch in " \t" or self.text.startswith("\r\n", start) or unicodedata.category(ch) == "Zs":
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
        elif ch in _DELIMITED:
            self.pos += 1
            self.delimiter(ch, start)
        elif ch == ONES:
            self.pos += 1
            self.emit("word", ONES, start, self.pos, whole=True, command=True)
        elif ch in _TRANSPOSES:
            self.pos += 1
            self.emit("word", "T", start, self.pos, whole=True, command=True)
        elif ch.isalpha() and ch not in _SUPERSCRIPTS and ch not in _SUBSCRIPTS:
            self.letters()
        elif ch in _SUPERSCRIPTS:
            while self.peek() in _SUPERSCRIPTS and self.peek():
                self.pos += 1
            self.emit("sup", "".join(_SUPERSCRIPTS[c] for c in self.text[start : self.pos]), start, self.pos)
        else:
            self.operator()

    def delimiter(self, name: str, start: int) -> None:
        """⌊x⌋, ⌈x⌉ and ⟨x, y⟩ are calls of floor, ceil and dot."""
        function, bracket = _DELIMITED[name]
        if function:
            self.emit("word", function, start, self.pos, whole=True, command=True)
            self.open.append(("(", start))
        elif self.open and self.open[-1][0] != "env":
            self.open.pop()
        self.emit("op", bracket, start, self.pos)

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
        if ch == "ℓ":
            self.pos += 1
            self.word("ell" + self.digits(), start, whole=True, command=True)
            return
        if ch == "ℝ":
            self.pos += 1
            self.emit("word", "R", start, self.pos, whole=True)
            return
        if greek := _greek(ch):
            self.pos += 1
            mark = self.peek()
            if mark and mark in _MARKS:  # θ̇, β̂
                self.pos += 1
                self.accented(greek, mark, start)
            else:
                self.word(greek + self.digits(), start, whole=True)
            return
        if (plain := unicodedata.normalize("NFD", ch)) != ch or self.peek(1) in _MARKS:
            base = plain[0]
            marks = [c for c in plain[1:] if c in _MARKS]
            self.pos += 1
            while self.peek() in _MARKS and self.peek():
                marks.append(self.peek())
                self.pos += 1
            letter = marks[:1] == ["\u0308"] and self.peek() and self.latin(self.peek())  # ö of ökonomie
            if base.isascii() and base.isalpha() and len(marks) == 1 and not letter:
                self.accented(base, marks[0], start)
                return
            marks = [] if letter and len(marks) == 1 else marks
            if len(marks) > 1 and base.isascii() and base.isalpha():
                raise SyntaxMistake("A letter has one accent at most.", Span(start, self.pos), (base,))
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

    def accented(self, letter: str, mark: str, start: int) -> None:
        """A letter with an accent, and the digits behind it."""
        text = f"{letter}_{_MARKS[mark]}"
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
            and not any(c in _COMBINING for c in unicodedata.normalize("NFD", ch))
        )

    def strange(self, ch: str, start: int) -> None:
        if _MATHEMATICAL.match(ch):
            self.mathematical(start)
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

    def mathematical(self, start: int) -> None:
        """Letters of the mathematical alphabets, 𝑓(𝑥) = 𝑥²: all of them at once."""
        lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", self.text) if _MATHEMATICAL.search(m[0])]
        begin, stop = lines[0][0], lines[-1][1]
        typed = self.text[begin:stop]
        plain = _MATHEMATICAL.sub(lambda m: unicodedata.normalize("NFKC", m[0]), typed)
        lead = len(typed) - len(typed.lstrip())
        raise SyntaxMistake(
            f"Names have plain letters; {self.text[start]} is one of the mathematical alphabets.",
            Span(begin + lead, begin + len(typed.rstrip())), (plain.strip(),),
        )

    def digits(self) -> str:
        start = self.pos
        while self.peek().isascii() and self.peek().isdigit():
            self.pos += 1
        return self.text[start : self.pos]

    def word(self, text: str, start: int, whole: bool = False, command: bool = False) -> None:
        """A word whose letters end here; reads the index behind it."""
        if text in ("sum", "prod") and re.compile(r"_\{?\s*\\?[A-Za-z]+\s*=").match(self.text, self.pos, self.stop):
            self.emit("cmd", "Σ" if text == "sum" else "Π", start, self.pos)
            return
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
                if plain == inside and not (index.isascii() and index.isdigit()):
                    parts = tuple(self.inner(self.pos + 1, close))
                if not parts and not names_something(index):
                    letters = "".join(ch for ch in index if names_something(ch))
                    raise SyntaxMistake(
                        "An index is a number or a name.", Span(self.pos, close + 1),
                        (rf"{{\text{{{letters}}}}}",) if letters else (),
                    )
                index = _greek(index) or index if len(index) == 1 else index
                self.pos = close + 1
            elif self.peek() == "\\":
                match = _INDEX_COMMAND.match(self.text, self.pos, self.stop)
                if not match or not (match[1] or match[2] in GREEK):
                    raise SyntaxMistake("An index is a number or a name.", Span(begin, self.pos + 1))
                index, self.pos = match[1] or match[2], match.end()
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
        if index and index in _ACCENTS.values() and not parts:
            text, index = f"{text}_{index}", None
            if self.peek() == "_" or self.peek() in _SUBSCRIPTS and self.peek():
                self.word(text, start, True, command)
                return
        if self.pos - start > MAX_NAME:
            raise LimitError(f"A name has at most {MAX_NAME} characters.", Span(start, self.pos))
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
        raise SyntaxMistake("This bracket is never closed.", Span(self.pos, self.pos + 1))

    def operator(self) -> None:
        start = self.pos
        if primes := _PRIMES.match(self.text, self.pos, self.stop):  # S^{\prime}
            for _ in re.findall(r"\\prime|['′]", primes[0].replace("″", "′′")):
                self.emit("op", "'", start, primes.end())
            self.pos = primes.end()
            return
        text = next((op for op in _BY_LENGTH if self.text.startswith(op, start, self.stop)), self.text[start])
        if text not in _OPERATORS:
            self.unknown(text, start)
        if text == "{" and self.after_name_and_equals() and self.python(start):
            return
        if text == "_" and self.index_apart():
            return
        if text == "{" and self.wraps(start) or start in self.wrapping:
            self.pos += 1
            self.gap = True
            return
        self.pos += len(text)
        op = _OPERATORS[text]
        if op in "([{":
            self.open.append((op, start))
        elif op in ")]}" and self.open and self.open[-1][0] != "env":
            self.open.pop()
        self.emit("cmd" if op in ("Σ", "Π") else "word" if op in KEYWORDS else "op", op, start, self.pos)

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
        if not re.compile(r"[\s$.,;]*(?:\n|$|\\\\)").match(self.text, close + 1, self.stop):
            return False
        inside = self.text[start + 1 : close]
        if not re.match(r"\s*\\(?:display|text)style(?![A-Za-z])", inside) and "=" not in inside:
            return False
        self.wrapping.add(close)
        return True

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
        if ch == "∂":
            raise SyntaxMistake("Derivatives are what jacmagic finds; write only the function.", span)
        if ch == "%":
            raise SyntaxMistake("% has no meaning in a block; a comment starts with #.", span)
        if ch == "?":
            raise SyntaxMistake("? has no meaning in a block; cases are written a if x > 0 else b.", span)
        if _MATHEMATICAL.match(ch):
            self.mathematical(start)
        if category.startswith("N"):
            plain = unicodedata.normalize("NFKC", ch).replace("\u2044", "/")
            fix = (f"({plain})",) if re.fullmatch(r"[0-9]/[0-9]", plain) else ()
            raise SyntaxMistake(f"Numbers are written with 0 to 9; this is {label}.", span, fix)
        if ch in _LOOK_ALIKES:
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

    def command(self) -> None:
        r"""A LaTeX command: what it typesets."""
        start = self.pos
        match = re.compile(r"\\(operatorname\*|[A-Za-z]+|.|\n)", re.S).match(self.text, self.pos, self.stop)
        if match is None:
            raise SyntaxMistake("A LaTeX command is expected after \\.", Span(start, start + 1))
        name = match[1].rstrip("*") or "*"
        self.pos = match.end()
        if name in ("label", "tag") and self.peek() == "{":
            self.pos = self.closing_brace() + 1
        elif name in _COMMAND_OPERATORS:
            op = _COMMAND_OPERATORS[name]
            kind = "cmd" if op in "ΣΠ" else "word" if op in ("and", "or", "not") else "op"
            if op in "[":
                self.open.append(("[", start))
            elif op == "]" and self.open:
                self.open.pop()
            self.emit(kind, op, start, self.pos)
            if kind == "cmd" and (limits := _LIMITS.match(self.text, self.pos, self.stop)):
                self.pos = limits.end()
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
            elif self.tokens and self.tokens[-1].kind == "nl":
                self.gap = True
            else:
                self.emit("nl", "\\\\", start, self.pos)
        elif name == "{" and (match := _LEFT_BRACE.match(self.text, self.pos, self.stop)):
            self.pos = match.start(1)
            self.environment("begin", start, cases=True)
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
            self.single_letters(2)
        elif name == "sqrt":
            self.emit("cmd", "sqrt", start, self.pos, command=True)
            self.single_letters(1)
        elif name in _FONTS:
            self.font(name, start)
        elif name in _ACCENTS:
            self.accent(name, start)
        elif name in _DELIMITED:
            self.delimiter(name, start)
        elif name in ("top", "intercal"):
            self.emit("word", "T", start, self.pos, whole=True, command=True)
        elif name in ("partial", "nabla"):
            raise SyntaxMistake("Derivatives are what jacmagic finds; write only the function.", Span(start, self.pos))
        elif re.fullmatch(r"[A-Za-z]", name):
            raise SyntaxMistake(
                f"\\{name} is no LaTeX command, and \\ divides nothing: the solution of A x = b is not found here.",
                Span(start, self.pos), (name,) if not self.tokens or self.tokens[-1].kind == "op" else (),
            )
        elif re.fullmatch(r"[A-Za-z]+", name):
            self.word(name, start, whole=True, command=True)
        else:
            raise SyntaxMistake(f"The LaTeX command \\{name} has no meaning in a block.", Span(start, self.pos))

    def single_letters(self, count: int) -> None:
        r"""After \frac and \sqrt, LaTeX takes one digit or letter a time: \frac12, \frac xy."""
        for _ in range(count):
            match = re.compile(r"\s*([0-9]|[A-Za-z](?!_))").match(self.text, self.pos, self.stop)
            if not match:
                return
            self.pos = match.end()
            self.emit("num" if match[1].isdigit() else "word", match[1], match.start(1), match.end(1), whole=True)

    def font(self, name: str, start: int) -> None:
        space = re.compile(r"\s*").match(self.text, self.pos, self.stop)
        self.pos = space.end() if space else self.pos
        if self.peek() != "{":
            return
        close = self.closing_brace()
        inside = self.text[self.pos + 1 : close].replace("\\_", "_").strip()
        joined = "".join(inside.split())
        if re.fullmatch(r"[A-Za-z](?:\s+[A-Za-z0-9])+", inside) and (name == "operatorname" or joined in SPELLINGS):
            inside = joined  # \operatorname { c o s }
        if name == "mathbb" and inside == "R":
            self.pos = close + 1
            self.emit("word", "R", start, self.pos, whole=True)
        elif inside in ("if", "else", "otherwise", "for", "when", "and", "or", "not", "in", "where"):
            self.pos = close + 1
            self.gap = True
            self.emit("word", inside, start, self.pos, command=True)
            self.gap = True
        elif name == "mathbf" and inside == "1" and not _INDICATED.match(self.text, close + 1):
            self.pos = close + 1
            self.emit("word", ONES, start, self.pos, whole=True, command=True)
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
            inner = self.inner(self.pos + 1, close)[:-1]
            self.pos = close + 1
            if inner:
                self.tokens.append(replace(inner[0], gap=self.gap or inner[0].gap))
                self.tokens.extend(inner[1:])
                self.gap = False

    def accent(self, name: str, start: int) -> None:
        while self.peek().isspace() and self.peek():
            self.pos += 1
        if self.peek() == "{":
            close = self.closing_brace()
            match = _ACCENTED.fullmatch(self.text[self.pos + 1 : close].strip())
            after = close + 1
        else:
            one = re.compile(r"([A-Za-zα-ωΑ-Ω])(?P<index>(?!))?|(?:\\[A-Za-z]+)")
            match = one.match(self.text, self.pos, self.stop)
            after = match.end() if match else self.pos
        if not match:
            raise SyntaxMistake("One letter is expected under this accent.", Span(start, max(after, self.pos)))
        letter = (match[1] or match[0]).lstrip("\\")
        letter = _greek(letter) or letter if len(letter) == 1 else _VARIANTS.get(letter, letter)
        self.pos = after
        if match["index"]:  # \dot{x_1}: the index stands under the accent, too
            text, index = f"{letter}_{_ACCENTS[name]}", match["index"]
            self.emit("word", text, start, self.pos, index=index, whole=True, command=True)
            return
        self.word(f"{letter}_{_ACCENTS[name]}", start, whole=True, command=True)

    def environment(self, which: str, start: int, cases: bool = False) -> None:
        """Where an environment begins or ends; `cases` behind \\left\\{. Around whole statements it is only layout."""
        match = re.compile(r"\s*\{([A-Za-z]+\*?)\}").match(self.text, self.pos, self.stop)
        if not match:
            raise SyntaxMistake(f"\\{which} needs the name of an environment.", Span(start, self.pos))
        name, self.pos = match[1], match.end()
        if name not in _MATRICES and name not in _LAYOUTS and name != "cases":
            raise SyntaxMistake(f"The LaTeX environment {name} has no meaning in a block.", Span(start, self.pos))
        if which == "begin":
            columns = re.compile(r"\s*\{[clr| ]*\}").match(self.text, self.pos, self.stop)
            self.pos = columns.end() if columns and name in ("array", "alignedat") else self.pos
            cases = cases or name == "cases"
            opens = not self.tokens or self.tokens[-1].kind == "nl" or self.tokens[-1].text == ";"
            layout = name in _LAYOUTS or (cases and opens)
            self.environments.append("" if layout else "cases" if cases else "matrix")
            if not layout:
                self.open.append(("env", start))
        elif not self.environments:
            self.environments.append("" if name in _LAYOUTS else "cases" if name == "cases" else "matrix")
        elif self.environments[-1] and self.open and self.open[-1][0] == "env":
            self.open.pop()
        kind = self.environments[-1]
        if which == "end":
            self.environments.pop()
        if kind:
            self.emit("cmd", f"{which} {kind}", start, self.pos)
        else:
            self.gap = True


# ------------------------------------------------------------------ the parser
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") | frozenset(GREEK)
_DOTTED = re.compile(r"([^_]+?)(_?)(d?)dot(?:_([A-Za-z0-9]+)|([0-9]+))?")  # xdot, x1_dot, x_ddot, x_dot_1, xdot1


def _leibniz_forms() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The derivatives in time as Leibniz writes them, one letter a token, as `_leibniz_letter` gives it."""
    time, by = r"(?:\(t\)|\{\(t\)\})?", r"(?P<by>τ|D|d[wDt])"
    for kind, two in (("equation", ""), ("second", r"(?:s|\^2|\^\{2\})")):
        name = r"(?:(?P<glued>D)|d(?P<apart>[wD]))" if kind == "equation" else rf"d{two}(?P<apart>[wD])"
        operand = r"(?P<apart>[wD])"
        for form in (
            rf"F\{{{name}{time}\}}\{{{by}{two}\}}", rf"{name}{time}/{by}{two}",
            rf"F\{{d{two}\}}\{{{by}{two}\}}{operand}{time}", rf"d{two}/{by}{two}{operand}{time}",
        ):
            yield kind, re.compile(form)


_LEIBNIZ = tuple(_leibniz_forms())


def _leibniz_letter(token: Token) -> str:
    """One letter a token: d, τ for dt, t, D for dx, w for any other word, o and O for dot and ddot, F for \\frac."""
    if token.kind == "word":
        if token.index is None and token.text in _LEIBNIZ_WORDS:
            return _LEIBNIZ_WORDS[token.text]
        return "D" if re.match(r"d[^\W\d_]", token.text) else "w"
    if token.kind in ("cmd", "sup", "num"):
        return {"frac": "F", "2": "s" if token.kind == "sup" else "2"}.get(token.text, "?")
    return token.text if token.kind == "op" and len(token.text) == 1 else "?"


_LONGEST_RATE = 24
"""Tokens that are looked at behind a comma for `dx/dt =` in any spelling."""

_ANOTHER = re.compile(
    rf"(?:[wDdτtoO](?:'*(?:\(t\))?|[oO])|{'|'.join(re.sub(r'[?]P<.*?>', '?:', f.pattern) for _, f in _LEIBNIZ)})="
)
"""What stands behind the comma of `x' = y, y' = -x`."""

_LEIBNIZ_WORDS = {"d": "d", "dt": "τ", "t": "t", "dot": "o", "ddot": "O"}


def undotted(word: Word) -> tuple[Word, int] | None:
    """x and 1 of x_dot, ẋ and xdot, x and 2 of x_ddot; None for any other word."""
    match = _DOTTED.fullmatch(word.typed)
    if match is None or not (match[2] or match[1].rstrip("0123456789") in _LETTERS):
        return None
    return Word(word.span, match[1], match[4] or match[5], (), True, word.command), 1 + len(match[3])


_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_CONTRARY = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_PLAIN_NUMBER = re.compile(r"[-−]?(?:[0-9]{1,15}\.?[0-9]{0,15}|\.[0-9]{1,15})")
_RELATIONS, _SUMS, _PRODUCTS = (signs(level) for level in (Level.RELATION, Level.SUM, Level.PRODUCT))


class Parser:
    """Tokens of one statement to syntax, one method a level of precedence."""

    def __init__(self, text: str, tokens: Sequence[Token], not_roles: frozenset[str] | set[str] = frozenset()) -> None:
        self.text = text
        self.tokens = list(tokens)
        self.not_roles = not_roles  # role words that are names of the block
        self.at = 0
        self.bars: list[int] = []  # where the open bars stand; inside a bracket, those around it
        self.depth = 0
        self.typeset = False  # in a condition of LaTeX's cases, where = and ≠ compare
        self.brackets: list[Token] = []
        self.dotted: Word | None = None  # x_dot, where that stands before =

    # -------------------------------------------------------------- tools
    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    @property
    def here(self) -> Span:
        """Where an error points: the token that is due, or the last one where the line ends."""
        return self.tokens[max(self.at - 1, 0)].span if self.now.kind == "end" else self.now.span

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
                f"This is nested more than {MAX_NESTING} deep; name an inner part on a line of its own.", self.here
            )

    def fail(self, expected: str) -> SyntaxMistake:
        """What to say where an operand or a word is due and something else stands."""
        token = self.now
        if self.brackets and (token.kind == "end" or (token.kind == "op" and token.text == "=")):
            return self.equals_inside() or SyntaxMistake("This bracket is never closed.", self.brackets[-1].span)
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
        if token.text == ":" and self.brackets and self.brackets[-1].text == "[":
            return SyntaxMistake(
                "Whole rows and columns are not taken with a colon; write a family, as in [W[1,j] for j = 1..3].",
                token.span,
            )
        if token.text == "&" and self.in_condition():
            begin = len(self.text[: token.span.start].rstrip("&"))  # the first of && lines up rows
            return SyntaxMistake("A condition joins with and, or, not.", Span(begin, token.span.stop), (" and ",))
        if token.text == "!" and self.in_condition():
            return SyntaxMistake("A condition joins with and, or, not.", token.span, ("not ",))
        if token.text == "_":
            return SyntaxMistake("An index has no place here: one index a name, with no gap before it.", token.span)
        return SyntaxMistake(f"{expected[0].upper()}{expected[1:]} is expected here, not {shown}.", token.span)

    # -------------------------------------------------------------- expressions
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
        if "!=" in relations:  # as LaTeX typesets it
            parts: list[Raw] = []
            for a, sign, b in zip(operands, relations, operands[1:]):
                span = a.span.to(b.span)
                one = Relation(span, (a, b), ("==" if sign == "!=" else sign,))
                parts.append(Boolean(span, "not", (one,)) if sign == "!=" else one)
            return parts[0] if len(parts) == 1 else Boolean(self.span_from(start), "and", tuple(parts))
        return Relation(self.span_from(start), tuple(operands), tuple(relations))

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

    def in_condition(self) -> bool:
        before = self.tokens[: self.at]
        return self.typeset or any(t.kind == "word" and t.text in ("if", "and", "or", "not") for t in before)

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
        while post := self.post(atom, posts):
            posts.append(post)
        if isinstance(atom, Bars) and atom.double and not atom.order and posts and self.is_op("_"):
            atom = replace(atom, order=self.norm_order())  # ||x||^2_2
        return Item(self.span_from(start), operator, negative, gap, atom, tuple(posts))

    def degree_sign(self) -> bool:
        r"""Take the rest of 30^\circ or 30^{\circ}, where it stands here."""
        signs = self.tokens[self.at : self.at + 3]
        for count, shape in ((1, [".*"]), (3, ["{", ".*", "}"])):
            here = signs[:count]
            typed = self.text[here[0].span.start : here[-1].span.stop]
            if [token.text for token in here] == shape and "\\circ" in typed:
                self.at += count
                return True
        return False

    def line_start(self, at: int) -> int:
        """Where the line of an offset begins, or the statement, where that goes over several lines."""
        return min(self.text.rfind("\n", 0, at) + 1, self.tokens[0].span.start)

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

    def post(self, atom: Raw, before: list[Post]) -> Post | None:
        token = self.now
        start = token.span.start
        if token.kind == "sup":
            self.next()
            return Post(token.span, "T") if token.text == "T" else Post(token.span, "^", (self.superscript(token),))
        if token.kind != "op":
            return None
        if token.text == "°":
            self.next()
            return Post(token.span, "°")
        if token.text in ("^", ".^"):
            self.next()
            if self.degree_sign():
                return Post(self.span_from(start), "°")
            if self.is_op("{") and self.tokens[self.at + 1].text == ".*" and self.tokens[self.at + 1].kind == "op":
                self.brackets.append(self.next())  # x^{\odot 2}: entry by entry
                self.next()
                value = self.sum()
                if not self.is_op("}"):
                    raise self.fail("}")
                self.next()
                self.brackets.pop()
                return Post(self.span_from(start), ".^", (value,))
            value, clear = self.exponent()
            inner = self.unwrapped(value) if isinstance(value, Group) and value.bracket == "{" else value
            if isinstance(inner, Word) and inner.text == "T" and inner.index is None and token.text == "^":
                return Post(self.span_from(start), "T", () if inner.command else (inner,), clear)
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
                digits = self.next()
                return Post(self.span_from(start), "[", (Num(digits.span, digits.text),))
            raise self.fail("an index")
        if token.text == "." and self.tokens[self.at + 1].kind == "word" and self.tokens[self.at + 1].text == "T":
            self.next()
            self.next()
            return Post(self.span_from(start), "T")
        if token.text == "'":
            self.next()
            return Post(token.span, "'")
        if token.text == "!":
            raise SyntaxMistake("Factorials are not part of the language.", token.span)
        return None

    @staticmethod
    def alone(raw: Raw) -> Word | Group | None:
        r"""The word that is all of {\rm sin} or {t}, the bracket that is all of {\left(x, y \right)}."""
        if not isinstance(raw, Group) or raw.bracket != "{" or not len(raw.rows) == len(raw.rows[0]) == 1:
            return None
        inner = raw.rows[0][0]
        if isinstance(inner, Run) and len(inner.items) == 1 and not (inner.items[0].posts or inner.items[0].negative):
            inner = inner.items[0].atom
        return inner if isinstance(inner, Word) or (isinstance(inner, Group) and inner.bracket == "(") else None

    @staticmethod
    def unwrapped(raw: Raw) -> Raw:
        """What stands in brackets, without them."""
        while True:
            if isinstance(raw, Run) and len(raw.items) == 1 and not raw.items[0].posts and not raw.items[0].negative:
                raw = raw.items[0].atom
            elif isinstance(raw, Group) and raw.bracket in "({" and len(raw.rows) == len(raw.rows[0]) == 1:
                raw = raw.rows[0][0]
            else:
                return raw

    def superscript(self, token: Token) -> Raw:
        text = token.text
        if not re.fullmatch(r"[+-]?(?:[0-9]+|[a-z]|[0-9]+[a-z])|\([^()]*\)", text):
            raise SyntaxMistake("This superscript does not read as an exponent.", token.span, ())
        tokens = [Token(t.kind, t.text, token.span, t.gap, t.index) for t in Lexer(text).run()]
        return Parser(self.text, tokens).expression()

    def exponent(self) -> tuple[Raw, bool]:
        """One signed factor behind ^, and whether it is clear where it ends."""
        start = self.now.span.start
        sign = 1
        while self.is_op("+", "-"):
            sign = -sign if self.next().text == "-" else sign
        bracketed = self.is_op("(", "[", "{")  # which counts itself
        if not bracketed:
            self.deeper()
        token = self.now
        if token.kind == "num":
            self.next()
            value: Raw = Num(token.span, token.text)
            clear = False
        elif token.kind == "word" and token.text not in KEYWORDS:
            value = self.word_atom()
            clear = token.command and token.text == "T"
            if self.is_op("[") and not self.now.gap and token.text != "T":
                index = self.post(value, [])
                assert index is not None
                clear = True
                span = self.span_from(token.span.start)
                value = Run(span, (Item(span, "", False, False, value, (index,)),))
            primes: list[Post] = []
            while self.is_op("'") and (prime := self.post(value, [])) is not None:
                primes.append(prime)
            if primes:
                span = self.span_from(token.span.start)
                value = Run(span, (Item(span, "", False, False, value, tuple(primes)),))
        elif self.is_op("(", "{", "[", "|", "||") or token.kind == "cmd":
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
        if not bracketed:
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
        if token.kind == "op":
            if token.text in ("(", "[", "{"):
                group = self.bracketed()
                within = self.alone(group)
                return within if isinstance(within, Group) else group
            if token.text == "_" and self.at and self.tokens[self.at - 1].text == "1":
                self.next()  # the condition of an indicator as its index: 1_{x > 0}
                group = self.bracketed()
                inner = self.unwrapped(group)
                return Group(group.span, "1", ((inner,),))
            if token.text in ("|", "||"):
                return self.bar_atom()
            if token.text in ("√", "∛"):
                self.next()
                return Root(token.span, "sqrt" if token.text == "√" else "cbrt")
            if token.text == "∞":
                raise SyntaxMistake("∞ is not a number to calculate with.", token.span)
            if token.text in (".*", "./", "*", "/", "·", "×", ".^", "^"):
                raise SyntaxMistake(
                    f"Something to multiply, divide or raise is expected before "
                    f"{self.text[token.span.start : token.span.stop]}.", token.span,
                )
        if self.is_word("if"):
            raise SyntaxMistake("The value stands before its condition: a if x > 0 else b.", token.span)
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
            if not parts and not names_something(token.index or ""):
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
            self.bars = bars[:1]  # bars inside brackets inside bars are nested bars
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

    def unfinished(self, opener: Token) -> SyntaxMistake:
        if self.is_op("|", "||"):
            return SyntaxMistake("This bar has no partner inside the bracket.", self.here)
        if self.now.kind == "end":
            return self.equals_inside() or SyntaxMistake("This bracket is never closed.", opener.span)
        return self.fail("a comma or a closing bracket")

    def equals_inside(self) -> SyntaxMistake | None:
        """What to say of = inside a bracket that is closed: sum(k x, k = 0..5), g(x, y = 2)."""
        start = self.brackets[-1].span.start
        depth = 0
        for at in range(start, len(self.text)):
            depth += (self.text[at] in "([{") - (self.text[at] in ")]}")
            if depth == 0:
                break
        else:
            return None
        inside = self.text[start + 1 : at]
        listed = re.fullmatch(r"(.*?)(\s+for\s.*?)?,\s*(\w+)\s*=\s*([^,=]+\.\.[^,=]+)", inside, re.S)
        equals = re.search(r"(?<![<>=!])=(?!=)", inside)
        if listed and listed[2] is None:
            return SyntaxMistake(
                "The index of a family stands behind for.", Span(start + 1, at),
                (f"{listed[1]} for {listed[3]} = {listed[4]}",),
            )
        if listed:
            word = re.search(r"(sum|prod)$", self.text[:start])
            span = Span(word.start() if word else start, at + 1)
            head = word[1] if word else ""
            ends = self.text[start], self.text[at]
            inner = f"{head}{ends[0]}{listed[1]} for {listed[3]} = {listed[4]}{ends[1]}"
            return SyntaxMistake(
                "One for a bracket; a second index has a bracket of its own.", span,
                (f"{head}{ends[0]}{inner}{listed[2]}{ends[1]}",),
            )
        if equals is None or "\n" in inside:
            return None
        where = start + 1 + equals.start()
        return SyntaxMistake(
            "= has no place inside a bracket; a value has a line of its own, as in y = 2, and a comparison is ==.",
            Span(where, where + 1),
        )

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
            listed = self.is_op(",") and self.tokens[self.at + 1].text == ".."  # 1, …, n
            if listed:
                self.next()
            if not self.is_op("..", ":"):
                raise self.fail(".. and the last index")
            colon = self.next().text == ":"
            if listed and self.is_op(","):
                self.next()
            last = self.sum()
            if colon:
                ends = [self.text[one.span.start : one.span.stop] for one in (first, last)]
                raise SyntaxMistake(
                    "The bounds of a family are written with two points.", first.span.to(last.span), ("..".join(ends),)
                )
            body = For(self.span_from(start), body, index, first, last)
            if self.is_word("for"):
                raise SyntaxMistake("One for a bracket; nest brackets for a second index.", self.here)
        return body

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

    def mismatched_bars(self, at: int) -> JacmagicError:
        """Bars that do not pair up one way only, from the first to the fourth of them, and what to write."""
        def is_bar(token: Token) -> bool:
            return token.kind == "op" and token.text in ("|", "||")

        first = self.bars[0] if self.bars else next(k for k, t in enumerate(self.tokens) if is_bar(t))
        places: list[Span] = []
        for token in self.tokens[first:]:
            if is_bar(token):
                start, stop = token.span
                half = (start + stop) // 2 if stop - start == 2 else stop
                places += [Span(start, half), Span(half, stop)] if token.text == "||" else [token.span]
        if len(places) < 4 or len(places) % 2:
            return SyntaxMistake("This bar has no partner.", self.tokens[at].span)
        span = places[0].to(places[3])
        a, b, c = (self.text[p.stop : q.start] for p, q in pairwise(places[:4]))
        unbalanced = any(part.count(o) != part.count(k) for part in (a, b, c) for o, k in ("()", "[]", "{}"))
        if unbalanced or not (a + b).strip() or not (b + c).strip():
            return SyntaxMistake("Bars inside bars: write abs( ) or norm( ) for one pair.", span)
        if b.isspace():  # |a| |c| reads well where an operand ends a
            return SyntaxMistake("A number, a name or a bracket is expected here, not |.", places[1])
        if not b:
            return AmbiguousMath(
                f"{self.text[span.start : span.stop]} can be read in two ways.", span,
                (f"|{a}| |{c}|", f"abs({a})*abs({c})"),
            )
        return SyntaxMistake(
            "Bars inside bars: write abs( ) or norm( ) for one pair.", span, (f"|{a}abs({b.strip()}){c}|",)
        )

    def norm_order(self) -> str:
        """The index of a norm, behind its bars."""
        self.next()
        token = self.next()
        if token.text == "{":
            token = self.next()
            if not self.is_op("}"):
                raise self.fail("}")
            self.next()
        order = {"∞": "oo", "infty": "oo", "inf": "oo"}.get(token.text, token.text)
        if order not in ("1", "2", "oo", "F"):
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
        first = last = index = None
        for _ in range(2):
            if self.is_op("_") and first is None:
                self.next()
                if not self.is_op("{"):
                    raise SyntaxMistake("A sum needs its bounds: \\sum_{i=1}^{n}.", token.span)
                self.brackets.append(self.next())
                if self.now.kind != "word":
                    raise self.fail("the name of an index")
                index = self.word_atom()
                if not self.is_op("="):
                    raise SyntaxMistake("A sum needs its bounds: \\sum_{i=1}^{n}.", token.span)
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
        if otherwise is None and len(branches) > 1 and self.exhaustive([condition for _, condition in branches]):
            otherwise = branches.pop()[0]
        if otherwise is None or not branches:
            last = branches[-1][1].span if branches else span
            raise SyntaxMistake(
                "The last case says what holds otherwise.", last, ("\\text{otherwise}",) if len(branches) > 1 else ()
            )
        return Cases(span, tuple(branches), otherwise)

    def exhaustive(self, conditions: Sequence[Raw]) -> bool:
        """True where comparisons of one thing with numbers, or one with its contrary, leave nothing out."""
        pieces: list[tuple[str, str, str]] = []  # what is compared, how, with what; a condition ends in ("", "", "")
        for condition in conditions:
            denied = isinstance(condition, Boolean) and condition.operator == "not"
            if isinstance(condition, Boolean) and denied:
                condition = condition.operands[0]
            if not isinstance(condition, Relation) or denied and len(condition.relations) > 1:
                return False
            shown = ["".join(self.text[o.span.start : o.span.stop].split()) for o in condition.operands]
            for left, relation, right in zip(shown, condition.relations, shown[1:]):
                relation = _CONTRARY[relation] if denied else relation
                flip = bool(_PLAIN_NUMBER.fullmatch(left)) and not _PLAIN_NUMBER.fullmatch(right)
                pieces.append((right, _MIRRORED.get(relation, relation), left) if flip else (left, relation, right))
            pieces.append(("", "", ""))
        compared = [piece for piece in pieces if piece[0]]
        if len(compared) == len(conditions) == 2 and compared[0][::2] == compared[1][::2]:
            return _CONTRARY[compared[0][1]] == compared[1][1]
        if len({left for left, _, _ in compared}) != 1:
            return False
        if not all(_PLAIN_NUMBER.fullmatch(right) for _, _, right in compared):
            return False
        bounds = sorted({float(right.replace("−", "-")) for _, _, right in compared})
        probes = [bounds[0] - 1, bounds[-1] + 1, *bounds, *((a + b) / 2 for a, b in pairwise(bounds))]
        holds = {
            "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "==": float.__eq__,
            "!=": float.__ne__,
        }
        for probe in probes:
            met, every = False, True
            for left, relation, right in pieces:
                if left:
                    every = every and holds[relation](probe, float(right.replace("−", "-")))
                else:
                    met, every = met or every, True
            if not met:
                return False
        return True

    # -------------------------------------------------------------- statements
    def statement(self) -> Statement:
        if (role := role_of(self.tokens)) is not None and role.text not in self.not_roles:
            return self.with_role(role)
        start, stop = self.now.span.start, self.tokens[-2].span.stop
        if any(t.kind == "op" and t.text == "->" for t in self.tokens):
            return self.net(start)
        equals = self.top_level("=", ":=")
        if equals is not None and self.tokens[equals].text == ":=":
            raise SyntaxMistake("A definition is written with =.", self.tokens[equals].span, ("=",))
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
        kind, name, params = self.left_side(equals)
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
        size, range_ = None, None
        if self.is_op("∈") or self.is_word("in"):
            self.next()
            size, range_ = self.belonging()
        self.finish()
        span = Span(start, stop)
        if kind == "define" and expr is not None:
            self.check_range(name, expr)
        if kind == "define" and expr is not None and self.is_time(name, expr):
            kind = "time"
        return Statement(span, kind, (name,), params, expr, python, size, range_, dotted=dotted)

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
        left = self.text[name.span.start : name.span.stop]
        meant = f"{left} = {match[1]} in {match[2]}{match[5] or ''}"
        product = () if match[5] else (f"{left} = {match[1]}*{match[2]}",)
        raise AmbiguousMath(
            f"{shown} can be a value with the range of its slider, or a product.", name.span.to(expr.span),
            (meant, *product),
        )

    def is_time(self, name: Word, expr: Raw) -> bool:
        """x = x(t), which says nothing but that x changes in time."""
        shown = re.sub(r"\s|\\left|\\right|[{}]", "", self.text[expr.span.start : expr.span.stop])
        return shown == re.sub(r"[\s{}]", "", self.text[name.span.start : name.span.stop]) + "(t)"

    def with_role(self, role: Token) -> Statement:
        """`x in R^2 input`, `λ = 0.1 fixed`, or `m, β fixed`, whose names have a role alone."""
        start = self.now.span.start
        del self.tokens[-2]
        word, span = Word(role.span, role.text), Span(start, role.span.stop)
        if states_more(self.tokens):
            return replace(self.statement(), span=span, role=word)
        names = self.name_list(self.join_differences(len(self.tokens) - 1))
        return Statement(span, "declare", names, role=word)

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

    def top_level(self, *texts: str) -> int | None:
        return next((k for k, t in self.outside() if t.kind == "op" and t.text in texts), None)

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

    def left_side(self, equals: int) -> tuple[str, Word, tuple[Word, ...]]:
        """What stands before =: a name, a function with its arguments, or a derivative x'."""
        equals = self.join_differences(self.without_braces(equals))
        tokens = self.tokens[:equals]
        if not tokens:
            raise SyntaxMistake("A name is expected before =.", self.here)
        whole = tokens[0].span.to(tokens[-1].span)
        shape = "".join(t.text if t.kind == "op" else {"word": "w", "cmd": "c"}.get(t.kind, "?") for t in tokens)
        if (rate := self.rate(tokens)) is not None:
            kind, name, self.dotted = rate
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
        if re.fullmatch(r"w'+\(w\)", shape):
            prime = self.text[whole.start : tokens[-4].span.stop]
            fix = f"{prime.rstrip(chr(39) + '′’')}({self.text[tokens[-2].span.start : tokens[-2].span.stop]})"
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
        numbered = re.fullmatch(r"(\w+)\s*\^\{\s*[([](\w)[)\]]\s*\}", self.text[whole.start : whole.stop])
        fixes = (f"{numbered[1]}_{numbered[2]}",) if numbered else ()
        raise SyntaxMistake("One name, or a function such as f(x, y), is expected before =.", whole, fixes)

    def rate(self, tokens: Sequence[Token]) -> tuple[str, Word, Word | None] | None:
        """The kind and name of a derivative in time before =: x', x''(t), ẋ, x_dot, dx/dt, d/dt x, d²x/dt².

        The third is x_dot itself, where the block may have a name of that spelling.
        """
        shape = "".join(map(_leibniz_letter, tokens))
        whole = tokens[0].span.to(tokens[-1].span)
        for kind, form in _LEIBNIZ:
            if match := form.fullmatch(shape):
                glued = match.groupdict().get("glued") is not None
                token, by = tokens[match.start("glued" if glued else "apart")], tokens[match.start("by")]
                text = token.text[1:] if glued else token.text
                word = Word(whole, _VARIANTS.get(text, text), token.index, (), token.whole)
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

    def belonging(self) -> tuple[Size | None, Range | None]:
        """What follows `in`: R^n, R^(m x n), or [low, high] with an optional step."""
        start = self.now.span.start
        if self.is_word("R"):
            self.next()
            return self.size(start), None
        if not self.is_op("["):
            raise SyntaxMistake("in is followed by R, R^3, R^(2x3) or a range [0, 5].", self.here)
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
        if self.top_level("=", ":=") is not None:
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
        if self.now.kind == "end":
            return
        token = self.now
        if token.text == "," and token.kind == "op":
            before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
            if before.kind == "num" and after.kind == "num" and not token.gap and not after.gap:
                span = before.span.to(after.span)
                fixes = [f"{before.text}.{after.text}"]
                if len(before.text) < 4 and len(after.text) == 3:
                    fixes.append(before.text + after.text)
                raise SyntaxMistake("Decimals are written with a point.", span, fixes)
            if after.kind == "end":
                raise SyntaxMistake("The comma at the end of this line stands before nothing; delete it.", token.span)
            if any(t.kind == "op" and t.text == ":" for t in self.tokens[self.at :]):
                raise SyntaxMistake("A function is written f(x, y) = x y, without a colon.", token.span)
            listed = self.right_side()
            inside = self.text[listed.start : listed.stop]
            if self.tokens[1].text == "=" and re.fullmatch(r"[-−]?[0-9.]+\s*,\s*\[[^][;]*,[^][;]*\]", inside):
                fix = re.sub(r"\s*,\s*\[", " in [", inside, count=1)
                raise SyntaxMistake("The range of a slider stands behind in.", listed, (fix,))
            if "=" not in inside and "\n" not in inside and not re.search(r"\bin\b|∈|\\", inside):
                raise SyntaxMistake("Several entries stand in brackets.", listed, (f"[{inside}]",))
            raise SyntaxMistake("A comma separates statements only before a new name = …", token.span)
        if token.text == "." and token.kind == "op":
            raise SyntaxMistake("A dot joins nothing; the inner product is u · v, a product is u v.", token.span)
        if token.text == ":":
            raise SyntaxMistake("A colon has no meaning here.", token.span)
        if token.kind == "word" and token.text == "for":
            span = self.right_side()
            shown = self.text[span.start : span.stop]
            balanced = shown.count("[") == shown.count("]") and shown.count("(") == shown.count(")")
            told = re.fullmatch(r"for\s+(\w+)\s*=.+\.\..+", self.text[token.span.start : span.stop])
            if not (told and balanced):
                raise SyntaxMistake("A family stands in square brackets: [i^2 for i = 1..3].", span)
            fix, head = f"[{shown}]", self.tokens[0].span
            named = re.fullmatch(rf"(.+)_(?:{told[1]}|\{{{told[1]}\}})", self.text[head.start : head.stop])
            if span.start > head.start and named:  # y_i = … for i is the vector y
                span, fix = head.to(span), f"{named[1]} = {fix}"
            raise SyntaxMistake("A family stands in square brackets.", span, (fix,))
        if token.kind == "op" and token.text in ("<", "<=", ">", ">=", "=="):
            raise SyntaxMistake("A comparison stands in a condition: a if x > 0 else b.", token.span)
        if token.kind == "word" and token.text.removesuffix("s") in ROLES:
            raise SyntaxMistake("The role of a name in a net is one word: input, weight, target or fixed.", token.span)
        raise self.fail("the end of the line or an operator")


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
        sign, command = token.text if token.kind == "op" else "", token.text if token.kind == "cmd" else ""
        opens = sign in ("(", "[", "{") or command.startswith("begin")
        closes = sign in (")", "]", "}") or command.startswith("end ")
        depth = depth + 1 if opens else max(0, depth - 1) if closes else depth
        ends = token.kind in ("nl", "end") or (depth == 0 and token.kind == "op" and token.text == ";")
        if not ends and depth == 0 and token.kind == "op" and token.text == "," and k + 2 < len(tokens):
            ends = another(current, tokens[k + 1 : k + _LONGEST_RATE])
        if depth == 0 and token.kind == "op" and token.text == "&" and aligns(current, tokens[k + 1]):
            continue
        broken = bool(current) and (current[-1].kind, current[-1].text) == ("op", "=")
        if token.kind == "nl" and (broken or continues(tokens, k)):
            continue
        if ends:
            if current:
                yield [*current, Token("end", "", Span(current[-1].span.stop, current[-1].span.stop))]
            current = []
        else:
            current.append(token)


def states_more(tokens: Sequence[Token]) -> bool:
    """True where a line says more of its names than their role: it has an = or an `in`."""
    return any((t.kind, t.text) in (("op", "="), ("op", ":="), ("op", "∈"), ("word", "in")) for t in tokens)


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
    at = next(k for k, t in enumerate(tokens) if t.text in ("=", ":="))
    known = all(t.kind != "word" or t.text in CONSTANTS or t.text in SPELLINGS for t in tokens[at + 1 : -2])
    return role if known else None


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
    if after[0].kind not in ("word", "cmd"):
        return False
    if _ANOTHER.match("".join(map(_leibniz_letter, after))):
        return any(t.kind == "op" and t.text == "=" for t in before)
    sign = after[1]
    if not (sign.kind == "op" and sign.text == "∈" or sign.kind == "word" and sign.text == "in"):
        return False
    return not any(t.kind == "op" and t.text == "=" for t in before) and any(t.text in ("in", "∈") for t in before)


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
    for tokens in lines:
        if typeset and len(tokens) > 2 and tokens[-2].kind == "op" and tokens[-2].text in (",", "."):
            del tokens[-2]  # what ends a display
        check_modules(text, tokens)
        if len(found) == MAX_STATEMENTS:
            raise LimitError(f"A block has at most {MAX_STATEMENTS:,} statements; use a family.", tokens[0].span)
        statement = Parser(text, tokens, set() if net else names).statement()
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
    for before, dot, after in zip(tokens, tokens[1:], tokens[2:]):
        if dot.text == "." and before.kind == after.kind == "word" and after.text != "T" and not (dot.gap or after.gap):
            span, behind = before.span.to(after.span), text[after.span.stop :]
            name, known = text[after.span.start : after.span.stop], after.text in SPELLINGS
            if before.text in MODULES and name in {*OF_LOGITS, "cross_entropy"}:  # PyTorch's own is of logits, too
                raise of_logits(text, Span(before.span.start, after.span.stop), name)
            if before.text in MODULES:
                raise SyntaxMistake("Functions stand without a module before them.", span, (name,) if known else ())
            if behind.startswith("()"):
                span = Span(span.start, span.stop + 2)
                fix = f"{name}({text[before.span.start : before.span.stop]})"
                raise SyntaxMistake("A function stands before its argument.", span, (fix,) if known else ())
            raise SyntaxMistake("A name has no dot in it.", span)


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
            names.append(Word(token.span, token.text, token.index, (), token.whole, token.command))
        elif not (token.kind in ("end", "nl") or token.kind == "op" and token.text == ","):
            raise SyntaxMistake("Names of variables are expected here, separated by commas.", token.span)
    if not names and text.strip(" ,") != text.strip():
        raise SyntaxMistake("Names of variables are expected here, separated by commas.", Span(0, len(text)))
    return tuple(names)
