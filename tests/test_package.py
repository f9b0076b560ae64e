"""What is installed: the files of a wheel, the bounds of its dependencies, what an import pulls in."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import jacmagic

ROOT = Path(__file__).resolve().parents[1]
TREE = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

# Colab's preinstalled versions; .ci/run installs jacmagic beside them and sees that none changes.
COLAB = {
    "ipython": "7.34.0", "ipywidgets": "7.7.1", "anywidget": "0.9.21", "sympy": "1.14.0", "numpy": "2.1.3",
}


@pytest.mark.parametrize("name", [
    "py.typed", "language/grammar.lark", "panel/panel.min.js", "panel/panel.min.css", "panel/start.min.js", "panel/find.min.js",
    "panel/math.woff2",
])
def test_what_is_no_python_is_installed_too(name):
    assert files("jacmagic").joinpath(name).is_file()


def requirements() -> dict[str, str]:
    block = re.search(r"^dependencies = \[(.*?)^\]", TREE, flags=re.M | re.S)
    assert block is not None
    return dict(re.findall(r'"([a-z0-9]+)>=([0-9.]+)"', block[1]))


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_colabs_versions_satisfy_the_lower_bounds():
    needed = requirements()
    assert set(needed) <= set(COLAB)  # nothing is added
    for name, have in COLAB.items():
        assert numbers(needed[name]) <= numbers(have), name


def test_no_upper_bounds():
    block = re.search(r"^dependencies = \[(.*?)^\]", TREE, flags=re.M | re.S)
    assert block is not None
    assert not re.search(r"[<~]|==", block[1])


@pytest.mark.parametrize("code", ["import jacmagic", "import jacmagic.errors, jacmagic.functions, jacmagic.language.statements"])
def test_an_import_is_light(code):
    ask = "import sys; print(sorted({'sympy', 'numpy', 'lark', 'torch', 'IPython', 'ipywidgets'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", f"{code}\n{ask}"], capture_output=True, text=True,
                          check=True)
    assert done.stdout.strip() == "[]"


def test_a_block_needs_no_lark_torch_or_widgets():
    code = (
        "import sys, jacmagic\nr = jacmagic.jacobian('f(x) = x^2')\nr.at(), r.latex()\n"
        "print(sorted({'lark', 'torch', 'ipywidgets', 'anywidget', 'IPython', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_a_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", jacmagic.__version__)
    changes = (ROOT / ".github" / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", changes, flags=re.M)[0] == jacmagic.__version__
    groups = re.findall(r"^### (.+)$", changes, flags=re.M)
    assert groups == ["Reads otherwise now", "Added", "Changed", "Fixed"]


def test_no_change_is_told_twice():
    """Where two branches meet, both sides of the changelog are kept: what then stands twice goes once."""
    lines = [line for line in (ROOT / ".github" / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:2] == "- "]
    assert [line for line in lines if lines.count(line) > 1] == []


def test_the_conda_recipe_asks_for_what_the_package_asks_for():
    recipe = (ROOT / ".github/conda/meta.yaml").read_text(encoding="utf-8")
    run = recipe.partition("  run:\n")[2].partition("\n\n")[0]
    assert dict(re.findall(r"- ([a-z]+) >=([0-9.]+)", run)) == requirements() | {"python": "3.10"}


def test_nothing_is_released_while_nobody_has_said_where_it_lives(tmp_path):
    for name, text in {
        ".ci/release": (ROOT / ".ci/release").read_text(encoding="utf-8"), ".github/release.toml": 'repository = ""\n',
        "jacmagic/__init__.py": '__version__ = "9.9.9"\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, tmp_path / ".ci/release", tmp_path / "dist"], capture_output=True, text=True)
    assert done.returncode
    assert ".github/release.toml" in done.stderr
    assert not (tmp_path / "dist").exists()
