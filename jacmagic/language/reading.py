"""What runs of factors mean: products, calls, bare application, split words.

The one place that decides, once the declared names are known, where `sin 2x cos x`
ends, whether `g(x+1)` calls or multiplies, whether `xy` is x·y, and which texts
have two readings. Takes `syntax` nodes, gives `tree` nodes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from jacmagic.errors import AmbiguousMath, JacmagicError, NameMistake, Span, SyntaxMistake, nearest
from jacmagic.functions import CONSTANTS, FUNCTIONS, OF_LOGITS, SPELLINGS, Function, find
from jacmagic.language import syntax as s
from jacmagic.language import tree as t
from jacmagic.names import GREEK


def key_of(word: s.Word) -> str:
    """The one key of a name, however it is typed: x_1, x₁, x_{1} are `x1`; λ is `lam`."""
    text = word.text
    if text == "lambda" or re.fullmatch(r"lambda[0-9]+", text):
        text = "lam" + text[6:]
    if word.index is None:
        return text
    joined = text[-1].isalpha() and word.index.isdigit() and "_" not in text
    return f"{text}{word.index}" if joined else f"{text}_{word.index}"


@dataclass(frozen=True)
class Rate(s.Word):
    """A derivative in time on the right of =: x', ẋ, dx/dt; `text` is the key of the name that it is."""


def is_letter(word: s.Word) -> bool:
    """True for one letter or Greek word, perhaps with digits behind it: a name without being declared."""
    letters = word.text.rstrip("0123456789")
    base = letters.split("_")[0]
    if len(base) == 1 or base in GREEK:
        return True
    return word.whole and (base == "ell" or (base[5:] in GREEK or len(base) == 6) and base.startswith("Delta"))


_OPERATORS = {"·": "dot", "×": "cross"}


@dataclass
class Scope:
    """What the lines of a block declare, as far as reading an expression needs it.

    names      every declared key
    functions  user functions: key -> the keys of their arguments
    vectors    keys known to be vectors before sizes are inferred
    matrices   likewise matrices
    lengths    of vectors, as their lines say them
    rates      the variables of a system, x of x' = …, with the name of the derivative: dx, or v where x'' = …
    timed      the names that change in time, x of x(t)
    ends       where the line ends that says what dx is
    net        True in %%nnchain, where σ( ) is sigmoid
    indices    the indices of the families that are open
    """

    names: set[str] = field(default_factory=set)
    functions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    vectors: set[str] = field(default_factory=set)
    matrices: set[str] = field(default_factory=set)
    lengths: dict[str, str] = field(default_factory=dict)
    rates: dict[str, str] = field(default_factory=dict)
    timed: set[str] = field(default_factory=set)
    ends: dict[str, int] = field(default_factory=dict)
    net: bool = False
    indices: list[str] = field(default_factory=list)

    def knows(self, key: str) -> bool:
        return key in self.names or key in self.indices


@dataclass(frozen=True)
class Settled:
    """One factor of a run after reading: the tree and how it looks from behind."""

    operator: str
    expr: t.Expr
    gap: bool
    span: Span
    bracket: bool = False  # it ends in a bracket, so that a gap behind it is clear
    number: bool = False


FOREIGN = {
    "tg": "tan", "ctg": "cot", "cotg": "cot", "cosec": "csc", "sen": "sin", "sh": "sinh", "ch": "cosh",
    "th": "tanh", "arctg": "atan", "arcsen": "asin", "sgn": "sign", "heaviside": "step",
    **{prefix + name: f"a{name}" for name in "sinh cosh tanh coth sech csch".split() for prefix in ("ar", "arc")},
    "maximum": "max", "minimum": "min", "avg": "mean", "average": "mean", "crossentropy": "cross_entropy",
    "LeakyReLU": "leaky_relu", "logsoftmax": "log_softmax", "softsgn": "softsign", "layernorm": "layer_norm",
    "rmsnorm": "rms_norm", "sine": "sin", "cosine": "cos", "tangent": "tan", "smooth_l1": "huber", "mse_loss": "mse",
    "BCELoss": "bce", "MSELoss": "mse", "L1Loss": "mae", "HuberLoss": "huber", "SmoothL1Loss": "huber",
    "fabs": "abs", "ld": "log2", "lb": "log2", "arctan2": "atan2",
}
"""Functions as books in other languages, or other books, write them."""

ELSEWHERE = {
    "det": "write it out, A[1,1] A[2,2] - A[1,2] A[2,1]; that of the Jacobian is shown by itself",
    **dict.fromkeys(("tr", "trace"), "write sum(A[i,i] for i = 1..n)"),
    **dict.fromkeys(("inv", "inverse", "pinv"), "write the inverse out, or declare it as a matrix of its own"),
    **dict.fromkeys(("eig", "eigvals", "svd", "rank", "kron", "vec"), "matrices are added, multiplied and transposed"),
    **dict.fromkeys(("integral", "integrate", "int", "lim", "limit"), "integrals and limits are worked out before"),
    **dict.fromkeys(("diff", "grad", "div", "curl"), "derivatives are what jacmagic finds; give only the function"),
    **dict.fromkeys(("mod", "gcd", "lcm"), "remainders are written with floor, x - 2 floor(x/2)"),
    **dict.fromkeys(("Im", "arg", "conj"), "all names are real"),
    **dict.fromkeys(("factorial", "binom", "choose"), "write prod(i for i = 1..n)"),
    **dict.fromkeys(("pow", "power"), "write x^2"),
    **dict.fromkeys(("len", "length", "size", "shape"), "a size is a number that a line gives, n = 3 and x in R^n"),
    **dict.fromkeys(("argmax", "argmin", "round", "sort"), "it has no derivative"),
    **dict.fromkeys(("std", "sd"), "write sqrt(var(x))"), "cov": "write mean(x .* y) - mean(x) mean(y)",
    **dict.fromkeys(("dropout", "batch_norm", "batchnorm", "conv"), "layers have no state here"),
    "acot": "write atan(1/x)",
    "lse": "write logsumexp(z)",
    **dict.fromkeys(("kl", "kl_div"), "write dot(p, ln(p ./ q))"),
    **dict.fromkeys(("nll", "nll_loss"), "write -dot(y, log_softmax(z))"),
    "prelu": "write max(x, 0) + a min(x, 0)", "hinge": "write max(0, 1 - y z)", "where": "write a if x > 0 else b",
    "rms": "write sqrt(mean(x^2))",
    **dict.fromkeys(("concat", "concatenate", "cat", "stack", "hstack", "vstack"), "write [a, b]"),
    **dict.fromkeys(("matmul", "linear", "mm"), "write a product, A B or W x + b"),
    "transpose": "write A^T", **dict.fromkeys(("square", "sq"), "write x^2"),
    "outer": "write x y^T", "normalize": "write x/norm(x)", "cosine_similarity": "write dot(x, y)/(norm(x) norm(y))",
    "dist": "write norm(x - y)", "softmin": "write softmax(-z)", "exp2": "write 2^x",
    "hardsigmoid": "write clip(x/6 + 1/2, 0, 1)",
    "attention": "write V^T softmax(K q)",
    **dict.fromkeys(("hessian", "hess", "laplacian", "laplace", "jacobian", "jac", "gradient", "derivative"),
                    "derivatives are what jacmagic finds; give only the function"),
    **dict.fromkeys(("maxpool", "max_pool", "avgpool", "conv1d", "conv2d", "flatten", "embedding", "lstm", "gru"),
                    "a layer is written as its formula"),
    **dict.fromkeys(("logdet", "cholesky", "qr", "solve", "lstsq", "eigh", "eigenvalues", "diagonal", "adjoint"),
                    "matrices are added, multiplied and transposed"),
    "l1norm": "write ||x||_1", "l2norm": "write ||x||",
    **dict.fromkeys(("gammaln", "lgamma", "digamma", "besselj", "airy"), "it is not among the functions here"),
    **dict.fromkeys(("random", "rand", "randn", "normal", "uniform", "bernoulli"), "nothing here is random"),
    **dict.fromkeys(("stddev",), "write sqrt(var(x))"),
    **dict.fromkeys(("zeros", "ones", "eye", "identity", "linspace", "arange", "range"),
                    "write [1 for i = 1..3]"),
    "cumsum": "write [sum(x[k] for k = 1..i) for i = 1..3]", "glu": "write a sigmoid(b)",
    "expm1": "write e^x - 1", "log1p": "write ln(1 + x)", "hypot": "write sqrt(x^2 + y^2)", "sinc": "write sin(x)/x",
}
"""Functions of mathematics that the language does not have, and what to do instead."""

_INDEX_LETTERS = frozenset("ijklmn")
"""Behind a vector's name, these are indices: x_i."""


_OF_NUMBERS = frozenset({"ln", "log2", "log10", "exp"})
"""Functions that are as often taken of a number, ln 2 x, as of what follows it."""


class Reader:
    """Reads the expressions of one block."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope
        self.looking = False  # ahead, for where the factors end that touch one another

    def source(self, span: Span) -> str:
        return self.text[span.start : span.stop]

    # -------------------------------------------------------------- expressions
    def read(self, raw: s.Raw) -> t.Expr:
        """The meaning of any syntax node."""
        if isinstance(raw, s.Run):
            return self.run(raw)
        if isinstance(raw, s.Terms):
            terms = tuple((sign, self.read(term)) for sign, term in raw.terms)
            if len(terms) == 1:
                return t.Negative(terms[0][1], span=raw.span) if terms[0][0] < 0 else terms[0][1]
            return t.Sum(terms, span=raw.span)
        if isinstance(raw, s.Cases):
            branches = tuple((self.read(value), self.read(condition)) for value, condition in raw.branches)
            for _, condition in branches:
                self.expect_condition(condition)
            return t.Case(branches, self.read(raw.otherwise), span=raw.span)
        if isinstance(raw, s.Relation):
            return t.Compare(tuple(map(self.read, raw.operands)), raw.relations, span=raw.span)
        if isinstance(raw, s.Boolean):
            operands = tuple(map(self.read, raw.operands))
            wedge = len(operands) == 2 and self.source(raw.span).count("∧") == 1
            for operand in operands:
                if wedge and not isinstance(operand, (t.Compare, t.Logic)):
                    pair = [self.source(one.span) for one in operands]
                    raise SyntaxMistake(
                        "∧ is and, which joins conditions; the product of vectors is cross.", raw.span,
                        (f"cross({pair[0]}, {pair[1]})",),
                    )
                self.expect_condition(operand)
            return t.Logic(raw.operator, operands, span=raw.span)
        if isinstance(raw, s.For):
            return self.family(raw, raw.kind or "vector")
        if isinstance(raw, (s.Word, s.Num, s.Group, s.Bars, s.Frac, s.Applied, s.Indicator)):
            return self.run(s.Run(raw.span, (s.Item(raw.span, "", False, False, raw),)))
        raise SyntaxMistake("This does not read as an expression.", raw.span)

    def value(self, raw: s.Raw) -> t.Expr:
        """An expression that must not be a condition."""
        expr = self.read(raw)
        if isinstance(expr, (t.Compare, t.Logic)):
            raise SyntaxMistake("A comparison stands in a condition: a if x > 0 else b.", expr.span)
        return expr

    def expect_condition(self, expr: t.Expr) -> None:
        if isinstance(expr, t.Paren):
            self.expect_condition(expr.inner)
        elif not isinstance(expr, (t.Compare, t.Logic)):
            raise SyntaxMistake("A condition compares: x > 0, or 0 < x < 1.", expr.span)

    def family(self, raw: s.For, kind: str) -> t.Family:
        index = key_of(raw.index)
        if index in self.scope.names:
            raise NameMistake(
                f"{raw.index.typed} is the index here and a name of the block; choose another index.", raw.index.span
            )
        first, last = self.value(raw.first), self.value(raw.last)
        self.scope.indices.append(index)
        body = self.value(raw.body)
        self.scope.indices.pop()
        return t.Family(body, index, first, last, kind, span=raw.span)

    # -------------------------------------------------------------- words
    def names(self, word: s.Word) -> list[t.Expr]:
        """The names that a word stands for: one, or the factors it splits into."""
        scope = self.scope
        if isinstance(word, Rate):
            return [t.Name(word.text, word.text.startswith("d"), span=word.span)]
        if word.text == s.ONES:
            return [t.Ones(span=word.span)]
        component = self.component(word)
        if component is not None:
            return [component]
        key = key_of(word)
        if key in scope.indices:
            return [t.Name(key, span=word.span)]
        if scope.knows(key):
            return [t.Name(key, span=word.span)]
        if word.index is None and word.text in CONSTANTS:
            return [t.Constant(word.text, span=word.span)]
        if is_letter(word):
            return [t.Name(key, span=word.span)]
        if not word.whole:
            return self.split(word)
        raise self.unknown(word)

    def component(self, word: s.Word) -> t.Expr | None:
        """`x2` with x a vector, `x_i` in a family over i, `W_{ij}`, `W_{1,2}`."""
        scope = self.scope
        if word.index is None:
            match = re.fullmatch(r"(.*?[A-Za-z])([0-9]+)", word.text)
            if match and not scope.knows(key_of(word)) and match[1] in scope.vectors:
                digits = Span(word.span.stop - len(match[2]), word.span.stop)
                return t.Component(t.Name(match[1], span=word.span), (t.Number(match[2], span=digits),), span=word.span)
            return None
        base = key_of(s.Word(word.span, word.text))
        key = key_of(word)
        if scope.knows(key):
            return None
        name = t.Name(base, span=word.span)
        if word.index.isdigit():
            if base in scope.vectors:
                return t.Component(name, (t.Number(word.index, span=word.span),), span=word.span)
            return None
        if word.index in scope.indices:
            return t.Component(name, (t.Name(word.index, span=word.span),), span=word.span)
        if len(word.parts) > 1 or (word.parts and not s.names_something(word.index)):
            return t.Component(name, tuple(self.value(part) for part in word.parts), span=word.span)
        if len(word.index) == 2 and all(ch in scope.indices or ch.isdigit() for ch in word.index) and (
            any(ch in scope.indices for ch in word.index)
        ):
            ends = tuple(t.Number(c, span=word.span) if c.isdigit() else t.Name(c, span=word.span) for c in word.index)
            return t.Component(name, ends, span=word.span)
        kinds = {1: ("vector", scope.vectors), 2: ("matrix", scope.matrices)}
        kind, alike = kinds.get(len(word.index), ("", set()))
        if base in alike and _INDEX_LETTERS.issuperset(word.index):
            shown = self.source(word.span)
            letter = next(c for c in word.index if c not in scope.indices)
            places = ",".join(c if c in scope.indices or scope.knows(c) else "1" for c in word.index)
            raise NameMistake(
                f"{base} is a {kind}, and nothing runs over the {letter} of {shown}; "
                f"one entry for each {letter} is [… for {letter} = 1..n].",
                word.span, (f"{base}[{places}]",),
            )
        return None

    def split(self, word: s.Word) -> list[t.Expr]:
        """A word as a product of names; an error where that can be done in no way or in two."""
        ways = self.ways(word)
        if len(ways) > 1:
            shown = [" ".join(self.source(piece.span) for piece in way) for way in ways[:2]]
            raise AmbiguousMath(f"{self.source(word.span)} can be read in two ways.", word.span, shown)
        if not ways:
            raise self.unknown(word)
        found: list[t.Expr] = []
        for piece in ways[0]:
            found += self.names(piece)
        return found

    def pieces(self, word: s.Word, cuts: Sequence[int]) -> list[s.Word]:
        """The word cut at these offsets; the last piece takes the index."""
        ends = [0, *cuts, len(word.text)]
        out = []
        for begin, end in pairwise(ends):
            last = end == len(word.text)
            stop = word.span.stop if last else word.span.start + end
            text = word.text[begin:end]
            out.append(s.Word(Span(word.span.start + begin, stop), text, word.index if last else None))
        return out

    def ways(self, word: s.Word) -> list[list[s.Word]]:
        """Up to two ways to read a word as a product of declared names."""
        text = word.text
        places = [k for k in range(1, len(text)) if not text[k].isdigit()]

        def declared(piece: s.Word) -> bool:
            return (
                self.scope.knows(key_of(piece))
                or (piece.index is None and piece.text in CONSTANTS)
                or self.component(piece) is not None
            )

        found: dict[int, list[list[int]]] = {len(text): [[]]}  # from each place, up to two ways to the end
        for begin in reversed([0, *places]):
            found[begin] = []
            for end in [*(p for p in places if p > begin), len(text)]:
                last = end == len(text)
                if found[end] and (begin or not last):
                    if declared(s.Word(word.span, text[begin:end], word.index if last else None)):
                        found[begin] += [cuts if last else [end, *cuts] for cuts in found[end]]
                if len(found[begin]) > 1:
                    break
        whole = found[0][:2]
        if whole:
            return [self.pieces(word, cuts) for cuts in whole]
        glued = []
        for cut in places:  # one declared name and one undeclared letter
            pieces = self.pieces(word, [cut])
            known = [declared(piece) for piece in pieces]
            if known.count(True) != 1:
                continue
            other = pieces[known.index(False)]
            if is_letter(other) and other.text.rstrip("0123456789") not in ("d", "Delta", "delta") and (
                other.text not in SPELLINGS
            ):
                glued.append(pieces)
        return glued[:2]

    def unknown(self, word: s.Word) -> JacmagicError:
        """What to say of a word that is no name: the nearest known ones, or where a space is missing."""
        shown, text = self.source(word.span), word.text
        called = re.match(r"\s*[\w(\\]", self.text[word.span.stop :]) is not None
        if called and word.typed == "lg":
            return AmbiguousMath("lg is the logarithm to base 10 or to base 2.", word.span, ("log10", "log2"))
        if shown.startswith("\\"):
            close = nearest(text, SPELLINGS)
            return NameMistake(f"The LaTeX command {shown} has no meaning in a block.", word.span, close)

        if find(word.typed) is not None:
            return NameMistake(f"{shown} is a function and needs its argument in brackets: {shown}(…).", word.span)
        for name in (shown, text) if called else ():
            if name in ELSEWHERE:
                return NameMistake(f"{name} is not part of the language: {ELSEWHERE[name]}.", word.span)
            if name in FOREIGN:
                return NameMistake(f"{name} is not known. Did you mean {FOREIGN[name]}?", word.span, (FOREIGN[name],))

        def nameable(part: str) -> bool:
            return part.isalnum() and (len(part.rstrip("0123456789")) == 1 or part in GREEK or self.scope.knows(part))

        if text != text.lower() and text.lower() in SPELLINGS | CONSTANTS.keys():
            return NameMistake(f"{shown} is not known. Did you mean {text.lower()}?", word.span, (text.lower(),))
        numbered = re.fullmatch(r"([a-z]+?)([0-9]+)([A-Za-z]*)", text)  # sin2x, and sin2 of sin2θ or sin2(x)
        if numbered and numbered[1] in SPELLINGS and (numbered[3] == "" or nameable(numbered[3])):
            name, digits, rest = numbered.groups()
            power = () if rest or re.match(r"[^\W\d]", self.text[word.span.stop :]) else (f"{name}^{digits}",)
            longer = (f"{name}{digits} {rest}",) if name + digits in SPELLINGS else ()
            return NameMistake(
                f"{shown} is not known; is a space missing?", word.span,
                (*longer, f"{name} {digits}{shown[len(name + digits):]}", *power),
            )
        for name in sorted(SPELLINGS, key=len, reverse=True):
            if text.startswith(name) and nameable(text[len(name) :]):
                return NameMistake(
                    f"{shown} is not known; is a space missing?", word.span, (f"{name} {shown[len(name):]}",)
                )
            if text.endswith(name) and nameable(text[: -len(name)]) and word.index is None:
                before = text[: -len(name)]
                return NameMistake(f"{shown} is not known; is a space missing?", word.span, (f"{before} {name}",))
        if apart := self.around_function(text, nameable):
            return NameMistake(f"{shown} is not known; are spaces missing?", word.span, (apart,))
        if text[0] == "d" and (
            re.search(r"d\s*(/|\}\s*\{)\s*$", self.text[: word.span.start])
            or re.match(r"\s*(/|\}\s*\{)\s*d\s*[A-Za-z]", self.text[word.span.stop :])
        ):
            return NameMistake("Derivatives are what jacmagic finds; write only the function.", word.span)
        for difference in ("d", "delta", "Delta"):
            rest = text[len(difference) :]
            if text.startswith(difference) and nameable(rest):
                cut = len(shown) - len(rest) - (len(shown) - len(text) if word.index else 0)
                return self.difference(shown, word.span, f"{shown[:cut]}*{shown[cut:]}")
        close = nearest(text, [*SPELLINGS, *self.scope.names, *GREEK])
        if len(text) <= 3 and text.isalpha() and word.index is None:
            product = () if any(letter in self.scope.functions for letter in text) else (" ".join(text),)
            fixes = (*(close[:1] if len(text) == 3 else ()), *product)
            return NameMistake(f"{shown} is not declared; is it a product?", word.span, fixes)
        if close:
            return NameMistake(f"{shown} is not known. Did you mean {' or '.join(close)}?", word.span, close)
        if self.text[word.span.stop :].startswith("("):
            return NameMistake(f"{shown} is not a function of the language, nor of this block.", word.span)
        return NameMistake(
            f"{shown} is not known: a longer name needs a line that declares it, such as {shown} = 1.", word.span
        )

    def around_function(self, text: str, nameable: Callable[[str], bool]) -> str | None:
        """`x sin x` for xsinx: names before a function, and its argument behind."""
        for name in sorted(SPELLINGS, key=len, reverse=True):
            before, found, behind = text.partition(name)
            number = re.match(r"\d*", behind)
            rest = behind[number.end() :] if number else behind
            if found and before and nameable(rest) and all(nameable(letter) for letter in before):
                return f"{' '.join(before)} {name} {behind}"
        return None

    @staticmethod
    def difference(shown: str, span: Span, product: str) -> NameMistake:
        """dx, Δx and δx that no line declares."""
        return NameMistake(f"{shown} may be one name or a product; declare it, or write the product.", span, (product,))

    def function(self, word: s.Raw) -> Function | None:
        """The row of a built-in function that the word names."""
        if isinstance(word, s.Root):
            return FUNCTIONS[word.name]
        if not isinstance(word, s.Word) or self.scope.knows(key_of(word)):
            return None
        if word.index is not None and word.index.isdigit() and (row := find(word.text + word.index)) is not None:
            return row  # log_2, atan_2
        if word.index is not None and word.text == "log" and (
            word.parts or word.index.isdigit() or is_letter(base := s.Word(word.span, word.index))
            or self.scope.knows(key_of(base))
        ):
            return FUNCTIONS["log_base"]
        return find(word.typed)

    def user_function(self, word: s.Raw) -> str | None:
        if isinstance(word, s.Word) and key_of(word) in self.scope.functions:
            return key_of(word)
        return None

    # -------------------------------------------------------------- runs
    def run(self, raw: s.Run) -> t.Expr:
        factors = self.factors(self.in_time(raw.items))
        while len(factors) > 1 and isinstance(factors[-1].expr, t.Ones) and factors[-1].operator == "":
            factors.pop()  # μ 𝟏 is μ, added to each entry
        if lost := next((one for one in factors if isinstance(one.expr, t.Ones)), None):
            said = f"{s.ONES} stands behind a number that is added to each entry: x - μ {s.ONES}."
            raise SyntaxMistake(said, lost.span)
        if len(factors) == 1:
            return factors[0].expr
        return t.Product(tuple((_OPERATORS.get(f.operator, f.operator), f.expr) for f in factors), span=raw.span)

    def factors(self, items: list[s.Item]) -> list[Settled]:
        out: list[Settled] = []
        at = 0
        while at < len(items):
            item = items[at]
            if out and item.operator == "":
                self.check_juxtaposed(out, item)
            if out and item.operator == ".*":
                self.check_composition(items[at - 1], item)
            found, used = self.factor(items, at)
            if item.negative:
                last = found[0]
                found[0] = Settled(last.operator, t.Negative(last.expr, span=last.span), last.gap, last.span)
            out += found
            at += used
        self.check_division(out)
        return out

    # -------------------------------------------------------------- time
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
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        if not isinstance(word, s.Word) or word.text not in ("Delta", "delta", "d") or word.index is not None:
            return None
        behind = s.Parser.alone(follow.atom) or follow.atom if follow is not None else None
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
            fixes = f"{front}{back}", f"{front}*{back}"
            raise AmbiguousMath(f"{self.source(joined.span)} can be one name or a product.", joined.span, fixes)
        if self.scope.knows(key_of(joined)) or (capital and is_letter(behind) and not known):
            return joined
        if known and not capital or word.command and (not capital or not is_letter(behind)):
            return None
        raise self.difference(self.source(joined.span), joined.span, f"{front}*{back}")

    def rate(self, items: Sequence[s.Item], at: int) -> tuple[s.Item, int]:
        """One factor of a run with its derivative in time and its (t) settled, and how many items that takes."""
        item, used = items[at], 1
        inner = s.Parser.alone(item.atom)
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
        elif (bare := s.undotted(atom)) is not None and not self.scope.knows(key_of(atom)):
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
        if key_of(word) in self.scope.functions or find(word.typed) is not None:
            raise SyntaxMistake("Derivatives are what jacmagic finds; write only the function.", span)
        raise SyntaxMistake(
            f"{self.source(span)} is a derivative in time, and no line gives it: a line for it is "
            f"{shown}{chr(39) * primes} = …; the transpose is {shown}^T.", span,
        )

    def without_time(self, item: s.Item, items: Sequence[s.Item], at: int) -> tuple[s.Item, int]:
        """x(t), ẋ(t) of a system: the time is dropped."""
        word = item.atom
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        if follow is None or item.posts or follow.negative or not isinstance(word, s.Word):
            return item, 1
        key = key_of(word)
        if not isinstance(word, Rate) and (key not in self.scope.timed or key in self.scope.functions):
            return item, 1
        inside = s.Parser.unwrapped(follow.atom)
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
            raise AmbiguousMath(
                f"{self.source(span)} can be {shown} at the time t, or a product with t.", span, (shown, f"{shown}*t")
            )
        return replace(item, span=item.span.to(follow.span), posts=follow.posts), 2

    def is_time(self, raw: s.Raw) -> bool:
        word = self.bare(raw)
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
        rest = self.source(word.span)[1:]
        above = found[0] in self.scope.names or self.scope.ends.get(found[0], word.span.stop) < word.span.start
        raise AmbiguousMath(
            f"{self.source(word.span)} can be d times {rest} or the derivative {rest}' in time.", word.span,
            (f"d {rest}", *((f"{rest}'",) if above else ())),
        )

    def check_composition(self, left: s.Item, right: s.Item) -> None:
        """f∘g of two functions of the block."""
        names = self.user_function(left.atom), self.user_function(right.atom)
        between = self.text[left.span.stop : right.span.start].strip()
        if None in names or between not in ("∘", "\\circ"):
            return
        f, g = self.source(left.span), self.source(right.span)
        inner = ", ".join(self.scope.functions[names[1] or ""])
        span = left.span.to(right.span)
        raise AmbiguousMath(
            f"{self.source(span)} can be the composition or the product.", span, (f"{f}({g}({inner}))", f"{f} .* {g}")
        )

    def check_juxtaposed(self, out: Sequence[Settled], item: s.Item) -> None:
        """A number comes first in a product."""
        if isinstance(item.atom, s.Num):
            before = out[-1]
            span = before.span.to(item.span)
            shown, name = self.source(item.span), self.source(before.span)
            if before.number:
                grouped = re.fullmatch(r"[0-9]{1,3} [0-9]{3}", self.source(span))  # 10 000
                front = self.text[: span.start]
                if front.rfind("[") > front.rfind("]"):
                    raise SyntaxMistake("The entries of a row are separated by commas.", span, (f"{name}, {shown}",))
                quarter = re.match(r"\s*/\s*[0-9]+(?![\w.])", self.text[span.stop :])
                if quarter is not None and name.isdigit() and shown.isdigit():  # 2 1/2
                    mixed = f"{shown}/{quarter[0].strip().lstrip('/').strip()}"
                    raise SyntaxMistake(
                        "Two numbers side by side: a whole and a part are added, with a sign between them.",
                        Span(span.start, span.stop + quarter.end()), (f"({name} + {mixed})",),
                    )
                raise SyntaxMistake(f"Two numbers side by side: {self.source(span)}; an operator is missing.", span,
                                    (name + shown if grouped else f"{name}*{shown}",))
            swapped = [f"{shown} {name}"] if len(out) == 1 and name[0] not in "0123456789." else []
            raise SyntaxMistake("A number comes first in a product.", span, [*swapped, f"{name}*{shown}"])

    def check_division(self, factors: list[Settled]) -> None:
        """After / comes exactly one factor; what is juxtaposed behind it must be clear."""
        for k, factor in enumerate(factors[:-1]):
            follow = factors[k + 1]
            if follow.operator in ("/", "./"):
                self.check_root(factors, k)
            if factor.operator not in ("/", "./") or follow.operator != "" or self.settled_by_gap(factors, k):
                continue
            stop = k + 1
            while stop + 1 < len(factors) and factors[stop + 1].operator == "":
                stop += 1
            start = k - 1
            while start > 0 and factors[start].operator in ("", "*", "/"):
                start -= 1
            begin, end = factors[start].span.start, factors[stop].span.stop
            above = self.text[begin : factors[k - 1].span.stop]
            slash = self.text[factors[k - 1].span.stop : factor.span.start].strip()
            below = self.source(factor.span)
            tail = self.text[follow.span.start : end]
            raise AmbiguousMath(
                f"{self.text[begin:end]} can be read in two ways.",
                Span(begin, end),
                (f"({above}{slash}{below}) {tail}", f"{above}{slash}({self.text[factor.span.start:end]})"),
            )

    def settled_by_gap(self, factors: Sequence[Settled], at: int) -> bool:
        """Whether the gap behind a denominator, itself glued to its slash, makes the rest a factor of the quotient."""
        divisor, follow = factors[at], factors[at + 1]
        before = self.text[factors[at - 1].span.stop : divisor.span.start].rstrip("+-−")
        if not follow.gap or before[-1:].isspace():
            return False
        if divisor.bracket or (divisor.number and factors[at - 1].number):
            return True
        powers = False
        expr = follow.expr
        while isinstance(expr, (t.Power, t.Transpose, t.Component)):
            powers = powers or isinstance(expr, t.Power)
            expr = expr.base
        if isinstance(expr, t.Constant):
            return powers and expr.name == "e"
        lists = (t.Paren, t.Vector, t.Matrix, t.Family)
        return isinstance(expr, (t.Call, t.UserCall, *lists))

    def check_root(self, factors: Sequence[Settled], at: int) -> None:
        """e^-x/2 and x^1/2: where an exponent without brackets ends, in front of a slash."""
        power = factors[at]
        expr = power.expr.inner if isinstance(power.expr, t.Negative) else power.expr
        if not isinstance(expr, t.Power) or expr.on_name:
            return
        typed = re.match(r"\s*(?:\.\^|\^|\*\*)\s*(?=[+\-−1])", self.text[expr.base.span.stop : expr.span.stop])
        if typed is None:
            return
        start = expr.base.span.stop + typed.end()
        exponent = self.text[start : expr.span.stop].rstrip()
        signed = exponent[0] in "+-−"
        if not signed and exponent != "1":
            return
        whole = re.fullmatch(r"[+\-−]\s*[0-9]+", exponent)
        if isinstance(expr.base, t.Number) and whole and whole[0].lstrip("+-− ") != "1":
            return  # 6.6*10^-34/T
        stop = at + 1
        while stop + 1 < len(factors) and factors[stop + 1].operator in ("/", "./"):
            stop += 1
        behind = stop + 1 < len(factors) and factors[stop + 1].operator == ""
        begin, end = expr.span.start, factors[stop].span.stop
        head, rest = self.text[begin:start], self.text[expr.span.stop : end]
        apart = f"{head}({exponent}){rest}" if signed else f"{self.source(expr.base.span)}{rest}"
        fixes = [f"{head}({exponent}{rest})"]
        if not behind or power.operator != "/":
            fixes.append(f"({apart})" if behind else apart)
        raise AmbiguousMath(f"{self.text[begin:end]} can be read in two ways.", Span(begin, end), fixes)

    def factor(self, items: list[s.Item], at: int) -> tuple[list[Settled], int]:
        """The factors that begin with items[at], and how many items they take."""
        self.check_logarithm(items, at)
        item = items[at]
        atom = item.atom
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        call = follow is not None and isinstance(follow.atom, s.Group) and follow.atom.bracket == "("
        row = self.function(atom)
        if row is None and call and self.scope.net and isinstance(atom, s.Word) and key_of(atom) == "sigma":
            row = None if self.scope.knows("sigma") else FUNCTIONS["sigmoid"]
        if row is not None:
            return self.application(items, at, row)
        user = self.user_function(atom)
        if user is not None and call and not any(p.kind != "^" for p in item.posts):
            assert follow is not None
            assert isinstance(follow.atom, s.Group)
            self.check_inverse(item, follow, items, at, None)
            arguments = self.arguments(follow.atom)
            span = item.span.to(follow.atom.span)
            expr: t.Expr = t.UserCall(user, arguments, span=span)
            expr = self.powers_of_function(expr, item, span)
            return self.finish(items, at + 1, expr, item, True)
        if user is not None and follow is not None and isinstance(follow.atom, (s.Word, s.Num)) and not item.posts:
            if self.function(follow.atom) is None and self.user_function(follow.atom) is None:
                f, x = self.source(item.span), self.source(follow.span)
                span = item.span.to(follow.span)
                raise AmbiguousMath(f"{self.source(span)} can be read in two ways.", span, (f"{f}({x})", f"{f}*{x}"))
        if isinstance(atom, s.Word):
            return self.name_factor(items, at)
        if isinstance(atom, s.Num):
            return self.finish(items, at, t.Number(atom.text, span=atom.span), item, False)
        self.check_square(items, at)
        return self.finish(items, at, self.atom(atom), item, True)

    def check_logarithm(self, items: list[s.Item], at: int) -> None:
        """In x and 1n x, where ln x is meant: the name that it would be, I n or n, is one that no line declares."""
        item = items[at]
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        if follow is None or item.posts:
            return
        if isinstance(item.atom, s.Word):
            if item.atom.typed == "In" and not {"In", "I"} & self.scope.names:
                raise NameMistake("In is not declared: is it ln, with a small L?", item.span, ("ln", "I n"))
            return
        one = isinstance(item.atom, s.Num) and item.atom.text == "1" and not follow.gap and not follow.posts
        behind = items[at + 2] if at + 2 < len(items) and items[at + 2].operator == "" else None
        if one and behind is not None and isinstance(follow.atom, s.Word) and follow.atom.typed == "n" and (
            not self.scope.knows("n") and (behind.gap or isinstance(behind.atom, s.Group))
        ):
            span = item.span.to(follow.span)
            raise NameMistake("1n is 1 times n, and no line declares n: is it ln, with a small L?", span, ("ln",))

    def check_square(self, items: list[s.Item], at: int) -> None:
        """`4 [x - 1]`: square brackets round one entry, in a product, may be meant as round ones."""
        item = items[at]
        group = item.atom
        if not (isinstance(group, s.Group) and group.bracket == "[" and len(group.rows) == len(group.rows[0]) == 1):
            return
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        glued = at > 0 and item.operator == ""
        if isinstance(group.rows[0][0], s.For) or not (glued or follow or any(post.kind == "[" for post in item.posts)):
            return
        span, inner = group.span, self.source(group.rows[0][0].span)
        if inner[0] == "[" or glued and self.is_matrix(items[at - 1].atom):
            return  # [[2]] is a matrix, and behind a matrix stands a vector
        index = next((post for post in item.posts if post.kind == "["), None)
        fixes = [f"({inner})"]
        if index is not None and len(index.value) == 1:
            span = span.to(index.span)
            fixes = [f"({inner}) ({self.source(index.value[0].span)})"]
        elif glued:
            fixes.append(f"*{' ' * item.gap}{self.source(span)}")
        raise AmbiguousMath(f"{self.source(group.span)} can be a bracket or a vector with one entry.", span, fixes)

    def is_matrix(self, atom: s.Raw) -> bool:
        """True for a matrix by its brackets or its declaration."""
        if isinstance(atom, s.Group):
            return len(atom.rows) > 1 or atom.bracket == "env" or self.source(atom.span).startswith("[[")
        return isinstance(atom, s.Word) and key_of(atom) in self.scope.matrices

    def check_number(self, atom: t.Number, names: Collection[str]) -> None:
        """2e3 where the block has a name e3, wherever that stands."""
        match = re.fullmatch(r"([0-9.]+)e([0-9]+)", atom.text)
        if match and (self.scope.knows("e" + match[2]) or "e" + match[2] in names):
            raise AmbiguousMath(
                f"{atom.text} can be a number or {match[1]} times e{match[2]}.", atom.span,
                (f"{match[1]}*10^{match[2]}", f"{match[1]} e{match[2]}"),
            )

    def name_factor(self, items: list[s.Item], at: int) -> tuple[list[Settled], int]:
        """A word as one or several names; the power behind it belongs to the last."""
        item = items[at]
        word = item.atom
        assert isinstance(word, s.Word)
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        if follow is not None and isinstance(follow.atom, s.Group) and follow.atom.bracket == "(" and not item.posts:
            if not follow.gap:
                self.check_call(word, item, follow)
            if not follow.gap or self.text.startswith("[", follow.atom.span.start):
                self.check_index(word, item, follow)
        names = self.names(word)
        gap = item.gap
        out: list[Settled] = []
        for name in names[:-1]:
            out.append(Settled(item.operator if not out else "", name, gap, name.span))
            gap = False
        last, used = self.finish(items, at, names[-1], item, False)
        if out:
            first = last[0]
            last[0] = Settled("", first.expr, False, Span(names[-1].span.start, first.span.stop), first.bracket)
        return out + last, used

    def check_call(self, word: s.Word, item: s.Item, group: s.Item) -> None:
        """`g(…)` with g undeclared is neither a call nor a product."""
        key = key_of(word)
        if self.scope.knows(key) or isinstance(word, Rate) or (word.index is None and word.text in CONSTANTS):
            return
        if self.component(word) is not None:
            return
        span = item.span.to(group.span)
        shown, inside = self.source(item.span), self.source(group.span)
        if self.scope.rates and is_letter(word) and re.sub(r"\s|\\left|\\right", "", inside) == "(t)":
            raise NameMistake(f"{shown} is not defined as a function, and the time is not written.", span, (shown,))
        if key == "sigma":
            raise AmbiguousMath(
                f"{shown}(…) can be the sigmoid function or a product with {shown}.", span,
                (f"sigmoid{inside}", f"{shown}*{inside}"),
            )
        if is_letter(word):
            if "\n" in inside or len(inside) > 40:
                inside = "(…)"
            arguments = re.sub(r"[^A-Za-z0-9_, ]", "", inside) or "x"
            raise NameMistake(
                f"{shown} is not a function: define {shown}({arguments if arguments.isalpha() else 'x'}) = … above, "
                f"or write {shown}*{inside}.", span, (f"{shown}*{inside}",) if inside != "(…)" else (),
            )
        if not self.ways(word):
            self.check_logits(word, item, group)
            error = self.unknown(word)
            if isinstance(error, AmbiguousMath):
                raise error
            close = nearest(word.text, SPELLINGS | set(self.scope.functions))
            if word.text != word.text.lower() in SPELLINGS:
                raise error
            if close and "space" not in error.message and not {word.text, shown} & {*ELSEWHERE, *FOREIGN}:
                raise NameMistake(
                    f"{shown} is not a function. Did you mean {' or '.join(close)}?", item.span, tuple(close)
                )
            raise error

    def check_logits(self, word: s.Word, item: s.Item, group: s.Item) -> None:
        """CrossEntropyLoss(z, y)."""
        if word.typed not in OF_LOGITS or not isinstance(group.atom, s.Group):
            return
        loss, maker = OF_LOGITS[word.typed]
        arguments = [self.source(entry.span) for entry in group.atom.rows[0]]
        fix = (f"{loss}({maker}({arguments[0]}), {arguments[1]})",) if len(arguments) == 2 else ()
        raise NameMistake(
            f"{self.source(word.span)} is {loss} of what {maker} gives.", item.span.to(group.atom.span), fix
        )

    def check_index(self, word: s.Word, item: s.Item, group: s.Item) -> None:
        """x(2), A(1,2): an entry to some languages, a product with 2 here."""
        assert isinstance(group.atom, s.Group)
        key, shown = key_of(word), self.source(item.span)
        span = item.span.to(group.atom.span)
        entries = [self.bare(entry) for row in group.atom.rows for entry in row]
        inside = re.sub(r"\\right\s*$", "", self.text[group.atom.span.start + 1 : group.atom.span.stop - 1])
        array = key in self.scope.vectors or key in self.scope.matrices
        running = array and re.fullmatch(r"[\w\s,+\-]+", inside) and any(
            re.search(rf"\b{re.escape(index)}\b", inside) for index in self.scope.indices
        )
        if running:
            raise AmbiguousMath(f"{self.source(span)} can be an entry or a product.", span, (f"{shown}[{inside}]",))
        if word.text in CONSTANTS or not all(isinstance(entry, s.Num) and entry.text.isdigit() for entry in entries):
            return
        if array:
            fixes = [f"{shown}[{inside}]"]
        else:
            argument = any(key in params for params in self.scope.functions.values())  # x_1 is another name than x
            fixes = [f"{shown}_{inside}"] if len(entries) == 1 and not argument else []
        fixes += [f"{inside} {shown}"] if len(entries) == 1 else []
        raise AmbiguousMath(f"{self.source(span)} can be an entry or a product.", span, fixes)

    def arguments(self, group: s.Group) -> tuple[t.Expr, ...]:
        if len(group.rows) != 1:
            raise SyntaxMistake("The arguments of a function are separated by commas.", group.span)
        return tuple(self.value(entry) for entry in group.rows[0])

    def finish(
        self, items: list[s.Item], at: int, expr: t.Expr, first: s.Item, bracket: bool
    ) -> tuple[list[Settled], int]:
        """Put the powers and indices of items[at] on the expression; settle what is glued to an exponent."""
        item = items[at]
        used = at + 1 - next(k for k in range(at, -1, -1) if items[k] is first)
        start = expr.span.start
        span = Span(start, item.span.stop)
        posts = item.posts
        if posts and posts[-1].kind in ("^", ".^") and not posts[-1].clear:
            glued, used = self.glued(items, at, posts[-1], used)
            if glued is not None:
                expr = self.posts(expr, posts[:-1], item)
                span = Span(start, glued.span.stop)
                power = t.Power(expr, glued, posts[-1].kind == ".^", span=span)
                return [Settled(first.operator, power, first.gap, Span(first.span.start, span.stop))], used
        number = isinstance(expr, t.Number) and not posts
        expr = self.posts(expr, posts, item)
        ends = (bracket and not posts) or bool(posts and posts[-1].kind == "[")
        whole = Span(min(first.span.start, start), span.stop)
        return [Settled(first.operator, expr, first.gap, whole, ends, number)], used

    def glued(self, items: list[s.Item], at: int, post: s.Post, used: int) -> tuple[t.Expr | None, int]:
        """An exponent without brackets: f(y) behind ^ is a call, anything else glued to it has two readings."""
        item = items[at]
        value = self.bare(post.value[0])
        base = self.text[item.span.start : post.span.start]
        sign = self.text[post.value[0].span.start : value.span.start]
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        touching = follow is not None and not follow.gap and not (
            isinstance(follow.atom, s.Word) and follow.atom.command
        ) and not isinstance(follow.atom, (s.Frac, s.Applied))
        if isinstance(value, s.Word) and (self.function(value) or self.user_function(value)) and follow is not None:
            call = isinstance(follow.atom, s.Group) and follow.atom.bracket == "("
            behind = items[at + 2] if at + 2 < len(items) and items[at + 2].operator == "" else None
            if call and not follow.posts and not (behind and not behind.gap):
                run = s.Run(value.span.to(follow.span), (s.Item(value.span, "", False, False, value), follow))
                expr = self.read(run)
                negative = isinstance(post.value[0], s.Terms)
                return t.Negative(expr, span=post.value[0].span.to(follow.span)) if negative else expr, used + 1
            if self.function(value) or call:
                span = item.span.to(follow.span)
                inside = self.text[post.value[0].span.start : span.stop]
                fixes = [f"{base}^({inside})"]
                if call and follow.posts:
                    fixes.append(f"({base}^{sign}{self.text[value.span.start : follow.atom.span.stop]})"
                                 f"{self.text[follow.atom.span.stop : span.stop]}")
                raise AmbiguousMath(f"{self.source(span)}: this exponent needs brackets.", span, fixes)
        if isinstance(value, s.Word) and self.function(value):
            shown = self.source(value.span)
            raise SyntaxMistake(f"{shown} is a function and needs its argument: {shown}(…).", value.span)
        if isinstance(value, s.Word) and not value.command:
            glued_t = value.text.startswith("T") and len(value.text) > 1 and not (
                self.scope.knows(key_of(value)) or self.scope.knows("T"))
            if glued_t and not sign:
                rest = self.source(value.span)[1:]
                raise AmbiguousMath(
                    f"{self.source(item.span)} can be read in two ways.", item.span,
                    (f"{base}^T {rest}", f"{base}^(T {rest})"),
                )
            names = self.names(value)
            if len(names) > 1 and not touching:
                first, rest = self.source(names[0].span), self.text[names[0].span.stop : value.span.stop]
                raise AmbiguousMath(
                    f"{self.source(item.span)} can be read in two ways.", item.span,
                    (f"{base}^{sign}{first} {rest}", f"{base}^({sign}{first} {rest})"),
                )
        if not touching:
            return None, used
        assert follow is not None
        if self.looking:  # how far what touches goes on is asked already, once is enough
            raise AmbiguousMath("", item.span)
        stop = self.touching_stop(items, at + 1)
        rest = self.text[follow.span.start : stop]
        span = Span(item.span.start, stop)
        head = self.source(item.span)
        exponent = self.source(post.value[0].span)
        rest = re.sub(r"(\^[0-9]+)(?=[A-Za-z])", r"\1 ", rest)  # y^2z has two readings of its own
        raise AmbiguousMath(
            f"{self.source(span)} can be read in two ways.", span, (f"{head} {rest}", f"{base}^({exponent}{rest})")
        )

    @staticmethod
    def bare(raw: s.Raw) -> s.Raw:
        """A word or number without its sign; anything else as it is."""
        inner = raw.terms[0][1] if isinstance(raw, s.Terms) and len(raw.terms) == 1 else raw
        if isinstance(inner, s.Run) and len(inner.items) == 1 and not inner.items[0].posts:
            inner = inner.items[0].atom
        return inner if isinstance(inner, (s.Word, s.Num)) else raw

    def touching_stop(self, items: list[s.Item], at: int) -> int:
        """Where the factors end that begin at items[at] and follow one another without a gap."""
        while True:
            self.looking = True
            try:
                used = self.factor(items, at)[1]
            except JacmagicError:
                used = 1
            finally:
                self.looking = False
            at += used
            if at == len(items) or items[at].operator != "" or items[at].gap:
                return items[at - 1].span.stop

    def posts(self, expr: t.Expr, posts: Sequence[s.Post], item: s.Item) -> t.Expr:
        for post in posts:
            span = Span(expr.span.start, post.span.stop)
            if post.kind == "'":
                raise SyntaxMistake("A prime is a derivative in time, of a name: x'; the transpose is x^T.", post.span)
            if post.kind == "T":
                if post.value and self.scope.knows("T") and "T" in self.source(post.span):
                    base = self.text[item.span.start : post.span.start]
                    raise AmbiguousMath(
                        f"{self.source(item.span)} can be the transpose or a power.", item.span,
                        (f"{base}ᵀ", f"{base}^(T)"),
                    )
                expr = t.Transpose(expr, span=span)
            elif post.kind == "°":
                half = (("", expr), ("", t.Constant("pi", span=post.span)), ("/", t.Number("180", span=post.span)))
                expr = t.Product(half, span=span)
            elif post.kind == "[":
                if any(isinstance(i, (s.Relation, s.Boolean, s.For)) for i in post.value):
                    raise SyntaxMistake("An index is a whole number.", post.span)
                indices = tuple(self.value(i) for i in post.value)
                expr = t.Component(expr, indices, span=span)
            else:
                numbered = re.fullmatch(r"\^\{\s*(?:\((\w)\)|\[(\w)\])\s*\}|⁽[¹²³⁴-⁹ⁱⁿ]⁾", self.source(post.span))
                if numbered and isinstance(item.atom, s.Word) and item.atom.text not in CONSTANTS:
                    base = self.text[item.span.start : post.span.start]
                    digit = numbered[1] or numbered[2] or unicodedata.normalize("NFKC", self.source(post.span))[1]
                    raise AmbiguousMath(
                        f"{self.source(item.span)} can number a layer or an example, or be a power.",
                        Span(item.span.start, post.span.stop), (f"{base}_{digit}", f"{base}^{digit}"),
                    )
                expr = t.Power(expr, self.value(post.value[0]), post.kind == ".^", span=span)
        return expr

    # -------------------------------------------------------------- application
    def powers_of_function(self, expr: t.Expr, item: s.Item, span: Span) -> t.Expr:
        for post in item.posts:
            expr = t.Power(expr, self.value(post.value[0]), on_name=True, span=span)
        return expr

    def application(self, items: list[s.Item], at: int, row: Function) -> tuple[list[Settled], int]:
        """A built-in function: with a bracket a call, else the bare argument."""
        item = items[at]
        shown = self.source(item.atom.span)
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        for post in item.posts:
            if post.kind != "^":
                typed = self.source(item.span)
                square = post.kind == "[" and typed[-1] == "]"
                offer = (f"{shown}({typed[typed.index('[') + 1 : -1]})",) if square else ()
                raise SyntaxMistake(f"{shown} is a function; its argument stands in round brackets.", item.span, offer)
        if follow is None or follow.negative:
            raise self.no_argument(item, row)
        self.check_inverse(item, follow, items, at, row)
        touching = not follow.gap and isinstance(follow.atom, (s.Word, s.Num))
        if touching and isinstance(item.atom, s.Word) and not item.atom.command:
            span = item.span.to(follow.span)
            rest = self.source(follow.span)
            if not item.posts:
                raise NameMistake(
                    f"{self.source(span)} is not known; is a space missing?", span, (f"{shown} {rest}",)
                )
        for post in item.posts:
            value = self.bare(post.value[0])
            if not post.clear and isinstance(value, s.Word) and len(names := self.names(value)) > 1:
                cut = names[0].span.stop
                raise SyntaxMistake(
                    "The power of a function is one letter or number; the rest needs a space.", post.span,
                    (f"{self.text[post.span.start : cut]} {self.text[cut : post.span.stop]}",),
                )
        atom = follow.atom
        if isinstance(atom, s.Group):
            entry = atom.rows[0][0]
            behind = items[at + 2] if at + 2 < len(items) and items[at + 2].operator == "" else None
            degree = self.bare(entry)
            if row.name == "sqrt" and atom.bracket == "[" and behind is not None and isinstance(degree, s.Num):
                below = self.source(behind.atom.span)
                below = below[1:-1] if isinstance(behind.atom, s.Group) else below
                raise SyntaxMistake(
                    "A root of another degree is a power.", item.span.to(behind.span),
                    (f"cbrt({below})" if degree.text == "3" else f"({below})^(1/{degree.text})",),
                )
            if atom.bracket in ("(", "{"):
                if row.name in ("sum", "prod") and isinstance(entry, s.For) and len(atom.rows[0]) == 1:
                    whole = self.family(s.For(item.span.to(atom.span), *entry.parts()), row.name)
                    return self.finish(items, at + 1, whole, item, True)
                if row.name in ("sum", "prod"):
                    self.check_family(row, atom)
                try:
                    arguments = self.arguments(atom)
                except NameMistake as error:
                    raise self.without_family(row, atom, error) from None
            else:
                arguments = (self.atom(atom),)
            span = item.span.to(atom.span)
            expr = self.called(row, item, arguments, span)
            expr = self.powers_of_function(expr, item, span)
            return self.finish(items, at + 1, expr, item, True)
        if isinstance(atom, s.Bars):
            span = item.span.to(atom.span)
            call = self.powers_of_function(self.called(row, item, (self.atom(atom),), span), item, span)
            return self.finish(items, at + 1, call, item, True)
        argument, used = self.bare_argument(items, at + 1, row)
        last = items[at + used]
        span = item.span.to(last.span)
        call = self.powers_of_function(self.called(row, item, (argument,), span, True), item, span)
        self.check_behind(items, at, used, argument)
        return [Settled(item.operator, call, item.gap, span)], used + 1

    def called(
        self, row: Function, item: s.Item, arguments: tuple[t.Expr, ...], span: Span, bare: bool = False
    ) -> t.Expr:
        """The call of a built-in function; a logarithm with its base, and a root as the power that it is."""
        word = item.atom
        if row.name == "log_base" and isinstance(word, s.Word) and word.index is not None and len(arguments) == 1:
            arguments = (*arguments, self.base_of(word))
        elif row.name == "ln" and isinstance(word, s.Word) and word.text == "log" and len(arguments) == 2:
            row = FUNCTIONS["log_base"]
        if row.name == "log_base" and len(arguments) == 2 and isinstance(arguments[1], t.Number):
            if arguments[1].text in ("2", "10"):
                row, arguments = FUNCTIONS["log" + arguments[1].text], arguments[:1]
        if row.name == "root" and len(arguments) == 2:
            radicand, degree = arguments
            if isinstance(degree, t.Number) and degree.text in ("2", "3"):
                return t.Call({"2": "sqrt", "3": "cbrt"}[degree.text], (radicand,), span=span)
            plain = (t.Name, t.Constant, t.Number)
            radicand, degree = (
                one if isinstance(one, plain) else t.Paren(one, span=one.span) for one in (radicand, degree)
            )
            one = t.Number("1", span=degree.span)
            return t.Power(radicand, t.Product((("", one), ("/", degree)), span=degree.span), span=span)
        return t.Call(row.name, arguments, bare, span=span)

    def base_of(self, word: s.Word) -> t.Expr:
        """The base of log_b, which stands as its index."""
        if word.parts:
            return self.value(word.parts[0])
        assert word.index is not None
        span = Span(word.span.stop - len(word.index), word.span.stop)
        if word.index.isdigit():
            return t.Number(word.index, span=span)
        names = self.names(s.Word(span, word.index))
        return names[0] if len(names) == 1 else t.Product(tuple(("", name) for name in names), span=span)

    def no_argument(self, item: s.Item, row: Function) -> JacmagicError:
        shown = self.source(item.atom.span)
        signed = re.compile(r"\s*[-−]\s*([\w.]+(?:\^\w+)?[²³⁰-⁹]*)(\s*[/÷]\s*[\w.]+)?(?!\s*[\^(\[])")
        match = signed.match(self.text, item.span.stop)
        if match:
            head = shown + self.text[item.atom.span.stop : item.span.stop]
            fixes = [f"{head}(-{match[1]})"]
            if match[2]:  # exp -x^2/2
                fixes = [f"{fixes[0]}{match[2]}", f"{head}(-{match[1]}{match[2]})"]
            return AmbiguousMath(
                f"{self.text[item.span.start:match.end()]}: a signed argument needs brackets.",
                Span(item.span.start, match.end()), fixes,
            )
        return SyntaxMistake(f"{shown} is a function and needs its argument: {shown}(…).", item.span)

    def check_family(self, row: Function, group: s.Group) -> None:
        """sum(x^i, i, 0, 3), as other systems write it."""
        shown = [self.source(entry.span) for entry in group.rows[0]]
        inner = Span(group.span.start + 1, group.span.stop - 1)
        if len(shown) == 4 and re.fullmatch(r"[A-Za-z]", shown[1]) and re.search(rf"\b{shown[1]}\b", shown[0]):
            fix = f"{shown[0]} for {shown[1]} = {shown[2]}..{shown[3]}"
            raise SyntaxMistake("The index of a family stands behind for.", inner, (fix,))

    def without_family(self, row: Function, group: s.Group, error: NameMistake) -> NameMistake:
        """sum(x_i^2): the family that the error misses belongs into this bracket."""
        told = re.search(r"^(\w+) is a vector, and nothing runs over the (\w) ", error.message)
        if row.name not in ("sum", "prod") or not told or len(group.rows[0]) > 1:
            return error
        last = self.scope.lengths.get(told[1], "n")
        inner = Span(group.span.start + 1, group.span.stop - 1)
        return NameMistake(error.message, inner, (f"{self.source(inner)} for {told[2]} = 1..{last}",))

    def check_inverse(
        self, item: s.Item, follow: s.Item, items: list[s.Item], at: int, row: Function | None
    ) -> None:
        """sin^-1 x is arcsin x to some and 1/sin x to others; so is f^-1(x)."""
        for post in item.posts:
            value = post.value[0]
            if re.sub(r"[\s{}()^\\]", "", self.source(value.span)).replace("−", "-") not in ("-1", "⁻¹"):
                continue
            shown = self.source(item.atom.span)
            if isinstance(follow.atom, s.Group):
                inside, stop = self.source(follow.atom.span), follow.atom.span.stop
                inside = inside if inside.startswith("(") else f"({inside})"
            else:
                stop = follow.span.stop
                if isinstance(follow.atom, s.Num) and at + 2 < len(items) and items[at + 2].operator == "":
                    stop = items[at + 2].span.stop
                inside = f"({self.text[follow.span.start:stop]})"
            fixes = [f"1/{shown}{inside}"]
            span = Span(item.span.start, stop)
            if row is None:
                said = f"{self.source(span)} can be the inverse function, which is not found here, or 1/{shown}."
                raise AmbiguousMath(said, span, fixes)
            if row.inverse:
                fixes.insert(0, f"{row.inverse}{inside}")
            raise AmbiguousMath(f"{self.source(span)} can be read in two ways.", span, fixes)

    def bare_argument(self, items: list[s.Item], at: int, row: Function) -> tuple[t.Expr, int]:
        """The argument of a function without a bracket, and how many items it takes."""
        item = items[at]
        shown = self.source(items[at - 1].atom.span)
        root = row.name in ("sqrt", "cbrt")
        follow = items[at + 1] if at + 1 < len(items) and items[at + 1].operator == "" else None
        if isinstance(item.atom, s.Num):
            number = self.posts(t.Number(item.atom.text, span=item.atom.span), item.posts, item)
            if follow is None or item.posts or self.function(follow.atom) or self.user_function(follow.atom):
                return number, 1
            if isinstance(follow.atom, s.Word) and not root and not (follow.gap and row.name in _OF_NUMBERS):
                self.check_one_name(items, at - 1, at + 1, shown)
                name = self.posts(self.names(follow.atom)[0], follow.posts, follow)
                self.check_exponent(items, at + 1)
                return t.Product((("", number), ("", name)), span=item.span.to(follow.span)), 2
            return number, 1
        if isinstance(item.atom, s.Word):
            row2, user = self.function(item.atom), self.user_function(item.atom)
            if row2 is not None or (user is not None and follow is not None and isinstance(follow.atom, s.Group)):
                used = self.factor(items, at)[1]
                stop = items[at + used - 1].span.stop
                span = Span(items[at - 1].span.start, stop)
                raise AmbiguousMath(
                    f"{self.source(span)}: the argument of {shown} needs brackets.", span,
                    (f"{self.source(items[at - 1].span)}({self.text[item.span.start:stop]})",),
                )
            self.check_one_name(items, at - 1, at, shown)
            self.check_exponent(items, at)
            return self.posts(self.names(item.atom)[0], item.posts, item), 1
        if isinstance(item.atom, (s.Frac, s.Applied)):
            return self.posts(self.atom(item.atom), item.posts, item), 1
        stop = self.touching_stop(items, at)
        raise SyntaxMistake(
            f"{shown} needs brackets round its argument here.", Span(items[at - 1].span.start, stop),
            (f"{self.source(items[at - 1].span)}({self.text[item.span.start : stop]})",),
        )

    def check_exponent(self, items: list[s.Item], at: int) -> None:
        posts = items[at].posts
        if posts and posts[-1].kind in ("^", ".^") and not posts[-1].clear:
            glued, _ = self.glued(items, at, posts[-1], 1)
            if glued is not None:
                raise SyntaxMistake("This argument needs brackets.", items[at].span)

    def check_one_name(self, items: list[s.Item], function: int, at: int, shown: str) -> None:
        """A word that is a product cannot be a bare argument: sin xy."""
        word = items[at].atom
        assert isinstance(word, s.Word)
        names = self.names(word)
        if len(names) == 1:
            return
        begin = items[function + 1].span.start
        head = self.source(items[function].span)
        first = self.text[begin : names[0].span.stop]
        rest = self.text[names[1].span.start : items[at].span.stop]
        span = Span(items[function].span.start, items[at].span.stop)
        raise AmbiguousMath(
            f"{self.source(span)} can be read in two ways.", span,
            (f"{head}({first}) {rest}", f"{head}({self.text[begin:items[at].span.stop]})"),
        )

    def check_behind(self, items: list[s.Item], at: int, used: int, argument: t.Expr) -> None:
        """What may stand behind a bare argument: another function, an operator other than /."""
        after = at + used + 1
        if after >= len(items):
            return
        item = items[after]
        head = self.source(items[at].span)
        begin, end = items[at + 1].span.start, items[at + used].span.stop
        inside = self.text[begin:end]
        if item.operator == "/":
            stop = after
            span = Span(items[at].span.start, items[stop].span.stop)
            below = self.source(items[stop].span)
            raise AmbiguousMath(
                f"{self.source(span)} can be read in two ways.", span,
                (f"{head}({inside})/{below}", f"{head}({inside}/{below})"),
            )
        if item.operator != "" or self.function(item.atom) or self.user_function(item.atom):
            return
        if isinstance(item.atom, s.For):
            return
        stop = after
        while stop + 1 < len(items) and items[stop + 1].operator == "" and not (
            self.function(items[stop + 1].atom) or self.user_function(items[stop + 1].atom)
        ):
            stop += 1
        if isinstance(item.atom, s.Num):
            self.check_juxtaposed((Settled("", argument, True, Span(items[at].span.start, end)),), item)
        span = Span(items[at].span.start, items[stop].span.stop)
        rest = self.text[item.span.start : span.stop]
        raise AmbiguousMath(
            f"{self.source(span)} can be read in two ways.", span,
            (f"{head}({inside}) {rest}", f"{head}({self.text[begin:span.stop]})"),
        )

    # -------------------------------------------------------------- atoms
    def atom(self, raw: s.Raw) -> t.Expr:
        if isinstance(raw, s.Group):
            return self.group(raw)
        if isinstance(raw, s.Bars):
            inner = self.value(raw.inner)
            if raw.double:
                return t.Norm(inner, raw.order or "2", span=raw.span)
            return t.Absolute(inner, span=raw.span)
        if isinstance(raw, s.Frac):
            return t.Fraction(self.value(raw.above), self.value(raw.below), span=raw.span)
        if isinstance(raw, s.Applied):
            return t.Call(raw.name, (self.value(raw.argument),), span=raw.span)
        if isinstance(raw, s.Indicator):
            condition = self.read(raw.condition)
            self.expect_condition(condition)
            return t.Indicator(condition, span=raw.span)
        if isinstance(raw, s.Root):
            raise SyntaxMistake("A root needs its argument.", raw.span)
        return self.read(raw)

    def group(self, group: s.Group) -> t.Expr:
        rows = group.rows
        if group.bracket in ("(", "{"):
            if len(rows) == 1 and len(rows[0]) == 1:
                inner = self.read(rows[0][0])
                if t.is_list(inner):
                    return inner
                return inner if group.bracket == "{" else t.Paren(inner, span=group.span)
            entries = tuple(self.value(entry) for entry in rows[0])
            return t.Vector(entries, span=group.span)
        if group.bracket == "env":
            if all(len(row) == 1 for row in rows):
                return t.Vector(tuple(self.value(row[0]) for row in rows), span=group.span)
            return self.matrix(group, rows)
        if len(rows) > 1:
            if all(len(row) == 1 for row in rows):
                return t.Vector(tuple(self.value(row[0]) for row in rows), span=group.span)
            return self.matrix(group, rows)
        inner_groups = [self.literal(entry) for entry in rows[0]]
        if len(rows[0]) == 1:
            only = inner_groups[0]
            if only is not None and only.bracket == "env":
                return self.group(only)
            if only is not None and only.bracket == "[" and len(only.rows) == 1:
                return self.matrix(group, (only.rows[0],))
        elif all(g is not None and g.bracket == "[" and len(g.rows) == 1 for g in inner_groups):
            return self.matrix(group, tuple(g.rows[0] for g in inner_groups if g is not None))
        entries = tuple(self.value(entry) for entry in rows[0])
        if len(entries) == 1 and isinstance(entries[0], t.Family) and entries[0].kind == "vector":
            return t.Family(entries[0].body, entries[0].index, entries[0].first, entries[0].last, span=group.span)
        return t.Vector(entries, span=group.span)

    @staticmethod
    def literal(raw: s.Raw) -> s.Group | None:
        """The bracket that an entry is, if it is nothing else."""
        if isinstance(raw, s.Run) and len(raw.items) == 1:
            item = raw.items[0]
            if isinstance(item.atom, s.Group) and not item.posts and not item.negative:
                return item.atom
        return None

    def matrix(self, group: s.Group, rows: tuple[tuple[s.Raw, ...], ...]) -> t.Expr:
        if any(isinstance(entry, s.For) for row in rows for entry in row):
            parts = tuple(self.value(entry) for row in rows for entry in row)
            if len(rows) > 1 and all(len(row) == 1 for row in rows):
                return t.Matrix(tuple((part,) for part in parts), span=group.span)
            return t.Vector(parts, span=group.span)
        widths = {len(row) for row in rows}
        if len(widths) > 1:
            first = len(rows[0])
            wrong = next(k for k, row in enumerate(rows) if len(row) != first)
            raise SyntaxMistake(
                f"The rows of this matrix differ in length: row 1 has {first} entries, row {wrong + 1} has "
                f"{len(rows[wrong])}.", group.span,
            )
        return t.Matrix(tuple(tuple(self.value(entry) for entry in row) for row in rows), span=group.span)
