r"""LaTeX of a tree, for MathJax 2 and 3, KaTeX and JupyterLab: only commands that all of them know."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jacmagic.errors import Span
from jacmagic.functions import CONSTANTS, FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.language.precedence import OPERATORS, Level
from jacmagic.language.printers.typeset import Typeset
from jacmagic.language.printers.writer import FENCED, Piece, name_of

_SYMBOLS = {
    "partial": r"\partial", "d": "d", "nabla": r"\nabla", "top": r"\top", "infinity": r"\infty", "one": r"\mathbf{1}",
    "identity": "I", "J": "J", "D": "D", "delta": r"\delta", "z": "z", "e": r"\mathbf{e}", "reals": r"\mathbb{R}",
    "frobenius": "F", "K": "K",
}
_DOTS = {"across": r"\cdots", "down": r"\vdots", "both": r"\ddots"}
_SIGNS = {node: row.latex for node, row in OPERATORS.items()} | {"⊗": r"\otimes"}
_TALL = (r"\frac", r"\begin", r"\sum", r"\prod")
_NEXT_ROW = r" \\ "


class Latex(Typeset):
    """Strings of LaTeX."""

    # -------------------------------------------------------------- shapes
    def brackets(self, inside: str) -> str:
        return rf"\left({inside}\right)" if any(tall in inside for tall in _TALL) else f"({inside})"

    def comma(self) -> str:
        return ", "

    def sign(self, node: str) -> str:
        if node == "==" and self.in_cases:
            return " = "
        return rf" {_SIGNS[node]} " if node != "not" else _SIGNS[node]

    def tight(self, relation: str) -> str:
        return _SIGNS[relation]

    def colon(self) -> str:
        return ":"

    def minus(self, inner: str) -> str:
        return "-" + inner

    def frac(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def raised(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def lowered(self, base: str, below: str) -> str:
        return f"{base}_{{{below}}}"

    def root(self, inner: str, order: str = "") -> str:
        return rf"\sqrt[{order}]{{{inner}}}" if order else rf"\sqrt{{{inner}}}"

    def fence(self, left: str, inner: str, right: str) -> str:
        left, right = (r"\|" if one == "‖" else one for one in (left, right))
        return rf"\left{left}{inner}\right{right}"

    def grid(self, rows: Sequence[Sequence[str]]) -> str:
        return rf"\begin{{bmatrix}} {_NEXT_ROW.join(map(' & '.join, rows))} \end{{bmatrix}}"

    def brace(self, rows: Sequence[tuple[str, str]]) -> str:
        return rf"\begin{{cases}} {_NEXT_ROW.join(map(' & '.join, rows))} \end{{cases}}"

    def big(self, kind: str, below: str, above: str) -> str:
        return rf"\{kind}" + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")

    def symbol(self, what: str) -> str:
        return _SYMBOLS[what]

    def digits(self, text: str) -> str:
        return text.replace("…", r"\ldots")

    def text(self, words: str) -> str:
        return rf"\text{{{words}}}"

    def gap(self, wide: bool = False) -> str:
        return r" \quad " if wide else r" \, "

    def turned(self, angle: str) -> str:
        return self.raised(angle, r"\circ")

    # -------------------------------------------------------------- leaves
    def leaf(self, expr: t.Name) -> str:
        return name_of(expr).latex

    def constant(self, expr: t.Constant) -> Piece:
        return CONSTANTS[expr.name], Level.ATOM

    def component(self, expr: t.Component) -> Piece:
        base = expr.base
        simple = isinstance(base, t.Name) and not name_of(base).indexed
        shown = [self.free(index).replace(" + ", "+").replace(" - ", "-") for index in expr.indices]
        if len(shown) == 1 and simple:
            index = expr.indices[0]
            known = isinstance(index, t.Number) or (isinstance(index, t.Name) and index.key in self.indices)
            if not known and "".join(shown[0].split()).replace("\\", "").isalnum():
                shown[0] = f"({shown[0]})"  # x_{n} and x_{2 i} would be names
        head = self.free(base) if simple else self.brackets(self.free(base))
        return f"{head}_{{{','.join(shown)}}}", Level.ATOM

    def dots(self, expr: t.Dots) -> Piece:
        return _DOTS[expr.direction], Level.ATOM

    def verbatim(self, expr: t.Verbatim) -> Piece:
        return expr.tex, Level.CASES

    # -------------------------------------------------------------- functions
    def head(self, function: str) -> str:
        if function == "step":  # \mathbf{1}(z) would read as a product
            return r"\operatorname{step}"
        if function == "det":
            return r"\det"
        if function in FENCED or function not in FUNCTIONS:
            return rf"\operatorname{{{function}}}"
        return FUNCTIONS[function].tex

    def called(self, head: str, arguments: str) -> str:
        return rf"{head}\left({arguments}\right)"

    def bare_call(self, head: str, argument: str) -> str:
        return f"{head} {argument}"

    def primed(self, head: str, order: int) -> str:
        return head + "'" * order

    def has_double_bars(self, shown: str) -> bool:
        return r"\left\|" in shown

    def beside(self, left: str, right: str, before: t.Expr, factor: t.Expr) -> str:
        return rf"{left} \, {right}" if self.runs_together(before, factor) else f"{left} {right}"

    # -------------------------------------------------------------- larger forms
    def list_of(self, body: str, index: str, first: str, last: str) -> str:
        return rf"\left[{body} \;\text{{ for }} {index} = {first} \ldots {last}\right]"

    def through(self) -> str:
        return r" \ldots "

    def indicator(self, expr: t.Indicator) -> Piece:
        return rf"\mathbf{{1}}[{self.free(expr.condition)}]", Level.ATOM

    def evaluated(self, expr: t.Evaluated) -> Piece:
        return rf"\left.{self.free(expr.inner)}\right|_{{{self.free(expr.place)}}}", Level.POWER

    def underbrace(self, expr: t.Underbrace) -> Piece:
        size = rf"{self.size(expr.rows)} \times {self.size(expr.columns)}"
        return rf"\underbrace{{{self.free(expr.inner)}}}_{{{size}}}", Level.ATOM

    def labelled_matrix(self, expr: t.LabelledMatrix) -> Piece:
        # MathJax gives \color two arguments and KaTeX one that lasts to the end of the group; this suits both
        def grey(label: t.Expr) -> str:
            return rf"{{\color{{gray}}{{{self.free(label)}}}}}"

        head = " & ".join(["", *map(grey, expr.above)])
        body = _NEXT_ROW.join(
            " & ".join([grey(label), *map(self.free, row)]) for label, row in zip(expr.left, expr.rows)
        )
        columns = "c" * len(expr.above)
        return rf"\begin{{array}}{{r|{columns}}} {head} \\ \hline {body} \end{{array}}", Level.ATOM


def latex(expr: t.Expr, arrays: Collection[Span] = ()) -> str:
    """LaTeX of a tree: its order, and its brackets unless they are redundant.

    arrays: the places where abs( ) is of a vector or matrix, and stays a function.
    """
    writer = Latex(arrays)
    shown = writer.free(expr)
    return Latex(arrays, bracketed=True).free(expr) if writer.mixed else shown
