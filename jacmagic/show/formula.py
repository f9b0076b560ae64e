"""A node of the graph as a formula, in the names of the block.

A derivative is a node like any other: `calculus` makes it, and what is read here is
the outcome of its sweep. Every operation of the graph has its line in `Reader`, so that
each node of up to two axes has a formula: products of matrices as such, entrywise
products as diag(f) v, and what is no product of matrices written out by its entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

import numpy as np
import sympy as sp

from jacmagic.engine.graph import Node, is_in_order, is_zero, slot
from jacmagic.engine.textbook import as_written, without_signs
from jacmagic.functions.forms import put_in
from jacmagic.language import tree as t
from jacmagic.show import algebra as a
from jacmagic.show.algebra import Form
from jacmagic.show.atoms import Atoms, Shape, bracketed
from jacmagic.show.windows import convolved, of_diagonal, pooled, whole_of

MAX_WRITTEN = 12
"""Rows and columns of a matrix that is written out by its entries."""


class NoForm(Exception):
    """No formula that reads well."""


def size(shape: Shape) -> tuple[int, int]:
    """Rows and columns of an array of up to two axes, a vector being a column."""
    return (1, 1) if not shape else (shape[0], 1) if len(shape) == 1 else (shape[0], prod(shape[1:]))


def number(value: int) -> t.Number:
    return t.Number(str(value))


class Reader(Atoms):
    """Reads nodes of one graph as formulas."""

    def shown(self, form: Form) -> t.Expr:
        """The whole formula, what several of its products share put in front of brackets."""
        return self.written(a.factored(form))

    # -------------------------------------------------------------- forms
    def form(self, node: Node) -> Form:
        """The node as a sum of products of matrices."""
        if node.number not in self.forms:
            self.forms[node.number] = self.read(node)
        return self.forms[node.number]

    def read(self, node: Node) -> Form:
        rows, columns = size(node.shape)
        if node.number in self.names:
            return self.leaf(node, self.names[node.number])
        if is_zero(node):
            return Form((), rows, columns)
        if node.op in ("take", "dot", "amax") and (call := self.of_parts(node)) is not None:
            return a.matrix(call, rows, columns) if len(node.shape) == 2 else self.leaf(node, call)
        if node.number in self.shares and node.op != "map" or (
            node.number in self.shares and self.shares[node.number].op in ("amax", "amin")):
            return self.share(self.shares[node.number])
        made = getattr(self, "read_" + node.op, None)
        if made is None:
            return self.leaf(node, self.reduced(node))
        form: Form = made(node)
        return form

    def of_parts(self, node: Node) -> t.Expr | None:
        """conv(x, w), maxpool(x, k) and flatten(X), where the node is that."""
        if (found := convolved(node)) is not None:
            return t.Call("conv", tuple(map(self.tree, found)))
        if (found_pool := pooled(node)) is not None:
            return t.Call("maxpool", (self.tree(found_pool[0]), number(found_pool[1])))
        inner = whole_of(node)
        if node.op == "take" and len(node.shape) == 1 and len(inner.shape) == 2:
            return t.Call("flatten", (self.tree(inner),))
        return None

    def leaf(self, node: Node, tree: t.Expr) -> Form:
        """A node that has a name: its symbol, so that it may be cancelled and put in order."""
        rows, columns = size(node.shape)
        if len(node.shape) == 2:
            return a.matrix(tree, rows, columns)
        if len(node.shape) > 2:
            raise NoForm
        self.names.setdefault(node.number, tree)
        symbol = self.atom(node, tuple(range(len(node.shape))))
        return a.column(symbol, rows) if node.shape else a.number(symbol)

    def read_input(self, node: Node) -> Form:
        return self.leaf(node, self.leaves.get(node.data) or t.Name(node.data))

    def read_const(self, node: Node) -> Form:
        rows, columns = size(node.shape)
        if len(set(node.data)) == 1:
            if not node.shape:
                return a.number(node.data[0])
            if len(node.shape) == 1:
                return a.ones(rows).times(node.data[0])
            if len(node.shape) == 2:
                return a.multiply(a.ones(rows), a.ones(columns).transposed).times(node.data[0])
        entries = tuple(self.layout(one) for one in node.data)
        if len(node.shape) == 2:
            return a.matrix(in_rows(entries, columns), rows, columns)
        return self.leaf(node, t.Vector(entries))

    def read_eye(self, node: Node) -> Form:
        if len(node.shape) > 2:
            raise NoForm
        return a.eye(node.shape[0])

    # -------------------------------------------------------------- entry by entry
    def read_map(self, node: Node) -> Form:
        expr = self.template(node)
        if not node.shape:
            return self.scalar(as_written(a.shorter(without_signs(expr)), self.sums))
        make = {1: self.column, 2: self.table, 3: self.kronecker}.get(len(node.shape))
        if make is None:
            raise NoForm
        return make(expr, node.shape)

    def scalar(self, expr: sp.Expr) -> Form:
        """A number: a product of matrices where it is one, all else an expression."""
        terms = [self.scalar_term(term) for term in sp.Add.make_args(expr)]
        return a.add(terms) if terms else a.number(0)

    def scalar_term(self, term: sp.Expr) -> Form:
        opened = [one for one in sp.Mul.make_args(term) if one.is_Symbol and self.opens(one)]
        if len(opened) != 1:
            return a.number(term)
        return self.form(self.atoms[opened[0]][0]).times(term / opened[0])

    def opens(self, symbol: sp.Symbol) -> bool:
        """True for an operand that is a product of matrices with a δ in it."""
        node = self.atoms[symbol][0]
        return not self.named(node) and node.op != "input" and self.carries(node)

    def column(self, expr: sp.Expr, shape: Shape) -> Form:
        (n,) = shape
        alone, out = [], []
        for term in sp.Add.make_args(expr):
            if self.has_delta(term):
                out.append(self.carried(term, n))
            elif (product := self.product(term)) is not None:
                out.append(product)
            else:
                alone.append(term)
        if alone:
            out.append(self.plain(sp.Add(*alone), n))
        whole = a.add(out)
        return a.factored(whole) if self.has_delta(expr) else whole

    def has_delta(self, expr: sp.Basic) -> bool:
        return any(self.carries(self.atoms[one][0]) for one in expr.free_symbols)

    def product(self, term: sp.Expr) -> Form | None:
        """A column that is a number times a product of matrices; None for any other."""
        scale, rest = self.outside(term)
        node = self.atoms[rest][0] if rest.is_Symbol else None
        if node is not None and node.number in self.kept:
            return a.multiply(self.form(node)).times(scale)
        if node is None or node.op not in ("dot", "put", "take", "sum", "permute") or self.named(node):
            return None
        return self.form(node).times(scale)

    def plain(self, expr: sp.Expr, n: int) -> Form:
        """A column without a δ: a product of matrices, or its entries."""
        outside, inner = self.outside(a.shorter(expr))
        if inner.is_Symbol:
            return self.form(self.atoms[inner][0]).times(outside)
        return a.column(inner, n).times(outside)

    def outside(self, expr: sp.Expr, axes: Iterable[int] = ()) -> tuple[sp.Expr, sp.Expr]:
        """The factors that are numbers, and the others."""
        factors = sp.Mul.make_args(expr)
        numbers = [one for one in factors if not self.rank(one)]
        return sp.Mul(*numbers), sp.Mul(*[one for one in factors if self.rank(one)])

    def carried(self, term: sp.Expr, n: int) -> Form:
        """A column with a δ in it: diag(f) v, or v times a number that has the δ."""
        numbers, others, last = [], [], None
        for one in sp.Mul.make_args(term):
            if not self.rank(one):
                numbers.append(one)
            elif self.has_delta(one) and last is None:
                last = one
            else:
                others.append(one)
        scale, chunk = self.split_numbers(numbers)
        if last is None:
            front = self.plain(sp.Mul(*others), n) if others else a.ones(n)
            return a.multiply(front, chunk).times(scale)
        if last.is_Symbol:
            inner = self.form(self.atoms[last][0])
        elif last.is_Add and all(self.linear(one) for one in last.args):
            inner = self.column(last, (n,))
        else:
            inner = a.column(last, n)
        front = self.diag(sp.Mul(*others), n)
        return a.multiply(front, inner, *([chunk] if chunk.terms != a.number(1).terms else [])).times(scale)

    def diag(self, entry: sp.Expr, n: int) -> Form:
        """A diagonal matrix, the numbers in front of it; with nothing else in it that is a multiple of I."""
        scale, inner = self.outside(entry)
        if inner.is_Symbol and not self.named(self.atoms[inner][0]) and (
            even := self.evenly(self.form(self.atoms[inner][0]))) is not None:
            return a.eye(n).times(scale * even)
        return a.diag(inner, n).times(scale)

    def linear(self, term: sp.Expr) -> bool:
        return all(one.is_Symbol or not self.has_delta(one) for one in sp.Mul.make_args(term))

    def split_numbers(self, numbers: Sequence[sp.Expr]) -> tuple[sp.Expr, Form]:
        """The numbers without a δ, and the product that the one with a δ is."""
        scale, chunk = sp.S.One, a.number(1)
        for one in numbers:
            if one.is_Symbol and self.opens(one):
                chunk = a.multiply(chunk, self.form(self.atoms[one][0]))
            elif one.is_Add and self.has_delta(one):
                chunk = a.multiply(chunk, self.scalar(one))
            else:
                scale *= one
        return without_signs(scale), chunk

    def table(self, expr: sp.Expr, shape: Shape) -> Form:
        """A matrix: diag(u) M diag(v), u vᵀ, or entry by entry."""
        out: list[Form] = []
        alone = []
        for term in sorted(sp.Add.make_args(expr), key=lambda one: not self.has_delta(one)):
            made = self.table_term(term, shape)
            if made is None:
                alone.append(term)
            else:
                out.append(made)
        if alone:
            out.insert(0, a.matrix(self.write_matrix(sp.Add(*alone)), *size(shape)))
        return a.add(out)

    def table_term(self, term: sp.Expr, shape: Shape) -> Form | None:
        rows, columns = shape
        parts: dict[Shape, list[sp.Expr]] = {(): [], (0,): [], (1,): [], (0, 1): []}
        for one in sp.Mul.make_args(term):
            parts[tuple(sorted(self.rank(one)))].append(one)
        numbers, left, right, both = parts.values()
        scale, chunk = self.split_numbers(numbers)
        bare = [one for one in both if one.is_Symbol]
        if len(both) == 1 and both[0].is_Add and all(self.bilinear(one) for one in both[0].args):
            whole = self.table(both[0], shape)
        elif len(both) > 1 or len(both) == 1 and not bare:
            if not self.has_delta(term) and not left and not right and not bare:
                return None if scale == 1 else a.matrix(self.write_matrix(sp.Mul(*both)), rows, columns).times(scale)
            whole = a.matrix(self.hadamard(both, shape), rows, columns)
        elif both:
            node, axes = self.atoms[bare[0]]
            whole = self.form(node) if axes == (0, 1) else self.form(node).transposed
        else:
            first = self.vector(left, rows) if left else a.ones(rows)
            second = self.vector(right, columns) if right else a.ones(columns)
            return a.multiply(first, chunk, second.transposed).times(scale)
        front = [self.diag(sp.Mul(*left), rows)] if left else []
        back = [self.diag(self.moved(sp.Mul(*right)), columns)] if right else []
        return a.multiply(*front, whole, *back, *([] if chunk.terms == a.number(1).terms else [chunk])).times(scale)

    def bilinear(self, term: sp.Expr) -> bool:
        """True for a product of matrices: u M v, u vᵀ."""
        both = [one for one in sp.Mul.make_args(term) if len(self.rank(one)) == 2]
        return not both or len(both) == 1 and both[0].is_Symbol

    def hadamard(self, factors: Sequence[sp.Expr], shape: Shape) -> t.Expr:
        """Matrices multiplied entry by entry, what has the δ last; a sum of products of matrices stays one."""
        parts = [
            self.written(self.table(one, shape)) if one.is_Add and all(map(self.bilinear, one.args))
            else self.write_matrix(one)
            for one in sorted(factors, key=self.has_delta)
        ]
        return t.Product(tuple((".*" if k else "", bracketed(one)) for k, one in enumerate(parts)))

    def vector(self, factors: Sequence[sp.Expr], n: int) -> Form:
        """A column in a product u vᵀ, of factors that may stand along the second axis."""
        expr = self.moved(sp.Mul(*factors))
        return self.column(expr, (n,))

    def moved(self, expr: sp.Expr) -> sp.Expr:
        """The same with every operand along the first axis."""
        swap = {one: self.atom(self.atoms[one][0], (0,)) for one in expr.free_symbols if self.atoms[one][1]}
        return put_in(expr, swap)

    def kronecker(self, expr: sp.Expr, shape: Shape) -> Form:
        """The Jacobian of a column by a matrix, its entries row by row: A ⊗ vᵀ."""
        rows, columns = size(shape)
        out = []
        for term in sp.Add.make_args(expr):
            parts: dict[Shape, list[sp.Expr]] = {}
            for one in sp.Mul.make_args(term):
                parts.setdefault(tuple(sorted(self.rank(one))), []).append(one)
            scale, left = sp.Mul(*parts.pop((), [])), parts.pop((0,), [])
            if list(parts) == [(0, 1, 2)] and not left:
                out.append(self.whole_of(parts[0, 1, 2]).times(scale))
                continue
            for outer, inner in (((0, 1), (2,)), ((0, 2), (1,))):
                if set(parts) == {outer, inner} and len(parts[outer]) == 1 and parts[outer][0].is_Symbol:
                    node, axes = self.atoms[parts[outer][0]]
                    big = self.written(self.form(node) if axes[0] == 0 else self.form(node).transposed)
                    small = self.written(self.vector(parts[inner], shape[inner[0]]).transposed)
                    pair = (big, small) if outer == (0, 1) else (small, big)
                    made = a.matrix(t.Kronecker(*map(bracketed, pair)), rows, columns)
                    front = [self.diag(sp.Mul(*left), rows)] if left else []
                    out.append(a.multiply(*front, made).times(scale))
                    break
            else:
                raise NoForm
        return a.add(out)

    def whole_of(self, factors: Sequence[sp.Expr]) -> Form:
        """A product with three axes that stands alone."""
        node, axes = self.atoms[factors[0]] if len(factors) == 1 and factors[0].is_Symbol else (None, ())
        if node is None or node.op != "dot" or axes != (0, 1, 2):
            raise NoForm
        return self.form(node)

    # -------------------------------------------------------------- products
    def read_dot(self, node: Node) -> Form:
        (one, other), (la, lb, lo) = node.args, node.data
        if max(len(la), len(lb)) > 2:
            return self.reordered(node)
        first, la = self.summed(self.form(one), la, (*lb, *lo))
        second, lb = self.summed(self.form(other), lb, (*la, *lo))
        return self.contract(first, la, second, lb, lo)

    def reordered(self, node: Node) -> Form:
        scale, other = self.regrouped(node)
        return self.form(other).times(scale)

    def regrouped(self, node: Node) -> tuple[sp.Expr, Node]:
        """(M ⊗ v) V, where M ⊗ v has three axes: M (V v), one product after the other, and a number in front."""
        (one, other), (la, lb, lo) = node.args, node.data
        if len(lb) > len(la):
            one, other, la, lb = other, one, lb, la
        front = sp.S.One
        if one.op == "dot":
            front, one = self.regrouped(one)
        if one.op != "map" or len(lb) > 2:
            raise NoForm
        scale, rest = self.outside(self.template(one))
        parts = sp.Mul.make_args(rest)
        if not all(part.is_Symbol for part in parts) or len(parts) != 2:
            raise NoForm
        pairs = [(self.atoms[part][0], tuple(la[k] for k in self.atoms[part][1])) for part in parts]
        for (first, mine), (second, theirs) in (pairs, pairs[::-1]):
            summed = [label for label in mine if label in lb and label not in (*lo, *theirs)]
            if len(summed) == len(mine) or len(summed) == 1:
                kept = tuple(label for label in dict.fromkeys((*mine, *lb)) if label not in summed)
                inner = self.g.dot(first, other, mine, lb, kept)
                return front * scale, self.g.dot(second, inner, theirs, kept, lo)
        raise NoForm

    @staticmethod
    def summed(form: Form, labels: Shape, kept: Shape) -> tuple[Form, Shape]:
        """Summed over the axes that nothing else has."""
        for label in labels:
            if label not in kept:
                if len(labels) == 1:
                    form = a.multiply(a.ones(form.rows).transposed, form)
                elif label == labels[1]:
                    form = a.multiply(form, a.ones(form.columns))
                else:
                    form = a.multiply(form.transposed, a.ones(form.rows))
                labels = tuple(one for one in labels if one != label)
        return form, labels

    def contract(self, one: Form, la: Shape, other: Form, lb: Shape, lo: Shape) -> Form:
        """The product of two arrays of up to two axes, summed over the labels that lo lacks."""
        if not la:
            one, la, other, lb = other, lb, one, la
        if not lb:
            whole = a.multiply(one, other) if other.scalar is None else one.times(other.scalar)
            return oriented(whole, la == lo)
        shared = [label for label in la if label in lb]
        inner = [label for label in shared if label not in lo]
        if len(shared) == 1 and inner:  # a matrix product
            first = oriented(one, len(la) == 2 and la[-1] == inner[0])
            made = a.multiply(first, oriented(other, lb[0] == inner[0]))
            order = tuple(label for label in (*la, *lb) if label != inner[0])
            return oriented(made, order == lo and len(la) == 2 or not lo)
        if len(la) == len(lb) == 2 and set(la) == set(lb):
            return self.entrywise(one, la, oriented(other, la == lb), lo)
        if not shared and len(la) == len(lb) == 1:
            return oriented(a.multiply(one, other.transposed), lo == (*la, *lb))
        if len(shared) == 1 and {len(la), len(lb)} == {1, 2}:  # diag(v) M
            (vector, matrix, labels) = (one, other, lb) if len(la) == 1 else (other, one, la)
            made = a.multiply(self.diagonal(vector), oriented(matrix, labels[0] == shared[0]))
            order = (shared[0], *(label for label in labels if label != shared[0]))
            return oriented(made, order == lo)
        raise NoForm

    def entrywise(self, one: Form, labels: Shape, other: Form, lo: Shape) -> Form:
        """A .* B of two matrices with the same labels, summed over those that lo lacks."""
        both = t.Product((("", bracketed(self.written(one))), (".*", bracketed(self.written(other)))))
        if not lo:
            return self.word("sum", both)
        whole = oriented(a.matrix(both, one.rows, one.columns), lo in (labels, labels[:1]))
        return whole if len(lo) == 2 else a.multiply(whole, a.ones(whole.columns))

    def diagonal(self, form: Form) -> Form:
        entry = self.entry_of(form)
        if entry is not None:
            return self.diag(entry, form.rows)
        if (even := self.evenly(form)) is not None:
            return a.eye(form.rows).times(even)
        return a.matrix(t.Diag(self.written(form)), form.rows, form.rows)

    def evenly(self, form: Form) -> sp.Expr | None:
        """The number that all entries of a column are, xᵀ x of 𝟏 xᵀ x; None of any other."""
        if not form.terms or not all(
            len(one.factors) > 1 and one.factors[0].kind == "ones" and not one.factors[0].flipped for one in form.terms
        ):
            return None
        rest = Form(tuple(a.Term(one.scale, one.factors[1:]) for one in form.terms))
        return self.stand_in(self.written(rest))

    @staticmethod
    def entry_of(form: Form) -> sp.Expr | None:
        """The entries of a column that is no product of matrices."""
        parts = []
        for term in form.terms:
            kinds = [one.kind for one in term.factors]
            if kinds not in (["column"], ["ones"]):
                return None
            parts.append(term.scale * (term.factors[0].what if kinds == ["column"] else 1))
        return sp.Add(*parts)

    def word(self, function: str, argument: t.Expr) -> Form:
        """A number that a function of the table makes."""
        return a.number(self.stand_in(t.Call(function, (argument,))))

    def read_sum(self, node: Node) -> Form:
        (x,) = node.args
        if len(x.shape) > 2:
            raise NoForm
        if (whole := of_diagonal(x)) is not None:
            return self.word("tr", self.tree(whole))
        if len(x.shape) == 2 and len(node.data) == 2:
            return self.word("sum", self.tree(x))
        if len(x.shape) == 1 and (whole := self.unfolded(x)) is not None and len(whole.shape) == 2:
            return self.word("sum", self.tree(whole))
        if (share := self.adds_up(node)) is not None:
            return a.ones(node.size).times(share)
        form, _ = self.summed(self.form(x), tuple(range(len(x.shape))), tuple(
            k for k in range(len(x.shape)) if k not in node.data))
        return form

    def read_permute(self, node: Node) -> Form:
        if node.data != (1, 0):
            raise NoForm
        return self.form(node.args[0]).transposed

    # -------------------------------------------------------------- parts
    def unfolded(self, node: Node) -> Node | None:
        """The matrix whose entries, row by row, a vector is: W of vec W, |W| of |vec W|."""
        if node.op == "take" and node.data[0] == 0 and len(node.args[0].shape) == 2 and is_in_order(
            node.data[1], node.args[0].size
        ):
            return node.args[0]
        if node.op != "map" or len(node.shape) != 1 or self.named(node):
            return None
        pairs = [self.unfolded_part(one, axes) for one, axes in zip(node.args, node.data[1])]
        known = [pair for pair in pairs if pair is not None]
        shapes = list({one.shape for one, axes in known if axes})
        if len(known) < len(pairs) or len(shapes) != 1:
            return None
        share = self.shares.get(node.number)
        expr = slot(0) / slot(1) if share is not None and share.op == "norm" else node.data[0]
        return self.g.map(expr, known, shapes[0])

    def unfolded_part(self, node: Node, axes: Shape) -> tuple[Node, Shape] | None:
        """An operand of a vector's entries as one of the matrix's: a number, or a matrix."""
        if (number := self.everywhere(node) if axes else node) is not None:
            return number, ()
        return None if (whole := self.unfolded(node)) is None else (whole, (0, 1))

    def read_take(self, node: Node) -> Form:
        (x,), (lead, indices) = node.args, node.data
        if lead == 1 and len(x.shape) == 2:
            return a.multiply(self.form(x), self.selection(indices, x.shape[1]).transposed)
        if lead == 1 and len(x.shape) == 1 and len(node.shape) == 2:
            return a.multiply(self.form(x), a.ones(len(indices)).transposed)
        if lead or len(x.shape) > 2:
            raise NoForm
        if not x.shape:
            return a.multiply(self.form(x), *([a.ones(node.size)] if node.size > 1 else []))
        if not node.shape:
            return self.component(x, tuple(int(k) + 1 for k in np.unravel_index(indices[0], x.shape)))
        if len(x.shape) == 1 and len(node.shape) != 2:
            return a.multiply(self.selection(indices, x.size), self.form(x))
        if len(x.shape) == 1 and (whole := self.unfolded(x)) is not None and whole.shape == node.shape:
            return self.form(whole)
        line = line_of(indices, x.shape) if len(x.shape) == 2 and len(node.shape) == 1 else None
        if line is None:
            return self.by_entries(node)
        axis, k = line
        return a.multiply(oriented(self.form(x), axis == 1), a.unit(k + 1, x.shape[axis]))

    def component(self, x: Node, place: tuple[int, ...]) -> Form:
        """An entry: x₂ of a name, e₂ᵀ v of a formula."""
        at = place[0] - 1 if len(place) == 1 else (place[0] - 1) * x.shape[1] + place[1] - 1
        if x.op == "input" or self.named(x):
            base = self.own(x)
            if base is not None and (isinstance(base, (t.Name, t.Delta)) or self.named(x)):
                return self.leaf(self.g.take(x, [at], ()), t.Component(base, tuple(map(number, place))))
        if (found := self.entry(x, at)).op != "take":
            return self.form(found)
        form = self.form(x)
        made = a.multiply(a.unit(place[0], form.rows).transposed, form)
        return a.multiply(made, a.unit(place[1], form.columns)) if len(place) == 2 else made

    def selection(self, indices: Sequence[int], n: int) -> Form:
        """The matrix that takes some entries of a vector: rows of unit vectors, or I between zeros."""
        if len(indices) == 1:
            return a.unit(indices[0] + 1, n).transposed
        first = indices[0]
        if tuple(indices) == tuple(range(n)):
            return a.eye(n)
        inner = 0 < first < n - len(indices)
        if tuple(indices) == tuple(range(first, first + len(indices))) and not (inner and len(indices) <= MAX_WRITTEN):
            blocks: list[t.Expr] = [t.Identity(len(indices))]
            blocks = [t.Number("0")] * (first > 0) + blocks + [t.Number("0")] * (first + len(indices) < n)
            tree: t.Expr = t.Matrix((tuple(blocks),))
        else:
            tree = t.Matrix(tuple((t.Transpose(t.Unit(number(k + 1))),) for k in indices))
        return a.matrix(tree, len(indices), n)

    def read_put(self, node: Node) -> Form:
        (x,), (lead, indices) = node.args, node.data
        if len(x.shape) == lead + 2 and len(node.shape) == lead + 1:
            return self.banded(node)
        if lead == 1 and len(node.shape) == 2:
            inner = self.form(x)
            return a.multiply(inner, self.selection(indices, node.shape[1]))
        if lead or len(node.shape) > 2:
            raise NoForm
        if len(node.shape) == 1:
            if len(x.shape) == 2:
                raise NoForm
            return a.multiply(self.selection(indices, node.size).transposed, self.form(x))
        rows, columns = node.shape
        if not x.shape:
            i, j = divmod(indices[0], columns)
            return a.multiply(a.unit(i + 1, rows), self.form(x), a.unit(j + 1, columns).transposed)
        if len(x.shape) == 1:
            if rows == columns and indices == tuple(k * (rows + 1) for k in range(rows)):
                return self.diagonal(self.form(x))
            if (line := line_of(indices, node.shape)) is not None:
                axis, k = line
                made = a.multiply(self.form(x), a.unit(k + 1, node.shape[axis]).transposed)
                return oriented(made, axis == 1)
        return self.by_entries(node)

    def banded(self, node: Node) -> Form:
        """M w, added up where a kernel w lies: M times the band matrix of w, of a column its transpose times that."""
        (x,), (lead, indices) = node.args, node.data
        m, k = x.shape[-2:]
        n, last = node.shape[-1], lead + 1
        if indices != tuple(i + j for i in range(m) for j in range(k)) or max(m, n) > MAX_WRITTEN:
            raise NoForm
        out = []
        for term in sp.Add.make_args(self.template(x)):
            scale, rest = self.outside(term)
            inside = [one for one in sp.Mul.make_args(rest) if self.rank(one) == {last}]
            others = [one for one in sp.Mul.make_args(rest) if last not in self.rank(one)]
            if len(inside) != 1 or not inside[0].is_Symbol or len(inside) + len(others) < len(sp.Mul.make_args(rest)):
                raise NoForm
            band = self.band(self.atoms[inside[0]][0], m, n)
            made = a.multiply(self.table(sp.Mul(*others), x.shape[:-1]), band) if lead else a.multiply(
                band.transposed, self.column(sp.Mul(*others), (m,)))
            out.append(made.times(scale))
        return a.add(out)

    def band(self, kernel: Node, m: int, n: int) -> Form:
        """The matrix that conv(·, w) is: w in each row, one further to the right."""
        entries = [self.tree(self.entry(kernel, at)) for at in range(kernel.size)]
        zero = t.Number("0")
        rows = tuple((*[zero] * i, *entries, *[zero] * (n - kernel.size - i)) for i in range(m))
        return a.matrix(t.Matrix(rows), m, n)

    def read_stack(self, node: Node) -> Form:
        rows, columns = size(node.shape)
        shapes = [part.shape for part in node.args]
        way = node.data, len(node.shape)
        if way == (0, 1):
            parts = tuple(self.tree(part) for part in node.args)
            if not any(shapes) and len(parts) > MAX_WRITTEN ** 2:
                raise NoForm
            return a.matrix(t.Vector(parts), rows, 1)
        if way == (0, 2) and all(len(shape) < 3 and shape[-1:] == (columns,) for shape in shapes):
            blocks = [oriented(self.form(part), len(part.shape) == 2) for part in node.args]
            return a.matrix(t.Matrix(tuple((self.written(one),) for one in blocks)), rows, columns)
        if way == (1, 2):
            blocks = [self.form(part) for part in node.args]
            if all(len(shape) == 2 for shape in shapes):
                return a.matrix(t.Matrix((tuple(map(self.written, blocks)),)), rows, columns)
        return self.by_entries(node)

    def by_entries(self, node: Node) -> Form:
        """A vector or matrix written out."""
        rows, columns = size(node.shape)
        if max(rows, columns) > MAX_WRITTEN:
            raise NoForm
        entries = [self.tree(self.entry(node, at)) for at in range(node.size)]
        if len(node.shape) == 1:
            return a.matrix(t.Vector(tuple(entries)), rows, 1)
        return a.matrix(in_rows(entries, columns), rows, columns)

    def entry(self, node: Node, at: int) -> Node:
        """One entry of a node, looked up in what it is made of."""
        g = self.g
        if node.op == "put" and node.data[0] == 0:
            found = [self.entry(node.args[0], k) for k, index in enumerate(node.data[1]) if index == at]
            return g.add(found) if found else g.const(0)
        if node.op == "stack" and node.data == 0:
            for part in node.args:
                if at < part.size:
                    return self.entry(part, at)
                at -= part.size
        if node.op == "map" and not self.named(node) and node.number not in self.shares:
            expr, axes = node.data
            where = [operand_place(at, node.shape, arg.shape, own) for arg, own in zip(node.args, axes)]
            return g.map(expr, [(self.entry(arg, k), ()) for arg, k in zip(node.args, where)], ())
        return g.take(node, [at], ()) if node.shape else node

    # -------------------------------------------------------------- square matrices
    def read_inv(self, node: Node) -> Form:
        (x,) = node.args
        if x.op == "permute":
            return self.form(self.g.along("inv", x.args[0])).transposed
        return a.matrix(t.inverse(bracketed(self.tree(x))), *node.shape)

    def read_cof(self, node: Node) -> Form:
        """det(A) A⁻ᵀ, the determinant a symbol that what stands in front may cancel."""
        (x,) = node.args
        det, inverse = self.form(self.g.along("det", x)), self.form(self.g.along("inv", x))
        return inverse.transposed.times(sp.Add(*(term.scale for term in det.terms)))

    # -------------------------------------------------------------- along an axis
    def reduced(self, node: Node) -> t.Expr:
        x, *others = node.args
        if node.op in ("amax", "amin", "norm", "prod") and len(x.shape) > 1:
            raise NoForm
        if node.op == "others":
            return self.others(x)
        whole = self.unfolded(x) if len(x.shape) == 1 else None
        inner = self.tree(x if whole is None else whole)
        if node.op == "norm":
            return t.Norm(inner, "2" if whole is None else "F")
        return t.Call({"amax": "max", "amin": "min"}.get(node.op, node.op), (inner, *map(self.tree, others)))

    def others(self, x: Node) -> t.Expr:
        """For each entry the product of all others."""
        if x.size <= 4:
            entries = [self.tree(self.g.take(x, [k], ())) for k in range(x.size)]
            return t.Vector(tuple(a.times(list(map(bracketed, entries[:k] + entries[k + 1 :]))) for k in range(x.size)))
        return t.Product((("", t.Call("prod", (self.tree(x),))), ("./", bracketed(self.tree(x)))))

    def share(self, of: Node) -> Form:
        """The gradient of an extreme, a norm, a product by the vector that it is of."""
        (x,) = of.args
        if len(x.shape) != 1:
            raise NoForm
        if of.op in ("amax", "amin"):
            tree = t.Unit(t.Call("arg" + of.op[1:], (self.tree(x),)))
            return a.matrix(tree, x.size, 1)
        return a.matrix(self.others(x), x.size, 1)


def oriented(form: Form, straight: bool) -> Form:
    return form if straight else form.transposed


def line_of(places: tuple[int, ...], shape: Shape) -> tuple[int, int] | None:
    """(0, i) where the places are the row i of a matrix, (1, j) where its column j; None where no such line."""
    rows, columns = shape
    i, j = divmod(places[0], columns)
    if places == tuple(range(i * columns, (i + 1) * columns)):
        return 0, i
    return (1, j) if places == tuple(range(j, rows * columns, columns)) else None


def operand_place(at: int, shape: Shape, operand: Shape, axes: Shape) -> int:
    """Where the entry of an operand lies that the entry `at` of an entrywise operation reads."""
    places = np.unravel_index(at, shape) if axes else ()
    return int(np.ravel_multi_index([places[k] for k in axes], operand)) if axes else 0


def in_rows(entries: Sequence[t.Expr], columns: int) -> t.Matrix:
    return t.Matrix(tuple(tuple(entries[k : k + columns]) for k in range(0, len(entries), columns)))
