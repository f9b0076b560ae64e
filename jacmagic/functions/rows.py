"""The table of functions and activations, one row each.

A row says all there is to know of a function: its names, its arguments, its
definition, its derivative in the textbook's form, its LaTeX, its kinks, and how
the backends spell it where they have it. Parsing, completion, did-you-mean, the
backends, the page of functions and the tests all read this table; adding an
activation is adding a row.

Definitions, derivatives and kinks are functions of (f, *arguments), where `f`
offers every function of the table and SymPy's own; SymPy is imported only when
one of them is called.

Sources: Goodfellow, Bengio & Courville, Deep Learning (2016), ch. 6; PyTorch's
documentation for the constants and for the values at kinks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from math import inf, pi
from typing import Any, NamedTuple

Rule = Callable[..., Any]


class Interval(NamedTuple):
    """Real numbers from low to high; `open` where a finite end is not one of them."""

    low: float = -inf
    high: float = inf
    open: bool = False


REALS = Interval()


@dataclass(frozen=True)
class Function:
    """One row of the table.

    Attributes:
        name         as it is typed
        kind         "entrywise" (scalars, and arrays entry by entry), "vector" (of whole
                     vectors), "reduction" (vector to scalar), "matrix", "square" (of square
                     matrices) or "loss"
        arity        fewest and most arguments; None for any number
        aliases      other spellings
        latex        the LaTeX of the name; empty: \\operatorname{name}
        sympy        the SymPy class that is this function, where there is one
        define       (f, *args) -> SymPy expression
        derivative   (f, *args) -> tuple of partial derivatives, in the textbook's form
        kinks        (f, *args) -> expressions that vanish where the derivative jumps
        kink_words   what is said where the point sits on one
        exact        True where the value at a rational number is one, so that constants fold
        domain       the numbers that it takes, of one argument
        outside      (f, *args) -> pairs of an expression and "<0", "<=0" or "==0", where it has no value or no slope;
                     of those of one argument with a domain alone, that
        outside_words  what is said there
        values       the numbers that it gives, entry by entry, for any argument
        expands      True where SymPy has only its definition, no function of its own
        whole        True where the last argument is a whole number, no value of its own
        spell        how a backend writes it, {0}, {1}, … standing for the arguments
        inverse      the name of f^-1, for the two readings of sin^-1
        source       what the derivative or the constants were taken from
    """

    name: str
    kind: str = "entrywise"
    arity: tuple[int, int | None] = (1, 1)
    aliases: tuple[str, ...] = ()
    latex: str = ""
    sympy: str = ""
    define: Rule | None = None
    derivative: Rule | None = None
    kinks: Rule | None = None
    kink_words: str = ""
    exact: bool = False
    domain: Interval = REALS
    outside: Rule | None = None
    outside_words: str = ""
    values: Interval = REALS
    expands: bool = False
    whole: bool = False
    spell: dict[str, str] = field(default_factory=dict)
    inverse: str = ""
    source: str = ""

    def watched(self, calculus: Any, arguments: tuple[Any, ...]) -> list[tuple[Any, str]]:
        """What must keep a sign where it is called, and when it does not."""
        if self.outside is not None:
            return list(self.outside(calculus, *arguments))
        found = []
        when = "<=0" if self.domain.open else "<0"
        if self.domain.low > -inf:
            found.append((arguments[0] - calculus.sympify(self.domain.low), when))
        if self.domain.high < inf:
            found.append((calculus.sympify(self.domain.high) - arguments[0], when))
        return found

    @property
    def tex(self) -> str:
        return self.latex or rf"\operatorname{{{self.name.replace('_', chr(92) + '_')}}}"


def _library(name: str, latex: str = "", **more: Any) -> Function:
    """A function that SymPy knows, with its derivative."""
    return Function(name, sympy=name, latex=latex or "\\" + name, **more)


def _pairwise(f: Any, best: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The partial derivatives of max or min: 1/k for each of k arguments that tie for the best."""
    if len(args) == 2:
        a, b = args
        if best is f.max and 0 in args:  # max(0, z) is ReLU
            return tuple(0 if one == 0 else f.step(one) for one in args)
        ahead = (lambda p, q: p > q) if best is f.max else (lambda p, q: p < q)
        return tuple(
            f.Piecewise((1, ahead(p, q)), (f.Rational(1, 2), f.Eq(p, q)), (0, True)) for p, q in ((a, b), (b, a))
        )
    # Never by a = max(…): SymPy turns x + 7 = m into x = m - 7, which rounding makes false.
    found = []
    for k, a in enumerate(args):
        others = args[:k] + args[k + 1 :]
        wins = f.And(*(a > b if best is f.max else a < b for b in others))
        loses = f.Or(*(a < b if best is f.max else a > b for b in others))
        ties = sum(f.Piecewise((1, f.Eq(a, b)), (0, True)) for b in others)
        found.append(f.Piecewise((1, wins), (0, loses), (1 / (1 + ties), True)))
    return tuple(found)


def _ties(f: Any, best: Any, args: tuple[Any, ...]) -> list[Any]:
    found = []
    for i, a in enumerate(args):
        for j in range(i + 1, len(args)):
            rest = args[:i] + args[i + 1 : j] + args[j + 1 :]
            ahead = f.And(*(a >= c if best is f.max else a <= c for c in rest))
            found.append(f.Piecewise((a - args[j], ahead), (1, True)))
    return found


def _fold(f: Any, args: tuple[Any, ...], first_wins: Callable[[Any, Any], Any]) -> Any:
    best = args[-1]
    for a in reversed(args[:-1]):
        best = f.Piecewise((a, first_wins(a, best)), (best, True))
    return best


def _at_0(f: Any, z: Any) -> list[tuple[Any, str]]:
    """Of a pole at 0."""
    return [(z, "==0")]


_SELU_SCALE = "1.0507009873554804934193349852946"
_SELU_ALPHA = "1.6732632423543772848170429916717"

_GELU_CUBE = "0.044715"


def _gelu_inner(f: Any, z: Any) -> Any:
    """What the approximation of GELU takes tanh of."""
    return f.sqrt(2 / f.pi) * (z + f.Rational(_GELU_CUBE) * z**3)


_ROWS: tuple[Function, ...] = (
    _library("sqrt", domain=Interval(0), values=Interval(0),
             spell={"numpy": "np.sqrt({0})", "torch": "torch.sqrt({0})", "jax": "jnp.sqrt({0})"}),
    Function(
        "cbrt",
        define=lambda f, z: f.Piecewise(*(
            (sign * f.abs(z) ** f.Rational(1, 3), when) for sign, when in ((1, z >= 0), (-1, True))  # real in both
        )),
        derivative=lambda f, z: (1 / (3 * f.cbrt(z) ** 2),),
        spell={"numpy": "np.cbrt({0})", "jax": "jnp.cbrt({0})",
               "torch": "(torch.sign({0})*torch.abs({0})**(1/3))"},
        source="the real cube root, also of negative numbers",
    ),
    _library("exp", values=Interval(0, open=True)),
    Function("ln", aliases=("log",), sympy="log", latex=r"\ln", domain=Interval(0, open=True),
             outside_words="ln of a number that is not positive"),
    Function(
        "log2", latex=r"\log_2", domain=Interval(0, open=True), expands=True,
        define=lambda f, z: f.ln(z) / f.ln(2),
    ),
    Function(
        "log10", latex=r"\log_{10}", domain=Interval(0, open=True), expands=True,
        define=lambda f, z: f.ln(z) / f.ln(10),
    ),
    Function(
        "log_base", arity=(2, 2), latex=r"\log", expands=True,
        define=lambda f, z, b: f.ln(z) / f.ln(b),
        source="of a number and a base, also written log_b(z) and log(z, b)",
    ),
    Function(
        "root", arity=(2, 2), expands=True,
        define=lambda f, z, n: f.cbrt(z) if n == 3 else z ** (1 / f.sympify(n)),
        source="of a number and a degree; the third root is cbrt, also of negative numbers",
    ),
    _library("sin", inverse="asin", values=Interval(-1, 1)),
    _library("cos", inverse="acos", values=Interval(-1, 1)),
    _library("tan", inverse="atan", derivative=lambda f, z: (1 + f.tan(z) ** 2,)),
    _library("cot", outside=_at_0, outside_words="a pole at 0"),
    _library("sec"),
    _library("csc", outside=_at_0, outside_words="a pole at 0"),
    _library("asin", latex=r"\arcsin", aliases=("arcsin",), domain=Interval(-1, 1), values=Interval(-pi / 2, pi / 2),
             outside_words="arcsin of a number beyond ±1"),
    _library("acos", latex=r"\arccos", aliases=("arccos",), domain=Interval(-1, 1), values=Interval(0, pi),
             outside_words="arccos of a number beyond ±1"),
    _library("atan", latex=r"\arctan", aliases=("arctan",), values=Interval(-pi / 2, pi / 2)),
    Function("atan2", sympy="atan2", arity=(2, 2), values=Interval(-pi, pi)),
    _library("sinh", inverse="asinh"),
    _library("cosh", inverse="acosh", values=Interval(1)),
    _library("tanh", aliases=("Tanh",), inverse="atanh", values=Interval(-1, 1)),
    Function("asinh", sympy="asinh"),
    Function("acosh", sympy="acosh", domain=Interval(1), values=Interval(0),
             outside_words="acosh of a number below 1"),
    Function("atanh", sympy="atanh", domain=Interval(-1, 1, open=True), outside_words="atanh of a number beyond ±1"),
    _library("coth", inverse="acoth", derivative=lambda f, z: (-(f.csch(z) ** 2),), outside=_at_0,
             outside_words="a pole at 0"),
    Function(
        "sech", sympy="sech", inverse="asech", values=Interval(0, 1),
        derivative=lambda f, z: (-f.sech(z) * f.tanh(z),),
    ),
    Function("csch", sympy="csch", inverse="acsch", derivative=lambda f, z: (-f.csch(z) * f.coth(z),), outside=_at_0,
             outside_words="a pole at 0"),
    Function("acoth", sympy="acoth", derivative=lambda f, z: (1 / (1 - z**2),),
             outside=lambda f, z: [(z**2 - 1, "<=0")], outside_words="acoth of a number between -1 and 1"),
    Function(
        "asech", sympy="asech", domain=Interval(0, 1), values=Interval(0),
        outside=lambda f, z: [(z, "<=0"), (1 - z, "<0")],
        outside_words="asech of a number that is not between 0 and 1",
        derivative=lambda f, z: (-1 / (z * f.sqrt(1 - z**2)),),
    ),
    Function("acsch", sympy="acsch", derivative=lambda f, z: (-1 / (f.abs(z) * f.sqrt(1 + z**2)),), outside=_at_0,
             outside_words="a pole at 0"),
    Function(
        "abs",
        values=Interval(0),
        define=lambda f, z: f.Piecewise((z, z >= 0), (-z, True)),
        derivative=lambda f, z: (f.sign(z),),
        kinks=lambda f, z: [z],
        kink_words="|·| at 0: slope 0, as in PyTorch",
        exact=True,
        spell={"numpy": "np.abs({0})", "torch": "torch.abs({0})", "jax": "jnp.abs({0})"},
        source="|.|'(0) = 0, as PyTorch has it",
    ),
    Function(
        "sign",
        values=Interval(-1, 1),
        define=lambda f, z: f.Piecewise((1, z > 0), (-1, z < 0), (0, True)),
        derivative=lambda f, z: (0,),
        kinks=lambda f, z: [z],
        kink_words="sign at 0: slope 0",
        exact=True,
        spell={"numpy": "np.sign({0})", "torch": "torch.sign({0})", "jax": "jnp.sign({0})"},
    ),
    Function(
        "min",
        arity=(1, None),
        latex=r"\min",
        define=lambda f, *a: _fold(f, a, lambda p, q: p <= q),
        derivative=lambda f, *a: _pairwise(f, f.min, a),
        kinks=lambda f, *a: _ties(f, f.min, a),
        kink_words="a tie of min: each of the k smallest has slope 1/k",
        exact=True,
        source="a tie among k arguments gives each 1/k, as torch.amin has it",
    ),
    Function(
        "max",
        arity=(1, None),
        latex=r"\max",
        define=lambda f, *a: _fold(f, a, lambda p, q: p >= q),
        derivative=lambda f, *a: _pairwise(f, f.max, a),
        kinks=lambda f, *a: _ties(f, f.max, a),
        kink_words="a tie of max: each of the k largest has slope 1/k",
        exact=True,
        source="a tie among k arguments gives each 1/k, as torch.amax has it",
    ),
    Function(
        "floor",
        define=lambda f, z: f.sympy_floor(z),
        derivative=lambda f, z: (0,),
        kinks=lambda f, z: [z - f.floor(z)],
        kink_words="floor jumps here: slope 0",
        exact=True,
        spell={"numpy": "np.floor({0})", "torch": "torch.floor({0})", "jax": "jnp.floor({0})"},
    ),
    Function(
        "ceil",
        define=lambda f, z: f.sympy_ceiling(z),
        derivative=lambda f, z: (0,),
        kinks=lambda f, z: [z - f.ceil(z)],
        kink_words="ceil jumps here: slope 0",
        exact=True,
        spell={"numpy": "np.ceil({0})", "torch": "torch.ceil({0})", "jax": "jnp.ceil({0})"},
    ),
    Function("erf", sympy="erf", values=Interval(-1, 1)),
    Function(
        "erfc", sympy="erfc", values=Interval(0, 2),
        derivative=lambda f, z: (-2 * f.exp(-(z**2)) / f.sqrt(f.pi),),
        spell={"numpy": "_erfc({0})", "torch": "torch.special.erfc({0})", "jax": "jax.scipy.special.erfc({0})",
               "javascript": "_erfc({0})", "math": "math.erfc({0})"},
        source="1 - erf(z), exact also where it is small",
    ),
    # ------------------------------------------------------------ activations
    Function(
        "sigmoid", aliases=("Sigmoid",),
        values=Interval(0, 1),
        latex=r"\operatorname{\sigma}",
        define=lambda f, z: 1 / (1 + f.exp(-z)),
        derivative=lambda f, z: (f.sigmoid(z) * (1 - f.sigmoid(z)),),
        spell={"torch": "torch.sigmoid({0})", "jax": "jax.nn.sigmoid({0})"},
    ),
    Function(
        "logit",
        domain=Interval(0, 1, open=True),
        outside_words="logit of a number that is not between 0 and 1",
        define=lambda f, p: f.ln(p / (1 - p)),
        derivative=lambda f, p: (1 / (p * (1 - p)),),
        spell={"numpy": "(np.log({0}) - np.log1p(-{0}))", "torch": "torch.logit({0})",
               "jax": "(jnp.log({0}) - jnp.log1p(-{0}))"},
        source="ln(p/(1 - p)), the inverse of sigmoid",
    ),
    Function(
        "logsigmoid",
        aliases=("log_sigmoid", "LogSigmoid"),
        values=Interval(-inf, 0),
        define=lambda f, z: -f.softplus(-z),
        derivative=lambda f, z: (f.sigmoid(-z),),
        source="ln(sigmoid(z)), safe for any z",
    ),
    Function(
        "relu",
        values=Interval(0),
        aliases=("ReLU",),
        latex=r"\operatorname{ReLU}",
        define=lambda f, z: f.Piecewise((z, z > 0), (0, True)),
        derivative=lambda f, z: (f.step(z),),
        kinks=lambda f, z: [z],
        kink_words="ReLU at 0: slope 0, as in PyTorch",
        exact=True,
        spell={"numpy": "np.maximum({0}, 0.0)", "torch": "torch.relu({0})", "jax": "jax.nn.relu({0})",
               "math": "_max({0}, 0.0)"},
        source="relu'(0) = 0, as PyTorch and JAX have it; SymPy's Max would give 1/2",
    ),
    Function(
        "leaky_relu", aliases=("LeakyReLU",),
        define=lambda f, z: f.Piecewise((z, z > 0), (z / 100, True)),
        derivative=lambda f, z: (f.Piecewise((1, z > 0), (f.Rational(1, 100), True)),),
        kinks=lambda f, z: [z],
        kink_words="leaky ReLU at 0: slope 0.01, as in PyTorch",
        exact=True,
        source="slope 0.01 below 0, and at 0, PyTorch's default",
        spell={"numpy": "np.maximum({0}, 0.01*{0})", "torch": "torch.nn.functional.leaky_relu({0})",
               "jax": "jax.nn.leaky_relu({0})"},
    ),
    Function(
        "elu",
        values=Interval(-1),
        aliases=("ELU",),
        latex=r"\operatorname{ELU}",
        define=lambda f, z: f.Piecewise((z, z > 0), (f.exp(z) - 1, True)),
        derivative=lambda f, z: (f.Piecewise((1, z > 0), (f.exp(z), True)),),
        source="Clevert, Unterthiner & Hochreiter (2016), alpha = 1",
        spell={"numpy": "(np.maximum({0}, 0.0) + np.expm1(np.minimum({0}, 0.0)))",
               "torch": "torch.nn.functional.elu({0})", "jax": "jax.nn.elu({0})"},
    ),
    Function(
        "selu",
        aliases=("SELU",),
        latex=r"\operatorname{SELU}",
        define=lambda f, z: f.Piecewise(
            (f.Rational(_SELU_SCALE) * z, z > 0),
            (f.Rational(_SELU_SCALE) * f.Rational(_SELU_ALPHA) * (f.exp(z) - 1), True),
        ),
        derivative=lambda f, z: (
            f.Piecewise(
                (f.Rational(_SELU_SCALE), z > 0),
                (f.Rational(_SELU_SCALE) * f.Rational(_SELU_ALPHA) * f.exp(z), True),
            ),
        ),
        kinks=lambda f, z: [z],
        kink_words="SELU at 0: the slope from the left, as in PyTorch",
        source="Klambauer et al. (2017), with PyTorch's constants",
        spell={"numpy": "(1.0507009873554805*np.maximum({0}, 0.0) + 1.7580993408473768*np.expm1(np.minimum({0}, 0.0)))",
               "torch": "torch.nn.functional.selu({0})", "jax": "jax.nn.selu({0})",
               "javascript": "({0} > 0 ? 1.0507009873554805*{0} : 1.7580993408473768*Math.expm1({0}))",
               "math": "(1.0507009873554805*{0} if {0} > 0 else 1.7580993408473768*math.expm1({0}))"},
    ),
    Function(
        "gelu",
        aliases=("GELU",),
        latex=r"\operatorname{GELU}",
        define=lambda f, z: z * (1 + f.erf(z / f.sqrt(2))) / 2,
        derivative=lambda f, z: (
            (1 + f.erf(z / f.sqrt(2))) / 2 + z * f.exp(-(z**2) / 2) / f.sqrt(2 * f.pi),
        ),
        source="Hendrycks & Gimpel (2016): z times the normal distribution function, exact",
        spell={"torch": "torch.nn.functional.gelu({0})", "jax": "jax.nn.gelu({0}, approximate=False)"},
    ),
    Function(
        "gelu_tanh",
        define=lambda f, z: z * (1 + f.tanh(_gelu_inner(f, z))) / 2,
        derivative=lambda f, z: (
            (1 + f.tanh(_gelu_inner(f, z))) / 2
            + z * (1 - f.tanh(_gelu_inner(f, z)) ** 2) * f.sqrt(2 / f.pi) * (1 + 3 * f.Rational(_GELU_CUBE) * z**2) / 2,
        ),
        source="Hendrycks & Gimpel (2016): the approximation by tanh, PyTorch's approximate='tanh'",
        spell={"torch": "torch.nn.functional.gelu({0}, approximate='tanh')",
               "jax": "jax.nn.gelu({0}, approximate=True)"},
    ),
    Function(
        "silu",
        aliases=("swish", "SiLU", "Swish"),
        latex=r"\operatorname{SiLU}",
        define=lambda f, z: z * f.sigmoid(z),
        derivative=lambda f, z: (f.sigmoid(z) * (1 + z * (1 - f.sigmoid(z))),),
        spell={"torch": "torch.nn.functional.silu({0})", "jax": "jax.nn.silu({0})"},
    ),
    Function(
        "softplus", aliases=("Softplus",),
        values=Interval(0),
        define=lambda f, z: f.ln(1 + f.exp(z)),
        derivative=lambda f, z: (f.sigmoid(z),),
        spell={"numpy": "np.logaddexp(0.0, {0})", "torch": "torch.logaddexp({0}, torch.zeros_like({0}))",
               "jax": "jnp.logaddexp(0.0, {0})",
               "javascript": "(Math.max({0}, 0) + Math.log1p(Math.exp(-Math.abs({0}))))",
               "math": "(max({0}, 0.0) + math.log1p(math.exp(-abs({0}))))"},
    ),
    Function(
        "softsign", aliases=("Softsign",),
        values=Interval(-1, 1),
        define=lambda f, z: z / (1 + f.abs(z)),
        derivative=lambda f, z: (1 / (1 + f.abs(z)) ** 2,),
    ),
    Function(
        "mish", aliases=("Mish",),
        define=lambda f, z: z * f.tanh(f.softplus(z)),
        derivative=lambda f, z: (
            f.tanh(f.softplus(z)) + z * f.sigmoid(z) * (1 - f.tanh(f.softplus(z)) ** 2),
        ),
        source="Misra (2019)",
    ),
    Function(
        "hardtanh", aliases=("Hardtanh",),
        values=Interval(-1, 1),
        define=lambda f, z: f.Piecewise((-1, z < -1), (1, z > 1), (z, True)),
        derivative=lambda f, z: (f.Piecewise((1, f.And(z > -1, z < 1)), (0, True)),),
        kinks=lambda f, z: [z - 1, z + 1],
        kink_words="hardtanh at ±1: slope 0, as in PyTorch",
        exact=True,
        source="slope 0 at -1 and 1, as PyTorch has it",
        spell={"numpy": "np.clip({0}, -1.0, 1.0)", "torch": "torch.nn.functional.hardtanh({0})",
               "jax": "jnp.clip({0}, -1.0, 1.0)"},
    ),
    Function(
        "relu6",
        aliases=("ReLU6",),
        latex=r"\operatorname{ReLU6}",
        values=Interval(0, 6),
        define=lambda f, z: f.Piecewise((0, z < 0), (6, z > 6), (z, True)),
        derivative=lambda f, z: (f.Piecewise((1, f.And(z > 0, z < 6)), (0, True)),),
        kinks=lambda f, z: [z, z - 6],
        kink_words="ReLU6 at 0 and 6: slope 0, as in PyTorch",
        exact=True,
        source="min(max(z, 0), 6); slope 0 at 0 and 6, as PyTorch has it",
        spell={"numpy": "np.clip({0}, 0.0, 6.0)", "torch": "torch.nn.functional.relu6({0})",
               "jax": "jnp.clip({0}, 0.0, 6.0)"},
    ),
    Function(
        "hardswish",
        aliases=("Hardswish", "hard_swish"),
        define=lambda f, z: f.Piecewise((0, z <= -3), (z, z >= 3), (z * (z + 3) / 6, True)),
        derivative=lambda f, z: (
            f.Piecewise((0, z <= -3), (1, z >= 3), (z / 3 + f.Rational(1, 2), True)),
        ),
        kinks=lambda f, z: [z - 3, z + 3],
        kink_words="hardswish at ±3: slope 0 at −3 and 1 at 3, as in PyTorch",
        exact=True,
        source="Howard et al. (2019): z relu6(z + 3)/6; slope 0 at -3 and 1 at 3, as PyTorch has it",
        spell={"torch": "torch.nn.functional.hardswish({0})"},
    ),
    Function(
        "clip",
        aliases=("clamp",),
        arity=(3, 3),
        define=lambda f, z, low, high: f.min(f.max(z, low), high),
        derivative=lambda f, z, low, high: (
            f.Piecewise((1, f.And(z >= low, z <= high)), (0, True)),
            f.Piecewise((1, f.And(z < low, low < high)), (0, True)),
            f.Piecewise((1, f.Or(z > high, low > high)), (0, True)),
        ),
        kinks=lambda f, z, low, high: [z - low, z - high],
        kink_words="clip at a bound: slope 1, as in PyTorch",
        exact=True,
        source="min(max(z, low), high); slope 1 at both bounds, as torch.clamp has it",
    ),
    Function(
        "step",
        values=Interval(0, 1),
        latex=r"\mathbf{1}",
        define=lambda f, z: f.Piecewise((1, z > 0), (0, True)),
        derivative=lambda f, z: (0,),
        kinks=lambda f, z: [z],
        kink_words="the step at 0: slope 0",
        exact=True,
        source="the indicator 1[z > 0], derivative 0 everywhere",
        spell={"numpy": "(({0} > 0)*1.0)"},
    ),
    # ------------------------------------------------------------ of vectors
    Function("softmax", aliases=("Softmax",), kind="vector", values=Interval(0, 1)),
    Function("log_softmax", aliases=("LogSoftmax",), kind="vector", values=Interval(-inf, 0)),
    Function("layer_norm", aliases=("LayerNorm",), kind="vector",
             source="epsilon = 1e-5 under the root, no scale or shift, as PyTorch"),
    Function(
        "rms_norm", aliases=("RMSNorm",), kind="vector",
        source="x/sqrt(mean(x^2) + epsilon) with PyTorch's epsilon, that of the numbers, 2^-52; no scale",
    ),
    Function("logsumexp", kind="reduction", source="ln(sum(exp(z))), safe for any z; of its slope, softmax(z)"),
    Function("var", kind="reduction", values=Interval(0), aliases=("Var", "variance"),
             source="the mean of the squared distances from the mean: divides by n"),
    Function("norm", kind="reduction", values=Interval(0)),
    Function("norm1", kind="reduction", values=Interval(0), source="||x||_1"),
    Function("norm2", kind="reduction", values=Interval(0), source="||x||"),
    Function("dot", kind="reduction", arity=(2, 2)),
    Function("cross", kind="vector", arity=(2, 2)),
    Function("diag", kind="vector"),
    Function("sum", kind="reduction", arity=(1, None)),
    Function("prod", kind="reduction", arity=(1, None)),
    Function("mean", kind="reduction", arity=(1, None)),
    # ------------------------------------------------------------ of matrices
    Function("inv", kind="square", aliases=("inverse",), source="also written A^-1"),
    Function("det", kind="square", latex=r"\det", source="of its slope, the cofactors, also where there is no inverse"),
    Function("logdet", kind="square", source="ln(det(A)), safe for any size; no number where det(A) is below 0"),
    Function("tr", kind="square", aliases=("trace", "Tr")),
    Function("vec", kind="matrix", source="the columns, one below the other"),
    Function("flatten", aliases=("Flatten",), kind="matrix", source="the entries row by row, as PyTorch's flatten"),
    Function("kron", kind="matrix", arity=(2, 2), source="the Kronecker product"),
    Function("sum_rows", kind="matrix", source="a column of the rows' sums, PyTorch's sum(dim=1)"),
    Function("sum_cols", kind="matrix", source="a column of the columns' sums, PyTorch's sum(dim=0)"),
    Function("mean_rows", kind="matrix", source="a column of the rows' means"),
    Function("mean_cols", kind="matrix", source="a column of the columns' means"),
    Function("conv", aliases=("Conv",), kind="matrix", arity=(2, 2),
             source="of a signal and a kernel, vectors or matrices: where the kernel fits in, not flipped, as PyTorch"),
    Function("maxpool", aliases=("MaxPool",), kind="matrix", arity=(2, 2), whole=True,
             source="the largest entry of each k neighbours, of a matrix of each k×k block; the rest is left out"),
    # ------------------------------------------------------------ losses: of a prediction and a target
    Function(
        "mse", kind="loss", arity=(2, 2), aliases=("MSE",), latex=r"\operatorname{MSE}",
        define=lambda f, o, y: (o - y) ** 2,
    ),
    Function(
        "mae", kind="loss", arity=(2, 2), aliases=("MAE",), latex=r"\operatorname{MAE}",
        define=lambda f, o, y: f.abs(o - y),
    ),
    Function("cross_entropy", kind="loss", arity=(2, 2), define=lambda f, p, y: -y * f.ln(p)),
    Function(
        "bce", kind="loss", arity=(2, 2), aliases=("BCE",), latex=r"\operatorname{BCE}",
        define=lambda f, p, y: -(y * f.ln(p) + (1 - y) * f.ln(1 - p)),
        source="of probabilities, as torch.nn.BCELoss",
    ),
    Function(
        "huber", kind="loss", arity=(2, 2),
        define=lambda f, o, y: f.Piecewise(
            ((o - y) ** 2 / 2, f.abs(o - y) <= 1), (f.abs(o - y) - f.Rational(1, 2), True)
        ),
        source="Huber (1964), delta = 1, as torch.nn.HuberLoss",
    ),
)

class Table(dict[str, Function]):
    """The rows by name, and what else each is called; a row that is added is a function at once."""

    def __init__(self, rows: Iterable[Function]) -> None:
        self.aliases: dict[str, str] = {}
        for row in rows:
            self[row.name] = row

    def __setitem__(self, name: str, row: Function) -> None:
        super().__setitem__(name, row)
        self.aliases.update(dict.fromkeys(row.aliases, name))

    def __delitem__(self, name: str) -> None:
        for alias in self[name].aliases:
            del self.aliases[alias]
        super().__delitem__(name)


class Words(Set[str]):
    """All spellings of the rows that there are."""

    def __contains__(self, word: object) -> bool:
        return word in FUNCTIONS or word in ALIASES

    def __iter__(self) -> Iterator[str]:
        yield from FUNCTIONS
        yield from ALIASES

    def __len__(self) -> int:
        return len(FUNCTIONS) + len(ALIASES)

    @classmethod
    def _from_iterable(cls, words: Iterable[Any]) -> Set[Any]:
        return frozenset(words)


FUNCTIONS = Table(_ROWS)

ALIASES = FUNCTIONS.aliases
"""Other spellings, and the name each stands for."""

SPELLINGS = Words()
"""Every word that is read as a function."""

OF_LOGITS: dict[str, tuple[str, str]] = {
    "CrossEntropyLoss": ("cross_entropy", "softmax"), "softmax_cross_entropy": ("cross_entropy", "softmax"),
    "BCEWithLogitsLoss": ("bce", "sigmoid"), "binary_cross_entropy_with_logits": ("bce", "sigmoid"),
    "sigmoid_cross_entropy": ("bce", "sigmoid"),
}
"""Losses of logits as other libraries call them: the loss of probabilities, and what makes these of logits."""

CONSTANTS: dict[str, str] = {"e": "e", "pi": r"\pi"}
"""The constants and their LaTeX."""


def find(word: str) -> Function | None:
    """The row of a function by any of its spellings."""
    return FUNCTIONS.get(ALIASES.get(word, word))
