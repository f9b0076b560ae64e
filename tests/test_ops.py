"""Every operation differentiated twice, by every operand, in reverse and forward: as PyTorch's double backward."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import sympy as sp
from graphs import CASES, built
from optional import optional
from test_code import evaluate

from jacmagic import code
from jacmagic.engine import chain, expand, graph
from jacmagic.engine.graph import Graph, Node, ancestry, slot
from jacmagic.engine.operation import OPERATIONS

_0, _1 = slot(0), slot(1)


def ways(g: Graph, of: Node, by: Node) -> dict[str, Node]:
    """The derivative in each direction, and as it is asked for."""
    return {
        "reverse": chain._reverse(g, of, [by], False)[0],
        "forward": chain._forward(g, of, by, False),
        "asked": chain.derivative(g, of, by),
    }


def slope(of, by):
    """A tensor's gradient by another, 0 where it does not depend on it."""
    torch = optional("torch")
    if not of.requires_grad:
        return torch.zeros_like(by)
    (found,) = torch.autograd.grad(of, by, create_graph=True, allow_unused=True)
    return torch.zeros_like(by) if found is None else found


def twice_by_torch(inputs, node, values, first, second, start, carried):
    """d²(start · node)/d first d second · carried, by PyTorch alone, through the code of `node`."""
    torch = optional("torch")
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    y = code.compiled("torch", inputs, node)(**tensors)

    once = slope((y * torch.tensor(start)).sum(), tensors[first])
    return slope((once * torch.tensor(carried)).sum(), tensors[second]).detach().numpy(force=True)


@pytest.mark.parametrize("case", CASES)
def test_second_derivatives_of_every_operation_are_those_of_double_backward(case: str) -> None:
    g = Graph()
    inputs, node = built(case, g)
    rng = np.random.default_rng(7)
    values = {name: rng.normal(size=shape) for name, shape in inputs}
    inside = {n.data: n for n in ancestry([node]) if n.op == "input"}
    start = rng.normal(size=node.shape)
    for first in inside:
        carried = rng.normal(size=inside[first].shape)
        for second in inside:
            wanted = twice_by_torch(inputs, node, values, first, second, start, carried)
            for how, once in ways(g, node, inside[first]).items():
                for then, both in ways(g, once, inside[second]).items():
                    found = np.asarray(code.compile_numpy(inputs, both)(**values))
                    found = np.tensordot(start, found, start.ndim)
                    found = np.tensordot(carried, found, carried.ndim)
                    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9, err_msg=f"{first} {second}: {how}, {then}")


@pytest.mark.parametrize("case", ["prod_of_a_vector", "prod_of_rows", "others_of_a_vector", "norm_of_rows", "softmax_of_a_vector",
                                  "logsumexp_of_rows", "matrix_matrix", "take_behind_a_seed"])
def test_third_derivatives_are_those_of_triple_backward(case: str) -> None:
    torch = optional("torch")
    g = Graph()
    inputs, node = built(case, g)
    rng = np.random.default_rng(3)
    values = {name: rng.normal(size=shape) for name, shape in inputs}
    inside = [n for n in ancestry([node]) if n.op == "input"]
    carried = [rng.normal(size=one.shape) for one in (node, *(inside * 3)[:3])]
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    total = (code.compiled("torch", inputs, node)(**tensors) * torch.tensor(carried[0])).sum()
    by = (inside * 3)[:3]
    for one, weight in zip(by, carried[1:]):
        total = (slope(total, tensors[one.data]) * torch.tensor(weight)).sum()
    found = np.asarray(code.compile_numpy(inputs, chain.derivative(g, node, *by))(**values))
    for weight in carried:
        found = np.tensordot(weight, found, weight.ndim)
    np.testing.assert_allclose(found, total.detach().numpy(), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("zeros", [(), (1,), (0, 2), (0, 1, 2)])
def test_a_product_with_entries_that_are_0_has_its_second_slopes(zeros) -> None:
    torch = optional("torch")
    x = np.array([1.5, -2.0, 0.7, 3.0])
    x[list(zeros)] = 0
    g = Graph()
    node = g.input("x", (4,))
    found = code.compile_numpy([("x", (4,))], chain.derivative(g, g.along("prod", node), node, node))(x=x)
    wanted = torch.autograd.functional.hessian(torch.prod, torch.tensor(x))
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-14)


def test_a_derivative_goes_through_the_labels_of_definitions_and_stops_at_the_one_it_is_by() -> None:
    g = Graph()
    x = g.input("x", ())
    u = g.node("label", (g.map(_0**2, [(x, ())], ()),), (), "u")
    f = g.map(sp.sin(_0) * _1, [(u, ()), (x, ())], ())
    outer, whole, second = (chain.derivative(g, f, *by) for by in ([u], [x], [u, x]))
    values = {}
    for name, node in (("outer", outer), ("whole", whole), ("second", second)):
        assert any(n.op == "label" for n in ancestry([node]))
        values[name] = float(code.compile_numpy([("x", ())], chain.rebuild(g, [node], (), True)[0][0])(x=0.8))
    v, y = sp.symbols("v y")
    by_u = sp.cos(v) * y
    assert values["outer"] == pytest.approx(float(by_u.subs({v: 0.64, y: 0.8})))
    assert values["whole"] == pytest.approx(float((sp.sin(y**2) * y).diff(y).subs(y, 0.8)))
    assert values["second"] == pytest.approx(float(by_u.subs(v, y**2).diff(y).subs(y, 0.8)))


def test_a_derivative_by_what_is_not_there_is_0_and_by_itself_the_identity() -> None:
    g = Graph()
    x, y = g.input("x", (2,)), g.input("y", (3,))
    assert chain.derivative(g, x, y).data == (0,) * 6
    assert code.compile_numpy([("x", (2,))], chain.derivative(g, x, x))(x=[1, 2]).tolist() == [[1, 0], [0, 1]]


# ------------------------------------------------------------------ the records
def below(case: str) -> list[Node]:
    """Every node of a graph and of its derivatives by each input."""
    g = Graph()
    _, node = built(case, g)
    inside = [n for n in ancestry([node]) if n.op == "input"]
    return ancestry([node, *(once for by in inside for once in ways(g, node, by).values())])


def test_every_operation_that_the_graph_speaks_of_has_a_record_and_a_case() -> None:
    rows = re.findall(r"^    (\w+(?:, \w+)*) {2,}[\dk-]", str(graph.__doc__), flags=re.M)
    named = {name for row in rows for name in row.split(", ")}
    assert named | {"label"} == OPERATIONS.keys()
    assert named <= {node.op for case in CASES for node in below(case)}


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_cell_of_a_record_is_empty(name: str) -> None:
    row = OPERATIONS[name]
    assert row.name == name
    for cell in dataclasses.fields(row):
        assert callable(getattr(row, cell.name)) or cell.name in ("name", "by", "spell")


@pytest.mark.parametrize("case", CASES)
def test_the_shape_of_a_node_is_what_the_record_says(case: str) -> None:
    for node in below(case):
        assert OPERATIONS[node.op].shape([arg.shape for arg in node.args], node.data, node.shape) == node.shape, node


@pytest.mark.parametrize("case", CASES)
def test_the_entries_of_a_record_have_the_values_of_the_operation_and_no_more_of_them_than_it_says(case: str) -> None:
    inputs, node = built(case)
    values = {name: np.random.default_rng(5).normal(size=shape) for name, shape in inputs}
    symbols = {name: sp.symbols(f"{name}:{max(1, np.size(value))}", real=True) for name, value in values.items()}
    numbers = {s: sp.Float(float(v)) for name, own in symbols.items() for s, v in zip(own, np.ravel(values[name]), strict=True)}
    entries = expand.expand([node], symbols)[0]
    found = [float(entries[k].xreplace(numbers)) if k in entries else 0.0 for k in range(node.size)]
    np.testing.assert_allclose(np.reshape(found, node.shape), evaluate(node, values), rtol=1e-10, atol=1e-12)
    for one in below(case):
        share: dict[int, float] = {}
        for inner in ancestry([one]):
            row = OPERATIONS[inner.op]
            share[inner.number] = row.zeros(inner, [share[arg.number] for arg in inner.args])
        assert 0 <= share[one.number] <= 1
        if not {inner.op for inner in ancestry([one])} & {"take", "put"}:  # which may find the full part of an array
            assert len(expand.expand([one], symbols)[0]) <= share[one.number] * one.size + 1e-9, one
