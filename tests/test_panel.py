"""The text of an output: packed, the same in every run, and never one page's word for two results."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import zlib
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from optional import panel_source
from pictured import BLOCKS, pictured

import jacmagic
from jacmagic import panel
from jacmagic.language import printers
from jacmagic.language import tree as t
from jacmagic.panel import arrays, parts
from jacmagic.panel.shared import shared
from jacmagic.show import pieces, views

TWO = "f(x1, x2) = [2x1 x2^2 + k x1, x1^2 sin x2]\nk = 3 in [0, 7]"
HOME = str(Path(jacmagic.__file__).resolve().parents[1])


def run(seed: str, *cells: str) -> list[str]:
    """The text/html of cells, in a kernel of their own."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in ("%load_ext jacmagic", *cells)])
    path = os.pathsep.join(filter(None, [HOME, os.environ.get("PYTHONPATH", "")]))
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed})
    return [output.data["text/html"] for cell in notebook.cells for output in cell.outputs if "text/html" in output.get("data", {})]


def names(output: str) -> list[str]:
    return re.findall(r'data-uid="([^"]*)"', output)


@pytest.mark.long
def test_the_same_cells_give_the_same_bytes():
    cells = (f"%%jacobian --into r\n{TWO}", "%nnchain x(3) -> 4 tanh -> 2 softmax", f"%%jacobian\n{TWO}", "r")
    first, second = run("1", *cells), run("2", *cells)
    assert len(first) == 4
    assert first == second
    (one,), (net,), (same,), (again,) = map(names, first)
    # Equal blocks in two cells are two results; one result in two cells is one.
    assert len({one, net, same}) == 3
    assert again == one
    assert first[2].replace(same, one) == re.sub(r' data-font="[^"]*"', "", first[0])


def test_results_of_one_text_differ_in_one_line():
    first, second = (panel.html(jacmagic.jacobian(TWO)).split("\n") for _ in range(2))
    assert [a == b for a, b in zip(first, second, strict=True)] == [True, False, True]


def unpacked(text, size):
    letters = [panel.ALPHABET.index(one) for one in text]
    bits = "".join(f"{91 * a + b:013b}" for a, b in zip(letters[::2], letters[1::2]))
    return bytes(int(bits[8 * k : 8 * k + 8], 2) for k in range(size))


def inflated(packed):
    size, letters = packed.split(" ")
    return zlib.decompress(unpacked(letters, int(size)), -15).decode()


def module_of(result):
    return inflated(re.search(r'data-code="([^"]*)"', panel.html(result))[1])


@pytest.mark.parametrize("data", [b"", b"\0", b"jacmagic", bytes(range(256)) * 7])
def test_what_is_packed_is_found_again(data):
    text = panel.base91(data)
    assert not set(text) & set('"&< ')
    assert unpacked(text, len(data)) == data


def test_an_output_holds_the_module_and_what_it_draws():
    result = jacmagic.jacobian(TWO)
    assert json.loads(inflated(panel.payload(result)[0])) == panel.spec(result)
    assert re.search(r"function begin\(\w+,\w+,\w+\)", module_of(result))


def test_every_part_has_a_block_and_a_module() -> None:
    listed = re.findall(r"/(\w+)\.js", panel_source("all.js").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(BLOCKS)
    assert parts.known() == set(BLOCKS)


@pytest.mark.parametrize("part", BLOCKS)
def test_an_output_has_the_parts_that_its_spec_asks_for_and_no_others(part: str) -> None:
    result = pictured(part)
    needed = parts.needed(panel.spec(result))
    assert part in needed <= parts.known()
    text = module_of(result)
    assert {one for one in BLOCKS if re.search(rf"[;}}]\w+\.{one}=", text)} == needed


def test_a_small_output_is_small() -> None:
    """74.7 KB when each output had all pictures."""
    assert len(panel.html(pictured("curve")).encode()) < 53_500


def test_every_kind_of_output_is_small_alone_and_smaller_beside_others() -> None:
    whole = [panel.html(pictured(part)) for part in BLOCKS]
    assert max(len(one.encode()) for one in whole) <= 80_000
    thin = shared("".join(f"<section>{one}</section>" for one in whole)).split("<section>")[2:]
    assert len(thin) == len(BLOCKS) - 1
    assert max(len(one.encode()) for one in thin) <= 8_000


def test_each_value_has_a_serial_higher_than_those_before_it() -> None:
    r = jacmagic.jacobian(TWO)
    assert [one["serial"] for one in panel.spec(r)["names"]] == [0, 0, 0]
    r.set(x1=2)
    r.set(x1=2)  # no change
    r.set(x2=3, k=1)
    assert [one["serial"] for one in panel.spec(r)["names"]] == [1, 2, 2]
    # From a page: what is older there does not come back.
    widget = r.widget()
    widget.moved = {"x1": [7, 3.5], "x2": [7, 1.5], "no such name": [1, 9]}
    assert dict(r.values) == {"x1": 7.0, "x2": 3.0, "k": 1.0}
    r.set(k=2)
    assert widget.point == {"k": [2.0, 4]}
    assert widget.values == {"x1": 7.0, "x2": 3.0, "k": 2.0}
    assert not {"spec", "font"} & set(widget.get_state())
    assert r.values.serials == {"x1": 3.5, "x2": 2, "k": 4}


def test_a_widget_without_its_kernel_is_formulas_and_text():
    shown = jacmagic.jacobian("f(x) = x^2").widget()._repr_mimebundle_()
    bundle = shown[0] if isinstance(shown, tuple) else shown
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "f'(x) = 2x" in bundle["text/plain"]
    assert "x^{2}" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_what_asks_first_shows_its_question() -> None:
    r = jacmagic.jacobian("f(x, y) = x^3 y").show(reveal=True)
    assert '"reveal": true' in r.widget().get_state()["_esm"]
    bundle = r._repr_mimebundle_()
    assert bundle["text/plain"].endswith("∂f/∂x = ?\n∂f/∂y = ?\nr.show() shows the answer")
    assert not any("3x" in bundle[one] or "3 x^{2}" in bundle[one] for one in ("text/plain", "text/latex"))
    question, answer = bundle["text/html"].split("<details>")
    assert "3 x^{2}" in answer
    assert "3 x^{2}" not in question
    assert "3x" in r.show()._repr_mimebundle_()["text/plain"]
    many = jacmagic.jacobian("x in R^9\nA in R^(8x9)\nf = A x").show(reveal=True)
    assert many._repr_mimebundle_()["text/plain"].count("?") == 2
    unknown = jacmagic.jacobian("u = u(x, t)\nf = u^2").show(reveal=True)
    assert "<details>" in unknown._repr_mimebundle_()["text/html"]


WHOLE = {
    "two": TWO, "chain": "u = x y\nv = x + y\nf = u^2 + sin v", "kink": "f(x) = relu(x)\nx = 0", "broken": "f(x) = ln x\nx = 0",
    "system": "x' = a x - b x y\ny' = -c y + d x y", "wide": "x in R^12\nA in R^(12x12)\nf = A x",
    "net": "x(3) -> 4 tanh -> 2 softmax\ny in R^2\nL = cross_entropy(o, y)",
}


@pytest.mark.parametrize("static", [False, True], ids=["untrusted", "static"])
@pytest.mark.parametrize("kind", WHOLE)
def test_without_scripts_an_output_says_all_that_a_terminal_says(
    kind: str, static: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = (jacmagic.nnchain if kind == "net" else jacmagic.jacobian)(WHOLE[kind])
    # Whatever views there will be: also one of words alone.
    monkeypatch.setitem(views.VIEWS, "words", lambda result: iter([pieces.Formula("words", t.Words("a <view> of words alone"))]))
    seen = re.sub(r"(?s)<script.*?</script>|<[^>]*>", "\n", r.show(static=static)._repr_mimebundle_()["text/html"])
    seen = html.unescape(seen)
    lines = r._repr_mimebundle_()["text/plain"].splitlines()
    formulas = {line for one in views.formulas(r) if one.latex and f"$${one.latex}$$" in seen for line in one.text.splitlines()}
    assert [line for line in lines if line not in formulas and line.strip() not in seen] == []
    assert "a <view> of words alone" in seen
    assert (panel.STATIC if static else panel.UNTRUSTED) in seen


def test_too_many_values_for_a_panel_are_said() -> None:
    assert panel.TOO_MANY in panel.html(jacmagic.nnchain("x(784) -> 320 relu -> 10 softmax"))
    net = jacmagic.nnchain("x(784) -> 200 relu -> 10 softmax")
    assert panel.has_panel(net)
    net.values["W1"] = net.values["W1"] / 3  # doubles have twice the bytes
    assert not panel.has_panel(net)


EXACT = {
    "singles": (np.random.default_rng(1).normal(size=(30, 20)).astype(np.float32), "f4"),
    "doubles": (np.random.default_rng(2).normal(size=(30, 20)), "f8"),
    "one double": (np.where(np.arange(600) == 7, 0.1, np.float64(np.float32(1 / 3))), "f8"),
    "small and large": (10.0 ** np.linspace(-299.3, 299.3, 600), "f8"),
    "few": (np.random.default_rng(3).normal(size=arrays.LONG), None),
    "two digits": (np.round(np.random.default_rng(4).uniform(-1.5, 1.5, 784), 2), None),
    "whole": (np.arange(2000.0), None),
}


@pytest.mark.parametrize("kind", EXACT)
def test_an_array_travels_exactly_in_few_letters(kind: str) -> None:
    array, dtype = EXACT[kind]
    sent = json.loads(json.dumps(arrays.carried(array)))
    if dtype is None:
        found = sent
    else:
        assert list(sent) == [dtype]
        found = np.frombuffer(base64.b64decode(sent[dtype]), "<" + dtype)
        assert len(sent[dtype]) < len(json.dumps(array.ravel().tolist())) / 1.7
    assert np.array_equal(found, np.ravel(array))


def test_a_large_net_has_a_panel_of_little_more_than_its_weights() -> None:
    net = jacmagic.nnchain("x(784) -> 128 relu -> 10 softmax")
    assert sum(np.size(value) for value in net.values.values()) == 784 + 101_770
    assert all(np.array_equal(np.float32(net.values[key]), net.values[key]) for key in net.trainable())
    assert len(panel.html(net).encode()) < 600_000
    small = jacmagic.nnchain("x(784) -> 24 relu -> 10 softmax")
    assert not np.array_equal(np.float32(small.values["W1"]), small.values["W1"])
    assert not re.search('"f[48]"', json.dumps(panel.spec(jacmagic.nnchain("x(20) -> 20 tanh -> 10 softmax"))))


def test_mathml_has_no_empty_operator():
    net = jacmagic.nnchain("x in R^2\no = sigmoid(W x + c) in R^1")
    formulas = [one for card in panel.spec(net)["chain"]["cards"] for one in (card["formula"], card["jacobian"])]
    assert "<mi>\u03c3</mi>" in "".join(formulas)
    assert not re.search(r"<mo ?/>|<mo></mo>", "".join(formulas))



def test_a_name_is_one_element_that_says_where_its_number_needs_brackets() -> None:
    r = jacmagic.jacobian("f(x, m) = x e^(-(x - m)^2)")
    made = panel.spec(r)["result"]["entries"][0][1]["mathml"]
    assert made.count('<mo>−</mo><mi data-name="m">m</mi>') == 2
    assert '<mn>2</mn><mi data-name="x" data-tight="">x</mi>' in made


def test_a_component_has_the_key_of_its_vector() -> None:
    r = jacmagic.jacobian("x in R^2\nf = x[1] x[2]^2")
    made = panel.spec(r)["result"]["entries"][0][1]["mathml"]
    assert 'data-name="x[1]"' in made
    assert '<msubsup data-name="x[2]"' not in made  # 2x₁x₂: no power
    assert '<msubsup data-name="x[2]"' in panel.spec(r)["result"]["entries"][0][0]["mathml"]


@pytest.mark.parametrize("net", [False, True])
def test_a_view_that_is_added_is_in_every_place(net: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A view is a function and a line: terminal, LaTeX, what stands without scripts, panel, saved page."""
    tree = t.Equation((t.Call("trace", (t.Jacobian(),)), t.Product((("", t.Number("7")), ("", t.Name("q_added"))))))
    monkeypatch.setitem(views.VIEWS, "trace", lambda result: iter([pieces.Formula("trace", tree, "a note of it")]))
    block = "x in R^2\na = tanh(W x + c) in R^3\nL = mse(a, y)" if net else "f(x, y) = [x^2 y, x - y]"
    r = (jacmagic.nnchain if net else jacmagic.jacobian)(block)
    bundle = r._repr_mimebundle_()
    assert "trace J = 7q_added" in bundle["text/plain"]
    latex = views.formulas(r)[-1].latex
    assert latex in bundle["text/latex"]
    assert f"$${latex}$$" in bundle["text/html"]
    assert printers.mathml(tree) in panel.spec(r)["more"]
    r.save(tmp_path / "page.html")
    shown = printers.still(tree).removeprefix("<math>")
    assert shown in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert html.escape(shown) in r._repr_html_()


SHOWN = {
    "softmax": "x in R^3\np = softmax(x)", "norm": "x in R^4\nf = ||x||", "gravity": "r, s in R^3\nF = (r - s)/||r - s||^3",
    "layer_norm": "x in R^3\na = layer_norm(x)", "both": "x, y in R^3\nL = cross_entropy(softmax(x), y)",
    "long": "F(x,y,z) = [e^(x y z) sin(x y + y z + z x)/(1 + x^2 + y^2 + z^2), ln(1 + x^2 y^2 z^2) tan(x + y), sqrt(1 + x^2 + y^4) cos(x y z)]",
    "ten": "n = 10\nx in R^n\nF = [x[i]^2 + x[1] for i = 1..n]", "chain": "r = √(x^2 + y^2)\nf = sin(r)/r",
    "matrix": "W in R^(3x3)\nx in R^3\nL = 1/2 ||W x - x||^2", "stacked": "x in R^5\nF = [e^(x[i])/sum(e^(x[j]^2) for j = 1..5) for i = 1..5]",
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("whole", [False, True])
def test_the_panel_shows_j_wherever_the_terminal_does(name: str, whole: bool) -> None:
    r = jacmagic.jacobian(SHOWN[name])
    made = panel.spec(r, whole=whole)
    told = [one for one in views.formulas(r, whole) if one.kind in ("result", "local", "chain")]
    assert told
    size = any(isinstance(one.tree, t.Equation) and isinstance(one.tree.sides[-1], t.Space) for one in told)
    assert not size, "J with its size alone"
    chained = [*made["chain"]["formulas"], made["chain"]["title"]] if made["chain"] else []
    assert made["result"]["entries"] or made["result"]["formulas"] or chained
    if name == "ten":
        assert bool(made["result"]["entries"]) == whole
        assert ("⋯" in "".join(made["result"]["formulas"])) != whole
    if name == "softmax":
        assert made["result"]["entries"][0][1]["tex"] == "-p_{1} p_{2}"
        assert 'data-name="p[2]"' in made["result"]["entries"][0][1]["mathml"]  # its number is a layer's value
        assert "forward:p" in json.dumps(made["graph"])
    if name == "chain":
        assert [one.text for one in told if one.kind == "chain"][0] == (
            "∂f/∂x = df/dr ∂r/∂x = ((r cos(r) - sin(r))/r²) · (x/r)")
        assert printers.mathml(next(one.tree for one in told if one.kind == "chain")) in chained


@pytest.mark.parametrize(("block", "factors", "kind"), [
    ("x^2 + y^2 = 1\ny = y(x)", 0, "curve"), ("u = x^2\nf = sin u", 2, "net"), ("u = x y\nv = x + y\nf = u v", 4, "contour"),
])
def test_the_chain_rule_goes_a_factor_at_a_time_where_there_are_several(block: str, factors: int, kind: str) -> None:
    spec = panel.spec(jacmagic.jacobian(block, wrt="x" if factors < 4 else "x, y"))
    assert sum(len(way) for one in spec["chain"]["sums"] for way in one["ways"]) in (factors, 2 * factors)
    assert spec["picture"]["kind"] == kind


@pytest.mark.parametrize(("block", "kinds", "order"), [
    ("x_{n+1} = a x_n (1 - x_n)", ["cobweb", "slopes"], [0]), ("x_{n+1} = y_n\ny_{n+1} = -x_n/2", ["orbit", "map2"], [0, 1]),
    ("r = 1 - x_n\nx_{n+1} = r x_n", ["cobweb", "slopes", "net"], [0]), ("x' = -x", ["phase"], [0]), ("x' = y\ny' = -x", ["flow"], [0, 1]),
])
def test_a_map_has_its_orbit_and_a_system_its_flow(block: str, kinds: list[str], order: list[int]) -> None:
    spec = panel.spec(jacmagic.jacobian(block))
    assert [spec["picture"]["kind"], *(one["kind"] for one in spec["picture"]["also"])] == kinds
    assert spec["system"]["order"] == order
    assert spec["system"]["map"] == ("n+1" in block)


def test_a_map_of_three_has_eigenvalues_and_no_orbit_drawn() -> None:
    spec = panel.spec(jacmagic.jacobian("x_{n+1} = y_n\ny_{n+1} = z_n\nz_{n+1} = x_n/2"))
    assert spec["system"]["map"]
    assert spec["picture"]["kind"] == "space"
    assert "order" not in spec["picture"]  # the box and its image, no trajectory


@pytest.mark.parametrize(("block", "kind"), [
    ("F(x, y, z) = [x y, y z, z x]", "space"), ("f(x, y, z) = x y z", "level"), ("x in R^3\nf = ||x||^2", "level"), ("F(t) = [t, t^2, t^3]", "space"),
    ("F(x, y, z) = [x y, y z]", "heatmap"), ("F(u, v) = [u, v, u v]", "space"),
])
def test_three_variables_have_their_picture(block: str, kind: str) -> None:
    assert panel.spec(jacmagic.jacobian(block))["picture"]["kind"] == kind


@pytest.mark.parametrize(("block", "low", "high"), [
    ("x' = r x (1 - x/K)\nr = 1\nK = 10", -3, 12), ("x' = -x + 4", -3, 4.8), ("x' = x - x^3", -3, 3), ("x' = 1/x", -3, 3),
    ("v' = g - k v^2\ng = 9.81\nk = 0.01", -38, 38), ("x' = -x + 4\nx = 1 in [0, 2]", 0, 2), ("x_{n+1} = x_n/2 + 9", -3, 3),
])
def test_the_slider_of_one_equation_reaches_where_it_rests(block: str, low: float, high: float) -> None:
    (name, *_) = panel.spec(jacmagic.jacobian(block))["names"]
    assert (name["min"], name["max"]) == (low, high)


@pytest.mark.parametrize(("block", "x", "y"), [
    ("x' = a x - b x y\ny' = -c y + d x y\na = 1\nb = 0.1\nc = 1.5\nd = 0.075", (-3, 24), (-3, 12)),
    ("x' = x (3 - x - 2y)\ny' = y (2 - x - y)", (-3, 3.6), (-3, 3)), ("x' = y\ny' = -sin x - b y\nb = 0.2", (-3, 3), (-3, 3)),
    ("x' = -b x y\ny' = b x y - g y\nb = 0.3\ng = 0.1", (-3, 3), (-3, 3)), ("x' = 1\ny' = x", (-3, 3), (-3, 3)),
])
def test_the_sliders_of_two_equations_reach_where_they_rest_if_these_are_few_places(block: str, x: tuple[float, float], y: tuple[float, float]) -> None:
    names = panel.spec(jacmagic.jacobian(block))["names"][:2]
    assert [(one["min"], one["max"]) for one in names] == [x, y]


@pytest.mark.parametrize(("block", "low", "high"), [
    ("f(x) = arcsin x", -1, 1), ("f(x, y) = sqrt(1 - x^2 - y^2)", -1, 1), ("x in R^2\nf = sqrt(1 - x^T x)", -1, 1), ("f(x) = ln(1 - x)", -3, 1),
    ("f(x) = sqrt(x - 2)", 2, 3), ("f(x) = acos(x/2)", -2, 2), ("f(x) = sqrt(x^2 - 1)", -3, 3), ("f(x) = 1/x", -3, 3), ("f(x) = ln x", 0.1, 3),
    ("f(x) = arcsin x\nx = 3", -3, 3), ("f(x) = arcsin x\nx = 0 in [-2, 2]", -2, 2), ("f(x) = tan x", -3, 3),
    ("f(x) = x^(softmax([10^400, 1])[1])", 0, 3),
])
def test_a_slider_goes_as_far_as_there_are_values(block: str, low: float, high: float) -> None:
    (name, *_) = panel.spec(jacmagic.jacobian(block))["names"]
    assert (name["min"], name["max"]) == (low, high)


@pytest.mark.parametrize(("block", "straight"), [("f(t) = [t, t^2]", True), ("f(x, y) = [x, y]", False), ("f(t) = [a t, t^2]", True), ("x = a t\ny = t^2\nr = [x, y]", False)])
def test_entries_of_one_variable_alone_have_a_straight_d(block: str, straight: bool) -> None:
    names = [one["name"] for row in panel.spec(jacmagic.jacobian(block))["result"]["entries"] for one in row]
    assert all(("∂" not in name) == straight for name in names)


def test_what_an_equation_defines_is_shown_by_its_partial_derivatives() -> None:
    one = panel.spec(jacmagic.jacobian("x^2 + y^2 = 25\ny = y(x)"))["result"]["formulas"]
    two = panel.spec(jacmagic.jacobian("z^3 + x z = y\nz = z(x, y)"))["result"]["formulas"]
    assert [text.count("∂</mo>") for text in one] == [4]
    assert [text.count("∂</mo>") for text in two] == [6, 6]
    system = panel.spec(jacmagic.jacobian("x^2 + u^2 - v = 1\nx + u v = 2\nu = u(x)\nv = v(x)"))["result"]["formulas"]
    assert len(system) == len(set(system)) == 7  # once, though there is no chain
    assert panel.spec(jacmagic.jacobian("x^2 + y^2 = 25\ny = y(x)\nf = x y"))["result"]["formulas"] == []


@pytest.mark.parametrize("block", ["x in R^n\nf = x^T A x", "u = u(x, t)\nv = 2 u\nw = x v", "x in R^1000\nA in R^(900x1000)\nf = tanh(A x)"])
@pytest.mark.parametrize("alone", [True, False])
def test_what_is_said_of_a_block_stands_behind_its_last_line(block, alone):
    r = jacmagic.jacobian(block)
    said = [one.note for one in views.shown(r) if one.kind == "echo" and one.note]
    shown = panel.fallback(r, mathml=alone)
    formulas = [printers.still(one.tree, one.arrays).removeprefix("<math>") if alone else html.escape(one.latex, quote=False).replace("&amp; ", "& ")
                for one in views.shown(r)]
    block_lines = sum(one.kind in ("echo", "values") for one in views.shown(r))
    places = [shown.index(one) for one in formulas]
    assert len(said) == 1
    assert block_lines > 1
    assert max(places[:block_lines]) < shown.index(said[0]) < min(places[block_lines:])
