"""Specs made by hand, for trying the panel without the rest of the package.

`samples()` gives {name: spec}; `page(spec, …)` a plain page around one or more of them.
Run as a script, this writes one page a sample into the directory given, and all specs
as `specs.json`.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from latex2mathml.converter import convert

PANEL = Path(__file__).parents[2] / "jacmagic" / "panel"
FUNCTION = re.compile(r"(<mi>(?:sin|cos|tanh|exp|ln)</mi>)(?!<mo)")


def tex(source: str) -> str:
    """LaTeX as MathML, with the space that latex2mathml forgets round function names."""
    made = re.sub(r"<(mtext)>@(\w+)@</mtext>", r"<\1>@\2@</\1>", convert(source))
    return FUNCTION.sub(r'<mspace width="0.167em" />\1<mspace width="0.167em" />', made)


class Graph:
    """A graph in the form of the spec."""

    def __init__(self) -> None:
        self.nodes: list[list[Any]] = []
        self.outputs: dict[str, int] = {}

    def add(self, op: str, args: list[int], shape: list[int], data: Any = None, out: str = "") -> int:
        self.nodes.append([op, args, shape, data])
        if out:
            self.outputs[out] = len(self.nodes) - 1
        return len(self.nodes) - 1

    def input(self, key: str, shape: list[int], out: str = "") -> int:
        return self.add("input", [], shape, key, out)

    def scalar(self, tree: Any, args: list[int], out: str = "") -> int:
        return self.add("map", args, [], {"e": tree, "a": [[] for _ in args]}, out)

    def entrywise(self, tree: Any, args: list[int], shape: list[int], out: str = "") -> int:
        every = list(range(len(shape)))
        return self.add("map", args, shape, {"e": tree, "a": [every for _ in args]}, out)

    def times(self, a: int, b: int, out: str = "") -> int:
        """Matrix product, also of a matrix and a column."""
        p, q = self.nodes[a][2], self.nodes[b][2]
        lb = [1, 2][: len(q)]
        return self.add("dot", [a, b], [p[0], *q[1:]], [[0, 1], lb, [0, *lb[1:]]], out)

    def stack(self, parts: list[int], shape: list[int], out: str = "") -> int:
        return self.add("stack", parts, shape, 0, out)

    def spec(self) -> dict[str, Any]:
        return {"nodes": self.nodes, "outputs": self.outputs}


def name(key: str, latex: str, role: str, value: Any, lo: float = -3, hi: float = 3, **more: Any) -> dict[str, Any]:
    array = np.asarray(value, float)
    return {"key": key, "mathml": tex(latex), "shape": list(array.shape), "role": role,
            "value": array.ravel().tolist() if array.shape else float(array), "min": lo, "max": hi, **more}


def label(key: str, latex: str) -> dict[str, str]:
    return {"key": key, "mathml": tex(latex)}


def entry(latex: str, put: str, code: str = "") -> dict[str, str]:
    return {"mathml": tex(latex), "tex": latex, "put": tex(re.sub(r"@(\w+)@", r"\\text{@\1@}", put)), "code": code}


def two_by_two() -> dict[str, Any]:
    g = Graph()
    x1, x2, k = (g.input(n, []) for n in ("x1", "x2", "k"))
    s = ["_", 0], ["_", 1], ["_", 2]
    f1 = g.scalar(["+", ["*", 2, s[0], ["^", s[1], 2]], ["*", s[2], s[0]]], [x1, x2, k])
    f2 = g.scalar(["*", ["^", s[0], 2], ["sin", s[1]]], [x1, x2])
    g.stack([f1, f2], [2], "forward:f")
    entries = [
        g.scalar(["+", ["*", 2, ["^", ["_", 0], 2]], ["_", 1]], [x2, k]),
        g.scalar(["*", 4, s[0], s[1]], [x1, x2]),
        g.scalar(["*", 2, s[0], ["sin", s[1]]], [x1, x2]),
        g.scalar(["*", ["^", s[0], 2], ["cos", s[1]]], [x1, x2]),
    ]
    g.stack(entries, [2, 2], "J")
    return {
        "kind": "jacobian", "uid": "two", "big": False,
        "echo": [{"mathml": tex(r"f(x_1, x_2) = \begin{bmatrix} 2 x_1 x_2^2 + k x_1 \\ x_1^2 \sin x_2 \end{bmatrix}"),
                  "note": [{"text": "variables "}, {"mathml": tex("x_1, x_2")}, {"text": " · parameter "},
                           {"mathml": tex("k")}, {"text": " · rows = functions"}]}],
        "names": [name("x1", "x_1", "variable", 1.2, -2, 4, step=0.1), name("x2", "x_2", "variable", 0.8, -2, 4, step=0.1),
                  name("k", "k", "parameter", 3, 0, 7, step=0.1)],
        "graph": g.spec(),
        "result": {
            "title": tex("J_f ="), "rows": [label("f1", "f_1"), label("f2", "f_2")],
            "columns": [label("x1", "x_1"), label("x2", "x_2")],
            "entries": [[entry("2 x_2^2 + k", "2 (@x2@)^2 + @k@", "2*x2**2 + k"), entry("4 x_1 x_2", "4 (@x1@)(@x2@)", "4*x1*x2")],
                        [entry(r"2 x_1 \sin x_2", r"2 (@x1@) \sin (@x2@)"), entry(r"x_1^2 \cos x_2", r"(@x1@)^2 \cos (@x2@)")]],
            "matrix": "J",
            "extra": [{"label": "det", "what": "det", "mathml": tex(r"\det J = x_1^2 (2 x_2^2 + k) \cos x_2 - 8 x_1^2 x_2 \sin x_2")}],
        },
        "functions": [{"key": "f", "forward": "forward:f", "mathml": tex("f")}],
        "chain": None, "gradients": [],
        "picture": {"kind": "map2", "x": "x1", "y": "x2", "f": "forward:f"},
        "kinks": [], "reasons": [], "rescue": None,
        "actions": [{"label": "Steps", "mathml": [tex(r"\frac{\partial f_1}{\partial x_1} = 2 x_2^2 + k")]}, {"label": "Check"},
                    {"label": "SymPy code", "text": "import sympy as sp\nx1, x2, k = sp.symbols('x1 x2 k', real=True)\n"},
                    {"label": "Copy LaTeX", "copy": r"J_f = \begin{bmatrix} …"}],
    }


def dense(sizes: list[int], names: list[str], activation: str, seed: int = 3, scale: float = 1.0,
          weights: list[Any] | None = None, x: Any = None) -> dict[str, Any]:
    """A dense net, tanh or linear in between, linear at the end."""
    rng = np.random.default_rng(seed)
    g = Graph()
    shape = lambda n: [n]  # noqa: E731
    h = g.input(names[0], shape(sizes[0]), "forward:" + names[0])
    keys = [name(names[0], names[0], "input", x if x is not None else rng.normal(size=sizes[0]).round(2), -2, 2, step=0.05)]
    jacobians: list[int] = []
    cards: list[dict[str, Any]] = []
    picks: list[dict[str, Any]] = [{"key": names[0], "size": sizes[0], "forward": "forward:" + names[0]}]
    edges = []
    last = len(sizes) - 1
    for k in range(1, len(sizes)):
        m, n = sizes[k], sizes[k - 1]
        w = np.asarray(weights[k - 1], float) if weights else (scale * rng.normal(size=(m, n)) / np.sqrt(n)).round(3)
        c = np.zeros(m) if weights else (0.1 * rng.normal(size=m)).round(3)
        nw, nc = f"W{k}", f"c{k}"
        keys += [name(nw, f"W_{k}", "weight", w, -2, 2, step=0.05), name(nc, f"c_{k}", "weight", c, -2, 2, step=0.05)]
        iw, ic = g.input(nw, [m, n]), g.input(nc, [m])
        layer, before = names[k], names[k - 1]
        wh = g.times(iw, h)
        bent = activation != "" and k < last
        curved = activation in ("tanh",) and bent
        if curved:
            h = g.entrywise(["tanh", ["+", ["_", 0], ["_", 1]]], [wh, ic], [m], "forward:" + layer)
            slope = g.entrywise(["+", 1, ["neg", ["^", ["_", 0], 2]]], [h], [m])
            local = g.add("map", [slope, iw], [m, n], {"e": ["*", ["_", 0], ["_", 1]], "a": [[0], [0, 1]]}, f"local:{layer}:{before}")
            formula, jac = rf"{layer} = \tanh ( W_{k} {before} + c_{k} )", rf"J_{k} = \operatorname{{diag}}(1 - {layer}^2) W_{k}"
        else:
            h = g.entrywise(["+", ["_", 0], ["_", 1]], [wh, ic], [m], "forward:" + layer)
            g.outputs[f"local:{layer}:{before}"] = iw
            local = iw
            formula, jac = rf"{layer} = W_{k} {before} + c_{k}", rf"J_{k} = W_{k}"
        jacobians.append(local)
        picks.append({"key": layer, "size": m, "forward": "forward:" + layer})
        edges.append([before, layer])
        one = lambda key, size: [label(f"{key}{i}", f"{key}_{{{i}}}" if size > 1 else key) for i in range(1, size + 1)]  # noqa: E731
        cards.insert(0, {"key": layer, "formula": tex(formula), "jacobian": tex(jac), "matrix": f"local:{layer}:{before}",
                         "rows": one(layer, m), "columns": one(before, n), "shape": f"{m}×{n}",
                         "delta": f"grad:{layer}" if sizes[-1] == 1 else None})
    prod = jacobians[-1]
    if sizes[-1] == 1:
        g.add("const", [], [1, 1], 1, f"grad:{names[-1]}")
        for k in range(len(jacobians) - 1, -1, -1):
            out = f"grad:{names[k]}"
            if k < len(jacobians) - 1:
                prod = g.times(prod, jacobians[k], out)
            else:
                g.outputs[out] = prod
    else:
        for jac in reversed(jacobians[:-1]):
            prod = g.times(prod, jac)
    g.outputs["J"] = prod
    forward = jacobians[0]
    for jac in jacobians[1:]:
        forward = g.times(jac, forward)
    g.outputs["chain:product"] = forward
    o, i = names[-1], names[0]
    return {
        "kind": "nnchain", "uid": "net" + "-".join(map(str, sizes)), "big": False,
        "echo": [], "names": keys, "graph": g.spec(),
        "result": {"title": "", "rows": cards[0]["rows"], "columns": cards[-1]["columns"], "entries": None, "matrix": "J", "extra": []},
        "functions": [{"key": o, "forward": f"forward:{o}", "mathml": tex(o)}],
        "chain": {"title": tex(rf"\frac{{d{o}}}{{d{i}}} = " + r" \, ".join(f"J_{k}" for k in range(last, 0, -1)) + " ="), "value": "J",
                  "check": {"product": "chain:product", "direct": "J"}, "cards": cards, "edges": edges},
        "gradients": [{"key": i, "mathml": tex(rf"\frac{{\partial {o}}}{{\partial {i}}}"), "value": "J"}],
        "picture": {"kind": "net", "layers": picks}, "kinks": [], "reasons": [], "rescue": None,
        "actions": [{"label": "Check"}, {"label": "PyTorch code", "text": "import torch\n"}, {"label": "Copy LaTeX", "copy": "…"}],
    }


def small(key: str, variables: list[dict[str, Any]], latex: str, tree: Any, slopes: list[tuple[str, str, Any]], picture: dict[str, Any],
          **more: Any) -> dict[str, Any]:
    """One function of scalars."""
    g = Graph()
    ins = [g.input(v["key"], []) for v in variables]
    g.scalar(tree, ins, "forward:f")
    columns = [v for v in variables if v["role"] == "variable"]
    parts = [g.scalar(d, ins) for _, _, d in slopes]
    g.stack(parts, [1, len(parts)], "J")
    for out, t in more.pop("extra_outputs", {}).items():
        g.scalar(t, ins, out)
    return {
        "kind": "jacobian", "uid": key, "big": False,
        "echo": [{"mathml": tex(latex), "note": more.pop("note", "")}], "names": variables, "graph": g.spec(),
        "result": {"title": tex("J_f ="), "rows": [label("f", "f")], "columns": [{"key": v["key"], "mathml": v["mathml"]} for v in columns],
                   "entries": [[entry(a, b) for a, b, _ in slopes]], "matrix": "J", "extra": []},
        "functions": [{"key": "f", "forward": "forward:f", "mathml": tex("f")}], "chain": None, "gradients": [], "picture": picture,
        "kinks": [], "reasons": [], "rescue": None, "actions": [{"label": "Check"}], **more,
    }


def curve() -> dict[str, Any]:
    x, k = ["_", 0], ["_", 1]
    return small(
        "curve", [name("x", "x", "variable", 1.5, -6, 6, step=0.1), name("k", "k", "parameter", 1, 0, 4, step=0.1)],
        r"f(x) = x \sin k x", ["*", x, ["sin", ["*", k, x]]],
        [(r"\sin k x + k x \cos k x", r"\sin ((@k@)(@x@)) + (@k@)(@x@) \cos ((@k@)(@x@))",
          ["+", ["sin", ["*", k, x]], ["*", k, x, ["cos", ["*", k, x]]]])],
        {"kind": "curve", "x": "x", "f": "forward:f", "J": "J"},
    )


def contour() -> dict[str, Any]:
    x, y = ["_", 0], ["_", 1]
    return small(
        "contour", [name("x", "x", "variable", 0.8, -3, 3, step=0.1), name("y", "y", "variable", -1, -3, 3, step=0.1)],
        r"f(x, y) = x^2 y - 3 y + \sin 2 x", ["+", ["*", ["^", x, 2], y], ["*", -3, y], ["sin", ["*", 2, x]]],
        [(r"2 x y + 2 \cos 2 x", r"2 (@x@)(@y@) + 2 \cos (2 (@x@))", ["+", ["*", 2, x, y], ["*", 2, ["cos", ["*", 2, x]]]]),
         ("x^2 - 3", "@x@^2 - 3", ["+", ["^", x, 2], -3])],
        {"kind": "contour", "x": "x", "y": "y", "f": "forward:f"},
    )


def broken() -> dict[str, Any]:
    x, y = ["_", 0], ["_", 1]
    return small(
        "broken", [name("x", "x", "variable", -1, -3, 3, step=0.1), name("y", "y", "variable", 0, -3, 3, step=0.1)],
        r"f(x, y) = \ln x + \operatorname{ReLU}(y)", ["+", ["ln", x], ["relu", y]],
        [(r"\frac{1}{x}", r"\frac{1}{@x@}", ["case", ["/", 1, x], [">", x, 0], "nan"]), (r"\mathbf{1}[y > 0]", r"\mathbf{1}[@y@ > 0]", ["step", y])],
        {"kind": "contour", "x": "x", "y": "y", "f": "forward:f"},
        extra_outputs={"kink:0": y, "guard:0": x},
        kinks=[{"value": "kink:0", "text": "ReLU at 0: slope 0, as in PyTorch"}],
        reasons=[{"value": "guard:0", "text": "ln of a number that is not positive", "when": "<=0"}], rescue={"x": 1.0},
    )


def heatmap(n: int = 20) -> dict[str, Any]:
    """Broyden's tridiagonal function: (3 - 2x_i) x_i - x_{i-1} - 2x_{i+1} + 1."""
    g = Graph()
    x = g.input("x", [n])
    before = g.add("put", [g.add("take", [x], [n - 1], {"l": 0, "i": list(range(n - 1))})], [n], {"l": 0, "i": list(range(1, n))})
    after = g.add("put", [g.add("take", [x], [n - 1], {"l": 0, "i": list(range(1, n))})], [n], {"l": 0, "i": list(range(n - 1))})
    g.entrywise(["+", ["*", ["+", 3, ["*", -2, ["_", 0]]], ["_", 0]], ["neg", ["_", 1]], ["*", -2, ["_", 2]], 1], [x, before, after], [n], "forward:f")
    d = g.entrywise(["+", 3, ["*", -4, ["_", 0]]], [x], [n])
    low = g.add("const", [], [n - 1], -1)
    high = g.add("const", [], [n - 1], -2)
    every = g.stack([d, low, high], [3 * n - 2])
    flat = [i * n + i for i in range(n)] + [(i + 1) * n + i for i in range(n - 1)] + [i * n + i + 1 for i in range(n - 1)]
    g.add("put", [every], [n, n], {"l": 0, "i": flat}, "J")
    return {
        "kind": "jacobian", "uid": "heat", "big": False,
        "echo": [{"mathml": tex(r"f = [ (3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1 ]_{i = 1}^{20}"), "note": "variables x[1] to x[20] · rows = functions"}],
        "names": [name("x", "x", "variable", (np.sin(np.arange(n)) * 1.5).round(2), -3, 3, step=0.1)], "graph": g.spec(),
        "result": {"title": tex("J_f"), "rows": [label(f"f{i}", f"f_{{{i}}}") for i in range(1, n + 1)],
                   "columns": [label(f"x{i}", f"x_{{{i}}}") for i in range(1, n + 1)], "entries": None, "matrix": "J", "extra": []},
        "functions": [{"key": "f", "forward": "forward:f", "mathml": tex("f")}], "chain": None, "gradients": [],
        "picture": {"kind": "heatmap"}, "kinks": [], "reasons": [], "rescue": None, "actions": [{"label": "Check"}],
    }


def samples(large: bool = False) -> dict[str, dict[str, Any]]:
    found = {
        "map2": two_by_two(),
        "net": dense([1, 2, 2, 1], ["x", "a", "b", "o"], "tanh", x=[0.5],
                     weights=[[[0.5], [-0.4]], [[0.7, -0.3], [0.2, 0.9]], [[0.8, -0.6]]]),
        "curve": curve(), "contour": contour(), "broken": broken(), "heatmap": heatmap(),
        "net8": dense([2, 8, 8, 2], ["x", "h", "g", "o"], "tanh"),
    }
    found["net"]["echo"] = [{"mathml": tex(r"a = W_1 x + c_1 \quad b = \tanh (W_2 a + c_2) \quad o = W_3 b + c_3"),
                             "note": [{"text": "input "}, {"mathml": tex(r"x \in \mathbb{R}^1")}]}]
    if large:
        found["mnist"] = dense([784, 128, 64, 10], ["x", "h", "g", "o"], "tanh", scale=1.0)
    return found


def squeeze(source: str, tight: str) -> str:
    """A source without comments, indentation, and blanks round the marks in `tight`.

    panel.js and panel.css are written so that this is safe: comments with // stand on lines of their own, strings
    are double-quoted and end on their line, no template literal, no quote and no blank beside a mark in a
    regular expression.
    """
    source = re.sub(r"^[ \t]*//.*", "", source, flags=re.M)
    source = re.sub(r'("(?:[^"\\\n]|\\.)*")|/\*.*?\*/', lambda found: found[1] or "", source, flags=re.S)
    marks = re.compile(r'("(?:[^"\\\n]|\\.)*")|[ \t]*([' + re.escape(tight) + r"])[ \t]*")
    source = "\n".join(line.strip() for line in source.splitlines() if line.strip())
    return re.sub(r"(?<=[{,;])\n", "", marks.sub(lambda found: found[1] or found[2], source))


def style() -> str:
    return squeeze((PANEL / "panel.css").read_text(), "{},;")


def module() -> str:
    """The module for pasting inline: its last statement, the export, is dropped."""
    js = squeeze((PANEL / "panel.js").read_text(), "=,{}();:?<>*&|")
    return js[: js.rindex("export{")]


# 85 characters that mean nothing to HTML, to a script's end tag or to a string.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%()*+,-./:;=?@[]^_`{|}~"[:85]


def base85(data: bytes) -> str:
    """Four bytes in five characters; the loader below reads it."""
    data += b"\0" * (-len(data) % 4)
    out = []
    for k in range(0, len(data), 4):
        number = int.from_bytes(data[k : k + 4], "big")
        out.append("".join(ALPHABET[number // 85**i % 85] for i in (4, 3, 2, 1, 0)))
    return "".join(out)


LOADER = """
const root = document.getElementById(ID), data = DATA, bytes = new DataView(new ArrayBuffer(data.length / 5 * 4));
for (let i = 0, v = 0; i < data.length; ) { v = v * 85 + ALPHABET.indexOf(data[i]); if (++i % 5 === 0) { bytes.setUint32(i / 5 * 4 - 4, v); v = 0; } }
new Response(new Blob([bytes.buffer.slice(0, SIZE)]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text().then((text) => {
const script = document.createElement("script");
script.type = "module";
script.textContent = text;
root.after(script);
});
"""


def packed(spec: dict[str, Any], ident: str) -> str:
    """An output of its own: module, style and spec deflated, unpacked into an inline module script.

    A blob: or data: import would do as well, but VS Code's policy (script-src 'unsafe-inline', no blob:) stops it.
    """
    text = (f"{{const root=document.getElementById({json.dumps(ident)});const style=document.createElement('style');style.textContent={json.dumps(style())};"
            f"{module()}\nmount(root,{json.dumps(spec, separators=(',', ':'))});root.before(style);}}")
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = pack.compress(text.encode()) + pack.flush()
    script = LOADER.strip().replace("ALPHABET", json.dumps(ALPHABET)).replace("SIZE", str(len(raw)))
    script = script.replace("ID", json.dumps(ident)).replace("DATA", json.dumps(base85(raw)))
    return f'<div id="{ident}"></div><script>{{{script}}}</script>'


def page(specs: list[dict[str, Any]], dark: bool = False) -> str:
    """A plain page: the panel's module inline, once, and a mount a spec."""
    css = (PANEL / "panel.css").read_text()
    calls = "".join(f"mount(document.getElementById('at{k}'), JSON.parse(document.getElementById('spec{k}').textContent));" for k in range(len(specs)))
    body = "".join(f'<div id="at{k}"></div><script type="application/json" id="spec{k}">' + json.dumps(s).replace("<", "\\u003c") + "</script>" for k, s in enumerate(specs))
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>panel</title><meta name="color-scheme" content="{"dark" if dark else "light"}">'
            f'<style>body{{margin:16px;{"background:#111418" if dark else ""}}}{css}</style><main>{body}</main><script type="module">{module()}\n{calls}</script></html>')


if __name__ == "__main__":
    where = Path(sys.argv[1])
    where.mkdir(parents=True, exist_ok=True)
    for key, spec in samples(large=True).items():
        (where / f"{key}.html").write_text(page([spec]))
        (where / f"{key}-dark.html").write_text(page([spec], dark=True))
    (where / "specs.json").write_text(json.dumps(samples()))
