"""Graphs for NumPy where every axis is one of the graph's own: nothing stands in front, so that each is known by place.

Training calls such a function thousands of times on the same few arrays: it checks nothing and converts nothing.
"""

from __future__ import annotations

from jacmagic.code.arrays import Arrays
from jacmagic.code.terms import _ATOM, Inputs, Term
from jacmagic.engine.graph import Node


class Bound(Arrays):
    """Whole graphs, of arrays that have exactly the inputs' shapes."""

    def output(self, node: Node) -> Term:
        return self.full(node)

    def full(self, node: Node) -> Term:
        """With all of its axes, those of length 1 too: where a term stands alone nothing else brings them."""
        term = self.values[node.number]
        if len(term.axes) == len(node.shape):
            return term
        return self.term("spread", (term,), node.shape, range(len(node.shape)))

    def opening(self, inputs: Inputs, text: str) -> list[str]:
        return []

    def operation(self, term: Term) -> tuple[str, int]:
        op, args, data = term.op, term.args, term.data
        if op == "align" and data[0] == tuple(range(data[1] - len(data[0]), data[1])):
            return self.show(args[0], _ATOM), _ATOM  # its axes are the last, as NumPy takes them to be
        if op == "matmul" and not data:
            return f"({self.show(args[0], _ATOM)} @ {self.show(args[1], _ATOM)})", _ATOM
        if op == "permute":
            return f"{self.show(args[0], _ATOM)}.{'T' if data == (1, 0) else f'transpose({data})'}", _ATOM
        if op == "sum":  # what np.sum calls in the end
            return f"np.add.reduce({self.show(args[0])}, {data[0] if len(data) == 1 else data})", _ATOM
        return super().operation(term)
