"""What the numbers at the current point say: kinks, what is not finite, sizes of the factors, the check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from jacmagic import names, sparse
from jacmagic.engine import chain as c
from jacmagic.engine.graph import Graph, Node, ancestry
from jacmagic.errors import JacmagicError
from jacmagic.functions import FUNCTIONS, calculus, find
from jacmagic.functions.forms import in_order
from jacmagic.program.start import MAX_DRAWS
from jacmagic.result import Result
from jacmagic.rounding import NOISE, steady, without_noise
from jacmagic.show.chain import depends
from jacmagic.show.convention import in_denominator
from jacmagic.show.pieces import MAX_SHOWN

MAX_CHECKED = 200_000
"""Entries of a derivative by the inputs up to which a net's product of local Jacobians is compared with it, and their
largest singular values are found. Instead: `n.at(of, wrt)` of a part."""

MAX_GUARDS = 40
"""Places that are watched for a number that is not finite. Instead: `r.forward(…)`."""

_ELSE = {
    "max(0, z)": "max(0, ·) at 0: slope 0, as ReLU has it",
    "norm": "‖·‖ at 0: slope 0, as in PyTorch",
    "inv": "a matrix that has no inverse, or none to rounding",
    "cases": "a boundary of the cases: the slope of the case that holds here",
}


def kink(name: str) -> str:
    """What is said where the current point sits on a kink of a function."""
    row = FUNCTIONS.get(name)
    return _ELSE.get(name) or (row.kink_words if row is not None else "") or f"{name} has a kink here"


@lru_cache(maxsize=1024)
def wrong_where(expr: sp.Expr) -> tuple[tuple[sp.Expr, str, str], ...]:
    """The parts of a template that must keep a sign: (part, when it is wrong, why)."""
    parts = [expr.atoms(sp.log), expr.atoms(sp.Pow), expr.atoms(sp.Function) - expr.atoms(sp.log)]
    told = [{one: list(where(one)) for one in some} for some, where in zip(parts, (_outside, _powers, _outside))]
    return tuple(each for some in told for one in in_order([one for one in some if some[one]]) for each in some[one])


def _outside(call: Any) -> Iterator[tuple[sp.Expr, str, str]]:
    """Where a function has no value, in the words of its row."""
    row = find(type(call).__name__)
    if row is not None and row.outside_words:
        for part, when in row.watched(calculus, call.args):
            yield part, when, row.outside_words


def _powers(e: sp.Expr) -> Iterator[tuple[sp.Expr, str, str]]:
    if e.base.is_number or e.base == sp.E:
        return
    if e.exp.is_Rational and e.exp.q % 2 == 0:
        yield e.base, "<0", "the root of a negative number"
    if e.exp.is_Rational and e.exp.q % 2 == 1 and e.exp.q > 1:
        yield e.base, "<0", "a broken power of a negative number"
    if e.exp.is_negative:
        yield e.base, "==0", "a division by 0"
    if not e.exp.is_number:
        yield e.base, "<0", "a power of a negative number"


_OF_SQUARES = {
    "inv": ("==0", "a matrix that has no inverse"), "logdet": ("<=0", "ln of a determinant that is not positive"),
}


def guards(g: Graph, roots: Sequence[Node]) -> list[tuple[Node, str, str]]:
    """What must keep a sign, as nodes: (node, when it is wrong, why a number is not finite then)."""
    out: list[tuple[Node, str, str]] = []
    seen = set()
    # The functions first: the slope of √x at 0 is a division by 0, √x at −1 a root.
    for node in (one for root in roots for one in ancestry([root])):
        if (told := _OF_SQUARES.get(node.op)) is not None and len(out) < MAX_GUARDS:
            out.append((g.along("det", node.args[0]), *told))
        if node.op != "map":
            continue
        expr, axes = node.data
        for guarded, when, why in wrong_where(expr):
            watched = g.map(guarded, list(zip(node.args, axes)), node.shape)
            if (watched, when) not in seen and len(out) < MAX_GUARDS:
                seen.add((watched, when))
                out.append((watched, when, why))
    return out


def not_finite(result: Result) -> str:
    """What is not finite at the current point, a slope or the last number itself, and why."""
    slopes = some_slopes(result)
    finite = bool(np.isfinite(slopes).all())

    def make() -> tuple[list[tuple[str, str]], Any]:
        roots, _ = result.rebuilt(safe=True)
        found = guards(result.program.graph, roots if finite else [*roots, *sparse.whole(result)])
        nodes = {f"g{k}": node for k, (node, _, _) in enumerate(found)}
        return [(when, text) for _, when, text in found], result.compile_nodes(nodes) if found else None

    told, run = result.once(("guards", finite), make)
    # Where nothing but an overflow can fail, the slope overflows, too; then no function is compiled for this.
    last = result.forward() if told else {}
    broken = [key for key in result.program.outputs if key in last and not np.isfinite(last[key]).all()]
    if finite and not broken:
        return ""
    values = run(**result.point({})) if told else {}
    met = [text for k, (when, text) in enumerate(told) if np.any(_WRONG[when](np.asarray(values[f"g{k}"])))]
    numbers = [slopes, *(last[key] for key in broken)]
    endless = any(np.isinf(one).any() for one in numbers)
    why = met[0] if met else "a pole, or a number beyond 1.8·10³⁰⁸" if endless else ""
    what = f"{', '.join(names.name(key).text for key in broken)} is not finite here" if finite else "not finite here"
    return f"{what}: {why}" if why else what


def some_slopes(result: Result) -> np.ndarray:
    """Numbers that are finite where the Jacobian is: its entries, or their sums row by row where they are many."""
    p = result.program
    rows, columns = (sum(prod(p.shape(key)) for key in keys) for keys in (p.outputs, p.variables))
    if rows * columns <= MAX_CHECKED or any(key in p.steps for key in p.variables):
        return sparse.entries(result)
    return result.jvp(np.ones(columns))


UNSOLVED = (
    "no point is found from here where the equations define a function: Newton's method does not end, or ∂F/∂y is 0"
)


_WRONG: dict[str, Callable[[np.ndarray], Any]] = {
    "<=0": lambda v: v <= 0, "<0": lambda v: v < 0, "==0": lambda v: v == 0,
}


def numbers(result: Result) -> list[str]:
    """What the numbers at the current point say, in lines of text: sizes of the factors, the check, J."""
    if result.undetermined:
        return []
    at = b"".join(value.tobytes() for value in result.values._data.values())
    held: dict[bytes, list[str]] = result.once("numbers", dict)
    if at not in held:  # text and page say the same of one point
        wrong = UNSOLVED if result.unsolved else not_finite(result) or on_kinks(result)
        matter = "; ".join(filter(None, [wrong, nothing_seen(result) or standing_still(result)]))
        lines = [factor_sizes(result), checked(result), numbers_text(result), matter]
        held.clear()
        held[at] = [line for line in lines if line]
    return held[at]


def factor_sizes(result: Result) -> str:
    """The largest singular value of every local Jacobian, so that vanishing and exploding gradients are seen."""
    links = depends(result)
    if not result.program.net or len(links) < 2 or is_wide(result):
        return ""
    parts = {pair: matrix for pair, matrix in local_numbers(result).items() if np.isfinite(matrix).all()}
    sizes = without_noise(np.array([np.linalg.norm(matrix, 2) for matrix in parts.values()]))
    shown = [
        f"∂{names.name(key).text}/∂{names.name(wrt).text} {size:.3g}" for (key, wrt), size in zip(parts, sizes)
    ]
    if len(shown) > 12:
        shown = [*shown[:6], "…", *shown[-5:]]
    return "largest singular values: " + ", ".join(shown) if shown else ""


def is_wide(result: Result) -> bool:
    """True where a definition has too many slopes by the variables, or by what it reads."""
    size = {key: prod(result.program.shape(key)) for key in result.known}
    width = sum(size[key] for key in result.program.variables)
    return any(
        size[key] * max(width, *map(size.__getitem__, reads)) > MAX_CHECKED for key, reads in depends(result).items()
    )


def checked(result: Result) -> str:
    """The product of a net's local Jacobians against its derivative from the whole graph, in numbers."""
    p, links = result.program, depends(result)
    if not p.net or len(links) < 2 or len(p.outputs) > 3:
        return ""
    if is_wide(result):
        return ""
    product, bound = _swept(result, local_numbers(result), [prod(p.shape(key)) for key in p.variables])
    direct = np.asarray(result.at())
    if product.shape != direct.shape or not (np.isfinite(product).all() and np.isfinite(direct).all()):
        return ""
    error, largest, summed = (float(np.abs(part).max(initial=0)) for part in (product - direct, direct, bound))
    both = "the product of the local Jacobians and the direct derivative"
    if error + largest <= NOISE * summed:
        return f"✓ {both} are 0, to rounding"
    if error <= 1e-9 * largest:
        return f"✓ {both} are the same, to rounding"
    return f"{both} differ by {error / max(largest, 1e-300):.1g} of the largest entry"


def _swept(
    result: Result, parts: Mapping[tuple[str, str], np.ndarray], widths: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The product of local Jacobians along the net, and the sum of the sizes of all that is added up in it."""
    p, width = result.program, sum(widths)
    own = dict(zip(p.variables, np.split(np.eye(width), np.cumsum(widths)[:-1])))
    totals = {key: (part, part) for key, part in own.items()}
    with np.errstate(all="ignore"):
        for key, reads in depends(result).items():
            totals[key] = (
                np.sum([parts[key, wrt] @ totals[wrt][0] for wrt in reads], axis=0),
                np.sum([np.abs(parts[key, wrt]) @ totals[wrt][1] for wrt in reads], axis=0),
            )
    found = [totals.get(key, (np.zeros((prod(p.shape(key)), width)),) * 2) for key in p.outputs]
    return np.concatenate([one for one, _ in found]), np.concatenate([sizes for _, sizes in found])


def local_numbers(result: Result) -> dict[tuple[str, str], np.ndarray]:
    """The local Jacobians at the current point, (entries of of, entries of wrt), from one sweep over the net."""
    p = result.program
    pairs = [(key, wrt) for key, reads in depends(result).items() for wrt in reads]
    run = result.once("local numbers", lambda: result.compile_nodes({
        f"{key} {wrt}": c.jacobian(p.graph, result.inner(key), p.graph.input(wrt, p.shape(wrt))) for key, wrt in pairs
    }))
    out = run(**result.point({}))
    return {
        (key, wrt): np.reshape(out[f"{key} {wrt}"], (prod(p.shape(key)), prod(p.shape(wrt)))) for key, wrt in pairs
    }


def _value(value: Any) -> str:
    if np.ndim(value) == 0:
        return f"{value:g}"
    return f"[{'; '.join(', '.join(f'{v:g}' for v in row) for row in np.atleast_2d(value))}]"


def numbers_text(result: Result) -> str:
    """The Jacobian's numbers at the current point, for a terminal."""
    p = result.program
    of_equations = [key for key, one in p.inputs.items() if one.role == "implicit"]
    where = result.values
    point = ", ".join(
        f"{names.name(key).text} = {_value(value)}"
        for key, value in ((key, where[key]) for key in (*p.variables, *of_equations, *p.parameters) if key in where)
        if np.ndim(value) == 0 or (np.shape(value) < (5,) and not p.net)
    )
    height, width = (sum(prod(p.shape(key)) for key in keys) for keys in (p.outputs, p.variables))
    size = (width, height) if in_denominator(result) else (height, width)
    if height * width > MAX_SHOWN**2:
        has = ".at()" if sparse.fits(result) else ".at(sparse=True)"
        return f"J is {'×'.join(map(str, size))}; {has} has its numbers"
    try:
        matrix = steady(result).T if in_denominator(result) else steady(result)
    except JacmagicError:
        return ""
    rows = "; ".join(", ".join(f"{v:.4g}" for v in row) for row in matrix)
    place = f" at {point}" if point else ""
    return f"J = [{rows}]{place}".replace("-", "−")


def standing_still(result: Result) -> str:
    """The outputs that are numbers, u = f'(3): nothing varies in them, and their rows are 0."""
    p = result.program
    still = [
        key for key in p.outputs if p.steps[key].kind == "define" and not p.net
        and not any(node.op == "input" for node in ancestry([p.node(key)]))
    ]
    if not still:
        return ""
    shown = ", ".join(names.name(key).text for key in still)
    return f"{shown}: no variable in {'it' if len(still) == 1 else 'them'}, so that all derivatives are 0"


def nothing_seen(result: Result) -> str:
    """What is said where no point shows anything: the Jacobian is 0, or no number, at all that were tried."""
    return f"{result.unseen} {MAX_DRAWS} points that were tried" if result.unseen and result.blank() > 1 else ""


def on_kinks(result: Result) -> str:
    """The kinks that the current point sits on."""
    return "; ".join(dict.fromkeys(kink(name) for name in result.kinks_here()))
