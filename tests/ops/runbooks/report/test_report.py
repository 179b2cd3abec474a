"""A report from a record and an audit log alone: its contents, escaping, and clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from ops import clock
from ops.deadletters.archive import audit_log
from ops.errors import OpsError
from ops.runbooks import report as incident
from ops.runbooks.record import RunRecord
from ops.runbooks.report.model import EntryKind
from ops.runbooks.runs import list_runs
from tests.ops.cli.runbook.conftest import SMALL

START = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
ARN = "arn:aws:sqs:eu-west-1:111122223333:orders"
HEADER: dict[str, Any] = {
    "file": "small.md",
    "digest": "0" * 64,
    "actor": "arn:aws:iam::111122223333:user/oncall",
    "account": "111122223333",
    "region": "eu-west-1",
    "queue": ARN,
    "dlq": "orders-dead",
    "workload": "orders",
    "reason": "pager 17",
}
CHANGE = {"what": "polling of mapping 14e0db71", "before": "off", "after": "on"}
EVIL = "</td><script>alert(1)</script> ![x](http://evil/x.png) [a](javascript:b) \x1b[2J | `q` # @team <!-- \u202e"


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    """``time[0]`` is now, a second later at each look."""
    now = [START]

    def look() -> datetime:
        now[0] += timedelta(seconds=1)
        return now[0]

    monkeypatch.setattr(clock, "now_utc", look)
    yield now


def _record(home: Path, **header: Any) -> RunRecord:
    return RunRecord.create(home, "20261129T020000-small-0001", "small", SMALL, **{**HEADER, **header})


def _steps(record: RunRecord, text: str = "") -> None:
    record.append("step.executed", "find", outputs={"name": "orders", "dlq": "orders-dead"})
    record.append("step.verified", "find")
    record.append("step.intended", "turn_on", inputs={}, changes=[CHANGE], command="aws lambda …")
    record.append("step.executed", "turn_on", outputs={"before": "off", "after": "on"})
    record.append("step.verified", "turn_on", text=text or "polling is on (Enabled).")
    record.append("run.ended", phase="done", text="Every step is done.")


def test_steps_with_what_they_changed_and_how_long_they_took(tmp_path: Path, time: list[datetime]) -> None:
    record = _record(tmp_path)
    _steps(record)
    built = incident.build(record, None)
    turned = next(entry for entry in built.timeline if entry.step == "turn_on")
    assert (turned.kind, turned.outcome, turned.seconds) == (EntryKind.STEP, "done", 2.0)
    text = incident.markdown(built)
    assert (
        "| Turn the event source mapping on (`turn_on`) | done, 2 s | polling of mapping 14e0db71: `off` → `on`" in text
    )
    assert "**Reason**: pager 17" in text
    assert text.count("Not asked for.") == 2
    assert "Polling of mapping 14e0db71 is on since the run, and was off before step turn\\_on" in text


def test_the_error_of_a_failed_run_is_in_its_timeline_once(tmp_path: Path, time: list[datetime]) -> None:
    record = _record(tmp_path)
    record.append("step.failed", "find", text="There is no queue orders.", next_step="Name another.")
    record.append("run.ended", phase="failed", text="Step find failed: There is no queue orders. Name another.")
    *_, failed, ended = incident.build(record, None).timeline
    assert failed.details == ("There is no queue orders.",)
    assert ended.details == ("Step find failed. Name another.",)


def test_redrives_of_its_queues_and_no_others(tmp_path: Path, time: list[datetime]) -> None:
    record = _record(tmp_path)
    for queue, outcome, seconds in (("orders-dead", "began", 1), ("orders-dead", "done", 3), ("other-dead", "done", 2)):
        counts = {"sent": 5, "succeeded": 4, "came_back": 1} if outcome == "done" else {}
        at = START + timedelta(seconds=seconds)
        who, plan = HEADER["actor"], f"plan-{queue}"
        audit_log.append_record(
            tmp_path,
            audit_log.Record(
                at, who, "111122223333", "eu-west-1", "redrive", queue, "fixed", plan, counts=counts, outcome=outcome
            ),
        )
    _steps(record)
    redrives = [entry for entry in incident.build(record, None).timeline if entry.kind is EntryKind.REDRIVE]
    assert [(entry.what, entry.outcome, entry.seconds) for entry in redrives] == [
        ("Redrive of orders-dead", "done", 2.0)
    ]
    assert "5 sent, 4 succeeded, 1 failed again." in redrives[0].details


def test_a_killed_run_has_what_is_open(tmp_path: Path, time: list[datetime]) -> None:
    record = _record(tmp_path)
    record.append("step.intended", "turn_on", inputs={}, changes=[CHANGE])
    built = incident.build(record, None)
    assert built.timeline[-1].outcome == "outcome unknown"
    assert any("No end of the run is recorded" in text for text in built.still_open)
    assert any(text.startswith("Step turn_on: its outcome is not known") for text in built.still_open)
    assert any(text == "Not carried out: find." for text in built.still_open)


def test_nothing_untrusted_becomes_markdown_or_html(tmp_path: Path, time: list[datetime]) -> None:
    record = _record(tmp_path, reason=EVIL, workload=EVIL, actor=EVIL)
    record.append("step.executed", "find", outputs={"name": EVIL, EVIL: [EVIL, {"label": EVIL}]})
    record.append("step.failed", "find", text=EVIL)
    record.append(
        "step.intended", "turn_on", inputs={}, changes=[{"what": EVIL, "before": EVIL, "after": EVIL}], command=EVIL
    )
    record.append("run.ended", phase="failed", text=EVIL)
    text = incident.markdown(incident.build(record, None))
    assert "\x1b" not in text and "\u202e" not in text
    tokens = MarkdownIt("commonmark", {"linkify": False}).enable("table").parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {"html_block", "link_open", "image", "blockquote_open"}
    assert {child.content for child in inline if child.type == "html_inline"} <= {"<br>"}
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type in ("td_open", "th_open")]
    assert len(cells) == 4 * len(rows), "no cell more or less"
    assert text.count("\n## ") == 4, "no heading more"


def test_a_clock_that_is_set_back(tmp_path: Path, time: list[datetime]) -> None:
    record = _record(tmp_path)
    record.append("step.executed", "find", outputs={})
    time[0] -= timedelta(hours=2)
    record.append("step.verified", "find")
    _steps(record)
    built = incident.build(record, None)
    assert [entry.step for entry in built.timeline if entry.step] == ["find", "find", "turn_on"]
    assert all((entry.seconds or 0) >= 0 for entry in built.timeline)
    assert built.period.end >= built.period.start
    assert "was set back by 2 h at 02:00 UTC" in incident.markdown(built)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("run.ended", {}),
        ("run.ended", {"phase": "levitated"}),
        ("step.intended", {"changes": [{"what": "x", "colour": 1}]}),
        ("step.intended", {"changes": 5}),
    ],
)
def test_an_event_that_this_version_does_not_write(
    tmp_path: Path, time: list[datetime], kind: str, data: dict[str, Any]
) -> None:
    record = _record(tmp_path)
    record.append(kind, "turn_on" if kind.startswith("step") else "", **data)
    with pytest.raises(OpsError, match=r"Event 2 .* cannot be read: it is damaged, or of another version"):
        incident.build(record, None)
    states, unreadable = list_runs(tmp_path)
    assert (states, len(unreadable)) == ((), 1)


def test_lines_that_are_no_event_are_left_out(tmp_path: Path, time: list[datetime]) -> None:
    record = _record(tmp_path)
    path = record.folder / "record.jsonl"
    path.write_bytes(path.read_bytes() + b'[]\n5\n\xff\xfe\n{"at": "soon", "event": "x", "step": ""}\n{"at": "2026-')
    _steps(record)
    assert [event.kind for event in record.events()][:2] == ["run.started", "step.executed"]
    assert incident.build(record, None).run.phase.value == "done"
