"""The README: its code runs, its tables are those of the code, its links lead somewhere.

`python tests/test_readme.py` writes the tables anew.
"""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import jacmagic
from jacmagic import panel, result
from jacmagic.code import BACKENDS, RUNNING
from jacmagic.code import sympy as source
from jacmagic.engine import chain, expand
from jacmagic.functions import FUNCTIONS
from jacmagic.language import limits
from jacmagic.program import lowerer
from jacmagic.show import chain as paths
from jacmagic.show import pieces, remarks, rules, views

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, flags=re.M | re.S)

OPTIONAL = ("dask", "jax", "torch", "scipy")

KINDS = {
    "entrywise": "a number",
    "vector": "a vector",
    "reduction": "a vector, to a number",
    "loss": "prediction, target",
}

LIMITS = (limits, lowerer, expand, chain, source, result, pieces, paths, remarks, rules, views, panel)


def cell(text: str) -> str:
    """Text as code in a table's cell."""
    return "`" + text.replace("|", r"\|") + "`" if text else ""


def derivative(name: str) -> str:
    """The derivative of a function of one number as a terminal shows it, where it is short."""
    if FUNCTIONS[name].kind != "entrywise" or FUNCTIONS[name].arity != (1, 1):
        return ""
    plain = views.plain_text(jacmagic.jacobian(f"f(z) = {name}(z)"))
    found = re.search(r"f'\(z\) = (.*)", plain)
    assert found is not None, plain
    return cell(found[1]) if len(found[1]) < 60 else ""


def functions_table() -> str:
    rows = ["| function | also | of | d/dz | |", "|---|---|---|---|---|"]
    for row in FUNCTIONS.values():
        notes = "; ".join([*["has a kink"][: bool(row.kinks)], *[row.source.replace("|", r"\|")][: bool(row.source)]])
        also = ", ".join(map(cell, row.aliases))
        rows.append(f"| {cell(row.name)} | {also} | {KINDS[row.kind]} | {derivative(row.name)} | {notes} |")
    return "\n".join(rows)


def limits_table() -> str:
    """Every constant MAX_… with the line below it that explains it."""
    rows = []
    for module in LIMITS:
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for name, what in re.findall(r'^(MAX_\w+) = [^\n]*\n"""([^"]*?)\.?"""$', source, flags=re.M):
            text, _, instead = " ".join(what.split()).partition(". Instead: ")
            rows.append(f"| {text} | {size(getattr(module, name))} | {instead} |")
    return "\n".join(["| limit | | instead |", "|---|---:|---|", *rows])


def size(limit: int) -> str:
    """A limit in digits, or as a power of ten."""
    return f"{limit:,}" if limit < 10**12 else f"10^{len(str(limit)) - 1}"


def dialects_table() -> str:
    rows = ["| `r.code(…)` | is | |", "|---|---|---|"]
    for row in BACKENDS.values():
        takes = f"has `r.function(\"{row.name}\")`, too" if row.name in RUNNING else row.note
        rows.append(f"| {', '.join(map(cell, (row.name, *row.aliases)))} | {row.title} | {takes} |")
    return "\n".join(rows)


TABLES = {"functions": functions_table, "limits": limits_table, "dialects": dialects_table}


def written(name: str) -> re.Match[str]:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", TEXT, flags=re.S)
    assert found is not None
    return found


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_that_of_the_code(name):
    right = TABLES[name]()
    assert written(name)[1].strip() == right, f"the table should be\n\n{right}\n\npython tests/test_readme.py writes it"


def test_every_limit_of_the_code_is_explained_below_it_and_stated():
    for module in LIMITS:
        for name in re.findall(r"^(MAX_\w+) =", Path(str(module.__file__)).read_text(encoding="utf-8"), flags=re.M):
            assert f"| {size(getattr(module, name))} |" in limits_table(), f"{module.__name__}.{name}"


def test_what_is_refused_says_what_to_do_instead():
    for module in LIMITS:
        for what in re.findall(r'^MAX_\w+ = [^\n]*\n"""([^"]*)"""$', Path(str(module.__file__)).read_text(encoding="utf-8"), flags=re.M):
            assert ". Instead: " in " ".join(what.split()), what


# ------------------------------------------------------------------ the code
class Session:
    """One notebook from top to bottom: cells, Python, and the text that should follow."""

    def __init__(self, monkeypatch, folder):
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        self.shell = InteractiveShell(config=config)
        monkeypatch.chdir(folder)

    def run(self, kind: str, code: str) -> str:
        from IPython.utils.capture import capture_output

        if kind == "ipython":
            installs = [line for line in code.splitlines() if line.startswith("!")]
            assert all(line == "!pip install -q ./jacmagic" for line in installs)  # .ci/run installs it
            code = "".join(line + "\n" for line in code.splitlines() if line not in installs)
        else:
            ast.parse(code)
        with capture_output() as captured:
            done = self.shell.run_cell(code)
        self.error = done.error_in_exec or done.error_before_exec
        return re.sub(r"^Out\[\d+\]: ?\n?", "", captured.stdout.strip()).strip()


def test_every_block_runs_and_says_what_is_written_below_it(monkeypatch, tmp_path):
    session = Session(monkeypatch, tmp_path)
    ran = 0
    for (kind, code), (following, expected) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        assert kind in ("python", "ipython", "bash", "text"), kind
        if kind not in ("python", "ipython"):
            continue
        if any(re.search(rf"(import|from) {name}\b", code) and find_spec(name) is None for name in OPTIONAL):
            continue  # beside Colab's versions only what the package itself needs is installed
        shown = session.run(kind, code)
        ran += 1
        if following == "text":
            assert shown == expected.strip(), code
        if session.error is not None:
            assert following == "text", (code, shown)
            assert isinstance(session.error, jacmagic.JacmagicError), (code, shown)
    assert ran >= 10


def test_the_names_that_the_text_speaks_of_exist():
    from jacmagic.notebook import Result

    for name in re.findall(r"`[rn]\.(\w+)", TEXT):
        assert hasattr(Result, name), name
    for name in re.findall(r"\bjacmagic\.(\w+)", re.sub(r"```.*?```", "", TEXT, flags=re.S)):
        assert hasattr(jacmagic, name), name


def test_tab_offers_what_the_text_names_and_nothing_else():
    of_all, of_nets = (set(re.findall(rf"\b{letter}\.(\w+)", TEXT)) for letter in "rn")
    assert set(dir(jacmagic.jacobian("f(x) = x^2"))) == of_all
    assert set(dir(jacmagic.nnchain("x in R^2\no = W x in R^1"))) == of_all | of_nets


def test_every_option_of_the_magics_is_explained():
    from jacmagic.magics import OPTIONS

    for option in OPTIONS:
        assert f"`{option}" in TEXT


LANGUAGE = {
    "theta": "f(theta) = theta^2 + θ",
    "x' = a x - b x y": "x' = a x - b x y\ny' = -y + x y",
    r"\frac{x^2}{y}": r"f(x, y) = \frac{x^2}{y} + \sqrt{x}",
    "u = x^2 + 1": "u = x^2 + 1\ny = sin u",
    "k = 3 in [0, 5] step 0.1": "f(x) = k x\nk = 3 in [0, 5] step 0.1",
    "a = tanh(W x + c) in R^2": "x in R^3\nW in R^(2x3)\na = tanh(W x + c) in R^2",
    "x_{1}": "f(x1) = x1 + x_1 + x₁ + x_{1}",
    "W x": "x, y in R\nf = 2x + x y + 2(x + 1)",
    "x .^ 2": "x in R^2\nf = x .^ 2 + x .* x - x ./ (1 + x .^ 2)",
    "x^(2y)": "f(x, y) = x^2 + x² + x^(2y)",
    "sin^2 x": "f(x, y) = sin x + sin 2x + sin^2 x + sin(x + y)",
    "W[1,2]": "x in R^2\nW = [1, 2; 3, 4]\nf = W^T x + [x[2], W[1,2]]",
    "x^2 if x > 0 else -x": "f(x) = (x^2 if x > 0 else -x) + 1[x > 0]",
    "sum(x[i]^2 for i = 1..n)": "x in R^4\nn = 4\nf = sum(x[i]^2 for i = 1..n) + prod(x[i] for i = 1..n)",
    "[x[i]^2 for i = 1..n]": "x in R^4\nn = 4\nf = [x[i]^2 for i = 1..n]",
    "norm(x)": "x, u in R^3\nf = norm(x) + dot(u, x) + |u[1]| + ||u||",
}


@pytest.mark.parametrize("typed", LANGUAGE)
def test_the_cheat_sheet_holds(typed):
    assert f"`{typed}`" in TEXT
    assert jacmagic.jacobian(LANGUAGE[typed]).at().ndim == 2


def test_the_net_on_one_line_holds():
    assert "`x(3) -> 4 tanh -> 2 softmax`" in TEXT
    assert jacmagic.nnchain("x(3) -> 4 tanh -> 2 softmax").at().shape == (2, 3)


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links
    for link in links:
        assert (ROOT / link).is_file(), link
    assert (ROOT / ".github" / "panel.png").stat().st_size < 200_000


def test_the_readme_names_the_two_commands():
    commands = [code.strip() for kind, code in BLOCKS if kind == "bash"]
    assert len(commands) == 2
    assert commands[0].endswith("jupyter lab demo.ipynb")
    assert commands[1].endswith("pytest")


if __name__ == "__main__":
    for table, make in TABLES.items():
        TEXT = TEXT.replace(written(table)[0], f"<!-- {table} -->\n{make()}\n<!-- end -->")
    README.write_text(TEXT, encoding="utf-8")
