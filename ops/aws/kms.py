"""KMS keys that queues are encrypted with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.errors import AccessDenied, AwsError

if TYPE_CHECKING:
    from ops.aws.clients import Aws

AWS_MANAGED_PREFIX = "alias/aws/"
"""Keys of AWS services, which can be used through the service only."""
USE_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
"""What a service needs of a key to send to a queue or topic that is encrypted with it (SQS developer guide,
sqs-key-management, 2026-11)."""
_DRY_RUN_SUCCEEDED = "DryRunOperationException"
_UNUSABLE = ("DisabledException", "KMSInvalidStateException", "NotFoundException", "InvalidKeyUsageException")


@dataclass(frozen=True)
class KeyDetails:
    """``state``: Enabled | Disabled | PendingDeletion … ``policy``: JSON."""

    id: str
    state: str
    policy: str


def key_details(aws: Aws, key: str) -> KeyDetails:
    """``key``: its ID, alias or ARN. Needs kms:DescribeKey and kms:GetKeyPolicy."""
    with aws.translate_errors("kms", f"key {key}"):
        metadata = aws.kms.describe_key(KeyId=key)["KeyMetadata"]
        policy = str(aws.kms.get_key_policy(KeyId=metadata["KeyId"], PolicyName="default")["Policy"])
    return KeyDetails(metadata["KeyId"], metadata.get("KeyState", "Enabled"), policy)


def key_policy(aws: Aws, key: str) -> str:
    """The key's policy, JSON."""
    return key_details(aws, key).policy


def permission_warnings(aws: Aws, key: str, owner: str, context: Mapping[str, str]) -> tuple[str, ...]:
    """Why sends to ``owner`` ("queue jobs"), which is encrypted with ``key``, may be rejected; empty when they work.

    Requests a data key as the service would, as a dry run (kms:GenerateDataKey; KMS API reference, 2026-11). A denial is
    only a warning: a key policy may allow it through SQS (kms:ViaService) and not directly. Raises AwsError when the
    key does not exist or is disabled.
    """
    if key.startswith(AWS_MANAGED_PREFIX):
        return ()
    try:
        with aws.translate_errors("kms", f"key {key} of {owner}"):
            aws.kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=dict(context), DryRun=True)
    except AccessDenied as denied:
        return (
            f"{owner} is encrypted with key {key}, and {_lower(str(denied))} Unless the key allows it through SQS, "
            "every send will be rejected, and the messages will stay in the dead-letter queue.",
        )
    except AwsError as error:
        if error.code == _DRY_RUN_SUCCEEDED:
            return ()
        if error.code in _UNUSABLE:
            raise AwsError(
                f"{owner} is encrypted with key {key}, which cannot be used ({error.code}).",
                "Enable that key, or assign another one to the queue; then create a new plan.",
            ) from error
        return (f"Whether the key {key} of {owner} can be used is unknown: {error}",)
    return ()


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
