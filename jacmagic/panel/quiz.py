"""A page that asks for derivatives, to hand out: it holds the functions alone, and no derivative in any form.

An answer is compared with the functions' derivative by dual numbers, in the browser, at twenty points.
"""

from __future__ import annotations

import html as markup
import json
from contextlib import suppress
from math import prod
from typing import Any

import sympy as sp

from jacmagic import names
from jacmagic.engine import chain as c
from jacmagic.errors import LimitError, ValueMistake
from jacmagic.language import printers
from jacmagic.language import tree as t
from jacmagic.panel import FRAMED
from jacmagic.panel.asking import spellings
from jacmagic.panel.parts import source
from jacmagic.panel.unscripted import typeface
from jacmagic.result import Result
from jacmagic.show import views
from jacmagic.show.asked import asked

FUNCTIONS = frozenset(
    "exp sqrt cbrt ln log2 log10 sin cos tan cot sec csc asin acos atan sinh cosh tanh coth sech csch asinh acosh atanh "
    "abs sign step floor ceil erf erfc sigmoid softplus relu leaky_relu elu silu gelu max min".split()
)
"""What the page differentiates."""

_SPELT = {"log": "ln", "Abs": "abs", "Max": "max", "Min": "min", "ceiling": "ceil"}
_RELATIONS = {"StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">=",
              "Equality": "==", "Unequality": "!=", "And": "and", "Or": "or", "Not": "not"}


def spec(result: Result) -> dict[str, Any]:
    """What the page asks for: names, functions as trees of numbers and names, and what each entry is.

    Raises:
        ValueMistake: a block without formulas or numbers of its functions, or a function that the page does not have.
        LimitError: too many entries, or written out the functions are too long.
    """
    p = result.program
    if result.undetermined or p.conditions is not None:
        raise ValueMistake("A quiz is of functions that are known by their formulas.", None)
    if defined := [key for key in p.variables if key in p.steps]:
        raise ValueMistake(f"A quiz is by names that have no definition; {defined[0]} has one.", None)
    return {
        "names": [one for key in p.inputs for one in named(result, key)] + defined_names(result),
        "functions": list(map(tree, result.outputs)),
        "entries": [
            {"mathml": equals(t.Partial(t.Name(one.of), (t.Name(one.wrt),))), "row": one.row, "by": one.wrt}
            for one in asked(result)
        ],
        "heading": [printers.still(one.tree, one.arrays) for one in views.echo(result)],
    }


def equals(left: t.Expr) -> str:
    return printers.mathml(left).replace("</math>", "<mo>=</mo></math>")


def named(result: Result, key: str) -> list[dict[str, Any]]:
    """The entries of a name, with how they may be typed, and where their numbers are."""
    one = result.program.inputs[key]
    summed = key if one.label and prod(one.shape) > 1 else ""
    return [
        {"key": symbol.name, "spellings": [*spellings(symbol.name), names.place(key, one.shape, k)],
         "range": one.range and list(one.range[:2]), "total": summed}
        for k, symbol in enumerate(result.entry_symbols(key))
    ]


def defined_names(result: Result) -> list[dict[str, Any]]:
    """What the block defines, which an answer may use: with its formula."""
    out = []
    g = result.program.graph
    for key, step in result.program.steps.items():
        with suppress(LimitError, ValueError):
            entries = result.entries(c.rebuild(g, [step.node])[0][0])
            out += [{"key": symbol.name, "spellings": [*spellings(symbol.name), names.place(key, step.node.shape, k)],
                     "range": None, "total": "", "tree": tree(one)}
                    for k, (symbol, one) in enumerate(zip(result.entry_symbols(key), entries))]
    return out


def tree(expr: sp.Expr) -> Any:
    """A formula as a number, a name or a list of an operation and its operands."""
    if expr.is_Symbol:
        return expr.name
    if expr.is_Integer:
        return int(expr) if abs(expr) < 2**53 else float(expr)
    if expr.is_number and not expr.args or expr.is_Rational:
        return float(expr)
    if isinstance(expr, (sp.Add, sp.Mul)):
        return ["+" if expr.is_Add else "*", *map(tree, expr.args)]
    if isinstance(expr, sp.exp):
        return ["exp", tree(expr.args[0])]
    if expr.is_Pow:
        half = expr.exp == sp.Rational(1, 2)
        return ["sqrt", tree(expr.base)] if half else ["^", tree(expr.base), tree(expr.exp)]
    if isinstance(expr, sp.Piecewise):
        return ["if", *([condition(when), tree(value)] for value, when in expr.args)]
    name = _SPELT.get(type(expr).__name__, type(expr).__name__)
    if name not in FUNCTIONS:
        raise ValueMistake(f"A quiz's page has no {name}; r.check(…) marks an answer here.", None)
    return [name, *map(tree, expr.args)]


def condition(when: Any) -> Any:
    """A condition likewise."""
    if when in (sp.true, sp.false):
        return bool(when)
    kind = _RELATIONS[type(when).__name__]
    return [kind, *map(condition if kind in ("and", "or", "not") else tree, when.args)]


STYLE = (
    ":root{color-scheme:light dark}body{background:Canvas;color:CanvasText;font:16px/1.5 system-ui,sans-serif;{box}}"
    "h1{font-size:1.2rem;font-weight:600}math{font-size:1.6em}.jq-block{overflow-x:auto;margin:1rem 0;display:grid;gap:.6rem}.jq-block math{font-size:1.75em}"
    ".jq-entries,.jq-entries label{display:grid;grid-template-columns:minmax(4.5rem,max-content) minmax(8rem,24rem) minmax(6rem,1fr);"
    "gap:.25rem .75rem;align-items:center}.jq-entries label{grid-template-columns:subgrid;grid-column:1/-1;margin:.4rem 0}"
    ".jq-entries input{font:inherit;min-height:2.75rem;padding:.25rem .6rem;border:1px solid GrayText;border-radius:4px;"
    "background:Field;color:FieldText;min-width:0}.jq-entries input:focus-visible{outline:2px solid Highlight;outline-offset:1px}"
    ".jq-right{color:light-dark(#116329,#7ee787)}.jq-wrong{color:light-dark(#a40e26,#ffa198)}"
    "@media(max-width:480px){.jq-entries{grid-template-columns:minmax(4rem,max-content) 1fr}"
    ".jq-entries output{grid-column:2;min-height:1.5em}}"
)


def page(result: Result, title: str = "jacmagic", bare: bool = False) -> str:
    """One self-contained page that asks for each entry of the Jacobian; a bare one stands inside another."""
    head, box = markup.escape(title), "margin:0;padding:.25rem" if bare else "margin:2rem auto;max-width:56rem;padding:0 1rem"
    asked_for = spec(result)
    block = "".join(f"<div>{one}</div>" for one in asked_for.pop("heading"))
    # No text of a block can end the script.
    data = json.dumps({**asked_for, "heading": []}, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{head}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style>{STYLE.replace("{box}", box)}</style>{typeface()}</head><body><main>{"" if bare else f"<h1>{head}</h1>"}'
        f'<div class="jq-block" tabindex="0" role="group" aria-label="the functions">{block}</div><form id="jq"></form>'
        f"</main><script type=\"module\">{source('quiz.min.js')}\n"
        f"const root=document.getElementById('jq');root.onsubmit=(e)=>e.preventDefault();ask(root,{data});</script>"
        f"{FRAMED if bare else ''}</body></html>\n"
    )


def frame(result: Result, height: int | None = None) -> str:
    """The page in an iframe, as high as what it shows, or of this many pixels."""
    whole = page(result, bare=True)
    inner = markup.escape(whole if height is None else whole.replace(FRAMED, ""), quote=True)
    return f'<iframe title="a quiz" style="width:100%;height:{height or 400}px;border:0" srcdoc="{inner}"></iframe>'
