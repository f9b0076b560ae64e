"""Modules of PyTorch become the same nets, written as mathematics: values, Jacobians and the gradients of all parameters."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from optional import optional

import jacmagic
from jacmagic.pytorch import _leading, _sizes

torch = optional("torch")
nn = torch.nn
F = nn.functional


def sequential(*layers: Any) -> Any:
    return nn.Sequential(*layers).double()


# ------------------------------------------------------------------ modules as tutorials build them
class LeNet(nn.Module):
    """A small LeNet for pictures of 12×12."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 3, 2)
        self.fc1, self.fc2 = nn.Linear(12, 5), nn.Linear(5, 3)
        self.drop = nn.Dropout(0.25)

    def forward(self, x: Any) -> Any:
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.flat(x))
        x = self.drop(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)

    def flat(self, x: Any) -> int:
        return int(np.prod(x.size()[1:])) if isinstance(x, torch.Tensor) else 12


class Block(nn.Module):
    """The basic block of a ResNet."""

    def __init__(self, inside: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.shortcut = nn.Sequential()
        if stride != 1 or inside != out:
            self.shortcut = nn.Sequential(nn.Conv2d(inside, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Any) -> Any:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class SelfAttention(nn.Module):
    """The causal attention of a small GPT, its heads by view and transpose."""

    def __init__(self, wide: int = 4, heads: int = 2, longest: int = 6) -> None:
        super().__init__()
        self.c_attn, self.c_proj, self.heads, self.wide = nn.Linear(wide, 3 * wide), nn.Linear(wide, wide), heads, wide
        self.register_buffer("mask", torch.tril(torch.ones(longest, longest)).view(1, 1, longest, longest))

    def forward(self, x: Any) -> Any:
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(self.wide, dim=2)
        q, k, v = (one.view(B, T, self.heads, C // self.heads).transpose(1, 2) for one in (q, k, v))
        att = (q @ k.transpose(-2, -1)) * (1.0 / 2**0.5)
        att = F.softmax(att.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf")), dim=-1)
        return self.c_proj((att @ v).transpose(1, 2).contiguous().view(B, T, C))


class Words(nn.Module):
    """Embedding, an LSTM over the words, and a class by its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.lstm, self.fc = nn.Embedding(7, 3), nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, tokens: Any) -> Any:
        out, _ = self.lstm(self.embed(tokens))
        return self.fc(out[:, -1, :])


class VAE(nn.Module):
    """An encoder with mean and variance, and a decoder; the noise is an input."""

    def __init__(self) -> None:
        super().__init__()
        self.enc, self.mu, self.logvar = nn.Linear(5, 4), nn.Linear(4, 2), nn.Linear(4, 2)
        self.dec = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 5), nn.Sigmoid())

    def forward(self, x: Any, noise: Any) -> Any:
        h = torch.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + noise * torch.exp(0.5 * logvar)
        return self.dec(z), mu, logvar


class MLP(nn.Module):
    """Names of layers, a residual, a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.act = nn.Linear(4, 4), nn.Linear(4, 3, bias=False), nn.GELU(approximate="tanh")
        self.scale = nn.Parameter(torch.tensor([0.5, -1.5, 2.0]))

    def forward(self, x: Any) -> Any:
        return self.scale * self.fc2(self.act(self.fc1(x)) + x)


class Inception(nn.Module):
    """Branches that are put together."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 1, 1), nn.Conv2d(2, 2, 3, padding="same")

    def forward(self, x: Any) -> Any:
        return torch.cat([self.one(x), F.elu(self.two(x), 0.7), F.avg_pool2d(x, 3, 1, 1)], dim=1)


class Squeeze(nn.Module):
    """Squeeze and excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.down, self.up = nn.AdaptiveAvgPool2d(1), nn.Linear(3, 2), nn.Linear(2, 3)

    def forward(self, x: Any) -> Any:
        y = self.pool(x).view(x.size(0), -1)
        y = torch.sigmoid(self.up(F.relu(self.down(y)))).view(x.size(0), -1, 1, 1)
        return x * y.expand_as(x)


class Excite(nn.Module):
    """Squeeze and excitation by convolutions of single numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(2, 1, 1), nn.Conv2d(1, 2, 1)

    def forward(self, x: Any) -> Any:
        return x * torch.sigmoid(self.up(F.silu(self.down(F.adaptive_avg_pool2d(x, 1)))))


class Stack(nn.Module):
    """Layers in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.layers, self.head = nn.ModuleList([nn.Linear(3, 3) for _ in range(2)]), nn.Linear(3, 2)

    def forward(self, x: Any) -> Any:
        for one in self.layers:
            x = torch.tanh(one(x)) + x
        return torch.softmax(self.head(F.dropout(x, 0.1, self.training)), dim=-1)


class Tokens(nn.Module):
    """Tokens with their places, attention, logits."""

    def __init__(self) -> None:
        super().__init__()
        self.tok, self.pos, self.ln = nn.Embedding(5, 4), nn.Embedding(6, 4), nn.LayerNorm(4)
        self.attn, self.head = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 5, bias=False)

    def forward(self, idx: Any) -> Any:
        x = self.tok(idx) + self.pos(torch.arange(idx.shape[-1]))
        y = self.ln(x)
        return self.head(x + self.attn(y, y, y, need_weights=False)[0])


class Pooled(nn.Module):
    """A mean over the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.Linear(2, 2)

    def forward(self, x: Any) -> Any:
        return self.fc(F.leaky_relu(self.bn(self.conv(x)), 0.1).mean([2, 3]))


def after(layer: Any, n: int = 4) -> Any:
    """A layer between two linear ones."""
    return sequential(nn.Linear(3, n), layer, nn.Linear(n if not isinstance(layer, nn.GLU) else n // 2, 2))


MODULES: dict[str, tuple[Any, ...]] = {
    "Linear": (nn.Linear(3, 2), None),
    "Linear on Linear": (sequential(nn.Linear(3, 4), nn.Linear(4, 2, bias=False)), None),
    "Linear of rows": (sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (5, 3)),
    "Tanh": (after(nn.Tanh()), None), "Sigmoid": (after(nn.Sigmoid()), None), "ReLU": (after(nn.ReLU()), None),
    "LeakyReLU": (after(nn.LeakyReLU()), None), "LeakyReLU(0.2)": (after(nn.LeakyReLU(0.2)), None),
    "ELU": (after(nn.ELU()), None), "ELU(0.6)": (after(nn.ELU(0.6)), None), "CELU(1.4)": (after(nn.CELU(1.4)), None),
    "SELU": (after(nn.SELU()), None), "GELU": (after(nn.GELU()), None), "GELU(tanh)": (after(nn.GELU(approximate="tanh")), None),
    "SiLU": (after(nn.SiLU()), None), "Mish": (after(nn.Mish()), None), "Softplus": (after(nn.Softplus()), None),
    "Softplus(2.5)": (after(nn.Softplus(2.5)), None), "Softsign": (after(nn.Softsign()), None), "Hardtanh": (after(nn.Hardtanh()), None),
    "Hardtanh(-0.2, 0.5)": (after(nn.Hardtanh(-0.2, 0.5)), None), "ReLU6": (after(nn.ReLU6()), None),
    "Hardswish": (after(nn.Hardswish()), None), "LogSigmoid": (after(nn.LogSigmoid()), None),
    "Tanhshrink": (after(nn.Tanhshrink()), None), "Hardshrink(0.1)": (after(nn.Hardshrink(0.1)), None),
    "Softshrink(0.1)": (after(nn.Softshrink(0.1)), None), "Threshold": (after(nn.Threshold(0.1, -0.3)), None),
    "PReLU": (after(nn.PReLU()), None), "PReLU(4)": (after(nn.PReLU(4)), 3), "RReLU": (after(nn.RReLU()), None), "GLU": (after(nn.GLU()), None),
    "Softmax": (after(nn.Softmax(-1)), None), "LogSoftmax": (after(nn.LogSoftmax(-1)), None), "Softmin": (after(nn.Softmin(-1)), None),
    "Dropout and Identity": (sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Identity(), nn.ReLU()), None),
    "LayerNorm": (after(nn.LayerNorm(4)), None), "LayerNorm(eps=0.1)": (after(nn.LayerNorm(4, eps=0.1)), None),
    "LayerNorm without scale": (after(nn.LayerNorm(4, elementwise_affine=False)), None),
    "LayerNorm of rows": (after(nn.LayerNorm(4)), (3, 3)), "LayerNorm(eps=0.1) of rows": (after(nn.LayerNorm(4, eps=0.1)), (3, 3)),
    "RMSNorm": (after(nn.RMSNorm(4)), None), "RMSNorm(eps=0.1)": (after(nn.RMSNorm(4, eps=0.1)), None),
    "RMSNorm(eps=0.1) of rows": (after(nn.RMSNorm(4, eps=0.1)), (3, 3)),
    "BatchNorm1d": (after(nn.BatchNorm1d(4)), None), "BatchNorm1d(eps=0.1), no scale": (after(nn.BatchNorm1d(4, eps=0.1, affine=False)), None),
    "BatchNorm1d of a signal": (sequential(nn.Conv1d(1, 2, 2), nn.BatchNorm1d(2), nn.Tanh()), (1, 5)),
    "BatchNorm2d": (sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 2)), (1, 4, 4)),
    "GroupNorm": (sequential(nn.Conv2d(1, 4, 2), nn.GroupNorm(2, 4, eps=0.01), nn.ReLU()), (1, 3, 3)),
    "GroupNorm of a signal": (nn.GroupNorm(2, 4), (4, 3)), "LayerNorm of a picture": (nn.LayerNorm([2, 2]), (3, 2, 2)),
    "InstanceNorm1d": (sequential(nn.Conv1d(1, 2, 2), nn.InstanceNorm1d(2)), (1, 5)),
    "InstanceNorm1d(affine)": (nn.InstanceNorm1d(2, affine=True, eps=0.1), (2, 4)),
    "InstanceNorm1d by running numbers": (nn.InstanceNorm1d(3, affine=True, track_running_stats=True), (3, 4)),
    "InstanceNorm2d": (nn.InstanceNorm2d(2, affine=True), (2, 2, 3)),
    "InstanceNorm2d by running numbers": (nn.InstanceNorm2d(2, track_running_stats=True), (2, 2, 3)),
    "CosineSimilarity": (nn.CosineSimilarity(-1), [(2, 3), (2, 3)]),
    "Conv1d": (sequential(nn.Conv1d(2, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2)), (2, 5)),
    "Conv1d with its options": (sequential(nn.Conv1d(2, 4, 3, stride=2, padding=2, dilation=2, groups=2), nn.Tanh()), (2, 7)),
    "Conv2d": (sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 2)), (1, 6, 6)),
    "Conv2d of two channels": (nn.Conv2d(2, 2, 2), (2, 3, 4)),
    "Conv2d with its options": (sequential(nn.Conv2d(2, 2, (3, 2), stride=(2, 1), padding=(1, 0)), nn.Tanh()), (2, 5, 4)),
    "Conv2d, reflected": (nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), (1, 4, 4)),
    "Conv2d by depth": (sequential(nn.Conv2d(2, 2, 2, groups=2), nn.ReLU(), nn.Conv2d(2, 3, 1)), (2, 3, 3)),
    "ConvTranspose1d": (nn.ConvTranspose1d(2, 1, 3, stride=2), (2, 3)),
    "ConvTranspose2d": (nn.ConvTranspose2d(1, 2, 3, stride=2, padding=1, output_padding=1), (1, 3, 3)),
    "MaxPool1d": (sequential(nn.Conv1d(1, 1, 2), nn.MaxPool1d(2)), (1, 8)),
    "MaxPool2d that overlaps": (sequential(nn.Conv2d(1, 1, 2), nn.MaxPool2d(3, stride=2, padding=1)), (1, 6, 6)),
    "AvgPool1d": (sequential(nn.Conv1d(1, 1, 2), nn.AvgPool1d(3, stride=2)), (1, 8)),
    "AvgPool2d": (sequential(nn.Conv2d(1, 2, 2), nn.AvgPool2d(2, padding=1, count_include_pad=False)), (1, 5, 5)),
    "AdaptiveAvgPool2d": (sequential(nn.Conv2d(1, 2, 2), nn.AdaptiveAvgPool2d((2, 3)), nn.Flatten(), nn.Linear(12, 2)), (1, 5, 6)),
    "AdaptiveMaxPool2d": (sequential(nn.Conv2d(1, 1, 2), nn.AdaptiveMaxPool2d(2)), (1, 5, 5)),
    "Embedding": (sequential(nn.Embedding(6, 3), nn.Linear(3, 2)), torch.tensor([4, 0, 4, 2])),
    "Embedding of one token": (sequential(nn.Embedding(6, 3), nn.Linear(3, 2), nn.Tanh()), torch.tensor([3])),
    "LSTMCell": (nn.LSTMCell(3, 2), {"input": 3, "hx": [2, 2]}), "LSTMCell from zeros": (nn.LSTMCell(3, 2), None),
    "GRUCell": (nn.GRUCell(3, 2), {"input": 3, "hx": 2}), "RNNCell(relu)": (nn.RNNCell(3, 2, nonlinearity="relu"), {"input": 3, "hx": 2}),
    "LSTM": (nn.LSTM(3, 2, num_layers=2), (3, 3)), "GRU": (nn.GRU(2, 3, bias=False), (4, 2)), "RNN": (nn.RNN(2, 3), (3, 2)),
    "LSTM both ways": (nn.LSTM(2, 2, num_layers=2, bidirectional=True), (3, 2)),
    "LSTM both ways, from a state": (nn.LSTM(2, 1, bidirectional=True), {"input": (3, 2), "hx": [(2, 1), (2, 1)]}),
    "GRU both ways": (nn.GRU(2, 2, num_layers=2, bidirectional=True), (3, 2)),
    "RNN both ways": (nn.RNN(2, 2, bidirectional=True), (3, 2)),
    "MultiheadAttention": (nn.MultiheadAttention(4, 2), (3, 4)), "MultiheadAttention of one head": (nn.MultiheadAttention(3, 1, bias=False), (4, 3)),
    "MultiheadAttention of two": (nn.MultiheadAttention(4, 2, kdim=3, vdim=2), [(3, 4), (5, 3), (5, 2)]),
    "TransformerEncoderLayer": (nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), (3, 4)),
    "Unflatten": (sequential(nn.Linear(3, 8), nn.ReLU(), nn.Unflatten(-1, (2, 2, 2)), nn.Conv2d(2, 1, 2)), 3),
    "MLP": (MLP(), None), "LeNet": (LeNet(), (1, 12, 12)), "ResNet's block": (Block(2, 2), (2, 4, 4)),
    "ResNet's block with a shortcut": (Block(1, 2, 2), (1, 4, 4)), "GPT's attention": (SelfAttention(), (3, 4)),
    "Stack": (Stack(), None), "Tokens": (Tokens(), torch.tensor([1, 3, 0])), "Pooled": (Pooled(), (1, 4, 4)),
    "Words": (Words(), torch.tensor([5, 1, 2])), "VAE": (VAE(), [5, 2]), "Inception": (Inception(), (2, 4, 4)), "Squeeze": (Squeeze(), (3, 3, 2)),
    "Excite": (Excite(), (2, 3, 3)),
}


def drawn(module: Any, seed: int = 3) -> Any:
    """The module in evaluation, with weights and running numbers that show mistakes."""
    torch.manual_seed(seed)
    module = module.double().eval()
    with torch.no_grad():
        for name, one in (*module.named_parameters(), *module.named_buffers()):
            if one.is_floating_point() and "mask" not in name:
                one.copy_(torch.rand_like(one) + 0.3 if "var" in name else torch.randn_like(one) * 0.7)
    return module


def flat(values: Any) -> Any:
    """All tensors of an output, one after the other."""
    if isinstance(values, torch.Tensor):
        return values.reshape(-1)
    return torch.cat([flat(one) for one in values if one is not None])


def leaves(nested: Any) -> list[str]:
    return [name for one in nested for name in leaves(one)] if isinstance(nested, list) else [nested]


def whole(net: Any, by: list[str], point: Mapping[str, Any]) -> np.ndarray:
    """The Jacobian of all outputs by all entries of these names, in order."""
    outputs = leaves(net.module_names["output"])
    rows = [[np.reshape(net.at(of, one, **point), (np.size(net.forward(**point)[of]), -1)) for one in by] for of in outputs]
    return np.block(rows)


def compare(module: Any, asked: Any, batch: bool | None = None) -> Any:
    """The net of a module, once all that it computes is what PyTorch has."""
    module = drawn(module)
    net = jacmagic.from_torch(module, asked, batch)
    given, lead = inputs(net, module, asked, batch)
    names = list(given)

    def run(parameters: Mapping[str, Any], *values: Any) -> Any:
        kwargs = nested(dict(zip(names, values)), lead)
        if isinstance(module, nn.MultiheadAttention) and len(kwargs) == 1:
            return flat(torch.func.functional_call(module, parameters, tuple(kwargs.values()) * 3))
        return flat(torch.func.functional_call(module, parameters, (), kwargs))

    parameters = {name: one.detach() for name, one in module.named_parameters()}
    point = {}
    for name, value in given.items():
        if value.is_floating_point():
            held = leaves(net.module_names[name])
            parts = value.reshape(-1, *value.shape[-2:]).numpy() if len(held) > 1 else [value.numpy().reshape(net.values[held[0]].shape)]
            point.update(zip(held, parts))
    got = np.concatenate([np.ravel(net.forward(**point)[one]) for one in leaves(net.module_names["output"])])
    np.testing.assert_allclose(got, run(parameters, *given.values()).numpy(), rtol=1e-12, atol=1e-12)
    for k, (name, value) in enumerate(given.items()):
        if value.is_floating_point():
            def by_input(one: Any, k: int = k) -> Any:
                return run(parameters, *[one if k == at else other for at, other in enumerate(given.values())])

            wanted = torch.autograd.functional.jacobian(by_input, value).reshape(len(got), -1)
            np.testing.assert_allclose(whole(net, leaves(net.module_names[name]), point), wanted, rtol=1e-12, atol=1e-12)
    for name, value in parameters.items():
        wanted = torch.autograd.functional.jacobian(lambda one, name=name: run({**parameters, name: one}, *given.values()), value)
        found = whole(net, leaves(net.module_names[name]), point)
        np.testing.assert_allclose(found, wanted.reshape(len(got), -1), rtol=1e-12, atol=1e-12, err_msg=name)
        assert {net.roles[one] for one in leaves(net.module_names[name])} == {"weight"}
    return net


def inputs(net: Any, module: Any, asked: Any, batch: bool | None) -> tuple[dict[str, Any], bool]:
    """Tensors by the names of what they are for, and whether the module takes a batch."""
    draw = torch.Generator().manual_seed(11)
    taken = list(inspect.signature(module.forward).parameters)
    if isinstance(asked, Mapping):
        spread = {}
        for name, one in asked.items():
            spread.update(zip("hc", one) if isinstance(one, list) else {name: one}.items())
        sizes: dict[str, Any] = spread
    else:
        sizes = dict(zip(taken, asked if isinstance(asked, list) else [asked]))
    found = {}
    for name, one in sizes.items():
        if one is None:
            one = net.values[net.module_names[name]].shape
        shape = (one,) if isinstance(one, int) else one
        found[name] = one if isinstance(one, torch.Tensor) else torch.randn(shape, dtype=torch.float64, generator=draw)
    return found, _leading(module, _sizes(module, asked)) if batch is None else batch


def nested(given: dict[str, Any], lead: bool) -> dict[str, Any]:
    """The arguments of forward: with an axis for a batch, h and c as one."""
    given = {name: value[None] if lead else value for name, value in given.items()}
    if "c" in given:
        given["hx"] = (given.pop("h"), given.pop("c"))
    return given


SLOW = {"LSTM", "LSTM both ways", "GRU both ways", "GRU", "MaxPool2d that overlaps", "ResNet's block", "GPT's attention", "TransformerEncoderLayer", "Inception",
        "ResNet's block with a shortcut", "Words", "Tokens", "Stack"}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.long if name in SLOW or k % 3 else ()) for k, name in enumerate(MODULES)
])
def test_values_and_derivatives_are_those_of_the_module(name: str) -> None:
    compare(*MODULES[name])


def test_hardsigmoid_has_the_slope_that_pytorch_has_in_single_precision() -> None:
    module = drawn(after(nn.Hardsigmoid()))
    x = torch.randn(3, dtype=torch.float64)
    found = jacmagic.from_torch(module).at("o", "x", x=x)
    np.testing.assert_allclose(found, torch.autograd.functional.jacobian(module, x), rtol=1e-6)


# ------------------------------------------------------------------ the block
def lines(net: Any) -> list[str]:
    return [line for line in net.text.splitlines() if "= {" not in line]


BLOCKS = {
    "a Sequential": (sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), None,
                     ["x in R^2", "h1 = tanh(W1 x + c1) in R^3", "o = W2 h1 + c2 in R^1"]),
    "names of layers": (MLP(), None, ["x in R^4", "h_fc1 = gelu_tanh(W_fc1 x + c_fc1) in R^4", "h1 = h_fc1 + x in R^4",
                                      "o = scale .* (W_fc2 h1) in R^3"]),
    "dropout is said": (sequential(nn.Linear(2, 3), nn.Dropout(0.5)), None,
                        ["x in R^2", "o = W1 x + c1 in R^3", "# 1: dropout with p = 0.5 does nothing in evaluation"]),
    "options": (sequential(nn.Linear(2, 3), nn.LeakyReLU(0.2)), None,
                ["x in R^2", "z1 = W1 x + c1 in R^3", "o = z1 if z1 > 0 else 0.2 z1 in R^3"]),
    "a picture": (sequential(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2)), (1, 4, 4),
                  ["x in R^(4x4)", "h1 = relu(conv(P1 x P1^T, K1) + c1[1]) in R^(4x4)", "o = W2 flatten(h1) + c2 in R^2", "P1 fixed"]),
    "an LSTM": (nn.LSTMCell(3, 2, bias=False), {"input": 3, "hx": [2, 2]},
                ["x in R^3", "h in R^2 input", "c in R^2 input", "i1 = sigmoid(W_ii x + W_hi h) in R^2", "f1 = sigmoid(W_if x + W_hf h) in R^2",
                 "g1 = tanh(W_ig x + W_hg h) in R^2", "o1 = sigmoid(W_io x + W_ho h) in R^2", "C1 = f1 .* c + i1 .* g1 in R^2",
                 "y1 = o1 .* tanh(C1) in R^2", "y2 = C1 in R^2"]),
    "attention": (nn.MultiheadAttention(3, 1, bias=False), (4, 3),
                  ["x in R^(4x3)", "Q1 = x W_Q^T in R^(4x3)", "K1 = x W_K^T in R^(4x3)", "V1 = x W_V^T in R^(4x3)",
                   "A1 = softmax(Q1 K1^T/sqrt(3)) in R^(4x4)", "H1 = A1 V1 in R^(4x3)", "o1 = H1 W_O^T in R^(4x3)", "o2 = A1 in R^(4x4)"]),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_block_reads_as_papers_write_it(name: str) -> None:
    module, size, wanted = BLOCKS[name]
    assert lines(jacmagic.from_torch(module, size)) == wanted


def test_what_is_read_is_a_net_like_any_other() -> None:
    module = drawn(MLP())
    net = jacmagic.from_torch(module)
    assert [layer.name for layer in net.layers] == ["h_fc1", "h1", "o"]
    assert net.module_names == {"x": "x", "fc1.weight": "W_fc1", "fc1.bias": "c_fc1", "fc2.weight": "W_fc2", "scale": "scale", "output": "o"}
    assert net.roles["scale"] == "weight"
    copied = pickle.loads(pickle.dumps(net))
    assert copied.module_names == net.module_names
    np.testing.assert_array_equal(copied.at(), net.at())
    again = jacmagic.nnchain(net.text, namespace=net.values)
    np.testing.assert_array_equal(again.at(), net.at())


def test_the_module_stays_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)).train()
    state = torch.get_rng_state()
    jacmagic.from_torch(module)
    assert module.training
    assert module[0].weight.dtype == torch.float32
    assert bool((torch.get_rng_state() == state).all())


class Tied(nn.Module):
    """One weight in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.out = nn.Linear(3, 4, bias=False), nn.Linear(3, 4, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, x: Any) -> Any:
        return F.linear(torch.tanh(self.embed(x)), self.out.weight.t())


def test_a_tied_weight_is_one_name() -> None:
    net = compare(Tied(), None)
    assert [key for key, role in net.roles.items() if role == "weight"] == ["W_embed"]


class Rest(nn.Module):
    """Methods and functions that only some nets use."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(4, 3))
        self.register_buffer("shift", torch.tensor([1.0, 2.0, -1.0]))

    def forward(self, x: Any) -> Any:
        a, b = x.chunk(2, dim=-1)
        y = torch.stack([a, b]).mean(dim=0) - self.shift / 3
        z = torch.matmul(self.w, y.clamp(-1, 1)).pow(2)
        u = torch.cat([z[1:3], z[:1] * 2, -y.flip(0)]) / (1 + x.square().sum())
        return torch.log(u.abs() + 1).reshape(3, 2).t() @ torch.ones(3, dtype=torch.float64)


class Functional(nn.Module):
    """Layers as functions, on parameters of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.gain = nn.Parameter(torch.zeros(2, 1, 2, 2)), nn.Parameter(torch.zeros(9))

    def forward(self, x: Any) -> Any:
        y = F.leaky_relu(F.conv2d(x, self.kernel, stride=1), 0.3)
        return F.layer_norm(y.flatten(-2), (9,), self.gain, eps=1e-3).mean(-1)


class Rows(nn.Module):
    """Attention by PyTorch's own function, with heads, and means over tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(4, 12)

    def forward(self, x: Any) -> Any:
        q, k, v = self.qkv(x).view(3, 3, 2, 2).permute(1, 2, 0, 3).unbind(0)
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(0, 1).reshape(3, 4).mean(dim=0)


class By(nn.Module):
    """A function of its input."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


MORE = {"arithmetic and parts": (Rest(), 6), "functions": (Functional(), (1, 4, 4)), "attention by its function": (Rows(), (3, 4)),
        "a batch is asked for": (nn.Linear(3, 2), 3, True),
        "the norm of a vector": (By(lambda x: x / x.norm()), 4), "a norm along an axis": (By(lambda x: x.norm(dim=-1)), (3, 4)),
        "a norm that keeps its axis": (By(lambda x: x / torch.linalg.norm(x, dim=-1, keepdim=True)), (3, 4)),
        "a norm along the first axis": (By(lambda x: torch.norm(x, dim=0)), (3, 4), False),
        "of a picture": (By(lambda x: x.norm(dim=-1)), (2, 3, 2)), "of all entries": (By(torch.linalg.vector_norm), (2, 3)),
        "the 1-norm": (By(lambda x: torch.linalg.vector_norm(x, ord=1, dim=-1)), (3, 4)),
        "the largest": (By(lambda x: x.norm(p=float("inf"), dim=-1)), (3, 4)), "the 3-norm": (By(lambda x: x.norm(3, -1)), (3, 4)),
        "normalize": (By(lambda x: F.normalize(x, dim=-1)), (3, 4)), "normalize a vector": (By(F.normalize), 4),
        "normalize columns": (By(lambda x: F.normalize(x, p=1, dim=0)), (3, 4), False),
        "var": (By(lambda x: x.var(dim=-1)), (3, 4)), "std": (By(lambda x: torch.std(x, -1, unbiased=False)), (3, 4)),
        "var of all": (By(lambda x: x.var(correction=0)), (3, 4)), "prod": (By(lambda x: x.prod(-1)), (3, 4)),
        "instance_norm": (By(F.instance_norm), (2, 3), True),
        "a norm by hand": (By(lambda x: (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 0.1)), (3, 4))}


@pytest.mark.parametrize("name", MORE)
def test_functions_and_methods_are_those_of_pytorch(name: str) -> None:
    compare(*MORE[name])


# ------------------------------------------------------------------ what cannot be read
class Branch(nn.Module):
    """A choice by the numbers."""

    def forward(self, x: Any) -> Any:
        return x if x.sum() > 0 else -x


class Running(nn.Module):
    """Something that the language has not."""

    def forward(self, x: Any) -> Any:
        return torch.cumsum(x, -1)


class Inner(nn.Module):
    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.deep = nn.Sequential(nn.Linear(4, 4), layer)

    def forward(self, x: Any) -> Any:
        return self.deep(x)


WRONG = [
    (Inner(nn.Upsample(scale_factor=2)), (2, 4), r"deep\.1 \(Upsample\): the language has nothing for an Upsample; pass the part"),
    (Running(), 3, r"cumsum\(…\) in line \d+, `return torch.cumsum\(x, -1\)`: the language has nothing for a running sum; pass"),
    (Branch(), 3, r"Branch\.forward, line \d+, cannot be traced: .* pass a module in which nothing depends on the numbers"),
    (nn.Linear(2, 3), 4, "the first layer, a Linear, takes 2 numbers, but it gets 4"),
    (nn.Conv2d(3, 2, 3), None, r"a Conv2d, takes inputs of several sizes; pass one, \(3, height, width\)"),
    (nn.Embedding(3, 2), None, r"an Embedding, .* torch\.tensor"),
    (nn.Sequential(nn.Dropout()), 2, "no layers"),
    (nn.Sequential(nn.Flatten(), nn.ReLU()), None, "no layer has the size of the input; pass it"),
    (nn.Conv2d(20, 20, 3), (20, 8, 8), r"weight has 400 kernels; at most 300"),
    (nn.LSTM(3, 2, proj_size=1), (4, 3), r"the module \(LSTM\): a recurrent net with a projection"),
    (By(lambda x: torch.linalg.norm(x, 2)), (3, 3), r"linalg_norm\(…\) in line .*: a matrix norm with ord = 2; vector_norm"),
    (nn.Conv3d(1, 1, 2), (1, 3, 3, 3), "nothing for a Conv3d"),
    (nn.Sequential(nn.Conv1d(1, 2, 2), nn.BatchNorm1d(2, track_running_stats=False)), (1, 5), r"1 \(BatchNorm1d\): .* track_running_stats=True"),
    (nn.Softmax(0), 3, "say which is meant, batch=False or batch=True"),
    (type("Sequential", (nn.Module,), {"__module__": "keras.src.models.sequential"})(), None, "a model of Keras: write it as a line"),
    (SimpleNamespace(graph_module=None), None, "is no module of PyTorch: pass the module itself"),
]


@pytest.mark.parametrize(("module", "size", "words"), WRONG, ids=[words for *_, words in WRONG])
def test_what_cannot_be_read_is_named_with_its_place(module: Any, size: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        jacmagic.from_torch(module, size)
