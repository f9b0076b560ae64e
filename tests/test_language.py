"""The grammar page and the parser hold each other: what one accepts the other derives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark, UnexpectedInput
from share import some
from test_derivatives import ABOVE, EXAMPLES, WRITTEN
from test_meaning import BLOCKS, FORMULAS
from test_program import NETS, ROLES

import jacmagic

PAGE = (Path(jacmagic.__file__).parent / "language/grammar.lark").read_text(encoding="utf-8")
GRAMMAR = Lark(PAGE, parser="earley", lexer="dynamic", ambiguity="resolve")
CASES = Path(__file__).parent / "cases"
LATER = {one for ids in json.loads((CASES / "later.json").read_text(encoding="utf-8")).values() for one in ids}
READ = [case for case in map(json.loads, (CASES / "values.jsonl").read_text(encoding="utf-8").splitlines())
        if case["id"] not in LATER]


def joined(block: str) -> str:
    """The block with the newlines inside its brackets as blanks, and without comments."""
    out, depth = [], 0
    for ch in re.sub(r"#[^\n]*", "", block):
        depth += (ch in "([{") - (ch in ")]}")
        out.append(" " if ch == "\n" and depth > 0 else ch)
    return "".join(out)


ACCEPTED = [
    *(case["source"] for case in READ),
    *(f"f(x, y) = {text}" for text, _ in FORMULAS), *(block for block, _, _ in BLOCKS),
    *(f"{ABOVE}h(x, y) = {text}" for text, _ in WRITTEN), *EXAMPLES.values(), *(role[0] for role in ROLES), *(net[0] for net in NETS),
]


@pytest.mark.parametrize("block", some(ACCEPTED))
def test_the_page_derives_what_is_accepted(block: str) -> None:
    GRAMMAR.parse(joined(block))


@pytest.mark.parametrize("block", [
    "f(x) = x +", "f(x) = 2(x + 1", "f(x) = x + 1)", "f(x) = [x + (1]", "f(x) = []", "f(x) = |x", "f(x) = x^", "f(x) = *x",
    "f(x) = x if x > 0", "f(x) = x = 3", "= x", "x in", "k in [0, 5, 6]", "f(x) = x!", "f(x) = x ? 1",
    "x(3) -> tanh", "f(x) = [x for i]", "f(x) = x;; = 2",
])
def test_the_page_does_not_derive_what_cannot_be_meant(block: str) -> None:
    with pytest.raises(UnexpectedInput):
        GRAMMAR.parse(block)
    with pytest.raises(jacmagic.SyntaxMistake):
        jacmagic.jacobian(block)


def attempt(block: str) -> None:
    """Read a block; an error is one of ours and points into it."""
    for read in (jacmagic.jacobian, jacmagic.nnchain):
        found = None
        try:
            read(block)
        except jacmagic.JacmagicError as error:
            found = error
        if found is not None:
            assert found.span is None or 0 <= found.span.start < found.span.stop <= len(block)
            assert str(found)


@settings(max_examples=10, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.one_of(from_lark(GRAMMAR, start="start"), from_lark(GRAMMAR, start="expression").map("f(x, y) = {}".format)))
def test_sentences_of_the_page_are_answered_or_refused_with_an_error_of_ours(block: str) -> None:
    attempt(block)


PIECES = (
    "x y f g x1 W k 2 0.5 1 e π θ sin max √ ( ) [ ] { } | || ^ ^2 ² ^T _i _1 + - * / · × .* = , ; : .. for in if else and not "
    "sum prod σ tanh relu -> R R^2 ' \\frac \\sum_{i=1}^{2} \\begin{cases} \\end{cases} \\\\ & \\left( \\right) in>0 < > == i".split()
) + ["\n", " ", " ", " "]


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_heap_of_signs_is_answered_or_refused_with_an_error_of_ours(heap: str) -> None:
    attempt(heap)
    attempt(f"x in R^2\nf(y) = {heap}")
