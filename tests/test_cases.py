"""The acceptance cases: blocks with what jacmagic must answer. `cases/` holds them, one JSON object a line."""

from __future__ import annotations

import json
import pickle
import re
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

import jacmagic

BESIDE = Path(__file__).parents[2] / "shared" / "cases"
FOLDER = BESIDE if BESIDE.is_dir() else Path(__file__).parent / "cases"


def cases(name: str) -> list[Any]:
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(case, id=case["id"]) for case in map(json.loads, filter(None, lines))]


def answer(case: dict[str, Any]) -> Any:
    if case["api"] == "nnchain":
        return jacmagic.nnchain(case["source"])
    return jacmagic.jacobian(case["source"], wrt=case.get("wrt"))


# ------------------------------------------------------------------ formulas
def plain(name: str) -> str:
    """One spelling of a symbol, however it is indexed: W_{1,2} is W12, λ is lam."""
    letters = "".join(
        "lam" if "LAMDA" in unicodedata.name(ch, "") else ch for ch in name if ch.isalnum()
    )
    return re.sub(r"^lambda(?=\d|$)", "lam", letters)


def expected(text: str) -> sp.Expr:
    known = {name: getattr(sp, name) for name in (
        "exp log sqrt cbrt sin cos tan cot sec csc asin acos atan atan2 sinh cosh tanh asinh acosh atanh Abs sign Max Min "
        "erf floor ceiling Piecewise pi".split())}
    for word in set(re.findall(r"[A-Za-z_]\w*", text)) - {"True", "False", *known}:
        known[word] = sp.Symbol(plain(word), real=True)
    return sp.sympify(text, locals=known)


def agree(got: Any, text: str) -> bool:
    """True where both have the same value at five points."""
    got = sp.sympify(got)
    got = got.xreplace({s: sp.Symbol(plain(s.name), real=True) for s in got.free_symbols})
    got = got.replace(lambda e: hasattr(e, "expand_definition"), lambda e: e.expand_definition())
    want = expected(text)
    names = sorted(got.free_symbols | want.free_symbols, key=str)
    rng, met = np.random.default_rng(len(text)), 0
    for _ in range(60):
        point = {name: sp.Float(round(rng.uniform(0.15, 1.9), 6), 30) for name in names}
        a, b = (complex(sp.N(e.subs(point).doit(), 20)) for e in (want, got))
        if a == a and abs(a.imag) < 1e-15:
            if abs(a - b) > 1e-12 * max(1.0, abs(a)):
                return False
            met += 1
            if met == 5:
                return True
    return met > 0


def rows(value: Any) -> list[list[Any]]:
    value = value.as_explicit() if hasattr(value, "as_explicit") else value
    if not hasattr(value, "shape"):
        return [[value]]
    return sp.Matrix(value).tolist() if len(value.shape) == 2 else [[entry] for entry in value]


def check_formulas(got: Any, wanted: list[list[str]], loose: bool = False) -> None:
    entries = rows(got)
    if loose:
        flat = [e for row in entries for e in row]
        entries = [flat[k : k + len(wanted[0])] for k in range(0, len(flat), len(wanted[0]))]
    assert [len(row) for row in entries] == [len(row) for row in wanted]
    for have, want in zip(entries, wanted):
        for a, b in zip(have, want):
            assert agree(a, b), f"{a}, not {b}"


def check_numbers(got: Any, wanted: Any, rtol: float, any_shape: bool = False) -> None:
    have, want = np.asarray(got, dtype=float), np.asarray(wanted, dtype=float)
    if any_shape or want.ndim < 2:
        have = have.reshape(want.shape)
    assert have.shape == want.shape
    np.testing.assert_allclose(have, want, rtol=rtol, atol=max(1e-12, rtol * np.abs(want).max(initial=0)))


# ------------------------------------------------------------------ the cases
@pytest.mark.parametrize("case", cases("values"))
def test_a_block_is_answered_as_it_must_be(case: dict[str, Any]) -> None:
    r = answer(case)
    point = {key: np.array(v, dtype=float) for key, v in case["point"].items()}
    for check in case["checks"]:
        what, rtol = check["what"], check.get("rtol", 1e-9)
        if what == "matrix":
            check_formulas(r.matrix, check["symbolic"])
            assert not check.get("exact") or not r.matrix.atoms(sp.Float)
        elif what == "variables":
            assert [str(v) for v in r.variables] == check["equals"]
        elif what == "parameters":
            assert sorted(str(v) for v in r.parameters) == sorted(check["equals"])
        elif what == "det":
            assert agree(r.matrix.det(), check["symbolic"])
        elif what == "at":
            of = check["of"] or (r.layers[-1].name if check["wrt"] else None)
            got = r.at(of, check["wrt"], **point) if of else r.at(**point)
            check_numbers(got, check["equals"], rtol, check.get("shape") == "any")
        elif what == "forward":
            check_numbers(r.forward(**point)[check["name"]], check["equals"], rtol)
        elif what == "jacobian":
            check_formulas(r.jacobian(check["of"], check["wrt"]), check["symbolic"], loose=True)
        elif what == "layers":
            assert [layer.name for layer in r.layers] == check["equals"]
        elif what == "layer":
            local = next(one for one in r.layers if one.name == check["name"]).jacobians[check["wrt"]]
            forms = [check["symbolic"], *check.get("or", [])]
            assert any(all(agree(a, b) for x, y in zip(rows(local), form) for a, b in zip(x, y)) for form in forms)
        elif what == "function":
            call, one = pickle.loads(pickle.dumps(r.function(check["backend"]))), r.at(**point)
            check_numbers(call(**point), one, 1e-9)
            many = {key: np.stack([v] * check["copies"]) for key, v in point.items()}
            check_numbers(call(**many), np.stack([one] * check["copies"]), 1e-9)
        elif what == "latex":
            assert all(part in r.latex() for part in check["has"])
            assert not any(part in r.latex() for part in check["lacks"])
        elif what == "product":
            factors = [np.asarray(r.at(of, wrt, **point)) for of, wrt in check["chain"]]
            check_numbers(np.linalg.multi_dot(factors) if len(factors) > 1 else factors[0], check["equals"], rtol)
        else:
            pytest.fail(f"the case asks for the unknown check {what}")


def either(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("case", cases("errors"))
def test_a_block_is_refused_as_it_must_be(case: dict[str, Any]) -> None:
    try:
        result = answer(case)
        if case.get("may_succeed"):
            assert result.matrix is not None
            return
    except jacmagic.JacmagicError as caught:
        error = caught
    else:
        pytest.fail("no error was raised")
    if case.get("may_succeed"):
        return
    offered = re.sub(r"\s+", "", f"{error} {' '.join(error.hints)}")
    assert case["line"] is None or error.line in either(case["line"])
    if case["text"] is not None:
        assert error.span is not None
        assert case["source"][error.span.start : error.span.stop].strip() in [t.strip() for t in either(case["text"])]
    for fix in case["fixes"]:
        assert any(re.sub(r"\s+", "", choice) in offered for choice in either(fix))
    for word in case.get("mentions", ()):
        assert word in str(error)
