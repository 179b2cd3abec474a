"""What the twin refuses: an error that an operator reads, which code that expects botocore's ClientError catches as well.

Importing it loads botocore.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ops.errors import AwsError

_RESOURCES = ("BucketName", "Key", "ResourceName")
"""Members of an error in which S3 names what it is about."""


class TwinRefused(AwsError, ClientError):
    """``reason``: the operation and AWS's code and text, without where. The attributes of ClientError are there, too."""

    def __init__(self, parsed: Any, operation: str, endpoint: str) -> None:
        ClientError.__init__(self, parsed, operation)
        details = parsed.get("Error", {})
        self.code = str(details.get("Code", "Unknown"))
        text = " ".join(str(details.get("Message", "")).split()).rstrip(".")
        about = ", ".join(str(details[name]) for name in _RESOURCES if details.get(name))
        self.reason = f"{operation}: {self.code}: {text[:300]}{f' ({about})' if about else ''}"
        missing = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404 or "does not exist" in text
        step = (
            "If the twin was restarted, what was in it is gone: run the command again."
            if missing
            else "ops twin status names the folder with its logs; ops twin down, then ops twin up starts it afresh."
        )
        self.args = (f"The twin at {endpoint} refused {self.reason}.",)
        self.next_step = step


def refused(parsed: Any, operation: str, endpoint: str, modeled: type[ClientError]) -> TwinRefused:
    """An error that is also of the service's own class for its code (``s3.exceptions.NoSuchKey``)."""
    kind = type(TwinRefused.__name__, (TwinRefused, modeled), {})
    made: TwinRefused = kind(parsed, operation, endpoint)
    return made
