"""``ops runbook`` in an account with a stalled workload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.cli.app import run
from ops.runbooks import engine
from ops.runbooks.actions import mapping, waiting
from ops.runbooks.locking import shared_hold
from tests.fakes.aws import FakeAws, serve
from tests.fakes.stalled_workload import StalledWorkload

WHERE = ("--queue", "orders")
SMALL = """---
title: Small
severity: ticket
owner: me
escalation: me
redrive: {idempotent: true, why: it is}
---
## Meaning
## Impact
## Diagnosis
```check
id: find
action: workload.find
```
```sh generated
```
## Mitigation
```step
id: turn_on
action: mapping.resume
otherwise: Ask.
```
```sh generated
```
"""
"""A runbook of two steps, still without its commands on paper."""


@dataclass
class Incident:
    workload: StalledWorkload
    aws: FakeAws
    home: Path
    capsys: pytest.CaptureFixture[str]

    def ops(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and talk of ``ops runbook …``."""
        where = WHERE if arguments[0] in ("run", "resume", "rollback", "report", "runs") else ()
        code = run(["runbook", *arguments, *where])
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert "Unexpected error" not in captured.err, captured.err
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:
        _, out, err = self.ops(*arguments, "--json")
        assert out, err
        return json.loads(out)

    @property
    def record(self) -> Path:
        (path,) = (self.home / "runbooks").glob("*/record.jsonl")
        return path

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.record.read_text().splitlines()]


@pytest.fixture
def incident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Incident]:
    workload, home = StalledWorkload(), tmp_path / "home"
    monkeypatch.setenv("OPS_HOME", str(home))
    monkeypatch.setattr(waiting, "POLL_S", 0.01)
    monkeypatch.setattr(engine, "VERIFY_INTERVAL_S", 0.01)
    monkeypatch.setattr(shared_hold, "SETTLE_S", 0.01)
    monkeypatch.setattr(shared_hold, "WRITTEN_WITHIN_S", 60.0)  # a busy machine may take seconds to write the tag
    monkeypatch.setattr(mapping, "READY_POLL_S", 0.01)
    with serve(workload.answer, monkeypatch) as aws:
        yield Incident(workload, aws, home, capsys)
