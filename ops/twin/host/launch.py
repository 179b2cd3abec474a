"""How the programs of an image are started on this machine.

In the image Python is ``/var/lang/bin/python3.x``; here it is the project's own interpreter, which has the same
packages. An extension script whose ``#!`` names a Python that is not on this machine is therefore started with ours.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def runtime_command(handler: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "awslambdaric", handler)


def extension_command(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        first = file.readline(256)
    if first.startswith(b"#!"):
        interpreter, *arguments = shlex.split(first[2:].decode("utf-8", "replace")) or [""]
        if Path(interpreter).name.startswith("python") and not Path(interpreter).exists():
            return (sys.executable, *arguments, str(path))
    return (str(path),)
