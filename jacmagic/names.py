r"""A name of a block as a value: its parts, and every spelling of it.

A key is how the rest of the house knows a name: `x1`, `x_max`, `theta2`, `y_hat`,
`c1_1` (the first component of c1), `W_{1,2}`. It is taken apart here and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from html import escape
from typing import Any

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi "
    "chi psi omega"
).split()
GREEK += [word.capitalize() for word in GREEK]
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308"}
_MARKS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙", "ddot": "¨"}
_LETTERS = {g: chr(0x3B1 + k + (k > 16)) for k, g in enumerate(GREEK[:24])}  # U+03C2 is the final sigma
_LETTERS |= {g.capitalize(): ch.upper() for g, ch in _LETTERS.items()} | {"ell": "ℓ"}
_LATIN_SHAPED = frozenset(
    ("Alpha", "Beta", "Epsilon", "Zeta", "Eta", "Iota", "Kappa", "Mu", "Nu", "Omicron", "Rho", "Tau", "Chi")
)
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_KEY = re.compile(r"([^\W\d_]+)(\d*)((?:_[^\W_]+)*)(?:_\{(\d+(?:,\d+)*)\})?")
_SHIFTED = re.compile(r"([A-Za-z])([mp])(\d+)")  # the index of h_{t-1}: tm1


_COUNT = re.compile(r"\d+|([a-z])(?:[mp+-]\d+)?")


class Layer(str):
    """The key of a name whose index was written as a layer, in square brackets above: W1 of W^{[1]}."""


def greek(word: str) -> str:
    """The Greek letter of a word, empty for any other word."""
    return _LETTERS.get({"lam": "lambda"}.get(word, word), "")


def _of_index(word: str) -> str:
    """The Greek letter of an index; W_xi is from x to i."""
    return "" if word == "xi" else greek(word)


def subscript(digits: str) -> str:
    return digits.translate(_SUBSCRIPTS)


def _difference(word: str) -> str:
    """Δx, δx and dθ for the words Deltax, deltax and dtheta."""
    match = re.fullmatch(r"([Dd]elta|d(?!ell))([A-Za-z]+)", word)
    if match is None or greek(word) or match[1] == "d" and not greek(match[2]):
        return ""
    return (greek(match[1]) or "d") + (greek(match[2]) or match[2])


def with_greek(text: str) -> str:
    r"""A text with dθ for d\theta."""
    return re.sub(r"\\([A-Za-z]+)", lambda one: greek(one[1]) or one[0], text)


@dataclass(frozen=True)
class Name:
    """What a key is made of: letters, the accents on them, an index, and the place of a component.

    `odd` is a key of no usual form; all of it is the base. `layer`: the index is that of a layer, W^{[1]}.
    """

    base: str
    accents: tuple[str, ...] = ()
    index: str = ""
    component: str = ""
    odd: bool = False
    layer: bool = False

    # -------------------------------------------------------------- what it is like
    @cached_property
    def key(self) -> str:
        """The key, as a symbol of SymPy is named."""
        accent = "".join(f"_{one}" for one in self.accents)
        index = f"_{self.index}" if accent or not self.index.isdigit() else self.index
        place = f"_{{{self.component}}}" if "," in self.component else f"_{self.component}"
        return self.base + accent + (index if self.index else "") + (place if self.component else "")

    @property
    def unindexed(self) -> str:
        """The key without its index: x of x2, y_hat of y_hat_1."""
        return replace(self, index="").key

    @property
    def placed(self) -> str:
        """The key, of an entry of a matrix as a page has it: W[1,2]."""
        return f"{replace(self, component='').key}[{self.component}]" if "," in self.component else self.key

    @cached_property
    def identifier(self) -> str:
        """The key as programs can write it: W__1_2 of W_{1,2}."""
        return re.sub(r"\W+", "_", self.key).strip("_")

    @cached_property
    def tail(self) -> str:
        """What stands behind the letters: 1 of h1, tm1 of h_{t-1}, hat of y_hat."""
        return self.key[len(self.base) :].lstrip("_")

    def counts_as(self, other: Name) -> bool:
        """True for two of one letter that count the same: h0 and h1, h_{t-1} and h_t; not for y_t and y_p."""
        if self.base != other.base or self.tail == other.tail:
            return False
        if not self.tail or not other.tail:
            return bool(self.shifted or other.shifted)
        kinds = [_COUNT.fullmatch(one.tail) for one in (self, other)]
        return all(kinds) and len({one[1] for one in kinds if one and one[1]}) < 2

    @property
    def is_capital(self) -> bool:
        return self.base[0].isupper()

    @property
    def is_greek(self) -> bool:
        return bool(greek(self.base)) and self.base != "ell"

    @cached_property
    def is_word(self) -> bool:
        """True for several letters, which would run into a neighbour."""
        return self.odd or (len(self.base) > 1 and not greek(self.base))

    @cached_property
    def indexed(self) -> bool:
        return bool(self.index or self.component) or self.odd

    # -------------------------------------------------------------- LaTeX
    @cached_property
    def latex(self) -> str:
        r"""x_{1}, x_{\text{max}}, \lambda, \hat{y}, (c_{1})_{1}, \mathrm{rate}."""
        tex = self._letter()
        for accent in self.accents:
            tex = rf"\{accent}{{{tex}}}"
        if self.index:
            tex += f"^{{[{self._index()}]}}" if self.layer else f"_{{{self._index()}}}"
        if self.component:
            tex = f"({tex})_{{{self.component}}}" if self.index else f"{tex}_{{{self.component}}}"
        return tex

    @cached_property
    def shifted(self) -> str:
        """t-1 for the index tm1 of h_{t-1}, empty for any other."""
        match = _SHIFTED.fullmatch(self.index)
        return f"{match[1]}{'-' if match[2] == 'm' else '+'}{match[3]}" if match else ""

    def _letter(self) -> str:
        if self.odd:
            plain = "".join(ch for ch in self.base if ch.isalnum() or ch in "_,").replace("_", r"\_")
            return rf"\mathrm{{{plain}}}"
        letter = greek(self.base)
        if letter:
            # \Alpha is no command in MathJax, and a Latin A would be another name
            return rf"\mathrm{{{letter}}}" if self.base in _LATIN_SHAPED else "\\" + _command(self.base)
        return self.base if len(self.base) == 1 else rf"\mathrm{{{_difference(self.base) or self.base}}}"

    def _index(self) -> str:
        if self.shifted or self.index.isdigit() or len(self.index) == 1:
            return self.shifted or self.index
        known = _of_index(self.index) and self.index not in _LATIN_SHAPED
        return "\\" + _command(self.index) if known else rf"\text{{{self.index}}}"

    # -------------------------------------------------------------- text
    @cached_property
    def text(self) -> str:
        """In one line that reads back: x₁, θ₂, λ, x_max, ŷ, c1[1], W[1,2]."""
        shown = self.base if self.odd else _difference(self.base) or greek(self.base) or self.base
        for accent in self.accents:
            shown = unicodedata.normalize("NFC", shown[0] + _ACCENTS[accent]) + shown[1:]
        if self.index:
            index = _of_index(self.index) or self.index
            if self.layer:
                shown += f"^{{[{self.shifted or index}]}}"
            elif self.shifted:
                shown += f"_{{{self.shifted}}}"
            elif not index.isdigit():
                shown += f"_{index}"
            else:
                shown += index if self.component else subscript(index)
        return f"{shown}[{self.component}]" if self.component else shown

    # -------------------------------------------------------------- MathML
    @cached_property
    def mathml(self) -> tuple[str, str]:
        """The letter with its accent and layer, and what stands below it, empty where nothing does: an element each."""
        shown = escape(self.base) if self.odd else _difference(self.base) or greek(self.base) or self.base
        upright = ' mathvariant="normal"' if self.base in _LATIN_SHAPED else ""
        letter = f"<mi{upright}>{shown}</mi>"
        if (difference := _difference(self.base)) and len(difference) == 2:
            letter = f'<mrow><mi mathvariant="normal">{difference[0]}</mi><mi>{difference[1]}</mi></mrow>'
        for accent in self.accents:
            letter = f'<mover accent="true">{letter}<mo stretchy="false">{_MARKS[accent]}</mo></mover>'
        parts = []
        if self.shifted:
            letter_, sign, number = self.shifted[0], self.shifted[1].replace("-", "−"), self.shifted[2:]
            parts.append(f"<mrow><mi>{letter_}</mi><mo>{sign}</mo><mn>{number}</mn></mrow>")
        elif self.index.isdigit():
            parts.append(f"<mn>{self.index}</mn>")
        elif self.index:
            letter_below = _of_index(self.index) or (self.index if len(self.index) == 1 else "")
            parts.append(f"<mi>{letter_below}</mi>" if letter_below else f"<mtext>{self.index}</mtext>")
        if self.layer:
            letter = f"<msup>{letter}<mrow><mo>[</mo>{parts.pop()}<mo>]</mo></mrow></msup>"
        parts += [f"<mn>{place}</mn>" for place in self.component.split(",") if place]
        below = "<mo>,</mo>".join(parts)
        return letter, f"<mrow>{below}</mrow>" if len(parts) > 1 else below


def _command(word: str) -> str:
    return {"lam": "lambda"}.get(word, word)


@lru_cache(maxsize=4096, typed=True)
def name(key: str, dotted: bool = False) -> Name:
    """The name of a key; with `dotted` the output `dx1` of a system, which is ẋ₁."""
    if dotted and key.startswith("d") and len(key) > 1:
        inner = name(key[1:])
        return Name(inner.base, (*inner.accents, "dot"), inner.index, inner.component, inner.odd)
    match = _KEY.fullmatch(key)
    if match is None:
        return Name(key, odd=True)
    base, index, component = match[1], match[2], match[4] or ""
    base = {"lambda": "lam"}.get(base, base)
    rest = match[3].split("_")[1:]
    accents: tuple[str, ...] = ()
    if rest and rest[0] in _ACCENTS:
        if index or not (len(base) == 1 or greek(base)):
            return Name(key, odd=True)
        accents = (rest.pop(0),)
    if rest and not index:
        index = rest.pop(0)
    if rest and not component and rest[0].isdigit():
        component = rest.pop(0)
    layer = isinstance(key, Layer) and bool(index)
    return Name(key, odd=True) if rest else Name(base, accents, index, component, layer=layer)


# ------------------------------------------------------------------ keys that are made of keys
def rate(key: str) -> str:
    """The key of a derivative in time: dx1 of x1."""
    return "d" + key


def of_rate(key: str) -> str:
    """The key of what a derivative in time is of: x1 of dx1."""
    return key[1:]


def of_next(key: str) -> str:
    """The key of what x_{n+1} is the next of: x_n; empty for any other name."""
    one = name(key)
    return replace(one, index=one.shifted[0]).key if one.shifted[1:] == "+1" else ""


def aside(key: str) -> str:
    """The key as a program writes it where its own word is taken: lambda_ of lambda."""
    return f"{key}_"


def pre_activation(key: str) -> str:
    """The key that the pre-activation of a layer would have as a name of the block: z_a of a."""
    return f"z_{key}"


def entry(key: str, shape: tuple[int, ...], at: int) -> str:
    """The key of an entry, `at` counting row by row from 0: x1 of x, c1_1 of c1, W_{1,2} of W."""
    if not shape:
        return key
    if len(shape) == 1:
        return type(key)(f"{key}{'_' if key[-1].isdigit() or '_' in key else ''}{at + 1}")
    return type(key)(f"{key}_{{{at // shape[1] + 1},{at % shape[1] + 1}}}")


def place(key: str, shape: tuple[int, ...], at: int) -> str:
    """The entry as it is typed in a block: x[2], W[1,2]."""
    inside = str(at + 1) if len(shape) == 1 else f"{at // shape[1] + 1},{at % shape[1] + 1}" if shape else ""
    return f"{key}[{inside}]" if inside else key


# ------------------------------------------------------------------ order
@lru_cache(maxsize=4096)
def natural(key: str) -> tuple[Any, ...]:
    """An order in which x2 stands before x10."""
    return tuple((0, int(s), "") if s.isdigit() else (1, 0, s) for s in re.findall(r"\d+|\D+", key))


def in_column_order(keys: Iterable[str]) -> tuple[str, ...]:
    """Names as the columns of bare definitions: x, y, z; x1, x2, x10, x_max; a, A, b, B; Latin before Greek.

    Greek letters stand in the order in which they come, each small one before its capital.
    """
    parts = {key: (name(key), re.match(r"[^\W\d_]*", key)) for key in keys}
    letters = {key: found[0] if found and one.odd else one.base for key, (one, found) in parts.items()}
    greeks = {word for word in letters.values() if (greek(word) and word != "ell") or _difference(word)}
    met = list(dict.fromkeys(word.lower() for word in letters.values() if word in greeks))

    def position(key: str) -> tuple[Any, ...]:
        one, word = parts[key][0], {"ell": "l"}.get(letters[key], letters[key])
        base = (1, met.index(word.lower())) if word in greeks else (0, word.lower())
        behind = key[len(word) :] if one.odd else one.index + "_" + one.component
        numbers = [natural(part)[0] for part in re.findall(r"\d+|[^\d_]+", behind)]
        return (*base, word.swapcase(), one.accents, numbers)

    return tuple(sorted(parts, key=position))
