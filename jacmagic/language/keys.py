"""The key of a word: the one name behind all its spellings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jacmagic.language import nodes as s
from jacmagic.language.letters import shift_of
from jacmagic.names import GREEK, Layer


def key_of(word: s.Word) -> str:
    """The one key of a name, however it is typed: x_1, x₁, x_{1} are `x1`; λ is `lam`."""
    text = word.text
    if text.startswith("lambda") and re.fullmatch(r"lambda[0-9]*", text):
        text = "lam" + text[6:]
    if word.index is None:
        return Layer(text) if word.layer else text
    joined = text[-1].isalpha() and word.index.isdigit() and "_" not in text
    return f"{text}{word.index}" if joined else f"{text}_{shift_of(word.index)}"


@dataclass(frozen=True)
class Rate(s.Word):
    """A derivative in time on the right of =: x', ẋ, dx/dt; `text` is the key of the name that it is."""


def is_letter(word: s.Word) -> bool:
    """True for one letter or Greek word, perhaps with digits behind it: a name without being declared."""
    letters = word.text.rstrip("0123456789")
    base = letters.split("_")[0]
    if len(base) == 1 or base in GREEK:
        return True
    return word.whole and (base == "ell" or (base[5:] in GREEK or len(base) == 6) and base.startswith("Delta"))
