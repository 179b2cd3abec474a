"""Kept files that are damaged: one sentence with the way out, never a hang, nothing lost; what is whole still works."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.cli.app import run as ops
from ops.deadletters import plans
from ops.deadletters.archive import audit_log
from ops.deadletters.redrive import redrive
from tests.cases.messages.damage import OF_ANY, OF_AUDIT, OF_LEDGER, OF_SNAPSHOT, Damage, settle
from tests.ops.cli.conftest import Desk, _doors, _workloads, _world, desk, terminal
from tests.timing import set_timing

__all__ = ["_doors", "_workloads", "_world", "desk", "terminal"]

TIMEOUT_S = 20
BODIES = tuple({"n": number} for number in range(4))


class Hung(Exception):
    """A command waits for something that never comes."""


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    def over(*_: Any) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Kept:
    """A home as it is after a scan, a plan, an export, a redrive that was stopped and one that is done."""

    desk: Desk
    good: Path
    plan: str
    done: str

    @property
    def home(self) -> Path:
        return Path(os.environ["OPS_HOME"])

    def file(self, name: str) -> Path:
        folder = self.desk.world.source.folder
        return {
            "plan": folder / "plans" / f"{self.plan}.json",
            "ledger": folder / "runs" / f"{self.plan}.db",
            "snapshot": folder / "shelf.db",
            "lock": folder / "redrive.lock",
            "audit": self.home / audit_log.FILE,
            "export": self.home / "export.jsonl",
        }[name]

    def again(self) -> None:
        """Everything as it was."""
        shutil.rmtree(self.home)
        shutil.copytree(self.good, self.home)
        self.desk.world.dlq.end_leases()

    def ask(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and all that was said."""
        try:
            with no_longer_than(TIMEOUT_S):
                code = ops([*arguments] if arguments[0] == "audit" else ["dlq", *arguments, "--queue", "jobs"])
        except Hung:
            return -1, "hung"
        told = self.desk.capsys.readouterr()
        return code, told.out + told.err


@pytest.fixture
def kept(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    set_timing(monkeypatch, lease=1, lease_grace=0.1, lock_handover=0.05)
    desk.bury(*BODIES[:1])
    quick = ["--no-watch", "--no-headroom", "--rate", "0", "--engine", "ledger"]
    done = str(desk.json("plan", *quick)["plan"]["id"])
    assert desk.ops("redrive", done, "--reason", "r", "--yes")[0] == 0
    desk.bury(*BODIES[1:])
    plan = str(desk.json("plan", *quick)["plan"]["id"])
    source = desk.world.source
    desk.ops("scan")
    redrive.start_redrive(source, plans.load_plan(plan, source), reason="r", stop=lambda: True)
    desk.ops("export", str(Path(os.environ["OPS_HOME"]) / "export.jsonl"))
    for path in source.folder.rglob("*.db"):
        settle(path)
    good = tmp_path / "good"
    shutil.copytree(Path(os.environ["OPS_HOME"]), good)
    return Kept(desk, good, plan, done)


def messages(kept: Kept) -> list[str]:
    return sorted(
        message["Body"] for queue in (kept.desk.world.dlq, kept.desk.world.jobs) for message in queue.messages()
    )


def trials(kept: Kept, name: str, damages: Mapping[str, Damage], commands: list[list[str]]) -> list[str]:
    """What escaped, hung or was lost, a line each."""
    wrong = []
    before = messages(kept)
    for what, damage in damages.items():
        for command in commands:
            kept.again()
            damage(kept.file(name))
            code, said = kept.ask(*command)
            if code not in (0, 1, 2, 3) or "Unexpected error" in said or "Traceback" in said:
                wrong.append(f"{what}: {' '.join(command[:2])}: {code} {said[-300:]}")
    kept.again()
    after = messages(kept)
    if not set(before) <= set(after):
        wrong.append(f"lost: {sorted(set(before) - set(after))}")
    return wrong


@pytest.mark.slow
def test_a_ledger(kept: Kept) -> None:
    commands = [["runs"], ["runs", kept.plan], ["cancel", kept.plan], ["plan"], ["resume", kept.plan]]
    assert trials(kept, "ledger", {**OF_ANY, **OF_LEDGER}, commands) == []


@pytest.mark.slow
def test_a_snapshot(kept: Kept) -> None:
    commands = [
        ["list"],
        ["list", "--where", "body.n > `1` && attributes.x == null"],
        ["causes"],
        ["show", ""],
        ["plan"],
        ["scan"],
        ["export", str(kept.home / "again.jsonl")],
        ["import", str(kept.home / "export.jsonl")],
        ["diff", kept.plan],
    ]
    assert trials(kept, "snapshot", {**OF_ANY, **OF_SNAPSHOT}, commands) == []


def test_a_plan(kept: Kept) -> None:
    plan = str(kept.file("plan"))
    commands = [["diff", kept.plan], ["diff", plan], ["redrive", kept.plan, "--reason", "r", "--yes"], ["runs"]]
    assert trials(kept, "plan", OF_ANY, commands) == []


def test_a_record(kept: Kept) -> None:
    commands = [["audit"], ["audit", "--json"], ["audit", "--verify"], ["audit", "--csv", str(kept.home / "a.csv")]]
    assert trials(kept, "audit", {**OF_ANY, **OF_AUDIT}, commands) == []


def test_a_lock(kept: Kept) -> None:
    commands = [["runs"], ["cancel", kept.plan], ["scan"]]
    assert trials(kept, "lock", OF_ANY, commands) == []


def test_an_export(kept: Kept) -> None:
    export = str(kept.file("export"))
    commands = [["import", export], ["import", export, "--undo"], ["purge", export, "--reason", "r", "--confirm", "x"]]
    assert trials(kept, "export", OF_ANY, commands) == []


@pytest.mark.parametrize("what", ["random bytes", "a named pipe", "a folder", "empty"])
def test_one_odd_ledger_leaves_the_other_runs_alone(kept: Kept, what: str) -> None:
    OF_ANY[what](kept.file("ledger"))
    code, said = kept.ask("runs")
    assert code == 0
    assert f"{kept.done}  done" in said
    assert kept.file("ledger").name in said, "and says which one"
    assert kept.ask("runs", kept.done)[0] == 0


def test_a_run_whose_counts_do_not_add_up_is_not_resumed(kept: Kept) -> None:
    OF_LEDGER["letters of another plan"](kept.file("ledger"))
    code, said = kept.ask("resume", kept.plan)
    assert code == 1
    assert "its messages are not those of its plan" in said
    assert len(kept.desk.world.dlq.messages()) == len(BODIES) - 1


def test_a_lock_that_is_a_pipe_is_named(kept: Kept) -> None:
    OF_ANY["a named pipe"](kept.file("lock"))
    code, said = kept.ask("resume", kept.plan)
    assert code == 2
    assert "redrive.lock cannot be used: it is a named pipe." in " ".join(said.split())


def test_what_the_record_can_prove_is_said_as_it_is(kept: Kept) -> None:
    code, said = kept.ask("audit", "--verify")
    assert code == 0
    assert "cannot detect records removed from the end, or a file rewritten as a whole" in " ".join(said.split())
