"""Batches and rows: values and all derivatives against PyTorch, what is inferred, shown and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evaluate import backward_is_right
from matrices import Row, check, close
from optional import optional

import jacmagic
from jacmagic.show.views import formulas, plain_text

torch = optional("torch")
F = torch.nn.functional
R = Row


def one_hot(a: np.ndarray) -> np.ndarray:
    return np.eye(a.shape[1])[a.argmax(axis=1)]


def columns_one_hot(a: np.ndarray) -> np.ndarray:
    return one_hot(a.T).T


ROWWISE = {
    "softmax": R("A in R^(2x3)\nP = softmax(A)", {"A": (2, 3)}, {"P": lambda A: A.softmax(-1)}),
    "log_softmax": R("A in R^(2x3)\nP = log_softmax(2A)", {"A": (2, 3)}, {"P": lambda A: (2 * A).log_softmax(-1)}),
    "layer_norm": R("A in R^(2x4)\nP = layer_norm(A)", {"A": (2, 4)}, {"P": lambda A: F.layer_norm(A, (4,))}),
    "rms_norm": R("A in R^(2x4)\nP = rms_norm(A)", {"A": (2, 4)}, {"P": lambda A: F.rms_norm(A, (4,))}),
    "logsumexp": R("A in R^(2x4)\nb in R^2\nf = b^T logsumexp(A)", {"A": (2, 4), "b": (2,)}, {"f": lambda A, b: b @ A.logsumexp(-1)}),
    "logsumexp plus an undeclared column": R("A in R^(2x4)\nf = logsumexp(A) + c", {"A": (2, 4), "c": (2,)}, {"f": lambda A, c: A.logsumexp(-1) + c}),
    "softmax of a product": R("A in R^(2x3)\nB in R^(4x3)\nP = softmax(A B^T)\ns = ||P||_F^2", {"A": (2, 3), "B": (4, 3)},
                              {"s": lambda A, B: ((A @ B.T).softmax(-1) ** 2).sum()}),
    "attention": R("Q in R^(2x3)\nK in R^(4x3)\nV in R^(4x2)\nd = 3\nO = softmax(Q K^T/sqrt(d)) V", {"Q": (2, 3), "K": (4, 3), "V": (4, 2)},
                   {"O": lambda Q, K, V: F.scaled_dot_product_attention(Q[None], K[None], V[None])[0]}),
    "a matrix of one column is a column": R("A in R^(3x1)\nP = softmax(A)", {"A": (3, 1)}, {"P": lambda A: A[:, 0].softmax(0)}),
}
X, XT = {"X": (4, 2)}, {"X": (2, 4)}
NETS = {
    "two layers": R("X in R^(4x2) batch\nH = tanh(X W + b) in R^(4x3)\nO = H V + c in R^(4x2)\nY in R^(4x2) target\nL = 1/2 ||O - Y||_F^2",
                    {**X, "W": (2, 3), "b": (3,), "V": (3, 2), "c": (2,), "Y": (4, 2)},
                    {"L": lambda X, W, b, V, c, Y: ((torch.tanh(X @ W + b) @ V + c - Y) ** 2).sum() / 2}, net=True),
    "one output": R("X in R^(4x2) batch\ny in R^4 target\np = X w + b\nw in R^2\nL = mse(p, y)", {**X, "w": (2,), "b": (), "y": (4,)},
                    {"L": lambda X, w, b, y: F.mse_loss(X @ w + b, y)}, net=True),
    "cross-entropy": R("X in R^(4x2) batch\nP = softmax(X W + b) in R^(4x3)\nL = cross_entropy(P, Y)", {**X, "W": (2, 3), "b": (3,), "Y": (4, 3)},
                       {"L": lambda X, W, b, Y: F.cross_entropy(X @ W + b, Y)}, net=True, draw={"Y": one_hot}),
    "cross-entropy by hand": R("N = 4\nX in R^(Nx2) batch\nP = softmax(X W + b) in R^(Nx3)\nL = -1/N sum(Y .* ln(P))", {**X, "W": (2, 3), "b": (3,), "Y": (4, 3)},
                               {"L": lambda X, W, b, Y: F.cross_entropy(X @ W + b, Y)}, net=True, draw={"Y": one_hot}),
    "columns": R("X in R^(2x4) batch columns\nP = softmax(W X + b) in R^(3x4)\nL = cross_entropy(P, Y)", {**XT, "W": (3, 2), "b": (3,), "Y": (3, 4)},
                 {"L": lambda X, W, b, Y: F.cross_entropy((W @ X).T + b, Y.T)}, net=True, draw={"Y": columns_one_hot}),
    "deep columns": R("X in R^(2x4) batch columns\nA = relu(W1 X + b1) in R^(3x4)\nZ = W2 A + b2 in R^(1x4)\nb2 in R^1\nL = bce(sigmoid(Z), Y)",
                      {**XT, "W1": (3, 2), "b1": (3,), "W2": (1, 3), "b2": (1,), "Y": (1, 4)},
                      {"L": lambda X, W1, b1, W2, b2, Y: F.binary_cross_entropy_with_logits(W2 @ torch.relu(W1 @ X + b1[:, None]) + b2[:, None], Y)},
                      net=True, draw={"Y": lambda a: (a > 0) * 1.0}),
    "norms": R("X in R^(4x2) batch\nH = layer_norm(X W + b) in R^(4x3)\nO = X U + rms_norm(H) in R^(4x3)\nL = huber(O, Y)",
               {**X, "W": (2, 3), "b": (3,), "U": (2, 3), "Y": (4, 3)},
               {"L": lambda X, W, b, U, Y: F.huber_loss(X @ U + F.rms_norm(F.layer_norm(X @ W + b, (3,)), (3,)), Y)}, net=True),
    "weight decay": R("X in R^(5x4) batch\nY in R^(5x3) target\nλ = 0.05 fixed\nH = relu(X W1 + b1) in R^(5x6)\nS = H W2 + b2 in R^(5x3)\nP = softmax(S)\n"
                      "L = cross_entropy(P, Y) + λ (||W1||_F^2 + ||W2||_F^2)",
                      {"X": (5, 4), "W1": (4, 6), "b1": (6,), "W2": (6, 3), "b2": (3,), "Y": (5, 3), "lam": ()},
                      {"L": lambda X, W1, b1, W2, b2, Y, lam: F.cross_entropy(torch.relu(X @ W1 + b1) @ W2 + b2, Y) + lam * ((W1**2).sum() + (W2**2).sum())},
                      net=True, draw={"Y": one_hot, "lam": abs}),
    "a number beside": R("X in R^(4x2) batch\nk in R\nH = k + X W + b in R^(4x3)\nL = sum(H .^ 2)", {**X, "k": (), "W": (2, 3), "b": (3,)},
                         {"L": lambda X, k, W, b: ((k + X @ W + b) ** 2).sum()}, net=True),
    "the bias first, and taken off": R("X in R^(4x2) batch\nH = b - 2 X W in R^(4x3)\nL = sum(H .^ 2)", {**X, "W": (2, 3), "b": (3,)},
                                       {"L": lambda X, W, b: ((b - 2 * X @ W) ** 2).sum()}, net=True),
    "attention of a batch of tokens": R(
        "X in R^(4x3) batch\nQ = X W_Q + b_Q in R^(4x2)\nK = X W_K in R^(4x2)\nW_V in R^(3x3)\nH = softmax(Q K^T/sqrt(2)) X W_V + b in R^(4x3)\nL = cross_entropy(softmax(H), Y)",
        {"X": (4, 3), "W_Q": (3, 2), "b_Q": (2,), "W_K": (3, 2), "W_V": (3, 3), "b": (3,), "Y": (4, 3)},
        {"L": lambda X, W_Q, b_Q, W_K, W_V, b, Y: F.cross_entropy(F.scaled_dot_product_attention(
            (X @ W_Q + b_Q)[None], (X @ W_K)[None], (X @ W_V)[None])[0] + b, Y)}, net=True, draw={"Y": one_hot}),
    "batch norm": R("X in R^(4x2) batch\nZ = X W + b in R^(4x3)\nμ = mean_cols(Z)\nv = mean_cols((Z - μ) .^ 2)\ns = sqrt(v + 0.001)\nH = (Z - μ) diag(γ ./ s) + β\nγ in R^3\nβ in R^3\nL = mse(H, Y)",
                    {**X, "W": (2, 3), "b": (3,), "gamma": (3,), "beta": (3,), "Y": (4, 3)},
                    {"L": lambda X, W, b, gamma, beta, Y: F.mse_loss(F.batch_norm(X @ W + b, None, None, gamma, beta, True, 0.1, 0.001), Y)}, net=True),
}


@pytest.mark.parametrize("name", [*ROWWISE, *NETS])
def test_values_and_derivatives_are_those_of_pytorch(name: str) -> None:
    check({**ROWWISE, **NETS}[name])


def test_second_derivatives_of_a_batch_are_those_of_pytorch() -> None:
    row = NETS["cross-entropy"]
    n, point = row.read(), row.point(3)
    given = {key: torch.tensor(value) for key, value in point.items()}
    for a, b in (("W", "W"), ("W", "b"), ("X", "W")):
        first, second = given[a].clone().requires_grad_(), given[b].clone().requires_grad_() if a != b else None
        second = first if second is None else second
        (slope,) = torch.autograd.grad(row.run["L"](**{**given, a: first, b: second}), first, create_graph=True)
        rows = [torch.autograd.grad(one, second, retain_graph=True)[0].numpy() for one in slope.reshape(-1)]
        close(n.hessian("L", a, b, **point), np.stack(rows).reshape(*given[a].shape, *given[b].shape), 1e-8)


@pytest.mark.parametrize("name", NETS)
def test_every_gradient_is_a_formula_with_its_numbers(name: str) -> None:
    n = NETS[name].read()
    n.set(**NETS[name].point(5))
    assert backward_is_right(n) == {key for key in n.program.parameters if n.program.inputs[key].role == "weight"}


def test_the_gradients_are_those_of_the_blackboard() -> None:
    shown = {one.text for one in formulas(NETS["two layers"].read())}
    assert "∂L/∂V = Hᵀ δ_O, ∂L/∂c = δ_Oᵀ 𝟏" in shown
    assert "δ_H = (1 - H.^2) .* (δ_O Vᵀ)" in shown
    assert "∂L/∂W = Xᵀ δ_H, ∂L/∂b = δ_Hᵀ 𝟏" in shown
    assert "δ_P = 1/4 (P - Y)" in {one.text for one in formulas(NETS["cross-entropy"].read())}


ROLES = [
    ("two layers", {"input": ["X"], "target": ["Y"], "weight": ["V", "W", "b", "c"]}),
    ("cross-entropy", {"input": ["X"], "target": ["Y"], "weight": ["W", "b"]}),
    ("columns", {"input": ["X"], "target": ["Y"], "weight": ["W", "b"]}),
    ("weight decay", {"input": ["X"], "target": ["Y"], "fixed": ["lam"], "weight": ["W1", "W2", "b1", "b2"]}),
    ("norms", {"input": ["X"], "target": ["Y"], "weight": ["U", "W", "b"]}),
]


@pytest.mark.parametrize(("name", "roles"), ROLES)
def test_roles(name: str, roles: dict[str, list[str]]) -> None:
    found = NETS[name].read().roles
    assert {role: sorted(key for key in found if found[key] == role) for role in roles} == roles


def test_a_batch_is_an_input_whatever_it_is_called() -> None:
    n = jacmagic.nnchain("B in R^(4x2) batch\nH = tanh(B W + b) in R^(4x3)\nL = mse(H, T)")
    assert n.roles == {"B": "input", "W": "weight", "b": "weight", "T": "target"}
    assert jacmagic.nnchain("B in R^(4x2) batch target\nx in R^(4x2)\nL = mse(x W, B)\nW in R^(2x2)").roles["B"] == "target"


ECHO = [
    ("two layers", "H = tanh(X W + 𝟏 bᵀ)"), ("columns", "P = softmax(W X + b 𝟏ᵀ)"), ("columns", "softmax column by column"),
    ("cross-entropy", "softmax row by row"), ("cross-entropy", "L = -1/4 sum(Y .* ln(P))"), ("cross-entropy", "the mean over 4 examples"),
]


@pytest.mark.parametrize(("name", "words"), ECHO)
def test_the_echo_says_it(name: str, words: str) -> None:
    assert words in plain_text(NETS[name].read())


@pytest.mark.parametrize("name", NETS)
def test_the_echo_reads_back(name: str) -> None:
    n, row = NETS[name].read(), NETS[name]
    given = [line for line in row.block.split("\n") if " in R" in line.split("=")[0] or line.split(" ")[0] in ("N", "λ")]
    from jacmagic.language.printers import latex, text

    for write in (latex, text):
        again = jacmagic.nnchain("\n".join([*given, *(f"{key} = {write(step.expr, n.program.arrays)}{size(step.shape)}" for key, step in n.program.steps.items())]))
        point = row.point(2)
        for key, value in n.forward(**point).items():
            np.testing.assert_allclose(again.forward(**point)[key], value, rtol=1e-12)


def size(shape: tuple[int, ...]) -> str:
    return f" in R^({shape[0]}x{shape[1]})" if len(shape) == 2 else ""


WRONG = [
    ("x in R^3 batch\nL = ||x||^2", "batch", "A batch is a matrix"),
    ("X in R^(4x2)\nH = tanh(X W + b)\nW in R^(2x3)\nb in R^3\nL = sum(H)", "X W + b", "is 4×3"),
    ("X in R^(4x2) batch\nb in R^4\nW in R^(2x3)\nH = X W + b\nL = sum(H)", "X W + b", "b has 4 entries"),
    ("X in R^(4x1) batch\nP = softmax(X)\nZ in R^(3x1)\nw in R\nL = sum(softmax(w))", "softmax(w)", "w is a number"),
]


@pytest.mark.parametrize(("block", "span", "words"), WRONG, ids=[block for block, *_ in WRONG])
def test_what_does_not_fit_is_underlined(block: str, span: str, words: str) -> None:
    with pytest.raises(jacmagic.JacmagicError, match=words) as caught:
        jacmagic.nnchain(block)
    error: Any = caught.value
    assert block[error.span.start : error.span.stop] == span


def test_a_batch_stands_in_a_block_of_functions_too() -> None:
    r = jacmagic.jacobian("X in R^(4x2) batch\nW in R^(2x3)\nf = X W + b", wrt="b")
    close(r.at("f", "b"), np.broadcast_to(np.eye(3), (4, 3, 3)))


def test_batch_is_a_name_elsewhere() -> None:
    r = jacmagic.jacobian("batch = 3\nf(x) = batch x^2")
    assert r.at(x=1.0).tolist() == [[6.0]]
