"""Measures rows: interleaved rounds, medians, ratios; the memory of each side in a process of its own."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

CLOCKS = {"wall": "perf_counter", "cpu": "process_time"}
ONE_THREAD = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


def clock_name() -> str:
    """The function of `time` that measures, here and in the processes of a row."""
    return CLOCKS[os.environ.get("JACMAGIC_CLOCK", "wall")]


def clock() -> float:
    now: float = getattr(time, clock_name())()
    return now


ENOUGH = 12.0
"""Seconds that one side of a row may take; a side that took more is not run again."""

ROUND = 0.03
"""Seconds that a round of a side takes at least; what is quicker is repeated."""

Work = Callable[[], Any]


@dataclass(frozen=True)
class Seconds:
    """A time that the work took itself, in a process of its own."""

    value: float


def agree(a: Any, b: Any) -> bool:
    import numpy as np

    return bool(np.allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-8))


@dataclass(frozen=True)
class Peer:
    """Something to compare with.

    make    prepares the work and returns it; preparing is not measured
    goal    how many times faster we are to be; None where it is only reported
    needs   the package without which it is left out
    same    how its result is compared with ours; None where it has none
    """

    name: str
    make: Callable[[], Work]
    goal: float | None = None
    needs: str = ""
    same: Callable[[Any, Any], bool] | None = agree


@dataclass(frozen=True)
class Row:
    """One thing that we do, and others do.

    limit   seconds that it is to take at most; None where only ratios count
    unit    what is shown instead of milliseconds: (name, function of seconds)
    memory  False where the work is a process of its own
    """

    name: str
    make: Callable[[], Work]
    peers: tuple[Peer, ...]
    limit: float | None = None
    unit: tuple[str, Callable[[float], float]] = ("ms", lambda seconds: 1e3 * seconds)
    memory: bool = True


# ------------------------------------------------------------------ time
class Side:
    """One side of a row: its work, how often it is repeated in a round, its times."""

    def __init__(self, work: Work) -> None:
        self.work, self.repeat, self.spent = work, 1, 0.0
        self.times: list[float] = []
        self.processor: list[float] = []
        self.value = self.run()  # warm; what is too slow to be warmed up for nothing counts at once
        if self.spent < ENOUGH / 4:
            while self.spent < ROUND and not isinstance(self.value, Seconds):
                self.repeat = max(2 * self.repeat, int(ROUND / self.times[-1]))
                self.spent = 0.0
                self.run()
            self.times, self.processor, self.spent = [], [], 0.0

    def run(self) -> Any:
        """The value of one round."""
        gc.collect()
        begin, of_processor = clock(), time.process_time()
        for _ in range(self.repeat):
            value = self.work()
        took = clock() - begin
        self.processor.append((time.process_time() - of_processor) / self.repeat)
        self.spent += took
        self.times.append(value.value if isinstance(value, Seconds) else took / self.repeat)
        return value

    def time(self) -> float | None:
        """The time of one more round; None where there have been enough."""
        if self.spent > ENOUGH:
            return None
        self.run()
        return self.times[-1]


def measure(row: Row, rounds: int) -> list[dict[str, Any]]:
    """One record for each peer."""
    ours = Side(row.make())
    sides = {peer: Side(peer.make()) for peer in row.peers if available(peer)}
    ratios: dict[Peer, list[float]] = {peer: [] for peer in sides}
    for k in range(rounds):
        order = [None, *sides]
        took = {peer: (sides[peer] if peer else ours).time() for peer in (order if k % 2 else reversed(order))}
        for peer, times in ratios.items():
            if took[peer] is not None and took[None] is not None:
                times.append(took[peer] / took[None])
    median = statistics.median(ours.times)
    inside = not isinstance(ours.value, Seconds)
    processor = row.unit[1](statistics.median(ours.processor)) if inside else None
    found = []
    for peer, side in sides.items():
        theirs = statistics.median(side.times)
        ratio = theirs / median
        spread = ratios[peer] or [ratio]
        found.append({
            "row": row.name, "unit": row.unit[0], "ours": row.unit[1](median), "processor": processor, "peer": peer.name,
            "theirs": row.unit[1](theirs), "ratio": ratio, "low": min(*spread, ratio), "high": max(*spread, ratio),
            "rounds": len(side.times), "goal": peer.goal,
            "reached": None if peer.goal is None else ratio >= peer.goal,
            "same": None if peer.same is None else peer.same(ours.value, side.value),
        })
    if row.limit is not None or not found:
        found.insert(0, {
            "row": row.name, "unit": row.unit[0], "ours": row.unit[1](median), "processor": processor, "peer": None,
            "limit": None if row.limit is None else row.unit[1](row.limit), "rounds": len(ours.times),
            "reached": None if row.limit is None else median <= row.limit, "same": None,
        })
    return found


def available(peer: Peer) -> bool:
    return not peer.needs or find_spec(peer.needs) is not None


# ------------------------------------------------------------------ memory
def peak() -> float:
    """The largest memory this process has had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # a process's own; resource's begins at what its parent had
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def memory_of(row: int, peer: int | None) -> float:
    """MB of one side of a row over importing SymPy and NumPy, in a fresh process."""
    code = f"import sys; sys.path[:0] = {[str(HERE), str(ROOT)]!r}; import harness; harness.take_memory({row}, {peer})"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def take_memory(row: int, peer: int | None) -> None:
    import_module("numpy")
    import rows
    import_module("sympy")

    before = peak()
    one = rows.ROWS[row]
    (one if peer is None else one.peers[peer]).make()()
    print(peak() - before)


def memory(k: int, row: Row) -> dict[str, Any]:
    """The peaks of the k-th row; of its peers, those that give what we give."""
    peers = {peer.name: memory_of(k, j) for j, peer in enumerate(row.peers) if available(peer) and peer.same}
    return {"row": row.name, "ours": memory_of(k, None), "peers": peers}
