"""The table BACKENDS: what generated code may say, and how; a row is a dialect.

A row has a family, which says how a graph becomes statements: "arrays" by the
operations of an array module, "torch" likewise with tensors of the inputs' kind,
"loops" entry by entry over flat arrays. All else that differs is in the row and
in its file of helpers; nothing asks for a dialect by its name.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jacmagic.engine.operation import OPERATIONS
from jacmagic.functions import FUNCTIONS

_HELPERS = Path(__file__).parent / "helpers"


@dataclass(frozen=True)
class Dialect:
    """One row of the table. In every text {0}, {1}, … stand for parts.

    Attributes:
        name       as it is asked for
        title      as it is shown
        family     which writer makes statements of a graph
        note       what stands in front of the code, as a comment
        aliases    other names that ask for it
        opening    the import lines, each given only where its last word is used
        functions  function of the table, or one of `tree`'s -> how it is written; the `spell` of a table's
                   row goes before
        along      what an array module does -> how it is written; the `spell` of an operation's record goes before
        files      those of functions of our own that code may call; one is given only where it is called
        words      names that code cannot use for its variables
        xp         the prefix of the array module, "" where there is none
        numbers    how pi, inf and nan are written
        case       a choice: {0} if {1} else {2}
        logic      and, or, not
        relations  those that are not written as in Python
        power      {0} to the {1}, and whether that is a call
        whole      likewise where {1} is a whole number, if another way
        products   an exponent -> the product that is faster
        ratio      {0} by {1} where {1} may be 0, if not with a slash
        assign     {0} is made, and is the number {1}
        comment    a line that is not run
        wrap       a value over several lines; "" where lines are not broken
        indent     of what stands inside
        outside    True where constant arrays are made once, before the function
        ahead      True where helpers stand before the function, else behind it
        head       the function {0} of {1}, which gives a number, and one that gives an array
        end        of a function or a loop, "" where there is none
        result     its last line, giving {0}, for a number and for an array
        several    results by key, and {1} by the key {0}; "" where there can be one alone
        parameter  by the count of its axes, the last for any more
        nothing    what stands where there is no parameter
        out        the parameter that takes an array as the result, if any
        given      what makes a parameter {0} flat, likewise; {1} numbers its axes in reverse
        shaped     what arranges a flat result {0}, likewise: {1} its axes, {2} in reverse, {3} numbered in reverse
        made       {0} is an array of {1} entries, which are {2}
        table      likewise of numbers that stay, and of places in an array
        zeros      {0} zeros
        flat       the entries of an array, and what separates them
        rows       a matrix: around rows of {1} entries, between rows, around one, between entries, behind a lone one
        entry      entry {1} of {0}
        base       the index of the first entry
        set        an entry, or a variable, {0} is {1} from now on
        once       {0} starts as {1}, and changes
        loop       {0} from 0 below {1}, {2} being the last
    """

    name: str
    title: str
    family: str = "loops"
    note: str = ""
    aliases: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    functions: dict[str, str] = field(default_factory=dict)
    along: dict[str, str] = field(default_factory=dict)
    files: str = ""
    words: frozenset[str] = frozenset()
    xp: str = ""
    numbers: tuple[str, str, str] = ("math.pi", "math.inf", "math.nan")
    case: str = "({0} if {1} else {2})"
    logic: tuple[str, str, str] = ("({0} && {1})", "({0} || {1})", "!({0})")
    relations: dict[str, str] = field(default_factory=dict)
    power: tuple[str, bool] = ("{0}**{1}", False)
    whole: str = ""
    products: dict[float, str] = field(default_factory=dict)
    ratio: str = ""
    assign: str = "{0} = {1}"
    comment: str = "# {0}"
    wrap: str = ""
    indent: str = "    "
    outside: bool = True
    ahead: bool = True
    head: tuple[str, str] = ("def {0}({1}):", "def {0}({1}):")
    end: str = ""
    result: tuple[str, str] = ("return {0}", "return {0}")
    several: tuple[str, str] = ("", "")
    parameter: tuple[str, ...] = ("{0}",)
    nothing: str = ""
    out: str = ""
    given: tuple[str, ...] = ("",)
    shaped: tuple[str, ...] = ("",)
    made: str = "{0} = {2}"
    table: tuple[str, str] = ("{0} = {2}", "{0} = {2}")
    zeros: str = "zeros({0})"
    flat: tuple[str, str] = ("[{0}]", ", ")
    rows: tuple[str, str, str, str, str] = ("", "", "", "", "")
    entry: str = "{0}[{1}]"
    base: int = 0
    set: str = "{0} = {1}"
    once: str = "{0} = {1}"
    loop: str = ""

    def spelling(self, function: str) -> str | None:
        row = FUNCTIONS.get(function)
        return (row.spell.get(self.name) if row else None) or self.functions.get(function)

    def line(self, operation: str) -> str | None:
        """How an operation of the graph is written, where it has a line of its own."""
        return OPERATIONS[operation].spell.get(self.name) if operation in OPERATIONS else None

    @cached_property
    def known(self) -> frozenset[str]:
        """Every function that is written by a name, and not by its definition."""
        return frozenset(self.functions) | {row.name for row in FUNCTIONS.values() if self.name in row.spell}

    @cached_property
    def helpers(self) -> dict[str, str]:
        """The source of our own functions, by name; empty lines separate them in their files."""
        found: dict[str, str] = {}
        for name in self.files.split():
            text = (_HELPERS / name).read_text(encoding="utf-8")
            if name == "arrays.py":
                text = text.replace("np.", f"{self.xp}.")
            for block in re.split(r"\n\n+", text.strip("\n")):
                if named := _HELPER.search(block):
                    found[named[1]] = block
        return found

    @cached_property
    def reserved(self) -> frozenset[str]:
        """Names that no input may have."""
        return self.words | frozenset(self.helpers)


_HELPER = re.compile(r"^(?:def|static (?:double|void)|function(?: \w+ =)?) (\w+)\(", re.M)


def _calls(prefix: str, names: str, **others: str) -> dict[str, str]:
    """The spelling of functions of one argument: name, or name:spelt."""
    pairs = (word.partition(":")[::2] for word in names.split())
    return {name: f"{prefix}{spelt or name}({{0}})" for name, spelt in pairs} | others


def _guarded(form: str, names: str, **others: str) -> dict[str, str]:
    """The spelling of functions that are not real everywhere: {f} the function, {z} its argument."""
    pairs = (word.partition(":")[::2] for word in names.split())
    return {name: form.format(f=spelt or name, z="{0}") for name, spelt in pairs} | others


_PYTHON_WORDS = frozenset(keyword.kwlist) | frozenset(
    "abs max min sum len range map zip list tuple dict float int print kind lead math".split()
)
_JS_WORDS = frozenset(
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof var void while with yield undefined NaN Infinity "
    "Math Array Object Number".split()
)
_C_WORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while out main "
    "sqrt cbrt exp expm1 log log1p log2 log10 sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh fabs "
    "floor ceil erf erfc pow NAN INFINITY assert".split()
)
_JULIA_WORDS = frozenset(
    "abstract baremodule begin break catch const continue do else elseif end export false finally for function global "
    "if import in isa let local macro module mutable primitive quote return struct true try type using where while "
    "zeros reshape permutedims float vec pi Inf NaN sqrt cbrt exp expm1 log log1p log2 log10 sin cos tan asin acos "
    "atan sinh cosh tanh asinh acosh atanh abs sign floor ceil max min".split()
)
_OCTAVE_WORDS = frozenset(
    "break case catch continue do else elseif end end_try_catch end_unwind_protect endfor endfunction endif endswitch "
    "endwhile for function global if otherwise parfor persistent return switch try until unwind_protect while classdef "
    "spmd out zeros reshape permute pi Inf NaN sqrt nthroot exp expm1 log log1p log2 log10 sin cos tan asin acos atan "
    "atan2 sinh cosh tanh asinh acosh atanh abs sign floor ceil erf erfc max min isreal isnan".split()
)

_ELEMENTARY = (
    "sqrt exp expm1 ln:log log2 log10 sin cos tan asin:arcsin acos:arccos atan:arctan sinh cosh tanh "
    "asinh:arcsinh acosh:arccosh atanh:arctanh"
)
_NUMPY_ALONG = {
    "sum": "np.sum({0}, axis={1})",
    "permute": "np.swapaxes({0}, -1, -2)", "eye": "np.eye({0})", "full": "np.full({0}, {1})",
    "array": "np.array({0})", "index": "np.array({0})", "input": "np.asarray({0}, dtype=float)",
    "copy": "{0}.copy()",  # a caller may write into a constant
}
_JAX_ALONG = {op: text.replace("np.", "jnp.") for op, text in _NUMPY_ALONG.items() if op != "copy"} | {
    "input": "jnp.asarray({0})",
}
_TORCH_ALONG = {
    "sum": "torch.sum({0}, dim={1})", "permute": "torch.swapaxes({0}, -1, -2)",
    "eye": "torch.eye({0}, **kind)", "full": "torch.full({0}, {1}, **kind)",
    "array": "torch.tensor({0}, dtype=torch.float64)", "index": "torch.tensor({0})",
}
_SQUARE_AND_CUBE: dict[float, str] = {2: "{0}*{0}", 3: "{0}*{0}*{0}"}
_SOFTPLUS = "({0}({{0}}, 0) + log1p(exp(-{1}({{0}}))))"
_PYTHON: dict[str, Any] = {"several": ("{{{0}}}", "{0}: {1}"), "wrap": "(\n{0}\n)"}
_OF_ARRAYS: dict[str, Any] = _PYTHON | {"logic": ("({0} & {1})", "({0} | {1})", "")}

_ROWS = (
    Dialect(
        "numpy", "NumPy", "arrays",
        opening=("import math", "import numpy as np"),
        functions=_calls("np.", _ELEMENTARY + " abs sign floor ceil", erf="_erf({0})", atan2="np.arctan2({0}, {1})",
                         max="np.maximum({0}, {1})", min="np.minimum({0}, {1})"),
        along=_NUMPY_ALONG,
        files="products.py arrays.py numpy.py",
        words=_PYTHON_WORDS | {"np"},
        xp="np",
        numbers=("np.pi", "np.inf", "np.nan"),
        case="np.where({1}, {0}, {2})",
        products={  # np.power is 8 times slower than a product
            1.5: "{0}*np.sqrt({0})", 3: "{0}*{0}**2", 4: "({0}**2)**2", 5: "{0}*({0}**2)**2", 6: "({0}*{0}**2)**2",
            7: "{0}*({0}*{0}**2)**2", 8: "(({0}**2)**2)**2",
        },
        **_OF_ARRAYS | {"logic": ("({0} & {1})", "({0} | {1})", "np.logical_not({0})")},
    ),
    Dialect(
        "torch", "PyTorch", "torch",
        opening=("import math", "import torch"),
        functions=_calls("torch.", _ELEMENTARY + " abs sign floor ceil erf", atan2="torch.atan2({0}, {1})",
                         max="torch.maximum({0}, {1})", min="torch.minimum({0}, {1})"),
        along=_TORCH_ALONG,
        files="products.py torch.py",
        words=_PYTHON_WORDS | {"torch"},
        xp="torch",
        numbers=("torch.pi", "torch.inf", "torch.nan"),
        case="torch.where({1}, {0}, {2})",
        products={1.5: "{0}*torch.sqrt({0})"},
        **_OF_ARRAYS | {"logic": ("({0} & {1})", "({0} | {1})", "torch.logical_not({0})")},
    ),
    Dialect(
        "jax", "JAX", "arrays",
        opening=("import math", "import jax", "import jax.numpy as jnp"),
        functions=_calls("jnp.", _ELEMENTARY + " abs sign floor ceil", erf="jax.scipy.special.erf({0})",
                         atan2="jnp.arctan2({0}, {1})", max="jnp.maximum({0}, {1})", min="jnp.minimum({0}, {1})"),
        along=_JAX_ALONG,
        files="products.py arrays.py jax.py",
        words=_PYTHON_WORDS | {"jax", "jnp"},
        xp="jnp",
        numbers=("jnp.pi", "jnp.inf", "jnp.nan"),
        case="jnp.where({1}, {0}, {2})",
        products={1.5: "{0}*jnp.sqrt({0})"},
        **_OF_ARRAYS | {"logic": ("({0} & {1})", "({0} | {1})", "jnp.logical_not({0})")},
    ),
    Dialect(
        "javascript", "JavaScript", aliases=("js",),
        functions=_calls("Math.", "sqrt cbrt exp expm1 ln:log log2 log10 sin cos tan asin acos atan sinh cosh tanh "
                         "asinh acosh atanh abs sign floor ceil", erf="_erf({0})", atan2="Math.atan2({0}, {1})",
                         max="Math.max({0}, {1})", min="Math.min({0}, {1})"),
        files="javascript.js",
        words=_JS_WORDS,
        numbers=("Math.PI", "Infinity", "NaN"),
        case="({1} ? {0} : {2})",
        relations={"==": "===", "!=": "!=="},
        products=_SQUARE_AND_CUBE,
        assign="const {0} = {1};",
        comment="// {0}",
        wrap="(\n{0}\n)",
        indent="  ",
        head=("export function {0}({{{1}}}) {{",) * 2,
        end="}",
        result=("return {0};",) * 2,
        several=("{{{0}}}", "{0}: {1}"),
        given=("", "{0} = _flat({0});"),
        shaped=("", "", "_nest({0}, [{1}])"),
        made="const {0} = {2};",
        table=("const {0} = {2};",) * 2,
        zeros="new Array({0}).fill(0)",
        rows=("[{0}]", ", ", "[{0}]", ", ", ""),
        set="{0} = {1};",
        once="let {0} = {1};",
        loop="for (let {0} = 0; {0} < {1}; {0}++) {{",
    ),
    Dialect(
        "math", "plain Python", aliases=("python",),
        opening=("import math",),
        functions=_calls("math.", "atan tanh asinh erf")
        | _guarded("_real(math.{f}, {z})", "sqrt sin cos tan asin acos acosh")
        | _calls("_", "exp expm1 cosh sinh atanh sign", ln="_log({0})", log2="_log({0}, math.log2)",
                 log10="_log({0}, math.log10)", floor="_whole(math.floor, {0})", ceil="_whole(math.ceil, {0})",
                 abs="abs({0})", atan2="math.atan2({0}, {1})", max="_max({0}, {1})", min="_min({0}, {1})"),
        files="math.py",
        words=_PYTHON_WORDS,
        logic=("({0} and {1})", "({0} or {1})", "(not {0})"),
        power=("_power({0}, {1})", True),
        products=_SQUARE_AND_CUBE,
        ratio="_ratio({0}, {1})",
        given=("", "{0} = _flat({0})"),
        shaped=("", "_nest({0}, [{1}])"),
        zeros="[0.0]*{0}",
        rows=("({0})", ", ", "({0})", ", ", ","),
        loop="for {0} in range({1}):",
        **_PYTHON,
    ),
    Dialect(
        "c", "C", note="C99; compile with -lm. Matrices are flat, row by row; so is out.",
        opening=("#include <math.h>",),
        functions=_calls("", "sqrt cbrt exp expm1 ln:log log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh "
                         "acosh atanh abs:fabs sign:sign_of floor ceil erf erfc", atan2="atan2({0}, {1})",
                         max="larger({0}, {1})", min="smaller({0}, {1})", softplus=_SOFTPLUS.format("larger", "fabs")),
        files="c.c",
        words=_C_WORDS,
        numbers=("3.141592653589793", "INFINITY", "NAN"),
        case="({1} ? {0} : {2})",
        power=("pow({0}, {1})", True),
        products=_SQUARE_AND_CUBE,
        assign="const double {0} = {1};",
        comment="/* {0} */",
        wrap="(\n{0}\n)",
        outside=False,
        head=("double {0}({1}) {{", "void {0}({1}) {{"),
        end="}",
        result=("return {0};", ""),
        parameter=("double {0}", "const double *{0}"),
        nothing="void",
        out="double *out",
        made="double {0}[{1}] = {2};",
        table=("static const double {0}[] = {2};", "static const int {0}[] = {2};"),
        zeros="{{0}}",
        flat=("{{{0}}}", ", "),
        set="{0} = {1};",
        once="double {0} = {1};",
        loop="for (int {0} = 0; {0} < {1}; {0}++) {{",
    ),
    Dialect(
        "julia", "Julia", note="Read by Julia's grammar, and not run, by the tests that come with it.", aliases=("jl",),
        functions=_calls("", "cbrt exp expm1 atan sinh cosh tanh asinh abs sign floor ceil erf:erf_of erfc:erfc_of")
        | _guarded("real_of({f}, {z})", "sqrt ln:log log2 log10 sin cos tan asin acos acosh atanh",
                   atan2="atan({0}, {1})", max="max({0}, {1})", min="min({0}, {1})",
                   softplus=_SOFTPLUS.format("max", "abs")),
        files="julia.jl",
        words=_JULIA_WORDS,
        numbers=("pi", "Inf", "NaN"),
        case="({1} ? {0} : {2})",
        power=("power_of({0}, {1})", True),
        whole="{0}^{1}",
        head=("function {0}({1})",) * 2,
        end="end",
        given=("{0} = float({0})", "{0} = vec(float({0}))", "{0} = vec(permutedims(float({0}), ({1})))"),
        shaped=("", "", "permutedims(reshape({0}, {2}))", "permutedims(reshape({0}, {2}), ({3}))"),
        table=("const {0} = {2}",) * 2,
        rows=("hvcat({1}, {0})", ", ", "{0}", ", ", ""),  # between brackets a blank parts entries, and not sums
        base=1,
        loop="for {0} in 0:{2}",
    ),
    Dialect(
        "octave", "Octave and MATLAB", aliases=("matlab",),
        functions=_calls("", "exp expm1 sin cos tan atan sinh cosh tanh asinh abs sign floor ceil erf erfc",
                         cbrt="nthroot({0}, 3)", atan2="atan2({0}, {1})", max="larger({0}, {1})",
                         min="smaller({0}, {1})", softplus=_SOFTPLUS.format("larger", "abs"))
        | _guarded("real_of({f}({z}))", "sqrt ln:log log2 log10 asin acos acosh atanh"),
        files="octave.m",
        words=_OCTAVE_WORDS,
        numbers=("pi", "Inf", "NaN"),
        case="choice({1}, {0}, {2})",
        logic=("({0} && {1})", "({0} || {1})", "~({0})"),
        relations={"!=": "~="},
        power=("real_of(({0})^({1}))", True),
        whole="{0}^{1}",
        assign="{0} = {1};",
        comment="% {0}",
        outside=False,
        ahead=False,
        head=("function out = {0}({1})",) * 2,
        end="end",
        result=("out = {0};",) * 2,
        given=("", "{0} = {0}(:);", "{0} = reshape({0}.', [], 1);", "{0} = reshape(permute({0}, [{1}]), [], 1);"),
        shaped=("", "", "reshape({0}, [{2}]).'", "permute(reshape({0}, [{2}]), [{3}])"),
        made="{0} = {2};",
        table=("{0} = {2};",) * 2,
        zeros="zeros({0}, 1)",
        flat=("[{0}]", "; "),
        rows=("[{0}]", "; ", "{0}", ", ", ""),
        entry="{0}({1})",
        base=1,
        set="{0} = {1};",
        once="{0} = {1};",
        loop="for {0} = 0:{2}",
    ),
)

BACKENDS: dict[str, Dialect] = {row.name: row for row in _ROWS}
"""The dialects by name; adding one is adding a row."""


def dialect(name: str) -> Dialect:
    """The row of a dialect by any of its names.

    Raises:
        ValueError: there is none; the names that there are.
    """
    for row in BACKENDS.values():
        if name == row.name or name in row.aliases:
            return row
    raise ValueError(f"no backend is called {name!r}; there are sympy, {', '.join(BACKENDS)}")


def reserved(backend: str) -> frozenset[str]:
    """Names that no input may have in this backend, because generated code uses them itself."""
    return BACKENDS[backend].reserved
