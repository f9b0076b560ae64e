"""What may stand around an answer: the name of a derivative left of =, brackets that are left out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

_NAME = r"\s*\{?\s*(?P<%s>\\?[^\W\d_]\w*(?:_\{[^{}]*\}|_?\[[^\]]*\])?)\s*\}?\s*"
LABELS = [re.compile(pattern) for pattern in (
    rf"(?:∂|d|\\partial){_NAME % 'of'}/\s*(?:∂|d|\\partial){_NAME % 'wrt'}",
    rf"\\[dt]?frac\s*\{{\s*(?:∂|d|\\partial)\s*{_NAME % 'of'}\}}\s*\{{\s*(?:∂|d|\\partial)\s*{_NAME % 'wrt'}\}}",
    rf"(?:∇|\\nabla\s*)_{_NAME % 'wrt'}{_NAME % 'of'}",
)]
"""What may stand left of = and says which derivative is meant; all else there is a name for the whole."""


INDEXED = re.compile(r"(?P<of>[^\W\d_])_\{?(?P<wrt>[^\W_]+)\}?")
"""f_x: likewise, where the block has both names."""


def outside(body: str) -> Iterator[tuple[int, str]]:
    r"""The characters outside all brackets, with their places; `\\` is one."""
    depth = 0
    for found in re.finditer(r"\\begin\b|\\end\s*\{\w+\*?\}|\\\\|\\left|\\right|[\s\S]", body):
        one = found[0]
        if one in "([{" or one == r"\begin":
            depth += 1
        elif one in ")]}" or one.startswith(r"\end"):
            depth -= 1
        elif depth <= 0:
            yield found.start(), one


_GOES_ON = re.compile(r"^[+*/^=·×,]|[-+*/^=·×,(]$")
"""A line that is no row: an expression goes on over its end."""


def in_rows(body: str) -> str:
    """A bracket with a row a line, and a ; at the end of each; no character moves."""
    whole = re.fullmatch(r"\s*\[(?!\s*\[).*\]\s*", body, flags=re.S)
    if not whole or any(not one.isspace() for _, one in outside(body)):
        return body
    start, stop = body.index("[") + 1, body.rindex("]")
    free = [(start + k, one) for k, one in outside(body[start:stop])]
    breaks = [start - 1, *(k for k, one in free if one == "\n"), stop]
    lines = {b: line for a, b in itertools.pairwise(breaks) if (line := body[a + 1 : b].strip())}
    lengths = {[one for _, one in outside(line)].count(",") for line in lines.values()}
    if any(one == ";" for _, one in free) or len(lengths) > 1 or any(map(_GOES_ON.search, lines.values())):
        return body
    return "".join(";" if k in list(lines)[:-1] else one for k, one in enumerate(body))


def bracketed(body: str) -> tuple[str, str, str]:
    r"""What stands in front, the text, what stands behind: rows without brackets get theirs; no character moves."""
    body = in_rows(body)
    free = dict(outside(body))
    signs = set(free.values())
    if "&" in signs or r"\\" in signs:
        return r"\begin{bmatrix}", body, r"\end{bmatrix}"
    if not signs & {",", ";", "\n"}:
        return "", body, ""
    lines = [one.strip() for one in body.strip().split("\n")]
    rows = "," if len(lines) > 1 and all(re.fullmatch(r"\[.*\]", one) for one in lines) else ";"
    shown = "".join(rows if free.get(k) == "\n" else one for k, one in enumerate(body))
    return "[", shown, "]"
