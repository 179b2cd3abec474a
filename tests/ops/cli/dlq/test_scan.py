"""Dead letters on the command line: scan, causes, list, show. An SQS in memory answers."""

from __future__ import annotations

import errno
import io
import json
import re
import time

import pytest

from ops.cli.app import main, run
from ops.target import Target
from ops.workload import Workload
from tests.fakes.sqs.faults import DENIED
from tests.ops.cli.conftest import Desk


def jobs(count: int, kind: str = "train") -> list[dict[str, object]]:
    return [{"job_id": f"{kind}-{number}", "kind": kind, "params": {"alpha": number}} for number in range(count)]


def test_scan_says_what_failed_and_what_to_type_next(desk: Desk) -> None:
    desk.bury(*jobs(9))
    desk.bury(*jobs(3, "score"), error="KeyError", why="'gift'")
    code, out, _ = desk.ops("scan")
    assert code == 1, "there is something to do"
    assert out.startswith("Critical: 12 dead letters, 9 of one cause: InvalidJob: no column 'age'")
    assert "jobs-dlq · eu-west-1 · account 000000000000 · 12 messages at " in out
    assert "9 messages · 75%" in out
    assert "3 messages · 25%" in out
    assert "Fixed? " in out
    assert "note: " in out, "a look says what it did to the queue"
    assert sum(message["hidden"] for message in desk.world.dlq.messages()) == 0, "all were given back"
    plan = next(line for line in out.splitlines() if line.startswith("→ ops dlq plan"))
    fingerprint = re.search(r"--cause (\w+) --queue jobs ", plan)
    assert fingerprint, plan
    assert desk.json("list", "--cause", fingerprint[1])["count"] == 9


def test_an_empty_queue_is_good_news(desk: Desk) -> None:
    code, out, _ = desk.ops("scan")
    assert code == 0
    assert out.startswith("OK: no dead letters.")
    code, out, _ = desk.ops("list")
    assert code == 0
    assert "The snapshot is empty." in out
    assert "→ ops dlq scan --queue jobs" in out


def test_what_arrived_since_the_last_scan_is_said(desk: Desk) -> None:
    desk.ops("scan")
    assert desk.ops("causes")[0] == 0
    desk.world.dlq.put([{"body": "{}"}] * 2)
    code, out, _ = desk.ops("causes")
    assert code == 1
    assert out.startswith("The DLQ has 2 messages now: scan again before acting. Last scan:\nOK: no dead letters.")
    assert "→ ops dlq scan --queue jobs" in out
    assert desk.json("causes")["messages_now"] == 2


def test_an_empty_queue_in_which_messages_would_expire_on_arrival_is_looked_into(
    desk: Desk, _workloads: dict[Target, Workload]
) -> None:
    assert desk.json("scan")["explained"] is None
    desk.world.aws.queue("jobs-dlq", MessageRetentionPeriod="60")
    _workloads.clear()
    assert desk.json("scan")["explained"] is not None
    _workloads.clear()


def test_causes_reads_the_snapshot_only(desk: Desk) -> None:
    desk.bury(*jobs(4))
    desk.ops("scan", "--no-logs")
    before = desk.world.aws.counts().get("ReceiveMessage")
    code, out, _ = desk.ops("causes")
    assert code == 1
    assert "4 messages at " in out
    assert " s ago" in out
    told = desk.json("causes")
    assert told["causes"]["letters"] == 4
    assert told["causes"]["groups"][0]["error_type"] == "InvalidJob"
    assert desk.world.aws.counts().get("ReceiveMessage") == before


def test_a_scan_without_logs_says_that_they_were_not_searched(desk: Desk) -> None:
    desk.bury(*jobs(2), error="", why="")
    _, out, _ = desk.ops("scan", "--no-logs")
    assert "The logs were not searched" in " ".join(out.split())
    assert "limit is" not in out and "would cost" not in out


def test_list_filters_and_pages(desk: Desk) -> None:
    desk.bury(*jobs(30))
    desk.bury(*jobs(2, "score"))
    code, out, _ = desk.ops("list", "--where", "body.kind == 'train'", "--limit", "10")
    assert code == 0
    assert "1 to 10 of 30." in out
    assert "32 messages, no scan has finished yet" in " ".join(out.split())
    more = next(line for line in out.splitlines() if "next page" in line)
    assert "--where \"body.kind == 'train'\"" in more, "the next command has the same filter"
    assert desk.json("list", "--text", "SCORE-1")["count"] == 1
    assert desk.json("list", "--since", "1h")["count"] == 32
    assert desk.json("list", "--until", "1h")["count"] == 0
    _, out, _ = desk.ops("list", "--text", "nothing has this")
    assert "No messages match (32 in the snapshot)." in out
    _, out, _ = desk.ops("list", "--offset", "99")
    assert "No more messages: 32 match." in out


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        (["--where", "body.[broken"], "JMESPath"),
        (["--since", "soon"], "'soon' is not a valid time."),
        (["--id", "nosuch"], "No message in the snapshot has the ID 'nosuch'."),
    ],
)
def test_a_filter_that_means_nothing(desk: Desk, filters: list[str], sentence: str) -> None:
    desk.bury(*jobs(1))
    code, out, err = desk.ops("list", *filters)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "\n→ " in err


def test_a_guess_says_what_the_messages_look_like(desk: Desk) -> None:
    letter, *_ = desk.bury(*jobs(30), error="", why="")
    _, out, _ = desk.ops("list")
    assert f"{letter[:13]}  " in out
    assert "  no known cause; looks like: job_" in out
    _, out, _ = desk.ops("show", letter, "--no-logs")
    assert out.startswith("no known cause; looks like: ")


def test_show_is_the_whole_message(desk: Desk) -> None:
    [letter] = desk.bury({"job_id": "a", "deep": {"n": 1.0}})
    code, out, _ = desk.ops("show", letter[:10])
    assert code == 0
    assert out.startswith("InvalidJob: no column 'age'")
    assert letter in out
    assert '    "n": 1.0' in out, "a JSON body is laid out"
    assert "ErrorType" in out
    assert "Timeline (UTC)" in out
    assert f"→ ops dlq plan --id {letter} --queue jobs" in out
    assert f"→ ops logs --message {letter} --queue jobs" in out
    told = desk.json("show", letter, "--no-logs")
    assert json.loads(told["letter"]["body"])["deep"] == {"n": 1.0}
    assert told["timeline"] is None


def test_a_long_body_is_cut_unless_asked_for(desk: Desk) -> None:
    letter, other = desk.bury("x" * 10_000, {"rows": [{"n": n} for n in range(100)]})
    for some in (letter, other):
        _, out, _ = desk.ops("show", some, "--no-logs")
        assert "… truncated; --all shows the rest." in out
        _, out, _ = desk.ops("show", some, "--no-logs", "--all")
        assert "truncated" not in out
    assert '"n": 99' in out


def test_a_body_of_many_numbers_under_many_brackets_is_shown_at_once(desk: Desk) -> None:
    deep = "[" * 450 + "1," * 100_000 + "{}" + "]" * 450
    [letter] = desk.bury(deep)
    began = time.process_time()  # half a second
    _, out, _ = desk.ops("show", "--no-logs", letter)
    assert time.process_time() - began < 30, "a minute and a gigabyte, were each line indented by its level"
    assert "… truncated" in out


def test_a_terminal_that_lacks_our_signs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.bury("a")
    screen = io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True)
    monkeypatch.setattr("sys.stdout", screen)
    with pytest.raises(SystemExit) as ended:
        main(["dlq", "list", "--queue", "jobs"])
    assert ended.value.code == 0
    assert b"\\u2192 ops dlq show" in screen.buffer.getvalue()


@pytest.mark.parametrize("answer", [[], ["--json"]])
def test_an_answer_that_a_full_disk_does_not_take(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sys.stdout", Full())
    assert run(["dlq", "causes", "--queue", "jobs", *answer]) == 1
    err = desk.capsys.readouterr().err
    sentence = json.loads(err)["message"] if answer else err
    assert sentence.startswith("The disk is full: the output could not be written.")


def test_a_hostile_message_is_harmless_on_screen(desk: Desk) -> None:
    bad = "\x1b]0;owned\x07[link=x]bad[/link]\u202e"
    [letter] = desk.bury(f"\x1b[2J{bad}\nsecond line", error=bad, why="\x1b[31mwhy")
    for command in (["scan", "--no-logs"], ["causes"], ["list"], ["show", letter, "--no-logs"]):
        _, out, err = desk.ops(*command)
        for evil in ("\x1b", "\x07", "\u202e"):
            assert evil not in out + err, command
        assert "[link=x]bad[/link]" in " ".join(out.split()), "markup is text"
    _, out, _ = desk.ops("causes")
    assert max(len(line) for line in out.splitlines() if not line.startswith("→")) <= 80
    assert desk.json("list")["letters"][0]["letter"]["body"].startswith("\x1b[2J")


def test_a_message_with_no_trace_is_said_to_have_none(desk: Desk) -> None:
    desk.bury("plain text", error="", why="")
    desk.ops("scan", "--no-logs")
    _, out, _ = desk.ops("causes")
    assert "no known cause" in out
    assert "--cause unknown" in out


def test_a_refused_scan_is_a_sentence(desk: Desk) -> None:
    desk.bury(*jobs(1))
    desk.world.aws.fault(DENIED)
    code, out, err = desk.ops("scan")
    assert (code, out) == (3, "")
    sentence, step = err.strip().splitlines()
    assert " is not authorized to perform sqs:" in sentence
    assert step.startswith("→ ")


def test_the_next_command_names_the_same_queue(desk: Desk) -> None:
    desk.bury(*jobs(2))
    assert run(["dlq", "scan", "--queue", "jobs", "--from", "jobs-dlq", "--region", "eu-west-1", "--no-logs"]) == 1
    out, _ = desk.capsys.readouterr()
    assert "--from jobs-dlq --queue jobs --region eu-west-1" in out


def test_every_kind_of_dead_letter_is_named_and_ids_stay_whole(desk: Desk) -> None:
    told = {"RequestID": "r-1", "ErrorCode": "200", "ErrorMessage": "why " * 30}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
    topic = {"Type": "Notification", "MessageId": "n", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "hi"}
    ids = desk.world.dlq.put(
        [{"body": "{}", "attributes": attributes}, {"body": json.dumps(topic)}, {"body": "\x01 what?"}]
    )
    desk.ops("scan", "--no-logs")
    _, out, _ = desk.ops("list")
    rows = {line.split()[0]: line for line in out.splitlines() if "×" in line}
    assert set(rows) == {message_id[:13] for message_id in ids}
    assert "…" in rows[ids[0][:13]], "only the cause is cut"
    for message_id, kind in zip(ids, ("lambda", "sns", "unknown"), strict=True):
        assert kind in rows[message_id[:13]]
    code, out, _ = desk.ops("plan")
    said = " ".join(out.split())
    assert code == 0
    assert "1 of 3 messages to send back to their original source." in said
    assert "2 of 3 messages stay in the dead-letter queue." in said
    assert "not known which function they came from" in said
    assert "arn:aws:sns:eu-west-1:1:t is in a different account or region" in said
    assert "--to QUEUE" in said
