"""Whether the conditions of a distinction leave something out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from operator import eq, ge, gt, le, lt, ne

from jacmagic.language.nodes import Boolean, Raw, Relation

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

_CONTRARY = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}

_HOLDS = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}

_PLAIN_NUMBER = re.compile(r"[-−]?(?:[0-9]{1,15}\.?[0-9]{0,15}|\.[0-9]{1,15})")


def exhaustive(text: str, conditions: Sequence[Raw]) -> bool:
    """True where comparisons of one thing with numbers, or one with its contrary, leave nothing out."""
    cases = [case for condition in conditions if (case := _compared(text, condition)) is not None]
    pieces = [piece for case in cases for piece in case]
    if len(cases) < len(conditions):
        return False
    if len(pieces) == len(cases) == 2 and pieces[0][::2] == pieces[1][::2]:
        return _CONTRARY[pieces[0][1]] == pieces[1][1]
    one_thing = len({left for left, _, _ in pieces}) == 1
    if not one_thing or not all(_PLAIN_NUMBER.fullmatch(right) for _, _, right in pieces):
        return False
    bounds = sorted({_number(right) for _, _, right in pieces})
    probes = [bounds[0] - 1, bounds[-1] + 1, *bounds, *((a + b) / 2 for a, b in pairwise(bounds))]
    return all(
        any(all(_HOLDS[relation](probe, _number(right)) for _, relation, right in case) for case in cases)
        for probe in probes
    )


def _compared(text: str, condition: Raw) -> list[tuple[str, str, str]] | None:
    """What is compared, how, and with what, a number on the right; None where a condition is no comparison."""
    denied = isinstance(condition, Boolean) and condition.operator == "not"
    if isinstance(condition, Boolean) and denied:
        condition = condition.operands[0]
    if not isinstance(condition, Relation) or denied and len(condition.relations) > 1:
        return None
    shown = ["".join(text[o.span.start : o.span.stop].split()) for o in condition.operands]
    relations = [_CONTRARY[one] for one in condition.relations] if denied else condition.relations
    return [
        (right, _MIRRORED.get(relation, relation), left)
        if _PLAIN_NUMBER.fullmatch(left) and not _PLAIN_NUMBER.fullmatch(right)
        else (left, relation, right)
        for left, relation, right in zip(shown, relations, shown[1:])
    ]


def _number(text: str) -> float:
    return float(text.replace("−", "-"))
