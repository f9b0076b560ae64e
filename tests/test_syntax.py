"""Letters to statements: what a line is, where it ends, and which spellings are one."""

from __future__ import annotations

import pytest

from jacmagic.errors import LimitError, SyntaxMistake
from jacmagic.language import nodes as s
from jacmagic.language.limits import (
    MAX_BLOCK,
    MAX_BRANCHES,
    MAX_LAYERS,
    MAX_NAME,
    MAX_NESTING,
    MAX_STATEMENTS,
    MAX_TOKENS,
)
from jacmagic.language.statements import parse, parse_names


def kinds(block: str) -> list[str]:
    return [statement.kind for statement in parse(block)]


@pytest.mark.parametrize(("block", "expected"), [
    ("f(x, y) = x y", ["function"]),
    ("u = x^2", ["define"]),
    ("x^2 y", ["expression"]),
    ("x' = -x", ["equation"]),
    (r"\dot{x} = -x", ["equation"]),
    ("ẋ = -x", ["equation"]),
    ("dx/dt = -x", ["equation"]),
    ("dθ/dt = ω", ["equation"]),
    (r"\frac{dx}{dt} = -x", ["equation"]),
    (r"\frac{\mathrm{d}x}{\mathrm{d}t} = -x", ["equation"]),
    ("x_dot = -x", ["equation"]), ("xdot = -x", ["equation"]), ("θdot = -x", ["equation"]), ("x_dot_1 = -x", ["equation"]),
    ("x'(t) = -x(t)", ["equation"]), (r"\frac{d}{dt} x(t) = x", ["equation"]), (r"S^{\prime} = -S", ["equation"]),
    ("ẍ = -x", ["second"]), ("x″ = -x", ["second"]), ("θ\u0308 = -θ", ["second"]), ("ökonomie = 3", ["define"]),
    ("x'' = -x", ["second"]), (r"\ddot{x} = -x", ["second"]), ("d²x/dt² = -x", ["second"]), (r"\frac{d^2 x}{dt^2} = -x", ["second"]),
    ("x = x(t), y = y(t)", ["time", "time"]), ("x' = y, dy/dt = x, z = 2", ["equation", "equation", "define"]),
    ("k in [0, 5]", ["declare"]),
    ("x, v in R^3", ["declare"]),
    ("x(3) -> 4 tanh -> 2", ["net"]),
    ("x = 1, y = 2", ["define", "define"]),
    ("u = x; v = y", ["define", "define"]),
    ("f(x) = [x,\n\n  2]\ng(x) = x", ["function", "function"]),
    ("f(x) = (x # a comment with )\n + 1)", ["function"]),
    ("f(x) = x\r\ng(x) = x\r\n", ["function", "function"]),
    ("\n\n# nothing\n", []),
    (r"\begin{aligned} u &= x \\ v &= y \end{aligned}", ["define", "define"]),
    (r"\begin{cases} \dot{x} = y \\ \dot{y} = -x \end{cases}", ["equation", "equation"]),
    (r"\left\{\begin{aligned} x' &= y \\ y' &= -x \end{aligned}\right.", ["equation", "equation"]),
    ("\\begin{aligned} f(x) &= x \\\\\n &\\quad + 1 \\end{aligned}", ["function"]),
])
def test_what_the_lines_of_a_block_are(block: str, expected: list[str]) -> None:
    assert kinds(block) == expected


@pytest.mark.parametrize("spellings", [
    ["x^2", "x**2", "x²", "x^{2}", "{x}^2", "$x^2$", r"\mathbf{x}^2", r"{\bf x}^2"],
    ["x y", "x\u00a0y", "x\u2009y", "x\ty", r"x\,y", r"x\quad y", "x\u3000y"],
    ["x·y", "x⋅y", r"x\cdot y"],
    ["x×y", r"x\times y"],
    ["x .* y", "x⊙y", r"x\odot y"],
    ["x - y", "x−y"],
    ["x <= y", "x≤y", r"x\le y", r"x\leq y"],
    ["||x||", "‖x‖", r"\|x\|", r"\lVert x\rVert", r"\left\|x\right\|"],
    ["||x||_2^2", r"\|x\|^2_2", r"\|x\|_{2}^{2}"],
    ["|x|", r"\lvert x\rvert", r"\left|x\right|"],
    ["x^T y", "xᵀ y", "x.T y", r"x^\top y", r"x^{\top} y", "x^⊤ y", r"x^\intercal y"],
    ["1[x > 0]", "1 [x > 0]", r"\mathbf{1}[x > 0]", r"\mathbb{1}\left[x > 0\right]", r"\mathbb{1}_{x > 0}", r"1_{\{x > 0\}}"],
    [r"\frac{1}{2}", r"\frac12", r"\dfrac{1}{2}", r"\tfrac 1 2"],
    [r"\frac{x}{y}", r"\frac xy", r"\frac x y"],
    [r"\sum_{i=1}^{n} x_i", "∑_{i=1}^n x_i", r"\sum\limits_{i=1}^{n} x_i", "sum_{i=1}^{n} x_i", r"\sum^{n}_{i=1} x_i"],
    ["[i for i = 1..n]", "[i for i = 1…n]", "[i for i = 1, …, n]", r"[i for i = 1,\ldots,n]", "[i for i in 1..n]"],
    ["floor(x)", r"\lfloor x\rfloor", "⌊x⌋"],
    ["dot(x, y)", r"\langle x, y\rangle", "⟨x, y⟩"],
    [r"\begin{bmatrix} x \\ y \end{bmatrix}", r"\begin{pmatrix} x \\ y \\ \end{pmatrix}",
     r"\begin{array}{c} x \\ y \end{array}"],
    [r"\begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}",
     r"\left\{\begin{array}{ll} x & \text{if } x > 0 \\ 0 & \text{else} \end{array}\right.",
     r"\begin{cases} x, & x > 0, \\ 0, & x \le 0. \end{cases}",
     r"\begin{cases} x & \mbox{for } x > 0 \\ 0 & x \leq 0 \end{cases}"],
], ids=lambda spellings: spellings[0])
def test_spellings_that_are_one(spellings: list[str]) -> None:
    whole = "\\begin{cases}" in spellings[0]
    assert len({bare(parse(f"f = {one}" if whole else f"f = [{one}, 1]")[0].expr) for one in spellings}) == 1


def bare(raw: object) -> str:
    """A syntax node without what only the eye sees: spans, gaps, which brackets group, how a name was typed."""
    if isinstance(raw, s.Group) and len(raw.rows) == len(raw.rows[0]) == 1 and raw.bracket in "({":
        return bare(raw.rows[0][0])
    if isinstance(raw, s.Run) and len(raw.items) == 1 and not raw.items[0].posts:
        return bare(raw.items[0].atom)
    if isinstance(raw, s.Group):
        return f"{'[' if raw.bracket != '(' else '('}{[[bare(e) for e in row] for row in rows_of(raw)]}"
    if isinstance(raw, s.Word):
        return f"{raw.text}_{raw.index}"
    if isinstance(raw, s.Post):
        return f"^{raw.kind}{'' if raw.kind == 'T' else [bare(v) for v in raw.value]}"
    if isinstance(raw, s.Raw):
        fields = {k: v for k, v in vars(raw).items() if k not in ("span", "gap", "clear")}
        return f"{type(raw).__name__}({', '.join(f'{k}={bare(v)}' for k, v in fields.items())})"
    if isinstance(raw, tuple):
        return f"({', '.join(map(bare, raw))})"
    return repr(raw)


def rows_of(group: s.Group) -> list[tuple[s.Raw, ...]]:
    column = group.bracket in ("[", "env") and all(len(row) == 1 for row in group.rows)
    return [tuple(row[0] for row in group.rows)] if column else list(group.rows)


@pytest.mark.parametrize(("text", "key"), [
    ("x1", "x1"), ("x_1", "x1"), ("x₁", "x1"), ("x_{1}", "x1"), ("x_{12}", "x12"), ("W_12", "W12"), ("x_max", "x_max"),
    (r"x_{\text{max}}", "x_max"), (r"x_\text{max}", "x_max"), ("theta", "theta"), ("θ", "theta"), (r"\theta", "theta"),
    ("θ2", "theta2"), (r"\theta_2", "theta2"), ("lambda", "lam"), ("λ", "lam"), ("λ_1", "lam1"), ("ŷ", "y_hat"), (r"\hat{y}", "y_hat"),
    (r"\hat y", "y_hat"), (r"\bar{x}", "x_bar"), (r"\tilde{x}_1", "x_tilde_1"), (r"\mathcal{L}", "L"), ("rate", "rate"),
    (r"\boldsymbol{\theta}", "theta"), (r"\varepsilon", "epsilon"), ("ϕ", "phi"), ("Δx", "Deltax"),
])
def test_the_one_key_of_a_name(text: str, key: str) -> None:
    from jacmagic.language.keys import key_of

    assert key_of(parse(f"{text} = 1")[0].names[0]) == key


def test_spans_are_those_of_the_text() -> None:
    text = "a = 1\nf(x) = 3 + sin x"
    statement = parse(text)[1]
    assert text[statement.span.start : statement.span.stop] == "f(x) = 3 + sin x"
    assert statement.expr is not None
    assert text[statement.expr.span.start : statement.expr.span.stop] == "3 + sin x"


@pytest.mark.parametrize("block", [
    "x" * (MAX_BLOCK + 1), "f(x) = " + "x+" * MAX_TOKENS + "x", "f(x) = " + "(" * (MAX_NESTING + 5) + "x",
    "f(x) = x + " + "a" * (MAX_NAME + 1), "\n".join(f"u{k} = x" for k in range(MAX_STATEMENTS + 1)),
    "x(3)" + " -> 4" * (MAX_LAYERS + 1), "f(x) = " + "1 if x > 0 else " * (MAX_BRANCHES + 1) + "0",
])
def test_beyond_a_limit_stands_an_error(block: str) -> None:
    with pytest.raises(LimitError):
        parse(block)


def test_names_on_a_magics_line() -> None:
    assert [word.typed for word in parse_names("x1, x2 θ")] == ["x1", "x2", "theta"]
    with pytest.raises(SyntaxMistake):
        parse_names("x = 1")
