"""Training against PyTorch's optimizers, and its batches against one example after another."""

from __future__ import annotations

import time
import tracemalloc
from itertools import islice
from typing import Any

import numpy as np
import pytest
from optional import optional
from test_nets import KINDS, Maker, close

import jacmagic
from jacmagic import code, train
from jacmagic.engine import batch
from jacmagic.engine.graph import Graph

torch = optional("torch")

XOR = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [[0], [1], [1], [0]]}


@pytest.mark.parametrize("kind", KINDS)
def test_every_operation_takes_examples_in_front(kind: str) -> None:
    shapes, make = KINDS[kind]
    rng = np.random.default_rng(len(kind))
    for draw in range(4):
        g = Graph()
        inputs = [(f"x{k}", shape) for k, shape in enumerate(shapes)]
        node = make(g, *(g.input(name, shape) for name, shape in inputs))
        many = {name for name, _ in inputs if draw == 0 or rng.random() < 0.5} or {"x0"}
        point = {name: rng.uniform(0.2, 1.5, ((3,) if name in many else ()) + shape) for name, shape in inputs}
        (whole,) = batch.batched(g, [node], dict.fromkeys(many, 3))
        found = code.compiled("numpy", [(name, value.shape) for name, value in point.items()], whole, batch=False).unchecked(**point)
        alone = code.compile_numpy(inputs, node)
        for k in range(3):
            one = alone(**{name: value[k] if name in many else value for name, value in point.items()})
            assert close(found[k], one), f"{kind}, {many}"


@pytest.mark.parametrize("first", range(0, 400, 40))
def test_the_gradient_of_a_mean_is_the_mean_of_the_gradients(first: int) -> None:
    """Of random nets; each example's gradient is compared with PyTorch's elsewhere."""
    for seed in range(first, first + 8):
        net = Maker(seed).make()
        n = jacmagic.nnchain(net.text)
        keys = n.trainable()
        last = n.program.outputs[-1]
        if not keys or n.program.shape(last) != ():
            continue
        rng = np.random.default_rng(seed)
        point = {key: value for key, value in net.inputs.items() if key in n.known}
        n.set(**point)
        many = {key: v + 0.1 * rng.standard_normal((5, *v.shape)) for key, v in point.items() if key not in keys and v.shape}
        found = train.training(n, tuple(keys), dict.fromkeys(many, 5)).unchecked(**n.point({}) | many)
        assert close(found[""], n.forward(**many)[last].mean()), net.text
        for key, slope in n.gradients(**many).items():
            wanted = slope.mean(axis=0) if slope.ndim > len(n.program.shape(key)) else slope
            assert close(found[key], wanted), f"{net.text}\n{key}"


OPTIMIZERS = {
    "sgd": lambda leaves, lr: torch.optim.SGD(leaves, lr),
    "momentum": lambda leaves, lr: torch.optim.SGD(leaves, lr, momentum=0.9),
    "adam": lambda leaves, lr: torch.optim.Adam(leaves, lr),
}


@pytest.mark.parametrize("size", [None, 3, 7])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_weights_move_as_in_pytorch(optimizer: str, size: int | None) -> None:
    n = jacmagic.nnchain("x(3) -> 5 tanh -> 2 softmax\nL = cross_entropy(o, y) + λ ||W1||_F^2\nλ = 0.01")
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 3)), np.eye(2)[rng.integers(0, 2, 7)]
    leaves = {key: torch.tensor(n.values[key], requires_grad=True) for key in n.trainable()}
    rule = OPTIMIZERS[optimizer](list(leaves.values()), 0.05)
    parts = train.batches(7, size or 7, seed=4)
    losses, norms = [], []
    for _ in range(40):
        rows = next(parts)
        X, Y = torch.tensor(x[rows]), torch.tensor(y[rows])
        z = torch.tanh(X @ leaves["W1"].T + leaves["c1"]) @ leaves["W2"].T + leaves["c2"]
        loss = -(Y * torch.log_softmax(z, 1)).sum(1).mean() + 0.01 * (leaves["W1"] ** 2).sum()
        rule.zero_grad()
        loss.backward()
        losses.append(loss.item())
        norms.append(leaves["W2"].grad.norm().item())
        rule.step()
    found = n.train({"x": x, "y": y}, lr=0.05, steps=40, optimizer=optimizer, batch=size, seed=4, progress=False)
    assert close(found, losses)
    assert close(found.history["loss"], losses)
    assert close(found.history["gradients"]["W2"], norms)
    for key, leaf in leaves.items():
        assert close(n.values[key], leaf.detach().numpy()), key


def test_every_example_comes_once_an_epoch_and_in_an_order_of_the_seed() -> None:
    parts = list(islice(train.batches(10, 4, seed=1), 6))
    assert [len(part) for part in parts] == [4, 4, 2, 4, 4, 2]
    first, second = (np.concatenate(parts[k : k + 3]) for k in (0, 3))
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)
    assert [list(part) for part in islice(train.batches(10, 4, seed=1), 6)] == [list(part) for part in parts]
    assert list(np.concatenate(list(islice(train.batches(10, 4, seed=2), 3)))) != list(first)


def test_the_generator_is_the_one_it_says() -> None:
    # As JavaScript's Math.imul has it.
    assert list(islice(train._mulberry32(0), 3)) == [0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]
    assert list(islice(train._mulberry32(12345), 3)) == [0.9797282677609473, 0.3067522644996643, 0.484205421525985]


def test_memory_is_that_of_the_batch_and_not_of_the_data() -> None:
    n = jacmagic.nnchain("x(200) -> 30 relu -> 4 softmax\nL = cross_entropy(o, y)")
    rng = np.random.default_rng(0)
    peaks = []
    for count in (500, 4000):
        x, y = rng.normal(size=(count, 200)), np.eye(4)[rng.integers(0, 4, count)]
        n.train({"x": x, "y": y}, steps=2, batch=50, progress=False)  # what is made once
        tracemalloc.start()
        n.train({"x": x, "y": y}, steps=5, batch=50, progress=False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
    assert peaks[1] < 3_000_000  # a gradient for each of 50 examples alone would be 2.4 MB, for all of them 192


def test_losses_are_an_array_with_their_history() -> None:
    n = jacmagic.nnchain("x(2) -> 4 tanh -> o(1) sigmoid\nL = bce(o, y)")
    losses = n.train(XOR, steps=7, progress=False)
    assert isinstance(losses, np.ndarray)
    assert losses.shape == (7,)
    assert {key: one.shape for key, one in losses.history["gradients"].items()} == dict.fromkeys(["W1", "c1", "W2", "c2"], (7,))
    assert len(n.train(XOR, progress=False)) == 100


@pytest.mark.parametrize(("asked", "says"), [
    ({"optimizer": "adamw"}, "no optimizer 'adamw'; there are sgd, momentum, adam"),
    ({"batch": 0}, "from 1 to 4"), ({"batch": 5}, "from 1 to 4"),
])
def test_what_cannot_be_done_is_said_before_anything_is(asked: dict[str, Any], says: str) -> None:
    n = jacmagic.nnchain("x(2) -> 4 tanh -> o(1) sigmoid\nL = bce(o, y)")
    before = repr(n.values)
    with pytest.raises(ValueError, match=says):
        n.train(XOR, **asked)
    assert repr(n.values) == before


def test_xor_is_learned() -> None:
    n = jacmagic.nnchain("x(2) -> 4 tanh -> o(1) sigmoid\nL = bce(o, y)")
    data = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [[0], [1], [1], [0]]}
    losses = n.train(data, lr=1.0, steps=1500, progress=False)
    assert len(losses) == 1500
    assert losses[-1] < 0.05 < losses[0]
    assert (n.forward(x=data["x"])["o"].round() == data["y"]).all()


@pytest.mark.parametrize(("data", "says"), [
    ({"x": [1, 2, 3, 4], "y": [[2], [4], [6], [8]]}, "do not match: x 4, y 4 × 1"),
    ({"x": [[1], [2]], "y": [1, 2]}, "do not match: x 2 × 1, y 2"),
    ({"x": [1, 2, 3], "y": [1, 2]}, "do not match: x 3, y 2"),
    ({"x": [1, 2, 3], "y": 1}, "do not match: x 3, y one"),
    ({"x": [1, 2, 3]}, "no data for y, the target"),
    ({"x": [1, float("nan")], "y": [1, 2]}, "x has entries that are not finite"),
    ({"x": [], "y": []}, "x has no examples"),
    ({"x": [1, 2j], "y": [1, 2]}, "x takes real numbers"),
])
def test_data_to_learn_from_have_one_example_a_row(data: dict[str, Any], says: str) -> None:
    n = jacmagic.nnchain("x in R\no = w x + b\nL = (o - y)^2")
    before = repr(n.values)
    with pytest.raises(ValueError, match=says):
        n.train(data, steps=3)
    assert repr(n.values) == before


def test_class_labels_are_no_targets_of_a_softmax() -> None:
    n = jacmagic.nnchain("x(2) -> 3 tanh -> 3 softmax\nL = cross_entropy(o, y)")
    for labels in ([0, 1, 2], [0, 1, 2, 1]):  # as many as classes, and not
        with pytest.raises(ValueError, match=r"one a row|one example a row"):
            n.train({"x": np.ones((len(labels), 2)), "y": labels}, steps=3)


def test_what_training_is_asked_wrongly_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    n = jacmagic.nnchain("x in R\no = w x + b\nL = (o - y)^2")
    data = {"x": [1.0, 2.0], "y": [2.0, 4.0]}
    with pytest.raises(TypeError, match="one example a row"):
        n.train([data["x"], data["y"]])
    with pytest.raises(ValueError, match="steps is at least 1"):
        n.train(data, steps=-1)
    with pytest.raises(ValueError, match="lr takes real numbers"):
        n.train(data, lr="0.1")
    with pytest.raises(ValueError, match="lr is 0 or more"):
        n.train(data, lr=-0.1)
    with pytest.raises(ValueError, match="seed is a whole number"):
        n.train(data, seed="a")
    with pytest.raises(ValueError, match=r"no longer finite at step .* try a smaller lr than 9"):
        n.train(data, lr=9.0)
    assert np.isfinite([n.values["w"], n.values["b"]]).all()
    with pytest.raises(ValueError, match=r"o has 2 entries|o is not a number"):
        jacmagic.nnchain("x in R\no = W x + b in R^2").train({"x": [1.0]})
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    n.set(w=0.0, b=0.0)
    n.train(data, lr=0.01, steps=3)
    assert "step 3 of 3, loss" in capsys.readouterr().out


def test_a_noisy_line_is_learned() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, 200)
    y = 2 * x - 0.5 + 0.05 * rng.standard_normal(200)
    n = jacmagic.nnchain("x in R\ny in R\nL = (w x + b - y)^2")
    n.train({"x": x, "y": y}, lr=0.3, steps=200, progress=False)
    slope, offset = np.polyfit(x, y, 1)
    assert abs(n.values["w"] - slope) < 1e-6
    assert abs(n.values["b"] - offset) < 1e-6


def test_a_worked_example_ten_thousand_rounds_long() -> None:
    """Matt Mazur, A step by step backpropagation example: biases are left alone. Compared with NumPy by hand."""
    n = jacmagic.nnchain("x in R^2\nh = sigmoid(W1 x + b1) in R^2\no = sigmoid(W2 h + b2) in R^2\nL = 1/2 ||o - y||^2")
    x, y = np.array([0.05, 0.10]), np.array([0.01, 0.99])
    w1, w2 = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])
    n.set(x=x, y=y, W1=w1, W2=w2, b1=[0.35, 0.35], b2=[0.60, 0.60])
    losses = n.train({"x": x, "y": y}, lr=0.5, steps=10_000, fixed=["b1", "b2"], progress=False)
    wanted = []
    for _ in range(10_000):
        h = 1 / (1 + np.exp(-(w1 @ x + 0.35)))
        o = 1 / (1 + np.exp(-(w2 @ h + 0.60)))
        wanted.append(((o - y) ** 2).sum() / 2)
        delta = (o - y) * o * (1 - o)
        w1, w2 = w1 - 0.5 * np.outer(w2.T @ delta * h * (1 - h), x), w2 - 0.5 * np.outer(delta, h)
    np.testing.assert_allclose(losses, wanted, rtol=1e-9)
    np.testing.assert_allclose(n.values["W1"], w1, rtol=1e-9)
    assert abs(losses[0] - 0.298371109) < 1e-9  # as printed there
    assert list(n.values["b1"]) == [0.35, 0.35]
