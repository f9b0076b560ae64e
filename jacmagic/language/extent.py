"""How far the factors go that stand at a place of the text, where the parser itself has stopped before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jacmagic.errors import JacmagicError
from jacmagic.language.lexer import Lexer
from jacmagic.language.nodes import Item, Num, Raw
from jacmagic.language.parser import Parser


def factors(text: str, start: int, takes: Callable[[Raw], object]) -> Sequence[Item]:
    """The factors from a place on that touch one another; none where none begins.

    A number also has the name behind it, and what `takes` an argument has that.
    """
    stop = text.find("\n", start)
    try:
        parser = Parser(text, Lexer(text, start, len(text) if stop < 0 else stop).run())
        found = [parser.item("", False)]
        while parser.starts_factor():
            lone = len(found) == 1 and isinstance(found[0].atom, Num) and not found[0].posts
            if parser.now.gap and not (lone and parser.now.kind == "word" or takes(found[-1].atom)):
                break
            found.append(parser.item("", False))
    except JacmagicError:
        return ()
    return found
