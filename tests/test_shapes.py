"""Sizes: what is inferred, what is added to each entry, and how both are shown."""

from __future__ import annotations

import numpy as np
import pytest

import jacmagic

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
