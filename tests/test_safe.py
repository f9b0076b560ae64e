"""What a block writes out by hand is as good far out as the function that it stands for."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import jacmagic

torch = pytest.importorskip("torch")

T = torch.nn.functional
HAND = {  # the block, and PyTorch's function of x in R^3
    "f = ln(sum(exp(x)))": lambda x: torch.logsumexp(x, 0),
    "f = ln(sum(e^(x[i]) for i = 1..3))": lambda x: torch.logsumexp(x, 0),
    "f = ln(mean(exp(2x)))": lambda x: torch.logsumexp(2 * x, 0) - np.log(3),
    "f = 3 + 2 ln(sum(exp(-x)))": lambda x: 3 + 2 * torch.logsumexp(-x, 0),
    "f = exp(x)/sum(exp(x))": lambda x: torch.softmax(x, 0),
    "s = sum(exp(x))\nf = exp(x)/s": lambda x: torch.softmax(x, 0),
    "f = [e^(x[i])/sum(e^(x[j]) for j = 1..3) for i = 1..3]": lambda x: torch.softmax(x, 0),
    "f = ln(exp(x)/sum(exp(x)))": lambda x: torch.log_softmax(x, 0),
    "f = -dot([1, 2, 3], ln(exp(x)/sum(exp(x))))": lambda x: -(torch.tensor([1.0, 2, 3], dtype=x.dtype) * torch.log_softmax(x, 0)).sum(),
    "f = e^x ./ (1 + e^x)": torch.sigmoid,
    "f = 1 - 1 ./ (1 + e^x)": torch.sigmoid,
    "f = e^(2x) ./ (1 + e^(2x))": lambda x: torch.sigmoid(2 * x),
    "f = e^x ./ (1 + e^x)^2": lambda x: torch.sigmoid(x) * torch.sigmoid(-x),
    "f = (e^x - e^-x) ./ (e^x + e^-x)": torch.tanh,
    "f = 2 ./ (e^x + e^-x)": lambda x: 2 * torch.exp(-x.abs()) / (1 + torch.exp(-2 * x.abs())),
    "f = ln(1 + e^x)": T.softplus,
    "f = ln(2 + 3e^x)": lambda x: torch.logaddexp(torch.full_like(x, np.log(2)), np.log(3) + x),
    "f = ln(cosh(x))": lambda x: torch.logaddexp(x, -x) - np.log(2),
    "f = ln(3cosh(2x)) + x": lambda x: torch.logaddexp(2 * x, -2 * x) + np.log(1.5) + x,
    "f = 2^x ./ (1 + 2^x)": lambda x: torch.sigmoid(np.log(2) * x),
    "f = 1 ./ (1 + 10^-x)": lambda x: torch.sigmoid(np.log(10) * x),
    "f = (2^x - 1) ./ (2^x + 1)": lambda x: torch.tanh(np.log(2) / 2 * x),
    "f = ln(1 + 2^x)/ln 2": lambda x: T.softplus(np.log(2) * x) / np.log(2),
    "f = log2(3 + 2^x)": lambda x: torch.logaddexp(torch.full_like(x, np.log(3)), np.log(2) * x) / np.log(2),
    "f = 1 ./ cosh(x)": lambda x: 2 * torch.exp(-x.abs()) / (1 + torch.exp(-2 * x.abs())),
    "f = 1 ./ cosh(x)^2": lambda x: 4 * torch.sigmoid(2 * x) * torch.sigmoid(-2 * x),
    "f = sinh(x) ./ cosh(x)": torch.tanh,
    "c = cosh(x)\nf = ln(c)": lambda x: torch.logaddexp(x, -x) - np.log(2),
    "s = 2^x\nf = s ./ (1 + s)": lambda x: torch.sigmoid(np.log(2) * x),
    "f = ln(e^x[1] + e^x[2] + e^x[3])": lambda x: torch.logsumexp(x, 0),
    "f = e^(x[1])/(e^(x[1]) + e^(x[2]))": lambda x: torch.sigmoid(x[0] - x[1]),
    "f = e^(x[1])/(e^(x[1]) + e^(x[2]) + e^(x[3]))": lambda x: torch.softmax(x, 0)[0],
    "s = e^x\nf = s ./ (1 + s)": torch.sigmoid,
    "s = e^-x\nf = 1/(1 + s)": torch.sigmoid,
    "s = e^x\nt = 1 + s\nf = ln(t)": T.softplus,
    "f = x[2] e^(x[1])/(e^(x[1]) + e^(x[2]))": lambda x: x[1] * torch.sigmoid(x[0] - x[1]),
}
POINTS = ([0.3, -1.2, 2.1], [1000.0, -1000.0, 999.0], [-1000.0, 700.0, 3.0], [-40.0, 40.0, 0.0])


def near(ours: object, theirs: object) -> None:
    # What is written out loses |x| ulp in its exponent, as softmax does.
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "torch", "math"])
@pytest.mark.parametrize("block", HAND)
def test_it_has_pytorchs_numbers_at_a_thousand(block: str, backend: str) -> None:
    r = jacmagic.jacobian(f"x in R^3\n{block}")
    jacobian = r.function(backend)
    for point in POINTS:
        x = torch.tensor(point, dtype=torch.float64)
        theirs = torch.func.jacrev(HAND[block])(x).reshape(-1, 3)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ours = jacobian(x=x if backend == "torch" else point)
            near(ours, theirs)
            near(r.forward(x=point)["f"], HAND[block](x))


@pytest.mark.parametrize("x", [-1000.0, -30.0, 0.4, 800.0])
def test_it_is_so_in_plain_python(x: float) -> None:
    r = jacmagic.jacobian("f(x) = e^x/(1 + e^x)\ng(x) = ln(e^x + e^(2x))\nh(x) = (e^x - e^-x)/(e^x + e^-x)")
    at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    theirs = [torch.autograd.grad(f(at), at)[0] for f in (torch.sigmoid, lambda t: torch.logaddexp(t, 2 * t), torch.tanh)]
    near(np.ravel(r.function("math")(x=x)), [float(one) for one in theirs])


def test_what_has_no_exponentials_below_is_left_alone() -> None:
    r = jacmagic.jacobian("f(x, y) = (e^x - 1)/(e^y - e^x) + ln(e^x - y)")
    x, y = (torch.tensor(v, dtype=torch.float64) for v in (0.7, -0.4))
    theirs = torch.func.jacrev(lambda x, y: (x.exp() - 1) / (y.exp() - x.exp()) + torch.log(x.exp() - y), (0, 1))(x, y)
    near(r.at(x=0.7, y=-0.4)[0], theirs)
