"""Steps: each line is true in numbers, each rule the right one, and the last line is the result that is shown."""

from __future__ import annotations

import html
import math
import random
import re
from typing import Any

import numpy as np
import pytest
from evaluate import UNKNOWN, _Evaluator, as_matrix, full

import jacmagic
from jacmagic import panel
from jacmagic.guide.gallery import GALLERY
from jacmagic.language import printers
from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.show.backward import pre_activation
from jacmagic.show.rules import Step
from jacmagic.show.views import asked_steps, plain_text

STEP = 1e-5  # of central differences


# ------------------------------------------------------------------ the oracle
class Truth(_Evaluator):
    """Numbers of formulas with derivatives in them, those by central differences of what stands in them."""

    def __init__(self, r: Any, letters: dict[str, t.Expr]) -> None:
        self.r, self.letters = r, letters
        point = {**r.values, **r.forward()}
        for key in r.known:
            for symbol, value in zip(r.entry_symbols(key), np.ravel(point[key])):
                point.setdefault(symbol.name, float(value))
        super().__init__(point)
        for letter, inner in letters.items():
            self.values[letter] = self.value(inner, UNKNOWN)

    def inner(self, of: t.Expr) -> t.Expr:
        """What a name of the block, or a letter, or a z, is in the names that it reads."""
        if isinstance(of, t.PreActivation):
            return pre_activation(self.r, of.of.key)[0]
        if isinstance(of, t.Name) and of.key in self.letters:
            return self.letters[of.key]
        if isinstance(of, t.Name) and of.key in self.r.program.steps:
            return self.r.program.steps[of.key].expr
        return of

    def differences(self, tree: t.Expr, x: t.Expr) -> np.ndarray:
        key: Any = x.key if isinstance(x, t.Name) else x
        held = self.values.get(key)
        if held is None:
            held = self.value(self.inner(x), UNKNOWN)
        array, columns = np.array(held, dtype=float), []
        for at in range(array.size):
            sides = []
            for sign in (1, -1):
                moved = array.copy()
                moved.flat[at] += sign * STEP
                values = dict(self.values)
                values[key] = moved
                if isinstance(key, str) and key in self.r.known:
                    for symbol, value in zip(self.r.entry_symbols(key), moved.ravel()):
                        values[symbol.name] = float(value)
                elif isinstance(key, str):
                    self.in_vector(values, key, float(moved))
                other = Truth.__new__(Truth)
                other.r, other.letters, other.values = self.r, self.letters, values
                sides.append(other.value(tree, UNKNOWN))
            columns.append((sides[0] - sides[1]).reshape(-1, 1) / (2 * STEP))
        return np.hstack(columns)

    def in_vector(self, values: dict[Any, Any], key: str, value: float) -> None:
        """The same entry in its vector."""
        if key in self.letters:
            return
        whole, at = self.r.place(key)
        values[whole] = np.array(values[whole], dtype=float)
        values[whole].flat[at] = value

    def value_partial(self, tree: t.Partial, shape: Any) -> np.ndarray:
        of = tree.of
        if isinstance(of, t.Name) and (place := self.entry_of(of.key)) is not None:  # f1, an entry of f
            return self.differences(self.r.program.steps[place[0]].expr, tree.by[0])[[place[1]], :]
        if isinstance(of, t.PreActivation) or isinstance(tree.by[0], t.PreActivation):
            z = t.PreActivation(of) if not isinstance(of, t.PreActivation) else of
            self.values[z] = self.value(pre_activation(self.r, z.of.key)[0], UNKNOWN)
            if not isinstance(of, t.PreActivation):
                return self.differences(pre_activation(self.r, of.key)[1], tree.by[0])
        if isinstance(of, t.Name) and of.key in self.letters:
            return self.differences(self.letters[of.key], tree.by[0])
        return self.differences(self.inner(of), tree.by[0])

    def entry_of(self, key: str) -> tuple[str, int] | None:
        if key in self.letters or key in self.r.known:
            return None
        whole, at = self.r.place(key)
        return (whole, at) if at is not None and whole in self.r.program.steps else None

    def value_total(self, tree: t.Total, _: Any) -> np.ndarray:
        of, x = tree.of.key, tree.by[0].key
        whole, at = self.r.place(x)
        start, columns = np.array(self.r.values[whole], dtype=float), []
        for k in range(start.size) if at is None else (at,):
            sides = []
            for sign in (1, -1):
                moved = start.copy()
                moved.flat[k] += sign * STEP
                sides.append(self.r.forward(**{whole: moved})[of])
            columns.append(np.ravel(sides[0] - sides[1]).reshape(-1, 1) / (2 * STEP))
        return np.hstack(columns)

    def value_slope(self, tree: t.Slope, _: Any) -> np.ndarray:
        return self.value_partial(t.Partial(t.Name(tree.call.key), tree.call.arguments), UNKNOWN)

    def shape_partial(self, tree: t.Partial) -> Any:
        return self.value_partial(tree, UNKNOWN).shape

    def shape_total(self, tree: t.Total) -> Any:
        return self.value_total(tree, UNKNOWN).shape

    LOSSES = {
        "mse": lambda o, y: np.mean((o - y) ** 2), "mae": lambda o, y: np.mean(np.abs(o - y)),
        "huber": lambda o, y: np.mean(np.where(np.abs(o - y) <= 1, (o - y) ** 2 / 2, np.abs(o - y) - 0.5)),
        "cross_entropy": lambda p, y: -np.sum(y * np.log(p)), "dot": lambda u, v: np.sum(u * v),
    }

    def value_call(self, tree: t.Call, shape: Any) -> Any:
        if tree.function in self.LOSSES:
            return float(self.LOSSES[tree.function](*(self.value(one, UNKNOWN) for one in tree.arguments)))
        return super().value_call(tree, shape)

    def value_usercall(self, tree: t.UserCall, _: Any) -> np.ndarray:
        step = self.r.program.steps[tree.key]
        other = Truth.__new__(Truth)
        other.r, other.letters = self.r, self.letters
        other.values = {**self.values, **dict(zip(step.params, [self.value(one, UNKNOWN) for one in tree.arguments]))}
        return other.value(step.expr, UNKNOWN)

    def shape_usercall(self, tree: t.UserCall) -> Any:
        return self.value_usercall(tree, UNKNOWN).shape

    def shape_family(self, _: t.Family) -> Any:
        return 1, 1

    def value_family(self, tree: t.Family, _: Any) -> float:
        first, last = (int(self.value(one, (1, 1))[0, 0]) for one in (tree.first, tree.last))
        found = []
        for k in range(first, last + 1):
            other = Truth.__new__(Truth)
            other.r, other.letters, other.values = self.r, self.letters, {**self.values, tree.index: float(k)}
            found.append(other.value(tree.body, (1, 1))[0, 0])
        return float(np.sum(found) if tree.kind == "sum" else np.prod(found))


def check(r: Any, root: Step) -> None:
    """Both sides of every line are the same number, or matrix of numbers."""
    def go(step: Step, letters: dict[str, t.Expr]) -> None:
        own = {**letters, **{one.sides[0].key: one.sides[1] for one in step.where if isinstance(one.sides[0], t.Name)}}
        truth = Truth(r, own)
        left = truth.value(step.left, UNKNOWN)
        for side in (step.right, step.value):
            if side is not None and not any(isinstance(one, t.Dots) for one in t.walk(side)):  # too long to be written out
                value = np.broadcast_to(truth.value(side, left.shape), left.shape)
                assert np.allclose(value, left, rtol=2e-4, atol=2e-6 * (1 + np.abs(left).max())), f"{r.text}\n{text(step.line)}\n{left}\n{value}"
        if isinstance(step.right, t.Family):  # the general term, at some index
            own[step.right.index] = t.Number("3")
        for part in step.parts:
            go(part, own)

    go(root, {})


# ------------------------------------------------------------------ a small differentiator of its own
class Own:
    """A dual number for an expression of x, with the names of the rules that were used, in order."""

    def __init__(self, point: dict[str, float], x: str) -> None:
        self.point, self.x = point, x

    def moves(self, e: t.Expr) -> bool:
        return self.x in t.names_below(e)

    def of(self, e: t.Expr, top: bool = True) -> tuple[float, float, list[str]]:
        while isinstance(e, t.Paren):
            e = e.inner
        if not self.moves(e):
            return self.number(e), 0.0, ["a constant"] * top
        if isinstance(e, t.Name):
            return self.point[e.key], 1.0, ["the variable itself"] * top
        return getattr(self, type(e).__name__.lower())(e)

    def number(self, e: t.Expr) -> float:
        truth = _Evaluator(self.point)
        return float(truth.value(e, (1, 1))[0, 0])

    def negative(self, e: Any) -> Any:
        v, d, rules = self.of(e.inner, False)
        return -v, -d, ["constant factor", *rules]

    def sum(self, e: Any) -> Any:
        parts = [(sign, *self.of(one, False)) for sign, one in e.terms]
        return sum(s * v for s, v, *_ in parts), sum(s * d for s, _, d, _ in parts), ["sum rule", *(r for *_, rules in parts for r in rules)]

    def several(self, factors: list[Any]) -> Any:
        parts = [self.of(one, False) for one in factors]
        if len(parts) == 1:
            return parts[0]
        slope = sum(d * math.prod(v for j, (v, _, _) in enumerate(parts) if j != k) for k, (_, d, _) in enumerate(parts))
        return math.prod(v for v, *_ in parts), slope, ["product rule", *(r for *_, rules in parts for r in rules)]

    def product(self, e: Any) -> Any:
        above = [one for op, one in e.factors if op != "/"]
        below = [one for op, one in e.factors if op == "/"]
        if any(map(self.moves, below)):
            u, du, first = self.mixed(above)
            v, dv, second = self.mixed(below)
            return u / v, (du * v - u * dv) / v**2, ["quotient rule", *first, *second]
        moving = [one for one in above if self.moves(one)]
        factor = math.prod(self.number(one) for one in above if not self.moves(one)) / math.prod(map(self.number, below))
        v, d, rules = self.several(moving)
        constant = ["constant factor"] * (len(moving) < len(e.factors))
        return factor * v, factor * d, constant + rules

    def mixed(self, factors: list[Any]) -> Any:
        """A product that may have constant factors, or be one."""
        if not any(map(self.moves, factors)):
            return math.prod(map(self.number, factors)), 0.0, []
        if len(factors) == 1:
            return self.of(factors[0], False)
        return self.product(t.Product(tuple(("", one) for one in factors)))

    def power(self, e: Any) -> Any:
        base, exponent = self.of(e.base, False), self.of(e.exponent, False)
        (u, du, first), (v, dv, second) = base, exponent
        if not self.moves(e.exponent):
            rule = "power rule" if t.inside(e.base) == t.Name(self.x) else "chain rule, a power"
            return u**v, v * u ** (v - 1) * du, [rule, *first]
        if not self.moves(e.base):
            alone = t.inside(e.exponent) == t.Name(self.x)
            rule = "exponential rule" if alone else "chain rule, e^u" if t.inside(e.base) == t.Constant("e") else "chain rule, a^u"
            return u**v, u**v * math.log(u) * dv, [rule, *second]
        return u**v, u**v * (dv * math.log(u) + v * du / u), ["chain rule, u^v", *first, *(second if t.inside(e.exponent) != t.inside(e.base) else [])]

    SLOPES = {
        "sin": (math.sin, math.cos), "cos": (math.cos, lambda z: -math.sin(z)), "exp": (math.exp, math.exp),
        "ln": (math.log, lambda z: 1 / z), "sqrt": (math.sqrt, lambda z: 0.5 / math.sqrt(z)),
        "tanh": (math.tanh, lambda z: 1 - math.tanh(z) ** 2), "atan": (math.atan, lambda z: 1 / (1 + z * z)),
        "sigmoid": (lambda z: 1 / (1 + math.exp(-z)), lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2),
        "softplus": (lambda z: math.log1p(math.exp(z)), lambda z: 1 / (1 + math.exp(-z))),
    }

    def call(self, e: Any) -> Any:
        f, slope = self.SLOPES[e.function]
        v, d, rules = self.of(e.arguments[0], False)
        alone = t.inside(e.arguments[0]) == t.Name(self.x)
        return f(v), slope(v) * d, [f"{'' if alone else 'chain rule with the '}derivative of {e.function}", *rules]


def expression(rng: random.Random, depth: int) -> str:
    """A random expression of x, y, k that is finite where these are near 1."""
    if depth == 0:
        return rng.choice(["x", "x", "x", "y", "k", "2", "3", "x y", "2x", "x^2", "x^3"])
    a, b = expression(rng, depth - 1), expression(rng, rng.randrange(depth))
    return rng.choice([
        f"({a}) + {b}", f"({a}) - ({b})", f"({a}) * ({b})", f"k * ({a}) * ({b})", f"({a})/(1 + ({b})^2)", f"({a})/3",
        f"sin({a})", f"cos({a})", f"e^(-({a})^2)", f"tanh({a})", f"ln(1 + ({a})^2)", f"sqrt(1 + ({a})^2)", f"({a})^2",
        f"-({a})", f"atan({a})", f"sigmoid({a})", f"2^(tanh({a}))", f"(1 + ({a})^2)^(sin({b}))", f"softplus({a}) y",
        f"(1 + ({a})^2)^k", f"5/(1 + ({a})^2)",
    ])


def seeds(count: int) -> list[Any]:
    """A seeded fortieth at once, a tenth where it may be long, all at scale."""
    return [pytest.param(seed, marks=() if seed < count // 40 else pytest.mark.long if seed < count // 10 else pytest.mark.scale) for seed in range(count)]


@pytest.mark.parametrize("seed", seeds(2000))
def test_every_line_of_a_random_expression_is_true_and_by_the_right_rule(seed: int) -> None:
    rng = random.Random(seed)
    block = f"f(x, y, k) = {expression(rng, rng.choice([1, 2, 2, 3]))} + 0 x"
    r = jacmagic.jacobian(block)
    r.set(x=round(rng.uniform(0.4, 1.4), 3), y=round(rng.uniform(0.4, 1.4), 3), k=round(rng.uniform(0.4, 1.4), 3))
    x = rng.choice(["x", "x", "y", "k"])
    found = r.steps("f", x)
    check(r, found.root)
    value, slope, rules = Own({key: r.values[key] for key in "xyk"}, x).of(r.program.steps["f"].expr)
    assert math.isclose(value, float(r.forward()["f"]), rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(slope, float(r.at("f", x)), rel_tol=1e-8, abs_tol=1e-8)
    told = [step.rule for _, step in found.root.walk()]
    assert len(told) == len(rules)
    assert all(one.startswith(rule) for one, rule in zip(told, rules)), f"{block}\n{told}\n{rules}"


ACTIVATIONS = ["tanh", "sigmoid", "softplus", "sin", "exp", "atan", "silu", "gelu", "layer_norm", "softmax"]


def net(rng: random.Random) -> str:
    """A random net of one to three layers and a loss."""
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(2, 4))]
    lines, last = [f"x in R^{sizes[0]}"], "x"
    for k, n in enumerate(sizes[1:], start=1):
        bias = f" + b{k}" * rng.choice([1, 1, 0])
        skip = f" + {last}" if sizes[k - 1] == n and rng.random() < 0.25 else ""
        call = rng.choice([one for one in ACTIVATIONS if n > 1 or one not in ("softmax", "layer_norm")])
        lines.append(f"h{k} = {call}(W{k} {last}{bias}){skip} in R^{n}")
        last = f"h{k}"
    n = sizes[-1]
    lines.append(f"y in R^{n} target")
    lines.append(rng.choice([f"L = mse({last}, y)", f"L = 1/2 ||{last} - y||^2", f"L = sum(({last} - y) .* ({last} - y))", f"L = huber({last}, y)"]))
    return "\n".join(lines)


@pytest.mark.parametrize("seed", seeds(300))
def test_every_line_of_a_random_net_is_true(seed: int) -> None:
    rng = random.Random(seed)
    n = jacmagic.nnchain(net(rng), wrt="x")
    draw = np.random.default_rng(seed)
    n.set(**{key: draw.uniform(-0.9, 0.9, np.shape(value)) for key, value in n.values.items()})
    layers = list(n.program.steps)
    check(n, n.steps(rng.choice(layers), "x").root)
    weight = rng.choice(n.trainable())
    root = n.steps("L", weight).root
    size = full(n.program.shape(weight))
    assert np.allclose(np.broadcast_to(_Evaluator(passed_back(n, root)).value(root.right, size), size), np.reshape(n.at("L", weight), size))


@pytest.mark.parametrize("seed", seeds(300))
def test_the_numbers_put_in_for_a_net_s_arrays_come_to_its_derivative(seed: int) -> None:
    rng = random.Random(2000 + seed)
    n = jacmagic.nnchain(net(rng), wrt="x")
    draw = np.random.default_rng(seed)
    n.set(**{key: draw.uniform(-0.9, 0.9, np.shape(value)) for key, value in n.values.items()})
    layers = [key for key in n.program.steps if key != "L"]
    pairs = [*(("L", one) for one in n.trainable()), ("L", "x"), (layers[-1], "x"), ("L", f"W1[{n.program.shape('W1')[0]},1]")]
    shown = 0
    for of, wrt in pairs:
        value, sides = np.array(n.at(of, wrt)), n.steps(of, wrt).result.sides
        for put_in in sides[2:-1]:
            numbers = np.ravel(_Evaluator({}).value(put_in, UNKNOWN))  # of numbers alone: no name is known
            assert numbers.size in (1, value.size)
            assert np.allclose(numbers, np.ravel(value), rtol=5e-3, atol=2e-3)
            shown += 1
    assert shown


@pytest.mark.parametrize("seed", seeds(300))
def test_the_numbers_beside_delta_are_what_comes_back_to_its_layer(seed: int) -> None:
    """δ of h = f(W x + b): by central differences by W, which are δ xᵀ."""
    rng = random.Random(3000 + seed)
    n = jacmagic.nnchain(net(rng), wrt="x")
    draw = np.random.default_rng(seed)
    n.set(**{key: draw.uniform(-0.9, 0.9, np.shape(value)) for key, value in n.values.items()})
    lines = [one.tree.sides for one in n.steps("L", "W1").lines if isinstance(one.tree.sides[0], t.Delta)]
    assert lines
    for left, _, *between, last in lines:
        weight = left.of.key.replace("h", "W")
        held, slope = np.array(n.values[weight], dtype=float), np.zeros(n.program.shape(weight))
        for at in np.ndindex(held.shape):
            near = np.array([held, held])
            near[(slice(None), *at)] += (STEP, -STEP)
            above, below = (float(n.forward(**{weight: one})["L"]) for one in near)
            slope[at] = (above - below) / (2 * STEP)
        before = {**n.values, **n.forward()}[next(one for one in ("x", "h1", "h2") if one in n.program.steps[left.of.key].reads)]
        delta = np.reshape(slope, (-1, np.size(before))) @ np.ravel(before) / np.sum(np.square(before))
        for side in (*between, last):
            numbers = np.ravel(_Evaluator({}).value(side, UNKNOWN))  # of numbers alone: no name is known
            assert np.allclose(numbers, delta, rtol=5e-3, atol=2e-3), (text(left), text(side))


def test_a_worked_example_has_the_numbers_of_delta_and_of_the_layer() -> None:
    n = jacmagic.nnchain("x in R^2\na = tanh(W1 x + c1) in R^2\no = W2 a + c2 in R^1\ny in R^1\nL = 1/2 ||o - y||^2")
    n.set(x=[1, 2], W1=[[0.5, -0.25], [0.1, 0.2]], c1=[0, 0.5], W2=[[2, -1]], c2=[0.5], y=[1])
    a = np.tanh([0.0, 1.0])
    delta = (2 * a[0] - a[1] + 0.5 - 1) * np.array([2, -1]) * (1 - a**2)  # by hand
    assert n.steps("L", "W1").text.splitlines()[-1].startswith(
        f"∂L/∂W₁ = δ_a xᵀ = [{delta[0]:.4g}; {delta[1]:.4g}] [1; 2]ᵀ = [{delta[0]:.4g}, {2 * delta[0]:.4g}; ")
    assert n.steps("L", "c1").text.splitlines()[-1].startswith("∂L/∂c₁ = δ_a = [")
    assert f"= δ_a[2] x₂ = {delta[1]:.4g} · 2 = " in n.steps("L", "W1[2,2]").text.splitlines()[-1]


def passed_back(n: Any, root: Step) -> dict[Any, Any]:
    """The numbers of all names, and of each z and δ, these from the steps below them."""
    known: dict[Any, Any] = {**n.values, **n.forward()}
    for key in n.known:
        known |= {symbol.name: float(value) for symbol, value in zip(n.entry_symbols(key), np.ravel(known[key]))}
    for key in n.program.steps:
        if (parts := pre_activation(n, key)) is not None:
            known[t.PreActivation(t.Name(key))] = _Evaluator(known).value(parts[0], full(n.program.shape(key)))
    for _, step in reversed(list(root.walk())):
        known[step.left] = np.array(_Evaluator(known).value(step.right, UNKNOWN))
    return known


@pytest.mark.parametrize("seed", seeds(300))
def test_the_steps_of_an_entry_in_a_net_are_those_of_its_layers(seed: int) -> None:
    rng = random.Random(1000 + seed)
    n = jacmagic.nnchain(net(rng), wrt="x")
    draw = np.random.default_rng(seed)
    n.set(**{key: draw.uniform(-0.9, 0.9, np.shape(value)) for key, value in n.values.items()})
    layers = [key for key in n.program.steps if key != "L"]
    of, wrt = rng.choice([("L", "x"), ("L", rng.choice(n.trainable())), ("L", layers[0]), (rng.choice(layers), "x"), (layers[-1], rng.choice([one for one in n.trainable() if one in n.program.steps[layers[-1]].reads]))])
    places = [[""] if n.program.shape(one) == () else [f"[{','.join(str(k + 1) for k in at)}]" for at in np.ndindex(n.program.shape(one))] for one in (of, wrt)]
    of, wrt = of + rng.choice(["", *places[0]]), wrt + rng.choice(places[1])
    found = n.steps(of, wrt)
    value = np.array(n.at(of, wrt))
    if of == "L" and n.place(wrt)[0] in n.trainable():
        truth: Any = _Evaluator(passed_back(n, found.root))
    else:
        part = found.root.rule.startswith(("an entry of", "a row of", "a column of"))
        for step in [] if n.place(wrt)[0] in layers else found.root.parts if part else [found.root]:
            check(n, step)
        truth = Truth(n, {})
    assert found.root.rule != "a constant" or not value.any()
    formula = found.result.sides[1]
    if not any(isinstance(one, t.Dots) for one in t.walk(formula)):
        right = np.array(truth.value(formula, UNKNOWN))
        assert np.allclose(right, np.reshape(value, right.shape), rtol=2e-4, atol=2e-6)
    assert text(found.result).startswith(text(found.root.left))
    (number,) = found.result.sides[-1:]
    shown = np.array([[float(text(one)) for one in row] for row in number.rows]) if isinstance(number, t.Matrix) else float(text(number))
    assert np.allclose(shown, np.reshape(value, np.shape(shown)), rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize(("of", "wrt", "line"), [
    ("L", "W1[1,2]", "∂L/∂W1[1,2] = δ_h[1] x₂    an entry of ∂L/∂W₁"), ("L", "W_{1,2}", "∂L/∂W1[1,2] = δ_h[1] x₂    an entry of ∂L/∂W₁"), ("L", "c1[3]", "∂L/∂c1[3] = δ_h[3]    an entry of ∂L/∂c₁"),
    ("o[2]", "x[1]", "∂o₂/∂x₁ = (∂o/∂h ∂h/∂x)[2,1]    an entry of do/dx"), ("o", "x[2]", "∂o/∂x₂ = (∂o/∂h ∂h/∂x)[:,2]    a column of do/dx"), ("o[2]", "x", "∂o₂/∂x = (∂o/∂h ∂h/∂x)[2,:]    a row of do/dx"),
    ("h[3]", "W1[3,2]", "∂(W1[3,1] x₁ + W1[3,2] x₂ + c1[3])/∂W1[3,2] = ∂(W1[3,2] x₂)/∂W1[3,2] = x₂    sum rule: a constant term falls away; W1[3,1], x₁, c1[3] held constant"),
    ("h", "c1[1]", "∂h/∂c1[1] = [1 - tanh²(W1[1,1] x₁ + W1[1,2] x₂ + c1[1]); 0; 0]    entry by entry"),
])
def test_an_entry_of_a_net_s_derivative_is_explained_by_its_layers(of: str, wrt: str, line: str) -> None:
    n = jacmagic.nnchain("x in R^2\nh = tanh(W1 x + c1) in R^3\no = W2 h + c2 in R^2\nL = 1/2 ||o - y||^2")
    assert line in [one.strip() for one in n.steps(of, wrt.replace("W_", "W1_")).text.splitlines()]


@pytest.mark.parametrize(("of", "wrt", "line"), [
    ("o[2]", "x[1]", "∂o₂/∂x₁ = (∂h/∂x ∂o/∂h)[1,2]    an entry of do/dx"), ("o", "x[2]", "∂o/∂x₂ = (∂h/∂x ∂o/∂h)[2,:]    a row of do/dx"), ("o[2]", "x", "∂o₂/∂x = (∂h/∂x ∂o/∂h)[:,2]    a column of do/dx"),
    ("L", "x[2]", "∂L/∂x₂ = (∂h/∂x ∂o/∂h ∂L/∂o)[2,1]    an entry of dL/dx"), ("L", "W1[1,2]", "∂L/∂W1[1,2] = δ_h[1] x₂    an entry of ∂L/∂W₁"),
])
def test_in_denominator_layout_an_entry_stands_at_the_other_place(of: str, wrt: str, line: str) -> None:
    n = jacmagic.nnchain("x in R^2\nh = tanh(W1 x + c1) in R^3\no = W2 h + c2 in R^2\nL = 1/2 ||o - y||^2").show(layout="denominator")
    assert n.steps(of, wrt).text.splitlines()[0] == line


BLOCKS = [
    ("f(x) = x^2 if x > 0 else -x", "f", "x"),
    ("f(x, y) = max(x, y^2) + atan2(y, x) + |x - 2y|", "f", "x"),
    ("g(u, v) = u^2 v\nf(x, y) = sin(g(2x, x y))", "f", "x"),
    ("u = x^2 + y\nv = x y\nf = u v + x", "f", "x"),
    ("u = x^2\nv = sin u\nw = v + u\nf = e^w", "f", "x"),
    ("f(x, y) = [x^2 y, 5x + sin y]", "f1", "y"),
    ("f(x) = x^x + x^(sin x)", "f", "x"),
    ("x in R^3\nf = ||x|| + sum(x[i]^2 for i = 1..3) + x[2] x[1]", "f", "x2"),
    ("x in R^3\nA in R^(3x3)\nf = x^T A x + ||A x|| + ||x||^2", "f", "x"),
    ("x in R^3\nA in R^(3x3)\nb in R^3\nf = tanh(0.1 A x + b)", "f", "x"),
    ("x in R^3\nf = exp(sin(x)) .* x", "f", "x"),
    ("x in R^3\nf = ||x|| x", "f", "x"), ("b in R\nx in R^2\nf = x^2 + b", "f", "x"), ("x in R^2\nμ = 1\nσ = 2\nf = (x - μ)/σ", "f", "x"),
    ("x in R^3\na in R^3\nf = dot(a, x) + a^T sin(x) + dot(x, x)", "f", "x"),
    ("x in R^3\nf = softmax(2 x) + x", "f", "x"),
    ("x in R^3\nc in R^3\nf = mse(x, c) + mean(x) + logsumexp(x)", "f", "x"),
    ("x in R^2\nA in R^(3x2)\nu = A x\nf = sum(u .* u)", "f", "x"),
    ("x1' = x2\nx2' = -k sin x1", "dx2", "x1"),
    ("f(x, y) = clip(x y, 0, 2) + log_b(x + 2) + root(x, 3)", "f", "x"),
    ("f(x) = 1/(1 + e^-x)", "f", "x"),
    ("f(x, y) = x y/3 - 4/(x y) + (x/y)^2", "f", "y"),
    ("x in R^3\nf = sum(i x[i]^2 for i = 1..3) + x[2]", "f", "x"),
    ("x in R^2\nf = x ./ (2 + x .* x)", "f", "x"), ("f(x, y) = 3 x×y^2 + 1[x > 0] y", "f", "x"),
    ("x in R^2\nW in R^(2x2)\nf = tanh(W x)", "f1", "W_{1,2}"),
    ("f(x) = x^3\ng = f'(x) x", "g", "x"), ("f(x) = sin x\nh = f'(x)^2\nk = h x + f", "k", "x"),
]


SUMS = [
    ("f(x, y) = exp(-sum(i x^i for i = 1..3)) y", "f", "x", "term by term"), ("x in R^3\nf = (sum(x_i^2 for i = 1..3))^(1/2)", "f", "x2", "the other terms are constants"),
    ("f(x) = sqrt(sum((x - k)^2 for k = -1..1)) + x", "f", "x", "term by term"), ("x in R^4\nf = 1/sum(x_i x_{i+1} for i = 1..3)", "f", "x2", "the other terms are constants"),
    ("f(x) = ln(2 + sum(sin(k x)/k for k = 1..30))", "f", "x", "the general term"), ("f(x) = tanh(sum(sum(x^k/j for j = 1..2) for k = 1..3))", "f", "x", "term by term"),
    ("x in R^400\nf = sqrt(sum(x_i^2 for i = 1..400)/400)", "f", "x7", "the other terms are constants"), ("x in R^400\nf = x_1 sqrt(sum(exp(x_i x_3) for i = 1..40))", "f", "x7", "the other terms are constants"),
    ("x in R^3\nf = x_1 exp(-sum(x_i^2 for i = 1..3))", "f", "x", "one of them below"), ("x, a in R^3\nf = ln(sum(exp(a_i x_i) for i = 1..3))", "f", "x", "one of them below"),
    ("x in R^3\nA in R^(3x3)\nf = sin(sum(sum(A_ij x_i x_j for j = 1..3) for i = 1..3)/9)", "f", "x2", "term by term"), ("x in R^3\nf = cos(sum(x_j^2 x_2 for j = 1..3))", "f", "x2", "sum rule"),
]


@pytest.mark.parametrize(("block", "of", "wrt", "words"), SUMS)
def test_a_sum_within_a_formula_is_explained_by_its_terms(block: str, of: str, wrt: str, words: str) -> None:
    r = jacmagic.jacobian(block)
    draw = np.random.default_rng(3)
    r.set(**{key: draw.uniform(0.3, 0.9, np.shape(value)) for key, value in r.values.items()})
    root = r.steps(of, wrt).root
    check(r, root)
    rules = [step.rule for _, step in root.walk()]
    assert any(one.startswith(("sum rule", "entry by entry: sum rule")) and words in one for one in rules)
    assert not {"written out by entries", "the engine's derivative"} & set(rules)


@pytest.mark.parametrize(("block", "of", "wrt"), BLOCKS)
def test_every_line_of_a_block_is_true(block: str, of: str, wrt: str) -> None:
    if "log_b" in block:
        block = block.replace("log_b(x + 2)", "log(x + 2, 3)")
    r = jacmagic.jacobian(block)
    check(r, r.steps(of, wrt).root)


@pytest.mark.parametrize(("block", "of", "wrt", "lines"), [
    ("x in R^2\ny^3 + y = x[1] x[2]\ny = y(x)\nz = y^2", "z", "x", [
        "dz/dx = ∂z/∂y dy/dx = ∂z/∂y ∂y/∂x    chain rule", "    ∂y/∂x₁ = -(∂F/∂x₁)/(∂F/∂y) = x₂/(3y² + 1)    the equation, differentiated: ∂F/∂x + ∂F/∂y dy/dx = 0",
        "dz/dx = ∂z/∂y ∂y/∂x = 2 [[0.5, 0.25]] = [1, 0.5]    put together"]),
    ("x^2 + y^2 = 1\ny = y(x)\ns = x y", "s", "x", [
        "  ∂y/∂x = -(∂F/∂x)/(∂F/∂y) = -x/y    the equation, differentiated: ∂F/∂x + ∂F/∂y dy/dx = 0", "      ∂(x²)/∂x = 2x    power rule"]),
    ("x^2 + y^2 + z^2 = 9\nx y z = 4\ny = y(x)\nz = z(x)", "y", "x", ["∂y/∂x = -y (x² - z²)/(x (y² - z²))    an entry of what the equations give", "    ∂F₁/∂y = ∂(y²)/∂y = 2y    sum rule: a constant term falls away; x, z held constant"]),
    ("u = u(x)\nf = u^2", "f", "x", ["df/dx = ∂f/∂u du/dx = 2 du/dx u(x)    chain rule", "  ∂f/∂u = 2u    power rule", "  ∂u/∂x    a function of which nothing is known"]),
    ("f = f(x)\ng = g(x)\nh(x) = f(g(x))", "h", "x", ["dh/dx = ∂h/∂g dg/dx = dg/dx f'(g(x))    chain rule", "  ∂h/∂g = df/dg    chain rule: f′ of what is put in, times its derivative"]),
    ("u = u(x, t)\nf = u ∂u/∂x", "f", "x", ["  ∂f/∂x = u ∂²u/∂x²    by the rules, derivatives of what nothing is known of kept"]), ("f = f(x)\nu = f(x - c t)", "u", "x", ["∂u/∂x = f'(x - c t)    chain rule: f′ of what is put in, times its derivative"]),
    ("f(x, y) = x^2 y^3\ng = ∇f", "g2", "y", ["∂g₂/∂y = 3x² ∂(y²)/∂y = 6x² y    constant factor; x held constant"]),
    ("f(x, y) = x^2 y\nv = [1, 2]\ng = D_v f", "g", "y", ["  ∂(2x y v₁)/∂y = 2x v₁    constant factor; x, v₁ held constant"]),
    ("x in R^2\nf = ||x||^2\ng = ||∇f||^2 + x[1]", "g", "x", ["∂g/∂x = [8x₁ + 1, 8x₂]    entry by entry", "  ∂g/∂x₂ = ∂(4x₂²)/∂x₂ = 8x₂    sum rule: a constant term falls away; x₁ held constant"]),
])
def test_steps_of_derivatives_of_what_equations_define_and_of_what_nothing_is_known(block: str, of: str, wrt: str, lines: list[str]) -> None:
    r = jacmagic.jacobian(block)
    assert [one for one in lines if one not in r.steps(of, wrt).text.splitlines()] == []
    assert all(f"{one.text}    {one.note}" in plain_text(r.show(steps=True)) for one in r.steps(of, wrt).lines[:-1])


@pytest.mark.parametrize("block", ["f(x, y) = x^2 sin(x y)\ng(x, y) = x/y", "f(x) = x^2 e^x", "r = √(x^2 + y^2)", "x in R^2\nf = x[1]^2 x[2]"])
def test_the_last_line_is_the_result_that_is_shown(block: str) -> None:
    r = jacmagic.jacobian(block)
    shown = repr(r)
    plain = r._repr_mimebundle_()["text/plain"]
    for of in r.program.outputs:
        for x in r.variables:
            last = r.steps(of, x.name).lines[-1]
            formula = text(last.tree.sides[1])
            assert formula in plain, shown
            assert last.tree.sides[1] == r.steps(of, x.name).result.sides[1]


def test_the_numbers_stand_beside_the_formula() -> None:
    r = jacmagic.jacobian("f(x, y) = x^2 sin(x y)\nx = 1.2\ny = -0.7")
    formula, put_in, number = r.steps("f", "x").lines[-1].tree.sides[1:]
    assert text(put_in) == "1.2² · (-0.7) cos(1.2 · (-0.7)) + 2 · 1.2 sin(1.2 · (-0.7))"
    for side in (put_in, number):
        assert np.allclose(_Evaluator({}).value(side, (1, 1)), r.at("f", "x"), rtol=2e-4)
    assert text(formula) in r._repr_mimebundle_()["text/plain"]


def test_what_is_held_constant_is_named() -> None:
    (root, *_), _ = jacmagic.jacobian("f(x, y) = x y").steps("f", "x").lines, None
    assert root.note == "constant factor; y held constant"


@pytest.mark.parametrize("magic", ["jacobian", "nnchain"])
def test_an_option_of_both_magics_shows_steps_everywhere(magic: str, tmp_path: Any) -> None:
    block = "f(x, y) = x^2 sin(x y)" if magic == "jacobian" else "x in R^2\na = tanh(W x + b) in R^2\nL = mse(a, y)"
    made = getattr(jacmagic, magic)
    plain, r = made(block), made(block).show(steps=True)
    rule = "product rule" if magic == "jacobian" else "tanh, entry by entry"
    assert rule in r._repr_mimebundle_()["text/plain"]
    assert rule not in plain._repr_mimebundle_()["text/plain"]
    assert len(r._repr_mimebundle_()["text/latex"]) > len(plain._repr_mimebundle_()["text/latex"])
    for line in r.steps(r.program.outputs[0], r.program.variables[0] if magic == "jacobian" else "W").lines:
        assert line.text in r._repr_mimebundle_()["text/plain"]
        assert line.latex in r._repr_mimebundle_()["text/latex"]
        assert line.note in html.unescape(r._repr_mimebundle_()["text/html"])
        (action,) = [one for one in panel.spec(r)["actions"] if one["label"] == "Steps"]
        if line.moving is None:
            assert any(printers.mathml(line.tree, line.arrays) == one["mathml"] and line.note == said["note"] for one, *_, said in action["mathml"])
    # Where there are numbers, there is a name for each that the page has a number for.
    lasts = [numbers for _, *numbers, said in action["mathml"] if "put together" in said["note"]]
    assert lasts
    for (numbers,) in lasts:
        assert numbers["live"]
        assert not re.search(r"<mn>\d*\.", numbers["mathml"])
        assert 'data-name="put:' in numbers["mathml"]


def test_the_numbers_of_steps_are_those_of_the_current_point() -> None:
    r = jacmagic.jacobian("f(x) = x^3").show(steps=True)
    for x, slope in ((2.0, 12), (3.0, 27)):
        r.set(x=x)
        (last,) = [one for one in r._repr_mimebundle_()["text/plain"].splitlines() if "put together" in one]
        assert last.startswith(f"f'(x) = 3x² = 3 · {x:.0f}² = {slope}")


@pytest.mark.parametrize(("block", "of", "wrt", "words"), [
    ("A in R^(2x2)\nf = det(A)", "f", "A", "entry by entry: d det(A) = det(A) tr(A⁻¹ dA), one of them below"), ("A in R^(2x2)\nf = A^-1", "f", "A", "entry by entry: d(A⁻¹) = −A⁻¹ dA A⁻¹, one of them below"),
    ("A in R^(2x2)\nx in R\nf = x^-1 tr(A)", "f", "A", "entry by entry: d tr(A) = tr(dA), one of them below"), ("W in R^(2x3)\nx in R^3\nf = tanh(W x)", "f", "W", "entry by entry, one of them below"),
    ("a, x in R^3\nf = a × x", "f", "x", "entry by entry: d(u × v) = du × v + u × dv, one of them below; a held constant"), ("x in R^3\nf_i = x_i^2 - x_1 for i = 1..3", "f", "x", "entry by entry, one of them below"),
    ("x in R^2\ng = ||x||^2\nf = ||∇g||^2 + x[1]", "f", "x", "entry by entry"), ("x in R^6\nf = maxpool(x, 2)", "f", "x", "entry by entry, one of them below"), ("p in R^3\nV in R^(2x3)\nE = ||V p||^2\nf = ∂E/∂V", "f", "p", "entry by entry, one of them below"),
])
def test_what_is_said_of_all_entries_has_the_steps_of_one_below_it(block: str, of: str, wrt: str, words: str) -> None:
    r = jacmagic.jacobian(block)
    root = r.steps(of, wrt).root
    assert root.words == words
    assert root.parts
    for part in root.parts:
        entry, (whole, at) = r.place(part.left.of.key), r.place(part.left.by[0].key)
        sides = []
        for sign in (1, -1):
            moved = np.array(r.values[whole], dtype=float)
            moved.flat[at] += sign * STEP
            sides.append(np.ravel(r.forward(**{whole: moved})[entry[0]])[entry[1] or 0])
        assert np.allclose(Truth(r, {}).value(part.value, (1, 1)), (sides[0] - sides[1]) / (2 * STEP), rtol=1e-5, atol=1e-7)


def test_no_example_has_a_step_that_says_nothing() -> None:
    for one in GALLERY:
        r = getattr(jacmagic, one.magic)(one.block)
        for of, wrt in asked_steps(r)[:12]:
            for _, step in r.steps(of, wrt).root.walk():
                assert step.rule not in ("worked out", "the engine's derivative", "its matrix form"), (one.title, text(step.line))


def test_what_has_no_steps_says_so() -> None:
    r = jacmagic.jacobian("f(x) = x^2")
    with pytest.raises(ValueError, match="x has no definition"):
        r.steps("x", "f")
    with pytest.raises(KeyError, match="no name 'q'"):
        r.steps("f", "q")
    assert r.steps("f", "f").text == "∂f/∂f = 1    a name by itself\n∂f/∂f = 1    put together"
    assert "[1, 0; 0, 1]" in jacmagic.jacobian("x in R^2\nf = 2x").steps("f", "f").lines[0].text


def test_steps_print_and_are_typeset() -> None:
    found = jacmagic.jacobian("f(x, y) = x^2 sin(x y)").steps("f", "x")
    assert str(found) == repr(found) == found.text
    assert found.text.splitlines()[1].startswith("  ∂(x²)/∂x = 2x    power rule")
    assert found._repr_latex_().startswith("$\\displaystyle \\begin{aligned}")
    assert as_matrix(1).shape == (1, 1)
