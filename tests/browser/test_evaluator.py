"""The panel's evaluator: its Node tests, and numbers of real blocks against r.at()."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import need
from playwright.sync_api import Page

import jacmagic
from jacmagic import panel
from jacmagic.panel import arrays

HERE = Path(__file__).parent
MODULES = Path(panel.__file__).with_name("src")
BLOCKS = (
    "f = x^2", "f(x) = ln(x) / x", "f(x, y) = sqrt(x^2 + y^2) + |x - y|", "f(x) = relu(x) + gelu(x) + erf(x)",
    "f(x1, x2) = [2x1 x2^2 + k x1, x1^2 sin x2]\nk = 3 in [0, 7]",
    "F(r, θ, φ) = [r sin θ cos φ, r sin θ sin φ, r cos θ]", "u = x y\nv = x + y\nf = u^2 + sin v",
    "x in R^3\nA in R^(3x3)\nf = A x + tanh(x)", "x in R^3\nf = softmax(x)", "x in R^3\nf = ||x||^2",
    "x^2 + y^2 = r^2\ny = y(x)", "x e^y + y e^x = 1\nx = 1\ny = y(x)", "u + v = x\nu v = y\nu = u(x, y)\nv = v(x, y)\nw = u x",
)
NETS = (
    "x in R^1\na = W1 x + c1 in R^2\nb = tanh(W2 a + c2) in R^2\no = W3 b + c3 in R^1",
    "x(3) -> 4 tanh -> 2 softmax\ny in R^2\nL = cross_entropy(o, y)",
    "x in R^3\nh = x + W2 relu(W1 x + c) in R^3\nW1 in R^(2x3)\nL = ||h||^2",
)
LARGE = ("x(784) -> 128 relu -> 10 softmax", "x(784) -> 128 tanh -> 10 softmax\ny in R^10\nL = cross_entropy(o, y)")


def test_the_module_without_a_browser() -> None:
    node = shutil.which("node")
    need(node, "there is no node")
    done = subprocess.run([node, "--test", "panel.test.mjs"], cwd=HERE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:]


def builders() -> None:
    need((MODULES / "node_modules").is_dir(), f"npm ci in {MODULES}")


def test_what_outputs_carry_is_built_from_the_modules(tmp_path: Path) -> None:
    builders()
    subprocess.run(["node", MODULES / "build.mjs", tmp_path], check=True, timeout=120)
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == sorted(one.name for one in MODULES.parent.glob("*.min.*"))
    stale = [one for one in names if (tmp_path / one).read_bytes() != (MODULES.parent / one).read_bytes()]
    assert not stale, "npm run build"


def test_typescript_finds_nothing_in_the_modules() -> None:
    builders()
    done = subprocess.run(["npm", "run", "--silent", "check"], cwd=MODULES, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", [*BLOCKS, *NETS, *LARGE])
def test_the_browser_and_the_kernel_have_the_same_numbers(page: Page, block: str) -> None:
    result = (jacmagic.nnchain if block in (*NETS, *LARGE) else jacmagic.jacobian)(block)
    rng = np.random.default_rng(3)
    points = [{}] + [
        {key: rng.uniform(0.2, 2, np.shape(value)) for key, value in result.values.items()} for _ in range(3)
    ]
    page.route("http://127.0.0.1:9/**", lambda route: route.fulfill(
        body=(MODULES / route.request.url.rsplit("/", 1)[1]).read_bytes() if route.request.url.endswith(".js") else b"",
        content_type="text/javascript" if route.request.url.endswith(".js") else "text/html",
    ))
    page.goto("http://127.0.0.1:9/")
    made = panel.spec(result)
    # Numbers of few bytes and of many: singles as they are drawn, and doubles.
    flat = [{**{one["key"]: one["value"] for one in made["names"]}, **{key: arrays.carried(value) for key, value in point.items()}} for point in points]
    found = page.evaluate(
        """async ([graph, packed]) => {
            const [{ compile }, { numbers }] = await Promise.all([import("/evaluator.js"), import("/arrays.js")]);
            const engine = compile(graph);
            const points = packed.map((point) => Object.fromEntries(Object.entries(point).map(([key, value]) => [key, numbers(value)])));
            return points.map((point) => { for (const key in point) engine.set(key, point[key]); return [...engine.get("J")]; });
        }""", [made["graph"], flat])
    for point, numbers in zip(points, found):
        wanted = np.ravel(result.at(**point))
        np.testing.assert_allclose(numbers, wanted, rtol=1e-12, atol=1e-12)
