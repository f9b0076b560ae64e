"""Nets with data to learn from: what a page's losses are compared with Python's on."""

import numpy as np

import jacmagic
from jacmagic.result import Result

XOR = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [[0], [1], [1], [0]]}
DEEP = "x in R^2\na = tanh(W1 x + c1) in R^8\nb = tanh(W2 a + c2) in R^8\no = sigmoid(W3 b + c3) in R^1\ny in R^1\nL = bce(o, y)"


def spirals(count: int) -> dict[str, np.ndarray]:
    """Two arms, `count` examples of each."""
    t = np.linspace(0.3, 5.9, count)
    arm = np.stack([t * np.cos(t), t * np.sin(t)], axis=1) / 3
    return {"x": np.concatenate([arm, -arm]), "y": np.repeat([[0.0], [1.0]], count, axis=0)}


def line() -> dict[str, np.ndarray]:
    x = np.linspace(-2, 2, 30)
    return {"x": x, "y": 1.5 * x - 0.5 + np.random.default_rng(0).normal(0, 0.3, 30)}


LESSONS = {
    "xor": ("x in R^2\na = tanh(W1 x + c1) in R^3\no = sigmoid(W2 a + c2) in R^1\ny in R^1\nL = (o - y)^2", XOR, {"lr": 0.5}),
    "spirals": (DEEP, spirals(40), {"lr": 0.02, "optimizer": "adam", "batch": 15, "seed": 7}),
    "line": ("x in R\ny in R\no = w x + b\nL = (o - y)^2", line(), {"lr": 0.02, "optimizer": "momentum", "batch": 8}),
    "ridge": ("x in R^2\no = w^T x + b\ny in R\nL = (o - y)^2 + λ ||w||^2\nλ = 0.1", {"x": XOR["x"], "y": [0, 1, 1, 2]}, {"lr": 0.1, "fixed": "b", "batch": 3, "seed": -3}),
    "classes": (
        "x in R^2\na = relu(W1 x + c1) in R^6\no = softmax(W2 a + c2) in R^3\ny in R^3\nL = cross_entropy(o, y)",
        {"x": spirals(15)["x"], "y": np.eye(3)[np.arange(30) % 3]}, {"lr": 0.05, "optimizer": "adam"},
    ),
}


def lesson(name: str) -> Result:
    """The net with its data and options, none of them used yet."""
    block, data, options = LESSONS[name]
    n = jacmagic.nnchain(block)
    before = {key: n.values[key] for key in n.trainable()}
    n.train(data, steps=1, progress=False, **options)
    n.values.update(before)
    return n
