"""Every error of the language: where it points, what it says, what it offers, and that what it offers can be pasted."""

from __future__ import annotations

import pickle
import re

import pytest

import jacmagic
from jacmagic.errors import JacmagicError, Span
from jacmagic.functions import FUNCTIONS
from jacmagic.language.derivatives import OPERATORS
from jacmagic.language.elsewhere import ELSEWHERE, FOREIGN

A = "AmbiguousMath"
L = "LimitError"
M = "NameMistake"
H = "ShapeError"
S = "SyntaxMistake"
V = "ValueMistake"
N = "net: "  # a block that starts so is one of %%nnchain

# block, class, line, the offending text, words of the message, fixes
ERRORS: list[tuple[str, str, int | None, str | None, tuple[str, ...], tuple[str, ...]]] = [
    ("f(x, y) = x y\n∇f = (y + x, x^2)", S, 2, "∇f = (y + x, x^2)", ("is a derivative",), ("∇f - (y + x, x^2) = 0",)),
    ("f(x, y) = x^2 y\n∂f/∂x = 0", S, 2, "∂f/∂x = 0", ("is a derivative",), ("0 = ∂f/∂x",)),
    ("f(x, y) = x^2 y\n∂f/∂x = x + y", S, 2, "∂f/∂x = x + y", ("is a derivative",), ("∂f/∂x - (x + y) = 0",)),
    ("f(x) = x^2\nrank x", S, 2, "rank x", ("no name",), ()), ("f(x) = x^2\nx^2 + 1", S, 2, "x^2 + 1", ("no name",), ("u = x^2 + 1",)),
    ("∇f(x, y) = (2x, 2y)", S, 1, "∇f(x, y)", ("is a derivative",), ()),
    ("y = f(g(h(x)))", M, 1, "f(g(h(x)))", ("define f(x) = …",), ()),
    ("w = f(x, y)", M, 1, "f(x, y)", ("define f(x, y) = …", "leave open", "f = f(x, y)"), ()),
    ("U(r) = 4ε[(σ/r)^12 - (σ/r)^6]", S, 1, "ε[(σ/r)^12 - (σ/r)^6]", ("a bracket that multiplies is round",), ("ε*((σ/r)^12 - (σ/r)^6)",)),
    ("f(x) = k[x - 1]^2", S, 1, "k[x - 1]", ("an entry",), ("k*(x - 1)",)),
    ("f(x) = (x + 1)[x-1]", S, 1, "(x + 1)[x-1]", ("an entry",), ("(x + 1)*(x-1)",)),
    ("x in R^4\nf = x[n - 1]", V, 2, "n", ("whole number",), ("n = 3",)),
    ("u.in R^3\nf = u", S, 1, "u.in", (), ()),
    # -------------------------------------------------------------- nets
    (N + "x in R^3\nh = σ(W h + U x + b)", M, 2, "h", ("by means of itself", "h_{t-1} on the right"), ()),
    (N + "x in R^7\ny = tanh(coσnv(x, k)) in R^5", M, 2, "co", ("is it a product",), ("c o",)),
    (N + "x in R^2\nL = bc(2x, y)", M, 2, "bc", ("Did you mean bce",), ("bce",)),
    (N + "x in R^2\na = tanh(W1 x + c1) in R^3\no = sigmoid(W2 b + c2) in R^1", H, 3, "W2",
     ("Nothing reads a (line 2)",), ("W2 in R^(1x1)",)),
    (N + "x in R^3\nq = Wq x in R^2\nL = ||q||", M, 2, "Wq", ("by means of itself", "one name"), ("W_q",)),
    (N + "x in R^2\na = tanh(x W1 + b1) in R^3", H, 2, "x W1", ("Vectors are columns",), ("W1 x",)),
    (N + "x in R^3\ny = x W", H, 2, "x W", ("Vectors are columns",), ("y = W x in R^2",)),
    (N + "x in R^3\nW in R^(3x2)\ny = x W + b", H, 3, "x W", ("W is 3×2", "Vectors are columns"), ("W^T x",)),
    (N + "x_t in R^2\nh_{t-1} in R^3\ni = σ(W_i x_t + h_{t-1} U_i) in R^3", H, 3, "h_{t-1} U_i", ("Vectors are columns",), ("U_i h_{t-1}", "U_i in R")),
    (N + "x in R^2\na = g(W x + b) in R^3", M, 2, "g(W x + b)", ("which function g is",), ("g(z) = tanh(z)",)),
    (N + "x in R^2\nz = W x + b in R^3\na = \\phi \\left(z\\right)", M, 3, "\\phi \\left(z\\right)", ("which function",), ("φ(u) = tanh(u)",)),
    (N + "x in R^2\na = \\text{act}(W x + b) in R^3", M, 2, "\\text{act}", ("which function",), ("act(z) = tanh(z)",)),
    (N + "x in R^2\na = σ_g(W x + b) in R^3", M, 2, "σ_g(W x + b)", ("which function",), ("σ_g(z) = sigmoid(z)",)),
    (N + "x in R^2\nh in R^3\nf = σ(W Concat(h, x) + b) in R^3", M, 3, "Concat(h, x)", ("not part",), ("[h, x]",)),
    (N + "x in R^2\nh in R^3\nf = σ(W (h \\oplus x) + b) in R^3", S, 3, "(h \\oplus x)", ("one below the other",), ("[h; x]",)),
    (N + "f_t = σ(W_f·[h_{t-1}, x_t] + b_f)\nC_t = f_t .* C_{t-1}\nh_t = tanh(C_t)", H, 1, "[h_{t-1}, x_t]", ("all of them",),
     ("x_t in R^2; C_{t-1}, h_{t-1} in R^3; W_f in R^(3x5)",)),
    (N + "x_t in R^2\nh_{t-1} in R^3\nr_t = σ(W_r [h_{t-1}, x_t])\nn_t = tanh(W [r_t .* h_{t-1}, x_t])\nh_t = r_t .* n_t", H, 3, "[h_{t-1}, x_t]",
     ("all of them",), ("W_r, W in R^(3x5)",)),
    ("H in R^(1x2)\nK in R^(2x1)\nP = I - K H", H, 3, "I", ("identity",), ("I = [1, 0; 0, 1]", "I in R^(2x2)")),
    (N + "h_1, h_2 in R^2 input\nW in R^(3x2)\nc = tanh(a^T [W h_1 || W h_2])", S, 3, "[W h_1 || W h_2]", ("one below the other",), ("[W h_1; W h_2]",)),
    (N + "X in R^(4x3) batch\nE = exp(X)\nP = E / np.sum(E, axis=1, keepdims=True)", S, 3, "E / np.sum(E, axis=1, keepdims=True)", ("sum_rows",),
     ("diag(1 ./ sum_rows(E)) E",)),
    (N + "x in R\nL = (1 - y) 1/2 x^2", S, 2, "(1 - y) 1/2", ("comes first",), ("1/2 (1 - y)", "(1 - y)*1/2")),
    (N + "x in R^3\nW_1 in R^(3x5)\nW_2 in R^(5x3)\ny = max(0, x W_1 + b_1) W_2 + b_2", H, 4, "x W_1", ("line 2", "Vectors are columns"), ("W_1^T x",)),
    (N + "x in R^(5x5)\ny = relu(conv(x, w) + b) in R^(3x3)", H, 2, "b", ("number or a matrix",), ("b in R", "b in R^(3x3)")),
    (N + "a = W [x, y]", H, 1, "W", ("cannot be inferred",), ("W in R^(2x2)", "W in R")),
    (N + "x in R^3\ny = tanh(x)\nL = x * y", H, 3, "x * y", ("Two columns",), ("x .* y", "dot(x, y)")),
    (N + "x in R^2\nz = W x + b in R^3\na = np.exp(z)/np.sum(np.exp(z))", S, 3, "np.exp(z)/np.sum(np.exp(z))", ("without a module",), ("exp(z)/sum(exp(z))",)),
    (N + "x in R^2\nh = nn.ReLU()(W x + b) in R^3", S, 2, "nn.ReLU()(W x + b)", ("without a module",), ("relu(W x + b)",)),
    (N + "x in R^2\nh = F.softmax(W x, dim=0) in R^3", S, 2, "F.softmax(W x, dim=0)", ("without a module",), ("softmax(W x)",)),
    (N + "x in R^2\nz = np.dot(W, x) + b in R^3", S, 2, "np.dot(W, x) + b", ("without a module",), ("W x + b",)),
    (N + "x in R^2\nz = W x + b in R^3\na = z.clamp(min=0)", S, 3, "z.clamp(min=0)", ("before its arguments",), ("max(z, 0)",)),
    (N + "x in R^2\nh = nn.LeakyReLU(0.2)(W x) in R^3", S, 2, "nn.LeakyReLU", ("without a module",), ()),
    (N + "x in R^2\nz = W x + b in R^3\na_i = e^{z_i}/sum_j e^{z_j}", M, 3, "a_i = e^{z_i}/sum_j e^{z_j}", ("runs over the i",), ("a_i = e^{z_i}/sum_j e^{z_j} for i = 1..3",)),
    (N + "h = sigmoid(w1 i1 + w2 i2 + b1)\no = sigmoid(w3 h + b2)", M, None, None, ("Which name is the input",), ("i1, i2 input",)),
    (N + "h = sigmoid(w1 p + w2 q + b1)\no = sigmoid(w3 h + b2)", M, None, None, ("Which name is the input",), ()),
    (N + "x_t in R^2\nh_{t-1} in R^3\nh_t = tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h)", H, 3, "W_{xh}", ("cannot be inferred",), ("W_xh in R^(3x2)",)),
    (N + "Q, K, V in R^(3x4)\nA = softmax(Q K^T / sqrt(4)) V", M, None, None, ("Which name is the input",), ("Q, K, V input",)),
    (N + "X in R^(4x3)\nQ = X Wq in R^(4x2)", M, 2, "Wq", ("one name",), ("W_q",)),
    ("y = 𝑎𝑥² + 𝑠𝑖𝑛(𝑥)", S, 1, "y = 𝑎𝑥² + 𝑠𝑖𝑛(𝑥)", ("plain letters",), ("y = a x² + sin(x)",)), ("f（x）＝ ｘ²", S, 1, "f（x）＝ ｘ²", ("wide forms",), ("f(x)= x²",)),
    ("F = Gm₁m₂/r²", M, 1, "Gm₁", ("product",), ("G m₁",)), ("v = v0 + at", M, 1, "at", ("a word",), ("a t",)), ("v = Vmax S/(S + 2)", M, 1, "Vmax", ("one name",), ("V_max",)),
    ("f = ∑_i a_i x", H, 1, "a_i", ("size",), ("a in R^3",)), ("f = x(1)^2*x(2)", M, 1, "x(1)", ("an entry is x_1",), ("x_1",)), ("f(x) = C(3) x", M, 1, "C(3)", ("not a function",), ("C_3",)),
    ("x in R^3\nf = Σ_i x_i^2", M, 2, "Σ_i", ("sign ∑",), ("∑_i",)), ("f = Σ_i a_i x", S, 1, "Σ_i", ("sign ∑",), ("∑_i",)),
    ("x_n+1 = r x_n (1 - x_n)", A, 1, "x_n+1", ("next step",), ("x_{n+1}", "x_n + 1")), ("f(t) = A cos(2πft)", M, 1, "f(t) = A cos(2πft)", ("another name",), ("y(t) = A cos(2πft)",)),
    ("f(x) = x ∧ 2", S, 1, "x ∧ 2", ("power",), ("x^2",)), ("F(x, y) = [x^2, y]\nd = |J_F|", H, 2, "|J_F|", ("determinant",), ("det(J_F)", "||J_F||_F")),
    ("f(x) = J_0(x)", M, 1, "J_0(x)", ("J_0 is not a function",), ("J_0*(x)",)), ("f(x) = C(n, 2) x", M, 1, "C(n, 2)", ("not a function",), ()), ("f(x) = e⁻ˣ²", S, 1, "⁻ˣ²", ("exponent",), ("^(-x^2)",)),
    (N + "X in R^(4x3)\nQ = X W", H, 2, "W", ("cannot be inferred",), ("W in R^(3x3)",)),
    # -------------------------------------------------------------- names
    ("f(𝟏) = x", M, 1, "𝟏", ("vector of ones",), ()), ("x in R^2\n𝟏 = 2x", M, 2, "𝟏", ("vector of ones",), ()),
    ("𝟏 in R^3\nf(x) = x", M, 1, "𝟏", ("vector of ones",), ()),
    # -------------------------------------------------------------- lines
    ("", S, None, None, ("nothing to differentiate",), ("f(x, y) = x^2 y + sin y",)),
    ("A in R^(2x2)\nF = A³", H, 2, "A³", ("a product or entry by entry",), ("A .^3",)),
    ("g(s) = s^2\nu = [g(i) for i = 1..3] + g(2)", S, 2, "u = [g(i) for i = 1..3] + g(2)", ("nothing varies", "g(2) on a line"), ("g(2)",)),
    ("g(s) = s^2\nu = [g(i) for i = 1..3]", S, None, None, ("nothing to differentiate",), ("f(x, y) = x^2 y + sin y",)),
    ("# only a comment\n\n", S, None, None, ("nothing to differentiate",), ("f(x, y) = x^2 y + sin y",)),
    ("x = 3\nk in [0, 5]", S, None, None, ("nothing to differentiate",), ("f(x, y) = x^2 y + sin y",)),
    ("f(3)\nf(x) = x^2", M, 1, "f(3)", ("defined only on line 2",), ()), ("f(x) = ln x\nf(0)", V, 2, "f(0)", ("f(0)", "no value"), ()),
    ("k = 3 [0,5]\nf = k x", A, 1, "k = 3 [0,5]", ("range of its slider",), ("k = 3 in [0,5]", "k = 3*[0,5]")),
    ("k = -3 [-5, 5] step 0.5\nf = k x", A, 1, "k = -3 [-5, 5] step 0.5", ("range of its slider",), ("k = -3 in [-5, 5] step 0.5",)),
    ("k = 3, [0, 5]\nf = k x", S, 1, "3, [0, 5]", ("behind in",), ("3 in [0, 5]",)),
    ("u = x^2\nu + 1", S, 2, "u + 1", ("no name",), ("v = u + 1",)),
    ("x^2\ny^2", S, 2, "y^2", ("no name",), ("u = y^2",)),
    ("f(x) = x^2 = 3", S, 1, "=", ("second =",), ()),
    ("Q = K L^(1/3)  K = 2", S, 1, "  K = 2", ("second =",), ("; K = 2",)), ("f(x) = k x, x = 2 k = 3; m = 1", S, 1, " k = 3", ("second =",), ("; k = 3",)),
    ("f(x) = x = 3", S, 1, "=", ("second =",), ()),
    ("f(x) := x^2", S, 1, ":=", ("with =",), ("=",)),
    ("f(x) = x^2,", S, 1, ",", ("comma",), ()),
    ("x''' = -x", S, 1, "x'''", ("first and second derivatives",), ()),
    ("x'' = -v w x u", M, 1, "x", ("v, w and u are taken",), ()), ("x'' = -x\nx' = 3y", M, 2, "x", ("x' is defined on line 1",), ()),
    ("f(x) = sin -(x+1)", A, 1, "sin -(x+1)", ("signed",), ("sin(-(x+1))",)), ("f(x) = cos -2(x+1) x", A, 1, "cos -2(x+1)", ("signed",), ("cos(-2(x+1))",)),
    ("f(x) = ln -2 x", A, 1, "ln -2 x", ("signed",), ("ln(-2 x)",)), ("f(x) = sin -√x + 1", A, 1, "sin -√x", ("signed",), ("sin(-√x)",)),
    ("f(x) = exp -(x-1)^2/2", A, 1, "exp -(x-1)^2/2", ("signed",), ("exp(-(x-1)^2)/2", "exp(-(x-1)^2/2)")), ("f(x) = sin -x/2 y", A, 1, "sin -x/2", ("signed",), ("(sin(-x)/2)", "sin(-x/2)")),
    ("f(x) = sin -sin x", A, 1, "sin -sin x", ("signed",), ("sin(-sin x)",)), ("f(x) = sin +|x|", A, 1, "sin +|x|", ("signed",), ("sin(+|x|)",)),
    ("f(x) = sin -x^2y", A, 1, "sin -x^2y", ("signed",), ()), ("f(x) = tan−1(x + 1)", A, 1, "tan−1(x + 1)", ("two ways",), ("atan(x + 1)", "1/tan(x + 1)")),
    ("x in R^2\nA in R^(2x2)\nf = x'*A*x", S, 3, "x'", ("transpose",), ("x^T",)), ("x in R^3\nf = x[-1]", H, 2, "x[-1]", ("out of range",), ("x[3]",)),
    ("f(x) = sinx cosx", M, 1, "sinx", ("space",), ("sin x",)), ("f(x) = sin x cosx", M, 1, "cosx", ("space",), ("cos x",)), ("f(x) = 2sinxcosx", M, 1, "sinxcosx", ("spaces",), ("sin x cos x",)),
    ("f(x) = cos2xsinx", M, 1, "cos2xsinx", ("spaces",), ("cos 2x sin x",)), ("f(x) = sin2(x)", M, 1, "sin2", ("power",), ("sin^2",)), ("f(x) = x to the 2", M, 1, "to", ("a word",), ()),
    ("f(x) = pow(x + 1, 2)", M, 1, "pow(x + 1, 2)", ("write x^2",), ("(x + 1)^2",)), ("f(x) = np.where(x > 0, x, 0)", S, 1, "np.where(x > 0, x, 0)", ("a if x > 0 else b",), ("x if x > 0 else 0",)),
    ("x in R^3\nf = np.linalg.norm(x)", S, 2, "np.linalg.norm", ("without a module",), ("norm",)), ("f(x) = np.maximum(x, 0)", S, 1, "np.maximum", ("without a module",), ("max",)),
    ("m x'' = -k x", S, 1, "m x'' = -k x", ("alone on the left",), ("x'' = (-k x)/m",)), ("m x'' + c x' + k x = 0", S, 1, "m x'' + c x' + k x = 0", ("alone on the left",), ("x'' = (-c x' - k x)/m",)),
    ("x'' + x = 0", S, 1, "x'' + x = 0", ("alone on the left",), ("x'' = -x",)), ("-2x' = y + 1", S, 1, "-2x' = y + 1", ("alone on the left",), ("x' = (-(y + 1))/2",)),
    (r"m\ddot{x} - F = -k x", S, 1, r"m\ddot{x} - F = -k x", ("alone on the left",), (r"\ddot{x} = (-k x + F)/m",)), ("R C dV/dt = U - V", S, 1, "R C dV/dt = U - V", ("alone on the left",), ("dV/dt = (U - V)/(R C)",)),
    ("C x_dot = I", S, 1, "C x_dot = I", ("alone on the left",), ("x_dot = I/C",)), ("m ẍ = -k x", S, 1, "m ẍ = -k x", ("alone on the left",), ("ẍ = (-k x)/m",)),
    ("m d²x/dt² = -k x", S, 1, "m d²x/dt² = -k x", ("alone on the left",), ("d²x/dt² = (-k x)/m",)), ("y - x' = 0", S, 1, "y - x' = 0", ("alone on the left",), ("x' = y",)),
    ("x'' + y'' = 0", S, 1, "x'' + y'' = 0", ("alone on the left",), ()), ("x'/2 = y", S, 1, "x'/2 = y", ("alone on the left",), ()), ("x x'^2 = 1", S, 1, "x x'^2 = 1", ("alone on the left",), ()),
    ("f(x) = x^2\nu = f'(3)", S, 2, "u = f'(3)", ("u is a number", "f(3) on a line"), ("f(3)",)), ("f(x) = x^2\nu = 2f(3)", S, 2, "u = 2f(3)", ("u is a number",), ("f(3)",)),
    ("df/dx = 2x", S, 1, "df/dx = 2x", ("f(x) = …", "f' = 2x"), ()), ("dy/dx = k x - y", S, 1, "dy/dx = k x - y", ("y(x) = …",), ("y' = k x - y",)),
    (r"\frac{dy}{dx} = y", S, 1, r"\frac{dy}{dx} = y", ("y(x) = …",), ("y' = y",)), ("dr/ds = r", S, 1, "dr/ds = r", ("r(s) = …",), ("r' = r",)),
    ("x' = -x(t - τ)", S, 1, "x(t - τ)", ("at another time",), ()), ("x' = -x + u(t)", M, 1, "u(t)", ("time is not written",), ("u",)),
    ("t = 2\nx' = x(t)", A, 2, "x(t)", ("at the time t",), ("x", "x*t")),
    ("n' = n - n r\nr' = -r (s - dn)", A, 2, "dn", ("d times n", "n'"), ("d n", "n'")), ("x' = x y\ny' = -dy", A, 2, "dy", ("d times y",), ("d y",)),
    ("x' = a x - dxy\ny' = x", M, 1, "dxy", ("product",), ("d x y",)), ("f(θ) = dθ^2", M, 1, "dθ", ("one name or a product",), ("d*θ",)),
    ("L = x_dot^2 + x'", S, 1, "x'", ("no line gives it",), ()), ("x' = y - y'\ny' = -x", M, 2, "y", ("y' is used on line 1",), ()),
    ("f(x) = x\u0307\u0307", S, 1, "x\u0307\u0307", ("one accent",), ("x",)),
    ("u' = x\nu = 3x", M, 2, "u", ("line 1", "line 2", "variable"), ()),
    ("f(x) = x'", S, 1, "x'", ("no line gives it", "x^T"), ()), ("g(x) = f'(x)", S, 1, "f'", ("f(x) = … above", "f' = …"), ()),
    ("f(x, y) = x^2 y\ng = ∂f/∂x(1, 2)", S, 2, "g = ∂f/∂x(1, 2)", ("g is a number",), ("f(1, 2)",)),
    ("f(x, y) = x^2 y\ng = (∇f)(1, 2)", S, 2, "g = (∇f)(1, 2)", ("g is a number",), ("f(1, 2)",)),
    ("f(x) = x^2\ng = \\left. \\frac{df}{dx} \\right|_{x=3}", S, 2, "g = \\left. \\frac{df}{dx} \\right|_{x=3}", ("g is a number",), ("f(3)",)),
    ("f(x, y) = x y\ng = ∂f/∂z", M, 2, "∂f/∂z", ("z stands in no formula",), ("∂f/∂x", "∂f/∂y")), ("f(x) = x^2\ng = df/dy", M, 2, "df/dy", ("y stands in no",), ("df/dx",)),
    ("f(x) = a x^2\ng = ∂²f/∂x∂q", M, 2, "∂²f/∂x∂q", ("q stands in no formula",), ()), ("x' = v\nv' = -x\nE = x^2 + v^2\ng = dE/dt", M, 4, "dE/dt", ("t stands in no formula",), ()),
    ("f(x) = sin x\ng = f^{(3)}(x)", A, 2, "f^{(3)}(x)", ("a derivative or a power",), ("f'''(x)", "(f(x))^3")), ("f(x) = sin x\ng = f^(2)(x)", A, 2, "f^(2)(x)", ("a derivative or a power",), ("f''(x)", "(f(x))^2")),
    ("f(x, y) = x y\ng = D_v f", H, 2, "D_v f", ("an entry for each variable, x, y", "v is a number"), ("v in R^2",)), ("f(x) = (x + 1)'", S, 1, "'", ("of a name", "x^T"), ()),
    ("f(2, x) = x", S, 1, "f(2, x)", ("names", "x = 3"), ()),
    ("x[1] = 3\nf = x^2", S, 1, "x[1]", ("whole vectors",), ()),
    ("let f(x) = x", S, 1, "let f(x) = x", ("without a word",), ("f(x) = x",)),
    ("W = {weights[0]}\nf = W x", V, 1, "{weights[0]}", ("notebook cell",), ()),
    ("k = 2 in [5, 5]\nf = k x", V, 1, "[5, 5]", ("empty",), ()),
    ("k = 7 in [0, 5]\nf = k x", V, 1, "7", ("outside", "[0, 5]"), ()),
    ("k in [0, 5] step 0\nf = k x", V, 1, "0", ("above 0",), ()),
    ("k in [0, 5] step -1\nf = k x", V, 1, "-1", ("above 0",), ()),
    ("k in [0, x]\nf = k x", V, 1, "x", ("numbers",), ()),
    ("W in R^2x3\nf = W[1,2]", S, 1, "R^2x3", ("A size",), ("R^(2x3)",)),
    ("k in (0, 5)\nf = k x", S, 1, "(0, 5)", ("[0, 5]",), ("[0, 5]",)),
    ("x in R^0\nf = x", V, 1, "0", ("at least 1",), ()),
    ("x in R^n\nf = x[n]", V, 2, "n", ("whole number",), ("n = 3",)),
    ("n = 2.5\nx in R^n\nf = x^T x", V, 1, "2.5", ("whole number",), ()),
    ("m = x\nW in R^m\nf = W^T W", V, 1, "x", ("whole number",), ("x = 3",)),
    ("f(x) = sum(k x^k, k=0..5)", S, 1, "k x^k, k=0..5", ("behind for",), ("k x^k for k = 0..5",)),
    ("x in R^2\nf = sum(x[i] x[j] for i = 1..2, j = 1..2)", S, 2, "sum(x[i] x[j] for i = 1..2, j = 1..2)",
     ("bracket of its own",), ("sum(sum(x[i] x[j] for j = 1..2) for i = 1..2)",)),
    ("g(x, y) = x y\nf(x, y) = g(x, y=2)", S, 2, "=", ("no place inside", "y = 2", "=="), ()),
    ("x in R^3\ny = e^{x_i}/sum(x)", M, 2, "x_i", ("x is a vector", "for i = 1..n"), ("x[1]",)),
    ("n = 2\nx in R^3\ny = x_n^2", M, 3, "x_n", ("x is a vector",), ("x[n]",)),
    ("V(r) = 4ε [(σ/r)^12 - (σ/r)^6]", A, 1, "[(σ/r)^12 - (σ/r)^6]", ("bracket or a vector",),
     ("((σ/r)^12 - (σ/r)^6)", "* [(σ/r)^12 - (σ/r)^6]")),
    ("f(x, y) = [x + y][x - y]", A, 1, "[x + y][x - y]", ("bracket or a vector",), ("(x + y) (x - y)",)),
    ("f(x) = exp[-x^2]", S, 1, "exp[-x^2]", ("round brackets",), ("exp(-x^2)",)),
    ("r(t) = ⟨cos t, sin t⟩", S, 1, "⟨cos t, sin t⟩", ("inner product",), ("(cos t, sin t)",)),
    ("r(t) = ⟨t, 1, t^2⟩", S, 1, "⟨t, 1, t^2⟩", ("inner product",), ("(t, 1, t^2)",)),
    ("f(x, y) = dot(x, y)", H, 1, "dot(x, y)", ("two vectors",), ("x*y",)),
    ("f(x) = 10 000 x", S, 1, "10 000", ("operator is missing",), ("10000",)),
    ("f(x, y) = \\frac{d}{dx} x^2 y", A, 1, "\\frac{d}{dx} x^2 y", ("one factor",), ("\\frac{d}{dx} (x^2 y)", "(\\frac{d}{dx} x^2) y")),
    ("x in R^2\nW in R^(2x2)\nf = x if x > 0 and W < 1 else -x", H, 3, "x > 0 and W < 1", ("differs in size",), ()),
    ("f(x) = tg x", M, 1, "tg", ("tan",), ("tan",)),
    ("x in R^2\na = W x in R^3\nW = [1, 2, 3; 4, 5, 6]", H, 2, "W x", ("line 1", "line 3"), ("x in R^3",)),
    ("x in R^2\na = tanh(W x) in R^2\na = relu(a) in R^2", M, 3, "a", ("line 2", "line 3"), ()),
    # -------------------------------------------------------------- order
    ("k = 2\nk = 3\nf = k x", M, 2, "k", ("line 1", "line 2"), ()),
    ("a = x^2\na = x^3", M, 2, "a", ("line 1", "line 2"), ()),
    ("k in [0, 1]\nk in [0, 2]\nf = k x", M, 2, "k in [0, 2]", ("line 1", "line 2"), ()),
    ("x in R^2\nx in R^3\nf = x", M, 2, "x in R^3", ("line 1", "line 2"), ()),
    ("f = 2a\na = x^2", M, 2, "a", ("line 1", "line 2"), ()),
    ("a = b + x\nb = a + y", M, 2, "b = a + y", ("line 1", "line 2"), ("a + y = b",)),
    ("a = a + x", M, 1, "a", ("means of itself",), ()),
    ("f(x, y, x) = x", M, 1, "x", ("twice",), ()),
    ("pi = 3\nf = pi x", M, 1, "pi", ("constant",), ()),
    ("sin = 3\nf = x", M, 1, "sin", ("function",), ()),
    ("f(e) = e^2", M, 1, "e", ("constant",), ()),
    # -------------------------------------------------------------- names
    ("f(x) = \u0445^2", S, 1, "\u0445", ("looks like x",), ("x",)),
    ("f(x) = rate x", M, 1, "rate", ("declares it",), ()),
    ("f(x) = sinx", M, 1, "sinx", ("space missing",), ("sin x",)),
    ("f(θ) = sinθ", M, 1, "sinθ", ("space missing",), ("sin θ",)),
    ("f(x) = xsin(x)", M, 1, "xsin", ("space missing",), ("x sin",)),
    ("f(z) = sigmod(z)", M, 1, "sigmod", ("sigmoid",), ("sigmoid",)),
    ("f(x) = lg x", A, 1, "lg", ("base 10 or to base 2",), ("log10", "log2")),
    ("f(x) = 2lg(x)", A, 1, "lg", ("base 10 or to base 2",), ("log10", "log2")),
    (r"f(x) = \lg x", A, 1, r"\lg", ("base 10 or to base 2",), ("log10", "log2")),
    ("f(x) = root(x)", S, 1, "root(x)", ("2 arguments",), ()),
    ("f(x) = ln(x, 2)", S, 1, "ln(x, 2)", ("1 argument",), ()),
    ("f(x) = coth^-1(x)", A, 1, "coth^-1(x)", ("two ways",), ("acoth(x)", "1/coth(x)")),
    ("f(x) = abc", M, 1, "abc", ("product",), ("a b c",)),
    ("a = x\nab = x + y\nc = y^2\nbc = x y\nf = abc", A, 5, "abc", ("two ways",), ("a bc", "ab c")),
    ("f(x) = dx", M, 1, "dx", ("one name or a product",), ("d*x",)),
    ("f(x) = deltax", M, 1, "deltax", ("one name or a product",), ("delta*x",)),
    ("f(x) = x_1^2 + x_2", M, 1, "f(x)", ("x_1 and x_2 do",), ("x in R^2", "f(x_1, x_2)")),
    ("f(x, y) = x_1 y", M, 1, "f(x, y)", ("x_1 does",), ("x in R^1", "f(x_1, y)")),
    ("f(x) = x_max", M, 1, "f(x)", ("x_max does",), ("f(x_max)",)),
    ("f(x) = g(x)", M, 1, "g(x)", ("define g(x)",), ("g*(x)",)),
    ("L = k(x + 1)", M, 1, "k(x + 1)", ("define k(x)", "k*("), ("k*(x + 1)",)),
    ("f(x) = σ(x + 1)", A, 1, "σ(x + 1)", ("sigmoid",), ("sigmoid(x + 1)", "σ*(x + 1)")),
    ("f(x) = \\foo x", M, 1, "\\foo", ("LaTeX command \\foo",), ()),
    ("f(x) = x_", S, 1, "_", ("index",), ()),
    # -------------------------------------------------------------- as other languages and other books write it
    ("A in R^(2x2)\nb in R^2\nf(b) = A\\b", S, 3, "\\b", ("divides nothing",), ()),
    ("f(x) = x(1)^2 + 1", A, 1, "x(1)", ("entry or a product",), ("1 x",)),
    ("x in R^2\nf = x(2)^2", A, 2, "x(2)", ("entry",), ("x[2]", "2 x")),
    (r"x in R^2" "\n" r"f = x\left[2\right]", A, 2, r"x\left[2\right]", ("entry",), ("x[2]", "2 x")),
    ("x in R^3\nf = [x[i] x(i+1) for i = 1..2]", A, 2, "x(i+1)", ("entry",), ("x[i+1]",)),
    ("W in R^(2x2)\nf = [[W(i, j)^2 for j = 1..2] for i = 1..2]", A, 2, "W(i, j)", ("entry",), ("W[i, j]",)),
    ("A in R^(2x2)\nf = A(1,2)", A, 2, "A(1,2)", ("entry",), ("A[1,2]",)),
    ("f(x) = x^2\ng(x) = sin x\nh = (f∘g)(x)", A, 3, "f∘g", ("composition or the product",), ("f(g(x))", "f .* g")),
    ("f(x) = x^2\ng(x) = f^{-1}(x)", A, 2, "f^{-1}(x)", ("inverse function",), ("1/f(x)",)),
    ("f(x) = sum(x^i, i, 0, 3)", S, 1, "x^i, i, 0, 3", ("behind for",), ("x^i for i = 0..3",)),
    ("f(w, x) = w^{(1)} x", A, 1, "w^{(1)}", ("layer",), ("w^{[1]}", "w^1")),
    ("f(x) = x⁽²⁾", A, 1, "x⁽²⁾", ("layer",), ("x^{[2]}", "x^2")),
    ("f(x) = x^{[2]}", M, 1, "x^{[2]}", ("name of its own", "power"), ("x^{2}",)), ("f(x, y) = 3y^{[l]} x", M, 1, "y^{[l]}", ("layer l",), ("y^{l}",)),
    ("f(x) = x^[2]", S, 1, "[2]", ("round brackets", "W^{[2]}"), ("(2)",)),
    ("f(r) = Pi r^2", M, 1, "Pi", ("3.14",), ("pi", "Π")), ("f(x) = sin(2Pi x)", M, 1, "Pi", ("3.14",), ("pi", "Π")), ("f(r) = Pir", M, 1, "Pi", ("3.14",), ("pi", "Π")),
    ("c = 3x10^8\nf = c t", M, 1, "3x10^8", ("sign ×",), ("3*10^8",)), ("f(x) = 6.6x10^-34 x", M, 1, "6.6x10^-34", ("sign ×",), ("6.6*10^-34",)),
    ("A = [1 2; 3 4]\nx in R^2\nf = A x", S, 1, "[1 2; 3 4]", ("commas",), ("[1, 2; 3, 4]",)), ("A = [1 -2 3]\nx in R^3\nf = dot(A, x)", S, 1, "[1 -2 3]", ("commas",), ("[1, -2, 3]",)),
    ("f(x) = 1½ x", S, 1, "1½", ("added",), ("(1 + 1/2)",)),
    (r"f(x) = \arcsinh x", M, 1, r"\arcsinh", ("asinh",), ("asinh",)), (r"f(x) = \operatorname{sigm}(x)", M, 1, r"\operatorname{sigm}", ("sigmoid",), ("sigmoid",)),
    (r"f(x) = e^{x}\,\mathrm{d}x", M, 1, r"\mathrm{d}", ("upright d",), ()), (r"f(x) = e^{\mathrm{i} x}", M, 1, r"\mathrm{i}", ("real",), ()),
    (r"{\displaystyle {\frac {d^{2}x}{dt^{2}}}-\mu {\frac {dx}{dt}}+x=0,}", S, 1, r"{\frac {d^{2}x}{dt^{2}}}-\mu {\frac {dx}{dt}}+x=0", ("alone on the left",),
     (r"\frac {d^{2}x}{dt^{2}} = \mu {\frac {dx}{dt}} - x",)),
    ("z^{(1)} = x^2\nf = 2 z_1", S, 1, "z^{(1)}", ("could be a power",), ("z^{[1]}",)),
    ("f'(x) = 2x", S, 1, "f'(x)", ("the function itself",), ("f(x)",)),
    ("f(x) = √[3]{x}", S, 1, "√[3]{x}", ("a power",), ("cbrt(x)",)),
    ("f(x) = √[5](x+1)", S, 1, "√[5](x+1)", ("a power",), ("(x+1)^(1/5)",)),
    ("a = [1 2]\nf(x) = a[1] x", S, 1, "[1 2]", ("commas",), ("[1, 2]",)),
    ("f(x) = x^2\n+ 3x", S, 2, "+", ("bracket is open",), ()),
    ("0 ≤ k ≤ 5\nf(x) = k x", S, 1, "0 ≤ k ≤ 5", ("k in [0, 5]",), ()),
    ("A in R^(2x3)\nf = A^{-1}", H, 2, "A^{-1}", ("of a square matrix", "A is 2×3"), ()),
    ("f(x) = sum(A_n sin(n x) for n = 1..3)", H, 1, "A_n", ("declare",), ("A in R^3",)),
    (r"f(x) = \sum_{i=1}^{4}\sum_{j=1}^{4} a_{ij} x^i x^j", H, 1, "a_{ij}", ("declare",), ("a in R^(4x4)",)),
    ("f(x) = sin2x", M, 1, "sin2x", ("space",), ("sin 2x",)),
    ("f(θ) = sin2θ", M, 1, "sin2", ("space",), ("sin 2",)),
    ("f(x) = sin2 x", M, 1, "sin2", ("space",), ("sin 2", "sin^2")),
    ("f(x) = x/ln2", M, 1, "ln2", ("space",), ("ln 2",)), ("f(x) = ln2 if x > 0 else x", M, 1, "ln2", ("space",), ("ln 2",)),
    ("x in R^2\nf = x^T2", A, 2, "x^T2", ("two ways",), ("x^T*2", "x^(T2)")),
    ("f(x) = sqrt[3][x]", S, 1, "sqrt[3][x]", ("round brackets",), ()),
    ("f(x) = log2x", M, 1, "log2x", ("space",), ("log2 x", "log 2x")),
    ("f(x) = SIN(x)", M, 1, "SIN", ("sin",), ("sin",)),
    ("f(r) = PI r^2", M, 1, "PI", ("pi",), ("pi",)),
    ("f(x) = x if x ==== 0 else 1", S, 1, "====", ("compares with ==",), ("==",)),
    ("x in R^3\nf = sum(x_i^2)", M, 2, "x_i^2", ("runs over the i",), ("x_i^2 for i = 1..3",)),
    ("f(x, y) = arctan2(y, x)", M, 1, "arctan2", ("atan2",), ("atan2",)),
    ("f(x) = x\u20101", S, 1, "\u2010", ("dash",), ("-",)),
    ("f(x) = \u2206x", S, 1, "\u2206", ("looks like Δ",), ("Δ",)),
    ("f(x, y, z) = 2x^2y^2z", A, 1, "x^2y^2z", ("two ways",), ("x^2 y^2 z", "x^(2y^2 z)")),
    ("f(x) = |bce(0, 1)| + x", V, 1, "bce(0, 1)", ("no value",), ()),
    ("A in R^(2x2)\nf = tanh^{k+1} A", H, 2, "tanh^{k+1} A", ("entry by entry",), ("tanh(A) .^(k+1)",)),
    ("f = x -> x^2", S, 1, "f = x -> x^2", ("layers of a net",), ("f(x) = x^2",)),
    ("f = lambda x, y: x*y", S, 1, "f = lambda x, y: x*y", ("without lambda",), ("f(x, y) = x*y",)),
    ("f(x, y) = x^2, y^2", S, 1, "x^2, y^2", ("in brackets",), ("[x^2, y^2]",)),
    ("u in R^3\nv in R^3\nf = u . v", S, 3, ".", ("u · v",), ("·",)),
    ("f(x) = x ? 1 : 2", S, 1, "?", ("a if x > 0 else b",), ()),
    ("f(x) = if x > 0 then x else 1", S, 1, "if x > 0 then x else 1", ("before its condition",), ("x if x > 0 else 1",)),
    ("f(x) = @(x) x^2", S, 1, "f(x) = @(x) x^2", ("without @",), ("f(x) = x^2",)),
    ("f(x) = max(x)", H, 1, "max(x)", ("is a number here",), ("x in R^3", "x in R")),
    # -------------------------------------------------------------- sizes
    (N + "x in R^2\na = softmax(W x + b) in R^3\nL = cross_entropy(a, 2)", H, 3, "a, 2", ("2 is a number",), ()),
    ("A in R^(2x2)\nx in R^2\nf(x) = (A - λ B) x", H, 3, "λ", ("λ could be",), ("λ in R", "λ in R^(2x2)")),
    ("f(x) = x^T A x", H, 1, "x^T", ("is a number here",), ("x in R^3", "x in R")),
    ("f(x) = sum(x)", H, 1, "sum(x)", ("is a number here",), ("x in R^3", "x in R")),
    (N + "x in R^2\no = w · x + b", H, 2, "w", ("cannot be inferred",), ("w in R^2", "w in R")),
    ("x in R^3\nx' = [x[2], x[3]]", H, 2, "[x[2], x[3]]", ("x is a vector of 3 entries (line 1)", "in time"), ()),
    ("x' = [y, y]\ny' = x", H, 1, "[y, y]", ("x is a number",), ()),
    (N + "x in R^2\nh = tanh(W1 x + b1) in R^3\no = W2 h + b2 in R", H, 3, "R", ("no number",), ("R^1",)),
    ("W in R^(2x2)\nf = W_ij", M, 2, "W_ij", ("over the i", "matrix"), ("W[1,1]",)),
    ("W in R^(2x2)\nf = [W_ij for i = 1..2]", M, 2, "W_ij", ("over the j",), ("W[i,1]",)),
    # -------------------------------------------------------------- conditions as other languages write them
    ("f(x) = x if x === 0 else 1", S, 1, "===", ("compares with ==",), ("==",)),
    ("f(x) = x if x <> 0 else 1", S, 1, "x <> 0", ("not and ==",), ("not x == 0",)),
    ("f(x) = 1[x != 0] x", S, 1, "x != 0", ("not and ==",), ("not x == 0",)),
    ("f(x) = x if !(x > 0) else 1", S, 1, "!", ("and, or, not",), ("not ",)),
    ("f(x) = x if x > 0 && x < 1 else 1", S, 1, "&&", ("and, or, not",), (" and ",)),
    ("f(x) = x if x > 0 || x < -1 else 1", S, 1, "||", ("and, or, not",), (" or ",)),
    ("u in R^3\nv in R^3\nf = u ∧ v", S, 3, "u ∧ v", ("joins conditions",), ("cross(u, v)",)),
    # -------------------------------------------------------------- indices, brackets, braces
    ("𝑓(𝑥) = 𝑥²", S, 1, "𝑓(𝑥) = 𝑥²", ("plain letters",), ("f(x) = x²",)), ("k = 2\nf(x) = 𝑘𝑥 + 𝟐𝛼", S, 2, "f(x) = 𝑘𝑥 + 𝟐𝛼", ("plain letters",), ("f(x) = k x + 2α",)),
    ("𝑓(𝑥) = 𝑥²\n𝑔(𝑥) = ℎ", S, 1, "𝑓(𝑥) = 𝑥²\n𝑔(𝑥) = ℎ", ("plain letters",), ("f(x) = x²\ng(x) = h",)),
    ("f(x) = Δ t x", A, 1, "Δ t", ("one name or a product",), ("Δt", "Δ*t")), ("Δ in R\nf(x) = Δx", M, 2, "Δx", ("one name or a product",), ("Δ*x",)),
    ("f(x) = Δxy", M, 1, "Δxy", ("one name or a product",), ("Δ*xy",)), (r"f(x, y) = x^2 y,", S, 1, ",", ("comma",), ()),
    (r"$x^2y$", A, 1, "x^2y", ("two ways",), ("x^2 y", "x^(2y)")), (r"f(x) = \qqqq*x", M, 1, r"\qqqq", (r"\qqqq has no meaning",), ()),
    ("x in R^3\nf = x[1;2]", S, 2, "[1;2]", ("no semicolons",), ()),
    ("f(x) = x^√2", S, 1, "x^√2", ("needs brackets",), ("x^(√2)",)),
    ("f(x) = x⁺", S, 1, "⁺", ("exponent",), ()),
    ("x in R⁺\nf = x", S, 1, "⁺", ("R^3",), ()),
    ("x in R^(2\nf = x", S, 1, "(", ("never closed",), ()),
    ("f(x) = |x + (x|)", S, 1, "|", ("no partner inside",), ()),
    ("f(x) = sum(x^k for 3=1..2)", S, 1, "3", ("name of an index",), ()),
    ("x in R^3\nf = [x[i] for i=1..3 for j=1..2]", S, 2, "for", ("nest brackets",), ()),
    (r"f(x) = \frac{x, 2}{x}", S, 1, "{x, 2}", ("One expression",), ()),
    (r"f(x) = \begin{bmatrix} \end{bmatrix} x", S, 1, r"\begin{bmatrix}", ("empty",), ()),
    (r"f(x) = \begin{cases} x & x>0", S, 1, "0", ("end of the cases",), ()),
    ("x = {}\nf = x y", S, 1, "{}", ("Python expression",), ()),
    ("f(x) = x !", S, 1, "!", ("factorial",), ()),
    ("x in R^3\nf = x[x>1]", S, 2, "[x>1]", ("whole number",), ()),
    ("n = 2^2000\nx in R^n\nf = x^T x", L, 1, "2^2000", ("too large",), ()),
    ("x in R^2\ny in R^2\nf = x^T + y", H, 3, "x^T + y", ("one is a column",), ()),
    ("f(x) = x./0", V, 1, "x./0", ("divides by 0",), ()),
    ("x in R^2\nf = x^T x^T", H, 2, "x^T x^T", ("rows side by side",), ()),
    ("x in R^2\ng(a, b, c) = a b c\nf = g(x)", H, 3, "g(x)", ("takes 3 arguments",), ()),
    (r"f(x) = a_{\text{in-1}} x", S, 1, r"{\text{in-1}}", ("number or a name",), (r"{\text{in1}}",)),
    ("f(x) = a_{\\text{\u4e94}} x", S, 1, "{\\text{\u4e94}}", ("number or a name",), ()),
    ("f(x) = a_{\u00b2} x", S, 1, "a_{\u00b2}", ("numbers or names",), ()),
    ("f(x) = a_{k\u2081} x", V, 1, "k\u2081", ("whole number",), ("k1 = 3",)),
    ("f(x) = x_{}", S, 1, "_{}", ("empty",), ()),
    ("x in R^3\nf = x[4]", H, 2, "x[4]", ("3 entries", "line 1", "out of range"), ()),
    ("x in R^3\nf = x4", H, 2, "x4", ("3 entries", "out of range"), ()),
    ("x^2 + y^2 = 25\ny = y(x)\nat x = 3, y = 4", M, 3, "at x = 3, y = 4", ("an equation gives",), ("x = 3, y = 4",)),
    ("F(x, y) = x^2 + y^2 - 1\nF = 0\ny = y(x)", M, 2, "F", ("line 1 and again on line 2",), ("F(x, y)",)),
    ("a in R^4\np(x) = \\sum_{k=0}^3 a_k x^k", H, 2, "a_k", ("out of range", "has the number 1"), ("a[k+1]",)),
    ("a in R^3\np(x) = sum(a[k] x^k for k = 0..3)", H, 2, "a[k]", ("out of range", "has the number 1"), ()),
    ("p(x) = sum(a[k] x^k for k = 0..3)", H, 1, "a[k]", ("count from 1", "write the terms out"), ()),
    ("W in R^(2x3)\nf = W[3,1]", H, 2, "W[3,1]", ("2×3", "from 1 to 2"), ()),
    ("W in R^(2x3)\nf = W[3]", H, 2, "W[3]", ("out of range",), ()),
    ("W in R^(2x3)\nf = W[1:2]", S, 2, ":", ("two points",), ("..",)),
    ("x in R^3\nf = x[1,2]", H, 2, "x[1,2]", ("one index",), ()),
    ("x in R^3\nf = x[1.5]", V, 2, "1.5", ("whole number",), ()),
    ("x in R^3\nf = x[i]", V, 2, "i", ("whole number",), ("i = 3",)),
    ("f = x[3]", H, 1, "x[3]", ("declare its size",), ("x in R^3",)),
    ("f = W_{1,2}", H, 1, "W_{1,2}", ("declare its size",), ("W in R^(2x2)",)),
    # -------------------------------------------------------------- powers
    ("f(x, y) = x^2y", A, 1, "x^2y", ("two ways",), ("x^2 y", "x^(2y)")),
    ("f(x) = e^2x", A, 1, "e^2x", ("two ways",), ("e^2 x", "e^(2x)")),
    ("f(x) = e^-2x", A, 1, "e^-2x", ("two ways",), ("e^-2 x", "e^(-2x)")),
    ("f(x, y) = x^2(y+1)", A, 1, "x^2(y+1)", ("two ways",), ("x^2 (y+1)", "x^(2(y+1))")),
    ("f(x) = 3 + x^2sin x", A, 1, "x^2sin x", ("two ways",), ("x^2 sin x", "x^(2sin x)")),
    ("f(x, y) = e^xy", A, 1, "e^xy", ("two ways",), ("e^x y", "e^(x y)")),
    ("f(x, y) = e^-xy", A, 1, "e^-xy", ("two ways",), ("e^-x y", "e^(-x y)")),
    ("f(x) = e^sin x", A, 1, "e^sin x", ("brackets",), ("e^(sin x)",)),
    ("f(x) = e^sin(x)^2", A, 1, "e^sin(x)^2", ("brackets",), ("e^(sin(x)^2)", "(e^sin(x))^2")),
    ("x in R^2\nf = x^Tx", A, 2, "x^Tx", ("two ways",), ("x^T x", "x^(T x)")),
    ("T = 2\nf(x) = x^T", A, 2, "x^T", ("transpose or a power",), ("xᵀ", "x^(T)")),
    ("f(x) = x^", S, 1, "^", ("exponent",), ()),
    ("A = [1, 2; 3, 4]\nx in R^2\nf = A^2 x", H, 3, "A^2", ("entry by entry",), ("A .^2",)),
    # -------------------------------------------------------------- where an exponent ends, in front of a slash
    ("f(x) = e^-x^2/2", A, 1, "e^-x^2/2", ("two ways",), ("e^(-x^2/2)", "e^(-x^2)/2")),
    ("f(t) = 3e^-t/τ", A, 1, "e^-t/τ", ("two ways",), ("e^(-t/τ)", "e^(-t)/τ")),
    ("f(t) = A e^-t/τ sin(ω t)", A, 1, "e^-t/τ", ("two ways",), ("e^(-t/τ)", "(e^(-t)/τ)")),
    ("f(t) = e^-t/τ t", A, 1, "e^-t/τ", ("two ways",), ("e^(-t/τ)", "(e^(-t)/τ)")),
    ("f(x) = x^-3/2 + x", A, 1, "x^-3/2", ("two ways",), ("x^(-3/2)", "x^(-3)/2")),
    ("f(x) = x**-3/2", A, 1, "x**-3/2", ("two ways",), ("x**(-3/2)", "x**(-3)/2")),
    ("f(x) = e^-x^2/2/σ^2", A, 1, "e^-x^2/2/σ^2", ("two ways",), ("e^(-x^2/2/σ^2)", "e^(-x^2)/2/σ^2")),
    ("f(x) = xe^-x/2", A, 1, "e^-x/2", ("two ways",), ("e^(-x/2)", "e^(-x)/2")),
    ("f(x) = 2^-x/3", A, 1, "2^-x/3", ("two ways",), ("2^(-x/3)", "2^(-x)/3")),
    ("f(x) = e^-sin(x)/2", A, 1, "e^-sin(x)/2", ("two ways",), ("e^(-sin(x)/2)", "e^(-sin(x))/2")),
    ("f(x) = 3x^1/3 + x", A, 1, "x^1/3", ("two ways",), ("x^(1/3)", "x/3")),
    ("f(x) = (1 + x)^-1/2", A, 1, "(1 + x)^-1/2", ("two ways",), ("(1 + x)^(-1/2)", "(1 + x)^(-1)/2")),
    ("u = 1 / 4 x^2 y", A, 1, "1 / 4 x^2 y", ("two ways",), ("(1/4) x^2 y", "1/(4 x^2 y)")),
    ("f(T) = E/k_B T", A, 1, "E/k_B T", ("two ways",), ("(E/k_B) T", "E/(k_B T)")),
    ("f(x) = x/2 e x", A, 1, "x/2 e x", ("two ways",), ("(x/2) e x", "x/(2 e x)")),
    ("f(x) = a/b |x|", A, 1, "a/b |x|", ("two ways",), ("(a/b) |x|", "a/(b |x|)")),
    ("f(x) = a/ b (x + 1)", A, 1, "a/ b (x + 1)", ("two ways",), ("(a/b) (x + 1)", "a/(b (x + 1))")),
    ("f(x) = ln 2 x", A, 1, "ln 2 x", ("two ways",), ("ln(2) x", "ln(2 x)")),
    ("f(y) = 1 + log 2 y", A, 1, "log 2 y", ("two ways",), ("log(2) y", "log(2 y)")),
    ("f(x) = exp 2 x", A, 1, "exp 2 x", ("two ways",), ("exp(2) x", "exp(2 x)")),
    # -------------------------------------------------------------- losses of probabilities; what is nowhere real
    (N + "x in R^2\ny in R^3\nz = W x + b in R^3\nL = cross_entropy(z, y)", V, 4, "cross_entropy(z, y)", ("probabilities", "keeps z"),
     ("cross_entropy(softmax(z), y)",)),
    (N + "x in R^2\nh = tanh(W x + b) in R^3\nL = cross_entropy(h, y)", V, 3, "cross_entropy(h, y)", ("probabilities",),
     ("cross_entropy(softmax(h), y)",)),
    (N + "x in R^2\nz = W x + b in R^2\nL = cross_entropy(z/T, y)", V, 3, "cross_entropy(z/T, y)", ("probabilities",),
     ("cross_entropy(softmax(z/T), y)",)),
    (N + "x(3) -> 4 tanh -> 2\nL = cross_entropy(o, y)", V, 2, "cross_entropy(o, y)", ("probabilities",), ("cross_entropy(softmax(o), y)",)),
    (N + "x in R^2\no = v^T x\nL = bce(2o, t)", V, 3, "bce(2o, t)", ("keeps 2o",), ("bce(sigmoid(2o), t)",)),
    ("f(w, x) = bce(w x + b, y)", V, 1, "bce(w x + b, y)", ("probabilities",), ("bce(sigmoid(w x + b), y)",)),
    ("f(x) = BCE(relu(x), 1)", V, 1, "BCE(relu(x), 1)", ("probabilities",), ("BCE(sigmoid(relu(x)), 1)",)),
    (N + "x in R^2\np = softmax(W x + b) in R^3\nL = cross_entropy(y, p)", V, 3, "cross_entropy(y, p)", ("prediction first",), ("cross_entropy(p, y)",)),
    (N + "x in R^2\nz = W x + b in R^3\nL = cross_entropy(y, z)", V, 3, "cross_entropy(y, z)", ("prediction first",),
     ("cross_entropy(softmax(z), y)",)),
    ("f(x) = bce(1, sigmoid(x))", V, 1, "bce(1, sigmoid(x))", ("prediction first",), ("bce(sigmoid(x), 1)",)),
    (N + "x in R^2\nz = W x + b in R^3\nL = CrossEntropyLoss(z, y)", M, 3, "CrossEntropyLoss(z, y)", ("softmax",), ("cross_entropy(softmax(z), y)",)),
    (N + "x in R^2\nz = W x + b in R^3\nL = BCEWithLogitsLoss(z, y)", M, 3, "BCEWithLogitsLoss(z, y)", ("sigmoid",), ("bce(sigmoid(z), y)",)),
    (N + "x in R^2\nz = W x + b in R^3\nL = F.cross_entropy(z, y)", S, 3, "F.cross_entropy(z, y)", ("softmax",), ("cross_entropy(softmax(z), y)",)),
    (N + "x in R^2\nz = W x + b in R^3\nL = nn.CrossEntropyLoss()(z, y)", S, 3, "nn.CrossEntropyLoss()(z, y)", ("softmax",),
     ("cross_entropy(softmax(z), y)",)),
    (N + "x in R^2\nz = W x + b in R^3\nL = nn.BCEWithLogitsLoss(weights(1))(z, y)", S, 3, "nn.BCEWithLogitsLoss", ("sigmoid",), ()),
    ("f(x) = log(-2 - x^2, 3)", V, 1, "log(-2 - x^2, 3)", ("nowhere a real number",), ()),
    (N + "x(2) -> 3 tanh -> 1 softmax", H, 1, "1 softmax", ("always 1",), ("1 sigmoid",)),
    (N + "x in R^2\no = softmax(W x + b) in R^1", H, 2, "softmax(W x + b)", ("always 1",), ("sigmoid(W x + b)",)),
    (N + "x in R^2\no = log_softmax(W x + b) in R^1", H, 2, "log_softmax(W x + b)", ("always 0",), ()),
    ("f(x) = (-4)^x", V, 1, "(-4)^x", ("no real number",), ()),
    ("f(x) = (-1)^n x", V, 1, "(-1)^n", ("no real number",), ()),
    ("f(x, y) = (-x^2)^y", V, 1, "(-x^2)^y", ("no real number",), ()),
    ("f(x) = 2ln(-x^2)", V, 1, "ln(-x^2)", ("nowhere a real number",), ()),
    ("u = -e^x\nf = log2(u) + x", V, 2, "log2(u)", ("nowhere a real number",), ()),
    ("f(x) = asin(2 + x^2)", V, 1, "asin(2 + x^2)", ("nowhere a real number",), ()),
    ("f(x) = ln(1 - cosh x)", V, 1, "ln(1 - cosh x)", ("nowhere a real number",), ()),
    ("f(x) = √(-|x| - 1)", V, 1, "√(-|x| - 1)", ("nowhere a real number",), ()),
    # -------------------------------------------------------------- slips: names that nobody means
    ("F(x) = X^2", M, 1, "X", ("does not occur", "is it x"), ("x",)),
    ("F(x) = X^2 + X", M, 1, "X^2 + X", ("does not occur",), ("x^2 + x",)),
    ("F(θ, y) = y Θ", M, 1, "Θ", ("does not occur",), ("θ",)),
    ("f(x) = 3x2 + 2x + 1", M, 1, "x2", ("beside x",), ("x^2", "x_2")),
    ("f = x3 - 3x2 + 2x", M, 1, "x3 - 3x2 + 2x", ("beside x",), ("x^3 - 3x^2 + 2x", "x_3 - 3x_2 + 2x")),
    ("g(t) = 5t - 2t3", M, 1, "t3", ("beside t",), ("t^3", "t_3")),
    ("f(x, y) = x^2 i + y^2 j", M, 1, "x^2 i + y^2 j", ("in brackets",), ("[x^2, y^2]",)),
    ("V(r) = 4/3 π r3", M, 1, "r3", ("r^3", "r in R^3"), ("r^3",)),
    ("f(x, y) = x2 + y2", M, 1, "x2 + y2", ("is it x^2",), ("x^2 + y^2",)),
    ("G(y) = Y^3 - y0", M, 1, "G(y)", ("does not occur",), ("G(y_0)",)),
    ("x in R^4\nf = Σ x_i^2", M, 2, "Σ", ("the sign ∑",), ("∑_i",)),
    ("x in R^4\nf = 1/2 \\Sigma (x_i - 1)^2", M, 2, "\\Sigma", ("the sign ∑",), ("∑_i",)),
    ("x in R^3\nf = \\sum_{i \\neq j} x_i x_j", M, 2, "\\sum_{i \\neq j}", ("a sum of its own",), ("∑_j \\sum_{i \\neq j}",)),
    ("p = q x\nq = r\nr = p", M, 2, "q", ("by each other",), ()),
    ("f(x) = x ≠ 2", S, 1, "x ≠ 2", ("unequal",), ()),
    ("f(x) = RELU(x)", M, 1, "RELU", ("relu",), ("relu",)),
    ("f(x) = sigmoid_derivative(x)", M, 1, "sigmoid_derivative", ("not a function",), ()),
    ("f(x) = arccot(x)", M, 1, "arccot(x)", ("atan(1/x)",), ("atan(1/x)",)),
    ("x in R^3\nf = median(x)", M, 2, "median", ("not among",), ()),
    ("G(x, y, z) = -y i + x j + z^2 k", M, 1, "-y i + x j + z^2 k", ("in brackets",), ("[-y, x, z^2]",)),
    ("F(x, y) = 2(x i - j + y i)", M, 1, "x i - j + y i", ("in brackets",), ("[x + y, -1]",)),
    (r"F(x, y) = x \hat{i} + y \hat{j}", M, 1, r"x \hat{i} + y \hat{j}", ("in brackets",), ("[x, y]",)),
    ("F(x, y) = x i + y j + 2", M, 1, "x i + y j + 2", ("in brackets",), ()),
    ("f(x) = 3E^(-2x)", M, 1, "E^(-2x)", ("is it e",), ("e^(-2x)",)),
    ("f(x) = E^x + E^-x", M, 1, "E^x + E^-x", ("is it e",), ("e^x + e^-x",)),
    ("f = E^x", M, 1, "E^x", ("is it e",), ("e^x",)),
    ("f(x) = In x", M, 1, "In", ("is it ln",), ("ln", "I n")),
    ("f(x) = x^2 + 1n x", M, 1, "1n", ("is it ln",), ("ln",)),
    ("f(x) = 1n(x)", M, 1, "1n", ("is it ln",), ("ln",)),
    ("f(x) = Σ x^k", S, 1, "Σ", ("needs its bounds",), ()),
    ("f = {k} x", S, 1, "{k}", ("from Python",), ("k = {k}",)),
    ("f(x) = 2{x + 1}", S, 1, "{x + 1}", ("brackets",), ("(x + 1)",)),
    ("f(x) = 2 sin{x}", S, 1, "{x}", ("brackets",), ("(x)",)),
    ("f(x, y) = {x^2, y}", S, 1, "{x^2, y}", ("brackets",), ("[x^2, y]",)),
    ("f(x) = {w[0]} x", S, 1, "{w[0]}", ("from Python",), ()),
    ("x = r cos t\nz = z", M, 2, "z = z", ("another name on the left",), ("Z = z",)),
    ("z(r, z) = z", M, 1, "z(r, z) = z", ("another name on the left",), ("Z(r, z) = z",)),
    ("d = v*dt", M, 1, "dt", ("one name",), ("dt in R",)),
    # -------------------------------------------------------------- bare application
    ("f(x, y) = 3 + sin x y", A, 1, "sin x y", ("two ways",), ("sin(x) y", "sin(x y)")),
    ("f(x, y) = sin xy", A, 1, "sin xy", ("two ways",), ("sin(x) y", "sin(xy)")),
    ("f(x) = sin x/2", A, 1, "sin x/2", ("two ways",), ("sin(x)/2", "sin(x/2)")),
    ("f(x) = sin -x", A, 1, "sin -x", ("signed",), ("sin(-x)",)),
    ("f(x) = sin -x^2 + 1", A, 1, "sin -x^2", ("signed",), ("sin(-x^2)",)),
    ("f(x) = exp -x²/2", A, 1, "exp -x²/2", ("signed",), ("exp(-x²)/2", "exp(-x²/2)")),
    ("f(θ) = cos -θ", A, 1, "cos -θ", ("signed",), ("cos(-θ)",)),
    ("f(x) = √2x", A, 1, "√2x", ("two ways",), ("√(2) x", "√(2x)")),
    ("f(x) = √2 x", A, 1, "√2 x", ("two ways",), ("√(2) x", "√(2 x)")),
    ("f(x) = √√x", S, 1, "√√x", ("brackets",), ("√(√x)",)),
    ("f(x) = sin cos x", A, 1, "sin cos x", ("brackets",), ("sin(cos x)",)),
    ("f(x) = sin^-1 x", A, 1, "sin^-1 x", ("two ways",), ("asin(x)", "1/sin(x)")),
    ("f(x) = sin^{-1}(x)", A, 1, "sin^{-1}(x)", ("two ways",), ("asin(x)", "1/sin(x)")),
    ("f(x) = exp⁻¹ x", A, 1, "exp⁻¹ x", ("two ways",), ("1/exp(x)",)),
    ("f(x) = sin", S, 1, "sin", ("argument",), ()),
    ("f(x) = sin(x, 2)", S, 1, "sin(x, 2)", ("1 argument", "gets 2"), ()),
    ("f(x) = atan2(x)", S, 1, "atan2(x)", ("2 arguments", "gets 1"), ()),
    ("g(x) = x^2\nf = g x", A, 2, "g x", ("two ways",), ("g(x)", "g*x")),
    ("g(x, y) = x y\nf = g(x)", S, 2, "g(x)", ("g(x, y)", "gets 1"), ()),
    ("g(x) = g(x - 1)", M, 1, "g(x - 1)", ("means of itself",), ()),
    # -------------------------------------------------------------- products
    ("x = 3\nL = 1/2x^2", A, 2, "1/2x^2", ("1/2x^2 can be read in two ways.",), ("(1/2) x^2", "1/(2x^2)")),
    ("f(a, b, c) = a/b c", A, 1, "a/b c", ("two ways",), ("(a/b) c", "a/(b c)")),
    ("f(a, b, c) = a/bc", A, 1, "a/bc", ("two ways",), ("(a/b) c", "a/(bc)")),
    ("f(x) = 1 / 2x", A, 1, "1 / 2x", ("two ways",), ("(1/2) x", "1/(2x)")),
    ("f(x, y) = 1/(2y)(x - 1)", A, 1, "1/(2y)(x - 1)", ("two ways",), ("(1/(2y)) (x - 1)", "1/((2y)(x - 1))")),
    ("f(x) = x + 3 1/4 x^2", S, 1, "3 1/4", ("are added",), ("(3 + 1/4)",)),
    ("x in R^2\nf = x0^2 + x1", H, 2, "x0", ("2 entries", "out of range"), ()),
    ("f(x) = x + 2 3", S, 1, "2 3", ("side by side",), ("2*3",)),
    ("f(x) = x 2", S, 1, "x 2", ("first in a product",), ("2 x", "x*2")),
    ("f(x) = 2 x 3", S, 1, "x 3", ("first in a product",), ("x*3",)),
    ("f(x) = 0,5 x", S, 1, "0,5", ("point",), ("0.5",)),
    ("f(x) = 1,000 x", S, 1, "1,000", ("point",), ("1.000", "1000")),
    ("f(x) = 2E3 x", A, 1, "2E3", ("product with E",), ("2e3", "2 E_3")),
    ("e3 = 2\nf(x) = 2e3 x", A, 2, "2e3", ("e3",), ("2*10^3", "2 e3")),
    ("f(x) = e3 + 2e3 x", A, 1, "2e3", ("e3",), ("2*10^3", "2 e3")),
    ("f(x) = 4e3e5 x + 2e5", A, 1, "2e5", ("e5",), ("2*10^5", "2 e5")),
    ("f(x) = 9^9^9^9 x", L, 1, "9^9^9", ("written out",), ()),
    ("f(x) = 1e999999999 x", L, 1, "1e999999999", ("written out",), ()),
    ("f(x) = x!", S, 1, "x!", ("factorial",), ()),
    ("f(x) = x % 2", S, 1, "x % 2", ("floor",), ("(x - 2 floor(x/2))",)),
    ("f(x) = 1/0 + x", V, 1, "1/0", ("divides by 0",), ()),
    ("f(x) = sqrt(-1) x", V, 1, "sqrt(-1)", ("not a real number",), ()),
    ("x, y in R^2\nf = x y", H, 2, "x y", ("side by side",), ("dot(x, y)", "x .* y")),
    ("x in R^2\ny in R^3\nf = x + y", H, 3, "x + y", ("2 entries (line 1)", "3 entries (line 2)"), ()),
    ("x in R^2\nW in R^(2x3)\nf = W x", H, 3, "W x", ("3 columns (line 2)", "2 entries (line 1)"), ("W in R^(2x2)", "x in R^3")),
    ("A = [1, 2; 3]\nf = A x", S, 1, "[1, 2; 3]", ("row 1 has 2", "row 2 has 1"), ()),
    ("F(x, y, z) = -G M [x, y, z]/(x^2 + y^2 + z^2)^(3/2)", H, 1, "G", ("declare",), ("G, M in R",)),
    ("x in R^3\nf = K x", H, 2, "K", ("K in R^(3x3)",), ("K in R", "K in R^(3x3)")),
    ("x in R^3\nf = k x", H, 2, "k", ("k in R^(3x3)",), ("k in R", "k in R^(3x3)")),
    (N + "x in R^2\nW in R^(3x2)\na = tanh(W x) in R^4", H, 3, "R^4", ("4 entries (line 3)", "3 entries (line 3)"), ()),
    (N + "x in R^3\no = W2 tanh(W1 x)", H, 2, "W1", ("cannot be inferred",), ("W1 in R^(3x3); W2 in R^(3x3)",)),
    (N + "a = tanh(w u + b)", M, None, None, ("input of the net",), ("u input",)),
    ("x in R^2\nf = |x|", H, 2, "|x|", ("norm",), ("||x||", "abs(x)")),
    ("W in R^(2x2)\nf = ||W||", H, 2, "||W||", ("||W||_F",), ("||W||_F",)),
    ("x in R^2\nf = ||x||_3", S, 2, "3", ("norms are",), ()),
    ("f(x) = softmax(x)", H, 1, "softmax(x)", ("vector", "x is a number"), ("x in R^3",)),
    ("x in R^2\nf = cross(x, x)", H, 2, "x, x", ("3 entries",), ()),
    # -------------------------------------------------------------- brackets, bars, conditions, families
    ("f(x) = 2(x + 1", S, 1, "(", ("never closed",), ()),
    ("f(x) = x + 1)", S, 1, ")", ("No bracket is open",), ()),
    ("f(x) = [x + (1]", S, 1, "(", ("still open",), ()),
    ("f(x) = x +", S, 1, "+", ("line ends",), ()),
    ("f(x) = []", S, 1, "[]", ("empty",), ()),
    ("f(x) = |x + |x - 1||", S, 1, "|x + |x - 1||", ("abs(",), ("|x + abs(x - 1)|",)),
    ("f(x) = ||x| - 1|", S, 1, "||x| - 1|", ("abs(",), ("|abs(x) - 1|",)),
    ("f(x, y) = |x||y|", A, 1, "|x||y|", ("two ways",), ("|x| |y|", "abs(x)*abs(y)")),
    ("f(x) = |x", S, 1, "|", ("never closed",), ()),
    ("f(x) = x|", S, 1, "|", ("partner",), ()),
    ("f(x) = x if x > 0", S, 1, "x if x > 0", ("else",), ()),
    ("f(x) = x if x else 0", S, 1, "x", ("condition compares",), ()),
    ("f(x) = x if x = 0 else 1", S, 1, "=", ("==",), ("==",)),
    ("f(x) = x if x => 0 else 1", S, 1, "=>", (">=",), (">=",)),
    ("f(x) = x if x != 0 else 1", S, 1, "x != 0", ("not",), ("not x == 0",)),
    ("f(x) = (x > 0) x", S, 1, "x > 0", ("condition",), ()),
    ("x in R^3\nf = [x[i] for i = 3..2]", V, 2, "[x[i] for i = 3..2]", ("empty",), ()),
    ("x in R^3\nf = [x[i+1] for i = 1..3]", H, 2, "x[i+1]", ("4 is out of range",), ()),
    ("x in R^3\nf = x[i] for i = 1..3", S, 2, "x[i] for i = 1..3", ("square brackets",), ("[x[i] for i = 1..3]",)),
    ("x in R^2\np = e^(x_i)/sum(e^(x_j) for j = 1..2) for i = 1..2", S, 2, "e^(x_i)/sum(e^(x_j) for j = 1..2) for i = 1..2",
     ("square brackets",), ("[e^(x_i)/sum(e^(x_j) for j = 1..2) for i = 1..2]",)),
    ("f(x) = sin(np.cos(x))", S, 1, "np.cos", ("without a module",), ("cos",)),
    ("x in R^3\nf = x.sum() + 1", S, 2, "x.sum()", ("before its argument",), ("sum(x)",)),
    ("x in R^2\na = 2\nu = ax_i", M, 3, "x_i", ("runs over the i of x_i",), ("x[1]",)),
    (N + "f = x² + bx² + b 𝟏", M, 1, "bx", ("is it a product",), ("b x",)),
    ("f(x) = x^2\ng = \\left.] \\frac{df}{dx} \\right|_{x=3}", S, 2, "\\left.", ("] closes nothing",), ()),
    ("f(x) = a.b x", S, 1, "a.b", ("no dot",), ("a·b",)),
    ("A in R^(2x2)\nf = rank(A)", M, 2, "rank", ("not part of the language", "inverted"), ()),
    ("f(x, y) = sin^ cos y", M, 1, "cos", ("function", "cos(…)"), ()),
    ("f(x) = acot(x)", M, 1, "acot(x)", ("atan(1/x)",), ("atan(1/x)",)),
    ("f(x) = x mod 2", S, 1, "x mod 2", ("floor",), ("(x - 2 floor(x/2))",)), ("f(x) = mod x", M, 1, "mod", ("floor",), ()),
    ("f(x) = wobble(x)", M, 1, "wobble", ("not a function of the language",), ()),
    ("f(y) = dz/dy", M, 1, "z", ("No line above says what z is",), ()),
    ("k == 3\nf(x) = k x", S, 1, "==", ("One =",), ("=",)),
    ("f(x) = 2x^1/2", A, 1, "x^1/2", ("two ways",), ("x^(1/2)", "x/2")),
    ("f(x) = x^-1/3", A, 1, "x^-1/3", ("two ways",), ("x^(-1/3)", "x^(-1)/3")),
    ("x in R^2\ny = x_i for all i", S, 2, "x_i for all i", ("square brackets",), ()),
    ("x in R^3\nf = [x[i] for i = 1:3]", S, 2, "1:3", ("two points",), ("1..3",)),
    ("i = 2\nx in R^3\nf = [x[i] for i = 1..3]", M, 3, "i", ("another index",), ()),
    ("x in R^3\nf = \\sum_i x", S, 2, "\\sum_i x", ("bounds",), ()),
    ("f(x) = sum(x^i for i = 1..m)", V, 1, "m", ("whole number",), ("m = 3",)),
    ("f(x) = [x^i for i = 1..10^6]", L, 1, "[x^i for i = 1..10^6]", ("100,000",), ()),
    # -------------------------------------------------------------- LaTeX
    (r"f(x) = \frac{\partial f}{\partial x}", M, 1, "f", ("by means of itself",), ()),
    (r"f(x) = \begin{foo} x \end{foo}", S, 1, r"\begin{foo}", ("environment foo",), ()),
    (r"f(x) = \begin{bmatrix} x", S, 1, r"\begin{bmatrix}", ("never closed",), ()),
    (r"f(x) = \begin{cases} x & x > 1 \\ 0 & x < 0 \end{cases}", S, 1, "x < 0", ("otherwise",), (r"\text{otherwise}",)),
    ("$f(x, y) = x^2y$", A, 1, "x^2y", ("two ways",), ("x^2 y", "x^(2y)")),
    # -------------------------------------------------------------- nets in one line
    (N + "x(3) -> tanh", S, 1, "tanh", ("has a size",), ()),
    (N + "x -> 4 tanh", H, 1, "x", ("needs a size",), ("x(3)",)),
    (N + "x(3) -> 4 foo", M, 1, "foo", ("not an activation",), ()),
    (N + "x(3) -> h(4) tanh -> h(2)", M, 1, "h", ("Two layers",), ()),
    (N + "x(3) -> o(4) tanh -> 2 relu", M, 1, "2 relu", ("taken",), ("o2(2) relu",)),
    # -------------------------------------------------------------- fixes that are read where they are put
    ("f(z) = tahn(z)", M, 1, "tahn", ("Did you mean tanh?",), ("tanh",)),
    ("f(z) = sgimoid(z)", M, 1, "sgimoid", ("Did you mean sigmoid?",), ("sigmoid",)),
    (N + "x(3) -> 5 Relu -> 2", M, 1, "Relu", ("not an activation",), ("relu",)),
    (N + "x(3) -> 5 tanhh -> 2", M, 1, "tanhh", ("not an activation",), ("tanh",)),
    ("f(x, y) = x^2 y\nH = Hessian f", M, 2, "Hessian", ("hess",), ("hess",)),
    ("f(x) = x In(x)", M, 1, "In", ("is it ln",), ("ln",)),
    ("f(x) = 3x 1n x", M, 1, "1n", ("is it ln",), ("ln",)),
    ("f(x) = x^2lnx", A, 1, "x^2lnx", ("two ways",), ("x^2 ln x", "x^(2 ln x)")),
    ("f(x) = 3x^-2sinx^2", A, 1, "x^-2sinx^2", ("two ways",), ("x^-2 sin x^2", "x^(-2 sin x^2)")),
    ("f(x, y) = ||x| - |y||", S, 1, "||x| - |y||", ("Bars inside bars",), ("|abs(x) - abs(y)|",)),
    ("x in R^2\nf = ||x - |x|||", S, 2, "||x - |x|||", ("Bars inside bars",), ("||x - abs(x)||",)),
    ("f(t) = |t| + |t - |t||", S, 1, "|t - |t||", ("Bars inside bars",), ("|t - abs(t)|",)),
    ("f(t) = Asin(ωt + φ)", M, 1, "Asin", ("A sin, or asin",), ("A sin", "asin")),
    ("f(x, y) = sinθ x", M, 1, "sinθ", ("space",), ("sin(θ)",)), ("f(x, y) = sinx y", M, 1, "sinx", ("space",), ("sin(x)",)),
    ("f(x) = Σ_k x^k", S, 1, "Σ_k", ("needs its bounds",), ()),
    ("f(x) = {np.pi} x", S, 1, "{np.pi}", ("on a line of its own",), ()),
    ("f(x) = x^2\nf'(3)", S, 2, "f'(3)", ("shows the value and the derivative there",), ("f(3)",)),
    ("f(x) = x^2\n2f(3) + 1", S, 2, "2f(3) + 1", ("shows the value and the derivative there",), ("f(3)",)),
    ("f(x)' = 2x", S, 1, "f(x)'", ("write the function itself",), ("f(x)",)),
    ("f(x) = x^2, x in [0, 5]", S, 1, ",", ("statement of its own",), (";",)),
    ("T = 2\nA in R^(3x3)\nx in R^3\nf = A^T x", A, 4, "A^T", ("transpose",), ("Aᵀ",)),
    (N + "x in R^3\nh = relu(A x)\nk = relu(B h)\no = C k", H, 2, "A", ("A in R^(3x3)",), ("A in R^(3x3); B in R^(3x3); C in R^(3x3)",)),
    ("x in R^2\nx2 = 3\nf = x1 + x2", M, 2, "x2", ("entry of x", "line 1"), ()),
    ("x in R^2\nf(x2) = x2^2 + x1", M, 2, "x2", ("entry of x",), ()),
    ("k in 0..5\nf = k x", S, 1, "0..5", ("a range [0, 5]",), ("[0, 5]",)), ("x in C^3\nf = ||x||", S, 1, "C^3", ("R^3",), ()),
    ("y' = y'", M, 1, "y' = y'", ("stands in it",), ()),
    # -------------------------------------------------------------- characters
    ("f(x) = x\u200by", S, 1, "\u200b", ("U+200B",), ()),
    ("f(x) = x\x00 + 1", S, 1, "\x00", ("U+0000",), ()),
    ("f(x) = x\ry", S, 1, "\r", ("U+000D",), ()),
    ("f(x) = x + 😀", S, 1, "😀", ("grinning",), ()),
    ("f(x) = x٣", S, 1, "٣", ("0 to 9",), ()),
    ("f(x) = x – 1", S, 1, "–", ("dash",), ("-",)),
    ("f(x) = ½ x", S, 1, "½", ("0 to 9",), ("(1/2)",)),
    # -------------------------------------------------------------- one for each other place that refuses
    ("f(x) = \\beta^tx_1", S, 1, "tx_1", ("An exponent is expected here",), ()),
    ("f(x) = \\sum_{i<j}^3 x^i", S, 1, "<", ("A sum over i < j has another in it: j runs from i ",), ()),
    ("f(x) = \\beta^t_1 x", S, 1, "\\beta^t_1", ("An index stands below a name, and then its power.",), ("\\beta_1^t",)),
    ("x in R^2\nf = 𝟏^T x", S, 2, "𝟏^T x", ("𝟏ᵀ v of a column is sum(v), of a matrix the sums o",), ("sum(x)",)),
    ("f(x, y) = x y\nf_x = [y,\n 2]", A, 2, "f_x", ("which needs no line",), ("p_x",)),
    ("f(t) = t^2\nf' = 2t", S, 2, "f' = 2t", ("f' is a derivative",), ("f' - 2t = 0",)),
    ("f(x) = x^2\nf'(x) = 2x", S, 2, "f'(x) = 2x", ("f'(x) is a derivative",), ("f'(x) - 2x = 0",)),
    ("x in R^2\nA in R^(2x2)\nf = A^(1/2) x", H, 3, "A^(1/2)", ("a diagonal one",), ("diag([A[i,i]^(1/2) for i = 1..2])",)),
    ("A in R^(2x2)\nf = det(A - λ I)", H, 2, "λ", ("I is a name here",), ("λ in R; I = [1, 0; 0, 1]",)),
    ("A in R^(2x2)\nf = A + 2I", H, 2, "I", ("I is a name here",), ("I = [1, 0; 0, 1]", "I in R^(2x2)")),
    ("f(x) = 2^--2 x", S, 1, "-", ("An exponent is expected here",), ()),
    ("f(x) = x" + " + x" * 5_000, L, 1, "+", ("A block has at most 10,000 names, numbers and signs",), ()),
    (N + "x(2) -> 4 batchnorm -> 1", M, 1, "batchnorm", ("is not an activation",), ()),
    (N + "x in R^3\nz = V x in R^2\nh = e^z/(1 + e^z)", H, 3, "e^z/(1 + e^z)", ("Division is by numbers",), ("e^z ./ (1 + e^z)",)),
    ("f(x, y) = x + y\nxy = 1", M, 2, "xy = 1", ("is the product meant",), ("x y = 1",)),
    ("u(x, y) = x^2 y\ns = ∇²u", A, 2, "∇²u", ("the matrix of second derivatives or their sum",), ("hess u", "laplace u")),
    ("= x", S, 1, "=", ("A name is expected before =.",), ()),
    ("in R", S, 1, "in", ("A name is expected here.",), ()),
    ("2 = 3", S, 1, "2 = 3", ("Both sides of this equation are constants.",), ()),
    ("2.5 = x\nf = x^2", S, 1, "2.5 = x", ("The name stands left of =.",), ("x = 2.5",)),
    ("(2x)_a", S, 1, "a", ("An index is expected here, not a.",), ()),
    ("for = 3", M, 1, "for", ("for is a word of the language and cannot be a name.",), ()),
    ("u = x, in", S, 1, ",", ("A comma separates statements only before a new name = …",), ()),
    ("x' = sin'", S, 1, "sin'", ("sin' is a function and needs its argument: sin'(…).",), ()),
    ("f = x_{\\}", S, 1, "{", ("This bracket is never closed.",), ()),
    (N + "-> 4", S, 1, "->", ("The name of the input is expected here, not ->.",), ()),
    ("x in R^[2]", S, 1, "[", ("A size is expected here, not [.",), ()),
    ("k = {data[", S, 1, "{", ("This bracket is never closed.",), ()),
    ("f(x) = % x", S, 1, "%", ("% has no meaning in a block; a comment starts with #.",), ()),
    ("f(x) = * x", S, 1, "*", ("Something to multiply, divide or raise is expected before *.",), ()),
    ("x - y in R", S, 1, "-", ("Names are separated by commas here.",), ()),
    ("at x = 1, 2", S, 1, "2", ("A name is expected here, not 2.",), ()),
    ("at x = 1, y", S, 1, "y", ("The line ends where = is expected.",), ()),
    ("x, 2 in R^2", S, 1, "2", ("A name is expected here, not 2.",), ()),
    ("x' = max' x", S, 1, "max'", ("A prime is a derivative of a function of one argument,",), ()),
    ("u = u(x, x)", M, 1, "u = u(x, x)", ("The arguments are different names.",), ()),
    ("h(x + y) = 3", S, 1, "h(x + y)", ("The arguments of a function are names with commas between",), ()),
    ("f(x) = e^sin", S, 1, "sin", ("sin is a function and needs its argument: sin(…).",), ()),
    ("x_{1,2} in R", S, 1, "x_{1,2}", ("A name is given to a whole vector or matrix, not to a",), ()),
    ("f(x) = x + 变", S, 1, "变", ("Names have Latin and Greek letters; this is cjk unified",), ()),
    ("f(x) = \\frac", S, 1, "\\frac", ("The line ends where an argument in braces is expected.",), ()),
    ("f(x) = |x, 1|", S, 1, ",", ("A closing bar is expected here, not ,.",), ()),
    ("f(x) = x^2|_3", S, 1, "3", ("A place such as (x = 3) is expected here, not 3.",), ()),
    ("f(x) = 0^-1 x", V, 1, "0^-1", ("This divides by 0.",), ()),
    ("f(x) = x + \\%", S, 1, "\\%", ("The LaTeX command \\% has no meaning in a block.",), ()),
    ("f(x) = \\sum x", S, 1, "\\sum", ("A sum needs its bounds: \\sum_{i=1}^{n}.",), ()),
    ("f(x) = x -> 4", S, 1, "->", ("-> joins the layers of a net; a function is written f(x) =",), ()),
    ("f(x) = sin x 2", S, 1, "sin x 2", ("A number comes first in a product.",), ("2 sin x", "sin x*2")),
    ("x in R^(2x3x4)", S, 1, "(2x3x4)", ("A size is written R^3 or R^(2x3).",), ()),
    ("say q(x) = x^2", S, 1, "say q(x)", ("One name is expected before =.",), ()),
    ("k in [0, 5, 6]", S, 1, "[0, 5, 6]", ("A range has two ends: [0, 5].",), ()),
    ("f = x\nx(0) = 1", S, 2, "x(0)", ("The arguments of a function are names; a point is given as",), ()),
    ("use J1\ng = f^2", V, 1, "use J1", ("A result is used in a notebook cell, or where namespace= is",), ()),
    ("f(x) = \\sum_2 x", S, 1, "2", ("The name of an index is expected here, not 2.",), ()),
    ("f(x) = x^2|_(3)", S, 1, "3", ("A place names what it gives: |_(x = 3).",), ()),
    ("x' = y\nz(0) = 1", M, 2, "z(0)", ("No line says how z changes, so that it starts nowhere.",), ()),
    ("g(x) = ∂sin x/∂x", S, 1, "sin x", ("What ∂ is in front of stands in brackets.",), ("(sin x)",)),
    ("x in R^2\nf = 𝟏 x", S, 2, "𝟏", ("𝟏 stands behind a number that is added to each entry: x - μ",), ()),
    (N + "x(3) -> [2]", S, 1, "[", ("The size of a layer is expected here, not [.",), ()),
    ("f(x) = x^2, y: x", S, 1, ":", ("A function is written f(x, y) = x y, without a colon.",), ()),
    ("f(x) = lambdda x", M, 1, "lambdda", ("lambdda is not known. Did you mean lambda?",), ("lambda",)),
    ("f(x) = asin(2) x", V, 1, "asin(2)", ("asin(2) is not a real number.",), ()),
    ("x' = -x\nx(0) = a", S, 2, "x(0) = a", ("A trajectory starts at a number: x(0) = 1.",), ()),
    ("f(x) = [x for i]", S, 1, "]", ("A range, as in i = 1..3, is expected here, not ].",), ()),
    ("use J1, J2\ng = f", S, 1, "use J1, J2", ("A line uses one result.",), ("use J1; use J2",)),
    ("f(x) = |x + | |y|", S, 1, "|", ("A number, a name or a bracket is expected here, not |.",), ()),
    ("f(x) = sin(x > 0)", S, 1, "x > 0", ("A comparison stands in a condition: a if x > 0 else b.",), ()),
    ("u = x^2 in [0, 3]", V, 1, "[0, 3]", ("u is defined by the names in it and has no slider of its",), ()),
    ("f(x) = x + \\hat{}", S, 1, "\\hat{}", ("One letter is expected under this accent.",), ()),
    ("f(x) = \\begin{} x", S, 1, "\\begin", ("\\begin needs the name of an environment.",), ()),
    ("f(x, y) = ||x||y||", S, 1, "||x||", ("Bars inside bars: write abs( ) or norm( ) for one pair.",), ()),
    ("f(x) = x_\\frac + 1", S, 1, "_\\frac", ("An index is a number or a name.",), ()),
    ("(x, y) = (a, b, d)", H, 1, "(x, y) = (a, b, d)", ("2 names stand left of =, and 3 entries right of it.",), ()),
    ("f(x) = x^2\ng = d/dx", S, 2, "d/dx", ("d/dx stands before what it differentiates: d/dx (x^2).",), ()),
    ("f(x) = x^2|_(π = 3)", S, 1, "π", ("One name is expected before =.",), ()),
    ("f(x) = sqrt(-π x^2)", V, 1, "sqrt(-π x^2)", ("sqrt(-π x^2) is nowhere a real number.",), ()),
    ("f(x) = x^2\nat z = 3", M, 2, "z", ("z is no name of this block",), ()),
    ("f(x) = x^2\ng = ∂π/∂x", S, 2, "π", ("The name of a function or of a definition is expected here.",), ()),
    ("f(x) = [x for i = 1]", S, 1, "]", ("The last index, as in 1..3, is expected here, not ].",), ()),
    (N + "x(3) -> a(4, 5)", S, 1, "(4, 5)", ("A layer has one size.",), ()),
    ("p in R^3\nL = y ln(p)", H, 2, "y ln(p)", ("y in front of a column could be a number, a matrix or a",), ("y .* ln(p)", "y in R")),
    ("f(x, y) = x y\ng = f'", A, 2, "f'", ("f': f has 2 arguments; by which one?",), ("∂f/∂x", "∂f/∂y")),
    ("f(x) = \\prod_{=}^3 x", S, 1, "=", ("= has no place inside a bracket; a value has a line of its",), ()),
    ("x in R^3\ny = x[3..2]", V, 2, "x[3..2]", ("This part is empty: its first index is above its last.",), ()),
    ("k = 1e308\nf(x) = k x", L, 1, "1e308", ("The value of k is too large to calculate with.",), ()),
    ("f(x) = x^{\\odot 2, 3}", S, 1, ",", ("} is expected here, not ,.",), ()),
    ("f(x, y) = x y\ng = jac", S, 2, "jac", ("jac stands before a function of the block: jac f.",), ()),
    ("a, b in R^3\ny = a x b", H, 2, "a x b", ("x between two columns reads as a name; the cross product is",), ("cross(a, b)",)),
    ("f(x) = \\sum_{i ∈ x} i", S, 1, "∈", ("} is expected here, not ∈.",), ()),
    ("f(x) = \\sum_{i=1³ x^i", S, 1, "{", ("This bracket is never closed.",), ()),
    ("f(x) = x^2|_(x = 3; 2)", S, 1, ";", ("A comma or a closing bracket is expected here, not ;.",), ()),
    ("x in R^2\nf = sum(x, 1)", H, 2, "x", ("sum takes one vector, or numbers.",), ()),
    (N + "u = u(x, t)\ny = u", S, 1, "u = u(x, t)", ("In a net every name has a line that says what it is, or",), ()),
    ("u(x, y) = x^2 y\ns = Δu", A, 2, "Δu", ("Δu can be the Laplacian of u or a name of its own.",), ("laplace u", "Δu in R")),
    ("f(x) = x + \\end{cases}", S, 1, "\\end{cases}", ("No environment is open here.",), ()),
    ("f(x) = x^2\nat(x) = 3 x", M, 2, "at", ("at stands in front of a point, at x = 1, y = 2, and names",), ()),
    ("u = x\nf = u^2\nat u = 1", M, 3, "u", ("u is defined (line 1); a point is of names that no line",), ()),
    ("f(x) = x^2\ng = f'(1, 2)", S, 2, "f'(1, 2)", ("f' takes 1 argument, as f(x) does, and gets 2 here.",), ()),
    ("f(x, y) = x y\ng = ∇_2 f", M, 2, "2", ("A name is expected here, not 2.",), ()),
    ("x in R^2 > 0\nf = sum(x)", S, 1, ">", ("A comparison stands in a condition: a if x > 0 else b.",), ()),
    ("x in R^4\nf = ∇_{1..2} x", S, 2, "1..2", ("A part stands in the brackets of an index: x[2..4].",), ()),
    ("f(x) = e^100000000000 x", L, 1, "e^100000000000", ("This power is too large to be written out.",), ()),
    ("x in R^2\nu = u(x)\nf = u", H, 2, "u = u(x)", ("x has 2 entries (line 1); u is a function of numbers here.",), ()),
    ("f(x, y) = x y\ng = ∂f/∂π", S, 2, "∂", ("∂ stands before a function of the block, as in ∂f/∂x.",), ()),
    ("x in R^5000\nf = diag(x)", L, 2, "diag(x)", ("An array has at most 100,000 entries; this one would have",), ()),
    ("f(x) = x^2\nat x = x + 1", M, 2, "x + 1", ("x stands on both sides.",), ()),
    ("A in R^(2x3)\nf = diag(A)", H, 2, "diag(A)", ("diag is of a vector, but A is 2×3 (line 1).",), ()),
    ("f(x) = x^2|_(x = [1, 2])", H, 1, "x = [1, 2]", ("[1, 2] has 2 entries; x has another size.",), ()),
    ("k in [0, [1, 2]]\nf = k x", V, 1, "[1, 2]", ("The ends of a range are numbers.",), ()),
    ("f(x, y) = x y\ng = ∂f/∂x²", A, 2, "∂f/∂x²", ("∂f/∂x² can be a second derivative or a power.",), ("∂²f/∂x²", "(∂f/∂x)²")),
    ("x in R^3\nf = sum_rows(x)", H, 2, "sum_rows(x)", ("sum_rows is of a matrix, but x has 3 entries (line 1).",), ("sum(x)",)),
    ("f(x) = x^2\nat x = [1, 2]", H, 2, "[1, 2]", ("[1, 2] has 2 entries; x has another size.",), ()),
    ("f(x) = x^2\ng(x) = (f′)(x)", A, 2, "(f′)(x)", ("(f′)(x) can be a value or a product.",), ("f′(x)", "(f′)*(x)")),
    ("x in R^2 input\nf = sum(x)", S, 1, "input", ("Names have a role, such as input, in a net, %%nnchain; here",), ()),
    ("x in R^2\nf = [x, 1; 2, 3]", H, 2, "x", ("x has 2 entries (line 1); the entries of a matrix are",), ()),
    ("x in R^9999999\nf = sum(x)", L, 1, "x in R^9999999", ("A name has at most 1,000,000 entries; x would have",), ()),
    ("f(x, y) = x y\ng = 1/∂f/∂x", S, 2, "∂f/∂x", ("A derivative below a slash stands in brackets.",), ("(∂f/∂x)",)),
    ("f(x, y) = x y\ng = ∂f/∂x∂y", S, 2, "∂f/∂x∂y", ("A derivative has the same order above and below the line;",), ("∂²f/∂x∂y",)),
    ("f(x) = \\sum_{j=1, j}^3 x_j", S, 1, "}", ("≠ is expected here, not }.",), ()),
    ("x in R^3\nf = \\sum_{}^3 x_i", S, 2, "^", ("The name of an index is expected here, not ^.",), ()),
    ("A in R^(2x2)\nf = dot(A, A)", H, 2, "dot(A, A)", ("A and A are matrices",), ("sum(A .* A)",)),
    ("x in R\nf = maxpool(x^T, 2)", H, 2, "maxpool(x^T, 2)", ("maxpool is of a matrix, but x^T is a number (line 1).",), ()),
    (N + "x in R^2 inputs\ny = x", S, 1, "inputs", ("The role of a name in a net is one word: input, weight,",), ()),
    ("x in R^2\nu = x + [-1, 2]^e", V, 2, "[-1, 2]^e", ("[-1, 2]^e is not a real number.",), ()),
    ("x in R^5\ny = maxpool(x, 7)", V, 2, "7", ("maxpool takes parts of 1 to 5 here, not of 7.",), ()),
    ("f(x) = x^2\nat x = 1, x = 2", M, 2, "x = 2", ("x is given twice; another point has a line of its own.",), ()),
    ("f(x) = x^2\na in R\nat a = 3", M, 3, "a", ("a stands in no formula, so that no point depends on it.",), ()),
    ("f(x, y) = x^2 y\nat x = a, y = b", M, 2, "a", ("a is no name of this block",), ("a, b in R",)), ("x_{n+1} = r x_n (1 - x_n)\nat x = 1 - 1/r", M, 2, "x", ("no name",), ("x_n",)),
    ("p(T, V) = n R T/V\ndp = p_T dT + p_V dV", M, 2, "dT", ("dT and dV are not declared; in a differential each is one name.",), ("dT, dV in R",)),
    ("f(x) = x^2\ndf = f'(x) dx", M, 2, "dx", ("it is one name",), ("dx in R",)), ("V(r, h) = r^2 h\ndV/V = 2 dr/r + dh/h", M, 2, "dV", ("dV, dr and dh are",), ("dV, dr, dh in R",)),
    ("f(r, θ) = r^2 θ\ndf = f_r dr + f_θ d\\theta", M, 2, "dr", ("each is one name",), ("dr, dθ in R",)),
    ("x = u + v\ny = u v\nu = u(x, y)\nv = v(x, y)", M, 1, "x = u + v", ("defined by each other",), ("u + v = x",)), ("u + v = x\ny = u v\nu = u(x, y)\nv = v(x, y)", M, 2, "y = u v", ("y is an argument of u, v",), ("u v = y",)),
    ("y = x^2\nx = y^2", M, 2, "x = y^2", ("defined by each other",), ("y^2 = x",)), ("x = y\ny = x", M, 2, "y = x", ("defined by each other",), ("x - y = 0",)),
    ("x y = 1\ny = 2x", M, 2, "y = 2x", ("defined only on line 2",), ("2x = y",)),
    ("a = 1\nb = 2\nf(x) = sin^ab x", S, 3, "^ab", ("The power of a function is one letter or number; the rest",), ("^(ab)",)),
    ("f(x, y) = x y\ng = ∇_{1,2} f", S, 2, "∇_{1,2}", ("∇ has one name as its index: ∇_W L.",), ()),
    ("f(x, xx) = x xx^2\ng = f_xxx", A, 2, "f_xxx", ("f_xxx can be read in two ways.",), ("∂³f/∂x∂x∂x", "∂²f/∂x∂xx")),
    ("x in R^n\ny in R^m\nf = x + y", H, 3, "x + y", ("x has n entries (line 1), but y has m entries (line 2).",), ()),
    ("F(x, y) = [x, y]\ng = grad F", H, 2, "grad F", ("grad F is of a function whose value is a number: F has 2",), ("jac F",)),
    ("g(t) = t^2\nf(x) = sin x^g(x)", S, 2, "sin x^g(x)", ("sin needs brackets round its argument here.",), ("sin(x^g(x))",)),
    ("x in R^3\nf = maxpool(x^T, 2)", H, 2, "maxpool(x^T, 2)", ("maxpool is of a column or a matrix: x^T has 3 entries (line",), ()),
    ("x in R^2\nW = [1, -1]\nf = W x", H, 2, "[1, -1]", ("W is a column, and a column times a column is none; a row",), ("[[1, -1]]",)),
    ("F + G + R + H + K + P + Q = 1", M, 1, "F + G + R + H + K + P + Q", ("F, G, R, H, K, P, Q are taken: give this line a name of its",), ()),
    ("f = f(x)\ng = g(x)\nh = (f g)''", S, 3, "(f g)''", ("A prime is of a name; of an expression it is d/dx.",), ("d²/dx² (f g)",)),
    ("x^2 + y^2 = 1\ny = y(x)\ny = 2x", M, 3, "y", ("y is defined on line 3, and line 2 says that an equation",), ()),
    ("F(x, y) = [x, y, x]\ng = div F", H, 2, "div F", ("div F is of a field with as many components as variables: F",), ()),
    ("A in R^(2x2)\nx in R\nf = [x, A]", H, 3, "A", ("A is 2×2 (line 1); a vector has numbers and columns in it.",), ()),
    ("k = 10^1600*10^1600\nf(x) = k x", L, 1, "10^1600*10^1600", ("This number is too long to be written out.",), ()),
    ("f(x, y) = x y\ng = grad (x^2 y)", S, 2, "(x^2 y)", ("A function or a definition of the block is expected here;",), ()),
    ("f(x) = x^2\ng(x) = df/dx (x - 1)", A, 2, "df/dx (x - 1)", ("df/dx (x - 1) can be a value or a product.",), ("f'(x - 1)", "df/dx*(x - 1)")),
    ("f(x, y) = x y\nf_x = 2y", A, 2, "f_x = 2y", ("this line an equation",), ("f_x - 2y = 0", "p_x = 2y")),
    (N + "x in R^3 batch\nL = ||x||^2", S, 1, "batch", ("A batch is a matrix, an example a row: X in R^(32x2) batch.",), ()),
    ("x + y + z = 1\ny = y(x)\nz = z(x)", M, 2, "y = y(x)", ("1 equation cannot define 2 numbers, y, z; as many are",), ()),
    ("k in [-1e308, 1e308]\nf(x) = k x", V, 1, "-1e308", ("The ends of a range are finite numbers, not too large.",), ()),
    ("f(x, y) = x y\nv in R^3\ng = ∇f(v)", S, 3, "∇f(v)", ("∇f takes 2 arguments, as f(x, y) does; here it gets 1.",), ("∇f*(v)",)),
    ("x in R^3\nf = sum(x)\ng = ∂f/∂x[7]", H, 3, "x[7]", ("7 is out of range (from 1 to 3).",), ()),
    (N + "f(x, y) = x^2 y\nf(x, y) = 3", S, 2, "f(x, y) = 3", ("An equation is no layer of a net: one name stands left of =.",), ()),
    ("x in R^3\nw in R^5\ny = conv(x, w)", H, 3, "conv(x, w)", ("The kernel w does not fit into x: x has 3 entries (line 1),",), ()),
    ("x in R^3\nf = sum(x)\ng = ∇_{x_1} f", M, 3, "x_1", ("x_1 is no name that a gradient can be by.",), ()),
    ("x in R^2\nx = [1, 2, 3]\nf = sum(x)", H, 2, "[1, 2, 3]", ("x is a vector of 2 entries on line 1, but its value is a",), ()),
    ("x in R^3\ny_j = x_i^2 for i = 1..3", S, 2, "y_j", ("The index on the left and the one behind for are the same.",), ("y_i",)),
    ("x in R^3\ny_i = x_i^2 for i = 2..3", S, 2, "2..3", ("A definition by index gives all entries, from 1 on; a",), ("1..3",)),
    ("x in R^4\nf = prod(i x for i = 1..3)", H, 2, "prod(i x for i = 1..3)", ("A product over a family is of numbers.",), ()),
    ("A in R^(2x2)\nf = [i A for i = 1..3]", H, 2, "[i A for i = 1..3]", ("The members of a family are numbers or columns.",), ()),
    ("x in R^3\nf = sum(x)\ng = ∂f/∂x[1..2]", H, 3, "x[1..2]", ("A derivative is by a whole name, or by one entry of it:",), ()),
    ("n = 3\nx in R^n\nf = sum(x)\ng = ∂f/∂n", M, 4, "n", ("n is no name that a derivative can be by.",), ()),
    (N + "x in R^2\nz = 2x\nz in R^2 weight", M, 3, "z", ("z is defined (line 3); only what no line defines has a role.",), ()),
    (N + "x input\nx target\nz = W x in R^2", M, 2, "target", ("The role of x is said twice.",), ()),
    ("x in R^3\ny in R^2\ns = \\sum_i x_i y_i", H, 3, "\\sum_i x_i y_i", ("x_i goes to 3, but y_i goes to 2.",), ()),
    ("x in R^5\nW in R^(2x2)\ny = conv(x, W)", H, 3, "x, W", ("x has 5 entries (line 1), but W is 2×2 (line 2).",), ()),
    ("f(x, y) = x y\nv in R^3\ng = (∇f)(v, v)", H, 3, "v", ("v has 3 entries (line 2); the argument x of f has another",), ()),
    (N + "x in R^2\nz = W x in R^3\nq weight", M, 3, "q", ("q is not used in this block.",), ()),
    ("f(x) = sum(x^i for i = 1..2*10^160/3)", L, 1, "10^160", ("This is too large for a bound, a size or an index.",), ()),
    ("f(x, y) = x y\nz(x, y) = (∇f)(x, y, 1)", S, 2, "(∇f)(x, y, 1)", ("(∇f) takes 2 arguments, as f(x, y) does, and gets 3 here.",), ()),
    ("x in R^2\ny in R^3\nf = x if y > 0 else 0", H, 3, "y > 0", ("The condition and the values differ in size.",), ()),
    ("F(x, y, z, w) = [x, y, z, w]\ng = curl F", H, 2, "curl F", ("A curl is of a field of 3 components, or of 2 in the plane;",), ()),
    ("k = prod(10^i for i = 1..50)\nf(x) = k x", V, 1, "prod(10^i for i = 1..50)", ("The value of k is not a number to calculate with.",), ()),
    ("n = 3\nx in R^n\nf = sum(x)\ng = f|_(n = 2)", M, 4, "n", ("n is a size, a bound or an index here; a place is of names",), ()),
    ("B in R^(2x2)\ng(a) = a^2\nf = g(x)\nh = g(B)", H, 4, "g(B)", ("g(B) does not fit: A power of a matrix could be a product",), ()),
    ("f(x) = \\begin{pmatrix} 1 ) \\end{pmatrix} x", S, 1, ")", ("No bracket is open here.",), ()),
    ("f(x, y) = x y\nv = [1, 2]\nD_v = 3\ng = D_v f", A, 4, "D_v f", ("D_v f can be the derivative along v or a product with the",), ("grad f · v", "D_v*f")),
    ("n = 3\nx in R^n\nu = n^2\ng = grad u\nf = sum(x)", M, 4, "grad u", ("u depends on no variable: give it arguments, or say by",), ()),
    (N + "input = 3\nx in R^2 input\nf = input sum(x)", S, 2, "input", ("input is a name of this block, so that it cannot say the",), ()),
    (N + "z in R^(4x3) batch\nS = z z^T\nL = S_{12}^2", M, 3, "S_{12}", ("S_{12} would be a name of its own; an entry of S is S[1,2].",), ("S[1,2]",)),
    ("x in R^4\nf = [[x[k] for k = 1..i] for i = 1..3]", H, 2, "[[x[k] for k = 1..i] for i = 1..3]", ("The members of this family differ in size.",), ()),
    ("A in R^(2x2)\nx in R^2\ny = A x\nB = A x x^T\ng = ∂B/∂x", H, 5, "∂B/∂x", ("∂B/∂x would have more than two axes: 2×2 and 2. Take one",), ()),
    ("x in R^3\nf = [[x[i] for i = 1..2], [1 for i = 1..3]]", H, 2, "[[x[i] for i = 1..2], [1 for i = 1..3]]", ("The rows of this matrix differ in length.",), ()),
    ("x in R^20000\nf = [x[i] if i == 1 else x[i-1] for i = 1..20000]", L, 2, "[x[i] if i == 1 else x[i-1] for i = 1..20000]", ("A family that has to be written out member by member has at",), ()),
    ("f = sum(sum(sum(i j k x for i = 1..100) for j = 1..100) for k = 1..100)", L, 1, "sum(sum(sum(i j k x for i = 1..100) for j = 1..100) for k = 1..100)", ("Families of families may have 50,000 members in all; this",), ()),
    ("a in R^b\nc in R^d\ng in R^h\nk in R^m\np in R^q\nf = sum(a) + sum(c) + sum(g) + sum(k) + sum(p)", V, 5, "q", ("q stands where a whole number is needed; give it a value.",), ("q = 3",)),
    (N + "x in R^6\nm = 6\nμ_B = 1/m*\\sum_{i=1}^{m} x_i\nh_i = x_i - μ_B for i = 1..6\ny_i = γ h_i + β", M, 5, "y_i = γ h_i + β", ("h is a vector, and nothing runs over the i of h_i; one",), ("y_i = γ h_i + β for i = 1..6",)),
    (N + "X in R^(5x2) batch\nh = X θ\nθ in R^2\ny in R^5 target\nl = \\sum_{i=1}^5 y_i \\log h_i + (1 - y_i) h_i", M, 5, "y_i \\log h_i + (1 - y_i) h_i", ("The sum over i ends at + or −; what else it runs over has",), ("(y_i \\log h_i + (1 - y_i) h_i)",)),
    ("f(x) = " + "1 if x > 0 else " * 101 + "0", L, 1, "1 if x > 0 else " * 100 + "1 if x > 0 else", ("A distinction has at most 100 cases.",), ()),
    ("f(x) = 1 if " + " and ".join(["x > 0"] * 101) + " else 0", L, 1, " and ".join(["x > 0"] * 101), ("A condition has at most 100 parts.",), ()),
    ("f(x) = 1 if " + " < ".join("x" * 102) + " else 0", L, 1, " < ".join("x" * 101), ("A condition has at most 100 parts.",), ()),
    ("f = " + "a" * 101, L, 1, "a" * 101, ("A name has at most 100 characters.",), ()),
    ("f(x) = x" + "_{x" * 41 + "}" * 41, L, 1, "x", ("This is nested more than 40 deep.",), ()),
    ("f(x) = " + "(" * 41 + "x" + ")" * 41, L, 1, "(", ("This is nested more than 40 deep; name an inner part on a",), ()),
    (N + "x(3)" + " -> 4" * 300, L, 1, "x(3)" + " -> 4" * 300, ("A net in one line has at most 300 layers.",), ()),
    ("f(x) = x" + " + x" * 25_000, L, 1, " + x + x", ("A block has at most 100,000 characters; this one has",), ()),
    ("f = " + " + ".join(f"a_{i}" for i in range(1_001)), L, 1, " + ".join(f"a_{i}" for i in range(1_001)), ("One expression has at most 1,000 different names; use a",), ()),
    ("\n".join(f"x_{i} + y_{i} = {i}\ny_{i} = y_{i}(x_{i})" for i in range(1, 8)), L, 2, "y_1 = y_1(x_1)", ("At most 6 equations define names together; here are 7.",), ()),
    ("f(x) = sin x" + " + sin x" * 500, L, 1, "sin x", ("A block has at most 500 functions such as sin; use a family",), ()),
    ("f = x\n" * 1_001, L, 1001, "f", ("A block has at most 1,000 statements; use a family.",), ()),
    ("f0(x) = x\n" + "".join(f"f{i}(x) = f{i - 1}(x)\n" for i in range(1, 40)) + "g(x) = f39(x + 1)", L, 10, "f8(x)", ("Functions call one another more than 30 deep",), ()),
    ("x in R^2\nf(x) = sum(x)\ny in R^3\ng = f'(y)", H, 4, "y", ("the argument x of f has another size",), ()),
    ("f(x) = (x; 2", S, 1, ";", ("Rows are separated by ; in square brackets.",), ()),
]


def run(block: str) -> object:
    net = block.startswith(N)
    return (jacmagic.nnchain if net else jacmagic.jacobian)(block.removeprefix(N))


def refusal(block: str) -> JacmagicError:
    with pytest.raises(JacmagicError) as caught:
        run(block)
    return caught.value


@pytest.mark.parametrize(("block", "kind", "line", "text", "words", "fixes"), ERRORS, ids=[repr(e[0])[:60] for e in ERRORS])
def test_an_error_points_explains_and_offers(
    block: str, kind: str, line: int | None, text: str | None, words: tuple[str, ...], fixes: tuple[str, ...]
) -> None:
    error = refusal(block)
    source = block.removeprefix(N)
    assert type(error).__name__ == kind
    if text is not None:
        assert error.span is not None
        assert source[error.span.start : error.span.stop] == text
        assert error.line == line
        assert error.column == error.span.start - source.rfind("\n", 0, error.span.start)
    for word in words:
        assert word in error.message
    assert error.hints == fixes
    assert all(hint in str(error) for hint in error.hints)


def mended(source: str, span: Span | None, fix: str) -> str:
    """The block with a fix in it: a line that declares goes to the top, g(z) = tanh(z) above the line, y = W x in R^2 in
    the place of that of y, all else where the caret is."""
    if span is not None and (line := re.fullmatch(r"(\w+)(\(\w\))? = .*(?:tanh|sigmoid|R\^2|1, 0).*", fix)):
        at = source.count("\n", 0, span.start)
        lines = source.split("\n")
        lines[at : at + lines[at].startswith(f"{line[1]} =")] = [fix]
        return "\n".join(lines)
    declares = re.fullmatch(r"(\S+(?:, \S+)*) (in R\b.*|= [0-9]+|input)", fix)
    if span is not None and (python := re.fullmatch(r"(\w+) = \{\1\}", fix)):
        return f"{fix}\n{source[: span.start]}{python[1]}{source[span.stop :]}"
    if declares is None:
        return fix if span is None else source[: span.start] + fix + source[span.stop :]
    kept = [line for line in source.split("\n") if not line.startswith(f"{declares[1]} in R")]
    return "\n".join([fix, *kept])


@pytest.mark.parametrize(
    ("block", "fix"), [(e[0], fix) for e in ERRORS for fix in e[5]], ids=lambda value: repr(value)[:50],
)
def test_what_an_error_offers_can_be_pasted(block: str, fix: str) -> None:
    """With the fix in place the block works, or what is still wrong is another thing and has a meaning, not a syntax."""
    error = refusal(block)
    better = mended(block.removeprefix(N), error.span, fix)
    other = None
    try:
        run((N if block.startswith(N) else "") + better)
    except JacmagicError as caught:
        other = caught
    if other is not None:
        elsewhere = other.span is not None and error.span is not None and other.span.stop < error.span.start
        assert type(other).__name__ in (M, H, V) or elsewhere
        assert (other.message, other.span) != (error.message, error.span)


def test_the_picture_is_that_of_the_reference() -> None:
    assert str(refusal("x = 3\nL = 1/2x^2")) == (
        "1/2x^2 can be read in two ways.\n"
        "\n"
        "  2 | L = 1/2x^2\n"
        "          ^^^^^^\n"
        "  write  (1/2) x^2   or   1/(2x^2)"
    )


def test_lines_that_declare_are_offered_as_declarations() -> None:
    error = refusal("x in R^2\nW in R^(2x3)\nf = W x")
    assert str(error).endswith("declare  W in R^(2x2)   or   x in R^3")


def test_carets_stand_in_display_columns() -> None:
    wide = str(refusal("f(x) = x + 变"))
    assert wide.split("\n")[-1] == " " * 17 + "^^"
    combining = str(refusal("f(x) = x\u0304 + 1/2x"))
    assert combining.split("\n")[3] == " " * 17 + "^^^^"


def test_a_long_offence_is_cut_and_a_control_character_is_shown() -> None:
    long = refusal("f(x) = " + "(" * 2_000)
    assert len(str(long)) < 600
    assert "␣" in str(refusal("f(x) = x\u202e"))
    assert "\u202e" not in str(refusal("f(x) = x\u202e"))


def test_an_error_is_a_value_error_that_pickles() -> None:
    error = refusal("x = 3\nL = 1/2x^2")
    assert isinstance(error, ValueError)
    assert isinstance(error, jacmagic.AmbiguousMath)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.line, again.span, again.hints) == (str(error), error.line, error.span, error.hints)


def test_a_cell_magic_counts_its_own_line() -> None:
    error = refusal("a = x^2\na = x^3").bind("a = x^2\na = x^3", first_line=2)
    assert "line 2 and again on line 3" in error.message
    assert "  3 | a = x^3" in str(error)
    assert error.line == 2


def test_wrong_names_on_the_magics_line_are_errors() -> None:
    with pytest.raises(jacmagic.NameMistake, match="x3 is not a name of this block") as caught:
        jacmagic.jacobian("f = x1^2 + x2", wrt="x1, x3")
    assert caught.value.span == Span(4, 6)


CLASHES = [
    "x + y", "x - y", "x .* y", "x ./ y", "x .^ y", "W x", "W y", "V W", "V^T W", "x^T W", "y^T V", "x^T y", "W^T x",
    "dot(x, y)", "cross(x, y)", "x × y", "mse(x, y)", "mae(x, y)", "huber(x, y)", "bce(x, y)", "cross_entropy(x, y)",
    "W + V", "W - V", "W .* V", "x + W", "max(x, y)", "min(x, y)", "atan2(x, y)", "x if k > 0 else y", "W if k > 0 else V",
    "x if x > y else x", "x if 0 < x < y else x",
]


@pytest.mark.parametrize("net", [False, True], ids=["jacobian", "nnchain"])
@pytest.mark.parametrize("text", CLASHES)
def test_sizes_that_do_not_fit_are_named_with_both_places(text: str, net: bool) -> None:
    lines = {"x": "x in R^2", "y": "y in R^3", "W": "W in R^(3x4)", "V": "V in R^(2x5)", "k": "k in R"}
    make = jacmagic.nnchain if net else jacmagic.jacobian
    with pytest.raises(jacmagic.ShapeError) as caught:
        make("\n".join([*lines.values(), f"f = {text}"]))
    places = [k for k, name in enumerate(lines, start=1) if re.search(rf"\b{name}\b", text.replace("if k > 0", ""))]
    said = str(caught.value).split("\n")[0]
    assert len(places) == 2
    for line in places:
        assert f"(line {line})" in said, said
    assert caught.value.line == len(lines) + 1


@pytest.mark.parametrize("name", sorted(ELSEWHERE | FOREIGN))
def test_what_is_said_of_a_function_that_there_is_not_can_be_written(name: str) -> None:
    with pytest.raises(JacmagicError) as caught:
        jacmagic.jacobian(f"x in R\nf = {name}(x, 2)")
    if name in FOREIGN:
        assert FOREIGN[name] in {*FUNCTIONS, *OPERATORS}
        assert caught.value.hints == (FOREIGN[name],)
        return
    assert ELSEWHERE[name] in str(caught.value)
    for recipe in re.findall(r"write ([^…;]*?)(?:;|$|, or | for each)", ELSEWHERE[name]):
        if "out" in recipe or "," in recipe and "(" not in recipe and "[" not in recipe:
            continue  # words, not mathematics
        vectors = "sum" in recipe or "var(" in recipe or "norm" in recipe or "softmax" in recipe or "mean" in recipe or "dot" in recipe or "^T" in recipe
        size = "R^3" if vectors else "R"
        block = "".join(f"{v} in {size}\n" for v in "xyzpqab" if re.search(rf"\b{v}\b", recipe))
        block += "".join(f"{m} in R^(3x3)\n" for m in "AVK" if re.search(rf"\b{m}\b", recipe)) + "n = 3\n" * ("n)" in recipe)
        shown = jacmagic.jacobian(f"u in R\n{block}g = u ({recipe})")
        assert shown.matrix.shape[1] > 0
