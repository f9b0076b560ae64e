"""Functions of matrices: values, all derivatives, second ones and the forms that are shown, against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evaluate import evaluate
from matrices import Row, check, close, hessian
from optional import optional

import jacmagic
from jacmagic.language.printers import latex, text
from jacmagic.show import factors
from jacmagic.show.views import plain_text

torch = optional("torch")
M = torch.linalg

R = Row
A3, A2, X = {"A": (3, 3)}, {"A": (2, 2)}, {"X": (3, 2)}


def positive(a: np.ndarray) -> np.ndarray:
    """A matrix whose determinant is above 0, not symmetric."""
    return a + (np.linalg.norm(a) + 1) * np.eye(len(a))


ROWS = {
    "trace": R("A in R^(3x3)\nf = tr(A)", A3, {"f": lambda A: torch.trace(A)}),
    "trace of a square": R("A in R^(2x2)\nf = tr(A A)", A2, {"f": lambda A: torch.trace(A @ A)}),
    "trace of a product": R("A in R^(2x3)\nX in R^(3x2)\nf = trace(A X)", {"A": (2, 3), **X}, {"f": lambda A, X: torch.trace(A @ X)}),
    "trace of a form": R("A in R^(3x3)\nX in R^(3x2)\nf = \\operatorname{tr}(X^T A X)", {**A3, **X}, {"f": lambda A, X: torch.trace(X.T @ A @ X)}),
    "determinant": R("A in R^(3x3)\nf = det(A)", A3, {"f": M.det}),
    "determinant of 2 rows": R("A in R^(2x2)\nf = det A", A2, {"f": M.det}),
    "determinant of 5 rows": R("A in R^(5x5)\nf = det(A)", {"A": (5, 5)}, {"f": M.det}),
    "a power of a determinant": R("A in R^(3x3)\nf = det(A)^2 + \\det(A)", A3, {"f": lambda A: M.det(A) ** 2 + M.det(A)}),
    "determinant of a product": R("A in R^(3x3)\nX in R^(3x2)\nf = det(X^T A X)", {**A3, **X}, {"f": lambda A, X: M.det(X.T @ A @ X)}),
    "logdet": R("A in R^(3x3)\nf = logdet(A)", A3, {"f": lambda A: torch.logdet(A)}, draw={"A": positive}),
    "ln det": R("A in R^(3x3)\nf = ln(det(A))", A3, {"f": lambda A: torch.logdet(A)}, draw={"A": positive}),
    "ln |det|": R("A in R^(3x3)\nf = ln|det(A)|", A3, {"f": lambda A: M.slogdet(A)[1]}),
    "logdet of a Gram matrix": R("X in R^(3x2)\nf = logdet(X^T X)", X, {"f": lambda X: torch.logdet(X.T @ X)}),
    "inverse": R("A in R^(3x3)\nF = inv(A)", A3, {"F": M.inv}),
    "inverse times a vector": R("A in R^(3x3)\nb in R^3\nx = A^-1 b", {**A3, "b": (3,)}, {"x": lambda A, b: M.solve(A, b)}),
    "quadratic form": R("A in R^(3x3)\na, b in R^3\nf = a^T A^{-1} b", {**A3, "a": (3,), "b": (3,)}, {"f": lambda A, a, b: a @ M.inv(A) @ b}),
    "trace of an inverse": R("A in R^(3x3)\nB, C in R^(3x3)\nf = tr(B A⁻¹ C)", {**A3, "B": (3, 3), "C": (3, 3)}, {"f": lambda A, B, C: torch.trace(B @ M.inv(A) @ C)}),
    "transposed inverse": R("A, B in R^(3x3)\nf = tr(A^-T B)", {**A3, "B": (3, 3)}, {"f": lambda A, B: torch.trace(M.inv(A).T @ B)}),
    "inverse of a transpose": R("A, B in R^(3x3)\nf = tr((A^T)^-1 B)", {**A3, "B": (3, 3)}, {"f": lambda A, B: torch.trace(M.inv(A.T) @ B)}),
    "normal": R("x, m in R^3\nS in R^(3x3)\nf = -1/2 (x - m)^T S^-1 (x - m) - 1/2 logdet(S)", {"x": (3,), "m": (3,), "S": (3, 3)},
                {"f": lambda x, m, S: -(x - m) @ M.inv(S) @ (x - m) / 2 - torch.logdet(S) / 2}, draw={"S": positive}),
    "least squares": R("A in R^(4x2)\nb in R^4\nx = (A^T A)^-1 A^T b", {"A": (4, 2), "b": (4,)}, {"x": lambda A, b: M.inv(A.T @ A) @ A.T @ b}),
    "ridge": R("A in R^(4x2)\nb in R^4\nk in R\nI = [1, 0; 0, 1]\nx = (A^T A + k I)^-1 A^T b", {"A": (4, 2), "b": (4,), "k": ()},
               {"x": lambda A, b, k: M.inv(A.T @ A + k * torch.eye(2, dtype=A.dtype)) @ A.T @ b}, draw={"k": abs}),
    "vec": R("A in R^(2x3)\nv = vec(A)", {"A": (2, 3)}, {"v": lambda A: A.T.reshape(-1)}),
    "flatten": R("A in R^(2x3)\nu in R^6\nf = u^T flatten(A .^ 2)", {"A": (2, 3), "u": (6,)}, {"f": lambda A, u: u @ (A**2).reshape(-1)}),
    "vec of a product": R("A in R^(2x3)\nB in R^(3x2)\nu in R^4\nf = u^T vec(A B)", {"A": (2, 3), "B": (3, 2), "u": (4,)},
                          {"f": lambda A, B, u: u @ (A @ B).T.reshape(-1)}),
    "Kronecker product": R("A in R^(2x3)\nB in R^(2x2)\nF = kron(A, B)", {"A": (2, 3), "B": (2, 2)}, {"F": lambda A, B: torch.kron(A, B)}),
    "Kronecker product in a number": R("A in R^(2x3)\nB in R^(2x2)\nu in R^4\nv in R^6\nf = u^T kron(A, B) v", {"A": (2, 3), "B": (2, 2), "u": (4,), "v": (6,)},
                                       {"f": lambda A, B, u, v: u @ torch.kron(A, B) @ v}),
    "Kronecker product of columns": R("u in R^2\nv in R^3\nw = kron(u, v)", {"u": (2,), "v": (3,)}, {"w": lambda u, v: torch.kron(u, v)}),
    "row and column": R("u in R^2\nv in R^3\nF = kron(u, v^T)", {"u": (2,), "v": (3,)}, {"F": lambda u, v: torch.outer(u, v)}),
    "sums of rows": R("A in R^(2x3)\ns = sum_rows(A)", {"A": (2, 3)}, {"s": lambda A: A.sum(1)}),
    "sums of columns": R("A in R^(2x3)\nf = ||sum_cols(A)||^2", {"A": (2, 3)}, {"f": lambda A: (A.sum(0) ** 2).sum()}),
    "means": R("A in R^(2x3)\nf = sum(mean_rows(A) .^ 3) + prod(mean_cols(A))", {"A": (2, 3)}, {"f": lambda A: (A.mean(1) ** 3).sum() + A.mean(0).prod()}),
    "1-norm": R("A in R^(2x3)\nf = ||A||_1", {"A": (2, 3)}, {"f": lambda A: A.abs().sum()}),
    "1-norm by name": R("A in R^(2x3)\nf = norm1(A)^2", {"A": (2, 3)}, {"f": lambda A: A.abs().sum() ** 2}),
    "over all entries": R("A in R^(2x3)\nf = sum(A) + mean(A) prod(A) + max(A) + var(A)", {"A": (2, 3)},
                          {"f": lambda A: A.sum() + A.mean() * A.prod() + A.max() + A.var(correction=0)}),
    "a number as a matrix": R("A in R^(1x1)\nf = det(A) + tr(A) + sum(inv(A))", {"A": (1, 1)}, {"f": lambda A: 2 * A.sum() + (1 / A).sum()}),
}


@pytest.mark.parametrize("name", ROWS)
def test_values_and_derivatives_are_those_of_pytorch(name: str) -> None:
    row = ROWS[name]
    result = check(row)
    point = row.point(1)
    for of, run in row.run.items():
        if result.program.shape(of) == ():
            for by in row.sizes:
                close(result.hessian(of, by, by, **point), hessian(run, point, by), 1e-8)


FORMS = {
    "trace": "I", "trace of a square": "2 Aᵀ", "trace of a product": "Xᵀ", "trace of a form": "X Xᵀ", "determinant": "f A⁻ᵀ",
    "logdet": "A⁻ᵀ", "ln det": "A⁻ᵀ", "ln |det|": "A⁻ᵀ", "quadratic form": "-A⁻ᵀ a bᵀ A⁻ᵀ", "inverse times a vector": "-A⁻¹ ⊗ (bᵀ A⁻ᵀ)",
    "trace of an inverse": "-A⁻ᵀ Bᵀ Cᵀ A⁻ᵀ", "vec of a product": None, "flatten": None, "sums of columns": "2 𝟏 𝟏ᵀ A", "1-norm": "sign(A)",
    "normal": None, "least squares": None, "determinant of a product": None, "transposed inverse": None, "inverse of a transpose": None,
    "sums of rows": None, "over all entries": None, "means": None, "a power of a determinant": None, "logdet of a Gram matrix": None,
}


@pytest.mark.parametrize("name", FORMS)
def test_the_forms_that_are_shown_have_the_numbers(name: str) -> None:
    row, result = ROWS[name], ROWS[name].read()
    point = row.point(2)
    known: dict[Any, Any] = {key: np.asarray(value) for key, value in (*point.items(), *result.forward(**point).items())}
    (of,) = row.run
    for by in row.sizes:
        found = factors.matrix_form(result, of, by)
        if found is None:
            assert FORMS[name] is None
            continue
        value = np.asarray(result.at(of, by, **point))
        rows = result.program.shape(of)
        size = (1, 1) if value.ndim == 0 else (int(np.prod(rows)), int(np.prod(result.program.shape(by)))) if rows else (*value.shape, 1)[:2]
        if not rows and value.ndim == 1:
            size = size[::-1]
        close(evaluate(found[0], known, size), value.reshape(size), 1e-8)
    wrt = next(iter(row.sizes))
    found = factors.matrix_form(result, of, wrt)
    if FORMS[name] is not None:
        assert found is not None
        assert text(found[0]) == FORMS[name]


@pytest.mark.parametrize("block", [row.block for row in ROWS.values()])
def test_what_is_printed_reads_back(block: str) -> None:
    result = jacmagic.jacobian(block)
    head = "\n".join(line for line in block.split("\n") if " in " in line)
    for write in (latex, text):
        lines = [f"{key} = {write(step.expr, result.program.arrays)}" for key, step in result.program.steps.items()]
        values = [f"{line}" for line in block.split("\n") if line.startswith("I =")]
        again = jacmagic.jacobian("\n".join([head, *values, *lines]))
        for key, value in result.forward().items():
            np.testing.assert_allclose(again.forward()[key], value)


SINGULAR = [[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.mark.parametrize("a", [SINGULAR, np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 2, 0]), [[1.0, 2], [2, 4]], np.ones((4, 4)), [[0.0]]])
def test_the_slope_of_det_has_its_numbers_where_there_is_no_inverse(a: Any) -> None:
    a = np.asarray(a)
    n = len(a)
    rest = [[k for k in range(n) if k != i] for i in range(n)]
    wanted = [[(-1) ** (i + j) * np.linalg.det(a[np.ix_(rest[i], rest[j])]) for j in range(n)] for i in range(n)]
    r = jacmagic.jacobian(f"A in R^({n}x{n})\nf = det(A)", wrt="A")
    for found in (r.at("f", "A", A=a), r.function("math")(A=a), r.function("torch")(A=a), np.array(r.function("numpy")(A=[a, a]))[0]):
        np.testing.assert_allclose(np.reshape(found, (n, n)), wanted, atol=1e-13)
    if n <= 3:
        assert np.isfinite(r.hessian("f", "A", "A", A=a)).all()


def test_what_has_no_value_is_nan_and_says_so() -> None:
    r = jacmagic.jacobian("A = [1, 2; 2, 4]\nb in R^2\nx = A^-1 b", wrt="b")
    assert np.isnan(r.at()).all()
    assert "a matrix that has no inverse" in plain_text(r)
    assert np.isnan(np.asarray(r.function("torch")(b=[1, 2]))).all()
    both = r.function("numpy")(b=np.ones((2, 2)), A=[[[1, 2], [2, 4]], [[1, 0], [0, 1]]])
    assert np.isnan(both[0]).all()
    np.testing.assert_array_equal(both[1], np.eye(2))
    assert "ln of a determinant that is not positive" in plain_text(jacmagic.jacobian("A = [1, 2; 3, 4]\nk in R\nf = logdet(A) k"))


def test_no_block_starts_at_a_matrix_without_an_inverse() -> None:
    r = jacmagic.jacobian("A in R^(3x3)\nb in R^3\nx = A^-1 b")  # 1, 2, …, 9 have none
    assert abs(np.linalg.det(r.values["A"])) > 0.01


def test_a_large_determinant_has_its_logarithm() -> None:
    a = np.random.default_rng(0).normal(size=(60, 60)) * 1e6
    a[0] *= np.sign(np.linalg.slogdet(a)[0])
    for of in ("logdet(A)", "ln(det(A))"):
        r = jacmagic.jacobian(f"A in R^(60x60)\nf = {of}", wrt="A")
        assert r.forward(A=a)["f"] == pytest.approx(np.linalg.slogdet(a)[1])
        np.testing.assert_allclose(r.at("f", "A", A=a), np.linalg.inv(a).T, rtol=1e-6)


INFERRED = [
    ("b in R^3\nx = A^-1 b", {"A": (3, 3)}), ("b in R^3\nx = inv(a) b", {"a": (3, 3)}),
    ("A in R^(2x3)\nf = vec(A) + c", {"c": (6,)}), ("A in R^(2x3)\nf = sum_cols(A) + c", {"c": (3,)}), ("u in R^2\nf = kron(u, u) + c", {"c": (4,)}),
    ("A in R^(2x2)\nf = det(A) + c", {"c": ()}),
]


@pytest.mark.parametrize(("block", "sizes"), INFERRED, ids=[block for block, _ in INFERRED])
def test_sizes_are_inferred(block: str, sizes: dict[str, tuple[int, ...]]) -> None:
    r = jacmagic.jacobian(block)
    assert {key: r.program.shape(key) for key in sizes} == sizes


WRONG = [
    ("f = det(A)", "det(A)", ("A in R^(2x2)",)),
    ("A in R^(2x3)\nf = det(A)", "det(A)", ()),
    ("A in R^(2x3)\nf = A^-1", "A^-1", ()),
    ("x in R^3\nf = inv(x)", "inv(x)", ()),
    ("x in R^3\nf = sum_rows(x)", "sum_rows(x)", ("sum(x)",)),
    ("x in R^3\nf = mean_cols(x)", "mean_cols(x)", ("mean(x)",)),
    ("A in R^(2x2)\nf = tr(A, A)", "tr(A, A)", ()),
    ("A in R^(2x2)\nf = kron(A)", "kron(A)", ()),
    ("A in R^(2x2)\nf = A^-2", "A^-2", ("A .^-2",)),
    ("A in R^(2x2)\nf = norm(A)", "norm(A)", ("||A||_F",)),
    ("A in R^(2x2)\nf = sum_row(A)", "sum_row", ("sum_rows",)),
    ("A in R^(2x2)\nT in R\nf = tr(A^-T)", "A^-T", ("A⁻ᵀ",)),
    ("A in R^(2x2)\nf = determinant(A)", "determinant", ("det",)),
]


@pytest.mark.parametrize(("block", "span", "hints"), WRONG, ids=[block for block, *_ in WRONG])
def test_what_is_no_square_matrix_is_underlined(block: str, span: str, hints: tuple[str, ...]) -> None:
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.jacobian(block)
    error = caught.value
    assert error.span is not None
    assert block[error.span.start : error.span.stop] == span
    assert error.hints[: len(hints)] == hints, error.hints


def test_the_echo_says_what_the_1_norm_of_a_matrix_is() -> None:
    assert "f = sum(abs(A))" in plain_text(jacmagic.jacobian("A in R^(2x2)\nf = ||A||_1"))


@pytest.mark.parametrize("block", ["A in R^(2x2)\nf = tr(A)", "A in R^(2x2)\nf = det(A)", "A in R^(2x2)\nf = tr(A A)"])
def test_the_entries_are_written_out(block: str) -> None:
    import sympy as sp

    r = jacmagic.jacobian(block)
    a, b, c, d = r.variables
    wanted = {"tr(A)": [1, 0, 0, 1], "det(A)": [d, -c, -b, a], "tr(A A)": [2 * a, 2 * c, 2 * b, 2 * d]}
    assert r.matrix == sp.ImmutableMatrix([wanted[block.split("f = ")[1]]])
