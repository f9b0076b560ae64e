"""What the printers write reads back: random trees of every kind that the language can type, as LaTeX and as text."""

from __future__ import annotations

import random
from dataclasses import fields
from typing import Any
from xml.etree import ElementTree

import pytest

from jacmagic.language import printers
from jacmagic.language import tree as t
from jacmagic.language.reading import Reader
from jacmagic.language.statements import parse
from jacmagic.language.words import Scope

SCALARS = ["x", "y", "x1", "x_max", "theta2", "lam", "rate", "k"]
VECTORS, MATRICES, INDICES = ["u", "v", "c1"], ["W", "A2"], ["i", "j"]
SCOPE = {
    "names": {*SCALARS, *VECTORS, *MATRICES}, "vectors": set(VECTORS), "matrices": set(MATRICES),
    "functions": {"f": ("x",), "g1": ("x", "y")},
}
ENTRYWISE = ["sin", "cos", "tanh", "ln", "sqrt", "cbrt", "relu", "sigmoid", "leaky_relu", "log2", "asin", "exp", "step"]
TYPED = {
    t.Number, t.Constant, t.Name, t.Component, t.Negative, t.Sum, t.Product, t.Fraction, t.Power, t.Transpose, t.Call,
    t.Degrees, t.UserCall, t.Norm, t.Absolute, t.Vector, t.Matrix, t.Family, t.Compare, t.Logic, t.Case, t.Indicator,
}
"""What the language can type; brackets come by themselves."""


def read(text: str) -> t.Expr:
    whole = f"q = {text}"
    statement = parse(whole)[0]
    assert statement.expr is not None
    return Reader(whole, Scope(**{key: value.copy() for key, value in SCOPE.items()})).read(statement.expr)  # type: ignore[attr-defined]


class Maker:
    """Random trees, as the reader makes them but for brackets, which the printers put where they are due."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.open: list[str] = []
        self.kinds = [getattr(self, name) for name in dir(self) if name.startswith("a_")]

    def expr(self, depth: int) -> t.Expr:
        if depth <= 0:
            return self.leaf()
        return self.rng.choice(self.kinds)(depth - 1)

    def leaf(self) -> t.Expr:
        r = self.rng
        choice = r.random()
        if choice < 0.25:
            return t.Number(r.choice(["2", "3", "0.5", "10", "12", "1.5e-7", "1e-3", "2.25"]))
        if choice < 0.35:
            return t.Constant(r.choice(["e", "pi"]))
        if choice < 0.5:
            return self.a_component(0)
        return t.Name(r.choice([*SCALARS, *self.open, *VECTORS, *MATRICES]))

    def array(self, depth: int) -> t.Expr:
        return t.Name(self.rng.choice([*VECTORS, *MATRICES]))

    # a node each
    def a_component(self, depth: int) -> t.Expr:
        r = self.rng
        indices = [t.Number("1"), t.Number("12"), t.Name("k"), *(t.Name(one) for one in self.open)]
        if self.open:
            indices.append(t.Sum(((1, t.Name(self.open[-1])), (r.choice([1, -1]), t.Number("1")))))
        if r.random() < 0.4:
            return t.Component(t.Name(r.choice(MATRICES)), (r.choice(indices), r.choice(indices)))
        return t.Component(t.Name(r.choice(VECTORS)), (r.choice(indices),))

    def a_negative(self, depth: int) -> t.Expr:
        return t.Negative(self.expr(depth))

    def a_sum(self, depth: int) -> t.Expr:
        count = self.rng.randint(2, 3)
        return t.Sum(tuple((self.rng.choice([1, -1]), self.expr(depth)) for _ in range(count)))

    def a_product(self, depth: int) -> t.Expr:
        signs = ["", "", "", "*", "/", ".*", "./", "dot", "cross"]
        rest = [(self.rng.choice(signs), self.expr(depth)) for _ in range(self.rng.randint(1, 3))]
        return t.Product((("", self.expr(depth)), *rest))

    def a_fraction(self, depth: int) -> t.Expr:
        return t.Fraction(self.expr(depth), self.expr(depth))

    def a_power(self, depth: int) -> t.Expr:
        if self.rng.random() < 0.2:
            return t.Power(self.array(depth), self.expr(depth), entrywise=True)
        return t.Power(self.expr(depth), self.expr(depth))

    def a_power_on_a_name(self, depth: int) -> t.Expr:
        call = t.Call(self.rng.choice(["sin", "cos", "tanh"]), (self.expr(depth),))
        if self.rng.random() < 0.4:
            call = t.Call(call.function, (t.Name(self.rng.choice(SCALARS)),), bare=True)
        return t.Power(call, t.Number("2"), on_name=True)

    def a_degrees(self, depth: int) -> t.Expr:
        return t.Degrees(self.expr(depth))

    def a_transpose(self, depth: int) -> t.Expr:
        return t.Transpose(self.array(depth))

    def a_call(self, depth: int) -> t.Expr:
        if self.rng.random() < 0.3:
            return t.Call(self.rng.choice(["max", "min"]), (self.expr(depth), self.expr(depth)))
        if self.rng.random() < 0.3:
            name = t.Name(self.rng.choice(SCALARS))
            inner = self.rng.choice([name, t.Product((("", t.Number("2")), ("", name))), t.Power(name, t.Number("2"))])
            return t.Call(self.rng.choice(["sin", "cos", "ln"]), (inner,), bare=True)
        return t.Call(self.rng.choice(ENTRYWISE), (self.expr(depth),))

    def a_user_call(self, depth: int) -> t.Expr:
        if self.rng.random() < 0.5:
            return t.UserCall("f", (self.expr(depth),))
        return t.UserCall("g1", (self.expr(depth), self.expr(depth)))

    def a_norm(self, depth: int) -> t.Expr:
        return t.Norm(self.array(depth), self.rng.choice(["1", "2", "oo", "F"]))

    def a_absolute(self, depth: int) -> t.Expr:
        return t.Absolute(self.expr(depth))

    def a_vector(self, depth: int) -> t.Expr:
        return t.Vector(self.entries(depth))

    def entries(self, depth: int) -> tuple[t.Expr, ...]:
        """Of a column: not all of them brackets, since [[a], [b]] is a matrix by rows."""
        entries = tuple(self.expr(depth) for _ in range(self.rng.randint(1, 3)))
        brackets = all(isinstance(one, (t.Vector, t.Matrix)) or t.is_list(one) for one in entries)
        return (*entries, t.Name("x")) if brackets else entries

    def a_matrix(self, depth: int) -> t.Expr:
        width = self.rng.randint(1, 2)
        if width == 1:
            return t.Matrix(tuple((one,) for one in self.entries(depth)))
        return t.Matrix(tuple(tuple(self.expr(depth) for _ in range(width)) for _ in range(self.rng.randint(1, 2))))

    def a_family(self, depth: int) -> t.Expr:
        free = [one for one in INDICES if one not in self.open]
        if not free:
            return self.leaf()
        self.open.append(free[0])
        body = self.expr(depth)
        self.open.pop()
        last = self.rng.choice([t.Name("k"), t.Number("9"), t.Sum(((1, t.Name("k")), (-1, t.Number("1"))))])
        return t.Family(body, free[0], t.Number("1"), last, self.rng.choice(["vector", "sum", "prod"]))

    def a_case(self, depth: int) -> t.Expr:
        branches = tuple((self.expr(depth), self.condition(depth)) for _ in range(self.rng.randint(1, 2)))
        return t.Case(branches, self.expr(depth))

    def a_indicator(self, depth: int) -> t.Expr:
        return t.Indicator(self.condition(depth))

    def condition(self, depth: int) -> t.Expr:
        r = self.rng
        if r.random() < 0.3:
            operator = r.choice(["and", "or", "not"])
            return t.Logic(operator, tuple(self.condition(depth - 1) for _ in range(1 if operator == "not" else 2)))
        relations = [r.choice(["<", "<=", ">", ">=", "=="]) for _ in range(r.choice([1, 1, 2]))]
        return t.Compare(tuple(self.expr(min(depth, 1)) for _ in range(len(relations) + 1)), tuple(relations))


def said(expr: t.Expr) -> Any:
    """What a tree says: no brackets, sums and products folded to the left, a bar and a slash alike.

    The sign of a product says nothing: * and · differ between two columns, and there * is an error.
    """
    match expr:
        case t.Paren(inner):
            return said(inner)
        case t.Number(text) if "e" in text:
            mantissa, exponent = text.split("e")
            n = t.Number(exponent.lstrip("+-"))
            power = t.Power(t.Number("10"), t.Negative(n) if exponent.startswith("-") else n)
            return said(power if mantissa == "1" else t.Product((("", t.Number(mantissa)), ("*", power))))
        case t.Negative(inner):
            return ("-", said(inner))
        case t.Sum(terms):
            done: Any = None
            for sign, term in terms:
                one = said(term)
                if done is None:
                    done = one if sign > 0 else ("-", one)
                else:
                    done = ("+" if sign > 0 else "−", done, one)
            return done
        case t.Fraction(above, below):
            return ("/", said(above), said(below))
        case t.Product(factors):
            done = said(factors[0][1])
            for sign, factor in _parts(factors[1:]):
                done = ("*" if sign in ("", "dot") else sign, done, said(factor))
            return done
        case t.Call("abs", (inner,)):
            return said(t.Absolute(inner))
        case t.Call("norm", (inner,)):
            return said(t.Norm(inner, "2"))
        case t.Matrix(rows) if len(rows[0]) == 1:
            return said(t.Vector(tuple(row[0] for row in rows)))
        case t.Power(base, exponent, entrywise):
            return ("^", said(base), said(exponent), entrywise)
        case t.Logic("not", (inner,)):
            return ("not", said(inner))
        case t.Logic(operator, operands):
            flat: list[Any] = []
            for one in map(said, operands):
                flat += one[1:] if isinstance(one, tuple) and one[0] == operator else [one]
            return (operator, *flat)
    return (type(expr).__name__, *(_said(getattr(expr, one.name)) for one in fields(expr) if one.name not in ("span", "bare")))


def _parts(factors: Any) -> Any:
    """The factors behind the first, 1.5e-7 as two of them where it is multiplied by."""
    for sign, factor in factors:
        two = isinstance(factor, t.Number) and sign in ("", "*") and "e" in factor.text and factor.text[:2] != "1e"
        if two:
            mantissa, exponent = factor.text.split("e")
            yield sign, t.Number(mantissa)
            yield "*", t.Number(f"1e{exponent}")
        else:
            yield sign, factor


def _said(value: Any) -> Any:
    if isinstance(value, t.Expr):
        return said(value)
    return tuple(map(_said, value)) if isinstance(value, tuple) else value


@pytest.mark.parametrize("share", [0.1, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_random_trees_of_every_kind_read_back(depth: int, share: float) -> None:
    kinds = set()
    for seed in range(int(1250 * share)):
        tree = Maker(seed).expr(depth)
        kinds |= {type(one) for one in t.walk(tree)}
        for shown in (printers.latex(tree), printers.text(tree)):
            assert said(read(shown)) == said(tree), (seed, shown)
    assert depth == 1 or kinds >= TYPED


# ------------------------------------------------------------------ what only jacmagic writes
f, x, y, a, W = t.Name("f"), t.Name("x"), t.Name("y"), t.Name("a"), t.Name("W")
one_by_two = t.LabelledMatrix(((x, t.Number("2")),), (f,), (x, y))


@pytest.mark.parametrize(("tree", "latex", "text"), [
    (t.Partial(f, (x,)), r"\frac{\partial f}{\partial x}", "∂f/∂x"),
    (t.Partial(f, (x, y)), r"\frac{\partial^{2} f}{\partial x \, \partial y}", "∂²f/∂x∂y"),
    (t.Partial(f, (x, x)), r"\frac{\partial^{2} f}{\partial x^{2}}", "∂²f/∂x²"),
    (t.Partial(f, (t.Tuple((x, y)),)), r"\frac{\partial f}{\partial (x, y)}", "∂f/∂(x, y)"),
    (t.Total(t.Name("L"), (t.Name("h1"),)), r"\frac{d L}{d h_{1}}", "dL/dh₁"),
    (t.Transpose(t.Partial(f, (x,))), r"\left(\frac{\partial f}{\partial x}\right)^{\top}", "(∂f/∂x)ᵀ"),
    (t.Slope(t.UserCall("f", (x,))), r"f'\left(x\right)", "f'(x)"),
    (t.Slope(t.Call("sigmoid", (t.PreActivation(a),)), 2), r"\operatorname{\sigma}''\left(z_{a}\right)", "sigmoid''(z_a)"),
    (t.Delta(t.Name("h1")), r"\delta_{h_{1}}", "δ_h₁"),
    (t.Jacobian(t.Number("1")), "J_{1}", "J₁"),
    (t.Equation((t.Jacobian(f), t.Number("2"))), "J_{f} = 2", "J_f = 2"),
    (t.Equation((t.Gradient(f), t.Matrix(((x,), (y,))))), r"\nabla f = \begin{bmatrix} x \\ y \end{bmatrix}", "∇f = [x; y]"),
    (t.Equation((W, t.Space((2, 3))), ("∈",)), r"W \in \mathbb{R}^{2 \times 3}", "W ∈ ℝ^(2×3)"),
    (t.Equation((x, t.Interval(t.Number("0"), y)), ("∈",)), r"x \in \left[0, y\right]", "x ∈ [0, y]"),
    (t.product(t.Diag(a), W), r"\operatorname{diag}\left(a\right) \, W", "diag(a) W"),
    (t.Sum(((1, t.Identity()), (-1, t.Outer(a, a)))), r"I - a a^{\top}", "I - a aᵀ"),
    (t.Kronecker(t.Identity(), t.Transpose(x)), r"I \otimes x^{\top}", "I ⊗ xᵀ"),
    (t.Call("sin", (t.Degrees(t.Number("30")),)), r"\sin\left(30^{\circ}\right)", "sin(30°)"),
    (t.Power(t.Degrees(x), t.Number("2")), r"(x^{\circ})^{2}", "(x°)²"),
    (t.Transpose(t.Unit(t.Number("2"))), r"\mathbf{e}_{2}^{\top}", "e₂ᵀ"),
    (t.product(x, t.Ones()), r"x \, \mathbf{1}", "x 𝟏"),
    (t.Reduced("sum", y), r"\sum y", "Σy"),
    (t.Underbrace(t.Partial(f, (x,)), 1, 2), r"\underbrace{\frac{\partial f}{\partial x}}_{1 \times 2}", "∂f/∂x [1×2]"),
    (t.Listing((t.Equation((x, y)), t.Equation((a, f)))), r"x = y, \quad a = f", "x = y, a = f"),
    (t.Evaluated(t.Partial(f, (x,)), t.Phrase((t.Words("where "), f, t.Words(" has it")))),
     r"\left.\frac{\partial f}{\partial x}\right|_{\text{where }f\text{ has it}}", "∂f/∂x, where f has it"),
    (one_by_two, r"\begin{array}{r|cc}  & {\color{gray}{x}} & {\color{gray}{y}} \\ \hline {\color{gray}{f}} & x & 2 "
     r"\end{array}", "\n    x  y\nf [ x  2 ]"),
    (t.Name("dx1", dotted=True), r"\dot{x}_{1}", "ẋ₁"),
    (t.Number("1.0507…"), r"1.0507\ldots", "1.0507…"),
])
def test_derived_formulas_print(tree: t.Expr, latex: str, text: str) -> None:
    assert printers.latex(tree) == latex
    assert printers.text(tree) == text
    assert printers.mathml(tree).startswith("<math>")


# ------------------------------------------------------------------ MathML
@pytest.mark.parametrize(("typed", "inner"), [
    ("x", '<mi data-name="x">x</mi>'),
    ("x1", '<msub data-name="x1"><mi>x</mi><mn>1</mn></msub>'),
    ("2x1^2", '<mrow><mn>2</mn><msubsup data-name="x1" data-tight=""><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></mrow>'),
    ("y_hat", '<mover data-name="y_hat" accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>'),
    ("x + y", '<mrow><mi data-name="x">x</mi><mo>+</mo><mi data-name="y">y</mi></mrow>'),
    ("x/y", '<mfrac><mi data-name="x">x</mi><mi data-name="y">y</mi></mfrac>'),
    ("rate k", '<mrow><mi data-name="rate" data-tight="">rate</mi><mspace width="0.167em"/>'
     '<mi data-name="k" data-tight="">k</mi></mrow>'),
    ("sin x", '<mrow><mi>sin</mi><mspace width="0.167em"/><mi data-name="x">x</mi></mrow>'),
    ("k sin(x + y)", '<mrow><mi data-name="k" data-tight="">k</mi><mspace width="0.167em"/><mi>sin</mi><mrow><mo>(</mo>'
     '<mi data-name="x">x</mi><mo>+</mo><mi data-name="y">y</mi><mo>)</mo></mrow></mrow>'),
    ("sigmoid(x)", '<mrow><mi>σ</mi><mrow><mo>(</mo><mi data-name="x">x</mi><mo>)</mo></mrow></mrow>'),
    ("log2(x)", '<mrow><msub><mi>log</mi><mn>2</mn></msub><mrow><mo>(</mo><mi data-name="x">x</mi><mo>)</mo></mrow></mrow>'),
    ("v[2]", '<msub data-name="v[2]"><mi>v</mi><mn>2</mn></msub>'),
    ("W[1,2]", '<msub data-name="W[1,2]"><mi>W</mi><mrow><mn>1</mn><mo>,</mo><mn>2</mn></mrow></msub>'),
    ("x if x > y else 1", '<mrow><mo>{</mo><mtable><mtr><mtd columnalign="left"><mi data-name="x">x</mi></mtd>'
     '<mtd columnalign="left"><mtext>if\u00a0</mtext><mi data-name="x">x</mi><mo>&gt;</mo><mi data-name="y">y</mi></mtd></mtr>'
     '<mtr><mtd columnalign="left"><mn>1</mn></mtd><mtd columnalign="left"><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>'),
    ("1[x < y]", '<mrow><mn>𝟏</mn><mrow><mo>[</mo><mi data-name="x">x</mi><mo>&lt;</mo><mi data-name="y">y</mi>'
     '<mo>]</mo></mrow></mrow>'),
])
def test_mathml_of_what_is_typed(typed: str, inner: str) -> None:
    assert printers.mathml(read(typed)) == f"<math>{inner}</math>"


def test_a_symbol_has_the_key_that_the_page_knows() -> None:
    assert 'data-name="x[1]"' in printers.mathml(t.Name("x1"), places={"x1": "x[1]"})


@pytest.mark.parametrize("seed", range(60))
def test_mathml_is_well_formed_with_as_many_parts_as_each_element_takes(seed: int) -> None:
    whole = ElementTree.fromstring(printers.mathml(Maker(seed).expr(4)))
    parts = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "mroot": 2, "munder": 2, "munderover": 3, "mover": 2}
    for one in whole.iter():
        assert len(one) == parts.get(one.tag, len(one)), one.tag
        assert one.tag in ("mi", "mn", "mo", "mtext", "mspace") or not (one.text or "").strip()


def test_a_quotient_of_derivatives_has_one_bar() -> None:
    tree = t.Fraction(t.Partial(t.Name("F"), (t.Name("x"),)), t.Partial(t.Name("F"), (t.Name("y"),)))
    found = ElementTree.fromstring(printers.mathml(tree))
    assert len(list(found.iter("mfrac"))) == 1
    assert "".join(found.itertext()) == "∂F/∂x∂F/∂y"
    assert len(list(ElementTree.fromstring(printers.mathml(t.Fraction(t.Name("x"), t.Partial(t.Name("F"), (t.Name("y"),))))).iter("mfrac"))) == 2
