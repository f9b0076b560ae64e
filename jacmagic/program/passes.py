"""Names, shapes and values resolved: a block becomes a Program.

`understand(text)` is the way from letters to the graph: declarations first, so
that every word can be read; then sizes, then the graph, one labelled node for
every function and definition, in the order in which they stand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp

from jacmagic import names
from jacmagic.code import compile_numpy
from jacmagic.engine.graph import Graph, Node
from jacmagic.errors import (
    JacmagicError,
    LimitError,
    NameMistake,
    ShapeError,
    Span,
    SyntaxMistake,
    ValueMistake,
    nearest,
)
from jacmagic.functions import CONSTANTS, SPELLINGS
from jacmagic.language import nodes as s
from jacmagic.language import slips
from jacmagic.language import tree as t
from jacmagic.language.advice import better
from jacmagic.language.keys import key_of
from jacmagic.language.letters import KEYWORDS, ONES, names_something
from jacmagic.language.reading import Reader
from jacmagic.language.statements import parse, parse_names
from jacmagic.language.words import Scope
from jacmagic.program import start
from jacmagic.program.domains import Domains
from jacmagic.program.echo import spelt_out
from jacmagic.program.lowerer import MAX_ENTRIES, MAX_VALUE, Lowerer, Value
from jacmagic.program.lowering import RULES
from jacmagic.program.model import Asked, Input, Line, Program, Shape, Step, describe
from jacmagic.program.roles import labels, roles
from jacmagic.program.shapes import Inference
from jacmagic.program.statements import nothing_to_do, unfold
from jacmagic.program.uses import bounds_in, families_in, names_in, parts_of, use_of
from jacmagic.reals import reals


@dataclass
class _Draft:
    """What is known of a name while the block is being read."""

    define: s.Statement | None = None
    value: s.Statement | None = None
    size: tuple[s.Statement, s.Size] | None = None
    range: tuple[s.Statement, s.Range] | None = None
    python: Any = None
    role: tuple[s.Word, str] | None = None
    words: list[Span] = field(default_factory=list)


def understand(
    text: str, wrt: str | None = None, namespace: Mapping[str, Any] | None = None, net: bool = False, seed: int = 0
) -> Program:
    """The Program of a block.

    Raises:
        JacmagicError: with the span of the offence.
        TypeError: the block is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f'a block is text, such as "f(x) = x^2"; this is of type {type(text).__name__}')
    reading = _Understanding(text, namespace, net, seed)
    try:
        return reading.program(wrt)
    except RecursionError:
        raise LimitError("This block is nested too deep; name an inner part on a line of its own.").bind(text) from None
    except JacmagicError as error:
        error = better(text, error, net)
        if isinstance(error, ShapeError):
            error.hints = tuple(hint for hint in error.hints if not reading.fixed_by_value(hint))
        raise error.bind(text) from None


class _Understanding:
    def __init__(
        self, text: str, namespace: Mapping[str, Any] | None, net: bool, seed: int, before: _Understanding | None = None
    ) -> None:
        self.text, self.namespace, self.net, self.seed = text, namespace, net, seed
        self.from_python: dict[Span, np.ndarray] = before.from_python if before else {}
        self.inferred: set[str] = before.inferred | before.read_as_names() if before else set()
        self.scope = Scope(net=net, vectors=set(self.inferred))
        self.drafts: dict[str, _Draft] = {}
        self.trees: dict[str, t.Expr] = {}
        self.reader = Reader(text, self.scope)
        self.graph = Graph()
        self.wholes: dict[str, int] = {}
        self.roles: dict[str, str] = {}
        self.functions: dict[str, tuple[tuple[str, ...], t.Expr]] = {}
        self.lowerer = Lowerer(text, self.graph, {}, self.functions, self.where, RULES)

    def fixed_by_value(self, hint: str) -> bool:
        """True for `W in R^(2x2)` where W has a value, which has a size of its own."""
        name = hint.partition(" in R")
        return bool(name[1]) and (draft := self.drafts.get(name[0])) is not None and draft.value is not None

    def program(self, wrt: str | None) -> Program:
        unfolded = unfold(self.text, parse(self.text, self.net))
        statements = unfolded.statements
        self.scope.timed |= unfolded.timed
        self.scope.rates.update(unfolded.rates)
        self.declare(statements, wrt)
        self.read(statements, wrt)
        self.set_aside(wrt)
        self.order()
        self.settle_wholes()
        self.check_domains()
        mistake = None
        try:
            shapes = self.infer()
        except ShapeError as error:
            mistake = error
        if self.read_as_names():
            return _Understanding(self.text, self.namespace, self.net, self.seed, self).program(wrt)
        if mistake is not None:
            raise self.with_a_guess(mistake)
        self.check_argument_kin(set())
        values = self.values(shapes)
        try:
            return self.build(shapes, values, wrt)
        except ShapeError as error:
            raise self.with_a_guess(error) from None

    def with_a_guess(self, mistake: ShapeError) -> ShapeError:
        """The mistake, and in a net what may have led to it: x W for W x, or a layer that nothing reads."""
        span = mistake.span
        if not self.net or span is None:
            return mistake
        here = [key for key, statement in self.sequence if statement.span.start <= span.start < statement.span.stop]
        products = [one for key in here for one in t.walk(self.trees[key]) if isinstance(one, t.Product)]
        for before, behind in [[t.inside(one) for _, one in two.factors] for two in products if len(two.factors) == 2]:
            if not isinstance(before, t.Name) or not isinstance(behind, t.Name):
                continue
            undeclared = behind.key in self.inference.free and behind.key not in self.drafts
            pair = before.span.to(behind.span)
            if not (span.start <= pair.start and pair.stop <= span.stop):
                continue
            if undeclared and behind.key[0].isupper() and len(self.inference.shapes.get(before.key, ())) == 1:
                turned = " ".join(self.text[one.span.start : one.span.stop] for one in (behind, before))
                return ShapeError(f"{mistake.message} Vectors are columns here.", pair, (turned,))
        used = {name for tree in self.trees.values() for name in names_in(tree)}
        unread = [
            f"{key}{self.where(key)}" for key, statement in self.sequence[:-1]
            if statement.kind == "define" and key not in used and statement.span.stop <= span.start
        ]
        if not unread:
            return mistake
        return ShapeError(f"{mistake.message} Nothing reads {unread[-1]}: is it meant here?", span, mistake.hints)

    def read_as_names(self) -> set[str]:
        """The vectors of an inferred size whose component p2 was read as a name of its own."""
        if not hasattr(self, "inference"):
            return set()
        found, shapes = set(), self.inference.shapes
        for name in self.inference.free - self.scope.names:
            one, whole = names.name(name), names.name(name).unindexed
            if one.index.isdigit() and shapes.get(name, ()) == () and len(shapes.get(whole, ())) == 1:
                found.add(whole)
        return found - self.scope.functions.keys()

    # -------------------------------------------------------------- statements
    def draft(self, key: str) -> _Draft:
        return self.drafts.setdefault(key, _Draft())

    def line(self, span: Span) -> str:
        return f"line @line{span.start}@"

    def where(self, key: str) -> str:
        """` (line 2)` for a name whose size a line states."""
        draft = self.drafts.get(key)
        statement = draft and ((draft.size and draft.size[0]) or draft.value or draft.define)
        return f" ({self.line(statement.span)})" if statement else ""

    def declare(self, statements: Sequence[s.Statement], wrt: str | None) -> None:
        """Note every name that a line declares, before any expression is read."""
        for statement in statements:
            for word in statement.names:
                key = self.free_key(word)
                self.scope.names.add(key)
                if statement.kind == "equation":
                    self.scope.rates.setdefault(key, names.rate(key))
                    self.scope.timed.add(key)
                    key = names.rate(key)
                    self.scope.ends[key] = statement.span.stop
                draft = self.draft(key)
                if statement.kind != "declare" and draft.define is not None:
                    prime = "'" if draft.define.kind == statement.kind == "equation" else ""
                    raise NameMistake(
                        f"{word.typed}{prime} is defined on {self.line(draft.define.span)} and again on "
                        f"{self.line(statement.span)}.", word.span,
                    )
                if statement.size is not None:
                    if draft.size is not None:
                        raise self.twice(word, "size", draft.size[0], statement)
                    draft.size = (statement, statement.size)
                    if len(statement.size.dims) == 1:
                        self.scope.vectors.add(key)
                        length = statement.size.dims[0].span
                        self.scope.lengths[key] = self.text[length.start : length.stop]
                    elif statement.size.dims:
                        self.scope.matrices.add(key)
                if statement.range is not None:
                    if draft.range is not None:
                        raise self.twice(word, "range", draft.range[0], statement)
                    draft.range = (statement, statement.range)
                if statement.role is not None:
                    if draft.role is not None:
                        raise NameMistake(f"The role of {word.typed} is said twice.", statement.role.span)
                    draft.role = word, statement.role.text
                if statement.kind != "declare":
                    draft.define = statement
                    self.note_vector(key, statement)
                draft.words.append(word.span)
            if statement.kind == "function":
                params = tuple(self.free_key(word) for word in statement.params)
                for k, param in enumerate(params):
                    if param in params[:k]:
                        raise NameMistake(
                            f"{statement.params[k].typed} stands twice among the arguments.", statement.params[k].span
                        )
                self.scope.functions[key_of(statement.names[0])] = params
                self.scope.names.update(params)
        if wrt:
            try:
                for word in parse_names(wrt):
                    self.scope.names.add(self.free_key(word, wrt))
            except JacmagicError as error:
                raise error.bind(wrt) from None

    def note_vector(self, key: str, statement: s.Statement) -> None:
        """A right side that is plainly a vector makes x2 the second component of x."""
        raw = statement.expr
        if isinstance(raw, s.Run) and len(raw.items) == 1 and not raw.items[0].posts:
            group = raw.items[0].atom
            if isinstance(group, s.Group):
                rows, width = len(group.rows), len(group.rows[0])
                nested = [Reader.literal(entry) for entry in group.rows[0]]
                matrix = (rows > 1 and width > 1) or all(g is not None and g.bracket == "[" for g in nested)
                if group.bracket in ("[", "env") and not matrix:
                    self.scope.vectors.add(key)
                if group.bracket == "(" and width > 1:
                    self.scope.vectors.add(key)

    def free_key(self, word: s.Word, text: str = "") -> str:
        """The key of a name that a line declares; built-in words and constants cannot be."""
        key = key_of(word)
        if word.index is None and word.text in CONSTANTS:
            shown = (text or self.text)[word.span.start : word.span.stop]
            raise NameMistake(f"{shown} is a constant and cannot be given another meaning.", word.span)
        if word.text == ONES:
            raise NameMistake(f"{ONES} is the vector of ones and cannot be given another meaning.", word.span)
        if word.typed in SPELLINGS:
            raise NameMistake(f"{word.text} is a function and cannot be given another meaning.", word.span)
        if word.text in KEYWORDS:
            raise NameMistake(f"{word.text} is a word of the language and cannot be a name.", word.span)
        if word.parts and word.index is not None and not names_something(word.index):
            raise SyntaxMistake("A name is given to a whole vector or matrix, not to a component.", word.span)
        return key

    def twice(self, word: s.Word, what: str, first: s.Statement, second: s.Statement) -> NameMistake:
        return NameMistake(
            f"{word.typed} has a {what} on {self.line(first.span)} and another on {self.line(second.span)}.",
            second.span,
        )

    # -------------------------------------------------------------- reading
    def read(self, statements: Sequence[s.Statement], wrt: str | None) -> None:
        """Read every right side; what has no names in it is a value."""
        self.sequence: list[tuple[str, s.Statement]] = []
        self.evaluated: dict[str, Any] = {}
        for statement in statements:
            if statement.kind in ("declare", "asked"):
                continue
            key = key_of(statement.names[0])
            key = names.rate(key) if statement.kind == "equation" else key
            draft = self.drafts[key]
            if statement.python is not None:
                if statement.kind != "define":
                    raise SyntaxMistake("A Python value has a plain name before =.", statement.span)
                draft.value, draft.define = statement, None
                self.evaluated[key] = self.python(statement)
                value = self.evaluated[key]
                (self.scope.vectors if value.ndim == 1 else self.scope.matrices if value.ndim == 2 else set()).add(key)
        self.asked: list[tuple[str, s.Statement, t.UserCall]] = []
        for statement in statements:
            if statement.kind == "declare" or statement.python is not None:
                continue
            assert statement.expr is not None
            if statement.kind == "asked":
                call = t.inside(self.reader.value(statement.expr))
                assert isinstance(call, t.UserCall)
                self.asked.append(("", statement, call))
                continue
            key = key_of(statement.names[0])
            key = names.rate(key) if statement.kind == "equation" else key
            expr = self.reader.value(statement.expr)
            if statement.kind == "define" and not names_in(expr):
                self.drafts[key].value, self.drafts[key].define = statement, None
            else:
                self.sequence.append((key, statement))
                if statement.range is not None:
                    raise ValueMistake(
                        f"{statement.names[0].typed} is defined by the names in it and has no slider of its own.",
                        statement.range.span,
                    )
            self.trees[key] = expr
        used = {name for tree in self.trees.values() for name in names_in(tree)}
        for tree in self.trees.values():
            for number in t.walk(tree):
                if isinstance(number, t.Number):
                    self.reader.check_number(number, used)
        if not self.sequence:
            self.constants()
            for key, value in self.constant.items():
                if (range_ := self.range(key)) is not None and value.shape == ():
                    self.inside_range(key, np.array(float(value.expr)), range_)
            raise nothing_to_do(self.net)
        for key, statement in self.sequence:
            primed = self.drafts.get(names.rate(key))
            if primed is not None and primed.define is not None and primed.define.kind == "equation":
                name = statement.names[0]
                raise NameMistake(
                    f"{name.typed} is a variable, as {self.line(primed.define.span)} says how it changes in time; "
                    f"{self.line(statement.span)} defines it.", name.span,
                )
        self.check_argument_kin({key for key, draft in self.drafts.items() if draft.define is not None})
        self.check_slips(wrt)

    def check_slips(self, wrt: str | None) -> None:
        """Names that look like slips, in the lines that define something."""
        used = {name for tree in self.trees.values() for name in names_in(tree)}
        used |= {param for params in self.scope.functions.values() for param in params}
        for key, draft in self.drafts.items():
            word = draft.value.names[0] if draft.value is not None and draft.value.names else None
            split = word is not None and re.fullmatch(r"[a-z]{2,3}", word.typed) and used.issuperset(word.typed)
            if word is None or key in used or not split:
                continue
            statement, product = draft.value, " ".join(word.typed)  # xy = 1
            assert statement is not None
            right = self.text[word.span.stop : statement.span.stop]
            raise NameMistake(
                f"{word.typed} is made of the block's names {' and '.join(word.typed)}: is the product meant, "
                f"{product}{right}, an equation, or is it another name?", word.span,
            )
        named = {key_of(word) for word in parse_names(wrt)} if wrt else set()
        arguments = {name for params in self.scope.functions.values() for name in params} | self.scope.timed
        free = {name for key, _ in self.sequence for name in names_in(self.trees[key])} - self.drafts.keys()
        varying = frozenset((named or arguments or free) | {key for key, _ in self.sequence})
        block = slips.Block(self.text, frozenset(self.scope.names), self.scope.functions, varying, self.net)
        for key, statement in self.sequence:
            assert statement.expr is not None
            pairs = zip(self.scope.functions.get(key, ()), statement.params)
            typed = {name: self.text[word.span.start : word.span.stop] for name, word in pairs}
            slips.check(slips.Line(key, statement.expr.span, self.trees[key], typed), block)

    def set_aside(self, wrt: str | None) -> None:
        """Lines such as u = f(3), which no other line uses, ask for a value; the block is what it is without them."""
        used = {name for tree in self.trees.values() for name in names_in(tree)}
        used |= {key_of(word) for word in parse_names(wrt or "")}
        for key, statement in list(self.sequence):
            call = t.inside(self.trees[key])
            if statement.kind != "define" or not isinstance(call, t.UserCall) or key in used or statement.size:
                continue
            if any(names_in(argument) for argument in call.arguments):
                continue
            self.asked.append((key, statement, call))
            self.sequence.remove((key, statement))
            del self.trees[key], self.drafts[key]
        self.asked.sort(key=lambda one: one[1].span)
        places = {key: one.span for key, one in self.sequence}
        for _, statement, call in self.asked:
            if places[call.key] > statement.span:
                raise NameMistake(
                    f"{call.key} is used on {self.line(statement.span)}, but defined only on "
                    f"{self.line(places[call.key])}; a definition stands above the lines that use it.", call.span,
                )

    def check_argument_kin(self, unsettled: set[str]) -> None:
        """f(x) = x_1^2 + x_2: the argument does not occur, but its indexed kin do; `unsettled` may be vectors yet."""
        for key, statement in self.sequence:
            if statement.kind != "function":
                continue
            used = dict.fromkeys(names_in(self.trees[key]))
            params = set(self.scope.functions[key])
            others = [u for u in used if u not in params and u not in self.drafts]
            for param, word in zip(self.scope.functions[key], statement.params):
                if param in used or param in self.scope.vectors or param in unsettled:
                    continue
                kin = [u for u in others if names.name(u).unindexed == param]
                if not kin:
                    continue
                indices = sorted((names.name(u).index for u in kin), key=names.natural)
                shown = [f"{word.typed}_{i}" for i in indices]
                head = Span(statement.span.start, self.text.index(")", statement.params[-1].span.stop) + 1)
                inside = [", ".join(shown) if one is word else one.typed for one in statement.params]
                fixes = [f"{self.text[head.start : statement.names[0].span.stop]}({', '.join(inside)})"]
                if all(i.isdigit() for i in indices):
                    fixes.insert(0, f"{word.typed} in R^{max(map(int, indices))}")
                raise NameMistake(
                    f"{word.typed} does not occur in {key}, but {' and '.join(shown)} "
                    f"{'does' if len(kin) == 1 else 'do'}. Is {word.typed} a vector, or are they the arguments?",
                    head, fixes,
                )

    def python(self, statement: s.Statement) -> np.ndarray:
        """The value of a Python expression in braces, as a float64 array."""
        assert statement.python is not None
        start = self.text.find("{", statement.names[0].span.stop)
        span = Span(start, statement.span.stop if statement.range is None and statement.size is None else start + 2
                    + len(statement.python))
        if span in self.from_python:
            return self.from_python[span]
        if self.namespace is None:
            raise ValueMistake(
                "A Python value in braces is read only in a notebook cell, or where namespace= is given.", span
            )
        try:
            value = eval(statement.python, {**self.namespace, "__builtins__": __builtins__})  # the one exception
        except Exception as error:
            raise ValueMistake(f"Python says of {statement.python}: {type(error).__name__}: {error}", span) from None
        try:
            array = np.array(reals(statement.python, value))
        except ValueMistake as error:
            raise ValueMistake(error.message, span) from None
        if array.ndim > 2 or array.size == 0:
            raise ValueMistake(
                f"{statement.python} has the shape {array.shape}; a value is a number, a vector or a matrix.", span
            )
        if array.size > MAX_ENTRIES * 10:
            raise LimitError(f"A value has at most {MAX_ENTRIES * 10:,} entries.", span)
        if not np.isfinite(array).all() or np.max(np.abs(array)) > MAX_VALUE:
            raise ValueMistake(f"{statement.python} has entries that are not finite, or too large.", span)
        self.from_python[span] = array
        return array

    def order(self) -> None:
        """Each definition stands above the lines that use it."""
        place = {key: k for k, (key, _) in enumerate(self.sequence)}
        for k, (key, _) in enumerate(self.sequence):
            params = self.scope.functions.get(key, ())
            for name in names_in(self.trees[key]):
                if name in params and name != key:
                    if name in place and place[name] >= k:
                        self.too_early(name, key, place)
                    continue
                if name in place and place[name] >= k:
                    self.too_early(name, key, place)

    def too_early(self, name: str, key: str, place: Mapping[str, int]) -> None:
        used, defined = self.sequence[place[key]][1], self.sequence[place[name]][1]
        word = defined.names[0]
        if defined.kind == "equation":
            word = replace(word, text=f"{word.typed}'", index=None)
        if name == key:
            use = use_of(self.trees[key], name) or defined.span
            message = f"{word.typed} is defined by means of itself on {self.line(defined.span)}."
            if isinstance(t.inside(self.trees[key]), t.Name):  # z = z, a coordinate that stays as it is
                shown = self.text[word.span.start : word.span.stop]
                other = shown[0].swapcase() + shown[1:]
                taken = self.scope.names | {one for tree in self.trees.values() for one in names_in(tree)}
                free = shown[0].isascii() and name[0].swapcase() + name[1:] not in taken
                line = self.text[word.span.stop : defined.span.stop]
                raise NameMistake(
                    f"{shown} is the name of this line and what stands in it; a coordinate that stays as it is "
                    "has another name on the left.", defined.span, (other + line,) if free else (),
                )
            front = re.search(r"(?<![A-Za-z0-9_])[A-Za-z]$", self.text[: use.start])
            if front is not None and use.stop - use.start == len(name):  # q = Wq x
                glued = Span(use.start - 1, use.stop)
                raise NameMistake(f"{message} Is {front[0]}{name} one name?", glued, (f"{front[0]}_{name}",))
            behind = re.match(r"[A-Za-z]\w*", self.text[use.stop :])
            if behind is not None and use.stop - use.start == len(name):  # d = v*dt
                whole = Span(use.start, use.stop + behind.end())
                shown = self.text[whole.start : whole.stop]
                raise NameMistake(f"{message} Is {shown} one name?", whole, (f"{shown} in R",))
            raise NameMistake(message, use)
        seen, todo = set(), [name]
        while todo:
            one = todo.pop()
            if one in place and one not in seen:
                seen.add(one)
                todo.extend(names_in(self.trees[one]))
        shown = used.names[0].typed
        if key in seen:
            raise NameMistake(
                f"{shown} ({self.line(used.span)}) and {word.typed} ({self.line(defined.span)}) are defined by each "
                "other.", word.span,
            )
        raise NameMistake(
            f"{word.typed} is used on {self.line(used.span)}, but defined only on {self.line(defined.span)}; "
            "a definition stands above the lines that use it.", word.span,
        )

    # -------------------------------------------------------------- whole numbers
    def settle_wholes(self) -> None:
        """Names used as sizes, bounds and indices are whole numbers, and nothing else."""
        lowerer = self.lowerer
        wanted: list[t.Expr] = []
        for tree in self.trees.values():
            wanted += bounds_in(tree)
        self.sizes: dict[str, tuple[list[t.Expr], s.Statement]] = {}
        for key, draft in self.drafts.items():
            if draft.size is not None:
                dims = [self.reader.value(dim) for dim in draft.size[1].dims]
                self.sizes[key] = (dims, draft.size[0])
                wanted += dims
        indices = {family.index for tree in self.trees.values() for family in families_in(tree)}
        todo = [name for expr in wanted for name in names_in(expr) if name not in indices]
        spans = {n: use_of(e, n) or e.span for e in reversed(wanted) for n in names_in(e)}
        while todo:
            name = todo.pop()
            if name in self.wholes:
                continue
            stated = self.trees.get(name)
            if name in self.evaluated and self.evaluated[name].ndim == 0 and float(self.evaluated[name]).is_integer():
                self.wholes[name] = int(self.evaluated[name])
            elif stated is None or name in self.scope.functions:
                raise ValueMistake(
                    f"{name} stands where a whole number is needed; give it a value.", spans.get(name, Span(0, 0)),
                    () if name in self.drafts else (f"{name} = 3",),
                )
            else:
                inner = [n for n in names_in(stated) if n not in self.wholes]
                spans |= {n: use_of(stated, n) or stated.span for n in inner}
                todo += inner
                self.wholes[name] = 0
        lowerer.whole_names = set(self.wholes)
        pending = list(self.wholes)
        while pending:
            later = []
            for name in pending:
                needs = names_in(self.trees[name]) if name in self.trees else []
                if any(n not in lowerer.env for n in needs):
                    later.append(name)
                    continue
                known = name in self.evaluated
                value = int(self.evaluated[name]) if known else lowerer.whole_of(self.trees[name])
                self.wholes[name] = value
                lowerer.env[name] = Value(sp.Integer(value), literal=True)
            pending = later if len(later) < len(pending) else []
        self.sequence = [(key, one) for key, one in self.sequence if key not in self.wholes]
        if not self.sequence:
            raise nothing_to_do(self.net)

    def check_domains(self) -> None:
        """What is nowhere a real number, and losses of what is no probability."""
        indices = {family.index for tree in self.trees.values() for family in families_in(tree)}
        defined = {key: self.trees[key] for key, one in self.sequence if one.kind != "equation"}
        domains = Domains(defined, self.scope.vectors | self.scope.matrices, indices | set(self.wholes), self.net)
        for key, _ in self.sequence:
            domains.check(self.trees[key], lambda expr: self.text[expr.span.start : expr.span.stop])
            domains.name(key)  # one after the other: a long chain of definitions is no deep one then

    # -------------------------------------------------------------- sizes
    def infer(self) -> dict[str, Shape]:
        shapes: dict[str, Shape] = dict.fromkeys(self.wholes, ())
        for key, (dims, statement) in self.sizes.items():
            sizes = []
            for dim in dims:
                n = self.lowerer.whole_of(dim)
                if n < 1:
                    raise ValueMistake(f"A size is at least 1, not {n}.", dim.span)
                sizes.append(n)
            total = int(np.prod(sizes, dtype=object)) if sizes else 1
            if total > 10 * MAX_ENTRIES:
                raise LimitError(
                    f"A name has at most {10 * MAX_ENTRIES:,} entries; {key} would have {total:,}.", statement.span
                )
            shapes[key] = tuple(sizes)
        defined = {key for key, _ in self.sequence}
        for key, draft in self.drafts.items():
            if key in defined or key in self.wholes:
                continue
            if key in self.evaluated:
                shapes.setdefault(key, self.evaluated[key].shape)
            elif draft.value is not None:
                self.constants()
                shapes.setdefault(key, self.constant[key].shape)
            elif draft.range is not None:
                shapes.setdefault(key, ())
        free = {n for key, _ in self.sequence for n in names_in(self.trees[key])} | {
            p for params in self.scope.functions.values() for p in params}
        free -= defined | set(self.wholes)
        # A function's arguments are numbers unless something else is declared or inferred.
        rates = {key: names.of_rate(key) for key, statement in self.sequence if statement.kind == "equation"}
        numbers = {
            key: one.size.span for key, (dims, one) in self.sizes.items()
            if not dims and one.size and one.kind == "define"
        }
        self.inference = Inference(
            shapes, self.whole_or_none, self.scope.functions, free, rates, numbers, self.lowerer.source, self.net
        )
        self.inference.run([(key, self.trees[key]) for key, _ in self.sequence])
        for key in sorted(free & set(shapes)):
            total = int(np.prod(shapes[key], dtype=object)) if shapes[key] else 1
            if total > 10 * MAX_ENTRIES:
                first = next((span for one, _ in self.sequence if (span := use_of(self.trees[one], key))), None)
                raise LimitError(f"A name has at most {10 * MAX_ENTRIES:,} entries; {key} would have {total:,}.", first)
        return shapes

    def whole_or_none(self, expr: t.Expr) -> int | None:
        try:
            return self.lowerer.whole(expr)
        except (JacmagicError, AssertionError, TypeError):
            return None

    constant: dict[str, Value]

    def constants(self) -> None:
        """Lower the values: right sides without names."""
        if hasattr(self, "constant"):
            return
        self.constant = {}
        for key, draft in self.drafts.items():
            if draft.value is not None and key in self.trees and key not in self.wholes:
                self.constant[key] = self.lowerer.lower(self.trees[key])
                written = self.trees[key]
                if isinstance(written, t.Vector) and key[0].isupper() and self.text[written.span.start] == "[":
                    if ";" not in (text := self.text[written.span.start : written.span.stop]) and "\n" not in text:
                        self.lowerer.as_row[key] = written.span

    def values(self, shapes: Mapping[str, Shape]) -> dict[str, np.ndarray]:
        """The stated values as float64 arrays of the names' shapes."""
        self.constants()
        out = {key: np.asarray(array, dtype=float) for key, array in self.evaluated.items() if key not in self.wholes}
        for key, value in self.constant.items():
            node = self.lowerer.node(value)
            try:  # what is not plainly a constant, as norm([3, 4]), is computed
                numbers = [float(v) for v in node.data] if node.op == "const" else np.ravel(compile_numpy((), node)())
            except (TypeError, OverflowError, ValueError):
                numbers = [float("nan")]
            if not np.isfinite(numbers).all():
                raise ValueMistake(f"The value of {key} is not a number to calculate with.", self.trees[key].span)
            if np.max(np.abs(numbers)) > MAX_VALUE:
                raise LimitError(f"The value of {key} is too large to calculate with.", self.trees[key].span)
            out[key] = np.array(numbers).reshape(node.shape)
        for key, array in out.items():
            shape = shapes[key]
            if array.shape == shape:
                continue
            if array.size == int(np.prod(shape)):
                out[key] = array.reshape(shape)
                continue
            statement = self.drafts[key].value
            assert statement is not None
            stated = self.drafts[key].size
            place = f" on {self.line(stated[0].span)}" if stated else ""
            raise ShapeError(
                f"{key} is {describe(shape)}{place}, but its value is {describe(array.shape)}.",
                self.trees[key].span if key in self.trees else statement.span,
            )
        return out

    # -------------------------------------------------------------- the program
    def build(self, shapes: dict[str, Shape], values: dict[str, np.ndarray], wrt: str | None) -> Program:
        low, g = self.lowerer, self.graph
        defined = [key for key, _ in self.sequence]
        appearance = [n for key in defined for n in names_in(self.trees[key])]
        params = [p for key in defined for p in self.scope.functions.get(key, ())]
        primed = [names.of_rate(key) for key, one in self.sequence if one.kind == "equation"]
        bound = {*defined, *self.wholes}
        free = list(dict.fromkeys(n for n in [*params, *appearance, *primed] if n not in bound))
        for key in free:
            shape = shapes.get(key, ())
            shapes.setdefault(key, shape)
            low.env[key] = low.of_node(g.input(key, shape))
        steps: dict[str, Step] = {}
        used: set[str] = set()
        for key, statement in self.sequence:
            expr = self.trees[key]
            own = self.scope.functions.get(key, ())
            low.spread, low.divisors = set(), set()
            value = low.step(expr)
            shown = spelt_out(expr, low.spread, low.divisors)
            node = low.node(value)
            if value.row:
                node = g.take(node, range(node.size), (1, node.size))
            self.check_size(key, statement, expr, node)
            label = g.node("label", (node,), node.shape, key)
            low.env[key] = low.of_node(label)
            reads = tuple(dict.fromkeys(n for n in names_in(expr) if n not in self.wholes))
            used |= {n for n in [*reads, *own] if n != key}
            if statement.kind == "function":
                self.functions[key] = (own, expr)
            steps[key] = Step(key, statement.kind, own, shown, label, statement.span, reads)
        asked = tuple(self.asked_for(key, call) for key, _, call in self.asked)
        outputs = (defined[-1],) if self.net else tuple(
            key for key in defined if key not in used or steps[key].kind == "equation"
        )
        needed = self.needed(steps, outputs)
        unused = [key for key in self.drafts if key in shapes and key not in bound and key not in free]
        self.check_roles({*free, *unused}, bound)
        if self.net:
            read = {name for step in steps.values() for name in step.reads if name not in step.params}
            known = [key for key in [*free, *unused] if key in needed or key in self.drafts or key in read]
            self.roles = self.net_roles(known, steps, shapes, wrt)
        variables = self.variables(wrt, steps, free, outputs, needed, values, shapes)
        chosen = frozenset(variables)
        parameters = tuple(n for n in free if n in needed and n not in chosen)
        inputs = self.inputs([*free, *unused], shapes, values, variables, steps)
        return Program(
            self.text, g, inputs, steps, outputs, variables, parameters, dict(self.wholes), self.lines(steps, shapes),
            self.net, self.has_decimals(), frozenset(self.lowerer.arrays), asked, self.seed,
        )

    def check_roles(self, names: Collection[str], bound: Collection[str]) -> None:
        """A role is said of what the block uses and does not define."""
        for key, draft in self.drafts.items():
            if draft.role is None or key in names:
                continue
            word, _ = draft.role
            if key in bound and key not in self.wholes:
                said = f"{word.typed} is defined{self.where(key)}; only what no line defines has a role."
                raise NameMistake(said, word.span)
            if key not in self.wholes:
                close = nearest(key, names)
                raise NameMistake(f"{word.typed} is not used in this block.", word.span, close)

    def net_roles(
        self, names: Sequence[str], steps: Mapping[str, Step], shapes: Mapping[str, Shape], wrt: str | None
    ) -> dict[str, str]:
        trees = {key: self.trees[key] for key in steps}
        params = {key: step.params for key, step in steps.items()}
        sizes = {key: step.shape for key, step in steps.items()} | {key: shapes[key] for key in names}
        stated = {key: draft.role[1] for key, draft in self.drafts.items() if draft.role is not None}
        columns = [key_of(word) for word in parse_names(wrt)] if wrt else []
        return roles(trees, params, sizes, sorted(names, key=self.first_place), stated, columns)

    def first_place(self, key: str) -> int:
        """Where a name first stands in the block."""
        draft = self.drafts.get(key)
        spans = [word.start for word in draft.words] if draft else []
        spans += [use.start for tree in self.trees.values() if (use := use_of(tree, key)) is not None]
        return min(spans, default=len(self.text))

    def asked_for(self, key: str, call: t.UserCall) -> Asked:
        """The nodes of a function's value that a line asks for."""
        low = self.lowerer
        try:
            value = low.node(low.step(call))
        except JacmagicError as error:
            shown = self.text[call.span.start : call.span.stop]
            raise type(error)(f"{shown}: {error.message}", call.span) from None
        arguments = [low.node(low.lower(one)) for one in call.arguments]
        if len(arguments) == 1 < len(self.scope.functions[call.key]):  # a vector fills the arguments
            arguments = [self.graph.take(arguments[0], (k,), ()) for k in range(arguments[0].size)]
        return Asked(key, call, value, tuple(arguments))

    def check_size(self, key: str, statement: s.Statement, expr: t.Expr, node: Node) -> None:
        of = key_of(statement.names[0])
        if statement.kind == "equation" and node.shape != (want := self.inference.shapes.get(of, ())):
            where = f" ({self.line(self.sizes[of][1].span)})" if of in self.sizes else ""
            name, found = statement.names[0].typed, describe(node.shape)
            raise ShapeError(f"{name} is {describe(want)}{where}, but its derivative in time is {found}.", expr.span)
        size = self.sizes.get(key)
        if size is None:
            return
        stated = tuple(self.lowerer.whole_of(dim) for dim in size[0])
        if node.shape != stated:
            raise ShapeError(
                f"{key} is stated to be {describe(stated)} ({self.line(size[1].span)}), but its expression is "
                f"{describe(node.shape)} ({self.line(expr.span)}).",
                size[1].size.span if size[1].size is not None else expr.span,
            )

    def needed(self, steps: Mapping[str, Step], outputs: Sequence[str]) -> set[str]:
        """The free names that the outputs depend on, calls followed with what they put in."""
        memo: dict[str, set[str]] = {}

        def of_tree(expr: t.Expr) -> set[str]:
            found: set[str] = set()
            for one in t.walk(expr):
                if isinstance(one, t.UserCall):
                    body = memo.get(one.key, set())
                    found |= body - set(self.scope.functions[one.key])
                if isinstance(one, t.Name):
                    found |= memo.get(one.key, {one.key})
            return found

        for key, step in steps.items():
            memo[key] = of_tree(step.expr)
        return set().union(*(memo[key] for key in outputs), *(set(steps[key].params) for key in outputs))

    def variables(
        self, wrt: str | None, steps: Mapping[str, Step], free: Sequence[str], outputs: Sequence[str],
        needed: set[str], values: Mapping[str, Any], shapes: Mapping[str, Shape],
    ) -> tuple[str, ...]:
        if wrt and parse_names(wrt):
            return self.named_variables(wrt, steps, free, shapes)
        if self.net:
            return (min((key for key, role in self.roles.items() if role == "input"), key=self.first_place),)
        last = frozenset(outputs)
        arguments = list(dict.fromkeys(
            p for key, step in steps.items() for p in step.params
            if p not in steps and (key in last or p in needed) and p not in self.wholes
        ))
        if arguments:
            return tuple(arguments)
        primed = [names.of_rate(key) for key, step in steps.items() if step.kind == "equation"]
        if primed:
            return tuple(key for key in primed if key not in steps)
        appearing = [n for n in free if n in needed]
        loose = [n for n in appearing if n not in values]
        found = names.in_column_order(loose or appearing)
        if not found:
            raise nothing_to_do(self.net)
        return found

    def named_variables(
        self, wrt: str, steps: Mapping[str, Step], free: Sequence[str], shapes: Mapping[str, Shape]
    ) -> tuple[str, ...]:
        """The columns that a magic's line names."""
        declared = [key for key in self.drafts if key in shapes and key not in self.wholes and key not in free]
        known = [*free, *steps, *(key for key in declared if key not in steps)]
        found: dict[str, s.Word] = {}
        for word in parse_names(wrt):
            key = key_of(word)
            if key in self.wholes:
                message = f"{word.typed} is a size, a bound or an index here, and no variable."
                raise NameMistake(message, word.span).bind(wrt)
            if key not in known:
                close = nearest(key, known)
                error = NameMistake(
                    f"{word.typed} is not a name of this block"
                    + (f"; did you mean {' or '.join(close)}?" if close else f" ({', '.join(known[:8])})."),
                    word.span, close,
                )
                raise error.bind(wrt)
            found.setdefault(key, word)
        for key, word in found.items():
            inside = next((n for n in found if n != key and n in parts_of(key, steps)), None)
            if inside is not None:
                raise NameMistake(
                    f"{word.typed} is defined by means of {found[inside].typed}: with both as variables neither could "
                    "change while the other stays.", word.span,
                ).bind(wrt)
        return tuple(found)

    def inputs(
        self, free: Sequence[str], shapes: Mapping[str, Shape], values: Mapping[str, np.ndarray],
        variables: Sequence[str], steps: Mapping[str, Step],
    ) -> dict[str, Input]:
        one_hot = labels(self.trees)
        out = {}
        for key in free:
            shape = shapes[key]
            range_ = self.range(key)
            role = self.roles.get(key, "variable" if key in variables else "parameter")
            if key in values:
                value = values[key]
                if range_ is not None:
                    self.inside_range(key, value, range_)
            else:
                value = start.first(key, shape, role, range_, key in one_hot, self.net, self.seed)
            out[key] = Input(
                key, shape, value, key in values, range_, role, self.graph.input(key, shape), key in one_hot
            )
        return out

    def range(self, key: str) -> tuple[float, float, float | None] | None:
        draft = self.drafts.get(key)
        if draft is None or draft.range is None:
            return None
        raw = draft.range[1]
        ends: list[float | None] = []
        for end in (raw.low, raw.high, raw.step):
            if end is None:
                ends.append(None)
                continue
            expr = self.reader.value(end)
            if any(n not in self.wholes for n in names_in(expr)):
                raise ValueMistake("The ends of a range are numbers.", expr.span)
            value = self.lowerer.lower(expr)
            try:
                number = float(value.expr)
            except (TypeError, OverflowError):
                raise ValueMistake("The ends of a range are numbers.", expr.span) from None
            if not np.isfinite(number) or abs(number) > MAX_VALUE:
                raise ValueMistake("The ends of a range are finite numbers, not too large.", expr.span)
            ends.append(number)
        low, high, step = ends
        assert low is not None
        assert high is not None
        if low == high:
            raise ValueMistake("This range is empty: both ends are the same.", raw.span)
        if step is not None and step <= 0:
            assert raw.step is not None
            raise ValueMistake("A step is above 0.", raw.step.span)
        return min(low, high), max(low, high), step

    def inside_range(self, key: str, value: np.ndarray, range_: tuple[float, float, float | None]) -> None:
        low, high, _ = range_
        if (value < low).any() or (value > high).any():
            statement = self.drafts[key].value
            assert statement is not None
            shown = ", ".join(f"{v:g}" for v in np.ravel(value)[:3])
            tree = self.trees.get(key)
            raise ValueMistake(
                f"{key} = {shown} lies outside its range [{low:g}, {high:g}].", tree.span if tree else statement.span
            )

    # -------------------------------------------------------------- the echo
    def lines(self, steps: Mapping[str, Step], shapes: Mapping[str, Shape]) -> tuple[Line, ...]:
        out = []
        for key, step in steps.items():
            stated = step.shape if key in self.sizes or self.net else None
            out.append(Line("step", key, step.params, step.expr, stated, equation=step.kind == "equation"))
        for key, draft in self.drafts.items():
            if key in steps:
                continue
            ends = None
            if draft.range is not None:
                ends = (self.reader.value(draft.range[1].low), self.reader.value(draft.range[1].high))
            if draft.value is not None or ends is not None or draft.size is not None:
                expr = self.trees.get(key)
                size = shapes.get(key) if draft.size is not None else None
                out.append(Line("value", key, (), expr, size, ends, python=key in self.evaluated))
        return tuple(out)

    def has_decimals(self) -> bool:
        trees = [*self.trees.values(), *(call for _, _, call in self.asked)]
        numbers = [one.text for tree in trees for one in t.walk(tree) if isinstance(one, t.Number)]
        return any("." in text or "e-" in text for text in numbers)

