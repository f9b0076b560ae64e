"""How much a block may hold: beyond that stands an error that says what to do instead."""

from __future__ import annotations

MAX_BLOCK = 100_000
"""Characters in a block. Instead: large values from Python, `W = {weights}`."""

MAX_TOKENS = 10_000
"""Names, numbers and signs in a block. Instead: a family, or values from Python, `W = {weights}`."""

MAX_NAME = 100
"""Characters of one name. Instead: a shorter one."""

MAX_BRANCHES = 100
"""Cases of one distinction, and parts of one condition. Instead: a name for a part, on a line of its own."""

MAX_LAYERS = 300
"""Layers of a net in one line. Instead: one line a layer."""

MAX_NESTING = 40
"""Brackets, exponents and conditions inside one another. Instead: a name for an inner part."""

MAX_STATEMENTS = 1_000
"""Statements in a block. Instead: vectors and families, `[x[i]^2 for i = 1..n]`."""
