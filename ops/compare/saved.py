"""The last measured comparison, in a file of this machine: the Compare page and ``ops compare --last`` show it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ops.compare.measured import ComparisonRun
from ops.errors import OpsError
from ops.files import atomic_file, state_home
from ops.typed_json import dumps, loads, typed

AGAIN = "Measure again: ops compare."


def path(environ: Mapping[str, str] = os.environ) -> Path:
    """Raises OpsError without a home folder."""
    return state_home.path(environ) / "compare" / "last.json"


def save(run: ComparisonRun) -> Path:
    """Takes the place of the run before. Raises OpsError."""
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise atomic_file.file_error(file, error) from error
    with atomic_file.atomic_write(file, replace=True) as stream:
        stream.write(dumps(run).encode())
    return file


def load() -> ComparisonRun | None:
    """None where nothing was measured yet. Raises OpsError for a file that cannot be read or is damaged."""
    file = path()
    if not os.path.lexists(file):
        return None
    try:
        return typed(loads(atomic_file.read_file(file)), ComparisonRun)
    except atomic_file.MALFORMED as error:
        raise OpsError(f"{file} is damaged: {error}.", AGAIN) from error
