"""What to say of a line that has a meaning elsewhere and none here: a table, tried where a line has failed.

A row says what such a line looks like, what is wrong in the reader's words, and what to
type; its examples are its tests. A row never sees a line that reads well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial

from jacmagic.errors import JacmagicError, LimitError, Span, SyntaxMistake

Match = re.Match[str]


@dataclass(frozen=True)
class Advice:
    """A complaint.

    looks     of the line, or of a part of it, which is then what is underlined
    says      one sentence
    fixes     the texts that may stand in the place of what is underlined
    examples  (block, fixes): each fix in its place is read
    net       for a block of %%nnchain or %%jacobian alone
    below     it goes on in the next line
    """

    looks: re.Pattern[str]
    says: str
    fixes: Callable[[Match], Sequence[str]]
    examples: tuple[tuple[str, tuple[str, ...]], ...]
    net: bool | None = None
    below: bool = False


def _none(found: Match) -> Sequence[str]:
    return ()


def _defined(found: Match) -> Sequence[str]:
    arguments = re.sub(r"\s*,\s*", ", ", found["arguments"].strip())
    return (f"{found['name'] or 'f'}({arguments}) = {found['body'].strip()}",)


def _remainder(found: Match) -> Sequence[str]:
    return (f"{found[1]} - {found[2]} floor({found[1]}/{found[2]})",)


def _net_sizes(found: Match) -> Sequence[str]:
    parts = [part.strip() for part in found[0].split("->")]
    return (" -> ".join(part if "(" in part else f"{part}(1)" for part in parts),)


_LAYER = re.compile(r"(?:nn\.|layers\.|keras\.layers\.)*(Dense|Linear|Conv1d|Dropout|Flatten|[A-Z]\w*)\s*\(([^()]*)\)")
_OPTIONS = re.compile(r"\b(?:units|activation|bias|True|False|features|in|out)\b")
_ACTIVATIONS = {
    "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "softmax": "softmax", "gelu": "gelu", "elu": "elu",
    "selu": "selu", "silu": "silu", "mish": "mish", "softplus": "softplus", "leakyrelu": "leaky_relu",
    "softsign": "softsign", "hardtanh": "hardtanh", "logsoftmax": "log_softmax",
}


def _arrows(found: Match) -> Sequence[str]:
    """Dense(4, tanh) between arrows: 4 tanh; one layer that is not known, and there is no fix."""
    parts: list[str] = []
    for part in re.split(r"\s*(?:->|→)\s*", found[0].strip()):
        layer = _LAYER.fullmatch(part)
        if layer is None:
            parts.append(part)
            continue
        sizes = re.findall(r"(?<![\w.])\d+", layer[2])
        words = re.findall(r"[A-Za-z_]+", _OPTIONS.sub("", layer[2]))
        activation = [_ACTIVATIONS.get(word.lower().replace("_", "")) for word in words]
        if layer[1] not in ("Dense", "Linear") or not sizes or None in activation or len(activation) > 1:
            return ()
        parts.append(" ".join([sizes[-1], *filter(None, activation)]))
    return (" -> ".join(parts),)


def _sequential(found: Match) -> Sequence[str]:
    """Sequential(Linear(2, 3), ReLU(), Linear(3, 1)): x(2) -> 3 relu -> 1."""
    parts: list[str] = []
    for name, inside in re.findall(r"(?:nn\.)?(\w+)\s*\(([^()]*)\)", found["layers"]):
        sizes = re.findall(r"(?<![\w.])\d+", inside)
        if name == "Linear" and len(sizes) == 2:
            parts += [f"x({sizes[0]})"] if not parts else []
            parts.append(sizes[1])
        elif name.lower() in _ACTIVATIONS and len(parts) > 1 and " " not in parts[-1]:
            parts[-1] += " " + _ACTIVATIONS[name.lower()]
        else:
            return ()
    return (" -> ".join(parts),) if len(parts) > 1 else ()


def _separated(found: Match) -> Sequence[str]:
    return (re.sub(r",\s*(?=[A-Za-z]\w*\s*\([^()=]*\)\s*=)", "; ", found[0]),)


def _size(found: Match) -> Sequence[str]:
    digits = found[2]
    return (f"{found[1]}^{digits}" if digits.isdigit() else f"{found[1]}^({digits})",)


TABLE = (
    Advice(
        re.compile(r"^(?:(?P<name>[A-Za-z]\w*)\s*=\s*)?lambda\s+(?P<arguments>\w+(?:\s*,\s*\w+)*)\s*:(?P<body>[^:]+)$"),
        "A function is written with its arguments in front of =, without lambda.", _defined,
        (("f = lambda x: x**2", ("f(x) = x**2",)), ("lambda x, y: x*y", ("f(x, y) = x*y",))),
    ),
    Advice(
        re.compile(
            r"^def\s+(?P<name>[A-Za-z]\w*)\s*\((?P<arguments>\w+(?:\s*,\s*\w+)*)\)\s*:\s*return\s+(?P<body>[^:\n]+)"
        ),
        "A function is written with =, without def and return.", _defined,
        (("def f(x): return x**2", ("f(x) = x**2",)), ("def g(x, y):\n    return x*y + 1", ("g(x, y) = x*y + 1",))),
        below=True,
    ),
    Advice(
        re.compile(r"^\(?(?P<arguments>[A-Za-z]\w*(?:\s*,\s*[A-Za-z]\w*)*)\)?\s*(?:->|→|↦|⟼|\\mapsto|=>)"
                   r"(?P<name>)\s*(?P<body>(?=.*[\^*+/=(\s])[^>→↦⟼]+)$"),
        "A function has a name and =; -> joins the layers of a net.", _defined,
        (("x -> x^2", ("f(x) = x^2",)), ("(x, y) -> x y + 1", ("f(x, y) = x y + 1",)),
         ("x ↦ sin(x)", ("f(x) = sin(x)",))),
        net=False,
    ),
    Advice(
        re.compile(r"^[A-Za-z]\w*\s*:\s*(?:\\mathbb\s*\{?R\}?|R|ℝ)[^=]*(?:->|→|\\to)[^=]*$"),
        "From where to where a function goes is seen from its line f(x, y) = …; as a comment this may stay.",
        lambda found: ("# " + found[0],),
        (("f: R^2 -> R^2\nf(x, y) = [x y, x]", ("# f: R^2 -> R^2",)), ("f : ℝ → ℝ\nf(x) = x^2", ("# f : ℝ → ℝ",))),
    ),
    Advice(
        re.compile(r"^(?:[A-Za-z]\w*\s*(?:->|→)\s*)(?:[A-Za-z]\w*(?:\(\d+\))?\s*(?:->|→)\s*)*[A-Za-z]\w*(?:\(\d+\))?$"),
        "Every layer says its size.", _net_sizes,
        (("x -> A(2) -> B(2) -> O", ("x(1) -> A(2) -> B(2) -> O(1)",)),),
    ),
    Advice(
        re.compile(r"^[A-Za-z]\w*(?:\(\d+\))?\s*(?:->|→).*\b(?:Dense|Linear)\s*\(.*$"),
        "A layer is its size and its activation: -> 4 tanh.", _arrows,
        (("x(2) -> Dense(4, tanh) -> Dense(1)", ("x(2) -> 4 tanh -> 1",)),
         ("x(3) -> Linear(3, 5) -> Dense(2, activation='softmax')", ("x(3) -> 5 -> 2 softmax",))),
    ),
    Advice(
        re.compile(r"^(?:\w+\s*=\s*)?(?:nn\.)?Sequential\((?P<layers>.*)\)$"),
        "A net is written in one line, as in x(2) -> 3 relu -> 1; from_torch takes a module of PyTorch.", _sequential,
        (("model = Sequential(Linear(2,3), ReLU(), Linear(3, 1))", ("x(2) -> 3 relu -> 1",)),
         ("nn.Sequential(nn.Linear(4, 2), nn.Tanh())", ("x(4) -> 2 tanh",))),
    ),
    Advice(
        re.compile(r"(?:^|(?<=\s))(?:%|//|--)\s*(?P<told>(?:[A-Za-z].*)?)$"), "A comment starts with #.",
        lambda found: (f"# {found['told']}".rstrip(),),
        (("f(x) = x^2 % the square", ("# the square",)), ("f(x) = x^2 // the square", ("# the square",)),
         ("% a comment\nf(x) = x^2", ("# a comment",)), ("// a comment\nf(x) = x^2", ("# a comment",))),
    ),
    Advice(
        re.compile(r"([A-Za-z]\w*|\d+)\s*%\s*(\d+)"), "A remainder is written with floor.", _remainder,
        (("f(x) = x % 2", ("x - 2 floor(x/2)",)),),
    ),
    Advice(
        re.compile(r"([A-Za-z]\w*|\d+)\s*//\s*(\d+)"), "Whole division is written with floor.",
        lambda found: (f"floor({found[1]}/{found[2]})",), (("f(x) = x // 2", ("floor(x/2)",)),),
    ),
    Advice(
        re.compile(r"(?<![<>=])<([^<>=]+(?:,[^<>=]+)+)>(?!=)"), "A column stands in round brackets.",
        lambda found: (f"({found[1]})",),
        (("f(x, y) = <x + y, x - y>", ("(x + y, x - y)",)), ("F = <x y, y, x>", ("(x y, y, x)",))),
    ),
    Advice(
        re.compile(r"(?<![\w.])(1?\d)!"), "Factorials of numbers are written out.",
        lambda found: (str(factorial(int(found[1]))),),
        (("f(x) = x^3/3!", ("6",)), ("f(x) = 4! x", ("24",))),
    ),
    Advice(
        re.compile(r"([A-Za-z]\w*)!"),
        "A factorial has no derivative; of a whole number it is a product, prod(i for i = 1..n).", _none,
        (("f(n) = n!", ()),),
    ),
    Advice(
        re.compile(r"(?<=[\s∈])([Rℝ])(\d+(?:x\d+)?)\b(?!\s*[=(])"), "A size is written R^3 or R^(2x3).", _size,
        (("x in R3\nf = ||x||^2", ("R^3",)), ("W in R2x3\nf = ||W||_F", ("R^(2x3)",))),
    ),
    Advice(
        re.compile(
            r"^(?:import|from)\s+\w.*$|^print\s*\(.*$|^(?:plt|np|torch|sp|sns)\.\w+\(.*$|^return\b.*$|^for\s+\w+\s+in\b.*:$"
        ),
        "That is Python, which has a cell of its own.", _none,
        (("import numpy as np\nf(x) = x^3", ()), ("f(x) = x^2\nprint(f)", ()),
         ("from math import sin\nf(x) = sin x", ())),
    ),
    Advice(
        re.compile(r"^[A-Za-z]\w*\s*\([^()=]*\)\s*=[^=]*(?:,\s*[A-Za-z]\w*\s*\([^()=]*\)\s*=[^=]*)+$"),
        "A comma separates values; functions have a line each, or a semicolon between them.", _separated,
        (("f(x)=x^2, g(x)=x^3", ("f(x)=x^2; g(x)=x^3",)),),
    ),
    Advice(
        re.compile(r"(?:(?<== )|(?<==))(?P<value>[^=<>\s][^=<>]*?)\s*(?:,|\bfor\b|\bwhen\b|\bwhere\b|\\quad)\s*"
                   r"(?P<domain>-?\w+\s*(?:[<>≤≥≠]|<=|>=|!=|\\geq?|\\leq?|\\neq?)\s*=?\s*-?[\w.]+)$"),
        "Where a function is defined needs no words: outside of it there is no number. Another value there is an else.",
        lambda found: (found["value"],),
        (("f(x) = ln x, x > 0", ("ln x",)), ("f(x) = 1/x for x ≠ 0", ("1/x",)),
         ("f(x)=sqrt(x) when x >= 0", ("sqrt(x)",))),
    ),
    Advice(
        re.compile(r"\s+(?:where|with|at|when)\s+([A-Za-z]\w*\s*=\s*-?[\d.]+)$"), "A value has a statement of its own.",
        lambda found: (f"; {found[1]}",),
        (("f(x, y) = x y z where z=3", ("; z=3",)), ("y = x^2 at x = 3", ("; x = 3",))),
    ),
    Advice(
        re.compile(r"(?<![\d.])(\d{1,3})((?:\.\d{3})+),(\d+)"),
        "Decimals are written with a point, and thousands without.",
        lambda found: (found[1] + found[2].replace(".", "") + "." + found[3],),
        (("f(x) = 1.000,5x", ("1000.5",)), ("f(x) = 12.345.678,9 x", ("12345678.9",))),
    ),
    Advice(
        re.compile(r"∫|\\int\b"),
        "Integrals are worked out before: write the function that is to be differentiated.", _none,
        (("f(x) = \\int x dx", ()), ("F(x) = ∫ x^2 dx", ())),
    ),
    Advice(
        re.compile(r"\\lim(?![a-z])"), "Limits are worked out before: write the function itself.", _none,
        (("f(x) = \\lim_{h \\to 0} x + h", ()),),
    ),
    Advice(
        re.compile(r"^(?:D_x|diff|derivative of)\s+(.+)$"),
        "Derivatives are what jacmagic finds; write only the function.", lambda found: (found[1],),
        (("derivative of x^2", ("x^2",)), ("diff x^2 sin x", ("x^2 sin x",))),
    ),
)


def better(text: str, error: JacmagicError, net: bool) -> JacmagicError:
    """The error, or what the table has to say of its line."""
    if error.span is None or isinstance(error, LimitError):
        return error
    start = text.rfind("\n", 0, error.span.start) + 1
    stop = text.find("\n", error.span.start)
    line = text[start : stop if stop >= 0 else len(text)].partition("#")[0].rstrip()
    start += len(line) - len(line.lstrip())
    line = line.lstrip()
    for row in TABLE:
        found = row.looks.search(text[start:] if row.below else line)
        if found is not None and row.net in (None, net):
            return SyntaxMistake(row.says, Span(start + found.start(), start + found.end()), tuple(row.fixes(found)))
    return error
