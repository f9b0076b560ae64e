"""Graphs entry by entry, over flat arrays: JavaScript, plain Python, C, Julia and Octave.

An array is flat, row by row; what an operation does to it is a nest of loops, in
the words of the dialect's row. Numbers stay inside the expressions that use them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any

from jacmagic.code.dialects import Dialect
from jacmagic.code.terms import _ATOM, Body, Inputs, Term
from jacmagic.code.trees import nearest_number, tree
from jacmagic.engine.graph import Node
from jacmagic.engine.operation import Shape


class Loops(Body):
    """The statements of a function of flat arrays."""

    blocks = frozenset("map dot sum permute take put stack eye amax amin prod others".split())
    writes = blocks | {"input", "const"}

    def __init__(self, row: Dialect, taken: Iterable[str], names: Mapping[int, str]) -> None:
        super().__init__(row, taken)
        self.names = names
        self.values: dict[int, Term] = {}
        self.shapes: dict[int, Shape] = {}
        self.counters: list[str] = []
        self.constant_name = "at"

    # -- terms

    def add(self, node: Node) -> None:
        """The term of a node, whose operands have theirs."""
        args = [self.values[a.number] for a in node.args]
        if node.op == "input":
            term = self.term("input", data=self.names.get(node.number, node.data))
        elif node.value is not None:
            term = self.plant(nearest_number(node.value), ())
        else:
            term = self.array(node.op, args, node.data, node.shape)
        if term.op not in ("input", "number"):
            term.label = term.label or self.names.get(node.number, "")
        self.shapes[term.number] = node.shape
        self.values[node.number] = term

    def array(self, op: str, args: Sequence[Term], data: Any, shape: Shape) -> Term:
        shapes = [self.shapes.get(a.number, ()) for a in args]
        if op == "map" and not shape:
            term = self.plant(tree(data[0], self.row.known), args)
        elif op == "const":
            term = self.term("entries", [self.plant(nearest_number(v), ()) for v in data], shape)
        elif op == "stack" and not any(shapes) and (places := self.sparse(args)):
            some = self.term("entries", [args[at] for at in places], (len(places),))
            self.shapes.setdefault(some.number, (len(places),))
            term = self.term("put", (some,), ((0, places), shape))
        elif op == "stack" and not any(shapes):
            term = self.term("entries", args, shape)
        elif op == "take" and not shape:
            term = self.term("entry", args, data[1][0]) if shapes[0] else args[0]
        else:
            term = self.term(op, args, (data, shape))
        self.shapes.setdefault(term.number, shape)
        return term

    # -- text

    def operation(self, term: Term) -> tuple[str, int]:
        if term.op == "entry":
            return self.entry(term.args[0], str(self.row.base + term.data)), _ATOM
        if term.op == "entries":
            return self.literal([self.show(a) for a in term.args], term.data), _ATOM
        return super().operation(term)

    def literal(self, entries: list[str], shape: Shape) -> str:
        """A result of which each entry is written where it stands."""
        outer, between, inner, apart, lone = self.row.rows
        if len(shape) == 1:
            form, separator = self.row.flat if outer[0] != "(" else (outer, apart)
            return form.format(separator.join(entries) + (lone if len(entries) == 1 else ""))
        n = shape[1]
        cut = [entries[k : k + n] for k in range(0, len(entries), n)]
        rows = [inner.format(apart.join(row) + (lone if n == 1 else "")) for row in cut]
        behind = lone if len(rows) == 1 else ""
        text = outer.format(between.join(rows) + behind, n)
        long = outer.format("\n    " + f"{between.rstrip()}\n    ".join(rows) + f"{behind}\n", n).replace(" \n", "\n")
        return text if len(text) < 100 else long

    def is_literal(self, term: Term) -> bool:
        """Whether it is a result that is given back as it is written."""
        whole = term.op == "entries" and term.number in self.last and self.uses[term.number] == 1 and not term.label
        return whole and bool(self.row.rows[0]) and 0 < len(term.data) <= 2 and len(term.args) > 0

    def is_block(self, term: Term) -> bool:
        block = term.op in self.blocks or term.op == "entries" or self.row.line(term.op) is not None
        return block and not self.is_literal(term)

    def block(self, term: Term) -> list[str]:
        row, name, shape = self.row, term.name, self.shapes[term.number]
        given = bool(row.out) and term.number in self.last  # it goes to where the caller wants it
        if term.op == "entries":
            texts = [self.show(a) for a in term.args]
            if given:
                return [row.set.format(self.entry(term, str(row.base + k)), text) for k, text in enumerate(texts)]
            form, separator = row.flat
            return [row.made.format(name, len(texts), form.format(separator.join(texts)))]
        head = [row.made.format(name, prod(shape), row.zeros.format(prod(shape)))] if shape and not given else []
        line = self.row.line(term.op)
        if given and shape and (line or term.op in ("put", "eye")):  # the others set each entry
            k = self.count(0)
            head = self.nest([(k, prod(shape))], [row.set.format(self.entry(term, self.place({0: k}, {0: 1})), "0.0")])
        if line:
            operand, made = self.shapes[term.args[0].number], name if shape else self.fresh("t")
            lines = [*head, line.format(self.show(term.args[0]), made, operand[-1], prod(operand[:-1]))]
            if shape:
                return lines
            number = row.once.format(name, row.entry.format(made, row.base))
            return [row.made.format(made, 1, row.zeros.format(1)), *lines, number]
        write: Callable[[Term, Any, Shape], list[str]] = getattr(self, f"loops_{term.op}")
        return head + write(term, term.data[0], shape)

    def fresh_for(self, term: Term) -> str:
        if self.row.out and term.number in self.last:
            return re.findall(r"\w+", self.row.out)[-1]
        return self.fresh(term.label)

    # -- the function around them

    def output(self, node: Node) -> Term:
        """A result that is an array has an array of its own where the caller gives one."""
        term = self.values[node.number]
        if node.shape and self.row.out and term.op == "input":
            term = self.term("stack", (term,), (0, node.shape))
            self.shapes[term.number] = node.shape
        return term

    def shown(self, root: Term, node: Node) -> str:
        text, shape = self.show(root), node.shape
        if self.is_literal(root):
            return text
        form = self.row.shaped[min(len(shape), len(self.row.shaped) - 1)] if shape else ""
        if not form:
            return text
        return form.format(text, ", ".join(map(str, shape)), ", ".join(map(str, shape[::-1])), _backwards(shape))

    def opening(self, inputs: Inputs, text: str) -> list[str]:
        forms = [(n, shape, self.row.given[min(len(shape), len(self.row.given) - 1)]) for n, shape in inputs]
        return [form.format(n, _backwards(shape)) for n, shape, form in forms if form]

    def constants(self) -> list[str]:
        return [self.row.table[1].format(name, "", text) for text, name in self.hoisted.items()]

    def entry(self, term: Term, place: str) -> str:
        return self.row.entry.format(self.show(term), place)

    def count(self, k: int) -> str:
        """The name of the counter of the k-th loop inside others."""
        while len(self.counters) <= k:
            self.counters.append(self.fresh("ijklmnpq"[len(self.counters)] if len(self.counters) < 8 else ""))
        return self.counters[k]

    def place(self, counters: Mapping[Any, str], strides: Mapping[Any, int], start: int = 0, table: str = "") -> str:
        """The place of an entry: counters times strides, from `start` or from what a table says."""
        parts = [counters[label] if step == 1 else f"{counters[label]}*{step}"
                 for label, step in strides.items() if step and label in counters]
        parts += [table] if table else []
        start += 0 if table else self.row.base
        return " + ".join(parts + [str(start)] if start or not parts else parts)

    def nest(self, axes: Sequence[tuple[str, int]], inside: list[str]) -> list[str]:
        """Statements inside loops."""
        for counter, n in reversed(axes):
            end = [self.row.end] if self.row.end else []
            inside = [self.row.loop.format(counter, n, n - 1), *(self.row.indent + line for line in inside), *end]
        return inside

    def loops_map(self, term: Term, data: Any, shape: Shape) -> list[str]:
        expr, axes = data
        counters = {k: self.count(k) for k in range(len(shape))}
        body = Body(self.row, self.taken)
        body.prefix = "t"
        leaves = []
        for arg, labels in zip(term.args, axes):
            own = self.shapes.get(arg.number, ())
            text = self.entry(arg, self.place(counters, _strides(labels, own))) if own else self.show(arg, _ATOM)
            leaves.append(body.term("input", data=text))
        root = body.plant(tree(expr, self.row.known), leaves)
        lines = body.write([root])
        lines.append(self.row.set.format(self.entry(term, self.place(counters, _strides(tuple(counters), shape))),
                                         body.show(root)))
        return self.nest([(counters[k], n) for k, n in enumerate(shape)], lines)

    def loops_dot(self, term: Term, data: Any, shape: Shape) -> list[str]:
        return self.total(term, list(data[:2]), data[2], shape, "{0} + {1}", "0.0")

    def loops_sum(self, term: Term, data: Shape, shape: Shape) -> list[str]:
        labels = tuple(range(len(self.shapes[term.args[0].number])))
        return self.total(term, [labels], tuple(k for k in labels if k not in data), shape, "{0} + {1}", "0.0")

    def loops_permute(self, term: Term, data: Shape, shape: Shape) -> list[str]:
        return self.total(term, [tuple(range(len(data)))], data, shape, "{1}", "")

    def loops_along(self, term: Term, data: Any, shape: Shape) -> list[str]:
        labels = tuple(range(len(shape) + 1))
        best = self.row.spelling({"amax": "max", "amin": "min"}.get(term.op, ""))
        return self.total(term, [labels], labels[:-1], shape, best or "{0}*{1}", "" if best else "1.0")

    loops_amax = loops_amin = loops_prod = loops_along

    def total(self, term: Term, operands: list[Shape], kept: Shape, shape: Shape, form: str, start: str) -> list[str]:
        """Products of entries put together over the labels that are not kept; without a start, from the first on."""
        own = [self.shapes[a.number] for a in term.args]
        sizes = {label: n for labels, s in zip(operands, own) for label, n in zip(labels, s)}
        order = [*kept, *(label for label in sizes if label not in kept)]
        counters = {label: self.count(k) for k, label in enumerate(order)}

        def product(of: Mapping[Any, str]) -> str:
            return "*".join(self.entry(a, self.place(of, _strides(labels, s)))
                            for a, labels, s in zip(term.args, operands, own))

        outer = {label: counters[label] for label in kept}
        target = self.entry(term, self.place(outer, _strides(kept, shape))) if shape else term.name
        summed = [(counters[label], sizes[label]) for label in order[len(kept) :]]
        around = [(counters[label], sizes[label]) for label in kept]
        if not summed:
            return self.nest(around, [self.row.set.format(target, form.format("", product(counters)))])
        running = self.fresh("t") if shape else term.name
        lines = [self.row.once.format(running, start or product(outer))]
        lines += self.nest(summed, [self.row.set.format(running, form.format(running, product(counters)))])
        return self.nest(around, [*lines, self.row.set.format(target, running)]) if shape else lines

    def loops_others(self, term: Term, _: Any, shape: Shape) -> list[str]:
        row, outer = self.row, {k: self.count(k) for k in range(len(shape))}
        last, other, running = len(shape) - 1, self.count(len(shape)), self.fresh("t")
        strides = _strides(tuple(outer), shape)
        factor = self.entry(term.args[0], self.place({**outer, last: other}, strides))
        same = f"({outer[last]} {row.relations.get('==', '==')} {other})"
        inside = [row.set.format(running, f"{running}*{row.case.format('1.0', same, factor)}")]
        lines = [row.once.format(running, "1.0"), *self.nest([(other, shape[-1])], inside)]
        lines.append(row.set.format(self.entry(term, self.place(outer, strides)), running))
        return self.nest([(outer[k], n) for k, n in enumerate(shape)], lines)

    def loops_eye(self, term: Term, _: Any, shape: Shape) -> list[str]:
        counter = self.count(0)
        target = self.entry(term, self.place({0: counter}, {0: shape[0] + 1}))
        return self.nest([(counter, shape[0])], [self.row.set.format(target, "1.0")])

    def loops_take(self, term: Term, data: Any, shape: Shape) -> list[str]:
        (lead, places), own = data, self.shapes[term.args[0].number]
        return self.select(term, shape, lead, (prod(own[lead:]), places), (len(places), range(len(places))))

    def loops_put(self, term: Term, data: Any, shape: Shape) -> list[str]:
        lead, places = data
        return self.select(term, shape, lead, (len(places), range(len(places))), (prod(shape[lead:]), places))

    def select(self, term: Term, shape: Shape, lead: int, of: tuple[int, Any], to: tuple[int, Any]) -> list[str]:
        """Entries of each row from some places to others, added up where those meet."""
        (x,), rows, count = term.args, prod(shape[:lead]), len(of[1])
        row, k = self.count(0), self.count(1)
        around = [(row, rows)] * (rows != 1)
        counters = {"row": row} if rows != 1 else {}

        def at(width: int, places: Sequence[int]) -> str:
            step = places[1] - places[0] if count > 1 else 1
            if all(b - a == step for a, b in pairwise(places)) and step > 0:
                return self.place({**counters, "k": k}, {"row": width, "k": step}, places[0] if count else 0)
            numbers = self.row.flat[1].join(str(place + self.row.base) for place in places)
            return self.place(counters, {"row": width}, 0, self.row.entry.format(
                self.hoist(self.row.flat[0].format(numbers)), self.place({"k": k}, {"k": 1})))

        target = self.entry(term, at(*to))
        source = self.entry(x, at(*of)) if self.shapes.get(x.number) else self.show(x)
        value = f"{target} + {source}" if len(set(to[1])) < count else source
        return self.nest([*around, (k, count)], [self.row.set.format(target, value)])

    def loops_stack(self, term: Term, lead: int, shape: Shape) -> list[str]:
        rows, width, begin, lines = prod(shape[:lead]), prod(shape[lead:]), 0, []
        row, k = self.count(0), self.count(1)
        counters = {"row": row, "k": k} if rows != 1 else {"k": k}
        for arg in term.args:
            own = self.shapes.get(arg.number, ())
            count = prod(own[lead:])
            place = {label: c for label, c in counters.items() if label != "k" or count != 1}
            target = self.entry(term, self.place(place, {"row": width, "k": 1}, begin))
            source = self.entry(arg, self.place(place, {"row": count, "k": 1})) if own else self.show(arg)
            axes = [(row, rows)] * (rows != 1) + [(k, count)] * (count != 1)
            lines += self.nest(axes, [self.row.set.format(target, source)])
            begin += count
        return lines


def _strides(labels: Shape, shape: Shape) -> dict[int, int]:
    """How far apart neighbours along each label lie in the flat array; a label met twice walks a diagonal."""
    out: dict[int, int] = {}
    step = 1
    for label, n in zip(reversed(labels), reversed(shape)):
        out[label] = out.get(label, 0) + step
        step *= n
    return dict(reversed(out.items()))


def _backwards(shape: Shape) -> str:
    """The axes from the last to the first, counted from 1."""
    return ", ".join(str(len(shape) - k) for k in range(len(shape)))
