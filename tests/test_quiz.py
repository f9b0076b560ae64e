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
    assert bundle["text/html"].startswith("<iframe")
    assert not any("3x" in one or "3 x^{2}" in one for one in bundle.values())
    assert r.check("3x^2 y, x^3")
    assert "ask(root" in r.html()
    assert r.html(300).startswith('<iframe title="a quiz" style="width:100%;height:300px')
