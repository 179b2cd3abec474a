"""Completion in a shell: what this machine and AWS know, and never an error."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from ops.cli import completion
from ops.cli.app import run
from ops.deadletters.queue import SNAPSHOT_FILE
from tests.fakes.aws import Refusal, serve
from tests.ops.cli.conftest import Desk


def completed(words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What bash is told at the end of the line ``words``."""
    monkeypatch.setenv("_OPS_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    run(["status"])
    captured = capsys.readouterr()
    monkeypatch.delenv("_OPS_COMPLETE")
    assert captured.err == ""
    return captured.out.split()


def test_causes_plans_and_redrives_of_this_machine(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.bury({"job_id": "a"}, {"job_id": "b"})
    plan = desk.json("plan", "--no-watch", "--no-headroom", "--rate", "0")["plan"]["id"]
    desk.ops("redrive", plan, "--yes", "--reason", "fixed")
    desk.bury({"job_id": "c"})
    (cause,) = [group["fingerprint"] for group in desk.json("causes")["causes"]["groups"]]

    def answer(words: str) -> list[str]:
        return completed(words, desk.capsys, monkeypatch)

    for command in ("ops dlq plan --queue jobs --cause ", "ops logs --queue jobs --cause ", "ops dlq list --cause "):
        assert answer(command) == [cause], command
    assert answer(f"ops dlq plan --cause {cause[:3]}") == [cause]
    assert answer("ops dlq plan --cause zz") == []
    assert answer("ops dlq redrive --queue jobs ") == [plan]
    assert answer("ops dlq resume ") == answer("ops logs --redrive ") == [plan]
    assert "jobs-dlq" in answer("ops dlq list --from ")
    assert answer("ops dlq plan --from other --cause ") == []


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("ops status --queue ", ["orders", "orders-dlq"]),
        ("ops status --queue orders-", ["orders-dlq"]),
        ("ops dlq scan --region eu-west-1 --queue o", ["orders", "orders-dlq"]),
        ("ops costs --stack ", ["shop", "web"]),
        ("ops costs --stack s", ["shop"]),
    ],
)
def test_queues_and_stacks_of_the_account(
    words: str, names: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "ListQueues":
            every = ("orders", "orders-dlq")
            return {
                "QueueUrls": [
                    f"http://aws/1/{name}" for name in every if name.startswith(asked.get("QueueNamePrefix", ""))
                ]
            }
        if operation != "DescribeStacks":  # which stacks have a workload is not known then
            raise Refusal("AccessDenied", status=403)
        stacks = (
            f"<member><StackName>{name}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>"
            "<CreationTime>2026-11-28T00:00:00Z</CreationTime></member>"
            for name in ("shop", "web")
        )
        return f"<Stacks>{''.join(stacks)}</Stacks>"

    with serve(answer, monkeypatch):
        assert completed(words, capsys, monkeypatch) == names


def test_no_account_no_permission_and_no_state_are_no_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPS_HOME", str(tmp_path / "nothing"))
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert completed("ops status --queue ", capsys, monkeypatch) == [], "no credentials and no region"
    assert completed("ops dlq plan --cause ", capsys, monkeypatch) == []

    def denied(service: str, operation: str, asked: dict[str, Any]) -> Any:
        raise Refusal("AccessDenied", status=403)

    with serve(denied, monkeypatch):
        assert completed("ops status --queue ", capsys, monkeypatch) == []
        assert completed("ops status --stack ", capsys, monkeypatch) == []


def test_a_damaged_snapshot_is_no_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    folder = tmp_path / "000000000000-eu-west-1-jobs-dlq"
    folder.mkdir()
    (folder / SNAPSHOT_FILE).write_bytes(b"no database")
    assert completed("ops dlq plan --cause ", capsys, monkeypatch) == []


def test_an_account_that_does_not_answer_keeps_no_one_waiting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def slow(service: str, operation: str, asked: dict[str, Any]) -> Any:
        answered.wait(60)
        return {"QueueUrls": ["http://aws/1/late"]}

    monkeypatch.setattr(completion, "PATIENCE_S", 0.05)
    with serve(slow, monkeypatch):
        before = set(threading.enumerate())
        assert completed("ops status --queue ", capsys, monkeypatch) == []
        late = set(threading.enumerate()) - before
        answered.set()
        for call in late:  # which was left to itself
            call.join(60)


def test_the_description_of_a_cause_is_no_code_for_the_shell(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.bury({"job_id": "a"}, why="$(reboot) `id` \x1b[2J ; rm -rf /")
    monkeypatch.setenv("_OPS_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "ops dlq plan --cause ")
    run(["status"])
    out = desk.capsys.readouterr().out
    monkeypatch.delenv("_OPS_COMPLETE")
    assert "InvalidJob" in out and "reboot" in out
    assert "$(" not in out and "`" not in out and "\x1b" not in out
