"""Formulas as trees: what is below a node, in which order, and a tree with something changed."""

from __future__ import annotations

from jacmagic.errors import Span
from jacmagic.language import tree as t

x, y, two = t.Name("x"), t.Name("y"), t.Number("2")


def test_two_trees_are_equal_where_they_say_the_same() -> None:
    assert t.Name("x", span=Span(3, 4)) == x
    assert hash(t.Name("x", span=Span(3, 4))) == hash(x)
    assert x != y


def test_children_stand_left_to_right_at_any_depth_of_tuples() -> None:
    case = t.Case(((x, t.Compare((y, two), (">",))),), y)
    assert t.children(case) == (x, t.Compare((y, two), (">",)), y)
    assert t.children(t.LabelledMatrix(((x, y),), (two,), (x, y))) == (x, y, two, x, y)
    assert t.children(t.Jacobian()) == t.children(x) == ()


def test_walk_meets_each_node_before_its_own_children() -> None:
    tree = t.Sum(((1, t.Power(x, two)), (-1, t.Negative(y))))
    assert list(t.walk(tree)) == [tree, t.Power(x, two), x, two, t.Negative(y), y]


def test_a_long_chain_is_walked_without_recursion() -> None:
    chain: t.Expr = x
    for _ in range(20_000):
        chain = t.Negative(chain)
    assert sum(1 for _ in t.walk(chain)) == 20_001


def test_what_is_not_changed_stays_the_very_same() -> None:
    tree = t.Product((("", x), ("*", t.Diag(y))))
    assert t.rebuilt(tree, lambda one: one) is tree
    assert t.rebuilt(tree, lambda one: two if one == x else one) == t.Product((("", two), ("*", t.Diag(y))))
