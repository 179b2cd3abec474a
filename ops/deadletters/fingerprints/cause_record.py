"""Causes as the snapshot keeps them: cut to a size, and with the fingerprint that makes messages one group.

What a message tells itself is found as it is put into the snapshot, so that explaining a hundred thousand need not
read them
again. Labels are made later, of all messages of a fingerprint.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ops.deadletters.fingerprints.fingerprint import clipped, fingerprint
from ops.deadletters.messages import parse
from ops.deadletters.messages.model import Cause, DeadLetter, Kind

MAX_TYPE_CHARS, MAX_MESSAGE_CHARS = 200, 2_000
"""Characters: a message's attributes may hold a megabyte, and stay in the snapshot as they are."""
KIND_SEARCH_CHARS = 65_536
"""Characters of a body in which the kind of its job is looked for."""
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


def own_cause(letter: DeadLetter) -> Cause:
    """What the message tells itself. Most tell nothing; and what Lambda writes on those of asynchronous invocations is
    no more than a status, so that the logs are asked first."""
    told = None if letter.kind is Kind.LAMBDA else parse.carried_cause(letter)
    return _NO_CAUSE if told is None else normalize_cause(told, job_kind(letter.body))


def job_kind(body: str) -> str:
    """``kind`` of a job (handler.contract.JOB_SCHEMA), or empty."""
    found = _KIND.search(body, 0, KIND_SEARCH_CHARS) if body.lstrip()[:1] == "{" else None
    return found[1] if found else ""
