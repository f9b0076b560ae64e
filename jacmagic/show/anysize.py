"""Formulas for any size: those of a block at three sizes, put together where they are one formula in all three.

What follows the sizes in them is a number: n of 1/n, n m, n - 1. It is found by its values and written by the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from itertools import product
from typing import Any

from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.program.sizes import Sizes
from jacmagic.show.pieces import Formula

POWERS = (1, 2, -1, -2, 3)
"""Powers of a size that a number may have, the likely ones first."""


class DifferentError(Exception):
    """Formulas that are not one for all sizes."""


@dataclass(frozen=True)
class Together:
    """Puts together what was found for each of the numbers that stand for the sizes."""

    sizes: Sizes

    # -------------------------------------------------------------- numbers
    def monomials(self) -> Iterator[tuple[t.Expr, list[Fraction]]]:
        """n, n², 1/n, m n, n - 1, …, with their values each time."""
        names = {t.Name(key): list(map(Fraction, numbers)) for key, numbers in self.sizes.items()}
        shifted = {
            t.Sum(((1, name), (1 if by > 0 else -1, t.Number(str(abs(by)))))): [one + by for one in values]
            for by in (-1, 1, -2, 2) for name, values in names.items()
        }
        single = [(powered(base, k), [v**k for v in values])
                  for k in POWERS for base, values in names.items()]
        yield from single
        for (a, p), (b, q) in product(single, single):
            if text(a) < text(b):
                yield t.product(a, b), [v * w for v, w in zip(p, q)]
        yield from shifted.items()
        for (a, p), (b, q) in product(shifted.items(), single):
            yield t.product(b, t.Paren(a)), [v * w for v, w in zip(p, q)]

    def number(self, values: Sequence[int | Fraction]) -> t.Expr:
        """What has these values, by the sizes.

        Raises:
            DifferentError: nothing simple.
        """
        for shown, own in self.monomials():
            ratios = {Fraction(one) / other for one, other in zip(values, own) if other}
            if len(ratios) != 1 or not all(own):
                continue
            ratio = ratios.pop()
            front = [t.Number(str(abs(ratio.numerator)))] if abs(ratio.numerator) != 1 else []
            whole = t.product(*front, shown if not front or not isinstance(shown, t.Sum) else t.Paren(shown))
            whole = whole if ratio.denominator == 1 else t.Fraction(whole, t.Number(str(ratio.denominator)))
            return whole if ratio > 0 else t.Negative(whole)
        raise DifferentError

    # -------------------------------------------------------------- trees
    def together(self, found: Sequence[Any]) -> Any:
        """One value, tree or tuple of those for each number.

        Raises:
            DifferentError: they are not one.
        """
        first = found[0]
        if all(type(one) is type(first) and one == first for one in found):
            return first
        if all(isinstance(one, int) and not isinstance(one, bool) for one in found):
            return self.number(found)
        if all(isinstance(one, t.Number) and re.fullmatch(r"[\d.]+", one.text) for one in found):
            return self.number([Fraction(one.text) for one in found])
        if any(type(one) is not type(first) for one in found):
            raise DifferentError
        if isinstance(first, tuple):
            if any(len(one) != len(first) for one in found):
                raise DifferentError
            return tuple(map(self.together, zip(*found)))
        if isinstance(first, t.Expr):
            own = [one.name for one in fields(first) if one.compare]
            return replace(first, **{name: self.together([getattr(one, name) for one in found]) for name in own})
        raise DifferentError

    def words(self, notes: Sequence[str]) -> str:
        """One note; none where they differ in more than sizes."""
        parts = [re.split(r"(\d+)", one) for one in notes]
        if any(len(one) != len(parts[0]) for one in parts):
            return ""
        out = ""
        for group in zip(*parts):
            if len(set(group)) == 1:
                out += group[0]
            elif all(one.isdigit() for one in group):
                try:
                    shown = self.number([int(one) for one in group])
                    out += f"({text(shown)})" if isinstance(shown, t.Sum) else text(shown)
                except DifferentError:
                    return ""
            else:
                return ""
        return out

    def formulas(self, times: Sequence[Sequence[Formula]]) -> list[Formula]:
        """The formulas of all sizes; of what is not one formula it is said.

        Raises:
            DifferentError: no derivative has a formula for all sizes.
        """
        if any([one.kind for one in found] != [one.kind for one in times[0]] for found in times):
            raise DifferentError
        out: list[Formula] = []
        said = False
        for group in zip(*times):
            first = group[0]
            try:
                whole = replace(first, tree=unsized(self.together([one.tree for one in group])),
                                note=self.words([one.note for one in group]))
            except DifferentError:
                if not isinstance(first.tree, t.Equation) or first.kind in ("echo", "values"):
                    raise
                names = ", ".join(text(t.Name(key)) for key in self.sizes)
                whole = Formula(first.kind, t.Phrase((first.tree.sides[0], t.Words(f" has a form for each {names}"))))
            else:
                said |= first.kind in ("local", "gradients") and not sized(whole.tree)
            out.append(self.without_sizes(whole))
        if not said:
            raise DifferentError
        return [one for one in out if not isinstance(one.tree, t.Listing) or one.tree.items]

    def without_sizes(self, one: Formula) -> Formula:
        """A formula without n = 11."""
        if one.kind != "values" or not isinstance(one.tree, t.Listing):
            return one
        return replace(one, tree=t.Listing(tuple(part for part in one.tree.items if not self.is_size(part))))

    def is_size(self, part: t.Expr) -> bool:
        left = part.sides[0] if isinstance(part, t.Equation) else part
        return isinstance(left, t.Name) and left.key in self.sizes


def unsized(tree: t.Expr) -> t.Expr:
    """The tree with identities of no size."""
    return t.Identity() if isinstance(tree, t.Identity) else t.rebuilt(tree, unsized)


def powered(base: t.Expr, k: int) -> t.Expr:
    """n, n², 1/n."""
    if k < 0:
        return t.Fraction(t.Number("1"), powered(base, -k))
    return base if k == 1 else t.Power(base, t.Number(str(k)))


def sized(tree: t.Expr) -> bool:
    """True for ∂f/∂x ∈ ℝ^{m×n}, which says no more than a size."""
    return isinstance(tree, t.Equation) and isinstance(tree.sides[-1], t.Space)
