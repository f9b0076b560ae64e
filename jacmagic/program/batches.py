"""Batches: matrices with an example a row, or a column, and what is made of them.

`X in R^(32x2) batch` says it of a name. X W, tanh(X W), X w have the examples where X has them, so that `X W + b`
adds b to each example, and a loss is the mean over them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t

ROWS, COLUMNS = 0, 1

_KEPT = ("softmax", "log_softmax", "layer_norm", "rms_norm")
"""Functions of vectors that are taken of each example; those entry by entry, too, keep the examples."""


class Batches:
    """Along which axis the examples of an expression lie: 0 a row each, 1 a column each, None where there are none.

    declared  the names that a line says it of
    trees     the right sides
    shape     the shape of a name, as far as it is known
    """

    def __init__(
        self, declared: Mapping[str, int], trees: Mapping[str, t.Expr], shape: Callable[[str], Sequence[int] | None]
    ) -> None:
        self.declared, self.trees, self.shape = declared, trees, shape
        self.memo: dict[str, int | None] = {}
        self.compared: set[int] | None = None

    def of(self, expr: t.Expr) -> int | None:
        if not self.declared:
            return None
        expr = t.inside(expr)
        if isinstance(expr, t.Name):
            return self.name(expr.key)
        if isinstance(expr, t.Transpose):
            axis = self.of(expr.base)
            return None if axis is None else 1 - axis
        if isinstance(expr, t.Product):
            return self.product(expr)
        if isinstance(expr, t.Call):
            kept = FUNCTIONS[expr.function].kind == "entrywise" or expr.function in _KEPT
            axis = self.first(expr.arguments) if kept else None
            return ROWS if axis is None and expr.function in _KEPT and self.scores(expr.arguments[0]) else axis
        if isinstance(expr, (t.Negative, t.Sum, t.Fraction, t.Power, t.UserCall, t.Case)):
            return self.first(t.children(expr))
        return None

    def first(self, parts: Sequence[t.Expr]) -> int | None:
        return next((axis for one in parts if (axis := self.of(one)) is not None), None)

    def name(self, key: str) -> int | None:
        if key in self.declared or key not in self.trees:
            return self.declared.get(key)
        if key not in self.memo:
            self.memo[key] = None  # a name that is defined by itself has none
            self.memo[key] = self.of(self.trees[key])
        return self.memo[key]

    def targets(self, expr: t.Sum) -> dict[int, str]:
        """The place of the y of y - X w, and of ||X w - y||: not added to each example, but compared with it."""
        signs = {sign for sign, term in expr.terms if self.of(term) is not None}
        return {
            k: name.key for k, (sign, term) in enumerate(expr.terms)
            if signs == {-sign} and isinstance(name := t.inside(term), t.Name) and (sign > 0 or self.is_compared(expr))
        }

    def is_compared(self, expr: t.Sum) -> bool:
        """True for a sum whose size is taken: in ||…||, (…)^2, (…)^T (…), abs(…)."""
        if self.compared is None:
            looked = (one for tree in self.trees.values() for one in t.walk(tree))
            self.compared = {
                id(t.inside(one)) for of in looked
                if isinstance(of, (t.Norm, t.Power, t.Transpose)) or isinstance(of, t.Call) and of.function == "abs"
                for one in t.children(of)[:1]
            }
        return id(expr) in self.compared

    def product(self, expr: t.Product) -> int | None:
        """X W has the rows of X, W X the columns of X; X Xᵀ and Xᵀ X, examples with examples, are none."""
        arrays = [(op, one) for op, one in expr.factors if op != "/" and not self.number(one)]
        if any(op in (".*", "./") for op, _ in arrays):
            return self.first([one for _, one in arrays])
        ends = {axis for (_, one), axis in ((arrays[0], ROWS), (arrays[-1], COLUMNS)) if self.of(one) == axis} if (
            arrays) else set()
        return ends.pop() if len(ends) == 1 else None

    def scores(self, expr: t.Expr) -> bool:
        """True for Q Kᵀ/√d, examples with examples: softmax has a row of it for each example of Q."""
        expr = t.inside(expr)
        if isinstance(expr, (t.Negative, t.Sum, t.Fraction)):
            return any(self.scores(one) for one in t.children(expr))
        if not isinstance(expr, t.Product) or COLUMNS in self.declared.values():
            return False
        arrays = [one for op, one in expr.factors if op != "/" and not self.number(one)]
        if len(arrays) == 1:
            return self.scores(arrays[0])
        return bool(arrays) and self.of(arrays[0]) == ROWS and self.of(arrays[-1]) == COLUMNS

    def number(self, expr: t.Expr) -> bool:
        """True for what has nothing but numbers in it."""
        return all(self.shape(one.key) == () for one in t.walk(expr) if isinstance(one, t.Name))
