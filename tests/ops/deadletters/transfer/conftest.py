"""Fixtures of the transfer tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.deadletters.transfer import context, receiver
from tests.fakes.dlq_world import World


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Empty queues, short leases and short backoffs."""
    monkeypatch.setattr(context, "LEASE_S", 2)
    monkeypatch.setattr(receiver, "GRACE_S", 0.2)
    monkeypatch.setattr(context, "MIN_BACKOFF_S", 0.001)
    monkeypatch.setattr(context, "MAX_BACKOFF_S", 0.02)
    return server.with_new_queues(tmp_path, monkeypatch)
