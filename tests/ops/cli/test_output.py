"""``--output``: the same answer as table, CSV, JSON and YAML; and errors for programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import workload
from ops.cli.app import run
from ops.cli.output.formats import OutputFormat, wants_json_errors
from ops.cli.output.rows import print_as, yaml_lines
from tests.fakes.aws import Refusal, serve
from tests.ops.cli.conftest import Desk
from tests.ops.insight.world import WORKLOAD, Stage, world

AWKWARD = {
    "text": 'a: "b"\n- c\t\x1b[2J \u202e # no comment',
    "yes": "no",
    "a b": "~",
    "number": 1.5e-9,
    "small": 1e-9,
    "big": 10**20,
    "none": None,
    "flag": True,
    "empty": [],
    "nothing": {},
    "list": [1, [2, []], {"x": {"y": "2026-11-28"}}, {}],
}


def test_yaml_is_read_back_as_it_was() -> None:
    text = "\n".join(yaml_lines(AWKWARD))
    assert yaml.safe_load(text) == AWKWARD
    assert text.isascii() and "\x1b" not in text
    assert yaml.safe_load("\n".join(yaml_lines([]))) == []


def test_csv_holds_no_formula_and_its_head_also_without_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert not print_as(OutputFormat.TABLE, {}, ("a",), [])
    assert print_as(OutputFormat.CSV, {}, ("a", "b"), [])
    assert capsys.readouterr().out == '"a","b"\r\n'
    print_as(OutputFormat.CSV, {}, ("a", "b", "c"), [{"a": "=1+1", "b": None, "c": ["x", 1]}])
    assert capsys.readouterr().out.splitlines()[1] == '"\'=1+1","","[""x"", 1]"'


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["status", "--json"], True),
        (["status", "--output", "json"], True),
        (["status", "--output=yaml"], True),
        (["status", "--output", "csv"], False),
        (["status", "--output"], False),
        (["dlq", "list", "--text", "json"], False),
    ],
)
def test_whose_errors_are_json(arguments: list[str], wanted: bool) -> None:
    assert wants_json_errors(arguments) is wanted


@pytest.mark.parametrize(
    ("arguments", "code", "name", "step"),
    [
        (["status", "--json", "--nope"], 2, "UsageError", "Show its options: ops status --help."),
        (["status", "--output=yaml", "--minutes", "x"], 2, "UsageError", "Show its options: ops status --help."),
        (["status", "--output", "json"], 2, "UsageError", "Specify one"),
        (["status", "--output", "csv", "--json"], 2, "UsageError", "Omit one of them."),
        (["nonsense", "--json"], 2, "UsageError", "Show its options: ops --help."),
    ],
)
def test_usage_errors_for_programs(
    arguments: list[str], code: int, name: str, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    captured = capsys.readouterr()
    error = json.loads(captured.err)
    assert captured.out == "" and (error["code"], error["error"], error["exit_code"]) == (name, name, code)
    assert error["message"] and error["next_step"].startswith(step)


def test_the_code_of_an_error_of_aws_is_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        raise Refusal("AccessDenied", "", 403)

    with serve(answer, monkeypatch):
        assert run(["status", "--stack", "shop", "--json"]) == 3
    error = json.loads(capsys.readouterr().err)
    assert (error["error"], error["code"], error["exit_code"]) == ("AccessDenied", "AccessDenied", 3)
    assert error["next_step"].startswith("Ask for an IAM policy")


def test_an_unexpected_error_for_programs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda *_: {"QueueUrl": "http://aws/1/jobs", "Attributes": {}}, monkeypatch):
        assert run(["status", "--queue", "jobs", "--json"]) == 1
    error = json.loads(capsys.readouterr().err)
    assert error["code"] == "UnexpectedError" and error["message"].startswith("Unexpected error: KeyError")


@pytest.mark.parametrize("command", ["status", "costs"])
def test_reports_in_every_format(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workload, "describe", lambda *_: WORKLOAD)
    printed = {}
    with serve(lambda *_: {}, monkeypatch) as fake, world(Stage(fake, None)):  # type: ignore[arg-type]
        for form in OutputFormat:
            assert run([command, "--queue", "jobs", "--output", form]) in (0, 1)
            printed[form] = capsys.readouterr().out
    answer = json.loads(printed[OutputFormat.JSON])
    assert yaml.safe_load(printed[OutputFormat.YAML]).keys() == answer.keys()
    rows = list(csv.DictReader(io.StringIO(printed[OutputFormat.CSV])))
    if command == "status":
        assert [row["key"] for row in rows] == [card["key"] for card in answer["cards"]]
        assert rows[0].keys() == {"key", "title", "value", "unit", "level", "note"}
    else:
        assert [row["component"] for row in rows] == [part["component"] for part in answer["parts"]]


@pytest.mark.parametrize(
    ("command", "column"),
    [(["list"], "id"), (["causes"], "fingerprint"), (["runs"], "id"), (["audit"], "action")],
)
def test_rows_of_messages_causes_runs_and_the_audit_log(desk: Desk, command: list[str], column: str) -> None:
    desk.bury({"job_id": "a"}, {"job_id": "b"}, why="=cmd|' /C calc'!A0")
    plan = desk.json("plan", "--no-watch", "--no-headroom", "--rate", "0")["plan"]["id"]
    desk.ops("redrive", plan, "--yes", "--reason", "=1+1")
    desk.bury({"job_id": "c"}, why="=cmd|' /C calc'!A0")
    answer = desk.json(*command)
    _, out, _ = desk.ops(*command, "--output", "yaml")
    assert yaml.safe_load(out) is not None
    _, out, _ = desk.ops(*command, "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows and all(row[column] for row in rows)
    assert "=cmd" not in out.replace("'=cmd", "") and ',"=1' not in out
    count = len(answer if isinstance(answer, list) else answer.get("letters") or answer["causes"]["groups"])
    assert len(rows) == count


def test_formats_that_exclude_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--json", "--output", "yaml"]) == 2
    assert "--json and --output yaml exclude each other." in json.loads(capsys.readouterr().err)["message"]
