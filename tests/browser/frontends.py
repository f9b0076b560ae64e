"""Jupyter front ends driven by a real Chromium: servers, notebooks, and what to wait for. No sleeps.

Environment variables:
    JACMAGIC_CHROMIUM      the browser; else /usr/bin/chromium, else the one that Playwright installed
    JACMAGIC_FIREFOX       a Firefox; else firefox-esr or firefox of the path
    JACMAGIC_COLAB_PYTHON  an interpreter with Colab's versions and the classic notebook, jacmagic installed
    JACMAGIC_AXE           path of axe-core's axe.min.js
    JACMAGIC_REVEAL        folder dist of reveal.js; else it is taken from npm
    JACMAGIC_BROWSER_ALL   set in CI: what would be skipped for want of one of these (or node) fails
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

CHROMIUM = os.environ.get("JACMAGIC_CHROMIUM") or shutil.which("chromium")
CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # Nothing but this machine: every other name fails at once instead of hanging.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
COLAB = os.environ.get("JACMAGIC_COLAB_PYTHON")
AXE = os.environ.get("JACMAGIC_AXE")
T_SERVER, T_LOAD, T_RUN = 60, 60_000, 30_000  # s, ms, ms

ALLOWED = {
    r"Failed to load resource: net::ERR_FAILED https://(cdnjs\.cloudflare\.com/ajax/libs/(mathjax|require\.js|jquery|mermaid)/.*"
    r"|unpkg\.com/@jupyter-widgets/html-manager@\*/dist/embed-amd\.js)": "what nbconvert's own pages ask for; the network is off",
    r"uncaught: Cannot read properties of undefined \(reading 'schema'\)":
        "Notebook 7 itself, without an output of ours: a plug-in's settings are asked for before they are there",
    r"Refused to apply style from 'http://127\.0\.0\.1:\d+/notebooks/\w+\.css' .*|Failed to load resource: .*(/notebooks/\w+\.css|fonts\.googleapis\.com/.*)":
        "RISE itself: styles that a folder may have, and fonts; the network is off",
}
"""Console errors that are not ours, and why."""


def write_notebook(path: Path, *sources: str) -> None:
    """A notebook that has not run. Without a kernelspec Lab would ask for a kernel."""
    spec = {"name": "python3", "language": "python", "display_name": "Python 3 (ipykernel)"}
    cells = [
        {"cell_type": "code", "id": f"cell{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": s}
        for i, s in enumerate(sources)
    ]
    metadata = {"kernelspec": spec, "language_info": {"name": "python"}}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}))


def isolated_env(home: Path) -> dict[str, str]:
    """Folders of our own, so that no user's setting or old session matters."""
    keep = {k: v for k, v in os.environ.items() if k == "PYTHONPATH" or not k.startswith(("JUPYTER", "IPYTHON", "JPY_", "PYTHON"))}
    keep.update(
        HOME=str(home), JUPYTER_CONFIG_DIR=str(home / "config"), JUPYTER_DATA_DIR=str(home / "data"),
        JUPYTER_RUNTIME_DIR=str(home / "runtime"), IPYTHONDIR=str(home / "ipython"),
        JUPYTERLAB_SETTINGS_DIR=str(home / "settings"), JUPYTERLAB_WORKSPACES_DIR=str(home / "workspaces"),
        PYDEVD_DISABLE_FILE_VALIDATION="1",
    )
    for plugin, settings in {
        # "none" asks, in a box over the page that can take clicks
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
        # every cell's output is in the page, also when scrolled out of sight
        "notebook-extension/tracker": {"windowingMode": "none"},
        "docmanager-extension/plugin": {"autosave": False},
    }.items():
        file = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))
    return keep


@dataclasses.dataclass(frozen=True)
class FrontEnd:
    """Where a front end has its cells, and how to know that it is ready."""

    name: str
    command: list[str]
    url: str
    notebook: str
    cell: str
    editor: str
    prompt: str
    prompt_text: str
    output: str
    error: str

    @property
    def classic(self) -> bool:
        return self.name == "classic"

    def wait_idle(self, page: Page) -> None:
        if self.classic:
            # `Jupyter` may be missing while require.js still loads
            page.wait_for_function(
                """() => {
                    const nb = window.Jupyter && Jupyter.notebook;
                    return !!nb && nb._fully_loaded && !!nb.kernel && nb.kernel.is_connected()
                        && !!nb.kernel.info_reply && !!nb.kernel.info_reply.protocol_version
                        && document.querySelector('#kernel_indicator_icon.kernel_idle_icon') !== null;
                }""", timeout=T_LOAD)
            return
        expect(page.locator(f"{self.notebook}:visible")).to_have_count(1, timeout=T_LOAD)
        # The indicator leaves unknown and starting only with a kernel; then the application itself is asked.
        expect(page.locator(".jp-Notebook-ExecutionIndicator:visible")).to_have_attribute("data-status", "idle", timeout=T_LOAD)
        page.wait_for_function(
            """() => {
                const panel = window.jupyterapp && window.jupyterapp.shell.currentWidget;
                const context = panel && panel.sessionContext;
                const kernel = context && context.session && context.session.kernel;
                return !!kernel && context.isReady && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
            }""", timeout=T_LOAD)


_SERVER = ["--no-browser", "--allow-root", "--ServerApp.token=", "--ServerApp.password=", "--ServerApp.ip=127.0.0.1",
           "--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.root_dir={root}",
           "--ServerApp.terminals_enabled=False", "--LabApp.news_url=None", "--LabApp.extension_manager=readonly"]
_LAB = {
    "notebook": ".jp-NotebookPanel .jp-Notebook", "cell": ".jp-CodeCell", "editor": ".cm-content", "prompt": ".jp-InputPrompt",
    "prompt_text": "[{n}]:", "output": ".jp-OutputArea-output",
    "error": '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"],'
          '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]'}
FRONT_ENDS = {
    "lab": FrontEnd("lab", [sys.executable, "-m", "jupyterlab", *_SERVER, "--LabApp.expose_app_in_browser=True"],
                    "/lab/tree/{nb}?reset", **_LAB),
    "notebook7": FrontEnd("notebook7", [sys.executable, "-m", "notebook", *_SERVER,
                                        "--JupyterNotebookApp.expose_app_in_browser=True"], "/notebooks/{nb}", **_LAB),
    "classic": FrontEnd(
        "classic", [COLAB or "python", "-m", "notebook", "--no-browser", "--allow-root", "--NotebookApp.token=",
                    "--NotebookApp.password=", "--NotebookApp.ip=127.0.0.1", "--NotebookApp.port={port}",
                    "--NotebookApp.port_retries=0", "--NotebookApp.notebook_dir={root}",
                    "--NotebookApp.terminals_enabled=False",
                    # else it asks a CDN for MathJax 2
                    "--NotebookApp.enable_mathjax=False"],
        "/notebooks/{nb}", notebook="#notebook-container", cell=".cell.code_cell", editor=".CodeMirror-lines",
        prompt=".input_prompt", prompt_text="In [{n}]:", output=".output_area .output_subarea",
        error=".output_subarea.output_error,.output_subarea.output_stderr"),
}


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextlib.contextmanager
def server(front_end: FrontEnd, root: Path, env: dict[str, str]) -> Iterator[str]:
    """Start a Jupyter server; it is ready when /api/status answers, not when the log says so."""
    port = _free_port()
    command = [part.format(port=port, root=root) for part in front_end.command]
    process = subprocess.Popen(command, cwd=root, env=env, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    log: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: log.extend(process.stdout), daemon=True)
    reader.start()
    base = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + T_SERVER
    try:
        while True:
            try:
                with urllib.request.urlopen(base + "/api/status", timeout=T_SERVER) as answer:
                    json.load(answer)
                break
            except OSError:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
            if process.poll() is not None or time.monotonic() > deadline:
                reader.join(1)
                raise RuntimeError("the server did not start:\n" + "".join(log))
        yield base
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)  # orderly: the server ends its kernels
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        reader.join(5)
        process.stdout.close()


class Watch:
    """What goes wrong in a page: console errors and uncaught errors."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self._note(f"uncaught: {error}"))
        page.on("console", self._said)

    def _said(self, message: ConsoleMessage) -> None:
        text = f"{message.text} {message.location.get('url', '')}"
        if message.type == "error":
            self._note(text)

    def _note(self, text: str) -> None:
        if not any(re.fullmatch(known, text) for known in ALLOWED):
            self.errors.append(text)


BROKEN = """() => {
  const parts = { mfrac: 2, mroot: 2, msup: 2, msub: 2, mover: 2, munder: 2, msubsup: 3, munderover: 3 };
  return [...document.querySelectorAll(Object.keys(parts).join())]
    .filter((one) => one.children.length !== parts[one.localName]).map((one) => one.outerHTML.slice(0, 200));
}"""
"""Formulas that have not the parts of their kind: a browser draws them as a row, a fraction as a product."""


@contextlib.contextmanager
def page_in(browser: Browser, **more: object) -> Iterator[Page]:
    """A fresh page; requests to elsewhere are aborted, a console error or a broken formula fails the test at its end."""
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, "reduced_motion": "reduce", "locale": "en-US", **more})
    context.route(lambda url: not re.match(r"(http://127\.0\.0\.1:|file:|data:|blob:)", url), lambda route: route.abort())
    page = context.new_page()
    watch = Watch(page)
    try:
        yield page
        broken = [] if page.is_closed() else page.evaluate(BROKEN)
        assert not broken + watch.errors, "\n".join(broken + watch.errors)
    finally:
        context.close()


@dataclasses.dataclass
class Notebook:
    """An open notebook."""

    page: Page
    front_end: FrontEnd
    count: int = 0

    def cell(self, index: int) -> Locator:
        return self.page.locator(f"{self.front_end.notebook} {self.front_end.cell}").nth(index)

    def output(self, index: int) -> Locator:
        return self.cell(index).locator(self.front_end.output)

    def panel(self, index: int, nth: int = 0) -> Locator:
        return self.cell(index).locator(".jm").nth(nth)

    def run(self, *indices: int) -> Locator:
        """Run cells by the keyboard; back when they have their numbers and the kernel is idle."""
        for index in indices:
            self.count += 1
            cell = self.cell(index)
            cell.locator(self.front_end.editor).first.click()
            self.page.keyboard.press("Shift+Enter")
            number = re.escape(self.front_end.prompt_text.format(n=self.count)).replace(r"\ ", r"[\s\u00a0]*")
            expect(cell.locator(self.front_end.prompt)).to_have_text(re.compile(rf"^\s*{number}\s*$"), timeout=T_RUN)
            self.front_end.wait_idle(self.page)
            expect(cell.locator(self.front_end.error)).to_have_count(0)
        return cell

    def run_until(self, index: int, text: str) -> None:
        """Run a cell again until its output says so: values travel to the kernel in their own time."""
        deadline = time.monotonic() + 20
        while True:
            self.run(index)
            said = self.output(index).last.inner_text().strip()
            if text in said:
                return
            assert time.monotonic() < deadline, f"{said!r} instead of {text!r}"


@contextlib.contextmanager
def open_notebook(browser: Browser, front_end: FrontEnd, base: str, name: str, **more: object) -> Iterator[Notebook]:
    with page_in(browser, **more) as page:
        page.goto(base + front_end.url.format(nb=name), wait_until="domcontentloaded", timeout=T_LOAD)
        front_end.wait_idle(page)
        yield Notebook(page, front_end)


def faults(page: Page, where: str = ".jm") -> list[str]:
    """What axe-core finds serious or critical."""
    page.evaluate(Path(AXE or "").read_text(encoding="utf-8"))
    found = page.evaluate("where => axe.run({include: [[where]]}, {resultTypes: ['violations']})", where)
    return [
        f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['failureSummary']}"
        for one in found["violations"] if one["impact"] in ("serious", "critical")
    ]
