"""Where equations hold, where a system or a map rests, where a gradient is 0: by SymPy, else by Newton's method.

What SymPy finds within two seconds is exact and in symbols. Else Newton's method starts from a grid over the ranges
of the sliders, with all other names at their current values; it finds what it finds, and says so.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from jacmagic.engine import chain as c
from jacmagic.engine import implicit
from jacmagic.engine.graph import Node
from jacmagic.values import identifier

if TYPE_CHECKING:
    from jacmagic.result import Result

SECONDS = 2.0
PATIENCE = 3  # times as much by the clock, where other work is on the machine
"""How long SymPy looks for a solution."""

WAITS = 200
"""Milliseconds in which a thread is waited for to be in SymPy's code, where it is told to end."""

HEARS = 0.2
"""Seconds in which it hears of that, and ends: at its next step in Python."""

TRIED = 40
"""Starts from which Newton's method looks for what SymPy has left out."""

MAX_STARTS = 400
"""Points from which Newton's method starts. Instead: `r.vector()` and a solver of SciPy."""

REACH = 5.0
"""How far from 0 Newton's method starts where no line states a range."""

FLAT = 1e-9
"""Below this part of the largest one an eigenvalue of a Hessian is 0; panel/src/hessian.js too."""

ALONG = (1.0, -1.0, 2.3)
"""Times their values the unknowns that a solution leaves free are where it is judged: on a line the word may change."""

MAX_SOLVED = 6
"""Unknowns of equations that are solved. Instead: likewise."""


class Solution(dict[str, Any]):
    """{name: its value}, SymPy's where it is exact, else a float.

    Attributes:
        kind         the word: "minimum", "maximum", "saddle"; "stable node", …; "" of an equation's solution
        eigenvalues  of the Hessian or the Jacobian there, with the other names at their current values
    """

    kind: str = ""
    eigenvalues: tuple[complex, ...] = ()

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}: {value:.6g}" if isinstance(value, float) else f"{key}: {value}"
                           for key, value in self.items())
        return (f"{{{inside}}}" if self else "everywhere") + (f" {self.kind}" if self.kind else "")


class Solutions(list[Solution]):
    """What was found. `exact`: all of it, in symbols; else by Newton's method from a grid, and there may be more."""

    exact = True

    def __repr__(self) -> str:
        shown = "\n".join(map(repr, self)) or "none found"
        return shown if self.exact else f"{shown}\n(by Newton's method from a grid: there may be more)"


def solve(result: Result) -> Solutions:
    """Where the residuals of the block's equations are 0, by its variables; of y = y(x) by what they define."""
    p, g = result.program, result.program.graph
    if not p.zeros:
        raise ValueError("there is no equation to solve in this block, such as x^2 + y^2 = 1")
    if p.conditions is not None:
        roots, targets = list(p.conditions.residuals), list(p.conditions.names)
    else:
        roots, _ = c.rebuild(g, [p.node(key) for key in p.zeros])
        targets = variables(result)
    return _found(result, roots, targets, lambda values: ("", ()))


def equilibria(result: Result) -> Solutions:
    """Where a system rests, or a map stays; each with its word, by the eigenvalues of J there."""
    p, g = result.program, result.program.graph
    steps = [one for one in p.steps.values() if one.kind in ("equation", "map")]
    if not steps:
        raise ValueError("equilibria are of a system, x' = …, or of a map, x_{n+1} = …")
    targets, as_map = variables(result), steps[0].kind == "map"
    roots, _ = c.rebuild(g, [one.node for one in steps])
    if len(roots) != len(targets) or [one.size for one in roots] != [one.size for one in targets]:
        raise ValueError("equilibria are by the variables that the equations change")
    rests = [g.add([root, g.scale(-1, one)]) for root, one in zip(roots, targets)] if as_map else roots
    jacobian = _matrix(result, roots, targets)

    def kind(values: dict[str, Any]) -> tuple[str, tuple[complex, ...]]:
        found = _eigenvalues(np.linalg.eigvals, jacobian(values))
        return stability(found, as_map), tuple(found)

    return _found(result, rests, targets, kind)


def critical_points(result: Result) -> Solutions:
    """Where the gradient of the one function is 0; each with its word, by the eigenvalues of the Hessian there."""
    p, g = result.program, result.program.graph
    (root, *others), _ = c.rebuild(g, [p.node(key) for key in p.outputs])
    if others or root.size != 1:
        raise ValueError("critical points are of one function whose value is a number")
    targets = variables(result)
    number = g.take(root, (0,), ()) if root.shape else root
    gradient = c.jacobians(g, number, targets, reuse=False)
    hessian = _matrix(result, gradient, targets)

    def kind(values: dict[str, Any]) -> tuple[str, tuple[complex, ...]]:
        found = _eigenvalues(np.linalg.eigvalsh, hessian(values))
        return extremum(found), tuple(found)

    return _found(result, gradient, targets, kind)


def _eigenvalues(of: Callable[[np.ndarray], np.ndarray], matrix: np.ndarray) -> np.ndarray:
    """The eigenvalues of a matrix; nan of one that is not finite."""
    return of(matrix) if np.isfinite(matrix).all() else np.full(len(matrix), np.nan)


def extremum(eigenvalues: np.ndarray) -> str:
    """What a critical point is by the eigenvalues of its Hessian."""
    if not np.isfinite(eigenvalues).all():
        return "not decided: the second derivatives are not finite"
    size = max(float(np.max(np.abs(eigenvalues))), 1e-12)
    low, high = (eigenvalues < -FLAT * size).any(), (eigenvalues > FLAT * size).any()
    if low and high:
        return "saddle"
    if (np.abs(eigenvalues) <= FLAT * size).any():
        return "not decided by second derivatives"
    return "maximum" if low else "minimum"


def stability(found: np.ndarray, as_map: bool) -> str:
    """What an equilibrium is by the eigenvalues of J, as the panel says it."""
    if not np.isfinite(found).all():
        return "not decided: J is not finite"
    size, n = max(float(np.max(np.abs(found))), 1e-300), len(found)
    sides = np.abs(found) - 1 if as_map else np.real(found) / size
    low, high = sides < -1e-7, sides > 1e-7
    turning = bool((np.abs(np.imag(found)) > 1e-7 * size).any())
    if low.any() and high.any():
        return "saddle-focus" if n > 2 and turning else "saddle"
    if low.all() or high.all():
        alone = "fixed point" if as_map else "equilibrium"
        return f"{'stable' if low.all() else 'unstable'} {'focus' if turning else alone if n == 1 else 'node'}"
    if n == 2 and turning and not as_map:
        return "centre by linearisation"
    edge = "|λ| = 1" if as_map else "Re λ = 0"
    return f"unstable, with {edge}" if high.any() else f"not decided by J: {edge}"


# ------------------------------------------------------------------ finding
Kind = Callable[[dict[str, Any]], tuple[str, tuple[complex, ...]]]


def variables(result: Result, what: str = "what is solved for") -> list[Node]:
    """The inputs that the variables are."""
    p = result.program
    if defined := [key for key in p.variables if key in p.steps]:
        raise ValueError(f"{defined[0]} is defined by the block; {what} are names that have no definition")
    return [p.graph.input(key, p.shape(key)) for key in p.variables]


def _matrix(result: Result, roots: Sequence[Node], targets: Sequence[Node]) -> Callable[[dict[str, Any]], np.ndarray]:
    """The Jacobian of some nodes by some inputs, at a point."""
    g, nodes = result.program.graph, {}
    for i, root in enumerate(roots):
        for j, one in enumerate(c.jacobians(g, root, list(targets))):
            nodes[f"{i} {j}"] = c.arranged(g, one, (root.size, targets[j].size))
    run = result.compile_nodes(nodes)

    def at(values: dict[str, Any]) -> np.ndarray:
        with np.errstate(all="ignore"):
            out = run(**values)
        return np.block([[np.asarray(out[f"{i} {j}"], float) for j in range(len(targets))] for i in range(len(roots))])

    return at


def _found(result: Result, roots: Sequence[Node], targets: Sequence[Node], kind: Kind) -> Solutions:
    """The solutions, each with its word; exact ones first of all."""
    unknowns = [symbol for one in targets for symbol in result.entry_symbols(one.data)]
    if len(unknowns) > MAX_SOLVED:
        raise ValueError(f"at most {MAX_SOLVED} unknowns are solved for; here are {len(unknowns)}")
    exact = _exact([entry for root in roots for entry in result.entries(root)], unknowns)
    point = result.point({})
    few = [] if exact is None else _by_grid(result, roots, targets, unknowns, TRIED)
    if exact is not None and not all(any(_covers(result, one, at, point) for one in exact) for at in few):
        exact = None  # SymPy leaves out roots that it has no form for, and does not say so
    near = [] if exact is not None else _by_grid(result, roots, targets, unknowns)
    found = Solutions(map(Solution, near if exact is None else exact))
    found.exact = exact is not None
    for one in found:
        kinds = []
        for factor in ALONG if len(one) < len(unknowns) else ALONG[:1]:
            here = point | {key: factor * point[key] for key in map(identifier, (target.data for target in targets))}
            numbers = [_number(result, one.get(symbol.name, symbol), here) for symbol in unknowns]
            if np.isfinite(numbers).all():
                kinds.append(kind(here | _split(targets, numbers)))
        one.kind, one.eigenvalues = kinds[0] if kinds else ("no real number at the current values", ())
        if len(words := dict.fromkeys(word for word, _ in kinds)) > 1:
            one.kind, one.eigenvalues = f"differs along it: {'; '.join(words)}", ()
    return found


def _covers(result: Result, found: Mapping[str, Any], at: Mapping[str, float], point: dict[str, Any]) -> bool:
    """Whether a solution in symbols is, or passes through, a place in numbers."""
    put = {symbol: at[symbol.name] for value in found.values() if isinstance(value, sp.Expr)
           for symbol in value.free_symbols if symbol.name in at}
    values = [(_number(result, value.subs(put) if isinstance(value, sp.Expr) else value, point), at[name])
              for name, value in found.items()]
    return all(abs(a - b) <= 1e-4 * (1 + abs(b)) for a, b in values)


def _split(targets: Sequence[Node], flat: Sequence[float]) -> dict[str, Any]:
    """The values of some names from those of their entries."""
    out, at = {}, 0
    for one in targets:
        part, at = flat[at : at + one.size], at + one.size
        out[identifier(one.data)] = np.reshape(np.asarray(part, dtype=float), one.shape)
    return out


def _number(result: Result, value: Any, point: dict[str, Any]) -> float:
    """A value with the other names at their current values."""
    if not isinstance(value, sp.Expr):
        return float(value)
    swap = {
        symbol: number for key in result.program.inputs for symbol, number in
        zip(result.entry_symbols(key), np.ravel(point[identifier(key)])) if symbol in value.free_symbols
    }
    shown = complex(value.subs(swap).evalf())
    return shown.real if abs(shown.imag) < 1e-9 * (1 + abs(shown.real)) else float("nan")


def _exact(equations: Sequence[sp.Expr], unknowns: Sequence[sp.Symbol]) -> list[dict[str, Any]] | None:
    """What SymPy finds in time, in real numbers; None where it finds nothing, or not all."""
    def look() -> Any:
        return sp.solve(list(equations), list(unknowns), dict=True)

    wanted = [one for one in equations if one != 0]
    if not wanted:
        return [{}]  # a constant's gradient
    if any(one.has(sp.floor, sp.sign, sp.Piecewise) for one in wanted):
        return None
    found = in_time(look, SECONDS)
    if found is None:
        return None
    periodic = any(one.has(sp.sin, sp.cos, sp.tan) and one.free_symbols & {*unknowns} for one in wanted)
    if periodic or not found and not all(one.is_polynomial(*unknowns) for one in wanted):
        return None  # infinitely many, of which SymPy says some; or nothing that it can say
    real = [one for one in found if not any(_is_complex(value) for value in one.values())]
    if any(value.has(sp.I, sp.CRootOf) for one in real for value in one.values()):
        return None  # three real roots of a cubic, which SymPy writes with i
    return [{symbol.name: one[symbol] for symbol in unknowns if symbol in one} for one in real]


def _is_complex(value: sp.Expr) -> bool:
    """True of a number that is plainly not real."""
    return value.is_real is False or not value.free_symbols and abs(sp.im(value.evalf())) > 1e-9


def in_time(look: Callable[[], Any], seconds: float) -> Any:
    """What a function gives, None where it fails or takes longer; then it is told to stop.

    The seconds are of its own processor time, where the system tells it, so that other work takes nothing away.
    """
    out: list[Any] = []

    clock: list[int] = []

    def run() -> None:
        if hasattr(time, "pthread_getcpuclockid"):
            clock.append(time.pthread_getcpuclockid(threading.get_ident()))
        with suppress(Exception, SystemExit):  # SymPy says in many ways that it cannot
            out.append(look())

    thread = threading.Thread(target=run, daemon=True)
    collects = gc.isenabled()
    gc.disable()  # what is raised in a callback of the garbage collector is lost, and no look at the thread tells it
    try:
        thread.start()
        end = time.monotonic() + PATIENCE * seconds
        left = seconds
        while thread.is_alive() and left > 0.01 and time.monotonic() < end:
            thread.join(left)
            left = seconds - _used(clock, seconds)
        if thread.is_alive():
            _stop(thread)
    except RuntimeError:  # a Python without threads, as in a browser: nothing could stop SymPy there
        return None
    finally:
        if collects:
            gc.enable()
    return out[0] if out else None


def _stop(thread: threading.Thread) -> None:
    """Tell a thread to end while it is in SymPy's own code; in a callback or a finalizer the word would be lost.

    It may have gone on between the look at where it is and the word: then the word is taken back.
    """
    tell, ident = ctypes.pythonapi.PyThreadState_SetAsyncExc, ctypes.c_ulong(thread.ident or 0)
    word = ctypes.py_object(SystemExit)
    for _ in range(WAITS):
        if not thread.is_alive():
            return
        if _in_sympy(thread):
            tell(ident, word)
            if _in_sympy(thread):
                break
            tell(ident, None)
        thread.join(0.001)
    else:
        tell(ident, word)
    thread.join(HEARS)


def _in_sympy(thread: threading.Thread) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is None or str(frame.f_globals.get("__name__")).partition(".")[0] in ("sympy", "mpmath")


def _used(clock: Sequence[int], most: float) -> float:
    """Processor time of a thread by its clock; `most` where the system tells none, or the thread has ended."""
    try:
        return time.clock_gettime(clock[0]) if clock else most
    except OSError:
        return most


def _by_grid(
    result: Result, roots: Sequence[Node], targets: Sequence[Node], unknowns: Sequence[sp.Symbol],
    starts: int = MAX_STARTS,
) -> list[dict[str, Any]]:
    """The different points at which Newton's method ends, from starts all over the ranges of the unknowns."""
    g = result.program.graph
    value = result.compile_nodes({str(k): root for k, root in enumerate(implicit.solved(g, list(roots)))})
    slope, point = _matrix(result, roots, targets), result.point({})

    def both(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        here = point | _split(targets, list(flat))
        with np.errstate(all="ignore"):
            out = value(**here)
        return np.concatenate([np.ravel(out[str(k)]) for k in range(len(roots))]), slope(here)

    ends = [_range(result, one.data) for one in targets for _ in range(one.size)]
    found: list[np.ndarray] = []
    for start in _starts(ends, starts):
        at = _newton(both, start)
        inside = at is not None and all(low - 1e-6 <= v <= high + 1e-6 for v, (low, high) in zip(at, ends))
        if at is not None and inside and not any(np.allclose(at, one, rtol=1e-6, atol=1e-6) for one in found):
            found.append(at)
    keys = [one.name for one in unknowns]
    return [dict(zip(keys, map(float, one))) for one in sorted(found, key=lambda one: tuple(one.round(6)))]


def _range(result: Result, key: str) -> tuple[float, float]:
    """Where a name is looked for: in the range that a line states, else as far as its value and REACH."""
    stated = result.program.inputs[key].range
    if stated is not None:
        return stated[0], stated[1]
    far = max(REACH, 2 * float(np.max(np.abs(result.values[key]))))
    return -far, far


def _starts(ends: Sequence[tuple[float, float]], most: int) -> Iterable[np.ndarray]:
    """A grid; a little off the middle, where much is symmetric."""
    count = max(2, min(60, int(most ** (1 / len(ends)))))
    axes = [np.linspace(low, high, count) + 1e-3 * (high - low) for low, high in ends]
    return map(np.array, itertools.product(*axes))


def _newton(both: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], at: np.ndarray) -> np.ndarray | None:
    """Where Newton's steps from a start end, None where they do not."""
    for _ in range(40):
        f, J = both(at)
        if not (np.isfinite(f).all() and np.isfinite(J).all()):
            return None
        step = np.linalg.lstsq(J, f, rcond=1e-12)[0]
        at = at - step
        if np.max(np.abs(step)) < 1e-11 * (1 + np.max(np.abs(at))):
            return _rounded(both, at) if np.max(np.abs(f)) < 1e-8 else None
    return None


def _rounded(both: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], at: np.ndarray) -> np.ndarray:
    """The place with 0 for what is nearly 0, where that solves no worse: a multiple root has half of its digits."""
    for near in (1e-6, 1e-12):
        zeros = np.where(np.abs(at) < near, 0.0, at)
        if np.max(np.abs(both(zeros)[0])) <= np.max(np.abs(both(at)[0])):
            return zeros
    return at
