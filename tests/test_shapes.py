"""Sizes: what is inferred, what is added to each entry, and how both are shown."""

from __future__ import annotations

import re
from contextlib import suppress
from random import Random

import numpy as np
import pytest

import jacmagic
from jacmagic.program import declare, passes, python, statements
from jacmagic.program.lowerer import Lowerer
from jacmagic.program.shapes import Inference

SPREAD = [  # a block, what it computes, and its echo
    ("x in R^3\nμ = mean(x)\nf = x - μ", lambda x: x - x.mean(), "f = x - μ 𝟏"),
    ("x in R^3\nb in R\nb = 0.5\nf = x^2 + b", lambda x: x**2 + 0.5, "f = x² + b 𝟏"),
    ("x in R^3\nb = 0.5\nf = b - x", lambda x: 0.5 - x, "f = b 𝟏 - x"),
    ("x in R^3\nf = x - mean(x)", lambda x: x - x.mean(), "f = x - mean(x) 𝟏"),
    ("x in R^3\nf = (x - mean(x))/norm(x)", lambda x: (x - x.mean()) / np.linalg.norm(x), "f = (x - mean(x) 𝟏)/‖x‖"),
    ("x in R^3\nk = 2\nf = x + 2k", lambda x: x + 4, "f = x + 2k 𝟏"),
    ("x in R^3\nf = 1 - x", lambda x: 1 - x, "f = 1 - x"),
    ("x in R^3\nf = 1/(1 + e^-x)", lambda x: 1 / (1 + np.exp(-x)), "f = 1 ./ (1 + e^(-x))"),
    ("x in R^3\nf = \\frac{1}{1 + e^{-x}}", lambda x: 1 / (1 + np.exp(-x)), "f = 1 ./ (1 + e^(-x))"),
    ("x in R^3\nk = 3\nf = k/x", lambda x: 3 / x, "f = k ./ x"),
    ("x in R^3\nm = max(x)\nf = exp(x - m)/sum(exp(x - m))", lambda x: np.exp(x) / np.exp(x).sum(), None),
    ("x in R^3\nW = [1, 2, 3; 4, 5, 6]\nk in R\nk = 2\nf = (W + k) x", lambda x: (np.array([[1, 2, 3], [4, 5, 6]]) + 2) @ x,
     "f = (W + k 𝟏) x"),
    ("x in R^3\nW = [1, 2, 3; 4, 5, 6]\nf = (1 - W) x", lambda x: (1 - np.array([[1, 2, 3], [4, 5, 6]])) @ x, "f = (1 - W) x"),
    ("x in R^3\nW in R^(1x3)\nW = [1, 2, 3]\nb in R\nb = 1\nf = W x + b", lambda x: np.array([[1, 2, 3]]) @ x + 1,
     "f = W x + b 𝟏"),
]


@pytest.mark.parametrize(("block", "function", "echo"), SPREAD, ids=[block for block, *_ in SPREAD])
def test_a_number_is_added_to_each_entry_and_the_echo_says_so(block, function, echo):
    r = jacmagic.jacobian(block, wrt="x")
    x = np.array([0.7, -1.3, 2.1])
    assert np.allclose(r.forward(x=x)["f"], function(x), rtol=1e-13)
    steps = 1e-6 * np.eye(3)
    slopes = np.stack([(function(x + h) - function(x - h)) / 2e-6 for h in steps], axis=1)
    assert np.allclose(r.at("f", "x", x=x), slopes, rtol=1e-7, atol=1e-8)
    shown = r._repr_mimebundle_()["text/plain"]
    assert echo is None or echo in shown.splitlines(), shown


@pytest.mark.parametrize("block", [block for block, *_ in SPREAD])
def test_the_ones_of_the_echo_read_back(block):
    for ones in ("𝟏", "\\mathbf{1}"):
        typed = block.replace("- μ", f"- μ {ones}").replace("+ b", f"+ b {ones}").replace("- m)", f"- m {ones})")
        assert jacmagic.jacobian(typed, wrt="x").matrix == jacmagic.jacobian(block, wrt="x").matrix


CLASHES = [  # nothing of size 1 spreads, and a name beside a matrix is asked for
    ("x in R^1\ny in R^3\nf = x + y", "x has 1 entry (line 1), but y has 3 entries (line 2)", ()),
    ("x in R^3\nh in R^1\nh = tanh(W x)\nf = x + h", "x has 3 entries", ()),
    ("W in R^(4x3)\nf = W + b", "b could be a number or a matrix here", ("b in R", "b in R^(4x3)")),
    ("W in R^(4x3)\nf = W^T - b", "b could be a number or a matrix here", ("b in R", "b in R^(3x4)")),
    ("A in R^(2x2)\nf = 1/A", "Division is by numbers", ("1 ./ A",)),
    ("x in R^2\ny in R^2\nf = x/y", "Division is by numbers", ("x ./ y",)),
    ("x in R^3\ny in R^3\nf = max(x, y^T)", "one is a column, one a row", ()),
    ("x in R^3\ny in R^3\ns in R\nf = x if s > 0 else y^T", "one is a column, one a row", ()),
    ("x in R^2\ny in R^2\nf = \\frac{x}{y}", "Division is by numbers", ("(x) ./ (y)",)),
    ("x in R^2\nf = 𝟏 x", "stands behind a number", ()),
]


@pytest.mark.parametrize(("block", "words", "hints"), CLASHES, ids=[block for block, *_ in CLASHES])
def test_what_does_not_spread(block, words, hints):
    with pytest.raises(jacmagic.JacmagicError, match=words.replace("(", r"\(").replace(")", r"\)")) as caught:
        jacmagic.jacobian(block)
    assert caught.value.hints == hints


def test_an_undeclared_name_beside_a_vector_is_a_vector():
    r = jacmagic.jacobian("x in R^3\nW in R^(2x3)\nf = W x + c")
    assert r.at("f", "c").shape == (2, 2)
    assert jacmagic.jacobian("u in R^2\nF = v u^T in R^(3x2)").values["v"].shape == (3,)


LETTERS = {
    (): "s", (2,): "u", (3,): "v", (4,): "w", (2, 2): "A", (2, 3): "B", (2, 4): "C", (3, 2): "D", (3, 3): "F",
    (3, 4): "G", (4, 2): "H", (4, 3): "M", (4, 4): "P",
}
MAPS = {"tanh": np.tanh, "cos": np.cos, "exp": np.exp}


class Formulas:
    """Random formulas in random shapes, each with its value by NumPy: columns are n×1, rows 1×n, numbers have no axis."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.values = {name: self.random.uniform(0.2, 0.9, shape) for shape, name in LETTERS.items()}

    def pick(self, *choices):
        return choices[self.random.integers(len(choices))]

    def leaf(self, shape):
        name, value = LETTERS[shape], self.values[LETTERS[shape]]
        return name, value[:, None] if len(shape) == 1 else value

    def row(self, n, depth):
        """A column, transposed, or a row times a matrix."""
        if depth and self.random.random() < 0.3:
            k = self.pick(2, 3, 4)
            (a, left), (b, right) = self.row(k, depth - 1), self.made((k, n), depth - 1)
            return f"{a} {b}", left @ right
        text, value = self.made((n,), depth)
        return f"{text}^T", value.T

    def made(self, shape, depth):
        if not depth:
            return self.leaf(shape)
        kinds = ["sum", "entrywise", "scaled", "map", "case", "over"]
        own = {0: ["inner", "reduced"], 1: ["applied"] * 4, 2: ["product"] * 3 + ["outer"]}[len(shape)]
        return getattr(self, self.pick(*kinds, *own))(shape, depth - 1)

    def sum(self, shape, depth):
        (a, left), (b, right) = self.made(shape, depth), self.made(shape, depth)
        return f"({a} - {b})", left - right

    def entrywise(self, shape, depth):
        (a, left), (b, right) = self.made(shape, depth), self.made(shape, depth)
        return f"({a} .* {b})", left * right

    def scaled(self, shape, depth):
        (a, left), (b, right) = self.made((), depth), self.made(shape, depth)
        return f"(({a})*{b})", left * right

    def over(self, shape, depth):
        (a, left), (b, right) = self.made(shape, depth), self.made((), depth)
        return f"({a}/(2 + cos({b})))", left / (2 + np.cos(right))

    def map(self, shape, depth):
        name = self.pick(*MAPS)
        text, value = self.made(shape, depth)
        return f"{name}({text})", MAPS[name](value)

    def case(self, shape, depth):
        (a, left), (b, right) = self.made(shape, depth), self.made(shape, depth)
        return f"({a} if s > 0.5 else {b})", left if self.values["s"] > 0.5 else right

    def inner(self, _, depth):
        n = self.pick(2, 3, 4)
        (a, left), (b, right) = self.row(n, depth), self.made((n,), depth)
        return f"({a} {b})", (left @ right)[0, 0]

    def reduced(self, _, depth):
        text, value = self.made(self.pick(*[shape for shape in LETTERS if shape]), depth)
        return f"sum({text})", value.sum()

    def applied(self, shape, depth):
        k = self.pick(2, 3, 4)
        (a, left), (b, right) = self.made((*shape, k), depth), self.made((k,), depth)
        return f"({a} {b})", left @ right

    def product(self, shape, depth):
        k = self.pick(2, 3, 4)
        (a, left), (b, right) = self.made((shape[0], k), depth), self.made((k, shape[1]), depth)
        return f"({a} {b})", left @ right

    def outer(self, shape, depth):
        (a, left), (b, right) = self.made(shape[:1], depth), self.row(shape[1], depth)
        return f"({a} {b})", left @ right


def judged(block: str):
    """The sizes of all names as they are inferred, before anything is lowered."""
    lines_ = statements.unfold(block, passes.parse(block, False), None, False)
    return passes.sized(python.evaluate(declare.declare(block, False, lines_, None), None)).shapes


def size_of(shape) -> str:
    return f"R^({'x'.join(map(str, shape))})" if shape else "R"


@pytest.mark.parametrize("seed", range(40))
def test_the_sizes_that_are_inferred_are_those_of_the_values(seed):
    formulas = Formulas(seed)
    shapes = [formulas.pick(*LETTERS) for _ in range(3)]
    lines = [formulas.made(shape, 3) for shape in shapes]
    block = "\n".join([*(f"{name} in {size_of(shape)}" for shape, name in LETTERS.items()),
                       *(f"y_{k} = {text}" for k, (text, _) in enumerate(lines, 1))])
    r, inferred = jacmagic.jacobian(block), judged(block)
    found = r.forward(**{name: formulas.values[name] for name in r.values})
    for k, (shape, (_, value)) in enumerate(zip(shapes, lines), 1):
        assert inferred[f"y{k}"] == r.program.shape(f"y{k}") == np.shape(found[f"y{k}"]) == shape
        assert np.allclose(found[f"y{k}"], np.reshape(value, shape), rtol=1e-10)


def left_out(seed: int):
    """A random formula, the name whose size is left out, and the block."""
    formulas = Formulas(seed)
    shape = formulas.pick(*LETTERS)
    text, value = formulas.made(shape, 3)
    used = [name for size, name in LETTERS.items() if size and re.search(rf"\b{name}\b", text)]
    left = formulas.pick(*used, *(["u"] if not used else []))
    lines = [f"{name} in {size_of(size)}" for size, name in LETTERS.items() if name != left]
    return formulas, left, value, "\n".join([*lines, f"y_1 = {text} in {size_of(shape)}"])


def test_a_size_that_no_line_declares_is_that_of_numpy_where_it_is_inferred():
    """Of 60 random formulas with a size left out, most are read, and few otherwise than they were made."""
    counts = {True: 0, False: 0}
    for seed in range(60):
        formulas, left, value, block = left_out(seed)
        try:
            r = jacmagic.jacobian(block)
        except jacmagic.ShapeError:
            continue
        same = left not in r.values or np.shape(r.values[left]) == np.shape(formulas.values[left])
        counts[same] += 1
        if same:
            found = r.forward(**{name: formulas.values[name] for name in r.values})["y1"]
            assert np.allclose(found, np.reshape(value, found.shape), rtol=1e-10)
    assert counts[True] >= 40
    assert counts[False] <= 3


def test_a_size_that_an_error_offers_is_one_by_which_the_block_is_read():
    asked = 0
    for seed in range(150):
        *_, left, _, block = left_out(seed)
        try:
            jacmagic.jacobian(block)
        except jacmagic.ShapeError as error:
            asked += 1
            for hint in error.hints:
                assert not hint.startswith(f"{left} in R") or jacmagic.jacobian(f"{block}\n{hint}"), hint
    assert asked >= 10


@pytest.mark.parametrize(("block", "hint"), [
    ("q in R^2\nV in R^(3x4)\no = softmax(q^T K^T) V", "K in R^(3x2)"),
    ("X in R^(4x2)\nQ in R^(4x2)\nV in R^(4x2)\nu in R^4\nr = exp(Q K^T/√2)\nA = diag(1 ./ (r u)) r\nO = A V", "K in R^(4x2)"),
    ("B in R^(2x2)\nu in R^4\nv in R^6\nf = u^T kron(A, B) v", "A in R^(2x3)"),
    ("s = X[1]^T X[3] + dot(X[:,1], X[:,2])", "X in R^(3x2)"), ("f = softmax(x)", "x in R^3"), ("m = maxpool(x, 2)", "x in R^3"),
    ("w in R^2\no = w^T x + b\nL = (y - o)^2", "x in R^2"), ("f = tr(A^T B A)", "A in R^(2x2); B in R^(2x2)"),
    ("w in R^3\ny = conv(x, w)", "x in R^3"), ("a = [x[1]; x[2] x[3]]", "x in R^3"), ("Y = X[1..2,2..4]", "X in R^(2x4)"),
])
def test_of_the_sizes_that_could_be_offered_only_those_that_fit_are(block, hint):
    with pytest.raises(jacmagic.ShapeError) as caught:
        jacmagic.jacobian(block)
    assert caught.value.hints == (hint,)
    assert "such as" not in caught.value.message or f"such as {hint}." in caught.value.message


@pytest.mark.parametrize(("block", "said"), [
    ("x in R^3\na = W x in R^2\nu in R^4\nb = W u", "W has 3 columns (by line 2), but u has 4 entries (line 3)."),
    ("W in R^(4x2)\nx in R^2\ng = W x + b\nz in R^3\nk = z + b", "but b has 4 entries (by line 3)."),
    ("x in R^3\nu in R^4\na = W x + W u in R^2", "W has 3 columns, but u has 4 entries (line 2)."),
])
def test_a_clash_says_which_line_told_a_size_that_none_declares(block, said):
    with pytest.raises(jacmagic.ShapeError) as caught:
        jacmagic.jacobian(block)
    assert said in str(caught.value)


FORMS = (
    "({} + {})|({} - 2{})|({} {})|({} {} {})|({} .* {})|({} ./ {})|({}/{})|({} · {})|({} × {})|tanh({})|max({}, {})|sum({})|"
    "norm({})|softmax({})|({}.^{})|dot({}, {})|({})^T|[{}, {}]|({} if s > 0 else {})|mse({}, {})|diag({})|var({})|"
    "logsumexp({})|-{}|sum_rows({})|vec({})|kron({}, {})|{}^2|cross({}, {})|tr({})|inv({})|conv({}, {})|H[1]|M[:,2]|"
    "[{} for i = 1..3]|sum({} for i = 1..2)|sum([{} for i = 1..2])"
).split("|")
NARROW = {
    "s": (), "u": (1,), "v": (2,), "w": (3,), "A": (1, 1), "B": (1, 2), "C": (2, 1), "D": (2, 2), "F": (3, 1),
    "G": (1, 3), "H": (2, 3), "M": (3, 2), "P": (3, 3),
}


def test_every_part_of_a_formula_is_lowered_in_the_size_that_is_inferred(monkeypatch):
    """Of 400 random formulas, also of sizes of 1, those that are read: parts that fit by chance, and the other way round."""
    judge, seen = {}, []
    run, lower = Inference.run, Lowerer.lower

    def remembered(self, definitions):
        judge["now"] = self
        return run(self, definitions)

    def compared(self, expr):
        value = lower(self, expr)
        if "now" in judge and not (self.calls or self.in_family or self.indices):
            seen.append((self.source(expr.span), judge["now"].up(expr), value.shape))
        return value

    monkeypatch.setattr(Inference, "run", remembered)
    monkeypatch.setattr(Lowerer, "lower", compared)
    random = Random(5)

    def made(depth):
        if not depth or random.random() < 0.2:
            return random.choice([*NARROW]) + random.choice(["", "", "", "^T"])
        form = random.choice(FORMS)
        return form.format(*(made(depth - 1) for _ in range(form.count("{}"))))

    declared = "\n".join(f"{name} in {size_of(shape)}" for name, shape in NARROW.items())
    read = 0
    for _ in range(400):
        judge.clear()
        with suppress(jacmagic.JacmagicError):
            jacmagic.jacobian(f"{declared}\nf = {made(2)}")
            read += 1
    assert read > 60
    assert [one for one in seen if one[1] is None or one[1] != one[2]] == []


def test_a_part_that_does_not_change_is_added_as_often_as_the_sum_says():
    r = jacmagic.jacobian("H in R^(2x3)\nf = sum(H[1] for i = 1..2)\ng = [H[2] for i = 1..2]")
    h = np.arange(6.0).reshape(2, 3)
    found = r.forward(H=h)
    assert np.array_equal(found["f"], 2 * h[0])
    assert np.array_equal(found["g"], [*h[1], *h[1]])


def test_softmax_of_a_row_is_a_row():
    r = jacmagic.jacobian("q in R^2\nK in R^(3x2)\nV in R^(3x4)\no = softmax(q^T K^T) V")
    q, k, v = np.array([0.3, -1.2]), np.arange(6.0).reshape(3, 2) / 5, np.arange(12.0).reshape(3, 4)
    scores = np.exp(k @ q)
    assert np.allclose(r.forward(q=q, K=k, V=v)["o"], (scores / scores.sum() @ v)[None], rtol=1e-13)
