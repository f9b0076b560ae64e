r"""Derivatives on the right of =: f'(x), ∂f/∂x, f_x, ∇f, hess f, D_v f, \left. … \right|_{x=a}.

A run of factors is looked through from its end to its start; what stands for a derivative becomes
one factor, `Found`, whose meaning is settled. What is left of the signs ∂ and ∇ then is an error.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from jacmagic.errors import AmbiguousMath, JacmagicError, NameMistake, Span, SyntaxMistake
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.equations import on_one_side
from jacmagic.language.keys import key_of
from jacmagic.language.readings import product, said

if TYPE_CHECKING:
    from jacmagic.language.reading import Reader
    from jacmagic.language.values import Values

OPERATORS = {"grad": t.Gradient, "hess": t.Hessian, "jac": t.Jacobian, "div": t.Divergence, "curl": t.Curl,
             "laplace": t.Laplacian}
"""Words that take one function of the block; where a line declares one, it is a name."""

_OF_FUNCTIONS = (t.Partial, t.Total, t.Directional, *OPERATORS.values())
_PRIME = "'"


@dataclass(frozen=True)
class Found(s.Raw):
    """A derivative as one factor of a run."""

    expr: t.Expr


def settled(reader: Reader, items: Sequence[s.Item]) -> list[s.Item]:
    """The factors of a run, each derivative as one of them."""
    if not any(map(_may_be, items)):
        return list(items)
    out: list[s.Item] = []
    for at in reversed(range(len(items))):
        here = [items[at], *out]
        out = _Factor(reader, here).settled() or here
    for item in out:
        if isinstance(item.atom, s.Word) and item.atom.text in ("∂", "∇"):
            sign = item.atom.text
            example = "∂f/∂x" if sign == "∂" else "∇f, ∇·F or ∇×F"
            raise SyntaxMistake(f"{sign} stands before a function of the block, as in {example}.", item.atom.span)
    return out


def _may_be(item: s.Item) -> bool:
    """Whether a derivative may begin here; most runs have none, and are left alone."""
    atom = item.atom
    if isinstance(atom, s.Word):
        return atom.text[0] in "∂∇dDJ" or atom.index is not None or atom.text in OPERATORS or (
            bool(item.posts) and item.posts[0].kind == _PRIME)
    return isinstance(atom, (s.Frac, s.Group, Found))


class _Factor:
    """The first of some factors, behind which every derivative is settled already."""

    def __init__(self, reader: Reader, items: list[s.Item]) -> None:
        self.reader, self.scope, self.items, self.item = reader, reader.scope, items, items[0]

    def settled(self) -> list[s.Item] | None:
        """The factors with the first ones as one derivative; None where there is none."""
        atom = self.item.atom
        if isinstance(atom, s.Frac):
            return self.fraction(atom)
        if isinstance(atom, s.Group):
            return self.group(atom)
        if not isinstance(atom, s.Word):
            return None
        if self.item.posts and self.item.posts[0].kind == _PRIME:
            return self.primed(atom)
        if atom.text == "∂" and atom.index is not None:
            return self.by_index(atom)
        if atom.text in OPERATORS and atom.index is None and not self.scope.knows(atom.text):
            return self.operator(atom)
        if atom.text in ("∂", "d") or (atom.text[0] == "d" and not self.scope.knows(key_of(atom))):
            return self.quotient(atom)
        if atom.text == "∇":
            return self.nabla(atom)
        if atom.text == "Delta" and atom.index is None:
            return self.delta()
        return self.indexed(atom) if atom.index is not None else None

    # -------------------------------------------------------------- tools
    def source(self, span: Span) -> str:
        return self.reader.source(span)

    def name(self, word: s.Word) -> t.Expr | None:
        """The one name that a word is, or a component; None where it is none, or several."""
        names = self.reader.names(word)
        return names[0] if len(names) == 1 and isinstance(names[0], (t.Name, t.Component)) else None

    def made(self, expr: t.Expr, count: int, posts: Sequence[s.Post] | None = None) -> list[s.Item]:
        """The factors with the first `count` of them as this derivative."""
        last = self.items[count - 1]
        span = self.item.span.to(last.span)
        posts = tuple(last.posts if posts is None else posts)
        inner = Span(expr.span.start, expr.span.stop)
        found = replace(self.item, span=span, atom=Found(inner, expr), posts=posts)
        return [found, *self.items[count:]]

    def beside(self, at: int) -> s.Item | None:
        """The factor at a place, where it stands there without an operator."""
        item = s.juxtaposed(self.items, at)
        return None if item is None or item.negative else item

    def call(self, at: int) -> s.Group | None:
        """The arguments in round brackets that stand at a place."""
        item = self.beside(at)
        group = item.atom if item is not None else None
        return group if isinstance(group, s.Group) and group.bracket == "(" else None

    def function(self, raw: s.Raw) -> str | None:
        """The key of a function of the block."""
        return self.reader.user_function(raw)

    def placed(self, expr: t.Expr, key: str, count: int) -> list[s.Item]:
        """The derivative of a function with an argument list, at the point that stands behind it in brackets."""
        group = self.call(count)
        last = self.items[count - 1]
        if group is None or last.posts and last.posts[-1].kind != _PRIME:
            return self.made(expr, count)
        arguments, params = self.reader.arguments(group), self.scope.functions[key]
        whole = self.item.span.to(group.span)
        if len(params) == 1 and not isinstance(expr, (t.Gradient, t.Hessian)) and self.is_quotient(expr):
            orders = len(expr.by) if isinstance(expr, (t.Partial, t.Total)) else 1
            name = self.source(expr.of.span) if isinstance(expr, (t.Partial, t.Total)) else key
            value = t.Phrase((t.Words(name + _PRIME * orders), said(group.span)))
            raise self.reader.ambiguous(
                whole, value, product(said(expr.span), said(group.span), sign="*"),
                says="{} can be a value or a product.",
            )
        if len(arguments) not in (1, len(params)):
            raise self.arity(expr, key, group, len(arguments))
        return self.made(t.AtPoint(expr, arguments, span=expr.span.to(group.span)), count + 1)

    def is_quotient(self, expr: t.Expr) -> bool:
        """True for what is written with a slash or a bar of a fraction."""
        typed = re.search(r"/|\\[dt]?frac", self.source(expr.span))
        return isinstance(expr, (t.Partial, t.Total)) and typed is not None

    def arity(self, expr: t.Expr, key: str, group: s.Group, count: int) -> SyntaxMistake:
        params = self.scope.functions[key]
        shown, inside = self.source(expr.span), self.source(group.span)
        return SyntaxMistake(
            f"{shown} takes {len(params)} argument{'s' * (len(params) > 1)}, as {key}({', '.join(params)}) does, and "
            f"gets {count} here.", expr.span.to(group.span), (f"{shown}*{inside}",) if count == 1 else (),
        )

    # -------------------------------------------------------------- f'
    def primed(self, word: s.Word) -> list[s.Item] | None:
        """f'(x), f''(3), bare f'; tanh'(z) too."""
        key, posts = key_of(word), self.item.posts
        order = next((k for k, post in enumerate(posts) if post.kind != _PRIME), len(posts))
        rest, head = posts[order:], word.span.to(posts[order - 1].span)
        if key in self.scope.rates:
            return None
        row, group = self.reader.function(word), self.call(1)
        row = self.reader.sigma(word) if row is None and group is not None else row
        if row is not None and row.kind == "entrywise" and row.arity == (1, 1):
            if group is None or rest:
                shown = self.source(head)
                raise SyntaxMistake(f"{shown} is a function and needs its argument: {shown}(…).", head)
            inner = t.Call(row.name, self.reader.arguments(group), span=word.span.to(group.span))
            return self.made(t.Slope(inner, order, span=head.to(group.span)), 2)
        if self.function(word) is None:
            return None
        params = self.scope.functions[key]
        if len(params) > 1:
            shown, name = self.source(head), self.source(word.span)
            fixes = tuple(f"∂{name}/∂{param}" for param in params[:2]) if order == 1 else ()
            raise AmbiguousMath(f"{shown}: {name} has {len(params)} arguments; by which one?", head, fixes)
        if group is not None:
            arguments = self.reader.arguments(group)
            if len(arguments) > 1:
                raise self.arity(t.Name(key, span=head), key, group, len(arguments))
            expr: t.Expr = t.Slope(t.UserCall(key, arguments, span=word.span.to(group.span)), order,
                                   span=head.to(group.span))
            for post in rest:  # f'^2(x)
                expr = t.Power(expr, self.reader.value(post.value[0]), span=expr.span)
            return self.made(expr, 2)
        own = tuple(t.Name(param, span=word.span) for param in params)
        return self.made(t.Slope(t.UserCall(key, own, span=word.span), order, span=head), 1, rest)

    # -------------------------------------------------------------- ∂f/∂x, df/dx
    def quotient(self, word: s.Word) -> list[s.Item] | None:
        """∂f/∂x, ∂²u/∂x∂y, df/dx, d/dx f, in a line."""
        sign = "∂" if word.text == "∂" else "d"
        if sign == "d" and self.scope.has_d():
            return None
        slash = next((k for k, item in enumerate(self.items) if k and item.operator == "/"), None)
        if slash is None or any(item.operator for item in self.items[1:slash]):
            return None
        below = self.below(self.items[slash:], sign)
        if below is None:
            return None
        by, used = below
        if self.item.operator in ("/", "./"):
            last = self.items[slash + used - 1]
            whole = self.item.span.to(last.span)
            shown = self.source(whole)
            raise SyntaxMistake("A derivative below a slash stands in brackets.", whole, (f"({shown})",))
        return self.of(sign, self.items[:slash], by, slash + used)

    def fraction(self, frac: s.Frac) -> list[s.Item] | None:
        r"""\frac{\partial f}{\partial x}, \frac{d}{dx} f."""
        above, below = (
            list(one.items) if isinstance(one, s.Run) else [s.Item(one.span, "", False, False, one)]
            for one in (frac.above, frac.below)
        )
        first = above[0].atom
        if not isinstance(first, s.Word) or self.item.posts:
            return None
        sign = "∂" if first.text == "∂" and first.index is None else "d" if first.text[0] == "d" else ""
        if not sign or sign == "d" and (self.scope.has_d() or self.scope.knows(key_of(first)) and first.text != "d"):
            return None
        found = self.below(below, sign)
        if found is None or found[1] < len(below) or any(item.operator for item in (*above[1:], *below[1:])):
            return None
        return self.of(sign, above, found[0], 1)

    def below(self, items: Sequence[s.Item], sign: str) -> tuple[list[tuple[t.Expr, int]], int] | None:
        """What a quotient is by, each name with its order, and how many factors that takes: ∂x², ∂x∂y, dx."""
        found: list[tuple[t.Expr, int]] = []
        at = 0
        while at < len(items) and not (at and items[at].operator):
            one = self.differential(items[at:], sign)
            if one is None:
                break
            name, order, used = one
            found.append((name, order))
            at += used
        return (found, at) if found else None

    def differential(self, items: Sequence[s.Item], sign: str) -> tuple[t.Expr, int, int] | None:
        """The name of ∂x², dx or d x that begins here, its order, and how many factors that takes."""
        first = last = items[0]
        word = first.atom
        if first.negative or not isinstance(word, s.Word):
            return None
        if word.text == sign and word.index is None and not first.posts:
            if len(items) == 1 or items[1].operator or not isinstance(items[1].atom, s.Word):
                return None
            last, word, used = items[1], items[1].atom, 2
        elif sign == "d" and word.text[0] == "d" and len(word.text) > 1 and not self.scope.knows(key_of(word)):
            word, used = replace(word, span=Span(word.span.start + 1, word.span.stop), text=word.text[1:]), 1
        else:
            return None
        name = self.name(word)
        if name is None:
            return None
        places = list(takewhile(lambda post: post.kind == "[", last.posts))
        expr, powers = self.reader.posts(name, places, last), last.posts[len(places) :]
        order = self.order(powers) if powers else 1
        return None if order is None else (expr, order, used)

    @staticmethod
    def order(posts: Sequence[s.Post]) -> int | None:
        """2 of ∂² and of x² below; None where something else stands there."""
        if len(posts) != 1 or posts[0].kind != "^":
            return None
        raw = s.unwrapped(posts[0].value[0])
        return int(raw.text) if isinstance(raw, s.Num) and raw.text in "12345678" else None

    def of(
        self, sign: str, above: Sequence[s.Item], by: Sequence[tuple[t.Expr, int]], count: int
    ) -> list[s.Item] | None:
        """The derivative of what stands above, or behind where nothing does; it takes `count` factors of the run."""
        first = above[0]
        word = first.atom
        assert isinstance(word, s.Word)
        glued = sign == "d" and word.text != "d"
        order = 1 if glued or not first.posts else self.order(first.posts)
        names = tuple(name for name, times in by for _ in range(times))
        last = self.items[count - 1]
        whole = self.item.span.to(last.span)
        inner: list[s.Item] = list(above[1:])
        if glued:
            rest = replace(word, span=Span(word.span.start + 1, word.span.stop), text=word.text[1:])
            inner = [replace(first, atom=rest, span=Span(first.span.start + 1, first.span.stop)), *inner]
        if self.of_time(sign, inner, names):
            return None
        if order is None or order != len(names):
            raise self.orders(sign, order, by, whole)
        make = t.Partial if sign == "∂" else t.Total
        if not inner:
            return self.applied(make, names, count, whole)
        key = self.function(inner[0].atom) if len(inner) == 1 else None
        if len(inner) == 1 and isinstance(inner[0].atom, s.Word) and not inner[0].posts:
            of: t.Expr = self.operand(inner[0].atom)
        else:
            of = self.reader.value(s.Run(inner[0].span.to(inner[-1].span), tuple(inner)))
            if not isinstance(of, (t.UserCall, t.Paren)):
                shown = self.source(of.span)
                raise SyntaxMistake(f"What {sign} is in front of stands in brackets.", of.span, (f"({shown})",))
        posts = () if last is self.item and isinstance(last.atom, s.Frac) else None
        expr = make(of, names, span=whole)
        if key is not None:
            return self.placed(expr, key, count) if self.call(count) else self.made(expr, count, posts or ())
        return self.made(expr, count, ())

    def of_time(self, sign: str, inner: Sequence[s.Item], names: Sequence[t.Expr]) -> bool:
        """True for dx/dt of a system, which is a name there."""
        words = [item.atom for item in inner]
        if sign != "d" or set(names) != {t.Name("t")}:
            return False
        return any(isinstance(word, s.Word) and key_of(word) in self.scope.rates for word in words) or (
            not words and bool(self.scope.rates))

    def orders(self, sign: str, order: int | None, by: Sequence[tuple[t.Expr, int]], whole: Span) -> JacmagicError:
        """∂f/∂x²: the number above is that below."""
        shown, total = self.source(whole), sum(times for _, times in by)
        match = re.fullmatch(r"([∂d])([^∂/^²³⁴\s]+)/(.*)", shown)
        raised = "⁰¹²³⁴⁵⁶⁷⁸⁹"[total] if total < 10 else ""
        if order == 1 and match and len(by) == 1:
            plain = re.sub(r"(\^\d|[²³⁴-⁹])$", "", shown)
            fixes = (f"{match[1]}{raised}{match[2]}/{match[3]}", f"({plain}){shown[len(plain):]}")
            return AmbiguousMath(f"{shown} can be a second derivative or a power.", whole, fixes)
        plural = f"{match[1]}{raised}{match[2]}/{match[3]}" if order == 1 and match else ""
        return SyntaxMistake(
            f"A derivative has the same order above and below the line; here {sign} stands {total} times below.", whole,
            (plural,) if plural else (),
        )

    def applied(
        self, make: type[t.Partial] | type[t.Total], names: tuple[t.Expr, ...], count: int, whole: Span
    ) -> list[s.Item]:
        """d/dx of the one factor that stands behind."""
        head = self.source(whole)
        rest = self.reader.in_time(self.items[count:])
        if not rest or rest[0].operator or rest[0].negative:
            raise SyntaxMistake(f"{head} stands before what it differentiates: {head} (x^2).", whole)
        factors, used = self.reader.factor(rest, 0)
        if len(factors) > 1 or used < len(rest) and rest[used].operator == "":
            stop = used
            while stop < len(rest) and rest[stop].operator == "":
                stop += 1
            first, end = factors[0].span, rest[stop - 1].span.stop
            behind = self.reader.text[first.start : end]
            one, more = self.reader.text[first.start : first.stop], self.reader.text[first.stop : end].strip()
            span = Span(whole.start, end)
            raise AmbiguousMath(
                f"{self.source(span)}: {head} takes one factor.", span, (f"{head} ({behind})", f"({head} {one}) {more}")
            )
        of = factors[0].expr
        span = Span(whole.start, factors[0].span.stop)
        if isinstance(of, t.Name):
            self.known(of, factors[0].span)
        elif not isinstance(of, (t.Paren, t.UserCall)):
            of = t.Paren(of, span=of.span)
        item = replace(self.item, span=span, atom=Found(span, make(of, names, span=span)), posts=())
        return [item, *rest[used:]]

    def by_index(self, word: s.Word) -> list[s.Item] | None:
        """∂_x f."""
        follow = self.beside(1)
        if follow is None or not isinstance(follow.atom, (s.Word, s.Group)) or self.item.posts:
            return None
        by = self.all_of(word)
        if by is None:
            return None
        of, key = self.taken(follow)
        expr = t.Partial(of, by, span=self.item.span.to(follow.atom.span))
        return self.placed(expr, key, 2) if key is not None else self.made(expr, 2)

    def all_of(self, word: s.Word) -> tuple[t.Expr, ...] | None:
        """The x and t of ∂_{xt}; one name alone where the index is one."""
        if word.parts:
            inner = self.reader.value(word.parts[0]) if len(word.parts) == 1 else None
            names = [one for _, one in inner.factors] if isinstance(inner, t.Product) else []
        else:
            start = word.span.stop - len(word.index or "")
            names = self.reader.names(s.Word(Span(start, word.span.stop), word.index or ""))
        if len(names) > 1 and all(isinstance(one, t.Name) for one in names):
            return tuple(names)
        one = self.by_of(word)
        return None if one is None else (one,)

    def by_of(self, word: s.Word) -> t.Expr | None:
        """The name that stands as an index: the W of ∇_W, the x of ∂_x, the v of D_v."""
        if word.parts:
            if len(word.parts) > 1:
                return None
            inner = self.reader.value(word.parts[0])
            return inner if isinstance(inner, (t.Name, t.Component)) else None
        assert word.index is not None
        start = word.span.stop - len(word.index)
        names = self.reader.names(s.Word(Span(start, word.span.stop), word.index))
        return names[0] if len(names) == 1 and isinstance(names[0], (t.Name, t.Component)) else None

    # -------------------------------------------------------------- ∇f, hess f
    def nabla(self, word: s.Word) -> list[s.Item] | None:
        """∇f, ∇_W L, ∇·F, ∇×F; ∇²f is the Hessian or the Laplacian."""
        follow = self.items[1] if len(self.items) > 1 and not self.items[1].negative else None
        if follow is None or not isinstance(follow.atom, (s.Word, s.Group, Found)):
            return None
        span = self.item.span.to(follow.atom.span)
        if self.item.posts:
            if self.order(self.item.posts) != 2 or follow.operator:
                return None
            shown = self.source(follow.atom.span)
            raise AmbiguousMath(
                f"{self.source(span)} can be the matrix of second derivatives or their sum.", span,
                (f"hess {shown}", f"laplace {shown}"),
            )
        if follow.operator not in ("", "·", "×"):
            return None
        of, key = self.taken(follow)
        if follow.operator:
            make = t.Divergence if follow.operator == "·" else t.Curl
            expr: t.Expr = make(of, span=span)
        else:
            by = self.by_of(word) if word.index is not None else None
            if word.index is not None and by is None:
                raise SyntaxMistake("∇ has one name as its index: ∇_W L.", word.span)
            expr = t.Gradient(of, by, span=span)
        return self.placed(expr, key, 2) if key is not None else self.made(expr, 2)

    def operator(self, word: s.Word) -> list[s.Item] | None:
        """grad f, hess f, jac F, div F, curl F, laplace f."""
        follow = self.beside(1)
        shown = word.text
        if follow is None or self.item.posts or not isinstance(follow.atom, (s.Word, s.Group, Found)):
            raise SyntaxMistake(f"{shown} stands before a function of the block: {shown} f.", word.span)
        of, key = self.taken(follow)
        make = OPERATORS[word.text]
        expr = make(of, span=self.item.span.to(follow.atom.span))
        if key is not None:
            return self.placed(expr, key, 2)
        return self.made(expr, 2)

    def delta(self) -> list[s.Item] | None:
        """Δf of a function f, where no line declares Δf."""
        follow = self.beside(1)
        if follow is None or self.item.posts or self.scope.knows("Delta") or not isinstance(follow.atom, s.Word):
            return None
        if self.function(follow.atom) is None or self.scope.knows("Delta" + key_of(follow.atom)):
            return None
        span, name = self.item.span.to(follow.atom.span), self.source(follow.atom.span)
        raise AmbiguousMath(
            f"{self.source(span)} can be the Laplacian of {name} or a name of its own.", span,
            (f"laplace {name}", f"Δ{name} in R"),
        )

    def taken(self, item: s.Item) -> tuple[t.Expr, str | None]:
        """What an operator is in front of, and its key where that is a function of the block."""
        atom = item.atom
        if isinstance(atom, Found):
            return atom.expr, None
        if isinstance(atom, s.Word):
            of = self.operand(atom)
            return of, self.function(atom)
        assert isinstance(atom, s.Group)
        inner = self.reader.group(atom)
        bare = t.inside(inner)
        if isinstance(bare, t.Name):
            self.known(bare, bare.span)
            return bare, bare.key if bare.key in self.scope.functions else None
        if isinstance(bare, t.DERIVATIVES):
            return inner, None
        raise SyntaxMistake(
            "A function or a definition of the block is expected here; give this one a name on a line above.", atom.span
        )

    def operand(self, word: s.Word) -> t.Name:
        """The function or definition that is differentiated."""
        name = self.name(word)
        if not isinstance(name, t.Name):
            raise SyntaxMistake("The name of a function or of a definition is expected here.", word.span)
        return self.known(name, word.span)

    def known(self, name: t.Name, span: Span) -> t.Name:
        if not self.scope.knows(name.key):
            shown = self.source(span)
            raise NameMistake(f"No line above says what {shown} is, so that it has no derivative here.", span)
        return name

    # -------------------------------------------------------------- f_x, J_F, D_v f
    def indexed(self, word: s.Word) -> list[s.Item] | None:
        """f_x and f_xy of a function with these arguments; J_F; D_v f."""
        base = key_of(s.Word(word.span, word.text))
        if base == "D" and (follow := self.beside(1)) is not None and not self.item.posts:
            return self.directional(word, follow)
        if self.scope.knows(key_of(word)):
            return None
        if self.item.posts and self.item.posts[0].kind == _PRIME:
            return None
        numbered = (word.index or "").isdigit()  # J_0, of Bessel
        if base == "J" and not numbered and (inner := self.by_of(word)) is not None and isinstance(inner, t.Name):
            if inner.key not in self.scope.functions:
                return None
            return self.placed(t.Jacobian(inner, span=word.span), inner.key, 1)
        if base not in self.scope.functions:
            return None
        ways = list(splits(word, self.scope.functions[base]))
        if not ways:
            return None
        if len(ways) > 1:
            shown = [f"∂{'⁰¹²³⁴⁵⁶⁷⁸⁹'[len(way)]}{word.text}/" + "".join(f"∂{one}" for one in way) for way in ways[:2]]
            raise AmbiguousMath(f"{self.source(word.span)} can be read in two ways.", word.span, shown)
        by = tuple(t.Name(key, span=word.span) for key in ways[0])
        return self.placed(t.Partial(t.Name(base, span=word.span), by, span=word.span), base, 1)

    def directional(self, word: s.Word, follow: s.Item) -> list[s.Item] | None:
        """D_v f."""
        if not isinstance(follow.atom, s.Word) or self.function(follow.atom) is None:
            return None
        along = self.by_of(word)
        if along is None:
            return None
        of, key = self.taken(follow)
        if self.scope.knows(key_of(word)):
            shown, f, v = self.source(word.span), self.source(follow.atom.span), self.source(along.span)
            along_v = t.Phrase((t.Words("grad "), said(follow.atom.span), t.Words(" · "), said(along.span)))
            raise self.reader.ambiguous(
                word.span.to(follow.atom.span), along_v,
                product(said(word.span), said(follow.atom.span), sign="*"),
                says=f"{shown} {f} can be the derivative along {v} or a product with the block's {shown}.",
            )
        assert key is not None
        return self.placed(t.Directional(of, along, span=self.item.span.to(follow.atom.span)), key, 2)

    # -------------------------------------------------------------- (∇f)(a, b)
    def group(self, group: s.Group) -> list[s.Item] | None:
        """A derivative in brackets, and the point behind it."""
        following = self.call(1)
        single = group.bracket == "(" and len(group.rows) == len(group.rows[0]) == 1
        if following is None or self.item.posts or not single:
            return None
        raw = group.rows[0][0]
        if not isinstance(raw, s.Run) or not _may_be(raw.items[0]):
            return None
        inner = self.reader.read(raw)
        if isinstance(inner, t.Slope) and isinstance(inner.call, t.UserCall):
            head = self.source(group.span)[1:-1].strip()
            if head.endswith((_PRIME, "′", "’")):
                raise self.reader.ambiguous(
                    group.span.to(following.span), t.Phrase((t.Words(head), said(following.span))),
                    product(said(group.span), said(following.span), sign="*"), says="{} can be a value or a product.",
                )
            return None
        of = getattr(inner, "of", None)
        if not isinstance(inner, _OF_FUNCTIONS) or not isinstance(of, t.Name) or of.key not in self.scope.functions:
            return None
        return self.placed(replace(inner, span=group.span), of.key, 1)


def check_order(reader: Reader, item: s.Item, group: s.Group, key: str) -> None:
    """f^(3)(x) of a function of one argument is its third derivative in books, and may be a power.

    Raises:
        AmbiguousMath: with both.
    """
    behind = reader.source(item.posts[0].span) if len(item.posts) == 1 else ""
    typed = re.fullmatch(r"\^\{?\s*\(\s*([1-9])\s*\)\s*\}?", behind)
    if typed is None or len(reader.scope.functions[key]) != 1:
        return
    name, argument = said(item.atom.span), said(group.span)
    raise reader.ambiguous(
        item.span.to(group.span), t.Phrase((name, t.Words(_PRIME * int(typed[1])), argument)),
        t.Power(t.Phrase((name, argument)), t.Number(typed[1])), says="{} can be a derivative or a power.",
    )


def splits(word: s.Word, params: Collection[str]) -> Iterator[tuple[str, ...]]:
    """The ways to read the index of f_xy as arguments of the function."""
    if not word.parts:
        assert word.index is not None
        yield from of_letters(word.index, params)
        return
    inside = [raw for part in word.parts for raw in s.nodes(part)]
    if any(isinstance(raw, (s.Num, s.Frac, s.Group, s.Terms)) for raw in inside):
        return
    found: list[str] = []
    for piece in sorted((raw for raw in inside if isinstance(raw, s.Word)), key=lambda one: one.span):
        key = key_of(piece)
        ways = [(key,)] if key in params else list(of_letters(piece.typed, params))
        if len(ways) != 1:
            return
        found += ways[0]
    if found:
        yield tuple(found)


def of_letters(text: str, params: Collection[str]) -> Iterator[tuple[str, ...]]:
    """The ways to write a text as names side by side."""
    if not text:
        yield ()
        return
    spelt = {("lambda" if key == "lam" else key): key for key in params}
    for shown, key in spelt.items():
        if text.startswith(shown):
            for rest in of_letters(text[len(shown) :], params):
                yield (key, *rest)


def check_declared(reader: Reader, statements: Sequence[s.Statement]) -> None:
    """Refuse a name that a line declares and that is also a derivative of a function of the block: f_x, J_F.

    Raises:
        AmbiguousMath: with the name.
    """
    functions = reader.scope.functions
    for line, word in ((one, word) for one in statements for word in (*one.names, *one.params)):
        if word.index is None:
            continue
        base, shown = key_of(s.Word(word.span, word.text)), reader.source(word.span)
        of = next((key for key in functions if base == "J" and word.index == key), base)
        if of in functions and (of != base or any(splits(word, functions[of]))):
            letter = next(one for one in "pqwuvcdghkm" if one not in reader.scope.names)
            own, equals = f"{letter}_{word.index}", reader.source(line.span).partition("=")
            if line.kind in ("define", "function") and word is line.names[0] and "\n" not in equals[2]:
                fixes = on_one_side(equals[0].strip(), equals[2]), equals[0].replace(shown, own, 1) + "=" + equals[2]
                raise AmbiguousMath(
                    f"{shown} can be the derivative of {of}, and this line an equation, or a name of its own, which "
                    "has another letter then.", line.span, fixes,
                )
            raise AmbiguousMath(
                f"{shown} can be the derivative of {of}, which needs no line, or a name of its own, which has another "
                "letter then.", word.span, (own,),
            )


def evaluated(reader: Values, expr: t.Expr, post: s.Post) -> t.Expr:
    """A formula at the place behind its bar: the arguments by name, or in their order."""
    places: list[t.Expr] = []
    for raw in post.value:
        assert isinstance(raw, s.Place)
        if raw.name is None:
            raise SyntaxMistake("A place names what it gives: |_(x = 3).", raw.span)
        names = reader.names(raw.name)
        if len(names) != 1 or not isinstance(names[0], t.Name):
            raise SyntaxMistake("One name is expected before =.", raw.name.span)
        places.append(t.Equation((names[0], reader.value(raw.value)), span=raw.span))
    span = Span(expr.span.start, post.span.stop)
    return t.Evaluated(expr, t.Listing(tuple(places), span=post.span), span=span)

