"""Every operation differentiated twice, by every operand, in reverse and forward: as PyTorch's double backward."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from graphs import CASES, built
from optional import optional

from jacmagic import code
from jacmagic.engine import chain
from jacmagic.engine.graph import Graph, Node, ancestry, slot

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
