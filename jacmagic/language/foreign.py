"""What to say of lines as other systems, calculators and plain words have them: rows of the table of `advice`.

In the order of their sources: MATLAB, Mathematica and Maple, Julia and R, Python, LaTeX, calculators, words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import comb

from jacmagic.functions import SPELLINGS
from jacmagic.language.complaint import Advice, Match, defined, none
from jacmagic.language.elsewhere import FOREIGN
from jacmagic.language.letters import MODULES
from jacmagic.language.libraries import closing, in_own_words

_WORD = re.compile(r"\w+")
_ARGUMENTS = r"(?P<arguments>[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*)"
_CALL = r"(?:[^()\[\]]|\([^()]*\)|\[[^\[\]]*\])"
"""One character of an expression, or a bracket of it with no other inside."""


def commented(found: Match) -> Sequence[str]:
    return (f"# {found[0]}",)


# -------------------------------------------------------------- Mathematica
_CAPITALS = {
    **{name.capitalize(): name for name in SPELLINGS if name.isalpha()}, "Log": "ln", "ArcSin": "asin",
    "ArcCos": "acos", "ArcTan": "atan", "ArcSinh": "asinh", "ArcCosh": "acosh", "ArcTanh": "atanh", "Total": "sum",
    "Norm": "norm", "Dot": "dot", "Cross": "cross", "Erf": "erf", "LogisticSigmoid": "sigmoid", "UnitStep": "step",
}
_SWAPPED = {"ArcTan": "atan2", "Log": "log"}
"""Of two arguments, which stand in the other order there."""


def in_round_brackets(line: str) -> str | None:
    """Sin[x] as sin(x), {a, b} as (a, b), Pi as pi; None where a function is not known."""
    while found := re.search(r"\b([A-Z][A-Za-z]*)\[", line):
        end, name = closing(line, found.end() - 1), found[1]
        if end < 0 or name not in _CAPITALS:
            return None
        inside, new = line[found.end() : end], _CAPITALS[name]
        parts = re.split(r"\s*,\s*(?![^\[(]*[\])])", inside)
        if len(parts) == 2 and name in _SWAPPED:
            new, inside = _SWAPPED[name], f"{parts[1]}, {parts[0]}"
        line = f"{line[: found.start()]}{new}({inside}){line[end + 1 :]}"
    line = re.sub(r"\{([^{}]*,[^{}]*)\}", r"(\1)", line)
    return re.sub(r"\bE(?=\^)", "e", re.sub(r"\bPi\b", "pi", line))


def _wolfram(found: Match) -> Sequence[str]:
    body = in_round_brackets(found["body"])
    arguments = re.sub(r"\s*,\s*", ", ", found["arguments"].replace("_", ""))
    return () if body is None else (f"{found['name']}({arguments}) = {body}",)


def _capitals(found: Match) -> Sequence[str]:
    line = in_round_brackets(found[0])
    return () if line is None else (line,)


# -------------------------------------------------------------- derivatives as commands
def _derivative(found: Match) -> Sequence[str]:
    of, by = found["of"].strip(), found["by"]
    name = re.fullmatch(rf"([A-Za-z])(?:\({by}\))?", of)
    if found["order"] and name:
        return (f"d²{name[1]}/d{by}²",)
    return () if found["order"] else (f"d{name[1]}/d{by}" if name else f"d/d{by} ({of})",)


def _function_of(found: Match) -> Sequence[str]:
    of = found["of"].strip()
    body = in_round_brackets(of)
    arguments = re.sub(r"\s*,\s*", ", ", found["arguments"])
    return () if body is None else (f"f({arguments}) = {body}",)


def _of_a_function(found: Match) -> Sequence[str]:
    what = found["what"].lower()
    return (f"f = {found['of']}; {found['left']}{FOREIGN.get(what, what)} f",)


def _arguments(found: Match) -> Sequence[str]:
    """The head of a function: what stands behind | or ; is a parameter, which has no place there, or a variable."""
    ways = dict.fromkeys(", ".join(_WORD.findall(part)) for part in (re.split(r"[|;]", found[2])[0], found[2]))
    return [f"{found[1]}({way})" for way in ways]


def _next_step(found: Match) -> Sequence[str]:
    x, n = found["x"], found["n"] or found["m"] or found["k"]
    after = rf"(?:\({n}\)|\[{n}\]|{n}\b)"
    line = re.sub(rf"\b{x}(?:\({n}\s*\+\s*1\)|\[{n}\s*\+\s*1\]|{n}\s*\+\s*1)", f"{x}_{{{n}+1}}", found[0], count=1)
    return (re.sub(rf"\b{x}{after}", f"{x}_{n}", line),)


def _drawn(found: Match) -> Sequence[str]:
    body = in_round_brackets(found["of"].strip())
    return () if body is None or "@" in body or body.isidentifier() else (f"f = {body}",)


def _pieces(found: Match) -> Sequence[str]:
    """{x^2 if x > 0, 0 otherwise} and {x^2, x > 0; 0, x <= 0}: a if x > 0 else b."""
    if re.fullmatch(r"[^,;]+\bif\b[^,;]+\belse\b[^,;]+", found["pieces"]):  # right already, but for its braces
        return (found["pieces"].strip(),)
    parts = [part.strip().rstrip(",") for part in _BETWEEN_PIECES.split(re.sub(r",(\s*\w+)$", r"\1", found["pieces"]))]
    said = [_PIECE.fullmatch(part) for part in parts]
    last = re.fullmatch(r"(?:otherwise|else)?,?\s*(?P<value>.+?)\s*,?\s*(?:otherwise|else|elsewhere)?", parts[-1])
    *front, end = said
    if not front or None in front or last is None or end is None and not re.search("otherwise|else", parts[-1]):
        return ()
    cases = [f"{one['value']} if {one['where'].strip()} else" for one in front if one]
    return (" ".join([*cases, (end or last)["value"]]),)


def _pairs(found: Match) -> Sequence[str]:
    """((x^2, x > 0), (0, True)): a if x > 0 else b."""
    pairs = re.findall(rf"\(({_CALL}+?),\s*([^(){{}},]*?)\s*\)\s*(?:,|$)", found["pieces"].strip())
    cases = [f"{value.strip()} if {where} else" for value, where in pairs[:-1]]
    return (f"({' '.join([*cases, pairs[-1][0].strip()])})",) if cases else ()


def _inner(found: Match) -> Sequence[str]:
    end = closing(found[0], found[0].index("("))
    inside = found[0][found[0].index("(") + 1 : end]
    return (inside.strip(),) if end == len(found[0]) - 1 else ()


# -------------------------------------------------------------- small rewritings
def everywhere(changes: Mapping[str, str]) -> Callable[[Match], Sequence[str]]:
    """A fix of what is underlined with each pattern put as another text."""

    def fix(found: Match) -> Sequence[str]:
        text = found[0]
        for pattern, new in changes.items():
            text = re.sub(pattern, new, text)
        return (text,)

    return fix


def _written(template: str) -> Callable[[Match], Sequence[str]]:
    """A fix from the groups of what is underlined: {1}, {2}."""

    def fix(found: Match) -> Sequence[str]:
        return (template.format(found[0], *((group or "").strip() for group in found.groups())),)

    return fix


def _method(found: Match) -> Sequence[str]:
    """dot(x, y) for x.dot(y), x^2 for x.pow(2)."""
    new = in_own_words(found[0])
    return (new,) if new else ()


def _running(found: Match) -> Sequence[str]:
    """for i in range(3): the same entries, where i is nothing but their number."""
    line, index = found.string, found[1]
    used = re.findall(rf"(?<![\w]){index}(?!\w)", line)
    places = re.findall(rf"\[{index}\]", line)
    return (f"for {index} = 1..{found[2]}",) if len(used) == len(places) + 1 else ()


def _chosen(found: Match) -> Sequence[str]:
    n, k = int(found["n"] or found["n2"]), int(found["k"] or found["k2"])
    return (str(comb(n, k)),) if n < 30 else ()


def _root(found: Match) -> Sequence[str]:
    degree = "".join(str("⁰¹²³⁴⁵⁶⁷⁸⁹".index(digit)) for digit in found[1])
    under = found[2][1:-1] if found[2][0] == "(" else found[2]
    base = found[2] if found[2][0] == "(" else f"{under}"
    return (f"cbrt({under})" if degree == "3" else f"sqrt({under})" if degree == "2" else f"{base}^(1/{degree})",)


_AND = r"(?:(?:\\q?quad|\band\b|\\text\s*\{\s*(?:and|,)\s*\})\s*)+"
_BETWEEN_PIECES = re.compile(r";|\\n|,\s*(?=[^,;]*\b(?:otherwise|else|if|for)\b)|\band\b")
_BEFORE_A_NAME = re.compile(r"\s*(?:,|\band\b)\s*(?=[^\W\d]\w*\s*=)")
_RELATION = r"(?:[<>≤≥≠]|==|!=|\\[lg]eq?\b|\\neq?\b)"
_PIECE = re.compile(
    rf"(?P<value>.+?)\s*(?:,\s*(?:if|for)?|\b(?:if|for|when)\b)\s*(?P<where>[^,]*{_RELATION}[^,]*)"
)
_POWERS = {"squared": "^2", "cubed": "^3"}
_SIGNS = {"plus": "+", "minus": "-", "times": "*", "over": "/", "divided by": "/"}

ROWS = (
    # -------------------------------------------------------------- MATLAB
    Advice(
        re.compile(rf"^(?:(?P<name>[^\W\d]\w*)\s*(?:\([^()]*\))?\s*=\s*)?@\s*\({_ARGUMENTS}\)\s*(?P<body>.+?);?$"),
        "A function is written with its arguments in front of =, without @.", defined,
        (("f = @(x) x.^2", ("f(x) = x.^2",)), ("f = @(x,y) [x.^2; y];", ("f(x, y) = [x.^2; y]",)),
         ("@(t) sin(t)", ("f(t) = sin(t)",))),
    ),
    Advice(
        re.compile(
            rf"^function\s+(?:(?P<out>\w+)\s*=\s*)?(?P<name>[^\W\d]\w*)\s*\({_ARGUMENTS}\)\s*"
            r"(?:return\s+|[a-z]\w*\s*=(?!=)\s*)?(?P<body>[^\n;=]+?)\s*;?\s*end\b", re.M,
        ),
        "A function is written with =, in one line.", defined,
        (("function y = f(x)\n  y = x^2;\nend", ("f(x) = x^2",)),
         ("function f(x, y)\n  return x^2 y\nend", ("f(x, y) = x^2 y",))),
        below=True,
    ),
    Advice(
        re.compile(r"\b([^\W\d]\w*)\.'"), "The transpose is x^T.", _written("{1}^T"),
        (("x in R^2\nf = x.'*x", ("x^T",)),),
    ),
    Advice(
        re.compile(r"([\w.]+(?:\([^()]*\))?)\s*~=\s*(-?[\w.]+)"), "A condition says unequal with not and ==.",
        _written("not {1} == {2}"), (("f(x) = x^2 if x ~= 0 else 1", ("not x == 0",)),),
    ),
    Advice(
        re.compile(
            r"^(?:syms|sym|@variables|clear|clc|using|restart)\s+[A-Za-z][\w\s,]*;?$|^@?\s*var\s*\(\s*['\"].*$"
            r"|^[A-Za-z][\w\s,]*=\s*(?:\w+\.)?(?:symbols|Symbol|var|sym)\s*\(\s*['\"].*$"
            r"|^(?:with|library|require)\s*\(\w+\)\s*[:;]?$"
        ),
        "Names and packages need no line of their own; as a comment this one may stay.", commented,
        (("syms x y\nf = x^2*y", ("# syms x y",)), ("x = symbols('x')\nf = x^2", ("# x = symbols('x')",)),
         ('x, y = sp.symbols("x y")\nf = x^2 y', ('# x, y = sp.symbols("x y")',)),
         ("var('x y')\nf = x^2 y", ("# var('x y')",)), ("with(VectorCalculus):\nf = x^2", ("# with(VectorCalculus):",)),
         ("library(numDeriv)\nf = x^2", ("# library(numDeriv)",))),
    ),
    Advice(
        re.compile(r"^syms?\s+[A-Za-z][\w\s]*[;,]\s*(?P<rest>[^;\n]*=.*?);?$"), "Names need no line of their own.",
        lambda found: (found["rest"],), (("syms x y; f = x^2*y", ("f = x^2*y",)), ("sym x, f = x^2;", ("f = x^2",))),
    ),
    Advice(
        re.compile(r"\s*\.\.\.$|\s*\\\\?$"), "A line goes on while a bracket is open, without a sign.", none,
        (("f(x) = x^2 + ...\n 3x", ()),),
    ),
    # -------------------------------------------------------------- derivatives as commands
    Advice(
        re.compile(
            r"^(?:\w+\.)?(?:[dD]iff|D|gradient)[(\[][A-Za-z](?:[(\[]\w+[)\]])?\s*,\s*\w+[)\]];?$"
            r"|^(?:[^\W\d]\w*\s*=\s*)?(?:\w+\.)?[jJ]acobian\(\w(?:\([\w, ]+\))?\s*,\s*[\[{(][\w\s,]+[\]})]\);?$"
        ),
        "Derivatives are what jacmagic finds by itself; as a comment this line may stay.", commented,
        (("f = x^2\ndiff(f, x)", ("# diff(f, x)",)),
         ("f(x, y) = [x y, x]\nJ = jacobian(f, [x, y])", ("# J = jacobian(f, [x, y])",)),
         ("f(x) = x^2\nD[f[x], x]", ("# D[f[x], x]",))),
    ),
    Advice(
        re.compile(rf"^(?:\w+\.)?(?:[dD]iff|D)[(\[](?P<of>{_CALL}+),\s*(?P<arguments>[^\W\d]\w*)[)\]];?$"),
        "Derivatives are what jacmagic finds; write only the function.", _function_of,
        (("diff(x^2*sin(x), x)", ("f(x) = x^2*sin(x)",)), ("D[Sin[x]^2, x]", ("f(x) = sin(x)^2",))),
    ),
    Advice(
        re.compile(
            r"^(?:[^\W\d]\w*\s*=\s*)?(?:\w+\.)?(?:[jJ]acobian|gradient|[gG]rad|D)[(\[]\s*(?:Matrix\()?"
            rf"(?P<of>{_CALL}+?|\{{[^{{}}]+\}})\)?\s*,\s*[\[{{(]{{1,2}}{_ARGUMENTS}[\]}})]{{1,2}}\s*[)\]];?$"
        ),
        "Derivatives are what jacmagic finds; write only the functions, with their arguments.", _function_of,
        (("jacobian([x^2*y, 5*x], [x, y])", ("f(x, y) = [x^2*y, 5*x]",)),
         ("J = Jacobian([x^2, y], [x, y])", ("f(x, y) = [x^2, y]",)),
         ("D[{x^2 y, Sin[x]}, {{x, y}}]", ("f(x, y) = (x^2 y, sin(x))",)),
          ("gradient(x^2*y, [x, y])", ("f(x, y) = x^2*y",))),
    ),
    Advice(
        re.compile(
            rf"(?<![A-Za-z_.])(?:[A-Za-z]\w*\.)?(?:[dD]iff|[dD]erivative)\(\s*(?P<of>{_CALL}+?)\s*,\s*['\"]?(?P<by>[^\W\d]\w*)['\"]?"
            r"(?P<order>\s*,\s*2|\s*,\s*(?P=by))?\s*\)"
        ),
        "A derivative is df/dx, or d/dx (x^2).", _derivative,
        (("f(x) = x^3\ng = diff(f, x)", ("df/dx",)), ("f(x) = x^3\ng = 2diff(f(x), x)", ("df/dx",)),
         ("g(x) = diff(x^3 + x, x)", ("d/dx (x^3 + x)",)), ("f(x) = x^3\ng = sp.diff(f, x, 2)", ("d²f/dx²",))),
    ),
    Advice(
        re.compile(
            r"^(?P<left>(?!f\b)[^\W\d]\w*\s*=\s*)(?P<what>hess|hessian|[gG]rad|gradient|[lL]aplacian|laplace|[dD]iv|"
            rf"divergence|[cC]url|rot)\((?P<of>(?!\w+\)){_CALL}+)\)$"
        ),
        "This is of a function that has a name, on a line above.", _of_a_function,
        (("H = hess(x^2 y)", ("f = x^2 y; H = hess f",)),
         ("g = gradient(x^2 + sin(y))", ("f = x^2 + sin(y); g = grad f",))),
    ),
    # -------------------------------------------------------------- Mathematica, Maple
    Advice(
        re.compile(
            r"^(?P<name>[^\W\d]\w*)\[(?P<arguments>(?:[A-Za-z]_|(?![ijkln]\b)[A-Za-z])(?:\s*,\s*[A-Za-z]_?)*)\]\s*"
            r":?=\s*(?P<body>[^=].*?);?$"
        ),
        "A function has its arguments in round brackets.", _wolfram,
        (("f[x_] := x^2", ("f(x) = x^2",)),
         ("f[x_, y_] := {x^2 Sin[y], Exp[-x]}", ("f(x, y) = (x^2 sin(y), exp(-x))",)),
         ("f[x_] = ArcTan[1, x] + Pi", ("f(x) = atan2(x, 1) + pi",)), ("f[x] = x^2", ("f(x) = x^2",))),
    ),
    Advice(
        re.compile(rf"^(?:plt\.)?(?:Plot3D|Plot|plot|plot3d|fplot|ezplot|ContourPlot)[(\[](?P<of>{_CALL}+?)(?:,.*)?[)\]];?$"),
        "The panel draws by itself; write only the function.", _drawn,
        (("Plot[x^2, {x, 0, 1}]", ("f = x^2",)), ("plot(sin(x) + y)", ("f = sin(x) + y",)), ("plot(x)\nf(x) = x^2", ()),
         ("Plot3D[Sin[x] y, {x, 0, 1}, {y, 0, 1}]", ("f = sin(x) y",))),
    ),
    Advice(
        re.compile(rf"^.*\b(?:{'|'.join(sorted(_CAPITALS))})\[.*$"),
        "Functions are written small, and their arguments stand in round brackets.", _capitals,
        (("f(x) = Exp[-x^2] + Sqrt[x]", ("f(x) = exp(-x^2) + sqrt(x)",)),
         ("f(x) = Sin[Cos[x]]", ("f(x) = sin(cos(x))",)),
         ("f(x, y) = ArcTan[x, y]", ("f(x, y) = atan2(y, x)",)), ("f(x) = x Frobnicate[Sin[x]]", ())),
    ),
    Advice(
        re.compile(r"\s*/\.\s*\{?\s*([^\W\d]\w*)\s*(?:->|→)\s*(-?[\d.]+)\s*\}?$"),
        "A value has a statement of its own.", _written("; {1} = {2}"), (("f = x^2 /. x -> 3", ("; x = 3",)),),
    ),
    Advice(
        re.compile(r"\(\*\s*(.*?)\s*\*\)\s*$|/\*\s*(.*?)\s*\*/\s*$"), "A comment starts with #.",
        lambda found: (f"# {found[1] or found[2]}",),
        (("f(x) = x^2 (* the square *)", ("# the square",)), ("f(x) = x^2 /* the square */", ("# the square",))),
    ),
    Advice(
        re.compile(rf"(?:(?<==)|(?<== ))\{{(?P<pieces>[^{{}}=]*{_RELATION}=?[^{{}}]*)\}}$"),
        "Cases are written a if x > 0 else b.", _pieces,
        (("f(x) = {x^2 if x > 0, 0 otherwise}", ("x^2 if x > 0 else 0",)),
         ("f(x) = {x^2, x>0; 0, x<=0}", ("x^2 if x>0 else 0",)),
         ("f(x) = {1 if x > 1; x if x > 0; 0 otherwise}", ("1 if x > 1 else x if x > 0 else 0",)),
         ("f(x) = {1, x > 1; 0, otherwise}", ("1 if x > 1 else 0",)),
         ("f(x) = {x^2 if x > 0 else 0}", ("x^2 if x > 0 else 0",)),
         ("f(x) = {x^2, x > 0}", ())),
    ),
    Advice(
        re.compile(
            rf"(?:(?<==)|(?<== ))(?P<pieces>(?:[^,;={{}}]+,\s*[^,;]*{_RELATION}[^,;]*;\s*)+"
            rf"[^,;={{}}]+,\s*(?:[^,;]*{_RELATION}[^,;]*|otherwise|else))$"
        ),
        "Cases are written a if x > 0 else b.", _pieces,
        (("f(x) = x^2, x > 0; -x, x<=0", ("x^2 if x > 0 else -x",)),
         ("f(x) = 1, x > 1; x, x > 0; 0, otherwise", ("1 if x > 1 else x if x > 0 else 0",))),
    ),
    Advice(
        re.compile(
            r"(?:(?<==)|(?<== ))\{((?:[^{}\[\](),'\":]|\([^()]*\)|\[[^\[\]]*\])+"
            r"(?:,(?:[^{}\[\](),'\":]|\([^()]*\))+)+)\}"
        ),
        "A column stands in round or square brackets.", _written("[{1}]"),
        (("f = {x^2, y}", ("[x^2, y]",)), ("f(x, y) = {sin(x), x y, 1}", ("[sin(x), x y, 1]",))),
    ),
    Advice(
        re.compile(
            rf"^(?P<name>[^\W\d]\w*)\s*(?::?=|:|\\colon)\s*\(?(?!R\b|ℝ){_ARGUMENTS}\)?\s*(?:->|→|↦|⟼|\\mapsto|\\to|=>)\s*"
            r"(?P<body>[^>→↦]*?[^>→↦:;])[:;]?$"
        ),
        "A function has its arguments in front of =; -> joins the layers of a net.", defined,
        (("f := x -> x^2", ("f(x) = x^2",)),
         ("f := (x, y) -> x*y;", ("f(x, y) = x*y",)),
         ("f = x -> sin(x)", ("f(x) = sin(x)",)),
         ("f: x ↦ x²", ("f(x) = x²",)), (r"f \colon x \mapsto x^2", ("f(x) = x^2",))),
        net=False,
    ),
    Advice(
        re.compile(r"^(?P<left>[^\W\d]\w*(?:\([\w\s,]*\))?)\s*:?=\s*(?P<right>[^=:]+?)\s*:$"),
        "A line ends without a colon.", _written("{1} = {2}"),
        (("f := x^2:", ("f = x^2",)), ("f(x) = x^2:", ("f(x) = x^2",))),
    ),
    # -------------------------------------------------------------- other signs for =
    Advice(
        re.compile(rf"^([^\W\d]\w*\s*\({_ARGUMENTS}\))\s*(?:->|→|=>|↦|\\mapsto|\\to)\s*([^=→↦>:]+)$"),
        "A function is written with =.", _written("{1} = {3}"),
        (("f(x) -> x^2", ("f(x) = x^2",)), ("f(x, y) => x y", ("f(x, y) = x y",))), net=False,
    ),
    Advice(
        re.compile(
            rf"^([^\W\d]\w*\s*\({_ARGUMENTS}\))\s*(?:≈|≡|∝|\\(?:approx|equiv|triangleq|propto|simeq|cong|doteq)(?![a-zA-Z])"
            r"|\\stackrel\{[^{}]*\}\{=\}|\\overset\{[^{}]*\}\{=\}|\\colon\s*=|:(?!=))\s*(?!=)([^=→:]+)$"
        ),
        "A function is written with =.", _written("{1} = {3}"),
        (("f(x): x^2", ("f(x) = x^2",)), ("f(x, y) ≈ x y", ("f(x, y) = x y",)),
         (r"f(x) \triangleq x^2", ("f(x) = x^2",)), (r"f(x) \equiv x^2", ("f(x) = x^2",)),
         (r"f(x) \colon= x^2", ("f(x) = x^2",)), (r"f(x) \propto x^2", ("f(x) = x^2",))),
    ),
    # -------------------------------------------------------------- R
    Advice(
        re.compile(
            rf"^(?P<name>[^\W\d]\w*)\s*(?:<-|=)\s*function\s*\({_ARGUMENTS}\)\s*(?:\{{\s*)?(?:return\s*\()?"
            r"(?P<body>[^{}\n]+?)\s*\}?$"
        ),
        "A function is written with its arguments in front of =.", defined,
        (("f <- function(x) x^2", ("f(x) = x^2",)), ("f <- function(x, y) { x^2*y }", ("f(x, y) = x^2*y",))),
    ),
    Advice(
        re.compile(r"^([^\W\d]\w*(?:\s*\([\w\s,]+\))?)\s*(?:<-|≈|≡)\s*([^<>]+)$"),
        "A line says what a name is with =.", _written("{1} = {2}"),
        (("k <- 3\nf(x) = k x", ("k = 3",)), ("f(x) <- x^2", ("f(x) = x^2",)), ("f(x) = x^2\nx ≈ 3", ("x = 3",))),
    ),
    Advice(
        re.compile(r"^.*%\*%.*$"), "Matrices stand side by side, A x; the transpose is A^T.",
        everywhere({r"\s*%\*%\s*": " ", r"\bt\((\w+)\)": r"\1^T"}),
        (("A in R^(2x2)\nx in R^2\nf = A %*% x", ("f = A x",)),
         ("A in R^(2x2)\nx in R^2\nf = t(x) %*% A %*% x", ("f = x^T A x",))),
    ),
    Advice(
        re.compile(r"(?<![\w.])c(\([^()]*(?:\([^()]*\)[^()]*)*,[^()]*(?:\([^()]*\)[^()]*)*\))"),
        "A column has its brackets alone; c in front of them is a product, with *.",
        lambda found: (found[1], f"c*{found[1]}"),
        (("f(x) = c(1, x, 3)", ("(1, x, 3)", "c*(1, x, 3)")),),
    ),
    # -------------------------------------------------------------- Julia
    Advice(
        re.compile(r"^.*(?:[^\W\d]\w*\.\(|(?<!\.)\.[+\-](?!\.)).*$"),
        "Functions work entry by entry without a dot, and so do + and -.",
        everywhere({r"(?<=\w)\.\(": "(", r"(?<!\.)\.([+\-])": r"\1"}),
        (("x in R^3\nf = sin.(x) .+ 1", ("f = sin(x) + 1",)),
         ("x in R^2\nf = tanh.(W*x .+ b) in R^2", ("f = tanh(W*x + b) in R^2",))),
    ),
    Advice(
        re.compile(
            r"^(?P<name>[^\W\d]\w*)\((?P<inside>\w+\s*::?\s*[^\W\d]\w*(?:\s*,\s*\w+(?:\s*::?\s*[^\W\d]\w*)?)*)\)"
            r"(?:\s*(?:::|->)\s*\w+)?(?=\s*=)"
        ),
        "The arguments of a function are names, without a type.",
        lambda found: (found["name"] + re.sub(r"\s*::?\s*[^\W\d]\w*", "", f"({found['inside']})"),),
        (("f(x::Float64) = x^2", ("f(x)",)), ("f(x: float, y: float) = x y", ("f(x, y)",))),
    ),
    Advice(
        re.compile(r"(?<![\w.])(\d+)\s*//\s*(\d+)(?![\w.])"),
        "A fraction has one slash, and whole division is written with floor.", _written("({1}/{2})"),
        (("f(x) = 1//2 x", ("(1/2)",)),),
    ),
    Advice(
        re.compile(r"([^\W\d]\w*|\([^()]*\))\s*\|>\s*([^\W\d]\w*)$"), "A function stands before its argument.",
        lambda found: (f"{found[2]}{found[1]}" if found[1][0] == "(" else f"{found[2]}({found[1]})",),
        (("f(x) = x |> sin", ("sin(x)",)), ("f(x) = (x + 1) |> exp", ("exp(x + 1)",))),
    ),
    # -------------------------------------------------------------- cases
    Advice(
        re.compile(r"(?:(?<==)|(?<== ))([^=?:]*?[<>=≤≥][^?:]*?)\s*\?\s*([^?:]+?)\s*:\s*([^?:]+)$"),
        "Cases are written a if x > 0 else b.", _written("{2} if {1} else {3}"),
        (("f(x) = x > 0 ? x^2 : 0", ("x^2 if x > 0 else 0",)), ("f(x) = (x >= 1) ? 1 : x", ("1 if (x >= 1) else x",))),
    ),
    Advice(
        re.compile(r"(?<![\w\])])\[([^\[\],;]*[<>≤≥][^\[\],;]*)\]"), "An indicator is 1[x > 0].", _written("1[{1}]"),
        (("f(x) = [x > 0] x", ("1[x > 0]",)), ("f(x) = 2 [x ≥ 1]", ("1[x ≥ 1]",))),
    ),
    Advice(
        re.compile(r"\belif\b|\belse\s+if\b|\belseif\b"),
        "Cases follow one another: a if x > 1 else b if x > 0 else c.", none,
        (("f(x) = x if x>0 elif x<-1 1 else 0", ()), ("f(x) = x if x>0 else if x<-1 then 1 else 0", ())),
    ),
    Advice(
        re.compile(r"(?<![\w)\]}²³]\s)\bif\s+([^,]+?)\s*(?:\bthen\b|,)\s*(.+?)\s*,?\s*\b(?:else|otherwise)\b,?\s+(.+)$"),
        "The value stands before its condition: a if x > 0 else b.", _written("{2} if {1} else {3}"),
        (("f(x) = if x > 0 then x else -x", ("x if x > 0 else -x",)),),
    ),
    Advice(
        re.compile(
            r"\b(?:ifelse|IF|If|iif|if|piecewise|Piecewise)[(\[]([^,()]*[<>=≤≥][^,()]*),"
            rf"({_CALL}+?),({_CALL}+?)[)\]]"
        ),
        "Cases are written a if x > 0 else b.", _written("({2} if {1} else {3})"),
        (("f(x) = ifelse(x > 0, x, 0)", ("(x if x > 0 else 0)",)),
         ("f(x) = IF(x>=0, x^2, -x)", ("(x^2 if x>=0 else -x)",))),
    ),
    Advice(
        re.compile(r"\bif\s+[^,=]+?\s*,\s*(?:else|otherwise)\b|\bif\s[^,;=]*?\sotherwise\b|\bwhen\s[^,;=]*?\s(?:else|otherwise)\b"),
        "Cases are written a if x > 0 else b.",
        lambda found: (re.sub(r"\s*,?\s*\w+$", " else", re.sub(r"^\w+", "if", found[0])),),
        (("f(x) = x^2 if x > 0, else 0", ("if x > 0 else",)), ("f(x) = x^2 if x > 0 otherwise 0", ("if x > 0 else",)),
         ("f(x) = x^2 when x > 0 else 0", ("if x > 0 else",))),
    ),
    Advice(
        re.compile(
            r"(?:(?<==)|(?<== ))[\[(](?P<pieces>[^\[\](){}=]*\bif\b[^\[\]{}=]*"
            rf"{_RELATION}=?[^\[\]{{}}]*\botherwise\s*)[\])]$"
        ),
        "Cases are written a if x > 0 else b.", _pieces,
        (("f(x) = [x^2 if x > 0, 0 otherwise]", ("x^2 if x > 0 else 0",)),
         ("f(x) = (x^2 if x > 0, 0 otherwise)", ("x^2 if x > 0 else 0",))),
    ),
    Advice(
        re.compile(rf"\b(?:\w+\.)?[pP]iecewise\(\s*(?P<pieces>(?:\({_CALL}+?,[^(){{}},]*\)\s*,?\s*){{2,}})\)"),
        "Cases are written a if x > 0 else b.", _pairs,
        (("f(x) = Piecewise((x^2, x > 0), (0, True))", ("(x^2 if x > 0 else 0)",)),
         ("f(x) = 2 Piecewise((x^2, x > 1), (x, x > 0), (0, x <= 0))", ("(x^2 if x > 1 else x if x > 0 else 0)",))),
    ),
    Advice(
        re.compile(
            rf"(?:(?<==)|(?<== ))(?!.*\belse\s+\S)(?P<pieces>[^{{}}=\s][^{{}}=]*?\b(?:for|if|when)\b[^{{}}=]*"
            rf"{_RELATION}=?[^{{}}]*(?:;|,|\band\b)[^{{}}]*(?:\b(?:for|if|when)\b[^{{}}]*{_RELATION}|\botherwise\b|\belse\b)[^{{}}]*)$"
        ),
        "Cases are written a if x > 0 else b.", _pieces,
        (("f(x) = x^2 for x > 0 and 0 for x <= 0", ("x^2 if x > 0 else 0",)),
         ("f(x) = x if x > 0, -x otherwise", ("x if x > 0 else -x",)),
         ("f(x) = x^2 if x > 0, 0 if x <= 0", ("x^2 if x > 0 else 0",))),
    ),
    # -------------------------------------------------------------- Python
    Advice(
        re.compile(r"(?:\w+\.)*(?:Matrix|Vector|array|asarray|tensor|Tensor|matrix|vector)(?=\(\s*[\[(])\((.*)\)"),
        "A vector or matrix stands in its brackets alone.",
        _inner,
        (("A = Matrix([[1,2],[3,4]])\nx in R^2\nf = A x", ("[[1,2],[3,4]]",)),
         ("f(x, y) = np.array([x^2, y])", ("[x^2, y]",)),
         ("f(x) = torch.tensor([1., x])", ("[1., x]",))),
    ),
    Advice(
        re.compile(r"(?<!^)\bfor\s+([A-Za-z])\s+in\s+range\(\s*([A-Za-z]|\d+)\s*\)"),
        "The index of a family runs from 1: for i = 1..n.", _running,
        (("x in R^3\nf = sum([x[i]^2 for i in range(3)])", ("for i = 1..3",)),
         ("f(x) = sum(x^i for i in range(3))", ())),
    ),
    Advice(
        re.compile(rf"(?<![\w.])(?!(?:{'|'.join(MODULES)})\.)([^\W\d]\w*)\.(\w+)\(([^()]+)\)"),
        "A function stands before its arguments.", _method,
        (("x, y in R^3\nf = x.dot(y)", ("dot(x, y)",)),
         ("f(x) = x.pow(2)", ("x^2",)),
         ("x in R^3\nf = x.reshape(3)", ())),
    ),
    Advice(
        re.compile(r"(?:[\"“”‘«»]|(?<![\w'′’])')([^\"'“”‘’«»]+)[\"'“”‘’«»]"),
        "A formula stands without quotation marks.", _written("{1}"),
        (('f(x) = "x^2"', ("x^2",)), ("f(x) = “x^2”", ("x^2",))),
    ),
    Advice(
        re.compile(r"\b[^\W\d]\w*\[end(?:\s*-\s*\d+)?\]"),
        "The last entry has the size as its number: x[3] of x in R^3.", none,
        (("x in R^3\nf = x[end]", ()),),
    ),
    Advice(
        re.compile(r"(?<![\w.])((?:log_)?softmax|layer_norm)\(([^()=]*?)\s*,\s*(?:dim|axis)\s*=\s*-?1(?:\s*,\s*keepdims?\s*=\s*\w+)?\)"),
        "The axis is not written: a vector has one, and of a matrix it is each row.", _written("{1}({2})"),
        (("z in R^3\nf = softmax(z, dim=-1)", ("softmax(z)",)),),
    ),
    Advice(
        re.compile(r"\b(?:sum|mean|prod|max|min|var)\([^()=]*?\s*,\s*(?:dim|axis|keepdims?)\s*=\s*-?\w+.*?\)"),
        "A sum or mean is over all entries: sum(x), mean(x).", none, (("x in R^3\nf = max(x, axis=0)", ()),),
    ),
    # -------------------------------------------------------------- LaTeX, and what is typeset
    Advice(
        re.compile(r"(\\?[^\W\d]\w*)\s*\^\s*(?:\{\s*(?:\*|\\ast|\\star)\s*\}|\*(?!\*)|\\ast\b|\\star\b)"),
        "A star is no exponent; x_star is a name.", _written("{1}_star"),
        (("f(x) = x - y^*", ("y_star",)), (r"f(x) = y^{*}", ("y_star",)), (r"f(x) = \theta^\star", (r"\theta_star",))),
    ),
    Advice(
        re.compile(r"[±∓]|\\(?:pm|mp)(?![A-Za-z])"), "± stands for two functions; each has a line of its own.", none,
        (("f(x) = 1 ± x", ()), (r"f(x) = \pm x", ())),
    ),
    Advice(
        re.compile(
            r"(?:\\math(?:bb|bf|bbm|1)\s*\{?\s*[1I]\s*\}?|\\chi|\b[1I]|𝟙|χ)\s*(?:_)?\s*(?:\\\{|[({]|\\left\\?[({])\s*"
            r"([^(){}\[\]\\]*(?:[<>≤≥]|\\[lg]eq?\b)[^(){}\[\]\\]*?)\s*(?:\\\}|\\right\\?[)}]|[)}])"
        ),
        "An indicator is 1[x > 0].", _written("1[{1}]"),
        ((r"f(x) = x 1\{x > 0\}", ("1[x > 0]",)), (r"f(x) = x \mathbb{I}(x > 0)", ("1[x > 0]",)),
         ("f(x) = x I(x > 0)", ("1[x > 0]",))),
    ),
    Advice(
        re.compile(r"\b([a-z]\w*)\s*(?:⊗|\\otimes)\s*([a-z]\w*)"), "The outer product of two columns is u v^T.",
        _written("{1} {2}^T"), (("u, v in R^2\nf = u ⊗ v", ("u v^T",)), ("u, v in R^2\nf = u \\otimes v", ("u v^T",))),
    ),
    Advice(
        re.compile(rf"^(?!at\b)[^=]+=[^=]+{_AND}[^\W\d]\w*\s*(?:\([\w\s,]*\))?\s*=[^=]+$"),
        "Functions have a line each, or a semicolon between them.",
        everywhere({rf",?\s*{_AND}(?=[^\W\d]\w*\s*(?:\([\w\s,]*\))?\s*=)": "; "}),
        ((r"f(x) = x^2 \quad g(x) = x^3", ("f(x) = x^2; g(x) = x^3",)),
         ("f(x)=x^2 and g(x)=x^3", ("f(x)=x^2; g(x)=x^3",))),
    ),
    Advice(
        re.compile(
            r"((?:[\w.]+|\([^()]*\))\s*(?:\^|\*\*)\s*\(?)([+\-−]?)\s*([√∛]\s*(?:\([^()]*\)|\w+(?:\^\w+|[²³])?))(?=\s*(?:$|[-+−*·/)\],;]|\w|\())"
        ),
        "A root in an exponent needs brackets.", _written("{1}({2}{3})"),
        (("f(x) = e^-√x", ("e^(-√x)",)), ("f(x) = 2 x^√2 + 1", ("x^(√2)",)), ("f(x) = e^√(x + 1)", ("e^(√(x + 1))",))),
    ),
    # -------------------------------------------------------------- calculators
    Advice(
        re.compile(r"([⁰¹²³⁴-⁹]+)√\s*([^\W\d]\w*|\d+|\([^()]*\))"), "A root of another degree is a power.", _root,
        (("f(x) = ³√x", ("cbrt(x)",)), ("f(x) = ⁵√x", ("x^(1/5)",)), ("f(x) = x + ⁴√(x + 1)", ("(x + 1)^(1/4)",))),
    ),
    Advice(
        re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)%(?![%*\d])"),
        "A percentage is written as a fraction.", _written("({1}/100)"),
        (("f(x) = 50% x", ("(50/100)",)), ("f(x) = x*(1 + 5%)", ("(5/100)",))),
    ),
    Advice(
        re.compile(
            r"(?<![\w\\])(?:nCr|binom|comb|choose|binomial)\(\s*(?P<n>\d+)\s*,\s*(?P<k>\d+)\s*\)"
            r"|(?<![\w.])(?P<n2>\d+)\s*nCr\s*(?P<k2>\d+)"
        ),
        "Binomial coefficients of numbers are written out.", _chosen,
        (("f(x) = nCr(5, 2) x", ("10",)), ("f(x) = 5nCr2 x", ("10",))),
    ),
    Advice(
        re.compile(r"\\[dt]?binom\s*\{?\s*(?P<n>\d+)\s*\}?\s*\{?\s*(?P<k>\d+)\s*\}?(?P<n2>)(?P<k2>)"),
        "Binomial coefficients of numbers are written out.", _chosen, ((r"f(x) = \binom{5}{2} x", ("10",)),),
    ),
    Advice(
        re.compile(r"(\d+)⌟(\d+)"), "A fraction has a slash.", _written("({1}/{2})"), (("f(x) = 1⌟2 x", ("(1/2)",)),),
    ),
    Advice(
        re.compile(r"∂\s*([A-Z])\s*/\s*∂\s*\([\w,\s]+\)|\\[dt]?frac\{\\partial\s*([A-Z])\}\{\\partial\s*\([\w,\s]+\)\}"),
        "The Jacobian of F is J_F.", lambda found: (f"J_{found[1] or found[2]}",),
        (("F(x,y) = [x², y]\nJ = ∂F/∂(x,y)", ("J_F",)),),
    ),
    Advice(
        re.compile(r"(?:(?<==)|(?<== ))(?=\S).*\[[A-Z]\w*\].*$"), "A concentration is a name, without brackets.",
        everywhere({r"(?<=[\w\]])\s*\[([A-Z]\w*)\]": r" \1", r"\[([A-Z]\w*)\](?=\w)": r"\1 ",
                    r"\[([A-Z]\w*)\]": r"\1"}),
        (("v = V_max [S]/(K_m + [S])", ("V_max S/(K_m + S)",)), ("v = k [A][B]", ("k A B",))),
    ),
    # -------------------------------------------------------------- heads of functions
    Advice(
        re.compile(r"^([^\W\d]\w*)\s*\((?=[^)]*(?:[|;]|\w\s+\w))([^\W\d]\w*(?:\s*[,|;\s]\s*[^\W\d]\w*)+)\)(?=\s*:?=)"),
        "The arguments of a function are names with commas between them.", _arguments,
        (("f(x|k) = k x", ("f(x)", "f(x, k)")), ("f(x; a) = a", ("f(x)", "f(x, a)")), ("f(x y) = x y", ("f(x, y)",))),
    ),
    Advice(
        re.compile(r"(?:\bE|\\(?:mathrm|mathbb)\{E\})\s*\[\s*([^\W\d]\w*)\s*\]"),
        "The mean of a vector's entries is mean(x).", _written("mean({1})"),
        (("x in R^3\nf = E[x]", ("mean(x)",)),),
    ),
    Advice(
        re.compile(
            r"^([^=]*=[^=<>]*?[^=<>\s])\s*(?:,|\bfor(?:\s+all)?\b|\bwith\b|\bwhere\b|∀|\\forall\b)\s*"
            r"([^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*\s*(?:\bin\b|∈|\\in\b)\s*(?:R|ℝ|\\mathbb\s*\{?R\}?).*)$"
        ),
        "A size has a statement of its own.", _written("{1}; {2}"),
        (("f(x) = x^2, x ∈ ℝ", ("f(x) = x^2; x ∈ ℝ",)), ("f(x) = 2x for all x ∈ ℝ", ("f(x) = 2x; x ∈ ℝ",)),
         ("f = ||x|| for x in R^3", ("f = ||x||; x in R^3",))),
    ),
    Advice(
        re.compile(r"\b(max|min)\s*(?:\{([^{}]*,[^{}]*)\}|\(([^();]*;[^();]*)\))"),
        "The arguments of max and min stand in round brackets, with commas between them.",
        lambda found: (f"{found[1]}({(found[2] or found[3]).replace(';', ',').strip()})",),
        (("f(x) = max{0, x}", ("max(0, x)",)), ("f(x) = min(x; 1)", ("min(x, 1)",))),
    ),
    Advice(
        re.compile(r"∜\s*(\([^()]*\)|[^\W\d]\w*|\d+)"), "A root of another degree is root(x, 4).",
        lambda found: (f"root({found[1].strip('()')}, 4)",),
        (("f(x) = ∜x", ("root(x, 4)",)), ("f(x) = ∜(x + 1)", ("root(x + 1, 4)",))),
    ),
    Advice(
        re.compile(r"\{\s*([^{}\\]+?|[^{}]*\\[a-z]+[^{}]*?)\s*\\over(?![a-z])\s*([^{}]+?)\s*\}"),
        r"A fraction is \frac{a}{b}, or a/b.", _written(r"\frac{{{1}}}{{{2}}}"),
        ((r"f(x) = {x \over 2}", (r"\frac{x}{2}",)), (r"f(x) = {1 \over x + 1} x", (r"\frac{1}{x + 1}",))),
    ),
    Advice(
        re.compile(r"\\over(?![a-z])"), r"A fraction is \frac{a}{b}, or a/b.", none, ((r"f(x) = x \over 2", ()),),
    ),
    Advice(
        re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*\\%"), "A percentage is written as a fraction.", _written("({1}/100)"),
        ((r"f(x) = 50\% x", ("(50/100)",)),),
    ),
    Advice(
        re.compile(r"^(?P<x>[A-Za-z])(?:\((?P<n>[i-nst])\s*\+\s*1\)|\[(?P<m>[a-z])\s*\+\s*1\]|(?P<k>[nkt])\s*\+\s*1)\s*=.+$"),
        "One step of a map is x_{n+1} = …, with x_n on the right.", _next_step,
        (("x(t+1) = r x(t) (1 - x(t))", ("x_{t+1} = r x_t (1 - x_t)",)),
         ("x[n+1] = r x[n] (1 - x[n])", ("x_{n+1} = r x_n (1 - x_n)",)),
         ("xn+1 = r xn (1 - xn)", ("x_{n+1} = r x_n (1 - x_n)",))),
    ),
    Advice(
        re.compile(
            r"^(?P<main>[^=]+=[^=]+?)\s*,?\s+where\s+(?!\w+\s*=\s*-?[\d.]+$)"
            r"(?P<given>[^\W\d]\w*\s*=[^=,]+(?:(?:,|\band\b)\s*[^\W\d]\w*\s*=[^=,]+)*)$"
        ),
        "What is used has a line of its own above.",
        lambda found: ("; ".join([*_BEFORE_A_NAME.split(found["given"]), found["main"]]),),
        (("z = x^2 + y^2 where x = r cos θ, y = r sin θ", ("x = r cos θ; y = r sin θ; z = x^2 + y^2",)),),
    ),
    Advice(
        re.compile(r"\^\s*\^"), "A power has one ^.", lambda found: ("^",), (("f(x) = x^^2", ("^",)),),
    ),
    Advice(
        re.compile(r"\bexp\s*\^\s*"), "exp is a function, exp(x), and e a number, e^x.", lambda found: ("e^",),
        (("f(x) = exp^x", ("e^",)), ("f(x) = x exp^(-x)", ("e^",))),
    ),
    # -------------------------------------------------------------- words
    Advice(
        re.compile(r"\s+(squared|cubed)\b"), "A power is written x^2.", lambda found: (_POWERS[found[1]],),
        (("f(x) = x squared", ("^2",)), ("f(x) = 2 x cubed + 1", ("^3",))),
    ),
    Advice(
        re.compile(r"(?<=\w|\))\s+(plus|minus|times|over|divided by)\s+(?=\w|\()"), "Operations are signs: + - * /.",
        lambda found: (f" {_SIGNS[found[1]]} ",), (("f(x) = x^2 plus 1", (" + ",)), ("f(x) = x over 2", (" / ",))),
    ),
    Advice(
        re.compile(r"^(?:let|set|given|define|consider|const|var|float|double|where|assume)\s+(\w.*=.*)$", re.I),
        "A line says what a name is, without a word before it.", _written("{1}"),
        (("Let f(x) = x^2", ("f(x) = x^2",)),
         ("f(x) = k x\nwhere k = 3", ("k = 3",)),
         ("given f(x, y) = x y", ("f(x, y) = x y",))),
    ),
    Advice(
        re.compile(r"^([A-Za-z])\s+of\s+([A-Za-z])\s*="),
        "A function has its arguments in brackets.", _written("{1}({2}) ="),
        (("f of x = x^2", ("f(x) =",)),),
    ),
    Advice(
        re.compile(r"^(?:(?:(?:find|compute|calculate|determine|get|what is|differentiate|derive)\s+(?:the\s+)?|the\s+)"
                   r"(?:(?:[a-z]['′’]\(\w+\)|(?:derivative|jacobian|gradient)(?:\s+matrix)?)\s+(?:of|for)\s+)?"
                   r"|(?:derivative|jacobian|gradient)(?:\s+matrix)?\s+(?:of|for)\s+|[d∂](?:\w\w?)?\s*/\s*[d∂]\w\s+of\s+)"
                   r"(?P<of>.+?)(?:\s+(?:by|with respect to|wrt)\s+\w+)?[?.]?$", re.I),
        "Derivatives are what jacmagic finds; write only the function.", lambda found: (found["of"],),
        (("Differentiate x^2", ("x^2",)), ("find the derivative of sin(x)^2", ("sin(x)^2",)),
         ("find f'(x) of x^2", ("x^2",)), ("derivative of x^2", ("x^2",)), ("dy/dx of y = x^2", ("y = x^2",)),
         ("Jacobian of (x^2 y, 5x + sin y)", ("(x^2 y, 5x + sin y)",)),
         ("find the gradient of f(x, y) = x y", ("f(x, y) = x y",)),
         ("The Jacobian matrix of F = [x y, x]", ("F = [x y, x]",))),
    ),
)
"""Rows, tried from the top."""
