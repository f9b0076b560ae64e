"""A module of PyTorch as a block: the same net, written as mathematics, with its weights as values.

PyTorch stays optional: a module brings it along, and nothing is imported without one. `trace` walks through
the module, `modules`, `operations`, `windows` and `sequences` are the tables of what can be read, `block` keeps
lines and names, `lay` writes entries of tensors as terms.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from jacmagic.functions import SPELLINGS
from jacmagic.notebook import Result, derive
from jacmagic.pytorch import modules, trace
from jacmagic.pytorch.block import MAX_PARTS, Block
from jacmagic.pytorch.terms import Array, Term, Unreadable, arange, size, torch, walk


def from_torch(module: Any, input_size: Any = None, batch: bool | None = None) -> Result:
    """Write a module of PyTorch as a block and differentiate it.

    Args:
        input_size  the shape of one input, without an axis for a batch: 4, or (1, 28, 28); a tensor of tokens; for a
                    module with several inputs a list of these, or {name: shape}; None where the layers have it
        batch       whether an axis of 1 stands in front of that; else what runs

    The block is the result's `text`, its weights are values in double precision, and all is what it is in evaluation.
    `module_names` says what each parameter is called here: a name, or names in nested lists, whose values stacked and
    reshaped are the parameter.

    Raises:
        ValueError: what the language has no words for, with its place, and what to pass instead.
    """
    _check(module)
    module = copy.deepcopy(module).double().eval()
    sizes = _sizes(module, input_size)
    leading = _leading(module, sizes) if batch is None else batch
    block = Block(learnt=frozenset(path for path, _ in module.named_parameters()))
    inputs = {name: _input(block, name, one, leading, len(sizes) == 1) for name, one in sizes.items()}
    output = trace.run(block, module, inputs)
    return _result(block, output, list(sizes))


def _check(module: Any) -> None:
    """A module of PyTorch, and not what has been made of one or is one in name."""
    if any(one.__module__.partition(".")[0] == "keras" for one in type(module).__mro__):
        raise Unreadable(
            "a model of Keras: write it as a line, x(3) -> 4 tanh -> 2, with W1 = {weights[0].T}, c1 = {weights[1]}"
        )
    if not isinstance(module, torch().nn.Module):
        shown = type(module).__name__
        raise Unreadable(f"{shown} is no module of PyTorch: pass the module itself, not what was made of it")


def _result(block: Block, output: Any, given: list[str]) -> Result:
    terms: list[Term] = []
    for array in _outputs(output):
        whole = block.regular(array)
        terms.extend(whole.terms)
    if not block.lines and all(term.text in block.spelled for term in terms):
        raise Unreadable("this module has no layers that compute")
    found = block.finish(terms)
    block.names["output"] = found if len(found) > 1 else found[0]
    block.fixed = [name for name in block.fixed if name in block.text()]
    columns = [block.spelled[key] for key in block.inputs if key in block.spelled]
    result = derive(block.text(), ", ".join(columns) or None, block.values, net=True)
    result._module_names = block.names
    return result


def _outputs(output: Any) -> list[Array]:
    return [one for one in walk(output) if isinstance(one, Array)]


# ------------------------------------------------------------------ what goes in
def _sizes(module: Any, asked: Any) -> dict[str, Any]:
    """{argument of forward: shape, or tokens}."""
    taken = [name for name, one in inspect.signature(module.forward).parameters.items()
             if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if isinstance(asked, Mapping):
        return {name: _shape(one) for name, one in asked.items()}
    if asked is None:
        return {taken[0]: _found(module, taken[0])}
    return {name: _shape(one) for name, one in zip(taken, asked if isinstance(asked, list) else [asked])}


def _shape(one: Any) -> Any:
    if isinstance(one, torch().Tensor):
        return tuple(one.shape) if one.is_floating_point() else one
    if isinstance(one, list):
        return [_shape(part) for part in one]
    return (int(one),) if isinstance(one, (int, np.integer)) else tuple(one)


def _found(module: Any, name: str) -> Any:
    """The size of the input by the first layer that it goes to."""
    for layer in _first(module, name):
        kind = type(layer).__name__
        if kind in modules.SIZES:
            return modules.SIZES[kind](layer)
        if kind in modules.OPEN:
            raise Unreadable(f"the first layer, {modules.a(kind)}, takes inputs of several sizes; "
                             f"pass one, {modules.OPEN[kind](layer)}")
    raise Unreadable("no layer has the size of the input; pass it, as in from_torch(module, 4) or (1, 28, 28)")


def _first(module: Any, name: str) -> list[Any]:
    """The layers that the input goes to, through what keeps its size."""
    if type(module).__name__ in modules.MODULES:
        return [one for one in module.modules() if type(one).__name__ != "Sequential"]
    found, todo = [], [node for node in trace.traced(module, {name: None}).nodes if node.op == "placeholder"][:1]
    while todo:
        for user in todo.pop(0).users:
            if user.op == "call_module":
                found.append(module.get_submodule(user.target))
            todo.append(user)
    return found


def _leading(module: Any, sizes: Mapping[str, Any]) -> bool:
    """Whether the module takes a batch of one, by running it both ways.

    Raises:
        ValueError: it runs in neither way, or in both and gives two different things.
    """
    draw = torch().Generator().manual_seed(0)
    one = {name: _drawn(shape, draw) for name, shape in sizes.items()}
    plain, first = _tried(module, one)
    led, second = _tried(module, {name: _led(value) for name, value in one.items()})
    if plain is None and led is None:
        _check_width(module, sizes)
        shown = ", ".join(str(tuple(value.shape)) for value in walk(one))
        raise Unreadable(f"the module does not run on an input of the shape {shown}: {first or second}")
    if plain is None or led is None or type(module).__name__ in ("MultiheadAttention", "LSTM", "GRU", "RNN"):
        return plain is None
    if len(plain) == len(led) and all(
        a.numel() == b.numel() and bool((a.reshape(-1) - b.reshape(-1)).abs().max() < 1e-9) for a, b in zip(plain, led)
    ):
        return False
    raise Unreadable("the module takes such an input and a batch of one, and gives something else; say which is meant, "
                     "batch=False or batch=True")


def _check_width(module: Any, sizes: Mapping[str, Any]) -> None:
    """Says which width was expected, where that is the first layer's."""
    name, shape = next(iter(sizes.items()))
    for layer in _first(module, name) if isinstance(shape, tuple) and len(sizes) == 1 else []:
        kind = type(layer).__name__
        if kind in modules.SIZES and modules.SIZES[kind](layer)[-1] != shape[-1]:
            wide = modules.SIZES[kind](layer)[-1]
            raise Unreadable(f"the first layer, {modules.a(kind)}, takes {wide} numbers, but it gets {shape[-1]}")
        if kind in modules.SIZES or kind in modules.OPEN:
            return


def _drawn(shape: Any, draw: Any) -> Any:
    """An input of a shape; of several shapes several."""
    if isinstance(shape, list):
        return tuple(_drawn(one, draw) for one in shape)
    return shape if isinstance(shape, torch().Tensor) else torch().randn(shape, dtype=torch().float64, generator=draw)


def _led(value: Any) -> Any:
    return tuple(_led(one) for one in value) if isinstance(value, tuple) else value[None]


def _tried(module: Any, inputs: Mapping[str, Any]) -> tuple[list[Any] | None, str]:
    try:
        with torch().no_grad():
            itself = type(module).__name__ == "MultiheadAttention" and len(inputs) == 1
            output = module(*inputs.values(), *inputs.values(), *inputs.values()) if itself else module(**inputs)
    except Exception as error:  # whatever the reader's module raises
        return None, (str(error).splitlines() or [type(error).__name__])[0]
    return [one for one in walk(output) if isinstance(one, torch().Tensor)], ""


SHORT = {"input": "x", "hx": "h", "src": "x"}
"""Shorter names for arguments of PyTorch's own layers."""

INPUT = re.compile(r"[A-Za-z]+(\d+|_[A-Za-z0-9]+)?")
PLAIN = re.compile(r"[xX]\d*|input")  # is an input without a word


def _input(block: Block, name: str, shape: Any, leading: bool, alone: bool) -> Any:
    """An input as an array, declared in the block; tokens as they are; several for h and c of an LSTM."""
    if isinstance(shape, list):
        letters = "hc" if name == "hx" else [f"{name}{k + 1}" for k in range(len(shape))]
        return tuple(_input(block, letter, one, leading, False) for letter, one in zip(letters, shape))
    word = "x" if name == "query" and alone else SHORT.get(name, name)
    key = word if word not in SPELLINGS and INPUT.fullmatch(word) else block.fresh("x", "", new=True)[0]
    if isinstance(shape, torch().Tensor):
        block.inputs.append(key)
        block.given_tokens[key] = shape[None] if leading else shape
        return block.given_tokens[key]
    slim = tuple(n for n in shape if n > 1) or (1,)
    count = int(np.prod(slim[:-2]))
    if count > MAX_PARTS:
        raise Unreadable(f"an input of {count} matrices; at most {MAX_PARTS} are written one by one")
    keys = [f"{key}{k + 1}" for k in range(count)] if count > 1 else [key]
    terms = [_declared(block, one, slim[-2:]) for one in keys]
    block.inputs += keys
    block.names[name] = keys if count > 1 else key
    return Array(tuple(terms), arange(*((1, *shape) if leading else shape)))


def _declared(block: Block, key: str, shape: tuple[int, ...]) -> Term:
    block.spelled[key] = key
    role = "" if PLAIN.fullmatch(block.spelled[key]) else " input"
    block.heads.append(f"{key} in {size(shape)}{role}")
    return Term(key, shape)
