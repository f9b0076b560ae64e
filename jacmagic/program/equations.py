"""Equations, maps, and names that depend on others, before a name is looked at: which name each line defines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jacmagic import names
from jacmagic.errors import NameMistake, ShapeError, SyntaxMistake
from jacmagic.functions import find
from jacmagic.language import nodes as s
from jacmagic.language.derivatives import splits
from jacmagic.language.equations import difference, has_names, is_zero
from jacmagic.language.keys import key_of

LETTERS = "FGRHKPQ"
"""What residuals are called, the first that no name has."""


@dataclass(frozen=True)
class Said:
    """What lines say that define nothing.

    zeros     the functions that F(x, y) = 0 says are 0
    implicit  the names of y = y(x) that equations define
    points    the lines `at x = a`
    """

    zeros: frozenset[str] = frozenset()
    implicit: Mapping[str, s.Statement] = field(default_factory=dict)
    points: tuple[s.Statement, ...] = ()


def settled(statements: Sequence[s.Statement], columns: str | None, net: bool) -> tuple[list[s.Statement], Said]:
    """The lines with a name for each that defines something, and what the others say.

    Raises:
        SyntaxMistake: an equation in a net; x(0) = 1 of what does not change.
        NameMistake: as many equations as names of y = y(x) are not there.
    """
    found, zeros = residuals(one_by_one(statements), columns or "", net)
    found = found if net else maps(found)
    found = with_starts(found)
    found, implicit = dependent(found, zeros, net)
    points = tuple(one for one in found if one.kind == "at")
    return [one for one in found if one.kind != "at"], Said(zeros, implicit, points)


def dependent(
    statements: Sequence[s.Statement], zeros: Collection[str], net: bool
) -> tuple[list[s.Statement], dict[str, s.Statement]]:
    """The lines with u = u(x, t), functions of which nothing is known, above their uses; what equations define."""
    system = any(one.kind in ("equation", "second", "map") for one in statements)
    asked = [one for one in statements if one.kind == "depends" or one.kind == "time" and not system]
    rest = [one for one in statements if one not in asked]
    conditions = [one for one in rest if one.kind == "residual" or one.names and key_of(one.names[0]) in zeros]
    if differential(statements, conditions, asked):
        conditions = []
    defined = {key_of(one.names[0]): one for one in asked if any(may_read(c, one.names[0]) for c in conditions)}
    check_arguments(asked, net)
    lines = [replace(one, kind="unknown") if one in asked else one for one in statements]
    return above_uses([one for one in lines if key_of_line(one) not in defined or one.kind != "unknown"]), defined


def differential(
    statements: Sequence[s.Statement], conditions: Sequence[s.Statement], asked: Sequence[s.Statement]
) -> bool:
    """True where a derivative stands in a condition."""
    moving = {"", *keys_of([word for one in asked for word in (*one.names, *one.params)])}
    if any(key_of(name) == "d" for one in statements for name in (*one.names, *one.params)):
        moving = set()  # dx is d·x
    raws = [raw for one in conditions for raw in s.nodes(one.expr)]
    return any(is_derivative(raw, asked) or is_quotient(raw, moving) for raw in raws)


def key_of_line(line: s.Statement) -> str:
    return key_of(line.names[0]) if line.names else ""


def above_uses(lines: Sequence[s.Statement]) -> list[s.Statement]:
    """The lines with each u = u(x, t) above the first that reads u."""
    found = list(lines)
    for _ in range(sum(one.kind == "unknown" for one in lines)):  # x = x(t) above f = f(x), which is above z = f
        for one in [one for one in found if one.kind == "unknown"]:
            readers = [k for k, other in enumerate(found) if other is not one and may_read(other, one.names[0])]
            if readers and readers[0] < found.index(one):
                found.remove(one)
                found.insert(readers[0], one)
    return found


def check_arguments(lines: Sequence[s.Statement], net: bool) -> None:
    """u = u(x, t) has different names for arguments, and none in a net."""
    for one in lines:
        if net:
            raise SyntaxMistake("In a net every name has a line that says what it is, or none.", one.span)
        if len({key_of(word) for word in (*one.names, *one.params)}) <= len(one.params):
            raise NameMistake("The arguments are different names.", one.span)


def may_read(line: s.Statement, name: s.Word) -> bool:
    """True where a line may read a name, alone or glued to others."""
    key = key_of(name)
    words = [raw for raw in s.nodes(line.expr) if isinstance(raw, s.Word)]
    words += line.params
    glued = [word for word in words if word.text != key and not word.whole and len(key) == 1]
    return any(key_of(word) == key for word in words) or any(key in word.text for word in glued)


def is_derivative(raw: s.Raw, asked: Sequence[s.Statement]) -> bool:
    """True of the signs of a derivative, and of u_xx beside u = u(x, t)."""
    if isinstance(raw, s.Word) and raw.index is not None:
        base = key_of(s.Word(raw.span, raw.text))
        params = [keys_of(one.params) for one in asked if key_of(one.names[0]) == base]
        return any(any(splits(raw, one)) for one in params)
    return raw.text in ("∂", "∇") if isinstance(raw, s.Word) else isinstance(raw, s.Post) and raw.kind == "'"


def is_quotient(raw: s.Raw, moving: Collection[str]) -> bool:
    """True of dy/dx and d^2 y/d x^2: above and below it begins with a d."""
    def is_d(raw: s.Raw) -> bool:
        first = raw.items[0].atom if isinstance(raw, s.Run) else raw
        return isinstance(first, s.Word) and first.text[:1] == "d" and first.text[1:] in moving

    if isinstance(raw, s.Frac):
        return is_d(raw.above) and is_d(raw.below)
    return isinstance(raw, s.Run) and is_d(raw) and any(one.operator == "/" and is_d(one.atom) for one in raw.items)


def one_by_one(statements: Sequence[s.Statement]) -> list[s.Statement]:
    """The lines with a definition for each name of (x, y) = …"""
    found: list[s.Statement] = []
    for one in statements:
        found += definitions(one) if one.kind == "several" else [one]
    return found


def definitions(line: s.Statement) -> list[s.Statement]:
    """x = …, y = … of (x, y) = (…), or of a right side that is a vector."""
    right = s.unwrapped(line.expr) if line.expr is not None else None
    if isinstance(right, s.Group) and right.bracket in ("(", "[", "env"):
        entries = [entry for row in right.rows for entry in row]
        if len(entries) > 1 and len(entries) != len(line.names):
            said = f"{len(line.names)} names stand left of =, and {len(entries)} entries right of it."
            raise ShapeError(said, line.span)
        if len(entries) > 1:
            return [replace(line, kind="define", names=(name,), expr=e) for name, e in zip(line.names, entries)]
    assert line.expr is not None
    whole = s.Group(line.expr.span, "(", ((line.expr,),))
    found = []
    for k, name in enumerate(line.names):
        place = s.Post(line.expr.span, "[", (s.Num(line.expr.span, str(k + 1)),))
        item = s.Item(line.expr.span, "", False, False, whole, (place,))
        found.append(replace(line, kind="define", names=(name,), expr=s.Run(line.expr.span, (item,))))
    return found


def residuals(
    statements: Sequence[s.Statement], columns: str, net: bool
) -> tuple[list[s.Statement], frozenset[str]]:
    """The lines with a name for every residual, and the functions that F(x, y) = 0 says are 0.

    Raises:
        SyntaxMistake: an equation in a net.
    """
    found: list[s.Statement] = []
    functions: dict[str, s.Statement] = {}
    zeros: dict[str, s.Statement] = {}
    for one in statements:
        key = key_of(one.names[0]) if one.kind == "function" else ""
        above = functions.setdefault(key, one)
        if not key or above is one or has_names(one.expr):
            found.append(one)
        elif one.expr is not None and is_zero(one.expr) and keys_of(above.params) == keys_of(one.params):
            zeros[key] = one
        else:
            found.append(of_function(one))
    equations = [one for one in found if one.kind == "residual"]
    if net and (equations or zeros):
        first = min(one.span for one in (*equations, *zeros.values()))
        raise SyntaxMistake("An equation is no layer of a net: one name stands left of =.", first)
    return named(found, columns) if equations else found, frozenset(zeros)


def named(statements: Sequence[s.Statement], columns: str) -> list[s.Statement]:
    """The lines with F for the residual, F_1, F_2, … for several."""
    letter, several = free_letter(statements, columns), sum(one.kind == "residual" for one in statements) > 1
    found, number = [], 0
    for one in statements:
        number += one.kind == "residual"
        found.append(called(one, letter, number if several else 0) if one.kind == "residual" else one)
    return found


def keys_of(words: Sequence[s.Word]) -> list[str]:
    return list(map(key_of, words))


def called(line: s.Statement, letter: str, number: int) -> s.Statement:
    """A residual with its name: F, or F_1 of several."""
    return replace(line, names=(s.Word(line.names[0].span, letter, str(number) if number else None, (), True),))


def of_function(line: s.Statement) -> s.Statement:
    """f(x, y) = 3 below f(x, y) = … as the residual f(x, y) - 3."""
    assert line.expr is not None
    name = line.names[0]
    entries = tuple(s.Run(word.span, (made(word),)) for word in line.params)
    call = s.Run(name.span, (made(name), replace(made(s.Group(name.span, "(", (entries,))), gap=False)))
    return replace(line, kind="residual", params=(), expr=difference(call, line.expr, line.span))


def made(atom: s.Raw) -> s.Item:
    return s.Item(atom.span, "", False, True, atom)


def free_letter(statements: Sequence[s.Statement], columns: str) -> str:
    """F, or the first of LETTERS that is in no name of the block."""
    pieces = [(*one.names, *one.params, *s.nodes((one.expr, one.places))) for one in statements]
    words = [raw for part in pieces for raw in part if isinstance(raw, s.Word)]
    taken = "".join([*(word.text for word in words if find(word.typed) is None), columns])
    for letter in LETTERS:
        if letter not in taken:
            return letter
    raise NameMistake(f"{', '.join(LETTERS)} are taken: give this line a name of its own.", words[0].span)


def maps(statements: Sequence[s.Statement]) -> list[s.Statement]:
    """The lines with x_{n+1} = … as an equation of a map, where some line reads x_n."""
    now = [names.of_next(key_of(one.names[0])) if one.kind == "define" else "" for one in statements]
    if not any(now):
        return list(statements)
    read = {key_of(raw) for one in statements for raw in s.nodes(one.expr) if isinstance(raw, s.Word)}
    return [replace(one, kind="map") if key in read else one for one, key in zip(statements, now)]


def with_starts(statements: Sequence[s.Statement]) -> list[s.Statement]:
    """The lines with a value, the point that is shown, for x(0) = 1: where the trajectory of a system or a map starts.

    In a map that is x_0 = 1, too, and x = 1, where nothing reads these names.

    Raises:
        SyntaxMistake: there is neither; a start that is no number.
        NameMistake: no line says how the name changes.
    """
    moving = {key_of(one.names[0]): one.names[0] for one in statements if one.kind in ("equation", "second")}
    read = [raw for one in statements for raw in s.nodes(one.expr) if isinstance(raw, s.Word)]
    nexts = {names.of_next(key_of(one.names[0])) for one in statements if one.kind == "map"}
    stepped = {names.name(key_of(word)).unindexed: word for word in read if key_of(word) in nexts}
    moving |= stepped
    free = {form: word for base, word in stepped.items() for form in (base, base + "0")}
    for raw in read:
        free.pop(key_of(raw), None)
    valued = {key_of(one.names[0]) for one in statements if one.kind == "define"}
    found: list[s.Statement] = []
    for one in statements:
        if one.kind != "start":
            found.append(first_of_map(one, free))
        elif key_of(name := starting(one, moving)) not in valued:
            found.append(replace(one, kind="define", names=(name,)))
    return found


def starting(one: s.Statement, moving: Mapping[str, s.Word]) -> s.Word:
    """The name that x(0) = 1 gives a value to."""
    word = one.names[0]
    if not moving:
        raise SyntaxMistake("The arguments of a function are names; a point is given as x = 3.", word.span)
    if key_of(word) not in moving:
        raise NameMistake(f"No line says how {word.typed} changes, so that it starts nowhere.", word.span)
    if has_names(one.expr):
        raise SyntaxMistake(f"A trajectory starts at a number: {word.typed}(0) = 1.", one.span)
    return replace(moving[key_of(word)], span=word.span)


def first_of_map(one: s.Statement, free: Mapping[str, s.Word]) -> s.Statement:
    """x_0 = 1 and x = 1 as x_n = 1, where they are free for that."""
    if one.kind != "define" or one.params or len(one.names) != 1 or has_names(one.expr):
        return one
    meant = free.get(key_of(one.names[0]))
    return one if meant is None else replace(one, names=(replace(meant, span=one.names[0].span),))
