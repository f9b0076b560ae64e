"""Products of matrices with batches in front, for every array module."""

import math


def _matvec(m, x):
    """Matrix times vector; one matrix for a whole batch of vectors is a single product of matrices."""
    if m.ndim > 2:
        return (m @ x[..., None])[..., 0]
    if x.ndim < 3:
        return x @ m.T
    return (x.reshape((-1, x.shape[-1])) @ m.T).reshape(x.shape[:-1] + m.shape[:1])


def _matmul(a, b, extra=0):
    """Matrix times matrix; one right factor for a whole batch is a single product of matrices."""
    if b.ndim > 2:
        return a @ b[(..., *(None,) * extra, slice(None), slice(None))]
    if a.ndim < 3:
        return a @ b
    return (a.reshape((-1, a.shape[-1])) @ b).reshape(a.shape[:-1] + b.shape[1:])


def _flatten(x, rank):
    """The last `rank` axes made one."""
    lead = x.shape[: x.ndim - rank]
    return x.reshape((*lead, math.prod(x.shape[x.ndim - rank :])))


def _arrange(x, rank, shape):
    """The last `rank` axes arranged as a shape."""
    return x.reshape((*x.shape[: x.ndim - rank], *shape))
