"""Three printers of trees, on one table of precedence: LaTeX, text, MathML."""

from jacmagic.printers.markup import mathml
from jacmagic.printers.plain import table, text
from jacmagic.printers.tex import latex

__all__ = ["latex", "mathml", "table", "text"]
