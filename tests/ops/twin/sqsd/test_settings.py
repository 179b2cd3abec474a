"""Options of a worker environment, with AWS's defaults and ranges."""

from __future__ import annotations

import pytest

from ops.errors import UsageError
from ops.twin.sqsd.settings import WorkerOptions


def test_the_defaults_are_those_of_aws() -> None:
    found = WorkerOptions.of({})
    assert (found.http_path, found.mime_type, found.http_connections) == ("/", "application/json", 50)
    assert (found.connect_timeout, found.inactivity_timeout) == (5, 299)
    assert (found.visibility_timeout, found.error_visibility_timeout) == (300, 2)
    assert (found.retention_period, found.max_retries) == (345_600, 10)


def test_options_go_by_the_names_of_aws() -> None:
    found = WorkerOptions.of({"HttpPath": "/jobs", "MaxRetries": "3", "ErrorVisibilityTimeout": "0"})
    assert (found.http_path, found.max_retries, found.error_visibility_timeout) == ("/jobs", 3, 0)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("HttpConnections", "101", "HttpConnections must be a whole number from 1 to 100, not '101'."),
        ("HttpConnections", "0", "from 1 to 100, not '0'"),
        ("VisibilityTimeout", "43201", "from 0 to 43,200"),
        ("InactivityTimeout", "1.5", "not '1.5'"),
        ("ConnectTimeout", "٥", "ConnectTimeout must be a whole number"),
        ("MaxRetries", "9" * 5_000, "MaxRetries must be a whole number"),
        ("HttpPath", "jobs", "HttpPath must begin with /"),
        ("MimeType", "text/plain\r\nX: y", "plain text without spaces"),
        ("Retries", "3", "The worker has no option 'Retries'."),
    ],
)
def test_what_aws_refuses_is_refused(name: str, value: str, error: str) -> None:
    with pytest.raises(UsageError) as raised:
        WorkerOptions.of({name: value})
    assert error in str(raised.value)
