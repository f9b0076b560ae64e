"""The right sides of a block: read, in order, and looked through for slips of the pen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from jacmagic import names
from jacmagic.errors import JacmagicError, NameMistake, Span, SyntaxMistake, ValueMistake
from jacmagic.language import nodes as s
from jacmagic.language import slips
from jacmagic.language import tree as t
from jacmagic.language.equations import FOUND, on_one_side
from jacmagic.language.keys import key_of
from jacmagic.language.letters import INDEX_LETTERS
from jacmagic.program.block import Declared, Settled, Sized, grown, line
from jacmagic.program.uses import names_in, use_of


def read(block: Declared) -> Settled:
    """The right sides as trees; what has no names in it is a value."""
    check_named(block)
    trees: dict[str, t.Expr] = {}
    sequence, asked = [], []
    values = {}
    for statement in block.statements:
        if statement.kind == "declare":
            continue
        key = key_of(statement.names[0]) if statement.names else ""
        key = names.rate(key) if statement.kind == "equation" else key
        if statement.python is not None:
            values[key] = statement
            continue
        assert statement.expr is not None
        if statement.kind == "unknown":
            trees[key] = unknown(statement)
            sequence.append((key, statement))
            continue
        expr = right_side(block, statement)
        if statement.kind == "asked":
            call = t.inside(expr)
            assert isinstance(call, t.UserCall)
            asked.append(("", statement, call))
            continue
        trees[key] = expr
        if statement.kind == "define" and not names_in(expr):
            values[key] = statement
            continue
        sequence.append((key, statement))
        if statement.range is not None:
            raise ValueMistake(
                f"{statement.names[0].typed} is defined by the names in it and has no slider of its own.",
                statement.range.span,
            )
    found = grown(Settled, block, trees=trees, sequence=tuple(sequence), values=values, asked=tuple(asked))
    for tree in trees.values():
        for number in t.walk(tree):
            if isinstance(number, t.Number):
                block.reader.check_number(number, found.used)
    return found


def check_named(block: Declared) -> None:
    """No line is an expression beside others; a name for it is offered where it reads."""
    for statement in block.statements:
        if statement.kind != "nameless":
            continue
        shown = block.source(statement.span)
        fix = (f"{statement.names[0].text} = {shown}",) if len(shown) < 80 and "\n" not in shown else ()
        try:
            right_side(block, statement)
        except JacmagicError:
            fix = ()
        raise SyntaxMistake("This line has no name: say what it is.", statement.span, fix)


def right_side(block: Declared, statement: s.Statement) -> t.Expr:
    """The right side of a line, or the difference of both."""
    assert statement.expr is not None
    try:
        block.scope.own = key_of(statement.names[0]) if statement.kind == "define" else ""
        expr = block.reader.value(statement.expr)
        check_left(block, statement, expr)
        return expr
    except NameMistake:
        left = statement.names[0].span if statement.kind == "residual" else Span(0, 0)
        if slips.is_words(block.source(left)):  # let f(x)
            raise SyntaxMistake("One name is expected before =.", left) from None
        if slips.is_partial(block.source(left)):  # of an f that no line defines
            raise SyntaxMistake(f"{block.source(left)} is a derivative, and {FOUND}.", left) from None
        raise


def check_left(block: Declared, statement: s.Statement, expr: t.Expr) -> None:
    """No derivative stands alone left of =."""
    left = statement.names[0].span if statement.kind == "residual" else None
    first = expr.terms[0][1] if isinstance(expr, t.Sum) else expr
    if left is not None and isinstance(first, t.DERIVATIVES) and first.span == left:
        shown, rest = block.source(left), block.text[left.stop : statement.span.stop].partition("=")[2].strip()
        fix = () if "\n" in rest else (on_one_side(shown, rest),)
        raise SyntaxMistake(f"{shown} is a derivative, and {FOUND}.", statement.span, fix)


def unknown(line_: s.Statement) -> t.Unknown:
    """What u = u(x, t) says."""
    names_ = tuple(t.Name(key_of(word), span=word.span) for word in line_.params)
    return t.Unknown(key_of(line_.names[0]), names_, span=line_.span)


def check_names(block: Settled) -> Settled:
    """The block, where no name is both a variable and defined, and none looks like a slip.

    Raises:
        NameMistake: with both lines, or with what may be meant.
    """
    for key, statement in block.sequence:
        primed = block.drafts.get(names.rate(key))
        if primed is not None and primed.define is not None and primed.define.kind == "equation":
            name = statement.names[0]
            raise NameMistake(
                f"{name.typed} is a variable, as {line(primed.define.span)} says how it changes in time; "
                f"{line(statement.span)} defines it.", name.span,
            )
    declared = block.scope.names | {param for params in block.scope.functions.values() for param in params}
    for key, _ in block.sequence:
        error = slips.times_ten(block.trees[key], block.text, lambda name: name in declared)
        if error is not None:
            raise error
    check_kin(block, {key for key, _ in block.sequence})
    check_components(block)
    check_slips(block)
    check_by(block)
    return block


def check_components(block: Settled) -> None:
    """Beside x in R^2 no line gives x2 another meaning: it is the second entry. In nets x1 may be the next layer."""
    drafts = () if block.net else block.drafts.values()
    used = {one.key for tree in block.trees.values() for one in t.walk(tree) if isinstance(one, t.Name)}
    given = [one for draft in drafts for one in (draft.define, draft.size) if one is not None]
    for statement in (one for one in given if one.size is None or not one.size.dims):
        for word in (*statement.names, *statement.params):
            name = names.name(key_of(word))
            base, length = block.drafts.get(name.base), block.scope.lengths.get(name.base, "")
            if base is None or base.define or base.size is None or not (name.tail.isdigit() and length.isdigit()):
                continue
            if name.base in used and 1 <= int(name.tail) <= int(length):
                raise NameMistake(
                    f"{word.typed} is an entry of {name.base} ({line(base.size.span)}): values are given to all of "
                    f"{name.base}, as in {name.base} = [1, 2], and what is no entry of it has another name.", word.span,
                )


def check_by(block: Settled) -> None:
    """A derivative, or a place, is by a name that stands in some formula or line, too: ∂f/∂z of f(x, y) is a slip."""
    below = [one for tree in block.trees.values() for one in t.walk(tree)]
    names_of = Counter(one.key for one in below if isinstance(one, t.Name))
    taken = [(one, name) for one in below for name in names_by(one)]
    names_of.subtract(name.key for _, name in taken)
    known = {*block.drafts, *(key_of(word) for word in block.columns), *block.scope.timed, *block.scope.names}
    known |= {param for params in block.scope.functions.values() for param in params}
    for one, name in taken:
        if name.key not in known and not names_of[name.key]:
            said = f"{block.source(name.span)} stands in no formula, so that nothing changes with it."
            raise NameMistake(said, one.span, by_arguments(block, one))


def names_by(one: t.Expr) -> list[t.Name]:
    """The names that ∂f/∂x, ∇_W L and a place |_{x = 3} speak of."""
    by: Iterable[t.Expr | None] = ()
    if isinstance(one, (t.Partial, t.Total)):
        by = one.by
    elif isinstance(one, t.Gradient):
        by = (one.by,)
    elif isinstance(one, t.Evaluated) and isinstance(one.place, t.Listing):
        by = (side.sides[0] for side in one.place.items if isinstance(side, t.Equation))
    return [name for name in by if isinstance(name, t.Name)]


def by_arguments(block: Settled, one: t.Expr) -> list[str]:
    """A derivative of a function by its own arguments, two of them."""
    of = getattr(one, "of", None)
    if not isinstance(of, t.Name) or isinstance(one, (t.Partial, t.Total)) and len(one.by) > 1:
        return []
    f, sign = block.source(of.span), "∂" if isinstance(one, t.Partial) else "d"
    params = block.scope.functions.get(of.key, ())[:2]
    return [f"∇_{x} {f}" if isinstance(one, t.Gradient) else f"{sign}{f}/{sign}{x}" for x in params]


def check_slips(block: Settled) -> None:
    """Names that look like slips, in the lines that define something."""
    used = block.used | {param for params in block.scope.functions.values() for param in params}
    for key, statement in [*block.values.items(), *((key, one) for key, one in block.sequence if one.kind == "define")]:
        if key not in used:
            check_product(block, statement, used)
    named = {key_of(word) for word in block.columns}
    arguments = {name for params in block.scope.functions.values() for name in params} | block.scope.timed
    free = {name for key, _ in block.sequence for name in names_in(block.trees[key])} - block.drafts.keys()
    varying = frozenset((named or arguments or free) | {key for key, _ in block.sequence})
    known = looked_at(block, varying)
    for key, statement in block.sequence:
        slips.check(line_of(block, key, statement), known)


def looked_at(block: Settled, varying: Collection[str]) -> slips.Block:
    names_, functions = frozenset(block.scope.names), block.scope.functions
    return slips.Block(block.text, names_, functions, frozenset(varying), block.net)


def line_of(block: Settled, key: str, statement: s.Statement) -> slips.Line:
    assert statement.expr is not None
    pairs = zip(block.scope.functions.get(key, ()), statement.params)
    typed = {name: block.source(word.span) for name, word in pairs}
    return slips.Line(key, statement.expr.span, block.trees[key], typed)


def check_product(block: Settled, statement: s.Statement, used: Collection[str]) -> None:
    """xy = 1, which says of the block's x and y what x y = 1 says, or is another name."""
    word, product = statement.names[0], " ".join(statement.names[0].typed)
    if len(word.typed) > 3 or len(set(word.typed)) < 2 or not set(word.typed).issubset(used):
        return
    right = block.text[word.span.stop : statement.span.stop]
    raise NameMistake(
        f"{word.typed} is made of the block's names {' and '.join(word.typed)}: is the product meant, "
        f"{product}{right}, an equation, or is it another name?", statement.span, (product + right,),
    )


def check_kin(block: Settled, unsettled: Collection[str] = ()) -> None:
    """f(x) = x_1^2 + x_2: the argument does not occur, but its indexed kin do; `unsettled` may be vectors yet."""
    for key, statement in block.sequence:
        if statement.kind != "function":
            continue
        used = dict.fromkeys(names_in(block.trees[key]))
        params = set(block.scope.functions[key])
        others = [u for u in used if u not in params and u not in block.drafts]
        for param, word in zip(block.scope.functions[key], statement.params):
            if param in used or param in block.scope.vectors or param in unsettled:
                continue
            kin = [u for u in others if names.name(u).unindexed == param]
            if not kin:
                continue
            check_layers(block, key, word, kin)
            indices = sorted((names.name(u).index for u in kin), key=names.natural)
            raise only_kin(block, key, statement, word, indices)


def only_kin(
    block: Settled, key: str, statement: s.Statement, word: s.Word, indices: Sequence[str]
) -> JacmagicError:
    """What is said of an argument x that does not occur where x_1 and x_2 do, or x2 alone, a lost power."""
    known, line_ = looked_at(block, ()), line_of(block, key, statement)
    if error := slips.lost_power(line_, known, slips.undeclared(line_, known)):
        return error
    shown = [f"{word.typed}_{i}" for i in indices]
    head = Span(statement.span.start, block.text.index(")", statement.params[-1].span.stop) + 1)
    inside = [", ".join(shown) if one is word else one.typed for one in statement.params]
    fixes = [f"{block.text[head.start : statement.names[0].span.stop]}({', '.join(inside)})"]
    if all(i.isdigit() and i != "0" for i in indices):
        fixes.insert(0, f"{word.typed} in R^{max(map(int, indices))}")
    return NameMistake(
        f"{word.typed} does not occur in {key}, but {' and '.join(shown)} "
        f"{'does' if len(indices) == 1 else 'do'}. Is {word.typed} a vector, or are they the arguments?",
        head, fixes,
    )


def check_entries(block: Sized) -> None:
    """s_y of a vector s and a whole number y, S_12 of a matrix S that a line defines: no names of their own."""
    defined = {key for key, _ in block.sequence}
    for key in block.free - block.drafts.keys():
        one = names.name(key)
        of, index = one.unindexed, one.index
        shape = block.shapes.get(of, ())
        entry = len(shape) == 2 and of in defined and len(index) == 2 and index.isdigit() and "0" not in index and (
            int(index[0]) <= shape[0] and int(index[1]) <= shape[1])
        counted = len(shape) == 1 and (index in block.wholes or index in INDEX_LETTERS and of in defined)
        if not index or block.shapes.get(key) != () or not (entry or counted):
            continue
        span = next(span for one, _ in block.sequence if (span := use_of(block.trees[one], key)) is not None)
        if index in INDEX_LETTERS and index not in block.wholes:
            raise block.reader.without_index(span, f"{of} is a vector", index, f"{of}[1]", str(shape[0]))
        place = f"{of}[{','.join(index) if entry else index}]"
        says = f"{block.source(span)} would be a name of its own; an entry of {of} is {place}."
        raise NameMistake(says, span, (place,))


def check_layers(block: Settled, key: str, argument: s.Word, kin: Collection[str]) -> None:
    """f(x) = x^{[2]}: a layer of what is an argument."""
    for one in t.walk(block.trees[key]):
        shown = block.text[one.span.start : one.span.stop]
        if isinstance(one, t.Name) and one.key in kin and "^" in shown:
            power = shown.replace("[", "").replace("]", "")
            index = names.name(one.key).index
            raise NameMistake(
                f"{shown} is a name of its own, of the layer {index}, and the argument {argument.typed} does not "
                f"occur in {key}; a power has no brackets.", one.span, (power,),
            )


def set_aside(block: Settled) -> Settled:
    """The block without the lines such as u = f(3), which no other line uses: they ask for a value."""
    used = block.used | {key_of(word) for word in block.columns}
    asked = list(block.asked)
    for key, statement in block.sequence:
        call = t.inside(block.trees[key])
        plain = statement.kind == "define" and isinstance(call, t.UserCall) and key not in used and not statement.size
        if plain and isinstance(call, t.UserCall) and not any(map(names_in, call.arguments)):
            asked.append((key, statement, call))
    gone = {key for key, _, _ in asked}
    places = {key: one.span for key, one in block.sequence if key not in gone}
    asked.sort(key=lambda one: one[1].span)
    for _, statement, call in asked:
        if places[call.key] > statement.span:
            raise below(call.key, call.span, statement.span, places[call.key])
    return replace(
        block, asked=tuple(asked), sequence=tuple(one for one in block.sequence if one[0] not in gone),
        trees={key: tree for key, tree in block.trees.items() if key not in gone},
        drafts={key: draft for key, draft in block.drafts.items() if key not in gone},
    )


def in_order(block: Settled) -> Settled:
    """The block, where each definition stands above the lines that use it.

    Raises:
        NameMistake: a name is used too early, or defined by means of itself.
    """
    place = {key: k for k, (key, _) in enumerate(block.sequence)}
    for k, (key, _) in enumerate(block.sequence):
        for name in names_in(block.trees[key]):
            if name in place and place[name] >= k:
                raise too_early(block, name, key, place)
    return block


def as_factor(block: Settled, key: str, use: Span, defined: s.Statement) -> NameMistake | None:
    """f(t) = cos(2πft): the name of the function is one of its factors, too."""
    _, behind = slips.touching(block.text, use)
    if defined.kind != "function" or len(key) > 1 or behind[:1] not in block.scope.functions.get(key, ()):
        return None
    other = next((one for one in "ygusF" if one not in block.scope.names | block.used), "")
    rest = block.text[defined.names[0].span.stop : defined.span.stop]
    return NameMistake(
        f"{key} is the name of the function on {line(defined.span)}, and a factor in it; one of them has another name.",
        defined.span, (other + rest,) if other else (),
    )


def too_early(block: Settled, name: str, key: str, place: Mapping[str, int]) -> NameMistake:
    used, defined = block.sequence[place[key]][1], block.sequence[place[name]][1]
    word = defined.names[0]
    if defined.kind == "equation":
        word = replace(word, text=f"{word.typed}'", index=None)
    if name == key:
        use = use_of(block.trees[key], name) or defined.span
        message = f"{word.typed} is defined by means of itself on {line(defined.span)}."
        if isinstance(t.inside(block.trees[key]), t.Name):  # z = z, a coordinate that stays as it is
            shown = block.source(word.span)
            other = shown[0].swapcase() + shown[1:]
            taken = block.scope.names | block.used
            free = shown[0].isascii() and name[0].swapcase() + name[1:] not in taken
            rest = block.text[word.span.stop : defined.span.stop]
            return NameMistake(
                f"{shown} is the name of this line and what stands in it; a coordinate that stays as it is "
                "has another name on the left.", defined.span, (other + rest,) if free else (),
            )
        if (error := as_factor(block, key, use, defined)) is not None:
            return error
        before, behind = slips.touching(block.text, use) if use.stop - use.start == len(name) else ("", "")
        if before:  # q = Wq x
            glued = Span(use.start - 1, use.stop)
            return NameMistake(f"{message} Is {before}{name} one name?", glued, (f"{before}_{name}",))
        if behind:  # d = v*dt
            whole = Span(use.start, use.stop + len(behind))
            shown = block.source(whole)
            return NameMistake(f"{message} Is {shown} one name?", whole, (f"{shown} in R",))
        if block.net:
            message += f" A step in time is {word.typed}_t = …, with {word.typed}_{{t-1}} on the right."
        return NameMistake(message, use)
    seen, todo = set(), [name]
    while todo:
        one = todo.pop()
        if one in place and one not in seen:
            seen.add(one)
            todo.extend(names_in(block.trees[one]))
    shown = used.names[0].typed
    if key in seen:
        return NameMistake(
            f"{shown} ({line(used.span)}) and {word.typed} ({line(defined.span)}) are defined by each "
            "other.", *as_equation(block, defined, word),
        )
    error = below(word.typed, word.span, used.span, defined.span)
    return NameMistake(error.message, *as_equation(block, defined, word)) if used.kind == "residual" else error


def as_equation(block: Settled | Sized, defined: s.Statement, word: s.Word) -> tuple[Span, tuple[str, ...]]:
    """Where a line that defines a name is to be mended into an equation beside others, and how: u + v = x."""
    if block.net or defined.kind != "define" or defined.expr is None or defined.span.start != word.span.start:
        return word.span, ()
    below_it = {key for key, one in block.sequence if one.kind == "define" and one.span.start > defined.span.start}
    if not below_it.isdisjoint(names_in(block.trees[key_of(word)])):
        return word.span, ()
    shown, name = block.source(defined.expr.span), block.source(word.span)
    if isinstance(t.inside(block.trees[key_of(word)]), t.Name):
        return defined.span, (f"{shown} - {name} = 0",)
    return defined.span, (f"{shown} = {name}",)


def below(name: str, at: Span, used: Span, defined: Span) -> NameMistake:
    """What to say of a name that a line uses above the one that defines it."""
    return NameMistake(
        f"{name} is used on {line(used)}, but defined only on {line(defined)}; "
        "a definition stands above the lines that use it.", at,
    )
