"""The jobs of a rehearsal, cut from real data: quick ones, slow ones, and those that fail in a known way."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from handler.contract import JOB_SCHEMA
from ops.twin.workload import jobs

JobKind = Literal["quick", "slow", "endless", "training", "missing-data", "outside-mount"]
"""``slow``: ``size`` resamples. ``endless``: until the function's timeout. ``training``: imports scikit-learn, which takes
some 190 MB in all. ``missing-data``: names an object that is not there. ``outside-mount``: names a file that no job may read."""
DEFAULT_SIZES: dict[str, int] = {"slow": jobs.SLOW_RESAMPLES, "endless": jobs.ENDLESS_RESAMPLES}
ROWS = 200


def body(kind: JobKind, job_id: str, size: int | None, missing_data: str) -> str:
    """``missing_data``: the address that a job of that kind names."""
    made = _MAKERS[kind](size or DEFAULT_SIZES.get(kind, 0), missing_data)
    return json.dumps({"schema": JOB_SCHEMA, "job_id": job_id, **made})


@cache
def _columns() -> dict[str, list[float]]:
    return {str(name): column.tolist() for name, column in jobs.charity().head(ROWS).items()}


def _describe(data: Any, **params: Any) -> dict[str, Any]:
    return {"kind": "describe", "data": data, "params": {"outcome": jobs.OUTCOME, **params}}


def _train() -> dict[str, Any]:
    params = {"outcome": jobs.OUTCOME, "features": list(jobs.FEATURES)}
    return {"kind": "train", "data": {"columns": _columns()}, "params": params}


_MAKERS: dict[str, Callable[[int, str], dict[str, Any]]] = {
    "quick": lambda _size, _missing: _describe({"columns": _columns()}),
    "slow": lambda size, _missing: _describe({"columns": _columns()}, resamples=size),
    "endless": lambda size, _missing: _describe({"columns": _columns()}, resamples=size),
    "training": lambda _size, _missing: _train(),
    "missing-data": lambda _size, missing: _describe(missing),
    "outside-mount": lambda _size, _missing: _describe("/etc/passwd"),
}
