"""The lines of a block in their long form, before a name is looked at.

A net in one line becomes its layers, x'' = … two equations, an expression that
stands alone a definition, and f(3) below a function a question.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from jacmagic.errors import NameMistake, ShapeError, Span, SyntaxMistake, nearest
from jacmagic.functions import CONSTANTS, FUNCTIONS, SPELLINGS, find
from jacmagic.language import nodes as s
from jacmagic.language.keys import key_of
from jacmagic.program import equations
from jacmagic.program.equations import Said

EXAMPLE = "f(x, y) = x^2 y + sin y"
NET_EXAMPLE = "x(3) -> 4 tanh -> 2 softmax"


def activations() -> list[str]:
    """What may stand behind a layer's size in a net on one line."""
    return [name for name, row in FUNCTIONS.items()
            if row.kind in ("entrywise", "vector") and row.arity == (1, 1) and name != "diag"]


@dataclass(frozen=True)
class Unfolded:
    """The lines in their long form.

    timed     the names of x = x(t), which change in time
    rates     the variables of x'' = …, with the name of the derivative: {"x": "v"}
    said      what the lines say that define nothing
    """

    statements: tuple[s.Statement, ...]
    timed: frozenset[str] = frozenset()
    rates: Mapping[str, str] = field(default_factory=dict)
    said: Said = field(default_factory=Said)


def unfold(text: str, statements: Sequence[s.Statement], wrt: str | None = None, net: bool = False) -> Unfolded:
    """Write nets in one line in their long form; name an expression that stands alone, and what is left of =."""
    statements, said = equations.settled(statements, wrt, net)
    out, timed, rates = split_rates(text, [line for one in statements for line in in_lines(text, one, statements)])
    functions = {key_of(one.names[0]) for one in out if one.kind == "function"}
    out = [replace(one, kind="asked") if asks(one, functions) else one for one in out]
    return Unfolded(tuple(named(text, out, statements)), timed, rates, said)


def in_lines(text: str, statement: s.Statement, statements: Sequence[s.Statement]) -> list[s.Statement]:
    """The lines that a line stands for: of a net its layers."""
    if statement.kind != "net":
        return [statement]
    layers = layers_of(text, statement)
    check_net_input(statement, statements)
    return layers


def named(text: str, lines: list[s.Statement], typed: Sequence[s.Statement]) -> list[s.Statement]:
    """The lines, the expression that stands alone beside sizes and values with a name of its own."""
    expressions = [one for one in lines if one.kind == "expression"]
    for one in expressions:
        if isinstance(one.expr, s.Relation) and one.expr.relations == ("==",):
            at = text.index("=", one.expr.operands[0].span.stop)
            raise SyntaxMistake("One = says what a name is.", Span(at, at + 2), ("=",))
    if not expressions:
        return lines
    alone = expressions[-1]
    rest = (one for one in lines if one is not alone)
    beside = not all(one.kind == "declare" or one.kind == "define" and looks_like_value(one) for one in rest)
    if beside:
        check_alone(text, alone, lines, alone is typed[0])
    shown = free_name(lines, *(("uvwzpqfgh", "u1") if beside else ("fghFGH", "f")))
    name = s.Word(Span(alone.span.start, alone.span.start), shown, None, (), True)
    new = s.Statement(alone.span, "nameless" if beside else "define", (name,), expr=alone.expr)
    return [new if one is alone else one for one in lines]


def check_alone(text: str, line: s.Statement, lines: Sequence[s.Statement], first: bool) -> None:
    """What an expression beside other lines cannot be."""
    if text[line.span.start] in "+-−" and not first:
        raise SyntaxMistake(
            f"This line begins with {text[line.span.start]}: a line goes on only while a bracket is open.",
            Span(line.span.start, line.span.start + 1),
        )
    if isinstance(line.expr, (s.Relation, s.Boolean)):
        raise SyntaxMistake("A condition is no line; a range is written k in [0, 5].", line.span)
    if asked := called_alone(text, line, {key_of(one.names[0]) for one in lines if one.kind == "function"}):
        raise SyntaxMistake(
            f"{asked} on a line of its own shows the value and the derivative there.", line.span, (asked,)
        )


def split_rates(
    text: str, statements: list[s.Statement]
) -> tuple[list[s.Statement], frozenset[str], dict[str, str]]:
    """x'' = … as two equations, x' = v and v' = …; without x = x(t); and x_dot = … as what it says here."""
    stated = {
        key_of(word) for one in statements for word in (*one.params, *(one.names if one.kind == "declare" else ()))
    }
    used = {key_of(raw) for one in statements for raw in s.nodes(one.expr) if isinstance(raw, s.Word)}
    found: list[s.Statement] = []
    for one in statements:
        if one.dotted is not None and one.kind == "equation":  # ẋ = 3 as the point of L(x, ẋ)
            key = key_of(one.dotted)
            if key in stated or (key in used and looks_like_value(one)):
                one = replace(one, kind="define", names=(one.dotted,))
        found.append(one)
    out: list[s.Statement] = []
    timed: set[str] = set()
    rates: dict[str, str] = {}
    for one in found:
        name = one.names[0] if one.names else None
        if one.kind == "time" and name is not None:
            timed.add(key_of(name))
        elif one.kind == "second" and name is not None:
            rate = velocity(text, name, [*found, *out])
            rates[key_of(name)] = key_of(rate)
            first = s.Run(name.span, (made(rate),))
            out.append(replace(one, kind="equation", expr=first, size=None))
            out.append(replace(one, kind="equation", names=(rate,)))
        else:
            out.append(one)
    return out, frozenset(timed), rates


def words_in(statements: Sequence[s.Statement]) -> list[s.Word]:
    """The words that lines define and use."""
    found = (raw for one in statements for raw in (*one.names, *one.params, *s.nodes(one.expr)))
    return [raw for raw in found if isinstance(raw, s.Word)]


def free_name(statements: Sequence[s.Statement], letters: str, otherwise: str) -> str:
    """What a line without a name may be called."""
    taken = {word.text for word in words_in(statements)}
    return next((letter for letter in letters if letter not in taken), otherwise)


def velocity(text: str, name: s.Word, statements: Sequence[s.Statement]) -> s.Word:
    """The name of x′ where x'' = … stands: the first of v, w, u, with the index of x, that is free."""
    words = words_in(statements)
    taken = {key_of(word) for word in words}
    declared = {key_of(word) for one in statements for word in (*one.names, *one.params)}
    glued = {
        letter for word in words for letter in word.text
        if word.index is None and not word.whole and key_of(word) not in declared and word.text not in SPELLINGS
    }
    digits = name.text[len(name.text.rstrip("0123456789")) :]
    for letter in "vwu":
        new = s.Word(name.span, letter + digits, name.index, (), True)
        if key_of(new) not in taken and (key_of(new) != letter or letter not in glued):
            return new
    shown = text[name.span.start : name.span.stop]
    raise NameMistake(
        f"v, w and u are taken: give the derivative of {shown} a name of its own, as in {shown}' = p, p' = ….",
        name.span,
    )


def asks(statement: s.Statement, functions: Collection[str]) -> bool:
    """True for f(3), alone on its line, of a function of the block."""
    raw = statement.expr
    if statement.kind != "expression" or not isinstance(raw, s.Run) or len(raw.items) != 2:
        return False
    name, group = raw.items[0].atom, raw.items[1].atom
    plain = not raw.items[0].posts and not raw.items[1].posts and raw.items[1].operator == ""
    if not plain or not isinstance(name, s.Word) or not isinstance(group, s.Group) or key_of(name) not in functions:
        return False
    return looks_like_value(replace(statement, expr=group))


def called_alone(text: str, statement: s.Statement, functions: Collection[str]) -> str:
    """f(3) of the line f'(3) or 2f(3) + 1, in which nothing varies; of another line ""."""
    words = [raw for raw in s.nodes(statement.expr) if isinstance(raw, s.Word)]
    if not all(key_of(word) in functions or find(word.typed) or word.text in CONSTANTS for word in words):
        return ""
    for run in s.nodes(statement.expr):
        for name, group in pairwise(run.items if isinstance(run, s.Run) else ()):
            if isinstance(name.atom, s.Word) and key_of(name.atom) in functions and isinstance(group.atom, s.Group):
                called, inside = name.atom.span, group.atom.span
                return text[called.start : called.stop] + text[inside.start : inside.stop]
    return ""


def looks_like_value(statement: s.Statement) -> bool:
    return statement.python is not None or not any(
        isinstance(raw, s.Word) and find(raw.typed) is None and raw.text not in CONSTANTS
        for raw in s.nodes(statement.expr)
    )


def check_net_input(net: s.Statement, statements: Sequence[s.Statement]) -> None:
    """The input of a net in one line has a size, there or on a line of its own."""
    name, size = net.names[0], net.layers[0].size
    others = {key_of(word) for one in statements if one is not net for word in one.names}
    if size is None and key_of(name) not in others:
        raise ShapeError(f"The input {name.typed} needs a size.", name.span, (f"{name.typed}(3)",))


def layers_of(text: str, statement: s.Statement) -> list[s.Statement]:
    """The layers of a net in one line as definitions: h1 = tanh(W1 x + c1) in R^4."""
    layers = statement.layers
    first = layers[0]
    assert first.name is not None
    out = []
    if first.size is not None:
        out.append(s.Statement(first.span, "declare", (first.name,), size=s.Size(first.span, (first.size,))))
    named = [first.name, *(layer.name for layer in layers[1:] if layer.name)]
    for k, name in enumerate(named):
        if key_of(name) in map(key_of, named[:k]):
            raise NameMistake(f"Two layers are called {name.typed}.", name.span)
    taken = set(map(key_of, named))
    before = first.name
    for k, layer in enumerate(layers[1:], start=1):
        here, last = layer.span, k == len(layers) - 1
        assert layer.size is not None  # only the input may go without
        label = layer.name or s.Word(here, "o" if last else f"h{k}")
        if layer.name is None and label.text in taken:
            size = text[layer.size.span.start : layer.size.span.stop]
            new = next(f"{label.text}{n}" for n in range(2, len(layers) + 3) if f"{label.text}{n}" not in taken)
            tail = text[layer.size.span.stop : here.stop]
            raise NameMistake(
                f"The layer would be called {label.text}, which is taken; name it.", here, (f"{new}({size}){tail}",)
            )
        affine: s.Raw = s.Terms(here, (
            (1, s.Run(here, (made(s.Word(here, f"W{k}")), made(replace(before, span=here))))),
            (1, s.Run(here, (made(s.Word(here, f"c{k}")),))),
        ))
        if layer.activation is not None:
            function = activation(text, layer.activation)
            affine = s.Run(here, (made(function), made(s.Group(here, "(", ((affine,),)), gap=False)))
        out.append(s.Statement(here, "define", (label,), expr=affine, size=s.Size(layer.size.span, (layer.size,))))
        before = label
    return out


def activation(text: str, word: s.Word) -> s.Word:
    """The function that is meant behind a layer's size."""
    if key_of(word) == "sigma":
        return replace(word, text="sigmoid")
    row = find(word.typed)
    if row is None or row.kind not in ("entrywise", "vector") or row.arity != (1, 1) or row.name == "diag":
        shown = text[word.span.start : word.span.stop]
        plain = word.text.lower().replace("_", "")
        if plain in ("batchnorm", "dropout", "flatten", "maxpool", "conv", "identity", "linear", "none"):
            told = "without one a layer is affine: -> 4" if plain in ("identity", "linear", "none") else (
                "a layer is W x + c and an activation; all else is a line of its own")
            raise NameMistake(f"{shown} is not an activation; {told}.", word.span)
        close = nearest(word.text, activations()) if row is None else []
        raise NameMistake(f"{shown} is not an activation.", word.span, close)
    return word


def made(atom: s.Raw, gap: bool = True) -> s.Item:
    """A factor that nobody typed."""
    return s.Item(atom.span, "", False, gap, atom)


def nothing_to_do(net: bool, span: Span | None = None) -> SyntaxMistake:
    thing, example = ("layer", NET_EXAMPLE) if net else ("function", EXAMPLE)
    return SyntaxMistake(f"There is nothing to differentiate in this block; write a {thing}.", span, (example,))
