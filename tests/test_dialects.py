"""A dialect is a row: C and Octave are compiled and run, Julia's code is read by Julia's grammar, and a row can be added."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from graphs import CASES, Inputs, built
from optional import optional
from test_code import BATCHES, evaluate, sample

import jacmagic
from jacmagic import code
from jacmagic.engine.graph import Graph, slot
from jacmagic.functions import FUNCTIONS, symbolic

_0, _1 = slot(0), slot(1)
Job = tuple[str, Inputs, tuple[int, ...], Mapping[str, Any]]  # source of a function f, what it takes, gives, and where


def numbers(value: Any) -> list[str]:
    texts = {math.inf: "INFINITY", -math.inf: "-INFINITY"}
    return [texts.get(v, repr(v)) for v in np.asarray(value, dtype=float).ravel().tolist()]


def run_c(folder: Path, jobs: list[Job], apart: bool = False) -> list[Any]:
    """What the C of each job computes, compiled with every warning an error; in one file, with all helpers, if not apart."""
    optional("gcc")
    main, parts = ["#include <math.h>", "#include <stdio.h>"], {}
    calls = ["int main(void) {"]
    files = {text: k for k, text in enumerate(dict.fromkeys(text for text, *_ in jobs))}
    for text, inputs, shape, values in jobs:
        k = files[text]
        (folder / f"f{k}.c").write_text(re.sub(r"\b(f|jacobian)\(", f"f{k}(", text, count=1), encoding="utf-8")
        if not apart:
            lines = (folder / f"f{k}.c").read_text(encoding="utf-8").split("\n\n")
            parts[k] = lines[-1]
        kinds = ["const double *" if own else "double" for _, own in inputs] + ["double *"] * bool(shape)
        main.append(f"{'void' if shape else 'double'} f{k}({', '.join(kinds) or 'void'});")
        given = [f"(double[]){{{', '.join(numbers(values[n]))}}}" if own else numbers(values[n])[0] for n, own in inputs]
        if shape:
            size = math.prod(shape)
            calls.append(f"    {{ double out[{size}]; for (int k = 0; k < {size}; k++) out[k] = 99.0;"
                         f" f{k}({', '.join([*given, 'out'])});"
                         f' for (int k = 0; k < {size}; k++) printf("%.17g ", out[k]); printf("\\n"); }}')
        else:
            calls.append(f'    printf("%.17g\\n", f{k}({", ".join(given)}));')
    (folder / "main.c").write_text("\n".join([*main, *calls, "    return 0;", "}", ""]), encoding="utf-8")
    names = [f"f{k}.c" for k in files.values()] if apart else ["all.c"]
    helpers = code.BACKENDS["c"].helpers.values()
    (folder / "all.c").write_text("\n\n".join(["#include <math.h>", *helpers, *parts.values()]) + "\n", encoding="utf-8")
    made = subprocess.run(["gcc", "-std=c99", "-Wall", "-Werror", *["-Wno-unused-function"] * (not apart), "main.c", *names, "-lm", "-o", "run"], cwd=folder, capture_output=True,
                          text=True, check=False)
    assert made.returncode == 0, made.stderr[:3000]
    return lines_of(subprocess.run(["./run"], cwd=folder, capture_output=True, text=True, check=False), jobs)


def run_octave(folder: Path, jobs: list[Job]) -> list[Any]:
    """What the Octave of each job computes; a matrix is printed row by row."""
    optional("octave-cli")
    calls = []
    files = {text: k for k, text in enumerate(dict.fromkeys(text for text, *_ in jobs))}
    for text, inputs, shape, values in jobs:
        k = files[text]
        (folder / f"f{k}.m").write_text(re.sub(r"= (f|jacobian)\(", f"= f{k}(", text, count=1), encoding="utf-8")
        given = []
        for name, own in inputs:
            rows = np.asarray(values[name], dtype=float).reshape(own if len(own) == 2 else (-1, 1))
            if len(own) > 2:
                flat = " ".join(map(repr, np.asarray(values[name]).ravel().tolist()))
                given.append(f"permute(reshape([{flat}], [{' '.join(map(str, own[::-1]))}]), [{' '.join(str(n) for n in range(len(own), 0, -1))}])")
            else:
                given.append("[" + "; ".join(" ".join(map(repr, row)) for row in rows.tolist()) + "]")
        axes = " ".join(str(n) for n in range(max(len(shape), 2), 0, -1))
        wanted = f"assert(isequal(size(r), [{' '.join(map(str, shape if len(shape) > 1 else (*shape, 1) if shape else (1, 1)))}]));"
        calls.append(f"r = f{k}({', '.join(given)}); {wanted if math.prod(shape) else ''} printf('%.17g ', permute(r, [{axes}])); printf(\"\\n\");")
    (folder / "main.m").write_text("\n".join([*calls, ""]), encoding="utf-8")
    return lines_of(subprocess.run(["octave-cli", "--no-init-file", "--quiet", "main.m"], cwd=folder, capture_output=True, text=True,
                                   check=False), jobs)


def lines_of(done: subprocess.CompletedProcess[str], jobs: list[Job]) -> list[Any]:
    assert done.returncode == 0, done.stderr[:3000]
    lines = done.stdout.split("\n")
    return [np.array([float(v) for v in line.split()]).reshape(shape) for line, (_, _, shape, _) in zip(lines, jobs, strict=False)]


RUNS = {"c": run_c, "octave": run_octave}


# ------------------------------------------------------------------ each operation
@pytest.mark.parametrize("where", RUNS)
def test_every_operation_computes_what_the_graph_says(where: str, tmp_path: Path) -> None:
    jobs, want, names = [], [], []
    for case in CASES:
        inputs, node = built(case)
        if node.size == 0:
            continue  # the language has no empty vectors, and C no empty arrays
        values = sample(inputs, BATCHES["alone"])
        jobs.append((code.source(where, inputs, node), inputs, node.shape, values))
        want.append(evaluate(node, values))
        names.append(case)
    for case, got, right in zip(names, RUNS[where](tmp_path, jobs), want, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-10, atol=1e-12, err_msg=case)


# ------------------------------------------------------------------ each function of the table
SMOOTH = [-2.3, -0.6, 0.4, 0.9, 1.7]


def of_the_table() -> dict[str, sp.Expr]:
    one = {row.name: symbolic(row.name)(_0) for row in FUNCTIONS.values() if row.kind == "entrywise" and row.arity[0] == 1}
    two = {name: symbolic(name)(_0, _1) for name in ("max", "min", "atan2", "log_base")}
    return one | two | {"clip": symbolic("clip")(_0, _1, 1), "power": sp.Abs(_0) ** _1, "odd power": _0**_1}


@pytest.mark.parametrize("where", RUNS)
def test_every_function_of_the_table_has_the_values_and_slopes_of_numpy(where: str, tmp_path: Path) -> None:
    from jacmagic.engine import chain

    jobs, want, names = [], [], []
    inputs: Inputs = [("x", ()), ("y", ())]
    for name, expr in of_the_table().items():
        g = Graph()
        x, y = (g.input(n, ()) for n, _ in inputs)
        node = g.map(sp.sympify(expr), [(x, ()), (y, ())], ())
        whole = g.stack([node, chain.jacobian(g, node, x), chain.jacobian(g, node, y)], (3,))
        text, numpy = code.source(where, inputs, whole), code.compile_numpy(inputs, whole)
        for at in [*SMOOTH, 0.0, 1.0, -1.0, 3.0, 40.0, -40.0]:
            values = {"x": at, "y": 0.8}
            jobs.append((text, inputs, (3,), values))
            want.append(numpy(**values))
            names.append(f"{name} at {at}")
    for name, got, right in zip(names, RUNS[where](tmp_path, jobs), want, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-12, err_msg=name)


# ------------------------------------------------------------------ whole blocks
BLOCKS = [
    "f(x1, x2) = 2x1 x2^2 + 3x1 + 2x2",
    "f(x, y) = [x^2 y, 5x + sin y, e^(x y), x^3/(1 + y^2), sqrt(x^2 + y^2)]",
    "f(x, y) = (x^2 if x > y else -x y) + |x - y| + max(x, y, 0.3) + relu(x) y + 1[x > 0]",
    "x = r sin(theta) cos(phi)\ny = r sin(theta) sin(phi)\nz = r cos(theta)",
    "x' = a x - b x y\ny' = -c y + d x y",
    "x in R^4\nn = 4\nf = [x[i]^2 - x[i-1] for i = 2..4]\ng = sum(x[i] x[i+1] for i = 1..n-1)\nh = prod(x)",
    "x in R^3\nf = x/||x||\ng = softmax(x)\nh = logsumexp(x) + var(x) + max(x)",
    "x in R^3\nA = [1, 2, 3; 4, 5, 6; 7, 8, 10]\nf = A x + A^T x\ng = x^T A x\nh = cross(x, A x)",
    "x, y in R^3\nf = mse(x, y) + mae(x, y) + huber(2x, y)\ng = layer_norm(x)\nh = bce(sigmoid(x), y) + cross_entropy(softmax(x), y)",
    "f(x, y) = x^y + y^x + atan2(y, x) + floor(x) + erf(x) + log2(x)",
    "f(double, short) = double^2 short + 1/short\ndouble = 2\nshort = 3",
    "\n".join(f"f_{k} = x_{k}^2 x_{k + 1} - 2x_{k} + e^(-x_{k}^2)" for k in range(1, 12)),  # most of 132 entries are 0
    "f(out, zeros) = out zeros^2\nout = 2\nzeros = 3",
]
NETS = [
    "x in R^2\na = tanh(W1 x + c1) in R^3\no = W2 a + c2 in R^1\nL = 1/2 (o[1] - t)^2",
    "x(2) -> 3 gelu -> 2 softmax\nL = cross_entropy(o, y)",
    "x in R^3\na = relu(W1 x + c1) in R^4\nb = layer_norm(a)\no = sigmoid(W2 b + a) in R^4\nL = bce(o, y) + 0.1 ||W1||_F^2",
    "X in R^(5x2) input\nW in R^(2x3)\nA = tanh(X W)\nL = mse(A, Y)\nY in R^(5x3) target",
]


def points(r: Any, count: int = 3) -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    start = {key: np.asarray(value, dtype=float) for key, value in r.values.items()}
    return [start, *({key: value * rng.uniform(0.7, 1.4, size=value.shape) for key, value in start.items()} for _ in range(count - 1))]


@pytest.mark.parametrize("where", RUNS)
def test_jacobians_of_blocks_and_nets_are_those_of_the_result(where: str, tmp_path: Path) -> None:
    jobs, want, names = [], [], []
    results = [(text, jacmagic.jacobian(text)) for text in BLOCKS] + [(text, jacmagic.nnchain(text)) for text in NETS]
    for text, r in results:
        asked: list[tuple[str, ...]] = [()]
        if r.program.net:
            asked += [("L", key) for key in r.program.inputs] + [(list(r.program.steps)[0], list(r.program.inputs)[-1])]
        for pair in asked:
            source = r.code(where, *pair)
            inputs = [(key, r.program.shape(key)) for key in r.program.inputs]
            for values in points(r):
                right = np.asarray(r.at(*pair, **values))
                jobs.append((source, inputs, right.shape, values))
                want.append(right)
                names.append(f"{text}: {pair}")
    for name, got, right in zip(names, RUNS[where](tmp_path, jobs), want, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-11, err_msg=name)


def test_a_file_of_c_compiles_alone_with_the_helpers_that_it_calls(tmp_path: Path) -> None:
    jobs = []
    for text in BLOCKS[2:3] + BLOCKS[6:7]:
        r = jacmagic.jacobian(text)
        inputs = [(key, r.program.shape(key)) for key in r.program.inputs]
        jobs.append((r.code("c"), inputs, r.at().shape, dict(r.values)))
        assert re.search(r"^static double (larger|sign_of)\(", jobs[-1][0], re.M)
        np.testing.assert_allclose(run_c(tmp_path, jobs, apart=True)[-1], r.at(), rtol=1e-12)


def test_octave_reads_as_it_is_written_on_paper() -> None:
    assert jacmagic.jacobian("f(x, y) = [x^2 y, 5x + sin y]").code("matlab") == (
        "function out = jacobian(x, y)\n    out = [2*x*y, x^2; 5, cos(y)];\nend\n"
    )


def test_c_reads_as_written_by_hand() -> None:
    assert jacmagic.jacobian("f(x, y) = [x^2 y, 5x + sin y]").code("c") == (
        "/* C99; compile with -lm. Matrices are flat, row by row; so is out. */\n#include <math.h>\n\n"
        "void jacobian(double x, double y, double *out) {\n"
        "    out[0] = 2*x*y;\n    out[1] = x*x;\n    out[2] = 5;\n    out[3] = cos(y);\n}\n"
    )


# ------------------------------------------------------------------ Julia, which no test runs
@pytest.mark.parametrize("text", [*CASES, *of_the_table(), *BLOCKS, *NETS])
def test_the_code_of_julia_is_julia(text: str) -> None:
    optional("tree_sitter_julia")
    import tree_sitter
    import tree_sitter_julia

    if text in CASES:
        inputs, node = built(text)
        source = code.source("julia", inputs, node)
    elif text in of_the_table():
        g = Graph()
        node = g.map(sp.sympify(of_the_table()[text]), [(g.input("x", ()), ()), (g.input("y", ()), ())], ())
        source = code.source("julia", [("x", ()), ("y", ())], node)
    else:
        source = (jacmagic.nnchain if text in NETS else jacmagic.jacobian)(text).code("julia")
    read = tree_sitter.Parser(tree_sitter.Language(tree_sitter_julia.language())).parse(source.encode())
    assert not read.root_node.has_error, source
    kinds = [child.type for child in read.root_node.children]
    assert kinds.count("function_definition") >= 1
    assert {"function_definition", "const_statement", "line_comment"} >= set(kinds), source


def test_a_matrix_in_julia_is_written_by_entries_that_no_blank_can_part() -> None:
    source = jacmagic.jacobian("f(x, y, z) = [x - y sin(z) - 2/x, -x/(y - z)]").code("julia")
    assert "    return hvcat(3, 1 + 2/x^2, -real_of(sin, z), -y*real_of(cos, z), -1/v0, v1, -v1)\nend\n" in source


# ------------------------------------------------------------------ the table
def test_a_row_that_is_added_is_a_dialect_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    import test_readme

    basic = code.Dialect(
        "basic", "BBC BASIC", functions={"sin": "SIN({0})", "cos": "COS({0})"}, numbers=("PI", "1E308", "0/0"), power=("{0}^{1}", False),
        assign="LET {0} = {1}", head=("DEF FN{0}({1})", "DEF PROC{0}({1})"), end="ENDPROC", result=("= {0}", ""), out="RETURN out()",
        set="LET {0} = {1}", entry="{0}({1})", comment="REM {0}", note="BASIC V", case="FNif({1}, {0}, {2})", aliases=("bbc",),
    )
    monkeypatch.setitem(code.BACKENDS, "basic", basic)
    r = jacmagic.jacobian("f(x, y) = [x^2 y, 5x + sin y]")
    assert r.code("basic") == (
        "REM BASIC V\n\nDEF PROCjacobian(x, y, RETURN out())\n    LET out(0) = 2*x*y\n    LET out(1) = x^2\n"
        "    LET out(2) = 5\n    LET out(3) = COS(y)\nENDPROC\n"
    )
    assert r.code("bbc") == r.code("basic")
    with pytest.raises(ValueError, match=r"no backend is called 'cobol'; there are sympy, numpy, .*, basic"):
        r.code("cobol")
    assert "| `basic`, `bbc` | BBC BASIC |" in test_readme.dialects_table()


def test_nothing_asks_for_a_dialect_by_its_name() -> None:
    for path in Path(jacmagic.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'\.name [!=]= "(numpy|torch|jax|javascript|math|c|julia|octave)"', text), path


@pytest.mark.parametrize("where", [name for name, row in code.BACKENDS.items() if row.family == "loops"])
def test_a_function_gives_several_results_by_name_or_says_that_it_gives_one(where: str) -> None:
    inputs, node = built("scalars")
    if code.BACKENDS[where].several[0]:
        assert '"it"' in code.source(where, inputs, {"it": node})
    else:
        with pytest.raises(TypeError, match="gives one array or number"):
            code.source(where, inputs, {"it": node})
