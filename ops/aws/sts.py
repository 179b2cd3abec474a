"""The identity of the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.aws.clients import Aws


@dataclass(frozen=True)
class Identity:
    account: str
    arn: str


def caller_identity(aws: Aws) -> Identity:
    """Account and ARN of the credentials in use; needs no permission. Raises CredentialsError."""
    with aws.translate_errors("sts", "the caller's identity"):
        response = aws.sts.get_caller_identity()
    return Identity(response["Account"], response["Arn"])
