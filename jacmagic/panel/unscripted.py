"""What shows of a result where no script runs or no panel can be: formulas, and words about them."""

from __future__ import annotations

import html as markup
from dataclasses import replace

from jacmagic.language import printers
from jacmagic.language import tree as t
from jacmagic.panel.parts import font
from jacmagic.result import Result
from jacmagic.show import pieces, views


def typeface() -> str:
    """The style of formulas in a page whose script sets none: the panel's font, fractions as tall as alone."""
    return (
        f'<style>@font-face{{font-family:"Jacmagic Math";src:url(data:font/woff2;base64,{font()})}}'
        'math{font-family:"Latin Modern Math","Jacmagic Math",math;math-style:normal}mtd{padding:.12em .45em}</style>'
    )


BLOCK = ("echo", "values", "asked")
"""Kinds of formulas that say the block again."""


def fallback(result: Result, whole: bool = False, sliders: str = "", mathml: bool = False) -> str:
    """What shows without scripts: all that a terminal shows, formulas as LaTeX between dollars, and how to get sliders.

    In a notebook: there MathJax typesets the LaTeX, and MathML is taken out of what is not trusted. Elsewhere nothing
    does, and MathML needs no script.
    """
    found = views.shown(result, whole)
    block = [one for one in found if one.kind in BLOCK]
    # What is said of the block stands behind its last line.
    behind = [one.note for one in block if one.note and not isinstance(one.tree, t.Dots)]
    lines = [one if one.note not in behind else replace(one, note="") for one in block]
    seen = "".join([*(_typeset(one, mathml) for one in lines), *map(_quiet, behind),
                    *(_typeset(one, mathml) for one in found if one.kind not in BLOCK)])
    if "reveal" in result.besides:
        rest = "".join(_typeset(one, mathml) for one in views.formulas(result, whole) if one.kind not in ("echo", "values"))
        seen += f"<details><summary>the answer</summary>{rest}</details>"
    else:
        seen += "".join(f"<div>{markup.escape(line)}</div>" for line in views.said(result))
    return seen + (_quiet(sliders) if sliders else "")


def _typeset(one: pieces.Formula, mathml: bool) -> str:
    """A formula with its words and its note beside it, as MathML or as LaTeX; what is words alone as text."""
    one, words = pieces.parted(one)
    if one.latex and mathml:
        typeset = printers.still(one.tree, one.arrays).removeprefix("<math>")
        shown = f'<div style="font-size:1.6em;overflow:auto hidden;padding:.25em 0"><math displaystyle="true">{typeset}</div>'
    elif one.latex:
        # An ampersand before a space is one in HTML, too.
        latex = markup.escape(one.latex, quote=False).replace("&amp; ", "& ")
        shown = f"<div>$${latex}$$</div>"
    else:
        shown = f'<div style="white-space:pre-wrap">{markup.escape(one.text)}</div>'
    beside = [*([f"<div>{markup.escape(words)}</div>"] if words else []), *([_quiet(one.note)] if one.note else [])]
    if not beside:
        return shown
    return f'<div style="display:flex;flex-wrap:wrap;align-items:center;gap:0 1.5em">{shown}{"".join(beside)}</div>'


def _quiet(text: str) -> str:
    return f'<div style="opacity:.7">{markup.escape(text)}</div>'
