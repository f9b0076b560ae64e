"""Every name that a line declares is noted before any expression is read."""

from __future__ import annotations

from dataclasses import replace

from jacmagic import names
from jacmagic.errors import JacmagicError, NameMistake, SyntaxMistake
from jacmagic.functions import CONSTANTS, SPELLINGS
from jacmagic.language import nodes as s
from jacmagic.language.derivatives import check_declared
from jacmagic.language.keys import key_of
from jacmagic.language.letters import KEYWORDS, ONES, names_something, shift_of
from jacmagic.language.reading import Reader
from jacmagic.language.statements import parse_names
from jacmagic.language.words import Scope
from jacmagic.program.batches import COLUMNS, ROWS
from jacmagic.program.block import Declared, Draft, line
from jacmagic.program.statements import Unfolded, looks_like_value


def declare(text: str, net: bool, unfolded: Unfolded, wrt: str | None) -> Declared:
    """The names of a block with what its lines say of each; `wrt` is the magic's line.

    Raises:
        NameMistake: a name is a word of the language, or is said twice.
    """
    scope = Scope(net=net, timed=set(unfolded.timed), rates=dict(unfolded.rates))
    drafts: dict[str, Draft] = {}
    for statement in unfolded.statements:
        for word in statement.names:
            key = free_key(text, word)
            scope.names.add(key)
            if statement.kind == "equation":
                scope.rates.setdefault(key, names.rate(key))
                scope.timed.add(key)
                key = names.rate(key)
                scope.ends[key] = statement.span.stop
            drafts[key] = said(drafts.get(key, Draft()), word, statement)
            note_kind(text, scope, key, statement)
        if statement.kind in ("function", "unknown"):
            scope.functions[key_of(statement.names[0])] = params = arguments(text, statement)
            scope.names.update(params)
    for key, statement in unfolded.said.implicit.items():
        scope.names.update((free_key(text, statement.names[0]), *arguments(text, statement)))
        scope.depends[key] = arguments(text, statement)
        check_defined_once(drafts.get(key, Draft()).define, statement)
    try:
        columns = tuple(parse_names(wrt)) if wrt else ()
        scope.names.update(free_key(wrt or "", word) for word in columns)
    except JacmagicError as error:
        raise error.bind(wrt or "") from None
    check_declared(Reader(text, scope), unfolded.statements)
    return Declared(
        text=text, net=net, wrt=wrt or "", columns=columns, statements=unfolded.statements, drafts=drafts,
        scope=scope, evaluated={}, said=unfolded.said,
    )


def check_defined_once(define: s.Statement | None, line_: s.Statement) -> None:
    """No line defines y besides y = y(x) and an equation; a value is where the equation is solved from."""
    if define is not None and not looks_like_value(define):
        word = define.names[0]
        raise NameMistake(
            f"{word.typed} is defined on {line(define.span)}, and {line(line_.span)} says that an equation defines it.",
            word.span,
        )


def said(draft: Draft, word: s.Word, statement: s.Statement) -> Draft:
    """What one more line says of a name."""
    draft = replace(draft, words=(*draft.words, word.span))
    if statement.kind != "declare":
        if draft.define is not None:
            prime = "'" if draft.define.kind == statement.kind == "equation" else ""
            first = draft.define
            head = f"{word.typed}({', '.join(one.typed for one in first.params)})"  # F = 0: the equation, not a value
            raise NameMistake(
                f"{word.typed}{prime} is defined on {line(first.span)} and again on {line(statement.span)}.",
                word.span, (head,) if first.kind == "function" and looks_like_value(statement) else (),
            )
        draft = replace(draft, define=statement)
    if statement.size is not None:
        if draft.size is not None:
            raise twice(word, "size", draft.size, statement)
        draft = replace(draft, size=statement)
    if statement.range is not None:
        if draft.range is not None:
            raise twice(word, "range", draft.range[0], statement)
        draft = replace(draft, range=(statement, statement.range))
    if statement.batch is not None:
        draft = replace(draft, batch=COLUMNS if statement.batch.text.endswith("columns") else ROWS)
    if statement.role is not None:
        if draft.role is not None:
            raise NameMistake(f"The role of {word.typed} is said twice.", statement.role.span)
        draft = replace(draft, role=(word, statement.role.text))
    return draft


def twice(word: s.Word, what: str, first: s.Statement, second: s.Statement) -> NameMistake:
    message = f"{word.typed} has a {what} on {line(first.span)} and another on {line(second.span)}."
    return NameMistake(message, second.span)


def arguments(text: str, statement: s.Statement) -> tuple[str, ...]:
    """The keys of a function's arguments."""
    if statement.params and statement.names[0].typed == "at":
        said = "at stands in front of a point, at x = 1, y = 2, and names no function."
        raise NameMistake(said, statement.names[0].span)
    params = tuple(free_key(text, word) for word in statement.params)
    for k, param in enumerate(params):
        if param in params[:k]:
            word = statement.params[k]
            raise NameMistake(f"{word.typed} stands twice among the arguments.", word.span)
    return params


def note_kind(text: str, scope: Scope, key: str, statement: s.Statement) -> None:
    """A size, or a right side that is plainly a vector, makes x2 the second component of x."""
    if statement.size is not None and statement.size.dims:
        dims = statement.size.dims
        (scope.vectors if len(dims) == 1 else scope.matrices).add(key)
        if len(dims) == 1:
            scope.lengths[key] = text[dims[0].span.start : dims[0].span.stop]
    raw = statement.expr
    if statement.kind != "declare" and isinstance(raw, s.Run) and len(raw.items) == 1 and not raw.items[0].posts:
        group = raw.items[0].atom
        if isinstance(group, s.Group):
            rows, width = len(group.rows), len(group.rows[0])
            nested = [Reader.literal(entry) for entry in group.rows[0]]
            matrix = (rows > 1 and width > 1) or all(g is not None and g.bracket == "[" for g in nested)
            if group.bracket in ("[", "env") and not matrix or group.bracket == "(" and width > 1:
                scope.vectors.add(key)


def free_key(text: str, word: s.Word) -> str:
    """The key of a name that a line declares; built-in words and constants cannot be."""
    key = key_of(word)
    if word.index is None and word.text in CONSTANTS:
        shown = text[word.span.start : word.span.stop]
        raise NameMistake(f"{shown} is a constant and cannot be given another meaning; {shown}_1 is a name.", word.span)
    if word.text == ONES:
        raise NameMistake(f"{ONES} is the vector of ones and cannot be given another meaning.", word.span)
    if word.typed in SPELLINGS:
        raise NameMistake(f"{word.text} is a function and cannot be given another meaning.", word.span)
    if word.text in KEYWORDS:
        raise NameMistake(f"{word.text} is a word of the language and cannot be a name.", word.span)
    if word.parts and word.index is not None and not names_something(shift_of(word.index)):
        raise SyntaxMistake("A name is given to a whole vector or matrix, not to a component.", word.span)
    return key
