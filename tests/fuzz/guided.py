"""Texts that reach new lines of the package, found by atheris from the corpus, and held to `check`.

    pip install atheris
    python tests/fuzz/guided.py -max_total_time=600      # a find is written to crash-…; libFuzzer's options all work

A find becomes a line of `FOUND` in `tests/test_fuzz.py`.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import atheris

with atheris.instrument_imports(include=["jacmagic"]):
    import jacmagic.notebook

from fuzz.check import check
from fuzz.corpus import corpus, good_blocks

jacmagic.jacobian("f(x) = x^2")._repr_mimebundle_()


def one(data: bytes) -> None:
    check(data.decode("utf-8", "surrogateescape")[:300])


def seeds(folder: Path) -> None:
    """The cases of the tests and the short blocks of the corpus."""
    short = [block for blocks in corpus().values() for block in blocks if len(block) < 200]
    for k, block in enumerate([*good_blocks(), *random.Random(1).sample(short, 600)]):
        (folder / f"{k:04}").write_bytes(block.encode("utf-8", "surrogatepass"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        seeds(Path(folder))
        atheris.Setup([sys.argv[0], folder, "-max_len=300", "-timeout=30", "-rss_limit_mb=4000", *sys.argv[1:]], one)
        atheris.Fuzz()
