"""Right sides as NumPy, PyTorch and their kind have them, in the block's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jacmagic.functions import OF_LOGITS, SPELLINGS
from jacmagic.language.elsewhere import FOREIGN, written_out
from jacmagic.language.letters import MODULES

_CALLED = re.compile(r"(?P<dot>\.)?(?<!\w)(?P<name>[A-Za-z]\w*)\s*\(")
_OPTIONS = re.compile(
    r"(?:dim|axis)\s*=\s*(?:-1|0|1|None)|inplace\s*=\s*\w+|reduction\s*=\s*['\"]mean['\"]|dtype\s*=.*"
    r"|alpha\s*=\s*1(?:\.0*)?|negative_slope\s*=\s*0?\.01"
)
"""Options that say nothing here."""

_CONSTANT = re.compile(rf"\b(?:{'|'.join(sorted(MODULES))})\.(pi|e)\b")
_ALONG = re.compile(r"(?:dim|axis)\s*=\s*(?!None)")
_MATRIX = re.compile(r"[A-Z]\w*(?:\.T|\^T|ᵀ)?|\w+(?:\.T|\^T|ᵀ)")
_LONG = {"binary_cross_entropy": "bce", "smooth_l1_loss": "huber", "huber_loss": "huber", "l1_loss": "mae"}
_LOGITS = {
    **OF_LOGITS, "cross_entropy": OF_LOGITS["CrossEntropyLoss"],
    **dict.fromkeys(
        ("bce_with_logits", "sigmoid_cross_entropy_with_logits"), OF_LOGITS["BCEWithLogitsLoss"],
    ),
    **dict.fromkeys(
        ("softmax_cross_entropy_with_logits", "cross_entropy_with_logits"),
        OF_LOGITS["CrossEntropyLoss"],
    ),
}
_JOINED = frozenset("cat concat concatenate hstack vstack array asarray tensor".split())
_REDUCED = frozenset("sum mean max min prod var norm".split())


def closing(text: str, at: int) -> int:
    """Where the bracket at a place is closed; -1 where it is not."""
    depth = 0
    for k in range(at, len(text)):
        depth += (text[k] in "([{") - (text[k] in ")]}")
        if not depth:
            return k
    return -1


def parted(text: str) -> list[str]:
    """What stands between the commas outside of brackets."""
    parts, depth = [""], 0
    for ch in text:
        depth += (ch in "([{") - (ch in ")]}")
        if ch == "," and not depth:
            parts.append("")
        else:
            parts[-1] += ch
    return [part.strip() for part in parts if part.strip()]


def in_own_words(text: str) -> str | None:
    """np.mean(np.square(z - y)) as mean((z - y)^2); None where a part is not known. The innermost call comes first."""
    text = _CONSTANT.sub(r"\1", text)
    for _ in range(40):
        calls = [found for found in _CALLED.finditer(text) if _is_foreign(text, found)]
        if not calls:
            return None if re.search(r"[A-Za-z_)]\.(?!T\b)[A-Za-z]|\w\s*=\s*\w", text) else text
        ends = [closing(text, one.end() - 1) for one in calls]
        inner = [one for one, end in zip(calls, ends) if not any(one.end() <= other.start() < end for other in calls)]
        new = _rewritten(text, inner[0])
        if new is None:
            return None
        text = new
    return None


def _is_foreign(text: str, found: re.Match[str]) -> bool:
    """Whether a call has a module or an object before it, a long name, or brackets for its options: ReLU()(x)."""
    stop = closing(text, found.end() - 1)
    twice = found["name"][0].isupper() and text[stop + 1 : stop + 2] == "("
    apart = found["name"] in _LOGITS.keys() - {"cross_entropy"}
    return bool(found["dot"]) or twice or found["name"] in _LONG or apart


def _rewritten(text: str, found: re.Match[str]) -> str | None:
    name, start = found["name"], found.start("name")
    stop = closing(text, found.end() - 1)
    if stop < 0:
        return None
    arguments, twice = parted(text[found.end() : stop]), text[stop + 1 : stop + 2] == "("
    if found["dot"]:
        start, owner = _owner(text, found.start())
        if owner is None:
            return None
        if owner:
            arguments = [owner, *arguments]
    if twice:
        if [one for one in arguments if not _OPTIONS.fullmatch(one)]:
            return None
        begin, stop = stop + 1, closing(text, stop + 1)
        arguments = parted(text[begin + 1 : stop])
    new = _call(name, arguments)
    if new is None or stop < 0:
        return None
    alone = not text[:start].strip() and not text[stop + 1 :].strip()
    new = new[1:-1] if alone and new[0] == "(" and closing(new, 0) == len(new) - 1 else new
    return text[:start] + new + text[stop + 1 :]


def _owner(text: str, dot: int) -> tuple[int, str | None]:
    """What stands before a dot, and where it begins: "" of a module, None of what is not known."""
    names = re.search(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*$", text[:dot])
    if names is not None:
        module = names[0].split(".")[0] in MODULES
        return (names.start(), "") if module else (names.start(), names[0] if "." not in names[0] else None)
    if not text[:dot].endswith(")"):
        return dot, None
    begin = next((k for k in range(dot - 1, -1, -1) if text[k] == "(" and closing(text, k) == dot - 1), -1)
    word = re.search(r"[A-Za-z]\w*$", text[: max(begin, 0)])
    if begin < 0 or word is None:
        return begin, text[begin:dot] if begin >= 0 else None
    return (word.start(), text[word.start() : dot]) if word[0] in SPELLINGS else (begin, None)


def _call(name: str, arguments: Sequence[str]) -> str | None:
    """A call in the block's words."""
    if name in ("clamp", "clip"):
        return _clipped(arguments)
    rest = [one for one in arguments if not _OPTIONS.fullmatch(one)]
    if not rest or any("=" in one and "==" not in one for one in rest):
        return None
    if name in _REDUCED and any(_ALONG.match(one) for one in arguments):
        return None
    if len(rest) == 1 and rest[0][0] == "(" and closing(rest[0], 0) == len(rest[0]) - 1 and name not in _JOINED:
        rest = [rest[0][1:-1]]
    return _named(name, rest)


def _clipped(arguments: Sequence[str]) -> str | None:
    """x.clamp(min=0) as max(x, 0), and with both ends clip(x, 0, 1)."""
    ends = {key: value.strip() for key, _, value in (one.partition("=") for one in arguments) if value}
    plain = [*(one for one in arguments if "=" not in one), "", "", ""]
    low, high = ends.get("min", plain[1]), ends.get("max", plain[2])
    return f"clip({plain[0]}, {low}, {high})" if low and high else f"max({plain[0]}, {low})" if low else None


def _named(name: str, rest: Sequence[str]) -> str | None:
    """A call of arguments without options."""
    if name in _LOGITS:
        loss, maker = _LOGITS[name]
        return f"{loss}({maker}({rest[0]}), {rest[1]})" if len(rest) == 2 else None
    if name in _JOINED:
        return rest[0] if rest[0][0] in "[(" and len(rest) == 1 else None
    if name in ("dot", "matmul", "mm", "mv") and len(rest) == 2:
        a, b = (_factor(one) for one in rest)
        matrices = name != "dot" or _MATRIX.fullmatch(a) or _MATRIX.fullmatch(b)
        return f"{a} {b}" if matrices else f"dot({rest[0]}, {rest[1]})"
    name = name.removeprefix("reduce_")
    words = (_LONG.get(name), FOREIGN.get(name), name.lower() if name[0].isupper() else name)
    word = next((one for one in words if one in SPELLINGS), None)
    return f"{word}({', '.join(rest)})" if word else written_out(name, rest)


def _factor(text: str) -> str:
    return text if re.fullmatch(r"[\w.^ᵀ]+|\([^()]*\)|\w+\([^()]*\)", text) else f"({text})"
