"""Which tests run when.

    pytest             what somebody who installs or changes jacmagic needs to know, on every core
    pytest -m fast     one case of every test that is quick, in a tenth of that time or less: between two edits
    pytest -m long     the rest of .ci/run: more cases of the same, hundreds of interrupts, what takes ten seconds
    pytest -m scale    random programs, nets and hostile blocks by the thousand, of which the others have a tenth
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shells import Shell

SLOW = frozenset("""
    test_demo test_interrupt test_places test_workers test_random_programs_agree_with_pytorch
    test_the_matrix_form_of_every_local_jacobian_has_its_numbers test_texts_made_from_the_grammar_hold
    test_sentences_of_the_page_are_answered_or_refused_with_an_error_of_ours test_the_same_cells_give_the_same_bytes
    test_of_a_million_names_only_those_shown_are_made test_cases_under_any_names_of_what_they_compare
    test_a_family_of_hostile_blocks_is_answered_or_refused_within_a_second
""".split())
"""Files that start kernels and processes, and tests of more than two seconds: none of them is `fast`."""


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first case of each test is `fast`."""
    seen = set()
    for item in items:
        test, _, _ = item.nodeid.partition("[")
        rare = item.get_closest_marker("long") or item.get_closest_marker("scale")
        if test not in seen and not rare and not SLOW & {item.path.stem, item.originalname}:
            item.add_marker("fast")
        seen.add(test)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """No processes beside this one where files are named: starting them takes longer than most files."""
    return 0 if config.args != config.getini("testpaths") else None


@pytest.fixture(scope="module")
def double_precision() -> Iterator[None]:
    """What PyTorch draws is computed in double precision; the tests of other files keep its default."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture
def shell() -> Shell:
    made = Shell()
    made.run("%load_ext jacmagic")
    return made
