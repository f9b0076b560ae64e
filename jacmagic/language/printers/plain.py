"""A tree in one line of Unicode, in the block language itself: `2x₁ x₂² + 3x₁`."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from jacmagic.errors import Span
from jacmagic.language import tree as t
from jacmagic.language.precedence import OPERATORS, Level
from jacmagic.language.printers.writer import FENCED, Piece, Writer, digits, name_of
from jacmagic.names import name, subscript

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_PLAIN_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_DOTS = {"across": "⋯", "down": "⋮", "both": "⋱"}
_SIGNS = {node: row.text for node, row in OPERATORS.items()} | {"⊗": "⊗"}
_SYMBOLS = {"identity": "I", "one": "𝟏", "partial": "∂", "delta": "δ"}
_BIG = {"sum": "Σ", "prod": "∏"}


class Text(Writer):
    """Strings that read back in a block."""

    derived = False  # whether a side of an equation is printed that says what a derivative is

    # -------------------------------------------------------------- the spelling
    def brackets(self, inside: str) -> str:
        return f"({inside})"

    def comma(self) -> str:
        return ", "

    def sign(self, node: str) -> str:
        return f"{_SIGNS[node]} " if node == "not" else f" {_SIGNS[node]} "

    def symbol(self, what: str) -> str:
        return _SYMBOLS.get(what, what)

    def minus(self, inner: str) -> str:
        return "-" + inner

    def divide(self, above: str, below: t.Expr) -> str:
        return f"{above}/{self.at(below, Level.POWER)}"

    def touches(self, above: t.Expr, below: t.Expr) -> bool:
        numbers = isinstance(above, t.Number) and isinstance(below, t.Number)
        return numbers or isinstance(below, (t.Paren, t.Sum, t.Product, t.Negative, t.Fraction, t.Call, t.UserCall))

    def beside(self, left: str, right: str, before: t.Expr, factor: t.Expr) -> str:
        if isinstance(before, (t.Underbrace, t.Dots)) or isinstance(factor, (t.Underbrace, t.Dots)):
            return f"{left} · {right}"
        letter = factor.base if isinstance(factor, t.Power) else factor
        glued = (
            isinstance(before, t.Number) and "e" not in before.text and "…" not in before.text and "/" not in left
            and isinstance(letter, (t.Name, t.Constant, t.Component)) and right[0].isalpha() and right[0] != "e"
        )
        return f"{left}{right}" if glued else f"{left} {right}"

    # -------------------------------------------------------------- leaves
    def number(self, expr: t.Number) -> Piece:
        return digits(expr.text), Level.ATOM

    def constant(self, expr: t.Constant) -> Piece:
        return "π" if expr.name == "pi" else expr.name, Level.ATOM

    def name(self, expr: t.Name) -> Piece:
        return name_of(expr).text, Level.ATOM

    def component(self, expr: t.Component) -> Piece:
        base, first = expr.base, expr.indices[0]
        if isinstance(base, t.Name) and isinstance(first, t.Number) and len(expr.indices) == 1:
            if not name_of(base).indexed:
                return name_of(base).text + subscript(first.text), Level.ATOM
        head = self.at(base, Level.ATOM)
        if isinstance(base, t.Name):
            head = head.translate(_PLAIN_DIGITS)
        return f"{head}[{','.join(map(self.free, expr.indices))}]", Level.ATOM

    def words(self, expr: t.Words) -> Piece:
        return expr.text, Level.ATOM

    def dots(self, expr: t.Dots) -> Piece:
        return _DOTS[expr.direction], Level.ATOM

    def verbatim(self, expr: t.Verbatim) -> Piece:
        return expr.plain, Level.CASES

    # -------------------------------------------------------------- fractions and powers
    def fraction(self, expr: t.Fraction) -> Piece:
        above, below = t.inside(expr.above), t.inside(expr.below)
        parts = ((above, Level.PRODUCT), (below, Level.POWER))
        quotients = (t.Partial, t.Total)
        shown = (f"({self.free(one)})" if isinstance(one, quotients) else self.at(one, level) for one, level in parts)
        return "/".join(shown), Level.PRODUCT

    def fraction_factor(self, factor: t.Fraction, first: bool) -> str:
        numbers = isinstance(factor.above, t.Number) and isinstance(factor.below, t.Number)
        return self.fraction(factor)[0] if first and numbers else self.at(factor, Level.BARE)

    def power(self, expr: t.Power) -> Piece:
        exponent = t.inside(expr.exponent)
        whole = exponent.inner if isinstance(exponent, t.Negative) else exponent
        if isinstance(whole, t.Number) and whole.text.isdigit() and not expr.entrywise:
            shown = self.free(exponent).translate(_SUPERSCRIPTS)
        elif isinstance(exponent, (t.Number, t.Constant)) or (
            isinstance(exponent, t.Name) and exponent.key != "T" and not name_of(exponent).component
        ):
            shown = "^" + self.free(exponent)
        else:
            shown = f"^({self.free(exponent)})"
        if expr.entrywise:
            shown = "." + shown
        named = isinstance(expr.base, t.Call) and expr.base.function not in {*FENCED, "log_base"}
        if expr.on_name and isinstance(expr.base, t.Call) and named and shown[0] != "^":
            return f"{expr.base.function}{shown}({self.listed(expr.base.arguments)})", Level.POWER
        return f"{self.at(expr.base, Level.ATOM)}{shown}", Level.POWER

    def turned(self, angle: str) -> str:
        return f"{angle}°"

    def transpose(self, expr: t.Transpose) -> Piece:
        if (base := t.inverted(expr.base)) is not None:
            return f"{self.at(base, Level.ATOM)}⁻ᵀ", Level.POWER
        return f"{self.at(expr.base, Level.ATOM)}ᵀ", Level.POWER

    # -------------------------------------------------------------- functions
    def call(self, expr: t.Call) -> Piece:
        if len(expr.arguments) == 1 and expr.function in ("abs", "norm") and expr.span not in self.arrays:
            return self.bars_of(expr.arguments[0], None if expr.function == "abs" else "2"), Level.ATOM
        head = {"sqrt": "√", "cbrt": "∛", "log_base": "log"}.get(expr.function, expr.function)
        if isinstance(expr.arguments[0], t.Jacobian):
            return f"{head} {self.free(expr.arguments[0])}", Level.BARE  # det J
        return f"{head}({self.listed(expr.arguments)})", Level.ATOM

    def user_call(self, expr: t.UserCall) -> Piece:
        return f"{name(expr.key).text}({self.listed(expr.arguments)})", Level.ATOM

    def slope(self, expr: t.Slope) -> Piece:
        call = expr.call
        assert isinstance(call, (t.Call, t.UserCall))
        head = call.function if isinstance(call, t.Call) else name(call.key).text
        return f"{head}{chr(39) * expr.order}({self.listed(call.arguments)})", Level.ATOM

    def diag(self, expr: t.Diag) -> Piece:
        return f"diag({self.free(expr.inner)})", Level.ATOM

    def bars_of(self, inner: t.Expr, order: str | None) -> str:
        nested = self.bars > 0
        self.bars += 1
        shown = self.free(inner)
        self.bars -= 1
        if order in (None, "2") and (nested or "‖" in shown):
            return f"{'norm' if order else 'abs'}({shown})"
        if order is None:
            return f"|{shown}|"
        return f"‖{shown}‖" + ("" if order == "2" else "_" + order.replace("oo", "∞"))

    # -------------------------------------------------------------- vectors, families, cases
    def vector(self, expr: t.Vector) -> Piece:
        return f"[{'; '.join(map(self.free, expr.entries))}]", Level.ATOM

    def matrix(self, expr: t.Matrix) -> Piece:
        rows = [self.listed(row) for row in expr.rows]
        if len(rows) == 1 and len(expr.rows[0]) > 1:  # [a, b] is a column
            return f"[[{rows[0]}]]", Level.ATOM
        return f"[{'; '.join(rows)}]", Level.ATOM

    def family(self, expr: t.Family) -> Piece:
        index, inner = name(expr.index).text, self.free(expr.body)
        if expr.first is None or expr.last is None:
            below = index if expr.but is None else f"{{{index} ≠ {self.free(expr.but)}}}"
            return f"{expr.kind}_{below} {self.at(expr.body, Level.PRODUCT)}", Level.BARE
        body = f"{inner} for {index} = {self.free(expr.first)}..{self.free(expr.last)}"
        return (f"[{body}]" if expr.kind == "vector" else f"{expr.kind}({body})"), Level.ATOM

    def slice(self, expr: t.Slice) -> Piece:
        if expr.first is None or expr.last is None:
            return ":", Level.CASES
        return f"{self.free(expr.first)}..{self.free(expr.last)}", Level.CASES

    def reduced(self, expr: t.Reduced) -> Piece:
        below = "" if expr.below is None else f"_({self.free(expr.below).replace(' ', '')}) "
        return f"{_BIG[expr.kind]}{below}{self.at(expr.inner, Level.BARE)}", Level.BARE

    def case(self, expr: t.Case) -> Piece:
        out = ""
        for value, condition in expr.branches:
            out += f"{self.at(value, Level.SUM)} if {self.free(condition)} else "
        return out + self.at(expr.otherwise, Level.SUM), Level.CASES

    def indicator(self, expr: t.Indicator) -> Piece:
        return f"1[{self.free(expr.condition)}]", Level.ATOM

    # -------------------------------------------------------------- derivatives
    def quotient(self, sign: str, of: t.Expr, by: Sequence[t.Expr]) -> str:
        """∂f/∂x, ∂²f/∂x∂y, ∂²f/∂x²."""
        sign = self.symbol(sign)
        order = str(len(by)).translate(_SUPERSCRIPTS) if len(by) > 1 else ""
        counts: dict[t.Expr, int] = {}
        for one in by:
            counts[one] = counts.get(one, 0) + 1
        below = [
            f"{sign}{self.at(one, Level.ATOM)}{str(count).translate(_SUPERSCRIPTS) if count > 1 else ''}"
            for one, count in counts.items()
        ]
        return f"{sign}{order}{self.at(of, Level.ATOM)}/{''.join(below)}"

    def evaluated(self, expr: t.Evaluated) -> Piece:
        inner = self.at(expr.inner, Level.POWER)
        if isinstance(expr.place, t.Phrase):
            return f"{inner}, {self.free(expr.place)}", Level.CASES
        return f"{inner}|_({self.free(expr.place)})", Level.POWER

    def gradient(self, expr: t.Gradient) -> Piece:
        by = "" if expr.by is None else self.lowered("", expr.by) + " "
        return f"∇{by}{self.at(expr.of, Level.ATOM)}", Level.POWER

    def divergence(self, expr: t.Divergence) -> Piece:
        return f"∇·{self.at(expr.of, Level.ATOM)}", Level.PRODUCT

    def curl(self, expr: t.Curl) -> Piece:
        return f"∇×{self.at(expr.of, Level.ATOM)}", Level.PRODUCT

    def hessian(self, expr: t.Hessian) -> Piece:
        return f"hess {self.at(expr.of, Level.ATOM)}", Level.BARE

    def laplacian(self, expr: t.Laplacian) -> Piece:
        return f"laplace {self.at(expr.of, Level.ATOM)}", Level.BARE

    def directional(self, expr: t.Directional) -> Piece:
        return f"{self.lowered('D', expr.along)} {self.at(expr.of, Level.ATOM)}", Level.BARE

    def at_point(self, expr: t.AtPoint) -> Piece:
        of = self.free(expr.of) if isinstance(expr.of, t.Partial) else self.at(expr.of, Level.ATOM)
        return f"{of}({self.listed(expr.arguments)})", Level.ATOM

    def jacobian(self, expr: t.Jacobian) -> Piece:
        shown = self.lowered("J", expr.of) if isinstance(expr.of, t.Name) else self.marked("J", expr.of)
        return shown + (f"({self.listed(expr.at)})" if expr.at else ""), Level.ATOM

    def lowered(self, symbol: str, below: t.Expr) -> str:
        """A sign with a name as its index, which reads back: J_F1, not J_F₁."""
        return f"{symbol}_{self.at(below, Level.ATOM)}".translate(_PLAIN_DIGITS)

    def marked(self, symbol: str, below: t.Expr | None) -> str:
        shown = self.symbol(symbol)
        if below is None or isinstance(below, t.Number):
            return shown if below is None else shown + subscript(below.text)
        return f"{shown}_{self.at(below, Level.ATOM)}"

    # -------------------------------------------------------------- what stands between formulas
    def interval(self, expr: t.Interval) -> Piece:
        return f"[{self.free(expr.low)}, {self.free(expr.high)}]", Level.ATOM

    def size(self, n: int | t.Expr) -> str:
        return self.at(n, Level.PRODUCT) if isinstance(n, t.Expr) else str(n)

    def space(self, expr: t.Space) -> Piece:
        size = "×".join(map(self.size, expr.shape))
        return "ℝ" + (f"^({size})" if len(expr.shape) > 1 else f"^{size}" if size else ""), Level.ATOM

    def listing(self, expr: t.Listing) -> Piece:
        return self.listed(expr.items), Level.CASES

    def equation(self, expr: t.Equation) -> Piece:
        self.derived = isinstance(expr.sides[0], (*t.DERIVATIVES, t.Slope))
        shown, level = super().equation(expr)
        self.derived = False
        return shown.replace(" = \n", " =\n"), level

    def free(self, expr: t.Expr) -> str:
        """A row that is a derivative stands in brackets; elsewhere [a, b] is a column, and a row [[a, b]]."""
        derived, self.derived = self.derived, False
        if derived and isinstance(expr, t.Matrix) and len(expr.rows) == 1:
            shown = f"[{self.listed(expr.rows[0])}]"
        else:
            shown = super().free(expr)
        self.derived = derived
        return shown

    def underbrace(self, expr: t.Underbrace) -> Piece:
        return f"{self.at(expr.inner, Level.POWER)} [{self.size(expr.rows)}×{self.size(expr.columns)}]", Level.ATOM

    def labelled_matrix(self, expr: t.LabelledMatrix) -> Piece:
        """A table of several lines, which stands below what it is equal to."""
        rows = [list(map(self.free, row)) for row in expr.rows]
        return "\n" + table(rows, list(map(self.free, expr.left)), list(map(self.free, expr.above))), Level.ATOM


def table(rows: Sequence[Sequence[str]], left: Sequence[str] = (), above: Sequence[str] = ()) -> str:
    """A table for a terminal: labels on the left and above, columns aligned, every line without trailing spaces.

    Where there are no labels of a kind (an empty sequence), there is no line for them.
    """
    left, head = left or [""] * len(rows), above or [""] * len(rows[0])
    widths = [max(map(_width, column)) for column in zip(head, *rows)]
    margin = max(map(_width, left), default=0)

    def line(label: str, parts: Sequence[str], ends: tuple[str, str]) -> str:
        inside = "  ".join(_padded(part, width) for part, width in zip(parts, widths))
        return f"{_padded(label, margin)}{' ' if margin else ''}{ends[0]} {inside} {ends[1]}".rstrip()

    lines = [line("", above, (" ", " "))] if above else []
    last = len(rows) - 1
    for k, (label, row) in enumerate(zip(left, rows)):
        ends = ("[", "]") if last == 0 else ("⎡", "⎤") if k == 0 else ("⎣", "⎦") if k == last else ("⎢", "⎥")
        lines.append(line(label, row, ends))
    return "\n".join(lines)


def _width(shown: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(0 if unicodedata.combining(ch) else 2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in shown)


def _padded(shown: str, width: int) -> str:
    return shown + " " * (width - _width(shown))


def text(expr: t.Expr, arrays: Collection[Span] = ()) -> str:
    """A tree in one line of the block language; arrays as `latex` has them."""
    return Text(arrays).free(expr)
