"""The Result from Python: shapes, names, values, symbols, functions and code that run."""

from __future__ import annotations

import datetime
import decimal
import fractions
import json
import math
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from optional import optional

import jacmagic

NET = "x in R^2\na = tanh(W1 x + c1) in R^3\no = W2 a + c2 in R^1\nL = 1/2 (o[1] - t)^2"
SCALAR = "f(x, y) = x^2 y + k sin(x)\ng(x, y) = relu(x y) + cbrt(y) + silu(x)"


def fresh(code: str, data: bytes = b"") -> str:
    """What a new Python process prints; it reads `data` from its standard input."""
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


# ------------------------------------------------------------------ shapes and names


@pytest.mark.parametrize(("of", "wrt", "shape"), [
    ("L", "W1", (3, 2)), ("L", "x", (2,)), ("L", "t", ()), ("L", "o", (1,)), ("o", "x", (1, 2)), ("o", "W1", (1, 3, 2)),
    ("a", "x", (3, 2)), ("a", "W1", (3, 3, 2)), ("a", "a", (3, 3)), ("L", "L", ()), ("W1", "W1", (3, 2, 3, 2)),
    ("a", "t", (3,)), ("a", "L", (3,)), ("a2", "x1", ()), ("a2", "x", (2,)), ("a", "x2", (3,)), ("L", "W_{1,2}", None),
    ("L", "c1_2", ()), ("L", "W1[3, 2]", ()), ("a[2]", "x[1]", ()),
])
def test_the_shape_is_that_of_the_one_and_then_that_of_the_other(of: str, wrt: str, shape: tuple[int, ...] | None) -> None:
    n = jacmagic.nnchain(NET)
    if shape is None:
        with pytest.raises(KeyError):
            n.at(of, wrt)
        return
    assert n.at(of, wrt).shape == shape
    assert n.at(of, wrt).dtype == np.float64
    batch = n.at(of, wrt, x=np.ones((5, 2)), c1=np.ones((4, 1, 3)))
    assert batch.shape == (4, 5, *shape)
    entries = int(np.prod(n.program.shape(n.place(of)[0]))) if n.place(of)[1] is None else 1
    assert n.jacobian(of, wrt).shape == (entries, int(np.prod(shape)) // entries)


def test_an_entry_is_named_as_it_is_typed() -> None:
    n = jacmagic.nnchain(NET)
    assert n.at("L", "W1[3,2]") == n.at("L", "W1")[2, 1]
    assert n.at("a[2]", "x[1]") == n.at("a", "x")[1, 0]
    with pytest.raises(KeyError, match=re.escape("no name 'W1[4,1]'")):
        n.at("L", "W1[4,1]")


@pytest.mark.parametrize(("given", "by_name"), [
    (("o", "x"), {"of": "o", "wrt": "x"}), (("o", "x"), {"wrt": "x", "of": "o"}), (("L", "W1"), {"of": "L", "wrt": "W1"}),
])
def test_both_names_may_be_keywords(given: tuple[str, str], by_name: dict[str, str]) -> None:
    n = jacmagic.nnchain(NET)
    assert n.at(**by_name, x=[1, 2]).tolist() == n.at(*given, x=[1, 2]).tolist()
    assert n.at(given[0], wrt=given[1], x=[1, 2]).tolist() == n.at(*given, x=[1, 2]).tolist()
    with pytest.raises(TypeError, match="it takes two names"):
        n.at(of=given[0])
    with pytest.raises(TypeError, match="wrt is given twice"):
        n.at(*given, wrt="a")
    with pytest.raises(KeyError, match="no name 'q'"):
        n.at(of="q", wrt="x")


def test_names_of_the_block_that_are_called_of_and_wrt_have_values_too() -> None:
    r = jacmagic.jacobian("f(x, of, wrt) = x of^2 wrt")
    assert r.at(x=2, of=3, wrt=5).tolist() == [[45, 60, 18]]
    assert r.at(of="f", wrt="of", x=2).tolist() == 4
    assert r.at("f", "of", of=3, wrt=5).tolist() == 30


# ------------------------------------------------------------------ symbols, and one flat vector


def test_symbols_are_real_and_found_by_name() -> None:
    r = jacmagic.jacobian("f(x, y) = k sqrt(x^2) y\nW in R^(2x2)\nv in R^2\ng = sum(W v) x")
    assert list(r.symbols) == ["x", "y", "k", "W_{1,1}", "W_{1,2}", "W_{2,1}", "W_{2,2}", "v1", "v2", "f", "g"]
    assert {s for s in r.symbols.values() if s not in (r.symbols["f"], r.symbols["g"])} == set(r.variables + r.parameters)
    assert all(str(symbol) == name and symbol.is_real for name, symbol in r.symbols.items())
    x = r.symbols["x"]
    assert r.matrix.subs(x, -3)[0, 1] == 3 * r.symbols["k"]
    for other in ("x", sp.Symbol("x")):  # is said in the docstrings
        assert r.matrix.subs(other, -3) == r.matrix
    assert r.layers[0].expression.free_symbols <= set(r.symbols.values())


VECTORS = [
    "f(x, y) = x^2 y\ng(x, y) = [x - y, k sin x]", "f(x) = x^3", "x in R^3\nA in R^(2x3)\nf = A x",
    "M in R^(2x2)\ny in R^2\nf(M, y) = M^T y", "y' = -k y", "u = x y\nf = u^2",
]


@pytest.mark.parametrize("block", VECTORS)
def test_a_vector_has_the_functions_and_the_jacobian_in_the_order_of_the_variables(block: str) -> None:
    r = jacmagic.jacobian(block)
    fun, jac = pickle.loads(pickle.dumps(r.vector()))
    m, n = r.matrix.shape
    rng = np.random.default_rng(7)
    point = rng.uniform(0.5, 2, n)
    exact = {s: float(v) for key in r.values for s, v in zip(r.entry_symbols(key), np.ravel(r.values[key]))}
    exact |= dict(zip(r.variables, point))
    assert fun(point).shape == (m,)
    np.testing.assert_allclose(fun(point), [float(f.subs(exact)) for f in r.outputs], rtol=1e-12)
    h = 1e-6
    differences = [(fun(point + h * e) - fun(point - h * e)) / (2 * h) for e in np.eye(n)]
    np.testing.assert_allclose(jac(point), np.transpose(differences), rtol=1e-7, atol=1e-7)
    batch = rng.uniform(0.5, 2, (5, n))
    np.testing.assert_array_equal(jac(batch), [jac(one) for one in batch])
    np.testing.assert_array_equal(fun(batch), [fun(one) for one in batch])
    for wrong in (np.ones(n + 1), 1.0, np.ones((n, n + 1))):
        with pytest.raises(ValueError, match=r"expected \(\d,\), the entries of"):
            fun(wrong)


def test_a_vector_keeps_the_other_values_of_its_moment() -> None:
    r = jacmagic.jacobian("f(x) = k x\nk = 2")
    (fun, _), (other, slope) = r.vector(), r.vector(k=5)
    r.values["k"] = 7
    assert (fun([3]), other([3]), slope([3]), r.vector()[0]([3])) == ([6], [15], [[5]], [21])
    with pytest.raises(ValueError, match="u is defined by the block"):
        jacmagic.jacobian("u = x^2\nf = sin u", wrt="u").vector()


def test_scipy_takes_both() -> None:
    optional("scipy")
    from scipy.integrate import solve_ivp
    from scipy.optimize import check_grad, least_squares, root

    fun, jac = jacmagic.jacobian("f(x, y) = [x^2 + y^2 - 4, x y - 1]").vector()
    found = root(fun, [2, 0], jac=jac).x
    assert found @ found == pytest.approx(4)
    assert found[0] * found[1] == pytest.approx(1)
    assert check_grad(lambda p: fun(p)[0], lambda p: jac(p)[0], [0.3, 2]) < 1e-6

    fun, jac = jacmagic.jacobian("t, y in R^4\na, b in R\nf(a, b) = a e^(b t) - y").vector(t=[0, 1, 2, 3], y=[2, 1, 0.5, 0.25])
    np.testing.assert_allclose(least_squares(fun, [1, 0], jac=jac).x, [2, -np.log(2)], rtol=1e-6)

    fun, jac = jacmagic.jacobian("x' = v\nv' = -x").vector()
    by_rule = {"method": "Radau", "rtol": 1e-8, "atol": 1e-10, "jac": lambda t, z: jac(z)}
    end = solve_ivp(lambda t, z: fun(z), (0, 2 * np.pi), [1, 0], **by_rule).y[:, -1]
    np.testing.assert_allclose(end, [1, 0], atol=1e-6)


def test_a_jacobian_of_one_number_is_a_number_too() -> None:
    r = jacmagic.jacobian("f(x) = x^2")
    found = r.at(x=3)
    assert (found.shape, found.dtype) == ((1, 1), np.float64)
    assert (float(found), f"{found:.2f}", repr(found), str(found)) == (6.0, "6.00", "array([[6.]])", "[[6.]]")
    assert float(pickle.loads(pickle.dumps(found)) / 2) == 3
    assert r.at(x=[3, 4]).shape == (2, 1, 1)
    assert float(r.at("f", "x", x=3)) == 6
    with pytest.raises((TypeError, ValueError)):
        float(jacmagic.jacobian("f(x, y) = x y").at())


# ------------------------------------------------------------------ what Python itself asks for


def test_every_annotation_is_a_type() -> None:
    from typing import get_type_hints

    from ipywidgets import VBox

    from jacmagic.notebook import Result
    from jacmagic.panel.bridge import PanelWidget

    n = jacmagic.nnchain(NET)
    asked = [jacmagic.jacobian, jacmagic.nnchain, jacmagic.from_torch, jacmagic.load_ipython_extension]
    public = [getattr(Result, name, None) for name in {*dir(n), *vars(Result), *vars(Result.__base__)}]
    methods = [getattr(one, "fget", None) or getattr(one, "func", None) or one for one in public]
    hints = {one.__name__: get_type_hints(one) for one in [*asked, *methods] if hasattr(one, "__code__")}
    assert len(hints) > 25
    assert hints["widget"]["return"] is PanelWidget
    assert hints["sliders"]["return"] is VBox
    assert hints["nnchain"]["return"] is Result
    layer = n.layers[0]
    assert get_type_hints(type(layer).jacobians.fget)


@pytest.mark.parametrize("jedi", [True, False])
def test_the_tab_key_offers_what_dir_does(jedi: bool) -> None:
    from IPython.core.completer import provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    shell.Completer.use_jedi = jedi
    shell.user_ns |= {"r": jacmagic.jacobian("f(x) = x^2"), "n": jacmagic.nnchain(NET)}
    for name in "rn":
        with provisionalcompleter():
            offered = {one.text.removeprefix(name).lstrip(".") for one in shell.Completer.completions(f"{name}.", 2)}
        assert offered == set(dir(shell.user_ns[name]))


def test_components_are_names() -> None:
    r = jacmagic.jacobian("x in R^3\nf = x[1]^2 x[3]\nu = [f, x[2]]")
    assert r.at("f", "x1", x=[3, 0, 2]) == 12
    assert r.at("f", "x3", x1=3) == 9
    assert r.at("u2", "x2") == 1
    assert list(r.at("u1", "x", x=[3, 0, 2])) == [12, 0, 9]
    assert r.at("u", "f").tolist() == [1, 0]
    assert r.at("x2", "x").tolist() == [0, 1, 0]


def test_the_whole_is_outputs_by_variables() -> None:
    r = jacmagic.jacobian(SCALAR)
    assert [str(s) for s in r.variables] == ["x", "y"]
    assert [str(s) for s in r.parameters] == ["k"]
    assert all(s == sp.Symbol(s.name, real=True) for s in r.variables)
    assert isinstance(r.matrix, sp.ImmutableMatrix)
    assert r.matrix.shape == (2, 2)
    assert isinstance(r.outputs, sp.ImmutableMatrix)
    assert r.outputs.shape == (2, 1)
    assert isinstance(r.jacobian("f", "k"), sp.ImmutableMatrix)
    assert r.jacobian("f", "k").shape == (1, 1)
    assert r.at(x=2, y=3, k=0).shape == (2, 2)
    x, y = r.variables
    assert r.matrix[0, 1] == x**2
    assert sp.diff(r.outputs[0], y) == x**2


@pytest.mark.parametrize(("call", "hint"), [
    (lambda r: r.at(xx=1), "no name 'xx' in this block; there are x, y, k, f, g"),
    (lambda r: r.at("f", "ks"), "no name 'ks' in this block; there are x, y, k, f, g"),
    (lambda r: r.forward(z=1), "no name 'z'"), (lambda r: r.jacobian("h", "x"), "no name 'h'"),
    (lambda r: r.values["q"], "no name 'q'"), (lambda r: r.at(f=2), "defined by the block"),
    (lambda r: r.function("numpy", "f", "zz"), "no name"),
])
def test_an_unknown_name_is_a_key_error_that_says_what_there_is(call: Any, hint: str) -> None:
    with pytest.raises(KeyError, match=hint):
        call(jacmagic.jacobian(SCALAR))


@pytest.mark.parametrize("call", [
    lambda r: r.at(rates=1), lambda r: r.at("f", "raet"), lambda r: r.forward(rte=1), lambda r: r.values["rat"],
])
def test_a_misspelt_name_is_answered_with_the_one_that_is_near(call: Any) -> None:
    with pytest.raises(KeyError, match="did you mean 'rate'"):
        call(jacmagic.jacobian("rate = 2\nf(x) = rate x"))


@pytest.mark.parametrize("call", [
    lambda r: r.at("f"), lambda r: r.at("f", None), lambda r: r.at(None, "x"),
    lambda r: r.function("numpy", "f"), lambda r: r.code("numpy", "f"), lambda r: r.code("sympy", "f"),
])
def test_one_name_alone_is_an_error(call: Any) -> None:
    with pytest.raises(TypeError, match="two names"):
        call(jacmagic.jacobian(SCALAR))


@pytest.mark.parametrize("name", ["fortran", "Numpy", ""])
def test_an_unknown_backend_names_those_there_are(name: str) -> None:
    r = jacmagic.jacobian(SCALAR)
    for call in (r.function, r.code):
        with pytest.raises(ValueError, match="numpy"):
            call(name)


@pytest.mark.parametrize("word", ["is", "self", "of", "wrt", "lambda", "class", "y_hat", "x_max", "values", "lead",
                                  "np", "kind", "backend", "text", "None", "v0", "f", "math", "sum_0"])
def test_any_name_of_a_block_is_a_keyword(word: str) -> None:
    key = {"lambda": "lam"}.get(word, word)
    name = "F" if word == "f" else "f"
    r = jacmagic.jacobian(f"{name}({word}, x) = {word}^2 + x")
    assert r.at(**{key: 3, "x": 1}).tolist() == [[6, 1]]
    assert r.at(name, key, **{key: 3}) == 6
    assert r.forward(**{key: 3, "x": 1})[name] == 10
    for backend in ("numpy", "torch", "math"):
        if backend != "torch" or "torch" in sys.modules:
            made = r.function(backend)
            assert np.allclose(np.array(made(**{made.inputs[0][0]: 3.0, "x": 1.0}), dtype=float), [[6, 1]])
    space: dict[str, Any] = {}
    exec(r.code("numpy"), space)
    assert space["jacobian"](3.0, 1.0).tolist() == [[6, 1]]
    exec(r.code("sympy"), space)
    assert [str(e) for e in space["J"].subs(dict.fromkeys(space["J"].free_symbols, 3))] == ["6", "1"]


# ------------------------------------------------------------------ values


def test_values_are_the_current_point() -> None:
    n = jacmagic.nnchain(NET + "\nt = 0.25")
    assert n.values["t"] == 0.25
    assert n.values["W1"].shape == (3, 2)
    before = n.at()
    held, first = n.values["x"], n.values["x"]
    held[:] = 7
    assert (n.at() == before).all(), "what values gives out is a copy"
    n.values["x"] = [3, 4]
    assert (n.at() == n.at(x=[3, 4])).all()
    assert not (n.at() == before).all()
    n.set(x=first, t=0.25)
    assert dict(n.values)["t"] == 0.25
    assert (n.at() == before).all()
    assert len(n.values) == len(list(n.values)) == 6
    assert "t" in n.values
    assert "zz" not in n.values


@pytest.mark.parametrize(("name", "value"), [
    ("x", [1, 2, 3]), ("t", [1, 2]), ("t", float("nan")), ("x", ["a", "b"]), ("x1", [1, 2]), ("x", [1j, 2]), ("t", None), ("x", "3"),
])
def test_a_value_that_does_not_fit_changes_nothing(name: str, value: Any) -> None:
    n = jacmagic.nnchain(NET)
    before = repr(n.values)
    with pytest.raises(ValueError):
        n.set(**{"c2": [5], name: value})
    assert repr(n.values) == before


def test_components_are_set_behind_the_whole_in_whatever_order() -> None:
    r = jacmagic.jacobian("x in R^3\nW in R^(2x3)\nf = W x")
    r.set(W=np.ones((2, 3)))
    r.set(x2=7, x=[1, 2, 3], x1=5)
    assert r.values["x"].tolist() == [5, 7, 3]
    assert r.forward(x1=0, x=[1, 1, 1])["f"].tolist() == r.forward(x=[0, 1, 1])["f"].tolist()
    batch = r.forward(x=np.ones((4, 3)), x1=7)["f"]
    assert batch.tolist() == [[9, 9]] * 4, "in every member of the batch"
    assert r.forward(x=[1, 1, 1], x3=[1, 2])["f"].tolist() == [[3, 3], [4, 4]]


@pytest.mark.parametrize("value", [[1j, 0, 0], np.array([1 + 2j, 0, 0]), "3", None, [1, None, 2], {"x": 1}])
def test_only_real_numbers_are_values(value: Any) -> None:
    r = jacmagic.jacobian("x in R^3\nf = x^T x")
    with pytest.raises(ValueError, match="x takes real numbers"):
        r.at(x=value)


@pytest.mark.parametrize("names", [(1, 2), ({"x": 1},), (("f", "x"), None)])
def test_a_name_is_text(names: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="names are text"):
        jacmagic.jacobian("f(x) = x^2").at(*names)


def test_what_the_objects_say_of_themselves() -> None:
    n = jacmagic.nnchain("x in R^2\na = tanh(W1 x + c1) in R^3\nk in R\nL = k a^T a")
    assert repr(n) == "<nnchain of L by x>"
    assert repr(jacmagic.jacobian("f(x, y) = x y")) == "<jacobian of f by x, y>"
    layer = n.layers[-1]
    assert repr(layer) == "Layer(L, shape=(), inputs=k, a)"
    assert sp.expand(layer.expression - sp.sympify("k*(a1**2 + a2**2 + a3**2)", {s.name: s for s in layer.expression.free_symbols})) == 0
    assert n.layers[0].expression.shape == (3, 1)
    assert repr(layer.jacobians) == "{k: Matrix([[a1**2 + a2**2 + a3**2]]), a: Matrix([[2*a1*k, 2*a2*k, 2*a3*k]])}"
    with pytest.raises(KeyError, match="L does not read 'x'; it reads k, a"):
        layer.jacobians["x"]
    with pytest.raises(TypeError, match="only their values change"):
        del n.values["k"]
    with pytest.raises(ValueError, match="a has 3 entries"):
        jacmagic.nnchain("x in R^2\na = tanh(W1 x + c1) in R^3").gradients()
    with pytest.raises(jacmagic.LimitError, match="a Jacobian has at most"):
        jacmagic.nnchain("x in R^500\na = tanh(W1 x + c1) in R^500").at("a", "W1")


def test_a_change_is_told_to_the_observers_once() -> None:
    n, seen = jacmagic.nnchain(NET), []
    end = n.observe(seen.append)
    n.set(t=3, x=n.values["x"])
    n.values["t"] = 3
    end()
    n.values["t"] = 4
    assert [sorted(change) for change in seen] == [["t"]]
    assert seen[0]["t"] == 3


def test_a_function_keeps_the_values_of_the_moment_it_was_made() -> None:
    r = jacmagic.jacobian(SCALAR + "\nk = 2")
    f = r.function("numpy", "f", "x")
    r.values["k"] = 100
    g = r.function("numpy", "f", "x")
    assert f(x=0, y=0) == 2
    assert g(x=0, y=0) == 100
    assert r.at("f", "x", x=0, y=0) == 100
    assert pickle.loads(pickle.dumps(f))(x=0, y=0) == 2


def test_a_value_of_another_shape_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="x has shape"):
        jacmagic.nnchain(NET).at(x=[1, 2, 3])
    with pytest.raises(ValueError, match="batch"):
        jacmagic.nnchain(NET).at(x=np.ones((4, 2)), c1=np.ones((3, 3)))


# ------------------------------------------------------------------ functions


@pytest.mark.parametrize(
    ("text", "backend"),
    [(SCALAR, "math"), *((text, backend) for text in (SCALAR, NET) for backend in ("numpy", "torch", "jax"))],
)
def test_a_function_works_after_pickling(text: str, backend: str) -> None:
    optional(backend)
    r = jacmagic.nnchain(text) if text == NET else jacmagic.jacobian(text)
    f = pickle.loads(pickle.dumps(r.function(backend)))
    assert np.allclose(np.array(f(), dtype=float), r.at(), rtol=1e-5 if backend == "jax" else 1e-12)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (7,), (2, 3), (0, 4), (10_000,)])
def test_a_function_broadcasts_over_arrays_of_any_shape(shape: tuple[int, ...]) -> None:
    r = jacmagic.jacobian(SCALAR)
    f = r.function("numpy")
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    found = f(x=x, y=1.5)
    assert isinstance(found, np.ndarray)
    assert found.shape == (*shape, 2, 2)
    for at in list(np.ndindex(shape))[:20]:
        assert np.allclose(found[at], r.at(x=x[at], y=1.5))
    assert f(x=x[..., None], y=np.arange(3.0)).shape == (*shape, 3, 2, 2)
    by = r.function("numpy", "f", "k")
    assert by(x=x).shape == shape
    constant = jacmagic.jacobian("f(x, y) = [2x + y, 3]")
    assert constant.function("numpy")(x=x).shape == (*shape, 2, 2)
    assert constant.at(x=x).shape == (*shape, 2, 2)


def test_the_torch_function_goes_through_vmap_and_jacrev() -> None:
    torch = optional("torch")
    n = jacmagic.nnchain("x(3) -> 4 tanh -> 2 softmax")
    f = n.function("torch")
    xs = torch.randn(6, 3, dtype=torch.float64)
    each = torch.func.vmap(lambda x: f(x=x))(xs)
    assert torch.allclose(each, f(x=xs))
    assert np.allclose(each.numpy(), n.at(x=xs.numpy()))
    second = torch.func.vmap(torch.func.jacrev(lambda x: f(x=x)))(xs)
    h = 1e-6
    step = torch.tensor([h, 0, 0], dtype=torch.float64)
    assert torch.allclose(second[..., 0], (f(x=xs + step) - f(x=xs - step)) / (2 * h), atol=1e-7)
    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    f(x=x).sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (3,)
    for kind in (torch.float32, torch.float64):
        assert jacmagic.jacobian("f(x) = relu(x)^2").function("torch")(x=torch.ones((), dtype=kind)).dtype == kind


# ------------------------------------------------------------------ code


@pytest.mark.parametrize(("text", "net"), [(SCALAR, False), (NET, True), ("x in R^3\nf = [x[i]/||x|| for i = 1..3]", False),
                                       ("x(2) -> 3 gelu -> 2 softmax\nL = cross_entropy(o, y)", True),
                                       ("f(x, y, z) = max(x + 2, y, z)", False),
                                       ("x in R^2\na = tanh(W1 x + c1) in R^3\nb = layer_norm(a)\no = softmax(W2 b + c2) in R^2\n"
                                        "L = cross_entropy(o, y)", True)])
@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "javascript", "sympy", "math"])
def test_the_code_of_a_backend_runs_and_agrees(text: str, net: bool, backend: str) -> None:
    r = jacmagic.nnchain(text) if net else jacmagic.jacobian(text)
    optional(backend)
    if backend == "sympy" and "layer_norm" in text:
        with pytest.raises(jacmagic.LimitError, match="too long"):
            r.code("sympy")
        return
    source = r.code(backend)
    space: dict[str, Any] = {}
    if backend == "javascript":
        optional("node")
        point = json.dumps({key: np.asarray(value).tolist() for key, value in r.values.items()})
        run = source + f"\nconsole.log(JSON.stringify(jacobian({point})));"
        done = subprocess.run(["node", "--input-type=module", "-e", run], capture_output=True, text=True, check=True)
        found: Any = json.loads(done.stdout)
    elif backend == "sympy":
        exec(source, space)
        point = {s.name: v for key in r.values for s, v in zip(r.entry_symbols(key), np.ravel(r.values[key]))}
        found = space["J"].subs({s: point[s.name] for s in space["J"].free_symbols}).evalf().tolist()
    else:
        exec(source, space)
        found = space["jacobian"](**dict(r.values.items()))
    assert np.allclose(np.array(found, dtype=float).reshape(r.at().shape), r.at(),
                       rtol=1e-5 if backend == "jax" else 1e-10)


# ------------------------------------------------------------------ symbols


MADE = "f(x, y, z) = [relu(x) y, sigmoid(x y)^3, max(x, y, z), gelu(z) + |y|, cbrt(y)^5, softplus(x)^2 mish(y)]"


def test_the_matrix_goes_through_subs_evalf_and_lambdify() -> None:
    r = jacmagic.jacobian(MADE)
    point = {"x": 0.7, "y": -1.2, "z": 0.9}
    wanted = r.at(**point)
    by_subs = r.matrix.subs({s: point[s.name] for s in r.variables}).evalf()
    assert np.allclose(np.array(by_subs.tolist(), dtype=float), wanted)
    for modules in ([{"erf": math.erf}, "numpy"], "math", "mpmath"):
        f = sp.lambdify(r.variables, r.matrix.tolist(), modules=modules)
        assert np.allclose(np.array(f(*point.values()), dtype=float), wanted), modules


def test_the_matrix_goes_through_lambdify_in_numpy_with_arrays() -> None:
    r = jacmagic.jacobian("f(x, y) = relu(x) y + sigmoid(x y) + max(x, y) + |y| + softplus(x) + elu(x) + step(y) x")
    f = sp.lambdify(r.variables, list(r.matrix), modules="numpy")
    xs, ys = np.array([-1.0, 0.3, 2.0]), np.array([0.5, -0.4, 1.0])
    assert np.allclose(np.stack(f(xs, ys), axis=-1), r.at(x=xs, y=ys)[:, 0])


def test_what_is_symbolic_pickles_into_a_fresh_process() -> None:
    r = jacmagic.jacobian(MADE)
    data = pickle.dumps((r.matrix, r.outputs, r.variables, r.jacobian("f", "x")))
    assert pickle.loads(data)[0] == r.matrix
    said = fresh("import pickle, sys; m, o, v, j = pickle.load(sys.stdin.buffer); "
                 "print(m.shape, o.jacobian(v) == m, m[0, 0].subs({v[0]: 2, v[1]: 5}))", data)
    assert said.strip() == "(6, 3) True 5"


def test_sympys_own_derivative_of_the_outputs_is_the_matrix() -> None:
    r = jacmagic.jacobian(MADE)
    assert r.outputs.jacobian(list(r.variables)) == r.matrix


@pytest.mark.parametrize("block", [
    MADE,
    "x in R^5\nf = [x[i] x[i+1] - 2x[i]/x[i+1] + k for i = 1..4]",
    "x in R^3\nA = [1, 0, 2; 0, x[1], 0]\nf = [A x; softmax(x); ||x||^2]",
    "x in R^2\nW in R^(2x2)\nf = W x x^T",
    "x in R^3\ny in R^3\nf = [cross(x, y); dot(x, y); prod(x)]",
])
def test_the_sparse_matrix_is_the_matrix_without_its_zeros(block: str) -> None:
    r = jacmagic.jacobian(block)
    sparse = r.sparse()
    assert isinstance(sparse, sp.SparseMatrix)
    assert sparse == r.matrix
    assert all(entry != 0 for entry in sparse.todok().values())


def test_the_sparse_matrix_goes_where_the_dense_one_is_too_long() -> None:
    r = jacmagic.jacobian("x in R^1000\nf = [x[i]^2 - x[i-1] for i = 2..1000]", wrt="x")
    with pytest.raises(jacmagic.LimitError):
        _ = r.matrix
    x = r.variables
    sparse = r.sparse()
    assert len(sparse.todok()) == 2 * 999
    assert (sparse[4, 5], sparse[4, 4]) == (2 * x[5], -1)
    dense = jacmagic.jacobian("x in R^1000\nf = dot(x, x) x", wrt="x")
    with pytest.raises(jacmagic.LimitError):
        dense.sparse()


def test_decimals_stay_exact() -> None:
    r = jacmagic.jacobian("f(x) = 0.1x^3 + 1e-3x")
    (x,) = r.variables
    assert r.matrix[0] == sp.Rational(3, 10) * x**2 + sp.Rational(1, 1000)


def test_what_is_too_long_to_write_says_what_to_do_and_still_has_numbers() -> None:
    n = jacmagic.nnchain("x(30) -> 30 tanh -> 30 tanh -> 30 tanh")
    with pytest.raises(jacmagic.LimitError, match=r"r\.at"):
        _ = n.matrix
    assert n.at().shape == (30, 30)
    large = n.layers[0].jacobians["W1"]
    assert large.shape == (30, 900)
    assert large[0, 0].free_symbols


def test_a_name_of_a_definition_without_anything_in_between_is_not_another_name_of_the_input() -> None:
    r = jacmagic.jacobian("u = x\ng(s, t) = t\nf = u^2 + g(u, x)")
    assert r.at(x=3).tolist() == [[7]]
    assert r.forward(x=3)["u"] == 3
    assert r.at("f", "u", x=3) == 7 or r.at("f", "u", x=3) == 6


def test_a_function_called_in_another_with_arguments_of_the_same_name_is_called_anew() -> None:
    r = jacmagic.jacobian("g(s, t) = s^2 t\nh(s, t) = 2 g(s, t)\nf(x, y) = h(3x, y)")
    assert r.at("f", "x", x=1, y=1) == 36


def test_a_case_inside_a_condition_has_code() -> None:
    r = jacmagic.jacobian("f(x, y) = x^2 if (y if x > 1 else 2) < 3 else x")
    assert r.at("f", "x", x=5, y=1) == 10
    assert r.at("f", "x", x=5, y=4) == 1
    assert r.at("f", "x", x=0.5, y=4) == 1


@pytest.mark.parametrize(("body", "wanted"), [
    ("x[i]/x[i+1]", [1 / 2, 2 / 5]), ("x[i] + x[1]", [2, 3]), ("x[i] - k", [-2, -1]), ("x[3]/i", [5, 2.5]),
    ("x[i]*x[i+1]", [2, 10]), ("k if x[i] > 1.5 else x[i]", [1, 3]), ("mse(x[i], k)", [4, 1]), ("x[i]^i k", [3, 12]),
    ("max(x[i], k, x[3]/2)", [3, 3]), ("1/(x[i] x[1])", [1, 0.5]), ("(x[i] - k)^2/k", [4 / 3, 1 / 3]),
])
def test_the_body_of_a_family_is_of_numbers(body: str, wanted: list[float]) -> None:
    r = jacmagic.jacobian(f"x in R^3\nf = [{body} for i = 1..2]\nk = 3\nx = [1, 2, 5]", wrt="x")
    assert np.allclose(r.forward()["f"], wanted)
    h = 1e-6
    for j in range(3):
        step = np.eye(3)[j] * h
        slope = (r.forward(x=r.values["x"] + step)["f"] - r.forward(x=r.values["x"] - step)["f"]) / (2 * h)
        assert np.allclose(r.at()[:, j], slope, atol=1e-8)


def test_plain_python_of_a_function_of_one_variable():
    r = jacmagic.jacobian("f(x) = x^2")
    space: dict[str, Any] = {}
    exec(r.code("math"), space)
    assert space["jacobian"](3.0) == r.function("math")(x=3.0) == ((6.0,),)


def test_what_is_asked_wrongly_is_said():
    with pytest.raises(ValueError, match="there are sympy, numpy, torch, jax, javascript, math"):
        jacmagic.jacobian("f(x) = x^2").code("fortran")
    with pytest.raises(TypeError, match="a block is text"):
        jacmagic.jacobian(5)


# ------------------------------------------------------------------ values from Python
NO_NUMBERS = {
    "text": "2", "text in a list": [["2"]], "bytes": b"2", "a bytearray": bytearray(b"2"), "None": None, "None in a list": [None],
    "complex": 1j, "complex without an imaginary part": 2 + 0j, "NumPy's complex in a list": [np.complex128(2)],
    "a date": datetime.date(2026, 1, 1), "NumPy's date": np.datetime64("2026"), "a duration": np.timedelta64(5, "s"),
    "masked": np.ma.masked, "a masked entry": np.ma.array([2.0], mask=[True]), "a masked entry in a list": [np.ma.masked],
    "SymPy's i": sp.I, "a symbol": sp.Symbol("x"), "too large": 10**400, "too large, negative": [-(10**400)],
    "too large a decimal": decimal.Decimal("1e400"), "too large a fraction": fractions.Fraction(10**400, 3),
    "too large a long double": np.longdouble("1e400"), "too large for SymPy": sp.Integer(10) ** 400, "a mapping": {"x": 1},
}


@pytest.mark.parametrize("what", NO_NUMBERS)
def test_what_is_no_real_number_is_refused_wherever_it_comes_in(what: str) -> None:
    value = NO_NUMBERS[what]
    r, n = jacmagic.jacobian("f(x) = x^2"), jacmagic.nnchain("x in R^1\no = w x\nL = 1/2 (o - y)^2")
    ways: list[Callable[[], Any]] = [
        lambda: jacmagic.jacobian("k = {value}\nf(x) = k x", namespace={"value": value}),
        lambda: r.at(x=value), lambda: r.forward(x=value), lambda: r.set(x=value),
        lambda: r.values.__setitem__("x", value), lambda: r.values.update_all({"x": value}),
        lambda: n.train({"x": value, "y": [1.0]}, steps=1, progress=False),
        *((lambda backend=backend: r.function(backend)(x=value)) for backend in ("numpy", "math")),
    ]
    for way in ways:
        with pytest.raises(jacmagic.ValueMistake, match=r"real numbers|numbers up to"):
            way()
    assert r.values["x"] == 1


@pytest.mark.parametrize("backend", ["torch", "jax"])
@pytest.mark.parametrize("what", NO_NUMBERS)
def test_tensors_take_real_numbers_alone(backend: str, what: str) -> None:
    optional(backend)
    with pytest.raises(jacmagic.ValueMistake, match=r"real numbers|numbers up to"):
        jacmagic.jacobian("f(x) = x^2").function(backend)(x=NO_NUMBERS[what])


@pytest.mark.parametrize("value", [
    3, True, np.int8(3), 3.0, sp.Rational(1, 3), sp.sqrt(2), decimal.Decimal("0.5"), fractions.Fraction(1, 3), math.inf,
    [[2]], np.ma.array([2.0], mask=[False]), sp.Matrix([[2]]), np.float16(0.5), 2**70,
])
def test_every_kind_of_real_number_is_taken(value: Any) -> None:
    found = float(np.ravel(np.array(value, dtype=float))[0])
    assert jacmagic.jacobian("f(x) = 3x").forward(x=value)["f"].ravel()[0] == 3 * found


@pytest.mark.parametrize("text", ["atan2(x, 2)", "atan2(1, x)", "atan2(-0.5, 2x) + x", "atan2(x, 1)^2"])
def test_torch_has_the_angle_of_a_number_and_a_tensor(text: str) -> None:
    torch = optional("torch")
    r = jacmagic.jacobian(f"f(x) = {text}")
    at = torch.tensor([0.3, -1.2], dtype=torch.float64)
    want = r.at("f", "x", x=at.numpy())
    assert np.allclose(r.function("torch", "f", "x")(x=at).numpy(), want)
    assert np.allclose(r.function("torch", "f", "f")(x=at).numpy(), 1)


def test_values_print_as_a_line_to_paste() -> None:
    lines = "f(x, y) = k x y + w^T w + ||W||_F^2 + ||V||_F^2 + λ_1/3 + x_max"
    sizes = "w in R^2\nW in R^(2x2)\nV in R^(1x3)\nx_max in R"
    r = jacmagic.jacobian(f"{lines}\n{sizes}", "x, y")
    r.values["k"], r.values["w"] = -2.25e-7, [0.1, 1 / 3]
    assert str(r.values).startswith("x = 1; y = 1; ")
    again = jacmagic.jacobian(f"{lines}\n{r.values!s}", "x, y")
    assert {key: np.asarray(v).tolist() for key, v in again.values.items()} == {key: np.asarray(v).tolist() for key, v in r.values.items()}
