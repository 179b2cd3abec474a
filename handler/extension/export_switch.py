"""Whether the OpenTelemetry export is switched on. Without it none of its modules is loaded."""

from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handler.extension.diagnostics import Notices
    from handler.extension.inbox import Inbox
    from handler.extension.otlp.exporter import Exporter
    from handler.extension.records.emf import Function

ENDPOINTS = (
    b"OTEL_EXPORTER_OTLP_ENDPOINT",
    b"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    b"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


def bind_inbox(notices: Notices) -> Inbox | None:
    """The inbox for the handler's reports; None if the export is off, or no socket can be opened."""
    if not any(posix.environ.get(name, b"").strip() for name in ENDPOINTS):
        return None
    try:
        from handler.extension.inbox import Inbox

        return Inbox(int(posix.environ[b"AWS_LAMBDA_RUNTIME_API"].rpartition(b":")[2]))
    except Exception as error:  # noqa: BLE001 (whatever it is, invocations and their records go on)
        notices.unexpected(error)
        return None


def exporter(function: Function, notices: Notices, inbox: Inbox | None) -> Exporter | None:
    """None where it is off, and where it could not be started: its failure is never the function's."""
    if inbox is None:
        return None
    made = None
    try:
        from handler.extension.otlp.exporter import start

        made = start(function, notices, inbox)
    except Exception as error:  # noqa: BLE001 (whatever it is, invocations and their records go on)
        notices.unexpected(error)
    if made is None:
        inbox.close()
    return made
