"""Export, import and purge on the command line, and the record of it."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.sqs.faults import DENIED
from tests.ops.cli.conftest import Desk


def flat(out: str) -> str:
    return " ".join(out.split())


def test_export_then_purge_then_import(desk: Desk, terminal: Any) -> None:
    desk.bury({"job_id": "good"}, error="KeyError", why="'gift'")
    bad = desk.bury(*({"job_id": f"bad-{number}"} for number in range(12)))
    code, out, _ = desk.ops("export", "left.jsonl", "--where", "cause.error_type == 'InvalidJob'")
    assert code == 0
    assert out.startswith("12 messages written to left.jsonl.")
    assert "→ ops dlq purge --export left.jsonl --reason WHY --queue jobs" in out
    assert "SHA-256 " in out
    terminal("purge 11 messages")
    code, _, err = desk.ops("purge", "--export", "left.jsonl", "--reason", "never valid")
    assert code == 2
    assert "12 messages to delete permanently." in err, "what is deleted is shown before it is asked"
    assert len(desk.world.dlq.messages()) == 13
    terminal("purge 12 messages")
    code, out, err = desk.ops("purge", "--export", "left.jsonl", "--reason", "never valid")
    assert code == 0, err
    assert "Deleted 12 of 12 messages: done." in out
    assert "→ ops dlq import left.jsonl --queue jobs" in out
    [left] = desk.world.dlq.messages()
    assert "good" in left["Body"]
    code, out, _ = desk.ops("import", "left.jsonl")
    assert code == 0
    assert out.startswith("12 messages imported into the snapshot.")
    assert desk.json("list", "--text", "bad-")["count"] == 0, "those of the queue are meant when nothing else is said"
    assert desk.json("list", "--imported", "--text", "bad-")["count"] == len(bad)
    assert "note: 12 messages of the file were already in the snapshot." in desk.ops("import", "left.jsonl")[1]
    code, out, _ = desk.ops("causes")
    assert out.startswith("Critical: 1 dead letter: ")
    beside = "note: 12 imported messages are in the snapshot, too: ops dlq causes --imported --queue jobs."
    assert beside in flat(out)
    _, out, _ = desk.ops("causes", "--imported")
    assert out.startswith("OK: 12 messages imported from a file, all of one cause: ")
    code, _, err = desk.ops("purge", "--export", "left.jsonl", "--reason", "again", "--confirm", "purge 12 messages")
    assert code == 2
    assert "12 of the 12 messages of left.jsonl cannot be purged: 12 imported from a file" in flat(err)
    [first, *_] = desk.json("list", "--imported")["letters"]
    assert "imported messages, 1 message by ID" in desk.ops("plan", "--id", first["letter"]["message_id"])[1]
    [queued] = desk.json("list")["letters"]
    code, _, err = desk.ops("plan", "--id", first["letter"]["message_id"], "--id", queued["letter"]["message_id"])
    assert code == 2
    assert "Some of these messages are in the queue, and others were imported" in flat(err)
    assert desk.ops("import", "left.jsonl", "--undo")[1].startswith("12 messages removed from the snapshot.")
    assert desk.ops("list", "--imported")[1].count("No imported messages.") == 1
    _, out, _ = desk.ops("audit")
    assert "purge done" in out
    assert "never valid" in flat(out)


def test_a_purge_in_a_script(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.bury("a", "b")
    desk.ops("export", "two.jsonl")
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        code, _, err = desk.ops("purge", "--export", "two.jsonl", "--reason", "r")
    assert code == 2
    assert '--confirm "purge 2 messages"' in err
    told = desk.json("purge", "--export", "two.jsonl", "--reason", "r", "--confirm", "purge 2 messages")
    assert told["deleted"] == 2
    assert told["outcome"] == "done"


def test_a_purge_that_is_refused_in_the_middle_says_how_far_it_came(desk: Desk) -> None:
    desk.bury(*(f"m{number}" for number in range(25)))
    desk.ops("export", "some.jsonl")
    desk.world.aws.fault(replace(DENIED, operation="ReceiveMessage", skip=1))
    purge = ("purge", "--export", "some.jsonl", "--reason", "r", "--confirm", "purge 25 messages")
    code, out, err = desk.ops(*purge)
    desk.world.aws.heal()
    assert (code, out) == (3, "")
    deleted = 25 - len(desk.world.dlq.messages())
    assert 0 < deleted < 25
    assert f"Deleted {deleted} of 25 messages; the rest is in the queue." in flat(err)
    assert "→ ops dlq purge --export some.jsonl --reason WHY --queue jobs" in err


def test_a_purge_that_is_not_meant_counts_nothing(desk: Desk, terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # bars are for terminals
    desk.bury("a", "b")
    desk.ops("export", "two.jsonl")
    terminal("purge 2 messages")
    code, out, err = desk.ops("purge", "--export", "two.jsonl", "--reason", " ")
    assert (code, out) == (2, "")
    assert err.startswith("A reason is required"), "before anything is shown"
    terminal("")
    code, out, err = desk.ops("purge", "--export", "two.jsonl", "--reason", "r")
    assert (code, out.strip()) == (2, "")
    assert "nothing was deleted" in err
    assert "Deleting messages" not in err
    assert len(desk.world.dlq.messages()) == 2


def test_exports_are_never_overwritten_and_csv_holds_no_formula(desk: Desk) -> None:
    desk.bury("=1+1", '@cmd|"x"')
    assert desk.ops("export", "sheet.csv")[0] == 0
    with Path("sheet.csv").open(encoding="utf-8-sig", newline="") as stream:
        bodies = [row["body"] for row in csv.DictReader(stream)]
    assert not [body for body in bodies if body.startswith(("=", "@"))]
    assert Path("sheet.csv").stat().st_mode & 0o077 == 0, "letters may hold personal data"
    code, _, err = desk.ops("export", "sheet.csv")
    assert code == 2
    assert "sheet.csv" in err
    code, out, _ = desk.ops("export")
    assert code == 0
    assert "/exports/" in "".join(out.split())
    code, _, err = desk.ops("export", "x.txt", "--format", "parquet")
    assert code == 2
    assert "'parquet' is not an export format" in err


@pytest.mark.parametrize("name", ["sheet.xls", "sheet.xlsx", "sheet.json", "sheet.txt"])
def test_a_file_whose_name_promises_another_format_is_refused(desk: Desk, name: str) -> None:
    desk.bury("a")
    code, _, err = desk.ops("export", name)
    assert code == 2 and f"{Path(name).suffix} is not an export format." in err
    assert not Path(name).exists()
    assert desk.ops("export", name, "--format", "csv")[0] == 0 and Path(name).exists()


def test_a_files_name_is_whole_however_long(desk: Desk) -> None:
    desk.bury("a")
    _, out, _ = desk.ops("export")
    (written,) = Path(os.environ["OPS_HOME"]).glob("*/exports/*.jsonl")
    assert len(str(written)) > 80
    assert f"1 message written to {written}." in out
    desk.ops("import", str(written))
    desk.ops("import", str(written), "--undo")
    note = "note: 1 message of the file was not in the snapshot."
    assert note in desk.ops("import", str(written), "--undo")[1]


@pytest.mark.parametrize("command", [["import", "bad.jsonl"], ["purge", "--export", "bad.jsonl", "--reason", "r"]])
def test_files_that_are_no_export(desk: Desk, command: list[str]) -> None:
    desk.bury("a")
    code, _, err = desk.ops(*command)
    assert code == 2
    assert "There is no file bad.jsonl." in err
    assert "write" not in err
    Path("bad.jsonl").write_text('{"no": "letter"}\n', encoding="utf-8")
    code, _, err = desk.ops(*command)
    assert code == 2
    assert "line 1" in err
    assert len(desk.world.dlq.messages()) == 1


def test_an_export_whose_name_begins_as_a_home_does(desk: Desk) -> None:
    desk.bury("a")
    assert desk.ops("export", "~left.jsonl")[0] == 0
    code, _, err = desk.ops("purge", "--export", "~left.jsonl", "--reason", "r", "--confirm", "purge 1 message")
    assert code == 0, err


def test_a_message_of_a_file_that_is_no_text_does_not_stop_the_others_plan(desk: Desk) -> None:
    torn = {"\ud800": {"type": "String.\ud800", "value": "\ud800"}}
    letters = [{"message_id": "whole", "attributes": {}}, {"message_id": "torn", "attributes": torn}]
    lines = [json.dumps({"schema": 1, "body": "{}", "system": {}, **message}) for message in letters]
    Path("two.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert desk.ops("import", "two.jsonl")[0] == 0
    assert len(desk.json("plan", "--imported", "--to", "jobs", "--no-watch")["plan"]["ids"]) == 2


def test_the_record_of_what_was_done(desk: Desk) -> None:
    code, out, _ = desk.ops("audit")
    assert code == 0
    assert "No messages were moved or deleted, and no runbook or memory sweep was run" in out
    desk.bury("a", "b", "c")
    desk.ops("export", "all.jsonl")
    desk.ops("purge", "--export", "all.jsonl", "--reason", "\x1b[2Jbad", "--confirm", "purge 3 messages")
    _, out, _ = desk.ops("audit")
    assert "␛[2Jbad" in out
    records = json.loads(desk.ops("audit", "--json")[1])
    assert records[0]["action"] == "purge"
    assert records[0]["queue"] == "jobs-dlq"
    assert desk.ops("audit", "--limit", "1")[0] == 0
    code, out, _ = desk.ops("audit", "--verify")
    first, *rest = out.splitlines()
    assert (code, first) == (0, f"{len(records)} records: no gaps or edits found.")
    assert rest[0].startswith("A check cannot detect records removed from the end")
    code, out, _ = desk.ops("audit", "--csv", "audit.csv")
    assert code == 0
    assert "purge" in Path("audit.csv").read_text(encoding="utf-8")
    assert desk.ops("audit", "--csv", "audit.csv")[0] == 2, "never overwritten"
    book = Path(os.environ["OPS_HOME"], "audit.jsonl")
    book.write_text(book.read_text(encoding="utf-8").replace("jobs-dlq", "other", 1), encoding="utf-8")
    code, out, _ = desk.ops("audit", "--verify")
    assert code == 1
    assert "Line 2 does not follow from the one before it" in out
