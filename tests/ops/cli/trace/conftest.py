"""A ``Desk`` for ``ops trace``: a queue, its dead-letter queue and a snapshot on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ops import workload
from ops.aws import Aws
from ops.insight.sources.log_volume import kept_volumes
from ops.target import Target
from ops.workload import Workload
from tests.fakes.aws import serve
from tests.fakes.logs import a_source
from tests.ops.cli.trace.desk import TraceDesk
from tests.ops.insight.world import DLQ


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[TraceDesk]:
    kept_volumes.clear()
    monkeypatch.setenv("OPS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "1-eu-west-1-dead"
    folder.mkdir(parents=True)
    dlq = replace(DLQ, arn="arn:aws:sqs:eu-west-1:1:dead")
    with a_source(folder, monkeypatch, [], dlq=dlq) as (source, fake):
        desk = TraceDesk(fake, capsys)
        described = replace(source.workload, queue=replace(source.workload.queue, max_receive_count=2))

        def describe(_aws: Aws, _target: Target) -> Workload:
            return described

        monkeypatch.setattr(workload, "describe", describe)
        with serve(desk.answer, monkeypatch):
            yield desk
