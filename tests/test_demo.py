"""demo.ipynb runs from top to bottom, and is saved with the outputs that it gives.

`python tests/test_demo.py` runs it and saves it anew.
"""

from __future__ import annotations

import ast
import os
import re
from contextlib import nullcontext
from pathlib import Path
from types import CodeType

import nbformat
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from traitlets.config import Config

import jacmagic
from jacmagic.code import callables as code
from jacmagic.show import remarks

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


def test_what_is_said_to_be_moved_has_a_panel(fresh) -> None:
    told = [k for k, cell in enumerate(fresh.cells) if cell.cell_type == "markdown" and re.search(r"\b(?:Move|slider|Drag)\b", cell.source)]
    assert len(told) > 1
    for k in told:
        block = next(cell for cell in fresh.cells[k:] if cell.cell_type == "code" and shown(cell))
        assert any("data-jacmagic" in one.get("data", {}).get("text/html", "") for one in block.outputs), fresh.cells[k].source


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


def test_every_cell_of_ours_shows_a_panel_unless_it_asks_for_none(saved):
    ours = [cell for cell in code_cells(saved) if re.match(r"%%?(jacobian|nnchain)", cell.source)
            and "raises-exception" not in cell.metadata.get("tags", [])]
    assert len(ours) >= 14
    for cell in ours:
        (output,) = [one for one in cell.outputs if "text/html" in one.get("data", {})]
        assert ("<script>" in output.data["text/html"]) == ("--static" not in cell.source)
        assert {"text/latex", "text/plain"} <= set(output.data)


def test_it_is_saved_whole_and_small(saved):
    nbformat.validate(saved)
    assert DEMO.stat().st_size < 1_050_000  # sixteen panels that stand alone, and the font
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


# ------------------------------------------------------------------ another machine's arithmetic
ULP = np.finfo(float).eps


class Disturbed:
    """Generated NumPy code whose every product of matrices is off by a few units in the last place, from a seed."""

    def __init__(self, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.rng, self.products = np.random.default_rng(seed), 0
        patch.setattr(code, "compile", self.compile, raising=False)
        patch.setattr(code, "exec", self.exec, raising=False)
        local = remarks.local_numbers
        patch.setattr(remarks, "local_numbers", lambda r: {pair: self.off(m) for pair, m in local(r).items()})

    def off(self, product: np.ndarray) -> np.ndarray:
        self.products += 1
        return product * (1 + ULP * self.rng.integers(-4, 5, np.shape(product)))

    def compile(self, source: str, name: str, mode: str) -> CodeType:
        tree = Marked().visit(ast.parse(source, name)) if name == "<jacmagic numpy>" else ast.parse(source, name)
        return compile(ast.fix_missing_locations(tree), name, mode)

    def exec(self, source: CodeType, space: dict) -> None:
        space["_off"] = self.off
        exec(source, space)


class Marked(ast.NodeTransformer):
    """Every `a @ b` and einsum as _off(…)."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("_off", ast.Load()), [node], []) if isinstance(node.op, ast.MatMult) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        einsum = isinstance(node.func, ast.Attribute) and node.func.attr == "einsum"
        return ast.Call(ast.Name("_off", ast.Load()), [node], []) if einsum else node


def texts(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """What every cell shows a terminal, ours and all other output, run in this process."""
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    shell.run_line_magic("load_ext", "jacmagic")
    found = []
    for cell in code_cells(notebook):
        with capture_output() as captured:
            done = shell.run_cell(cell.source)
        bundle = getattr(done.result, "_repr_mimebundle_", None)
        found.append((bundle()["text/plain"] if bundle else "", "" if bundle else captured.stdout))
    return found


@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(1, 6), marks=pytest.mark.scale)], ids=["one", "five"])
def test_another_machines_products_of_matrices_change_nothing_that_it_shows(saved, seeds):
    right = texts(saved)
    for seed in seeds:
        with pytest.MonkeyPatch.context() as patch:
            other = Disturbed(seed, patch)
            for (ours, others), (wanted, other_numbers) in zip(texts(saved), right, strict=True):
                assert ours == wanted, seed
                assert_alike(others, other_numbers, f"seed {seed}: {others}")  # all 17 digits of a loss
        assert other.products > 1000


def test_products_of_matrices_can_be_a_little_off():
    with pytest.MonkeyPatch.context() as patch:
        Disturbed(0, patch)
        net = "x(9) -> 9 tanh -> 9"
        assert (jacmagic.nnchain(net).at() != jacmagic.nnchain(net).at()).any()


if __name__ == "__main__":
    nbformat.write(run(), DEMO)
