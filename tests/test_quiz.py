"""A quiz: its page holds the functions and no derivative; the browser's side is run in tests/browser/test_quiz.py."""

from __future__ import annotations

import json
import math
import operator
import re
from typing import Any

import numpy as np
import pytest

import jacmagic
from jacmagic import panel
from jacmagic.language import printers
from jacmagic.panel import quiz
from jacmagic.show.backward import layout_of
from jacmagic.show.views import plain_text

BLOCKS = (
    "f(x, y) = x^3 sin(x y) + y/(1 + x^2)", "x(r, φ) = r^2 cos φ\ny(r, φ) = r^2 sin φ", "u = ln(1 + x^2)\nf = k e^(3u)",
    "x in R^3\nf(x) = [x1^3 x2, ||x||]", "f(x) = (x^3 if x > 0 else 5x^4) + sigmoid(4x)", "x' = a x^3 - b x^2 y\ny' = c y^4",
)


def number(tree: Any, at: dict[str, float]) -> float:
    """The number of a tree of the page, read here."""
    if not isinstance(tree, list):
        return at[tree] if isinstance(tree, str) else float(tree)
    kind, *rest = tree
    if kind == "if":
        return next(number(value, at) for when, value in rest if when is True or met(when, at))
    parts = [number(one, at) for one in rest]
    if kind in ("+", "*", "^"):
        return {"+": math.fsum, "*": math.prod, "^": lambda p: p[0] ** p[1]}[kind](parts)  # type: ignore[operator]
    return {"ln": math.log, "sigmoid": lambda z: 1 / (1 + math.exp(-z))}.get(kind, getattr(math, kind, None))(*parts)


def met(when: list[Any], at: dict[str, float]) -> bool:
    return {"<": operator.lt, ">": operator.gt}[when[0]](*(number(one, at) for one in when[1:]))


def page(block: str, tmp_path) -> tuple[Any, str, dict[str, Any]]:
    r = jacmagic.jacobian(block)
    text = r.save(tmp_path / "quiz.html", "Quiz", quiz=True).read_text(encoding="utf-8")
    return r, text, json.loads(re.search(r"ask\(root,(.*)\);</script>", text)[1])


@pytest.mark.parametrize("block", BLOCKS)
def test_no_derivative_is_in_the_file(block, tmp_path):
    r, text, data = page(block, tmp_path)
    assert set(data) == {"names", "functions", "entries", "heading"}
    layout = layout_of(r)
    for entry in r.matrix:
        if entry.is_number or not entry.args or r.outputs.has(entry):  # what a function has anyway
            continue
        shown = layout(entry)
        forms = [str(entry), printers.text(shown), printers.latex(shown), printers.mathml(shown).removeprefix("<math>").removesuffix("</math>")]
        tree = json.dumps(quiz.tree(entry), ensure_ascii=False, separators=(",", ":"))
        assert not [one for one in [*forms, tree] if len(one) > 4 and one in text], entry
    assert "jacobian" not in text.lower()


@pytest.mark.parametrize("block", BLOCKS)
def test_it_has_the_functions(block, tmp_path):
    r, _, data = page(block, tmp_path)
    at = {name: 0.3 + 0.2 * k for k, name in enumerate(s.name for key in r.program.inputs for s in r.entry_symbols(key))}
    found = [number(tree, at) for tree in data["functions"]]
    values = r.forward(**at)
    assert found == pytest.approx(np.concatenate([np.ravel(values[key]) for key in r.program.outputs]))
    assert [(one["row"], one["by"]) for one in data["entries"]] == [
        (i, s.name) for i in range(len(found)) for s in r.variables]


def test_nothing_of_a_block_ends_the_script(tmp_path):
    _, text, _ = page("f(x) = (x^2 if x < 3 else x)", tmp_path)
    assert text.count("</script>") == 1
    r = jacmagic.jacobian("f(x) = x^2")
    assert "<b>&" not in r.save(tmp_path / "q.html", "<b>&", quiz=True).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("u = u(x, t)\nf = u^2", "known by their formulas"), ("x^2 + y^2 = 1\ny = y(x)", "known by their formulas"),
        ("f(x) = selu(x)", "has no selu"), ("x in R^9\nA in R^(8x9)\nf = A x", "at most 64 entries"),
    ],
)
def test_what_no_quiz_can_be_of_is_said(block, says, tmp_path):
    with pytest.raises(jacmagic.JacmagicError, match=says):
        jacmagic.jacobian(block).save(tmp_path / "quiz.html", quiz=True)


def test_a_quiz_shows_no_entry():
    r = jacmagic.jacobian("f(x, y) = x^3 y").show(quiz=True)
    shown = plain_text(r)
    assert "∂f/∂x = ?\n∂f/∂y = ?" in shown
    assert "3x" not in shown
    bundle = r._repr_mimebundle_()
    assert "data-jacmagic" in bundle["text/html"]
    seen = [bundle["text/plain"], bundle["text/latex"], re.sub(r'data-\w+="[^"]*"', "", bundle["text/html"])]
    assert not any("3x" in one or "3 x^{2}" in one for one in seen)
    assert r.check("3x^2 y, x^3")
    assert "ask(root" in r.html()
    assert r.html(300).startswith('<iframe title="a quiz" style="width:100%;height:300px')


@pytest.mark.parametrize(("block", "named", "asked", "shown"), [
    ("x(r, φ) = r^2 cos φ\ny(r, φ) = r^2 sin φ", "dx/dr", ["dx/dr"], ["x ⎡ ?          -r² sin(φ) ⎤", "y ⎣ 2r sin(φ)  r² cos(φ)  ⎦"]),
    ("x(r, φ) = r^2 cos φ\ny(r, φ) = r^2 sin φ", r"∂y/∂φ, \frac{\partial x}{\partial r}", ["dy/dphi", "dx/dr"],
     ["x ⎡ ?          -r² sin(φ) ⎤", "y ⎣ 2r sin(φ)  ?          ⎦"]),
    ("f(x, y) = x^3 y", "df/dx", ["df/dx"], ["J_f = [?, x³]"]), ("f(x) = x^3", "df/dx", ["df/dx"], ["f'(x) = ?"]),
    ("u = x y\nf = u^2", "df/dy", ["df/dy"], ["J_f = [2x y², ?]"]),
    ("x in R^9\nA in R^(8x9)\nf = A x", "df8/dx1", ["df8/dx1"], ["∂f₈/∂x₁ = ?"]),  # no table is shown of this one
])
def test_entries_that_are_named_are_asked_for_and_others_are_shown(block, named, asked, shown, tmp_path):
    r = jacmagic.jacobian(block).show(quiz=named)
    r.prepare()
    said = plain_text(r).splitlines()
    assert [line for line in said if line in shown] == shown
    assert not any("det" in line or "=" in line and "·" in line for line in said[2:])
    assert [f"d{one['of']}/d{one['wrt']}" for one in panel.spec(r)["quiz"]["entries"]] == asked
    if "A" not in block:
        text = r.save(tmp_path / "quiz.html").read_text(encoding="utf-8")
        assert len(json.loads(re.search(r"ask\(root,(.*)\);</script>", text)[1])["entries"]) == len(asked)


NET = "x in R^2\nh = tanh(W x + b) in R^3\no = V h + c in R^1\nL = mse(o, y)"


@pytest.mark.parametrize(("named", "entries", "shown", "hidden"), [
    ("dL/dV", [("L", f"V_{{1,{k}}}") for k in (1, 2, 3)], ["∂L/∂V[1,2] = ?", "∂L/∂V = ?, ∂L/∂c = δ_o", "∂L/∂W = δ_h xᵀ, ∂L/∂b = δ_h", "∂o/∂h = V"], "δ_o hᵀ"),
    ("dL/dW[3, 2], ∂L/∂b1", [("L", "W_{3,2}"), ("L", "b1")], ["∂L/∂W[3,2] = ?", "∂L/∂b₁ = ?", "∂L/∂W = ?, ∂L/∂b = ?"], "δ_h xᵀ"),
    (r"∇_V L", [("L", f"V_{{1,{k}}}") for k in (1, 2, 3)], ["∂L/∂V = ?, ∂L/∂c = δ_o"], "δ_o hᵀ"),
    ("dL/dx2", [("L", "x2")], ["∂L/∂x₂ = ?", "∂L/∂W = δ_h xᵀ, ∂L/∂b = δ_h"], "dL/dx ="),
])
def test_gradients_of_weights_are_asked_for(named, entries, shown, hidden, tmp_path):
    n = jacmagic.nnchain(NET).show(quiz=named)
    n.prepare()
    said = plain_text(n)
    assert [one for one in shown if one not in said.splitlines()] == []
    assert hidden not in said
    made = panel.spec(n)
    asked = made["quiz"]["entries"]
    assert [(one["of"], one["wrt"]) for one in asked] == entries
    assert {one["value"] for one in asked} <= set(made["graph"]["outputs"])
    text = n.save(tmp_path / "quiz.html").read_text(encoding="utf-8")
    page = json.loads(re.search(r"ask\(root,(.*)\);</script>", text)[1])
    assert [one["by"] for one in page["entries"]] == [by for _, by in entries]
    assert all(one["row"] == 0 for one in page["entries"])


def test_a_vector_s_name_stands_for_its_entries():
    n = jacmagic.nnchain("x in R^2\nh = tanh(W x + b) in R^3").show(quiz="dh2/dx")
    n.prepare()
    assert [one["at"] for one in panel.spec(n)["quiz"]["entries"]] == [[1, 0], [1, 1]]


@pytest.mark.parametrize(("block", "quiz", "says", "under"), [
    ("f(x, y) = x y", "df/dq", "No name 'q'", "q"), ("f(x, y) = x y", "df/dx, 2", "Here stand entries", "2"),
    ("u = x y\nf = u^2", "df/dx, du/dx", "no entry of the Jacobian", "du/dx"), ("u = u(x, t)\nf = u^2", True, "known by their formulas", None),
    ("x in R^9\nA in R^(8x9)\nf = A x", True, "at most 64 entries", None), ("f(x, y) = x y", "df/dx,", "Here stand entries", ""),
    ("f(x, y) = a x y", "df/da", "no entry of the Jacobian", "df/da"), ("f(x, y) = x y", ",", "Here stand entries", ""),
])
def test_what_cannot_be_asked_for_is_pointed_at(block, quiz, says, under):
    with pytest.raises(jacmagic.JacmagicError, match=says) as caught:
        jacmagic.jacobian(block).show(quiz=quiz).prepare()
    if under is not None:
        error = caught.value
        assert error.source[error.span.start : error.span.stop] == under


@pytest.mark.parametrize(("text", "right", "says"), [
    ("2x y", True, "✓ right"), (r"\frac{2x^2 y}{x}", True, "✓ right"), ("-2x y", False, "✗ a sign"), ("2x q", None, "q is no name of the block"),
    ("2x y^2", False, "✗ not right"),
])
def test_a_kernel_marks_what_a_panel_asks(text, right, says):
    widget = jacmagic.jacobian("f(x, y) = x^2 y").show(quiz=True).widget()
    widget.asked = {"of": "f", "wrt": "x", "text": text, "place": "jm1 0"}
    assert widget.marked["right"] is right
    assert says in widget.marked["says"]
    assert widget.marked["place"] == "jm1 0"
