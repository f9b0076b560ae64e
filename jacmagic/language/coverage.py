"""Whether the conditions of a distinction leave something out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from jacmagic.language.nodes import Boolean, Raw, Relation

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

_CONTRARY = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}

_PLAIN_NUMBER = re.compile(r"[-−]?(?:[0-9]{1,15}\.?[0-9]{0,15}|\.[0-9]{1,15})")


def exhaustive(text: str, conditions: Sequence[Raw]) -> bool:
    """True where comparisons of one thing with numbers, or one with its contrary, leave nothing out."""
    pieces: list[tuple[str, str, str]] = []  # what is compared, how, with what; a condition ends in ("", "", "")
    for condition in conditions:
        denied = isinstance(condition, Boolean) and condition.operator == "not"
        if isinstance(condition, Boolean) and denied:
            condition = condition.operands[0]
        if not isinstance(condition, Relation) or denied and len(condition.relations) > 1:
            return False
        shown = ["".join(text[o.span.start : o.span.stop].split()) for o in condition.operands]
        for left, relation, right in zip(shown, condition.relations, shown[1:]):
            relation = _CONTRARY[relation] if denied else relation
            flip = bool(_PLAIN_NUMBER.fullmatch(left)) and not _PLAIN_NUMBER.fullmatch(right)
            pieces.append((right, _MIRRORED.get(relation, relation), left) if flip else (left, relation, right))
        pieces.append(("", "", ""))
    compared = [piece for piece in pieces if piece[0]]
    if len(compared) == len(conditions) == 2 and compared[0][::2] == compared[1][::2]:
        return _CONTRARY[compared[0][1]] == compared[1][1]
    if len({left for left, _, _ in compared}) != 1:
        return False
    if not all(_PLAIN_NUMBER.fullmatch(right) for _, _, right in compared):
        return False
    bounds = sorted({float(right.replace("−", "-")) for _, _, right in compared})
    probes = [bounds[0] - 1, bounds[-1] + 1, *bounds, *((a + b) / 2 for a, b in pairwise(bounds))]
    holds = {
        "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "==": float.__eq__,
        "!=": float.__ne__,
    }
    for probe in probes:
        met, every = False, True
        for left, relation, right in pieces:
            if left:
                every = every and holds[relation](probe, float(right.replace("−", "-")))
            else:
                met, every = met or every, True
        if not met:
            return False
    return True
