"""The names of y = y(x) that equations define: their steps, and what the equations say once all are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jacmagic.engine.chain import rebuild
from jacmagic.engine.graph import Node
from jacmagic.engine.implicit import settle
from jacmagic.engine.ops.unknown import Conditions
from jacmagic.errors import LimitError, NameMistake
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import key_of
from jacmagic.program.block import Sized
from jacmagic.program.definitions import as_equation
from jacmagic.program.derivatives import needed_names
from jacmagic.program.lowerer import Lowerer
from jacmagic.program.model import Shape, Step

MAX_CONDITIONS = 6
"""Equations that define names together. Instead: the equations as they are, and `r.vector()` for a solver."""


@dataclass
class Implicit:
    """The names that equations define, and how far these are read.

    lines      y = y(x) by the name
    residuals  the keys of the equations
    found      what follows of them
    """

    lines: Mapping[str, s.Statement] = field(default_factory=dict)
    residuals: tuple[str, ...] = ()
    found: Conditions | None = None

    def steps(self, low: Lowerer) -> dict[str, Step]:
        """A step for each name, which stands for what the equations define from here on."""
        made = {}
        for k, (key, line) in enumerate(self.lines.items()):
            assert self.found is not None
            inner = self.found.unknown(low.graph, k)
            node = low.graph.node("label", (inner,), inner.shape, key)
            low.home[key] = node
            low.env[key] = low.of_node(node)
            call = t.UserCall(key, tuple(t.Name(key_of(word)) for word in line.params))
            made[key] = Step(key, "implicit", (), call, node, line.span, tuple(one.data for one in self.found.others))
        return made

    def met(self, low: Lowerer, steps: Mapping[str, Step]) -> None:
        """Once the last equation is read: what it says of the names."""
        if self.found is None or self.found.residuals or not all(key in steps for key in self.residuals):
            return
        roots, _ = rebuild(low.graph, [steps[key].node for key in self.residuals], self.lines)
        equations, entries = (sum(one.size for one in part) for part in (roots, self.found.names))
        first = next(iter(self.lines.values()))
        if equations != entries:
            raise NameMistake(
                f"{counted(equations, 'equation')} cannot define {counted(entries, 'number')}, "
                f"{', '.join(self.lines)}; as many are needed.", first.span,
            )
        if entries > MAX_CONDITIONS:
            said = f"At most {MAX_CONDITIONS} equations define names together; here are {entries}."
            raise LimitError(said, first.span)
        settle(low.graph, self.found, roots)


def counted(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def implicit(block: Sized, low: Lowerer, shapes: Mapping[str, Shape]) -> Implicit:
    """What the equations of a block define."""
    said = block.said
    if not said.implicit:
        return Implicit()
    residuals = tuple(key for key, one in block.sequence if one.kind == "residual" or key in said.zeros)
    memo: dict[str, set[str]] = {}
    for key, _ in block.sequence:
        memo[key] = needed_names(block.trees[key], memo, lambda of: block.scope.functions.get(of, ()))
    params = [key_of(word) for line in said.implicit.values() for word in line.params]
    read = [name for key in residuals for name in sorted(memo[key])]
    for key, line in block.sequence:
        if line.kind == "define" and key in params and not memo[key].isdisjoint(said.implicit):
            word = line.names[0]
            of = ", ".join(said.implicit)
            message = f"{word.typed} is an argument of {of}: no line defines it, this one is an equation."
            raise NameMistake(message, *as_equation(block, line, word))
    others = [key for key in dict.fromkeys([*params, *read]) if key not in said.implicit and key not in block.wholes]

    def inputs(keys: Sequence[str]) -> list[Node]:
        return [low.graph.input(key, shapes.get(key, ())) for key in keys]

    found = Conditions(inputs(list(said.implicit)), inputs([key for key in others if key not in memo]))
    return Implicit(said.implicit, residuals, found)
