"""A quiz's page in a browser: what is typed is marked there, without a kernel."""

from __future__ import annotations

import pytest

import jacmagic

FIELD = "x(r, φ) = r cos φ\ny(r, φ) = u sin φ\nu = r^2"


@pytest.fixture
def asked(browser, tmp_path):
    """A page, and a function that types an answer to an entry and says how it is marked."""

    def begin(block: str, **options):
        path = jacmagic.jacobian(block).save(tmp_path / "quiz.html", quiz=True)
        page = browser.new_page(**options)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(path.as_uri())

        def answer(k: int, text: str) -> str:
            field = page.locator("input").nth(k)
            field.fill(text)
            field.press("Enter")
            assert not wrong
            return page.locator("output").nth(k).text_content() or ""

        return page, answer

    return begin


def test_entries_are_marked(asked):
    page, answer = asked("u = r^2\n" + FIELD.removesuffix("\nu = r^2"))
    marks = [answer(k, one) for k, one in enumerate(["cos φ", "-r sin(phi)", "2r sin(φ)", "u cosφ"])]
    assert marks[:3] == ["✓ right"] * 3
    assert marks[3] == "cosφ is no name here"
    assert page.locator("[role=status]").text_content() == "3 of 4 right"
    assert answer(3, "u cos φ") == "✓ right"
    assert answer(0, "sin φ") == "✗ not right"
    assert page.locator("[role=status]").text_content() == "3 of 4 right"
    assert answer(0, "") == ""
    page.close()


@pytest.mark.parametrize(
    ("answer", "mark"),
    [
        ("3x^2 y + y e^(x y)", "✓ right"), ("y (3x² + e^(xy))", "✓ right"), (r"3*x**2*y + y*\exp(x*y)", "✓ right"),
        ("y e^(x y) + 3 x^4 y / x^2", "✓ right"), ("3xxy + ye^(x y)", "✓ right"), ("3x^2 y", "✗ not right"),
        ("3 |x| |x| y + y e^(x y)", "✓ right"), ("3 √(x^4) y + y e^(x y)", "✓ right"), ("3 x^2 y + y e^(x y) + 1/10^6", "✗ not right"),
        ("x^2y", "an exponent of more than one factor needs brackets"), ("1/2x", "what stands below the / needs brackets"),
        ("sin x y", "the argument of sin needs brackets"), ("(x", ") is missing"), ("q", "q is no name here"),
        ("x;y", "; cannot stand here"), ("x 2", "a number comes first in a product"), ("2 +", "something is missing at the end"),
    ],
)
def test_answers_are_read_as_in_a_block(asked, answer, mark):
    page, type_in = asked("f(x, y) = x^3 y + e^(x y)")
    assert type_in(0, answer) == mark
    page.close()


SLOPES = {
    "exp": "e^x", "sqrt": "1/(2√x)", "cbrt": "1/(3 cbrt(x)^2)", "ln": "1/x", "log2": "1/(x ln(2))", "log10": "1/(x ln(10))",
    "sin": "cos x", "cos": "-sin x", "tan": "1/cos(x)^2", "cot": "-1/sin(x)^2", "sec": "sin(x)/cos(x)^2",
    "csc": "-cos(x)/sin(x)^2", "asin": "1/√(1 - x^2)", "acos": "-1/√(1 - x^2)", "atan": "1/(1 + x^2)", "sinh": "cosh x",
    "cosh": "sinh x", "tanh": "1/cosh(x)^2", "coth": "-1/sinh(x)^2", "sech": "-sinh(x)/cosh(x)^2",
    "csch": "-cosh(x)/sinh(x)^2", "asinh": "1/√(x^2 + 1)", "acosh": "1/(√(x - 1) √(x + 1))", "atanh": "1/(1 - x^2)",
    "abs": "x/|x|", "sign": "0", "step": "0", "floor": "0", "ceil": "0", "erf": "2 e^(-x^2)/√(π)",
    "erfc": "-2 e^(-x^2)/√(π)", "sigmoid": "e^-x/(1 + e^-x)^2", "softplus": "1/(1 + e^-x)", "relu": "step(x)",
    "leaky_relu": "step(x) + 0.01 (1 - step(x))", "elu": "step(x) + (1 - step(x)) e^x",
    "silu": "sigmoid(x) (1 + x (1 - sigmoid(x)))", "gelu": "(1 + erf(x/√(2)))/2 + x e^(-x^2/2)/√(2π)",
}


def test_every_function_of_the_page_has_its_slope(asked):
    from jacmagic.panel import quiz

    assert set(SLOPES) == quiz.FUNCTIONS - {"max", "min"}
    for function, slope in SLOPES.items():
        page, answer = asked(f"f(x) = {function}(x)")
        assert answer(0, slope) == "✓ right", function
        assert answer(0, f"1/1000 + {slope}") == "✗ not right", function
        page.close()


@pytest.mark.parametrize(("block", "answer"), [
    ("f(x, y) = max(x, y)", "step(x - y)"), ("f(x, y) = min(x, y)", "step(y - x)"),
    ("f(x, y) = x^3 if x > y else x^2", "3x^2 step(x - y) + 2x step(y - x)"), ("f(x, y) = x^y", "y x^(y - 1)"),
])
def test_cases_and_powers(asked, block, answer):
    page, type_in = asked(block)
    assert type_in(0, answer) == "✓ right"
    assert type_in(0, f"2 ({answer})") == "✗ not right"
    page.close()


def test_it_fits_a_telephone(asked):
    page, answer = asked("f(x) = x^2", viewport={"width": 390, "height": 700})
    assert answer(0, "2x") == "✓ right"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("input").bounding_box()
    assert box["height"] >= 44
    assert box["width"] > 150
    page.close()
