"""The job as it is posted: read from a body and checked. Plain checks, because a schema library costs the cold start
more than they do (pydantic 70 ms, jsonschema 120 ms, measured 2026-11; these: under 1 ms).
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

from handler import contract
from handler.errors import NotJson, UnknownJob, WrongSchema

JOB_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}")
"""Also a part of object keys, so it must not lead out of the results prefix: ``.`` and ``..`` mean nothing to S3, but
much to a tool that copies the bucket into folders."""
MEMBERS = frozenset({"schema", "job_id", "kind", "data", "params"})


class Job:
    """A valid job. ``digest`` tells its content apart from another job's under the same id."""

    __slots__ = ("data", "digest", "job_id", "kind", "params")

    def __init__(self, job_id: str, kind: str, data: str | dict[str, Any], params: dict[str, Any], digest: str) -> None:
        self.job_id = job_id
        self.kind = kind
        self.data = data
        self.params = params
        self.digest = digest


def parse(body: str) -> Job:
    """The job in ``body``; NotJson, WrongSchema or UnknownJob say what is wrong with it."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError, TypeError) as error:
        raise NotJson(f"the body is not JSON: {error}") from error
    return check(found)


def check(found: Any) -> Job:
    """The same for a body that is parsed already."""
    if not isinstance(found, dict):
        raise NotJson("the body is JSON, but not an object")
    if unknown := sorted(found.keys() - MEMBERS):
        raise WrongSchema(f"unknown member {unknown[0]!r}")
    if found.get("schema") != contract.JOB_SCHEMA or isinstance(found.get("schema"), bool):
        raise WrongSchema(f"schema must be {contract.JOB_SCHEMA}")
    job_id, kind, data, params = (found.get(name) for name in ("job_id", "kind", "data", "params"))
    if not isinstance(job_id, str) or not JOB_ID.fullmatch(job_id):
        raise WrongSchema("job_id must be 1 to 128 letters, digits, dots, dashes or underscores, and not . or ..")
    if not isinstance(kind, str):
        raise WrongSchema("kind must be a string")
    if kind not in contract.JOB_KINDS:
        raise UnknownJob(f"no job of kind {kind[:64]!r}; there are {', '.join(contract.JOB_KINDS)}")
    if not isinstance(data, str | dict):
        raise WrongSchema("data must be a table, an s3:// address or a path")
    if params is None:
        params = {}
    if not isinstance(params, dict):
        raise WrongSchema("params must be an object")
    content = json.dumps([kind, data, params], sort_keys=True, separators=(",", ":"))
    return Job(job_id, kind, data, params, sha256(content.encode()).hexdigest())


def id_in(body: str) -> str | None:
    """The job id in a body that may be anything: for the records of a job that was rejected."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError, TypeError):
        return None
    job_id = found.get("job_id") if isinstance(found, dict) else None
    return job_id if isinstance(job_id, str) and JOB_ID.fullmatch(job_id) else None
