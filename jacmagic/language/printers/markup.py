"""MathML of a tree, for the panel and for saved pages.

A name is one element with `data-name`, so that the page finds it by node: to colour
it, to link it, to put its number there. Where a number in its place needs brackets,
the element has `data-tight` too. The element of a raised name with an index is one
`msubsup`; its third part, the exponent, is no part of the name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape

from jacmagic.errors import Span
from jacmagic.functions import CONSTANTS, FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.language.precedence import OPERATORS, Level
from jacmagic.language.printers.typeset import Typeset
from jacmagic.language.printers.writer import FENCED, Piece, name_of, named_call
from jacmagic.names import greek

_THIN = '<mspace width="0.167em"/>'
_TALL = ("mfrac", "mtable", "msqrt", "mroot", "mover", "munder")
_WIDE = '<mspace width="1em"/>'
_SYMBOLS = {
    "partial": "<mo>∂</mo>", "d": "<mi>d</mi>", "nabla": "<mo>∇</mo>", "top": "<mo>⊤</mo>", "infinity": "<mi>∞</mi>",
    "one": "<mn>𝟏</mn>", "identity": "<mi>I</mi>", "J": "<mi>J</mi>", "delta": "<mi>δ</mi>", "z": "<mi>z</mi>",
    "D": "<mi>D</mi>", "K": "<mi>K</mi>",
    "e": "<mi>𝐞</mi>", "reals": "<mi>ℝ</mi>", "frobenius": "<mi>F</mi>",
}
_DOTS = {"across": "⋯", "down": "⋮", "both": "⋱"}
_SIGNS = {node: row.mathml for node, row in OPERATORS.items()} | {"⊗": "⊗"}
_PRIMES = {1: "′", 2: "″", 3: "‴"}


class One(str):
    """A single element, which needs no row of its own."""


def _shown(attributes: Iterable[tuple[str, str]]) -> str:
    return "".join([f' {key.replace("_", "-")}="{escape(value)}"' for key, value in attributes])


def element(tag: str, *parts: str, **attributes: str) -> One:
    return One(f"<{tag}{_shown(attributes.items())}>{''.join(parts)}</{tag}>")


@lru_cache(maxsize=4096)
def _marked(letter: str, below: str, *marks: tuple[str, str]) -> One:
    """A name with what the page finds it by; formulas say the same names again and again."""
    if below:
        return element("msub", letter, below, **dict(marks))
    at = letter.index(">") if " " not in letter[: letter.index(">")] else letter.index(" ")
    return One(letter[:at] + _shown(marks) + letter[at:])


def one(inner: str) -> One:
    return inner if isinstance(inner, One) else element("mrow", inner)


def operator(sign: str) -> One:
    return One(f"<mo>{sign}</mo>")


class MathML(Typeset):
    """Strings of elements. `places` says by which key the page knows a name, where that is another."""

    def __init__(
        self, arrays: Collection[Span] = (), bracketed: bool = False, places: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(arrays, bracketed)
        self.places = places or {}
        self.tight_names = False
        self.flat = False

    # -------------------------------------------------------------- names
    def at(self, expr: t.Expr, level: Level) -> str:
        before, self.tight_names = self.tight_names, level > Level.PRODUCT and isinstance(expr, t.Name)
        shown = super().at(expr, level)
        self.tight_names = before
        return shown

    def free(self, expr: t.Expr) -> str:
        before, self.tight_names = self.tight_names, False
        shown = super().free(expr)
        self.tight_names = before
        return shown

    def marks(self, expr: t.Name) -> dict[str, str]:
        marks = {"data_name": self.places.get(expr.key, expr.key)}
        return marks | {"data_tight": ""} if self.tight_names else marks

    def leaf(self, expr: t.Name) -> str:
        return _marked(*name_of(expr).mathml, *self.marks(expr).items())

    def power(self, expr: t.Power) -> Piece:
        base = expr.base
        if isinstance(base, t.Name) and name_of(base).mathml[1] and not expr.entrywise:
            letter, below = name_of(base).mathml
            self.tight_names = True
            marks = self.marks(base)
            self.tight_names = False
            return element("msubsup", letter, below, one(self.free(expr.exponent)), **marks), Level.POWER
        return super().power(expr)

    # -------------------------------------------------------------- shapes
    def brackets(self, inside: str) -> str:
        return element("mrow", operator("("), inside, operator(")"))

    def turned(self, angle: str) -> str:
        return element("mrow", angle, operator("°"))

    def comma(self) -> str:
        return operator(",")

    def sign(self, node: str) -> str:
        if node in ("and", "or", "not"):
            return self.text(f"{'' if node == 'not' else ' '}{node} ")
        return operator(_SIGNS[node])

    def tight(self, relation: str) -> str:
        return self.sign(relation)

    def minus(self, inner: str) -> str:
        return One('<mo form="prefix">−</mo>') + inner

    def frac(self, above: str, below: str) -> str:
        if self.flat:
            return element("mrow", one(above), operator("/"), one(below).replace("<mo>∂", '<mo lspace="0">∂', 1))
        return element("mfrac", one(above), one(below))

    def fraction(self, expr: t.Fraction) -> Piece:
        """A quotient of derivatives has one bar, as in books: three are too small to read."""
        self.flat = all(isinstance(part, (t.Partial, t.Total)) for part in (expr.above, expr.below))
        shown = element("mfrac", one(self.free(expr.above)), one(self.free(expr.below)))
        self.flat = False
        return shown, Level.POWER

    def raised(self, base: str, exponent: str) -> str:
        return element("msup", one(base), one(exponent))

    def lowered(self, base: str, below: str) -> str:
        return element("msub", one(base), one(below))

    def root(self, inner: str, order: str = "") -> str:
        return element("mroot", one(inner), self.digits(order)) if order else element("msqrt", inner)

    def fence(self, left: str, inner: str, right: str) -> str:
        return element("mrow", operator(left), inner, operator(right))

    def grid(self, rows: Sequence[Sequence[str]]) -> str:
        return self.fence("[", element("mtable", *(self.row(cells) for cells in rows)), "]")

    @staticmethod
    def row(cells: Sequence[str], **attributes: str) -> str:
        return element("mtr", *(element("mtd", cell, **attributes) for cell in cells))

    def brace(self, rows: Sequence[tuple[str, str]]) -> str:
        table = element("mtable", *(self.row(cells, columnalign="left") for cells in rows))
        return element("mrow", operator("{"), table)

    def big(self, kind: str, below: str, above: str) -> str:
        sign = operator("∑" if kind == "sum" else "∏")
        if below and above:
            return element("munderover", sign, one(below), one(above))
        return element("munder", sign, one(below)) if below else sign

    def symbol(self, what: str) -> str:
        return One(_SYMBOLS[what])

    def digits(self, text: str) -> str:
        return One(f"<mn>{text}</mn>")

    def text(self, words: str) -> str:
        # Blanks at the ends of an element count for nothing.
        kept = words.replace(" ", "\u00a0") if words != words.strip() else words
        return One(f"<mtext>{escape(kept)}</mtext>")

    def gap(self, wide: bool = False) -> str:
        return _WIDE if wide else _THIN

    def behind(self, operator: str, body: str) -> str:
        return operator + body

    def beside(self, left: str, right: str, before: t.Expr, factor: t.Expr) -> str:
        call = before.base if isinstance(before, t.Power) else before
        bare = isinstance(call, t.Call) and call.bare and not self.bracketed
        gap = self.runs_together(before, factor) or named_call(factor) or bare
        return f"{left}{_THIN if gap else ''}{right}"

    # -------------------------------------------------------------- leaves
    def constant(self, expr: t.Constant) -> Piece:
        return One(f"<mi>{greek(expr.name) or CONSTANTS[expr.name]}</mi>"), Level.ATOM

    def component(self, expr: t.Component) -> Piece:
        base = expr.base
        parts = list(map(self.free, expr.indices))
        inner = parts[0] if len(parts) == 1 else operator(",").join(parts)
        if not isinstance(base, t.Name):
            return self.lowered(self.at(base, Level.ATOM), inner), Level.ATOM
        letter, below = name_of(base).mathml
        inner = f"{below}{operator(',')}{inner}" if below else inner
        marks = {}
        if all(isinstance(index, t.Number) for index in expr.indices):
            places = ",".join(index.text for index in expr.indices if isinstance(index, t.Number))
            marks = self.marks(t.Name(f"{base.key}[{places}]"))
        return element("msub", letter, one(inner), **marks), Level.ATOM

    def dots(self, expr: t.Dots) -> Piece:
        return operator(_DOTS[expr.direction]), Level.ATOM

    def verbatim(self, expr: t.Verbatim) -> Piece:
        return self.text(expr.plain), Level.CASES

    # -------------------------------------------------------------- functions
    def head(self, function: str) -> str:
        if function in FENCED or function not in FUNCTIONS or function == "step":
            return One(f"<mi>{function}</mi>")
        word = FUNCTIONS[function].tex.removeprefix(r"\operatorname{").removesuffix("}").replace(r"\_", "_")
        word, _, below = word.lstrip("\\").partition("_") if word.startswith("\\") else (word, "", "")
        shown = One(f"<mi>{greek(word) or word}</mi>")
        return self.lowered(shown, self.digits(below.strip("{}"))) if below else shown

    def called(self, head: str, arguments: str) -> str:
        return one(head) + self.brackets(arguments)

    def bare_call(self, head: str, argument: str) -> str:
        return f"{head}{_THIN}{argument}"

    def primed(self, head: str, order: int) -> str:
        return self.raised(head, operator(_PRIMES[order]))

    def has_double_bars(self, shown: str) -> bool:
        return "‖" in shown

    # -------------------------------------------------------------- larger forms
    def list_of(self, body: str, index: str, first: str, last: str) -> str:
        words = f"{self.text(' for ')}{index}{operator('=')}{first}{operator('…')}{last}"
        return self.fence("[", f"{body}{_THIN}{words}", "]")

    def through(self) -> str:
        return operator("…")

    def colon(self) -> str:
        return operator(":")

    def indicator(self, expr: t.Indicator) -> Piece:
        return self.symbol("one") + self.fence("[", self.free(expr.condition), "]"), Level.ATOM

    def evaluated(self, expr: t.Evaluated) -> Piece:
        bar = self.lowered('<mo stretchy="true">|</mo>', self.free(expr.place))
        return element("mrow", self.free(expr.inner), bar), Level.POWER

    def underbrace(self, expr: t.Underbrace) -> Piece:
        size = element("mrow", self.size(expr.rows), operator("×"), self.size(expr.columns))
        return element("munder", element("munder", one(self.free(expr.inner)), operator("⏟")), size), Level.ATOM

    def labelled_matrix(self, expr: t.LabelledMatrix) -> Piece:
        def grey(label: t.Expr) -> str:
            return element("mstyle", self.free(label), mathcolor="gray")

        right, middle = {"columnalign": "right"}, {"columnalign": "center"}
        rows = [
            [element("mtd", **right), *(element("mtd", grey(label), **middle) for label in expr.above)],
            *(
                [element("mtd", grey(label), **right), *(element("mtd", self.free(cell), **middle) for cell in row)]
                for label, row in zip(expr.left, expr.rows)
            ),
        ]
        lines = [element("mtr", *cells) for cells in rows]
        return element("mtable", *lines, columnlines="solid none", rowlines="solid none"), Level.ATOM


class Still(MathML):
    """For where no script of ours sets brackets, as the panel's `dom.js` does."""

    def brackets(self, inside: str) -> str:
        return self.fence("(", inside, ")")

    def fence(self, left: str, inner: str, right: str) -> str:
        # Chromium gives a bracket that may stretch the width of its largest form.
        tall = any(f"<{tag}" in inner for tag in _TALL)
        marks = {"lspace": "0em", "rspace": "0em"} | ({} if tall else {"stretchy": "false"})
        return element("mrow", element("mo", left, **marks), inner, element("mo", right, **marks))


def mathml(expr: t.Expr, arrays: Collection[Span] = (), places: Mapping[str, str] | None = None,
           kind: type[MathML] = MathML) -> str:
    """MathML of a tree. arrays as `latex` has them; places: the page's keys of names that it knows by another."""
    writer = kind(arrays, places=places)
    shown = writer.free(expr)
    if writer.mixed:
        shown = kind(arrays, True, places).free(expr)
    return f"<math>{one(shown)}</math>"


def still(expr: t.Expr, arrays: Collection[Span] = ()) -> str:
    """MathML of a tree that looks without a script as the panel's formulas do."""
    return mathml(expr, arrays, kind=Still)
