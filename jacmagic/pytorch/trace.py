"""The walk through a module: torch.fx says which layers and functions it calls, the tables what each is.

Layers of torch.nn are leaves of the walk, modules of the reader's own are traced into. What only moves entries
about is done by PyTorch itself, on their places.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from jacmagic.pytorch import modules
from jacmagic.pytorch.block import Block
from jacmagic.pytorch.terms import Array, Given, Unreadable, torch, walk

MOVES = frozenset(
    "view view_as reshape reshape_as flatten unflatten permute transpose t T mT adjoint swapaxes swapdims movedim "
    "moveaxis squeeze unsqueeze expand expand_as broadcast_to repeat repeat_interleave tile chunk split unbind select "
    "narrow index_select getitem cat concat concatenate stack hstack vstack flip roll ravel "
    "pixel_shuffle pixel_unshuffle "
    "channel_shuffle".split()
)
"""Functions that only move entries about."""

ASKS = frozenset("size dim numel shape ndim ndimension dtype device len is_floating_point requires_grad".split())
"""What is asked of a tensor's shape and kind."""

UNWRITTEN = {
    "detach": "a value without a gradient", "argmax": "an index", "argmin": "an index", "topk": "an index",
    "sort": "an order", "cumsum": "a running sum", "bernoulli": "chance",
    **dict.fromkeys(("rand", "randn", "rand_like", "randn_like"), "chance; pass the noise as an input"),
    "where": "a choice by a tensor", "masked_fill": "a choice by a tensor that is no constant",
    "einsum": "einsum; write it with @", "interpolate": "a change of resolution",
}


def run(b: Block, module: Any, inputs: Mapping[str, Any]) -> Any:
    """What the module makes of its inputs, as arrays."""
    if modules.is_leaf(module) or type(module).__name__ == "Sequential":
        return modules.layer(b, module, "", *inputs.values())
    graph = traced(module, inputs)
    env: dict[Any, Any] = {}
    for node in graph.nodes:
        if node.op == "output":
            return import_module("torch.fx").node.map_arg(node.args[0], lambda n: env[n])
        env[node] = value_of(b, module, node, env, inputs)
        if len(node.users) > 1:
            env[node] = named(b, env[node])
    raise Unreadable("the module gives nothing")


def named(b: Block, value: Any) -> Any:
    """What is used more than once has names."""
    if isinstance(value, tuple):
        return tuple(named(b, one) for one in value)
    return b.named(value) if isinstance(value, Array) else value


def traced(module: Any, inputs: Mapping[str, Any]) -> Any:
    """The graph of fx; arguments that are not given are what the module takes for them."""
    fx = import_module("torch.fx")

    class Tracer(fx.Tracer):  # type: ignore[name-defined]
        record_stack_traces = True
        proxy_buffer_attributes = True

        def is_leaf_module(self, one: Any, name: str) -> bool:
            return modules.is_leaf(one)

    left = {
        name: one.default for name, one in inspect.signature(module.forward).parameters.items()
        if name not in inputs and one.default is not one.empty
    }
    try:
        return Tracer().trace(module, concrete_args=left)
    except Exception as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        at = f"{type(module).__name__}.forward{_line(error, module)}"
        raise Unreadable(f"{at} cannot be traced: {why}; pass a module "
                         "in which nothing depends on the numbers, such as one of its parts") from error


def _line(error: Exception, module: Any) -> str:
    """The last line of the module's own source on the way to an error."""
    own = inspect.getsourcefile(type(module)) if _has_source(module) else None
    lines, step = [], error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == own:
            lines.append(step.tb_lineno)
        step = step.tb_next
    return f", line {lines[-1]}," if lines else ""


def _has_source(module: Any) -> bool:
    try:
        return bool(inspect.getsourcefile(type(module)))
    except TypeError:
        return False


def value_of(b: Block, module: Any, node: Any, env: Mapping[Any, Any], inputs: Mapping[str, Any]) -> Any:
    fill = import_module("torch.fx").node.map_arg
    args, kwargs = fill(node.args, lambda n: env[n]), fill(node.kwargs, lambda n: env[n])
    b.here = ""
    if node.op == "placeholder":
        found = inputs.get(node.target)
        return found if found is not None or not node.args else node.args[0]
    if node.op == "get_attr":
        return attribute(module, node.target)
    if node.op == "call_module":
        return modules.layer(b, module.get_submodule(node.target), node.target, *args, **kwargs)
    name = node.target if node.op == "call_method" else spelled(node.target)
    try:
        return called(b, name, node, args, kwargs)
    except Unreadable as error:
        raise Unreadable(f"{name}(…){_place(node)}: {error}") from None


def _place(node: Any) -> str:
    """The line of the module's own source that a node comes from."""
    steps = re.findall(r'File "([^"]+)", line (\d+)[^\n]*(?:\n +([^\n]+))?', node.stack_trace or "")
    own = [step for step in steps if "site-packages" not in step[0] and not step[2].startswith("File")]
    return f" in line {own[-1][1]}" + (f", `{own[-1][2].strip()}`" if own[-1][2] else "") if own else ""


def attribute(module: Any, path: str) -> Any:
    found = module
    for part in path.split("."):
        found = getattr(found, part)
    return Given(path, found) if isinstance(found, torch().nn.Parameter) else found


def spelled(target: Any) -> str:
    """The name of a function of PyTorch, without what only says how it is called."""
    name = str(getattr(target, "__name__", target)).strip("_")
    return {"concat": "cat", "boolean_dispatch": "max_pool2d"}.get(name, name)


def called(b: Block, name: str, node: Any, args: Any, kwargs: Any) -> Any:
    """A function or method: on constants by itself, on places, or a row of the table."""
    arrays = [one for one in walk([args, kwargs]) if isinstance(one, (Array, Given))]
    if not arrays:
        return plainly(node, args, kwargs)
    if name in ASKS or (name == "getattr" and args[1] in ASKS):
        return asked(arrays[0], name if name != "getattr" else args[1], args)
    if name == "getitem" and isinstance(args[0], (tuple, list)):
        return args[0][args[1]]
    if name == "masked_fill" and not any(isinstance(one, (Array, Given)) for one in walk(args[1:])):
        return masked(b, *args)
    word = name if name != "getattr" else args[1]
    if word in MOVES:
        return moved(b, word, node, args, kwargs)
    row = modules.F.get(word) or modules.F.get(word.rstrip("_"))
    if row is None:
        what = UNWRITTEN.get(word.rstrip("_"), f"{word}")
        raise Unreadable(f"the language has nothing for {what}; {modules.INSTEAD}")
    try:
        return row(b, *args, **kwargs)
    except TypeError as error:
        raise Unreadable(f"with these arguments ({error})") from None


def plainly(node: Any, args: Any, kwargs: Any) -> Any:
    if node.op == "call_method":
        return getattr(args[0], node.target)(*args[1:], **kwargs)
    return node.target(*args, **kwargs)


def asked(x: Any, name: str, args: Any) -> Any:
    shape = torch().Size(x.shape)
    if name == "size" and len(args) > 1:
        return shape[args[1]]
    return {
        **dict.fromkeys(("size", "shape"), shape), **dict.fromkeys(("dim", "ndim", "ndimension"), len(shape)),
        "numel": shape.numel(), "len": shape[0] if shape else 0, "dtype": torch().float64,
        "device": torch().device("cpu"), "is_floating_point": True, "requires_grad": False,
    }[name]


def masked(b: Block, x: Any, mask: Any, value: float) -> Any:
    """A constant where a mask says so: that is added, as −10⁹ whose exp is 0."""
    if value > -1e8:
        raise Unreadable("masked_fill with a number that softmax does not take for nothing")
    return modules.F["add"](b, x, torch().zeros(mask.shape).masked_fill(mask.bool(), -1e9))


def moved(b: Block, name: str, node: Any, args: Any, kwargs: Any) -> Any:
    """PyTorch's own function, on the places of the entries; of several tensors, one after the other."""
    terms: list[Any] = []

    def places(value: Any) -> Any:
        if isinstance(value, (Array, Given)):
            value = b.array(value)
            start = sum(term.size for term in terms)
            terms.extend(value.terms)
            return value.places + start
        if isinstance(value, (tuple, list)):
            return type(value)(places(one) for one in value)
        return value

    def back(found: Any) -> Any:
        if isinstance(found, (tuple, list)):
            return tuple(back(one) for one in found)
        return Array(tuple(terms), found)

    one, more = places(tuple(args)), {key: places(value) for key, value in kwargs.items()}
    if name in ("T", "mT"):
        return back(getattr(one[0], name))
    name = {"view": "reshape", "view_as": "reshape_as"}.get(name, name)  # the places need not lie as the tensor does
    function: Callable[..., Any] = getattr(torch().Tensor, name) if node.op == "call_method" else node.target
    try:
        return back(function(*one, **more))
    except (RuntimeError, IndexError, TypeError) as error:
        raise Unreadable(str(error).splitlines()[0]) from None
