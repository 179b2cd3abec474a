"""``ops workloads``: the list in every format, its exit codes, and what it says when there is nothing or no permission."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml

from ops.cli.app import run
from tests.cases.workloads.account_parts import M, Queue, Reads
from tests.cases.workloads.accounts import Account
from tests.cases.workloads.test_workload_list import ACCOUNT, with_queues
from tests.fakes.aws import serve
from tests.ops.cli.test_completion import completed

TROUBLED = with_queues(ACCOUNT, orders_dlq=Queue(depth=54))


Ops = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ops:
    """Exit code, output and errors of the command in that account."""

    def call(account: Account, *arguments: str) -> tuple[int, str, str]:
        with serve(account.answer, monkeypatch):
            code = run(["workloads", *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return call


def test_the_table_has_the_worst_first_and_what_chooses_each(ops: Ops) -> None:
    code, out, _ = ops(TROUBLED)
    assert code == 1, "a workload is Critical"
    rows = [line.split() for line in out.splitlines() if "--" in line]
    assert rows[0][:5] == ["Critical", "--stack", "shop", "orders", "worker:live"]
    assert rows[1][:4] == ["Warning", "--queue", "mail", "mail"]
    assert "54 dead letters" in out
    assert "2 workloads · eu-west-1 · AWS" in out
    assert "Show one: ops status --stack shop" in out
    assert "OK" not in out


def test_every_format_has_the_same_rows(ops: Ops) -> None:
    answer = json.loads(ops(TROUBLED, "--json")[1])
    assert yaml.safe_load(ops(TROUBLED, "--output", "yaml")[1])["workloads"] == answer["workloads"]
    rows = list(csv.DictReader(io.StringIO(ops(TROUBLED, "--output", "csv")[1])))
    assert [row["name"] for row in rows] == [row["name"] for row in answer["workloads"]] == ["shop", "mail"]
    assert (rows[0]["level"], rows[0]["dead"], rows[0]["why"]) == ("critical", "54", "54 dead letters")
    assert answer["workloads"][0]["functions"] == ["worker:live"]


def test_nothing_known_to_be_wrong_is_no_ok(ops: Ops) -> None:
    code, out, _ = ops(ACCOUNT, "--json")
    assert code == 0
    levels = {row["name"]: row["level"] for row in json.loads(out)["workloads"]}
    assert levels == {"shop": None, "mail": "warning"}
    assert "no dead letters, no alarm in ALARM" in ops(ACCOUNT, "--output", "csv")[1]


def test_an_empty_account_says_so_and_what_to_do(ops: Ops) -> None:
    code, out, _ = ops(Account({}))
    assert code == 0
    assert "No workloads in eu-west-1" in out
    assert "--region" in out and "--queue NAME" in out


def test_a_missing_permission_is_named(ops: Ops) -> None:
    code, out, _ = ops(replace(ACCOUNT, denied=frozenset({"DescribeStackResources"})))
    assert code == 3
    assert "cloudformation:DescribeStackResources" in " ".join(out.split())
    assert "--queue orders" in out, "what can be read is listed"
    code, out, err = ops(replace(ACCOUNT, denied=frozenset({"ListEventSourceMappings"})))
    assert (code, out) == (3, "")
    assert "lambda:ListEventSourceMappings" in err


def test_too_many_to_check(ops: Ops) -> None:
    code, out, _ = ops(ACCOUNT, "--limit", "1")
    assert code == 0
    assert "Only the first 1 of 2 queues were checked" in out
    assert "not checked" in out


def test_names_cannot_write_to_the_terminal(ops: Ops) -> None:
    name = "a\x1b[2J\u202eb"
    hostile = Account({}, {M[0]: Reads(name, "work\x1b]0;er")})
    for form in ("table", "json", "csv", "yaml"):
        out = ops(hostile, "--output", form)[1]
        assert "\x1b" not in out, form
    assert "\u202e" not in ops(hostile)[1]


def test_stacks_with_a_workload_are_completed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(service: str, operation: str, asked: dict[str, str]) -> object:
        if operation == "DescribeStacks" and "StackName" not in asked:
            return "<Stacks><member><StackName>website</StackName></member></Stacks>"
        return ACCOUNT.answer(service, operation, asked)

    with serve(answer, monkeypatch):
        assert completed("ops status --stack ", capsys, monkeypatch) == ["shop"]
