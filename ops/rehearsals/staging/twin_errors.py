"""What the twin refuses in staging an incident, as an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ops.errors import TwinError
from ops.twin.refusal import TwinRefused


@contextmanager
def twin_errors(what: str) -> Iterator[None]:
    """Raises TwinError for what the twin refuses. ``what``: was to be done, as an infinitive."""
    try:
        yield
    except TwinRefused as error:
        raise TwinError(f"The twin refused to {what}: {error.reason}.", error.next_step) from error
