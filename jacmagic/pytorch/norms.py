"""Norms: layers that normalise, by rows, channels or groups of them, and lengths and variances along axes."""

from __future__ import annotations

from math import inf, prod
from typing import Any

from jacmagic.pytorch.block import Block
from jacmagic.pytorch.operations import Row, both, function, minus, over, parameter, plus, power, reduced, times
from jacmagic.pytorch.terms import ATOM, PRODUCT, SUM, Array, Given, Term, Unreadable, number

LAYER_NORM = 1e-5  # the ε of the language's layer_norm


def scaled(b: Block, x: Array, weight: Any, bias: Any) -> Array:
    """A norm's scale and shift: g .* x + b."""
    if weight is not None:
        x = both(b, times, parameter(b, weight, "g"), x)
    if bias is not None:
        x = both(b, plus, x, parameter(b, bias, "b"))
    return b.named(x, "n")


def layer_norm(
    b: Block, x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = LAYER_NORM,
) -> Array:
    x = b.array(x)
    shape = tuple(normalized_shape)
    flat = Array(x.terms, x.places.reshape(*x.shape[: len(x.shape) - len(shape)], prod(shape)))
    made = b.rows(flat, lambda z: normalised(b, z, eps))
    return scaled(b, Array(made.terms, made.places.reshape(x.shape)), weight, bias)


def normalised(b: Block, z: Term, eps: float) -> Term:
    """A column, or each row of a matrix, minus its mean, over the root of its variance and ε."""
    if eps == LAYER_NORM:
        return b.define(Term(f"layer_norm({z.text})", z.shape, ATOM, z.origin), "n")
    z = b.atom(z, "z")
    if len(z.shape) == 1:
        text = f"({z.text} - mean({z.text}))/sqrt(var({z.text}) + {number(eps)})"
        return b.define(Term(text, z.shape, PRODUCT, z.origin), "n")
    text = f"{z.text} - mean_rows({z.text}) {b.ones(z.shape[1]).text}^T"
    middle = b.define(Term(text, z.shape, SUM, z.origin), "z", "")
    return b.define(over_root(middle, eps), "n")


def over_root(z: Term, eps: float) -> Term:
    """The rows over the roots of the means of their squares."""
    return Term(f"diag(1 ./ sqrt(mean_rows({z.text} .^ 2) + {number(eps)})) {z.text}", z.shape, PRODUCT, z.origin)


def rms_norm(b: Block, x: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Array:
    def write(z: Term) -> Term:
        if eps is None:
            return b.define(Term(f"rms_norm({z.text})", z.shape, ATOM, z.origin), "n")
        z = b.atom(z, "z")
        if len(z.shape) == 2:
            return b.define(over_root(z, eps), "n")
        return b.define(Term(f"{z.text}/sqrt(mean({z.text} .^ 2) + {number(eps)})", z.shape, PRODUCT, z.origin), "n")

    if len(tuple(normalized_shape)) != 1:
        raise Unreadable("a norm over more than the last axis")
    return scaled(b, b.rows(x, write), weight, None)


def batch_norm(
    b: Block, x: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Array:
    """(z − m)/√(v + ε) by the running mean and variance of each channel, as in evaluation."""
    if running_mean is None or running_var is None:
        raise Unreadable("it has no running mean and variance; give it track_running_stats=True")
    x = b.array(x)
    m, v = (_of_channels(b, one, letter, x) for one, letter in ((running_mean, "m"), (running_var, "v")))

    def root(z: Term, spread: Term) -> Term:
        return over(z, Term(f"sqrt({spread.text} + {number(eps)})", spread.shape))

    made = both(b, root, both(b, minus, x, m), v)
    origin = b.of(running_mean) if isinstance(running_mean, Given) else ""
    terms = [Term(term.text, term.shape, term.level, origin + term.origin[len(term.origin.rstrip("0123456789")) - 1 :]
                  if len(made.terms) > 1 else origin) for term in made.terms]
    return _by_channels(b, Array(tuple(terms), made.places), weight, bias)


def _of_channels(b: Block, one: Any, letter: str, x: Array) -> Any:
    """A parameter with an entry a channel, which is the axis behind that of the batch."""
    if one is None:
        return None
    array = parameter(b, one, letter)
    return Array(array.terms, array.places.reshape(-1, *(1 for _ in x.shape[2:])))


def _by_channels(b: Block, made: Array, weight: Any, bias: Any) -> Array:
    return scaled(b, made, _of_channels(b, weight, "g", made), _of_channels(b, bias, "b", made))


def group_norm(b: Block, x: Any, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Array:
    """layer_norm of each group of channels."""
    x = b.array(x)
    flat = Array(x.terms, x.places.reshape(groups, -1))
    made = b.rows(flat, lambda z: normalised(b, z, eps))
    return _by_channels(b, Array(made.terms, made.places.reshape(x.shape)), weight, bias)


def instance_norm(
    b: Block, x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Array:
    """Each channel by its own mean and variance, or in evaluation by the running ones."""
    if not use_input_stats and running_mean is not None:
        return batch_norm(b, x, running_mean, running_var, weight, bias, eps=eps)
    x = b.array(x)
    return group_norm(b, x, x.shape[1], weight, bias, eps)


# ------------------------------------------------------------------ along axes
def norm(
    b: Block, x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, out: Any = None, dtype: Any = None,
) -> Array:
    """(Σ |x|^p)^(1/p) along axes, or of all entries."""
    if p in (2, "fro", None):
        return reduced("norm")(b, x, dim, keepdim)
    if not isinstance(p, (int, float)) or p <= 0:
        raise Unreadable(f"a norm with p = {p}")
    size = function(b, x, "abs")
    if p in (1, inf):
        return reduced("sum" if p == 1 else "max")(b, size, dim, keepdim)
    return both(b, power, reduced("sum")(b, b.named(both(b, power, size, p)), dim, keepdim), 1 / p)


def linalg_norm(
    b: Block, x: Any, p: Any = None, dim: Any = None, keepdim: bool = False, out: Any = None, dtype: Any = None,
) -> Array:
    """The norm of vectors; of a matrix the one of its entries alone."""
    x = b.array(x)
    of_matrix = dim is None and len(x.shape) == 2 or not isinstance(dim, (int, type(None))) and len(dim) == 2
    if of_matrix and p not in (None, "fro"):
        raise Unreadable(f"a matrix norm with ord = {p}; vector_norm is that of the entries")
    return norm(b, x, p, dim, keepdim)


def normalize(b: Block, x: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None) -> Array:
    """x over its norm along an axis, which is ε at least."""
    x = b.named(b.regular(x))
    return b.named(both(b, over, x, _at_least(b, norm(b, x, p, dim, True), eps)), "n")


def cosine_similarity(b: Block, x: Any, y: Any, dim: int = 1, eps: float = 1e-8) -> Array:
    x, y = b.named(b.regular(x)), b.named(b.regular(y))
    inner = reduced("sum")(b, b.named(both(b, times, x, y)), dim)
    return both(b, over, inner, both(b, times, *(_at_least(b, norm(b, one, 2, dim), eps) for one in (x, y))))


def _at_least(b: Block, x: Array, eps: float) -> Array:
    return both(b, lambda z, low: Term(f"max({z.text}, {low.text})", z.shape), b.named(x), eps)


def variance(
    b: Block, x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None,
) -> Array:
    """The variance along axes, over n − 1 where nothing else is asked."""
    x = b.array(x)
    less = float(unbiased) if correction is None else correction
    made = reduced("var")(b, x, dim, keepdim)
    n = prod(x.shape) // prod(made.shape)
    return both(b, times, n / (n - less), made) if less else made


def deviation(b: Block, x: Any, *args: Any, **kwargs: Any) -> Array:
    return function(b, variance(b, x, *args, **kwargs), "sqrt")


def _by_order(row: Row) -> Row:
    """A row whose p PyTorch calls ord."""
    return lambda b, x, *args, **named: row(b, x, *args, **{"p" if k == "ord" else k: v for k, v in named.items()})


FUNCTIONS: dict[str, Row] = {
    "layer_norm": layer_norm, "rms_norm": rms_norm, "batch_norm": batch_norm, "group_norm": group_norm,
    "instance_norm": instance_norm, "norm": norm, "linalg_norm": _by_order(linalg_norm),
    "linalg_vector_norm": _by_order(norm), "normalize": normalize, "cosine_similarity": cosine_similarity,
    "var": variance, "std": deviation,
}
