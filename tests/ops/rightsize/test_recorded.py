"""What a sweep leaves in the records of this machine: who changed what, and which versions were measurements."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops import measured_versions, workload
from ops.aws import Aws
from ops.cli.app import run
from ops.target import Target
from tests.fakes.aws import Refusal
from tests.ops.rightsize.conftest import Desk
from tests.ops.rightsize.test_killed import CHANGED, MEASURING, killed
from tests.ops.rightsize.test_killed import SHORT as ONE_ROUND

SHORT = ("--memory", "512", "--invocations", "5", "--rounds", "1", "--batch", "1", "--yes")


def audited(desk: Desk) -> list[dict[str, Any]]:
    """Oldest first."""
    desk.capsys.readouterr()
    assert run(["audit", "--json"]) == 0
    return list(reversed(json.loads(desk.capsys.readouterr().out)))


def test_the_audit_log_has_who_changed_what_and_that_it_was_put_back(desk: Desk) -> None:
    answer = desk.answer(*SHORT)
    began, ended = audited(desk)
    for record in (began, ended):
        assert record["action"] == "memory sweep"
        assert record["who"] == "arn:aws:iam::111122223333:user/oncall"
        assert (record["queue"], record["plan"]) == ("orders", answer["sweep"])
    assert (began["outcome"], ended["outcome"]) == ("began", "done")
    assert began["note"] == "worker: memory of $LATEST 1,024 → 512 → 1,024 MB, a version published of each, in 1 round"
    assert "Deleted: 2 versions that the sweep published (8, 9)." in ended["note"]


def test_a_sweep_that_fails_is_recorded_as_such(desk: Desk) -> None:
    def refuse(operation: str) -> None:
        if CHANGED in operation:
            raise Refusal("AccessDeniedException", "not authorized", 403)

    desk.function.before = refuse
    assert desk.rightsize(*SHORT)[0] != 0
    assert [record["outcome"] for record in audited(desk)] == ["began", "failed"]


def test_a_sweep_that_was_killed_is_open_until_it_is_put_back(desk: Desk, tmp_path: Path) -> None:
    killed(desk, tmp_path, CHANGED, True)
    assert [record["outcome"] for record in audited(desk)] == ["began"]
    desk.rightsize("--restore")
    began, ended = audited(desk)
    assert ended["outcome"] == "put back"
    assert ended["plan"] == began["plan"]
    assert "worker has its former 1,024 MB again (from 512 MB)." in ended["note"]


def test_a_version_that_another_alias_uses_is_not_said_to_be_deleted(desk: Desk, tmp_path: Path) -> None:
    killed(desk, tmp_path, MEASURING, False)
    desk.function.aliases["canary"] = {"Name": "canary", "FunctionVersion": "8", "RevisionId": "a"}
    desk.rightsize("--restore")
    note = audited(desk)[-1]["note"]
    assert "8" in desk.function.versions
    assert "Version 8 is kept, as another alias points at it." in note
    assert "Deleted: 1 version that the sweep published (9)." in note


def test_measurements_that_cannot_be_recorded_do_not_keep_the_function_changed(desk: Desk, tmp_path: Path) -> None:
    killed(desk, tmp_path, CHANGED, True)
    blocked = next((tmp_path / "home").rglob("*.measured"), None) or (
        tmp_path / "home" / "rightsize" / "111122223333-eu-west-1-worker.measured"
    )
    blocked.unlink(missing_ok=True)
    blocked.mkdir()
    code, out, _ = desk.rightsize("--restore")
    assert code == 0
    assert "It is not on record as a measurement: " in out
    assert desk.function.untouched


def test_an_audit_log_that_cannot_be_written_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "home" / "audit.jsonl").mkdir(parents=True)
    code, _, err = desk.rightsize(*SHORT)
    assert code != 0
    assert "audit.jsonl" in err
    assert desk.function.memories == []
    assert desk.function.untouched


def test_its_versions_and_changes_are_known_as_measurements(desk: Desk, doors: dict[Target, Aws]) -> None:
    desk.function.qualifier = ""
    desk.answer(*SHORT, "--change-live")
    aws = next(iter(doors.values()))
    known = measured_versions.read(aws.target, "111122223333", "eu-west-1", "worker")
    assert known.versions == ("8", "9")
    assert known.named("8") == "8 (measured by ops rightsize)"
    assert known.named("7") == "7"
    function = workload.describe(aws, aws.target).function
    assert function is not None
    assert function.deployed_at is None
    assert function.measured_at == datetime(2026, 11, 20, 10, 0, desk.function.revision, tzinfo=UTC)
    desk.function.revision += 1  # deployed since
    function = workload.describe(aws, aws.target).function
    assert function is not None
    assert function.measured_at is None
    assert function.deployed_at is not None


def test_what_was_published_before_a_kill_is_known_too(desk: Desk, tmp_path: Path, doors: dict[Target, Aws]) -> None:
    killed(desk, tmp_path, "/invocations?Qualifier=ops-rightsize", False)
    desk.rightsize("--restore")
    aws = next(iter(doors.values()))
    assert measured_versions.read(aws.target, "111122223333", "eu-west-1", "worker").versions == ("8", "9")


def test_a_damaged_record_is_as_none(desk: Desk, tmp_path: Path, doors: dict[Target, Aws]) -> None:
    desk.answer(*ONE_ROUND)
    path = tmp_path / "home" / "rightsize" / "111122223333-eu-west-1-worker.measured"
    aws = next(iter(doors.values()))
    for damage in ("{", "[]", '{"versions": 8}'):
        path.write_text(damage)
        assert measured_versions.read(aws.target, "111122223333", "eu-west-1", "worker").versions == ()
