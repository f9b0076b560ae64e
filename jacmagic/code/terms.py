"""Terms -> text: the pieces of code, and the statements of a function made of them."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from jacmagic.code.dialects import Dialect
from jacmagic.code.trees import Tree
from jacmagic.engine.graph import ancestry, is_mostly_zero
from jacmagic.engine.operation import Shape

Inputs = Sequence[tuple[str, Shape]]

# How tightly a text holds together: as a condition, a sum, a product, a power, or wholly.
_LOOSE, _SUM, _PRODUCT, _POWER, _ATOM = range(5)

_DEEPEST = 12  # levels within one expression; more read badly, and Python refuses 200 open brackets
_WIDEST = 500  # operands of one sum or product; Python's compiler goes as deep as these are many
_LONGEST = 100  # characters of an operand; a longer one becomes a variable


_SIGNS = ("<", "<=", ">", ">=", "==", "!=")
_WORDS = ("and", "or", "not")


class Term:
    """A piece of code: an operation on other pieces, made once."""

    __slots__ = ("args", "axes", "data", "depth", "label", "level", "name", "number", "op", "text")

    def __init__(self, op: str, args: tuple[Term, ...], data: Any, number: int, axes: frozenset[int]) -> None:
        self.op, self.args, self.data, self.number = op, args, data, number
        self.axes = axes  # in which the value has its full length; in the others it has length 1
        self.label = ""
        self.name = ""
        self.text, self.level, self.depth = "", _ATOM, 0

    @property
    def inputs(self) -> set[str]:
        """The names of the inputs that it reads: looked for, as a set for each term of a deep net would be long."""
        return {term.data for term in ancestry([self]) if term.op == "input"}


def _is_not_zero(term: Term) -> bool:
    """Whether a divisor is never 0, as its form says: 2, 1 + e^z."""
    if term.op == "number":
        return bool(term.data != 0)
    parts = term.args if term.op == "+" else (term,)
    numbers = [part.data for part in parts if part.op == "number"]
    return bool(numbers) and min(numbers) > 0 and all(
        part.op in ("number", "exp", "abs", "sqrt", "cosh") or _is_square(part) for part in parts
    )


def _is_square(term: Term) -> bool:
    return term.op == "^" and term.args[1].op == "number" and term.args[1].data in (2, 4)


class Body:
    """The statements of one function: makes terms, and writes those that are needed."""

    def __init__(self, row: Dialect, taken: Iterable[str]) -> None:
        self.row = row
        self.taken = set(taken) | row.reserved
        self.terms: dict[Any, Term] = {}
        self.hoisted: dict[str, str] = {}
        self.counter = 0
        self.prefix, self.constant_name = "v", "_c"
        self.uses: dict[int, int] = {}
        self.last: set[int] = set()

    # -- making terms

    def term(self, op: str, args: Sequence[Term] = (), data: Any = None, axes: Iterable[int] | None = None) -> Term:
        key = (op, tuple(a.number for a in args), data)
        found = self.terms.get(key)
        if found is None:
            covered = frozenset().union(*(a.axes for a in args)) if axes is None else frozenset(axes)
            found = self.terms[key] = Term(op, tuple(args), data, len(self.terms), covered)
        return found

    def sparse(self, parts: Sequence[Term]) -> tuple[int, ...]:
        """The places of the numbers that are not 0, where there are many numbers and few of them are not."""
        places = tuple(at for at, part in enumerate(parts) if part.op != "number" or part.data != 0)
        return places if is_mostly_zero(len(places), len(parts)) else ()

    def plant(self, t: Tree, slots: Sequence[Term]) -> Term:
        """The terms of a tree, its slots filled."""
        if not isinstance(t, tuple):
            return self.term("number", data=t)
        op, *rest = t
        if op == "_":
            return slots[rest[0]]
        args = [self.plant(a, slots) for a in rest]
        if op in ("max", "min", "and", "or") and len(args) != 2:
            first = args[0]
            for other in args[1:]:
                first = self.term(op, (first, other))
            return first
        while op in ("+", "*") and len(args) > _WIDEST:
            args = [self.term(op, args[k : k + _WIDEST]) for k in range(0, len(args), _WIDEST)]
        return self.term(op, args)

    def fresh(self, wish: str = "") -> str:
        """A name not yet taken."""
        name = wish
        while not name or name in self.taken:
            name = f"{wish}_{self.counter}" if wish else f"{self.prefix}{self.counter}"
            self.counter += 1
        self.taken.add(name)
        return name

    def hoist(self, text: str) -> str:
        """The name of a constant that is made once, before the function."""
        if text not in self.hoisted:
            self.hoisted[text] = self.fresh(f"{self.constant_name}{len(self.hoisted)}")
        return self.hoisted[text]

    # -- writing them

    def write(self, roots: Sequence[Term]) -> list[str]:
        """The statements after which every root can be shown."""
        order = ancestry(roots)
        uses = self.uses = {term.number: 0 for term in order}
        for term in order:
            for arg, times in zip(term.args, self.mentions(term)):
                uses[arg.number] += times
        for root in roots:
            uses[root.number] += 1
        lines: list[str] = []
        last = self.last = {root.number for root in roots}
        for term in order:
            if term.op == "input":
                term.name = term.text = term.data
                continue
            if self.is_block(term):
                term.name = self.fresh_for(term)
                lines += self.block(term)
                continue
            term.text, term.level = self.spell(term)
            term.depth = 1 + max((a.depth for a in term.args if not a.name), default=0)
            if term.op in ("number", "align"):
                continue
            large = term.depth > _DEEPEST or (len(term.text) > _LONGEST and term.number not in last)
            if uses[term.number] > 1 or term.label or large:
                term.name = self.fresh(term.label)
                lines.append(self.assign(term.name, term.text))
                term.depth = 0
        return lines

    def fresh_for(self, term: Term) -> str:
        return self.fresh(term.label)

    def is_block(self, term: Term) -> bool:
        """Whether it takes more than one statement."""
        return False

    def block(self, term: Term) -> list[str]:
        """The statements that give a term's name its value."""
        raise NotImplementedError

    def assign(self, name: str, text: str) -> str:
        line = self.row.assign.format(name, text)
        if len(line) <= 112 or "\n" in line or not self.row.wrap:
            return line
        inside = textwrap.fill(text, 108, initial_indent="    ", subsequent_indent="    ",
                               break_long_words=False, break_on_hyphens=False)
        return self.row.assign.format(name, self.row.wrap.format(inside))

    def mentions(self, term: Term) -> list[int]:
        """How often each operand stands in the term's text."""
        spelt = self.row.spelling(term.op) or self.row.line(term.op)
        if spelt is not None:
            return [spelt.count(f"{{{k}}}") for k in range(len(term.args))]
        if term.op == "^" and term.args[1].op == "number":
            return [self.row.products.get(term.args[1].data, "{0}").count("{0}"), 1]
        return [1] * len(term.args)

    def show(self, term: Term, level: int = _LOOSE) -> str:
        if term.name:
            return term.name
        return term.text if term.level >= level else f"({term.text})"

    def number(self, value: float, real: bool = False) -> str:
        pi, inf, nan = self.row.numbers
        if value == math.pi:
            return pi
        if not math.isfinite(value):
            return nan if math.isnan(value) else f"{'-' if value < 0 else ''}{inf}"
        return repr(float(value)) if real else repr(value)

    def real(self, term: Term) -> str:
        """An operand of a choice: numbers with a point, lest integers come of it."""
        return self.number(term.data, real=True) if term.op == "number" else self.show(term)

    def spell(self, term: Term) -> tuple[str, int]:
        """The term's text, and how tightly it holds together."""
        op, args, row = term.op, term.args, self.row
        if op == "number":
            return self.number(term.data), _SUM if term.data < 0 or not math.isfinite(term.data) else _ATOM
        if op == "+":
            return self.sum(args), _SUM
        if op == "*":
            return "*".join([self.show(args[0], _PRODUCT)] + [self.factor(a) for a in args[1:]]), _PRODUCT
        if op == "/":
            if row.ratio and not _is_not_zero(args[1]):
                return row.ratio.format(*map(self.show, args)), _ATOM
            return f"{self.show(args[0], _PRODUCT)}/{self.show(args[1], _POWER)}", _PRODUCT
        if op == "neg":
            return f"-{self.show(args[0], _PRODUCT)}", _SUM
        if op == "^":
            return self.power(*args)
        if op == "case":
            return self.case(args), _ATOM
        if op in _SIGNS:
            return f"({self.show(args[0], _SUM)} {row.relations.get(op, op)} {self.show(args[1], _SUM)})", _ATOM
        if op in _WORDS:
            return row.logic[_WORDS.index(op)].format(*map(self.show, args)), _ATOM
        spelt = row.spelling(op)
        if spelt is not None:
            return self.call(op, spelt, args), _ATOM
        return self.operation(term)

    def sum(self, args: Sequence[Term]) -> str:
        text = self.show(args[0], _SUM)
        for a in args[1:]:
            if a.op == "neg" and not a.name:
                text += f" - {self.show(a.args[0], _PRODUCT)}"
            elif a.op == "number" and a.data < 0:
                text += f" - {self.number(-a.data)}"
            else:
                text += f" + {self.show(a, _SUM)}"
        return text

    def operation(self, term: Term) -> tuple[str, int]:
        """What the dialect's table has no line for."""
        raise NotImplementedError

    def factor(self, term: Term) -> str:
        text = self.show(term, _PRODUCT)
        return f"({text})" if term.op == "/" and not term.name else text

    def call(self, op: str, spelt: str, args: Sequence[Term]) -> str:
        def fill(m: re.Match[str]) -> str:
            before, after = spelt[: m.start()], spelt[m.end() :]
            inside = before.endswith(("(", ", ")) and after.startswith((")", ",")) and re.search(r"\w\($|, $", before)
            return self.show(args[int(m.group(1))], _LOOSE if inside else _ATOM)

        return re.sub(r"\{(\d)\}", fill, spelt)

    def case(self, args: Sequence[Term]) -> str:
        *parts, otherwise = args
        text, number = self.real(otherwise), otherwise.op == "number"
        for value, condition in reversed(list(zip(parts[::2], parts[1::2]))):
            first = self.scalar(self.real(value)) if number and value.op == "number" else self.real(value)
            text, number = self.row.case.format(first, self.show(condition), text), False
        return text

    def scalar(self, text: str) -> str:
        """A number that gives a choice between numbers its type."""
        return text

    def power(self, base: Term, exponent: Term) -> tuple[str, int]:
        """A power, or the product of the same value where that is faster."""
        n = exponent.data if exponent.op == "number" else None
        if n in self.row.products:
            return self.row.products[n].format(self.show(base, _ATOM)), _PRODUCT
        form, call = self.row.power
        if self.row.whole and n == round(n or 0.5):
            form, call = self.row.whole, False
        inside = _LOOSE if call else _ATOM
        return form.format(self.show(base, inside), self.show(exponent, inside)), _ATOM if call else _POWER
