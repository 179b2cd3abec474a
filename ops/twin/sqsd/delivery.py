"""One message posted to the application, and its outcome by the response."""

from __future__ import annotations

import http.client
from enum import StrEnum

from ops.twin.sqsd.settings import WorkerOptions


class Delivery(StrEnum):
    DONE = "done"  # 200: the message is deleted
    ERROR = "error"  # any other answer: visible again after ErrorVisibilityTimeout
    NO_RESPONSE = "no response"  # nothing within InactivityTimeout, which has passed: visible again at once
    UNREACHABLE = "unreachable"
    """No connection, or it broke before an answer came. The guide names neither: taken as an error, so that an
    application that is starting is not asked again at once (inferred)."""


def post(address: str, path: str, body: bytes, headers: dict[str, str], options: WorkerOptions) -> Delivery:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=options.connect_timeout)
    try:
        try:
            connection.connect()
            assert connection.sock is not None  # noqa: S101 (for the type checker)
            connection.sock.settimeout(options.inactivity_timeout)
        except OSError:
            return Delivery.UNREACHABLE
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
    except TimeoutError:
        return Delivery.NO_RESPONSE
    except (OSError, http.client.HTTPException):
        return Delivery.UNREACHABLE
    finally:
        connection.close()
    return Delivery.DONE if answer.status == 200 else Delivery.ERROR
