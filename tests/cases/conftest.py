"""What these tests begin with: queues in memory, as the tests of dead letters have them, and parts of the twin."""

from tests.ops.deadletters.conftest import server, world
from tests.ops.twin.emulator.conftest import emulator
from tests.ops.twin.host.conftest import host

__all__ = ["emulator", "host", "server", "world"]
