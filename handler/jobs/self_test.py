"""The job of the worker's periodic self-test: small, real, and one of its own for each time that it is due."""

from __future__ import annotations

import json
import re

from handler import contract

TASK = "self-test"
_TABLE = {"columns": {"respond": [0, 1, 0, 1, 1, 0], "avggift": [10, 20, 12.5, 30, 18, 9]}}


def body(scheduled_at: str) -> str:
    """``scheduled_at``: as the daemon's header says it. The same time gives the same job ID, which runs once."""
    moment = re.sub(r"[^0-9A-Za-z]", "", scheduled_at)[:32]
    job = {"schema": contract.JOB_SCHEMA, "job_id": f"{TASK}-{moment or 'now'}", "kind": "describe", "data": _TABLE}
    return json.dumps({**job, "params": {"outcome": "respond"}})
