"""Convolutions and pooling, channel by channel, as conv, maxpool and products with fixed matrices.

Padding is P X Pᵀ with rows of the identity and of zeros, a stride leaves rows out, dilation spreads a
kernel, and a mean over windows is A X Aᵀ with 1/k in A: nothing of it needs a word of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import Any

import numpy as np

from jacmagic.pytorch.block import Block
from jacmagic.pytorch.terms import ATOM, PRODUCT, SUM, Array, Given, Term, Unreadable, arange

Pair = Sequence[int]


def several(value: Any, rank: int) -> tuple[int, ...]:
    """A setting for each axis."""
    return (value,) * rank if isinstance(value, int) else tuple(int(k) for k in value) * (rank // len(tuple(value)))


def sided(b: Block, term: Term, matrices: Sequence[np.ndarray]) -> Term:
    """A x of a vector, A X Bᵀ of a matrix; an identity is left out."""
    texts = [None if m.shape[0] == m.shape[1] and (m == np.eye(len(m))).all() else b.constant(m).text for m in matrices]
    shape = tuple(len(m) for m in matrices)
    if not any(texts):
        return term
    left = f"{texts[0]} " if texts[0] else ""
    right = f" {texts[1]}^T" if len(texts) == 2 and texts[1] else ""
    return Term(f"{left}{term.within(PRODUCT)}{right}", shape, PRODUCT, term.origin)


def channels(b: Block, x: Any, rank: int) -> tuple[list[Term], tuple[int, ...], tuple[int, ...]]:
    """The channels of an image or a signal, the axes in front of them, and the size of one."""
    x = b.array(x)
    if len(x.shape) not in (rank + 1, rank + 2) or (len(x.shape) == rank + 2 and x.shape[0] != 1):
        raise Unreadable(f"it takes one example of channels with {rank} axes, but it gets the shape {x.shape}")
    parts = x.places.reshape(-1, *x.shape[-rank:])
    lead = x.shape[: -rank - 1]
    return [b.lay(x, part) for part in parts], lead, x.shape[-rank:]


def back(terms: Sequence[Term], lead: Sequence[int], sizes: Sequence[int]) -> Array:
    return Array(tuple(terms), arange(*lead, len(terms), *sizes))


# ------------------------------------------------------------------ convolution
MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def padded(n: int, before: int, after: int, mode: str = "zeros") -> np.ndarray:
    """The matrix that pads n entries on both sides."""
    if mode == "zeros":
        return np.eye(before + n + after)[:, before : before + n]
    modes: dict[str, Any] = MODES
    return np.eye(n)[np.pad(np.arange(n), (before, after), modes[mode])]


def strided(n: int, stride: int) -> np.ndarray:
    return np.eye(n)[::stride]


def spread(n: int, step: int) -> np.ndarray:
    """Entries with step − 1 zeros between them."""
    return np.eye((n - 1) * step + 1)[:, ::step]


def sides(padding: Any, kernel: Pair, dilation: Pair) -> list[tuple[int, int]]:
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "same":
        return [((k - 1) * d // 2, (k - 1) * d - (k - 1) * d // 2) for k, d in zip(kernel, dilation)]
    return [(p, p) for p in several(padding, len(kernel))]


def over(b: Block, term: Term, w: Array, places: Any, held: Sequence[np.ndarray]) -> str:
    """A channel times its kernel; one of a single entry is a number."""
    if places.numel() == 1:
        return f"{b.lay(w, places.reshape(())).text} * {b.atom(term).text}"
    return f"conv({term.text}, {sided(b, b.lay(w, places), held).text})"


def spanned(terms: Sequence[Term], size: Sequence[int]) -> tuple[int, ...]:
    """The size of a sum of channels; of numbers it is one, also where PyTorch has 1×1."""
    return tuple(size) if any(term.shape for term in terms) else ()


def convolution(rank: int) -> Any:
    def row(
        b: Block, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1, mode: str = "zeros",
    ) -> Array:
        """Σ_i conv(x_i, K_oi) + c_o for each channel o."""
        terms, lead, size = channels(b, x, rank)
        w = b.given(weight, "K") if isinstance(weight, Given) else b.array(weight)
        origin = b.of(weight) if isinstance(weight, Given) else ""
        out, each, kernel = w.shape[0], w.shape[1], w.shape[2:]
        if each * groups != len(terms):
            raise Unreadable(f"it takes {each * groups} channels, but it gets {len(terms)}")
        dilated = several(dilation, rank)
        around = [padded(n, *side, mode) for n, side in zip(size, sides(padding, kernel, dilated))]
        terms = [sided(b, term, around) if out == 1 else b.atom(sided(b, b.atom(term), around), "s") for term in terms]
        wide = [len(m) - (k - 1) * d for m, k, d in zip(around, kernel, dilated)]
        if min(wide) < 1:
            raise Unreadable("the kernel is larger than what it gets")
        left = [strided(n, step) for n, step in zip(wide, several(stride, rank))]
        shift = None if bias is None else b.given(bias, "c") if isinstance(bias, Given) else b.array(bias)
        made = []
        for o in range(out):
            first = o // (out // groups) * each
            held = [spread(k, d) for k, d in zip(kernel, dilated)]
            found = [over(b, term, w, w.places[o, i], held) for i, term in enumerate(terms[first : first + each])]
            ending = f"{origin}{'o' if origin else ''}{o + 1}" if out > 1 else origin
            whole = sided(b, Term(" + ".join(found), spanned(terms, wide), SUM if each > 1 else PRODUCT, ending), left)
            if shift is not None:
                whole = Term(f"{whole.text} + {b.lay(shift, shift.places[o]).text}", whole.shape, SUM, ending)
            made.append(whole)
        return back(made, lead, [len(m) for m in left])

    return row


# ------------------------------------------------------------------ pooling
def places_of(n: int, kernel: int, stride: int, padding: int, dilation: int = 1, up: bool = False) -> list[list[int]]:
    """The entries of each window, by their places; those in the padding are below 0 or beyond n."""
    last = (n + 2 * padding - dilation * (kernel - 1) - 1) / stride
    count = (ceil(last) if up else floor(last)) + 1
    if up and (count - 1) * stride >= n + padding:
        count -= 1
    return [[at * stride - padding + k * dilation for k in range(kernel)] for at in range(count)]


def max_pool(rank: int) -> Any:
    def row(
        b: Block, x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Array:
        terms, lead, size = channels(b, x, rank)
        kernel = several(kernel_size, rank)
        step = several(stride if stride not in (None, ()) else kernel_size, rank)
        inside = [places_of(n, k, s, p, d, ceil_mode) for n, k, s, p, d in zip(
            size, kernel, step, several(padding, rank), several(dilation, rank))]
        plain = len(set(kernel)) == 1 and kernel == step and all(
            w == places_of(n, k, k, 0) for w, n, k in zip(inside, size, kernel))
        made = [b.define(largest(b, term, inside) if not plain else
                         Term(f"maxpool({term.text}, {kernel[0]})", tuple(map(len, inside)), ATOM, term.origin), "p")
                for term in terms]
        return back(made, lead, [len(windows) for windows in inside])

    return row


def largest(b: Block, term: Term, inside: Sequence[list[list[int]]]) -> Term:
    """The largest entry of windows that overlap: max of the entries at each of their places.

    A place beyond an end stands for the last one before it, which is in the same window.
    """
    term = b.atom(term)
    shifted = [[np.eye(n)[np.clip([window[k] for window in windows], 0, n - 1)] for k in range(len(windows[0]))]
               for n, windows in zip(term.shape, inside)]
    pieces = [sided(b, term, [one[k] for one, k in zip(shifted, at)]).text for at in np.ndindex(*map(len, shifted))]
    text = f"max({', '.join(pieces)})" if len(pieces) > 1 else pieces[0]
    return Term(text, tuple(map(len, inside)), ATOM, term.origin)


def averaging(n: int, windows: Sequence[Sequence[int]], divisor: bool) -> np.ndarray:
    """A row a window, with 1 over the number of its entries; those in the padding count where `divisor`."""
    matrix = np.zeros((len(windows), n))
    for row, window in zip(matrix, windows):
        held = [k for k in window if 0 <= k < n]
        row[held] = 1 / (len(window) if divisor else len(held))
    return matrix


def avg_pool(rank: int) -> Any:
    def row(
        b: Block, x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Array:
        if ceil_mode or divisor_override is not None:
            raise Unreadable("a mean over windows with ceil_mode or divisor_override")
        terms, lead, size = channels(b, x, rank)
        step = stride if stride not in (None, ()) else kernel_size
        matrices = [averaging(n, places_of(n, k, s, p), count_include_pad) for n, k, s, p in zip(
            size, several(kernel_size, rank), several(step, rank), several(padding, rank))]
        return pooled(b, terms, lead, matrices)

    return row


def adaptive_avg_pool(rank: int) -> Any:
    def row(b: Block, x: Any, output_size: Any) -> Array:
        terms, lead, size = channels(b, x, rank)
        asked = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * rank
        wanted = [n if m is None else m for n, m in zip(size, asked)]
        if set(wanted) == {1}:
            means = tuple(Term(f"mean({term.text})", (), ATOM, term.origin) for term in terms)
            return Array(means, arange(*lead, len(terms), *wanted))
        windows = [[range(k * n // m, -(-(k + 1) * n // m)) for k in range(m)] for n, m in zip(size, wanted)]
        matrices = [averaging(n, inside, True) for n, inside in zip(size, windows)]
        return pooled(b, terms, lead, matrices)

    return row


def pooled(b: Block, terms: Sequence[Term], lead: Sequence[int], matrices: Sequence[np.ndarray]) -> Array:
    made = [b.define(sided(b, term, matrices), "p") for term in terms]
    return back(made, lead, [len(m) for m in matrices])


def adaptive_max_pool(rank: int) -> Any:
    def row(b: Block, x: Any, output_size: Any, return_indices: bool = False) -> Array:
        shape = b.array(x).shape[-rank:]
        wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * rank
        if any(n % m for n, m in zip(shape, wanted)):
            raise Unreadable(f"windows of different sizes: {tuple(shape)} is no multiple of {tuple(wanted)}")
        return max_pool(rank)(b, x, [n // m for n, m in zip(shape, wanted)])

    return row


def conv_transpose(rank: int) -> Any:
    def row(
        b: Block, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, dilation: Any = 1,
    ) -> Array:
        """Σ_i of the signal spread and padded, times the kernel turned round."""
        terms, lead, size = channels(b, x, rank)
        w = b.given(weight, "K") if isinstance(weight, Given) else b.array(weight)
        origin = b.of(weight) if isinstance(weight, Given) else ""
        if groups != 1:
            raise Unreadable("a transposed convolution in groups")
        out, kernel, far = w.shape[1], w.shape[2:], several(dilation, rank)
        around, turned = [], []
        for n, k, step, p, more, d in zip(size, kernel, several(stride, rank), several(padding, rank),
                                          several(output_padding, rank), far):
            edge = d * (k - 1) - p
            if edge < 0:
                raise Unreadable("a padding that is wider than the kernel")
            stretched = spread(n, step)
            around.append(padded(len(stretched), edge, edge + more) @ stretched)
            turned.append(spread(k, d)[::-1])
        terms = [b.atom(sided(b, b.atom(term), around), "s") for term in terms]
        shape = tuple(len(m) - len(t) + 1 for m, t in zip(around, turned))
        shift = None if bias is None else b.given(bias, "c") if isinstance(bias, Given) else b.array(bias)
        made = []
        for o in range(out):
            total = " + ".join(over(b, term, w, w.places[i, o], turned) for i, term in enumerate(terms))
            ending = f"{origin}{'o' if origin else ''}{o + 1}" if out > 1 else origin
            if shift is not None:
                total += f" + {b.lay(shift, shift.places[o]).text}"
            made.append(Term(total, shape, SUM if shift is not None or len(terms) > 1 else PRODUCT, ending))
        return back(made, lead, shape)

    return row


FUNCTIONS = {
    f"{name}{rank}d": make(rank)
    for name, make in {
        "conv": convolution, "max_pool": max_pool, "avg_pool": avg_pool, "adaptive_avg_pool": adaptive_avg_pool,
        "adaptive_max_pool": adaptive_max_pool, "conv_transpose": conv_transpose,
    }.items()
    for rank in (1, 2)
}
