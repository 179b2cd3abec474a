"""Follows runbooks/dead-letters.md on the twin: every command of the page, as it stands there and in its order.

Only the words in capitals (CAUSE, REASON …) are put in, from what the commands before them said.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from tests.runbooks.pages import PAGES, REPOSITORY
from tests.twins import Twin, wait_for

pytestmark = [pytest.mark.twin, pytest.mark.slow]

PAGE = PAGES["dead-letters.md"]
FIXED, HOPELESS, BY_HAND = 9, 2, 3
TABLE = b"age,gift\n20,1.0\n30,2.5\n40,3.0\n50,4.5\n"


def steps(page: str) -> list[str]:
    """Shell text in the page's order: each block of code, each inline command of ``ops`` or ``aws``."""
    found = re.finditer(r"^ *```sh\n(?P<block>.*?)^ *```$|`(?P<inline>(?:ops|aws) [^`]+)`", page, re.M | re.S)
    texts = [match["block"] or match["inline"] for match in found]
    return [re.sub(r"^ +", "", text, flags=re.M) for text in texts if not re.fullmatch(r"aws [\w-]+", text)]


@dataclass
class Shell:
    """bash in a folder of its own, with this project's ``ops`` and an ``aws`` that reads botocore's models."""

    folder: Path
    environment: dict[str, str]
    words: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def run(self, text: str, typed: str = "", fine: tuple[int, ...] = (0,)) -> str:
        self.ran.append(text)
        for word, value in self.words.items():
            text = re.sub(rf"\b{word}\b(?!=)", value, text)
        start = steps(PAGE)[0]
        script = text if text == start else f"{start}\n{text}"
        person, keyboard = pty.openpty()  # what asks for a confirmation asks a terminal only
        os.write(person, typed.encode())
        try:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=self.folder,
                env=self.environment,
                stdin=keyboard,
                capture_output=True,
                text=True,
                timeout=300,
            )
        finally:
            os.close(person)
            os.close(keyboard)
        assert done.returncode in fine, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture
def shell(twin: Twin, tmp_path: Path) -> Iterator[Shell]:
    shutil.rmtree(twin.folder / "ops", ignore_errors=True)  # snapshot and stopped redrives of the tests before
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, module in (("ops", "ops"), ("aws", "tests.runbooks.aws")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m {module} "$@"\n')
        program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    yield Shell(
        work,
        os.environ
        | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": twin.state.endpoint,
            "AWS_ACCESS_KEY_ID": twin.state.access_key_id,
            "AWS_SECRET_ACCESS_KEY": twin.state.secret_access_key,
            "AWS_REGION": twin.state.region,
            "AWS_DEFAULT_REGION": twin.state.region,
            "COLUMNS": "200",
        },
        {"REASON": "the table was put there"},
    )


def die(twin: Twin, count: int, **changes: Any) -> tuple[list[str], str]:
    """``count`` jobs that the handler rejects, for data that is not there unless ``changes`` say otherwise: their ids,
    and the key of the missing table."""
    key = f"inputs/{uuid.uuid4().hex}.csv"
    bucket = twin.outputs[contract.OUTPUT_BUCKET]
    ids = [f"runbook-{uuid.uuid4().hex}" for _ in range(count)]
    before = messages(twin)
    for job_id in ids:
        job = {"schema": contract.JOB_SCHEMA, "job_id": job_id, "kind": "describe", "data": f"s3://{bucket}/{key}"}
        assert twin.post(job | changes).status == 202
    wait_for(lambda: messages(twin) >= before + count, 180, "the jobs did not die")
    return ids, key


def messages(twin: Twin) -> int:
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = twin.client("sqs").get_queue_attributes(
        QueueUrl=twin.outputs[contract.OUTPUT_DLQ_URL], AttributeNames=wanted
    )
    return sum(int(answer["Attributes"][name]) for name in wanted)


def test_the_page_from_the_alarm_to_an_empty_queue(twin: Twin, shell: Shell) -> None:
    """The commands of ``ops``: an incident of two causes, of which one can be fixed."""
    twin.no_dead_letters()
    ids, key = die(twin, FIXED)
    die(twin, HOPELESS, kind="score", params={}, data={"columns": {"age": [20, 30]}})
    say = {text: text for text in steps(PAGE) if text.startswith("ops ")}

    assert f"{FIXED + HOPELESS} dead letters" in shell.run(say["ops status"], fine=(1,))
    assert f"{FIXED + HOPELESS} dead letters" in shell.run(say["ops dlq scan"], fine=(1,))
    assert "DataNotFound" in shell.run(say["ops dlq causes"], fine=(1,))
    groups = json.loads(shell.run("ops dlq causes --json", fine=(1,)))["causes"]["groups"]
    assert [group["letters"] for group in groups] == [FIXED, HOPELESS]
    shell.words |= {"CAUSE": groups[0]["fingerprint"], "ID": groups[0]["sample_id"]}
    assert groups[0]["sample_id"][:13] in shell.run(say["ops dlq list --cause CAUSE"])
    assert key in shell.run(say["ops dlq show ID"])

    twin.client("s3").put_object(Bucket=twin.outputs[contract.OUTPUT_BUCKET], Key=key, Body=TABLE)
    canary = next(text for text in say if text.startswith("ops dlq plan"))
    shell.run(canary.splitlines()[0])
    assert "has no edits" in shell.run(say["ops dlq diff plan.json"])
    done = shell.run(canary.splitlines()[1], typed="y\n")
    assert f"{FIXED} succeeded" in done
    for job_id in ids:
        assert twin.result(job_id, timeout=300)
    assert "no redrive" in shell.run(say["ops dlq cancel"], fine=(0, 1, 2))
    assert "ops dlq runs" in shell.run(say["ops dlq resume"], fine=(0, 1, 2))

    assert f"{HOPELESS} dead letters" in shell.run(say["ops dlq scan"], fine=(1,))
    keep, purge = next(text for text in say if text.startswith("ops dlq export")).splitlines()
    shell.run(keep)
    shell.run(purge, typed=f"purge {HOPELESS} messages\n")
    assert messages(twin) == 0
    assert str(HOPELESS) in shell.run(say["ops dlq import left.jsonl"])
    assert f"{HOPELESS} messages to send back" in shell.run(say["ops dlq plan --imported"])
    assert "the table was put there" in shell.run(say["ops audit"])
    # "The alarm is OK within two minutes".
    fires = r"^ +(ALARM|INSUFFICIENT_DATA) +\S+-dead-letters(:|$)"  # the status lists each alarm that is not OK
    wait_for(
        lambda: not re.search(fires, shell.run(say["ops status"], fine=(0, 1)), re.MULTILINE),
        600,
        "the alarm still fires",
        pause=3,
    )
    assert {text for text in say if text not in shell.ran and not set(text.splitlines()) <= set(shell.ran)} <= {
        "ops dlq redrive"  # named on the way, run above with its plan
    }


def test_the_page_by_hand(twin: Twin, shell: Shell) -> None:
    """The commands of ``aws``, for who has no ``ops`` at hand."""
    sqs, dead = twin.client("sqs"), twin.outputs[contract.OUTPUT_DLQ_URL]
    twin.no_dead_letters()
    _, key = die(twin, BY_HAND)
    twin.client("s3").put_object(Bucket=twin.outputs[contract.OUTPUT_BUCKET], Key=key, Body=TABLE)
    blocks = [text for text in steps(PAGE) if "aws " in text]
    first, look, logs, one, every, cancel = blocks

    shell.run(first)
    seen = json.loads(shell.run(look))["Messages"]
    assert {message["MessageAttributes"][contract.DLQ_ERROR_TYPE]["StringValue"] for message in seen} == {
        "DataNotFound"
    }
    attributes = seen[0]["MessageAttributes"]
    shell.words |= {
        "DEAD_LETTER_ID": seen[-1]["MessageId"],
        "MESSAGE_ID": attributes[contract.DLQ_ORIGINAL_MESSAGE_ID]["StringValue"],
        "REQUEST_ID": attributes[contract.DLQ_REQUEST_ID]["StringValue"],
    }
    # The logs come later than the letter.
    wait_for(lambda: "DataNotFound" in shell.run(logs), 180, "the logs do not tell of it", pause=1.0)
    # The look above hides its letters for 30 s, as the page says.
    wait_for(lambda: _visible(sqs, dead) == BY_HAND, 180, "the letters did not come back")
    assert seen[-1]["MessageId"] in shell.run(one)
    wait_for(lambda: messages(twin) == BY_HAND - 1, 180, "the letter was not deleted")
    # Those that were received on the way are hidden for a minute, as the page says.
    wait_for(lambda: _visible(sqs, dead) == BY_HAND - 1, 180, "the others did not come back")
    moved = json.loads("{" + shell.run(every).split("{", 2)[2])
    assert moved["Results"][0]["Status"] in ("RUNNING", "COMPLETED")
    wait_for(lambda: messages(twin) == 0, 180, "the task did not move the letters")
    shell.words["HANDLE"] = "bm90IG9uZQ=="
    assert "ResourceNotFound" in shell.run(cancel, fine=(254,))


def _visible(sqs: Any, queue: str) -> int:
    answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])
