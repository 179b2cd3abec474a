"""Prints progress to stderr, so that stdout has only the output."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO, cast

from rich.console import Console


class _Lossy(io.TextIOBase):
    """A stream that drops what cannot be written (a pipe's reader ended, the disk is full); ``gone`` is true from then on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.gone = False

    @property
    def encoding(self) -> str:  # type: ignore[override]  # TextIO's is an attribute
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            self._lose()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._lose()

    def _lose(self) -> None:
        """Sends the buffer to the null device, too, or Python ends with an exit code of its own."""
        self.gone = True
        with suppress(OSError):  # a stream without a descriptor has no buffer to be flushed at the end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, self._stream.fileno())
            finally:
                os.close(nowhere)


class StderrConsole(Console):
    """Does not raise when its output cannot be written, which would end work halfway; callers check ``gone``."""

    def __init__(self) -> None:
        self._lossy = _Lossy(sys.stderr) if sys.stderr else None  # None: the shell closed it (2>&-)
        super().__init__(file=cast("TextIO | None", self._lossy), stderr=True, highlight=False)

    @property
    def gone(self) -> bool:
        return self._lossy is not None and self._lossy.gone
