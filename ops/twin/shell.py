"""What makes the AWS tools of a shell speak to the twin."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.twin_state import TwinState


def lines(twin: TwinState) -> list[str]:
    """Lines for ``eval`` in a POSIX shell.

    AWS CLI v1 takes no endpoint for SQS from ``AWS_ENDPOINT_URL`` (aws/aws-cli#8737, read 2026-11): its calls would
    leave for AWS. So ``aws`` becomes a function that names the endpoint on every command line.
    """
    variables = {
        "AWS_ENDPOINT_URL": twin.endpoint,
        "AWS_REGION": twin.region,
        "AWS_DEFAULT_REGION": twin.region,
        "AWS_ACCESS_KEY_ID": twin.access_key_id,
        "AWS_SECRET_ACCESS_KEY": twin.secret_access_key,
    }
    return [
        *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
        "unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_SQS",
        f'aws() {{ command aws --endpoint-url {shlex.quote(twin.endpoint)} "$@"; }}',
    ]
