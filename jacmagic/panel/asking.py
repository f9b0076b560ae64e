"""What a panel needs to ask for entries of J: how their names may be typed, and where their numbers are."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from jacmagic import names
from jacmagic.language import tree as t
from jacmagic.result import Result
from jacmagic.show.asked import Asked, asked

if TYPE_CHECKING:
    from jacmagic.panel import _Spec

MAX_TYPED = 100
"""Entries of a name that an answer in the page may use. Instead: `r.check(…)`."""


def quiz(made: _Spec) -> dict[str, Any] | None:
    """The entries that are asked for, and the names that an answer may use; None where nothing is asked."""
    result, p = made.result, made.p
    if "quiz" not in result.besides:
        return None
    return {
        "entries": [
            {**number(made, one), "of": one.of, "wrt": one.wrt, "says": f"d {made.places[one.of]} by d {made.places[one.wrt]}",
             "mathml": made.before(t.Partial(t.Name(one.of), (t.Name(one.wrt),)))}
            for one in asked(result)
        ],
        "names": [one for key in (*p.inputs, *p.steps) if prod(p.shape(key)) <= MAX_TYPED for one in typed(result, key)],
    }


def number(made: _Spec, one: Asked) -> dict[str, Any]:
    """Where the page has an entry's number: `k` in `value`; and where it stands in the Jacobian, if it does."""
    if one.column is not None:
        width = sum(prod(made.p.shape(key)) for key in made.p.variables)
        return {"at": [one.row, one.column], "value": "J", "k": one.row * width + one.column}
    key, k = made.result.place(one.wrt)
    value = f"grad:{key}"
    if value not in made.outputs:
        made.outputs[value] = made.close(made.result.derivative(made.p.outputs[-1], key, safe=True)[0])
    return {"value": value, "k": k or 0}


def typed(result: Result, key: str) -> list[dict[str, Any]]:
    """The entries of a name, with how they may be typed; `range` where they have values of their own."""
    one, shape = result.program.inputs.get(key), result.program.shape(key)
    # What an equation defines has its value from there.
    own = {} if one is None or one.role == "implicit" else {"range": one.range and list(one.range[:2]), "total": key if one.label and prod(shape) > 1 else ""}
    return [
        {"key": symbol.name, "of": key, "k": k, "spellings": [*spellings(symbol.name), names.place(key, shape, k)], **own}
        for k, symbol in enumerate(result.entry_symbols(key))
    ]


def spellings(key: str) -> list[str]:
    """x1, x_1, x₁ and their kind are one name; the page takes indices and braces away."""
    found = names.name(key)
    return list(dict.fromkeys([key, found.key, found.text, found.text.replace("_", ""), key.replace("_", "")]))
