"""Whole graphs by the operations of an array module: NumPy, PyTorch and JAX."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from string import ascii_letters

from jacmagic.code.dialects import Dialect
from jacmagic.code.terms import _ATOM, Body, Inputs, Term
from jacmagic.code.trees import nearest_number, tree
from jacmagic.engine.graph import Node, is_in_order
from jacmagic.engine.operation import Shape


class Arrays(Body):
    """Whole graphs, by the operations of an array module."""

    writes = frozenset("input const map eye dot sum permute stack take put".split())

    def __init__(self, row: Dialect, taken: Iterable[str], names: Mapping[int, str]) -> None:
        super().__init__(row, taken)
        self.names, self.parameters = names, frozenset(taken)
        self.values: dict[int, Term] = {}
        self.plain = True  # only arithmetic and stacking, which take numbers that are no arrays

    def add(self, node: Node) -> None:
        """The term of a node, whose operands have theirs."""
        known = self.row.known
        if node.op == "map":
            expr, axes = node.data
            rank = len(node.shape)
            slots = [self.align(self.values[a.number], x, rank) for a, x in zip(node.args, axes)]
            term = self.plant(tree(expr, known), slots)
            label = self.names.get(node.number, "")
            if label and not term.label and term.op not in ("input", "number", "align"):
                term.label = label
        elif node.op == "input":
            term = self.term("input", data=self.names.get(node.number, node.data), axes=range(len(node.shape)))
        elif node.value is not None:
            term = self.plant(nearest_number(node.value), ())
        else:
            term = self.array(node, [self.full(a) for a in node.args])
            term.label = term.label or self.names.get(node.number, "")
        self.values[node.number] = term

    def align(self, term: Term, axes: Shape, rank: int) -> Term:
        """The operand with axes of length 1 where it lacks them."""
        if axes == tuple(range(rank)) or term.op == "number":
            return term
        self.plain = False
        if list(axes) != sorted(axes):
            order = tuple(sorted(range(len(axes)), key=lambda k: axes[k]))
            term = self.term("permute", (term,), order, (order.index(k) for k in term.axes))
            axes = tuple(sorted(axes))
        return self.term("align", (term,), (axes, rank), (axes[k] for k in term.axes))

    def full(self, node: Node) -> Term:
        """The node's value with all of its axes at their length."""
        term = self.values[node.number]
        if all(k in term.axes or n == 1 for k, n in enumerate(node.shape)):
            return term
        self.plain = False
        return self.term("spread", (term,), node.shape, range(len(node.shape)))

    def array(self, node: Node, args: list[Term]) -> Term:
        op, data, shape = node.op, node.data, node.shape
        every = range(len(shape))
        of_a_stack = op == "put" and node.args[0].op == "stack"
        if not of_a_stack and (op != "stack" or any(a.shape for a in node.args)):
            self.plain = False
        if op == "const":
            numbers = tuple(float(nearest_number(v)) for v in data)
            return self.term("const", (), (numbers, shape), every)
        if op == "eye":
            return self.term("eye", (), shape, every)
        ranks = tuple(len(a.shape) for a in node.args)
        if op == "dot":
            return self.dot(args, *data)
        if op == "permute":
            return self.term("permute", args, data, every)
        if op == "sum":
            return self.term("sum", args, tuple(k - ranks[0] for k in data), every)
        if op == "stack" and not any(ranks) and (places := self.sparse(args)):
            some = self.term("stack", [args[at] for at in places], ((len(places),), (0,) * len(places)), (0,))
            return self.term("put", (some,), ((len(places),), shape, places), every)
        if op == "stack":
            return self.term("stack", args, (shape[data:], tuple(r - data for r in ranks)), every)
        if op in ("take", "put"):
            lead, indices = data
            return self.term(op, args, (node.args[0].shape[lead:], shape[lead:], indices), every)
        return self.term(op, args, None, every)

    def dot(self, args: list[Term], la: Shape, lb: Shape, lo: Shape) -> Term:
        """A contraction as the product of matrices it is, or by einsum."""
        einsum = self.term("einsum", args, (la, lb, lo), range(len(lo)))
        shared = [i for i in la if i in lb and i not in lo]
        if len(shared) != 1 or any(len(set(labels)) < len(labels) for labels in (la, lb, lo)):
            return einsum
        a, b = (args[0], la), (args[1], lb)
        if lo[:-2] and la[:-2] == lb[:-2] == lo[:-2]:
            return self.products(args, la, lb, lo, shared[0]) or einsum
        if set(lo) != set(la) ^ set(lb) or not lo:
            return einsum
        return self.product(*a, *b, lo, shared[0]) or self.product(*b, *a, lo, shared[0]) or einsum

    def product(self, left: Term, p: Shape, right: Term, q: Shape, lo: Shape, c: int) -> Term | None:
        """One that has the left operand's axes first and at most one matrix on one side, if that is what it is."""
        every, rest = range(len(lo)), tuple(i for i in p if i != c)
        if len(q) == 2 and lo == (*rest, *(i for i in q if i != c)):
            if len(p) == 1:
                return self.term("matvec", (self.turned(right, q, (lo[-1], c)), left), None, every)
            if p == (*rest, c) or len(p) == 2:
                sides = (self.turned(left, p, (*rest, c)), self.turned(right, q, (c, lo[-1])))
                return self.term("matmul", sides, len(p) - 2, every)
        if len(p) == 2 and len(q) > 2 and q[-2] == c and lo == (*q[:-2], rest[0], q[-1]):
            matrix = self.align(self.turned(left, p, (rest[0], c)), (len(q) - 2, len(q) - 1), len(q))
            return self.term("product", (matrix, right), None, every)
        return None

    def products(self, args: list[Term], la: Shape, lb: Shape, lo: Shape, c: int) -> Term | None:
        """Matrices times matrices, one after another along the axes in front, if that is what it is."""
        front, (i, j) = lo[:-2], lo[-2:]
        (left, p), (right, q) = ((args[0], la), (args[1], lb)) if i in la else ((args[1], lb), (args[0], la))
        if {*p} != {*front, i, c} or {*q} != {*front, c, j}:
            return None
        sides = [self.turned(left, p, (*front, i, c)), self.turned(right, q, (*front, c, j))]
        return self.term("product", sides, None, range(len(lo)))

    def turned(self, term: Term, labels: Shape, wanted: Shape) -> Term:
        """The matrices with their axes as wanted: as they are, or transposed."""
        if labels == wanted:
            return term
        rank = len(labels)
        order = (*range(rank - 2), rank - 1, rank - 2)
        return self.term("permute", (term,), order, range(rank))

    # -- text

    def case(self, args: Sequence[Term]) -> str:
        *parts, otherwise = args
        if len(parts) == 2 and (self.real(parts[0]), self.real(otherwise)) == ("1.0", "0.0"):
            return self.indicator(self.show(parts[1]))
        return super().case(args)

    def indicator(self, condition: str) -> str:
        return f"({condition}*1.0)"

    # -- the function around them

    def output(self, node: Node) -> Term:
        """The term of an output; one that not every input reaches is repeated along the batch."""
        term = self.full(node)
        if term.inputs >= self.parameters:
            return term
        if term.op == "number":
            term = self.term("const", (), ((float(term.data),), ()), ())
        return self.term("batch", (term,), node.shape, range(len(node.shape)))

    def shown(self, root: Term, node: Node) -> str:
        """An output: a lone number becomes an array, and a constant one that the caller may write into."""
        if root.op == "number":
            return self.row.along["full"].format((), self.number(root.data, real=True))
        return self.row.along.get("copy", "{0}").format(self.show(root)) if root.op == "const" else self.show(root)

    def opening(self, inputs: Inputs, text: str) -> list[str]:
        """The lines that make arrays of the inputs, and say how many they are."""
        made = [f"{n} = {self.row.along['input'].format(n)}" for n, _ in inputs] if not self.plain else []
        return made + self.lead(text, [(f"{self.row.xp}.shape({n})", shape) for n, shape in inputs])

    def lead(self, text: str, shapes: Sequence[tuple[str, Shape]]) -> list[str]:
        """The axes of the batch, where the text asks for them."""
        if not re.search(r"\blead\b", text):
            return []
        leads = [s + (f"[:-{len(shape)}]" if shape else "") for s, shape in shapes]
        return [f"lead = {self.row.xp}.broadcast_shapes({', '.join(leads)})"]

    def constants(self) -> list[str]:
        return [self.assign(name, text) for text, name in self.hoisted.items()]

    def operation(self, term: Term) -> tuple[str, int]:
        write: Callable[[Term], str] | None = getattr(self, f"text_{term.op}", None)
        if write is not None:
            return write(term), _ATOM
        return (self.row.line(term.op) or "").format(*map(self.show, term.args)), _ATOM

    def text_align(self, term: Term) -> str:
        axes, rank = term.data
        first = next((k for k in range(rank) if k not in axes), rank)  # what stands before is in the dots
        index = ", ".join(["..."] + [":" if k in axes else "None" for k in range(first, rank)])
        return f"{self.show(term.args[0], _ATOM)}[{index}]"

    def text_const(self, term: Term) -> str:
        return self.constant(*term.data)

    def text_eye(self, term: Term) -> str:
        text = self.row.along["eye"].format(term.data[0])
        return text if len(term.data) == 2 else f"{text}.reshape({term.data})"

    def text_einsum(self, term: Term) -> str:
        letters = dict(zip(dict.fromkeys(term.data[0] + term.data[1]), "ijklmn" + ascii_letters))
        a, b, out = ("..." + "".join(letters[i] for i in labels) for labels in term.data)
        return f'{self.row.xp}.einsum("{a},{b}->{out}", {self.show(term.args[0])}, {self.show(term.args[1])})'

    def text_product(self, term: Term) -> str:
        return f"({self.show(term.args[0], _ATOM)} @ {self.show(term.args[1], _ATOM)})"

    def text_matvec(self, term: Term) -> str:
        return f"_matvec({self.show(term.args[0])}, {self.show(term.args[1])})"

    def text_matmul(self, term: Term) -> str:
        given = [*map(self.show, term.args), *([str(term.data)] if term.data else [])]
        return f"_matmul({', '.join(given)})"

    def text_permute(self, term: Term) -> str:
        shown = self.show(term.args[0])
        return self.row.along["permute"].format(shown) if term.data == (1, 0) else f"_permute({shown}, {term.data})"

    def text_sum(self, term: Term) -> str:
        axes = term.data[0] if len(term.data) == 1 else term.data
        return self.row.along["sum"].format(self.show(term.args[0]), axes)

    def text_spread(self, term: Term) -> str:
        return f"_spread({self.show(term.args[0])}, {term.data})"

    def text_batch(self, term: Term) -> str:
        return f"_batch({self.show(term.args[0])}, lead, {term.data})"

    def text_stack(self, term: Term) -> str:
        return self.stack(term.args, *term.data)

    def text_take(self, term: Term) -> str:
        return self.take(term.args[0], *term.data)

    def text_put(self, term: Term) -> str:
        return self.put(term.args[0], *term.data)

    def constant(self, numbers: tuple[float, ...], shape: Shape) -> str:
        if len(set(numbers)) < 2:
            return self.row.along["full"].format(shape, self.number(numbers[0], real=True) if numbers else "0.0")
        flat = [self.number(v, real=True) for v in numbers]
        for n in reversed(shape):
            flat = [f"[{', '.join(flat[k : k + n])}]" for k in range(0, len(flat), n)]
        return self.hoist(self.row.along["array"].format(flat[0]))

    def stack(self, args: Sequence[Term], shape: Shape, ranks: Shape) -> str:
        shown = ", ".join(map(self.real, args))
        return f"_join({shape}, {ranks}, {shown})" if any(ranks) else f"_stack({shape}, {shown})"

    def take(self, term: Term, of: Shape, shape: Shape, indices: tuple[int, ...]) -> str:
        """Entries at flat places: by slices where they lie regularly."""
        x, rank = self.show(term, _ATOM), len(of)
        if not indices:
            return f"_arrange(_flatten({self.show(term)}, {rank})[..., :0], 1, {shape})"
        if not rank:
            return f"_spread({x}[..., {', '.join(['None'] * len(shape))}], {shape})"
        if is_in_order(indices, math.prod(of)):
            return f"_arrange({self.show(term)}, {rank}, {shape})"
        steps: list[tuple[int, ...]] = []
        for k in range(rank):
            below = math.prod(of[k + 1 :])
            steps.append(tuple(i // below % of[k] for i in indices))
        slices = _slices(steps, of, shape, indices)
        if slices is not None:
            return f"{x}[..., {', '.join(slices)}]"
        arrays = [self.index(step, shape) for step in steps]
        return f"{x}[..., {', '.join(arrays)}]"

    def index(self, places: Sequence[int], shape: Shape) -> str:
        flat = [str(i) for i in places]
        for n in reversed(shape):
            flat = [f"[{', '.join(flat[k : k + n])}]" for k in range(0, len(flat), n)]
        return self.hoist(self.row.along["index"].format(flat[0]))

    def put(self, term: Term, of: Shape, shape: Shape, indices: tuple[int, ...]) -> str:
        x, rank = self.constant((float(term.data),), ()) if term.op == "number" else self.show(term), len(of)
        if not indices:
            return self.constant((0.0,), shape)
        if is_in_order(indices, math.prod(shape)):
            return f"_arrange({x}, {rank}, {shape})"
        alone = len(set(indices)) == len(indices) and "_put" in self.row.helpers
        run = _progression(indices) if alone and len(indices) > 1 else None
        at = f"slice({run.start}, {run.stop}, {run.step})" if run and run.step > 0 else \
            self.index(indices, (len(indices),))
        return f"{'_put' if alone else '_put_add'}({x}, {rank}, {at}, {shape})"


class Torch(Arrays):
    """PyTorch: tensors made here take the type and device of the inputs, named `kind`."""

    def call(self, op: str, spelt: str, args: Sequence[Term]) -> str:
        if op in ("max", "min", "atan2") and any(a.op == "number" for a in args):
            # PyTorch's functions of two tensors take no numbers; of two numbers nothing is left here
            number, other = sorted(args, key=lambda a: a.op != "number")
            if op != "atan2":
                return f"torch.clamp({self.show(other)}, {'min' if op == 'max' else 'max'}={self.show(number)})"
            full = f"torch.full_like({self.show(other)}, {self.real(number)})"
            return f"torch.atan2({', '.join(full if a is number else self.show(a) for a in args)})"
        return super().call(op, spelt, args)

    def indicator(self, condition: str) -> str:
        return f"torch.where({condition}, {self.scalar('1.0')}, 0.0)"

    def scalar(self, text: str) -> str:
        return f"torch.tensor({text}, **kind)"

    def constant(self, numbers: tuple[float, ...], shape: Shape) -> str:
        text = super().constant(numbers, shape)
        return text if "kind" in text else f"{text}.to(**kind)"

    def stack(self, args: Sequence[Term], shape: Shape, ranks: Shape) -> str:
        if any(ranks):
            shown = ", ".join(self.scalar(self.real(a)) if a.op == "number" else self.show(a) for a in args)
            return f"_join({shape}, {ranks}, {shown})"
        return f"_stack({shape}, kind, {', '.join(map(self.real, args))})"

    def opening(self, inputs: Inputs, text: str) -> list[str]:
        names = [n for n, _ in inputs]
        lines = [f"{', '.join(names)}{',' if len(names) == 1 else ''} = _tensors({', '.join(names)})"] if names else []
        if re.search(r"\bkind\b", text):
            like = f'"dtype": {names[0]}.dtype, "device": {names[0]}.device' if names else '"dtype": torch.float64'
            lines.append(f"kind = {{{like}}}")
        return lines + self.lead(text, [(f"{n}.shape", shape) for n, shape in inputs])


def _progression(values: Sequence[int]) -> range | None:
    """The range that runs through the values, if there is one."""
    step = values[1] - values[0] if len(values) > 1 else 1
    if step == 0 or any(b - a != step for a, b in pairwise(values)):
        return None
    return range(values[0], values[-1] + (1 if step > 0 else -1), step)


def _slices(steps: list[tuple[int, ...]], of: Shape, shape: Shape, indices: tuple[int, ...]) -> list[str] | None:
    """One index or slice for each axis, where together they give the entries in order and as arranged."""
    runs: list[range] = []
    for step in steps:
        run = _progression(list(dict.fromkeys(step)))
        if run is None or run.step < 0:
            return None
        runs.append(run)
    places = [0]
    for run, n in zip(runs, of):
        places = [p * n + k for p in places for k in run]
    lengths = [len(run) for run in runs]
    if tuple(places) != indices:
        return None
    if not shape:
        return [str(run.start) for run in runs]
    texts: list[str] = []
    wanted = list(shape)
    for length, run, n in zip(lengths, runs, of):
        if wanted and length == wanted[0]:
            wanted.pop(0)
            ends = f"{run.start or ''}:{'' if run.stop >= n else run.stop}"
            texts.append(ends if run.step == 1 else f"{ends}:{run.step}")
        elif length == 1:
            texts.append(str(run.start))
        else:
            return None
    return texts if not wanted else None
