"""Panels in pages without a kernel and without a network: saved, exported, framed, re-created."""

from __future__ import annotations

import json
import re
from pathlib import Path

import frontends
import numpy as np
import pytest
from conftest import need
from pictured import BLOCKS as PARTS
from pictured import pictured
from playwright.sync_api import Browser, Frame, Page, expect

import jacmagic
from jacmagic import panel
from jacmagic.magics import read_options

TWO = "f(x1, x2) = [2x1 x2^2 + k x1, x1^2 sin x2]\nk = 3 in [0, 7]"
CHAIN = "u = x y\nv = x + y\nf = u^2 + sin v"
FLOW = "x' = a x - b x y\ny' = d x y - c y\na = 2"
NET = "x(3) -> 4 tanh -> 2 softmax\ny in R^2\nL = cross_entropy(o, y)"
SPACE = "F(r, s, t) = [r sin s cos t, r sin s sin t, r cos s]"
MAP = "x_{n+1} = a x_n (1 - x_n)\na = 3.2\nx(0) = 0.2"
WIDE = "x(20) -> 20 tanh"
IN_FULL = "each factor in full"
BLOCKS = {
    "curve": jacmagic.jacobian, "contour": jacmagic.jacobian, "map2": jacmagic.jacobian, "broken": jacmagic.jacobian,
    "flow": jacmagic.jacobian, "heatmap": jacmagic.nnchain, "net": jacmagic.nnchain, "cobweb": jacmagic.jacobian, "level": jacmagic.jacobian,
}
TEXTS = {"curve": "f(x) = x^2 - 2x", "contour": CHAIN, "map2": TWO, "broken": "f(x) = ln(x)\nx = -1", "flow": FLOW, "heatmap": WIDE, "net": NET, "cobweb": MAP, "level": "f(x, y, z) = x^2 + y^2 - z^2/2"}


def result_of(kind: str) -> object:
    return BLOCKS[kind](TEXTS[kind])


def shows(page: Page, html: str, tmp_path: Path, head: str = "") -> None:
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>{head}</head><body><main>{html}</main></body></html>', encoding="utf-8")
    page.goto(file.as_uri())


def moves(page: Page | Frame, where: str = ".jm") -> None:
    """The first slider answers an arrow key, and the numbers follow."""
    one = page.locator(where).first
    numbers = one.locator(".jm-result, .jm-chain.jm-formula:has(table, output)").first
    before = numbers.inner_text()
    slider = one.locator("input[type=range]").first
    start = float(one.locator(".jm-slider .jm-field").first.input_value().replace("−", "-"))
    slider.press("ArrowRight")
    expect(one.locator(".jm-slider .jm-field").first).to_have_value(f"{start + 0.1:.6g}")
    expect(numbers).not_to_have_text(before, use_inner_text=True)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_saved_page_is_alive_and_open_to_all(browser: Browser, tmp_path: Path, kind: str, dark: bool) -> None:
    result = result_of(kind).show()
    file = result.save(tmp_path / "page.html", title="A <page>")
    with frontends.page_in(browser, color_scheme="dark" if dark else "light") as page:
        page.goto(file.as_uri())
        expect(page.locator(".jm")).to_have_count(1)
        assert page.locator(".jm.jm-dark").count() == int(dark)
        other = {"contour": ("surface", ".jm-solid"), "curve": ("f and f′", ".jm-slopes")}
        if kind in other:
            page.get_by_role("button", name=other[kind][0]).click()
            expect(page.locator(other[kind][1])).to_be_visible()
        if kind in ("map2", "contour", "curve", "flow", "net"):
            moves(page)
        for fold in page.locator(".jm-actions button[aria-expanded]").all():
            fold.click()
        need(frontends.AXE, "JACMAGIC_AXE names no axe.min.js")
        assert not frontends.faults(page, "html")


def test_the_font_is_there_where_none_is_installed(page: Page, tmp_path: Path) -> None:
    page.goto(result_of("map2").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(1)
    assert page.evaluate("[...document.fonts].map((one) => one.family + one.status).join()").count("Jacmagic Math") == 1
    assert page.evaluate("document.fonts.check('20px \"Jacmagic Math\"', '∂')")
    # A stretched bracket is as tall as its matrix only with the MATH table of the font.
    tall = page.evaluate(
        """async () => {
            document.querySelector(".jm").style.setProperty("--jm-math", '"Jacmagic Math"');
            await document.fonts.ready;
            const matrix = document.querySelector(".jm-echo mtable"), bracket = matrix.previousElementSibling;
            return bracket.getBoundingClientRect().height / matrix.getBoundingClientRect().height;
        }""")
    assert tall > 0.9


FRAME = """<!doctype html><html lang='en'><title>output</title><body style='--jm-math: "Jacmagic Math"'><div id='output'></div></body></html>"""


def test_frames_of_one_notebook_share_the_font(page: Page) -> None:
    """As in Colab: each output in a frame of its own, all of one origin; only one output carries the font."""
    page.route("http://127.0.0.1:9/**", lambda route: route.fulfill(body=FRAME, content_type="text/html"))
    page.goto("http://127.0.0.1:9/notebook")
    parts = [panel.html(result_of("map2"), with_font=one) for one in (False, True, False)]
    page.evaluate(
        """async (parts) => {
            for (const html of parts) {
                const frame = document.createElement("iframe");
                frame.src = "/output";
                document.body.append(frame);
                await new Promise((done) => { frame.onload = done; });
                frame.contentDocument.body.append(frame.contentDocument.createRange().createContextualFragment(html));
            }
        }""", parts)
    for k in range(3):
        inner = page.frame_locator(f"iframe >> nth={k}")
        expect(inner.locator(".jm")).to_have_count(1)
    for frame in page.frames[1:]:
        frame.wait_for_function("[...document.fonts].map((one) => one.family).join() === 'Jacmagic Math' || [...document.fonts].map((one) => one.family).join() === '\"Jacmagic Math\"'")
        assert frame.evaluate("document.fonts.check('20px \"Jacmagic Math\"', '∂')")


@pytest.mark.parametrize("loss", [False, True], ids=["softmax", "cross-entropy"])
def test_a_net_of_a_hundred_thousand_weights_is_alive(browser: Browser, tmp_path: Path, loss: bool) -> None:
    net = jacmagic.nnchain("x(784) -> 128 relu -> 10 softmax" + "\ny in R^10\nL = cross_entropy(o, y)" * loss)
    with frontends.page_in(browser) as page:  # an error in the console fails
        page.goto(net.save(tmp_path / "page.html").as_uri())
        expect(page.locator(".jm")).to_have_count(1)
        expect(page.locator(".jm-weights")).to_have_count(0)
        page.evaluate("document.addEventListener('jacmagic:values', ({ detail }) => { window.heard = detail.values; })")
        x = page.get_by_role("group", name="x, 28 by 28")
        for _ in range(3):
            x.press("ArrowRight")
        field = page.get_by_label("x, entry chosen in the picture")
        field.fill("0.875")
        page.wait_for_function("window.heard?.x[2] === 0.875")
        point = {key: np.reshape(value, np.shape(net.values[key])) for key, value in page.evaluate("window.heard").items()}
        moved = net.values["x"]
        moved[2] = 0.875
        assert np.array_equal(point["x"], moved)
        assert all(np.array_equal(point[key], net.values[key]) for key in net.trainable())
        numbers = page.get_by_role("group", name="the derivative, ")
        for _ in range(5):
            numbers.press("ArrowRight")
        wanted = net.at(x=moved)[0, 4]
        shown = page.locator(".jm-chain .jm-readout").inner_text().rpartition("= ")[2]
        assert float(shown.replace("−", "-")) == pytest.approx(wanted, rel=1e-3)
        expect(page.get_by_text("✓ product = direct derivative")).to_be_visible()
        page.get_by_role("button", name="Reset").click()
        page.wait_for_function("window.heard.x[2] !== 0.875")


@pytest.mark.parametrize("part", [one for one in PARTS if one not in ("veil", "tutor")])  # they hide it
def test_an_output_draws_all_that_its_parts_are_for(page: Page, tmp_path: Path, part: str) -> None:
    """No module is missing of the few that it carries: each picture that it offers is drawn, and redrawn."""
    result = pictured(part)
    page.goto(result.save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(1)
    picture = panel.spec(result)["picture"]
    kinds = [picture["kind"], *(one["kind"] for one in picture.get("also", []))]
    for k, kind in enumerate(kinds):
        if len(kinds) > 1:
            page.locator(".jm-switch button").nth(k).click()
        expect(page.locator(f".jm-picture.jm-{kind} .jm-frame > *").first).to_be_visible()
    if part in ("chain", "curvature", "stability"):
        for fold in page.get_by_role("button", name=IN_FULL).all():
            fold.click()
        expect(page.locator({"chain": ".jm-cards", "curvature": ".jm-hessian", "stability": ".jm-stability"}[part])).to_be_visible()
    page.evaluate("for (const one of document.querySelectorAll('.jm-tools button, .jm-strip button, .jm-sizes button, .jm-stability button')) one.click()")
    handle = page.locator(".jm-frame [role=slider]")
    if handle.count():
        handle.first.press("ArrowRight")
        expect(page.get_by_role("button", name="Reset")).to_be_enabled()


def test_an_output_is_small_and_the_font_comes_once(executed: Path) -> None:
    outputs = [
        "".join(output["data"]["text/html"])
        for cell in json.loads(executed.read_text())["cells"] for output in cell["outputs"] if "text/html" in output.get("data", {})
    ]
    assert len(outputs) == 2
    assert [panel.parts.font() in one for one in outputs] == [True, False]


def test_each_block_of_the_demo_is_small() -> None:
    demo = json.loads((Path(__file__).parents[2] / "demo.ipynb").read_text(encoding="utf-8"))
    sizes = {}
    for cell in demo["cells"]:
        source = "".join(cell["source"])
        magic = re.match(r"(%%?)(jacobian|nnchain)(.*)", source)
        if not magic or "raises-exception" in cell["metadata"].get("tags", []):
            continue
        options, rest = read_options(magic[3])
        text, wrt = (source.split("\n", 1)[1], rest or None) if magic[1] == "%%" else (rest, None)
        more = {"seed": options["seed"]} if magic[2] == "nnchain" else {}
        result = getattr(jacmagic, magic[2])(text, wrt, {"A": np.array([[2.0, 1.0], [0.0, 3.0]])}, **more)
        sizes[source] = len(panel.html(result).encode())
    assert len(sizes) >= 14
    assert max(sizes.values()) <= 80_000, sizes


def test_an_exported_notebook_is_alive(page: Page, executed: Path, tmp_path: Path) -> None:
    from nbconvert import HTMLExporter

    body, _ = HTMLExporter().from_filename(str(executed))
    file = tmp_path / "exported.html"
    file.write_text(body, encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.locator(".jm")).to_have_count(2)
    for k in range(2):
        moves(page, f".jm >> nth={k}")


TRAINED = (
    "%load_ext jacmagic\nimport numpy as np",
    "%%nnchain --into n\nx in R\ny in R\no = w x + b\nL = 1/2 (o - y)^2",
    "X = np.array([0.0, 1.0, 2.0])\nn.train({'x': X, 'y': 3 * X + 1}, lr=0.1, steps=500, progress=False); n",
)
MOVED = ("%load_ext jacmagic", f"%%jacobian --into r\n{TWO}", "r.set(x1=2.5); r", "r.values['k'] = 5; r")


@pytest.mark.parametrize(("cells", "name", "shown"), [(MOVED, "x1", "2.5"), (MOVED, "k", "5.0")])
def test_of_one_result_shown_again_the_newer_values_win(
    page: Page, tmp_path: Path, cells: tuple[str, ...], name: str, shown: str
) -> None:
    page.goto(exported(tmp_path, *cells))
    panels = page.locator(".jm")
    expect(panels).to_have_count(len(cells) - 1)
    for k in range(len(cells) - 1):
        expect(panels.nth(k).get_by_label(name, exact=True)).to_have_value(shown)
    # The hand is newer than all, in whichever panel.
    for k in (0, len(cells) - 2):
        panels.nth(k).get_by_label(f"{name}, slider").focus()
        page.keyboard.press("ArrowLeft")
        shown = f"{float(shown) - 0.1:.1f}"
        for other in range(len(cells) - 1):
            expect(panels.nth(other).get_by_label(name, exact=True)).to_have_value(shown)


def test_a_net_shown_again_shows_what_it_has_learnt(page: Page, tmp_path: Path) -> None:
    page.goto(exported(tmp_path, *TRAINED))
    panels = page.locator(".jm")
    expect(panels).to_have_count(2)
    for k in range(2):
        for name, learnt in (("w", 3.0), ("b", 1.0)):
            field = panels.nth(k).get_by_label(name, exact=True)
            expect(field).to_have_value(re.compile(r"^[\d.]+$"))
            assert abs(float(field.input_value()) - learnt) < 0.02, (k, name)


def exported(folder: Path, *cells: str) -> str:
    """The address of nbconvert's page of a notebook that has run."""
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    frontends.write_notebook(folder / "run.ipynb", *cells)
    notebook = nbformat.read(folder / "run.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    body, _ = HTMLExporter().from_notebook_node(notebook)
    (folder / "run.html").write_text(body, encoding="utf-8")
    return (folder / "run.html").as_uri()


def test_a_sanitizer_leaves_formulas_and_numbers(page: Page, executed: Path, tmp_path: Path) -> None:
    """nbconvert's own keeps the text of a script as text: it is short, and hidden by the page's own classes."""
    from nbconvert import HTMLExporter

    for template in ("lab", "classic"):
        body, _ = HTMLExporter(sanitize_html=True, template_name=template).from_filename(str(executed))
        assert panel.scripts()[0][:40] not in body
        assert panel.parts.font()[:40] not in body
        file = tmp_path / f"{template}.html"
        file.write_text(body, encoding="utf-8")
        page.goto(file.as_uri())
        expect(page.locator("div.jacmagic")).to_have_count(2)
        text = page.locator("body").inner_text()
        assert "x₁ = 1" in text
        assert not re.search(r"function ?\(|=>|const |FontFace|&lt;|<script", text), template


@pytest.mark.parametrize("order", ["script first", "both"])
def test_a_frame_that_runs_scripts_apart_from_their_siblings(page: Page, tmp_path: Path, order: str) -> None:
    """As in Colab: the output in a frame of its own, the script put somewhere else, markup when it comes."""
    frame = """<!doctype html><html lang="en"><head><title>output</title></head><body><div id="output"></div><script>
        addEventListener("message", ({ data }) => {
            const parsed = new DOMParser().parseFromString(data.html, "text/html");
            const scripts = [...parsed.querySelectorAll("script")];
            for (const one of scripts) one.remove();
            const place = () => document.querySelector("#output").append(...parsed.body.childNodes);
            if (data.order === "both") place();
            for (const one of scripts) { const script = document.createElement("script"); script.textContent = one.textContent; document.head.append(script); }
            if (data.order === "script first") requestAnimationFrame(() => requestAnimationFrame(place));
        });</script></body></html>"""
    shows(page, "<iframe title='output' sandbox='allow-scripts' width='1000' height='700'></iframe>", tmp_path)
    page.evaluate("([doc]) => new Promise((done) => { const f = document.querySelector('iframe'); f.onload = done; f.srcdoc = doc; })", [frame])
    page.evaluate("(data) => document.querySelector('iframe').contentWindow.postMessage(data, '*')", {"html": panel.html(result_of("map2")), "order": order})
    inner = page.frame_locator("iframe")
    expect(inner.locator(".jm")).to_have_count(1)
    inner.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    expect(inner.locator(".jm-field").first).to_have_value("1.1")


def test_a_webview_that_makes_scripts_again(page: Page, tmp_path: Path) -> None:
    """As in VS Code: innerHTML, then a clone of each script; twice, as when a cell is scrolled away and back."""
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'\">"
    shows(page, "<div id='output'></div>", tmp_path, policy)
    html = panel.html(result_of("net"), with_font=True)
    for _ in range(2):
        page.evaluate(
            """(html) => {
                const output = document.querySelector("#output");
                output.innerHTML = html;
                for (const old of output.querySelectorAll("script")) {
                    const made = document.createElement("script");
                    made.textContent = old.textContent;
                    old.replaceWith(made);
                }
            }""", html)
        expect(page.locator(".jm")).to_have_count(1)
        moves(page)
    assert page.evaluate("document.fonts.check('20px \"Jacmagic Math\"', 'x')")


ALONE = """async ({ state, shadow }) => {
    // The front end of AnyWidget, as far as a widget sees it: the style goes to the page's head, traits are sent and heard.
    const model = Object.assign(new EventTarget(), {
        get: (key) => structuredClone(state[key]), set: (key, value) => { state[key] = value; }, save_changes: () => {},
        on: (name, heard) => model.addEventListener(name, heard), off: (name, heard) => model.removeEventListener(name, heard),
    });
    if (state._css) document.head.append(Object.assign(document.createElement("style"), { textContent: state._css }));
    const { default: widget } = await import(URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" })));
    await widget.initialize({ model });
    const el = document.createElement("div"), host = document.querySelector("main");
    const place = shadow ? host.attachShadow({ mode: "open" }) : host;
    // ipywidgets renders first and puts it into the page then; others the other way round.
    if (shadow !== "first") place.append(el);
    window.end = await widget.render({ model, el });
    if (shadow === "first") place.append(el);
    window.moved = () => state.moved;
    window.tell = (point) => { state.point = point; model.dispatchEvent(new Event("change:point")); };
}"""


@pytest.mark.parametrize("shadow", [False, True, "first"], ids=["page", "shadow root", "rendered first"])
def test_a_widget_alone_has_its_style_and_hears(page: Page, tmp_path: Path, shadow: object) -> None:
    result = jacmagic.jacobian(TWO)
    shows(page, "", tmp_path)
    widget = result.widget()
    page.evaluate(ALONE, {"state": {key: value for key, value in widget.get_state().items() if key != "layout"}, "shadow": shadow})
    one = page.locator(".jm")
    expect(one.locator(".jm-stage")).to_have_css("display", "grid")
    expect(one.locator(".jm-field").first).to_have_css("text-align", "right")
    expect(one.locator(".jm-svg .jm-square").first).to_have_css("stroke-dasharray", "4px, 4px")
    assert one.locator(".jm-hidden").first.bounding_box()["width"] == 1
    moves(page)
    page.wait_for_function("window.moved().x1")
    assert page.evaluate("window.moved().x1[0]") == 1.1
    result.set(x1=2, k=5)
    page.evaluate("(point) => window.tell(point)", widget.point)
    # Both moved x1, not knowing of each other: page and kernel agree on the hand's.
    widget._on_moved({"new": page.evaluate("window.moved()")})
    expect(one.get_by_label("k", exact=True)).to_have_value("5.0")
    expect(one.get_by_label("x1", exact=True)).to_have_value("1.1")
    assert dict(result.values) == {"x1": 1.1, "x2": 1.0, "k": 5.0}
    page.evaluate("window.end()")
    expect(page.locator(".jm")).to_have_count(0)


def test_a_policy_without_eval_and_a_text_that_is_no_markup(page: Page, tmp_path: Path) -> None:
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'\">"
    block = "f(x) = a x  # </script><script>window.bad = 1</script>\na = {a}"
    result = jacmagic.jacobian(block, namespace={"a": 2.0, "</script>": 1})
    shows(page, panel.html(result), tmp_path, policy)
    expect(page.locator(".jm")).to_have_count(1)
    assert page.evaluate("window.bad") is None
    file = result.save(tmp_path / "titled.html", title="</title><script>window.bad = 1</script>")
    page.goto(file.as_uri())
    expect(page.locator(".jm")).to_have_count(1)
    assert page.evaluate("window.bad") is None


def test_the_keyboard_alone_reaches_and_moves_everything(page: Page, tmp_path: Path) -> None:
    page.goto(result_of("map2").save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(1)
    names = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none' || document.activeElement.matches('.jm-handle')"), seen
        seen.append(page.evaluate(names))
    wanted = page.evaluate(
        "[...document.querySelectorAll('.jm button:enabled, .jm input, .jm [tabindex]')].filter((one) => one.getClientRects().length && one.tabIndex >= 0)"
        ".map((one) => one.getAttribute('aria-label') || one.textContent)")
    assert sorted(seen) == sorted(wanted)
    field = page.get_by_label("x1", exact=True)
    field.focus()
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value("1.1")
    page.locator(".jm-handle").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("x2", exact=True)).to_have_value("0.9")
    page.locator(".jm-cell").nth(1).focus()
    expect(page.locator(".jm-entry")).to_contain_text("4·1.1·0.9")
    page.keyboard.press("Enter")
    expect(page.locator(".jm-cell").nth(1)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Enter")
    expect(field).to_have_value("1.0")
    expect(page.locator(".jm > [aria-live]")).to_contain_text("reset")


KEYS = [
    ("map2", ".jm-cell >> nth=0", ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", " ", "Enter"]),
    ("map2", ".jm-handle", ["ArrowRight", "ArrowUp"]),
    ("curve", ".jm-handle", ["ArrowRight", "ArrowUp"]),
    ("map2", "input[type=range] >> nth=0", ["ArrowRight", "PageDown", "Home", "End"]),
    ("map2", ".jm-field >> nth=0", ["ArrowRight", "ArrowUp", "PageUp", "5", ".", "b", " ", "Enter", "Backspace"]),
    ("map2", ".jm-actions button >> text=Check", [" ", "Enter"]),
    ("map2", ".jm-term >> nth=0", [" ", "Escape"]),
    ("net", ".jm-weights > summary", [" ", "Enter"]),
    ("net", ".jm-caption .jm-word >> nth=0", [" "]),
    ("wide", ".jm-heat >> nth=0", ["ArrowRight", "ArrowDown"]),
]


@pytest.mark.parametrize(("kind", "where", "keys"), KEYS)
def test_a_key_that_a_control_uses_turns_no_slide(page: Page, tmp_path: Path, kind: str, where: str, keys: list[str]) -> None:
    result = jacmagic.jacobian("x in R^20\nA in R^(20x20)\nf = A x", wrt="x") if kind == "wide" else result_of(kind)
    page.goto(result.save(tmp_path / "page.html").as_uri())
    # As reveal.js listens: whatever comes up to the page is taken, and does nothing else.
    page.evaluate("""() => {
        window.turned = [];
        document.addEventListener("keydown", (event) => { window.turned.push(event.key); if (event.key !== "Tab") event.preventDefault(); });
    }""")
    for key in keys:
        page.locator(where).focus()
        page.keyboard.press(key)
    assert page.evaluate("window.turned") == []
    # What nothing here uses stays the page's.
    page.locator(where).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("F2")
    assert page.evaluate("window.turned") == ["Tab", "F2"]


def test_space_presses_a_button_and_arrows_go_from_entry_to_entry(page: Page, tmp_path: Path) -> None:
    page.goto(result_of("map2").save(tmp_path / "page.html").as_uri())
    page.evaluate("document.addEventListener('keydown', (event) => event.preventDefault())")
    check = page.get_by_role("button", name="Check")
    check.focus()
    page.keyboard.press(" ")
    expect(check).to_have_attribute("aria-expanded", "true")
    cells = page.locator(".jm-cell")
    cells.nth(0).focus()
    for key, at in (("ArrowRight", 1), ("ArrowRight", 1), ("ArrowDown", 3), ("ArrowLeft", 2), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(cells.nth(at)).to_be_focused()
    page.keyboard.press(" ")
    expect(cells.nth(0)).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("width", [320, 420, 700, 1050])
@pytest.mark.parametrize("kind", ["map2", "contour", "net", "heatmap"])
def test_nothing_is_wider_than_its_column(page: Page, tmp_path: Path, kind: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(result_of(kind).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    crossing = page.evaluate(
        """() => {
            const boxes = [...document.querySelectorAll(".jm-card")].map((card) => [card.getBoundingClientRect(), ...[...card.children].map((one) => one.getBoundingClientRect())]);
            return boxes.some(([card, ...inner]) => inner.some((one) => one.right > card.right + 1));
        }""")
    assert not crossing


@pytest.mark.parametrize("kind", ["map2", "space", "net", "heatmap"])
def test_print_is_black_on_white_and_cuts_nothing(browser: Browser, tmp_path: Path, kind: str) -> None:
    result = jacmagic.jacobian(SPACE) if kind == "space" else result_of(kind)
    # As wide as an output in nbconvert's page on A4.
    with frontends.page_in(browser, color_scheme="dark", viewport={"width": 632, "height": 900}) as page:
        page.goto(result.save(tmp_path / "page.html").as_uri())
        expect(page.locator(".jm.jm-dark")).to_have_count(1)
        page.emulate_media(media="print")
        colours = page.evaluate(
            "[...document.querySelectorAll('.jm, .jm td, .jm .jm-field')].map((one) => getComputedStyle(one).color)")
        assert set(colours) == {"rgb(0, 0, 0)"}
        assert page.evaluate("getComputedStyle(document.querySelector('.jm')).backgroundColor") == "rgb(255, 255, 255)"
        beyond = page.evaluate(
            """() => {
                const edge = document.querySelector(".jm").getBoundingClientRect().right + 1;
                return [...document.querySelectorAll(".jm input, .jm td, .jm math, .jm svg, .jm canvas")]
                    .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > edge).map((one) => one.outerHTML.slice(0, 90));
            }""")
        assert not beyond
        assert page.locator(".jm math").first.is_visible()
        assert page.locator(".jm .jm-controls input").first.is_visible() or kind == "heatmap"
        assert not page.locator(".jm .jm-word").first.is_visible()
        # No page ends inside a formula.
        whole = "[...document.querySelectorAll('.jm math, .jm table, .jm svg')].every((one) => { for (let at = one; at; at = at.parentElement) if (getComputedStyle(at).breakInside === 'avoid') return true; })"
        assert page.evaluate(whole)


@pytest.mark.parametrize("kind", ["map2", "space", "contour", "flow", "net"])
def test_every_abbreviation_says_what_it_is(page: Page, tmp_path: Path, kind: str) -> None:
    result = jacmagic.jacobian(SPACE) if kind == "space" else result_of(kind)
    page.goto(result.save(tmp_path / "page.html").as_uri())
    wanted = {"map2": ["det", "rank", "σ"], "space": ["det", "rank", "σ", "cond"], "contour": ["‖∇‖"], "flow": ["λ", "tr", "det"], "net": ["σ", "what is δ?"]}[kind]
    terms, tip = page.locator(".jm-term"), page.locator(".jm-tip")
    expect(page.locator(".jm")).to_have_count(1)
    if kind == "net":
        page.get_by_role("button", name=IN_FULL).click()
    assert set(wanted) <= {one.strip() for one in terms.all_inner_texts()}
    for term in terms.all():
        term.hover()
        expect(tip).to_be_visible()
        assert len(tip.inner_text()) > 40
        page.mouse.move(0, 0)
        expect(tip).to_be_hidden()
        term.focus()
        expect(tip).to_be_visible()
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()
        term.blur()


def test_each_formula_is_copied(browser: Browser, tmp_path: Path) -> None:
    wanted = {
        "map2": (".jm-entry", r"2 x_{2}^{2} + k", "k + 2*x2**2"),
        "net": (".jm-card >> nth=0", r"-(y \oslash o)^{\top}", "sp.Matrix([[-y1/o1, -y2/o2]])"),
    }
    for kind, (where, tex, code) in wanted.items():
        with frontends.page_in(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
            page.route("http://127.0.0.1:9/", lambda route: route.fulfill(path=tmp_path / "page.html"))
            result_of(kind).save(tmp_path / "page.html")
            page.goto("http://127.0.0.1:9/")
            if kind == "net":
                page.get_by_role("button", name=IN_FULL).click()
            for word, text in (("Copy LaTeX", tex), ("Copy SymPy", code)):
                button = page.locator(where).get_by_role("button", name=word)
                button.focus()
                page.keyboard.press("Enter")
                expect(page.locator(where).get_by_role("button", name="Copied")).to_be_visible()
                assert page.evaluate("navigator.clipboard.readText()").replace("(x2)**(2)", "x2**2") == text
                expect(button).to_be_visible()


def test_every_value_of_a_large_layer_can_be_read(page: Page, tmp_path: Path) -> None:
    """A layer drawn as bars, or as nodes too small for digits: under the pointer, and by the keyboard."""
    net = jacmagic.nnchain("x(20) -> 100 tanh -> 12 softmax\ny in R^12\nL = cross_entropy(o, y)")
    page.goto(net.save(tmp_path / "page.html").as_uri())
    said, values = page.locator(".jm-net .jm-readout"), net.forward()
    layers = page.locator(".jm-readable")
    expect(layers).to_have_count(4)
    layers.nth(1).focus()
    expect(said).to_have_text(f"h1[1] = {values['h1'][0]:#.4g}".replace("-", "−"))
    for key in ("PageDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(said).to_have_text(f"h1[13] = {values['h1'][12]:#.4g}".replace("-", "−"))
    box = layers.nth(2).bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 3.5 / 12)
    expect(said).to_have_text(f"o[4] = {values['o'][3]:#.4g}")
    page.get_by_role("button", name="show δ").click()
    expect(said).to_contain_text("δ of o[4] = ")


def test_a_heat_map_counts_and_reads_its_cells(page: Page, tmp_path: Path) -> None:
    net = jacmagic.nnchain("x(20) -> 30 tanh -> 3 softmax\ny in R^3\nL = cross_entropy(o, y)")
    page.goto(net.save(tmp_path / "page.html").as_uri())
    page.get_by_role("button", name=IN_FULL).click()
    card = page.locator(".jm-card").nth(2)
    heat = card.locator(".jm-heat")
    expect(heat).to_have_attribute("aria-label", "local Jacobian of h1, 30 by 20; arrow keys read its entries")
    assert {"1", "10", "20"} <= set(heat.locator(".jm-tick").all_inner_texts())
    heat.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    wanted = net.at("h1", "x")[2, 1]
    expect(card.locator(".jm-readout")).to_have_text(f"row 3, column 2 = {wanted:#.4g}".replace("-", "−"))


def test_a_large_jacobian_has_no_entry_to_put_numbers_in(page: Page, tmp_path: Path) -> None:
    """The pointer over its cells was an error in the console."""
    page.goto(jacmagic.jacobian("x in R^6\nA in R^(6x6)\nf = tanh(k A x)\nk = 0.1", wrt="x").save(tmp_path / "page.html").as_uri())
    page.locator(".jm-result .jm-number").nth(20).hover()
    expect(page.locator(".jm-cell")).to_have_count(0)


@pytest.mark.parametrize(("block", "why"), [
    ("f(x) = ln(x)\nx = -1", "ln of a number that is not positive"),
    ("f(x) = 1/x\nx = 0", "a division by 0"),
    ("f(x) = sqrt(x)\nx = -1", "the root of a negative number"),
    ("f(x) = sqrt(x)\nx = 0", "a division by 0"),
    ("f(x) = asin(x)\nx = 2", "arcsin of a number beyond ±1"),
    ("f(x) = cot x\nx = 0", "a pole at 0"),
    ("f(x) = e^x\nx = 1000", "a pole, or beyond 1.8·10³⁰⁸"),
    ("f(x) = log10(x - 40)", "ln of a number that is not positive"),
])
def test_a_start_without_a_number_says_why_and_offers_another(page: Page, tmp_path: Path, block: str, why: str) -> None:
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-remarks > div")).to_have_text(f"no number here: {why}")
    page.locator(".jm-remarks button").click()
    expect(page.locator(".jm-remarks")).to_have_text("")


@pytest.mark.parametrize("block", [f"{TWO}\nx1 = 0", f"{TWO}\nx1 = 0\nx2 = 0", "f(x, y) = 3", "f(x) = 0 x"])
def test_a_flat_image_is_drawn(page: Page, tmp_path: Path, block: str) -> None:
    """A path with NaN in it is an error in the console, which fails."""
    page.goto(jacmagic.jacobian(block).save(tmp_path / "page.html").as_uri())
    page.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".jm-svg")).to_be_visible()


def test_a_typed_number_widens_the_range_and_reset_brings_it_back(page: Page, tmp_path: Path) -> None:
    page.goto(result_of("map2").save(tmp_path / "page.html").as_uri())
    field, slider = page.get_by_label("k", exact=True), page.get_by_label("k, slider")
    field.fill("12")
    expect(slider).to_have_attribute("max", "20")
    field.fill("1e9")
    field.blur()
    expect(field).to_have_value("1·10⁹")
    field.fill("abc")
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Reset").click()
    expect(slider).to_have_attribute("max", "7")
    expect(field).to_have_value("3.0")


def test_a_link_to_a_saved_page_brings_its_values(browser: Browser, tmp_path: Path) -> None:
    file = jacmagic.jacobian("x in R^2\nM in R^(2x2)\ny = M x + k x\nk = 2", wrt="x").save(tmp_path / "page.html")
    with frontends.page_in(browser) as page:
        page.goto(file.as_uri())
        expect(page.locator(".jm")).to_have_count(1)
        assert "#" not in page.url
        page.get_by_label("x[1], slider").press("ArrowRight")
        page.get_by_label("M[2,1]", exact=True).fill("-7.5")
        expect(page).to_have_url(re.compile(r"#x=1\.1,2&M=1,2,-7\.5,4$"))
        link = page.url
        page.get_by_role("button", name="Reset").click()
        expect(page).to_have_url(re.compile("html$"))
    with frontends.page_in(browser) as page:
        page.goto(link)
        expect(page.get_by_label("x[1]", exact=True)).to_have_value("1.1")
        expect(page.get_by_label("M[2,1]", exact=True)).to_have_value(re.compile("−7.5"))
        page.goto(link.replace("1.1,2", "alert(1)").replace("M=", "Q="))
        expect(page.get_by_label("x[1]", exact=True)).to_have_value("1.1")


@pytest.mark.parametrize(("kind", "moved"), [("map2", ["x1", "x2"]), ("contour", ["x", "y"]), ("curve", ["x"]), ("flow", ["x", "y"])])
def test_the_point_of_a_picture_is_dragged(page: Page, tmp_path: Path, kind: str, moved: list[str]) -> None:
    page.goto(result_of(kind).save(tmp_path / "page.html").as_uri())
    before = [page.get_by_label(name, exact=True).input_value() for name in moved]
    box = page.locator(".jm-handle").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 20, steps=4)
    page.mouse.up()
    for name, value in zip(moved, before):
        expect(page.get_by_label(name, exact=True)).not_to_have_value(value)


def gates(n: int) -> str:
    lines = [f"{g} = sigmoid(W_{g} x + U_{g} h0 + b_{g}) in R^{n}" for g in "fiop"]
    return "\n".join([f"x in R^3\nh0 in R^{n}\nk0 in R^{n}", *lines, "c = f .* k0 + i .* p", "h = o .* tanh(c)"])


@pytest.mark.parametrize(("ranges", "equal"), [("x = 1 in [0, 3]\ny = 2 in [-3, 6]", True), ("x = 1 in [0, 3]\ny = 200 in [100, 600]", False)])
def test_the_gradient_is_at_right_angles_to_the_contour_on_the_screen(page: Page, tmp_path: Path, ranges: str, equal: bool) -> None:
    block = "f(x, y) = x^2 + y^2/4" if equal else "f(x, y) = x^2 + y/100 + x y/50"
    page.goto(jacmagic.jacobian(f"{block}\n{ranges}").save(tmp_path / "page.html").as_uri())
    arrow = page.locator(".jm-contour .jm-gradient")
    expect(arrow).to_have_attribute("d", re.compile("^M"))
    (x, y), (tx, ty) = points(arrow.get_attribute("d"))[:2]
    line = np.array(points(page.locator(".jm-through").get_attribute("d")))
    near = line[np.argsort(np.hypot(*(line - (x, y)).T))[:2]]
    along, up = near[1] - near[0], np.array([tx - x, ty - y])
    assert np.hypot(*up) > 25
    assert abs(along @ up) / np.hypot(*along) / np.hypot(*up) < 0.05
    caption = page.locator(".jm-contour .jm-caption")
    expect(caption).to_contain_text("the steepest way up" if equal else "the axes have different units")


def points(path: str | None) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path or "")]


@pytest.mark.parametrize("block", [TWO, "F(r, t) = [r cos t, r sin t]\nr = 2 in [0, 3]\nt = 1 in [0, 6.28]", "F(x, y) = [20 x + y, x y]"])
def test_areas_of_the_grid_and_its_image_are_true(page: Page, tmp_path: Path, block: str) -> None:
    """Equal units on both axes: by what is drawn, the parallelogram over the square is |det J|."""
    result = jacmagic.jacobian(block)
    page.goto(result.save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-square").nth(1)).to_have_attribute("d", re.compile("Z$"))
    units = page.evaluate(
        """() => [...document.querySelectorAll(".jm-map2 .jm-axes")].map((axes) => ["x1", "y1"].map((side) => {
            const ticks = [...axes.querySelectorAll("line")].filter((one) => one.getAttribute("x1") === one.getAttribute("x2") === (side === "x1"));
            const texts = [...axes.querySelectorAll("text")].filter((one) => (one.getAttribute("text-anchor") === "middle") === (side === "x1"));
            const [a, b] = [0, ticks.length - 1];
            const value = (k) => Number(texts[k].textContent.replace("\u2212", "-"));
            return Math.abs((ticks[b].getAttribute(side) - ticks[a].getAttribute(side)) / (value(b) - value(a)));
        }))""")
    for across, upwards in units:
        assert abs(across - upwards) < 0.01 * across
    corners = [np.array(points(page.locator(".jm-square").nth(k).get_attribute("d"))) for k in (0, 1)]
    areas = [abs(np.cross(one[1] - one[0], one[3] - one[0])) / scale[0] ** 2 for one, scale in zip(corners, units)]
    assert abs(areas[0] - 1) < 0.03
    assert abs(areas[1] - abs(np.linalg.det(result.at()))) < 0.05 * areas[1] + 0.02


@pytest.mark.parametrize("block", [
    "x in R^1\na = W1 x + c1 in R^2\nb = tanh(W2 a + c2) in R^2\no = W3 b + c3 in R^1", "x in R\nz = w x + b\na = tanh(z)\nL = 1/2 (a - y)^2",
    "x(2) -> 3 tanh -> 1 sigmoid\ny in R^1\nL = bce(o, y)", "x(1) -> 2 tanh -> 1 tanh -> 1 tanh -> 1 tanh -> 1 tanh", NET, gates(1), gates(4), gates(20),
], ids=["chain", "scalars", "bce", "long", "net", "gates 1", "gates 4", "gates 20"])
def test_nothing_in_a_net_is_drawn_over_anything_else(page: Page, tmp_path: Path, block: str) -> None:
    page.goto(jacmagic.nnchain(block).save(tmp_path / "page.html").as_uri())
    expect(page.locator(".jm-net .jm-svg")).to_be_visible()
    over = page.evaluate(
        """() => {
            const box = (one) => { const { x, y, width, height } = one.getBBox(); return { x, y, width, height, is: one.textContent || one.getAttribute("class") || "disc" }; };
            const all = (where) => [...document.querySelectorAll(".jm-net " + where)].map(box);
            const cross = (a, b, air) => a.x + air < b.x + b.width && b.x + air < a.x + a.width && a.y + air < b.y + b.height && b.y + air < a.y + a.height;
            const [discs, bars, labels] = [all("circle.jm-base"), all("rect.jm-base"), all(".jm-edge-labels text")];
            const names = all(".jm-beneath, text.jm-small");
            const found = [];
            const apart = [...discs, ...bars, ...names];
            apart.forEach((a, i) => apart.slice(0, i).forEach((b) => { if (cross(a, b, 2)) found.push([a.is, b.is]); }));
            labels.forEach((a, i) => labels.slice(0, i).forEach((b) => { if (cross(a, b, 3)) found.push([a.is, b.is]); }));
            for (const label of labels) for (const disc of discs) {
                const [dx, dy] = [[disc.x + disc.width / 2, label.x, label.x + label.width], [disc.y + disc.height / 2, label.y + 3, label.y + label.height - 3]]
                    .map(([at, lo, hi]) => Math.max(lo - at, 0, at - hi));
                if (Math.hypot(dx, dy) < disc.width / 2 - 1) found.push([label.is, "under a node"]);
            }
            // No number is wider than its node.
            for (const text of document.querySelectorAll(".jm-net .jm-digits")) if (!text.closest(".jm-edge-labels") && text.getBBox().width > discs[0].width) found.push([text.textContent, "wide"]);
            return found;
        }""")
    assert over == []


def test_a_small_delta_has_three_digits(page: Page, tmp_path: Path) -> None:
    block = "x in R\na = sigmoid(w x + 8)\nL = 1/2 (a - y)^2\ny = 1\nx = 1\nw = 0.5"
    result = jacmagic.nnchain(block)
    page.goto(result.save(tmp_path / "page.html").as_uri())
    page.get_by_role("button", name="show δ").click()
    shown = page.locator(".jm-net .jm-digits").all_text_contents()
    wanted = result.at("L", "a").item()
    texts = [one.replace("−", "-").replace("·10", "e").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")) for one in shown]
    assert any(abs(float(one) / wanted - 1) < 0.005 for one in texts if re.search("[1-9]", one)), (shown, wanted)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", ["curve", "contour", "map2", "flow", "net", "heatmap"])
def test_each_picture_is_saved_and_looks_the_same(browser: Browser, tmp_path: Path, kind: str, dark: bool) -> None:
    block = "x in R^20\nA in R^(20x20)\nf = tanh(k A x)\nk = 0.1"
    result = jacmagic.jacobian(block, wrt="x") if kind == "heatmap" else result_of(kind)
    with frontends.page_in(browser, color_scheme="dark" if dark else "light") as page:
        page.goto(result.save(tmp_path / "page.html").as_uri())
        with page.expect_download() as download:
            page.get_by_role("button", name="Save picture").click()
        file = tmp_path / "picture.svg"
        download.value.save_as(file)
        text = file.read_text(encoding="utf-8")
        assert text.startswith("<svg")
        assert "var(" not in text
        shown = page.locator(".jm-picture svg, .jm-picture canvas").first.bounding_box()
        assert shown
        # By itself, without our style sheet; dark lines on white, light ones on their own ground.
        page.goto(file.as_uri())
        seen = page.evaluate(
            """() => [...document.querySelectorAll("text")].map((one) => getComputedStyle(one).fill.match(/[\\d.]+/g).map(Number))""")
        ground = page.evaluate("document.querySelector('svg > rect')?.getAttribute('fill') ?? 'rgb(255, 255, 255)'")
        level = [float(one) for one in re.findall(r"[\d.]+", ground)]
        for colour in seen:
            assert abs(sum(colour[:3]) - sum(level[:3])) > 250, (colour, ground)


def test_a_field_of_a_matrix_is_dragged_and_typed(page: Page, tmp_path: Path) -> None:
    block = "x in R^2\nM in R^(2x2)\ny = M x\nM = [1, 2; 3, 4]"
    page.goto(jacmagic.jacobian(block, wrt="x").save(tmp_path / "page.html").as_uri())
    field, numbers = page.get_by_label("M[2,1]", exact=True), page.locator(".jm-result .jm-number")
    box = field.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y, steps=5)
    page.mouse.up()
    expect(numbers.nth(2)).to_have_text("+2.000")
    field.fill("1/4")
    expect(numbers.nth(2)).to_have_text("+0.2500")
    field.press("ArrowUp")
    expect(numbers.nth(2)).to_have_text("+0.3500")


def test_a_kink_under_the_point_is_flagged(page: Page, tmp_path: Path) -> None:
    page.goto(jacmagic.jacobian("f(x) = relu(x) + |x - 1|").save(tmp_path / "page.html").as_uri())
    remarks, field = page.locator(".jm-remarks"), page.get_by_label("x", exact=True)
    field.fill("1")
    expect(remarks).to_have_text("|·| at 0: slope 0, as in PyTorch")
    field.fill("0")
    expect(remarks).to_have_text("ReLU at 0: slope 0, as in PyTorch")
    field.fill("0.5")
    expect(remarks).to_have_text("")


@pytest.mark.parametrize(("motion", "flow"), [("reduce", "none"), ("no-preference", "jm-flow")])
def test_delta_flows_only_where_motion_is_wanted(browser: Browser, tmp_path: Path, motion: str, flow: str) -> None:
    with frontends.page_in(browser, reduced_motion=motion) as page:
        page.goto(result_of("net").save(tmp_path / "page.html").as_uri())
        page.get_by_role("button", name="show δ").click()
        expect(page.locator(".jm-edge").first).to_have_css("animation-name", flow)
        expect(page.get_by_role("button", name="show values")).to_have_attribute("aria-pressed", "true")
