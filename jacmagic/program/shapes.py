"""Sizes of names that nobody declared: inferred from the equations they stand in.

`infer` walks the definitions of a block up (what shape has this expression?) and
down (what shape must this name have for that?) until nothing changes. It only
finds the shapes of names; whether everything fits is checked once, when
`program` lowers the expressions, where both places of a clash are known.

A shape is () for scalars, (n,) for columns, (m, n) for matrices, Row(n) for a
transposed column, None for what is not known yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any

from jacmagic import names
from jacmagic.errors import ShapeError, Span
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.program.batches import COLUMNS, Batches
from jacmagic.program.derivatives import by_shape
from jacmagic.program.fits import columns, fitting, folded
from jacmagic.program.known import Gap, Known, Row, columns_of, is_column, joined, rows_of, transposed
from jacmagic.program.maps import convolves, in_front_of_brackets, is_literal, is_map, is_of_numbers, share, small
from jacmagic.program.matrices import MATRICES, shape_of
from jacmagic.program.undecided import left_open, row_by_matrix


class Inference:
    """Shapes of the free names of a block, and of its definitions.

    shapes   key -> shape; grows
    fixed    key -> the right side by which a shape was found
    stuck    undeclared names in front of a vector that could be a scalar or a matrix
    """

    def __init__(
        self,
        shapes: dict[str, tuple[int, ...]],
        whole: Callable[[t.Expr], int | None],
        functions: Mapping[str, tuple[str, ...]],
        free: set[str],
        rates: Mapping[str, str] | None = None,
        numbers: Mapping[str, Span] | None = None,
        source: Callable[[Span], str] = lambda span: "",
        net: bool = False,
    ) -> None:
        self.source, self.net = source, net
        self.rates = rates or {}  # dx -> x: the derivative in time has the size of what changes
        self.numbers = numbers or {}  # where a definition is stated to be a number: the R of o = W h in R
        self.at: Span | None = None
        self.fixed: dict[str, Span] = {}
        self.here = Span(0, 0)
        self.shapes, self.whole, self.functions, self.free = shapes, whole, functions, free
        self.changed = False
        self.seen: dict[Any, tuple[t.Expr, tuple[Any, ...], Known]] = {}
        self.stuck: dict[str, tuple[t.Expr, Known, Known]] = {}
        self.beside: dict[str, ShapeError] = {}  # what to say of a stuck name, where its neighbours tell
        self.together: dict[str, tuple[str, ...]] = {}  # the free names of the product that a name stands in
        self.layers: set[str] = set()  # the W of tanh(W x) and of W x + b: matrices to everybody
        self.batches = Batches({}, {}, lambda key: None)
        self.defining = ""  # the line that is looked at
        self.holder: dict[str, str] = {}  # the line that a stuck name stands in
        self.wanted: dict[str, tuple[int, ...]] = {}  # what a line that uses a definition needs it to be
        self.maps: set[str] = set()  # functions g(z) = tanh(z), whose z no line gives a size: they go entry by entry
        self.late: dict[str, t.Vector] = {}  # capitals in front of [h, x]
        self.said, self.defined, self.amiss = free & shapes.keys(), [""], False  # amiss: a column in front of a matrix

    def run(self, definitions: list[tuple[str, t.Expr]]) -> None:
        """Infer until nothing changes; names that are left are scalars.

        Raises:
            ShapeError: a name could be a scalar or a matrix, or its size is not determined.
        """
        if any(self.shapes.values()) or not all(is_of_numbers(expr) for _, expr in definitions):
            self.settle(definitions)
        else:
            self.shapes |= dict.fromkeys([*sorted(self.free), *dict(definitions)], ())

    def settle(self, definitions: list[tuple[str, t.Expr]]) -> None:
        """Walk up and down the definitions until nothing changes."""
        self.defined = [key for key, _ in definitions]
        self.late = in_front_of_brackets(expr for _, expr in definitions) if self.net else {}
        while True:
            self.changed, self.stuck, self.seen = False, {}, {}
            self.batches.memo.clear()
            for key, expr in definitions:
                self.look(key, expr)
            if self.changed or self.net and self.ones():
                continue
            loose = [key for key in sorted(self.free) if key not in self.shapes and key not in self.stuck]
            if loose:
                for key in [key for key in loose if key not in self.late] or loose:
                    self.shapes[key] = ()
                continue
            break
        open_ = {key: what for key, what in self.stuck.items() if key not in self.shapes}
        if (error := left_open(self, definitions, {} if self.amiss else open_)) is not None:
            raise error
        self.shapes |= dict.fromkeys(open_, ())  # lowering says what is amiss where all names have sizes

    def look(self, key: str, expr: t.Expr) -> None:
        """Learn from a definition what it says of its names, and of its own."""
        self.here, self.defining, params = expr.span, key, self.functions.get(key, ())
        if is_map(expr, params, self.maps, self.shapes.get) and params[0] not in self.said:
            self.maps.add(key)
        want = self.shapes.get(key, self.wanted.get(key))
        of, self.at = self.rates.get(key), self.numbers.get(key)
        want = self.shapes.get(of) if want is None and of is not None else want
        found = self.up(expr, want)
        if want is None and isinstance(found, tuple) and not isinstance(found, Row):
            self.learn(key, found)
            if of is not None and found:
                self.learn(of, found)

    def ones(self) -> bool:
        """Settle what stands beside sizes that are all one: a small letter is a number, a capital a 1×1 matrix.

        Where the result's size is open, a capital may widen: only where all sizes of the block are one it is 1×1.
        """
        width = max((n for shape in self.shapes.values() for n in shape), default=1)
        before = len(self.shapes)
        for key, (_, scalar, matrix) in self.stuck.items():
            if not scalar or not isinstance(matrix, tuple) or not set(matrix) <= {0, 1}:
                continue
            if key[0].islower():
                self.learn(key, ())
            elif width == 1 or matrix == (1, 1):
                self.learn(key, (1, 1))
        return len(self.shapes) > before

    def learn(self, key: str, shape: tuple[int, ...]) -> None:
        if key not in self.shapes:
            self.shapes[key], self.fixed[key] = shape, self.here
            self.changed = True

    # -------------------------------------------------------------- walking
    def up(self, expr: t.Expr, want: Known = None) -> Known:
        """The shape of an expression, as far as it is known; `want` flows down to its names.

        Looked at once while nothing new is known: a part is asked for up to four times, each of its parts again.
        """
        key, known = (id(expr), want), self.known_so_far()
        found = self.seen.get(key)
        if found is not None and found[0] is expr and found[1] == known:
            return found[2]
        shape = self.looked(expr, want)
        if self.known_so_far() == known:
            self.seen[key] = (expr, known, shape)
        return shape

    def known_so_far(self) -> tuple[Any, ...]:
        return self.at, len(self.shapes), len(self.wanted), len(self.stuck)

    def looked(self, expr: t.Expr, want: Known) -> Known:
        rule = RULES.get(type(expr))
        if rule is not None:
            return rule(self, expr, want)
        return self.derivative(expr) if isinstance(expr, t.DERIVATIVES) else None

    def number(self, expr: t.Expr, want: Known) -> Known:
        for child in t.children(expr):
            self.up(child)
        return ()

    def name(self, expr: t.Name, want: Known) -> Known:
        if expr.key in self.shapes:
            return self.shapes[expr.key]
        if isinstance(want, Row) or want is None:
            return None
        if expr.key in self.free:
            self.learn(expr.key, want)
            return want
        if want != () and expr.key not in self.wanted:
            self.wanted[expr.key], self.changed = want, True
        return None

    def inner(self, expr: t.Paren | t.Negative | t.Absolute, want: Known) -> Known:
        return self.up(expr.inner, want)

    def fraction(self, expr: t.Fraction, want: Known) -> Known:
        below = self.below(expr.above, expr.below, want)
        above = self.up(expr.above, () if below else want)
        return below or above

    def power(self, expr: t.Power, want: Known) -> Known:
        base = self.up(expr.base, want)
        exponent = self.up(expr.exponent, None if expr.entrywise else () if base == () else None)
        return base if exponent is None else fitting((base, exponent))

    def transpose(self, expr: t.Transpose, want: Known) -> Known:
        return transposed(self.up(expr.base, transposed(want)), up=True)

    def vector(self, expr: t.Vector, want: Known) -> Known:
        sizes = [self.up(entry) for entry in expr.entries]
        if any(size is None for size in sizes):
            return None
        return (sum(s[0] if s else 1 for s in sizes if s is not None),)

    def matrix(self, expr: t.Matrix, want: Known) -> Known:
        for entry in t.children(expr):
            self.up(entry, ())
        if any(t.is_list(entry) for entry in t.children(expr)):
            width = self.up(expr.rows[0][0])
            return (len(expr.rows), width[0]) if width else None
        return (len(expr.rows), len(expr.rows[0]))

    def family(self, expr: t.Family, want: Known) -> Known:
        if expr.kind != "vector" and expr.first is None:
            self.over_all(expr)
        body = self.up(expr.body, want if expr.kind != "vector" else None)
        if expr.kind != "vector":
            return body if body is not None else ()
        count = self.count(expr.first, expr.last)
        if count is None:
            return None
        literal = t.inside(expr.body)
        if body and len(body) == 1 and (isinstance(literal, t.Vector) or t.is_list(literal)):
            return (count, body[0])
        return (count * (body[0] if body else 1),)

    def over_all(self, expr: t.Family) -> None:
        """A sum over all j: what it indexes is as long as what has a size, the y of (y_j - a_j)^2 as a."""
        parts = [one for one in t.walk(expr.body) if isinstance(one, t.Component) and t.Name(expr.index) in one.indices]
        sizes = [(one, self.up(one.base)) for one in parts]
        found = {
            shape[k] for one, shape in sizes if shape and not isinstance(shape, Row) and len(shape) == len(one.indices)
            for k, index in enumerate(one.indices) if index == t.Name(expr.index)
        }
        for one, shape in sizes:
            if len(found) == 1 and shape is None and len(one.indices) == 1:
                self.up(one.base, tuple(found))

    def count(self, first: t.Expr | None, last: t.Expr | None) -> int | None:
        """How many whole numbers there are from one to the other."""
        ends = [None if end is None else self.whole(end) for end in (first, last)]
        return None if ends[0] is None or ends[1] is None else max(0, ends[1] - ends[0] + 1)

    def component(self, expr: t.Component, want: Known) -> Known:
        """An entry is a number; a row, a column and any other part has the sizes of what it takes."""
        base = self.up(expr.base)
        for index in expr.indices:
            self.up(index)
        if not isinstance(base, tuple) or isinstance(base, Row):
            return None if any(isinstance(index, t.Slice) for index in expr.indices) else ()
        found = []
        for k, size in enumerate(base):
            index = expr.indices[k] if k < len(expr.indices) else t.Slice()
            if isinstance(index, t.Slice):
                found.append(size if index.first is None else self.count(index.first, index.last))
        if len(expr.indices) == 1 and base[1:] == (1,):
            found = found[:-1]  # an entry of a column
        return None if None in found else tuple(n for n in found if n is not None)

    def condition(self, expr: t.Compare | t.Logic, want: Known) -> Known:
        return self.alike(list(expr.operands), None)

    def case(self, expr: t.Case, want: Known) -> Known:
        conditions = [self.up(condition) for _, condition in expr.branches]
        found = self.alike([value for value, _ in expr.branches] + [expr.otherwise], want)
        return found if found != () else next((shape for shape in conditions if shape), ())

    def indicator(self, expr: t.Indicator, want: Known) -> Known:
        return self.up(expr.condition)

    # -------------------------------------------------------------- derivatives
    def derivative(self, expr: t.Expr) -> Known:
        """The shape of a derivative in the block, as far as those of its parts are known."""
        if isinstance(expr, (t.Partial, t.Total)):
            return self.by([self.up(expr.of), *map(self.up, expr.by)])
        if isinstance(expr, t.Slope):
            return self.slope(expr)
        if isinstance(expr, t.Evaluated):
            for one in t.children(expr.place):
                if isinstance(one, t.Equation) and isinstance(one.sides[0], t.Name):
                    self.up(one.sides[1], self.shapes.get(one.sides[0].key))
            return self.up(expr.inner)
        if isinstance(expr, t.AtPoint):
            of = getattr(expr.of, "of", None)
            params = self.functions.get(of.key, ()) if isinstance(of, t.Name) else ()
            same = len(params) == len(expr.arguments)
            for k, argument in enumerate(expr.arguments):
                self.up(argument, self.shapes.get(params[k]) if same else None)
            return self.derivative(expr.of)
        return self.up(expr.by) if isinstance(expr, t.Gradient) and expr.by is not None else self.of_field(expr)

    def of_field(self, expr: t.Expr) -> Known:
        """The shape of what is by all arguments of a function."""
        of = getattr(expr, "of", None)
        if of is None:
            return None
        value, n = self.up(of), self.columns(of)
        if isinstance(expr, (t.Laplacian, t.Divergence)):
            return ()
        if isinstance(expr, t.Directional):
            self.up(expr.along, None if n is None else (n,))
            return value
        if n is None:
            return None
        if isinstance(expr, t.Gradient):
            return (n,)
        if isinstance(expr, t.Curl):
            return (3,) if n == 3 else ()
        if isinstance(expr, t.Hessian):
            return (n, n)
        return None if value is None else (prod(value), n)

    def slope(self, expr: t.Slope) -> Known:
        call = expr.call
        if not isinstance(call, t.UserCall):
            return self.up(t.children(call)[0])
        param = self.functions[call.key][0]
        own = self.shapes.get(param)
        given = self.up(call.arguments[0], own)
        found = self.by([self.shapes.get(call.key), *[own] * expr.order])
        return given if own == () and found == () else found

    @staticmethod
    def by(shapes: list[Known]) -> Known:
        """The shape of the derivative of the first by the others."""
        found: Known = shapes[0]
        for shape in shapes[1:]:
            if found is None or shape is None:
                return None
            found = by_shape((1, *found) if isinstance(found, Row) else found, tuple(shape))
        return found

    def columns(self, of: t.Expr) -> int | None:
        """How many variables the arguments of a function are."""
        inner = t.inside(of)
        if isinstance(inner, t.DERIVATIVES):
            of = getattr(inner, "of", inner)
            return None if of is inner else self.columns(of)
        params = self.functions.get(inner.key, ()) if isinstance(inner, t.Name) else ()
        sizes = [self.shapes.get(param) for param in params]
        if not params or any(size is None for size in sizes):
            return None
        return sum(prod(size) for size in sizes if size is not None)

    def alike(self, parts: list[t.Expr], want: Known) -> Known:
        """Parts of one shape: what one of them is, the others are (numbers aside)."""
        solid = [part for part in parts if not is_literal(part)] or parts
        return self.matched(solid, [self.up(part, want) for part in solid])

    def matched(self, parts: list[t.Expr], shapes: list[Known], want: Known = None) -> Known:
        """The shape of parts of one shape, which those have that are not known."""
        found = fitting(shapes) or want or (None if None in shapes else ())
        for part, shape in zip(parts, shapes):
            if shape is None and found:
                self.up(part, found)
        return found

    def sum(self, expr: t.Sum, want: Known) -> Known:
        """Terms of one shape, and numbers that are added to each entry; a name beside a matrix could be either."""
        terms = [term for _, term in expr.terms]
        for term in terms:
            self.layer(term)
        if (axis := self.batches.of(expr)) is not None:
            return self.of_examples(expr, axis, want)
        shape = next((
            found for term in terms
            if (found := self.up(term)) is not None and len(found) == 2 and not self.misfits(term)
        ), want if convolves(terms) else None)
        if shape and len(shape) == 2:
            for term in terms:
                name = t.inside(term)
                if isinstance(name, t.Name) and name.key in self.free and name.key not in self.shapes:
                    self.hold(name, (), shape)
            terms = [term for term in terms if not isinstance(t.inside(term), t.Name) or self.up(term) is not None]
        return self.alike(terms, want)

    def misfits(self, expr: t.Expr) -> bool:
        """True for x W of a column x, which is no product whatever is added to it."""
        shapes = [self.up(factor) for _, factor in expr.factors] if isinstance(expr, t.Product) else []
        found = any(is_column(a) and b is not None and len(b) == 2 and b[0] != 1 for a, b in pairwise(shapes))
        self.amiss = self.amiss or found and self.net
        return found

    def of_examples(self, expr: t.Sum, axis: int, want: Known) -> Known:
        """A sum with a batch in it: a column, and an undeclared name, is added to each example; y of y - X w is one."""
        batch = [one for one in expr.terms if self.batches.of(one[1]) is not None]
        found = self.alike([term for _, term in batch], want)
        if not isinstance(found, tuple) or isinstance(found, Row):
            return found
        targets = self.batches.targets(expr)
        for k, one in enumerate(expr.terms):
            whole = k in targets and (len(found) == 1 or names.name(targets[k]).is_capital)
            if one not in batch:
                self.up(one[1], found if whole else (found[1 - axis],) if len(found) == 2 else ())
        return found

    def product(self, expr: t.Product, want: Known) -> Known:
        """One level of products, left to right."""
        for name in share(expr):
            self.up(name, ())
        shapes = [self.up(factor) for _, factor in expr.factors]
        self.misfits(expr)
        if None not in shapes:
            return folded(shapes, [operator for operator, _ in expr.factors])
        below = self.denominator(expr.factors, want)
        chain = [factor for operator, factor in expr.factors if operator not in ("/", ".*", "./")]
        entrywise = [factor for operator, factor in expr.factors if operator in (".*", "./")]
        if entrywise:
            return self.entrywise(self.batches.of(expr), [*chain, *entrywise], want)
        if marked := {operator for operator, _ in expr.factors} & {"dot", "cross"}:
            vectors = [shape for part in chain if (shape := self.up(part)) is not None and len(shape) == 1]
            if len(vectors) >= 2:
                return vectors[0] if "cross" in marked else ()
            if len(chain) == 2 and vectors and self.is_dotted(*chain):
                return None
        return below or self.chain(chain, () if below else want)

    def is_dotted(self, first: t.Expr, second: t.Expr) -> bool:
        """True for the w of unknown size of w · x, x a column: most often w is a column, too."""
        name, column = t.inside(first), self.up(second)
        if not column or len(column) != 1 or not isinstance(name, t.Name) or not name.key[0].islower():
            return False
        self.hold(first, (), column)
        return self.up(first) is None

    def denominator(self, factors: Sequence[tuple[str, t.Expr]], want: Known) -> Known:
        """The shape of what a product is divided by, where that is no number."""
        above = factors[0][1] if len(factors) == 2 else None
        below = [self.below(above, factor, want) for operator, factor in factors if operator == "/"]
        return next((shape for shape in reversed(below) if shape), None)

    def entrywise(self, axis: int | None, parts: list[t.Expr], want: Known) -> Known:
        """Factors of one shape; a column, and an undeclared small letter, beside a batch is taken for each example."""
        shapes = [self.up(part) for part in parts]
        whole = next((shape for shape in shapes if shape and len(shape) == 2), None)
        if axis is None or whole is None:
            return self.matched(parts, shapes, want)
        for part, shape in zip(parts, shapes):
            if shape is None:
                name = t.inside(part)
                each = isinstance(name, t.Name) and name.key[0].islower()
                self.up(part, (whole[1 - axis],) if each else whole)
        return whole

    def below(self, above: t.Expr | None, below: t.Expr, want: Known) -> Known:
        """The shape of a denominator: a number, or a vector that a number is divided by entry by entry."""
        if above is not None and is_literal(above) and want:
            return self.up(below, want)
        return self.up(below) or self.up(below, ())

    def chain(self, parts: list[t.Expr], want: Known) -> Known:
        shapes = [self.up(part) for part in parts]
        shapes = self.inverses(parts, shapes)
        unknown = [k for k, shape in enumerate(shapes) if shape is None]
        solid = any(shapes)
        if not unknown:
            return folded(shapes)
        if not solid and len(unknown) == 1:
            return self.up(parts[unknown[0]], want)
        vague = any(key in self.stuck for k in unknown for key in t.names_below(parts[k]))
        if not solid and not vague and not want:
            return None  # all of them may be numbers
        if len(unknown) > 1:
            # names in front of something of unknown size cannot be told apart yet
            for k in unknown:
                self.neighbours(parts, shapes, k)
                right = joined(shapes[k + 1 :])
                rows = rows_of(want) if k == 0 else None
                size = (rows or 0, rows_of(right) or rows or 0) if right or rows else None
                self.hold(parts[k], (), size)
            return None
        return self.solve(parts, shapes, unknown[0], want)

    def inverses(self, parts: list[t.Expr], shapes: list[Known]) -> list[Known]:
        """The shapes, those of A^-1 and inv(A) found by what stands beside them: an inverse is square."""
        found = list(shapes)
        for k, part in enumerate(parts):
            name, called = inverse_of(part)
            if shapes[k] is not None or not isinstance(name, t.Name) or name.key not in self.free:
                continue
            right = next((one for one in shapes[k + 1 :] if one != ()), None)
            left = next((one for one in shapes[:k][::-1] if one != ()), None)
            n = rows_of(right) or columns_of(left)
            if n and (called or name.key[0].isupper()):
                self.learn(name.key, (n, n))
                found[k] = (n, n)
        return found

    def hold(self, part: t.Expr, scalar: Known, matrix: Known) -> None:
        """Remember a name that may be a number or a matrix."""
        name = t.inside(part)
        if isinstance(name, t.Transpose):
            name = t.inside(name.base)
        if isinstance(name, t.Name) and name.key in self.free and name.key not in self.shapes:
            self.stuck.setdefault(name.key, (part, scalar, matrix))
            self.holder.setdefault(name.key, self.defining)

    def layer(self, expr: t.Expr) -> None:
        """W x in tanh(W x), or in W x + b."""
        if isinstance(whole := t.inside(expr), t.Product) and len(whole.factors) == 2:
            first, second = (t.inside(factor) for _, factor in whole.factors)
            if isinstance(first, t.Name) and isinstance(second, t.Name) and first.key[0].isupper():
                self.layers.add(first.key)

    def neighbours(self, parts: list[t.Expr], shapes: list[Known], at: int) -> None:
        """What a name between or before columns most likely means: a x b, and y ln p."""
        name = t.inside(parts[at])
        if not isinstance(name, t.Name):
            return
        shown = [self.source(part.span) for part in parts]
        names = [one.key for part in parts if isinstance(one := t.inside(part), t.Name) and one.key in self.free]
        self.together.setdefault(name.key, tuple(dict.fromkeys(names)))
        if name.key == "x" and at == 1 and len(parts) == 3 and shapes[0] == shapes[2] == (3,):
            self.beside["x"] = ShapeError(
                "x between two columns reads as a name; the cross product is cross( ) or ×.",
                parts[0].span.to(parts[2].span), (f"cross({shown[0]}, {shown[2]})",),
            )
        elif len(parts) == at + 2 == 2 and name.key[0].islower() and isinstance(t.inside(parts[1]), t.Call):
            if is_column(shapes[1]):
                self.beside[name.key] = ShapeError(
                    f"{shown[0]} in front of a column could be a number, a matrix or a column; entry by entry is .*",
                    parts[0].span.to(parts[1].span), (f"{shown[0]} .* {shown[1]}", f"{shown[0]} in R"),
                )

    def solve(self, parts: list[t.Expr], shapes: list[Known], at: int, want: Known) -> Known:
        """The one factor whose shape is not known, from its neighbours and what the whole must be."""
        self.neighbours(parts, shapes, at)
        gap = Gap(
            parts[at], joined(shapes[:at]), joined(shapes[at + 1 :]), joined(shapes), want)
        if self.net and self.is_row_by_matrix(parts, gap):
            return None
        for rule in (
            self.column_behind, self.number_behind_a_column, self.row_before_a_column, self.row_behind_a_column,
            self.matrix_between,
        ):
            if (found := rule(gap)) is not None:
                return found
        name = gap.name
        if isinstance(name, t.Call) and name.function == "diag" and (size := gap.rows or gap.columns):
            self.up(name.arguments[0], (size,))
        if not isinstance(name, (t.Name, t.Transpose)):
            self.up(gap.part, None)
        guess: Known = (gap.rows,) if gap.right is None and gap.rows else (gap.rows or 0, gap.columns or 0)
        self.hold(gap.part, gap.rest if gap.a_number_fits else None, gap.matrix or guess)
        return None

    def is_row_by_matrix(self, parts: list[t.Expr], gap: Gap) -> bool:
        """True for x W of a column x and a capital of which nothing is known: in many papers x is a row."""
        name, left, first = gap.name, gap.left, t.inside(parts[0])
        if not isinstance(name, t.Name) or not name.key[0].isupper() or name.key not in self.free or len(parts) > 2:
            return False
        of_matrices = isinstance(first, t.Vector) and any(len(self.up(one) or ()) == 2 for one in first.entries)
        if gap.right is not None or not is_column(left) or left == (1,) or of_matrices:
            return False
        self.beside[name.key] = row_by_matrix(self, parts, left, gap.want)
        self.hold(gap.part, (), gap.want)
        return True

    def column_behind(self, gap: Gap) -> Known:
        """W _ is a column, or rᵀ _ a number: the last factor is a column; behind a column it is a number."""
        left, want = gap.left, gap.want
        if gap.right is not None or left is None or want is None:
            return None
        if want == () and isinstance(left, Row):
            self.up(gap.part, tuple(left))
            return want
        if not is_column(want) or isinstance(left, Row) or gap.rows is None:
            return None
        self.up(gap.part, () if len(left) == 1 else (gap.rows,))
        return want

    def number_behind_a_column(self, gap: Gap) -> Known:
        left = gap.left
        if gap.right is not None or not is_column(left) or gap.flipped:
            return None
        self.up(gap.part, ())  # only a number fits
        return left

    def row_before_a_column(self, gap: Gap) -> Known:
        """_ᵀ x is a number where the name is small; w x is none."""
        name, right = gap.name, gap.right
        if gap.left is not None or right is None or not is_column(right):
            return None
        if isinstance(name, t.Transpose):
            small = isinstance(base := t.inside(name.base), t.Name) and base.key[0].islower()
            if gap.want or not (small or gap.want == ()):
                return None
            self.up(gap.part, Row(right[:1]))
            return ()
        if gap.want == () and self.at is not None and isinstance(name, t.Name) and name.key in self.free:
            said = f"{name.key} times a column of {right[0]} is no number; a single output is in R^1."
            raise ShapeError(said, self.at, ("R^1",))
        return None

    def row_behind_a_column(self, gap: Gap) -> Known:
        """x _ᵀ is a matrix."""
        left, want = gap.left, gap.want
        if not gap.flipped or gap.right is not None or left is None or len(left) != 1:
            return None
        if isinstance(want, Row) or want is None or len(want) != 2:
            return None
        self.up(gap.part, Row(want[1:]))
        return want

    def matrix_between(self, gap: Gap) -> Known:
        """What has both its sizes, and can be no number, or is a capital."""
        matrix, want = gap.matrix, gap.want
        if matrix is None:
            return None
        if isinstance(want, Row) or (want is not None and not gap.a_number_fits):
            self.up(gap.part, matrix)
            return want
        plain = t.inside(gap.name.base) if isinstance(gap.name, t.Transpose) else gap.name
        capital = isinstance(plain, t.Name) and names.name(plain.key).is_capital
        if capital and gap.a_number_fits and (want is not None or isinstance(gap.left, Row)):
            self.up(gap.part, matrix)
            return want if want is not None else ()
        return None

    def call(self, expr: t.Call, want: Known) -> Known:
        row = FUNCTIONS[expr.function]
        args = expr.arguments
        for arg in args:
            self.layer(arg)
        for term in small(expr):
            self.up(term, ())
        if expr.function in MATRICES:
            return self.of_matrices(expr, want)
        if row.kind == "entrywise":
            if row.arity[1] is None and len(args) == 1:
                self.up(args[0])
                return ()
            return self.alike(list(args), want)
        if row.kind == "loss" or expr.function == "dot":
            if len(args) == 2:
                self.alike(list(args), None)
            return ()
        if expr.function == "cross":
            for arg in args:
                self.up(arg, (3,))
            return (3,)
        if expr.function == "diag":
            (size,) = columns([self.up(args[0])], always=True)
            return size * 2 if size and len(size) == 1 else None
        if row.kind == "vector":
            return columns([self.up(args[0], want)], always=True)[0]
        if len(args) > 1:
            return self.alike(list(args), want)
        arg = t.inside(args[0])
        if isinstance(arg, t.Family) and arg.kind == "vector":
            self.up(t.Family(arg.body, arg.index, arg.first, arg.last, "sum", span=arg.span), want)
            return ()
        shape = self.up(arg)
        if expr.function == "logsumexp" and shape and shape[1:] not in ((), (1,)):
            return (shape[1 if self.batches.of(arg) == COLUMNS else 0],)
        return ()

    def of_matrices(self, expr: t.Call, want: Known) -> Known:
        """The shape of a function of matrices, as far as those of its arguments are known; a row is a 1×n matrix."""
        def up(arg: t.Expr, wanted: Known = None) -> tuple[int, ...] | None:
            shape = self.up(arg, wanted)
            return (1, *shape) if isinstance(shape, Row) else shape

        return shape_of(expr, want if want and not isinstance(want, Row) else None, up, self.whole)

    def user_call(self, expr: t.UserCall, want: Known) -> Known:
        params = self.functions.get(expr.key, ())
        if expr.key in self.maps and len(expr.arguments) == 1:
            return self.up(expr.arguments[0], want)
        if len(params) == len(expr.arguments):
            for param, argument in zip(params, expr.arguments):
                shape = self.up(argument, self.shapes.get(param))
                if isinstance(shape, tuple) and not isinstance(shape, Row) and param in self.free:
                    self.learn(param, shape)
        else:
            for argument in expr.arguments:
                self.up(argument)
        return self.shapes.get(expr.key)


RULES: dict[type[t.Expr], Callable[[Inference, Any, Known], Known]] = {
    t.Number: Inference.number, t.Constant: Inference.number, t.Component: Inference.component,
    t.Norm: Inference.number, t.Unknown: Inference.number,
    t.Name: Inference.name, t.Paren: Inference.inner, t.Negative: Inference.inner, t.Absolute: Inference.inner,
    t.Degrees: Inference.inner,
    t.Sum: Inference.sum, t.Product: Inference.product, t.Fraction: Inference.fraction, t.Power: Inference.power,
    t.Transpose: Inference.transpose, t.Call: Inference.call, t.UserCall: Inference.user_call,
    t.Vector: Inference.vector, t.Matrix: Inference.matrix, t.Family: Inference.family,
    t.Compare: Inference.condition, t.Logic: Inference.condition, t.Case: Inference.case,
    t.Indicator: Inference.indicator,
}
"""How each node's shape follows from its parts, and what is wanted of them: (inference, node, want) -> shape."""


def inverse_of(expr: t.Expr) -> tuple[t.Expr | None, bool]:
    """The A of A^-1 and inv(A), transposed or not, and whether it is inv that is called."""
    whole = t.inside(expr)
    whole = t.inside(whole.base) if isinstance(whole, t.Transpose) else whole
    if isinstance(whole, t.Call):
        return (t.inside(whole.arguments[0]), True) if whole.function == "inv" else (None, False)
    base = t.inverted(whole)
    return (None if base is None else t.inside(base)), False
