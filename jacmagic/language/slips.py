"""Names that look like slips: read without a word, each would be a parameter that nobody means.

`3x10^8`, `F(x) = X^2`, `3x2 + 2x`, `x^2 i + y^2 j`, `E^x` and `Σ x^k` are errors where no
line declares the name in question; a line that does, or another spelling, says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise, product

from jacmagic.errors import JacmagicError, NameMistake, Span, SyntaxMistake
from jacmagic.language import tree as t

_UNITS = ({"i": 1, "j": 2, "k": 3}, {"i_hat": 1, "j_hat": 2, "k_hat": 3})
"""Unit vectors as physics writes them, by their places."""


@dataclass(frozen=True)
class Line:
    """A definition with its expression: `span` is that of its right side, `arguments` as they are typed."""

    key: str
    span: Span
    expr: t.Expr
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class Block:
    """What the rest of the block says: names that lines declare, functions with their arguments, what varies."""

    text: str
    declared: AbstractSet[str]
    functions: Mapping[str, Sequence[str]]
    varying: AbstractSet[str]
    net: bool


def check(line: Line, block: Block) -> None:
    """Refuse a right side with a name in it that looks like a slip."""
    loose = undeclared(line, block)
    for look in (_other_case, lost_power, _capital_e, _unit_vectors, _lone_sigma):
        error = look(line, block, loose)
        if error is not None:
            raise error


def undeclared(line: Line, block: Block) -> list[t.Name]:
    """The names in a line that no other declares."""
    return [name for name in _names(line.expr) if name.key not in block.declared]


def _names(expr: t.Expr, bound: frozenset[str] = frozenset()) -> Iterator[t.Name]:
    """The names in an expression but the indices of its families, in order."""
    if isinstance(expr, t.Name):
        if expr.key not in bound:
            yield expr
        return
    for child in t.children(expr):
        yield from _names(child, bound | {expr.index} if isinstance(expr, t.Family) else bound)


def _fixed(line: Line, block: Block, spans: Sequence[Span], *swaps: Mapping[Span, str]) -> tuple[Span, tuple[str, ...]]:
    """Where an error points and what it offers: one place by itself, else the whole right side with all changed."""
    whole = spans[0] if len(spans) == 1 else line.span
    fixes = []
    for swap in swaps:
        text, at = "", whole.start
        for span in sorted(spans):
            new = swap[span]
            if new[-1:].isdigit() and re.match(r"[\w(]", block.text[span.stop :]):
                new += " "
            text, at = text + block.text[at : span.start] + new, span.stop
        fixes.append(text + block.text[at : whole.stop])
    return whole, tuple(fixes)


def times_ten(expr: t.Expr, text: str, declared: Callable[[str], bool]) -> JacmagicError | None:
    """3x10^8, with the letter for the sign ×."""
    for one in t.walk(expr):
        base = t.inside(one.base) if isinstance(one, t.Power) else None
        if not isinstance(base, t.Name) or declared(base.key) or text[base.span.start : base.span.stop] != "x10":
            continue
        number = re.search(r"(?<![\w.])[0-9]+(?:\.[0-9]*)?$", text[: base.span.start])
        if number is not None:
            exponent = text[base.span.stop : one.span.stop]
            return NameMistake(
                "No line declares x10: is x the sign × here? The name is typed x_10.",
                Span(number.start(), one.span.stop), (f"{number[0]}*10{exponent}",),
            )
    return None


def _other_case(line: Line, block: Block, loose: Sequence[t.Name]) -> JacmagicError | None:
    """F(x) = X^2: the argument does not occur, its other case does."""
    used = {name.key for name in _names(line.expr)} if line.arguments else set()
    for argument, typed in line.arguments.items():
        if argument in used:
            continue
        other = {"lam": "Lambda", "Lambda": "lam"}.get(argument, argument[0].swapcase() + argument[1:])
        spans = [name.span for name in loose if name.key == other]
        if spans:
            shown = block.text[spans[0].start : spans[0].stop]
            whole, fixes = _fixed(line, block, spans, dict.fromkeys(spans, typed))
            return NameMistake(
                f"The argument {typed} does not occur, and no line declares {shown}: is it {typed}?", whole, fixes
            )
    return None


def lost_power(line: Line, block: Block, loose: Sequence[t.Name]) -> JacmagicError | None:
    """3x2 + 2x + 1, where a superscript was lost."""
    candidates = [name for name in loose if name.key[-1:] in ("2", "3")]
    if block.net or not candidates:
        return None
    names = list(_names(line.expr))
    used = {name.key for name in names} | block.declared
    raised = {one.base.span for one in t.walk(line.expr) if isinstance(one, t.Power)}
    found: dict[Span, tuple[str, str]] = {}
    lone = False  # x itself does not occur: V(r) = 4/3 π r3
    for name in candidates:
        typed = block.text[name.span.start : name.span.stop]
        base = name.key[:-1]
        alone = base not in {one.key for one in names}
        if not re.fullmatch(r"[^\W\d_]+[23]", typed) or base[:1].isupper() or alone and base not in line.arguments:
            continue
        family = [key for key in used if re.fullmatch(re.escape(base) + r"_?([0-9]+|[a-z])", key)]
        if name.span in raised or {*family} - {base + "2", base + "3"}:
            continue
        found[name.span] = (typed[:-1], typed[-1])
        lone = lone or alone
    if not found:
        return None
    powers = {span: f"{base}^{digit}" for span, (base, digit) in found.items()}
    indexed = {span: f"{base}_{digit}" for span, (base, digit) in found.items()}
    fixed = _fixed(line, block, list(found), powers, *(() if lone else (indexed,)))
    return _no_power(found, lone, *fixed)


def _no_power(
    found: Mapping[Span, tuple[str, str]], lone: bool, whole: Span, fixes: tuple[str, ...]
) -> JacmagicError:
    base, digit = next(iter(found.values()))
    if lone:
        size = max(digit for _, digit in found.values())
        return NameMistake(
            f"{base} does not occur, but {base}{digit} does: is it {base}^{digit}? (Or a vector, by a line "
            f"{base} in R^{size}?)", whole, fixes,
        )
    return NameMistake(
        f"{base}{digit} stands beside {base}, and no line declares it: is it {base}^{digit}, or a name of its own, "
        f"{base}_{digit}?", whole, fixes,
    )


def _capital_e(line: Line, block: Block, loose: Sequence[t.Name]) -> JacmagicError | None:
    """E^x for e^x."""
    capital = {name.span for name in loose if name.key == "E"}
    powers = [
        one for one in t.walk(line.expr)
        if isinstance(one, t.Power) and one.base.span in capital
        and any(name.key in block.varying for name in _names(one.exponent))
    ]
    if not powers:
        return None
    if len(powers) == 1:
        swap = {powers[0].span: "e" + block.text[powers[0].base.span.stop : powers[0].span.stop]}
    else:
        swap = {one.base.span: "e" for one in powers}
    whole, fixes = _fixed(line, block, list(swap), swap)
    return NameMistake("No line declares E, and it is the base of a power: is it e, 2.718…?", whole, fixes)


def _unit_vectors(line: Line, block: Block, loose: Sequence[t.Name]) -> JacmagicError | None:
    """x^2 i + y^2 j: a vector, as physics writes it."""
    keys = {name.key for name in loose}
    sums = [one for one in t.walk(line.expr) if isinstance(one, t.Sum)]
    for units, total in product(_UNITS, sums):
        plane = {*list(units)[:2]}
        parts = [(sign, *_last_factor(term, block)) for sign, term in total.terms]
        along = {last for _, _, last in parts} & keys & {*units}
        if plane <= along:
            listed = all(last in along for _, _, last in parts)
            return NameMistake(
                "No line declares i and j: a vector is written with its entries in brackets.", total.span,
                (_listed(parts, units),) if listed else (),
            )
    return None


def _listed(parts: Sequence[tuple[int, str, str]], units: Mapping[str, int]) -> str:
    """[x^2, y^2] of the terms with their signs, each with its unit vector: x^2 i + y^2 j."""
    entries = [""] * max(units[unit] for _, _, unit in parts)
    for sign, front, unit in parts:
        at = units[unit] - 1
        joined = (" + " if sign > 0 else " - ") if entries[at] else "" if sign > 0 else "-"
        entries[at] += joined + front
    return f"[{', '.join(entry or '0' for entry in entries)}]"


def _last_factor(term: t.Expr, block: Block) -> tuple[str, str]:
    """A term without its last factor, as text, and that factor's key; "" where it is no name."""
    if isinstance(term, t.Name):
        return "1", term.key
    if isinstance(term, t.Product):
        operator, last = term.factors[-1]
        if isinstance(last, t.Name) and operator in ("", "*", "dot"):
            return block.text[term.span.start : term.factors[-2][1].span.stop], last.key
    return "", ""


def _lone_sigma(line: Line, block: Block, loose: Sequence[t.Name]) -> JacmagicError | None:
    """Σ x^k, a sum without its bounds; in xᵀ Σ x it is a matrix."""
    sigmas = {name.span for name in loose if name.key == "Sigma"}
    for one in t.walk(line.expr):
        if not isinstance(one, t.Product):
            continue
        factors = [factor for _, factor in one.factors]
        for k, (here, behind) in enumerate(pairwise(factors)):
            gap = block.text[here.span.stop : behind.span.start]
            index = here.key.partition("_")[2] if isinstance(here, t.Name) and here.key.startswith("Sigma_") else ""
            if index in ("i", "j", "k", "n") and here in loose and any(
                isinstance(each, t.Name) and each.key.endswith(f"_{index}") for each in t.walk(behind)
            ):  # Σ_i x_i
                shown = block.text[here.span.start : here.span.stop]
                return SyntaxMistake(
                    f"{shown} is a name here, with the letter Σ; the sum over {index} has the sign ∑.", here.span,
                    (f"∑_{index}",),
                )
            bare = bool(index) and here in loose and any(
                isinstance(each, t.Name) and each.key == index and each in loose for each in t.walk(behind)
            )  # Σ_k x^k
            if (bare or here.span in sigmas) and gap.isspace() and not (k and isinstance(factors[k - 1], t.Transpose)):
                return SyntaxMistake(
                    "A sum needs its bounds, as in sum(x^k for k = 1..3); a matrix Σ needs a line that declares it, as "
                    "in Σ in R^(2x2).", here.span,
                )
    return None


def is_partial(text: str) -> bool:
    """Whether a text is ∂f/∂x alone, or ∇f, ∇f(x, y)."""
    derivative = r"(∂|\\partial)[^+\-*]*/\s*(∂|\\partial)\s*\w+|(∇|\\nabla\b|grad\b)\s*\w+(\([\w,\s]*\))?"
    return re.fullmatch(derivative, text) is not None


def is_words(text: str) -> bool:
    """Whether a text is two words side by side, as in `let f(x) = …`."""
    return re.fullmatch(r"[A-Za-z]{2,}\s+[A-Za-z]\w*\s*(\([\w,\s]*\))?", text) is not None


def touching(text: str, name: Span) -> tuple[str, str]:
    """The letter that stands directly before a name, and the word directly behind it; where there is none, ""."""
    before = re.search(r"(?<![A-Za-z0-9_])[A-Za-z]$", text[: name.start])
    behind = re.match(r"[A-Za-z]\w*", text[name.stop :])
    return before[0] if before else "", behind[0] if behind else ""


def in_angles(text: str) -> bool:
    """Whether a text begins with ⟨, as a column or an inner product does."""
    return re.match(r"⟨|\\langle|\\left\s*\\langle", text) is not None
