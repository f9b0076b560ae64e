"""Numerator and denominator layout: whether a matrix of derivatives has a row for each function or for each variable.

All formulas are made in numerator layout, rows for functions and columns for variables; `laid` turns those that say
a derivative where the reader asks for denominator layout: what stands right of = is transposed, and a product of
local Jacobians is read from the right. Of a number by a matrix the derivative has that matrix's shape in both.

Source: Magnus & Neudecker, Matrix Differential Calculus (numerator); Petersen & Pedersen, The Matrix Cookbook,
and most statistics and machine learning (denominator).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import prod

from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.result import Result
from jacmagic.show.algebra import symmetric, turned
from jacmagic.show.pieces import Formula

LAYOUTS = {
    "numerator": "numerator layout: rows are functions, columns variables",
    "denominator": "denominator layout: rows are variables, columns functions",
}
"""The layouts, and what is said of them wherever derivatives are shown."""

LAID = frozenset("result local chain point asked".split())
"""Kinds of formulas that may say a matrix of derivatives; those of `steps` are laid where they are made."""

Size = tuple[bool, bool]
"""Whether there is more than one row, and more than one column."""

NUMBER: Size = (False, False)
COLUMN: Size = (True, False)
MATRIX: Size = (True, True)

_NUMBERS = frozenset(("det", "logdet", "tr", "argmax"))
_COLUMNS = frozenset("vec flatten sum_rows sum_cols mean_rows mean_cols".split())


def in_denominator(result: Result) -> bool:
    """True where derivatives are shown in denominator layout."""
    return result.layout == "denominator"


def layout_said(result: Result) -> str:
    """What is said of the layout; nothing where one number is all there is."""
    p = result.program
    rows, columns = (sum(prod(p.shape(key)) for key in keys) for keys in (p.outputs, p.variables))
    return LAYOUTS[result.layout] if p.net or rows * columns > 1 else ""


def laid(result: Result, formula: Formula) -> Formula:
    """A formula in the layout that is asked for."""
    if not in_denominator(result) or formula.kind not in LAID:
        return formula
    return replace(formula, tree=laid_tree(result, formula.tree))


def laid_tree(result: Result, tree: t.Expr) -> t.Expr:
    """The same of a tree: an equation or a listing of them."""
    return _Turned(result).formula(tree) if in_denominator(result) else tree


@dataclass
class _Turned:
    """Transposes what formulas say of derivatives, where the names of a block tell numbers from matrices."""

    result: Result
    letters: dict[str, Size] = field(default_factory=dict)  # what an abbreviation stands for

    def formula(self, tree: t.Expr) -> t.Expr:
        if isinstance(tree, t.Listing):
            for one in tree.items:
                if isinstance(one, t.Equation) and isinstance(one.sides[0], t.Name):
                    self.letters[one.sides[0].key] = self.size(one.sides[-1])
            return t.Listing(tuple(map(self.formula, tree.items)))
        if isinstance(tree, t.Phrase):
            return t.Phrase(tuple(map(self.formula, tree.parts)))
        if not isinstance(tree, t.Equation) or not self.lies(tree.sides[0]):
            return tree
        return replace(tree, sides=(tree.sides[0], *map(self.turn, tree.sides[1:])))

    def lies(self, left: t.Expr) -> bool:
        """True for what has rows and columns for functions and variables: not for ∂L/∂W, which has the shape of W."""
        if isinstance(left, t.Evaluated):
            return self.lies(left.inner)
        if isinstance(left, t.Jacobian):
            return True
        if not isinstance(left, (t.Partial, t.Total)) or len(left.by) != 1:
            return False
        of, by = self.size(left.of), self.size(left.by[0])
        return {of, by} != {NUMBER, MATRIX}

    # -------------------------------------------------------------- sizes
    def size(self, tree: t.Expr) -> Size:
        """Whether a formula, as it is made, has rows and columns."""
        made: Callable[[t.Expr], Size] | None = getattr(self, "size_" + type(tree).__name__.lower(), None)
        return NUMBER if made is None else made(tree)

    def any_of(self, trees: tuple[t.Expr, ...]) -> Size:
        """Of what goes entry by entry: numbers spread."""
        return next((found for one in trees if (found := self.size(one)) != NUMBER), NUMBER)

    def size_name(self, tree: t.Name) -> Size:
        known = self.result.program
        if tree.key in self.letters or tree.key not in (*known.inputs, *known.steps):
            return self.letters.get(tree.key, NUMBER)
        shape = (*known.shape(tree.key), 1, 1)
        return shape[0] > 1, shape[1] > 1

    def size_tuple(self, tree: t.Tuple) -> Size:
        return COLUMN

    size_vector = size_ones = size_unit = size_tuple

    def size_matrix(self, tree: t.Expr) -> Size:
        return MATRIX

    size_commutation = size_matrix
    size_diag = size_identity = size_kronecker = size_labelledmatrix = size_jacobian = size_outer = size_matrix

    def size_paren(self, tree: t.Paren) -> Size:
        return self.size(tree.inner)

    size_negative = size_underbrace = size_evaluated = size_paren

    def size_delta(self, tree: t.Delta) -> Size:
        return self.size(tree.of)

    size_preactivation = size_delta

    def size_partial(self, tree: t.Partial) -> Size:
        return self.size(tree.of) != NUMBER, self.size(tree.by[0]) != NUMBER

    size_total = size_partial

    def size_transpose(self, tree: t.Transpose) -> Size:
        rows, columns = self.size(tree.base)
        return columns, rows

    def size_power(self, tree: t.Power) -> Size:
        return self.any_of((tree.base, tree.exponent))

    def size_sum(self, tree: t.Sum) -> Size:
        return self.any_of(tuple(one for _, one in tree.terms))

    def size_fraction(self, tree: t.Fraction) -> Size:
        return self.any_of((tree.above, tree.below))

    def size_case(self, tree: t.Case) -> Size:
        return self.any_of((tree.otherwise, *(one for one, _ in tree.branches)))

    def size_indicator(self, tree: t.Indicator) -> Size:
        return self.any_of(t.children(tree.condition))

    def size_call(self, tree: t.Call) -> Size:
        row, own = FUNCTIONS.get(tree.function), self.any_of(tree.arguments)
        if tree.function in _NUMBERS or row is not None and row.kind in ("reduction", "loss"):
            return NUMBER
        return COLUMN if tree.function in _COLUMNS else own

    def size_product(self, tree: t.Product) -> Size:
        if any(op in (".*", "./", "/") for op, _ in tree.factors):
            return self.any_of(tuple(one for _, one in tree.factors))
        found = NUMBER
        for one in (self.size(factor) for _, factor in tree.factors):
            found = one if found == NUMBER else found if one == NUMBER else (found[0], one[1])
        return found

    # -------------------------------------------------------------- transposes
    def turn(self, tree: t.Expr) -> t.Expr:
        """The transpose of a formula, as a textbook has it; a derivative stands for its own transpose by now."""
        if isinstance(tree, t.Space):
            return t.Space(tuple(reversed(tree.shape)))
        made: Callable[[t.Expr], t.Expr] | None = getattr(self, "turn_" + type(tree).__name__.lower(), None)
        if made is not None:
            return made(tree)
        return tree if self.size(tree) == NUMBER or symmetric(tree) else turned(tree)

    def as_it_is(self, tree: t.Expr) -> t.Expr:
        return tree

    turn_partial = turn_total = turn_jacobian = turn_dots = as_it_is

    def inwards(self, tree: t.Expr) -> t.Expr:
        return t.rebuilt(tree, self.turn)

    turn_paren = turn_negative = turn_sum = turn_kronecker = inwards

    def turn_component(self, tree: t.Component) -> t.Expr:
        """An entry of what is turned stands at the other place."""
        if len(tree.indices) != 2 or not isinstance(tree.base, t.Paren):
            return tree
        return t.Component(self.turn(tree.base), tree.indices[::-1])

    def turn_underbrace(self, tree: t.Underbrace) -> t.Expr:
        return t.Underbrace(self.turn(tree.inner), tree.columns, tree.rows)

    def turn_outer(self, tree: t.Outer) -> t.Expr:
        return t.Outer(tree.right, tree.left)

    def turn_power(self, tree: t.Power) -> t.Expr:
        base = t.inverted(tree)
        if self.size(tree) == NUMBER or symmetric(tree) or base is not None and self.turn(base) == base:
            return tree
        return turned(tree)

    def turn_fraction(self, tree: t.Fraction) -> t.Expr:
        whole = self.size(tree.below) == NUMBER
        return t.Fraction(self.turn(tree.above), tree.below) if whole else turned(tree)

    def turn_product(self, tree: t.Product) -> t.Expr:
        """Numbers stay in front; the rest is read from the right."""
        if self.size(tree) == NUMBER or symmetric(tree):
            return tree
        if any(op not in ("", "*", "dot") for op, _ in tree.factors):
            last = tree.factors[-1]
            if last[0] == "/" and self.size(last[1]) == NUMBER:  # W x / n
                before = tree.factors[:-1]
                inner = before[0][1] if len(before) == 1 else t.Product(before)
                return t.Product((("", self.turn(inner)), last))
            return turned(tree)
        numbers, rest = self.parted([one for _, one in tree.factors])
        return t.product(*numbers, *map(self.turn, reversed(rest)))

    def parted(self, factors: list[t.Expr]) -> tuple[list[t.Expr], list[t.Expr]]:
        """The numbers of a product, among them xᵀ A x, and its other factors."""
        numbers: list[t.Expr] = []
        rest: list[t.Expr] = []
        row: int | None = None  # where in the rest a row begins
        for one in factors:
            rows, columns = self.size(one)
            if not rows and not columns and not isinstance(one, t.Dots):
                numbers.append(one)
                continue
            rest.append(one)
            row = len(rest) - 1 if columns and not rows else None if rows and columns and row is None else row
            if row is not None and rows and not columns:
                numbers += rest[row:]
                del rest[row:]
                row = None
        return numbers, rest

    def turn_vector(self, tree: t.Vector) -> t.Expr:
        return t.Matrix((tree.entries,))

    def turn_matrix(self, tree: t.Matrix) -> t.Expr:
        rows = _across(tree.rows)
        return t.Vector(tuple(one for (one,) in rows)) if len(rows[0]) == 1 else t.Matrix(rows)

    def turn_labelledmatrix(self, tree: t.LabelledMatrix) -> t.Expr:
        return t.LabelledMatrix(_across(tree.rows), _dotted(tree.above), _dotted(tree.left))


_OTHER: Mapping[str, str] = {"across": "down", "down": "across", "both": "both"}


def _dotted(entries: tuple[t.Expr, ...]) -> tuple[t.Expr, ...]:
    """Dots of what is left out point along the other way."""
    return tuple(t.Dots(_OTHER[one.direction]) if isinstance(one, t.Dots) else one for one in entries)


def _across(rows: tuple[tuple[t.Expr, ...], ...]) -> tuple[tuple[t.Expr, ...], ...]:
    """The rows of a matrix as its columns."""
    return tuple(_dotted(column) for column in zip(*rows))
