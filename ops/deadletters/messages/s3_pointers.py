"""Bodies that are pointers to an object in S3, where SQS's and SNS's extended clients put what is too large to send.

The object may be gone: nothing keeps it as long as the message (amazon-sqs-java-extended-client-lib 2.1 and
amazon-sqs-python-extended-client-lib 1.0, 2026-11: the body is ``[CLASS, {"s3BucketName": …, "s3Key": …}]``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ops.deadletters.messages import message_body

_ENDS = "S3Pointer"
"""How the class name ends: software.amazon.payloadoffloading.PayloadS3Pointer,
com.amazon.sqs.javamessaging.MessageS3Pointer."""
_MAX_CHARS = 4_096
"""Characters; names of buckets have 63 and keys 1,024 bytes at most."""


class Pointer(NamedTuple):
    bucket: str
    key: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def pointer_in(value: Any) -> Pointer | None:
    """The pointer that a body's JSON value is; None for others."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[0].endswith(_ENDS):
        value = value[1]
    if not isinstance(value, dict) or not {"s3BucketName", "s3Key"} <= value.keys() or len(value) > 3:
        return None
    bucket, key = value["s3BucketName"], value["s3Key"]
    return Pointer(bucket, key) if isinstance(bucket, str) and isinstance(key, str) and bucket and key else None


def read_pointer(body: str) -> Pointer | None:
    """The S3 pointer in a body's text; None if there is none."""
    return pointer_in(message_body.parse_body(body)) if len(body) <= _MAX_CHARS and '"s3Key"' in body else None


def pointer_warning(number: int, first: Pointer) -> str:
    """The warning about ``number`` messages of which ``first`` is one."""
    what = "message is a pointer to an S3 object" if number == 1 else "messages are pointers to S3 objects"
    which = first.uri if number == 1 else f"{first.uri}, …"
    return f"{number:,} {what} that may be gone: {which}."
