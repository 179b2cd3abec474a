"""A twin for rehearsals alone: in its own folder, on free ports, stopped and removed however the work ends."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ops import access
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
from ops.target import Target, resolve_place
from ops.twin import lifecycle, ownership, processes
from ops.twin.stop_signals import interrupted_by_signals
from ops.twin_state import TwinState

PARAMETERS: Mapping[str, str] = {
    # A batch that failed is received again after twenty seconds instead of ninety: three receives take a minute.
    "FunctionTimeout": "15",
    "QueueVisibilityTimeout": "20",
}
"""Parameters of the template, unless a rehearsal gives others."""
TWIN_FOLDER, RECORDS_FOLDER = "twin", "records"


def ensure_own(twin: TwinState) -> None:
    """Raises UsageError unless this process started the twin: an incident is never brought about anywhere else."""
    if not twin.pids or not all(processes.started_here(pid) for pid in twin.pids.values()):
        raise UsageError(
            f"A rehearsal breaks what it works on, and {twin.endpoint} is no twin that it started.",
            "Let it start its own: ops runbook rehearse NAME.",
        )


def own_target(twin: TwinState) -> Target:
    """A target for exactly this twin, whatever the environment selects. Raises OpsError."""
    target = resolve_place(environ={"OPS_TARGET": "twin"})
    if target.endpoint != twin.endpoint:
        raise OpsError(f"The twin in this folder is {target.endpoint}, not {twin.endpoint}.")
    return target


@contextmanager
def own_twin(
    parameters: Mapping[str, str],
    keep: Callable[[Path], None] | None = None,
    progress: Callable[[str], None] = lambda _line: None,
) -> Iterator[TwinState]:
    """Starts a twin, and stops and removes it at the end, also after Ctrl-C, TERM or HUP; its processes die with this
    one. ``OPS_TWIN_DIR`` is its folder meanwhile. ``keep``: called with the folder in which its logs (``twin``) and the
    records of its runs (``records``) then stay. Raises TwinError."""
    access.ensure_may("a rehearsal")
    base = Path(tempfile.gettempdir(), f"ops-rehearsal-{secrets.token_hex(6)}")  # a name, before there is anything
    settings = lifecycle.StartSettings(port=processes.free_port(), bound=True, parameters={**PARAMETERS, **parameters})
    with _twin_folder(base / TWIN_FOLDER), interrupted_by_signals():
        try:
            _make(base)
            yield lifecycle.up(progress, settings)
        finally:
            if base.exists():
                _end(base, keep)


def _make(base: Path) -> None:
    try:
        base.mkdir(mode=0o700)
    except OSError as error:
        raise atomic_file.file_error(base.parent, error) from error


def _end(base: Path, keep: Callable[[Path], None] | None) -> None:
    try:
        if keep is not None and (records := base / TWIN_FOLDER / "ops").is_dir():
            shutil.copytree(records, base / RECORDS_FOLDER)  # what is in the twin's folder goes with the twin
        lifecycle.down()
    finally:
        if keep is None:
            ownership.remove(base)
        else:
            keep(base)


@contextmanager
def _twin_folder(folder: Path) -> Iterator[None]:
    before = os.environ.get(processes.FOLDER_VARIABLE)
    os.environ[processes.FOLDER_VARIABLE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[processes.FOLDER_VARIABLE]
        else:
            os.environ[processes.FOLDER_VARIABLE] = before
