"""The graph and the chain rule over it: the only room that differentiates."""
