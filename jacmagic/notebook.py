"""A Result in a notebook: what it shows, and the ways out of it.

The bundle that IPython asks for is a page first: text/html that is alive without a
kernel. The kernel's side comes after it, once the output is on its way.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jacmagic import panel, views
from jacmagic.program import Program, understand
from jacmagic.result import Result as Derivatives
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


class Result(Derivatives):
    """Functions and their Jacobian: symbols, numbers, code, and what a notebook shows.

    Made by `jacmagic.jacobian` and `jacmagic.nnchain`; see `jacmagic.result.Result` for the mathematics.
    """

    _static = _big = _whole = False
    _bridge: Any = None

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.uid = _new_uid(self.text)
        if "IPython" in sys.modules:
            _teach_tab()

    def show(self, static: bool = False, big: bool = False, whole: bool = False) -> Result:
        """Choose how it is displayed: without a panel, twice as large, with nothing elided."""
        self._static, self._big, self._whole = static, big, whole
        return self

    def prepare(self) -> None:
        """Write the formulas that will be shown: most of the work of showing them."""
        views.formulas(self, self._whole)

    def latex(self) -> str:
        """LaTeX of the Jacobian, everything substituted; it reads back in a block.

        Raises:
            LimitError: written out it is too long.
        """
        return views.full_latex(self)

    def save(self, path: str | Path, title: str = "jacmagic") -> Path:
        """Write one self-contained page, sliders alive; returns its path."""
        path = Path(path)
        path.write_text(panel.page(self, title, self._big), encoding="utf-8")
        return path

    def widget(self) -> bridge.PanelWidget:
        """The panel as an ordinary ipywidget, for VBox, Voilà and dashboards."""
        return bridge.PanelWidget(self, self._big)

    def sliders(self) -> ipywidgets.VBox:
        """Plain `ipywidgets.FloatSlider`s on the same values."""
        return bridge.sliders(self)

    # -------------------------------------------------------------- display
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return stoppable(self._bundle, alone=False, left="it is not shown")

    def _bundle(self) -> dict[str, str]:
        found = views.formulas(self, self._whole)
        alive = not self._static and panel.has_panel(self)
        bundle = {
            "text/html": panel.html(self, self._static, self._big, self._whole, alive and _carries_font()),
            "text/latex": "\n\n".join(f"$\\displaystyle {one.latex}$" for one in found if one.latex),
            "text/plain": views.plain_text(self, self._whole),
        }
        if alive:
            self._connect_later()
        return bundle

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(views.plain_text(self, self._whole))

    def _connect_later(self) -> None:
        """Make the bridge once the output is shown: ipywidgets takes longer to import than all else."""
        shell = kernel_shell()
        if shell is None:
            return

        def connect(*_: Any) -> None:
            shell.events.unregister("post_run_cell", connect)
            load("jacmagic.panel.bridge")
            if self._bridge is None:
                self._bridge = bridge.Bridge(self, point=bridge.numbered(self, self.values._data))
            if "google.colab" in sys.modules:
                # In Colab every output is a frame of its own, and only what is in it can hear its panel.
                from IPython.display import display

                display(self._bridge)

        if self._bridge is None or "google.colab" in sys.modules:
            shell.events.register("post_run_cell", connect)


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
    seed: int = 0,
) -> Result:
    """The Result of a block."""
    if wrt is not None and not isinstance(wrt, str):
        wrt = ", ".join(map(str, wrt)) if isinstance(wrt, Iterable) else str(wrt)
    return Result(understand(text, wrt, namespace, net, seed))
