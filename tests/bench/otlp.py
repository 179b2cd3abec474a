"""What the OpenTelemetry export costs a function, on top of what ``tests.bench.extension`` measures without it.

``.venv/bin/python -m tests.bench.otlp`` prints one JSON object on its last line:

- ``ratio``: the extension's start to its first ``event/next``, over the start to end of a bare interpreter; medians of
  turns, ``ready_ms`` and ``bare_python_ms``;
- ``rss_mb``: its peak memory after all invocations, with a collector that takes every request; ``https_rss_mb``: the
  same over TLS, whose library and certificates are the difference;
- ``invoke_overhead_p99_ms``: as in ``tests.bench.extension``, each invocation with a batch of ten messages: eleven spans;
- ``lost``: invocations that the collector has no span of, or did not count, after the shutdown.
"""

from __future__ import annotations

import compileall
import json
import multiprocessing
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from handler import contract
from tests.bench.extension import INVOCATIONS, ROUNDS, RawLambda, answer, bare_ms, overheads_ms, p99, peak_mb
from tests.fakes.otlp_collector import Collector, attributes
from tests.fakes.tls import certificate

ROUNDS_OF_INVOCATIONS = 8
MESSAGES = 10
PATIENCE_S = 30.0


def _collect(results: Connection, tls: Path | None) -> None:
    """In a process of its own, so that the bench's clock does not wait for it."""
    collector = Collector(tls, later=True)
    results.send(collector.port)
    results.recv()
    collector.read()
    seen = {attributes(span).get("faas.invocation_id") for span in collector.spans()} - {None}
    results.send((len(seen), _counted(collector.metrics()), collector.invalid))
    collector.close()


def _counted(metrics: list[dict[str, Any]]) -> int:
    """Successful invocations by the newest cumulative points."""
    newest = {}
    for metric in metrics:
        if metric["name"] == "faas.invocations":
            for point in metric["sum"]["dataPoints"]:
                newest[json.dumps(point["attributes"])] = int(point["asInt"])
    return sum(newest.values())


@contextmanager
def collecting(tls: Path | None = None) -> Iterator[tuple[int, Connection]]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_collect, args=(theirs, tls))
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.kill()
        process.join()


def message_times(request_id: str, now: int) -> bytes:
    """As ``handler.tracing.message_times`` sends it."""
    trace = "Root=1-65f0c0de-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled=1"
    fields = {
        contract.TOLD_REQUEST_ID: request_id,
        contract.TOLD_TRIGGER: "pubsub",
        contract.TOLD_QUEUE: "jobs",
        contract.TOLD_COUNT: MESSAGES,
        contract.TOLD_MESSAGES: [[f"{request_id}-{each}", now - 5_000, 1, trace] for each in range(MESSAGES)],
    }
    return json.dumps(fields).encode()


def run(fake: RawLambda, entry: Path, rounds: int, tls: Path | None = None) -> tuple[float, float, int]:
    """The calmest round's overhead (ms), peak memory (MB), and how many invocations the collector lacks."""
    with collecting(tls) as (port, collector):
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"{'https' if tls else 'http'}://localhost:{port}"}
        if tls:
            variables["OTEL_EXPORTER_OTLP_CERTIFICATE"] = str(tls)
        process, api, telemetry, _, _ = fake.start(entry, **variables)
        handler = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            port = api.getsockname()[1]

            def handle(request_id: str, now: int) -> None:
                handler.sendto(message_times(request_id, now), ("127.0.0.1", port))

            overhead = min(p99(overheads_ms(api, telemetry, str(each), handle)) for each in range(rounds))
            rss = peak_mb(process.pid)
            deadline = int(time.time() * 1000) + 2_000
            shutdown = {"eventType": "SHUTDOWN", "shutdownReason": "SPINDOWN", "deadlineMs": deadline}
            answer(api, json.dumps(shutdown).encode())
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
            for each in (api, telemetry, handler):
                each.close()
        collector.send("done")
        spans, counted, invalid = collector.recv()
    if invalid:
        raise RuntimeError(f"not OTLP: {invalid[0]}")
    wanted = rounds * INVOCATIONS
    return overhead, rss, max(wanted - spans, wanted - counted)


def starts(fake: RawLambda, entry: Path) -> tuple[float, float]:
    """Medians of the extension's start and a bare interpreter's, in turns (ms)."""
    ready, bare = [], []
    for _ in range(ROUNDS):
        bare.append(bare_ms())
        process, *connections, _, ready_ms = fake.start(entry, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")
        ready.append(ready_ms)
        process.kill()
        process.wait()
        for connection in connections:
            connection.close()
    return statistics.median(ready), statistics.median(bare)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        entry = lay_out_compiled(Path(folder))
        fake = RawLambda()
        try:
            ready_ms, bare_python_ms = starts(fake, entry)
            overhead_ms, rss, lost = run(fake, entry, ROUNDS_OF_INVOCATIONS)
            https_overhead_ms, https_rss, https_lost = run(
                fake, entry, ROUNDS_OF_INVOCATIONS, certificate(Path(folder))
            )
        finally:
            fake.server.close()
    figures = {
        "ready_ms": round(ready_ms, 1),
        "bare_python_ms": round(bare_python_ms, 1),
        "ratio": round(ready_ms / bare_python_ms, 2),
        "rss_mb": round(rss, 1),
        "invoke_overhead_p99_ms": round(overhead_ms, 3),
        "lost": lost + https_lost,
        "https_rss_mb": round(https_rss, 1),
        "https_invoke_overhead_p99_ms": round(https_overhead_ms, 3),
    }
    print(json.dumps(figures))


def lay_out_compiled(root: Path) -> Path:
    """As the Dockerfile does."""
    from tests.handler.extension.fake import lay_out

    entry = lay_out(root)
    compileall.compile_dir(root / "opt/scilearn-extension", quiet=1)
    return entry


if __name__ == "__main__":
    main()
