"""Terms -> text: the pieces of code, and the statements of a function made of them."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from jacmagic.code.dialects import Backend
from jacmagic.code.trees import Tree

# How tightly a text holds together: as a condition, a sum, a product, a power, or wholly.
_LOOSE, _SUM, _PRODUCT, _POWER, _ATOM = range(5)

_DEEPEST = 12  # levels within one expression; more read badly, and Python refuses 200 open brackets
_WIDEST = 500  # operands of one sum or product; Python's compiler goes as deep as these are many
_LONGEST = 100  # characters of an operand; a longer one becomes a variable


class Term:
    """A piece of code: an operation on other pieces, made once."""

    __slots__ = ("args", "axes", "data", "depth", "inputs", "label", "level", "name", "number", "op", "text")

    def __init__(self, op: str, args: tuple[Term, ...], data: Any, number: int, axes: frozenset[int]) -> None:
        self.op, self.args, self.data, self.number = op, args, data, number
        self.axes = axes  # in which the value has its full length; in the others it has length 1
        self.inputs: frozenset[str] = frozenset().union(*(a.inputs for a in args))
        self.label = ""
        self.name = ""
        self.text, self.level, self.depth = "", _ATOM, 0


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

    def __init__(self, backend: Backend, taken: Iterable[str]) -> None:
        self.backend = backend
        self.taken = set(taken) | backend.reserved
        self.terms: dict[Any, Term] = {}
        self.hoisted: dict[str, str] = {}
        self.counter = 0
        self.prefix = "v"
        self.python = backend.name != "javascript"

    # -- making terms

    def term(self, op: str, args: Sequence[Term] = (), data: Any = None, axes: Iterable[int] | None = None) -> Term:
        key = (op, tuple(a.number for a in args), data)
        found = self.terms.get(key)
        if found is None:
            covered = frozenset().union(*(a.axes for a in args)) if axes is None else frozenset(axes)
            found = self.terms[key] = Term(op, tuple(args), data, len(self.terms), covered)
        return found

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
            self.hoisted[text] = self.fresh(f"_c{len(self.hoisted)}")
        return self.hoisted[text]

    # -- writing them

    def write(self, roots: Sequence[Term]) -> list[str]:
        """The statements after which every root can be shown."""
        needed: dict[int, Term] = {}
        todo = list(roots)
        while todo:
            term = todo.pop()
            if term.number not in needed:
                needed[term.number] = term
                todo.extend(term.args)
        order = [needed[k] for k in sorted(needed)]
        uses: dict[int, int] = dict.fromkeys(needed, 0)
        for term in order:
            for arg, times in zip(term.args, self.mentions(term)):
                uses[arg.number] += times
        for root in roots:
            uses[root.number] += 1
        lines: list[str] = []
        last = {root.number for root in roots}
        for term in order:
            if term.op == "input":
                term.name = term.text = term.data
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

    def assign(self, name: str, text: str) -> str:
        line = f"{name} = {text}" if self.python else f"const {name} = {text};"
        if len(line) <= 112 or "\n" in line:
            return line
        kept = text.replace(" =>", "\u00a0=>")  # no line of JavaScript begins with an arrow
        inside = textwrap.fill(kept, 108, initial_indent="    ", subsequent_indent="    ",
                               break_long_words=False, break_on_hyphens=False).replace("\u00a0", " ")
        return f"{name} = (\n{inside}\n)" if self.python else f"const {name} = (\n{inside}\n);"

    def mentions(self, term: Term) -> list[int]:
        """How often each operand stands in the term's text."""
        spelt = self.backend.spelling(term.op)
        if spelt is not None:
            return [spelt.count(f"{{{k}}}") for k in range(len(term.args))]
        if term.op == "^" and term.args[1].op == "number":
            return [self.power_uses(term.args[1].data), 1]
        return [1] * len(term.args)

    def show(self, term: Term, level: int = _LOOSE) -> str:
        if term.name:
            return term.name
        return term.text if term.level >= level else f"({term.text})"

    def number(self, value: float, real: bool = False) -> str:
        if value == math.pi:
            return {"javascript": "Math.PI"}.get(self.backend.name, f"{self.backend.xp or 'math'}.pi")
        if not math.isfinite(value):
            word = "nan" if math.isnan(value) else "inf"
            sign = "-" if value < 0 else ""
            if not self.python:
                return sign + {"nan": "NaN", "inf": "Infinity"}[word]
            return f"{sign}{self.backend.xp or 'math'}.{word}"
        return repr(float(value)) if real else repr(value)

    def real(self, term: Term) -> str:
        """An operand of a choice: numbers with a point, lest integers come of it."""
        return self.number(term.data, real=True) if term.op == "number" else self.show(term)

    def spell(self, term: Term) -> tuple[str, int]:
        """The term's text, and how tightly it holds together."""
        op, args = term.op, term.args
        if op == "number":
            return self.number(term.data), _SUM if term.data < 0 or not math.isfinite(term.data) else _ATOM
        if op == "+":
            text = self.show(args[0], _SUM)
            for a in args[1:]:
                negative = a.op == "number" and a.data < 0
                if a.op == "neg" and not a.name:
                    text += f" - {self.show(a.args[0], _PRODUCT)}"
                else:
                    text += f" - {self.number(-a.data)}" if negative else f" + {self.show(a, _SUM)}"
            return text, _SUM
        if op == "*":
            return "*".join([self.show(args[0], _PRODUCT)] + [self.factor(a) for a in args[1:]]), _PRODUCT
        if op == "/":
            if self.backend.name == "math" and not _is_not_zero(args[1]):
                return f"_ratio({self.show(args[0])}, {self.show(args[1])})", _ATOM
            return f"{self.show(args[0], _PRODUCT)}/{self.show(args[1], _POWER)}", _PRODUCT
        if op == "neg":
            return f"-{self.show(args[0], _PRODUCT)}", _SUM
        if op == "^":
            return self.power(*args)
        if op == "case":
            return self.case(args), _ATOM
        if op in ("<", "<=", ">", ">=", "==", "!="):
            sign = {"==": "===", "!=": "!=="}.get(op, op) if not self.python else op
            return f"({self.show(args[0], _SUM)} {sign} {self.show(args[1], _SUM)})", _ATOM
        if op in ("and", "or"):
            return self.backend.logic[op == "or"].format(*map(self.show, args)), _ATOM
        if op == "not":
            return self.backend.logic[2].format(self.show(args[0])), _ATOM
        spelt = self.backend.spelling(op)
        if spelt is not None:
            return self.call(op, spelt, args), _ATOM
        return self.operation(term)

    def operation(self, term: Term) -> tuple[str, int]:
        raise TypeError(f"{self.backend.title} has no {term.op}")

    def factor(self, term: Term) -> str:
        text = self.show(term, _PRODUCT)
        return f"({text})" if term.op == "/" and not term.name else text

    def call(self, op: str, spelt: str, args: Sequence[Term]) -> str:
        if op in ("max", "min") and self.backend.name == "torch" and any(a.op == "number" for a in args):
            number, other = sorted(args, key=lambda a: a.op != "number")
            return f"torch.clamp({self.show(other)}, {'min' if op == 'max' else 'max'}={self.show(number)})"
        if op == "atan2" and self.backend.name == "torch" and any(a.op == "number" for a in args):
            # torch.atan2 takes tensors alone; of two numbers nothing is left here
            like = next(self.show(a) for a in args if a.op != "number")
            y, x = (f"torch.full_like({like}, {self.real(a)})" if a.op == "number" else self.show(a) for a in args)
            return f"torch.atan2({y}, {x})"

        def fill(m: re.Match[str]) -> str:
            before, after = spelt[: m.start()], spelt[m.end() :]
            inside = before.endswith(("(", ", ")) and after.startswith((")", ",")) and re.search(r"\w\($|, $", before)
            return self.show(args[int(m.group(1))], _LOOSE if inside else _ATOM)

        return re.sub(r"\{(\d)\}", fill, spelt)

    def case(self, args: Sequence[Term]) -> str:
        *parts, otherwise = args
        text = self.real(otherwise)
        if self.backend.xp and len(parts) == 2 and self.real(parts[0]) == "1.0" and text == "0.0":
            return self.indicator(self.show(parts[1]))
        constant = otherwise.op == "number"
        for value, condition in reversed(list(zip(parts[::2], parts[1::2]))):
            first = self.real(value)
            if constant and value.op == "number":
                first = self.scalar(first)
            text, constant = self.backend.case.format(first, self.show(condition), text), False
        return text

    def indicator(self, condition: str) -> str:
        return f"({condition}*1.0)"

    def scalar(self, text: str) -> str:
        """A number that gives a choice between numbers its type."""
        return text

    # -- powers: products where those are faster

    def power_uses(self, exponent: float) -> int:
        if exponent == 1.5 and self.backend.xp:
            return 2
        if not self.backend.xp:
            return int(exponent) if exponent in (2, 3) else 1
        return 2 if self.backend.name == "numpy" and exponent in (3, 5, 6, 7) else 1

    def power(self, base: Term, exponent: Term) -> tuple[str, int]:
        b = self.show(base, _ATOM)
        n = exponent.data if exponent.op == "number" else None
        if n == 1.5 and self.backend.xp:
            return f"{b}*{self.backend.xp}.sqrt({b})", _PRODUCT
        if n in (2, 3) and not self.backend.xp:
            return "*".join([b] * int(n)), _PRODUCT
        if self.backend.name == "numpy":  # np.power is 8 times slower than a product
            products = {3: f"{b}*{b}**2", 4: f"({b}**2)**2", 5: f"{b}*({b}**2)**2", 6: f"({b}*{b}**2)**2",
                        7: f"{b}*({b}*{b}**2)**2", 8: f"(({b}**2)**2)**2"}
            if n in products:
                return products[n], _PRODUCT
        if self.backend.name == "math":
            return f"_power({self.show(base)}, {self.show(exponent)})", _ATOM
        return f"{b}**{self.show(exponent, _ATOM)}", _POWER
