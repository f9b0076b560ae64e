"""The panel's script and style, and what of the script an output needs: its core, and the parts that its spec asks for."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any


def source(name: str) -> str:
    """A file that is built from src/ by `npm run build`."""
    return files("jacmagic.panel").joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _sections() -> list[tuple[frozenset[str], str]]:
    """What panel.min.js has between its lines of `//`, each with the parts of src/all.js that need it; none for the core."""
    found = re.split(r"(?m)^//(.*)\n", source("panel.min.js"))
    return [(frozenset(needs.split()), text.removesuffix("\n")) for needs, text in zip(found[1::2], found[2::2])]


def known() -> frozenset[str]:
    """The parts that there are."""
    return frozenset().union(*(needs for needs, _ in _sections()))


def module(wanted: Collection[str] | None = None) -> str:
    """The page's modules in one, with these parts or all of them; `mount`, `bring` and `begin` are its names."""
    return "".join(text for needs, text in _sections() if wanted is None or not needs or not needs.isdisjoint(wanted))


def style() -> str:
    """panel.css, made small."""
    return source("panel.min.css")


@lru_cache(maxsize=1)
def version() -> str:
    """What tells the script and the style of one jacmagic from those of another, on one page."""
    return sha256((source("panel.min.js") + style()).encode()).hexdigest()[:8]


def needed(spec: Mapping[str, Any]) -> frozenset[str]:
    """The parts that a spec asks for: its pictures by their kinds, and what stands beside them."""
    picture = spec["picture"]
    views = {
        "chain": spec["chain"], "curvature": spec["hessians"] or spec["taylor"], "stability": spec["system"],
        "integral": spec["integral"], "veil": spec["reveal"] or spec["quiz"], "tutor": spec["quiz"], "learning": spec["learn"],
        "equation": spec["graph"].get("equations"),
    }
    return frozenset([picture["kind"], *(one["kind"] for one in picture.get("also", ())), *(name for name, asked in views.items() if asked)])


@lru_cache(maxsize=1)
def font() -> str:
    """Jacmagic Math, a subset of Latin Modern Math, as base64."""
    return base64.b64encode(files("jacmagic.panel").joinpath("math.woff2").read_bytes()).decode()
