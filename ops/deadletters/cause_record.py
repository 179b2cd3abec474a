"""Causes as the snapshot keeps them: cut to a size, and with the fingerprint that makes messages one group.

The cause that a message carries is read when it is put into the snapshot, so that it need not be read again. Labels are
made later, of all messages of a fingerprint.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ops.deadletters.messages import parse
from ops.deadletters.messages.model import Cause, DeadLetter, Kind
from ops.fingerprints.fingerprint import clipped, fingerprint

MAX_TYPE_CHARS, MAX_MESSAGE_CHARS = 200, 2_000
"""Characters: a message's attributes may hold a megabyte, and stay in the snapshot as they are."""
KIND_SEARCH_CHARS = 65_536
"""Characters of a body that are searched for the kind of its job."""
_KIND = re.compile(r'"kind"\s*:\s*"([^"\\]{1,64})"')
_NO_CAUSE = Cause()


def normalize_cause(cause: Cause, job_kind: str = "") -> Cause:
    """``cause`` with its fingerprint, and with that kind of job where it has none."""
    kind = cause.error_type[:MAX_TYPE_CHARS]
    return replace(
        cause,
        error_type=kind,
        error_message=clipped(cause.error_message, MAX_MESSAGE_CHARS),
        job_kind=cause.job_kind or job_kind,
        fingerprint=fingerprint(kind, cause.error_message, cause.location),
    )


def own_cause(message: DeadLetter) -> Cause:
    """The cause that the message carries. Most carry none; and what Lambda writes on those of asynchronous invocations
    is no more than a status, so that the logs are searched first."""
    cause = None if message.kind is Kind.LAMBDA else parse.carried_cause(message)
    return _NO_CAUSE if cause is None else normalize_cause(cause, job_kind(message.body))


def job_kind(body: str) -> str:
    """``kind`` of a job (handler.contract.JOB_SCHEMA), or empty."""
    found = _KIND.search(body, 0, KIND_SEARCH_CHARS) if body.lstrip()[:1] == "{" else None
    return found[1] if found else ""
