"""What computes, in words of the language: arithmetic, activations, sums and norms; a row a function of PyTorch.

Rows are called as PyTorch calls the function, with the block in front; arrays and parameters are taken as they come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jacmagic.pytorch.block import Block
from jacmagic.pytorch.terms import (
    ATOM,
    CASE,
    PRODUCT,
    SUM,
    Array,
    Given,
    Term,
    Unreadable,
    arange,
    number,
    torch,
    transposed,
)

Row = Callable[..., Any]


# ------------------------------------------------------------------ arithmetic
def plus(x: Term, y: Term) -> Term:
    right = y.within(ATOM if y.text.startswith("-") else SUM)
    return Term(f"{x.within(SUM)} + {right}", x.shape or y.shape, SUM)


def minus(x: Term, y: Term) -> Term:
    return Term(f"{x.within(SUM)} - {y.within(PRODUCT)}", x.shape or y.shape, SUM)


def times(x: Term, y: Term) -> Term:
    if x.row:
        x, y = y, x
    if y.row:
        return Term(f"{x.within(PRODUCT)} diag({y.row})", x.shape, PRODUCT)
    if x.shape and y.shape:
        return Term(f"{x.within(PRODUCT)} .* {y.within(ATOM)}", x.shape, PRODUCT)
    if x.shape or _is_number(y):
        x, y = y, x
    gap = " " if _is_number(x) and y.text[0].isalpha() else " * "
    return Term(f"{x.within(ATOM)}{gap}{y.within(PRODUCT)}", y.shape, PRODUCT)


def over(x: Term, y: Term) -> Term:
    if y.row and x.shape:
        return Term(f"{x.within(PRODUCT)} diag(1 ./ {y.row})", x.shape, PRODUCT)
    sign = " ./ " if y.shape else "/"
    return Term(f"{x.within(PRODUCT)}{sign}{y.within(ATOM)}", x.shape or y.shape, PRODUCT)


def power(x: Term, y: Term) -> Term:
    return Term(f"{x.within(ATOM)} {'.^' if x.shape or y.shape else '^'} {y.within(ATOM)}", x.shape or y.shape, PRODUCT)


def _extreme(name: str) -> Callable[[Term, Term], Term]:
    return lambda x, y: Term(f"{name}({x.text}, {y.text})", x.shape or y.shape)


def _is_number(x: Term) -> bool:
    return x.text[0].isdigit() or x.text.startswith("(-")


def both(b: Block, write: Callable[[Term, Term], Term], x: Any, y: Any) -> Array:
    """An operation entry by entry on two arrays, the smaller one spread as PyTorch spreads it."""
    x, y = b.array(x), b.array(y)
    shape = torch().broadcast_shapes(x.shape, y.shape)
    if not (y.shape == shape and y.whole and not (x.shape == shape and x.whole)):
        x = b.regular(Array(x.terms, x.places.expand(shape)))
        laid, turned = y, False
        base = x
    else:
        base, laid, turned = b.regular(y), x, True
    other = laid.places.expand(shape).reshape(-1)
    order = base.places.reshape(-1).argsort()
    terms, start = [], 0
    for term in base.terms:
        at = order[start : start + term.size].reshape(term.shape)
        start += term.size
        piece = b.lay(laid, other[at], spread=True)
        made = write(piece, term) if turned else write(term, piece)
        terms.append(Term(made.text, made.shape, made.level, term.origin or piece.origin))
    return Array(tuple(terms), base.places)


def binary(write: Callable[[Term, Term], Term]) -> Row:
    def row(b: Block, x: Any, y: Any, *, alpha: float = 1, rounding_mode: Any = None, out: Any = None) -> Array:
        if rounding_mode is not None:
            raise Unreadable("a division that is rounded")
        return both(b, write, x, y if alpha == 1 else both(b, times, alpha, y))

    return row


def reverse(write: Callable[[Term, Term], Term]) -> Row:
    return lambda b, x, y: both(b, write, y, x)


def negative(b: Block, x: Any) -> Array:
    return b.each(x, lambda z: Term(f"-{z.within(PRODUCT)}", z.shape, SUM, z.origin))


def matmul(b: Block, x: Any, y: Any, out: Any = None) -> Array:
    """Products of matrices and columns, over leading axes one by one."""
    x, y = b.array(x), b.array(y)
    if len(x.shape) == len(y.shape) == 1:
        return _single(b, Term(f"dot({b.lay(x, x.places).text}, {b.lay(y, y.places).text})", ()))
    if len(y.shape) == 1:
        made = b.rows(x, lambda z: _by_column(b, z, b.tight(b.lay(y, y.places))))
        return Array(made.terms, made.places.reshape(x.shape[:-1]))
    if len(y.shape) == 2:
        right = b.tight(b.lay(y, y.places)) if y.shape[1] > 1 or y.shape[0] == 1 else b.lay(y, y.places)
        return b.rows(x, lambda z: _by_matrix(b, z, right, y.shape[1]))
    left = x.places if len(x.shape) > 1 else x.places[None]
    lead = torch().broadcast_shapes(left.shape[:-2], y.shape[:-2])
    left = left.expand(*lead, *left.shape[-2:]).reshape(-1, *left.shape[-2:])
    right = y.places.expand(*lead, *y.shape[-2:]).reshape(-1, *y.shape[-2:])
    terms = []
    for p, q in zip(left, right):
        row = len(p) == 1
        first = b.lay(x, p[0] if row else p)
        terms.append(_by_matrix(b, first, b.tight(b.lay(y, q)), q.shape[1]))
    shape = (*lead, left.shape[-2], y.shape[-1])
    return Array(tuple(terms), arange(*(shape if len(x.shape) > 1 else (*shape[:-2], shape[-1]))))


def _by_column(b: Block, z: Term, y: Term) -> Term:
    if len(z.shape) == 1:
        return Term(f"[dot({z.text}, {y.text})]", (1,))
    return Term(f"{z.within(PRODUCT)} {y.text}", z.shape[:1], PRODUCT)


def _by_matrix(b: Block, z: Term, y: Term, columns: int) -> Term:
    """z Y of a matrix, Yᵀ z of a column."""
    if len(z.shape) == 1:
        if len(y.shape) == 1:
            inner = Term(f"[dot({z.text}, {y.text})]", (1,))
            return inner if columns == 1 else Term(f"{b.atom(z).text}[1] * {y.text}", y.shape, PRODUCT)
        return Term(f"{transposed(y)} {b.tight(z).text}", (columns,), PRODUCT)
    return Term(f"{z.within(ATOM)} {y.within(ATOM)}", (z.shape[0], columns) if columns > 1 else z.shape[:1], PRODUCT)


def _single(b: Block, term: Term) -> Array:
    return Array((term,), arange())


# ------------------------------------------------------------------ activations
def called(name: str) -> Row:
    """A function of the table, by its name."""
    return lambda b, x, *_, **__: function(b, x, name)


def function(b: Block, x: Any, name: str) -> Array:
    return b.each(x, lambda z: b.define(Term(f"{name}({z.text})", z.shape, ATOM, z.origin)))


def cases(b: Block, x: Any, write: Callable[[str], str], level: int = CASE) -> Array:
    """A formula in which its argument stands more than once, and has a name for that."""
    return b.each(x, lambda z: b.define(Term(write(b.atom(z, "z").text), z.shape, level, z.origin)))


def leaky_relu(b: Block, x: Any, negative_slope: float = 0.01, inplace: bool = False) -> Array:
    if negative_slope == 0.01:
        return function(b, x, "leaky_relu")
    return cases(b, x, lambda z: f"{z} if {z} > 0 else {number(negative_slope)} {z}")


def rrelu(b: Block, x: Any, lower: float = 1 / 8, upper: float = 1 / 3, *_: Any, **__: Any) -> Array:
    return leaky_relu(b, x, (lower + upper) / 2)


def elu(b: Block, x: Any, alpha: float = 1.0, inplace: bool = False) -> Array:
    if alpha == 1:
        return function(b, x, "elu")
    return cases(b, x, lambda z: f"{z} if {z} > 0 else {number(alpha)} (e^{z} - 1)")


def celu(b: Block, x: Any, alpha: float = 1.0, inplace: bool = False) -> Array:
    a = number(alpha)
    return elu(b, x) if alpha == 1 else cases(b, x, lambda z: f"{z} if {z} > 0 else {a} (exp({z}/{a}) - 1)")


def softplus(b: Block, x: Any, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """ln(1 + e^(β z))/β; beyond the threshold PyTorch takes z, which is that within e^-20."""
    if beta == 1:
        return function(b, x, "softplus")
    return cases(b, x, lambda z: f"softplus({number(beta)} {z})/{number(beta)}", PRODUCT)


def gelu(b: Block, x: Any, approximate: str = "none") -> Array:
    return function(b, x, "gelu" if approximate == "none" else "gelu_tanh")


def hardtanh(b: Block, x: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Array:
    if (min_val, max_val) == (-1, 1):
        return function(b, x, "hardtanh")
    low, high = number(min_val), number(max_val)
    return cases(b, x, lambda z: f"{low} if {z} <= {low} else ({high} if {z} >= {high} else {z})")


def clamp(b: Block, x: Any, low: float | None = None, high: float | None = None, **named: float) -> Array:
    low, high = named.get("min", low), named.get("max", high)
    if low is not None and high is not None:
        return cases(b, x, lambda z: f"clip({z}, {number(low)}, {number(high)})", ATOM)
    bound, sign = (number(high or 0), "<=") if low is None else (number(low), ">=")
    return cases(b, x, lambda z: f"{z} if {z} {sign} {bound} else {bound}")


def threshold(b: Block, x: Any, threshold: float, value: float, inplace: bool = False) -> Array:
    return cases(b, x, lambda z: f"{z} if {z} > {number(threshold)} else {number(value)}")


def hardshrink(b: Block, x: Any, lambd: float = 0.5) -> Array:
    return cases(b, x, lambda z: f"{z} if {z} < {number(-lambd)} or {z} > {number(lambd)} else 0")


def softshrink(b: Block, x: Any, lambd: float = 0.5) -> Array:
    a = number(lambd)
    return cases(b, x, lambda z: f"{z} - {a} if {z} > {a} else ({z} + {a} if {z} < {number(-lambd)} else 0)")


def prelu(b: Block, x: Any, weight: Any) -> Array:
    """z if z > 0 else a z, with one a, or one a channel."""
    x = b.named(b.regular(x), "z")
    a = b.given(weight, "a") if isinstance(weight, Given) else b.array(weight)
    shape = [1] * len(x.shape)
    if a.shape[0] > 1:
        shape[min(len(x.shape) - 1, 1)] = a.shape[0]
    below = both(b, times, Array(a.terms, a.places.reshape(shape)), x)
    made = [b.define(Term(f"{z.text} if {z.text} > 0 else {low.text}", z.shape, CASE, z.origin))
            for z, low in zip(x.terms, below.terms)]
    return Array(tuple(made), x.places)


def glu(b: Block, x: Any, dim: int = -1) -> Array:
    left, right = (Array(x.terms, part) for part in x.places.chunk(2, dim))
    return b.named(both(b, times, left, function(b, right, "sigmoid")))


# ------------------------------------------------------------------ along axes
def soft(name: str, sign: str = "") -> Row:
    """softmax and its kind, along any axis."""

    def row(b: Block, x: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Array:
        x = b.array(x)
        axis = dim if dim is not None else 0 if len(x.shape) in (0, 1, 3) else 1
        moved = Array(x.terms, x.places.movedim(axis, -1))
        made = b.rows(moved, lambda z: b.define(Term(
            f"{name}({sign}{z.within(PRODUCT) if sign else z.text})", z.shape, ATOM, z.origin)))
        return Array(made.terms, made.places.movedim(-1, axis))

    return row


def reduced(name: str) -> Row:
    """sum, mean, prod, max, norm and var of all entries, or along axes."""

    def row(b: Block, x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
        x = b.array(x)
        asked = range(len(x.shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
        axes = [k % len(x.shape) for k in asked]
        rest = [k for k in range(len(x.shape)) if k not in axes]
        moved = x.places.permute(*rest, *axes).reshape(*(x.shape[k] for k in rest), -1)
        made = _totals(b, x, moved, name)
        shape = [1 if k in axes else n for k, n in enumerate(x.shape) if keepdim or k not in axes]
        return Array(made.terms, made.places.reshape(shape))

    return row


def _totals(b: Block, x: Array, places: Any, name: str) -> Array:
    """Along the last axis: of a column or matrix at once, else of each part."""
    slim = [n for n in places.shape[:-1] if n > 1]
    if len(slim) == 1 and x.whole and len(x.terms) == 1 and len(x.terms[0].shape) == 2:
        matrix = b.lay(x, places.reshape(slim[0], -1))
        text = f"{name}_rows({matrix.text})" if name in ("sum", "mean") else (
            f"[{name}({b.atom(matrix).text}[i]) for i = 1..{slim[0]}]")
        return Array((b.define(Term(text, (slim[0],), ATOM, matrix.origin)),), arange(*places.shape[:-1]))
    parts = places.reshape(-1, places.shape[-1])
    whole = b.lay if name == "norm" else lambda x, part: whole_or(b, x, part)  # that of a matrix has another name
    terms = [Term(f"{name}({whole(x, part).text})", ()) for part in parts]
    return Array(tuple(terms), arange(*places.shape[:-1]))


def whole_or(b: Block, x: Array, part: Any) -> Term:
    """A term all of whose entries stand at these places, as it is; else they as a column."""
    start = 0
    for term in x.terms:
        if term.size == len(part) and bool((part.sort().values == arange(len(part)) + start).all()):
            return b.resolved(term)
        start += term.size
    return b.lay(x, part)


# ------------------------------------------------------------------ layers
def linear(b: Block, x: Any, weight: Any, bias: Any = None) -> Array:
    """W x + c, of rows x Wᵀ + 𝟏 cᵀ."""
    x = b.array(x)
    w = parameter(b, weight, "W")
    if w.shape[-1] != x.shape[-1]:
        raise Unreadable(f"it takes {w.shape[-1]} numbers, but it gets {x.shape[-1]}")
    matrix = b.lay(w, w.places)
    c = None if bias is None else parameter(b, bias, "c")
    shift = None if c is None else b.lay(c, c.places)
    origin = b.of(weight) if isinstance(weight, Given) else ""
    return b.rows(x, lambda z: affine(b, z, matrix, w.shape[0], shift, origin))


def affine(b: Block, z: Term, w: Term, out: int, c: Term | None, origin: str = "") -> Term:
    z, w = b.tight(z), b.atom(w)
    if len(z.shape) == 1:
        return Term(f"{w.text} {z.text}" + (f" + {c.text}" if c else ""), (out,), SUM if c else PRODUCT, origin)
    shift = f" + {b.ones(z.shape[0]).text} {b.tight(c).text}^T" if c else ""
    return Term(f"{z.text} {w.text}^T{shift}", (z.shape[0], out), SUM if c else PRODUCT, origin)


def parameter(b: Block, value: Any, letter: str) -> Array:
    return b.given(value, letter) if isinstance(value, Given) else b.array(value)


def embedding(b: Block, tokens: Any, weight: Any, *_: Any, **__: Any) -> Array:
    """The rows of E that the tokens choose: x E, with a row of 0 and a 1 a token."""
    if isinstance(tokens, (Array, Given)):
        raise Unreadable("tokens are whole numbers: pass a tensor of them as the input")
    table = parameter(b, weight, "E")
    choice = b.tokens(tokens, table.shape[0])
    e = b.atom(b.lay(table, table.places)).text
    wide = table.shape[1]
    origin = b.of(weight) if isinstance(weight, Given) else ""
    term = Term(f"{e}^T {choice.text}", (wide,), PRODUCT, origin) if len(choice.shape) == 1 else (
        Term(f"{choice.text} {e}", (choice.shape[0], wide), PRODUCT, origin))
    return Array((term,), arange(*tokens.shape, wide))


def same(b: Block, x: Any, *_: Any, **__: Any) -> Any:
    return x


def dropout(b: Block, x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    b.say(f"dropout with p = {p} does nothing in evaluation")
    return x


def attention(
    b: Block, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Array:
    """softmax(Q Kᵀ/√d) V, head by head."""
    q, k, v = (b.array(one) for one in (query, key, value))
    d, n, m = q.shape[-1], q.shape[-2], k.shape[-2]
    if is_causal:
        attn_mask = torch().ones(n, m).tril() == 1
    if attn_mask is not None and not isinstance(attn_mask, (Array, Given)) and attn_mask.dtype == torch().bool:
        attn_mask = torch().zeros(attn_mask.shape).masked_fill(~attn_mask, -1e9)  # exp(-1e9) is 0, too
    mask = None if attn_mask is None else b.array(attn_mask)
    lead = q.shape[:-2]
    terms = []
    for at in arange(*lead).reshape(-1).tolist():
        heads = [b.tight(b.lay(one, one.places.reshape(-1, *one.shape[-2:])[at])) for one in (q, k, v)]
        over = f"/sqrt({d})" if scale is None else f" * {number(scale)}"
        shift = ""
        if mask is not None:
            shift = " + " + b.lay(mask, mask.places.expand(*lead, n, m).reshape(-1, n, m)[at]).within(PRODUCT)
        terms.append(attended(b, heads, over, shift))
    return Array(tuple(terms), arange(*q.shape[:-1], v.shape[-1]))


def attended(b: Block, heads: list[Term], over: str, shift: str) -> Term:
    q, k, v = heads
    weights = b.define(Term(f"softmax({q.text} {transposed(k)}{over}{shift})", (q.shape[0], k.shape[0])), "A", "")
    return b.define(Term(f"{weights.text} {v.text}", (q.shape[0], v.shape[1]), PRODUCT), "H", "")


OF_THE_TABLE = (
    "tanh sigmoid relu selu silu mish softsign hardswish relu6 exp sin cos tan sinh cosh asin acos atan asinh acosh "
    "atanh erf erfc sqrt abs sign floor ceil logit log2 log10"
).split()
"""Functions that have the same name in the language."""

FUNCTIONS: dict[str, Row] = {
    **{name: called(name) for name in OF_THE_TABLE},
    "log": called("ln"), "logsigmoid": called("logsigmoid"),
    "leaky_relu": leaky_relu, "rrelu": rrelu, "elu": elu, "celu": celu, "softplus": softplus, "gelu": gelu,
    "hardtanh": hardtanh, "clamp": clamp, "clip": clamp, "threshold": threshold, "hardshrink": hardshrink,
    "softshrink": softshrink, "prelu": prelu, "glu": glu,
    "tanhshrink": lambda b, x: cases(b, x, lambda z: f"{z} - tanh({z})", SUM),
    "hardsigmoid": lambda b, x, inplace=False: cases(b, x, lambda z: f"relu6({z} + 3)/6", PRODUCT),
    "square": lambda b, x: b.each(x, lambda z: power(z, Term("2", ()))),
    "reciprocal": lambda b, x: both(b, over, 1, x), "rsqrt": lambda b, x: both(b, over, 1, function(b, x, "sqrt")),
    "add": binary(plus), "iadd": binary(plus), "sub": binary(minus), "isub": binary(minus), "mul": binary(times),
    "imul": binary(times), "truediv": binary(over), "div": binary(over), "pow": binary(power), "neg": negative,
    "rsub": reverse(minus), "radd": reverse(plus), "rmul": reverse(times), "rtruediv": reverse(over),
    "multiply": binary(times), "divide": binary(over), "subtract": binary(minus), "negative": negative,
    "maximum": binary(_extreme("max")), "minimum": binary(_extreme("min")),
    "matmul": matmul, "mm": matmul, "bmm": matmul, "mv": matmul, "dot": matmul,
    "softmax": soft("softmax"), "log_softmax": soft("log_softmax"), "softmin": soft("softmax", "-"),
    "sum": reduced("sum"), "mean": reduced("mean"), "prod": reduced("prod"),
    "linear": linear, "embedding": embedding,
    "scaled_dot_product_attention": attention,
    "dropout": dropout, "dropout1d": dropout, "dropout2d": dropout, "dropout3d": dropout, "alpha_dropout": dropout,
    "feature_alpha_dropout": dropout,
    **dict.fromkeys(("contiguous", "clone", "double", "float", "to", "type_as", "identity"), same),
}
