"""conv and maxpool: values, derivatives and forms against PyTorch, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evaluate import backward_is_right, evaluate
from matrices import Row, check, close, hessian
from optional import optional

import jacmagic
from jacmagic.language.printers import text
from jacmagic.show import factors
from jacmagic.show.views import formulas

torch = optional("torch")
F = torch.nn.functional
R = Row


def conv1(x: Any, w: Any) -> Any:
    return F.conv1d(x[None, None], w[None, None])[0, 0]


def conv2(x: Any, w: Any) -> Any:
    return F.conv2d(x[None, None], w[None, None])[0, 0]


def pool1(x: Any, k: int) -> Any:
    return F.max_pool1d(x[None, None], k)[0, 0]


def pool2(x: Any, k: int) -> Any:
    return F.max_pool2d(x[None, None], k)[0, 0]


ROWS = {
    "of vectors": R("x in R^5\nw in R^3\ny = conv(x, w)", {"x": (5,), "w": (3,)}, {"y": conv1}),
    "of matrices": R("X in R^(4x5)\nW in R^(2x3)\nY = conv(X, W)", {"X": (4, 5), "W": (2, 3)}, {"Y": lambda X, W: conv2(X, W)}),
    "as large as the signal": R("x in R^3\nw in R^3\ny = conv(x, w)", {"x": (3,), "w": (3,)}, {"y": conv1}),
    "in a number": R("x in R^6\nw in R^2\nv in R^4\nf = sum(tanh(conv(conv(x, w), w) .* v))", {"x": (6,), "w": (2,), "v": (4,)},
                     {"f": lambda x, w, v: torch.tanh(conv1(conv1(x, w), w) * v).sum()}),
    "pooled": R("x in R^6\nm = maxpool(x, 2)", {"x": (6,)}, {"m": lambda x: pool1(x, 2)}),
    "with a rest": R("x in R^7\nk = 3\nm = maxpool(x, k)", {"x": (7,)}, {"m": lambda x: pool1(x, 3)}),
    "a matrix pooled": R("X in R^(4x5)\nM = maxpool(X, 2)", {"X": (4, 5)}, {"M": lambda X: pool2(X, 2)}),
    "pooled by one": R("x in R^3\nf = sum(maxpool(x, 1) .^ 2)", {"x": (3,)}, {"f": lambda x: (x**2).sum()}),
    "a feature": R("X in R^(6x6)\nW in R^(3x3)\nb in R\nf = sum(maxpool(relu(conv(X, W) + b), 2))", {"X": (6, 6), "W": (3, 3), "b": ()},
                   {"f": lambda X, W, b: pool2(torch.relu(conv2(X, W) + b), 2).sum()}),
}
NETS = {
    "a small CNN": R("X in R^(6x6)\nC = conv(X, K) + b in R^(4x4)\nK in R^(3x3)\nb in R\nP = maxpool(relu(C), 2)\nz = W flatten(P) + c in R^3\np = softmax(z)\n"
                     "L = cross_entropy(p, y)", {"X": (6, 6), "K": (3, 3), "b": (), "W": (3, 4), "c": (3,), "y": (3,)},
                     {"L": lambda X, K, b, W, c, y: F.cross_entropy(W @ pool2(torch.relu(conv2(X, K) + b), 2).reshape(-1) + c, y)}, net=True,
                     draw={"y": lambda a: np.eye(3)[a.argmax()]}),
    "a signal": R("x in R^8\nh = tanh(conv(x, k) + b) in R^6\nb in R\no = W maxpool(h, 2) + c in R^2\nL = mse(o, y)",
                  {"x": (8,), "k": (3,), "b": (), "W": (2, 3), "c": (2,), "y": (2,)},
                  {"L": lambda x, k, b, W, c, y: F.mse_loss(W @ pool1(torch.tanh(conv1(x, k) + b), 2) + c, y)}, net=True),
    "two layers": R("x in R^7\na = relu(conv(x, u)) in R^5\nb = conv(a, v) in R^3\nL = 1/2 ||b - y||^2", {"x": (7,), "u": (3,), "v": (3,), "y": (3,)},
                    {"L": lambda x, u, v, y: ((conv1(torch.relu(conv1(x, u)), v) - y) ** 2).sum() / 2}, net=True),
}


@pytest.mark.parametrize("name", [*ROWS, *NETS])
def test_values_and_derivatives_are_those_of_pytorch(name: str) -> None:
    row = {**ROWS, **NETS}[name]
    result, point = check(row), row.point(1)
    for of, run in row.run.items():
        for by in row.sizes if result.program.shape(of) == () else ():
            close(result.hessian(of, by, by, **point), hessian(run, point, by), 1e-8)


@pytest.mark.parametrize("backend", ["math", "torch", "javascript", "c"])
def test_every_dialect_has_them(backend: str) -> None:
    r = ROWS["a feature"].read()
    if backend in ("math", "torch"):
        point = ROWS["a feature"].point(3)
        close(np.asarray(r.function(backend, "f", "W")(**point)), r.at("f", "W", **point))
    else:
        assert r.code(backend)


def test_the_derivative_of_a_convolution_is_a_band_matrix() -> None:
    r = ROWS["of vectors"].read()
    form, _ = factors.matrix_form(r, "y", "x")
    assert text(form) == "[w₁, w₂, w₃, 0, 0; 0, w₁, w₂, w₃, 0; 0, 0, w₁, w₂, w₃]"
    point = ROWS["of vectors"].point(1)
    close(evaluate(form, point, (3, 5)), r.at("y", "x", **point))
    form, _ = factors.matrix_form(r, "y", "w")
    assert text(form) == "[x₁, x₂, x₃; x₂, x₃, x₄; x₃, x₄, x₅]"
    close(evaluate(form, point, (3, 3)), r.at("y", "w", **point))


@pytest.mark.parametrize("name", NETS)
def test_a_net_with_them_is_shown(name: str) -> None:
    n = NETS[name].read()
    assert any(one.kind == "gradients" for one in formulas(n))


@pytest.mark.parametrize("name", ["two layers"])
def test_every_gradient_is_a_formula_with_its_numbers(name: str) -> None:
    n = NETS[name].read()
    n.set(**NETS[name].point(5))
    assert backward_is_right(n) == {key for key in n.program.parameters if n.program.inputs[key].role == "weight"}


def test_the_size_of_a_kernel_follows_from_what_it_gives() -> None:
    r = jacmagic.jacobian("x in R^7\ny = tanh(conv(x, k)) in R^5")
    assert r.program.shape("k") == (3,)


WRONG = [
    ("x in R^3\nw in R^5\ny = conv(x, w)", "conv(x, w)", "does not fit into x"),
    ("x in R^5\nW in R^(2x2)\ny = conv(x, W)", "x, W", "W is 2×2"),
    ("x in R^5\ny = maxpool(x, 7)", "7", "parts of 1 to 5"),
    ("x in R^5\ny = maxpool(x, 1.5)", "1.5", "whole number"),
    ("x in R^5\nw in R^2\ny = conv2d(x, w)", "conv2d", "conv"),
    ("x in R\ny = maxpool(x, 2)", "maxpool(x, 2)", "x is a number"),
]


@pytest.mark.parametrize(("block", "span", "words"), WRONG, ids=[block for block, *_ in WRONG])
def test_what_does_not_fit_is_underlined(block: str, span: str, words: str) -> None:
    with pytest.raises(jacmagic.JacmagicError, match=words) as caught:
        jacmagic.jacobian(block)
    error: Any = caught.value
    assert block[error.span.start : error.span.stop] == span
