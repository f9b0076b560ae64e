"""Letters to formulas, and back: what is typed, as trees, and what is printed of them."""
