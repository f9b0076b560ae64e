"""Helpers of generated NumPy code."""

import math

import numpy as np

from jacmagic.code.helpers.products import _flatten


def _stack(shape, *parts):
    """Scalars arranged as a shape behind the axes of the batch."""
    lead = np.broadcast_shapes(*{getattr(part, "shape", ()) for part in parts})
    out = np.empty((len(parts), *lead))
    for k, part in enumerate(parts):
        out[k] = part
    return np.moveaxis(out, 0, -1) if len(shape) == 1 else _split(out, shape)


def _split(out, shape):
    """The first axis split into a shape, which moves to the end."""
    out = out.reshape(shape + out.shape[1:])
    return np.moveaxis(out, range(len(shape)), range(-len(shape), 0))


def _join(shape, ranks, *parts):
    """Parts flattened from the last `rank` axes on, joined, and arranged as a shape."""
    flat = [_flatten(np.asarray(part), rank) for part, rank in zip(parts, ranks)]
    lead = np.broadcast_shapes(*(part.shape[:-1] for part in flat))
    out = np.empty((*lead, sum(part.shape[-1] for part in flat)))
    at = 0
    for part in flat:
        out[..., at : at + part.shape[-1]] = part
        at += part.shape[-1]
    return out.reshape(lead + shape)


def _put(x, rank, at, shape):
    """Entries set at different flat places of zeros."""
    x = _flatten(x, rank)
    out = np.zeros((*x.shape[:-1], math.prod(shape)))
    out[..., at] = x
    return out.reshape(x.shape[:-1] + shape)


def _put_add(x, rank, at, shape):
    """Entries added to zeros at flat places, some of which meet."""
    x = _flatten(x, rank)
    out = np.zeros((*x.shape[:-1], math.prod(shape)))
    np.add.at(out, (..., at), x)
    return out.reshape(x.shape[:-1] + shape)


def _softmax(z):
    """Along the last axis, safe for any argument."""
    e = z - np.max(z, axis=-1, keepdims=True)
    np.exp(e, out=e)
    e /= np.sum(e, axis=-1, keepdims=True)
    return e


def _log_softmax(z):
    """Along the last axis, safe for any argument."""
    z = z - np.max(z, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def _logsumexp(z):
    """Over the last axis, safe for any argument."""
    top = np.max(z, axis=-1)
    return top + np.log(np.sum(np.exp(z - top[..., None]), axis=-1))


def _erf(z):
    """The error function, which NumPy lacks."""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(z), dtype=float)


def _erfc(z):
    """1 - erf(z) without loss, which NumPy lacks."""
    return np.asarray(np.frompyfunc(math.erfc, 1, 1)(z), dtype=float)


def _inv(a):
    """The inverses of matrices, nan where there is none."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        regular = np.linalg.det(a) != 0
        out = np.full(a.shape, np.nan)
        if regular.any():
            out[regular] = np.linalg.inv(a[regular])
        return out
