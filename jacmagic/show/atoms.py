"""What a formula is made of: operands as symbols of SymPy, and expressions in these written as formulas.

A symbol stands for an operand together with the axes of the result along which it
varies, so that SymPy puts products and sums in order entry by entry; `write` puts the
operands back, entrywise products marked as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import sympy as sp

from jacmagic.engine.graph import Graph, Node, ancestry, slot
from jacmagic.engine.ops.along import share_of
from jacmagic.functions.forms import put_in
from jacmagic.language import tree as t
from jacmagic.language.layout import Layout
from jacmagic.show import algebra as a
from jacmagic.show.algebra import Form
from jacmagic.show.norms import normed

Shape = tuple[int, ...]


class Atoms:
    """Nodes of one graph as symbols of SymPy, and expressions in these as formulas.

    names    formulas that stand for nodes, by their number
    leaves   formulas of inputs, by their name: z_a, δ_a
    deltas   the δ among them
    adding   names of columns whose entries add up to 1; `told` has those for which that was made use of
    """

    def __init__(
        self, g: Graph, names: Mapping[int, t.Expr], leaves: Mapping[str, t.Expr], deltas: Collection[str] = (),
        layout: Layout | None = None, adding: Collection[str] = (),
    ) -> None:
        self.g, self.names, self.leaves, self.deltas = g, dict(names), leaves, deltas
        self.square = False  # whether the entries that are written are those of a matrix
        self.kept: set[int] = set()  # sums that are needed twice, A x - b: they stay together
        self.adding_up, self.told = adding, set[str]()
        self.layout = layout or Layout()
        self.forms: dict[int, Form] = {}
        self.atoms: dict[sp.Symbol, tuple[Node, Shape]] = {}
        self.heavy: dict[int, bool] = {}
        self.sums: set[sp.Basic] = set()  # o - y, as the definitions have it
        self.shares: dict[int, Node] = {}  # the slopes of a norm, an extreme, a product: the node that they are of

    def note(self, roots: Iterable[Node]) -> None:
        """Know the slopes of what reduces a vector, and layer_norm, wherever they occur."""
        nodes = ancestry(roots)
        uses = Counter(one.number for node in nodes for one in node.args)
        for node in nodes:
            if node.op == "map" and len(node.shape) == 1 and uses[node.number] > 1 and self.is_residual(node):
                self.kept.add(node.number)
            if node.op in ("amax", "amin", "norm", "prod"):
                self.shares.setdefault(share_of(self.g, node).number, node)
            elif (norm := normed(node)) is not None:
                name, z = norm
                self.names.setdefault(node.number, t.Call(name, (self.tree(z),)))
                if len(node.shape) == 1:
                    self.names[node.args[1].number] = t.Call("sqrt", (self.normed_by(name, z),))

    def normed_by(self, name: str, z: Node) -> t.Expr:
        """What stands under the root of layer_norm and rms_norm."""
        inner = self.tree(z)
        if name == "layer_norm":
            return t.Sum(((1, t.Call("var", (inner,))), (1, t.Number("1e-5"))))
        squares = t.Power(t.Norm(inner, "2"), t.Number("2"))
        mean = t.Product((("", t.Fraction(t.Number("1"), t.Number(str(z.size)))), ("", squares)))
        return t.Sum(((1, mean), (1, t.Power(t.Number("2"), t.Negative(t.Number("52"))))))

    def is_residual(self, node: Node) -> bool:
        """True for A x - b: a sum with a product of matrices in it."""
        expr = self.template(node)
        return expr.is_Add and any(self.atoms[one][0].op == "dot" for one in expr.free_symbols)

    # -------------------------------------------------------------- what a Reader has
    def form(self, node: Node) -> Form:
        """The node as a sum of products of matrices."""
        raise NotImplementedError

    def tree(self, node: Node) -> t.Expr:
        """The node as a formula."""
        return self.written(self.form(node))

    def written(self, form: Form) -> t.Expr:
        return a.tree(form, self.write)

    # -------------------------------------------------------------- trees
    def write(self, expr: sp.Expr, n: int) -> t.Expr:
        """A SymPy expression in atoms as a formula: a number, or (n > 0) the entries of a column."""
        before, self.square = self.square, False
        shown = self.spread(self.layout(expr))[0]
        self.square = before
        return shown

    def write_matrix(self, expr: sp.Expr) -> t.Expr:
        """The entries of a matrix as a formula; a column in it is repeated, v 𝟏ᵀ."""
        before, self.square = self.square, True
        shown = self.spread(self.layout(expr))[0]
        self.square = before
        return shown

    def spread(self, expr: t.Expr) -> tuple[t.Expr, int]:
        """The atoms put in, entrywise products marked, ones beside a number in a sum; how many axes it has."""
        if isinstance(expr, t.Name):
            return self.meant(expr)
        if isinstance(expr, t.Product):
            parts = [(op, *self.spread(one)) for op, one in expr.factors]
            return self.multiplied(parts), max(rank for _, _, rank in parts)
        if isinstance(expr, t.Fraction):
            (above, m), (below, n) = self.spread(expr.above), self.spread(expr.below)
            return (t.Product((("", above), ("./", below))) if n else t.Fraction(above, below)), max(m, n)
        if isinstance(expr, t.Sum):
            terms = [(sign, *self.spread(one)) for sign, one in expr.terms]
            most = max(rank for _, _, rank in terms)
            return t.Sum(tuple(
                (sign, a.times([bracketed(one), t.Ones()]) if most and not rank and not is_number(one) else one)
                for sign, one, rank in terms
            )), most
        if isinstance(expr, t.Power):
            (base, m), (exponent, n) = self.spread(expr.base), self.spread(expr.exponent)
            base = bracketed(base)
            return t.Power(base, exponent, expr.entrywise or max(m, n) > 1, expr.on_name), max(m, n)
        ranks = [0]

        def change(one: t.Expr) -> t.Expr:
            new, rank = self.spread(one)
            ranks.append(rank)
            return bracketed(new) if isinstance(expr, t.Transpose) else new

        return t.rebuilt(expr, change), max(ranks)

    def meant(self, name: t.Name) -> tuple[t.Expr, int]:
        """What a name stands for, and how many axes that has; the name itself where it stands for no node."""
        symbol = sp.Symbol(name.key, real=True)
        if symbol not in self.atoms:
            return name, 0
        node, axes = self.atoms[symbol]
        return self.placed(node, axes), len(axes) and (1 if len(set(axes)) == 1 and self.flat(axes) else 2)

    @staticmethod
    def flat(axes: Shape) -> bool:
        return len(axes) == 1

    def multiplied(self, parts: list[tuple[str, t.Expr, int]]) -> t.Expr:
        """A product of numbers and columns: the columns entry by entry."""
        if all(op in ("", "*") for op, *_ in parts):
            parts = sorted(parts, key=lambda one: one[2] > 0)  # numbers first
        out: list[tuple[str, t.Expr]] = []
        seen = 0
        for op, one, rank in parts:
            operator = op
            if op in ("", "*") and rank and seen:
                operator = ".*"
            seen = max(seen, rank)
            one = bracketed(one, len(parts) > 1)
            out.append((operator if out else "", one))
        return t.Product(tuple(out))

    def placed(self, node: Node, axes: Shape) -> t.Expr:
        """An operand where it stands: a bias that goes to each row is 𝟏 bᵀ there."""
        shown = self.own(node) or self.tree(node)
        if axes == (1, 0):
            return a.turned(bracketed(shown))
        if axes == (1,):
            return a.times([t.Ones(), a.turned(bracketed(shown))])
        if axes == (0,) and self.square:
            return a.times([bracketed(shown), a.turned(t.Ones())])
        return shown

    def own(self, node: Node) -> t.Expr | None:
        """What stands for a node as a whole: its name, δ of an input, the name of an input."""
        if node.number in self.names:
            return self.names[node.number]
        return (self.leaves.get(node.data) or t.Name(node.data)) if node.op == "input" else None

    # -------------------------------------------------------------- atoms
    def atom(self, node: Node, axes: Shape) -> sp.Symbol:
        """The symbol that stands for an operand, its axes being those of the result; of a name, the name's own."""
        plain = axes == tuple(range(len(axes)))
        own = self.own(node)
        if plain and isinstance(own, t.Name):
            key = own.key  # a layer's own name and its node are one
        else:
            first = next((one.key for one in t.walk(own or self.tree(node)) if isinstance(one, t.Name)), "")
            key = f"{first}\u27e8{node.number}{axes}\u27e9"
            self.layout.order.found[key] = self.layout.order.place(first)  # it stands where its first name does
        symbol = sp.Symbol(key, real=True)
        self.atoms[symbol] = (node, axes)
        return symbol

    def rank(self, expr: sp.Basic) -> set[int]:
        """The axes of the result along which an expression varies."""
        return {axis for one in expr.free_symbols for axis in self.atoms[one][1]}

    def carries(self, node: Node) -> bool:
        """True where a node is made of a δ: what a diagonal matrix is written in front of."""
        if node.number not in self.heavy:
            for one in ancestry([node]):
                self.heavy[one.number] = one.op == "input" and one.data in self.deltas or any(
                    self.heavy[x.number] for x in one.args)
        return self.heavy[node.number]

    def named(self, node: Node) -> bool:
        return node.number in self.names

    def template(self, node: Node, axes: Shape | None = None, inside: bool = False) -> sp.Expr:
        """What a map computes, with the maps below it put in, in atoms."""
        axes = tuple(range(len(node.shape))) if axes is None else axes
        if node.op == "const" and node.data and len(set(node.data)) == 1:
            return node.data[0]
        if not node.shape and node.op in ("dot", "sum") and not self.named(node) and not self.carries(node):
            return self.number(node)
        if (share := self.adds_up(node)) is not None:
            return share
        if node.op == "take" and (one := self.everywhere(node.args[0])) is not None:
            return self.template(one, ())
        if node.op != "map" or self.named(node) or inside and node.number in self.kept:
            return self.atom(node, axes)
        if node.number not in self.shares:
            return self.of_operands(node, node.data[0], axes)
        norm = self.shares[node.number].op == "norm"
        return self.of_operands(node, slot(0) / slot(1), axes) if norm else self.atom(node, axes)

    def everywhere(self, node: Node) -> Node | None:
        """The number that all entries of a vector are; None of any other."""
        if node.op != "map" or len(node.shape) != 1 or any(node.data[1]):
            return None
        return self.g.map(node.data[0], [(one, ()) for one in node.args], ())

    def of_operands(self, node: Node, expr: sp.Expr, axes: Shape) -> sp.Expr:
        """The template of a map, with its operands put in."""
        swap = {
            slot(k): self.template(arg, tuple(axes[i] for i in there), True)
            for k, (arg, there) in enumerate(zip(node.args, node.data[1])) if slot(k) in expr.free_symbols
        }
        return put_in(expr, swap)

    def adds_up(self, node: Node) -> sp.Expr | None:
        """The number that each row of a target adds up to, times what stands in front of it; None of all else."""
        (x,) = node.args if node.op == "sum" and len(node.shape) == 1 else (None,)
        if x is None or node.data != (1,):
            return None
        scale, rest = a.shorter(self.template(x)).as_coeff_Mul()
        leaf, axes = self.atoms.get(rest, (x, ()))
        if leaf.op != "input" or axes != (0, 1) or leaf.data not in self.adding_up:
            return None
        self.told.add(leaf.data)
        return scale

    def number(self, node: Node) -> sp.Expr:
        """A number that is a product of matrices: what it is times, and a symbol for the rest."""
        form = self.form(node)
        if form.scalar is not None:
            return form.scalar
        scale, rest = a.common(form)
        if len(rest.terms) == 1:
            scale, rest = scale * rest.terms[0].scale, replace(rest, terms=(replace(rest.terms[0], scale=sp.S.One),))
        tree = self.written(rest)
        if len(rest.terms) == 1 and [one.kind for one in rest.terms[0].factors] == ["ones", "column"]:
            (_, last) = rest.terms[0].factors
            if last.what.is_Symbol and self.atoms[last.what][0].data in self.adding_up:
                self.told.add(self.atoms[last.what][0].data)
                return scale
            tree = t.Reduced("sum", a.shown(last, self.write))
        return scale * self.stand_in(tree)

    def stand_in(self, tree: t.Expr) -> sp.Symbol:
        """A symbol for a number that is given by its formula."""
        node = self.g.input(f"\u27e8{tree}\u27e9", ())
        self.names[node.number] = tree
        return self.atom(node, ())


def is_number(expr: t.Expr) -> bool:
    return all(isinstance(one, (t.Number, t.Fraction, t.Negative, t.Constant, t.Power, t.Call)) for one in t.walk(expr))


def bracketed(expr: t.Expr, always: bool = True) -> t.Expr:
    """A product of matrices as one factor among others."""
    return t.Paren(expr) if always and isinstance(expr, (t.Product, t.Reduced)) else expr
