"""A clock that is wrong is named as the reason, and no message pays for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.aws import call_effect, error_mapping
from ops.aws.call_effect import CallEffect
from ops.errors import ClockSkewed, CredentialsError
from ops.target import Target


def refused(code: str, message: str = "no", hours: float | None = None) -> ClientError:
    """A 403 of a service whose clock is ``hours`` behind this machine's."""
    theirs = datetime.now(UTC) - timedelta(hours=hours or 0)
    headers = {} if hours is None else {"date": format_datetime(theirs, usegmt=True)}
    metadata: Any = {"HTTPStatusCode": 403, "HTTPHeaders": headers}  # the type asks for fields that do not matter here
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "SendMessageBatch")


LATE = "Signature expired: 20261128T000000Z is now earlier than 20261128T050000Z"
EARLY = "Signature not yet current: 20261128T090000Z is still later than 20261128T050000Z"


@pytest.mark.parametrize(
    ("code", "message", "hours", "says"),
    [
        ("RequestTimeTooSkewed", "no", 5.0, "5.0 h ahead of AWS's"),
        ("RequestTimeTooSkewed", "no", -3.0, "3.0 h behind AWS's"),
        ("RequestInTheFuture", "no", 48.0, "48.0 h ahead of AWS's"),
        ("RequestTimeTooSkewed", "no", None, "off by more than AWS allows"),
        ("InvalidSignatureException", LATE, None, "off by more than AWS allows"),
        ("SignatureDoesNotMatch", EARLY, 4.0, "4.0 h ahead of AWS's"),
    ],
)
def test_the_clock_is_named_with_how_far_it_is_off(code: str, message: str, hours: float | None, says: str) -> None:
    found = error_mapping.translate(refused(code, message, hours), "sqs", "queue orders", Target(region="eu-west-1"))
    assert isinstance(found, ClockSkewed) and says in str(found) and found.next_step.startswith("Set the clock")


@pytest.mark.parametrize(
    "error",
    [
        refused(
            "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
        ),
        refused("InvalidSignatureException", "Credential should be scoped to a valid region."),
        refused("ExpiredToken", "The security token included in the request is expired"),
    ],
)
def test_other_bad_signatures_are_of_the_credentials(error: ClientError) -> None:
    found = error_mapping.translate(error, "sqs", "queue orders", Target(region="eu-west-1"))
    assert isinstance(found, CredentialsError) and not isinstance(found, ClockSkewed)


def test_the_call_was_surely_not_carried_out_and_ends_the_run() -> None:
    error = refused("RequestTimeTooSkewed", hours=5)
    found = error_mapping.translate(error, "sqs", "queue orders", Target(region="eu-west-1"))
    found.__cause__ = error
    assert isinstance(found, CredentialsError) and call_effect.classify(found) is CallEffect.REJECTED
