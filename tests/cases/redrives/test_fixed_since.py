"""Is a cause fixed since? What others' successes prove, and what a redrive of the very messages has shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import causes
from ops.deadletters.causes import fix_status
from ops.deadletters.causes.fix_status import FixStatus, fix_verdict
from ops.deadletters.causes.redrive_evidence import RedriveTrial, with_trial
from ops.deadletters.ledger import AcceptedMessage, Ledger
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_codec import with_hash
from ops.deadletters.plan_model import Destination, Edit
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import Snapshot
from tests.fakes.logs import SENT_AT, a_source, batch, failed, row, silent
from tests.ops.deadletters.ledger.conftest import a_plan
from tests.ops.insight.world import FUNCTION

NOW = SENT_AT + timedelta(hours=1)
EARLIER, LATER = SENT_AT - timedelta(hours=1), SENT_AT + timedelta(minutes=30)


@pytest.mark.parametrize("error_type", ["Sandbox.Timedout", "Runtime.OutOfMemory"])
def test_others_successes_prove_nothing_for_what_may_be_intermittent(error_type: str) -> None:
    assert fix_status.is_intermittent(error_type)
    found = fix_verdict(SENT_AT, EARLIER, ("train",), 212, False, NOW, intermittent=True)
    assert found.verdict == "unknown"
    assert "212 train jobs succeeded since, which proves nothing for these: it may be intermittent" in found.sentence
    deployed = fix_verdict(SENT_AT, LATER, ("train",), 212, False, NOW, intermittent=True)
    assert deployed.verdict == "succeeds since", "there was a change in between"
    assert fix_verdict(SENT_AT, EARLIER, ("train",), 0, False, NOW, intermittent=True).verdict == "no"


def test_a_typed_failure_is_not_intermittent() -> None:
    assert not fix_status.is_intermittent("KeyError")
    assert fix_verdict(SENT_AT, EARLIER, ("train",), 3, False, NOW).verdict == "succeeds since"


GREEN = FixStatus("succeeds since", "9 train jobs succeeded since.")
RED = FixStatus("no", "Not deployed since.")
GREY = FixStatus("unknown", "Not checked yet.")
DEPLOYED = FixStatus("deployed since", "Deployed.", deployed=LATER)


@pytest.mark.parametrize(
    ("before", "tried", "last_failure", "expected", "words"),
    [
        (GREEN, RedriveTrial(LATER, 3, 3), LATER, "no", "3 of 3 failed again when they were redriven at"),
        (GREY, RedriveTrial(LATER, 3, 1), LATER, "no", "1 of 3 failed again"),
        (DEPLOYED, RedriveTrial(SENT_AT, 3, 3), SENT_AT, "deployed since", "Deployed."),  # the deploy came after it
        (DEPLOYED, RedriveTrial(LATER + timedelta(minutes=1), 3, 3), LATER, "no", "3 of 3 failed again"),
        (RED, RedriveTrial(LATER, 3, 0), SENT_AT, "succeeds since", "3 of 3 succeeded when they were redriven at"),
        (
            RED,
            RedriveTrial(LATER, 3, 0),
            LATER + timedelta(minutes=1),
            "no",
            "Not deployed since.",
        ),  # it failed after that
        (GREEN, None, SENT_AT, "succeeds since", "9 train jobs"),
    ],
)
def test_what_a_redrive_showed(
    before: FixStatus, tried: RedriveTrial | None, last_failure: datetime, expected: str, words: str
) -> None:
    found = with_trial(before, tried, last_failure, NOW)
    assert (found.verdict, words in found.sentence) == (expected, True), found.sentence


def redriven(
    here: DeadLetterQueue, outcomes: dict[str, Outcome], name: str = "20261124T040000-aaaa", **plan: Any
) -> None:
    """A run's ledger: those messages went back half an hour after they failed."""
    here.runs_folder.mkdir(exist_ok=True)
    planned = with_hash(replace(a_plan(), id=name, ids=tuple(outcomes), **plan))
    with Ledger.create(here.runs_folder / f"{name}.db", planned, "it is fixed", "me") as ledger:
        ledger.start_run("Starting.")
        numbers = range(len(outcomes))
        ledger.record_intent([(number, "receipt") for number in numbers], 1)
        ledger.record_sent([AcceptedMessage(number, f"new-{number}", LATER.timestamp()) for number in numbers])
        ledger.record_outcomes([(one, outcome, LATER, "") for one, outcome in outcomes.items()])


def verdict_of(here: DeadLetterQueue, error_type: str) -> tuple[str, str]:
    found = causes.report_causes(here).groups.set_index("error_type").loc[error_type]
    return str(found["fixed"]), str(found["fixed_why"])


def timed_out(message_id: str, request: str) -> list[dict[str, str]]:
    report = f"REPORT RequestId: {request}\tDuration: 15000.00 ms\tStatus: timeout"
    return [batch(1, request, message_id), row(16, report)]


BACK = {"m1": Outcome.FAILED_AGAIN, "m2": Outcome.FAILED_AGAIN, "m3": Outcome.SUCCEEDED}


def world(folder: Path, patch: pytest.MonkeyPatch) -> Any:
    letters = [silent(f"m{n}") for n in range(1, 5)]
    rows = [each for n in range(1, 4) for each in timed_out(f"m{n}", f"r{n}")] + [failed(2, "KeyError", "r4", "m4")]
    own = FUNCTION.__class__(**{**vars(FUNCTION), "deployed_at": EARLIER})
    return a_source(folder, patch, letters, rows, function=own)


def test_messages_that_failed_again_are_evidence_against(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path, monkeypatch) as (here, _):
        causes.explain_causes(here)
        redriven(here, BACK)
        with Snapshot.open(here) as snapshot:
            snapshot.set_place(["m1", "m2"], Place.REDRIVEN)
        found, why = verdict_of(here, "Sandbox.Timedout")
        assert found == "no"
        assert why.startswith("2 of 3 failed again when they were redriven at ")
        assert "redriven" not in verdict_of(here, "KeyError")[1], "of another cause it says nothing"


@pytest.mark.parametrize(
    "plan",
    [{"edits": (Edit("body.alpha", 1),)}, {"destination": Destination("queue", "http://sqs/other", "arn:other")}],
)
def test_edited_or_moved_elsewhere_they_prove_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: dict[str, Any]
) -> None:
    with world(tmp_path, monkeypatch) as (here, _):
        causes.explain_causes(here)
        redriven(here, BACK, **plan)
        assert "redriven" not in verdict_of(here, "Sandbox.Timedout")[1]


def test_a_ledger_that_cannot_be_read_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path, monkeypatch) as (here, _):
        causes.explain_causes(here)
        here.runs_folder.mkdir()
        (here.runs_folder / "20261124T050000-bbbb.db").write_text("no ledger")
        assert verdict_of(here, "Sandbox.Timedout")[0] == "no", "not deployed since"
        redriven(here, BACK)
        assert "2 of 3 failed again" in verdict_of(here, "Sandbox.Timedout")[1]


def test_the_latest_redrive_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path, monkeypatch) as (here, _):
        causes.explain_causes(here)
        redriven(here, BACK)
        first = verdict_of(here, "Sandbox.Timedout")[1]
        redriven(here, {"m4": Outcome.FAILED_AGAIN}, "20261124T060000-cccc")
        assert verdict_of(here, "Sandbox.Timedout")[1] == first
        assert "1 of 1 failed again" in verdict_of(here, "KeyError")[1]
