"""What is shown of a Result: formulas, as trees."""
