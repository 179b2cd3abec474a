"""Writes the file in which ``ops.twin_state`` finds a running twin."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from ops import twin_state
from ops.errors import OpsError, TwinError
from ops.files.atomic_file import atomic_write
from ops.twin import ownership
from ops.twin_state import TwinState


def make_folder() -> Path:
    """The twin's folder, made when it is not there. Raises TwinError when it cannot be made, or is not the twin's."""
    path = twin_state.folder()
    try:
        ownership.claim(path)
    except OSError as error:
        raise unusable(error) from error
    return path


def unusable(error: OSError) -> TwinError:
    """The error for a twin folder that cannot be created or written to."""
    return TwinError(
        f"The twin's folder {twin_state.folder()} cannot be used: {error.strerror or error}.",
        f"{ownership.NEXT_STEP[:-1]}, in a place where you can write.",
    )


def write(twin: TwinState) -> None:
    """Write the file for this user only: it holds the operator's keys. Raises TwinError when it cannot be written."""
    path = make_folder() / "state.json"
    try:
        with atomic_write(path, replace=True, durable=False) as file:
            file.write(json.dumps(asdict(twin), indent=2).encode())
    except OpsError as error:
        raise TwinError(str(error), error.next_step) from error


def clear() -> None:
    (twin_state.folder() / "state.json").unlink(missing_ok=True)
