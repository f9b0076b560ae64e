"""The result of a block whose sizes have no value, as in `x in R^n`: formulas for any size, and no numbers."""

from __future__ import annotations

from typing import Any

from jacmagic.errors import ValueMistake
from jacmagic.program.model import Program
from jacmagic.program.sizes import Sizes
from jacmagic.result import Result

MEANT = frozenset("html save show subs roles".split())
"""What a result without sizes has."""


class Unsized(Result):
    """Formulas that hold for any size.

    sizes  {name of a size: the numbers that stand for it}
    times  a result for each of these numbers
    """

    OFFERED = sorted(MEANT - {"roles", "show"})
    OFFERED_BY_NETS = ["roles"]
    sizes: Sizes = {}
    times: tuple[Result, ...] = ()

    def known_for(self, sizes: Sizes, programs: list[Program]) -> None:
        """Take the programs of each of the numbers that stand for the sizes."""
        self.sizes, self.times = sizes, tuple(map(Result, programs))


class _Missing:
    """A method or attribute that needs the sizes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, result: Unsized | None, kind: type) -> Any:
        if result is None:
            return self
        first = next(iter(result.sizes), "n")
        raise ValueMistake(
            f"{first} has no value, so that there are formulas and no numbers: {self.name} is of r.subs({first}=3), "
            f"or of the block with a line {first} = 3.", None)


for _name in {*Result.OFFERED, *Result.OFFERED_BY_NETS, "total", "derivative", "local_jacobian"} - MEANT:
    setattr(Unsized, _name, _Missing(_name))
