"""The panel's sources as they stand in outputs: without comments, blanks and long names.

`python -m jacmagic.panel.squeeze` writes squeezed.json; a test holds that it is that of the sources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent

_TOKEN = re.compile(
    r'(?:\s+|//[^\n]*|/\*.*?\*/)*("(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|[\w$]+|=>|\.\.\.|\?\.|\+\+|--|\S|$)', re.S
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_KEYWORDS = frozenset(
    "await break case catch class const continue default delete do else export extends false finally for from function "
    "if import in instanceof let new null of return static super switch this throw true try typeof undefined "
    "var void while with yield as do is Infinity NaN Math isFinite".split()
)


_SHARED = ("mount", "bring")
"""What a page calls of the module."""

_WORDS = frozenset("_$0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _tokens(source: str) -> list[str]:
    """JavaScript's tokens without comments and blanks. The source has no template literals."""
    out: list[str] = []
    at = 0
    while found := _TOKEN.match(source, at):
        token = found[1]
        if not token:
            break
        if token == "/" and (not out or out[-1] == "return" or out[-1][-1] in "(,=:[!&|?{};>"):
            found = _REGEX.match(source, found.start(1))
            assert found
            token = found[0]
        out.append(token)
        at = found.end()
    return out


def _uses(tokens: list[str]) -> list[str]:
    """What each token is: "key" of an object or after a dot, "both" (a shorthand), "name", or "" for the rest.

    An object's brace stands where an operand is awaited, a block's behind ), => or a statement.
    """
    out: list[str] = []
    opened: list[str] = []
    for k, token in enumerate(tokens):
        before, behind = tokens[k - 1] if k else ";", tokens[k + 1] if k + 1 < len(tokens) else ";"
        use = ""
        if token in "([{":
            case = before == ":" and (tokens[k - 3] == "case" or tokens[k - 2] == "default")
            literal = token == "{" and not case and (before in ("return", "const", "let", "of") or before[-1] in "(,=[:?&|.")
            opened.append("object" if literal else token)
            use = "block" if token == "{" and not literal else ""
        elif token in ")]}":
            opened.pop()
        elif (token[0].isalpha() or token[0] in "_$") and token not in _KEYWORDS:
            use = "name"
            if before in (".", "?."):
                use = "key"
            elif opened and opened[-1] == "object" and before in ("{", ","):
                use = "both" if behind in (",", "}", "=") else "key"
        out.append(use)
    return out


def _pairs(tokens: list[str]) -> dict[int, int]:
    """Where each bracket closes."""
    out: dict[int, int] = {}
    opened: list[int] = []
    for k, token in enumerate(tokens):
        if token in "([{":
            opened.append(k)
        elif token in ")]}":
            out[opened.pop()] = k
    return out


def _end(tokens: list[str], pairs: dict[int, int], at: int, stops: str) -> int:
    """The first of some marks from a place on, brackets skipped."""
    while tokens[at] not in stops:
        at = pairs.get(at, at) + 1
    return at


def _bound(tokens: list[str], uses: list[str], pairs: dict[int, int], at: int, stop: int) -> Iterator[int]:
    """The names that a pattern binds, without what stands in its default values."""
    while at < stop:
        if tokens[at] == "=":
            at = _end(tokens, pairs, at, ",)]}")
        elif uses[at] in ("name", "both"):
            yield at
        at += 1


def _scopes(tokens: list[str], uses: list[str]) -> tuple[list[tuple[int, int]], list[int]]:
    """Blocks, loops and functions from their parameters on, outer ones first; and the places of declared names."""
    pairs = _pairs(tokens)
    scopes: list[tuple[int, int]] = [(-1, len(tokens))]
    declared: list[int] = []
    bodies: set[int] = set()
    for k, token in enumerate(tokens):
        stop = pairs.get(k, k)
        before, behind = tokens[k - 1] if k else "", tokens[stop + 1] if stop + 1 < len(tokens) else ""
        if token == "{" and uses[k] == "block" and before != "=>" and k not in bodies:
            scopes.append((k, stop))
        elif token == "(" and behind == "=>":
            body = stop + 2
            scopes.append((k, pairs[body] if tokens[body] == "{" else _end(tokens, pairs, body, ",;)]}")))
            declared += _bound(tokens, uses, pairs, k + 1, stop)
        elif token == "(" and before == "for":
            at = stop + 1
            while tokens[at] not in (";", "{"):
                at = pairs.get(at, at) + 1
            scopes.append((k, pairs.get(at, at)))
        elif token == "(" and behind == "{" and before not in ("if", "while", "switch"):
            scopes.append((k, pairs[stop + 1]))
            bodies.add(stop + 1)
            declared += _bound(tokens, uses, pairs, k + 1, stop)
        elif before in ("const", "let"):
            while True:
                declared += _bound(tokens, uses, pairs, k, pairs.get(k, k) + 1)
                k = _end(tokens, pairs, k, ",;)") if tokens[pairs.get(k, k) + 1] != "of" else 0
                if not k or tokens[k] != ",":
                    break
                k += 1
        elif before == "function":
            declared.append(k)
    return sorted(scopes), declared


def _spare(tokens: list[str], uses: list[str]) -> dict[int, str]:
    """What stands for tokens that may be left out.

    A semicolon before a brace; const and let after a declaration of the same kind; brackets round one parameter.
    """
    pairs = _pairs(tokens)
    opening = {stop: start for start, stop in pairs.items()}
    out: dict[int, str] = {}
    first = [""]  # words of the statements around, innermost last
    begins = True
    for k, token in enumerate(tokens):
        before, behind = tokens[k - 1] if k else ";", tokens[k + 1] if k + 1 < len(tokens) else ""
        if begins and token not in (";", "}"):
            if token == first[-1] and token in ("const", "let") and before == ";":
                out |= {k - 1: ",", k: ""}
            first[-1] = token
        begins = token in (";", "{", "}")
        if token in "([{":
            first.append("")
            if tokens[k + 2 : k + 4] == [")", "=>"] and uses[k + 1] == "name":
                out |= {k: "", k + 2: ""}
        elif token in ")]}":
            first.pop()
        elif token == ";" and behind == "}":
            empty = before == ")" and tokens[opening[k - 1] - 1] in ("for", "while", "if")
            if not empty:
                out[k] = ""
    return out


def squeeze(source: str) -> str:
    """A module without comments, blanks and what may be left out, its own names as short as scopes allow.

    Two variables may share a name where they never live in one scope. Statements end with ; or }.
    """
    tokens = _tokens(source[: source.rindex("export {")])
    uses = _uses(tokens)
    scopes, declared = _scopes(tokens, uses)

    # The innermost scope of each token, and of each scope the bits of itself and all around it.
    inner: list[int] = []
    chain: list[int] = []
    opened: list[int] = []
    for k in range(len(tokens)):
        while opened and scopes[opened[-1]][1] < k:
            opened.pop()
        while len(chain) < len(scopes) and scopes[len(chain)][0] <= k:
            chain.append((chain[opened[-1]] if opened else 0) | 1 << len(chain))
            opened.append(len(chain) - 1)
        inner.append(opened[-1])
    homes: dict[str, int] = {}
    for k in declared:
        homes[tokens[k]] = homes.get(tokens[k], 0) | 1 << inner[k]
    # A variable lives in the scopes from its own down to those that use it.
    places: dict[tuple[int, str], list[int]] = {}
    lives: dict[tuple[int, str], int] = {}
    fixed = {*_KEYWORDS, *_SHARED}
    for k, (token, use) in enumerate(zip(tokens, uses)):
        if use in ("name", "both"):
            own = (chain[inner[k]] & homes.get(token, 0)).bit_length() - 1
            if own < 0 or token in _SHARED:
                fixed.add(token)
                continue
            places.setdefault((own, token), []).append(k)
            lives[own, token] = lives.get((own, token), 0) | (chain[inner[k]] >> own << own)
    letters = "etanisorlcdumphgfbvwyxkjqzETANISORLCDUMPHGFBVWYXKJQZ"
    names = [name for a in ("", *letters) for b in letters if (name := a + b) not in fixed]
    held = dict.fromkeys(names, 0)
    new: dict[int, str] = {}

    def turn(one: tuple[tuple[int, str], list[int]]) -> tuple[bool, int, list[int]]:
        """Small functions first, in order of place, so that they look alike to the compressor; then by use."""
        wide = scopes[one[0][0]][1] - scopes[one[0][0]][0] > 3000
        return wide, -len(one[1]) if wide else 0, one[1]

    for variable, at in sorted(places.items(), key=turn):
        name = next(name for name in names if not held[name] & lives[variable])
        held[name] |= lives[variable]
        new.update(dict.fromkeys(at, name))
    parts: list[str] = []
    last = ";"
    spare = _spare(tokens, uses)
    for k, (token, use) in enumerate(zip(tokens, uses)):
        shown = spare.get(k, new.get(k, token))
        if not shown:
            continue
        if use == "both" and shown != token:
            shown = f"{token}:{shown}"
        if (last[-1] in _WORDS and shown[0] in _WORDS) or last[-1] + shown[0] in ("++", "--"):
            parts.append(" ")
        parts.append(shown)
        last = shown
    return "".join(parts)


def squeezed_css(source: str) -> str:
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    source = re.sub(r"\s*\n\s*", "", source)
    return re.sub(r"\s*([{},;])\s*", r"\1", re.sub(r"(?<=[a-z-]): ", ":", source)).replace(";}", "}")


def squeezed() -> str:
    """What squeezed.json has to be: each source by the name of its file."""
    made = {name: squeeze((HERE / name).read_text(encoding="utf-8")) for name in ("panel.js", "start.js", "find.js")}
    made["panel.css"] = squeezed_css((HERE / "panel.css").read_text(encoding="utf-8"))
    return json.dumps(made, ensure_ascii=False, indent=0) + "\n"


if __name__ == "__main__":
    (HERE / "squeezed.json").write_text(squeezed(), encoding="utf-8")
