"""LSTM, GRU and RNN, a step or a whole sequence, and attention with several heads, in the names of the papers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.pytorch import norms
from jacmagic.pytorch import operations as o
from jacmagic.pytorch.block import Block
from jacmagic.pytorch.terms import PRODUCT, SUM, Array, Term, Unreadable, arange, torch, transposed

GATES = {"LSTM": "ifgo", "GRU": "rzn", "RNN": "h"}


class _Weights:
    """The weights of one layer of a recurrent net, a gate each: W_ii x + b_ii + W_hi h + b_hi."""

    def __init__(self, b: Block, m: Any, kind: str, ending: str = "") -> None:
        self.b, gates = b, GATES[kind]
        self.parts: dict[str, list[Term] | None] = {}
        for side, letter in (("ih", "i"), ("hh", "h")):
            for what, sign in (("weight", "W"), ("bias", "b")):
                one = getattr(m, f"{what}_{side}{ending}", None)
                layer = ending.replace("_reverse", "r").removeprefix("_l").removeprefix("0")
                named = [f"{sign}_{letter}{gate}{layer}" for gate in gates]
                self.parts[what + letter] = None if one is None else b.chunks(one, named)

    def affine(self, side: str, gate: int, x: Term) -> Term:
        """W x + b of a gate, by the input ("i") or by the state ("h")."""
        weights, biases = self.parts["weight" + side], self.parts["bias" + side]
        assert weights is not None
        return o.affine(self.b, x, weights[gate], weights[gate].shape[0], biases[gate] if biases else None)

    def gate(self, gate: int, x: Term, h: Term) -> str:
        return f"{self.affine('i', gate, x).text} + {self.affine('h', gate, h).text}"


def lstm_step(b: Block, w: _Weights, x: Term, state: tuple[Term, ...]) -> tuple[Term, ...]:
    h, c = state
    i, f, g, out = (
        b.define(Term(f"{'tanh' if name == 'g' else 'sigmoid'}({w.gate(k, x, h)})", h.shape), name, "")
        for k, name in enumerate("ifgo")
    )
    c = b.define(Term(f"{f.text} .* {c.text} + {i.text} .* {g.text}", h.shape), "C", "")
    return b.define(Term(f"{out.text} .* tanh({c.text})", h.shape), "h", ""), c


def gru_step(b: Block, w: _Weights, x: Term, state: tuple[Term, ...]) -> tuple[Term, ...]:
    (h,) = state
    r, z = (b.define(Term(f"sigmoid({w.gate(k, x, h)})", h.shape), name, "") for k, name in enumerate("rz"))
    inner = f"{w.affine('i', 2, x).text} + {r.text} .* ({w.affine('h', 2, h).text})"
    n = b.define(Term(f"tanh({inner})", h.shape), "n", "")
    return (b.define(Term(f"(1 - {z.text}) .* {n.text} + {z.text} .* {h.text}", h.shape), "h", ""),)


def rnn_step(function: str) -> Step:
    def step(b: Block, w: _Weights, x: Term, state: tuple[Term, ...]) -> tuple[Term, ...]:
        return (b.define(Term(f"{function}({w.gate(0, x, state[0])})", state[0].shape), "h", ""),)

    return step


Step = Callable[[Block, _Weights, Term, tuple[Term, ...]], tuple[Term, ...]]


def _step(kind: str, m: Any) -> Step:
    return {"LSTM": lstm_step, "GRU": gru_step}.get(kind) or rnn_step(m.nonlinearity)


def _state(b: Block, given: Any, n: int, letters: str) -> tuple[Term, ...]:
    """The state to begin with: what is given, a vector each, else zeros."""
    if given is None:
        return tuple(b.constant(np.zeros(n), letter) for letter in letters)
    arrays = map(b.array, given if len(letters) > 1 else (given,))
    return tuple(b.atom(b.lay(one, one.places.reshape(-1))) for one in arrays)


def cell(kind: str) -> o.Row:
    def row(b: Block, m: Any, x: Any, hx: Any = None) -> Any:
        x = b.array(x)
        lead = x.shape[:-1]
        term = b.atom(b.lay(x, x.places.reshape(-1)))
        state = _state(b, hx, m.hidden_size, "hc" if kind == "LSTM" else "h")
        ends = _step(kind, m)(b, _Weights(b, m, kind), term, state)
        made = tuple(Array((one,), arange(*lead, m.hidden_size)) for one in ends)
        return made if kind == "LSTM" else made[0]

    return row


def recurrent(kind: str) -> o.Row:
    def row(b: Block, m: Any, x: Any, hx: Any = None) -> Any:
        """The steps one by one, layer by layer; backwards, too, where there are two directions."""
        if getattr(m, "proj_size", 0):
            raise Unreadable("a recurrent net with a projection")
        x = b.array(x)
        steps = [b.tight(b.lay(x, places)) for places in x.places.reshape(-1, x.shape[-1])]
        endings = ["", "_reverse"] if m.bidirectional else [""]
        count, hidden = m.num_layers * len(endings), [[term] for term in steps]
        last: list[tuple[Term, ...]] = []
        for layer in range(m.num_layers):
            steps = [_joined_up(b, parts) for parts in hidden]
            hidden = [[] for _ in steps]
            for ending in endings:
                weights = _Weights(b, m, kind, f"_l{layer}{ending}")
                state = _state(b, _of_layer(b, hx, len(last), count), m.hidden_size, "hc" if kind == "LSTM" else "h")
                for t in range(len(steps))[:: -1 if ending else 1]:
                    state = _step(kind, m)(b, weights, steps[t], state)
                    hidden[t].append(state[0])
                last.append(state)
        lead = (1,) if len(x.shape) == 3 else ()
        ends = tuple(Array(tuple(one), arange(count, *lead, m.hidden_size)) for one in zip(*last))
        terms = tuple(term for parts in hidden for term in parts)
        return Array(terms, arange(*x.shape[:-1], m.hidden_size * len(endings))), ends if kind == "LSTM" else ends[0]

    return row


def _joined_up(b: Block, parts: list[Term]) -> Term:
    """What both directions make of a step, one below the other."""
    if len(parts) == 1:
        return parts[0]
    return b.define(Term(f"[{', '.join(one.text for one in parts)}]", (sum(one.size for one in parts),)), "h", "")


def _of_layer(b: Block, hx: Any, layer: int, count: int) -> Any:
    if hx is None:
        return None
    if isinstance(hx, (tuple, list)):
        return tuple(_of_layer(b, one, layer, count) for one in hx)
    hx = b.array(hx)
    return Array(hx.terms, hx.places.reshape(count, -1)[layer])


# ------------------------------------------------------------------ attention
def multihead(
    b: Block, m: Any, query: Any, key: Any = None, value: Any = None, key_padding_mask: Any = None,
    need_weights: bool = True, attn_mask: Any = None, average_attn_weights: bool = True, is_causal: bool = False,
) -> Any:
    """Q, K, V by W_Q, W_K, W_V; softmax(Q_h K_hᵀ/√d) V_h a head; the heads side by side times W_Oᵀ."""
    if key_padding_mask is not None or m.bias_k is not None or m.add_zero_attn:
        raise Unreadable("attention with key_padding_mask, bias_kv or add_zero_attn")
    q, k, v = (b.array(query if one is None else one) for one in (query, key, value))
    if any(len(one.shape) == 3 and one.shape[0 if m.batch_first else 1] != 1 for one in (q, k, v)):
        raise Unreadable("one example at a time; is its batch where batch_first says? pass batch=False")
    heads, wide = m.num_heads, m.embed_dim
    d = wide // heads
    made = _projected(b, m, (q, k, v))
    n, many = made[0].shape[0], made[1].shape[0]
    mask = _mask(b, attn_mask, is_causal and attn_mask is None, n, many, heads)
    weights, total = [], []
    out = b.given(m.out_proj.weight, "W", _joined(b, m, "O"))
    for h in range(heads):
        part = arange(n, wide)[:, h * d : (h + 1) * d], arange(many, wide)[:, h * d : (h + 1) * d]
        one = [b.lay(Array((term,), arange(*term.shape)), part[min(at, 1)]) for at, term in enumerate(made)]
        shift = "" if mask is None else f" + {mask[h]}"
        text = f"softmax({one[0].text} {transposed(b.tight(one[1]))}/sqrt({d}){shift})"
        score = b.define(Term(text, (n, many)), "A", "")
        head = b.define(Term(f"{score.text} {one[2].text}", (n, d), PRODUCT), "H", "")
        weights.append(score)
        total.append(f"{head.text} {transposed(b.lay(out, out.places[:, h * d : (h + 1) * d]))}")
    bias = m.out_proj.bias
    if bias is not None:
        total.append(f"{b.ones(n).text} {b.given(bias, 'b', _joined(b, m, 'O')).terms[0].text}^T")
    made_out = Array((Term(" + ".join(total), (n, wide), SUM, b.index(m.path)),), arange(*q.shape))
    return made_out, (_weights(weights, q, n, many, average_attn_weights) if need_weights else None)


def _joined(b: Block, m: Any, ending: str) -> str:
    index = b.index(m.path)
    return ("" if index.isdigit() else index) + ending


def _projected(b: Block, m: Any, given: tuple[Array, ...]) -> list[Term]:
    named = [f"W_{name}" for name in "QKV"]
    if m.in_proj_weight is not None:
        weights = b.chunks(m.in_proj_weight, named)
    else:
        given_ = {name: getattr(m, f"{name}_proj_weight") for name in "qkv"}
        weights = [b.given(one, "W", _joined(b, m, name.upper())).terms[0] for name, one in given_.items()]
    biases = b.chunks(m.in_proj_bias, [f"b_{name}" for name in "QKV"]) if m.in_proj_bias is not None else [None] * 3
    made = []
    for name, x, w, c in zip("QKV", given, weights, biases):
        rows = b.lay(x, x.places.reshape(-1, x.shape[-1]))
        made.append(b.define(o.affine(b, rows, w, w.shape[0], c), name, ""))
    return made


def _mask(b: Block, mask: Any, causal: bool, n: int, m: int, heads: int) -> list[str] | None:
    """What is added to the scores of each head: −10⁹ where nothing may be looked at, whose exp is 0."""
    if causal:
        mask = torch().triu(torch().ones(n, m), 1) == 1
    if mask is None:
        return None
    if getattr(mask, "dtype", None) == torch().bool:
        mask = torch().zeros(mask.shape).masked_fill(mask, -1e9)
    array = b.array(mask)
    return [b.lay(array, one).within(PRODUCT) for one in array.places.expand(heads, n, m)]


def _weights(scores: list[Term], q: Array, n: int, m: int, average: bool) -> Array:
    lead = (1,) if len(q.shape) == 3 else ()
    if not average:
        return Array(tuple(scores), arange(*lead, len(scores), n, m))
    total = " + ".join(score.text for score in scores)
    whole = Term(f"({total})/{len(scores)}", (n, m), PRODUCT) if len(scores) > 1 else scores[0]
    return Array((whole,), arange(*lead, n, m))


def encoder_layer(
    b: Block, m: Any, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False,
) -> Array:
    """x + attention, x + feed-forward, each with its layer_norm behind it or in front of it."""
    name = getattr(m.activation, "__name__", type(m.activation).__name__.lower())

    def attend(x: Array) -> Array:
        found: Array = multihead(b, m.self_attn, x, x, x, src_key_padding_mask, False, src_mask)[0]
        return found

    def feed(x: Array) -> Array:
        made = o.linear(b, x, m.linear1.weight, m.linear1.bias)
        return o.linear(b, b.named(o.FUNCTIONS[name](b, made)), m.linear2.weight, m.linear2.bias)

    def norm(which: Any, x: Array) -> Array:
        return norms.layer_norm(b, x, which.normalized_shape, which.weight, which.bias, which.eps)

    if name not in o.FUNCTIONS:
        raise Unreadable(f"the activation {name}")
    x = b.named(b.regular(src))
    for part, which in ((attend, m.norm1), (feed, m.norm2)):
        made = part(norm(which, x) if m.norm_first else x)
        x = b.named(o.both(b, o.plus, x, made))
        x = x if m.norm_first else norm(which, x)
    return x
