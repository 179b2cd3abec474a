"""Planning on the command line: what a plan says, what its edits change, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ops.cli.conftest import Desk
from tests.ops.cli.dlq.redrives import QUICK


def jobs(count: int) -> list[dict[str, object]]:
    return [{"job_id": f"job-{number}", "kind": "train", "params": {"alpha": number}} for number in range(count)]


def test_a_plan_says_all_that_will_happen(desk: Desk) -> None:
    desk.bury(*jobs(60))
    code, out, _ = desk.ops(
        "plan", "--cause", desk.json("causes")["causes"]["groups"][0]["fingerprint"], "--rate", "20"
    )
    assert code == 0
    flat = " ".join(out.split())
    assert out.startswith("60 messages to send back to their original source.")
    assert "60 × InvalidJob: no column 'age'" in flat
    assert "at most 20/s, reduced under load" in flat
    assert "5, then 6, then all 60; after each stage, waits up to 15 min" in flat
    assert "stops if more than 20% failed again" in flat
    assert "sqs:SendMessage" not in flat, "many lines, on request"
    assert " IAM actions (ops dlq plan --permissions lists them)" in flat
    assert "sqs:SendMessage" in desk.ops("plan", "--permissions")[1]
    assert "at us-east-1 prices of 20" in flat
    assert "expires the oldest message in" in flat
    step = out.splitlines()[-1]
    assert step.startswith("→ ops dlq redrive 20")
    assert "--reason WHY --queue jobs" in step
    assert len(desk.world.jobs.messages()) == 0, "nothing moved"


def test_a_plan_in_a_file_and_its_diff(desk: Desk) -> None:
    letters = desk.bury(*jobs(12))
    edits = ["--set", "body.params.alpha=0.5", "--set", "attributes.Tenant=blue"]
    code, out, _ = desk.ops("plan", "--out", "plan.json", *edits)
    assert code == 0
    assert "Written to plan.json." in out
    assert "→ ops dlq diff plan.json --queue jobs" in out
    code, out, _ = desk.ops("diff", "plan.json", letters[3])
    assert code == 0
    assert '-    "alpha": 3' in out
    assert '+    "alpha": 0.5' in out
    assert "Tenant" in out
    told = desk.json("diff", "plan.json")
    assert 0 < len(told["diffs"]) < 12
    assert desk.json("plan")["plan"]["ids"] == list(letters)
    code, _, err = desk.ops("diff", "plan.json", "nosuch")
    assert code == 2
    assert "No message in the snapshot has the ID 'nosuch'." in err
    desk.ops("plan", "--out", "same.json")
    out = desk.ops("diff", "same.json", letters[3])[1]
    assert " has no edits." in out
    assert "-  ErrorType (String): InvalidJob" in out, "without an edit, too"


def test_a_diff_says_what_the_redrive_itself_adds_and_leaves_out(desk: Desk) -> None:
    letters = desk.bury(*jobs(1))
    desk.ops("plan", "--set", "body.params.alpha=7", "--out", "plan.json", *QUICK)
    (told,) = desk.json("diff", "plan.json")["diffs"]
    assert (told["id"], told["refused"], told["put_on"]) == (letters[0], "", ["OriginalMessageId"])
    assert told["left_out"] == ["ErrorMessage", "ErrorType", "OriginalQueueArn"]
    _, out, _ = desk.ops("diff", "plan.json")
    assert "note: Added by the redrive: OriginalMessageId" in out
    assert desk.ops("redrive", "plan.json", "--reason", "r", "--yes")[0] == 0
    (message,) = desk.world.jobs.messages()
    assert list(message["MessageAttributes"]) == ["OriginalMessageId"]


def test_a_diff_of_a_purge_is_refused(desk: Desk) -> None:
    desk.bury(*jobs(1))
    desk.ops("export", "out.jsonl")
    desk.ops("purge", "--export", "out.jsonl", "--reason", "r", "--confirm", "no")
    (plan,) = desk.world.source.plans_folder.glob("*.json")
    code, _, err = desk.ops("diff", plan.stem)
    assert code == 2
    assert "deletes messages and sends none." in err


def test_a_diff_says_when_a_message_does_not_take_the_edit(desk: Desk) -> None:
    desk.bury(*jobs(2))
    [text] = desk.bury("no JSON at all \x1b[2J")
    _, out, _ = desk.ops("plan", "--set", "body.params.alpha=1", "--out", "plan.json")
    assert "warning: " in out
    _, out, _ = desk.ops("diff", "plan.json", text)
    assert "! This message would not be sent: " in out
    assert "\x1b" not in out


def test_a_merge_patch(desk: Desk) -> None:
    desk.bury(*jobs(1))
    Path("patch.json").write_text('{"params": {"alpha": null, "beta": 2}}', encoding="utf-8")
    told = desk.json("plan", "--merge-patch", "patch.json")
    assert told["plan"]["edits"] == [{"path": "", "value": {"params": {"alpha": None, "beta": 2}}}]
    code, _, err = desk.ops("plan", "--merge-patch", "missing.json")
    assert code == 2
    assert "missing.json cannot be read" in err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--set", "body.params.alpha"], "is not a valid edit"),
        (["--steps", "10%,5%"], "is not larger than"),
        (["--steps", ","], "The plan has no stages."),
        (["--cause", ""], "--cause is empty."),
        (["--where", " "], "--where is empty."),
        (["--id", ""], "--id is empty."),
        (["--from", ""], "--from is empty."),
        (["--text", "\udcff"], "--text is not valid UTF-8."),
        (["--text", "x" * 60_000], "No message"),
        (["--where", f"body.kind == '{'x' * 60_000}'"], "The filter is too long"),
        (["--where", 'body.kind == `"\\ud800"`'], "No message"),
        (["--steps", "100%,5"], "Stage 5 is not larger than stage 100%."),
        (["--steps", "5,1%,3,100%"], "Stage 3 is not larger than stage 5."),
        (["--steps", "10%,20,5%,100%"], "Stage 5% is not larger than stage 10%."),
        (["--out", "/proc/x/plan.json"], "There is no folder /proc/x."),
        (["--stop-share", "200%"], "'200%' is not a valid share."),
        (["--patience", "long"], "'long' is not a valid duration."),
        (["--text", "nothing has this"], ""),
        (["--to", "nowhere"], "nowhere"),
        (["--to", " "], "--to is empty."),
        (["--to", "\udcff"], "--to is not valid UTF-8."),
        (["--set", "body.kind=\udcc3\udca9"], "--set is not valid UTF-8."),
        (["--rate", "-1"], "--rate"),
        (["--rate", "5e-324"], "is not valid"),
        (["--out", "a" * 300], "File name too long"),
        (["--since", "0001-01-01T00:00+14:00"], "is not a valid time"),
        (["--where", f"body == `{'9' * 3_900}`"], "No message"),
        (["--to", "arn:"], "arn: is not a complete ARN."),
        (["--set", "(" * 3_000 + "body.a=1"], "nested too deeply"),
        (["--set", "body.params.alpha=" + "[" * 900 + "]" * 900], "nested more than 100 levels"),
        (["--set", "body.params.alpha=1e999"], "The number 1e999 is too large."),
    ],
)
def test_a_plan_that_makes_no_sense(desk: Desk, options: list[str], sentence: str) -> None:
    desk.bury(*jobs(1))
    code, out, err = desk.ops("plan", *options)
    assert code in (2, 3)
    assert out == ""
    assert sentence in err


def test_plans_that_cannot_be_followed(desk: Desk) -> None:
    desk.bury(*jobs(20))
    for name in ("no-such-plan", "~no-such-user", "a" * 300):
        code, _, err = desk.ops("redrive", name, "--reason", "r", "--yes")
        assert code == 2
        assert name in err
        assert "→ " in err
    desk.ops("plan", "--out", "plan.json")
    plan = json.loads(Path("plan.json").read_text(encoding="utf-8"))
    Path("changed.json").write_text(json.dumps({**plan, "margin": 1.0}), encoding="utf-8")
    code, _, err = desk.ops("redrive", "changed.json", "--reason", "r", "--yes")
    assert code == 2
    assert "→ " in err
    desk.world.dlq.put([{"body": "late"} for _ in range(20)])
    code, _, err = desk.ops("redrive", "plan.json", "--reason", "r", "--yes")
    assert code == 2
    assert "ops dlq scan" in err, "a stale plan says what to do"
    assert len(desk.world.jobs.messages()) == 0


@pytest.mark.parametrize("command", [["list"], ["plan"], ["export", "x.jsonl"]])
@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (["--since", "1h", "--until", "2h"], "The time range ends before it starts."),
        (["--since", "2126-01-01"], "The time range starts in the future."),
        (["--since", "02:10 CET"], "'02:10 CET' is not a valid time."),
    ],
)
def test_a_time_range_that_is_none(desk: Desk, command: list[str], times: list[str], sentence: str) -> None:
    desk.bury(*jobs(1))
    code, out, err = desk.ops(*command, *times)
    assert code == 2 and out == ""
    assert err.splitlines()[0] == sentence and err.splitlines()[1].startswith("→ ")


def test_messages_of_one_second(desk: Desk) -> None:
    desk.bury(*jobs(2))
    sent = desk.json("list")["letters"][0]["letter"]["sent"][:19]
    rows = desk.json("list", "--since", sent, "--until", f"{sent}.999999")["letters"]
    assert rows and all(row["letter"]["sent"].startswith(sent) for row in rows)
    assert desk.json("list", "--since", "2020-01-01", "--until", "2020-01-01T00:00:01")["letters"] == []
