"""The output on slides of the real reveal.js, as npm has it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from playwright.sync_api import Page, expect
from test_stage import TWO

import jacmagic
from jacmagic import panel

SLIDES = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>slides</title>
<link rel="stylesheet" href="reveal.css"><link rel="stylesheet" href="theme/{theme}.css"></head><body>
<div class="reveal"><div class="slides"><section><h2>One</h2></section><section>{output}</section><section><h2>Three</h2></section></div></div>
<script src="reveal.js"></script><script>Reveal.initialize({{ width: 960, height: 700, hash: false, transition: "none" }});</script></body></html>"""


@pytest.fixture(scope="session")
def reveal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of reveal.js, taken from npm once; JACMAGIC_REVEAL names one that is there."""
    there = os.environ.get("JACMAGIC_REVEAL")
    if there:
        return Path(there)
    npm = shutil.which("npm")
    need(npm, "there is no npm")
    folder = tmp_path_factory.mktemp("npm")
    done = subprocess.run([npm or "", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "reveal.js"], capture_output=True, text=True, timeout=300, check=False)
    need(done.returncode == 0, f"npm has no reveal.js: {done.stderr[-200:]}")
    return folder / "node_modules" / "reveal.js" / "dist"


def slide(page: Page, reveal: Path, folder: Path, result: jacmagic.notebook.Result, theme: str = "white") -> None:
    """The second of three slides, as large as reveal.js makes it."""
    shutil.copytree(reveal, folder, dirs_exist_ok=True)
    (folder / "slides.html").write_text(SLIDES.format(output=panel.html(result), theme=theme), encoding="utf-8")
    page.set_viewport_size({"width": 960, "height": 700})
    page.goto((folder / "slides.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    page.evaluate("Reveal.slide(1)")
    expect(page.locator(".jm")).to_be_visible()


def number(page: Page) -> int:
    return page.evaluate("Reveal.getIndices().h")


@pytest.mark.parametrize(("block", "theme"), [
    (TWO, "white"), (TWO, "black"), ("f(x, y) = x^2 y + y^3", "white"), ("x' = a x - b x y\ny' = d x y - c y", "white"), ("f(x) = x^2 - 2x", "black"),
], ids=["map", "map, dark", "contours", "system", "curve"])
def test_the_whole_output_is_inside_a_slide(page: Page, reveal: Path, tmp_path: Path, block: str, theme: str) -> None:
    slide(page, reveal, tmp_path, jacmagic.jacobian(block), theme)
    box = page.locator(".jm").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= 960
    assert box["y"] + box["height"] <= 700
    inner = page.locator(".jm").evaluate("(one) => [one.scrollWidth - one.clientWidth, one.scrollHeight - one.clientHeight]")
    assert max(inner) <= 1


def test_a_key_that_the_panel_handles_turns_no_slide_and_another_does(page: Page, reveal: Path, tmp_path: Path) -> None:
    slide(page, reveal, tmp_path, jacmagic.jacobian(TWO))
    field, slider = page.get_by_label("x1", exact=True), page.get_by_label("x1, slider")
    before = field.input_value()
    slider.focus()
    for key in ("ArrowRight", "ArrowRight", "PageUp", "Home", "End"):
        page.keyboard.press(key)
        assert number(page) == 1
    expect(field).not_to_have_value(before)
    cells = page.locator(".jm-cell")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator(".jm-handle")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("f")
    page.keyboard.press("f")
    assert number(page) == 1
    page.locator(".jm-handle").evaluate("(one) => one.blur()")
    page.keyboard.press("ArrowRight")
    assert number(page) == 2


def test_space_presses_the_button_that_has_the_focus(page: Page, reveal: Path, tmp_path: Path) -> None:
    slide(page, reveal, tmp_path, jacmagic.jacobian(TWO))
    check = page.get_by_role("button", name="Check")
    check.focus()
    page.keyboard.press(" ")
    expect(check).to_have_attribute("aria-expanded", "true")
    assert number(page) == 1
    check.evaluate("(one) => one.blur()")
    page.keyboard.press(" ")
    assert number(page) == 2


def test_letters_follow_the_slides_font(page: Page, reveal: Path, tmp_path: Path) -> None:
    """Twice as large a slide has letters twice as large, since reveal.js scales all of it."""
    slide(page, reveal, tmp_path, jacmagic.jacobian(TWO))
    high = page.locator(".jm-echo").first.bounding_box()
    page.set_viewport_size({"width": 1920, "height": 1400})
    page.wait_for_function("Reveal.getScale() > 1.5")
    twice = page.locator(".jm-echo").first.bounding_box()
    assert high
    assert twice
    assert twice["height"] == pytest.approx(high["height"] * page.evaluate("Reveal.getScale()"), rel=0.25)
