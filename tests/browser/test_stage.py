"""The stage stands still: what a hand moves changes numbers and pictures, and no box."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import frontends
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from sympy import sympify

import jacmagic
from jacmagic import panel

TWO = "f1(x1, x2) = 2x1 x2^2 + 3x1 + 2x2\nf2(x1, x2) = x1^2 sin x2"
BLOCKS = [
    "f(x) = x^2 - 2x", "f(x) = e^(k x)\nk = 1", "f(x) = ln x", "f(x) = 1/x", "f(x) = x^9", "f(x) = relu(x) - |x - 1|", TWO,
    "f(x, y) = x^2 y + y^3", "f(x, y) = sin(x y)/y", "r = sqrt(x^2 + y^2)\nf(x, y) = sin(r)/r", "F(r, t) = [r cos t, r sin t]",
    "F(x, y) = [e^x cos y, e^x sin y]", "F(r, s, t) = [r sin s cos t, r sin s sin t, r cos s]", "f(x, y, z) = x y z + e^(x - y)",
    "x_{n+1} = a x_n (1 - x_n)\na = 3.2", "x_{n+1} = 1 - a x_n^2 + y_n\ny_{n+1} = b x_n\nb = 0.3",
    "x' = a x - b x y\ny' = d x y - c y", "x' = s (y - x)\ny' = x (p - z) - y\nz' = x y - b z", "f(t) = [cos t, sin t, t^5]",
    "u = x^2 + 1\nv = sin u\ny = e^v", "x in R^3\nf = ||x||^2", "x in R^2\nM in R^(2x2)\ny = M x", "f(a, b, c, d, g) = a b^3 + c d - g^7",
    "f(x) = x^2 if x < 1 else 2x - 1", "f(x) = sin(x)/x", "F(t) = [cos(3t), sin(2t)]", "f(x, y) = ln(x^2 + y^2)", "f(x, y) = (1 - x)^2 + 100(y - x^2)^2",
    "F(x, y) = [x/(x^2 + y^2), y/(x^2 + y^2)]", "F(u, v) = [u, v, u^2 - v^2]", "x' = y\ny' = -sin x - c y\nc = 0.2", "x' = x^2 - 1", "x_{n+1} = cos x_n",
    "x in R^20\nA in R^(20x20)\nf = A x", "x^2 + y^2 = r^2\nr = 2", "u = x y\nv = x + y\nf = u^2 + sin v",
]
NETS = [
    "x in R\ny in R\no = w x + b\nL = 1/2 (o - y)^2", "x(2) -> 3 tanh -> 1 sigmoid\ny in R^1\nL = bce(o, y)", "x(3) -> 40 relu -> 2",
    "x in R^2\nh = tanh(W x + b) in R^2\no = V h + x + c in R^2",
]

LONG_SLOPE = "x in R^2\na = gelu(W1 x + b1) in R^3\no = W2 a + b2 in R^1\ny in R^1\nL = mse(o, y)"

# The boxes of all that stands on the stage; what is inside a number's cell, a picture or the entry line may move.
BOXES = """() => [...document.querySelectorAll(".jm, .jm-stage, .jm-stage *, .jm-actions, .jm-actions *")]
    .filter((one) => one.getClientRects().length && !one.closest("svg, .jm-entry *, .jm-number, .jm-grip, .jm-stats > .jm-stat, .jm-stat *, .jm-foot *, .jm-caption *, .jm-hidden, .jm-remarks, .jm-check"))
    .map((one) => { const { x, y, width, height } = one.getBoundingClientRect(); return [one.localName, x, y, width, height].join(" "); })"""


def result_of(block: str) -> jacmagic.notebook.Result:
    return (jacmagic.nnchain if block in NETS else jacmagic.jacobian)(block, "x" if block.startswith("x in R^") and block not in NETS else None)


@pytest.mark.parametrize(("block", "width"), [("f(t) = e^(-t/2) sin(3t)", 1090), ("x(t) = (1 + 0.5cos 5t) cos t\ny(t) = (1 + 0.5cos 5t) sin t\nt = 0.6", 1280), ("x' = x (1 - x - a y)\ny' = y (1 - y - b x)", 390)])
def test_the_number_at_the_end_of_a_long_entry_line_is_seen(page: Page, tmp_path: Path, block: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(result_of(block).save(tmp_path / "page.html").as_uri())
    line = page.locator(".jm-entry-line")
    expect(line).to_have_attribute("style", re.compile("--fit: 0[.]"))
    assert line.locator("> div").evaluate("(one) => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 700, 1280])
@pytest.mark.parametrize("block", [
    "f(x) = (x^2 + 1)^(3/2)/(x - 2) + ln(x^2 + 3)/(1 + e^(-x))", "f1(x1, x2) = (x1 + x2)/(x1^2 + x2^2 + 1)\nf2(x1, x2) = x1 sin x2"])
def test_the_number_of_an_entry_line_that_scrolls_stands_beside_it(browser: Browser, tmp_path: Path, block: str, width: int, mode: str) -> None:
    """The formula fades at its edge until it is scrolled to its end; neither lies over the other, and none is cut off above or below."""
    with frontends.page_in(browser, viewport={"width": width, "height": 800}, color_scheme=mode) as page:
        page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
        part, number = page.locator(".jm-entry-line > div"), page.locator(".jm-entry-line > .jm-value").last
        expect(number).to_be_visible()
        long = part.evaluate("(one) => one.scrollWidth > one.clientWidth + 1")
        assert long or width > 390
        assert ("jm-more" in (part.get_attribute("class") or "")) == long
        formulas, end, line = part.bounding_box(), number.bounding_box(), page.locator(".jm-entry-line").bounding_box()
        assert formulas
        assert end
        assert line
        assert formulas["x"] + formulas["width"] <= end["x"]
        assert end["x"] + end["width"] <= line["x"] + line["width"] + 1
        inner = [one.bounding_box() for one in part.locator("math").all()]
        assert all(formulas["y"] - 1 <= one["y"] and one["y"] + one["height"] <= formulas["y"] + formulas["height"] + 1 for one in inner)
        assert not [one for one in page.evaluate(OVERLAPS) if number.inner_text() in one.split(" | ")]
        part.evaluate("(one) => { one.scrollLeft = one.scrollWidth; }")
        expect(part).not_to_have_class(re.compile("jm-more"))


@pytest.mark.parametrize("at", [(1, 0), (0.77, 0.46)])
def test_words_of_points_that_stay_cover_no_other(page: Page, tmp_path: Path, at: tuple[float, float]) -> None:
    r = jacmagic.jacobian(f"x' = x (1 - x - a y)\ny' = y (1 - y - b x)\na = 0.5; b = 0.7\nx = {at[0]}; y = {at[1]}")
    page.set_viewport_size({"width": 1180, "height": 800})
    page.goto(r.save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-stays, .jm-leaves")).to_have_count(4)
    boxes = lambda found: [one.bounding_box() for one in page.locator(found).all()]
    apart = lambda p, q: p["x"] + p["width"] <= q["x"] or q["x"] + q["width"] <= p["x"] or p["y"] + p["height"] <= q["y"] + 3 or q["y"] + q["height"] <= p["y"] + 3
    words = boxes(".jm-picture text.jm-haloed")
    assert len(words) >= 3
    assert all(apart(word, disc) for word in words for disc in boxes(".jm-stays, .jm-leaves"))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(("block", "word"), [
    ("f(x, y) = x^3 - 3x - y^2\nx = -1; y = 0.3", "maximum"), ("f(x, y) = x^3 - 3x - y^2\nx = -1; y = -0.3", "maximum"),
    ("x' = y\ny' = -sin x - c y\nc = 0.2\nx = 0.2; y = -0.3", "stable focus"),
])
def test_the_word_of_a_point_is_not_under_the_one_that_is_dragged(page: Page, tmp_path: Path, block: str, word: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    said, knob = page.locator(".jm-picture text.jm-haloed", has_text=re.compile(f"^{word}$")), page.locator(".jm-handle .jm-knob")
    apart = """([one, other]) => { const [p, q] = [one, other].map((node) => node.getBoundingClientRect()); return p.right <= q.left || q.right <= p.left || p.bottom <= q.top + 3 || q.bottom <= p.top + 3; }"""
    place = said.bounding_box()
    assert page.evaluate(apart, [said.element_handle(), knob.element_handle()])
    # Where the point is gone the word stands where it stood before.
    for key, value in (("x", "2"), ("y", "2")):
        page.get_by_label(key, exact=True).fill(value)
        page.get_by_label(key, exact=True).press("Enter")
    expect(knob).to_be_visible()
    page.wait_for_function("([one, y]) => Math.abs(one.getBoundingClientRect().y - y) > 3", arg=[said.element_handle(), place["y"]])


@pytest.mark.parametrize("block", BLOCKS + NETS)
def test_no_box_moves_while_a_slider_goes_from_end_to_end(page: Page, tmp_path: Path, block: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(result_of(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(1)
    before = page.evaluate(BOXES)
    assert len(before) > 20
    sliders = page.locator(".jm input[type=range]:visible")
    for k in range(sliders.count()):
        for part in (0, 0.13, 0.5, 0.77, 1):
            sliders.nth(k).evaluate(
                "(one, part) => { one.value = +one.min + part * (one.max - one.min); one.dispatchEvent(new Event('input', { bubbles: true })); }", part)
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            after = page.evaluate(BOXES)
            moved = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
            assert not moved, moved[:3]


# What is read: a formula, a line of a text, a text of a picture; what is scrolled away or faint is not there. Letters reach less high than their boxes.
OVERLAPS = """() => {
    const seen = (one, { left, top, right, bottom }) => {
        if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || one.closest(".jm-hidden")) return null;
        const box = { left, top, right, bottom };
        for (let up = one.parentElement; up && up !== document.body; up = up.parentElement) {
            const { overflowX, overflowY } = getComputedStyle(up);
            const clip = up.getBoundingClientRect();
            if (overflowX !== "visible" && !up.closest("svg")) { box.left = Math.max(box.left, clip.left); box.right = Math.min(box.right, clip.right); }
            if (overflowY !== "visible" && !up.closest("svg")) { box.top = Math.max(box.top, clip.top); box.bottom = Math.min(box.bottom, clip.bottom); }
        }
        const less = 0.14 * (box.bottom - box.top);
        return box.right - box.left > 2 && box.bottom - box.top > 2 ? { text: one.textContent.trim().slice(0, 40), left: box.left + 1, right: box.right - 1, top: box.top + less, bottom: box.bottom - less } : null;
    };
    const found = [...document.querySelectorAll(".jm math, .jm svg text, .jm input:not([type=range])")].filter((one) => one.textContent.trim() || one.value).map((one) => seen(one, one.getBoundingClientRect()));
    const walk = document.createTreeWalker(document.querySelector(".jm"), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const node = walk.currentNode;
        if (!node.data.trim() || node.parentElement.closest("math, svg")) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) found.push(seen(node.parentElement, box));
    }
    const texts = found.filter(Boolean);
    return texts.flatMap((one, k) => texts.slice(k + 1).filter((other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom)
        .map((other) => one.text + " | " + other.text));
}"""
TO_ENDS = """(part) => { for (const one of document.querySelectorAll(".jm input[type=range]")) if (one.getClientRects().length) {
    one.value = +one.min + part * (one.max - one.min); one.dispatchEvent(new Event("input", { bubbles: true })); } }"""


@pytest.mark.parametrize("block", BLOCKS + NETS)
def test_no_text_stands_over_another(page: Page, tmp_path: Path, block: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(result_of(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(1)
    start = "() => { for (const one of document.querySelectorAll('.jm-actions button')) if (one.textContent === 'Reset') one.click(); }"
    found = []
    for width in (1280, 1000, 700, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for part in (None, 0, 1):
            page.evaluate(start) if part is None else page.evaluate(TO_ENDS, part)
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))")
            found += [(width, part, one) for one in page.evaluate(OVERLAPS)]
    assert not found, found[:6]


@pytest.mark.parametrize("width", [1280, 1000, 700])
def test_the_picture_has_its_part_of_the_width(page: Page, tmp_path: Path, width: int) -> None:
    page.set_viewport_size({"width": width + 64, "height": 720})
    page.goto(jacmagic.jacobian(TWO).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-svg")).to_be_visible()
    stage, picture = (page.locator(where).bounding_box() for where in (".jm-stage", ".jm-frame"))
    assert stage
    assert picture
    assert picture["width"] >= 0.46 * stage["width"]
    assert abs(picture["height"] / picture["width"] - 0.75) < 0.02 or picture["width"] < 400


@pytest.mark.parametrize(("block", "width", "height"), [
    (TWO, 1280, 610), (TWO, 1154, 527), ("x(r, p) = r cos p\ny(r, p) = r sin p", 1154, 527), ("x' = y\ny' = -sin x - 0.3 y", 1154, 527),
    ("f(x, y) = x^2 y - y^2 + x", 1154, 566), ("x_{n+1} = 1 - 1.4 x_n^2 + y_n\ny_{n+1} = 0.3 x_n", 1154, 567), ("x in R^2\na = tanh(W1 x + c1) in R^3\np = softmax(W2 a + c2) in R^2\nL = cross_entropy(p, y)", 1154, 491),
])
def test_a_block_fits_a_page_with_its_cell(page: Page, tmp_path: Path, block: str, width: int, height: int) -> None:
    """The cell, 14 + 96 + 18 pixels high in the drawings, and the output within 1280 × 720; in JupyterLab, whose menus take 113, too."""
    page.set_viewport_size({"width": width, "height": 720})
    page.goto((jacmagic.nnchain if "R^2" in block else jacmagic.jacobian)(block).save(tmp_path / "page.html").as_uri())
    box = page.locator(".jm").bounding_box()
    assert box
    assert box["height"] <= height
    for cell in page.locator(".jm-cell").all():
        cell.hover()
        assert page.locator(".jm").bounding_box() == box


@pytest.mark.parametrize("width", [1280, 1154])
@pytest.mark.parametrize("block", [
    "x in R^2\ny in R\na = tanh(W1 x + b1) in R^2\no = w^T a + c\nL = 1/2 (o - y)^2", NETS[0], NETS[1], NETS[2],
    "x in R^2\na = tanh(W1 x + c1) in R^3\np = softmax(W2 a + c2) in R^2\nL = cross_entropy(p, y)",
    "x(2) -> 3 tanh -> 3 tanh -> 2 softmax\ny in R^2\nL = cross_entropy(o, y)",
])
def test_a_net_with_its_loss_fits_a_page_with_its_cell(page: Page, tmp_path: Path, block: str, width: int) -> None:
    """At the width of a page, and at that of an output of JupyterLab in it."""
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(jacmagic.nnchain(block).save(tmp_path / "page.html").as_uri())
    box, echo, picture = (page.locator(where).bounding_box() for where in (".jm", ".jm-echo", ".jm-frame"))
    assert box
    assert echo
    assert picture
    assert box["height"] <= 720 - 110
    assert echo["y"] + echo["height"] <= picture["y"]
    assert picture["width"] >= 0.46 * box["width"]


@pytest.mark.parametrize(("block", "width"), [
    ("x in R^2\nh = tanh(W x + b) in R^3\no = V h + c in R^2", 2), (NETS[3], 3), ("u = x^2 + 1\nv = sin u\ny = e^v", 3)])
def test_a_chain_is_told_once_and_fits_a_page_with_its_cell(page: Page, tmp_path: Path, block: str, width: int) -> None:
    """Its product with the numbers of the factors; how each comes about is a click away, and in print."""
    result = (jacmagic.nnchain if "in R" in block else jacmagic.jacobian)(block)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(result.save(tmp_path / "page.html").as_uri())
    box = page.locator(".jm").bounding_box()
    assert box
    assert box["height"] <= 720 - 110
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    factors = page.locator(".jm-shown > .jm-factor")
    expect(factors).to_have_count(width)
    # The numbers of the factors, multiplied and added up, are the derivative.
    told = [
        np.reshape([float(text.replace("−", "-")) for text in one.locator(".jm-factor-number").all_inner_texts()], (-1, int(one.evaluate("(one) => one.querySelector('[style*=--n]')?.style.getPropertyValue('--n') ?? 1"))))
        for one in factors.all()
    ]
    ways = iter(told)
    total = sum(functools.reduce(np.matmul, [next(ways) for _ in way]) for way in panel.spec(result)["chain"]["sums"][0]["ways"])
    assert total == pytest.approx(result.at(), rel=2e-2, abs=2e-3)
    cards = page.locator(".jm-card")
    expect(cards.first).to_be_hidden()
    page.emulate_media(media="print")
    expect(cards.first).to_be_visible()
    page.emulate_media(media="screen")
    fold = page.get_by_role("button", name="each factor in full")
    fold.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(cards.last).to_be_visible()


@pytest.mark.parametrize("width", [1280, 1154, 390])
def test_a_long_factor_has_a_line_of_its_own(page: Page, tmp_path: Path, width: int) -> None:
    """GELU's slope, which is wider than its numbers and higher than its place: it lies over nothing, and lights up with its factor."""
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(jacmagic.nnchain(LONG_SLOPE).save(tmp_path / "page.html").as_uri())
    long, strip, factor = page.locator(".jm-long"), page.locator(".jm-strip > .jm-shown"), page.locator(".jm-shown > .jm-factor").last
    expect(long).to_have_count(1)
    expect(long).to_contain_text("erf")
    assert width != 1280 or page.locator(".jm").bounding_box()["height"] <= 720 - 110
    expect(factor).not_to_contain_text("erf")
    assert not page.evaluate(OVERLAPS)
    assert strip.evaluate("(one) => one.scrollWidth <= one.clientWidth") == (width > 390)
    assert long.evaluate("(one) => one.scrollWidth <= one.clientWidth") == (width > 390)
    page.get_by_role("button", name="from the input").click()
    expect(long).to_have_class(re.compile("jm-on"))


def test_a_formula_a_little_too_wide_is_set_smaller_to_its_end(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(jacmagic.jacobian("x in R^30\nA in R^(20x30)\nf = A x", "x").save(tmp_path / "page.html").as_uri())
    elided = page.locator(".jm-result", has=page.locator("mtable")).first
    expect(elided).to_contain_text("20,30")
    assert elided.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    assert 18 <= elided.locator("math").first.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)") < 25


def test_a_heat_map_is_of_squares(page: Page, tmp_path: Path) -> None:
    """Rows of 784 numbers are shown as the pictures that they are, and each is found under the pointer."""
    net = jacmagic.nnchain("x in R^784\np = softmax(W x + b) in R^10")
    wanted = net.at()
    for size in (1280, 390):
        page.set_viewport_size({"width": size, "height": 800})
        page.goto(net.save(tmp_path / "page.html").as_uri())
        canvas = page.locator(".jm-chain .jm-heat canvas")
        expect(page.locator(".jm-chain .jm-scale")).to_contain_text("each row as 28×28")
        box = canvas.bounding_box()
        assert box
        across, down = canvas.evaluate("(one) => [one.width, one.height]")
        assert box["width"] / across == pytest.approx(box["height"] / down, rel=0.02)
        # The fifth entry below the first of the last row's picture is its 4 · 28 + 1st.
        page.mouse.move(box["x"] + (across - 28 + 0.5) / across * box["width"], box["y"] + (down - 28 + 4.5) / down * box["height"])
        told = page.locator(".jm-chain .jm-readout")
        expect(told).to_contain_text("p10/∂x113 = ")
        assert float(told.inner_text().rpartition("= ")[2].replace("−", "-")) == pytest.approx(wanted[9, 112], rel=6e-4)


def test_a_trajectory_that_comes_to_rest_is_seen_on_its_whole_way(page: Page, tmp_path: Path) -> None:
    """Lorenz' equations where all parameters are 1: the origin is reached slowly, with most of the points that are drawn."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(jacmagic.jacobian("x' = s (y - x)\ny' = x (p - z) - y\nz' = x y - b z").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-caption")).to_contain_text("it goes to (0, 0, 0)")
    end, point = page.locator(".jm-marks circle").first.bounding_box(), page.locator(".jm-handle .jm-knob").bounding_box()
    assert end
    assert point
    assert np.hypot(end["x"] - point["x"], end["y"] - point["y"]) > 30


@pytest.mark.parametrize(("deep", "shown", "left"), [(14, 3 * 14 + 3, ""), (30, 2 + 3 * 23 + 1, "7 layers left out")])
def test_a_net_of_many_layers_has_a_picture(page: Page, tmp_path: Path, deep: int, shown: int, left: str) -> None:
    net = jacmagic.nnchain("x(2) -> " + "3 tanh -> " * deep + "1")
    page.goto(net.save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-net .jm-base")).to_have_count(shown)
    expect(page.locator(".jm-caption")).to_contain_text(left)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))")
        assert not page.evaluate(OVERLAPS)
        assert min(page.evaluate(LETTERS)) > 10.9
    assert page.locator(".jm-edge").count() == (2 * 3 + 9 * (deep - 1) + 3 if not left else 2 * 3 + 9 * (11 + 10) + 3)


@pytest.mark.parametrize("block", [one for one in BLOCKS if "r = sqrt" not in one and "u =" not in one and "R^20" not in one])
def test_for_a_hall_formulas_sliders_and_picture_share_a_screen(page: Page, tmp_path: Path, block: str) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(result_of(block).show(big=True).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-large")).to_have_count(1)
    for where in (".jm-math", ".jm-controls", ".jm-right"):
        for box in page.locator(where).all():
            rect = box.bounding_box()
            assert rect
            assert rect["y"] + rect["height"] <= 1080, where


# Font sizes of a picture's texts, on the screen.
LETTERS = "() => [...document.querySelectorAll('.jm-picture .jm-svg text')].filter((one) => one.textContent && one.checkVisibility()).map((one) => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"


@pytest.mark.parametrize("block", [TWO, NETS[1], "x' = y\ny' = -sin x - c y\nc = 0.2", "f(x) = x^2 - 2x"], ids=["map", "net", "system", "curve"])
def test_for_a_hall_all_letters_grow_and_the_sentence_is_whole(page: Page, tmp_path: Path, block: str) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    least = []
    for big in (False, True):
        page.goto(result_of(block).show(big=big).save(tmp_path / f"{big}.html").as_uri())
        expect(page.locator(".jm-picture .jm-svg text").first).to_be_visible()
        least.append(min(page.evaluate(LETTERS)))
    assert least[0] > 11.5
    assert least[1] > 1.3 * least[0] or least[1] >= 16
    if page.locator(".jm-meaning").count():
        box = page.locator(".jm-entry").bounding_box()
        assert box
        for part in page.locator(".jm-meaning > *").all():
            rect = part.bounding_box()
            assert rect
            assert box["y"] <= rect["y"]
            assert rect["y"] + rect["height"] <= box["y"] + box["height"]


@pytest.mark.parametrize(("block", "width"), [
    ("f(a, b, c, d, g) = a b^3 + c d - g^7", 390), ("f(x) = x^2 e^(-x)/(1 + sin x)", 390),
    ("x(t) = (1 + 0.5cos 5t) cos t\ny(t) = (1 + 0.5cos 5t) sin t", 1000), ("u = x^2 + y\nv = x y\nw = u sin v + v^2", 1280),
], ids=["gradient", "one", "curve", "chain"])
def test_of_formulas_too_long_to_stand_beside_each_other_every_number_is_seen(page: Page, tmp_path: Path, block: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    matrix = page.locator(".jm-matrix")
    expect(matrix).to_have_class(re.compile("jm-listed"))
    box = matrix.bounding_box()
    assert box
    seen = page.locator(".jm-num .jm-number").evaluate_all("(list) => list.map((one) => { const range = document.createRange(); range.selectNodeContents(one); const { left, right } = range.getBoundingClientRect(); return [left, right]; })")
    assert seen
    for left, right in seen:
        assert box["x"] <= left < right <= box["x"] + box["width"]
    names = page.locator(".jm-which:visible")
    expect(names).to_have_count(2 * len(seen))
    assert not page.evaluate(OVERLAPS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_every_entry_is_in_reach_and_nothing_is_wider(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(jacmagic.jacobian("F(r, s, t) = [r^2 sin s cos t, r^2 sin s sin t, r^2 cos s]").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-matrix")).to_have_class("jm-matrix jm-stacked jm-more")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert float(page.locator(".jm-cell math").first.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)")) >= 18
    page.locator(".jm-matrix").evaluate("(one) => one.scrollTo(1e4, 0)")
    expect(page.locator(".jm-matrix")).to_have_class("jm-matrix jm-stacked")


def test_on_a_phone_no_digit_of_an_input_and_no_column_of_a_product_is_cut(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(jacmagic.nnchain("x(30) -> 26 relu -> 5").save(tmp_path / "page.html").as_uri())
    assert page.locator(".jm-cells").first.locator(".jm-field").count() == 30
    assert page.locator(".jm-cells").first.evaluate("(one) => [...one.children].every((field) => field.scrollWidth <= field.clientWidth + 1) && one.scrollWidth <= one.clientWidth")
    page.goto(jacmagic.nnchain("x(3) -> 4 relu -> 2").save(tmp_path / "net.html").as_uri())
    assert page.locator(".jm-ends .jm-numbers").evaluate("(one) => one.getBoundingClientRect().right") <= 390 - 16


def test_a_taylor_polynomial_stands_on_one_line_with_its_powers_and_goes_on_below(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(jacmagic.jacobian("f(x) = e^(-x) sin(2x)").show(taylor=4).save(tmp_path / "page.html").as_uri())
    series = page.locator(".jm-series")
    assert series.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    feet = series.locator(".jm-stat").nth(1).evaluate("(one) => [...one.children].map((part) => part.getBoundingClientRect().bottom)")
    assert abs(feet[0] - feet[1]) < 9


def test_formulas_are_fitted_anew_when_their_letters_change(page: Page, tmp_path: Path) -> None:
    """The font of formulas may come after their first layout."""
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(jacmagic.jacobian("f(x, y) = x^3 y + 2x y\ng(x, y) = x y^2 - 3x").save(tmp_path / "page.html").as_uri())
    matrix = page.locator(".jm-matrix")
    expect(matrix).to_have_class("jm-matrix")
    page.locator(".jm").evaluate("(one) => { one.style.fontSize = '26px'; }")
    expect(matrix).to_have_class("jm-matrix jm-stacked")


def test_on_a_phone_what_is_short_of_the_matrix_at_a_point_goes_on_below(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    block = "x' = x (a - b y)\ny' = -y (c - d x)\nat x = c/d, y = a/b\na = 1; b = 0.5; c = 0.75; d = 0.25"
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    parts = page.locator(".jm-marked > .jm-formula")
    expect(parts).to_have_count(4)
    assert parts.evaluate_all("(list) => list.every((one) => one.scrollWidth <= one.clientWidth)")
    tops = parts.evaluate_all("(list) => list.map((one) => one.getBoundingClientRect().top)")
    assert max(tops) > min(tops) + 20


def test_the_check_of_an_equations_derivative_stands_below_its_factors(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x^3 + y^3 = 3a x y\na = 1\ny = y(x)\nx = 0.8; y = 1.4").save(tmp_path / "page.html").as_uri())
    check = page.locator(".jm-check")
    expect(check).to_contain_text("product = direct derivative")
    cards, at = page.locator(".jm-card").last.bounding_box(), check.bounding_box()
    assert cards
    assert at
    assert at["y"] >= cards["y"] + cards["height"]


def test_an_entry_lights_its_row_column_number_and_arrow(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian(TWO).save(tmp_path / "page.html").as_uri())
    page.locator(".jm-cell").nth(1).hover()
    expect(page.locator(".jm-num.jm-on .jm-number")).to_have_text("+6.000")
    assert page.locator(".jm-label.jm-on").count() >= 2
    expect(page.locator(".jm-entry")).to_contain_text("by about 6")
    arrow = page.locator(".jm-svg .jm-arrow-f")
    before = arrow.get_attribute("d")
    page.locator(".jm-cell").nth(2).hover()
    expect(arrow).not_to_have_attribute("d", before or "")


@pytest.mark.parametrize(("block", "entry", "said"), [
    (TWO, 0, ["Δ𝑥1 = 1", "Δ𝑓1 = +5"]),
    (TWO, 3, ["Δ𝑥2 = 1", "Δ𝑓2 = +0.54"]),
    ("f(x) = x^2 - 4x\nx = -1", 0, ["Δ𝑥 = 1", "Δ𝑓 = −6"]),
    ("x' = a x - b x y\ny' = d x y - c y\na = 2; b = 1; c = 1.5; d = 0.5\nx = 1; y = 1", 1, ["Δ𝑦 = 1", "Δ𝑥˙ = −1"]),
], ids=["map", "map, second", "curve", "system"])
def test_the_arrows_of_an_entry_say_how_much_they_are(page: Page, tmp_path: Path, block: str, entry: int, said: list[str]) -> None:
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    page.locator(".jm-cell").nth(entry).hover()
    expect(page.locator(".jm-amount")).to_have_text(said)
    assert not page.evaluate(OVERLAPS)


@pytest.mark.parametrize(("block", "lines"), [("f(x) = 1/(x^2 - 1)", 3), ("f(x) = x + 1/x", 2), ("f(x) = x^2 - 2x", 0)])
def test_a_curve_has_its_asymptotes(page: Page, tmp_path: Path, block: str, lines: int) -> None:
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator("path.jm-curve")).to_have_attribute("d", re.compile("M"))
    assert (page.locator(".jm-asymptote").get_attribute("d") or "").count("M") == lines


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (700, "dark"), (390, "light")])
def test_what_is_said_of_an_answer_is_whole(page: Page, tmp_path: Path, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    long = "✗ the outer derivative taken at the variable, not at the inner function"
    for block, answer, said in [
        ("f1(x, y) = x^2 sin(x y)\nf2(x, y) = x y^2", "[2x sin(x y) + x^2 cos(x y), x^3 cos(x y); y^2, 2x y]",
         ["✗ the inner derivative missing", *["✓ right"] * 3]),
        ("f(x, y) = sin(x^2 y)", "[2x y cos(x), x^2 cos(y)]", [long, long]),
    ]:
        page.goto(jacmagic.jacobian(block).show(check=answer).save(tmp_path / "page.html").as_uri())
        words = page.locator(".jm-marked .jm-check")
        expect(words).to_have_text(said)
        for word in words.all():
            box = word.bounding_box()
            assert box
            assert box["x"] + box["width"] <= (width if width <= 700 else width / 2)
            assert word.evaluate("(one) => one.scrollWidth <= one.parentElement.clientWidth")
        # No fraction is cut off at its foot.
        assert page.locator(".jm-marked > .jm-formula").evaluate_all("(all) => all.every((one) => one.querySelector('mfrac').getBoundingClientRect().bottom <= one.getBoundingClientRect().bottom)")


@pytest.mark.parametrize("width", [1280, 390])
def test_what_is_said_of_an_answer_wraps_without_a_panel(page: Page, tmp_path: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    r = jacmagic.jacobian("f(x, y) = sin(x^2 y)").show(check="[2x y cos(x), x^2 cos(y)]", static=True)
    path = tmp_path / "page.html"
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8">{panel.html(r, static=True, alone=True)}', encoding="utf-8")
    page.goto(path.as_uri())
    expect(page.get_by_text("not at the inner function")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("block", ["x in R^n\nf = x^T A x", "u = u(x, t)\nw = x u", "x in R^1000\nA in R^(900x1000)\nf = tanh(A x)"])
def test_formulas_without_a_panel_look_as_in_one(page: Page, tmp_path: Path, block: str) -> None:
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(0)
    assert page.locator("math").evaluate_all("(all) => all.every((one) => parseFloat(getComputedStyle(one).fontSize) >= 25)")
    assert page.evaluate("document.fonts.load('20px \"Jacmagic Math\"').then((found) => found.length)") == 1
    # Round brackets about one row are as wide as its letters have them, with no space of an operator.
    wide = page.locator("mo[stretchy=false]").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width / parseFloat(getComputedStyle(one).fontSize))")
    assert wide
    assert max(wide) < 0.45


def test_names_of_nullclines_keep_off_the_lines_of_eigenvectors(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(jacmagic.jacobian("θ' = ω\nω' = -g/l sin θ - c ω\ng = 9.81; l = 1; c = 0.2").save(tmp_path / "page.html").as_uri())
    names = page.locator(".jm-picture text", has_text="= 0")
    expect(names).to_have_count(2)
    lines = [box for one in page.locator(".jm-eigen").all() if (box := one.bounding_box())]
    assert len(lines) == 4
    for name in names.all():
        box = name.bounding_box()
        assert box
        assert all(box["x"] + box["width"] < line["x"] or line["x"] + line["width"] < box["x"] or box["y"] + box["height"] < line["y"] or line["y"] + line["height"] < box["y"] for line in lines)


@pytest.mark.parametrize(("block", "line"), [
    ("f(x, y) = x^2 sin(x y)\nx = 1.2; y = 0.7", "1.22·0.7cos(1.2·0.7)+2·1.2sin(1.2·0.7)"),
    ("f(x) = k e^(k x) sin x\nk = 2; x = -1", "22·e2·(−1)sin(−1)+2·e2·(−1)cos(−1)"),
    ("f(x, y) = 2 x^3 (y + 1)\nx = -2; y = 3", "6·(−2)2(3+1)"),
])
def test_numbers_in_the_place_of_letters_have_dots_between_them(page: Page, tmp_path: Path, block: str, line: str) -> None:
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    put_in = page.locator(".jm-entry-line > div > math").last
    expect(put_in).to_be_visible()
    assert "".join((put_in.text_content() or "").split()) == line


def read_as_drawn(node: Element) -> str:
    """A formula of numbers as text for SymPy, from how it is drawn: what has not the parts of its kind is an error."""
    parts = [read_as_drawn(one) for one in node]
    if node.tag in ("mi", "mn", "mo"):
        return {"−": "-", "·": "*", "e": "E", "ln": "log"}.get(node.text or "", node.text or "").replace("−", "-")
    if node.tag in ("mfrac", "msup", "mroot"):
        first, second = parts
        return {"mfrac": f"(({first})/({second}))", "msup": f"(({first})**({second}))", "mroot": f"root({first}, {second})"}[node.tag]
    assert node.tag in ("math", "mrow", "msqrt", "mspace"), node.tag
    row = ""
    for part in filter(None, parts):
        applied = re.search(r"(?:sin|cos|log|exp)$", row)
        apart = row and row[-1] not in "+-*(" and part[0] not in "+-*)" and not applied
        row += f"({part})" if applied and part[0] != "(" else ("*" if apart else "") + part
    return f"sqrt({row})" if node.tag == "msqrt" else row


@pytest.mark.parametrize("block", [
    "U(r) = 4ε ((σ/r)^12 - (σ/r)^6)\nε = 0.7; σ = 0.9; r = 1.1", "f(x, y, z) = x y^3/z^2 - 1/y\nx = 2; y = -1.5; z = 0.8",
    "f(x, y) = sqrt(x^2 + y^2)/(1 + x y)\nx = 1.2; y = 0.7", "f(x, y) = x e^(-x^2/(2 y^2))\nx = -1.2; y = 0.7",
    "p(V, T) = n R T/(V - n b) - a n^2/V^2\nV = 2; T = 3; n = 1; R = 1.5; b = 0.4; a = 0.7",
    "f1(x, y) = 2x y^2 + 3x + 2y\nf2(x, y) = x^2 sin(y)/y^2\nx = 1.4; y = -0.6", "f(x, y) = cbrt(x) y^(2/3) + ln(x)/y\nx = 1.7; y = 0.9",
    "dF = -y/x^2\nx = 2; y = 3", "x^2 + y^2 = 25\ny = y(x)\nx = 3; y = 4",
])
def test_the_formula_with_its_numbers_put_in_is_the_number_behind_it(page: Page, tmp_path: Path, block: str) -> None:
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    cells = page.locator(".jm-cell")
    expect(cells.first).to_be_visible()
    drawn = 0
    for cell in cells.all():
        cell.hover()
        for formula in page.locator(".jm-entry-line .jm-on ~ math").all():
            put_in = re.sub(r' xmlns="[^"]*"', "", formula.evaluate("(one) => new XMLSerializer().serializeToString(one)"))
            number = float((page.locator(".jm-entry-line > .jm-value").last.text_content() or "").replace("−", "-"))
            assert float(sympify(read_as_drawn(fromstring(put_in)))) == pytest.approx(number, rel=2e-3)
            drawn += 1
    assert drawn


class Numbers(np.ndarray):
    """Numbers as formulas multiply them: matrices as matrices, powers entry by entry."""

    def __mul__(self, other: object) -> Numbers:
        second = np.asarray(other, dtype=float)
        return (np.asarray(self) * second if 1 in (self.size, second.size) else np.asarray(self) @ second).view(Numbers)


def sides_as_drawn(math: str) -> list[np.ndarray]:
    """The numbers of each side of an equation of numbers, from how it is drawn."""

    def read(node: Element) -> str:
        if node.tag == "mtable":
            return f"array([{', '.join('[' + ', '.join('(' + ''.join(map(read, cell)) + ')' for cell in row) + ']' for row in node)}])"
        if node.tag == "msup" and node[1].text == "⊤":
            return f"({read(node[0])}).T"
        if node.tag in ("mrow", "math"):
            row = ""
            for part in filter(None, map(read, node)):
                part = {"[": "(", "]": ")"}.get(part, part)
                apart = row and row[-1] not in "+-*(=" and part[0] not in "+-*)=" and not re.search(r"(?:sin|cos|log|exp|diag)$", row)
                row += ("*" if apart else "") + part
            return row
        return f"(({read(node[0])})**{node[1].text})" if node.tag == "msup" else read_as_drawn(node)

    def array(rows: list[list[float]]) -> Numbers:
        return np.array(rows, dtype=float).view(Numbers)

    known = {"array": array, "diag": lambda one: np.diag(np.ravel(one)).view(Numbers), "sin": np.sin, "cos": np.cos, "exp": np.exp}
    whole = read(fromstring(re.sub(r' xmlns="[^"]*"', "", math)))
    return [np.array(eval(side, known), dtype=float) for side in whole.split("=")]


WORKED = "x in R^2\na = tanh(W1 x + c1) in R^2\np = softmax(W2 a + c2) in R^2\nL = cross_entropy(p, y)"


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize(("block", "lines"), [
    ("f(x, y) = x^2 sin(x y)\nx = 1.2; y = -0.7", {"∂f∂x": "x", "∂f∂y": "y"}),
    ("u = x^2 + k\ny = u sin u\nx = 0.4; k = 0.3", {"∂y∂x": "x"}),
    (WORKED, {"dLdx": "x", "δa": "c1", "δp": "c2", "∂L∂W1": "W1", "∂L∂c1": "c1", "∂L∂W2": "W2", "∂L∂c2": "c2"}),
])
def test_the_numbers_of_steps_follow_the_sliders(page: Page, tmp_path: Path, block: str, lines: dict[str, str], layout: str) -> None:
    """Each line whose numbers are put in: its sides are equal, and the derivative by central differences at the point to which the slider went."""
    r = (jacmagic.nnchain if block == WORKED else jacmagic.jacobian)(block, "x" if "u =" in block else None).show(steps=True, layout=layout)
    page.goto(r.save(tmp_path / "page.html").as_uri())
    page.get_by_role("button", name="Steps", exact=True).click()
    slider = page.locator(".jm-left input[type=range]").first
    last, start = r.program.outputs[0], np.array(r.values["x"], dtype=float)
    for presses in (0, 3, 8):
        slider.focus()
        for _ in range(presses):
            page.keyboard.press("ArrowRight")
        moved = start.copy()
        moved.flat[0] = float(slider.input_value())
        assert (moved.flat[0] > start.flat[0]) == bool(presses)
        r.set(x=moved)
        seen = set()
        for step in page.locator(".jm-step:has(math + math)").all():
            said, put_in = step.locator("math").all()
            (left,) = [one for one in lines if "".join((said.text_content() or "").split()).startswith(one)]
            assert put_in.locator("[data-name]").count() == 0
            held, columns = np.array(r.values[lines[left]], dtype=float), []
            for at in range(held.size):
                near = np.array([held, held])
                near.reshape(2, -1)[:, at] += (1e-5, -1e-5)
                above, below = (np.ravel(r.forward(**{lines[left]: one})[last]) for one in near)
                columns.append((above - below) / 2e-5)
            sides = sides_as_drawn(put_in.evaluate("(one) => new XMLSerializer().serializeToString(one)"))
            for side in sides:
                assert np.allclose(np.ravel(side), np.ravel(columns), rtol=4e-3, atol=2e-3), (left, presses)
            seen.add((left, len(sides)))
        assert {left for left, _ in seen} == set(lines)
        assert layout == "denominator" or len([one for one in seen if one[1] == 2]) >= len(lines) - 2  # ∂L/∂c = δ has one side


def test_a_variable_has_one_colour_everywhere(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian(f"{TWO}\n").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(1)
    for k in (0, 1):
        inks = page.evaluate(
            "(k) => [...document.querySelectorAll(`.jm .jm-hue${k}`)].filter((one) => !one.closest('svg path')).map((one) => getComputedStyle(one).color)", k)
        assert len(inks) > 8
        assert len(set(inks)) == 1
    assert page.locator(".jm-svg text.jm-hue0:not(.jm-amount)").count() == 1


def test_a_fifth_variable_is_ink_with_a_dash(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("f(a, b, c, d, g) = a b^3 + c d - g^7").save(tmp_path / "page.html").as_uri())
    sliders = page.locator(".jm-slider")
    expect(sliders).to_have_count(5)
    fills = sliders.locator("input[type=range]").evaluate_all("(all) => all.map((one) => getComputedStyle(one).getPropertyValue('--fill').includes('repeating-linear-gradient'))")
    assert fills == [False] * 4 + [True]
    inks = sliders.locator(".jm-name").evaluate_all("(all) => all.map((one) => getComputedStyle(one).color)")
    assert len(set(inks)) == 5
    assert inks[4] == page.locator(".jm").evaluate("(one) => getComputedStyle(one).color")


def test_a_number_plays_there_and_back_until_escape(browser: Browser, tmp_path: Path) -> None:
    with frontends.page_in(browser, reduced_motion="no-preference") as page:
        page.goto(jacmagic.jacobian("f(x) = x^2").save(tmp_path / "page.html").as_uri())
        field, run = page.get_by_label("x", exact=True), page.get_by_label("play x")
        start = field.input_value()
        run.click()
        expect(field).not_to_have_value(start)
        expect(run).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Escape")
        expect(run).to_have_attribute("aria-pressed", "false")
        stopped = field.input_value()
        page.wait_for_timeout(80)
        expect(field).to_have_value(stopped)


def test_where_no_motion_is_wanted_playing_goes_a_step_a_press(browser: Browser, tmp_path: Path) -> None:
    with frontends.page_in(browser, reduced_motion="reduce") as page:
        page.goto(jacmagic.jacobian("f(x) = x^2\nx = 1 in [0, 5]").save(tmp_path / "page.html").as_uri())
        page.get_by_label("play x").click()
        expect(page.get_by_label("x", exact=True)).to_have_value("1.5")
        expect(page.get_by_label("play x")).to_have_attribute("aria-pressed", "false")


def test_the_numbers_of_formulas_are_handles(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("f(x) = k x^2\nk = 3\nx = -1").save(tmp_path / "page.html").as_uri())
    k, x = (page.get_by_label(name, exact=True) for name in ("k", "x"))
    expect(page.get_by_role("slider", name="k, in the formula").first).to_have_text("3")
    for where, field, text, label in [(".jm-note", k, "3", "k"), (".jm-note", x, "−1", "x"), (".jm-entry", k, "", "k")]:
        in_note = where == ".jm-note"
        handle = page.locator(where).get_by_label(f"{label}, in the formula") if in_note else page.locator(f"{where} .jm-grip").first
        if text:
            expect(handle).to_have_text(text)
        before = float(field.input_value().replace("−", "-"))
        box = handle.bounding_box()
        assert box
        page.mouse.move(box["x"] + 3, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + 23, box["y"] + box["height"] / 2, steps=5)
        page.mouse.up()
        expect(field).to_have_value(re.compile(f"{abs(before + 0.5):g}"))
        if in_note:
            page.keyboard.press("ArrowDown")
            expect(field).to_have_value(re.compile(f"{abs(before + 0.4):g}"))
            assert float(handle.get_attribute("aria-valuenow") or "nan") == pytest.approx(before + 0.4)
    expect(page.locator(".jm-num .jm-number")).to_have_text("−4.680")  # 2 · 3.9 · (−0.6)


def test_one_tab_goes_into_a_matrix_of_fields(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x in R^2\nM in R^(2x2)\ny = M x", "x").save(tmp_path / "page.html").as_uri())
    fields = page.locator(".jm-cells .jm-field")
    expect(fields).to_have_count(4)
    assert [one.get_attribute("tabindex") for one in fields.all()] == ["0", "-1", "-1", "-1"]
    fields.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(fields.nth(2)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(fields.nth(2)).not_to_have_value("1")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(fields.nth(2)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(fields.nth(1)).to_be_focused()


def test_a_picture_says_what_it_shows(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x' = y\ny' = -3 x - y/2").save(tmp_path / "page.html").as_uri())
    svg = page.locator(".jm-svg")
    expect(svg).to_have_attribute("aria-label", re.compile(r"^direction field.*Velocity \(1\.000, −3\.500\).*a step Δx moves ẏ by about −3 Δx$"))
    page.locator(".jm-left input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".jm [aria-live]").last).to_contain_text("a step Δx moves")
    expect(svg).to_have_attribute("aria-label", re.compile(r"−3\.800"))
    page.keyboard.press("p")
    expect(page.locator(".jm-handle")).to_be_focused()


@pytest.mark.parametrize("magic", ["chain", "net"])
def test_p_goes_to_a_picture_without_a_point(page: Page, tmp_path: Path, magic: str) -> None:
    r = jacmagic.jacobian("u = x^2 + 1\nv = sin u\ny = e^v") if magic == "chain" else jacmagic.nnchain("x(2) -> 3 tanh -> 1")
    page.goto(r.save(tmp_path / "page.html").as_uri())
    page.locator(".jm-left input[type=range]").first.focus()
    page.keyboard.press("p")
    expect(page.locator(".jm-right :focus")).to_have_count(1)


def test_values_are_undone_and_done_again(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian(TWO).save(tmp_path / "page.html").as_uri())
    one, two = (page.get_by_label(name, exact=True) for name in ("x1", "x2"))
    for name in ("x1, slider", "x2, slider"):
        page.get_by_label(name).focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
    expect(two).to_have_value("1.2")
    page.keyboard.press("Control+z")
    expect(two).to_have_value("1.0")
    expect(one).to_have_value("1.2")
    page.keyboard.press("Control+z")
    expect(one).to_have_value("1.0")
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+y")
    expect(one).to_have_value("1.2")
    expect(two).to_have_value("1.2")


def test_a_point_dragged_is_one_change_to_undo(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian(TWO).save(tmp_path / "page.html").as_uri())
    one, two = (page.get_by_label(name, exact=True) for name in ("x1", "x2"))
    two.fill("1.23")
    two.press("Enter")
    handle = page.locator(".jm-handle").first
    handle.press("ArrowRight")
    expect(one).to_have_value("1.1")
    expect(two).to_have_value("1.23")  # what the key does not move stays where it is
    box = handle.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for dx, dy in ((9, 0), (18, 9), (18, 18), (27, 27)):
        page.mouse.move(x + dx, y + dy)
    page.mouse.up()
    expect(one).not_to_have_value("1.1")
    page.keyboard.press("Control+z")
    expect(one).to_have_value("1.1")
    expect(two).to_have_value("1.23")


def test_space_turns_wherever_it_is_taken(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x' = 10 (y - x)\ny' = x (28 - z) - y\nz' = x y - 8/3 z\nx(0) = 1\ny(0) = 1\nz(0) = 20").save(tmp_path / "page.html").as_uri())
    label = page.locator(".jm-solid .jm-haloed").first
    label.wait_for()
    box = label.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y, steps=4)
    page.mouse.up()
    page.wait_for_function("([x]) => Math.abs(document.querySelector('.jm-solid .jm-haloed').getBoundingClientRect().x - x) > 1", arg=[box["x"]])


def test_f_fills_the_screen_and_goes_back_and_a_field_keeps_its_letters(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian(TWO).save(tmp_path / "page.html").as_uri())
    filled = "!!document.fullscreenElement || !!document.querySelector('.jm-filled')"
    page.get_by_label("x1", exact=True).focus()
    page.keyboard.press("f")
    assert not page.evaluate(filled)
    page.get_by_label("x1, slider").focus()
    page.keyboard.press("f")
    page.wait_for_function(filled)
    page.keyboard.press("f")
    page.wait_for_function(f"!({filled})")
    page.keyboard.press("p")
    expect(page.locator(".jm-handle")).to_be_focused()


def test_eigenvectors_stand_beside_eigenvalues_and_in_the_picture(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x' = y\ny' = 2x + k y\nk = 1").save(tmp_path / "page.html").as_uri())
    stats = page.locator(".jm-stability > .jm-stats")
    expect(stats).to_contain_text("2.000, −1.000")
    expect(stats).to_contain_text("(0.5, 1), (1, −1)")
    expect(page.locator(".jm-ways path")).to_have_count(2)
    expect(page.locator(".jm-svg")).to_contain_text("λ = −1")
    page.get_by_label("k", exact=True).fill("-4")
    page.get_by_label("k", exact=True).press("Enter")
    expect(page.locator(".jm-svg")).to_contain_text("λ = −4.45")
    page.goto(jacmagic.jacobian("x' = y\ny' = -2x").save(tmp_path / "page.html").as_uri())
    expect(stats).to_contain_text("not real")
    expect(page.locator(".jm-ways path")).to_have_count(0)


def test_eigenvalues_and_eigenvectors_of_three_equations_stand_beside_their_picture(page: Page, tmp_path: Path) -> None:
    result = jacmagic.jacobian("x' = s (y - x)\ny' = x (p - z) - y\nz' = x y - b z\ns = 10\np = 28 in [0, 40] step 0.5\nb = 2.5")
    page.goto(result.save(tmp_path / "page.html").as_uri())
    values, vectors = np.linalg.eig(result.at())
    stats = page.locator(".jm-stability")
    said = [float(v) for v in re.findall(r"-?[\d.]+", (stats.locator(".jm-stat").first.text_content() or "").replace("−", "-"))]
    np.testing.assert_allclose(said, sorted(values.real, reverse=True), rtol=1e-3)
    ways = [np.array([float(v) for v in re.findall(r"-?[\d.]+", text.replace("−", "-"))]) for text in stats.locator(".jm-along .jm-stat").all_text_contents()]
    for way, k in zip(ways, np.argsort(-values.real), strict=True):
        np.testing.assert_allclose(way, vectors[:, k] / vectors[np.abs(vectors[:, k]).argmax(), k], atol=6e-4)
    expect(page.locator(".jm-svg")).to_contain_text("saddle-focus")
    expect(page.locator(".jm-ways path").first).to_have_attribute("d", re.compile("^M"))
    page.get_by_label("p", exact=True).fill("0.5")  # a stable node, alone
    page.get_by_label("p", exact=True).press("Enter")
    page.get_by_role("button", name="nearest equilibrium").click()
    expect(page.locator(".jm-verdict")).to_contain_text("stable node")
    expect(stats.locator(".jm-along")).to_contain_text("(0, 0, 1)")


def test_an_attractor_is_followed_as_far_as_it_is_large(page: Page, tmp_path: Path) -> None:
    """Beyond the ends of its sliders, to and fro between both of its wings."""
    page.goto(jacmagic.jacobian("x' = s (y - x)\ny' = x (p - z) - y\nz' = x y - b z\ns = 10\np = 28\nb = 2.5").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-solid canvas")).to_be_visible()
    columns = page.evaluate("""() => {
        const one = document.querySelector(".jm-solid canvas");
        const { data, width, height } = one.getContext("2d").getImageData(0, 0, one.width, one.height);
        return Array.from({ length: 40 }, (_, k) => { let n = 0; for (let x = Math.floor(k * width / 40); x < (k + 1) * width / 40; x++) for (let y = 0; y < height / 2; y++) n += data[4 * (y * width + x) + 3] > 128; return n; });
    }""")
    assert sum(columns) > 3000 * (page.evaluate("devicePixelRatio") ** 2)
    assert sum(n > 20 for n in columns) > 12


def test_the_button_goes_to_a_line_of_equilibria(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("S' = -b S I\nI' = b S I - g I\nS = 2\nI = 0.5").save(tmp_path / "page.html").as_uri())
    page.get_by_role("button", name="nearest equilibrium").click()
    expect(page.locator(".jm-verdict")).to_contain_text("Re λ = 0")
    expect(page.get_by_label("I", exact=True)).to_have_value("0.0")
    assert float(page.get_by_label("S", exact=True).input_value().replace("−", "-")) > -1  # not the first of the line


@pytest.mark.parametrize("block", [
    "x in R^2\nh0 in R^2\nf = sigmoid(W_f x + U_f h0)\ni = sigmoid(W_i x + U_i h0)\ng = tanh(W_g x + U_g h0)\nh1 = f .* h0 + i .* g",
    "x(2) -> 3 tanh -> 1 sigmoid\ny in R^1\nL = bce(o, y)", "x(3) -> 6 relu -> 2",
], ids=["gates", "three layers", "six nodes"])
def test_no_number_of_a_net_is_too_small_to_read(page: Page, tmp_path: Path, block: str) -> None:
    """From the width of the drawings on; where there is no room there is none."""
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(jacmagic.nnchain(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-net .jm-svg")).to_be_visible()
    sizes = page.locator(".jm-net .jm-digits").evaluate_all("(all) => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")
    assert len(sizes) > 4
    assert min(sizes) >= 11.5


def test_a_hessian_has_its_brackets(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("f(x, y) = x^4 + y^4 - 4x y").show(hessian=True).save(tmp_path / "page.html").as_uri())
    cells = page.locator(".jm-hessian .jm-formula mtd").evaluate_all(
        "(all) => all.map((one) => { const style = getComputedStyle(one); return [style.borderLeftStyle, style.borderRightStyle, style.backgroundSize.includes('7px')].join(); })")
    assert cells == ["none,none,false"] * 4 + ["solid,none,true", "none,solid,true", "none,none,false", "solid,none,true", "none,solid,true"]


def test_a_button_goes_to_the_nearest_equilibrium_which_has_its_word(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x' = a x - b x y\ny' = d x y - c y\na = 2\nc = 1.5\nd = 0.5\nx = 2 in [0, 7]\ny = 1 in [0, 5]").save(tmp_path / "page.html").as_uri())
    said, button = page.locator(".jm-verdict"), page.get_by_role("button", name="nearest equilibrium")
    expect(said).to_contain_text("not an equilibrium")
    button.click()
    expect(said).to_contain_text("centre by linearisation")
    expect(page.get_by_label("x", exact=True)).to_have_value("3.0")
    expect(page.locator(".jm-stability")).to_contain_text("± 1.732 i")
    expect(page.locator(".jm-svg")).to_have_class("jm-svg jm-at-rest")
    button.press("Enter")
    expect(said).to_contain_text("saddle")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("x", exact=True)).to_have_value("2.0")


@pytest.mark.parametrize(("block", "word"), [
    ("x' = y\ny' = -x - y\nx = 0\ny = 0", "stable focus"), ("x' = 2x\ny' = 3y\nx = 0\ny = 0", "unstable node"),
    ("x' = s (y - x)\ny' = x (p - z) - y\nz' = x y - b z\ns = 10\np = 28\nb = 3\nx = 0\ny = 0\nz = 0", "saddle"),
    ("x' = -x^3\nx = 0", "not decided by J"), ("x' = x (1 - x)\nx = 1", "stable equilibrium"), ("x in R^2\nA = [0, 1; -1, 0]\nx' = A x\nx = [0, 0]", "centre"),
])
def test_a_point_at_rest_has_its_word(page: Page, tmp_path: Path, block: str, word: str) -> None:
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-verdict .jm-known")).to_contain_text(word)


def test_second_derivatives_move_with_the_point_and_have_its_word(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    r = jacmagic.jacobian("f(x, y) = x^4 + y^4 - 4x y\nx = 1.1\ny = 1").show(hessian=True)
    page.goto(r.save(tmp_path / "page.html").as_uri())
    box, knob = page.locator(".jm-hessian"), page.get_by_label("x", exact=True)
    expect(box.locator(".jm-number").first).to_have_text("14.52")
    expect(box.locator(".jm-verdict")).to_have_text("positive definite")
    before = page.evaluate(BOXES)
    knob.fill("1")
    knob.press("Enter")
    expect(box.locator(".jm-number")).to_have_text(["12.00", "−4.000", "−4.000", "12.00"])
    expect(box.locator(".jm-stats")).to_contain_text("16.00, 8.000")
    expect(box.locator(".jm-known")).to_have_text("minimum")
    assert page.evaluate(BOXES) == before
    for key in "xy":
        page.get_by_label(key, exact=True).fill("0")
        page.get_by_label(key, exact=True).press("Enter")
    expect(box.locator(".jm-verdict")).to_have_text("indefinitesaddle")


def test_a_taylor_polynomial_moves_with_the_point(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    r = jacmagic.jacobian("f(x, y) = x^2 y\nx = 1\ny = 2").show(taylor=2)
    page.goto(r.save(tmp_path / "page.html").as_uri())
    numbers, where = page.locator(".jm-series .jm-number"), page.locator(".jm-taylor .jm-stats")
    expect(numbers).to_have_text(["2.000", "+ 4.000", "+ 1.000", "+ 2.000", "+ 2.000", "+ 0"])
    before = page.evaluate(BOXES)
    page.get_by_label("y", exact=True).fill("-1")
    page.get_by_label("y", exact=True).press("Enter")
    expect(numbers).to_have_text(["−1.000", "− 2.000", "+ 1.000", "− 1.000", "+ 2.000", "+ 0"])
    assert all(one.bounding_box()["width"] > 20 for one in numbers.all())
    expect(where).to_contain_text("+ 1")
    assert page.evaluate(BOXES) == before


def test_the_chain_rule_goes_a_factor_at_a_time(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x = cos t; y = sin t\nz = x^2 y + y^3", "t").save(tmp_path / "page.html").as_uri())
    count, grown, factors = page.locator(".jm-count"), page.locator(".jm-grown"), page.locator(".jm-shown > .jm-factor")
    expect(page.locator(".jm-picture")).to_have_class("jm-picture jm-net")
    expect(count).to_have_text("step 4 of 4")
    expect(grown).to_have_text("= −0.7651  +  1.305  =  0.5403")  # −2xy sin t + (x² + 3y²) cos t at t = 1
    before = page.evaluate(BOXES)
    page.get_by_label("one step on").focus()
    for k, (sum_, digits) in enumerate([("= 0.9093 · …  + …", "+0.909"), ("= −0.7651  + …", "−0.841"), ("= −0.7651  +  2.416 · …", "+2.42")], start=1):
        page.keyboard.press("ArrowRight")
        expect(count).to_have_text(f"step {k} of 4")
        expect(grown).to_have_text(sum_)
        expect(page.locator(".jm-factor.jm-on")).to_have_count(1)
        expect(factors.nth(k - 1)).to_have_class("jm-factor jm-on")
        expect(page.locator(".jm-card.jm-on")).to_have_count(1)
        # In the picture as many numbers as factors are done, the last one's edge lit.
        expect(page.locator(".jm-edge-labels text", has_text=digits)).to_have_count(1)
        assert len([one for one in page.locator(".jm-edge-labels text").all_text_contents() if one]) == k
        expect(page.locator(".jm-net .jm-band-lit")).to_have_attribute("d", re.compile("^M"))
        assert page.evaluate(BOXES) == before
    expect(factors.nth(3).locator("span").last).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(grown).to_have_text("= −0.7651  + …")
    page.get_by_role("button", name="from the input").click()
    expect(count).to_have_text("step 1 of 4")
    expect(grown).to_have_text("= … · −0.8415  + …")


def test_each_variable_has_its_own_sum_of_paths(page: Page, tmp_path: Path) -> None:
    result = jacmagic.jacobian("u = x y\nv = x + y\nf = u^2 + sin v\nx = 2\ny = 3")
    page.goto(result.save(tmp_path / "page.html").as_uri())
    on, grown = page.get_by_label("one step on"), page.locator(".jm-grown")
    seen = []
    for _ in range(8):
        on.press("Enter")
        seen.append(grown.inner_text())
    wanted = [f"{v:.4g}".replace("-", "−") for v in result.at().ravel()]
    assert [seen[3].split()[-1], seen[7].split()[-1]] == wanted
    expect(page.locator(".jm-picture")).to_have_class("jm-picture jm-net")
    page.get_by_role("button", name="contours").click()
    expect(page.locator(".jm-picture")).to_have_class("jm-picture jm-contour")


def test_a_surface_is_a_second_picture_with_the_same_descent(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("f(x, y) = x^2 + y^2/4\nx = 2\ny = 2").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-contours path").first).to_be_attached()
    before = page.evaluate(BOXES)
    page.get_by_label("one step of the descent").click()
    expect(page.locator(".jm-descent .jm-count")).to_have_text("step 1: 3.463")  # (1.6, 1.9)
    page.get_by_role("button", name="surface").click()
    expect(page.locator(".jm-solid canvas")).to_be_visible()
    page.get_by_label("one step of the descent").click()
    expect(page.locator(".jm-descent .jm-count")).to_have_text("step 2: 2.453")
    expect(page.locator(".jm-descent-dots circle")).to_have_count(2)
    page.get_by_role("button", name="Newton").click()
    expect(page.locator(".jm-descent .jm-count")).to_contain_text(": 0")
    page.get_by_role("button", name="contours").click()
    assert page.evaluate(BOXES) == before


@pytest.mark.parametrize("width", [390, 764, 1064, 1280])
@pytest.mark.parametrize(("block", "other"), [("f(x, y) = x^2 - y^2/2 + x y", "surface"), ("x' = a x - b x y\ny' = d x y - c y", ""), ("f(x) = x^3/3 - x", "f and f′")])
def test_no_word_to_press_is_cut_off(page: Page, tmp_path: Path, block: str, other: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-picture")).to_be_visible()
    if other:
        page.get_by_role("button", name=other).click()
    cut = page.evaluate("""() => [...document.querySelectorAll(".jm-caption, .jm-tools, .jm-verdict")].flatMap((box) => {
        const { bottom, right } = box.getBoundingClientRect();
        return [...box.querySelectorAll("button, input")].filter((one) => { const own = one.getBoundingClientRect(); return own.width && (own.bottom > bottom + 1 || own.right > right + 1); }).map((one) => one.textContent || one.getAttribute("aria-label"));
    })""")
    assert cut == []


def test_the_amount_of_an_integral_moves_with_the_point(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x(r, φ) = r cos φ\ny(r, φ) = r sin φ").show(integral=True).save(tmp_path / "page.html").as_uri())
    line = page.locator(".jm-math > .jm-formula").filter(has_text="|r|")
    expect(line.locator("output")).to_have_text("1.000")
    page.get_by_label("r", exact=True).fill("-2.5")
    page.get_by_label("r", exact=True).press("Enter")
    expect(line.locator("output")).to_have_text("2.500")
