"""Several outputs on one page: each is drawn when it comes near, what they share runs once, and versions do not meet."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from test_pages import moves, shows

import jacmagic
from jacmagic import panel
from jacmagic.panel.shared import shared

BLOCKS = (
    "f(x, y) = x^2 y + sin y\ng(x, y) = k x y\nk = {}", "f(x) = x^2 sin x + {}", "x' = a x - b x y\ny' = -c y + x y\na = {}",
    "f(x, y) = {} x exp(-x^2 - y^2)", "x(r, t) = r cos t\ny(r, t) = {} r sin t",
)
OLDER = (Path(__file__).parent / "older.html").read_text(encoding="utf-8")
"""An output of f(x) = x² sin x of a jacmagic that gave each output a style and a module."""
COUNTS = "[document.adoptedStyleSheets.length, document.querySelectorAll('.jacmagic style').length, window[Symbol.for('jacmagic')].length]"
PRINTS = "dispatchEvent(new Event('beforeprint'))"


def outputs(count: int) -> list[str]:
    return [panel.html(jacmagic.jacobian(BLOCKS[k % len(BLOCKS)].format(k + 1)), with_font=not k) for k in range(count)]


def test_panels_are_drawn_as_they_come_near(page: Page, tmp_path: Path) -> None:
    shows(page, "".join(outputs(24)), tmp_path)
    expect(page.locator(".jm").first).to_be_visible()
    page.wait_for_timeout(500)
    assert page.locator(".jm").count() <= 12
    # Until then its formulas can be read and found.
    last = page.locator(".jacmagic").last
    assert last.inner_text().startswith("$$f")
    last.scroll_into_view_if_needed()
    expect(last.locator(".jm")).to_have_count(1)
    page.keyboard.press("End")
    moves(page, ".jacmagic:nth-last-of-type(2) .jm")


def test_what_panels_share_is_there_once(page: Page, tmp_path: Path) -> None:
    shows(page, "".join(outputs(12)), tmp_path)
    expect(page.locator(".jm").first).to_be_visible()
    page.wait_for_timeout(500)
    page.evaluate(PRINTS)
    expect(page.locator(".jm")).to_have_count(12)
    assert page.evaluate(COUNTS) == [1, 0, 4]  # two of the five kinds of blocks ask for the same parts


def test_a_printed_page_has_every_panel(page: Page, tmp_path: Path) -> None:
    shows(page, "".join(outputs(12)), tmp_path)
    expect(page.locator(".jm").first).to_be_visible()
    page.pdf()
    expect(page.locator(".jm")).to_have_count(12)


@pytest.mark.parametrize("places", ["older first", "older last", "between"])
def test_another_version_on_the_page_keeps_working(page: Page, tmp_path: Path, places: str) -> None:
    ours = panel.html(jacmagic.jacobian("f(x) = x^2 sin x"))
    seen = """(root) => [...root.querySelectorAll(".jm *")].map((one) => { const { width, height } = one.getBoundingClientRect(),
        { color, font, display, padding } = getComputedStyle(one); return [width.toFixed(), height.toFixed(), color, font, display, padding].join(); })"""
    html = {"older first": OLDER + ours, "older last": ours + OLDER, "between": ours + OLDER + ours.replace('data-uid="', 'data-uid="2')}[places]
    shows(page, ours, tmp_path)
    expect(page.locator(".jm")).to_have_count(1)
    alone = page.locator(".jacmagic").evaluate(seen)
    shows(page, OLDER, tmp_path)
    expect(page.locator(".jm")).to_have_count(1)
    theirs = page.locator(".jacmagic").evaluate(seen)
    shows(page, html, tmp_path)
    for k in range(html.count('<div class="jacmagic"')):
        one = page.locator(".jacmagic").nth(k)
        one.scroll_into_view_if_needed()
        expect(one.locator(".jm")).to_have_count(1)
        assert one.evaluate(seen) == (alone if one.get_attribute("data-module") else theirs)
        slider = one.locator("input[type=range]").first
        slider.press("ArrowRight")
        expect(one.locator(".jm-field").first).to_have_value("1.1")
    page.screenshot(path=tmp_path / "versions.png", full_page=True)


def test_a_page_made_of_shared_parts_has_them_once(page: Page, tmp_path: Path) -> None:
    whole = [*outputs(12), OLDER]
    page_of = "".join(f"<section>{one}</section>" for one in whole)
    thin = shared(page_of)
    sizes = [len(one.encode()) for one in thin.split("<section>")[1:]]
    assert max(sizes[1:-1]) <= 8_000, sizes
    assert thin.count("data-code=") == thin.count("data-font=") == 1
    assert thin.endswith(f"<section>{OLDER}</section>")
    assert shared(thin) == thin
    shows(page, thin, tmp_path)
    expect(page.locator(".jm").first).to_be_visible()
    assert page.evaluate(COUNTS)[2] == 1
    page.wait_for_timeout(500)
    page.evaluate(PRINTS)
    expect(page.locator(".jm")).to_have_count(13)
    moves(page)
    moves(page, "section:nth-of-type(3) .jm")


def timed(browser: Browser, html: str, count: int, tmp_path: Path) -> tuple[float, float]:
    """Processor time of a page, in seconds, until what is near is drawn, and until every panel is."""
    page = browser.new_page()
    told = page.context.new_cdp_session(page)
    told.send("Performance.enable")

    def spent() -> float:
        return float(next(one["value"] for one in told.send("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration"))

    shows(page, html, tmp_path)
    expect(page.locator(".jm").first).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1500)
    some = spent()
    page.evaluate(PRINTS)
    expect(page.locator(".jm")).to_have_count(count)
    page.wait_for_timeout(500)
    every = spent()
    page.close()
    return some, every


@pytest.mark.long
def test_the_time_of_a_page_grows_with_its_panels(browser: Browser, tmp_path: Path) -> None:
    made = outputs(60)
    first, every = {}, {}
    for count in (1, 10, 60):
        first[count], every[count] = map(min, zip(*(timed(browser, "".join(made[:count]), count, tmp_path) for _ in range(3)), strict=True))
    assert (first[60] - first[1]) / 59 <= 0.1 * first[1], first
    assert every[60] / every[10] <= 6**1.15, every
