"""One host for the module's tests, with a short init limit so that running into it takes a second, not ten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ops.twin.host.lab import Host, running

INIT_LIMIT = 1.5


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with running(tmp_path_factory.mktemp("host"), OPS_TWIN_INIT_LIMIT=str(INIT_LIMIT)) as one:
        yield one
