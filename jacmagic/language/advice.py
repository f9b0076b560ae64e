"""What to say of a line that has a meaning elsewhere and none here: a table, tried where a line has failed.

A row says what such a line looks like, what is wrong in the reader's words, and what to
type; its examples are its tests. A row never sees a line that reads well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from math import factorial

from jacmagic.errors import JacmagicError, LimitError, Span, SyntaxMistake
from jacmagic.language import foreign, papers
from jacmagic.language.complaint import Advice, Match, defined, none
from jacmagic.language.libraries import in_own_words


def _divided(new: str) -> Callable[[Match], Sequence[str]]:
    """What stands for x % 2 and x // 2, where these two are all that is divided: not 2*x % 3, not -x // 2."""
    def write(found: Match) -> Sequence[str]:
        before, behind = found.string[: found.start()], found.string[found.end() :].lstrip()
        begins = re.search(r"(?:^|[=+(\[,;]|[\w)\]]\s*[-−])\s*$", before)
        return (new.format(*found.groups()),) if begins and behind[:1] in ("", *"+-−*/)],;") else ()

    return write


_AXIS = r"(?<![\w\\])(?:[ijk]|\\(?:hat|vec|mathbf|boldsymbol)\s*\{\s*\\?[ijk](?:math)?\s*\})"
"""A unit vector, as physics writes it."""

_FRACTIONS = "[½⅓⅔¼¾⅕⅖⅗⅘⅙⅛⅜⅝⅞]"


def _along_axes(found: Match) -> Sequence[str]:
    """[cos t, sin t] of cos t i + sin t j."""
    terms, depth = [""], 0
    for ch in found["sum"].strip():
        depth += (ch in "([{") - (ch in ")]}")
        if ch in "+-−" and not depth and re.search(rf"{_AXIS}\s*$", terms[-1]):
            terms.append("")
        if ch != "+" or depth or terms[-1].strip():
            terms[-1] += ch
    entries: dict[str, str] = {}
    for term in terms:
        unit = re.search(rf"\s*({_AXIS})\s*$", term)
        if unit is None or not unit.start():
            return ()
        letter = next(one for one in re.sub(r"\\(?!i|j)[a-z]+", "", unit[1]) if one in "ijk")
        entries[letter] = re.sub(r"^([-−])\s*", r"\1", term[: unit.start()].strip())
    last = 3 if "k" in entries else 2
    return (f"[{', '.join(entries.get(letter, '0') for letter in 'ijk'[:last])}]",)


def _slashed(found: Match) -> Sequence[str]:
    """½ x² + ¼ as (1/2) x² + (1/4)."""
    plain = re.sub(_FRACTIONS, lambda one: f"({unicodedata.normalize('NFKC', one[0])})", found[0])
    return (plain.replace("\u2044", "/"),)


_LISTED = r"[A-Za-z]\w*(?:\s*\(\s*\d+\s*(?:nodes?|units?|neurons?)?\s*\))?"


def _net_sizes(found: Match) -> Sequence[str]:
    parts = [re.match(r"([A-Za-z]\w*)\s*(?:\(\s*(\d+))?", part.strip()) for part in re.split("->|→", found[0])]
    return (" -> ".join(f"{part[1]}({part[2] or 1})" for part in parts if part),)


_LAYER = re.compile(r"(?:nn\.|layers\.|keras\.layers\.)*(Dense|Linear|Conv1d|Dropout|Flatten|[A-Z]\w*)\s*\(([^()]*)\)")
_OPTIONS = re.compile(r"\b(?:units|activation|bias|True|False|features|in|out)\b")
_ACTIVATIONS = {
    "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "softmax": "softmax", "gelu": "gelu", "elu": "elu",
    "selu": "selu", "silu": "silu", "mish": "mish", "softplus": "softplus", "leakyrelu": "leaky_relu",
    "lrelu": "leaky_relu", "swish": "silu", "linear": "", "identity": "",
    "softsign": "softsign", "hardtanh": "hardtanh", "logsoftmax": "log_softmax",
}


_ARROW = "--?>|=>|→|⇒|⟶"


def _arrows(found: Match) -> Sequence[str]:
    """Dense(4, tanh) between arrows: 4 tanh; one layer that is not known, and there is no fix."""
    parts: list[str] = []
    for part in re.split(r"\s*(?:->|→)\s*", found[0].strip()):
        if not parts and (given := re.fullmatch(r"Input\(\D*(\d+)\D*\)", part)):
            part = f"x({given[1]})"
        layer = None if re.fullmatch(r"\w\(\d+\)", part) else _LAYER.fullmatch(part)
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


def _layer(found: Match) -> Sequence[str]:
    """h = Dense(3, activation="tanh")(x): h = tanh(W_h x + b_h) in R^3."""
    left, inside = found["left"], f"W_{found['left']} {found['of']} + b_{found['left']}"
    body = f"{found['act']}({inside})" if found["act"] else inside
    return (f"{left} = {body} in R^{found['n']}",)


def _arrowed(found: Match) -> Sequence[str]:
    """Each layer as its size and its activation, whatever stands between and round them; a loss behind the last."""
    loss = re.search(rf"(?:\s|,|{_ARROW})+(mse|mae|bce|huber|cross_entropy)$", found["net"])
    first, *layers = (part.strip() for part in re.split(_ARROW, found["net"][: loss.start()] if loss else found["net"]))
    parts = [_one_layer(layer) for layer in layers]
    if "" in parts or loss and not parts[-1][0].isdigit():
        return ()
    if loss:
        parts[-1] = re.sub(r"^\d+", r"o(\g<0>)", parts[-1]) + f"; L = {loss[1]}(o, y)"
    return (" -> ".join([f"x({first})" if first.isdigit() else first, *parts]),)


def _one_layer(layer: str) -> str:
    """3 tanh of 3 (tanh), tanh 3, tanh(3) and 3, tanh; a(3) tanh as it stands; nothing of any other."""
    size, named = re.findall(r"\d+", layer), re.match(r"([A-Za-z]\w*)\s*\(\s*\d+\s*\)", layer)
    words = [word for word in re.findall(r"[A-Za-z_]+", layer) if not named or word != named[1]]
    if named and named[1].lower() in _ACTIVATIONS:  # tanh(3)
        words, named = [named[1]], None
    known = _ACTIVATIONS.get(words[0].lower().replace("_", "")) if words else ""
    if len(size) != 1 or len(words) > 1 or known is None:
        return ""
    return f"{named[0] if named else size[0]} {known}".strip()


def _in_braces(found: Match) -> Sequence[str]:
    """Functions of JavaScript and C."""
    if found["name"]:
        return defined(found)
    arguments = ", ".join(part.split()[-1] for part in found["typed"].split(","))
    return (f"{found['other']}({arguments}) = {found['given'].strip()}",)


def _sequential(found: Match) -> Sequence[str]:
    """Sequential(Linear(2, 3), ReLU(), Linear(3, 1)): x(2) -> 3 relu -> 1."""
    parts: list[str] = []
    for name, inside in re.findall(r"(?:\w+\.)*(\w+)\s*\(((?:[^()]|\([^()]*\))*)\)", found["layers"]):
        sizes = re.findall(r"(?<![\w.])\d+", inside)
        shape = re.search(r"input_(?:shape|dim)\s*=\s*\(?(\d+)", inside)
        if name == "Linear" and len(sizes) == 2:
            parts += [f"x({sizes[0]})"] if not parts else []
            parts.append(sizes[1])
        elif name in ("Dense", "Input", "InputLayer") and sizes and (parts or shape or name != "Dense"):
            parts += [f"x({shape[1] if shape else sizes[0]})"] if not parts else []
            word = re.search(r"(?:activation\s*=\s*)?['\"](\w+)['\"]", inside)
            activation = f" {_ACTIVATIONS.get(word[1].lower(), '?')}" if word and word[1] != "linear" else ""
            parts += [sizes[0] + activation] if name == "Dense" else []
        elif name.lower() in _ACTIVATIONS and len(parts) > 1 and " " not in parts[-1]:
            parts[-1] += " " + _ACTIVATIONS[name.lower()]
        else:
            return ()
    return (" -> ".join(parts),) if len(parts) > 1 and "?" not in "".join(parts) else ()


def _separated(found: Match) -> Sequence[str]:
    return (re.sub(r",\s*(?=[A-Za-z]\w*\s*\([^()=]*\)\s*=)", "; ", found[0]),)


def _of_libraries(found: Match) -> Sequence[str]:
    words, stated, size = found[0].partition(" in R")
    new = in_own_words(words)
    return () if new is None or new == words else (new + stated + size,)


def _point(found: Match) -> Sequence[str]:
    """(1, 2) as x = 1, y = 2, by the arguments of the last function above."""
    heads = re.findall(r"^\s*[^\W\d]\w*\(([^()]*)\)\s*=", found.string[: found.start("numbers")], re.M)
    given = found["names"] or (heads[-1] if heads else "")
    names, numbers = (re.split(r"\s*,\s*", one.strip()) for one in (given, found["numbers"]))
    if len(names) != len(numbers) or not names[0]:
        return ()
    return (f"{'; ' if found['before'] else ''}at {', '.join(map('{} = {}'.format, names, numbers))}",)


def _size(found: Match) -> Sequence[str]:
    digits = found[2].lstrip("^")
    return (f"{found[1]}^{digits}" if digits.isdigit() else f"{found[1]}^({digits})",)


_ENTRY = r"(?:[^()\[\],]|\([^()]*\)|\[[^\[\]]*\])"
"""One character of an entry, or a bracket of it with no other inside."""

_ENDS = r"\s*(?P<index>\w+)\s*=\s*(?P<ends>[^,=()\[\]]+\.\.[^,=()\[\]]+)"


TABLE = (
    *papers.ROWS,
    Advice(
        re.compile(rf"(?P<head>\b(?:sum|prod))?(?P<open>[(\[])(?P<of>{_ENTRY}+?)(?P<first>\s+for\s(?:(?!\bfor\b){_ENTRY})+)"
                   rf",{_ENDS}(?P<close>[)\]])"),
        "One for a bracket; a second index has a bracket of its own.",
        lambda found: ("{0}{1}{0}{1}{of} for {index} = {ends}{close}{first}{close}".format(
            found["head"] or "", found["open"], **found.groupdict()),),
        (("f(x) = sum(x^(i j) for i = 1..2, j = 1..3)", ("sum(sum(x^(i j) for j = 1..3) for i = 1..2)",)),
         ("A(x) = [i x + j for i = 1..2, j = 1..3]", ("[[i x + j for j = 1..3] for i = 1..2]",))),
    ),
    Advice(
        re.compile(rf"(?<=[(\[])(?P<of>(?:(?!\bfor\b){_ENTRY})+?),{_ENDS}(?=[)\]])"),
        "The index of a family stands behind for.",
        lambda found: (f"{found['of']} for {found['index']} = {found['ends']}",),
        (("f(x) = sum(x^k, k = 0..5)", ("x^k for k = 0..5",)), ("f(x) = [x^k, k = 1..3]", ("x^k for k = 1..3",))),
    ),
    Advice(
        re.compile(r"(?:(?<=sum\()|(?<=prod\())(?P<of>[^,;]*\w_(?P<index>[a-z])\b[^,;]*?),\s*(?P=index)\s*,\s*(\w+)\s*,\s*(\w+)(?=\))"),
        "The index of a family stands behind for.",
        lambda found: (f"{found['of']} for {found['index']} = {found[3]}..{found[4]}",),
        (("x in R^3\nf = sum(x_i^2, i, 1, 3)", ("x_i^2 for i = 1..3",)),),
    ),
    Advice(
        re.compile(r",\s*(?:for\s+)?([a-z]\s*(?:=|∈|in)\s*\w+\s*\.\.\s*\w+)$"),
        "The index of a family stands behind for.", lambda found: (f" for {found[1]}",),
        (("y_i = x_i^2, i = 1..3", (" for i = 1..3",)),),
    ),
    Advice(
        re.compile(r"(?:Σ|\\Sigma)(?=\s*_\s*[{(]?\s*[a-z]\s*=)(\s*_\s*(?:\{[^{}]*\}|\([^()]*\)|\w=\w+)(?:\s*\^\s*(?:\{[^{}]*\}|\w+))?)"),
        "Σ is a letter; the sign of a sum is ∑.",
        lambda found: ("∑" + found[1].replace("(", "{").replace(")", "}"),),
        (("f(x) = Σ_{k=1}^{3} x^k", ("∑_{k=1}^{3}",)), ("f(x) = 1 + Σ_{i=1}^3 x^i", ("∑_{i=1}^3",))),
    ),
    Advice(
        re.compile(r"(?:(?<==)|(?<== ))([-−]?[0-9.]+)\s*,\s*(\[[^][;]*,[^][;]*\])$"),
        "The range of a slider stands behind in.", lambda found: (f"{found[1]} in {found[2]}",),
        (("f(x) = k x; k = 3, [0, 5]", ("3 in [0, 5]",)),),
    ),
    Advice(
        re.compile(r"^(\w+)\s*\^\{\s*\((\w)\)\s*\}(?=\s*(?:=(?!=)|in\b|∈|\\in\b))"),
        "A number in round brackets could be a power; a name has it in square ones.",
        lambda found: (f"{found[1]}^{{[{found[2]}]}}",),
        (("a^{(1)} = 3; f(x) = a^{[1]} x", ("a^{[1]}",)), ("w^{(1)} in R^2\nf = ||w^{[1]}||", ("w^{[1]}",))),
    ),
    Advice(
        re.compile(r"^(?:\w+\s*=\s*)?(?:\w+\.)*Sequential\((?P<layers>.*)\)$"),
        "A net is written in one line, as in x(2) -> 3 relu -> 1; from_torch takes a module of PyTorch.", _sequential,
        (("model = Sequential(Linear(2,3), ReLU(), Linear(3, 1))", ("x(2) -> 3 relu -> 1",)),
         ("nn.Sequential(nn.Linear(4, 2), nn.Tanh())", ("x(4) -> 2 tanh",)),
         ("model = Sequential([Dense(3, activation='relu', input_shape=(2,)), Dense(1)])", ("x(2) -> 3 relu -> 1",)),
         ("keras.Sequential([Input((4,)), Dense(2, 'softmax')])", ("x(4) -> 2 softmax",))),
    ),
    Advice(
        re.compile(r"^[A-Za-z]\w*(?:\(\d+\))?\s*(?:->|→).*\b(?:Dense|Linear)\s*\(.*$"),
        "A layer is its size and its activation: -> 4 tanh.", _arrows,
        (("x(2) -> Dense(4, tanh) -> Dense(1)", ("x(2) -> 4 tanh -> 1",)),
         ("Input(2) -> Dense(3, 'relu') -> Dense(1)", ("x(2) -> 3 relu -> 1",)),
         ("x(3) -> Linear(3, 5) -> Dense(2, activation='softmax')", ("x(3) -> 5 -> 2 softmax",))),
    ),
    Advice(
        re.compile(r"^(?:(?P<name>[A-Za-z]\w*)\s*=\s*)?lambda\s+(?P<arguments>\w+(?:\s*,\s*\w+)*)\s*:(?P<body>[^:]+)$"),
        "A function is written with its arguments in front of =, without lambda.", defined,
        (("f = lambda x: x**2", ("f(x) = x**2",)), ("lambda x, y: x*y", ("f(x, y) = x*y",)),
         ("f = lambda x, y: np.array([x**2*y, np.sin(y)])", ("f(x, y) = [x**2*y, sin(y)]",)),
         ("f = lambda x: [x[0]**2 * x[1], 5*x[0]]", ("f(x) = [x[1]**2 * x[2], 5*x[1]]; x in R^2",))),
    ),
    Advice(
        re.compile(
            r"^def\s+(?P<name>[A-Za-z]\w*)\s*\((?P<arguments>\w+(?:\s*,\s*\w+)*)\)\s*:\s*return\s+(?P<body>[^:\n]+)",
            re.M,
        ),
        "A function is written with =, without def and return.", defined,
        (("def f(x): return x**2", ("f(x) = x**2",)), ("def g(x, y):\n    return x*y + 1", ("g(x, y) = x*y + 1",))),
        below=True,
    ),
    Advice(
        re.compile(r"^def\s+\w+\s*\([^()]*\)\s*(?:->\s*\w+\s*)?:$"),
        "A function is written with =, without def and return; what it makes before has lines of its own above.", none,
        (("def f(x):\n    y = x**2\n    return y + 1", ()),),
    ),
    Advice(
        re.compile(
            r"^(?:const|let|var)\s+(?P<name>\w+)\s*=\s*\(?(?P<arguments>\w+(?:\s*,\s*\w+)*)\)?\s*=>\s*(?P<body>[^{}>]+?);?$"
            r"|^(?:\w+\s+)?(?P<other>\w+)\s*\((?P<typed>\w+\s+\w+(?:\s*,\s*\w+\s+\w+)*)\)\s*\{\s*return\s+(?P<given>[^;{}]+);?\s*\}$"
        ),
        "A function is written with its arguments in front of =, without types and words.", _in_braces,
        (("const f = (x) => x**2;", ("f(x) = x**2",)), ("let f = x => x*x", ("f(x) = x*x",)),
         ("double f(double x, double y) { return x*y; }", ("f(x, y) = x*y",))),
    ),
    Advice(
        re.compile(
            r"^(?P<left>[A-Za-z]\w*)\s*=\s*(?:[\w.]+\.)?(?:Linear|Dense)\(\s*(?:\d+\s*,\s*)?(?P<n>\d+)\s*"
            r"(?:,\s*activation\s*=\s*['\"](?P<act>\w+)['\"]\s*)?\)\((?P<of>[A-Za-z]\w*)\)$"
        ),
        "A layer is written with its weights.", _layer,
        (("x in R^2\nh = nn.Linear(2, 3)(x)", ("h = W_h x + b_h in R^3",)),
         ("x in R^2\nh = Dense(3, activation='tanh')(x)", ("h = tanh(W_h x + b_h) in R^3",))),
        net=True,
    ),
    Advice(
        re.compile(r"(?:\b[\w.]+\()*\b(?:self\.\w+|(?:fc|lin|linear|dense|layer|Linear|Dense)_?\d*)\([A-Za-z]\w*\)"),
        "A layer is written with its weights: h = tanh(W1 x + b1) in R^3.", none,
        (("x in R^2\nh = F.relu(self.fc1(x))", ()), ("x in R^2\nh = relu(fc1(x))", ()),
         ("x in R^2\nh = layer1(x)", ())),
        net=True,
    ),
    Advice(
        re.compile(
            r"^(?:[^\W\d]\w*\s*=\s*)?[|]?(?:(?:∂|\bd)\s*\([^()=]*\)\s*/\s*(?:∂|d)\s*\([^()=]*\)"
            r"|\\[dt]?frac\s*\{\\partial\s*\([^()=]*\)\}\s*\{\\partial\s*\([^()=]*\)\})[|]?$"
        ),
        "That is the Jacobian of the block, which is shown with its determinant; as a comment this line may stay.",
        foreign.commented,
        (("x = r cos θ\ny = r sin θ\nJ = ∂(x, y)/∂(r, θ)", ("# J = ∂(x, y)/∂(r, θ)",)),
         ("f(x, y) = [x y, x]\nJ = \\frac{\\partial(f, g)}{\\partial(x, y)}",
          ("# J = \\frac{\\partial(f, g)}{\\partial(x, y)}",))),
    ),
    Advice(
        re.compile(
            r"^(?:[^\W\d]\w*\s*=\s*)?(?:det|tr|rank|eig\w*|cond)?\s*[(|]?J[)|]?(?:\s*\([-\d.,\s]+\)|\s*=\s*\?|\s+at\b.*)?$"
        ),
        "J is what is shown for the block, with its determinant; as a comment this line may stay.", foreign.commented,
        (("f(x, y) = [x y, x]\nJ", ("# J",)), ("f(x, y) = [x y, x]\ndet J", ("# det J",)),
         ("f(x, y) = [x y, x]\nD = det(J)", ("# D = det(J)",)), ("f(x, y) = [x y, x]\nJ(1, 2)", ("# J(1, 2)",))),
        net=False,
    ),
    Advice(
        re.compile(r"(?:^|(?P<before>(?<=\S)[ \t]+))at[ \t]+(?:(?:the[ \t]+)?point[ \t]+)?"
                   r"(?:\((?P<names>[^()=]+)\)\s*=\s*|[A-Z]\s*(?:=\s*)?)?"
                   r"(?:\\left\s*)?\((?P<numbers>-?[\w.]+(?:\s*,\s*-?[\w.]+)*)\s*(?:\\right\s*)?\)$", re.M),
        "A point has the names of its coordinates, as in at x = 1, y = 2.", _point,
        (("f(x, y) = x^2 y\nat (1, 2)", ("at x = 1, y = 2",)), ("f(x, y) = x^2 y at (1, 2)", ("; at x = 1, y = 2",)),
         ("f(x, y) = x^2 y\nat the point (0, -1)", ("at x = 0, y = -1",)), ("f = x^2 y\nat (1, 2)", ()),
         ("f(x, y) = x^2 y\nat P(1, 2)", ("at x = 1, y = 2",)), ("f = x^2 y\nat (x, y) = (1, 2)", ("at x = 1, y = 2",)),
         ("f(x, y) = x^2 y\nat \\left(1, 2\\right)", ("at x = 1, y = 2",))),
        below=True,
    ),
    Advice(
        re.compile(r"^(?:[Ee]valuated?|[Cc]alculate|[Cc]ompute)(?:\s+\w+)?\s+(?P<at>at\s+[^\W\d]\w*\s*=.+)$"),
        "A point is a line of its own, at x = 1, y = 2.", lambda found: (found["at"],),
        (("f(x, y) = x^2 y\nevaluate at x=1, y=2", ("at x=1, y=2",)),
         ("f(x) = x^2\nEvaluate f at x = 3", ("at x = 3",))),
    ),
    Advice(
        re.compile(r"^(?P<head>[^\W\d]\w*\([^()]*\))\s*=\s*(?P<body>[^=<>]+?)\s*=\s*0$"),
        "A function and the equation that it is 0 are two lines.",
        lambda found: (f"{found['head']} = {found['body']}; {found['head']} = 0",),
        (("F(x, y) = x^2 + y^2 - 25 = 0", ("F(x, y) = x^2 + y^2 - 25; F(x, y) = 0",)),
         ("F(x, y) = x y - 1 = 0\ny = y(x)", ("F(x, y) = x y - 1; F(x, y) = 0",))),
    ),
    Advice(
        re.compile(r"^(?:[Ss]olve\s*:?\s+)(?P<equation>[^=]+=[^=]+)$"),
        "An equation is a line as it stands; r.solve() has its solutions.", lambda found: (found["equation"],),
        (("solve x^2 = 2", ("x^2 = 2",)), ("Solve: x^2 + y^2 = 1", ("x^2 + y^2 = 1",))),
    ),
    Advice(
        re.compile(r"^(?P<f>(?:arc)?(?:sin|cos|tan)h?|exp|ln|sqrt)\((?P<of>\w+)\)\s*=\s*(?P<right>[^=]+)$"),
        "An equation for a function's value has all of it on one side.",
        lambda found: (f"{found['f']}({found['of']}) - ({found['right']}) = 0",),
        (("y = y(x)\nsin(xy) = x", ("sin(xy) - (x) = 0",)), ("cos(x) = x/2", ("cos(x) - (x/2) = 0",))),
    ),
    Advice(
        re.compile(r"^[A-Za-z]\w*\((?=[^()]*')[^()]*\)\s*=.*$"),
        "A rate among the arguments of a function is written \\dot{q}, or is a letter of its own, L(q, v).",
        lambda found: (re.sub(r"([A-Za-zα-ω])'", r"\\dot{\1}", found[0]),) if "''" not in found[0] else (),
        (("L(q, q') = 1/2 m q'^2 - k q^2", (r"L(q, \dot{q}) = 1/2 m \dot{q}^2 - k q^2",)),
         ("L(θ, θ', t) = 1/2 θ'^2 + cos(t) θ", (r"L(θ, \dot{θ}, t) = 1/2 \dot{θ}^2 + cos(t) θ",)),
         ("L(q, q'') = q''", ())),
    ),
    Advice(
        re.compile(r"^([^\W\d]\w*\s+(?:in|∈)\s+[Rℝ][^\s,;]*)\s*,\s*([^\W\d]\w*(?:\([^()]*\))?\s*=[^=].*)$"),
        "A size has a statement of its own.", lambda found: (f"{found[1]}; {found[2]}",),
        (("x in R^2, f = ||x||", ("x in R^2; f = ||x||",)),),
    ),
    Advice(
        re.compile(r"(?<![\w.])\d{1,3}(?:(?:['’]\d{3})+|(?:_\d{3})+|(?:\.\d{3}){2,}|(?:,\d{3}){2,})(?:\.\d+)?(?![\d,'’_])"),
        "Thousands are written without a sign between them.",
        lambda found: (re.sub(r"['’_,]|\.(?=\d{3}(?:\.|$))" if found[0].count(".") > 1 else r"['’_,]", "", found[0]),),
        (("f(x) = 1.000.000x", ("1000000",)), ("f(x) = 1'000 x", ("1000",)), ("f(x) = x + 1_000_000", ("1000000",)),
         ("f(x) = 1,000,000.5 x", ("1000000.5",))),
    ),
    Advice(
        re.compile(r"(?<![\w.])\d+(?:\.\d+){2,}(?![\w.,])"), "A number has one point.", none,
        (("f(x) = 3.1.4 x", ()),),
    ),
    *foreign.ROWS,
    Advice(
        re.compile(r"^\(?(?P<arguments>[A-Za-z]\w*(?:\s*,\s*[A-Za-z]\w*)*)\)?\s*(?:->|→|↦|⟼|\\mapsto|=>)"
                   r"(?P<name>)\s*(?P<body>(?=.*[\^*+/=(\s])[^>→↦⟼]+)$"),
        "A function has a name and =; -> joins the layers of a net.", defined,
        (("x -> x^2", ("f(x) = x^2",)), ("(x, y) -> x y + 1", ("f(x, y) = x y + 1",)),
         ("x ↦ sin(x)", ("f(x) = sin(x)",))),
        net=False,
    ),
    Advice(
        re.compile(r"^(?P<name>[A-Za-z]\w*)\s*(?::|\\colon)\s*(?:\\mathbb\s*\{?R\}?|R|ℝ)[^=,]*(?:->|→|\\to)[^=,]*,\s*"
                   r"(?P<rest>(?P=name)\s*\(.*|\(?(?P<arguments>[A-Za-z]\w*(?:\s*,\s*[A-Za-z]\w*)*)\)?\s*"
                   r"(?:->|→|↦|⟼|\\mapsto)\s*(?P<body>[^>→↦⟼]+))$"),
        "From where to where a function goes is seen from its line f(x, y) = ….",
        lambda found: defined(found) if found["body"] else (found["rest"],),
        (("f: R^2 -> R^2, f(x, y) = (x y, x)", ("f(x, y) = (x y, x)",)), ("f: R → R, x ↦ x^2", ("f(x) = x^2",)),
         ("g : ℝ² → ℝ, (x, y) -> x y + 1", ("g(x, y) = x y + 1",))),
    ),
    Advice(
        re.compile(r"^[A-Za-z]\w*\s*(?::|\\colon)\s*(?:\\mathbb\s*\{?R\}?|R|ℝ)[^=]*(?:->|→|\\to)[^=]*$"),
        "From where to where a function goes is seen from its line f(x, y) = …; as a comment this may stay.",
        lambda found: ("# " + found[0],),
        (("f: R^2 -> R^2\nf(x, y) = [x y, x]", ("# f: R^2 -> R^2",)), ("f : ℝ → ℝ\nf(x) = x^2", ("# f : ℝ → ℝ",)),
         ("f \\colon \\mathbb R \\to \\mathbb R\nf(x) = x^2", ("# f \\colon \\mathbb R \\to \\mathbb R",))),
    ),
    Advice(
        re.compile(rf"^[A-Za-z]\w*\s*(?:->|→)\s*(?:{_LISTED}\s*(?:->|→)\s*)*{_LISTED}$"),
        "Every layer says its size.", _net_sizes,
        (("x -> A(2) -> B(2) -> O", ("x(1) -> A(2) -> B(2) -> O(1)",)),
         ("x -> A (2 nodes) → B (2 nodes) -> O", ("x(1) -> A(2) -> B(2) -> O(1)",))),
    ),
    Advice(
        re.compile(
            r"^(?=\d|.*(?:-->|=>|⇒|⟶|(?:->|→)\s*(?:\d+\s*[(,]\s*[A-Za-z]|[A-Za-z_]+\s+\d"
            r"|(?:tanh|relu|sigmoid|softmax|softplus|gelu|silu)\s*\()"
            r"|\b(?:lrelu|leakyrelu)\b|[\d\w,>→]\s+(?:mse|mae|bce|huber|cross_entropy)$))"
            r"(?P<net>(?:[A-Za-z]\w*\(\d+\)|\d+)\s*(?:--?>|=>|→|⇒|⟶).*)$"
        ),
        "A net is its input with a size, then each layer's size and activation: x(3) -> 4 tanh -> 2 softmax.", _arrowed,
        (("2 -> 3 relu -> 1", ("x(2) -> 3 relu -> 1",)), ("x(2) --> 3 tanh --> 1", ("x(2) -> 3 tanh -> 1",)),
         ("x(2) => 3 => 1", ("x(2) -> 3 -> 1",)), ("x(2) -> 3 (relu) -> 1", ("x(2) -> 3 relu -> 1",)),
         ("x(2) -> relu 3 -> 1", ("x(2) -> 3 relu -> 1",)), ("x(2) -> 3, relu -> 1", ("x(2) -> 3 relu -> 1",)),
         ("x(2) -> 3 lrelu -> 1", ("x(2) -> 3 leaky_relu -> 1",)),
         ("x(2) -> 3 lrelu -> 1", ("x(2) -> 3 leaky_relu -> 1",)),
         ("x(2) -> 3 tanh -> 1 mse", ("x(2) -> 3 tanh -> o(1); L = mse(o, y)",)),
         ("x(2) -> 3 tanh -> 1 sigmoid, bce", ("x(2) -> 3 tanh -> o(1) sigmoid; L = bce(o, y)",)),
         ("x(2) -> 3 -> 1 -> mse", ("x(2) -> 3 -> o(1); L = mse(o, y)",)),
         ("x(2) -> tanh(3) -> 1", ("x(2) -> 3 tanh -> 1",)), ("x(2) => 3 frob => 1", ())),
        net=True,
    ),
    Advice(
        re.compile(r"^([^\W\d]\w*)\s*:\s*([Rℝ](?:\^.*|[²³])?)$"), "A size is written x in R^2.",
        lambda found: (f"{found[1]} in {found[2]}",),
        (("x: R^2\nf = ||x||", ("x in R^2",)), ("x : ℝ³\nf = ||x||", ("x in ℝ³",))),
    ),
    Advice(
        re.compile(r"(?:\bnn\.)?\b[dD]ropout\s*\((?P<inside>(?:[^()]|\([^()]*\))+?)(?:,\s*(?:p\s*=\s*)?0?\.\d+\s*)?\)"),
        "A net is shown as it is used, without dropout.", lambda found: (found["inside"],),
        (("x in R^2\nh = dropout(relu(W x + b), 0.5) in R^3", ("relu(W x + b)",)),
         ("x in R^2\nh = Dropout(W x) in R^3", ("W x",))),
        net=True,
    ),
    Advice(
        re.compile(r"^.*\b[a-zA-Z]\^\{?l\b.*=.*\^(?:\{l\s*[-+]\s*1\}|\(l\s*[-+]\s*1\)).*$"),
        "The number of a layer stands below its name.",
        foreign.everywhere({r"\^l\b": "_l", r"\^\{l\}": "_l", r"\^[{(](l\s*[-+]\s*1)[)}]": r"_{\1}"}),
        (("a_{l-1} in R^2\nz^l = W^l a^{l-1} + b^l in R^3", ("z_l = W_l a_{l-1} + b_l in R^3",)),),
        net=True,
    ),
    Advice(
        re.compile(r"(?:^|(?<=\s))(?:%|//|--)\s*(?P<told>(?:[A-Za-z]{2,}.*|[A-Za-z]\s\w.*)?)$"),
        "A comment starts with #.", lambda found: (f"# {found['told']}".rstrip(),),
        (("f(x) = x^2 % the square", ("# the square",)), ("f(x) = x^2 // the square", ("# the square",)),
         ("% a comment\nf(x) = x^2", ("# a comment",)), ("// a comment\nf(x) = x^2", ("# a comment",))),
    ),
    Advice(
        re.compile(r"\b([^\W\d]\w*|\d+)\s*(?:%%?|\bmod\b|\\b?mod(?![a-z]))\s*(\d+|[^\W\d]\w*)"),
        "A remainder is written with floor.", _divided("({0} - {1} floor({0}/{1}))"),
        (("f(x) = x % 2", ("(x - 2 floor(x/2))",)), ("f(x) = 50 % x", ("(50 - x floor(50/x))",)),
         ("f(x) = x %% 2", ("(x - 2 floor(x/2))",)), ("f(x) = 3 - x mod 2", ("(x - 2 floor(x/2))",)),
         (r"f(x) = x \bmod 3", ("(x - 3 floor(x/3))",)), ("f(x) = 2*x % 3", ()), ("f(x) = -x % 2", ())),
    ),
    Advice(
        re.compile(r"([A-Za-z]\w*|\d+)\s*//\s*(\d+)"), "Whole division is written with floor.",
        _divided("floor({0}/{1})"), (("f(x) = x // 2", ("floor(x/2)",)), ("f(x) = 2*x // 3", ())),
    ),
    Advice(
        re.compile(r"(?<![<>=])<\s*([^\W\d]\w*)\s*,\s*([^\W\d]\w*)\s*>(?!=)"),
        "Angles are an inner product, or a column.",
        lambda found: (f"dot({found[1]}, {found[2]})", f"({found[1]}, {found[2]})"),
        (("x, w in R^2\nz = <w, x> + 1", ("dot(w, x)", "(w, x)")),),
    ),
    Advice(
        re.compile(r"(?<![<>=])<([^<>=]+(?:,[^<>=]+)+)>(?!=)"), "A column stands in round brackets.",
        lambda found: (f"({found[1]})",),
        (("f(x, y) = <x + y, x - y>", ("(x + y, x - y)",)), ("F = <x y, y, x>", ("(x y, y, x)",))),
    ),
    Advice(
        re.compile(r"(?<![\w.])(\d\d?)!"), "Factorials of numbers are written out.",
        lambda found: (str(factorial(int(found[1]))),),
        (("f(x) = x^3/3!", ("6",)), ("f(x) = 4! x", ("24",)), ("f(x) = x/20!", ("2432902008176640000",))),
    ),
    Advice(
        re.compile(r"[A-Za-z]\w*!|(?:(?<=[\w)\]}|])|(?<=[\w)\]}|] )(?<!and )(?<!or )(?<!not )(?<!if ))!(?!=)"),
        "A factorial has no derivative; of a whole number it is a product, prod(i for i = 1..n).", none,
        (("f(n) = n!", ()), ("f(n) = (n + 1)! n", ()), ("f(x) = 170! x", ())),
    ),
    Advice(
        re.compile(r"(?<=[\s∈])([Rℝ])(\d+(?:x\d+)?|\^\d+x\d+)\b(?!\s*[=(])"),
        "A size is written R^3 or R^(2x3).", _size,
        (("x in R3\nf = ||x||^2", ("R^3",)), ("W in R2x3\nf = ||W||_F", ("R^(2x3)",)),
         ("W in R^2x3\nf = ||W||_F", ("R^(2x3)",))),
    ),
    Advice(
        re.compile(r"(?<![\w.])[1I]og(?=\s+\w|\s*\()"), "Is it log, with a small L?", lambda found: ("log",),
        (("f(x) = 1og x", ("log",)), ("f(x) = 2 Iog(x)", ("log",))),
    ),
    Advice(
        re.compile(
            r"(?:(?<==)|(?<== ))(?=.*(?:(?:sin|cos|tan)h?|exp|ln|log|sqrt)\s+[^(\s])"
            rf"(?P<sum>[^=;]*[^=;+\s-]\s*{_AXIS}\s*[+−-][^=;]*{_AXIS})$"
        ),
        "No line declares i and j: a vector is written with its entries in brackets.", _along_axes,
        (("r(t) = cos t i + sin t j", ("[cos t, sin t]",)),
         ("r(t) = cos t i - e^(2 - t) j + t k", ("[cos t, -e^(2 - t), t]",)),
         (r"r(t) = \cos 2t \hat{i} + \sin 2t \hat{j}", (r"[\cos 2t, \sin 2t]",))),
    ),
    Advice(
        re.compile(rf"{_FRACTIONS}[^;]*{_FRACTIONS}"), "Fractions are written with a slash.", _slashed,
        (("f(x) = ½x² + ¼x⁴", ("(1/2)x² + (1/4)",)),),
    ),
    Advice(
        re.compile(
            r"^(?:import|from)\s+\w.*$|^print\s*\(.*$|^(?:plt|np|torch|sp|sns)\.\w+\(.*$|^return\b.*$|^for\s+\w+\s+in\b.*:.*$"
        ),
        "That is Python, which has a cell of its own.", none,
        (("import numpy as np\nf(x) = x^3", ()), ("f(x) = x^2\nprint(f)", ()),
         ("from math import sin\nf(x) = sin x", ()), ("f(x) = x^2\nfor i in range(3): x = f(x)", ())),
    ),
    Advice(
        re.compile(r"^[A-Za-z]\w*\s*\([^()=]*\)\s*=[^=]*(?:,\s*[A-Za-z]\w*\s*\([^()=]*\)\s*=[^=]*)+$"),
        "A comma separates values; functions have a line each, or a semicolon between them.", _separated,
        (("f(x)=x^2, g(x)=x^3", ("f(x)=x^2; g(x)=x^3",)),),
    ),
    Advice(
        re.compile(r"(?:(?<== )|(?<==))(?P<value>[^=<>\s][^=<>]*?)\s*(?:,|\bfor\b|\bwhen\b|\bwhere\b|\\quad)\s*"
                   r"(?P<domain>-?\w+(?:\s*(?:[<>≤≥≠]|<=|>=|!=|\\geq?|\\leq?|\\neq?)\s*=?\s*-?[\w.]+)+)$"),
        "Where a function is defined needs no words: outside of it there is no number. Another value there is an else.",
        lambda found: (found["value"],),
        (("f(x) = ln x, x > 0", ("ln x",)), ("f(x) = 1/x for x ≠ 0", ("1/x",)),
         ("f(x)=sqrt(x) when x >= 0", ("sqrt(x)",)), ("f(x) = x^2 for 0 < x ≤ 1", ("x^2",))),
    ),
    Advice(
        re.compile(r"(?:(?<== )|(?<==))(?P<value>(?=\S)(?:(?:[^=<>]*[^\w=<>.])?\w|[^=<>]*[)|]))\s+"
                   r"\((?P<domain>-?\w+(?:\s*(?:[<>≤≥≠]|<=|>=|!=)\s*-?[\w.]+)+)\)$"),
        "Where a function is defined needs no words: outside of it there is no number. Another value there is an else.",
        lambda found: (found["value"],),
        (("f(x) = ln x (x > 0)", ("ln x",)), ("f(x) = 1/x  (x ≠ 0)", ("1/x",)),
         ("f(x) = sqrt(x) (x ≥ 0)", ("sqrt(x)",))),
    ),
    Advice(
        re.compile(r"\s*,?\s+(?:s\.\s?t\.|subject to|such that)\s+(.+=.+)$"), "A condition has a statement of its own.",
        lambda found: (f"; {found[1]}",),
        (("f = 3x + 4y s.t. x^2 + y^2 = 1", ("; x^2 + y^2 = 1",)), ("f = x y subject to x + y = 1", ("; x + y = 1",))),
    ),
    Advice(
        re.compile(r"^at\s+([^=]+=[^=]+?),?\s+and\s+([^\W\d]\w*\s*=[^=]+)$"),
        "The coordinates of a point have commas between them.", lambda found: (f"at {found[1]}, {found[2]}",),
        (("f(x, y) = x^2 y\nat x = 1 and y = 2", ("at x = 1, y = 2",)),),
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
        re.compile(r"\b(sqrt|atan|arctan)\(\s*([^(),]+?)\s*,\s*([^(),]+?)\s*\)"),
        "A root of another order is root(x, 3), and the angle of two numbers atan2(y, x).",
        lambda found: (f"{'root' if found[1] == 'sqrt' else 'atan2'}({found[2]}, {found[3]})",),
        (("f(x) = sqrt(x, 3)", ("root(x, 3)",)), ("f(x) = x + atan(x, 2)", ("atan2(x, 2)",))),
    ),
    Advice(
        re.compile(r"\\?\b(max|min)_\{?([a-z])\}?\s*\(?([A-Za-z]\w*?)_\{?\2\}?\)?(?!\w)"),
        "The extreme entry of a vector is max(x), min(x).", lambda found: (f"{found[1]}({found[3]})",),
        (("x in R^3\nf = \\max_i x_i", ("max(x)",)),),
    ),
    Advice(
        re.compile(r"\b(max|min|atan2|dot|cross)\s+([^(),=\s][^(),=]*(?:,[^(),=]+)+)$"),
        "The arguments of a function stand in brackets.", lambda found: (f"{found[1]}({found[2]})",),
        (("f(x) = max x, 0", ("max(x, 0)",)), ("u, v in R^3\nf = 1 + dot u, v", ("dot(u, v)",))),
    ),
    Advice(
        re.compile(r"∫|\\int(?![a-z])|\b(?:int|integral)(?=_)"),
        "Integrals are worked out before: write the function that is to be differentiated.", none,
        (("f(x) = \\int x dx", ()), ("F(x) = ∫ x^2 dx", ()), ("f(x) = \\int_0^x t^2 dt", ()),
         ("f(x) = int_0^x e^(-t^2) dt", ())),
    ),
    Advice(
        re.compile(r"\\lim(?![a-z])|\blim(?=_[({])"),
        "Limits are worked out before: write the function itself.", none,
        (("f(x) = \\lim_{h \\to 0} x + h", ()), ("f(x) = lim_{h->0} (x+h)^2", ())),
    ),
    Advice(
        re.compile(r"^(input|target|weight|fixed)s?:?\s+([^\W\d]\w*\s*(?:,\s*[^\W\d]\w*\s*)*(?:(?:=|\bin\b|∈).*)?)$"),
        "What names are stands behind them.", lambda found: (f"{found[2].strip()} {found[1]}",),
        (("input x in R^2\nh = tanh(W x) in R^2", ("x in R^2 input",)),
         ("x in R^2\ntarget: y in R^2\nL = ||tanh(W x) - y||^2", ("y in R^2 target",))),
        net=True,
    ),
    Advice(
        re.compile(r"^([^\W\d]\w{0,2}(?:\s*,\s*[^\W\d]\w{0,2})+)$"), "What names are stands behind them.",
        lambda found: (f"{found[0]} input",), (("i1, i2\no = sigmoid(w1 i1 + w2 i2 + b)", ("i1, i2 input",)),),
        net=True,
    ),
    Advice(
        re.compile(r"^([^\W\d]\w{0,2}(?:\s*,\s*[^\W\d]\w{0,2})+)$"), "What names are stands behind them.",
        lambda found: (f"{found[0]} in R",), (("x, y\nf = x^2 y", ("x, y in R",)),), net=False,
    ),
    Advice(
        re.compile(r"^([^\W\d]\w*(?:\([\w,\s]*\))?)\s*:\s*(?![-=])(?=.*[^\w\s])(.+)$"),
        "A line says what a name is with =.",
        lambda found: (f"{found[1]} = {found[2]}",),
        (("u: x y + x", ("u = x y + x",)),),
    ),
    Advice(
        re.compile(r"\b(?:KL|D_?\{?(?:KL|\\mathrm\{KL\})\}?|kl)\s*\(\s*([A-Za-z]\w*)\s*(?:\|\||\\\||‖|,|\|)\s*([A-Za-z]\w*)\s*\)"),
        "The divergence is written out.", lambda found: (f"dot({found[1]}, ln({found[1]} ./ {found[2]}))",),
        (("p, q in R^3\nf = KL(p || q)", ("dot(p, ln(p ./ q))",)),
         ("p, q in R^3\nf = D_{KL}(p \\| q)", ("dot(p, ln(p ./ q))",))),
    ),
    Advice(
        re.compile(r"\b([a-z]\w{0,2})\s*[@*]?\s*([A-Z]\w*)(?:\.T\b|\^T\b|ᵀ)"),
        "Vectors are columns, and stand behind a matrix.",
        lambda found: (f"{found[2]} {found[1]}",), (("x in R^2\nz = x @ W.T + b in R^3", ("W x",)),), net=True,
    ),
    Advice(
        re.compile(
            r"(?:(?<==)|(?<== ))(?=\S).*(?:\)\.[a-z]\w*\(|(?<![\w.])[A-Z]\w*\(\)\(|\b[a-z0-9]+_[a-z0-9]+_\w+\().*$"
        ),
        "Functions stand before their arguments, without modules and options.", _of_libraries,
        (("f(x) = (x^2 + 1).sqrt()", ("sqrt(x^2 + 1)",)), ("z in R^3\nf = ReLU()(2z)", ("relu(2z)",)),
         ("p, y in R^3\nf = binary_cross_entropy(sigmoid(p), y)", ("bce(sigmoid(p), y)",)),
         ("z, y in R^3\nf = bce_with_logits(z, y)", ("bce(sigmoid(z), y)",)),
         ("z, y in R^3\nf = softmax_cross_entropy(z, y)", ("cross_entropy(softmax(z), y)",)),
         ("p, y in R^3\nf = ((p - y)**2).mean()", ("mean((p - y)**2)",))),
    ),
    Advice(
        re.compile(r":=|≔|\\coloneqq(?![a-z])"), "A definition is written with =.", lambda found: ("=",),
        (("f(x) := x^2", ("=",)), ("a ≔ 3\nf(x) = a x", ("=",))),
    ),
    Advice(
        re.compile(r"(?<![\w)\]}²³]\s)(?<![\w)\]}²³])if\b(?!\s*=)"),
        "The value stands before its condition: a if x > 0 else b.", none,
        (("f(x) = if x > 0: x", ()), ("f(x) = (if x > 0 then 1)", ())),
    ),
    Advice(
        re.compile(r"(?:\^|\*\*)\s*[+\-−]*\s*([√∛])"), "A root in an exponent needs brackets.", none,
        (("f(x) = e^-√{x}", ()), ("f(x) = e^√|x|", ())),
    ),
    Advice(
        re.compile(r"∞|\\infty(?![a-z])"), "∞ is not a number to calculate with.", none,
        (("f(x) = x + ∞", ()), ("f(x) = \\infty x", ()), ("k in [0, ∞]\nf(x) = k x", ())),
    ),
    Advice(
        re.compile(r"^diff\s+(.+)$"),
        "Derivatives are what jacmagic finds; write only the function.", lambda found: (found[1],),
        (("diff x^2 sin x", ("x^2 sin x",)),),
    ),
    Advice(
        re.compile(r"^(?P<first>[^=<>]+=[^=<>]+?)\s+(?:and|&&?)\s+(?P<second>[^=<>]+=[^=<>]+)$"),
        "Each equation is a line, or stands behind a semicolon.",
        lambda found: (f"{found['first']}; {found['second']}",),
        (("x + y = 3 and x y = 2", ("x + y = 3; x y = 2",)),),
    ),
)


LONGEST = 10_000
"""Characters of a block that is looked through: patterns take their time on what nobody types."""


def better(text: str, error: JacmagicError, net: bool) -> JacmagicError:
    """The error, or what the table has to say of its line, where that is of the same place."""
    if error.span is None or isinstance(error, LimitError) or len(text) > LONGEST:
        return error
    start = text.rfind("\n", 0, error.span.start) + 1
    stop = text.find("\n", error.span.start)
    line = text[start : stop if stop >= 0 else len(text)].partition("#")[0].rstrip()
    start += len(line) - len(line.lstrip())
    line = line.lstrip()
    for row in TABLE:
        if row.net not in (None, net):
            continue
        shown, at = (text, 0) if row.below else (line, start)
        for found in row.looks.finditer(shown):
            span = Span(at + found.start(), at + found.end())
            if span.start <= error.span.stop and error.span.start <= span.stop:
                return SyntaxMistake(row.says, span, tuple(row.fixes(found)))
    return error
