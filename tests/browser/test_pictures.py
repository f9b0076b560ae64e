"""Each picture alone: an engine and a place of a few lines, no panel, no Python."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import jacmagic
from jacmagic import panel

SOURCE = Path(__file__).parents[2] / "jacmagic/panel/src"

# A picture of f at a point, with what it asks of an engine and of its place.
ALONE = """async ({ kind, picture, start, outputs, shapes }) => {
    const { PICTURES, tools } = await import("/panel.js");
    const stop = new AbortController();
    const dom = tools(document, stop.signal);
    const point = new Map(Object.entries(start));
    const rules = Object.fromEntries(Object.entries(outputs).map(([key, text]) => [key, (0, eval)(`(${Object.keys(start)}) => ${text}`)]));
    const at = (key, from) => Float64Array.from([rules[key](...from.values())].flat());
    const engine = { get: (key) => at(key, point), shown: (key) => at(key, point), has: (key) => key in rules, shape: (key) => shapes[key] ?? [], set() {}, stamp: () => 0 };
    const name = (key) => "<math><mi>" + key + "</mi></math>";
    let drawn = 0;
    const state = {
        ranges: new Map([...point.keys()].map((key) => [key, [-3, 3]])), valueAt: (key) => point.get(key), stepOf: () => 0.1, snap: (one, v) => v,
        assign: (one, k, v) => { point.set(one.key, v); made.update(); },
        assignAll: (changes) => { for (const [one, k, v] of changes) point.set(one.key, v); made.update(); },
    };
    const place = {
        picture, dom, state, main: "J", rows: [{ key: "f1" }, { key: "f2" }], columns: [], still: { matches: false }, width: 480, height: 360, hue: () => ["jm-hue0"], lens: { k: 1, x: 0, y: 0 }, term: (word) => word,
        redraw: () => made.update(), lettered: (key, how) => dom.lettered(name(key), how), background: () => { drawn++; return Object.values(place.lens).join(); },
        axis: (key) => ({ name: { key }, k: 0, key, label: key }),
        sampler: (outputs, axes) => (...values) => outputs.flatMap((output) => [...at(output, new Map([...point, ...axes.map((one, k) => [one.key, values[k]])]))]),
    };
    const made = PICTURES[kind](engine, place);
    const box = dom.el("div", { style: "width: 480px" }, made.node, ...made.caption, made.below);
    document.body.replaceChildren(box);
    made.update();
    window.point = point;
    window.place = place;
    window.made = made;
    window.end = () => { stop.abort(); made.end(); };
    return box.textContent;
}"""

KINDS: dict[str, dict[str, Any]] = {
    "curve": {"picture": {"x": "x", "f": "f", "name": "<math><mi>f</mi></math>"}, "start": {"x": 1}, "outputs": {"f": "x * x", "J": "2 * x"}},
    "slopes": {"picture": {"x": "x", "f": "f", "name": "<math><mi>f</mi></math>"}, "start": {"x": 1}, "outputs": {"f": "x * x", "J": "2 * x"}},
    "contour": {"picture": {"x": "x", "y": "y", "f": "f"}, "start": {"x": 1, "y": 1}, "outputs": {"f": "x * x + y * y", "J": "[2 * x, 2 * y]"}, "shapes": {"J": [1, 2]}},
    "surface": {"picture": {"x": "x", "y": "y", "f": "f", "name": "<math><mi>f</mi></math>"}, "start": {"x": 1, "y": 1}, "outputs": {"f": "x * x + y * y", "J": "[2 * x, 2 * y]"}, "shapes": {"J": [1, 2]}},
    "map2": {
        "picture": {"x": "x", "y": "y", "f": "f", "name": ""}, "start": {"x": 1, "y": 2},
        "outputs": {"f": "[x * y, x - y]", "J": "[y, x, 1, -1]"}, "shapes": {"f": [2], "J": [2, 2]},
    },
    "path": {"picture": {"axes": ["x"], "f": "f"}, "start": {"x": 1}, "outputs": {"f": "[Math.cos(x), Math.sin(x)]", "J": "[-Math.sin(x), Math.cos(x)]"}, "shapes": {"f": [2], "J": [2, 1]}},
    "space": {
        "picture": {"axes": ["x", "y"], "f": "f"}, "start": {"x": 0.4, "y": 0.7},
        "outputs": {"f": "[Math.cos(x) * Math.cos(y), Math.sin(x) * Math.cos(y), Math.sin(y)]", "J": "[-Math.sin(x) * Math.cos(y), -Math.cos(x) * Math.sin(y), Math.cos(x) * Math.cos(y), -Math.sin(x) * Math.sin(y), 0, Math.cos(y)]"},
        "shapes": {"f": [3], "J": [3, 2]},
    },
    "level": {
        "picture": {"axes": ["x", "y", "z"], "f": "f", "name": "<math><mi>f</mi></math>"}, "start": {"x": 1, "y": 1, "z": 0.5},
        "outputs": {"f": "x * x + y * y + 2 * z * z", "J": "[2 * x, 2 * y, 4 * z]"}, "shapes": {"J": [1, 3]},
    },
    "flow": {
        "picture": {"axes": ["x", "y"], "f": "f", "order": [0, 1]}, "start": {"x": 2, "y": 0},
        "outputs": {"f": "[y, -x]", "J": "[0, 1, -1, 0]"}, "shapes": {"f": [2], "J": [2, 2]},
    },
    "cobweb": {"picture": {"axes": ["x"], "f": "f", "order": [0], "map": True}, "start": {"x": 0.15}, "outputs": {"f": "3.2 * x * (1 - x)", "J": "3.2 * (1 - 2 * x)"}},
    "orbit": {
        "picture": {"axes": ["x", "y"], "f": "f", "order": [0, 1], "map": True}, "start": {"x": 0.1, "y": 0.1},
        "outputs": {"f": "[1 - 1.4 * x * x + y, 0.3 * x]", "J": "[-2.8 * x, 1, 0.3, 0]"}, "shapes": {"f": [2], "J": [2, 2]},
    },
    "phase": {"picture": {"axes": ["x"], "f": "f", "order": [0]}, "start": {"x": 0.5}, "outputs": {"f": "x - x**3", "J": "1 - 3 * x * x"}},
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
    wanted = {"curve": "slope 2.000", "slopes": "secant 3.000, tangent 2.000", "contour": "gradient (2.000, 2.000)", "surface": "gradient (2.000, 2.000)", "map2": "| = 3.000", "net": "−6.00", "path": "speed 1.000", "space": "normal", "level": "gradient (2.000, 2.000, 2.000)", "flow": "Velocity (0, −2.000)", "phase": "grows at the rate 0.3750", "cobweb": "a cycle of 2", "orbit": "No cycle"}[kind]
    assert wanted in said
    assert alone.locator("svg path[d^=M]").count() >= 2
    assert "NaN" not in alone.evaluate("document.body.innerHTML")


@pytest.mark.parametrize("kind", ["curve", "slopes", "path", "contour", "surface", "map2", "space", "level", "flow", "phase", "cobweb", "orbit"])
def test_the_point_of_a_picture_hears_keys_until_its_end(alone: Page, kind: str) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": kind, **KINDS[kind]})
    handle = alone.locator(".jm-handle")
    before = handle.get_attribute("transform")
    handle.focus()
    alone.keyboard.press("ArrowRight")
    moved = pytest.approx(KINDS[kind]["start"]["x"] + 0.1)
    assert alone.evaluate("window.point.get('x')") == moved
    assert handle.get_attribute("transform") != before
    alone.evaluate("window.end()")
    alone.keyboard.press("ArrowRight")
    assert alone.evaluate("window.point.get('x')") == moved


def points(path: str | None) -> np.ndarray:
    return np.array([(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path or "")])


def test_an_orbit_of_a_rotation_is_a_closed_circle_with_its_centre_marked(alone: Page) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": "flow", **KINDS["flow"]})
    path = points(alone.locator(".jm-orbit:not(.jm-past)").get_attribute("d"))
    on_it = path[::3]  # every third point of cubics lies on the curve
    mark = alone.locator(".jm-marks circle")
    centre = np.array([float(mark.get_attribute(side) or "nan") for side in ("cx", "cy")])
    away = np.hypot(*(on_it - centre).T)
    assert np.ptp(away) < 0.2
    assert np.hypot(*(path[0] - path[-1])) < 0.05
    assert alone.locator(".jm-marks text").text_content() == "centre"
    assert alone.locator(".jm-orbit.jm-past").get_attribute("d") == ""
    # ẋ = y is 0 on y = 0, ẏ = −x on x = 0: each nullcline goes through the centre, along one axis.
    for k, line in enumerate(alone.locator(".jm-nullcline").all()):
        np.testing.assert_allclose(points(line.get_attribute("d"))[:, 1 - k], centre[1 - k], atol=0.02)


def test_a_phase_line_points_to_what_is_stable(alone: Page) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": "phase", **KINDS["phase"]})
    found = [(float(one.get_attribute("cx") or "nan"), one.get_attribute("class")) for one in alone.locator(".jm-marks circle").all()]
    assert [one for _, one in found] == ["jm-stays", "jm-leaves", "jm-stays"]
    left, middle, right = (x for x, _ in found)
    assert middle - left == pytest.approx(right - middle, abs=0.01)
    assert alone.locator(".jm-marks text").all_text_contents() == ["stable", "unstable", "stable"]
    arrows = [(points("M" + one)[0][0], points("M" + one)[1][0]) for one in (alone.locator(".jm-heads").get_attribute("d") or "").split("M")[1::2]]
    for tail, tip in arrows:
        rate = -(tail - left) * (tail - middle) * (tail - right)  # x − x³ up to a positive factor
        assert (tip - tail) * rate > 0


def axis_of(page: Page, along: str) -> tuple[float, float]:
    """How a number stands on an axis: pixels = a + b·number, from two of its ticks."""
    anchor, side = {"x": ("middle", "x"), "y": ("end", "y")}[along]
    ticks = page.locator(f".jm-axes text[text-anchor={anchor}]").all()
    (v, p), (w, q) = [(float((one.text_content() or "").replace("−", "-")), float(one.get_attribute(side) or "nan")) for one in (ticks[0], ticks[-1])]
    slope = (q - p) / (w - v)
    return p - slope * v - (4 if along == "y" else 0), slope  # a text stands 4 pixels below its line


def in_units(page: Page, drawn: np.ndarray) -> np.ndarray:
    (a, b), (c, d) = axis_of(page, "x"), axis_of(page, "y")
    return (drawn - [a, c]) / [b, d]


def test_a_cobweb_goes_where_the_map_does_and_its_fixed_points_stand_on_the_diagonal(alone: Page) -> None:
    alone.evaluate(ALONE, {"kind": "cobweb", **KINDS["cobweb"]})
    web = in_units(alone, points(alone.locator(".jm-web").get_attribute("d")))
    orbit = [0.15]
    for _ in range(50):
        orbit.append(3.2 * orbit[-1] * (1 - orbit[-1]))
    corners = [(0.15, 0.0)] + [corner for p, q in itertools.pairwise(orbit) for corner in ((p, q), (q, q))]
    np.testing.assert_allclose(web, corners, atol=5e-4)
    found = alone.locator(".jm-marks circle").all()
    at = in_units(alone, np.array([[float(one.get_attribute(side) or "nan") for side in ("cx", "cy")] for one in found]))
    np.testing.assert_allclose(at, [[0, 0], [1 - 1 / 3.2] * 2], atol=5e-4)
    assert [one.get_attribute("class") for one in found] == ["jm-leaves", "jm-leaves"]
    assert alone.locator(".jm-marks text").all_text_contents() == ["unstable, λ = 3.2", "unstable, λ = −1.2"]
    assert "cycle of 2: 0.7995, 0.513" in alone.locator("body").inner_text()
    lo, hi = in_units(alone, points(alone.locator(".jm-diagonal").get_attribute("d")))
    assert lo[0] == pytest.approx(lo[1], abs=5e-4)
    assert hi[0] == pytest.approx(hi[1], abs=5e-4)


def test_a_cobweb_is_stepped_run_and_taken_back(alone: Page) -> None:
    alone.evaluate(ALONE, {"kind": "cobweb", **KINDS["cobweb"]})
    web = alone.locator(".jm-web")
    for word, steps in [("back to the start", 0), ("one step", 1), ("one step", 2)]:
        alone.get_by_label(f"{word} of the orbit").click()
        assert len(points(web.get_attribute("d"))) == 1 + 2 * steps
    alone.get_by_label("run 30 steps of the orbit").click()
    alone.get_by_text("steps: 32").wait_for(timeout=20_000)
    alone.wait_for_timeout(200)
    assert len(points(web.get_attribute("d"))) == 65


def eigenlines(alone: Page) -> list[np.ndarray]:
    """The first two points of each line of an eigenvector: from where to where its arrow goes."""
    return [points(one.get_attribute("d"))[:2] for one in alone.locator(".jm-ways path").all()]


def test_directions_of_a_map_are_judged_by_the_size_of_their_factor(alone: Page) -> None:
    """Hénon's map: at both fixed points the arrow along a factor beyond ±1 goes away, the other comes, of either sign."""
    alone.evaluate(ALONE, {"kind": "orbit", **KINDS["orbit"]})
    marks = [np.array([float(one.get_attribute(side) or "nan") for side in ("cx", "cy")]) for one in alone.locator(".jm-marks circle").all()]
    unit = np.diff(in_units(alone, np.array([[0.0, 0.0], [100.0, 100.0]])), axis=0)[0] / 100
    lines = eigenlines(alone)
    assert len(lines) == 4
    said = [float(one[4:].replace("−", "-")) for one in alone.locator("svg text").all_text_contents() if one.startswith("λ = ")]
    for at, x in zip(marks, sorted(np.roots([1.4, 0.7, -1]))):
        values, vectors = np.linalg.eig([[-2.8 * x, 1], [0.3, 0]])
        for k in (0, 1):
            along = vectors[:, k] / unit
            along /= np.hypot(*along)
            ours = [line for line in lines if abs(np.cross(along, line[0] - at)) < 0.3 and abs(np.cross(along, line[1] - at)) < 0.3]
            assert len(ours) == 1
            assert (np.hypot(*(ours[0][1] - at)) > np.hypot(*(ours[0][0] - at))) == (abs(values[k]) > 1)
        assert all(min(abs(v - np.array(said))) < 6e-3 * abs(v) for v in values)


def test_an_orbits_points_are_numpys(alone: Page) -> None:
    """Hénon's map: chaos, so that only the first points can be compared; the others stay on the attractor."""
    alone.evaluate(ALONE, {"kind": "orbit", **KINDS["orbit"]})
    dots = in_units(alone, points(alone.locator(".jm-dots").get_attribute("d"))[::2])
    at, wanted = np.array([0.1, 0.1]), []
    for _ in range(30):
        wanted.append(at)
        at = np.array([1 - 1.4 * at[0] ** 2 + at[1], 0.3 * at[0]])
    assert len(dots) == 1501
    np.testing.assert_allclose(dots[:30], wanted, atol=5e-3)
    np.testing.assert_allclose(in_units(alone, points(alone.locator(".jm-web").get_attribute("d"))), wanted[:7], atol=5e-3)
    assert abs(dots[:, 0]).max() < 1.3
    found = alone.locator(".jm-marks circle").all()
    marks = in_units(alone, np.array([[float(one.get_attribute(side) or "nan") for side in ("cx", "cy")] for one in found]))
    np.testing.assert_allclose(marks, [(x, 0.3 * x) for x in sorted(np.roots([1.4, 0.7, -1]))], atol=5e-3)
    assert alone.locator(".jm-marks text").all_text_contents() == ["saddle", "saddle"]


def test_a_tangent_plane_has_the_point_in_its_middle_and_the_gradient_in_it(alone: Page) -> None:
    """At (1, 1) of x² + y² the gradient points to a corner of the square over equal ranges."""
    alone.evaluate(ALONE, {"shapes": {}, "kind": "surface", **KINDS["surface"]})
    path = {name: points(alone.locator(f".{name}").first.get_attribute("d")) for name in ("jm-tangent-plane", "jm-gradient", "jm-drop")}
    corners, drop = path["jm-tangent-plane"], path["jm-drop"]
    knob = np.array([float(v) for v in re.findall(r"-?[\d.]+", alone.locator(".jm-handle").get_attribute("transform") or "")])
    np.testing.assert_allclose(corners.mean(axis=0), knob, atol=0.1)
    np.testing.assert_allclose(path["jm-gradient"][:2], [knob, corners[2]], atol=0.2)
    np.testing.assert_allclose(drop[0], knob, atol=0.1)
    assert drop[1, 0] == pytest.approx(drop[0, 0], abs=0.02)
    assert drop[1, 1] > drop[0, 1]
    painted = alone.evaluate("() => { const one = document.querySelector('canvas'); const list = one.getContext('2d').getImageData(0, 0, one.width, one.height).data; let n = 0; for (let k = 3; k < list.length; k += 4) n += list[k] > 0; return n / (list.length / 4); }")
    assert 0.1 < painted < 0.9


ORBIT = {
    "picture": {"axes": ["x", "y", "z"], "f": "f", "order": [0, 1, 2]}, "start": {"x": 1, "y": 0, "z": 0},
    "outputs": {"f": "[y, -x, -z]", "J": "[0, 1, 0, -1, 0, 0, 0, 0, -1]"}, "shapes": {"f": [3], "J": [3, 3]},
}
HELIX = {
    "picture": {"axes": ["x"], "f": "f"}, "start": {"x": 1},
    "outputs": {"f": "[Math.cos(x), Math.sin(x), x / 2]", "J": "[-Math.sin(x), Math.cos(x), 0.5]"}, "shapes": {"f": [3], "J": [3, 1]},
}


@pytest.mark.parametrize(("how", "said"), [(ORBIT, "velocity of length 1.000"), (HELIX, "velocity of length 1.118")], ids=["three equations", "a curve"])
def test_space_has_a_curve_and_a_trajectory_too(alone: Page, how: dict[str, Any], said: str) -> None:
    assert said in alone.evaluate(ALONE, {"kind": "space", **how})
    assert len(points(alone.locator(".jm-step-x").get_attribute("d"))) > 3
    assert alone.locator(".jm-marks circle").count() == int("order" in how["picture"])  # the origin stays


def test_a_normal_and_tangents_are_as_the_camera_sees_them(alone: Page) -> None:
    """On the unit sphere: arrows along ∂u, ∂v and ∂u × ∂v, seen from the yaw 0.5 and the height 0.46."""
    alone.evaluate(ALONE, {"kind": "space", **KINDS["space"]})
    x, y = KINDS["space"]["start"].values()
    by = [np.array([-np.sin(x) * np.cos(y), np.cos(x) * np.cos(y), 0]), np.array([-np.cos(x) * np.sin(y), -np.sin(x) * np.sin(y), np.cos(y)])]
    by.append(np.cross(*by))
    got = alone.evaluate("async (list) => { const { seen } = await import('/panel.js'); return list.map((p) => seen(p, 0.5, 0.46).slice(0, 2)); }", [one.tolist() for one in by])
    arrows = [*alone.locator(".jm-step-x").all(), alone.locator(".jm-gradient")]
    for (right, up), one in zip(got, arrows, strict=True):
        p, q = points(one.get_attribute("d"))[:2]
        drawn = (q - p) / np.hypot(*(q - p))
        np.testing.assert_allclose(drawn, np.array([right, -up]) / np.hypot(right, up), atol=0.02)


def test_a_secant_goes_to_the_tangent(alone: Page) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": "slopes", **KINDS["slopes"]})
    tangent = points(alone.locator(".jm-tangent").get_attribute("d"))
    turned = []
    for h in (0, -1, -3):
        alone.locator("input[type=range]").evaluate("(one, h) => { one.value = h; one.dispatchEvent(new Event('input')); }", h)
        mean = 2 + 10**h  # ((1 + h)² − 1)/h
        assert f"secant {mean:.4g}".rstrip("0") in alone.locator("body").inner_text()
        secant = points(alone.locator(".jm-secant").get_attribute("d"))
        turned.append(np.hypot(*(secant[1] - tangent[1])))
        tangents_dot, secants_dot = (float(one.get_attribute("cy") or "nan") for one in alone.locator(".jm-secant-ends circle").all()[1:])
        assert secants_dot < tangents_dot  # steeper, so higher on f′
    assert turned[0] > 9 * turned[1] > 90 * turned[2]


@pytest.mark.parametrize("rows", [
    [[1, 2, 0], [0, -1, 1], [1, 0, -3]], [[0, -1, 0], [1, 0, 0], [0, 0, -2]], [[2, 0, 0], [0, 2, 0], [0, 0, -1]], [[-1, 0, 0], [0, -1, 0], [0, 0, -1]],
], ids=["three", "one", "a plane", "any"])
def test_directions_in_space_are_numpys(alone: Page, rows: list[list[float]]) -> None:
    """On the picture, by where it shows the ends of the axes; a plane of them has no line of its own."""
    f = [" + ".join(f"({v}) * {x}" for v, x in zip(row, "xyz")) for row in rows]
    alone.evaluate(ALONE, {"kind": "space", **ORBIT, "start": dict.fromkeys("xyz", 0), "outputs": {"f": f"[{', '.join(f)}]", "J": str(np.ravel(rows).tolist())}})
    values, vectors = np.linalg.eig(np.array(rows, float))
    single = [k for k in range(3) if abs(values[k].imag) < 1e-9 and (abs(values - values[k]) < 1e-6).sum() == 1]
    lines = eigenlines(alone)
    assert len(lines) <= len(single)  # one that is seen end on has none
    assert bool(lines) == bool(single)
    at = np.array([float(alone.locator(".jm-marks circle").first.get_attribute(side) or "nan") for side in ("cx", "cy")])
    # From where the point rests its ranges are seen, as long as each other.
    axes = np.array(alone.evaluate("async () => { const { seen } = await import('/pictures/solid.js'); const { yaw, pitch } = window.place.camera; return [0, 1, 2].map((k) => seen([0, 1, 2].map((i) => +(i === k)), yaw, pitch).slice(0, 2)); }"))
    for line in lines:
        ways = [vectors[:, k].real @ axes * [1, -1] for k in single]
        near = [abs(np.cross(way / np.hypot(*way), (line[1] - at) / np.hypot(*(line[1] - at)))) for way in ways]
        k = single[int(np.argmin(near))]
        assert min(near) < 0.02
        assert (np.hypot(*(line[1] - at)) > np.hypot(*(line[0] - at))) == (values[k].real > 0)


@pytest.mark.parametrize("rows", [
    [[-1, 1, 0], [0, -1, 1], [0, 0, -1]], [[-1, 0, 0], [0, -1, 0], [0, 0, -1]], [[2, 1, 0], [0, 2, 0], [0, 0, 2]], [[3, -1, 0], [1, 1, 0], [4, 1, 2]],
], ids=["one block", "all alike", "two blocks", "no triangle"])
def test_eigenvalues_that_are_one_have_all_digits(alone: Page, rows: list[list[float]]) -> None:
    """Roots of the characteristic polynomial alone have a third of them."""
    got = np.array(alone.evaluate("async (a) => (await import('/panel.js')).eigenvalues(a, 3)", np.ravel(rows).tolist()))
    np.testing.assert_allclose(got, [[np.trace(rows) / 3, 0]] * 3, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_directions_of_larger_matrices_are_only_stretched(alone: Page, seed: int) -> None:
    a = np.random.default_rng(seed).normal(size=(3, 3)).round(1)
    got = alone.evaluate("async (a) => (await import('/panel.js')).stretched(a, 3)", a.ravel().tolist())
    values = np.linalg.eigvals(a)
    np.testing.assert_allclose([one["value"] for one in got], sorted(values[abs(values.imag) < 1e-9].real, reverse=True), atol=1e-9)
    for one in got:
        np.testing.assert_allclose(a @ one["way"], one["value"] * np.array(one["way"]), atol=1e-8)


@pytest.mark.parametrize(("f", "J", "curve"), [
    ("[-x * y, x * y - y]", "[-y, -x, y, x - 1]", lambda x, y: y),
    ("[y * (x * x + y * y - 4), -x * (x * x + y * y - 4)]", "[2 * x * y, x * x + 3 * y * y - 4, 4 - 3 * x * x - y * y, -2 * x * y]", lambda x, y: np.hypot(x, y) - 2),
    ("[0, x - y]", "[0, 0, 1, -1]", lambda x, y: x - y),
], ids=["an epidemic", "a circle", "one that stands still"])
def test_where_all_points_of_a_line_rest_it_is_drawn_as_a_line(alone: Page, f: str, J: str, curve: Any) -> None:
    said = alone.evaluate(ALONE, {"kind": "flow", **KINDS["flow"], "start": {"x": 1.5, "y": 1}, "outputs": {"f": f, "J": J}})
    drawn = np.concatenate([in_units(alone, points(one.get_attribute("d"))) for one in alone.locator(".jm-rests").all() if one.get_attribute("d")])
    assert len(drawn) > 20
    assert np.abs(curve(*drawn.T)).max() < 0.03
    assert np.ptp(drawn, axis=0).max() > 3.5
    assert "Each point of the heavy line rests" in said
    assert alone.locator(".jm-marks circle").count() == int("x * x" in f)  # the circle's centre stays by itself


def test_an_epidemics_line_is_dotted_where_it_goes_away(alone: Page) -> None:
    how = {"outputs": {"f": "[-x * y, x * y - y]", "J": "[-y, -x, y, x - 1]"}, "start": {"x": 1.5, "y": 1}}
    alone.evaluate(ALONE, {"kind": "flow", **KINDS["flow"], **how})
    comes, goes = (in_units(alone, points(one.get_attribute("d")))[:, 0] for one in alone.locator(".jm-rests").all())
    assert max(comes) < 1.01 < 1.2 > min(goes) > 0.99
    assert max(goes) > 2.9


def test_space_is_turned_by_keys_and_by_hand(alone: Page) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": "surface", **KINDS["surface"]})
    area, plane_ = alone.locator(".jm-turn"), alone.locator(".jm-tangent-plane")
    seen = [plane_.get_attribute("d")]
    area.focus()
    for key in ("ArrowLeft", "ArrowUp"):
        alone.keyboard.press(key)
        seen.append(plane_.get_attribute("d"))
    box = area.bounding_box()
    assert box
    alone.mouse.move(box["x"] + 30, box["y"] + 30)
    alone.mouse.down()
    alone.mouse.move(box["x"] + 90, box["y"] + 40, steps=3)
    alone.mouse.up()
    seen.append(plane_.get_attribute("d"))
    assert len(set(seen)) == 4
    assert alone.evaluate("window.point.get('x')") == 1


def test_space_is_seen_without_distortion(alone: Page) -> None:
    for yaw, pitch in [(0, 0), (0.5, 0.46), (-2, 1.2)]:
        got = np.array(alone.evaluate("async ([yaw, pitch]) => { const { seen } = await import('/panel.js'); return [[1, 0, 0], [0, 1, 0], [0, 0, 1]].map((p) => seen(p, yaw, pitch)); }", [yaw, pitch]))
        np.testing.assert_allclose(got @ got.T, np.eye(3), atol=1e-12)
        assert got[2][1] == pytest.approx(np.cos(pitch))  # up stays up


@pytest.mark.parametrize("how", [{"rate": 0.002}, {"rate": 0.001, "momentum": 0.9}, {"rate": 1, "newton": True}])
def test_a_descent_is_numpys(alone: Page, how: dict[str, Any]) -> None:
    """Rosenbrock's function from (−1.2, 1)."""
    got = alone.evaluate(
        "async ([how]) => { const { descent } = await import('/panel.js'); return descent(([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], [-1.2, 1], 20, how); }", [how])
    at, speed, path = np.array([-1.2, 1.0]), np.zeros(2), [np.array([-1.2, 1.0])]
    for _ in range(20):
        x, y = at
        gradient = np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
        hessian = np.array([[2 - 400 * y + 1200 * x * x, -400 * x], [-400 * x, 200]])
        speed = -np.linalg.solve(hessian, gradient) if "newton" in how else how.get("momentum", 0) * speed - how["rate"] * gradient
        at = at + speed
        path.append(at)
    np.testing.assert_allclose(got, path, atol=1e-6)


SYSTEM = """async ([spec, start, box]) => {
    const { compile, eigenvalues, equilibria, kindOf, lattice, trajectory } = await import("/panel.js");
    const engine = compile(spec.graph);
    for (const one of spec.names) engine.set(one.key, [one.value].flat());
    const { axes, f, order } = spec.system;
    const n = axes.length;
    const read = (at) => {
        axes.forEach((key, k) => engine.set(key, [at[k]]));
        const J = engine.get("J");
        return { f: order.map((i) => engine.get(f)[i]), J: order.flatMap((i) => [...J.slice(i * n, i * n + n)]) };
    };
    const unit = box.map(([lo, hi]) => 450 / (hi - lo));
    const wide = box.map(([lo, hi]) => [lo - (hi - lo), hi + (hi - lo)]);
    return {
        found: equilibria(read, lattice(box, 13), box, unit).map(({ at, J }) => ({ at, word: kindOf(J, n).word, values: eigenvalues(J, n) })),
        paths: [1, -1].map((way) => trajectory((at) => read(at).f, start, way, wide, unit)),
        unit,
    };
}"""


def random_systems() -> list[tuple[str, list[tuple[float, float]]]]:
    """Thirty systems with their equilibria, found by hand: x = a or y = b, and roots of a polynomial on y = 0."""
    rng = np.random.default_rng(14)
    out = []
    for _ in range(15):
        a, b, c, d, e, g = rng.uniform(-2, 2, 6).round(2)
        text = f"x' = (x - ({a})) (y - ({b}))\ny' = {c} + ({d}) x + ({e}) y + ({g}) x y"
        out.append((text, [(a, -(c + d * a) / (e + g * a)), (-(c + e * b) / (d + g * b), b)]))
        p = rng.uniform(-2, 2, 4).round(2)
        text = f"x' = y\ny' = ({p[0]}) x^3 + ({p[1]}) x^2 + ({p[2]}) x + ({p[3]}) - ({a}) y"
        out.append((text, [(float(z.real), 0.0) for z in np.roots(p) if abs(z.imag) < 1e-9]))
    return out


def test_a_velocity_touches_its_curve(alone: Page) -> None:
    """The unit circle at the angle 1: the arrow is at right angles to the radius and as long."""
    alone.evaluate(ALONE, {"kind": "path", **KINDS["path"]})
    circle = points(alone.locator(".jm-curve").get_attribute("d"))
    middle = (circle.max(axis=0) + circle.min(axis=0)) / 2
    p, q = points(alone.locator(".jm-step-x").get_attribute("d"))[:2]
    assert np.min(np.hypot(*(circle - p).T)) < 1
    assert abs((q - p) @ (p - middle)) < 0.02 * np.hypot(*(q - p)) * np.hypot(*(p - middle))
    assert np.hypot(*(q - p)) == pytest.approx(min(np.hypot(*(p - middle)), 0.4 * 360), rel=0.02)


def test_equilibria_and_eigenvalues_are_those_of_numpy(alone: Page) -> None:
    box = [[-3, 3], [-3, 3]]
    for block, wanted in random_systems():
        result = jacmagic.jacobian(block)
        got = alone.evaluate(SYSTEM, [panel.spec(result), [0.5, 0.4], box])["found"]
        inside = sorted(one for one in wanted if all(abs(v) < 2.99 for v in one))
        assert [one["at"] for one in got] == [pytest.approx(one, abs=1e-7) for one in inside], block
        for one in got:
            x, y = one["at"]
            values = np.linalg.eigvals(result.at(x=x, y=y))
            np.testing.assert_allclose(sorted(map(tuple, one["values"])), sorted((v.real, v.imag) for v in values), atol=1e-9)
            real = sorted(values.real)
            word = "saddle" if real[0] < 0 < real[1] and not values[0].imag else ("stable" if real[1] < 0 else "unstable") + (" focus" if values[0].imag else " node")
            assert one["word"] == word


def test_lines_of_eigenvectors_are_those_of_numpy(alone: Page) -> None:
    """Through the equilibrium, each with its λ and with arrows in the way of time; none where it turns, nor where every direction is one."""
    rng = np.random.default_rng(8)
    fixed = [[[2, 0], [0, 2]], [[1, 1], [0, 1]], [[0, 1], [-1, 0]], [[1, 0], [0, 0.5]]]
    drawn = 0
    for a in [*map(np.array, fixed), *(np.round(rng.uniform(-2, 2, (2, 2)), 2) for _ in range(14))]:
        rows = [f"({one[0]}) * (x - 0.5) + ({one[1]}) * (y + 0.5)" for one in a.tolist()]
        flow = {"kind": "flow", **KINDS["flow"], "outputs": {"f": f"[{', '.join(rows)}]", "J": str(a.ravel().tolist())}}
        alone.evaluate(ALONE, flow)
        values, vectors = np.linalg.eig(a)
        lines = [np.array([[float(v) for v in pair.split()] for pair in re.findall(r"-?[\d.]+ -?[\d.]+", one.get_attribute("d") or "")]) for one in alone.locator(".jm-ways path").all()]
        if np.iscomplex(values).any() or np.allclose(a, values[0] * np.eye(2)):
            assert not lines, a
            continue
        single = abs(values[0] - values[1]) < 1e-9
        assert len(lines) == 2 - single, a
        x, y = (float(alone.locator(".jm-marks circle").get_attribute(side) or "nan") for side in ("cx", "cy"))
        # The larger eigenvalue first; a unit is as long on both axes.
        for k, line in zip(np.argsort(-values), lines):
            along = np.array([vectors[0, k], -vectors[1, k]])
            ways = (line - [x, y]) @ [along[1], -along[0]]
            assert np.abs(ways).max() < 5.5, a  # the sides of the arrows' heads
            start, end = line[0] - [x, y], line[1] - [x, y]
            assert abs(start @ [along[1], -along[0]]) < 0.2
            assert (np.hypot(*end) > np.hypot(*start)) == (values[k] > 0), a
            drawn += 1
        said = [float(one[4:].replace("−", "-")) for one in alone.locator(".jm-flow text, svg text").all_text_contents() if one.startswith("λ = ")]
        for v in said:
            assert np.abs(values - v).min() < 6e-3 * max(1, abs(v))
    assert drawn > 15


MAPS = """async ([spec, start, box]) => {
    const { compile, iterated, fixedPoints, ratesOf } = await import("/panel.js");
    const engine = compile(spec.graph);
    for (const one of spec.names) engine.set(one.key, [one.value].flat());
    const sampler = (outputs) => (...at) => {
        spec.system.axes.forEach((key, k) => engine.set(key, [at[k]]));
        return outputs.flatMap((one) => [...engine.get(one)]);
    };
    const rates = ratesOf({ axis: (key) => key, main: "J", picture: {}, sampler }, spec.system);
    const { path, cycle, gone } = iterated(rates.next, start);
    return { found: fixedPoints(rates, box).map(({ at, J }) => ({ at, word: rates.kind(J).word })), path, cycle, gone };
}"""


def test_fixed_points_of_maps_and_their_words_are_those_of_numpy(alone: Page) -> None:
    rng = np.random.default_rng(14)
    words = set()
    for _ in range(30):
        a, b, c, d, e = rng.uniform(-1.5, 1.5, 5).round(2)
        result = jacmagic.jacobian(f"y_{{n+1}} = ({b}) x_n\nx_{{n+1}} = ({a}) x_n^2 + ({c}) x_n + ({d}) y_n + ({e})", "x_n, y_n")
        got = alone.evaluate(MAPS, [panel.spec(result), [0.1, 0.1], [[-3, 3], [-3, 3]]])
        wanted = sorted((z.real, b * z.real) for z in np.roots([a, c + d * b - 1, e]) if not z.imag and max(abs(z), abs(b * z)) < 2.99)
        assert [one["at"] for one in got["found"]] == [pytest.approx(one, abs=1e-7) for one in wanted]
        for one in got["found"]:
            x = one["at"][0]
            values = np.linalg.eigvals(np.array([[2 * a * x + c, d], [b, 0]]))  # rows x, y, whichever the block writes first
            size = sorted(abs(values))
            word = "saddle" if size[0] < 1 < size[1] else ("stable" if size[1] < 1 else "unstable") + (" focus" if values[0].imag else " node")
            assert one["word"] == word
            words.add(word)
        at = np.array([0.1, 0.1])
        for one in got["path"][:12]:
            np.testing.assert_allclose(one, at, rtol=1e-9, atol=1e-9)
            at = np.array([a * at[0] ** 2 + c * at[0] + d * at[1] + e, b * at[0]])
    assert len(words) >= 4


@pytest.mark.parametrize(("block", "start", "cycle"), [
    ("x_{n+1} = 2.8 x_n (1 - x_n)", 0.1, 1), ("x_{n+1} = 3.2 x_n (1 - x_n)", 0.1, 2), ("x_{n+1} = 3.5 x_n (1 - x_n)", 0.1, 4), ("x_{n+1} = 3.55 x_n (1 - x_n)", 0.1, 8),
    ("x_{n+1} = 3.83 x_n (1 - x_n)", 0.1, 3), ("x_{n+1} = 3.9 x_n (1 - x_n)", 0.1, 0), ("x_{n+1} = 3 x_n (1 - x_n)", 0.1, 0), ("x_{n+1} = cos(x_n)", 1, 1),
    ("x_{n+1} = 2 x_n (1 - x_n) - 3", 0.1, -1), ("x_{n+1} = 1/x_n", 2, 2), ("x_{n+1} = -x_n", 0, 1),
])
def test_an_orbit_ends_on_the_cycle_that_the_map_has(alone: Page, block: str, start: float, cycle: int) -> None:
    got = alone.evaluate(MAPS, [panel.spec(jacmagic.jacobian(block)), [start], [[-3, 3]]])
    assert (-1 if got["gone"] else len(got["cycle"] or [])) == cycle
    if cycle > 0:
        fun, _ = jacmagic.jacobian(block).vector()
        for p, q in zip(got["cycle"], [*got["cycle"][1:], got["cycle"][0]], strict=True):
            assert float(np.ravel(fun(np.array(p)))[0]) == pytest.approx(q[0], abs=1e-6)


@pytest.mark.parametrize(("block", "start"), [
    ("x' = 2x - x y\ny' = x y/2 - 1.5y", (1.5, 1)), ("x' = y\ny' = (1 - x^2) y - x", (0.3, 0.2)), ("x' = y\ny' = -sin x - 0.2y", (2, 1)),
    ("y' = -x\nx' = y - x/5", (1, 2)), ("x' = x^2 - y\ny' = x - y^2", (-0.5, 0.2)),
])
def test_a_trajectory_is_scipys_to_a_pixel(alone: Page, block: str, start: tuple[float, float]) -> None:
    integrate = pytest.importorskip("scipy.integrate")
    turned = block.startswith("y'")  # rows ẏ, ẋ and columns x, y
    result = jacmagic.jacobian(block, "x, y" if turned else None)
    got = alone.evaluate(SYSTEM, [panel.spec(result), start, [[-3, 3], [-3, 3]]])
    fun, _ = result.vector()
    for path in got["paths"]:
        nodes = [one for one in path["nodes"] if abs(one["t"]) < 60]
        times = [one["t"] for one in nodes]
        assert len(times) > 5
        rates = (lambda _t, at: fun(at)[::-1]) if turned else (lambda _t, at: fun(at))
        at = integrate.solve_ivp(rates, (0, times[-1]), start, t_eval=times, rtol=1e-10, atol=1e-12).y.T
        drawn = np.array([one["at"] for one in nodes])
        assert np.max(np.hypot(*((drawn - at) * got["unit"]).T)) < 1


def test_every_kind_has_a_test_of_its_own(alone: Page) -> None:
    kinds = alone.evaluate("async () => Object.keys((await import('/panel.js')).PICTURES)")
    assert set(kinds) == {*KINDS, "heatmap", "decision", "fit"}  # these are tests/browser/test_pages.py's and test_training.py's


def test_a_level_surface_ends_in_the_walls_of_its_box(alone: Page) -> None:
    """x² + y² − z² = 1 in [−3, 3]³: each edge of one face alone lies in a wall, and no face does."""
    n = 19
    grid = np.linspace(-3.375, 3.375, n)
    z, y, x = np.meshgrid(grid, grid, grid, indexing="ij")
    faces = np.array(alone.evaluate("async ([f, n]) => { const { surfaceNet, walled } = await import('/panel.js'); return walled(surfaceNet(f, n, 1), n); }", [(x * x + y * y - z * z).ravel().tolist(), n]))
    points, at = np.unique(np.round(faces, 9).reshape(-1, 3), axis=0, return_inverse=True)
    sides, count = np.unique(np.sort(at.reshape(-1, 4)[:, [[0, 1], [1, 2], [2, 3], [3, 0]]].reshape(-1, 2), axis=1), axis=0, return_counts=True)
    walls = (points == 1) | (points == n - 2)
    rim = sides[count == 1]
    assert len(rim) > 40
    assert walls[rim].any(axis=2).all()
    assert not walls[at.reshape(-1, 4)].all(axis=1).any()


def test_a_level_surface_has_the_value_and_the_gradient_is_its_normal(alone: Page) -> None:
    """x² + y² + 2 z² = 2.5: corners of faces within a part of a cell, outward or inward along the gradient."""
    n, level = 17, 2.5
    grid = np.linspace(-3, 3, n)
    z, y, x = np.meshgrid(grid, grid, grid, indexing="ij")
    field = (x * x + y * y + 2 * z * z).ravel()
    faces = np.array(alone.evaluate("async ([f, n, level]) => (await import('/panel.js')).surfaceNet(f, n, level)", [field.tolist(), n, level])) * 6 / (n - 1) - 3
    assert len(faces) > 150
    assert np.abs(faces @ np.diag([1, 1, 2**0.5]) @ np.diag([1, 1, 2**0.5]) * faces).sum(axis=-1).max() < level + 0.4
    off = np.abs((faces**2 @ [1, 1, 2]) - level)
    assert off.max() < 0.4
    assert off.mean() < 0.15
    normals = np.cross(faces[:, 2] - faces[:, 0], faces[:, 3] - faces[:, 1])
    middle = faces.mean(axis=1) * [2, 2, 4]
    cosines = np.abs((normals * middle).sum(axis=1)) / np.linalg.norm(normals, axis=1) / np.linalg.norm(middle, axis=1)
    assert np.median(cosines) > 0.99
    # It is closed: each edge is an edge of two faces.
    edges = np.sort(np.unique(np.round(faces, 9).reshape(-1, 3), axis=0, return_inverse=True)[1].reshape(-1, 4)[:, [[0, 1], [1, 2], [2, 3], [3, 0]]].reshape(-1, 2), axis=1)
    assert set(np.unique(edges, axis=0, return_counts=True)[1]) == {2}
    alone.evaluate(ALONE, {"kind": "level", **KINDS["level"]})
    p, q = points(alone.locator(".jm-gradient").get_attribute("d"))[:2]
    right, up, _ = alone.evaluate("async () => (await import('/panel.js')).seen([2, 2, 2], 0.5, 0.46)")
    np.testing.assert_allclose((q - p) / np.hypot(*(q - p)), np.array([right, -up]) / np.hypot(right, up), atol=0.02)


BOX = {
    "picture": {"axes": ["x", "y", "z"], "f": "f"}, "start": {"x": 1, "y": 0.5, "z": 0.3},
    "outputs": {"f": "[x + y * z / 3, y - x * x / 4, z + x / 2]", "J": "[1, z / 3, y / 3, -x / 2, 1, 0, 0.5, 0, 1]"}, "shapes": {"f": [3], "J": [3, 3]},
}


def test_a_cube_goes_to_its_parallelepiped(alone: Page) -> None:
    """Its edges at the point are the columns of I + t (J − I), seen by the camera; the words have its volume."""
    said = alone.evaluate(ALONE, {"kind": "space", **BOX})
    x, y, z = BOX["start"].values()
    J = np.array([[1, z / 3, y / 3], [-x / 2, 1, 0], [0.5, 0, 1]])
    side, volume = (float(v) for v in re.search(r"cube of side ([\d.]+) → parallelepiped of volume ([\d.]+)", said).groups())  # type: ignore[union-attr]
    assert volume == pytest.approx(side**3 * abs(np.linalg.det(J)), rel=1e-3)
    for t in (1.0, 0.0, 0.1):
        if t < 1:
            alone.get_by_label("back to the start of the way" if not t else "one step of the way").click()
        drawn = points(alone.locator(".jm-square").get_attribute("d"))
        tall = 0.9
        wanted = (np.eye(3) + t * (J - np.eye(3)))
        seen = np.array(alone.evaluate("async (list) => { const { seen } = await import('/panel.js'); return list.map((p) => seen(p, 0.5, 0.46).slice(0, 2)); }", wanted.T.tolist())) * [1, -1]
        edges = np.array([drawn[1] - drawn[0], drawn[3] - drawn[0], drawn[-1] - drawn[-4]])  # along x, y, and z from the last face
        lengths = np.linalg.norm(edges[:2], axis=1) / np.linalg.norm(seen[:2], axis=1)
        assert tall
        np.testing.assert_allclose(lengths[0], lengths[1], rtol=0.02)  # one unit on both axes
        np.testing.assert_allclose(edges[:2] / lengths[0], seen[:2], atol=0.02)
    assert "t = 0.1" in alone.locator("body").inner_text()
    assert "NaN" not in alone.evaluate("document.body.innerHTML")


def test_a_volume_that_is_nothing_but_rounding_is_0(alone: Page) -> None:
    flat = {**BOX, "outputs": {"f": "[x, y, x + y]", "J": "[0.1, 0.2, 0.3, 0.7, 0.1, 0.8, 0.8, 0.3, 1.1]"}}
    assert abs(np.linalg.det(np.array([[0.1, 0.2, 0.3], [0.7, 0.1, 0.8], [0.8, 0.3, 1.1]]))) < 1e-15
    said = alone.evaluate(ALONE, {"kind": "space", **flat})
    assert "parallelepiped of volume 0 =" in said


@pytest.mark.parametrize(("gradient", "box", "wanted"), [
    ("[x * x - 2, 2 * y]", [[-3, 3], [-3, 3]], [(-(2**0.5), 0, "saddle"), (2**0.5, 0, "minimum")]),
    ("[-Math.sin(x), -Math.sin(y)]", [[-4, 4], [-1, 1]], [(-np.pi, 0, "saddle"), (0, 0, "maximum"), (np.pi, 0, "saddle")]),
    ("[2 * x, 0 * y]", [[-3, 3], [-3, 3]], []), ("[3 * x * x - 3 * y * y, -6 * x * y]", [[-3, 3], [-3, 3]], [(0, 0, "not decided")]), ("[1, 2]", [[-3, 3], [-3, 3]], []),
])
def test_critical_points_and_their_words(alone: Page, gradient: str, box: list[list[float]], wanted: list[tuple[float, float, str]]) -> None:
    got = alone.evaluate("async ([text, box]) => { const { critical } = await import('/panel.js'); const f = (0, eval)('([x, y]) => ' + text); return critical(f, box, box.map(([lo, hi]) => 400 / (hi - lo))); }", [gradient, box])
    assert [one["word"] for one in got] == [word for _, _, word in wanted]
    for one, (x, y, _) in zip(got, wanted, strict=True):
        assert one["at"] == pytest.approx([x, y], abs=1e-5 if one["word"] != "not decided" else 1e-2)


def test_critical_points_stand_in_contours_and_on_curves(alone: Page) -> None:
    alone.evaluate(ALONE, {"kind": "contour", **KINDS["contour"]})
    mark = alone.locator(".jm-marks circle")
    at = in_units(alone, np.array([[float(mark.get_attribute(side) or "nan") for side in ("cx", "cy")]]))
    np.testing.assert_allclose(at, [[0, 0]], atol=1e-3)
    assert alone.locator(".jm-marks text").all_text_contents() == ["minimum"]
    bowl = {"f": "x * x - y * y / 2 + x / 2", "J": "[2 * x + 0.5, -y]"}
    alone.evaluate(ALONE, {"kind": "surface", **KINDS["surface"], "outputs": bowl})
    mark, point = alone.locator(".jm-marks circle"), alone.locator(".jm-handle")
    assert alone.locator(".jm-marks text").all_text_contents() == ["saddle"]
    # The point of the picture, put there, stands on the mark, from wherever it is seen.
    for yaw in (-0.6, 0.3, 2.0):
        alone.evaluate("(yaw) => { point.set('x', -0.25); point.set('y', 0); place.camera.yaw = yaw; made.update(); }", yaw)
        there = [float(v) for v in re.findall(r"-?[\d.]+", point.get_attribute("transform") or "")]
        assert [float(mark.get_attribute(side) or "nan") for side in ("cx", "cy")] == pytest.approx(there, abs=0.3)
    cubic = {"picture": {"x": "x", "f": "f", "name": "<math><mi>f</mi></math>"}, "start": {"x": 0.4}, "outputs": {"f": "x**3 / 3 - 1.7 * x", "J": "x * x - 1.7"}}
    alone.evaluate(ALONE, {"shapes": {}, "kind": "curve", **cubic})
    found = alone.locator(".jm-marks circle").all()
    at = in_units(alone, np.array([[float(one.get_attribute(side) or "nan") for side in ("cx", "cy")] for one in found]))
    np.testing.assert_allclose(at, [(x, x**3 / 3 - 1.7 * x) for x in (-(1.7**0.5), 1.7**0.5)], atol=1e-2)
    assert alone.locator(".jm-marks text").all_text_contents() == ["maximum", "minimum"]
    alone.evaluate(ALONE, {"shapes": {}, "kind": "curve", **cubic, "outputs": {"f": "1 / x**2", "J": "-2 / x**3"}})
    assert alone.locator(".jm-marks circle").count() == 0  # a pole is no turn


PLANES = ["curve", "slopes", "contour", "map2", "path", "flow", "phase", "cobweb", "orbit"]


@pytest.mark.parametrize("kind", PLANES)
def test_the_wheel_magnifies_about_the_pointer_and_0_shows_all_again(alone: Page, kind: str) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": kind, **KINDS[kind]})
    area = alone.locator(".jm-area").bounding_box()
    assert area
    before = alone.locator(".jm-axes").first.inner_html()
    lines = [one.get_attribute("d") for one in alone.locator("svg path").all()]
    x, y = area["x"] + 0.3 * area["width"], area["y"] + 0.4 * area["height"]
    alone.mouse.move(x, y)
    alone.mouse.wheel(0, -100)
    assert alone.locator(".jm-axes").first.inner_html() == before  # the page scrolls
    scale = axis_of(alone, "x") if kind not in ("map2", "slopes") else None
    alone.keyboard.down("Control")
    for _ in range(4):
        alone.mouse.wheel(0, -50)
    alone.keyboard.up("Control")
    assert alone.evaluate("window.place.lens.k") == pytest.approx(4)
    assert alone.locator(".jm-axes").first.inner_html() != before
    if scale:
        a, b = axis_of(alone, "x")
        at = x - (alone.locator("svg").bounding_box() or {})["x"]
        assert b == pytest.approx(4 * scale[1], rel=1e-3)
        assert (at - a) / b == pytest.approx((at - scale[0]) / scale[1], abs=1.1 / scale[1])  # pointers are at whole pixels
    assert [one.get_attribute("d") for one in alone.locator("svg path").all()] != lines
    assert "NaN" not in alone.evaluate("document.body.innerHTML")
    alone.locator(".jm-handle").focus()
    alone.keyboard.press("0")
    assert alone.locator(".jm-axes").first.inner_html() == before
    assert [one.get_attribute("d") for one in alone.locator("svg path").all()] == lines


def test_keys_magnify_about_the_point_and_move_what_is_shown(alone: Page) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": "contour", **KINDS["contour"]})
    handle = alone.locator(".jm-handle")
    handle.focus()
    before = handle.get_attribute("transform")
    alone.keyboard.press("+")
    alone.keyboard.press("+")
    at = re.findall(r"[\d.]+", handle.get_attribute("transform") or "")
    assert [float(v) for v in at] == pytest.approx([float(v) for v in re.findall(r"[\d.]+", before or "")], abs=0.02)
    assert alone.evaluate("window.place.lens.k") == pytest.approx(1.5625)
    alone.keyboard.press("Control+ArrowRight")
    moved = [float(v) for v in re.findall(r"[\d.]+", handle.get_attribute("transform") or "")]
    area = alone.locator(".jm-area")
    assert moved[0] == pytest.approx(float(at[0]) - 0.1 * float(area.get_attribute("width") or "nan"), abs=0.1)
    alone.keyboard.press("ArrowRight")
    assert alone.evaluate("window.point.get('x')") == pytest.approx(1.1)
    # Shift and a drag moves it back, and no number.
    box = area.bounding_box()
    assert box
    alone.keyboard.down("Shift")
    alone.mouse.move(box["x"] + 100, box["y"] + 100)
    alone.mouse.down()
    alone.mouse.move(box["x"] + 150, box["y"] + 80, steps=3)
    alone.mouse.up()
    alone.keyboard.up("Shift")
    assert alone.evaluate("window.point.get('x')") == pytest.approx(1.1)
    assert float(re.findall(r"[\d.]+", handle.get_attribute("transform") or "")[1]) == pytest.approx(moved[1] - 20, abs=1)


def test_two_fingers_magnify_and_one_moves_the_point(alone: Page) -> None:
    alone.evaluate(ALONE, {"shapes": {}, "kind": "contour", **KINDS["contour"]})
    touch = """(list) => { const area = document.querySelector(".jm-area"); const box = area.getBoundingClientRect(); area.setPointerCapture = () => {}; area.hasPointerCapture = () => true;
        for (const [type, id, x, y] of list) area.dispatchEvent(new PointerEvent(type, { pointerId: id, pointerType: "touch", clientX: box.x + x, clientY: box.y + y, bubbles: true })); }"""
    alone.evaluate(touch, [["pointerdown", 1, 100, 100], ["pointerdown", 2, 200, 100], ["pointermove", 1, 50, 100], ["pointermove", 2, 250, 100]])
    assert alone.evaluate("window.place.lens.k") == pytest.approx(2)
    alone.evaluate(touch, [["pointerup", 1, 50, 100], ["pointerup", 2, 250, 100]])
    assert alone.evaluate("[...window.point.values()]") == [1, 1]
    alone.evaluate(touch, [["pointerdown", 3, 60, 90], ["pointerup", 3, 60, 90]])
    assert alone.evaluate("[...window.point.values()]") != [1, 1]


def test_space_is_magnified_about_the_pointer(alone: Page) -> None:
    alone.evaluate(ALONE, {"kind": "space", **KINDS["space"]})
    knob = alone.locator(".jm-handle .jm-knob").bounding_box()
    before = points(alone.locator(".jm-gradient").get_attribute("d"))
    assert knob
    alone.mouse.move(knob["x"] + knob["width"] / 2 - 40, knob["y"] + knob["height"] / 2)
    alone.keyboard.down("Control")
    alone.mouse.wheel(0, -100)
    alone.keyboard.up("Control")
    k = 2**0.5
    after = points(alone.locator(".jm-gradient").get_attribute("d"))
    np.testing.assert_allclose(after[1] - after[0], k * (before[1] - before[0]), atol=0.3)
    assert after[0][0] - before[0][0] == pytest.approx(40 * (k - 1), abs=0.7)


WAY = """([k]) => [...document.querySelectorAll(".jm-net")].slice(2 * k, 2 * k + 2).map((one) => one.getAttribute("d"))"""


def test_the_way_from_a_point_to_its_image_is_straight(alone: Page) -> None:
    """x + t (f(x) − x), in the units of the second plane: its square has the area of I + t (J − I)."""
    alone.evaluate(ALONE, {"kind": "map2", **KINDS["map2"]})
    alone.get_by_label("back to the start of the way from x to f").click()
    J = np.array([[2.0, 1.0], [1.0, -1.0]])
    for turn in range(11):
        t = turn / 10
        scale = alone.evaluate("() => { const ticks = [...document.querySelectorAll('.jm-axes')[1].querySelectorAll('text[text-anchor=middle]')].map((one) => [+one.textContent.replace('−', '-'), +one.getAttribute('x')]); const [a, b] = [ticks[0], ticks[ticks.length - 1]]; return (b[1] - a[1]) / (b[0] - a[0]); }")
        corners = points(alone.locator(".jm-square").nth(1).get_attribute("d")) / scale
        sides = [corners[1] - corners[0], corners[3] - corners[0]]
        wanted = np.eye(2) + t * (J - np.eye(2))
        np.testing.assert_allclose(np.array(sides).T * [[1], [-1]], wanted, atol=0.03)
        alone.get_by_label("one step of the way from x to f").click()


def test_nearer_a_map_is_its_linear_part(alone: Page) -> None:
    """x y, x − y at (1, 2): a step of length ε is off by ε² |sin 2φ|/2 at most."""
    alone.evaluate(ALONE, {"kind": "map2", **KINDS["map2"]})
    sigma = np.linalg.svd([[2, 1], [1, -1]])[1]
    for power in (0, -1, -2):
        e = 10.0**power
        alone.get_by_label("ε of the zoom").evaluate("(one, v) => { one.value = v; one.dispatchEvent(new Event('input')); }", power)
        said = alone.locator("body").inner_text()
        off = float(re.search(r"([\d.]+) % off linear", said)[1])  # type: ignore[index]
        assert off == pytest.approx(100 * e / 2 / sigma[0], rel=0.06)
        square = points(alone.locator(".jm-square").first.get_attribute("d"))
        # The point stays where it is, and the square of side ε is as large as the unit square was.
        if not power:
            first = square
        np.testing.assert_allclose(square, first, atol=0.1)
        lines = [points(one) for one in alone.evaluate(WAY, [1])]
        assert lines[0].shape == lines[1].shape == (17 * 33, 2)
        bent = max(np.abs(row[::16][0] + row[::16][2] - 2 * row[::16][1]).max() for one in lines for row in one.reshape(17, 33, 2))
        assert bent < 1  # lines of a bilinear map stay lines


@pytest.mark.parametrize("J", [[[2, 1], [1, -1]], [[1, 2], [0, 3]], [[3, 0], [1, 1]], [[2, 0], [0, 2]], [[0, 1], [1, 0]], [[1, 1e-6], [1e-6, 2]]])
def test_a_direction_is_only_stretched(alone: Page, J: list[list[float]]) -> None:
    for value in np.linalg.eigvals(J).real:
        got = np.array(alone.evaluate("async ([a, v]) => (await import('/panel.js')).direction(a, v)", [np.ravel(J).tolist(), float(value)]))
        assert np.hypot(*got) == pytest.approx(1)
        np.testing.assert_allclose(np.array(J) @ got, value * got, atol=1e-9)


def test_eigenvectors_stand_on_request(alone: Page) -> None:
    alone.evaluate(ALONE, {"kind": "map2", **KINDS["map2"]})
    arrows = alone.locator(".jm-eigen")
    assert [one.get_attribute("d") for one in arrows.all()] == [""] * 4
    alone.get_by_text("eigenvectors", exact=True).click()
    values = sorted(np.linalg.eigvals([[2, 1], [1, -1]]).real, reverse=True)
    assert "λ = " + ", ".join(f"{v:.3g}".replace("-", "−") for v in values) in alone.locator("body").inner_text()
    for k in (0, 1):
        (p, q), (r, s) = (points(arrows.nth(at).get_attribute("d"))[:2] for at in (k, k + 2))
        turned = np.cross((q - p) / np.hypot(*(q - p)), (s - r) / np.hypot(*(s - r)))
        assert abs(turned) < 0.02


@pytest.mark.parametrize(("block", "equation", "start"), [
    ("x^3 + y^3 = 6 x y\ny = y(x)\nx = 3; y = 3", lambda x, y: x**3 + y**3 - 6 * x * y, (3, 3)),
    ("x^2 + y^2 = r^2\ny = y(x)\nr = 5; x = 3; y = -4", lambda x, y: x**2 + y**2 - 25, (3, -4)),
    ("x y/(x - y) = 1\ny = y(x)\nx = 2; y = 0.667", lambda x, y: x * y / (x - y) - 1, (2, 2 / 3)),
])
def test_the_curve_of_an_equation_is_all_of_it_with_the_point_on_it(page: Page, tmp_path: Path, block: str, equation: Any, start: tuple[float, float]) -> None:
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    page.locator(".jm-frame .jm-curve").wait_for()
    drawn = in_units(page, points(page.locator(".jm-frame .jm-curve").get_attribute("d")))
    drawn = drawn[np.abs(drawn[:, 0]) > 0.05]  # 0/0, or where F and both its slopes are 0
    slopes = np.array([[(equation(x + h, y + k) - equation(x - h, y - k)) / 2e-6 for h, k in ((1e-6, 0), (0, 1e-6))] for x, y in drawn])
    off = equation(*drawn.T) / np.hypot(*slopes.T)
    assert len(drawn) > 100
    np.testing.assert_allclose(off, 0, atol=0.03)  # a pixel is about 0.02
    assert {side for side in (-1, 1) if (side * drawn[:, 1] > 0.1).any()} == {-1, 1}  # more than the branch of the point
    knob = np.array([[float(v) for v in re.findall(r"-?[\d.]+", page.locator(".jm-frame .jm-handle").get_attribute("transform") or "")]])
    np.testing.assert_allclose(in_units(page, knob), [start], atol=0.02)
    assert np.hypot(*(drawn - start).T).min() < 0.1


def test_what_reads_an_equations_name_is_drawn_along_the_branch_of_the_point(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("x^3 + y^3 = 6 x y\nf = y^2\ny = y(x)\nx = 2; y = 3").save(tmp_path / "page.html").as_uri())
    page.get_by_role("button", name="curve", exact=True).click()
    drawn = in_units(page, points(page.locator(".jm-frame .jm-curve").get_attribute("d")))
    upper = drawn[(drawn[:, 0] > 0.3) & (drawn[:, 0] < 3)]
    assert len(upper) > 50
    wanted = [max(root.real for root in np.roots([1, 0, -6 * x, x**3]) if abs(root.imag) < 1e-6) ** 2 for x in upper[:, 0]]
    np.testing.assert_allclose(upper[:, 1], wanted, atol=0.05)


def test_on_a_phone_a_map_has_its_planes_one_over_the_other(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(jacmagic.jacobian("x(r, p) = r cos p\ny(r, p) = r sin p").save(tmp_path / "page.html").as_uri())
    first, second = (page.locator("clipPath > rect").nth(k).evaluate("(one) => [one.x, one.y, one.width, one.height].map((v) => v.baseVal.value)") for k in range(2))
    assert second[1] > first[1] + first[3]
    assert second[2] > 200
    assert second[3] > 80


@pytest.mark.parametrize(("x", "step"), [(2.5, -1), (1.0, 1)])
def test_a_step_along_the_tangent_stays_in_the_picture(page: Page, tmp_path: Path, x: float, step: int) -> None:
    page.goto(jacmagic.jacobian(f"f(x) = x^2/4\nx = {x} in [-3, 3]").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-amount").first).to_have_text(f"Δ𝑥 = {step}".replace("-", "−"))
    expect(page.locator(".jm-amount").last).to_have_text("Δ𝑓 = " + f"{x * step / 2:+.3g}".replace("-", "−"))


def test_the_floor_of_space_is_painted_behind_what_stands_on_it(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("f(x, y, z) = x^2 + 2y^2 - z^2\nx = 1; y = 0.6; z = 0.4").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-axes .jm-floor")).to_have_count(1)  # the upright axis
    inked = page.locator(".jm-solid canvas").evaluate("(one) => new Uint32Array(one.getContext('2d').getImageData(0, 0, one.width, one.height).data.buffer).some(Boolean)")
    assert inked


def test_no_word_of_a_critical_point_stands_under_the_tangent_plane(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("f(x, y) = sin(x) cos(y) + x y/4\nx = 0.7; y = 0.5").save(tmp_path / "page.html").as_uri())
    page.get_by_role("button", name="surface").click()
    words = page.locator(".jm-marks text")
    expect(words.first).to_be_attached()
    under = """(list) => { const plane = document.querySelector(".jm-tangent-plane").getBoundingClientRect();
        return list.filter((one) => getComputedStyle(one).visibility === "visible").map((one) => one.getBoundingClientRect())
            .map(({ left, right, top, bottom }) => right > plane.left + 4 && left < plane.right - 4 && bottom > plane.top + 6 && top < plane.bottom - 6); }"""
    found = words.evaluate_all(under)
    assert found
    assert not any(found)
    assert len(found) < words.count()


def test_the_caption_of_a_curve_names_the_step_and_what_it_moves(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("f(x) = x^2/4\nx = 1").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-caption")).to_contain_text("a step Δ𝑥 = 1 along the tangent moves 𝑓 by 0.5: slope 0.5000")


@pytest.mark.parametrize(("block", "lines"), [
    ("x' = x (1 - x - a y)\ny' = y (1 - y - b x)\na = 0.5\nb = 0.7", [2, 2]),
    ("x' = a x - b x y\ny' = d x y - c y\na = 2\nc = 1.5\nd = 0.5", [2, 2]),
    ("u = x^2 (1 - x - y)\nx' = u/(1 + x^2)\ny' = (x - y)^2 sqrt(y + 5)", [2, 1]),
])
def test_nullclines_of_a_product_cross_without_a_gap(page: Page, tmp_path: Path, block: str, lines: list[int]) -> None:
    """Each factor's line is straight to its ends, where it meets the other one too; a factor that keeps its sign has its line."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    drawn = page.locator(".jm-nullcline").evaluate_all("(all) => all.map((one) => one.getAttribute('d').split('M').slice(1))")
    assert [len(list_) for list_ in drawn] == lines
    for one in (line for list_ in drawn for line in list_):
        points = np.array([[float(v) for v in re.findall(r"-?[\d.]+", part)] for part in one.split("L")])
        way = points[-1] - points[0]
        assert np.hypot(*way) > 100
        away = np.abs((points - points[0]) @ [-way[1], way[0]]) / np.hypot(*way)
        assert away.max() < 1
