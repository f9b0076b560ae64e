"""Meaning trees to the graph: the rules of all nodes in one table.

Scalar and entrywise arithmetic is collected into one SymPy expression, a template
over the arrays it reads, so that SymPy differentiates a whole definition at once;
products of matrices, reductions and stacking become nodes of their own. A family
is lowered once, over the vector of its index, where its body allows that; else it
is written out entry by entry.
"""

from __future__ import annotations

from jacmagic.program import arithmetic, arrays, calls, derivatives

RULES = {**arithmetic.RULES, **arrays.RULES, **calls.RULES, **derivatives.RULES}
