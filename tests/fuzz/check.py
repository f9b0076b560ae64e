"""What holds of any text as a block: `check(text)`, for both fuzzers.

It is answered or refused with an error of ours. An error points inside the text, and each
of its fixes, put in the place of what it underlines, at least changes what is said. An answer
prints as text, LaTeX and HTML without raising; its formulas, typed as they are printed, are the
same function again.
"""

from __future__ import annotations

import warnings
from html.parser import HTMLParser
from math import prod

import numpy as np

import jacmagic
from jacmagic.language import printers
from jacmagic.notebook import Result
from jacmagic.program.uses import families_in

LARGE = 500
"""Rows or columns of a Jacobian that is shown here."""
READERS = (jacmagic.jacobian, jacmagic.nnchain)


def check(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what NumPy warns of is nothing to a reader
        for read in READERS:
            try:
                result = read(text)
            except jacmagic.JacmagicError as error:
                check_error(read, text, error)
            else:
                check_result(read, result)


def check_error(read, text: str, error: jacmagic.JacmagicError) -> None:
    shown = str(error)
    assert shown
    assert "\n" not in error.message
    if error.span is None:
        return
    start, stop = error.span
    assert 0 <= start <= stop <= len(text), (error.span, len(text))
    assert error.line is not None
    assert error.column is not None
    assert error.column >= 1
    for hint in error.hints:
        if error.advice.startswith("declare") or hint.startswith("x in R"):
            fixed = f"{hint}\n{text}"
        else:
            fixed = text[:start] + hint + text[stop:]
        try:
            read(fixed)
        except jacmagic.JacmagicError as other:
            same = (type(other), other.message, other.span) == (type(error), error.message, error.span)
            assert not same, f"the fix {hint!r} changes nothing: {shown}"


class Closed(HTMLParser):
    """HTML whose elements all end."""

    void = frozenset("area br col hr img input link meta source wbr".split())

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, tag


def check_result(read, result: Result) -> None:
    sizes = [sum(prod(result.program.shape(key)) for key in keys) for keys in (result.program.outputs, result.program.variables)]
    if max(sizes) > LARGE:
        return  # its rows are thousands of labels, which take seconds to set
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"]
    assert set(bundle) == {"text/plain", "text/latex", "text/html"}
    html = Closed()
    html.feed(bundle["text/html"])
    html.close()
    assert not html.open
    assert bundle["text/latex"].count(r"\left") == bundle["text/latex"].count(r"\right")
    for key, values in result.forward().items():
        assert np.shape(values) == result.program.shape(key)
    try:
        numbers = result.at()
    except jacmagic.LimitError:
        return
    typed = again(result)
    if typed is None:
        return
    try:
        other = read(typed, wrt=", ".join(result.program.variables))
    except jacmagic.LimitError:
        return
    other.values.update_all({key: result.values[key] for key in result.values if key in other.values})
    np.testing.assert_allclose(other.at(), numbers, rtol=1e-9, atol=1e-12, err_msg=typed)


def space(shape: tuple[int, ...]) -> str:
    return "R" if not shape else f"R^{shape[0]}" if len(shape) == 1 else "R^({}x{})".format(*shape)


def again(result: Result) -> str | None:
    """The block as its echo types it, its sizes stated; None where a line is too long or a value came from Python."""
    p = result.program
    indices = {family.index for step in p.steps.values() for family in families_in(step.expr)}
    if indices & set(p.inputs):
        return None  # declared, i would be an index no more
    lines = [f"{key} = {value}" for key, value in p.wholes.items()]
    for key, one in p.inputs.items():
        if key in p.wholes or not key.isascii() or "_" in key:
            return None
        lines.append(f"{key} in {space(one.shape)}")
    for line in p.echo:
        if line.kind == "step":
            if line.expr is None or line.equation or "_" in line.key or line.key in p.wholes:
                return None
            words = printers.text(line.expr, p.arrays)
            if len(words) > 2_000:
                return None
            # A function's arguments are the names of the block, which are declared above.
            head = f"{line.key}({', '.join(line.params)})" if line.params else line.key
            lines.append(f"{head} = {words}" + (f" in {space(line.shape)}" if line.shape else ""))
    return "\n".join(lines)
