"""What is said of lines that mean something elsewhere: every row by its own examples, every fix pasted."""

from __future__ import annotations

import pytest

import jacmagic
from jacmagic.language.advice import TABLE


def examples():
    for row in TABLE:
        for block, fixes in row.examples:
            yield pytest.param(row, block, fixes, id=repr(block)[:60])


def read(block, row):
    """The block's result by the magic that the row is of."""
    net = row.net or ("->" in block or "=>" in block) and row.net is None and "R^2" not in block
    return (jacmagic.nnchain if net or "Sequential" in block else jacmagic.jacobian)(block)


@pytest.mark.parametrize(("row", "block", "fixes"), examples())
def test_a_row_says_what_to_type_and_it_reads(row, block, fixes):
    with pytest.raises(jacmagic.JacmagicError) as caught:
        read(block, row)
    error = caught.value
    assert error.message == row.says
    assert error.hints == fixes
    for fix in fixes:
        assert read(block[: error.span.start] + fix + block[error.span.stop :], row)
