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
    block = _Block(input_size)
    layers = [layer for layer in _flat(module) if type(layer).__name__ not in _SKIPPED]
    for k, layer in enumerate(layers):
        block.add(k, layer, last=k == len(layers) - 1)
    if not layers:
        raise ValueError("this module has no layers")
    lines = [*block.lines, *(f"{name} = {{{name}}}" for name in block.values)]
    return derive("\n".join(lines), "x", block.values, net=True)


class _Block:
    """The lines of a net, written layer by layer; what is linear waits for the activation round it."""

    def __init__(self, input_size: int) -> None:
        self.lines = [f"x in R^{input_size}"]
        self.values: dict[str, Any] = {}
        self.size = input_size
        self.now = "x"  # what the next layer takes
        self.waits = False  # whether that has no name yet
        self.weights = 0

    def add(self, k: int, layer: Any, last: bool) -> None:
        kind = type(layer).__name__
        if kind == "Linear":
            self.linear(k, layer, last)
        elif kind == "LayerNorm":
            self.norm(k, layer, last)
        elif kind in _ACTIVATIONS:
            function, fits = _ACTIVATIONS[kind]
            if not fits(layer):
                raise ValueError(f"layer {k}, {layer}, has settings that {function} of the language does not have")
            self.line(f"{function}({self.now})", last)
        else:
            known = ", ".join(["Linear", "LayerNorm", *_ACTIVATIONS])
            raise ValueError(f"layer {k} is a {kind}; the language has {known}")

    def line(self, expression: str, last: bool) -> None:
        """A definition of its own, which the next layer takes."""
        self.now, self.waits = "o" if last else f"h{len(self.lines)}", False
        self.lines.append(f"{self.now} = {expression} in R^{self.size}")

    def linear(self, k: int, layer: Any, last: bool) -> None:
        if layer.in_features != self.size:
            raise ValueError(f"layer {k} takes {layer.in_features} numbers, but it gets {self.size}")
        if self.waits:
            self.line(self.now, False)
        self.now, self.waits = f"{self.weight('W', layer.weight)} {self.now}", True
        if layer.bias is not None:
            self.now += f" + {self.value('c', layer.bias)}"
        self.size = layer.out_features
        if last:
            self.line(self.now, True)

    def norm(self, k: int, layer: Any, last: bool) -> None:
        if tuple(layer.normalized_shape) != (self.size,) or layer.eps != 1e-5:
            raise ValueError(f"layer {k}, {layer}, does not normalise {self.size} numbers with ε = 1e-5")
        expression = f"layer_norm({self.now})"
        if layer.elementwise_affine:
            expression = f"{self.weight('g', layer.weight)} .* {expression}"
            if layer.bias is not None:
                expression += f" + {self.value('b', layer.bias)}"
        self.line(expression, last)

    def weight(self, letter: str, parameter: Any) -> str:
        self.weights += 1
        return self.value(letter, parameter)

    def value(self, letter: str, parameter: Any) -> str:
        name = f"{letter}{self.weights}"
        self.values[name] = _array(parameter)
        return name


def _flat(module: Any) -> list[Any]:
    """The layers of nested Sequentials, in order."""
    if type(module).__name__ == "Sequential":
        return [layer for child in module for layer in _flat(child)]
    return [module]


def _array(parameter: Any) -> np.ndarray:
    return np.asarray(parameter.detach().cpu().double().numpy())
