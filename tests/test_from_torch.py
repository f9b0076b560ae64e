"""A torch.nn.Sequential becomes the same net, written as mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from optional import optional

import jacmagic

torch = optional("torch")
nn = torch.nn


def sequential(*layers):
    torch.manual_seed(3)
    return nn.Sequential(*layers).double()


@pytest.mark.parametrize(
    "activation",
    [nn.Tanh(), nn.Sigmoid(), nn.ReLU(), nn.LeakyReLU(), nn.ELU(), nn.SELU(), nn.GELU(), nn.SiLU(), nn.Mish(),
     nn.Softplus(), nn.Softsign(), nn.Hardtanh(), nn.ReLU6(), nn.Hardswish(), nn.LogSigmoid(), nn.Softmax(-1), nn.LogSoftmax(-1), nn.LayerNorm(5)],
    ids=lambda m: type(m).__name__,
)
def test_value_and_jacobian_agree_with_the_module(activation):
    module = sequential(nn.Linear(4, 5), activation, nn.Dropout(0.5), nn.Linear(5, 3, bias=False), nn.Tanh()).eval()
    net = jacmagic.from_torch(module, 4)
    x = torch.randn(4, dtype=torch.float64)
    want = torch.autograd.functional.jacobian(module, x).numpy()
    np.testing.assert_allclose(net.at("o", "x", x=x), want, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(net.forward(x=x)["o"], module(x).detach().numpy(), rtol=1e-12, atol=1e-14)


def test_the_block_can_be_read_and_typed_again():
    net = jacmagic.from_torch(sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), 2)
    assert net.text.splitlines()[:3] == ["x in R^2", "h1 = tanh(W1 x + c1) in R^3", "o = W2 h1 + c2 in R^1"]
    assert [layer.name for layer in net.layers] == ["h1", "o"]


@pytest.mark.parametrize(
    ("layers", "size", "words"),
    [
        ((nn.Linear(2, 3), nn.Conv1d(1, 1, 1)), 2, "layer 1 is a Conv1d"),
        ((nn.Linear(2, 3),), 4, "takes 2 numbers, but it gets 4"),
        ((nn.Linear(2, 3), nn.LeakyReLU(0.2)), 2, "settings"),
        ((nn.Dropout(),), 2, "no layers"),
    ],
)
def test_what_the_language_lacks_is_named(layers, size, words):
    with pytest.raises(ValueError, match=words):
        jacmagic.from_torch(sequential(*layers), size)
