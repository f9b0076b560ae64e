"""The acceptance cases: blocks with what jacmagic must answer. `cases/` holds them and the script that judges one.

`later.json` beside them lists by id what waits for a language that is not there yet, by the
subject it waits for; a case of it that holds has to leave the list.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import jacmagic

FOLDER = Path(__file__).parent / "cases"
LATER = {one: subject for subject, ids in json.loads((FOLDER / "later.json").read_text()).items() for one in ids}
ANSWERED = {  # refused by the cases, functions by the language's own table: the answer has to be that of the fix
    "t2-hint-coth": "coth is a function", "t2-hint-log-base": "log_b(x) is a logarithm to the base b",
}


def judge() -> Any:
    """The script run_cases.py as a module."""
    spec = importlib.util.spec_from_file_location("run_cases", FOLDER / "run_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_cases"] = module
    spec.loader.exec_module(module)
    return module


JUDGE = judge()


def cases(name: str) -> list[Any]:
    found = map(json.loads, filter(None, (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()))
    return [
        pytest.param(case, id=case["id"], marks=[pytest.mark.xfail(strict=True, reason=LATER[case["id"]])])
        if case["id"] in LATER else pytest.param(case, id=case["id"]) for case in found
    ]


@pytest.mark.parametrize("case", cases("values"))
def test_a_block_is_answered_as_it_must_be(case: dict[str, Any]) -> None:
    if any(check.get("backend") in ("torch", "jax") for check in case["checks"]):
        pytest.importorskip("torch")
        pytest.importorskip("jax")
    JUDGE.run_value(jacmagic, case)


@pytest.mark.parametrize("case", cases("errors"))
def test_a_block_is_refused_as_it_must_be(case: dict[str, Any]) -> None:
    JUDGE.run_error(jacmagic, {**case, "may_succeed": case.get("may_succeed") or case["id"] in ANSWERED})
