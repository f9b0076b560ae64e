"""Graph -> source code of a backend; the table BACKENDS.

A graph becomes terms: a map's expression is written out over the terms of its
operands, and equal terms are one object. A term that is needed more than once,
or that has a name of its own, becomes a local variable; all others stay inside
the expression that uses them. So scalar formulas read, and run, as if written
by hand, and no sub-expression is computed twice, whichever entry it belongs to.

Batches: every value may carry axes in front of those its node speaks of. Code
therefore counts axes from the end, and inserts the missing ones explicitly.

No name that stands in a block reaches generated code unless it is an input's
or a label's, which the caller has made an identifier.
"""

from __future__ import annotations

import keyword
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from string import ascii_letters
from typing import Any

import sympy as sp

from jacmagic.engine.graph import Node, Shape, ancestry
from jacmagic.errors import LimitError, ValueMistake, nearest
from jacmagic.functions import FUNCTIONS, calculus

MAX_SOURCE = 500
"""Functions in one entry as SymPy source, each as often as its definition says it. Instead: NumPy source, or names."""

Tree = Any
"""A number, or a tuple of an operation and its trees; slots are ("_", k). JSON when tuples are lists."""

Inputs = Sequence[tuple[str, Shape]]

# ------------------------------------------------------------------ SymPy expression -> tree

_NAMES = {row.sympy or row.name: row.name for row in FUNCTIONS.values()} | {
    "Abs": "abs", "Max": "max", "Min": "min", "floor": "floor", "ceiling": "ceil",
}

_RELATIONS = {
    "StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">=",
    "Equality": "==", "Unequality": "!=", "And": "and", "Or": "or", "Not": "not",
}

_BY_OTHERS: dict[str, Callable[..., Tree]] = {
    "cot": lambda z: ("/", 1, ("tan", z)),
    "sec": lambda z: ("/", 1, ("cos", z)),
    "csc": lambda z: ("/", 1, ("sin", z)),
    "coth": lambda z: ("/", 1, ("tanh", z)),
    "sech": lambda z: ("/", 1, ("cosh", z)),
    "csch": lambda z: ("/", 1, ("sinh", z)),
    "acot": lambda z: ("atan", ("/", 1, z)),
    "asec": lambda z: ("acos", ("/", 1, z)),
    "acsc": lambda z: ("asin", ("/", 1, z)),
    "acoth": lambda z: ("atanh", ("/", 1, z)),
    "asech": lambda z: ("acosh", ("/", 1, z)),
    "acsch": lambda z: ("asinh", ("/", 1, z)),
    "log2": lambda z: ("/", ("ln", z), math.log(2)),
    "log10": lambda z: ("/", ("ln", z), math.log(10)),
}
"""Functions by means of others, for backends that have no name for them."""

_JSON_FUNCTIONS = frozenset(
    "sqrt cbrt exp ln log2 log10 sin cos tan cot sec csc asin acos atan atan2 sinh cosh tanh asinh acosh atanh "
    "coth sech csch acoth asech acsch abs sign floor ceil erf erfc sigmoid relu leaky_relu elu selu gelu silu "
    "softplus softsign mish hardtanh logit logsigmoid relu6 hardswish clip gelu_tanh "
    "step max min".split()
)
"""What the browser's evaluator has, by the names of the table."""


def tree(expr: Any, known: frozenset[str]) -> Tree:
    """An expression as a tree of the operations + * / ^ neg case, relations and the functions in `known`.

    Quotients, roots and differences are found again in SymPy's powers and
    products, and e^z - 1 and ln(1 + e^z) where a backend computes them without
    loss; other functions are written by their definitions.

    Raises:
        TypeError: a function that is neither known nor defined.
    """
    memo: dict[Any, Tree] = {}

    def go(e: Any) -> Tree:
        found = memo.get(e)
        if found is None:
            found = memo[e] = make(e)
        return found

    def make(e: Any) -> Tree:
        if e.is_Symbol:
            return ("_", int(e.name[1:]))
        if isinstance(e, sp.ITE):  # SymPy makes it of a case inside a condition
            test, yes, no = map(go, e.args)
            return ("or", ("and", test, yes), ("and", ("not", test), no))
        if e is sp.true or e is sp.false:
            return ("==" if e is sp.true else "!=", 0, 0)
        name = type(e).__name__
        if name in _RELATIONS:
            return (_RELATIONS[name], *(go(a) for a in e.args))
        if not e.free_symbols:
            return _number(e)
        if e.is_Add:
            return add(e)
        if e.is_Mul:
            return product(*e.as_coeff_Mul())
        if e.is_Pow:
            return power(e)
        if e.is_Piecewise:
            return case(e)
        return call(e, _NAMES.get(name, name))

    def add(e: Any) -> Tree:
        if "expm1" in known and len(e.args) == 2 and e.args[0] == -1 and e.args[1].func is sp.exp:
            return ("expm1", go(e.args[1].args[0]))
        terms = [go(a) for a in e.args]
        return ("+", *sorted(terms, key=_is_minus))

    def power(e: Any) -> Tree:
        base, exponent = e.args
        if exponent.is_Rational and exponent < 0:
            return ("/", 1, go(sp.Pow(base, -exponent)))
        if exponent == sp.S.Half:
            return ("sqrt", go(base))
        return ("^", go(base), go(exponent))

    def product(factor: Any, rest: Any) -> Tree:
        over: list[Tree] = []
        under: list[Tree] = []
        factors = list(sp.Mul.make_args(rest))
        for base in (2, 10):  # SymPy has no log2: it is a quotient of logarithms
            logs = [f for f in factors if f.func is sp.log and f.free_symbols]
            bottom = 1 / sp.log(base) if logs else None
            if f"log{base}" in known and logs and bottom in factors:
                factors.remove(bottom)
                factors.remove(logs[0])
                over.append((f"log{base}", go(logs[0].args[0])))
        for f in factors:
            if f.is_Pow and f.exp.is_Rational and f.exp < 0 and f.free_symbols:
                under.append(go(sp.Pow(f.base, -f.exp)))
            else:
                over.append(go(f))
        minus = bool(factor.is_number and factor.is_negative)
        factor = -factor if minus else factor
        if factor.is_Rational and not factor.is_Integer and factor.q < 10**6 and (factor.p == 1 or under):
            under.insert(0, factor.q)
            factor = sp.Integer(factor.p)
        if factor != 1:
            over.insert(0, _number(factor))
        top: Tree = 1 if not over else over[0] if len(over) == 1 else ("*", *over)
        if under:
            top = ("/", top, under[0] if len(under) == 1 else ("*", *under))
        return ("neg", top) if minus else top

    def case(e: Any) -> Tree:
        parts: list[Tree] = []
        for value, condition in e.args:
            if condition is sp.true:
                return ("case", *parts, go(value)) if parts else go(value)
            parts += [go(value), go(condition)]
        return ("case", *parts, math.nan)

    def call(e: Any, name: str) -> Tree:
        if name == "ln" and "softplus" in known and e.args[0].is_Add and len(e.args[0].args) == 2:
            one, other = e.args[0].args
            if one == 1 and other.func is sp.exp:
                return ("softplus", go(other.args[0]))
        if name in known:
            return (name, *(go(a) for a in e.args))
        if name in _BY_OTHERS:
            return _BY_OTHERS[name](*(go(a) for a in e.args))
        row = FUNCTIONS.get(name)
        if row is not None and row.define is not None:
            return go(sp.sympify(row.define(calculus, *e.args)))
        raise TypeError(f"no code for the function {name}: it has neither a spelling nor a definition")

    return go(sp.sympify(expr))


def _is_minus(t: Tree) -> bool:
    return bool(t[0] == "neg" if isinstance(t, tuple) else t < 0)


def _number(e: Any) -> int | float:
    """The number nearest to a constant: an int where it is one and small, else a float, which may be inf or nan."""
    e = sp.sympify(e)
    if e.is_Integer and abs(e.p) <= 2**53:
        return int(e)
    if e.is_Rational:
        try:
            return int(e.p) / int(e.q)
        except OverflowError:
            return math.inf if e.p > 0 else -math.inf
    if e in (sp.zoo, sp.nan):
        return math.nan
    if not _is_tower(e):
        try:
            value = complex(e.evalf(17))
            return value.real if value.imag == 0 else math.nan
        except (TypeError, ValueError):
            return math.nan
        except OverflowError:
            pass
    return _roughly(e)


def _is_tower(e: Any) -> bool:
    """Whether a power or exponential has so large an exponent that SymPy might not come back from it."""
    for p in sp.preorder_traversal(e):
        if p.is_Pow or p.func is sp.exp:
            exponent = p.args[-1]
            if exponent.has(sp.Pow, sp.exp) and not exponent.is_Rational:
                return True
            if any(max(abs(r.p), r.q) > 10**4 for r in exponent.atoms(sp.Rational)):
                return True
    return False


def _roughly(e: Any) -> float:
    """A tower of powers in floating point, where what is too large is infinite."""
    try:
        parts = [float(_number(a)) for a in e.args]
        if e.is_Add:
            return math.fsum(parts)
        if e.is_Mul:
            return math.prod(parts)
        if e.is_Pow:
            return math.pow(*parts)
        if e.func is sp.exp:
            return math.exp(*parts)
        if e.func is sp.log:
            return math.log(*parts)
    except OverflowError:
        return math.inf
    except ValueError:
        pass
    return math.nan


# ------------------------------------------------------------------ the backends

_PYTHON_WORDS = frozenset(keyword.kwlist) | frozenset(
    "abs max min sum len range map zip list tuple dict float int print kind lead".split()
)
_JS_WORDS = frozenset(
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof var void while with yield undefined NaN Infinity "
    "Math Array Object Number".split()
)


@dataclass(frozen=True)
class Backend:
    """One row of the table of backends.

    Attributes:
        name       as it is asked for
        title      as it is shown
        xp         the prefix of the array module, "" where there is none
        opening    the import lines
        functions  function of the table, or one of `tree`'s -> how it is written, {0}, {1}, … standing for
                   arguments; the `spell` of a table's row goes before
        along      operation along the last axis -> how it is written
        helpers    functions of our own that code may call: their source, given only where they are called
        case       how a choice is written: {0} if {1} else {2}
        words      names that code cannot use for its variables
    """

    name: str
    title: str
    xp: str = ""
    opening: tuple[str, ...] = ()
    functions: dict[str, str] = field(default_factory=dict)
    along: dict[str, str] = field(default_factory=dict)
    helpers: dict[str, str] = field(default_factory=dict)
    case: str = ""
    logic: tuple[str, str, str] = ("({0} & {1})", "({0} | {1})", "({0})")
    words: frozenset[str] = frozenset()

    def spelling(self, function: str) -> str | None:
        row = FUNCTIONS.get(function)
        return (row.spell.get(self.name) if row else None) or self.functions.get(function)

    @property
    def known(self) -> frozenset[str]:
        """Every function this backend writes by a name, and not by its definition."""
        return frozenset(self.functions) | {row.name for row in FUNCTIONS.values() if self.name in row.spell}

    @property
    def reserved(self) -> frozenset[str]:
        """Names that no input may have."""
        return self.words | frozenset(self.helpers)


def _calls(prefix: str, names: str, **others: str) -> dict[str, str]:
    """The spelling of functions of one argument: name, or name:spelt."""
    pairs = (word.partition(":")[::2] for word in names.split())
    return {name: f"{prefix}{spelt or name}({{0}})" for name, spelt in pairs} | others


def _sources(text: str, **replace: str) -> dict[str, str]:
    """The helpers in a text, by name; they are separated by empty lines."""
    for old, new in replace.items():
        text = text.replace(old, new)
    blocks = [block.strip("\n") for block in re.split(r"\n\n+", textwrap.dedent(text).strip("\n"))]
    return {re.findall(r"^(?:def|function) (\w+)", block, re.M)[0]: block for block in blocks}


_ELEMENTARY = (
    "sqrt exp expm1 ln:log log2 log10 sin cos tan asin:arcsin acos:arccos atan:arctan sinh cosh tanh "
    "asinh:arcsinh acosh:arccosh atanh:arctanh"
)

_PRODUCTS = '''
def _matvec(m, x):
    """Matrix times vector; one matrix for a whole batch of vectors is a single product of matrices."""
    if m.ndim > 2:
        return (m @ x[..., None])[..., 0]
    if x.ndim < 3:
        return x @ m.T
    return (x.reshape((-1, x.shape[-1])) @ m.T).reshape(x.shape[:-1] + m.shape[:1])

def _matmul(a, b, extra=0):
    """Matrix times matrix; one right factor for a whole batch is a single product of matrices."""
    if b.ndim > 2:
        return a @ b[(..., *(None,) * extra, slice(None), slice(None))]
    if a.ndim < 3:
        return a @ b
    return (a.reshape((-1, a.shape[-1])) @ b).reshape(a.shape[:-1] + b.shape[1:])

def _flatten(x, rank):
    """The last `rank` axes made one."""
    lead = x.shape[: x.ndim - rank]
    return x.reshape((*lead, math.prod(x.shape[x.ndim - rank :])))

def _arrange(x, rank, shape):
    """The last `rank` axes arranged as a shape."""
    return x.reshape((*x.shape[: x.ndim - rank], *shape))
'''

_NUMPY_LIKE = '''
def _permute(x, order):
    """The last axes in another order."""
    front = x.ndim - len(order)
    return np.transpose(x, (*range(front), *(front + k for k in order)))

def _spread(x, shape):
    """The last axes repeated to a shape."""
    return np.broadcast_to(x, x.shape[: x.ndim - len(shape)] + shape)

def _batch(x, lead, shape):
    """The same x for every member of a batch."""
    x = np.asarray(x)
    return x if x.shape == lead + shape else np.broadcast_to(x, lead + shape)

def _others(z):
    """Along the last axis, the product of all other entries."""
    one = np.ones_like(z[..., :1])
    left = np.cumprod(np.concatenate([one, z[..., :-1]], axis=-1), axis=-1)
    right = np.cumprod(np.concatenate([one, z[..., :0:-1]], axis=-1), axis=-1)
    return left * right[..., ::-1]
'''

_NUMPY_HELPERS = _sources(_PRODUCTS + _NUMPY_LIKE + '''
def _stack(shape, *parts):
    """Scalars arranged as a shape behind the axes of the batch."""
    lead = np.broadcast_shapes(*(np.shape(part) for part in parts))
    out = np.empty((len(parts), *lead))
    for k, part in enumerate(parts):
        out[k] = part
    return np.moveaxis(out, 0, -1) if len(shape) == 1 else _split(out, shape)

def _split(out, shape):
    """The first axis split into a shape, which moves to the end."""
    out = out.reshape(shape + out.shape[1:])
    return np.moveaxis(out, range(len(shape)), range(-len(shape), 0))

def _join(shape, ranks, *parts):
    """Parts flattened from the last `rank` axes on, joined, and arranged as a shape."""
    flat = [_flatten(np.asarray(part), rank) for part, rank in zip(parts, ranks)]
    lead = np.broadcast_shapes(*(part.shape[:-1] for part in flat))
    out = np.empty((*lead, sum(part.shape[-1] for part in flat)))
    at = 0
    for part in flat:
        out[..., at : at + part.shape[-1]] = part
        at += part.shape[-1]
    return out.reshape(lead + shape)

def _put(x, rank, at, shape):
    """Entries set at different flat places of zeros."""
    x = _flatten(x, rank)
    out = np.zeros((*x.shape[:-1], math.prod(shape)))
    out[..., at] = x
    return out.reshape(x.shape[:-1] + shape)

def _put_add(x, rank, at, shape):
    """Entries added to zeros at flat places, some of which meet."""
    x = _flatten(x, rank)
    out = np.zeros((*x.shape[:-1], math.prod(shape)))
    np.add.at(out, (..., at), x)
    return out.reshape(x.shape[:-1] + shape)

def _softmax(z):
    """Along the last axis, safe for any argument."""
    e = z - np.max(z, axis=-1, keepdims=True)
    np.exp(e, out=e)
    e /= np.sum(e, axis=-1, keepdims=True)
    return e

def _log_softmax(z):
    """Along the last axis, safe for any argument."""
    z = z - np.max(z, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))

def _logsumexp(z):
    """Over the last axis, safe for any argument."""
    top = np.max(z, axis=-1)
    return top + np.log(np.sum(np.exp(z - top[..., None]), axis=-1))

def _erf(z):
    """The error function, which NumPy lacks."""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(z), dtype=float)

def _erfc(z):
    """1 - erf(z) without loss, which NumPy lacks."""
    return np.asarray(np.frompyfunc(math.erfc, 1, 1)(z), dtype=float)
''')

_JAX_HELPERS = _sources(_PRODUCTS + _NUMPY_LIKE.replace("np.", "jnp.") + '''
def _stack(shape, *parts):
    """Scalars arranged as a shape behind the axes of the batch."""
    out = jnp.stack(jnp.broadcast_arrays(*parts), axis=-1)
    return out.reshape(out.shape[:-1] + shape)

def _join(shape, ranks, *parts):
    """Parts flattened from the last `rank` axes on, joined, and arranged as a shape."""
    flat = [_flatten(jnp.asarray(part), rank) for part, rank in zip(parts, ranks)]
    lead = jnp.broadcast_shapes(*(part.shape[:-1] for part in flat))
    out = jnp.concatenate([jnp.broadcast_to(part, lead + part.shape[-1:]) for part in flat], axis=-1)
    return out.reshape(lead + shape)

def _put_add(x, rank, at, shape):
    """Entries added to zeros at flat places."""
    x = _flatten(x, rank)
    out = jnp.zeros((*x.shape[:-1], math.prod(shape)), dtype=x.dtype).at[..., at].add(x)
    return out.reshape(x.shape[:-1] + shape)
''')

_TORCH_HELPERS = _sources(_PRODUCTS + '''
def _tensors(*values):
    """Values as tensors of one kind; tensors of numbers stay what they are, and keep their gradients."""
    real = [v for v in values if isinstance(v, torch.Tensor) and v.is_floating_point()]
    like = real[0] if real else torch.empty(0, dtype=torch.float64)
    return [
        v if isinstance(v, torch.Tensor) and v.is_floating_point()
        else torch.as_tensor(v, dtype=like.dtype, device=like.device)
        for v in values
    ]

def _permute(x, order):
    """The last axes in another order."""
    front = x.ndim - len(order)
    return x.permute(*range(front), *(front + k for k in order))

def _spread(x, shape):
    """The last axes repeated to a shape."""
    return x.expand(x.shape[: x.ndim - len(shape)] + shape)

def _batch(x, lead, shape):
    """The same x for every member of a batch."""
    return x.expand(lead + shape)

def _stack(shape, kind, *parts):
    """Scalars arranged as a shape behind the axes of the batch."""
    parts = [part if isinstance(part, torch.Tensor) else torch.tensor(part, **kind) for part in parts]
    out = torch.stack(torch.broadcast_tensors(*parts), dim=-1)
    return out.reshape(out.shape[:-1] + shape)

def _join(shape, ranks, *parts):
    """Parts flattened from the last `rank` axes on, joined, and arranged as a shape."""
    flat = [_flatten(part, rank) for part, rank in zip(parts, ranks)]
    lead = torch.broadcast_shapes(*(part.shape[:-1] for part in flat))
    out = torch.cat([part.expand(lead + part.shape[-1:]) for part in flat], dim=-1)
    return out.reshape(lead + shape)

def _put_add(x, rank, at, shape):
    """Entries added to zeros at flat places."""
    x = _flatten(x, rank)
    out = x.new_zeros((*x.shape[:-1], math.prod(shape))).index_add(-1, at.to(x.device), x)
    return out.reshape(x.shape[:-1] + shape)

def _others(z):
    """Along the last axis, the product of all other entries."""
    one = torch.ones_like(z[..., :1])
    left = torch.cumprod(torch.cat([one, z[..., :-1]], dim=-1), dim=-1)
    right = torch.cumprod(torch.cat([one, z[..., 1:].flip(-1)], dim=-1), dim=-1)
    return left * right.flip(-1)
''')

_JS_HELPERS = _sources('''
/** Nested arrays as one flat one. */
function _flat(x) {
  return Array.isArray(x) ? x.flat(Infinity) : [...x];
}

/** A flat array as nested ones. */
function _nest(x, shape) {
  if (shape.length < 2) return x;
  const rest = shape.slice(1), step = rest.reduce((a, b) => a * b, 1);
  return Array.from({length: shape[0]}, (_, k) => _nest(x.slice(k * step, (k + 1) * step), rest));
}

/** f at every place of a shape: axes are [length, stride of operand 0, stride of operand 1, ...]. */
function _each(axes, f, ...operands) {
  const out = [];
  const walk = (k, at) => {
    if (k === axes.length) out.push(f(...operands.map((x, i) => x[at[i]])));
    else for (let j = 0; j < axes[k][0]; j++) walk(k + 1, at.map((p, i) => p + j * axes[k][i + 1]));
  };
  walk(0, operands.map(() => 0));
  return out;
}

/** Products summed over some axes, each [length, stride in a, stride in b]. */
function _dot(a, b, kept, summed) {
  const out = [];
  const total = (k, i, j) => {
    if (k === summed.length) return a[i] * b[j];
    const [n, p, q] = summed[k];
    let sum = 0;
    for (let m = 0; m < n; m++) sum += total(k + 1, i + m * p, j + m * q);
    return sum;
  };
  const walk = (k, i, j) => {
    if (k === kept.length) out.push(total(0, i, j));
    else for (let m = 0; m < kept[k][0]; m++) walk(k + 1, i + m * kept[k][1], j + m * kept[k][2]);
  };
  walk(0, 0, 0);
  return out;
}

/** Entries at places within every row of a given length. */
function _take(x, length, at) {
  const out = [];
  for (let row = 0; row < x.length; row += length) for (const k of at) out.push(x[row + k]);
  return out;
}

/** Entries added to rows of zeros at places. */
function _put(x, length, at) {
  const rows = x.length / at.length, out = new Array(rows * length).fill(0);
  for (let r = 0; r < rows; r++) at.forEach((k, i) => { out[r * length + k] += x[r * at.length + i]; });
  return out;
}

/** The rows of several arrays side by side. */
function _join(rows, ...parts) {
  const out = [];
  for (let r = 0; r < rows; r++)
    for (const x of parts) for (let k = x.length / rows * r; k < x.length / rows * (r + 1); k++) out.push(x[k]);
  return out;
}

/** The identity. */
function _eye(n) {
  return Array.from({length: n * n}, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
}

/** f of every row of a given length. */
function _rows(x, length, f) {
  const out = [];
  for (let row = 0; row < x.length; row += length) out.push(...[f(x.slice(row, row + length))].flat());
  return out;
}

/** Safe for any argument. */
function _softmax(z) {
  const top = Math.max(...z), e = z.map((v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

/** Safe for any argument. */
function _log_softmax(z) {
  const top = Math.max(...z), sum = z.reduce((a, v) => a + Math.exp(v - top), 0);
  return z.map((v) => v - top - Math.log(sum));
}

/** Safe for any argument. */
function _logsumexp(z) {
  const top = Math.max(...z);
  return top + Math.log(z.reduce((a, v) => a + Math.exp(v - top), 0));
}

/** The product of all other entries. */
function _others(z) {
  const out = z.map(() => 1);
  for (let k = 0, p = 1; k < z.length; p *= z[k++]) out[k] *= p;
  for (let k = z.length - 1, p = 1; k >= 0; p *= z[k--]) out[k] *= p;
  return out;
}

/** The error function: Abramowitz & Stegun 7.1.6 up to 3. */
function _erf(z) {
  const x = Math.abs(z);
  if (x >= 3) return Math.sign(z) * (1 - _erfc(x));
  let sum = z, term = z;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) sum += term *= 2 * x * x / (2 * k + 1);
  return 2 * Math.exp(-x * x) / Math.sqrt(Math.PI) * sum;
}

/** 1 - erf(z) without loss: the continued fraction 7.1.14 from 3 on. */
function _erfc(z) {
  if (!(z >= 3)) return 1 - _erf(z);
  let fraction = z;
  for (let k = 60; k > 0; k--) fraction = z + k / 2 / fraction;
  return Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction;
}
''')

_MATH_HELPERS = _sources('''
def _ratio(a, b):
    """a / b, infinite or nan where b is 0."""
    try:
        return a / b
    except ZeroDivisionError:
        return a * math.copysign(math.inf, b)

def _power(z, p):
    """z to the p, infinite where it is too large and nan where it is not real."""
    try:
        return math.pow(z, p)
    except (OverflowError, ValueError):
        if z < 0 and p % 1:
            return math.nan
        return math.copysign(math.inf, z) if p % 2 == 1 else math.inf

def _exp(z):
    """e to the z, infinite where it is too large."""
    try:
        return math.exp(z)
    except OverflowError:
        return math.inf

def _expm1(z):
    """e to the z less 1, infinite where it is too large."""
    try:
        return math.expm1(z)
    except OverflowError:
        return math.inf

def _cosh(z):
    """Infinite where it is too large."""
    try:
        return math.cosh(z)
    except OverflowError:
        return math.inf

def _sinh(z):
    """Infinite where it is too large."""
    try:
        return math.sinh(z)
    except OverflowError:
        return math.copysign(math.inf, z)

def _atanh(z):
    """Infinite at 1 and -1, nan where it is not real."""
    try:
        return math.atanh(z)
    except ValueError:
        return math.copysign(math.inf, z) if abs(z) == 1 else math.nan

def _log(z, f=math.log):
    """The logarithm, -infinite at 0, nan where it is not real."""
    try:
        return f(z)
    except ValueError:
        return -math.inf if z == 0 else math.nan

def _real(f, z):
    """A function where it is real, else nan."""
    try:
        return f(z)
    except ValueError:
        return math.nan

def _whole(f, z):
    """z rounded by f, as it is where it is infinite or nan."""
    return float(f(z)) if math.isfinite(z) else z

def _sign(z):
    """1, -1 or 0, nan of nan."""
    return float((z > 0) - (z < 0)) if z == z else z

def _max(a, b):
    """The larger one, nan where one is nan."""
    return a if a >= b or a != a else b

def _min(a, b):
    """The smaller one, nan where one is nan."""
    return a if a <= b or a != a else b
''')
"""Python raises an error where floating-point numbers, and NumPy, have an infinity or nan."""

_NUMPY_ALONG = {
    "softmax": "_softmax({0})", "log_softmax": "_log_softmax({0})", "others": "_others({0})",
    "logsumexp": "_logsumexp({0})",
    "amax": "np.max({0}, axis=-1)", "amin": "np.min({0}, axis=-1)", "prod": "np.prod({0}, axis=-1)",
    "norm": "np.linalg.norm({0}, axis=-1)", "sum": "np.sum({0}, axis={1})",
    "permute": "np.swapaxes({0}, -1, -2)", "eye": "np.eye({0})", "full": "np.full({0}, {1})",
    "array": "np.array({0})", "index": "np.array({0})", "input": "np.asarray({0}, dtype=float)",
}

BACKENDS: dict[str, Backend] = {
    row.name: row
    for row in (
        Backend(
            "numpy", "NumPy", "np", ("import numpy as np",),
            _calls("np.", _ELEMENTARY + " abs sign floor ceil", erf="_erf({0})", atan2="np.arctan2({0}, {1})",
                   max="np.maximum({0}, {1})", min="np.minimum({0}, {1})"),
            _NUMPY_ALONG, _NUMPY_HELPERS, "np.where({1}, {0}, {2})",
            ("({0} & {1})", "({0} | {1})", "np.logical_not({0})"),
            _PYTHON_WORDS | {"np", "math"},
        ),
        Backend(
            "torch", "PyTorch", "torch", ("import torch",),
            _calls("torch.", _ELEMENTARY + " abs sign floor ceil erf", atan2="torch.atan2({0}, {1})",
                   max="torch.maximum({0}, {1})", min="torch.minimum({0}, {1})"),
            {
                "softmax": "torch.softmax({0}, dim=-1)", "log_softmax": "torch.log_softmax({0}, dim=-1)",
                "logsumexp": "torch.logsumexp({0}, dim=-1)",
                "others": "_others({0})", "amax": "torch.amax({0}, dim=-1)", "amin": "torch.amin({0}, dim=-1)",
                "prod": "torch.prod({0}, dim=-1)", "norm": "torch.linalg.vector_norm({0}, dim=-1)",
                "sum": "torch.sum({0}, dim={1})", "permute": "torch.swapaxes({0}, -1, -2)",
                "eye": "torch.eye({0}, **kind)", "full": "torch.full({0}, {1}, **kind)",
                "array": "torch.tensor({0}, dtype=torch.float64)", "index": "torch.tensor({0})",
            },
            _TORCH_HELPERS, "torch.where({1}, {0}, {2})", ("({0} & {1})", "({0} | {1})", "torch.logical_not({0})"),
            _PYTHON_WORDS | {"torch", "math"},
        ),
        Backend(
            "jax", "JAX", "jnp", ("import jax", "import jax.numpy as jnp"),
            _calls("jnp.", _ELEMENTARY + " abs sign floor ceil", erf="jax.scipy.special.erf({0})",
                   atan2="jnp.arctan2({0}, {1})", max="jnp.maximum({0}, {1})", min="jnp.minimum({0}, {1})"),
            {op: text.replace("np.", "jnp.") for op, text in _NUMPY_ALONG.items()} | {
                "softmax": "jax.nn.softmax({0}, axis=-1)", "log_softmax": "jax.nn.log_softmax({0}, axis=-1)",
                "logsumexp": "jax.nn.logsumexp({0}, axis=-1)",
                "input": "jnp.asarray({0})",
            },
            _JAX_HELPERS, "jnp.where({1}, {0}, {2})", ("({0} & {1})", "({0} | {1})", "jnp.logical_not({0})"),
            _PYTHON_WORDS | {"jax", "jnp", "math"},
        ),
        Backend(
            "javascript", "JavaScript", "", (),
            _calls("Math.", "sqrt cbrt exp expm1 ln:log log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh "
                   "acosh atanh abs sign floor ceil", erf="_erf({0})", atan2="Math.atan2({0}, {1})",
                   max="Math.max({0}, {1})", min="Math.min({0}, {1})"),
            {
                "softmax": "_softmax", "log_softmax": "_log_softmax", "others": "_others",
                "logsumexp": "_logsumexp",
                "amax": "(z) => Math.max(...z)", "amin": "(z) => Math.min(...z)", "norm": "(z) => Math.hypot(...z)",
                "prod": "(z) => z.reduce((a, b) => a * b, 1)",
            },
            _JS_HELPERS, "({1} ? {0} : {2})", ("({0} && {1})", "({0} || {1})", "!({0})"), _JS_WORDS,
        ),
        Backend(
            "math", "plain Python", "", ("import math",),
            _calls("math.", "atan tanh asinh erf", **{
                       name: f"_real(math.{name}, {{0}})" for name in "sqrt sin cos tan asin acos acosh".split()
                   }, **{name: f"_{name}({{0}})" for name in "exp expm1 cosh sinh atanh sign".split()},
                   ln="_log({0})", log2="_log({0}, math.log2)", log10="_log({0}, math.log10)",
                   floor="_whole(math.floor, {0})", ceil="_whole(math.ceil, {0})", abs="abs({0})",
                   atan2="math.atan2({0}, {1})", max="_max({0}, {1})", min="_min({0}, {1})"),
            {}, _MATH_HELPERS, "({0} if {1} else {2})", ("({0} and {1})", "({0} or {1})", "(not {0})"),
            _PYTHON_WORDS | {"math"},
        ),
    )
}
"""The backends by name; adding one is adding a row."""


def reserved(backend: str) -> frozenset[str]:
    """Names that no input may have in this backend, because generated code uses them itself."""
    return BACKENDS[backend].reserved


# ------------------------------------------------------------------ terms -> text

# How tightly a text holds together: as a condition, a sum, a product, a power, or wholly.
_LOOSE, _SUM, _PRODUCT, _POWER, _ATOM = range(5)

_DEEPEST = 12  # levels within one expression; more read badly, and Python refuses 200 open brackets
_WIDEST = 500  # operands of one sum or product; Python's compiler goes as deep as these are many
_LONGEST = 100  # characters of an operand; a longer one becomes a variable


class _Term:
    """A piece of code: an operation on other pieces, made once."""

    __slots__ = ("args", "axes", "data", "depth", "inputs", "label", "level", "name", "number", "op", "text")

    def __init__(self, op: str, args: tuple[_Term, ...], data: Any, number: int, axes: frozenset[int]) -> None:
        self.op, self.args, self.data, self.number = op, args, data, number
        self.axes = axes  # in which the value has its full length; in the others it has length 1
        self.inputs: frozenset[str] = frozenset().union(*(a.inputs for a in args))
        self.label = ""
        self.name = ""
        self.text, self.level, self.depth = "", _ATOM, 0


def _is_not_zero(term: _Term) -> bool:
    """Whether a divisor is never 0, as its form says: 2, 1 + e^z."""
    if term.op == "number":
        return bool(term.data != 0)
    parts = term.args if term.op == "+" else (term,)
    numbers = [part.data for part in parts if part.op == "number"]
    return bool(numbers) and min(numbers) > 0 and all(
        part.op in ("number", "exp", "abs", "sqrt", "cosh") or _is_square(part) for part in parts
    )


def _is_square(term: _Term) -> bool:
    return term.op == "^" and term.args[1].op == "number" and term.args[1].data in (2, 4)


class _Body:
    """The statements of one function: makes terms, and writes those that are needed."""

    def __init__(self, backend: Backend, taken: Iterable[str]) -> None:
        self.backend = backend
        self.taken = set(taken) | backend.reserved
        self.terms: dict[Any, _Term] = {}
        self.hoisted: dict[str, str] = {}
        self.counter = 0
        self.prefix = "v"
        self.python = backend.name != "javascript"

    # -- making terms

    def term(self, op: str, args: Sequence[_Term] = (), data: Any = None, axes: Iterable[int] | None = None) -> _Term:
        key = (op, tuple(a.number for a in args), data)
        found = self.terms.get(key)
        if found is None:
            covered = frozenset().union(*(a.axes for a in args)) if axes is None else frozenset(axes)
            found = self.terms[key] = _Term(op, tuple(args), data, len(self.terms), covered)
        return found

    def plant(self, t: Tree, slots: Sequence[_Term]) -> _Term:
        """The terms of a tree, its slots filled."""
        if not isinstance(t, tuple):
            return self.term("number", data=t)
        op, *rest = t
        if op == "_":
            return slots[rest[0]]
        args = [self.plant(a, slots) for a in rest]
        if op in ("max", "min", "and", "or") and len(args) != 2:
            first = args[0]
            for other in args[1:]:
                first = self.term(op, (first, other))
            return first
        while op in ("+", "*") and len(args) > _WIDEST:
            args = [self.term(op, args[k : k + _WIDEST]) for k in range(0, len(args), _WIDEST)]
        return self.term(op, args)

    def fresh(self, wish: str = "") -> str:
        """A name not yet taken."""
        name = wish
        while not name or name in self.taken:
            name = f"{wish}_{self.counter}" if wish else f"{self.prefix}{self.counter}"
            self.counter += 1
        self.taken.add(name)
        return name

    def hoist(self, text: str) -> str:
        """The name of a constant that is made once, before the function."""
        if text not in self.hoisted:
            self.hoisted[text] = self.fresh(f"_c{len(self.hoisted)}")
        return self.hoisted[text]

    # -- writing them

    def write(self, roots: Sequence[_Term]) -> list[str]:
        """The statements after which every root can be shown."""
        needed: dict[int, _Term] = {}
        todo = list(roots)
        while todo:
            term = todo.pop()
            if term.number not in needed:
                needed[term.number] = term
                todo.extend(term.args)
        order = [needed[k] for k in sorted(needed)]
        uses: dict[int, int] = dict.fromkeys(needed, 0)
        for term in order:
            for arg, times in zip(term.args, self.mentions(term)):
                uses[arg.number] += times
        for root in roots:
            uses[root.number] += 1
        lines: list[str] = []
        last = {root.number for root in roots}
        for term in order:
            if term.op == "input":
                term.name = term.text = term.data
                continue
            term.text, term.level = self.spell(term)
            term.depth = 1 + max((a.depth for a in term.args if not a.name), default=0)
            if term.op in ("number", "align"):
                continue
            large = term.depth > _DEEPEST or (len(term.text) > _LONGEST and term.number not in last)
            if uses[term.number] > 1 or term.label or large:
                term.name = self.fresh(term.label)
                lines.append(self.assign(term.name, term.text))
                term.depth = 0
        return lines

    def assign(self, name: str, text: str) -> str:
        line = f"{name} = {text}" if self.python else f"const {name} = {text};"
        if len(line) <= 112 or "\n" in line:
            return line
        kept = text.replace(" =>", "\u00a0=>")  # no line of JavaScript begins with an arrow
        inside = textwrap.fill(kept, 108, initial_indent="    ", subsequent_indent="    ",
                               break_long_words=False, break_on_hyphens=False).replace("\u00a0", " ")
        return f"{name} = (\n{inside}\n)" if self.python else f"const {name} = (\n{inside}\n);"

    def mentions(self, term: _Term) -> list[int]:
        """How often each operand stands in the term's text."""
        spelt = self.backend.spelling(term.op)
        if spelt is not None:
            return [spelt.count(f"{{{k}}}") for k in range(len(term.args))]
        if term.op == "^" and term.args[1].op == "number":
            return [self.power_uses(term.args[1].data), 1]
        return [1] * len(term.args)

    def show(self, term: _Term, level: int = _LOOSE) -> str:
        if term.name:
            return term.name
        return term.text if term.level >= level else f"({term.text})"

    def number(self, value: float, real: bool = False) -> str:
        if value == math.pi:
            return {"javascript": "Math.PI"}.get(self.backend.name, f"{self.backend.xp or 'math'}.pi")
        if not math.isfinite(value):
            word = "nan" if math.isnan(value) else "inf"
            sign = "-" if value < 0 else ""
            if not self.python:
                return sign + {"nan": "NaN", "inf": "Infinity"}[word]
            return f"{sign}{self.backend.xp or 'math'}.{word}"
        return repr(float(value)) if real else repr(value)

    def real(self, term: _Term) -> str:
        """An operand of a choice: numbers with a point, lest integers come of it."""
        return self.number(term.data, real=True) if term.op == "number" else self.show(term)

    def spell(self, term: _Term) -> tuple[str, int]:
        """The term's text, and how tightly it holds together."""
        op, args = term.op, term.args
        if op == "number":
            return self.number(term.data), _SUM if term.data < 0 or not math.isfinite(term.data) else _ATOM
        if op == "+":
            text = self.show(args[0], _SUM)
            for a in args[1:]:
                negative = a.op == "number" and a.data < 0
                if a.op == "neg" and not a.name:
                    text += f" - {self.show(a.args[0], _PRODUCT)}"
                else:
                    text += f" - {self.number(-a.data)}" if negative else f" + {self.show(a, _SUM)}"
            return text, _SUM
        if op == "*":
            return "*".join([self.show(args[0], _PRODUCT)] + [self.factor(a) for a in args[1:]]), _PRODUCT
        if op == "/":
            if self.backend.name == "math" and not _is_not_zero(args[1]):
                return f"_ratio({self.show(args[0])}, {self.show(args[1])})", _ATOM
            return f"{self.show(args[0], _PRODUCT)}/{self.show(args[1], _POWER)}", _PRODUCT
        if op == "neg":
            return f"-{self.show(args[0], _PRODUCT)}", _SUM
        if op == "^":
            return self.power(*args)
        if op == "case":
            return self.case(args), _ATOM
        if op in ("<", "<=", ">", ">=", "==", "!="):
            sign = {"==": "===", "!=": "!=="}.get(op, op) if not self.python else op
            return f"({self.show(args[0], _SUM)} {sign} {self.show(args[1], _SUM)})", _ATOM
        if op in ("and", "or"):
            return self.backend.logic[op == "or"].format(*map(self.show, args)), _ATOM
        if op == "not":
            return self.backend.logic[2].format(self.show(args[0])), _ATOM
        spelt = self.backend.spelling(op)
        if spelt is not None:
            return self.call(op, spelt, args), _ATOM
        return self.operation(term)

    def operation(self, term: _Term) -> tuple[str, int]:
        raise TypeError(f"{self.backend.title} has no {term.op}")

    def factor(self, term: _Term) -> str:
        text = self.show(term, _PRODUCT)
        return f"({text})" if term.op == "/" and not term.name else text

    def call(self, op: str, spelt: str, args: Sequence[_Term]) -> str:
        if op in ("max", "min") and self.backend.name == "torch" and any(a.op == "number" for a in args):
            number, other = sorted(args, key=lambda a: a.op != "number")
            return f"torch.clamp({self.show(other)}, {'min' if op == 'max' else 'max'}={self.show(number)})"
        if op == "atan2" and self.backend.name == "torch" and any(a.op == "number" for a in args):
            # torch.atan2 takes tensors alone; of two numbers nothing is left here
            like = next(self.show(a) for a in args if a.op != "number")
            y, x = (f"torch.full_like({like}, {self.real(a)})" if a.op == "number" else self.show(a) for a in args)
            return f"torch.atan2({y}, {x})"

        def fill(m: re.Match[str]) -> str:
            before, after = spelt[: m.start()], spelt[m.end() :]
            inside = before.endswith(("(", ", ")) and after.startswith((")", ",")) and re.search(r"\w\($|, $", before)
            return self.show(args[int(m.group(1))], _LOOSE if inside else _ATOM)

        return re.sub(r"\{(\d)\}", fill, spelt)

    def case(self, args: Sequence[_Term]) -> str:
        *parts, otherwise = args
        text = self.real(otherwise)
        if self.backend.xp and len(parts) == 2 and self.real(parts[0]) == "1.0" and text == "0.0":
            return self.indicator(self.show(parts[1]))
        constant = otherwise.op == "number"
        for value, condition in reversed(list(zip(parts[::2], parts[1::2]))):
            first = self.real(value)
            if constant and value.op == "number":
                first = self.scalar(first)
            text, constant = self.backend.case.format(first, self.show(condition), text), False
        return text

    def indicator(self, condition: str) -> str:
        return f"({condition}*1.0)"

    def scalar(self, text: str) -> str:
        """A number that gives a choice between numbers its type."""
        return text

    # -- powers: products where those are faster

    def power_uses(self, exponent: float) -> int:
        if exponent == 1.5 and self.backend.xp:
            return 2
        if not self.backend.xp:
            return int(exponent) if exponent in (2, 3) else 1
        return 2 if self.backend.name == "numpy" and exponent in (3, 5, 6, 7) else 1

    def power(self, base: _Term, exponent: _Term) -> tuple[str, int]:
        b = self.show(base, _ATOM)
        n = exponent.data if exponent.op == "number" else None
        if n == 1.5 and self.backend.xp:
            return f"{b}*{self.backend.xp}.sqrt({b})", _PRODUCT
        if n in (2, 3) and not self.backend.xp:
            return "*".join([b] * int(n)), _PRODUCT
        if self.backend.name == "numpy":  # np.power is 8 times slower than a product
            products = {3: f"{b}*{b}**2", 4: f"({b}**2)**2", 5: f"{b}*({b}**2)**2", 6: f"({b}*{b}**2)**2",
                        7: f"{b}*({b}*{b}**2)**2", 8: f"(({b}**2)**2)**2"}
            if n in products:
                return products[n], _PRODUCT
        if self.backend.name == "math":
            return f"_power({self.show(base)}, {self.show(exponent)})", _ATOM
        return f"{b}**{self.show(exponent, _ATOM)}", _POWER


# ------------------------------------------------------------------ NumPy, PyTorch and JAX


class _Arrays(_Body):
    """Whole graphs, by the operations of an array module."""

    def __init__(self, backend: Backend, taken: Iterable[str], names: Mapping[int, str]) -> None:
        super().__init__(backend, taken)
        self.names = names
        self.values: dict[int, _Term] = {}
        self.plain = True  # only arithmetic and stacking, which take numbers that are no arrays

    def add(self, node: Node) -> None:
        """The term of a node, whose operands have theirs."""
        known = self.backend.known
        if node.op == "map":
            expr, axes = node.data
            rank = len(node.shape)
            slots = [self.align(self.values[a.number], x, rank) for a, x in zip(node.args, axes)]
            term = self.plant(tree(expr, known), slots)
            label = self.names.get(node.number, "")
            if label and not term.label and term.op not in ("input", "number", "align"):
                term.label = label
        elif node.op == "input":
            term = self.term("input", data=self.names.get(node.number, node.data), axes=range(len(node.shape)))
            term.inputs = frozenset([term.data])
        elif node.value is not None:
            term = self.plant(_number(node.value), ())
        else:
            term = self.array(node, [self.full(a) for a in node.args])
            term.label = term.label or self.names.get(node.number, "")
        self.values[node.number] = term

    def align(self, term: _Term, axes: Shape, rank: int) -> _Term:
        """The operand with axes of length 1 where it lacks them."""
        if axes == tuple(range(rank)) or term.op == "number":
            return term
        self.plain = False
        if list(axes) != sorted(axes):
            order = tuple(sorted(range(len(axes)), key=lambda k: axes[k]))
            term = self.term("permute", (term,), order, (order.index(k) for k in term.axes))
            axes = tuple(sorted(axes))
        return self.term("align", (term,), (axes, rank), (axes[k] for k in term.axes))

    def full(self, node: Node) -> _Term:
        """The node's value with all of its axes at their length."""
        term = self.values[node.number]
        if all(k in term.axes or n == 1 for k, n in enumerate(node.shape)):
            return term
        self.plain = False
        return self.term("spread", (term,), node.shape, range(len(node.shape)))

    def array(self, node: Node, args: list[_Term]) -> _Term:
        op, data, shape = node.op, node.data, node.shape
        every = range(len(shape))
        if op != "stack" or any(a.shape for a in node.args):
            self.plain = False
        if op == "const":
            numbers = tuple(float(_number(v)) for v in data)
            return self.term("const", (), (numbers, shape), every)
        if op == "eye":
            return self.term("eye", (), shape, every)
        ranks = tuple(len(a.shape) for a in node.args)
        if op == "dot":
            return self.dot(args, *data)
        if op == "permute":
            return self.term("permute", args, data, every)
        if op == "sum":
            return self.term("sum", args, tuple(k - ranks[0] for k in data), every)
        if op == "stack":
            return self.term("stack", args, (shape[data:], tuple(r - data for r in ranks)), every)
        if op in ("take", "put"):
            lead, indices = data
            return self.term(op, args, (node.args[0].shape[lead:], shape[lead:], indices), every)
        return self.term(op, args, None, every)

    def dot(self, args: list[_Term], la: Shape, lb: Shape, lo: Shape) -> _Term:
        """A contraction as the product of matrices it is, or by einsum."""
        every = range(len(lo))
        einsum = self.term("einsum", args, (la, lb, lo), every)
        shared = [i for i in la if i in lb and i not in lo]
        distinct = all(len(set(labels)) == len(labels) for labels in (la, lb, lo))
        if len(shared) != 1 or not distinct or set(lo) != set(la) ^ set(lb) or not lo:
            return einsum
        c = shared[0]
        for (left, p), (right, q) in (((args[0], la), (args[1], lb)), ((args[1], lb), (args[0], la))):
            rest = tuple(i for i in p if i != c)
            if len(q) == 2 and lo == (*rest, *(i for i in q if i != c)):
                if len(p) == 1:
                    return self.term("matvec", (self.turned(right, q, (lo[-1], c)), left), None, every)
                if p == (*rest, c) or len(p) == 2:
                    return self.term(
                        "matmul", (self.turned(left, p, (*rest, c)), self.turned(right, q, (c, lo[-1]))),
                        len(p) - 2, every,
                    )
            if len(p) == 2 and len(q) > 2 and q[-2] == c and lo == (*q[:-2], rest[0], q[-1]):
                matrix = self.align(self.turned(left, p, (rest[0], c)), (len(q) - 2, len(q) - 1), len(q))
                return self.term("@", (matrix, right), None, every)
        return einsum

    def turned(self, term: _Term, labels: Shape, wanted: Shape) -> _Term:
        return term if labels == wanted else self.term("permute", (term,), (1, 0), (0, 1))

    # -- text

    def operation(self, term: _Term) -> tuple[str, int]:
        op, args, data = term.op, term.args, term.data
        spelt = self.backend.along.get(op, "")
        if op == "align":
            axes, rank = data
            first = next((k for k in range(rank) if k not in axes), rank)  # what stands before is in the dots
            index = ", ".join(["..."] + [":" if k in axes else "None" for k in range(first, rank)])
            return f"{self.show(args[0], _ATOM)}[{index}]", _ATOM
        if op == "const":
            return self.constant(*data), _ATOM
        if op == "eye":
            text = spelt.format(data[0])
            return text if len(data) == 2 else f"{text}.reshape({data})", _ATOM
        if op == "einsum":
            letters = dict(zip(dict.fromkeys(data[0] + data[1]), "ijklmn" + ascii_letters))
            a, b, out = ("..." + "".join(letters[i] for i in labels) for labels in data)
            return f'{self.backend.xp}.einsum("{a},{b}->{out}", {self.show(args[0])}, {self.show(args[1])})', _ATOM
        if op == "@":
            return f"({self.show(args[0], _ATOM)} @ {self.show(args[1], _ATOM)})", _ATOM
        shown = ", ".join(map(self.show, args))
        if op == "matvec":
            return f"_matvec({shown})", _ATOM
        if op == "matmul":
            return f"_matmul({shown}, {data})" if data else f"_matmul({shown})", _ATOM
        if op == "permute":
            return (spelt.format(shown) if data == (1, 0) else f"_permute({shown}, {data})"), _ATOM
        if op == "sum":
            return spelt.format(shown, data[0] if len(data) == 1 else data), _ATOM
        if op == "spread":
            return f"_spread({shown}, {data})", _ATOM
        if op == "batch":
            return f"_batch({shown}, lead, {data})", _ATOM
        if op == "stack":
            return self.stack(args, *data), _ATOM
        if op == "take":
            return self.take(args[0], *data), _ATOM
        if op == "put":
            return self.put(args[0], *data), _ATOM
        return spelt.format(shown), _ATOM

    def constant(self, numbers: tuple[float, ...], shape: Shape) -> str:
        if len(set(numbers)) < 2:
            return self.backend.along["full"].format(shape, self.number(numbers[0], real=True) if numbers else "0.0")
        flat = [self.number(v, real=True) for v in numbers]
        for n in reversed(shape):
            flat = [f"[{', '.join(flat[k : k + n])}]" for k in range(0, len(flat), n)]
        return self.hoist(self.backend.along["array"].format(flat[0]))

    def stack(self, args: Sequence[_Term], shape: Shape, ranks: Shape) -> str:
        shown = ", ".join(map(self.real, args))
        return f"_join({shape}, {ranks}, {shown})" if any(ranks) else f"_stack({shape}, {shown})"

    def take(self, term: _Term, of: Shape, shape: Shape, indices: tuple[int, ...]) -> str:
        """Entries at flat places: by slices where they lie regularly."""
        x, rank = self.show(term, _ATOM), len(of)
        if not indices:
            return f"_arrange(_flatten({self.show(term)}, {rank})[..., :0], 1, {shape})"
        if not rank:
            return f"_spread({x}[..., {', '.join(['None'] * len(shape))}], {shape})"
        if indices == tuple(range(math.prod(of))):
            return f"_arrange({self.show(term)}, {rank}, {shape})"
        steps: list[tuple[int, ...]] = []
        for k in range(rank):
            below = math.prod(of[k + 1 :])
            steps.append(tuple(i // below % of[k] for i in indices))
        slices = _slices(steps, of, shape, indices)
        if slices is not None:
            return f"{x}[..., {', '.join(slices)}]"
        arrays = [self.index(step, shape) for step in steps]
        return f"{x}[..., {', '.join(arrays)}]"

    def index(self, places: Sequence[int], shape: Shape) -> str:
        flat = [str(i) for i in places]
        for n in reversed(shape):
            flat = [f"[{', '.join(flat[k : k + n])}]" for k in range(0, len(flat), n)]
        return self.hoist(self.backend.along["index"].format(flat[0]))

    def put(self, term: _Term, of: Shape, shape: Shape, indices: tuple[int, ...]) -> str:
        x, rank = self.show(term), len(of)
        if indices == tuple(range(math.prod(shape))):
            return f"_arrange({x}, {rank}, {shape})"
        alone = len(set(indices)) == len(indices) and self.backend.name == "numpy"
        run = _progression(indices) if alone and len(indices) > 1 else None
        at = f"slice({run.start}, {run.stop}, {run.step})" if run and run.step > 0 else \
            self.index(indices, (len(indices),))
        return f"{'_put' if alone else '_put_add'}({x}, {rank}, {at}, {shape})"


class _Torch(_Arrays):
    """PyTorch: tensors made here take the type and device of the inputs, named `kind`."""

    def indicator(self, condition: str) -> str:
        return f"torch.where({condition}, {self.scalar('1.0')}, 0.0)"

    def scalar(self, text: str) -> str:
        return f"torch.tensor({text}, **kind)"

    def constant(self, numbers: tuple[float, ...], shape: Shape) -> str:
        text = super().constant(numbers, shape)
        return text if "kind" in text else f"{text}.to(**kind)"

    def stack(self, args: Sequence[_Term], shape: Shape, ranks: Shape) -> str:
        if any(ranks):
            shown = ", ".join(self.scalar(self.real(a)) if a.op == "number" else self.show(a) for a in args)
            return f"_join({shape}, {ranks}, {shown})"
        return f"_stack({shape}, kind, {', '.join(map(self.real, args))})"


def _progression(values: Sequence[int]) -> range | None:
    """The range that runs through the values, if there is one."""
    step = values[1] - values[0] if len(values) > 1 else 1
    if step == 0 or any(b - a != step for a, b in pairwise(values)):
        return None
    return range(values[0], values[-1] + (1 if step > 0 else -1), step)


def _slices(steps: list[tuple[int, ...]], of: Shape, shape: Shape, indices: tuple[int, ...]) -> list[str] | None:
    """One index or slice for each axis, where together they give the entries in order and as arranged."""
    runs: list[range] = []
    for step in steps:
        run = _progression(list(dict.fromkeys(step)))
        if run is None or run.step < 0:
            return None
        runs.append(run)
    places = [0]
    for run, n in zip(runs, of):
        places = [p * n + k for p in places for k in run]
    lengths = [len(run) for run in runs]
    if tuple(places) != indices:
        return None
    if not shape:
        return [str(run.start) for run in runs]
    texts: list[str] = []
    wanted = list(shape)
    for length, run, n in zip(lengths, runs, of):
        if wanted and length == wanted[0]:
            wanted.pop(0)
            ends = f"{run.start or ''}:{'' if run.stop >= n else run.stop}"
            texts.append(ends if run.step == 1 else f"{ends}:{run.step}")
        elif length == 1:
            texts.append(str(run.start))
        else:
            return None
    return texts if not wanted else None


# ------------------------------------------------------------------ JavaScript and plain Python


class _Scalars(_Arrays):
    """Graphs entry by entry: JavaScript's arrays are flat lists, plain Python has none."""

    def add(self, node: Node) -> None:
        fits = node.op in (("stack", "take", "const", "eye") if node.shape else ("input", "const", "map"))
        if self.python and not (fits and all(a.shape == () for a in node.args)):
            raise TypeError(f"{self.backend.title} is for scalars and rows of them; this graph has {node.op} of arrays")
        super().add(node)

    def array(self, node: Node, args: list[_Term]) -> _Term:
        if node.op in ("const", "eye") and self.python:
            flat = [1 if i == j else 0 for i in range(node.shape[0]) for j in range(node.shape[0])]
            values = flat if node.op == "eye" else [_number(v) for v in node.data]
            return self.term("stack", [self.plant(v, ()) for v in values], (node.shape, 0), range(len(node.shape)))
        if self.python:  # take is of a number here, which stands at each place
            entries = args * node.size if node.op == "take" else args
            return self.term("stack", entries, (node.shape, 0), range(len(node.shape)))
        shapes = tuple(a.shape for a in node.args)
        return self.term(node.op, args, (node.data, node.shape, shapes), range(len(node.shape)))

    def align(self, term: _Term, axes: Shape, rank: int) -> _Term:
        return term

    def full(self, node: Node) -> _Term:
        return self.values[node.number]

    def nested(self, entries: list[str], shape: Shape) -> str:
        """Plain Python's rows."""
        for n in reversed(shape):
            entries = [
                f"({', '.join(entries[k : k + n])}{',' if n == 1 else ''})" for k in range(0, len(entries), n)
            ]
        return entries[0] if entries else "()"

    def operation(self, term: _Term) -> tuple[str, int]:
        if self.python:
            return self.nested([self.show(a) for a in term.args], term.data[0]), _ATOM
        data, shape, shapes = term.data
        shown = [self.show(a) if s else f"[{self.show(a)}]" for a, s in zip(term.args, shapes)]
        text = self.javascript(term.op, shown, data, shape, shapes)
        return (text if shape or term.op == "const" else f"{text}[0]"), _ATOM

    def javascript(self, op: str, shown: list[str], data: Any, shape: Shape, shapes: tuple[Shape, ...]) -> str:
        if op == "const":
            values = [self.number(_number(v)) for v in data]
            if values and len(set(values)) == 1:
                return f"new Array({len(values)}).fill({values[0]})"
            return self.hoist(f"[{', '.join(values)}]")
        if op == "eye":
            return f"_eye({shape[0]})"
        if op == "map":
            return self.each(data[0], data[1], shape, shapes, shown)
        if op in ("dot", "sum", "permute"):
            la: Shape
            lb: Shape = ()
            if op == "dot":
                la, lb, lo = data
            else:
                la = tuple(range(len(shapes[0])))
                lo = data if op == "permute" else tuple(k for k in la if k not in data)
            sizes = dict(zip(la, shapes[0])) | (dict(zip(lb, shapes[1])) if lb else {})
            first, second = _strides(la, shapes[0]), _strides(lb, shapes[1] if lb else ())
            axes = [[sizes[i], first.get(i, 0), second.get(i, 0)] for i in sizes if i not in lo]
            kept = [[sizes[i], first.get(i, 0), second.get(i, 0)] for i in lo]
            return f"_dot({shown[0]}, {shown[1] if len(shown) > 1 else '[1]'}, {kept}, {axes})"
        if op == "take":
            return f"_take({shown[0]}, {math.prod(shapes[0][data[0] :])}, {self.hoist(str(list(data[1])))})"
        if op == "put":
            return f"_put({shown[0]}, {math.prod(shape[data[0] :])}, {self.hoist(str(list(data[1])))})"
        if op == "stack":
            if not data and not any(shapes):
                return f"[{', '.join(text[1:-1] for text in shown)}]"
            return f"_join({math.prod(shape[:data])}, {', '.join(shown)})"
        return f"_rows({shown[0]}, {shapes[0][-1]}, {self.backend.along[op]})"

    def each(self, expr: Any, axes: Any, shape: Shape, shapes: tuple[Shape, ...], shown: list[str]) -> str:
        """An arrow function carried to every entry."""
        strides = [_strides(labels, s) for labels, s in zip(axes, shapes)]
        body = _Body(self.backend, self.taken)
        body.prefix = "t"
        leaves = [body.term("input", data=body.fresh(f"a{k}")) for k in range(len(shown))]
        root = body.plant(tree(expr, self.backend.known), leaves)
        lines = body.write([root])
        inside = body.show(root)
        arrow = f"{{ {' '.join(lines)} return {inside}; }}" if lines else inside
        where = [[n, *(s.get(k, 0) for s in strides)] for k, n in enumerate(shape)]
        names = ", ".join(leaf.data for leaf in leaves)
        return f"_each({where}, ({names}) => {arrow}{''.join(', ' + text for text in shown)})"


class _JavaScript(_Scalars):
    """JavaScript: maps of arrays are operations with a small function inside."""

    def add(self, node: Node) -> None:
        if node.op == "map" and node.shape:
            args = [self.values[a.number] for a in node.args]
            shapes = tuple(a.shape for a in node.args)
            term = self.term("map", args, (node.data, node.shape, shapes))
            term.label = term.label or self.names.get(node.number, "")
            self.values[node.number] = term
        else:
            super().add(node)


def _strides(labels: Shape, shape: Shape) -> dict[int, int]:
    """How far apart neighbours along each label lie in the flat array; a label met twice walks a diagonal."""
    out: dict[int, int] = {}
    step = 1
    for label, n in zip(reversed(labels), reversed(shape)):
        out[label] = out.get(label, 0) + step
        step *= n
    return out


# ------------------------------------------------------------------ the whole function

_WRITERS: dict[str, type[_Arrays]] = {"torch": _Torch, "javascript": _JavaScript, "math": _Scalars}


def source(
    backend: str,
    inputs: Inputs,
    outputs: Node | Mapping[str, Node],
    name: str = "f",
    labels: Mapping[int, str] | None = None,
) -> str:
    """The source of a function of the inputs, complete with its imports and the helpers it calls.

    Args:
        backend: a name in BACKENDS.
        inputs: identifiers and shapes, in the order of the parameters; an input node is
            found by its label, or else by its name.
        outputs: one node, whose value the function returns, or nodes by key for a dict.
        name: what the function is called.
        labels: identifiers for some nodes, by node number.

    In Python every value may carry further axes in front, and every result carries the
    axes of the whole batch. JavaScript takes numbers and nested arrays, plain Python floats.

    Raises:
        ValueError: an unknown backend, or an input with a name that the code needs itself.
        TypeError: the backend cannot carry out an operation.
    """
    row = BACKENDS.get(backend)
    if row is None:
        raise ValueError(f"no backend is called {backend!r}; there are {', '.join(BACKENDS)}")
    parameters = [parameter for parameter, _ in inputs]
    clash = sorted({*parameters, name} & row.reserved)
    if clash:
        raise ValueError(f"{clash[0]!r} has a meaning in generated {row.title} code; rename it")
    body = _WRITERS.get(backend, _Arrays)(row, {*parameters, name}, labels or {})
    single = isinstance(outputs, Node)
    named: dict[str, Node] = {"": outputs} if isinstance(outputs, Node) else dict(outputs)
    for node in ancestry(named.values()):
        body.add(node)
    roots = [_output(body, node, frozenset(parameters)) for node in named.values()]
    strange = frozenset().union(*(root.inputs for root in roots)) - set(parameters)
    if strange:
        raise ValueError(f"the graph needs {min(strange)!r}, which is not among the inputs")
    lines = body.write(roots)
    shown = [
        f"_nest({body.show(r)}, {list(n.shape)})" if not body.python and len(n.shape) > 1 else
        _shown(body, r, n) for r, n in zip(roots, named.values())
    ]
    if single:
        result = shown[0]
    else:
        result = "{" + ", ".join(f"{_quoted(key)}: {text}" for key, text in zip(named, shown)) + "}"
        if len(result) > 100:
            result = "{\n" + "".join(f"    {_quoted(k)}: {text},\n" for k, text in zip(named, shown)) + "}"
    end = "" if body.python else ";"
    main = _opening(body, inputs, lines, result) + lines + [f"return {result}{end}"]
    inside = textwrap.indent("\n".join(main), "    " if body.python else "  ")
    if body.python:
        function = f"def {name}({', '.join(parameters)}):\n{inside}\n"
    else:
        function = f"export function {name}({{{', '.join(parameters)}}}) {{\n{inside}\n}}\n"
    constants = "".join(
        (body.assign(c, text) if body.python else f"const {c} = {text};") + "\n" for text, c in body.hoisted.items()
    )
    helpers = _helpers(row, function)
    gap = "\n\n" if body.python else "\n"
    imports = list(row.opening)
    if backend != "math" and "math." in "".join(helpers):
        imports.insert(0, "import math")
    if backend == "jax" and not re.search(r"\bjax\.", function + "".join(helpers)):
        imports.remove("import jax")
    parts = ["\n".join(imports) + "\n"] if imports else []
    parts += [constants] if constants else []
    head = "\n".join(parts)
    return gap.join([p for p in [head, *(h + "\n" for h in helpers), function] if p])


def _shown(body: _Arrays, root: _Term, node: Node) -> str:
    """An output: a lone number becomes an array where the backend has arrays."""
    if root.op == "number" and body.backend.xp:
        return body.backend.along["full"].format((), body.number(root.data, real=True))
    if root.op == "const" and body.backend.name == "numpy":
        return f"{body.show(root)}.copy()"  # a caller may write into it
    return body.show(root)


def _output(body: _Arrays, node: Node, inputs: frozenset[str]) -> _Term:
    """The term of an output; one that not every input reaches is repeated along the batch."""
    term = body.full(node)
    if not body.backend.xp or term.inputs >= inputs:
        return term
    if term.op == "number":
        term = body.term("const", (), ((float(term.data),), ()), ())
    return body.term("batch", (term,), node.shape, range(len(node.shape)))


def _opening(body: _Arrays, inputs: Inputs, lines: Sequence[str], result: str) -> list[str]:
    """The lines that make arrays of the inputs, and say of what kind and how many they are."""
    xp, out = body.backend.xp, []
    names = [n for n, _ in inputs]
    text = "\n".join([*lines, result])
    if body.backend.name == "javascript":
        return [f"{n} = _flat({n});" for n, shape in inputs if shape]
    if body.backend.name == "torch":
        if names:
            out.append(f"{', '.join(names)}{',' if len(names) == 1 else ''} = _tensors({', '.join(names)})")
        if re.search(r"\bkind\b", text):
            like = f'"dtype": {names[0]}.dtype, "device": {names[0]}.device' if names else '"dtype": torch.float64'
            out.append(f"kind = {{{like}}}")
    elif xp and not body.plain:
        out += [f"{n} = {body.backend.along['input'].format(n)}" for n in names]
    if re.search(r"\blead\b", text):
        shapes = [f"{xp}.shape({n})" if xp != "torch" else f"{n}.shape" for n in names]
        leads = [s + (f"[:-{len(shape)}]" if shape else "") for s, (_, shape) in zip(shapes, inputs)]
        out.append(f"lead = {xp}.broadcast_shapes({', '.join(leads)})")
    return out


def _helpers(row: Backend, text: str) -> list[str]:
    """The helpers a text calls, and those that they call."""
    wanted: dict[str, str] = {}
    todo = [text]
    while todo:
        for word in re.findall(r"\b_\w+", todo.pop()):
            if word in row.helpers and word not in wanted:
                wanted[word] = row.helpers[word]
                todo.append(row.helpers[word])
    return [row.helpers[word] for word in row.helpers if word in wanted]


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


# ------------------------------------------------------------------ functions to call


class Compiled:
    """A function made from generated source; it checks its arguments, takes defaults, and pickles.

    Attributes:
        backend   "numpy", "torch", "jax" or "math"
        source    the source it was made from
        inputs    the names and shapes of the arguments
        defaults  values for arguments that a call leaves out
    """

    def __init__(
        self, backend: str, source: str, inputs: Inputs, defaults: Mapping[str, Any] | None = None, name: str = "f"
    ) -> None:
        self.backend, self.source, self.name = backend, source, name
        self.inputs = tuple((n, tuple(shape)) for n, shape in inputs)
        self.defaults = dict(defaults or {})
        space: dict[str, Any] = {}
        exec(compile(source, f"<jacmagic {backend}>", "exec"), space)
        self._function = space[name]
        self._convert = _CONVERTERS[backend]
        self._names = frozenset(n for n, _ in self.inputs)
        self._of_floats = backend == "math" and not any(shape for _, shape in self.inputs)

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self.backend, self.source, self.inputs, self.defaults, self.name)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(n for n, _ in self.inputs)}) in {BACKENDS[self.backend].title}"

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The outputs at these inputs, in order or by name; axes in front of an input's own are a batch.

        Raises:
            TypeError: an unknown, doubled or missing argument.
            ValueError: an argument of another shape, or batches that do not fit together.
        """
        values = self._convert(self._bind(args, kwargs))
        if self._of_floats:
            return self._function(**values)
        leads = []
        for name, shape in self.inputs:
            have = tuple(values[name].shape) if hasattr(values[name], "shape") else ()
            split = len(have) - len(shape)
            if split < 0 or have[split:] != shape:
                raise ValueError(
                    f"{name} has shape {have}, expected {shape or 'a number'}"
                    + (f", or {shape} behind the axes of a batch" if shape else "")
                )
            if split:
                leads.append((name, have[:split]))
        _check_batches(leads)
        if self.backend != "numpy":
            return self._function(**values)
        import numpy as np

        with np.errstate(all="ignore"):
            return self._function(**values)

    def _bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if not args and (whole := {**self.defaults, **kwargs}).keys() == self._names:  # as most calls are
            return whole
        names = [n for n, _ in self.inputs]
        if len(args) > len(names):
            raise TypeError(f"{self.name} takes {len(names)} arguments ({', '.join(names)}), got {len(args)}")
        given = dict(zip(names, args))
        for word, value in kwargs.items():
            if word + "_" in names:  # a name of a block that code cannot write: is, self, np
                word += "_"
            if word not in names:
                hint = nearest(word, names)
                raise TypeError(
                    f"no argument is called {word!r}; "
                    + (f"did you mean {hint[0]!r}?" if hint else f"there are {', '.join(names) or 'none'}")
                )
            if word in given:
                raise TypeError(f"{word} is given twice, by place and by name")
            given[word] = value
        missing = [n for n in names if n not in given and n not in self.defaults]
        if missing:
            raise TypeError(f"no value for {', '.join(missing)}; give {missing[0]}=…")
        return {n: given[n] if n in given else self.defaults[n] for n in names}


def _check_batches(leads: Sequence[tuple[str, Shape]]) -> None:
    """Raise ValueError where the axes in front of two inputs do not broadcast."""
    sizes: dict[int, tuple[int, str]] = {}
    for name, lead in leads:
        for place, n in enumerate(reversed(lead)):
            if n == 1:
                continue
            have, first = sizes.setdefault(place, (n, name))
            if have != n:
                raise ValueError(f"{name} is a batch of {lead}, which does not go with the {have} of {first}")


def _to_numpy(values: dict[str, Any]) -> dict[str, Any]:
    from jacmagic.reals import reals

    return {name: reals(name, value) for name, value in values.items()}


def _to_torch(values: dict[str, Any]) -> dict[str, Any]:
    import torch

    from jacmagic.reals import reals

    real = [v for v in values.values() if isinstance(v, torch.Tensor) and v.is_floating_point()]
    kind: dict[str, Any] = {"dtype": real[0].dtype, "device": real[0].device} if real else {"dtype": torch.float64}
    return {
        n: v if isinstance(v, torch.Tensor) and v.is_floating_point() else torch.as_tensor(reals(n, v), **kind)
        for n, v in values.items()
    }


def _to_jax(values: dict[str, Any]) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from jacmagic.reals import reals

    def converted(name: str, value: Any) -> Any:
        if not isinstance(value, jax.Array):
            return jnp.asarray(reals(name, value), dtype=float)
        if jnp.issubdtype(value.dtype, jnp.complexfloating):
            raise ValueMistake(f"{name} takes real numbers, not complex ones.", None)
        return value if jnp.issubdtype(value.dtype, jnp.floating) else value.astype(float)

    return {name: converted(name, value) for name, value in values.items()}


def _to_floats(values: dict[str, Any]) -> dict[str, Any]:
    from jacmagic.reals import reals

    out: dict[str, Any] = {}
    for name, value in values.items():
        if type(value) is not float:
            array = reals(name, value)
            if array.size != 1:
                raise ValueMistake(f"{name} has shape {array.shape}, expected a number.", None)
            value = array.item()
        out[name] = value
    return out


_CONVERTERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "numpy": _to_numpy,
    "torch": _to_torch,
    "jax": _to_jax,
    "math": _to_floats,
}


def compiled(
    backend: str,
    inputs: Inputs,
    outputs: Node | Mapping[str, Node],
    labels: Mapping[int, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
    name: str = "f",
) -> Compiled:
    """The function of a graph in a Python backend, ready to call."""
    if backend not in _CONVERTERS:
        raise ValueError(f"{backend!r} does not run here; there are {', '.join(_CONVERTERS)}")
    return Compiled(backend, source(backend, inputs, outputs, name, labels), inputs, defaults, name)


def compile_numpy(
    inputs: Inputs,
    outputs: Node | Mapping[str, Node],
    labels: Mapping[int, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Compiled:
    """The function of a graph in NumPy, in double precision and silent about overflow."""
    return compiled("numpy", inputs, outputs, labels, defaults)


# ------------------------------------------------------------------ for the browser


def as_json(outputs: Mapping[str, Node]) -> dict[str, Any]:
    """The graph as data for the browser's evaluator: {"nodes": [[op, operands, shape, data], …], "outputs": …}.

    A node's operands are places in the list of nodes, before its own. Numbers
    that JSON lacks are the strings "inf", "-inf" and "nan".
    """
    nodes = ancestry(outputs.values())
    place = {node.number: k for k, node in enumerate(nodes)}
    rows = [[n.op, [place[a.number] for a in n.args], list(n.shape), _json_data(n)] for n in nodes]
    return {"nodes": rows, "outputs": {key: place[node.number] for key, node in outputs.items()}}


def _json_data(node: Node) -> Any:
    op, data = node.op, node.data
    if op == "const":
        numbers = [_plain(_number(v)) for v in data]
        return numbers[0] if numbers and len(set(numbers)) == 1 else numbers
    if op == "map":
        return {"e": _plain(tree(data[0], _JSON_FUNCTIONS)), "a": [list(axes) for axes in data[1]]}
    if op in ("take", "put"):
        return {"l": data[0], "i": list(data[1])}
    if op == "dot":
        return [list(labels) for labels in data]
    return list(data) if isinstance(data, tuple) else data


def _plain(t: Tree) -> Any:
    """A tree in what JSON has."""
    if isinstance(t, tuple):
        return [t[0], *map(_plain, t[1:])]
    if isinstance(t, float) and not math.isfinite(t):
        return "nan" if math.isnan(t) else "inf" if t > 0 else "-inf"
    return t



# ------------------------------------------------------------------ for SymPy


def plain_name(symbol: sp.Symbol) -> str:
    """A symbol's name as Python can write it: W1_{1,2} as W1_1_2."""
    name = re.sub(r"\W+", "_", symbol.name).strip("_")
    return name + "_" if keyword.iskeyword(name) or name in ("sp", "f", "J") else name


@lru_cache(maxsize=1)
def _spelling() -> Any:
    """A printer of SymPy source with every name of the library behind sp."""
    from sympy.printing.str import StrPrinter

    class Spelling(StrPrinter):
        """SymPy's own spelling, every name behind sp."""

        written = 0

        def _print_Symbol(self, expr: sp.Symbol) -> str:
            return plain_name(expr)

        def _print_Rational(self, expr: sp.Rational) -> str:
            return f"sp.Rational({expr.p}, {expr.q})" if expr.q != 1 else str(expr.p)

        def _print_Function(self, expr: Any) -> str:
            self.written += 1
            if self.written > MAX_SOURCE:
                raise LimitError("Written as SymPy source this is too long. Use the numbers, r.at(…), or r.layers.")
            if hasattr(expr, "expand_definition"):
                return str(self._print(expr.expand_definition()))
            return f"sp.{type(expr).__name__}({', '.join(self._print(a) for a in expr.args)})"

        def _print_Exp1(self, expr: Any) -> str:
            return "sp.E"

        def _print_Pi(self, expr: Any) -> str:
            return "sp.pi"

        def _print_Pow(self, expr: Any, rational: bool = False) -> str:
            if expr.exp == sp.Rational(1, 2):
                return f"sp.sqrt({self._print(expr.base)})"
            if expr.base == sp.E:
                return f"sp.exp({self._print(expr.exp)})"
            return f"({self._print(expr.base)})**({self._print(expr.exp)})"

        def _print_ExprCondPair(self, expr: Any) -> str:
            return f"({self._print(expr.expr)}, {self._print(expr.cond)})"

        def _print_Piecewise(self, expr: Any) -> str:
            return f"sp.Piecewise({', '.join(self._print(a) for a in expr.args)})"

        def _print_Relational(self, expr: Any) -> str:
            return f"sp.{ {'==': 'Eq', '!=': 'Ne', '<': 'Lt', '<=': 'Le', '>': 'Gt', '>=': 'Ge'}[expr.rel_op]}" + (
                f"({self._print(expr.lhs)}, {self._print(expr.rhs)})"
            )

        def _print_And(self, expr: Any) -> str:
            return f"sp.And({', '.join(self._print(a) for a in expr.args)})"

        def _print_Or(self, expr: Any) -> str:
            return f"sp.Or({', '.join(self._print(a) for a in expr.args)})"

        def _print_Not(self, expr: Any) -> str:
            return f"sp.Not({self._print(expr.args[0])})"

        def _print_ITE(self, expr: Any) -> str:
            return f"sp.ITE({', '.join(self._print(a) for a in expr.args)})"

    return Spelling()


def sympy_text(expr: sp.Expr) -> str:
    """An expression as SymPy source."""
    printer = _spelling()
    printer.written = 0
    try:
        return str(printer.doprint(expr))
    except (TypeError, RecursionError):  # a function's definition compares what is not real, as asin(2)
        raise LimitError("This cannot be written as SymPy source; NumPy source says it.") from None


def sympy_source(outputs: Sequence[sp.Expr], matrix: sp.Matrix) -> str:
    """Runnable SymPy source of functions `f` and their Jacobian `J`, library functions only."""
    free = sorted(set().union(*(e.free_symbols for e in [*outputs, *matrix])), key=str)
    declare = [f'{plain_name(s)} = sp.Symbol("{s.name}", real=True)' for s in free]
    functions = ", ".join(map(sympy_text, outputs))
    rows = ",\n".join("    [" + ", ".join(map(sympy_text, matrix.row(i))) + "]" for i in range(matrix.rows))
    head = "\n".join(["import sympy as sp", "", *declare])
    return f"{head}\n\nf = sp.Matrix([{functions}])\nJ = sp.Matrix([\n{rows},\n])\n"
