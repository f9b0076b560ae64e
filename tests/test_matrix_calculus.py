"""Matrix calculus: the examples of matrixcalculus.org and The Matrix Cookbook, 2.1 to 2.5, as formulas and as numbers.

A formula is evaluated by NumPy from what is shown, and compared with PyTorch's derivative of the same expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from evaluate import evaluate
from matrices import close, derivative
from optional import optional

import jacmagic
from jacmagic.language.printers import text
from jacmagic.show import factors

torch = optional("torch")
M = torch.linalg
SIZES = {"A": (3, 3), "B": (3, 3), "C": (3, 3), "D": (3, 3), "W": (3, 3), "X": (3, 3), "Y": (3, 3), "N": (4, 3), "Z": (3, 2), "P": (2, 4), "Q": (2, 2),
         "U": (4, 2), "V": (3, 2), "G": (4, 3), "a": (3,), "b": (3,), "c": (3,), "x": (3,), "y": (3,), "s": (2,), "w": (3,), "q": (4,), "k": ()}


def inverse(one: Any) -> Any:
    return torch.linalg.inv(one)


# what is differentiated, by what, the formula, the same in PyTorch
CASES: list[tuple[str, str, str, Callable[..., Any]]] = [
    # matrixcalculus.org
    ("x^T A x + c^T sin(x)", "x", "xᵀ (Aᵀ + A) + (c .* cos(x))ᵀ", lambda x, A, c: x @ A @ x + c @ torch.sin(x)),
    ("x^T A x + c^T sin(x)", "A", "x xᵀ", lambda x, A, c: x @ A @ x + c @ torch.sin(x)),
    ("||N x - q||^2", "x", "2 (N x - q)ᵀ N", lambda N, x, q: ((N @ x - q) ** 2).sum()),
    ("||N x - q||", "x", "(1/f) (N x - q)ᵀ N", lambda N, x, q: M.norm(N @ x - q)),
    ("||G - U Vᵀ||_F^2", "U", "-2 (G - U Vᵀ) V", lambda G, U, V: ((G - U @ V.T) ** 2).sum()),
    ("||G - U Vᵀ||_F^2", "V", "-2 (Gᵀ - V Uᵀ) U", lambda G, U, V: ((G - U @ V.T) ** 2).sum()),
    ("1/2 w^T w + k sum(ln(1 + exp(-q .* (N w))))", "w", "wᵀ - k (q ./ (1 + e^(q .* (N w))))ᵀ N",
     lambda w, k, q, N: w @ w / 2 + k * torch.log(1 + torch.exp(-q * (N @ w))).sum()),
    ("1/2 ||N x - q||^2 + k norm1(x)", "x", "(N x - q)ᵀ N + k sign(x)ᵀ", lambda N, x, q, k: ((N @ x - q) ** 2).sum() / 2 + k * x.abs().sum()),
    ("tr(A X^T B X C)", "X", "Bᵀ X Aᵀ Cᵀ + B X C A", lambda A, X, B, C: torch.trace(A @ X.T @ B @ X @ C)),
    ("N x", "x", "N", lambda N, x: N @ x),
    ("sin(N x)", "x", "diag(cos(N x)) N", lambda N, x: torch.sin(N @ x)),
    # the Cookbook, 2.1: determinants
    ("det(X)", "X", "f X⁻ᵀ", lambda X: M.det(X)),
    ("det(A X B)", "X", "f Aᵀ (A X B)⁻ᵀ Bᵀ", lambda A, X, B: M.det(A @ X @ B)),
    ("det(Zᵀ A Z)", "Z", "f (Aᵀ Z (Zᵀ A Z)⁻ᵀ + A Z (Zᵀ A Z)⁻¹)", lambda Z, A: M.det(Z.T @ A @ Z)),
    ("ln(det(Zᵀ Z))", "Z", "2Z (Zᵀ Z)⁻¹", lambda Z: torch.logdet(Z.T @ Z)),
    ("ln|det(X)|", "X", "X⁻ᵀ", lambda X: M.slogdet(X)[1]),
    ("det(X)^3", "X", "3 det(X)³ X⁻ᵀ", lambda X: M.det(X) ** 3),
    # 2.2: inverses
    ("inv(X)", "X", "-f ⊗ fᵀ", lambda X: inverse(X)),
    ("a^T inv(X) b", "X", "-X⁻ᵀ a bᵀ X⁻ᵀ", lambda a, X, b: a @ inverse(X) @ b),
    ("det(inv(X))", "X", "-f X⁻ᵀ", lambda X: M.det(inverse(X))),
    ("tr(A inv(X) B)", "X", "-X⁻ᵀ Aᵀ Bᵀ X⁻ᵀ", lambda A, X, B: torch.trace(A @ inverse(X) @ B)),
    ("tr(inv(X + A))", "X", "-(A + X)⁻ᵀ (A + X)⁻ᵀ", lambda X, A: torch.trace(inverse(X + A))),
    # 2.4: vectors and matrices
    ("x^T a", "x", "aᵀ", lambda x, a: x @ a),
    ("a^T X b", "X", "a bᵀ", lambda a, X, b: a @ X @ b),
    ("a^T X^T b", "X", "b aᵀ", lambda a, X, b: a @ X.T @ b),
    ("a^T X a", "X", "a aᵀ", lambda a, X: a @ X @ a),
    ("sum(Z Z^T)", "Z", "2 𝟏 𝟏ᵀ Z", lambda Z: (Z @ Z.T).sum()),
    ("b^T X^T X c", "X", "X (c bᵀ + b cᵀ)", lambda b, X, c: b @ X.T @ X @ c),
    ("(B x + b)^T C (D x + a)", "x", "(D x + a)ᵀ Cᵀ B + (B x + b)ᵀ C D", lambda B, x, b, C, D, a: (B @ x + b) @ C @ (D @ x + a)),
    ("b^T X^T D X c", "X", "D X c bᵀ + Dᵀ X b cᵀ", lambda b, X, D, c: b @ X.T @ D @ X @ c),
    ("(X b + c)^T D (X b + c)", "X", "(D + Dᵀ) (X b + c) bᵀ", lambda X, b, c, D: (X @ b + c) @ D @ (X @ b + c)),
    ("(x - Z s)^T W (x - Z s)", "s", "-(x - Z s)ᵀ (Wᵀ + W) Z", lambda x, Z, s, W: (x - Z @ s) @ W @ (x - Z @ s)),
    ("(x - Z s)^T W (x - Z s)", "x", "(x - Z s)ᵀ (Wᵀ + W)", lambda x, Z, s, W: (x - Z @ s) @ W @ (x - Z @ s)),
    ("(x - Z s)^T W (x - Z s)", "Z", "-(W + Wᵀ) (x - Z s) sᵀ", lambda x, Z, s, W: (x - Z @ s) @ W @ (x - Z @ s)),
    ("A x x^T x", "x", "2A x xᵀ + xᵀ x A", lambda A, x: A @ x * (x @ x)),
    ("a^T X X b", "X", "Xᵀ a bᵀ + a bᵀ Xᵀ", lambda a, X, b: a @ X @ X @ b),
    ("||x - a||", "x", "(1/f) (x - a)ᵀ", lambda x, a: M.norm(x - a)),
    ("(x - a)/||x - a||", "x", "(1/‖x - a‖) I - (1/‖x - a‖³) (x - a) (x - a)ᵀ", lambda x, a: (x - a) / M.norm(x - a)),
    # 2.5: traces
    ("tr(X)", "X", "I", lambda X: torch.trace(X)),
    ("tr(X A)", "X", "Aᵀ", lambda X, A: torch.trace(X @ A)),
    ("tr(A X B)", "X", "Aᵀ Bᵀ", lambda A, X, B: torch.trace(A @ X @ B)),
    ("tr(A X^T B)", "X", "B A", lambda A, X, B: torch.trace(A @ X.T @ B)),
    ("tr(X^T A)", "X", "A", lambda X, A: torch.trace(X.T @ A)),
    ("tr(kron(X, X))", "X", "2 tr(X) I", lambda X: torch.trace(torch.kron(X, X))),
    ("tr(kron(A, X))", "X", "tr(A) I", lambda A, X: torch.trace(torch.kron(A, X))),
    ("tr(X X)", "X", "2 Xᵀ", lambda X: torch.trace(X @ X)),
    ("tr(X X B)", "X", "Bᵀ Xᵀ + Xᵀ Bᵀ", lambda X, B: torch.trace(X @ X @ B)),
    ("tr(Zᵀ B Z)", "Z", "(Bᵀ + B) Z", lambda Z, B: torch.trace(Z.T @ B @ Z)),
    ("tr(B Z Zᵀ)", "Z", "(B + Bᵀ) Z", lambda B, Z: torch.trace(B @ Z @ Z.T)),
    ("tr(Z Q Zᵀ)", "Z", "Z (Q + Qᵀ)", lambda Z, Q: torch.trace(Z @ Q @ Z.T)),
    ("tr(A X B X)", "X", "Aᵀ Xᵀ Bᵀ + Bᵀ Xᵀ Aᵀ", lambda A, X, B: torch.trace(A @ X @ B @ X)),
    ("tr(Z^T Z)", "Z", "2Z", lambda Z: torch.trace(Z.T @ Z)),
    ("tr(Pᵀ Zᵀ C Z P)", "Z", "(Cᵀ + C) Z P Pᵀ", lambda P, Z, C: torch.trace(P.T @ Z.T @ C @ Z @ P)),
    ("tr(Zᵀ B Z Q)", "Z", "Bᵀ Z Qᵀ + B Z Q", lambda Z, B, Q: torch.trace(Z.T @ B @ Z @ Q)),
    ("tr(A Z Q Zᵀ C)", "Z", "Aᵀ Cᵀ Z Qᵀ + C A Z Q", lambda A, Z, Q, C: torch.trace(A @ Z @ Q @ Z.T @ C)),
    ("tr((A X B + C) (A X B + C)^T)", "X", "2 Aᵀ (A X B + C) Bᵀ",
     lambda A, X, B, C: ((A @ X @ B + C) ** 2).sum()),
    ("tr(X X X)", "X", "3 Xᵀ Xᵀ", lambda X: torch.trace(X @ X @ X)),
    ("tr(A X X X)", "X", "Aᵀ Xᵀ Xᵀ + Xᵀ (Xᵀ Aᵀ + Aᵀ Xᵀ)", lambda A, X: torch.trace(A @ X @ X @ X)),
    ("tr(inv(Zᵀ C Z) Q)", "Z", "-(Cᵀ Z (Zᵀ C Z)⁻ᵀ Qᵀ (Zᵀ C Z)⁻ᵀ + C Z (Zᵀ C Z)⁻¹ Q (Zᵀ C Z)⁻¹)",
     lambda Z, C, Q: torch.trace(inverse(Z.T @ C @ Z) @ Q)),
    ("sum(sin(X))", "X", "cos(X)", lambda X: torch.sin(X).sum()),
    ("||Z||_F^2", "Z", "2Z", lambda Z: (Z**2).sum()),
    ("||Z||_F", "Z", "Z/f", lambda Z: M.norm(Z)),
    # matrices by numbers and matrices
    ("A + k A B", "k", "A B", lambda A, k, B: A + k * A @ B),
    ("A X B", "X", "A ⊗ Bᵀ", lambda A, X, B: A @ X @ B),
    ("X A X", "X", "I ⊗ (Xᵀ Aᵀ) + (X A) ⊗ I", lambda X, A: X @ A @ X),
    ("N Z", "Z", "N ⊗ I", lambda N, Z: N @ Z),
    ("Z^T", "Z", "K", lambda Z: Z.T),
    ("A X^T B", "X", "(A ⊗ Bᵀ) K", lambda A, X, B: A @ X.T @ B),
    ("P^T Z^T C", "Z", "(Pᵀ ⊗ Cᵀ) K", lambda P, Z, C: P.T @ Z.T @ C),
    ("Z Z^T", "Z", "I ⊗ Z + (Z ⊗ I) K", lambda Z: Z @ Z.T),
    ("Z^T Z", "Z", "(I ⊗ Zᵀ) K + Zᵀ ⊗ I", lambda Z: Z.T @ Z),
    ("N^T N X^T", "X", "((Nᵀ N) ⊗ I) K", lambda N, X: N.T @ N @ X.T),
    ("vec(A Z Q)", "Z", "(Qᵀ ⊗ A) K", lambda A, Z, Q: (A @ Z @ Q).T.reshape(-1)),
    ("vec(Z)", "Z", "K", lambda Z: Z.T.reshape(-1)),
    ("flatten(A Z Q)", "Z", "A ⊗ Qᵀ", lambda A, Z, Q: (A @ Z @ Q).reshape(-1)),
    ("Z .* V", "Z", "diag(flatten(V))", lambda Z, V: Z * V),
    ("exp(Z)", "Z", "diag(flatten(f))", lambda Z: torch.exp(Z)),
    ("3Z - V", "Z", "3 I", lambda Z, V: 3 * Z - V),
    ("inv(X) A", "X", "-X⁻¹ ⊗ (Aᵀ X⁻ᵀ)", lambda X, A: inverse(X) @ A),
]


def point(names: list[str], seed: int) -> dict[str, Any]:
    """Seeded numbers; square matrices have a determinant above 0."""
    rng = np.random.default_rng(seed)
    found = {}
    for name in names:
        drawn = rng.normal(size=SIZES[name])
        found[name] = drawn + 3 * np.eye(len(drawn)) if drawn.ndim == 2 and drawn.shape[0] == drawn.shape[1] else drawn
    return found


def declared(name: str) -> str:
    shape = SIZES[name]
    return f"{name} in " + (f"R^({shape[0]}x{shape[1]})" if len(shape) == 2 else f"R^{shape[0]}" if shape else "R")


def size_of(value: np.ndarray, rows: tuple[int, ...], by: tuple[int, ...]) -> tuple[int, int]:
    """Of a number by a matrix its shape, by a vector a row; of a matrix by a number its shape; else rows and columns."""
    if not rows:
        return (by[0], by[1]) if len(by) == 2 else (1, value.size)
    return (rows[0], rows[1]) if len(rows) == 2 and not by else (int(np.prod(rows)), int(np.prod(by)))


def checked(block: str, by: str, numbers: dict[str, Any], wanted: np.ndarray | None = None) -> str | None:
    """The formula of f by a name as text, once its numbers are those of the result; None where there is none."""
    result = jacmagic.jacobian(block, by)
    value = np.asarray(result.at("f", by, **numbers))
    if wanted is not None:
        close(value, wanted, 1e-9)
    found = factors.matrix_form(result, "f", by)
    if found is None:
        return None
    if text(found[0]) == "0":
        np.testing.assert_allclose(value, 0, atol=1e-9)
        return "0"
    known: dict[Any, Any] = {**numbers, **result.forward(**numbers)}
    shape = size_of(value, result.program.shape("f"), result.program.shape(by))
    close(evaluate(found[0], known, shape), value.reshape(shape), 1e-8)
    return text(found[0])


@pytest.mark.parametrize(("formula", "by", "form", "run"), CASES, ids=[f"{formula} by {by}" for formula, by, *_ in CASES])
def test_a_textbook_s_derivative_has_its_form_and_its_numbers(formula: str, by: str, form: str, run: Callable[..., Any]) -> None:
    names = [name for name in SIZES if name in run.__code__.co_varnames]
    numbers = point(names, 1)
    block = "\n".join([*map(declared, names), f"f = {formula}"])
    assert checked(block, by, numbers, derivative(run, numbers, by)) == form


# ------------------------------------------------------------------ random expressions
class Maker:
    """A seeded expression of square matrices, columns and numbers, as the language has it."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.used: set[str] = set()

    def pick(self, *of: Any) -> Any:
        return of[int(self.rng.integers(len(of)))]

    def name(self, names: str) -> str:
        chosen = str(self.pick(*names.split()))
        self.used.add(chosen)
        return chosen

    def matrix(self, depth: int = 2) -> str:
        """A factor: a name, its transpose or inverse, or more in brackets."""
        name = self.name("X X A B C")
        kind = self.pick("name", "name", "turned", "inverse", "product", "sum", "entries", "scaled") if depth else "name"
        if kind == "turned":
            return f"{name}^T"
        if kind == "inverse":
            return self.pick(f"inv({name})", f"{name}^-1", f"inv({name}^T {name} + 9 Y)" if self.also("Y") else "")
        if kind == "product":
            return f"({self.matrix(depth - 1)} {self.matrix(depth - 1)})"
        if kind == "sum":
            return f"({self.matrix(depth - 1)} {self.pick('+', '-')} {self.matrix(depth - 1)})"
        if kind == "entries":
            return self.pick(f"(A .* {name})" if self.also("A") else "", f"tanh({name})", f"exp(0.1 {name})")
        return f"({self.pick('0.5', '2', self.name('k'))} * {name})" if kind == "scaled" else name

    def also(self, name: str) -> bool:
        self.used.add(name)
        return True

    def product(self) -> str:
        return " ".join(self.matrix() for _ in range(int(self.rng.integers(1, 4))))

    def column(self) -> str:
        return self.pick(self.name("x x a b"), f"({self.name('X A')} {self.name('x b')} - {self.name('a c')})", f"sin({self.name('x a')})")

    def number(self) -> str:
        product = self.product()
        return self.pick(
            f"tr({product})", f"tr({product})", f"{self.column()}^T {product} {self.column()}", f"||{product}||_F^2", f"sum({product})",
            f"det({product})", f"ln|det({product})|", f"||{self.matrix(1)} {self.column()} - {self.column()}||^2", f"tr({product})^2",
            f"dot({self.column()}, {self.column()})", f"exp(0.01 tr({product}))",
        )

    def make(self) -> str:
        kind = self.pick("number", "number", "number", "sum", "column", "matrix")
        if kind == "number":
            return self.number()
        if kind == "sum":
            return f"{self.number()} {self.pick('+', '-')} {self.pick('0.5', '2')} * {self.number()}"
        return f"{self.product()} {self.column()}" if kind == "column" else self.product()


def made(seed: int) -> tuple[str, str, dict[str, Any]]:
    """A block, what it is differentiated by, and numbers."""
    maker = Maker(seed)
    formula = maker.make()
    block = f"f = {formula}"
    shown = [name for name in SIZES if name in "".join(one if one.isalpha() else " " for one in formula).split()]
    numbers = {name: value * 0.5 for name, value in point(shown, seed).items()}
    by = "X" if "X" in shown else shown[seed % len(shown)]
    return "\n".join([*map(declared, shown), block]), by, numbers


def along(block: str, by: str, numbers: dict[str, Any]) -> bool:
    """Compare the derivative of f along a direction with central differences; False where f has no value, ln|det(X - X)|."""
    result = jacmagic.jacobian(block, by)
    way, step = np.random.default_rng(0).normal(size=SIZES[by]), 1e-6
    ahead, behind = (np.asarray(result.forward(**{**numbers, by: numbers[by] + sign * step * way})["f"]) for sign in (1, -1))
    if not np.isfinite([ahead, behind]).all():
        return False
    found = np.asarray(result.at("f", by, **numbers)).reshape(*np.shape(ahead), -1) @ way.reshape(-1)
    np.testing.assert_allclose(found, (ahead - behind) / (2 * step), rtol=1e-4, atol=1e-4 * max(1.0, float(np.abs(found).max())))
    return True


@pytest.mark.parametrize("part", [
    0, *(pytest.param(k, marks=pytest.mark.long if k < 4 else pytest.mark.scale) for k in range(1, 40))
])
def test_the_forms_of_random_expressions_have_their_numbers(part: int) -> None:
    forms = 0
    for seed in range(25 * part, 25 * part + 25):
        block, by, numbers = made(seed)
        if along(block, by, numbers):
            forms += checked(block, by, numbers) is not None
    assert forms >= 15  # of the others the entries are shown
