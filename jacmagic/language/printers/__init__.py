"""Three printers of trees, on one table of precedence: LaTeX, text, MathML."""

from jacmagic.language.printers.markup import mathml, still
from jacmagic.language.printers.plain import table, text
from jacmagic.language.printers.tex import latex

__all__ = ["latex", "mathml", "still", "table", "text"]
