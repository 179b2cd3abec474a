"""Fixtures of the cases: queues in memory, as in the tests of dead letters, and parts of the twin."""

from tests.dashboard.conftest import sample
from tests.ops.deadletters.conftest import server, world
from tests.ops.insight.conftest import stage
from tests.ops.twin.emulator.conftest import emulator
from tests.ops.twin.host.conftest import host

__all__ = ["emulator", "host", "sample", "server", "stage", "world"]
