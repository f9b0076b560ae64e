"""%%jacobian, %jacobian and %%nnchain in a live shell: what comes back, what is shown, what stays untouched."""

from __future__ import annotations

import builtins
import importlib
import subprocess
import sys

import numpy as np
import pytest
import sympy as sp
from shells import Shell

import jacmagic
from jacmagic import magics
from jacmagic.functions import FUNCTIONS

SQUARE = "%%jacobian\nf(x) = x^2"


# ------------------------------------------------------------------ what comes back
def test_the_result_is_the_cells_value(shell):
    value = shell.run(SQUARE).value
    (x,) = value.variables
    assert value.matrix == sp.Matrix([[2 * x]])
    assert shell.names["_"] is value


def test_the_cell_prints_the_formulas_once(shell):
    text = shell.run(SQUARE).text
    assert text.count("f'(x) = 2x") == 1


@pytest.mark.parametrize(("line", "columns"), [("", "x y"), (" y", "y"), (" y, x", "y x"), (" x --static", "x")])
def test_the_magics_line_names_the_variables(shell, line, columns):
    value = shell.run(f"%%jacobian{line}\nf(x, y) = x^2 y").value
    assert [s.name for s in value.variables] == columns.split()


def test_the_line_magic_takes_the_block_itself(shell):
    value = shell.run("r = %jacobian x^2 y + sin y")
    assert value.value is None
    assert [s.name for s in shell.names["r"].variables] == ["x", "y"]


def test_braces_of_a_line_are_not_expanded(shell):
    shell.run("n = 7")
    assert shell.run("%jacobian f(x) = x^{n}; n = 2").value.at(x=3.0, n=2.0)[0, 0] == 6


def test_nnchain_makes_a_net(shell):
    value = shell.run("%%nnchain\nx in R^1\na = tanh(W1 x + c1) in R^2\no = W2 a + c2 in R^1").value
    assert [layer.name for layer in value.layers] == ["a", "o"]
    assert value.at().shape == (1, 1)


def test_a_net_on_one_line(shell):
    value = shell.run("%nnchain x(3) -> 4 tanh -> 2 softmax").value
    assert value.at().shape == (2, 3)


def test_the_same_seed_gives_the_same_weights(shell):
    def weights(option: str) -> np.ndarray:
        return shell.run(f"%%nnchain {option}\nx in R^2\na = W x + c in R^2").value.values["W"]

    assert np.array_equal(weights("--seed 3"), weights("--seed=3"))
    assert not np.array_equal(weights("--seed 3"), weights("--seed 4"))


# ------------------------------------------------------------------ options
@pytest.mark.parametrize("line", ["--into J", "--into=J", "x --into J", "--static --into 'J' --big x"])
def test_into_binds_the_name(shell, line):
    value = shell.run(f"%%jacobian {line}\nf(x) = x^2").value
    assert shell.names["J"] is value


def test_into_works_on_a_line_before_and_behind_the_block(shell):
    for cell in ("%jacobian --into J f(x) = x^2", "%jacobian f(x) = x^2 --into J"):
        shell.names.pop("J", None)
        assert shell.run(cell).value is shell.names["J"]


def html(value) -> str:
    return value._repr_mimebundle_()["text/html"]


def test_static_shows_no_panel(shell):
    assert "<script" in html(shell.run(SQUARE).value)
    assert "<script" not in html(shell.run(SQUARE.replace("jacobian", "jacobian --static")).value)


def test_big_is_larger(shell):
    assert "font-size:150%" in html(shell.run(SQUARE.replace("jacobian", "jacobian --big")).value)


def test_all_elides_nothing(shell):
    block = "x in R^12\nf(x) = [x[i]^2 for i = 1..12]"
    assert "⋯" in shell.run(f"%%jacobian\n{block}").text
    assert "⋯" not in shell.run(f"%%jacobian --all\n{block}").text


@pytest.mark.parametrize("line", ["# a comment", "--static # a comment", "x # by x"])
def test_a_comment_on_the_magics_line_is_none_of_its_names(shell, line):
    done = shell.run(f"%%jacobian {line}\nf(x) = x^2")
    assert [v.name for v in done.value.variables] == ["x"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--statci", "There is no option --statci; did you mean --static?"),
        ("--sed 3", "did you mean --seed?"),
        ("--quux", "There is no option --quux; there are --into, --static, --big, --all, --steps, --hessian, --taylor, --integral, --reveal, --quiz, --check, --layout, --seed."),
        ("--seed", "--seed takes a whole number"),
        ("--taylor", "--taylor takes an order from 1 to 8"),
        ("--taylor twice", "--taylor takes an order from 1 to 8"),
        ("--seed three", "--seed takes a whole number"),
        ("--into", "--into takes a name that Python allows"),
        ("--into 2x", "--into takes a name that Python allows"),
        ("--into for", "--into takes a name that Python allows"),
        ("--static=yes", "--static takes no value"),
        ("--into print", "print is a name of Python's own"),
        ("--into get_ipython", "get_ipython is a name"),
        ("--wrt x", "The variables stand here without an option"),
        ("--help", "There is no option --help; there are"),
        ("--hess", "There is no option --hess; did you mean --hessian?"),
        ("--quiz df/dx", "What --quiz asks for stands in quotes."),
        ("--at x=1", "There is no option --at; there are"),
        (",,", "Names of variables are expected here"),
    ],
)
def test_a_wrong_option_says_so(shell, line, says):
    done = shell.run(f"%%jacobian {line}\nf(x) = x^2", fails=True)
    assert isinstance(done.error, jacmagic.JacmagicError)
    assert says in done.text
    assert "^^" in done.text
    assert "Traceback" not in done.text


def test_the_hints_of_wrong_options_are_right_options(shell):
    error = shell.run("%%jacobian --statci\nf(x) = x^2", fails=True).error
    assert error.hints == ("--static",)
    shell.run(f"%%jacobian {error.hints[0]}\nf(x) = x^2")


def test_the_help_reads_well(shell):
    for magic in ("jacobian", "nnchain"):
        text = shell.ip.magics_manager.magics["cell"][magic].__doc__
        for option, settings in magics.OPTIONS.items():
            assert option in text
            assert settings["help"].split()[0] in text
        assert f"%%{magic}" in text
        assert f"%{magic} " in text
    assert shell.run("%%jacobian?").error is None


# ------------------------------------------------------------------ the notebook's names
def test_no_other_name_is_touched(shell):
    shell.run("f, x, J, k = 'f', 'x', 'J', [1]")
    bookkeeping = ("_", "Out", "In", "_oh", "_ih", "_dh", "_exit_code")

    def state() -> dict[str, int]:
        return {k: id(v) for k, v in shell.names.items() if k.rstrip("0123456789") not in bookkeeping
                and k not in bookkeeping and k.lstrip("_i").strip("0123456789")}

    before = state()
    shell.run("%%jacobian\nf(x) = k x^2\nk = {k[0]}")
    shell.run("%%jacobian\nf(x) = k x^2\nk = {(y := 3)}")
    shell.run("%%jacobian\nf(x) = 1/2x", fails=True)
    shell.run("%nnchain x(3) -> 4 tanh -> 2 softmax")
    assert state() == before
    assert shell.names["k"] == [1]
    shell.run("%%jacobian --into J\nf(x) = x^2")
    assert {name for name, value in state().items() if value != before.get(name)} == {"J"}


@pytest.mark.parametrize(
    ("python", "expected"),
    [("k", 3), ("rows[0][1]", 2), ("np.array([[2.0]])[0, 0]", 2), ("sp.Rational(1, 2)", 0.5), ("len(rows)", 2)],
)
def test_values_come_from_python(shell, python, expected):
    shell.run("import numpy as np, sympy as sp\nk = 3\nrows = [[1, 2], [3, 4]]")
    value = shell.run(f"%%jacobian\nf(x) = c x\nc = {{{python}}}").value
    assert value.at() == expected


def test_a_matrix_comes_from_python(shell):
    shell.run("rows = [[1, 2], [3, 4]]")
    value = shell.run("%%jacobian\nx in R^2\ny = W x\nW = {rows}").value
    assert value.at().tolist() == [[1, 2], [3, 4]]


def test_a_mistake_in_python_is_shown_at_its_place(shell):
    done = shell.run("%%jacobian\nf(x) = c x\nc = {nowhere}", fails=True)
    assert "NameError" in done.text
    assert "3 | c = {nowhere}" in done.text


# ------------------------------------------------------------------ errors
def test_an_error_counts_lines_as_the_cell_does(shell):
    done = shell.run("%%jacobian\nk = 2\n\nL(x) = 1/2x^2", fails=True)
    assert isinstance(done.error, jacmagic.AmbiguousMath)
    assert done.text == (
        "AmbiguousMath: 1/2x^2 can be read in two ways.\n\n"
        "  4 | L(x) = 1/2x^2\n"
        "             ^^^^^^\n"
        "  write  (1/2) x^2   or   1/(2x^2)\n"
    )
    assert done.error.line == 3  # in the block


def test_an_error_that_names_two_lines_counts_both_as_the_cell_does(shell):
    done = shell.run("%%jacobian\nu = x^2\nu = x^3", fails=True)
    assert "line 2" in done.text
    assert "3 | u = x^3" in done.text


def test_an_error_on_the_line_magic_has_line_one(shell):
    assert "1 | f(x) = sinx" in shell.run("%jacobian f(x) = sinx", fails=True).text


def test_a_name_that_the_block_does_not_have_is_shown_on_the_magics_line(shell):
    done = shell.run("%%jacobian x9\nf(x) = x^2", fails=True)
    assert "1 | x9" in done.text


def test_a_failing_cell_leaves_no_result(shell):
    value = shell.run(SQUARE).value
    shell.run("%%jacobian --into J\nf(x) = sinx", fails=True)
    assert shell.names["_"] is value
    assert "J" not in shell.names


@pytest.mark.parametrize("body", ["", "\n", "\n\n   \n", "\n# nothing yet\n", "\nk = 2\n"])
@pytest.mark.parametrize("magic", ["jacobian", "nnchain"])
def test_a_cell_with_nothing_in_it_shows_an_example(shell, magic, body):
    done = shell.run(f"%%{magic}{body}", fails=True)
    assert isinstance(done.error, jacmagic.JacmagicError)
    assert done.error.hints
    shell.run(f"%%{magic}\n{done.error.hints[0]}")


def test_a_block_on_the_cell_magics_own_line_is_put_right(shell):
    done = shell.run("%%jacobian f(x) = x^2", fails=True)
    assert done.error.hints == ("%jacobian f(x) = x^2",)
    shell.run(done.error.hints[0])


# ------------------------------------------------------------------ loading
def test_a_second_load_is_quiet_and_changes_nothing(shell):
    completer, transformers = shell.ip.Completer.completions, list(shell.ip.input_transformers_cleanup)
    jacmagic.load_ipython_extension(shell.ip)
    assert shell.ip.Completer.completions is completer
    assert shell.ip.input_transformers_cleanup == transformers
    assert "already loaded" in shell.run("%load_ext jacmagic").text  # IPython's own word, nothing of ours


def test_reload_works(shell):
    assert shell.run("%reload_ext jacmagic").text == ""
    assert shell.run(SQUARE).value.at() == 2
    assert shell.complete("%%jacobian\nf(x) = tan")


def test_unload_takes_everything_away():
    shell = Shell()
    transformers = list(shell.ip.input_transformers_cleanup)
    shell.run("%load_ext jacmagic")
    shell.run("%unload_ext jacmagic")
    for kind in ("line", "cell"):
        assert not {"jacobian", "nnchain"} & set(shell.ip.magics_manager.magics[kind])
    assert "completions" not in vars(shell.ip.Completer)
    assert shell.ip.input_transformers_cleanup == transformers
    assert "not found" in shell.run(SQUARE, fails=True).text
    shell.run("%load_ext jacmagic")
    shell.run(SQUARE)


@pytest.mark.parametrize("how", ["import jacmagic", "from IPython.core.interactiveshell import InteractiveShell\n"
                                 "InteractiveShell().run_line_magic('load_ext', 'jacmagic')"])
def test_loading_imports_nothing_heavy(how):
    ask = "import sys\nprint(sorted({'sympy', 'numpy', 'lark', 'torch', 'ipywidgets', 'anywidget'} & set(sys.modules)))"
    # IPython itself may bring NumPy along where it is installed; what counts is what jacmagic adds.
    code = f"import sys\nimport IPython.core.completer\nbefore = set(sys.modules)\n{how}\n" + ask.replace(
        "set(sys.modules)", "(set(sys.modules) - before)")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_loading_reads_the_magics_and_nothing_of_the_language():
    code = (
        "import sys\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell().run_line_magic('load_ext', 'jacmagic')\n"
        "print(sorted(name for name in sys.modules if name.startswith('jacmagic')))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['jacmagic', 'jacmagic.errors', 'jacmagic.magics', 'jacmagic.working']", done.stderr


# ------------------------------------------------------------------ completion
@pytest.mark.parametrize(
    ("cell", "offers"),
    [
        ("%%jacobian\nf(x) = ta", {"tan", "tanh", "tau"}),
        ("%%nnchain\na = sigm", {"sigmoid", "sigma"}),
        ("%%jacobian\nrate = 2\nf(x) = ra", {"rate"}),
        ("%%jacobian\nx_max = 2\nf(x) = x_", {"x_max"}),
        ("%%nnchain\nx in R^2\nhidden = tanh(W1 x + c1) in R^2\no = W2 hi", {"hidden"}),
        ("%%jacobian ra\nf(rate) = rate^2", set()),
        ("%%jacobian --s", {"--static", "--steps", "--seed"}),
        ("%%jacobian x --", set(magics.OPTIONS)),
        ("%jacobian f(x) = si", {"sin", "sinh", "sign", "sigmoid", "silu", "sigma"}),
        ("a = 3\n%jacobian cos", {"cosh"}),
        ("%%jacobian\nf(x) = 2x # hyp\ng(x) = hyp", set()),
    ],
)
def test_words_of_the_language_complete(shell, cell, offers):
    typed = cell.replace("\n", " ").split()[-1]
    found = {text[len(cell) - len(typed):] for text in shell.complete(cell)}
    assert found == offers


def test_a_name_completes_on_the_magics_line(shell):
    cell = "%%jacobian ra\nf(rate) = rate^2"
    assert shell.complete(cell, offset=len("%%jacobian ra")) == ["%%jacobian rate"]


def test_every_function_completes(shell):
    for name in FUNCTIONS:
        cell = f"%%jacobian\ny = {name[:-1]}"
        assert f"%%jacobian\ny = {name}" in shell.complete(cell), name


def test_a_backslash_and_a_greek_name_complete_as_ipython_does_it(shell):
    assert any(text.endswith("α") for text in shell.complete("%%jacobian\nf(x) = \\alpha"))


def test_inside_braces_python_completes(shell):
    shell.run("weights_of_mine = [1, 2]")
    found = shell.complete("%%jacobian\nf(x) = c x\nc = {weights_of")
    assert "%%jacobian\nf(x) = c x\nc = {weights_of_mine" in found


def test_other_cells_complete_as_before(shell):
    shell.run("tangent = 3")
    found = shell.complete("tan")
    assert "tangent" in found
    assert "tanh" not in found


# ------------------------------------------------------------------ safety
BLOCKS = [
    "f(x, y) = 2x y^2 + sin x cos y",
    "r(x) = sqrt(x) if x > 0 else -x",
    "x in R^3\ny = [x[i]^2 for i = 1..3]\nL = sum(y)",
    r"f(x) = \frac{x^2}{1 + e^{-x}}",
    "g(u, v) = u v\nf(x) = (x, x^2)\nh = g(f(x))",
    "x in R^2\na = tanh(W x + c) in R^2\np = softmax(a)\nL = cross_entropy(p, y)",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_no_text_of_a_block_reaches_a_python_or_sympy_parser(shell, monkeypatch, block):
    """What is compiled is of our own making: no line of the block, and no right side, is among it."""
    seen: list[str] = []
    own = {"exec": builtins.exec, "eval": builtins.eval, "compile": builtins.compile}

    def watch(name):
        def watched(source, *args, **more):
            if isinstance(source, (str, bytes)) and "<ipython" not in str(args) and "<stdin>" not in str(args):
                seen.append(source if isinstance(source, str) else source.decode())
            return own[name](source, *args, **more)

        return watched

    def refuse(text, *_, **__):
        raise AssertionError(f"SymPy was asked to read {text!r}")

    plain_sympify = sp.sympify

    def sympify(a, *args, **more):
        return refuse(a) if isinstance(a, str) else plain_sympify(a, *args, **more)

    parser = importlib.import_module("sympy.parsing.sympy_parser")
    values = shell.run(f"%%jacobian\n{block}").value.values  # imports done before anything is watched
    with monkeypatch.context() as patch:
        for name in ("parse_expr", "stringify_expr", "eval_expr"):
            patch.setattr(parser, name, refuse)
        patch.setattr(sp, "sympify", sympify)
        for name in own:
            patch.setattr(builtins, name, watch(name))
        r = jacmagic.jacobian(block)
        r.matrix, r.latex(), r.at(), r.forward(), r._repr_mimebundle_(), r.code("sympy"), r.code("torch"), r.layers
    assert len(values) == len(r.values)
    lines = {line.strip() for line in block.splitlines()}
    sides = {line.partition("=")[2].strip() for line in lines}
    for source in seen:
        assert source.strip() not in lines | sides
        assert not [line for line in lines if line in source], source


def test_a_block_cannot_call_python(shell, tmp_path):
    target = tmp_path / "made"
    for attempt in (
        f"f(x) = __import__('os').mkdir('{target}')",
        f"f(x) = open('{target}', 'w')",
        f"k = __import__('os').mkdir('{target}')\nf(x) = k x",
        f"f(x) = x^{{__import__('os').mkdir('{target}')}}",
    ):
        shell.run(f"%%jacobian\n{attempt}", fails=True)
    assert not target.exists()


# ------------------------------------------------------------------ an answer
def test_an_answer_is_marked(shell):
    done = shell.run('%%jacobian --check "[2x y, x^2 + 1]"\nf(x, y) = x^2 y')
    assert "∂f/∂x = 2x y   ✓ right" in done.text
    assert "∂f/∂y = x² + 1   ✗ not right" in done.text
    assert "∂f/∂x = x²   ✗" in shell.run("%%jacobian\nf(x) = x^2\nanswer:\nx^2").text
    assert "✓ right" in shell.run("%jacobian f(x) = x^2 --check '2x'").text
    assert "✓ right" in shell.run("%jacobian f(x) = x^2 --check=2x").text


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('%%jacobian --check "[2q, x^2]"\nf(x, y) = x^2 y', "  1 | [2q, x^2]\n        ^"),
        ("%%jacobian\nf(x) = x^2\nanswer:\n2q", "  4 | 2q\n       ^"),
        ("%%jacobian --check [2x y, x^2]\nf(x, y) = x^2 y", "An answer stands in quotes."),
        ('%%jacobian --check ""\nf(x, y) = x^2 y', "An answer stands in quotes."),
    ],
)
def test_an_answer_that_cannot_be_read_is_pointed_at(shell, cell, says):
    assert says in shell.run(cell, fails=True).text


PAIRED = {
    "--into": "J", "--static": "", "--big": "", "--all": "", "--steps": "", "--hessian": "", "--taylor": "2", "--integral": "", "--reveal": "",
    "--quiz": "", "--check": '"∂L/∂c = 2 (h - y) h"', "--layout": "denominator", "--seed": "3",
}
SAID = {"--steps": "constant factor", "--hessian": "eigenvalues", "--taylor": "L ≈", "--integral": "|det J| is of", "--check": "✓ right", "--layout": "denominator layout"}
ASKING = {"--quiz": "marks an answer", "--reveal": "shows the answer"}
PAIRED_BLOCKS = {"jacobian": "c in R\nh = 3 c x\nL(c, x) = 1/2 h^2\nx = 2\nc = 1", "nnchain": "x in R^1\nh = tanh(W x + c) in R^1\nL = 1/2 ||h - y||^2"}


@pytest.mark.parametrize(("name", "says"), [("hesian", "did you mean hessian"), ("quz", "did you mean quiz"), ("colour", "see help")])
def test_a_misspelt_option_of_show_is_no_option(name, says):
    with pytest.raises(TypeError, match=says):
        jacmagic.jacobian("f(x) = x^2").show(**{name: True})


def test_every_option_is_among_the_pairs():
    assert PAIRED.keys() == magics.OPTIONS.keys()


@pytest.mark.parametrize("magic", PAIRED_BLOCKS)
@pytest.mark.parametrize("option", PAIRED)
def test_each_pair_of_options_shows_both_or_says_why_not(shell, magic, option):
    given = {**PAIRED, "--check": '"∂L/∂c = 9 c x^2"' if magic == "jacobian" else '"∂L/∂c = (h - y) .* (1 - h.^2)"'}
    for other in PAIRED:
        pair, line = {option, other}, " ".join(f"{one} {given[one]}" for one in dict.fromkeys((option, other)))
        refused = "--quiz" in pair and pair & {"--steps", "--hessian", "--taylor", "--integral"}
        ran = shell.run(f"%%{magic} {line}\n{PAIRED_BLOCKS[magic]}", fails=bool(refused))
        if refused:
            assert "A quiz asks for what" in str(ran.error)
            continue
        shown = ran.value._repr_mimebundle_()
        plain, page = shown["text/plain"], shown["text/html"]
        asks, said = pair & ASKING.keys(), SAID | ({"--hessian": "∂²L/∂x₁² = ", "--integral": "dL = |"} if magic == "nnchain" else {})
        for one in pair & ASKING.keys() - {"--reveal"} or asks:
            assert ASKING[one] in plain, line
        for one in pair & SAID.keys():
            assert (said[one] in plain) is (not asks or one in ("--check", "--layout")), (line, plain)
        assert ("font-size:150%" in page) is ("--big" in pair), line
        assert ("data-jacmagic" in page) is ("--static" not in pair), line
        assert shell.names.pop("J", None) is (ran.value if "--into" in pair else None), line
