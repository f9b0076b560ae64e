"""The house: imports point one way, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from optional import panel_source

HOUSE = Path(__file__).parents[1] / "jacmagic"
# A room, and the rooms that it may know. A module at the top is a room of its own.
ROOMS = {
    "errors": "",
    "reals": "errors",
    "working": "",
    "functions": "",
    "names": "",
    "language": "errors functions names",
    "engine": "errors functions",
    "code": "errors functions names reals engine",
    "program": "errors functions names reals language engine code",
    "values": "errors names reals code program result",
    "layers": "program result",
    "train": "engine code reals values result",
    "conditions": "engine values result",
    "lecture": "errors engine code result",
    "composing": "names program reals values result",
    "draws": "errors program rounding values result",
    "rounding": "result",
    "solving": "engine values result",
    "sparse": "errors engine code result",
    "second": "engine code reals solving values result",
    "unsized": "errors program result",
    "result": "errors functions names reals language engine code program values layers second train conditions solving composing draws lecture sparse",
    "show": "errors functions names language engine program rounding second sparse values result solving unsized",
    "panel": "errors functions names language engine code result second sparse show unsized",
    "notebook": "errors working program result show panel unsized",
    "pytorch": "functions notebook",
    "guide": "functions language show notebook",
    "magics": "errors functions names working language program notebook guide",
}


def module_of(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path, *, everywhere: bool = True) -> set[str]:
    """The modules of the house that a file imports; where not everywhere, at its top level only."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    modules = {module_of(path) for path in FILES}
    found = set()
    for node in ast.walk(module) if everywhere else module.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "jacmagic":
            inner = (node.module or "").partition(".")[2]
            for alias in node.names:
                whole = f"{inner}.{alias.name}".strip(".")
                found.add(whole if whole in modules else inner)
    return found


FILES = [path for path in sorted(HOUSE.rglob("*.py")) if "node_modules" not in path.parts]


@pytest.mark.parametrize("path", FILES, ids=lambda p: module_of(p) or "jacmagic")
def test_a_room_knows_only_the_rooms_that_it_may(path: Path) -> None:
    module = module_of(path)
    if not module:
        assert imports(path, everywhere=False) == {"errors"}, "the front door opens on errors; all else is imported when called"
        return
    room = module.partition(".")[0]
    assert room in ROOMS, f"{room} has no place in the house; put it into ROOMS"
    asked = {one.partition(".")[0] for one in imports(path)} - {room}
    assert asked <= set(ROOMS[room].split()), f"{module} knows too much"


def test_nothing_imports_itself_by_way_of_another() -> None:
    asked = {module_of(path): imports(path, everywhere=False) - {module_of(path)} for path in FILES}
    while free := [module for module, others in asked.items() if not others & asked.keys()]:
        for module in free:
            del asked[module]
    assert not asked, "these import one another in a circle"


def test_words_and_names_know_no_sympy() -> None:
    for path in FILES:
        room = module_of(path).partition(".")[0]
        if room in ("names", "language", "errors") and module_of(path) != "language.layout":
            assert "import sympy" not in path.read_text(encoding="utf-8"), path


def test_the_engine_knows_no_text() -> None:
    for path in FILES:
        if module_of(path).startswith("engine"):
            assert "Span" not in path.read_text(encoding="utf-8"), path


def test_only_the_engine_differentiates() -> None:
    for path in FILES:
        calls = {
            node.func.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        if not module_of(path).startswith("engine"):
            asked = {"jacobian"} if module_of(path).partition(".")[0] in ("program", "result", "train", "panel", "show") else set()
            assert not calls & {"diff", "jacobian"} - asked


def test_eval_stands_where_python_values_are_read_and_nowhere_else() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        names = {
            node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        allowed = {"program.python": {"eval"}, "code.callables": {"exec", "compile"}}.get(module_of(path), set())
        assert not names & {"eval", "exec", "compile", "sympify", "parse_expr", "__import__"} - allowed, path


PATTERNS = {  # what regular expressions outside of language/ are on
    "errors": "the places of lines in messages, sizes that are offered",
    "names": "keys", "magics": "magics' lines, and words that are completed", "guide": "words that are looked for",
    "program.used": "lines `use name`", "program.anysize": "numbers in messages", "show.answers": "the line `answer:`",
    "show.anysize": "numbers", "panel.parts": "the comments of what is bundled", "panel.shared": "attributes of outputs in a finished page",
    "code.dialects": "helpers", "code.source": "generated code", "code.terms": "spellings", "code.arrays": "spellings",
    "code.loops": "spellings", "pytorch": "names of modules", "pytorch.block": "names of modules, and terms made of them",
    "pytorch.terms": "what such a term looks like", "pytorch.trace": "stacks of Python",
}


@pytest.mark.parametrize("path", [path for path in FILES if module_of(path).partition(".")[0] != "language"], ids=module_of)
def test_no_regular_expression_reads_latex_or_mathml_outside_of_language(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))
    used = any(isinstance(node, ast.Import) and any(one.name == "re" for one in node.names) for node in ast.walk(module))
    assert used == (module_of(path) in PATTERNS), "PATTERNS says of each module what its regular expressions are on"
    asked = [ast.unparse(node) for node in ast.walk(module) if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.")]
    assert not [one for one in asked if any(word in one for word in ("latex", "mathml", "tex)", "<m", ".source(", "block.text"))]


def test_no_regular_expression_of_the_page_reads_markup() -> None:
    literal = re.compile(r"(?<=[(=:,!&|?\s])/(?![/*\s])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/[gimsuy]*(?=[.,;)\s])")
    found: dict[str, list[str]] = {}
    for path in sorted(panel_source("print.js").parent.rglob("*.js")):
        if "node_modules" not in path.parts and path.name != "answer.js":  # what is typed into a quiz
            found[path.name] = literal.findall(path.read_text(encoding="utf-8"))
    assert found["print.js"]
    wrong = [one for several in found.values() for one in several if "<" in one or "\\\\" in one]
    assert wrong == ["/[&<]/g"]  # what a key that no formula shows is written without


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


def takes_a_key_apart(node: ast.AST) -> bool:
    """True for code that edits or reads the letters of a key: "d" + key, key[1:], f"z_{key}", re.match(…, key)."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [one for one in (node.left, node.right) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        others = [one for one in (node.left, node.right) if one not in sides]
        return any(one.value in ("d", "z_", "_", "_dot") for one in sides) and any(map(is_key, others))
    if isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.Constant) else one for one in node.values]
        return any(isinstance(one, ast.FormattedValue) and is_key(one.value) and (
            k and isinstance(parts[k - 1], str) and str(parts[k - 1]).endswith(("z_", "_"))
            or k + 1 < len(parts) and isinstance(parts[k + 1], str) and str(parts[k + 1]).startswith("_")
        ) for k, one in enumerate(parts))
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice) and is_key(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("match", "fullmatch", "search", "sub", "findall", "split", "finditer"):
            return any(map(is_key, node.args))
        return node.func.attr in ("partition", "rpartition", "rstrip", "lstrip", "startswith", "endswith", "removeprefix") and is_key(node.func.value)
    return False


def is_key(node: ast.AST) -> bool:
    """True for `key` and `one.key`: what variables with a key in them are called here."""
    return (node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else "") == "key"


@pytest.mark.parametrize("path", [path for path in FILES if module_of(path).partition(".")[0] not in ("names", "language")], ids=module_of)
def test_keys_are_taken_apart_in_names_alone(path: Path) -> None:
    found = [ast.unparse(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if takes_a_key_apart(node)]
    assert not found, "names.py has every part and every spelling of a name"
