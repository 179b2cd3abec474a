"""The function's image, staged on disk: what handler/Dockerfile copies, laid out as the container would have it.

Stands for the container image (``docker build`` and Lambda's image store). The Dockerfile is read, not run: ARG, ENV,
COPY, CMD and ENTRYPOINT of the last stage are applied, RUN lines are left to the project's own ``.venv`` (a test holds
its versions to handler/requirements.txt). Not modelled: the base image's own files, layers, users and ownership.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops.errors import TwinError
from ops.twin.state import REPOSITORY

DOCKERFILE = REPOSITORY / "handler" / "Dockerfile"
TASK_ROOT = "/var/task"


@dataclass(frozen=True)
class Image:
    """A folder laid out as an image's root. ``command`` is CMD: the handler's name. ``variables`` are its ENV lines."""

    root: Path
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def task_root(self) -> Path:
        return self.root / "var" / "task"

    @property
    def extensions(self) -> list[Path]:
        """Every file that Lambda would start, in name order."""
        folder = self.root / "opt" / "extensions"
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if path.is_file() and path.stat().st_mode & stat.S_IXUSR)


def load(root: Path) -> Image:
    """A prepared folder: ``var/task``, ``opt/extensions`` and ``image.json`` with ``{"cmd": [...], "env": {...}}``.

    Raises TwinError when it is not one.
    """
    try:
        about = json.loads((root / "image.json").read_text())
        return Image(root, tuple(about["cmd"]), about.get("env", {}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TwinError(
            f"{root} is not an image folder: {error}.", "It needs an image.json with a cmd list."
        ) from error
