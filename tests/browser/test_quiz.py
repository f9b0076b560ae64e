"""A quiz's page in a browser: what is typed is marked there, without a kernel."""

from __future__ import annotations

import frontends
import pytest
from conftest import need
from playwright.sync_api import expect

import jacmagic
from jacmagic import panel

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
        ("3x^3/x y + y e^(x y)", "what stands below the / needs brackets"), ("x^4/x (3 y/x) + y/1 e^(x y)", "✓ right"),
        ("y/1 e^(x y) + 6/2 x^2 y", "✓ right"), ("y/(1) (3x^2 + exp(x y))", "✓ right"), ("-y/-1 \\exp(x y) + 3x^{2} y", "✓ right"),
        (r"\frac{6 x^{2}}{2} y + y \cdot e^{x y}", "✓ right"), (r"3x^2 y + y \left(\exp{x y}\right)", "✓ right"), ("30e-1 x^2 y + y e^(x y)", "✓ right"),
        ("x^-1/2", "an exponent in front of a / needs brackets"), ("x^1/2", "an exponent in front of a / needs brackets"), ("10^-2/x", "✗ not right"),
        ("ln 2 x", "the argument of ln needs brackets"), ("√2x", "the argument of sqrt needs brackets"), (r"x \sin x \cos x", "✗ not right"),
        ("√x |x|", "the argument of sqrt needs brackets"), ("x;y", "; cannot stand here"), ("x 2", "a number comes first in a product"), ("2 +", "something is missing at the end"),
    ],
)
def test_answers_are_read_as_in_a_block(asked, answer, mark):
    page, type_in = asked("f(x, y) = x^3 y + e^(x y)")
    assert type_in(0, answer) == mark
    page.close()


@pytest.mark.parametrize(("block", "answers"), [
    ("a in R^3\nf(a) = a[1] a[2] + a[3]^2", ["a[2]", "a_{1}", "2 a[3]"]), ("f(φ) = sin φ", [r"\cos \varphi"]),
    ("g(t, l) = -t/l cos t + k\nu = g^2", ["2g (t/l sin t - 1/l cos t)", "2g t/l^2 cos t"]),
])
def test_names_and_quotients_are_typed_as_in_a_block(asked, block, answers):
    page, type_in = asked(block)
    assert [type_in(k, one) for k, one in enumerate(answers)] == ["✓ right"] * len(answers)
    page.close()


SLOPES = {
    "exp": "e^x", "sqrt": "1/(2√x)", "cbrt": "1/(3 cbrt(x)^2)", "ln": "1/x", "log2": "1/(x ln(2))", "log10": "1/(x ln(10))",
    "sin": "cos x", "cos": "-sin x", "tan": "1/cos(x)^2", "cot": "-1/sin(x)^2", "sec": "sin(x)/cos(x)^2",
    "csc": "-cos(x)/sin(x)^2", "asin": "1/√(1 - x^2)", "acos": "-1/√(1 - x^2)", "atan": "1/(1 + x^2)", "sinh": "cosh x",
    "cosh": "sinh x", "tanh": "1/cosh(x)^2", "coth": "-1/sinh(x)^2", "sech": "-sinh(x)/cosh(x)^2",
    "csch": "-cosh(x)/sinh(x)^2", "asinh": "1/√(x^2 + 1)", "acosh": "1/(√(x - 1) √(x + 1))", "atanh": "1/(1 - x^2)",
    "abs": "x/|x|", "sign": "0", "step": "0", "floor": "0", "ceil": "0", "erf": "2 e^(-x^2)/√(π)",
    "erfc": "-2 e^(-x^2)/√(π)", "sigmoid": "e^(-x)/(1 + e^-x)^2", "softplus": "1/(1 + e^-x)", "relu": "step(x)",
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


@pytest.mark.parametrize("width", [390, 1200])
def test_the_fields_stand_below_each_other(asked, width):
    page, _ = asked("f(x, y) = x^2 y\nwide(x, y) = x + y", viewport={"width": width, "height": 700})
    boxes = [one.bounding_box() for one in page.locator("input").all()]
    assert {round(one["x"]) for one in boxes} == {round(boxes[0]["x"])}
    assert {round(one["width"]) for one in boxes} == {round(boxes[0]["width"])}
    page.close()


def test_it_fits_a_telephone(asked):
    page, answer = asked("f(x) = x^2", viewport={"width": 390, "height": 700})
    assert answer(0, "2x") == "✓ right"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("input").bounding_box()
    assert box["height"] >= 44
    assert box["width"] > 150
    page.close()


# ------------------------------------------------------------------ in the panel
def fields(page, tmp_path, result):
    """The panel of a result that asks, and a function that types an answer and says how it is marked."""
    (tmp_path / "panel.html").write_text(panel.page(result), encoding="utf-8")
    page.goto((tmp_path / "panel.html").as_uri())
    expect(page.locator(".jm-asked input").first).to_be_visible()

    def answer(k: int, text: str) -> str:
        field = page.locator(".jm-asked input").nth(k)
        field.fill(text)
        field.press("Enter")
        return page.locator(".jm-asked output").nth(k).text_content() or ""

    return answer


def test_an_entry_is_hidden_until_it_is_typed_or_shown(page, tmp_path):
    answer = fields(page, tmp_path, jacmagic.jacobian("u = r^2\nx(r, t) = r cos t\ny(r, t) = u sin t").show(quiz=True))
    cells, status = page.locator(".jm-cell > math"), page.locator(".jm-asked [role=status]")
    visible = lambda: [one.is_visible() for one in cells.all()]
    assert visible() == [False] * 4
    assert [answer(0, "cos t"), answer(1, "r sin t"), answer(2, "2 r sin(t"), answer(2, "2 u sin(t)/r")] == [
        "✓ right", "✗ not right", ") is missing", "✓ right"]
    assert visible() == [True, False, True, False]
    expect(status).to_have_text("2 of 4 right")
    page.get_by_label("show d x by d t").click()
    expect(page.locator(".jm-picture")).to_be_hidden()
    assert answer(3, "r^2 cos t") == "✓ right"
    expect(status).to_have_text("3 of 4 right")
    expect(page.locator(".jm-veiled")).to_have_count(0)
    expect(page.locator(".jm-picture")).to_be_visible()


def test_named_entries_alone_are_hidden(page, tmp_path):
    answer = fields(page, tmp_path, jacmagic.jacobian("f(x, y) = [x^2 y, x + y]").show(quiz="df1/dx"))
    assert [one.is_visible() for one in page.locator(".jm-cell > math").all()] == [False, True, True, True]
    page.locator(".jm-cell").nth(0).press("Enter")
    expect(page.locator(".jm-veiled")).to_have_count(0)
    assert answer(0, "2x y") == "✓ right"
    expect(page.locator(".jm-asked [role=status]")).to_have_text("0 of 1 right")  # it was shown


PLACES = {
    "x in R^3\nf(x) = [x1^3 x2, ||x||]": ["3x1^2 x2", "x₁^3", "0", "x_1/sqrt(x1^2 + x2^2 + x3^2)"],
    "f(x) = selu(x) + a x\na = 2 in [0, 9]": ["1.0507009873554805 (step(x) + 1.6732632423543772 e^x (1 - step(x))) + a"],
    "x' = a x - b x y\ny' = -c y": ["a - b y", "-b x", "0", "-c"], "f(x) = ln(x) sqrt(x - 1)": ["sqrt(x-1)/x + ln(x)/(2sqrt(x-1))"],
    "x^2 + y^2 = 1\ny = y(x)": ["-x/y"], "f(x, y) = |x y|": ["y x y/|x y|"],
}


@pytest.mark.parametrize("block", PLACES)
def test_right_answers_are_right_and_others_are_not(page, tmp_path, block):
    answer = fields(page, tmp_path, jacmagic.jacobian(block).show(quiz=True))
    for k, text in enumerate(PLACES[block]):
        assert answer(k, f"{text} + 1/10^6") == "✗ not right"
        assert answer(k, text) == "✓ right", text


def test_a_net_asks_for_its_derivative(page, tmp_path):
    answer = fields(page, tmp_path, jacmagic.nnchain("x in R^2\nh = tanh(W x + b) in R^2\nL = h1 h2").show(quiz="dL/dx1"))
    expect(page.locator(".jm-card").first).to_be_hidden()
    assert answer(0, "(1 - h1^2) W[1,1] h[2] + h1 (1 - h2^2) W[2, 1]") == "✓ right"
    expect(page.locator(".jm-card").first).to_be_visible()


def test_a_net_asks_for_the_gradient_of_a_weight(page, tmp_path):
    n = jacmagic.nnchain("x in R^2\nh = tanh(W x + b) in R^2\no = V h in R^1\nL = 1/2 (o - y)^2").show(quiz="dL/dW, dL/db[2]")
    answer = fields(page, tmp_path, n)
    expect(page.locator(".jm-card").first).to_be_hidden()
    delta = ["(o[1] - y[1]) V[1,1] (1 - h1^2)", "(o[1] - y[1]) V[1,2] (1 - h[2]^2)"]
    right = [f"{delta[i]} {x}" for i in (0, 1) for x in ("x1", "x[2]")] + [delta[1]]
    for k, text in enumerate(right):
        assert answer(k, right[k - 1]) == "✗ not right"
        assert answer(k, text) == "✓ right", text
    expect(page.locator(".jm-asked [role=status]")).to_have_text("5 of 5 right")
    expect(page.locator(".jm-card").first).to_be_visible()


def test_a_kernel_s_word_is_taken(page, tmp_path):
    answer = fields(page, tmp_path, jacmagic.jacobian("f(x, y) = x^2 y").show(quiz=True))
    page.evaluate("""() => document.addEventListener("jacmagic:asked", ({ detail: { uid, asked } }) => {
        window.asked = asked;
        document.dispatchEvent(new CustomEvent("jacmagic:marked", { detail: { uid, marked: { ...asked, right: asked.text.startsWith("\\\\frac"), says: "what the kernel says" } } }));
    })""")
    assert answer(0, r"\frac{2 x^2 y}{x}") == "what the kernel says"
    assert page.evaluate("window.asked.of + window.asked.wrt") == "fx"
    expect(page.locator(".jm-cell > math").first).to_be_visible()
    assert answer(1, "x^3") == "what the kernel says"
    expect(page.locator(".jm-cell > math").nth(1)).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_fields_fit_and_are_open_to_all(page, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 800})
    answer = fields(page, tmp_path, jacmagic.jacobian("f(x, y) = [x y, sin x]").show(quiz=True))
    assert answer(0, "sin") == "sin needs its argument"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    need(frontends.AXE, "JACMAGIC_AXE names no axe.min.js")
    assert not frontends.faults(page, "html")


@pytest.mark.parametrize("options", [{"viewport": {"width": 1280, "height": 800}}, {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"}])
def test_formulas_of_a_quiz_are_as_large_as_in_the_panel(asked, options):
    page, _ = asked("f(x, y) = [x^2 y, sin(x y)/y]", **options)
    sizes = page.locator("math").evaluate_all("(all) => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")
    assert len(sizes) == 5
    assert min(sizes) >= 25
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.fonts.load('20px \"Jacmagic Math\"').then((found) => found.length)") == 1
    # Brackets stand close: no script sets those of the functions.
    assert page.locator("mo").evaluate_all("(all) => all.filter((one) => one.textContent === '(').every((one) => one.getBoundingClientRect().width < 14)")
    page.close()
