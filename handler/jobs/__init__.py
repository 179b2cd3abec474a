"""The four jobs: pure functions from a table and parameters to a result. See each module for its parameters.

``run`` imports a job's module when the first job of its kind comes: scoring must not wait for scikit-learn or SciPy.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from handler.errors import UnusableData, WrongSchema
from handler.jobs.estimates import FAST, SLOW, UNBOUNDED, Effort, effort
from handler.jobs.memory_limits import check_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.job import Job

__all__ = ["FAST", "SLOW", "UNBOUNDED", "Effort", "Outcome", "effort", "finite", "run"]


class Outcome:
    """What a job found: ``result`` goes into the result document, each of ``artifacts`` becomes an object beside it."""

    __slots__ = ("artifacts", "result")

    def __init__(self, result: dict[str, Any], artifacts: dict[str, Any] | None = None) -> None:
        self.result = result
        self.artifacts = artifacts or {}


def run(job: Job, read: Callable[[str], bytes]) -> Outcome:
    """Do the job. ``read`` gets the bytes behind a name; a ``Rejected`` says why the job can never succeed."""
    from handler.jobs.table import Table

    module = import_module(f"handler.jobs.{job.kind}")
    inline = isinstance(job.data, dict)
    table = Table.from_document(job.data) if inline else Table.from_bytes(str(job.data), read(str(job.data)))
    params = dict(job.params)
    if isinstance(params.get("model"), str):
        params["model"] = _document(params["model"], read(params["model"]))
    outcome: Outcome = module.run(table, params)
    return outcome


def finite(found: Any) -> Any:
    """The same document with null for each float that is not finite: what a float64 cannot hold, JSON cannot either."""
    if isinstance(found, dict):
        return {name: finite(value) for name, value in found.items()}
    if isinstance(found, list):
        return [finite(value) for value in found]
    return None if isinstance(found, float) and found - found != 0 else found


def _document(name: str, content: bytes) -> dict[str, Any]:
    check_json(name, content)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnusableData(f"{name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise WrongSchema(f"{name} is not a JSON object")
    return found
