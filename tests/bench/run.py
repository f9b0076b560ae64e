"""Benchmarks side by side with what people use now, in one run.

    python tests/bench/run.py [--only TEXT] [--rounds N] [--cpu] [--json FILE] [--readme]

For each row of `rows.py`: our time, each peer's, the ratio of the medians over interleaved
rounds with the lowest and the highest of the rounds' own ratios, what was to be reached, and
whether both gave the same result. Then the memory of each row, in a process of its own. The
exit status is 1 where results differ. `--readme` writes the table into .github/BENCHMARKS.md, and
what a user feels into README.md.

Times on a shared machine are noisy; ratios of interleaved runs are what counts. On a busy one
`--cpu` gives every side one thread and measures its processor seconds instead of the clock on the
wall. A peer that is not installed is left out, by name. All of them:

    python3 -m venv .bench
    .bench/bin/pip install -e . symengine casadi torch jax
    .bench/bin/python tests/bench/run.py

torch is quickest to install from its CPU index, https://download.pytorch.org/whl/cpu.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from harness import ONE_THREAD, ROOT, available, measure, memory
from rows import LECTURE, ROWS


# ------------------------------------------------------------------ the tables
def number(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def goal_text(one: dict[str, Any]) -> str:
    mark = {True: " ✓", False: " ✗", None: ""}[one["reached"]] + (" results differ" if one["same"] is False else "")
    if one["peer"] is None:
        if one["limit"] is None:
            return ""
        rate = one["unit"].endswith("/s")
        return f"at {'least' if rate else 'most'} {number(one['limit'])} {one['unit']}{mark}"
    goal = one["goal"]
    if goal is None:
        return mark.strip()
    return (f"{goal:g} times" if goal > 1 else "no slower" if goal == 1 else f"at most {1 / goal:.3g}× its time") + mark


def table(records: list[dict[str, Any]]) -> str:
    lines = ["| what | ours | against | theirs | theirs / ours (lowest–highest) | to reach |", "|---|---:|---|---:|---:|---|"]
    last = ""
    for one in records:
        name = "" if one["row"] == last else one["row"]
        last = one["row"]
        ours = f"{number(one['ours'])} {one['unit']}"
        if one["peer"] is None:
            lines.append(f"| {name} | {ours} | | | | {goal_text(one)} |")
            continue
        lines.append(
            f"| {name} | {ours if name else ''} | {one['peer']} | {number(one['theirs'])} {one['unit']} | "
            f"{number(one['ratio'])} ({number(one['low'])}–{number(one['high'])}) | {goal_text(one)} |"
        )
    return "\n".join(lines)


def memory_table(records: list[dict[str, Any]]) -> str:
    if not records:
        return ""
    lines = ["| peak memory over importing SymPy and NumPy | ours, MB | theirs, MB |", "|---|---:|---|"]
    for one in records:
        theirs = ", ".join(f"{name} {number(mb)}" for name, mb in one["peers"].items())
        lines.append(f"| {one['row']} | {number(one['ours'])} | {theirs} |")
    return "\n".join(lines)


def short_table(records: list[dict[str, Any]], peaks: list[dict[str, Any]]) -> str:
    """One line a row, for the page of measurements: how many times as fast as each peer, and the memory of both."""
    lines = ["| | ours | processor | times as fast as | MB | MB of theirs |", "|---|---:|---:|---|---:|---|"]
    memory_of = {one["row"]: one for one in peaks}
    for name in dict.fromkeys(one["row"] for one in records):
        rows = [one for one in records if one["row"] == name]
        against = "; ".join(f"{one['peer']}: **{number(one['ratio'])}** ({number(one['low'])}–{number(one['high'])})"
                            for one in rows if one["peer"])
        peak = memory_of.get(name)
        theirs = ", ".join(f"{peer.partition(',')[0]} {number(mb)}" for peer, mb in peak["peers"].items()) if peak else ""
        ours = number(peak["ours"]) if peak else ""
        took = rows[0]["processor"]
        processor = "" if took is None else f"{number(took)} {rows[0]['unit']}"
        lines.append(
            f"| {name} | {number(rows[0]['ours'])} {rows[0]['unit']} | {processor} | {against} | {ours} | {theirs} |")
    return "\n".join(lines)


LECTURES = tuple(f"lecture cell, {name}: text to displayed panel" for name in LECTURE)
FELT: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("loading the extension", ("`%load_ext jacmagic`",), "import SymPy, NumPy and ipywidgets", "importing SymPy and NumPy"),
    ("the first cell, a second later", ("the same, a second after `%load_ext`",), "import SymPy and NumPy, no more", "the same"),
    ("five lecture cells, text to panel", LECTURES, "the same, SymPy, the tutorial's way", "SymPy's bare numbers and LaTeX"),
    ("100 lines, their Jacobian", ("the same, n = 100, as 100 written lines, from text",), "parse_expr and Matrix.jacobian", "SymPy"),
    ("J at one point, generated code", ("2×2 Jacobian at one point, generated Python",), "written by hand", "by hand"),
    ("10 steps of 784-128-64-10 on 1,000 examples", ("n.train, 784-128-64-10, 1,000 examples: 10 steps",), "PyTorch, eager", "PyTorch"),
)
"""What a user feels: its words, the rows that are measured, the peer, the peer's words."""
assert {row for _, rows, _, _ in FELT for row in rows} <= {row.name for row in ROWS}


def between(values: list[float]) -> str:
    """The smallest and the largest, where these differ as they are written."""
    return "–".join(dict.fromkeys(number(x) for x in (min(values), max(values))))


def felt_table(records: list[dict[str, Any]]) -> str:
    """What a user feels, for the README."""
    lines = ["| | takes | times as fast as |", "|---|---:|---|"]
    for words, rows, peer, theirs in FELT:
        found = [one for one in records if one["row"] in rows and one["peer"] == peer]
        if found:
            lines.append(f"| {words} | {between([one['ours'] for one in found])} {found[0]['unit']} | "
                         f"{theirs}: {between([one['ratio'] for one in found])} |")
    return "\n".join(lines)


def versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in ("sympy", "numpy", "symengine", "casadi", "torch", "jax"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def write(path: Path, text: str) -> None:
    """Put the text in the place of what stood between the marks of a page."""
    before, _, rest = path.read_text(encoding="utf-8").partition("<!-- measured -->\n")
    path.write_text(f"{before}<!-- measured -->\n{text}\n{rest[rest.index('<!-- end -->'):]}", encoding="utf-8")


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--only", default="", help="rows whose name has this in it")
    ask.add_argument("--rounds", type=int, default=9)
    ask.add_argument("--json", type=Path)
    ask.add_argument("--readme", action="store_true", help="write the tables into .github/BENCHMARKS.md and README.md")
    ask.add_argument("--no-memory", action="store_true")
    ask.add_argument("--cpu", action="store_true", help="processor seconds of one thread, for a busy machine")
    args = ask.parse_args()
    if args.readme and args.only:
        ask.error("the pages have all rows: --readme goes without --only")
    if args.cpu:
        os.environ |= {"JACMAGIC_CLOCK": "cpu", **ONE_THREAD}
    begin = time.perf_counter()
    chosen = [(k, row) for k, row in enumerate(ROWS) if args.only in row.name]
    done: list[dict[str, Any]] = []
    for _, row in chosen:
        done += measure(row, args.rounds)
        print(f"{time.perf_counter() - begin:4.0f} s, {sum(os.times()[:4]):4.0f} s of processors  {row.name}", file=sys.stderr)
    peaks = [memory(k, row) for k, row in chosen if row.memory and not args.no_memory]
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    missing = sorted({p.needs for _, row in chosen for p in row.peers if not available(p)})
    clock = "processor time of one thread" if args.cpu else "time on the wall"
    used = f"{clock.capitalize()}, {os.cpu_count()} cores; {used}."
    if missing:
        used += f" Left out, not installed: {', '.join(missing)}."
    print(table(done), memory_table(peaks), used, sep="\n\n")
    if args.json:
        args.json.write_text(json.dumps(
            {"clock": clock, "cores": os.cpu_count(), "versions": versions(), "rows": done, "memory": peaks}, indent=1, ensure_ascii=False
        ))
    if args.readme:
        write(ROOT / ".github" / "BENCHMARKS.md", f"{short_table(done, peaks)}\n\n{used}")
        write(ROOT / "README.md", felt_table(done))
    return 1 if any(one["same"] is False for one in done) else 0


if __name__ == "__main__":
    raise SystemExit(main())
