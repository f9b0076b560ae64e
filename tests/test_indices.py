"""Definitions by index, sums without bounds, rows and parts, names with t - 1 or a layer: values and derivatives."""

from __future__ import annotations

import pytest
from matrices import Row, check
from optional import optional

import jacmagic

torch = optional("torch")

R = Row
N = {"x": (3,)}
DEFINED = {
    "a vector by its entries": R(
        "x in R^3\ny_i = x_i^2 - x_1 for i = 1..3", N, {"y": lambda x: x**2 - x[0]}),
    "what is indexed there gets that size": R(
        "y_i = u_i v_i + k for i = 1..4\nk = 2", {"u": (4,), "v": (4,)}, {"y": lambda u, v: u * v + 2}),
    "a size with a name": R(
        "n = 3\ny_i = exp(-u_i) for i = 1..n", {"u": (3,)}, {"y": lambda u: torch.exp(-u)}),
    "a matrix by its entries": R(
        "S_ij = a_i b_j + c_{ij} for i = 1..2, j = 1..3", {"a": (2,), "b": (3,), "c": (2, 3)},
        {"S": lambda a, b, c: torch.outer(a, b) + c}),
    "a matrix whose indices stand in braces with a comma": R(
        "x in R^3\nD_{i,j} = (x_i - x_j)^2 for i = 1..3, j = 1..3", N, {"D": lambda x: (x[:, None] - x) ** 2}),
    "columns before rows": R(
        "T_{ji} = W_{ij} for i = 1..2, j = 1..3", {"W": (2, 3)}, {"T": lambda W: W.T}),
    "a hat": R(
        "x in R^3\nm = mean(x)\n\\hat x_i = x_i - m for i = 1..3", N, {"x_hat": lambda x: x - x.mean()}),
    "a hat in braces, and ∈": R(
        "x in R^3\n\\hat{x}_i = 2 x_i for i ∈ 1..3", N, {"x_hat": lambda x: 2 * x}),
    "batch norm by hand": R(
        "x in R^4\nγ in R\nβ in R\nμ = \\frac14 \\sum_i x_i\nv = \\frac14 \\sum_i (x_i - μ)^2\n"
        "\\hat x_i = \\frac{x_i - μ}{\\sqrt{v + 0.001}} for i = 1..4\ny_i = γ \\hat x_i + β for i = 1..4",
        {"x": (4,), "gamma": (), "beta": ()},
        {"y": lambda x, gamma, beta: gamma * (x - x.mean()) / torch.sqrt(x.var(correction=0) + 0.001) + beta}),
    "the index beside another's": R(
        "x in R^3\ny_i = sum(x_j x_i for j = 1..3) for i = 1..3", N, {"y": lambda x: x * x.sum()}),
    "several on one line": R(
        "x in R^2\nu_i = x_i^2 for i = 1..2, v_i = u_i + x_i for i = 1..2", {"x": (2,)}, {"v": lambda x: x**2 + x}),
}
W = {"W": (2, 3), "x": (3,)}
SUMS = {
    "typed": R("x in R^3\ns = sum_i x_i^2", N, {"s": lambda x: (x**2).sum()}),
    "in LaTeX": R("x in R^3\ns = \\sum_i x_i^2", N, {"s": lambda x: (x**2).sum()}),
    "in braces": R("x in R^3\ns = \\sum_{i} (x_i - 1)^2", N, {"s": lambda x: ((x - 1) ** 2).sum()}),
    "with the sign": R("x in R^3\ns = ∑_i x_i", N, {"s": lambda x: x.sum()}),
    "a product": R("x in R^3\ns = \\prod_i x_i", N, {"s": lambda x: x.prod()}),
    "over one index of a matrix": R(
        "W in R^(2x3)\nx in R^3\nz_i = \\sum_j W_{ij} x_j for i = 1..2", W, {"z": lambda W, x: W @ x}),
    "over two indices": R(
        "W in R^(2x3)\ns = \\sum_i \\sum_j W_{ij}^2", {"W": (2, 3)}, {"s": lambda W: (W**2).sum()}),
    "over two at once": R(
        "W in R^(2x3)\ns = \\sum_{i,j} W_{ij}^2", {"W": (2, 3)}, {"s": lambda W: (W**2).sum()}),
    "all but one": R(
        "x in R^3\nF = [x_i \\sum_{j \\ne i} x_j for i = 1..3]", N, {"F": lambda x: x * (x.sum() - x)}),
    "all but a number": R(
        "s in R^4\nL = \\sum_{j \\neq 2} \\max(0, s_j - s_2 + 1)", {"s": (4,)},
        {"L": lambda s: torch.relu(s - s[1] + 1).sum() - torch.relu(torch.ones(()))}),
    "all but the label, typed": R(
        "s in R^4\ny = 3\nL = sum_{j != y} max(0, s[j] - s[y] + 1)", {"s": (4,)},
        {"L": lambda s: torch.relu(s - s[2] + 1).sum() - torch.relu(torch.ones(()))}),
    "of a defined vector": R(
        "x in R^3\nu = sin(x)\ns = \\sum_k u_k x_k", N, {"s": lambda x: (torch.sin(x) * x).sum()}),
    "softmax by hand": R(
        "z in R^3\np_i = \\frac{e^{z_i}}{\\sum_j e^{z_j}} for i = 1..3", {"z": (3,)},
        {"p": lambda z: torch.softmax(z, 0)}),
    "rows of a matrix": R(
        "X in R^(4x2)\nw in R^2\ny in R^4\nL = \\sum_i (w^T X_i - y_i)^2", {"X": (4, 2), "w": (2,), "y": (4,)},
        {"L": lambda X, w, y: ((X @ w - y) ** 2).sum()}),
}
X = {"X": (3, 4)}
PARTS = {
    "a row": R("X in R^(3x4)\ny = X[2]", X, {"y": lambda X: X[1]}),
    "a row with a colon": R("X in R^(3x4)\ny = X[2,:]", X, {"y": lambda X: X[1]}),
    "a column": R("X in R^(3x4)\ny = X[:,3]", X, {"y": lambda X: X[:, 2]}),
    "a part of a vector": R("x in R^5\ny = x[2..4]", {"x": (5,)}, {"y": lambda x: x[1:4]}),
    "a part with a name": R("n = 2\nx in R^5\ny = x[n..n+2]", {"x": (5,)}, {"y": lambda x: x[1:4]}),
    "a part of a row": R("X in R^(3x4)\ny = X[2,2..3]", X, {"y": lambda X: X[1, 1:3]}),
    "a block": R("X in R^(3x4)\nY = X[1..2,2..4]", X, {"Y": lambda X: X[:2, 1:]}),
    "some rows": R("X in R^(3x4)\nY = X[2..3]", X, {"Y": lambda X: X[1:]}),
    "some columns": R("X in R^(3x4)\nY = X[:,1..2]", X, {"Y": lambda X: X[:, :2]}),
    "a row times a column": R(
        "X in R^(3x4)\ns = X[1]^T X[3] + dot(X[:,1], X[:,2])", X, {"s": lambda X: X[0] @ X[2] + X[:, 0] @ X[:, 1]}),
    "rows in a family": R(
        "X in R^(3x4)\nw in R^4\nz = [dot(X[i], w) for i = 1..3]", {"X": (3, 4), "w": (4,)},
        {"z": lambda X, w: X @ w}),
    "parts of what is computed": R(
        "x in R^4\ns = (x .* x)[2..3]", {"x": (4,)}, {"s": lambda x: (x * x)[1:3]}),
    "two halves": R(
        "v in R^4\ng = v[1..2] .* v[3..4]", {"v": (4,)}, {"g": lambda v: v[:2] * v[2:]}),
}
NAMED = {
    "h_{t-1}": R(
        "x_t in R^2\nh_{t-1} in R^3\nh_t = tanh(W x_t + U h_{t-1} + b) in R^3",
        {"x_t": (2,), "h_tm1": (3,), "W": (3, 2), "U": (3, 3), "b": (3,)},
        {"h_t": lambda x_t, h_tm1, W, U, b: torch.tanh(W @ x_t + U @ h_tm1 + b)}, net=True),
    "x_{n+1}": R(
        "x_{n+1} = a x_n (1 - x_n)", {"a": (), "x_n": ()}, {"x_np1": lambda a, x_n: a * x_n * (1 - x_n)}, wrt="x_n"),
    "W^{[1]}": R(
        "x in R^2\na^{[1]} = tanh(W^{[1]} x + b^{[1]}) in R^3\na^{[2]} = W^{[2]} a^{[1]} + b^{[2]} in R^2",
        {"x": (2,), "W1": (3, 2), "b1": (3,), "W2": (2, 3), "b2": (2,)},
        {"a2": lambda x, W1, b1, W2, b2: W2 @ torch.tanh(W1 @ x + b1) + b2}, net=True),
    "a^{[l-1]}": R(
        "a^{[l-1]} in R^2\na^{[l]} = sigmoid(W^{[l]} a^{[l-1]} + b^{[l]}) in R^3",
        {"a_lm1": (2,), "W_l": (3, 2), "b_l": (3,)},
        {"a_l": lambda a_lm1, W_l, b_l: torch.sigmoid(W_l @ a_lm1 + b_l)}, net=True),
    "an entry of a layer": R(
        "z^{[1]} in R^3\ny_i = z^{[1]}_i^2 for i = 1..3", {"z1": (3,)}, {"y": lambda z1: z1**2}),
}
COLUMNS = {
    "a sum": R("M in R^(3x1)\ny in R^3\nf = M - y", {"M": (3, 1), "y": (3,)}, {"f": lambda M, y: M[:, 0] - y}, wrt="y"),
    "its norm": R("M in R^(3x1)\ny in R^3\nf = ||M - y||^2 + ||M||", {"M": (3, 1), "y": (3,)},
                  {"f": lambda M, y: ((M[:, 0] - y) ** 2).sum() + M.norm()}, wrt="y"),
    "entry by entry": R("M in R^(3x1)\ny in R^3\nf = M .* y + dot(M, y)", {"M": (3, 1), "y": (3,)},
                        {"f": lambda M, y: M[:, 0] * y + M[:, 0] @ y}),
    "a loss": R("M in R^(3x1)\ny in R^3\nf = mse(M, y)", {"M": (3, 1), "y": (3,)},
                {"f": lambda M, y: ((M[:, 0] - y) ** 2).mean()}),
}


@pytest.mark.fast
@pytest.mark.parametrize("name", DEFINED)
def test_a_definition_by_index_is_the_vector_or_matrix_of_its_entries(name: str) -> None:
    check(DEFINED[name])


@pytest.mark.fast
@pytest.mark.parametrize("name", SUMS)
def test_a_sum_without_bounds_goes_over_what_is_indexed(name: str) -> None:
    check(SUMS[name])


@pytest.mark.fast
@pytest.mark.parametrize("name", PARTS)
def test_rows_columns_and_parts_are_what_numpy_takes(name: str) -> None:
    check(PARTS[name])


@pytest.mark.fast
@pytest.mark.parametrize("name", NAMED)
def test_an_index_with_a_sum_or_a_layer_is_part_of_the_name(name: str) -> None:
    check(NAMED[name])


@pytest.mark.fast
@pytest.mark.parametrize("name", COLUMNS)
def test_a_matrix_of_one_column_is_a_column(name: str) -> None:
    check(COLUMNS[name])


@pytest.mark.parametrize(("block", "line", "text", "says", "hints"), [
    ("x in R^3\ny_j = x_i^2 for i = 1..3", 2, "y_j", "index", ("y_i",)),
    ("x in R^3\ny = x_i^2 for i = 1..3", 2, "x_i^2 for i = 1..3", "square brackets", ("[x_i^2 for i = 1..3]",)),
    ("x in R^3\ny_i = x_i^2 for i = 2..3", 2, "2..3", "from 1", ("1..3",)),
    ("x in R^3\ny_i = x_i^2 for i = 1..3, j = 1..2", 2, "y_i", "index", ("y_ij",)),
    ("f(x) = \\sum_i x^i", 1, "\\sum_i x^i", "bounds", ()),
    ("x in R^3\ny in R^2\ns = \\sum_i x_i y_i", 3, "\\sum_i x_i y_i", "3", ()),
    ("X in R^(3x4)\ny = X[4]", 2, "X[4]", "out of range", ()),
    ("X in R^(3x4)\ny = X[:,5]", 2, "X[:,5]", "out of range", ()),
    ("x in R^3\ny = x[3..2]", 2, "x[3..2]", "empty", ()),
    ("x in R^3\ny = x[2..4]", 2, "x[2..4]", "out of range", ()),
    ("x in R^3\ny = x[:,1]", 2, "x[:,1]", "one index", ()),
    ("x in R^2\na = tanh(W^{(1)} x) in R^2\nW1 in R^(2x2)", 2, "W^{(1)}", "layer", ("W^{[1]}", "W^1")),
])
def test_what_is_amiss_with_an_index_is_said(
    block: str, line: int, text: str, says: str, hints: tuple[str, ...]
) -> None:
    with pytest.raises(jacmagic.JacmagicError, match=says) as caught:
        jacmagic.jacobian(block)
    error = caught.value
    assert (error.line, block[error.span.start : error.span.stop]) == (line, text)
    assert error.hints == hints


@pytest.mark.parametrize(("block", "shown"), [
    ("x in R^3\ny_i = x_i^2 for i = 1..3", "i"),
    ("x in R^3\ns = \\sum_i x_i^2", r"\sum_{i}"),
    ("x in R^3\nF = [x_i \\sum_{j \\ne i} x_j for i = 1..3]", r"\sum_{j \ne i}"),
    ("X in R^(3x4)\ny = X[:,2]", r"X_{:,2}"),
    ("x_{n+1} = a x_n (1 - x_n)", "x_{n+1}"),
])
def test_the_echo_writes_an_index_as_it_was_typed(block: str, shown: str) -> None:
    assert shown in jacmagic.jacobian(block)._repr_mimebundle_()["text/latex"]


def test_a_layer_in_brackets_is_printed_as_it_was_first_written() -> None:
    n = jacmagic.nnchain("x in R^2\na^{[1]} = tanh(W^{[1]} x + b^{[1]}) in R^3\na2 = W2 a1 + b2 in R^2")
    shown = n._repr_mimebundle_()["text/latex"]
    for one in ("W^{[1]}", "a^{[1]}", "W_{2}", "a_{2}"):
        assert one in shown
    assert set(n.roles) == {"x", "W1", "b1", "W2", "b2"}
