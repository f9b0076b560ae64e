"""What the characters and LaTeX commands of a block are: tables, which the lexer reads."""

from __future__ import annotations

import re
import unicodedata

VARIANTS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma",
             "varpi": "pi", "varkappa": "kappa", "lam": "lambda"}
ACCENTS = {"hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde",
            "dot": "dot", "ddot": "ddot"}
COMBINING = {"\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde", "\u0307": "dot"}
MARKS = COMBINING | {"\u0308": "ddot"}
"""The marks of one letter; in longer words ä, ö and ü are letters."""
MODULES = frozenset({"np", "numpy", "jnp", "jax", "keras", "math", "torch", "nn", "F", "sp", "sympy", "tf", "scipy"})
KEYWORDS = frozenset({"if", "else", "for", "in", "and", "or", "not"})
ROLES = ("input", "weight", "target", "fixed")  # what a name of a net is; words only where a declaration ends
INDEX_LETTERS = frozenset("ijklmn")
"""Behind a vector's name, these are indices: x_i."""
ONES = "𝟏"
"""The vector of ones behind a number that is added to each entry, as it is typeset: x - μ 𝟏."""
DIFFERENTIAL = {"partial": "∂", "nabla": "∇"}
TRANSPOSES = "⊤⊺"
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱᵀᵃᵇᶜᵈᵉᵏᵐᵖᵗˣʸᶻ⁽⁾", "0123456789+-niTabcdekmptxyz()"))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehijklmnoprstuvx"))
SIGNS = {
    "**": "^", "^": "^", ".^": ".^", "+": "+", "＋": "+", "-": "-", "−": "-", "*": "*", "∗": "*", "·": "·", "⋅": "·",
    "∙": "·", "•": "·", "×": "×", "⨯": "×", "@": "*", "/": "/", "÷": "/", "∕": "/", "⁄": "/", ".*": ".*", "./": "./",
    "⊙": ".*", "∘": ".*", "=": "=", "==": "==", "!=": "!=", "≠": "!=", "<": "<", "<=": "<=", "≤": "<=", "⩽": "<=",
    ">": ">", ">=": ">=", "≥": ">=", "⩾": ">=", "(": "(", ")": ")", "[": "[", "]": "]", "{": "{", "}": "}", ",": ",",
    ";": ";", "|": "|", "||": "||", "‖": "||", "∥": "||", "'": "'", "′": "'", "’": "'", "..": "..", "…": "..",
    "✕": "×", "✖": "×",
    "...": "..", ".": ".", "->": "->", "→": "->", "⟶": "->", "⟼": "->", "√": "√", "∛": "∛", "∞": "∞", "!": "!",
    ":": ":", ":=": ":=", "≔": ":=", "&": "&", "_": "_", "∑": "Σ", "∏": "Π", "∈": "∈",
    "∧": "and", "∨": "or", "¬": "not", "°": "°",
}
BY_LENGTH = ("...", ":=", "**", ".^", ".*", "./", "==", "!=", "<=", ">=", "||", "..", "->")
COMMAND_SIGNS = {
    "cdot": "·", "times": "×", "div": "/", "odot": ".*", "oslash": "./", "circ": ".*",
    "le": "<=", "leq": "<=", "leqslant": "<=",
    "lt": "<", "ge": ">=", "geq": ">=", "geqslant": ">=", "gt": ">", "ne": "!=", "neq": "!=", "in": "∈", "to": "->",
    "rightarrow": "->", "longrightarrow": "->", "mapsto": "->", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
    "lVert": "||", "rVert": "||", "Vert": "||", "|": "||", "infty": "∞", "lbrack": "[", "rbrack": "]", "prime": "'",
    "ldots": "..", "dots": "..", "cdots": "..", "colon": ":", "coloneqq": ":=", "sum": "Σ",
    "prod": "Π", "ast": "*", "land": "and", "wedge": "and",
    "lor": "or", "vee": "or", "lnot": "not", "neg": "not",
}
SKIPPED = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle limits nolimits "
    "quad qquad , ; : ! thinspace medspace nonumber notag ( ) [ ] middle".split()
) | {" "}
FONTS = frozenset(
    "mathbf mathrm mathit mathsf mathtt mathcal mathscr mathfrak boldsymbol bm bf rm vec text textbf textit textrm "
    "operatorname mathop pmb symbf underline mathbb mathnormal mbox mathds".split()
)
DELIMITED = {
    "⌊": ("floor", "("), "⌋": ("", ")"), "⌈": ("ceil", "("), "⌉": ("", ")"), "⟨": ("dot", "("), "⟩": ("", ")"),
    "lfloor": ("floor", "("), "rfloor": ("", ")"), "lceil": ("ceil", "("), "rceil": ("", ")"),
    "langle": ("dot", "("), "rangle": ("", ")"),
}
MATRICES = frozenset("matrix bmatrix pmatrix Bmatrix smallmatrix array".split())
LAYOUTS = frozenset("aligned align align* gathered gather gather* equation equation* split alignedat".split())
MATHEMATICAL = re.compile(
    "[\U0001d400-\U0001d7ff\u210e\u2102\u210a-\u2112\u2115\u2119-\u211c\u2124\u2128\u212c\u212d\u212f-\u2134\uff01-\uff5e]"
)
LOOK_ALIKES = dict(zip("аеорсхуіјѕԁһкмтвнАВЕКМНОРСТХУІЈЅ", "aeopcxyijsdhkmtbhABEKMHOPCTXYIJS")) | {"∆": "Δ"}


def greek_word(ch: str) -> str | None:
    """The word for a Greek letter."""
    ch = unicodedata.normalize("NFKC", ch) if ch in "µϵϑϕϱϖΩϰς" else ch
    full = unicodedata.name(ch, "")
    match = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?([A-Z]+)", full)
    if not match:
        return None
    word = {"lamda": "lambda"}.get(match[2].lower(), match[2].lower())
    return word.capitalize() if match[1] == "CAPITAL" else word


_SHIFT = re.compile(r"([A-Za-z])([-+−])([0-9]+)")


def shift_of(index: str) -> str:
    """tm1 and np1 for the indices t-1 and n+1, as they stand in a key; any other as it is."""
    match = _SHIFT.fullmatch(index)
    return f"{match[1]}{'p' if match[2] == '+' else 'm'}{match[3]}" if match else index


def names_something(index: str) -> bool:
    """Whether an index has the characters of a name, Latin, Greek and 0 to 9: no a₁, no a,1."""
    return bool(index) and all(
        ch.isalnum() if ch.isascii()
        else greek_word(ch) or ch.isalpha() and unicodedata.name(ch, "").startswith("LATIN ")
        for ch in index
    ) and unicodedata.normalize("NFKC", index) == index
