"""A tree in the words of its block: the text itself for all that stands there, the printer's for what is new."""

from __future__ import annotations

import re

from jacmagic.language import tree as t
from jacmagic.language.precedence import Level
from jacmagic.language.printers.plain import Text
from jacmagic.language.printers.writer import Factors, Piece


class Quoted(Text):
    """Strings for a reader who pastes them: a node with a span is what was typed there, brackets are as in Text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def write(self, expr: t.Expr) -> Piece:
        shown, level = super().write(expr)
        called = expr.base if isinstance(expr, t.Power) and expr.on_name else expr
        if expr.span == t.NOWHERE or isinstance(called, t.Call) and called.bare:  # sin x is sin(x) beside others
            return shown, level
        return self.source[expr.span.start : expr.span.stop], level

    def sign(self, node: str) -> str:
        return {"*": "*", "∈": " in "}.get(node) or super().sign(node)

    def needs_operator(self, factors: Factors, k: int) -> bool:
        return factors[k][0] == "*" or super().needs_operator(factors, k)

    def beside(self, left: str, right: str, before: t.Expr, factor: t.Expr) -> str:
        return f"{left} {right}"

    def phrase(self, expr: t.Phrase) -> Piece:
        return "".join(self.write(part)[0] for part in expr.parts), Level.CASES

    def power(self, expr: t.Power) -> Piece:
        """The operator stays as it was typed: **, ^, .^."""
        typed = re.compile(r"\s*(?:\*\*|\.?\^)").match(self.source, expr.base.span.stop)
        sign = typed[0] if typed and expr.base.span != t.NOWHERE else ".^" if expr.entrywise else "^"
        exponent = t.inside(expr.exponent)
        plain = isinstance(exponent, t.Number) or isinstance(exponent, t.Name) and exponent.key != "T"
        shown = self.free(exponent)
        return f"{self.at(expr.base, Level.ATOM)}{sign}{shown if plain else f'({shown})'}", Level.POWER


def quoted(source: str, expr: t.Expr) -> str:
    """A tree as text that can be pasted in the place of what it reads."""
    return Quoted(source).write(expr)[0]
