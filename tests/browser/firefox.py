"""Firefox, driven by WebDriver BiDi: as much of it as tests of the panel ask for. No sleeps.

Playwright asks the Firefox of a distribution for commands that it has not, and its own build has to be downloaded; the
protocol itself is JSON over a web socket, for which JupyterLab brings a client.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websocket

SAYS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Tab": "\ue004", "Enter": "\ue007"}
NOWHERE = {"network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9, "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": 9}
"""Nothing is asked of a network."""
HALF = "Invalid markup: Incorrect number of children for <m"
"""Said of a formula in the page's own text of which the parser has read a half when something is laid out; tests count the children."""


class Firefox:
    """One window; what its pages say as errors is in `errors`."""

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(f"{address}/session", timeout=60, suppress_origin=True)
        self.asked = 0
        self.errors: list[str] = []
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=["log.entryAdded"])
        self.context = self.send("browsingContext.create", type="window")["context"]  # the first one never has the focus

    def send(self, method: str, **params: Any) -> Any:
        self.asked += 1
        self.socket.send(json.dumps({"id": self.asked, "method": method, "params": params}))
        while True:
            told = json.loads(self.socket.recv())
            if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error" and HALF not in told["params"]["text"]:
                self.errors.append(told["params"]["text"])
            if told.get("id") == self.asked:
                assert told["type"] == "success", told
                return told["result"]

    def open(self, address: str, width: int = 1280, height: int = 900) -> None:
        self.send("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height})
        self.send("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, or of what it promises."""
        whole = f"(async () => JSON.stringify(await ({expression})))()"
        found = self.send("script.evaluate", expression=whole, target={"context": self.context}, awaitPromise=True)
        assert found["type"] == "success", found["exceptionDetails"]["text"]
        return json.loads(found["result"]["value"]) if "value" in found["result"] else None

    def until(self, expression: str) -> None:
        """Wait for frames until an expression holds."""
        assert self.evaluate(
            f"""(async () => {{
                for (const begin = performance.now(); performance.now() - begin < 20000; await new Promise(requestAnimationFrame))
                    if ({expression}) return true;
                return false;
            }})()"""), expression

    def press(self, key: str, times: int = 1) -> None:
        steps = [{"type": kind, "value": KEYS.get(key, key)} for _ in range(times) for kind in ("keyDown", "keyUp")]
        self.send("input.performActions", context=self.context, actions=[{"type": "key", "id": "keys", "actions": steps}])

    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y)} for x, y in (begin, end)]
        steps = [moves[0], {"type": "pointerDown", "button": 0}, moves[1], {"type": "pointerUp", "button": 0}]
        self.send("input.performActions", context=self.context, actions=[{"type": "pointer", "id": "mouse", "actions": steps}])

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("browsingContext.captureScreenshot", context=self.context, origin="document")["data"]))


@contextlib.contextmanager
def running(command: str, profile: Path, dark: bool) -> Iterator[Firefox]:
    """A Firefox without a window, of a fresh profile, that moves nothing of itself."""
    wishes = {**NOWHERE, "layout.css.prefers-color-scheme.content-override": int(not dark), "ui.prefersReducedMotion": 1}
    (profile / "user.js").write_text("".join(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in wishes.items()))
    with subprocess.Popen(
        [command, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stderr
            address = next(found[1] for found in map(SAYS.search, process.stderr) if found)
            rest = threading.Thread(target=process.stderr.read)
            rest.start()
            firefox = Firefox(address)
            with contextlib.closing(firefox.socket):
                yield firefox
        finally:
            process.terminate()
        rest.join()
