"""Rehearsals in processes of their own: each is known by its result, and all end with the process that started them."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from ops.access import READ_ONLY_VARIABLE, ReadOnly
from ops.rehearsals import library
from ops.rehearsals.model import RunbookRehearsal
from ops.rehearsals.parallel import RehearsalSinks, rehearse_all
from tests.twins import processes_of, wait_for


def _chosen() -> list[RunbookRehearsal]:
    return [library.load(name) for name in ("stalled", "page-me")]


@pytest.mark.servers
@pytest.mark.slow
def test_one_that_is_killed_is_a_finding_and_the_next_one_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    started: list[str] = []

    def kill(_line: str) -> None:
        for each in multiprocessing.active_children():
            each.kill()

    def sinks(rehearsal: RunbookRehearsal) -> RehearsalSinks:
        started.append(rehearsal.name)
        return RehearsalSinks(progress=kill)

    results = list(rehearse_all([*_chosen(), library.load("backlog")], 2, sinks))
    assert started == ["stalled", "page-me", "backlog"]
    assert {result.name for result in results} == set(started)
    assert {tuple(result.findings) for result in results} == {
        ("Its process ended with exit code -9 before the rehearsal did.",)
    }
    wait_for(lambda: not processes_of(tmp_path), 120, "a twin outlived its rehearsal")


@pytest.mark.servers
@pytest.mark.slow
def test_ctrl_c_stops_and_removes_every_twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(rehearse_all(_chosen(), 2, lambda _each: RehearsalSinks(progress=interrupt)))
    assert not multiprocessing.active_children()
    assert not processes_of(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_read_only_process_starts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY_VARIABLE, "1")
    with pytest.raises(ReadOnly):
        next(rehearse_all(_chosen(), 2, lambda _each: RehearsalSinks()))
    assert not multiprocessing.active_children()
