"""demo.ipynb runs from top to bottom, and is saved with the outputs that it gives.

`python tests/test_demo.py` runs it and saves it anew.
"""

from __future__ import annotations

import os
import re
from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import jacmagic

DEMO = Path(__file__).resolve().parents[1] / "demo.ipynb"


def run() -> nbformat.NotebookNode:
    """The demo with the outputs that it gives here, without what differs from one run to the next."""
    notebook = nbformat.read(DEMO, as_version=4)
    home = str(Path(jacmagic.__file__).resolve().parents[1])
    search = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", record_timing=False,
        resources={"metadata": {"path": str(DEMO.parent)}},
    )
    client.execute(env={**os.environ, "PYTHONPATH": search, "PYTHONHASHSEED": "0"})
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


@pytest.fixture(scope="module")
def fresh() -> nbformat.NotebookNode:
    return run()


@pytest.fixture(scope="module")
def saved() -> nbformat.NotebookNode:
    return nbformat.read(DEMO, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+−-]?\d+)?(?!\w)")


def assert_alike(now: str, then: str, says: str = "") -> None:
    """The same words, and the same numbers but for the last digit that is shown."""
    assert NUMBER.sub("0", now) == NUMBER.sub("0", then), says
    for new, old in zip(NUMBER.findall(now), NUMBER.findall(then)):
        assert float(new.replace("−", "-")) == pytest.approx(float(old.replace("−", "-")), rel=2e-3, abs=0), says or (new, old)


def shown(cell) -> list[str]:
    """What a cell of ours shows a terminal."""
    found = []
    for output in cell.outputs:
        if output.output_type == "error":
            found.append("\n".join(output.traceback))
        elif "text/html" in output.get("data", {}):
            found.append(output.data["text/plain"])
    return found


def test_it_runs_and_only_the_cell_that_should_fail_fails(fresh):
    for cell in code_cells(fresh):
        failed = [output.ename for output in cell.outputs if output.output_type == "error"]
        wanted = "raises-exception" in cell.metadata.get("tags", [])
        assert bool(failed) == wanted, (cell.source, failed)
        assert set(failed) <= {"AmbiguousMath"}


def test_its_saved_outputs_are_those_that_it_gives(fresh, saved):
    for now, then in zip(code_cells(fresh), code_cells(saved), strict=True):
        for new, old in zip(shown(now), shown(then), strict=True):
            assert_alike(new, old, f"{now.source}\n{new}\npython tests/test_demo.py saves the demo anew")


@pytest.mark.parametrize(("now", "then", "alike"), [
    ("J = [0.8776, −1.2e−05]", "J = [0.8777, −1.2e−05]", True),
    ("J = [0.8776, −1.2e−05]", "J = [0.8876, −1.2e−05]", False),
    ("J = [0.8776, −1.2e−05]", "J = [0.8776, −1.2e−06]", False),
    ("J = [0.8776]", "J = [−0.8776]", False),
    ("∂a/∂x 1.59", "∂b/∂x 1.59", False),
    ("J = [0]", "J = [1e−16]", False),
])
def test_texts_are_compared_word_by_word_and_their_numbers_with_a_tolerance(now, then, alike):
    with nullcontext() if alike else pytest.raises(AssertionError):
        assert_alike(now, then)


def test_every_cell_of_ours_shows_a_panel(saved):
    ours = [cell for cell in code_cells(saved) if re.match(r"%%?(jacobian|nnchain)", cell.source)
            and "raises-exception" not in cell.metadata.get("tags", [])]
    assert len(ours) >= 14
    for cell in ours:
        (output,) = [one for one in cell.outputs if "text/html" in one.get("data", {})]
        assert "<script>" in output.data["text/html"]
        assert {"text/latex", "text/plain"} <= set(output.data)


def test_it_is_saved_whole_and_small(saved):
    nbformat.validate(saved)
    assert DEMO.stat().st_size < 1_000_000
    counts = [cell.execution_count for cell in code_cells(saved)]
    assert counts == list(range(1, len(counts) + 1))
    assert saved.metadata.kernelspec.name == "python3"
    assert not saved.metadata.get("widgets")


@pytest.mark.parametrize("words", [
    "x^2", "2x1 x2^2 + 3x1 + 2x2", "%%jacobian --into", "v = sin u", "x(r, φ) = r cos φ", "z = r cos θ", "M = {A}",
    "W1 x + c1 in R^2", "W1^T x + c1", "tanh(W1 x + c1)", "cross_entropy(p, y)", "gradients()", "b = a + relu",
    "x(3) -> 4 tanh -> 2 softmax", ".train(",
])
def test_it_tells_the_tutorial(saved, words):
    assert any(words in cell.source for cell in code_cells(saved))


def test_xor_is_learnt(fresh):
    text = "".join(
        output.data["text/plain"] for cell in code_cells(fresh) if "xor.forward" in cell.source
        for output in cell.outputs
    )
    assert re.sub(r"\s", "", text) == "array([[0.],[1.],[1.],[0.]])"


if __name__ == "__main__":
    nbformat.write(run(), DEMO)
