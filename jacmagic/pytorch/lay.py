"""Entries of terms as one term: a name, a part, a row, a transpose, what is stacked or spread, a choice by 0 and 1."""

from __future__ import annotations

import numpy as np

from jacmagic.pytorch.terms import ATOM, PRODUCT, SUM, Array, Term, Unreadable, Writer, transposed

MAX_PIECES = 60
"""Pieces that `from_torch` puts a vector or matrix together of. Instead: a part of the module."""


def lay(b: Writer, x: Array, places: np.ndarray, spread: bool) -> Term:
    """The entries at `places` of the array's terms, as a term of that shape; shapes: (), (n,) or (m, n)."""
    starts = np.cumsum([0, *(term.size for term in x.terms)])
    which = np.searchsorted(starts, places, side="right") - 1
    if places.size and (which == which.flat[0]).all():
        k = int(which.flat[0])
        return of_one(b, b.resolved(x.terms[k]), places - starts[k], spread)
    if places.ndim == 1:
        return stacked(b, x, places, which)
    return assembled(b, x, places, which)


def of_one(b: Writer, term: Term, at: np.ndarray, spread: bool) -> Term:
    """Entries of one term, by their places in it."""
    own = np.arange(term.size).reshape(term.shape)
    if at.shape == own.shape and (at == own).all():
        return term
    if at.size == 1 and (spread or at.ndim == 0 or not term.shape):
        return entry(b, term, int(at.flat[0]))
    if (at == at.flat[0]).all() and at.size > 1:
        one = entry(b, term, int(at.flat[0]))
        if spread:
            return one
        ones = " ".join([b.ones(at.shape[0]).text, *([f"{b.ones(at.shape[1]).text}^T"] if at.ndim == 2 else [])])
        return Term(f"{one.within(ATOM)} * {ones}", at.shape, PRODUCT, term.origin)
    if at.ndim == 1:
        return vector(b, term, own, at)
    return matrix(b, term, own, at)


def entry(b: Writer, term: Term, at: int) -> Term:
    if not term.shape:
        return term
    name = b.atom(term).text
    shape = term.shape[:1] if term.shape[1:] == (1,) else term.shape  # a matrix of one column is a column
    index = ",".join(str(k + 1) for k in np.unravel_index(at, shape))
    return Term(f"{name}[{index}]", (), ATOM, term.origin)


def vector(b: Writer, term: Term, own: np.ndarray, at: np.ndarray) -> Term:
    """A part of a column, a row or column of a matrix, all of its entries; else the pieces one by one."""
    n, first = len(at), int(at[0])
    run = (at == first + np.arange(n)).all()
    if len(term.shape) < 2:
        if run and n > 1:
            return Term(f"{b.atom(term).text}[{first + 1}..{first + n}]", (n,), ATOM, term.origin)
    elif run and n == term.size:
        return Term(f"flatten({term.text})", (n,), ATOM, term.origin)
    else:
        (rows, columns), (i, j) = term.shape, np.unravel_index(first, term.shape)
        if n == columns and (at == own[i]).all():
            return Term(f"{b.atom(term).text}[{i + 1}]", (n,), ATOM, term.origin)
        if n == rows and (at == own[:, j]).all():
            return Term(f"{b.atom(term).text}[:,{j + 1}]", (n,), ATOM, term.origin)
        if n < columns and (own[i, j : j + n] == at[: columns - j]).all():
            row = Term(f"{b.atom(term).text}[{i + 1}]", (columns,), ATOM, term.origin)
            return of_one(b, b.define(row), at - own[i, 0], False)
        if n > columns or not run:
            return vector(b, b.atom(Term(f"flatten({term.text})", (term.size,), ATOM, term.origin)), at * 0, at)
    return chosen(b, term, at)


def chosen(b: Writer, term: Term, at: np.ndarray) -> Term:
    """Entries in any order, by a matrix of 0 and 1."""
    flat = term if len(term.shape) == 1 else Term(f"flatten({term.text})", (term.size,), ATOM)
    if len(at) == 1:
        return Term(f"[{entry(b, term, int(at[0])).text}]", (1,), ATOM, term.origin)
    choice = b.constant(np.eye(term.size)[at])
    return Term(f"{choice.text} {flat.within(ATOM)}", (len(at),), PRODUCT, term.origin)


def matrix(b: Writer, term: Term, own: np.ndarray, at: np.ndarray) -> Term:
    """A transpose, a block, rows and columns of a matrix; what is spread along an axis; else a vector row by row."""
    m, n = at.shape
    whole = at.size == term.size
    if len(term.shape) == 2 and whole and at.shape == own.T.shape and (at == own.T).all():
        return Term(transposed(b.tight(term)), at.shape, ATOM, term.origin)
    if n == 1 and m > 1:
        return of_one(b, term, at[:, 0], False)
    if m > 1 and (at == at[:1]).all():
        row = b.atom(of_one(b, term, at[0], False))
        return Term(f"{b.ones(m).text} {row.text}^T", at.shape, PRODUCT, term.origin, row.text)
    if n > 1 and (at == at[:, :1]).all():
        column = of_one(b, term, at[:, 0], False)
        return Term(f"{column.within(PRODUCT)} {b.ones(n).text}^T", at.shape, PRODUCT, term.origin)
    if len(term.shape) == 2:
        for turned, places in ((False, at), (True, at.T)):
            found = block(b, term, own, places)
            if found is not None:
                return Term(transposed(b.tight(found)), at.shape, ATOM, term.origin) if turned else found
    return unflattened(b, of_one(b, term, at.reshape(-1), False), at.shape)


def block(b: Writer, term: Term, own: np.ndarray, at: np.ndarray) -> Term | None:
    """Some rows and columns of a matrix: X[1..2,3..4], or with matrices of 0 and 1 around it; None where it is none."""
    rows, columns = np.unravel_index(at, term.shape)
    i, j = rows[:, 0], columns[0]
    if not (at == own[np.ix_(i, j)]).all():
        return None
    name = b.atom(term).text
    if all((k == k[0] + np.arange(len(k))).all() for k in (i, j)):
        return Term(f"{name}[{i[0] + 1}..{i[-1] + 1},{j[0] + 1}..{j[-1] + 1}]", at.shape, ATOM, term.origin)
    left = "" if len(i) == term.shape[0] and (i == np.arange(len(i))).all() else (
        f"{b.constant(np.eye(term.shape[0])[i]).text} ")
    right = "" if len(j) == term.shape[1] and (j == np.arange(len(j))).all() else (
        f" {b.constant(np.eye(term.shape[1])[j]).text}^T")
    return Term(f"{left}{name}{right}", at.shape, PRODUCT, term.origin)


def unflattened(b: Writer, flat: Term, shape: tuple[int, ...]) -> Term:
    """A vector as a matrix, row by row."""
    if shape[0] == 1:
        return Term(f"{b.atom(flat).text}^T", shape, ATOM, flat.origin)
    name = b.atom(flat).text
    _, text = b.fresh("M", "", new=True)
    b.lines.append((text, f"[[{name}[{shape[1]} (i - 1) + j] for j = 1..{shape[1]}] for i = 1..{shape[0]}]", shape))
    return Term(text, shape, ATOM, flat.origin)


def stacked(b: Writer, x: Array, places: np.ndarray, which: np.ndarray) -> Term:
    """Pieces of several terms, one below the other."""
    cuts = np.flatnonzero(which[1:] != which[:-1]) + 1
    if len(cuts) >= MAX_PIECES:
        raise Unreadable(f"a vector of {len(cuts) + 1} pieces; at most {MAX_PIECES} are written")
    pieces = [lay(b, x, part, part.size == 1) for part in np.split(places, cuts)]
    return Term(f"[{', '.join(piece.text for piece in pieces)}]", places.shape, ATOM, pieces[0].origin)


def assembled(b: Writer, x: Array, places: np.ndarray, which: np.ndarray) -> Term:
    """Blocks of several terms, above or beside one another: S X + T Y with 0 and 1 in S and T."""
    for axis in (0, 1):
        lines = np.moveaxis(which, axis, 0)
        if not (lines == lines[:, :1]).all():
            continue
        found = []
        for at in np.split(np.arange(len(lines)), np.flatnonzero(lines[1:, 0] != lines[:-1, 0]) + 1):
            part = lay(b, x, np.take(places, at[0] if len(at) == 1 else at, axis), False)
            unit = np.eye(len(lines))[:, at]
            found.append(beside(b, part, unit, axis))
        if len(found) > MAX_PIECES:
            raise Unreadable(f"a matrix of {len(found)} pieces; at most {MAX_PIECES} are written")
        return Term(" + ".join(found), places.shape, SUM, x.terms[0].origin)
    return unflattened(b, lay(b, x, places.reshape(-1), False), places.shape)


def beside(b: Writer, part: Term, unit: np.ndarray, axis: int) -> str:
    """One block in its place: rows, S X, or columns, X Sᵀ; of a single row or column by an outer product."""
    if len(part.shape) < 2:
        line, name = b.constant(unit[:, 0], "u").text, b.tight(part).text
        return f"{line} {name}^T" if axis == 0 else f"{name} {line}^T"
    place = b.constant(unit).text
    return f"{place} {part.within(PRODUCT)}" if axis == 0 else f"{part.within(PRODUCT)} {place}^T"
