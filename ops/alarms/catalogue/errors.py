"""A mistake in the catalogue itself."""

from ops.errors import OpsError


class CatalogueError(OpsError):
    """``str()`` says what is wrong with which row."""
