"""What to say of lines as papers on nets write them: rows of the table of `advice`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jacmagic.language.complaint import Advice, Match, none

_NAME = r"(?:\\[A-Za-z]+(?:\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})?|[^\W\d])(?:_(?:\w+|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}))?"
_STATED = r"(?P<size>\s+(?:in|∈|\\in)\s+(?:R|ℝ|\\mathbb).*)?"
_NUMBERED = r"\^\s*\{?\s*\(\s*([A-Za-z](?:\s*[-+−]\s*\d+)?|\d+)\s*\)\s*\}?"
_TURNED = r"(?:\^\s*\{?\s*(?:T|\\top|\\intercal)\s*\}?|ᵀ|\.T\b)"
_JOINS = r"(?:⊕|\\oplus(?![a-z]))"
_SCRIPT = r"(?:\{[^{}]*\}|\\[A-Za-z]+|\w)"
_AXIS = r"(?:axis|dim)"
_ENTRIES = r"(?:[^()\[\]]|\([^()]*\))"


def _square(found: Match) -> Sequence[str]:
    """σ² = v as σ = √v, log σ² = s as σ = exp(s/2): all that uses σ stays as it is written."""
    body = found["body"].rstrip("\\ .,")
    new = f"exp(({body})/2)" if found["log"] else f"sqrt({body})"
    return (f"{found['name']} = {new}{found['size'] or ''}",)


def _numbered(found: Match) -> Sequence[str]:
    return (re.sub(_NUMBERED, lambda one: f"^{{[{one[1]}]}}", found[0]),)


def _layers(found: Match) -> Sequence[str]:
    return (re.sub(r"(?<=[A-QS-Za-zα-ωΑ-Ω])\^(?:\{\s*(\d+)\s*\}|(\d+))", r"^{[\1\2]}", found[0]),)


def _matrices(found: Match) -> Sequence[str]:
    line = re.sub(r"\b([A-Z])_\{?(\w+)\}?\s*\^\s*\{?([A-SU-Z])\}?", r"\1_\3\2", found[0])
    return (re.sub(r"\b([A-Z])\s*\^\s*\{?([A-SU-Z])\}?_\{?(\w)\}?", r"\1_\2\3", line),)


def _matrix(found: Match) -> Sequence[str]:
    return (f"{found[1]}_{found[2]}",)


def _along(found: Match) -> Sequence[str]:
    """sum_rows(X) for sum(X, axis=1), sqrt(sum_rows(X .^ 2)) for norm(X, axis=1); sum(x) of a vector."""
    name, of, side = found[1], found[2], "cols" if found[3] == "0" else "rows"
    if not of[:1].isupper():
        return (f"{name}({of})",)
    return (f"sqrt(sum_{side}({of} .^ 2))" if name == "norm" else f"{name}_{side}({of})",)


def _net(found: Match) -> Sequence[str]:
    first, *rest = re.findall(r"\d+", found[0])
    return (" -> ".join([f"x({first})", *(f"{n} tanh" for n in rest[:-1]), rest[-1]]),)


def _signed(found: Match) -> Sequence[str]:
    """m_plus of m^+; of an argument, f(x) = x^+, what is kept above 0."""
    name, plus = found[1], "+" in found[0][len(found[1]) :]
    head = re.match(r"\s*\w+\(([^()]*)\)\s*=", found.string)
    if plus and head is not None and name in re.split(r"\s*,\s*", head[1].strip()):
        return (f"max(0, {name})",)
    return (f"{name}_{'plus' if plus else 'minus'}",)



ROWS = (
    Advice(
        re.compile(
            rf"^(?P<left>{_NAME}\s*\^\s*\{{?(?P<layer>\d)\}}?)\s*&?\s*=(?=.*[A-QS-Za-z]\^\{{?(?P=layer)\}}?(?!\d)).*$"
        ),
        "A number above a name is a power; that of a layer stands in brackets.", _layers,
        (("x in R^2\na^1 = σ(w^1 x + b^1) in R^3", ("a^{[1]} = σ(w^{[1]} x + b^{[1]}) in R^3",)),), net=True,
    ),
    Advice(
        re.compile(
            rf"^(?P<log>\\?(?:log|ln)(?![A-Za-z])\s*\(?\s*)?(?P<name>{_NAME})\s*(?:\^\s*\{{?\s*2\s*\}}?|²)\s*\)?\s*&?\s*=\s*"
            rf"(?P<body>.+?){_STATED}$"
        ),
        "One name stands left of =; the line for it says the same.", _square,
        (("x in R^3\n\\log\\sigma^2 = W x + b in R^2\nz = σ", ("\\sigma = exp((W x + b)/2) in R^2",)),
         ("x in R^3\nlog σ² = W x + b in R^2\nz = σ", ("σ = exp((W x + b)/2) in R^2",)),
         ("x in R^6\nμ = mean(x)\nσ^2 = \\frac{1}{6} \\sum_{i} (x_i - μ)^2\ny = (x - μ)/sqrt(σ^2 + ε)",
          ("σ = sqrt(\\frac{1}{6} \\sum_{i} (x_i - μ)^2)",)),
         ("x in R^6\n\\hat{\\sigma}^2 = var(x) + ε\ny = x/\\hat{\\sigma}", ("\\hat{\\sigma} = sqrt(var(x) + ε)",))),
        net=True,
    ),
    Advice(
        re.compile(rf"^[^=]*{_NUMBERED}[^=]*(?:=|\bin\b|∈|\\in\b).*$"),
        "The number of a layer, and a time, stand above a name in square brackets.", _numbered,
        (("x^{(t)} in R^2\nh = tanh(W x^{[t]} + b) in R^3", ("x^{[t]} in R^2",)),
         ("x in R^2\nh^{(1)} = tanh(W^{(1)} x + b^{(1)}) in R^3", ("h^{[1]} = tanh(W^{[1]} x + b^{[1]}) in R^3",))),
        net=True,
    ),
    Advice(
        re.compile(rf"({_NAME})\s*\^\s*(?:\{{\s*([-+−])\s*\}}|(\+)(?=\s)|([-+−])(?=\s*(?:[-+−)\],=|]|$)))"),
        "A sign is no exponent; m_plus is a name.", _signed,
        (("L(v) = max(0, m^+ - v)^2", ("m_plus",)), ("L(v) = max(0, v - m^{-})", ("m_minus",)),
         ("f(x) = x^+ + 1", ("max(0, x)",)), ("x in R^2\nA_plus in R^(3x2)\nf = A^+ x", ("A_plus",))),
    ),
    Advice(
        re.compile(rf"(?:\\left\s*)?(?:\[({_ENTRIES}+?)(?:\\right\s*)?\]|\(({_ENTRIES}+?)(?:\\right\s*)?\))\s*_\s*\{{?\+\}}?"),
        "What is kept above 0 is max(0, z).", lambda found: (f"max(0, {(found[1] or found[2]).strip()})",),
        (("a, b in R\nL = [1 - a b]_+", ("max(0, 1 - a b)",)),
         ("a, b in R^2\nL = \\left[\\|a\\|^2 - \\|b\\|^2 + 1\\right]_+", ("max(0, \\|a\\|^2 - \\|b\\|^2 + 1)",)),
         ("a, b in R\nL = (1 - a b)_+", ("max(0, 1 - a b)",))),
    ),
    Advice(
        re.compile(rf"(?<![\w.^])1\s+(?=(?:[^\W\d]\w*|\\\w+(?:\{{[^{{}}]*\}})?|sqrt\([^()]*\))\s*{_TURNED})"),
        "The column of ones that repeats a row is 𝟏; the number 1 changes nothing.", lambda found: ("𝟏 ",),
        (("X in R^(6x3) batch\nm = mean_cols(X)\nZ = X - 1 m^T", ("𝟏 ",)),), net=True,
    ),
    Advice(
        re.compile(rf"(\b[A-Z]\w*|\([^()]*\))\s*{_TURNED}\s*(?:1|𝟏|\\mathbf\{{1\}})(?![\w.])"),
        "A matrix times the column of ones is the sum of its rows.",
        lambda found: (f"sum_cols({found[1].strip('()')})",),
        (("X in R^(6x3) batch\nμ = 1/6 X^T 1", ("sum_cols(X)",)),
         ("X in R^(6x3) batch\nμ = 1/6 (X .^ 2)^T 1", ("sum_cols(X .^ 2)",))), net=True,
    ),
    Advice(
        re.compile(r"^(D_?\{?(?:KL|\\(?:mathrm|text)\{KL\})\}?)\s*\([^()=]*\)\s*(?==)"),
        "A definition is of one name.", lambda found: ("D_KL ",),
        (("p, q in R^3\nD_{KL}(p \\| q) = \\sum_i p_i \\log \\frac{p_i}{q_i}",
          ("D_KL ",)),),
    ),
    Advice(
        re.compile(rf"\(\s*({_ENTRIES}+?)\s*{_JOINS}\s*({_ENTRIES}+?)\s*\)|({_NAME})\s*{_JOINS}\s*({_NAME})"),
        "Vectors one below the other are [u; v].",
        lambda found: (f"[{found[1] or found[3]}; {found[2] or found[4]}]",),
        (("h in R^3\nx in R^2\nf = sigmoid(W (h \\oplus x) + b) in R^3", ("[h; x]",)),
         ("h in R^3\nx in R^2\nu = h ⊕ x\nf = W u in R^3", ("[h; x]",))), net=True,
    ),
    Advice(
        re.compile(r"\[([^\[\]|‖]+?)(?:\|\||\\\||‖|\\Vert)([^\[\]|‖]+?)\]"), "Vectors one below the other are [u; v].",
        lambda found: (f"[{found[1].strip()}; {found[2].strip()}]",),
        (("h_1, h_2 in R^2 input\nW in R^(3x2)\nc = LeakyReLU(a^T [W h_1 || W h_2])", ("[W h_1; W h_2]",)),), net=True,
    ),
    Advice(
        re.compile(
            r"\b([^\W\d]\w*)\s*/\s*(?:\w+\.)?sum\(\1,\s*(?:axis|dim)\s*=\s*-?1(?:,\s*keepdims?\s*=\s*True)?\)"
        ),
        "The sums of the rows are sum_rows(E); each row is divided by its own as diag(1 ./ sum_rows(E)) E.",
        lambda found: (f"diag(1 ./ sum_rows({found[1]})) {found[1]}",),
        (("X in R^(4x3) batch\nE = exp(X)\nP = E / np.sum(E, axis=1, keepdims=True)", ("diag(1 ./ sum_rows(E)) E",)),),
        net=True,
    ),
    Advice(
        re.compile(r"(?<=\))\s*(?:⊗|\\otimes(?![a-z]))\s*(?=\()"),
        "Entry by entry is ⊙; of two columns the outer product is u v^T, of matrices Kronecker's kron(A, B).",
        lambda found: (" ⊙ ",),
        (("x in R^2\nW, V in R^(3x2)\ny = sigmoid(W x) ⊗ (V x)", (" ⊙ ",)),),
    ),
    Advice(
        re.compile(r"(?:⊙|\\odot(?![a-z])|∘|\\circ(?![a-z])|\.\*)\s*([A-Z]\w*\s+[^\W\d]\w*)(?=\s*(?:[-+)]|$))"),
        "Products go from left to right; a product behind ⊙ has brackets.", lambda found: (f"⊙ ({found[1]})",),
        (("x in R^2\nW, V in R^(3x2)\ny = sigmoid(W x) ⊙ V x", ("⊙ (V x)",)),),
    ),
    Advice(
        re.compile(r"^(?=.*\b[A-Z](?:_\{?\w+\}?)?\s*\^\s*\{?[A-SU-Z]\}?(?:_\{?\w\}?)?)[A-Z][^=]*\b(?:in|∈)\s*(?:R|ℝ).*$"),
        "A letter above a name would be a power; W_Q is a name.",
        lambda found: (re.sub(r"\b([A-Z])\s*\^\s*\{?([A-SU-Z])\}?", r"\1_\2", _matrices(found)[0]),),
        (("X in R^(4x6) batch\nW_1^Q, W^K in R^(6x3)\nO = X W_Q1 + X W_K", ("W_Q1, W_K in R^(6x3)",)),), net=True,
    ),
    Advice(
        re.compile(r"\b([A-Z])_\{?(\w)\}?\s*\^\s*\{?([A-SU-Z])\}?(?![\w{])"),
        "A letter above a name would be a power; W_Q is a name.", lambda found: (f"{found[1]}_{found[3]}{found[2]}",),
        (("X in R^(4x6) batch\nO = X W_1^Q in R^(4x3)", ("W_Q1",)),), net=True,
    ),
    Advice(
        re.compile(r"\b([A-Z])\s*\^\s*\{?([A-SU-Z])\}?(?![\w{])"),
        "A letter above a name would be a power; W_Q is a name.", _matrix,
        (("X in R^(4x6) batch\nW in R^(6x6)\nO = X W^O in R^(4x6)", ("W_O",)),), net=True,
    ),
    Advice(
        re.compile(r"(?<![\w\\])[a-zσφ]\[(?=[^\[\]]*[-+])(?=[^\[\]]*(?:\\|\w\s+\w))[^\[\]]*\]"),
        "An activation has its name and round brackets, as in relu(z).", none,
        (("x in R\nh = a[θ_10 + θ_11 x]", ()), ("x in R\nh = a[\\theta_{10} + \\theta_{11} x]", ())), net=True,
    ),
    Advice(
        re.compile(rf"(\b[^\W\d]|\\[a-z]+)\s*\^\s*({_SCRIPT})\s*_\s*({_SCRIPT})"),
        "An index stands below a name, and then its power.", lambda found: (f"{found[1]}_{found[3]}^{found[2]}",),
        (("f = x^2_1 + x_2", ("x_1^2",)), ("m = \\beta^{t}_{1}", ("\\beta_{1}^{t}",))),
    ),
    Advice(
        re.compile(rf"\(?(\b[A-Z]\w*{_TURNED}?)\s*(?:⊗|\\otimes(?![a-z]))\s*([A-Z]\w*{_TURNED}?)\)?"),
        "Of matrices Kronecker's product is kron(A, B); entry by entry is ⊙.",
        lambda found: (f"kron({found[1].strip()}, {found[2].strip()})",),
        (("A, X, B in R^(2x2)\nf = (B^T \\otimes A) \\mathrm{vec}(X)", ("kron(B^T, A)",)),),
    ),
    Advice(
        re.compile(rf"\b(?:\w+\.)*(sum|mean|norm)\(([^()=]*?)\s*,\s*{_AXIS}\s*=\s*(-?[01])(?:\s*,\s*keepdims?\s*=\s*\w+)?\)"),
        "Along rows and columns are sum_rows, sum_cols and mean_rows, mean_cols; a vector has one axis.", _along,
        (("X in R^(2x3)\nf = sum(X, axis=1)", ("sum_rows(X)",)),
         ("X in R^(2x3)\nf = mean(X, dim=0)", ("mean_cols(X)",)),
         ("X in R^(2x3)\nf = norm(X, axis=-1)", ("sqrt(sum_rows(X .^ 2))",)),
         ("x in R^3\nf = norm(x, axis=0)", ("norm(x)",))),
    ),
    Advice(
        re.compile(r"^(?:x\s*\(\s*)?\d+\s*\)?(?:\s*[-–—−:]\s*\d+)+$"),
        "A net is its input with a size, then each layer's size and activation.", _net,
        (("2-3-1", ("x(2) -> 3 tanh -> 1",)), ("784 – 128 – 10", ("x(784) -> 128 tanh -> 10",))), net=True,
    ),
)
"""Rows, tried from the top."""
