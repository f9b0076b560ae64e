"""Right and wrong answers, made by a small differentiator of its own with wrong rules in it.

A formula is a number, a name, or a tuple: ("+", a, b), ("*", a, b), ("/", a, b), ("^", a, n), ("sin", a).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

Tree = Any
INTEGRALS: dict[str, Callable[[Tree], Tree]] = {
    "sin": lambda u: ("*", -1, ("cos", u)), "cos": lambda u: ("sin", u), "exp": lambda u: ("exp", u),
    "ln": lambda u: ("+", ("*", u, ("ln", u)), ("*", -1, u)), "3^": lambda u: ("/", ("3^", u), ("ln", 3)),
}
FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[Tree], Tree]]] = {
    "sin": (math.sin, lambda u: ("cos", u)),
    "cos": (math.cos, lambda u: ("*", -1, ("sin", u))),
    "exp": (math.exp, lambda u: ("exp", u)),
    "ln": (math.log, lambda u: ("/", 1, u)),
    "3^": (lambda u: 3**u, lambda u: ("*", ("ln", 3), ("3^", u))),
    "atan": (math.atan, lambda u: ("/", 1, ("+", 1, ("^", u, 2)))),
    "tanh": (math.tanh, lambda u: ("+", 1, ("*", -1, ("^", ("tanh", u), 2)))),
}


def text(tree: Tree) -> str:
    """The formula as a block has it, every part in brackets of its own."""
    if not isinstance(tree, tuple):
        return str(tree) if isinstance(tree, str) or tree >= 0 else f"({tree})"
    kind, *parts = tree
    if kind in FUNCTIONS:
        return f"(3^({text(parts[0])}))" if kind == "3^" else f"{kind}({text(parts[0])})"
    if kind == "+" and isinstance(parts[1], tuple) and parts[1][:2] == ("*", -1):
        return f"({text(parts[0])} - {text(parts[1][2])})"
    sign = {"+": " + ", "*": "*", "/": "/", "^": "^"}[kind]
    return f"({text(parts[0])}{sign}{text(parts[1])})"


def value(tree: Tree, at: dict[str, float]) -> float:
    """Its number; nan where it has none."""
    if not isinstance(tree, tuple):
        return at[tree] if isinstance(tree, str) else float(tree)
    kind, *parts = tree
    a = value(parts[0], at)
    try:
        if kind in FUNCTIONS:
            return FUNCTIONS[kind][0](a)
        b = value(parts[1], at)
        return a + b if kind == "+" else a * b if kind == "*" else a / b if kind == "/" else a**b
    except (ZeroDivisionError, OverflowError, ValueError):
        return math.nan


def names(tree: Tree) -> set[str]:
    if not isinstance(tree, tuple):
        return {tree} if isinstance(tree, str) else set()
    return set().union(*map(names, tree[1:]))


# ------------------------------------------------------------------ formulas
def formula(rng: random.Random, depth: int, leaves: tuple[str, ...] = ("x", "y")) -> Tree:
    if depth == 0 or rng.random() < 0.1:
        return rng.choice([*leaves, *leaves, rng.randint(2, 5)])
    kind = rng.choice(["+", "+", "*", "*", "*", "/", "^", "^", "f", "f"])
    a = formula(rng, depth - 1, leaves)
    if kind == "f":
        name = rng.choice(list(FUNCTIONS))
        return (name, ("+", 2, ("^", a, 2)) if name == "ln" else ("sin", a) if name == "3^" else a)
    if kind == "^":
        return ("^", a, rng.randint(2, 4))
    b = formula(rng, depth - 1, leaves)
    if kind == "/":
        b = ("+", 2, ("^", b, 2))
    return (kind, a, b)


# ------------------------------------------------------------------ the derivative, with one wrong rule in it
class Wrong:
    """The derivative by `v`; the `at`-th place where the slip can be made has it, all of them where `at` is None."""

    def __init__(self, v: str, slip: str = "", at: int | None = 0) -> None:
        self.v, self.slip, self.at, self.met = v, slip, at, 0

    def here(self, slip: str) -> bool:
        if slip != self.slip:
            return False
        self.met += 1
        return self.at is None or self.met - 1 == self.at

    def moves(self, tree: Tree) -> bool:
        return self.v in names(tree)

    def of(self, tree: Tree) -> Tree:
        if not isinstance(tree, tuple):
            return int(tree == self.v)
        kind, a, *rest = tree
        if not self.moves(tree):
            return 0
        if self.here("not held in a part of it"):
            return ("+", derivative(tree, self.v), derivative(tree, "y" if self.v == "x" else "x"))
        if kind in FUNCTIONS:
            return self.call(kind, a, self.of(a))
        (b,) = rest
        return getattr(self, {"+": "sum", "*": "product", "/": "quotient", "^": "power"}[kind])(a, b)

    def call(self, kind: str, u: Tree, du: Tree) -> Tree:
        outer = FUNCTIONS[kind][1](u)
        if kind == "cos" and self.here("a sign"):
            outer = outer[2]
        if self.here("the function itself"):
            outer = (kind, u)
        if kind == "3^" and self.here("ln of the base missing"):
            outer = (kind, u)
        if kind == "3^" and self.here("the power rule taken for an exponential"):
            outer = ("*", u, ("3^", ("+", u, -1)))
        if kind in INTEGRALS and self.here("the integral"):
            outer = INTEGRALS[kind](u)
        return self.chained(outer, FUNCTIONS[kind][1](self.v), u, du)

    def chained(self, outer: Tree, swapped: Tree, u: Tree, du: Tree) -> Tree:
        """f′(u) u′; `swapped` is f′(x)."""
        if u == self.v:
            return outer
        if self.here("the outer derivative missing"):
            return du
        if self.here("the outer derivative taken at the variable"):
            return ("*", swapped, du)
        return outer if self.here("the inner derivative missing") else ("*", outer, du)

    def sum(self, a: Tree, b: Tree) -> Tree:
        da, db = self.of(a), self.of(b)
        if self.moves(a) and self.moves(b):
            if self.here("a term missing"):
                return da
            if self.here("a term missing"):
                return db
        for one, slope in ((a, db), (b, da)):
            if not self.moves(one) and self.here("a variable not held constant" if names(one) else "a constant kept"):
                return ("+", slope, one)
            if not self.moves(one) and names(one) and self.here("a variable not held constant"):
                return ("+", slope, derivative(one, "y" if self.v == "x" else "x"))
        if self.moves(a) and self.here("a sign"):
            da = ("*", -1, da)
        return ("+", da, ("*", -1, db)) if self.moves(b) and self.here("a sign") else ("+", da, db)

    def product(self, a: Tree, b: Tree) -> Tree:
        da, db = self.of(a), self.of(b)
        if not self.moves(b):
            return da if self.here("a constant factor missing") else ("*", da, b)
        if not self.moves(a):
            return db if self.here("a constant factor missing") else ("*", a, db)
        first, second = ("*", da, b), ("*", a, db)
        for one in (first, second):
            if self.here("product rule forgotten, a term of it missing"):
                return one
        for one, other in ((first, second), (second, first)):
            if self.here("a sign"):
                return ("+", one, ("*", -1, other))
        return ("*", da, db) if self.here("product rule forgotten") else ("+", first, second)

    def quotient(self, a: Tree, b: Tree) -> Tree:
        da, db = self.of(a), self.of(b)
        if not self.moves(b):
            return da if self.here("a constant factor missing") else ("/", da, b)
        if self.moves(a) and self.here("quotient rule forgotten"):
            return ("/", da, db)
        first, second = ("*", da, b), ("*", a, db)
        if self.moves(a) and self.here("the wrong way round"):
            first, second = second, first
        for one in (("/", first, ("^", b, 2)), ("/", ("*", -1, second), ("^", b, 2))) if self.moves(a) else ():
            if self.here("quotient rule forgotten, a term of it missing"):
                return one
        if self.here("its numerator alone"):
            return ("+", first, ("*", -1, second))
        if self.moves(a) and self.here("the denominator differentiated as a factor"):
            return ("+", ("/", da, b), ("/", second, b))
        if self.moves(a) and self.here("a sign"):
            first = ("*", -1, first)
        above = ("+", first, second if self.here("a sign") else ("*", -1, second))
        return ("/", above, b if self.here("the denominator not squared") else ("^", b, 2))

    def power(self, a: Tree, n: int) -> Tree:
        da = self.of(a)
        kept, factor = n - 1, n
        if self.here("a power not lowered"):
            kept = n
        if self.here("a power raised"):
            kept = n + 1
        outer: Tree = ("*", factor, ("^", a, kept))
        if self.here("the exponent missing as a factor"):
            outer = ("^", a, kept)
        if self.here("the integral"):
            outer = ("/", ("^", a, n + 1), n + 1)
        return self.chained(outer, ("*", n, ("^", self.v, n - 1)), a, da)


def tidy(tree: Tree) -> Tree:
    """Without what is multiplied by 0 or 1, or 0 that is added."""
    if not isinstance(tree, tuple):
        return tree
    kind, *parts = tree
    a, *rest = map(tidy, parts)
    if kind in ("*", "/") and (a == 0 or rest[0] == 0):
        return 0
    if kind == "^" and rest[0] in (0, 1):
        return a if rest[0] else 1
    if kind == "+" and 0 in (a, rest[0]):
        return a if rest[0] == 0 else rest[0]
    if kind == "*" and 1 in (a, rest[0]):
        return a if rest[0] == 1 else rest[0]
    return (kind, a, *rest)


def derivative(tree: Tree, v: str) -> Tree:
    return tidy(Wrong(v).of(tree))


def wrong_ones(tree: Tree, v: str, slip: str) -> Iterator[Tree]:
    """The derivative with that slip at each place, and at all."""
    if slip == "a variable not held constant":
        other = "y" if v == "x" else "x"
        yield tidy(("+", derivative(tree, v), derivative(tree, other)))
        parts = Wrong(v, "not held in a part of it", -1)
        parts.of(tree)
        yield from (tidy(Wrong(v, parts.slip, k).of(tree)) for k in range(parts.met))
    if slip == "the derivative by":
        yield derivative(tree, "y" if v == "x" else "x")
        return
    if slip == "a sign":
        yield ("*", -1, derivative(tree, v))
    first = Wrong(v, slip, -1)
    first.of(tree)
    for k in range(first.met):
        yield tidy(Wrong(v, slip, k).of(tree))
    if first.met > 1:
        yield tidy(Wrong(v, slip, None).of(tree))


# ------------------------------------------------------------------ other forms of the same, and edits
def rewritten(tree: Tree, rng: random.Random) -> Tree:
    """The same in an odd form: turned round, split, put into brackets, expanded, under identities."""
    if not isinstance(tree, tuple):
        if tree == 0:
            return 0
        if isinstance(tree, int) and rng.random() < 0.3:
            k = rng.randint(1, 4)
            return rng.choice([("+", tree + k, -k), ("/", tree * k, k), ("+", ("*", tree, ("^", ("sin", "y"), 2)),
                                                                        ("*", tree, ("^", ("cos", "y"), 2)))])
        return rng.choice([tree] * 5 + [("/", ("^", tree, 2), tree), ("+", ("*", 2, tree), ("*", -1, tree))])
    kind, a, *rest = tree
    a = rewritten(a, rng)
    if kind in FUNCTIONS:
        if kind == "exp" and rng.random() < 0.5:
            return ("^", ("exp", ("/", a, 2)), 2)
        if kind == "sin" and rng.random() < 0.5:
            return ("*", 2, ("*", ("sin", ("/", a, 2)), ("cos", ("/", a, 2))))
        return ("cos", ("*", -1, a)) if kind == "cos" and rng.random() < 0.5 else (kind, a)
    if kind == "^":
        n = rest[0]
        return ("*", a, ("^", a, n - 1)) if n > 1 and rng.random() < 0.4 else ("^", a, n)
    b = rewritten(rest[0], rng)
    if kind == "/":
        return ("*", a, ("^", b, -1)) if rng.random() < 0.4 else ("/", a, b)
    if kind == "*" and isinstance(b, tuple) and b[0] == "+" and rng.random() < 0.6:
        return ("+", ("*", a, b[1]), ("*", a, b[2]))
    return (kind, b, a) if rng.random() < 0.5 else (kind, a, b)


def edited(tree: Tree, rng: random.Random) -> Tree:
    """The formula with something of it changed at random."""
    if not isinstance(tree, tuple):
        return rng.choice(["x", "y", 2, 3, ("+", tree, 1), ("sin", tree), ("*", tree, "x")])
    k = rng.randrange(len(tree))
    if k == 0 or tree[0] == "^":
        return ("+", tree, rng.choice(["x", 1, ("*", -1, "y")])) if rng.random() < 0.5 else ("*", tree, rng.choice([2, "y"]))
    return tree[:k] + (edited(tree[k], rng),) + tree[k + 1 :]


PLACES = [{"x": 0.3 + 0.37 * k, "y": 1.9 - 0.23 * k} for k in range(6)] + [{"x": -1.3, "y": 0.4}, {"x": 0.7, "y": -1.1}]


def alike(a: Tree, b: Tree) -> bool | None:
    """Whether two formulas have the same numbers; None where that cannot be told."""
    pairs = [(value(a, at), value(b, at)) for at in PLACES]
    pairs = [(p, q) for p, q in pairs if math.isfinite(p) and math.isfinite(q) and abs(q) < 1e6]
    if len(pairs) < 4:
        return None
    off = max(abs(p - q) / max(1e-3, abs(p), abs(q)) for p, q in pairs)
    return True if off < 1e-9 else False if off > 1e-4 else None
