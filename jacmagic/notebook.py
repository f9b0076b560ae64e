"""A Result in a notebook: what it shows, and the ways out of it.

The bundle that IPython asks for is a page first: text/html that is alive without a
kernel. The kernel's side comes after it, once the output is on its way.
"""

from __future__ import annotations

import os
import sys
import weakref
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jacmagic import panel
from jacmagic.errors import ValueMistake, nearest
from jacmagic.panel import quiz as quizzes
from jacmagic.program import anysize
from jacmagic.program.model import Program
from jacmagic.program.passes import understand
from jacmagic.result import Result as Derivatives
from jacmagic.show import answers, checking, views
from jacmagic.show import steps as stepwise
from jacmagic.show.anysize import DifferentError
from jacmagic.show.asked import asked
from jacmagic.show.checking import Check
from jacmagic.show.convention import LAYOUTS, layout_said
from jacmagic.show.steps import Steps
from jacmagic.unsized import Unsized
from jacmagic.working import kernel_shell, load, stoppable

if TYPE_CHECKING:
    import ipywidgets

    from jacmagic.panel import bridge
else:

    class _Later:
        """A module that is imported when something of it is asked for: ipywidgets takes longer than all else."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module(self._name), name)

    ipywidgets, bridge = _Later("ipywidgets"), _Later("jacmagic.panel.bridge")

BESIDES = frozenset("steps hessian taylor integral reveal quiz check".split())
"""What is shown where it is asked for."""


class Result(Derivatives):
    """Functions and their Jacobian: symbols, numbers, code, and what a notebook shows.

    Made by `jacmagic.jacobian` and `jacmagic.nnchain`; see `jacmagic.result.Result` for the mathematics.
    """

    _static = _big = _whole = False

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.besides = {}  # a mapping that pickles
        self._module_names: Mapping[str, Any] = {}
        self.uid = _new_uid(self.text)
        if "IPython" in sys.modules:
            _teach_tab()

    def __reduce__(self) -> tuple[Any, ...]:
        kept = ("_static", "_big", "_whole", "layout", "besides", "answer", "lesson", "_module_names")
        return (*super().__reduce__(), {name: getattr(self, name) for name in kept})

    @property
    def module_names(self) -> Mapping[str, Any]:
        """{path in the module: name, or names in nested lists}, of what `from_torch` has read; else empty."""
        return self._module_names

    def show(
        self, static: bool = False, big: bool = False, whole: bool = False, layout: str | None = None, **besides: Any
    ) -> Result:
        """Choose how it is displayed: without a panel, twice as large, with nothing elided.

        With layout="denominator" every derivative that is shown has a row for each variable and a column for each
        function; it stays so until layout="numerator". What `matrix`, `at` and `jacobian` give has numerator layout.

        Besides, what VIEWS shows where it is asked for: steps=True, hessian=True; reveal=True shows the question first,
        quiz=True asks for each entry, quiz="df1/dx2" for those that are named.

        Raises:
            ValueError: another layout; a quiz with what would tell its answers.
            TypeError: a misspelt option.
        """
        if layout is not None:
            if layout not in LAYOUTS:
                raise ValueError(f"there is no layout {layout!r}; there are {', '.join(map(repr, LAYOUTS))}")
            self.layout = layout
        for name in besides.keys() - BESIDES:
            close = nearest(name, BESIDES, 1)
            raise TypeError(f"show() has no {name}; " + (f"did you mean {close[0]}?" if close else "see help(r.show)"))
        told = [name for name in ("steps", "hessian", "taylor", "integral") if besides.get(name)]
        if told and besides.get("quiz"):
            raise ValueMistake(f"A quiz asks for what {told[0]} shows; the one comes behind the other.", None)
        self._static, self._big, self._whole = static, big, whole
        self.besides = {name: asked for name, asked in besides.items() if asked}
        return self

    def prepare(self) -> None:
        """Write the formulas that will be shown: most of the work of showing them."""
        views.formulas(self, self._whole)
        if "quiz" in self.besides:
            asked(self)
            if not panel.has_panel(self):
                raise ValueMistake("A quiz is of functions that are known by their formulas, and of few values.", None)

    def latex(self) -> str:
        """LaTeX of the Jacobian, everything substituted, in the layout that is shown; it reads back in a block.

        Raises:
            LimitError: written out it is too long.
        """
        return views.full_latex(self)

    def steps(self, of: str, wrt: str, /) -> Steps:
        """The steps to d of / d wrt: its rules in order, as text, typeset in a notebook; `.root` is their tree.

        Raises:
            KeyError: a name that the block does not have.
            ValueError: a name without a definition.
        """
        return stepwise.steps(self, of, wrt)

    def check(self, answer: str, /) -> Check:
        """An answer to what the Jacobian is, `"[2x y, x^2]"`, marked entry by entry; one derivative: `"∂L/∂W = δ a^T"`.

        It is read in the layout that is shown.
        `.right` and `.slips` have the answer's shape: whether an entry is right, in any equal form, and the words
        for what went wrong where that is known.

        Raises:
            JacmagicError: the answer cannot be read, or has another size; it points at the answer.
        """
        return checking.check(self, answer)

    def save(self, path: str | Path, title: str = "jacmagic", *, quiz: bool = False) -> Path:
        """Write one self-contained page, sliders alive; returns its path.

        With quiz=True a page to hand out, which asks for each entry of the Jacobian: it holds the functions alone.

        Raises:
            ValueMistake: a quiz of what is not known by its formulas, or has a function that its page has not.
        """
        path = Path(path)
        asks = quiz or "quiz" in self.besides
        made = quizzes.page(self, title) if asks else panel.page(self, title, self._big, self._whole)
        path.write_text(made, encoding="utf-8")
        return path

    def html(self, height: int | None = None) -> str:
        """The whole page as text, for hosts that take HTML; with a height in pixels, that page in an iframe."""
        if "quiz" in self.besides:
            return quizzes.page(self, bare=True) if height is None else quizzes.frame(self, height)
        if height is None:
            return panel.page(self, "jacmagic", self._big, self._whole, bare=True)
        return panel.frame(self, height, self._big, self._whole)

    def widget(self) -> bridge.PanelWidget:
        """The panel as an ordinary ipywidget, for VBox, Voilà and dashboards."""
        return bridge.PanelWidget(self, self._big, self._whole)

    def sliders(self) -> ipywidgets.VBox:
        """Plain `ipywidgets.FloatSlider`s on the same values."""
        return bridge.sliders(self)

    # -------------------------------------------------------------- display
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return stoppable(self._bundle, alone=False, left="it is not shown")

    def _bundle(self) -> dict[str, str]:
        found = views.shown(self, self._whole)
        alive = not self._static and panel.has_panel(self)
        said = [f"({one})"] if "quiz" not in self.besides and (one := layout_said(self)) else []
        bundle = {
            "text/html": panel.html(self, self._static, self._big, self._whole, alive and _carries_font()),
            "text/latex": "\n\n".join([*(f"$\\displaystyle {one.latex}$" for one in found if one.latex), *said]),
            "text/plain": views.plain_text(self, self._whole),
        }
        if alive:
            _connect_later(self)
        return bundle

    def _repr_html_(self) -> str:
        """For hosts that know no bundle: the output in an iframe that sizes itself. A notebook asks for the bundle."""
        return panel.frame(self, None, self._big, self._whole)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(views.plain_text(self, self._whole))


class AnySize(Unsized, Result):
    """The result of a block with x in R^n: formulas that hold for any n. `r.subs(n=3)` has numbers."""

    _read: Callable[[str], Program]
    _missing: ValueMistake

    @classmethod
    def of(cls, text: str, missing: ValueMistake, read: Callable[[str], Program]) -> AnySize:
        """The formulas of a block for any size.

        Raises:
            JacmagicError: the block has a mistake besides; or `missing`, where no derivative is one formula.
        """
        sizes, programs = anysize.programs(text, missing, read)
        made = cls(replace(programs[0], text=text))
        made.known_for(sizes, programs)
        made._read, made._missing = read, missing
        try:
            made.prepare()
        except DifferentError:
            raise missing from None
        return made

    def show(self, *given: Any, **besides: Any) -> AnySize:
        super().show(*given, **besides)
        if self.besides:
            self.besides = {}
            raise self._missing
        return self

    def subs(self, /, **values: Any) -> Result:
        """The result with values in the place of names, sizes among them."""
        sizes = {name: value for name, value in values.items() if name in self.sizes}
        rest = {name: value for name, value in values.items() if name not in sizes}
        text = self.text + "".join(f"\n{name} = {value}" for name, value in sizes.items())
        try:
            found = Result(self._read(text))
        except ValueMistake as missing:
            if not missing.size:
                raise
            found = AnySize.of(text, missing, self._read)
        found.layout = self.layout
        made = found.subs(**rest) if rest else found
        assert isinstance(made, Result)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError(f"formulas for any size are not pickled; r.subs({next(iter(self.sizes))}=3) is")


# ------------------------------------------------------------------ the kernel's side of panels
class _Connection:
    """What a result's panels have in the kernel: a bridge, as long as there are a result and an output for it.

    ipywidgets keeps every widget until it is closed; here nothing keeps the result.
    """

    def __init__(self, result: Result) -> None:
        self.result = weakref.ref(result)
        self.outputs: dict[str, str] = {}  # the cells that show it, and in which run
        self.bridge: Any = None
        self.new = True

    def shown(self, shell: Any) -> None:
        self.outputs[_cell_id(shell)] = _run_id(shell)
        self.new = True

    def lasts(self, shell: Any) -> bool:
        """Whether the result is there and shown; a cell that is run again has lost its output, if it has a name."""
        cell = _cell_id(shell)
        if cell and self.outputs.get(cell) != _run_id(shell):
            self.outputs.pop(cell, None)
        return self.result() is not None and bool(self.outputs)

    def open(self) -> None:
        """Make the bridge; in Colab every output is a frame of its own, and hears only a bridge that is in it."""
        result = self.result()
        if not self.new or result is None:
            return
        load("jacmagic.panel.bridge")
        if self.bridge is None:
            self.bridge = bridge.Bridge(result, point=bridge.numbered(result, result.values._data))
        if "google.colab" in sys.modules:
            from IPython.display import display

            display(self.bridge)
        self.new = False

    def close(self) -> None:
        if self.bridge is not None:
            self.bridge.close()


_connections: list[_Connection] = []


def _connect_later(result: Result) -> None:
    """Make the bridge once the output is shown: ipywidgets takes longer to import than all else."""
    shell = kernel_shell()
    if shell is None:
        return
    found = [one for one in _connections if one.result() is result]
    if not found:
        found = [_Connection(result)]
        _connections.extend(found)
    found[0].shown(shell)
    shell.events.register("post_run_cell", _connect)


def _connect(*_: Any) -> None:
    """At a cell's end: close what nothing shows any longer, open what is new."""
    shell = kernel_shell()
    for one in list(_connections):
        if one.lasts(shell):
            one.open()
        else:
            one.close()
            _connections.remove(one)
    if not _connections:
        shell.events.unregister("post_run_cell", _connect)


@lru_cache(maxsize=1)
def _teach_tab() -> None:
    """Have the Tab key offer what dir() of a result has; IPython adds the names of its class to them."""
    from IPython.utils.generics import complete_object

    complete_object.register(Result, lambda result, _: dir(result))


_font_cell: str | None = None
"""The cell whose output gave the notebook its font."""

_made: Counter[str] = Counter()
"""How many results there were of each text in each cell."""


def _new_uid(text: str) -> str:
    """A name for a result that is the same whenever the same cells run in the same order, so that outputs compare.

    In a page it must be a result's own: the notebook and the cell tell equal texts apart, a number equal ones in one.
    """
    shell = kernel_shell()
    where = "" if shell is None else f"{os.path.basename(os.environ.get('JPY_SESSION_NAME', ''))}\n{_cell_id(shell)}"
    data = f"{where}\n{text}".encode("utf-8", "surrogatepass")
    place = f"{zlib.crc32(data):08x}{zlib.crc32(data[::-1]):08x}"  # hashlib would load OpenSSL, 3 MB
    _made[place] += 1
    return f"{place}-{_made[place]}"


def _cell_id(shell: Any) -> str:
    """The running cell's name; the classic notebook and plain clients have none."""
    try:
        return str(shell.get_parent()["metadata"]["cellId"])
    except (AttributeError, KeyError, TypeError):
        return ""


def _run_id(shell: Any) -> str:
    """The run that is going on: a cell's name is the same in all of its runs."""
    try:
        return str(shell.get_parent()["header"]["msg_id"])
    except (AttributeError, KeyError, TypeError):
        return ""


def _carries_font() -> bool:
    """True for the first panel of a notebook, and whenever its cell is run again."""
    global _font_cell
    shell = kernel_shell()
    if shell is None:
        return False
    # A cell without a name is known by its source.
    cell = _cell_id(shell) or shell.user_ns.get("In", [""])[-1]
    if _font_cell is None:
        _font_cell = cell
    return bool(cell == _font_cell)


def derive(
    text: str, wrt: str | Sequence[str] | None = None, namespace: Mapping[str, Any] | None = None, net: bool = False,
    seed: int = 0, layout: str | None = None,
) -> Result:
    """The Result of a block, shown in a layout."""
    if wrt is not None and not isinstance(wrt, str):
        wrt = ", ".join(map(str, wrt)) if isinstance(wrt, Iterable) else str(wrt)
    block, answer = answers.split(text) if isinstance(text, str) else (text, None)

    def read(text: str) -> Program:
        return understand(text, wrt, namespace, net, seed)

    try:
        result = Result(read(block))
    except ValueMistake as missing:
        if answer is not None or not missing.size:
            raise
        result = AnySize.of(block, missing, read)
    if answer is not None:
        result.answer = text, answer
    return result if layout is None else result.show(layout=layout)
