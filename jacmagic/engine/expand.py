"""Everything substituted: the entries of a node as SymPy expressions, under a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from jacmagic.engine.entries import Entries
from jacmagic.engine.graph import Node, ancestry
from jacmagic.engine.operation import OPERATIONS
from jacmagic.errors import LimitError
from jacmagic.functions import has_cases, leaves

MAX_WRITTEN = 400_000
"""Operations in a result with everything substituted. Instead: `r.at(…)`, or the local Jacobians in `r.layers`."""

MAX_SPARSE = 2_000_000
"""Operations in a Jacobian without its zeros, which nobody reads as a formula. Instead: `r.at(sparse=True)`."""

MAX_DEPTH = 100
"""Operations inside one another in a result with everything substituted. Instead: likewise."""


def expand(roots: Sequence[Node], inputs: Mapping[str, Sequence[sp.Expr]]) -> list[Entries]:
    """The entries of nodes as SymPy expressions of the inputs' entries, everything substituted; zeros left out.

    Ask `check_length` first: what is too long to write takes minutes here.

    Raises:
        LimitError: a condition compares what is not a real number, as (-1)^(1/2) < x, or a case divides by 0.
    """
    order = ancestry(roots)
    values: dict[int, Entries] = {}
    try:
        for node in order:
            values[node.number] = OPERATIONS[node.op].entries(node, [values[a.number] for a in node.args], inputs)
    except RecursionError:
        raise LimitError("Written out, this is nested too deep. Use the numbers, r.at(…), or r.layers.") from None
    except TypeError as error:
        if "non-real" not in str(error):
            raise
        raise LimitError("Written out, a condition compares a number that is not real; use the numbers, r.at(…).") \
            from None
    made = {entry: _without_idle_cases(entry) for root in roots for entry in set(values[root.number].values())}
    if any(sp.zoo in leaves(entry) for entry in made.values()):
        raise LimitError("Written out, one case divides by 0; use the numbers, r.at(…), or r.layers.")
    return [{at: made[entry] for at, entry in values[root.number].items()} for root in roots]


def _without_idle_cases(expr: sp.Expr) -> sp.Expr:
    """Without the cases of a product that divides by r anyway: (v if r > 0 else 0)/r is v/r, where it is defined."""
    idle: dict[sp.Expr, sp.Expr] = {}
    for product in expr.atoms(sp.Mul) if has_cases(expr) else ():
        cases = [factor for factor in product.args if factor.is_Piecewise]
        others = [factor for factor in product.args if not factor.is_Piecewise]
        divisors = {e.base for factor in others for e in factor.atoms(sp.Pow) if e.exp.is_negative}
        for factor in cases:
            (value, when), *rest = factor.args
            if rest == [(0, True)] and isinstance(when, sp.Gt) and when.rhs == 0 \
                    and when.lhs.as_base_exp()[0] in divisors:
                idle[product] = idle.get(product, product).xreplace({factor: value})
    return expr.xreplace(idle) if idle else expr


def check_length(roots: Sequence[Node], sparse: bool = False, most: int = MAX_WRITTEN) -> None:
    """Refuse what would be too long to write, before any of it is written; with `sparse`, zeros are not written.

    With fewer operations at the `most`, as for a formula that has to fit on a page, the arrays on the way count, too.

    Raises:
        LimitError: with what to do instead.
    """
    order = ancestry(roots)
    size: dict[int, float] = {}  # operations in one entry
    work = 0.0  # operands of all entries on the way
    dense: dict[int, float] = {}  # the share of entries that are not 0
    depth: dict[int, int] = {}  # nodes inside one another
    for node in order:
        depth[node.number] = 1 + max((depth[a.number] for a in node.args), default=0)
        inner = [size[a.number] for a in node.args]
        row = OPERATIONS[node.op]
        dense[node.number] = row.zeros(node, [dense[a.number] for a in node.args])
        own, size[node.number] = row.cost(node, inner)
        work += node.size * dense[node.number] * own
    total = sum((size[root.number] * dense[root.number] + (not sparse)) * root.size for root in roots)
    if most < MAX_WRITTEN:
        total = max(total, work / 2)
    if total > most or max(depth.values(), default=0) > MAX_DEPTH:
        raise LimitError(
            "Written out with everything substituted this is too long. Use the numbers, r.at(…), or the local "
            "Jacobians, r.layers."
        )
