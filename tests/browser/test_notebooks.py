"""Panels in real front ends with a real kernel: values travel both ways, and panels live where there is none."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import frontends
import pytest
from conftest import NOTEBOOK, need
from frontends import Notebook, open_notebook, write_notebook
from playwright.sync_api import Browser, Locator, Page, expect

Serve = Callable[[str], tuple[frontends.FrontEnd, str, Path]]
READ = "print(dict(r.values), r.at().tolist())"
CELLS = (
    *NOTEBOOK[:2], "r", READ, "r.values['x1'] = 2; r.set(x2=0.5); None",
    "import ipywidgets\nfrom IPython.display import display\nw = ipywidgets.VBox([r.widget(), r.sliders()])\n"
    "display(w.children[0]) if int(ipywidgets.__version__[0]) < 8 else None\nw",
)

SESSION = "[...window.jupyterapp.shell.widgets('main')].find((one) => one.sessionContext && one.content.widgets).sessionContext"
"""The open notebook's, in the page of JupyterLab."""


def field(panel: Locator, name: str) -> Locator:
    return panel.get_by_label(name, exact=True)


def press(page: Page, panel: Locator, name: str, key: str, times: int = 1) -> None:
    slider = panel.get_by_label(f"{name}, slider")
    slider.focus()
    for _ in range(times):
        page.keyboard.press(key)


def numbers(panel: Locator) -> list[float]:
    return [float(text.replace("−", "-")) for text in panel.locator(".jm-result .jm-number").all_inner_texts()]


@pytest.mark.parametrize("name", ["lab", "notebook7", "classic"])
def test_values_travel_between_kernel_and_panels(browser: Browser, serve: Serve, name: str) -> None:
    front_end, base, root = serve(name)
    write_notebook(root / "values.ipynb", *CELLS)
    with open_notebook(browser, front_end, base, "values.ipynb") as notebook:
        page = notebook.page
        notebook.run(0, 1, 2)
        first, second = notebook.panel(1), notebook.panel(2)
        expect(first.locator(".jm-cell")).to_have_count(4)
        # The keys move the slider, not the notebook's cells; a second panel follows.
        press(page, first, "x1", "ArrowRight", 3)
        press(page, first, "x1", "ArrowUp")
        for panel in (first, second):
            expect(field(panel, "x1")).to_have_value("1.4")
        # By mouse, in the other one.
        track = second.get_by_label("k, slider")
        box = track.bounding_box()
        assert box
        track.click(position={"x": box["width"] - 2, "y": box["height"] / 2})
        expect(field(first, "k")).to_have_value("7.0")
        notebook.run_until(3, "'x1': 1.4, 'x2': 1.0, 'k': 7.0")
        said = notebook.output(3).last.inner_text()
        wanted = [number for row in json.loads(said[said.index("[[") :]) for number in row]
        assert numbers(first) == [float(f"{one:.4g}") for one in wanted]
        # And back.
        notebook.run(4)
        for panel in (first, second):
            expect(field(panel, "x1")).to_have_value("2.0")
            expect(field(panel, "x2")).to_have_value("0.5")
        press(page, first, "x2", "ArrowLeft")
        notebook.run_until(3, "'x1': 2.0, 'x2': 0.4, 'k': 7.0")
        # As an ordinary widget, beside plain sliders.
        notebook.run(5)
        widget = notebook.output(5).locator(".jm").first
        expect(field(widget, "x2")).to_have_value("0.4")
        plain = notebook.output(5).locator(".widget-slider .widget-readout")
        expect(plain.nth(1)).to_have_text("0.40")
        press(page, widget, "x2", "ArrowRight", 2)
        expect(plain.nth(1)).to_have_text("0.60")
        expect(field(first, "x2")).to_have_value("0.6")
        # Run again, the cell has a result of its own, and the old panel's values are gone.
        notebook.run(1)
        expect(field(notebook.panel(1), "x1")).to_have_value("1.0")
        press(page, notebook.panel(1), "x1", "ArrowRight")
        notebook.run_until(3, "'x1': 1.1")
        if frontends.AXE:
            assert not frontends.faults(page)


AGAIN = (
    "%load_ext jacmagic", NOTEBOOK[1], "print(r.values['x1'])", "r",
    "n = 0\n%nnchain --into n x in R; y in R; o = w x + b; L = 1/2 (o - y)^2",
    "_ = n.train({'x': [0.0, 1.0, 2.0], 'y': [1.0, 4.0, 7.0]}, lr=0.1, steps=500, progress=False)", "n",
)


def seen(notebook: Notebook, index: int, name: str, value: str) -> None:
    """A panel is drawn when it comes near, and outputs that come meanwhile move it away."""
    end = time.monotonic() + frontends.T_RUN / 1000
    while True:
        notebook.cell(index).scroll_into_view_if_needed()
        try:
            return expect(field(notebook.panel(index), name)).to_have_value(re.compile(value), timeout=1000)
        except AssertionError:
            if time.monotonic() > end:
                raise


def test_lab_a_result_shown_again_shows_its_newest_values(browser: Browser, serve: Serve) -> None:
    """By Run All, after a training or a move by hand; and again in a kernel that has started anew."""
    front_end, base, root = serve("lab")
    write_notebook(root / "again.ipynb", *AGAIN)
    with open_notebook(browser, front_end, base, "again.ipynb") as notebook:
        page = notebook.page
        notebook.run(0, 1)
        press(page, notebook.panel(1), "x1", "ArrowRight", 3)
        notebook.run_until(2, "1.3")
        notebook.run(3)
        for k in (1, 3):
            expect(field(notebook.panel(k), "x1")).to_have_value("1.3")
        for command in ("runmenu:run-all", "runmenu:restart-and-run-all"):
            page.evaluate(f"void window.jupyterapp.commands.execute('{command}')")  # a dialog may ask first
            if "restart" in command:
                page.locator(".jp-Dialog button.jp-mod-warn").click()
            seen(notebook, 6, "w", r"^(2\.99\d*|3)$")
            front_end.wait_idle(page)
            for k in (4, 6):
                seen(notebook, k, "w", r"^(2\.99\d*|3)$")
            for k in (1, 3):
                seen(notebook, k, "x1", r"^1\.0$")
            press(page, notebook.panel(3), "x1", "ArrowRight", 2)
            expect(field(notebook.panel(1), "x1")).to_have_value("1.2")


def test_lab_a_widget_alone_has_its_style(browser: Browser, serve: Serve) -> None:
    front_end, base, root = serve("lab")
    write_notebook(root / "widget.ipynb", "import jacmagic\njacmagic.jacobian('f(x, y) = [x y, x + y]').widget()")
    with open_notebook(browser, front_end, base, "widget.ipynb") as notebook:
        notebook.run(0)
        expect(notebook.panel(0).locator(".jm-stage")).to_have_css("display", "grid")
        expect(notebook.panel(0).locator("input[type=range]").first).to_have_css("appearance", "none")


QUIZ = (
    "%load_ext jacmagic", '%%jacobian --quiz "df1/dx2"\nf(x1, x2) = [sin(x1 x2), x1^2 + x2]',
    '%%nnchain --quiz "dL/dW"\nx in R^1\nh = tanh(W x + b) in R^2\nL = 1/2 ||h - y||^2',
)


def test_lab_a_quiz_is_marked_by_algebra_with_a_kernel_and_by_numbers_without(browser: Browser, serve: Serve) -> None:
    front_end, base, root = serve("lab")
    write_notebook(root / "quiz.ipynb", *QUIZ)
    with open_notebook(browser, front_end, base, "quiz.ipynb") as notebook:
        page = notebook.page
        notebook.run(0, 1, 2)
        asked, net = notebook.panel(1), notebook.panel(2)

        def answer(panel: Locator, says: str, text: str, mark: str | re.Pattern[str]) -> None:
            typed = panel.locator(".jm-asked").get_by_label(says, exact=True)
            typed.fill(text)
            typed.press("Enter")
            expect(panel.locator(".jm-asked output").first).to_have_text(mark)

        cells = asked.locator(".jm-cell > math")
        visible = [True, False, True, True]
        assert [one.is_visible() for one in cells.all()] == visible
        # A kernel reads LaTeX and the block's own words, and names the slip; numbers alone say less.
        answer(asked, "d f[1] by d x2", "-x1 cos(x1 x2)", "✗ a sign")
        answer(asked, "d f[1] by d x2", "cos(x1 x2)", "✗ the inner derivative missing")
        answer(asked, "d f[1] by d x2", "x1 cos(q)", "q is no name of the block.")
        answer(asked, "d f[1] by d x2", r"x_1 \cos\left(x_1 x_2\right)", "✓ right")
        expect(asked.locator(".jm-veiled")).to_have_count(0)
        answer(net, "d L by d W[1,1]", "(h1 - y1) x1", re.compile("✗ δ without the activation's slope"))
        answer(net, "d L by d W[1,1]", "(h1 - y1) (1 - h1^2) x1", "✓ right")
        expect(net.locator(".jm-card").first).to_be_hidden()
        if frontends.AXE:
            assert not frontends.faults(page)
        page.evaluate("void window.jupyterapp.commands.execute('docmanager:save')")
        expect(page.locator(".jp-mod-dirty")).to_have_count(0)
        page.evaluate(f"{SESSION}.shutdown()")
    with open_notebook(browser, front_end, base, "quiz.ipynb") as notebook:  # reopened: no cell has run in this kernel
        asked = notebook.panel(1)
        assert [one.is_visible() for one in asked.locator(".jm-cell > math").all()] == visible
        answer(asked, "d f[1] by d x2", "-x1 cos(x1 x2)", "✗ not right")
        answer(asked, "d f[1] by d x2", "x1 cos(x1 x2)", "✓ right")
        answer(notebook.panel(2), "d L by d W[1,1]", "(h1 - y1) (1 - h1^2) x1", "✓ right")


def test_lab_two_views_a_restart_and_a_dark_theme(browser: Browser, serve: Serve) -> None:
    front_end, base, root = serve("lab")
    write_notebook(root / "views.ipynb", *CELLS[:4])
    with open_notebook(browser, front_end, base, "views.ipynb") as notebook:
        page = notebook.page
        notebook.run(0, 1)
        cell = notebook.cell(1)
        cell.locator(".jp-InputPrompt").click()
        page.evaluate("window.jupyterapp.commands.execute('notebook:create-output-view')")
        expect(page.locator(".jm")).to_have_count(2)
        views = [notebook.panel(1), page.locator(".jp-LinkedOutputView .jm")]
        expect(views[1].locator(".jm-cell")).to_have_count(4)
        for k, view in enumerate(views):
            press(page, view, "x1", "ArrowRight")
            for other in views:
                expect(field(other, "x1")).to_have_value(f"1.{k + 1}")
        page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
        expect(page.locator(".jm.jm-dark")).to_have_count(2)
        if frontends.AXE:
            assert not frontends.faults(page)
        page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
        expect(page.locator(".jm:not(.jm-dark)")).to_have_count(2)
        page.evaluate(f"{SESSION}.session.kernel.restart()")
        press(page, views[0], "x1", "ArrowRight")
        expect(field(views[0], "x1")).to_have_value("1.3")


def test_lab_a_notebook_reopened_is_alive_without_running(browser: Browser, serve: Serve) -> None:
    front_end, base, root = serve("lab")
    write_notebook(root / "reopened.ipynb", *NOTEBOOK[:3])
    with open_notebook(browser, front_end, base, "reopened.ipynb") as notebook:
        notebook.run(0, 1, 2)
        expect(notebook.page.locator(".jm")).to_have_count(2)
        notebook.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        expect(notebook.page.locator(".jp-mod-dirty")).to_have_count(0)
    saved = json.loads((root / "reopened.ipynb").read_text())
    assert json.dumps(saved).count("data-font=") == 1
    with open_notebook(browser, front_end, base, "reopened.ipynb") as notebook:
        expect(notebook.page.locator(".jm")).to_have_count(2)
        press(notebook.page, notebook.panel(1), "x1", "ArrowRight", 2)
        expect(field(notebook.panel(1), "x1")).to_have_value("1.2")


@pytest.mark.parametrize("name", ["lab", "notebook7"])
def test_an_untrusted_notebook_shows_formulas_and_numbers(browser: Browser, serve: Serve, executed: Path, name: str) -> None:
    front_end, base, root = serve(name)
    shutil.copy(executed, root / "untrusted.ipynb")
    with open_notebook(browser, front_end, base, "untrusted.ipynb") as notebook:
        output = notebook.output(1).first
        expect(output.locator("mjx-container").first).to_be_visible()
        expect(notebook.page.locator(".jm")).to_have_count(0)
        text = output.inner_text()
        assert not re.search(r"function ?\(|=>|const |FontFace|\$\$", text), text[:500]
        assert "x₁ = 1" in text


def test_rise_shows_a_cell_alive_as_a_slide(browser: Browser, serve: Serve) -> None:
    front_end, base, root = serve("classic")
    write_notebook(root / "slides.ipynb", *NOTEBOOK[:2])
    made = json.loads((root / "slides.ipynb").read_text())
    for cell in made["cells"]:
        cell["metadata"] = {"slideshow": {"slide_type": "slide"}}
    (root / "slides.ipynb").write_text(json.dumps(made))
    with open_notebook(browser, front_end, base, "slides.ipynb") as notebook:
        page = notebook.page
        notebook.run(0, 1)
        start = page.locator("#RISE")
        if not os.environ.get("JACMAGIC_BROWSER_ALL") and not start.count():
            pytest.skip("RISE is not installed beside the classic notebook")
        page.evaluate("Jupyter.notebook.select(1)")  # where the slides begin
        start.click()
        shown = page.locator(".reveal section.present .jm")
        expect(shown).to_have_count(1)
        # The keys move the slider and leave the slide where it is.
        press(page, shown, "x1", "ArrowRight", 3)
        expect(field(shown, "x1")).to_have_value("1.3")
        expect(shown).to_have_count(1)
        box = shown.bounding_box()
        assert box
        assert box["width"] > 700
        assert box["x"] >= 0


def test_the_classic_notebook_is_required_in_ci() -> None:
    need(frontends.COLAB, "JACMAGIC_COLAB_PYTHON names no interpreter")
