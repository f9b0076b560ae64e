"""What the words of an expression mean, once the declared names are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from jacmagic import names
from jacmagic.errors import AmbiguousMath, JacmagicError, NameMistake, Span, nearest
from jacmagic.functions import CONSTANTS, FUNCTIONS, OF_LOGITS, SPELLINGS, Function, find
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.elsewhere import ELSEWHERE, FOREIGN, PLAIN_WORDS, written_out
from jacmagic.language.keys import Rate, is_letter, key_of
from jacmagic.language.letters import INDEX_LETTERS, ONES, names_something, shift_of
from jacmagic.language.readings import TWO_WAYS, ambiguous, product, said
from jacmagic.names import GREEK


@dataclass
class Scope:
    """What the lines of a block declare, as far as reading an expression needs it.

    names      every declared key
    functions  user functions: key -> the keys of their arguments
    vectors    keys known to be vectors before sizes are inferred
    matrices   likewise matrices
    lengths    of vectors, as their lines say them
    rates      the variables of a system, x of x' = …, with the name of the derivative: dx, or v where x'' = …
    timed      the names that change in time, x of x(t)
    depends    the names that equations define, with the names that they depend on
    ends       where the line ends that says what dx is
    net        True in %%nnchain, where σ( ) is sigmoid
    indices    the indices of the families that are open
    own        what the line defines that is being read
    """

    names: set[str] = field(default_factory=set)
    functions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    vectors: set[str] = field(default_factory=set)
    matrices: set[str] = field(default_factory=set)
    lengths: dict[str, str] = field(default_factory=dict)
    rates: dict[str, str] = field(default_factory=dict)
    timed: set[str] = field(default_factory=set)
    depends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    net: bool = False
    indices: list[str] = field(default_factory=list)
    own: str = ""

    def knows(self, key: str) -> bool:
        return key in self.names or key in self.indices or self.net and key == "eps"

    def has_d(self) -> bool:
        """True where d is a name, so that dz/dx is no derivative; on the right of d = dz/dx there is no d yet."""
        return self.own != "d" and self.knows("d")


_ACTIVATIONS = frozenset("f g h F G H phi varphi psi rho eta sigma".split())
"""Letters by which papers call an activation that they leave open."""

_OPEN = frozenset("act Act activation nonlinearity nonlin".split())
"""Words for one."""


class Words:
    """What words mean in one block: names, products of names, functions."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope
        self.looking = False  # ahead, for where the factors end that touch one another

    def source(self, span: Span) -> str:
        return self.text[span.start : span.stop]

    def ambiguous(self, span: Span, *readings: t.Expr, says: str = TWO_WAYS) -> AmbiguousMath:
        return ambiguous(self.text, span, *readings, says=says)

    def names(self, word: s.Word) -> list[t.Expr]:
        """The names that a word stands for: one, or the factors it splits into."""
        scope = self.scope
        if isinstance(word, Rate):
            return [t.Name(word.text, word.text.startswith("d"), span=word.span)]
        if word.text == ONES:
            return [t.Ones(span=word.span)]
        component = self.component(word)
        if component is not None:
            return [component]
        key = key_of(word)
        if key in scope.indices:
            return [t.Name(key, span=word.span)]
        if scope.knows(key):
            return [t.Name(key, span=word.span)]
        if word.index is None and word.text in CONSTANTS:
            return [t.Constant(word.text, span=word.span)]
        upright = re.fullmatch(r"\\(?:mathrm|rm|text|textrm|operatorname)\s*\{\s*([dij])\s*\}", self.source(word.span))
        if upright is not None:
            raise NameMistake(
                "An upright d is that of a derivative or an integral: write only the function." if upright[1] == "d"
                else f"Everything is real, and an upright {upright[1]} is the imaginary unit.", word.span,
            )
        if self.source(word.span) == "Pi":
            raise NameMistake("Pi is Π, and no line declares it: is it π, 3.14…?", word.span, ("pi", "Π"))
        if is_letter(word):
            return [t.Name(key, span=word.span)]
        if not word.whole:
            return self.split(word)
        raise self.unknown(word)

    def component(self, word: s.Word) -> t.Expr | None:
        """`x2` with x a vector, `x_i` in a family over i, `W_{ij}`, `W_{1,2}`."""
        if self.scope.knows(key_of(word)):
            return None
        if word.index is None:
            found = re.fullmatch(r"(.*?[A-Za-z])([0-9]+)", word.text)
            if found is None or found[1] not in self.scope.vectors:
                return None
            digits = Span(word.span.stop - len(found[2]), word.span.stop)
            return t.Component(t.Name(found[1], span=word.span), (t.Number(found[2], span=digits),), span=word.span)
        base = key_of(s.Word(word.span, word.text))
        places = self.places(word, word.index, base)
        if places is None:
            self.check_runs(word, word.index, base)
            return None
        return t.Component(t.Name(base, span=word.span), places, span=word.span)

    def places(self, word: s.Word, index: str, base: str) -> tuple[t.Expr, ...] | None:
        """The entry that an index means; None where it is part of a name, h_{t-1}."""
        scope = self.scope
        if index.isdigit():
            return (t.Number(index, span=word.span),) if base in scope.vectors else None
        if index in scope.indices:
            return (t.Name(index, span=word.span),)
        if shift_of(index) != index and index[0] not in scope.indices and base not in scope.vectors:
            return None
        if len(word.parts) > 1 or (word.parts and not names_something(index)):
            return tuple(map(self.place, word.parts))
        if len(index) == 2 and all(letter in scope.indices or letter.isdigit() for letter in index):
            return tuple((t.Number if one.isdigit() else t.Name)(one, span=word.span) for one in index)
        return None

    def check_runs(self, word: s.Word, index: str, base: str) -> None:
        """The index of x_i and W_ij runs over something, where x is a vector and W a matrix."""
        scope = self.scope
        kinds = {1: ("vector", scope.vectors), 2: ("matrix", scope.matrices)}
        kind, alike = kinds.get(len(index), ("", set()))
        if len(index) == 1 and base in scope.matrices and not scope.net:  # in a net W_i may be that of a gate
            kind, alike = "matrix", scope.matrices
        if base in alike and INDEX_LETTERS.issuperset(index):
            letter = next(one for one in index if one not in scope.indices)
            entry = ",".join(one if scope.knows(one) else "1" for one in index)
            length = scope.lengths.get(base, "n")
            raise self.without_index(word.span, f"{base} is a {kind}", letter, f"{base}[{entry}]", length)

    def without_index(self, span: Span, what: str, letter: str, entry: str, length: str) -> NameMistake:
        """What to say of x_i without its family, and of a_i = e^{z_i}, where the name on the left has the index."""
        says = f"{what}, and nothing runs over the {letter} of {self.source(span)}; one entry for each {letter} is "
        start = self.text.rfind("\n", 0, span.start) + 1
        sign = re.compile(rf"(?:Σ|\\Sigma)_\{{?{letter}\}}?(?=\s)")
        sigma = sign.search(self.text, start, span.start)
        if sigma is not None:
            return NameMistake(
                f"{sigma[0]} is a name here, with the letter Σ; the sum over {letter} has the sign ∑.",
                Span(*sigma.span()), (f"∑_{letter}",),
            )
        other = re.search(rf"(?:\\sum|∑)_\{{\s*\w\s*(?:\\neq?|≠|!=)\s*{letter}\s*\}}", self.text[start : span.start])
        if other is not None:  # ∑_{i ≠ j} x_i x_j
            place = Span(start + other.start(), start + other.end())
            says = f"A sum runs over one index; {letter} has a sum of its own, around this one."
            return NameMistake(says, place, (f"∑_{letter} {other[0]}",))
        lone = re.search(r"(?:Σ|\\Sigma)\s*[(\[]?\s*$", self.text[start : span.start])
        if lone is not None and not self.scope.knows("Sigma"):  # Σ x_i^2
            place = Span(start + lone.start(), start + lone.start() + len(lone[0].rstrip("([ \t")))
            fix = f"∑_{letter}" if lone[0].endswith((" ", "(")) else f"∑_{letter} "
            return NameMistake(f"Σ is a letter; the sum over {letter} has the sign ∑.", place, (fix,))
        line = self.text[start:].partition("\n")[0].partition("#")[0].rstrip()
        sums = rf"(?:\\sum|\bsum|∑)\s*_\s*(?:\{{\s*{letter}\b[^{{}}]*\}}|{letter}\b)(?:\^(?:\{{[^{{}}]*\}}|\w+))?\s*"
        if (above := re.search(sums, line[: span.start - start])) is not None and line.count("(") == line.count(")"):
            inside = Span(start + above.end(), start + len(line))
            return NameMistake(
                f"The sum over {letter} ends at + or −; what else it runs over has brackets.", inside,
                (f"({self.source(inside)})",),
            )
        indent = len(line) - len(line.lstrip())
        if not re.match(rf"\s*[^=(]+_\{{?{letter}\}}?\s*=", line) or re.search(r"\bfor\b|;|,", line):
            return NameMistake(f"{says}[… for {letter} = 1..n].", span, (entry,))
        behind = f"for {letter} = 1..{length}"
        whole = Span(start + indent, start + len(line))
        return NameMistake(f"{says}{behind} behind it.", whole, (f"{self.source(whole)} {behind}",))

    def place(self, raw: s.Raw) -> t.Expr:
        """An index of a component: a whole number, or a part."""
        if isinstance(raw, s.Slice):
            ends = (None if one is None else self.value(one) for one in (raw.first, raw.last))
            return t.Slice(*ends, span=raw.span)
        return self.value(raw)

    def split(self, word: s.Word) -> list[t.Expr]:
        """A word as a product of names; an error where that can be done in no way or in two."""
        ways = self.ways(word)
        if len(ways) > 1:
            raise self.ambiguous(word.span, *(product(*(said(piece.span) for piece in way)) for way in ways[:2]))
        if not ways:
            raise self.unknown(word)
        found: list[t.Expr] = []
        for piece in ways[0]:
            found += self.names(piece)
        return found

    def pieces(self, word: s.Word, cuts: Sequence[int]) -> list[s.Word]:
        """The word cut at these offsets."""
        return [self.piece(word, *ends) for ends in pairwise([0, *cuts, len(word.text)])]

    @staticmethod
    def piece(word: s.Word, begin: int, end: int) -> s.Word:
        """The letters of a word from one to another; those at its end have its index."""
        last = end == len(word.text)
        stop = word.span.stop if last else word.span.start + end
        return s.Word(Span(word.span.start + begin, stop), word.text[begin:end], word.index if last else None)

    def ways(self, word: s.Word) -> list[list[s.Word]]:
        """Up to two ways to read a word as a product of declared names, or of one and an undeclared letter."""
        places = [k for k in range(1, len(word.text)) if not word.text[k].isdigit()]
        if cuts := self.cuts(word, places):
            return [self.pieces(word, one) for one in cuts]
        return [pieces for cut in places if self.is_beside_a_letter(pieces := self.pieces(word, [cut]))][:2]

    def cuts(self, word: s.Word, places: Sequence[int]) -> list[list[int]]:
        """Where to cut a word into declared names, in up to two ways: from each place on those behind it, and one."""
        stop = len(word.text)
        found: dict[int, list[list[int]]] = {stop: [[]]}
        for begin in reversed([0, *places]):
            ends = [end for end in (*places, stop) if end > begin and found[end] and (begin, end) != (0, stop)]
            ways = (
                cuts if end == stop else [end, *cuts] for end in ends if self.declared(self.piece(word, begin, end))
                for cuts in found[end]
            )
            found[begin] = list(islice(ways, 2))
        return found[0]

    def declared(self, word: s.Word) -> bool:
        """True for what is a name without being one letter."""
        constant = word.index is None and word.text in CONSTANTS
        return constant or self.scope.knows(key_of(word)) or self.component(word) is not None

    def is_beside_a_letter(self, pieces: Sequence[s.Word]) -> bool:
        """True for a declared name and an undeclared letter, in either order; not for dx and Δx."""
        loose = [piece for piece in pieces if not self.declared(piece)]
        letters = loose[0].text.rstrip("0123456789") if loose else ""
        return len(loose) == 1 and is_letter(loose[0]) and letters not in ("d", "Delta", "delta") and (
            loose[0].text not in SPELLINGS
        )

    def unknown(self, word: s.Word) -> JacmagicError:
        """What to say of a word that is no name: the nearest known ones, or where a space is missing."""
        shown, text = self.source(word.span), word.text
        called = re.match(r"\s*[\w(\\]", self.text[word.span.stop :]) is not None
        if called and word.typed == "lg":
            bases = t.Words("log10"), t.Words("log2")
            return self.ambiguous(word.span, *bases, says="lg is the logarithm to base 10 or to base 2.")
        if shown.startswith("\\"):
            close = nearest(text, SPELLINGS)
            return self.foreign(word.span, text) or NameMistake(
                f"The LaTeX command {shown} has no meaning in a block.", word.span, close
            )

        if find(word.typed) is not None:
            return NameMistake(f"{shown} is a function and needs its argument in brackets: {shown}(…).", word.span)
        own = (shown,) if word.index is not None and len(word.index) > 1 and text in FOREIGN else (shown, text)
        if called and (error := self.foreign(word.span, *own)) is not None:
            return error

        def nameable(part: str) -> bool:
            return part.isalnum() and (len(part.rstrip("0123456789")) == 1 or part in GREEK or self.scope.knows(part))

        if (error := self.with_capitals(word) or self.numbered(word, nameable)) is not None:
            return error
        for name in sorted(SPELLINGS, key=len, reverse=True):
            if text.startswith(name) and nameable(text[len(name) :]):
                fix = self.applied(name, shown[len(name) :], word.span.stop)
                return NameMistake(f"{shown} is not known; is a space missing?", word.span, (fix,))
            if text.endswith(name) and nameable(text[: -len(name)]) and word.index is None:
                return self.glued_behind(word, name)
        if apart := self.around_functions(text, nameable):
            return NameMistake(f"{shown} is not known; are spaces missing?", word.span, (apart,))
        if text in PLAIN_WORDS:
            return self.plain(word)
        for difference in ("d", "delta", "Delta"):
            rest = text[len(difference) :]
            if text.startswith(difference) and nameable(rest):
                cut = len(shown) - len(rest) - (len(shown) - len(text) if word.index else 0)
                return self.difference(shown, word.span, f"{shown[:cut]}*{shown[cut:]}")
        return self.undeclared(word)

    def with_capitals(self, word: s.Word) -> NameMistake | None:
        """Sin, and Asin of Asin(ωt)."""
        shown, text, small = self.source(word.span), word.text, word.text.lower()
        if text == small or small not in SPELLINGS | CONSTANTS.keys():
            return None
        if text[1:] in SPELLINGS and text[1:].lower() != "elu":
            ways = f"{text[0]} {text[1:]}", small
            return NameMistake(f"{shown} is not known: is it {ways[0]}, or {ways[1]}?", word.span, ways)
        return NameMistake(f"{shown} is not known. Did you mean {small}?", word.span, (small,))

    def applied(self, name: str, rest: str, stop: int) -> str:
        """sin x for sinx, sin(x) where more letters follow: sin x y has two readings."""
        behind = re.match(r"\s*([^\W\d]\w*)", self.text[stop:])
        more = behind is not None and not any(map(behind[1].startswith, SPELLINGS))
        return f"{name}({rest})" if more else f"{name} {rest}"

    def glued_word(self, exponent: Span, raw: s.Raw, span: Span) -> tuple[t.Expr, t.Expr]:
        """2 ln x and ln x of x^2lnx: an exponent, and a word that nothing knows as it is offered."""
        try:
            if isinstance(raw, s.Word):
                self.names(raw)
        except NameMistake as error:
            if len(error.hints) == 1 and error.span == raw.span:
                words = error.hints[0] + self.text[raw.span.stop : span.stop]
                return t.Words(f"{self.source(exponent)} {words}"), t.Words(words)
        except JacmagicError:
            pass
        return said(exponent, span), said(span)

    def no_function(self, word: s.Word, name: Span, group: Span) -> NameMistake:
        """What to say of g(x + 1) where nothing says what g is, and of x(1), an entry in MATLAB."""
        shown, inside = self.source(name), self.source(group)
        entry = re.match(r"\(([0-9]+)\)", inside)
        if entry is not None and shown not in "fghFGH":
            return NameMistake(
                f"{shown} is not a function; an entry is {shown}_{entry[1]}, or {shown}[{entry[1]}] of a vector.",
                Span(name.start, group.start + entry.end()), (f"{shown}_{entry[1]}",),
            )
        if self.scope.net and "," not in inside and names.name(key_of(word)).base in _ACTIVATIONS:
            return self.activation(word, name.to(group))
        if "\n" in inside or len(inside) > 40:
            inside = "(…)"
        named = inside if re.fullmatch(r"\([^\W\d]\w*(?:,\s*[^\W\d]\w*)*\)", inside) else "(x)"
        called = re.findall(r"([^\W\d]\w*)\(", inside)
        unknown = not self.scope.net and (named == inside or shown in "fghFGH")
        times = "," not in inside and all(one in SPELLINGS or one in self.scope.functions for one in called)
        return NameMistake(
            f"{shown} is not a function: define {shown}{named} = … above"
            f"{f', or leave open what it is by a line {shown} = {shown}{named}' if unknown else ''}"
            f"{f', or write {shown}*{inside}' if times else ''}.", name.to(group),
            (f"{shown}*{inside}",) if times and inside != "(…)" else (),
        )

    def activation(self, word: s.Word, span: Span) -> NameMistake:
        """What to say of a = g(W x + b), where papers leave open what g is: a line for it, of a letter that is free."""
        taken = set(re.findall(r"(?<![A-Za-z\\])[zust](?![A-Za-z])", self.text))
        letter = next(one for one in (*"zust", "v_g") if one not in taken)
        name = names.name(key_of(word))
        made = "sigmoid" if name.base == "sigma" and name.index not in ("c", "h") else "tanh"
        line = f"{name.text}({letter}) = {made}({letter})"
        return NameMistake(f"No line says which function {self.source(word.span)} is, such as {line}.", span, (line,))

    def typeset_call(self, word: s.Word) -> bool:
        r"""g\left(W x + b\right) and \phi (W x + b) in a net, where a blank is none."""
        shown, behind = self.source(word.span), self.text[word.span.stop :]
        typeset = shown.startswith("\\") or behind.lstrip().startswith("\\left")
        return typeset and self.scope.net and names.name(key_of(word)).base in _ACTIVATIONS

    def glued_behind(self, word: s.Word, name: str) -> NameMistake:
        """x and sin of xsin(x); but Vmax is V_max."""
        shown, before = self.source(word.span), word.text[: -len(name)]
        if name in ("max", "min") and len(before) == 1 and not self.text[word.span.stop :].startswith("("):
            return NameMistake(f"{shown} is not known; is it one name?", word.span, (f"{before}_{name}",))
        return NameMistake(f"{shown} is not known; is a space missing?", word.span, (f"{before} {name}",))

    def plain(self, word: s.Word) -> NameMistake:
        """A word of the language that people speak; but a t is at in v0 + at."""
        shown, front = self.source(word.span), self.text[: word.span.start]
        behind = re.match(r"\s*(?:$|[+*/^)\n²³-])", self.text[word.span.stop :])
        product = len(shown) == 2 and behind is not None and re.search(r"[=+*/(0-9-]\s*$", front) is not None
        return NameMistake(
            f"{shown} is a word, and no line says what it is.", word.span, (" ".join(shown),) if product else ()
        )

    @staticmethod
    def foreign(span: Span, *spellings: str) -> NameMistake | None:
        """What to say of a function that the language has under another name, or has not."""
        for name in spellings:
            if name in ELSEWHERE:
                return NameMistake(f"{name} is not part of the language: {ELSEWHERE[name]}.", span)
            if name in FOREIGN:
                return NameMistake(f"{name} is not known. Did you mean {FOREIGN[name]}?", span, (FOREIGN[name],))
        return None

    def undeclared(self, word: s.Word) -> NameMistake:
        """A word that nothing explains: the nearest known ones, or a product of its letters."""
        shown, text = self.source(word.span), word.text
        if text.isdigit():  # ∇_2 f, d/d2 f
            return NameMistake(f"A name is expected here, not {shown}.", word.span)
        longer = word.index is not None and text in SPELLINGS  # relu_prime is not relu
        close = () if longer else nearest(text, [*SPELLINGS, *self.scope.names, *GREEK])
        if len(text) <= 3 and text.isalpha() and word.index is None:
            product = () if any(letter in self.scope.functions for letter in text) else (" ".join(text),)
            fixes = (*(close[:1] if len(text) == 3 else ()), *product)
            parameter = self.scope.net and (len(text) == 3 or text[1] not in self.scope.names)
            if parameter and (error := self.parameters(word.span)):
                return error
            return NameMistake(f"{shown} is not declared; is it a product?", word.span, fixes)
        if word.index is not None and 1 < len(text) <= 3 and text.isalpha():  # Gm₁m₂
            apart = f"{' '.join(text[:-1])} {shown[len(text) - 1 :]}"
            return NameMistake(f"{shown} is not declared; is it a product?", word.span, (apart,))
        if close:
            return NameMistake(f"{shown} is not known. Did you mean {' or '.join(close)}?", word.span, close)
        if self.text[word.span.stop :].startswith("("):
            return NameMistake(f"{shown} is not a function of the language, nor of this block.", word.span)
        return NameMistake(
            f"{shown} is not known: a longer name needs a line that declares it, such as {shown} = 1.", word.span
        )

    def parameters(self, span: Span) -> NameMistake | None:
        """Wxh, Whh and bh of a line, asked for at once: each is one name, written W_xh; None of another word."""
        start = self.text.rfind("\n", 0, span.start) + 1
        line = self.text[start:].partition("\n")[0].partition("#")[0]
        found = [
            one for one in re.finditer(r"(?<![\w\\])[WUVbc][a-zA-Z]{1,2}(?![\w(])", line)
            if one[0] not in SPELLINGS and not self.scope.knows(one[0])
        ]
        if span.start - start not in [one.start() for one in found]:
            return None
        first, last = found[0].start(), found[-1].end()
        many, fix = len({one[0] for one in found}) > 1, line[first:last]
        for one in found[::-1]:
            fix = f"{fix[: one.start() - first]}{one[0][0]}_{one[0][1:]}{fix[one.end() - first :]}"
        names = " and ".join(dict.fromkeys(one[0] for one in found))
        says = f"{names} are not declared; is each one name?" if many else f"{names} is not declared; is it one name?"
        return NameMistake(says, Span(start + first, start + last), (fix,))

    def numbered(self, word: s.Word, nameable: Callable[[str], bool]) -> NameMistake | None:
        """sin2x, and sin2 of sin2θ or sin2(x)."""
        shown, behind = self.source(word.span), self.text[word.span.stop :]
        found = re.fullmatch(r"([a-z]+?)([0-9]+)([A-Za-z]*)", word.text)
        if found is None or found[1] not in SPELLINGS or not (found[3] == "" or nameable(found[3])):
            return None
        name, digits, rest = found.groups()
        if behind.startswith("(") and not rest:
            says = f"{shown} is no function; a space is missing, or the sign of a power."
            return NameMistake(says, word.span, (f"{name}^{digits}",))
        argument = re.match(r"\s+(?!(?:if|else|for|and|or|in)\b)[\w(\\|√\[]", behind)
        power = (f"{name}^{digits}",) if argument and not rest else ()
        longer = (f"{name}{digits} {rest}",) if name + digits in SPELLINGS else ()
        return NameMistake(
            f"{shown} is not known; is a space missing?", word.span,
            (*longer, f"{name} {digits}{shown[len(name + digits):]}", *power),
        )

    def around_functions(self, text: str, nameable: Callable[[str], bool]) -> str | None:
        """`x sin x` for xsinx, `sin x cos x` for sinxcosx: names, then functions with one argument each."""
        functions = sorted(SPELLINGS, key=len, reverse=True)

        def calls(rest: str) -> list[str] | None:
            for name in functions:
                if rest.startswith(name):
                    for end in range(len(rest), len(name), -1):
                        argument, behind = rest[len(name) : end], rest[end:]
                        more = calls(behind) if behind and nameable(argument.lstrip("0123456789")) else []
                        if more is not None and nameable(argument.lstrip("0123456789")):
                            return [name, argument, *more]
            return None

        for count in range(3):
            if len(text) > count and all(map(nameable, text[:count])) and (found := calls(text[count:])):
                return " ".join([*text[:count], *found])
        return None

    def not_a_function(self, word: s.Word, span: Span) -> JacmagicError:
        """What to say of a word in front of a bracket that nothing knows."""
        if self.scope.net and word.text in _OPEN:
            return self.activation(word, span)
        error, shown = self.unknown(word), self.source(word.span)
        if isinstance(error, AmbiguousMath) or word.text != word.text.lower() in SPELLINGS:
            return error
        close = nearest(word.typed, SPELLINGS | set(self.scope.functions))
        if close and "space" not in error.message and not {word.text, shown} & {*ELSEWHERE, *FOREIGN}:
            return NameMistake(f"{shown} is not a function. Did you mean {' or '.join(close)}?", span, tuple(close))
        return error

    def check_known_elsewhere(self, word: s.Word, span: Span, arguments: Sequence[str]) -> None:
        """CrossEntropyLoss(z, y), pow(x, 2): a call that is written with other words here."""
        shown, plain = self.source(word.span), word.typed
        if plain in OF_LOGITS:
            loss, maker = OF_LOGITS[plain]
            fix = (f"{loss}({maker}({arguments[0]}), {arguments[1]})",) if len(arguments) == 2 else ()
            raise NameMistake(f"{shown} is {loss} of what {maker} gives.", span, fix)
        for name in (shown, plain):
            if name in ELSEWHERE and (recipe := written_out(name, arguments)):
                raise NameMistake(f"{name} is not part of the language: {ELSEWHERE[name]}.", span, (recipe,))

    def difference(self, shown: str, span: Span, product: str) -> NameMistake:
        """dx, Δx and δx that no line declares: each a name in df = f_x dx + f_y dy, else perhaps a product."""
        start = self.text.rfind("\n", 0, span.start) + 1
        line = self.text[start:].partition("\n")[0].partition("#")[0]
        word = rf"(?<![\w\\∂]){shown[0]}(?:\\[a-z]+|[^\W\d_](?:_?[0-9]+)?)(?![\w(])"
        left, _, right = line.partition("=")
        found = list(dict.fromkeys([shown, *re.findall(word, right)]))
        if shown[0] not in "dδ" or not re.match(rf"\s*{shown[0]}\w+\s*(\([^()]*\)\s*)?$", left) and len(found) < 2:
            said = f"{shown} may be one name or a product; declare it, or write the product."
            return NameMistake(said, span, (product,))
        missing = [one for one in found if not self.scope.knows(one)]
        many = f"{', '.join(missing[:-1])} and {missing[-1]} are" if len(missing) > 1 else f"{shown} is"
        return NameMistake(
            f"{many} not declared; in a differential {'each is' if len(missing) > 1 else 'it is'} one name.", span,
            (names.with_greek(", ".join(missing)) + " in R",),
        )

    def function(self, word: s.Raw) -> Function | None:
        """The row of a built-in function that the word names."""
        if isinstance(word, s.Root):
            return FUNCTIONS[word.name]
        if not isinstance(word, s.Word) or self.scope.knows(key_of(word)):
            return None
        if word.index is not None and word.index.isdigit() and (row := find(word.text + word.index)) is not None:
            return row  # log_2, atan_2
        if word.index is not None and word.text == "log" and (
            word.parts or word.index.isdigit() or is_letter(base := s.Word(word.span, word.index))
            or self.scope.knows(key_of(base))
        ):
            return FUNCTIONS["log_base"]
        return find(word.typed)

    def sigma(self, word: s.Raw) -> Function | None:
        """sigmoid, of the σ that a bracket follows in a net."""
        unknown = isinstance(word, s.Word) and key_of(word) == "sigma" and not self.scope.knows("sigma")
        return FUNCTIONS["sigmoid"] if self.scope.net and unknown else None

    def user_function(self, word: s.Raw) -> str | None:
        if isinstance(word, s.Word) and key_of(word) in self.scope.functions:
            return key_of(word)
        return None

    def value(self, raw: s.Raw) -> t.Expr:
        """An expression that must not be a condition."""
        raise NotImplementedError
