"""What NumPy and JAX write alike."""

import numpy as np


def _permute(x, order):
    """The last axes in another order."""
    front = x.ndim - len(order)
    return np.transpose(x, (*range(front), *(front + k for k in order)))


def _spread(x, shape):
    """The last axes repeated to a shape."""
    return np.broadcast_to(x, x.shape[: x.ndim - len(shape)] + shape)


def _batch(x, lead, shape):
    """The same x for every member of a batch."""
    x = np.asarray(x)
    return x if x.shape == lead + shape else np.broadcast_to(x, lead + shape)


def _others(z):
    """Along the last axis, the product of all other entries."""
    one = np.ones_like(z[..., :1])
    left = np.cumprod(np.concatenate([one, z[..., :-1]], axis=-1), axis=-1)
    right = np.cumprod(np.concatenate([one, z[..., :0:-1]], axis=-1), axis=-1)
    return left * right[..., ::-1]


def _cof(a):
    """The cofactors of matrices, det(A) inv(A) transposed, also of those without an inverse."""
    known = np.isfinite(a).all((-2, -1), keepdims=True)  # svd fails on nan
    u, s, v = np.linalg.svd(np.where(known, a, 0.0))
    v = np.where(known, v, np.nan)
    return (np.linalg.det(u) * np.linalg.det(v))[..., None, None] * ((u * _others(s)[..., None, :]) @ v)


def _logdet(a):
    """The logarithm of a determinant above 0, nan of one below."""
    sign, size = np.linalg.slogdet(a)
    return np.where(sign < 0, np.nan, size)
