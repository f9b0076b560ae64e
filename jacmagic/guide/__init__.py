"""What `%jacmagic` shows: functions, statements, examples, options and errors, and a search through them.

Every entry has a cell that runs. The words of a search are looked for in all of an entry;
what has them in its name stands first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from jacmagic.functions import FUNCTIONS
from jacmagic.guide.gallery import GALLERY
from jacmagic.guide.statements import STATEMENTS
from jacmagic.language.printers import mathml
from jacmagic.notebook import derive
from jacmagic.show import views
from jacmagic.show.pieces import Formula

KINDS = {
    "entrywise": "a number",
    "vector": "a vector",
    "reduction": "a vector, to a number",
    "matrix": "a matrix",
    "square": "a square matrix",
    "loss": "prediction, target",
}
"""What a function is of, by the kind of its row."""

ERRORS = {
    "SyntaxMistake": ("the text is no mathematics as it stands", "f(x) = (x + 1"),
    "AmbiguousMath": ("the text has two readings", "f(x) = 1/2x^2"),
    "NameMistake": ("a name is unknown, taken, or means something else", "f(x) = sinn x"),
    "ShapeError": ("sizes do not fit", "x in R^3\nW in R^(2x2)\nf = W x"),
    "ValueMistake": ("a value cannot be what it is given as", "f(x) = k x\nk = 5 in [0, 3]"),
    "LimitError": ("too large; it says what to do instead", "f(x) = sum(x^k for k = 1..10^9)"),
}
"""The kinds of errors, with a block for each."""

METHODS = {
    "r.critical_points()": (
        "where the gradient is 0: minimum, maximum or saddle; also r.hessian()", "f(x, y) = x^3 - 3x + y^2",
        "extrema optima Lagrange",
    ),
    "r.equilibria()": ("where a system or map rests, and if it is stable", "x' = x - x^3", "fixed points stability"),
    "r.solve()": ("where the block's equations hold, in symbols or numbers", "x + y = 3; x y = 2", "roots Newton"),
    "r.linear()": ("f(a) + J (x - a), and how its error grows", "f(x, y) = x^2 y", "linearization tangent plane"),
    "r.jvp([1, 2])": ("J v; r.vjp(u) is Jᵀ u, r.hvp(v) the Hessian times v", "f(x, y) = x^2 y", "directional product"),
    'r.check("[2x y, x^2]")': ("an answer, marked entry by entry with its slip", "f(x, y) = x^2 y", "exercise"),
    'r.steps("f", "x")': ("the rules that lead to a derivative, in order", "f(x) = x^2 sin x", ""),
    "r.subs(k=3)": ("the result with k put in; r @ s is r after s", "f(x) = k x^2", "compose chain rule"),
    "r.at(x=2)": ("J in numbers at a point; r.forward(x=2) the values", "f(x) = k x^2", "evaluate numpy"),
    "r.matrix": ("the Jacobian for SymPy; r.latex() its LaTeX", "f(x, y) = x^2 y", "symbolic export"),
    'r.function("numpy")': ('a function of arrays; also "torch", "jax"', "f(x) = k x^2", "batch vector SciPy"),
    'r.code("sympy", style="lecture")': ('the same by hand; r.code("c") is C', "f(x) = k x^2", "export source julia"),
}
"""What a result can do: the words, a block, what else finds it."""

ALSO = {
    "f'(x)": "total differential error propagation delta method tangent Euler Lagrange PINN second order",
    "grad f": "gradient penalty Lagrange Laplacian Hessian divergence field", "y = y(x)": "implicit function",
    "x^2 + y^2 = r^2": "residual solve", "at x": "equilibrium point in symbols", "use J1": "compose",
    "x' =": "ode equilibrium", "u = u(x, t)": "chain rule undetermined PDE",
}
"""What else finds a statement that begins so."""

MAX_DERIVED = 12  # functions in an answer whose derivative is shown


@dataclass(frozen=True)
class Entry:
    """One thing to know: its section, its name, what is said of it, a cell or a line to type, what else finds it."""

    section: str
    name: str
    says: str
    cell: str
    also: str = ""

    def rank(self, words: list[str]) -> int | None:
        """0 where a word is its name, 1 where its name has one, 2 where all are elsewhere; None where one is not."""
        starts = [rf"(?<![a-z]){re.escape(word)}" for word in words]
        whole = f"{self.section} {self.name} {self.says} {self.cell} {self.also}".lower()
        if not all(re.search(start, whole) for start in starts):
            return None
        own = f"{self.name} {self.also}".lower()
        return 0 if set(words) & set(own.split()) else 1 if any(re.search(start, own) for start in starts) else 2


TYPED = {"--into": " J", "--seed": " 7", "--taylor": " 2", "--check": " 2x", "--layout": " denominator"}
"""What stands behind an option in its example."""


def entries(options: Mapping[str, Mapping[str, str]]) -> Iterator[Entry]:
    """All that there is; the options are those of the magics."""
    for row in FUNCTIONS.values():
        says = f"of {KINDS[row.kind]}" + (f"; {row.source}" if row.source else "")
        yield Entry("functions", row.name, says, example(row.name), " ".join(row.aliases))
    for typed, means in STATEMENTS:
        name = typed.replace("`", "")
        also = next((words for start, words in ALSO.items() if name.startswith(start)), "")
        yield Entry("statements", name, means.replace("`", ""), "", also)
    for k, one in enumerate(GALLERY, 1):
        yield Entry("gallery", f"{k}. {one.title}", f"{one.field}. {one.look}", one.cell)
    for name, option in options.items():
        value = f" {option['metavar']}" if "metavar" in option else ""
        typed = TYPED.get(name, "")
        yield Entry("options", name + value, option["help"], f"%jacobian f(x) = x^2 {name}{typed}")
    for name, (says, block, also) in METHODS.items():
        yield Entry("results", name, says, f"r = %jacobian {block}\n{name}", also)
    for name, (says, block) in ERRORS.items():
        yield Entry("errors", name, says, f"%%jacobian\n{block}")


def example(name: str) -> str:
    """A cell with this function in it."""
    row = FUNCTIONS[name]
    if row.kind == "entrywise":
        letters = ", ".join("xyz"[: max(row.arity[0], 1)]) if name not in ("min", "max") else "x, y"
        return f"%jacobian f({letters}) = {name}({letters})"
    if row.kind == "loss":
        return f"%%jacobian\np, y in R^2\nL = {name}(p, y)"
    if row.kind in ("matrix", "square"):
        return of_matrices(name)
    letters = ", ".join("xy"[: row.arity[0]])
    return f"%%jacobian\n{letters} in R^3\nf = {name}({letters})"


def of_matrices(name: str) -> str:
    """A cell with a function of matrices; one that takes a whole number has it."""
    row = FUNCTIONS[name]
    second = ", 2" if row.whole else ", B" if row.arity[0] == 2 else ""
    more = "\nB in R^(2x2)" if second == ", B" else ""
    return f"%%jacobian A\nA in R^(3x3){more}\nf = {name}(A{second})"


def slope(name: str) -> Formula | None:
    """The derivative of a function of one number, as the output shows it."""
    row = FUNCTIONS[name]
    if row.kind != "entrywise" or row.arity != (1, 1):
        return None
    found = views.formulas(derive(f"f(z) = {name}(z)"))
    return next((one for one in found if one.text.startswith("f'(z) =")), None)


def search(text: str, options: Mapping[str, Mapping[str, str]]) -> Guide:
    """The entries that have all words of the text, the ones of that name first; of no words, all."""
    words = text.lower().split()
    ranked = [(rank, k, one) for k, one in enumerate(entries(options)) if (rank := one.rank(words)) is not None]
    if words:
        ranked.sort(key=lambda item: item[:2])
    return Guide(text, [one for _, _, one in ranked])


class Guide:
    """An answer to show: as text in a terminal, as a table in a notebook."""

    def __init__(self, asked: str, found: list[Entry]) -> None:
        self.asked, self.found = asked, found
        self.whole = not asked.split()

    def sections(self) -> dict[str, list[Entry]]:
        out: dict[str, list[Entry]] = {}
        for one in self.found:
            out.setdefault(one.section, []).append(one)
        return out

    def slopes(self) -> dict[str, Formula]:
        """The derivatives of the functions in a short answer."""
        names = [one.name for one in self.found if one.section == "functions" and not self.whole]
        made = {name: slope(name) for name in names[:MAX_DERIVED]}
        return {name: formula for name, formula in made.items() if formula is not None}

    # -------------------------------------------------------------- text
    def text(self) -> str:
        if not self.found:
            return f"There is nothing about {self.asked}; %jacmagic lists all there is."
        slopes = self.slopes()
        lines = []
        for section, found in self.sections().items():
            lines += ["", section.upper()]
            lines += _listed(found) if self.whole and section == "functions" else _described(found, slopes, self.whole)
        return "\n".join([*lines[1:], "", *self.ways()])

    def ways(self) -> list[str]:
        """What else can be asked."""
        return ["%jacmagic tanh  searches; %jacmagic gallery 6  shows an example and puts its cell below."]

    # -------------------------------------------------------------- the notebook
    def html(self) -> str:
        if not self.found:
            return f"<p>{escape(self.text())}</p>"
        slopes = self.slopes()
        parts = []
        for section, found in self.sections().items():
            rows = "".join(_row(one, slopes) for one in found)
            opened = "" if self.whole else " open"
            parts.append(
                f'<details{opened}><summary style="cursor:pointer">'
                f"<b>{section.capitalize()}</b> ({len(found)})</summary>"
                f'<table style="text-align:left">{rows}</table></details>'
            )
        return "".join(parts) + "".join(f"<p>{escape(way)}</p>" for way in self.ways())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text())


def _listed(found: Iterable[Entry]) -> list[str]:
    """The names of functions by what they are of, in lines that a terminal holds."""
    by_kind: dict[str, list[str]] = {}
    for one in found:
        by_kind.setdefault(one.says.partition(";")[0], []).append(one.name)
    lines = []
    for kind, names in by_kind.items():
        line = f"  {kind}:"
        for name in names:
            if len(line) + len(name) > 90:
                lines.append(line)
                line = "   "
            line += f" {name}"
        lines.append(line)
    return lines


def _described(found: Iterable[Entry], slopes: Mapping[str, Formula], short: bool) -> list[str]:
    """A line or two an entry; where there are few, its cell."""
    lines = []
    for one in found:
        lines.append(f"  {one.name}    {one.says}")
        if one.name in slopes:
            lines.append(f"      {slopes[one.name].text.replace('f', one.name, 1)}")
        if one.cell and not short:
            lines += [f"      {line}" for line in one.cell.splitlines()]
    return lines


def _row(one: Entry, slopes: Mapping[str, Formula]) -> str:
    formula = mathml(slopes[one.name].tree) if one.name in slopes else ""
    says = f"{escape(one.says)}<br>{formula}" if formula else escape(one.says)
    cell = f'<pre style="margin:0">{escape(one.cell)}</pre>' if one.cell else ""
    left = 'style="text-align:left;vertical-align:top"'
    return f"<tr><td {left}><code>{escape(one.name)}</code></td><td {left}>{says}</td><td {left}>{cell}</td></tr>"


def shown(k: int) -> tuple[str, Any]:
    """The cell of an example of the gallery, by its number, and its result.

    Raises:
        ValueError: there is no such example.
    """
    if not 1 <= k <= len(GALLERY):
        raise ValueError(f"The gallery has the numbers 1 to {len(GALLERY)}")
    one = GALLERY[k - 1]
    return one.cell, derive(one.block, net=one.magic == "nnchain")
