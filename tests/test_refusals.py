"""Every place of the package that refuses something has an example whose error arises there, found by its source.

Blocks have theirs in `test_errors` and in the rows of advice; what is called from Python has it here.
"""

from __future__ import annotations

import ast
import inspect
import pickle
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import sympy as sp
from shells import Shell
from test_advice import examples, read
from test_errors import ERRORS, N

import jacmagic
from jacmagic import code, guide, magics
from jacmagic.engine.graph import Graph, slot
from jacmagic.engine.ops import by_others
from jacmagic.errors import JacmagicError
from jacmagic.panel import quiz

HOUSE = Path(jacmagic.__file__).parent
J, NN = jacmagic.jacobian, jacmagic.nnchain
Place = tuple[str, int]

LINE = "x in R\ny target\nL = (w x - y)^2"
CASES = "x in R\nf1 = x if x > 1 else 2 - x\n" + "".join(
    f"f{k} = f{k - 1} if f{k - 1} > 1.{k} else {k} - f{k - 1}\n" for k in range(2, 12)
)


def deep(run: Callable[[Any], object], *block: str) -> None:
    """Run it, on the result of a block, with more and more of the stack, until an error of ours says: too deep."""
    run(*map(J, block))
    before, here = sys.getrecursionlimit(), len(inspect.stack())
    for more in range(20, 400):
        made = list(map(J, block))
        try:
            sys.setrecursionlimit(here + more)
            run(*made)
        except RecursionError:
            pass
        finally:
            sys.setrecursionlimit(before)


def pair(function: Callable[[Any], Any] = sp.sin) -> tuple[Any, Any]:
    """The inputs of a function of x in code, and its node."""
    g = Graph()
    return [("x", ())], g.map(function(slot(0)), [(g.input("x", ()), ())], ())


def cell(text: str) -> None:
    """The error of a notebook's cell."""
    shell = Shell()
    shell.run("%load_ext jacmagic")
    raise shell.run(text, fails=True).error


# what is called, the error's class, words of its message
CALLS: list[tuple[Callable[[], object], str, str]] = [
    # -------------------------------------------------------------- blocks with what is beside them
    (lambda: J(3), "TypeError", "a block is text"),
    (lambda: deep(lambda: J("f(x) = x^2")), "LimitError", "nested too deep"),
    (lambda: J("f = x y", wrt="x\\"), "SyntaxMistake", "command is expected"),
    (lambda: J("f = x y", wrt="x + y"), "SyntaxMistake", "Names of variables"),
    (lambda: J("f = x y", wrt=",,"), "SyntaxMistake", "Names of variables"),
    (lambda: J("f = x1^2 + x2", wrt="x1, x3"), "NameMistake", "not a name of this block"),
    (lambda: J("u = π x", wrt="x, π"), "NameMistake", "is a constant"),
    (lambda: J("z = x + y\nw = z^2", wrt="x, z"), "NameMistake", "by means of x"),
    (lambda: J("n = 3\nx in R^n\nu = sum(x[i] for i = 1..n)", wrt="x, n"), "NameMistake", "no variable"),
    (lambda: J("x_{n+1} = {v}\ny = x_n", namespace={"v": 3}), "SyntaxMistake", "behind a name and ="),
    (lambda: J("c = {v}\nf(x) = c x", namespace={}), "ValueMistake", "NameError"),
    (lambda: J("c = {v}\nf(x) = c x", namespace={"v": "3"}), "ValueMistake", "takes real numbers"),
    (lambda: J("c = {v}\nf(x) = c x", namespace={"v": np.inf}), "ValueMistake", "not finite"),
    (lambda: J("c = {v}\nf(x) = c x", namespace={"v": np.zeros((2, 2, 2))}), "ValueMistake", "has the shape"),
    (lambda: J("c = {v}\nf = sum(c)", namespace={"v": np.zeros(1_000_001)}), "LimitError", "at most 1,000,000"),
    (lambda: J("use J4\nf = x", namespace={}), "NameMistake", "no J4 here"),
    (lambda: J("use r\nf = x", namespace={"r": 3}), "ValueMistake", "no result"),
    (lambda: J("use r\nf = x", namespace={"r": NN("x(2) -> 3")}), "ValueMistake", "is a net"),
    (lambda: J("f = x", layout="rows"), "ValueError", "no layout 'rows'"),
    # -------------------------------------------------------------- names and values of a result
    (lambda: jacmagic.nothing, "AttributeError", "no attribute"),
    (lambda: jacmagic.functions.nothing, "AttributeError", "no attribute"),
    (lambda: J("f = x^2").at("q", "x"), "KeyError", "no name 'q'"),
    (lambda: J("f = x^2").at(3, "x"), "TypeError", "names are text"),
    (lambda: J("f = x^2").at("f"), "TypeError", "two names"),
    (lambda: J("u = x\nf = u^2").at(u=3), "KeyError", "defined by the block"),
    (lambda: J("f = x^2").values["q"], "KeyError", "no name 'q'"),
    (lambda: J("f(x, y) = x y").at(x=[1, 2], y=[1, 2, 3]), "ValueError", "does not go with"),
    (lambda: J("x in R^2\nf = 2x").at(x=[1, 2, 3]), "ValueError", "expected (2,)"),
    (lambda: J("u = u(x, t)\nf = u^2").at(), "ValueMistake", "Nothing is known of u"),
    (lambda: J("f = x^2").values.pop("x"), "TypeError", "stay as they are"),
    (lambda: J("f = x^2").set(x=[1, 2]), "ValueError", "expected a number"),
    (lambda: J("f = x^2").set(x=np.nan), "ValueError", "finite"),
    (lambda: J("f = x^2").set(x="3"), "ValueMistake", "takes real numbers"),
    (lambda: J("f = x^2").set(x=10**400), "ValueMistake", "up to 1.8e308"),
    (lambda: J("f = x^2").set(x=Decimal("1e400")), "ValueMistake", "up to 1.8e308"),
    (lambda: J("f = x^2").roles(), "AttributeError", "in a net"),
    (lambda: NN("x(2) -> 3").layers[0].jacobians["q"], "KeyError", "does not read 'q'"),
    (lambda: J("x in R^400\nf = x x^T").at("f", "x"), "LimitError", "a Jacobian has at most"),
    # -------------------------------------------------------------- functions and code
    (lambda: J("f = x^2").function("fortran"), "ValueError", "does not run here"),
    (lambda: J("f = x^2").code("fortran"), "ValueError", "no backend"),
    (lambda: J("f = x^2").code("sympy", "f"), "TypeError", "two names"),
    (lambda: J("f = x^2").code("sympy", style="poem"), "ValueError", "the one style"),
    (lambda: J("u = u(x, t)\nf = u^2").code("sympy", style="lecture"), "ValueError", "no such cell"),
    (lambda: J("x^2 + y^2 = 1\ny = y(x)\nf = y^2").code("sympy", "f", "y", style="lecture"), "ValueError", "by an equation"),
    (lambda: J("x in R^2000\nu = 2x\nf = sum(u)").code("sympy", style="lecture"), "LimitError", "An entry a line"),
    (lambda: J("f = x^2").function()(1, 2), "TypeError", "takes 1 arguments"),
    (lambda: J("f = x^2").function()(z=1), "TypeError", "no argument is called 'z'"),
    (lambda: J("f = x^2").function()(1, x=1), "TypeError", "given twice"),
    (lambda: J("f = x^2").at("f", "x", of="f"), "TypeError", "given twice"),
    (lambda: code.compiled("numpy", *pair())(), "TypeError", "no value for"),
    (lambda: J("f = x^2").function("math")(x=[1, 2]), "ValueMistake", "expected a number"),
    (lambda: code.source("numpy", [("np", ())], Graph().input("np", ())), "ValueError", "rename it"),
    (lambda: code.source("c", pair()[0], {"a": pair()[1], "b": pair()[1]}), "TypeError", "ask for one"),
    (lambda: code.source("numpy", [], pair()[1]), "ValueError", "not among the inputs"),
    (lambda: code.source("numpy", *pair(sp.Function("zeta"))), "TypeError", "no code for the function zeta"),
    (lambda: by_others([pair()[1]], lambda op: op != "input"), "TypeError", "has no line here"),
    (lambda: J("a = 0.5\nf(x) = x relu(asin(a))").subs(a=2).code("sympy"), "LimitError", "NumPy source"),
    # -------------------------------------------------------------- written out
    (lambda: J("f(x) = " + "mish(" * 9 + "x" + ")" * 9).code("sympy"), "LimitError", "SymPy source this is too long"),
    (lambda: J("f(x) = prod(10^(100 i) for i = 1..9) x").matrix, "LimitError", "a number is too long"),
    (lambda: J("x in R^2\nf = softmax([x, 2000])").matrix, "LimitError", "a power of e"),
    (lambda: J("u1 = sin x\n" + "".join(f"u{i} = sin(u{i - 1})\n" for i in range(2, 150))).matrix, "LimitError", "too long"),
    (lambda: J("f(x, y) = y/(x if x > 0 else x - x)").matrix, "LimitError", "divides by 0"),
    (lambda: J("g(s) = (0.5 - s)^(3/2)\nq = g(k if 1 >= x else 1.5)\nf = k if y <= q else x^2", wrt="x, y, k").matrix,
     "LimitError", "not real"),
    (lambda: J(CASES).matrix, "LimitError", "too many cases"),
    (lambda: J("u0 = x\n" + "".join(f"u{i} = {'sin(' * 15}u{i - 1}{')' * 15}\n" for i in range(1, 30))).matrix, "LimitError",
     "nested too deep"),
    (lambda: J("x^2 + y^2 = 1\ny = y(x)\ng = y|_(x = 0.5)"), "ValueMistake", "not at another place"),
    # -------------------------------------------------------------- second derivatives, solutions, other results
    (lambda: J("f = x^2").hessian("f", "x"), "TypeError", "three names"),
    (lambda: J("x in R^2\nf = sum(x^2)").hessian("f", "x_1", "x"), "KeyError", "is one entry"),
    (lambda: J("f(x, y) = [x, y]").hvp([1, 1]), "ValueError", "of one function"),
    (lambda: J("f(x, y) = [x, y]").jvp([1]), "ValueError", "2 entries is expected"),
    (lambda: J("f(x, y) = [x, y]").vjp({"x": 1}), "KeyError", "no function"),
    (lambda: J("x^2 + y^2 = 1\ny = y(x)\nf = y").vector(), "ValueError", "solve at every point"),
    (lambda: J("u = x^2\nf = u^2", wrt="u").vector(), "ValueError", "defined by the block"),
    (lambda: J("f(x, y) = [x, y]").vector()[0]([1]), "ValueError", "expected (2,)"),
    (lambda: J("f(x, y) = [x, y]").gradients(), "ValueError", "a gradient is of one number"),
    (lambda: J("f = x^2").at(x=[1, 2], sparse=True), "ValueError", "one point after the other"),
    (lambda: J("f(x, y) = x y").at("f", sparse=True), "TypeError", "two names"),
    (lambda: J("x in R^300\nf = x x^T x").at(sparse=True), "LimitError", "may differ from 0"),
    (lambda: J("f = x^2").solve(), "ValueError", "no equation"),
    (lambda: J("f = x^2").equilibria(), "ValueError", "of a system"),
    (lambda: J("x' = k x", wrt="x, k").equilibria(), "ValueError", "that the equations change"),
    (lambda: J("f(x, y) = [x, y]").critical_points(), "ValueError", "of one function"),
    (lambda: J("u = x^2\nf = u^2", wrt="u").critical_points(), "ValueError", "defined by the block"),
    (lambda: J("x in R^40\nf = sum(x^2)").critical_points(), "ValueError", "unknowns"),
    (lambda: J("f = x^2").subs(x=3), "ValueError", "no variable stays"),
    (lambda: J("u = x\nf = u^2").subs(u=3), "KeyError", "without a definition"),
    (lambda: J("f = k x^2").subs(k=[1, 2]), "ValueError", "has the shape"),
    (lambda: J("f = k x^2").subs(k=np.nan), "ValueError", "finite"),
    (lambda: J("x^2 + y^2 = r\ny = y(x)\nf = y").subs(r=3), "ValueError", "in the block"),
    (lambda: J("f(x) = x^2") @ J("f(x) = x^3"), "ValueError", "in both blocks"),
    (lambda: J("f(x) = k x\nk = 2") @ J("g(t) = k t\nk = 3"), "ValueError", "2 in the left block"),
    (lambda: J("f(x, y) = x y") @ J("g(x) = x^2"), "ValueError", "takes 2 numbers"),
    (lambda: J("x' = x") @ J("f(x) = x^2"), "ValueError", "not of equations"),
    # -------------------------------------------------------------- formulas for any size
    (lambda: J("x in R^n\nf = sum(x)").at(), "ValueMistake", "has no value"),
    (lambda: J("x in R^n\nf = sum(x)").show(hessian=True), "ValueMistake", "n"),
    (lambda: pickle.dumps(J("x in R^n\nf = sum(x)")), "TypeError", "not pickled"),
    # -------------------------------------------------------------- training
    (lambda: NN(LINE).train(), "ValueError", "no data yet"),
    (lambda: NN(LINE).train(3), "TypeError", "the data are"),
    (lambda: NN(LINE).train({"x": [1.0], "y": [1.0]}, lr=-1), "ValueError", "lr is 0 or more"),
    (lambda: NN(LINE).train({"x": [1.0], "y": [1.0]}, seed="a"), "ValueError", "seed"),
    (lambda: NN(LINE).train({"x": [1.0], "y": [1.0]}, steps=0), "ValueError", "steps is at least 1"),
    (lambda: NN(LINE).train({"x": [1.0], "y": [1.0]}, optimizer="best"), "ValueError", "no optimizer"),
    (lambda: NN(LINE).train({"x": [1.0], "y": [1.0]}, batch=2), "ValueError", "batch is from 1 to 1"),
    (lambda: NN(LINE).train({"x": [1.0], "y": [1.0]}, fixed=["w"]), "ValueError", "no weight"),
    (lambda: NN(LINE).train({"x": [[1.0, 2.0]], "y": [1.0]}), "ValueError", "do not match"),
    (lambda: NN("x in R^2\ny target\nL = mse(w^T x, y)").train({"x": [[1.0]], "y": [1.0]}), "ValueError", "one a row"),
    (lambda: NN(LINE).train({"x": [], "y": []}), "ValueError", "no examples"),
    (lambda: NN(LINE).train({"x": [np.nan], "y": [1.0]}), "ValueError", "not finite"),
    (lambda: NN(LINE).train({"x": [1.0]}), "ValueError", "no data for y"),
    (lambda: NN(LINE).train({"x": [1e200], "y": [1.0]}, lr=9), "ValueError", "no longer finite"),
    (lambda: NN("x(2) -> 3").train({"x": [[1.0, 2.0]]}), "ValueError", "training needs a loss"),
    # -------------------------------------------------------------- answers, quizzes, steps, sliders
    (lambda: J("f(x, y) = x^2 y").check(3), "TypeError", "an answer is text"),
    (lambda: J("f(x, y) = x^2 y").check(""), "SyntaxMistake", "is empty"),
    (lambda: J("f(x, y) = x^2 y").check("J ="), "SyntaxMistake", "Right of ="),
    (lambda: J("f(x, y) = x^2 y").check("[2x y, x^"), "SyntaxMistake", "never closed"),
    (lambda: J("f(x, y) = x^2 y").check("[2x z, x^2]"), "NameMistake", "z is no name"),
    (lambda: J("f(x, y) = x^2 y").check("∂f/∂q = 3"), "NameMistake", "No name 'q'"),
    (lambda: J("f(x, y) = x^2 y").check("grad f"), "SyntaxMistake", "it is asked for"),
    (lambda: J("f(x, y) = x^2 y").check("[1, 2; 3, 4]"), "ShapeError", "the derivative is"),
    (lambda: J("f(x, y) = x^2 y").check("{v}"), "SyntaxMistake", "one expression"),
    (lambda: J("f(x, y) = x^2 y\nanswer:\n"), "SyntaxMistake", "behind this word"),
    (lambda: J("x in R^9\nf = 2x").show(quiz=True).prepare(), "LimitError", "this Jacobian has more"),
    (lambda: J("x in R^9\nf = 2x").show(quiz="df/dx, df/dx").prepare(), "LimitError", "these are more"),
    (lambda: J("f(x, y) = x y").show(quiz="df/dx, 2").prepare(), "SyntaxMistake", "Here stand entries"),
    (lambda: J("u = x y\nf = u^2").show(quiz="du/dx").prepare(), "SyntaxMistake", "no entry"),
    (lambda: J("f(x) = x^2").show(step=True), "TypeError", "steps"),
    (lambda: J("f(x) = x^2").show(quiz=True, steps=True), "ValueMistake", "asks for what steps shows"),
    (lambda: J("u = u(x, t)\nf = u^2").show(quiz=True).prepare(), "ValueMistake", "known by their formulas"),
    (lambda: deep(lambda r: r.check("((x + x))"), "f(x) = x^2"), "SyntaxMistake", "too deep"),
    (lambda: quiz.spec(J("u = u(x, t)\nf = u^2")), "ValueMistake", "known by their formulas"),
    (lambda: quiz.spec(J("u = x^2\nf = u^2", wrt="u")), "ValueMistake", "no definition"),
    (lambda: quiz.spec(J("f(x) = selu(x)")), "ValueMistake", "no selu"),
    (lambda: J("f(x) = x^2").steps("x", "x"), "ValueError", "no definition"),
    (lambda: J("x in R^2000\nf = sum(x)").sliders(), "ValueError", "too many values"),
    # -------------------------------------------------------------- the magics
    (lambda: guide.shown(99), "ValueError", "The gallery has"),
    (lambda: cell("%jacmagic gallery 99"), "OptionMistake", "The gallery has"),
    (lambda: cell("%%jacobian f = x^2\n "), "OptionMistake", "stands the block"),
    (lambda: magics.read_options("--all=3"), "OptionMistake", "takes no value"),
    (lambda: magics.read_options("--quiz df/dx"), "OptionMistake", "in quotes"),
    (lambda: magics.read_options("--wrt x"), "OptionMistake", "without an option"),
    (lambda: magics.read_options("--al"), "OptionMistake", "did you mean --all"),
    (lambda: magics.read_options("--check"), "OptionMistake", "in quotes"),
    (lambda: magics.read_options("--taylor 9"), "OptionMistake", "from 1 to 8"),
    (lambda: magics.read_options("--layout rows"), "OptionMistake", "numerator or denominator"),
    (lambda: magics.read_options("--seed x"), "OptionMistake", "whole number"),
    (lambda: magics.read_options("--into 3"), "OptionMistake", "Python allows"),
    (lambda: magics.read_options("--into print"), "OptionMistake", "Python's own"),
]


WORDLESS = {"Unroll", "Misfit", "Glued", "NoForm", "DifferentError", "NotImplementedError", "KeyboardInterrupt"}
"""What is raised to be caught inside, or where a class has nothing of its own."""
ELSEWHERE = ("code/helpers", "pytorch", "panel/src")
"""What runs without the package, and what needs PyTorch: `test_from_torch` has its refusals."""
OURS = {"SyntaxMistake", "AmbiguousMath", "NameMistake", "ShapeError", "ValueMistake", "LimitError", "OptionMistake"}


def called(node: ast.AST | None) -> str:
    """The name of a class that is called or raised."""
    node = node.func if isinstance(node, ast.Call) else node
    return getattr(node, "id", None) or getattr(node, "attr", "")


def sites(path: Path) -> Iterator[tuple[int, int]]:
    """The lines of a file, first and last, where it says what is wrong."""
    def within(node: ast.AST) -> Iterator[tuple[int, int]]:
        error = node.exc if isinstance(node, ast.Raise) else node if called(node) in OURS else None
        if isinstance(error, ast.Call) and called(error) not in WORDLESS and ast.unparse(error.args[:1] or [error]) != "''" \
                or isinstance(node, ast.Raise) and isinstance(error, ast.Name) and error.id[0].islower():
            yield node.lineno, node.end_lineno or node.lineno
        else:
            for child in ast.iter_child_nodes(node):
                yield from within(child)

    return within(ast.parse(path.read_text(encoding="utf-8")))


def running(frame: FrameType | None) -> Iterator[Place]:
    """The lines that are being executed."""
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back


def arises(run: Callable[[], object]) -> tuple[Exception, set[Place]]:
    """The error that somebody sees, and the lines where it arose."""
    with pytest.raises(Exception) as caught:
        run()
    error = caught.value
    found, step = set(getattr(error, "arose", ())), error.__traceback__
    while step is not None:
        found.add((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    return error, found


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors remember where they were made."""
    make = JacmagicError.__init__

    def made(self: JacmagicError, *args: Any, **more: Any) -> None:
        make(self, *args, **more)
        self.arose = set(running(sys._getframe(1)))

    monkeypatch.setattr(JacmagicError, "__init__", made)


@pytest.mark.parametrize(("run", "kind", "words"), CALLS, ids=[f"{kind} {words}" for _, kind, words in CALLS])
def test_a_wrong_call_says_what_is_wrong(run: Callable[[], object], kind: str, words: str) -> None:
    error, _ = arises(run)
    assert type(error).__name__ == kind
    assert words in str(error)


def blocks() -> Iterator[Callable[[], object]]:
    """What is refused, in the other tables."""
    for block, *_ in ERRORS:
        yield lambda block=block: (NN if block.startswith(N) else J)(block.removeprefix(N))
    for one in examples():
        yield lambda one=one: read(one.values[1], one.values[0])


@pytest.mark.long
def test_every_place_that_refuses_has_an_example(watched: None) -> None:
    reached = set[Place]()
    for run in [*blocks(), *(run for run, _, _ in CALLS)]:
        reached |= arises(run)[1]
    files = [path for path in sorted(HOUSE.rglob("*.py")) if not path.relative_to(HOUSE).as_posix().startswith(ELSEWHERE)]
    all_sites = [(path, lines) for path in files for lines in sites(path)]
    left = [
        f"{path.relative_to(HOUSE)}:{first}" for path, (first, last) in all_sites
        if not any((str(path), line) in reached for line in range(first, last + 1))
    ]
    assert len(all_sites) > 500
    assert not left, "no example reaches " + ", ".join(left)
