"""Pages with several outputs: what is the same in them stands there once.

An output stands alone, so that a cell can be copied out of its notebook. In a finished page, as nbconvert writes it,
script and style of the first are those of all: `python -m jacmagic.panel.shared page.html`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from jacmagic import panel
from jacmagic.panel import parts

_OUTPUT = re.compile(r"""<div\b(?:\s+[\w-]+="[^"]*")*\s+data-jacmagic="[^"]*"(?:\s+[\w-]+(?:="[^"]*")?)*>""")
_MODULE, _CODE, _FONT = (re.compile(rf'\sdata-{name}="([^"]*)"') for name in ("module", "code", "font"))


def shared(page: str) -> str:
    """A page's HTML, in which the first output has the script, the style and the font of all; those of other versions stay."""
    names = [found[1].split() for one in _OUTPUT.findall(page) if (found := _MODULE.search(one))]
    wanted = frozenset(part for version, *needed in names if version == parts.version() for part in needed)
    met: set[str] = set()

    def thin(found: re.Match[str]) -> str:
        output = found[0]
        if "font" in met:
            output = _FONT.sub("", output)
        elif _FONT.search(output):
            met.add("font")
        named = _MODULE.search(output)
        if named is None or named[1].split()[0] != parts.version():
            return output
        first = "module" not in met
        met.add("module")
        output = _CODE.sub("", output)
        return _MODULE.sub(lambda _: " " + panel.module(wanted), output) if first else output

    return _OUTPUT.sub(thin, page)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(shared(path.read_text(encoding="utf-8")), encoding="utf-8")
