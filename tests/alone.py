"""The demo and the cases with the installed jacmagic and what it asks for, no test tools: `python alone.py`.

.ci/run runs it in an environment that has nothing else, with the newest versions of everything.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import IPython
import numpy as np
from IPython.core.interactiveshell import InteractiveShell

import jacmagic

HERE = Path(__file__).resolve().parent


def demo() -> int:
    """Every cell of the demo shows what is saved under it; the number of cells with a text."""
    shell = InteractiveShell.instance()
    compared = 0
    for cell in json.loads((HERE.parent / "demo.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        done = shell.run_cell(source)
        failed = done.error_before_exec or done.error_in_exec
        if "raises-exception" in cell["metadata"].get("tags", []):
            if not isinstance(failed, jacmagic.JacmagicError):
                raise SystemExit(f"no error, or another one, of\n{source}\n{failed!r}")
            continue
        if failed:
            raise SystemExit(f"{source}\n{failed!r}")
        bundles = [output["data"] for output in cell["outputs"] if "text/html" in output.get("data", {})]
        if bundles and hasattr(done.result, "_repr_mimebundle_"):
            fresh = done.result._repr_mimebundle_()["text/plain"].splitlines()
            saved = "".join(bundles[-1]["text/plain"]).splitlines()
            if fresh[0] != saved[0] or len(fresh) != len(saved):
                raise SystemExit(f"{source}\nshows\n" + "\n".join(fresh) + "\nand is saved with\n" + "\n".join(saved))
            compared += 1
    return compared


def cases() -> int:
    """The numbers of every case that has some; how many."""
    compared = 0
    later = {one for ids in json.loads((HERE / "cases" / "later.json").read_text()).values() for one in ids}
    for line in (HERE / "cases" / "values.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["id"] in later:
            continue
        net = case["api"] == "nnchain"
        r = jacmagic.nnchain(case["source"]) if net else jacmagic.jacobian(case["source"], wrt=case.get("wrt"))
        point = {key: np.array(v, dtype=float) for key, v in case["point"].items()}
        for check in case["checks"]:
            if check["what"] == "forward":
                have = r.forward(**point)[check["name"]]
            elif check["what"] == "at" and (not net or check["wrt"]):
                of = check["of"] or (r.layers[-1].name if check["wrt"] else None)
                have = r.at(of, check["wrt"], **point) if of else r.at(**point)
            else:
                continue
            want = np.array(check["equals"], dtype=float)
            rtol = check.get("rtol", 1e-9)
            largest = float(np.max(np.abs(want), initial=0.0))
            if not np.allclose(np.reshape(have, want.shape), want, rtol=rtol, atol=max(1e-12, rtol * largest)):
                raise SystemExit(f"{case['id']}: {have}, not {want}")
            compared += 1
    return compared


if __name__ == "__main__":
    if Path(jacmagic.__file__).resolve().parents[1] == HERE.parent:
        raise SystemExit("this is the tree, not what is installed")
    if found := [name for name in ("pytest", "torch", "jax", "lark", "hypothesis", "ipykernel") if find_spec(name)]:
        raise SystemExit(f"there is more here than jacmagic asks for: {found}")
    print(f"{demo()} cells of the demo and {cases()} numbers of the cases agree with Python {sys.version.split()[0]}, "
          f"IPython {IPython.__version__} and {len(list(distributions()))} packages installed")
