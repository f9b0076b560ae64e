"""A displayed result: copies and pickles of it, and what it leaves in the kernel."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from test_interrupt import Kernel

import jacmagic
from jacmagic.notebook import Result

MANY = "u0 = x\n" + "\n".join(f"u{k + 1} = u{k} x + 1" for k in range(900)) + "\nx in R"
WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda r: pickle.loads(pickle.dumps(r)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "make",
    [
        lambda: jacmagic.jacobian("u = x^2 y + sin(x)\nf = [u y, k u] if x > 0 else [x, y]\nk = 2 in [0, 5]"),
        lambda: jacmagic.nnchain("x in R^3\na = tanh(W1 x + c1) in R^4\no = softmax(W2 a + c2) in R^2\nL = cross_entropy(o, y)"),
        pytest.param(lambda: jacmagic.jacobian(MANY), marks=pytest.mark.long),
    ],
    ids=["cases", "net", "nine hundred lines"],
)
def test_a_displayed_result_is_copied_without_its_panels(way: str, make: Callable[[], Result]) -> None:
    r = make().show(big=True)
    r.set(x=np.full(r.program.shape("x"), 0.7))
    heard: list[Any] = []
    r.observe(heard.append)
    panel, board = r.widget(), r.sliders()
    r._repr_mimebundle_()
    listeners = len(r._links)

    again = WAYS[way](r)
    assert type(again) is Result
    assert again.uid != r.uid
    assert again.at().tobytes() == r.at().tobytes()
    assert again._repr_mimebundle_()["text/plain"] == r._repr_mimebundle_()["text/plain"]
    assert again._big
    assert not again._links
    assert not again._observers

    before = r.values["x"]
    again.set(x=np.full(r.program.shape("x"), 0.2))
    assert np.array_equal(r.values["x"], before)
    assert not heard
    r.set(x=np.full(r.program.shape("x"), -0.4))
    assert np.all(np.asarray(again.values["x"]) == 0.2)
    assert len(heard) == 1
    assert len(r._links) == listeners
    panel.close()
    assert len(r._links) == listeners - 1
    assert board.children


def test_a_pickled_result_opens_in_another_process() -> None:
    r = jacmagic.nnchain("x in R^2\no = tanh(W x + b) in R^2")
    r.set(x=[0.25, -1])
    r._repr_mimebundle_()
    code = "import pickle, sys; r = pickle.load(sys.stdin.buffer); print(r.at().tolist(), r.values['x'].tolist())"
    out = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(r), capture_output=True, check=True)
    assert out.stdout.decode().strip() == f"{r.at().tolist()} [0.25, -1.0]"


def test_a_value_is_the_numbers_that_were_given_then() -> None:
    r = jacmagic.jacobian("x in R^2\nf(x) = x^T x")
    given = np.array([1.0, 2.0])
    r.values["x"] = given
    given[0] = 9
    assert r.values["x"].tolist() == [1, 2]


# ------------------------------------------------------------------ in a kernel
@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    made = Kernel()
    try:
        made.run("%load_ext jacmagic")
        made.run("import ipywidgets, jacmagic\nfrom IPython.display import display")
        made.run(
            "def left():\n"
            "    found = getattr(ipywidgets.widgets.widget, '_instances', None)\n"
            "    return len(ipywidgets.Widget.widgets if found is None else found), len(get_ipython().kernel.comm_manager.comms)"
        )
        yield made
    finally:
        made.close()


def left(kernel: Kernel) -> str:
    """The widgets and comms that are there when the garbage collector has been, and the cell is over."""
    kernel.run("__import__('gc').collect()")
    return kernel.value("left()")


def clears(kernel: Kernel, before: str) -> bool:
    """True once all is gone; what a thread of a cell still holds goes some cells later, and what leaks never does."""
    return any(left(kernel) == before for _ in range(20))


@pytest.mark.long
def test_a_shown_result_has_a_bridge_while_it_lives(kernel: Kernel) -> None:
    before = left(kernel)
    kernel.run("r = jacmagic.jacobian('f(x) = x^2'); display(r)", cell="a")
    with_one = left(kernel)
    assert with_one != before
    kernel.run("r.set(x=3)")
    kernel.run("display(r)", cell="b")
    assert left(kernel) == with_one, "one for all outputs of a result"
    kernel.run("del r")
    assert clears(kernel, before)


def test_fifty_results_that_nobody_keeps_leave_nothing(kernel: Kernel) -> None:
    before = left(kernel)
    kernel.run("for k in range(50): display(jacmagic.jacobian(f'f(x) = {k} x'))", cell="a")
    assert clears(kernel, before)


@pytest.mark.long
def test_a_cell_that_is_run_fifty_times_has_the_bridge_of_its_output(kernel: Kernel) -> None:
    kernel.run("%jacobian f(x) = x^2", cell="a")
    before = left(kernel)
    for k in range(50):
        kernel.run(f"%%jacobian\nf(x) = {k} x^2", cell="a")
    assert kernel.value("len([one for one in Out.values() if 'jacobian of' in repr(one)])") != "1"
    assert clears(kernel, before)
    kernel.run("2 + 2", cell="a")
    assert clears(kernel, "(0, 0)")


def test_a_cell_that_runs_others_keeps_its_bridges(kernel: Kernel) -> None:
    kernel.run("%jacobian --into r f(x) = x^2", cell="a")
    before = left(kernel)
    kernel.run("display(r); get_ipython().run_cell('1 + 1')", cell="a")
    assert left(kernel) == before
