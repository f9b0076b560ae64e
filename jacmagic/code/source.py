"""The whole function: head, statements, result, and what it calls."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from jacmagic.code.arrays import Arrays, Torch
from jacmagic.code.dialects import BACKENDS, Backend
from jacmagic.code.scalars import JavaScript, Scalars
from jacmagic.code.terms import Term
from jacmagic.engine.graph import Node, Shape, ancestry

Inputs = Sequence[tuple[str, Shape]]

_WRITERS: dict[str, type[Arrays]] = {"torch": Torch, "javascript": JavaScript, "math": Scalars}


def source(
    backend: str,
    inputs: Inputs,
    outputs: Node | Mapping[str, Node],
    name: str = "f",
    labels: Mapping[int, str] | None = None,
) -> str:
    """The source of a function of the inputs, complete with its imports and the helpers it calls.

    Args:
        backend: a name in BACKENDS.
        inputs: identifiers and shapes, in the order of the parameters; an input node is
            found by its label, or else by its name.
        outputs: one node, whose value the function returns, or nodes by key for a dict.
        name: what the function is called.
        labels: identifiers for some nodes, by node number.

    In Python every value may carry further axes in front, and every result carries the
    axes of the whole batch. JavaScript takes numbers and nested arrays, plain Python floats.

    Raises:
        ValueError: an unknown backend, or an input with a name that the code needs itself.
        TypeError: the backend cannot carry out an operation.
    """
    row = BACKENDS.get(backend)
    if row is None:
        raise ValueError(f"no backend is called {backend!r}; there are {', '.join(BACKENDS)}")
    parameters = [parameter for parameter, _ in inputs]
    clash = sorted({*parameters, name} & row.reserved)
    if clash:
        raise ValueError(f"{clash[0]!r} has a meaning in generated {row.title} code; rename it")
    body = _WRITERS.get(backend, Arrays)(row, {*parameters, name}, labels or {})
    single = isinstance(outputs, Node)
    named: dict[str, Node] = {"": outputs} if isinstance(outputs, Node) else dict(outputs)
    for node in ancestry(named.values()):
        body.add(node)
    roots = [_output(body, node, frozenset(parameters)) for node in named.values()]
    strange = frozenset().union(*(root.inputs for root in roots)) - set(parameters)
    if strange:
        raise ValueError(f"the graph needs {min(strange)!r}, which is not among the inputs")
    lines = body.write(roots)
    shown = [
        f"_nest({body.show(r)}, {list(n.shape)})" if not body.python and len(n.shape) > 1 else
        _shown(body, r, n) for r, n in zip(roots, named.values())
    ]
    if single:
        result = shown[0]
    else:
        result = "{" + ", ".join(f"{_quoted(key)}: {text}" for key, text in zip(named, shown)) + "}"
        if len(result) > 100:
            result = "{\n" + "".join(f"    {_quoted(k)}: {text},\n" for k, text in zip(named, shown)) + "}"
    end = "" if body.python else ";"
    main = _opening(body, inputs, lines, result) + lines + [f"return {result}{end}"]
    inside = textwrap.indent("\n".join(main), "    " if body.python else "  ")
    if body.python:
        function = f"def {name}({', '.join(parameters)}):\n{inside}\n"
    else:
        function = f"export function {name}({{{', '.join(parameters)}}}) {{\n{inside}\n}}\n"
    constants = "".join(
        (body.assign(c, text) if body.python else f"const {c} = {text};") + "\n" for text, c in body.hoisted.items()
    )
    helpers = _helpers(row, function)
    gap = "\n\n" if body.python else "\n"
    imports = list(row.opening)
    if backend != "math" and "math." in "".join(helpers):
        imports.insert(0, "import math")
    if backend == "jax" and not re.search(r"\bjax\.", function + "".join(helpers)):
        imports.remove("import jax")
    parts = ["\n".join(imports) + "\n"] if imports else []
    parts += [constants] if constants else []
    head = "\n".join(parts)
    return gap.join([p for p in [head, *(h + "\n" for h in helpers), function] if p])


def _shown(body: Arrays, root: Term, node: Node) -> str:
    """An output: a lone number becomes an array where the backend has arrays."""
    if root.op == "number" and body.backend.xp:
        return body.backend.along["full"].format((), body.number(root.data, real=True))
    if root.op == "const" and body.backend.name == "numpy":
        return f"{body.show(root)}.copy()"  # a caller may write into it
    return body.show(root)


def _output(body: Arrays, node: Node, inputs: frozenset[str]) -> Term:
    """The term of an output; one that not every input reaches is repeated along the batch."""
    term = body.full(node)
    if not body.backend.xp or term.inputs >= inputs:
        return term
    if term.op == "number":
        term = body.term("const", (), ((float(term.data),), ()), ())
    return body.term("batch", (term,), node.shape, range(len(node.shape)))


def _opening(body: Arrays, inputs: Inputs, lines: Sequence[str], result: str) -> list[str]:
    """The lines that make arrays of the inputs, and say of what kind and how many they are."""
    xp, out = body.backend.xp, []
    names = [n for n, _ in inputs]
    text = "\n".join([*lines, result])
    if body.backend.name == "javascript":
        return [f"{n} = _flat({n});" for n, shape in inputs if shape]
    if body.backend.name == "torch":
        if names:
            out.append(f"{', '.join(names)}{',' if len(names) == 1 else ''} = _tensors({', '.join(names)})")
        if re.search(r"\bkind\b", text):
            like = f'"dtype": {names[0]}.dtype, "device": {names[0]}.device' if names else '"dtype": torch.float64'
            out.append(f"kind = {{{like}}}")
    elif xp and not body.plain:
        out += [f"{n} = {body.backend.along['input'].format(n)}" for n in names]
    if re.search(r"\blead\b", text):
        shapes = [f"{xp}.shape({n})" if xp != "torch" else f"{n}.shape" for n in names]
        leads = [s + (f"[:-{len(shape)}]" if shape else "") for s, (_, shape) in zip(shapes, inputs)]
        out.append(f"lead = {xp}.broadcast_shapes({', '.join(leads)})")
    return out


def _helpers(row: Backend, text: str) -> list[str]:
    """The helpers a text calls, and those that they call."""
    wanted: dict[str, str] = {}
    todo = [text]
    while todo:
        for word in re.findall(r"\b_\w+", todo.pop()):
            if word in row.helpers and word not in wanted:
                wanted[word] = row.helpers[word]
                todo.append(row.helpers[word])
    return [row.helpers[word] for word in row.helpers if word in wanted]


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
