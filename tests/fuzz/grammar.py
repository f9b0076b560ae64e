"""Sentences of the grammar page and near misses, made by Hypothesis and held to `check`.

    python tests/fuzz/grammar.py 600        # for ten minutes; a find is printed as small as it gets

A few seconds of the same, always the same, are in `tests/test_fuzz.py`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.check import check
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

import jacmagic

PAGE = (Path(jacmagic.__file__).parent / "language/grammar.lark").read_text(encoding="utf-8")
GRAMMAR = Lark(PAGE, parser="earley", lexer="dynamic", ambiguity="resolve")

LEAVES = st.sampled_from("x x x y y z t a b k W v u i x1 x_2 theta λ x[1] x[2] W[1,2] v^T W^T 0 1 2 3 10 0.5 .25 1e-3 -1 1/2 π e xy sinx".split())
FUNCTIONS = "sin cos tan exp ln sqrt abs tanh sigmoid relu step sign floor ceil cbrt softplus gelu elu selu silu mish log2 log10 atan asin erf hardtanh leaky_relu softsign cosh acosh sec cot".split()
VECTORS = "softmax log_softmax layer_norm norm sum prod mean max min diag".split()
# @ is a smaller expression
FORMS = [
    "@+@", "@ - @", "@*@", "@/@", "@ @", "@@", "@ .* @", "@ ./ @", "@·@", "@ × @", "@^@", "@ .^ @", "(@) (@)", "(@)(@)", "(@)", "-@", "(@)^2", "@²", "(@)^(@)", "(@)^-1",
    *(f"{name}(@)" for name in FUNCTIONS), *(f"{name} @" for name in FUNCTIONS[:6]), "sin^2(@)", "sin² @", "tanh^2 (@)", *(f"{name}(@)" for name in VECTORS),
    "(@) if @ > @ else (@)", "@ if @ < @ <= 1 else @ if not @ == 0 else @", "@ if @ > 0 and @ < 1 else @", "1[@ > @]", "1[@ > 0 or @ < 1] @", "|@|", "||@||", "||@||_1", "|@| |@|",
    "[@, @]", "[@; @]", "[@, @; @, @]", "[[@, @], [@, @]]", "(@, @)", "[@, @][1]", "([@, @])^T", "max(@, @)", "min(@, @, @)", "atan2(@, @)", "dot(@, @)", "cross(@, @)", "mse(@, @)", "huber(@, @)", "bce(@, @)", "cross_entropy(@, @)",
    "sum(@ i for i = 1..3)", "sum(@ for i = 1..0)", "[@ + i for i = 1..2]", "[x[i] @ for i = 1..2]", "prod(@ - i for i = 1..2)", "sum(sum(@ i j for j = 1..i) for i = 1..2)", "[[@ i j for j = 1..2] for i = 1..2]",
    "\\frac{@}{@}", "\\sqrt{@}", "\\sqrt[3]{@}", "\\left(@\\right)", "@ \\cdot @", "\\sum_{i=1}^{2} (@)", "\\sum_{i=1}^2 @ i", "\\prod_{i=1}^{3} @", "\\sin @", "\\frac12 @", "x^{@}", "\\operatorname{relu}(@)", "\\|@\\|", "\\mathbf{x} @",
    "\\begin{bmatrix} @ & @ \\\\ @ & 1 \\end{bmatrix}", "\\begin{cases} @ & x > @ \\\\ @ & \\text{otherwise} \\end{cases}", "g(@)", "g(@, @)", "g(f(@))", "u", "√(@)", "(@)ᵀ", "W @", "W^T @", "@ x", "2@", "@2", "e^(@)", "e^-@", "@!", "@'", "@ = @",
]


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """An expression of up to a dozen forms inside one another."""
    budget = draw(st.integers(1, 12))

    def grown() -> str:
        nonlocal budget
        budget -= 1
        if budget <= 0:
            return draw(LEAVES)
        first, *rest = draw(st.sampled_from(FORMS)).split("@")
        return first + "".join(grown() + piece for piece in rest)

    return grown()


EXPRESSIONS = expressions()
HEADS = st.sampled_from([
    "f(x, y) = {}", "f = {}", "x in R^2\nf = {}", "x in R^2\nW in R^(2x2)\nf = {}", "g(x) = x^2 + 1\nf(x, y) = {}", "u = {}\nf = u^2 + x", "k = 2 in [0, 5]\nf(x) = {}", "x' = {}\ny' = x",
    "g(x, y) = x y\nu = x + y\nf = {}", "x in R^2\nv in R^2\nf = {}\nL = mse(f, v)", "x in R^2\na = tanh(W x + c) in R^2\no = {}", "k = {}\nf(x) = k x", "k in [0, {}]\nf(x) = k x", "{}",
])
BLOCKS = st.one_of(
    st.tuples(HEADS, EXPRESSIONS).map(lambda given: given[0].replace("{}", given[1])),
    from_lark(GRAMMAR, start="start"),
    from_lark(GRAMMAR, start="expression").map("f(x, y) = {}".format),
)


def misses(block: str) -> st.SearchStrategy[str]:
    """The block with one thing cut out or put in."""
    places = st.integers(0, len(block))
    pieces = st.sampled_from(["", " ", "(", ")", "[", "]", "^", "x", "2", "=", ",", "/", "|", "\n", "\\", "{", "}", "_", "'", ".", "for", "if ", "T"])
    return st.tuples(places, st.integers(0, 2), pieces).map(lambda how: block[: how[0]] + how[2] + block[how[0] + how[1] :])


TEXTS = st.one_of(BLOCKS, BLOCKS.flatmap(misses))


def run(seconds: float, number: int) -> None:
    """Look for a text that `check` fails on, for so long."""
    stop = time.monotonic() + seconds
    tried = 0

    @seed(number)
    @settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink])
    @given(TEXTS)
    def hold(text: str) -> None:
        nonlocal tried
        tried += 1
        check(text)

    while time.monotonic() < stop:
        hold()
        number += 1
        hold = seed(number)(hold)
    print(f"{tried:,} texts, no find")


if __name__ == "__main__":
    run(float(sys.argv[1]) if len(sys.argv) > 1 else 60, int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time()))
