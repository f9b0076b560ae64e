"""tests/working.ipynb, steps and checks and questions: every cell runs, and says what stands above it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

NOTEBOOK = nbformat.read(Path(__file__).with_name("working.ipynb"), as_version=4)
CELLS = [cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code"][1:]


def test_every_cell_runs(shell, tmp_path, monkeypatch):
    nbformat.validate(NOTEBOOK)
    assert not any(cell.get("outputs") for cell in NOTEBOOK.cells)
    monkeypatch.chdir(tmp_path)
    said = [shell.run(cell).text for cell in CELLS]
    told = dict(zip(CELLS, said, strict=True))
    for part, words in {
        "f(x) = x^2 sin(3x)": "product rule", "answer:": "✗ a sign", "n.check": "δ without the activation's slope", "--hessian": "positive definite",
        "critical_points": "saddle", "x^2 + y^2 = 4": "−0.5774", "u = u(x, t)": "∂u/∂t", "--integral": "|r| dr dφ", "--reveal": "∂u/∂y = ?",
        "--quiz": "v ⎣ ?", "A_x": "2.219",
    }.items():
        found = [text for cell, text in told.items() if part in cell]
        assert any(words in text for text in found), (part, found)
    assert "[1.5" not in told[next(one for one in CELLS if "--quiz" in one)]
    assert (tmp_path / "quiz.html").exists()


@pytest.mark.long
def test_it_becomes_a_page_with_its_panels():
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    ran = nbformat.from_dict(NOTEBOOK)
    ran.cells = ran.cells[:-1]  # writes no file here
    NotebookClient(ran, timeout=120, kernel_name="python3").execute()
    body, _ = HTMLExporter().from_notebook_node(ran)
    assert body.count('<div class="jacmagic"') == sum(cell.source.startswith("%") for cell in ran.cells) - 1
