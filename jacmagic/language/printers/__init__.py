"""Three printers of trees, on one table of precedence: LaTeX, text, MathML."""

from jacmagic.language.printers.markup import mathml
from jacmagic.language.printers.plain import table, text
from jacmagic.language.printers.tex import latex

__all__ = ["latex", "mathml", "table", "text"]
