"""Every operation differentiated twice, by every operand, in reverse and forward: as PyTorch's double backward."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from graphs import CASES, built
from optional import optional, panel_source
from test_code import BATCHES, array, evaluate, sample
from test_dialects import RUNS

import jacmagic
from jacmagic import code, panel
from jacmagic.code import evaluator
from jacmagic.code.source import _FAMILIES
from jacmagic.engine import chain, expand, graph
from jacmagic.engine.graph import Graph, Node, ancestry, slot
from jacmagic.engine.operation import OPERATIONS
from jacmagic.engine.ops import along
from jacmagic.errors import LimitError
from jacmagic.functions import FUNCTIONS, Function

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
    formulas = named - {"unknown"}  # which is only gone through: tests/test_equations.py
    assert formulas <= {node.op for case in CASES for node in below(case)}


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


# ------------------------------------------------------------------ the lines in each dialect
FAMILIES = {name: _FAMILIES[row.family] for name, row in code.BACKENDS.items()}


@pytest.mark.parametrize("where", [*code.BACKENDS, "browser"])
@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {"unknown"}))  # which no code is written of
def test_an_operation_has_its_line_in_every_dialect_or_is_written_by_others(name: str, where: str) -> None:
    row = OPERATIONS[name]
    known = evaluator._JSON_OPERATIONS if where == "browser" else FAMILIES[where].writes
    assert name in known or where in row.spell or row.by is not None


def test_the_list_of_what_the_panel_has_is_that_of_its_evaluator() -> None:
    text = panel_source("evaluator.js").read_text(encoding="utf-8")
    body = text[text.index("export function kernel") :]
    assert set(re.findall(r'case "(\w+)":', body)) == evaluator._JSON_OPERATIONS


def run_in_the_panel(graphs: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[Any]:
    """The output `it` of each graph as the panel's evaluator computes it."""
    optional("node")
    module = json.dumps(panel_source("evaluator.js").as_uri())
    jobs = json.dumps([[data, {name: np.ravel(value).tolist() for name, value in values.items()}] for data, values in graphs])
    run = (f"import {{compile}} from {module}; console.log(JSON.stringify({jobs}.map(([graph, values]) => {{ const engine = compile(graph);"
           "for (const [name, value] of Object.entries(values)) engine.set(name, value); return [...engine.get('it')]; })));")
    done = subprocess.run(["node", "--input-type=module", "-e", run], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_panel_computes_every_operation_as_the_graph_says() -> None:
    graphs, wanted = [], []
    for case in CASES:
        inputs, node = built(case)
        values = sample(inputs, BATCHES["alone"])
        graphs.append((code.as_json({"it": node}), values))
        wanted.append(evaluate(node, values))
    for case, got, right in zip(CASES, run_in_the_panel(graphs), wanted, strict=True):
        np.testing.assert_allclose(np.reshape(got, right.shape), right, rtol=1e-10, atol=1e-12, err_msg=case)


# ------------------------------------------------------------------ a record that is added
def norm4_by_others(g: Graph, args: list[Node], data: object, shape: tuple[int, ...]) -> Node:
    (x,) = args
    total = g.sum(g.map(_0**4, [(x, tuple(range(len(x.shape))))], x.shape), (len(x.shape) - 1,))
    return g.map(_0 ** sp.Rational(1, 4), [(total, tuple(range(len(total.shape))))], total.shape)


def norm4_share(g: Graph, node: Node) -> Node:
    (x,) = node.args
    every = tuple(range(len(x.shape)))
    return g.map(_0**3 / _1**3, [(x, every), (node, every[:-1])], x.shape)


NORM4 = along.reduction("norm4", norm4_share, lambda row: sp.Add(*(v**4 for v in row)) ** sp.Rational(1, 4), by=norm4_by_others, spell={
    "numpy": "np.sqrt(np.linalg.norm({0}**2, axis=-1))", "octave": "{1} = power(sum(reshape({0}, {2}, {3}).^4, 1), 0.25)(:);",
    "c": "for (int r = 0; r < {3}; r++) {{ for (int k = 0; k < {2}; k++) {1}[r] += pow({0}[r*{2} + k], 4); {1}[r] = sqrt(sqrt({1}[r])); }}",
    "javascript": "for (let r = 0; r < {3}; r++) {1}[r] = Math.hypot(...{0}.slice(r*{2}, (r + 1)*{2}).map((v) => v*v))**0.5;",
})


@pytest.fixture
def with_norm4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "norm4", NORM4)
    monkeypatch.setitem(FUNCTIONS, "norm4", Function("norm4", kind="reduction"))
    monkeypatch.setitem(CASES, "norm4_of_rows", ([("W", (2, 3))], lambda g, w: g.along("norm4", w)))


def norm4(x: Any) -> Any:
    return np.sum(np.asarray(x) ** 4, axis=-1) ** 0.25


@pytest.mark.usefixtures("with_norm4")
class TestARecordThatIsAdded:
    """One record is all: every mechanism and every dialect has the operation, by its line or by other operations."""

    @pytest.mark.parametrize("where", ["numpy", "torch", "jax", "math"])
    def test_is_computed_by_what_runs_here(self, where: str) -> None:
        if where in ("torch", "jax"):
            optional(where)
        inputs, node = built("norm4_of_rows")
        values = sample(inputs, BATCHES["alone"])
        f = code.compiled(where, inputs, node)
        assert ("linalg" in f.source) == (where == "numpy")
        np.testing.assert_allclose(array(f(**values)), norm4(values["W"]), rtol=1e-6)

    @pytest.mark.parametrize("where", RUNS)
    def test_is_computed_by_c_and_octave(self, where: str, tmp_path: Path) -> None:
        inputs, node = built("norm4_of_rows")
        values = sample(inputs, BATCHES["alone"])
        (got,) = RUNS[where](tmp_path, [(code.source(where, inputs, node), inputs, node.shape, values)])
        np.testing.assert_allclose(got, norm4(values["W"]))

    def test_is_computed_in_javascript_and_by_the_panel(self) -> None:
        optional("node")
        inputs, node = built("norm4_of_rows")
        values = sample(inputs, BATCHES["alone"])
        text = code.source("javascript", inputs, node) + f"\nconsole.log(JSON.stringify(f({{W: {values['W'].tolist()}}})))"
        assert "hypot" in text
        done = subprocess.run(["node", "--input-type=module", "-e", text], capture_output=True, text=True, check=True)
        np.testing.assert_allclose(json.loads(done.stdout), norm4(values["W"]))
        np.testing.assert_allclose(run_in_the_panel([(code.as_json({"it": node}), values)])[0], norm4(values["W"]))

    @pytest.mark.parametrize("where", RUNS)
    def test_is_a_number_of_a_vector(self, where: str, tmp_path: Path) -> None:
        x = np.array([1.0, -2, 3])
        (got,) = RUNS[where](tmp_path, [(code.source(where, [("x", (3,))], self.of_a_vector()), [("x", (3,))], (), {"x": x})])
        assert got == pytest.approx(norm4(x))

    def of_a_vector(self) -> Node:
        g = Graph()
        return g.along("norm4", g.input("x", (3,)))

    def test_is_differentiated_twice_in_both_directions(self) -> None:
        test_second_derivatives_of_every_operation_are_those_of_double_backward("norm4_of_rows")

    def test_is_written_out(self) -> None:
        test_the_shape_of_a_node_is_what_the_record_says("norm4_of_rows")
        found = expand.expand([self.of_a_vector()], {"x": sp.symbols("x:3", real=True)})[0]
        assert float(found[0].subs(dict(zip(sp.symbols("x:3", real=True), (1, -2, 3), strict=True)))) == pytest.approx(98**0.25)
        with pytest.raises(LimitError):
            expand.check_length([self.of_a_vector()], most=1)

    def test_is_a_function_of_a_block_in_what_is_shown_and_in_the_panel(self) -> None:
        r = jacmagic.jacobian("x in R^3\nf(x) = norm4(x)^2\nx = (1, -2, 3)")
        x = np.array([1.0, -2, 3])
        wanted = 2 * x**3 / norm4(x) ** 2
        np.testing.assert_allclose(r.at()[0], wanted)
        assert "norm4" in r._repr_mimebundle_()["text/plain"]
        spec = panel.spec(r)
        assert "norm4" in spec["echo"][0]["mathml"]
        graph_spec = {**spec["graph"], "outputs": {"it": spec["graph"]["outputs"]["J"]}}
        np.testing.assert_allclose(run_in_the_panel([(graph_spec, {"x": x})])[0], wanted)
        np.testing.assert_allclose(np.array(r.matrix.subs(dict(zip(r.variables, (1, -2, 3), strict=True)))).astype(float)[0], wanted)


def test_an_operation_without_a_line_and_without_a_definition_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "norm4", dataclasses.replace(NORM4, by=None))
    node = TestARecordThatIsAdded().of_a_vector()
    with pytest.raises(TypeError, match="norm4 has no line here"):
        code.source("julia", [("x", (3,))], node)
