"""The page asks for all runs of a queue on each rerun: those that have ended are read once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.services.run_cache import RunCache
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Action, Selection
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.redrive import runs
from ops.errors import OpsError
from tests.fakes.dead_letter_service import SampleDeadLetterService
from tests.fakes.sample_dead_letters import a_plan


@pytest.fixture
def service() -> SampleDeadLetterService:
    return SampleDeadLetterService(3)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which ledgers were opened, in turn."""
    opened: list[str] = []
    read_run = runs.read_run

    def noted(source: DeadLetterQueue, run: str) -> Run:
        opened.append(run)
        return read_run(source, run)

    monkeypatch.setattr(runs, "read_run", noted)
    return opened


def began(service: SampleDeadLetterService) -> Path:
    plan = a_plan(("a", "b", "c"), Selection(), Action.REDRIVE)
    path = service.folder / "runs" / f"{plan.id}.db"
    Ledger.create(path, plan, "fixed", "sam").close()
    return path


def states(ledgers: RunCache) -> list[RunState]:
    return [run.state for run in ledgers.load_all() if isinstance(run, Run)]


def test_a_run_that_has_ended_is_read_once_until_someone_resumes_it(
    service: SampleDeadLetterService, read: list[str]
) -> None:
    path, ledgers = began(service), RunCache(service._source)
    with Ledger.open(path) as ledger:
        ledger.finish_run(RunState.CANCELLED, "Cancelled.", datetime.now(UTC))
    assert states(ledgers) == states(ledgers) == [RunState.CANCELLED]
    assert len(read) == 1
    with Ledger.open(path) as ledger:
        ledger.start_run("Starting.")
        assert states(ledgers) == [RunState.INTERRUPTED], "what is still in the log beside the file counts"
        ledger.finish_run(RunState.DONE, "All went.", datetime.now(UTC))
        assert states(ledgers) == [RunState.DONE]
    assert states(ledgers) == [RunState.DONE]


def test_a_run_that_has_not_ended_is_read_each_time(service: SampleDeadLetterService, read: list[str]) -> None:
    began(service)
    ledgers = RunCache(service._source)
    assert states(ledgers) == states(ledgers) == [RunState.INTERRUPTED], "its process may come or go"
    assert len(read) == 2


def test_a_ledger_that_cannot_be_read_is_an_error_until_it_can(service: SampleDeadLetterService) -> None:
    path = began(service)
    whole = path.read_bytes()
    path.write_bytes(b"no ledger at all" * 400)
    ledgers = RunCache(service._source)
    assert [isinstance(found, OpsError) for found in ledgers.load_all()] == [True]
    path.write_bytes(whole)
    assert states(ledgers) == [RunState.INTERRUPTED]
