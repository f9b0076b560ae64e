"""The numbers of a formula, by NumPy: an oracle that reads only the tree that is shown.

A number is 1×1 here, a vector a column. What has no size of its own, I, 𝟏, e_k, takes that of its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from jacmagic.functions import FUNCTIONS, symbolic
from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.show import backward

Shape = tuple[int | None, int | None]
UNKNOWN: Shape = (None, None)


WHOLE = ("sum", "prod", "max", "min", "var", "mean", "dot", "det", "logdet", "tr")
"""Functions of a matrix or vector that are a number."""

SIZES: dict[str, Callable[..., Shape]] = {
    "sum_rows": lambda a: (a[0], 1), "sum_cols": lambda a: (a[1], 1), "mean_rows": lambda a: (a[0], 1),
    "mean_cols": lambda a: (a[1], 1),
    **dict.fromkeys(("vec", "flatten"), lambda a: (a[0] * a[1] if a[0] and a[1] else None, 1)),
    "conv": lambda x, w: tuple(n - k + 1 if n and k else None for n, k in zip(x, w)),  # type: ignore[misc]
    "kron": lambda a, b: (a[0] * b[0] if a[0] and b[0] else None, a[1] * b[1] if a[1] and b[1] else None),
}

ALONG: dict[str, Callable[..., np.ndarray]] = {
    "sum_rows": lambda a: a.sum(1, keepdims=True), "sum_cols": lambda a: a.sum(0)[:, None],
    "mean_rows": lambda a: a.mean(1, keepdims=True), "mean_cols": lambda a: a.mean(0)[:, None],
    "vec": lambda a: a.T.reshape(-1, 1), "flatten": lambda a: a.reshape(-1, 1), "kron": np.kron,
    "conv": lambda x, w: (np.lib.stride_tricks.sliding_window_view(x, w.shape) * w).sum((2, 3)),
}


def evaluate(tree: t.Expr, values: Mapping[Any, Any], shape: Shape = UNKNOWN) -> np.ndarray:
    """The formula's numbers, two axes. Values by the names' keys; of δ_a, z_a, ∂L/∂a by the tree itself."""
    return _Evaluator(values).value(tree, shape)


def along(v: np.ndarray) -> int:
    """The axis of a vector, and that of the rows of a matrix."""
    return 0 if v.shape[1] == 1 else 1


def joined(*shapes: Shape) -> Shape:
    out: list[int | None] = [None, None]
    for one in shapes:
        for k in (0, 1):
            if one[k] is not None and out[k] not in (None, one[k]):
                raise ValueError(f"{shapes} do not fit")
            out[k] = one[k] if out[k] is None else out[k]
    return out[0], out[1]


def as_matrix(value: Any) -> np.ndarray:
    value = np.asarray(value, dtype=float)
    return value.reshape(-1, 1) if value.ndim < 2 else value


class _Evaluator:
    def __init__(self, values: Mapping[Any, Any]) -> None:
        self.values = values

    def known(self, tree: t.Expr) -> Any:
        try:
            return self.values.get(tree)
        except TypeError:
            return None

    # -------------------------------------------------------------- sizes
    def shape(self, tree: t.Expr) -> Shape:
        if (found := self.known(tree)) is not None:
            return as_matrix(found).shape
        made: Callable[[Any], Shape] | None = getattr(self, "shape_" + type(tree).__name__.lower(), None)
        if made is not None:
            return made(tree)
        parts = [self.shape(one) for one in t.children(tree)]
        return self.spread(parts)

    def spread(self, parts: Sequence[Shape]) -> Shape:
        """Of what goes entry by entry: numbers spread."""
        return joined(*[one for one in parts if one != (1, 1)]) if any(one != (1, 1) for one in parts) else (1, 1)

    def shape_name(self, tree: t.Name) -> Shape:
        return as_matrix(self.values[tree.key]).shape

    def shape_number(self, _: t.Expr) -> Shape:
        return 1, 1

    shape_constant = shape_component = shape_norm = shape_number

    def shape_identity(self, tree: t.Identity) -> Shape:
        return tree.size, tree.size

    def shape_commutation(self, tree: t.Commutation) -> Shape:
        m, n = self.shape(tree.of)
        return (m * n, m * n) if m and n else UNKNOWN

    def shape_ones(self, _: t.Expr) -> Shape:
        return None, 1

    def shape_unit(self, tree: t.Unit) -> Shape:
        if isinstance(tree.index, t.Call):
            return self.shape(tree.index.arguments[0])
        return None, 1

    def shape_diag(self, tree: t.Diag) -> Shape:
        n, _ = self.shape(tree.inner)
        return n, n

    def shape_kronecker(self, tree: t.Kronecker) -> Shape:
        (a, b), (c, d) = self.shape(tree.left), self.shape(tree.right)
        return (a * c if a and c else None), (b * d if b and d else None)

    def shape_degrees(self, tree: t.Degrees) -> Shape:
        return self.shape(tree.inner)

    def shape_transpose(self, tree: t.Transpose) -> Shape:
        return self.shape(tree.base)[::-1]

    def shape_call(self, tree: t.Call) -> Shape:
        if tree.function in WHOLE and len(tree.arguments) == 1:
            return 1, 1
        if tree.function in SIZES:
            return SIZES[tree.function](*map(self.shape, tree.arguments))
        return self.spread([self.shape(one) for one in tree.arguments])

    def shape_vector(self, tree: t.Vector) -> Shape:
        rows = [self.shape(one)[0] for one in tree.entries]
        return (sum(n for n in rows if n) if None not in rows else None), 1

    def shape_matrix(self, tree: t.Matrix) -> Shape:
        heights = [joined(*[(self.shape(one)[0], None) for one in row if not self.zero(one)] or [UNKNOWN])[0] for row in tree.rows]
        widths = [joined(*[(None, self.shape(one)[1]) for one in column if not self.zero(one)] or [UNKNOWN])[1] for column in zip(*tree.rows)]
        if not self.blocks(tree):
            return len(tree.rows), len(tree.rows[0])
        return (sum(n for n in heights if n) if None not in heights else None,
                sum(n for n in widths if n) if None not in widths else None)

    @staticmethod
    def zero(tree: t.Expr) -> bool:
        return isinstance(tree, t.Number) and tree.text == "0"

    def blocks(self, tree: t.Matrix) -> bool:
        return any(self.shape(one) != (1, 1) for row in tree.rows for one in row)

    def shape_product(self, tree: t.Product) -> Shape:
        return self.chain(tree, UNKNOWN)[1]

    def runs(self, tree: t.Product) -> list[list[tuple[str, t.Expr, Shape]]]:
        """The factors in groups that are matrix products; a group that is 1×1 is a number."""
        out: list[list[tuple[str, t.Expr, Shape]]] = [[]]
        for op, one in tree.factors:
            own = self.shape(one)
            if out[-1] and out[-1][0][2][0] == 1 and out[-1][-1][2][1] == 1:
                out.append([])
            out[-1].append((op, one, own))
        return out

    def chain(self, tree: t.Product, wanted: Shape) -> tuple[list[tuple[str, t.Expr, Shape]], Shape]:
        if any(op in (".*", "./") for op, _ in tree.factors):
            shapes = [self.shape(one) for _, one in tree.factors]
            full = joined(self.spread(shapes), wanted) if self.spread(shapes) != (1, 1) else (1, 1)
            return [(op, one, own if own == (1, 1) else joined(own, full)) for (op, one), own in zip(tree.factors, shapes)], full
        out: list[tuple[str, t.Expr, Shape]] = []
        whole: Shape = (1, 1)
        for run in self.runs(tree):
            sizes = [list(own) for *_, own in run]
            closed = sizes[0][0] == 1 and sizes[-1][1] == 1
            if not closed:
                for side, k in ((0, 0), (-1, 1)):
                    sizes[side][k] = wanted[k] if sizes[side][k] is None else sizes[side][k]
            for _ in range(len(run) + 1):
                for (_, one, _), own in zip(run, sizes):
                    if isinstance(one, t.Identity) or self.square(one):
                        own[0], own[1] = own[0] or own[1], own[1] or own[0]
                for left, right in pairwise(sizes):
                    if left[1] is None or right[0] is None:
                        left[1] = right[0] = left[1] or right[0]
            if not closed:
                whole = (sizes[0][0], sizes[-1][1])
            out += [(op, one, (own[0], own[1])) for (op, one, _), own in zip(run, sizes)]
        return out, whole

    def square(self, tree: t.Expr) -> bool:
        if isinstance(tree, t.Paren):
            return self.square(tree.inner)
        return isinstance(tree, t.Sum) and any(
            isinstance(one, t.Identity) or isinstance(one, t.Product) and any(isinstance(f, t.Identity) for _, f in one.factors)
            for _, one in tree.terms)

    # -------------------------------------------------------------- numbers
    def value(self, tree: t.Expr, shape: Shape) -> np.ndarray:
        if (found := self.known(tree)) is not None:
            return as_matrix(found)
        made: Callable[[Any, Shape], Any] = getattr(self, "value_" + type(tree).__name__.lower())
        return as_matrix(made(tree, shape))

    def value_name(self, tree: t.Name, _: Shape) -> Any:
        return self.values[tree.key]

    def value_number(self, tree: t.Number, _: Shape) -> float:
        return float(tree.text)

    def value_constant(self, tree: t.Constant, _: Shape) -> float:
        return {"e": math.e, "pi": math.pi}[tree.name]

    def value_component(self, tree: t.Component, _: Shape) -> Any:
        base = self.value(tree.base, UNKNOWN)
        places = [slice(None) if isinstance(one, t.Slice) else int(self.value(one, (1, 1))[0, 0]) - 1 for one in tree.indices]
        found = base[places[0], places[1] if len(places) > 1 else 0]
        return found.reshape(1, -1) if isinstance(places[-1], slice) else found

    def value_paren(self, tree: t.Paren, shape: Shape) -> np.ndarray:
        return self.value(tree.inner, shape)

    def value_negative(self, tree: t.Negative, shape: Shape) -> np.ndarray:
        return -self.value(tree.inner, shape)

    def value_sum(self, tree: t.Sum, shape: Shape) -> np.ndarray:
        shapes = [self.shape(one) for _, one in tree.terms]
        full = joined(*[one for one in shapes if one != (1, 1)] or [(1, 1)], shape)
        if any(isinstance(one, t.Identity) for _, one in tree.terms):
            full = (full[0] or full[1], full[1] or full[0])
        terms = [sign * self.value(one, full) for sign, one in tree.terms]
        return sum(terms[1:], terms[0])

    def value_product(self, tree: t.Product, shape: Shape) -> np.ndarray:
        parts, _ = self.chain(tree, shape)
        out: np.ndarray | None = None
        for op, one, own in parts:
            value = self.value(one, own)
            if out is None:
                out = value
            elif op in (".*", "./"):
                out = out * value if op == ".*" else out / value
            elif op == "/":
                out = out / value
            elif out.shape[1] == value.shape[0]:
                out = out @ value
            elif out.size == 1 or value.size == 1:
                out = out * value
            else:
                raise ValueError(f"{out.shape} times {value.shape} in {tree}")
        assert out is not None
        return out

    def value_fraction(self, tree: t.Fraction, shape: Shape) -> np.ndarray:
        below = self.value(tree.below, UNKNOWN)
        assert below.size == 1, "a fraction bar over a column"
        return self.value(tree.above, shape) / below

    def value_power(self, tree: t.Power, shape: Shape) -> np.ndarray:
        if t.inverted(tree) is not None and self.shape(tree.base) != (1, 1):
            return np.linalg.inv(self.value(tree.base, shape))
        base, exponent = self.value(tree.base, shape), self.value(tree.exponent, shape)
        assert 1 in base.shape or tree.entrywise, "a power of a matrix"
        return np.sign(base) ** 1 * np.abs(base) ** exponent if False else np.power(base, exponent)

    def value_degrees(self, tree: t.Degrees, shape: Shape) -> np.ndarray:
        return self.value(tree.inner, shape) * np.pi / 180

    def value_transpose(self, tree: t.Transpose, shape: Shape) -> np.ndarray:
        return self.value(tree.base, shape[::-1]).T

    def value_identity(self, _: t.Expr, shape: Shape) -> np.ndarray:
        assert shape[0] is not None, "I of no size"
        assert shape[0] == shape[1], f"I of the size {shape}"
        return np.eye(shape[0])

    def value_commutation(self, tree: t.Commutation, _: Shape) -> np.ndarray:
        m, n = self.value(tree.of, UNKNOWN).shape
        return np.eye(m * n)[np.arange(m * n).reshape(m, n).T.ravel()]

    def value_ones(self, _: t.Expr, shape: Shape) -> np.ndarray:
        assert shape[0] is not None, "𝟏 of no size"
        return np.ones((shape[0], 1))

    def value_unit(self, tree: t.Unit, shape: Shape) -> np.ndarray:
        if isinstance(tree.index, t.Call):
            x = self.value(tree.index.arguments[0], UNKNOWN)
            best = x == (x.max() if tree.index.function == "argmax" else x.min())
            return best / best.sum()
        k = int(self.value(tree.index, (1, 1))[0, 0])
        assert shape[0] is not None, "e_k of no size"
        return np.eye(shape[0])[:, [k - 1]]

    def value_diag(self, tree: t.Diag, shape: Shape) -> np.ndarray:
        return np.diag(self.value(tree.inner, (shape[0], 1)).ravel())

    def value_kronecker(self, tree: t.Kronecker, shape: Shape) -> np.ndarray:
        sides = []
        for one, other in ((tree.left, tree.right), (tree.right, tree.left)):
            own, beside = self.shape(one), self.shape(other)
            rows = own[0] if own[0] is not None else shape[0] // (beside[0] or 1) if shape[0] else None
            columns = own[1] if own[1] is not None else shape[1] // (beside[1] or 1) if shape[1] else None
            sides.append(self.value(one, (rows, columns)))
        return np.kron(*sides)

    def value_vector(self, tree: t.Vector, shape: Shape) -> np.ndarray:
        sizes = [self.shape(one)[0] for one in tree.entries]
        if sizes.count(None) == 1 and shape[0] is not None:
            sizes[sizes.index(None)] = shape[0] - sum(n for n in sizes if n)
        return np.vstack([self.value(one, (n, 1)) for one, n in zip(tree.entries, sizes)])

    def value_matrix(self, tree: t.Matrix, shape: Shape) -> np.ndarray:
        if not self.blocks(tree):
            return np.array([[self.value(one, (1, 1))[0, 0] for one in row] for row in tree.rows])
        heights = [next((self.shape(one)[0] for one in row if not self.zero(one) and self.shape(one)[0]), None) for row in tree.rows]
        widths = [next((self.shape(one)[1] for one in column if not self.zero(one) and self.shape(one)[1]), None) for column in zip(*tree.rows)]
        for known, whole in ((heights, shape[0]), (widths, shape[1])):
            if known.count(None) == 1 and whole is not None:
                known[known.index(None)] = whole - sum(n for n in known if n)
        for k, row in enumerate(tree.rows):
            for j, one in enumerate(row):
                if isinstance(one, t.Identity):
                    heights[k] = widths[j] = heights[k] or widths[j]
        for known, whole in ((heights, shape[0]), (widths, shape[1])):
            if known.count(None) == 1 and whole is not None:
                known[known.index(None)] = whole - sum(n for n in known if n)
        return np.block([
            [np.zeros((h, w)) if self.zero(one) else self.value(one, (h, w)) for one, w in zip(row, widths)]
            for row, h in zip(tree.rows, heights)
        ])

    def value_norm(self, tree: t.Norm, _: Shape) -> float:
        inner = self.value(tree.inner, UNKNOWN)
        return float({"1": np.abs(inner).sum(), "oo": np.abs(inner).max()}.get(tree.order, np.sqrt((inner**2).sum())))

    def value_absolute(self, tree: t.Absolute, shape: Shape) -> np.ndarray:
        return np.abs(self.value(tree.inner, shape))

    def value_case(self, tree: t.Case, shape: Shape) -> np.ndarray:
        pairs = [(self.value(when, shape), self.value(value, shape)) for value, when in tree.branches]
        return np.select([when.astype(bool) for when, _ in pairs], [np.broadcast_to(value, np.broadcast_shapes(value.shape, pairs[0][0].shape)) for _, value in pairs],
                         self.value(tree.otherwise, shape))

    def value_compare(self, tree: t.Compare, shape: Shape) -> np.ndarray:
        sides = [self.value(one, shape) for one in tree.operands]
        table = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal}
        out = np.ones((1, 1), dtype=bool)
        for relation, left, right in zip(tree.relations, sides, sides[1:]):
            out = out & table[relation](left, right)
        return out * 1.0

    def value_logic(self, tree: t.Logic, shape: Shape) -> np.ndarray:
        parts = [self.value(one, shape) != 0 for one in tree.operands]
        if tree.operator == "not":
            return ~parts[0] * 1.0
        out = parts[0]
        for one in parts[1:]:
            out = out & one if tree.operator == "and" else out | one
        return out * 1.0

    def value_indicator(self, tree: t.Indicator, shape: Shape) -> np.ndarray:
        return self.value(tree.condition, shape)

    def value_call(self, tree: t.Call, shape: Shape) -> Any:
        name = tree.function
        if name in ALONG:
            return ALONG[name](*(self.value(one, UNKNOWN) for one in tree.arguments))
        if len(tree.arguments) == 1:
            inner = self.value(tree.arguments[0], UNKNOWN if self.shape(tree) == (1, 1) else shape)
            whole: dict[str, Callable[[np.ndarray], Any]] = {
                "sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min, "mean": np.mean, "var": np.var,
                "softmax": lambda v: self.softmax(v), "log_softmax": lambda v: np.log(self.softmax(v)),
                "layer_norm": lambda v: (v - v.mean(along(v), keepdims=True)) / np.sqrt(v.var(along(v), keepdims=True) + 1e-5),
                "rms_norm": lambda v: v / np.sqrt((v**2).mean(along(v), keepdims=True) + 2.0**-52),
                "logsumexp": lambda v: np.log(np.exp(v).sum(along(v), keepdims=True)), "det": np.linalg.det, "tr": np.trace,
                "logdet": lambda v: np.linalg.slogdet(v)[1], "sqrt": np.sqrt, "exp": np.exp,
                "ln": np.log, "abs": np.abs, "sign": np.sign, "tanh": np.tanh, "sin": np.sin, "cos": np.cos,
            }
            if name in whole:
                return whole[name](inner)
        sides = np.broadcast_arrays(*[self.value(one, shape) for one in tree.arguments])
        f = symbolic(name)
        assert FUNCTIONS[name].kind == "entrywise", name
        return np.vectorize(lambda *v: float(f(*v)))(*sides)

    @staticmethod
    def softmax(v: np.ndarray) -> np.ndarray:
        axis = along(v)
        powers = np.exp(v - v.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)

    def shape_reduced(self, _: t.Expr) -> Shape:
        return 1, 1

    def value_reduced(self, tree: t.Reduced, _: Shape) -> float:
        inner = self.value(tree.inner, UNKNOWN)
        return float(inner.sum() if tree.kind == "sum" else inner.prod())


def backward_is_right(n: Any) -> set[str]:
    """The weights whose gradient is shown; each δ and each ∂L/∂W has the numbers that it must have."""
    known: dict[Any, Any] = {**n.values, **n.forward()}
    for key in n.program.steps:
        if (parts := backward.pre_activation(n, key)) is not None:
            known[t.PreActivation(t.Name(key))] = evaluate(parts[0], known, full(n.program.shape(key)))
    told = set()
    for line in (line for lines in backward.backward(n) for line in lines):
        size = full(n.program.shape(line.key))
        value = np.broadcast_to(evaluate(line.right, known, size), size)
        if line.weight:
            wanted = np.reshape(n.at(n.program.outputs[-1], line.key), size)
            assert np.allclose(value, wanted, rtol=1e-7, atol=1e-10), f"{n.text}\n{text(line.right)}\n{value}\n{wanted}"
            told.add(line.key)
        else:
            known[line.left] = value
    return told


def full(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns."""
    rows, columns = (*shape, 1, 1)[:2]
    return rows, columns
