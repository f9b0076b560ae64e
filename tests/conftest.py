"""Which tests run when.

    pytest             what somebody who installs or changes jacmagic needs to know, on every core
    pytest -m fast     one case of every test that is quick, in a tenth of that time or less: between two edits
    pytest -m long     the rest: random programs and nets at scale, kernels, load; .ci/run runs it
"""

from __future__ import annotations

import pytest

SLOW = ("test_demo", "test_interrupt", "test_workers")
"""Files whose tests start kernels and processes; no test of them is `fast`."""


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first case of each test is `fast`."""
    seen = set()
    for item in items:
        test, _, _ = item.nodeid.partition("[")
        if test not in seen and not item.get_closest_marker("long") and item.path.stem not in SLOW:
            item.add_marker("fast")
        seen.add(test)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """No processes beside this one where files are named: starting them takes longer than most files."""
    return 0 if config.args != config.getini("testpaths") else None
