"""Steps on dead letters: exported, purged, moved to a quarantine queue, and a redrive that is stopped."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from ops.cli.app import run
from ops.deadletters import plans
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_model import Pace, Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import read_run
from tests.fakes.dlq_world import a_plan
from tests.ops.cli.conftest import Desk
from tests.ops.cli.runbook.conftest import SMALL
from tests.timing import set_timing

HEAD = SMALL.partition("## Mitigation\n")[0]
EXPORT = "id: export\naction: dlq.export\nwith:\n  cause: InvalidJob\n"
PURGE = "id: purge\naction: dlq.purge\nwith:\n  export:\n    from: steps.export.file\notherwise: Ask.\n"
PLAN = "id: plan\naction: dlq.plan-quarantine\nwith:\n  queue: aside\n  cause: InvalidJob\n"
MOVE = "id: aside\naction: dlq.quarantine\nwith:\n  plan:\n    from: steps.plan.plan\notherwise: Ask.\n"
CANCEL = "id: cancel\naction: dlq.cancel\n"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, purge_backoff=0.01, purge_long_poll=0)


@pytest.fixture
def ops(desk: Desk, tmp_path: Path) -> Any:
    """Exit code, output and talk of a runbook of these steps, or of another ``ops runbook …``."""

    def carry_out(*steps: str, command: tuple[str, ...] = ()) -> tuple[int, str, str]:
        page = tmp_path / "page.md"
        blocks = "".join(f"```step\n{step}```\n```sh generated\n```\n" for step in steps)
        if steps:
            page.write_text(f"{HEAD}## Mitigation\n{blocks}")
            assert run(["runbook", "check", str(page), "--write"]) == 0, desk.capsys.readouterr().out
        words = command or ("run", str(page))
        code = run(["runbook", *words, "--reason", "x", "--yes-to", "reversible", "--queue", "jobs"])
        captured = desk.capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert "Unexpected error" not in captured.err
        return code, captured.out, " ".join(captured.err.split())

    return carry_out


def test_exported_then_purged_with_the_words_typed(desk: Desk, ops: Any, terminal: Any, tmp_path: Path) -> None:
    desk.bury({"n": 1}, {"n": 2})
    desk.bury({"n": 3}, error="OtherError", why="later")
    terminal("purge")
    code, _, err = ops(EXPORT, PURGE)
    assert code == 1, "the ID of the step is not enough"
    assert 'Type "purge 2 messages"' in err
    assert re.search(r"export: .* Cause \w{10}, 2 messages: InvalidJob: ", err)
    assert len(desk.world.dlq.messages()) == 3
    terminal("purge 2 messages")
    code, out, err = ops(command=("resume",))
    assert code == 0, out
    assert "Every message of the export is deleted" in err
    assert "ops runbook rollback" not in err, "nothing of it can be undone"
    assert desk.world.bodies() == [json.dumps({"n": 3})]
    (export,) = (desk.world.source.folder / "exports").glob("jobs-dlq-*.jsonl")
    assert len(export.read_text().splitlines()) == 2
    code, out, _ = ops(command=("rollback",))
    assert code == 0
    assert "purge, which cannot be" in out


def test_a_purge_that_was_killed_deletes_the_rest(desk: Desk, ops: Any, terminal: Any) -> None:
    desk.bury(*({"n": number} for number in range(3)))
    terminal("purge 3 messages")
    assert ops(EXPORT, PURGE)[0] == 0
    (record,) = (desk.world.source.folder.parent / "runbooks").glob("*/record.jsonl")
    lines = record.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if '"purge"' in line and "step.intended" in line)
    record.write_text("".join(lines[: at + 1]))
    code, out, err = ops(command=("resume",))
    assert code == 0, out + err
    assert "Type" not in err, "it took place: no one is asked"


def test_moved_to_a_quarantine_queue(desk: Desk, ops: Any, terminal: Any) -> None:
    desk.bury({"n": 1}, {"n": 2})
    desk.bury({"n": 3}, error="OtherError", why="later")
    aside = desk.world.aws.queue("aside")
    terminal("aside")
    code, out, err = ops(PLAN, MOVE)
    assert code == 0, out + err
    assert "messages of jobs-dlq that are in aside: 0 → 2" in err
    assert len(re.findall(r"Cause \w{10}, 2 messages: InvalidJob: ", err)) == 2, "planned, and moved"
    assert sorted(message["Body"] for message in aside.messages()) == [json.dumps({"n": 1}), json.dumps({"n": 2})]
    assert desk.world.bodies() == [json.dumps({"n": 3})]
    again = desk.bury({"n": 4})
    terminal("aside")
    code, out, err = ops(PLAN, MOVE)
    assert code == 0, f"what this machine has moved there is known: {out} {err} {again}"
    assert len(aside.messages()) == 3


@pytest.mark.parametrize(
    ("attributes", "before", "expected"),
    [
        ({}, ["of others"], "it holds 1 message, of which at most 0 were moved there"),
        ({"dlq": "jobs-dlq"}, [], "it has a redrive policy"),
    ],
)
def test_a_queue_that_is_no_quarantine_queue(
    desk: Desk, ops: Any, attributes: dict[str, str], before: list[str], expected: str
) -> None:
    desk.bury({"n": 1})
    desk.world.aws.queue("aside", **attributes).put([{"body": body} for body in before])
    code, out, _ = ops(PLAN, MOVE)
    assert code == 1
    assert expected in out
    assert len(desk.world.dlq.messages()) == 1


@pytest.mark.parametrize("queue", ["jobs", "jobs-dlq"])
def test_a_queue_of_the_workload_is_no_quarantine_queue(desk: Desk, ops: Any, queue: str) -> None:
    desk.bury({"n": 1})
    code, out, _ = ops(PLAN.replace("aside", queue), MOVE)
    assert code == 1
    assert "is a queue of jobs" in out


def test_one_cause_or_message_must_be_named(desk: Desk, ops: Any) -> None:
    desk.bury({"n": 1})
    desk.world.aws.queue("aside")
    code, out, _ = ops(PLAN.replace("  cause: InvalidJob\n", ""), MOVE)
    assert code == 1
    assert "No cause and no message is named" in out


def test_a_redrive_plan_is_no_quarantine_plan(desk: Desk, ops: Any) -> None:
    desk.bury({"n": 1})
    desk.world.aws.queue("aside")
    plan = a_plan(desk.world)
    plans.save_plan(desk.world.source, plan)
    code, out, _ = ops(PLAN, MOVE.replace("\n    from: steps.plan.plan", f" {plan.id}"))
    assert code == 1
    assert f"Plan {plan.id} does not move messages to a quarantine queue" in out


def test_a_redrive_is_stopped(desk: Desk, ops: Any) -> None:
    desk.bury(*({"n": number} for number in range(8)))
    code, _, err = ops(CANCEL)
    assert code == 0
    assert "nothing to stop" in err
    source = desk.world.source
    plan = a_plan(desk.world, steps=Steps(("100%",), watch=False), pace=Pace(0.5, headroom=False))
    began = threading.Event()
    moving = threading.Thread(
        target=redrive.start_redrive,
        args=(source, plan),
        kwargs={"reason": "x", "progress": lambda run: began.set() if run.sent else None},
    )
    moving.start()
    assert began.wait(120)
    code, out, err = ops(CANCEL)
    moving.join(120)
    assert code == 0, out + err
    assert f"redrive {plan.id}: running → cancelled" in err
    state = read_run(source, plan.id)
    assert state.state is RunState.CANCELLED
    assert state.sent + len(desk.world.dlq.messages()) == 8


REST = "id: rest\naction: dlq.export\nwith:\n  except-cause: InvalidJob\n"
PURGE_REST = PURGE.replace("id: purge", "id: purge_rest").replace("steps.export.", "steps.rest.")


def test_the_rest_is_purged_without_the_cause_that_was_redriven(desk: Desk, ops: Any, terminal: Any) -> None:
    desk.bury({"n": 1})
    desk.bury({"n": 2}, error="OtherError", why="later")
    desk.bury({"n": 3}, error="ThirdError", why="never")
    terminal("purge 2 messages")
    code, out, err = ops(REST, PURGE_REST)
    assert code == 0, out + err
    for error in ("OtherError", "ThirdError"):
        assert len(re.findall(rf"Cause \w{{10}}, 1 message: {error}: ", err)) == 2, "exported, and purged"
    assert "1 message: InvalidJob: " not in err
    assert desk.world.bodies() == [json.dumps({"n": 1})]


def test_nothing_is_exported_where_only_the_redriven_cause_is_left(desk: Desk, ops: Any) -> None:
    desk.bury({"n": 1})
    code, out, _ = ops(REST)
    assert code == 1
    assert "No message of jobs-dlq in the snapshot matches" in out


def test_a_queue_is_read_again_with_its_causes(desk: Desk, ops: Any) -> None:
    desk.bury({"n": 1}, {"n": 2})
    desk.bury({"n": 3}, error="OtherError", why="later")
    code, out, err = ops("id: again\naction: dlq.scan-and-explain\n")
    assert code == 0, out
    assert re.search(r"\w{10}: InvalidJob: .*, 2 messages, fixed: ", err)
    assert re.search(r"\w{10}: OtherError: .*, 1 message, fixed: ", err)
    assert "may arrive for another" in err
    assert "again: Read the dead-letter queue again" in err
    assert "Step 2 of 2, again" in err
