"""SQS in memory, over HTTP: fast enough to measure a client, and able to fail on demand.

    with serve(latency_s=0.015) as aws:
        dlq, jobs = aws.queue("jobs-dlq"), aws.queue("jobs", dlq="jobs-dlq")
        dlq.put([{"body": "…", "attributes": {…}}, …])
        boto3.client("sqs", endpoint_url=aws.endpoint, …)      # or with aws.environ() in the environment
        aws.fault(Fault("cut after", "SendMessageBatch", share=0.1)); aws.heal()
        aws.counts(), jobs.messages(), aws.advance(60)

``serve`` runs it on a thread of this process, or with ``process=True`` in a process of its own, so that it does not
compete for the interpreter with what is measured. ``python -m tests.fakes.sqs.server --port 4900`` serves until it is stopped.

STS, Lambda, CloudWatch and Logs answer as in an account that has nothing but queues. Not covered: signatures are not
checked, messages do not expire, and move tasks are rejected as unsupported.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.sqs.client import FakeSqs
from tests.fakes.sqs.http_server import FakeSqsServer


@contextmanager
def serve(latency_s: float = 0.0, seed: int = 0, process: bool = False) -> Iterator[FakeSqs]:
    """A new server on a free loopback port; ``latency_s`` is added to each SQS call."""
    if process:
        command = [sys.executable, "-m", "tests.fakes.sqs.server", "--latency", str(latency_s), "--seed", str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            try:
                assert child.stdout is not None
                yield FakeSqs(f"http://127.0.0.1:{int(child.stdout.readline())}")
            finally:
                child.terminate()
        return
    server = FakeSqsServer(latency_s, seed)
    loop = asyncio.new_event_loop()
    ports: list[int] = []
    ready = threading.Event()

    def started(port: int) -> None:
        ports.append(port)
        ready.set()

    running = loop.create_task(server.run(0, started))

    def work() -> None:
        try:
            loop.run_until_complete(asyncio.wait([running]))
            loop.run_until_complete(asyncio.sleep(0.01))  # closed transports close their sockets on the next turn
        finally:
            loop.close()

    thread = threading.Thread(target=work, name="sqs")
    thread.start()
    ready.wait()
    try:
        yield FakeSqs(f"http://127.0.0.1:{ports[0]}")
    finally:
        loop.call_soon_threadsafe(running.cancel)
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each call takes more")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    options = parser.parse_args()
    asyncio.run(FakeSqsServer(options.latency, options.seed).run(options.port, lambda port: print(port, flush=True)))


if __name__ == "__main__":
    main()
