"""Post jobs to the twin's API as a client of AWS does: signed (SigV4, service execute-api), over a kept connection."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass

from handler.aws.sigv4 import Credentials, Signer
from ops.twin import deploy
from ops.twin_state import TwinState

ATTEMPTS = 4
TIMEOUT = 30.0


@dataclass(frozen=True)
class ApiResponse:
    status: int  # 0: no answer at all
    text: str


class ApiClient:
    """One connection, kept until the ``with`` ends; not for use by two threads at once."""

    def __init__(self, twin: TwinState, outputs: Mapping[str, str]) -> None:
        self._host = twin.endpoint.removeprefix("http://")
        self._path = deploy.api_url(twin, outputs).removeprefix(twin.endpoint) + "/jobs"
        self._credentials = Credentials(twin.access_key_id, twin.secret_access_key)
        self._signer = Signer("execute-api", twin.region)
        self._connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT)

    def post(self, body: str, attempts: int = ATTEMPTS) -> ApiResponse:
        """Send one job. Throttling (429), server errors and lost connections are tried again with growing pauses: a
        job that arrives twice has the same id and runs once."""
        answer = ApiResponse(0, "")
        for attempt in range(attempts):
            if attempt:
                time.sleep(0.1 * 2**attempt)
            try:
                answer = self._once(body.encode())
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()  # the next request opens a new one
                answer = ApiResponse(0, str(error) or type(error).__name__)
            if answer.status and answer.status != 429 and answer.status < 500:
                break
        return answer

    def _once(self, body: bytes) -> ApiResponse:
        headers = {"content-type": "application/json"}
        signed = self._signer.sign("POST", self._host, self._path, headers, body, self._credentials)
        self._connection.request("POST", self._path, body=body, headers=signed)
        response = self._connection.getresponse()
        return ApiResponse(response.status, response.read().decode(errors="replace"))

    def __enter__(self) -> ApiClient:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()
