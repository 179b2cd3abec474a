"""Every action that sets a setting: set, verified, undone; and what AWS would reject, refused before it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.settings import SettingAction
from tests.fakes.deployed_function import image
from tests.fakes.stalled_workload import MAPPING_PATH
from tests.ops.cli.runbook.conftest import SMALL, Incident

SETTINGS = {
    "mapping.pause": ("", ("enabled", False), ("enabled", True)),
    "mapping.resume": ("", ("enabled", True), ("enabled", False)),
    "mapping.set-maximum-concurrency": ("maximum: 20", ("maximum", 20), ("maximum", 5)),
    "mapping.set-batch-size": ("messages: 5", ("batch", 5), ("batch", 10)),
    "function.set-reserved-concurrency": ("reserved: 30", ("reserved", 30), ("reserved", None)),
    "function.set-memory": ("megabytes: 1769", ("memory", 1769), ("memory", 1024)),
    "function.set-timeout": ("seconds: 120", ("timeout", 120), ("timeout", 60)),
    "function.set-alias-version": ('version: "6"', ("live", "6"), ("live", "7")),
    "function.set-image": (f"image: {image(1)}", ("image", image(1)), ("image", image(2))),
    "queue.set-visibility-timeout": ("seconds: 720", ("visibility", 720), ("visibility", 360)),
    "queue.set-retention": ("seconds: 1209600", ("retention", 1_209_600), ("retention", 345_600)),
}
"""By action: its inputs, the change, and the change that undoes it."""
ALONE = ("--reason", "x", "--yes-to", "reversible")


def _page(folder: Path, action: str, inputs: str) -> str:
    given = f"with:\n  {inputs}\n" if inputs else ""
    page = folder / "small.md"
    page.write_text(SMALL.replace("action: mapping.resume\n", f"action: {action}\n{given}"))
    return str(page)


def test_every_setting_is_tried_here() -> None:
    assert {action.name for action in ACTIONS.values() if isinstance(action, SettingAction)} == set(SETTINGS)


@pytest.mark.parametrize("action", SETTINGS)
def test_set_verified_and_undone(incident: Incident, tmp_path: Path, action: str) -> None:
    inputs, change, undone = SETTINGS[action]
    if action == "mapping.pause":
        incident.workload.state = "Enabled"
    if action == "function.set-alias-version":
        incident.workload.qualifier = ":live"
    page = _page(tmp_path, action, inputs)
    assert incident.ops("check", page, "--write")[0] == 0
    code, _, err = incident.ops("run", page, *ALONE)
    assert code == 0, err
    assert incident.workload.changes == [change]
    incident.workload.depth = 0
    code, _, err = incident.ops("rollback", *ALONE)
    assert code == 0, err
    assert incident.workload.changes == [change, undone]


WITH_REVISION = (
    "function.set-memory",
    "function.set-timeout",
    "function.set-alias-version",
    "function.set-image",
)
"""Each action whose call takes RevisionId."""


@pytest.mark.parametrize("action", WITH_REVISION)
def test_what_someone_else_changed_after_the_last_preview_is_not_overwritten(
    incident: Incident, tmp_path: Path, action: str
) -> None:
    inputs, change, _ = SETTINGS[action]
    if action == "function.set-alias-version":
        incident.workload.qualifier = ":live"
    page = _page(tmp_path, action, inputs)
    assert incident.ops("check", page, "--write")[0] == 0

    def deploy(operation: str) -> None:
        if operation.startswith("PUT"):
            incident.workload.before = lambda _operation: None
            incident.workload.deployed.revision += 1

    incident.workload.before = deploy
    code, out, err = incident.ops("run", page, *ALONE)
    assert (code, "something else changed it, or what has it, since the preview" in out + err) == (1, True), out + err
    assert incident.workload.changes == []
    code, _, err = incident.ops("resume", *ALONE)
    assert (code, incident.workload.changes) == (0, [change]), err


@pytest.mark.parametrize("action", WITH_REVISION)
def test_the_command_that_is_shown_has_the_revision_that_is_sent(
    incident: Incident, tmp_path: Path, action: str
) -> None:
    incident.workload.deployed.revision = 41
    if action == "function.set-alias-version":
        incident.workload.qualifier = ":live"
    page = _page(tmp_path, action, SETTINGS[action][0])
    assert incident.ops("check", page, "--write")[0] == 0
    paper = Path(page).read_text()
    assert "RevisionId]'  # note EARLIER and REVISION" in paper
    assert paper.count("--revision-id REVISION") == 2, "the step and its undo"
    assert incident.ops("run", page, *ALONE)[0] == 0
    assert incident.ops("rollback", *ALONE)[0] == 0
    intended = {entry["event"]: entry["command"] for entry in incident.events() if "intended" in entry["event"]}
    assert intended["step.intended"].endswith(" --revision-id 41")
    assert intended["undo.intended"].endswith(" --revision-id 42")


@pytest.mark.parametrize("action", WITH_REVISION)
def test_a_revision_that_changed_while_a_person_thought_is_previewed_again(
    incident: Incident, tmp_path: Path, terminal: Any, action: str
) -> None:
    if action == "function.set-alias-version":
        incident.workload.qualifier = ":live"
    page = _page(tmp_path, action, SETTINGS[action][0])
    assert incident.ops("check", page, "--write")[0] == 0

    def deploy() -> None:
        incident.workload.deployed.revision += 1

    terminal("yes", meanwhile=deploy)
    code, out, err = incident.ops("run", page, "--reason", "x")
    assert (code, "AWS has a newer revision of it than the one in the preview" in out + err) == (1, True), out + err
    assert incident.workload.changes == []
    terminal("yes")
    code, _, err = incident.ops("resume")
    assert (code, incident.workload.changes) == (0, [SETTINGS[action][1]]), err


@pytest.mark.parametrize("action", WITH_REVISION)
def test_an_undo_does_not_overwrite_it_either(incident: Incident, tmp_path: Path, action: str) -> None:
    inputs, change, undone = SETTINGS[action]
    if action == "function.set-alias-version":
        incident.workload.qualifier = ":live"
    page = _page(tmp_path, action, inputs)
    assert incident.ops("check", page, "--write")[0] == 0
    assert incident.ops("run", page, *ALONE)[0] == 0

    def deploy(operation: str) -> None:
        if operation.startswith("PUT"):
            incident.workload.before = lambda _operation: None
            incident.workload.deployed.revision += 1

    incident.workload.before = deploy
    code, out, err = incident.ops("rollback", *ALONE)
    assert (code, "since the preview" in out + err) == (1, True), out + err
    assert incident.workload.changes == [change]
    assert incident.ops("rollback", *ALONE)[0] == 0
    assert incident.workload.changes == [change, undone]


def test_a_setting_without_revisions_is_read_again_before_it_is_changed(incident: Incident, tmp_path: Path) -> None:
    page = _page(tmp_path, "queue.set-visibility-timeout", "seconds: 720")
    assert incident.ops("check", page, "--write")[0] == 0

    seen: list[str] = []

    def change(operation: str) -> None:
        seen.append(operation)
        if seen.count("ListQueueTags") == 3 and operation == "GetQueueAttributes":  # the preview before the change
            incident.workload.visibility = 300

    incident.workload.after = change
    code, out, err = incident.ops("run", page, *ALONE)
    assert (code, "something else changed it, or what has it, since the preview" in out + err) == (1, True), out + err
    assert incident.workload.changes == []


@pytest.mark.parametrize("state", ["Creating", "Updating", "Disabling", "Enabling"])
def test_a_mapping_that_is_changing_is_waited_for(incident: Incident, tmp_path: Path, state: str) -> None:
    """What it was before does not tell what it will be: an update, also of one that is off."""
    page = _page(tmp_path, "mapping.resume", "")
    assert incident.ops("check", page, "--write")[0] == 0
    incident.workload.state = state
    looks: list[str] = []

    def settle(operation: str) -> None:
        if MAPPING_PATH in operation and not operation.startswith("PUT"):
            looks.append(operation)
            if len(looks) == 3:
                incident.workload.state = "Disabled"

    incident.workload.before = settle
    code, _, err = incident.ops("run", page, *ALONE)
    assert (code, incident.workload.changes) == (0, [("enabled", True)]), err
    assert f"is {state}; waiting until it is Enabled or Disabled" in " ".join(err.split())


def test_a_mapping_that_is_being_deleted_is_not_waited_for(incident: Incident, tmp_path: Path) -> None:
    page = _page(tmp_path, "mapping.resume", "")
    assert incident.ops("check", page, "--write")[0] == 0
    incident.workload.state = "Deleting"
    code, out, err = incident.ops("run", page, *ALONE)
    assert (code, "is Deleting: Lambda carries out another change" in out + err) == (1, True), out + err
    assert incident.workload.changes == []


@pytest.mark.parametrize(
    ("action", "inputs", "expected"),
    [
        ("function.set-timeout", "seconds: 400", "Lambda rejects a timeout of 400 s"),
        ("function.set-timeout", "seconds: 901", "a timeout (s) of 900 at most, not 901"),
        ("function.set-memory", "megabytes: 10241", "a memory size (MB) of 10,240 at most, not 10,241"),
        ("mapping.set-batch-size", "messages: 100", "needs a batching window"),
        ("queue.set-retention", "seconds: 3600", "SQS deletes those that are older than 60 min"),
    ],
)
def test_what_aws_would_reject(incident: Incident, tmp_path: Path, action: str, inputs: str, expected: str) -> None:
    page = _page(tmp_path, action, inputs)
    assert incident.ops("check", page, "--write")[0] == 0
    code, out, _ = incident.ops("run", page, *ALONE)
    assert code == 1
    assert expected in out
    assert incident.workload.changes == []


def test_a_warning_beside_the_preview(incident: Incident, tmp_path: Path) -> None:
    incident.workload.reserved = 10
    page = _page(tmp_path, "mapping.set-maximum-concurrency", "maximum: 20")
    incident.ops("check", page, "--write")
    assert "reserved concurrency is 10" in incident.ops("run", page, *ALONE)[2]


def test_an_answer_that_is_no_number_is_asked_again(incident: Incident, terminal: object) -> None:
    terminal("no", "yes", "many")  # type: ignore[operator]
    code, out, _ = incident.ops("run", "stalled-consumer", "--reason", "x")
    assert code == 1
    assert "resume --again faster" in out
    terminal("12", "yes")  # type: ignore[operator]
    assert incident.ops("resume", "--again", "faster")[0] == 0
    assert incident.workload.maximum == 12
