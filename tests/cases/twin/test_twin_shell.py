"""``eval "$(ops twin env)"``: the AWS tools of that shell speak to the twin, and to nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ops.twin import shell
from ops.twin_state import TwinState

TWIN = TwinState(
    "http://127.0.0.1:4566", "http://127.0.0.1:9", "eu-west-1", "0" * 12, "AKIA", "it's $secret", "shop", 10, "now", {}
)


def run(script: str, environ: dict[str, str]) -> str:
    text = "\n".join([*shell.lines(TWIN), script])
    return subprocess.run(["/bin/sh", "-c", text], env=environ, capture_output=True, text=True, check=True).stdout


def test_variables_are_set_as_they_are_and_others_are_gone() -> None:
    foreign = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "token", "AWS_ENDPOINT_URL_SQS": "http://elsewhere"}
    found = dict(
        line.split("=", 1) for line in run("env", {**os.environ, **foreign}).splitlines() if line.startswith("AWS_")
    )
    wanted = {
        "AWS_ENDPOINT_URL": TWIN.endpoint,
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "it's $secret",
    }
    assert {name: found.get(name) for name in (*wanted, *foreign)} == {**dict.fromkeys(foreign), **wanted}


@pytest.mark.parametrize("arguments", ["sqs list-queues", "s3 ls s3://shop/ --recursive"])
def test_every_aws_command_names_the_endpoint(tmp_path: Path, arguments: str) -> None:
    aws = tmp_path / "aws"
    aws.write_text('#!/bin/sh\necho "$@"\n')
    aws.chmod(0o755)
    said = run(f"aws {arguments}", {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert said == f"--endpoint-url {TWIN.endpoint} {arguments}\n"
