"""One Chromium and one server of each front end for the whole run."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import frontends
from playwright.sync_api import Browser, sync_playwright

NOTEBOOK = (
    "%load_ext jacmagic",
    "%%jacobian --into r\nf(x1, x2) = [2x1 x2^2 + k x1, x1^2 sin x2]\nk = 3 in [0, 7]",
    "%%nnchain --into n\nx in R^1\na = W1 x + c1 in R^2\nb = tanh(W2 a + c2) in R^2\no = W3 b + c3 in R^1",
    "r.save('page.html'); None",
)


def need(what: object, says: str) -> None:
    """Skip for want of something; in CI that fails."""
    if not what:
        (pytest.fail if os.environ.get("JACMAGIC_BROWSER_ALL") else pytest.skip)(says)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=frontends.CHROMIUM, args=frontends.CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[frontends.FrontEnd, str, Path]]]:
    """Start a front end's server when it is first asked for: (front end, address, folder)."""
    started: dict[str, tuple[frontends.FrontEnd, str, Path]] = {}
    with contextlib.ExitStack() as stack:

        def start(name: str) -> tuple[frontends.FrontEnd, str, Path]:
            if name == "classic":
                need(frontends.COLAB, "JACMAGIC_COLAB_PYTHON names no interpreter")
            if name not in started:
                root = tmp_path_factory.mktemp(name)
                env = frontends.isolated_env(tmp_path_factory.mktemp(name + "-home"))
                front_end = frontends.FRONT_ENDS[name]
                started[name] = (front_end, stack.enter_context(frontends.server(front_end, root, env)), root)
            return started[name]

        yield start


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook with its outputs, run without a browser."""
    import nbformat
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("executed")
    path = folder / "executed.ipynb"
    frontends.write_notebook(path, *NOTEBOOK)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def page(browser: Browser) -> Iterator[object]:
    with frontends.page_in(browser) as fresh:
        yield fresh
