"""A live shell of IPython without a kernel."""

from __future__ import annotations

from types import SimpleNamespace

from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config


class Shell:
    """A live shell; `run` returns what a cell gave and what it printed."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        self.ip = InteractiveShell(config=config)
        self.names = self.ip.user_ns

    def run(self, cell: str, fails: bool = False) -> SimpleNamespace:
        with capture_output() as captured:
            done = self.ip.run_cell(cell, store_history=True)
        assert done.success is not fails, captured.stdout
        return SimpleNamespace(
            value=done.result, error=done.error_in_exec or done.error_before_exec, text=captured.stdout + captured.stderr
        )

    def complete(self, text: str, offset: int | None = None) -> list[str]:
        offset = len(text) if offset is None else offset
        with provisionalcompleter():
            found = list(self.ip.Completer.completions(text, offset))
        return [text[: one.start] + one.text for one in found if one.end == offset]
