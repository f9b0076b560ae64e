r"""An answer to what the derivative is, read as the block's own lines are: its tree and its node.

`[2x y, x^2]`, `\begin{bmatrix} 2xy & x^2 \end{bmatrix}`, `∂L/∂W = δ a^T`, or rows without brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import sympy as sp

from jacmagic import names
from jacmagic.engine.graph import Node
from jacmagic.errors import JacmagicError, NameMistake, ShapeError, Span, SyntaxMistake, nearest
from jacmagic.language import tree as t
from jacmagic.language.answers import INDEXED, LABELS, bracketed, outside
from jacmagic.language.reading import Reader
from jacmagic.language.statements import parse
from jacmagic.language.words import Scope
from jacmagic.program import lowering
from jacmagic.program.lowerer import Lowerer, Value
from jacmagic.program.model import describe
from jacmagic.result import Result

HEAD = "answer = "


@dataclass(frozen=True)
class Answer:
    """What somebody says that a derivative is.

    text   what it was read from, and `span`, where it stands in that
    of     the name that is differentiated, and `wrt`, by what; None of the whole Jacobian
    named  whether something stands left of =
    """

    text: str
    span: Span
    expr: t.Expr
    node: Node
    of: str | None = None
    wrt: str | None = None
    named: bool = False

    def misfit(self, rows: int, columns: int, flipped: bool = False, hints: tuple[str, ...] = ()) -> ShapeError:
        """It has another size than what is asked for; the hints say what has its size."""
        meant = f"{rows}×{columns}" if rows * columns > 1 else "a number"
        row, column = ("variable", "function") if flipped else ("function", "variable")
        whole = "" if self.of else f": a row for each {row}, a column for each {column}"
        error = ShapeError(f"This is {describe(self.node.shape)}; the derivative is {meant}{whole}.", self.span, hints)
        error.bind(self.text)
        return error


def split(text: str) -> tuple[str, Span | None]:
    """A block without the lines behind `answer:`, and where in the text these stand."""
    found = re.search(r"(?m)^[ \t]*answer[ \t]*:", text)
    if found is None:
        return text, None
    stop = len(text.rstrip())
    start = min(found.end() + len(text[found.end():stop]) - len(text[found.end():stop].lstrip()), stop)
    if start >= stop:
        raise SyntaxMistake("The answer stands behind this word, a line a row.", Span(*found.span())).bind(text)
    return text[: found.start()], Span(start, stop)


def read(result: Result, text: str, span: Span | None = None) -> Answer:
    """The answer in a text, or in a part of it.

    Raises:
        JacmagicError: it points at the text.
        TypeError: the answer is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f'an answer is text, such as "[2x y, x^2]"; this is of type {type(text).__name__}')
    span = Span(0, len(text)) if span is None else span
    part = text[span.start : span.stop]
    if part.strip():
        span = Span(span.stop - len(part.lstrip()), span.start + len(part.rstrip()))
    else:
        raise SyntaxMistake("The answer is empty; it is written as in a block.", span, ("[2x y, x^2]",)).bind(text)
    begin = span.start
    of, wrt, span = labelled(result, text, span)
    before, body, behind = bracketed(text[span.start : span.stop])
    whole = f"{HEAD}{before}{body}{behind}"
    try:
        expr, node = understood(result, whole)
    except JacmagicError as error:
        raise moved(error, whole, result.program.net, before, span).bind(text) from None
    except RecursionError:
        raise SyntaxMistake("This answer is nested too deep.", span).bind(text) from None
    return Answer(text, span, expr, node, of, wrt, span.start > begin)


def moved(error: JacmagicError, whole: str, net: bool, before: str, span: Span) -> JacmagicError:
    """An error of the line that the answer was read as, so that it points at the answer itself."""
    from jacmagic.language.advice import better  # its patterns take 60 ms, for an error that may never come

    error = better(whole, error, net)
    shift = len(HEAD) + len(before) - span.start

    def place(at: int) -> int:
        return min(max(at - shift, span.start), span.stop)

    if error.span is not None:
        start, stop = map(place, error.span)
        span = Span(min(start, stop - 1), stop) if stop > span.start else span
    error.span = span
    error.message = re.sub(r"@line([0-9]+)@", lambda m: f"@line{place(int(m[1]))}@", error.message)
    if before:  # the brackets are not the reader's
        error.message = error.message.replace(", not ].", ".")
    error.hints = tuple(hint for hint in error.hints if "answer" not in hint)
    error.source = None
    return error


def labelled(result: Result, text: str, span: Span) -> tuple[str | None, str | None, Span]:
    """The names in ∂L/∂W = …, and where what is right of = stands."""
    at = next((k for k, one in outside(text[span.start : span.stop]) if one == "="), None)
    if at is None:
        return None, None, span
    left, rest = text[span.start : span.start + at].strip(), span.start + at + 1
    rest += len(text[rest : span.stop]) - len(text[rest : span.stop].lstrip())
    if rest >= span.stop:
        raise SyntaxMistake("Right of = stands the answer.", span).bind(text)
    for pattern in (*LABELS, INDEXED):
        found = pattern.fullmatch(left.strip("$ "))
        if found and (pattern is not INDEXED or {found["of"], found["wrt"]} <= set(result.known)):
            first = text.index(found[0], span.start)
            of, wrt = (known(result, text, found[one], first) for one in ("of", "wrt"))
            return of, wrt, Span(rest, span.stop)
    return None, None, Span(rest, span.stop)


def known(result: Result, text: str, name: str, first: int) -> str:
    """A name of the block, or an entry of one."""
    try:
        result.place(name)
    except KeyError as error:
        at = text.index(name, first)
        raise NameMistake(f"{str(error.args[0])[:1].upper()}{error.args[0][1:]}.", Span(at, at + len(name))).bind(
            text) from None
    return name


def understood(result: Result, whole: str) -> tuple[t.Expr, Node]:
    """The right side of a line in the block's own names: its tree and its node."""
    p = result.program
    lines = parse(whole, p.net)
    if len(lines) != 1 or lines[0].expr is None:
        where = lines[1].span if len(lines) > 1 else Span(0, len(whole))
        raise SyntaxMistake("An answer is one expression, number, vector or matrix.", where)
    expr = Reader(whole, scope_of(result)).value(lines[0].expr)
    functions = {key: (one.params, one.expr) for key, one in p.steps.items() if one.kind in ("function", "unknown")}
    low = Lowerer(whole, p.graph, {}, functions, lambda _: "", lowering.RULES)
    low.env |= {key: Value(sp.Integer(value), literal=True) for key, value in p.wholes.items()}
    low.whole_names = set(p.wholes)
    for key in result.known:
        low.home[key] = p.node(key)
        low.env[key] = low.of_node(low.home[key])
    low.plain |= {key: one.expr for key, one in p.steps.items() if one.kind == "define"}
    low.columns_of = lambda keys: [key for key in p.variables if key in keys] or list(keys)
    check_names(expr, {*low.env, *functions})
    check_worked(result, expr)
    return expr, low.node(low.lower(expr))


def check_names(expr: t.Expr, there: set[str]) -> None:
    """Every name of an answer is one of the block."""
    strange = t.names_below(expr) - there
    for one in t.walk(expr):
        if isinstance(one, (t.Name, t.UserCall)) and one.key in strange:
            shown = names.name(one.key).text
            close = nearest(one.key, there, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise NameMistake(f"{shown} is no name of the block{hint or '.'}", one.span)


def check_worked(result: Result, expr: t.Expr) -> None:
    """An answer says what the derivative is; that of what is asked for, or of an expression, is none."""
    steps = result.program.steps
    known = {key for key in result.program.outputs if steps[key].kind != "unknown"}
    for one in t.walk(expr):
        of = getattr(one, "call", getattr(one, "of", None)) if isinstance(one, t.DERIVATIVES) else None
        if isinstance(of, t.Paren) or isinstance(of, (t.Name, t.UserCall)) and of.key in known:
            raise SyntaxMistake("An answer says what the derivative is; here it is asked for.", one.span)


def scope_of(result: Result) -> Scope:
    """What the block declares, as far as reading an expression needs it."""
    p = result.program
    scope = Scope(net=p.net, names={*result.known, *p.wholes})
    for key, one in p.steps.items():
        if one.kind in ("function", "unknown"):
            scope.functions[key] = one.params
            scope.names.update(one.params)
        if one.kind == "equation":
            scope.rates[names.of_rate(key)] = key
            scope.timed.add(names.of_rate(key))
            scope.names.add(names.of_rate(key))
    for key in result.known:
        if len(p.shape(key)) == 1:
            scope.vectors.add(key)
            scope.lengths[key] = str(p.shape(key)[0])
        elif p.shape(key):
            scope.matrices.add(key)
    return scope
