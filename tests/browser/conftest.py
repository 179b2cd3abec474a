"""A browser where there is one; where there is none, the tests are skipped and the reason is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.chromium import chromium, find_chromium
from tests.browser.server import REPOSITORY, serving, serving_sample


@pytest.fixture(scope="package")
def browser() -> Iterator[BrowserContext]:
    if find_chromium() is None:
        pytest.skip("no Chromium on this machine: install Debian's `chromium` to run the browser tests")
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A new tab; at the end of the test no script in it may have failed."""
    tab = browser.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    tab.evaluate("0")  # what the page has reported up to here has arrived
    tab.close()
    assert not errors


@pytest.fixture(scope="package")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on hand-made reports: `?stack=NAME` is the sample of that name in tests/dashboard/sample_app.py."""
    target = str(REPOSITORY / "tests" / "dashboard" / "sample_app.py")
    with serving(target, {"OPS_STACK": "", "OPS_TARGET": "aws"}, tmp_path_factory.mktemp("samples") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on hand-made reports full of markup."""
    with serving_sample("hostile", tmp_path_factory.mktemp("hostile") / "log") as address:
        yield address
