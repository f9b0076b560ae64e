"""Layers of a result: one for each definition, with its local Jacobians."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from jacmagic.program.model import Step

if TYPE_CHECKING:
    from jacmagic.result import Result


class Layer:
    """One definition: its name, its expression, and its local Jacobians in its own names.

    Attributes:
        name       the name of the definition
        shape      () for a number, (n,) for a vector, (m, n) for a matrix
        inputs     the names it reads, in order
    """

    def __init__(self, result: Result, step: Step) -> None:
        self._result, self.name, self.shape = result, step.key, step.shape
        self.inputs = tuple(n for n in dict.fromkeys([*step.params, *step.reads]) if n in result.known)

    def __repr__(self) -> str:
        return f"Layer({self.name}, shape={self.shape}, inputs={', '.join(self.inputs)})"

    @property
    def expression(self) -> Any:
        """The right side in the names it reads: an expression for a number, else a matrix."""
        entries = self._result.entries(self._result.inner(self.name))
        if self.shape == ():
            return entries[0]
        columns = self.shape[1] if len(self.shape) == 2 else 1
        return sp.ImmutableMatrix(self.shape[0], columns, entries)

    @property
    def jacobians(self) -> Mapping[str, Any]:
        """{input name: local Jacobian}, numerator layout, entries of matrices row by row.

        A SymPy matrix, or, where it is large, a matrix expression that `.as_explicit()` writes out.
        """
        return _LocalJacobians(self._result, self)


class _LocalJacobians(Mapping[str, Any]):
    def __init__(self, result: Result, layer: Layer) -> None:
        self._result, self._layer = result, layer

    def __getitem__(self, key: str) -> Any:
        if key not in self._layer.inputs:
            raise KeyError(f"{self._layer.name} does not read {key!r}; it reads {', '.join(self._layer.inputs)}")
        return self._result.local_jacobian(self._layer.name, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._layer.inputs)

    def __len__(self) -> int:
        return len(self._layer.inputs)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{key}: {self[key]}" for key in self) + "}"


class LargeJacobian(MatrixExpr):
    """A matrix of entries that are written out when they are asked for."""

    def __new__(cls, name: str, rows: int, columns: int, entries: Callable[[], list[sp.Expr]]) -> LargeJacobian:
        obj: LargeJacobian = MatrixExpr.__new__(cls, sp.Symbol(name), sp.Integer(rows), sp.Integer(columns))
        obj._entries = entries
        return obj

    @property
    def shape(self) -> tuple[sp.Integer, sp.Integer]:
        return self.args[1], self.args[2]

    def _entry(self, i: Any, j: Any, **_: Any) -> sp.Expr:
        if not hasattr(self, "_written"):
            self._written = self._entries()
        return self._written[int(i) * int(self.args[2]) + int(j)]
