"""How the programs of an image are started on this machine.

In the image Python is ``/var/lang/bin/python3.x``; here it is the project's own interpreter, which has the same
packages. An extension script whose ``#!`` names a Python that is not on this machine is therefore started with ours.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from ops.twin.host.process.environment_variables import extension_variables, runtime_variables
from ops.twin.host.process.launch_spec import LaunchSpec
from ops.twin.host.settings import FunctionConfig, HostSettings
from ops.twin.image import Image


def launch_spec_for(
    function: FunctionConfig,
    image: Image,
    settings: HostSettings,
    log_stream: str,
    scratch: Path,
    xray_port: int,
    hosts: Path | None = None,
) -> LaunchSpec:
    """The image's CMD, or what ImageConfig says instead, under awslambdaric in the task root; under the program that
    ``AWS_LAMBDA_EXEC_WRAPPER`` names, where it does."""
    handler = (function.command or image.command or (function.handler,))[0]
    variables = runtime_variables(function, image, settings, handler, log_stream, scratch, xray_port)
    arn = function.arn.split(":")
    return LaunchSpec(
        command=(*_wrapper(image, variables), sys.executable, "-m", "awslambdaric", handler),
        task_root=image.task_root,
        extensions=tuple(image.extensions),
        variables=variables,
        extension_variables=extension_variables(variables),
        memory=function.memory,
        hosts=hosts,
        registration={
            "functionName": function.name,
            "functionVersion": function.version,
            "handler": handler,
            "accountId": arn[4] if len(arn) > 4 else "",
        },
    )


def _wrapper(image: Image, variables: Mapping[str, str]) -> tuple[str, ...]:
    """What starts the runtime instead of AWS's bootstrap (LDG runtimes-modify, wrapper scripts, 2026)."""
    named = variables.get("AWS_LAMBDA_EXEC_WRAPPER")
    if not named:
        return ()
    path = image.root / named.lstrip("/")
    if path.is_file() and os.access(path, os.X_OK):
        return extension_command(path)
    why, code = ("is not an executable", 126) if path.is_file() else ("does not exist", 127)
    return ("/bin/sh", "-c", f'echo "$0: {why}"; exit {code}', named)  # as the bootstrap of the base images does


def extension_command(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        first = file.readline(256)
    if first.startswith(b"#!"):
        interpreter, *arguments = shlex.split(first[2:].decode("utf-8", "replace")) or [""]
        if Path(interpreter).name.startswith("python") and not Path(interpreter).exists():
            return (sys.executable, *arguments, str(path))
    return (str(path),)
