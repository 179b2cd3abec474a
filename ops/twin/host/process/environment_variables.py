"""The environment variables that runtime and extensions see.

Stands for Lambda's reserved variables (LDG configuration-envvars, 2026) and for those an extension does not get (LDG
lambda-extensions, 2026). Added by the twin: ``AWS_ENDPOINT_URL`` (the emulator), ``TMPDIR`` (each environment has a
folder of its own, as ``/tmp`` is the machine's) the search path of the project's interpreter and, in place of an EFS
mount, ``DATA_MOUNT``. ``LAMBDA_TASK_ROOT`` is the staged folder instead of ``/var/task``; ``LD_LIBRARY_PATH`` is left
alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from handler import contract
from ops.twin.host.settings import FunctionConfig, HostSettings
from ops.twin.image import Image

HIDDEN_FROM_EXTENSIONS = frozenset(
    (
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_AWS_XRAY_DAEMON_ADDRESS",
        "_AWS_XRAY_DAEMON_PORT",
        "_HANDLER",
    )
)


def runtime_variables(
    function: FunctionConfig,
    image: Image,
    settings: HostSettings,
    handler: str,
    log_stream: str,
    scratch: Path,
    xray_port: int,
) -> dict[str, str]:
    """Image ENV lines first, then the function's own variables, then the reserved ones, which cannot be overridden."""
    root = str(image.task_root)
    keys = function.credentials
    xray = f"127.0.0.1:{xray_port}"
    variables = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:{image.root / 'opt' / 'bin'}",
        "PYTHONPATH": root,
        "HOME": os.environ.get("HOME", "/"),
        "TMPDIR": str(scratch),
        "AWS_ENDPOINT_URL": settings.endpoint,
        **image.variables,
        **function.variables,
        contract.ENV_DATA_MOUNT: str(settings.data_mount),
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_LOG_FORMAT": "JSON" if function.log_format == "JSON" else "",
        "AWS_LAMBDA_LOG_LEVEL": function.application_log_level,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_SESSION_TOKEN": keys.session_token,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": xray,
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": str(xray_port),
        "LAMBDA_TASK_ROOT": root,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "_HANDLER": handler,
    }
    return {name: value for name, value in variables.items() if value}


def extension_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """``LAMBDA_TELEMETRY_LISTEN_ADDRESS`` is the twin's: here an extension's listener has no sandbox around it."""
    kept = {name: value for name, value in variables.items() if name not in HIDDEN_FROM_EXTENSIONS}
    return {**kept, "LAMBDA_TELEMETRY_LISTEN_ADDRESS": "127.0.0.1"}
