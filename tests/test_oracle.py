"""Random programs against PyTorch: values, the whole Jacobian, any name by any other, and the formulas in SymPy.

A program is made up as text and, beside it, as Python functions of PyTorch
tensors; the second never goes through our graph. What is drawn is kept away
from kinks, poles and large numbers by evaluating it at once.
"""

from __future__ import annotations

import itertools
import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from optional import optional

import jacmagic
from jacmagic.errors import LimitError
from jacmagic.functions import symbolic

torch = optional("torch")
F = torch.nn.functional
Env = dict[str, Any]
Run = Callable[[Env], Any]
Draw = Callable[..., Any]


pytestmark = pytest.mark.usefixtures("double_precision")


@dataclass(frozen=True)
class Expr:
    """What stands in the block, and the same for PyTorch; `bare` where it needs no brackets as an operand."""

    text: str
    run: Run
    bare: bool = False
    letter: bool = False  # one name, which may be glued to a number

    def __str__(self) -> str:
        return self.text if self.bare else f"({self.text})"


# A function of the table: how PyTorch writes it, and at which arguments it may be drawn.
def _off(*places: float) -> Callable[[float], bool]:
    return lambda v: all(abs(v - p) > 0.02 for p in places)


def _whole(v: float) -> bool:
    return abs(v - round(v)) > 0.02


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[float], bool]]] = {
    "sqrt": (torch.sqrt, lambda v: v > 0.05),
    "cbrt": (lambda z: torch.sign(z) * torch.abs(z) ** (1 / 3), _off(0)),
    "exp": (torch.exp, lambda v: v < 3),
    "ln": (torch.log, lambda v: v > 0.05),
    "log": (torch.log, lambda v: v > 0.05),
    "log2": (torch.log2, lambda v: v > 0.05),
    "log10": (torch.log10, lambda v: v > 0.05),
    "sin": (torch.sin, lambda v: True),
    "cos": (torch.cos, lambda v: True),
    "tan": (torch.tan, lambda v: abs(math.cos(v)) > 0.2),
    "cot": (lambda z: 1 / torch.tan(z), lambda v: abs(math.sin(v)) > 0.2 and abs(math.cos(v)) > 0.05),
    "sec": (lambda z: 1 / torch.cos(z), lambda v: abs(math.cos(v)) > 0.2),
    "csc": (lambda z: 1 / torch.sin(z), lambda v: abs(math.sin(v)) > 0.2),
    "asin": (torch.asin, lambda v: abs(v) < 0.95),
    "acos": (torch.acos, lambda v: abs(v) < 0.95),
    "atan": (torch.atan, lambda v: True),
    "arctan": (torch.atan, lambda v: True),
    "sinh": (torch.sinh, lambda v: abs(v) < 3),
    "cosh": (torch.cosh, lambda v: abs(v) < 3),
    "tanh": (torch.tanh, lambda v: True),
    "asinh": (torch.asinh, lambda v: True),
    "acosh": (torch.acosh, lambda v: v > 1.05),
    "atanh": (torch.atanh, lambda v: abs(v) < 0.95),
    "coth": (lambda z: 1 / torch.tanh(z), lambda v: abs(v) > 0.2),
    "sech": (lambda z: 1 / torch.cosh(z), lambda v: abs(v) < 20),
    "csch": (lambda z: 1 / torch.sinh(z), lambda v: 0.2 < abs(v) < 20),
    "acoth": (lambda z: torch.atanh(1 / z), lambda v: abs(v) > 1.1),
    "asech": (lambda z: torch.acosh(1 / z), lambda v: 0.05 < v < 0.95),
    "acsch": (lambda z: torch.asinh(1 / z), lambda v: abs(v) > 0.1),
    "erfc": (torch.special.erfc, lambda v: v < 3),
    "abs": (torch.abs, _off(0)),
    "sign": (torch.sign, _off(0)),
    "floor": (torch.floor, _whole),
    "ceil": (torch.ceil, _whole),
    "erf": (torch.erf, lambda v: True),
    "sigmoid": (torch.sigmoid, lambda v: True),
    "relu": (torch.relu, _off(0)),
    "leaky_relu": (F.leaky_relu, _off(0)),
    "elu": (F.elu, _off(0)),
    "selu": (F.selu, _off(0)),
    "gelu": (F.gelu, lambda v: True),
    "silu": (F.silu, lambda v: True),
    "softplus": (lambda z: torch.logaddexp(z, torch.zeros_like(z)), lambda v: True),
    "softsign": (F.softsign, _off(0)),
    "mish": (F.mish, lambda v: True),
    "hardtanh": (F.hardtanh, _off(-1, 1)),
    "step": (lambda z: (z > 0) * 1.0, _off(0)),
    "logit": (torch.logit, lambda v: 0.05 < v < 0.95),
    "logsigmoid": (F.logsigmoid, lambda v: True),
    "relu6": (F.relu6, _off(0, 6)),
    "hardswish": (F.hardswish, _off(-3, 3)),
    "gelu_tanh": (lambda z: F.gelu(z, approximate="tanh"), lambda v: True),
}

VECTOR_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda z: torch.softmax(z, 0),
    "log_softmax": lambda z: torch.log_softmax(z, 0),
    "layer_norm": lambda z: F.layer_norm(z, z.shape),
    "rms_norm": lambda z: F.rms_norm(z, z.shape),
}

REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum({})": torch.sum,
    "mean({})": torch.mean,
    "var({})": lambda v: torch.var(v, correction=0),
    "logsumexp({})": lambda v: torch.logsumexp(v, 0),
    "norm1({})": lambda v: v.abs().sum(),
    "norm2({})": torch.linalg.vector_norm,
    "prod({})": torch.prod,
    "norm({})": torch.linalg.vector_norm,
    "||{}||": torch.linalg.vector_norm,
    "||{}||^2": lambda v: v @ v,
    "||{}||_1": lambda v: v.abs().sum(),
    "max({})": torch.amax,
    "min({})": torch.amin,
}

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse": F.mse_loss,
    "huber": F.huber_loss,
    "mae": F.l1_loss,
    "dot": torch.dot,
}


@dataclass
class Scope:
    """The names an expression may use, and the points at which it has to make sense."""

    scalars: list[Expr]
    vectors: dict[str, int]
    envs: list[Env]
    parts: list[Expr] = field(default_factory=list)  # x[i] and the index, inside a family
    functions: dict[str, tuple[int, Callable[..., Any]]] = field(default_factory=dict)

    def good(self, expr: Expr, allowed: Callable[[float], bool] = lambda v: True, bound: float = 40) -> bool:
        """Whether it is finite, not large, and off the kinks at all points."""
        for env in self.envs:
            try:
                value = torch.as_tensor(expr.run(env), dtype=torch.float64)
            except (ZeroDivisionError, OverflowError):
                return False
            if not all(math.isfinite(v) and abs(v) < bound and allowed(v) for v in value.reshape(-1).tolist()):
                return False
        return True


def number(draw: Draw) -> Expr:
    text = draw(st.sampled_from(["1", "2", "3", "4", "7", "0.5", ".25", "1.5", "0.1", "2.75", "10"]))
    return Expr(text, lambda e: torch.tensor(float(text)), True)


def leaf(draw: Draw, s: Scope) -> Expr:
    if s.parts and draw(st.integers(0, 2)):
        return draw(st.sampled_from(s.parts))
    choices = list(s.scalars)
    for name, size in s.vectors.items():
        k = draw(st.integers(1, size))
        choices.append(_component(name, k))
    if not choices or draw(st.integers(0, 5)) == 0:
        return number(draw)
    return draw(st.sampled_from(choices))


def _component(name: str, k: int) -> Expr:
    return Expr(f"{name}[{k}]", lambda e: e[name][k - 1], True)


def scalar(draw: Draw, s: Scope, depth: int) -> Expr:
    """An expression that is a number."""
    for _ in range(3):
        found = _scalar(draw, s, depth)
        if found is not None and s.good(found):
            return found
    return leaf(draw, s)


def _scalar(draw: Draw, s: Scope, depth: int) -> Expr | None:
    if depth == 0:
        return leaf(draw, s)
    kinds = ["sum", "sum", "product", "product", "quotient", "power", "power", "function", "function", "function",
             "minus", "case", "two", "call", "many"]
    if s.vectors and not s.parts:
        kinds += ["reduce", "reduce", "pair", "family", "quadratic"]
    kind = draw(st.sampled_from(kinds))
    if kind == "case":
        return case(draw, s, depth)
    if kind == "call":
        return call(draw, s, depth)
    if kind in ("reduce", "pair", "quadratic"):
        return reduction(draw, s, depth, kind)
    if kind == "family":
        return reduced_family(draw, s)
    a = scalar(draw, s, depth - 1)
    if kind == "function":
        name = draw(st.sampled_from(sorted(FUNCTIONS)))
        f, allowed = FUNCTIONS[name]
        if not s.good(a, allowed):
            return None
        power = draw(st.sampled_from(["", "", "", "^2"]))
        text = f"{name}{power}({a.text})"
        if a.letter and draw(st.booleans()):
            text = f"{name}{power} {a.text}"
        return Expr(text, lambda e: f(a.run(e)) ** 2 if power else f(a.run(e)), not text.endswith(a.text))
    if kind == "minus":
        return Expr(f"-{a}", lambda e: -a.run(e))
    if kind == "power":
        n = draw(st.sampled_from(["2", "3", "4", "-1", "-2", "0.5", "(1/2)", "(3/2)", "(-0.5)", "(x)"]))
        if n == "(x)":
            b = scalar(draw, s, 0)
            if not s.good(a, lambda v: v > 0.1):
                return None
            return Expr(f"{a}^({b.text})", lambda e: a.run(e) ** b.run(e))
        p = {"(1/2)": 0.5, "(3/2)": 1.5, "(-0.5)": -0.5}.get(n) or float(n)
        if not s.good(a, (lambda v: v > 0.1) if p % 1 else (lambda v: abs(v) > 0.1)):
            return None
        return Expr(f"{a}^{n}", lambda e: a.run(e) ** p)
    b = scalar(draw, s, depth - 1)
    if kind == "sum":
        sign = draw(st.sampled_from("+-"))
        return Expr(f"{a} {sign} {b}", lambda e: a.run(e) + b.run(e) if sign == "+" else a.run(e) - b.run(e))
    if kind == "product":
        signs = ["*", " * ", "·"]
        if not (b.text[0].isdigit() or b.text[0] in ".|") and not a.text.endswith("|"):
            signs += [" "] if not _is_number(a) else [" ", ""]
        return Expr(f"{a}{draw(st.sampled_from(signs))}{b}" if not _risky(a, b) else f"{a} * {b}",
                    lambda e: a.run(e) * b.run(e))
    if kind == "quotient":
        if not s.good(b, lambda v: abs(v) > 0.2):
            return None
        return Expr(f"{a}/{b}", lambda e: a.run(e) / b.run(e))
    if kind == "many":
        c = leaf(draw, s)
        top = draw(st.sampled_from(["max", "min"]))
        three = [a, b, c]
        values = [[float(t.run(e)) for t in three] for e in s.envs]
        if any(abs(p - q) < 0.02 for v in values for i, p in enumerate(v) for q in v[i + 1 :]):
            return None
        pick = torch.amax if top == "max" else torch.amin
        return Expr(f"{top}({a.text}, {b.text}, {c.text})", lambda e: pick(torch.stack([t.run(e) for t in three])), True)
    name = draw(st.sampled_from(["atan2", "max", "min"]))
    f = {"atan2": torch.atan2, "max": torch.maximum, "min": torch.minimum}[name]
    for e in s.envs:
        p, q = float(a.run(e)), float(b.run(e))
        if (name == "atan2" and q < 0.2 and abs(p) < 0.2) or (name != "atan2" and abs(p - q) < 0.02):
            return None
    return Expr(f"{name}({a.text}, {b.text})", lambda e: f(a.run(e), b.run(e)), True)


def _is_number(a: Expr) -> bool:
    return a.bare and a.text.replace(".", "").isdigit()


def _risky(a: Expr, b: Expr) -> bool:
    """A bare function in front of something, a number before a power, and the like: readings that are errors."""
    return not (a.letter or _is_number(a) or a.text.endswith("]")) or not (b.letter or not b.bare)


def case(draw: Draw, s: Scope, depth: int) -> Expr | None:
    a, b, c = (scalar(draw, s, depth - 1) for _ in range(3))
    d = leaf(draw, s)
    relation = draw(st.sampled_from(["<", ">", "<=", ">=", "\u2264", "\u2265"]))
    if any(abs(float(c.run(e)) - float(d.run(e))) < 0.02 for e in s.envs):
        return None
    compare = {"<": torch.lt, ">": torch.gt, "<=": torch.le, "\u2264": torch.le}.get(relation, torch.ge)
    link = draw(st.sampled_from(["", "", "and", "or"]))
    other = leaf(draw, s)
    if link and any(abs(float(other.run(e)) - 0.3) < 0.02 for e in s.envs):
        return None

    def holds(e: Env) -> bool:
        first = bool(compare(c.run(e), d.run(e)))
        second = bool(other.run(e) > 0.3)
        return (first and second) if link == "and" else (first or second) if link == "or" else first

    condition = f"{c} {relation} {d}" + (f" {link} {other} > 0.3" if link else "")
    return Expr(f"{a} if {condition} else {b}", lambda e: a.run(e) if holds(e) else b.run(e))


def call(draw: Draw, s: Scope, depth: int) -> Expr | None:
    if not s.functions:
        return None
    name = draw(st.sampled_from(sorted(s.functions)))
    arity, f = s.functions[name]
    arguments = [scalar(draw, s, depth - 1) for _ in range(arity)]
    return Expr(f"{name}({', '.join(a.text for a in arguments)})", lambda e: f(*(a.run(e) for a in arguments)), True)


# ------------------------------------------------------------------ vectors


def vector(draw: Draw, s: Scope, size: int, depth: int) -> Expr:
    for _ in range(3):
        found = _vector(draw, s, size, depth)
        if found is not None and s.good(found):
            return found
    names = [name for name, n in s.vectors.items() if n == size]
    if names:
        name = draw(st.sampled_from(names))
        return Expr(name, lambda e: e[name], True, True)
    entries = [leaf(draw, s) for _ in range(size)]
    return Expr(f"[{', '.join(a.text for a in entries)}]", lambda e: torch.stack([a.run(e) for a in entries]), True)


def _vector(draw: Draw, s: Scope, size: int, depth: int) -> Expr | None:
    if depth == 0:
        return None
    kind = draw(st.sampled_from(["literal", "family", "family", "function", "sum", "scaled", "entrywise", "shift",
                                 "matrix", "whole", "square", "cross", "case"]))
    if kind == "literal":
        entries = [scalar(draw, s, depth - 1) for _ in range(size)]
        gap = draw(st.sampled_from([", ", "; "]))
        if any(" if " in a.text for a in entries):
            gap = ", "
        text = f"[{gap.join(a.text for a in entries)}]" if size > 1 else f"[{entries[0].text}]"
        return Expr(text, lambda e: torch.stack([a.run(e) for a in entries]), True)
    if kind == "family":
        return family(draw, s, size)
    a = vector(draw, s, size, depth - 1)
    if kind == "function":
        name = draw(st.sampled_from(sorted(FUNCTIONS)))
        f, allowed = FUNCTIONS[name]
        return Expr(f"{name}({a.text})", lambda e: f(a.run(e)), True) if s.good(a, allowed) else None
    if kind == "whole":
        name = draw(st.sampled_from(sorted(VECTOR_FUNCTIONS)))
        if name == "layer_norm" and (size == 1 or any(float(a.run(e).std()) < 0.1 for e in s.envs)):
            return None
        if name in ("softmax", "log_softmax") and size == 1:
            return None
        return Expr(f"{name}({a.text})", lambda e: VECTOR_FUNCTIONS[name](a.run(e)), True)
    if kind == "shift":
        n = number(draw)
        return Expr(f"{n} - {a}", lambda e: n.run(e) - a.run(e))
    if kind == "square":
        return Expr(f"{a}^2", lambda e: a.run(e) ** 2)
    if kind == "scaled":
        c = scalar(draw, s, depth - 1)
        return Expr(f"{c} * {a}", lambda e: c.run(e) * a.run(e))
    if kind == "matrix":
        rows = [[draw(st.integers(-2, 3)) for _ in range(size)] for _ in range(size)]
        text = "[" + "; ".join(", ".join(map(str, row)) for row in rows) + "]"
        if size == 1:
            text = f"[[{rows[0][0]}]]"
        return Expr(f"{text} {a}", lambda e: torch.tensor(rows, dtype=torch.float64) @ a.run(e))
    b = vector(draw, s, size, depth - 1)
    if kind == "sum":
        return Expr(f"{a} - {b}", lambda e: a.run(e) - b.run(e))
    if kind == "entrywise":
        sign = draw(st.sampled_from([".*", "./", "\u2299"]))
        if sign == "./":
            return Expr(f"{a} ./ {b}", lambda e: a.run(e) / b.run(e)) if s.good(b, lambda v: abs(v) > 0.2) else None
        return Expr(f"{a} {sign} {b}", lambda e: a.run(e) * b.run(e))
    if kind == "cross":
        if a.text == b.text:  # 0, and PyTorch's is rounding
            return a
        return Expr(f"cross({a.text}, {b.text})", lambda e: torch.linalg.cross(a.run(e), b.run(e)), True) \
            if size == 3 else None
    c = scalar(draw, s, depth - 1)
    if not s.good(c, _off(0.5)):
        return None
    return Expr(f"{a} if {c} > 0.5 else {b}", lambda e: a.run(e) if c.run(e) > 0.5 else b.run(e))


def _inside(draw: Draw, s: Scope, first: int, last: int) -> Scope:
    """The scope of a family's body over i = first..last."""
    i = Expr("i", lambda e: torch.tensor(float(e["i"])), True, True)
    parts = [i]
    for name, size in s.vectors.items():
        for shift, text in ((0, "i"), (-1, "i-1"), (1, "i+1")):
            if first + shift >= 1 and last + shift <= size:
                parts.append(_shifted(name, shift, text))
        if last - first + 1 <= size and first == 1 and draw(st.integers(0, 3)) == 0:
            parts.append(Expr(f"{name}[{last + 1}-i]", lambda e, n=name: e[n][last - e["i"]], True))
    envs = [env | {"i": k} for env in s.envs for k in range(first, last + 1)]
    return Scope(s.scalars, s.vectors, envs, parts, s.functions)


def _shifted(name: str, shift: int, text: str) -> Expr:
    return Expr(f"{name}[{text}]", lambda e: e[name][e["i"] + shift - 1], True)


def family(draw: Draw, s: Scope, size: int) -> Expr:
    first = draw(st.integers(1, 2))
    last = first + size - 1
    body = scalar(draw, _inside(draw, s, first, last), 2)
    return Expr(f"[{body.text} for i = {first}..{last}]",
                lambda e: torch.stack([body.run(e | {"i": k}) for k in range(first, last + 1)]), True)


def reduced_family(draw: Draw, s: Scope) -> Expr:
    kind = draw(st.sampled_from(["sum", "prod"]))
    first = draw(st.integers(1, 2))
    last = first + draw(st.integers(0, 3))
    body = scalar(draw, _inside(draw, s, first, last), 2)
    reduce = torch.sum if kind == "sum" else torch.prod
    return Expr(f"{kind}({body.text} for i = {first}..{last})",
                lambda e: reduce(torch.stack([body.run(e | {"i": k}) for k in range(first, last + 1)])), True)


def reduction(draw: Draw, s: Scope, depth: int, kind: str) -> Expr | None:
    size = draw(st.sampled_from(sorted(s.vectors.values())))
    a = vector(draw, s, size, depth - 1)
    if kind == "reduce":
        form = draw(st.sampled_from(sorted(REDUCTIONS)))
        if "|" in form and "|" in a.text:
            return None
        if form[:3] in ("max", "min") or "1" in form:
            for e in s.envs:
                values = sorted(a.run(e).tolist())
                if any(abs(v) < 0.02 for v in values) or any(q - p < 0.02 for p, q in itertools.pairwise(values)):
                    return None
        if not all(float(torch.linalg.vector_norm(a.run(e))) > 0.1 for e in s.envs):
            return None
        return Expr(form.format(a.text), lambda e: REDUCTIONS[form](a.run(e)), "|" not in form)
    if kind == "quadratic":
        if not a.letter:
            return None
        rows = [[draw(st.integers(-2, 2)) for _ in range(size)] for _ in range(size)]
        text = "[" + "; ".join(", ".join(map(str, row)) for row in rows) + "]" if size > 1 else f"[[{rows[0][0]}]]"
        return Expr(f"{a}^T {text} {a}", lambda e: a.run(e) @ torch.tensor(rows, dtype=torch.float64) @ a.run(e))
    b = vector(draw, s, size, depth - 1)
    name = draw(st.sampled_from(sorted(LOSSES)))
    if name in ("mae", "huber"):
        for e in s.envs:
            gaps = (a.run(e) - b.run(e)).abs().tolist()
            if any(g < 0.02 or abs(g - 1) < 0.02 for g in gaps):
                return None
    return Expr(f"{name}({a.text}, {b.text})", lambda e: LOSSES[name](a.run(e), b.run(e)), True)


# ------------------------------------------------------------------ programs


@dataclass
class Program:
    """A block, the point, and its definitions in order."""

    lines: list[str]
    point: dict[str, Any]
    steps: dict[str, Run]
    outputs: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def forward(self, point: Env) -> Env:
        names = dict(point)
        for name, run in self.steps.items():
            if name not in names:
                names[name] = run(names)
        return names


VALUES = st.floats(-2, 2).map(lambda v: round(v, 3) + (0.125 if abs(v) < 0.1 else 0))


@st.composite
def programs(draw: Draw) -> Program:
    """A random program: declared vectors, user functions, intermediates, outputs."""
    point: Env = {}
    lines: list[str] = []
    scalars: list[Expr] = []
    vectors: dict[str, int] = {}
    for name in draw(st.sampled_from([["x"], ["x", "y"], ["x", "y", "k"], ["x1", "x2", "theta"], ["x", "mu", "t0"]])):
        point[name] = draw(VALUES)
        scalars.append(_name(name))
        lines.append(f"{name} in R")
    for name in draw(st.sampled_from([[], [], ["v"], ["v", "w"]])):
        size = draw(st.integers(1, 4))
        point[name], vectors[name] = [draw(VALUES) for _ in range(size)], size
        lines.append(f"{name} in R^{size}")
    env = {k: torch.tensor(v, dtype=torch.float64) for k, v in point.items()}
    scope = Scope(scalars, vectors, [env])
    steps: dict[str, Run] = {}
    calls = [_user_function(draw, scope, name) for name in draw(st.sampled_from([[], [], ["g"], ["g", "h"]]))]
    lines += calls
    for name in draw(st.sampled_from([[], ["u"], ["u", "q"], ["u", "q", "r"]])):
        _define(draw, scope, lines, steps, name)
    for name in draw(st.sampled_from([["f"], ["f"], ["f", "p"], ["F"]])):
        _define(draw, scope, lines, steps, name, 3)
    for line in reversed(calls):  # one that nothing calls would be an output
        if not any(re.search(rf"\b{line[0]}\(", other) for other in lines if other is not line):
            lines.remove(line)
    return Program(lines, point, steps)


def _name(name: str) -> Expr:
    return Expr(name, lambda e: e[name], True, True)


def _user_function(draw: Draw, scope: Scope, name: str) -> str:
    """g(s, t) = … in its own arguments; its body is drawn at a few points."""
    own = ["s", "t"][: draw(st.integers(1, 2))]
    points = [{k: torch.tensor(draw(VALUES)) for k in own} for _ in range(2)]
    body = scalar(draw, Scope([_name(k) for k in own], {}, points, functions=dict(scope.functions)), 2)
    scope.functions[name] = (len(own), lambda *values: body.run(dict(zip(own, values))))
    return f"{name}({', '.join(own)}) = {body.text}"


def _define(draw: Draw, scope: Scope, lines: list[str], steps: dict[str, Run], name: str, depth: int = 2) -> None:
    if scope.vectors and draw(st.integers(0, 2)) == 0:
        size = draw(st.sampled_from(sorted(set(scope.vectors.values()))))
        body = vector(draw, scope, size, depth)
    else:
        body, size = scalar(draw, scope, depth), 0
    lines.append(f"{name} = {body.text}")
    steps[name] = body.run
    for env in scope.envs:
        env[name] = torch.as_tensor(body.run(env), dtype=torch.float64)
    if size:
        scope.vectors = scope.vectors | {name: size}
    else:
        scope.scalars = [*scope.scalars, _name(name)]


def derivative(program: Program, of: str, wrt: str) -> np.ndarray:
    """d of / d wrt by PyTorch, `wrt` being an input or a definition that is then a name of its own."""
    env = {k: torch.tensor(v, dtype=torch.float64) for k, v in program.point.items()}
    at = program.forward(env)[wrt]

    def run(value: Any) -> Any:
        return torch.as_tensor(program.forward(env | {wrt: value})[of]) + 0 * value.sum()

    found: np.ndarray = torch.autograd.functional.jacobian(run, at).numpy()
    return found


def close(found: Any, wanted: Any) -> bool:
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    return found.shape == wanted.shape and bool(np.abs(found - wanted).max(initial=0) <= 1e-9 * scale)


def on_a_kink(program: Program, pairs: Sequence[tuple[str, str]]) -> bool:
    """True where PyTorch's own derivative jumps within a millionth of the point."""
    rng = np.random.default_rng(1)
    for of, wrt in pairs:
        near = []
        for _ in range(6):
            point = {k: np.asarray(v) + 1e-6 * rng.standard_normal(np.shape(v)) for k, v in program.point.items()}
            near.append(derivative(replace(program, point={k: v.tolist() for k, v in point.items()}), of, wrt))
        if np.ptp(near, axis=0).max(initial=0) > 1e-3 * max(1.0, np.abs(near).max(initial=0)):
            return True
    return False


def check(program: Program, symbolic: bool = True, pairs: int = 3) -> None:
    """Everything by PyTorch: values, the whole Jacobian, some names by others, the formulas."""
    try:
        r = jacmagic.jacobian(program.text)
    except jacmagic.ValueMistake as error:
        if not any(word in str(error) for word in ("no value", "divides by 0", "not a number", "not a real number")):
            raise
        return
    except jacmagic.SyntaxMistake as error:  # all names happened to be constant
        if not any(words in str(error) for words in ("nothing to differentiate", "in which nothing varies")):
            raise
        return
    if not set(r.program.variables) <= set(program.point):
        return  # only constants are left, and they are the variables
    used = [name for name in program.point if name in r.known]
    values = {name: program.point[name] for name in used}
    steps = [name for name in program.steps if name in r.program.steps]  # the others are constant: values
    env = program.forward({k: torch.tensor(v, dtype=torch.float64) for k, v in program.point.items()})
    if not all(torch.isfinite(torch.as_tensor(env[name])).all() for name in steps):
        return
    forward = r.forward(**values)
    for name in steps:
        assert close(forward[name], env[name]), f"{program.text}\n{name} = {forward[name]}, not {env[name]}"
    whole = [(of, wrt) for of in r.program.outputs for wrt in r.program.variables]
    others = [(of, wrt) for of in steps for wrt in [*used, *steps[: steps.index(of)]] if (of, wrt) not in whole]
    some = others[:: max(1, len(others) // pairs)]
    truth = {}
    for of, wrt in [*whole, *some]:
        truth[of, wrt] = derivative(program, of, wrt)
        if not np.isfinite(truth[of, wrt]).all():
            return  # a user function called where it has no slope
    for of, wrt in [*some, whole[-1]]:
        found = r.at(of, wrt, **values)
        if not close(found, truth[of, wrt]) and on_a_kink(program, [(of, wrt)]):
            return  # met inside a user function, or by values that cancel
        assert close(found, truth[of, wrt]), f"{program.text}\nat {values}\nd{of}/d{wrt} = {found}, not {truth[of, wrt]}"
    size = {k: max(1, int(np.size(v))) for k, v in program.point.items()}
    rows = [
        np.concatenate([truth[of, wrt].reshape(-1, size[wrt]) for wrt in r.program.variables], axis=1)
        for of in r.program.outputs
    ]
    matrix = np.concatenate(rows)
    if not close(r.at(**values), matrix) and on_a_kink(program, whole):
        return
    assert close(r.at(**values), matrix), f"{program.text}\nat {values}\n{r.at(**values)}\nnot\n{matrix}"
    if symbolic:
        found = by_sympy(r, values)
        assert found is None or close(found, matrix), f"{program.text}\nat {values}\n{r.matrix}\n{found}\nnot\n{matrix}"
    reads_back(r, values, matrix)


def reads_back(r: Any, values: dict[str, Any], matrix: np.ndarray) -> None:
    """The LaTeX of the Jacobian, typed into a block, has the same numbers."""
    try:
        latex = r.latex()
    except LimitError:
        return
    if len(latex) > 4000:  # reading these takes most of the time, and finds nothing that shorter ones do not
        return
    size = {0: "R", 1: "R^{}", 2: "R^({}x{})"}
    lines = [f"{key} in {size[len(one.shape)].format(*one.shape)}" for key, one in r.program.inputs.items()]
    block = "\n".join([*lines, f"Jac = {latex}"])
    try:
        again = jacmagic.jacobian(block)
    except LimitError:
        return  # more names, numbers and signs than a block has
    except jacmagic.ValueMistake as error:
        if "no real number" not in str(error):
            raise
        return  # written out it is seen of a case that does not apply
    except jacmagic.SyntaxMistake as error:
        if "nothing to differentiate" in str(error):
            return  # the Jacobian is constant
        raise
    used = {name: value for name, value in (dict(r.values) | values).items() if name in again.known}
    found = again.forward(**used)["Jac"]
    assert close(np.reshape(found, matrix.shape), matrix), f"{r.text}\n{block}\n{found}\nnot\n{matrix}"


def by_sympy(r: Any, values: dict[str, Any]) -> np.ndarray | None:
    """The symbolic matrix with numbers put in by SymPy; None where it is too long to write."""
    try:
        matrix = r.matrix
    except LimitError:
        return None
    if sum(entry.count_ops() for entry in matrix) > 1500:
        return None
    point = {}
    for name, value in (dict(r.values) | values).items():
        for symbol, number in zip(r.entry_symbols(name), np.ravel(value)):
            point[symbol] = sp.Float(float(number), 30)
    try:
        return np.array(matrix.xreplace(point).evalf(20).tolist(), dtype=float)
    except TypeError as error:  # a condition on ln(-1): false in floating point, an error in SymPy
        tie = matrix.has(symbolic("max"), symbolic("min"))  # SymPy leaves 1.5 √3 = max(1.5 √3, 1) open
        if "non-real" not in str(error) and not tie:
            raise
        return None


EXAMPLES = int(os.environ.get("JACMAGIC_EXAMPLES", "2000"))
"""How many random programs; JACMAGIC_EXAMPLES=20000 is the run at scale, always the same programs."""


@pytest.mark.parametrize(("point", "run", "kink"), [
    (2.0, torch.abs, False),
    (1e-3, torch.abs, False),
    (0.0, torch.abs, True),
    (0.0, torch.sin, False),
    (0.0, lambda x: x**2, False),
    (3.0, lambda x: torch.relu(x - 3), True),
    (3.0, lambda x: torch.exp(5 * x), False),  # steep is no kink
    ([1.0, 1.0], torch.amax, True),
    ([1.0, 1.5], torch.amax, False),
])
def test_only_a_kink_excuses_a_disagreement(point: Any, run: Callable[[Any], Any], kink: bool) -> None:
    assert on_a_kink(Program([], {"x": point}, {"f": lambda names: run(names["x"])}), [("f", "x")]) is kink


@pytest.mark.parametrize("share", [
    0.01, pytest.param(0.05, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.scale)
])
def test_random_programs_agree_with_pytorch(share: float) -> None:
    @settings(
        max_examples=round(share * EXAMPLES), deadline=None, derandomize=True, database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(programs(), st.integers(0, 3))
    def agrees(program: Program, symbolic: int) -> None:
        check(program, symbolic == 0)

    agrees()


@pytest.mark.parametrize(("block", "point"), [
    ("u = max(0.5 y, acsch y, 4)\nh(s, t) = acsch(s) - t s\nf = min(min(min(7, u), y u), h(x u, asin y), x)", {"x": 0.125, "y": -0.636}),
    ("u = (x - x) if -x >= 10 else 0.5/x\nf = (u - x)^2 + ln(u x + x^2)^2\np = x + atan2(x - x, f^(1/2))", {"x": 0.627}),
])
def test_cases_that_meet_what_is_no_number(block: str, point: dict[str, float]) -> None:
    """The entries of the Jacobian, by SymPy's numbers and by central differences."""
    r = jacmagic.jacobian(block, wrt=list(point))
    found = r.at(**point)
    known = by_sympy(r, point)
    assert known is None or close(known, found)
    for k, name in enumerate(point):
        above, below = (r.forward(**(point | {name: point[name] + step})) for step in (1e-6, -1e-6))
        slope = [(above[of] - below[of]) / 2e-6 for of in r.program.outputs]
        assert np.allclose(found[:, k], slope, atol=1e-6)
