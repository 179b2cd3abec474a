"""The errors, as a tree. Library errors become one of these once, where they leave ``ops.aws`` (``raise … from``).

    OpsError                    exit 1   an error that an operator reads in one sentence
    ├── UsageError              exit 2   an invalid request: a wrong name, a bad value
    ├── AwsError                exit 3   AWS (or the twin) refused the request, or could not be reached
    │   ├── CredentialsError             none, expired or invalid
    │   │   └── ClockSkewed              this machine's clock is wrong, so that no signature is valid
    │   ├── AccessDenied                 the identity lacks a permission, named
    │   ├── NotFound                     the stack, queue or function does not exist
    │   ├── Throttled                    still throttled after retries
    │   ├── OverLimit                    the queue has the maximum number of messages in flight
    │   └── Unreachable                  no endpoint, wrong region, connection refused, timeout
    │       └── TwinUnreachable          the same of the twin
    └── TwinError               exit 1   the local AWS emulator did not start, or stopped
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
