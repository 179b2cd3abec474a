"""Imports a handler's module in a Python of this machine with ``-X importtime``."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ops import formatting
from ops.errors import UsageError
from ops.insight.imports.model import ImportRecord
from ops.insight.imports.parse import parse

RUNS = 5
"""After one that writes the byte code, which an image has already; the one of median length is kept."""
LIMIT_S = 120.0
PLACEHOLDER = "placeholder"
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def measure(
    module: str,
    folder: Path,
    python: str = sys.executable,
    variables: Mapping[str, str] | None = None,
    missing: Collection[str] = (),
    runs: int = RUNS,
) -> ImportRecord:
    """``folder``: from which ``module`` can be imported. ``variables``: of its environment, beside this process's own;
    ``missing``: names of others that may be set to a placeholder where the module asks for them. Runs the module's code.
    Raises UsageError where that fails."""
    if not _MODULE.fullmatch(module):
        raise UsageError(f"{module!r} is not a valid module name.", "Name it as Python imports it: --module app")
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", "Name the folder that the handler's module is in: --folder DIR")
    environ = {**os.environ, **(variables or {})}
    _fill_in(module, folder, python, environ, missing)
    logs = [_import_once(module, folder, python, environ) for _ in range(runs)]
    found = [ImportRecord(parse(log, f"importing {module}"), datetime.now(UTC), "") for log in logs]
    middle = statistics.median_low(record.total_ms for record in found)
    kept = next(record for record in found if record.total_ms == middle)
    how = f"importing {module} {formatting.count(runs, 'time')} on this machine"
    return ImportRecord(kept.modules, kept.recorded_at, how, _machine(python), module)


def _fill_in(module: str, folder: Path, python: str, environ: dict[str, str], missing: Collection[str]) -> None:
    """Import it until no variable is missing that may be set to a placeholder."""
    while True:
        try:
            _import_once(module, folder, python, environ)
        except ImportFailed as failed:
            asked = re.search(r"KeyError: '(\w+)'$", str(failed))
            if asked is None or asked[1] not in missing or asked[1] in environ:
                raise
            environ[asked[1]] = PLACEHOLDER
        else:
            return


class ImportFailed(UsageError):
    """Python ended with an error."""


def _import_once(module: str, folder: Path, python: str, environ: Mapping[str, str]) -> str:
    environ = {**environ, "PYTHONPATH": os.pathsep.join(filter(None, [".", environ.get("PYTHONPATH", "")]))}
    try:
        done = subprocess.run(
            [python, "-X", "importtime", "-c", f"import {module}"],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise UsageError(f"{python} cannot be run: {error.strerror}.", "Name another one: --python PATH") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"Importing {module} took more than {LIMIT_S:.0f} s.") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line and not line.startswith("import time:")]
        why = lines[-1][:200] if lines else f"it ended with exit code {done.returncode}"
        raise ImportFailed(
            f"{module} cannot be imported in {folder}: {why}",
            "Use the Python that has the handler's packages (--python PATH), its folder (--folder DIR) and its environment "
            "(--variable NAME=VALUE).",
        )
    return done.stderr


def _machine(python: str) -> str:
    processors = formatting.count(os.cpu_count() or 1, "processor")
    version = f"Python {platform.python_version()}" if python == sys.executable else python
    return f"{platform.machine()}, {processors}, {version}"
