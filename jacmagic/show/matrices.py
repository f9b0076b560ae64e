"""The rules for vectors and layers: d(A u) = A du, a function entry by entry has diag(f′).

As `rules`, but each derivative is a product of matrices, rows for what is differentiated, columns for `x`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import islice
from math import prod

from jacmagic.errors import JacmagicError
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.result import Result
from jacmagic.show.algebra import times, turned
from jacmagic.show.backward import Names, Passed, backward, layout_of, pre_activation
from jacmagic.show.factors import form_of, matrix_form
from jacmagic.show.formula import NoForm
from jacmagic.show.pieces import MAX_BESIDE, entry_names, equal, name_of
from jacmagic.show.rules import MAX_WRITTEN, ONE, ZERO, Rules, Step, added, joined

BY_ENTRIES = "entry by entry"
"""The rule of what is a matrix of many derivatives; below it stand the steps of its entries."""


DIFFERENTIALS = {
    "det": "d det(A) = det(A) tr(A⁻¹ dA)", "logdet": "d logdet(A) = tr(A⁻¹ dA)", "tr": "d tr(A) = tr(dA)",
    "inv": "d(A⁻¹) = −A⁻¹ dA A⁻¹",
}
"""Rules for functions of matrices."""


def told_of(result: Result, expr: t.Expr | None) -> str:
    """The rules of the functions of matrices in a right side."""
    found = [] if expr is None else list(t.walk(expr))
    names = [one.function for one in found if isinstance(one, t.Call)]
    matrices = {key for key in result.known if len(result.program.shape(key)) == 2}
    bases = [base for one in found if (base := t.inverted(one)) is not None]
    names += ["inv"] * any(t.names_below(one) & matrices for one in bases)
    return ": ".join([BY_ENTRIES, *filter(None, ["; ".join(DIFFERENTIALS[one] for one in dict.fromkeys(names)
                                                          if one in DIFFERENTIALS)])])


def words_for(expr: t.Expr) -> str:
    """The rule of what is said at once."""
    if isinstance(expr, t.Component):
        part = len(expr.indices) > 1 or isinstance(expr.indices[0], t.Slice)
        return "a part of it: rows of I" if part else "an entry of it: 1 in its place"
    if isinstance(expr, t.Family) and expr.kind != "vector":
        words = "sum rule, term by term" if expr.kind == "sum" else "product rule, in each term a factor differentiated"
        return f"{BY_ENTRIES}: {words}"
    operators = {op for op, _ in expr.factors} if isinstance(expr, t.Product) else set()
    if "cross" in operators:
        return f"{BY_ENTRIES}: d(u × v) = du × v + u × dv"
    if "./" in operators:
        return f"{BY_ENTRIES}: quotient rule"
    return BY_ENTRIES


class Matrices(Rules):
    """Chooses the rule for each part of a right side, by one vector or number `x` of the block."""

    def slope(self, tree: t.Expr, letter: str = "") -> t.Expr | None:
        """The derivative as a product of matrices; None where that does not read well."""
        by = letter or self.by
        with suppress(NoForm, JacmagicError):
            return form_of(self.result, self.node(tree), self.g.input(by, self.shapes[by]))[0]
        return None

    def step(self, expr: t.Expr, left: t.Expr | None = None) -> Step:
        expr = t.inside(expr)
        if expr == self.x and self.shapes[self.by]:
            size = prod(self.shapes[self.by])
            left = t.Partial(expr, (self.x,)) if left is None else left
            return Step("the variable itself", left, t.Identity(size), t.Identity(size))
        if isinstance(expr, t.Norm):
            left = t.Partial(expr, (self.x,)) if left is None else left
            found = self.chain(expr, left, expr, (expr.inner,), f"‖·‖{'' if expr.order == '2' else expr.order}")
            return found if found is not None else self.entries(expr, left)
        return super().step(expr, left)

    def plain(self, expr: t.Expr) -> t.Expr:
        return expr

    def of(self, expr: t.Expr) -> t.Expr:
        """∂e/∂x; I of x itself."""
        if t.inside(expr) == self.x:
            return t.Identity(prod(self.shapes[self.by])) if self.shapes[self.by] else ONE
        return t.Partial(t.inside(expr), (self.x,))

    def shape(self, expr: t.Expr) -> tuple[int, ...]:
        return self.node(expr).shape

    # -------------------------------------------------------------- rules
    def of_sum(self, expr: t.Sum, left: t.Expr) -> Step | None:
        if any(self.shape(one) != self.shape(expr) for _, one in expr.terms if self.moves(one)):
            return None  # a number that is added to each entry
        return super().of_sum(expr, left)

    def of_product(self, expr: t.Product, left: t.Expr) -> Step | None:
        factors = [one for _, one in expr.factors]
        if all(op in ("", ".*") for op, _ in expr.factors) and ".*" in dict(expr.factors):
            return self.entrywise(expr, left, factors)
        if any(op not in ("", "*", "dot") for op, _ in expr.factors):
            return super().of_product(expr, left) if not any(map(self.shape, factors)) else None
        numbers = [one for one in factors if not self.low.lower(one).shape]
        still = [one for one in numbers if not self.moves(one)]
        if still and len(still) < len(factors):
            others = times([one for one in factors if one not in still])
            return self.made("constant factor", left, expr, joined(*still, self.of(others)), *self.below(others),
                             held=self.held(*still))
        return self.ordered(expr, left, factors, numbers)

    def ordered(self, expr: t.Expr, left: t.Expr, factors: list[t.Expr], numbers: list[t.Expr]) -> Step | None:
        """A product of matrices and vectors without constant numbers in front, by where x stands in it."""
        moving = [k for k, one in enumerate(factors) if self.moves(one)]
        if all(one in numbers for one in factors):
            right = added([linked(*factors[:k], *factors[k + 1 :], self.of(factors[k])) for k in moving])
            return self.made("product rule", left, expr, right, *self.below(*(factors[k] for k in moving)))
        first, rest = factors[moving[0]], factors[moving[0] + 1 :]
        if not rest:
            before = factors[: moving[0]]
            rule = f"d({text(times(before))} u) = {text(times(before))} du"
            return self.made(rule, left, expr, linked(*before, self.of(first)), *self.below(first),
                             held=self.held(*before))
        if moving[0]:
            return None
        tail = times(rest)
        if isinstance(first, t.Transpose) and not self.shape(expr) and len(self.shape(tail)) == 1:
            return self.dot(expr, left, t.inside(first.base), tail)
        if first in numbers and len(self.shape(tail)) == 1:
            terms = [linked(tail, self.of(first))]
            if self.moves(tail):
                terms.append(joined(first, self.of(tail)))
            parts = [one for one in (first, tail) if self.moves(one)]
            rule = "product rule, a number times a vector" if len(parts) > 1 else "d(s v) = v ds"
            return self.made(rule, left, expr, added(terms), *self.below(*parts))
        return None

    def entrywise(self, expr: t.Expr, left: t.Expr, factors: list[t.Expr]) -> Step | None:
        """u .* v: diag(v) ∂u + diag(u) ∂v."""
        if any(len(self.shape(one)) != 1 for one in factors):
            return None
        terms, parts = [], []
        for k, one in enumerate(factors):
            if self.moves(one):
                others = factors[:k] + factors[k + 1 :]
                rest = others[0] if len(others) == 1 else t.Product(tuple(
                    (".*" if j else "", other) for j, other in enumerate(others)))
                terms.append(linked(t.Diag(t.inside(rest)), self.of(one)))
                parts.append(one)
        rule = "product rule, entry by entry" if len(parts) > 1 else "constant factor, entry by entry"
        return self.made(rule, left, expr, added(terms), *self.below(*parts))

    def dot(self, expr: t.Expr, left: t.Expr, u: t.Expr, v: t.Expr) -> Step | None:
        """uᵀ v = vᵀ u: vᵀ ∂u + uᵀ ∂v."""
        if len(self.shape(u)) != 1:
            return None
        parts = [(v, u)] if self.moves(u) else []
        parts += [(u, v)] if self.moves(v) else []
        right = added([linked(turned(t.Paren(one) if isinstance(one, (t.Product, t.Sum)) else one), self.of(other))
                       for one, other in parts])
        rule = "product rule, uᵀ v = vᵀ u" if len(parts) > 1 else "transpose of a product, uᵀ v = vᵀ u"
        return self.made(rule, left, expr, right, *self.below(*(other for _, other in parts)))

    def of_transpose(self, expr: t.Transpose, left: t.Expr) -> Step | None:
        return None

    def of_power(self, expr: t.Power, left: t.Expr) -> Step | None:
        if self.shape(expr):
            base = t.inside(expr.base)
            return None if self.moves(expr.exponent) else self.chain(
                expr, left, t.Power(base, expr.exponent, expr.entrywise), (base,), "a power, entry by entry")
        return super().of_power(expr, left)

    def of_call(self, expr: t.Call, left: t.Expr) -> Step | None:
        if expr.function == "dot":
            u, v = map(t.inside, expr.arguments)
            return self.dot(expr, left, u, v)
        row = FUNCTIONS.get(expr.function)
        if row is not None and row.kind == "loss":
            rule = f"the loss {expr.function}"
        else:
            rule = by_function(expr) if row is not None and self.shape(expr) else f"derivative of {expr.function}"
        return self.chain(expr, left, expr, expr.arguments, rule)

    def of_usercall(self, expr: t.UserCall, left: t.Expr) -> Step | None:
        return None

    def of_case(self, expr: t.Case, left: t.Expr) -> Step:
        return self.entries(expr, left) if self.shape(expr) else super().of_case(expr, left)

    def of_fraction(self, expr: t.Fraction, left: t.Expr) -> Step:
        return self.entries(expr, left) if self.shape(expr) else super().of_fraction(expr, left)

    def joined(self, *factors: t.Expr) -> t.Expr:
        return linked(*factors)

    def of_family(self, expr: t.Family, left: t.Expr) -> Step | None:
        """What is said of all entries, and below it the steps of the first that is no constant."""
        whole = self.entries(expr, left)
        if expr.kind == "vector" or self.shape(expr) or not self.shapes[self.by]:
            return whole
        for one in islice(entry_names(self.result, self.by), MAX_WRITTEN):
            step = Rules(self.result, one).step(expr)
            if step.rule != "a constant" and step.value != ZERO:
                return replace(whole, rule=f"{whole.rule}, one of them below", parts=(step,))
        return whole

    def entries(self, expr: t.Expr, left: t.Expr) -> Step:
        value = self.slope(expr)
        return Step(words_for(expr), left, left if value is None else value, value, self.held(expr))


def linked(*factors: t.Expr) -> t.Expr:
    """A product of matrices without the identities in it; products in it in brackets of their own."""
    kept = [one for one in factors if not isinstance(one, t.Identity)]
    if not kept:
        return factors[0] if factors else ONE
    return joined(*(t.Paren(one) if isinstance(one, t.Sum) and len(kept) > 1 else one for one in kept))


def by_function(call: t.Call) -> str:
    """The rule for a layer's function."""
    kind = FUNCTIONS[call.function].kind
    entrywise = f"{call.function}, entry by entry: diag of its slope"
    return entrywise if kind == "entrywise" else f"derivative of {call.function}"


# ------------------------------------------------------------------ layers
def layer(result: Result, of: str, wrt: str) -> Step:
    """The steps of vectors and matrices: δ back to a weight, else the chain rule over the definitions on the way."""
    line = weighed(result, of, wrt)
    return over(result, of, wrt) if line is None else back(result, line)


def weighed(result: Result, key: str, by: str) -> Passed | None:
    """The formula of the gradient of a net's last number by a weight; None of all else."""
    p = result.program
    found = (one for lines in backward(result) for one in lines) if p.net and key == p.outputs[-1] else ()
    return next((one for one in found if one.weight and one.key == by), None)


def back(result: Result, line: Passed) -> Step:
    """∂L/∂W, and below it the δ that it is made of, down to the loss."""
    lines = {one.left: one for step in backward(result) for one in step}

    def made(one: Passed) -> Step:
        needs = [lines[part] for part in dict.fromkeys(t.walk(one.right)) if part in lines and part != one.left]
        return Step(words_of(result, one), one.left, one.right, None, parts=tuple(map(made, needs)))

    return made(line)


def words_of(result: Result, line: Passed) -> str:
    """What rule a formula of the backward pass is."""
    if line.weight:
        outer = any(isinstance(one, t.Transpose) for one in t.walk(line.right))
        rule = "affine layer: what comes back, times what went in" if outer else "what comes back, added up"
    else:
        found = pre_activation(result, line.key)
        calls = [one for one in t.walk(found[1]) if isinstance(one, t.Call)] if found and isinstance(
            line.left, t.Delta) else []
        kind = FUNCTIONS[calls[0].function].kind if calls else ""
        if calls and line.key in result.program.steps[result.program.outputs[-1]].reads:
            return " ".join(filter(None, (f"the loss, by what goes into {calls[0].function}", as_told(line))))
        rule = f"{calls[0].function}, entry by entry: its slope times what comes back" if kind == "entrywise" else (
            f"{calls[0].function}" if calls else "what comes back through the next layer")
    return " ".join(filter(None, (rule, as_told(line))))


def as_told(line: Passed) -> str:
    """What was made use of: as Σy = 1."""
    return " · ".join(one for one in line.note.split(" · ") if one and not one.startswith("δ"))


def over(result: Result, key: str, by: str) -> Step:
    """The chain rule over the definitions between two names, the local Jacobians below it."""
    p = result.program
    step = p.steps[key]
    reads = list(dict.fromkeys([*step.reads, *step.params]))

    def leads(one: str) -> bool:
        return one == by or one in p.steps and any(
            leads(n) for n in (*p.steps[one].reads, *p.steps[one].params) if n != one)

    ways = [one for one in reads if leads(one)]
    own, x = name_of(result, key), name_of(result, by)
    if ways == [by]:
        return local(result, key, by)
    terms: list[t.Expr] = []
    full: list[t.Expr] = []
    parts: list[Step] = []
    for one in ways:
        parts.append(local(result, key, one))
        factor = t.Partial(own, (name_of(result, one),))
        if one == by:
            terms.append(factor)
            full.append(factor)
            continue
        below = over(result, one, by)
        parts.append(below)
        terms.append(linked(factor, t.Total(name_of(result, one), (x,))))
        full.append(linked(factor, below.value if isinstance(below.left, t.Total) and below.value else t.Partial(
            name_of(result, one), (x,))))
    if not terms:
        return Step("a constant", t.Total(own, (x,)), ZERO, ZERO)
    return Step("chain rule" if len(terms) == 1 else "chain rule, a term for each way", t.Total(own, (x,)),
                added(terms), added(full), parts=tuple(parts))


def local(result: Result, key: str, by: str) -> Step:
    """One local Jacobian: at the pre-activation where there is one, else by the rules of its right side."""
    p = result.program
    own, x = name_of(result, key), name_of(result, by)
    left = t.Partial(own, (x,))
    form = matrix_form(result, key, by)
    value = form[0] if form is not None else None
    if len(p.shape(key)) > 1 or len(p.shape(by)) > 1:
        return Step(told_of(result, p.steps[key].expr), left, value or written(result, key, by), None)
    if p.steps[key].kind == "implicit":  # each entry by the equations
        return Step(BY_ENTRIES, left, value or written(result, key, by), None)
    found = pre_activation(result, key)
    rules = Matrices(result, by)
    if found is None or by in t.names_below(found[1]):
        step = rules.step(p.steps[key].expr, left)
        return step if value is None or step.value is not None else replace(step, value=value)
    z = t.PreActivation(t.Name(key))
    parts = result.once("names", lambda: Names(result)).splits[key]
    call = next(one for one in t.walk(found[1]) if isinstance(one, t.Call))
    outer = t.Partial(own, (z,))
    slope: t.Expr | None = None
    if parts is not None:
        with suppress(NoForm):
            slope = form_of(result, parts.outer, parts.z)[0]
    inner = rules.step(found[0], t.Partial(z, (x,)))
    inner = replace(inner, rule=f"affine map, {inner.rule}")
    if slope is None:
        return Step(BY_ENTRIES, left, value or left, value)
    return Step("chain rule at the pre-activation", left, linked(outer, inner.left), value,
                parts=(Step(by_function(call), outer, slope, slope), inner), where=(equal(z, found[0]),))


def written(result: Result, key: str, by: str) -> t.Expr:
    """The entries of a local Jacobian; of a larger one only its size."""
    rows, columns = (prod(result.program.shape(one)) for one in (key, by))
    if rows * columns > MAX_BESIDE:
        return t.Words(f"a matrix of {rows}×{columns}; .at has its numbers")
    entries = list(map(layout_of(result), result.local_jacobian(key, by)))
    return t.Matrix(tuple(tuple(entries[i * columns : (i + 1) * columns]) for i in range(rows)))
