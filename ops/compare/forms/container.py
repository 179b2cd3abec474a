"""The synchronous container on the twin: ``handler.http_server`` as a process, with the function's own variables."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from handler import contract
from ops.twin import clients, processes
from ops.twin.processes import Child
from ops.twin.workload.api_client import ApiResponse
from ops.twin_state import TwinState

TRAIN_TIMEOUT_S = 300.0
ROLE = "http-container"
"""The process's name; its log is ``http-container.log`` in the twin's folder."""


class Container:
    """Started at once, on a port that it keeps when it is replaced. Raises TwinError when it does not start."""

    def __init__(self, variables: Mapping[str, str], workers: int, role: str = ROLE) -> None:
        port = processes.free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._role = role
        self._environ = {**variables, "HOST": "127.0.0.1", "PORT": str(port), "WORKERS": str(workers)}
        self._child = self._start()

    def _start(self) -> Child:
        child = processes.start(self._role, [sys.executable, "-m", "handler.http_server"], self._environ, bound=True)
        processes.wait_until_healthy(child, self.address, "/health")
        return child

    def train(self, body: str) -> ApiResponse:
        """Runs the job that trains the model, which has no time limit here: the function's is short on the twin."""
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=TRAIN_TIMEOUT_S)
        try:
            connection.request("POST", "/jobs", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return ApiResponse(answer.status, answer.read().decode(errors="replace")[:200])
        except (OSError, http.client.HTTPException) as error:
            return ApiResponse(0, str(error) or type(error).__name__)
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill it as if its host died: nothing is finished, no connection is closed properly."""
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(self._child.popen.pid, signal.SIGKILL)
        self._child.popen.wait()

    def replace(self) -> None:
        """Another one in the place of the killed one. Raises TwinError."""
        self._child = self._start()

    def stop(self) -> None:
        processes.stop_role(self._role)

    def busy(self) -> int:
        """Jobs that it works on; 0 while there is none."""
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=2)
        try:
            connection.request("GET", "/health")
            return int(json.loads(connection.getresponse().read())["busy"])
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return 0
        finally:
            connection.close()


def function_variables(twin: TwinState, outputs: Mapping[str, str]) -> dict[str, str]:
    """What the function has in its environment, for the same jobs with the same bucket, bus and table; the keys are the
    twin's administrator's, where AWS would give a role."""
    found: Any = clients.client(twin, "lambda").get_function_configuration(
        FunctionName=outputs[contract.OUTPUT_FUNCTION]
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        **found["Environment"]["Variables"],
        "AWS_ENDPOINT_URL": twin.endpoint,
        "AWS_ACCESS_KEY_ID": twin.access_key_id,
        "AWS_SECRET_ACCESS_KEY": twin.secret_access_key,
        "AWS_REGION": twin.region,
        "AWS_DEFAULT_REGION": twin.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "OMP_NUM_THREADS": "1",  # as on the twin's Lambda host
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }
