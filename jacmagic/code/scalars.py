"""Graphs entry by entry: plain Python, which has numbers alone."""

from __future__ import annotations

import math
from typing import Any

from jacmagic.code.arrays import Arrays
from jacmagic.code.terms import _ATOM, Body, Term
from jacmagic.code.trees import nearest_number, tree
from jacmagic.engine.graph import Node, Shape


class Scalars(Arrays):
    """Graphs entry by entry: JavaScript's arrays are flat lists, plain Python has none."""

    def add(self, node: Node) -> None:
        fits = node.op in (("stack", "take", "const", "eye") if node.shape else ("input", "const", "map"))
        if self.python and not (fits and all(a.shape == () for a in node.args)):
            raise TypeError(f"{self.backend.title} is for scalars and rows of them; this graph has {node.op} of arrays")
        super().add(node)

    def array(self, node: Node, args: list[Term]) -> Term:
        if node.op in ("const", "eye") and self.python:
            flat = [1 if i == j else 0 for i in range(node.shape[0]) for j in range(node.shape[0])]
            values = flat if node.op == "eye" else [nearest_number(v) for v in node.data]
            return self.term("stack", [self.plant(v, ()) for v in values], (node.shape, 0), range(len(node.shape)))
        if self.python:  # take is of a number here, which stands at each place
            entries = args * node.size if node.op == "take" else args
            return self.term("stack", entries, (node.shape, 0), range(len(node.shape)))
        shapes = tuple(a.shape for a in node.args)
        return self.term(node.op, args, (node.data, node.shape, shapes), range(len(node.shape)))

    def align(self, term: Term, axes: Shape, rank: int) -> Term:
        return term

    def full(self, node: Node) -> Term:
        return self.values[node.number]

    def nested(self, entries: list[str], shape: Shape) -> str:
        """Plain Python's rows."""
        for n in reversed(shape):
            entries = [
                f"({', '.join(entries[k : k + n])}{',' if n == 1 else ''})" for k in range(0, len(entries), n)
            ]
        return entries[0] if entries else "()"

    def operation(self, term: Term) -> tuple[str, int]:
        if self.python:
            return self.nested([self.show(a) for a in term.args], term.data[0]), _ATOM
        data, shape, shapes = term.data
        shown = [self.show(a) if s else f"[{self.show(a)}]" for a, s in zip(term.args, shapes)]
        text = self.javascript(term.op, shown, data, shape, shapes)
        return (text if shape or term.op == "const" else f"{text}[0]"), _ATOM

    def javascript(self, op: str, shown: list[str], data: Any, shape: Shape, shapes: tuple[Shape, ...]) -> str:
        if op == "const":
            values = [self.number(nearest_number(v)) for v in data]
            if values and len(set(values)) == 1:
                return f"new Array({len(values)}).fill({values[0]})"
            return self.hoist(f"[{', '.join(values)}]")
        if op == "eye":
            return f"_eye({shape[0]})"
        if op == "map":
            return self.each(data[0], data[1], shape, shapes, shown)
        if op in ("dot", "sum", "permute"):
            la: Shape
            lb: Shape = ()
            if op == "dot":
                la, lb, lo = data
            else:
                la = tuple(range(len(shapes[0])))
                lo = data if op == "permute" else tuple(k for k in la if k not in data)
            sizes = dict(zip(la, shapes[0])) | (dict(zip(lb, shapes[1])) if lb else {})
            first, second = _strides(la, shapes[0]), _strides(lb, shapes[1] if lb else ())
            axes = [[sizes[i], first.get(i, 0), second.get(i, 0)] for i in sizes if i not in lo]
            kept = [[sizes[i], first.get(i, 0), second.get(i, 0)] for i in lo]
            return f"_dot({shown[0]}, {shown[1] if len(shown) > 1 else '[1]'}, {kept}, {axes})"
        if op == "take":
            return f"_take({shown[0]}, {math.prod(shapes[0][data[0] :])}, {self.hoist(str(list(data[1])))})"
        if op == "put":
            return f"_put({shown[0]}, {math.prod(shape[data[0] :])}, {self.hoist(str(list(data[1])))})"
        if op == "stack":
            if not data and not any(shapes):
                return f"[{', '.join(text[1:-1] for text in shown)}]"
            return f"_join({math.prod(shape[:data])}, {', '.join(shown)})"
        return f"_rows({shown[0]}, {shapes[0][-1]}, {self.backend.along[op]})"

    def each(self, expr: Any, axes: Any, shape: Shape, shapes: tuple[Shape, ...], shown: list[str]) -> str:
        """An arrow function carried to every entry."""
        strides = [_strides(labels, s) for labels, s in zip(axes, shapes)]
        body = Body(self.backend, self.taken)
        body.prefix = "t"
        leaves = [body.term("input", data=body.fresh(f"a{k}")) for k in range(len(shown))]
        root = body.plant(tree(expr, self.backend.known), leaves)
        lines = body.write([root])
        inside = body.show(root)
        arrow = f"{{ {' '.join(lines)} return {inside}; }}" if lines else inside
        where = [[n, *(s.get(k, 0) for s in strides)] for k, n in enumerate(shape)]
        names = ", ".join(leaf.data for leaf in leaves)
        return f"_each({where}, ({names}) => {arrow}{''.join(', ' + text for text in shown)})"


class JavaScript(Scalars):
    """JavaScript: maps of arrays are operations with a small function inside."""

    def add(self, node: Node) -> None:
        if node.op == "map" and node.shape:
            args = [self.values[a.number] for a in node.args]
            shapes = tuple(a.shape for a in node.args)
            term = self.term("map", args, (node.data, node.shape, shapes))
            term.label = term.label or self.names.get(node.number, "")
            self.values[node.number] = term
        else:
            super().add(node)


def _strides(labels: Shape, shape: Shape) -> dict[int, int]:
    """How far apart neighbours along each label lie in the flat array; a label met twice walks a diagonal."""
    out: dict[int, int] = {}
    step = 1
    for label, n in zip(reversed(labels), reversed(shape)):
        out[label] = out.get(label, 0) + step
        step *= n
    return out
