"""The panel under a result: what the browser needs, and the way back to the kernel.

`spec` says what the page draws; `html` packs module, style and spec into one output
that needs neither network nor kernel; `page` makes a file of it. `Bridge` carries
values between the panels of a result and its kernel.
"""

from __future__ import annotations

import html as markup
import itertools
import json
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from jacmagic import code, names, sparse
from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node, ancestry
from jacmagic.errors import LimitError, Span
from jacmagic.language import printers
from jacmagic.language import tree as t
from jacmagic.panel import arrays, asking, curvature, learning, parts, pictures, rescue
from jacmagic.panel.graph import graph
from jacmagic.panel.ranges import MAX_SLIDERS, Ranges
from jacmagic.panel.unscripted import fallback, typeface
from jacmagic.result import MAX_KINKS, Result
from jacmagic.show import chain, convention, factors, pieces, remarks, tables, views, volume
from jacmagic.show.backward import layout_of
from jacmagic.unsized import Unsized

MAX_BYTES = 1_000_000
"""Bytes of the values in one panel, 8 a number and 4 a single, all of which its notebook keeps; a result with more is shown
without a panel. Instead: `r.at(…)` with its values."""

NAMED = 20_000  # entries up to which those of a name are found in formulas

PLACED = frozenset("echo values asked result partial gradient determinant integral hessian taylor local chain gradients steps".split())
"""Kinds of formulas that have a place of their own; all others stand below them."""


# ------------------------------------------------------------------ the spec
def spec(result: Result, big: bool = False, whole: bool = False) -> dict[str, Any]:
    """What the page draws for a result: names with ranges, the graph, formulas, the picture."""
    return _Spec(result, whole).make(big)


class _Spec:
    def __init__(self, result: Result, whole: bool = False) -> None:
        self.result, self.p, self.g = result, result.program, result.program.graph
        self.formulas = views.formulas(result, whole)
        self.table = tables.table(result, pieces.MAX_WHOLE if whole else pieces.MAX_SHOWN)
        self.outputs: dict[str, Node] = {}
        self.keys = list(self.p.steps)
        roots, _ = c.rebuild(self.g, [self.p.node(key) for key in self.keys], (), safe=True)
        self.forward = dict(zip(self.keys, roots))
        for key, node in self.forward.items():
            self.outputs["forward:" + key] = node
        for key in self.p.variables:
            if key in self.p.inputs:
                self.outputs["forward:" + key] = self.p.inputs[key].node

    @cached_property
    def places(self) -> dict[str, str]:
        """By which key the page knows what a symbol stands for: x[2] for x2."""
        out = {}
        for key in (*self.p.inputs, *self.p.steps):
            shape = self.p.shape(key)
            for k in range(prod(shape)) if prod(shape) <= NAMED else ():
                out[names.entry(key, shape, k)] = names.place(key, shape, k)
        return out

    @cached_property
    def learn(self) -> dict[str, Any] | None:
        """What ▶ train learns from."""
        return learning.of_panel(self)

    def mathml(self, tree: t.Expr, arrays: Collection[Span] = ()) -> str:
        """A formula whose names the page finds by its own keys."""
        return printers.mathml(tree, arrays, self.places)

    def ordered(self, ways: list[list[int]]) -> list[list[int]]:
        """The factors of products of local Jacobians, as the layout has them."""
        return [way[::-1] for way in ways] if self.turned else ways

    def or_nothing(self, tree: t.Expr | None) -> str | None:
        return None if tree is None else self.mathml(tree)

    def says(self, one: pieces.Formula) -> str:
        return self.mathml(one.tree, one.arrays)

    def worded(self, one: pieces.Formula) -> str | list[str] | dict[str, str]:
        """A formula, and the words behind it, which may stand on a line of their own; of a list each part may."""
        if isinstance(one.tree, t.Listing):
            return [self.mathml(part, one.arrays) for part in one.tree.items]
        before, words = pieces.parted(one)
        return {"mathml": self.says(before), "text": words} if words else self.says(before)

    def aloud(self, tree: t.Expr) -> dict[str, str]:
        """What a screen reader says of a formula when it comes, where formulas come one by one."""
        return {"says": printers.text(tree)} if self.result.besides.keys() & views.ASKING.keys() else {}

    def label(self, one: pieces.Label) -> dict[str, str]:
        """A row's or column's name; an entry of h_1 is h_{1,2}."""
        return {"key": self.places.get(one.key) or names.name(one.key).placed, "mathml": self.mathml(one.tree)}

    def before(self, tree: t.Expr) -> str:
        """A formula with an equals sign behind it: what follows are its numbers."""
        return self.mathml(tree).replace("</math>", "<mo>=</mo></math>")

    def make(self, big: bool) -> dict[str, Any]:
        p, result = self.p, self.result
        total = result.total(safe=True)[0]
        self.outputs["J"] = self.close(total)
        self.turned = convention.in_denominator(result)
        if self.turned:
            self.outputs["J^T"] = self.g.permute(self.outputs["J"], (1, 0))
        entries = self.entries()
        chain = self.chain()
        made: dict[str, Any] = {
            "kind": "nnchain" if p.net else "jacobian",
            "big": big,
            **({"turned": self.turned} if self.turned else {}),
            "echo": self.echo(chain),
            "names": self.names(),
            "result": {
                "title": self.before(self.title()),
                "rows": [self.label(one) for one in self.table.rows],
                "columns": [self.label(one) for one in self.table.columns],
                "entries": entries,
                "formulas": self.stated(entries is not None, chain is not None),
                "matrix": "J",
                "extra": [
                    {"label": "det", "what": "det", "mathml": self.says(one)}
                    for one in self.formulas if one.kind == "determinant"
                ],
            },
            "functions": [
                {"key": shown, "forward": "forward:" + key, "mathml": self.mathml(pieces.name_of(result, key))}
                for key, shown in zip(p.outputs, self.shown())
            ],
            "chain": chain,
            "more": [self.worded(one) for one in self.formulas if one.kind not in PLACED],
            "gradients": self.gradients(),
            "hessians": curvature.of_panel(self),
            "taylor": curvature.polynomials(self),
            "integral": self.integral(),
            "learn": self.learn,
            "picture": pictures.chosen(self, chain),
            "system": pictures.system(self),
            "kinks": self.kinks(),
            "reasons": (reasons := self.reasons()),
            "rescue": self.rescue(bool(reasons)),
            "actions": self.actions(entries is not None),
            "reveal": "reveal" in result.besides,
            "quiz": asking.quiz(self),
        }
        made["graph"] = graph(result, self.outputs)
        return made

    def integral(self) -> dict[str, str] | None:
        """dx dy = |det J| dr dφ, whose numbers the page has, and what stands behind these."""
        found = [one for one in self.formulas if one.kind == "integral"]
        if not found:
            return None
        if not volume.changes(self.result) or self.result.undetermined:
            return {"mathml": self.says(found[0])}
        return {"mathml": self.before(found[0].tree), "of": self.mathml(volume.element(pieces.Labels(self.result, self.p.variables)))}

    def title(self) -> t.Expr:
        """f'(x) of one function of one variable, else J."""
        if len(self.table.rows) == len(self.table.columns) == 1:
            return tables.derivative_name(self.result, self.table.columns[0].tree)
        return tables.jacobian_name(self.result)

    def stated(self, entries: bool, chain: bool) -> list[str]:
        """What the terminal says of J: its forms beside its entries, or in their place; what the chain has is there."""
        kinds: tuple[str, ...] = () if entries else ("result", "partial")
        rows = [one for one in self.formulas if one.kind == "result"]
        if any(isinstance(one.tree, t.Equation) and isinstance(one.tree.sides[-1], t.Matrix) for one in rows):
            kinds = ("result",) if kinds else kinds  # the row has its partial derivatives
        if not chain and not self.p.net:
            kinds = (*kinds, "local", "chain")
        return [self.says(one) for one in self.formulas if one.kind in kinds] + self.of_equations(kinds)

    def of_equations(self, kinds: tuple[str, ...]) -> list[str]:
        """−F_x/F_y of what is shown where an equation defines it, unless the forms above have it."""
        if "local" in kinds or not any(self.p.steps[key].kind == "implicit" for key in self.p.outputs):
            return []
        return [self.says(convention.laid(self.result, one)) for one in chain.by_equations(self.result)]

    def echo(self, chain: dict[str, Any] | None) -> list[dict[str, Any]]:
        """The block as understood; what is declared stands small and grey beside it."""
        stated: dict[str, str] = {}
        rest = []
        for line in self.p.echo:
            if line.kind != "step" and (line.expr is not None or line.range is not None or line.python):
                shown = self.says(views.echoed(self.result, line))
                if line.shape or "<mtable" in shown:
                    rest.append({"mathml": shown})
                else:
                    stated[line.key] = shown
        lines = [self.says(one) for one in self.formulas if one.kind == "echo"]
        # The factors of a chain stand side by side: their cards below say them again, one by one.
        out: list[dict[str, Any]] = [{"mathml": lines}] if chain else [{"mathml": one} for one in lines]
        out += rest + [{"mathml": self.says(one)} for one in self.formulas if one.kind == "asked"]
        out[-1]["note"] = list(self.declared(stated))
        return out

    def declared(self, stated: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """The names by what they are, with sizes, as stated or alone; then how J is laid out, and what nothing reads."""
        for before, (word, keys) in zip(itertools.chain([""], itertools.repeat(" · ")), views.by_role(self.p).items()):
            yield {"text": f"{before}{word} "}
            for k, key in enumerate(keys[:12]):
                yield {"mathml": stated.get(key) or self.mathml(t.Name(key))}
                shape = self.p.shape(key)
                size = f" ({'×'.join(map(str, shape))})" if shape else ""
                more = f" and {len(keys) - 12} more" if k == 11 and len(keys) > 12 else "" if key == keys[-1] else ", "
                yield {"text": size + more}
        said = convention.layout_said(self.result).partition(", ")[0], remarks.nothing_seen(self.result)
        yield from ({"text": f" · {one}"} for one in filter(None, said))

    def close(self, node: Node) -> Node:
        """The node with definitions that were cut out of the graph put back."""
        cut = {n.data for n in ancestry([node]) if n.op == "input"} & set(self.p.steps)
        if not cut:
            return node
        return c.replace_inputs(self.g, [node], {key: self.forward[key] for key in cut})[0]

    # -------------------------------------------------------------- names
    def shown(self) -> list[str]:
        """The keys of the outputs as pictures and labels know them: x_dot for dx."""
        steps = self.p.steps
        return [names.name(key, steps[key].kind == "equation").key for key in self.p.outputs]

    def names(self) -> list[dict[str, Any]]:
        """The sliders, variables first; names that nothing shown depends on have none."""
        p = self.p
        needed = {*p.variables, *p.parameters}
        keys = [k for k in p.variables if k in p.inputs] + [k for k in p.inputs if k in needed and k not in p.variables]
        ranges = Ranges(self)
        out = []
        for key in keys:
            one = p.inputs[key]
            value = np.asarray(self.result.values._data[key])
            low, high, step = ranges.of(key, value)
            out.append({
                "key": key, "mathml": self.mathml(t.Name(key)), "shape": list(one.shape), "role": one.role,
                "value": arrays.carried(value) if one.shape else arrays.short(float(value)),
                "min": low, "max": high, "step": step,
                "whole": bool(step == int(step) and low == int(low)) if step else False,
                "serial": self.result.values.serials[key],
                **({"entries": self.entry_names(key)} if len(one.shape) == 1 and one.shape[0] <= MAX_SLIDERS else {}),
            })
        return out

    def entry_names(self, key: str) -> list[str]:
        """The typeset names of a vector's entries."""
        return [self.mathml(one.tree) for one in pieces.Labels(self.result, [key])]

    # -------------------------------------------------------------- formulas
    def entries(self) -> list[list[dict[str, str]]] | None:
        """The entries as buttons, where all of them fit; else `stated` has the formulas."""
        if self.p.net or not self.table.whole or self.table.entries is None:
            return None
        found = tables.in_own_names(self.result, self.table)
        if found.trees is None or found.wide:
            return None
        alone = len(self.table.rows) == len(self.table.columns) == 1
        # Of one variable alone there is dx/dt.
        whole = len(self.table.columns) == 1 and (not self.p.parameters or all(self.p.steps[key].params for key in self.p.outputs))
        kind = t.Total if whole else t.Partial
        return [
            [
                {
                    "name": self.mathml(self.title() if alone else kind(top.tree, (below.tree,))),
                    "mathml": self.mathml(tree), "tex": printers.latex(tree), "code": _copied(e), **self.aloud(tree),
                }
                for e, tree, below in zip(row, trees, self.table.columns)
            ]
            for row, trees, top in zip(self.table.entries, found.trees, self.table.rows)
        ]

    # -------------------------------------------------------------- the chain
    def chain(self) -> dict[str, Any] | None:
        """The ladder of local Jacobians, for a block with named intermediates."""
        p, result = self.p, self.result
        links = chain.depends(result)
        worked = p.net or any(n in p.steps for reads in links.values() for n in reads)
        if not worked or len(links) > 24 or len(p.outputs) != 1:
            return None
        of = p.outputs[0]
        ways = chain.paths(result, of)
        keys = list(reversed(links))
        said = {key: self.mathml(self.definition(key), p.arrays) for key in keys}
        edges = [[wrt, key] for key in keys for wrt in links[key]]
        cards: list[dict[str, Any]] = []
        for wrt, key in edges:
            delta = self.delta(of, key) if prod(p.shape(of)) == 1 else None
            cards.append({"key": key, "formula": said[key], **self.card(key, wrt), "delta": delta})
        rules = [one.tree for one in self.formulas if one.kind == "chain"]
        self.outputs["chain:product"] = self.product(ways) if ways else self.outputs["J"]
        name = chain.factor_name(result, of, p.variables, t.Total)
        return {
            "formulas": [self.mathml(one) for one in rules] if len(rules) > 1 else [],
            "title": self.before(rules[0] if len(rules) == 1 else tables.jacobian_name(result) if rules else name),
            "value": "J",
            "check": {"product": "chain:product", "direct": "J"} if ways else None,
            "cards": cards, "edges": edges, "sums": pictures.sums(self, ways),
            "single": ways is not None and len(ways) == 1 and all(len(links[k]) == 1 for k in links),
        }

    def definition(self, key: str) -> t.Expr:
        """What a step says, behind its pre-activation where it has one."""
        before = chain.pre_activated(self.result, key)
        own = pieces.fitting(self.p.steps[key].expr, 300)
        return before.tree if before else pieces.equal(pieces.name_of(self.result, key), own)

    def delta(self, of: str, key: str) -> str:
        """The output that has the derivative of a number by a step."""
        name = f"grad:{key}"
        if name not in self.outputs:
            derivative, _ = self.result.derivative(of, key, safe=True)
            self.outputs[name] = c.arranged(self.g, self.close(derivative), (1, prod(self.p.shape(key))))
        return name

    def local(self, key: str, wrt: str) -> str:
        """The output that has a definition's derivative by a name that it reads."""
        output, p = f"local:{key}:{wrt}", self.p
        node = c.jacobian(self.g, self.result.inner(key), self.g.input(wrt, p.shape(wrt)))
        self.outputs[output] = c.arranged(self.g, self.close(node), (prod(p.shape(key)), prod(p.shape(wrt))))
        return output

    def card(self, key: str, wrt: str) -> dict[str, Any]:
        """A local Jacobian: its formula, its numbers with their labels, and what is copied of it."""
        result, output = self.result, self.local(key, wrt)
        form, _ = factors.matrix_form(result, key, wrt) or (None, "")
        entries = factors.local_entries(result, key, wrt)
        if entries is not None and (form is None or factors.scattered(form)):
            layout = layout_of(result)
            trees = tuple(tuple(map(layout, row)) for row in entries)
            form = trees[0][0] if self.outputs[output].size == 1 else t.Matrix(trees)
        left = chain.factor_name(result, key, [wrt])
        whole = convention.laid_tree(result, left if form is None else pieces.equal(left, form))
        form = whole.sides[-1] if isinstance(whole, t.Equation) else None
        names, shown = [key, wrt], output
        if self.turned:
            names, shown = [wrt, key], f"{output}^T"
            self.outputs[shown] = self.g.permute(self.outputs[output], (1, 0))
            entries = entries and [list(column) for column in zip(*entries)]
        labels = [pieces.Labels(result, [name]) for name in names]
        rows, columns = ([self.label(one) for one in own] if len(own) <= 24 else [] for own in labels)
        return {
            "jacobian": self.mathml(whole), "name": self.mathml(left), "form": self.or_nothing(form),
            "matrix": output, **({"shown": shown} if shown != output else {}), "rows": rows, "columns": columns,
            "shape": "×".join(str(len(own)) for own in labels),
            "tex": form and printers.latex(form), "code": entries and _copied_matrix(entries), **self.aloud(whole),
        }

    def product(self, ways: list[list[str]]) -> Node:
        """The products of local Jacobians along all paths, added up: what the ✓ compares with J."""
        g, p = self.g, self.p
        links = chain.depends(self.result)
        total = []
        for way in ways:
            node = None
            for one, below in itertools.pairwise(way):
                factor = self.outputs[f"local:{one}:{below}"]
                node = factor if node is None else g.dot(node, factor, (0, 1), (1, 2), (0, 2))
            blocks = []
            rows = prod(p.shape(way[-1]))
            for variable in p.variables:
                width = prod(p.shape(variable))
                if variable in links[way[-1]]:
                    blocks.append(self.outputs[f"local:{way[-1]}:{variable}"])
                else:
                    blocks.append(g.zeros((rows, width)))
            width = sum(block.shape[1] for block in blocks)
            last = blocks[0] if len(blocks) == 1 else g.stack(blocks, (width,), 1)
            total.append(last if node is None else g.dot(node, last, (0, 1), (1, 2), (0, 2)))
        return g.add(total)

    def gradients(self) -> list[dict[str, Any]]:
        """∂L/∂W of each weight as it is, behind the δ of its layer, with its numbers."""
        p, result = self.p, self.result
        last = p.outputs[-1]
        if prod(p.shape(last)) != 1 or not p.net:
            return []
        out: list[dict[str, Any]] = []
        backward = views.gradient_lines(result)
        for key in result.trainable()[:24]:
            shape = p.shape(key)
            if prod(shape) > 2_000:
                continue
            node, _ = result.derivative(last, key, safe=True)
            rows = shape if len(shape) == 2 else (prod(shape), 1)
            self.outputs["grad:" + key] = c.arranged(self.g, self.close(node), tuple(rows))
            lines = backward.get(key, [t.Partial(pieces.name_of(result, last), (t.Name(key),))])
            out.append({"key": key, "mathml": [self.mathml(one) for one in lines], "value": "grad:" + key})
        return out

    # -------------------------------------------------------------- kinks and reasons
    def kinks(self) -> list[dict[str, str]]:
        out = []
        roots = [self.forward[key] for key in self.p.outputs]
        for k, (name, node) in enumerate(c.kinks(self.g, roots)[: MAX_KINKS]):
            self.outputs[f"kink:{k}"] = node
            out.append({"value": f"kink:{k}", "text": remarks.kink(name)})
        return out

    def reasons(self) -> list[dict[str, str]]:
        """Why a number is not finite: the log of what is not positive, a division by 0, …"""
        found = self.p.conditions
        out = [{"value": f"forward:{one.data}", "text": remarks.UNSOLVED, "when": "nan"} for one in found.names] if found else []
        roots = [*(self.forward[key] for key in self.p.outputs), self.outputs["J"]]
        for k, (watched, when, text) in enumerate(remarks.guards(self.g, roots)):
            self.outputs[f"guard:{k}"] = watched
            out.append({"value": f"guard:{k}", "text": text, "when": when})
        return out

    def rescue(self, can_fail: bool) -> dict[str, Any] | None:
        """Values at which everything is finite, where the start values are not such."""
        result, p = self.result, self.p
        # Where nothing but an overflow can fail, the slope overflows, too; then no function is compiled for this.
        if self.finite({}) if can_fail else np.isfinite(result.at()).all():
            return None
        free = {k: (p.inputs[k].shape, p.inputs[k].range) for k in [*p.variables, *p.parameters] if k in p.inputs}
        trial = next(filter(self.finite, rescue.trials(free)), None)
        return None if trial is None else {
            k: (v.ravel().tolist() if v.shape else float(v)) for k, v in trial.items()
            if not np.array_equal(result.values._data[k], v)
        }

    def finite(self, values: Mapping[str, Any]) -> bool:
        numbers = [self.result.at(**values), *self.result.forward(**values).values()]
        return all(np.isfinite(n).all() for n in numbers)

    # -------------------------------------------------------------- actions
    def moving(self, one: pieces.Formula) -> list[dict[str, Any]]:
        """A formula; the numbers at its end, which follow the sliders, apart."""
        if one.moving is None:
            return [{"mathml": self.says(one)}]
        found, sides = one.moving(), t.children(one.tree)
        self.outputs |= {key: self.close(node) for key, node in found.arrays.items()}
        said = self.before(pieces.equal(*sides[: len(sides) - len(found.sides)]))
        return [{"mathml": said}, {"mathml": self.mathml(pieces.equal(*found.sides), one.arrays), "live": True}]

    def actions(self, small: bool) -> list[dict[str, Any]]:
        result, p = self.result, self.p
        out: list[dict[str, Any]] = []
        kinds = ("partial", "gradient", "local", "chain", "gradients")
        steps = [one for one in self.formulas if one.kind in kinds]
        if rules := [one for one in self.formulas if one.kind == "steps"]:
            out.append({"label": "Steps", "mathml": [
                [*self.moving(one), {"note": one.note, "depth": one.depth}] for one in rules]})
        elif steps and len(p.steps) <= 24:
            out.append({"label": "Steps", "mathml": [self.says(one) for one in steps]})
        out.append({"label": "Check"})
        if small:
            with suppress(LimitError):
                out.append({"label": "SymPy code", "text": result.code("sympy")})
        if p.net:
            out.append({"label": "PyTorch code", "text": result.code("torch")})
        else:
            out.append({"label": "NumPy code", "text": result.code("numpy")})
        shown = [one.latex for one in self.formulas if one.kind not in ("values", "partial", "gradient", "local", "gradients")]
        out.append({"label": "Copy LaTeX", "copy": " \\\\\n".join(shown)})
        return out


def _copied(expr: sp.Expr) -> str:
    """An entry as SymPy source, to copy; nothing where that is too long."""
    try:
        return code.sympy_text(expr)
    except LimitError:
        return ""


def _copied_matrix(entries: list[list[sp.Expr]]) -> str:
    """A matrix likewise."""
    rows = [[_copied(entry) for entry in row] for row in entries]
    inner = ", ".join("[" + ", ".join(row) + "]" for row in rows)
    return f"sp.Matrix([{inner}])" if all(map(all, rows)) else ""


# ------------------------------------------------------------------ one output
# 91 characters that mean nothing in an attribute between double quotes.
ALPHABET = "".join(map(chr, range(33, 127))).translate({ord(one): None for one in '"&<'})


def base91(data: bytes) -> str:
    """13 bits in two characters of ALPHABET, the last ones filled up with zeros; start.js reads it."""
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8))
    bits = np.append(bits, np.zeros(-len(bits) % 13, dtype=np.uint8))
    pairs = bits.reshape(-1, 13) @ (1 << np.arange(12, -1, -1))
    letters = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
    return letters[np.stack(np.divmod(pairs, 91), axis=1).ravel()].tobytes().decode()


HIDDEN = "lm-Widget lm-mod-hidden hidden"
"""Classes that hide in JupyterLab's and in Bootstrap's pages: nbconvert's sanitizer keeps a script's text as text."""


@lru_cache(maxsize=1)
def scripts() -> tuple[str, str]:
    """start.min.js, as an attribute's value without names of its own in the page, and find.min.js."""
    # In an attribute single quotes are short.
    start = parts.source("start.min.js").replace("&", "&amp;").replace('"', "&quot;")
    return f"{{{start}}}", parts.source("find.min.js")


def packed(text: str) -> str:
    """A text deflated, as letters, behind how many bytes they are."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    data = pack.compress(text.encode()) + pack.flush()
    return f"{len(data)} {base91(data)}"


@lru_cache(maxsize=16)
def module(wanted: frozenset[str]) -> str:
    """What is the same in all outputs with these parts, as two attributes: its name, and script and style, packed."""
    text = f"{parts.module(wanted)}\nconst style={json.dumps(parts.style())};"
    return f'data-module="{" ".join([parts.version(), *sorted(wanted)])}" data-code="{packed(text)}"'


def payload(result: Result, big: bool = False, whole: bool = False) -> tuple[str, str]:
    """The spec, packed, and the attributes of the module that draws it."""
    made = spec(result, big, whole)
    return packed(json.dumps(made, separators=(",", ":"), ensure_ascii=False)), module(parts.needed(made))


def has_panel(result: Result) -> bool:
    """True where there are numbers, and values that an output can carry."""
    if isinstance(result, Unsized) or result.undetermined:
        return False
    return sum(map(arrays.weight, result.values._data.values())) <= MAX_BYTES and sparse.fits(result)


STATIC = "sliders: the same without --static"
TOO_MANY = f"no sliders: more than {MAX_BYTES:,} bytes of values, or a Jacobian too large for an array"
UNTRUSTED = "sliders: run the cell, or trust the notebook (“Trust Notebook” in the command palette)"
NO_SCRIPT = "sliders: this page's script has to be allowed"
"""What stands where no panel does, and how to get one."""


def why_none(result: Result) -> str:
    """What is said where there can be no panel."""
    if isinstance(result, Unsized):
        return f"numbers and sliders: a line such as {next(iter(result.sizes))} = 3"
    return "" if result.undetermined else TOO_MANY


def html(
    result: Result, static: bool = False, big: bool = False, whole: bool = False, with_font: bool = False,
    alone: bool = False, kept: bool = False,
) -> str:
    """The text/html of a result: the fallback, which a script replaces by the panel; `alone` in a page of its own,
    `kept` where that page's address keeps the values.

    All that the panel is stands packed in attributes: a sanitizer drops them whole, and nothing in them can end a
    script. Unpacked, the text is never parsed as HTML.

    The name that the panels of a result share has a line of its own: two runs differ in nothing else.
    """
    size = ' style="font-size:150%"' if big else ""
    if static or not has_panel(result):
        shown = fallback(result, whole, STATIC if has_panel(result) else why_none(result), alone)
        return f'<div class="jacmagic"{size}>{shown}</div>'
    shown = fallback(result, whole, NO_SCRIPT if alone else UNTRUSTED, alone)
    carried = (f' data-font="{parts.font()}"' if with_font else "") + (" data-kept" if kept else "")
    (start, find), (letters, code) = scripts(), payload(result, big, whole)
    return (
        f'<div class="jacmagic"{size}\ndata-uid="{result.uid}"\ndata-jacmagic="{letters}" {code}'
        f' data-start="{start}"{carried}>{shown}</div>'
        f'<div class="{HIDDEN}"><script>{find}</script></div>'
    )


FRAMED = (
    "<script>const frame=window.frameElement;if(frame)new ResizeObserver(()=>{frame.style.height="
    "document.documentElement.offsetHeight+'px'}).observe(document.documentElement)</script>"
)
"""In a page inside an iframe of its host: the frame is as high as what it shows."""


def page(result: Result, title: str = "jacmagic", big: bool = False, whole: bool = False, bare: bool = False) -> str:
    """One self-contained page with the panel alive; a bare one has no title over it and no room around it."""
    head = markup.escape(title)
    box = "margin:0;padding:.25rem" if bare else f"margin:2rem auto;max-width:{'none' if big else '1280px'};padding:0 max(1rem,2.5vw)"
    over = FRAMED if bare else f'<h1 style="font-size:1.2rem;font-weight:600">{head}</h1>'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{head}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>body{{background:Canvas;color:CanvasText;font-family:system-ui,sans-serif;{box}}}</style>"
        f"{'' if has_panel(result) else typeface()}</head>"
        f"<body><main>{over}{html(result, big=big, whole=whole, with_font=True, alone=True, kept=not bare)}</main></body></html>\n"
    )


def frame(result: Result, height: int | None = None, big: bool = False, whole: bool = False) -> str:
    """The page in an iframe, to stand inside another page; as high as what it shows, or of this many pixels."""
    inner = markup.escape(page(result, big=big, whole=whole, bare=True), quote=True)
    if height is not None:
        inner = inner.replace(markup.escape(FRAMED, quote=True), "")
    return f'<iframe title="jacmagic" style="width:100%;height:{height or 400}px;border:0" srcdoc="{inner}"></iframe>'
