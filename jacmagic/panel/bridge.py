"""Values between the panels of a result and its kernel.

A panel is part of a page and lives without a kernel. Where there is one, an AnyWidget
that is never displayed listens to the panels' DOM events and carries values both
ways: `moved` from the page to the kernel, `point` from the kernel to the page. Two
traits, so that an echo of the one never moves the other.
"""

from __future__ import annotations

import json
import math
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from jacmagic.errors import JacmagicError
from jacmagic.panel import html, spec
from jacmagic.panel.arrays import LONG
from jacmagic.panel.parts import font, module, style
from jacmagic.result import Result
from jacmagic.show.checking import check
from jacmagic.show.views import plain_text

EPOCH = int(1000 * time.time())
"""What a page adds to this kernel's serial numbers, so that they are above those of outputs from before it."""

_LINK = """
const link = (model) => {
  const uid = model.get("uid"), epoch = model.get("epoch"), own = "kernel";
  const held = new Map();
  let waiting = null, timer = 0, since = 0;
  // The news that are newer than what is held. An output that has not heard the kernel yet counts from 0.
  const take = (news) => {
    const newer = Object.entries(news).filter(([key, [, serial]]) => serial > (held.get(key)?.[1] ?? -1));
    for (const [key, one] of newer) held.set(key, one);
    return newer;
  };
  const say = () => document.dispatchEvent(new CustomEvent("jacmagic:values", { detail: { uid, source: own,
    values: Object.fromEntries([...held].map(([key, [value]]) => [key, value])),
    serials: Object.fromEntries([...held].map(([key, [, serial]]) => [key, epoch + serial])) } }));
  // A page redraws its signs of a busy kernel twice for each message: when the hand rests, and four times a second.
  const send = () => { model.set("moved", { ...model.get("moved"), ...waiting }); waiting = null; model.save_changes(); };
  const heard = ({ detail }) => {
    if (!detail || detail.uid !== uid || detail.source === own) return;
    const counted = (serial) => (serial < 1e9 ? serial : serial - epoch);
    const newer = take(Object.fromEntries(Object.entries(detail.values).map(([key, value]) => [key, [value, counted(detail.serials[key])]])));
    if (!newer.length) return;
    if (!waiting) since = performance.now();
    waiting = { ...waiting, ...Object.fromEntries(newer) };
    clearTimeout(timer);
    timer = setTimeout(send, Math.max(0, Math.min(100, since + 250 - performance.now())));
  };
  const greet = ({ detail }) => { if (detail && detail.uid === uid && detail.source !== own) say(); };
  const told = () => { if (take(model.get("point")).length) say(); };
  // An answer goes to the kernel, and comes back marked.
  const asked = ({ detail }) => { if (detail.uid === uid) { model.set("asked", detail.asked); model.save_changes(); } };
  const marked = () => document.dispatchEvent(new CustomEvent("jacmagic:marked", { detail: { uid, marked: model.get("marked") } }));
  document.addEventListener("jacmagic:asked", asked);
  model.on("change:marked", marked);
  document.addEventListener("jacmagic:values", heard);
  document.addEventListener("jacmagic:hello", greet);
  model.on("change:point", told);
  take(model.get("moved"));
  take(model.get("point"));
  document.dispatchEvent(new CustomEvent("jacmagic:hello", { detail: { uid, source: own } }));
  say();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("jacmagic:asked", asked);
    model.off("change:marked", marked);
    document.removeEventListener("jacmagic:values", heard);
    document.removeEventListener("jacmagic:hello", greet);
    model.off("change:point", told);
  };
};
"""


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them: numbers, and flat lists for arrays."""
    return {
        key: float(value) if np.ndim(value) == 0 else np.asarray(value, dtype=float).ravel().tolist()
        for key, value in values.items()
    }


def numbered(result: Result, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Values as they travel, each with its serial."""
    return {key: [value, result.values.serials[key]] for key, value in plain(values).items()}


class Bridge(anywidget.AnyWidget):
    """The kernel's end of a result's panels; displays nothing. Values travel as {name: [value, serial]}."""

    _esm = _LINK + "export default { initialize({ model }) { return link(model); }, render() {} };"
    uid = traitlets.Unicode().tag(sync=True)
    epoch = traitlets.Float(EPOCH).tag(sync=True)
    moved = traitlets.Dict().tag(sync=True)
    point = traitlets.Dict().tag(sync=True)
    asked = traitlets.Dict().tag(sync=True)
    marked = traitlets.Dict().tag(sync=True)

    def __init__(self, result: Result, **more: Any) -> None:
        super().__init__(uid=result.uid, **more)
        self._result = weakref.ref(result)
        self.observe(self._on_moved, "moved")
        self.observe(self._on_asked, "asked")
        self._unlink = link(result, self, self._tell)

    def _tell(self, values: Mapping[str, Any]) -> None:
        result = self._result()
        if result is not None:
            self.point = {**self.point, **numbered(result, values)}
            self._keep(values)

    def _keep(self, values: Mapping[str, Any]) -> None:
        """What is to be done with values that have changed."""

    def _on_moved(self, change: Any) -> None:
        result = self._result()
        if result is None:
            return
        newer = {k: one for k, one in change["new"].items() if one[1] > result.values.serials.get(k, math.inf)}
        values, serials = ({key: one[part] for key, one in newer.items()} for part in (0, 1))
        result.values.update_all(values, source=self, serials=serials)
        self._keep({key: result.values[key] for key in values if key in result.values})

    def _on_asked(self, change: Any) -> None:
        """Mark an answer to an entry, in words; what cannot be read is said, and is neither right nor wrong."""
        result, one = self._result(), change["new"]
        if result is None or not {"of", "wrt", "text"} <= one.keys():
            return
        try:
            found = check(result, str(one["text"]), entry=(str(one["of"]), str(one["wrt"])))
            right: bool | None = bool(found)
            says = "✓ right" if right else f"✗ {found.slips.item() or 'not right'}"
        except (JacmagicError, KeyError) as error:
            right, says = None, str(getattr(error, "message", error))
        self.marked = {**one, "right": right, "says": says}

    def close(self) -> None:
        if self.comm is not None:
            self._unlink()
            super().close()
            self.layout.close()  # each has one of its own


class PanelWidget(Bridge):
    """The panel as an ordinary widget, for VBox, Voilà, dashboards and marimo.

    `values` are the numbers of the panel as {name: number or flat list}, without arrays of more than LONG entries.
    """

    values = traitlets.Dict(read_only=True).tag(sync=True)
    _given = False

    def __init__(self, result: Result, big: bool = False, whole: bool = False) -> None:
        # Voilà shows widgets alone, so the first one brings the font.
        first, PanelWidget._given = not PanelWidget._given, True
        # What never changes is part of the module, no trait: a host that shows a widget's state shows the numbers.
        given = json.dumps({"spec": {**spec(result, big, whole), "uid": result.uid}, "font": font() if first else ""})
        # AnyWidget makes traits of these two only where the class has them.
        PanelWidget._esm, PanelWidget._css = module() + _LINK + _WIDGET, style()
        super().__init__(result, _esm=f"{PanelWidget._esm}const given = {given};")
        self._keep(result.values)
        self._still = {"text/html": html(result, static=True, big=big, whole=whole), "text/plain": plain_text(result, whole)}

    def _repr_mimebundle_(self, **asked: Any) -> Any:
        """The widget, and for a page without a kernel or a widget's state what a terminal shows, typeset and as text."""
        shown = super()._repr_mimebundle_(**asked)
        if isinstance(shown, tuple):
            return {**shown[0], **self._still}, *shown[1:]
        return shown and {**shown, **self._still}

    def _keep(self, values: Mapping[str, Any]) -> None:
        small = {key: value for key, value in values.items() if np.size(value) <= LONG}
        self.set_trait("values", {**self.values, **plain(small)})


_WIDGET = """
export default {
  initialize({ model }) { return link(model); },
  render({ model, el }) {
    const inner = document.createElement("div");
    el.append(inner);
    // A page's style ends at a shadow root, and before it is in a page an element does not know whether it has one.
    if (!el.isConnected || el.getRootNode() !== document) {
      const style = document.createElement("style");
      style.textContent = model.get("_css");
      el.prepend(style);
    }
    const off = [bring(inner, given.font), mount(inner, given.spec), () => el.replaceChildren()];
    return () => { for (const one of off) one(); };
  },
};
"""


def link(
    result: Result, source: object, tell: Callable[[Mapping[str, Any]], None]
) -> Callable[[], None]:
    """Tell somebody of every change of a result's values that is not its own; returns what ends it."""

    def heard(values: Mapping[str, np.ndarray], by: object) -> None:
        if by is not source:
            tell(values)

    result._links.append(heard)
    # ipywidgets keeps every widget; what ends the link must not keep the result.
    linked = weakref.ref(result)

    def end() -> None:
        there = linked()
        if there is not None and heard in there._links:
            there._links.remove(heard)

    return end


def sliders(result: Result) -> ipywidgets.VBox:
    """Plain FloatSliders on a result's values, one for each entry of its scalars and small vectors."""
    if sum(np.size(v) for v in result.values._data.values()) > LONG:
        raise ValueError("there are too many values for a slider each; r.widget() folds them")
    ranges = {one["key"]: one for one in spec(result)["names"]}
    made: dict[tuple[str, int], ipywidgets.FloatSlider] = {}
    source = object()

    def moved(key: str, k: int) -> Callable[[Any], None]:
        def change(event: Any) -> None:
            value = result.values._data[key].copy()
            value.flat[k] = event["new"]
            result.values.update_all({key: value}, source=source)

        return change

    for key, one in ranges.items():
        value = result.values._data[key]
        for k, symbol in enumerate(result.entry_symbols(key)):
            number = float(value.flat[k])
            slider = ipywidgets.FloatSlider(
                value=number, min=min(one["min"], number), max=max(one["max"], number), step=one["step"],
                description=symbol.name, continuous_update=True,
            )
            slider.observe(moved(key, k), "value")
            made[key, k] = slider

    def tell(values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            for k, number in enumerate(np.ravel(value)):
                slider = made.get((key, k))
                if slider is not None and slider.value != number:
                    slider.min, slider.max = min(slider.min, number), max(slider.max, number)
                    slider.value = float(number)

    link(result, source, tell)
    return ipywidgets.VBox(list(made.values()))
