"""Blocks that read as papers write them: outputs, every derivative and every gradient's formula against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evaluate import backward_is_right, evaluate
from matrices import Row, check, close, derivative
from optional import optional

import jacmagic
from jacmagic.language import tree as t
from jacmagic.language.printers import latex, text
from jacmagic.show.chain import chain_rule

torch = optional("torch")
F = torch.nn.functional
R = Row


def lstm(x: Any, h0: Any, c0: Any, Wf: Any, Wi: Any, Wo: Any, Wc: Any, bf: Any, bi: Any, bo: Any, bc: Any) -> Any:
    cell = torch.nn.LSTMCell(2, 3, dtype=x.dtype)
    state = {  # PyTorch's rows: i, f, g, o, of x and of h apart
        "weight_ih": torch.cat([Wi[:, 3:], Wf[:, 3:], Wc[:, 3:], Wo[:, 3:]]), "weight_hh": torch.cat([Wi[:, :3], Wf[:, :3], Wc[:, :3], Wo[:, :3]]),
        "bias_ih": torch.cat([bi, bf, bc, bo]), "bias_hh": torch.zeros(12, dtype=x.dtype),
    }
    return torch.func.functional_call(cell, state, (x[None], (h0[None], c0[None])))


def gru(x: Any, h: Any, Wr: Any, Wz: Any, Wn: Any, Ur: Any, Uz: Any, Un: Any, br: Any, bz: Any, bn: Any, cn: Any) -> Any:
    cell = torch.nn.GRUCell(2, 3, dtype=x.dtype)
    state = {"weight_ih": torch.cat([Wr, Wz, Wn]), "weight_hh": torch.cat([Ur, Uz, Un]), "bias_ih": torch.cat([br, bz, bn]),
             "bias_hh": torch.cat([torch.zeros(6, dtype=x.dtype), cn])}
    return torch.func.functional_call(cell, state, (x[None], h[None]))[0]


def flow(z: Any, w: Any, u: Any, b: Any) -> Any:
    a = torch.tanh(w @ z + b)
    J = torch.eye(3, dtype=z.dtype) + torch.outer(u, w) * (1 - a**2)
    return -torch.linalg.slogdet(J)[1] + ((z + u * a) ** 2).sum() / 2


W33, B3 = (3, 5), (3,)
PAPERS = {
    "LSTM": R(
        "x in R^2 input\nh_{t-1}, c_{t-1} in R^3 input\nf = sigmoid(Wf [h_{t-1}; x] + bf) in R^3\ni = sigmoid(Wi [h_{t-1}; x] + bi) in R^3\n"
        "o = sigmoid(Wo [h_{t-1}; x] + bo) in R^3\ng = tanh(Wc [h_{t-1}; x] + bc) in R^3\nc_t = f .* c_{t-1} + i .* g\nh_t = o .* tanh(c_t)\n"
        "Wf, Wi, Wo, Wc in R^(3x5)\nbf, bi, bo, bc in R^3\nL = sum(h_t) + sum(c_t .^ 2)",
        {"x": (2,), "h_tm1": B3, "c_tm1": B3, **dict.fromkeys(("Wf", "Wi", "Wo", "Wc"), W33), **dict.fromkeys(("bf", "bi", "bo", "bc"), B3)},
        {"h_t": lambda h_tm1, c_tm1, x, **w: lstm(x, h_tm1, c_tm1, **w)[0][0], "c_t": lambda h_tm1, c_tm1, x, **w: lstm(x, h_tm1, c_tm1, **w)[1][0],
         "L": lambda h_tm1, c_tm1, x, **w: sum(one.sum() for one in (lstm(x, h_tm1, c_tm1, **w)[0], lstm(x, h_tm1, c_tm1, **w)[1] ** 2))}, net=True),
    "GRU": R(
        "x in R^2\nh_{t-1} in R^3 input\nr = sigmoid(Wr x + Ur h_{t-1} + br) in R^3\nz = sigmoid(Wz x + Uz h_{t-1} + bz) in R^3\n"
        "n = tanh(Wn x + bn + r .* (Un h_{t-1} + cn)) in R^3\nh_t = (1 - z) .* n + z .* h_{t-1}\nWr, Wz, Wn in R^(3x2)\nUr, Uz, Un in R^(3x3)\n"
        "br, bz, bn, cn in R^3\nL = sum(h_t .^ 2)",
        {"x": (2,), "h_tm1": B3, **dict.fromkeys(("Wr", "Wz", "Wn"), (3, 2)), **dict.fromkeys(("Ur", "Uz", "Un"), (3, 3)), **dict.fromkeys(("br", "bz", "bn", "cn"), B3)},
        {"h_t": lambda h_tm1, x, **w: gru(x, h_tm1, **w), "L": lambda h_tm1, x, **w: (gru(x, h_tm1, **w) ** 2).sum()}, net=True),
    "attention": R(
        "X in R^(4x3) batch\nd = 2\nQ = X W_Q in R^(4x2)\nK = X W_K in R^(4x2)\nV = X W_V in R^(4x2)\nA = softmax(Q K^T/sqrt(d))\nO = A V\nY in R^(4x2) target\n"
        "L = mse(O, Y)", {"X": (4, 3), "W_Q": (3, 2), "W_K": (3, 2), "W_V": (3, 2), "Y": (4, 2)},
        {"O": lambda X, W_Q, W_K, W_V, Y: F.scaled_dot_product_attention(*(one[None] for one in (X @ W_Q, X @ W_K, X @ W_V)))[0],
         "L": lambda X, W_Q, W_K, W_V, Y: F.mse_loss(F.scaled_dot_product_attention(*(one[None] for one in (X @ W_Q, X @ W_K, X @ W_V)))[0], Y)}, net=True),
    "a residual block": R(
        "x in R^3\nu = layer_norm(x)\nh = relu(W1 u + b1) in R^4\ny = x + W2 h + b2 in R^3\nt in R^3 target\nL = 1/2 ||layer_norm(y) - t||^2",
        {"x": (3,), "W1": (4, 3), "b1": (4,), "W2": (3, 4), "b2": (3,), "t": (3,)},
        {"L": lambda x, W1, b1, W2, b2, t: ((F.layer_norm(x + W2 @ torch.relu(W1 @ F.layer_norm(x, (3,)) + b1) + b2, (3,)) - t) ** 2).sum() / 2}, net=True),
    "a VAE": R(
        "x in R^3\nh = tanh(W1 x + b1) in R^4\nμ = W2 h + b2 in R^2\ns = W3 h + b3 in R^2\nz = μ + exp(s/2) .* ε in R^2\nε in R^2 fixed\n"
        "\\hat x = sigmoid(W4 z + b4) in R^3\nL = ||x - \\hat x||^2 - 1/2 sum(1 + s - μ^2 - exp(s))",
        {"x": (3,), "epsilon": (2,), "W1": (4, 3), "b1": (4,), "W2": (2, 4), "b2": (2,), "W3": (2, 4), "b3": (2,), "W4": (3, 2), "b4": (3,)},
        {"L": lambda x, epsilon, W1, b1, W2, b2, W3, b3, W4, b4: vae(x, epsilon, W1, b1, W2, b2, W3, b3, W4, b4)}, net=True),
    "a planar flow": R(
        "z in R^3 input\na = tanh(w^T z + b)\nw in R^3\nb in R\nu in R^3\ny = z + u a\nJ = diag([1, 1, 1]) + (1 - a^2) u w^T\nL = -ln|det(J)| + 1/2 ||y||^2",
        {"z": (3,), "w": (3,), "u": (3,), "b": ()}, {"L": flow}, net=True),
    "InfoNCE": R(
        "z, w in R^(4x3) batch\nA = z W^T in R^(4x2)\nB = w W^T in R^(4x2)\nS = A B^T/τ\nL = mean(logsumexp(S)) - tr(S)/4\nτ = 0.5 fixed\nW in R^(2x3)",
        {"z": (4, 3), "w": (4, 3), "W": (2, 3), "tau": ()}, {"L": lambda z, w, W, tau: F.cross_entropy((z @ W.T) @ (w @ W.T).T / tau, torch.arange(4))}, net=True,
        draw={"tau": lambda a: abs(a) + 0.5}),
    "two layers of one activation": R(
        "x in R^2\ng(z) = 1/(1 + e^-z)\na = g(W x + b) in R^3\no = g(V a + c) in R^2\nL = 1/2 ||o - y||^2",
        {"x": (2,), "W": (3, 2), "b": (3,), "V": (2, 3), "c": (2,), "y": (2,)},
        {"o": lambda x, W, b, V, c, y: torch.sigmoid(V @ torch.sigmoid(W @ x + b) + c),
         "L": lambda x, W, b, V, c, y: ((torch.sigmoid(V @ torch.sigmoid(W @ x + b) + c) - y) ** 2).sum() / 2}, net=True),
    "an activation of batches": R(
        "X in R^(4x2) batch\ng(z) = max(0, z)\nA = g(X W + b) in R^(4x3)\no = g(A v + c) in R^4\nL = mse(o, y)",
        {"X": (4, 2), "W": (2, 3), "b": (3,), "v": (3,), "c": (), "y": (4,)},
        {"L": lambda X, W, b, v, c, y: F.mse_loss(torch.relu(torch.relu(X @ W + b) @ v + c), y)}, net=True),
    "ridge regression": R(
        "X in R^(6x2) batch\nw in R^2\nL = ||X w - y||^2 + λ/2 ||w||^2", {"X": (6, 2), "w": (2,), "y": (6,), "lam": ()},
        {"L": lambda X, w, y, lam: ((X @ w - y) ** 2).sum() + lam / 2 * w @ w}, net=True),
    "least squares in matrices": R(
        "X in R^(6x2) batch\nR = Y - X W - b\nL = ||R||_F^2\nW in R^(2x3)", {"X": (6, 2), "Y": (6, 3), "W": (2, 3), "b": (3,)},
        {"L": lambda X, Y, W, b: ((Y - X @ W - b) ** 2).sum()}, net=True),
    "batch norm by hand": R(
        "X in R^(6x3) batch\nm = mean_cols(X)\nv = mean_cols((X - m) .^ 2)\nH = (X - m) ./ sqrt(v + eps)\nY = γ .* H + β\nL = ||Y||_F^2",
        {"X": (6, 3), "eps": (), "gamma": (3,), "beta": (3,)},
        {"L": lambda X, eps, gamma, beta: ((gamma * (X - X.mean(0)) / torch.sqrt(((X - X.mean(0)) ** 2).mean(0) + eps) + beta) ** 2).sum()},
        net=True, draw={"eps": abs}),
    "label smoothing": R(
        "x in R^3\nz = W x + b in R^4\nq = (1 - ε) y + ε/4\nL = cross_entropy(softmax(z), q)",
        {"x": (3,), "W": (4, 3), "b": (4,), "epsilon": (), "y": (4,)},
        {"L": lambda x, W, b, epsilon, y: -(((1 - epsilon) * y + epsilon / 4) * torch.log_softmax(W @ x + b, 0)).sum()}, net=True),
    "logistic regression": R(
        "X in R^(6x2) batch\ny in R^6 target\nw in R^2\np = 1/(1 + e^(-X w))\nL = -\\sum_{i=1}^6 [y_i \\ln p_i + (1 - y_i) \\ln(1 - p_i)]",
        {"X": (6, 2), "y": (6,), "w": (2,)}, {"L": lambda X, y, w: F.binary_cross_entropy_with_logits(X @ w, y, reduction="sum")}, net=True),
    "InfoNCE by its entries": R(
        "q in R^(4x3) batch\nk in R^(4x3) batch\nS = W_0 q k^T/τ in R^(4x4)\nW_0 in R\n"
        "L = -1/4 \\sum_{i=1}^4 \\log \\frac{\\exp(S_{ii})}{\\sum_{j=1}^4 \\exp(S_{ij})}",
        {"q": (4, 3), "k": (4, 3), "tau": (), "W0": ()},
        {"L": lambda q, k, tau, W0: F.cross_entropy(W0 * q @ k.T / tau, torch.arange(4))}, net=True, draw={"tau": lambda a: abs(a) + 0.5}),
    "a net by hand": R(
        "i1, i2 in R input\nn = w1 i1 + w2 i2 + b1\nh = 1/(1 + e^-n)\nm = w3 h + b2\no = (e^(2m) - 1)/(e^(2m) + 1)\nE = 1/2 (t - o)^2",
        {**dict.fromkeys(("i1", "i2", "w1", "w2", "w3", "b1", "b2", "t"), ())},
        {"E": lambda i1, i2, w1, w2, w3, b1, b2, t: (t - torch.tanh(w3 * torch.sigmoid(w1 * i1 + w2 * i2 + b1) + b2)) ** 2 / 2}, net=True),
    "hinge": R("X in R^(4x2) batch\ny in R^4 target\ns = X w + b in R^4\nw in R^2\nL = mean(max(0, 1 - y .* s)) + 0.1 ||w||^2", {"X": (4, 2), "y": (4,), "w": (2,), "b": ()},
               {"L": lambda X, y, w, b: torch.relu(1 - y * (X @ w + b)).mean() + 0.1 * w @ w}, net=True, draw={"y": np.sign}),
    "triplet": R("x, x_p, x_n in R^2 input\na = tanh(W x + b) in R^3\np = tanh(W x_p + b)\nn = tanh(W x_n + b)\nb in R^3\nL = max(0, ||a - p||^2 - ||a - n||^2 + 1)",
                 {"x": (2,), "x_p": (2,), "x_n": (2,), "W": (3, 2), "b": (3,)},
                 {"L": lambda x, x_p, x_n, W, b: torch.relu(((torch.tanh(W @ x + b) - torch.tanh(W @ x_p + b)) ** 2).sum() - ((torch.tanh(W @ x + b) - torch.tanh(W @ x_n + b)) ** 2).sum() + 1)}, net=True),
}
def vae(x: Any, eps: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, W4: Any, b4: Any) -> Any:
    h = torch.tanh(W1 @ x + b1)
    mu, s = W2 @ h + b2, W3 @ h + b3
    out = torch.sigmoid(W4 @ (mu + torch.exp(s / 2) * eps) + b4)
    return ((x - out) ** 2).sum() - (1 + s - mu**2 - torch.exp(s)).sum() / 2


@pytest.mark.parametrize("name", PAPERS)
def test_outputs_and_all_gradients_are_those_of_pytorch(name: str) -> None:
    assert len(PAPERS[name].block.split("\n")) <= 12
    check(PAPERS[name])


@pytest.mark.parametrize("name", PAPERS)
def test_every_gradient_is_a_formula_with_its_numbers(name: str) -> None:
    n = PAPERS[name].read()
    n.set(**PAPERS[name].point(4))
    assert backward_is_right(n) == {key for key in n.program.parameters if n.program.inputs[key].role == "weight"}


SAYS = [  # block, the formulas below it
    ("x in R^2\no = W x + b in R^2\nL = mse(o, y) + λ_1 ||W||_1 + λ_2 ||W||_F^2", "∂L/∂W = δ_o xᵀ + λ₁ sign(W) + 2λ₂ W"),
    ("X in R^(5x2) batch\nP = softmax(X W + b) in R^(5x3)\nL = cross_entropy(P, Y) + 0.5 λ sum(W .* W)", "∂L/∂W = Xᵀ δ_P + λ W"),
    ("X in R^(6x2) batch\nw in R^2\nL = ||X w - y||^2 + λ ||w||^2", "∂L/∂w = 2 Xᵀ (X w - y) + 2λ w"),
    (PAPERS["a net by hand"].block, "δ_n = w₃ h δ_m (1 - h)"), (PAPERS["a net by hand"].block, "∂o/∂m = 1 - o²"),
    (PAPERS["logistic regression"].block.replace("1/(1 + e^(-X w))", "σ(X w)"), "δ_p = p - y"), ("x in R^2\nw in R^2\np = 1/(1 + e^(-w^T x))", "∂p/∂x = p (1 - p) wᵀ"),
    ("x in R^2\nh = tanh(W_{xi} x + b) in R^2", "h = tanh(W_xi x + b)"),
]


@pytest.mark.parametrize(("block", "formula"), SAYS, ids=[one for _, one in SAYS])
def test_formulas_are_those_of_the_page(block: str, formula: str) -> None:
    assert formula in jacmagic.nnchain(block)._repr_mimebundle_()["text/plain"]


def test_an_entry_of_a_written_out_sigmoid_is_in_its_own_name() -> None:
    shown = jacmagic.jacobian("w, x in R^2\nf = 1/(1 + e^(-(w_1 x_1 + w_2 x_2)))", "w")._repr_mimebundle_()["text/plain"]
    assert "x₁ f (1 - f)" in shown


@pytest.mark.parametrize(("block", "roles"), [
    ("X in R^(6x2) batch\nL = ||Y - X W||_F^2\nW in R^(2x3)", {"X": "input", "Y": "target", "W": "weight"}),
    ("X in R^(6x2) batch\ns = X w + b in R^6", {"X": "input", "w": "weight", "b": "weight"}),
    ("x in R^3\nv = x/sqrt(mean(x^2) + eps)", {"x": "input", "eps": "fixed"}),
    (PAPERS["InfoNCE by its entries"].block, {"q": "input", "k": "input", "tau": "fixed", "W0": "weight"}),
    ("x, z in R^2 input\nw in R^2\nL = w^T z - w^T x + λ (||w|| - 1)^2", {"x": "input", "z": "input", "w": "weight", "lam": "fixed"}),
    ("x in R^2\nh_{t-1} in R^3\nW in R^(3x2)\nh = tanh(W x + U h_{t-1})", {"x": "input", "h_tm1": "input", "W": "weight", "U": "weight"}),
])
def test_roles_are_those_that_papers_mean(block: str, roles: dict[str, str]) -> None:
    assert dict(jacmagic.nnchain(block).roles) == roles


@pytest.mark.parametrize("name", PAPERS)
def test_no_picture_of_them_starts_dead(name: str) -> None:
    n = PAPERS[name].read()
    loss = n.program.outputs[-1]
    for key, role in n.roles.items():
        if role == "weight":
            assert np.any(n.at(loss, key)), key
    assert latex(n.program.steps[loss].expr)
    assert text(n.program.steps[loss].expr)


def test_words_of_two_letters_are_asked_for_all_at_once() -> None:
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.nnchain("x in R^2\nf = sigmoid(Wf x + bf) in R^3")
    assert caught.value.hints


S = torch.sigmoid
CELL: dict[str, Any] = {  # each line of the LSTM alone
    "f": lambda x, h_tm1, Wf, bf, **_: S(Wf @ torch.cat([h_tm1, x]) + bf), "i": lambda x, h_tm1, Wi, bi, **_: S(Wi @ torch.cat([h_tm1, x]) + bi),
    "o": lambda x, h_tm1, Wo, bo, **_: S(Wo @ torch.cat([h_tm1, x]) + bo), "g": lambda x, h_tm1, Wc, bc, **_: torch.tanh(Wc @ torch.cat([h_tm1, x]) + bc),
    "c_t": lambda f, c_tm1, i, g, **_: f * c_tm1 + i * g, "h_t": lambda o, c_t, **_: o * torch.tanh(c_t), "L": lambda h_t, c_t, **_: h_t.sum() + (c_t**2).sum(),
}


def test_a_chain_of_many_paths_is_a_sum_for_each_definition_where_they_part() -> None:
    n, point = PAPERS["LSTM"].read(), PAPERS["LSTM"].point(3)
    rules = [one.tree for one in chain_rule(n, "L")]
    assert [text(one).partition(" = ")[0] for one in rules] == ["dL/dx", "dh_t/dx", "dc_t/dx"]
    values = {**point, **{key: np.asarray(value) for key, value in n.forward(**point).items()}}
    for rule in rules:
        assert isinstance(rule, t.Equation)
        name, right = rule.sides
        known: dict[Any, Any] = {}
        for factor in (one for one in t.walk(right) if isinstance(one, t.Underbrace)):
            inner: Any = factor.inner
            of, by = inner.of.key, inner.by[0].key
            given = n.at(of, by, **point) if isinstance(inner, t.Total) else derivative(CELL[of], values, by)
            known[factor] = np.reshape(given, (factor.rows, factor.columns))
        total = evaluate(right, known)
        assert isinstance(name, t.Total)
        close(total, np.reshape(n.at(name.of.key, "x", **point), total.shape))


def in_place(block: str, fix: str, span: Any) -> str:
    """The block with a fix pasted: in the place of what is underlined, or, a line of its own, on top."""
    if " in R" in fix or fix.startswith("I ="):
        return f"{fix}\n{block}"
    return block[: span.start] + fix + block[span.stop :]


MEANT: dict[str, tuple[str, str, Any]] = {  # a block that is refused, its first fix, and what is meant
    "an identity that no line declares": (
        "X in R^(4x2)\ny in R^4\nλ in R\nf = (X^T X + λ I)^-1 X^T y", "I = [1, 0; 0, 1]",
        lambda X, y, lam, **_: torch.linalg.solve(X.T @ X + lam * torch.eye(2, dtype=X.dtype), X.T @ y)),
    "an identity with its number": (
        "A in R^(3x3)\nf = det(A - λ I)", "λ in R; I = [1, 0, 0; 0, 1, 0; 0, 0, 1]",
        lambda A, lam, **_: torch.det(A - lam * torch.eye(3, dtype=A.dtype))),
    "a convolution": (
        "x in R^(5x4)\nw in R^(3x2)\nf = w * x", "conv(x, w)", lambda x, w, **_: F.conv2d(x[None, None], w[None, None])[0, 0]),
    "a convolution in LaTeX": (
        "x in R^(5x5)\nw in R^(3x3)\nf = tanh(w \\ast x)", "conv(x, w)",
        lambda x, w, **_: torch.tanh(F.conv2d(x[None, None], w[None, None])[0, 0])),
    "the root of a degree matrix": (
        "A, H in R^(3x3)\nD = diag(sum_rows(A))\nf = D^{-1/2} A H", "diag([D[i,i]^(-1/2) for i = 1..3])",
        lambda A, H, **_: torch.diag(A.sum(1) ** -0.5) @ A @ H),
    "an inner product of matrices": ("A, B in R^(2x3)\nf = \\langle A, B \\rangle", "sum(A .* B)", lambda A, B, **_: (A * B).sum()),
    "the logarithm of a determinant by bars": ("X in R^(2x2)\nf = ln|X|^2", "(det(X))", lambda X, **_: torch.log(torch.det(X)) ** 2),
    "Kronecker's product": (
        "A, X, B in R^(2x2)\nf = (B^T \\otimes A) vec(X)", "kron(B^T, A)",
        lambda A, X, B, **_: (A @ X @ B).T.reshape(-1)),
    "lengths of rows": ("X in R^(2x3)\nf = np.linalg.norm(X, axis=1)", "sqrt(sum_rows(X .^ 2))", lambda X, **_: X.norm(dim=1)),
    "sums of columns": ("X in R^(2x3)\nf = sum(X, dim=0)", "sum_cols(X)", lambda X, **_: X.sum(0)),
    "a row of ones": ("α in R^3\nf = 1^T α - \\frac{1}{2} α^T α", "sum(α)", lambda alpha, **_: alpha.sum() - alpha @ alpha / 2),
    "a row of ones beside a sum": ("v in R^3\nf = \\mathbf{1}^T (2 v - v^2)", "sum(2 v - v^2)", lambda v, **_: (2 * v - v**2).sum()),
    "a row of a matrix": ("X in R^(3x2)\nf = ||X_i||", "X[1]", lambda X, **_: X[0].norm()),
    "a power and an index in LaTeX": ("t, x in R\nf = \\beta^t_1 x", "\\beta_1^t", lambda beta1, t, x: beta1**t * x),
    "a power above an index": ("x in R^3\nf = x^2_1 + x_2", "x_1^2", lambda x, **_: x[0] ** 2 + x[1]),
}


@pytest.mark.parametrize("name", MEANT)
def test_the_first_fix_of_what_papers_write_is_what_they_mean(name: str) -> None:
    block, fix, meant = MEANT[name]
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.jacobian(block)
    assert caught.value.hints[0] == fix
    r = jacmagic.jacobian(in_place(block, fix, caught.value.span))
    draw = np.random.default_rng(4)
    point = {key: draw.uniform(0.2, 1.5, np.shape(value)) for key, value in r.values.items() if key != "I"}
    given = {key: torch.tensor(value, requires_grad=True) for key, value in point.items()}
    wanted = meant(**given)
    close(r.forward(**point)["f"], wanted.detach().numpy())
    back = torch.tensor(draw.normal(size=tuple(wanted.shape)))
    for key, slope in zip(given, torch.autograd.grad(wanted, list(given.values()), back)):
        rows = np.reshape(r.at("f", key, **point), (back.numel(), -1))
        close(back.numpy().reshape(-1) @ rows, slope.numpy().reshape(-1))


def test_signs_are_no_exponents_and_a_new_letter_no_point() -> None:
    for block, hint in (("L(v) = max(0, m^+ - v)^2", "m_plus"), ("L(v) = max(0, v - m^-)^2", "m_minus"), ("f(b) = A^+ b", "A_plus")):
        with pytest.raises(jacmagic.JacmagicError, match="A sign is no exponent") as caught:
            jacmagic.jacobian(block)
        assert caught.value.hints == (hint,)
    with pytest.raises(jacmagic.NameMistake, match="a point is of numbers and of its names"):
        jacmagic.jacobian("f(x) = k x^2\nat x = b")
    assert jacmagic.jacobian("f(x) = x^-1 + 10^+2 x").at(x=2.0) == 100 - 0.25


def test_two_letters_below_a_sum_are_two_indices() -> None:
    A = np.array([[0.3, -1.2, 0.7], [2.0, 0.4, -0.6]])
    for sign in ("\\sum_{ij}", "∑_{ij}", "\\sum_{i,j}"):
        r = jacmagic.jacobian(f"A in R^(2x3)\nf = {sign} A_{{ij}}^2")
        close(r.forward(A=A)["f"], np.sum(A**2))
        close(r.at("f", "A", A=A), 2 * A)
    with pytest.raises(jacmagic.SyntaxMistake, match="j runs from i \\+ 1"):
        jacmagic.jacobian("x in R^4\nf = \\sum_{i<j} x_i x_j")


def test_an_argument_that_a_call_fills_is_no_column_of_the_equation() -> None:
    r = jacmagic.jacobian("g(y) = y^2\nx y = g(x)")
    assert [str(one) for one in r.variables] == ["x", "y"]
    close(r.at(x=3.0, y=5.0), np.array([[5.0 - 6.0, 3.0]]))
    assert [str(one) for one in jacmagic.jacobian("f(x) = a x^2\nu = f(2x)").variables] == ["x"]
