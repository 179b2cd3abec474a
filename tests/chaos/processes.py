"""Redriving processes, one at a time, and what ends them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from tests.chaos.proxy import Proxy


class Processes:
    """The runner, and one redriving process at a time."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._runner = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )

    def start(self, call: dict[str, Any]) -> int:
        assert self._runner.stdin is not None
        self._runner.stdin.write(json.dumps({**call, "environ": self._environ}) + "\n")
        self._runner.stdin.flush()
        return int(self._answer()["pid"])

    def wait(self) -> int:
        return int(self._answer()["status"])

    def _answer(self) -> Any:
        assert self._runner.stdout is not None
        return json.loads(self._runner.stdout.readline())

    def close(self) -> None:
        assert self._runner.stdin is not None and self._runner.stdout is not None
        self._runner.stdin.close()
        self._runner.wait()
        self._runner.stdout.close()


@contextmanager
def processes(environ: Mapping[str, str]) -> Iterator[Processes]:
    running = Processes(environ)
    try:
        yield running
    finally:
        running.close()


class Killer:
    """Kills a process group once, by the clock or at a turn of the proxy."""

    def __init__(self, proxy: Proxy, signal_: int) -> None:
        self.proxy = proxy
        self._signal = signal_
        self.struck = False
        self._pid = 0
        self._timer: threading.Timer | None = None

    def arm(self, pid: int, turns: int | None = None, seconds: float | None = None) -> None:
        self._pid = pid
        if turns is not None:
            due = self.proxy.turns + turns
            self.proxy.moment = lambda turn, _: self._strike() if turn >= due else None
        if seconds is not None:
            self._timer = threading.Timer(seconds, self._strike)
            self._timer.start()

    def disarm(self) -> None:
        self.proxy.moment = None
        if self._timer:
            self._timer.cancel()
            self._timer.join()

    def _strike(self) -> None:
        if not self.struck:
            with suppress(ProcessLookupError):  # it ended by itself at this very moment
                os.kill(self._pid, self._signal)
                self.struck = True
