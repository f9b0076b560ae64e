"""%%jacobian, %jacobian, %%nnchain and %jacmagic: they only translate.

A cell becomes a Result, which IPython shows and `_` holds. Options are read
here; everything else happens behind `derive`. Errors go up as they are: they
render themselves, without a traceback, and the cell fails.

Loading the extension imports this file and `errors`, which takes 2 ms; the
language is imported when a cell is run or completed.
"""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from jacmagic.errors import JacmagicError, Span, SyntaxMistake, nearest
from jacmagic.working import keep_interrupts, kernel_shell, let_interrupts_go, load, prepare, stoppable

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jacmagic.guide import Guide
    from jacmagic.notebook import Result

MAGICS = ("jacobian", "nnchain")

OPTIONS: dict[str, dict[str, str]] = {
    "--into": {"metavar": "NAME", "help": "Also bind the result to this name."},
    "--static": {"help": "Formulas and numbers only, no panel."},
    "--big": {"help": "Larger, for a projector."},
    "--all": {"help": "Show large results whole instead of eliding them."},
    "--steps": {"help": "Show the rules that lead to each derivative, in order."},
    "--hessian": {"help": "Show the second derivatives, with eigenvalues and what they say of the point."},
    "--taylor": {"metavar": "N", "help": "Show the Taylor polynomial of order N, at the point and in symbols."},
    "--integral": {"help": "Show |det J|, by which an integral changes with its variables."},
    "--reveal": {"help": "The question first, then an entry or a layer a press of r."},
    "--quiz": {"metavar": "[ENTRIES]", "help": "Ask for each entry, or for \"df1/dx2\"; what is typed is marked."},
    "--check": {"metavar": "ANSWER", "help": "Mark an answer to what the Jacobian is, in quotes, entry by entry."},
    "--layout": {"metavar": "WHICH", "help": "Derivatives in numerator or denominator layout."},
    "--seed": {"metavar": "N", "help": "Seed of the weights that have no value, a whole number."},
}
"""The options of both magics; those with a metavar take a value."""

_NOTHING_ASKED: dict[str, Any] = {
    **{name[2:]: None if "metavar" in one else False for name, one in OPTIONS.items()}, "seed": 0,
}
_NOTEBOOKS_OWN = frozenset("In Out get_ipython exit quit _ __ ___ _dh _ih _oh".split())
_GRAMMAR = frozenset("in for if else and or not step R".split())


class OptionMistake(SyntaxMistake):
    """The magic's line is not right."""

    what = "An option is not right"


def _with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Say the options in the help, under `%%jacobian?`.

    Not by IPython's `magic_arguments`, which makes a parser for it: more than half of what loading took.
    """
    typed = {" ".join((name, *option.get("metavar", "").split())): option["help"] for name, option in OPTIONS.items()}
    width = max(map(len, typed)) + 2
    listed = "\n".join(f"  {option:<{width}}{text}" for option, text in typed.items())
    function.__doc__ = (
        f"{inspect.cleandoc(function.__doc__ or '')}\n"
        f"Behind %%{function.__name__}, the variables where not all are meant, and options::\n\n{listed}\n\n"
        "``%jacmagic`` lists functions, statements and examples.\n"
    )
    return function


@magics_class
class JacmagicMagics(Magics):
    """The magics; a thin layer."""

    @no_var_expand
    @line_cell_magic
    @_with_options
    def jacobian(self, line: str, cell: str | None = None) -> Result:
        """Typeset functions and their Jacobian, with sliders.

        In a cell, a line for each function, value or range::

            %%jacobian
            f1(x1, x2) = 2x1 x2^2 + 3x1 + 2x2
            f2(x1, x2) = k x1^2 sin x2
            k = 3 in [0, 7]

        On a line: ``%jacobian f(x) = x^2``
        """
        return stoppable(lambda: self._run("jacobian", line, cell), alone=cell is not None)

    @no_var_expand
    @line_cell_magic
    @_with_options
    def nnchain(self, line: str, cell: str | None = None) -> Result:
        """Typeset a neural network, its layers' Jacobians and their chain-rule product, with sliders.

        In a cell, a line for each layer::

            %%nnchain
            x in R^1
            a = tanh(W1 x + c1) in R^2
            o = W2 a + c2 in R^1

        On a line: ``%nnchain x(3) -> 4 tanh -> 2 softmax``
        """
        return stoppable(lambda: self._run("nnchain", line, cell), alone=cell is not None)

    @no_var_expand
    @line_magic
    def jacmagic(self, line: str) -> Guide:
        """List functions, statements, examples, options and errors, or those that have a word.

        ``%jacmagic`` lists all, ``%jacmagic tanh`` what has to do with tanh.
        ``%jacmagic gallery`` lists twenty examples, ``%jacmagic gallery 6`` shows one
        and puts its cell below, to be changed.
        """
        return stoppable(lambda: self._look_up(line), alone=False)

    def _look_up(self, line: str) -> Any:
        load("jacmagic.guide")
        from jacmagic import guide

        number = re.fullmatch(r"\s*gallery\s+(\d+)\s*", line)
        if number is None:
            return guide.search(line, OPTIONS)
        try:
            cell, result = guide.shown(int(number[1]))
        except ValueError as wrong:
            raise OptionMistake(f"{wrong}.", Span(*number.span(1)), ("gallery 6",)).bind(line) from None
        result.prepare()
        self.shell.set_next_input(cell)
        return result

    def _run(self, magic: str, line: str, cell: str | None) -> Result:
        options, rest = read_options(line)
        if cell is not None and not cell.strip() and rest:
            raise OptionMistake(
                f"Below %%{magic} stands the block; on one line it stands behind a single %.", None,
                (f"%{magic} {rest}",),
            )
        text, names = (rest, "") if cell is None else (cell, rest)
        load("jacmagic.notebook")
        from jacmagic.notebook import derive

        into, whole, seed = (options.pop(name) for name in ("into", "all", "seed"))
        try:
            result = derive(text, names or None, self.shell.user_ns, magic == "nnchain", seed)
            # What takes time is done before anything in the notebook changes.
            result.show(whole=whole, **options).prepare()
        except JacmagicError as error:
            # An error in the names stands on the magic's own line, which is line 1 already.
            if cell is not None and error.source in (text, None):
                error.bind(text, first_line=2)
            raise
        if into:
            self.shell.user_ns[into] = result
        return result


def read_options(line: str) -> tuple[dict[str, Any], str]:
    """The options of a magic's line, and the rest of it: names, or the block.

    Not by `parse_argstring`, which splits the mathematics too and fails with a bare
    ValueError at an open quote: f' is mathematics here.

    Raises:
        OptionMistake: an option that there is not, or a value that it cannot take.
    """
    options = dict(_NOTHING_ASKED)
    rest, last = [], 0
    while word := re.compile(_OPTION).search(line, last):
        rest.append(line[last : word.start()])
        name, span, last = word["name"], Span(*word.span()), word.end()
        check_option(name, span, line)
        if "metavar" not in OPTIONS[name]:
            if word["attached"]:
                raise OptionMistake(f"{name} takes no value.", span, (name,)).bind(line)
            options[name[2:]] = True
            continue
        value = word["attached"] or ""
        # A value that may be left out stands in quotes.
        words = re.compile(_IN_QUOTES if OPTIONS[name]["metavar"].startswith("[") else _WORD)
        if not value and (following := words.match(line, last)):
            value, span, last = following["word"], Span(*following.span("word")), following.end()
        if not value and name == "--quiz" and (bare := re.compile(_ENTRY).match(line, last)):
            fixes = (f'"{bare["word"]}"',)
            raise OptionMistake("What --quiz asks for stands in quotes.", Span(*bare.span("word")), fixes).bind(line)
        options[name[2:]] = _value(name, value.removeprefix("="), span, line)
    rest.append(line[last:])
    return options, "".join(rest).strip()


def check_option(name: str, span: Span, line: str) -> None:
    """There is such an option."""
    if name in ("--wrt", "--by", "--variables"):
        raise OptionMistake("The variables stand here without an option: x1, x2.", span).bind(line)
    if name in OPTIONS:
        return
    begun = [known for known in OPTIONS if known.startswith(name)]
    close = begun or ["--" + one for one in nearest(name[2:], [known[2:] for known in OPTIONS], 1)]
    remedy = f"did you mean {close[0]}?" if close else f"there are {', '.join(OPTIONS)}."
    raise OptionMistake(f"There is no option {name}; {remedy}", span, close).bind(line)


_QUOTED = r"""(?:"[^"]*"|'[^']*'(?!\S)|\S+)"""
# Patterns as text: they are compiled when a line has options, and loading does not wait for them.
_OPTION = rf"(?<!\S)(?P<name>--[A-Za-z][^\s=]*)(?P<attached>=(?:{_QUOTED})?)?"
_IN_QUOTES = r"""\s*(?P<word>"[^"]*"|'[^']*'(?!\S))"""
_WORD = rf"\s*(?P<word>{_QUOTED})"
_ENTRY = r"\s*(?P<word>[^\s\"'-][^\s\"]*[/'′∂∇][^\s\"]*)"
"""df/dx, which is no name of a column."""


def _value(name: str, value: str, span: Span, line: str) -> str | int | bool:
    """What stands behind an option."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    value = value.strip("'\"")
    if name == "--quiz":
        return value.strip() or True
    if name == "--check":
        if not value.strip() or not quoted and value[0] in "[(" and value[-1] not in "])":
            raise OptionMistake("An answer stands in quotes.", span, ('--check "[2x y, x^2]"',)).bind(line)
        return value
    if name == "--taylor":
        if not re.fullmatch(r"[1-8]", value):
            raise OptionMistake("--taylor takes an order from 1 to 8.", span, ("--taylor 2",)).bind(line)
        return int(value)
    if name == "--layout":
        if value not in ("numerator", "denominator"):
            raise OptionMistake("--layout takes numerator or denominator.", span, ("--layout denominator",)).bind(line)
        return value
    if name == "--seed":
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise OptionMistake("--seed takes a whole number of at most nine digits.", span, ("--seed 7",)).bind(line)
        return int(value)
    if not value.isidentifier() or keyword.iskeyword(value):
        raise OptionMistake("--into takes a name that Python allows.", span, ("--into J",)).bind(line)
    if hasattr(builtins, value) or value in _NOTEBOOKS_OWN:
        raise OptionMistake(f"{value} is a name of Python's own or the notebook's.", span, ("--into J",)).bind(line)
    return value


# ------------------------------------------------------------------ completion
def names_of(block: str) -> list[str]:
    """The names of a block that can be completed: the words it declares or uses."""
    from jacmagic.functions import SPELLINGS

    words = re.findall(r"[^\W\d_]\w*", re.sub(r"#.*", "", block))
    return sorted(set(words) - _GRAMMAR - SPELLINGS)


def matches(word: str, cell: str) -> list[str]:
    """What may stand for the word being typed in a cell, or on a line, of ours."""
    if word.startswith("-"):
        return [option for option in OPTIONS if option.startswith(word)]
    load("jacmagic.functions")
    from jacmagic.functions import ALIASES, CONSTANTS, FUNCTIONS
    from jacmagic.language.letters import ROLES
    from jacmagic.names import GREEK

    block = re.sub(r"^\s*%%?\w+|--\w+", " ", cell)
    # The word itself is in the block while it is typed, and completes nothing.
    words = ROLES if re.match(r"\s*%%?nnchain\b", cell) else ()
    found = dict.fromkeys([*names_of(block), *FUNCTIONS, *ALIASES, *CONSTANTS, *GREEK, *words])
    return [name for name in found if name.startswith(word) and name != word]


def _ours(text: str, offset: int) -> tuple[str, str] | None:
    """The block that the cursor stands in and the part of it before the cursor; None outside our magics."""
    if re.match(rf"\s*%%({'|'.join(MAGICS)})\b", text):
        return text, text[:offset]
    begin, end = text.rfind("\n", 0, offset) + 1, text.find("\n", offset)
    line = text[begin : end if end >= 0 else len(text)]
    return (line, text[begin:offset]) if re.match(rf"\s*%({'|'.join(MAGICS)})\s", line) else None


def _watch(shell: InteractiveShell) -> None:
    """Complete names and functions in our cells.

    IPython's completers see one line; only `completions` sees the whole cell. So the
    shell's own is asked everywhere but behind a word of our blocks; behind a backslash
    (\\alpha and the Tab key) and inside `{python}` it is asked there, too.
    """
    completer = shell.Completer
    if getattr(completer.completions, "of_jacmagic", False):
        return
    original = completer.completions

    def completions(text: str, offset: int) -> Iterator[Any]:
        from IPython.core.completer import Completion, provisionalcompleter

        block, before = _ours(text, offset) or ("", "")
        python = re.search(r"=\s*\{([^{}\n]*)$", before)
        word = re.search(r"(?<![\w\\-])(--?[\w-]*|[^\W\d_]\w*)$", before)
        with provisionalcompleter():
            if python:
                for one in original(python[1], len(python[1])):
                    shift = offset - len(python[1])
                    yield Completion(one.start + shift, one.end + shift, one.text, type=one.type)
            elif word:
                from jacmagic.functions import SPELLINGS

                for name in matches(word[1], block):
                    kind = "function" if name in SPELLINGS else "instance"
                    yield Completion(offset - len(word[1]), offset, name, type=kind)
            else:
                yield from original(text, offset)

    marked: Any = completions
    marked.of_jacmagic = True
    completer.completions = marked


def keep_empty_cells(lines: list[str]) -> list[str]:
    """Give a cell that is only `%%jacobian` an empty line, so that it reaches us and not a UsageError of IPython."""
    if len(lines) == 1 and re.match(rf"%%({'|'.join(MAGICS)})\b", lines[0]):
        return [lines[0].rstrip("\n") + "\n", "\n"]
    return lines


def register(shell: InteractiveShell) -> None:
    """Add the magics and the completion; a second time changes nothing."""
    shell.register_magics(JacmagicMagics)
    keep_interrupts()
    _watch(shell)
    if keep_empty_cells not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(keep_empty_cells)
    if kernel_shell() is not None:
        prepare("jacmagic.notebook", "jacmagic.panel.bridge")


def unregister(shell: InteractiveShell) -> None:
    """Take away what `register` added."""
    let_interrupts_go()
    for kind in ("line", "cell"):
        for name in (*MAGICS, "jacmagic"):
            shell.magics_manager.magics[kind].pop(name, None)
    if getattr(shell.Completer.completions, "of_jacmagic", False):
        del shell.Completer.completions  # the instance's own; the class's is behind it
    if keep_empty_cells in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(keep_empty_cells)
