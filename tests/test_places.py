"""Other places than a notebook on a desk: strict warnings, -O, read-only homes, threads, terminals, workers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from share import some

import jacmagic

ROOT = Path(jacmagic.__file__).parents[1]
USE = """
import jacmagic

def need(holds):
    if not holds:  # an assert is nothing under -O
        raise SystemExit("wrong")

r = jacmagic.jacobian("f(x, y) = (x^2 y, 5x + sin y)")
need(r.at(x=1, y=2).shape == (2, 2))
need(str(r.matrix[0, 0]) == "2*x*y")
need("5" in r._repr_mimebundle_()["text/html"])
n = jacmagic.nnchain("x in R^2\\na = tanh(W x + c) in R^3\\nL = sum(a)")
need(n.at("L", "W").shape == (3, 2))
need("def " in r.code("numpy"))
try:
    jacmagic.jacobian("L(x) = 1/2x")
except jacmagic.AmbiguousMath as error:
    need(error.hints == ("(1/2) x", "1/(2x)"))
print("used")
"""


def python(*options: str, code: str = USE, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("options", some([("-W", "error"), ("-OO",), ("-X", "utf8=0"), ("-X", "dev", "-W", "error")]), ids=" ".join)
def test_it_runs_under_options_of_python(options: tuple[str, ...]) -> None:
    assert python(*options) == "used"


PYODIDE = """
import sys, _thread, threading
from IPython.core.interactiveshell import InteractiveShell
import ipykernel.comm, numpy, sympy  # what a kernel there has loaded
shell = InteractiveShell.instance()
def none(*_, **__): raise RuntimeError("can't start new thread")
_thread.start_new_thread = threading.Thread.start = none
sys.platform = "emscripten"
def run(cell):
    done = shell.run_cell(cell)
    done.raise_error()
    return done.result
run("%load_ext jacmagic")
import jacmagic
r = run("%%jacobian --into r\\nf(x, y) = [x^2 y, k sin y]\\nk = 2")
n = run("%%nnchain --into n\\nx in R^2\\na = tanh(W x + c) in R^3\\no = sigmoid(V a + d) in R^1\\nL = bce(o, y)")
for one in (r, n):
    data, _ = shell.display_formatter.format(one)
    assert {"text/html", "text/plain", "text/latex"} <= set(data), data
    assert "data-jacmagic" in data["text/html"]
    one.widget(), one.sliders(), one.html()
run("%jacobian f(x) = x^2")
assert r.at(x=1, y=2).shape == (2, 2)
assert r.matrix.shape == (2, 2)
r.save("page.html")
assert [one["x"] for one in jacmagic.jacobian("x^2 = 4").solve()] == [-2, 2]
losses = n.train({"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [[0], [1], [1], [0]]}, lr=0.5, steps=20)
assert len(losses) and losses[-1] < losses[0]
try:
    run("%jacobian f(x) = 1/2x")
except Exception as error:
    assert type(error).__name__ == "AmbiguousMath", error
assert jacmagic.jacobian("f(x) = x^3").at(x=2) == 12
"""


def test_everything_works_where_no_thread_can_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Pyodide, which JupyterLite runs: magics, outputs, widgets, training, pages."""
    monkeypatch.chdir(tmp_path)
    assert python(code=PYODIDE + "print('worked')", PYTHONWARNINGS="ignore").endswith("worked")
    assert (tmp_path / "page.html").is_file()


def test_it_runs_where_there_is_no_ipython() -> None:
    without = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('IPython', 'ipykernel', 'ipywidgets', 'anywidget', 'traitlets', 'torch', 'jax'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    assert python(code=without + USE) == "used"


def test_it_writes_nothing_where_it_may_not(tmp_path: Path) -> None:
    """A home and an installation that are read-only: nothing is cached there, nothing is asked for."""
    home = tmp_path / "home"
    home.mkdir()
    house = tmp_path / "site" / "jacmagic"
    house.mkdir(parents=True)
    for file in sorted((ROOT / "jacmagic").rglob("*")):
        if {"__pycache__", "node_modules"} & set(file.parts):
            continue
        place = house / file.relative_to(ROOT / "jacmagic")
        if file.is_dir():
            place.mkdir(exist_ok=True)
        else:
            place.write_bytes(file.read_bytes())
    watch = (  # a superuser writes everywhere, so that what is tried counts
        "import os, sys\n"
        f"places = {[str(home), str(tmp_path / 'site')]!r}\n"
        "def hook(event, arguments):\n"
        "    if event in ('open', 'os.mkdir', 'os.rename', 'os.remove') and isinstance(arguments[0], (str, bytes)):\n"
        "        path = os.fsdecode(arguments[0])\n"
        "        writes = event != 'open' or (arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))\n"
        "        if writes and any(path.startswith(place) for place in places):\n"
        "            raise PermissionError(path)\n"
        "sys.addaudithook(hook)\n"
    )
    for folder in (home, *sorted(p for p in (tmp_path / "site").rglob("*") if p.is_dir())):
        folder.chmod(0o555)
    try:
        assert python(code=watch + USE, PYTHONPATH=str(tmp_path / "site"), HOME=str(home), MPLCONFIGDIR=str(home)) == "used"
    finally:
        for folder in (home, *(p for p in (tmp_path / "site").rglob("*") if p.is_dir())):
            folder.chmod(0o755)
    assert not list(home.iterdir())
    assert not list((tmp_path / "site").rglob("__pycache__"))


def test_threads_give_what_one_after_the_other_gives() -> None:
    blocks = [f"f(x, y) = (x^{k} sin(y) + e^(x y), tanh({k} x) y^2)\ng(x, y) = ln(1 + x^2 y^{k})" for k in range(2, 10)]
    points = np.linspace(0.1, 2, 50)

    def work(block: str) -> tuple[object, ...]:
        r = jacmagic.jacobian(block)
        return r._repr_mimebundle_()["text/latex"], str(r.matrix), r.at(x=points, y=points[::-1]).tolist(), r.code("numpy")

    right = {block: work(block) for block in blocks}
    shared = jacmagic.jacobian(blocks[0])
    alone = jacmagic.jacobian(blocks[0])
    found: dict[str, list[object]] = {block: [] for block in blocks}
    wrong: list[BaseException] = []

    def run(block: str) -> None:
        try:
            found[block].append(work(block))
            found[block].append(shared.at(x=points, y=points).tolist())
            found[block].append(shared._repr_mimebundle_()["text/plain"])
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(block,)) for block in blocks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not wrong
    for block in blocks:
        assert found[block] == [right[block], alone.at(x=points, y=points).tolist(), alone._repr_mimebundle_()["text/plain"]]


def test_ipython_on_a_bare_terminal(tmp_path: Path) -> None:
    lines = "%load_ext jacmagic\n%jacobian f(x) = x^2 y\n_.at(x=3, y=2)\n%jacobian f(x) = 1/2x\n%nnchain x(3) -> 4 tanh -> 2 softmax\nexit\n"
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"], input=lines, text=True, capture_output=True,
        timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path), "TERM": "dumb"},
    )
    assert "2x y" in done.stdout
    assert "∂h₁/∂x" in done.stdout
    assert "array([[12.]])" in done.stdout
    assert "AmbiguousMath: 1/2x can be read in two ways." in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.long
def test_two_kernels_at_once_know_nothing_of_each_other() -> None:
    from test_interrupt import Kernel

    one, two = Kernel(), Kernel()
    try:
        for kernel, power in ((one, 2), (two, 3)):
            kernel.run("%load_ext jacmagic")
            kernel.run(f"%jacobian --into J f(x) = x^{power}")
        idents = [kernel.client.execute("J.at(x=2).tolist()") for kernel in (one, two)]
        assert all(idents)
        assert one.value("J.at(x=2).tolist()") == "[[4.0]]"
        assert two.value("J.at(x=2).tolist()") == "[[12.0]]"
    finally:
        for kernel in (one, two):
            kernel.client.stop_channels()
            kernel.manager.shutdown_kernel(now=True)


@pytest.mark.long
def test_a_kernel_has_what_its_first_cell_needs_a_moment_after_loading() -> None:
    from test_interrupt import Kernel

    kernel = Kernel()
    try:
        kernel.run("%load_ext jacmagic")
        begin = time.monotonic()
        asked = "'jacmagic.panel.bridge' in __import__('sys').modules, __import__('jacmagic').working._coming"
        while kernel.value(asked) != "(True, {})":
            assert time.monotonic() - begin < 60
        kernel.run("%jacobian --into J f(x) = x^2")
        assert kernel.value("J.at(x=2).tolist()") == "[[4.0]]"
    finally:
        kernel.close()


def test_a_process_that_ends_at_once_waits_for_no_import() -> None:
    code = "from jacmagic import working; working.MOMENT = 60; working.prepare('colorsys')"
    assert python(code=code) == ""


def test_a_cell_that_comes_meanwhile_waits_for_the_import_that_is_under_way() -> None:
    code = (
        "from jacmagic import working; working.MOMENT = 0; working.prepare('jacmagic.notebook')\n"
        "working.load('jacmagic.notebook'); from jacmagic.notebook import derive; print(derive('f(x) = x^2').at(x=3))"
    )
    assert python(code=code) == "[[6.]]"


def test_a_function_goes_through_pickle_into_another_process() -> None:
    r = jacmagic.jacobian("f(x, y) = (x^2 y, 5x + sin y)")
    payload = pickle.dumps(r.function("numpy"))
    code = f"import pickle; f = pickle.loads({payload!r}); print(f(x=[1.0, 2.0], y=3.0).tolist())"
    assert python(code=code) == str(r.at(x=[1.0, 2.0], y=3.0).tolist())
