"""The graph and the chain rule over it: the only room that differentiates."""

from jacmagic.engine import ops as ops  # its rows are the table OPERATIONS
