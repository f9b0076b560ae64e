"""Derivatives in time on the right of =: which name of a system x', ẋ and dx/dt are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jacmagic.errors import Span, SyntaxMistake
from jacmagic.functions import find
from jacmagic.language import nodes as s
from jacmagic.language import tree as t
from jacmagic.language.keys import Rate, is_letter, key_of
from jacmagic.language.rates import undotted
from jacmagic.language.readings import product, said
from jacmagic.language.words import Words


class Times(Words):
    """Derivatives in time, and the time that is not written."""

    def in_time(self, items: Sequence[s.Item]) -> list[s.Item]:
        """The factors with x', ẋ, dx/dt as the names they are in a system, and without the time of x(t)."""
        out: list[s.Item] = []
        at = 0
        while at < len(items):
            item, used = self.rate(items, at)
            out.append(item)
            at += used
        return out

    def difference_of(self, items: Sequence[s.Item], at: int) -> s.Word | None:
        r"""Δt, \Delta t, and the δx and dθ that a line declares, as one name; None for a product."""
        item, word = items[at], items[at].atom
        follow = s.juxtaposed(items, at + 1)
        if not isinstance(word, s.Word) or word.text not in ("Delta", "delta", "d") or word.index is not None:
            return None
        behind = s.alone(follow.atom) or follow.atom if follow is not None else None
        if follow is None or item.posts or not isinstance(behind, s.Word) or self.function(behind):
            return None
        known = self.scope.knows(word.text)
        capital, glued = word.text == "Delta", not follow.gap
        if word.text == "d" and not behind.whole or not capital and not glued:
            return None
        joined = s.Word(word.span.to(behind.span), word.text + behind.text, behind.index, (), True)
        front, back = self.source(word.span), self.source(behind.span)
        if not glued and not word.command:
            if known or not is_letter(behind):
                return None
            apart = product(said(word.span), said(behind.span), sign="*")
            raise self.ambiguous(joined.span, t.Name(key_of(joined)), apart, says="{} can be one name or a product.")
        if self.scope.knows(key_of(joined)) or (capital and is_letter(behind) and not known):
            return joined
        if known and not capital or word.command and (not capital or not is_letter(behind)):
            return None
        raise self.difference(self.source(joined.span), joined.span, f"{front}*{back}")

    def rate(self, items: Sequence[s.Item], at: int) -> tuple[s.Item, int]:
        """One factor of a run with its derivative in time and its (t) settled, and how many items that takes."""
        item, used = items[at], 1
        inner = s.alone(item.atom)
        if isinstance(inner, s.Word) and (  # {\rm sin} x, {x}(t)
            self.function(inner) or self.user_function(inner) or key_of(inner) in self.scope.timed
        ):
            item = replace(item, atom=inner)
        atom, posts = item.atom, item.posts
        if isinstance(atom, s.Frac):
            found = self.leibniz(atom.above, atom.below, items, at)
            if found is not None:
                key, used = found
                last = items[at + used - 1]
                span = item.span.to(last.span)
                item = replace(item, span=span, atom=Rate(span, key, whole=True), posts=last.posts)
            return item, used
        if not isinstance(atom, s.Word):
            return item, 1
        if atom.text == "d" and self.divided(item, items, at) is None or atom.text in ("Delta", "delta"):
            if (joined := self.difference_of(items, at)) is not None:
                follow = items[at + 1]
                return replace(item, span=item.span.to(follow.span), atom=joined, posts=follow.posts), 2
        primes = next((k for k, post in enumerate(posts) if post.kind != "'"), len(posts))
        if primes:
            span = atom.span.to(posts[primes - 1].span)
            item = replace(item, atom=self.primed(atom, primes, span), posts=posts[primes:])
        elif (bare := undotted(atom)) is not None and not self.scope.knows(key_of(atom)):
            rate = self.derivative(key_of(bare[0]), bare[1])
            if rate is not None:
                item = replace(item, atom=Rate(atom.span, rate, whole=True))
        item, used = self.without_time(item, items, at)
        if not item.posts and (divided := self.divided(item, items, at + used - 1)) is not None:
            item, more = divided
            return item, used + more
        return self.differential(item), used

    def derivative(self, key: str, order: int) -> str | None:
        """The key of the derivative of a name in time, where the block has an equation for it."""
        for _ in range(order):
            if key not in self.scope.rates:
                return None
            key = self.scope.rates[key]
        return key

    def primed(self, word: s.Word, primes: int, span: Span) -> Rate:
        """x' and x'' on the right of =."""
        key = self.derivative(key_of(word), primes)
        if key is not None:
            return Rate(span, key, whole=True)
        shown = self.source(word.span)
        if find(word.typed) is not None:
            raise SyntaxMistake("A prime is a derivative of a function of one argument, entry by entry.", span)
        raise SyntaxMistake(
            f"{self.source(span)} is a derivative, and no line gives it: of a function it needs {shown}(x) = … above, "
            f"in time {shown}{chr(39) * primes} = …; the transpose is {shown}^T.", span,
            (f"{shown}^T",) if primes == 1 and key_of(word) in self.scope.vectors | self.scope.matrices else (),
        )

    def without_time(self, item: s.Item, items: Sequence[s.Item], at: int) -> tuple[s.Item, int]:
        """x(t), ẋ(t) of a system: the time is dropped."""
        word = item.atom
        follow = s.juxtaposed(items, at + 1)
        if follow is None or item.posts or follow.negative or not isinstance(word, s.Word):
            return item, 1
        key = key_of(word)
        if key in self.scope.depends and isinstance(follow.atom, s.Group) and self.are_own(key, follow.atom):
            return replace(item, span=item.span.to(follow.span), posts=follow.posts), 2
        if not isinstance(word, Rate) and (key not in self.scope.timed or key in self.scope.functions):
            return item, 1
        inside = s.unwrapped(follow.atom)
        span = item.span.to(follow.atom.span)
        shown, within = self.source(item.span), self.source(inside.span)
        if not isinstance(follow.atom, s.Group):
            return item, 1
        if isinstance(inside, s.Terms) and any(self.is_time(term) for _, term in inside.terms):
            words = {key_of(raw) for raw in s.nodes(inside) if isinstance(raw, s.Word)}
            if not words & self.scope.timed and self.is_time(inside.terms[0][1]):
                raise SyntaxMistake(
                    f"{shown} at another time, {within}, is not taken: a system says how it changes by what it is now.",
                    span,
                )
        if not self.is_time(inside):
            return item, 1
        if self.scope.knows("t"):
            raise self.ambiguous(
                span, said(item.span), product(said(item.span), said(inside.span), sign="*"),
                says=f"{{}} can be {shown} at the time t, or a product with t.",
            )
        return replace(item, span=item.span.to(follow.span), posts=follow.posts), 2

    def are_own(self, key: str, group: s.Group) -> bool:
        """True for y(x) of y = y(x), which is y."""
        words = [s.bare(entry) for row in group.rows for entry in row]
        return [key_of(one) if isinstance(one, s.Word) else "" for one in words] == list(self.scope.depends[key])

    def is_time(self, raw: s.Raw) -> bool:
        word = s.bare(raw)
        return isinstance(word, s.Word) and word.text == "t" and word.index is None and not isinstance(raw, s.Terms)

    def divided(self, item: s.Item, items: Sequence[s.Item], at: int) -> tuple[s.Item, int] | None:
        """dx/dt as one factor, where items[at] is the last of the numerator, and how many items come to it."""
        key = self.of_differential(item.atom, items, at)
        if key is None:
            return None
        at += key[1]
        if at + 1 >= len(items) or items[at + 1].operator != "/":
            return None
        below = items[at + 1]
        pieces = [below.atom]
        more = key[1] + 1
        if isinstance(below.atom, s.Word) and below.atom.typed == "d" and at + 2 < len(items) and not below.posts:
            pieces.append(items[at + 2].atom)
            below, more = items[at + 2], more + 1
        if "".join(one.typed if isinstance(one, s.Word) else "?" for one in pieces) != "dt":
            return None
        span = item.span.to(below.span)
        return replace(item, span=span, atom=Rate(span, key[0], whole=True), posts=below.posts), more

    def of_differential(self, atom: s.Raw, items: Sequence[s.Item], at: int) -> tuple[str, int] | None:
        """The key of x' for the dx of dx/dt, and how many more items it takes: one for d x."""
        if not isinstance(atom, s.Word) or isinstance(atom, Rate) or self.scope.knows(key_of(atom)):
            return None
        if atom.typed == "d" and at + 1 < len(items) and items[at + 1].operator == "" and not items[at + 1].posts:
            follow = items[at + 1].atom
            key = self.derivative(key_of(follow), 1) if isinstance(follow, s.Word) else None
            return (key, 1) if key is not None else None
        if not atom.text.startswith("d") or len(atom.text) == 1:
            return None
        key = self.derivative(key_of(replace(atom, text=atom.text[1:])), 1)
        return (key, 0) if key is not None else None

    def leibniz(self, above: s.Raw, below: s.Raw, items: Sequence[s.Item], at: int) -> tuple[str, int] | None:
        r"""The key of \frac{dx}{dt}, or of \frac{d}{dt} x, and how many items it takes."""
        words = [self.source(one.span).replace("\\mathrm{d}", "d") for one in (above, below)]
        if "".join(words[1].split()) != "dt":
            return None
        if "".join(words[0].split()) == "d" and at + 1 < len(items) and items[at + 1].operator == "":
            item, used = self.without_time(items[at + 1], items, at + 1)
            key = self.derivative(key_of(item.atom), 1) if isinstance(item.atom, s.Word) and not item.posts else None
            return (key, 1 + used) if key is not None else None
        inner = above.items if isinstance(above, s.Run) else (s.Item(above.span, "", False, False, above),)
        found = self.of_differential(inner[0].atom, inner, 0)
        if found is None or inner[0].posts:
            return None
        place = found[1]
        name = inner[place].atom
        assert isinstance(name, s.Word)
        bare = replace(name, text=name.text[1:]) if not place else name
        _, used = self.without_time(replace(inner[place], atom=bare), inner, place)
        return (found[0], 1) if place + used == len(inner) else None

    def differential(self, item: s.Item) -> s.Item:
        """dx in a system: d times x where the block has a d, else the derivative may be meant."""
        word = item.atom
        found = self.of_differential(word, (), 0)
        if found is None or self.scope.knows("d") or not isinstance(word, s.Word):
            return item
        d, name = Span(word.span.start, word.span.start + 1), Span(word.span.start + 1, word.span.stop)
        rest = self.source(name)
        above = found[0] in self.scope.names or self.scope.ends.get(found[0], word.span.stop) < word.span.start
        raise self.ambiguous(
            word.span, product(said(d), said(name)), *((t.Phrase((said(name), t.Words("'"))),) if above else ()),
            says=f"{{}} can be d times {rest} or the derivative {rest}' in time.",
        )
