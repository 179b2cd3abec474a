"""A TCP proxy for the worst networks: it cuts or stalls connections at seeded moments, and tells when a moment comes.

It knows no HTTP. Whoever speaks first after the other's turn opens a request or an answer; that is where it strikes:

- ``cut_request``: half of the request's first bytes go through, then both ends are cut: the server has done nothing;
- ``cut_answer``: the request went through, its answer is thrown away and both ends are cut: the server has done it;
- ``cut_within``: half of the answer's first bytes come through;
- ``stall``: a request or an answer is held for ``stall_s``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CHUNK = 65_536


@dataclass(frozen=True)
class Weather:
    """Shares of requests (or answers) that are hit."""

    cut_request: float = 0.0
    cut_answer: float = 0.0
    cut_within: float = 0.0
    stall: float = 0.0
    stall_s: float = 0.3


CALM = Weather()
Moment = Callable[[int, str], None]
"""Called with how many turns there were so far and whose it is ("request" or "answer"), before it goes through."""


@dataclass
class Proxy:
    """``weather`` and ``moment`` may be changed while it runs. ``hits``: what it did to how many."""

    upstream: str
    weather: Weather = CALM
    moment: Moment | None = None
    seed: int = 0
    endpoint: str = ""
    turns: int = 0
    hits: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    async def pass_through(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        address = urlsplit(self.upstream)
        try:
            server, to_server = await asyncio.open_connection(address.hostname, address.port)
        except (OSError, asyncio.CancelledError):
            to_client.transport.abort()
            return
        ends = (to_client, to_server)
        last = [""]
        directions = [
            asyncio.create_task(self._pump(client, to_server, "request", last, ends)),
            asyncio.create_task(self._pump(server, to_client, "answer", last, ends)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the proxy ends; a connection's task that is cancelled would be told of as an error
        finally:
            for direction in directions:
                direction.cancel()
            for end in ends:
                end.transport.abort()
            await asyncio.gather(*directions, return_exceptions=True)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        kind: str,
        last: list[str],
        ends: tuple[asyncio.StreamWriter, ...],
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(CHUNK):
                if last[0] != kind:
                    last[0] = kind
                    if await self._strike(kind, data, sink):
                        for end in ends:
                            end.transport.abort()
                        return
                sink.write(data)
                await sink.drain()

    async def _strike(self, kind: str, data: bytes, sink: asyncio.StreamWriter) -> bool:
        """Whether the connection ends here."""
        self.turns += 1
        if self.moment:
            self.moment(self.turns, kind)
        weather, chance = self.weather, self.random.random()
        if self.random.random() < weather.stall:
            self.hits["stall"] += 1
            await asyncio.sleep(weather.stall_s)
        if kind == "request" and chance < weather.cut_request:
            self.hits["cut_request"] += 1
            sink.write(data[: len(data) // 2])
            await sink.drain()
            return True
        if kind == "answer" and chance < weather.cut_answer:
            self.hits["cut_answer"] += 1
            return True
        if kind == "answer" and chance < weather.cut_answer + weather.cut_within:
            self.hits["cut_within"] += 1
            sink.write(data[: len(data) // 2])
            await sink.drain()
            await asyncio.sleep(0.01)  # so that the half arrives before the end does
            return True
        return False


@contextmanager
def proxy(upstream: str, weather: Weather = CALM, seed: int = 0) -> Iterator[Proxy]:
    """One before ``upstream`` (http://host:port), on a free port of loopback, on a thread."""
    running = Proxy(upstream, weather, seed=seed)
    loop = asyncio.new_event_loop()
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(running.pass_through, "127.0.0.1", 0, backlog=256)
        running.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await over.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.01)  # cut connections close their sockets on the next turn

    def work() -> None:
        try:
            loop.run_until_complete(serve())
        finally:
            loop.close()

    thread = threading.Thread(target=work, name="proxy")
    thread.start()
    ready.wait()
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
