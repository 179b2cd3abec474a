"""The reading end of a pipe that a process writes its output to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

CAPACITY = 64 * 1024
"""Bytes that a pipe holds (Linux): what has been written before this moment is never more."""


class Pipe:
    """Hands over what arrives. Give ``writer`` to the process, then ``close_writer``; ``close`` at the end."""

    def __init__(self, on_data: Callable[[bytes], None]) -> None:
        self._on_data = on_data
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        asyncio.get_running_loop().add_reader(self._reader, self.drain, 1)

    def close_writer(self) -> None:
        os.close(self.writer)

    def drain(self, limit: int = 2 * CAPACITY) -> None:
        """Read what has been written so far, at most ``limit`` bytes, because the program may never stop writing."""
        while limit > 0 and self._reader >= 0:
            try:
                data = os.read(self._reader, CAPACITY)
            except BlockingIOError:
                return
            if not data:
                self.close()
                return
            limit -= len(data)
            self._on_data(data)

    def close(self) -> None:
        if self._reader >= 0:
            asyncio.get_running_loop().remove_reader(self._reader)
            os.close(self._reader)
            self._reader = -1
