"""What each undefined name of a net is: an input, a weight, a target or fixed.

`roles` reads the trees of a block from its last line backwards. As long as it walks
through what makes up a loss (terms with their weights, squares, norms, logarithms,
hinges) it notes what is compared with a prediction and what only weighs a term; below
that everything is a layer. Each use of a name is noted by its kind; the rules of the
language are then asked in order. Shapes are taken as given, and no value is looked at:
declaring a size or giving a value never changes a role.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from jacmagic.errors import NameMistake
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.names import name as name_of
from jacmagic.program.labels import is_switch, kink, labelled, opposite
from jacmagic.program.maps import is_literal
from jacmagic.program.parts import core, factors_of, is_half, plain, softmax_exps, terms_of

Shape = tuple[int, ...]
Trees = Mapping[str, t.Expr]

LOGS = ("ln", "log2", "log10", "log_softmax")
HINGES = ("relu", "max", "min", "exp", "softplus", "ln", "log2", "log10")
SOFT = ("softmax", "log_softmax", "logsumexp", "sigmoid")
SUMS = ("sum", "mean", "prod")
# A name all of whose uses are of these kinds is set by the reader, not learnt.
SET = frozenset({"weighs", "exponent", "temperature", "root"})


def roles(
    trees: Trees, params: Mapping[str, Sequence[str]], shapes: Mapping[str, Shape], names: Sequence[str],
    stated: Mapping[str, str], columns: Collection[str] = (), batches: Collection[str] = (),
) -> dict[str, str]:
    """{name: "input" | "weight" | "target" | "fixed"} of the undefined `names`, by the rules of the language in order.

    trees    the right sides of the block in order, params the arguments of its functions
    stated   what a line says of a name
    columns  the names on the magic's line
    batches  the names that are batches: inputs, but where one is compared

    Raises:
        NameMistake: nothing says which name is the input.
    """
    known = {key: "input" for key in names if key in columns or is_input(key, trees, shapes)} | dict(stated)
    inputs = {key for key in names if known.get(key) == "input"}
    uses = _Uses(trees, params, shapes, [key for key in names if key not in inputs], 3 if batches else 2)
    found = {key: known.get(key) or by_use(key, uses, shapes) for key in names}
    found |= {key: "input" for key in batches if found.get(key) in ("weight", "fixed") and key not in stated}
    if columns or "input" in found.values():
        return found
    loose = [key for key in names if key not in stated and found[key] == "weight"]
    right = behind_matrices(trees, shapes, names)
    behind = [key for key in loose if key in right]
    if len(behind) != 1:
        columns_first = sorted(loose, key=lambda key: (len(shapes[key]) != 1, len(shapes[key])))
        raise which_input(behind or columns_first, len(behind))
    return found | {behind[0]: "input"}


USUAL = frozenset("w W b c v V A B M k m t y".split())
"""Letters that weights and targets have."""


def which_input(names: Sequence[str], found: int) -> NameMistake:
    """The question which name is the input; of two that could be, both are named."""
    asked = f", {' or '.join(names[:3])}" if found else ""
    hints = tuple(f"{name} input" for name in names[:2])
    if not found:  # numbers alone: i1 and i2 of sigmoid(w1 i1 + w2 i2 + b1)
        likely = [name for name in names if name_of(name).base not in USUAL and not is_greek(name)]
        alike = [name for name in likely if name_of(name).base == name_of(likely[0]).base]
        few = len(names) < 5 and not {name_of(name).base for name in names} & set("wWb")  # μ and σ, Q, K and V
        alike = alike * (alike == likely) or list(names) * few
        hints = (f"{', '.join(alike)} input",) if alike else ()
    shown = f" Say it on a line of its own: {' or '.join(hints)}." if hints else ""
    return NameMistake(f"Which name is the input of the net{asked}?{shown}", None, hints)


def by_use(key: str, uses: _Uses, shapes: Mapping[str, Shape]) -> str:
    """Rules 4 to 6: a target, fixed, or a weight, by what the name stands for in the block."""
    kinds, small = uses.found[key], len(shapes[key]) < uses.axes
    base = name_of(key).base
    if small and key in uses.labels:
        return "target"
    if small and "target" in kinds and kinds <= {"target", "weighs"}:
        return "target"
    if kinds and kinds <= SET and (small or kinds == {"weighs"}):
        return "target" if base == "y" else "fixed"  # y d^2 + (1 - y) max(0, m - d)^2
    if small and uses.is_first(key):
        return "input"
    return "fixed" if base in ("epsilon", "eps") else "weight"


# ------------------------------------------------------------------ names
def is_greek(key: str) -> bool:
    """True for λ, α₁ and ε, which seldom stand for data."""
    return name_of(key).is_greek or name_of(key).base == "eps"


def is_input(key: str, trees: Trees, shapes: Mapping[str, Shape]) -> bool:
    """Rule 3: x, X, input, with an index too; h0 beside a line h1, h_{t-1} beside h_t, of that size."""
    if name_of(key).base in ("x", "X", "input"):
        return True
    if len(shapes[key]) == 2:
        return False
    return any(name_of(key).counts_as(name_of(one)) and shapes.get(one) == shapes[key] for one in trees)


# ------------------------------------------------------------------ trees
def behind_matrices(trees: Trees, shapes: Mapping[str, Shape], names: Collection[str]) -> set[str]:
    """The undefined columns that stand to the right of an undefined matrix."""
    found: set[str] = set()
    for one in (below for tree in trees.values() for below in t.walk(tree)):
        factors = factors_of(one) or []
        for k, (divides, factor) in enumerate(factors):
            first = {name for name in t.names_below(factor) if name in names and len(shapes[name]) == 2}
            if first and not divides:
                right = {name for _, other in factors[k + 1 :] for name in t.names_below(other)} & set(names)
                found |= {name for name in right - first if len(shapes[name]) == 1}
    return found


def labels(trees: Trees) -> set[str]:
    """The names that are the second argument of `cross_entropy` or `bce`."""
    calls = [one for tree in trees.values() for one in t.walk(tree) if isinstance(one, t.Call)]
    pairs = [one.arguments for one in calls if one.function in ("cross_entropy", "bce") and len(one.arguments) == 2]
    return {target.key for target in (t.inside(one) for _, one in pairs) if isinstance(target, t.Name)}


# ------------------------------------------------------------------ uses
class _Uses:
    """For each undefined name the kinds of its uses.

    "layer"        anything that learning may change
    "target"       compared with a prediction in a loss
    "weighs"       a factor, divisor or addend of a term of a loss
    "exponent"     x^p
    "temperature"  softmax(z/T)
    "root"         the ε of sqrt(v + ε)
    """

    def __init__(
        self, trees: Trees, params: Mapping[str, Sequence[str]], shapes: Mapping[str, Shape], names: Sequence[str],
        axes: int = 2,
    ) -> None:
        self.axes = axes  # what has fewer may be a target: of a batch a matrix, too
        self.trees: dict[str, t.Expr] = {key: plain(tree) for key, tree in trees.items()}
        self.params, self.shapes = params, shapes
        self.found: dict[str, set[str]] = {key: set() for key in names}
        self.seen: set[tuple[str, str]] = set()
        self.shared = {id(one) for tree in self.trees.values() for one in softmax_exps(tree)}
        self.todo: list[tuple[t.Expr, bool]] = []  # lines that are layers, one behind the other: no deep chain
        self.labels, self.kinks = self.seen_by_form()
        used = {name for key, tree in self.trees.items() for name in t.names_below(tree) - {key}}
        for key, tree in self.trees.items():
            if key not in used:
                (self.loss if self.is_loss(tree) else self.layer)(tree)
        while self.todo:
            self.layer(*self.todo.pop())

    # -------------------------------------------------------------- questions
    def seen_by_form(self) -> tuple[set[str], set[t.Expr]]:
        """Labels that the form of a term shows, and the differences that a loss has its kink at."""
        every = [one for tree in self.trees.values() for one in t.walk(tree)]
        labels = {self.free(each) for one in every for each in labelled(one, self.step)}
        found = [kink(one, self.difference, self.constant) for one in every]
        kinks = {one for one in found if one is not None and self.compared(one.terms)}
        own = {key for key in labels if key is not None and not is_greek(key)}
        return own, kinks | {opposite(one) for one in kinks}

    def is_first(self, key: str) -> bool:
        """h0 or h_prev, of a line h of that size: where a recurrence starts."""
        base = name_of(key).base
        return name_of(key).tail in ("0", "prev") and base in self.trees and self.shapes.get(base) == self.shapes[key]

    def step(self, expr: t.Expr) -> t.Expr | None:
        """The right side behind a name or a call of the block."""
        if isinstance(expr, t.Name):
            return self.trees.get(expr.key)
        if isinstance(expr, t.UserCall) and expr.key in self.trees:
            own = self.params.get(expr.key, ())
            if len(own) == len(expr.arguments):
                return t.put_in(self.trees[expr.key], dict(zip(own, expr.arguments)))
        return None

    def free(self, expr: t.Expr) -> str | None:
        """The undefined name, no matrix, that an expression is: y, y^T, y[k]."""
        name = core(expr)
        if isinstance(name, t.Name) and name.key in self.found and len(self.shapes[name.key]) < self.axes:
            return name.key
        return None

    def numbers(self, expr: t.Expr) -> bool:
        """True for an expression of undefined numbers: λ/2, 1 - α, also under a name of its own, or in R^1."""
        names = t.names_below(expr)
        return bool(names) and all(
            self.numbers(self.trees[name]) if name in self.trees
            else name in self.found and self.shapes[name] in ((), (1,)) for name in names
        )

    def constant(self, expr: t.Expr) -> bool:
        return is_literal(expr) or self.numbers(expr)

    def transformed(self, expr: t.Expr) -> str | None:
        """The one undefined name in an expression without any other: y of y, 2y, ln y, 1 - y, y[k]."""
        names = [name for name in t.names_below(expr) if name in self.found or name in self.shapes]
        if len(names) == 1 and names[0] in self.found and len(self.shapes[names[0]]) < self.axes:
            return names[0]
        return None

    def is_model(self, expr: t.Expr) -> bool:
        """True where an expression is a prediction: it uses a line of the block, or several names, as w x does."""
        if isinstance(t.inside(expr), t.Indicator):
            return False
        names = t.names_below(expr)
        mine = names & self.found.keys()
        return bool(names & self.trees.keys()) or bool(mine) and self.transformed(expr) is None

    def compared(self, terms: Sequence[tuple[int, t.Expr]]) -> list[tuple[int, t.Expr]]:
        """The terms of a difference that stand against its model: y of y - w^T x and of w^T x + b - y; not b."""
        of_lines = any(t.names_below(term) & self.trees.keys() for _, term in terms)
        lone = [of_lines and self.is_scaled(term) or not self.is_model(term) for _, term in terms]
        model = {sign for (sign, term), own in zip(terms, lone) if not own and self.is_model(term)}
        alone = [(sign, term) for (sign, term), own in zip(terms, lone) if own and (
            self.transformed(term) or self.is_scaled(term))]
        if len(model) == 1:
            return [(sign, term) for sign, term in alone if sign not in model]
        return alone if len(model) == 2 and len(alone) == 1 else []

    def is_scaled(self, expr: t.Expr) -> bool:
        """True for a name with a Greek number, γ V_n of r + γ V_n - V."""
        names = t.names_below(expr)
        greek = {name for name in names if is_greek(name) and self.shapes.get(name) == ()}
        return bool(greek) and len(names - greek) == 1 and names <= self.found.keys() and factors_of(expr) is not None

    def difference(self, expr: t.Expr) -> t.Sum | None:
        """The sum that an expression is, also under a name: o - y of E."""
        one: t.Expr | None = t.inside(expr)
        while one is not None and not isinstance(one, t.Sum):
            if isinstance(one, t.Negative):
                one = one.inner
            elif (factors := factors_of(one)) is not None:  # (y - o)/c
                rest = [(divides, factor) for divides, factor in factors if not self.constant(factor)]
                one = rest[0][1] if len(rest) == 1 and not rest[0][0] else None
            else:
                one = self.step(one) if isinstance(one, t.Name) else None
            one = t.inside(one) if one is not None else None
        return one

    def is_loss(self, expr: t.Expr) -> bool:
        """True for what is made to be small, not to be passed on: a loss, a norm, the square of a difference."""
        one = t.inside(expr)
        if (below := self.step(one)) is not None:
            return self.is_loss(below)
        if one in self.kinks or self.labels and t.names_below(one) & self.labels:
            return True
        if isinstance(one, (t.Negative, t.Absolute)):
            return isinstance(one, t.Absolute) or self.is_loss(one.inner)
        if isinstance(one, t.Norm):
            return True
        if isinstance(one, t.Sum):
            return any(self.is_loss(term) for _, term in one.terms) or bool(self.scores(one))
        if isinstance(one, t.Power):
            return self.is_square(one)
        if (factors := factors_of(one)) is not None:
            above = [factor for divides, factor in factors if not divides and not self.constant(factor)]
            return self.is_form(above) or any(self.is_loss(factor) or self.is_log(factor) for factor in above)
        if isinstance(one, t.Call):
            return self.is_loss_call(one)
        if isinstance(one, t.Family):
            return one.kind == "sum" and self.is_summed(one.body)
        if isinstance(one, t.Case):
            return any(self.is_loss(value) for value, _ in one.branches) or self.is_loss(one.otherwise)
        return False

    def is_square(self, one: t.Power) -> bool:
        base = t.inside(one.base)
        if (sum_ := self.difference(base)) is not None:
            signs = {sign for sign, term in sum_.terms if not self.constant(term)}
            return bool(self.compared(sum_.terms)) or len(signs) == 2 or any(self.is_loss(one) for _, one in sum_.terms)
        return self.is_loss(base) or self.numbers(base)

    def is_form(self, factors: Sequence[t.Expr]) -> bool:
        """True for r^T r and r^T S r."""
        if len(factors) < 2:
            return False
        first, last = (core(one) for one in (factors[0], factors[-1]))
        return first == last and (isinstance(t.inside(factors[0]), t.Transpose) or len(factors) == 2)

    def is_log(self, expr: t.Expr) -> bool:
        one: t.Expr | None = core(expr)
        while isinstance(one, t.Name):
            one = self.trees.get(one.key)
            one = core(one) if one is not None else None
        return isinstance(one, t.Call) and one.function in LOGS

    def is_of_loss(self, log: t.Expr) -> bool:
        """True for ln(1 + r^2) of a difference r, which is no likelihood."""
        one = t.inside(log)
        return isinstance(one, t.Call) and any(
            isinstance(each, t.Power) and self.is_square(each) and self.difference(each.base) is not None
            or isinstance(each, t.Call) and each.function == "cosh" for each in t.walk(one.arguments[0]))

    def is_loss_call(self, one: t.Call) -> bool:
        row = FUNCTIONS[one.function]
        if row.kind == "loss" or one.function in ("norm", "abs"):
            return True
        if one.function in SUMS:
            return any(map(self.is_summed, one.arguments))
        if one.function in LOGS:
            return any(t.names_below(arg) & (self.trees.keys() | self.found.keys()) for arg in one.arguments)
        if one.function in HINGES:
            return any(self.is_loss(arg) or bool(self.margins(arg, 1)) for arg in one.arguments)
        if one.function == "cosh":  # ln(cosh(o - y))
            terms = self.difference(one.arguments[0])
            return terms is not None and bool(self.compared(terms.terms))
        return one.function == "sqrt" and self.is_loss(one.arguments[0])

    def is_summed(self, expr: t.Expr) -> bool:
        """True where the entries of a sum are a loss: squares, logarithms, absolute values."""
        todo = [expr]
        while todo:
            one = todo.pop()
            called = one.function if isinstance(one, t.Call) else ""
            if isinstance(one, (t.Power, t.Absolute)) or called in (*LOGS, "abs", "exp"):
                return True
            todo += t.children(one)
        return self.is_loss(expr)

    def margins(self, expr: t.Expr, sign: int) -> set[str]:
        """The labels of a hinge: y of max(0, 1 - y z), exp(-y z), ln(1 + exp(-y z)), ln(sigmoid(y z))."""
        one = t.inside(expr)
        if isinstance(one, t.Negative):
            return self.margins(one.inner, -sign)
        if isinstance(one, t.Sum):
            return set().union(*(self.margins(term, sign * own) for own, term in one.terms))
        if isinstance(one, t.Call) and one.function in HINGES:
            return set().union(*(self.margins(arg, sign) for arg in one.arguments))
        if isinstance(one, t.Call) and one.function == "sigmoid":
            return self.margins(one.arguments[0], -sign)
        if isinstance(one, t.Name) and one.key in self.trees and factors_of(t.inside(self.trees[one.key])):
            return self.margins(self.trees[one.key], sign)
        factors = factors_of(one)
        if factors is None or sign > 0 or any(divides for divides, _ in factors):
            return set()
        own = [key for _, factor in factors if (key := self.free(factor)) is not None]
        rest = [factor for _, factor in factors if self.free(factor) is None and not is_literal(factor)]
        return {own[0]} if len(own) == 1 and rest and all(map(self.is_linear, rest)) else set()

    def is_linear(self, expr: t.Expr) -> bool:
        """True for the score that a label multiplies: z = w^T x + b; not for a layer tanh(w x)."""
        one = t.inside(expr)
        if isinstance(one, t.Component):
            one = core(one)
        if isinstance(one, t.Name):
            return one.key in self.trees and not isinstance(t.inside(self.trees[one.key]), t.Call)
        return isinstance(one, t.Sum) and self.is_model(one)

    # -------------------------------------------------------------- walking
    def note(self, expr: t.Expr, kind: str) -> None:
        """One use of each name below; what a name stands for is looked through."""
        for name in t.names_below(expr):
            if name in self.found:
                self.found[name].add(kind)
            elif name in self.trees:
                self.note(self.trees[name], kind)

    def part(
        self, parts: Iterable[t.Expr], kind: str, holds: Callable[[t.Expr], bool],
        walk: Callable[[t.Expr], None] | None = None,
    ) -> None:
        """Note those of some parts that hold as uses of a kind, and walk through the others."""
        for one in parts:
            if holds(one):
                self.note(one, kind)
            else:
                (walk or self.layer)(one)

    def enter(self, name: str, way: str) -> bool:
        """True the first time that a line is read in this way."""
        fresh = name in self.trees and (name, way) not in self.seen
        self.seen.add((name, way))
        return fresh

    def loss(self, expr: t.Expr) -> None:
        """What makes up a loss."""
        one = t.inside(expr)
        if isinstance(one, t.Name) and not self.is_loss(one):
            self.layer(one)
        elif isinstance(one, t.Name):
            if self.enter(one.key, "loss"):
                self.loss(self.trees[one.key])
        elif (below := self.step(one)) is not None:
            self.loss(below)
        elif isinstance(one, (t.Negative, t.Transpose)):
            self.loss(one.inner if isinstance(one, t.Negative) else one.base)
        elif isinstance(one, (t.Norm, t.Absolute)):
            self.residual(one.inner)
        elif isinstance(one, t.Sum):
            (self.residual if one in self.kinks or is_switch(one) else self.loss_sum)(one)
        elif isinstance(one, t.Power):
            self.exponent(one)
            self.residual(one.base)
        elif (factors := factors_of(one)) is not None:
            self.loss_product(factors)
        elif isinstance(one, t.Call):
            self.loss_call(one)
        elif isinstance(one, t.Family):
            self.loss(one.body)
        elif isinstance(one, (t.Case, t.Vector)):
            for child in t.children(one):
                self.loss(child)
        elif isinstance(one, (t.Compare, t.Logic, t.Indicator)):
            self.condition(one)
        else:
            self.layer(one)

    def scores(self, one: t.Sum) -> list[t.Expr]:
        """The terms that a label of scores stands in: y z of softplus(z) - y z and of ln(sum(exp(z))) - y^T z."""
        called = {each.function for _, term in one.terms if isinstance(each := t.inside(term), t.Call)}
        powers = any(isinstance(each, t.Power) and self.numbers(each.exponent) for _, term in one.terms
                     for each in t.walk(term))  # y μ^(1 - p)
        if not powers and not called & {"softplus", "logsumexp", *LOGS}:
            return []
        return [term for _, term in one.terms if self.score(term)]

    def score(self, term: t.Expr) -> bool:
        factors = [factor for _, factor in factors_of(t.inside(term)) or []]
        labels = [factor for factor in factors if self.free(factor) is not None]
        others = [factor for factor in factors if self.free(factor) is None and not self.constant(factor)]
        return len(labels) == 1 and bool(others) and all(map(self.is_model, others))

    def loss_sum(self, one: t.Sum) -> None:
        scores = self.scores(one)
        for _, term in one.terms:
            factors = factors_of(t.inside(term))
            if self.numbers(term):
                self.note(term, "layer" if any(isinstance(each, t.Call) for each in t.walk(term)) else "weighs")
            elif any(term is score for score in scores):
                self.scored([factor for _, factor in factors or []])
            elif self.is_loss(term) or factors is None:
                self.loss(term)
            else:
                self.loss_product(factors)

    def scored(self, factors: Sequence[t.Expr]) -> None:
        """y z, y μ^(1 - p)/(1 - p)."""
        own = [factor for factor in factors if self.free(factor) is not None]
        for factor in own:
            self.note(factor, "target")
        self.part((factor for factor in factors if factor not in own), "weighs", self.constant)

    def loss_product(self, factors: Sequence[tuple[bool, t.Expr]]) -> None:
        """Numbers weigh; beside a logarithm stands the target; r^T r squares a difference."""
        above = [factor for divides, factor in factors if not divides and not self.constant(factor)]
        if any(self.is_log(one) and not self.is_of_loss(one) for one in above):
            self.logarithm([factor for _, factor in factors])
            return
        form = self.is_form(above)
        for divides, factor in factors:
            if self.constant(factor):
                self.note(factor, "weighs")
            elif form and not divides and core(factor) == core(above[0]):
                self.residual(core(factor))
            elif form and isinstance(metric := core(factor), t.Name) and metric.key in self.found:
                self.note(factor, "weighs")  # S of r^T S r
            elif self.is_loss(factor) or is_switch(factor) or not divides and len(above) == 1:
                self.loss(factor)
            else:
                self.layer(factor)

    def logarithm(self, factors: Sequence[t.Expr]) -> None:
        """y ln o: the target is the vector beside the logarithm, or the number next to it; α of α y ln o weighs."""
        alone = [(factor, key) for factor in factors if (key := self.transformed(factor)) is not None]
        vectors = [key for _, key in alone if self.shapes[key]]
        latin = [key for _, key in alone if not is_greek(key)]
        target = set(vectors or latin[-1:])
        for factor in factors:
            key = self.transformed(factor)
            if self.is_log(factor):
                self.logarithm_of(factor, target, {name for _, name in alone})
            elif key is not None:
                self.note(factor, "target" if key in target else "weighs")
            elif self.transparent(factor) and any(self.shapes[name] for name in t.names_below(factor)):
                self.target(factor)
            elif self.constant(factor):
                self.note(factor, "weighs")
            elif isinstance(t.inside(factor), (t.Sum, t.Power)) and not is_literal(factor):
                self.loss(factor)
            else:
                self.layer(factor)

    def logarithm_of(self, expr: t.Expr, target: set[str], known: set[str]) -> None:
        """The logarithm beside a target, which may stand in it once more: ln(y/p) of y ln(y/p)."""
        one = core(expr)
        factors = factors_of(t.inside(one.arguments[0])) if isinstance(one, t.Call) else None
        if factors is None:
            self.layer(expr)
        for _, factor in factors or []:
            key = self.transformed(factor)
            if key in known:
                self.note(factor, "target" if key in target else "weighs")
            else:
                self.layer(factor)

    def loss_call(self, one: t.Call) -> None:
        args = one.arguments
        if FUNCTIONS[one.function].kind == "loss" and len(args) == 2:
            order = args if self.is_model(args[0]) or not self.is_model(args[1]) else args[::-1]
            self.layer(order[0])
            self.target(order[1])
        elif one.function in ("norm", "abs", "cosh"):
            self.residual(args[0])
        elif one.function in SUMS:
            for arg in args:
                self.loss(arg)
        elif one.function in HINGES or one.function == "sigmoid":
            self.hinge(one)
        elif one.function == "sqrt":
            self.root(args[0], self.loss)
        else:
            self.layer(one)

    def hinge(self, one: t.Call) -> None:
        """max(0, 1 - y z), ln(1 + exp(-y z)), max(0, m - d), -ln(p)."""
        self.parts_of_hinge(one, self.margins(one, 1))

    def parts_of_hinge(self, one: t.Call, found: set[str]) -> None:
        for arg in one.arguments:
            terms = [term for _, term in terms_of(arg)]
            weighs = self.numbers if len(terms) > 1 else lambda one: False
            self.part(terms, "weighs", weighs, lambda one: self.inner(one, found))

    def inner(self, expr: t.Expr, found: set[str]) -> None:
        """A part of a hinge whose labels are known."""
        one = t.inside(expr)
        if isinstance(one, t.Negative):
            self.inner(one.inner, found)
        elif isinstance(one, t.Call) and one.function in (*HINGES, "sigmoid") and found:
            self.parts_of_hinge(one, found)
        elif (factors := factors_of(one)) is not None and any(self.free(factor) in found for _, factor in factors):
            self.part((factor for _, factor in factors), "target", lambda one: self.free(one) in found)
        elif isinstance(one, t.Name) and one.key in self.trees and found & t.names_below(self.trees[one.key]):
            self.inner(self.trees[one.key], found)
        elif self.is_loss(one):
            self.loss(one)
        else:
            self.layer(one)

    def residual(self, expr: t.Expr) -> None:
        """What is squared, or whose norm is taken: y of o - y is a target."""
        one = t.inside(expr)
        if isinstance(one, t.Negative):
            self.residual(one.inner)
        elif isinstance(one, t.Name) and self.difference(one) is not None:
            if self.enter(one.key, "residual"):
                self.residual(self.trees[one.key])
        elif isinstance(one, t.Sum):
            self.sides(one)
        elif isinstance(one, (t.Absolute, t.Norm)) or isinstance(one, t.Call) and one.function in ("abs", *HINGES):
            self.loss(one)
        elif isinstance(one, (t.Product, t.Fraction)):
            self.scaled(factors_of(one) or [])
        elif self.is_loss(one):
            self.loss(one)
        else:
            self.layer(one)

    def sides(self, one: t.Sum) -> None:
        """A difference: targets, with what is on their side, and what they stand against."""
        compared = self.compared(one.terms)
        against, beside = [id(term) for _, term in compared], {sign for sign, _ in compared}
        for sign, term in one.terms:
            if id(term) in against:
                self.note_scaled(term)
            elif sign in beside and (factors := factors_of(term)) is not None:  # γ V of r + γ V - Q
                self.part((factor for _, factor in factors), "weighs", self.constant)
            elif is_switch(one):
                self.part([term], "weighs", self.numbers, self.loss)
            elif self.is_loss(term):
                self.loss(term)
            else:
                self.layer(term)

    def note_scaled(self, expr: t.Expr) -> None:
        """A target, with the Greek number that it may have: γ V_n."""
        for name in t.names_below(expr) & self.found.keys():
            greek = self.is_scaled(expr) and is_greek(name)
            self.found[name].add("weighs" if greek else "target")

    def scaled(self, factors: Sequence[tuple[bool, t.Expr]]) -> None:
        """A difference with its weight: (o - y)/σ, s .* (o - y)."""
        rest = [factor for divides, factor in factors if not divides and self.difference(factor) is not None]
        others = [factor for _, factor in factors if not any(factor is one for one in rest)]
        if len(rest) == 1 and all(self.constant(one) or self.free(one) is not None for one in others):
            self.residual(rest[0])
            for one in others:
                self.note(one, "weighs")
        else:
            for _, factor in factors:
                self.layer(factor)

    def target(self, expr: t.Expr) -> None:
        """The second argument of a loss: y, 0.9 y + 0.1, (1 - ε) y + ε/3, also on a line of its own."""
        one = t.inside(expr)
        if isinstance(one, t.Name) and one.key in self.trees and self.transparent(self.trees[one.key]):
            self.target(self.trees[one.key])
            return
        own = [name for name in sorted(t.names_below(one)) if name in self.found and len(self.shapes[name]) < self.axes]
        if not self.transparent(one) or not own:
            self.layer(one)
            return
        vectors = [name for name in own if self.shapes[name]]
        latin = [name for name in own if not is_greek(name)]
        chosen = vectors or (latin if len(latin) == 1 else [name for name in own if name_of(name).base == "y"])
        for name in own:
            self.found[name].add("target" if name in (chosen or own) else "weighs")

    def transparent(self, expr: t.Expr) -> bool:
        """True for a combination of undefined vectors and numbers alone, also on a line of its own."""
        return all(self.transparent(self.trees[name]) if name in self.trees else
                   name in self.found and len(self.shapes[name]) < self.axes for name in t.names_below(expr))

    def condition(self, one: t.Expr) -> None:
        """abs(r) < δ, y == 1: in a loss."""
        operands = t.children(one)
        for operand in operands:
            name, others = self.free(operand), [other for other in operands if other is not operand]
            if isinstance(operand, (t.Compare, t.Logic)):
                self.condition(operand)
            elif name is not None and others and all(map(is_literal, others)):
                self.note(operand, "target")
            elif self.numbers(operand):
                self.note(operand, "weighs")
            else:
                self.loss(operand)

    # -------------------------------------------------------------- layers
    def layer(self, expr: t.Expr, soft: bool = False) -> None:
        """What learning may change, except exponents, temperatures and the ε of a root."""
        one = core(expr) if soft else t.inside(expr)
        if isinstance(one, t.Name):
            self.line(one.key, soft)
        elif isinstance(one, t.UserCall):
            self.todo += [(arg, False) for arg in one.arguments]
            self.line(one.key, False)
        elif isinstance(one, t.Power):
            self.exponent(one)
            (self.under_root if is_half(one.exponent) else self.layer)(one.base)
        elif isinstance(one, t.Call) and one.function == "sqrt":
            self.under_root(one.arguments[0])
        elif soft and (factors := factors_of(one)) is not None:
            below = [factor for divides, factor in factors if divides]
            self.part(below, "temperature", self.numbers, self.soft_layer)
            for factor in (factor for divides, factor in factors if not divides):
                self.soft_layer(factor)
        else:
            opens = isinstance(one, t.Call) and (one.function in SOFT or id(one) in self.shared)
            goes_on = soft and isinstance(one, (t.Sum, t.Negative))
            self.todo += [(child, opens or goes_on) for child in t.children(one)]

    def line(self, key: str, soft: bool) -> None:
        """A name or a call as part of a layer: an undefined one is used, a line is read once in each way."""
        if key in self.found:
            self.found[key].add("layer")
        elif self.enter(key, "soft" if soft else "layer"):
            self.todo.append((self.trees[key], soft))

    def soft_layer(self, expr: t.Expr) -> None:
        self.layer(expr, True)

    def under_root(self, expr: t.Expr) -> None:
        self.root(expr, self.layer)

    def exponent(self, one: t.Power) -> None:
        self.part([one.exponent], "exponent", self.numbers)

    def root(self, expr: t.Expr, walk: Callable[[t.Expr], None]) -> None:
        """Under a root: a number added to the rest is an ε."""
        one = t.inside(expr)
        if not isinstance(one, t.Sum) or all(self.constant(term) for _, term in one.terms):
            walk(one)
        else:
            self.part((term for _, term in one.terms), "root", self.numbers, walk)
