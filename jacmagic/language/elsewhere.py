"""Functions that the language has under another name, or has not: what to write."""

from __future__ import annotations

import re
from collections.abc import Sequence

FOREIGN = {
    "sigm": "sigmoid", "logistic": "sigmoid", "expit": "sigmoid", "loge": "ln", "squareroot": "sqrt",
    "tg": "tan", "ctg": "cot", "cotg": "cot", "cosec": "csc", "sen": "sin", "sh": "sinh", "ch": "cosh",
    "th": "tanh", "arctg": "atan", "arcsen": "asin", "sgn": "sign", "heaviside": "step",
    **{prefix + name: f"a{name}" for name in "sinh cosh tanh coth sech csch".split() for prefix in ("ar", "arc")},
    "maximum": "max", "minimum": "min", "avg": "mean", "average": "mean", "crossentropy": "cross_entropy",
    "LN": "layer_norm", "logsoftmax": "log_softmax", "softsgn": "softsign", "layernorm": "layer_norm",
    "rmsnorm": "rms_norm", "sine": "sin", "cosine": "cos", "tangent": "tan", "smooth_l1": "huber", "mse_loss": "mse",
    "BCELoss": "bce", "MSELoss": "mse", "L1Loss": "mae", "HuberLoss": "huber", "SmoothL1Loss": "huber",
    **{spelt: name for word, name in {
        "hessian": "hess", "gradient": "grad", "jacobian": "jac", "laplacian": "laplace", "divergence": "div",
        "rot": "curl"}.items() for spelt in (word, word.capitalize(), name.capitalize())},
    **dict.fromkeys(("conv1d", "conv2d"), "conv"), "max_pool": "maxpool",
    "determinant": "det", "kronecker": "kron", "fabs": "abs", "ld": "log2", "lb": "log2", "arctan2": "atan2",
    "celu": "elu", "CELU": "elu", "amax": "max", "amin": "min", **dict.fromkeys(("vdot", "inner"), "dot"),
    "sinus": "sin", "cosinus": "cos", "absolute": "abs", "signum": "sign", "lrelu": "leaky_relu",
    "cuberoot": "cbrt",
}
"""Functions as books in other languages, or other books, write them."""

ELSEWHERE = {
    **dict.fromkeys(("eig", "eigvals", "svd", "rank", "pinv", "pinverse"),
                    "matrices are added, multiplied, transposed and inverted"),
    **dict.fromkeys(("integral", "integrate", "int", "lim", "limit"), "integrals and limits are worked out before"),
    **dict.fromkeys(("diff", "derivative"), "a derivative is f'(x), ∂f/∂x or d/dx (x^2)"),
    **dict.fromkeys(("mod", "gcd", "lcm"), "remainders are written with floor, x - 2 floor(x/2)"),
    **dict.fromkeys(("Im", "arg", "conj"), "all names are real"),
    **dict.fromkeys(("factorial", "binom", "choose", "nCr", "nPr", "perm", "comb"), "write prod(i for i = 1..n)"),
    **dict.fromkeys(("pow", "power"), "write x^2"),
    **dict.fromkeys(("len", "length", "size", "shape"), "a size is a number that a line gives, n = 3 and x in R^n"),
    **dict.fromkeys(("argmax", "argmin", "round", "sort"), "it has no derivative"),
    **dict.fromkeys(("std", "sd"), "write sqrt(var(x))"), "cov": "write mean(x .* y) - mean(x) mean(y)",
    **dict.fromkeys(("dropout", "Dropout", "batch_norm", "batchnorm", "BatchNorm", "BatchNorm1d", "BatchNorm2d"),
                    "layers have no state here"),
    **dict.fromkeys("acot arccot arcctg arccotg actg".split(), "write atan(1/x)"),
    **dict.fromkeys(("asec", "arcsec"), "write acos(1/x)"),
    **dict.fromkeys(("acsc", "arccsc", "arccosec", "acosec"), "write asin(1/x)"),
    "exp10": "write 10^x", **dict.fromkeys(("rsqrt", "isqrt"), "write 1/sqrt(x)"),
    "clamp_min": "write max(x, 0)", "clamp_max": "write min(x, 1)", "logaddexp": "write ln(e^x + e^y)",
    **dict.fromkeys(("logcosh", "log_cosh"), "write ln(cosh(x))"), "cube": "write x^3",
    **dict.fromkeys(("radians", "deg2rad"), "write π x/180"), **dict.fromkeys(("degrees", "rad2deg"), "write 180 x/π"),
    "lse": "write logsumexp(z)",
    **dict.fromkeys(("GLU", "geglu", "swiglu"), "a layer is written as its formula"),
    **dict.fromkeys(("kl", "kl_div"), "write dot(p, ln(p ./ q))"),
    **dict.fromkeys(("nll", "nll_loss", "NLLLoss"), "write -dot(y, log_softmax(z))"),
    **dict.fromkeys(("prelu", "PReLU"), "write max(x, 0) + a min(x, 0)"),
    "hinge": "write max(0, 1 - y z)", "where": "write a if x > 0 else b",
    **dict.fromkeys(("rms", "RMS"), "write sqrt(mean(x^2))"),
    **dict.fromkeys(("concat", "Concat", "concatenate", "cat", "stack", "hstack", "vstack"), "write [a, b]"),
    **dict.fromkeys(("matmul", "linear", "Linear", "Dense", "mm"), "write a product, A B or W x + b"),
    "transpose": "write A^T", **dict.fromkeys(("Rational", "Fraction"), "write x/y"),
    **dict.fromkeys(("square", "sq"), "write x^2"), "sqr": "write x^2, or sqrt(x)",
    "outer": "write x y^T", "normalize": "write x/norm(x)", "cosine_similarity": "write dot(x, y)/(norm(x) norm(y))",
    "dist": "write norm(x - y)",
    **dict.fromkeys(("softmin", "Softmin"), "write softmax(-z)"),
    "exp2": "write 2^x",
    **dict.fromkeys(("hardsigmoid", "Hardsigmoid"), "write clip(x/6 + 1/2, 0, 1)"),
    "attention": "write V^T softmax(K q)",
    **dict.fromkeys(("avgpool", "embedding", "lstm", "gru"),
                    "a layer is written as its formula"),
    **dict.fromkeys(("cholesky", "qr", "lstsq", "eigh", "eigenvalues", "adjoint"),
                    "matrices are added, multiplied, transposed and inverted"),
    "solve": "write A^-1 b", "diagonal": "write [A[i,i] for i = 1..3]",
    **dict.fromkeys(("logabsdet", "slogdet"), "write ln(abs(det(A)))"),
    "l1norm": "write ||x||_1", "l2norm": "write ||x||",
    **dict.fromkeys("gammaln lgamma digamma besselj airy betaln erfi erfinv erfcinv lambertw median quantile "
                    "percentile renorm unflatten".split(), "it is not among the functions here"),
    **dict.fromkeys("random rand randn normal uniform bernoulli rrelu RReLU".split(), "nothing here is random"),
    **dict.fromkeys(("stddev",), "write sqrt(var(x))"),
    **dict.fromkeys(("zeros", "ones", "eye", "identity", "linspace", "arange", "range"),
                    "write [1 for i = 1..3]"),
    "cumsum": "write [sum(x[k] for k = 1..i) for i = 1..3]", "glu": "write a sigmoid(b)",
    "expm1": "write e^x - 1", "log1p": "write ln(1 + x)", "hypot": "write sqrt(x^2 + y^2)", "sinc": "write sin(x)/x",
}
"""Functions of mathematics that the language does not have, and what to do instead."""

RECIPES = {
    "pow": "{a}^{b}", "power": "{a}^{b}", "square": "{a}^2", "sq": "{a}^2", "expm1": "(e^{a} - 1)",
    "log1p": "ln(1 + {0})",
    "hypot": "sqrt({a}^2 + {b}^2)", "sinc": "(sin({0})/{a})", "exp2": "2^{a}", "where": "({1} if {0} else {2})",
    "outer": "{a} {b}^T", "matmul": "{a} {b}", "mm": "{a} {b}", "transpose": "{a}^T", "std": "sqrt(var({0}))",
    "sd": "sqrt(var({0}))", "stddev": "sqrt(var({0}))", "cov": "(mean({a} .* {b}) - mean({0}) mean({1}))",
    "normalize": "({a}/norm({0}))", "cosine_similarity": "dot({0}, {1})/(norm({0}) norm({1}))",
    "dist": "norm({a} - {b})",
    **dict.fromkeys(("softmin", "Softmin"), "softmax(-{a})"), "exp10": "10^{a}", "cube": "{a}^3",
    **dict.fromkeys(("rsqrt", "isqrt"), "(1/sqrt({0}))"), "clamp_min": "max({0}, {1})", "clamp_max": "min({0}, {1})",
    "logaddexp": "ln(e^{a} + e^{b})", **dict.fromkeys(("logcosh", "log_cosh"), "ln(cosh({0}))"),
    **dict.fromkeys(("radians", "deg2rad"), "(π*{a}/180)"), **dict.fromkeys(("degrees", "rad2deg"), "(180*{a}/π)"),
    **dict.fromkeys("acot arccot arcctg arccotg actg".split(), "atan(1/{a})"),
    **dict.fromkeys(("asec", "arcsec"), "acos(1/{a})"),
    **dict.fromkeys(("acsc", "arccsc", "arccosec", "acosec"), "asin(1/{a})"),
    **dict.fromkeys(("rms", "RMS"), "sqrt(mean({a}^2))"), "lse": "logsumexp({0})", "hinge": "max(0, 1 - {b} {a})",
    **dict.fromkeys(("prelu", "PReLU"), "(max({0}, 0) + {b} min({0}, 0))"),
    "mod": "({a} - {b} floor({a}/{b}))", "l1norm": "||{0}||_1",
    "l2norm": "||{0}||", "kl": "dot({0}, ln({a} ./ {b}))", "kl_div": "dot({0}, ln({a} ./ {b}))",
    **dict.fromkeys(("hardsigmoid", "Hardsigmoid"), "clip({a}/6 + 1/2, 0, 1)"), "nll": "(-dot({1}, log_softmax({0})))",
    **dict.fromkeys(("nll_loss", "NLLLoss"), "(-dot({1}, {0}))"),
    **dict.fromkeys(("concat", "Concat", "concatenate", "cat", "stack", "vstack"), "[{0}, {1}]"),
    "Rational": "({a}/{b})", "Fraction": "({a}/{b})",
}
"""What to write in the place of such a call: {0} is its first argument, {a} that as one factor."""

PLAIN_WORDS = frozenset(
    "a an the of to is be by in on at as it we if so end let for var set get not and or but new def del nan inf any "
    "all one two with then when where begin False None True null print return while do begin const int float".split()
)
"""Words that are no product of letters."""


def written_out(name: str, arguments: Sequence[str]) -> str | None:
    """A call in the language's own words; None where there is no recipe for so many arguments."""
    recipe = RECIPES.get(name)
    if recipe is None:
        return None
    takes = {int(one) if one.isdigit() else "abc".index(one) for one in re.findall(r"\{(\w)\}", recipe)}
    if len(arguments) != max(takes) + 1:
        return None
    factors = [one if re.fullmatch(r"[\w.]+|\([^()]*\)|\w+\([^()]*\)", one) else f"({one})" for one in arguments]
    return recipe.format(*arguments, **dict(zip("abc", factors)))
