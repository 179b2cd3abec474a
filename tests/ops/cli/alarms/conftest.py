"""The account of ``applied_account``, and the command on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ops.cli.app import run
from tests.fakes.aws import FakeAws, serve
from tests.ops.alarms.applying.alarm_world import AlarmWorld
from tests.ops.cli.alarms.applied_account import ACCOUNT, CHOSEN, Ops


@pytest.fixture
def world() -> AlarmWorld:
    return AlarmWorld()


@pytest.fixture
def fake(world: AlarmWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if service == "cloudwatch" and operation != "GetMetricData":
            return world.answer(service, operation, asked)
        return ACCOUNT.answer(service, operation, asked)

    monkeypatch.setenv("OPS_TARGET", "aws")
    with serve(answer, monkeypatch) as started:
        yield started


@pytest.fixture
def ops(fake: FakeAws, capsys: pytest.CaptureFixture[str]) -> Ops:
    def call(command: str, *arguments: str) -> tuple[int, str, str]:
        code = run(["alarms", command, *CHOSEN, *arguments])
        captured = capsys.readouterr()
        assert "Unexpected error" not in captured.err, captured.err
        return code, captured.out, captured.err

    return call
