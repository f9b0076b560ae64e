"""What a magic does while it works: it can be stopped at any moment, and says so when it takes long.

An interrupt may fall between any two instructions, also into what is to tidy up after it. So there is
nothing to tidy up: no signal handler is replaced. What watches the work knows the frame that does it,
and leaves as soon as that frame is no longer on its thread's stack.

Its thread is made by `_thread`, and what the two threads share are bare locks: an interrupt inside
`threading.Thread.start` or `Event.set` can leave a lock closed for ever.
"""

from __future__ import annotations

import _thread
import atexit
import importlib
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

WORDS = "working …  (interrupt to stop)"

AFTER = 1.0
"""Seconds to the first word."""

MOMENT = 0.1
"""Seconds from `%load_ext` to the imports behind it: a cell that comes at once does them itself."""

LOOKS = 0.05
"""Seconds between two looks of the watch whether the work goes on."""


def stoppable(work: Callable[[], T], alone: bool, left: str = "nothing has changed") -> T:
    """What the work gives; a second into it a line says that it goes on and how to stop it.

    In a notebook only where the cell is `alone`, the magic being all of it: to take the line away again
    is to clear the output, in which nothing else stands then. In a terminal the line is erased.

    Raises:
        KeyboardInterrupt: it was stopped; what IPython shows of that says what is `left`. It would draw
            the traceback through all of SymPy, which takes seconds.
    """
    said = _Said(alone)
    with suppress(RuntimeError):  # a Python without threads, as in a browser, works without a word
        _thread.start_new_thread(said.watch, (_thread.get_ident(), sys._getframe()))
    try:
        return work()
    except KeyboardInterrupt as stop:
        shown: Any = stop
        shown._render_traceback_ = lambda: [f"KeyboardInterrupt: stopped; {left}."]
        raise
    finally:
        said.erase()


class _Said:
    """The line that says that the work goes on."""

    def __init__(self, alone: bool) -> None:
        self.alone = alone
        self.shown = self.ended = False
        self.lock = _thread.allocate_lock()  # of the two flags
        self.going = _thread.allocate_lock()  # open when the work has ended
        self.going.acquire()

    def watch(self, thread: int, frame: FrameType) -> None:
        """Say it after a second, unless the frame has been left by then, in whatever way."""
        begin = time.monotonic()
        while not self.going.acquire(timeout=LOOKS) and _stands_on(sys._current_frames().get(thread), frame):
            if time.monotonic() - begin >= AFTER:
                self.say()
                return

    def say(self) -> None:
        with self.lock:
            if self.ended:
                return
            self.shown = True
            if kernel_shell() is not None:
                if self.alone:
                    from IPython.display import display

                    display({"text/plain": WORDS}, raw=True)
            elif sys.stderr.isatty():
                sys.stderr.write(WORDS)
                sys.stderr.flush()

    def erase(self) -> None:
        self.going.release()
        with self.lock:
            self.ended = True
        if not self.shown:
            return
        if kernel_shell() is not None:
            if self.alone:
                from IPython.display import clear_output

                clear_output(wait=True)
        elif sys.stderr.isatty():
            sys.stderr.write("\r" + " " * len(WORDS) + "\r")
            sys.stderr.flush()


_coming: dict[str, Any] = {}
"""Modules that a thread imports just now, and the lock that it opens when it has them."""


def load(module: str) -> None:
    """Import a module on a thread of its own, which no interrupt reaches.

    NumPy and SymPy that were interrupted half way cannot be imported again in that process: one
    interrupt of a kernel's first cell in four ended it. Where it is stopped the import goes on behind.
    """
    done = _coming.get(module)
    if done is None:
        if module in sys.modules:
            return
        done = _begin((module,))
    if done is not None:
        done.acquire()
        done.release()  # for whoever else waits


def prepare(*modules: str) -> None:
    """Begin to import modules a moment from now, unless the process ends before; nobody waits for it."""
    first = _thread.allocate_lock()
    first.acquire()
    done = _begin(tuple(one for one in modules if one not in sys.modules), first)
    if done is None:
        return

    def end() -> None:
        with suppress(RuntimeError):
            first.release()
        done.acquire(timeout=AFTER)  # an extension module must not be left half way

    atexit.register(end)


def _begin(modules: tuple[str, ...], first: Any = None) -> Any:
    """The lock that opens when a thread has imported the modules; None where there are no threads.

    With `first` it looks whether that lock stays closed for a moment, and imports nothing if it opens.
    """
    done = _thread.allocate_lock()
    done.acquire()

    def run() -> None:
        try:
            if first is None or not first.acquire(timeout=MOMENT):
                for module in modules:
                    with suppress(BaseException):  # it will fail again where it can be shown
                        _coming[module] = done
                        importlib.import_module(module)
                    _coming.pop(module, None)
        finally:
            done.release()

    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:
        return None
    return done


def _stands_on(top: FrameType | None, frame: FrameType) -> bool:
    """Whether the frame is on the stack under `top`."""
    while top is not None and top is not frame:
        top = top.f_back
    return top is frame


# ------------------------------------------------------------------ interrupts that Python loses
def keep_interrupts() -> None:
    """From now on an interrupt that Python swallows during the work comes through all the same.

    One that falls into a callback of the garbage collector, and one in thirty does, ends that callback
    alone: Python hands it to `sys.unraisablehook`, and the work goes on.
    """
    if not isinstance(sys.unraisablehook, _Keeper):
        sys.unraisablehook = _Keeper(sys.unraisablehook)


def let_interrupts_go() -> None:
    """Take away what `keep_interrupts` added."""
    if isinstance(sys.unraisablehook, _Keeper):
        sys.unraisablehook = sys.unraisablehook.before


class _Keeper:
    """Raises a swallowed KeyboardInterrupt again, at the next call after the callback that it fell into.

    All of it happens on the interrupted thread itself, so that it is known where that thread is: by a
    profile function, which Python takes away as it raises. Where that is in another callback, it is
    swallowed there and comes here again.
    """

    def __init__(self, before: Callable[[Any], Any]) -> None:
        self.before = before

    def __call__(self, lost: Any) -> None:
        here = sys._getframe()
        if not (issubclass(lost.exc_type, KeyboardInterrupt) and _at_work(here) and sys.getprofile() is None):
            self.before(lost)
            return

        def again(frame: FrameType, event: str, _: Any) -> None:
            if frame is here:
                return
            sys.setprofile(None)
            if _at_work(frame):
                raise KeyboardInterrupt

        sys.setprofile(again)


def _at_work(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code is not stoppable.__code__:
        frame = frame.f_back
    return frame is not None


def kernel_shell() -> Any:
    """IPython's shell where it runs in a kernel that can talk to a page, else None."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell = get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None
