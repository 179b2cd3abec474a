"""A browser where there is one; where there is none, the tests say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.chromium import Chromium, Page, find


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    if find() is None:
        pytest.skip("no Chromium on this machine: install Debian's `chromium` to run the browser tests")
    with Chromium() as running:
        yield running


@pytest.fixture
def page(browser: Chromium) -> Iterator[Page]:
    """A tab as wide as a laptop, in Berlin."""
    tab = browser.page()
    tab.zone("Europe/Berlin")
    yield tab
    tab.send("Page.close")
