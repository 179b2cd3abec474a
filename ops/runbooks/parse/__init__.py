"""A runbook's Markdown as data: read, with the line of each part."""

from ops.runbooks.parse.document import BLOCKS, MAX_BYTES, parse

__all__ = ["BLOCKS", "MAX_BYTES", "parse"]
