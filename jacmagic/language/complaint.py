"""A row of the tables of what is said of lines that have a meaning elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jacmagic.language.libraries import in_own_words

Match = re.Match[str]


@dataclass(frozen=True)
class Advice:
    """A complaint.

    looks     of the line, or of a part of it, which is then what is underlined
    says      one sentence
    fixes     the texts that may stand in the place of what is underlined
    examples  (block, fixes): each fix in its place is read
    net       for a block of %%nnchain or %%jacobian alone
    below     it goes on in the next line
    """

    looks: re.Pattern[str]
    says: str
    fixes: Callable[[Match], Sequence[str]]
    examples: tuple[tuple[str, tuple[str, ...]], ...]
    net: bool | None = None
    below: bool = False


def none(found: Match) -> Sequence[str]:
    """Nothing to paste."""
    return ()


def defined(found: Match) -> Sequence[str]:
    """f(x, y) = …, of a name, arguments and a body, in the block's words; entries that count from 0 count from 1."""
    arguments = re.sub(r"\s*,\s*", ", ", found["arguments"].strip())
    body = found["body"].strip()
    body = in_own_words(body) or body
    sizes = ""
    if re.fullmatch(r"[A-Za-z]", arguments) and re.search(rf"\b{arguments}\[0\]", body):
        places = [int(k) for k in re.findall(rf"\b{arguments}\[(\d+)\]", body)]
        body = re.sub(rf"\b{arguments}\[(\d+)\]", lambda m: f"{arguments}[{int(m[1]) + 1}]", body)
        sizes = f"; {arguments} in R^{max(places) + 1}"
    return (f"{found['name'] or 'f'}({arguments}) = {body}{sizes}",)
