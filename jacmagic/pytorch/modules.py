"""The layers of torch.nn, a row each: what the layer computes, by the functions of PyTorch that it calls.

Layers that are made of others, and modules of the reader's own, need no row: PyTorch traces them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jacmagic.pytorch import norms, sequences, windows
from jacmagic.pytorch import operations as o
from jacmagic.pytorch.block import Block
from jacmagic.pytorch.terms import Array, Given, Unreadable, torch

Row = Callable[..., Any]
F = {**o.FUNCTIONS, **norms.FUNCTIONS, **windows.FUNCTIONS}


class Layer:
    """A layer as a row sees it: its settings, and its tensors as parameters with their paths."""

    def __init__(self, module: Any, path: str) -> None:
        self.module, self.path = module, path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.module, name)
        path = f"{self.path}.{name}".lstrip(".")
        if isinstance(value, torch().Tensor):
            return Given(path, value)
        return Layer(value, path) if isinstance(value, torch().nn.Module) else value


def by(name: str, *settings: str) -> Row:
    """A function of PyTorch, with these settings of the layer."""
    return lambda b, m, x: F[name](b, x, *(getattr(m, one) for one in settings))


def convolution(rank: int) -> Row:
    return lambda b, m, x: F[f"conv{rank}d"](
        b, x, m.weight, m.bias, m.stride, m.padding, m.dilation, m.groups, m.padding_mode)


def pooling(name: str, *settings: str) -> dict[str, Row]:
    function = {"Max": "max", "Avg": "avg"}[name]
    return {f"{name}Pool{rank}d": by(f"{function}_pool{rank}d", *settings) for rank in (1, 2)}


def softmax2d(b: Block, m: Layer, x: Any) -> Any:
    return F["softmax"](b, x, -3)


def dropout(b: Block, m: Layer, x: Any) -> Any:
    return o.dropout(b, x, m.p)


def container(b: Block, m: Layer, x: Any) -> Any:
    """Layers one after the other."""
    for name, child in m.module.named_children():
        x = layer(b, child, f"{m.path}.{name}".lstrip("."), x)
    return x


def batch_norm(b: Block, m: Layer, x: Any) -> Any:
    return norms.batch_norm(b, x, m.running_mean, m.running_var, m.weight, m.bias, eps=m.eps)


def instance_norm(rank: int) -> Row:
    def row(b: Block, m: Layer, x: Any) -> Any:
        x = b.array(x)
        led = Array(x.terms, x.places.reshape(1, *x.shape[-rank - 1 :]))
        made = norms.instance_norm(
            b, led, m.running_mean, m.running_var, m.weight, m.bias, not m.track_running_stats, eps=m.eps)
        return Array(made.terms, made.places.reshape(x.shape))

    return row


def encoder(
    b: Block, m: Layer, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: Any = None,
) -> Any:
    """The layers of a Transformer, one after the other."""
    for k, child in enumerate(m.module.layers):
        src = layer(b, child, f"{m.path}.layers.{k}".lstrip("."), src, mask, src_key_padding_mask)
    return src if m.module.norm is None else layer(b, m.module.norm, f"{m.path}.norm".lstrip("."), src)


TRANSPOSED = ("stride", "padding", "output_padding", "groups", "dilation")
DROPOUTS = ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")

MODULES: dict[str, Row] = {
    **{name: by(name.lower()) for name in
       "Tanh Sigmoid ReLU SELU SiLU Mish Softsign Hardswish ReLU6 LogSigmoid Tanhshrink Hardsigmoid".split()},
    "LeakyReLU": by("leaky_relu", "negative_slope"), "RReLU": by("rrelu", "lower", "upper"), "ELU": by("elu", "alpha"),
    "CELU": by("celu", "alpha"), "Softplus": by("softplus", "beta", "threshold"), "GELU": by("gelu", "approximate"),
    "Hardtanh": by("hardtanh", "min_val", "max_val"), "Threshold": by("threshold", "threshold", "value"),
    "Hardshrink": by("hardshrink", "lambd"), "Softshrink": by("softshrink", "lambd"), "PReLU": by("prelu", "weight"),
    "GLU": by("glu", "dim"), "Softmax": by("softmax", "dim"), "LogSoftmax": by("log_softmax", "dim"),
    "Softmin": by("softmin", "dim"), "Softmax2d": softmax2d,
    "Linear": by("linear", "weight", "bias"),
    "NonDynamicallyQuantizableLinear": by("linear", "weight", "bias"),
    "LayerNorm": by("layer_norm", "normalized_shape", "weight", "bias", "eps"),
    "RMSNorm": by("rms_norm", "normalized_shape", "weight", "eps"),
    "GroupNorm": by("group_norm", "num_groups", "weight", "bias", "eps"),
    **{f"InstanceNorm{rank}d": instance_norm(rank) for rank in (1, 2)},
    "CosineSimilarity": lambda b, m, x, y: norms.cosine_similarity(b, x, y, m.dim, m.eps),
    **{f"BatchNorm{rank}d": batch_norm for rank in (1, 2)},
    "Embedding": lambda b, m, tokens: o.embedding(b, tokens, m.weight),
    **{f"Conv{rank}d": convolution(rank) for rank in (1, 2)},
    **{f"ConvTranspose{rank}d": by(f"conv_transpose{rank}d", "weight", "bias", *TRANSPOSED) for rank in (1, 2)},
    **pooling("Max", "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    **pooling("Avg", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
    **{f"Adaptive{name}Pool{rank}d": by(f"adaptive_{name.lower()}_pool{rank}d", "output_size")
       for name in ("Avg", "Max") for rank in (1, 2)},
    **{f"{kind}Cell": sequences.cell(kind) for kind in ("LSTM", "GRU", "RNN")},
    **{kind: sequences.recurrent(kind) for kind in ("LSTM", "GRU", "RNN")},
    "MultiheadAttention": sequences.multihead, "TransformerEncoderLayer": sequences.encoder_layer,
    "TransformerEncoder": encoder,
    "Flatten": lambda b, m, x: _moved(b, x, lambda p: p.flatten(min(m.start_dim, p.ndim - 1), m.end_dim)),
    "Unflatten": lambda b, m, x: _moved(b, x, lambda p: p.unflatten(m.dim, m.unflattened_size)),
    "Identity": o.same, **dict.fromkeys(DROPOUTS, dropout),
    "Sequential": container,
}
MODULES["Identity"] = lambda b, m, x: x


def _moved(b: Block, x: Any, move: Callable[[Any], Any]) -> Any:
    x = b.array(x)
    return Array(x.terms, move(x.places))


SIZES: dict[str, Callable[[Any], tuple[int, ...]]] = {
    "Linear": lambda m: (m.in_features,), "BatchNorm1d": lambda m: (m.num_features,),
    "LayerNorm": lambda m: tuple(m.normalized_shape), "RMSNorm": lambda m: tuple(m.normalized_shape),
    "LSTMCell": lambda m: (m.input_size,), "GRUCell": lambda m: (m.input_size,), "RNNCell": lambda m: (m.input_size,),
}
"""The size of what a layer takes, where the layer has it."""

OPEN: dict[str, Callable[[Any], str]] = {
    "Conv1d": lambda m: f"({m.in_channels}, length)", "Conv2d": lambda m: f"({m.in_channels}, height, width)",
    "ConvTranspose1d": lambda m: f"({m.in_channels}, length)",
    "ConvTranspose2d": lambda m: f"({m.in_channels}, height, width)",
    "LSTM": lambda m: f"(steps, {m.input_size})", "GRU": lambda m: f"(steps, {m.input_size})",
    "RNN": lambda m: f"(steps, {m.input_size})", "MultiheadAttention": lambda m: f"(tokens, {m.embed_dim})",
    "TransformerEncoderLayer": lambda m: f"(tokens, {m.self_attn.embed_dim})",
    "Embedding": lambda m: "torch.tensor([…]) of tokens",
}
"""What to pass where a layer takes inputs of several sizes."""


def layer(b: Block, module: Any, path: str, *args: Any, **kwargs: Any) -> Any:
    """What a layer makes of its arguments.

    Raises:
        Unreadable: the language has nothing for it; the message names its place.
    """
    kind = type(module).__name__
    at = f"{path or 'the module'} ({kind})"
    if kind not in MODULES:
        raise Unreadable(f"{at}: the language has nothing for {a(kind)}; {INSTEAD}")
    b.here = f"{path}: " if path else ""
    try:
        return MODULES[kind](b, Layer(module, path), *args, **kwargs)
    except Unreadable as error:
        inner = path and str(error).startswith(path)  # it has its place
        raise Unreadable(str(error) if inner or kind == "Sequential" else f"{at}: {error}") from None


INSTEAD = "pass the part of the module in front of it, or what comes behind, or write the block"


def a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "AEIOU" or kind.startswith(("LSTM", "RNN")) else f"a {kind}"


def is_leaf(module: Any) -> bool:
    """A layer of torch.nn, which has a row or nothing."""
    kind = type(module)
    return kind.__module__.startswith("torch.nn") and kind.__name__ not in ("Sequential", "ModuleList", "ModuleDict")
