"""The container's task definition: its size is what Fargate bills."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.aws import ecs
from ops.errors import UsageError
from ops.files import atomic_file
from ops.twin_state import REPOSITORY

SHIPPED = REPOSITORY / "handler" / "deployment" / "task-definition.json"
SERVER = "handler.http_server"
_FARGATE = "FARGATE"
_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class TaskSize:
    vcpus: float
    memory_gb: float
    architecture: str  # arm64 | x86_64


def read(path: Path) -> TaskSize:
    """Raises UsageError for a file that RegisterTaskDefinition would refuse, or that does not start the HTTP server."""
    content = atomic_file.read_file(path)
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{path} is too large for a task definition: {len(content):,} bytes.")
    try:
        definition = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}.", "Check it, as with python -m json.tool.") from error
    return size(definition, str(path))


def size(definition: Any, where: str = "The task definition") -> TaskSize:
    """Raises UsageError."""
    if not isinstance(definition, dict):
        raise UsageError(f"{where} is not an object.", "Write it as for aws ecs register-task-definition.")
    if problems := ecs.shape_problems(definition):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UsageError(f"{where}: {problems[0]}{more}.", "Compare it with the RegisterTaskDefinition API.")
    if wrong := next(_wrong_values(definition), None):
        raise UsageError(f"{where}: {wrong}.", "Compare it with the RegisterTaskDefinition API.")
    containers = definition["containerDefinitions"]
    if not any(SERVER in (*container.get("entryPoint", ()), *container.get("command", ())) for container in containers):
        raise UsageError(
            f"{where}: no container runs {SERVER}.", f"Set command to [{SERVER!r}] and entryPoint to python -m."
        )
    architecture = definition.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
    return TaskSize(
        int(definition["cpu"]) / 1024,
        int(definition["memory"]) / 1024,
        "arm64" if architecture == "ARM64" else "x86_64",
    )


def _wrong_values(definition: Mapping[str, Any]) -> Any:
    """What the API model leaves open: enumerations, numbers written as text, and what Fargate needs."""
    mode = definition.get("networkMode")
    if mode is not None and mode not in ecs.allowed("networkMode"):
        yield f"networkMode {mode!r} is not one of {', '.join(ecs.allowed('networkMode'))}"
    if _FARGATE in definition.get("requiresCompatibilities", ()) and mode != "awsvpc":
        yield "Fargate needs networkMode awsvpc"
    for member, unit in (("cpu", "CPU units, 1,024 for a vCPU"), ("memory", "MiB")):
        value = definition.get(member, "")
        if not (value.isascii() and value.isdecimal() and 0 < len(value) < 8 and int(value) > 0):
            yield f"{member} must be a whole number as text ({unit}), not {value!r}"
    if not definition["containerDefinitions"]:
        yield "containerDefinitions is empty"
    for number, container in enumerate(definition["containerDefinitions"], 1):
        for member in ("name", "image"):
            if not container.get(member):
                yield f"container {number} has no {member}"
