"""What several modules of these tests begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.aws.clients import MAX_ATTEMPTS
from tests.fakes.dlq_world import World, a_world
from tests.timing import set_timing


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """SQS in memory, one a module, which may say: ``RETRIES`` of botocore, ``WAITS_S`` at most of a receive."""
    retries = getattr(request.module, "RETRIES", MAX_ATTEMPTS)
    with pytest.MonkeyPatch.context() as patch, a_world(tmp_path_factory.mktemp("home"), patch, retries) as made:
        if waits_s := getattr(request.module, "WAITS_S", None):
            made.aws.waits(waits_s)
        yield made


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Empty queues and a home of the test's own, for runs that look about them twenty times a second."""
    set_timing(monkeypatch, rollout_tick=0.05)
    return server.with_new_queues(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def look_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, a_world(tmp_path_factory.mktemp("world"), patch, retries=0) as world:
        yield world


@pytest.fixture
def look_world(look_server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty queue of dead letters to look at."""
    set_timing(monkeypatch, scan_long_poll=0)  # this server knows at once that nothing is there
    return look_server.with_new_queues(tmp_path, monkeypatch)
