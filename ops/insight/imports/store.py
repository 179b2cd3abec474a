"""Keeps what a function imports in INIT, so that the page and the next command have it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ops import typed_json
from ops.errors import OpsError
from ops.files.atomic_file import atomic_write, file_error
from ops.insight.imports.model import ImportRecord
from ops.target import state_folder

if TYPE_CHECKING:
    from ops.aws.lambda_ import Function
    from ops.target import Target

MAX_BYTES = 50_000_000


def save(target: Target, function: Function, record: ImportRecord) -> Path:
    """Replaces the record that was saved before. Raises OpsError where it cannot be written."""
    path = _path(target, function)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise file_error(path.parent, error) from error
    with atomic_write(path, replace=True, durable=False) as file:
        file.write(typed_json.dumps(record).encode())
    return path


def load(target: Target, function: Function) -> ImportRecord | None:
    """None where none is kept. Raises OpsError for a file that cannot be read."""
    path = _path(target, function)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is too large")
        found = typed_json.typed(typed_json.loads(path.read_bytes()), ImportRecord)
        if any(module.parent is not None and not 0 <= module.parent < at for at, module in enumerate(found.modules)):
            raise ValueError("a module stands before its importer")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise OpsError(f"{path} cannot be read: {error}.", "Record the imports again: ops imports --help") from error
    return found


def _path(target: Target, function: Function) -> Path:
    """One file per function, whatever its version."""
    name = sha256(function.arn.encode()).hexdigest()[:16]
    return state_folder(target) / "imports" / f"{function.name}-{name}.json"
