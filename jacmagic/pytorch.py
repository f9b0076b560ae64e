"""A torch.nn.Sequential as a block: the same net, written as mathematics, with its weights as values.

PyTorch stays optional: this module looks at the layers it is given and imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.notebook import Result, derive

# What an activation of torch.nn must look like to be the function of the table, and the function.
_ACTIVATIONS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "Tanh": ("tanh", lambda m: True),
    "Sigmoid": ("sigmoid", lambda m: True),
    "ReLU": ("relu", lambda m: True),
    "LeakyReLU": ("leaky_relu", lambda m: m.negative_slope == 0.01),
    "ELU": ("elu", lambda m: m.alpha == 1),
    "SELU": ("selu", lambda m: True),
    "GELU": ("gelu", lambda m: m.approximate == "none"),
    "SiLU": ("silu", lambda m: True),
    "Mish": ("mish", lambda m: True),
    "Softplus": ("softplus", lambda m: m.beta == 1),
    "Softsign": ("softsign", lambda m: True),
    "Hardswish": ("hardswish", lambda m: True),
    "ReLU6": ("relu6", lambda m: True),
    "LogSigmoid": ("logsigmoid", lambda m: True),
    "Hardtanh": ("hardtanh", lambda m: m.min_val == -1 and m.max_val == 1),
    "Softmax": ("softmax", lambda m: m.dim in (-1, 1, None)),
    "LogSoftmax": ("log_softmax", lambda m: m.dim in (-1, 1, None)),
}
_SKIPPED = ("Identity", "Dropout", "Flatten")


def from_torch(module: Any, input_size: int) -> Result:
    """Write a torch.nn.Sequential as a block and differentiate it.

    Takes Linear, LayerNorm, Softmax and the activations of the table; Dropout, Identity and
    Flatten are what they are in evaluation, nothing. The block is the result's `text`; its
    weights are values, {W1}, in double precision.

    Raises:
        ValueError: a layer that the language has no function for, or sizes that do not follow one another.
    """
    layers = [layer for layer in _flat(module) if type(layer).__name__ not in _SKIPPED]
    values: dict[str, Any] = {}
    lines = [f"x in R^{input_size}"]
    before, size, count, hidden = "x", input_size, 0, 0
    pending = ""

    def finish(expression: str, last: bool) -> str:
        nonlocal hidden
        hidden += 1
        name = "o" if last else f"h{hidden}"
        lines.append(f"{name} = {expression} in R^{size}")
        return name

    for k, layer in enumerate(layers):
        kind, last = type(layer).__name__, k == len(layers) - 1
        if kind == "Linear":
            if layer.in_features != size:
                raise ValueError(f"layer {k} takes {layer.in_features} numbers, but it gets {size}")
            if pending:
                before, pending = finish(pending, False), ""
            count += 1
            values[f"W{count}"] = _array(layer.weight)
            pending = f"W{count} {before}"
            if layer.bias is not None:
                values[f"c{count}"] = _array(layer.bias)
                pending += f" + c{count}"
            size = layer.out_features
            if last:
                finish(pending, True)
        elif kind in _ACTIVATIONS:
            function, fits = _ACTIVATIONS[kind]
            if not fits(layer):
                raise ValueError(f"layer {k}, {layer}, has settings that {function} of the language does not have")
            before, pending = finish(f"{function}({pending or before})", last), ""
        elif kind == "LayerNorm":
            if tuple(layer.normalized_shape) != (size,) or layer.eps != 1e-5:
                raise ValueError(f"layer {k}, {layer}, does not normalise {size} numbers with ε = 1e-5")
            expression = f"layer_norm({pending or before})"
            pending = ""
            if layer.elementwise_affine:
                count += 1
                values[f"g{count}"] = _array(layer.weight)
                expression = f"g{count} .* {expression}"
                if layer.bias is not None:
                    values[f"b{count}"] = _array(layer.bias)
                    expression += f" + b{count}"
            before = finish(expression, last)
        else:
            known = ", ".join(["Linear", "LayerNorm", *_ACTIVATIONS])
            raise ValueError(f"layer {k} is a {kind}; the language has {known}")
    if len(lines) == 1:
        raise ValueError("this module has no layers")
    lines += [f"{name} = {{{name}}}" for name in values]
    return derive("\n".join(lines), "x", values, net=True)


def _flat(module: Any) -> list[Any]:
    """The layers of nested Sequentials, in order."""
    if type(module).__name__ == "Sequential":
        return [layer for child in module for layer in _flat(child)]
    return [module]


def _array(parameter: Any) -> np.ndarray:
    return np.asarray(parameter.detach().cpu().double().numpy())
