r"""What is shown for a Result, as formulas: the table VIEWS.

A view is a function from a Result to Formulas, each with its LaTeX and its text
for a terminal; the bundle, the panel and the saved page all show these. A new view
is a function and a line in VIEWS.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, product
from math import prod
from typing import Any

import sympy as sp

from jacmagic import names
from jacmagic.errors import LimitError
from jacmagic.language import tree as t
from jacmagic.language.letters import ROLES
from jacmagic.language.printers import latex
from jacmagic.program.model import Line, Program
from jacmagic.result import Result
from jacmagic.show.anysize import Together
from jacmagic.show.asked import MAX_ASKED, Asked
from jacmagic.show.asked import asked as entries_asked
from jacmagic.show.backward import Passed, adding_up, backward, layout_of
from jacmagic.show.chain import chain, forms
from jacmagic.show.checking import check
from jacmagic.show.convention import laid, laid_tree, layout_said
from jacmagic.show.curvature import bending, hessians
from jacmagic.show.pieces import MAX_SHOWN, MAX_WHOLE, Formula, Labels, ends, equal, fitting, name_of
from jacmagic.show.points import placed
from jacmagic.show.remarks import numbers
from jacmagic.show.steps import steps
from jacmagic.show.tables import UNKNOWN, determinant, total
from jacmagic.show.tables import asking as with_gaps
from jacmagic.show.taylor import near, taylor
from jacmagic.show.volume import integral, volumes
from jacmagic.unsized import Unsized


def echo(result: Result) -> Iterator[Formula]:
    """The block as it was understood."""
    lines = [line for line in result.program.echo if line.kind == "step"]
    rest = [line for line in result.program.echo if line.kind != "step"]
    for line in ends("echo", lines):
        if isinstance(line, Formula):
            yield line
        else:
            said = summary(result) if line is lines[0] else ""
            yield echoed(result, line, " · ".join(filter(None, (line.note, said))))
    if rest:
        yield Formula("values", t.Listing(tuple(echoed(result, line).tree for line in rest)),
                      arrays=result.program.arrays)


def echoed(result: Result, line: Line, note: str = "") -> Formula:
    """One line as it was understood: name = expression ∈ ℝ^n."""
    left: t.Expr = t.Name(line.key, line.equation)
    if line.params:
        left = t.UserCall(line.key, tuple(map(t.Name, line.params)))
    sides: list[t.Expr] = [left]
    signs: list[str] = []
    if line.expr is not None:
        sides, signs = [*sides, fitting(line.expr)], [*signs, "="]
    elif line.python:
        sides, signs = [*sides, t.Words("from Python")], [*signs, "="]
    if line.zero:
        sides, signs = [*sides, t.Number("0")], [*signs, "="]
    if line.shape is not None:
        sides, signs = [*sides, t.Space(line.shape)], [*signs, "∈"]
    if line.range is not None:
        sides, signs = [*sides, t.Interval(*line.range)], [*signs, "∈"]
    tree = t.Equation(tuple(sides), tuple(signs)) if signs else left
    return Formula("echo", tree, note, result.program.arrays)


def by_role(p: Program) -> dict[str, list[str]]:
    """What the undefined names are, in words: variables and parameters; of a net each role, its column first."""
    if not p.net:
        found = {"variable": list(p.variables), "parameter": list(p.parameters)}
    else:
        keys = [*p.variables, *(key for key in p.roles if key not in p.variables)]
        found = {"derivatives by": [key for key in p.variables if key not in p.roles]}
        found |= {role: [key for key in keys if p.roles.get(key) == role] for role in ROLES}
    one = ("fixed", "derivatives by")
    return {f"{word}s" if len(keys) > 1 and word not in one else word: keys for word, keys in found.items() if keys}


def summary(result: Result) -> str:
    """What the undefined names are, and the layout."""
    p = result.program

    def listed(keys: Sequence[str], word: str) -> str:
        shown = []
        for key in keys[:12]:
            shape = p.shape(key)
            size = f" ({'×'.join(map(str, shape))})" if shape else ""
            shown.append(names.name(key).text + size)
        more = f" and {len(keys) - 12} more" if len(keys) > 12 else ""
        return f"{word} {', '.join(shown)}{more}"

    parts = [listed(keys, word) for word, keys in by_role(p).items()] + [layout_said(result)]
    return " · ".join(part for part in parts if part)


def passes(result: Result) -> list[list[Passed]]:
    return result.once(("backward", *adding_up(result)), lambda: backward(result))


def gradients(result: Result, hidden: Container[str] = ()) -> Iterator[Formula]:
    """For a scalar loss: the backward pass δ, and ∂L/∂W = δ aᵀ, added up over all places that read the weight."""
    for one in ends("gradients", passes(result)):
        if isinstance(one, Formula):
            yield one
            continue
        weights = [line for line in one if line.weight]
        for line in one:
            if not line.weight:
                yield Formula("gradients", equal(line.left, line.right), line.note)
        if weights:
            told = [equal(line.left, UNKNOWN if line.key in hidden else line.right) for line in weights]
            yield Formula("gradients", t.Listing(tuple(told)),
                          ", ".join(dict.fromkeys(line.note for line in weights if line.note)))


def asked(result: Result) -> Iterator[Formula]:
    """The value of f(3) where a line asks for it, and the derivative there."""
    p = result.program
    for one in p.asked:
        step = p.steps[one.call.key]
        place = {
            symbol: value
            for param, node in zip(step.params, one.arguments)
            for symbol, value in zip(result.entry_symbols(param), result.entries(node))
        }
        with suppress(LimitError):
            yield stated(result, [*([t.Name(one.key)] if one.key else []), one.call], result.entries(one.value), 1)
        with suppress(LimitError):
            parts = [  # by an argument that a line defines: of the function itself
                result.local_jacobian(step.key, param) if param in p.steps else result.jacobian(step.key, param)
                for param in step.params
            ]
            rows = [[e.subs(place) for part in parts for e in part[i, :]] for i in range(parts[0].shape[0])]
            flat, width = [e for row in rows for e in row], len(rows[0])
            left = t.Slope(one.call) if len(flat) == 1 else t.Jacobian(name_of(result, step.key), one.call.arguments)
            yield stated(result, [left], flat, width)


def stated(result: Result, left: list[t.Expr], entries: list[sp.Expr], columns: int) -> Formula:
    """What stands left of =, and a number or a matrix, also in decimals where it is no short fraction."""
    if any(e.has(sp.zoo, sp.oo, -sp.oo, sp.nan) for e in entries):
        words = t.Phrase((equal(*left), t.Words(" is not a finite number")))
        return Formula("asked", words, arrays=result.program.arrays)
    flat = [layout_of(result)(e) for e in entries]
    rows = tuple(tuple(flat[k : k + columns]) for k in range(0, len(flat), columns))
    right = flat[0] if len(flat) == 1 else t.Vector(tuple(flat)) if columns == 1 else t.Matrix(rows)
    sides, signs = [*left, right], ["="] * len(left)
    if len(entries) == 1 and entries[0].is_number and not entries[0].is_Rational:
        number = f"{float(entries[0]):.6g}"
        if "e" not in number:
            sides, signs = [*sides, t.Number(number.lstrip("-"))], [*signs, "≈"]
            sides[-1] = t.Negative(sides[-1]) if number.startswith("-") else sides[-1]
    return Formula("asked", t.Equation(tuple(sides), tuple(signs)), arrays=result.program.arrays)


def gradient_lines(result: Result) -> dict[str, list[t.Expr]]:
    """For each weight the δ of what reads it, and ∂L/∂W."""
    out: dict[str, list[t.Expr]] = {}
    for step in passes(result):
        deltas = [equal(line.left, line.right) for line in step if not line.weight]
        for line in step:
            if line.weight:
                out[line.key] = [*deltas, equal(line.left, line.right)]
                deltas = []
    return out


def worked(result: Result) -> Iterator[Formula]:
    """The steps to each derivative, where they are asked for: by numbers, of a net its loss by each weight."""
    p = result.program
    if "steps" not in result.besides:
        return
    for of, wrt in asked_steps(result)[:MAX_WORKED]:
        yield from steps(result, of, wrt).lines
    if (more := len(asked_steps(result)) - MAX_WORKED) > 0:
        yield Formula("steps", t.Dots("down"), f"{more} more: r.steps(of, wrt)", p.arrays)


def checked(result: Result) -> Iterator[Formula]:
    """The answer behind --check, or behind a line `answer:`, entry by entry."""
    if "check" in result.besides:
        yield from check(result, result.besides["check"]).lines
    elif result.answer is not None:
        yield from check(result, *result.answer).lines


def blanks(result: Result) -> Iterator[Formula]:
    """What is asked for, an entry a line; where these are many, a name by a name. Beside what is named, the rest."""
    p = result.program
    rows, columns = (Labels(result, keys) for keys in (p.outputs, p.variables))
    wanted: Iterable[tuple[t.Expr, t.Expr]]
    if "quiz" in result.besides:
        places = entries_asked(result)
        by = [t.Name(one.wrt) if one.column is None else columns[one.column].tree for one in places]
        wanted = [(rows[one.row].tree, tree) for one, tree in zip(places, by)]
        if isinstance(result.besides["quiz"], str):
            return (yield from beside(result, places, wanted))
    elif len(rows) * len(columns) > MAX_ASKED:
        pairs = islice(product(p.outputs, p.variables), MAX_ASKED)
        wanted = ((name_of(result, key), t.Name(one)) for key, one in pairs)
    else:
        wanted = ((of.tree, by.tree) for of, by in product(rows, columns))
    yield from questions(wanted)


def questions(wanted: Iterable[tuple[t.Expr, t.Expr]]) -> Iterator[Formula]:
    for of, by in wanted:
        yield Formula("quiz", equal(t.Partial(of, (by,)), UNKNOWN))


def beside(result: Result, places: list[Asked], wanted: list[tuple[t.Expr, t.Expr]]) -> Iterator[Formula]:
    """Questions about some entries, and all others: the Jacobian with gaps, of a net the other gradients."""
    hidden = frozenset((one.row, one.column) for one in places if one.column is not None)
    table = list(with_gaps(result, hidden)) if hidden else list(total(result))
    yield from table or questions(wanted)
    if table and len(hidden) < len(places):
        yield from questions(pair for pair, one in zip(wanted, places) if one.column is None)
    if not hidden:
        yield from chain(result)
    yield from gradients(result, {result.place(one.wrt)[0] for one in places if one.column is None})


def asked_steps(result: Result) -> list[tuple[str, str]]:
    """Which derivatives have steps: of each output by each variable, of a net by each weight besides."""
    p = result.program
    by = [*p.variables, *result.trainable()] if p.net else p.variables

    def entries(key: str) -> list[str]:
        return [symbol.name for symbol in result.entry_symbols(key)] if prod(p.shape(key)) <= MAX_SHOWN else [key]

    pairs: list[tuple[str, str]] = []
    for of, wrt in product(p.outputs, by):
        if p.net or p.shape(wrt):
            pairs.append((of, wrt))
        else:
            pairs += [(one, wrt) for one in entries(of)]
    return pairs


MAX_WORKED = 12
"""Derivatives whose steps are shown at once. Instead: `r.steps(of, wrt)`."""

View = Callable[..., Iterator[Formula]]

VIEWS: dict[str, View] = {
    "echo": echo,
    "asked": asked,
    "total": total,
    "determinant": determinant,
    "integral": integral,
    "check": checked,
    "points": placed,
    "hessian": hessians,
    "taylor": taylor,
    "chain": chain,
    "gradients": gradients,
    "steps": worked,
}
"""What is shown for a block, from top to bottom."""

QUESTION: tuple[View, ...] = (echo, blanks, checked)
"""The views of what asks first, which have no derivative."""

ASKING = {"quiz": 'r.check("…") marks an answer', "reveal": "r.show() shows the answer"}
"""Options that ask first, and what a terminal says of the answer."""

SIZED = (total, hessians)
"""Those that take how many rows and columns they show."""


def for_any_size(result: Unsized) -> list[Formula]:
    """What holds whatever the sizes are: the block, and derivatives in matrix form."""
    for one in result.times:
        one.layout = result.layout
    return Together(result.sizes).formulas([[*echo(one), *forms(one), *gradients(one)] for one in result.times])


def formulas(result: Result, whole: bool = False) -> list[Formula]:
    """Everything that there is to show for a Result."""
    made: dict[tuple[Any, ...], list[Formula]] = result.__dict__.setdefault("_formulas", {})
    asked: tuple[Any, ...] = (whole, result.layout, repr(result.besides))
    if "steps" in result.besides and not isinstance(result, Unsized):  # their numbers are those of the point
        asked = (*asked, *result.values.serials.values())
    if asked not in made:
        if len(asked) > 3:
            made.clear()
        found: list[Formula] = for_any_size(result) if isinstance(result, Unsized) else []
        for view in () if found else VIEWS.values():
            found += view(result, MAX_WHOLE) if whole and view in SIZED else view(result)
        made[asked] = [laid(result, one) for one in found]  # whole or not at all: the reader may interrupt
    return made[asked]


def shown(result: Result, whole: bool = False) -> list[Formula]:
    """What is seen at first: all of it, or the question alone."""
    if not result.besides.keys() & ASKING.keys() or isinstance(result, Unsized):
        return formulas(result, whole)
    return [laid(result, one) for view in QUESTION for one in view(result)]


def plain_text(result: Result, whole: bool = False) -> str:
    """What a terminal shows."""
    lines = []
    found = shown(result, whole)
    kinds = {one.kind for one in found}
    for one in found:
        if one.kind == "gradient" or (one.kind == "partial" and "result" in kinds):
            continue
        lines.append(f"{one.text}    {one.note}" if one.kind == "steps" else one.text)
        if one.note and one.kind == "echo" and not one.text.endswith(one.note):
            lines += [f"    {one.note}"]
    return "\n".join([*lines, *said(result)])


def said(result: Result) -> list[str]:
    """What the numbers at the current point say, in lines of text."""
    if isinstance(result, Unsized):
        return []
    if asking := [words for option, words in ASKING.items() if option in result.besides]:
        return asking[:1]
    return [*numbers(result), *volumes(result), *bending(result), *near(result)]


def full_latex(result: Result) -> str:
    """LaTeX of the Jacobian, whole; it reads back in a block."""
    node = result.total(safe=False)[0]
    _, columns = node.shape
    layout = layout_of(result)
    flat = [layout(entry) for entry in result.slopes(node)]
    rows = tuple(tuple(flat[k : k + columns]) for k in range(0, len(flat), columns))
    whole = equal(t.Jacobian(), flat[0] if len(flat) == 1 else t.Matrix(rows))
    return latex(t.children(laid_tree(result, whole))[-1])
