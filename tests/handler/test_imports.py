"""The import budget: what the cold path may load. One module too many costs each cold start for ever."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.fakes.runtime_api import REPOSITORY
from tests.handler.worlds import MODEL, VARIABLES, job, record

THIRD_PARTY = {"aws_lambda_powertools", "botocore", "handler", "jmespath", "typing_extensions"}
"""Of ``botocore`` only the package itself, which Powertools looks for; its modules are not allowed."""
NOT_AT_INIT = {"asyncio.events", "botocore.session", "dataclasses", "email", "http.client", "ssl", "urllib.request"}
PROGRAM = """
import json, sys
import awslambdaric.bootstrap
before = set(sys.modules)
import handler.app as app
if len(sys.argv) > 1:
    event = json.loads(sys.argv[1])
    class Context:
        function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = ""
        def get_remaining_time_in_millis(self): return 30000
    try:
        app.lambda_handler(event, Context())
    except Exception as error:
        print(error, file=sys.stderr)
print()
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def modules(event: object = None) -> set[str]:
    """What ``handler.app`` loads beyond the runtime client, at init or after an event."""
    arguments = [json.dumps(event)] if event else []
    variables = {**VARIABLES, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}  # nothing listens on port 9
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=variables, cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def at_init() -> set[str]:
    return modules()


def test_init_loads_only_the_packages_it_needs(at_init: set[str]) -> None:
    tops = {name.partition(".")[0] for name in at_init}
    assert {top for top in tops if top not in sys.stdlib_module_names and not top.startswith("_")} <= THIRD_PARTY
    assert "boto3" not in tops and not {name for name in at_init if name.startswith("botocore.")}


def test_init_loads_none_of_the_dear_standard_modules(at_init: set[str]) -> None:
    assert at_init.isdisjoint(NOT_AT_INIT)


def test_init_loads_no_more_than_it_did(at_init: set[str]) -> None:
    ours = [name for name in at_init if name.partition(".")[0] in THIRD_PARTY]
    assert len(ours) <= 110, f"{len(ours)} modules; each costs about a millisecond: {sorted(ours)}"


def test_a_score_job_loads_numpy_and_nothing_dearer() -> None:
    event = {"Records": [record("m1", job(params={"model": MODEL}))]}
    loaded = {name.partition(".")[0] for name in modules(event)}
    assert loaded.isdisjoint({"sklearn", "scipy", "pandas", "boto3", "aws_xray_sdk", "ssl"})


def test_what_is_deferred_is_still_there() -> None:
    program = """
import handler.lazy_packages
from aws_lambda_powertools.utilities.data_classes import S3Event, SNSEvent
import aws_lambda_powertools.utilities.idempotency as idempotency
import asyncio
assert idempotency.DynamoDBPersistenceLayer and S3Event and SNSEvent
async def answer(): return 42
print(asyncio.run(answer()))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "42\n"


def test_deferring_what_does_not_exist_says_so() -> None:
    from handler.lazy_packages import defer

    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        defer("no_such_package")
