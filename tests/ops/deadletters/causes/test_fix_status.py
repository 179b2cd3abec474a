"""Is a cause fixed since: deploys and later successes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.deadletters import causes
from ops.deadletters.causes import fix_status
from ops.deadletters.causes.fix_status import FixStatus, fix_verdict
from ops.deadletters.snapshot import Snapshot
from tests.fakes.logs import SENT_AT, a_source, failed, rejected, row, silent
from tests.ops.insight.world import FUNCTION

OURS = {"function": FUNCTION.__class__(**{**vars(FUNCTION), "metrics": (contract.JOB_NAMESPACE, "scilearn")})}


@pytest.mark.parametrize(
    ("last", "deployed", "successes", "expected", "words"),
    [
        (0, 60, 3, "succeeds since", "after the last failure"),
        (0, 60, 0, "deployed since", "no score job succeeded since"),
        (0, 60, None, "deployed since", "not known"),
        (0, -60, 3, "succeeds since", "so not every job of that kind fails"),
        (0, -60, 0, "no", "Not deployed since the last failure"),
        (0, -60, None, "no", "Not deployed since"),
        (0, None, None, "unknown", "not known"),
        (None, 60, 3, "unknown", "It is not known when these messages failed"),
    ],
)
def test_is_it_fixed_since(
    last: int | None, deployed: int | None, successes: int | None, expected: str, words: str
) -> None:
    def at(minutes: int | None) -> Any:
        return None if minutes is None else SENT_AT + timedelta(minutes=minutes)

    found = fix_verdict(at(last), at(deployed), ("score",), successes, False, SENT_AT + timedelta(hours=1))
    assert found.verdict == expected
    assert words in found.sentence
    assert found.sentence.endswith(".")


def test_a_job_that_was_rejected_is_not_fixed_by_another_ones_success() -> None:
    now = SENT_AT + timedelta(hours=1)
    same = fix_verdict(SENT_AT, SENT_AT - timedelta(1), ("train",), 3, False, now, rejected=True)
    assert same.verdict == "no"
    assert "3 train jobs succeeded since, but the handler rejected these as permanent failures" in same.sentence
    assert fix_verdict(SENT_AT, now, ("train",), 3, False, now, rejected=True).verdict == "succeeds since"


def test_later_successes_of_that_kind_of_job_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def succeeded(seconds: float, kind: str) -> dict[str, str]:
        return row(seconds, {"level": "INFO", "message": contract.LOG_JOB_OK, "job_kind": kind})

    messages = [silent("m1"), silent("m2")]
    rows = [failed(10, "E", "r1", "m1", job_kind="score"), failed(99, "F", "r2", "m2", job_kind="train")]
    rows += [succeeded(5, "score"), succeeded(11, "score"), succeeded(12, "score"), succeeded(50, "train")]
    with a_source(tmp_path, monkeypatch, messages, rows, **OURS) as (here, logs):
        causes.explain_causes(here)
        groups = causes.report_causes(here).groups.set_index("error_type")
        assert len(logs.asked) == 2
        assert groups.loc["E", "fixed"] == "succeeds since"
        assert "2 score jobs succeeded since" in str(groups.loc["E", "fixed_why"])
        assert "no train job succeeded since" in str(groups.loc["F", "fixed_why"])
        with Snapshot.open(here) as snapshot:
            noted = snapshot.read_note(fix_status.FIX_STATUS_NOTE)
    assert fix_status.stored_status(noted, str(groups.loc["E", "fingerprint"])).successes == 2
    assert (
        fix_status.stored_status(noted, "ffff")
        == fix_status.stored_status(None, "ffff")
        == FixStatus("unknown", "Not checked yet.")
    )


def test_a_deploy_after_the_last_death_is_in_the_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    function = FUNCTION.__class__(**{**vars(FUNCTION), "deployed_at": SENT_AT + timedelta(minutes=30)})
    with a_source(tmp_path, monkeypatch, [rejected(1)], function=function) as (here, _):
        causes.explain_causes(here)
        found = causes.report_causes(here)
    assert found.groups.iloc[0]["fixed"] == "deployed since"
    assert "; last deployed " in found.finding.text
    assert found.finding.text.endswith("after that cause's last failure.")
