"""A few seconds of the fuzzer that is made from the grammar page, and what both fuzzers found."""

from __future__ import annotations

import pytest
from fuzz.check import check
from fuzz.grammar import TEXTS
from hypothesis import HealthCheck, given, settings
from share import some

FOUND = [
    "x in R^3\nf = [prod(x[j] for j = 1..i) for i = 1..3]",
    r"g = \left. \frac]{df}{dx} \right|_{x=3}",
    "f(x, y) = sin² [x, x; x, x]",
    r"f = sin(\begin{cases} x & x > x \\ x for \text{otherwise} \end{cases})",
    r"f = 1 (\sum_{i=1}^{2} (bce(0, 0)))",
    "f(x, y) = (norm(bce(0, 1))+x)^-1",
    "f(x, y) = (norm(bce(0, 0))+x)^2",
    pytest.param("x in R^2\ny(x) = sum(x^i for i = 0..3000)^304\no =n R^2\nL = mse(o, y)", marks=pytest.mark.long),
    "f(x) = [x[i] f==============or i = 1.cmd.10^30]",
    " x_1 + x\u2081 + x_{x\u2081}",
    "f(x, y) [sin x, sin 2x, sin x^2, sin^ cos y]",
    "t\u0307\u0307xx",
    "u1'= x\nu1 = [u0, u0]\nu2 = [u1, u1]",
    "x in R^3\ny in R^4\nz = W1 x + c1 in R^4\np = softmax(z)\nL = -sum(y \u03a3 ln(p))",
    "f(x) =-103e93e99/ (-103e99/-09/1000000/10/2) x",
    "x in R^2\no = [x[i] dot(sign([x[i] max([x[i] sqrt i for i = 1..2]) for i = 1..2]), i) for i = 1..2]",
    "f(x) = prod(1/i for i=1..2000) x",
    "x' = cbrt(cbrt(cbrt(cbrt(cbrt(cbrt(x))))))\ny' = x",
    "f(x, y) = [sum(x i for i = 1..3), x; x, x]",
    "k =2^0.5^0.5^0. 2^0.5^0.5^0.x",
    r"(exp(\operatorname{relu}(asin(\sum_{i=1}^{2} (cosh(1[e^-x^{(prod(10))^2} > k]))))))^2",
    "x in R^2\nf = \\prod_{i=1}^{3} x1",
    "f(x, y) = sum(x[1] for i = 1..0)",
    "k = norm([0^1100 10^1000])\nf(x) = k x",
    "f(x, y) = abs((x, x))",
    "x  | +| |xnorm|x|| +  |x[1]||x[1]|",
    "x in R^2\na = exp(800 x)\nb = a - 1\nL = sum(b^2)",
    r"\frac{d0}{dA}=0.",
    r"\frac{d_1}{dt} = x",
    "x in R^3\na = tanh(W1 x + c2) in R^4\no =  a2 W+ Πc2 in R^2",
    "x in R^3\ny in R^4\nz = W1 x + c1 in R^4\np = softmax(z)\nM = -sum(y)",
    "f(x, y) = 4y * [x^2 - 1] .* [y]",
    "x in R^2\nf = [\\begin{cases} y+y & x > x \\\\ y & \\text{otherwise} \\end{cases}, x]",
    "f(x, y) = norm(||x||_1)",
    "x in R^2\na = tanh(W x + c) in R^2\no = (z if x > 0 and W^T < 1 else y)^2",
    "x in R^2\na = tanh(W x + c) in R^2\no = x if x > 0 and W^T < 1 else y",
    "x in R^18\na = W1 x + c1 W x + c1 in R^2",
    "f(x) = sin(sum(m1/i^i for i=1..400) + x)",
    "f(x, y) = asin(e^(asin(x)))",
    "f(x, y) = x ./ x*x",
]


@pytest.mark.parametrize("text", some(FOUND))
def test_what_a_fuzzer_found_holds(text: str) -> None:
    check(text)


@pytest.mark.parametrize("many", [pytest.param(6, marks=pytest.mark.long), pytest.param(60, marks=pytest.mark.scale)])
def test_texts_made_from_the_grammar_hold(many: int) -> None:
    anew = settings(
        max_examples=many, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    anew(given(TEXTS)(check))()
