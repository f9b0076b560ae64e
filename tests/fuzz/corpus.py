"""Blocks that are out to hurt, the same ones every time: `corpus()` gives {family: [block, …]}.

Each family is a way of being hostile. What may go wrong with a block is told by its
family and its place there, so that a failing test can name it.
"""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

B = "\\"
CASES = Path(__file__).parents[1] / "cases"
FAMILIES: dict[str, Callable[[random.Random], Iterator[str]]] = {}


def family(make: Callable[[random.Random], Iterator[str]]) -> Callable[[random.Random], Iterator[str]]:
    FAMILIES[make.__name__.replace("_", " ")] = make
    return make


def corpus(seed: int = 2026) -> dict[str, list[str]]:
    """All families, each without repetitions."""
    return {name: list(dict.fromkeys(make(random.Random(f"{seed} {name}")))) for name, make in FAMILIES.items()}


# What stands where a hostile piece of text is put; @ is its place.
PLACES = ("@", "f(x) = @", "f(x) = x + @", "f(x) = x @", "f(@) = x", "@(x) = x", "x@ = 3\nf(x) = x", "f(x) = x^@", "f(x) = x_@",
          "f(x) = x # @", "f(x) = sin @", "f(x) = [x, @]", "k = @\nf(x) = k x", "f(x) = {@}", "x in R^@\nf = x[1]", "f(x) = |@|")


def placed(pieces: list[str], rng: random.Random, each: int) -> Iterator[str]:
    for piece in pieces:
        for place in rng.sample(PLACES, each):
            yield place.replace("@", piece)


# ------------------------------------------------------------------ numbers
@family
def numbers_that_explode(rng: random.Random) -> Iterator[str]:
    towers = ["9^9^9^9", "10^10^10", "2^2^2^2^2^2", "(9^9)^(9^9)", "9^-9^9^9", "e^e^e^e^e", "pi^pi^pi^pi", "1e999999999", "1e-999999999", "1e99999", "99999999999e99999",
              "1e308", "1e309", "1e-400", "0^0", "0^-1", "1/0", "0/0", "(-1)^0.5", "(-8)^(1/3)", "sqrt(-1)", "ln 0", "ln(-1)", "acosh(0)", "asin(2)", "atanh(1)", "1/(1-1)", "tan(pi/2)",
              "cot(0)", "csc(pi)", "exp(exp(exp(exp(9))))", "cosh(10^9)", "sinh(10^100)", "gelu(10^400)", "erf(10^2000)", "floor(e^e^e^e)", "ceil(pi^(10^9))", "sin(10^1999)", "cos(9^9^9)",
              "tan(10^1000)", "log2(2^6000)", "log10(10^-1999)", "sqrt(10^1999+1)", "cbrt(10^1999+1)", "(10^999+1)^(1/7)", "2^(1/10^9)", "(1+10^-999)^(10^999)", "max(9^999, 9^998)",
              "abs(-9^9^9)", "sign(9^9^9)", "prod(1,2,3)^999", "prod(i for i = 1..1000)", "sum(i^i for i = 1..1000)", "prod(i^i for i=1..300)", "prod(prod(j for j=1..i) for i=1..200)",
              "sum(prod(j for j=1..i) for i=1..150)", "prod(10^i for i=1..100)", "prod(1/i for i=1..2000)", "sum(1/i for i=1..2000)", "sum(1/i^i for i=1..400)", "sum(sqrt(i) for i = 1..200)",
              "prod(sqrt(i) for i=1..100)", "sum(sin i for i = 1..300)", "prod(e^i for i = 1..900)", "sum(pi^i for i=1..300)", "[9^9^9, 1][1]", "norm([10^1000, 10^1000])", "softmax([10^400, 1])[1]",
              "min([9^999, 1])", "mean([9^999; 1])", "1/3" + "/3" * 900, "9" * 1999, "9" * 2001, "0." + "0" * 1990 + "1", "0." + "3" * 3000, "1." * 400, "9^0.333333333", "2^0.5^0.5^0.5",
              "(2/3)^(5000/7)", "(2/3)^-7001", "7^(1/2)^(1/2)^(1/2)", "e^(10^18)", "e^-(10^18)", "e^(i)", "10^-5000", "(1/10)^5000", "sqrt(2)^9999", "pi^9999", "(sqrt 2 + 1)^5000", "(1+pi)^(10^6)"]
    for tower in towers:
        yield f"f(x) = {tower} x"
        yield f"k = {tower}\nf(x) = k x"
        yield f"f(x) = x^({tower})"
        if rng.random() < 0.5:
            yield f"f(x) = sin({tower} + x)"
        if rng.random() < 0.4:
            yield f"k in [0, {tower}]\nf(x) = k x"
        if rng.random() < 0.4:
            yield f"f(x) = [x^i for i = 1..{tower}]"
        if rng.random() < 0.3:
            yield f"x in R^({tower})\nf = x[1]"
        if rng.random() < 0.3:
            yield f"x in R^2\nf = x[{tower}]"
        if rng.random() < 0.3:
            yield f"f(x) = x if x > {tower} else {tower}"
    for _ in range(60):
        parts = [str(rng.choice([0, 1, 2, 9, 10, 99, 10**6, 10**30, 0.5, 1e-9])) for _ in range(rng.randint(2, 6))]
        yield "f(x) = (" + rng.choice(["^", "^-", ")^(", "*", "/", " - ", ") + (x^"]).join(parts) + ") x"


@family
def huge_exponents(rng: random.Random) -> Iterator[str]:
    for base in ("x", "(x + 1)", "(2x)", "(-3x)", "(x y)", "sin(x)", "(x + y + 1)", "|x|", "(x/7)", "[x, y]", "(0.1 x)", "e^x"):
        for exponent in ("10^9", "(10^18)", "(10^40)", "-10^9", "(1/10^9)", "999999", "0.000001", "(10^400)", "(-10^400)", "(x^(10^9))", "(2^2^2^2^2)", "1000", "-77.5"):
            yield f"f(x, y) = {base}^{exponent}"
    for n in (50, 200, 1000, 3000):
        yield "f(x, y) = " + " ".join(["(x + y)"] * n)
        yield f"f(x, y) = (x + y)^{n} (x - y)^{n}"
        yield f"f(x) = sum(x^i for i = 0..{n})^{n}"
        yield f"f(x) = prod(x - i for i = 1..{n})"
        yield f"f(x) = prod(x + i^{n} for i = 1..3)"


@family
def growth(rng: random.Random) -> Iterator[str]:
    for op in ("u{k} u{k}", "u{k}^u{k}", "e^u{k}", "u{k}^2 + u{k}", "[u{k}, u{k}]", "sin(u{k}) u{k}^2", "max(u{k}, -u{k}, u{k}^2)", "u{k} if u{k} > 0 else -u{k}", "1/(1 + u{k})", "|u{k}|", "sum(u{k}^i for i = 1..3)",
               "sqrt(u{k})", "tanh(u{k}) + u{k}", "prod(u{k} + i for i = 1..3)", "(u{k} + 1)^9"):
        for depth in (8, 20, 60, 300):
            yield "u0 = x\n" + "\n".join(f"u{k + 1} = " + op.replace("{k}", str(k)) for k in range(depth))
    for depth in (8, 20, 60):
        for body in ("f{k}(x) f{k}(x)", "f{k}(f{k}(x))", "f{k}(x + 1) + f{k}(x - 1)", "f{k}(x)^f{k}(x)", "sum(f{k}(x + i) for i = 1..9)", "[f{k}(x), f{k}(x)]"):
            yield "f0(x) = sin(x) + 2\n" + "\n".join(f"f{k + 1}(x) = " + body.replace("{k}", str(k)) for k in range(depth))
    for depth in (5, 20, 40):
        yield "v0 in R^2\n" + "\n".join(f"v{k + 1} = [v{k}, v{k}]" for k in range(depth))
        yield "W in R^(2x2)\nA0 = W W\n" + "\n".join(f"A{k + 1} = A{k} A{k}" for k in range(depth))
        yield "n0 = 2\n" + "\n".join(f"n{k + 1} = n{k}^2" for k in range(depth)) + f"\nx in R^n{depth}\nf = sum(x)"
        yield "n0 = 2\n" + "\n".join(f"n{k + 1} = n{k} + n{k}" for k in range(depth)) + f"\nf(x) = sum(x^i for i = 1..n{depth})"


# ------------------------------------------------------------------ brackets, nesting, length
@family
def brackets(rng: random.Random) -> Iterator[str]:
    kinds = ["(", "[", "{", "|", "||", B + "left(", B + "{", "⌊", "⌈", "⟨", "1[", "x^(", "x[", "sin(", "√(", "x_{", B + "frac{", B + "sqrt{", B + "mathbf{", "f(", "max(x, ", B + "begin{cases} ",
             B + "begin{bmatrix} ", "sum(", "x^{", "-(", "2(", "x (", "[x, (", "1 if (", B + "sqrt[", B + "hat{", B + "text{", "x'", "{'", '{"', "not (", "x.", "x^", "x/(", "²(", "_{", "^("]
    closers = {"(": ")", "[": "]", "{": "}", "|": "|", "⌊": "⌋", "⌈": "⌉", "⟨": "⟩"}
    for kind in kinds:
        last = next((closers[ch] for ch in reversed(kind) if ch in closers), "")
        for depth in (3, 39, 200, 100_000 // len(kind) - 20):
            yield "f(x) = " + kind * depth
            if depth * (len(kind) + len(last)) < 99_000:
                yield "f(x) = " + kind * depth + "x" + last * depth
    for _ in range(120):
        length = rng.choice([5, 20, 100, 5_000, 90_000])
        yield "f(x) = " + "".join(rng.choices("()[]{}|x,;", k=length))


@family
def long_blocks(rng: random.Random) -> Iterator[str]:
    fills = ["x", "x ", "x+", "9", "1+", "\n", " ", "\t", ";", ",", "#", "-", "^", "_", "'", ".", "\\", "$", "&", "é", "\u200b", "\ud800", "𝒙", "x\n", "f = x\n", "x in R\n", "sin ", "xy", "x1", "{", "\\\\", "\\frac", "->", "if ", "²", "₂",
             "=", "x=", "[x],", "\u0302", "α", "ẋ", "0x", "1e9", "e", "\r\n", "\r", "√", "|x", "x[1]", "x^2+", "..", "for ", "x in ", "∑", "≤", "W x +"]
    for fill in fills:
        yield "f(x) = " + fill * (1_000_000 // len(fill))
        yield "f(x) = " + fill * (99_990 // len(fill))
        yield fill * (9_000 // len(fill)) + "\nf(x) = x"
        yield "f(x) = x\n" + fill * (3_000 // len(fill))


@family
def many_terms(rng: random.Random) -> Iterator[str]:
    for join in ("+", "-", "*", " ", "/", "^", ".*", " + 2", " - x ", "·", ",", ";", " or ", " and ", " if x > 0 else ", " > ", "= ", "\n+"):
        for term in ("x", "x1", "sin(x)", "2x", "(x+1)", "x^2", "|x|"):
            for count in (99, 1_500, 10_000):
                if count < 1_000 or rng.random() < 0.25:
                    yield "f(x) = " + join.join([term] * count)
    for count in (900, 5_000):
        yield "f = " + " + ".join(f"a{k} x^{k}" for k in range(count))
        yield "f(x) = " + " + ".join(f"{k} x^{k}" for k in range(count))
        yield "f(x) = " + " + ".join(f"sin({k} x)" for k in range(count))
        yield "f(x) = max(" + ", ".join(f"{k} x" for k in range(count)) + ")"
        yield "f(x) = [" + "; ".join(f"{k} x" for k in range(count)) + "]"
        yield "f(x) = [" + "; ".join("x, 1, 2" for k in range(count)) + "]"
        yield "f(" + ", ".join(f"x{k}" for k in range(count)) + ") = x1"


@family
def many_lines(rng: random.Random) -> Iterator[str]:
    for count in (100, 999, 1001, 5_000):
        yield "\n".join(f"f{k}(x) = sin({k} x)" for k in range(count))
        yield "\n".join(f"k{k} = {k}" for k in range(count)) + "\nf(x) = x"
        yield "\n".join(f"k{k} in [0, {k + 1}]" for k in range(count)) + "\nf(x) = x"
        yield "u0 = x\n" + "\n".join(f"u{k + 1} = sin(u{k})" for k in range(count))
        yield "x in R^2\n" + "\n".join(f"f{k} = x[{k + 1}]" for k in range(count))
        yield "\n".join(f"x{k} in R^{k + 1}" for k in range(count)) + "\nf = x1"
        yield "\n".join("x = 1" for k in range(count))
        yield "\n".join(f"u{k} = u{k + 1}" for k in range(count))
        yield "\n".join("#" + "x" * 60 for k in range(count)) + "\nf(x) = x"
        yield "; ".join(f"f{k} = x + {k}" for k in range(count))
        yield ", ".join(f"f{k} = x" for k in range(count))
        yield "x in R^3\na0 = tanh(W x) in R^3\n" + "\n".join(f"a{k + 1} = tanh(W a{k} + c) in R^3" for k in range(count))
        yield f"x({count}) -> " + " -> ".join(["3 tanh"] * min(count, 299))


@family
def deep_nesting(rng: random.Random) -> Iterator[str]:
    wraps = ["sin(@)", "(@)", "[@]", "-(@)", "x^(@)", "(@)^2", "√(@)", "|@|", "1/(1 + @)", "f(@)", "max(x, @)", "(@ if x > 0 else 1)", "1[@ > 0]", "sum(@ for i = 1..2)", "[@ for i = 1..2]", "prod(x + @ for i = 1..2)",
             B + "frac{1}{@ + 2}", B + "sqrt{@}", B + "left(@" + B + "right)", "tanh(W (@))", "softmax([x, @])", "sum([x, @])", "norm([@, 1])", "2(@)", "(@)(@)", "(@ + @)", "not (@ > 1)", "{@}", "dot([@, x], [x, 1])",
             "(@)^T", "([@])[1]", "mse(@, x)", "e^(@)", B + "begin{bmatrix} @ " + B + "end{bmatrix}", B + "begin{cases} @ & x > 0 " + B + B + " 1 " + B + "end{cases}", B + "sum_{i=1}^{2} (@)"]
    for wrap in wraps:
        for depth in (5, 12, 25, 45, 400):
            body = "x"
            for _ in range(depth):
                if len(body) > 90_000 or (wrap.count("@") > 1 and depth > 12):
                    break
                body = wrap.replace("@", body)
            yield f"f(x) = {body}"
    for _ in range(60):
        body = "x"
        for _ in range(rng.choice([4, 8, 16, 30])):
            body = rng.choice(wraps[:24]).replace("@", body, 1).replace("@", "x")
        yield f"f(x) = {body}"


# ------------------------------------------------------------------ characters
@family
def unicode_categories(rng: random.Random) -> Iterator[str]:
    by_category: dict[str, list[str]] = {}
    for code in rng.sample(range(sys.maxunicode + 1), 60_000) + list(range(0x3000)):
        ch = chr(code)
        by_category.setdefault(unicodedata.category(ch), []).append(ch)
    for category in sorted(by_category):
        few = rng.sample(by_category[category], min(4, len(by_category[category])))
        yield from placed(few, rng, 3)
        yield "f(x) = x" + "".join(rng.choices(by_category[category], k=50))
    for _ in range(80):
        yield "".join(chr(rng.choice([rng.randrange(0x110000), rng.randrange(0x3000), rng.randrange(128)])) for _ in range(rng.randint(1, 60)))


@family
def invisible_and_bidirectional(rng: random.Random) -> Iterator[str]:
    strange = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u061c", "\u200e", "\u200f", "\u180e", "\u115f", "\u3164",
               "\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1a", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\ufffe", "\uffff", "\U000e0041", "\U0010ffff", "\ufe0f", "\u20dd", "\u0338", "\u0489", "\u0300" * 30]
    yield from placed(strange, rng, 5)
    yield from placed([a + "x" + b for a, b in zip(strange, reversed(strange))], rng, 1)


@family
def surrogates(rng: random.Random) -> Iterator[str]:
    yield from placed(["\ud800", "\udbff", "\udc00", "\udfff", "\ude00\ud83d", "\ud83d\ude00", "\udc80", "x\ud800", "\udfffx", "\ud800" * 1000], rng, 8)
    yield "W = {'\ud800'}\nf(x) = W x"
    yield "f(x) = " + B + "\ud800 x"


@family
def look_alikes(rng: random.Random) -> Iterator[str]:
    yield from placed(list("аеорсхуѕԁһкⅰⅼ⁰₀１２𝟏𝑥𝐱ⅹ×✕✖∗⁎−–—‐∕⁄÷∶∼≈≃≠∝∂∇∫∮ℯℇℎℓ℘ℜℑℵ℮Åªºßœøłđħİıĸŉſ"), rng, 3)


# ------------------------------------------------------------------ injection
PYTHON = ["__import__('os').system('touch CANARY')", "eval('1')", "exec('import os')", "().__class__.__bases__[0].__subclasses__()", "open('CANARY','w').write('x')", "lambda: 1", "x.__class__", "__builtins__", "[c for c in ().__class__.__mro__]",
          "print(1)", "import os", "os.system('x')", "f'{1}'", "(yield)", "x := 1", "globals()", "getattr(x, '__class__')", "exit()", "breakpoint()", "raise SystemExit", "assert False", "del x", "'%s' % x", "{0.__class__}", "`id`", "$(id)", "!id", "%run x", "?x",
          "sympify('x')", "S('x')", "Function('f')", "Symbol", "Integer(1)", "pickle.loads(b'')", "numpy.array(1)", "compile('1','','eval')", "__name__", "self", "None", "True", "x if True else y", "async", "\\x5f", "\\N{DIGIT ONE}", "1 .real", "1_000", "0x10", "0b1", "1j", "@x"]
SCRIPT = ["<script>alert('CANARY')</script>", "</script><script>CANARY</script>", "<img src=x onerror=CANARY>", "<svg/onload=CANARY>", "javascript:CANARY", "\"onmouseover=CANARY", "'-alert(1)-'", "`${CANARY}`", "-->", "<!--", "]]>", "<![CDATA[", "&lt;script&gt;", "&#60;", "&amp;amp;",
          "<style>*{}</style>", "<iframe src=//x>", "<math><mtext></mtext></math>", "</pre>", "</div></div>", "<?php ?>", "{{7*7}}", "{% x %}", "<a href='javascript:1'>", "\\u003cscript\\u003e", "</textarea>", "</style>", "<base href=x>", "<meta http-equiv=refresh>", "<x y='\"'>"]
LATEX = [B + "input{/etc/passwd}", B + "write18{touch CANARY}", B + "immediate" + B + "write18{x}", B + "def" + B + "x{" + B + "x}" + B + "x", B + "newcommand{" + B + "x}{y}", B + "href{javascript:CANARY}{x}", B + "url{x}", B + "csname x" + B + "endcsname",
         B + "catcode`" + B + "@=11", B + "loop" + B + "iftrue" + B + "repeat", B + "include{x}", B + "openin5=x", B + "read5", B + "html{x}", B + "class{x}{y}", B + "style{color:red}{x}", B + "cssId{x}{y}", B + "require{x}", B + "unicode{x41}",
         B + "begin{document}", B + "end{align}", B + "begin{verbatim}", B + "verb|x|", "$$", "$x$$", B + "(x" + B + ")", B + "[x" + B + "]", "%", B + "%", "~", B + "&", B + "#", B + "_", B + "{", B + "}", B + "left.", B + "right", B + "middle|", B + "tag{1}", B + "label{x}", B + "ref{x}", B + "color{red}", B + "phantom{x}",
         B + "mathchoice{}{}{}{}", B + "overset{x}{y}", B + "underbrace{x}_{y}", B + "stackrel", B + "not", B + "not=", B + "xrightarrow{x}", B + "binom{x}{2}", B + "bra{x}", B + "dv{f}{x}", B + "frac{}{}", B + "frac", B + "frac{1}", B + "sqrt[]{}", B + "sqrt[3", B + "hat{}", B + "operatorname{}", B + "operatorname{<b>}", B + "text{</script>}",
         B + "mathbf{}", B + "begin{}", B + "begin{cases}", B + "end{cases}", B + "begin{bmatrix}", B + "begin{array}{@{}}", B + "sum_{i}", B + "sum^{3}", B + "sum_{i=1}^{}", B + "prod_{=}^{}"]


@family
def python_injection(rng: random.Random) -> Iterator[str]:
    yield from placed(PYTHON, rng, 3)
    for text in PYTHON:
        yield f"k = {{{text}}}\nf(x) = k x"


@family
def script_injection(rng: random.Random) -> Iterator[str]:
    yield from placed(SCRIPT, rng, 4)


@family
def latex_injection(rng: random.Random) -> Iterator[str]:
    yield from placed(LATEX, rng, 3)


# ------------------------------------------------------------------ sizes, families, names
@family
def pathological_shapes(rng: random.Random) -> Iterator[str]:
    sizes = ["0", "-1", "1", "2", "3", "1000", "10^5", "10^6", "10^7", "10^18", "10^19", "10^400", "1.5", "0.5", "x", "n", "1/2", "2/1", "e", "pi", "(2x3)", "(3x2)", "(0x3)", "(3x0)", "(1x1)", "(-1x3)", "(2x3x4)", "(1000x1000)", "(10^9x10^9)",
             "(10^5x1)", "(1x10^5)", "(2,3)", "()", "(x)", "(xx)", "{2 " + B + "times 3}", "²", "²ˣ³", "ⁿ", "(2^3)", "(3-3)", "(9^9^9)", "(2(3))", "[3]", "", "^2", "R", "(1 if 1 > 0 else 2)", "(sum(i for i=1..3))", "(prod(i for i=1..20))"]
    for size in sizes:
        for body in ("f = x", "f = sum(x)", "f = x^T x", "f = x x^T", "f = diag(x)", "f = norm(x)", "f = softmax(x)", "f = x[1]", "f = W x in R^2", "f = [x, x]", "f = x .* x", "f = cross(x, x)", "f = tanh(W x + c) in R^3"):
            if rng.random() < 0.34:
                yield f"x in R^{size}\n{body}"
    for _ in range(50):
        a, b, c = (rng.choice(sizes[:29]) for _ in range(3))
        yield f"x in R^{a}\nW in R^{b}\nf = {rng.choice(['W x', 'x W', 'W^T x', 'x^T W x', 'W W', 'W .* x', 'W + x', 'W^2', 'W x + c', '[W, x]', 'dot(W, x)'])} in R^{c}"
    for width in ("0", "-3", "1000", "10^6", "10^19", "1.5", "x", "(3)"):
        yield f"x({width}) -> 3 tanh"
        yield f"x(3) -> {width} tanh -> 2"
        yield f"x(3) -> a({width}) relu -> a({width}) relu"
    yield from ("x(1000) -> 1000 tanh -> 1000 tanh -> 1000", "x(1000) -> 100000 tanh -> 1000000", "x(3) -> 4 4 4", "x -> 3", "-> 3 -> 3", "x(3) -> -> 3", "x(3) ->", "x(3) -> x(3) tanh", "x(3) -> 4 sinn", "x(3) -> 4 cross", "x(3) -> W1(3) tanh -> 2", "x(3) -> 4 tanh tanh")


@family
def families_and_ranges(rng: random.Random) -> Iterator[str]:
    bounds = ["1..3", "1..0", "3..1", "0..0", "-5..5", "1..10000", "1..10001", "1..10^9", "1..10^30", "-10^9..10^9", "1..n", "n..1", "1..x", "x..2", "1..1.5", "0.5..2", "1..e", "i..3", "1..i", "1..j", "9^9^9..9^9^9", "10^18..10^18", "1..3..5", "1", "1..", "..3", "1..-1", "1,2,...,5", "1..2^13", "10^17..10^17+5"]
    for bound in bounds:
        for body in ("sum(x^i for i = @)", "prod(x + i for i = @)", "[x^i for i = @]", "[x[i] for i = @]", "sum(sum(x^(i j) for j = @) for i = @)", "[sum(x^i for j = 1..i) for i = @]", B + "sum_{i=@}^{3} x^i", "sum(1/i x for i = @)", "sum(i^i for i = @) x", "[[x^i for j = @] for i = @]", "max([x^i for i = @])"):
            if rng.random() < 0.45:
                yield f"f(x) = {body.replace('@', bound)}"
    yield from (f"x in R^{n}\nf = {body}" for n in (10, 300, 3_000) for body in (
        "[sum(x[j] for j = 1..i) for i = 1..@]", "[x[i] x[@ + 1 - i] for i = 1..@]", "sum(sum(x[i] x[j] for j = 1..@) for i = 1..@)", "[prod(x[j] for j = 1..i) for i = 1..@]", "[x[i]^2 - x[i-1] for i = 2..@]", "[x[i] - x[i+1] for i = 1..@]",
        "[[x[i] x[j] for j = 1..@] for i = 1..@]", "[x[i] if i > 1 else 0 for i = 1..@]", "[sin(x[i]) cos(x[@]) for i = 1..@]", "prod(x[i] for i = 1..@)", "softmax([x[i] for i = 1..@])", "x x^T x", "sum(diag(x) x)") for body in [body.replace("@", str(n))])
    for n in (3, 100, 10_000):
        yield f"f(x) = sum(sum(sum(x^(i j k) for k=1..{n}) for j=1..{n}) for i=1..{n})"
        yield f"f(x) = [sum(x^(i j) for j = 1..{n}) for i = 1..{n}]"


@family
def self_reference(rng: random.Random) -> Iterator[str]:
    yield from ("f = f", "f(x) = f(x)", "f(x) = f(x - 1)", "f(f) = f", "f(x) = g(x)\ng(x) = f(x)", "x = x", "x = x + 1", "f(x) = x\nx = f(x)", "a = b\nb = c\nc = a", "n = n\nx in R^n\nf = x", "x in R^x\nf = x", "n in R^n\nf = n",
                "f(x) = sum(i for i = 1..f(x))", "k = k in [0, k]\nf(x) = k x", "k in [k, k]\nf(x) = k x", "x' = x'\n", "x' = x''", "f(x, x) = x", "f(x) = x\nf(x) = x", "f = x\nf in R^2\nf in R^3", "x in R\nx in R^2\nf = x", "x[1] = 3\nf = x[1]", "sin = 3", "sin(x) = x", "e = 3", "pi(x) = x",
                "i = 3\nf(x) = sum(x^i for i = 1..i)", "f(x) = sum(sum(x^i for i = 1..i) for i = 1..3)", "f(x) = [f for f = 1..3]", "f(x) = [x for x = 1..3]", "n = 2\nm = n\nn = m\nf(x) = x^n", "f(x) = (x' = 2)", "if = 3", "for(x) = x", "R = 3\nf(x) = R x", "x in R\nR in R\nf = x R", "f(x) = x\nx = 3\nx = 4",
                "f(x) = x, f(x) = x", "u = u(x)\nf = u", "u(v) = v\nv = u(v)", "f() = 3", "f(3) = x", "f(x,) = x", "f(x)(y) = x y", "f(x) = f", "f'(x) = f", "x' = -x\nx = 3", "dx = 3\nx' = x", "x' = y\ny = x'", "W_{ij} = 3\nf = W_{12}", "x_i = 3\nf = x_i", "T = 2\nf(x) = [x]^T", "f(x) = x^f(x)^f(x)")
    for length in (2, 30, 900):
        yield "\n".join(f"u{k} = u{(k + 1) % length} + x" for k in range(length))
        yield "\n".join(f"f{k}(x) = f{(k + 1) % length}(x)" for k in range(length))


@family
def names(rng: random.Random) -> Iterator[str]:
    long = ["a" * n for n in (60, 99, 101, 5_000, 90_000)] + ["x1" * n for n in (30, 2_000)] + ["x_" * n for n in (3, 30, 2_000)] + ["x_" + "1" * n for n in (50, 5_000)] + ["x" + "₁" * n for n in (50, 5_000)] + ["x_{" + "a" * n + "}" for n in (50, 5_000)]
    yield from placed(long, rng, 3)
    for text in ("a" * 60, "ab" * 40, "aab" * 30, "abcabc" * 12):
        yield "a=1;aa=2;aaa=3;aaaa=4;ab=5;b=6\nf = x " + text
        yield "a=1;aa=2;b=3\nf = x " + text + "c"
    reserved = ["class", "lambda", "self", "None", "np", "numpy", "sp", "math", "jnp", "torch", "Math", "window", "eval", "NaN", "Infinity", "undefined", "constructor", "prototype", "toString", "hasOwnProperty", "this", "async", "def", "print", "id", "type", "of", "wrt", "values", "x_0", "_0", "n0", "n1", "slot"]
    for word in reserved:
        yield f"{word} = 3\nf(x) = {word} x"
        yield f"f({word}) = {word}^2"
        yield f"f_{{{word}}}(x_{{{word}}}) = x_{{{word}}}^2"


# ------------------------------------------------------------------ heaps and mutations
PIECES = ("x y z f( g( ) [ ] { } | || ^ ^2 ^T ² ᵀ _i _1 _{1,2} + - * / · × .* ./ .^ = == < > <= , ; : .. ... -> for in if else and or not i j n W c 0 1 2 0.5 1e3 9 e π θ σ ∞ sin cos tanh relu max sum( prod( softmax( norm( √ ' \\frac{ \\sqrt{ \\sum_{i=1}^{2} "
          "\\begin{cases} \\end{cases} \\begin{bmatrix} \\end{bmatrix} \\\\ & \\left( \\right) \\cdot \\hat{x} \\mathbf{x} R R^2 R^(2x2) step # $ 1[ T k").split() + ["\n", "\n", " ", " ", " "]


@family
def heaps_of_signs(rng: random.Random) -> Iterator[str]:
    for _ in range(260):
        heap = "".join(rng.choices(PIECES, k=rng.choice([3, 6, 12, 25, 80])))
        yield rng.choice(["", "f(x) = ", "x in R^2\nf(y) = ", "W in R^(2x2)\nx in R^2\nf = W x + ", "k = 2 in [0, 5]\nf(x) = k x "]) + heap


def good_blocks() -> list[str]:
    return [json.loads(line)["source"] for line in (CASES / "values.jsonl").read_text(encoding="utf-8").splitlines()]


@family
def blocks_with_a_flaw(rng: random.Random) -> Iterator[str]:
    good = good_blocks()
    for _ in range(320):
        text = rng.choice(good)
        for _ in range(rng.randint(1, 3)):
            at, to = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
            how = rng.randrange(5)
            if how == 0:
                text = text[:at] + text[min(at + rng.randint(1, 4), len(text)):]
            elif how == 1:
                text = text[:at] + rng.choice(PIECES) + text[at:]
            elif how == 2:
                text = text[:to] + text[at:to] + text[to:]
            elif how == 3:
                text = text[:at] + rng.choice(good)[:30] + text[at:]
            else:
                text = text[:at] + chr(rng.choice([rng.randrange(32, 127), rng.randrange(0x2300)])) + text[at:]
            text = text[:5_000] or "x"
        yield text
