"""Fixtures of the tests with a bad network and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.dlq_world import World
from tests.timing import set_timing


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    set_timing(monkeypatch, max_backoff=0.2)
    made = server.with_new_queues(tmp_path, monkeypatch)
    yield made
    server.aws.heal()
