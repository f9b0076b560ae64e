"""The panel in hosts that are no notebooks of Jupyter: it is there, and its numbers follow the sliders.

Each host is asked for its own way; a host that is not installed is skipped, in CI that fails.
`pip install -e ".[test,browser,hosts]"`.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect
from test_pages import moves

pytestmark = pytest.mark.long

BLOCK = r'r = jacmagic.jacobian("f(x, y) = x^2 y + sin y\ng(x, y) = k x y\nk = 3")'

MARIMO = f"""
import marimo
app = marimo.App()

@app.cell
def _():
    import jacmagic
    {BLOCK}
    r
    return (r,)

@app.cell
def _(r):
    import marimo as mo
    w = mo.ui.anywidget(r.widget())
    w
    return mo, w

@app.cell
def _(mo, w):
    mo.md(f"the numbers: {{w.value['values']}}")
    return
"""

HOSTS = {  # module, the app, the command
    "marimo": (MARIMO, "-m marimo -q run app.py --headless --no-token --port PORT"),
    "panel": (
        f"import jacmagic, panel as pn\n{BLOCK}\npn.panel(r, sizing_mode='stretch_width').servable()\n",
        "-m panel serve app.py --port PORT",
    ),
    "streamlit": (
        f"import jacmagic, streamlit as st\n{BLOCK}\nst.components.v1.html(r.html(), height=700)\n",
        "-m streamlit run app.py --server.headless true --server.port PORT",
    ),
    "gradio": (
        f"import gradio as gr, jacmagic\n{BLOCK}\nwith gr.Blocks() as app:\n    gr.HTML(r.html(height=700))\napp.launch(server_port=PORT)\n",
        "app.py",
    ),
    "shiny": (
        f"import jacmagic\nfrom shiny import App, ui\n{BLOCK}\n"
        "app = App(ui.page_fluid(ui.HTML(r.html(height=700))), lambda input, output, session: None)\n",
        "-m shiny run app.py --port PORT",
    ),
    "solara": (
        f"import jacmagic, solara\n{BLOCK}\n@solara.component\ndef Page():\n    solara.display(r)\n"
        "    solara.HTML(tag='div', unsafe_innerHTML=r.html(height=700))\n    solara.display(r.widget())\n",
        "-m solara run app.py --host 127.0.0.1 --port PORT --production --no-open",
    ),
    "voila": (f"import jacmagic\n{BLOCK}\nr.widget()", "-m voila app.ipynb --no-browser --port PORT"),
}
PATHS = {"panel": "/app"}
# Nothing is sent anywhere.
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false", "MARIMO_SKIP_UPDATE_CHECK": "1", "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False"}


def notebook(*cells: str, tags: tuple[str, ...] = ()) -> nbformat.NotebookNode:
    spec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    made = [nbformat.v4.new_code_cell(one, metadata={"tags": list(tags)} if one.startswith("%%") else {}) for one in cells]
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": spec})


def needed(name: str) -> None:
    if find_spec(name) is None:
        (pytest.fail if os.environ.get("JACMAGIC_HOSTS_ALL") else pytest.skip)(f"{name} is not installed")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for a server's first page."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        assert process.poll() is None, "the host has ended"
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the host does not answer")


@pytest.mark.parametrize("host", HOSTS)
def test_a_panel_is_alive_in(host: str, browser: Browser, tmp_path: Path) -> None:
    needed(host)
    text, command = HOSTS[host]
    port = str(free_port())
    (tmp_path / "app.py").write_text(text.replace("PORT", port), encoding="utf-8")
    nbformat.write(notebook(text), tmp_path / "app.ipynb")
    words = [sys.executable, *command.replace("PORT", port).split()]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(words, cwd=tmp_path, env={**os.environ, **QUIET}, stdout=log, stderr=log)
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        address = f"http://127.0.0.1:{port}{PATHS.get(host, '')}"
        answers(address, process)
        page.goto(address)
        frame = page.main_frame
        if host != "voila":
            one = page.locator("iframe[srcdoc]").first
            expect(one.content_frame.locator(".jm")).to_have_count(1, timeout=60_000)  # a host may put its frame in twice
            framed = one.element_handle()
            assert framed is not None
            inner = framed.content_frame()
            assert inner is not None
            frame = inner
        expect(frame.locator(".jm")).to_have_count(1, timeout=60_000)
        moves(frame)
        if host == "marimo":  # beside the output in its frame there is the widget, and what Python has of it
            moves(page.main_frame)
            expect(page.get_by_text(re.compile("the numbers: .*'x': 1.1"))).to_be_visible()
        if host == "solara":  # beside the frame the result itself, and its widget, which hears of it
            expect(page.locator(".jm")).to_have_count(2)
            moves(page.main_frame, ".jm >> nth=0")
            expect(page.locator(".jm >> nth=1").locator(".jm-field").first).to_have_value("1.1")
        page.screenshot(path=tmp_path / "page.png")
        assert not wrong
    finally:
        page.close()
        process.terminate()
        process.wait(30)


CELLS = ("%load_ext jacmagic", "x0 = 1", "%%jacobian --into r\nf(x) = 2x + x^2 sin x\nx = {x0}", "float(r.at())")


def test_a_tagged_block_stays_python_in_jupytexts_percent_format() -> None:
    needed("jupytext")
    import jupytext

    text = jupytext.writes(notebook(*CELLS, tags=("active-ipynb",)), "py:percent")
    compile(text, "app.py", "exec")
    assert [one.source for one in jupytext.reads(text, "py:percent").cells] == list(CELLS)


def test_papermill_keeps_formulas_and_panel(tmp_path: Path) -> None:
    needed("papermill")
    import papermill

    made = notebook(*CELLS)
    made.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(made, tmp_path / "app.ipynb")
    ran = papermill.execute_notebook(tmp_path / "app.ipynb", tmp_path / "out.ipynb", {"x0": 0}, kernel_name="python3", progress_bar=False)
    shown, number = ran.cells[-2].outputs[0].data, ran.cells[-1].outputs[0].data
    assert "<script>" in shown["text/html"]
    assert number["text/plain"] == "2.0"
