"""Helpers of generated PyTorch code."""

import math

import torch

from jacmagic.code.helpers.products import _flatten


def _tensors(*values):
    """Values as tensors of one kind; tensors of numbers stay what they are, and keep their gradients."""
    real = [v for v in values if isinstance(v, torch.Tensor) and v.is_floating_point()]
    like = real[0] if real else torch.empty(0, dtype=torch.float64)
    return [
        v if isinstance(v, torch.Tensor) and v.is_floating_point()
        else torch.as_tensor(v, dtype=like.dtype, device=like.device)
        for v in values
    ]


def _permute(x, order):
    """The last axes in another order."""
    front = x.ndim - len(order)
    return x.permute(*range(front), *(front + k for k in order))


def _spread(x, shape):
    """The last axes repeated to a shape."""
    return x.expand(x.shape[: x.ndim - len(shape)] + shape)


def _batch(x, lead, shape):
    """The same x for every member of a batch."""
    return x.expand(lead + shape)


def _stack(shape, kind, *parts):
    """Scalars arranged as a shape behind the axes of the batch."""
    parts = [part if isinstance(part, torch.Tensor) else torch.tensor(part, **kind) for part in parts]
    out = torch.stack(torch.broadcast_tensors(*parts), dim=-1)
    return out.reshape(out.shape[:-1] + shape)


def _join(shape, ranks, *parts):
    """Parts flattened from the last `rank` axes on, joined, and arranged as a shape."""
    flat = [_flatten(part, rank) for part, rank in zip(parts, ranks)]
    lead = torch.broadcast_shapes(*(part.shape[:-1] for part in flat))
    out = torch.cat([part.expand(lead + part.shape[-1:]) for part in flat], dim=-1)
    return out.reshape(lead + shape)


def _put_add(x, rank, at, shape):
    """Entries added to zeros at flat places."""
    x = _flatten(x, rank)
    out = x.new_zeros((*x.shape[:-1], math.prod(shape))).index_add(-1, at.to(x.device), x)
    return out.reshape(x.shape[:-1] + shape)


def _others(z):
    """Along the last axis, the product of all other entries."""
    one = torch.ones_like(z[..., :1])
    left = torch.cumprod(torch.cat([one, z[..., :-1]], dim=-1), dim=-1)
    right = torch.cumprod(torch.cat([one, z[..., 1:].flip(-1)], dim=-1), dim=-1)
    return left * right.flip(-1)


def _inv(a):
    """The inverses of matrices, nan where there is none."""
    inverse, info = torch.linalg.inv_ex(a)
    return torch.where((info == 0)[..., None, None], inverse, torch.nan)


def _cof(a):
    """The cofactors of matrices, det(A) inv(A) transposed, also of those without an inverse."""
    u, s, v = torch.linalg.svd(a)
    return (torch.linalg.det(u) * torch.linalg.det(v))[..., None, None] * ((u * _others(s)[..., None, :]) @ v)
