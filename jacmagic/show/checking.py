"""An answer, marked entry by entry: right in any equal form, wrong with its slip where it is a known one.

Equal is what has the same numbers at twenty points of the domain; where these do not decide, algebra does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node, ancestry
from jacmagic.errors import JacmagicError, LimitError, Span
from jacmagic.language import tree as t
from jacmagic.language.printers import mathml, text
from jacmagic.program.model import Input
from jacmagic.result import Result
from jacmagic.show.answers import Answer, read
from jacmagic.show.backward import layout_of
from jacmagic.show.convention import LAYOUTS, in_denominator
from jacmagic.show.mistakes import wrong
from jacmagic.show.pieces import Formula, Told, aligned, entry_names, fitting
from jacmagic.solving import in_time
from jacmagic.values import identifier

POINTS = 20
"""At so many points of the domain an answer is compared."""

DRAWN = 240
"""Points that are drawn for these."""

FEW = 4
"""Fewer points of the domain decide nothing."""

MAX_EXPLAINED = 40
"""Wrong entries whose slip is looked for. Instead: the answer to one entry, `∂f/∂x = …`."""

MAX_LISTED = 64
"""Entries that are listed. Instead: `.right` and `.slips`."""

SECONDS = 2.0
"""How long SymPy looks where numbers do not decide."""

VAGUE = frozenset({"a constant factor missing", "the exponent missing as a factor", "a term missing", "the integral"})
"""Words for what may come of another slip, which is named where it is found."""

CLOSE, FAR = 1e-11, 1e-6
"""Nearer than the one, numbers are equal, further apart than the other they are not."""


@dataclass(frozen=True, repr=False)
class Check(Told):
    """An answer with its marks; prints as a table, and typeset in a notebook.

    Attributes:
        right   a bool for each entry, in the shape of the Jacobian
        slips   for each entry the words for what went wrong; "" where it is right or the slip is not known
        lines   what is shown, an entry a line
    """

    right: np.ndarray
    slips: np.ndarray
    lines: tuple[Formula, ...]

    def __bool__(self) -> bool:
        """True where all of it is right."""
        return bool(self.right.all())

    @cached_property
    def text(self) -> str:
        return "\n".join(one.text for one in self.lines)

    @cached_property
    def latex(self) -> str:
        return aligned([one.latex for one in self.lines])

    @cached_property
    def mathml(self) -> str:
        return "\n".join(mathml(one.tree, one.arrays) for one in self.lines)


def check(result: Result, answer: str, span: Span | None = None, entry: tuple[str, str] | None = None) -> Check:
    """An answer to what the Jacobian is, to ∂L/∂W where that stands left of =, or to what one entry is, by its names.

    Raises:
        JacmagicError: the answer cannot be read, or has another size; it points at the answer.
    """
    found = read(result, answer, span)
    return _Marked(result, found if entry is None else replace(found, of=entry[0], wrt=entry[1])).check()


# ------------------------------------------------------------------ points of the domain
def points(result: Result) -> dict[str, np.ndarray]:
    """Values of all names, drawn in their ranges, else near 1, about 0 and round the current point; seeded."""
    rng = np.random.default_rng(20)
    return {key: drawn(rng, one, result.values._data[key]) for key, one in result.program.inputs.items()
            if one.role != "implicit"}


def drawn(rng: np.random.Generator, one: Input, here: np.ndarray) -> np.ndarray:
    """Values of one name, (DRAWN, *shape)."""
    shape = (DRAWN, *one.shape)
    if one.label and one.shape:
        return rng.dirichlet(np.ones(one.shape[-1]), shape[:-1])
    if one.range is not None:
        low, high, step = one.range
        value = rng.uniform(low, high, shape)
        return value if step is None else low + step * np.round((value - low) / step)
    kinds = [rng.uniform(0.3, 2, shape), rng.uniform(-2, 2, shape),
             np.asarray(here, float) * rng.uniform(0.7, 1.3, shape) + rng.uniform(-0.2, 0.2, shape)]
    kind = (np.arange(DRAWN) % 3).reshape(-1, *(1,) * len(one.shape))
    return np.choose(kind, kinds)


class _Marked:
    """An answer beside what is right."""

    def __init__(self, result: Result, answer: Answer) -> None:
        self.result, self.answer = result, answer
        p = result.program
        if answer.of is None or answer.wrt is None:
            self.ofs, self.wrts = list(p.outputs), list(p.variables)
            self.node = result.total(safe=False)[0]
            self.rows, self.columns = self.node.shape
            self.shape: tuple[int, ...] = (self.rows, self.columns)
        else:
            self.ofs, self.wrts = [answer.of], [answer.wrt]
            self.node = result.derivative(answer.of, answer.wrt, safe=False)[0]
            self.shape = self.node.shape
            self.rows, self.columns = self.form()

    def form(self) -> tuple[int, int]:
        """Rows and columns of one name's derivative by another; of a number by a matrix, the matrix's."""
        by = self.size(self.wrts[0])
        if prod(self.size(self.ofs[0])) == 1 and len(by) == 2:
            return by[0], by[1]
        return prod(self.size(self.ofs[0])), prod(by)

    def size(self, name: str) -> tuple[int, ...]:
        key, at = self.result.place(name)
        return self.result.program.shape(key) if at is None else ()

    # -------------------------------------------------------------- the answer's entries
    @property
    def flipped(self) -> bool:
        """True where an answer is expected in denominator layout; ∂L/∂W has the shape of W in both."""
        of_matrix = self.answer.wrt is not None and len(self.size(self.answer.wrt)) == 2
        return in_denominator(self.result) and not of_matrix

    @cached_property
    def turned(self) -> bool:
        """True where the answer has the size of the transposed derivative.

        Raises:
            ShapeError: it has neither size.
        """
        shape, (m, n) = self.answer.node.shape, (self.rows, self.columns)
        if self.flipped and shape == (n, m):
            return True
        if shape == (m, n) or prod(shape) == m * n and 1 in (m, n) and sum(one > 1 for one in shape) <= 1:
            return False
        if shape == (n, m):
            return True
        raise self.answer.misfit(*((n, m) if self.flipped else (m, n)), self.flipped, self.parts(shape))

    def parts(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        """The whole Jacobian's parts by one name that have a size: ∂f/∂x = … of an answer that leaves out ∂f/∂A."""
        if self.answer.named or len(self.ofs) > 1:
            return ()
        m = self.rows
        sizes = {key: prod(self.size(key)) for key in self.wrts}
        fitting = [key for key, n in sizes.items() if prod(shape) == m * n and shape in ((m, n), (n, m), (m * n,), ())]
        given = self.answer.text[self.answer.span.start : self.answer.span.stop]
        return tuple(f"∂{self.ofs[0]}/∂{key} = {given}" for key in fitting[:2])

    def placed(self, flat: Sequence[Any]) -> list[Any]:
        """The answer's entries in the order of the derivative's."""
        if not self.turned:
            return list(flat)
        return [flat[j * self.rows + i] for i in range(self.rows) for j in range(self.columns)]

    @cached_property
    def trees(self) -> list[t.Expr | None]:
        """What the answer has at each entry, as it was written where its entries are."""
        expr = t.inside(self.answer.expr)
        found: list[t.Expr] = [expr]
        if isinstance(expr, t.Vector):
            found = list(expr.entries)
        elif isinstance(expr, t.Matrix):
            found = [one for row in expr.rows for one in row]
        count = self.rows * self.columns
        if len(found) != count:
            if count > MAX_LISTED:
                return [None] * count
            try:
                found = [layout_of(self.result)(one) for one in self.result.entries(self.answer.node)]
            except LimitError:
                return [None] * count
        return self.placed([fitting(one) for one in found])

    # -------------------------------------------------------------- numbers
    @cached_property
    def numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """At all points drawn: the functions (points, rows), what is right and the answer (points, rows · columns)."""
        nodes = {f"f{k}": node for k, node in enumerate(self.outputs)}
        return self.evaluated({"right": self.node, "answer": self.answer.node, **nodes})

    @cached_property
    def outputs(self) -> list[Node]:
        keys = list(dict.fromkeys(self.result.place(of)[0] for of in self.ofs))
        p = self.result.program
        return c.rebuild(p.graph, [p.node(key) for key in keys])[0]

    @cached_property
    def drawn(self) -> dict[str, Any]:
        with np.errstate(all="ignore"):
            return self.result.point(points(self.result))

    def values(self, nodes: dict[str, Node]) -> dict[str, np.ndarray]:
        """Nodes at all points drawn, (points, entries)."""
        run = self.result.compile_nodes(nodes)
        with np.errstate(all="ignore"):
            found = run(**self.drawn)
        return {key: np.broadcast_to(found[key], (DRAWN, *node.shape)).reshape(DRAWN, -1)
                for key, node in nodes.items()}

    def evaluated(self, nodes: dict[str, Node]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = self.values(nodes)
        functions = np.concatenate([found[f"f{k}"] for k in range(len(self.outputs))], axis=1)
        return functions, found["right"], np.stack(self.placed(list(found["answer"].T)), axis=1)

    def within(self, at: int) -> np.ndarray:
        """Which points are compared for an entry: the first twenty where the functions and it are finite."""
        functions, right, answer = self.numbers
        fine = np.isfinite(functions).all(1) & np.isfinite(right[:, at])
        both = fine & np.isfinite(answer[:, at])
        return np.flatnonzero(both if both.sum() >= FEW else fine)[:POINTS]

    # -------------------------------------------------------------- marks
    def is_right(self, at: int) -> bool:
        """Whether an entry equals what is right."""
        if self.result.undetermined:
            return self.by_algebra(at, np.array([], dtype=int))
        _, right, answer = self.numbers
        taken = self.within(at)
        a, b = answer[taken, at], right[taken, at]
        if len(taken) < FEW:
            return self.by_algebra(at, taken)
        with np.errstate(all="ignore"):
            off = np.abs(a - b)
            size = np.maximum(np.abs(a), np.abs(b))
        if (off <= CLOSE * size + 1e-14).all():
            return True
        if not np.isfinite(a).all() or (off > FAR * size + 1e-9).sum() > 1:
            return False
        return self.by_algebra(at, taken)

    @cached_property
    def symbolic(self) -> tuple[list[sp.Expr], list[sp.Expr]] | None:
        with suppress(LimitError):
            g, steps = self.result.program.graph, self.result.program.steps
            cut = {n.data for n in ancestry([self.node]) if n.op == "input"} & set(steps)
            node = c.replace_inputs(g, [self.node], {key: steps[key].node for key in cut})[0] if cut else self.node
            right, answer = self.result.entries(node), self.result.entries(self.answer.node)
            return right, self.placed(answer)
        return None

    def by_algebra(self, at: int, taken: np.ndarray) -> bool:
        """Where numbers do not decide: many digits at these points, else SymPy."""
        if self.symbolic is None:
            _, right, answer = self.numbers
            return bool(len(taken)) and np.allclose(answer[taken, at], right[taken, at], rtol=1e-8)
        difference = self.symbolic[1][at] - self.symbolic[0][at]
        if difference == 0:
            return True
        if len(taken):
            return all(abs(self.exactly(difference, k)) < 1e-25 for k in taken)
        return bool(in_time(lambda: sp.simplify(difference) == 0, SECONDS))

    def exactly(self, expr: sp.Expr, k: int) -> float:
        """A formula at one of the points with forty digits."""
        place: dict[sp.Symbol, sp.Rational] = {}
        for key, one in self.result.program.inputs.items():
            value = np.asarray(self.drawn[identifier(key)], float)
            flat = np.ravel(value[k] if value.ndim > len(one.shape) else value)
            place |= {symbol: sp.Rational(float(v)) for symbol, v in zip(self.result.entry_symbols(key), flat)}
        return float(abs(sp.N(expr.subs(place), 40)))

    def check(self) -> Check:
        count = self.rows * self.columns
        swapped = self.turned != self.flipped and self.rows != self.columns and 1 not in (self.rows, self.columns)
        same = np.array([self.is_right(k) for k in range(count)], dtype=bool)
        right = same & (not swapped)
        slips = np.full(count, "", dtype=object)
        wrong_ones = np.flatnonzero(~right)
        for k in wrong_ones[:MAX_EXPLAINED]:
            slips[k] = self.transposed if swapped and same[k] else self.slip(int(k))
        lines = tuple(self.shown(right, slips))
        marks, words = right.reshape(self.shape), slips.reshape(self.shape)
        return Check(marks.T, words.T, lines) if self.flipped else Check(marks, words, lines)

    def shown(self, right: np.ndarray, slips: np.ndarray) -> Iterator[Formula]:
        for k in range(min(len(right), MAX_LISTED)):
            of, wrt = self.entry(k)
            left = t.Partial(t.Name(of), (t.Name(wrt),))
            tree = self.trees[k]
            mark = "✓ right" if right[k] else f"✗ {slips[k] or 'not right'}"
            whole = left if tree is None else t.Equation((left, tree), ("=",))
            yield Formula("check", t.Phrase((whole, t.Words(f"   {mark}"))), arrays=self.result.program.arrays)
        if len(right) > MAX_LISTED:
            yield Formula("check", t.Dots("down"), f"{len(right) - MAX_LISTED:,} more: .right and .slips")

    # -------------------------------------------------------------- slips
    @property
    def transposed(self) -> str:
        by = self.size(self.wrts[0]) if self.answer.of is not None else ()
        if len(by) == 2:
            return f"the gradient of {text(t.Name(self.wrts[0]))} transposed"
        return f"transposed: {LAYOUTS[self.result.layout].partition(': ')[2]}"

    def entry(self, k: int) -> tuple[str, str]:
        """The names of what an entry differentiates, and by what."""
        names = partial(entry_names, self.result)
        rows, columns = ([one for key in keys for one in names(key)] for keys in (self.ofs, self.wrts))
        return rows[k // len(columns)], columns[k % len(columns)]

    def slip(self, k: int) -> str:
        """The words for what leads to a wrong entry; two where two do, none where none of the known ones does."""
        if self.result.undetermined:
            return ""
        taken = self.within(k)
        if len(taken) < FEW:
            return ""
        found = list(self.swaps(k, taken))
        if not found:
            found = list(dict.fromkeys(self.by_steps(k, taken)))
        kinds: dict[str, str] = {}
        for words in found:
            kinds.setdefault(words.partition(":")[0].partition(",")[0], words)
        telling = [words for kind, words in kinds.items() if kind not in VAGUE] or list(kinds.values())
        return " or ".join(telling[:2])

    def same(self, values: np.ndarray, k: int, taken: np.ndarray) -> bool:
        """Whether numbers are those of the answer."""
        a, b = self.numbers[2][taken, k], values[taken]
        fine = np.isfinite(a) & np.isfinite(b)
        if fine.sum() < FEW:
            return False
        a, b = a[fine], b[fine]
        return bool((np.abs(a - b) <= 1e-9 * np.maximum(np.abs(a), np.abs(b)) + 1e-13).all())

    def swaps(self, k: int, taken: np.ndarray) -> Iterator[str]:
        """Another entry of what is right in this one's place."""
        right = self.numbers[1]
        i, j = divmod(k, self.columns)
        square = self.rows == self.columns > 1
        if square and self.same(right[:, j * self.columns + i], k, taken):
            mirrored = [r * self.columns + s for s in range(self.columns) for r in range(self.rows)]
            if all(self.same(right[:, mirrored[one]], one, self.within(one)) for one in range(len(mirrored))):
                yield self.transposed
                return
        for other in range(right.shape[1]):
            row, column = divmod(other, self.columns)
            if other != k and (row == i or column == j or (row, column) == (j, i)) and self.same(
                right[:, other], k, taken
            ) and (self.varies(k, taken) or self.same(right[:, k], other, taken)):
                what = "a row and column swapped" if (row, column) == (j, i) else (
                    "two columns swapped" if (row == i) != self.flipped else "two rows swapped")
                of, wrt = self.entry(other)
                yield f"{what}: this is {text(t.Partial(t.Name(of), (t.Name(wrt),)))}"
                return

    def varies(self, k: int, taken: np.ndarray) -> bool:
        """True where the answer is no constant, which may stand anywhere by chance."""
        a = self.numbers[2][taken, k]
        return bool(np.ptp(a[np.isfinite(a)]) > 1e-9)

    def by_steps(self, k: int, taken: np.ndarray) -> Iterator[str]:
        """What a wrong rule in the steps leads to."""
        with suppress(JacmagicError, ValueError, KeyError):
            made = list(wrong(self.result, *self.entry(k)))
            found = self.values({str(n): node for n, (_, node) in enumerate(made)}) if made else {}
            for n, (words, _) in enumerate(made):
                if self.same(found[str(n)][:, 0], k, taken):
                    yield words
