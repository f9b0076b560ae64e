"""What `%jacmagic` lists, finds and shows; every example in it runs.

`python tests/test_guide.py` writes the gallery's notebook anew.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest

import jacmagic
from jacmagic import guide, panel
from jacmagic.functions import FUNCTIONS
from jacmagic.guide.gallery import GALLERY
from jacmagic.guide.statements import STATEMENTS
from jacmagic.magics import OPTIONS

NOTEBOOK = Path(__file__).with_name("gallery.ipynb")
ENTRIES = list(guide.entries(OPTIONS))
PICTURES = set("curve slopes path contour surface map2 space flow phase net heatmap".split())


def result_of(k: int):
    one = GALLERY[k - 1]
    return getattr(jacmagic, one.magic)(one.block)


# ------------------------------------------------------------------ the gallery
def test_the_gallery_has_twenty_blocks_of_six_fields():
    assert len(GALLERY) == 20
    assert len({one.field for one in GALLERY}) == 6
    assert len({one.title for one in GALLERY}) == 20


@pytest.mark.parametrize("k", range(1, 21))
def test_an_example_is_short_and_shows_something(k):
    result = result_of(k)
    assert 2 <= len(GALLERY[k - 1].block.splitlines()) <= 8
    assert panel.spec(result)["picture"]["kind"] in PICTURES
    assert panel.has_panel(result)
    numbers = result.at()
    assert np.isfinite(numbers).all()
    assert numbers.any()


def test_what_is_said_of_the_examples_is_so():
    """The lines to look at, in numbers."""
    def at(k, **values):
        return result_of(k).at(**values)

    assert np.linalg.det(at(1, r=1.7)) == pytest.approx(1.7)
    assert np.linalg.det(at(2, r=1.7, θ=0.4)) == pytest.approx(1.7**2 * np.sin(0.4))
    assert np.allclose(at(3, x=0, y=0), 0)
    assert np.trace(at(5, a=0.2, b=0.7)) == pytest.approx(0.4)
    assert (at(5, a=0.2, b=0.7)[1, 0] - at(5, a=0.2, b=0.7)[0, 1]) == pytest.approx(1.4)
    for θ in (0, np.pi):
        assert np.allclose([float(v) for v in result_of(6).forward(θ=θ, ω=0).values()][-2:], 0, atol=1e-12)
    assert np.allclose(np.diag(at(7, x=3, y=2)), 0)
    assert [float(v) for v in result_of(7).forward(x=3, y=2).values()][-2:] == pytest.approx([0, 0])
    assert at(8, x=0.9)[1, 1] > 0 > at(8, x=1.1)[1, 1]
    assert np.trace(at(9, x=3, y=-2, z=7)) == pytest.approx(-10 - 1 - 8 / 3)
    assert np.linalg.det(at(10, α=0.3, β=1.1)) == pytest.approx(0.8 * np.sin(1.1))
    assert abs(at(12, Z=4)).max() < abs(at(12, Z=2)).max()
    length, T = 1.3, 2.1
    g = 4 * np.pi**2 * length / T**2
    assert at(13, l=length, T=T)[0] * [length, T] / g == pytest.approx([1, -2])
    data = np.array([1.2, 0.7, 2.1, 1.6])
    assert np.allclose(at(14, μ=data.mean(), σ=data.std()), 0)
    assert at(17, x=2.0945514815423265)[0, 0] == pytest.approx(0, abs=1e-9)
    assert at(18).shape == (4, 2)
    block = result_of(20)
    values, branch = block.forward(), block.at("a", "h") @ block.at("h", "x")
    assert np.allclose(block.at("a", "x"), np.eye(3) + branch)
    assert set(values) == {"h", "a"}


def notebook() -> nbformat.NotebookNode:
    """The gallery as a notebook that has not run."""
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# The gallery\n\nTwenty blocks from six fields. Run a cell, move the sliders, change the block."),
        new.new_code_cell("%load_ext jacmagic"),
    ]
    for k, one in enumerate(GALLERY, 1):
        cells += [new.new_markdown_cell(f"## {k}. {one.title}\n\n*{one.field}* · {one.look}"), new.new_code_cell(one.cell)]
    for k, cell in enumerate(cells):
        cell.id = f"cell{k}"
    spec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new.new_notebook(cells=cells, metadata={"kernelspec": spec, "language_info": {"name": "python"}})


def test_the_notebook_is_the_gallery():
    saved = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(saved)
    assert saved == notebook(), "python tests/test_guide.py writes it anew"


@pytest.mark.long
def test_the_notebook_becomes_a_page_with_twenty_panels(tmp_path):
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    ran = notebook()
    NotebookClient(ran, timeout=120, kernel_name="python3").execute()
    body, _ = HTMLExporter().from_notebook_node(ran)
    assert body.count('<div class="jacmagic"') == len(GALLERY)
    for cell in ran.cells:
        if cell.cell_type == "code" and cell.source.startswith("%%"):
            (output,) = cell.outputs
            assert "<script>" in output.data["text/html"]


# ------------------------------------------------------------------ every entry
@pytest.mark.parametrize("one", [one for one in ENTRIES if one.cell], ids=lambda one: one.name)
def test_the_cell_of_an_entry_runs(shell, one):
    done = shell.run(one.cell, fails=one.section == "errors")
    if one.section == "errors":
        assert type(done.error).__name__ == one.name
    elif one.section == "results":
        assert done.value is not None
    else:
        assert done.value.at().ndim == 2


def test_there_is_an_entry_for_everything():
    names = {section: [one.name for one in ENTRIES if one.section == section] for section in (one.section for one in ENTRIES)}
    assert names["functions"] == list(FUNCTIONS)
    assert len(names["statements"]) == len(STATEMENTS)
    assert [name.split()[0] for name in names["options"]] == list(OPTIONS)
    kinds = {name for name in jacmagic.__all__ if isinstance(getattr(jacmagic, name), type)}
    assert set(names["errors"]) == kinds - {"JacmagicError"}
    assert all(any(name.startswith(start) for name in names["statements"]) for start in guide.ALSO)


# ------------------------------------------------------------------ the search
@pytest.mark.parametrize(("asked", "first"), [
    ("tanh", "tanh"), ("swish", "silu"), ("hess", "grad f or ∇f, hess f, J_F, div F, curl F, laplace f, D_v f"),
    ("--seed", "--seed N"), ("ShapeError", "ShapeError"), ("pendulum", "6. A pendulum with friction"), ("{weights[0]}", "W = {weights[0]}"),
])
def test_what_is_named_so_stands_first(asked, first):
    assert guide.search(asked, OPTIONS).found[0].name == first


@pytest.mark.parametrize(("asked", "found"), [
    ("equilibria", "r.equilibria()"), ("critical", "r.critical_points()"), ("lecture", 'r.code("sympy", style="lecture")'), ("subs", "r.subs(k=3)"),
    ("implicit", "y = y(x)"), ("total differential", "f'(x)"), ("gradient penalty", "grad f"), ("Lagrange", "grad f"), ("compose", "use J1"),
])
def test_what_one_wants_is_found_by_its_usual_word(asked, found):
    assert any(one.name.startswith(found) for one in guide.search(asked, OPTIONS).found)


def test_a_word_finds_all_of_a_field_and_no_part_of_a_word():
    assert {one.name[:2] for one in guide.search("robotics", OPTIONS).found} == {"10", "11", "12"}
    assert "asin" not in [one.name for one in guide.search("sin", OPTIONS).found]
    assert [one.name for one in guide.search("gallery", OPTIONS).found] == [f"{k}. {one.title}" for k, one in enumerate(GALLERY, 1)]
    assert {one.name for one in guide.search("vector number", OPTIONS).found} >= {"norm", "sum"}


def test_the_derivative_of_a_function_is_typeset():
    found = guide.search("tanh", OPTIONS)
    assert "tanh'(z) = 1 - tanh²(z)" in found.text()
    assert "<math" in found.html()


@pytest.mark.parametrize("asked", ["zzz", "<b>zzz</b>"])
def test_where_nothing_is_found_it_says_so(asked):
    found = guide.search(asked, OPTIONS)
    assert found.text() == f"There is nothing about {asked}; %jacmagic lists all there is."
    assert "<b>" not in found.html()


def test_all_of_it_fits_a_terminal_and_a_page():
    whole = guide.search("", OPTIONS)
    assert all(f" {name}" in whole.text() for name in FUNCTIONS)
    assert len(whole.text().splitlines()) < 116
    assert whole.html().count("<details") == 6
    assert len(whole.html()) < 60_000


# ------------------------------------------------------------------ the magic
def test_the_magic_lists_and_finds(shell):
    assert "STATEMENTS" in shell.run("%jacmagic").text
    assert shell.run("%jacmagic relu").value.found[0].name == "relu"
    assert shell.run("%jacmagic f'(x)").value.found


def test_an_example_is_shown_and_its_cell_stands_below(shell, monkeypatch):
    put = []
    monkeypatch.setattr(shell.ip, "set_next_input", lambda text, replace=False: put.append(text))
    value = shell.run("%jacmagic gallery 6").value
    assert put == [GALLERY[5].cell]
    assert value.at().shape == (2, 2)
    assert shell.run(put[0]).value.text.strip() == value.text.strip()


@pytest.mark.parametrize("number", ["0", "21", "999"])
def test_a_number_that_the_gallery_has_not_is_an_error(shell, number):
    error = shell.run(f"%jacmagic gallery {number}", fails=True).error
    assert "the numbers 1 to 20" in str(error)
    shell.run(f"%jacmagic {error.hints[0]}")


@pytest.mark.parametrize("magic", ["%%jacobian", "%%nnchain", "%jacmagic"])
def test_the_help_fits_a_screen(shell, magic):
    lines = shell.run(f"{magic}?").text.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines[:-1])) <= 100
    assert any("%jacmagic" in line for line in lines)


def test_it_is_gone_with_the_extension(shell):
    shell.run("%unload_ext jacmagic")
    assert "jacmagic" not in shell.ip.magics_manager.magics["line"]


if __name__ == "__main__":
    nbformat.write(notebook(), NOTEBOOK)
