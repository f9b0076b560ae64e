"""Nets against PyTorch in double precision: every definition by every earlier name, batches, losses, learning.

A random net is written twice as it is made up, as text and as a PyTorch program;
neither goes through our graph.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from evaluate import backward_is_right, evaluate, full
from optional import optional

import jacmagic
from jacmagic import code, panel
from jacmagic.engine.graph import Graph, Node, ancestry, slot
from jacmagic.engine.ops import pull, push
from jacmagic.language import printers
from jacmagic.language import tree as t
from jacmagic.show import backward, chain, factors, views

torch = optional("torch")
F = torch.nn.functional
Tensor = Any

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
    "softsign": F.softsign,
    "mish": F.mish,
    "hardtanh": F.hardtanh,
    "relu6": F.relu6,
    "hardswish": F.hardswish,
    "logsigmoid": F.logsigmoid,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
    "step": lambda z: (z > 0).to(z.dtype) + 0 * z,
    "softmax": lambda z: torch.softmax(z, -1),
    "log_softmax": lambda z: torch.log_softmax(z, -1),
    "layer_norm": lambda z: F.layer_norm(z, z.shape[-1:]),
    "sin": torch.sin,
    "exp": torch.exp,
    "abs": torch.abs,
    "erf": torch.erf,
    "atan": torch.atan,
    "\u03c3": torch.sigmoid,
    "ReLU": torch.relu,
    "swish": F.silu,
}

NUMBERS: dict[str, Callable[[Tensor], Tensor]] = {
    "norm({})": torch.linalg.vector_norm,
    "||{}||": torch.linalg.vector_norm,
    "||{}||_1": lambda a: a.abs().sum(),
    "||{}||_∞": lambda a: a.abs().amax(),
    "sum({})": torch.sum,
    "mean({})": torch.mean,
    "max({})": torch.amax,
    "min({})": torch.amin,
    "prod({})": torch.prod,
    "{0}^T {0}": lambda a: a @ a,
    "1/2 ||{}||^2": lambda a: a @ a / 2,
}


@dataclass
class Net:
    """A block and the same in PyTorch: definitions in order, each a function of the names before it."""

    lines: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    inputs: dict[str, np.ndarray] = field(default_factory=dict)
    steps: dict[str, Callable[[dict[str, Tensor]], Tensor]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def forward(self, point: dict[str, Tensor], until: str | None = None) -> dict[str, Tensor]:
        """The values of all names; those already in `point` are kept, be they definitions."""
        names = dict(point)
        for name, step in self.steps.items():
            if name not in names:
                names[name] = step(names)
        return names

    def derivatives(self, wrt: str) -> dict[str, np.ndarray]:
        """{definition: its derivative by `wrt`}, everything by PyTorch."""
        point = {k: torch.tensor(v) for k, v in self.inputs.items()}
        at = self.forward(point)[wrt]
        later = list(self.steps) if wrt in self.inputs else list(self.steps)[list(self.steps).index(wrt) + 1 :]

        if not later:
            return {}

        def run(value: Tensor) -> dict[str, Tensor]:
            out = self.forward(point | {wrt: value})
            return {k: out[k] + 0 * value.sum() for k in later}

        return {k: v.detach().numpy() for k, v in torch.func.jacrev(run)(at).items()}


def log_loss(v: dict[str, Tensor], p: str, y: Tensor) -> Tensor:
    """The loss of a prediction; from what it is the sigmoid of, as ln(1 - p) of a rounded p has lost its digits.

    Where p is itself what is differentiated by, there is nothing behind it.
    """
    logits = v.get("logits of " + p)
    if logits is not None:
        return F.binary_cross_entropy_with_logits(logits, y)
    return -(y * torch.log(v[p]) + (1 - y) * torch.log1p(-v[p])).mean()  # binary_cross_entropy cuts its slope off


class Maker:
    """Makes up a net, seeded."""

    def __init__(self, seed: int) -> None:
        self.rng, self.arrays, self.net, self.weights = random.Random(seed), np.random.default_rng(seed), Net(), 0

    def input(self, name: str, shape: tuple[int, ...]) -> str:
        self.net.shapes[name] = shape
        self.net.inputs[name] = self.arrays.uniform(-1.2, 1.2, shape)
        return name

    def weight(self, rows: int, columns: int) -> str:
        """The name of a matrix, an old one of that shape where chance has it."""
        old = [k for k, s in self.net.shapes.items() if s == (rows, columns) and k in self.net.inputs]
        if old and self.rng.random() < 0.5:
            return self.rng.choice(old)
        self.weights += 1
        return self.input(f"{self.rng.choice('WVU')}{self.weights}", (rows, columns))

    def bias(self, size: int) -> str:
        self.weights += 1
        return self.input(f"{self.rng.choice('cb')}{self.weights}", (size,))

    def affine(self, of: str, size: int) -> tuple[str, Callable[[dict[str, Tensor]], Tensor]]:
        width = self.net.shapes[of][0]
        if self.rng.random() < 0.4:  # the tutorial writes its weights transposed
            w = self.weight(width, size)
            text, run = f"{w}^T {of}", lambda v: v[w].T @ v[of]
        else:
            w = self.weight(size, width)
            text, run = f"{w} {of}", lambda v: v[w] @ v[of]
        if self.rng.random() < 0.75:
            c = self.bias(size)
            return f"{text} + {c}", lambda v: run(v) + v[c]
        return text, run

    def vectors(self, size: int | None = None) -> list[str]:
        return [k for k, s in self.net.shapes.items() if len(s) == 1 and (size is None or s[0] == size)
                and not k.startswith(("c", "b", "y"))]

    def layer(self, name: str) -> None:
        """One definition of a random kind."""
        rng = self.rng
        of = rng.choice(self.vectors())
        width = self.net.shapes[of][0]
        size = rng.randint(1, 8)
        several = min(width, size) > 1  # softmax of one entry is refused, and layer_norm of one is 0
        word = rng.choice([one for one in ACTIVATIONS if several or one not in ("softmax", "log_softmax", "layer_norm")])
        f = ACTIVATIONS[word]
        kind = rng.choice(["layer"] * 4 + ["plain", "skip", "gate", "two", "stack", "scaled", "part", "number"])
        if kind in ("layer", "plain"):
            z, run = self.affine(of, size)
            self.define(name, z if kind == "plain" else f"{word}({z})", run if kind == "plain" else lambda v: f(run(v)), (size,))
        elif kind == "skip":
            z, run = self.affine(of, width)
            self.define(name, f"{of} + {word}({z})", lambda v: v[of] + f(run(v)), (width,))
        elif kind == "gate":
            other = rng.choice(self.vectors(width))
            sign = rng.choice([".*", "⊙", "-"])
            self.define(name, f"{word}({of}) {sign} {other}",
                        lambda v: f(v[of]) - v[other] if sign == "-" else f(v[of]) * v[other], (width,))
        elif kind == "two":
            z, run = self.affine(of, size)
            again, more = self.affine(rng.choice(self.vectors()), size)
            self.define(name, f"{word}({z} + {again})", lambda v: f(run(v) + more(v)), (size,))
        elif kind == "stack":
            other = rng.choice(self.vectors())
            total = width + self.net.shapes[other][0]
            if total > 8:
                return self.layer(name)
            self.define(name, f"[{of}, {other}]", lambda v: torch.cat([v[of], v[other]]), (total,))
        elif kind == "scaled":
            self.define(name, f"0.5{word}(2{of} - 1)/3", lambda v: f(2 * v[of] - 1) / 6, (width,))
        elif kind == "part":
            k = rng.randint(1, width)
            self.define(name, f"{word}({of}) {of}[{k}]" if rng.random() < 0.5 else f"{of}[{k}] {word}({of})",
                        lambda v: f(v[of]) * v[of][k - 1], (width,))
        else:
            form, reduce = rng.choice(list(NUMBERS.items()))
            self.define(name, f"{of} * tanh({form.format(of)})", lambda v: v[of] * torch.tanh(reduce(v[of])), (width,))
        return None

    def define(self, name: str, text: str, run: Callable[[dict[str, Tensor]], Tensor], shape: tuple[int, ...]) -> None:
        self.net.lines.append(f"{name} = {text}" + (f" in R^{shape[0]}" if shape and self.rng.random() < 0.7 else ""))
        self.net.steps[name], self.net.shapes[name] = run, shape

    def loss(self, name: str, of: str) -> None:
        size = self.net.shapes[of][0]
        several = ["cross_entropy", "softmax", "nll"] if size > 1 else []
        kind = self.rng.choice(["mse", "mae", "huber", "bce", "sigmoid", "square", *several])
        y = "y_" + name
        self.input(y, (size,))
        if kind in ("cross_entropy", "softmax", "nll"):
            self.net.inputs[y] = np.abs(self.net.inputs[y])
        if kind in ("bce", "sigmoid"):
            self.net.inputs[y] = (self.net.inputs[y] > 0) * 1.0
        forms: dict[str, tuple[str, Callable[[dict[str, Tensor]], Tensor]]] = {
            "mse": (f"mse({of}, {y})", lambda v: F.mse_loss(v[of], v[y])),
            "mae": (f"mae({of}, {y})", lambda v: F.l1_loss(v[of], v[y])),
            "huber": (f"huber({of}, {y})", lambda v: F.huber_loss(v[of], v[y])),
            "square": (f"1/2 ||{of} - {y}||^2", lambda v: ((v[of] - v[y]) ** 2).sum() / 2),
            "softmax": (f"cross_entropy(softmax({of}), {y})", lambda v: -(v[y] * torch.log_softmax(v[of], 0)).sum()),
            "cross_entropy": (f"cross_entropy(p{name}, {y})", lambda v: -(v[y] * torch.log(v["p" + name])).sum()),
            "nll": (f"-dot({y}, log_softmax({of}))", lambda v: -(v[y] * torch.log_softmax(v[of], 0)).sum()),
            "sigmoid": (f"bce(sigmoid({of}), {y})", lambda v: F.binary_cross_entropy_with_logits(v[of], v[y])),
            "bce": (f"bce(p{name}, {y})", lambda v: log_loss(v, "p" + name, v[y])),
        }
        if kind in ("cross_entropy", "bce"):
            word = "softmax" if kind == "cross_entropy" else "sigmoid"
            def predict(v: dict[str, Tensor]) -> Tensor:
                v["logits of p" + name] = v[of]
                return ACTIVATIONS[word](v[of])

            self.define("p" + name, f"{word}({of})", predict, (size,))
        self.define(name, *forms[kind], ())
        if self.rng.random() < 0.3:  # the loss once more, scaled, with a parameter
            self.input("k", ())
            self.define("R", f"{name} + k^2 {name}", lambda v: v[name] + v["k"] ** 2 * v[name], ())

    def make(self) -> Net:
        rng = self.rng
        heads = []
        for name in ("x", "u")[: 1 + (rng.random() < 0.3)]:
            size = rng.randint(1, 8)
            self.input(name, (size,))
            heads.append(f"{name} in R^{size}")
        for k in range(rng.randint(1, 4)):
            self.layer(rng.choice(["a", "h", "q"]) + str(k + 1))
        last = list(self.net.steps)[-1]
        if rng.random() < 0.8:
            self.loss("L", last)
        declared = [f"{k} in R^{s[0]}" for k, s in self.net.shapes.items() if k[0] in "cby" and len(s) == 1]
        declared += [f"{k} in R^({s[0]}x{s[1]})" for k, s in self.net.shapes.items()
                     if len(s) == 2 and k in self.net.inputs]
        declared += ["k in R"] if "k" in self.net.inputs else []
        self.net.lines[:0] = [*heads, *declared]
        return self.net


def close(found: Any, wanted: Any) -> bool:
    found, wanted = np.asarray(found), np.asarray(wanted)
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    return found.shape == wanted.shape and bool(np.abs(found - wanted).max(initial=0) <= 1e-9 * scale)


def check_net(seed: int) -> None:
    net = Maker(seed).make()
    n = jacmagic.nnchain(net.text)
    net.inputs = {key: value for key, value in net.inputs.items() if key in n.known}
    values = n.forward(**net.inputs)
    expected = net.forward({k: torch.tensor(v) for k, v in net.inputs.items()})
    for name in net.steps:
        assert close(values[name], expected[name].numpy()), f"{net.text}\n{name}: {values[name]} {expected[name]}"
    for wrt in [*net.inputs, *net.steps]:
        for of, wanted in net.derivatives(wrt).items():
            if np.isnan(wanted).any():
                continue  # where a step overflows, PyTorch multiplies 0 by infinity
            found = n.at(of, wrt, **net.inputs)
            assert close(found, wanted), f"{net.text}\nd{of}/d{wrt} = {found}\nPyTorch: {wanted}\nat {net.inputs}"


EACH = int(os.environ.get("JACMAGIC_EXAMPLES", "2000")) // 200
"""A fiftieth of the random nets; JACMAGIC_EXAMPLES=20000 makes 5,000 nets of them all."""


@pytest.mark.parametrize("block", [
    0, *(pytest.param(k, marks=pytest.mark.long if k < 5 else pytest.mark.scale) for k in range(1, 50))
])
def test_every_definition_by_every_earlier_name_is_as_in_pytorch(block: int) -> None:
    for seed in range(EACH * block, EACH * (block + 1)):
        check_net(seed)


@pytest.mark.parametrize("every", [50, pytest.param(5, marks=pytest.mark.scale)])
@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
def test_the_generated_code_of_random_nets_runs_and_agrees(backend: str, every: int) -> None:
    if backend == "jax":
        optional("jax").config.update("jax_enable_x64", True)
    for seed in range(2, 502, every if backend != "jax" else 4 * every):
        net = Maker(seed).make()
        n = jacmagic.nnchain(net.text)
        point = dict(n.values.items()) | {key: value for key, value in net.inputs.items() if key in n.known}
        space: dict[str, Any] = {}
        exec(n.code(backend), space)
        given = {key: torch.tensor(value) for key, value in point.items()} if backend == "torch" else point
        found = np.asarray(space["jacobian"](**given))
        wanted = n.at(**{key: value for key, value in net.inputs.items() if key in n.known})
        assert close(found.reshape(wanted.shape), wanted), f"{net.text}\n{backend}: {found}\n{wanted}"


# ------------------------------------------------------------------ batches


@pytest.mark.parametrize("seed", range(0, 400, 10))
def test_a_batch_is_a_loop(seed: int) -> None:
    """Axes in front of some inputs, weights too, give the same axes in front of every result."""
    net = Maker(seed).make()
    n = jacmagic.nnchain(net.text)
    rng = np.random.default_rng(seed)
    point = {key: value for key, value in net.inputs.items() if key in n.known}
    batched = [key for key in point if rng.random() < 0.5] or list(point)[:1]
    lead = (3,) if seed % 20 else (2, 3)
    many = {key: v + 0.1 * rng.standard_normal(lead + v.shape) if key in batched else v for key, v in point.items()}
    last = n.program.outputs[-1]
    pairs = [(last, key) for key in point] + [(last, key) for key in list(n.program.steps)[:-1]]
    forward = n.forward(**many)
    for at in np.ndindex(lead):
        one = {key: many[key][at] if key in batched else v for key, v in point.items()}
        for name, value in n.forward(**one).items():
            assert close(forward[name][at], value), f"{net.text}\n{name} at {at}"
        for of, wrt in pairs:
            assert close(n.at(of, wrt, **many)[at], n.at(of, wrt, **one)), f"{net.text}\nd{of}/d{wrt}, {batched}"


# ------------------------------------------------------------------ forward against reverse

_0, _1 = slot(0), slot(1)

KINDS: dict[str, tuple[list[tuple[int, ...]], Callable[..., Node]]] = {
    "map": ([(3,), (3,)], lambda g, a, b: g.map(_0**2 * _1 + _1, [(a, (0,)), (b, (0,))], (3,))),
    "map, broadcast": ([(3,), (2,), ()], lambda g, a, b, c: g.map(
        _0 * _1 + slot(2) ** 2 * _1, [(a, (1,)), (b, (0,)), (c, ())], (2, 3))),
    "map, transposed": ([(2, 3), (3,)], lambda g, a, b: g.map(_0 * _1**2, [(a, (1, 0)), (b, (0,))], (3, 2))),
    "map, constant slope": ([(2,)], lambda g, a: g.map(3 * _0, [(a, (1,))], (4, 2))),
    "matrix times vector": ([(2, 3), (3,)], lambda g, a, b: g.dot(a, b, (0, 1), (1,), (0,))),
    "transposed matrix times vector": ([(3, 2), (3,)], lambda g, a, b: g.dot(a, b, (0, 1), (0,), (1,))),
    "matrix times matrix": ([(2, 3), (3, 4)], lambda g, a, b: g.dot(a, b, (0, 1), (1, 2), (0, 2))),
    "inner product": ([(3,), (3,)], lambda g, a, b: g.dot(a, b, (0,), (0,), ())),
    "outer product": ([(3,), (2,)], lambda g, a, b: g.dot(a, b, (0,), (1,), (0, 1))),
    "vector times matrix": ([(2,), (2, 3)], lambda g, a, b: g.dot(a, b, (0,), (0, 1), (1,))),
    "outer product, summed over one factor": ([(3,), (4, 2)], lambda g, a, b: g.dot(a, b, (0,), (2, 1), (0, 1))),
    "products, each factor summed alone": ([(3, 2), (4,)], lambda g, a, b: g.dot(a, b, (1, 0), (2,), (0,))),
    "sum": ([(3,)], lambda g, a: g.sum(a, (0,))),
    "sum of rows": ([(2, 3)], lambda g, a: g.sum(a, (1,))),
    "permute": ([(2, 3)], lambda g, a: g.permute(a, (1, 0))),
    "take": ([(2, 3)], lambda g, a: g.take(a, (4, 0, 4), (3,))),
    "put": ([(3,)], lambda g, a: g.put(a, (0, 4, 8), (3, 3))),
    "put, places that meet": ([(3,)], lambda g, a: g.put(a, (0, 1, 0), (2,))),
    "stack": ([(2,), (), (3,)], lambda g, a, b, c: g.stack([a, b, c], (6,))),
    **{op: ([(4,)], lambda g, a, op=op: g.along(op, a))
       for op in ("softmax", "log_softmax", "logsumexp", "amax", "amin", "norm", "prod")},
    **{f"{op} of rows": ([(2, 4)], lambda g, a, op=op: g.along(op, a))
       for op in ("softmax", "log_softmax", "logsumexp", "amax", "amin", "norm", "prod")},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("directions", [None, 2])
def test_a_step_forward_and_back_are_adjoint(kind: str, directions: int | None) -> None:
    """<u, J v> = <J^T u, v> for random u and v, alone and in rows of several."""
    shapes, make = KINDS[kind]
    g = Graph()
    inputs = [g.input(f"x{k}", shape) for k, shape in enumerate(shapes)]
    node = make(g, *inputs)
    lead, front = (1, (directions,)) if directions else (0, ())
    tangents: list[Node | None] = [g.input(f"v{k}", front + shape) for k, shape in enumerate(shapes)]
    cotangent = g.input("u", front + node.shape)
    forward = push(g, node, tangents, lead, True)
    assert forward is not None
    names = [(f"x{k}", shape) for k, shape in enumerate(shapes)] + [("u", front + node.shape)]
    names += [(f"v{k}", front + shape) for k, shape in enumerate(shapes)]
    rng = np.random.default_rng(7)
    values = {name: rng.standard_normal(shape) for name, shape in names}
    left = code.compile_numpy(names, forward)(**values)
    axis = tuple(range(lead, lead + len(node.shape)))
    wanted = (values["u"] * left).sum(axis=axis)
    found = 0.0
    for arg, part in pull(g, node, cotangent, lead, True):
        k = inputs.index(arg)
        back = code.compile_numpy(names, part)(**values)
        assert back.shape == front + shapes[k]
        found = found + (values[f"v{k}"] * back).sum(axis=tuple(range(lead, lead + len(shapes[k]))))
    assert np.allclose(found, wanted, rtol=1e-12, atol=1e-13)


# ------------------------------------------------------------------ layers, gradients, learning


def local(n: Any, of: str, wrt: str, point: dict[str, Any]) -> np.ndarray:
    """The local Jacobian of a definition by a name it reads, in numbers."""
    node = n.local_node(of, wrt)
    names = [(i.data, i.shape) for i in ancestry([node]) if i.op == "input"]
    values = n.forward(**point) | point
    return np.asarray(code.compile_numpy(names, node)(**{name: values[name] for name, _ in names}))


@pytest.mark.parametrize("seed", range(0, 500, 5))
def test_the_product_of_the_local_jacobians_is_the_whole(seed: int) -> None:
    """Summed over all paths: total(of) = sum over its inputs of local(of, input) total(input)."""
    net = Maker(seed).make()
    n = jacmagic.nnchain(net.text)
    (by,) = n.program.variables
    width = int(np.prod(n.program.shape(by)))
    point = {key: value for key, value in net.inputs.items() if key in n.known}
    totals = {by: np.eye(width)}
    for layer in n.layers:
        rows = int(np.prod(layer.shape))
        totals[layer.name] = sum(
            (local(n, layer.name, key, point).reshape(rows, -1) @ totals[key] for key in layer.inputs if key in totals),
            np.zeros((rows, width)),
        )
        assert close(totals[layer.name], n.at(layer.name, by, **point).reshape(rows, width)), net.text


def check_forms(n: Any) -> None:
    """Every local Jacobian has a matrix form, and that has its numbers."""
    known: dict[Any, Any] = {**n.values, **n.forward()}
    for of, reads in chain.depends(n).items():
        if (parts := backward.pre_activation(n, of)) is not None:
            known[t.PreActivation(t.Name(of))] = evaluate(parts[0], known, full(n.program.shape(of)))
        for wrt in reads:
            found = factors.matrix_form(n, of, wrt)
            assert found is not None, f"{n.text}\n{of} by {wrt}"
            shape = (int(np.prod(n.program.shape(of))), int(np.prod(n.program.shape(wrt))))
            wanted = local(n, of, wrt, {k: known[k] for k in n.program.inputs if k in known}).reshape(shape)
            value = evaluate(found[0], known, shape)
            assert np.allclose(value, wanted, rtol=1e-9, atol=1e-12), f"{n.text}\n{of} by {wrt}: {printers.text(found[0])}"


@pytest.mark.parametrize("first", [0, pytest.param(50, marks=pytest.mark.scale)])
def test_every_local_jacobian_and_every_gradient_is_a_formula_with_its_numbers(first: int) -> None:
    """500 random nets; a tenth of them by default."""
    for seed in range(first, 50 if first == 0 else 500):
        n = jacmagic.nnchain(Maker(seed).make().text)
        check_forms(n)
        told = backward_is_right(n)
        if np.prod(n.program.shape(n.program.outputs[-1])) == 1:
            assert told == {key for key in n.program.parameters if n.program.inputs[key].role == "weight"}, n.text


@pytest.mark.parametrize(
    ("block", "form"),
    [
        ("y = softmax(x)", "∂y/∂x = diag(y) - y yᵀ"),
        ("A in R^(2x3)\nb in R^2\ny = A x + b", "∂y/∂x = A"),
        ("A in R^(3x2)\ny = A^T x", "∂y/∂x = Aᵀ"),
        ("A in R^(3x3)\nb in R^3\ny = 1/2 x^T A x - b^T x", "∂y/∂x = 1/2 xᵀ (A + Aᵀ) - bᵀ"),
        ("A in R^(2x3)\nb in R^2\ny = ||A x - b||^2", "∂y/∂x = 2 (A x - b)ᵀ A"),
        ("t in R^3\ny = 1/2 (x - t)^T (x - t)", "∂y/∂x = (x - t)ᵀ"),
        ("y = ||x||", "∂y/∂x = xᵀ/y"),
        ("y = tanh(x)", "∂y/∂x = diag(1 - y²)"),
        ("A in R^(3x3)\ny = A x + x", "∂y/∂x = A + I"),
        ("A in R^(3x3)\nB in R^(3x3)\ny = A x + 2 B x", "∂y/∂x = A + 2B"),
        ("A in R^(3x3)\ny = sqrt(x^T A x + 99)", "∂y/∂x = (1/(2 √(xᵀ A x + 99))) xᵀ (Aᵀ + A)"),
        ("y = softmax(x/T)\nT in R", "∂y/∂x = (1/T) (diag(y) - y yᵀ)"),
        ("y = softmax(2x)", "∂y/∂x = 2 (diag(y) - y yᵀ)"),
        ("y = 3||x||^2/T\nT in R", "∂y/∂x = (6/T) xᵀ"),
        ("y = s x/t\ns, t in R", "∂y/∂x = (s/t) I"),
        ("y = sum(x - exp(x))", "∂y/∂x = (1 - e^x)ᵀ"),
        ("y = mean(tanh(x))", "∂y/∂x = 1/3 (1 - tanh²(x))ᵀ"),
        ("y = sum(x .* ln(x^2))", None),
        ("y = sum(2x - x^2)", "∂y/∂x = 2 (1 - x)ᵀ"),
        ("m in R^3\ny = -1/2 sum(1 + x - m^2 - exp(x))", "∂y/∂x = 1/2 (e^x - 1)ᵀ"),
        ("y = sum(10 x - 3 exp(x))", None),
        ("y = x/||x||", "∂y/∂x = (1/‖x‖) I - x xᵀ/‖x‖³"),
        ("y = 3x/||x||^2", None),
        ("t in R^3\ny = x/||x - t||", None),
        ("y = 2x/(x^T x)", "∂y/∂x = (2/(xᵀ x)) I - (4/(xᵀ x)²) x xᵀ"),
        ("y = [x1 x2, x3]", ""),
    ],
)
def test_a_derivative_by_a_vector_has_its_textbook_form(block: str, form: str | None) -> None:
    r = jacmagic.jacobian("x in R^3\n" + block, wrt="x")
    rng = np.random.default_rng(5)
    r.set(**{key: rng.normal(size=np.shape(value)) for key, value in r.values.items()})
    known = {key: np.asarray(value, dtype=float) for key, value in (*r.values.items(), *r.forward().items())}
    if form is not None:
        assert [one.text for one in views.formulas(r) if one.kind == "local"] == ([form] if form else [])
    if form != "":
        size = (int(np.prod(np.shape(r.forward()["y"]))), 3)
        form_of, _ = factors.matrix_form(r, "y", "x")
        np.testing.assert_allclose(evaluate(form_of, known, size), r.at("y", "x").reshape(size), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", [
    "1/2 ||y - a||^2", "-1/2 ||y - a||^2", "-||a - y||^2", "||y - a||", "sum((y - a)^2)", "mse(y, a)", "-mse(a, y)",
    "1/2 (y - a)^T (y - a)", "-(y - a)^T (y - a)", "-y^T a", "-(y^T a)^2", "(y^T a - 1)^2", "-(k/2) ||y - a||^2",
    "ln(1 + ||y - a||^2)", "-ln(1 + ||y - a||^2)", "sum(a - exp(a))", "-sum(a - exp(a))", "1/2 ||a||^2 - sum(a)",
    "k (y - a)^T (y - a) - a^T a", "-1/2 sum(1 + a - y^2 - exp(a))", "sum(a .* ln(a^2))", "mean(a - tanh(a))",
    "-mean((y - a)^2)", "1 - y^T a/(||y|| ||a||)", "exp(-||y - a||^2)", "1/exp(||a - y||^2)", "sum(a) - 3",
])
def test_the_delta_that_is_shown_is_the_gradient(loss: str) -> None:
    n = jacmagic.nnchain(f"x in R^3\na = W x + c in R^3\ny in R^3\nk in R\nL = {loss}")
    rng = np.random.default_rng(2)
    n.set(**{key: rng.normal(size=np.shape(value)) for key, value in n.values.items()})
    assert backward_is_right(n) == {key for key in n.program.parameters if n.program.inputs[key].role == "weight"}


def test_local_jacobians_are_written_in_the_layers_own_names() -> None:
    n = jacmagic.nnchain("x in R^2\na = tanh(W1 x + c1) in R^3\nb = softmax(a)\nL = cross_entropy(b, y)")
    a, b, loss = n.layers
    assert list(a.jacobians) == ["W1", "x", "c1"]
    assert {str(s) for s in a.jacobians["x"].free_symbols} >= {"x1", "x2", "c1_1"}
    assert {str(s) for s in b.jacobians["a"].free_symbols} == {"a1", "a2", "a3"}
    assert {str(s) for s in loss.jacobians["b"].free_symbols} == {"b1", "b2", "b3", "y1", "y2", "y3"}
    values = {str(s): v for key in ("a",) for s, v in zip(n.entry_symbols(key), [0.1, -0.4, 0.3])}
    written = b.jacobians["a"].subs({s: values[str(s)] for s in n.entry_symbols("a")}).evalf()
    assert close(np.array(written.tolist(), dtype=float), torch.func.jacrev(lambda z: torch.softmax(z, 0))(
        torch.tensor([0.1, -0.4, 0.3], dtype=torch.float64)).numpy())


def test_gradients_are_those_of_pytorch_and_of_a_batch_their_mean_is_the_step() -> None:
    n = jacmagic.nnchain("x(3) -> 4 tanh -> 2 softmax\nL = cross_entropy(o, y)")
    rng = np.random.default_rng(1)
    xs, ys = rng.standard_normal((5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]
    found = n.gradients(x=xs, y=ys)
    assert list(found) == ["W1", "c1", "W2", "c2"]
    leaves = {key: torch.tensor(n.values[key], requires_grad=True) for key in found}
    h = torch.tanh(torch.tensor(xs) @ leaves["W1"].T + leaves["c1"])
    each = -(torch.tensor(ys) * torch.log_softmax(h @ leaves["W2"].T + leaves["c2"], -1)).sum(-1)
    each.mean().backward()
    stepped = n.step(0.5, x=xs, y=ys)
    for key, leaf in leaves.items():
        assert found[key].shape == (5, *n.program.shape(key))
        assert close(found[key].mean(axis=0), leaf.grad.numpy())
        assert close(stepped[key], (leaf.detach() - 0.5 * leaf.grad).numpy())


@pytest.mark.parametrize(
    ("block", "weights", "others"),
    [
        ("x in R^2\no = W x + b in R^1\nL = mse(o, y) + λ ||W||_F^2\nλ = 0.1", ["W", "b"], {"y": [1.0], "lam": 0.1}),
        ("x in R^2\np = sigmoid(w^T x + b) in R\nL = bce(p, y)", ["w", "b"], {"y": 1.0}),
        ("x in R^2\na = tanh(W x + b) in R^2\nL = 1/2 ||a - t||^2", ["W", "b"], {"t": [1.0, 1.0]}),
        ("x in R^2\na = tanh(W x + b) in R^2\nL = α mse(a, y)\nα = 2 in [1, 3]", ["W", "b"], {"y": [1.0, 1.0], "alpha": 2.0}),
        ("x in R^2\np = softmax(W x + b) in R^2\nL = -sum(y .* ln p)", ["W", "b"], {"y": [1.0, 1.0]}),
        ("x in R\na = tanh(w1 x + c1) in R\no = w2 a + c2", ["w1", "c1", "w2", "c2"], {}),
        ("x in R^2\nw in R^2\na = tanh(W x + b) in R^2\nL = (v^T a + c - y)^2\nv in R^2", ["W", "b", "v", "c"], {"y": 1.0}),
        ("x in R^2\nh = σ(W1 x + b1) in R^3\no = W2 h + b2 in R^1\nL = 1/2 (o - y)^2", ["W1", "b1", "W2", "b2"], {"y": [1.0]}),
        ("x in R^2\nw in R^2\nL = 1/2 (y - w^T x)^2", ["w"], {"y": 1.0}),
        ("x in R^2\nw in R^2\nL = (w^T x + b - y)^2", ["w", "b"], {"y": 1.0}),
        ("x in R^2\nw in R^2\nr = y - w^T x\nL = r^2", ["w"], {"y": 1.0}),
        ("x in R\nL = |y - w x - b|", ["w", "b"], {"y": 1.0}),
        ("x in R^2\nw in R^2\nz = w^T x + b\nL = max(0, 1 - y z) + λ ||w||^2", ["w", "b"], {"y": 1.0, "lam": 1.0}),
        ("x in R^2\na = tanh(W1 x + c1) in R^2\nb = W2 a + c2 in R^2\no = W3 b + c3 in R^1", ["W1", "c1", "W2", "c2", "W3", "c3"], {}),
        ("x in R\na = w1 x + c1\no = w2 a + c2", ["w1", "c1", "w2", "c2"], {}),
        ("x in R\na = w1 x + c1\no = sigmoid(w2 a - c2)", ["w1", "c1", "w2", "c2"], {}),
        ("x in R^2\nw in R^2\nz = w^T x + b\nL = exp(-y z)", ["w", "b"], {"y": 1.0}),
        ("x in R^2\nw in R^2\nz = w^T x + b\nL = ln(1 + exp(-y z))", ["w", "b"], {"y": 1.0}),
        ("x in R^2\na = tanh(W x + b) in R^2\no = w^T a + c\nw in R^2", ["W", "b", "w", "c"], {}),
        ("x in R\na = tanh(w1 x + c1)\nL = (w2 a - y)^2", ["w1", "c1", "w2"], {"y": 1.0}),
        ("x in R\nh = exp(-(x - c)^2)\no = w h", ["c", "w"], {}),
        ("x in R^2\nw in R^2\nz = w^T x - θ\no = sigmoid(z)", ["w", "theta"], {}),
    ],
)
def test_learning_changes_weights_and_no_targets_or_constants(block: str, weights: list[str], others: dict[str, Any]) -> None:
    n = jacmagic.nnchain(block)
    assert n.trainable() == weights
    assert list(n.gradients()) == list(n.step(0.1)) == weights
    assert {key for key, role in n.roles.items() if role in ("target", "fixed")} == set(others)
    before = {key: n.values[key] for key in others}
    n.set(**n.step(0.1))
    for key in others:
        assert np.array_equal(n.values[key], before[key])


def test_a_coefficient_needs_no_data_and_a_target_does() -> None:
    n = jacmagic.nnchain("x in R\no = w x + b\nL = (o - y)^2 + λ w^2")
    assert n.roles == {
        "w": "weight", "x": "input", "b": "weight", "y": "target", "lam": "fixed",
    }
    assert len(n.train({"x": [1.0, 2.0], "y": [1.0, 3.0]}, steps=2, progress=False)) == 2
    with pytest.raises(ValueError, match="no data for y"):
        n.train({"x": [1.0, 2.0]}, steps=2)


def test_weight_decay_is_learnt_with_and_its_factor_stays() -> None:
    n = jacmagic.nnchain("x in R^2\no = W x + b in R^1\nL = mse(o, y) + λ ||W||_F^2\nλ = 0.1")
    x = np.random.default_rng(0).normal(size=(20, 2))
    y = x @ [[1.0], [2.0]]
    losses = n.train({"x": x, "y": y}, lr=0.1, steps=300, progress=False)
    # ridge regression: (XᵀX/20 + λ I) w = Xᵀy/20, the intercept left alone
    full = np.hstack([x, np.ones((20, 1))])
    right = np.linalg.solve(full.T @ full / 20 + np.diag([0.1, 0.1, 0]), full.T @ y / 20)
    assert losses[-1] < losses[0]
    assert n.values["lam"] == 0.1
    np.testing.assert_allclose(np.append(n.values["W"], n.values["b"]), right.ravel(), rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 3), (6,), (1, 6)])
def test_numbers_are_never_poured_into_another_shape(shape: tuple[int, ...]) -> None:
    n = jacmagic.nnchain("x in R^2\na = W1 x in R^3")
    given = np.arange(6.0).reshape(shape)
    for use in (lambda: n.forward(W1=given), lambda: n.at(W1=given), lambda: n.values.update(W1=given), lambda: n.set(W1=given)):
        with pytest.raises(ValueError, match=r"W1 has shape .*, expected \(3, 2\)"):
            use()
    n.set(x=[[1], [0]])
    assert n.values["x"].tolist() == [1, 0]


BACKWARD = {
    "softmax and its loss on lines of their own":
        "a = tanh(W x + c) in R^3\nz = U a + d in R^2\np = softmax(z)\nL = cross_entropy(p, y)\ny = [0.25, 0.75]",
    "targets that add up to 3":
        "a = tanh(W x + c) in R^3\np = softmax(U a + d) in R^2\nL = cross_entropy(p, y)\ny = [1, 2]",
    "sigmoid with bce": "z = W x + c in R^3\np = sigmoid(z)\nL = bce(p, y)\ny = [0, 1, 1]",
    "sigmoid with bce on two lines": "p = sigmoid(W^T x + c) in R^1\nL = bce(p, y)\ny = [1]",
    "a recurrent net": (
        "W in R^(2x2)\nU in R^(2x2)\nh in R^2\na = tanh(W x + U h + c)\nb = tanh(W v + U a + c)\nv in R^2\nL = ||b - y||^2"
    ),
    "two readers": "a = tanh(W x + c) in R^2\nb = tanh(U a + d) in R^2\no = V a + A b + g in R^2\nL = mse(o, y)",
    "a skip": "a = tanh(W x + c) in R^2\nb = a + tanh(U a + d)\nL = mse(b, y)",
    "a regulariser": "o = W x + c in R^2\nE = mse(o, y)\nL = E + (k/2) ||W||_F^2 - 3 ||c||^2\nk = 2",
    "pre-activations on lines of their own":
        "z = W x + c in R^3\na = relu(z)\nv = U a + d in R^2\nL = mse(v, y)",
    "everything on a line of its own":
        "u = W x in R^3\nz = u + c\na = tanh(z)\nv = U a + d in R^2\np = tanh(v)\nE = p - y\nL = ||E||^2/2",
    "the target first": "z = W x + c in R^3\na = relu(z)\no = U a + d in R^2\nE = y - o\nL = ||E||^2",
    "the target first, on one line": "a = tanh(W x + c) in R^3\no = U a + d in R^2\nL = ||y - o||^2 + ||a - o^T o v||^2\nv in R^3",
    "logistic regression": "w in R^2\np = sigmoid(w^T x + b)\nL = -(y ln p + (1 - y) ln(1 - p))",
    "logistic regression from its logit": "w in R^2\nz = w^T x + b\np = sigmoid(z)\nL = -y ln p - (1 - y) ln(1 - p)",
    "linear regression": "w in R^2\no = w^T x + b\nL = (y - o)^2/2",
    "the loss written out": "y = [0.25, 0.75]\nz = W x + c in R^2\np = softmax(z)\nL = -sum(y .* ln(p))",
    "the loss written out, softmax in it": "y = [0.25, 0.75]\nz = W x + c in R^2\nL = -3 y^T ln(softmax(z))",
    "labels smoothed": "y = [0, 1, 0]\np = softmax(W x + c) in R^3\nL = cross_entropy(p, 0.9 y + 0.1)",
    "a loss and a regulariser": "y = [1, 2]\nz = W x + c in R^2\nL = cross_entropy(softmax(z), y) + 0.5 ||W||_F^2",
    "a loss twice": "z = W x + c in R^3\np = softmax(z)\nL = 2 cross_entropy(p, y) + cross_entropy(p, y)^2",
    "a loss of logits": "y = [0, 1, 1]\nz = W x + c in R^3\nL = 2 bce(sigmoid(z), y)",
    "a softmax inside a net": "z = W x + c in R^3\np = softmax(z)\nv = U p + d in R^2\nL = ||v - y||^2",
    "sums and functions around the loss": "o = W x + c in R^2\nu = o .* x\nE = sum(u^2)\nL = E^2 + E",
}


def test_whoever_declares_every_size_has_the_same_weights() -> None:
    declared = "x in R^2\nW in R^(3x2)\nc in R^3\na = tanh(W x + c)\nw in R^3\no = w^T a + d\nL = (o - y)^2"
    n = jacmagic.nnchain(declared)
    assert set(n.gradients()) == {"W", "c", "w", "d"}
    again = jacmagic.nnchain("x in R^2\na = tanh(W x + c) in R^3\no = w^T a + d\nw in R^3\nL = (o - y)^2")
    for key in ("W", "c", "w"):
        assert np.array_equal(n.values[key], again.values[key])
    rest = jacmagic.nnchain("x in R^2\nW in R^(2x2)\nU in R^(2x2)\na0 in R^2\ny in R^2\na = tanh(W x + U a0 + c)\nL = ||W a - y||^2")
    assert set(rest.gradients()) == {"W", "U", "c"}


@pytest.mark.parametrize("name", BACKWARD)
def test_the_backward_pass_that_is_shown_gives_the_gradients(name: str) -> None:
    """From the loss to the input: each δ as it is shown, of those behind it, then each ∂L/∂W of them."""
    n = jacmagic.nnchain("x in R^2\n" + BACKWARD[name], wrt="x")
    rng = np.random.default_rng(4)
    n.set(**{key: rng.normal(size=np.shape(v)) for key, v in n.values.items() if key not in ("y", "k")})
    assert backward_is_right(n) == set(n.gradients())


@pytest.mark.parametrize(("loss", "delta"), [
    ("(o - y)^2", "2 (o - y)"), ("1/2 (o - y)^2", "o - y"), ("3 (y - o)^2", "-6 (y - o)"), ("(o + 1)^2", "2o + 2"),
    ("o^2 + 2o y", "2o + 2y"),
])
def test_delta_of_a_single_output_is_written_as_the_derivative_of_the_loss_is(loss, delta):
    told = jacmagic.nnchain(f"x in R\no = w x\nL = {loss}")._repr_mimebundle_()["text/plain"].splitlines()
    assert {f"δ_o = {delta}", f"∂L/∂o = {delta}"} <= {*told}, told


LSTM = (
    "x_t in R^2\nh_tm1, c_tm1 in R^3\nf_t = sigmoid(W_f x_t + U_f h_tm1 + b_f)\ni_t = sigmoid(W_i x_t + U_i h_tm1 + b_i)\n"
    "o_t = sigmoid(W_o x_t + U_o h_tm1 + b_o)\ng_t = tanh(W_g x_t + U_g h_tm1 + b_g)\nc_t = f_t ⊙ c_tm1 + i_t ⊙ g_t\nh_t = o_t ⊙ tanh(c_t)"
)


def test_the_picture_of_an_lstm_has_its_other_inputs_and_its_gates() -> None:
    spec = panel._Spec(jacmagic.nnchain(LSTM))
    picture = spec.make(big=False)["picture"]
    assert [one["key"] for one in picture["layers"]] == ["x_t", "h_tm1", "c_tm1", "f_t", "i_t", "o_t", "g_t", "c_t", "h_t"]
    assert [one["key"] for one in picture["layers"] if one.get("gate")] == ["c_t", "h_t"]
    edges = {(wrt, key) for wrt, key in picture["edges"] if wrt in ("h_tm1", "c_tm1")}
    assert edges == {*(("h_tm1", key) for key in ("f_t", "i_t", "o_t", "g_t")), ("c_tm1", "c_t")}
    rng = np.random.default_rng(3)
    r = spec.result
    place = {key: rng.normal(size=r.program.shape(key)) for key in r.program.inputs}
    nodes = {f"{wrt} {key}": spec.outputs[f"local:{key}:{wrt}"] for wrt, key in edges}
    found = r.compile_nodes(nodes)(**r.point(place))
    for wrt, key in edges:
        for k, step in enumerate(1e-6 * np.eye(3)):
            up, down = (r.forward(**{**place, wrt: place[wrt] + way * step})[key] for way in (1, -1))
            np.testing.assert_allclose(found[f"{wrt} {key}"][:, k], (up - down) / 2e-6, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("block", ["x in R^3\nh = tanh(W x) in R^3\no = s .* h\ns in R^3 weight", "x(3) -> 4 tanh -> 2 softmax"])
def test_a_weight_is_no_other_input_and_its_product_no_gate(block: str) -> None:
    picture = panel.spec(jacmagic.nnchain(block))["picture"]
    assert picture["layers"][0]["key"] == "x"
    assert len(picture["layers"]) == 3
    assert not any(one.get("gate") for one in picture["layers"])
