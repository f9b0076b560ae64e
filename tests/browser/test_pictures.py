"""Each picture alone: an engine and a place of a few lines, no panel, no Python."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

SOURCE = Path(__file__).parents[2] / "jacmagic/panel/src"

# A picture of f at a point, with what it asks of an engine and of its place.
ALONE = """async ({ kind, picture, start, outputs, shapes }) => {
    const { PICTURES, tools } = await import("/panel.js");
    const stop = new AbortController();
    const dom = tools(document, stop.signal);
    const point = new Map(Object.entries(start));
    const rules = Object.fromEntries(Object.entries(outputs).map(([key, text]) => [key, (0, eval)(`(${Object.keys(start)}) => ${text}`)]));
    const at = (key, from) => Float64Array.from([rules[key](...from.values())].flat());
    const engine = { get: (key) => at(key, point), has: (key) => key in rules, shape: (key) => shapes[key] ?? [], set() {}, stamp: () => 0 };
    const name = (key) => "<math><mi>" + key + "</mi></math>";
    let drawn = 0;
    const state = {
        ranges: new Map([...point.keys()].map((key) => [key, [-3, 3]])), valueAt: (key) => point.get(key), stepOf: () => 0.1, snap: (one, v) => v,
        assign: (one, k, v) => { point.set(one.key, v); made.update(); },
    };
    const place = {
        picture, dom, state, main: "J", rows: [{ key: "f1" }, { key: "f2" }], columns: [], still: { matches: false }, width: 480, height: 360, hue: () => ["jm-hue0"], term: (word) => word,
        redraw: () => made.update(), lettered: (key, how) => dom.lettered(name(key), how), background: () => { drawn++; return "same"; },
        axis: (key) => ({ name: { key }, k: 0, key, label: key }),
        sampler: ([output], axes) => (...values) => at(output, new Map([...point, ...axes.map((one, k) => [one.key, values[k]])])),
    };
    const made = PICTURES[kind](engine, place);
    const box = dom.el("div", { style: "width: 480px" }, made.node, ...made.caption);
    document.body.replaceChildren(box);
    made.update();
    window.point = point;
    window.end = () => { stop.abort(); made.end(); };
    return box.textContent;
}"""

KINDS: dict[str, dict[str, Any]] = {
    "curve": {"picture": {"x": "x", "f": "f", "name": "<math><mi>f</mi></math>"}, "start": {"x": 1}, "outputs": {"f": "x * x", "J": "2 * x"}},
    "contour": {"picture": {"x": "x", "y": "y", "f": "f"}, "start": {"x": 1, "y": 1}, "outputs": {"f": "x * x + y * y", "J": "[2 * x, 2 * y]"}, "shapes": {"J": [1, 2]}},
    "map2": {
        "picture": {"x": "x", "y": "y", "f": "f", "name": ""}, "start": {"x": 1, "y": 2},
        "outputs": {"f": "[x * y, x - y]", "J": "[y, x, 1, -1]"}, "shapes": {"f": [2], "J": [2, 2]},
    },
    "net": {
        "picture": {
            "layers": [{"key": k, "size": 1, "forward": k, "delta": f"grad:{k}", "mathml": f"<math><mi>{k}</mi></math>"} for k in "xao"],
            "edges": [["x", "a"], ["a", "o"]],
        },
        "start": {"x": 1}, "outputs": {"x": "x", "a": "2 * x", "o": "-6 * x", "local:a:x": "2", "local:o:a": "-3", "grad:a": "-3", "grad:o": "1"},
    },
}


@pytest.fixture
def alone(page: Page) -> Page:
    page.route("http://127.0.0.1:9/**", lambda route: route.fulfill(
        path=SOURCE / route.request.url.split(":9/")[1], content_type="text/javascript") if route.request.url.endswith(".js") else route.fulfill(
        body="<!doctype html><html lang='en'><title>t</title><body></body></html>", content_type="text/html"))
    page.goto("http://127.0.0.1:9/")
    return page


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_draws_with_an_engine_of_its_own(alone: Page, kind: str) -> None:
    said = alone.evaluate(ALONE, {"shapes": {}, "kind": kind, **KINDS[kind]})
    wanted = {"curve": "slope 2.000", "contour": "gradient (2.000, 2.000)", "map2": "| = 3.000", "net": "−6.00"}[kind]
    assert wanted in said
    assert alone.locator("svg path[d^=M]").count() >= 2
    assert "NaN" not in alone.evaluate("document.body.innerHTML")


@pytest.mark.parametrize("kind", ["curve", "contour", "map2"])
def test_the_point_of_a_picture_hears_keys_until_its_end(alone: Page, kind: str) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": kind, **KINDS[kind]})
    handle = alone.locator(".jm-handle")
    before = handle.get_attribute("transform")
    handle.focus()
    alone.keyboard.press("ArrowRight")
    assert alone.evaluate("window.point.get('x')") == pytest.approx(1.1)
    assert handle.get_attribute("transform") != before
    alone.evaluate("window.end()")
    alone.keyboard.press("ArrowRight")
    assert alone.evaluate("window.point.get('x')") == pytest.approx(1.1)


def test_every_kind_has_a_test_of_its_own() -> None:
    table = re.search(r"export const PICTURES = \{ (.*?) \}", (SOURCE / "pictures/index.js").read_text(encoding="utf-8"))
    assert table
    assert set(table[1].split(", ")) == {*KINDS, "heatmap"}  # the heat-map is tests/browser/test_pages.py's
