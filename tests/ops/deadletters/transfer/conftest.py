"""Fixtures of the transfer tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.dlq_world import World
from tests.timing import set_timing


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Empty queues, short leases and short backoffs."""
    set_timing(monkeypatch, lease=2, lease_grace=0.2, min_backoff=0.001, max_backoff=0.02)
    return server.with_new_queues(tmp_path, monkeypatch)
