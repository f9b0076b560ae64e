"""Expressions that were written out by hand, in the form whose numbers are good far out.

`ln(sum(exp(z)))`, `exp(z)/sum(exp(z))`, `e^x/(1 + e^x)`, `2^x/(1 + 2^x)`, `ln(1 + e^x)`, `ln(cosh x)`,
`ln(sigmoid(z))`, `ln(softmax(z))` are ∞/∞ or ln 0 at ±1000, in value and slope, where what they stand for is an
ordinary number. Only the numbers are computed
from what stands here; formulas show what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import sympy as sp

from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.functions import symbolic
from jacmagic.functions.forms import put_in

Shape = tuple[int, ...]
Operands = list[tuple[Node, Shape]]


def safe_form(g: Graph, expr: sp.Expr, operands: Operands) -> tuple[sp.Expr, Operands]:
    """The template and its operands, safe far out; the same ones where nothing is to be done."""
    if not _hurt(expr):
        return expr, operands
    expr, operands = _named(*_sums_over_an_axis(g, _exponentials(expr), operands))
    if expr.has(sp.exp):
        expr = expr.replace(lambda e: isinstance(e, sp.log) and _exponents(e.args[0]), _log_of_sum)
        expr = _quotients(expr)
    return _logarithms(g, expr, operands)


# ------------------------------------------------------------------ what is exponentials by another name
def _exponentials(expr: sp.Expr) -> sp.Expr:
    """cosh u and 2^u by e^u where a logarithm or a divisor is made of them, sinh u/cosh u by tanh u."""
    if expr.has(sp.cosh):
        expr = expr.replace(lambda e: e.is_Mul and e.has(sp.sinh), _tanh)
    swap: dict[sp.Expr, sp.Expr] = {}
    for whole, inner in _hurt(expr):
        opened = inner.replace(sp.cosh, lambda u: (sp.exp(u) + sp.exp(-u)) / 2).replace(_power_of_number, _as_exp)
        opened = sp.expand_mul(opened)
        if opened != inner and _exponents(opened):
            swap[whole] = whole.func(opened, *whole.args[1:])
    return put_in(expr, swap).replace(_power_of_number, _as_exp) if swap else expr


def _power_of_number(expr: sp.Expr) -> bool:
    """True for 2^u."""
    return bool(expr.is_Pow and expr.base.is_number and expr.base.is_positive and not expr.exp.is_number
                and expr.base != sp.E)


def _as_exp(power: sp.Expr) -> sp.Expr:
    return sp.exp(power.exp * sp.log(power.base))


def _tanh(product: sp.Expr) -> sp.Expr:
    """sinh u/cosh u as tanh u."""
    for one in product.args:
        cosh = sp.cosh(one.args[0]) if isinstance(one, sp.sinh) else None
        below = [f for f in product.args if f.is_Pow and f.base == cosh and f.exp.is_Integer and f.exp < 0]
        if cosh is not None and below:
            rest = [f for f in product.args if f not in (one, below[0])]
            return sp.Mul(*rest, sp.tanh(one.args[0]), below[0] * cosh)
    return product


# ------------------------------------------------------------------ sums of exponentials in one template
def _exponents(expr: sp.Expr) -> list[sp.Expr]:
    """a, b, … where the expression is e^a + e^b + …, a positive number in front being part of it; at least two."""
    if not expr.is_Add:
        return []
    found = []
    for term in expr.args:
        number, rest = term.as_coeff_Mul()
        if not number.is_positive or not (rest == 1 or isinstance(rest, sp.exp)):
            return []
        found.append(sp.log(number) + (rest.args[0] if rest != 1 else 0))
    return found if expr.has(sp.exp) else []


def _log_of_sum(log: sp.Expr) -> sp.Expr:
    """ln(e^a + e^b) = a + softplus(b - a), and so on."""
    softplus = symbolic("softplus")
    first, *others = sorted(_exponents(log.args[0]), key=lambda e: (not e.is_number, sp.default_sort_key(e)))
    for one in others:
        first = first + softplus(one - first)
    return first


@lru_cache(maxsize=4096)
def _hurt(expr: sp.Expr) -> tuple[tuple[sp.Expr, sp.Expr], ...]:
    """The logarithms and the divisors in an expression, each with what it is of."""
    found, todo = {}, [expr]
    while todo:
        one = todo.pop()
        todo.extend(one.args)
        if isinstance(one, sp.log) or one.is_Pow and one.exp.is_negative:
            found[one] = one.args[0]
    return tuple(found.items())


def _named(expr: sp.Expr, operands: Operands) -> tuple[sp.Expr, Operands]:
    """The s = e^x of s/(1 + s) put in, and t = 1 + s of ln(t) with it."""
    before = expr, operands
    for _ in range(3):
        symbols = frozenset().union(*(inner.free_symbols for _, inner in _hurt(expr)))
        names = [node for k, (node, _) in enumerate(operands) if slot(k) in symbols and _is_exponential(node, True)]
        if not names:
            return before
        expr, operands = _opened(expr, operands, lambda node, names=names: node in names)
        expr = _exponentials(expr)
        if any(_exponents(inner) for _, inner in _hurt(expr)):
            return expr, operands
    return before


def _denominators(expr: sp.Expr) -> list[sp.Expr]:
    """The factors (e^a + e^b + …)^-n of a product or power."""
    factors = expr.args if expr.is_Mul else (expr,)
    return [f for f in factors if f.is_Pow and f.exp.is_Integer and f.exp < 0 and _exponents(f.base)]


def _quotients(expr: sp.Expr) -> sp.Expr:
    """Every product with such denominators, from the outside in: its exponentials above belong to it."""
    if _denominators(expr):
        return _quotient(expr)
    if not expr.args or not expr.has(sp.exp):
        return expr
    return expr.func(*[_quotients(one) for one in expr.args])


def _quotient(expr: sp.Expr) -> sp.Expr:
    """A product with such denominators: e^a/(e^a + e^b) = sigmoid(a - b), for a sum above term by term."""
    below = _denominators(expr)
    above = [f for f in (expr.args if expr.is_Mul else (expr,)) if f not in below]
    for factor in above:
        if factor.is_Add and factor.has(sp.exp):
            rest = sp.Mul(*[f for f in above if f is not factor], *below)
            return sp.Add(*[_quotient(sp.Mul(term, rest)) for term in factor.args])
    exponent = sum((f.args[0] for f in above if isinstance(f, sp.exp)), sp.S.Zero)
    others = [f for f in above if not isinstance(f, sp.exp)]
    for factor in below:
        terms = _exponents(factor.base)
        if len(terms) == 2 and len(below) == 1:
            return sp.Mul(*others, _of_two(exponent, terms[0], terms[1], -factor.exp))
        exponent = exponent + factor.exp * _log_of_sum(sp.log(factor.base, evaluate=False))
    return sp.Mul(*others, sp.exp(exponent))


def _of_two(exponent: sp.Expr, a: sp.Expr, b: sp.Expr, n: int) -> sp.Expr:
    """e^c/(e^a + e^b)^n by sigmoids where c is m a + (n - m) b, else by one exponential."""
    sigmoid = symbolic("sigmoid")
    for m in range(int(n) + 1):
        if (rest := sp.expand(exponent - m * a - (n - m) * b)).is_number:
            return sp.exp(rest) * sigmoid(a - b) ** m * sigmoid(b - a) ** (n - m)
    if exponent == 0 and a.is_number:  # 1/(2 + e^b)
        return sp.exp(-n * a) * sigmoid(a - b) ** n
    return sp.exp(exponent - n * _log_of_sum(sp.log(sp.exp(a) + sp.exp(b), evaluate=False)))


# ------------------------------------------------------------------ sums of exponentials over an axis
def _summed(node: Node) -> Node | None:
    """The map e^z whose sum over its last axis the node is."""
    if node.op != "sum" or node.data != (len(node.args[0].shape) - 1,):
        return None
    inner = node.args[0]
    return inner if inner.op == "map" and isinstance(inner.data[0], sp.exp) else None


def _sums_over_an_axis(g: Graph, expr: sp.Expr, operands: Operands) -> tuple[sp.Expr, Operands]:
    """ln of Σ e^z is logsumexp(z), and e^a/Σ e^z is e^(a - logsumexp(z))."""
    if not any(_summed(node) or _scaled(node) for node, _ in operands):
        return expr, operands
    expr, operands = _opened(expr, operands, _scaled)
    found = {slot(k): (node, axes) for k, (node, axes) in enumerate(operands) if _summed(node)}
    hurt = [one for one in found if any(one in e.free_symbols for e, _ in _hurt(expr))]
    if not hurt:
        return expr, operands
    expr, operands = _opened(expr, operands, lambda node: node if _is_exponential(node) else None)
    for one in hurt:
        node, axes = found[one]
        inner = _summed(node)
        assert inner is not None
        whole = g.along("logsumexp", g.map(inner.data[0].args[0], list(zip(inner.args, inner.data[1])), inner.shape))
        operands = [*operands, (whole, axes)]
        safe = slot(len(operands) - 1)
        expr = expr.replace(
            lambda e, one=one: isinstance(e, sp.log) and (e.args[0] / one).is_number and (e.args[0] / one).is_positive,
            lambda e, one=one, safe=safe: sp.log(e.args[0] / one) + safe,
        )
        expr = expr.replace(
            lambda e, one=one: e.is_Pow and e.base == one and e.exp.is_negative,
            lambda e, safe=safe: sp.exp(e.exp * safe),
        )
    return expr.replace(lambda e: e.is_Mul, _joined), operands


def _joined(product: sp.Expr) -> sp.Expr:
    """e^a e^b as e^(a + b), which SymPy leaves apart."""
    exponents = [f.args[0] for f in product.args if isinstance(f, sp.exp)]
    rest = [f for f in product.args if not isinstance(f, sp.exp)]
    return sp.Mul(*rest, sp.exp(sp.Add(*exponents))) if len(exponents) > 1 else product


def _is_exponential(node: Node, summed: bool = False) -> bool:
    if node.op != "map":
        return False
    inner = node.data[0]
    return isinstance(inner, sp.exp) or summed and (isinstance(inner, (sp.Add, sp.cosh)) or _power_of_number(inner))


def _scaled(node: Node) -> Node | None:
    """The node itself where it is a sum of exponentials times a number: a mean of them."""
    if node.op != "map" or len(node.args) != 1 or not _summed(node.args[0]):
        return None
    number, rest = node.data[0].as_coeff_Mul()
    return node if rest == slot(0) and number.is_positive else None


def _opened(expr: sp.Expr, operands: Operands, which: Callable[..., object]) -> tuple[sp.Expr, Operands]:
    """The template with those operands that are maps written out in it."""
    more, swap = list(operands), {}
    for k, (node, axes) in enumerate(operands):
        if slot(k) in expr.free_symbols and which(node):
            begin = len(more)
            inner, places = node.data
            more += [(arg, tuple(axes[a] for a in place)) for arg, place in zip(node.args, places)]
            renamed = {slot(j): sp.Dummy() for j in range(len(node.args))}
            opened = put_in(inner, renamed)
            swap[slot(k)] = put_in(opened, {dummy: slot(begin + j) for j, dummy in enumerate(renamed.values())})
    return (put_in(expr, swap), more) if swap else (expr, operands)


# ------------------------------------------------------------------ logarithms of sigmoid and softmax
def _logarithms(g: Graph, expr: sp.Expr, operands: Operands) -> tuple[sp.Expr, Operands]:
    """ln σ(z) = -softplus(-z), ln(1 - σ(z)) = -softplus(z), ln(softmax(z)) = log_softmax(z), ln(det A) = logdet(A)."""
    sigmoid, softplus = symbolic("sigmoid"), symbolic("softplus")
    for log in sorted(expr.atoms(sp.log), key=sp.default_sort_key):
        inner = log.args[0]
        minus = 1 - inner
        if isinstance(inner, sigmoid):
            expr = put_in(expr, {log: -softplus(-inner.args[0])})
        elif isinstance(minus, sigmoid):
            expr = put_in(expr, {log: -softplus(minus.args[0])})
        for wanted, sign in ((inner, -1), (minus, 1)):
            if not (wanted.is_Symbol and str(wanted).startswith("_")):
                continue
            node, axes = operands[int(str(wanted)[1:])]
            better = None
            if node.op == "map" and isinstance(node.data[0], sigmoid):
                better = g.map(-softplus(sign * node.data[0].args[0]), list(zip(node.args, node.data[1])), node.shape)
            elif node.op == "det" and sign < 0:
                better = g.along("logdet", node.args[0])
            elif node.op == "softmax" and sign < 0:
                better = g.along("log_softmax", node.args[0])
            elif node.op == "take" and node.args[0].op == "softmax" and sign < 0:
                lead, indices = node.data
                better = g.take(g.along("log_softmax", node.args[0].args[0]), indices, node.shape[lead:], lead)
            if better is not None:
                operands = [*operands, (better, axes)]
                expr = put_in(expr, {log: slot(len(operands) - 1)})
    return expr, operands
