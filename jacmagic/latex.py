r"""Mathematics to read: a block's expressions and their derivatives as LaTeX and as text.

There is one road for all of it. `expression` and `text` print a meaning tree as
the block was written; `symbolic` and `text_symbolic` first lay a SymPy expression
out as such a tree, in the textbook's order, and print that. So the rules for
brackets and for what may stand side by side are kept once, and they are those of
the block language: whatever is printed here reads back as the same expression.
What no block can contain (matrix expressions, infinities, SymPy's other
functions) prints as SymPy prints it, with the names of the block.

Only commands that MathJax 2 and 3, KaTeX and JupyterLab know are used.
"""

from __future__ import annotations

import math
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from jacmagic import tree as t
from jacmagic.errors import Span
from jacmagic.functions import ALIASES, CONSTANTS, FUNCTIONS
from jacmagic.syntax import GREEK

MOST_ROWS = 12
"""Rows of a matrix that are shown before the middle ones are elided."""

MOST_COLUMNS = 12
"""Columns, likewise."""

# ------------------------------------------------------------------ names
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
_LETTERS = {g: chr(0x3B1 + k + (k > 16)) for k, g in enumerate(GREEK[:24])}  # U+03C2 is the final sigma
_LETTERS |= {g.capitalize(): ch.upper() for g, ch in _LETTERS.items()}
_LATIN_SHAPED = frozenset(
    ("Alpha", "Beta", "Epsilon", "Zeta", "Eta", "Iota", "Kappa", "Mu", "Nu", "Omicron", "Rho", "Tau", "Chi")
)
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_PLAIN_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_KEY = re.compile(r"([^\W\d_]+)(\d*)((?:_[^\W_]+)*)(?:_\{(\d+(?:,\d+)*)\})?")


@dataclass(frozen=True)
class _Parts:
    """What a key is made of: letters, an accent, an index, and the place of a component."""

    base: str
    accent: str
    index: str
    component: str


@lru_cache(maxsize=4096)
def _parts(key: str) -> _Parts | None:
    """A key taken apart, None where it has no usual form."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    base, index, component = match[1], match[2], match[4] or ""
    base = {"lambda": "lam"}.get(base, base)
    rest = match[3].split("_")[1:]
    accent = ""
    if rest and rest[0] in _ACCENTS:
        if index or not (len(base) == 1 or _greek(base)):
            return None
        accent = rest.pop(0)
    if rest and not index:
        index = rest.pop(0)
    if rest and not component and rest[0].isdigit():
        component = rest.pop(0)
    return None if rest else _Parts(base, accent, index, component)


def _greek(word: str) -> str:
    """The Greek letter of a word, empty for any other word."""
    return _LETTERS.get({"lam": "lambda"}.get(word, word), "")


def _letter(word: str) -> str:
    r"""LaTeX of a name without its index: x, \theta, \mathrm{rate}."""
    if _greek(word):
        # \Alpha is no command in MathJax, and a Latin A would be another name
        return rf"\mathrm{{{_greek(word)}}}" if word in _LATIN_SHAPED else "\\" + {"lam": "lambda"}.get(word, word)
    return word if len(word) == 1 else rf"\mathrm{{{_difference(word) or word}}}"


def _difference(word: str) -> str:
    """Δx and δx for the words Deltax and deltax."""
    match = re.fullmatch(r"([Dd]elta)([A-Za-z]+)", word)
    return _greek(match[1]) + match[2] if match and not _greek(word) else ""


@lru_cache(maxsize=4096)
def name(key: str, dotted: bool = False) -> str:
    r"""LaTeX of a block's name, by its key, which is also the name of its symbol.

    `x1` is x_{1}, `x_max` x_{\text{max}}, `lam` \lambda, `y_hat` \hat{y}, `c1_1`
    (the first component of c1) (c_{1})_{1}. With `dotted` the key `dx` of a
    system's output is \dot{x}.
    """
    if dotted and key.startswith("d") and len(key) > 1:
        parts = _parts(key[1:])
        if parts is None or parts.accent:
            return rf"\dot{{{name(key[1:])}}}"
        parts = _Parts(parts.base, "dot", parts.index, parts.component)
    else:
        parts = _parts(key)
    if parts is None:
        plain = "".join(ch for ch in key if ch.isalnum() or ch in "_,").replace("_", r"\_")
        return rf"\mathrm{{{plain}}}"
    tex = _letter(parts.base)
    if parts.accent:
        tex = rf"\{parts.accent}{{{tex}}}"
    if parts.index:
        tex += f"_{{{_index(parts.index)}}}"
    if parts.component:
        tex = f"({tex})_{{{parts.component}}}" if parts.index else f"{tex}_{{{parts.component}}}"
    return tex


def _index(index: str) -> str:
    if index.isdigit() or len(index) == 1:
        return index
    return (
        "\\" + {"lam": "lambda"}.get(index, index)
        if _greek(index) and index not in _LATIN_SHAPED
        else (rf"\text{{{index}}}")
    )


@lru_cache(maxsize=4096)
def unicode_name(key: str, dotted: bool = False) -> str:
    """A name in one line of text that reads back: x₁, θ₂, λ, x_max, ŷ, c1[1], W[1,2]."""
    if dotted and key.startswith("d") and len(key) > 1:
        inner = unicode_name(key[1:])
        return unicodedata.normalize("NFC", inner[0] + _ACCENTS["dot"]) + inner[1:]
    parts = _parts(key)
    if parts is None:
        return key
    shown = _difference(parts.base) or _greek(parts.base) or parts.base
    if parts.accent:
        shown = unicodedata.normalize("NFC", shown + _ACCENTS[parts.accent])
    if parts.index:
        index = _greek(parts.index) or parts.index
        if not index.isdigit():
            shown += f"_{index}"
        elif parts.component:
            shown += index
        else:
            shown += index.translate(_SUBSCRIPTS)
    return f"{shown}[{parts.component}]" if parts.component else shown


# ------------------------------------------------------------------ trees to lines of mathematics
CONDITION, SUM, PRODUCT, BARE, POWER, ATOM = range(6)
"""How tightly a printed expression holds together."""

_NEXT_ROW = r" \\ "
_FENCED = frozenset({"sqrt", "cbrt", "abs", "norm"})  # functions that do not print as a name before an argument
_SCIENTIFIC = re.compile(r"([0-9.]+)e([+-]?[0-9]+)")


def _starts_with_number(expr: t.Expr) -> bool:
    if isinstance(expr, (t.Power, t.Transpose)):
        return _starts_with_number(expr.base)
    return isinstance(expr, (t.Number, t.Indicator))


def _named_call(expr: t.Expr) -> bool:
    """True for what prints with a function's name in front, so that it may follow `sin x`."""
    if isinstance(expr, t.Power):
        return _named_call(expr.base)
    return isinstance(expr, t.UserCall) or (isinstance(expr, t.Call) and expr.function not in _FENCED)


def _starts_with_bracket(expr: t.Expr) -> bool:
    if isinstance(expr, (t.Power, t.Transpose, t.Component)):
        return _starts_with_bracket(expr.base)
    return isinstance(expr, (t.Paren, t.Negative, t.Sum, t.Product, t.Case, t.Family))


def _is_square(expr: t.Expr) -> bool:
    """True for a vector with one entry, whose brackets could be meant as round ones."""
    if isinstance(expr, (t.Power, t.Transpose)):
        return _is_square(expr.base)
    return isinstance(expr, t.Vector) and len(expr.entries) == 1


def _is_word(expr: t.Expr) -> bool:
    """True for a name of several letters, which would run into its neighbour."""
    if isinstance(expr, (t.Power, t.Transpose, t.Component)):
        return _is_word(expr.base)
    if not isinstance(expr, t.Name):
        return False
    parts = _parts(expr.key)
    return parts is None or (len(parts.base) > 1 and not _greek(parts.base))


@cache
def _rule(kind: str) -> str:
    """The method that writes the nodes of a class: user_call for UserCall."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower().lstrip("_")


class _Writer(ABC):
    """What both notations share: where brackets stand, and what may stand side by side."""

    times = ""
    operators: dict[str, str] = {}
    relations: dict[str, str] = {}

    def __init__(self, arrays: Collection[Span] = ()) -> None:
        self.bars = 0
        self.indices: list[str] = []
        self.arrays = arrays  # where abs( ) is of a vector or matrix, for which the language has no bars

    def write(self, expr: t.Expr) -> tuple[str, int]:
        """The expression, and how tightly it holds together."""
        found: tuple[str, int] = getattr(self, _rule(type(expr).__name__))(expr)
        return found

    def free(self, expr: t.Expr) -> str:
        """The expression where nothing can touch it; brackets right round it are redundant."""
        return self.write(t.inside(expr))[0]

    def at(self, expr: t.Expr, level: int) -> str:
        """The expression, in brackets unless it holds together at this level."""
        shown, tightness = self.write(expr)
        return shown if tightness >= level else self.brackets(shown)

    # Each notation has these and a method for every kind of node that has none here.
    @abstractmethod
    def brackets(self, inside: str) -> str: ...

    @abstractmethod
    def number(self, expr: t.Number) -> tuple[str, int]: ...

    @abstractmethod
    def fraction(self, expr: t.Fraction) -> tuple[str, int]: ...

    @abstractmethod
    def bars_of(self, inner: t.Expr, order: str | None) -> str:
        """The norm of this order, or the absolute value."""

    @abstractmethod
    def word(self, text: str, between: bool = False) -> str:
        """`not` in front of a condition, or `and` between two."""

    @abstractmethod
    def divide(self, above: str, below: t.Expr) -> str: ...

    @abstractmethod
    def touches(self, above: t.Expr, below: t.Expr) -> bool:
        """True where a factor may stand, after a gap, right behind the denominator."""

    def paren(self, expr: t.Paren) -> tuple[str, int]:
        return self.brackets(self.free(expr.inner)), ATOM

    def negative(self, expr: t.Negative) -> tuple[str, int]:
        return "-" + self.at(expr.inner, PRODUCT), SUM

    def sum(self, expr: t.Sum) -> tuple[str, int]:
        out = ""
        for sign, term in expr.terms:
            shown = self.at(term, PRODUCT)
            if out:
                out += (" + " if sign > 0 else " - ") + shown
            else:
                out = shown if sign > 0 else "-" + shown
        return out, SUM

    def product(self, expr: t.Product) -> tuple[str, int]:
        """Factors left to right; `*` shows only where two factors cannot stand side by side."""
        factors = expr.factors
        done = self.free(factors[0][1]) if self.divides_first(factors) else self.factor(factors, 0)
        for k in range(1, len(factors)):
            operator, factor = factors[k]
            before = factors[k - 1][1]
            if operator == "/":
                done = self.divide(done, factor)
                continue
            if operator == "" and factors[k - 1][0] == "/" and not self.touches(factors[k - 2][1], before):
                done = self.brackets(done)
            shown = self.factor(factors, k)
            if operator in self.operators:
                done = f"{done} {self.operators[operator]} {shown}"
            elif self.needs_operator(factors, k):
                done = f"{done} {self.times} {shown}"
            else:
                done = self.beside(done, shown, before, factor)
        return done, PRODUCT

    def divides_first(self, factors: tuple[tuple[str, t.Expr], ...]) -> bool:
        return False

    def beside(self, left: str, right: str, before: t.Expr, factor: t.Expr) -> str:
        return f"{left} {right}"

    def factor(self, factors: tuple[tuple[str, t.Expr], ...], k: int) -> str:
        """One factor of a product, in brackets where its neighbours would change it."""
        factor = factors[k][1]
        if isinstance(factor, t.Number):
            return self.number(factor)[0]
        last = k + 1 == len(factors)
        if isinstance(factor, t.Family) and factor.kind != "vector" and not last:
            return self.at(factor, ATOM)
        if isinstance(factor, t.Fraction):
            return self.fraction_factor(factor, k == 0)
        follow = None if last or factors[k + 1][0] not in ("", "*") else factors[k + 1]
        if follow is not None and follow[0] == "" and not _named_call(follow[1]):
            return self.at(self.with_bracket(factor), BARE)
        return self.at(factor, BARE)

    def fraction_factor(self, factor: t.Fraction, first: bool) -> str:
        return self.at(factor, BARE)

    def with_bracket(self, expr: t.Expr) -> t.Expr:
        """`sin x` as `sin(x)`."""
        if isinstance(expr, t.Power) and expr.on_name and isinstance(expr.base, t.Call):
            return t.Power(self.with_bracket(expr.base), expr.exponent, expr.entrywise, True, span=expr.span)
        if isinstance(expr, t.Call) and expr.bare:
            return t.Call(expr.function, expr.arguments, span=expr.span)
        return expr

    def needs_operator(self, factors: tuple[tuple[str, t.Expr], ...], k: int) -> bool:
        operator, factor = factors[k]
        before = factors[k - 1][1]
        if _starts_with_number(factor):
            return True
        if operator != "*":
            return False
        if factors[k - 1][0] == "./" or (factors[k - 1][0] == "/" and not self.touches(factors[k - 2][1], before)):
            return True
        call = before.base if isinstance(before, t.Power) and before.on_name else before
        if isinstance(call, t.Call) and call.bare and not _named_call(factor):
            return True
        if isinstance(before, t.Name) and _starts_with_bracket(factor):
            return True  # f (x) would be a call where f is a function of the block
        if _is_square(before) or _is_square(factor):
            return True
        return _is_word(before) or _is_word(factor)

    def norm(self, expr: t.Norm) -> tuple[str, int]:
        return self.bars_of(expr.inner, expr.order), ATOM

    def absolute(self, expr: t.Absolute) -> tuple[str, int]:
        return self.bars_of(expr.inner, None), ATOM

    def compare(self, expr: t.Compare) -> tuple[str, int]:
        out = self.at(expr.operands[0], SUM)
        for relation, operand in zip(expr.relations, expr.operands[1:]):
            out += f" {self.relations[relation]} {self.at(operand, SUM)}"
        return out, CONDITION

    def logic(self, expr: t.Logic) -> tuple[str, int]:
        parts = []
        for operand in expr.operands:
            loose = isinstance(operand, t.Logic) and operand.operator != "not" and operand.operator != expr.operator
            shown = self.write(operand)[0]
            parts.append(self.brackets(shown) if loose or isinstance(operand, t.Case) else shown)
        if expr.operator == "not":
            return self.word("not") + parts[0], CONDITION
        return self.word(expr.operator, between=True).join(parts), CONDITION


class _Latex(_Writer):
    """LaTeX for MathJax and KaTeX."""

    times = r"\cdot"
    operators = {"·": r"\cdot", "dot": r"\cdot", "×": r"\times", "cross": r"\times", ".*": r"\odot", "./": r"\oslash"}
    # the language compares with ==, and with = in \begin{cases} alone
    relations = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=="}
    tall = re.compile(r"\\(?:frac|begin|sum|prod)")

    def brackets(self, inside: str) -> str:
        return rf"\left({inside}\right)" if self.tall.search(inside) else f"({inside})"

    def word(self, text: str, between: bool = False) -> str:
        return rf" \text{{ {text} }} " if between else rf"\text{{{text} }} "

    def number(self, expr: t.Number) -> tuple[str, int]:
        digits = _digits(expr.text)
        match = _SCIENTIFIC.fullmatch(digits)
        if match is None:
            return digits, ATOM
        power = f"10^{{{int(match[2])}}}"
        return (power, POWER) if match[1] == "1" else (rf"{match[1]} \cdot {power}", PRODUCT)

    def constant(self, expr: t.Constant) -> tuple[str, int]:
        return CONSTANTS[expr.name], ATOM

    def name(self, expr: t.Name) -> tuple[str, int]:
        return name(expr.key), ATOM

    def component(self, expr: t.Component) -> tuple[str, int]:
        base = expr.base
        parts = _parts(base.key) if isinstance(base, t.Name) else None
        simple = parts is not None and not parts.index and not parts.component
        shown = [re.sub(r" ([+-]) ", r"\1", self.free(index)) for index in expr.indices]
        if len(shown) == 1 and simple:
            index = expr.indices[0]
            known = isinstance(index, t.Number) or (isinstance(index, t.Name) and index.key in self.indices)
            if not known and re.sub(r"[\s\\]", "", shown[0]).isalnum():
                shown[0] = f"({shown[0]})"  # x_{n} and x_{2 i} would be names
        head = self.free(base) if simple else self.brackets(self.free(base))
        return f"{head}_{{{','.join(shown)}}}", ATOM

    def divides_first(self, factors: tuple[tuple[str, t.Expr], ...]) -> bool:
        return factors[1][0] == "/"

    def divide(self, above: str, below: t.Expr) -> str:
        return rf"\frac{{{above}}}{{{self.free(below)}}}"

    def touches(self, above: t.Expr, below: t.Expr) -> bool:
        return True

    def beside(self, left: str, right: str, before: t.Expr, factor: t.Expr) -> str:
        return rf"{left} \, {right}" if _is_word(before) or _is_word(factor) else f"{left} {right}"

    def fraction(self, expr: t.Fraction) -> tuple[str, int]:
        return rf"\frac{{{self.free(expr.above)}}}{{{self.free(expr.below)}}}", POWER

    def power(self, expr: t.Power) -> tuple[str, int]:
        exponent = self.free(expr.exponent)
        if expr.entrywise:
            exponent = rf"\odot {exponent}"
        if expr.on_name and isinstance(expr.base, t.Call):
            return self.application(expr.base, f"^{{{exponent}}}")
        base = self.with_bracket(expr.base) if not expr.on_name else expr.base
        return f"{self.at(base, ATOM)}^{{{exponent}}}", POWER

    def transpose(self, expr: t.Transpose) -> tuple[str, int]:
        return rf"{self.at(expr.base, ATOM)}^\top", POWER

    def call(self, expr: t.Call) -> tuple[str, int]:
        if len(expr.arguments) == 1:
            inner = expr.arguments[0]
            if expr.function == "sqrt":
                return rf"\sqrt{{{self.free(inner)}}}", ATOM
            if expr.function == "cbrt":
                return rf"\sqrt[3]{{{self.free(inner)}}}", ATOM
            if expr.function == "abs" and expr.span not in self.arrays:
                return self.bars_of(inner, None), ATOM
            if expr.function == "norm":
                return self.bars_of(inner, "2"), ATOM
        return self.application(expr, "")

    def application(self, expr: t.Call, power: str) -> tuple[str, int]:
        """A function before its argument, its power on the name."""
        # \mathbf{1}(z) would read as a product
        head = r"\operatorname{step}" if expr.function == "step" else FUNCTIONS[expr.function].tex
        if expr.function in _FENCED:
            head = rf"\operatorname{{{expr.function}}}"
        if expr.bare and self.stands_bare(expr.arguments[0]):
            return f"{head}{power} {self.free(expr.arguments[0])}", BARE
        return rf"{head}{power}\left({', '.join(map(self.free, expr.arguments))}\right)", ATOM

    def stands_bare(self, argument: t.Expr) -> bool:
        """True for an optional number and one name with its power, where the name prints without a bracket."""
        if isinstance(argument, t.Product):
            (_, number), (_, argument) = argument.factors if len(argument.factors) == 2 else (argument.factors[0],) * 2
            if not isinstance(number, t.Number) or isinstance(argument, t.Number) or "e" in number.text:
                return False
        if isinstance(argument, t.Number):
            return "e" not in argument.text
        if isinstance(argument, t.Power):
            argument = argument.base
        if isinstance(argument, (t.Name, t.Component)):
            return not self.write(argument)[0].startswith("(")
        return isinstance(argument, t.Constant)

    def user_call(self, expr: t.UserCall) -> tuple[str, int]:
        return rf"{name(expr.key)}\left({', '.join(map(self.free, expr.arguments))}\right)", ATOM

    def bars_of(self, inner: t.Expr, order: str | None) -> str:
        nested = self.bars > 0  # the language has no bars inside bars
        self.bars += 1
        shown = self.free(inner)
        self.bars -= 1
        if order in (None, "2") and (nested or r"\left\|" in shown):
            return rf"\operatorname{{{'norm' if order else 'abs'}}}\left({shown}\right)"
        if order is None:
            return rf"\left|{shown}\right|"
        below = "" if order == "2" else f"_{{{order.replace('oo', chr(92) + 'infty')}}}"
        return rf"\left\|{shown}\right\|{below}"

    def vector(self, expr: t.Vector) -> tuple[str, int]:
        return rf"\begin{{bmatrix}} {_NEXT_ROW.join(map(self.free, expr.entries))} \end{{bmatrix}}", ATOM

    def matrix(self, expr: t.Matrix) -> tuple[str, int]:
        rows = _NEXT_ROW.join(" & ".join(map(self.free, row)) for row in expr.rows)
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}", ATOM

    def family(self, expr: t.Family) -> tuple[str, int]:
        first, last = self.free(expr.first), self.free(expr.last)
        index = name(expr.index)
        self.indices.append(expr.index)
        body = self.free(expr.body) if expr.kind == "vector" else self.at(expr.body, PRODUCT)
        self.indices.pop()
        if expr.kind == "vector":
            return rf"\left[{body} \;\text{{ for }} {index} = {first} \ldots {last}\right]", ATOM
        return rf"\{expr.kind}_{{{index}={first}}}^{{{last}}} {body}", BARE

    def case(self, expr: t.Case) -> tuple[str, int]:
        rows = [rf"{self.free(value)} & \text{{if }} {self.compared(condition)}" for value, condition in expr.branches]
        rows.append(rf"{self.free(expr.otherwise)} & \text{{otherwise}}")
        return rf"\begin{{cases}} {_NEXT_ROW.join(rows)} \end{{cases}}", CONDITION

    def compared(self, condition: t.Expr) -> str:
        """A condition of cases, where a single = compares; not so in the indicator 1[x == 0]."""
        denied = condition.operands[0] if isinstance(condition, t.Logic) and condition.operator == "not" else None
        denied = denied.inner if isinstance(denied, t.Paren) else denied
        if isinstance(denied, t.Compare) and denied.relations == ("==",):
            return r" \ne ".join(self.at(operand, SUM) for operand in denied.operands)
        shown = self.free(condition)
        return shown if r"\mathbf{1}" in shown else shown.replace(" == ", " = ")

    def indicator(self, expr: t.Indicator) -> tuple[str, int]:
        return rf"\mathbf{{1}}[{self.free(expr.condition)}]", ATOM

    def verbatim(self, expr: t.Verbatim) -> tuple[str, int]:
        return expr.tex, CONDITION


class _Text(_Writer):
    """One line of Unicode, in the block language itself."""

    times = "*"
    operators = {"·": "·", "dot": "·", "×": "×", "cross": "×", ".*": ".*", "./": "./"}
    relations = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=="}

    def brackets(self, inside: str) -> str:
        return f"({inside})"

    def word(self, text: str, between: bool = False) -> str:
        return f" {text} " if between else f"{text} "

    def number(self, expr: t.Number) -> tuple[str, int]:
        return _digits(expr.text), ATOM

    def constant(self, expr: t.Constant) -> tuple[str, int]:
        return "π" if expr.name == "pi" else expr.name, ATOM

    def name(self, expr: t.Name) -> tuple[str, int]:
        return unicode_name(expr.key), ATOM

    def component(self, expr: t.Component) -> tuple[str, int]:
        base, first = expr.base, expr.indices[0]
        if isinstance(base, t.Name) and isinstance(first, t.Number) and len(expr.indices) == 1:
            parts = _parts(base.key)
            if parts is not None and not parts.index and not parts.component:
                return unicode_name(base.key) + first.text.translate(_SUBSCRIPTS), ATOM
        head = self.at(base, ATOM)
        if isinstance(base, t.Name):
            head = head.translate(_PLAIN_DIGITS)
        return f"{head}[{','.join(map(self.free, expr.indices))}]", ATOM

    def divide(self, above: str, below: t.Expr) -> str:
        return f"{above}/{self.at(below, POWER)}"

    def touches(self, above: t.Expr, below: t.Expr) -> bool:
        numbers = isinstance(above, t.Number) and isinstance(below, t.Number)
        return numbers or isinstance(below, (t.Paren, t.Sum, t.Product, t.Negative, t.Fraction, t.Call, t.UserCall))

    def beside(self, left: str, right: str, before: t.Expr, factor: t.Expr) -> str:
        glued = (
            isinstance(before, t.Number)
            and "e" not in before.text
            and "/" not in left
            and (
                right[0].isalpha()
                and right[0] != "e"
                and isinstance(
                    factor.base if isinstance(factor, t.Power) else factor, (t.Name, t.Constant, t.Component)
                )
            )
        )
        return f"{left}{right}" if glued else f"{left} {right}"

    def fraction(self, expr: t.Fraction) -> tuple[str, int]:
        return f"{self.at(t.inside(expr.above), PRODUCT)}/{self.at(t.inside(expr.below), POWER)}", PRODUCT

    def fraction_factor(self, factor: t.Fraction, first: bool) -> str:
        numbers = isinstance(factor.above, t.Number) and isinstance(factor.below, t.Number)
        return self.fraction(factor)[0] if first and numbers else self.at(factor, BARE)

    def power(self, expr: t.Power) -> tuple[str, int]:
        exponent = t.inside(expr.exponent)
        digits = exponent.inner if isinstance(exponent, t.Negative) else exponent
        if isinstance(digits, t.Number) and digits.text.isdigit() and not expr.entrywise:
            shown = self.free(exponent).translate(_SUPERSCRIPTS)
        elif isinstance(exponent, (t.Number, t.Constant)) or (
            isinstance(exponent, t.Name) and exponent.key != "T" and "[" not in unicode_name(exponent.key)
        ):
            shown = "^" + self.free(exponent)
        else:
            shown = f"^({self.free(exponent)})"
        if expr.entrywise:
            shown = "." + shown
        if expr.on_name and isinstance(expr.base, t.Call) and expr.base.function not in _FENCED and shown[0] != "^":
            return f"{expr.base.function}{shown}({', '.join(map(self.free, expr.base.arguments))})", POWER
        return f"{self.at(expr.base, ATOM)}{shown}", POWER

    def transpose(self, expr: t.Transpose) -> tuple[str, int]:
        return f"{self.at(expr.base, ATOM)}ᵀ", POWER

    def call(self, expr: t.Call) -> tuple[str, int]:
        if len(expr.arguments) == 1 and expr.function in ("abs", "norm") and expr.span not in self.arrays:
            return self.bars_of(expr.arguments[0], None if expr.function == "abs" else "2"), ATOM
        head = {"sqrt": "√", "cbrt": "∛"}.get(expr.function, expr.function)
        return f"{head}({', '.join(map(self.free, expr.arguments))})", ATOM

    def user_call(self, expr: t.UserCall) -> tuple[str, int]:
        return f"{unicode_name(expr.key)}({', '.join(map(self.free, expr.arguments))})", ATOM

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

    def vector(self, expr: t.Vector) -> tuple[str, int]:
        return f"[{'; '.join(map(self.free, expr.entries))}]", ATOM

    def matrix(self, expr: t.Matrix) -> tuple[str, int]:
        rows = [", ".join(map(self.free, row)) for row in expr.rows]
        if len(rows) == 1 or len(expr.rows[0]) == 1:  # [a, b] and [a; b] are columns
            return f"[{', '.join(f'[{row}]' for row in rows)}]", ATOM
        return f"[{'; '.join(rows)}]", ATOM

    def family(self, expr: t.Family) -> tuple[str, int]:
        body = f"{self.free(expr.body)} for {unicode_name(expr.index)} = "
        body += f"{self.free(expr.first)}..{self.free(expr.last)}"
        return (f"[{body}]" if expr.kind == "vector" else f"{expr.kind}({body})"), ATOM

    def case(self, expr: t.Case) -> tuple[str, int]:
        out = ""
        for value, condition in expr.branches:
            out += f"{self.at(value, SUM)} if {self.free(condition)} else "
        return out + self.at(expr.otherwise, SUM), CONDITION

    def indicator(self, expr: t.Indicator) -> tuple[str, int]:
        return f"1[{self.free(expr.condition)}]", ATOM

    def verbatim(self, expr: t.Verbatim) -> tuple[str, int]:
        return expr.plain, CONDITION


def _digits(text: str) -> str:
    """A number as it is printed: .5 is 0.5, and 2. is 2."""
    whole = "0" + text if text.startswith(".") else text
    return re.sub(r"\.(?=e|$)", "", whole)


def expression(expr: t.Expr, arrays: Collection[Span] = ()) -> str:
    """LaTeX of an expression as the block was written: its order, and its brackets unless they are redundant.

    arrays: the places where abs( ) is of a vector or matrix, and stays a function.
    """
    return _Latex(arrays).free(expr)


def text(expr: t.Expr, arrays: Collection[Span] = ()) -> str:
    """The same in one line of the block language: `2x₁ x₂² + 3x₁`."""
    return _Text(arrays).free(expr)


# ------------------------------------------------------------------ SymPy expressions to trees
_SYMPY = {row.sympy: row.name for row in FUNCTIONS.values() if row.sympy} | {
    "Abs": "abs",
    "sign": "sign",
    "Max": "max",
    "Min": "min",
    "floor": "floor",
    "ceiling": "ceil",
}
_RELATIONS = {"StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">=", "Equality": "=="}
_ONE_SYMBOL = re.compile(r"\\[a-z]+")

# how the factors of a product follow one another
_CONSTANT, _NAME, _BRACKET, _EXPONENTIAL, _FUNCTION, _LATE_BRACKET, _CASES = range(7)


@lru_cache(maxsize=4096)
def _natural(key: str) -> tuple[Any, ...]:
    """An order in which x2 stands before x10."""
    return tuple((0, int(s), "") if s.isdigit() else (1, 0, s) for s in re.findall(r"\d+|\D+", key))


class _Layout:
    """Lays SymPy expressions out as trees, in a textbook's order."""

    def __init__(self, decimals: bool) -> None:
        import sympy

        self.sp = sympy
        self.decimals = decimals
        self.shown: dict[Any, t.Expr] = {}  # the entries of a Jacobian share most of what they are made of
        self.words: dict[Any, str] = {}

    def __call__(self, expr: Any) -> t.Expr:
        if expr not in self.shown:
            self.shown[expr] = self.show(expr)
        return self.shown[expr]

    def show(self, expr: Any) -> t.Expr:
        if expr.is_Symbol:
            return t.Name(expr.name)
        if expr.is_Rational:
            shown = self.rational(abs(expr.p), expr.q)
            return shown if expr.p >= 0 else t.Negative(shown)
        if expr.is_Add and expr.is_commutative:
            return self.sum(expr)
        if expr.is_Mul and expr.is_commutative:
            sign, product = self.product(expr)
            return product if sign > 0 else t.Negative(product)
        if expr.is_Pow and expr.is_commutative:
            return self.power(expr.base, expr.exp)
        if expr.is_Function or expr.is_Boolean or expr.is_Relational:
            return self.function(expr)
        return self.other(expr)

    def number(self, text: str) -> t.Number:
        return t.Number(text)

    def rational(self, p: int, q: int) -> t.Expr:
        """A number that is not negative, as a decimal where that is asked for and ends."""
        if self.decimals or q > 10**9:
            shown = _decimal(p, q)
            if shown is not None:
                return self.number(shown)
        return self.number(str(p)) if q == 1 else t.Fraction(self.number(str(p)), self.number(str(q)))

    # -------------------------------------------------------------- sums
    def sum(self, expr: Any) -> t.Expr:
        """Terms by falling degree, numbers last; a sum of two, or with one positive term, begins with that."""
        args = sorted(expr.args, key=self.rank)
        number = args[-1] if args[-1].is_Number else None
        if (
            number is not None
            and number.is_positive
            and (
                all(self.is_negative(a) for a in args[:-1])
                or (number == 1 and all(self.rank(a)[1] == 0 for a in args[:-1]))  # 1 + e^{-z}, 1 + tan^2 x
            )
        ):
            args = [number, *args[:-1]]
        elif self.is_negative(args[0]) and (len(args) == 2 or number is None):
            positive = [a for a in args if not self.is_negative(a)]
            if len(positive) == 1:  # y - w x - b
                args = [*positive, *(a for a in args if a is not positive[0])]
        return t.Sum(tuple(self.term(a) for a in args))

    @staticmethod
    def is_negative(term: Any) -> bool:
        head = term.args[0] if term.is_Mul else term
        return bool(head.is_Number and head.is_negative)

    def term(self, expr: Any) -> tuple[int, t.Expr]:
        if expr.is_Mul and expr.is_commutative:
            return self.product(expr)
        shown = self(expr)
        return (-1, shown.inner) if isinstance(shown, t.Negative) else (1, shown)

    def rank(self, term: Any) -> tuple[Any, ...]:
        """Numbers last; else by degree, then by the names and their powers."""
        if term.is_Number:
            return True, 0, (), ""
        degree: Any = 0
        names = []
        rest = ""
        for factor in term.args if term.is_Mul else (term,):
            base, exponent = (factor.base, factor.exp) if factor.is_Pow else (factor, self.sp.S.One)
            if exponent.is_Rational and (base.is_Symbol or base.is_Add):
                power = exponent.p / exponent.q
                degree += power
                if base.is_Symbol:
                    names.append((_natural(base.name), -power))
                    continue
            if not factor.is_Number:
                rest += str(factor.func) + str(sorted(s.name for s in factor.free_symbols))
        return False, -degree, (*sorted(names), (((2, 0, ""),), 0)), rest

    # -------------------------------------------------------------- products
    def product(self, expr: Any) -> tuple[int, t.Expr]:
        """The sign, and the product without it: number, names, brackets, functions; all divisors below one line."""
        p, q = 1, 1
        above: list[Any] = []
        below: list[tuple[Any, Any]] = []
        for factor in expr.args:
            if factor.is_Rational:
                p, q = p * factor.p, q * factor.q
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
                below.append((factor.base, -factor.exp))
            else:
                above.append(factor)
        sign, p = (1, p) if p >= 0 else (-1, -p)
        for k, factor in enumerate(above):
            if q > 1 and factor.is_Add:  # (2x - 2μ)/2 is x - μ
                content = factor.primitive()[0]
                common = math.gcd(content.p, q) if content.is_Integer else 1
                above[k], q = factor / common if common > 1 else factor, q // common
        q = self.one_root(above, below, p, q)
        halved = below and p == 1 and 1 < q < 10  # x/(2y) rather than 0.5x/y
        coefficient = t.Fraction(self.number("1"), self.number(str(q))) if halved else self.rational(p, q)
        top = [self(f) for f in sorted(above, key=self.place)]
        down = [self.power(b, e) for b, e in sorted(below, key=lambda pair: self.place(pair[0]))]
        joins = down or (p == 1 and len(top) == 1 and self.is_plain(top[0]))
        if isinstance(coefficient, t.Fraction) and joins:
            down.insert(0, coefficient.below)
            coefficient = coefficient.above
        if not (isinstance(coefficient, t.Number) and coefficient.text == "1"):
            top.insert(0, coefficient)
        whole = self.factors(top)
        return sign, t.Fraction(whole, self.factors(down)) if down else whole

    def one_root(self, above: list[Any], below: list[tuple[Any, Any]], p: int, q: int) -> int:
        """Write 1/√2 and 1/√(2π) where SymPy has √2/2 and √2/(2√π), and say which divisor is left."""
        half = self.sp.S.Half
        pi = (self.sp.pi, half)
        for factor in above:
            if not (factor.is_Pow and factor.exp == half and factor.base.is_Integer):
                continue
            n = factor.base.p
            if pi in below and q % n == 0:
                below[below.index(pi)] = (self.sp.Mul(n, self.sp.pi), half)
            elif p == 1 and q == n:
                below.append((factor.base, half))
            else:
                continue
            above.remove(factor)
            return int(q // n)
        return q

    @staticmethod
    def is_plain(expr: t.Expr) -> bool:
        if isinstance(expr, t.Power):
            expr = expr.base
            return isinstance(expr, (t.Name, t.Constant))
        return isinstance(expr, (t.Name, t.Constant, t.Sum)) or (
            isinstance(expr, t.Call) and expr.function in ("sqrt", "cbrt")
        )

    def factors(self, parts: list[t.Expr]) -> t.Expr:
        if len(parts) < 2:
            return parts[0] if parts else self.number("1")
        return t.Product(tuple(("", part) for part in parts))

    def place(self, factor: Any) -> tuple[Any, ...]:
        """Where a factor stands in its product."""
        base = factor.base if factor.is_Pow else factor
        if base.is_Symbol and base.name and not (factor.is_Pow and factor.exp.has(self.sp.Function)):
            return _NAME, _natural(base.name)
        if factor.is_number and not factor.is_Function:
            return _CONSTANT, (), self.word(factor)
        if base.is_Add:
            inside = base.atoms(self.sp.Function)
            return _LATE_BRACKET if inside else _BRACKET, (), self.word(base)
        if isinstance(factor, self.sp.exp) or not base.is_Function:
            return _EXPONENTIAL, (), self.word(factor)
        return _CASES if base.is_Piecewise else _FUNCTION, (), self.word(base)

    def word(self, expr: Any) -> str:
        """SymPy's own text, by which what is alike otherwise is put in order."""
        if expr not in self.words:
            self.words[expr] = str(expr)
        return self.words[expr]

    def power(self, base: Any, exponent: Any) -> t.Expr:
        if exponent.is_Rational:
            if exponent.p < 0:
                return t.Fraction(self.number("1"), self.power(base, -exponent))
            if exponent.p == 1 and exponent.q == 1:
                return self(base)
            if exponent.p == 1 and exponent.q == 2:
                return t.Call("sqrt", (self(base),))
        shown = self(base)
        if isinstance(shown, t.Call) and exponent.is_Integer and self.takes_power(shown.function):
            call = t.Call(shown.function, shown.arguments)
            return t.Power(call, self(exponent), on_name=True)
        return t.Power(shown, self(exponent))

    @staticmethod
    def takes_power(function: str) -> bool:
        """True for sin, as in sin^2(x), and False for σ, as in σ(z)^2."""
        return function not in _FENCED and _ONE_SYMBOL.fullmatch(FUNCTIONS[function].tex) is not None

    # -------------------------------------------------------------- functions and conditions
    def function(self, expr: Any) -> t.Expr:
        sp, kind = self.sp, type(expr).__name__
        if isinstance(expr, sp.exp):
            return t.Power(t.Constant("e"), self(expr.args[0]))
        if expr.is_Piecewise:
            *branches, last = expr.args
            if not branches:
                return self(last.expr)
            shown = tuple((self(value), self(condition)) for value, condition in branches)
            return t.Case(shown, self(last.expr))
        if kind in _RELATIONS:
            if expr.lhs.is_Atom and not expr.rhs.is_Atom:  # |r| <= δ, which SymPy turns round
                expr = expr.reversed
            return t.Compare((self(expr.lhs), self(expr.rhs)), (_RELATIONS[type(expr).__name__],))
        if kind == "Unequality":
            equal = t.Compare((self(expr.args[0]), self(expr.args[1])), ("==",))
            return t.Logic("not", (equal,))
        if isinstance(expr, (sp.And, sp.Or)):
            operands = sorted(expr.args, key=sp.default_sort_key)
            return t.Logic("and" if isinstance(expr, sp.And) else "or", tuple(map(self, operands)))
        if isinstance(expr, sp.Not):
            return t.Logic("not", (self(expr.args[0]),))
        if kind in ("step", "Heaviside"):
            positive = t.Compare((self(expr.args[0]), self.number("0")), (">",))
            return t.Indicator(positive)
        function = _SYMPY.get(kind) or ALIASES.get(kind, kind)
        if function in FUNCTIONS:
            if kind in ("Max", "Min"):
                arguments = tuple(map(self, sorted(expr.args, key=sp.default_sort_key)))
                return t.Call(function, arguments)
            if kind == "log" and len(expr.args) == 2:
                return self.other(expr)
            bare = len(expr.args) == 1 and function not in ("max", "min", "exp")
            bare = bare and (expr.args[0].is_Symbol or (expr.args[0].is_Integer and expr.args[0].is_positive))
            bare = bare and _ONE_SYMBOL.fullmatch(FUNCTIONS[function].tex) is not None
            return t.Call(function, tuple(map(self, expr.args)), bare)
        if isinstance(expr, sp.core.function.AppliedUndef):
            return t.UserCall(kind, tuple(map(self, expr.args)))
        return self.other(expr)

    def other(self, expr: Any) -> t.Expr:
        sp = self.sp
        if expr is sp.E or expr is sp.pi:
            return t.Constant("e" if expr is sp.E else "pi")
        if expr.is_Float and expr.is_finite:
            return self.float(expr)
        if isinstance(expr, (sp.Sum, sp.Product)) and len(expr.limits) == 1 and len(expr.limits[0]) == 3:
            index, first, last = expr.limits[0]
            kind = "sum" if isinstance(expr, sp.Sum) else "prod"
            return t.Family(self(expr.function), index.name, self(first), self(last), kind)
        if isinstance(getattr(expr, "parent", None), sp.MatrixSymbol):  # an entry, counted from 0 there, from 1 here
            places = [self(expr.i + 1), self(expr.j + 1)][: 1 if expr.parent.shape[1] == 1 else 2]
            return t.Component(t.Name(expr.parent.name), tuple(places))
        return t.Verbatim(_printer(self.decimals).doprint(expr), str(expr))

    def float(self, expr: Any) -> t.Expr:
        import fractions

        exact = fractions.Fraction(repr(abs(float(expr))))
        shown = self.number(_decimal(exact.numerator, exact.denominator) or repr(abs(float(expr))))
        return shown if expr >= 0 else t.Negative(shown)


def _decimal(p: int, q: int) -> str | None:
    """p/q in decimals: 0.3, or 1.5e-7 outside 10⁻⁴…10⁶; None where it does not end within eighty digits."""
    twos, fives, rest = 0, 0, q
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > 400:
        return None
    digits = str(p * 10**places // q)
    if len(digits.strip("0")) > 80:
        return None
    if p == 0:
        return "0"
    exponent = len(digits) - places - 1  # of the first digit
    significant = digits.rstrip("0") or "0"
    if exponent < -4 or (exponent >= 6 and len(significant) <= 6 and p != q * 10**6):
        return f"{significant[0]}{'.' + significant[1:] if significant[1:] else ''}e{exponent}"
    if places == 0:
        return digits
    padded = digits.rjust(places + 1, "0")
    return f"{padded[:-places]}.{padded[-places:]}".rstrip("0").rstrip(".")


@lru_cache(maxsize=2)
def _printer(decimals: bool) -> Any:
    """SymPy's LaTeX printer for what a block cannot contain: block names in it, and our layout of its entries."""
    from sympy.matrices.expressions.matexpr import MatrixExpr, MatrixSymbol
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):
        def _print(self, expr: Any, **options: Any) -> str:
            scalar = getattr(expr, "is_commutative", False) and not isinstance(expr, MatrixExpr)
            known = scalar and (expr.is_Symbol or expr.is_Add or expr.is_Mul or expr.is_Pow or expr.is_Rational)
            return _Latex().free(_Layout(decimals)(expr)) if known else str(super()._print(expr, **options))

        def _print_MatrixSymbol(self, expr: Any) -> str:
            return name(expr.name)

        def _print_Transpose(self, expr: Any) -> str:
            shown = self._print(expr.arg)
            return rf"{shown}^\top" if isinstance(expr.arg, MatrixSymbol) else rf"\left({shown}\right)^\top"

    return Printer({"ln_notation": True})


def symbolic(expr: Any, decimals: bool = False) -> str:
    r"""LaTeX of a SymPy expression in the textbook's order, which reads back in a block.

    Highest degree first and numbers last; in products the number, names, brackets,
    functions; `\sin x` without brackets only where nothing behind it can be taken
    for its argument. With `decimals` fractions that end print as decimals.
    Matrices print entry by entry; matrix expressions as SymPy has them.
    """
    sympified = _sympified(expr)
    if getattr(sympified, "is_Matrix", False):
        if not hasattr(sympified, "tolist"):
            return str(_printer(decimals).doprint(sympified))
        return matrix(symbolic_entries(sympified.tolist(), decimals))
    return symbolic_entries([[sympified]], decimals)[0][0]


def symbolic_entries(rows: Iterable[Iterable[Any]], decimals: bool = False) -> list[list[str]]:
    """LaTeX of each entry, as `symbolic` writes it; what the entries share is put in order once."""
    layout = _Layout(decimals)
    return [[_Latex().free(layout(entry)) for entry in row] for row in rows]


def text_symbolic(expr: Any, decimals: bool = False) -> str:
    """A SymPy expression in one line of the block language: `x₁² cos(x₂)`."""
    return _Text().free(_Layout(decimals)(_sympified(expr)))


def _sympified(expr: Any) -> Any:
    """Python's own numbers as SymPy's; never text."""
    import sympy

    if isinstance(expr, (bool, int, float)):
        return sympy.Integer(expr) if isinstance(expr, int) else sympy.Float(expr)
    if isinstance(expr, sympy.Basic) and expr.has(sympy.ITE):
        # a comparison of cases is a case distinction of conditions to SymPy; a block says it with and, or
        return expr.replace(lambda e: isinstance(e, sympy.ITE), lambda e: e.to_nnf())
    return expr


# ------------------------------------------------------------------ matrices
def _shown(count: int, most: int) -> list[int | None]:
    """Which of so many rows are shown; None stands for those left out."""
    most = max(most, 3)
    return list(range(count)) if count <= most else [*range(most - 2), None, count - 1]


def _cells(
    entries: Sequence[Sequence[str]], most_rows: int, most_columns: int, dots: tuple[str, str, str]
) -> tuple[list[list[str]], list[int | None], list[int | None]]:
    """The entries that are shown, with dots for those left out, and which they are."""
    rows = _shown(len(entries), most_rows)
    columns = _shown(len(entries[0]) if entries else 0, most_columns)
    across, down, both = dots

    def cell(i: int | None, j: int | None) -> str:
        if i is None:
            return both if j is None else down
        return across if j is None else entries[i][j]

    return [[cell(i, j) for j in columns] for i in rows], rows, columns


_DOTS = (r"\cdots", r"\vdots", r"\ddots")


def matrix(entries: Sequence[Sequence[str]], most_rows: int = MOST_ROWS, most_columns: int = MOST_COLUMNS) -> str:
    """A bmatrix of entries that are LaTeX, the middle left out beyond so many rows and columns."""
    cells, _, _ = _cells(entries, most_rows, most_columns, _DOTS)
    return rf"\begin{{bmatrix}} {_NEXT_ROW.join(map(' & '.join, cells))} \end{{bmatrix}}"


def labelled_matrix(
    entries: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    most_rows: int = MOST_ROWS,
    most_columns: int = MOST_COLUMNS,
) -> str:
    """An array of entries with grey labels on the left and above; everything is LaTeX."""
    cells, which, across = _cells(entries, most_rows, most_columns, _DOTS)
    head = ["", *(_grey(r"\cdots" if j is None else columns[j]) for j in across)]
    lines = [" & ".join([_grey(r"\vdots" if i is None else rows[i]), *row]) for i, row in zip(which, cells)]
    body = _NEXT_ROW.join(lines)
    return rf"\begin{{array}}{{r|{'c' * len(across)}}} {' & '.join(head)} \\ \hline {body} \end{{array}}"


def _grey(tex: str) -> str:
    # MathJax gives \color two arguments and KaTeX one that lasts to the end of the group; this suits both
    return rf"{{\color{{gray}}{{{tex}}}}}" if tex else ""


def text_matrix(
    rows: Sequence[Sequence[str]],
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    most_rows: int = MOST_ROWS,
    most_columns: int = MOST_COLUMNS,
) -> str:
    """A table for a terminal: labels on the left and above, columns aligned, every line without trailing spaces.

    Where there are no labels of a kind (an empty sequence), there is no line for them.
    """
    cells, which, across = _cells(rows, most_rows, most_columns, ("⋯", "⋮", "⋱"))
    left = ["⋮" if i is None else row_labels[i] for i in which] if row_labels else [""] * len(which)
    above = ["⋯" if j is None else column_labels[j] for j in across] if column_labels else [""] * len(across)
    widths = [max(map(_width, column)) for column in zip(above, *cells)]
    margin = max(map(_width, left), default=0)

    def line(label: str, parts: Sequence[str], ends: tuple[str, str]) -> str:
        inside = "  ".join(_padded(part, width) for part, width in zip(parts, widths))
        return f"{_padded(label, margin)}{' ' if margin else ''}{ends[0]} {inside} {ends[1]}".rstrip()

    lines = [line("", above, (" ", " "))] if column_labels else []
    last = len(cells) - 1
    for k, (label, row) in enumerate(zip(left, cells)):
        ends = ("[", "]") if last == 0 else ("⎡", "⎤") if k == 0 else ("⎣", "⎦") if k == last else ("⎢", "⎥")
        lines.append(line(label, row, ends))
    return "\n".join(lines)


def _width(shown: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(0 if unicodedata.combining(ch) else 2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in shown)


def _padded(shown: str, width: int) -> str:
    return shown + " " * (width - _width(shown))
