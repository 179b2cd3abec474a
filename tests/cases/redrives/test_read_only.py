"""``OPS_READ_ONLY`` holds in the engine: whoever calls, nothing acts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.services.dead_letter_service import LocalDeadLetterService
from ops import access
from ops.access import ReadOnly
from ops.cli.app import run
from ops.deadletters import causes, plans
from ops.deadletters.archive import imports
from ops.deadletters.jobs import background
from ops.deadletters.plan_model import Selection, Steps
from ops.deadletters.redrive import purge, redrive
from ops.deadletters.scan import scan
from ops.twin import demo, lifecycle
from ops.twin.workload import generator
from tests.factories import bodies
from tests.fakes.dlq_world import World, a_plan, a_world

Act = Callable[[World, Path], Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch, a_world(tmp_path_factory.mktemp("home"), patch, 0) as made:
        yield made


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = server.with_new_queues(tmp_path, monkeypatch)
    world.put(bodies(2))
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path / "twin"))
    return world


def _plan(world: World) -> Any:
    return a_plan(world, steps=Steps(("100%",), watch=False))


ENGINE: dict[str, Act] = {
    "scan": lambda world, _: scan.scan_queue(world.source),
    "logs": lambda world, _: causes.explain_causes(world.source),
    "redrive": lambda world, _: redrive.start_redrive(world.source, _plan(world), reason="r"),
    "resume": lambda world, _: redrive.resume_redrive(world.source, "20261124", reason="r"),
    "cancel": lambda world, _: redrive.cancel_redrive(world.source),
    "purge": lambda world, path: purge.purge_messages(
        world.source, _plan(world), export=path / "e.jsonl", confirmation="jobs-dlq", reason="r"
    ),
    "import": lambda world, path: imports.import_messages(world.source, path / "e.jsonl"),
    "undo": lambda world, path: imports.undo_import(world.source, path / "e.jsonl"),
    "twin up": lambda *_: lifecycle.up(),
    "twin down": lambda *_: lifecycle.down(),
    "twin demo": lambda *_: demo.run(lambda _: None, port=8501, rate=1.0),
    "twin traffic": lambda *_: generator.run(None, generator.TrafficSettings()),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("act", ENGINE)
def test_no_act_is_carried_out(world: World, tmp_path: Path, act: str) -> None:
    before = world.bodies()
    with pytest.raises(ReadOnly, match=r"OPS_READ_ONLY is set: .* nothing was done\.") as caught:
        ENGINE[act](world, tmp_path)
    assert caught.value.exit_code == 2
    assert caught.value.next_step == "Unset OPS_READ_ONLY."
    assert world.bodies() == before
    assert not (tmp_path / "twin").exists()


DESK: dict[str, Callable[[LocalDeadLetterService, str], Any]] = {
    "look": lambda desk, _: desk.start("look", limit=10),
    "explain": lambda desk, _: desk.start("explain"),
    "redrive": lambda desk, plan: desk.start("redrive", plan=plan, reason="r"),
    "redrive under another name": lambda desk, plan: desk.start("redrive", "export", plan=plan, reason="r"),
    "resume": lambda desk, plan: desk.start("resume", plan=plan, reason="r"),
    "purge": lambda desk, plan: desk.start("purge", plan=plan, export="e", confirmation="c", reason="r"),
    "cancel": lambda desk, plan: desk.cancel(plan),
    "bring": lambda desk, _: desk.import_messages(Path("e.jsonl")),
    "take off": lambda desk, _: desk.undo_import(Path("e.jsonl")),
}


@pytest.mark.parametrize("act", DESK)
def test_the_desk_does_not_act_either(world: World, act: str) -> None:
    plan = _plan(world)
    plans.save_plan(world.source, plan)
    with pytest.raises(ReadOnly):
        DESK[act](LocalDeadLetterService(world.source), plan.id)
    assert len(world.bodies()) == 2
    assert not list(world.source.folder.glob("jobs/*")), "no job was started"


@pytest.mark.parametrize("work", ["redrive", "look"])
def test_a_job_that_runs_is_not_stopped(world: World, work: str, monkeypatch: pytest.MonkeyPatch) -> None:
    running = background.BackgroundJob(work, work, background.RUNNING, datetime.now(UTC))
    monkeypatch.setattr(background._JobFiles, "read", lambda _: running)
    with pytest.raises(ReadOnly):
        LocalDeadLetterService(world.source).stop(work)


COMMANDS = [
    ["dlq", "scan", "--queue", "jobs"],
    ["dlq", "scan", "--queue", "jobs", "--no-logs"],
    ["dlq", "causes", "--queue", "jobs", "--logs"],
    ["dlq", "move", "--queue", "jobs", "--to", "jobs", "--reason", "r", "--yes"],
    ["dlq", "cancel", "--queue", "jobs"],
    ["dlq", "import", "no.jsonl", "--queue", "jobs"],
    ["twin", "up"],
    ["twin", "down"],
    ["twin", "demo"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands_say_so_in_a_sentence(
    world: World, command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(command) == 2
    said = capsys.readouterr()
    assert said.out == "" or "Starting" not in said.out
    assert "Traceback" not in said.err
    assert len(world.bodies()) == 2


def test_reading_and_planning_go_on(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dlq", "plan", "--queue", "jobs", "--no-watch"]) == 0
    assert run(["dlq", "export", str(tmp_path / "e.jsonl"), "--queue", "jobs"]) == 0
    assert run(["dlq", "runs", "--queue", "jobs"]) == 0
    assert world.source.plans_folder.glob("*.json")
    capsys.readouterr()


@pytest.mark.parametrize(("value", "held"), [("1", True), (" TRUE ", True), ("on", True), ("0", False), ("", False)])
def test_what_counts_as_set(value: str, held: bool) -> None:
    assert access.read_only({"OPS_READ_ONLY": value}) is held


def test_selections_of_a_plan_ask_no_log(world: World) -> None:
    """A plan is no act: under read-only it asks nothing that costs money."""
    assert len(plans.make_plan(world.source, Selection()).ids) == 2
