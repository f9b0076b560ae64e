"""The meaning tree: a block's expressions once every product, call and name is settled.

`syntax` makes runs of juxtaposed factors; `program` settles what they mean and
makes these nodes; `latex` prints them as the block was written, and `program`
lowers them to the graph. All are frozen and carry the span of their text.
"""

from __future__ import annotations

from dataclasses import dataclass

from jacmagic.errors import Span


@dataclass(frozen=True)
class Expr:
    """Any expression."""

    span: Span


@dataclass(frozen=True)
class Number(Expr):
    """A number as it was typed: `2`, `0.1`, `1e-3`."""

    text: str


@dataclass(frozen=True)
class Constant(Expr):
    """`e` or `pi`."""

    name: str


@dataclass(frozen=True)
class Name(Expr):
    """A name of the block, by its key: `x1`, `x_max`, `theta2`, `lam`, `rate`, `y_hat`, `c1_1`."""

    key: str


@dataclass(frozen=True)
class Component(Expr):
    """`x[2]`, `W[i, j]`, `x_i`."""

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
class Transpose(Expr):
    base: Expr


@dataclass(frozen=True)
class Call(Expr):
    """A function of the table by its canonical name; `bare` where it was written without a bracket: sin 2x."""

    function: str
    arguments: tuple[Expr, ...]
    bare: bool = False


@dataclass(frozen=True)
class UserCall(Expr):
    """A call of a function that the block defines."""

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
    """`[body for index = first..last]`; kind "sum" or "prod" for the sum or product over the same."""

    body: Expr
    index: str
    first: Expr
    last: Expr
    kind: str = "vector"


def is_list(expr: Expr) -> bool:
    """`[body for index = first..last]`, and not a sum or a product over the same."""
    return isinstance(expr, Family) and expr.kind == "vector"


@dataclass(frozen=True)
class Compare(Expr):
    """A chain: operands with the relations (`<`, `<=`, `>`, `>=`, `==`) between them."""

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
