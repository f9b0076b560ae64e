"""Formulas as trees: a block's expressions once every product, call and name is settled, and what is derived of them.

`parser` makes runs of juxtaposed factors; `reading` settles what they mean and
makes the nodes of the first part; `program` lowers those to the graph. The nodes of
the second part stand in formulas that jacmagic makes: derivatives, products of
matrices, tables. A formula stays a tree until a printer writes it as LaTeX, text or
MathML. All nodes are frozen. Those of a block carry the span of their text, which
takes no part in comparisons: two trees are equal where they say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from jacmagic.errors import Span

NOWHERE = Span(0, 0)
"""The span of a node that no text says."""


@dataclass(frozen=True)
class Expr:
    """Any expression."""

    span: Span = field(default=NOWHERE, kw_only=True, compare=False, repr=False)


# ------------------------------------------------------------------ what a block says


@dataclass(frozen=True)
class Number(Expr):
    """A number as it was typed: `2`, `0.1`, `1e-3`; one that is cut short ends in `…`: `1.0507…`."""

    text: str


@dataclass(frozen=True)
class Constant(Expr):
    """`e` or `pi`."""

    name: str


@dataclass(frozen=True)
class Name(Expr):
    """A name of the block, by its key: `x1`, `x_max`, `theta2`, `lam`, `rate`, `y_hat`, `c1_1`.

    `dotted` is the output of a system's equation: the key `dx1`, printed ẋ₁.
    """

    key: str
    dotted: bool = False


@dataclass(frozen=True)
class Slice(Expr):
    """`2..4` as an index; `:`, all of them, where both ends are None."""

    first: Expr | None = None
    last: Expr | None = None


@dataclass(frozen=True)
class Component(Expr):
    """`x[2]`, `W[i, j]`, `x_i`; with a Slice among its indices, or one index of a matrix, a part: `X[2]`, `X[:,j]`."""

    base: Expr
    indices: tuple[Expr, ...]


@dataclass(frozen=True)
class Paren(Expr):
    """Brackets that were written round an expression."""

    inner: Expr


@dataclass(frozen=True)
class Negative(Expr):
    inner: Expr


@dataclass(frozen=True)
class Sum(Expr):
    """Terms with their signs: ((+1, a), (-1, b)) is a - b."""

    terms: tuple[tuple[int, Expr], ...]


@dataclass(frozen=True)
class Product(Expr):
    """Factors, left to right, each with the operator before it.

    Operators: "" (juxtaposed; also the first factor's), "*" (any way of writing a
    product), "dot" (·), "cross" (×), "/", ".*" and "./" (entry by entry).
    """

    factors: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True)
class Fraction(Expr):
    r"""`\frac{a}{b}`."""

    above: Expr
    below: Expr


@dataclass(frozen=True)
class Power(Expr):
    """`x^2`; entry by entry `x.^2`. Of a Call with `on_name`, it was written sin^2 x."""

    base: Expr
    exponent: Expr
    entrywise: bool = False
    on_name: bool = False


@dataclass(frozen=True)
class Degrees(Expr):
    """`30°`, an angle in degrees."""

    inner: Expr

    @property
    def radians(self) -> Product:
        """What it is, 30 π/180."""
        half = (("", Constant("pi", span=self.span)), ("/", Number("180", span=self.span)))
        return Product((("", self.inner), *half), span=self.span)


@dataclass(frozen=True)
class Transpose(Expr):
    base: Expr


@dataclass(frozen=True)
class Call(Expr):
    """A function of the table by its canonical name; `bare` where it was written without a bracket: sin 2x.

    In derived formulas also another function's word: argmax, vec, var.
    """

    function: str
    arguments: tuple[Expr, ...]
    bare: bool = False


@dataclass(frozen=True)
class UserCall(Expr):
    """A call of a function that the block defines."""

    key: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True)
class Unknown(Expr):
    """What u = u(x, t) says of u: that it depends on these names, and nothing else."""

    key: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True)
class Norm(Expr):
    """`||x||_order` with order "1", "2", "oo" or "F"."""

    inner: Expr
    order: str


@dataclass(frozen=True)
class Absolute(Expr):
    """`|x|`."""

    inner: Expr


@dataclass(frozen=True)
class Vector(Expr):
    """`[a, b]`, `[a; b]`, `(a, b)`: a column; vectors inside are stacked."""

    entries: tuple[Expr, ...]


@dataclass(frozen=True)
class Matrix(Expr):
    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True)
class Family(Expr):
    """`[body for index = first..last]`; kind "sum" or "prod" for the sum or product over the same.

    Without bounds, as in Σ_i x_i, both are None: the index runs over all of what it indexes. `but` is the one value
    that it leaves out, i of Σ_{j ≠ i}.
    """

    body: Expr
    index: str
    first: Expr | None
    last: Expr | None
    kind: str = "vector"
    but: Expr | None = None


def inverse(expr: Expr) -> Power:
    """A^-1."""
    return Power(expr, Negative(Number("1", span=expr.span), span=expr.span), span=expr.span)


def inverted(expr: Expr) -> Expr | None:
    """The A of A^-1, else None."""
    if isinstance(expr, Power) and not expr.entrywise and not expr.on_name:
        exponent = inside(expr.exponent)
        if isinstance(exponent, Negative) and isinstance(exponent.inner, Number) and exponent.inner.text == "1":
            return expr.base
    return None


def is_list(expr: Expr) -> bool:
    """`[body for index = first..last]`, and not a sum or a product over the same."""
    return isinstance(expr, Family) and expr.kind == "vector"


@dataclass(frozen=True)
class Compare(Expr):
    """A chain: operands with the relations (`<`, `<=`, `>`, `>=`, `==`; in derived formulas `!=`) between them."""

    operands: tuple[Expr, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Logic(Expr):
    """`and`, `or`, or `not` (one operand)."""

    operator: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True)
class Case(Expr):
    """`a if p else b`; branches are (value, condition), the last value is `otherwise`."""

    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr


@dataclass(frozen=True)
class Indicator(Expr):
    """`1[x > 0]`."""

    condition: Expr


# ------------------------------------------------------------------ derivatives
@dataclass(frozen=True)
class Partial(Expr):
    """∂f/∂x; with several in `by` a higher one, ∂²f/∂x∂y; by a Tuple the row ∂f/∂(x, y)."""

    of: Expr
    by: tuple[Expr, ...]


@dataclass(frozen=True)
class Total(Expr):
    """df/dx, written with a straight d; `by` as in Partial."""

    of: Expr
    by: tuple[Expr, ...]


@dataclass(frozen=True)
class Slope(Expr):
    """f'(x), σ'(z), f''(x): a call (Call or UserCall) with primes on its name."""

    call: Expr
    order: int = 1


@dataclass(frozen=True)
class Evaluated(Expr):
    """A formula with a bar behind it and the place below: f' |_{x = 3}, ∂L/∂W |_{where L has it}.

    In a block the place is a Listing of equations, x = 3.
    """

    inner: Expr
    place: Expr


@dataclass(frozen=True)
class Gradient(Expr):
    """∇f, a column; with `by` ∇_W L, in the shape of W."""

    of: Expr
    by: Expr | None = None


@dataclass(frozen=True)
class Hessian(Expr):
    """hess f, the matrix of second derivatives by all arguments."""

    of: Expr


@dataclass(frozen=True)
class Divergence(Expr):
    """∇·F."""

    of: Expr


@dataclass(frozen=True)
class Curl(Expr):
    """∇×F: a column in space, a number in the plane."""

    of: Expr


@dataclass(frozen=True)
class Laplacian(Expr):
    """laplace f, the trace of hess f."""

    of: Expr


@dataclass(frozen=True)
class Directional(Expr):
    """D_v f, ∇f · v."""

    of: Expr
    along: Expr


@dataclass(frozen=True)
class AtPoint(Expr):
    """A derivative of a function at a point, as the function itself is called: ∂f/∂x(a, b), (∇f)(a, b)."""

    of: Expr
    arguments: tuple[Expr, ...]


@dataclass(frozen=True)
class Jacobian(Expr):
    """J, J_f, or J_1, the first of several local ones (`of` is a Number then); J_f(3) at a place."""

    of: Expr | None = None
    at: tuple[Expr, ...] = ()


DERIVATIVES = (
    Partial, Total, Slope, Evaluated, Gradient, Hessian, Divergence, Curl, Laplacian, Directional, AtPoint, Jacobian,
)
"""What a block may say of derivatives."""


@dataclass(frozen=True)
class Delta(Expr):
    """δ_a: what comes back to the layer a."""

    of: Expr


@dataclass(frozen=True)
class PreActivation(Expr):
    """z_a: what the activation of the layer a is applied to."""

    of: Expr


# ------------------------------------------------------------------ matrices
@dataclass(frozen=True)
class Identity(Expr):
    """I; its size is not shown."""

    size: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Ones(Expr):
    """𝟏, a column of ones."""


@dataclass(frozen=True)
class Unit(Expr):
    """e_k, a column; the index may be an expression: argmax x."""

    index: Expr


@dataclass(frozen=True)
class Diag(Expr):
    """diag(v), the matrix with v on its diagonal."""

    inner: Expr


@dataclass(frozen=True)
class Outer(Expr):
    """a bᵀ of two columns."""

    left: Expr
    right: Expr


@dataclass(frozen=True)
class Kronecker(Expr):
    """A ⊗ B."""

    left: Expr
    right: Expr


@dataclass(frozen=True)
class Commutation(Expr):
    """K, the matrix that turns the entries of a matrix X: K flatten(X) = flatten(Xᵀ)."""

    of: Expr


@dataclass(frozen=True)
class Reduced(Expr):
    """Σ y, ∏ x of all entries; with a condition below it, ∏_{i ≠ j} x_i. Kind "sum" or "prod"."""

    kind: str
    inner: Expr
    below: Expr | None = None


@dataclass(frozen=True)
class Dots(Expr):
    """Where entries, terms or lines are left out; direction "across", "down" or "both"."""

    direction: str = "across"


@dataclass(frozen=True)
class LabelledMatrix(Expr):
    """Entries with labels on the left and above, in grey."""

    rows: tuple[tuple[Expr, ...], ...]
    left: tuple[Expr, ...]
    above: tuple[Expr, ...]


# ------------------------------------------------------------------ what stands between formulas
@dataclass(frozen=True)
class Tuple(Expr):
    """(x, y), side by side."""

    entries: tuple[Expr, ...]


@dataclass(frozen=True)
class Interval(Expr):
    """[low, high]."""

    low: Expr
    high: Expr


@dataclass(frozen=True)
class Space(Expr):
    """ℝ, ℝ^3, ℝ^{2×3}; ℝ^n where a size has no value."""

    shape: tuple[int | Expr, ...]


@dataclass(frozen=True)
class Equation(Expr):
    """a = b = c; the signs between the sides are "=" or "∈"."""

    sides: tuple[Expr, ...]
    signs: tuple[str, ...] = ("=",)


@dataclass(frozen=True)
class Listing(Expr):
    """Formulas in one line, a comma and a wide gap between them."""

    items: tuple[Expr, ...]


@dataclass(frozen=True)
class Underbrace(Expr):
    """A factor with its size under a brace: rows × columns, a formula where a size has no value."""

    inner: Expr
    rows: int | Expr
    columns: int | Expr


@dataclass(frozen=True)
class Phrase(Expr):
    """Words and formulas one after the other: where L has it."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class Words(Expr):
    """Words in a formula: `from Python`."""

    text: str


@dataclass(frozen=True)
class Verbatim(Expr):
    """What is no expression of a block and prints as SymPy has it."""

    tex: str
    plain: str


# ------------------------------------------------------------------ over a tree
_BELOW: dict[type[Expr], tuple[str, ...]] = {}


def _below(kind: type[Expr]) -> tuple[str, ...]:
    """The fields of a node's class that hold expressions."""
    if kind not in _BELOW:
        _BELOW[kind] = tuple(one.name for one in fields(kind) if "Expr" in str(one.type))
    return _BELOW[kind]


def _found(value: Any) -> list[Expr]:
    """The expressions in a field, which may hold tuples of them."""
    out: list[Expr] = []
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, Expr):
            out.append(one)
        elif isinstance(one, tuple):
            todo.extend(reversed(one))
    return out


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions right below one, left to right."""
    kept: tuple[Expr, ...] | None = expr.__dict__.get("_children")
    if kept is None:  # looked for once, as a tree never changes
        kept = tuple([one for name in _below(type(expr)) for one in _found(getattr(expr, name))])
        expr.__dict__["_children"] = kept
    return kept


def walk(expr: Expr) -> Iterator[Expr]:
    """An expression and all those below it, each before its own, left to right."""
    kept: list[Expr] | None = expr.__dict__.get("_walk")
    if kept is None:
        kept, todo = [], [expr]
        while todo:
            one = todo.pop()
            kept.append(one)
            todo.extend(reversed(children(one)))
        expr.__dict__["_walk"] = kept
    return iter(kept)


def rebuilt(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The expression with each of its children changed; the very same one where none is."""

    def of(value: Any) -> Any:
        if isinstance(value, Expr):
            return change(value)
        return tuple(map(of, value)) if isinstance(value, tuple) else value

    new = {name: of(getattr(expr, name)) for name in _below(type(expr))}
    same = all(a is b for name in new for a, b in zip(_found(getattr(expr, name)), _found(new[name])))
    return expr if same else replace(expr, **new)


def put_in(expr: Expr, known: Mapping[str, Expr]) -> Expr:
    """The expression with others for names: the body of a function with what a call puts in."""
    if isinstance(expr, Name):
        return known.get(expr.key, expr)
    return rebuilt(expr, lambda one: put_in(one, known))


def names_below(expr: Expr) -> set[str]:
    """The names in an expression, those of functions too; not the indices of its families."""
    todo: list[tuple[Expr, frozenset[str]]] = [(expr, frozenset())]
    found = set()
    while todo:
        one, bound = todo.pop()
        if isinstance(one, (Name, UserCall)) and one.key not in bound:
            found.add(one.key)
        bound = bound | {one.index} if isinstance(one, Family) else bound
        todo += [(child, bound) for child in children(one)]
    return found


def inside(expr: Expr) -> Expr:
    """An expression without the brackets right round it."""
    while isinstance(expr, Paren):
        expr = expr.inner
    return expr


def product(*factors: Expr) -> Expr:
    """Factors side by side; the factor itself where there is one, the number 1 where there is none."""
    if len(factors) < 2:
        return factors[0] if factors else Number("1")
    return Product(tuple(("", one) for one in factors))
