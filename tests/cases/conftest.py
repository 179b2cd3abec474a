"""What these tests begin with: queues in memory, as the tests of dead letters have them."""

from tests.ops.deadletters.conftest import server, world

__all__ = ["server", "world"]
