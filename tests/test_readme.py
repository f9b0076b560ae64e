"""The README and the pages in .github that it leads to: their code runs, their tables are those of the code.

`python tests/test_readme.py` writes the tables anew.
"""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import jacmagic
from jacmagic import conditions, guide, lecture, panel, result, rounding, second, solving, train
from jacmagic.code import BACKENDS, RUNNING
from jacmagic.code import sympy as source
from jacmagic.engine import chain, entries, expand, nonzeros
from jacmagic.engine.ops import maps
from jacmagic.functions import FUNCTIONS
from jacmagic.guide.gallery import GALLERY
from jacmagic.guide.statements import STATEMENTS
from jacmagic.language import limits
from jacmagic.panel import asking, learning, pictures, ranges
from jacmagic.program import anysize, implicit, lowerer, start, undecided
from jacmagic.pytorch import block, lay
from jacmagic.show import (
    asked,
    checking,
    curvature,
    mistakes,
    pieces,
    points,
    remarks,
    rules,
    steps,
    taylor,
    views,
    volume,
)
from jacmagic.show import chain as paths

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
NAMES = ("GALLERY", "LANGUAGE", "PYTHON", "FUNCTIONS", "LIMITS", "HOSTS", "BENCHMARKS")
PAGES = {path.stem: path for path in (README, *(ROOT / ".github" / f"{name}.md" for name in NAMES))}
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}
TEXT = "\n".join(TEXTS.values())
MAX_WORDS = 1500

OPTIONAL = ("dask", "jax", "torch", "scipy")

LIMITS = (
    limits, lowerer, implicit, anysize, undecided, start, expand, maps, entries, chain, nonzeros, source, result, second, conditions, solving,
    pieces, paths, remarks, rounding, rules, steps, curvature, taylor, lecture, checking, mistakes, points, asked, volume, views, panel,
    asking, ranges, pictures, learning, train, block, lay,
)


def cell(text: str) -> str:
    """Text as code in a table's cell."""
    return "`" + text.replace("|", r"\|") + "`" if text else ""


def derivative(name: str) -> str:
    """The derivative of a function of one number as a terminal shows it, where it is short."""
    found = guide.slope(name)
    shown = found.text.partition(" = ")[2] if found else ""
    return cell(shown) if len(shown) < 60 else ""


def functions_table() -> str:
    rows = ["| function | also | of | d/dz | |", "|---|---|---|---|---|"]
    for row in FUNCTIONS.values():
        notes = "; ".join([*["has a kink"][: bool(row.kinks)], *[row.source.replace("|", r"\|")][: bool(row.source)]])
        also = ", ".join(map(cell, row.aliases))
        rows.append(f"| {cell(row.name)} | {also} | {guide.KINDS[row.kind]} | {derivative(row.name)} | {notes} |")
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


def statements_table() -> str:
    rows = ["| {} | {} |".format(*(part.replace("|", r"\|") for part in row)) for row in STATEMENTS]
    return "\n".join(["| you type | it means |", "|---|---|", *rows])


def gallery() -> str:
    """Every example with its cell and its picture, by fields."""
    parts = []
    for k, one in enumerate(GALLERY, 1):
        if k == 1 or one.field != GALLERY[k - 2].field:
            parts.append(f"## {one.field[0].upper()}{one.field[1:]}")
        parts.append(f"### {k}. {one.title}\n\n{one.look}\n\n```ipython\n{one.cell}\n```\n\n![{one.title}](gallery/{k}.png)")
    return "\n\n".join(parts)


TABLES = {  # name of the table, of its page
    ("gallery", "GALLERY"): gallery, ("statements", "LANGUAGE"): statements_table,
    ("functions", "FUNCTIONS"): functions_table, ("limits", "LIMITS"): limits_table, ("dialects", "PYTHON"): dialects_table,
}


def written(name: str, page: str) -> re.Match[str]:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", TEXTS[page], flags=re.S)
    assert found is not None
    return found


@pytest.mark.parametrize("place", TABLES, ids=" ".join)
def test_a_table_is_that_of_the_code(place):
    right = TABLES[place]()
    assert written(*place)[1].strip() == right, f"the table should be\n\n{right}\n\npython tests/test_readme.py writes it"


def test_every_limit_of_the_code_is_explained_below_it_and_stated():
    for module in LIMITS:
        for name in re.findall(r"^(MAX_\w+) =", Path(str(module.__file__)).read_text(encoding="utf-8"), flags=re.M):
            assert f"| {size(getattr(module, name))} |" in limits_table(), f"{module.__name__}.{name}"


def test_every_module_with_such_limits_is_listed():
    listed = {Path(str(module.__file__)) for module in LIMITS}
    for path in sorted(set(Path(jacmagic.__file__).parent.rglob("*.py")) - listed):
        assert not re.search(r'^MAX_\w+ = [^\n]*\n"""[^"]*\. Instead: ', path.read_text(encoding="utf-8"), flags=re.M), path


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
        monkeypatch.setattr("jacmagic.working.AFTER", 600.0)  # a slow machine says nothing of its own
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


def blocks(page: str) -> list[tuple[str, str]]:
    """What stands in fences on a page: its language and its text."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", TEXTS[page], flags=re.M | re.S)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_every_block_runs_and_says_what_is_written_below_it(monkeypatch, tmp_path, page):
    session = Session(monkeypatch, tmp_path)
    ran = 0
    for (kind, code), (following, expected) in zip(blocks(page), [*blocks(page)[1:], ("", "")], strict=True):
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
    assert ran >= 4


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


HOLDS = (
    "f(x, y) = x^2 y + sin y",
    "f(x, y) = x^2 y + sin y\nanswer:\n2x y, x^2 + cos y",
    "x, y in R\nu = x^2 + 1\nf = u y + x^2 + x² + x^(2y)",
    "f(x) = k x\nk = 3",
    "f(x) = k x\nk = 3 in [0, 5]",
    "f(x) = k x\nk in [0, 5]",
    "f(x) = k x\nk = 3 in [0, 5] step 0.1",
    "x in R^3\nW in R^(2x3)\na = tanh(W x + c) in R^2",
    "x in R^n\nA in R^(m×n)\nf = A x\nm = 2\nn = 3",
    "f(x1) = x1 + x_1 + x₁ + x_{1}",
    r"f(theta) = theta^2 + θ + \theta",
    "x, y in R\nf = 2x + x y + 2(x + 1)",
    "x in R^2\nf = x .^ 2 + x .* x - x ./ (1 + x .^ 2)",
    "f(x, y) = sin x + sin 2x + sin^2 x + sin(x + y) + sqrt(x) + |x| + abs(x)",
    "a, b, c, d in R\nx in R^2\nA = [a, b; c, d]\nW = [1, 2; 3, 4]\nf = W^T x + [x[2], W[1,2]] + A [a, b]",
    "f(x) = (x^2 if x > 0 else -x) + 1[x > 0]",
    "x in R^4\nn = 4\nf = sum(x[i]^2 for i = 1..n) + prod(x[i] for i = 1..n)",
    "x in R^4\nn = 4\nf = [x[i]^2 for i = 1..n]",
    r"x in R^3" "\n" r"f_i = x_i \sum_{j \ne i} x_j + \sum_i x_i for i = 1..3",
    "n = 3\ny_i = x_i^2 for i = 1..n",
    "m = 2\nn = 3\nS_ij = a_i b_j for i = 1..m, j = 1..n",
    "X in R^(2x3)\nx in R^4\nf = X[2] + x[2..4]",
    "X in R^(2x3)\nf = [X[:,j] for j = 1..2]",
    "f(x) = h_{t-1} x + x_{n+1} + W^{[1]}",
    "x, u, v in R^3\nf = norm(x) + dot(u, v) + |u[1]| + ||u||",
    "x' = a x - b x y\ny' = -y + x y\nx(0) = 2",
    "x_{n+1} = a x_n (1 - x_n)",
    "x^2 + y^2 = r^2\ny = y(x)",
    "x' = α x - β x y\ny' = δ x y - γ y\nat x = γ/δ, y = α/β",
    "F(x, y) = x y - 1\nF(x, y) = 0",
    "x^2 + e^u = t\nu = u(x, t)",
    "(x, y) = (r cos t, r sin t)",
    "f(x) = x^3 - 2\ng(x) = x - f(x)/f'(x)",
    "f(x, y) = x^2 y\ng = ∂f/∂x + f_xy + d/dx (x^2 y)",
    "f(x) = x^3\ng = df/dx + f'|_(x = 3)",
    "v = [1, 0]\nf(x, y) = x^2 y + y^2\ng = grad f + ∇f + hess f v",
    "f(x, y) = x^2 y\ng = laplace f + D_v f + f_x(a, b) + dot((∇f)(a, b), v)\nv = [1, 0]",
    "F(x, y, z) = [x y, y z, z x]\ng = curl F + J_F [1, 1, 1] + [div F, 0, 0]",
    "x, y in R^2\nW in R^(2x2)\nL = ||W x - y||^2\ng = ∂L/∂W + ∇_W L",
    r"f(x, y) = \frac{x^2}{y} + \sqrt{x}  # …",
    r"f(x) = \begin{bmatrix} x \\ x^2 \end{bmatrix}",
    "x in R^2\nW = {weights}\nf = W x",
    "x in R^2\nW = {weights[0]}\nf = W .* x",
    "use J1\ng = f^2",
    "x in R^2 input\nm, β fixed\no = W x + [m β] in R^1",
    "x(3) -> 4 tanh -> 2 softmax",
    "A in R^(2x2)\nb in R^2\nf = A^-1 b + A^-T b",
    "A in R^(2x2)\nf = det(A) + logdet(A) + tr(A)\nA = [[2, 1], [1, 3]]",
    "W in R^(2x3)\nf = ||W||_1 + ||W||_F",
    "X in R^(32x2) batch\nA = tanh(X W + b) in R^(32x3)\nL = sum(A) # ->",
    "X in R^(2x32) batch columns\nA = tanh(W X + b) in R^(3x32)\nL = sum(A) # ->",
)
"""Blocks that hold each line of the tables of the language."""

NETS = ("input", "->")


def typed() -> list[str]:
    """What stands as code in the left column of the tables of the language, and behind an "or" in the right one."""
    rows = [row for page in ("README", "LANGUAGE") for row in re.findall(r"^\| (`.*?) \| ", TEXTS[page], flags=re.M)]
    return sorted({one.replace(r"\|", "|") for row in rows for one in re.findall(r"`(.+?)`", row)} - {"r.widget()"})


@pytest.mark.parametrize("block", HOLDS)
def test_a_block_of_the_cheat_sheet_holds(block):
    make = jacmagic.nnchain if any(word in block for word in NETS) else jacmagic.jacobian
    there = {"weights": [[1.0, 2.0], [3.0, 4.0]], "J1": jacmagic.jacobian("f(x) = x^2")}
    assert make(block, namespace=there).at().ndim == 2


def test_the_cheat_sheet_says_nothing_that_no_block_holds():
    assert len(typed()) > 60
    for code in typed():
        assert any(part in block for block in HOLDS for part in (code, code.partition(" … ")[0])), code


def test_the_readme_is_short():
    assert len(TEXTS["README"].split()) <= MAX_WORDS


@pytest.mark.parametrize("page", [page for page in PAGES if "](" in TEXTS[page]])
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", TEXTS[page]):
        own = link.removeprefix("../jacmagic/")  # of the package, which may stand elsewhere
        assert (PAGES[page].parent / link if own == link else Path(jacmagic.__file__).parent / own).is_file(), link


def test_the_readme_leads_to_every_page_and_shows_a_small_picture():
    links = re.findall(r"\]\(([^)]+)\)", TEXTS["README"])
    assert {f".github/{name}.md" for name in NAMES} <= set(links)
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXTS["README"])
    assert (ROOT / picture).stat().st_size < 400_000


def test_the_readme_names_the_two_commands():
    commands = [code.strip() for kind, code in blocks("README") if kind == "bash"]
    assert len(commands) == 2
    assert commands[0].endswith("jupyter lab demo.ipynb")
    assert commands[1].endswith("pytest")


if __name__ == "__main__":
    for (table, page), make in TABLES.items():
        TEXTS[page] = TEXTS[page].replace(written(table, page)[0], f"<!-- {table} -->\n{make()}\n<!-- end -->")
        PAGES[page].write_text(TEXTS[page], encoding="utf-8")
