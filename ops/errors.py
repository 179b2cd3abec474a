"""What can go wrong, drawn as a tree. Library errors become one of these once, at the door (``raise … from``).

    OpsError                    exit 1   anything an operator is told in one sentence
    ├── UsageError              exit 2   what was asked makes no sense: a wrong name, a bad value
    ├── AwsError                exit 3   AWS (or the twin) said no, or could not be reached
    │   ├── CredentialsError             none, expired or invalid
    │   │   └── ClockSkewed              this machine's clock is wrong, so that no signature holds
    │   ├── AccessDenied                 the identity lacks a permission, named
    │   ├── NotFound                     the stack, queue or function is not there
    │   ├── Throttled                    still refused after retries
    │   ├── OverLimit                    the queue has as many messages in flight as SQS allows
    │   └── Unreachable                  no endpoint, wrong region, connection refused, time-out
    │       └── TwinUnreachable          the same of the twin
    └── TwinError               exit 1   the embedded cloud did not start, or stopped
        └── PortInUse

``str(error)`` is the sentence: what was wrong and where. ``error.next_step`` is what to do about it.
"""

from __future__ import annotations


class OpsError(Exception):
    """An error an operator reads. ``next_step`` is one imperative sentence, or empty."""

    exit_code = 1

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class UsageError(OpsError):
    exit_code = 2


class AwsError(OpsError):
    """``code`` is AWS's own where it answered (``KMS.AccessDeniedException``); empty when no answer came."""

    exit_code = 3
    code = ""


class CredentialsError(AwsError):
    pass


class ClockSkewed(CredentialsError):
    pass


class AccessDenied(AwsError):
    pass


class NotFound(AwsError):
    pass


class Throttled(AwsError):
    pass


class OverLimit(AwsError):
    pass


class Unreachable(AwsError):
    pass


class TwinUnreachable(Unreachable):
    pass


class TwinError(OpsError):
    pass


class PortInUse(TwinError):
    pass
