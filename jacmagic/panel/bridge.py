"""Values between the panels of a result and its kernel.

A panel is part of a page and lives without a kernel. Where there is one, an AnyWidget
that is never displayed listens to the panels' DOM events and carries values both
ways: `moved` from the page to the kernel, `point` from the kernel to the page. Two
traits, so that an echo of the one never moves the other.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from jacmagic.panel import MAX_VALUES, font, module, spec, style
from jacmagic.result import Result

_LINK = """
const link = (model) => {
  const uid = model.get("uid"), own = "kernel";
  let waiting = null, timer = 0, since = 0;
  const say = (values) => document.dispatchEvent(new CustomEvent("jacmagic:values", { detail: { uid, values, source: own } }));
  // A page redraws its signs of a busy kernel twice for each message: when the hand rests, and four times a second.
  const send = () => { model.set("moved", { ...model.get("moved"), ...waiting }); waiting = null; model.save_changes(); };
  const heard = ({ detail }) => {
    if (!detail || detail.uid !== uid || detail.source === own) return;
    if (!waiting) since = performance.now();
    waiting = { ...waiting, ...detail.values };
    clearTimeout(timer);
    timer = setTimeout(send, Math.max(0, Math.min(100, since + 250 - performance.now())));
  };
  const all = () => say({ ...model.get("start"), ...model.get("moved"), ...model.get("point") });
  const greet = ({ detail }) => { if (detail && detail.uid === uid && detail.source !== own) all(); };
  const told = () => say(model.get("point"));
  document.addEventListener("jacmagic:values", heard);
  document.addEventListener("jacmagic:hello", greet);
  model.on("change:point", told);
  document.dispatchEvent(new CustomEvent("jacmagic:hello", { detail: { uid, source: own } }));
  if (!waiting) all();
  return () => {
    clearTimeout(timer);
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


class Bridge(anywidget.AnyWidget):
    """The kernel's end of a result's panels; displays nothing."""

    _esm = _LINK + "export default { initialize({ model }) { return link(model); }, render() {} };"
    uid = traitlets.Unicode().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)
    moved = traitlets.Dict().tag(sync=True)
    point = traitlets.Dict().tag(sync=True)

    def __init__(self, result: Result, **more: Any) -> None:
        super().__init__(uid=result.uid, **more)
        self._result = weakref.ref(result)
        self.observe(self._on_moved, "moved")
        self._unlink = link(result, self, self._tell)

    def _tell(self, values: Mapping[str, Any]) -> None:
        self.point = {**self.point, **plain(values)}

    def _on_moved(self, change: Any) -> None:
        result = self._result()
        if result is None:
            return
        known = {key: value for key, value in change["new"].items() if key in result.values}
        # What the hand moved last is newer than what the kernel once said.
        self.set_trait("point", {key: value for key, value in self.point.items() if key not in known})
        result.values.update_all(known, source=self)

    def close(self) -> None:
        self._unlink()
        super().close()


class PanelWidget(Bridge):
    """The panel as an ordinary widget, for VBox, Voilà and dashboards."""

    spec = traitlets.Dict().tag(sync=True)
    font = traitlets.Unicode().tag(sync=True)
    _given = False

    def __init__(self, result: Result, big: bool = False) -> None:
        # Voilà shows widgets alone, so the first one brings the font.
        first, PanelWidget._given = not PanelWidget._given, True
        PanelWidget._esm = _widget_module()
        super().__init__(result, spec={**spec(result, big), "uid": result.uid}, font=font() if first else "", _css=style())

    _esm = "export default { render() {} };"


def _widget_module() -> str:
    return (
        f"{module()}{_LINK}"
        "export default { initialize({ model }) { return link(model); },"
        " render({ model, el }) { const off = [bring(el, model.get(\"font\")), mount(el, model.get(\"spec\"))];"
        " return () => { for (const one of off) one(); }; } };"
    )


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
    if sum(np.size(v) for v in result.values._data.values()) > min(MAX_VALUES, 400):
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
        for k, symbol in enumerate(result.symbols(key)):
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
