"""The table BACKENDS: what generated code may say, and how."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from jacmagic.functions import FUNCTIONS

_PYTHON_WORDS = frozenset(keyword.kwlist) | frozenset(
    "abs max min sum len range map zip list tuple dict float int print kind lead".split()
)
_JS_WORDS = frozenset(
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof var void while with yield undefined NaN Infinity "
    "Math Array Object Number".split()
)


_HELPERS = Path(__file__).parent / "helpers"


@dataclass(frozen=True)


class Backend:
    """One row of the table of backends.

    Attributes:
        name       as it is asked for
        title      as it is shown
        xp         the prefix of the array module, "" where there is none
        opening    the import lines
        functions  function of the table, or one of `tree`'s -> how it is written, {0}, {1}, … standing for
                   arguments; the `spell` of a table's row goes before
        along      operation along the last axis -> how it is written
        files      those of functions of our own that code may call; a function is given only where it is called
        case       how a choice is written: {0} if {1} else {2}
        words      names that code cannot use for its variables
    """

    name: str
    title: str
    xp: str = ""
    opening: tuple[str, ...] = ()
    functions: dict[str, str] = field(default_factory=dict)
    along: dict[str, str] = field(default_factory=dict)
    files: str = ""
    case: str = ""
    logic: tuple[str, str, str] = ("({0} & {1})", "({0} | {1})", "({0})")
    words: frozenset[str] = frozenset()

    def spelling(self, function: str) -> str | None:
        row = FUNCTIONS.get(function)
        return (row.spell.get(self.name) if row else None) or self.functions.get(function)

    @property
    def known(self) -> frozenset[str]:
        """Every function this backend writes by a name, and not by its definition."""
        return frozenset(self.functions) | {row.name for row in FUNCTIONS.values() if self.name in row.spell}

    @property
    def reserved(self) -> frozenset[str]:
        """Names that no input may have."""
        return self.words | frozenset(self.helpers)

    @cached_property
    def helpers(self) -> dict[str, str]:
        """The source of our own functions, by name; empty lines separate them in their files."""
        found: dict[str, str] = {}
        for name in self.files.split():
            text = (_HELPERS / name).read_text(encoding="utf-8")
            if self.xp:
                text = text.replace("np.", f"{self.xp}.") if name == "arrays.py" else text
            for block in re.split(r"\n\n+", text.strip("\n")):
                if named := re.search(r"^(?:def|function) (\w+)", block, re.M):
                    found[named[1]] = block
        return found


def _calls(prefix: str, names: str, **others: str) -> dict[str, str]:
    """The spelling of functions of one argument: name, or name:spelt."""
    pairs = (word.partition(":")[::2] for word in names.split())
    return {name: f"{prefix}{spelt or name}({{0}})" for name, spelt in pairs} | others



_ELEMENTARY = (
    "sqrt exp expm1 ln:log log2 log10 sin cos tan asin:arcsin acos:arccos atan:arctan sinh cosh tanh "
    "asinh:arcsinh acosh:arccosh atanh:arctanh"
)

_NUMPY_ALONG = {
    "softmax": "_softmax({0})", "log_softmax": "_log_softmax({0})", "others": "_others({0})",
    "logsumexp": "_logsumexp({0})",
    "amax": "np.max({0}, axis=-1)", "amin": "np.min({0}, axis=-1)", "prod": "np.prod({0}, axis=-1)",
    "norm": "np.linalg.norm({0}, axis=-1)", "sum": "np.sum({0}, axis={1})",
    "permute": "np.swapaxes({0}, -1, -2)", "eye": "np.eye({0})", "full": "np.full({0}, {1})",
    "array": "np.array({0})", "index": "np.array({0})", "input": "np.asarray({0}, dtype=float)",
}

BACKENDS: dict[str, Backend] = {
    row.name: row
    for row in (
        Backend(
            "numpy", "NumPy", "np", ("import numpy as np",),
            _calls("np.", _ELEMENTARY + " abs sign floor ceil", erf="_erf({0})", atan2="np.arctan2({0}, {1})",
                   max="np.maximum({0}, {1})", min="np.minimum({0}, {1})"),
            _NUMPY_ALONG, "products.py arrays.py numpy.py", "np.where({1}, {0}, {2})",
            ("({0} & {1})", "({0} | {1})", "np.logical_not({0})"),
            _PYTHON_WORDS | {"np", "math"},
        ),
        Backend(
            "torch", "PyTorch", "torch", ("import torch",),
            _calls("torch.", _ELEMENTARY + " abs sign floor ceil erf", atan2="torch.atan2({0}, {1})",
                   max="torch.maximum({0}, {1})", min="torch.minimum({0}, {1})"),
            {
                "softmax": "torch.softmax({0}, dim=-1)", "log_softmax": "torch.log_softmax({0}, dim=-1)",
                "logsumexp": "torch.logsumexp({0}, dim=-1)",
                "others": "_others({0})", "amax": "torch.amax({0}, dim=-1)", "amin": "torch.amin({0}, dim=-1)",
                "prod": "torch.prod({0}, dim=-1)", "norm": "torch.linalg.vector_norm({0}, dim=-1)",
                "sum": "torch.sum({0}, dim={1})", "permute": "torch.swapaxes({0}, -1, -2)",
                "eye": "torch.eye({0}, **kind)", "full": "torch.full({0}, {1}, **kind)",
                "array": "torch.tensor({0}, dtype=torch.float64)", "index": "torch.tensor({0})",
            },
            "products.py torch.py", "torch.where({1}, {0}, {2})",
            ("({0} & {1})", "({0} | {1})", "torch.logical_not({0})"),
            _PYTHON_WORDS | {"torch", "math"},
        ),
        Backend(
            "jax", "JAX", "jnp", ("import jax", "import jax.numpy as jnp"),
            _calls("jnp.", _ELEMENTARY + " abs sign floor ceil", erf="jax.scipy.special.erf({0})",
                   atan2="jnp.arctan2({0}, {1})", max="jnp.maximum({0}, {1})", min="jnp.minimum({0}, {1})"),
            {op: text.replace("np.", "jnp.") for op, text in _NUMPY_ALONG.items()} | {
                "softmax": "jax.nn.softmax({0}, axis=-1)", "log_softmax": "jax.nn.log_softmax({0}, axis=-1)",
                "logsumexp": "jax.nn.logsumexp({0}, axis=-1)",
                "input": "jnp.asarray({0})",
            },
            "products.py arrays.py jax.py", "jnp.where({1}, {0}, {2})",
            ("({0} & {1})", "({0} | {1})", "jnp.logical_not({0})"),
            _PYTHON_WORDS | {"jax", "jnp", "math"},
        ),
        Backend(
            "javascript", "JavaScript", "", (),
            _calls("Math.", "sqrt cbrt exp expm1 ln:log log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh "
                   "acosh atanh abs sign floor ceil", erf="_erf({0})", atan2="Math.atan2({0}, {1})",
                   max="Math.max({0}, {1})", min="Math.min({0}, {1})"),
            {
                "softmax": "_softmax", "log_softmax": "_log_softmax", "others": "_others",
                "logsumexp": "_logsumexp",
                "amax": "(z) => Math.max(...z)", "amin": "(z) => Math.min(...z)", "norm": "(z) => Math.hypot(...z)",
                "prod": "(z) => z.reduce((a, b) => a * b, 1)",
            },
            "javascript.js", "({1} ? {0} : {2})", ("({0} && {1})", "({0} || {1})", "!({0})"), _JS_WORDS,
        ),
        Backend(
            "math", "plain Python", "", ("import math",),
            _calls("math.", "atan tanh asinh erf", **{
                       name: f"_real(math.{name}, {{0}})" for name in "sqrt sin cos tan asin acos acosh".split()
                   }, **{name: f"_{name}({{0}})" for name in "exp expm1 cosh sinh atanh sign".split()},
                   ln="_log({0})", log2="_log({0}, math.log2)", log10="_log({0}, math.log10)",
                   floor="_whole(math.floor, {0})", ceil="_whole(math.ceil, {0})", abs="abs({0})",
                   atan2="math.atan2({0}, {1})", max="_max({0}, {1})", min="_min({0}, {1})"),
            {}, "math.py", "({0} if {1} else {2})", ("({0} and {1})", "({0} or {1})", "(not {0})"),
            _PYTHON_WORDS | {"math"},
        ),
    )
}
"""The backends by name; adding one is adding a row."""


def reserved(backend: str) -> frozenset[str]:
    """Names that no input may have in this backend, because generated code uses them itself."""
    return BACKENDS[backend].reserved
