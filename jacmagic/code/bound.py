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

    def text_align(self, term: Term) -> str:
        axes, rank = term.data
        if axes == tuple(range(rank - len(axes), rank)):
            return self.show(term.args[0], _ATOM)  # its axes are the last, as NumPy takes them to be
        return super().text_align(term)

    def text_matmul(self, term: Term) -> str:
        return super().text_matmul(term) if term.data else self.text_product(term)

    def text_permute(self, term: Term) -> str:
        return f"{self.show(term.args[0], _ATOM)}.{'T' if term.data == (1, 0) else f'transpose({term.data})'}"

    def text_sum(self, term: Term) -> str:
        axes = term.data[0] if len(term.data) == 1 else term.data
        return f"np.add.reduce({self.show(term.args[0])}, {axes})"  # what np.sum calls in the end
