"""The panel's evaluator: its Node tests, and numbers of real blocks against r.at()."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import need
from playwright.sync_api import Page

import jacmagic
from jacmagic import panel
from jacmagic.panel.squeeze import squeeze

HERE = Path(__file__).parent
BLOCKS = (
    "f = x^2", "f(x) = ln(x) / x", "f(x, y) = sqrt(x^2 + y^2) + |x - y|", "f(x) = relu(x) + gelu(x) + erf(x)",
    "f(x1, x2) = [2x1 x2^2 + k x1, x1^2 sin x2]\nk = 3 in [0, 7]",
    "F(r, θ, φ) = [r sin θ cos φ, r sin θ sin φ, r cos θ]", "u = x y\nv = x + y\nf = u^2 + sin v",
    "x in R^3\nA in R^(3x3)\nf = A x + tanh(x)", "x in R^3\nf = softmax(x)", "x in R^3\nf = ||x||^2",
)
NETS = (
    "x in R^1\na = W1 x + c1 in R^2\nb = tanh(W2 a + c2) in R^2\no = W3 b + c3 in R^1",
    "x(3) -> 4 tanh -> 2 softmax\ny in R^2\nL = cross_entropy(o, y)",
    "x in R^3\nh = x + W2 relu(W1 x + c) in R^3\nW1 in R^(2x3)\nL = ||h||^2",
)


def test_the_module_without_a_browser() -> None:
    node = shutil.which("node")
    need(node, "there is no node")
    done = subprocess.run([node, "--test", "panel.test.mjs"], cwd=HERE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("block", [*BLOCKS, *NETS])
def test_the_browser_and_the_kernel_have_the_same_numbers(page: Page, block: str) -> None:
    result = (jacmagic.nnchain if block in NETS else jacmagic.jacobian)(block)
    rng = np.random.default_rng(3)
    points = [{}] + [
        {key: rng.uniform(0.2, 2, np.shape(value)) for key, value in result.values.items()} for _ in range(3)
    ]
    source = base64.b64encode(Path(panel.__file__).with_name("panel.js").read_bytes()).decode()
    flat = [{key: np.ravel(value).tolist() for key, value in {**result.values, **point}.items()} for point in points]
    found = page.evaluate(
        """async ([source, graph, points]) => {
            const { compile } = await import("data:text/javascript;base64," + source);
            const engine = compile(graph);
            return points.map((point) => { for (const key in point) engine.set(key, point[key]); return [...engine.get("J")]; });
        }""", [source, panel.spec(result)["graph"], flat])
    for point, numbers in zip(points, found):
        wanted = np.ravel(result.at(**point))
        np.testing.assert_allclose(numbers, wanted, rtol=1e-12, atol=1e-12)


def test_squeezing_keeps_what_the_module_does(tmp_path: Path) -> None:
    """The Node tests once more, on the module as it is pasted into an output."""
    node = shutil.which("node")
    need(node, "there is no node")
    source = Path(panel.__file__).with_name("panel.js").read_text(encoding="utf-8")
    exported = source[source.rindex("export {") :]
    kept = source.replace(exported, "globalThis.kept = [" + exported[8:].strip().strip("};") + "];\nexport {};")
    names = [name.strip() for name in exported[8:].strip().strip("};").split(",")]
    squeezed = squeeze(kept) + "\nconst [" + ",".join(f"${name}" for name in names) + "]=globalThis.kept;\n"
    squeezed += "export {" + ",".join(f"${name} as {name}" for name in names) + "};"
    (tmp_path / "panel.js").write_text(squeezed, encoding="utf-8")
    test = (HERE / "panel.test.mjs").read_text(encoding="utf-8")
    assert "../../jacmagic/panel/panel.js" in test
    test = test.replace("../../jacmagic/panel/panel.js", "panel.js").replace("\"reference.json\"", json.dumps((HERE / "reference.json").as_uri()))
    # What is said of the source's own text holds of the source.
    test = test.replace('test("the module is what its header promises"', 'test.skip("the module is what its header promises"')
    (tmp_path / "panel.test.mjs").write_text(test, encoding="utf-8")
    done = subprocess.run([node, "--test", "panel.test.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:]
