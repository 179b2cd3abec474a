"""``ops logs``: which lines, how they look, and what is said beside them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ops import workload
from ops.aws import Aws
from ops.cli.app import run
from ops.deadletters.messages.model import Cause
from ops.deadletters.queue import open_queue
from ops.deadletters.snapshot import Snapshot
from ops.logs import follow
from ops.target import Target
from ops.workload import Workload
from ops.workload.gaps import Gap, Part, Why
from tests.fakes.logs import SENT_AT, FakeLogs, a_source, batch, row, silent
from tests.ops.insight.world import DLQ
from tests.ops.logs.conftest import M1, R1, R2

SINCE = ["--since", SENT_AT.isoformat()]


@dataclass
class LogsDesk:
    """``described``: the workload that the commands find."""

    logs: FakeLogs
    capsys: pytest.CaptureFixture[str]
    described: Workload

    def ops(self, *arguments: str) -> tuple[int, str, str]:
        code = run(["logs", "--queue", "jobs", *arguments])
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.err
        assert "Unexpected error" not in captured.err, captured.err
        return code, captured.out, captured.err


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[LogsDesk]:
    monkeypatch.setenv("OPS_HOME", str(tmp_path / "home"))
    dlq = replace(DLQ, arn="arn:aws:sqs:eu-west-1:1:dead")
    folder = tmp_path / "home" / "1-eu-west-1-dead"
    folder.mkdir(parents=True)
    with a_source(folder, monkeypatch, [silent(M1)], dlq=dlq) as (source, fake):
        desk = LogsDesk(fake, capsys, source.workload)

        def described(_aws: Aws, _target: Target) -> Workload:
            return desk.described

        monkeypatch.setattr(workload, "describe", described)
        yield desk


def _ctrl_c(_seconds: float, _stop: Any) -> None:
    raise KeyboardInterrupt


def test_lines_on_stdout_and_the_rest_on_stderr(desk: LogsDesk) -> None:
    desk.logs.rows = [row(1, "older\n"), row(2, "newer\nand its second line\n")]
    code, out, err = desk.ops(*SINCE)
    head, *lines = out.splitlines()
    assert code == 0
    assert head.startswith("shop · us-east-1 · account 1 · ") and head.endswith(" UTC")
    assert lines[0].endswith("  newer") and lines[1] == "    │ and its second line" and lines[2].endswith("  older")
    assert "Logs Insights query for /aws/lambda/worker:" in err
    assert "fields @timestamp, @message, @logStream | sort @timestamp desc | limit 100" in err


def test_lines_cannot_change_the_terminal(desk: LogsDesk) -> None:
    desk.logs.rows = [
        row(1, "\x1b[2J\x1b]0;title\x07 \u202egnp.exe <b>[bold]no[/]\x00\r\n2026-11-28 00:00:00.000  fake")
    ]
    _, out, _ = desk.ops(*SINCE)
    assert "\x1b" not in out and "\u202e" not in out and "\x00" not in out
    assert "␛[2J␛]0;title␇ \\u202egnp.exe <b>[bold]no[/]␀" in out
    assert "    │ 2026-11-28 00:00:00.000  fake" in out


def test_pages_lead_to_the_next(desk: LogsDesk) -> None:
    desk.logs.rows = [row(number, f"line {number}") for number in range(5)]
    code, out, err = desk.ops(*SINCE, "--limit", "2")
    assert code == 0 and "line 4" in out and "line 2" not in out
    (step,) = [line for line in err.splitlines() if line.startswith("→ ")]
    assert step.endswith("   older lines")
    words = step.removeprefix("→ ops logs ").removesuffix("   older lines").split()
    assert words[words.index("--queue") + 1] == "jobs"
    assert desk.ops("--until", "now", "--page", "x")[0] == 2
    code, out, _ = desk.ops(*(word for word in words if word not in ("--queue", "jobs")))
    assert code == 0 and "line 2" in out and "line 1" in out and "line 3" not in out and "line 0" not in out


def test_the_pages_of_a_message_have_its_invocations_whole(desk: LogsDesk) -> None:
    """The line that ends an invocation is on the first page, and tells how far its lines reach."""
    desk.logs.rows = [
        row(1, f"START RequestId: {R1} Version: 7"),
        batch(1.1, R1, M1),
        *(row(2 + number, f"print {number}") for number in range(3)),
        row(6, f"REPORT RequestId: {R1}\tDuration: 1 ms"),
    ]
    _, out, err = desk.ops("--message", M1, "--limit", "2")
    assert "REPORT" in out and "print 2" in out and "print 1" not in out
    step = next(line for line in err.splitlines() if line.startswith("→ ops logs "))
    words = step.removeprefix("→ ops logs ").removesuffix("   older lines").split()
    _, out, _ = desk.ops(*(word for word in words if word not in ("--queue", "jobs")))
    assert "print 1" in out and "print 0" in out and "print 2" not in out


def test_a_search_says_its_price_before_and_after(desk: LogsDesk) -> None:
    desk.logs.hourly_bytes = 1e9
    desk.logs.rows = [row(1, "one"), row(2, "two")]
    code, out, err = desk.ops("--search", "TWO", "--since", "3h")
    assert code == 0 and "two" in out and "one" not in out
    assert "Searching /aws/lambda/worker: about " in err and "the limit is $0.50." in err
    assert "Logs Insights scanned 2.0 kB (less than $0.0001 at us-east-1 prices of 20" in err
    code, _, err = desk.ops("--search", "two", "--since", "3h", "--max-cost", "0.001")
    assert "were not searched: that would cost more than $0.001" in err


def test_the_lines_of_a_message(desk: LogsDesk) -> None:
    desk.logs.rows = [
        row(1, f"START RequestId: {R1} Version: 7"),
        batch(1.1, R1, M1),
        row(1.2, "Traceback (most recent call last):"),
        row(1.3, f"REPORT RequestId: {R1}\tDuration: 1 ms"),
        row(2, f"START RequestId: {R2} Version: 7"),
    ]
    code, out, _ = desk.ops("--message", M1[:8])
    assert code == 0
    assert "Traceback (most recent call last):" in out and R1 in out and R2 not in out
    _, out, _ = desk.ops("--request", R2)
    assert R2 in out and R1 not in out


def test_a_message_without_lines(desk: LogsDesk) -> None:
    code, out, err = desk.ops("--message", M1)
    assert code == 0 and len(out.splitlines()) == 1
    assert f"names {M1}: it has not run in that time, its lines have expired" in err


def test_json_csv_and_yaml(desk: LogsDesk) -> None:
    desk.logs.rows = [row(1, "=HYPERLINK(1)"), row(2, 'two "quoted"\nlines')]
    code, out, _ = desk.ops(*SINCE, "--json")
    found = json.loads(out)
    assert code == 0
    assert [line["text"] for line in found["lines"]] == ['two "quoted"\nlines', "=HYPERLINK(1)"]
    assert found["groups"] == ["/aws/lambda/worker"] and found["next_token"] == "" and found["usd"] == 0.0
    assert desk.ops(*SINCE, "--output", "json")[1].splitlines()[1:5] == out.splitlines()[1:5]
    rows = list(csv.DictReader(io.StringIO(desk.ops(*SINCE, "--output", "csv")[1], newline="")))
    assert [row["text"] for row in rows] == ['two "quoted"\nlines', "'=HYPERLINK(1)"]
    _, out, _ = desk.ops(*SINCE, "--output", "yaml")
    assert '    text: "two \\"quoted\\"\\nlines"' in out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--message", M1, "--cause", "x"], "--message and --cause exclude each other."),
        (["--request", "abc"], "'abc' is not a request ID."),
        (["--search", " "], "--search is empty."),
        (["--tail", "--until", "1h"], "--tail follows new lines and has no end."),
        (["--tail", "--page", "x"], "--tail follows new lines and has no end."),
        (["--page", "x"], "'x' is not the token of a page of log lines."),
        (["--since", "soon"], "'soon' is not a valid time."),
        (["--since", "1h", "--until", "2h"], "The time range ends before it starts."),
        (["--since", "2126-01-01"], "The time range starts in the future."),
        (["--message", "zz"], "No message in the snapshot has the ID 'zz'."),
        (["--cause", "Nothing"], "No message in the snapshot has the cause 'Nothing'."),
        (["--redrive", "zz"], "There is no "),
    ],
)
def test_bad_options(desk: LogsDesk, arguments: list[str], sentence: str) -> None:
    code, out, err = desk.ops(*arguments)
    assert code == 2 and out == ""
    assert err.splitlines()[0].startswith(sentence) and err.splitlines()[1].startswith("→ ")


def test_a_tail_has_no_end_that_yaml_could_have(desk: LogsDesk) -> None:
    code, _, err = desk.ops("--tail", "--output", "yaml")
    assert code == 2 and json.loads(err)["message"] == "--tail has no end, and YAML is written as a whole."


def test_logs_that_cannot_be_read_are_exit_code_3(desk: LogsDesk) -> None:
    desk.logs.refuse = "AccessDeniedException"
    code, _, err = desk.ops()
    assert code == 3 and "is not authorized to perform logs:FilterLogEvents" in err and "Ask for an IAM policy" in err
    desk.logs.refuse = ""
    desk.logs.gone = {"/aws/lambda/worker"}
    code, _, err = desk.ops()
    assert code == 3 and "There is no log group /aws/lambda/worker: worker has not run yet" in err


def test_a_workload_without_a_function(desk: LogsDesk) -> None:
    desk.described = replace(desk.described, function=None, mapping=None, readers=())
    code, _, err = desk.ops()
    assert code == 2 and "No function reads jobs, so there is no log group to read." in err
    gap = Gap(
        Part.FUNCTION,
        "worker",
        Why.DENIED,
        "You are not authorized to perform lambda:GetFunctionConfiguration.",
        "Ask for it.",
    )
    desk.described = replace(desk.described, gaps=(gap,))
    code, _, err = desk.ops()
    assert code == 3 and "may not be read" in err and "→ Ask for it." in err


def test_a_message_of_a_queue_without_a_dead_letter_queue(desk: LogsDesk) -> None:
    desk.described = replace(desk.described, dlq=None)
    desk.logs.rows = [row(0, f"done with {M1}")]
    code, out, err = desk.ops("--message", M1)
    assert code == 0 and f"done with {M1}" in out
    assert f"note: Message {M1} is not in the snapshot" in err


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_tail_until_ctrl_c(desk: LogsDesk, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    desk.logs.rows = [row(2, "second"), row(1, "first\x1b[2J")]

    monkeypatch.setattr(follow, "_sleep", _ctrl_c)
    code, out, err = desk.ops("--tail", *SINCE, "--output", form)
    assert code == 0 and "Following /aws/lambda/worker (UTC). Ctrl-C stops." in err
    assert "\x1b" not in out and out.index("first") < out.index("second")
    if form == "json":
        assert [json.loads(line)["text"] for line in out.splitlines()] == ["first\x1b[2J", "second"]


def test_a_record_of_metrics_does_not_hide_the_lines_around_it(desk: LogsDesk) -> None:
    record = {
        "_aws": {
            "Timestamp": 1,
            "CloudWatchMetrics": [{"Namespace": "SciLearn", "Metrics": [{"Name": "InvokeDuration"}]}],
        },
        "record": "invocation",
        "request_id": M1,
        "status": "error\x1b[2J",
        "error_type": "Sandbox.Timedout",
        "InvokeDuration": 812.4,
        "BilledDuration": 1_300,
        "MaxMemoryUsed": 301,
        "memory_size_mb": 1024,
    }
    counted = {
        "_aws": {"CloudWatchMetrics": [{"Metrics": [{"Name": "JobsSucceeded"}, {"Name": "Rows"}]}]},
        "JobsSucceeded": 2,
        "Rows": [10, 20],
        "service": "scilearn",
    }
    odd = {"_aws": {"CloudWatchMetrics": [7, {"Metrics": "x"}]}, "text": "no record"}
    desk.logs.rows = [row(1, "job succeeded"), row(2, counted), row(3, record), row(4, odd), row(5, '{"_aws": cut')]
    _, out, _ = desk.ops(*SINCE)
    cut, unknown, invocation, metrics, line = (line.split("  ", 1)[1] for line in out.splitlines()[1:])
    assert line == "job succeeded"
    assert metrics == "[metrics] JobsSucceeded 2, Rows 10, 20"
    assert invocation.startswith(f"[invocation {M1}] error")
    assert "duration 812 ms, billed 1.3 s, memory 301 of 1,024 MB" in invocation and "\x1b" not in out
    assert json.loads(unknown) == odd and cut == '{"_aws": cut'
    _, out, _ = desk.ops(*SINCE, "--json")
    assert json.loads(json.loads(out)["lines"][2]["text"]) == record, "whole for scripts"


def test_a_cause_by_its_id_or_its_error_type(desk: LogsDesk) -> None:
    source = open_queue(Aws(Target()), desk.described)
    with Snapshot.open(source) as snapshot:
        snapshot.set_causes([(M1, Cause("ValueError", "no", request_id=R1, fingerprint="ab" * 5))])
    desk.logs.rows = [row(1, f"START RequestId: {R1} Version: 7"), row(1.5, f"REPORT RequestId: {R1}\tDuration: 1 ms")]
    for name in ("ValueError", "abab"):
        code, out, _ = desk.ops("--cause", name)
        assert code == 0 and R1 in out


@pytest.mark.parametrize("form", ["table", "csv", "json", "yaml"])
def test_a_hostile_line_of_256_kb_is_cut_and_harmless_in_every_output(desk: LogsDesk, form: str) -> None:
    hostile = '\x1b[2J\u202egnp.exe\u2066<script>alert("1")</script>\x00'
    desk.logs.rows = [row(1, hostile + "x" * (262_144 - len(hostile)))]
    code, out, err = desk.ops(*SINCE, "--output", form)
    assert code == 0 and len(out) < 20_000
    assert not {"\x1b", "\u202e", "\u2066", "\x00"} & {*out, *err}
    assert "<script>alert(" in out
    assert "1 line is cut; the longest has 262,144 characters." in err


def test_a_read_only_process_follows_and_searches_nothing(desk: LogsDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    monkeypatch.setattr(follow, "_sleep", _ctrl_c)
    desk.logs.rows = [row(1, "line")]
    code, out, _ = desk.ops(*SINCE, "--tail")
    assert code == 0 and "line" in out
    code, _, err = desk.ops(*SINCE, "--search", "line")
    assert code != 0 and "OPS_READ_ONLY" in err
