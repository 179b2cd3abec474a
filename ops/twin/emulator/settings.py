"""What the emulator's process reads from its environment, and what it configures in MiniStack through it.

Must run before the first ``import ministack``: MiniStack reads its variables while it is imported.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from ops.errors import TwinError
from ops.twin import callers, state_file

ACCOUNT_CONCURRENCY = "1000"
"""Concurrent executions an account and region, by default (Lambda developer guide, gettingstarted-limits, 2026-11)."""


@dataclass(frozen=True)
class EmulatorSettings:
    port: int
    bind_host: str
    host_url: str  # the Lambda host, e.g. http://127.0.0.1:4567; empty: functions are not executed by it
    period: float  # seconds between two published points
    alarm_seconds: float  # seconds between two evaluations of every alarm
    folder: Path
    token: str = field(default="", repr=False)  # of the host and the administrative paths; empty: neither is used


def read(environ: MutableMapping[str, str] = os.environ) -> EmulatorSettings:
    """The settings in ``environ``. Raises TwinError for one that is missing or no number, or a folder of others."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if not environ.get(name):
            raise TwinError(
                f"{name} is not set: it names the twin's administrator.",
                "Start the emulator with ops twin up, or set both keys to values of your own.",
            )
    return EmulatorSettings(
        port=int(_number(environ, "GATEWAY_PORT", "4566")),
        bind_host=environ.get("BIND_HOST") or "127.0.0.1",
        host_url=(environ.get("OPS_TWIN_HOST_URL") or "").rstrip("/"),
        period=_number(environ, "OPS_TWIN_PERIOD", "5"),
        alarm_seconds=_number(environ, "OPS_TWIN_ALARM_SECONDS", "5"),
        folder=state_file.make_folder().resolve(),
        token=environ.get(callers.TOKEN_VARIABLE, ""),
    )


def prepare(settings: EmulatorSettings, environ: MutableMapping[str, str] = os.environ) -> None:
    """Configure MiniStack: loopback, IAM enforcement on, its files in the twin's folder, no other listeners, no Docker."""
    files = settings.folder / "emulator"
    files.mkdir(parents=True, exist_ok=True)
    environ["GATEWAY_PORT"] = str(settings.port)
    environ["BIND_HOST"] = settings.bind_host
    environ.setdefault("AUTH", "true")
    environ.setdefault("LOG_LEVEL", "WARNING")
    environ.setdefault("LAMBDA_ACCOUNT_CONCURRENCY", ACCOUNT_CONCURRENCY)
    environ.setdefault(
        "MINISTACK_REGION", environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    )
    environ["STATE_DIR"] = str(files / "state")
    environ["S3_DATA_DIR"] = str(files / "s3")
    environ["TMPDIR"] = str(files)
    environ["IOT_MTLS_ENABLED"] = "0"
    environ["SFTP_ENABLED"] = "0"
    # MiniStack's start removes containers that carry its label. They are not ours: point it at no Docker at all.
    environ["DOCKER_HOST"] = f"unix://{files}/no-docker.sock"


def _number(environ: MutableMapping[str, str], name: str, default: str) -> float:
    text = environ.get(name) or default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value <= 0:
        raise TwinError(
            f"{name} is {text!r}, which is not a positive number.", f"Set {name} to a number such as {default}."
        )
    return value
