"""What these tests begin with: queues in memory, as the tests of dead letters have them, parts of the twin, and
accounts (accounts.py)."""

from collections.abc import Iterator

import pytest

from tests.cases.accounts import Served, serving
from tests.dashboard.conftest import sample
from tests.ops.deadletters.conftest import server, world
from tests.ops.insight.conftest import stage
from tests.ops.twin.emulator.conftest import emulator
from tests.ops.twin.host.conftest import host

__all__ = ["emulator", "host", "sample", "server", "stage", "world"]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as both:
        yield both
