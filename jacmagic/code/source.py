"""The whole function: head, statements, result, and what it calls."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from jacmagic.code.arrays import Arrays, Torch
from jacmagic.code.bound import Bound
from jacmagic.code.dialects import Dialect, dialect
from jacmagic.code.loops import Loops
from jacmagic.code.terms import Inputs
from jacmagic.engine.graph import Node, ancestry
from jacmagic.engine.ops import by_others

_FAMILIES: dict[str, type[Arrays | Loops]] = {"arrays": Arrays, "torch": Torch, "loops": Loops}


def source(
    backend: str,
    inputs: Inputs,
    outputs: Node | Mapping[str, Node],
    name: str = "f",
    labels: Mapping[int, str] | None = None,
    batch: bool = True,
) -> str:
    """The source of a function of the inputs, complete with its imports and the helpers it calls.

    Args:
        backend: a name in BACKENDS.
        inputs: identifiers and shapes, in the order of the parameters; an input node is
            found by its label, or else by its name.
        outputs: one node, whose value the function returns, or nodes by key for a dict.
        name: what the function is called.
        labels: identifiers for some nodes, by node number.
        batch: False for a function in NumPy of arrays that have exactly these shapes, and are not checked.

    In Python every value may carry further axes in front, and every result carries the
    axes of the whole batch. JavaScript, Julia, Octave and plain Python take numbers and nested arrays, C flat ones.

    Raises:
        ValueError: an unknown backend, or an input with a name that the code needs itself.
        TypeError: the backend cannot carry out an operation.
    """
    row = dialect(backend)
    parameters = [parameter for parameter, _ in inputs]
    clash = sorted({*parameters, name} & row.reserved)
    if clash:
        raise ValueError(f"{clash[0]!r} has a meaning in generated {row.title} code; rename it")
    named: dict[str, Node] = {"": outputs} if isinstance(outputs, Node) else dict(outputs)
    family = _FAMILIES[row.family] if batch else Bound
    nodes, moved = by_others(list(named.values()), lambda op: op in family.writes or row.line(op) is not None)
    named = dict(zip(named, nodes))
    body = family(row, parameters, {moved[at]: label for at, label in (labels or {}).items() if at in moved})
    body.taken.add(name)
    if not (row.several[0] or isinstance(outputs, Node)):
        raise TypeError(f"a function in {row.title} code gives one array or number; ask for one")
    for node in ancestry(named.values()):
        body.add(node)
    roots = [body.output(node) for node in named.values()]
    strange = set[str]().union(*(root.inputs for root in roots)) - set(parameters)
    if strange:
        raise ValueError(f"the graph needs {min(strange)!r}, which is not among the inputs")
    lines = body.write(roots)
    shown = [body.shown(root, node) for root, node in zip(roots, named.values())]
    result = shown[0] if isinstance(outputs, Node) else _by_key(row, dict(zip(named, shown)))
    array = any(node.shape for node in named.values())
    last = row.result[array].format(result)
    main = [*body.opening(inputs, "\n".join([*lines, last])), *lines, *([last] if last else [])]
    constants = body.constants()
    if not row.outside:
        main, constants = [*constants, *main], []
    given = [row.parameter[min(len(shape), len(row.parameter) - 1)].format(n) for n, shape in inputs]
    given += [row.out] if array and row.out else []
    function = row.head[array].format(name, ", ".join(given) or row.nothing)
    function += "\n" + textwrap.indent("\n".join(main), row.indent) + "\n" + (row.end + "\n" if row.end else "")
    helpers = [helper + "\n" for helper in _helpers(row, function)]
    text = "\n".join([*constants, function, *helpers])
    imports = [line for line in row.opening if line.startswith("#") or re.search(rf"\b{line.split()[-1]}\.", text)]
    head = "\n".join([*([row.comment.format(row.note)] if row.note else []), *imports])
    parts = [head + "\n"] * bool(head) + ["\n".join(constants) + "\n"] * bool(constants)
    gap = "\n" if row.end else "\n\n"
    return gap.join(["\n".join(parts)] * bool(parts) + ([*helpers, function] if row.ahead else [function, *helpers]))


def _by_key(row: Dialect, shown: Mapping[str, str]) -> str:
    """Several results in one."""
    around, one = row.several
    pairs = [one.format(_quoted(key), text) for key, text in shown.items()]
    short = around.format(", ".join(pairs))
    return short if len(short) <= 100 else around.format("\n" + "".join(f"    {pair},\n" for pair in pairs))


def _helpers(row: Dialect, text: str) -> list[str]:
    """The helpers a text calls, and those that they call."""
    wanted: set[str] = set()
    todo = [text]
    while todo:
        for word in set(re.findall(r"\b\w+(?=\()", todo.pop())) & row.helpers.keys() - wanted:
            wanted.add(word)
            todo.append(row.helpers[word])
    return [helper for word, helper in row.helpers.items() if word in wanted]


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
