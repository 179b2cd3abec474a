"""Each way in which AWS says no becomes one sentence with what was asked, and the next step."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest

from ops.aws import Aws, cloudformation, cloudwatch, logs, sqs, sts
from ops.errors import (
    AccessDenied,
    AwsError,
    CredentialsError,
    NotFound,
    OpsError,
    Throttled,
    TwinUnreachable,
    Unreachable,
    UsageError,
)
from ops.target import Target
from tests.fakes.aws import Refusal, serve


def refusing(refusal: Refusal, patch: pytest.MonkeyPatch, ask: Any, target: Target | None = None) -> OpsError:
    def answer(service: str, operation: str, parameters: dict[str, Any]) -> Any:
        raise refusal

    with serve(answer, patch), pytest.raises(OpsError) as caught:
        ask(Aws(target or Target(region="eu-west-1"), max_attempts=1))
    assert caught.value.__cause__ is not None, "the library's error is kept for --debug"
    return caught.value


def find_queue(aws: Aws) -> Any:
    return sqs.find_queue(aws, "jobs")


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialsError, match="No AWS credentials") as caught:
        find_queue(Aws(Target(region="eu-west-1")))
    for way in ("aws configure", "AWS_PROFILE", "aws sso login"):
        assert way in caught.value.next_step
    assert "again" not in caught.value.next_step


def test_aws_asked_beside_a_running_twin_says_why() -> None:
    target = Target(stack="shop", region="eu-west-1", why_aws="This asks AWS, since so it is.")
    with pytest.raises(CredentialsError, match=r"found\. This asks AWS, since so it is\.$"):
        find_queue(Aws(target))


def test_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="region") as caught:
        find_queue(Aws(Target()))
    assert "--region" in caught.value.next_step
    assert "sidebar" in caught.value.next_step
    with pytest.raises(UsageError, match="region"):
        _ = Aws(Target()).region


def test_unknown_profile() -> None:
    with pytest.raises(CredentialsError, match="no AWS profile nobody"):
        find_queue(Aws(Target(profile="nobody", region="eu-west-1")))


def test_a_region_that_is_none() -> None:
    with pytest.raises(UsageError, match="not an AWS region"):
        find_queue(Aws(Target(region="mars north", access_key_id="a", secret_access_key="b")))


def test_no_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:  # bound but not listening: connections are refused
        held.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{held.getsockname()[1]}"
        target = Target(access_key_id="a", secret_access_key="b", region="eu-west-1")
        with pytest.raises(TwinUnreachable, match="twin at") as no_twin:
            find_queue(Aws(replace(target, endpoint=address), max_attempts=1))
        assert "ops twin up" in no_twin.value.next_step
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        with pytest.raises(Unreachable, match="AWS could not be reached") as no_aws:
            find_queue(Aws(target, max_attempts=1))
        assert "--region" in no_aws.value.next_step


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_expired_credentials(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refusing(Refusal(code), monkeypatch, find_queue)
    assert isinstance(error, CredentialsError)
    assert "expired" in str(error)
    assert "Log in again" in error.next_step


def test_credentials_that_aws_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refusing(Refusal("InvalidClientTokenId", status=403), monkeypatch, sts.caller_identity)
    assert isinstance(error, CredentialsError)
    assert "does not accept these credentials" in str(error)


def test_a_denial_names_who_what_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    message = (
        "User: arn:aws:iam::123456789012:user/eve is not authorized to perform: sqs:getqueueurl on resource: "
        "arn:aws:sqs:eu-west-1:123456789012:jobs because no identity-based policy allows it"
    )
    error = refusing(Refusal("AccessDenied", message, 403), monkeypatch, find_queue)
    assert isinstance(error, AccessDenied)
    assert str(error) == (
        "arn:aws:iam::123456789012:user/eve is not authorized to perform sqs:getqueueurl on arn:aws:sqs:eu-west-1:123456789012:jobs."
    )
    assert "sqs:getqueueurl" in error.next_step


def test_a_denial_that_says_nothing_still_names_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refusing(Refusal("AccessDeniedException", "", 400), monkeypatch, find_queue)
    assert isinstance(error, AccessDenied)
    assert "sqs:GetQueueUrl on queue jobs" in str(error)


@pytest.mark.parametrize(
    ("refusal", "ask", "missing"),
    [
        (Refusal("com.amazonaws.sqs#QueueDoesNotExist"), find_queue, "queue jobs"),
        (Refusal("AWS.SimpleQueueService.NonExistentQueue"), find_queue, "queue jobs"),
        (
            Refusal("ValidationError", "Stack with id shop does not exist"),
            lambda aws: cloudformation.describe_stack(aws, "shop"),
            "stack shop",
        ),
        (
            Refusal("ResourceNotFoundException"),
            lambda aws: logs.run_query(aws, "/aws/lambda/x", "fields @message", *_an_hour()),
            "log group /aws/lambda/x",
        ),
    ],
)
def test_what_is_not_there(refusal: Refusal, ask: Any, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refusing(refusal, monkeypatch, ask)
    assert isinstance(error, NotFound)
    assert str(error) == f"There is no {missing} in region eu-west-1."
    assert "--region" in error.next_step


def test_an_answer_that_is_not_from_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serve(lambda *_: "<html", monkeypatch),
        pytest.raises(Unreachable, match="stack shop is not from AWS") as caught,
    ):
        cloudformation.describe_stack(Aws(Target(), max_attempts=1), "shop")
    assert "proxy" in caught.value.next_step


def test_throttled(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refusing(
        Refusal("ThrottlingException", status=429), monkeypatch, lambda aws: cloudwatch.describe_alarms(aws, ["a"])
    )
    assert isinstance(error, Throttled)
    assert "Wait" in error.next_step


def test_anything_else_is_quoted_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refusing(Refusal("InvalidThing", "x" * 5_000), monkeypatch, find_queue)
    assert type(error) is AwsError
    assert error.exit_code == 3
    assert "InvalidThing" in str(error)
    assert len(str(error)) < 500


def _an_hour() -> tuple[Any, Any]:
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    return now - timedelta(hours=1), now
