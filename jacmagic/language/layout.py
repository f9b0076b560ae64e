"""SymPy expressions laid out as trees, in a textbook's order and in the order of the block.

Factors: the number, names, brackets, powers of e, functions; names in the order in
which the block has them, functions in the order of their arguments. Terms: as the
sum of the block that they come from; else by falling degree, numbers last. What no
block can contain (infinities, SymPy's other functions) is carried as SymPy prints it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from jacmagic.functions import ALIASES, FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.language.printers import latex
from jacmagic.language.printers.writer import FENCED, stands_alone, takes_power
from jacmagic.names import name, natural

MAX_TERMS = 200
"""Terms of sums whose order is kept; of a block with more, the first ones."""

_SYMPY = {row.sympy: row.name for row in FUNCTIONS.values() if row.sympy} | {
    "Abs": "abs",
    "sign": "sign",
    "Max": "max",
    "Min": "min",
    "floor": "floor",
    "ceiling": "ceil",
}
_RELATIONS = {"StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">=", "Equality": "=="}

# how the factors of a product follow one another
_CONSTANT, _NAME, _BRACKET, _EXPONENTIAL, _FENCED, _FUNCTION, _LATE_BRACKET, _CASES = range(8)


# ------------------------------------------------------------------ the order of the block
@dataclass(frozen=True)
class Monomial:
    """A term without its number: the powers of its names; those inside a function or a bracket, and the functions."""

    powers: tuple[tuple[str, Fraction], ...]
    inner: frozenset[str]
    functions: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        return self.inner | {key for key, _ in self.powers}

    def is_slope_of(self, source: Monomial, by: str) -> bool:
        """True where the term may have come from that one by differentiation."""
        if self.inner or source.inner:
            return by in source.names and source.names == self.names | {by}
        powers = dict(self.powers)
        powers[by] = powers.get(by, Fraction(0)) + 1
        return dict(source.powers) == {key: power for key, power in powers.items() if power}


def monomial(term: t.Expr) -> Monomial:
    """The monomial of a term of the block."""
    powers: dict[str, Fraction] = {}
    inner: set[str] = set()
    functions: set[str] = set()
    todo = [(term, Fraction(1))]
    while todo:
        one, power = todo.pop()
        one = t.inside(one)
        if isinstance(one, t.Name):
            powers[one.key] = powers.get(one.key, Fraction(0)) + power
        elif isinstance(one, t.Negative):
            todo.append((one.inner, power))
        elif isinstance(one, t.Product):
            todo += [(factor, -power if sign in ("/", "./") else power) for sign, factor in one.factors]
        elif isinstance(one, t.Fraction):
            todo += [(one.above, power), (one.below, -power)]
        elif isinstance(one, t.Call) and one.function == "sqrt":
            todo.append((one.arguments[0], power / 2))
        elif isinstance(one, t.Power) and isinstance(one.exponent, t.Number) and "e" not in one.exponent.text:
            todo.append((one.base, power * Fraction(one.exponent.text)))
        else:
            inner |= {below.key for below in t.walk(one) if isinstance(below, t.Name)}
            functions |= {_function_of(below) for below in t.walk(one)} - {""}
    return Monomial(tuple(sorted((k, p) for k, p in powers.items() if p)), frozenset(inner), frozenset(functions))


def _function_of(expr: t.Expr) -> str:
    if isinstance(expr, t.Call) and expr.function not in ("sqrt", "cbrt"):
        return expr.function
    return "exp" if isinstance(expr, t.Power) and isinstance(expr.base, t.Constant) and expr.base.name == "e" else ""


@dataclass(frozen=True)
class Piece:
    """A factor as a derivative leaves it recognisable: its kind, the names in it, and its function."""

    kind: int
    names: frozenset[str]
    function: str = ""


def pieces(product: t.Expr) -> list[Piece]:
    """The factors of a product of the block above its line, in order; numbers are none."""
    one = t.inside(product)
    if isinstance(one, t.Negative):
        return pieces(one.inner)
    if isinstance(one, t.Product):
        return [piece for sign, factor in one.factors if sign not in ("/", "./") for piece in pieces(factor)]
    if isinstance(one, t.Fraction):
        return pieces(one.above)
    if isinstance(one, t.Power) and _function_of(one) != "exp":
        return pieces(one.base)
    keys = frozenset(below.key for below in t.walk(one) if isinstance(below, t.Name))
    if not keys:
        return []
    function = _function_of(one)
    kinds = {"exp": _EXPONENTIAL, "": _NAME if isinstance(one, t.Name) else _BRACKET}
    return [Piece(kinds.get(function, _FUNCTION), keys, function)]


def _places(wanted: Sequence[Piece], given: Sequence[Piece]) -> list[int] | None:
    """For each factor the place of the one that it is, or comes from by differentiation; None where one has none."""
    left = dict(enumerate(given))
    found: dict[int, int] = {}
    for alike in (lambda a, b: a == b, lambda a, b: a.kind == b.kind == _FUNCTION and a.names == b.names):
        for k, piece in enumerate(wanted):
            at = next((at for at, one in left.items() if k not in found and alike(piece, one)), None)
            if at is not None:
                found[k] = at
                del left[at]
    return [found[k] for k in range(len(wanted))] if len(found) == len(wanted) else None


def _names_in(terms: Iterable[Monomial]) -> frozenset[str]:
    return frozenset().union(*(one.names for one in terms))


def _differentiated(found: Sequence[Monomial], source: Sequence[Monomial], by: str) -> list[int] | None:
    """For each term the place of the one whose slope by a name it may be; None where one has none, or all the same."""
    places = [next((k for k, whole in enumerate(source) if one.is_slope_of(whole, by)), -1) for one in found]
    return places if min(places) >= 0 and len(set(places)) > 1 else None


def _own(key: str) -> tuple[str, ...]:
    """The keys that a name may have in the block: its own, its vector's, its letter's."""
    whole = name(key)
    return key, replace(whole, component="").key, replace(whole, component="", index="").key


class Order:
    """The order in which a block has its names, functions and terms; its variables among themselves as its columns."""

    def __init__(self, trees: Iterable[t.Expr] = (), variables: Iterable[str] = ()) -> None:
        self.places: dict[str, int] = {}
        self.found: dict[str, tuple[Any, ...]] = {}
        self.sums: list[tuple[Monomial, ...]] = []
        self.signs: list[tuple[int, ...]] = []
        self.products: list[list[str]] = []
        self.factors: list[list[Piece]] = []
        self.exact: dict[Any, list[str]] = {}
        for one in (node for tree in trees for node in t.walk(tree)):
            if isinstance(one, t.Name):
                self.places.setdefault(one.key, len(self.places))
            elif isinstance(one, t.Call):
                self.places.setdefault(f"{one.function}()", len(self.places))
            elif isinstance(one, t.Product) and len(self.products) < MAX_TERMS:
                keys = [below.key for below in t.walk(one) if isinstance(below, t.Name)]
                self.products.append(list(dict.fromkeys(keys)))
                self.factors.append(pieces(one))
                self.exact.setdefault(monomial(one).powers, self.products[-1])
            elif isinstance(one, t.Sum) and len(one.terms) > 1 and sum(map(len, self.sums)) < MAX_TERMS:
                self.sums.append(tuple(monomial(term) for _, term in one.terms))
                self.signs.append(tuple(sign for sign, _ in one.terms))
        self.products.sort(key=len)  # a product in a quotient is nearer than the quotient
        present = [key for key in variables if key in self.places]  # atan(y/x) of x and y
        self.places |= dict(zip(present, sorted(self.places[key] for key in present)))

    def place(self, key: str) -> tuple[Any, ...]:
        """Where a name stands: as in the block, a component where its vector does, others behind in natural order."""
        if key not in self.found:
            places = [self.places[one] for one in _own(key) if one in self.places]
            self.found[key] = (places[0] if places else len(self.places), natural(key))
        return self.found[key]

    def among(self, keys: Iterable[str]) -> dict[str, tuple[Any, ...]]:
        """Where each name of a product stands: as in the first of the block that has them all, else as all that have
        two of them say together, m g and k x as m g k x; what none says, as the names stand in the block."""
        wanted = list(keys)
        before: set[tuple[str, str]] = set()
        for product in self.products if len(wanted) > 1 else ():
            places = {key: product.index(own) for key in wanted for own in _own(key)[::-1] if own in product}
            if len(places) == len(wanted):
                return {key: (place, natural(key)) for key, place in places.items()}
            before |= {(p, q) for p in places for q in places if places[p] < places[q] and (q, p) not in before}
        left = sorted(wanted, key=self.place)
        out = list(left)
        for at in range(len(left)):
            nearest = next((key for key in left if not any((other, key) in before for other in left)), None)
            if nearest is None:  # x y, y z and z x
                out = sorted(wanted, key=self.place)
                break
            out[at] = nearest
            left.remove(nearest)
        return {key: (at, natural(key)) for at, key in enumerate(out)}

    def whole(self, wanted: Sequence[Piece]) -> list[int] | None:
        """Where each factor of a product stands in one of the block that has them all, e^x y; None where none has."""
        if len(wanted) < 2 or all(piece.kind == _NAME for piece in wanted):
            return None
        ways = (_places(wanted, given) for given in self.factors)
        return next((way for way in ways if way is not None), None)

    def function(self, name: str) -> int:
        return self.places.get(f"{name}()", len(self.places))

    def terms(self, found: Sequence[Monomial], signs: Sequence[int]) -> list[int] | None:
        """For each term the place of the one that it is, or comes from, in a sum of the block; None where in none.

        A difference of the block turned round begins with its positive term: x - μ and μ - x.
        """
        names = _names_in(found)
        near = [(source, own) for source, own in zip(self.sums, self.signs) if names <= _names_in(source)]
        for source, own in near:
            if len(source) == len(found) == len(set(found)) and set(source) == set(found):
                places = [source.index(one) for one in found]
                turned = len(found) == 2 and own[0] > 0 and signs[places.index(0)] < 0 < signs[places.index(1)]
                return [1 - place for place in places] if turned else places
        ways = (_differentiated(found, source, by) for source, _ in near for by in sorted(_names_in(source)))
        return next((way for way in ways if way is not None), None)


class Layout:
    """Lays SymPy expressions out as trees."""

    def __init__(self, decimals: bool = False, order: Order | None = None) -> None:
        import sympy

        self.sp = sympy
        self.decimals = decimals
        self.order = order or Order()
        self.shown: dict[Any, t.Expr] = {}  # the entries of a Jacobian share most of what they are made of
        self.words: dict[Any, str] = {}

    def __call__(self, expr: Any) -> t.Expr:
        return self.lay(self.sympified(expr))

    def lay(self, expr: Any) -> t.Expr:
        if expr not in self.shown:
            self.shown[expr] = self.show(expr)
        return self.shown[expr]

    def show(self, expr: Any) -> t.Expr:
        if expr.is_Symbol:
            return t.Name(expr.name)
        if expr.is_Rational:
            shown = self.rational(abs(expr.p), expr.q)
            return shown if expr.p >= 0 else t.Negative(shown)
        if expr.is_Add and expr.is_commutative:
            return self.sum(expr)
        if expr.is_Mul and expr.is_commutative:
            sign, product = self.product(expr)
            return product if sign > 0 else t.Negative(product)
        if expr.is_Pow and expr.is_commutative:
            return self.power(expr.base, expr.exp)
        if expr.is_Function or expr.is_Boolean or expr.is_Relational:
            return self.function(expr)
        return self.other(expr)

    def number(self, text: str) -> t.Number:
        return t.Number(text)

    def rational(self, p: int, q: int) -> t.Expr:
        """A number that is not negative, as a decimal where that is asked for and ends."""
        if self.decimals or q > 10**9:
            shown = _decimal(p, q)
            if shown is not None:
                return self.number(shown)
        return self.number(str(p)) if q == 1 else t.Fraction(self.number(str(p)), self.number(str(q)))

    # -------------------------------------------------------------- sums
    def sum(self, expr: Any) -> t.Expr:
        """Terms by falling degree, numbers last; a sum of two, or with one positive term, begins with that."""
        places = None
        if len(expr.args) <= MAX_TERMS:
            signs = [-1 if self.is_negative(a) else 1 for a in expr.args]
            places = self.order.terms([self.monomial(a) for a in expr.args], signs)
        if places is not None:
            where = dict(zip(expr.args, places))
            return t.Sum(tuple(self.term(a) for a in sorted(expr.args, key=lambda a: (where[a], self.rank(a)))))
        args = sorted(expr.args, key=self.rank)
        number = args[-1] if args[-1].is_Number else None
        if (
            number is not None
            and number.is_positive
            and (
                all(self.is_negative(a) for a in args[:-1])
                or (number == 1 and all(self.rank(a)[1] == 0 for a in args[:-1]))  # 1 + e^{-z}, 1 + tan^2 x
            )
        ):
            args = [number, *args[:-1]]
        elif self.is_negative(args[0]) and (len(args) == 2 or number is None):
            positive = [a for a in args if not self.is_negative(a)]
            if len(positive) == 1:  # y - w x - b
                args = [*positive, *(a for a in args if a is not positive[0])]
        return t.Sum(tuple(self.term(a) for a in args))

    @staticmethod
    def is_negative(term: Any) -> bool:
        head = term.args[0] if term.is_Mul else term
        return bool(head.is_Number and head.is_negative)

    def term(self, expr: Any) -> tuple[int, t.Expr]:
        if expr.is_Mul and expr.is_commutative:
            return self.product(expr)
        shown = self.lay(expr)
        return (-1, shown.inner) if isinstance(shown, t.Negative) else (1, shown)

    def rank(self, term: Any) -> tuple[Any, ...]:
        """Numbers last; else by degree, then by the names and their powers."""
        if term.is_Number:
            return True, 0, (), ""
        degree: Any = 0
        names = []
        rest = ""
        for factor in term.args if term.is_Mul else (term,):
            base, exponent = (factor.base, factor.exp) if factor.is_Pow else (factor, self.sp.S.One)
            if exponent.is_Rational and (base.is_Symbol or base.is_Add):
                power = exponent.p / exponent.q
                degree += power
                if base.is_Symbol:
                    names.append((self.order.place(base.name), -power))
                    continue
            if not factor.is_Number:
                rest += str(factor.func) + str(sorted(s.name for s in factor.free_symbols))
        return False, -degree, (*sorted(names), ((math.inf, ()), 0)), rest

    def monomial(self, term: Any) -> Monomial:
        """The monomial of a term, as `monomial` has it of a tree."""
        powers: dict[str, Fraction] = {}
        inner: set[str] = set()
        functions: set[str] = set()
        for factor in term.args if term.is_Mul else (term,):
            base, exponent = (factor.base, factor.exp) if factor.is_Pow else (factor, self.sp.S.One)
            if base.is_Symbol and exponent.is_Rational:
                powers[base.name] = powers.get(base.name, Fraction(0)) + Fraction(exponent.p, exponent.q)
            else:
                inner |= {symbol.name for symbol in factor.free_symbols}
                functions |= {self.function_name(one) for one in factor.atoms(self.sp.Function)}
        return Monomial(tuple(sorted((k, p) for k, p in powers.items() if p)), frozenset(inner), frozenset(functions))

    @staticmethod
    def function_name(expr: Any) -> str:
        kind = type(expr).__name__
        return _SYMPY.get(kind) or ALIASES.get(kind, kind)

    # -------------------------------------------------------------- products
    def product(self, expr: Any) -> tuple[int, t.Expr]:
        """The sign, and the product without it: number, names, brackets, functions; all divisors below one line."""
        p, q, above, below = self.parts(expr)
        sign, p = (1, p) if p >= 0 else (-1, -p)
        q = self.one_root(above, below, p, self.shortened(above, q))
        halved = below and p == 1 and 1 < q < 10  # x/(2y) rather than 0.5x/y
        coefficient = t.Fraction(self.number("1"), self.number(str(q))) if halved else self.rational(p, q)
        top = [self.lay(f) for f in self.ordered(expr, above)]
        names = self.order.among(one.name for base, _ in below if (one := self.base(base)).is_Symbol)
        down = [self.power(b, e) for b, e in sorted(below, key=lambda pair: self.place(pair[0], names))]
        joins = down or (p == 1 and len(top) == 1 and self.is_plain(top[0]))
        if isinstance(coefficient, t.Fraction) and joins:
            down.insert(0, coefficient.below)
            coefficient = coefficient.above
        if not (isinstance(coefficient, t.Number) and coefficient.text == "1"):
            top.insert(0, coefficient)
        numerator = self.factors(top)
        return sign, t.Fraction(numerator, self.factors(down)) if down else numerator

    @staticmethod
    def parts(expr: Any) -> tuple[int, int, list[Any], list[tuple[Any, Any]]]:
        """The number p/q of a product, its factors above the line, and those below with their exponents."""
        p, q = 1, 1
        above: list[Any] = []
        below: list[tuple[Any, Any]] = []
        for factor in expr.args:
            if factor.is_Rational:
                p, q = p * factor.p, q * factor.q
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
                below.append((factor.base, -factor.exp))
            else:
                above.append(factor)
        return p, q, above, below

    @staticmethod
    def shortened(above: list[Any], q: int) -> int:
        """Divide sums above the line by what they have in common with q, (2x - 2μ)/2 is x - μ; what is left of q."""
        for k, factor in enumerate(above):
            content = factor.primitive()[0] if q > 1 and factor.is_Add else None
            common = math.gcd(content.p, q) if content is not None and content.is_Integer else 1
            if common > 1:
                above[k], q = factor / common, q // common
        return q

    def ordered(self, expr: Any, above: Sequence[Any]) -> list[Any]:
        """The factors above the line, as the block has them or else as a textbook does."""
        if len(above) < 2:
            return list(above)
        whole = self.order.whole([self.piece(f) for f in above])
        if whole is not None:
            return [above[k] for k in sorted(range(len(above)), key=whole.__getitem__)]
        names = self.names(expr, above)
        return sorted(above, key=lambda f: self.place(f, names))

    @staticmethod
    def base(factor: Any) -> Any:
        return factor.base if factor.is_Pow else factor

    def names(self, expr: Any, above: Sequence[Any]) -> dict[str, tuple[Any, ...]]:
        """Where each name stands among the factors: as in that very product of the block, else as in those nearest."""
        bases = [(base.name, f) for f in above if (base := self.base(f)).is_Symbol]
        exact = self.order.exact.get(self.monomial(expr).powers, ())
        if all(key in exact for key, _ in bases):
            return {key: (exact.index(key), natural(key)) for key, _ in bases}
        places = self.order.among(key for key, _ in bases)
        for key, factor in bases:  # n x^(n-1)
            for other in {symbol.name for symbol in factor.exp.free_symbols} if factor.is_Pow else ():
                if other in places:
                    places[other] = min(places[other], (places[key][0] - 0.5, natural(other)))
        return places

    def piece(self, factor: Any) -> Piece:
        """The factor as `pieces` has it of a tree."""
        is_exponential = isinstance(factor, self.sp.exp)
        base = factor.base if factor.is_Pow and not is_exponential else factor
        keys = frozenset(symbol.name for symbol in base.free_symbols)
        if base.is_Symbol:
            return Piece(_NAME, keys) if not factor.is_Pow or factor.exp.is_Rational else Piece(_BRACKET, keys)
        if is_exponential:
            return Piece(_EXPONENTIAL, keys, "exp")
        return Piece(_FUNCTION, keys, self.function_name(base)) if base.is_Function else Piece(_BRACKET, keys)

    def one_root(self, above: list[Any], below: list[tuple[Any, Any]], p: int, q: int) -> int:
        """Write 1/√2 and 1/√(2π) where SymPy has √2/2 and √2/(2√π), and say which divisor is left."""
        half = self.sp.S.Half
        pi = (self.sp.pi, half)
        for factor in above:
            if not (factor.is_Pow and factor.exp == half and factor.base.is_Integer):
                continue
            n = factor.base.p
            if pi in below and q % n == 0:
                below[below.index(pi)] = (self.sp.Mul(n, self.sp.pi), half)
            elif p == 1 and q == n:
                below.append((factor.base, half))
            else:
                continue
            above.remove(factor)
            return int(q // n)
        return q

    @staticmethod
    def is_plain(expr: t.Expr) -> bool:
        if isinstance(expr, t.Power):
            expr = expr.base
            return isinstance(expr, (t.Name, t.Constant))
        return isinstance(expr, (t.Name, t.Constant, t.Sum)) or (
            isinstance(expr, t.Call) and expr.function in ("sqrt", "cbrt")
        )

    def factors(self, parts: list[t.Expr]) -> t.Expr:
        if len(parts) < 2:
            return parts[0] if parts else self.number("1")
        return t.Product(tuple(("", part) for part in parts))

    def place(self, factor: Any, names: Mapping[str, tuple[Any, ...]]) -> tuple[Any, ...]:
        """Where a factor stands in its product; names says it of the names."""
        base = self.base(factor)
        if base.is_Symbol and base.name and not (factor.is_Pow and factor.exp.has(self.sp.Function)):
            return _NAME, names[base.name], 0, ""
        if factor.is_number and not factor.is_Function:
            return _CONSTANT, (), 0, self.word(factor)
        inside = min((self.order.place(symbol.name) for symbol in base.free_symbols), default=())
        if base.is_Add:
            kind = _LATE_BRACKET if base.atoms(self.sp.Function) else _BRACKET
            return kind, inside, 0, self.word(base)
        if isinstance(factor, self.sp.exp) or not base.is_Function:
            return _EXPONENTIAL, inside, 0, self.word(factor)
        function = self.function_name(base)
        kind = _CASES if base.is_Piecewise else _FENCED if function in FENCED else _FUNCTION
        return kind, inside, self.order.function(function), self.word(base)

    def word(self, expr: Any) -> str:
        """SymPy's own text, by which what is alike otherwise is put in order."""
        if expr not in self.words:
            self.words[expr] = str(expr)
        return self.words[expr]

    def power(self, base: Any, exponent: Any) -> t.Expr:
        if exponent.is_Rational:
            if exponent.p < 0:
                return t.Fraction(self.number("1"), self.power(base, -exponent))
            if exponent.p == 1 and exponent.q == 1:
                return self.lay(base)
            if exponent.p == 1 and exponent.q == 2:
                return t.Call("sqrt", (self.lay(base),))
        shown = self.lay(base)
        if isinstance(shown, t.Call) and exponent.is_Integer and takes_power(shown.function):
            return t.Power(shown, self.lay(exponent), on_name=True)
        return t.Power(shown, self.lay(exponent))

    # -------------------------------------------------------------- functions and conditions
    def function(self, expr: Any) -> t.Expr:
        sp, kind = self.sp, type(expr).__name__
        if isinstance(expr, sp.exp):
            return t.Power(t.Constant("e"), self.lay(expr.args[0]))
        if expr.is_Piecewise:
            *branches, last = expr.args
            if not branches:
                return self.lay(last.expr)
            shown = tuple((self.lay(value), self.lay(condition)) for value, condition in branches)
            return t.Case(shown, self.lay(last.expr))
        if kind in _RELATIONS:
            if expr.lhs.is_Atom and not expr.rhs.is_Atom:  # |r| <= δ, which SymPy turns round
                expr = expr.reversed
            return t.Compare((self.lay(expr.lhs), self.lay(expr.rhs)), (_RELATIONS[type(expr).__name__],))
        if kind == "Unequality":
            equal = t.Compare((self.lay(expr.args[0]), self.lay(expr.args[1])), ("==",))
            return t.Logic("not", (equal,))
        if isinstance(expr, (sp.And, sp.Or)):
            operands = sorted(expr.args, key=sp.default_sort_key)
            return t.Logic("and" if isinstance(expr, sp.And) else "or", tuple(map(self.lay, operands)))
        if isinstance(expr, sp.Not):
            return t.Logic("not", (self.lay(expr.args[0]),))
        if kind in ("step", "Heaviside"):
            positive = t.Compare((self.lay(expr.args[0]), self.number("0")), (">",))
            return t.Indicator(positive)
        if self.function_name(expr) in FUNCTIONS and not (kind == "log" and len(expr.args) == 2):
            return self.call(expr)
        if isinstance(expr, sp.core.function.AppliedUndef):
            return t.UserCall(kind, tuple(map(self.lay, expr.args)))
        return self.other(expr)

    def call(self, expr: Any) -> t.Call:
        """A function of the language; of a name or a whole number alone without brackets, as its printing allows."""
        function, arguments = self.function_name(expr), expr.args
        if type(expr).__name__ in ("Max", "Min"):
            arguments = sorted(arguments, key=self.sp.default_sort_key)
            return t.Call(function, tuple(map(self.lay, arguments)))
        short = len(arguments) == 1 and function not in ("max", "min", "exp") and function not in FENCED
        bare = short and _is_atom(arguments[0]) and stands_alone(function)
        return t.Call(function, tuple(map(self.lay, arguments)), bare)

    def derivative(self, of: Any, by: Any) -> t.Expr:
        """∂u/∂x of a function of which nothing is known; by its one argument du/dx."""
        keys = tuple(t.Name(symbol.name) for symbol, count in by for _ in range(count))
        return (t.Partial if len(of.args) > 1 else t.Total)(t.Name(type(of).__name__), keys)

    def other(self, expr: Any) -> t.Expr:
        sp = self.sp
        if isinstance(expr, sp.Derivative):
            return self.derivative(expr.expr, expr.variable_count)
        if isinstance(expr, sp.Subs) and isinstance(expr.expr, sp.Derivative):
            inner = self.derivative(expr.expr.expr, expr.expr.variable_count)
            points = tuple(map(self.lay, expr.point))
            if len(points) == 1 and isinstance(inner, t.Total) and isinstance(inner.of, t.Name):
                return t.Slope(t.UserCall(inner.of.key, points), len(inner.by))
            same = all(type(one).__name__ == slot.name for one, slot in zip(expr.point, expr.variables))
            return inner if same else t.AtPoint(inner, points)
        if expr is sp.E or expr is sp.pi:
            return t.Constant("e" if expr is sp.E else "pi")
        if expr.is_Float and expr.is_finite:
            return self.float(expr)
        if isinstance(expr, (sp.Sum, sp.Product)) and len(expr.limits) == 1 and len(expr.limits[0]) == 3:
            index, first, last = expr.limits[0]
            kind = "sum" if isinstance(expr, sp.Sum) else "prod"
            return t.Family(self.lay(expr.function), index.name, self.lay(first), self.lay(last), kind)
        if isinstance(getattr(expr, "parent", None), sp.MatrixSymbol):  # an entry, counted from 0 there, from 1 here
            places = [self.lay(expr.i + 1), self.lay(expr.j + 1)][: 1 if expr.parent.shape[1] == 1 else 2]
            return t.Component(t.Name(expr.parent.name), tuple(places))
        if expr is sp.oo or expr is -sp.oo:
            sign = "-" if expr is -sp.oo else ""
            return t.Verbatim(sign + r"\infty", sign + "∞")
        return t.Verbatim(_printer(self.decimals).doprint(expr), str(expr))

    def sympified(self, expr: Any) -> Any:
        """Python's own numbers as SymPy's; never text."""
        if isinstance(expr, (bool, int, float)):
            return self.sp.Integer(expr) if isinstance(expr, int) else self.sp.Float(expr)
        if isinstance(expr, self.sp.Basic) and expr.has(self.sp.ITE):
            # a comparison of cases is a case distinction of conditions to SymPy; a block says it with and, or
            return expr.replace(lambda e: isinstance(e, self.sp.ITE), lambda e: e.to_nnf())
        return expr

    def float(self, expr: Any) -> t.Expr:
        exact = Fraction(repr(abs(float(expr))))
        shown = self.number(_decimal(exact.numerator, exact.denominator) or repr(abs(float(expr))))
        return shown if expr >= 0 else t.Negative(shown)


def _is_atom(expr: Any) -> bool:
    return bool(expr.is_Symbol or (expr.is_Integer and expr.is_positive))


def _decimal(p: int, q: int) -> str | None:
    """p/q in decimals: 0.3, or 1.5e-7 outside 10⁻⁴…10⁶; None where it does not end within eighty digits."""
    twos, fives, rest = 0, 0, q
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > 400:
        return None
    digits = str(p * 10**places // q)
    if len(digits.strip("0")) > 80:
        return None
    if p == 0:
        return "0"
    exponent = len(digits) - places - 1  # of the first digit
    significant = digits.rstrip("0") or "0"
    if exponent < -4 or (exponent >= 6 and len(significant) <= 6 and p != q * 10**6):
        return f"{significant[0]}{'.' + significant[1:] if significant[1:] else ''}e{exponent}"
    if places == 0:
        return digits
    padded = digits.rjust(places + 1, "0")
    return f"{padded[:-places]}.{padded[-places:]}".rstrip("0").rstrip(".")


@lru_cache(maxsize=2)
def _printer(decimals: bool) -> Any:
    """SymPy's LaTeX printer for what a block cannot contain: block names in it, and our layout of its entries."""
    from sympy.matrices.expressions.matexpr import MatrixExpr, MatrixSymbol
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):
        def _print(self, expr: Any, **options: Any) -> str:
            scalar = getattr(expr, "is_commutative", False) and not isinstance(expr, MatrixExpr)
            known = scalar and (expr.is_Symbol or expr.is_Add or expr.is_Mul or expr.is_Pow or expr.is_Rational)
            return latex(Layout(decimals)(expr)) if known else str(super()._print(expr, **options))

        def _print_MatrixSymbol(self, expr: Any) -> str:
            return name(expr.name).latex

        def _print_Transpose(self, expr: Any) -> str:
            shown = self._print(expr.arg)
            return rf"{shown}^{{\top}}" if isinstance(expr.arg, MatrixSymbol) else rf"\left({shown}\right)^{{\top}}"

    return Printer({"ln_notation": True})


def tree(expr: Any, decimals: bool = False, order: Order | None = None) -> t.Expr:
    """The tree of a SymPy expression; with `decimals` fractions that end are decimals. A matrix is one of trees."""
    layout = Layout(decimals, order)
    if getattr(expr, "is_Matrix", False) and hasattr(expr, "tolist"):
        return t.Matrix(tuple(tuple(map(layout, row)) for row in expr.tolist()))
    return layout(expr)
