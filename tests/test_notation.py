"""Formulas of nets in the notation of public pages and papers, Unicode and LaTeX: read as PyTorch has them, or mended.

A formula that is refused is mended by its own first fix, pasted where it says, until it reads; what then stands there
is compared in the same way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matrices import Row, check
from optional import optional

import jacmagic
from jacmagic.errors import JacmagicError

torch = optional("torch")
F = torch.nn.functional
R = Row
BATCH, STATE = (5, 2), (5, 3)


def lstm(X_t: Any, H_tm1: Any, C_tm1: Any, **w: Any) -> Any:
    gate = {g: X_t @ w[f"W_x{g}"] + H_tm1 @ w[f"W_h{g}"] + w[f"b_{g}"] for g in "ifoc"}
    C = torch.sigmoid(gate["f"]) * C_tm1 + torch.sigmoid(gate["i"]) * torch.tanh(gate["c"])
    return torch.sigmoid(gate["o"]) * torch.tanh(C)


def gru(X_t: Any, H_tm1: Any, **w: Any) -> Any:
    r, z = (torch.sigmoid(X_t @ w[f"W_x{g}"] + H_tm1 @ w[f"W_h{g}"] + w[f"b_{g}"]) for g in "rz")
    return z * H_tm1 + (1 - z) * torch.tanh(X_t @ w["W_xh"] + (r * H_tm1) @ w["W_hh"] + w["b_h"])


def cell(kind: str, gates: str, x_t: Any, h_tm1: Any, *c: Any, **w: Any) -> Any:
    """PyTorch's own cell, with the rows of its gates in its order."""
    one = getattr(torch.nn, kind)(2, 3, dtype=x_t.dtype)
    state = {f"weight_{s}h": torch.cat([w[f"W_{s}{g}"] for g in gates]) for s in "ih"}
    state |= {f"bias_{s}h": torch.cat([w[f"b_{s}{g}"] for g in gates]) for s in "ih"}
    given = (h_tm1[None], c[0][None]) if c else h_tm1[None]
    found = torch.func.functional_call(one, state, (x_t[None], given))
    return found[0][0] if c else found[0]


def block(X: Any, W_Q: Any, W_K: Any, W_V: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    N = F.layer_norm(X, (6,))
    Z = X + F.scaled_dot_product_attention((N @ W_Q)[None], (N @ W_K)[None], (N @ W_V)[None])[0]
    return Z + F.gelu(F.layer_norm(Z, (6,)) @ W1 + b1) @ W2 + b2


def weights(names: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return dict.fromkeys(names.split(), shape)


def in_torch(gates: str) -> dict[str, tuple[int, ...]]:
    return {f"{kind}_{s}{g}": (3,) if kind == "b" else (3, 2 if s == "i" else 3) for g in gates for s in "ih" for kind in "Wb"}


READS = {
    "d2l: GRU": R(
        "X_t in R^(5x2) batch\nH_{t-1} in R^(5x3) batch\n\\begin{aligned}\n"
        "\\mathbf{R}_t = \\sigma(\\mathbf{X}_t \\mathbf{W}_{\\textrm{xr}} + \\mathbf{H}_{t-1} \\mathbf{W}_{\\textrm{hr}} + \\mathbf{b}_\\textrm{r}),\\\\\n"
        "\\mathbf{Z}_t = \\sigma(\\mathbf{X}_t \\mathbf{W}_{\\textrm{xz}} + \\mathbf{H}_{t-1} \\mathbf{W}_{\\textrm{hz}} + \\mathbf{b}_\\textrm{z}).\n"
        "\\end{aligned}\n\\tilde{\\mathbf{H}}_t = \\tanh(\\mathbf{X}_t \\mathbf{W}_{\\textrm{xh}} + \\left(\\mathbf{R}_t \\odot \\mathbf{H}_{t-1}\\right) "
        "\\mathbf{W}_{\\textrm{hh}} + \\mathbf{b}_\\textrm{h})\n\\mathbf{H}_t = \\mathbf{Z}_t \\odot \\mathbf{H}_{t-1}  + (1 - \\mathbf{Z}_t) \\odot \\tilde{\\mathbf{H}}_t",
        {"X_t": BATCH, "H_tm1": STATE, **weights("W_xr W_xz W_xh", (2, 3)), **weights("W_hr W_hz W_hh", (3, 3)), **weights("b_r b_z b_h", (3,))},
        {"H_t": gru}, net=True),
    "d2l: LSTM": R(
        "X_t in R^(5x2) batch\nH_{t-1}, C_{t-1} in R^(5x3) batch\n"
        + "".join(f"{g.upper()}_t = σ(X_t W_x{g} + H_{{t-1}} W_h{g} + b_{g})\n" for g in "ifo")
        + "C̃_t = tanh(X_t W_xc + H_{t-1} W_hc + b_c)\nC_t = F_t ⊙ C_{t-1} + I_t ⊙ C̃_t\nH_t = O_t ⊙ tanh(C_t)",
        {"X_t": BATCH, "H_tm1": STATE, "C_tm1": STATE, **weights("W_xi W_xf W_xo W_xc", (2, 3)), **weights("W_hi W_hf W_ho W_hc", (3, 3)),
         **weights("b_i b_f b_o b_c", (3,))}, {"H_t": lstm}, net=True),
    "PyTorch: LSTM": R(
        "x_t in R^2\nh_{t-1}, c_{t-1} in R^3\n\\begin{array}{ll}\n"
        + "".join(f"{g}_t = \\{f}(W_{{i{g}}} x_t + b_{{i{g}}} + W_{{h{g}}} h_{{t-1}} + b_{{h{g}}}) \\\\\n" for g, f in zip("ifgo", ("sigma", "sigma", "tanh", "sigma")))
        + "c_t = f_t \\odot c_{t-1} + i_t \\odot g_t \\\\\nh_t = o_t \\odot \\tanh(c_t) \\\\\n\\end{array}",
        {"x_t": (2,), "h_tm1": (3,), "c_tm1": (3,), **in_torch("ifgo")},
        {"h_t": lambda x_t, h_tm1, c_tm1, **w: cell("LSTMCell", "ifgo", x_t, h_tm1, c_tm1, **w)}, net=True),
    "PyTorch: GRU": R(
        "x_t in R^2\nh_{(t-1)} in R^3\n\\begin{array}{ll}\n"
        "r_t = \\sigma(W_{ir} x_t + b_{ir} + W_{hr} h_{(t-1)} + b_{hr}) \\\\\nz_t = \\sigma(W_{iz} x_t + b_{iz} + W_{hz} h_{(t-1)} + b_{hz}) \\\\\n"
        "n_t = \\tanh(W_{in} x_t + b_{in} + r_t \\odot (W_{hn} h_{(t-1)}+ b_{hn})) \\\\\nh_t = (1 - z_t) \\odot n_t + z_t \\odot h_{(t-1)}\n\\end{array}",
        {"x_t": (2,), "h_tm1": (3,), **in_torch("rzn")}, {"h_t": lambda x_t, h_tm1, **w: cell("GRUCell", "rzn", x_t, h_tm1, **w)}, net=True),
    "a transformer's block with PyTorch's words": R(
        "X in R^(4x6) batch\nZ = X + Softmax(LayerNorm(X) W_Q (LayerNorm(X) W_K)^T/sqrt(3)) LayerNorm(X) W_V\nW_Q, W_K in R^(6x3)\nW_V in R^(6x6)\n"
        "Y = Z + \\operatorname{GELU}(\\mathrm{LayerNorm}(Z) W_1 + b_1) W_2 + b_2\nW_1 in R^(6x8)",
        {"X": (4, 6), "W_Q": (6, 3), "W_K": (6, 3), "W_V": (6, 6), "W1": (6, 8), "b1": (8,), "W2": (8, 6), "b2": (6,)}, {"Y": block}, net=True),
    "batch norm of a batch": R(
        "X in R^(6x3) batch\nμ = mean_cols(X)\nZ = X - 𝟏 μ^T\nv = mean_cols(Z .^ 2)\nH = Z ./ sqrt(v + 0.00001)\nY = γ ⊙ H + β",
        {"X": (6, 3), "gamma": (3,), "beta": (3,)},
        {"Y": lambda X, gamma, beta: F.batch_norm(X, None, None, gamma, beta, True, eps=1e-5)}, net=True),
    "a batch by columns, each example scaled": R(
        "X in R^(3x4) batch columns\nH = tanh(X) ⊙ γ\nY = H ./ exp(s)\ns in R^3", {"X": (3, 4), "gamma": (3,), "s": (3,)},
        {"Y": lambda X, gamma, s: torch.tanh(X) * gamma[:, None] / torch.exp(s)[:, None]}, net=True),
    "Nielsen: layers and a sum over j": R(
        "a^{[0]} in R^2 input\nz^{[1]} = w^{[1]} a^{[0]} + b^{[1]}\na^{[1]} = \\sigma(z^{[1]}) in R^3\nC = \\frac{1}{2} \\sum_j (y_j - a^{[1]}_j)^2",
        {"a0": (2,), "w1": (3, 2), "b1": (3,), "y": (3,)}, {"C": lambda a0, w1, b1, y: ((y - torch.sigmoid(w1 @ a0 + b1)) ** 2).sum() / 2}, net=True),
    "Nielsen: cross-entropy in brackets": R(
        "x in R^2\nz = \\sum_j w_j x_j + b\na = \\sigma(z)\nC = -[y \\ln a + (1-y) \\ln(1-a)]", {"x": (2,), "w": (2,), "b": (), "y": ()},
        {"C": lambda x, w, b, y: F.binary_cross_entropy(torch.sigmoid(w @ x + b), y)[None]}, net=True, draw={"y": lambda a: np.clip(abs(a), 0, 1)}),
    "Nielsen: δ with the slope of σ": R(
        "x in R^2\nz = W x + b in R^3\na = σ(z)\nδ = (a - y) ⊙ σ'(z)", {"x": (2,), "W": (3, 2), "b": (3,), "y": (3,)},
        {"delta": lambda x, W, b, y: (torch.sigmoid(W @ x + b) - y) * torch.sigmoid(W @ x + b) * (1 - torch.sigmoid(W @ x + b))}, net=True),
    "a convolution with PyTorch's words": R(
        "x in R^(6x6)\nw in R^(3x3)\nh = ReLU(Conv(x, w) + b)\nb in R\no = W Flatten(MaxPool(h, 2)) in R^2", {"x": (6, 6), "w": (3, 3), "b": (), "W": (2, 4)},
        {"o": lambda x, w, b, W: W @ F.max_pool2d(torch.relu(F.conv2d(x[None, None], w[None, None]) + b), 2).ravel()}, net=True),
    "activations with PyTorch's words": R(
        "x in R^4\ny = Sigmoid(x) + Tanh(x) + LeakyReLU(x) + Softplus(x) + Softsign(x) + Mish(x) + Hardtanh(x) + Swish(x)\nL = LogSoftmax(y) + RMSNorm(y)",
        {"x": (4,)}, {"L": lambda x: (lambda y: F.log_softmax(y, 0) + F.rms_norm(y, (4,)))(
            torch.sigmoid(x) + torch.tanh(x) + F.leaky_relu(x) + F.softplus(x) + F.softsign(x) + F.mish(x) + F.hardtanh(x) + F.silu(x))}, net=True),
}


@pytest.mark.parametrize("name", READS)
def test_a_formula_reads_as_the_page_has_it(name: str) -> None:
    check(READS[name])


MENDED = {
    "Kingma and Welling: log σ²": R(
        "x in R^3\n\\mu = W_1 x + b_1 in R^2\n\\log\\sigma^2 = W_2 x + b_2 in R^2\nz = \\mu + \\sigma \\odot \\epsilon\n"
        "L = -\\frac{1}{2} \\sum_{j=1}^{2} (1 + \\log(\\sigma_j^2) - \\mu_j^2 - \\sigma_j^2)",
        {"x": (3,), "W1": (2, 3), "b1": (2,), "W2": (2, 3), "b2": (2,)},
        {"L": lambda x, W1, b1, W2, b2: -(1 + W2 @ x + b2 - (W1 @ x + b1) ** 2 - torch.exp(W2 @ x + b2)).sum() / 2}, net=True),
    "Ioffe and Szegedy: batch norm": R(
        "x in R^6\nm = 6\n\\mu_{\\mathcal{B}} = \\frac{1}{m} \\sum_{i=1}^{m} x_i\n\\sigma_{\\mathcal{B}}^2 = \\frac{1}{m} \\sum_{i=1}^{m} (x_i - \\mu_{\\mathcal{B}})^2\n"
        "\\hat{x}_i = \\frac{x_i - \\mu_{\\mathcal{B}}}{\\sqrt{\\sigma_{\\mathcal{B}}^2 + 0.001}}\ny_i = \\gamma \\hat{x}_i + \\beta",
        {"x": (6,), "gamma": (), "beta": ()},
        {"y": lambda x, gamma, beta: gamma * (x - x.mean()) / torch.sqrt(x.var(correction=0) + 0.001) + beta}, net=True),
    "batch norm with the ones of a blackboard": R(
        "X in R^(6x3) batch\nμ = 1/6 X^T 1\nZ = X - 1 μ^T\nv = 1/6 (Z .^ 2)^T 1\nY = Z ./ sqrt(v + 0.001)", {"X": (6, 3)},
        {"Y": lambda X: (X - X.mean(0)) / torch.sqrt(X.var(0, correction=0) + 0.001)}, net=True),
    "Karpathy: min-char-rnn": R(
        "x in R^4\nh_prev in R^3 input\nh = tanh(Wxh x + Whh h_prev + bh) in R^3\ny = Why h + by in R^4\np = exp(y)/sum(exp(y))",
        {"x": (4,), "h_prev": (3,), "W_xh": (3, 4), "W_hh": (3, 3), "b_h": (3,), "W_hy": (4, 3), "b_y": (4,)},
        {"p": lambda x, h_prev, W_xh, W_hh, b_h, W_hy, b_y: torch.softmax(W_hy @ torch.tanh(W_xh @ x + W_hh @ h_prev + b_h) + b_y, 0)}, net=True),
    "Nielsen: layers as powers": R(
        "x in R^2\na^1 = \\sigma(w^1 x + b^1) in R^3\na^2 = \\sigma(w^2 a^1 + b^2) in R^2\nC = \\frac{1}{2} \\|y - a^{[2]}\\|^2",
        {"x": (2,), "w1": (3, 2), "b1": (3,), "w2": (2, 3), "b2": (2,), "y": (2,)},
        {"C": lambda x, w1, b1, w2, b2, y: ((y - torch.sigmoid(w2 @ torch.sigmoid(w1 @ x + b1) + b2)) ** 2).sum() / 2}, net=True),
    "Goodfellow: a recurrent net": R(
        "x^{(t)} in R^2\nh^{(t-1)} in R^3\na^{(t)} = b + W h^{(t-1)} + U x^{(t)} in R^3\nh^{(t)} = \\tanh(a^{(t)})\n\\hat{y}^{(t)} = \\mathrm{softmax}(c + V h^{(t)}) in R^2",
        {"x_t": (2,), "h_tm1": (3,), "b": (3,), "W": (3, 3), "U": (3, 2), "c": (2,), "V": (2, 3)},
        {"y_hat_t": lambda x_t, h_tm1, b, W, U, c, V: torch.softmax(c + V @ torch.tanh(b + W @ h_tm1 + U @ x_t), 0)}, net=True),
    "d2l: a recurrent net": R(
        "X_t in R^(5x2) batch\nH_{t-1} in R^(5x3) batch\nH_t = tanh(X_t W_xh + H_{t-1} W_hh + b_h)", {"X_t": BATCH, "H_tm1": STATE, "W_xh": (2, 3), "W_hh": (3, 3), "b_h": (3,)},
        {"H_t": lambda X_t, H_tm1, W_xh, W_hh, b_h: torch.tanh(X_t @ W_xh + H_tm1 @ W_hh + b_h)}, net=True),
    "FaceNet: [z]₊": R(
        "a, p, n in R^3 input\nL = \\left[\\|a - p\\|_2^2 - \\|a - n\\|_2^2 + \\alpha\\right]_+", {"a": (3,), "p": (3,), "n": (3,), "alpha": ()},
        {"L": lambda a, p, n, alpha: torch.relu(((a - p) ** 2).sum() - ((a - n) ** 2).sum() + alpha)}, net=True),
    "CS229: a sum without brackets": R(
        "X in R^(5x2) batch\nh = \\frac{1}{1 + e^{-X θ}}\nθ in R^2\ny in R^5 target\nl = \\sum_{i=1}^5 y_i \\log h_i + (1 - y_i) \\log(1 - h_i)",
        {"X": (5, 2), "theta": (2,), "y": (5,)}, {"l": lambda X, theta, y: (y * F.logsigmoid(X @ theta) + (1 - y) * F.logsigmoid(-X @ theta)).sum()}, net=True),
    "CS231n: s_y": R(
        "x in R^4\nW in R^(3x4)\ns = W x\ny = 1\nL = \\sum_{j\\neq y} \\max(0, s_j - s_y + \\Delta)", {"x": (4,), "W": (3, 4), "Delta": ()},
        {"L": lambda x, W, Delta: torch.relu((W @ x)[1:] - (W @ x)[0] + Delta).sum()}, net=True),
    "GLU with ⊗, and ⊙ before a product": R(
        "x in R^4\nW, V in R^(6x4)\ng = \\sigma(W x + b) \\otimes (V x + c)\ny = \\mathrm{Swish}(W x) \\odot V x\nL = g + y", {"x": (4,), "W": (6, 4), "V": (6, 4), "b": (6,), "c": (6,)},
        {"L": lambda x, W, V, b, c: torch.sigmoid(W @ x + b) * (V @ x + c) + F.silu(W @ x) * (V @ x)}, net=True),
    "UDL: activations in square brackets": R(
        "x in R^2\nh_1 = ReLU[\\beta_0 + \\Omega_0 x] in R^3\ny = \\beta_1 + \\Omega_1 h_1 in R^1", {"x": (2,), "beta0": (3,), "Omega0": (3, 2), "beta1": (1,), "Omega1": (1, 3)},
        {"y": lambda x, beta0, Omega0, beta1, Omega1: beta1 + Omega1 @ torch.relu(beta0 + Omega0 @ x)}, net=True),
    "a divergence": R(
        "p in R^3 fixed\nx in R^2\nq = softmax(W x + b) in R^3\nD_{KL}(p \\| q) = \\sum_i p_i \\log \\frac{p_i}{q_i}", {"p": (3,), "x": (2,), "W": (3, 2), "b": (3,)},
        {"D_KL": lambda p, x, W, b: (p * (torch.log(p) - F.log_softmax(W @ x + b, 0))).sum()}, net=True, draw={"p": lambda a: abs(a) + 0.1}),
    "a convolution with its sign": R(
        "x in R^(6x6)\nw in R^(3x3)\nz = x ∗ w", {"x": (6, 6), "w": (3, 3)}, {"z": lambda x, w: F.conv2d(x[None, None], w[None, None])[0, 0]}, net=True),
    "PyTorch: a normalisation in square brackets": R(
        "x in R^4\ny = \\frac{x - \\mathrm{E}[x]}{\\sqrt{\\mathrm{Var}[x] + \\epsilon}} * \\gamma + \\beta\nγ, β, ε in R", {"x": (4,), "gamma": (), "beta": (), "epsilon": ()},
        {"y": lambda x, gamma, beta, epsilon: gamma * (x - x.mean()) / torch.sqrt(x.var(correction=0) + epsilon) + beta}, net=True, draw={"epsilon": abs}),
}


def mended(text: str) -> str:
    """The block with the first fix of each error in its place, a declaration that has none on a line of its own."""
    for _ in range(12):
        try:
            jacmagic.nnchain(text)
        except JacmagicError as error:
            fix, span = error.hints[0], error.span
            stated = " in R" in fix and span is not None and " in R" not in text[span.start : span.stop]
            text = f"{text}\n{fix}" if span is None or stated else text[: span.start] + fix + text[span.stop :]
        else:
            return text
    raise AssertionError(text)


@pytest.mark.parametrize("name", MENDED)
def test_a_formula_that_is_refused_reads_with_its_own_fixes(name: str) -> None:
    row = MENDED[name]
    with pytest.raises(JacmagicError):
        row.read()
    check(Row(mended(row.block), row.sizes, row.run, True, draw=row.draw))


ROLES = {
    "y of a cross-entropy in brackets": ("x in R^2\na = σ(w^T x + b)\nC = -[y \\ln a + (1-y) \\ln(1-a)]", "y", "target"),
    "λ of λ/(2n) Σ w²": ("x in R^2\na = σ(w^T x + b)\nC = 1/2 (y - a)^2 + \\frac{λ}{2n} \\sum_j w_j^2", "lam", "fixed"),
}


@pytest.mark.parametrize(("text", "key", "role"), ROLES.values(), ids=ROLES)
def test_names_have_the_roles_that_pages_give_them(text: str, key: str, role: str) -> None:
    assert jacmagic.nnchain(text).roles[key] == role


def test_the_input_of_attention_is_asked_for_all_at_once() -> None:
    with pytest.raises(JacmagicError) as caught:
        jacmagic.nnchain("Q in R^(4x3)\nK in R^(5x3)\nV in R^(5x2)\nA = softmax(Q K^T/sqrt(3)) V")
    assert caught.value.hints == ("Q, K, V input",)


def test_an_entry_of_a_matrix_that_a_line_defines_is_no_name_of_its_own() -> None:
    with pytest.raises(JacmagicError) as caught:
        jacmagic.nnchain("z in R^(4x3) batch\nS = z z^T\nL = S_{12}^2")
    assert caught.value.hints == ("S[1,2]",)
