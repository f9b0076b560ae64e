"""What each undefined name of a net is: input, weight, target or fixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacmagic
from jacmagic.magics import matches

# block, then the names that are input, weight, target and fixed
TEXTBOOK = {
    "a layer": ("x in R^2\nW in R^(3x2)\nb in R^3\nh = tanh(W x + b)", "x", "W b", "", ""),
    "a bias that is declared a number": ("x in R^2\nw in R^2\nb in R\no = sigmoid(w^T x + b)", "x", "w b", "", ""),
    "logistic regression": ("x in R^2\np = sigmoid(w^T x + b)\nL = bce(p, y)", "x", "w b", "y", ""),
    "logistic regression, written out":
        ("x in R^2\nw in R^2\np = 1/(1 + e^-(w^T x + b))\nL = -y ln p - (1 - y) ln(1 - p)", "x", "w b", "y", ""),
    "logistic regression from its score": ("x in R^2\nz = w^T x + b\nL = softplus(z) - y z", "x", "w b", "y", ""),
    "logistic regression with labels of both signs": ("x in R^2\nz = w^T x + b\nL = -ln(sigmoid(y z))", "x", "w b", "y", ""),
    "softmax regression": ("y in R^3\nx in R^2\np = softmax(W x + b) in R^3\nL = -y^T log(p)", "x", "W b", "y", ""),
    "softmax regression, summed": ("x in R^2\nz = W x + b in R^3\nL = -sum(y .* log_softmax(z))", "x", "W b", "y", ""),
    "softmax regression by entries":
        ("x in R^2\ny in R^3\np = softmax(W x + b) in R^3\nL = -sum(y[k] ln(p[k]) for k = 1..3)", "x", "W b", "y", ""),
    "softmax regression from its scores":
        ("x in R^2\nz = W x + b in R^3\nL = ln(sum(exp(z))) - y^T z", "x", "W b", "y", ""),
    "linear regression": ("x in R\no = w x + b\nL = (o - y)^2", "x", "w b", "y", ""),
    "linear regression on one line": ("x in R^2\nL = 1/2 (y - w^T x - b)^2", "x", "w b", "y", ""),
    "least squares by a residual": ("x in R^3\nr = y - W x in R^2\nL = r^T r", "x", "W", "y", ""),
    "ridge": ("x in R^2\no = w^T x\nL = (o - y)^2 + λ ||w||^2", "x", "w", "y", "lam"),
    "lasso": ("x in R^2\no = w^T x\nL = (o - y)^2/2 + λ sum(abs(w))\nλ = 0.1", "x", "w", "y", "lam"),
    "the elastic net":
        ("x in R^2\no = w^T x\nL = (y - o)^2 + λ (α ||w||_1 + ((1 - α)/2) ||w||^2)", "x", "w", "y", "lam alpha"),
    "a loss and a regulariser on lines of their own":
        ("x in R^2\nW in R^(2x2)\no = W x\nl = 1/2 ||o - y||^2\ns = (λ/2) ||W||_F^2\nJ = l + s\nλ = 0.1", "x", "W", "y", "lam"),
    "a factor on a line of its own":
        ("x in R^2\no = W x in R^2\nc = λ/2\nJ = mse(o, y) + c ||W||_F^2", "x", "W", "y", "lam"),
    "an XOR net": ("x in R^2\nh = σ(W1 x + b1) in R^2\no = w^T h + b2\nL = 1/2 (o - t)^2", "x", "W1 b1 w b2", "t", ""),
    "Mazur's example, x for the inputs": (
        "n1 = w1 x1 + w2 x2 + b1\nn2 = w3 x1 + w4 x2 + b1\nh1 = sigmoid(n1)\nh2 = sigmoid(n2)\n"
        "o1 = sigmoid(w5 h1 + w6 h2 + b2)\no2 = sigmoid(w7 h1 + w8 h2 + b2)\nE = 1/2 (t1 - o1)^2 + 1/2 (t2 - o2)^2",
        "x1 x2", "w1 w2 b1 w3 w4 w5 w6 b2 w7 w8", "t1 t2", ""),
    "micrograd's neuron": ("x1 = 2, x2 = 0\nw1 = -3, w2 = 1\nb = 6.88\no = tanh(x1 w1 + x2 w2 + b)", "x1 x2", "w1 w2 b", "", ""),
    "a hinge": ("x in R^2\nz = w^T x + b\nL = max(0, 1 - y z) + λ ||w||^2", "x", "w b", "y", "lam"),
    "a hinge with its margin": ("x in R^2\nz = w^T x + b\nL = relu(m - y z)", "x", "w b", "y", "m"),
    "the exponential loss": ("x in R^2\nz = w^T x + b\nL = exp(-y z)", "x", "w b", "y", ""),
    "the logistic loss": ("x in R^2\nz = w^T x + b\nL = ln(1 + e^(-y z))", "x", "w b", "y", ""),
    "an autoencoder": ("x in R^4\nh = σ(W x + b) in R^2\nx_hat = V h + c in R^4\nL = ||x_hat - x||^2", "x", "W b V c", "", ""),
    "an autoencoder whose input is u":
        ("u in R^4\nh = σ(W u + b) in R^2\no = V h + c in R^4\nL = ||o - u||^2", "u", "W b V c", "", ""),
    "a denoising autoencoder":
        ("x in R^4\nx_tilde in R^4\nh = σ(W x_tilde + b) in R^2\no = V h + c in R^4\nL = mse(o, x)", "x x_tilde", "W b V c", "", ""),
    "a variational autoencoder": (
        "x in R^4\nh = tanh(W x + b) in R^3\nμ = M h + m in R^2\ns = S h + v in R^2\nz = μ + exp(s/2) .* ε\n"
        "o = D z + d in R^4\nR = ||o - x||^2\nK = -1/2 sum([1, 1] + s - μ^2 - exp(s))\nL = R + β K\nε in R^2",
        "x", "W b M m S v D d", "", "epsilon beta"),
    "dropout": ("x in R^3\nm = [1, 0, 1, 1] fixed\nh = m .* relu(W x + b) in R^4\no = V h in R^2", "x", "W b V", "", "m"),
    "dropout with its scale":
        ("x in R^3\nm, q fixed\nh = (m .* relu(W x + b))/q in R^4\no = V h in R^2", "x", "W b V", "", "m q"),
    "an ε inside a root": ("x in R^4\ng in R^4\nh = g .* x / sqrt(mean(x^2) + e0)", "x", "g", "", "e0"),
    "an ε inside a power": ("x in R^4\ng in R^4\nh = g .* x / (mean(x^2) + δ)^(1/2)", "x", "g", "", "delta"),
    "an ε beside a root": ("x in R^4\nh = g .* x / (sqrt(mean(x^2)) + ε)", "x", "g", "", "epsilon"),
    "a temperature": ("x in R^3\np = softmax((W x + b)/T) in R^2\nL = cross_entropy(p, y)\nT = 2", "x", "W b", "y", "T"),
    "a temperature behind a line": ("x in R^3\nz = W x + b in R^2\ns = z/τ\np = softmax(s)\nL = cross_entropy(p, y)", "x", "W b", "y", "tau"),
    "a softmax that is written out": ("x in R^3\nz = W x in R^2\np = exp(z/T)/sum(exp(z/T))\nL = -y^T ln p", "x", "W", "y", "T"),
    "attention": (
        "x in R^4\nq = Q x in R^3\nK in R^(5x3)\nV in R^(5x2)\na = softmax(K q/√d)\no = V^T a", "x", "Q K V", "", "d"),
    "distillation":
        ("x in R^3\nz = W x + b in R^2\nL = α cross_entropy(softmax(z), y) + (1 - α) T^2 cross_entropy(softmax(z/T), q)",
         "x", "W b", "y q", "alpha T"),
    "smoothed labels": ("x in R^3\np = softmax(W x + b) in R^3\ny in R^3\nα = 0.1\nL = cross_entropy(p, (1 - α) y + [α/3, α/3, α/3])", "x", "W b", "y", "alpha"),
    "smoothed labels on a line of their own":
        ("x in R^3\np = softmax(W x + b) in R^3\ny in R^3\nα = 0.1\nt = (1 - α) y + (α/3) [1, 1, 1]\nL = cross_entropy(p, t)", "x", "W b", "y", "alpha"),
    "the focal loss": ("x in R^2\np = sigmoid(w^T x + b)\nL = -α (1 - p)^γ y ln p", "x", "w b", "y", "alpha gamma"),
    "the whole focal loss": (
        "x in R^2\np = sigmoid(w^T x + b)\nL = -α (1 - p)^γ y ln p - (1 - α) p^γ (1 - y) ln(1 - p)", "x", "w b", "y", "alpha gamma"),
    "a contrastive loss": (
        "x1, x2 in R^3\nW in R^(2x3)\nd = ||W x1 - W x2||\nL = y d^2 + (1 - y) max(0, m - d)^2", "x1 x2", "W", "y", "m"),
    "a triplet loss": (
        "x, x_p, x_n in R^3\nW in R^(2x3)\nL = max(0, ||W x - W x_p||^2 - ||W x - W x_n||^2 + m)", "x x_p x_n", "W", "", "m"),
    "the Huber loss, written out":
        ("x in R\nr = y - w x - b\nL = r^2/2 if abs(r) < δ else δ (abs(r) - δ/2)", "x", "w b", "y", "delta"),
    "a p-norm": ("x in R^2\nr = 3\no = A x in R^3\nL = sum(abs(o - y)^r)", "x", "A", "y", "r"),
    "a Gaussian likelihood with a known σ":
        ("x in R\nμ = w x + b\nL = 1/(2σ^2) (y - μ)^2", "x", "w b", "y", "sigma"),
    "a Gaussian likelihood that learns σ":
        ("x in R\nμ = w x + b\nL = (y - μ)^2/(2σ^2) + ln σ", "x", "w b sigma", "y", ""),
    "the Poisson loss": ("x in R^2\nz = w^T x + b\nL = exp(z) - y z + ln(1 + exp(z))", "x", "w b", "y", ""),
    "a recurrent cell": ("x in R^3\nh0 in R^2\nh1 = tanh(W x + U h0 + b) in R^2\nL = mse(V h1, y)\ny in R^2", "x h0", "W U b V", "y", ""),
    "a recurrence over two steps": (
        "x1, x2 in R^3\nh0 in R^2\nW in R^(2x3)\nU in R^(2x2)\nh1 = tanh(W x1 + U h0 + b)\nh2 = tanh(W x2 + U h1 + b)\nL = ||h2 - y||^2",
        "x1 x2 h0", "W U b", "y", ""),
    "an LSTM cell": (
        "x in R^3\nh0 in R^2\nc0 in R^2\nf = σ(W_f x + U_f h0 + b_f) in R^2\ng = tanh(W_c x + U_c h0 + b_c) in R^2\n"
        "p = σ(W_o x + U_o h0 + b_o) in R^2\nc = f .* c0 + (1 - f) .* g\nh = p .* tanh(c)",
        "x h0 c0", "W_f U_f b_f W_c U_c b_c W_o U_o b_o", "", ""),
    "a skip with a learnt factor": ("x in R^2\nα in R\nh = x + α tanh(W x + b)", "x", "alpha W b", "", ""),
    "a kernel": ("x in R^6\nw in R^3\nh = [sum(w[k] x[i+k-1] for k = 1..3) + b for i = 1..4]\no = sum(h)", "x", "w b", "", ""),
    "centres of radial functions": ("x in R\nh = exp(-(x - c)^2)\no = w h", "x", "c w", "", ""),
    "a threshold": ("x in R^2\nz = w^T x - θ\no = sigmoid(z)", "x", "w theta", "", ""),
    "a net that ends in a number": ("x in R\na = w1 x + c1\no = w2 a + c2", "x", "w1 c1 w2 c2", "", ""),
    "an affine number over a square": ("x in R\nh = (w x + b)^2\no = a h + c", "x", "w b a c", "", ""),
    "all of them said": (
        "q in R^2 input\nt in R^3 target\nA in R^(3x2) weight\nc in R^3 fixed\nκ = 0.5 fixed\no = κ tanh(A q + c)\nE = mse(o, t)",
        "q", "A", "t", "c kappa"),
    "a derivative of the loss is no other use": (
        "x in R^2\ny in R^3\no = W x + b in R^3\nL = 1/2 ||o - y||^2\nG = ∂L/∂W", "x", "W b", "y", ""
    ),
    "a weight and a target said otherwise": ("x in R^2\nW in R^(2x2) fixed\ny in R^2 weight\nL = ||W x - y||^2", "x", "y", "", "W"),
    "a name that is called input": ("input in R^2\nb in R^2\nh = σ(W input + b)", "input", "W b", "", ""),
    "a loss with the operands the other way": ("x in R^2\no = W x in R^2\nL = mse(y, o)", "x", "W", "y", ""),
    "a function of the block": (
        "c(p, y) = -y ln p - (1 - y) ln(1 - p)\nx in R^2\no = sigmoid(w^T x + b)\nL = c(o, t)", "x", "w b", "t", ""),
    "a width of one": ("x in R^1\nh = tanh(w x + b)\no = v h + c\nL = (o - y)^2", "x", "w b v c", "y", ""),
    "the distance of logarithms": ("x in R^2\no = exp(w^T x)\nL = (ln(1 + o) - ln(1 + y))^2", "x", "w", "y", ""),
    "the logarithm of cosh": ("x in R^2\no = w^T x + b\nL = ln(cosh(o - y))", "x", "w b", "y", ""),
    "a divergence": ("x in R^2\np = softmax(W x) in R^3\nL = sum(y .* ln(y ./ p))", "x", "W", "y", ""),
    "a sparse autoencoder": (
        "x in R^4\nh = σ(W x + b) in R^2\no = W^T h + c\n"
        "L = ||o - x||^2 + β sum(ρ ln(ρ/h[i]) + (1 - ρ) ln((1 - ρ)/(1 - h[i])) for i = 1..2)", "x", "W b c", "", "beta rho"),
    "a metric": ("x in R^2\no = W x + b in R^2\nL = 1/2 (o - y)^T S (o - y)\nS in R^(2x2)", "x", "W b", "y", "S"),
    "the quantile loss": (
        "x in R\nq = w x + b\nL = max(τ (y - q), (τ - 1)(y - q))",
        "x", "w b", "y", "tau"),
    "the quantile loss of a residual": (
        "x in R\nq = w x + b\nu = y - q\nL = max(τ u, (τ - 1) u)",
        "x", "w b", "y", "tau"),
    "the quantile loss by the residual's sign": (
        "x in R\nq = w x + b\nu = y - q\nL = u (τ - 1[u < 0])",
        "x", "w b", "y", "tau"),
    "the quantile loss by cases": (
        "x in R\nq = w x + b\nL = τ (y - q) if y > q else (1 - τ) (q - y)",
        "x", "w b", "y", "tau"),
    "the quantile loss by its two sides": (
        "x in R\nq = w x + b\nL = τ max(0, y - q) + (1 - τ) max(0, q - y)",
        "x", "w b", "y", "tau"),
    "the quantile loss, summed": (
        "x in R^3\nW in R^(4x3)\nq = W x\nL = sum(max(τ (y - q), (τ - 1) (y - q)))",
        "x", "W", "y", "tau"),
    "the expectile loss": (
        "x in R\nq = w x + b\nL = abs(τ - 1[y < q]) (y - q)^2",
        "x", "w b", "y", "tau"),
    "the loss of support vector regression": (
        "x in R^2\nz = w^T x + b\nL = max(0, abs(y - z) - δ)",
        "x", "w b", "y", "delta"),
    "the pseudo-Huber loss": (
        "x in R\no = w x + b\nL = δ^2 (sqrt(1 + ((y - o)/δ)^2) - 1)",
        "x", "w b", "y", "delta"),
    "the Charbonnier loss": (
        "x in R\no = w x + b\nL = sqrt((y - o)^2 + ε^2)",
        "x", "w b", "y", "epsilon"),
    "the focal loss by p_t": (
        "x in R^2\np = sigmoid(w^T x + b)\np_t = y p + (1 - y) (1 - p)\nL = -α (1 - p_t)^γ ln p_t",
        "x", "w b", "y", "alpha gamma"),
    "the focal loss of classes": (
        "x in R^2\np = softmax(W x + b) in R^3\nL = -α sum(y .* (1 - p)^γ .* ln p)",
        "x", "W b", "y", "alpha gamma"),
    "a triplet loss with α": (
        "x_a, x_p, x_n in R^3\na = W x_a in R^2\np = W x_p\nn = W x_n\nL = max(0, ||a - p||^2 - ||a - n||^2 + α)",
        "x_a x_p x_n", "W", "", "alpha"),
    "a support vector machine": (
        "x in R^2\nL = 1/2 ||w||^2 + C max(0, 1 - y (w^T x + b))",
        "x", "w b", "y", "C"),
    "the logarithm of cosh, scaled": (
        "x in R\no = w x + b\nL = 1/a ln(cosh(a (y - o)))",
        "x", "w b", "y", "a"),
    "the Tweedie loss": (
        "x in R^2\nμ = exp(w^T x + b)\nL = -y μ^(1 - p)/(1 - p) + μ^(2 - p)/(2 - p)",
        "x", "w b", "y", "p"),
    "the gamma loss": (
        "x in R^2\nμ = exp(w^T x + b)\nL = ln μ + y/μ",
        "x", "w b", "y", ""),
    "smoothed labels beside the logarithm": (
        "x in R^3\np = softmax(W x + b) in R^3\ny in R^3\nL = -sum(((1 - ε) y + ε/3) .* ln p)",
        "x", "W b", "y", "epsilon"),
    "smoothed labels of K classes": (
        "x in R^3\np = softmax(W x + b) in R^3\ny in R^3\ny_s = (1 - ε) y + ε/K\nL = -sum(y_s .* ln p)\nK = 3",
        "x", "W b", "y", "epsilon K"),
    "smoothed labels as a second term": (
        "x in R^3\np = softmax(W x + b) in R^3\nL = (1 - ε) cross_entropy(p, y) - ε/3 sum(ln p)",
        "x", "W b", "y", "epsilon"),
    "distillation by a divergence": (
        "x in R^3\nz = W x + b in R^2\np = softmax(z/T)\nL = (1 - α) cross_entropy(softmax(z), y) + α T^2 sum(q .* ln(q ./ p))",
        "x", "W b", "y q", "alpha T"),
    "the error of temporal differences": (
        "x in R^3\nV = w^T x\nδ = r + γ V_next - V\nL = 1/2 δ^2",
        "x", "w", "r V_next", "gamma"),
    "temporal differences of one function": (
        "x, x_next in R^3\nγ in R\nL = (r + γ w^T x_next - w^T x)^2",
        "x x_next", "w", "r", "gamma"),
    "a target with its largest value": (
        "x in R^3\nQ = W x in R^2\nL = (r + γ max(q) - Q[1])^2\nq in R^2",
        "x", "W", "r q", "gamma"),
    "the clipped objective": (
        "x in R^3\np = sigmoid(w^T x + b)\nr = p/p_old\nL = -min(r A, clip(r, 1 - ε, 1 + ε) A)",
        "x", "w b", "p_old A", "epsilon"),
    "the smooth L1 loss": (
        "x in R\no = w x + b\nr = y - o\nL = 0.5 r^2/β if abs(r) < β else abs(r) - 0.5 β",
        "x", "w b", "y", "beta"),
    "a margin among classes, which is learnt": (
        "x in R^3\ns in R\nm in R\nc = softmax(s (W x - m)) in R^2\nL = cross_entropy(c, y)\nW in R^(2x3)",
        "x", "W s m", "y", ""),
    "the Dice loss": (
        "x in R^3\np = sigmoid(W x) in R^2\nL = 1 - (2 sum(y .* p) + ε)/(sum(y) + sum(p) + ε)",
        "x", "W", "y", "epsilon"),
    "the Tversky loss": (
        "x in R^3\np = sigmoid(W x) in R^2\nt = sum(y .* p)\nL = 1 - t/(t + α sum((1 - y) .* p) + β sum(y .* (1 - p)))",
        "x", "W", "y", "alpha beta"),
    "a ranking with its margin": (
        "x1, x2 in R^3\nL = max(0, -y (w^T x1 - w^T x2) + m)",
        "x1 x2", "w", "y", "m"),
    "the Cauchy loss": (
        "x in R\no = w x + b\nL = c^2/2 ln(1 + ((y - o)/c)^2)",
        "x", "w b", "y", "c"),
    "the Welsch loss": (
        "x in R\no = w x + b\nL = 1 - exp(-((y - o)/c)^2/2)",
        "x", "w b", "y", "c"),
    "a Gaussian likelihood of two heads": (
        "x in R\nμ = w x + b\ns = v x + c\nL = (y - μ)^2/(2 exp(s)) + s/2",
        "x", "w b v c", "y", ""),
    "ridge regression of a batch": (
        "X in R^(5x2) batch\nw in R^2\nL = ||y - X w||^2 + λ ||w||^2",
        "X", "w", "y", "lam"),
    "the KL of a VAE with β": (
        "x in R^4\nμ = A x in R^2\ns = B x in R^2\nz = μ + exp(s/2) .* ε\nx_hat = D z in R^4\nL = ||x - x_hat||^2 + β (-1/2 sum(1 + s - μ^2 - exp(s)))\nε in R^2",
        "x", "A B D", "", "beta epsilon"),
    "a threshold behind a leaky unit": ("x in R^2\nz = w^T x - θ\no = max(z, a z)", "x", "w theta a", "", ""),
    "a learnt mixture of two layers":
        ("x in R^2\nf = tanh(A x) in R^2\ng = relu(B x) in R^2\nα in R\nh = α f + (1 - α) g", "x", "A B alpha", "", ""),
    "two pieces that are learnt": ("x in R^2\nh = tanh(w^T x)\no = max(a (h - c), b (h - c))", "x", "w a b c", "", ""),
    "polynomials of a layer": ("x in R^2\nh = tanh(w^T x)\no = a h^2 - b h + c", "x", "w a b c", "", ""),
    "a policy gradient": ("x in R^2\np = softmax(W x) in R^3\nL = -A ln(p[2])", "x", "W", "A", ""),
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_the_roles_of_a_textbooks_nets(name: str) -> None:
    block, *expected = TEXTBOOK[name]
    n = jacmagic.nnchain(block)
    found = {role: " ".join(key for key, own in n.roles.items() if own == role) for role in ("input", "weight", "target", "fixed")}
    assert {role: set(text.split()) for role, text in found.items()} == dict(
        zip(("input", "weight", "target", "fixed"), (set(text.split()) for text in expected))
    )
    assert set(n.trainable()) <= set(expected[1].split())
    assert str(n.variables[0]).startswith(expected[0].split()[0].split("_")[0])


@pytest.mark.parametrize(("value", "line"), [("", ""), ("0.3", "b = 0.3"), ("", "b in R"), ("", "b in [-1, 1]"), ("2", "b = 2 in [0, 3]")])
def test_a_size_a_value_or_a_range_never_changes_a_role(value: str, line: str) -> None:
    block = "x in R^2\nw in R^2\no = sigmoid(w^T x + b)\nL = bce(o, y)"
    with_line = jacmagic.nnchain(f"{line}\n{block}")
    assert with_line.roles == {"x": "input", "w": "weight", "b": "weight", "y": "target"}
    assert set(with_line.gradients()) == {"w", "b"}
    assert jacmagic.nnchain(block + "\ny = 1").roles["y"] == "target"


def test_names_on_the_magics_line_are_inputs() -> None:
    block = "q in R^3\nr in R^2\nh = tanh(B q + r)\no = c^T h"
    n = jacmagic.nnchain(block, wrt="q")
    assert n.roles == {"q": "input", "r": "weight", "B": "weight", "c": "weight"}
    assert jacmagic.nnchain(block, wrt="q, r").roles["r"] == "input"
    assert n.values["c"].shape == (2,)


@pytest.mark.parametrize(("block", "says"), [
    ("q in R^2\nr in R^2\no = tanh(A q) + tanh(B r) in R^2", "input of the net, q or r? Say it on a line of its own: q input"),
    ("o = w a + b", "Which name is the input of the net?"),
    ("x in R^2 input\nx fixed\no = W x in R^2", "The role of x is said twice."),
    ("x in R^2\nh = W x in R^2\nh fixed", "h is defined (line 2); only what no line defines has a role."),
    ("x in R^2\nh = W x in R^2\nv fixed", "v is not used in this block."),
    ("input in R^2\no = W input in R^2\ny in R^2 input", "input is a name of this block"),
    ("target in R^2\nx in R^2\nm = 3 target\no = m W x in R^2", "target is a name of this block"),
    ("x in R^2 inputs\no = W x in R^2", "one word: input, weight, target or fixed"),
])
def test_what_is_said_of_roles_wrongly(block: str, says: str) -> None:
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.nnchain(block)
    assert says in str(caught.value)


def test_the_question_for_the_input_offers_lines_that_answer_it() -> None:
    block = "q in R^2\nr in R^2\no = tanh(A q) + tanh(B r) in R^2"
    with pytest.raises(jacmagic.NameMistake) as caught:
        jacmagic.nnchain(block)
    assert [jacmagic.nnchain(f"{block}\n{hint}").roles for hint in caught.value.hints] == [
        {"q": "input", "r": "weight", "A": "weight", "B": "weight"}, {"q": "weight", "r": "input", "A": "weight", "B": "weight"},
    ]


@pytest.mark.parametrize("block", ["k = 3 fixed\nf(x) = k x", "x in R^2 input\nf = x^T x", "f = m x\nm fixed", "k in [0, 5] weight\nf(x) = k x"])
def test_a_role_in_jacobian_is_an_error_that_says_so(block: str) -> None:
    with pytest.raises(jacmagic.SyntaxMistake, match="Names have a role"):
        jacmagic.jacobian(block)


@pytest.mark.parametrize(("block", "matrix"), [
    ("target in R\nf = 2 target", [[2]]), ("weight = 3\nf(x) = weight x", [[3.0]]), ("f(input) = 3 input", [[3]]),
    ("fixed in R^2\nf = sum(fixed)", [[1, 1]]),
])
def test_a_role_word_that_the_block_declares_is_a_name(block: str, matrix: Any) -> None:
    assert np.array_equal(jacmagic.jacobian(block).at(), matrix)


def test_roles_are_a_nets_and_the_echo_lists_them() -> None:
    n = jacmagic.nnchain("x in R^2\nW in R^(2x2)\no = W x\nL = mse(o, y) + λ ||W||_F^2")
    text = n._repr_mimebundle_()["text/plain"]
    assert "input x (2) · weight W (2×2) · target y (2) · fixed λ" in text
    assert n.roles == {"W": "weight", "x": "input", "y": "target", "lam": "fixed"}
    r = jacmagic.jacobian("f(x) = k x")
    assert not hasattr(r, "roles")
    with pytest.raises(AttributeError, match="have roles in a net"):
        _ = r.roles


def test_training_leaves_what_is_fixed() -> None:
    block = "x in R\no = w x + b\nL = (o - y)^2"
    data = {"x": [1.0, 2.0, 3.0], "y": [3.0, 5.0, 7.0]}
    n = jacmagic.nnchain(block)
    n.set(w=0.5, b=0.25)
    n.train(data, steps=500, progress=False, fixed="b")
    assert n.values["b"] == 0.25
    slope = float(np.dot(data["x"], np.subtract(data["y"], 0.25)) / np.dot(data["x"], data["x"]))
    assert abs(n.values["w"] - slope) < 1e-9
    with pytest.raises(ValueError, match="all are fixed"):
        n.train(data, steps=1, fixed=["w", "b"])
    with pytest.raises((KeyError, ValueError), match="q"):
        n.train(data, steps=1, fixed=["q"])
    assert set(jacmagic.nnchain(block + "\nb fixed").gradients()) == {"w"}


def test_tab_completes_role_words_in_nets_alone() -> None:
    assert "target" in matches("tar", "%%nnchain\nx in R^2\ny in R^2 tar")
    assert "fixed" in matches("fi", "%nnchain m = 3 fi")
    assert not {"input", "weight", "target", "fixed"} & set(matches("", "%%jacobian\nf(x) = x"))
