"""%%jacobian, %jacobian and %%nnchain: they only translate.

A cell becomes a Result, which IPython shows and `_` holds. Options are parsed
here; everything else happens behind `derive`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from jacmagic.errors import JacmagicError, Span, SyntaxMistake, nearest
from jacmagic.functions import ALIASES, CONSTANTS, FUNCTIONS

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jacmagic.notebook import Result

OPTIONS = ("--into", "--static", "--big", "--seed", "--all")
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
).split()


class OptionMistake(SyntaxMistake):
    """The magic's line is not right."""


def _arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options both magics have."""
    for decorate in (
        magic_arguments(),
        argument("names", nargs="*", help="The variables to differentiate by, such as x1, x2."),
        argument("--into", metavar="NAME", help="Also bind the result to this name."),
        argument("--static", action="store_true", help="Formulas and numbers only, no panel."),
        argument("--big", action="store_true", help="Twice as large, for a projector."),
        argument("--all", action="store_true", help="Show large results whole instead of eliding them."),
        argument("--seed", type=int, default=0, metavar="N", help="Seed of the weights that have no value."),
    )[::-1]:
        function = decorate(function)
    return function


@magics_class
class JacmagicMagics(Magics):
    """The magics; a thin layer."""

    @no_var_expand
    @line_cell_magic
    @_arguments
    def jacobian(self, line: str, cell: str | None = None) -> Result | None:
        """Typeset functions and their Jacobian, with sliders.

        In a cell, a line for each function, value or range::

            %%jacobian
            f1(x1, x2) = 2x1 x2^2 + 3x1 + 2x2
            f2(x1, x2) = k x1^2 sin x2
            k = 3 in [0, 7]

        On a line: ``%jacobian f(x) = x^2``
        """
        return self._run(line, cell, net=False, magic="jacobian")

    @no_var_expand
    @line_cell_magic
    @_arguments
    def nnchain(self, line: str, cell: str | None = None) -> Result | None:
        """Typeset a neural network, its layers' Jacobians and their chain-rule product, with sliders.

        In a cell, a line for each layer::

            %%nnchain
            x in R^1
            a = tanh(W1 x + c1) in R^2
            o = W2 a + c2 in R^1

        On a line: ``%nnchain x(3) -> 4 tanh -> 2 softmax``
        """
        return self._run(line, cell, net=True, magic="nnchain")

    def _run(self, line: str, cell: str | None, net: bool, magic: str) -> Result | None:
        try:
            options, names, block = _parse(line, cell)
        except JacmagicError as error:
            raise Shown(error, magic) from None
        text = block if cell is None else cell
        first_line = 1 if cell is None else 2
        from jacmagic.notebook import derive

        try:
            result = derive(text, names or None, self.shell.user_ns, net, options.seed)
        except JacmagicError as error:
            if error.source == text or error.source is None:
                error.bind(text, first_line)
            raise Shown(error, magic) from None
        result.show(static=options.static, big=options.big, whole=options.all)
        if options.into:
            self.shell.user_ns[options.into] = result
        return result


class Shown(JacmagicError):
    """An error on its way to the reader: shown with a caret, without a traceback."""

    def __init__(self, error: JacmagicError, magic: str) -> None:
        super().__init__(error.message, error.span, error.hints)
        self.__dict__.update(error.__dict__)
        self.kind, self.magic = type(error).__name__, magic

    def _render_traceback_(self) -> list[str]:
        return [f"{self.kind}: {self}"]


def _parse(line: str, cell: str | None) -> tuple[argparse.Namespace, str, str]:
    """The options, the variables, and (of a line magic) the block on the magic's line."""
    words, rest = _split(line)
    options = argparse.Namespace(into=None, static=False, big=False, all=False, seed=0)
    at = 0
    while at < len(words):
        word, span = words[at]
        at += 1
        name, _, attached = word.partition("=")
        if name not in OPTIONS:
            close = nearest(name, OPTIONS, 1, 0.4) or ["--static"]
            raise OptionMistake(
                f"There is no option {name}; did you mean {close[0]}?", span, (close[0],)
            ).bind(line)
        key = name[2:]
        if key in ("static", "big", "all"):
            setattr(options, key, True)
            continue
        if not attached:
            if at == len(words):
                raise OptionMistake(f"{name} needs a value, such as {name} {'J' if key == 'into' else 7}.", span).bind(line)
            attached, span = words[at]
            at += 1
        attached = attached.strip("'\"")
        if key == "seed":
            if not re.fullmatch(r"[0-9]+", attached):
                raise OptionMistake("--seed takes a whole number.", span).bind(line)
            options.seed = int(attached)
        else:
            if not attached.isidentifier():
                raise OptionMistake(f"{attached} cannot be a Python name.", span).bind(line)
            options.into = attached
    return (options, rest, "") if cell is not None else (options, "", rest)


def _split(line: str) -> tuple[list[tuple[str, Span]], str]:
    """The options of a line with their values, and what is left: names, or the block."""
    words: list[tuple[str, Span]] = []
    kept: list[str] = []
    last = 0
    takes_value = False
    for match in re.finditer(r"\S+", line):
        word = match[0]
        is_option = re.fullmatch(r"--[A-Za-z][\w-]*(=.*)?", word) is not None
        if is_option or takes_value:
            kept.append(line[last : match.start()])
            last = match.end()
            words.append((word, Span(match.start(), match.end())))
            takes_value = is_option and word in ("--into", "--seed")
    kept.append(line[last:])
    return words, "".join(kept).strip()


# ------------------------------------------------------------------ completion
def names_of(block: str) -> list[str]:
    """The words of a block that can be completed: what it declares or uses."""
    words = re.findall(r"[^\W\d_]\w*", block)
    return sorted({w for w in words if w not in ("in", "for", "if", "else", "and", "or", "not", "R")})


def matches(text: str, cell: str) -> list[str]:
    """What may stand for the word being typed in a cell of ours."""
    first, _, body = cell.partition("\n")
    if text.startswith("-"):
        return [option for option in OPTIONS if option.startswith(text)]
    known = [*FUNCTIONS, *ALIASES, *CONSTANTS, *_GREEK]
    used = [name for name in names_of(body or first.partition(" ")[2]) if name != text]
    found = dict.fromkeys([*used, *known])
    return [word for word in found if word.startswith(text) and word != text]


def _watch(shell: InteractiveShell) -> None:
    """Complete names and functions in our cells.

    IPython's completers see one line; only `completions` sees the whole cell. So the
    shell's own is asked everywhere but behind a word in a cell that begins with one of
    our magics. After a backslash it is asked there, too: \\alpha and the Tab key.
    """
    completer = shell.Completer
    if "completions" in vars(completer):
        return
    original = completer.completions

    def completions(text: str, offset: int) -> Iterator[Any]:
        before = text[:offset]
        word = re.search(r"(--?[\w-]*|[^\W\d_]\w*)$", before)
        if word and re.match(r"\s*%%?(jacobian|nnchain)\s", before) and before[: word.start()][-1:] != "\\":
            from IPython.core.completer import Completion, provisionalcompleter

            found = matches(word[0], text)
            if found:
                with provisionalcompleter():
                    for one in found:
                        kind = "function" if one in FUNCTIONS or one in ALIASES else "instance"
                        yield Completion(word.start(), offset, one, type=kind)
                return
        yield from original(text, offset)

    completer.completions = completions


def register(shell: InteractiveShell) -> None:
    """Add the magics and the completion; a second time changes nothing."""
    shell.register_magics(JacmagicMagics)
    _watch(shell)


def unregister(shell: InteractiveShell) -> None:
    """Take away what `register` added."""
    for kind in ("line", "cell"):
        for name in ("jacobian", "nnchain"):
            shell.magics_manager.magics[kind].pop(name, None)
    vars(shell.Completer).pop("completions", None)
