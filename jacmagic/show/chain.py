"""The chain rule: the local Jacobians of a block with named intermediates, and their products along its paths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod

from jacmagic.engine.graph import ancestry
from jacmagic.language import tree as t
from jacmagic.language.printers import latex, text
from jacmagic.result import Result
from jacmagic.show.backward import layout_of, pre_activation
from jacmagic.show.convention import in_denominator
from jacmagic.show.factors import local_entries, matrix_form, scattered, told_better
from jacmagic.show.pieces import MAX_BESIDE, MAX_ENTRIES_TEX, MAX_WIDTH, Formula, ends, equal, name_of

MAX_PATHS = 6
"""Paths of a chain rule that are written as a sum. Instead: the local Jacobians in `r.layers`."""

MAX_JOINTS = 8
"""Sums that stand for one of too many paths. Instead: likewise."""

MAX_RULES = 4
"""Variables that have a chain rule of their own each. Instead: likewise."""


def depends(result: Result) -> dict[str, list[str]]:
    """For each definition on the way: the names it reads through which it depends on the variables."""

    def make() -> dict[str, list[str]]:
        p = result.program
        moving = set(p.variables)
        links: dict[str, list[str]] = {}
        for key, step in p.steps.items():
            inner = {node.data for node in ancestry([result.inner(key)]) if node.op == "input"}
            reads = [n for n in dict.fromkeys([*step.reads, *step.params]) if n in moving and n in inner]
            if key not in moving and reads:
                links[key] = reads
                moving.add(key)
        return links

    return result.once("depends", make)


def paths(result: Result, of: str) -> list[list[str]] | None:
    """The paths from the variables to an output, as lists of definitions, output first; None where too many."""
    links = depends(result)
    variables = set(result.program.variables)
    found: list[list[str]] = []
    todo = [[of]]
    while todo:
        path = todo.pop()
        below = links.get(path[-1], [])
        if any(n in variables for n in below):
            found.append(path)
        todo += [[*path, n] for n in below if n not in variables]
        if len(found) > MAX_PATHS or len(todo) > 10 * MAX_PATHS:
            return None
    place = {key: k for k, key in enumerate(result.program.steps)}
    return sorted(found, key=lambda way: [place[key] for key in way])


def whole_forms(result: Result) -> Iterator[Formula]:
    """A, diag(s) - s sᵀ, xᵀ/‖x‖: the derivative by a vector as a textbook has it, beside its entries."""
    p = result.program
    for key, reads in list(depends(result).items())[:3]:
        for wrt in reads[:3]:
            found = matrix_form(result, key, wrt) if p.shape(wrt) and prod(p.shape(wrt)) > 1 else None
            if found is not None and not any(isinstance(one, t.Unit) for one in t.walk(found[0])):
                short, where = abbreviated(result, found[0])
                whole = equal(factor_name(result, key, [wrt]), short)
                yield Formula("local", t.Listing((whole, *where)) if where else whole, found[1])


def abbreviated(result: Result, tree: t.Expr) -> tuple[t.Expr, list[t.Expr]]:
    """W (z xᵀ + x zᵀ) and z = Wᵀ W x - x: a sum that a formula has twice gets a free letter."""
    lines: list[t.Expr] = []
    free = [k for k in "zruvsq" if k not in result.known]
    while len(lines) < len(free):
        found = Counter(one for one in t.walk(tree) if isinstance(one, t.Sum) and sum(1 for _ in t.walk(one)) > 6)
        twice = next((one for one, count in found.items() if count > 1), None)
        if twice is None:
            break
        letter = t.Name(free[len(lines)])
        tree, lines = replaced(tree, twice, letter), [*lines, equal(letter, twice)]
    return tree, lines


def replaced(tree: t.Expr, old: t.Expr, new: t.Expr) -> t.Expr:
    return new if tree == old else t.rebuilt(tree, lambda part: replaced(part, old, new))


def chain(result: Result) -> Iterator[Formula]:
    """Named intermediates: the local Jacobians, and their product with the shapes under it."""
    p = result.program
    links = depends(result)
    worked = any(n in p.steps for reads in links.values() for n in reads)
    if not worked and not p.net:
        yield from whole_forms(result)
        return
    for one in ends("local", list(links.items())):
        if isinstance(one, Formula):
            yield one
            continue
        key, reads = one
        if p.steps[key].kind in ("implicit", "unknown"):
            continue
        if (parts := pre_activated(result, key)) is not None:
            yield parts
        for group in groups(result, reads):
            yield from local(result, key, group)
    yield from by_equations(result)
    if worked and len(p.outputs) <= 3:
        for of in p.outputs:
            yield from chain_rule(result, of)


def forms(result: Result) -> Iterator[Formula]:
    """The local Jacobians in matrix form, of definitions that read no others too, and the products of these."""
    links = depends(result)
    if result.program.net or any(n in result.program.steps for reads in links.values() for n in reads):
        yield from chain(result)
    else:
        for key, reads in links.items():
            for wrt in reads:
                yield from local(result, key, [wrt])


def by_equations(result: Result) -> Iterator[Formula]:
    """∂y/∂x = −(∂F/∂x)/(∂F/∂y) of a number that an equation defines; of several −F_y⁻¹ F_x."""
    p = result.program
    if p.conditions is None:
        return
    keys = [one.data for one in p.conditions.names]
    columns = [key for key in p.variables if key in p.steps[keys[0]].reads]
    number = len(keys) == 1 and p.shape(keys[0]) == p.shape(p.zeros[0]) == ()
    of, names = (tupled(result, one) for one in (p.zeros, keys))
    for group in [[key] for key in columns] if len(keys) == 1 else [columns]:
        by = (tupled(result, group),)
        whole = factor_name(result, keys[0], group) if len(keys) == 1 else t.Partial(names, by)
        above, below = t.Partial(of, by), t.Partial(of, (names,))
        inverse = t.Power(t.Paren(below), t.Negative(t.Number("1")))
        right = t.Fraction(above, below) if number else t.product(inverse, above)
        yield Formula("local", equal(whole, t.Negative(right)))


def tupled(result: Result, keys: Sequence[str]) -> t.Expr:
    """A name, or several in brackets."""
    return name_of(result, keys[0]) if len(keys) == 1 else t.Tuple(tuple(name_of(result, key) for key in keys))


def chain_rule(result: Result, of: str) -> Iterator[Formula]:
    """The derivative of an output as the sum over all paths of the products of local Jacobians."""
    p, ways = result.program, paths(result, of)
    if p.steps[of].kind == "implicit":
        return
    if ways is None:
        for group in groups(result, p.variables)[:MAX_RULES]:
            yield from by_joints(result, of, group)
        return
    if scalar_chain(result, ways):
        for variable in p.variables:
            rule = numbers_rule(result, of, variable, ways)
            if isinstance(rule.tree, t.Equation) and len(rule.tree.sides) > 1:
                yield rule
        return
    for group in groups(result, p.variables)[:MAX_RULES]:
        terms: list[tuple[int, t.Expr]] = []
        for way in ways:
            factors: list[t.Expr] = [braced(result, one, keys) for one, keys in way_factors(result, way, group)]
            if not factors:
                continue
            if len(factors) > 12:
                factors = [*factors[:5], t.Dots(), *factors[-4:]]
            terms.append((1, t.product(*factors)))
        yield Formula("chain", equal(factor_name(result, of, group, t.Total), added(terms)), cost(result, ways, group))


def by_joints(result: Result, of: str, group: Sequence[str]) -> Iterator[Formula]:
    """Of too many paths for one sum, a sum for each definition at which they part: dL/dx by dc/dx, and dc/dx."""
    on = leading(result, group)
    todo = [of] if of in on else []
    rules: dict[str, list[t.Expr]] = {}
    while todo and len(rules) <= MAX_JOINTS:
        key = todo.pop(0)
        last = [one for one in on[key] if one in group]
        ways = [to_joint(result, on, group, key, one) for one in on[key] if one not in group]
        rules[key] = [*([braced(result, key, last)] if last else []), *(way for way, _ in ways)]
        todo += [one for _, one in ways if one and one not in (*rules, *todo)]
    for key, terms in rules.items() if len(rules) <= MAX_JOINTS else ():
        yield Formula("chain", equal(factor_name(result, key, group, t.Total), added([(1, one) for one in terms])))


def leading(result: Result, group: Sequence[str]) -> dict[str, list[str]]:
    """For each definition the names it reads through which it depends on these variables."""
    on: dict[str, list[str]] = {}
    for key, reads in depends(result).items():
        if found := [one for one in reads if one in group or one in on]:
            on[key] = found
    return on


def to_joint(
    result: Result, on: dict[str, list[str]], group: Sequence[str], key: str, below: str
) -> tuple[t.Expr, str]:
    """The factors from a definition down to where paths part again, and its name; "" where they end."""
    factors = [braced(result, key, [below])]
    while len(on[below]) == 1 and on[below][0] not in group:
        factors.append(braced(result, below, on[below]))
        (below,) = on[below]
    parts = any(one not in group for one in on[below])
    factors.append(braced(result, below, group, t.Total) if parts else braced(result, below, on[below]))
    return t.product(*factors), below if parts else ""


def scalar_chain(result: Result, ways: list[list[str]]) -> bool:
    """True where everything on the way is a number, so that each variable has a formula of its own."""
    p = result.program
    keys = {key for way in ways for key in way} | set(p.variables)
    return not p.net and len(p.variables) <= MAX_RULES and all(p.shape(key) == () for key in keys)


def numbers_rule(result: Result, of: str, variable: str, ways: list[list[str]]) -> Formula:
    """dz/dt = ∂z/∂x dx/dt + ∂z/∂y dy/dt, and the same with what the factors are."""
    links = depends(result)
    mine = [[*way, variable] for way in ways if variable in links.get(way[-1], [])]
    factors = [t.product(*(factor_name(result, one, [by]) for one, by in pairwise(way))) for way in mine]
    direct = len(mine) > 1 and [of, variable] in mine  # ∂f/∂x is the slope of f in x alone there
    kind = t.Total if direct or len(result.program.variables) == 1 else t.Partial
    sides = [factor_name(result, of, [variable], kind), added([(1, one) for one in factors])]
    if not mine or mine == [[of, variable]]:
        sides = factors[:1] or sides  # f reads x itself, or nothing leads there
    values = [multiplied(result, list(pairwise(way))) for way in mine]
    if mine and all(one is not None for one in values):
        total = added([one for one in values if one is not None and one[1] != t.Number("0")])
        sides += [total] if len(text(total)) < MAX_WIDTH else []
    return Formula("chain", equal(*sides))


def added(terms: list[tuple[int, t.Expr]]) -> t.Expr:
    """A sum of signed terms; 0 of none."""
    if len(terms) == 1 and terms[0][0] > 0:
        return terms[0][1]
    return t.Sum(tuple(terms)) if terms else t.Number("0")


def multiplied(result: Result, pairs: list[tuple[str, str]]) -> tuple[int, t.Expr] | None:
    """The sign and the product of local derivatives, as they are; None where one is too long."""
    layout, sign, parts = layout_of(result), 1, []
    for of, by in pairs:
        entries = local_entries(result, of, by)
        if entries is None:
            return None
        shown = layout(entries[0][0])
        if isinstance(shown, t.Negative):
            sign, shown = -sign, shown.inner
        parts.append(shown)
    kept = [one for one in parts if one != t.Number("1")] or parts[:1]
    if t.Number("0") in kept:
        return 1, t.Number("0")
    if len(kept) == 1:
        return sign, kept[0]
    factors: list[tuple[str, t.Expr]] = []
    for one in kept:  # 2u · y
        inner = list(one.factors) if isinstance(one, t.Product) else [("", one)]
        factors += [("dot" if factors else "", inner[0][1]), *inner[1:]]
    return sign, t.Product(tuple(factors))


def way_factors(result: Result, way: list[str], group: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Each definition on a path, with the names by which it is differentiated there; none where it leads elsewhere."""
    last = [v for v in group if v in depends(result).get(way[-1], [])]
    return [*((one, [below]) for one, below in pairwise(way)), (way[-1], last)] if last else []


def braced(result: Result, of: str, keys: Sequence[str], kind: type[t.Total] | None = None) -> t.Expr:
    """A factor of the chain rule with its size under it."""
    p = result.program
    rows, columns = prod(p.shape(of)), sum(prod(p.shape(k)) for k in keys)
    return t.Underbrace(factor_name(result, of, keys, kind), rows, columns)


def pre_activated(result: Result, key: str) -> Formula | None:
    """z_a = W_1 x + c_1 and a = tanh(z_a)."""
    found = pre_activation(result, key)
    if found is None:
        return None
    own, z = name_of(result, key), t.PreActivation(t.Name(key))
    return Formula("local", t.Listing((equal(z, found[0]), equal(own, found[1]))),
                   f"{text(z)}: the pre-activation", result.program.arrays)


def groups(result: Result, reads: Sequence[str]) -> list[list[str]]:
    """The names a definition reads, its scalar variables together: they are columns of one row."""
    variables = result.program.variables
    together = [n for n in variables if n in reads and result.program.shape(n) == ()]
    if len(result.program.outputs) == 1 and scalar_chain(result, paths(result, result.program.outputs[0]) or []):
        return [[n] for n in reads]
    rest = [[n] for n in reads if n not in together]
    return ([together] if together else []) + rest


def cost(result: Result, ways: list[list[str]], group: Sequence[str]) -> str:
    """Multiplications of the chain, in reverse and forward accumulation, for one path of three factors or more."""
    p = result.program
    if len(ways) != 1 or len(ways[0]) < 2:
        return ""
    sizes = [prod(p.shape(key)) for key in ways[0]] + [sum(prod(p.shape(v)) for v in group)]
    reverse = sum(sizes[0] * sizes[k] * sizes[k + 1] for k in range(1, len(sizes) - 1))
    forward = sum(sizes[-1] * sizes[k] * sizes[k - 1] for k in range(1, len(sizes) - 1))
    left, right = ("right", "left") if in_denominator(result) else ("left", "right")
    return f"multiplications: {reverse:,} in reverse (from the {left}), {forward:,} forward (from the {right})"


def factor_name(
    result: Result, of: str, keys: Sequence[str], kind: type[t.Partial] | type[t.Total] | None = None
) -> t.Expr:
    """∂f/∂u, ∂f/∂(x, y) by several; dx/dt of a number that moves with one number alone."""
    p = result.program
    by: list[t.Expr] = [name_of(result, key) for key in keys]
    if kind is None:
        alone = not p.net and depends(result).get(of) == list(keys) and p.shape(of) == p.shape(keys[0]) == ()
        alone = alone and p.steps[of].kind != "equation"
        kind = t.Total if alone else t.Partial
    return kind(name_of(result, of), (by[0] if len(by) == 1 else t.Tuple(tuple(by)),))


def local(result: Result, of: str, keys: Sequence[str]) -> Iterator[Formula]:
    """One local Jacobian: its matrix form, and its entries where they fit."""
    p = result.program
    name = factor_name(result, of, keys)
    rows, columns = prod(p.shape(of)), sum(prod(p.shape(k)) for k in keys)
    form, note = (matrix_form(result, of, keys[0]) if len(keys) == 1 else None) or (None, "")
    if form is not None and scattered(form) and local_entries(result, of, keys[0]) is not None:
        form = None
    enough = form is not None and (told_better(result, form, note) or (rows, columns) == (1, 1))
    shown = None if enough else written_out(result, of, keys)
    if form is not None and shown is not None and (rows * columns > MAX_BESIDE or len(latex(shown)) >= MAX_ENTRIES_TEX):
        shown = None
    sides = [one for one in (form, shown) if one is not None]
    tree = equal(name, *sides) if sides else t.Equation((name, t.Space((rows, columns))), ("∈",))
    yield Formula("local", tree, note)


def written_out(result: Result, of: str, keys: Sequence[str]) -> t.Expr | None:
    """The entries of a local Jacobian as a matrix, or as the number that it is; None where they are too long."""
    blocks = [local_entries(result, of, key) for key in keys]
    layout, found = layout_of(result), [block for block in blocks if block is not None]
    if len(found) < len(blocks):
        return None
    rows = tuple(tuple(layout(entry) for part in parts for entry in part) for parts in zip(*found))
    return rows[0][0] if [*map(len, rows)] == [1] else t.Matrix(rows)
