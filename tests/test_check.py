"""Check mine: right in any equal form, wrong with its slip; the right and wrong answers are made here, by rules of their own."""

from __future__ import annotations

import random
import re

import answers as own
import numpy as np
import pytest

import jacmagic
from jacmagic.show.views import plain_text

FIELD = "x(r, φ) = r cos φ\ny(r, φ) = r sin φ"
NET = "x in R^2\na = tanh(W1 x + c1) in R^3\no = W2 a + c2 in R^2\nL = mse(o, y)"


def marked(block: str, answer: str, **options):
    make = jacmagic.nnchain if block.startswith("x in R^2\na") else jacmagic.jacobian
    return make(block, **options).check(answer)


# ------------------------------------------------------------------ what is read
@pytest.mark.parametrize(
    "answer",
    [
        "[2x y, x^2]", "2x y, x^2", "[2x y; x^2]", "(2x y, x^2)", "[2x y, x^2] ", "J = [2x y, x^2]", "[[2x y, x^2]]",
        r"\begin{bmatrix} 2xy & x^2 \end{bmatrix}", r"$\begin{pmatrix} 2xy \\ x^2 \end{pmatrix}$", r"2xy & x^2",
        r"$$\nabla f = \begin{pmatrix} 2 x y \\ x^{2} \end{pmatrix}$$", "[2f/x, f/y]", "∇f = [2y x, x x]", "x [2y, x]",
    ],
)
def test_an_answer_is_written_as_in_a_block(answer):
    found = marked("f(x, y) = x^2 y", answer)
    assert found.right.tolist() == [[True, True]]
    assert found.slips.tolist() == [["", ""]]
    assert found


@pytest.mark.parametrize(
    ("block", "answer", "shape"),
    [
        ("f(x) = x^2", "2x", (1, 1)), ("f(x) = x^2", "f'(x) = 2x", (1, 1)), (FIELD, "∂y/∂φ = r cos φ", ()),
        (FIELD, r"\frac{\partial x}{\partial \varphi} = -r sin φ", ()), (FIELD, "cos φ, -r sin φ\nsin φ, r cos φ", (2, 2)),
        (FIELD, "[cos φ, -r sin φ]\n[sin φ, r cos φ]", (2, 2)), (FIELD, "[cos φ, -r sin φ\n sin φ, r cos φ]", (2, 2)),
        (FIELD, "[\n  cos φ, -r sin φ\n\n  sin φ, r cos φ\n]", (2, 2)), (FIELD, "J = [cos φ, -r\nsin φ; sin φ, r cos φ]", (2, 2)),
        ("f(x, y) = x^2 y", "[2x\n  * y, x^2]", (1, 2)), ("f(x, y) = x^2 y", "[2x y,\n x^2]", (1, 2)), (NET, "∂L/∂c2 = [o[1] - y[1]\n o[2] - y[2]]", (2,)), (NET, "∂L/∂W2 = (o - y) a^T", (2, 3)),
        (NET, "∇_W1 L = ((W2^T (o - y)) .* (1 - a.^2)) x^T", (3, 2)), (NET, "∂L/∂c2 = o - y", (2,)),
        (NET, "∂L/∂o = o - y", (2,)), (NET, "dL/dx = (o - y)^T W2 diag(1 - a.^2) W1", (2,)),
        ("x in R^3\nf = ||x||^2", "2x", (1, 3)), ("f(x, y) = [2x + 3y, x - y]", "[2, 3; 1, -1]", (2, 2)),
        ("x' = a x - b x y\ny' = -c y + x y", "[a - b y, -b x; y, x - c]", (2, 2)),
        ("x^2 + y^2 = 1\ny = y(x)", "-x/y", (1, 1)), ("x_{n+1} = a x_n (1 - x_n)", "a (1 - 2x_n)", (1, 1)),
        ("f(x) = ln x", "1/sqrt(x^2)", (1, 1)), ("f(x) = |x|", "x/|x|", (1, 1)), ("f(x) = 7", "0", (1, 1)),
        ("f(x) = sin^2 x + cos^2 x", "0", (1, 1)), ("u = u(x, t)\nf = u^2", "[2u ∂u/∂x, 2u ∂u/∂t]", (1, 2)),
        ("f(x) = x^3", "3 e^(2 ln x)", (1, 1)), ("f(x) = (x + 1)^9", "9(x + 1)^4 (x^2 + 2x + 1)^2", (1, 1)),
        ("x^2 y + sin y", "2x y, x^2 + cos y", (1, 2)), ("n = 3\nf(x) = x^n", "n x^(n-1)", (1, 1)),
        ("f(x, y) = [x y, x + y, x]", "y, x; 1, 1; 1, 0", (3, 2)), ("f(x, y) = x^2 y", "f_y = x^2", ()), ("f(x) = x^2", "\n 2x \n", (1, 1)),
        ("u = u(x, t)\nf = u^2", "2u ∂u/∂x, 2u ∂u/∂t", (1, 2)), ("f(x) = x^2 - 2\ng(x) = x - f(x)/f'(x)", "f(x) f''(x)/f'(x)^2", (1, 1)),
        (NET, "∂L/∂W2[1, 2] = (o[1] - y[1]) a[2]", ()), ("f = f(x)\nh = f(x^2)", "2x f'(x^2)", (1, 1)),
        ("f = f(x)\ng = g(x)\nh = f/g", "(f' g - f g')/g^2", (1, 1)), ("f = f(x, y)\nh = f(y, x)", "[f_y(y, x), f_x(y, x)]", (1, 2)),
        ("f = f(x)\nh = f(f(x))", "f'(f(x)) f'(x)", (1, 1)),
    ],
)
def test_what_is_right_is_right_in_its_shape(block, answer, shape):
    found = marked(block, answer)
    assert found.right.shape == found.slips.shape == shape
    assert found.right.all(), found.text


@pytest.mark.parametrize(("block", "answer"), [
    ("f = f(x)\nh = f(x^2)", "f'(x^2)"), ("f = f(x)\ng = g(x)\nh = f g", "f' g'"),
    ("f = f(x, y)\nh(t) = f(t, t)", "2f_x(t, t)"), ("f = f(x, y)\nh = f(y, x)", "[f_x, f_y]"),
])
def test_of_a_function_of_which_nothing_is_known_no_wrong_answer_is_right(block, answer):
    assert not marked(block, answer).right.any()


def test_a_softmax_s_target_adds_up_to_one():
    n = jacmagic.nnchain("x in R^2\np = softmax(W x + b) in R^3\nL = cross_entropy(p, y)")
    assert n.check("∂L/∂b = p - y")
    assert n.check("∂L/∂b = sum(y) p - y")
    assert not n.check("∂L/∂b = y - p")


@pytest.mark.parametrize(
    ("answer", "says", "under"),
    [
        ("[2x y, x^", "This bracket is never closed.", "["), ("[2x z, x^2]", "z is no name of the block", "z"),
        ("[2x y, x^2y]", "can be read in two ways", "x^2y"), ("2x y, x^", "An exponent is expected here.", "^"),
        ("[2x y, x^2; 1, 2]", "2×2 matrix; the derivative is 1×2", "[2x y, x^2; 1, 2]"), ("2x y", "This is a number", "2x y"),
        ("∂f/∂q = 3", "No name 'q' in this block", "q"), ("J = ", "Right of = stands the answer", "J ="),
        ("[2x y, 1/0]", "This divides by 0", "1/0"), ("[2x y, sinx]", "sinx", "sinx"), ("[x, y] + [x, y, x]", "entries", "[x, y] + [x, y, x]"),
        ("", "The answer is empty", ""), ("2x y; x^2; z", "z is no name", "z"), ("grad f", "here it is asked for", "grad f"),
        ("[∂f/∂x, x^2]", "here it is asked for", "∂f/∂x"), ("[d/dx (x^2 y), x^2]", "here it is asked for", "d/dx (x^2 y)"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(answer, says, under):
    with pytest.raises(jacmagic.JacmagicError) as caught:
        marked("f(x, y) = x^2 y", answer)
    error = caught.value
    assert says in str(error)
    assert error.source == answer
    assert answer[error.span.start : error.span.stop] == under
    assert "answer =" not in str(error)


@pytest.mark.parametrize(("block", "answer", "hints"), [
    ("f(x, y) = x^2 y", "2x y", ("∂f/∂x = 2x y", "∂f/∂y = 2x y")), ("x in R^3\nA in R^(3x3)\nf = x^T A x", "x^T (A + A^T)", ("∂f/∂x = x^T (A + A^T)",)),
    ("x in R^3\nA in R^(3x3)\nf = A x", "A", ("∂f/∂x = A",)), ("f(x, y) = x^2 y", "J = 2x y", ()), ("f(x, y) = x^2 y", "[x, y, 1]", ()),
])
def test_an_answer_to_one_part_alone_is_told_how_to_say_so(block, answer, hints):
    with pytest.raises(jacmagic.ShapeError) as caught:
        marked(block, answer)
    assert caught.value.hints == hints
    for one in hints:
        marked(block, one)


def test_an_answer_is_text():
    with pytest.raises(TypeError, match="an answer is text"):
        marked("f(x) = x^2", [[2]])


# ------------------------------------------------------------------ behind answer:, and on the magic's line
def test_a_block_has_its_answer_behind_its_lines():
    r = jacmagic.jacobian(f"{FIELD}\nanswer:\ncos φ, r sin φ\nsin φ, r cos φ")
    assert r.text == f"{FIELD}\n"
    assert "∂x/∂φ = r sin(φ)   ✗ a sign" in plain_text(r).splitlines()
    with pytest.raises(jacmagic.NameMistake) as caught:
        plain_text(jacmagic.jacobian(f"{FIELD}\nanswer:\ncos φ, r sin φ\nq, r cos φ"))
    assert (caught.value.line, caught.value.column) == (5, 1)
    with pytest.raises(jacmagic.SyntaxMistake, match="stands behind this word"):
        jacmagic.jacobian("f(x) = x^2\nanswer:\n")


def test_a_bracket_over_the_lines_behind_answer_has_a_row_a_line():
    r = jacmagic.jacobian(f"{FIELD}\nanswer:\n[cos φ, r sin φ\n sin φ, r cos φ]")
    assert "∂x/∂φ = r sin(φ)   ✗ a sign" in plain_text(r).splitlines()
    with pytest.raises(jacmagic.NameMistake) as caught:
        plain_text(jacmagic.jacobian(f"{FIELD}\nanswer:\n[cos φ, r sin φ\n q, r cos φ]"))
    assert (caught.value.line, caught.value.column) == (5, 2)


def test_a_name_may_be_answer():
    assert jacmagic.jacobian("answer = x^2\nf = answer + 1").at(x=3.0) == 6
    assert jacmagic.jacobian("answer(x) = x^2").check("2x")


def test_it_prints_and_is_typeset():
    found = marked("f(x, y) = x^2 y", "[2x y, x^2 + 1]")
    assert found.text == str(found) == repr(found) == "∂f/∂x = 2x y   ✓ right\n∂f/∂y = x² + 1   ✗ not right"
    assert found._repr_latex_().startswith("$\\displaystyle \\begin{aligned}\n& \\frac{\\partial f}{\\partial x} = 2 x y")
    assert found.mathml.count("<math") == 2
    assert not found


# ------------------------------------------------------------------ slips
@pytest.mark.parametrize(
    ("block", "answer", "slips"),
    [
        (FIELD, "cos φ, sin φ; -r sin φ, r cos φ", [["", "transposed"], ["transposed", ""]]),
        (FIELD, "cos φ, r sin φ; sin φ, r cos φ", [["", "a sign"], ["", ""]]),
        (FIELD, "-r sin φ, cos φ; r cos φ, sin φ", [["two columns swapped"] * 2] * 2),
        (FIELD, "cos φ, sin φ; sin φ, r cos φ", [["", "a row and column swapped"], ["", ""]]),
        ("f(x, y) = [x y z, sin(x y), z]\nz = 3", "y z, y cos(x y), 0; x z, x cos(x y), 0", [["transposed"] * 2] * 3),
        ("f(x, y) = x^2 y", "2x y + x^2, x^2 + 2x y", [["a variable not held constant: y", "a variable not held constant: x"]]),
        ("f(x, y) = x^2 + y", "2x + y, 1", [["a variable not held constant", ""]]),
        ("f(x) = sin(x^2)", "cos(x^2)", [["the inner derivative missing"]]),
        ("u = x^2\nf = e^u", "e^u", [["the inner derivative missing"]]),
        ("f(x) = x^2 sin x", "2x cos x", [["product rule forgotten"]]),
        ("f(x) = (x^2 + 1)/sin x", "2x/cos x", [["quotient rule forgotten"]]),
        ("f(x) = x^5", "5x^5", [["a power not lowered"]]),
        ("f(x) = 4 (x^2 + 1)^3", "4*3 (x^2 + 1)^3 (2x)", [["a power not lowered"]]),
        (NET, "∂L/∂W1 = (W2^T (o - y)) x^T", [["δ without the activation's slope"] * 2] * 3),
        (NET, "∂L/∂W1 = x ((W2^T (o - y)) .* (1 - a.^2))^T", [["the gradient of W₁ transposed"] * 2] * 3),
        (NET, "∂L/∂c2 = 2(o - y)", ["a factor of a mean"] * 2),
        ("f(x) = x^2", "x^2 + 7 sin x", [[""]]), ("f(x) = x^2 + 3", "x^3/3 + 3x", [["the integral, not the derivative"]]),
        ("f(x) = 5 x^4 - 2/3 sin x", "x^5 + 2/3 cos x", [["the integral, not the derivative"]]),
        ("f(x) = 3 e^(2x) + ln x", "3/2 e^(2x) + x ln x - x", [[""]]), ("f(x) = ln x", "ln x", [["the function itself, not its derivative"]]),
        ("f(x, y) = x^3 y^2", "∂f/∂x = 2x^3 y", "the derivative by y, not by x"),
    ],
)
def test_a_slip_is_named(block, answer, slips):
    found = marked(block, answer)
    assert np.shape(slips) == found.slips.shape
    for said, meant, right in zip(found.slips.flat, np.ravel(slips), found.right.flat):
        assert said.startswith(meant), found.text
        assert bool(meant) == bool(said), found.text
        assert not (meant and right)


# ------------------------------------------------------------------ at random
SLIPS = (
    "a sign", "a variable not held constant", "the inner derivative missing", "product rule forgotten",
    "quotient rule forgotten", "a power not lowered", "the exponent missing as a factor", "a power raised",
    "a constant factor missing", "a constant kept", "a term missing", "product rule forgotten, a term of it missing",
    "quotient rule forgotten, a term of it missing", "the denominator not squared", "the wrong way round",
    "its numerator alone", "the denominator differentiated as a factor", "the outer derivative missing",
    "the outer derivative taken at the variable", "the function itself", "the integral", "ln of the base missing",
    "the power rule taken for an exponential", "the derivative by",
)


def blocks(seed: int, depth: int = 3):
    """Random functions of x and y that depend on both, and have numbers."""
    rng = random.Random(seed)
    while True:
        tree = own.formula(rng, depth)
        if own.names(tree) == {"x", "y"} and own.alike(tree, tree) and len(own.text(tree)) < 90:
            yield rng, tree


def share(count: int):
    """A seeded tenth, and all of it at scale."""
    return pytest.mark.parametrize("count", [
        count // 30, pytest.param(count // 10, marks=pytest.mark.long), pytest.param(count, marks=pytest.mark.scale)])


@share(300)
def test_right_answers_in_odd_forms_are_right(count):
    made = 0
    for rng, tree in blocks(1):
        answer = [own.derivative(tree, v) for v in "xy"]
        for _ in range(rng.randint(1, 3)):
            answer = [own.rewritten(one, rng) for one in answer]
        typed = ", ".join(map(own.text, answer))
        if len(typed) > 2000:
            continue  # no reader's answer
        found = marked(f"f(x, y) = {own.text(tree)}", typed)
        assert found, (own.text(tree), found.text)
        made += 1
        if made == count:
            break


@share(300)
@pytest.mark.parametrize("slip", SLIPS)
def test_wrong_answers_are_wrong_and_their_slip_is_named(slip, count):
    named = made = 0
    for rng, tree in blocks(2):
        right = own.derivative(tree, "x")
        wrong = [one for one in own.wrong_ones(tree, "x", slip) if own.alike(one, right) is False]
        if not wrong:
            continue
        answer = own.rewritten(rng.choice(wrong), rng)
        found = marked(f"f(x, y) = {own.text(tree)}", f"∂f/∂x = {own.text(answer)}")
        assert not found, (own.text(tree), found.text)
        said = str(found.slips[()])
        true(tree, answer, said)
        named += bool(said)  # true, so that it is this slip or one that leads to the same
        made += 1
        if made == count:
            break
    assert named >= 0.9 * made, (named, made)


def true(tree, answer, said: str) -> None:
    """What is said of a slip that the differentiator of the tests knows leads to this answer there, too."""
    for words in said.split(" or ") if said else ():
        slip = max((one for one in SLIPS if one in words), key=lambda one: (words.index(one), len(one)))
        assert any(own.alike(one, answer) is not False for one in own.wrong_ones(tree, "x", slip)), (
            own.text(tree), own.text(answer), said)


@share(200)
def test_random_edits_are_wrong_and_nothing_untrue_is_said_of_them(count):
    made = 0
    for rng, tree in blocks(3):
        right = own.derivative(tree, "x")
        answer = own.edited(right, rng)
        same = own.alike(answer, right)
        if same is None:
            continue
        found = marked(f"f(x, y) = {own.text(tree)}", f"∂f/∂x = {own.text(answer)}")
        assert bool(found) is same, (own.text(tree), found.text)
        if not same:
            true(tree, answer, str(found.slips[()]))
        made += 1
        if made == count:
            break


@share(300)
@pytest.mark.parametrize("slip", ["transposed", "a row and column swapped"])
def test_entries_in_one_another_s_place_are_told(slip, count):
    rng, made = random.Random(4), 0
    while made < count:
        trees = [own.formula(rng, 2) for _ in "fg"]
        J = [[own.derivative(one, v) for v in "xy"] for one in trees]
        if any(own.names(one) != {"x", "y"} for one in trees) or own.alike(J[0][1], J[1][0]) is not False:
            continue
        if own.alike(J[1][0], J[0][0]) is not False or own.alike(J[1][0], J[1][1]) is not False:
            continue
        answer = [[J[0][0], J[1][0]], [J[0][1] if slip == "transposed" else J[1][0], J[1][1]]]
        if {own.alike(J[0][1], 0), own.alike(J[1][0], 0)} != {False} or not (own.names(J[1][0]) and own.names(J[0][1])):
            continue
        block = f"f(x, y) = {own.text(trees[0])}\ng(x, y) = {own.text(trees[1])}"
        found = marked(block, "; ".join(", ".join(map(own.text, row)) for row in answer))
        assert found.right.tolist() == [[True, False], [slip != "transposed", True]], found.text
        assert slip in found.slips[0, 1], found.text
        made += 1


# ------------------------------------------------------------------ of nets, at random
SLOPES = {"tanh": "(1 - {a}.^2)", "sigmoid": "({a} .* (1 - {a}))", "softplus": "sigmoid({z})", "relu": "step({z})", "sin": "cos({z})"}
LOSSES = {"mse(o, y)": "2/{n} ", "mean((y - o).^2)": "2/{n} ", "1/2 ||o - y||^2": "", "sum((o - y).^2)": "2 "}
NAMED = ("the gradient of W", "δ without the activation's slope", "a factor of a mean")


class Net:
    """A net of one or two hidden layers, and its backward pass written out here."""

    def __init__(self, rng: random.Random, mean: bool) -> None:
        sizes = [rng.randint(2, 3) for _ in range(rng.randint(2, 3))]
        self.last, self.kinds = rng.choice([3, 4, 5]) if mean else 2, [rng.choice(list(SLOPES)) for _ in sizes[1:]]
        self.loss = rng.choice([one for one, factor in LOSSES.items() if "{n}" in factor or not mean])
        self.reads = ["x", *(f"h{k + 1}" for k in range(len(self.kinds)))]
        self.z = [f"W{k + 1} {one} + c{k + 1}" for k, one in enumerate(self.reads)]
        lines = [f"h{k + 1} = {kind}({self.z[k]}) in R^{sizes[k + 1]}" for k, kind in enumerate(self.kinds)]
        self.block = "\n".join([f"x in R^{sizes[0]}", *lines, f"o = {self.z[-1]} in R^{self.last}", f"L = {self.loss}"])

    def gradient(self, at: int, slip: str = "") -> str:
        """∂L/∂W of a layer, with a slip in it."""
        delta = ("2 " if slip == "a factor of a mean" else LOSSES[self.loss].format(n=self.last)) + "(o - y)"
        for k in range(len(self.kinds) - 1, at - 1, -1):
            delta = f"(W{k + 2}^T ({delta}))"
            if k != at or slip != "δ without the activation's slope":
                delta = f"({delta} .* {SLOPES[self.kinds[k]].format(a=self.reads[k + 1], z=self.z[k])})"
        return f"{self.reads[at]} ({delta})^T" if slip == "the gradient of W" else f"({delta}) {self.reads[at]}^T"


@pytest.mark.parametrize("count", [
    1, pytest.param(30, marks=pytest.mark.long), pytest.param(300, marks=pytest.mark.scale)])
@pytest.mark.parametrize("slip", NAMED)
def test_a_slip_in_a_backward_pass_is_named_and_what_is_right_is_right(slip, count):
    rng, named = random.Random(slip), 0
    for seed in range(count):
        one = Net(rng, mean="mean" in slip)
        at = rng.randint(0, len(one.kinds) - slip.startswith("δ"))
        n = jacmagic.nnchain(one.block, seed=seed)
        right, found = (n.check(f"∂L/∂W{at + 1} = {one.gradient(at, words)}") for words in ("", slip))
        assert right, (one.block, right.text)
        assert not found, (one.block, found.text)
        named += any(slip in words for words in found.slips.flat)
    assert named >= 0.9 * count, named


OF_NETS = {"a factor of a mean": "a constant factor missing", "δ without the activation's slope": "the outer derivative missing",
           "a term of the chain rule missing": "a term missing"}
OF_NETS_SLOPE = ("δ without the activation's slope", "the outer derivative missing")
KINDS = {"tanh": "(1 - {a}.^2)", "sin": "cos({z})", "exp": "{a}"}


class Small:
    """A net of two layers, its loss as a formula of entries besides."""

    def __init__(self, rng: random.Random) -> None:
        self.n, self.m, self.k = rng.randint(2, 3), rng.randint(2, 3), rng.randint(2, 3)
        self.kind, mean = rng.choice(list(KINDS)), rng.random() < 0.5
        loss = "mse(o, y)" if mean else "1/2 ||o - y||^2"
        self.block = (f"x in R^{self.n}\nh = {self.kind}(W1 x + c1) in R^{self.m}\no = W2 h + c2 in R^{self.k}\nL = {loss}")
        self.factor = f"2/{self.k}" if mean else "1"
        x = [f"x[{i + 1}]" for i in range(self.n)]
        h = [(self.kind, one) for one in self.affine(1, self.m, x)]
        self.errors = [("+", o, ("*", -1, f"y[{i + 1}]")) for i, o in enumerate(self.affine(2, self.k, h))]
        self.loss = ("/", self.added([("^", one, 2) for one in self.errors]), self.k if mean else 2)

    @staticmethod
    def added(terms):
        return terms[0] if len(terms) == 1 else ("+", Small.added(terms[:-1]), terms[-1])

    def affine(self, layer: int, rows: int, given):
        return [("+", self.added([("*", f"W{layer}[{i + 1},{j + 1}]", one) for j, one in enumerate(given)]), f"c{layer}[{i + 1}]")
                for i in range(rows)]

    def edited(self, rng: random.Random, at: int) -> str:
        """∂L/∂W of a layer with something of it changed at random."""
        slope = KINDS[self.kind].format(a="h", z="W1 x + c1")
        parts = {"factor": self.factor, "error": "o - y", "slope": slope, "back": "W2^T", "went": "x" if at == 1 else "h", "more": ""}
        for _ in range(rng.choice([1, 1, 1, 2])):
            part = rng.choice([one for one in parts if at == 1 or one not in ("slope", "back")])
            parts[part] = rng.choice({
                "factor": ["2", "3", f"1/{self.k}", "-1", "1"], "error": ["o + y", "y - o", "o", "o - 2y", "(o - y).^2"],
                "slope": ["(1 + h.^2)", "h", "(1 - h)", "sin(W1 x + c1)", "1"], "more": [" + 1", " + W{at}", " - 2W{at}"],
                "back": ["-W2^T", "2W2^T", *(["W2"] if self.m == self.k else [])],
                "went": ["x.^2", "2x", "-x", "(x + x[1])"] if at == 1 else ["h.^2", "2h", "(W1 x + c1)", "-h"],
            }[part]).format(at=at)
        delta = f"{parts['factor']} ({parts['error']})"
        if at == 1:
            ones = "(x[1] + 1 - x[1])"  # the slope of 1, entry by entry
            delta = f"(({parts['back']}) ({delta})) .* {parts['slope'] if parts['slope'] != '1' else f'({ones} + 0 h)'}"
        return f"({delta}) ({parts['went']})^T{parts['more']}"

    def without_slope(self, entry: str):
        """The derivative by an entry of W1 with the activation's slope left out on all ways: W2ᵀ (o − y) xᵀ, times its factor."""
        i, j = re.findall(r"\d+", entry)[1:]
        back = self.added([("*", f"W2[{k + 1},{i}]", one) for k, one in enumerate(self.errors)])
        return ("*", ("/", 2, self.k) if self.factor != "1" else 1, ("*", back, f"x[{j}]"))

    def leads(self, words: str, entry: str, value: np.ndarray, points) -> bool:
        """Whether a wrong rule that is written out here makes of the derivative by an entry what somebody answered."""
        def same(tree) -> bool:
            return np.allclose([own.value(tree, at) for at in points], value, rtol=1e-8, atol=1e-10)

        names = [*own.names(self.loss)]
        if "this is" in words or "transposed" in words:
            return any(same(own.derivative(self.loss, one)) for one in names if one[:2] == entry[:2] and one != entry)
        if words.startswith("a variable not held constant"):
            return any(same(("+", own.derivative(self.loss, entry), own.derivative(self.loss, one))) for one in names)
        if words.startswith("the derivative by"):
            return any(same(own.derivative(self.loss, one)) for one in names)
        if entry.startswith("W1") and any(one in words for one in OF_NETS_SLOPE) and same(self.without_slope(entry)):
            return True
        slip = next((mine for said, mine in OF_NETS.items() if said in words), None) or max(
            (one for one in SLIPS if one in words), key=lambda one: (words.index(one), len(one)))
        return any(map(same, own.wrong_ones(self.loss, entry, slip)))


@share(200)
def test_of_random_edits_of_a_net_s_gradients_nothing_untrue_is_said(count):
    rng, made, told = random.Random(7), 0, 0
    while made < count:
        net, at = Small(rng), rng.randint(1, 2)
        answer, n = net.edited(rng, at), jacmagic.nnchain(net.block, seed=made)
        asked = jacmagic.nnchain(f"{net.block}\ng = {answer}")
        draw, points, values = np.random.default_rng(made), [], []
        for _ in range(5):
            given = {key: draw.uniform(-1, 1, np.shape(one)) for key, one in n.values.items()}
            points.append({f"{key}[{','.join(str(k + 1) for k in place)}]": one[place] for key, one in given.items() for place in np.ndindex(one.shape)})
            values.append(asked.forward(**given)["g"])
        found = n.check(f"∂L/∂W{at} = {answer}")
        for i, j in np.ndindex(found.right.shape):
            entry, value, said = f"W{at}[{i + 1},{j + 1}]", np.array([one[i, j] for one in values]), str(found.slips[i, j])
            truth = np.allclose([own.value(own.derivative(net.loss, entry), one) for one in points], value, rtol=1e-8, atol=1e-10)
            assert found.right[i, j] == truth, (net.block, answer, entry)
            for words in said.split(" or ") if said else ():
                assert net.leads(words, entry, value, points), (net.block, answer, entry, words)
            told += bool(said)
        made += 1
    assert told
