"""Whatever is in a block, a name or a value: the HTML has exactly the elements that are meant."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz.corpus import LATEX, SCRIPT

import jacmagic
from jacmagic import panel

ALLOWED = {"div": {"class", "style", "data-jacmagic", "data-uid", "data-module", "data-code", "data-start", "data-font", "data-kept"}, "script": set(), "img": {"src", "style", "alt"}}
PAGE = {**ALLOWED, "html": {"lang"}, "head": set(), "meta": {"charset", "name", "content"}, "title": set(), "style": set(), "body": set(), "main": set(), "h1": {"style"}}
MATHML = {
    "math": {"xmlns", "display", "displaystyle"}, "mrow": {"data-j", "class", "data-name", "data-tight"}, "mi": {"mathvariant", "class", "data-name", "data-tight"}, "mn": {"class", "mathvariant", "data-name", "data-tight"}, "mo": {"stretchy", "fence", "form", "separator", "lspace", "rspace", "movablelimits", "minsize", "maxsize", "symmetric", "largeop"},
    "msup": set(), "msub": {"data-name", "data-tight"}, "msubsup": {"data-name", "data-tight"}, "mfrac": {"linethickness", "displaystyle"}, "msqrt": set(), "mroot": set(), "mtable": {"columnalign", "rowspacing", "columnspacing", "columnlines", "rowlines", "displaystyle", "align"},
    "mtr": {"columnalign"}, "mtd": {"columnalign", "rowspan", "columnspan", "class"}, "mover": {"accent"}, "munder": {"accentunder"}, "munderover": set(), "mtext": {"mathvariant"}, "mspace": {"width", "linebreak"}, "mstyle": {"displaystyle", "scriptlevel", "mathcolor"}, "mpadded": {"lspace", "width"}, "menclose": {"notation"}, "mphantom": set(),
}
# What may stand around mathematics in a block, and is text there.
COMMENTS = [f"f(x, y) = x^2 y + k  # {text}\nk = 2 in [0, 5]" for text in SCRIPT]
NAMES = ["script", "style", "onload", "alert", "constructor", "img", "iframe", "href", "xmp", "plaintext", "svg", "math"]
NAMED = [f"{name} = 3\nf(x_{{{name}}}) = {name} x_{{{name}}}^2" for name in NAMES]
SIGNS = ["f(x, y) = 1 if x < y else 2 if y > x^2 else x", "f(x, y) = 1[x < y] x + |y|", "x in R^2\nf = [x[i] if x[i] < 3 else 0 for i = 1..2]", "f(x, y) = x y & y"]
NETS = ["x(3) -> 4 tanh -> 2 softmax", "x in R^2\na = relu(W x + c) in R^2\nL = sum(a) + (1 if a[1] < 2 else 0)"]


class Elements(HTMLParser):
    """The elements of a page with their attributes, and what comments and declarations it has."""

    void = frozenset("meta img br hr".split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[str] = Counter()
        self.wrong: list[Any] = []
        self.open: list[str] = []
        self.scripts: list[str] = []

    def feed_all(self, text: str, allowed: dict[str, set[str]]) -> Elements:
        self.allowed = allowed
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append(("left open", self.open))
        return self

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        extra = {name for name, _ in attrs} - self.allowed.get(tag, set())
        if tag not in self.allowed or extra:
            self.wrong.append((tag, attrs))
        if any("javascript:" in (value or "").lower() for _, value in attrs):
            self.wrong.append((tag, attrs))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(("closes nothing", tag))

    def handle_comment(self, data: str) -> None:
        self.wrong.append(("comment", data))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)


def mathml_below(value: Any) -> list[str]:
    """Every MathML in what the panel draws."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in mathml_below(one)]
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in mathml_below(one)]
    return [value] if isinstance(value, str) and value.lstrip().startswith("<") else []


def hold(result: Any) -> None:
    html = result._repr_mimebundle_()["text/html"]
    seen = Elements().feed_all(html, ALLOWED)
    assert not seen.wrong
    assert seen.found["script"] <= 1
    for text in seen.scripts:
        assert "<!--" not in text
        assert not re.search(r"<script", text, re.I)
    if panel.has_panel(result):
        for text in mathml_below(panel.spec(result)):
            inner = Elements().feed_all(text, {tag: {*known, "data-name", "data-tight"} for tag, known in MATHML.items()})
            assert not inner.wrong, text
    if find_spec("html5lib"):  # as browsers parse it, errors mended
        import html5lib

        tree = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
        tags = Counter(one.tag for one in tree.iter() if one is not tree)
        assert tags == seen.found


@pytest.mark.parametrize("block", [*COMMENTS, *NAMED, *SIGNS[:3]])
def test_a_block_is_shown_as_exactly_the_elements_that_are_meant(block: str) -> None:
    hold(jacmagic.jacobian(block))


@pytest.mark.parametrize("block", NETS)
def test_a_net_is_shown_as_exactly_the_elements_that_are_meant(block: str) -> None:
    hold(jacmagic.nnchain(block))


class Loud(float):
    """A number that shows itself as markup."""

    def __repr__(self) -> str:
        return "</script><script>CANARY</script>"

    __str__ = __repr__


@pytest.mark.parametrize("text", SCRIPT)
def test_values_from_python_bring_no_markup(text: str) -> None:
    assert jacmagic  # the text stands in the source of the value, its name and a comment
    block = f"k = {{data[{text!r}]}}  # {text}\nf(x) = k x"
    result = jacmagic.jacobian(block, namespace={"data": {text: Loud(2)}})
    hold(result)
    assert "CANARY" not in result._repr_mimebundle_()["text/html"]
    result.values["k"] = Loud(3)
    hold(result)


@pytest.mark.parametrize("title", SCRIPT)
def test_a_saved_page_has_its_title_as_text(title: str, tmp_path: Path) -> None:
    result = jacmagic.jacobian("f(x, y) = 1 if x < y else x y  # " + title)
    page = result.save(tmp_path / "page.html", title=title).read_text(encoding="utf-8")
    seen = Elements().feed_all(page, PAGE | MATHML)
    assert not seen.wrong
    assert seen.found["h1"] == seen.found["title"] == 1
    if find_spec("html5lib"):
        import html5lib

        tree = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
        assert tree.find(".//h1").text == title
        assert tree.find(".//title").text == title


@pytest.mark.parametrize("text", [*SCRIPT, *LATEX])
def test_an_error_is_text(text: str) -> None:
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.jacobian(f"f(x) = x + {text} = ")
    shown = "".join(caught.value._render_traceback_())
    assert shown.startswith(type(caught.value).__name__)
    assert "\x1b" not in shown


def test_numbers_that_are_no_numbers_are_data() -> None:
    result = jacmagic.jacobian("f(x) = 1/x + ln x", wrt="x")
    result.values["x"] = 0
    hold(result)
    assert not np.isfinite(result.at()).all()
