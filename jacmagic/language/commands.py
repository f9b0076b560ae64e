"""LaTeX's commands: what each typesets, as tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from jacmagic.errors import Span, SyntaxMistake
from jacmagic.functions import SPELLINGS
from jacmagic.language.letters import (
    ACCENTS,
    COMMAND_SIGNS,
    DELIMITED,
    DIFFERENTIAL,
    FONTS,
    LAYOUTS,
    MATRICES,
    ONES,
    SKIPPED,
    VARIANTS,
    greek_word,
)

if TYPE_CHECKING:
    from jacmagic.language.lexer import Lexer

_INDICATED = re.compile(r"\s*(?:\\left\s*)?[\[_(]")

_SIZED = re.compile(r"\\(left|right)(?![A-Za-z])\s*(\||\\[rl]?vert(?![A-Za-z]))?")

_LIMITS = re.compile(r"\s*\\(no)?limits")

_ACCENTED = re.compile(
    r"(?:\\(?:mathbf|boldsymbol|bm|mathrm|vec)\s*)?\{?\s*(\\?[A-Za-zα-ωΑ-Ω]+)\s*\}?\s*(?:_\s*\{?\s*(?P<index>[A-Za-z0-9]+)\s*\}?)?"
)

_LEFT_BRACE = re.compile(
    r"\s*(?P<outer>\{\s*)?(?:\\displaystyle\s*)?\\begin\s*"
    r"(?P<kind>\{(?:array|matrix|aligned|alignedat|split|gathered)\})"
)


def command(lex: Lexer) -> None:
    """A LaTeX command: what it typesets."""
    start = lex.pos
    match = re.compile(r"\\(operatorname\*|[A-Za-z]+|.|\n)", re.S).match(lex.text, lex.pos, lex.stop)
    if match is None:
        raise SyntaxMistake("A LaTeX command is expected after \\.", Span(start, start + 1))
    name = match[1].rstrip("*") or "*"
    lex.pos = match.end()
    RULES.get(name, _name)(lex, name, start)


def _name(lex: Lexer, name: str, start: int) -> None:
    """A command that is none of LaTeX's layout: a Greek letter, a function."""
    if re.fullmatch(r"[A-Za-z]", name):
        raise SyntaxMistake(
            f"\\{name} is no LaTeX command, and \\ divides nothing: the solution of A x = b is not found here.",
            Span(start, lex.pos), (name,) if not lex.tokens or lex.tokens[-1].kind == "op" else (),
        )
    if not re.fullmatch(r"[A-Za-z]+", name):
        raise SyntaxMistake(f"The LaTeX command \\{name} has no meaning in a block.", Span(start, lex.pos))
    lex.word(name, start, whole=True, command=True)


def _label(lex: Lexer, name: str, start: int) -> None:
    if lex.peek() == "{":
        lex.pos = lex.closing_brace() + 1
    else:
        _name(lex, name, start)


def _sign(lex: Lexer, name: str, start: int) -> None:
    op = COMMAND_SIGNS[name]
    kind = "cmd" if op in "ΣΠ" else "word" if op in ("and", "or", "not") else "op"
    if op in "[":
        lex.open.append(("[", start))
    elif op == "]" and lex.open:
        lex.open.pop()
    lex.emit(kind, op, start, lex.pos)
    if kind == "cmd" and (limits := _LIMITS.match(lex.text, lex.pos, lex.stop)):
        lex.pos = limits.end()


def _skipped(lex: Lexer, name: str, start: int) -> None:
    lex.gap = True


def _sized(lex: Lexer, name: str, start: int) -> None:
    if not _evaluated(lex, name, start):
        lex.gap = True
        lex.pos += lex.peek() == "."


def _evaluated(lex: Lexer, name: str, start: int) -> bool:
    r"""Take the bracket that \left. … \right|_{x=a} puts round what is evaluated there."""
    if name == "right" and start in lex.barred:
        del lex.open[-1:]  # all are closed where something stands in it that closes more than it opens
        lex.emit("op", ")", start, lex.pos)
        return True
    if name == "right" or lex.peek() != ".":
        return False
    depth = 1
    for found in _SIZED.finditer(lex.text, lex.pos, lex.stop):
        depth += 1 if found[1] == "left" else -1
        if depth == 0:
            if found[2] is None:
                return False
            lex.barred.add(found.start())
            lex.pos += 1
            lex.open.append(("(", start))
            lex.emit("op", "(", start, lex.pos)
            return True
    return False


def _row_end(lex: Lexer, name: str, start: int) -> None:
    row = re.compile(r"[ \t]*\[[0-9.]+ *[a-z]+\]").match(lex.text, lex.pos, lex.stop)
    if row:
        lex.pos = row.end()
    if lex.open:
        lex.emit("op", "\\\\", start, lex.pos)
    elif lex.tokens and lex.tokens[-1].kind == "nl":
        lex.gap = True
    else:
        lex.emit("nl", "\\\\", start, lex.pos)


def _brace(lex: Lexer, name: str, start: int) -> None:
    if name == "{" and (match := _LEFT_BRACE.match(lex.text, lex.pos, lex.stop)):
        if match["outer"]:
            lex.pos = match.start("outer")
            lex.wrapping.add(lex.closing_brace())
        lex.pos = match.start("kind")
        _environment(lex, "begin", start, cases=True)
        return
    if name == "{":
        lex.open.append(("(", start))
    elif lex.open:
        lex.open.pop()
    lex.emit("op", "(" if name == "{" else ")", start, lex.pos)


def _fraction(lex: Lexer, name: str, start: int) -> None:
    lex.emit("cmd", "frac", start, lex.pos, command=True)
    single_letters(lex, 2)


def _root(lex: Lexer, name: str, start: int) -> None:
    lex.emit("cmd", "sqrt", start, lex.pos, command=True)
    single_letters(lex, 1)


def single_letters(lex: Lexer, count: int) -> None:
    r"""After \frac and \sqrt, LaTeX takes one digit or letter a time: \frac12, \frac xy."""
    for _ in range(count):
        match = re.compile(r"\s*([0-9]|[A-Za-z](?!_))").match(lex.text, lex.pos, lex.stop)
        if not match:
            return
        lex.pos = match.end()
        lex.emit("num" if match[1].isdigit() else "word", match[1], match.start(1), match.end(1), whole=True)


def _transposed(lex: Lexer, name: str, start: int) -> None:
    lex.emit("word", "T", start, lex.pos, whole=True, command=True)


def _differential(lex: Lexer, name: str, start: int) -> None:
    lex.word(DIFFERENTIAL[name], start, whole=True, command=True)


def _delimiter(lex: Lexer, name: str, start: int) -> None:
    lex.delimiter(name, start)


def _font(lex: Lexer, name: str, start: int) -> None:
    space = re.compile(r"\s*").match(lex.text, lex.pos, lex.stop)
    lex.pos = space.end() if space else lex.pos
    if lex.peek() != "{":
        return
    begin, close = lex.pos + 1, lex.closing_brace()
    inside = lex.text[begin:close].replace("\\_", "_").strip()
    joined = "".join(inside.split())
    if re.fullmatch(r"[A-Za-z](?:\s+[A-Za-z0-9])+", inside) and (name == "operatorname" or joined in SPELLINGS):
        inside = joined  # \operatorname { c o s }
    lex.pos = close + 1
    if name == "mathbb" and inside == "R":
        lex.emit("word", "R", start, lex.pos, whole=True)
    elif inside in ("if", "else", "otherwise", "for", "when", "and", "or", "not", "in", "where"):
        lex.gap = True
        lex.emit("word", inside, start, lex.pos, command=True)
        lex.gap = True
    elif name == "mathbf" and inside == "1" and not _INDICATED.match(lex.text, lex.pos):
        lex.emit("word", ONES, start, lex.pos, whole=True, command=True)
    elif word := _word_in(name, inside):
        lex.word(word, start, whole=True, command=True)
    else:
        _tokens_of(lex, begin, close)


def _word_in(name: str, inside: str) -> str:
    """The word that a font is put on, without a command's backslash; "" where it is no word."""
    if name == "operatorname" and inside == "\\sigma":
        return "sigmoid"
    if inside.strip("\\").isalpha() and inside.startswith("\\") and inside[1:] not in COMMAND_SIGNS:
        return inside[1:]
    return inside if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", inside) else ""


def _tokens_of(lex: Lexer, begin: int, close: int) -> None:
    inner = lex.inner(begin, close)[:-1]
    if inner:
        lex.tokens.append(replace(inner[0], gap=lex.gap or inner[0].gap))
        lex.tokens.extend(inner[1:])
        lex.gap = False


def _accent(lex: Lexer, name: str, start: int) -> None:
    while lex.peek().isspace() and lex.peek():
        lex.pos += 1
    if lex.peek() == "{":
        close = lex.closing_brace()
        match = _ACCENTED.fullmatch(lex.text[lex.pos + 1 : close].strip())
        after = close + 1
    else:
        one = re.compile(r"([A-Za-zα-ωΑ-Ω])(?P<index>(?!))?|(?:\\[A-Za-z]+)")
        match = one.match(lex.text, lex.pos, lex.stop)
        after = match.end() if match else lex.pos
    if not match:
        raise SyntaxMistake("One letter is expected under this accent.", Span(start, max(after, lex.pos)))
    letter = (match[1] or match[0]).lstrip("\\")
    letter = greek_word(letter) or letter if len(letter) == 1 else VARIANTS.get(letter, letter)
    lex.pos = after
    if match["index"]:  # \dot{x_1}: the index stands under the accent, too
        text, index = f"{letter}_{ACCENTS[name]}", match["index"]
        lex.emit("word", text, start, lex.pos, index=index, whole=True, command=True)
        return
    lex.word(f"{letter}_{ACCENTS[name]}", start, whole=True, command=True)


def _environment(lex: Lexer, which: str, start: int, cases: bool = False) -> None:
    """Where an environment begins or ends; `cases` behind \\left\\{. Around whole statements it is only layout."""
    match = re.compile(r"\s*\{([A-Za-z]+\*?)\}").match(lex.text, lex.pos, lex.stop)
    if not match:
        raise SyntaxMistake(f"\\{which} needs the name of an environment.", Span(start, lex.pos))
    name, lex.pos = match[1], match.end()
    if name not in MATRICES and name not in LAYOUTS and name != "cases":
        raise SyntaxMistake(f"The LaTeX environment {name} has no meaning in a block.", Span(start, lex.pos))
    if which == "begin":
        _begin(lex, name, start, cases or name == "cases")
    elif not lex.environments:
        lex.environments.append("" if name in LAYOUTS else "cases" if name == "cases" else "matrix")
    elif lex.environments[-1] and lex.open and lex.open[-1][0] == "env":
        lex.open.pop()
    kind = lex.environments[-1]
    if which == "end":
        lex.environments.pop()
    if kind:
        lex.emit("cmd", f"{which} {kind}", start, lex.pos)
    else:
        lex.gap = True


def _begin(lex: Lexer, name: str, start: int, cases: bool) -> None:
    columns = re.compile(r"\s*\{[clr| ]*\}").match(lex.text, lex.pos, lex.stop)
    lex.pos = columns.end() if columns and name in ("array", "alignedat") else lex.pos
    opens = not lex.tokens or lex.tokens[-1].kind == "nl" or lex.tokens[-1].text == ";"
    layout = name in LAYOUTS or opens and (cases or name == "array")
    lex.environments.append("" if layout else "cases" if cases else "matrix")
    if not layout:
        lex.open.append(("env", start))


RULES: dict[str, Callable[[Lexer, str, int], None]] = {
    **dict.fromkeys(DIFFERENTIAL, _differential),
    **dict.fromkeys(("top", "intercal"), _transposed),
    **dict.fromkeys(DELIMITED, _delimiter),
    **dict.fromkeys(ACCENTS, _accent),
    **dict.fromkeys(FONTS, _font),
    "sqrt": _root,
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac"), _fraction),
    **dict.fromkeys(("begin", "end"), _environment),
    **dict.fromkeys("{}", _brace),
    "\\": _row_end,
    **dict.fromkeys(SKIPPED, _skipped),
    **dict.fromkeys(("left", "right"), _sized),
    **dict.fromkeys(COMMAND_SIGNS, _sign),
    **dict.fromkeys(("label", "tag"), _label),
}
"""What is done with each command; any other is a name."""
