"""▶ train in a saved page: no kernel, Python's losses, and everything shown follows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import frontends
import pytest
from conftest import need
from lessons import LESSONS, lesson
from playwright.sync_api import Browser, Locator, Page, expect


def opened(page: Page, tmp_path: Path, name: str) -> None:
    page.goto(lesson(name).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-train")).to_be_visible()


def said(page: Page) -> tuple[int, float]:
    found = re.match(r"step (\d+), loss ([\d.e·⁻\d]+)", page.locator(".jm-train .jm-count").inner_text())
    assert found
    return int(found[1]), float(found[2])


def button(page: Page, name: str) -> Locator:
    return page.locator(".jm-train").get_by_role("button", name=name, exact=True)


@pytest.mark.parametrize("name", LESSONS)
def test_a_saved_page_trains_as_python_does(page: Page, tmp_path: Path, name: str) -> None:
    """Where no motion is wanted, a press makes 100 steps."""
    n = lesson(name)
    opened(page, tmp_path, name)
    count = page.locator(".jm-train .jm-count")
    expect(count).to_have_text("step 0")
    button(page, "▶ train").click()
    expect(count).to_contain_text("step 100, loss")
    _, data, options = LESSONS[name]
    losses = n.train(data, steps=100, progress=False, **options)
    assert said(page) == (100, pytest.approx(losses[-1], rel=1e-3))
    picture = page.locator(".jm-decision, .jm-fit")
    expect(picture.locator(".jm-examples circle")).to_have_count(len(data["y"]))


def test_formulas_numbers_and_picture_follow_and_undo_goes_back(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, "xor")
    numbers = page.locator(".jm-chain.jm-formula").first
    before, at_first = numbers.inner_text(), page.locator(".jm-decision image").get_attribute("href")
    count = page.locator(".jm-train .jm-count")
    button(page, "step").click()
    expect(count).to_contain_text("step 1, loss")
    expect(numbers).not_to_have_text(before, use_inner_text=True)
    button(page, "▶ train").click()
    expect(count).to_contain_text("step 101, loss")
    assert page.locator(".jm-decision image").get_attribute("href") != at_first
    page.keyboard.press("Control+z")
    expect(count).to_contain_text("step 1, loss")
    page.keyboard.press("Control+z")
    expect(count).to_have_text("step 0")
    expect(numbers).to_have_text(before, use_inner_text=True)
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+y")
    expect(count).to_contain_text("step 101, loss")
    page.get_by_role("button", name="Reset").click()
    expect(count).to_have_text("step 0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_landscape_round_the_weights_is_drawn_on_request(page: Page, tmp_path: Path, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page, tmp_path, "xor")
    button(page, "▶ train").click()
    expect(page.locator(".jm-train .jm-count")).to_contain_text("step 100, loss")
    loss = page.locator(".jm-train .jm-count").inner_text().split("loss ")[1]
    button(page, "landscape").click()
    picture = page.locator(".jm-train svg")
    expect(picture).to_have_attribute("aria-label", re.compile(r"weights of step 100 along two random directions: .* here, least .* up to"))
    assert picture.get_attribute("aria-label").split("directions: ")[1].startswith(loss[:4])
    expect(picture.locator(".jm-curve")).to_have_count(9)
    expect(page.locator(".jm-train .jm-count")).to_contain_text("step 100, loss")
    button(page, "step").click()
    expect(picture).to_have_attribute("aria-label", re.compile("weights of step 100 "))


def test_the_options_are_those_of_train(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, "spirals")
    train = page.locator(".jm-train")
    expect(train.locator("select")).to_have_value("adam")
    expect(train.get_by_label("rate of training")).to_have_value("0.02")
    expect(train.get_by_label("batch of training")).to_have_value("15")
    train.locator("select").select_option("momentum")
    train.get_by_label("rate of training").fill("0.05")
    train.get_by_label("batch of training").fill("80")
    button(page, "▶ train").click()
    expect(page.locator(".jm-train .jm-count")).to_contain_text("step 100, loss")
    n = lesson("spirals")
    losses = n.train(LESSONS["spirals"][1], lr=0.05, steps=100, optimizer="momentum", progress=False)
    assert said(page) == (100, pytest.approx(losses[-1], rel=1e-3))
    train.get_by_label("batch of training").fill("81")
    expect(train.get_by_label("batch of training")).to_have_attribute("aria-invalid", "true")


def test_a_rate_too_large_is_said(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, "line")
    page.get_by_label("rate of training").fill("1e9")
    button(page, "▶ train").click()
    expect(page.locator(".jm-train .jm-count")).to_contain_text("the loss is no longer finite: take a smaller rate")


def test_gradients_and_weights_are_drawn(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, "spirals")
    button(page, "▶ train").click()
    plot = page.locator(".jm-plot")
    expect(plot.locator(".jm-curve")).to_have_count(1)
    button(page, "gradients").click()
    expect(plot.locator(".jm-curve")).to_have_count(6)  # W1, c1, W2, c2, W3, c3
    button(page, "weights").click()
    expect(plot.locator(".jm-bars")).to_have_count(6)


def test_a_click_on_an_example_puts_it_in(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, "xor")
    box = page.locator(".jm-examples circle").nth(2).bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    fields = page.locator(".jm-slider .jm-field")
    assert [fields.nth(k).input_value() for k in range(3)] == ["1.0", "0.0", "1.0"]


def test_training_runs_until_escape(browser: Browser, tmp_path: Path) -> None:
    file = lesson("spirals").save(tmp_path / "page.html")
    with frontends.page_in(browser, reduced_motion="no-preference") as page:
        page.goto(file.as_uri())
        page.wait_for_selector(".jm-train")
        button(page, "▶ train").click()
        page.wait_for_function("+document.querySelector('.jm-train .jm-count').textContent.match(/step (\\d+)/)[1] > 100")
        expect(page.locator(".jm-train button[aria-pressed=true]").first).to_have_text("⏸︎ train")
        page.keyboard.press("Escape")
        expect(page.locator(".jm-train button").first).to_have_attribute("aria-pressed", "false")
        page.wait_for_timeout(200)  # the frame in which it ends
        steps = said(page)[0]
        page.wait_for_timeout(200)
        assert said(page)[0] == steps
        page.keyboard.press("Control+z")
        expect(page.locator(".jm-train .jm-count")).to_have_text("step 0")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["spirals", "line", "classes"])
def test_training_has_no_faults(browser: Browser, tmp_path: Path, name: str, dark: bool) -> None:
    need(frontends.AXE, "JACMAGIC_AXE names no axe.min.js")
    file = lesson(name).save(tmp_path / "page.html")
    with frontends.page_in(browser, color_scheme="dark" if dark else "light") as page:
        page.goto(file.as_uri())
        button(page, "▶ train").click()
        expect(page.locator(".jm-train .jm-count")).to_contain_text("step 100")
        assert not frontends.faults(page, "html")
