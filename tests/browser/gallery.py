"""The pictures of .github/GALLERY.md: `python tests/browser/gallery.py` takes them of the panels in Chromium.

Asks for `pip install -e ".[browser]"` and Pillow. `python tests/test_readme.py` writes the page itself.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import frontends
from PIL import Image
from playwright.sync_api import sync_playwright

import jacmagic
from jacmagic.guide.gallery import GALLERY

FOLDER = Path(__file__).resolve().parents[2] / ".github" / "gallery"
COLOURS, MARGIN = 160, 10  # of a picture; pixels around it


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=frontends.CHROMIUM, args=frontends.CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        for k, one in enumerate(GALLERY, 1):
            result = getattr(jacmagic, one.magic)(one.block)
            page.goto(result.save(Path(folder) / f"{k}.html").as_uri())
            page.locator(".jm-cell, .jm-frame").first.wait_for()
            # Where the numbers are the picture, there is no other.
            frame = page.locator(".jm-frame" if page.locator(".jm-frame").count() else ".jm-result").first
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            box = frame.bounding_box()
            assert box
            clip = {"x": box["x"] - MARGIN, "y": box["y"] - MARGIN, "width": box["width"] + 2 * MARGIN, "height": box["height"] + 2 * MARGIN}
            shot = Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True))).convert("RGB")
            path = FOLDER / f"{k}.png"
            shot.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
            print(f"{path.name} {path.stat().st_size:,}")
        browser.close()


if __name__ == "__main__":
    main()
