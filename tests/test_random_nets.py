"""Random nets with batches, rows, convolutions and attention beside the same in PyTorch: values and all gradients.

Each is written as a block and as PyTorch at once, layer by layer; 500 of them with `-m scale`, a tenth without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matrices import Row, check
from optional import optional

torch = optional("torch")
F = torch.nn.functional
Shape = tuple[int, ...]
Values = dict[str, Any]
Step = Callable[[Values], Any]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "gelu": F.gelu, "silu": F.silu, "softplus": F.softplus, "elu": F.elu,
    "mish": F.mish, "softsign": F.softsign,
}
ROWWISE: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda z: z.softmax(-1), "layer_norm": lambda z: F.layer_norm(z, z.shape[-1:]), "rms_norm": lambda z: F.rms_norm(z, z.shape[-1:]),
    "log_softmax": lambda z: z.log_softmax(-1),
}


def declared(name: str, shape: Shape, role: str = "") -> str:
    size = f"R^{shape[0]}" if len(shape) == 1 else f"R^({shape[0]}x{shape[1]})" if shape else "R"
    return f"{name} in {size} {role}".strip()


class Maker:
    """A net in the making: its lines, the sizes of its free names, and what each line computes."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.lines: list[str] = []
        self.sizes: dict[str, Shape] = {}
        self.steps: dict[str, Step] = {}
        self.roles: dict[str, str] = {}
        self.draw: dict[str, Callable[[np.ndarray], np.ndarray]] = {}

    def pick(self, *of: Any) -> Any:
        return of[int(self.rng.integers(len(of)))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def free(self, letter: str, shape: Shape, role: str = "") -> str:
        name = letter if role in ("batch", "input") else f"{letter}{1 + sum(one.startswith(letter) for one in self.sizes)}"
        self.sizes[name], self.roles[name] = shape, role
        return name

    def line(self, text: str, run: Step, letter: str = "h") -> str:
        name = f"{letter}{len(self.steps) + 1}"
        self.lines.append(f"{name} = {text}")
        self.steps[name] = run
        return name

    # -------------------------------------------------------------- layers of rows: a batch, or tokens
    def dense(self, x: str, n: int, m: int) -> tuple[str, int]:
        """f(X W + b) of a batch."""
        out, name = self.number(2, 4), self.pick(*ACTIVATIONS)
        w, b = self.free("W", (m, out)), self.free("b", (out,))
        return self.line(f"{name}({x} {w} + {b})", lambda v: ACTIVATIONS[name](v[x] @ v[w] + v[b])), out

    def rowwise(self, x: str, n: int, m: int) -> tuple[str, int]:
        name = self.pick(*ROWWISE)
        return self.line(f"{name}({x})", lambda v: ROWWISE[name](v[x])), m

    def residual(self, x: str, n: int, m: int) -> tuple[str, int]:
        name = self.pick(*ACTIVATIONS)
        w = self.free("W", (m, m))
        return self.line(f"{x} + {name}({x} {w})", lambda v: v[x] + ACTIVATIONS[name](v[x] @ v[w])), m

    def scaled(self, x: str, n: int, m: int) -> tuple[str, int]:
        g, b = self.free("g", (m,)), self.free("b", (m,))
        return self.line(f"layer_norm({x}) diag({g}) + {b}", lambda v: F.layer_norm(v[x], (m,), v[g], v[b])), m

    def attention(self, x: str, n: int, m: int) -> tuple[str, int]:
        """softmax(Q Kᵀ/√d) V of the rows."""
        d, e = self.number(2, 3), self.number(2, 4)
        q, k, w = self.free("Q", (m, d)), self.free("K", (m, d)), self.free("V", (m, e))
        return self.line(
            f"softmax({x} {q} ({x} {k})^T/sqrt({d})) {x} {w}",
            lambda v: ((v[x] @ v[q]) @ (v[x] @ v[k]).T / d**0.5).softmax(-1) @ v[x] @ v[w],
        ), e

    def loss_of_rows(self, x: str, n: int, m: int) -> None:
        kind = self.pick("mse", "cross_entropy", "squares", "bce", "huber")
        y = self.free("Y", (n, m), "target")
        if kind == "cross_entropy":
            self.draw[y] = lambda a: np.eye(m)[a.argmax(axis=1)]
            self.line(f"cross_entropy(softmax({x}), {y})", lambda v: F.cross_entropy(v[x], v[y]), "L")
        elif kind == "bce":
            self.draw[y] = lambda a: (a > 0) * 1.0
            self.line(f"bce(sigmoid({x}), {y})", lambda v: F.binary_cross_entropy_with_logits(v[x], v[y]), "L")
        elif kind == "squares":
            self.line(f"1/2 ||{x} - {y}||_F^2", lambda v: ((v[x] - v[y]) ** 2).sum() / 2, "L")
        else:
            run = F.mse_loss if kind == "mse" else F.huber_loss
            self.line(f"{kind}({x}, {y})", lambda v: run(v[x], v[y]), "L")

    def rows(self) -> None:
        n, m = self.number(2, 4), self.number(2, 4)
        x, size = self.free("X", (n, m), "batch"), m
        kinds = [self.dense] + [self.pick(self.dense, self.rowwise, self.residual, self.scaled, self.attention) for _ in range(self.number(1, 3))]
        for kind in kinds:
            x, size = kind(x, n, size)
        self.loss_of_rows(x, n, size)

    # -------------------------------------------------------------- pictures and signals
    def picture(self) -> None:
        """conv, an activation, maxpool, a dense layer, a loss."""
        flat = bool(self.number(0, 1))
        n = self.number(6, 8)
        shape: Shape = (n, self.number(5, 7)) if flat else (n,)
        x = self.free("X" if flat else "x", shape, "input")
        for _ in range(self.number(1, 2)):
            x, shape = self.convolved(x, shape)
        if min(shape) >= 2 and self.number(0, 1):
            x, shape = self.pooled(x, shape)
        size, out = int(np.prod(shape)), self.number(2, 3)
        w, b, y = self.free("W", (out, size)), self.free("b", (out,)), self.free("y", (out,), "target")
        inner, before = (f"flatten({x})" if flat else x), x
        o = self.line(f"{w} {inner} + {b}", lambda v: v[w] @ v[before].reshape(-1) + v[b], "o")
        if self.number(0, 1):
            self.draw[y] = lambda a: np.eye(out)[a.argmax()]
            self.line(f"cross_entropy(softmax({o}), {y})", lambda v: F.cross_entropy(v[o], v[y]), "L")
        else:
            self.line(f"mse({o}, {y})", lambda v: F.mse_loss(v[o], v[y]), "L")

    def convolved(self, x: str, shape: Shape) -> tuple[str, Shape]:
        name, rank = self.pick(*ACTIVATIONS), len(shape)
        sizes = tuple(self.number(2, min(3, n)) for n in shape)
        k, b = self.free("K" if rank == 2 else "k", sizes), self.free("b", ())
        run = F.conv2d if rank == 2 else F.conv1d
        made = self.line(f"{name}(conv({x}, {k}) + {b})", lambda v: ACTIVATIONS[name](run(v[x][None, None], v[k][None, None])[0, 0] + v[b]))
        return made, tuple(n - m + 1 for n, m in zip(shape, sizes))

    def pooled(self, x: str, shape: Shape) -> tuple[str, Shape]:
        run = F.max_pool2d if len(shape) == 2 else F.max_pool1d
        return self.line(f"maxpool({x}, 2)", lambda v: run(v[x][None, None], 2)[0, 0], "p"), tuple(n // 2 for n in shape)

    # -------------------------------------------------------------- the row of the table
    def make(self) -> Row:
        self.pick(self.rows, self.rows, self.picture)()
        last = next(reversed(self.steps))

        def loss(**given: Any) -> Any:
            values = dict(given)
            for name, step in self.steps.items():
                values[name] = step(values)
            return values[last]

        heads = [declared(name, shape, self.roles[name]) for name, shape in self.sizes.items()]
        return Row("\n".join([*heads, *self.lines]), self.sizes, {last: loss}, net=True, draw=self.draw)


@pytest.mark.parametrize("part", [
    0, 1, *(pytest.param(k, marks=pytest.mark.long if k < 10 else pytest.mark.scale) for k in range(2, 100))
])
def test_values_and_gradients_of_random_nets_are_those_of_pytorch(part: int) -> None:
    for seed in range(5 * part, 5 * part + 5):
        row = Maker(seed).make()
        try:
            check(row, seed)
        except Exception as error:
            raise AssertionError(f"{seed}\n{row.block}") from error
