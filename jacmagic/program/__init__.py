"""What a block means: names, roles, shapes and values resolved, and lowered to a graph."""
