"""How tightly each kind of expression holds together: one table, which the parser and the printers read.

The parser has a method for each level up to PRODUCT and takes the operators of a
level from here; the printers put brackets round what is looser than its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """From loosest to tightest."""

    CASES = 0  # a if p else b
    OR = 1
    AND = 2
    NOT = 3
    RELATION = 4  # a < b
    SUM = 5  # a + b, -a
    PRODUCT = 6  # a b, a/b
    BARE = 7  # sin x
    POWER = 8  # a^b, Aᵀ
    ATOM = 9  # a name, a number, brackets, f(x)


@dataclass(frozen=True)
class Operator:
    """A row: the sign as the parser names it, its level, the operator of the tree, and how the printers spell it."""

    sign: str
    level: Level
    node: str
    latex: str
    text: str
    mathml: str


_ROWS = (
    Operator("or", Level.OR, "or", r"\text{ or }", "or", "or"),
    Operator("and", Level.AND, "and", r"\text{ and }", "and", "and"),
    Operator("not", Level.NOT, "not", r"\text{not }", "not", "not"),
    Operator("<", Level.RELATION, "<", "<", "<", "&lt;"),
    Operator("<=", Level.RELATION, "<=", r"\le", "≤", "≤"),
    Operator(">", Level.RELATION, ">", ">", ">", "&gt;"),
    Operator(">=", Level.RELATION, ">=", r"\ge", "≥", "≥"),
    # The language compares with ==, and with = in \begin{cases} alone.
    Operator("==", Level.RELATION, "==", "==", "==", "="),
    Operator("!=", Level.RELATION, "!=", r"\ne", "≠", "≠"),
    Operator("=", Level.RELATION, "=", "=", "=", "="),
    Operator("≈", Level.CASES, "≈", r"\approx", "≈", "≈"),
    Operator("∈", Level.CASES, "∈", r"\in", "∈", "∈"),
    Operator("+", Level.SUM, "+", "+", "+", "+"),
    Operator("-", Level.SUM, "-", "-", "-", "−"),
    Operator("*", Level.PRODUCT, "*", r"\cdot", "*", "·"),
    Operator("·", Level.PRODUCT, "dot", r"\cdot", "·", "·"),
    Operator("×", Level.PRODUCT, "cross", r"\times", "×", "×"),
    Operator("/", Level.PRODUCT, "/", "/", "/", "/"),
    Operator(".*", Level.PRODUCT, ".*", r"\odot", ".*", "⊙"),
    Operator("./", Level.PRODUCT, "./", r"\oslash", "./", "⊘"),
)

OPERATORS: dict[str, Operator] = {row.node: row for row in _ROWS}
"""Rows by the operator of the tree."""


def signs(level: Level) -> frozenset[str]:
    """The operators of a level, as the parser names them."""
    return frozenset(row.sign for row in _ROWS if row.level == level)
