"""boto3 clients of the operator of a running twin."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from ops.twin.state import TwinState

_CONFIG = Config(
    connect_timeout=3,
    read_timeout=60,
    retries={"total_max_attempts": 3, "mode": "standard"},
    s3={"addressing_style": "path"},  # there is no DNS for bucket names on loopback
    parameter_validation=True,
)


def session(twin: TwinState) -> boto3.session.Session:
    return boto3.session.Session(
        aws_access_key_id=twin.access_key_id,
        aws_secret_access_key=twin.secret_access_key,
        region_name=twin.region,
    )


def client(twin: TwinState, service: str) -> Any:
    """A client of any service; typed where it is used (boto3-stubs cannot type a name that is not a literal)."""
    return session(twin).client(service, endpoint_url=twin.endpoint, config=_CONFIG)  # type: ignore[call-overload]
