"""What ``ops rightsize`` refuses before it changes anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ops.rightsize.conftest import Desk

SHORT = ("--memory", "512,1769,3008", "--invocations", "6", "--rounds", "2", "--batch", "1", "--yes")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("--memory", "127"), "127 MB is not a memory size of Lambda."),
        (("--memory", "10241"), "10241 MB is not a memory size of Lambda."),
        (("--memory", "512,512"), "A memory size is given twice."),
        (("--memory", "big"), "big is not a list of whole numbers."),
        (("--batch", "0"), "0 is not a batch size."),
        (("--batch", "10001"), "10001 is not a batch size."),
        (("--objective", "speed"), "speed is not an objective."),
        (("--id-field", "order"), "7 of 7 jobs have no text field order"),
        (("--max-usd", "inf"), "inf is not a finite number."),
        (("--per-month", "inf"), "inf is not a finite number."),
        (("--cold-share", "nan"), "--cold-share"),
        (("--jobs", "/nowhere/jobs"), "There is no folder /nowhere"),
    ],
)
def test_bad_input(desk: Desk, given: tuple[str, ...], error: str) -> None:
    code, _, err = desk.rightsize(*SHORT, *given)
    assert code == 2
    assert error in err
    assert desk.function.memories == []
    assert desk.function.bodies == []


def test_lines_that_are_no_jobs_are_named(desk: Desk, jobs: Path) -> None:
    jobs.write_text('{"job_id": "a"}\n[1]\n')
    assert f"Line 2 of {jobs} is not a JSON object." in desk.rightsize(*SHORT)[2]
    jobs.write_text("\n")
    assert "has no jobs" in desk.rightsize(*SHORT)[2]


def test_an_export_of_dead_letters_is_a_file_of_jobs(desk: Desk, jobs: Path) -> None:
    jobs.write_text(json.dumps({"message_id": "1", "body": json.dumps({"job_id": "x", "n": 3})}) + "\n")
    desk.answer(*SHORT)
    assert {body["n"] for body in desk.function.bodies} == {3}


def test_a_mapping_on_the_unpublished_version_is_left_alone_unless_asked(desk: Desk) -> None:
    desk.function.qualifier = ""
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "The queue's event source mapping runs $LATEST of worker." in err
    assert "--change-live" in err
    assert desk.function.memories == []
    assert desk.rightsize(*SHORT, "--change-live")[0] == 0
    assert desk.function.untouched


def test_code_that_is_not_live_is_not_measured(desk: Desk) -> None:
    desk.function.settings["CodeSha256"] = "new"
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "worker:live runs version 7, whose code or settings are not those of $LATEST" in err


def test_snapstart_is_refused(desk: Desk) -> None:
    desk.function.versions["7"]["SnapStart"] = {"ApplyOn": "PublishedVersions"}
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "worker has SnapStart" in err
    assert desk.function.memories == []


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"CapacityProviderConfig": {}}, "worker runs on Managed Instances"),
        ({"DurableConfig": {"ExecutionTimeout": 600}}, "worker is a durable function"),
    ],
)
def test_what_has_no_comparable_invocations_is_refused(desk: Desk, settings: dict[str, object], error: str) -> None:
    desk.function.versions["7"].update(settings)
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert error in err
    assert desk.function.memories == []


def test_without_a_confirmation_nothing_is_changed(desk: Desk) -> None:
    code, _, err = desk.rightsize(*SHORT[:-1])
    assert code == 2
    assert "Confirmation required" in err
    assert desk.function.memories == []
    assert desk.function.bodies == [], "the trial's jobs are worked on for real, too"


def test_the_price_is_bounded(desk: Desk) -> None:
    answer = desk.answer(*SHORT, "--max-usd", "0.00002", code=1)
    assert answer["stopped"] == "It reached the limit of $2e-05 (--max-usd)."
    assert desk.function.untouched


def test_a_missing_price_is_said(desk: Desk) -> None:
    answer = desk.answer(*SHORT)
    assert any(
        "There are no prices of eu-west-1 on file: those of us-east-1 are used" in note for note in answer["notes"]
    )


def test_read_only_measures_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "a memory sweep would change something" in err
    assert desk.function.bodies == []
