"""The statements of the language: what is typed, and what it means; .github/LANGUAGE.md is made of it."""

from __future__ import annotations

STATEMENTS = (
    ("`f(x, y) = x^2 y + sin y`", "a function; its arguments are the variables, the columns of the Jacobian"),
    ("`u = x^2 + 1`", "a definition; later lines may use `u`, and the output shows the chain rule through it"),
    (
        "`k = 3`, `k in [0, 5]`, `k = 3 in [0, 5] step 0.1`",
        "a value or range: where the slider starts and goes; `k` stays a symbol",
    ),
    (
        "`x in R^3`, `W in R^(2x3)`, `a = tanh(W x + c) in R^2`",
        "vectors and matrices; sizes that follow need not be written",
    ),
    (
        "`x in R^n`, `A in R^(m×n)`",
        "sizes as names: with a line `n = 3` a value, without one formulas that hold for any n, and no numbers",
    ),
    ("`x1`, `x_1`, `x₁`, `x_{1}`", "the same name"),
    (r"`theta`, `θ`, `\theta`", "the same name"),
    ("`2x`, `x y`, `2(x + 1)`, `W x`", "products"),
    ("`x^2`, `x²`, `x^(2y)`, `x .^ 2`", "powers; `.^`, `.*` and `./` work entry by entry"),
    ("`sin x`, `sin 2x`, `sin^2 x`, `sin(x + y)`", "functions; without brackets the argument is a number and a name"),
    ("`[a, b]`, `[a, b; c, d]`, `x[2]`, `W[1,2]`, `W^T`", "a column, a matrix, entries from 1, the transpose"),
    (
        r"`A^-1`, `A^-T`, `det(A)`, `tr(A)`, `logdet(A)`, `||W||_1`, `||W||_F`",
        "of matrices; `vec`, `kron`, `sum_rows(X)`, `conv(x, w)` and others stand in the table of functions",
    ),
    ("`x^2 if x > 0 else -x`, `1[x > 0]`", "cases, the indicator"),
    (
        "`sum(x[i]^2 for i = 1..n)`, `[x[i]^2 for i = 1..n]`",
        r"sums, families; `prod` likewise; `\sum_i x_i`, `\sum_{j \ne i} x_j` over all that is indexed",
    ),
    ("`y_i = x_i^2 for i = 1..n`, `S_ij = a_i b_j for i = 1..m, j = 1..n`", "a vector, a matrix by its entries"),
    ("`X[2]`, `X[:,j]`, `x[2..4]`", "a row (as a column), a column, a part"),
    ("`h_{t-1}`, `x_{n+1}`, `W^{[1]}`", "names; from Python `h_tm1`, `x_np1`, `W1`"),
    ("`abs(x)`, `norm(x)`, `dot(u, v)`", "also with bars: |x| and ||x||"),
    ("`x' = a x - b x y`", "one equation of a system; of two the picture is the phase plane, of one the phase line"),
    ("`x(0) = 2`", "in a system or a map: the point that is shown"),
    ("`x_{n+1} = a x_n (1 - x_n)`", "one equation of a map"),
    (
        "`at x = γ/δ, y = α/β`",
        "a point, in symbols too: the Jacobian is also shown there, its trace, determinant and eigenvalues; where it "
        "is a number the sliders start at the first such point",
    ),
    ("`x^2 + y^2 = r^2`, `F(x, y) = 0`", "an equation: its residual, left minus right side, is a function `F`"),
    (
        "`y = y(x)`",
        "beside as many equations: the function that they define, dy/dx = −(∂F/∂x)/(∂F/∂y); its value is found by "
        "Newton's method, from `y = -1` on where the block says so",
    ),
    (
        "`u = u(x, t)`",
        "without an equation: a function of which nothing is known, with formulas in ∂u/∂x and no numbers",
    ),
    ("`(x, y) = (r cos t, r sin t)`", "two definitions"),
    (
        "`f'(x)`, `∂f/∂x`, `f_xy`, `df/dx`, `d/dx (x^2 y)`",
        "derivatives on the right of =, to any order: `g(x) = x - f(x)/f'(x)` is Newton's step",
    ),
    (
        "`grad f` or `∇f`, `hess f`, `J_F`, `div F`, `curl F`, `laplace f`, `D_v f`",
        "all derivatives of a function; `∂L/∂W` or `∇_W L` in the shape of W",
    ),
    ("`f_x(a, b)`, `(∇f)(a, b)`, `f'|_(x = 3)`", "at a point"),
    (r"`\frac{x^2}{y}`, `\sqrt{x}`, `\begin{bmatrix} … \end{bmatrix}`", "LaTeX pasted in"),
    ("`W = {weights[0]}`", "a value from Python"),
    (
        "`use J1`",
        "the lines of the block whose result `--into J1` has bound, as if they stood here; outside a notebook "
        "`namespace=` says where it is",
    ),
    (
        "`X in R^(32x2) batch`, `X in R^(2x32) batch columns`",
        "a batch, an example a row or a column: `X W + b` adds b to each, losses are means over them",
    ),
    ("`x in R^2 input`, `m, β fixed`", "in a net: what a name is, `input`, `weight`, `target` or `fixed`"),
    ("`x(3) -> 4 tanh -> 2 softmax`", "a dense net on one line, in `%%nnchain`"),
    (
        "`answer:`",
        "at the end of a block; the lines behind it are the rows of an answer, which is marked entry by entry",
    ),
    ("`# …`", "a comment"),
)
"""In Markdown, without the bars of a table: what is typed, with `code`, and the words beside it."""
