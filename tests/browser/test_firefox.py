"""The panel in Firefox: keys move it, its numbers are right, its formulas are drawn, and it says what it says in Chromium."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import firefox
import frontends
import numpy as np
import pytest
import test_stage as stage
from conftest import need
from playwright.sync_api import Browser

import jacmagic

FIREFOX = os.environ.get("JACMAGIC_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
W, V = np.array([[0.5, -1.0], [1.5, 0.25]]), np.array([[1.0, -2.0]])
NET = "x in R^2\nW = [0.5, -1; 1.5, 0.25]\nV = [[1, -2]]\nh = tanh(W x)\no = V h"
Function = Callable[..., object]
KINDS: dict[str, tuple[str, dict[str, int], Function, tuple[float, ...], str]] = {
    # the block, how many steps each slider goes to the right, the function, where it is then, the picture
    "curve": ("f(x) = sum(x^k/k for k = 1..5)", {"x": 3}, lambda x: sum(x**k / k for k in range(1, 6)), (1.3,), ".jm-curve"),
    "contours": ("f(x, y) = x^2 y + sin(x + y)", {"x": 2, "y": 5}, lambda x, y: x * x * y + math.sin(x + y), (1.2, 1.5), ".jm-contour"),
    "map": ("F(x, y) = [k x^2 y, x/y]\nk = 3", {"x": 4, "y": 1, "k": 2}, lambda x, y: [3.2 * x * x * y, x / y], (1.4, 1.1), ".jm-map2"),
    "system": ("x' = a x - x y\ny' = x y - y\na = 2\nx = 1\ny = 1", {"x": 6, "a": 3}, lambda x, y: [2.3 * x - x * y, x * y - y], (1.6, 1.0), ".jm-flow"),
    "net": (NET, {"x[1]": 3}, lambda a, b: V @ np.tanh(W @ [a, b]), (0, 0), ".jm-net"),
}
NUMBERS = "[...(document.querySelector('.jm-result') ?? document.querySelector('.jm-chain')).querySelectorAll('.jm-number, output')].map((one) => one.textContent)"
TEXT = """(() => {
    const copy = document.querySelector(".jm").cloneNode(true);
    for (const said of copy.querySelectorAll("[aria-live], [role=status], svg")) said.remove();
    return copy.textContent.replace(/\\s+/g, " ");
})()"""

FIELDS = "Object.fromEntries([...document.querySelectorAll('.jm-slider .jm-field')].map((one) => [one.getAttribute('aria-label'), Number(one.value.replace('−', '-'))]))"
FOCUS = "document.querySelector(`input[aria-label='{}, slider']`).focus()"
DRAWN = """(() => {
    const seen = (one) => one.getClientRects().length && getComputedStyle(one).visibility !== "hidden";
    const box = (one) => one.getBoundingClientRect();
    const wrong = [];
    const all = [...document.querySelectorAll(".jm math")].filter(seen);
    for (const one of all) if (box(one).width < 4 || box(one).height < 4) wrong.push("empty " + one.textContent);
    for (const one of document.querySelectorAll(".jm mfrac")) {
        const [above, below] = [...one.children].map(box);
        if (seen(one) && above.bottom > below.top + 1) wrong.push("fraction " + one.textContent);
    }
    for (const one of document.querySelectorAll(".jm msup")) {
        const [base, power] = [...one.children].map(box);
        if (seen(one) && (power.bottom > base.bottom || power.left < base.right - 2)) wrong.push("power " + one.textContent);
    }
    for (const one of document.querySelectorAll(".jm-formula.jm-more")) wrong.push("cut " + one.textContent);
    for (const one of document.querySelectorAll("math :is(mfrac, msup, msub, mover, munder)")) if (one.children.length !== 2) wrong.push("halves of " + one.textContent);
    const grip = document.querySelector(".jm math .jm-grip");
    if (grip && getComputedStyle(grip).backgroundImage === "none") wrong.push("no mark of a handle");
    const frame = box(document.querySelector(".jm-frame"));
    const drawn = [...document.querySelectorAll(".jm-frame path, .jm-frame line, .jm-frame circle")].filter((one) => box(one).width + box(one).height > 8);
    if (frame.height < 100 || drawn.length < 3) wrong.push("no picture");
    if (![...document.fonts].some((one) => /Jacmagic Math/.test(one.family) && one.status === "loaded") && !document.fonts.check('20px "Latin Modern Math"')) wrong.push("no font");
    if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the page");
    return [all.length, wrong];
})()"""


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def driven(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[firefox.Firefox, bool]]:
    need(FIREFOX, "JACMAGIC_FIREFOX names no Firefox")
    with firefox.running(str(FIREFOX), tmp_path_factory.mktemp("profile"), dark=request.param) as one:
        yield one, request.param


def slopes(function: Function, at: tuple[float, ...], step: float = 1e-5) -> list[float]:
    """The Jacobian by central differences, row by row."""
    columns = []
    for k in range(len(at)):
        ahead, behind = (np.ravel(function(*(x + sign * step * (j == k) for j, x in enumerate(at)))) for sign in (1, -1))
        columns.append((ahead - behind) / (2 * step))
    return list(np.transpose(columns).ravel())


@pytest.mark.parametrize("kind", KINDS)
def test_a_panel_is_drawn_and_alive_in_firefox(driven: tuple[firefox.Firefox, bool], browser: Browser, tmp_path: Path, kind: str) -> None:
    page, dark = driven
    block, moves, function, at, picture = KINDS[kind]
    result = (jacmagic.nnchain if kind == "net" else jacmagic.jacobian)(block)
    address = result.save(tmp_path / "page.html").as_uri()
    page.open(address)
    page.until(f"document.querySelector('.jm{picture}, .jm {picture}')")
    assert page.evaluate("document.querySelector('.jm').classList.contains('jm-dark')") is dark
    assert page.evaluate("document.hasFocus()")
    before = page.evaluate(NUMBERS)
    start = page.evaluate(FIELDS)
    for name, times in moves.items():
        page.evaluate(FOCUS.format(name))
        page.press("ArrowRight", times)
        page.until(f"Math.abs({FIELDS}['{name}'] - {start[name] + 0.1 * times}) < 1e-9")
    page.until(f"String({NUMBERS}) !== '{','.join(before)}'")
    after = page.evaluate(FIELDS)
    told = [float(one.replace("−", "-")) for one in page.evaluate(NUMBERS)]
    place = tuple(after[one] for one in ("x[1]", "x[2]")) if kind == "net" else at
    assert told == pytest.approx(slopes(function, place), rel=6e-4, abs=1e-9)
    count, wrong = page.evaluate(DRAWN)
    assert count >= 3
    assert not wrong
    page.screenshot(tmp_path / f"{kind}-{'dark' if dark else 'light'}.png")
    # The same keys in Chromium, and the same words.
    with frontends.page_in(browser, viewport={"width": 1280, "height": 900}, color_scheme="dark" if dark else "light") as other:
        other.goto(address)
        other.locator(f".jm{picture}, .jm {picture}").first.wait_for()
        for name, times in moves.items():
            for _ in range(times):
                other.get_by_label(f"{name}, slider").press("ArrowRight")
        other.wait_for_function(f"String({NUMBERS}) !== '{','.join(before)}'")
        assert page.evaluate(TEXT) == other.evaluate(TEXT)
    assert not page.errors


@pytest.mark.parametrize("block", [pytest.param(one, marks=[] if k in (6, 23, 28, 31, 39) else [pytest.mark.long]) for k, one in enumerate(stage.BLOCKS + stage.NETS)])
def test_in_firefox_no_text_stands_over_another(driven: tuple[firefox.Firefox, bool], tmp_path: Path, block: str) -> None:
    page, _ = driven
    page.open(stage.result_of(block).save(tmp_path / "page.html").as_uri())
    page.until("document.querySelector('.jm-actions button')")
    found = []
    for width in (1280, 390):
        page.send("browsingContext.setViewport", context=page.context, viewport={"width": width, "height": 900})
        for part in (None, 0, 1):
            page.until("document.querySelector('.jm-actions button')")
            page.evaluate("document.querySelector('.jm-actions button').click()" if part is None else f"({stage.TO_ENDS})({part})")
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))")
            found += [(width, part, one) for one in page.evaluate(f"({stage.OVERLAPS})()")]
    assert not found, found[:6]


def test_in_firefox_keys_go_from_entry_to_entry_and_pin_one(driven: tuple[firefox.Firefox, bool], tmp_path: Path) -> None:
    page, _ = driven
    page.open(jacmagic.jacobian("F(x, y) = [x^2 y, x/y]").save(tmp_path / "page.html").as_uri())
    page.until("document.querySelectorAll('.jm-cell').length === 4")
    page.evaluate("document.querySelector('.jm-cell').focus()")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.press(key)
        page.until("document.querySelector('.jm-entry .jm-on').textContent === document.activeElement.querySelector('math').textContent")
    page.press("Enter")
    page.until("document.activeElement.matches('.jm-cell[aria-pressed=true]')")
    assert page.evaluate("[...document.querySelectorAll('.jm-cell')].indexOf(document.activeElement)") == 2
    assert not page.errors


def test_in_firefox_the_mouse_drags_a_point_and_undo_takes_it_back(driven: tuple[firefox.Firefox, bool], tmp_path: Path) -> None:
    page, _ = driven
    page.open(jacmagic.jacobian(KINDS["contours"][0]).save(tmp_path / "page.html").as_uri())
    page.until("document.querySelector('.jm-frame [role=slider]')")
    x, y = page.evaluate("(({ left, top, width, height }) => [left + width / 2, top + height / 2])(document.querySelector('.jm-frame [role=slider]').getBoundingClientRect())")
    start = page.evaluate(FIELDS)
    page.drag((x, y), (x + 40, y + 30))
    page.until(f"{FIELDS}.x > {start['x']} && {FIELDS}.y < {start['y']}")
    page.evaluate("document.querySelector('.jm-slider input[type=range]').focus()")
    page.send("input.performActions", context=page.context, actions=[{"type": "key", "id": "keys", "actions": [
        {"type": kind, "value": value} for kind, value in (("keyDown", "\ue009"), ("keyDown", "z"), ("keyUp", "z"), ("keyUp", "\ue009"))]}])
    page.until(f"{FIELDS}.x === {start['x']} && {FIELDS}.y === {start['y']}")
    assert not page.errors
