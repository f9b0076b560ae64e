"""--reveal: the question first, then an entry or a layer a press, by keys and by buttons, also in an exported page."""

from __future__ import annotations

from pathlib import Path

import frontends
import pytest
from conftest import need
from playwright.sync_api import Browser, Page, expect
from test_pages import exported
from test_stage import BOXES, TWO

import jacmagic

NET = "x in R^2\na = tanh(W1 x + c1) in R^3\no = W2 a + c2 in R^2\nL = mse(o, y)"


def opened(page: Page, folder: Path, result) -> None:
    page.goto(result.show(reveal=True).save(folder / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(1)


def test_an_entry_comes_with_each_press_of_r(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page, tmp_path, jacmagic.jacobian(TWO))
    cells, numbers, count = (page.locator(one) for one in (".jm-cell > math", ".jm-num", ".jm-count"))
    spoken, line = page.locator(".jm > [aria-live]"), page.locator(".jm-entry")
    expect(page.locator(".jm-echo").first).to_be_visible()
    for hidden in (*cells.all(), *numbers.all(), line, page.locator(".jm-picture"), page.locator(".jm-extra"), page.locator(".jm-said")):
        expect(hidden).to_be_hidden()
    expect(page.get_by_role("button", name="d f2 by d x1, not shown yet")).to_have_count(1)
    expect(page.get_by_role("button", name="NumPy code")).to_have_count(0)
    before = page.evaluate(BOXES)
    page.get_by_label("show the next (R)").focus()
    said = ["2x₂² + 3", "4x₁ x₂ + 2", "2x₁ sin(x₂)", "x₁² cos(x₂)"]
    for k, says in enumerate(said):
        page.keyboard.press("r")
        expect(count).to_have_text(f"{k + 1} of 6")
        expect(spoken).to_contain_text(f": {says}; {k + 1} of 6")
        assert [one.is_visible() for one in cells.all()] == [at <= k for at in range(4)]
        assert [one.is_visible() for one in numbers.all()] == [at <= k for at in range(4)]
        expect(line).to_be_visible()
        expect(page.locator(".jm-cell").nth(k)).to_have_class("jm-cell jm-on")
        assert page.evaluate(BOXES) == before
    page.keyboard.press("r")
    expect(page.locator(".jm-extra")).to_be_visible()
    expect(page.locator(".jm-picture")).to_be_hidden()
    page.keyboard.press("r")
    expect(spoken).to_have_text("all is shown; 6 of 6")
    expect(page.locator(".jm-veiled")).to_have_count(0)
    expect(page.get_by_role("button", name="NumPy code")).to_be_visible()
    assert page.evaluate(BOXES) == before
    page.keyboard.press("Shift+R")
    expect(page.locator(".jm-picture")).to_be_hidden()


def test_a_slider_says_no_number_that_is_not_shown(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, jacmagic.jacobian("f(x, y) = x^2 y"))
    spoken = page.locator(".jm > [aria-live]")
    slider = page.get_by_label("x, slider")
    slider.press("ArrowRight")
    page.wait_for_timeout(900)
    expect(spoken).to_have_text("")
    page.get_by_label("show all").click()
    expect(spoken).to_have_text("all is shown")
    slider.press("ArrowRight")
    expect(spoken).to_contain_text("J = ")


def test_an_entry_that_is_pressed_comes_first_and_a_field_keeps_its_letters(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, jacmagic.jacobian(TWO))
    cells = page.locator(".jm-cell")
    page.get_by_role("button", name="d f2 by d x1, not shown yet").press("Enter")
    assert [one.is_visible() for one in page.locator(".jm-cell > math").all()] == [False, False, True, False]
    cells.nth(0).hover()
    expect(page.locator(".jm-entry")).to_be_hidden()
    cells.nth(2).hover()
    expect(page.locator(".jm-entry")).to_be_visible()
    page.get_by_label("x1", exact=True).press("r")
    expect(page.locator(".jm-count")).to_have_text("1 of 6")


def test_a_net_comes_a_layer_at_a_time(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, jacmagic.nnchain(NET))
    cards, on = page.locator(".jm-card"), page.get_by_label("show the next (R)")
    for k in range(3):
        assert [one.is_visible() for one in cards.all()] == [at < k for at in range(3)]
        expect(page.locator(".jm-chain").first).to_be_hidden()
        on.click()
    expect(page.locator(".jm > [aria-live]")).to_contain_text("∂a/∂x = diag(1 - a²) W₁; 3 of 4")
    expect(page.get_by_role("button", name="Gradients")).to_have_count(0)
    on.click()
    expect(page.locator(".jm-veiled")).to_have_count(0)
    expect(page.get_by_role("button", name="Gradients")).to_be_visible()


@pytest.mark.parametrize("block", ["f(x) = x^3", "u = x^2\nf = sin u", "x in R^12\nA in R^(12x12)\nf = A x", "x' = a x - b x y\ny' = d x y - c y"])
@pytest.mark.parametrize("width", [390, 1280])
def test_all_of_any_panel_comes_in_the_end(page: Page, tmp_path: Path, block: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, tmp_path, jacmagic.jacobian(block).show(hessian=True))
    expect(page.locator(".jm-picture")).to_be_hidden() if page.locator(".jm-picture").count() else None
    count = int(page.get_by_role("group", name="what is shown").inner_text().split("of")[1].split()[0])
    for _ in range(count):
        assert page.locator(".jm-veiled").count()
        page.get_by_label("show the next (R)").click()
    expect(page.locator(".jm-veiled")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_exported_notebook_asks_first(page: Page, tmp_path: Path) -> None:
    page.goto(exported(tmp_path, "%load_ext jacmagic", "%%jacobian --reveal\nf(x, y) = x^2 y", f"%%nnchain --reveal\n{NET}", "%jacobian f(x) = x^2"))
    panels = page.locator(".jm")
    expect(panels).to_have_count(3)
    for k, shown in enumerate([".jm-cell > math", ".jm-card"]):
        expect(panels.nth(k).locator(shown).first).to_be_hidden()
        panels.nth(k).get_by_label("show the next (R)").press("r")
        expect(panels.nth(k).locator(shown).first).to_be_visible()
        expect(panels.nth(k).locator(shown).nth(1)).to_be_hidden()
    expect(panels.nth(2).get_by_label("show the next (R)")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_question_is_open_to_all(browser: Browser, tmp_path: Path, dark: bool) -> None:
    with frontends.page_in(browser, color_scheme="dark" if dark else "light") as page:
        opened(page, tmp_path, jacmagic.jacobian(TWO))
        need(frontends.AXE, "JACMAGIC_AXE names no axe.min.js")
        assert not frontends.faults(page, "html")
        page.get_by_label("show the next (R)").click()
        assert not frontends.faults(page, "html")


def test_without_scripts_the_answer_is_folded(browser: Browser, tmp_path: Path) -> None:
    with frontends.page_in(browser, java_script_enabled=False) as page:
        page.goto(jacmagic.jacobian("f(x, y) = x^2 y").show(reveal=True).save(tmp_path / "page.html").as_uri())
        answer = page.locator("details math").first
        expect(page.locator("math").first).to_be_visible()
        expect(answer).to_be_hidden()
        page.get_by_text("the answer").click()
        expect(answer).to_be_visible()
