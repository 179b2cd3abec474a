"""The command line: exit codes, one sentence and the next step on stderr, never a traceback, and a quick start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from ops.cli.app import app, run
from ops.twin import processes, state_file
from ops.twin_state import TwinState
from tests.fakes.aws import Refusal, serve, start
from tests.ops.insight.world import END


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return captured.out, captured.err


def test_help_and_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out, _ = said(capsys)
    for command in ("status", "costs", "dlq", "audit", "twin"):
        assert command in out
    assert run(["status", "--nope"]) == 2
    assert "No such option" in said(capsys)[1]
    assert run(["status", "--minutes", "0"]) == 2


def test_the_help_of_a_command_is_as_wide_as_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["costs", "--help"]) == 0
    assert "\n the cost of an incident. Exits with 3 when the function could not be read, so" in said(capsys)[0]


@pytest.mark.parametrize(
    "command", [["--version"], ["costs", "--help"], ["runbook", "list"], ["runbook", "list", "--json"]]
)
def test_output_that_no_one_reads_any_more_is_not_attention_needed(command: list[str]) -> None:
    """As ``ops … | head``: exit code 1 would mean that the answer needs attention."""
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run([sys.executable, "-m", "ops", *command], stdout=write, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e999"])
def test_a_number_is_finite(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["doctor", "--template", "template.yaml", "--deadline"], ["alarms", "list", "--budget"]):
        assert run([*command, number]) == 2
        said(capsys)


@pytest.mark.parametrize("arguments", [[], ["dlq"], ["twin"]])
def test_a_name_alone_shows_its_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    assert " ".join(["Usage: ops", *arguments]) in said(capsys)[0]


def test_the_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert said(capsys)[0] == f"ops {version('scilearn-ops')}\n"


def test_an_error_of_a_command_that_answers_in_json_is_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    assert run(["status", "--json"]) == 2
    out, err = said(capsys)
    found = json.loads(err)
    assert out == "" and found["error"] == "UsageError" and found["exit_code"] == 2
    assert "No workload is chosen" in found["message"] and "ops twin up" in found["next_step"]


def test_the_lines_of_a_log_stay_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    child = processes.start(
        "host", [sys.executable, "-c", "print('one\\ntwo\\x1b[2J'); exit(3)"], os.environ, bound=True
    )
    child.popen.wait()

    @app.command("broken-host")
    def _broken() -> None:
        processes.wait_until_healthy(child, "http://127.0.0.1:9", "/health")

    try:
        assert run(["broken-host"]) == 1
    finally:
        app.registered_commands.pop()
    lines = said(capsys)[1].splitlines()
    assert lines[0].startswith("The twin's host ended with exit code 3 before it was ready.")
    assert lines[1:3] == ["one", "two␛[2J"]
    assert lines[3].startswith("→ Read ")


@pytest.mark.parametrize("command", [["status"], ["costs"], ["dlq", "scan"], ["dlq", "redrive", "p", "--reason", "r"]])
def test_nothing_chosen(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 2
    out, err = said(capsys)
    assert out == ""
    sentence, step = err.strip().splitlines()
    assert sentence.startswith("No workload is chosen")
    assert step.startswith("→ Specify one (--stack NAME")


def test_no_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--stack", "shop", "--region", "eu-west-1"]) == 3
    assert "No AWS credentials were found." in said(capsys)[1]


def test_no_region(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--stack", "shop"]) == 2
    assert "No AWS region is set." in said(capsys)[1]


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            Refusal("ValidationError", "Stack with id shop does not exist"),
            "There is no stack shop in region eu-west-1.",
        ),
        (Refusal("ExpiredToken", "old"), "The AWS credentials have expired (the default credential chain)."),
        (
            Refusal("AccessDenied", "", 403),
            "This identity is not authorized to perform cloudformation:DescribeStacks on stack shop.",
        ),
        (Refusal("Odd", "[bold]\u202eboo"), "AWS rejected the request for stack shop: Odd: [bold]\\u202eboo"),
    ],
)
def test_aws_says_no(
    refusal: Refusal, sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        raise refusal

    with serve(answer, monkeypatch):
        assert run(["status", "--stack", "shop", "--region", "eu-west-1"]) == 3
    assert said(capsys)[1].splitlines()[0] == sentence


def broken(service: str, operation: str, asked: dict[str, Any]) -> Any:
    if operation == "GetQueueUrl":
        return {"QueueUrl": "http://aws/1/jobs"}
    return {"Attributes": {}}  # no QueueArn, which AWS always sends


def test_an_unexpected_error_is_a_sentence_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(broken, monkeypatch):
        assert run(["status", "--queue", "jobs"]) == 1
        _, err = said(capsys)
        assert err.startswith("Unexpected error: KeyError")
        assert "--debug" in err
        with pytest.raises(KeyError):
            run(["--debug", "status", "--queue", "jobs"])


def test_the_local_twin_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    with start(_one_letter) as fake:
        pids = {"emulator": os.getpid(), "host": os.getpid()}
        state_file.write(
            TwinState(fake.endpoint, fake.endpoint, "eu-west-1", "0" * 12, "a", "b", "scilearn", 10, "now", pids)
        )
        assert run(["dlq", "scan", "--queue", "jobs", "--limit", "1"]) == 1
    out, _ = said(capsys)
    assert "local twin" in out
    assert "account" not in out


def _one_letter(service: str, operation: str, asked: dict[str, Any]) -> Any:
    """A queue ``jobs`` with a dead-letter queue that holds one letter by someone with bad intentions."""
    if service == "lambda":
        return (
            {"EventSourceMappings": []}
            if "event-source-mappings" in operation
            else {"AccountLimit": {"ConcurrentExecutions": 9}}
        )
    if operation == "ReceiveMessage":
        values = {"ErrorType": "\x1b]0;owned\x07[link=x]bad[/link]", "ErrorMessage": "why"}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
        system = {"SentTimestamp": str(int(END.timestamp() * 1000)), "ApproximateReceiveCount": "1"}
        message = {"MessageId": "m", "ReceiptHandle": "r", "Body": "\x1b[2J", "MessageAttributes": attributes}
        return {"Messages": [{**message, "Attributes": system}]}
    if operation == "GetQueueUrl":
        return {"QueueUrl": f"http://aws/1/{asked['QueueName']}"}
    name = asked.get("QueueUrl", "").rsplit("/", 1)[-1]
    policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:dead", "maxReceiveCount": 3})
    known = {"QueueArn": f"arn:aws:sqs:eu-west-1:1:{name}", "ApproximateNumberOfMessages": "1"}
    others = {
        "GetQueueAttributes": {"Attributes": known | ({"RedrivePolicy": policy} if name == "jobs" else {})},
        "ListDeadLetterSourceQueues": {"queueUrls": []},
        "ChangeMessageVisibilityBatch": {"Successful": [], "Failed": []},
        "DescribeAlarms": {"MetricAlarms": []},
    }
    return others[operation]


def test_help_waits_for_neither_pandas_nor_boto3() -> None:
    program = (
        "import sys; from ops.cli.app import run; run(['--help']); run(['status', '--help']);"
        "run(['dlq', '--help']); run(['dlq', 'plan', '--help']); run(['audit', '--help']); run(['logs', '--help']);"
        "run(['costs', '--help']); import ops.insight.reports.overview, ops.cli.status.command;"
        "heavy = {'pandas', 'boto3', 'botocore', 'numpy', 'plotly', 'streamlit', 'ministack'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops", "status"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "No workload is chosen" in done.stderr


def test_ctrl_c_before_there_is_a_command_is_no_traceback() -> None:
    program = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "from ops.cli import main\n"
        "main(['--help'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, "")
