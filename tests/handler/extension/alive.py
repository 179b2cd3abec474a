"""What the tests of the extension's robustness ask of it after each accident."""

from __future__ import annotations

from tests.handler.extension import shapes
from tests.handler.extension.fake import PATIENCE_S, Extension

OK = "HTTP/1.1 200 OK"


def works(extension: Extension, request_id: str = "after") -> None:
    """A whole invocation still gives its record, and the next event is asked for at once."""
    extension.fake.invoke(request_id)
    extension.fake.wait_for_next()
    assert extension.fake.deliver(*shapes.invocation(request_id)) == OK
    with extension.changed:
        extension.changed.wait_for(lambda: request_id in "".join(extension.lines), PATIENCE_S)
    assert request_id in [record["request_id"] for record in extension.records()]
