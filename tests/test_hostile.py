"""Blocks that are out to hurt: each is answered, or refused with an error of ours, at once and in little memory."""

from __future__ import annotations

import os
import re
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fuzz.corpus import FAMILIES, corpus
from share import some

import jacmagic
from jacmagic.magics import read_options

B = "\\"
MOST_SECONDS = 2.0  # of the processor, where counting to a million takes DESK
DESK = 0.06
MOST_BYTES = 200 * 2**20
OR = " or ".join(f"(x > {k} and y > {k})" for k in range(2, 30))
AA = "a=1;aa=2;aaa=3;aaaa=4\nf = x "

HOSTILE = {
    # characters
    "a control character": "f(x) = x\x01 + 1", "lone surrogates": "f(x) = \udfffx\ud800", "bidirectional": "f(x) = x\u202e+\u202c1",
    "combining marks": "f(x) = x" + "\u0302" * 50_000, "superscripts": "f(x) = x" + "²" * 50_000, "subscripts": "f(x) = x" + "₁" * 50_000,
    "a null": "\x00", "a byte order mark": "\ufefff(x) = x", "backslashes": B * 90_000, "dollars": "$" * 90_000,
    # length
    "a megabyte": "f(x) = " + "x+" * 500_000 + "x", "a long comment": "f(x) = x # " + "a" * 90_000, "empty lines": "\n" * 90_000,
    "semicolons": ";" * 90_000, "commas": "," * 90_000, "signs": "f(x) = " + "-" * 90_000 + "x", "a long name": "f = x" + "1" * 90_000,
    "a thousand lines": "\n".join(["u0 = x"] + [f"u{k} = sin(u{k - 1}) + u{k - 1}" for k in range(1, 1000)]),
    "ten thousand terms": "f(x) = " + " + ".join(["x"] * 9_000), "ten thousand factors": "f(x) = " + " ".join(["x"] * 9_000),
    "a thousand names": "f = " + " ".join(f"x{k}" for k in range(900)), "too many names": "f = " + " ".join(f"x{k}" for k in range(3_000)),
    "a long vector": "f(x) = [" + ",".join(["x"] * 9_000) + "]", "many arguments": "f(" + ",".join(f"x{k}" for k in range(3_000)) + ") = x1",
    "many cases": "f(x) = " + "1 if x > 0 else " * 3_000 + "0", "a long condition": "f(x) = 1 if " + " and ".join(["x > 0"] * 3_000) + " else 0",
    "conditions to multiply out": f"f(x, y) = 1 if {OR} else 2 if {OR.replace('>', '<')} else x y",
    "many layers": "x(3)" + " -> 4 tanh" * 3_000, "a big maximum": "f(x) = max(" + ", ".join(f"{k} x" for k in range(900)) + ")",
    # nesting
    "round brackets": "f(x) = " + "(" * 90_000, "closed brackets": "f(x) = " + "(" * 45_000 + "x" + ")" * 45_000, "square brackets": "f(x) = " + "[" * 90_000,
    "braces": "f(x) = x^" + "{" * 45_000, "bars": "f(x) = " + "|" * 90_000, "many bars": "f(x) = " + "|x|" * 9_000, "python braces": "f = " + "{" * 45_000,
    "powers": "f(x) = " + "x^" * 9_000 + "x", "roots": "f(x) = " + "√" * 9_000 + "x", "nots": "f(x) = 1 if " + "not " * 9_000 + "x > 0 else 0",
    "fonts": "f(x) = " + (B + "mathbf{1+") * 5_000 + "x" + "}" * 5_000, "environments": "f(x) = " + (B + "begin{bmatrix}") * 5_000,
    "layouts": (B + "begin{aligned}") * 5_000 + "f(x) = x", "indices": "f(x) = " + "x_{" * 9_000, "components": "x in R^3\nf = " + "x[" * 9_000 + "1" + "]" * 9_000,
    "indicators": "f(x) = " + "1[" * 9_000, "fractions": "f(x) = " + (B + "frac{1}{1+") * 3_000 + "x" + "}" * 3_000,
    "sums in sums": "f(x) = " + (B + "sum_{i=1}^{2}") * 3_000 + "x", "as deep as it goes": "f(x) = " + "sin(" * 38 + "x" + ")" * 38,
    # words
    "powers that touch": "f(x) = 2" + "x^2" * 200, "divisions": "f(x) = " + "/".join(["(x + 1)"] * 1_500),
    "many functions": "f(x) = " + " + ".join(f"sin({k} x)" for k in range(1_000)),
    "a word with many splits": AA + "a" * 60, "a word with no split": AA + "a" * 59 + "b", "many unknown words": "f = " + " ".join(["abcdefgh"] * 5_000),
    # numbers
    "9^9^9^9": "f(x) = 9^9^9^9 x", "1e999999999": "f(x) = 1e999999999 x", "1e-999999999": "f(x) = 1e-999999999 x", "digits": "f(x) = " + "9" * 90_000 + "x",
    "(2x)^(10^9)": "f(x) = (2x)^(10^9)", "10^10^10": "f(x) = x^(10^10^10)", "e^e^e^e": "f(x) = floor(e^e^e^e) x", "exp(exp(exp(10)))": "f(x) = exp(exp(exp(10))) x",
    "a root of much": "f(x) = sqrt(10^1999 + 1) x", "0^0": "f(x) = 0^0 x", "0^-1": "f(x) = 0^-1 x", "1/(x - x)": "f(x) = 1/(x - x)", "ln 0": "f(x) = ln 0 + x",
    "a big bound": "f(x) = sum(x^i for i = 1..10^1000)", "a tower of bounds": "n=2^64\nm=n^64\nk=m^64\nl=k^64\nf(x) = sum(x^i for i = 1..l^64)",
    # families and sizes
    "a product of numbers": "f(x) = prod(i for i = 1..10000) x", "powers of indices": "f(x) = sum(i^i for i = 1..10000) x", "a huge family": "f(x) = [x^i for i = 1..10^9]",
    "families of families": "f(x) = [sum(x^(i j) for j = 1..1000) for i = 1..1000]", "three sums": "f(x) = sum(sum(sum(x^(i j k) for k=1..100) for j=1..100) for i=1..100)",
    "many pairs": "x in R^2000\nf = [sum(x[j] for j = 1..i) for i = 1..2000]", "a huge vector": "x in R^(10^9)\nf = x", "a huge matrix": "W in R^(10^9 x 10^9)\nf = W[1,1]",
    "an outer product": "x in R^5000\nf = x x^T", "a diagonal": "x in R^5000\nf = diag(x)", "a wide net": "x(1000) -> 100000 tanh -> 1000000",
    # calls
    "calls in calls": "f(x) = x^2\ng = " + "f(" * 35 + "x" + ")" * 35,
    "doubling calls": "\n".join(["f0(x) = x + 1"] + [f"f{k}(x) = f{k - 1}(x) f{k - 1}(x + 1)" for k in range(1, 40)]),
    "iterated calls": "\n".join(["f0(x) = sin(x) + 1"] + [f"f{k}(x) = f{k - 1}(f{k - 1}(x))" for k in range(1, 25)]),
}


def too_long(error: jacmagic.JacmagicError) -> None:
    if len(str(error)) > 2_000:
        pytest.fail("the error is longer than a screen")


def attempt(block: str, net: bool) -> None:
    try:
        (jacmagic.nnchain if net else jacmagic.jacobian)(block)
    except jacmagic.JacmagicError as error:
        too_long(error)


def seconds(block: str, net: bool) -> float:
    """What a block costs, in seconds of the processor of a desk; measured again where it seems too much."""
    cost = 0.0
    for _ in range(3):
        start = time.process_time()
        attempt(block, net)
        cost = time.process_time() - start
        if cost < MOST_SECONDS:
            break
        start = time.process_time()
        sum([k * k for k in range(10**6)])
        cost *= min(1.0, DESK / (time.process_time() - start))
        if cost < MOST_SECONDS:
            break
    return cost


def deep(levels: int, block: str, net: bool) -> None:
    return attempt(block, net) if levels == 0 else deep(levels - 1, block, net)


@pytest.mark.parametrize("block", some(HOSTILE.values()), ids=HOSTILE)
def test_a_hostile_block_is_answered_or_refused_at_once(block: str) -> None:
    net = "->" in block
    assert seconds(block, net) < MOST_SECONDS


@pytest.mark.long
@pytest.mark.parametrize("block", HOSTILE.values(), ids=HOSTILE)
def test_a_deep_stack_makes_no_difference(block: str) -> None:
    deep(300, block, "->" in block)


@pytest.mark.parametrize("name", ["a megabyte", "a long vector", "closed brackets", "families of families", "a wide net", "a huge matrix"])
def test_a_hostile_block_takes_little_memory(name: str) -> None:
    tracemalloc.start()
    try:
        attempt(HOSTILE[name], "->" in HOSTILE[name])
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def test_the_recursion_limit_is_left_alone() -> None:
    before = sys.getrecursionlimit()
    attempt("f(x) = " + "(" * 1_000, False)
    assert sys.getrecursionlimit() == before


# ------------------------------------------------------------------ the corpus
CORPUS = corpus()
FORBIDDEN = re.compile(r"os\.(system|exec|posix_spawn|fork|remove|rename|mkdir|rmdir|kill)|subprocess|socket|shutil|ctypes|urllib|webbrowser|pickle")
SHOWN = 6  # of each family
listening: list[str] = []
heard: list[str] = []


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook, which Python cannot take away again: it listens while a family is read."""
    if not listening or event == "import":
        return
    shown = repr(arguments)[:2_000]
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    own = event in ("compile", "exec") and "CANARY" not in shown
    if FORBIDDEN.match(event) or writes or ("CANARY" in shown and not own):
        heard.append(f"{event} {shown[:200]} in {listening[-1][:200]!r}")


@contextmanager
def watched(name: str) -> Iterator[None]:
    if not hasattr(listen, "hooked"):
        sys.addaudithook(listen)
        listen.hooked = True
    heard.clear()
    listening.append(name)
    try:
        yield
    finally:
        listening.clear()


CLEAR = Path("/proc/self/clear_refs")


def resident(kind: str) -> int:
    """Bytes of memory of this process: VmRSS now, VmHWM at the most since `reset_peak`."""
    found = re.search(rf"{kind}:\s+([0-9]+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024


def test_the_corpus_is_large() -> None:
    assert sum(map(len, CORPUS.values())) > 2_000


@pytest.mark.parametrize("every", [50, pytest.param(20, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.scale)])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_hostile_blocks_is_answered_or_refused_within_a_second(family: str, every: int) -> None:
    jacmagic.jacobian("f(x, y) = sin(x) + |y|")  # SymPy is there
    late = []
    with watched(family):
        for k, block in list(enumerate(CORPUS[family]))[::every]:
            listening[-1] = block
            for net in (False, True):
                cost = seconds(block, net)
                if cost >= MOST_SECONDS:
                    late.append(f"{family} {k}, {'nnchain' if net else 'jacobian'}, {cost:.1f} s: {block[:60]!r}")
    assert not late
    assert not heard


@pytest.mark.scale
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_hostile_blocks_takes_little_memory(family: str) -> None:
    if not CLEAR.exists():
        pytest.skip("the most memory of a process can be asked for anew only on Linux")
    large = []
    for k, block in enumerate(CORPUS[family][::5]):
        CLEAR.write_text("5", encoding="ascii")
        before = resident("VmRSS")
        attempt(block, k % 2 == 1)
        if resident("VmHWM") - before > MOST_BYTES:
            large.append(f"{family} {5 * k}: {block[:60]!r}")
    assert not large


@pytest.mark.parametrize("most", [pytest.param(1, marks=pytest.mark.long), pytest.param(SHOWN, marks=pytest.mark.scale)])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_answered_is_shown(family: str, most: int) -> None:
    shown = 0
    for block in CORPUS[family]:
        try:
            result = jacmagic.jacobian(block)
        except jacmagic.JacmagicError:
            continue
        assert set(result._repr_mimebundle_()) == {"text/html", "text/latex", "text/plain"}
        shown += 1
        if shown == most:
            break


# numbers and depths that are read at once, and cannot be written out
LONG = [
    "prod(i^i for i = 1..300) x", "x^(prod(prod(j for j = 1..i) for i = 1..200))", "sum(1/i^i for i = 1..400) x", "x^(softmax([10^400, 1])[1])", "prod(1/i for i = 1..2000) x",
    "x if x > prod(1/i for i = 1..2000) else 0", "prod(x + i^1000 for i = 1..3)",
]
DEEP = ["cbrt(u{k})", "e^u{k}", "1/(1 + u{k})", "|u{k}|", "(u{k} + 1)^9", "sin(u{k})"]
WIDE = ["x in R^300\nf = x x^T x", "x in R^3000\nf = [x[i]^2 - x[i-1] for i = 2..3000]", "x(1000) -> 3 tanh", "f(x) = sum(x^i for i = 1..10000)"]
UNWRITTEN = [*(f"f(x) = {text}" for text in LONG), *("u0 = x\n" + "\n".join(f"u{k + 1} = " + line.replace("{k}", str(k)) for k in range(300)) for line in DEEP), *WIDE]


@pytest.mark.parametrize("block", some(UNWRITTEN, 9), ids=[repr(block)[:40] for block in UNWRITTEN])
def test_what_is_too_long_to_write_is_shown_without_it(block: str) -> None:
    begin = time.process_time()
    result = jacmagic.jacobian(block)
    assert set(result._repr_mimebundle_()) == {"text/html", "text/latex", "text/plain"}
    assert time.process_time() - begin < 5
    try:
        result.latex()
    except jacmagic.LimitError as error:
        too_long(error)


LINES = ["--into", "--into 1", "--into=class", "--into J --into K", "--seed", "--seed -1", "--seed 9" + "9" * 90_000, "--seed=1e9", "--seed ٣", "--statik", "--" + "a" * 90_000, "--into " + "a" * 90_000, "--into __builtins__.x",
         "--into J;import os", "--into '", "--static=1", "--big --big --big", "--all" * 20_000, "-" * 90_000, "--\ud800", "--into \ud800", "--into \u200b", "--into x\u0300", "'" * 90_000, "x1, --static, x2", "--seed\n7", "--into=J=K", "=" * 90_000,
         "f' --into", "--into<script>", "--INTO J", "--into\x00J", "x" * 90_000, "x, " * 30_000, "{x}", "$x", "x y z " * 15_000, "--seed 7 " * 9_000]


@pytest.mark.parametrize("line", LINES, ids=[repr(line)[:40] for line in LINES])
def test_a_hostile_line_of_a_magic_is_read_or_refused(line: str) -> None:
    try:
        _, names = read_options(line)
        jacmagic.jacobian("f(x) = x", wrt=names)
    except jacmagic.JacmagicError as error:
        too_long(error)


NESTED: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "(" * n + "x" + ")" * n,
    "sums in brackets": lambda n: "(" * n + "x" + " + 1)" * n,
    "calls": lambda n: "sin(" * n + "x" + ")" * n,
    "exponents": lambda n: "x^(" * n + "x" + ")" * n,
    "signed exponents": lambda n: "x^-(" * n + "x" + ")" * n,
    "towers": lambda n: "x^" * n + "x",
    "quotients": lambda n: "1/(1 + " * n + "x" + ")" * n,
    "LaTeX": lambda n: r"\left(" * n + "x" + r"\right)" * n,
    "several arguments": lambda n: "max(x, " * n + "x" + ")" * n,
}


@pytest.mark.parametrize("kind", NESTED)
def test_forty_levels_are_read_and_not_one_more(kind: str) -> None:
    def deep(frames: int, text: str) -> Any:  # a notebook's own calls stand below
        return deep(frames - 1, text) if frames else jacmagic.jacobian(text)

    begin = time.monotonic()
    assert deep(60, f"f(x) = {NESTED[kind](40)}").variables
    with pytest.raises(jacmagic.LimitError, match="more than 40 deep"):
        jacmagic.jacobian(f"f(x) = {NESTED[kind](41)}")
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("kind", some(NESTED, 99))  # the first
def test_what_is_forty_deep_is_shown_written_and_evaluated(kind: str) -> None:
    def deep(frames: int) -> None:  # a notebook's own calls stand below
        if frames:
            return deep(frames - 1)
        r = jacmagic.jacobian(f"f(x) = {NESTED[kind](40)}")
        bundle = r._repr_mimebundle_()
        assert all(bundle[mime] for mime in ("text/html", "text/latex", "text/plain"))
        for backend in ("sympy", "numpy", "torch", "jax", "javascript"):
            assert answered(lambda backend=backend: r.code(backend))
        for ask in (lambda: r.matrix, r.latex, r.at, lambda: r.function("math")(x=0.5), lambda: r.save(os.devnull)):
            assert answered(ask) is not None
        return None

    deep(60)


def answered(ask: Callable[[], Any]) -> Any:
    """What is asked for, or the error that says that it is too much."""
    try:
        return ask()
    except jacmagic.LimitError as error:
        return error
