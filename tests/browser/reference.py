"""Write reference.json: what the panel's evaluator must give, by mpmath (functions) and NumPy (operations).

    python tests/browser/reference.py
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np

mp.mp.dps = 40
POINTS = [-1000.0, -38.5, -6.0, -2.5, -1.5, -1.0, -0.5, -1e-9, 0.0, 1e-9, 0.3, 0.5, 1.0, 1.2, 2.0, 2.5, 2.8571, 6.0, 30.0, 1000.0]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + mp.exp(-z))


def softplus(z: Any) -> Any:
    return mp.log1p(mp.exp(z))


SCALE, ALPHA = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")
FUNCTIONS: dict[str, Any] = {
    "sqrt": mp.sqrt, "cbrt": lambda z: mp.sign(z) * mp.cbrt(abs(z)), "exp": mp.exp, "ln": mp.log,
    "log2": lambda z: mp.log(z, 2), "log10": mp.log10, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan,
    "cot": mp.cot, "sec": mp.sec, "csc": mp.csc, "asin": mp.asin, "acos": mp.acos, "atan": mp.atan,
    "sinh": mp.sinh, "cosh": mp.cosh, "tanh": mp.tanh, "asinh": mp.asinh, "acosh": mp.acosh, "atanh": mp.atanh,
    "coth": mp.coth, "sech": mp.sech, "csch": mp.csch, "acoth": mp.acoth, "asech": mp.asech, "acsch": mp.acsch,
    "abs": abs, "sign": mp.sign, "floor": mp.floor, "ceil": mp.ceil, "erf": mp.erf, "erfc": mp.erfc,
    "sigmoid": sigmoid, "relu": lambda z: max(z, mp.mpf(0)), "leaky_relu": lambda z: z if z > 0 else z / 100,
    "elu": lambda z: z if z > 0 else mp.expm1(z), "selu": lambda z: SCALE * (z if z > 0 else ALPHA * mp.expm1(z)),
    "gelu": lambda z: z * mp.erfc(-z / mp.sqrt(2)) / 2, "silu": lambda z: z * sigmoid(z), "softplus": softplus,
    "softsign": lambda z: z / (1 + abs(z)), "mish": lambda z: z * mp.tanh(softplus(z)),
    "hardtanh": lambda z: max(mp.mpf(-1), min(mp.mpf(1), z)), "step": lambda z: mp.mpf(z > 0),
    "logit": lambda p: mp.log(p) - mp.log1p(-p), "logsigmoid": lambda z: -softplus(-z),
    "relu6": lambda z: max(mp.mpf(0), min(mp.mpf(6), z)),
    "hardswish": lambda z: z * max(mp.mpf(0), min(mp.mpf(6), z + 3)) / 6,
    "gelu_tanh": lambda z: z * sigmoid(2 * mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3)),
    "log1p": mp.log1p, "expm1": mp.expm1,
}
# At a pole NumPy gives an infinity or nan where mpmath raises.
POLES = {("ln", 0.0): "-inf", ("log2", 0.0): "-inf", ("log10", 0.0): "-inf", ("cot", 0.0): "inf", ("csc", 0.0): "inf",
         ("coth", 0.0): "inf", ("csch", 0.0): "inf", ("acoth", 0.0): "nan", ("acoth", 1.0): "inf", ("acoth", -1.0): "-inf",
         ("asech", 0.0): "inf", ("acsch", 0.0): "inf", ("atanh", 1.0): "inf", ("atanh", -1.0): "-inf", ("log1p", -1.0): "-inf",
         ("logit", 0.0): "-inf", ("logit", 1.0): "inf"}


def plain(value: Any) -> Any:
    """A number for JSON; what is not real is nan."""
    if isinstance(value, mp.mpc):
        return "nan" if value.imag else plain(value.real)
    number = float(value)
    return "nan" if math.isnan(number) else ("inf" if number > 0 else "-inf") if math.isinf(number) else number


def values(name: str) -> list[Any]:
    return [POLES.get((name, z)) or plain(FUNCTIONS[name](mp.mpf(z))) for z in POINTS]


def operations() -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    a, b, c = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=(5, 2, 3))
    v, t = rng.normal(size=3), rng.normal(size=(2, 3))
    big = np.array([[1000.0, 0.0, -1000.0], [3.0, 3.0, -800.0]])

    def soft(z: Any) -> Any:
        e = np.exp(z - z.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def logsoft(z: Any) -> Any:
        z = z - z.max(-1, keepdims=True)
        return z - np.log(np.exp(z).sum(-1, keepdims=True))

    def others(z: Any) -> Any:
        return np.stack([np.delete(z, k, -1).prod(-1) for k in range(z.shape[-1])], -1)

    put = np.zeros((2, 2, 2))
    np.add.at(put.reshape(2, 4), (slice(None), [3, 0, 3]), a)
    flat = np.array([[1.0, 2], [2, 4]])
    s, singular = rng.normal(size=(4, 4)), np.arange(1.0, 10).reshape(3, 3)
    zero = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0]])
    cases: list[tuple[str, list[Any], Any, Any]] = [
        ("dot", [a, b], [[0, 1], [1, 2], [0, 2]], a @ b),
        ("dot", [a, v], [[0, 1], [1], [0]], a @ v),
        ("dot", [v, v], [[0], [0], []], v @ v),
        ("dot", [c, a], [[0, 1, 2], [1, 2], [0]], np.einsum("abc,bc->a", c, a)),
        ("dot", [c, b], [[0, 1, 2], [2, 3], [3, 0, 1]], np.einsum("abc,cd->dab", c, b)),
        ("dot", [v, a[0]], [[0], [1], [1, 0]], np.outer(a[0], v)),
        ("sum", [c], [0, 2], c.sum((0, 2))), ("sum", [c], [1], c.sum(1)), ("sum", [v], [0], v.sum()),
        ("permute", [c], [2, 0, 1], c.transpose(2, 0, 1)),
        ("take", [a], {"l": 0, "i": [5, 0, 0]}, a.ravel()[[5, 0, 0]]),
        ("take", [c], {"l": 1, "i": [4, 1]}, c.reshape(5, 6)[:, [4, 1]]),
        ("put", [a], {"l": 1, "i": [3, 0, 3]}, put),
        ("stack", [a, b], 0, np.concatenate([a.ravel(), b.ravel()])),
        ("stack", [a, t], 1, np.concatenate([a, t], 1)),
        ("softmax", [a], None, soft(a)), ("softmax", [big], None, soft(big)), ("log_softmax", [big], None, logsoft(big)),
        ("logsumexp", [a], None, np.log(np.exp(a).sum(-1))),
        ("logsumexp", [big], None, np.array([1000.0, 3 + math.log(2)])),
        ("amax", [a], None, a.max(-1)), ("amin", [a], None, a.min(-1)), ("norm", [a], None, np.linalg.norm(a, axis=-1)),
        ("norm", [v], None, np.linalg.norm(v)), ("prod", [a], None, a.prod(-1)), ("prod", [v], None, v.prod()),
        ("others", [a], None, others(a)), ("others", [zero], None, others(zero)),
        ("map", [a, v, v[:2]], {"e": ["+", ["*", ["_", 0], ["_", 1]], ["^", ["_", 2], 3]], "a": [[0, 1], [1], [0]]}, a * v + v[:2, None] ** 3),
        ("map", [v], {"e": ["case", ["/", ["_", 0], 2], [">", ["_", 0], 0], ["neg", ["_", 0]], ["and", ["<=", ["_", 0], 0], ["not", ["<", ["_", 0], -9]]], "nan"], "a": [[0]]}, np.where(v > 0, v / 2, -v)),
        ("map", [a[:, 0].sum()], {"e": ["max", ["_", 0], 0.25, ["atan2", ["_", 0], -2]], "a": [[]]}, max(a[:, 0].sum(), 0.25, math.atan2(a[:, 0].sum(), -2))),
        ("map", [v], {"e": ["clip", ["_", 0], -0.5, 0.25], "a": [[0]]}, np.clip(v, -0.5, 0.25)),
        ("inv", [s], None, np.linalg.inv(s)), ("inv", [flat], None, np.full((2, 2), math.nan)), ("det", [s], None, np.linalg.det(s)),
        ("det", [flat], None, 0.0), ("cof", [s], None, np.linalg.det(s) * np.linalg.inv(s).T), ("cof", [np.array([[4.0]])], None, np.ones((1, 1))),
        ("cof", [singular], None, np.array([[-3.0, 6, -3], [6, -12, 6], [-3, 6, -3]])),
        ("logdet", [s @ s.T], None, np.log(np.linalg.det(s @ s.T))), ("logdet", [-np.eye(3)], None, math.nan),
        ("eye", [], None, np.eye(4).reshape(4, 2, 2)),
        ("const", [], [1, 2, 3, "inf"], np.array([[1, 2], [3, np.inf]])), ("const", [], 7, np.full((2, 2), 7.0)),
    ]
    return [{"op": op, "args": [{"shape": list(np.shape(x)), "flat": np.ravel(x).tolist()} for x in args], "data": data,
             "shape": list(np.shape(out)), "flat": [plain(x) for x in np.ravel(out)]} for op, args, data, out in cases]


def matrices() -> list[dict[str, Any]]:
    rng = np.random.default_rng(2)
    found = []
    for m, n in ((1, 1), (2, 2), (3, 2), (2, 5), (6, 6), (20, 20)):
        a = rng.normal(size=(m, n))
        found.append({"m": m, "n": n, "a": a.round(6).ravel().tolist(), "s": np.linalg.svd(a.round(6))[1].tolist(),
                      "det": float(np.linalg.det(a.round(6))) if m == n else None})
    found.append({"m": 2, "n": 2, "a": [1, 2, 2, 4], "s": [5, 0], "det": 0})
    return found


if __name__ == "__main__":
    out = {"points": POINTS, "functions": {name: values(name) for name in FUNCTIONS}, "erf": [[z / 16, plain(mp.erf(mp.mpf(z) / 16)), plain(mp.erfc(mp.mpf(z) / 16))] for z in range(-64, 65)], "operations": operations(), "matrices": matrices()}
    Path(__file__).with_name("reference.json").write_text(json.dumps(out, separators=(",", ":")))
