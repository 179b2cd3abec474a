"""Fixtures of the tests with bad messages, disks, files and clocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.dlq_world import World


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.with_new_queues(tmp_path, monkeypatch)
