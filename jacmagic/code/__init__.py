"""Graph -> source code of a backend; the table BACKENDS.

A graph becomes terms: a map's expression is written out over the terms of its
operands, and equal terms are one object. A term that is needed more than once,
or that has a name of its own, becomes a local variable; all others stay inside
the expression that uses them. So scalar formulas read, and run, as if written
by hand, and no sub-expression is computed twice, whichever entry it belongs to.

Batches: every value may carry axes in front of those its node speaks of. Code
therefore counts axes from the end, and inserts the missing ones explicitly.

No name that stands in a block reaches generated code unless it is an input's
or a label's, which the caller has made an identifier.
"""

from jacmagic.code.callables import RUNNING, Compiled, compile_numpy, compiled
from jacmagic.code.dialects import BACKENDS, Dialect, dialect, reserved
from jacmagic.code.evaluator import as_json
from jacmagic.code.source import source
from jacmagic.code.sympy import lecture, plain_name, sympy_source, sympy_text

__all__ = [
    "BACKENDS", "RUNNING", "Compiled", "Dialect", "as_json", "compile_numpy", "compiled", "dialect", "lecture",
    "plain_name", "reserved", "source", "sympy_source", "sympy_text",
]
