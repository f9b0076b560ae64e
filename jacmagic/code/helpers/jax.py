"""Helpers of generated JAX code."""

import math

import jax.numpy as jnp

from jacmagic.code.helpers.products import _flatten


def _stack(shape, *parts):
    """Scalars arranged as a shape behind the axes of the batch."""
    out = jnp.stack(jnp.broadcast_arrays(*parts), axis=-1)
    return out.reshape(out.shape[:-1] + shape)


def _join(shape, ranks, *parts):
    """Parts flattened from the last `rank` axes on, joined, and arranged as a shape."""
    flat = [_flatten(jnp.asarray(part), rank) for part, rank in zip(parts, ranks)]
    lead = jnp.broadcast_shapes(*(part.shape[:-1] for part in flat))
    out = jnp.concatenate([jnp.broadcast_to(part, lead + part.shape[-1:]) for part in flat], axis=-1)
    return out.reshape(lead + shape)


def _put_add(x, rank, at, shape):
    """Entries added to zeros at flat places."""
    x = _flatten(x, rank)
    out = jnp.zeros((*x.shape[:-1], math.prod(shape)), dtype=x.dtype).at[..., at].add(x)
    return out.reshape(x.shape[:-1] + shape)
