"""What runs in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class LaunchSpec:
    """Commands, folders and variables of one environment's processes. ``registration`` is what extensions learn about
    the function when they register. Memory in MB.
    """

    command: tuple[str, ...]
    task_root: Path
    extensions: tuple[Path, ...]
    variables: Mapping[str, str]
    extension_variables: Mapping[str, str]
    memory: int
    registration: Mapping[str, str]
    hosts: Path | None = None
    """The environment's /etc/hosts (see ``local_names``)."""
