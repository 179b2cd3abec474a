"""One host for all tests that need no settings of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ops.twin.host.lab import Host, running


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with running(tmp_path_factory.mktemp("host")) as started:
        yield started
