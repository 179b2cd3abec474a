"""What the host is given: its own settings from the environment, and each function's configuration from the
emulator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from ops.errors import UsageError
from ops.twin import callers, state_file

_Choice = TypeVar("_Choice", bound=StrEnum)


class CpuByMemory(StrEnum):
    """``OPS_TWIN_CPU_BY_MEMORY``: for which versions."""

    NEVER = "never"
    MEASURED = "measured"  # those of ops rightsize
    ALWAYS = "always"


class CpuMeans(StrEnum):
    """``OPS_TWIN_CPU_MEANS``."""

    AUTO = "auto"  # cgroups, where they are to be had
    SLICES = "slices"


@dataclass(frozen=True)
class HostSettings:
    """The host's own settings. Times in seconds."""

    directory: Path
    endpoint: str = ""
    """The emulator's address: where functions send AWS calls, and where the host writes log streams. Empty: no logs."""
    port: int = 0
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = ""
    token: str = field(default="", repr=False)
    """What a caller of the host must show; without one no caller is served."""
    init_limit: float = 10.0
    """AWS: the init phase may last 10 s; then it is tried again inside the first invocation (LDG
    lambda-runtime-environment)."""
    idle_limit: float = 120.0
    """How long an environment waits for work before SHUTDOWN SPINDOWN. AWS does not say how long it waits; minutes."""
    parallel_starts: int = 2
    """Environments in their init phase at once. AWS starts all in parallel, each with a CPU of its own; here they share
    a few cores, and the 10 s limit would strike down what only waited for a core."""
    cpu_by_memory: CpuByMemory = CpuByMemory.MEASURED
    cpu_means: CpuMeans = CpuMeans.AUTO

    @property
    def data_mount(self) -> Path:
        """Stands for the file system that a function mounts; the same folder for all of them."""
        return self.directory / "mnt" / "data"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> HostSettings:
        """Read OPS_TWIN_* and the AWS keys. Raises UsageError for a value that is not a number, TwinError without a
        token or when the folder is not the twin's."""
        cores = len(os.sched_getaffinity(0))
        return cls(
            directory=state_file.make_folder(),
            token=callers.token(environ),
            endpoint=environ.get("OPS_TWIN_ENDPOINT", "").rstrip("/"),
            port=int(_number(environ, "OPS_TWIN_PORT", 0)),
            region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
            access_key_id=environ.get("AWS_ACCESS_KEY_ID", ""),
            secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY", ""),
            init_limit=_number(environ, "OPS_TWIN_INIT_LIMIT", 10),
            idle_limit=_number(environ, "OPS_TWIN_IDLE_LIMIT", 120),
            parallel_starts=int(_number(environ, "OPS_TWIN_PARALLEL_STARTS", max(2, cores))),
            cpu_by_memory=_choice(environ, "OPS_TWIN_CPU_BY_MEMORY", CpuByMemory.MEASURED),
            cpu_means=_choice(environ, "OPS_TWIN_CPU_MEANS", CpuMeans.AUTO),
        )


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(environ.get(name) or default)
    except ValueError:
        raise UsageError(f"{name} is {environ[name]!r}, which is not a number.") from None


def _choice(environ: Mapping[str, str], name: str, default: _Choice) -> _Choice:
    text = environ.get(name) or default.value
    try:
        return type(default)(text)
    except ValueError:
        raise UsageError(f"{name} is {text!r}, which is none of {', '.join(type(default))}.") from None


def default_log_group(function: str) -> str:
    return f"/aws/lambda/{function}"


@dataclass(frozen=True)
class Credentials:
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""


@dataclass(frozen=True)
class FunctionConfig:
    """One revision of one function, as the emulator put it. Timeout in seconds, memory in MB."""

    name: str
    revision: str
    arn: str
    version: str = "$LATEST"
    timeout: float = 3.0
    memory: int = 128
    handler: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    tracing: str = "PassThrough"
    log_group: str = ""
    log_format: str = "Text"
    application_log_level: str = ""
    system_log_level: str = "INFO"
    description: str = ""
    credentials: Credentials = Credentials()

    @property
    def log_stream_prefix(self) -> str:
        """What names of log streams have between the day and the environment's ID: in a custom log group the function,
        too. A group that is set to the default one's name counts as the default, for which AWS documents nothing."""
        custom = self.log_group != default_log_group(self.name)
        return f"{self.name if custom else ''}[{self.version}]"

    @classmethod
    def from_put(cls, name: str, message: Any) -> FunctionConfig:
        """From the body of ``PUT /functions/{name}``. Raises UsageError with what is missing or wrong."""
        if not isinstance(message, dict) or not isinstance(message.get("configuration"), dict):
            raise UsageError("The body must be an object with revision and configuration.")
        revision = message.get("revision")
        if not isinstance(revision, str) or not revision:
            raise UsageError("revision must be a string.")
        about = message["configuration"]
        # A published version is put as name:version; its own name is without.
        name = about.get("FunctionName") or name.partition(":")[0]
        image = about.get("ImageConfigResponse", {}).get("ImageConfig") or about.get("ImageConfig") or {}
        logging = about.get("LoggingConfig") or {}
        keys = message.get("credentials") or {}
        try:
            return cls(
                name=name,
                revision=revision,
                arn=about.get("FunctionArn") or f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
                version=about.get("Version") or "$LATEST",
                timeout=float(about.get("Timeout") or 3),
                memory=int(about.get("MemorySize") or 128),
                handler=about.get("Handler") or "",
                variables={
                    key: str(value) for key, value in ((about.get("Environment") or {}).get("Variables") or {}).items()
                },
                command=tuple(image.get("Command") or ()),
                tracing=(about.get("TracingConfig") or {}).get("Mode") or "PassThrough",
                log_group=logging.get("LogGroup") or default_log_group(name),
                log_format=logging.get("LogFormat") or "Text",
                application_log_level=logging.get("ApplicationLogLevel") or "",
                system_log_level=logging.get("SystemLogLevel") or "INFO",
                description=str(about.get("Description") or ""),
                credentials=Credentials(
                    keys.get("AccessKeyId") or "", keys.get("SecretAccessKey") or "", keys.get("SessionToken") or ""
                ),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"The configuration of {name} cannot be read: {error}.") from error
