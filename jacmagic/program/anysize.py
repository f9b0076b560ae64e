"""Sizes without a value, as in `x in R^n`: the block read at three sizes each, of which what is shown is put together.

The graph has fixed shapes. So a block is understood with prime numbers in the place of its sizes, three times over,
each name's its own; what is the same in all three holds for any size, and a number that follows the sizes is written
by them. Primes that the block itself has are left out, so that a number has one meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jacmagic.errors import JacmagicError, Span, ValueMistake
from jacmagic.program.model import Program
from jacmagic.program.sizes import Sizes

PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67)

TIMES = 3
"""How often a block is understood."""

MAX_NAMES = 4
"""Names of sizes without a value in one block. Instead: a value of one, `n = 3`."""


def programs(text: str, missing: ValueMistake, read: Callable[[str], Program]) -> tuple[Sizes, list[Program]]:
    """What a block is understood as each time, with the numbers that stand for its sizes.

    Raises:
        JacmagicError: the block has a mistake besides, told by the names of the sizes; or `missing`, where a name that
            has no value is more than a size.
    """
    written = set(map(int, re.findall(r"(?<!\d)\d\d(?!\d)", text)))
    primes = [one for one in PRIMES if one not in written]
    names: list[str] = []
    more: ValueMistake | None = missing
    found: list[Program] = []
    while more is not None:
        if not more.size or more.size in names or len(names) == MAX_NAMES:
            raise missing
        names.append(more.size)
        sizes = {name: tuple(primes[TIMES * k : TIMES * k + TIMES]) for k, name in enumerate(names)}
        try:
            found, more = [read(at(text, sizes, k)) for k in range(TIMES)], None
        except JacmagicError as error:
            if not (isinstance(error, ValueMistake) and error.size):
                raise told(error, text, sizes, missing) from None
            more = error
    return sizes, found


def at(text: str, sizes: Sizes, k: int) -> str:
    """The block with a value of each size."""
    return text + "".join(f"\n{name} = {numbers[k]}" for name, numbers in sizes.items())


def told(error: JacmagicError, text: str, sizes: Sizes, missing: ValueMistake) -> JacmagicError:
    """A mistake of a block with numbers for its sizes, in the names of these."""
    if error.span is not None and error.span.start >= len(text):
        return missing
    made = type(error)(by_name(error.template, sizes), error.span, [by_name(hint, sizes) for hint in error.hints])
    if made.span is not None:
        made.span = Span(made.span.start, min(made.span.stop, len(text)))
    return made.bind(text)


def by_name(words: str, sizes: Sizes) -> str:
    """Words in which the sizes stand for their first numbers."""
    for numbers in sizes.values():
        words = re.sub(rf"(?<=\d)x{numbers[0]}\b|\b{numbers[0]}x(?=\d)", lambda m: m[0].replace("x", "×"), words)
    for name, numbers in sizes.items():
        words = re.sub(rf"(?<![\w@]){numbers[0]}(?!\w)", name, words)
    return words
