"""The house: imports point one way, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "jacmagic"
ROOMS = (
    "errors reals advice working precedence functions textbook syntax names tree printers.writer printers.typeset printers.tex "
    "printers.plain printers.markup printers layout graph calculus code meaning slips domains shapes lowering roles start program result algebra formula backward views panel "
    "panel.bridge notebook pytorch magics"
).split()


def module_of(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> set[str]:
    """The rooms that a file imports at its top level."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "jacmagic":
            inner = (node.module or "").partition(".")[2]
            found |= {inner} if inner else {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.py")), ids=lambda p: module_of(p) or "jacmagic")
def test_imports_point_to_a_room_above(path: Path) -> None:
    room = module_of(path)
    if not room:
        assert imports(path) == {"errors"}, "the front door opens on errors alone; all else is imported when called"
        return
    assert room in ROOMS, f"{room} has no place in the house; put it into ROOMS"
    below = ROOMS[ROOMS.index(room) :]
    assert not imports(path) & set(below)


def test_only_calculus_differentiates() -> None:
    for path in HOUSE.rglob("*.py"):
        calls = {
            node.func.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        if module_of(path) != "calculus":
            asked = {"jacobian"} if module_of(path) in ("result", "panel", "views") else set()
            assert not calls & {"diff", "jacobian"} - asked


def test_eval_stands_where_python_values_are_read_and_nowhere_else() -> None:
    for path in HOUSE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        names = {
            node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        allowed = {"program": {"eval"}, "code": {"exec", "compile"}}.get(module_of(path), set())
        assert not names & {"eval", "exec", "compile", "sympify", "parse_expr", "__import__"} - allowed, path


def test_importing_and_loading_pull_in_nothing_heavy() -> None:
    code = (
        "import sys, jacmagic\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "before = set(sys.modules)\n"
        "shell.run_line_magic('load_ext', 'jacmagic')\n"
        "print(sorted({'sympy', 'numpy', 'lark', 'ipywidgets', 'anywidget'} & (set(sys.modules) - before)))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOUSE.parent)
    assert out.stdout.strip() == "[]"
