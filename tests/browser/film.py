"""The moving picture of the README: `python tests/browser/film.py` moves the values of its first cell in Chromium.

Asks for `pip install -e ".[browser]"` and Pillow.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

import frontends
from PIL import Image
from playwright.sync_api import Page, sync_playwright

import jacmagic

ROOT = Path(__file__).resolve().parents[2]
FILM = ROOT / ".github" / "panel.gif"
WIDTH, HEIGHT = 960, 590  # of the panel's upper part, in pixels
COLOURS, DELAY, REST = 250, 160, 900  # of a frame; ms
# A name, and the values that it goes to from where it stands; at last it stands there again.
PATHS = (("x1", (2, -1, 1)), ("k", (3.5, 1, 2)))
STEP = 0.5


def first_cell() -> str:
    found = re.search(r"^%%jacobian\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M | re.S)
    assert found is not None
    return found[1]


def photograph(page: Page) -> Image.Image:
    box = page.locator(".jm").bounding_box()
    assert box
    clip = {"x": 0, "y": box["y"] - 4, "width": WIDTH, "height": HEIGHT}
    return Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")


def moved(page: Page, name: str, stops: tuple[float, ...]) -> list[Image.Image]:
    """A frame for each step of a value's way from stop to stop."""
    frames, at = [], stops[-1]
    field = page.get_by_label(name, exact=True)
    for stop in stops:
        steps = round(abs(stop - at) / STEP)
        for k in range(1, steps + 1):
            field.fill(f"{at + (stop - at) * k / steps:.2f}")
            field.press("Enter")
            field.blur()
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            frames.append(photograph(page))
        at = stop
    return frames


def palette(frames: list[Image.Image]) -> Image.Image:
    """One palette for all frames, of some that stand side by side."""
    some = frames[:: max(1, len(frames) // 8)]
    sheet = Image.new("RGB", (WIDTH * len(some), HEIGHT))
    for k, one in enumerate(some):
        sheet.paste(one, (k * WIDTH, 0))
    return sheet.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        saved = jacmagic.jacobian(first_cell()).save(Path(folder) / "page.html")
        browser = play.chromium.launch(executable_path=frontends.CHROMIUM, args=frontends.CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": 900})
        page.goto(saved.as_uri())
        page.locator(".jm-cell").first.wait_for()
        frames = [photograph(page)]
        for name, stops in PATHS:
            frames += moved(page, name, stops)
        browser.close()
    colours = palette(frames)
    flat = [one.quantize(palette=colours, dither=Image.Dither.NONE) for one in frames]
    flat[0].save(FILM, save_all=True, append_images=flat[1:], duration=[REST, *[DELAY] * (len(flat) - 1)], loop=0, optimize=True)
    print(f"{FILM}: {len(flat)} frames, {FILM.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
