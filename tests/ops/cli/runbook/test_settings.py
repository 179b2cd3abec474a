"""Every action that sets a setting: set, verified, undone; and what AWS would reject, refused before it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.settings import Setting
from tests.fakes.deployed_function import image
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
    assert {action.name for action in ACTIONS.values() if isinstance(action, Setting)} == set(SETTINGS)


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


@pytest.mark.parametrize(
    ("action", "inputs", "expected"),
    [
        ("function.set-timeout", "seconds: 400", "Lambda rejects a timeout of 400 s"),
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
