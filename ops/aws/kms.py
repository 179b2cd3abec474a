"""Keys that queues are encrypted with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ops.errors import AccessDenied, AwsError

if TYPE_CHECKING:
    from ops.aws.clients import Aws

AWS_MANAGED_PREFIX = "alias/aws/"
"""Keys of AWS services, usable through the service only."""
_WOULD_WORK = "DryRunOperationException"
_UNUSABLE = ("DisabledException", "KMSInvalidStateException", "NotFoundException", "InvalidKeyUsageException")


def permission_warnings(aws: Aws, key: str, whose: str, context: Mapping[str, str]) -> tuple[str, ...]:
    """Why sending to ``whose``, which is encrypted with ``key``, may be refused; none when it works.

    Asks for a data key as the service would, as a dry run (kms:GenerateDataKey; KMS API reference, 2026-11). A denial
    is a doubt only: a key policy may allow it through SQS (kms:ViaService) and not directly. Raises AwsError
    when the key is gone or disabled.
    """
    if key.startswith(AWS_MANAGED_PREFIX):
        return ()
    try:
        with aws.translate_errors("kms", f"key {key} of {whose}"):
            aws.kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=dict(context), DryRun=True)
    except AccessDenied as refused:
        return (
            f"{whose} is encrypted with key {key}, and {_lower(str(refused))} Unless the key allows it through SQS, "
            "every send will be refused; the letters stay where they are then.",
        )
    except AwsError as answered:
        if answered.code == _WOULD_WORK:
            return ()
        if answered.code in _UNUSABLE:
            raise AwsError(
                f"{whose} is encrypted with key {key}, which cannot be used ({answered.code}).",
                "Enable that key, or give the queue another one; then plan again.",
            ) from answered
        return (f"Whether the key {key} of {whose} may be used could not be found out: {answered}",)
    return ()


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
