"""What the page learns from, against n.train: the same losses and weights, batch by batch."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
from copy import copy
from pathlib import Path

import numpy as np
import pytest
from lessons import DEEP, LESSONS, XOR, lesson
from optional import panel_source

import jacmagic
from jacmagic import panel
from jacmagic.panel import learning, parts
from jacmagic.train import batches

STEPS = 200


def in_node(text: str, given: object, folder: Path) -> object:
    """What a module with `panel` and `given` logs as JSON."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node.js here")
    source = panel_source("learner.js").as_uri()
    path = folder / "run.mjs"
    path.write_text(f"import * as panel from {json.dumps(source)};\nconst given = {json.dumps(given)};\n{text}", encoding="utf-8")
    done = subprocess.run([node, str(path)], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", LESSONS)
def test_the_page_learns_what_python_does(name: str, tmp_path: Path) -> None:
    n = lesson(name)
    spec = panel.spec(n)
    got = in_node("""
        const { learn, graph, names } = given.spec;
        const who = panel.learner(graph, learn);
        for (const one of names) if (!(one.key in learn.data)) who.put(one.key, [one.value].flat());
        const how = { rate: learn.lr, optimizer: learn.optimizer, batch: learn.batch };
        for (let k = 0; k < given.steps; k++) who.step(how);
        console.log(JSON.stringify({ ...who.history, weights: Object.fromEntries([...who.weights].map(([key, list]) => [key, [...list]])) }));
    """, {"spec": spec, "steps": STEPS}, tmp_path)
    _, data, options = LESSONS[name]
    losses = n.train(data, steps=STEPS, progress=False, **options)
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(got["loss"], losses, rtol=1e-9, atol=1e-12)
    assert set(got["weights"]) == set(spec["learn"]["keys"])
    for norms, wanted in zip(got["norms"], losses.history["gradients"].values()):
        np.testing.assert_allclose(norms, wanted, rtol=1e-7, atol=1e-11)
    for key, list_ in got["weights"].items():
        np.testing.assert_allclose(list_, np.ravel(n.values[key]), rtol=1e-8, atol=1e-10)


def test_batches_are_those_of_python(tmp_path: Path) -> None:
    cases = [[7, 3, 0], [10, 10, 5], [12, 5, 2**32 - 1], [1, 1, 3]]
    got = in_node("console.log(JSON.stringify(given.map(([count, size, seed]) => { const next = panel.batches(count, size, seed); return Array.from({ length: 9 }, () => [...next()]); })))", cases, tmp_path)
    for (count, size, seed), parts_ in zip(cases, got):
        rows = batches(count, size, seed)
        wanted = [next(rows).tolist() if size < count else list(range(count)) for _ in range(9)]
        assert parts_ == wanted


def test_a_loss_that_is_not_finite_moves_nothing(tmp_path: Path) -> None:
    n = lesson("line")
    n.values["w"] = 1e200
    got = in_node("""
        const who = panel.learner(given.graph, given.learn);
        for (const one of given.names) if (!(one.key in given.learn.data)) who.put(one.key, [one.value].flat());
        const loss = who.step({ rate: 1, optimizer: "sgd", batch: given.learn.count });
        console.log(JSON.stringify([isFinite(loss), who.history.loss.length, ...who.weights.get("w")]));
    """, panel.spec(n), tmp_path)
    assert got == [False, 0, 1e200]


# ------------------------------------------------------------------ n.data
def net() -> jacmagic.notebook.Result:
    return jacmagic.nnchain(LESSONS["xor"][0])


def test_data_are_kept_as_they_were_given() -> None:
    n = net()
    assert n.data is None
    given = np.array(XOR["x"], dtype=float)
    n.data = {"x": given, "y": XOR["y"]}
    given[:] = 9
    n.data["x"][:] = 9
    assert n.data["x"].tolist() == XOR["x"]
    assert n.train(steps=3, progress=False).shape == (3,)
    for other in (copy(n), pickle.loads(pickle.dumps(n))):
        assert other.data["y"].tolist() == XOR["y"]
    n.data = None
    assert n.data is None
    with pytest.raises(ValueError, match=r"no data yet; n\.train"):
        n.train(progress=False)


def test_data_and_options_of_train_are_the_pages() -> None:
    n = net()
    n.train(XOR, lr=0.25, steps=1, optimizer="adam", batch=2, fixed="c1", seed=3, progress=False)
    learn = panel.spec(n)["learn"]
    assert {key: learn[key] for key in ("count", "keys", "lr", "optimizer", "batch", "seed")} == {
        "count": 4, "keys": ["W1", "W2", "c2"], "lr": 0.25, "optimizer": "adam", "batch": 2, "seed": 3}
    n.data = {"x": XOR["x"][:1], "y": XOR["y"][:1]}
    assert panel.spec(n)["learn"]["batch"] == 1


@pytest.mark.parametrize(("data", "says"), [
    ({"x": [[0, 0, 0]], "y": [[0]]}, "has shape"), ({"x": XOR["x"]}, "no data for y"), ({"x": XOR["x"], "y": [[0]]}, "do not match"),
])
def test_data_that_do_not_fit_are_refused_when_they_are_set(data: dict[str, object], says: str) -> None:
    n = net()
    with pytest.raises(ValueError, match=says):
        n.data = data
    assert n.data is None


def test_an_output_without_data_has_nothing_of_learning() -> None:
    n = net()
    assert panel.spec(n)["learn"] is None
    assert parts.needed(panel.spec(n)) == {"chain", "net"}
    n.data = XOR
    assert {"learning", "decision", "net"} <= parts.needed(panel.spec(n))
    assert len(panel.html(n).encode()) < 80_000


def test_an_output_with_all_the_data_that_it_carries_is_small() -> None:
    n = jacmagic.nnchain(DEEP)
    n.data = {"x": np.random.default_rng(0).normal(size=(300, 2)), "y": np.random.default_rng(1).uniform(size=(300, 1))}
    assert panel.spec(n)["learn"]["count"] == 300
    assert len(panel.html(n).encode()) <= 80_000


def test_more_data_than_an_output_carries_are_said() -> None:
    n = net()
    n.data = {"x": np.zeros((1000, 2)), "y": np.zeros((1000, 1))}
    assert panel.spec(n)["learn"] == {"said": learning.TOO_MANY}
    assert panel.spec(n)["picture"]["kind"] == "net"


@pytest.mark.parametrize(("name", "kind", "shown"), [
    ("xor", "decision", "forward:o"), ("line", "fit", "forward:o"), ("classes", "decision", "forward:o"), ("spirals", "decision", "forward:o"),
])
def test_the_picture_is_by_the_number_of_inputs(name: str, kind: str, shown: str) -> None:
    made = panel.spec(lesson(name))["picture"]
    assert (made["kind"], made["f"], [one["kind"] for one in made["also"]]) == (kind, shown, ["net"])


@pytest.mark.parametrize("name", ["xor", "spirals"])
def test_the_landscape_is_the_loss_along_its_directions(name: str, tmp_path: Path) -> None:
    n = lesson(name)
    got = in_node("""
        const { learn, graph, names } = given;
        const who = panel.learner(graph, learn);
        for (const one of names) if (!(one.key in learn.data)) who.put(one.key, [one.value].flat());
        const weights = [...who.weights.values()], ways = panel.directions(weights, learn.seed), before = weights.map((one) => [...one]);
        const found = [[0, 0], [1, 0], [-0.5, 0.25], [0.8, -1]].map((along) => [along, who.at(ways, along)]);
        const same = weights.every((one, k) => one.every((v, i) => v === before[k][i]));
        console.log(JSON.stringify({ keys: [...who.weights.keys()], ways: ways.map((way) => way.map((one) => [...one])), found, same }));
    """, panel.spec(n), tmp_path)
    _, data, _ = LESSONS[name]
    loss = n.program.outputs[-1]
    assert got["same"]
    for way in got["ways"]:
        for key, part in zip(got["keys"], way):
            length = np.linalg.norm(n.values[key])
            np.testing.assert_allclose(np.linalg.norm(part), length or 1, rtol=1e-12)
    for along, value in got["found"]:
        moved = {
            key: n.values[key] + sum(a * np.reshape(way[k], np.shape(n.values[key])) for a, way in zip(along, got["ways"]))
            for k, key in enumerate(got["keys"])
        }
        np.testing.assert_allclose(value, np.mean(n.forward(**data, **moved)[loss]), rtol=1e-10)
